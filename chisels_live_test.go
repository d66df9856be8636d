package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Chisels on a running machine: programs of which it is known what they do (testdata/chisels), and the tools that show the same.

// liveRows runs scry with a chisel over testdata/chisels/work.py and returns its objects.
func liveRows(t *testing.T, dir string, args ...string) []map[string]any {
	t.Helper()
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-j", "--interval", "100", "--buffer", "32M"}, args...)
	args = append(args, "--", python, "testdata/chisels/work.py", dir)
	return objects(t, ranWell(t, exec.Command(scry, args...)))
}

// ranWell runs a program that has to end well, and returns what it prints.
func ranWell(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var warn bytes.Buffer
	cmd.Stderr = &warn
	out, err := cmd.Output()
	if err != nil || strings.Contains(warn.String(), "lost") {
		t.Fatalf("%v: %v: %s", cmd.Args, err, warn.String())
	}
	return out
}

// objects are the objects that a chisel prints: the lines of a list, the rows of the one table.
func objects(t *testing.T, out []byte) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range bytes.Lines(out) {
		var o map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if rows, ok := o["rows"].([]any); ok {
			for _, r := range rows {
				list = append(list, r.(map[string]any))
			}
			continue
		}
		list = append(list, o)
	}
	return list
}

// pick are the values of some keys of each object, with blanks between, sorted.
func pick(list []map[string]any, keys ...string) []string {
	var out []string
	for _, o := range list {
		var words []string
		for _, k := range keys {
			words = append(words, fmt.Sprint(o[k]))
		}
		out = append(out, strings.Join(words, " "))
	}
	slices.Sort(out)
	return out
}

func repeat(text string, n int) []string { return slices.Repeat([]string{text}, n) }

