package chisels

import (
	"strconv"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// manyThreads are the tables of a machine with n processes.
func manyThreads(n int) *state.Tables {
	s := &event.Snapshot{}
	for i := range n {
		pid := int64(i + 1)
		s.Threads = append(s.Threads, &event.Thread{TID: pid, PID: pid, PTID: 1 + pid/10, Comm: "proc" + strconv.Itoa(i%97), Exe: "/usr/bin/proc", Args: "-n\x00" + strconv.Itoa(i) + "\x00", VMSize: uint32(i * 10), VMRSS: uint32(i % 1000)})
	}
	t := state.New()
	t.Reset(s)
	return t
}

// BenchmarkRefresh measures what a refresh of a screen costs: the result of 10,000 processes in 12 columns, and the same rows sorted by another column. Its limit is
// 50 ms.
func BenchmarkRefresh(b *testing.B) {
	tables := manyThreads(10_000)
	for _, name := range []string{"procs", "ptree"} {
		s, err := NewCatalog(nil).View(name)
		if err != nil {
			b.Fatal(err)
		}
		env := &Env{Options: &fields.Options{}, Tables: tables, Containers: true}
		v, err := OpenView(s, env, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/result", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f := v.Result(1e9); len(f.Rows) != 10_000 {
					b.Fatal(len(f.Rows))
				}
			}
		})
		f := v.Peek(1e9)
		b.Run(name+"/sort", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				f.Sorted(len(f.Columns)-1-i%2, true)
			}
		})
	}
}

// BenchmarkViewEvent measures what an event costs in a view.
func BenchmarkViewEvent(b *testing.B) {
	for _, name := range []string{"procs", "connections", "files", "syscalls", "latencies", "spectro_all"} {
		b.Run(name, func(b *testing.B) {
			v := openView(b, name, false)
			events := steady(b)
			for _, ev := range events {
				v.Event(ev)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				v.Event(events[i%len(events)])
				i++
			}
		})
	}
}

func openView(t testing.TB, name string, pc bool) Viewer {
	t.Helper()
	s, err := NewCatalog(nil).View(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := OpenView(s, &Env{Options: &fields.Options{}, Containers: pc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// steady are events of a capture, with their state.
func steady(t testing.TB) []*event.Event {
	var out []*event.Event
	recorded(t, "shell.scap", func(ev *event.Event) {
		if len(out) < 4096 {
			out = append(out, ev.Clone())
		}
	})
	return out
}

// TestViewAllocs: an event for a row that is there allocates nothing.
func TestViewAllocs(t *testing.T) {
	events := steady(t)
	for _, name := range []string{"procs", "procs_cpu", "threads", "containers", "connections", "files", "directories", "syscalls", "errors", "io_by_type", "latencies", "spectro_all"} {
		v := openView(t, name, true)
		for _, ev := range events {
			v.Event(ev)
		}
		texts := func() { // texts that differ from event to event are copied: count what is left
			for _, ev := range events {
				v.Event(ev)
			}
		}
		if n := testing.AllocsPerRun(1, texts) / float64(len(events)); n > 0.1 {
			t.Errorf("%s: %.2f allocations for each event", name, n)
		}
	}
}
