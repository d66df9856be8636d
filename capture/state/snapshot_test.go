package state

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scry/capture/event"
)

// addrPort is for cmp, which must not look into addresses.
var addrPort netip.AddrPort

// busy is tables after a bit of everything.
func busy(t testing.TB) *world {
	s := shell()
	s.Users = []event.User{{UID: 2, Name: "b"}, {UID: 1, Name: "a"}}
	s.Groups = []event.Group{{GID: 2, Name: "b"}, {GID: 1, Name: "a"}}
	s.Interfaces, s.HasInterfaces = []event.Interface{{Name: "lo", Addr: netip.MustParseAddr("127.0.0.1")}}, true
	w := newWorld(t, s)
	b := birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/docker/" + hex64}}
	w.do(200, event.CloneV20X, b.inChild()...)
	w.do(200, event.ExecveV19X, program(200, 200, 100, nil)...)
	w.do(5<<20, event.ForkV20X, birth{child: 5 << 20, pid: 5 << 20, ptid: 200}.inChild()...)
	for _, s := range []step{
		ev(event.OpenX, 7, "/tmp/a", oCloexec, 0, 8, 9), ev(event.DupV1X, 8, 7), ev(event.Pipe2X, 0, 9, 10, 55, oCloexec),
		ev(event.SocketX, 11, unix, stream|0x80000, 0), ev(event.ConnectX, 0, unixTuple(1, 2, "/run/s"), 11), ev(event.SocketX, 12, inet, stream, 0),
		ev(event.ConnectX, 0, tuple("10.0.0.1:5000", "10.0.0.2:80"), 12), ev(event.SocketX, 13, inet, stream, 0),
		ev(event.BindX, 0, addr("0.0.0.0:80"), 13), ev(event.AcceptV5X, 16, tuple("10.0.0.9:5", "10.0.0.1:80")),
		ev(event.AcceptV5X, 17, tuple("[::1]:5", "[::1]:80")), ev(event.SocketX, 14, inet, dgram, 0), ev(event.SetuidX, 0, 7),
		ev(event.ChdirX, 0, "/srv"), ev(event.PrctlX, 0, prSetName, "named"), ev(event.PidfdOpenX, 15, 100, 0),
		ev(event.MemfdCreateX, 2000, "m", 0), ev(event.FcntlX, 0, 8, fSetFD, fdCloexec),
	} {
		w.do(200, s.typ, s.args...)
	}
	return w
}

// TestSnapshot: tables that start from a snapshot are those that made it.
func TestSnapshot(t *testing.T) {
	w := busy(t)
	s := w.Snapshot()
	if len(s.Threads) != 4 || len(s.FDs) != 4 || s.Threads[3].TID != 5<<20 || s.Users[0].Name != "a" || s.Groups[0].Name != "a" {
		t.Fatalf("%d threads, %d lists, %v, %v", len(s.Threads), len(s.FDs), s.Users, s.Groups)
	}
	again := newWorld(t, s)
	// What one event says of a descriptor, and what a connection was before, is not state.
	ignore := cmpopts.IgnoreFields(event.FD{}, "Renamed", "OldName")
	if d := cmp.Diff(s, again.Snapshot(), ignore, cmpopts.EquateComparable(addrPort, netip.Addr{})); d != "" {
		t.Error(d)
	}
	if fd := again.fd(200, 16); fd.Name != "10.0.0.9:5->10.0.0.1:80" || fd.Role != event.RoleServer {
		t.Errorf("accepted: %+v", *fd)
	}
	for _, th := range s.Threads {
		a, b := w.find(th.TID), again.find(th.TID)
		if (a.Parent == nil) != (b.Parent == nil) || a.Parent != nil && a.Parent.TID != b.Parent.TID || a.Leader.TID != b.Leader.TID ||
			a.Leader.Threads != b.Leader.Threads || a.Container == nil != (b.Container == nil) {
			t.Errorf("thread %d: parent, group or container differ", th.TID)
		}
	}
}

