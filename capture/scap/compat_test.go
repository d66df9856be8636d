package scap

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

// TestCompatTables checks the rules of the tables against the schema.
func TestCompatTables(t *testing.T) {
	check := func(exit, to event.Type, from []int8, source event.Type) {
		if len(from) > len(to.Schema().Params) {
			t.Errorf("%s: %d parameters for %s", exit, len(from), to)
		}
		for _, k := range from {
			if int(k) >= len(source.Schema().Params) {
				t.Errorf("%s: no parameter %d", source, k)
			}
		}
	}
	for i := range enterRows {
		typ := event.Type(i)
		if enterRows[i].from != nil {
			if typ.Dir() != event.Exit {
				t.Errorf("%s is no exit", typ)
			}
			check(typ, typ-1, enterRows[i].from, typ)
		}
	}
	for typ, r := range remaps {
		if typ < firstNew || r.to >= firstNew || typ.Dir() != r.to.Dir() || (typ.Dir() == event.Exit) != (r.enter != nil) {
			t.Errorf("%s → %s", typ, r.to)
		}
		check(typ, r.to, r.from, typ)
		if r.enter != nil {
			check(typ, r.to-1, r.enter, typ)
		}
	}
}

// num is a parameter of n bytes.
func num(v int64, n int) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(v))[:n]
}

func text(s string) []byte { return append([]byte(s), 0) }

// build makes a plain capture of V2 records.
func build(t testing.TB, o WriterOptions, s *event.Snapshot, recs ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, o)
	if err := w.Start(s); err != nil {
		t.Fatal(err)
	}
	var ev event.Event
	for _, rec := range recs {
		if err := ev.Decode(rec, false); err != nil {
			t.Fatal(err)
		}
		if err := w.Event(&ev, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// exitOnly are the records of a thread as a recorder of the current schema writes them.
func exitOnly() [][]byte {
	const ts, tid = 1700000000000000000, 42
	x := func(i int, typ event.Type, p ...[]byte) []byte {
		return event.Append(nil, ts+uint64(i)*1000, tid, typ, p...)
	}
	return [][]byte{
		x(1, event.ReadX, num(3, 8), []byte("abc"), num(0, 8), num(100, 4)),
		x(2, event.OpenatV2X, num(7, 8), num(-100, 8), text("/etc/passwd"), num(1, 4), num(0, 4), num(5, 4), num(6, 8)),
		x(3, event.Dup3X, num(9, 8), num(7, 8), num(9, 8), num(0, 4)),
		x(4, event.WriteX, num(2, 8), []byte("xy"), num(9, 8), num(2, 4)),
		x(5, event.Pipe2X, num(0, 8), num(10, 8), num(11, 8), num(77, 8), num(0, 4)),
		x(6, event.CloseX, num(0, 8), num(10, 8)),
		x(7, event.BpfV2X, num(-1, 8), num(0, 4)),
		x(8, event.GenericX, num(334, 2), num(334, 2)),
		x(9, event.GenericX, num(100, 2), num(100, 2)),
		x(10, event.AsynceventE, num(0, 4), text("container"), text(`{"container":{"id":"abcdefabcdef","type":0,"name":"web","image":"nginx"}}`)),
		x(11, event.EpollCreate1X, num(12, 8), num(0, 4)),
		x(12, event.Accept4V6X, num(13, 8), nil, num(0, 1), num(0, 4), num(128, 4), num(0, 4)),
	}
}

func machine() *event.Snapshot {
	return &event.Snapshot{
		Machine: &event.Machine{CPUs: 2, Hostname: "box"},
		Threads: []*event.Thread{{TID: 42, PID: 42, PTID: 1, VTID: 42, VPID: 42, Comm: "prog", Exe: "/bin/prog", Cwd: "/tmp/", LoginUID: 1000, FDLimit: 1024}},
		FDs: []event.FDList{{TID: 42, FDs: []event.FD{
			{Num: 0, Type: event.FDFileV2, Name: "/dev/null", Flags: 1}, {Num: 20, Type: event.FDPIDFD, Name: "pid"}, {Num: 21, Type: event.FDMemFD, Name: "mem"},
		}}},
	}
}

func TestCompatExitOnly(t *testing.T) {
	data := build(t, WriterOptions{Compat: true}, machine(), exitOnly()...)
	r, err := NewReader(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	var ev event.Event
	for {
		if err = r.Next(&ev); err != nil {
			break
		}
		got = append(got, ev.Type.String())
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	want := ">read#6 <read#7 >openat#306 <openat#307 >dup#124 <dup#125 >write#8 <write#9 >pipe#60 <pipe#61 >close#4 <close#5 >bpf#296 " +
		"<bpf#297 >syscall#0 <syscall#1 >container#324 <epoll_create1#377 >accept#248 <accept#249"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestSysdigExitOnly lets sysdig 0.29.3 read what it knows no enters of.
func TestSysdigExitOnly(t *testing.T) {
	needSysdig(t)
	file := filepath.Join(t.TempDir(), "x.scap")
	if err := os.WriteFile(file, build(t, WriterOptions{Compat: true}, machine(), exitOnly()...), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sysdigLines(t, file, "*%evt.num %proc.name %evt.dir %evt.type %evt.args|%fd.name|%user.loginuid|%container.name")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 prog > read fd=0(<f>/dev/null) size=100 |/dev/null|1000|host",
		"2 prog < read res=3 data=abc |/dev/null|1000|host",
		"3 prog > openat dirfd=-100(AT_FDCWD) name=/etc/passwd flags=1(O_RDONLY) mode=0 |<NA>|1000|host",
		"4 prog < openat fd=7(<f>/etc/passwd) dirfd=-100(AT_FDCWD) name=/etc/passwd flags=1(O_RDONLY) mode=0 dev=5 |/etc/passwd|1000|host",
		"5 prog > dup fd=7(<f>/etc/passwd) |/etc/passwd|1000|host",
		"6 prog < dup res=9(<f>/etc/passwd) |/etc/passwd|1000|host",
		"7 prog > write fd=9(<f>/etc/passwd) size=2 |/etc/passwd|1000|host",
		"8 prog < write res=2 data=xy |/etc/passwd|1000|host",
		"9 prog > pipe |<NA>|1000|host",
		"10 prog < pipe res=0 fd1=10(<p>) fd2=11(<p>) ino=77 ||1000|host",
		"11 prog > close fd=10(<p>) ||1000|host",
		"12 prog < close res=0 ||1000|host",
		"13 prog > bpf cmd=0 |<NA>|1000|host",
		"14 prog < bpf res_or_fd=-1(EPERM) ||1000|host",
		"15 prog > sched_get_priority_max |<NA>|1000|host",
		"16 prog < sched_get_priority_max |<NA>|1000|host",
		`17 container:abcdefabcdef > container json={"container":{"id":"abcdefabcdef","type":0,"name":"web","image":"nginx"}} |<NA>|0|web`,
		"18 prog > accept flags=0 |<NA>|1000|host",
		"19 prog < accept fd=13 tuple=NULL queuepct=0 queuelen=0 queuemax=128 |NULL|1000|host",
	}
	if d := cmp.Diff(want, strings.Split(strings.TrimSpace(got), "\n")); d != "" {
		t.Error(d)
	}
}
