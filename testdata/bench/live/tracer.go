package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed loops/loops.c
var source []byte

// compile makes the program of the loops.
func compile(program string) error {
	cc := exec.Command("gcc", "-O2", "-static", "-Wall", "-Werror", "-x", "c", "-", "-o", program)
	cc.Stdin = bytes.NewReader(source)
	if out, err := cc.CombinedOutput(); err != nil {
		return fmt.Errorf("gcc: %w\n%s", err, out)
	}
	return nil
}

// result is what a run of a loop cost.
type result struct {
	loopCPU, loopWall float64 // ns
	tracerCPU         float64 // ns, from before the loop until the tracer had nothing left to do
	seen, dropped     uint64  // of scry's whole run
	programs          []cost
}

// under runs a loop under a tracer.
func under(t *tracer, program, name string, n int) (result, error) {
	loop := []string{program, name, strconv.Itoa(n), strconv.Itoa(*cpu)}
	switch {
	case t.args == nil:
		return runLoop(loop)
	case t.args[len(t.args)-1] == "LOOP":
		argv := commandLine(append(slices.Clone(t.args[:len(t.args)-1]), loop...))
		cmd := exec.Command(argv[0], argv[1:]...)
		out, err := cmd.Output()
		if err != nil {
			return result{}, err
		}
		r, err := parseLoop(string(out))
		// What was waited for are the tracer and, through it, the loop.
		r.tracerCPU = float64(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()) - r.loopCPU
		return r, err
	}
	p, err := start(t.args)
	if err != nil {
		return result{}, err
	}
	before := p.cpu()
	r, err := runLoop(loop)
	p.settle()
	r.tracerCPU = float64(p.cpu() - before)
	if err == nil && *kernel {
		r.programs, err = programsOf(p.cmd.Process.Pid)
	}
	text, e := p.stop()
	if err = errors.Join(err, e); err == nil && t.args[0] == "SCRY" {
		r.seen, r.dropped, err = counts(text)
	}
	return r, err
}

func runLoop(argv []string) (result, error) {
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		return result{}, err
	}
	return parseLoop(string(out))
}

func parseLoop(text string) (r result, err error) {
	_, err = fmt.Sscan(text, &r.loopCPU, &r.loopWall)
	return r, err
}

// running is a tracer at work.
type running struct {
	cmd    *exec.Cmd
	stderr *os.File
	done   chan error // what Wait returned
}

// start starts a tracer of all processes and waits until it is ready.
func start(args []string) (*running, error) {
	argv := commandLine(args)
	f, err := os.CreateTemp("", "scry-bench")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a file, so that nothing goes through this process
	if err != nil {
		return nil, err
	}
	defer null.Close()
	p := &running{exec.Command(argv[0], argv[1:]...), f, make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = null, f
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	for range 1000 {
		if attached(p.cmd.Process.Pid, args[0]) {
			p.settle()
			return p, nil
		}
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("%s: %v: %s", strings.Join(argv, " "), err, p.said())
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.cmd.Process.Kill()
	<-p.done
	return nil, fmt.Errorf("%s did not attach: %s", strings.Join(argv, " "), p.said())
}

// commandLine is how a tracer is started. Those of the kernel's perf family need the trace file system, which not every machine has mounted: they get
// one of their own.
func commandLine(args []string) []string {
	switch args[0] {
	case "SCRY":
		return append([]string{*scryPath}, args[1:]...)
	case "perf", "bpftrace":
		const mounted = `mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec "$@"`
		return append([]string{"unshare", "-m", "sh", "-c", mounted, "sh"}, args...)
	}
	return args
}

// attached tells whether a process holds a link of a BPF program to the kernel. bpftrace makes none, so its program has to do; perf has files of its own.
func attached(pid int, name string) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if to, _ := os.Readlink(file); name == "perf" && strings.Contains(to, "perf_event") {
			return true
		}
	}
	files, _ = filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	for _, file := range files {
		if text, _ := os.ReadFile(file); bytes.Contains(text, []byte("link_type:")) || name == "bpftrace" && bytes.Contains(text, []byte("prog_id:")) {
			return true
		}
	}
	return false
}

// settle waits until the process is nearly idle: it has read the state of the machine, or all that was recorded. Where others are busy it never is,
// so there is an end to it.
func (p *running) settle() {
	const step = 50 * time.Millisecond
	quiet, last := 0, p.cpu()
	for range 60 {
		time.Sleep(step)
		now := p.cpu()
		if quiet++; now-last > step/20 {
			quiet = 0
		}
		if last = now; quiet == 3 {
			return
		}
	}
}

// cpu is the CPU time of the process so far, 0 when it has ended.
func (p *running) cpu() time.Duration {
	var t unix.Timespec
	clock := int32(^p.cmd.Process.Pid<<3 | 2) // of another process: clock_getcpuclockid(3)
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// stop interrupts the tracer and returns what it said.
func (p *running) stop() (string, error) {
	p.cmd.Process.Signal(os.Interrupt)
	err, text := <-p.done, p.said()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", p.cmd.Args[0], err, text)
	}
	return text, nil
}

// said is what the tracer wrote to stderr, once it has ended.
func (p *running) said() string {
	defer p.stderr.Close()
	text, _ := io.ReadAll(io.NewSectionReader(p.stderr, 0, 1<<20))
	return string(text)
}

var summary = regexp.MustCompile(`(\d+) events seen,.*?(?:(\d+) dropped.*)?; [\d.]+ s,`)

// counts reads the line of counts.
func counts(stderr string) (seen, dropped uint64, err error) {
	m := summary.FindStringSubmatch(stderr)
	if m == nil {
		return 0, 0, fmt.Errorf("no counts in %q", stderr)
	}
	seen, err = strconv.ParseUint(m[1], 10, 64)
	if m[2] != "" {
		dropped, _ = strconv.ParseUint(m[2], 10, 64)
	}
	return seen, dropped, err
}
