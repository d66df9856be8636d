package fields

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"scry/capture/event"
)

func TestJSON(t *testing.T) {
	ev := sample(t, event.ReadX, p64(-5), []byte("x\x00\xff"))
	ev.Thread.Comm = "a\"\\\n\x1b\u0085é\u202e\u2028"
	for _, c := range []struct{ format, want string }{
		{"text only", `{}`},
		{"%t.type x %t.num %t.num", `{"t.num":7,"t.type":"read"}`},
		{"%20t.type", `{"t.type":"read"}`},
		{"*%t.none %t.num", `{"t.none":null,"t.num":7}`},
		{"%t.none %t.num", `missing`},
		{"%t.hex %t.oct %t.rel %t.big %t.int", `{"t.big":18446744073709551615,"t.hex":"801","t.int":-5,"t.oct":"0644","t.rel":42}`},
		{"%t.bool %t.float %t.ip %t.port %t.list", `{"t.bool":true,"t.float":0.1,"t.ip":"2001:db8::1","t.list":[1,2],"t.port":443}`},
		{"%t.time %t.out", `{"t.out":1534527348514648551,"t.time":1534527348514648551}`},
		{"%t.arg.fd %t.arg[0] %t.opt[1]", `{"t.arg.fd":"fd","t.arg[0]":"0","t.opt[1]":"<1>"}`},
		{`%t.arg["x"]`, `{"t.arg[\"x\"]":"x"}`},
		{"%t.args", `{"t.args":"res=-5(EIO) data=x.. "}`},
		{"%t.buf", `{"t.buf":"x.."}`},
		{"%t.text", `{"t.text":"a\"\\\n\u001b\u0085é\u202e\u2028"}`},
	} {
		f, err := ParseFormat(c.format, nil)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		out, missing := f.AppendJSON([]byte("="), ev)
		got := string(out)
		if missing != nil {
			got += "missing"
		}
		if got != "="+c.want {
			t.Errorf("%s: %s, want =%s", c.format, got, c.want)
		}
		if missing == nil {
			checkJSON(t, f, ev)
		}
	}
}

// Bytes that JSON cannot hold come a second time in base64, in their place in the order of keys.
func TestJSONBytes(t *testing.T) {
	f, err := ParseFormat("%t.text %t.text.x %t.type", nil)
	if err != nil {
		t.Fatal(err)
	}
	ev := sample(t, event.CloseX, p64(0))
	ev.Thread.Comm = "a\xff"
	out, _ := f.AppendJSON(nil, ev)
	if want := `{"t.text":"a` + "\ufffd" + `","t.text_b64":"Yf8=","t.type":"close"}`; string(out) != want {
		t.Errorf("%s, want %s", out, want)
	}
	ev.Thread.Comm = "b"
	out, _ = f.AppendJSON(nil, ev) // nothing is left of the line before
	if want := `{"t.text":"b","t.type":"close"}`; string(out) != want {
		t.Errorf("%s, want %s", out, want)
	}
}

