package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

// TestClone: both sides of a creation are reported, in any order, and either may be lost; the entry is the same each time.
func TestClone(t *testing.T) {
	b := birth{child: 200, pid: 200, ptid: 100}
	for _, x := range []event.Type{event.CloneV20X, event.Clone3X, event.ForkV20X, event.VforkV20X} {
		parent := func(w *world) { w.do(100, x, b.parent(100, 100, 1)...) }
		child := func(w *world) { w.do(200, x, b.inChild()...) }
		for name, sides := range map[string][]func(*world){
			"parent first": {parent, child}, "child first": {child, parent}, "no child": {parent}, "no parent": {child},
		} {
			w := newWorld(t, shell())
			for _, side := range sides {
				side(w)
			}
			w.checkChild(x.String() + ", " + name)
		}
	}
}

func (w *world) checkChild(what string) {
	w.t.Helper()
	c := w.thread(200)
	got := event.Thread{TID: c.TID, PID: c.PID, PTID: c.PTID, VTID: c.VTID, VPID: c.VPID, SID: c.SID, PGID: c.PGID, Comm: c.Comm, Exe: c.Exe,
		ExePath: c.ExePath, Args: c.Args, Env: c.Env, Cwd: c.Cwd, Root: c.Root, UID: c.UID, GID: c.GID, FDLimit: c.FDLimit, VMSize: c.VMSize,
		VMRSS: c.VMRSS, VMSwap: c.VMSwap, PFMajor: c.PFMajor, PFMinor: c.PFMinor, Threads: c.Threads, Main: c.Main, Invalid: c.Invalid}
	want := event.Thread{TID: 200, PID: 200, PTID: 100, VTID: 200, VPID: 200, SID: 100, PGID: 100, Comm: "sh", Exe: "/bin/sh",
		ExePath: "/bin/sh", Args: "-c\x00true", Env: "HOME=/root", Cwd: "/root/", Root: "/", UID: 1000, GID: 1001, FDLimit: 1024, VMSize: 30,
		VMRSS: 40, VMSwap: 50, PFMajor: 1, PFMinor: 2, Threads: 1, Main: true}
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("%s: %s", what, d)
	}
	if c.Parent == nil || c.Parent.TID != 100 {
		w.t.Errorf("%s: parent %v", what, c.Parent)
	}
	if w.Threads() != 3 {
		w.t.Errorf("%s: %d threads", what, w.Threads())
	}
	if c.FDs.Len() != 4 || c.FDs == w.thread(100).FDs || w.fd(200, 3) == w.fd(100, 3) || w.fd(200, 3).Name != "/etc/passwd" {
		w.t.Errorf("%s: the descriptors are not a copy", what)
	}
}

// TestCloneOld: the exits of old recorders have fewer parameters.
func TestCloneOld(t *testing.T) {
	head := []any{200, "/bin/a", list{"x"}, 100, 100, 1, "/", 99}
	memory := []any{1, 2, 3, 4, 5}
	for x, tail := range map[event.Type][]any{
		event.CloneV11X: {0, 7, 8},
		event.CloneV16X: append(memory[:5:5], 0, 7, 8), event.ForkX: append(memory[:5:5], 0, 7, 8), event.VforkX: append(memory[:5:5], 0, 7, 8),
		event.CloneV17X: append(memory[:5:5], "name", 0, 7, 8), event.ForkV17X: append(memory[:5:5], "name", 0, 7, 8),
	} {
		w := newWorld(t, shell())
		w.do(100, x, append(head[:8:8], tail...)...)
		c := w.thread(200)
		comm := "/bin/a"
		if len(tail) == 9 {
			comm = "name"
		}
		if c.UID != 7 || c.GID != 8 || c.Comm != comm || c.Exe != "/bin/a" || c.Args != "x" || c.FDLimit != 99 || c.PTID != 100 {
			t.Errorf("%s: %+v", x, *c)
		}
	}
}

