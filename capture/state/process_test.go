package state

import (
	"testing"

	"scry/capture/event"
)

func TestComm(t *testing.T) {
	w := newWorld(t, shell())
	w.do(101, event.PrctlX, 0, prSetName, "worker", nil)
	w.do(100, event.PrctlX, -22, prSetName, "no", nil)
	w.do(100, event.PrctlX, 0, 4, "no", nil)
	if a, b := w.thread(100).Comm, w.thread(101).Comm; a != "sh" || b != "worker" {
		t.Errorf("%q, %q", a, b)
	}
}

// TestIDs: the effective ids count; -1 changes nothing.
func TestIDs(t *testing.T) {
	type want struct{ uid, gid uint32 }
	cases := []struct {
		typ  event.Type
		args []any
		want want
	}{
		{event.SetuidX, []any{0, 7}, want{7, 0}},
		{event.SetuidX, []any{-1, 7}, want{0, 0}},
		{event.SetgidX, []any{0, 7}, want{0, 7}},
		{event.SetresuidX, []any{0, 6, 7, 8}, want{7, 0}},
		{event.SetresgidX, []any{0, 6, 7, 8}, want{0, 7}},
		{event.SetreuidX, []any{0, 6, 7}, want{7, 0}},
		{event.SetregidX, []any{0, 6, 7}, want{0, 7}},
		{event.SetresuidX, []any{0, 6, -1, 8}, want{0, 0}},
		{event.SetresgidX, []any{0, -1, -1, -1}, want{0, 0}},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		w.do(100, c.typ, c.args...)
		if th := w.thread(100); (want{th.UID, th.GID}) != c.want {
			t.Errorf("%s%v: uid %d, gid %d", c.typ, c.args, th.UID, th.GID)
		}
	}
}

func TestGroupsAndSessions(t *testing.T) {
	w := newWorld(t, shell())
	w.do(200, event.ForkV20X, birth{child: 200, pid: 200, ptid: 100}.inChild()...)
	check := func(tid, pgid, vpgid, sid int64) {
		t.Helper()
		if th := w.thread(tid); th.PGID != pgid || th.VPGID != vpgid || th.SID != sid {
			t.Errorf("%d: pgid %d, vpgid %d, sid %d", tid, th.PGID, th.VPGID, th.SID)
		}
	}
	w.do(200, event.SetpgidX, -1, 0, 0)
	check(200, 100, 100, 100)
	w.do(200, event.SetpgidX, 0, 0, 0)
	check(200, 200, 200, 100)
	w.do(100, event.SetpgidX, 0, 200, 100)
	check(200, 100, 100, 100)
	w.do(100, event.SetpgidE, 200, 200)
	w.do(100, event.SetpgidX, 0)
	check(200, 200, 200, 100)
	w.do(200, event.SetsidX, 200)
	check(200, 200, 200, 200)
	w.do(200, event.SetsidX, -1)
	check(200, 200, 200, 200)
	// In another pid namespace only the number in that namespace is known.
	w.do(300, event.ForkV20X, birth{child: 300, pid: 300, ptid: 100, vtid: 1, vpid: 1, flags: inPIDNS}.inChild()...)
	w.do(300, event.SetpgidX, 0, 0, 0)
	check(300, 100, 1, 100)
}

func TestChroot(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.ChrootX, -1, "/no")
	w.do(100, event.ChrootX, 0, "jail/")
	if got := w.thread(100).Root; got != "/root/jail" {
		t.Errorf("root %q", got)
	}
}

func TestCapabilities(t *testing.T) {
	w := newWorld(t, shell())
	caps := func(want uint64) {
		t.Helper()
		if th := w.thread(100); th.CapInheritable != want || th.CapPermitted != want || th.CapEff != want {
			t.Errorf("%x %x %x, want %x", th.CapInheritable, th.CapPermitted, th.CapEff, want)
		}
	}
	w.do(100, event.CapsetX, -1, 9, 9, 9)
	caps(0)
	w.do(100, event.CapsetX, 0, 5, 5, 5)
	caps(5)
	w.do(100, event.UnshareX, 0, cloneNewPID)
	w.do(100, event.SetnsX, -1, 3, cloneNewUser)
	caps(5)
	w.do(100, event.SetnsX, 0, 3, cloneNewUser)
	caps(allCaps)
	w.do(100, event.CapsetX, 0, 5, 5, 5)
	w.do(100, event.UnshareE, cloneNewUser)
	w.do(100, event.UnshareX, 0)
	caps(allCaps)
}