// TestSnapshotIsCopy: a snapshot does not move with the tables, nor do tables that were made from it.
func TestSnapshotIsCopy(t *testing.T) {
	w := busy(t)
	s := w.Snapshot()
	again := newWorld(t, s)
	w.do(200, event.OpenX, 7, "/other", 1, 0, 0, 0)
	w.do(200, event.CloseX, 0, 8)
	w.do(200, event.ProcexitV1E, 0)
	w.do(1, event.GenericX, 1, 1)
	i := slices.IndexFunc(s.FDs, func(l event.FDList) bool { return l.TID == 200 })
	if fd := s.FDs[i].FDs[3]; fd.Num != 7 || fd.Name != "/tmp/a" || s.Threads[2].Dead {
		t.Errorf("the snapshot moved: %+v", fd)
	}
	if again.fd(200, 7).Name != "/tmp/a" || again.fd(200, 8).Name != "/tmp/a" {
		t.Errorf("the other tables moved")
	}
}

// TestSnapshotLeavesOut what is only guessed or already gone.
func TestSnapshotLeavesOut(t *testing.T) {
	w := newWorld(t, shell())
	w.do(999, event.ReadX, 1, nil, 3, 1)
	w.do(100, event.CloseX, 0, 3)
	if fds := w.Snapshot().FDs[0].FDs; slices.ContainsFunc(fds, func(fd event.FD) bool { return fd.Num == 3 }) {
		t.Errorf("a closed descriptor: %v", fds)
	}
	w.do(101, event.ProcexitV1E, 0)
	if s := w.Snapshot(); len(s.Threads) != 1 || s.Threads[0].TID != 100 {
		t.Errorf("%d threads", len(s.Threads))
	}
}

// TestReset: a new section starts from its own head.
func TestReset(t *testing.T) {
	w := busy(t)
	if err := w.ev.Decode(rec(w.ts, 300, event.ReadX, 1, nil, 3, 1), false); err != nil {
		t.Fatal(err)
	}
	w.ev.Section = &event.Snapshot{Threads: []*event.Thread{{TID: 300, PID: 300}}}
	w.Apply(&w.ev)
	w.ev.Section = nil
	n := 0
	w.Each(func(*event.Thread) { n++ })
	if n != 1 || w.Threads() != 1 || w.fds != 0 || len(w.Host().Users) != 0 || w.Host().FirstTS != w.ts || len(w.Containers()) != 0 {
		t.Errorf("%d threads, %d descriptors, users %v", n, w.fds, w.Host().Users)
	}
}

// What a file keeps of a socket without addresses is not an address; what a made-up main thread holds for its threads is written.
func TestSnapshotOddThreads(t *testing.T) {
	zero := netip.MustParseAddrPort("0.0.0.0:0")
	tables := New()
	tables.Reset(&event.Snapshot{
		Threads: []*event.Thread{{TID: 5, PID: 5, Comm: "a"}},
		FDs:     []event.FDList{{TID: 5, FDs: []event.FD{{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Src: zero, Dst: zero}}}},
	})
	if fd := tables.find(5).FDs.Get(3); fd.Name != "" || fd.Connected || fd.Src.IsValid() {
		t.Errorf("an unconnected socket became %+v", *fd)
	}
	tables.leaderFrom(&thread{Thread: event.Thread{TID: 8, PID: 7, PTID: 5, Comm: "b"}})
	c := &thread{Thread: event.Thread{TID: 8, PID: 7, PTID: 5, Comm: "b"}, lastFD: -1}
	tables.put(c)
	tables.join(c)
	tables.placeholder(99)
	var tids []int64
	for _, th := range tables.Snapshot().Threads {
		tids = append(tids, th.TID)
	}
	if !slices.Equal(tids, []int64{5, 7, 8}) {
		t.Errorf("threads %v are written", tids)
	}
}
