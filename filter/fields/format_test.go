package fields

import (
	"errors"
	"strings"
	"testing"

	"scry/capture/event"
)

// testDefs are rows that the tests add to the dictionary, so that they hold whatever the real rows do.
var testDefs = []Def{
	{Name: "t.num", Type: Uint, Format: event.FmtID, get: func(_ *Field, ev *event.Event) Value { return uintValue(ev.Num) }},
	{Name: "t.type", Type: String, get: func(_ *Field, ev *event.Event) Value { return textValue(ev.Type.Schema().Name) }},
	{Name: "t.type.x", Type: String, get: func(*Field, *event.Event) Value { return textValue("longer") }},
	{Name: "t.none", Type: String, get: func(*Field, *event.Event) Value { return Value{} }},
	{Name: "t.text", Type: String, get: func(_ *Field, ev *event.Event) Value { return textValue(ev.Thread.Comm) }},
	{Name: "t.hex", Type: Uint, Format: event.FmtHex, get: func(*Field, *event.Event) Value { return uintValue(0x801) }},
	{Name: "t.oct", Type: Uint, Format: event.FmtOct, get: func(*Field, *event.Event) Value { return uintValue(0o644) }},
	{Name: "t.big", Type: Uint, Format: event.FmtDec, get: func(*Field, *event.Event) Value { return uintValue(1<<64 - 1) }},
	{Name: "t.int", Type: Int, Format: event.FmtDec, get: func(*Field, *event.Event) Value { return intValue(-5) }},
	{Name: "t.bool", Type: Bool, get: func(*Field, *event.Event) Value { return boolValue(true) }},
	{Name: "t.float", Type: Float, get: func(*Field, *event.Event) Value { return floatValue(0.1) }},
	{Name: "t.rel", Type: RelTime, Format: event.FmtPadDec, get: func(*Field, *event.Event) Value { return numValue(RelTime, 42) }},
	{Name: "t.port", Type: Port, Format: event.FmtDec, get: func(*Field, *event.Event) Value { return numValue(Port, 443) }},
	{Name: "t.ip", Type: IP, get: func(f *Field, _ *event.Event) Value { return f.ip(addr("[2001:db8::1]:1").Addr(), 0) }},
	{Name: "t.time", Type: String, Flags: TimeText, app: appDatetime, get: func(f *Field, ev *event.Event) Value {
		b, _ := appDatetime(f, ev, f.buf[:0])
		return f.scratch(b)
	}},
	{Name: "t.out", Type: String, Flags: TimeText | Stateful, app: appOutputTime, get: func(f *Field, ev *event.Event) Value {
		b, _ := appOutputTime(f, ev, f.buf[:0])
		return f.scratch(b)
	}},
	{Name: "t.args", Type: String, Flags: Rendered, app: appArgs, get: func(f *Field, ev *event.Event) Value {
		return f.scratch(appendArgs(f.buf[:0], ev, f.opts, false))
	}},
	{Name: "t.buf", Type: Bytes, get: func(_ *Field, ev *event.Event) Value { return Value{Type: Bytes, Str: stringOf(ev.Param(1))} }},
	{Name: "t.list", Type: Uint, Flags: List, all: func(_ *Field, _ *event.Event, dst []Value) []Value { return append(dst, uintValue(1), uintValue(2)) }},
	{Name: "t.arg", Type: String, Arg: NeedArg, get: func(f *Field, _ *event.Event) Value { return textValue(f.Arg) },
		init: func(f *Field) error {
			if f.Arg == "bad" {
				return errors.New("unknown argument bad")
			}
			return nil
		}},
	{Name: "t.opt", Type: String, Arg: OptArg, get: func(f *Field, _ *event.Event) Value { return textValue("<" + f.Arg + ">") }},
	{Name: "t.filter", Type: String, Flags: FilterOnly, get: func(*Field, *event.Event) Value { return Value{} }},
}

func init() {
	for i := range testDefs {
		index()[testDefs[i].Name] = &testDefs[i]
	}
}

