package state

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"scry/capture/event"
)

// world is tables and the events that move them: each a microsecond after the one before.
type world struct {
	*Tables
	t  testing.TB
	ts uint64
	ev event.Event
}

func newWorld(t testing.TB, s *event.Snapshot) *world {
	w := &world{Tables: New(), t: t, ts: 1e18}
	w.Reset(s)
	return w
}

// do applies one event; the result is valid until the next one.
func (w *world) do(tid int64, typ event.Type, params ...any) *event.Event {
	w.t.Helper()
	w.ts += 1000
	if err := w.ev.Decode(rec(w.ts, tid, typ, params...), false); err != nil {
		w.t.Fatal(err)
	}
	w.ev.CPU = 0
	w.Apply(&w.ev)
	return &w.ev
}

// thread is the record of a thread that must be known.
func (w *world) thread(tid int64) *event.Thread {
	w.t.Helper()
	th := w.threadRecord(tid)
	if th == nil {
		w.t.Fatalf("thread %d is not known", tid)
	}
	return th
}

// fd is a descriptor that must be known.
func (w *world) fd(tid, n int64) *event.FD {
	w.t.Helper()
	fd := w.thread(tid).FDs.Get(n)
	if fd == nil {
		w.t.Fatalf("thread %d has no descriptor %d", tid, n)
	}
	return fd
}

// list is what strings become that a record separates by NULs.
type list []string

// rec is the record of an event: numbers take the width that the schema says, texts their NUL, nil is a parameter without a value.
func rec(ts uint64, tid int64, typ event.Type, params ...any) []byte {
	schema := typ.Schema().Params
	var enc [][]byte
	for i, p := range params {
		size := 8
		if i < len(schema) && schema[i].Kind.Size() > 0 {
			size = schema[i].Kind.Size()
		}
		enc = append(enc, param(p, size))
	}
	return event.Append(nil, ts, tid, typ, enc...)
}

func param(p any, size int) []byte {
	switch p := p.(type) {
	case nil:
		return nil
	case int:
		return binary.LittleEndian.AppendUint64(nil, uint64(p))[:size]
	case string:
		return append([]byte(p), 0)
	case list:
		return []byte(strings.Join(p, "\x00") + "\x00")
	case []byte:
		return p
	}
	panic(fmt.Sprintf("parameter of type %T", p))
}

// addr is a socket address: "ip:port", or a unix path.
func addr(s string) []byte {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return append([]byte{event.AFUnix}, s+"\x00"...)
	}
	return append([]byte{family(a)}, ipPort(a)...)
}

// tuple is the addresses of a connection: two "ip:port".
func tuple(src, dst string) []byte {
	a, b := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	return append(append([]byte{family(a)}, ipPort(a)...), ipPort(b)...)
}

func unixTuple(src, dst uint64, path string) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{event.AFUnix}, src)
	return append(binary.LittleEndian.AppendUint64(b, dst), path+"\x00"...)
}

func family(a netip.AddrPort) byte {
	if a.Addr().Is4() {
		return event.AFInet
	}
	return event.AFInet6
}

func ipPort(a netip.AddrPort) []byte {
	return binary.LittleEndian.AppendUint16(a.Addr().AsSlice(), a.Port())
}

// birth is what both sides of a creation say.
type birth struct {
	child, pid, ptid int64
	vtid, vpid       int64 // 0: as outside
	flags            int
	cgroups          list
}

// parent and child are the parameters of the two exits of the clone family.
func (b birth) parent(tid, pid, ptid int64) []any { return b.side(b.child, tid, pid, ptid, tid, pid) }

func (b birth) inChild() []any {
	vtid, vpid := b.vtid, b.vpid
	if vtid == 0 {
		vtid, vpid = b.child, b.pid
	}
	return b.side(0, b.child, b.pid, b.ptid, vtid, vpid)
}

func (b birth) side(res, tid, pid, ptid, vtid, vpid int64) []any {
	var cgroups any
	if b.cgroups != nil {
		cgroups = b.cgroups
	}
	return []any{int(res), "/bin/sh", list{"-c", "true"}, int(tid), int(pid), int(ptid), "", 1024, 1, 2, 30, 40, 50, "sh", cgroups,
		b.flags, 1000, 1001, int(vtid), int(vpid), 0}
}

// program is the parameters of an exec's exit; more overrides some of them by number.
func program(tid, pid, ptid int64, more map[int]any) []any {
	p := []any{0, "/usr/bin/cat", list{"-n", "x y"}, int(tid), int(pid), int(ptid), "/", 4096, 3, 4, 500, 600, 700, "cat",
		nil, list{"A=1", "B=2"}, 34816, int(pid), 1000, 0, 1, 2, 3, 77, 88, 99, 1000, "/usr/bin/cat", int(pid), 1001}
	for i, v := range more {
		p[i] = v
	}
	return p
}

// shell is a snapshot of one process, 100, with a thread, 101, and some descriptors.
func shell() *event.Snapshot {
	th := func(tid int64) *event.Thread {
		return &event.Thread{TID: tid, PID: 100, PTID: 1, VTID: tid, VPID: 100, SID: 100, PGID: 100, VPGID: 100, Comm: "sh", Exe: "/bin/sh",
			ExePath: "/bin/sh", Args: "-i", Env: "HOME=/root", Cwd: "/root", Root: "/", FDLimit: 1024}
	}
	return &event.Snapshot{
		Machine: &event.Machine{Hostname: "box", CPUs: 2},
		Threads: []*event.Thread{th(100), th(101)},
		FDs: []event.FDList{{TID: 100, FDs: []event.FD{
			{Num: 0, Type: event.FDFileV2, Name: "/dev/null"},
			{Num: 3, Type: event.FDFileV2, Name: "/etc/passwd"},
			{Num: 4, Type: event.FDDirectory, Name: "/var/log"},
			{Num: 5, Type: event.FDFileV2, Name: "/run/lock", Flags: oCloexec},
		}}},
	}
}
