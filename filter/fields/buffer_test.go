package fields

import (
	"strings"
	"testing"
)

func TestBuffer(t *testing.T) {
	a := strings.Repeat
	hex := "\n\t0x0000: 6865 6c6c 6f0d 0a0d 0d0a 7809 791b 5b30\n\t0x0010: 6dc3 a900 7a\n"
	hexASCII := "\n\t0x0000: 6865 6c6c 6f0d 0a0d 0d0a 7809 791b 5b30  hello.....x.y.[0\n\t0x0010: 6dc3 a900 7a                           m...z\n"
	mixed := "hello\r\n\r\r\nx\ty\x1b[0m\xc3\xa9\x00z"
	for _, c := range []struct {
		name string
		o    Options
		in   string
		want string
	}{
		{"dots", Options{}, mixed, "hello.....x.y.[0m...z"},
		{"dots empty", Options{}, "", ""},
		{"dots 80", Options{}, a("a", 80), a("a", 80)},
		{"dots 81", Options{}, a("a", 81), a("a", 77) + "..."},
		{"dots nocut", Options{NoCut: true}, a("a", 81), a("a", 81)},
		{"dots snaplen", Options{SnapLen: 10}, a("a", 11), a("a", 10) + "..."},
		{"dots snaplen fits", Options{SnapLen: 100}, a("a", 90), a("a", 90)},
		{"dots snaplen nocut", Options{SnapLen: 10, NoCut: true}, a("a", 11), a("a", 10)},
		{"dots snaplen 2", Options{SnapLen: 2}, "abc", "ab..."},
		{"raw changes nothing", Options{Raw: true}, mixed, "hello.....x.y.[0m...z"},
		{"lines", Options{Buffer: BufferASCII}, mixed, "\nhello\n\n\nxy[0mz"},
		{"lines empty", Options{Buffer: BufferASCII}, "", ""},
		{"lines long", Options{Buffer: BufferASCII}, a("a", 81), "\n" + a("a", 81)},
		{"lines snaplen", Options{Buffer: BufferASCII, SnapLen: 3}, a("a", 81), "\naaa"},
		{"hex", Options{Buffer: BufferHex}, mixed, hex},
		{"hex empty", Options{Buffer: BufferHex}, "", ""},
		{"hex odd", Options{Buffer: BufferHex}, "abc", "\n\t0x0000: 6162 63\n"},
		{"hex row", Options{Buffer: BufferHex}, "0123456789abcdef", "\n\t0x0000: 3031 3233 3435 3637 3839 6162 6364 6566\n"},
		{"hexascii", Options{Buffer: BufferHexASCII}, mixed, hexASCII},
		{"hexascii odd", Options{Buffer: BufferHexASCII}, "abc", "\n\t0x0000: 6162 63                                abc\n"},
		{"base64", Options{Buffer: BufferBase64}, "hello\r\n", "aGVsbG8NCg=="},
		{"base64 empty", Options{Buffer: BufferBase64}, "", ""},
	} {
		if got := string(AppendBuffer(nil, []byte(c.in), &c.o)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBufferAllocs(t *testing.T) {
	b := []byte(strings.Repeat("ab\x00\n", 64))
	dst := make([]byte, 0, 4096)
	for m := BufferDots; m <= BufferHexASCII; m++ {
		o := &Options{Buffer: m}
		allocs(t, func() { dst = AppendBuffer(dst[:0], b, o) })
	}
}

func BenchmarkBuffer(b *testing.B) {
	data := []byte(strings.Repeat("ab\x00\n", 20))
	dst := make([]byte, 0, 4096)
	for b.Loop() {
		dst = AppendBuffer(dst[:0], data, &asPlain)
	}
}
