package fields

import (
	"encoding/binary"
	"math"
	"net/netip"
	"testing"
	"time"

	"scry/capture/event"
)

// Parameters as they are on the wire.
func p8(n int) []byte      { return []byte{byte(n)} }
func p16(n int) []byte     { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func p32(n int64) []byte   { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
func p64(n int64) []byte   { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
func pz(s string) []byte   { return append([]byte(s), 0) }
func pfl(x float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)) }

func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// sampleTS is 2018-08-17 17:35:48.514648551 UTC.
const sampleTS = 1534527348514648551

// sample is an event of thread 100 (cat, in /home/u) with some descriptors, on a machine with two users.
func sample(t testing.TB, typ event.Type, params ...[]byte) *event.Event {
	t.Helper()
	ev := &event.Event{Num: 7, CPU: 1, FDNum: -1}
	if err := ev.Decode(event.Append(nil, sampleTS, 100, typ, params...), false); err != nil {
		t.Fatal(err)
	}
	th := &event.Thread{TID: 100, PID: 100, PTID: 1, Comm: "cat", Cwd: "/home/u/", FDs: &event.FDTable{}}
	th.Leader = th
	for _, fd := range []event.FD{
		{Num: 3, Type: event.FDFileV2, Name: "/etc/passwd"},
		{Num: 4, Type: event.FDDirectory, Name: "/srv"},
		{Num: 5, Type: event.FDFIFO, Name: "pipe:[1]"},
		{Num: 6, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Name: "10.0.0.1:40000->10.0.0.2:80", Src: addr("10.0.0.1:40000"), Dst: addr("10.0.0.2:80")},
		{Num: 7, Type: event.FDIPv4Listen, L4: event.L4UDP, Name: "0.0.0.0:53", Dst: addr("0.0.0.0:53")},
		{Num: 8, Type: event.FDFileV2, Name: "/tmp/a\nb\x1b"},
	} {
		th.FDs.Set(&fd)
	}
	dog := &event.Thread{TID: 200, Comm: "dog\a"}
	fake := &event.Thread{TID: 300, Comm: "<NA>", Invalid: true}
	ev.Thread = th
	ev.Host = &event.Host{
		FirstTS: sampleTS - 6971,
		Users:   map[uint32]*event.User{0: {Name: "root"}, 1000: {UID: 1000, Name: "ann"}},
		Groups:  map[uint32]*event.Group{1000: {GID: 1000, Name: "anns"}},
		Thread: func(tid int64) *event.Thread {
			return map[int64]*event.Thread{100: th, 200: dog, 300: fake}[tid]
		},
	}
	return ev
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// allocs fails unless fn runs without allocating.
func allocs(t *testing.T, fn func()) {
	t.Helper()
	fn()
	if n := testing.AllocsPerRun(200, fn); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
