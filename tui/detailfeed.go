package tui

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter/fields"
)

// target is an event that somebody wants to see.
type target struct {
	seq     int // in the list
	num, ts uint64
}

// detail is all that is known of an event. Nobody changes it.
type detail struct {
	target
	title  string
	groups []detailGroup
	record []byte // as it was recorded
	data   int    // index in the first group of the parameter that is data, -1
	live   bool
}

// detailGroup is a class of fields, or the parameters.
type detailGroup struct {
	title string
	items []detailItem
}

// detailItem is one value.
type detailItem struct {
	name  string // of the field, as a filter has it
	kind  string // of value
	text  string
	value fields.Value // what a filter compares with; Absent when it cannot
	why   string       // there is no value
	bytes []byte       // of a parameter, as recorded
}

// Bounds of one value.
const (
	maxDetailText  = 16 << 10
	maxDetailValue = 4 << 10 // that a filter may be made of
)

// teller says what is known of events. It belongs to the goroutine of the engine.
type teller struct {
	options *fields.Options
	classes []tellerClass
	args    map[string]*fields.Field
}

type tellerClass struct {
	title  string
	fields []*fields.Field
}

// newTeller makes the fields that every event is asked for: those that scry -l lists and that need no argument. Fields that depend on the events before are left out.
func newTeller(o *fields.Options) (*teller, error) {
	p := lineOptions(o)
	p.NoCut, p.SnapLen = true, 0
	t := &teller{options: p, args: map[string]*fields.Field{}}
	for _, c := range fields.Classes() {
		k := tellerClass{title: c.Name}
		for i := range c.Defs {
			d := &c.Defs[i]
			if d.Flags&(fields.Hidden|fields.FilterOnly|fields.Stateful) != 0 || d.Arg == fields.NeedArg {
				continue
			}
			f, err := fields.New(d.Name, "", false, p)
			if err != nil {
				return nil, err
			}
			k.fields = append(k.fields, f)
		}
		t.classes = append(t.classes, k)
	}
	return t, nil
}

// tell says what is known of ev.
func (t *teller) tell(ev *event.Event, at target, live bool) *detail {
	d := &detail{target: at, record: bytes.Clone(ev.Raw), data: -1, live: live}
	d.title = fmt.Sprintf("%s %s", ev.Type.Dir(), fields.EventName(ev))
	d.groups = append(d.groups, t.params(ev, d))
	for _, c := range t.classes {
		g := detailGroup{title: c.title}
		for _, f := range c.fields {
			g.items = append(g.items, t.item(f, ev))
		}
		d.groups = append(d.groups, g)
	}
	return d
}

// params are the parameters of the record.
func (t *teller) params(ev *event.Event, d *detail) detailGroup {
	g := detailGroup{title: "parameters"}
	params := ev.Type.Schema().Params
	for i := range params[:min(len(params), ev.NParams)] {
		p := &params[i]
		it := detailItem{name: "evt.arg." + p.Name, kind: p.Kind.String(), bytes: bytes.Clone(ev.Param(i))}
		it.text = limitText(fields.AppendParam(nil, ev, i, t.options))
		if p.Kind == event.KindByteBuf && d.data < 0 {
			d.data = i
		}
		if !ev.Has(i) {
			it.text = "<NA>"
			if ev.Faults&(1<<i) != 0 {
				it.text = "<NA> (the memory could not be read)"
			}
		} else if f := t.arg(p.Name); f != nil {
			it.value = ownValue(f.Value(ev))
		}
		g.items = append(g.items, it)
	}
	return g
}

// arg is the field of a parameter, nil when there is none.
func (t *teller) arg(name string) *fields.Field {
	f, ok := t.args[name]
	if !ok {
		f, _ = fields.New("evt.arg", name, true, t.options)
		t.args[name] = f
	}
	return f
}

// item is the value of a field, or why the event has none.
func (t *teller) item(f *fields.Field, ev *event.Event) detailItem {
	it := detailItem{name: f.String(), kind: f.Def.Type.String()}
	b, ok := f.Append(nil, ev)
	if !ok {
		it.why = cmp.Or(f.Why(ev), "this event has none")
		return it
	}
	it.text = limitText(b)
	if f.Def.Flags&(fields.PrintOnly|fields.List) == 0 && f.HasValue() {
		it.value = ownValue(f.Value(ev))
	}
	return it
}

// ownValue is a copy of a value, Absent when it is too long for a filter.
func ownValue(v fields.Value) fields.Value {
	if len(v.Str) > maxDetailValue {
		return fields.Value{}
	}
	v.Str = strings.Clone(v.Str)
	return v
}

func limitText(b []byte) string { return string(cutText(b, maxDetailText)) }

// detailFeed finds events in a capture by their numbers. It ends the reading behind the last one.
type detailFeed struct {
	tell *teller
	want map[uint64]target
	last uint64
	got  []*detail
}

func newDetailFeed(t *teller, list []target) *detailFeed {
	f := &detailFeed{tell: t, want: map[uint64]target{}}
	for _, w := range list {
		f.want[w.num] = w
		f.last = max(f.last, w.num)
	}
	return f
}

// Event tells of ev when it is wanted. Several captures may have an event of that number: the time says which it is.
func (f *detailFeed) Event(ev *event.Event) (bool, error) {
	w, ok := f.want[ev.Num]
	if !ok || w.ts != ev.TS {
		return false, nil
	}
	f.got = append(f.got, f.tell.tell(ev, w, false))
	if delete(f.want, ev.Num); len(f.want) == 0 {
		return true, errEnough
	}
	return true, nil
}

// take is what was found so far.
func (f *detailFeed) take(uint64, bool) any { return f.got[:len(f.got):len(f.got)] }

// Finish has nothing to end.
func (f *detailFeed) Finish() error { return nil }

// told are the details of events that were kept, of a running machine.
func told(t *teller, find func(target) *liveEvent, host *event.Host, list []target) (out []*detail) {
	for _, w := range list {
		l := find(w)
		if l == nil {
			continue
		}
		if ev, err := l.restore(host); err == nil {
			out = append(out, t.tell(ev, w, true))
		}
	}
	return out
}

// constant is a sink that says the same all the time, and needs no events.
type constant struct{}

func (constant) Event(*event.Event) (bool, error) { return false, nil }
func (constant) Finish() error                    { return nil }

func constantSink(v any) sink {
	return sink{chisel: constant{}, demand: capture.Demand{}, take: func(uint64, bool) any { return v }}
}

var _ chisels.Chisel = constant{}
