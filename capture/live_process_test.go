//go:build linux && (amd64 || arm64)

package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM

// tree is what the program of TestLiveProcesses did, as recorded: the events of each thread.
type tree struct {
	t      *testing.T
	events []*event.Event
	main   int64
	limit  uint64 // of open files, as the program was told
}

// one is the only event of that type and thread for which ok holds.
func (x *tree) one(typ event.Type, tid int64, ok func(*event.Event) bool) *event.Event {
	x.t.Helper()
	var found *event.Event
	for _, ev := range x.events {
		if ev.Type != typ || ev.TID != tid || ok != nil && !ok(ev) {
			continue
		}
		if found != nil {
			x.t.Errorf("two events %v of thread %d", typ, tid)
		}
		found = ev
	}
	if found == nil {
		for _, ev := range x.events {
			if ev.TID == tid {
				x.t.Logf("%v %s", ev.Type, show(ev, 0))
			}
		}
		x.t.Fatalf("no event %v of thread %d", typ, tid)
	}
	return found
}

func (x *tree) check(what string, ev *event.Event, want map[string]val) {
	x.t.Helper()
	checkEvent(x.t, &expected{Row: what}, ev, want, nil)
}

// status is a field of /proc/self/status.
func status(name string) string {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// cgroups are the paths of this process in the hierarchies that events list.
func cgroups() val {
	b, _ := os.ReadFile("/proc/self/cgroup")
	enabled, _ := os.ReadFile("/proc/cgroups")
	paths := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if p := strings.SplitN(strings.TrimSpace(line), ":", 3); len(p) == 3 {
			for _, name := range strings.Split(p[1], ",") {
				paths[name] = p[2]
			}
		}
	}
	var words []string
	for line := range strings.Lines(string(enabled)) {
		f := strings.Fields(line)
		if len(f) < 4 || !slices.Contains([]string{"cpuset", "cpu", "cpuacct", "memory"}, f[0]) || f[3] == "0" {
			continue
		}
		path, ok := paths[f[0]]
		if !ok {
			path = paths[""] // the unified hierarchy
		}
		words = append(words, f[0]+"="+path+"\x00")
	}
	return has(words...)
}

// identity are the parameters that clone and exec share, of a process with one thread.
func (x *tree) identity(tid, ptid int64, comm, exe string, args ...string) map[string]val {
	m := valuesOf([]any{"exe", exe, "tid", tid, "pid", tid, "ptid", ptid, "cwd", absent, "fdlimit", x.limit, "pgft_maj", present, "pgft_min", present,
		"vm_size", nonzero, "vm_rss", present, "vm_swap", present, "comm", comm, "cgroups", cgroups(), "args", absent})
	if len(args) > 0 {
		m["args"] = valueOf([]byte(strings.Join(args, "\x00") + "\x00"))
	}
	return m
}

func with(m map[string]val, pairs ...any) map[string]val {
	for name, v := range valuesOf(pairs) {
		m[name] = v
	}
	return m
}

// exec are the parameters of an exec: what runs is the file at path.
func (x *tree) exec(m map[string]val, path string, env []string) map[string]val {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		x.t.Fatal(err)
	}
	caps := func(name string) uint64 {
		n, _ := strconv.ParseUint(status(name), 16, 64)
		return n
	}
	login := int64(-1)
	if b, err := os.ReadFile("/proc/self/loginuid"); err == nil {
		login, _ = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	}
	flags, ino := "EXE_WRITABLE", valueOf(st.Ino)
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) == nil && fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		flags, ino = "EXE_UPPER_LAYER|EXE_WRITABLE", nonzero
	}
	pgid := valueOf(unix.Getpgrp())
	if strings.Contains(status("NSpid"), "\t") {
		pgid = nonzero
	}
	envBytes := absent
	if len(env) > 0 {
		envBytes = valueOf([]byte(strings.Join(env, "\x00") + "\x00"))
	}
	return with(m, "env", envBytes, "tty", tty(), "vpgid", unix.Getpgrp(), "loginuid", login, "flags", flags, "cap_inheritable", caps("CapInh"),
		"cap_permitted", caps("CapPrm"), "cap_effective", caps("CapEff"), "exe_ino", ino, "exe_ino_ctime", st.Ctim.Nano(), "exe_ino_mtime", st.Mtim.Nano(),
		"uid", os.Geteuid(), "trusted_exepath", path, "pgid", pgid, "gid", os.Getegid())
}

