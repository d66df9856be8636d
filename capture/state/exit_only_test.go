package state

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scry/capture/event"
)

// exitOnly are calls as recorders write them today: the exit has every parameter. With them their enters, which current recorders
// leave out.
var exitOnly = []struct{ enter, exit step }{
	{ev(event.OpenE, "/tmp/a", 1, 0), ev(event.OpenX, 7, "/tmp/a", 1, 0, 8, 9)},
	{ev(event.OpenE, "a", 1, 0), ev(event.OpenX, -2, "a", 1, 0, 0, 0)},
	{ev(event.CreatE, "a", 0), ev(event.CreatX, 7, "a", 0, 8, 9)},
	{ev(event.OpenatV2E, 4, "a", 1, 0), ev(event.OpenatV2X, 7, 4, "a", 1, 0, 8, 9)},
	{ev(event.OpenatV2E, event.AtFDCWD, "a", 1, 0), ev(event.OpenatV2X, 7, event.AtFDCWD, "a", 1, 0, 8, 9)},
	{ev(event.Openat2E, 4, "a", 1, 0, 0), ev(event.Openat2X, 7, 4, "a", 1, 0, 0, 8, 9)},
	{ev(event.CloseE, 3), ev(event.CloseX, 0, 3)},
	{ev(event.CloseE, 33), ev(event.CloseX, -9, 33)},
	{ev(event.ReadE, 3, 10), ev(event.ReadX, 4, []byte("data"), 3, 10)},
	{ev(event.WriteE, 3, 10), ev(event.WriteX, -5, nil, 3, 10)},
	{ev(event.PreadE, 3, 10, 0), ev(event.PreadX, 4, []byte("data"), 3, 10, 0)},
	{ev(event.DupV1E, 3), ev(event.DupV1X, 7, 3)},
	{ev(event.Dup2E, 3), ev(event.Dup2X, 7, 3, 7)},
	{ev(event.Dup3E, 3), ev(event.Dup3X, 7, 3, 7, oCloexec)},
	{ev(event.FcntlE, 3, fDupFD), ev(event.FcntlX, 7, 3, fDupFD, 0)},
	{ev(event.FcntlE, 3, fSetFD), ev(event.FcntlX, 0, 3, fSetFD, fdCloexec)},
	{ev(event.Pipe2E), ev(event.Pipe2X, 0, 7, 8, 55, 0)},
	{ev(event.Eventfd2E, 0), ev(event.Eventfd2X, 7, 0, 0)},
	{ev(event.TimerfdCreateE, 0, 0), ev(event.TimerfdCreateX, 7, 0, 0)},
	{ev(event.Signalfd4E, -1, 0), ev(event.Signalfd4X, 7, 0, -1, 0)},
	{ev(event.InotifyInit1E), ev(event.InotifyInit1X, 7, 0)},
	{ev(event.EpollCreate1E, 0), ev(event.EpollCreate1X, 7, 0)},
	{ev(event.MemfdCreateE), ev(event.MemfdCreateX, 7, "m", 0)},
	{ev(event.CopyFileRangeE, 3, 0, 9), ev(event.CopyFileRangeX, 9, 4, 0, 3, 0, 9)},
	{ev(event.FchdirE, 4), ev(event.FchdirX, 0, 4)},
	{ev(event.ChdirE), ev(event.ChdirX, 0, "sub")},
	{ev(event.SocketE, inet, stream, 0), ev(event.SocketX, 7, inet, stream, 0)},
	{ev(event.BindE, 10), ev(event.BindX, 0, addr("1.2.3.4:80"), 10)},
	{ev(event.ConnectE, 10, addr("10.0.0.2:80")), ev(event.ConnectX, 0, tuple("10.0.0.1:5000", "10.0.0.2:80"), 10, addr("10.0.0.2:80"))},
	{ev(event.ConnectE, 10, addr("10.0.0.2:80")), ev(event.ConnectX, -115, nil, 10, addr("10.0.0.2:80"))},
	{ev(event.ConnectE, 10, addr("10.0.0.2:80")), ev(event.ConnectX, -111, nil, 10, addr("10.0.0.2:80"))},
	{ev(event.AcceptV5E), ev(event.AcceptV5X, 7, tuple("10.0.0.1:5000", "10.0.0.2:80"), 0, 0, 0)},
	{ev(event.SocketpairE, unix, stream, 0), ev(event.SocketpairX, 0, 7, 8, 1, 2, unix, stream, 0)},
	{ev(event.SendtoE, 11, 5, tuple("10.0.0.1:5000", "10.0.0.2:53")), ev(event.SendtoX, 5, nil, 11, 5, tuple("10.0.0.1:5000", "10.0.0.2:53"))},
	{ev(event.RecvfromE, 11, 5), ev(event.RecvfromX, 5, nil, tuple("10.0.0.2:53", "10.0.0.1:5000"), 11, 5)},
	{ev(event.SetuidE, 7), ev(event.SetuidX, 0, 7)},
	{ev(event.SetgidE, 7), ev(event.SetgidX, 0, 7)},
	{ev(event.SetresuidE, 5, 6, 7), ev(event.SetresuidX, 0, 5, 6, 7)},
	{ev(event.SetpgidE, 0, 0), ev(event.SetpgidX, 0, 0, 0)},
	{ev(event.SetrlimitE, rlimitNofile), ev(event.SetrlimitX, 0, 10, 20, rlimitNofile)},
	{ev(event.PrlimitE, 0, rlimitNofile), ev(event.PrlimitX, 0, 10, 20, 0, 0, 0, rlimitNofile)},
	{ev(event.UnshareE, cloneNewUser), ev(event.UnshareX, 0, cloneNewUser)},
	{ev(event.SetnsE, 3, cloneNewUser), ev(event.SetnsX, 0, 3, cloneNewUser)},
	{ev(event.MmapE, 0, 4096, 1, 2, 3, 0), ev(event.MmapX, 0x7f0000000000, 10, 20, 30, 0, 4096, 1, 2, 3, 0)},
	{ev(event.BrkV4E, 0), ev(event.BrkV4X, 0x1000, 10, 20, 30, 0)},
	{ev(event.ExecveV19E, "/usr/bin/cat"), ev(event.ExecveV19X, program(100, 100, 1, nil)...)},
	{ev(event.ExecveatE, 4, "cat", 0), ev(event.ExecveatX, program(100, 100, 1, nil)[:30]...)},
	{ev(event.CloneV20E), ev(event.CloneV20X, birth{child: 200}.parent(100, 100, 1)...)},
	{ev(event.GenericE, 1, 1), ev(event.GenericX, 1, 1)},
	{ev(event.NanosleepE, 5), ev(event.NanosleepX, 0, 5)},
}

