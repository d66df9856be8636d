package event

import "testing"

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name   string
		record []byte
		old    bool
	}{
		{"read", v2(ReadX, u64(80), make([]byte, 80), u64(3), u32(4096)), false},
		{"open", v2(OpenatV2X, u64(3), u64(0), []byte("/etc/ld.so.cache\x00"), u32(0x1001), u32(0), u32(0x801), u64(1)), false},
		{"large", v2(ContainerJsonV2E, make([]byte, 70000)), false},
		{"task", v2(IterTaskE, make([][]byte, MaxParams)...), false},
		{"v1/open", v1(OpenX, u64(3), []byte("/etc/ld.so.cache\x00"), u32(0x1001), u32(0)), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var e Event
			for b.Loop() {
				if err := e.Decode(c.record, c.old); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParams reads what a filter on the result and the path of a read or open would.
func BenchmarkParams(b *testing.B) {
	var e Event
	if err := e.Decode(v2(OpenX, u64(3), []byte("/etc/ld.so.cache\x00"), u32(0x1001), u32(0)), false); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		fd, _ := e.Int(0)
		flags, _ := e.Uint(2)
		n += int(fd) + int(flags) + len(e.Text(1))
	}
	if n == 0 {
		b.Fatal("nothing was read")
	}
}

func BenchmarkAppendPath(b *testing.B) {
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendPath(dst[:0], "/usr/lib/x86_64-linux-gnu", "../share/./doc//x")
	}
}

func BenchmarkAppendTuple(b *testing.B) {
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		tup, _ := ParseTuple(tuples[0].wire)
		dst = AppendTuple(dst[:0], tup)
	}
}
