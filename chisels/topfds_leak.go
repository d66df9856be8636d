package chisels

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

func init() { makers["topfds_leak"] = newTopFDsLeak }

// maxLeaks bounds the processes that are watched.
const maxLeaks = 1 << 16

// topFDsLeak shows whose descriptors become more: the tables know how many there are, so nothing is missed and nothing is counted twice. What a process has
// when it is seen first is its start: at the beginning of the run, or with its first event.
type topFDsLeak struct {
	*Instance
	printer Printer
	columns []*ColumnSpec
	starts  map[int64]fdStart
	ready   bool
	first   uint64
	last    uint64
}

// fdCounts are descriptors by type.
type fdCounts [event.NumFDTypes]int32

// fdStart is what a process had when it was seen first.
type fdStart struct {
	birth  uint64 // of the process: another one may have its number later
	ts     uint64
	counts fdCounts
}

func newTopFDsLeak(in *Instance) (Chisel, error) {
	t := &topFDsLeak{Instance: in, printer: Printer{Env: in.Env}, starts: map[int64]fdStart{}}
	for _, c := range []*ColumnSpec{{Name: "growth", Title: "Growth", Unit: "count"}, {Name: "rate", Title: "Per Minute", Unit: "count"}, {Name: "start", Title: "Start", Unit: "count"},
		{Name: "now", Title: "Now", Unit: "count"}, {Name: "limit", Title: "Limit", Unit: "count"}, {Name: "pid", Title: "PID", Unit: "id", Key: true}, {Name: "process", Title: "Process"},
		{Name: "container", Title: "Container", With: "containers"}, {Name: "types", Title: "Types"}} {
		if c.With == "" || in.Containers {
			t.columns = append(t.columns, c)
		}
	}
	return t, nil
}

// Demand is nothing: what moves descriptors is always there.
func (t *topFDsLeak) Demand() capture.Demand { return demandOf(event.TypeSet{}, 0) }

// Event takes an event that passed the filter: of its process, when it was not known, the start.
func (t *topFDsLeak) Event(ev *event.Event) (bool, error) { return true, t.Pass(ev) }

// Pass takes the others: descriptors do not depend on the filter, which selects processes. hot: no allocation for known processes
func (t *topFDsLeak) Pass(ev *event.Event) error {
	if event.WrittenLate.Has(ev.Type) {
		return nil
	}
	t.last = max(t.last, ev.TS)
	if !t.ready {
		t.begin(ev.TS)
	}
	if th := ev.Thread; th != nil && !th.Invalid && ev.Type != event.ProcexitE && ev.Type != event.ProcexitV1E {
		if s, ok := t.starts[th.PID]; !ok || s.birth != th.Start && th.Start != 0 {
			t.start(th, ev.TS)
		}
	}
	return nil
}

// begin notes what all processes have.
func (t *topFDsLeak) begin(ts uint64) {
	t.ready, t.first = true, ts
	if t.Tables == nil {
		return
	}
	t.Tables.Each(func(th *event.Thread) {
		if th.Main && !th.Invalid && !th.Dead {
			t.start(th, ts)
		}
	})
}

func (t *topFDsLeak) start(th *event.Thread, ts uint64) {
	if len(t.starts) >= maxLeaks {
		t.forget()
		if len(t.starts) >= maxLeaks {
			return
		}
	}
	t.starts[th.PID] = fdStart{th.Start, ts, countFDs(th.FDs)}
}

// forget drops the processes that have ended.
func (t *topFDsLeak) forget() {
	for pid := range t.starts {
		if t.Tables == nil || t.Tables.Thread(pid) == nil {
			delete(t.starts, pid)
		}
	}
}

func countFDs(table *event.FDTable) (c fdCounts) {
	for fd := range table.All() {
		if !fd.Closing && fd.Type < event.NumFDTypes {
			c[fd.Type]++
		}
	}
	return c
}

func (c *fdCounts) sum() (n int32) {
	for _, k := range c {
		n += k
	}
	return n
}

// Frame is the processes with more descriptors than at their start.
func (t *topFDsLeak) Frame(to uint64) *Frame {
	f := &Frame{Spec: t.Spec, Columns: t.columns, From: t.first, To: to, Total: Row{Values: make([]fields.Value, len(t.columns))}}
	if t.Tables == nil {
		return f
	}
	each(t.Tables, "threads", to, func(ev *event.Event) {
		th := ev.Thread
		s, ok := t.starts[th.PID]
		if !th.Main || !ok || !t.selects(ev) {
			return
		}
		now := countFDs(th.FDs)
		if grown := now.sum() - s.counts.sum(); grown > 0 {
			f.Rows = append(f.Rows, t.row(th, &s, &now, grown, to))
		}
	})
	f.sort(0, true)
	return f
}

// selects asks the filters about a process.
func (t *topFDsLeak) selects(ev *event.Event) bool {
	return t.take(ev) && (t.Selected == nil || t.Selected.Match(ev))
}

func (t *topFDsLeak) row(th *event.Thread, s *fdStart, now *fdCounts, grown int32, to uint64) Row {
	var rate, limit fields.Value
	if to >= s.ts+1e9 { // of less time a rate says nothing
		rate = fields.Value{Type: fields.Float, Num: math.Float64bits(float64(grown) / (float64(to-s.ts) / 60e9))}
	}
	if th.FDLimit >= 0 {
		limit = intOf(th.FDLimit)
	}
	values := []fields.Value{intOf(int64(grown)), rate, intOf(int64(s.counts.sum())), intOf(int64(now.sum())), limit, intOf(th.PID), textOf(th.Comm)}
	if t.Containers {
		name := "host"
		if th.Container != nil {
			name = th.Container.Name
		}
		values = append(values, textOf(name))
	}
	return Row{Values: append(values, textOf(growthText(&s.counts, now)))}
}

// growthText says which types became more, and which fewer: "ipv4 +12, file +3, pipe -2".
func growthText(start, now *fdCounts) string {
	by := map[string]int32{} // a type may have several codes
	for i := range now {
		name := event.FDType(i).String()
		if name == "" {
			name = "other"
		}
		by[name] += now[i] - start[i]
	}
	var names []string
	for name, n := range by {
		if n != 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %+d", name, by[name]))
	}
	return strings.Join(parts, ", ")
}

// Tick prints how things stand: each time since the start.
func (t *topFDsLeak) Tick(ts uint64) error {
	t.forget()
	return t.printer.Print(t.Frame(ts))
}

// Flush hands over what was printed.
func (t *topFDsLeak) Flush() error { return t.Out.Flush() }

// Finish prints how things stand at the end.
func (t *topFDsLeak) Finish() error {
	if err := t.Tick(t.last); err != nil {
		return err
	}
	return t.Flush()
}