// TestExitOnly: the exit alone tells what enter and exit tell together: of the event, at once and in the tables after it.
func TestExitOnly(t *testing.T) {
	type answer struct {
		FD    *event.FD
		Num   int64
		Errno int32
		State *event.Snapshot
	}
	run := func(enter *step, exit step) answer {
		w := newWorld(t, shell())
		w.do(100, event.SocketX, 10, inet, stream, 0)
		w.do(100, event.SocketX, 11, inet, dgram, 0)
		if enter != nil {
			w.do(100, enter.typ, enter.args...)
		} else {
			w.ts += 1000
		}
		e := w.do(100, exit.typ, exit.args...)
		a := answer{Num: e.FDNum, Errno: e.Errno}
		if e.FD != nil {
			fd := *e.FD
			a.FD = &fd
		}
		w.do(100, event.GenericX, 1, 1)
		a.State = w.Snapshot()
		return a
	}
	for _, c := range exitOnly {
		if c.enter.typ+1 != c.exit.typ {
			t.Fatalf("%s after %s", c.exit.typ, c.enter.typ)
		}
		if d := cmp.Diff(run(&c.enter, c.exit), run(nil, c.exit), cmpopts.EquateComparable(addrPort)); d != "" {
			t.Errorf("%s%v, with enter (-) and without (+):\n%s", c.exit.typ, c.exit.args, d)
		}
	}
}

// TestExitOnlyCovers: every call whose enter says what state needs is in the list above, or here with a reason.
func TestExitOnlyCovers(t *testing.T) {
	except := map[event.Type]string{
		event.OpenatE:    "its exit, replaced since, has only the result",
		event.DupE:       "its exit, replaced since, has only the result",
		event.ExecveV18E: "same number as version 19 of today but for parameters that are not state",
		event.EventfdE:   "state takes the result only", event.SignalfdE: "state takes the result only",
		event.InotifyInitE: "state takes the result only",
		event.SendmsgE:     "as sendto", event.SendmmsgE: "its enter is empty", event.SetresgidE: "as setresuid",
		event.GetrlimitE: "as setrlimit", event.LinkatE: "changes no state", event.UnlinkatE: "changes no state",
	}
	for _, typ := range keepEnters {
		listed := slices.ContainsFunc(exitOnly, func(c struct{ enter, exit step }) bool { return c.enter.typ == typ })
		if listed == (except[typ] != "") {
			t.Errorf("%s: in the list %v, excepted %q", typ, listed, except[typ])
		}
	}
}
