package chisels

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scry/capture/event"
	"scry/filter/fields"
)

// What the chisels that list make of events that no capture at hand has: messages of the system log, attacks, long pauses, hostile names.

// Processes and descriptors of the tests.
var (
	testShell  = &event.Thread{TID: 100, PID: 100, Comm: "bash", Exe: "-bash", Main: true}
	testDaemon = &event.Thread{TID: 200, PID: 200, Comm: "app\x1b[31m", Exe: "app", Main: true}
	testJailed = &event.Thread{TID: 300, PID: 300, Comm: "sshd", Main: true, Container: &event.Container{ID: "3f2a9c41d7be", Name: "shop"}}
	testLog    = &event.FD{Num: 3, Type: event.FDUnixSock, Name: "ffff0->ffff1 /dev/log"}
	testFile   = &event.FD{Num: 4, Type: event.FDFile, Name: "/var/log/app.log"}
)

func le64(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// testEvent is an event as the state tables would leave it.
func testEvent(at time.Duration, typ event.Type, th *event.Thread, fd *event.FD, params ...[]byte) *event.Event {
	ts := uint64(time.Date(2024, 5, 14, 9, 30, 0, 0, time.UTC).Add(at).UnixNano())
	ev := &event.Event{Num: 1, FDNum: -1, Thread: th, FD: fd}
	if th != nil {
		ev.TID = th.TID
	}
	if fd != nil {
		ev.FDNum = fd.Num
	}
	if err := ev.Decode(event.Append(nil, ts, ev.TID, typ, params...), false); err != nil {
		panic(err)
	}
	ev.TID = int64(binary.LittleEndian.Uint64(ev.Raw[8:]))
	if n, ok := ev.Int(0); ok && n < 0 && typ.Dir() == event.Exit {
		ev.Errno = int32(-n)
	}
	return ev
}

func write(at time.Duration, th *event.Thread, fd *event.FD, data string) *event.Event {
	return testEvent(at, event.WriteX, th, fd, le64(int64(len(data))), []byte(data), le64(fd.Num), []byte{0, 0, 0, 0})
}

// makeChisel makes a chisel of a call as the command line has it: "NAME" or "NAME words".
func makeChisel(call string, env *Env) (Chisel, error) {
	name, word, has := strings.Cut(call, " ")
	c, err := NewCatalog(nil).ParseCall(name)
	if err != nil {
		return nil, err
	}
	if has {
		if err := c.SetWord(word); err != nil {
			return nil, err
		}
	}
	return c.Make(env)
}

// said is what a chisel prints of events.
func said(t *testing.T, call string, env Env, events ...*event.Event) string {
	t.Helper()
	var buf bytes.Buffer
	env.Out = NewOutput(&buf)
	if env.Options == nil {
		env.Options = &fields.Options{NoCut: true}
	}
	c, err := makeChisel(call, &env)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	for _, ev := range events {
		if _, err := c.Event(ev); err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	if err := c.Finish(); err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	if err := env.Out.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func wantSaid(t *testing.T, have, want string) {
	t.Helper()
	if strings.TrimLeft(want, "\n") != have {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

func TestSpySyslog(t *testing.T) {
	events := []*event.Event{
		write(0, testShell, testLog, "<38>Nov 21 sshd: session opened"),
		write(0, testDaemon, testLog, "<28>disk is \x1b[31mnearly\nfull\x00"),
		write(0, testDaemon, testLog, "<11>no space"),
		write(0, testJailed, testLog, "<190>hello"),
		write(0, testDaemon, testLog, "without priority"),
		write(0, testDaemon, testFile, "<11>no log"),
	}
	wantSaid(t, said(t, "spy_syslog", Env{}, events...), `
auth.info bash[100] Nov 21 sshd: session opened
daemon.warn app\x1b[31m[200] disk is \x1b[31mnearly\nfull
user.err app\x1b[31m[200] no space
local7.info sshd[300] hello
<NA>.<NA> app\x1b[31m[200] without priority
`)
	wantSaid(t, said(t, "spy_syslog", Env{Color: true}, events[:4]...), "auth.info bash[100] Nov 21 sshd: session opened\n"+
		"\x1b[33mdaemon.warn app\\x1b[31m[200] disk is \\x1b[31mnearly\\nfull\x1b[0m\n"+
		"\x1b[31muser.err app\\x1b[31m[200] no space\x1b[0m\n"+
		"\x1b[34mlocal7.info sshd[300] hello\x1b[0m\n")
	wantSaid(t, said(t, "spy_syslog", Env{Containers: true}, events[3]), "3f2a9c41d7be shop local7.info sshd[300] hello\n")
	wantSaid(t, said(t, "spy_syslog", Env{Format: FormatJSON}, events[1]),
		`{"time":1715679000000000000,"facility":"daemon","severity":"warn","severity_code":4,"process":"app\u001b[31m","tid":200,"message":"disk is \u001b[31mnearly\nfull"}`+"\n")
}

func TestSpyLogs(t *testing.T) {
	events := []*event.Event{
		write(0, testDaemon, testFile, "started\r\n\nWARNING: low\npart of a line"),
		write(0, testDaemon, testFile, "an Error\x07 \xff\n"),
		write(0, testDaemon, testLog, "elsewhere\n"),
		testEvent(0, event.WriteX, testDaemon, testFile, le64(-28), nil, le64(4), nil),
		write(0, testDaemon, &event.FD{Num: 5, Type: event.FDFile, Name: "/var/log/old.gz"}, "packed"),
	}
	wantSaid(t, said(t, "spy_logs", Env{}, events...), `
app\x1b[31m /var/log/app.log started
app\x1b[31m /var/log/app.log WARNING: low
app\x1b[31m /var/log/app.log part of a line
app\x1b[31m /var/log/app.log an Error\x07 \xff
`)
	if have := said(t, "spy_logs", Env{Color: true}, events...); !strings.HasPrefix(have, "\x1b[32mapp") || strings.Count(have, "\x1b[33m") != 1 || strings.Count(have, "\x1b[31m") != 1 {
		t.Errorf("%q", have)
	}
	wantSaid(t, said(t, "spy_logs disable_colors", Env{Color: true}, events[0]), said(t, "spy_logs", Env{}, events[0]))
	have := said(t, "spy_logs", Env{Format: FormatJSON, Containers: true}, events[1])
	wantSaid(t, have, `{"time":1715679000000000000,"container_id":"host","container":"host","process":"app\u001b[31m","pid":200,"tid":200,"file":"/var/log/app.log",`+
		`"message":"an Error\u0007 `+"\uFFFD"+`","message_b64":"YW4gRXJyb3IHIP8="}`+"\n")
	wantSaid(t, said(t, "spy_logs", Env{Format: FormatCSV}, events[0]), `
time,process,pid,tid,file,message
2024-05-14T09:30:00.000000000Z,app\x1b[31m,200,200,/var/log/app.log,started
2024-05-14T09:30:00.000000000Z,app\x1b[31m,200,200,/var/log/app.log,WARNING: low
2024-05-14T09:30:00.000000000Z,app\x1b[31m,200,200,/var/log/app.log,part of a line
`)
}

// execve is a successful one of th, whose arguments and environment are lists with NULs between.
func execve(th *event.Thread, env ...string) *event.Event {
	p := make([][]byte, 16)
	p[0], p[1] = le64(0), []byte(th.Exe+"\x00")
	p[2] = []byte(th.Args)
	p[15] = []byte(strings.Join(env, "\x00") + "\x00")
	return testEvent(0, event.ExecveV19X, th, nil, p...)
}

func TestShellshock(t *testing.T) {
	if n := event.ExecveV19X.Schema().ParamByName("env"); n != 15 {
		t.Fatalf("the environment is parameter %d", n)
	}
	server := &event.Thread{TID: 80, PID: 80, Comm: "httpd", Main: true}
	sh := &event.Thread{TID: 81, PID: 81, PTID: 80, Comm: "sh", Exe: "/bin/sh", Main: true, Parent: server}
	script := &event.Thread{TID: 82, PID: 82, PTID: 80, Comm: "status.cgi", Exe: "/bin/bash", ExePath: "/usr/bin/bash", Main: true, Parent: server}
	cat := &event.Thread{TID: 83, PID: 83, PTID: 80, Comm: "cat", Exe: "cat", Main: true, Parent: server}
	attack := "HTTP_USER_AGENT=() { :; }; echo \x1b[31m pwned"
	failed := execve(sh, attack)
	copy(failed.Param(0), le64(-2))
	wantSaid(t, said(t, "shellshock_detect", Env{},
		execve(sh, "PATH=/bin", attack, "A=()  { x; }", "HOME=/"),
		execve(script, "COOKIE=(){ :;}; id"),
		execve(sh, "BASH_FUNC_which%%=() { alias; }", "X=(", "Y=() no", "Z=text () { :; }; id"),
		execve(cat, attack), failed), `
TIME                PROCESS              PID    SHELL  VARIABLE              FUNCTION
09:30:00.000000000  httpd                 80       81  HTTP_USER_AGENT       () { :; }; echo \x1b[31m pwned
09:30:00.000000000  httpd                 80       81  A                     ()  { x; }
09:30:00.000000000  httpd                 80       82  COOKIE                (){ :;}; id
`)
	wantSaid(t, said(t, "shellshock_detect", Env{Format: FormatJSON}, execve(sh, attack)),
		`{"time":1715679000000000000,"process":"httpd","pid":80,"shell_pid":81,"variable":"HTTP_USER_AGENT","function":"() { :; }; echo \u001b[31m pwned"}`+"\n")
}

func TestSpyUsers(t *testing.T) {
	boot := &event.Thread{TID: 1, PID: 1, Comm: "init", Main: true}
	login := &event.Thread{TID: 10, PID: 10, Comm: "bash", Exe: "-bash", Main: true, Parent: boot}
	mk := &event.Thread{TID: 11, PID: 11, Comm: "make", Exe: "make", Args: "all", Main: true, Parent: login}
	sh := &event.Thread{TID: 12, PID: 12, Comm: "sh", Exe: "sh", Args: "-c\x00cc a.c", Main: true, Parent: mk}
	cc := &event.Thread{TID: 13, PID: 13, Comm: "cc", Exe: "cc", Args: "a\x1b.c", Main: true, Parent: sh}
	alone := &event.Thread{TID: 14, PID: 14, Comm: "cron", Exe: "cron", Main: true, Parent: boot}
	cd := func(th *event.Thread, dir string) *event.Event {
		return testEvent(0, event.ChdirX, th, nil, le64(0), []byte(dir+"\x00"))
	}
	events := []*event.Event{execve(login), execve(mk), execve(sh), execve(cc), execve(alone), cd(login, "/tmp"), cd(sh, "src"), cd(cc, "/no"), cd(alone, "/no"),
		testEvent(0, event.ChdirX, login, nil, le64(-2), []byte("/missing\x00"))}
	wantSaid(t, said(t, "spy_users", Env{}, events...), `
10 09:30:00 <NA>) make all
   10 09:30:00 <NA>) sh -c cc a.c
      10 09:30:00 <NA>) cc a\x1b.c
10 09:30:00 <NA>) cd /tmp
      10 09:30:00 <NA>) cd src
`)
	wantSaid(t, said(t, "spy_users 0", Env{}, events...), "10 09:30:00 <NA>) make all\n10 09:30:00 <NA>) cd /tmp\n")
	// A loop of ancestors ends.
	a, b := &event.Thread{TID: 20, PID: 20, Comm: "a", Exe: "a", Main: true}, &event.Thread{TID: 21, PID: 21, Comm: "b", Main: true}
	a.Parent, b.Parent = b, a
	wantSaid(t, said(t, "spy_users", Env{}, execve(a)), "")
}

func TestIOBytes(t *testing.T) {
	read := func(at time.Duration, n int64) *event.Event {
		return testEvent(at, event.ReadX, testShell, testFile, le64(n), nil, le64(4), nil)
	}
	const ms = time.Millisecond
	late := testEvent(9999*time.Hour, event.UserAddedE, nil, nil)
	events := []*event.Event{read(300*ms, 5), write(400*ms, testShell, testFile, "abc"), read(500*ms, -11), read(999*ms, 7), late, read(3500*ms, 1), read(3400*ms, 2)}
	wantSaid(t, said(t, "iobytes", Env{}, events...), `
09:30:01 in:12 out:3 tot:15
09:30:02 in:0 out:0 tot:0
09:30:03 in:0 out:0 tot:0
09:30:04 in:3 out:0 tot:3
`)
	wantSaid(t, said(t, "iobytes", Env{Interval: 2e9}, events...), "09:30:02 in:12 out:3 tot:15\n09:30:04 in:3 out:0 tot:3\n")
	wantSaid(t, said(t, "iobytes_net", Env{}, events[0]), "09:30:01 in:0 out:0 tot:0\n")
	wantSaid(t, said(t, "iobytes", Env{}), "")
	// A pause of a year is no million lines.
	wantSaid(t, said(t, "iobytes", Env{}, read(0, 1), read(8760*time.Hour, 2)), "09:30:01 in:1 out:0 tot:1\n--- no event for 8759h59m59s ---\n09:30:01 in:2 out:0 tot:2\n")
}

func TestIOBytesAllocs(t *testing.T) {
	c, err := makeChisel("iobytes", &Env{Out: NewOutput(&bytes.Buffer{}), Options: &fields.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	ev := write(0, testShell, testFile, "abc")
	if n := testing.AllocsPerRun(1000, func() { c.Event(ev) }); n != 0 {
		t.Errorf("%v allocations for an event", n)
	}
}

func TestData(t *testing.T) {
	cut := write(0, testShell, testFile, "abcdef")
	binary.LittleEndian.PutUint64(cut.Param(0), 100)
	end := testEvent(0, event.ReadX, testShell, testFile, le64(0), nil, le64(4), nil)
	jailed := write(0, testJailed, testFile, "one\ntwo")
	utf := write(0, testShell, testFile, "grüße\tan\r\nalle \x1b[2J\u202e")
	raw := write(0, testShell, testFile, "\x00\x01GIF\xff\n")
	out := &event.FD{Num: 1, Type: event.FDFIFO, Name: "pipe:[1]"}
	onOne := func(ev *event.Event) *event.Event { ev.FD, ev.FDNum = out, 1; return ev }
	for _, c := range []struct {
		call string
		env  Env
		ev   *event.Event
		want string
	}{
		{"echo_fds", Env{}, cut, "------ Write 100B (6B recorded) to /var/log/app.log (bash)\nabcdef\n"},
		{"echo_fds", Env{}, end, ""},
		{"echo_fds", Env{}, utf, "------ Write 24B to /var/log/app.log (bash)\ngr....e.an..alle .[2J...\n"},
		{"echo_fds", Env{Options: &fields.Options{Buffer: fields.BufferHex}}, raw, "------ Write 7B to /var/log/app.log (bash)\n\t0x0000: 0001 4749 46ff 0a\n"},
		{"echo_fds", Env{Options: &fields.Options{SnapLen: 3}}, utf, "------ Write 24B (3B recorded) to /var/log/app.log (bash)\ngr.\n"},
		{"echo_fds", Env{Containers: true, Color: true}, jailed, "\x1b[34m------ Write 7B to [shop] [3f2a9c41d7be] /var/log/app.log (sshd)\none.two\x1b[0m\n"},
		{"echo_fds disable_color", Env{Color: true}, jailed, "------ Write 7B to /var/log/app.log (sshd)\none.two\n"},
		{"spy_file", Env{}, end, "09:30:00.000000000 bash(100) R 0B /var/log/app.log\n"},
		{"spy_file R", Env{}, utf, ""},
		{"spy_file", Env{}, utf, "09:30:00.000000000 bash(100) W 24B /var/log/app.log\ngrüße\tan\nalle \\x1b[2J\\u202E\n"},
		{"spy_file", Env{}, raw, "09:30:00.000000000 bash(100) W 7B /var/log/app.log\n..GIF..\n"},
		{"spy_file 'RW /var/log/app.log'", Env{}, jailed, "?"},
		{"spy_file RW /var/log/app.log", Env{Containers: true}, jailed, "09:30:00.000000000 [shop] [3f2a9c41d7be] sshd(300) W 7B /var/log/app.log\none\ntwo\n"},
		{"spy_file RW /var/log/other", Env{}, jailed, ""},
		{"spy_file", Env{}, write(0, testShell, &event.FD{Num: 1, Type: event.FDFile, Name: "/dev/pts/0"}, "x"), ""},
		{"spy_file RW /dev/pts/0", Env{}, write(0, testShell, &event.FD{Num: 1, Type: event.FDFile, Name: "/dev/pts/0"}, "x"), "09:30:00.000000000 bash(100) W 1B /dev/pts/0\nx\n"},
		{"stdout", Env{}, utf, ""},
		{"stdout", Env{Containers: true}, onOne(write(0, testJailed, out, "one\ntwo\n")), "3f2a9c41d7be  shop                  one\n3f2a9c41d7be  shop                  two\n"},
		{"stdout", Env{Options: &fields.Options{Raw: true}}, onOne(write(0, testShell, out, "\x1b[1mbold\r\n")), "\x1b[1mbold\r\n"},
	} {
		if c.want == "?" {
			if _, err := makeChisel(c.call, &Env{Options: &fields.Options{}}); err == nil {
				t.Errorf("%s is taken", c.call)
			}
			continue
		}
		if have := said(t, c.call, c.env, c.ev); have != c.want {
			t.Errorf("%s: have %q, want %q", c.call, have, c.want)
		}
	}
	short := onOne(write(0, testShell, out, "abc"))
	binary.LittleEndian.PutUint64(short.Param(0), 50)
	wantSaid(t, said(t, "stdout", Env{}, short), "abc… (47 bytes not recorded)\n")
	have := said(t, "echo_fds", Env{Format: FormatJSON}, raw)
	wantSaid(t, have, `{"time":1715679000000000000,"process":"bash","pid":100,"tid":100,"direction":"write","bytes":7,"recorded":7,"fd":"/var/log/app.log",`+
		`"data":"\u0000\u0001GIF`+"\uFFFD"+`\n","data_b64":"AAFHSUb/Cg=="}`+"\n")
	if !json.Valid([]byte(have)) {
		t.Error("no JSON")
	}
}

func udp(peer string, data string) *event.Event {
	fd := &event.FD{Num: 7, Type: event.FDIPv4Sock, L4: event.L4UDP, Name: "10.0.0.1:5353->" + peer, Dst: netip.MustParseAddrPort("10.0.0.9:53")}
	return testEvent(0, event.SendtoX, testDaemon, fd, le64(int64(len(data))), []byte(data), le64(7), nil, nil)
}

func TestUDPExtract(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("outside", []byte("safe"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := udp("10.0.0.9:53", "cu")
	binary.LittleEndian.PutUint64(cut.Param(0), 500)
	nameless := udp("", "x")
	nameless.FD.Name = ""
	wantSaid(t, said(t, "udp_extract", Env{}, udp("10.0.0.9:53", "ab\x00"), cut, udp("../../outside", "evil"), udp("x\n\x1b/etc", "?"), nameless, udp("10.0.0.9:53", "")), `
     BYTES  DATAGRAMS  FILE
         5          2  udp_dump_files/10.0.0.1_5353--10.0.0.9_53 (of 1 only the first bytes were recorded)
         4          1  udp_dump_files/10.0.0.1_5353--.._.._outside
         1          1  udp_dump_files/10.0.0.1_5353--x___etc
1 datagrams of sockets whose addresses are not known are not saved
`)
	for name, want := range map[string]string{"udp_dump_files/10.0.0.1_5353--10.0.0.9_53": "ab\x00cu", "outside": "safe"} {
		b, err := os.ReadFile(name)
		if err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, st.Mode())
		}
	}
	if list, _ := filepath.Glob("*"); !slices.Equal(list, []string{"outside", "udp_dump_files"}) {
		t.Errorf("made %v", list)
	}
}

// A link in the directory does not lead out of it.
func TestUDPExtractLink(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, err := range []error{os.WriteFile("outside", []byte("safe"), 0o600), os.Mkdir("d", 0o700), os.Symlink("../outside", "d/10.0.0.1_5353--10.0.0.9_53")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out := NewOutput(&bytes.Buffer{})
	defer out.Close()
	c, err := makeChisel("udp_extract d", &Env{Out: out, Options: &fields.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Event(udp("10.0.0.9:53", "evil")); err == nil {
		t.Error("followed")
	}
	if b, _ := os.ReadFile("outside"); string(b) != "safe" {
		t.Errorf("outside has %q", b)
	}
}

// More sockets than files may be open, and more datagrams than one for each.
func TestUDPExtractMany(t *testing.T) {
	t.Chdir(t.TempDir())
	var events []*event.Event
	for range 2 {
		for i := range maxUDPOpen + 20 {
			events = append(events, udp(fmt.Sprintf("10.0.0.9:%d", i), "xy"))
		}
	}
	have := said(t, "udp_extract", Env{Format: FormatJSON}, events...)
	if n := strings.Count(have, `,"bytes":4,"datagrams":2,"cut":0}`); n != maxUDPOpen+20 {
		t.Errorf("%d files: %s", n, have)
	}
	if b, err := os.ReadFile("udp_dump_files/10.0.0.1_5353--10.0.0.9_0"); string(b) != "xyxy" {
		t.Errorf("%q, %v", b, err)
	}
}

// Each case is moments of one thread, in ms, and which times are near one within 10 ms.
func TestAroundNear(t *testing.T) {
	a := &around{reach: 10e6, spans: map[int64][]span{}}
	for _, ms := range []uint64{100, 105, 200, 150, 5} {
		if err := a.note(&event.Event{TID: 1, TS: ms * 1e6}); err != nil {
			t.Fatal(err)
		}
	}
	a.order()
	for ms, want := range map[uint64]bool{0: true, 15: true, 16: false, 89: false, 90: true, 112: true, 115: true, 116: false, 139: false, 150: true, 161: false, 210: true, 211: false} {
		if have := a.near(&event.Event{TID: 1, TS: ms * 1e6}); have != want {
			t.Errorf("%d ms: %v", ms, have)
		}
	}
	if a.near(&event.Event{TID: 2, TS: 100e6}) {
		t.Error("another thread is near")
	}
	if n := len(a.spans[1]); n != 4 {
		t.Errorf("%d spans", n)
	}
}

// What chisels ask of the kernel: the data that they show, and no enters.
func TestListDemand(t *testing.T) {
	t.Chdir(t.TempDir())
	for call, want := range map[string]string{
		"echo_fds":           "data=2000",
		"spy_port 80":        "data=2000",
		"stderr":             "data=2000",
		"udp_extract":        "data=65535",
		"iobytes":            "",
		"fileslower 1":       "latency",
		"proc_exec_time":     "procexit",
		"spy_users":          "<chdir <execve <execveat",
		"list_login_shells":  "<execve <execveat",
		"shellshock_detect":  "<execve <execveat",
		"spy_syslog":         "data=2000",
		"around x.scap 1000": "",
	} {
		env := Env{Options: &fields.Options{}, Selected: compile(t, "evt.type=kill"), Read: []string{"/proc/self/exe"}}
		c, err := makeChisel(call, &env)
		if err != nil {
			t.Fatal(err)
		}
		l := &Loop{Chisels: []Chisel{c}}
		have := asked(l.Demand(max(80, l.Payload()), false))
		if !strings.Contains(have, want) || strings.Contains(have, ">") && !strings.HasPrefix(call, "around") {
			t.Errorf("%s: %s", call, have)
		}
		if small := asked(l.Demand(80, false)); strings.Contains(want, "data") && !strings.Contains(small, "data=80") {
			t.Errorf("%s: -s 80 does not rule: %s", call, small)
		}
	}
}

// Words of arguments that sysdig takes, and what they become.
func TestListArgs(t *testing.T) {
	for word, want := range map[string]string{
		"fileslower 10":                    "min_ms=10",
		"fileslower 0.5":                   "min_ms=0.5",
		"fileslower 1 disable_color":       "disable_color=disable_color min_ms=1",
		"fileslower disable_colors 1":      "disable_color=disable_colors min_ms=1",
		"fileslower 1e3":                   "?min_ms is a number of milliseconds",
		"fileslower -1":                    "?min_ms is a number of milliseconds",
		"fileslower .":                     "?min_ms is a number of milliseconds",
		"fileslower 1 red":                 "?disable_color is the word disable_color",
		"list_login_shells *":              "",
		"list_login_shells * x":            "arguments=x",
		"list_login_shells tar *":          "command=tar",
		"spy_users 2 disable_color":        "disable_color=disable_color max_depth=2",
		"spy_logs disable_color":           "disable_color=disable_color",
		"spy_logs a.scap 20 disable_color": "disable_color=disable_color dump_file_name=a.scap dump_range_ms=20",
	} {
		name, rest, _ := strings.Cut(word, " ")
		c, err := NewCatalog(nil).ParseCall(name)
		if err == nil {
			err = c.SetWord(rest)
		}
		var have []string
		for k, v := range c.Args {
			have = append(have, k+"="+v)
		}
		slices.Sort(have)
		msg, bad := strings.CutPrefix(want, "?")
		switch {
		case bad && (err == nil || !strings.Contains(err.Error(), msg)), !bad && err != nil:
			t.Errorf("%s: %v", word, err)
		case !bad && strings.Join(have, " ") != want:
			t.Errorf("%s: %v, want %s", word, have, want)
		}
	}
	for rest, want := range map[string]bool{"": false, "-r f": false, "disable_color": true, "proc.name=cat": false, "proc.name=cat and evt.type=read -n 5 --top 3": false, "evt.rawres=-2": false} {
		c, _ := NewCatalog(nil).ParseCall("echo_fds")
		if have, err := c.TakesWord(strings.Fields(rest)); have != want || err != nil {
			t.Errorf("echo_fds %s: takes the word %v, %v", rest, have, err)
		}
	}
}

// The shells of a live run stay in the list from interval to interval.
func TestTableKeep(t *testing.T) {
	var buf bytes.Buffer
	env := &Env{Out: NewOutput(&buf), Options: &fields.Options{}, Format: FormatCSV}
	c, err := makeChisel("list_login_shells", env)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Event(execve(testShell)); err != nil {
			t.Fatal(err)
		}
		if err := c.(Ticker).Tick(1715679001e9); err != nil {
			t.Fatal(err)
		}
	}
	if err := env.Out.Close(); err != nil {
		t.Fatal(err)
	}
	wantSaid(t, buf.String(), `
time,shell,user,commands,last
2024-05-14T09:30:01.000000000Z,100,,1,bash
2024-05-14T09:30:01.000000000Z,100,,2,bash
`)
}

// Each case is a chisel that is refused, and why.
func TestListSpecErrors(t *testing.T) {
	const head = "name: x\ntitle: x\nkind: KIND\ncolumns:\n  - {field: proc.name, key: true}\n"
	for text, want := range map[string]string{
		"list:colors: [{color: pink, filter: evt.failed=true}]":                           `no color "pink"`,
		"list:colors: [{color: red, filter: evt.faild=true}]":                             `no field "evt.faild"`,
		"table:colors: [{color: red, filter: evt.failed=true}]":                           "only the lines of a list have colours",
		"table:args: [{name: c, kind: nocolor}]":                                          "only the lines of a list have colours",
		"list:args: [{name: a, required: true, without: evt.failed=true}]":                "is never left out",
		"list:args: [{name: a, without: evt.faild=true}]":                                 `no field "evt.faild"`,
		"list:colors: [{color: red, filter: evt.failed=true}]\nargs: [{name: a, any: x}]": "",
	} {
		kind, rest, _ := strings.Cut(text, ":")
		_, err := ParseSpec("x.yaml", []byte(strings.Replace(head, "KIND", kind, 1)+rest+"\n"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