func TestFormat(t *testing.T) {
	ev := sample(t, event.ReadX, p64(-5), []byte("x"))
	for _, c := range []struct{ format, want string }{
		{"*", ""},
		{"abc", "abc"},
		{"a*%t.num", "a*7"},
		{"**%t.num", "*7"},
		{"%t.num %t.type", "7 read"},
		{"%t.numXYZ", "7XYZ"},
		{"%t.type.x", "longer"},
		{"%t.type.y", "read.y"},
		{"%t.num%t.type", "7read"},
		{"%5t.num|%12t.type|%3t.type|", "7    |read        |rea|"},
		{"%0t.num|", "7|"},
		{"%05t.num|", "7    |"},
		{"*%5t.none|", "<NA> |"},
		{"*%2t.none|", "<N|"},
		{"*%t.none %t.num", "<NA> 7"},
		{"%t.none %t.num", "missing t.none"},
		{"%t.num %t.none", "missing t.none"},
		{"%t.arg.fd", "fd"},
		{"%t.arg[0] %t.arg['a b']", "0 a b"},
		{"%t.opt %t.opt[1] %t.opt.2", "<> <1> <2>"},
		{"%t.opt[x", "<>[x"},
		{`a\tb\n\e[0m\\x\q\`, "a\tb\n\x1b[0m\\x\\q\\"},
		{"100%% %%t.num %t.num%%", "100% %t.num 7%"},
		{"%t.hex %t.oct %t.rel %t.big %t.int", "801 0644 000000042 18446744073709551615 -5"},
		{"%t.bool %t.float %t.ip %t.port %t.list", "true 0.1 2001:db8::1 443 (1,2)"},
		{"%t.time", "2018-08-17 17:35:48.514648551"},
		{"%t.args|", "res=-5(EIO) data=x |"},
		{"%10t.args|", "res=-5(EIO|"},
		{"é%t.num→", "é7→"},
	} {
		f, err := ParseFormat(c.format, nil)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		out, missing := f.Append([]byte("="), ev)
		got := string(out)
		if missing != nil {
			if got != "=" {
				t.Errorf("%s: skipped with %q", c.format, got)
			}
			got = "=missing " + missing.String()
		}
		if got != "="+c.want {
			t.Errorf("%s: %q, want %q", c.format, got, "="+c.want)
		}
		if f.String() != c.format {
			t.Errorf("%s: String is %q", c.format, f)
		}
	}
}

// The built-in formats hold with the real dictionary, and every coloured name is one.
func TestBuiltinFormats(t *testing.T) {
	ev := sample(t, event.ReadX, p64(-5), []byte("x"))
	for _, c := range []struct{ format, want string }{
		{DefaultFormat, "7 17:35:48.514648551 1 cat (100) < read res=-5(EIO) data=x "},
		{ContainerFormat, ""},
		{KubernetesFormat, ""},
	} {
		f, err := ParseFormat(c.format, nil)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got, _ := f.Append(nil, ev); c.want != "" && string(got) != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		checkJSON(t, f, ev)
	}
	for name := range sgrOf {
		if Lookup(name) == nil {
			t.Errorf("no field %s to colour", name)
		}
	}
}

// A cut falls between characters, and the column keeps its width in bytes.
func TestFormatCut(t *testing.T) {
	ev := sample(t, event.CloseX, p64(0))
	ev.Thread.Comm = "añ日b\xff"
	for _, c := range []struct{ format, want string }{
		{"%1t.text|", "a|"}, {"%2t.text|", "a |"}, {"%3t.text|", "añ|"}, {"%4t.text|", "añ |"}, {"%5t.text|", "añ  |"}, {"%6t.text|", "añ日|"},
		{"%7t.text|", "añ日b|"}, {"%9t.text|", `añ日b\x|`}, {"%11t.text|", `añ日b\xff|`}, {"%12t.text|", `añ日b\xff |`},
	} {
		f, err := ParseFormat(c.format, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := f.Append(nil, ev); string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.format, got, c.want)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	for _, c := range []struct{ format, want string }{
		{"", "format:1:1: empty format\n  \n  ^ * alone prints empty lines"},
		{"%", "format:1:1: a format cannot end with %\n  %\n  ^ write %% for a percent sign"},
		{"%t.num%", "format:1:7: a format cannot end with %\n  %t.num%\n        ^ write %% for a percent sign"},
		{"a%5", "format:1:2: a format cannot end with a column width\n  a%5\n   ^^ a field name belongs after it"},
		{"% t.num", "format:1:1: no field name after %\n  % t.num\n  ^ write %% for a percent sign"},
		{"%-5t.num", "format:1:1: no field name after %\n  %-5t.num\n  ^ write %% for a percent sign"},
		{"é %nosuch.field x", "format:1:4: no field \"nosuch.field\"\n  é %nosuch.field x\n     ^^^^^^^^^^^^"},
		{"%T.num", "format:1:2: no field \"T.num\"\n  %T.num\n   ^^^^^ did you mean fd.num?"},
		{"*%t.filter", "format:1:3: t.filter is for filters only and cannot be displayed\n  *%t.filter\n    ^^^^^^^^"},
		{"%t.arg x", "format:1:2: t.arg needs an argument, as in t.arg[...]\n  %t.arg x\n   ^^^^^"},
		{"\t%t.arg.bad", "format:1:3: unknown argument bad\n  \\t%t.arg.bad\n     ^^^^^^^^^"},
		{"%span.id", "format:1:2: span fields are gone: the tracers and orchestrators they showed no longer exist\n  %span.id\n   ^^^^^^^"},
		{"%99999999999999999999t.num", "format:1:2: a column can be at most 65536 bytes wide\n  %99999999999999999999t.num\n   ^^^^^^^^^^^^^^^^^^^^"},
	} {
		_, err := ParseFormat(c.format, nil)
		var fe *FormatError
		if !errors.As(err, &fe) {
			t.Errorf("%s: %v", c.format, err)
		} else if fe.Error() != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.format, fe, c.want)
		}
	}
}

// With a dictionary to compare with, a misspelt name gets a hint.
func TestFormatHint(t *testing.T) {
	defer func(c []Class) { classes = c }(classes)
	classes = []Class{{Name: "x", Defs: []Def{{Name: "proc.name"}, {Name: "proc.pname"}, {Name: "fd.secret", Flags: Hidden}}}}
	for _, c := range []struct{ name, want string }{
		{"proc.nam", "proc.name"}, {"porc.name", "proc.name"}, {"proc.pnmae", "proc.pname"}, {"fd.secre", ""}, {"something.else", ""}, {"x", ""},
	} {
		if got := NearestField(c.name, Hidden); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	_, err := ParseFormat("a %proc.nam x", nil)
	if want := "format:1:4: no field \"proc.nam\"\n  a %proc.nam x\n     ^^^^^^^^ did you mean proc.name?"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// Colours go around the text; without them the line is the same.
func TestFormatColor(t *testing.T) {
	defer func() { delete(sgrOf, "t.type") }()
	sgrOf["t.type"] = "\x1b[1;34m"
	ev := sample(t, event.ReadX, p64(-5), nil)
	const format = "%t.num %8t.type| %t.args %12t.args|"
	plain, _ := ParseFormat(format, &Options{})
	color, _ := ParseFormat(format, &Options{Color: true})
	p, _ := plain.Append(nil, ev)
	c, _ := color.Append(nil, ev)
	if want := "7 \x1b[1;34mread\x1b[0m    | res=\x1b[31m-5(EIO)\x1b[0m data=  res=-5(EIO) |"; string(c) != want {
		t.Errorf("%q, want %q", c, want)
	}
	j, _ := color.AppendJSON(nil, ev)
	if want := `{"t.args":"res=-5(EIO) data= ","t.num":7,"t.type":"read"}`; string(j) != want {
		t.Errorf("%s, want %s", j, want)
	}
	strip := strings.NewReplacer("\x1b[1;34m", "", "\x1b[31m", "", "\x1b[0m", "")
	if strip.Replace(string(c)) != string(p) {
		t.Errorf("%q and %q are different texts", c, p)
	}
}

// A line that is not printed does not count as the one before.
func TestFormatSkippedLine(t *testing.T) {
	f, err := ParseFormat("%t.out %t.text", &Options{Time: TimePrev})
	if err != nil {
		t.Fatal(err)
	}
	d := f.Fields()[1].Def
	defer func(get func(*Field, *event.Event) Value) { d.get = get }(d.get)
	d.get = func(_ *Field, ev *event.Event) Value {
		if ev.TS == 2000 {
			return Value{}
		}
		return textValue("x")
	}
	ev := sample(t, event.CloseX, p64(0))
	for _, c := range []struct {
		ts   uint64
		want string
	}{{1000, "0.000000000 x"}, {2000, ""}, {3000, "0.000002000 x"}} {
		ev.TS = c.ts
		if got, _ := f.Append(nil, ev); string(got) != c.want {
			t.Errorf("%d: %q, want %q", c.ts, got, c.want)
		}
	}
}

const testLine = "*%t.num %t.out %t.int %t.text (%t.num) %t.bool %t.type %t.args"

func TestFormatAllocs(t *testing.T) {
	for _, color := range []bool{false, true} {
		f, err := ParseFormat(testLine+" %20t.type %t.none %t.list %t.buf", &Options{Color: color})
		if err != nil {
			t.Fatal(err)
		}
		ev := sample(t, event.ReadX, p64(3), []byte("x\x00"))
		dst := make([]byte, 0, 1024)
		allocs(t, func() { ev.TS += 1e8; dst, _ = f.Append(dst[:0], ev) })
	}
}

func BenchmarkFormat(b *testing.B) {
	f, err := ParseFormat(testLine, nil)
	if err != nil {
		b.Fatal(err)
	}
	ev := sample(b, event.OpenX, p64(3), pz("/etc/ld.so.cache"), p32(4097), p32(0))
	var dst []byte
	for b.Loop() {
		ev.TS += 1000
		dst, _ = f.Append(dst[:0], ev)
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"*", testLine, "%5t.num%%", `\e\n%`, "%t.arg[", "%t.arg.x%t.opt['a']", "%99999999999t.num", "%é", "\x80%\xff"} {
		f.Add(s, "cat\x1b", []byte("\x00\xff"))
	}
	f.Fuzz(func(t *testing.T, s, comm string, data []byte) {
		o := &Options{JSONArgs: true}
		x, err := ParseFormat(s, o)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) || harmful([]byte(strings.ReplaceAll(err.Error(), "\n", ""))) != "" {
				t.Fatalf("%q: %q", s, err)
			}
			return
		}
		if len(data) > 0xffff {
			data = data[:0xffff]
		}
		ev := sample(t, event.ReadX, p64(int64(len(data))), data)
		ev.Thread.Comm = comm
		for _, x := range x.Fields() {
			if out, _ := x.Append(nil, ev); harmful(out) != "" {
				t.Errorf("%v: %q", x, out)
			}
		}
		x.Append(nil, ev)
		checkJSON(t, x, ev)
	})
}
