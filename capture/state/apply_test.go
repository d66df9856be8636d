package state

import (
	"testing"

	"scry/capture/event"
)

// hot are the events that a capture mostly consists of.
var hot = map[string][]step{
	"read":   {ev(event.ReadE, 3, 100), ev(event.ReadX, 4, []byte("data"), 3, 100)},
	"write":  {ev(event.WriteX, 4, []byte("data"), 7, 100)},
	"switch": {ev(event.SchedswitchV6E, 101, 1, 2, 3, 4, 5)},
	"other":  {ev(event.GenericE, 1, 1), ev(event.GenericX, 1, 1)},
	"open":   {ev(event.OpenatV2E, 4, "a", 1, 0), ev(event.OpenatV2X, 9, 4, "a", 1, 0, 8, 9), ev(event.CloseE, 9), ev(event.CloseX, 0, 9)},
	"socket": {ev(event.SendtoX, 4, []byte("data"), 8, 4, tuple("10.0.0.1:5", "10.0.0.2:53"))},
	"failed": {ev(event.OpenatV2X, -2, 4, "a", 1, 0, 0, 0), ev(event.ConnectX, -111, nil, 7)},
	"memory": {ev(event.MmapX, 4096, 10, 20, 30, 0, 4096, 1, 2, 3, 0)},
}

// warm is a world with sockets, and the records of some steps, alternately of two threads.
func warm(t testing.TB, steps []step) (*world, [][]byte) {
	w := newWorld(t, shell())
	w.do(100, event.SocketX, 7, inet, stream, 0)
	w.do(100, event.SocketX, 8, inet, dgram, 0)
	var recs [][]byte
	for _, tid := range []int64{100, 101} {
		for _, s := range steps {
			recs = append(recs, rec(w.ts+1, tid, s.typ, s.args...))
		}
	}
	return w, recs
}

func (w *world) play(recs [][]byte) {
	for _, r := range recs {
		if err := w.ev.Decode(r, false); err != nil {
			w.t.Fatal(err)
		}
		w.Apply(&w.ev)
	}
}

// TestApplyAllocs: applying the common events allocates nothing.
func TestApplyAllocs(t *testing.T) {
	for name, steps := range hot {
		w, recs := warm(t, steps)
		w.play(recs)
		if n := testing.AllocsPerRun(100, func() { w.play(recs) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkApply is per event.
func BenchmarkApply(b *testing.B) {
	for name, steps := range hot {
		b.Run(name, func(b *testing.B) {
			w, recs := warm(b, steps)
			w.play(recs)
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(recs) {
				w.play(recs)
			}
		})
	}
}
