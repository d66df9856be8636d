package chisels

import (
	"fmt"
	"io"
	"os"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
)

// BenchmarkTables measures what the table chisels cost: the events of a capture through the whole loop, and through the table alone (after state). It takes
// the capture of `make bench` when that is there.
func BenchmarkTables(b *testing.B) {
	name := "../../shared/captures/sysdig-inspect-502Error.scap"
	data, err := os.ReadFile(name)
	if err != nil {
		if data, err = os.ReadFile("../testdata/threads.scap"); err != nil {
			b.Fatal(err)
		}
	}
	c := NewCatalog(nil)
	for _, x := range []struct{ name, key string }{{"topprocs_cpu", ""}, {"topscalls", ""}, {"topfiles_bytes", ""}, {"fdbytes_by", "fd.name"}, {"fdcount_by", "proc.name"}, {"bottlenecks", ""}} {
		s, err := c.Find(x.name)
		if err != nil {
			b.Fatal(err)
		}
		make1 := func() Chisel {
			env := plainEnv()
			env.Out = NewOutput(io.Discard)
			call := &Call{Spec: s, Args: map[string]string{}}
			if x.key != "" {
				call.Args["key"] = x.key
			}
			ch, err := call.Make(env)
			if err != nil {
				b.Fatal(err)
			}
			return ch
		}
		b.Run(x.name+"/loop", func(b *testing.B) {
			var n uint64
			for b.Loop() {
				l := Loop{Chisels: []Chisel{make1()}, Tables: state.New()}
				if _, err := l.Run(source(b, data)); err != nil {
					b.Fatal(err)
				}
				n += l.Counts.Seen
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
		})
		b.Run(x.name+"/table", func(b *testing.B) {
			var events []*event.Event
			tables := state.New()
			var ev event.Event
			src := source(b, data)
			for src.Next(&ev) == nil && len(events) < 4096 {
				if tables.Apply(&ev); ev.Num > 500 {
					events = append(events, ev.Clone())
				}
			}
			if len(events) == 0 {
				b.Fatal(fmt.Errorf("no events in %s", name))
			}
			ch := make1()
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				ch.Event(events[i%len(events)])
				i++
			}
		})
	}
}