func TestJSONArgs(t *testing.T) {
	for _, c := range []struct {
		typ    event.Type
		params [][]byte
		want   string
	}{
		{event.OpenX, [][]byte{p64(-2), pz("a\x1b/../b"), p32(4097), p32(0o644), p32(0x801), nil},
			`{"fd":-2,"fd_name":"ENOENT","name":"a\u001b/../b","name_path":"/home/u/b","flags":4097,"flags_names":["O_RDONLY","O_CLOEXEC"],"mode":420,"dev":2049,"ino":null}`},
		{event.CloseX, [][]byte{p64(0), p64(6)}, `{"res":0,"fd":6,"fd_name":"10.0.0.1:40000->10.0.0.2:80","fd_kind":"ipv4"}`},
		{event.MmapE, [][]byte{p64(-1), p64(1), p32(0), p32(2), p64(-1), p64(0)},
			`{"addr":18446744073709551615,"length":1,"prot":0,"prot_names":["PROT_NONE"],"flags":2,"flags_names":["MAP_PRIVATE"],"fd":-1,"offset":0}`},
		{event.ReadX, [][]byte{p64(2), []byte("a\xff")}, `{"res":2,"data":"a` + "\ufffd" + `","data_b64":"Yf8="}`},
		{event.ExecveV8X, [][]byte{p64(0), pz("cat"), []byte("-n\x00\x00x y\x00"), p64(100), p64(200), p64(999), pz(""), p64(1024)},
			`{"res":0,"exe":"cat","args":["-n","","x y"],"tid":100,"tid_name":"cat","pid":200,"pid_name":"dog\u0007","ptid":999,"cwd":"","fdlimit":1024}`},
		{event.BindX, [][]byte{p64(0), []byte("\x02\x7f\x00\x00\x01\x50\x00")}, `{"res":0,"addr":"127.0.0.1:80","addr_ip":"127.0.0.1","addr_port":80}`},
		{event.BindX, [][]byte{p64(0), []byte("\x01/a\xff\x00")}, `{"res":0,"addr":"/a` + "\ufffd" + `","addr_b64":"L2H/"}`},
		{event.BindX, [][]byte{p64(0), nil}, `{"res":0,"addr":null}`},
		{event.ConnectX, [][]byte{p64(-115), cat([]byte{10}, mapped, p16(80), mapped, p16(81))},
			`{"res":-115,"res_name":"EINPROGRESS","tuple":"1.2.3.4:80->1.2.3.4:81","tuple_sip":"1.2.3.4","tuple_sport":80,"tuple_dip":"1.2.3.4","tuple_dport":81}`},
		{event.ConnectX, [][]byte{p64(0), cat([]byte{1}, p64(0), p64(0xab), pz("/r"))}, `{"res":0,"tuple":"0->ab /r"}`},
		{event.PpollE, [][]byte{cat(p16(2), p64(3), p16(5), p64(-1), p16(0)), p64(-1), p32(6)},
			`{"fds":[{"fd":3,"events":5,"fd_name":"/etc/passwd","fd_kind":"file"},{"fd":-1,"events":0}],"timeout":null,"sigmask":6,"sigmask_names":["SIGINT","SIGQUIT"]}`},
		{event.SetresuidE, [][]byte{p32(1000), p32(-1), p32(77)}, `{"ruid":1000,"ruid_name":"ann","euid":-1,"suid":77}`},
		{event.SocketE, [][]byte{p32(1), p32(1), p32(0)}, `{"domain":1,"domain_name":"AF_LOCAL","type":1,"proto":0}`},
		{event.SetsockoptX, [][]byte{p64(0), p64(99), p8(1), p8(2), cat(p8(4), p64(15)), p32(8)},
			`{"res":0,"fd":99,"level":1,"level_name":"SOL_SOCKET","optname":2,"optname_name":"SO_REUSEADDR","val":15,"optlen":8}`},
		{event.GenericE, [][]byte{p16(5), p16(2)}, `{"ID":5,"ID_name":"open","nativeID":2}`},
	} {
		f, err := ParseFormat("%t.num", &Options{JSONArgs: true})
		if err != nil {
			t.Fatal(err)
		}
		ev := sample(t, c.typ, c.params...)
		out, _ := f.AppendJSON(nil, ev)
		if want := `{"args":` + c.want + `,"t.num":7}`; string(out) != want {
			t.Errorf("%v:\n%s\nwant\n%s", c.typ, out, want)
		}
		checkJSON(t, f, ev)
	}
}

// Keys that are made beside a parameter's own never meet another parameter's name.
func TestJSONArgsKeys(t *testing.T) {
	suffixes := []string{"_name", "_names", "_kind", "_path", "_path_b64", "_name_b64", "_b64", "_ip", "_port", "_sip", "_sport", "_dip", "_dport"}
	for typ, s := range event.Types() {
		for i, p := range s.Params {
			if s.ParamByName(p.Name) != i {
				t.Errorf("%v: %s twice", typ, p.Name)
			}
			for _, suffix := range suffixes {
				if s.ParamByName(p.Name+suffix) >= 0 {
					t.Errorf("%v: %s%s is a parameter", typ, p.Name, suffix)
				}
			}
		}
	}
}