// TestCloneFlags: threads, shared descriptors, other parents.
func TestCloneFlags(t *testing.T) {
	for _, childFirst := range []bool{false, true} {
		start := func(b birth) *world {
			w := newWorld(t, shell())
			if childFirst {
				w.do(b.child, event.CloneV20X, b.inChild()...)
			}
			w.do(100, event.CloneV20X, b.parent(100, 100, 1)...)
			if !childFirst {
				w.do(b.child, event.CloneV20X, b.inChild()...)
			}
			return w
		}
		w := start(birth{child: 102, pid: 100, ptid: 1, flags: cloneThread | cloneFiles})
		th, main := w.thread(102), w.thread(100)
		if th.PID != 100 || th.PTID != 1 || th.Main || th.Leader != main || main.Threads != 3 || th.FDs != main.FDs {
			t.Errorf("thread: %+v", *th)
		}
		w.do(102, event.OpenX, 9, "/tmp/t", 1, 0, 0, 0)
		w.do(102, event.ChdirX, 0, "/tmp")
		if w.fd(100, 9).Name != "/tmp/t" || main.Cwd != "/tmp/" || w.thread(102).Cwd != "/tmp/" {
			t.Errorf("what a thread does is not its process's")
		}

		w = start(birth{child: 200, pid: 200, ptid: 100, flags: cloneFiles})
		w.do(200, event.OpenX, 9, "/tmp/t", 1, 0, 0, 0)
		w.do(200, event.CloseX, 0, 3)
		w.do(200, event.GenericX, 1, 1)
		if w.fd(100, 9).Name != "/tmp/t" || w.thread(100).FDs.Get(3) != nil || w.thread(200).Leader != w.thread(200) {
			t.Errorf("descriptors are not shared")
		}

		w = start(birth{child: 200, pid: 200, ptid: 1, flags: cloneParent})
		if c := w.thread(200); c.PTID != 1 {
			t.Errorf("CLONE_PARENT: ptid %d", c.PTID)
		}
	}
}

// TestSharedFDsSurvive: with CLONE_FILES, neither the end nor an exec of one process takes the descriptors of the other.
func TestSharedFDsSurvive(t *testing.T) {
	b := birth{child: 200, pid: 200, ptid: 100, flags: cloneFiles}
	fork := func() *world {
		w := newWorld(t, shell())
		w.do(100, event.CloneV20X, b.parent(100, 100, 1)...)
		w.do(200, event.CloneV20X, b.inChild()...)
		return w
	}
	w := fork()
	w.do(200, event.ProcexitV1E, 0)
	for n := range 4 {
		w.do(100, event.OpenX, 20+n, "/other", 1, 0, 0, 0)
	}
	if got := w.fd(100, 3).Name; got != "/etc/passwd" || w.fd(100, 20) == w.fd(100, 21) {
		t.Errorf("after the exit: descriptor 3 is %q", got)
	}
	w = fork()
	w.do(200, event.ExecveV19X, program(200, 200, 100, nil)...)
	w.do(200, event.OpenX, 9, "/tmp/t", 1, 0, 0, 0)
	if w.thread(200).FDs.Get(5) != nil || w.fd(100, 5).Name != "/run/lock" || w.thread(100).FDs.Get(9) != nil {
		t.Errorf("exec: still one table")
	}
}

// TestPidNamespace: a parent inside, or that clones into, another pid namespace knows only a number of that namespace.
func TestPidNamespace(t *testing.T) {
	w := newWorld(t, shell())
	b := birth{child: 1, pid: 1, ptid: 100, flags: cloneNewPID}
	w.do(100, event.CloneV20X, b.parent(100, 100, 1)...)
	if w.threadRecord(1) != nil {
		t.Errorf("a number of another namespace was taken for a thread")
	}
	b = birth{child: 200, pid: 200, ptid: 100, vtid: 1, vpid: 1, flags: inPIDNS}
	w.do(200, event.CloneV20X, b.inChild()...)
	if c := w.thread(200); c.VTID != 1 || c.VPID != 1 || c.PTID != 100 {
		t.Errorf("child: %+v", *c)
	}
	// Its own child: the result, 2, means 201.
	b = birth{child: 2, flags: 0}
	w.do(200, event.CloneV20X, b.side(2, 200, 200, 100, 1, 1)...)
	if w.threadRecord(2) != nil {
		t.Errorf("a number of another namespace was taken for a thread")
	}
	b = birth{child: 201, pid: 201, ptid: 200, vtid: 2, vpid: 2, flags: inPIDNS}
	w.do(201, event.CloneV20X, b.inChild()...)
	if c := w.thread(201); c.VTID != 2 || c.Parent != w.thread(200) {
		t.Errorf("grandchild: %+v", *c)
	}
}

// TestCloneUnknown: the caller, or the main thread of a child, was never seen: the event tells who they are.
func TestCloneUnknown(t *testing.T) {
	w := newWorld(t, nil)
	w.do(300, event.CloneV20X, birth{child: 301, pid: 301, ptid: 300}.parent(300, 300, 7)...)
	if p, c := w.thread(300), w.thread(301); p.Invalid || p.PID != 300 || p.PTID != 7 || c.Parent != p {
		t.Errorf("caller: %+v", *p)
	}
	w.do(402, event.CloneV20X, birth{child: 402, pid: 400, ptid: 7, flags: cloneThread}.inChild()...)
	if m, c := w.thread(400), w.thread(402); m.Comm != "sh" || m.PTID != 7 || c.Leader != m || m.Threads != 2 {
		t.Errorf("main thread: %+v", *m)
	}
	w.do(500, event.CloneV20X, -11)
	if w.threadRecord(500) != nil {
		t.Errorf("a failed clone made a thread")
	}
}

