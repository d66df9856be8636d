package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels/session"
)

// fake is a kernel that makes the events of testdata/hello.scap. $FAKE says more: "lossy" that 1,234 events are lost before event 100, "waits" that
// it has no end of its own, "broken" that it does not start.
type fake struct {
	*capture.File
	stop   <-chan struct{}
	onWait func()
	stats  capture.LiveStats
	cmd    *exec.Cmd
	kind   string
}

func newFake(o capture.LiveOptions) (session.Kernel, error) {
	f := &fake{stop: o.Stop, kind: os.Getenv("FAKE")}
	if f.kind == "broken" {
		return nil, errors.New("load programs: the verifier does not like them")
	}
	if o.Command != nil {
		f.cmd = exec.Command(o.Command[0], o.Command[1:]...)
		f.cmd.Stdout, f.cmd.Stderr = os.Stdout, os.Stderr
		if err := f.cmd.Start(); err != nil {
			return nil, err
		}
	}
	var err error
	f.File, err = capture.Open("testdata/hello.scap", nil)
	return f, err
}

func (f *fake) OnWait(fn func()) { f.onWait = fn }

func (f *fake) Next(ev *event.Event) error {
	err := f.File.Next(ev)
	if ev.Lost = 0; err == nil && f.kind == "lossy" && ev.Num == 100 {
		ev.Lost = 1234
		f.stats = capture.LiveStats{Seen: 1234 + 370, Lost: 1234, Reasons: []capture.Loss{{Why: "ring full", N: 1234}}}
	}
	if err == io.EOF && f.kind == "waits" {
		f.onWait()
		<-f.stop
	}
	return err
}

func (f *fake) Close() error {
	if f.cmd != nil {
		f.cmd.Wait()
	}
	return f.File.Close()
}

func (f *fake) Stats() capture.LiveStats { return f.stats }

func (f *fake) ExitCode() (int, bool) {
	if f.cmd == nil {
		return 0, false
	}
	if st := f.cmd.ProcessState.Sys().(syscall.WaitStatus); st.Signaled() {
		return 128 + int(st.Signal()), true
	}
	return f.cmd.ProcessState.ExitCode(), true
}

// ableMachine can do everything.
func ableMachine() capture.Machine {
	return capture.Machine{System: "linux", Release: "6.12.1", BTF: true, Caps: ^capture.Caps(0), CPUs: 2, Memory: 4 << 30}
}

// fakeMain is scry with that kernel.
func fakeMain() {
	session.Machine, session.Attach = ableMachine, newFake
	main()
}

// bareMain is scry on a machine, or with a user, that lacks what $LACKS says.
func bareMain() {
	session.Machine = func() capture.Machine {
		m := ableMachine()
		switch os.Getenv("LACKS") {
		case "caps":
			m.Caps = 0
		case "reading":
			m.Caps = 1<<38 | 1<<39
		case "release":
			m.Release = "4.19.0-27-amd64"
		case "btf":
			m.BTF = false
		case "nothing":
		}
		return m
	}
	session.Attach = newFake
	main()
}

// The first interrupt ends a live capture: what came before is shown, at once and not only at the end, and the exit code is 0.
func TestLiveInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.Command("scrylive")
		cmd.Env = append(os.Environ(), "FAKE=waits")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var warn bytes.Buffer
		cmd.Stderr = &warn
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for n := 0; n < 354 && lines.Scan(); n++ {
		}
		cmd.Process.Signal(sig)
		if lines.Scan() {
			t.Errorf("more than was there: %s", lines.Text())
		}
		if err := cmd.Wait(); err != nil || !strings.Contains(warn.String(), "370 events seen, 354 shown") {
			t.Errorf("%v: %v, stderr %q", sig, err, warn.String())
		}
		timer.Stop()
	}
}