func tty() int64 {
	b, _ := os.ReadFile("/proc/self/stat")
	n, _ := strconv.ParseInt(strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))[4], 10, 64)
	return n
}

// clone are the parameters of a clone besides the identity.
func clone(m map[string]val, flags any, tid, pid int64) map[string]val {
	return with(m, "flags", flags, "uid", os.Geteuid(), "gid", os.Getegid(), "vtid", tid, "vpid", pid, "pidns_init_start_ts", 0)
}

// exit are the parameters of a procexit.
func exit(code, sig int) map[string]val {
	return valuesOf([]any{"status", code<<8 | sig, "ret", code, "sig", sig, "core", 0, "reaper_tid", 0})
}

// TestLiveProcesses runs a program that forks in all ways, executes and fails to, and ends its children in all ways.
func TestLiveProcesses(t *testing.T) {
	needRoot(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var target program
	target.sys("exit_group", 42)
	targetPath := target.write(t, dir, "target-with-a-long-name")

	var p program
	many := p.str("/none/many")
	old, none, empty := p.words(0, 0), p.str("/none/such"), p.str("")
	argv, envp := p.list("zero", "one", "", "three"), p.list("A=1", "B=two")
	argv0 := p.list("only")
	path := p.str(targetPath)
	args3 := p.words(0x200, 0, 0, 0, int(unix.SIGCHLD), 0, 0, 0) // clone3: CLONE_FS
	stack := p.bytes(make([]byte, 1024)) + 1024
	wait := func() { p.sys("wait4", -1, 0, 0, 0) }
	p.sys("close_range", 3, -1, 0)
	p.sys("prlimit64", 0, unix.RLIMIT_NOFILE, 0, old)
	amd64 := runtime.GOARCH == "amd64"
	if amd64 {
		p.sys("fork")
		p.child(func() { p.sys("exit_group", 7) })
		wait()
		p.sys("vfork")
		p.child(func() { p.sys("exit_group", 8) })
		wait()
	}
	p.sys("clone", int(unix.SIGCHLD), 0, 0, 0, 0) // ends by a signal
	p.child(func() { p.sys("getpid"); p.save(); p.sys("kill", saved, int(unix.SIGTERM)) })
	wait()
	p.sys("clone3", args3, 64)
	p.child(func() { p.sys("execve", path, argv, envp); p.sys("exit_group", 1) })
	wait()
	p.sys("clone", unix.CLONE_FILES|int(unix.SIGCHLD), 0, 0, 0, 0)
	p.child(func() {
		p.sys("openat", cwd, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		p.sys("execveat", 3, empty, argv0, 0, unix.AT_EMPTY_PATH)
		p.sys("exit_group", 1)
	})
	wait()
	p.sys("clone", int(unix.SIGCHLD), 0, 0, 0, 0)
	p.child(func() {
		p.sys("openat", cwd, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		p.sys("memfd_create", p.str("scry-code"), 1)
		p.sys("sendfile", 5, 4, 0, 1<<20) // 3 is what the child before has left, which shared our descriptors
		p.sys("execveat", 5, empty, argv0, 0, unix.AT_EMPTY_PATH)
		p.sys("exit_group", 1)
	})
	wait()
	p.sys("clone", unix.CLONE_NEWPID|int(unix.SIGCHLD), 0, 0, 0, 0)
	p.child(func() { p.sys("exit_group", 9) })
	wait()
	p.sys("clone", threadFlags, stack, 0, 0, 0)
	p.child(func() { p.sys("exit", 3) })
	p.sys("execve", none, argv, envp)
	p.sys("execve", 1, 1, 1)
	p.sys("execve", many, p.list(append([]string{"zero"}, slices.Repeat([]string{"again"}, 40)...)...), 0)
	p.sys("execveat", cwd, none, argv0, envp, unix.AT_SYMLINK_NOFOLLOW)
	p.sys("exit_group", 5)
	name := "scry-live-processes"
	main := p.write(t, dir, name)
	comm := name[:15]

	rec := record(t, LiveOptions{Demand: noPageFaults(), Command: []string{main, "first", "second"}})
	if rec.code != 5 || rec.stats.Lost > 0 {
		t.Fatalf("ended with %d, %d events lost", rec.code, rec.stats.Lost)
	}
	events := rec.events
	x := &tree{t: t, events: events}
	me := int64(os.Getpid())
	for _, ev := range events {
		switch ev.Type {
		case event.ExecveV19X:
			if x.main == 0 {
				x.main = ev.TID
			}
		case event.PrlimitX:
			x.limit, _ = ev.Uint(3)
		}
	}
	command := []string{main, "first", "second"}
	identity := func() map[string]val { return x.identity(x.main, me, comm, command[0], command[1:]...) }
	ok := func(ev *event.Event) bool { n, _ := ev.Int(0); return n >= 0 }
	exec := x.one(event.ExecveV19X, x.main, ok)
	x.check("command", exec, with(x.exec(identity(), main, os.Environ()), "res", 0, "filename", main))

	// The children, in order.
	type child struct {
		what          string
		typ           event.Type
		parent, child any // flags
		code, sig     int
	}
	kinds := []child{
		{"fork", event.ForkV20X, 0, 0, 7, 0}, {"vfork", event.VforkV20X, "CLONE_VFORK|CLONE_VM", "CLONE_VFORK|CLONE_VM", 8, 0},
		{"clone", event.CloneV20X, 0, 0, 0, int(unix.SIGTERM)}, {"clone3", event.Clone3X, "CLONE_FS", "CLONE_FS", 42, 0},
		{"clone for execveat", event.CloneV20X, "CLONE_FILES", "CLONE_FILES", 42, 0},
		{"clone for memory", event.CloneV20X, 0, 0, 42, 0},
		{"clone into a namespace", event.CloneV20X, "CLONE_NEWPID", "CLONE_CHILD_IN_PIDNS|CLONE_NEWPID", 9, 0},
	}
	if !amd64 {
		kinds = kinds[2:]
	}
	var clones []*event.Event
	for _, ev := range events {
		if n, _ := ev.Int(0); ev.TID == x.main && n > 0 && slices.Contains([]event.Type{event.ForkV20X, event.VforkV20X, event.CloneV20X, event.Clone3X}, ev.Type) {
			clones = append(clones, ev)
		}
	}
	if len(clones) != len(kinds)+1 {
		t.Fatalf("%d clones, want %d", len(clones), len(kinds)+1)
	}
	for i, c := range kinds {
		ev := clones[i]
		tid, _ := ev.Int(0)
		if ev.Type != c.typ {
			t.Errorf("%s: %v", c.what, ev.Type)
		}
		x.check(c.what+", parent", ev, clone(with(identity(), "res", tid), c.parent, x.main, x.main))
		in := x.one(c.typ, tid, nil)
		want := clone(with(x.identity(tid, x.main, comm, command[0], command[1:]...), "res", 0), c.child, tid, tid)
		if strings.Contains(c.what, "namespace") {
			want = with(want, "vtid", 1, "vpid", 1, "pidns_init_start_ts", nonzero)
		}
		x.check(c.what+", child", in, want)
		x.check(c.what+", end", x.one(event.ProcexitV1E, tid, nil), exit(c.code, c.sig))
		if in.TS < exec.TS || ev.Cgroup == 0 && unifiedCgroups() {
			t.Errorf("%s: cgroup %d", c.what, ev.Cgroup)
		}
		switch {
		case c.sig != 0:
			x.check(c.what+", signal", x.one(event.SignaldeliverE, tid, nil), valuesOf([]any{"spid", 0, "dpid", tid, "sig", 9})) // what kills, the kernel delivers as SIGKILL
		case c.what == "clone3":
			id := x.identity(tid, x.main, "target-with-a-long-name"[:15], "zero", "one", "", "three")
			x.check("execve", x.one(event.ExecveV19X, tid, nil), with(x.exec(id, targetPath, []string{"A=1", "B=two"}), "res", 0, "filename", targetPath))
		case c.what == "clone for memory":
			id := x.identity(tid, x.main, "", "only")
			x.check("execveat of memory", x.one(event.ExecveV19X, tid, nil), with(x.exec(id, targetPath, nil), "res", 0, "filename", "/dev/fd/5", "comm", present,
				"flags", "EXE_FROM_MEMFD|EXE_WRITABLE", "exe_ino", nonzero, "exe_ino_ctime", nonzero, "exe_ino_mtime", nonzero, "trusted_exepath", has("memfd:scry-code")))
		case c.what == "clone for execveat":
			id := x.identity(tid, x.main, "3", "only")
			x.check("execveat", x.one(event.ExecveV19X, tid, nil), with(x.exec(id, targetPath, nil), "res", 0, "filename", "/dev/fd/3", "comm", present))
			x.check("execveat enter", x.one(event.ExecveatE, tid, nil), valuesOf([]any{"dirfd", 3, "pathname", "", "flags", "AT_EMPTY_PATH"}))
		}
	}
	// The thread: its process is that of its parent.
	ev := clones[len(kinds)]
	tid, _ := ev.Int(0)
	threads := flagText("CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM")
	x.check("thread, parent", ev, clone(with(identity(), "res", tid), threads, x.main, x.main))
	x.check("thread", x.one(event.CloneV20X, tid, nil), clone(with(identity(), "res", 0, "tid", tid), threads, tid, x.main))
	x.one(event.ProcexitV1E, tid, nil)

	failed := func(name string) func(*event.Event) bool {
		return func(ev *event.Event) bool {
			n, _ := ev.Int(0)
			return n < 0 && (ev.Type == event.ExecveatX || ev.Text(30) == name)
		}
	}
	own := func(exe any, args ...string) map[string]val {
		return with(x.exec(x.identity(x.main, me, comm, "", args...), main, []string{"A=1", "B=two"}), "exe", exe)
	}
	x.check("failed execve", x.one(event.ExecveV19X, x.main, failed("/none/such")), with(own("zero", "one", "", "three"), "res", noFile, "filename", "/none/such"))
	x.check("execve of nothing", x.one(event.ExecveV19X, x.main, failed("<fault>")),
		with(own(fault), "res", -int64(unix.EFAULT), "filename", fault, "args", absent, "env", fault))
	long := x.one(event.ExecveV19X, x.main, failed("/none/many"))
	x.check("execve with many arguments", long, with(own("zero", slices.Repeat([]string{"again"}, 32)...), "res", noFile, "filename", "/none/many", "env", absent))
	if !long.Cut {
		t.Error("arguments were left out, and the event does not say so")
	}
	x.check("failed execveat", x.one(event.ExecveatX, x.main, failed("")), with(own("only"), "res", noFile))
	enters := func(name string) func(*event.Event) bool {
		return func(ev *event.Event) bool { return ev.Text(0) == name }
	}
	x.check("failed execve, enter", x.one(event.ExecveV19E, x.main, enters("/none/such")), valuesOf([]any{"filename", "/none/such"}))
	x.check("failed execveat, enter", x.one(event.ExecveatE, x.main, nil), valuesOf([]any{"dirfd", cwd, "pathname", "/none/such", "flags", "AT_SYMLINK_NOFOLLOW"}))
	x.check("end", x.one(event.ProcexitV1E, x.main, nil), exit(5, 0))
}

func unifiedCgroups() bool {
	b, _ := os.ReadFile("/proc/self/cgroup")
	return bytes.Contains(b, []byte("0::"))
}

// TestLiveLeader runs a program whose first thread ends before its second: the process goes on.
func TestLiveLeader(t *testing.T) {
	needRoot(t)
	var p program
	stack, pause, text := p.bytes(make([]byte, 1024))+1024, p.words(0, 20_000_000), p.str("still here")
	p.sys("close_range", 3, -1, 0)
	p.sys("clone", threadFlags, stack, 0, 0, 0)
	p.child(func() {
		p.sys("nanosleep", pause, 0)
		p.sys("write", -1, text, 10)
		p.sys("exit_group", 6)
	})
	p.sys("exit", 0)
	rec := record(t, LiveOptions{Demand: noPageFaults(), Command: []string{p.write(t, t.TempDir(), "leader")}})
	if rec.code != 6 || rec.stats.Lost > 0 {
		t.Fatalf("ended with %d, %d events lost", rec.code, rec.stats.Lost)
	}
	events := rec.events
	x := &tree{t: t, events: events}
	clone := slices.IndexFunc(events, func(ev *event.Event) bool { n, _ := ev.Int(0); return ev.Type == event.CloneV20X && n > 0 })
	tid, _ := events[clone].Int(0)
	x.check("leader", x.one(event.ProcexitV1E, events[clone].TID, nil), exit(0, 0))
	x.check("thread", x.one(event.WriteX, tid, nil), valuesOf([]any{"res", -int64(unix.EBADF), "fd", -1, "size", 10, "data", []byte("still here")}))
	x.check("thread", x.one(event.ProcexitV1E, tid, nil), exit(6, 0))
}
