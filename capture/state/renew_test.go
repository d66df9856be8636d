package state

import (
	"testing"

	"scry/capture/event"
)

// TestRenew: a process that was read again is what the second reading says; its record stays where it was, so that its children know it.
func TestRenew(t *testing.T) {
	list := func(tid uint64, names ...string) event.FDList {
		l := event.FDList{TID: tid}
		for i, name := range names {
			l.FDs = append(l.FDs, event.FD{Num: int64(i), Type: event.FDFileV2, Name: name})
		}
		return l
	}
	thread := func(tid, pid, ptid int64, comm string) *event.Thread {
		return &event.Thread{TID: tid, PID: pid, PTID: ptid, Comm: comm, VTID: tid, VPID: pid}
	}
	tables := New()
	tables.Reset(&event.Snapshot{Threads: []*event.Thread{thread(10, 10, 1, "a"), thread(11, 10, 1, "a"), thread(12, 10, 1, "a"), thread(20, 20, 10, "b")},
		FDs: []event.FDList{list(10, "/x", "/y", "/z"), list(20, "/b")}})
	child, before := tables.Thread(20), tables.Thread(10)
	tables.Renew(&event.Snapshot{Threads: []*event.Thread{thread(10, 10, 1, "a2"), thread(12, 10, 1, "a2"), thread(13, 10, 1, "a2"), thread(30, 30, 10, "c")},
		FDs: []event.FDList{list(10, "/n"), list(30, "/c", "/d")}})
	a := tables.Thread(10)
	if a != before || child.Parent != a || a.Comm != "a2" || a.Threads != 3 || tables.Threads() != 5 {
		t.Errorf("%p %+v; %d threads", before, a, tables.Threads())
	}
	if tables.Thread(11) != nil {
		t.Error("a thread that is gone is left over")
	}
	if a.FDs.Len() != 1 || a.FDs.Get(0).Name != "/n" || tables.Thread(13).FDs != a.FDs || tables.Thread(12).FDs != a.FDs {
		t.Errorf("%d descriptors", a.FDs.Len())
	}
	if c := tables.Thread(30); c == nil || c.Parent != a || c.FDs.Len() != 2 {
		t.Errorf("%+v", c)
	}
	if b := tables.Thread(20); b.FDs.Len() != 1 || b.Comm != "b" {
		t.Errorf("%+v", b)
	}
	if tables.fds != 4 {
		t.Errorf("%d descriptors are counted", tables.fds)
	}
	// The next exits find all in place.
	for _, tid := range []int64{13, 12, 10, 20, 30} {
		tables.remove(tables.find(tid))
	}
	if tables.Threads() != 0 || tables.fds != 0 {
		t.Errorf("%d threads and %d descriptors are left over", tables.Threads(), tables.fds)
	}
}
