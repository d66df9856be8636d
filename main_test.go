package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"scry/capture/scap"
)

// TestMain makes scry, under each of its names, a program that the tests can run; scrylive and scrybare are scry with a kernel made up
// (main_live_test.go).
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"scry": main, "cscry": main, "sysdig": main, "csysdig": main, "scrylive": fakeMain, "scrybare": bareMain, "scrypanic": panicMain})
}

// TestScripts runs testdata/script. The scripts see testdata of the repository, and have besides testscript's own commands
//
//	status N COMMAND...   runs it and wants exit code N
//	lines N               wants N lines in the last standard output
//	size FILE MODE        wants the permissions of the file
//	lone                  wants one line on the last standard error, that begins with "scry: "
func TestScripts(t *testing.T) {
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("TERM", "xterm")
			return os.Symlink(filepath.Join(top, "testdata"), filepath.Join(e.WorkDir, "testdata"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N COMMAND...")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				code := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					var exit *exec.ExitError
					if !errors.As(err, &exit) {
						ts.Fatalf("%v", err)
					}
					code = exit.ExitCode()
				}
				if code != want {
					ts.Fatalf("exit code %d, want %d", code, want)
				}
			},
			"lines": func(ts *testscript.TestScript, neg bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				if n := strings.Count(ts.ReadFile("stdout"), "\n"); (n == want) == neg {
					ts.Fatalf("%d lines, want %d", n, want)
				}
			},
			"mode": func(ts *testscript.TestScript, neg bool, args []string) {
				st, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				if have := strconv.FormatUint(uint64(st.Mode().Perm()), 8); (have == args[1]) == neg {
					ts.Fatalf("mode %s", have)
				}
			},
			"lone": func(ts *testscript.TestScript, neg bool, args []string) {
				text := ts.ReadFile("stderr")
				if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "scry: ") {
					ts.Fatalf("not one line: %q", text)
				}
			},
		},
	})
}

// scry runs the program and returns what it wrote.
func scry(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command("scry", args...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	var out, warn bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &warn
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), warn.String(), cmd.ProcessState.ExitCode()
}

// Control bytes reach neither a terminal nor a pipe unless --raw asks for them, whatever the option.
func TestNoControlBytes(t *testing.T) {
	raw := regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]`)
	for _, args := range []string{"", "-pc", "-v", "-j", "--json=args", "-x", "-X", "-b", "-D", "-S -q", "-p %proc.name%fd.name%proc.cmdline%evt.args%evt.buffer", "-j -p %proc.cmdline"} {
		out, _, _ := scry(t, append([]string{"-r", "testdata/hello.scap", "--color=never"}, strings.Fields(args)...)...)
		if m := raw.FindStringIndex(out); m != nil || out == "" {
			t.Errorf("%s: control byte in %q", args, out[max(0, m[0]-40):m[1]])
		}
	}
	out, _, _ := scry(t, "info", "--all", "testdata/hello.scap")
	if raw.MatchString(out) {
		t.Error("control byte in info")
	}
}

// The first interrupt ends a run that waits for more input: what was read is shown, the summary is printed, and the exit code is 0.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		capture, err := os.ReadFile("testdata/hello.scap")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("scry", "-r", "-", "--unbuffered")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var warn bytes.Buffer
		cmd.Stderr = &warn
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go in.Write(capture)
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Signal(sig)
		timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil || !strings.Contains(warn.String(), "events seen") {
			t.Errorf("%v: %v, stderr %q", sig, err, warn.String())
		}
		timer.Stop()
		in.Close()
	}
}

// realSysdig is the packaged sysdig: the first one in PATH that is not this test.
func realSysdig(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		name := filepath.Join(dir, "sysdig")
		if out, err := exec.Command(name, "--version").Output(); err == nil && strings.HasPrefix(string(out), "sysdig version ") {
			return name
		}
	}
	t.Skip("sysdig is not installed")
	return ""
}

// sysdig 0.29.3 reads what --compat writes: all events but those of types that it does not know.
func TestSysdigReadsCompat(t *testing.T) {
	sysdig := realSysdig(t)
	file := filepath.Join(t.TempDir(), "compat.scap")
	if _, warn, code := scry(t, "-r", "testdata/hello.scap", "-w", file, "--compat"); code != 0 {
		t.Fatal(warn)
	}
	const format = "*%evt.rawtime %thread.tid %evt.dir %evt.type"
	theirs, err := exec.Command(sysdig, "-r", file, "-p", format).Output()
	if err != nil {
		t.Fatal(err)
	}
	ours, _, _ := scry(t, "-r", file, "-p", format, "not evt.type in (newfstatat, close_range, prctl)")
	if string(theirs) != ours {
		t.Errorf("sysdig shows\n%s\nscry shows\n%s", theirs, ours)
	}
	if n := strings.Count(ours, "\n"); n < 300 {
		t.Errorf("only %d events", n)
	}
}

// A capture without any event is copied like every other one.
func TestCopyHead(t *testing.T) {
	var head bytes.Buffer
	w := scap.NewWriter(&head, scap.WriterOptions{})
	if err := errors.Join(w.Start(helloState()), w.Close()); err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(t.TempDir(), "in.scap"), filepath.Join(t.TempDir(), "out.scap")
	if err := os.WriteFile(in, head.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, warn, code := scry(t, "-r", in, "-w", out); text+warn != "" || code != 0 {
		t.Fatalf("%d: %s%s", code, text, warn)
	}
	if copied, err := os.ReadFile(out); err != nil || !bytes.Equal(copied, head.Bytes()) {
		t.Errorf("%v, %d bytes, want %d", err, len(copied), head.Len())
	}
}
