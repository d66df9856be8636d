package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestHostRoot: scry in a container of its own, which has nothing of the machine but what is mounted at $HOST_ROOT: it knows the machine's processes and users,
// and does not show itself.
func TestHostRoot(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := "hr" + strconv.Itoa(os.Getpid()) // others of that name may run
	program, err := os.ReadFile(scry)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{name: program, "passwd": []byte("onhost:x:0:0:root:/root:/bin/sh\n")} {
		if err := os.WriteFile(filepath.Join(dir, path), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err == nil {
		err = cat.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cat.Wait() })
	const enter = `mkdir "$D/host"; mount --rbind / "$D/host"; mount --bind "$D/passwd" "$D/host/etc/passwd"; exec unshare --pid --fork --mount-proc env HOST_ROOT="$D/host" "$@"`
	run := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--propagation", "private", "sh", "-ec", enter, "sh", filepath.Join(dir, name)}, args...)...)
		cmd.Env = append(os.Environ(), "D="+dir)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		for {
			select {
			case err := <-done:
				os.Remove(dir + "/host")
				if err != nil {
					t.Fatalf("%v: %s", err, errs.String())
				}
				return out.String()
			case <-time.After(50 * time.Millisecond):
				in.Write([]byte("x\n"))
			}
		}
	}
	pid := strconv.Itoa(cat.Process.Pid)
	const format = "*%proc.pid %proc.name %proc.ppid %user.name %fd.typechar"
	if got, want := run("-n", "1", "-p", format, "proc.pid="+pid+" and evt.type=read and evt.dir=<"), pid+" cat "+strconv.Itoa(os.Getpid())+" onhost p\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := run("-n", "20", "-p", "*%proc.name", "proc.name="+name+" or proc.pid="+pid); strings.Contains(got, name) {
		t.Errorf("it shows itself: %s", got)
	}
}
