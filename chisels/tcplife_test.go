package chisels

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// lifeWorld gives events to tables and then to tcplife, as the loop does: each a millisecond after the one before.
type lifeWorld struct {
	t      testing.TB
	tables *state.Tables
	life   *tcplife
	buf    bytes.Buffer
	ts     uint64
	ev     event.Event
}

func newLifeWorld(t testing.TB, env Env) *lifeWorld {
	w := &lifeWorld{t: t, tables: state.New(), ts: 1e18}
	w.tables.Reset(&event.Snapshot{Threads: []*event.Thread{
		{TID: 10, PID: 10, PTID: 1, VTID: 10, VPID: 10, Comm: "server", Exe: "server"}, {TID: 20, PID: 20, PTID: 1, VTID: 20, VPID: 20, Comm: "cli\x1bent", Exe: "client"}},
		FDs: []event.FDList{{TID: 20, FDs: []event.FD{{Num: 9, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient,
			Src: netip.MustParseAddrPort("10.0.0.1:999"), Dst: netip.MustParseAddrPort("10.0.0.2:80")}}}}})
	env.Out, env.Tables, env.Options = NewOutput(&w.buf), w.tables, &fields.Options{}
	c, err := makeChisel("tcplife", &env)
	if err != nil {
		t.Fatal(err)
	}
	w.life = c.(*tcplife)
	return w
}

func (w *lifeWorld) do(tid int64, typ event.Type, params ...[]byte) {
	w.ts += 1e6
	w.ev.Num++
	if err := w.ev.Decode(event.Append(nil, w.ts, tid, typ, params...), false); err != nil {
		w.t.Fatal(err)
	}
	w.tables.Apply(&w.ev)
	if _, err := w.life.Event(&w.ev); err != nil {
		w.t.Fatal(err)
	}
}

// lines are what was printed, without header and times of the day.
func (w *lifeWorld) lines() string {
	w.t.Helper()
	if err := w.life.Finish(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.life.Out.Close(); err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(w.buf.String()), "\n") {
		if i > 0 {
			b.WriteString(strings.Join(strings.Fields(line)[2:], " ") + "\n")
		}
	}
	return b.String()
}

func lifeTuple(src, dst string) []byte {
	b := []byte{event.AFInet}
	for _, s := range []string{src, dst} {
		a := netip.MustParseAddrPort(s)
		b = append(b, a.Addr().AsSlice()...)
		b = binary.LittleEndian.AppendUint16(b, a.Port())
	}
	return b
}

func (w *lifeWorld) socket(tid, fd int64) {
	four := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	w.do(tid, event.SocketX, le64(fd), four(2), four(1), four(0))
}

func (w *lifeWorld) connect(tid, fd, res int64, port int) {
	w.do(tid, event.ConnectX, le64(res), lifeTuple(fmt.Sprintf("10.0.0.1:%d", port), "10.0.0.2:80"), le64(fd), nil)
}

func (w *lifeWorld) accept(tid, fd int64, port int) {
	w.do(tid, event.AcceptV5X, le64(fd), lifeTuple(fmt.Sprintf("10.0.0.1:%d", port), "10.0.0.2:80"), []byte{0}, make([]byte, 4), make([]byte, 4))
}

func (w *lifeWorld) moves(tid, fd int64, typ event.Type, n int64) {
	w.do(tid, typ, le64(n), nil, le64(fd), make([]byte, 4))
}

func (w *lifeWorld) closes(tid, fd int64) {
	w.do(tid, event.CloseE, le64(fd))
	w.do(tid, event.CloseX, le64(0), le64(fd))
}

func (w *lifeWorld) exits(tid int64) {
	w.do(tid, event.ProcexitV1E, le64(0), le64(0), []byte{0}, []byte{0}, le64(1))
}

// fork makes child a copy of tid; both sides of the call are seen.
func (w *lifeWorld) fork(tid, child int64) {
	side := func(who, res int64, comm string) {
		w.do(who, event.CloneV20X, le64(res), []byte("x\x00"), nil, le64(who), le64(who), le64(1), []byte("/\x00"), le64(1024), le64(0), le64(0), make([]byte, 4), make([]byte, 4),
			make([]byte, 4), []byte(comm+"\x00"), []byte("\x00"), make([]byte, 4), make([]byte, 4), make([]byte, 4), le64(who), le64(who), le64(0))
	}
	side(tid, child, "server")
	w.do(child, event.CloneV20X, le64(0), []byte("x\x00"), nil, le64(child), le64(child), le64(tid), []byte("/\x00"), le64(1024), le64(0), le64(0), make([]byte, 4), make([]byte, 4),
		make([]byte, 4), []byte("worker\x00"), []byte("\x00"), make([]byte, 4), make([]byte, 4), make([]byte, 4), le64(child), le64(child), le64(0))
}