// checkJSON fails unless the JSON line of ev is one valid object with sorted keys, each once, and nothing a terminal would obey.
func checkJSON(t *testing.T, f *Format, ev *event.Event) {
	t.Helper()
	out, missing := f.AppendJSON(nil, ev)
	if missing != nil {
		if len(out) != 0 {
			t.Errorf("skipped with %q", out)
		}
		return
	}
	if h := harmful(out); h != "" {
		t.Errorf("%q: %s", out, h)
	}
	var m map[string]any
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	var keys []string
	dec.Token()
	for dec.More() {
		k, _ := dec.Token()
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		keys = append(keys, k.(string))
	}
	if !slices.Equal(keys, slices.Sorted(maps.Keys(m))) {
		t.Errorf("keys %q are not sorted or not unique", keys)
	}
}

func TestJSONString(t *testing.T) {
	if err := quick.Check(func(b []byte) bool {
		out, exact := appendJSONString(nil, string(b))
		var s string
		if json.Unmarshal(out, &s) != nil || harmful(out) != "" || exact != utf8.Valid(b) {
			return false
		}
		return s == string([]rune(string(b)))
	}, nil); err != nil {
		t.Error(err)
	}
}

// Any bytes in any parameter of any type give valid JSON and harmless text.
func TestRandomEvents(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	f, err := ParseFormat("*%t.text %t.args %t.buf", &Options{JSONArgs: true})
	if err != nil {
		t.Fatal(err)
	}
	for typ, s := range event.Types() {
		for range 20 {
			params := make([][]byte, r.Intn(len(s.Params)+2))
			for i := range params {
				n := r.Intn(40)
				if i < len(s.Params) && s.Params[i].Kind.Size() > 0 && r.Intn(8) > 0 {
					n = s.Params[i].Kind.Size()
				}
				params[i] = make([]byte, n)
				r.Read(params[i])
				if n > 0 && i < len(s.Params) {
					switch s.Params[i].Kind {
					case event.KindSockAddr, event.KindSockTuple:
						params[i][0] = []byte{1, 2, 10, 16}[r.Intn(4)]
					case event.KindDyn:
						params[i][0] &= 7
					case event.KindFDList:
						params[i][n-1] = 0
					}
				}
			}
			ev := sample(t, typ, params...)
			ev.Thread.Comm = string(randomBytes(r))
			out := appendArgs(nil, ev, &Options{}, false)
			if h := harmful(out); h != "" {
				t.Errorf("%v: %q: %s", typ, out, h)
			}
			checkJSON(t, f, ev)
		}
	}
}

func randomBytes(r *rand.Rand) []byte {
	b := make([]byte, r.Intn(12))
	r.Read(b)
	return b
}

func FuzzJSONText(f *testing.F) {
	f.Add("a\xff\u202e\x00")
	x, err := ParseFormat("%t.text", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ev := sample(t, event.CloseX, p64(0))
		ev.Thread.Comm = s
		checkJSON(t, x, ev)
		out, _ := x.AppendJSON(nil, ev)
		var m map[string]string
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		got := m["t.text"]
		if b, ok := m["t.text_b64"]; ok {
			raw, _ := base64.StdEncoding.DecodeString(b)
			got = string(raw)
		}
		if got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

func TestJSONAllocs(t *testing.T) {
	f, err := ParseFormat(testLine+" %t.none %t.list %t.buf %t.ip %t.hex %t.float", &Options{JSONArgs: true})
	if err != nil {
		t.Fatal(err)
	}
	evs := []*event.Event{
		sample(t, event.OpenX, p64(3), pz("a/../b\xff"), p32(4097), p32(0o644), p32(0x801)),
		sample(t, event.ConnectX, p64(-115), cat([]byte{1}, p64(0), p64(0xab), pz("/r"))),
		sample(t, event.PpollE, cat(p16(1), p64(3), p16(5)), p64(1234567890123), p32(6)),
	}
	dst := make([]byte, 0, 4096)
	allocs(t, func() {
		for _, ev := range evs {
			ev.TS += 1e8
			dst, _ = f.AppendJSON(dst[:0], ev)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	f, err := ParseFormat(testLine, nil)
	if err != nil {
		b.Fatal(err)
	}
	ev := sample(b, event.OpenX, p64(3), pz("/etc/ld.so.cache"), p32(4097), p32(0))
	var dst []byte
	for b.Loop() {
		dst, _ = f.AppendJSON(dst[:0], ev)
	}
}
