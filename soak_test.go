package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// With $SCRY_STORM, a directory, this test program is the storm that TestSoak records: it works until its standard input ends, and then says
// how many times it has called flock, which nothing else in it does.
func init() {
	if dir := os.Getenv("SCRY_STORM"); dir != "" {
		if err := storm(dir); err != nil {
			fmt.Fprintln(os.Stderr, "storm:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// storm starts programs, works on files and talks over sockets, all at once, as fast as it can.
func storm(dir string) error {
	var stop atomic.Bool
	var workers sync.WaitGroup
	errs := make(chan error, 16)
	run := func(work func() error) {
		workers.Go(func() {
			for !stop.Load() {
				if err := work(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	run(func() error { return exec.Command("/bin/true").Run() })
	run(func() error {
		return exec.Command("/bin/sh", "-c", "echo a b c | tr a-z A-Z | wc -c; (exit 3); true").Run()
	})
	locks, err := files(dir, run)
	if err != nil {
		return err
	}
	for _, l := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"unix", filepath.Join(dir, "sock")}} {
		server, err := net.Listen(l[0], l[1])
		if l[0] == "tcp6" && err != nil {
			continue // a machine without IPv6
		}
		if err != nil {
			return err
		}
		defer server.Close()
		go echo(server)
		run(func() error { return talk(server.Addr()) })
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop.Store(true)
	}()
	workers.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	_, err = fmt.Println(locks.Load())
	return err
}

// files makes, locks, writes, reads, renames and removes files, and counts the locks.
func files(dir string, run func(func() error)) (*atomic.Int64, error) {
	var locks atomic.Int64
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	n := 0
	run(func() error {
		n++
		name := filepath.Join(dir, "file"+strconv.Itoa(n%100))
		if err := os.WriteFile(name, make([]byte, n%5000), 0o600); err != nil {
			return err
		}
		for _, how := range []int{unix.LOCK_EX, unix.LOCK_UN} {
			locks.Add(1)
			if err := unix.Flock(int(lock.Fd()), how); err != nil && err != unix.EINTR {
				return err
			}
		}
		if _, err := os.ReadFile(name); err != nil {
			return err
		}
		os.Stat(name + ".missing")
		if err := os.Rename(name, name+".new"); err != nil {
			return err
		}
		return os.Remove(name + ".new")
	})
	return &locks, nil
}

func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

// talk makes a connection, says something and hears it again. Connections of one address run out of ports when they follow too fast.
func talk(to net.Addr) error {
	c, err := net.Dial(to.Network(), to.String())
	if err != nil {
		time.Sleep(10 * time.Millisecond)
		return nil
	}
	defer c.Close()
	buf := make([]byte, 100)
	for range 50 {
		if _, err := c.Write(buf); err != nil {
			return nil
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return nil
		}
	}
	return nil
}

// sample is what a process uses.
type sample struct{ rss, fds, threads int }

func sampleOf(pid int) (s sample, ok bool) {
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return s, false
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		value, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		switch name {
		case "VmRSS":
			s.rss = value
		case "Threads":
			s.threads = value
		}
	}
	fds, err := os.ReadDir(proc + "fd")
	s.fds = len(fds)
	return s, err == nil && s.rss > 0
}

// most is the greatest of each over samples.
func most(samples []sample) (m sample) {
	for _, s := range samples {
		m = sample{max(m.rss, s.rss), max(m.fds, s.fds), max(m.threads, s.threads)}
	}
	return m
}

// TestSoak records a storm of processes, files and connections into a ring of files for $SCRY_SOAK, 20 seconds when that is not set. Memory,
// descriptors and threads must not grow, and the counts must be exact.
func TestSoak(t *testing.T) {
	needLive(t)
	length := 20 * time.Second
	if text := os.Getenv("SCRY_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "F")
	cmd := exec.Command(scry, "-v", "-S", "-w", file, "-C", "20", "-W", "3", "--", self)
	cmd.Env = append(os.Environ(), "SCRY_STORM="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	warn, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer warn.Close()
	cmd.Stdout, cmd.Stderr = out, warn
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	samples := watchProcess(cmd.Process.Pid, length)
	in.Close() // ends the storm, and so the capture
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, read(t, warn.Name()))
	}
	steady(t, samples)
	exact(t, scry, string(read(t, warn.Name())), string(read(t, out.Name())), file)
}

// watchProcess samples a process for a time, or until it has ended.
func watchProcess(pid int, length time.Duration) []sample {
	var samples []sample
	tick := time.NewTicker(length / 200)
	defer tick.Stop()
	for range 200 {
		<-tick.C
		if s, ok := sampleOf(pid); ok {
			samples = append(samples, s)
		}
	}
	return samples
}

// steady compares the second quarter with the last one.
func steady(t *testing.T, samples []sample) {
	t.Helper()
	n := len(samples) / 4
	if n < 10 {
		t.Fatalf("only %d samples: the capture has ended early", len(samples))
	}
	a, b := most(samples[n:2*n]), most(samples[3*n:])
	t.Logf("most in the second quarter: %d kB, %d descriptors, %d threads; in the last: %d kB, %d, %d", a.rss, a.fds, a.threads, b.rss, b.fds, b.threads)
	if float64(b.rss) > 1.3*float64(a.rss) {
		t.Errorf("memory grew from %d to %d kB", a.rss, b.rss)
	}
	// One descriptor for each process whose CPU time is sampled; a thread more when a call of the runtime's takes long.
	if float64(b.fds) > 1.3*float64(a.fds)+20 {
		t.Errorf("descriptors grew from %d to %d", a.fds, b.fds)
	}
	if b.threads > a.threads+4 {
		t.Errorf("threads grew from %d to %d", a.threads, b.threads)
	}
}

var countText = regexp.MustCompile(`scry: (\d+) events seen, (\d+) written, (\d+) filtered, (\d+) not shown by nature, (\d+) without a field(?:, (\d+) dropped \(.*\))?; `)

// exact adds up what scry says of the events, and compares it with what the storm did and with what the files hold.
func exact(t *testing.T, scry, warn, out, file string) {
	t.Helper()
	m := countText.FindStringSubmatch(warn)
	if m == nil {
		t.Fatalf("no counts: %s", warn)
	}
	var n [6]uint64 // seen, written, filtered, hidden, skipped, dropped
	for i, text := range m[1:] {
		n[i], _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("%s", strings.TrimSpace(m[0]))
	if n[0] != n[1]+n[2]+n[3]+n[4]+n[5] {
		t.Errorf("%d seen are not the sum of the rest: %v", n[0], n[1:])
	}
	if n[2] != 0 || n[4] != 0 {
		t.Errorf("%d filtered, %d without a field, and there was neither a filter nor a format", n[2], n[4])
	}
	made, enters, exits := stormCounts(t, out)
	if lost := n[5]; enters > made || exits > made || made-enters > lost || made-exits > lost {
		t.Errorf("%d calls of flock, %d enters and %d exits seen, %d events lost", made, enters, exits, lost)
	}
	names, _ := filepath.Glob(file + "*")
	if len(names) == 0 || len(names) > 3 {
		t.Fatalf("%d files", len(names))
	}
	var kept uint64
	for _, name := range names {
		var info struct {
			Events struct{ Total, Shown uint64 }
		}
		if err := json.Unmarshal(output(scry, "info", "--json", name), &info); err != nil {
			t.Fatal(err)
		}
		if info.Events.Shown == 0 || info.Events.Total < info.Events.Shown {
			t.Errorf("%s: %+v", name, info.Events)
		}
		kept += info.Events.Shown
		if st, err := os.Stat(name); err != nil || st.Size() > 21e6 {
			t.Errorf("%s: %d bytes, %v", name, st.Size(), err)
		}
	}
	slices.Sort(names)
	t.Logf("%d files keep %d of %d events", len(names), kept, n[1])
	if kept > n[1] || kept < min(n[1], 100_000) {
		t.Errorf("the files hold %d events, %d were written", kept, n[1])
	}
	checkFile(t, names[len(names)-1], 80)
}

// stormCounts is what the storm says it did, and what -S says was seen of it.
func stormCounts(t *testing.T, out string) (made, enters, exits uint64) {
	t.Helper()
	made = math.MaxUint64
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if n, err := strconv.ParseUint(line, 10, 64); err == nil {
			made = n
		}
		if m := summaryRow.FindStringSubmatch(line); m != nil {
			n, _ := strconv.ParseUint(m[2], 10, 64)
			switch strings.TrimSpace(m[1]) {
			case "> flock":
				enters = n
			case "< flock":
				exits = n
			}
		}
	}
	if made == math.MaxUint64 || enters == 0 {
		t.Fatalf("no counts of flock in %s", out)
	}
	return made, enters, exits
}
