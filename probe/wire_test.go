package probe

import (
	"testing"
	"unsafe"

	"github.com/cilium/ebpf/btf"
)

// TestWire compares wire.go with the structures and numbers that the programs were compiled with.
func TestWire(t *testing.T) {
	spec, err := loadScry()
	if err != nil {
		t.Fatal(err)
	}
	var c control
	compare(t, spec.Types, "control", unsafe.Sizeof(c), map[string]uintptr{
		"head":    unsafe.Offsetof(c.head),
		"seen":    unsafe.Offsetof(c.seen),
		"lost":    unsafe.Offsetof(c.lost),
		"reasons": unsafe.Offsetof(c.reasons),
		"busy":    unsafe.Offsetof(c.busy),
		"tail":    unsafe.Offsetof(c.tail),
		"wake":    unsafe.Offsetof(c.wake),
	})
	if n := unsafe.Sizeof(c); n != controlSize || n != uintptr(spec.Maps["controls"].ValueSize) {
		t.Errorf("a control block has %d bytes, its map says %d", n, spec.Maps["controls"].ValueSize)
	}
	var p prefix
	compare(t, spec.Types, "prefix", unsafe.Sizeof(p), map[string]uintptr{
		"size":   unsafe.Offsetof(p.size),
		"flags":  unsafe.Offsetof(p.flags),
		"cpu":    unsafe.Offsetof(p.cpu),
		"lost":   unsafe.Offsetof(p.lost),
		"faults": unsafe.Offsetof(p.faults),
		"enter":  unsafe.Offsetof(p.enter),
		"cgroup": unsafe.Offsetof(p.cgroup),
	})
	if n := unsafe.Sizeof(p); n != prefixSize {
		t.Errorf("a prefix has %d bytes, want %d", n, prefixSize)
	}
	if n := spec.Maps["rings"].ValueSize; n != elementSize {
		t.Errorf("a segment has %d bytes with its slack, want %d", n, elementSize)
	}
	var s *btf.Struct
	if err := spec.Types.TypeByName("control", &s); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Members {
		if a, ok := btf.UnderlyingType(m.Type).(*btf.Array); ok && m.Name == "reasons" && a.Nelems != lostReasons {
			t.Errorf("%d reasons of loss, want %d", a.Nelems, lostReasons)
		}
	}
}

// compare checks the size of a structure and where its fields lie.
func compare(t *testing.T, types *btf.Spec, name string, size uintptr, fields map[string]uintptr) {
	t.Helper()
	var s *btf.Struct
	if err := types.TypeByName(name, &s); err != nil {
		t.Fatal(err)
	}
	if s.Size != uint32(size) {
		t.Errorf("struct %s has %d bytes, want %d", name, s.Size, size)
	}
	found := 0
	for _, m := range s.Members {
		if want, ok := fields[m.Name]; ok {
			found++
			if m.Offset.Bytes() != uint32(want) {
				t.Errorf("%s.%s is at %d, want %d", name, m.Name, m.Offset.Bytes(), want)
			}
		}
	}
	if found != len(fields) {
		t.Errorf("struct %s: %d of %d fields", name, found, len(fields))
	}
}