// TestLiveChisels: what work.py did, exactly.
func TestLiveChisels(t *testing.T) {
	needLive(t)
	dir := t.TempDir()
	data := dir + "/data"
	var opened, missing []string
	for i := range 17 {
		missing = append(missing, fmt.Sprintf("-1 ENOENT O_RDONLY|O_CLOEXEC %s/none%d", dir, i))
	}
	opened = append(missing, "3 SUCCESS O_RDONLY|O_CLOEXEC "+data, "3 SUCCESS O_TRUNC|O_CREAT|O_WRONLY|O_CLOEXEC|O_F_CREATED "+data)
	slices.Sort(opened)
	for _, c := range []struct {
		chisel, filter string
		keys           string
		want           []string
	}{
		{"topfiles_bytes", "proc.name=scrywork and fd.name startswith " + dir, "bytes file", []string{"60000 " + data}},
		{"topprocs_net", "proc.name=scrywork", "bytes process", []string{"3500 scrywork"}},
		{"topprocs_errors", "proc.name=scrywork and evt.type=openat", "errors process", []string{"17 scrywork"}},
		{"topfiles_errors", "proc.name=scrywork and evt.type=openat", "errors", repeat("1", 17)},
		{"fdcount_by fd.type", "proc.name=scrywork and fd.type=ipv4", "fds fd.type", []string{"11 ipv4"}},
		{"summary", "proc.name=scrywork and evt.type in (openat, write, socket, bind, listen, accept4, connect, sendto)", "syscall calls errors",
			[]string{"accept4 5 0", "bind 1 0", "connect 5 0", "listen 1 0", "openat 19 17", "sendto 10 0", "socket 6 0", "write 30 0"}},
		{"summary:by=proc.name", "proc.pname=scrywork and evt.type=execve", "proc.name syscall calls errors", []string{"scrywork execve 1 1", "true execve 3 0"}},
		{"tcplife", "proc.name=scrywork", "process dir sent received state", append(repeat("scrywork in 250 100 closed", 5), repeat("scrywork out 100 250 closed", 5)...)},
		{"execs", "proc.pname=scrywork", "user result command",
			[]string{"root ENOENT " + "missing -x", "root SUCCESS true scry 0", "root SUCCESS true scry 1", "root SUCCESS true scry 2"}},
		{"opens", "proc.name=scrywork", "fd result flags path", opened},
	} {
		t.Run(strings.Fields(c.chisel)[0], func(t *testing.T) {
			os.Remove(data)
			args := append(append([]string{"-c"}, strings.Fields(c.chisel)...), strings.Fields(c.filter)...)
			if have := pick(liveRows(t, dir, args...), strings.Fields(c.keys)...); !slices.Equal(have, c.want) {
				t.Errorf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestLiveCPU compares topprocs_cpu with the CPU time that a process says it used, over the same seconds.
func TestLiveCPU(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	times := filepath.Join(t.TempDir(), "times")
	out := ranWell(t, exec.Command(scry, "-j", "-c", "topprocs_cpu", "proc.name startswith python and proc.cmdline contains "+times, "--", "/bin/sh", "-c", "exec "+python+" testdata/chisels/burn.py "+times+" >"+times))
	type sample struct{ at, cpu float64 }
	var used []sample
	for line := range strings.Lines(string(read(t, times))) {
		var s sample
		if _, err := fmt.Sscan(line, &s.at, &s.cpu); err != nil {
			t.Fatal(err)
		}
		used = append(used, s)
	}
	cpuAt := func(at float64) float64 { // between the samples
		i := slices.IndexFunc(used, func(s sample) bool { return s.at >= at })
		if i <= 0 {
			return math.NaN()
		}
		a, b := used[i-1], used[i]
		return a.cpu + (b.cpu-a.cpu)*(at-a.at)/(b.at-a.at)
	}
	intervals := 0
	for line := range bytes.Lines(out) {
		var f struct {
			From, To string
			Rows     []struct{ CPU float64 }
		}
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		const lead = 0.1 // the samples of an interval are taken that long before its end
		from, to := seconds(t, f.From)-lead, seconds(t, f.To)-lead
		want := (cpuAt(to) - cpuAt(from)) / (to - from) * 100
		if math.IsNaN(want) || len(f.Rows) != 1 || to-from < 0.9 {
			continue
		}
		intervals++
		if have := f.Rows[0].CPU; math.Abs(have-want) > 0.2*want { // the samples are some hundredths of a second off on a busy machine
			t.Errorf("%s to %s: %.1f %%, the process says %.1f %%", f.From, f.To, have, want)
		}
	}
	if intervals < 3 {
		t.Errorf("only %d intervals in %s", intervals, out)
	}
}

// seconds is a moment of JSON in seconds since the epoch.
func seconds(t *testing.T, text string) float64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return float64(at.UnixNano()) / 1e9
}

// holder starts testdata/chisels/open.py and returns its number.
func holder(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(python, "testdata/chisels/open.py", t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	go io.Copy(io.Discard, out)
	return cmd.Process.Pid
}

// stateNow is what a chisel shows of the machine as it is.
func stateNow(t *testing.T, args ...string) []map[string]any {
	t.Helper()
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, ranWell(t, exec.Command(scry, append([]string{"-j", "-c"}, args...)...)))
}

// TestLiveLsof compares lsof with /proc/PID/fd and the real lsof.
func TestLiveLsof(t *testing.T) {
	needLive(t)
	pid := holder(t)
	have := stateNow(t, "lsof", "proc.pid="+strconv.Itoa(pid))
	byNum := map[string]map[string]any{}
	for _, r := range have {
		byNum[fmt.Sprint(r["fd"])] = r
	}
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
		r := byNum[e.Name()]
		switch {
		case r == nil:
			t.Errorf("descriptor %s, %s, is missing", e.Name(), target)
		case !strings.HasPrefix(target, "socket:") && r["name"] != target:
			t.Errorf("descriptor %s: %v, want %s", e.Name(), r["name"], target)
		case r["command"] != "python3" && !strings.HasPrefix(fmt.Sprint(r["command"]), "python"):
			t.Errorf("descriptor %s of %v", e.Name(), r["command"])
		}
	}
	if len(have) != len(list) || len(list) < 20 {
		t.Errorf("%d descriptors, /proc has %d", len(have), len(list))
	}
	real, err := exec.LookPath("lsof")
	if err != nil {
		t.Skip("lsof is not installed")
	}
	row := regexp.MustCompile(`^\S+ +\d+ +\S+ +(\d+)([rwu]) `)
	seen := 0
	for line := range strings.Lines(string(output(real, "-n", "-P", "-p", strconv.Itoa(pid)))) {
		if m := row.FindStringSubmatch(line); m != nil && byNum[m[1]] != nil {
			seen++
			if mode := fmt.Sprint(byNum[m[1]]["mode"]); mode != m[2] {
				t.Errorf("descriptor %s is open for %s, lsof says %s", m[1], mode, m[2])
			}
		}
	}
	if seen != len(list) {
		t.Errorf("lsof shows %d of %d descriptors", seen, len(list))
	}
}

// TestLiveNetstat compares netstat with ss.
func TestLiveNetstat(t *testing.T) {
	needLive(t)
	ss, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("ss is not installed")
	}
	pid := holder(t)
	ours := pick(stateNow(t, "netstat", "fd.type in (ipv4, ipv6) and proc.pid="+strconv.Itoa(pid)), "fd", "proto", "state", "local", "remote")
	states := map[string]string{"ESTAB": "ESTABLISHED", "LISTEN": "LISTEN", "UNCONN": "UNCONN"}
	me := regexp.MustCompile(fmt.Sprintf(`pid=%d,fd=(\d+)`, pid))
	var theirs []string
	unixStates := map[string]string{}
	for line := range strings.Lines(string(output(ss, "-a", "-n", "-p", "-t", "-u", "-x"))) {
		w, m := strings.Fields(line), me.FindStringSubmatch(line)
		if m == nil || len(w) < 6 {
			continue
		}
		if strings.HasPrefix(w[0], "u_") {
			unixStates[m[1]] = states[w[1]]
			continue
		}
		proto, remote := w[0], w[5]
		if strings.Contains(w[4], "[") {
			proto += "6"
		}
		if strings.HasSuffix(remote, ":*") {
			remote = "<nil>"
		}
		theirs = append(theirs, strings.Join([]string{m[1], proto, states[w[1]], w[4], remote}, " "))
	}
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) || len(ours) != 10 {
		t.Errorf("scry\n%s\nss\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
	unix := stateNow(t, "netstat", "fd.type=unix and proc.pid="+strconv.Itoa(pid))
	for _, r := range unix {
		if fd := fmt.Sprint(r["fd"]); r["state"] != unixStates[fd] {
			t.Errorf("unix socket %s is %v, ss says %s", fd, r["state"], unixStates[fd])
		}
	}
	if len(unix) != 3 {
		t.Errorf("%d unix sockets", len(unix))
	}
}

// TestLivePs compares ps with the real one: processes that are there before and after are shown, with their parents, users, threads and memory.
func TestLivePs(t *testing.T) {
	needLive(t)
	real, err := exec.LookPath("ps")
	if err != nil {
		t.Skip("ps is not installed")
	}
	pid := strconv.Itoa(holder(t))
	list := func() map[string][]string {
		m := map[string][]string{}
		for line := range strings.Lines(string(output(real, "-e", "-L", "-o", "tid=,pid=,ppid=,user:32=,vsz=,args="))) {
			if w := strings.Fields(line); len(w) > 5 && !strings.HasPrefix(w[5], real) && w[len(w)-1] != "<defunct>" {
				m[w[0]] = w
			}
		}
		return m
	}
	before := list()
	ours := map[string]map[string]any{}
	for _, r := range stateNow(t, "ps") {
		ours[fmt.Sprint(r["tid"])] = r
	}
	after := list()
	both, threads := 0, 0
	for tid, w := range before {
		if after[tid] == nil || after[tid][1] != w[1] {
			continue
		}
		both++
		r := ours[tid]
		if r == nil {
			t.Errorf("%v is missing", w)
			continue
		}
		if have := fmt.Sprint(r["pid"], " ", r["ppid"], " ", r["user"]); have != strings.Join(w[1:4], " ") && w[2] == after[tid][2] {
			t.Errorf("thread %s: %s, ps says %v", tid, have, w[1:4])
		}
		if w[1] == pid {
			if threads++; fmt.Sprint(r["virt"]) != w[4] {
				t.Errorf("thread %s has %v KiB, ps says %s", tid, r["virt"], w[4])
			}
		}
	}
	for tid, r := range ours {
		name := fmt.Sprint(r["cmd"])
		if _, err := os.Stat("/proc/" + tid); before[tid] == nil && after[tid] == nil && err == nil && !strings.HasPrefix(name, "scry") && name != "ps" {
			t.Errorf("%s %s is there, and ps does not know it", tid, name)
		}
	}
	if both < 20 || threads != 2 {
		t.Errorf("%d threads were compared, %d of the one", both, threads)
	}
}