// A connection ends when the last process lets it go, however it came by it.
func TestTCPLife(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps func(w *lifeWorld)
		want  string
	}{
		{"both ends", func(w *lifeWorld) {
			w.socket(20, 3)
			w.connect(20, 3, 0, 1000)
			w.accept(10, 4, 1000)
			w.moves(20, 3, event.WriteX, 100)
			w.moves(10, 4, event.ReadX, 60)
			w.moves(10, 4, event.ReadX, 40)
			w.moves(10, 4, event.SendfileX, -11)
			w.closes(10, 4)
			w.closes(20, 3)
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 100B 6.00ms closed\n20 cli\\x1bent out 10.0.0.1:1000 10.0.0.2:80 100B 0B 9.00ms closed\n"},
		{"still open", func(w *lifeWorld) { w.accept(10, 4, 1000) }, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 0B 0ns open\n"},
		{"refused", func(w *lifeWorld) {
			w.socket(20, 3)
			w.connect(20, 3, -111, 1000)
			w.closes(20, 3)
		}, ""},
		{"in progress and given up", func(w *lifeWorld) {
			w.socket(20, 3)
			w.connect(20, 3, -115, 1000)
			w.closes(20, 3)
		}, ""},
		{"in progress and then there", func(w *lifeWorld) {
			w.socket(20, 3)
			w.connect(20, 3, -115, 1000)
			w.moves(20, 3, event.WriteX, 7)
			w.closes(20, 3)
		}, "20 cli\\x1bent out 10.0.0.1:1000 10.0.0.2:80 7B 0B 3.00ms closed\n"},
		{"a worker", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.fork(10, 11)
			w.closes(10, 4)
			w.moves(11, 4, event.ReadX, 5)
			w.moves(11, 4, event.WriteX, 6)
			w.exits(11)
		}, "11 server in 10.0.0.2:80 10.0.0.1:1000 6B 5B 7.00ms closed\n"},
		{"a copy", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.do(10, event.Dup2X, le64(0), le64(4), le64(0))
			w.closes(10, 4)
			w.moves(10, 0, event.ReadX, 5)
			w.closes(10, 0)
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 5B 6.00ms closed\n"},
		{"replaced by another descriptor", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.accept(10, 5, 1001)
			w.do(10, event.Dup2X, le64(4), le64(5), le64(4))
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 0B 2.00ms closed\n10 server in 10.0.0.2:80 10.0.0.1:1001 0B 0B 1.00ms open\n"},
		{"range of descriptors", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.do(10, event.CloseRangeX, le64(0), le64(3)[:4], le64(9)[:4], make([]byte, 4))
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 0B 1.00ms closed\n"},
		{"the same addresses again", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.accept(10, 5, 1000)
			w.moves(10, 5, event.ReadX, 5)
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 0B 1.00ms closed\n10 server in 10.0.0.2:80 10.0.0.1:1000 0B 5B 1.00ms open\n"},
		{"from before", func(w *lifeWorld) {
			w.moves(20, 9, event.ReadX, 3)
			w.closes(20, 9)
		}, "20 cli\\x1bent out 10.0.0.1:999 10.0.0.2:80 0B 3B - closed\n"},
		{"from before and idle", func(w *lifeWorld) { w.socket(20, 3) }, ""},
		{"killed", func(w *lifeWorld) {
			w.accept(10, 4, 1000)
			w.exits(10)
		}, "10 server in 10.0.0.2:80 10.0.0.1:1000 0B 0B 1.00ms closed\n"},
	} {
		w := newLifeWorld(t, Env{})
		c.steps(w)
		if have := w.lines(); have != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, have, c.want)
		}
		if len(w.life.holders) != 0 || len(w.life.lives) != 0 {
			t.Errorf("%s: %d connections, %d tables are left", c.name, len(w.life.lives), len(w.life.holders))
		}
	}
}

// A filter says which connections are shown; what it leaves out counts all the same.
func TestTCPLifeFilter(t *testing.T) {
	for text, want := range map[string]string{
		"proc.name=server":    "10 server in 10.0.0.2:80 10.0.0.1:1000 8B 5B 3.00ms closed\n",
		"evt.is_io_read=true": "10 server in 10.0.0.2:80 10.0.0.1:1000 8B 5B 3.00ms closed\n",
		"fd.sport=81":         "",
	} {
		f := compile(t, text)
		w := newLifeWorld(t, Env{Selected: f})
		w.accept(10, 4, 1000)
		step := func(typ event.Type, params ...[]byte) {
			w.ts += 1e6
			if err := w.ev.Decode(event.Append(nil, w.ts, 10, typ, params...), false); err != nil {
				t.Fatal(err)
			}
			w.tables.Apply(&w.ev)
			var err error
			if f.Match(&w.ev) {
				_, err = w.life.Event(&w.ev)
			} else {
				err = w.life.Pass(&w.ev)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w.life.lives[tcpKeyOf(w.tables.Thread(10).FDs.Get(4))].selected = false
		step(event.ReadX, le64(5), nil, le64(4), make([]byte, 4))
		step(event.WriteX, le64(8), nil, le64(4), make([]byte, 4))
		step(event.CloseX, le64(0), le64(4))
		if have := w.lines(); have != want {
			t.Errorf("%s:\n%swant\n%s", text, have, want)
		}
	}
}

func TestTCPLifeAllocs(t *testing.T) {
	w := newLifeWorld(t, Env{})
	w.accept(10, 4, 1000)
	if err := w.ev.Decode(event.Append(nil, w.ts, 10, event.ReadX, le64(5), nil, le64(4), make([]byte, 4)), false); err != nil {
		t.Fatal(err)
	}
	w.tables.Apply(&w.ev)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := w.life.Event(&w.ev); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
