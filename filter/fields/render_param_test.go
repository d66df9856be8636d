package fields

import (
	"testing"

	"scry/capture/event"
)

// kinds is one row per form of a kind: a parameter described by its kind (and format and table), its bytes, and its text.
var kinds = []struct {
	name string
	p    event.Param
	b    []byte
	want string
}{
	{"int8", event.Param{Kind: event.KindInt8}, p8(-1), "-1"},
	{"int16", event.Param{Kind: event.KindInt16, Format: event.FmtDec}, p16(-2), "-2"},
	{"int32", event.Param{Kind: event.KindInt32, Format: event.FmtDec}, p32(-3), "-3"},
	{"int64", event.Param{Kind: event.KindInt64, Format: event.FmtDec}, p64(-4), "-4"},
	{"int32 hex has its own width", event.Param{Kind: event.KindInt32, Format: event.FmtHex}, p32(-1), "FFFFFFFF"},
	{"uint8", event.Param{Kind: event.KindUint8, Format: event.FmtDec}, p8(255), "255"},
	{"uint16", event.Param{Kind: event.KindUint16, Format: event.FmtDec}, p16(65535), "65535"},
	{"uint32 is shown signed", event.Param{Kind: event.KindUint32, Format: event.FmtDec}, p32(-1), "-1"},
	{"uint64 is shown signed", event.Param{Kind: event.KindUint64, Format: event.FmtDec}, p64(-1), "-1"},
	{"hex", event.Param{Kind: event.KindUint64, Format: event.FmtHex}, p64(0x7fa69774e000), "7FA69774E000"},
	{"hex zero", event.Param{Kind: event.KindUint64, Format: event.FmtHex}, p64(0), "0"},
	{"octal", event.Param{Kind: event.KindUint32, Format: event.FmtOct}, p32(0o644), "0644"},
	{"octal zero", event.Param{Kind: event.KindUint32, Format: event.FmtOct}, p32(0), "0"},
	{"padded", event.Param{Kind: event.KindInt64, Format: event.FmtPadDec}, p64(42), "000000042"},
	{"padded negative", event.Param{Kind: event.KindInt64, Format: event.FmtPadDec}, p64(-42), "-00000042"},
	{"padded long", event.Param{Kind: event.KindInt64, Format: event.FmtPadDec}, p64(12345678901), "12345678901"},
	{"number missing", event.Param{Kind: event.KindUint32}, nil, "<NA>"},
	{"number of odd width", event.Param{Kind: event.KindUint32}, []byte{1, 2, 3}, "<NA>"},

	{"text", event.Param{Kind: event.KindCharBuf}, pz("curl"), "curl"},
	{"text empty", event.Param{Kind: event.KindCharBuf}, pz(""), ""},
	{"text missing", event.Param{Kind: event.KindCharBuf}, nil, "<NA>"},
	{"text null", event.Param{Kind: event.KindCharBuf}, pz("(NULL)"), "<NA>"},
	{"text hostile", event.Param{Kind: event.KindCharBuf}, pz("a\x1b[2Jé\n"), `a\x1b[2Jé\n`},
	{"path absolute", event.Param{Kind: event.KindFSPath}, pz("/a/../b"), "/a/../b"},
	{"path relative", event.Param{Kind: event.KindFSPath}, pz("./x//y/../z/"), "./x//y/../z/(/home/u/x/z)"},
	{"path dot", event.Param{Kind: event.KindFSPath}, pz("."), ".(/home/u)"},
	{"path dots", event.Param{Kind: event.KindFSPath}, pz("..."), "...(/home/u/...)"},
	{"path empty", event.Param{Kind: event.KindFSPath}, pz(""), "(/home/u)"},
	{"path missing", event.Param{Kind: event.KindFSPath}, nil, "<NA>"},
	{"path null", event.Param{Kind: event.KindFSPath}, pz("(NULL)"), "<NA>"},
	{"path not recorded", event.Param{Kind: event.KindFSPath}, pz("<NA>"), "<NA>"},
	{"path hostile", event.Param{Kind: event.KindFSPath}, pz("d\x1bé"), `d\x1bé(/home/u/d\x1bé)`},

	{"errno", event.Param{Kind: event.KindErrno, Format: event.FmtDec}, p64(-2), "-2(ENOENT)"},
	{"errno count", event.Param{Kind: event.KindErrno, Format: event.FmtDec}, p64(832), "832"},
	{"errno without a name", event.Param{Kind: event.KindErrno, Format: event.FmtDec}, p64(-99999), "-99999"},
	{"errno address", event.Param{Kind: event.KindErrno, Format: event.FmtHex}, p64(0x7f1a14e6f000), "7F1A14E6F000"},
	{"errno address failed", event.Param{Kind: event.KindErrno, Format: event.FmtHex}, p64(-12), "-12(ENOMEM)"},

	{"fd file", event.Param{Kind: event.KindFD}, p64(3), "3(<f>/etc/passwd)"},
	{"fd socket", event.Param{Kind: event.KindFD}, p64(6), "6(<4t>10.0.0.1:40000->10.0.0.2:80)"},
	{"fd hostile", event.Param{Kind: event.KindFD}, p64(8), `8(<f>/tmp/a\nb\x1b)`},
	{"fd unknown", event.Param{Kind: event.KindFD}, p64(99), "99"},
	{"fd cwd", event.Param{Kind: event.KindFD}, p64(-100), "-100(AT_FDCWD)"},
	{"fd failed", event.Param{Kind: event.KindFD}, p64(-9), "-9(EBADF)"},
	{"fd32", event.Param{Kind: event.KindFD32}, p32(-1), "-1(EPERM)"},
	{"fd32 known", event.Param{Kind: event.KindFD32}, p32(5), "5(<p>pipe:[1])"},
	{"pid", event.Param{Kind: event.KindPID}, p64(100), "100(cat)"},
	{"pid hostile", event.Param{Kind: event.KindPID}, p64(200), `200(dog\x07)`},
	{"pid placeholder", event.Param{Kind: event.KindPID}, p64(300), "300"},
	{"pid unknown", event.Param{Kind: event.KindPID}, p64(999), "999"},
	{"pid32", event.Param{Kind: event.KindPID32}, p32(-1), "-1"},

	{"sockaddr 4", event.Param{Kind: event.KindSockAddr}, []byte("\x02\x7f\x00\x00\x01\x50\x00"), "127.0.0.1:80"},
	{"sockaddr 6", event.Param{Kind: event.KindSockAddr}, []byte("\x0a\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x35\x00"), "2001:db8::1:53"},
	{"sockaddr unix", event.Param{Kind: event.KindSockAddr}, []byte("\x01/a\x1bb\x00"), `/a\x1bb`},
	{"sockaddr missing", event.Param{Kind: event.KindSockAddr}, nil, "NULL"},
	{"sockaddr other", event.Param{Kind: event.KindSockAddr}, []byte("\x10abc"), "family 16"},
	{"sockaddr short 4", event.Param{Kind: event.KindSockAddr}, []byte("\x02\x7f"), "INVALID IPv4"},
	{"sockaddr short 6", event.Param{Kind: event.KindSockAddr}, []byte("\x0a12"), "INVALID IPv6"},
	{"tuple 4", event.Param{Kind: event.KindSockTuple}, []byte("\x02\x01\x02\x03\x04\x50\x00\x05\x06\x07\x08\xbb\x01"), "1.2.3.4:80->5.6.7.8:443"},
	{"tuple 4 in 6", event.Param{Kind: event.KindSockTuple}, cat([]byte{10}, mapped, p16(80), mapped, p16(81)), "1.2.3.4:80->1.2.3.4:81"},
	{"tuple 6 and 4 in 6", event.Param{Kind: event.KindSockTuple}, cat([]byte{10}, plain6, p16(53), mapped, p16(80)), "2001:db8::1:53->::ffff:1.2.3.4:80"},
	{"tuple unix", event.Param{Kind: event.KindSockTuple}, cat([]byte{1}, p64(0), p64(0xabcd), pz("/run/x\x1b")), `0->abcd /run/x\x1b`},
	{"tuple unix without path", event.Param{Kind: event.KindSockTuple}, cat([]byte{1}, p64(0), p64(1)), "0->1 "},
	{"tuple missing", event.Param{Kind: event.KindSockTuple}, nil, "NULL"},
	{"tuple other", event.Param{Kind: event.KindSockTuple}, []byte("\x03zz"), "family 3"},
	{"tuple short", event.Param{Kind: event.KindSockTuple}, []byte("\x0a1"), "INVALID IPv6"},
	{"tuple short unix", event.Param{Kind: event.KindSockTuple}, []byte("\x01abc"), "INVALID PATH"},

	{"fdlist", event.Param{Kind: event.KindFDList}, cat(p16(3), p64(3), p16(0x41), p64(77), p16(0), p64(-1), p16(1)), "3:f41 77:?0 -1:?1"},
	{"fdlist none", event.Param{Kind: event.KindFDList}, p16(0), ""},
	{"fdlist missing", event.Param{Kind: event.KindFDList}, nil, ""},
	{"fdlist cut", event.Param{Kind: event.KindFDList}, cat(p16(3), p64(3), p16(1), p64(4)), "3:f1"},
	{"syscall", event.Param{Kind: event.KindSyscallID}, p16(5), "5(open)"},
	{"signal", event.Param{Kind: event.KindSigType}, p8(9), "9(SIGKILL)"},
	{"signal none", event.Param{Kind: event.KindSigType}, p8(0), "0"},
	{"signal large", event.Param{Kind: event.KindSigType}, p8(200), "200"},
	{"sigset", event.Param{Kind: event.KindSigSet}, p32(6), "SIGINT SIGQUIT"},
	{"sigset none", event.Param{Kind: event.KindSigSet}, p32(0), ""},
	{"reltime", event.Param{Kind: event.KindRelTime}, p64(5000000000), "5000000000(5s)"},
	{"reltime rounded", event.Param{Kind: event.KindRelTime}, p64(1234567890123), "1234567890123(1234.57s)"},
	{"reltime small", event.Param{Kind: event.KindRelTime}, p64(10), "10(1e-08s)"},
	{"reltime large", event.Param{Kind: event.KindRelTime}, p64(-1 << 63), "9223372036854775808(9.22337e+09s)"},
	{"reltime zero", event.Param{Kind: event.KindRelTime}, p64(0), "0(0s)"},
	{"reltime none", event.Param{Kind: event.KindRelTime}, p64(-1), "none"},
	{"abstime", event.Param{Kind: event.KindAbsTime}, p64(sampleTS), "2018-08-17 17:35:48.514648551 +0000"},
	{"flags", event.Param{Kind: event.KindFlags32, Format: event.FmtHex, Ref: event.TabFileFlags}, p32(4097), "4097(O_RDONLY|O_CLOEXEC)"},
	{"flags zero with a name", event.Param{Kind: event.KindFlags32, Ref: event.TabFileFlags}, p32(0), "0(O_NONE)"},
	{"flags zero without", event.Param{Kind: event.KindFlags16, Ref: event.TabSemopFlags}, p16(0), "0"},
	{"flags all", event.Param{Kind: event.KindFlags8, Ref: event.TabNone}, p8(255), "255"},
	{"enum", event.Param{Kind: event.KindEnumFlags32, Ref: event.TabSocketFamilies}, p32(10), "10(AF_INET6)"},
	{"enum with two names", event.Param{Kind: event.KindEnumFlags32, Ref: event.TabSocketFamilies}, p32(1), "1(AF_LOCAL)"},
	{"enum16", event.Param{Kind: event.KindEnumFlags16, Format: event.FmtDec, Ref: event.TabPtraceRequests}, p16(0), "0(PTRACE_UNKNOWN)"},
	{"enum unknown", event.Param{Kind: event.KindEnumFlags8, Ref: event.TabShutdownHow}, p8(99), "99"},
	{"mode", event.Param{Kind: event.KindMode, Format: event.FmtOct, Ref: event.TabChmodMode}, p32(0o644), "0644(S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR)"},
	{"uid", event.Param{Kind: event.KindUID}, p32(1000), "1000(ann)"},
	{"uid unknown", event.Param{Kind: event.KindUID}, p32(77), "77(<NA>)"},
	{"uid none", event.Param{Kind: event.KindUID}, p32(-1), "-1(<NONE>)"},
	{"gid", event.Param{Kind: event.KindGID}, p32(1000), "1000(anns)"},
	{"gid unknown", event.Param{Kind: event.KindGID}, p32(0), "0(<NA>)"},
	{"gid none", event.Param{Kind: event.KindGID}, p32(-1), "-1(<NONE>)"},
	{"bool", event.Param{Kind: event.KindBool}, p32(1), "true"},
	{"double", event.Param{Kind: event.KindDouble}, pfl(0.25), "0.2"},
	{"port", event.Param{Kind: event.KindPort, Format: event.FmtHex}, p16(443), "443"},
	{"l4", event.Param{Kind: event.KindL4Proto}, p8(2), "2"},
	{"family", event.Param{Kind: event.KindSockFamily}, p8(10), "10"},
	{"ipv4", event.Param{Kind: event.KindIPv4Addr, Format: event.FmtHex}, []byte{10, 0, 0, 1}, "10.0.0.1"},
	{"ipv6", event.Param{Kind: event.KindIPv6Addr}, plain6, "2001:db8::1"},
	{"ipv4 short", event.Param{Kind: event.KindIPv4Addr}, []byte{10}, "<NA>"},
	{"texts", event.Param{Kind: event.KindCharBufArray}, []byte("a\x00b\x1b\x00c\x00"), `a.b\x1b.c`},
	{"texts missing", event.Param{Kind: event.KindCharBufArray}, nil, "NULL"},
	{"pairs", event.Param{Kind: event.KindCharBufPairArray}, []byte("k:v\x00"), "k:v"},
	{"buffer", event.Param{Kind: event.KindByteBuf}, []byte("\x7fELF\x00"), ".ELF."},
	{"buffer empty", event.Param{Kind: event.KindByteBuf}, nil, ""},
	{"network has no text", event.Param{Kind: event.KindIPv4Net}, nil, "<NA>"},
}

