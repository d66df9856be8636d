package state

import (
	"testing"

	"scry/capture/event"
)

// TestLatency: an exit's latency is the time since its enter, 0 when that was not seen. Columns: time in µs, thread, type, descriptor
// (0: none), latency in µs.
func TestLatency(t *testing.T) {
	const readE, readX, writeE, writeX = event.ReadE, event.ReadX, event.WriteE, event.WriteX
	type row struct {
		at   uint64
		tid  int64
		typ  event.Type
		fd   int
		want uint64
	}
	cases := map[string][]row{
		"pair":               {{10, 100, readE, 3, 0}, {15, 100, readX, 3, 5}},
		"exit only":          {{10, 100, readX, 3, 0}},
		"exit twice":         {{10, 100, readE, 3, 0}, {15, 100, readX, 3, 5}, {17, 100, readX, 4, 0}},
		"enter twice":        {{10, 100, readE, 3, 0}, {12, 100, readE, 4, 0}, {15, 100, readX, 4, 3}},
		"other exit":         {{10, 100, readE, 3, 0}, {15, 100, writeX, 4, 0}},
		"another thread":     {{10, 100, readE, 3, 0}, {11, 101, readE, 4, 0}, {12, 101, readX, 4, 1}, {15, 100, readX, 3, 5}},
		"exit elsewhere":     {{10, 100, readE, 3, 0}, {15, 101, readX, 4, 0}, {16, 100, readX, 3, 6}},
		"nested":             {{10, 100, readE, 3, 0}, {12, 100, writeE, 4, 0}, {13, 100, writeX, 4, 1}, {20, 100, readX, 3, 10}},
		"inner exit lost":    {{10, 100, readE, 3, 0}, {12, 100, writeE, 4, 0}, {20, 100, readX, 3, 10}, {21, 100, writeX, 5, 0}},
		"two exits lost":     {{10, 100, readE, 3, 0}, {12, 100, writeE, 4, 0}, {13, 100, event.PreadE, 5, 0}, {20, 100, readX, 3, 10}},
		"too deep":           {{10, 100, readE, 3, 0}, {11, 100, writeE, 4, 0}, {12, 100, writeE, 4, 0}, {13, 100, writeE, 4, 0}, {20, 100, readX, 5, 0}},
		"switch in between":  {{10, 100, readE, 3, 0}, {12, 100, event.SchedswitchV6E, 0, 0}, {15, 100, readX, 3, 5}},
		"time goes back":     {{10, 100, readE, 3, 0}, {5, 100, readX, 3, 0}},
		"unknown descriptor": {{10, 100, readE, 66, 0}, {15, 100, readX, 66, 5}},
	}
	for name, rows := range cases {
		w := newWorld(t, shell())
		for i, r := range rows {
			w.ts = 1e18 + r.at*1000 - 1000
			var ev *event.Event
			switch {
			case r.fd == 0:
				ev = w.do(r.tid, r.typ, 1)
			case r.typ.Dir() == event.Enter:
				ev = w.do(r.tid, r.typ, r.fd, 100)
			case r.want == 0:
				ev = w.do(r.tid, r.typ, 1, nil, r.fd, 100)
			default: // an old exit: the enter tells the descriptor
				ev = w.do(r.tid, r.typ, 1, nil)
			}
			if ev.Latency != r.want*1000 {
				t.Errorf("%s, event %d: latency %d, want %d", name, i, ev.Latency, r.want*1000)
			}
			if r.fd != 0 && ev.FDNum != int64(r.fd) || (ev.FD != nil) != (r.fd >= 3 && r.fd <= 5) {
				t.Errorf("%s, event %d: descriptor %d (%v), want %d", name, i, ev.FDNum, ev.FD, r.fd)
			}
		}
	}
}

// TestEnterOfInnerCall: the kept enter of a call inside another one does not speak for the outer one.
func TestEnterOfInnerCall(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.OpenE, "/outer", 1, 0)
	w.do(100, event.OpenE, "/inner", 1, 0)
	if ev := w.do(100, event.OpenX, 7, "/inner", 1, 0, 0, 0); len(ev.Enter) == 0 {
		t.Errorf("the enter was not kept")
	}
	ev := w.do(100, event.OpenX, 8, "/outer", 1, 0, 0, 0)
	if a, b := w.fd(100, 7).Name, w.fd(100, 8).Name; a != "/inner" || b != "/outer" || ev.Enter != nil || ev.Latency != 3000 {
		t.Errorf("%s, %s, enter %x, latency %d", a, b, ev.Enter, ev.Latency)
	}
}

// TestErrno: a negative result is an error number, a pointer is not.
func TestErrno(t *testing.T) {
	for res, want := range map[int]int32{0: 0, 5: 0, -1: 1, -4095: 4095, -4096: 0} {
		w := newWorld(t, shell())
		if ev := w.do(100, event.ReadX, res, nil, 3, 1); ev.Errno != want {
			t.Errorf("%d: errno %d", res, ev.Errno)
		}
	}
	w := newWorld(t, shell())
	if ev := w.do(100, event.ReadE, -5, 1); ev.Errno != 0 {
		t.Errorf("an enter has errno %d", ev.Errno)
	}
}
