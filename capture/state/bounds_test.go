package state

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"scry/capture/event"
)

// TestMaxFDs: a process that opens without end.
func TestMaxFDs(t *testing.T) {
	w := newWorld(t, shell())
	for n := range 3 * event.MaxFDs {
		w.do(100, event.DupV1X, 1000+n, 3)
	}
	if n := w.thread(100).FDs.Len(); n != event.MaxFDs || w.fds != n || w.DroppedFDs != uint64(2*event.MaxFDs+4) {
		t.Errorf("%d descriptors, %d counted, %d dropped", n, w.fds, w.DroppedFDs)
	}
	w.do(100, event.CloseRangeX, 0, 0, -1, 0)
	if w.fds != 0 || len(w.freeFDs) > 1024 {
		t.Errorf("%d counted, %d kept for reuse", w.fds, len(w.freeFDs))
	}
}

// TestMaxFDsOfAll: forks multiply descriptors, 100 bytes of file for a megabyte of table; there is a limit for all together. The counts
// stay right when processes end.
func TestMaxFDsOfAll(t *testing.T) {
	w := newWorld(t, shell())
	for n := range event.MaxFDs - 4 {
		w.do(100, event.DupV1X, 1000+n, 0)
	}
	forks := MaxFDs/event.MaxFDs + 10
	for i := range forks {
		pid := int64(1000 + i)
		w.do(pid, event.ForkV20X, birth{child: pid, pid: pid, ptid: 100}.inChild()...)
	}
	if w.fds != MaxFDs || w.DroppedFDs != 11*event.MaxFDs {
		t.Errorf("%d descriptors, %d dropped", w.fds, w.DroppedFDs)
	}
	if w.do(100, event.OpenX, 999, "/more", 1, 0, 0, 0); w.fds != MaxFDs || w.thread(100).FDs.Get(999) != nil {
		t.Errorf("%d descriptors", w.fds)
	}
	for i := range forks {
		w.do(int64(1000+i), event.ProcexitV1E, 0)
	}
	w.do(100, event.GenericX, 1, 1)
	if w.fds != event.MaxFDs {
		t.Errorf("%d descriptors after the end of all children", w.fds)
	}
}

// TestMaxThreads: threads without end, of any numbers; the table is full and still works.
func TestMaxThreads(t *testing.T) {
	w := newWorld(t, shell())
	for i := range MaxThreads + 1000 {
		tid := int64(1000 + i)
		if i%2 == 1 {
			tid = -tid << 20
		}
		w.do(tid, event.GenericX, 1, 1)
	}
	if w.Threads() != MaxThreads || w.Dropped != 1002 {
		t.Errorf("%d threads, %d dropped", w.Threads(), w.Dropped)
	}
	if ev := w.do(1<<40, event.ReadX, 1, nil, 3, 1); ev.Thread != nil || ev.FD != nil {
		t.Errorf("no room, but %v", ev.Thread)
	}
	w.do(1<<40, event.CloneV20X, birth{child: 1 << 40, pid: 1 << 40, ptid: 100}.inChild()...)
	if w.Threads() != MaxThreads || w.fds != 4 {
		t.Errorf("%d threads, %d descriptors", w.Threads(), w.fds)
	}
	w.do(101, event.ProcexitV1E, 0)
	w.do(1<<40, event.CloneV20X, birth{child: 1 << 40, pid: 1 << 40, ptid: 100}.inChild()...)
	if w.Threads() != MaxThreads || w.thread(1<<40).Parent != w.thread(100) {
		t.Errorf("the place of a thread that ended is not used")
	}
}

func TestMaxUsers(t *testing.T) {
	w := newWorld(t, nil)
	for i := range maxUsers + 10 {
		w.do(-1, event.UserAddedE, i, 0, "u", "", "", "")
		w.do(-1, event.GroupAddedE, i, "g", "")
	}
	w.do(-1, event.UserAddedE, 0, 0, "changed", "", "", "")
	if h := w.Host(); len(h.Users) != maxUsers || len(h.Groups) != maxUsers || h.Users[0].Name != "changed" {
		t.Errorf("%d users, %d groups, %q", len(h.Users), len(h.Groups), h.Users[0].Name)
	}
}

// TestGiantTexts: paths end at 1024 bytes, kept enters at 4096; the rest is what one record holds, 64 kB.
func TestGiantTexts(t *testing.T) {
	giant := "/" + strings.Repeat("x", 65000)
	w := newWorld(t, shell())
	w.do(100, event.OpenE, giant, 1, 0)
	w.do(100, event.OpenX, 7, giant, 1, 0, 0, 0)
	w.do(100, event.ChdirX, 0, giant)
	w.do(100, event.ChrootX, 0, giant)
	th := w.thread(100)
	if a, b, c := len(w.fd(100, 7).Name), len(th.Cwd), len(th.Root); max(a, b, c) > 1025 || cap(w.find(100).enter) > maxEnter {
		t.Errorf("name %d, cwd %d, root %d, enter %d bytes", a, b, c, cap(w.find(100).enter))
	}
	for range 1000 { // a working directory does not grow step by step
		w.do(100, event.ChdirX, 0, strings.Repeat("y", 500))
	}
	if n := len(w.thread(100).Cwd); n > 1025 {
		t.Errorf("cwd of %d bytes", n)
	}
	w.do(100, event.ExecveV19X, program(100, 100, 1, map[int]any{1: giant, 2: list{giant[:60000]}, 13: giant, 15: nil})...)
	if n := len(w.strs); n != maxInterned || len(th.Exe) != len(giant) {
		t.Errorf("%d texts are interned, exe has %d bytes", n, len(th.Exe))
	}
}

