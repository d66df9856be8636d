package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPeers runs programs under strace, and strace under scry: both see the same calls, with the same process ids, descriptors and addresses,
// so everything can be compared exactly: for each thread the sequence of calls, their results and arguments, and for each call how
// often it was made and failed. What differs by convention is in peers_table_test.go.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("records programs for a minute")
	}
	if os.Geteuid() != 0 {
		t.Skip("records the kernel: needs root")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	binary, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "-q", "--", "true").CombinedOutput(); err != nil {
		t.Skipf("this machine cannot capture live: %s", out)
	}
	env := append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	for _, p := range []struct{ name, addr string }{{"SERVER4", "127.0.0.1:0"}, {"SERVER6", "[::1]:0"}} {
		if l, err := net.Listen("tcp", p.addr); err == nil {
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Write(bytes.Repeat([]byte(r.URL.Path+"\n"), 2000))
			})}
			go server.Serve(l)
			defer server.Close()
			env = append(env, fmt.Sprintf("%s=http://%s", p.name, l.Addr()))
		}
	}
	if python, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output(); err == nil { // python3 may be a script that looks for it
		env = append(env, "PYTHON="+strings.TrimSpace(string(python)))
	}
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "TESTDATA="+data)

	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			if _, err := exec.LookPath(p.tool); err != nil {
				t.Skipf("%s is not installed", p.tool)
			}
			if p.name == "curl6" && !slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, "SERVER6=") }) {
				t.Skip("no IPv6")
			}
			c, err := comparePeers(t, binary, strace, env, p.setup, p.run)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range c.wrong[:min(len(c.wrong), 30)] {
				t.Error(w)
			}
			if n := len(c.wrong) - 30; n > 0 {
				t.Errorf("%d more differences", n)
			}
			if c.calls < 100 || c.results < c.calls/2 || c.args < 2*c.calls {
				t.Error("too little was compared")
			}
			t.Logf("%d calls in %d threads: %d results and %d arguments compared", c.calls, c.threads, c.results, c.args)
		})
	}
}

// comparePeers records one program and compares.
func comparePeers(t *testing.T, scry, strace string, env []string, setup, run string) (*comparison, error) {
	dir := t.TempDir()
	if setup != "" {
		cmd := exec.Command("sh", "-ec", setup)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", setup, err, out)
		}
	}
	// What the program says is not of interest, and must not stand between the lines of scry.
	trace, script := filepath.Join(t.TempDir(), "strace"), filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(script, []byte("exec >/dev/null 2>&1 </dev/null\n"+run+"\n"), 0o600); err != nil {
		return nil, err
	}
	snaplen := fmt.Sprint(peerSnaplen)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // for programs that hang
	defer cancel()
	cmd := exec.CommandContext(ctx, scry, "--json=args", "--buffer", "16M", "-s", snaplen, "-p", "*%evt.type%evt.dir%thread.tid%syscall.type", "proc.name!=strace", "--",
		strace, "-f", "-C", "-v", "-xx", "-X", "verbose", "-s", snaplen, "-o", trace, "sh", script)
	var out, warn bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &warn
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Run() // its code is that of the program
	if code := cmd.ProcessState.ExitCode(); strings.Contains(warn.String(), "dropped") || strings.HasPrefix(warn.String(), "scry: ") {
		return nil, fmt.Errorf("scry: code %d: %s", code, warn.String())
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, warn.String())
	}
	theirs, counts, err := parseStrace(string(text))
	if err != nil {
		return nil, err
	}
	ours, err := parseScry(&out)
	if err != nil {
		return nil, err
	}
	c := &comparison{byCall: map[string]tally{}, threads: len(theirs)}
	fmt.Sscan(string(text), &c.first)
	for _, tid := range slices.Sorted(maps.Keys(theirs)) {
		if len(ours[tid]) == 0 {
			c.errorf("thread %d: scry has none of its calls: %s", tid, theirs[tid][0].line)
			continue
		}
		c.thread(tid, theirs[tid], ours[tid])
	}
	for _, tid := range slices.Sorted(maps.Keys(ours)) {
		only := ours[tid][0]
		unborn := only.enter["filename"] == strace                                                  // scry's child, before it is strace
		stillborn := only.enter == nil && slices.Contains(clones, only.name) && len(ours[tid]) == 1 // killed before its first call
		if theirs[tid] == nil && !unborn && !stillborn {
			c.errorf("thread %d: strace has none of its calls: %s", tid, &only)
		}
	}
	delete(counts, "total")
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] != c.byCall[name] {
			c.errorf("%s: %+v, strace counts %+v", name, c.byCall[name], counts[name])
		}
	}
	return c, nil
}
