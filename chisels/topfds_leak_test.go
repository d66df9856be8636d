package chisels

import (
	"bytes"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// Who grows is shown with what became more, from the most; who shrinks, was born with what it has, or is left out by a filter, is not.
func TestTopFDsLeak(t *testing.T) {
	file := func(n int64) event.FD { return event.FD{Num: n, Type: event.FDFileV2, Flags: 1, Name: "/f"} }
	pipe := func(n int64) event.FD { return event.FD{Num: n, Type: event.FDFIFO, Name: "pipe:[1]"} }
	tables := state.New()
	tables.Reset(&event.Snapshot{Threads: []*event.Thread{
		{TID: 10, PID: 10, Comm: "leaks\x1b", FDLimit: 100}, {TID: 20, PID: 20, Comm: "more", FDLimit: -1}, {TID: 30, PID: 30, Comm: "less"}},
		FDs: []event.FDList{{TID: 10, FDs: []event.FD{file(0), pipe(1)}}, {TID: 20, FDs: []event.FD{file(0)}}, {TID: 30, FDs: []event.FD{file(0)}}}})
	for _, c := range []struct{ call, want string }{
		{"topfds_leak", "Growth  Per Minute  Start  Now  Limit  PID  Process    Types\n" +
			"     2       60.00      2    4    100   10  leaks\\x1b  file +3, pipe -1\n     1       30.00      1    2      -   20  more       file +1\n"},
		{"topfds_leak proc.name=more", "Growth  Per Minute  Start  Now  Limit  PID  Process  Types\n     1       30.00      1    2      -   20  more     file +1\n"},
	} {
		var buf bytes.Buffer
		env := &Env{Out: NewOutput(&buf), Tables: tables, Options: &fields.Options{}}
		made, err := makeChisel(c.call, env)
		if err != nil {
			t.Fatal(err)
		}
		leak := made.(*topFDsLeak)
		first := &event.Event{TS: 1e18, Type: event.ReadX, Thread: tables.Thread(10)}
		if _, err := leak.Event(first); err != nil {
			t.Fatal(err)
		}
		more := []event.FD{file(5), file(6), file(7)}
		for i := range more {
			tables.Thread(10).FDs.Set(&more[i])
		}
		other := file(8)
		tables.Thread(20).FDs.Set(&other)
		tables.Thread(10).FDs.Delete(1)
		tables.Thread(30).FDs.Delete(0)
		if err := leak.Pass(&event.Event{TS: 1e18 + 2e9, Type: event.ReadX, Thread: tables.Thread(10)}); err != nil {
			t.Fatal(err)
		}
		if err := leak.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := env.Out.Close(); err != nil {
			t.Fatal(err)
		}
		wantSaid(t, buf.String(), c.want)
		for _, fd := range []int64{5, 6, 7} {
			tables.Thread(10).FDs.Delete(fd)
		}
		tables.Thread(20).FDs.Delete(8)
		restored := pipe(1)
		tables.Thread(10).FDs.Set(&restored)
	}
	leak := &topFDsLeak{starts: map[int64]fdStart{}, Instance: &Instance{Spec: &Spec{}, Env: &Env{Tables: tables}}}
	ev := &event.Event{TS: 1e18, Type: event.ReadX, Thread: tables.Thread(10)}
	if n := testing.AllocsPerRun(100, func() { leak.Pass(ev) }); n != 0 {
		t.Errorf("%v allocations for an event", n)
	}
}
