package fields

import (
	"net/netip"
	"testing"

	"scry/capture/event"
)

func TestAppendValue(t *testing.T) {
	ip := netip.MustParseAddr
	for _, c := range []struct {
		v    Value
		f    event.Format
		want string
	}{
		{Value{}, event.FmtNA, ""},
		{intValue(-5), event.FmtDec, "-5"},
		{intValue(5), event.FmtID, "5"},
		{uintValue(1<<64 - 1), event.FmtDec, "18446744073709551615"},
		{uintValue(0x801), event.FmtHex, "801"},
		{uintValue(1<<64 - 1), event.FmtHex, "FFFFFFFFFFFFFFFF"},
		{uintValue(8), event.FmtOct, "010"},
		{uintValue(7), event.FmtPadDec, "000000007"},
		{boolValue(true), event.FmtNA, "true"},
		{boolValue(false), event.FmtNA, "false"},
		{textValue("a\x1bé"), event.FmtNA, `a\x1bé`},
		{Value{Type: Bytes, Str: "a\x00b"}, event.FmtNA, "a.b"},
		{floatValue(0.5), event.FmtNA, "0.5"},
		{floatValue(12.34), event.FmtDec, "12.3"},
		{numValue(RelTime, 6971), event.FmtDec, "6971"},
		{numValue(RelTime, 6971), event.FmtPadDec, "000006971"},
		{numValue(AbsTime, sampleTS), event.FmtDec, "1534527348514648551"},
		{numValue(Port, 443), event.FmtDec, "443"},
		{new(Field).ip(ip("10.0.0.1"), 0), event.FmtNA, "10.0.0.1"},
		{new(Field).ip(ip("2001:db8::1"), 0), event.FmtNA, "2001:db8::1"},
		{Value{Type: IP}, event.FmtNA, ""},
	} {
		if got := string(AppendValue(nil, c.v, c.f, &Options{})); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestFieldAppend(t *testing.T) {
	get := func(v Value) *Def { return &Def{get: func(*Field, *event.Event) Value { return v }} }
	rendered := get(textValue("\n\t0x0000: 61\n"))
	rendered.Flags = Rendered
	hex := get(uintValue(255))
	hex.Format = event.FmtHex
	for _, c := range []struct {
		name string
		d    *Def
		want string
		ok   bool
	}{
		{"text", get(textValue("a\n")), `a\n`, true},
		{"empty text", get(textValue("")), "", true},
		{"absent", get(Value{}), "", false},
		{"rendered", rendered, "\n\t0x0000: 61\n", true},
		{"hex", hex, "FF", true},
		{"list", &Def{Flags: List, all: func(_ *Field, _ *event.Event, dst []Value) []Value {
			return append(dst, textValue("a"), intValue(2), textValue("\x1b"))
		}}, `(a,2,\x1b)`, true},
		{"empty list", &Def{Flags: List, all: func(_ *Field, _ *event.Event, dst []Value) []Value { return dst }}, "", false},
		{"own", &Def{app: func(_ *Field, _ *event.Event, dst []byte) ([]byte, bool) { return append(dst, "own"...), true }}, "own", true},
	} {
		f := &Field{Def: c.d, opts: &Options{}}
		got, ok := f.Append([]byte("="), sample(t, event.CloseX, p64(0)))
		if string(got) != "="+c.want || ok != c.ok {
			t.Errorf("%s: %q %v, want %q %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestFieldAppendAllocs(t *testing.T) {
	ev := sample(t, event.CloseX, p64(0))
	dst := make([]byte, 0, 256)
	f := &Field{Def: &Def{get: func(f *Field, _ *event.Event) Value { return f.ip(netip.IPv6LinkLocalAllNodes(), 0) }}, opts: &Options{}}
	l := &Field{Def: &Def{Flags: List, all: func(_ *Field, _ *event.Event, dst []Value) []Value { return append(dst, intValue(1), textValue("x")) }}, opts: &Options{}}
	allocs(t, func() {
		dst, _ = f.Append(dst[:0], ev)
		dst, _ = l.Append(dst, ev)
	})
}