// TestGoneChild: a child may run and end before its parent's call returns. It must not come back.
func TestGoneChild(t *testing.T) {
	b := birth{child: 200, pid: 200, ptid: 100}
	for _, enter := range []bool{true, false} {
		w := newWorld(t, shell())
		if enter {
			w.do(100, event.VforkV20E)
		}
		w.do(200, event.VforkV20X, b.inChild()...)
		w.do(200, event.ExecveV19X, program(200, 200, 100, nil)...)
		w.do(200, event.ProcexitV1E, 0)
		w.do(100, event.VforkV20X, b.parent(100, 100, 1)...)
		if w.threadRecord(200) != nil {
			t.Errorf("enter %v: the child came back", enter)
		}
	}
	// A parent of vfork waits for the child's exec, however long.
	w := newWorld(t, shell())
	w.do(100, event.VforkV20E)
	w.do(200, event.VforkV20X, b.inChild()...)
	w.ts += 10e9
	w.do(200, event.ExecveV19X, program(200, 200, 100, nil)...)
	w.do(100, event.VforkV20X, b.parent(100, 100, 1)...)
	if got := w.thread(200).Comm; got != "cat" {
		t.Errorf("the child is %q again", got)
	}
	// A number that comes again is another process.
	w.do(200, event.ProcexitV1E, 0)
	w.ts += 10e9
	w.do(100, event.ForkV20X, b.parent(100, 100, 1)...)
	if got := w.thread(200).Comm; got != "sh" {
		t.Errorf("reused number: %q", got)
	}
}

// TestPidReuse: an entry whose end was not seen gives way to the new owner of its number.
func TestPidReuse(t *testing.T) {
	b := birth{child: 200, pid: 200, ptid: 100}
	for name, again := range map[string]func(*world){
		"parent": func(w *world) { w.do(100, event.CloneV20X, b.parent(100, 100, 1)...) },
		"child":  func(w *world) { w.do(200, event.CloneV20X, b.inChild()...) },
	} {
		w := newWorld(t, shell())
		w.do(100, event.CloneV20X, b.parent(100, 100, 1)...)
		w.do(200, event.ExecveV19X, program(200, 200, 100, nil)...)
		w.do(200, event.OpenX, 9, "/tmp/t", 1, 0, 0, 0)
		old := w.thread(200)
		w.ts += 10e9
		again(w)
		if c := w.thread(200); c == old || c.Comm != "sh" || c.FDs.Get(9) != nil || w.Threads() != 3 {
			t.Errorf("%s: %+v", name, *c)
		}
	}
}

func TestExec(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.ExecveV19X, -2)
	if th := w.thread(100); th.Comm != "sh" || w.fd(100, 5) == nil {
		t.Errorf("a failed exec changed %+v", *th)
	}
	ev := w.do(100, event.ExecveV19X, program(100, 100, 1, map[int]any{19: exeWritable | exeLowerLayer})...)
	if ev.Thread != w.thread(100) {
		t.Errorf("the event has another thread")
	}
	c := ev.Thread
	got := event.Thread{TID: c.TID, PID: c.PID, Comm: c.Comm, Exe: c.Exe, ExePath: c.ExePath, Args: c.Args, Env: c.Env, Cwd: c.Cwd, UID: c.UID,
		GID: c.GID, LoginUID: c.LoginUID, TTY: c.TTY, FDLimit: c.FDLimit, VMSize: c.VMSize, VMRSS: c.VMRSS, VMSwap: c.VMSwap, PFMajor: c.PFMajor,
		PFMinor: c.PFMinor, CapInheritable: c.CapInheritable, CapPermitted: c.CapPermitted, CapEff: c.CapEff, ExeIno: c.ExeIno,
		ExeCtime: c.ExeCtime, ExeMtime: c.ExeMtime, ExeWritable: c.ExeWritable, ExeUpper: c.ExeUpper, ExeLower: c.ExeLower, Memf: c.Memf,
		Threads: c.Threads}
	want := event.Thread{TID: 100, PID: 100, Comm: "cat", Exe: "/usr/bin/cat", ExePath: "/usr/bin/cat", Args: "-n\x00x y", Env: "A=1\x00B=2",
		Cwd: "/root/", UID: 1000, GID: 1001, LoginUID: 1000, TTY: 34816, FDLimit: 4096, VMSize: 500, VMRSS: 600, VMSwap: 700, PFMajor: 3,
		PFMinor: 4, CapInheritable: 1, CapPermitted: 2, CapEff: 3, ExeIno: 77, ExeCtime: 88, ExeMtime: 99, ExeWritable: true, ExeLower: true,
		Threads: 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if c.FDs.Get(5) != nil || c.FDs.Len() != 3 {
		t.Errorf("close-on-exec descriptors are still there")
	}
	if w.threadRecord(101) != nil || w.Threads() != 1 {
		t.Errorf("the other threads are still there")
	}
}