func TestFDLimit(t *testing.T) {
	w := newWorld(t, shell())
	step := func(want int64, typ event.Type, args ...any) {
		t.Helper()
		w.do(101, typ, args...)
		if got := w.thread(100).FDLimit; got != want {
			t.Errorf("%s%v: %d, want %d", typ, args, got, want)
		}
	}
	step(10, event.SetrlimitX, 0, 10, 20, rlimitNofile)
	step(10, event.SetrlimitX, -1, 11, 20, rlimitNofile)
	step(10, event.SetrlimitX, 0, 11, 20, 3)
	step(12, event.GetrlimitX, 0, 12, 20, rlimitNofile)
	w.do(101, event.SetrlimitE, rlimitNofile)
	step(13, event.SetrlimitX, 0, 13, 20)
	step(14, event.PrlimitX, 0, 14, 20, 13, 20, 0, rlimitNofile)
	step(14, event.PrlimitX, 0, -1, -1, 14, 20, 0, rlimitNofile)
	step(15, event.PrlimitX, 0, 15, 20, 14, 20, 100, rlimitNofile)
	step(15, event.PrlimitX, 0, 16, 20, 14, 20, 999, rlimitNofile)
	w.do(101, event.PrlimitE, 100, rlimitNofile)
	step(17, event.PrlimitX, 0, 17, 20, 14, 20)
}

// TestMemory: what a thread's call says counts for its process.
func TestMemory(t *testing.T) {
	for _, x := range []event.Type{event.BrkV4X, event.MmapX, event.Mmap2X, event.MunmapX} {
		w := newWorld(t, shell())
		w.do(101, x, 0, 10, 20, 30)
		if th := w.thread(100); th.VMSize != 10 || th.VMRSS != 20 || th.VMSwap != 30 {
			t.Errorf("%s: %d %d %d", x, th.VMSize, th.VMRSS, th.VMSwap)
		}
	}
}

// TestSwitch: the time between two switches on a CPU is that of the thread that leaves it.
func TestSwitch(t *testing.T) {
	w := newWorld(t, shell())
	at := func(ts uint64, cpu uint16, tid int64) uint64 {
		if err := w.ev.Decode(rec(ts, tid, event.SchedswitchV6E, 1, 3, 4, 50, 60, 70), false); err != nil {
			t.Fatal(err)
		}
		w.ev.CPU = cpu
		w.Apply(&w.ev)
		return w.ev.OnCPU
	}
	got := [5]uint64{at(1000, 0, 100), at(1500, 1, 101), at(3000, 0, 101), at(3500, 1, 100), at(3200, 1, 100)}
	if got != [5]uint64{0, 0, 2000, 2000, 0} {
		t.Errorf("on CPU: %v", got)
	}
	a, b := w.thread(100), w.thread(101)
	if a.ExecTime != 2000 || b.ExecTime != 2000 || b.PFMajor != 3 || b.PFMinor != 4 || a.VMSize != 50 || a.VMRSS != 60 || a.VMSwap != 70 {
		t.Errorf("%+v, %+v", *a, *b)
	}
}

// TestProcinfo: shares are differences of readings, at most one CPU.
func TestProcinfo(t *testing.T) {
	w := newWorld(t, shell())
	for i, c := range []struct {
		user, sys         int
		wantUser, wantSys float64
	}{{1000, 500, 0, 0}, {1030, 510, 30, 10}, {1030, 510, 0, 0}, {9000, 400, 100, 0}} {
		th := w.do(100, event.ProcinfoE, c.user, c.sys).Thread
		if th.CPUUser != c.wantUser || th.CPUSystem != c.wantSys {
			t.Errorf("reading %d: %v %v", i, th.CPUUser, th.CPUSystem)
		}
	}
	if ev := w.do(999, event.ProcinfoE, 1, 1); ev.Thread != nil {
		t.Errorf("a reading made a thread")
	}
}

// TestUsers: users and groups come and go; those of containers are not the host's.
func TestUsers(t *testing.T) {
	w := newWorld(t, nil)
	w.do(-1, event.UserAddedE, 7, 8, "bob", "/home/bob", "/bin/sh", "")
	w.do(-1, event.UserAddedE, 9, 8, "eve", "/home/eve", "/bin/sh", "0123456789ab")
	w.do(-1, event.GroupAddedE, 8, "staff", "")
	w.do(-1, event.GroupAddedE, 9, "inside", "0123456789ab")
	h := w.Host()
	if u := h.Users[7]; len(h.Users) != 1 || u == nil || *u != (event.User{UID: 7, GID: 8, Name: "bob", Home: "/home/bob", Shell: "/bin/sh"}) {
		t.Errorf("users %v", h.Users)
	}
	if g := h.Groups[8]; len(h.Groups) != 1 || g == nil || g.Name != "staff" {
		t.Errorf("groups %v", h.Groups)
	}
	if h.FirstTS != 0 {
		t.Errorf("the time of a list is the time of the first event")
	}
	w.do(-1, event.UserDeletedE, 7, 8, "bob", "/home/bob", "/bin/sh", "0123456789ab")
	if len(h.Users) != 1 {
		t.Errorf("a container's user was the host's")
	}
	w.do(-1, event.UserDeletedE, 7, 8, "bob", "/home/bob", "/bin/sh", "")
	w.do(-1, event.GroupDeletedE, 8, "staff", "")
	if len(h.Users) != 0 || len(h.Groups) != 0 {
		t.Errorf("%v, %v", h.Users, h.Groups)
	}
	w.do(1, event.GenericX, 1, 1)
	if h.FirstTS != w.ts {
		t.Errorf("first time %d, want %d", h.FirstTS, w.ts)
	}
}
