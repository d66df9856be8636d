package fields

import (
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func TestAppendText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain ~!", "plain ~!"},
		{`back\slash`, `back\slash`},
		{"a\nb\tc\rd", `a\nb\tc\rd`},
		{"\x00\x07\x1b[31m\x7f", `\x00\x07\x1b[31m\x7f`},
		{"é 日本 \U0001f600", "é 日本 \U0001f600"},
		{"\u0085x\u009b", `\xc2\x85x\xc2\x9b`},
		{"a\xffb\xc3", `a\xffb\xc3`},
		{"\xed\xa0\x80", `\xed\xa0\x80`}, // a surrogate is not UTF-8
		{"\ufffd", "\ufffd"},
		{"user\u202etxt.exe", `user\u202Etxt.exe`},
		{"\u2066\u2069\u2065\u202f", `\u2066\u2069` + "\u2065\u202f"},
	} {
		if got := string(AppendText([]byte("="), c.in, &Options{})); got != "="+c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
		if got := string(AppendText(nil, c.in, &Options{Raw: true})); got != c.in {
			t.Errorf("%q: raw %q", c.in, got)
		}
		if got := string(escapeTail([]byte("=\n"+c.in), 2, &Options{})); got != "=\n"+c.want {
			t.Errorf("%q: tail %q, want %q", c.in, got, c.want)
		}
	}
}

// harmful tells what of b must not reach a terminal, "" when nothing.
func harmful(b []byte) string {
	if !utf8.Valid(b) {
		return "not UTF-8"
	}
	for _, r := range string(b) {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || bidi(r) {
			return string(appendHexEscape(nil, byte(r)))
		}
	}
	return ""
}

func TestAppendTextQuick(t *testing.T) {
	if err := quick.Check(func(b []byte) bool { return harmful(AppendText(nil, string(b), &Options{})) == "" }, nil); err != nil {
		t.Error(err)
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := AppendText(nil, s, &Options{})
		if h := harmful(out); h != "" {
			t.Errorf("%q gives %q: %s", s, out, h)
		}
		if tail := escapeTail([]byte(s), 0, &Options{}); string(tail) != string(out) {
			t.Errorf("%q: in place %q, appended %q", s, tail, out)
		}
	})
}

func TestAppendTextAllocs(t *testing.T) {
	dst := make([]byte, 0, 256)
	allocs(t, func() { dst = AppendText(dst[:0], "curl\x1b\u202eé\xff", &asPlain) })
}

var asPlain Options

func BenchmarkAppendText(b *testing.B) {
	dst := make([]byte, 0, 256)
	for b.Loop() {
		dst = AppendText(dst[:0], "/usr/lib/x86_64-linux-gnu/libc.so.6", &asPlain)
	}
}