var (
	mapped = []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04")
	plain6 = []byte("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")
)

func TestKinds(t *testing.T) {
	ev := sample(t, event.CloseX, p64(0))
	o := &Options{}
	for _, c := range kinds {
		got := string(paramText(nil, ev, &c.p, c.b, o))
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Every kind of the schema is in the table, so that none is forgotten.
func TestKindsComplete(t *testing.T) {
	have := map[event.Kind]bool{event.KindDyn: true, event.KindFSRelPath: true} // by events, below
	for _, c := range kinds {
		have[c.p.Kind] = true
	}
	for typ, s := range event.Types() {
		for _, p := range s.Params {
			if !have[p.Kind] {
				t.Errorf("%v %s: kind %v is not tested", typ, p.Name, p.Kind)
			}
		}
	}
}

func TestParamOfEvents(t *testing.T) {
	for _, c := range []struct {
		name   string
		typ    event.Type
		i      int
		want   string
		params [][]byte
	}{
		{"no descriptor", event.MmapE, 4, "-1", [][]byte{p64(0), p64(0), p32(0), p32(0), p64(-1), p64(0)}},
		{"no descriptor", event.Mmap2E, 4, "-1", [][]byte{p64(0), p64(0), p32(0), p32(0), p64(-1), p64(0)}},
		{"bad descriptor", event.MmapE, 4, "-9(EBADF)", [][]byte{p64(0), p64(0), p32(0), p32(0), p64(-9), p64(0)}},
		{"from a directory", event.Openat2X, 2, "d/../e//f/(/srv/e/f)", [][]byte{p64(9), p64(4), pz("d/../e//f/")}},
		{"from the working directory", event.Openat2X, 2, "x(/home/u/x)", [][]byte{p64(9), p64(-100), pz("x")}},
		{"from an unknown directory", event.Openat2X, 2, "x(<UNKNOWN>/x)", [][]byte{p64(9), p64(77), pz("x")}},
		{"absolute", event.Openat2X, 2, "/x/../y", [][]byte{p64(9), p64(4), pz("/x/../y")}},
		{"above the root", event.Openat2X, 2, "../../../..(/)", [][]byte{p64(9), p64(4), pz("../../../..")}},
		{"the directory itself", event.Openat2X, 2, "(/srv)", [][]byte{p64(9), p64(4), pz("")}},
		{"dyn descriptor", event.BpfX, 0, "3(<f>/etc/passwd)", [][]byte{cat(p8(0), p64(3))}},
		{"dyn errno", event.BpfX, 0, "-1(EPERM)", [][]byte{cat(p8(1), p64(-1))}},
		{"dyn reltime", event.SetsockoptX, 4, "1500000000(1.5s)", [][]byte{p64(0), p64(3), p8(1), p8(2), cat(p8(4), p64(1500000000)), p32(8)}},
		{"dyn buffer", event.SetsockoptX, 4, "abc", [][]byte{p64(0), p64(3), p8(1), p8(2), []byte("\x00abc"), p32(8)}},
		{"dyn missing", event.SetsockoptX, 4, "NULL", [][]byte{p64(0), p64(3), p8(1), p8(2), nil, p32(8)}},
		{"dyn unknown", event.SetsockoptX, 4, "INVALID DYNAMIC PARAMETER", [][]byte{p64(0), p64(3), p8(1), p8(2), p8(77), p32(8)}},
		{"dyn short", event.SetsockoptX, 4, "<NA>", [][]byte{p64(0), p64(3), p8(1), p8(2), p8(1), p32(8)}},
		{"past the record", event.Openat2X, 3, "", [][]byte{p64(9), p64(4), pz("")}},
		{"past the schema", event.CloseX, 9, "", [][]byte{p64(0)}},
		{"unknown type", 9999, 0, "", [][]byte{p64(0)}},
	} {
		ev := sample(t, c.typ, c.params...)
		if got := string(AppendParam(nil, ev, c.i, &Options{})); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		raw, res := string(AppendParamRaw(nil, ev, c.i, &Options{})), string(AppendParamResolved(nil, ev, c.i, &Options{}))
		if res != "" {
			raw += "(" + res + ")"
		}
		if raw != c.want {
			t.Errorf("%s: in parts %q, want %q", c.name, raw, c.want)
		}
	}
}

// A working directory that is not known leaves the path as it is, cleaned; without state there is nothing to resolve with.
func TestParamWithoutState(t *testing.T) {
	ev := sample(t, event.ChmodX, p64(-2), pz("./f"), p32(0))
	ev.Thread.Cwd = ""
	if got := string(AppendParam(nil, ev, 1, &Options{})); got != "./f(f)" {
		t.Error(got)
	}
	ev.Thread, ev.Host = nil, nil
	for i := range 3 {
		AppendParam(nil, ev, i, &Options{})
	}
	ev = sample(t, event.SetresuidE, p32(1000), p32(0), p32(-1))
	ev.Thread, ev.Host = nil, nil
	if got := string(appendArgs(nil, ev, &Options{}, false)); got != "ruid=1000(<NA>) euid=0(<NA>) suid=-1(<NONE>) " {
		t.Error(got)
	}
}

func TestResolvePorts(t *testing.T) {
	o := &Options{ResolvePorts: true}
	for _, c := range []struct {
		ev   *event.Event
		fd   *event.FD
		want string
	}{
		{sample(t, event.CloseE, p64(6)), nil, "fd=6(<4t>10.0.0.1:40000->10.0.0.2:http) "},
		{sample(t, event.CloseE, p64(7)), nil, "fd=7(<4u>0.0.0.0:domain) "},
		{sample(t, event.CloseE, p64(3)), nil, "fd=3(<f>/etc/passwd) "},
		{sample(t, event.BindX, p64(0), []byte("\x02\x7f\x00\x00\x01\x02\x02")), &event.FD{L4: event.L4UDP}, "res=0 addr=127.0.0.1:syslog "},
		{sample(t, event.BindX, p64(0), []byte("\x02\x7f\x00\x00\x01\x02\x02")), &event.FD{L4: event.L4TCP}, "res=0 addr=127.0.0.1:shell "},
		{sample(t, event.ConnectX, p64(0), []byte("\x02\x01\x02\x03\x04\x50\xc3\x05\x06\x07\x08\xbb\x01")), nil, "res=0 tuple=1.2.3.4:50000->5.6.7.8:https "},
	} {
		c.ev.FD = c.fd
		if got := string(appendArgs(nil, c.ev, o, false)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestParamAllocs(t *testing.T) {
	ev := sample(t, event.CloseX, p64(0))
	dst := make([]byte, 0, 4096)
	o := &Options{}
	allocs(t, func() {
		for i := range kinds {
			dst = paramText(dst[:0], ev, &kinds[i].p, kinds[i].b, o)
		}
	})
}