// seeds are events for the fuzzer: the calls of TestExitOnly and what else moves tables.
func seeds() []step {
	b := birth{child: 200, pid: 200, ptid: 100, flags: cloneFiles, cgroups: list{"cpu=/docker/" + hex64}}
	all := []step{
		ev(event.CloneV20X, b.inChild()...), ev(event.ForkV20X, b.parent(100, 100, 1)...), ev(event.ProcexitV1E, 0),
		ev(event.SchedswitchV6E, 1, 1, 1, 1, 1, 1), ev(event.ProcinfoE, 1, 1), ev(event.ContainerJsonV2E, dockerJSON),
		ev(event.UserAddedE, 1, 1, "a", "b", "c", ""), ev(event.CloseRangeX, 0, 0, -1, 0), ev(event.PidfdOpenX, 7, 200, 0),
		ev(event.PidfdGetfdX, 8, 7, 3, 0), ev(event.CloneV20X, birth{child: 101, pid: 100, ptid: 1, flags: cloneThread}.inChild()...),
	}
	for _, c := range exitOnly {
		all = append(all, c.enter, c.exit)
	}
	return all
}

// FuzzApply applies any sequence of events: records as they are in a file, each after a byte for its thread and two for its length. The
// tables stay whole: see check; so are those made from their snapshot.
func FuzzApply(f *testing.F) {
	var all []byte
	for i, s := range seeds() {
		r := rec(uint64(1e9+i), 0, s.typ, s.args...)
		one := append(binary.LittleEndian.AppendUint16([]byte{byte(i)}, uint16(len(r))), r...)
		f.Add(one)
		all = append(all, one...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, in []byte) {
		w := newWorld(t, shell())
		for n := 0; len(in) > 3 && n < 2000; n++ {
			tid, size := in[0], int(binary.LittleEndian.Uint16(in[1:]))
			in = in[3:]
			size = min(size, len(in))
			if w.ev.Decode(in[:size:size], false) == nil {
				if tid < 250 { // few threads, so that they meet
					w.ev.TID = []int64{100, 101, 200, 201, 100, 5 << 20}[tid%6]
				}
				w.Apply(&w.ev)
			}
			in = in[size:]
		}
		w.settle()
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		if again := newWorld(t, w.Snapshot()); again.check() != nil {
			t.Fatal(again.check())
		}
	})
}

// check tells what is wrong with the tables.
func (t *Tables) check() (err error) {
	n, fds, grouped, linked := 0, 0, 0, 0
	owner := map[*event.FD]*event.FDTable{}
	tabs := map[*event.FDTable]bool{}
	members := map[*thread]int{}
	t.each(func(th *thread) {
		n++
		if tabs[th.FDs] = true; th.leader != nil {
			tabs[th.leader.FDs] = true
			members[th.leader] += btoi(!th.Dead)
			grouped += btoi(th.leader != th)
		}
		if t.find(th.TID) != th {
			err = fmt.Errorf("thread %d is not under its number", th.TID)
		}
		for fd := range th.FDs.All() {
			if tab := owner[fd]; tab != nil && tab != th.FDs {
				err = fmt.Errorf("thread %d: descriptor %d is in two tables", th.TID, fd.Num)
			}
			owner[fd] = th.FDs
			if th.FDs.Get(fd.Num) != fd {
				err = fmt.Errorf("thread %d: descriptor %d is not under its number", th.TID, fd.Num)
			}
		}
	})
	for _, fd := range t.freeFDs {
		if owner[fd] != nil {
			err = fmt.Errorf("descriptor %d is to be used again and in use", fd.Num)
		}
	}
	for tab := range tabs {
		fds += tab.Len()
	}
	if fds != t.fds {
		err = fmt.Errorf("%d descriptors, %d counted", fds, t.fds)
	}
	for l, m := range members {
		if l.members != m {
			err = fmt.Errorf("thread %d: %d members, %d counted", l.TID, m, l.members)
		}
		var before *thread
		for o := l.group; o != nil; before, o = o, o.next {
			if linked++; o.prev != before || o.leader != l || t.find(o.TID) != o {
				err = fmt.Errorf("thread %d is wrong in the group of %d", o.TID, l.TID)
				break
			}
		}
	}
	if grouped != linked {
		err = fmt.Errorf("%d threads of others, %d linked", grouped, linked)
	}
	if n != t.n {
		err = fmt.Errorf("%d threads, %d counted", n, t.n)
	}
	return err
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
