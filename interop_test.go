package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"scry/capture"
	"scry/capture/event"
)

// What a live capture writes is read by others: with --compat by sysdig 0.29.3, which must show the same lines (TestInteropSysdig), without by
// whatever knows the current schema (TestLiveFiles, in recorded_test.go).

// python is where the work below is done; a shim of a version manager would be a shell script.
const python = "/usr/bin/python3"

// needLive skips the test where nothing can be recorded.
func needLive(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("records live")
	}
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	if err := capture.TestLoad(); err != nil {
		t.Skipf("this kernel takes no programs: %v", err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skip(python + " is not installed")
	}
}

// work is a command that does what testdata/interop has: shell pipelines, sockets, threads, failures. Its environment is not that of the tests.
func work(t *testing.T) []string {
	t.Helper()
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	a, b := t.TempDir(), t.TempDir()
	dir := filepath.Join(top, "testdata/interop")
	return []string{"/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", "/bin/sh", "-c",
		"/bin/sh " + dir + "/shell.sh " + a + "; " + python + " " + dir + "/work.py " + b}
}

// record runs scry with options and a command, and returns what it says on stderr. What the command prints is thrown away.
func record(t *testing.T, scry string, options, command []string) string {
	t.Helper()
	cmd := exec.Command(scry, append(append(options, "--"), command...)...)
	said := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Stderr = f // a file: the command inherits it, and a pipe would be read until all that it leaves behind has ended
	err = cmd.Run()
	text, _ := os.ReadFile(said)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return string(text)
}

// knownParams are the parameters that sysdig has for an event, "> open" and so on: of all versions together.
var knownParams = sync.OnceValue(func() map[string]map[string]bool {
	row := regexp.MustCompile(`^([<>] \w+)\((.*)\)$`)
	out := map[string]map[string]bool{}
	for line := range strings.Lines(string(output(sysdig, "-L"))) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if out[m[1]] == nil {
			out[m[1]] = map[string]bool{}
		}
		for param := range strings.SplitSeq(m[2], ", ") {
			if _, name, ok := strings.Cut(param, " "); ok {
				out[m[1]][name] = true
			}
		}
	}
	return out
})

var nextParam = regexp.MustCompile(`^\s+(\w+)=`)

// withoutNewer leaves out of our texts the parameters behind the end of theirs that sysdig does not know (D-newer-params): since 0.29.3 calls
// got more of them, always at the end.
func (s *subject) withoutNewer(theirs, ours map[string]string) map[string]string {
	out := make(map[string]string, len(ours))
	for num, text := range ours {
		a, b := undo(theirs[num], text)
		b = unescape(b)
		if rest, ok := strings.CutPrefix(b, a); ok && a != b {
			if m := nextParam.FindStringSubmatch(rest); m != nil && !knownParams()[s.kind[num]][m[1]] {
				text = theirs[num]
			}
		}
		out[num] = text
	}
	return out
}

// liveModes are the ways of printing of which a live capture must give the same lines in sysdig.
var liveModes = [][]string{{}, {"-v"}, {"-pc"}, {"-x"}, {"-X"}, {"-A"}, {"-t", "r"}, {"-R"}}

// liveFields are the fields of which a live capture must give the same values in sysdig.
var liveFields = []string{
	"evt.rawtime", "evt.dir", "evt.type", "evt.cpu", "evt.res", "evt.rawres", "evt.failed", "evt.is_io", "evt.is_io_read", "evt.io_dir", "evt.is_wait",
	"evt.buflen", "evt.category", "evt.latency", "evt.count.error",
	"proc.pid", "proc.ppid", "proc.name", "proc.pname", "proc.exe", "proc.exepath", "proc.args", "proc.cmdline", "proc.cwd", "proc.env", "proc.sid",
	"proc.nthreads", "proc.fdopencount", "proc.fdlimit", "thread.tid", "thread.ismain", "thread.vtid", "user.uid", "user.name", "user.homedir", "group.name",
	"container.id",
	"fd.num", "fd.type", "fd.typechar", "fd.name", "fd.directory", "fd.filename", "fd.cip", "fd.sip", "fd.cport", "fd.sport", "fd.l4proto", "fd.sockfamily",
}

