package chisels

import (
	"io"
	"slices"
	"testing"

	"scry/capture/event"
	"scry/filter/fields"
)

// The slowest calls are those that sorting all of them gives, however many are kept; each has the arguments of both its ends once.
func TestBottlenecks(t *testing.T) {
	s, err := NewCatalog(nil).Find("bottlenecks")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"hello.scap", "web.scap", "threads.scap"} {
		for _, top := range []int{1, 10, AllRows} {
			env := &Env{Options: &fields.Options{NoCut: true}, Out: NewOutput(io.Discard), Top: top}
			c, err := (&Call{Spec: s, Args: map[string]string{}}).Make(env)
			if err != nil {
				t.Fatal(err)
			}
			b := c.(*bottlenecks)
			type call struct{ latency, num uint64 }
			var all []call
			recorded(t, file, func(ev *event.Event) {
				if ev.Type.Dir() == event.Exit && ev.Latency > 0 {
					all = append(all, call{ev.Latency, ev.Num})
				}
				if _, err := b.Event(ev); err != nil {
					t.Fatal(err)
				}
			})
			slices.SortStableFunc(all, func(x, y call) int { return int(y.latency) - int(x.latency) })
			all = all[:min(top, len(all))]
			rows := b.Frame(b.to).Rows
			if len(rows) != len(all) || len(all) == 0 {
				t.Fatalf("%s: %d rows, want %d", file, len(rows), len(all))
			}
			for i, r := range rows {
				if r.Values[0].Num != all[i].latency || r.Values[6].Num != all[i].num && r.Values[5].Num != all[i].num {
					t.Errorf("%s: row %d: %v, want %v", file, i, r.Values, all[i])
				}
			}
		}
	}
}

func TestBottlenecksAllocs(t *testing.T) {
	s, err := NewCatalog(nil).Find("bottlenecks")
	if err != nil {
		t.Fatal(err)
	}
	c, err := (&Call{Spec: s, Args: map[string]string{}}).Make(&Env{Options: &fields.Options{}, Out: NewOutput(io.Discard)})
	if err != nil {
		t.Fatal(err)
	}
	var events []*event.Event
	recorded(t, "threads.scap", func(ev *event.Event) { events = append(events, ev.Clone()) })
	for range 2 { // every thread has room for its enters, and the slowest are found
		for _, ev := range events {
			c.Event(ev)
		}
	}
	i := 0
	if n := testing.AllocsPerRun(5*len(events), func() {
		if ev := events[i%len(events)]; ev.Type != event.ProcexitV1E {
			c.Event(ev)
		}
		i++
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}
