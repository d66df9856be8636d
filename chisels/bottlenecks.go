package chisels

import (
	"bytes"
	"container/heap"
	"slices"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

func init() { makers["bottlenecks"] = newBottlenecks }

// Bounds on what is kept of calls under way.
const (
	maxCalls     = 1 << 16 // threads
	maxEnterSize = 4 << 10 // bytes of an enter
	argsPayload  = 80      // bytes of a buffer that the arguments show
)

// bottlenecks keeps the slowest calls. Only what gets among them is ever formatted; of calls under way it has the record of the enter.
type bottlenecks struct {
	*Instance
	printer Printer
	options fields.Options // of arguments
	most    int            // calls that are kept
	slow    slowCalls
	under   map[int64]*enterRecord // by thread
	last    *enterRecord           // of the thread lastTID
	lastTID int64
	line    []byte
	events  uint64
	from    uint64
	to      uint64
	ticked  bool
}

// enterRecord is the enter of the call that a thread is in.
type enterRecord struct {
	num  uint64 // of the event; 0: none
	code event.Type
	raw  []byte
}

// slowCall is one of the slowest calls, with the values of its columns.
type slowCall struct {
	latency, num uint64
	values       []fields.Value
}

// slowCalls is a heap: the first one is that which has to go first.
type slowCalls []slowCall

func (s slowCalls) Len() int      { return len(s) }
func (s slowCalls) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s slowCalls) Less(i, j int) bool {
	return s[i].latency < s[j].latency || s[i].latency == s[j].latency && s[i].num > s[j].num
}
func (s *slowCalls) Push(x any) { *s = append(*s, x.(slowCall)) }
func (s *slowCalls) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

func newBottlenecks(in *Instance) (Chisel, error) {
	b := &bottlenecks{Instance: in, printer: Printer{Env: in.Env}, most: in.Limit, under: map[int64]*enterRecord{}}
	if in.Top > 0 {
		b.most = min(in.Top, MaxRows)
	}
	if in.Options != nil {
		b.options = *in.Options
	}
	b.options.NoCut = false
	return b, nil
}

// Demand is that of the columns, with as much of each buffer as the arguments show.
func (b *bottlenecks) Demand() capture.Demand {
	d := b.Instance.Demand()
	for t := range d.Types.All() {
		if t.Dir() == event.Exit {
			d.Types.Add(t - 1)
		}
	}
	d.Calls[event.Enter] = d.Calls[event.Exit]
	d.Payload = argsPayload
	return d
}

// Event notes an enter, or looks how long a call took. hot: no allocation for calls that are not among the slowest
func (b *bottlenecks) Event(ev *event.Event) (bool, error) {
	if !event.WrittenLate.Has(ev.Type) {
		if b.from == 0 {
			b.from = ev.TS
		}
		b.to = max(b.to, ev.TS)
	}
	if ev.Type.Schema().Category&event.CatSyscall == 0 {
		if ev.Type == event.ProcexitE || ev.Type == event.ProcexitV1E {
			b.forget(ev.TID)
		}
		return false, nil
	}
	if ev.Type.Dir() == event.Enter {
		b.enter(ev)
		return false, nil
	}
	if !b.take(ev) {
		return false, nil
	}
	b.events++
	if len(b.slow) < b.most || ev.Latency > b.slow[0].latency {
		if len(b.slow) == b.most {
			heap.Pop(&b.slow)
		}
		heap.Push(&b.slow, b.call(ev))
	}
	return true, nil
}

// record is what is known of the call of a thread; nil when there is no room for more threads.
func (b *bottlenecks) record(tid int64, add bool) *enterRecord {
	if b.last != nil && b.lastTID == tid {
		return b.last
	}
	r := b.under[tid]
	if r == nil && add && len(b.under) < maxCalls {
		r = &enterRecord{}
		b.under[tid] = r
	}
	if r != nil {
		b.last, b.lastTID = r, tid
	}
	return r
}

func (b *bottlenecks) forget(tid int64) {
	delete(b.under, tid)
	b.last = nil
}

func (b *bottlenecks) enter(ev *event.Event) {
	r := b.record(ev.TID, true)
	if r == nil {
		return
	}
	r.num, r.code, r.raw = ev.Num, ev.Type, r.raw[:0]
	if len(ev.Raw) <= maxEnterSize {
		r.raw = ev.AppendV2(r.raw)
	}
}

// call makes the row of a call that returned with ev.
func (b *bottlenecks) call(ev *event.Event) slowCall {
	began := *ev
	began.TS -= min(ev.Latency, ev.TS)
	began.Num = 0
	var enter *event.Event
	if r := b.record(ev.TID, false); r != nil && r.num != 0 && r.code == ev.Type-1 {
		began.Num = r.num
		var e event.Event
		if e.Decode(r.raw, false) == nil {
			e.Thread, e.FD, e.FDNum, e.Host = ev.Thread, ev.FD, ev.FDNum, ev.Host
			enter = &e
		}
	}
	c := slowCall{latency: ev.Latency, num: ev.Num}
	for i, f := range b.fields {
		var v fields.Value
		switch b.shown[i].Name {
		case "began":
			v = f.Value(&began)
		case "enter":
			if began.Num != 0 {
				v = f.Value(&began)
			}
		case "args":
			v = fields.Value{Type: fields.String, Str: string(b.args(enter, ev))}
		default:
			v = b.ask(i, ev)
		}
		v.Str = strings.Clone(v.Str)
		c.values = append(c.values, v)
	}
	return c
}

// args are the arguments of both ends of a call, each once: newer records have all of them at the exit.
func (b *bottlenecks) args(enter, exit *event.Event) []byte {
	b.line = b.line[:0]
	seen := exit.Type.Schema().Params
	seen = seen[:min(len(seen), exit.NParams)]
	b.appendArgs(enter, seen)
	b.appendArgs(exit, nil)
	return bytes.TrimRight(b.line, " ")
}

func (b *bottlenecks) appendArgs(ev *event.Event, except []event.Param) {
	if ev == nil || ev.Type == event.GenericE || ev.Type == event.GenericX {
		return
	}
	params := ev.Type.Schema().Params
	for i := range params[:min(len(params), ev.NParams)] {
		if name := params[i].Name; !slices.ContainsFunc(except, func(p event.Param) bool { return p.Name == name }) {
			b.line = append(append(b.line, name...), '=')
			b.line = append(fields.AppendParam(b.line, ev, i, &b.options), ' ')
		}
	}
}

// Frame is the slowest calls so far.
func (b *bottlenecks) Frame(to uint64) *Frame {
	f := &Frame{Spec: b.Spec, Columns: b.shown, From: b.from, To: to, Events: b.events, Total: Row{Values: make([]fields.Value, len(b.shown))}}
	for _, c := range b.slow {
		f.Rows = append(f.Rows, Row{Values: c.values})
	}
	f.sort(0, true)
	return f
}

// Tick prints the slowest calls of an interval.
func (b *bottlenecks) Tick(ts uint64) error {
	b.ticked = true
	err := b.printer.Print(b.Frame(ts))
	b.slow, b.events, b.from, b.to = nil, 0, ts, ts
	return err
}

// Flush hands over what was printed.
func (b *bottlenecks) Flush() error { return b.Out.Flush() }

// Finish prints the slowest calls since the last tick.
func (b *bottlenecks) Finish() error {
	if !b.ticked || b.events > 0 {
		if err := b.printer.Print(b.Frame(b.to)); err != nil {
			return err
		}
	}
	return b.Flush()
}