func TestInteropSysdig(t *testing.T) {
	needLive(t)
	if sysdig == "" {
		t.Skip("sysdig is not installed")
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "live-work.scap")
	record(t, scry, []string{"--compat", "-w", file}, work(t))
	s := newSubject(t, file)
	if len(s.nums) < 5000 {
		t.Fatalf("sysdig shows only %d events", len(s.nums))
	}
	known := s.known(t)
	for _, mode := range liveModes {
		args := append([]string{"-r", file}, mode...)
		theirs := s.split(output(sysdig, args...), " ", false)
		ours := s.split(output(scry, append(args, known)...), " ", true)
		s.compare(t, "mode"+strings.Join(mode, ""), theirs, s.withoutNewer(theirs, ours))
	}
	for _, batch := range batches(liveFields) {
		format := "*%evt.num"
		for _, f := range batch {
			format += fieldSep + "%" + f
		}
		theirs := s.split(output(sysdig, "-r", file, "-p", format), fieldSep, false)
		ours := s.split(output(scry, "-r", file, "-p", format, known), fieldSep, true)
		for i, f := range batch {
			s.compare(t, f, column(theirs, i), column(ours, i))
		}
	}
	s.compareTypes(t)
}

// Compressed files and those of a rotation open in sysdig as well: it shows as many events of each as scry does.
func TestInteropSysdigFiles(t *testing.T) {
	needLive(t)
	if sysdig == "" {
		t.Skip("sysdig is not installed")
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "F")
	record(t, scry, []string{"--compat", "-z", "-e", "4000", "-w", file}, work(t))
	files, _ := filepath.Glob(file + "*")
	if len(files) < 3 {
		t.Errorf("only %d files", len(files))
	}
	for _, f := range files {
		s := &subject{file: f}
		theirs := bytes.Count(output(sysdig, "-r", f, "-p", "*%evt.num"), []byte("\n"))
		ours := bytes.Count(output(scry, "-r", f, "-p", "*%evt.num", s.known(t)), []byte("\n"))
		if theirs != ours || ours == 0 {
			t.Errorf("%s: sysdig shows %d events, scry %d", filepath.Base(f), theirs, ours)
		}
	}
}

// known is a filter that leaves out the calls that sysdig does not know.
func (s *subject) known(t *testing.T) string {
	t.Helper()
	f, err := capture.Open(s.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	newer := map[string]bool{}
	var ev event.Event
	for f.Next(&ev) == nil {
		if ev.Type >= 336 {
			newer[ev.Type.Schema().Name] = true
		}
	}
	if len(newer) == 0 {
		t.Error("no newfstatat or the like: every program calls one of them")
	}
	return "not evt.type in (" + strings.Join(slices.Sorted(maps.Keys(newer)), ",") + ")"
}

// compareTypes wants in the file what the work does: a comparison of little would prove little.
func (s *subject) compareTypes(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, kind := range s.kind {
		seen[kind] = true
	}
	for _, want := range strings.Fields(`accept bind brk chdir clone clone3 close connect copy_file_range dup epoll_wait eventfd execve fchmod fcntl flock futex getcwd
		getdents64 getsockopt ioctl kill link linkat listen lseek mkdir mmap mprotect munmap openat pipe poll pread prlimit pwrite read
		readv recvfrom recvmsg rename rmdir sendfile sendmsg sendto setsid setsockopt setuid shutdown socket socketpair symlinkat unlink
		unlinkat vfork write writev`) {
		if !seen["< "+want] {
			t.Errorf("the work has no %s", want)
		}
	}
	for _, want := range []string{"> signaldeliver", "> procexit", "> switch"} {
		if !seen[want] {
			t.Errorf("no %s", want)
		}
	}
}
