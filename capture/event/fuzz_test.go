package event

import (
	"bytes"
	"runtime/metrics"
	"testing"
	"unsafe"
)

// FuzzDecode: whatever the bytes, Decode and the accessors do not panic and do not allocate by what the record claims; when there is
// no error, every parameter lies inside the buffer, and the record survives being written again.
func FuzzDecode(f *testing.F) {
	for _, b := range [][]byte{
		v2(ReadX, u64(5), []byte("hello"), u64(3), u32(4096)),
		v2(OpenX, nil, []byte("/etc/passwd\x00")),
		v2(PlugineventE, u32(1), []byte("data")),
		v2(NotificationE, []byte("id"), []byte("text")),
		v2(ConnectX, u64(0), tuples[0].wire),
		v2(NumTypes, u32(1)),
		setCount(v2(ReadX, u64(5)), 0xffffffff),
		setWord(v2(ReadX, u64(5)), 0, 0xffff),
	} {
		f.Add(b, false)
	}
	f.Add(v1(OpenX, u64(3), []byte("/x\x00")), true)
	f.Add(append(v1(NotificationE, []byte("id"), []byte("text")), 1, 2, 3), true)
	f.Fuzz(func(t *testing.T, b []byte, old bool) {
		var e Event
		before := heapAllocs()
		err := e.Decode(b, old)
		if n := heapAllocs() - before; n > 1<<20+uint64(len(b)) {
			t.Fatalf("%d bytes allocated for a record of %d", n, len(b))
		}
		readAll(&e)
		checkInside(t, &e, b)
		if err != nil {
			if e.NParams != 0 {
				t.Fatalf("%d parameters after %v", e.NParams, err)
			}
			return
		}
		checkRewritten(t, &e)
		readAll(e.Clone())
	})
}

// heapAllocs is the number of bytes allocated so far.
func heapAllocs() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// checkInside: the parameters follow each other in b.
func checkInside(t *testing.T, e *Event, b []byte) {
	t.Helper()
	if e.NParams < 0 || e.NParams > MaxParams || len(e.Raw) > len(b) {
		t.Fatalf("%d parameters, %d of %d bytes", e.NParams, len(e.Raw), len(b))
	}
	at := uintptr(0)
	for i := range e.NParams {
		p := e.Param(i)
		if len(p) == 0 {
			continue
		}
		from := uintptr(unsafe.Pointer(&p[0])) - uintptr(unsafe.Pointer(&b[0]))
		if from < max(at, headerV1) || from+uintptr(len(p)) > uintptr(len(e.Raw)) {
			t.Fatalf("parameter %d is at %d, %d bytes of %d", i, from, len(p), len(e.Raw))
		}
		at = from + uintptr(len(p))
	}
}

// checkRewritten: the record as V2, and one built from its parameters, decode to the same event.
func checkRewritten(t *testing.T, e *Event) {
	t.Helper()
	for name, b := range map[string][]byte{
		"AppendV2": e.AppendV2(nil),
		"Append":   Append(nil, e.TS, e.TID, e.Type, params(e)...),
	} {
		var again Event
		if err := again.Decode(b, false); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.TS != e.TS || again.TID != e.TID || again.Type != e.Type || again.NParams != e.NParams {
			t.Fatalf("%s: %v with %d parameters, was %v with %d", name, again.Type, again.NParams, e.Type, e.NParams)
		}
		for i := range e.NParams {
			if !bytes.Equal(again.Param(i), e.Param(i)) {
				t.Fatalf("%s: parameter %d is %x, was %x", name, i, again.Param(i), e.Param(i))
			}
		}
	}
}