// TestExecFromThread: the main thread ends, then the caller returns from exec with the main thread's number.
func TestExecFromThread(t *testing.T) {
	w := newWorld(t, shell())
	w.do(101, event.ExecveV19E, "/usr/bin/cat")
	w.do(100, event.ProcexitV1E, 0)
	w.do(100, event.ExecveV19X, program(100, 100, 1, nil)...)
	c := w.thread(100)
	if w.threadRecord(101) != nil || w.Threads() != 1 || c.Dead || c.Threads != 1 || c.Comm != "cat" || c.FDs.Get(3) == nil {
		t.Errorf("%d threads, %+v", w.Threads(), *c)
	}
	w.do(100, event.ProcexitV1E, 0)
	w.do(1, event.GenericX, 1, 1)
	if w.threadRecord(100) != nil {
		t.Errorf("its exit does not end it")
	}
}

// TestExePath: the kernel's path, else the path of the call from where the call starts.
func TestExePath(t *testing.T) {
	none := map[int]any{27: nil}
	cases := []struct {
		name  string
		enter event.Type
		args  []any
		more  map[int]any
		want  string
	}{
		{"trusted", event.ExecveV19E, []any{"cat"}, nil, "/usr/bin/cat"},
		{"deleted", event.ExecveV19E, []any{"cat"}, map[int]any{27: "/tmp/x (deleted)"}, "/tmp/x"},
		{"absolute", event.ExecveV19E, []any{"/opt/a/../cat"}, none, "/opt/cat"},
		{"relative", event.ExecveV19E, []any{"./cat"}, none, "/root/cat"},
		{"not available", event.ExecveV19E, []any{"<NA>"}, none, "<NA>"},
		{"no enter", 0, nil, none, "/bin/sh"},
		{"at dirfd", event.ExecveatE, []any{4, "cat", 0}, none, "/var/log/cat"},
		{"at cwd", event.ExecveatE, []any{event.AtFDCWD, "cat", 0}, none, "/root/cat"},
		{"at unknown", event.ExecveatE, []any{77, "cat", 0}, none, "<UNKNOWN>/cat"},
		{"at descriptor", event.ExecveatE, []any{3, "", 1}, none, "/etc/passwd"},
		{"at nothing", event.ExecveatE, []any{3, "", 0}, none, "<NA>"},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		if c.enter != 0 {
			w.do(100, c.enter, c.args...)
		}
		w.do(100, event.ExecveV19X, program(100, 100, 1, c.more)...)
		if got := w.thread(100).ExePath; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestExecParams: what a record leaves out stays as it was, except the name: it follows the program.
func TestExecParams(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.ExecveV8X, 0, "/bin/old", nil, 100, 100, 1, "/", 7)
	if c := w.thread(100); c.Comm != "/bin/old" || c.Args != "" || c.Env != "HOME=/root" || c.FDLimit != 7 || c.PGID != 100 {
		t.Errorf("%+v", *c)
	}
	w.do(100, event.ExecveV14X, 0, "/bin/b", list{"x"}, 100, 100, 1, "/", 7, 0, 0, 1, 2, 3, "b", list{"E=1"})
	if c := w.thread(100); c.Comm != "b" || c.Args != "x" || c.Env != "E=1" || c.VMRSS != 2 {
		t.Errorf("%+v", *c)
	}
	w.do(900, event.ExecveV19X, program(900, 900, 100, nil)...)
	if c := w.thread(900); c.Invalid || c.PTID != 100 || c.Comm != "cat" || c.Parent != w.thread(100) {
		t.Errorf("unknown thread: %+v", *c)
	}
}

// TestExit: an exit is seen with its thread; the thread goes with the next event, a process with its last thread.
func TestExit(t *testing.T) {
	w := newWorld(t, shell())
	if ev := w.do(101, event.ProcexitV1E, 0); ev.Thread == nil || ev.Thread.TID != 101 || w.Threads() != 2 {
		t.Errorf("a thread's exit: %+v, %d threads", ev.Thread, w.Threads())
	}
	w.do(100, event.GenericX, 1, 1)
	if w.threadRecord(101) != nil || w.thread(100).Threads != 1 {
		t.Errorf("the thread is still there")
	}

	w = newWorld(t, shell())
	for range 2 { // reported twice: counted once
		w.do(100, event.ProcexitV1E, 0)
	}
	if ev := w.do(101, event.ReadX, 1, nil, 3, 1); ev.FD == nil || ev.FD.Name != "/etc/passwd" || ev.Thread.Leader.Threads != 1 {
		t.Errorf("the descriptors went with the main thread")
	}
	w.do(101, event.ProcexitV1E, 0)
	w.do(1, event.GenericX, 1, 1)
	if w.threadRecord(100) != nil || w.threadRecord(101) != nil || w.Threads() != 1 {
		t.Errorf("%d threads, want that of the last event", w.Threads())
	}
	if ev := w.do(777, event.ProcexitV1E, 0); ev.Thread != nil || w.threadRecord(777) != nil {
		t.Errorf("the exit of an unknown thread made one")
	}
}

// TestAncestors: who started a process is known after that has ended; the chain has an end.
func TestAncestors(t *testing.T) {
	w := newWorld(t, shell())
	last := int64(100)
	for pid := int64(200); pid < 400; pid++ {
		w.do(pid, event.ForkV20X, birth{child: pid, pid: pid, ptid: last}.inChild()...)
		w.do(last, event.ProcexitV1E, 0)
		last = pid
	}
	n := 0
	for p := w.thread(last).Parent; p != nil; p = p.Parent {
		if n++; p.PID != last-int64(n) {
			t.Fatalf("ancestor %d is %d", n, p.PID)
		}
	}
	if n < maxAncestors || n > maxAncestors+3 {
		t.Errorf("%d ancestors", n)
	}
}

func TestPlaceholder(t *testing.T) {
	w := newWorld(t, nil)
	ev := w.do(5, event.ReadX, 1, nil, 3, 1)
	if th := ev.Thread; th == nil || !th.Invalid || th.Comm != "<NA>" || th.UID != event.NoID || th.PTID != -1 || ev.FD != nil || ev.FDNum != 3 {
		t.Errorf("%+v", ev)
	}
	if ev := w.do(6, event.SchedswitchV6E, 7); ev.Thread != nil || w.Threads() != 1 {
		t.Errorf("a switch made a thread")
	}
}

// TestPlaceholderJoins: a process of which events were lost turns out to be a thread of a known one. Its descriptors are no longer counted.
func TestPlaceholderJoins(t *testing.T) {
	for name, say := range map[string]step{
		"clone": ev(event.CloneV20X, birth{child: 300}.parent(201, 100, 1)...),
		"exec":  ev(event.ExecveV19X, program(201, 100, 1, nil)...),
	} {
		w := newWorld(t, shell())
		w.do(201, event.OpenX, 7, "/a", 1, 0, 0, 0)
		if w.fds != 5 {
			t.Fatalf("%s: %d descriptors", name, w.fds)
		}
		w.do(201, say.typ, say.args...)
		if err := w.check(); err != nil || w.thread(201).Leader != w.thread(100) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGroupLinks: the list of a group has the threads that live, in whatever order they end.
func TestGroupLinks(t *testing.T) {
	w := newWorld(t, shell())
	size := func() (n int) {
		for o := w.find(100).group; o != nil; o = o.next {
			n++
		}
		return n
	}
	for tid := int64(102); tid < 107; tid++ {
		w.do(tid, event.CloneV20X, birth{child: tid, pid: 100, ptid: 1, flags: cloneThread}.inChild()...)
	}
	for i, tid := range []int64{106, 101, 103, 100} { // the last and the first that came, one between, the leader
		w.do(tid, event.ProcexitV1E, 0)
		w.do(105, event.GenericX, 1, 1)
		if n := size(); n != max(5-i, 3) || w.check() != nil {
			t.Errorf("after the end of %d: %d linked, %v", tid, n, w.check())
		}
	}
	w.do(100, event.ExecveV19X, program(100, 100, 1, nil)...)
	if size() != 0 || w.Threads() != 1 || w.thread(100).Threads != 1 || w.check() != nil {
		t.Errorf("after exec: %d linked, %d threads, %v", size(), w.Threads(), w.check())
	}
}
