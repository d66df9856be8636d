package chisels

import (
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// Bounds of the rows that a list on a screen keeps; older ones go.
const (
	maxFeed      = 100_000
	maxFeedBytes = 64 << 20
)

// feedView is a list on a screen: it keeps a row of values for each event.
type feedView struct {
	*List
	rows   []Row // only appended to, as frames share them
	bytes  int   // of their texts
	lost   uint64
	events uint64
	from   uint64
	line   []byte
	max    int

	reasons rowReasons
}

func newFeedView(in *Instance) *feedView {
	return &feedView{List: NewList(in), max: maxFeed, reasons: newRowReasons(in)}
}

// Event adds a row.
func (l *feedView) Event(ev *event.Event) (bool, error) {
	if l.from == 0 && !event.WrittenLate.Has(ev.Type) {
		l.from = ev.TS
	}
	if !l.takes(ev) {
		return false, nil
	}
	r := Row{Values: make([]fields.Value, len(l.shown)), Num: ev.Num, TS: ev.TS}
	for i := range r.Values {
		if r.Values[i] = l.cellValue(i, ev); r.Values[i].Type == fields.Absent {
			r.Values[i].Str = l.reasons.of(i, ev)
		}
		l.bytes += len(r.Values[i].Str)
	}
	l.rows = append(l.rows, r)
	l.events++
	for len(l.rows) > l.max || l.bytes > maxFeedBytes && len(l.rows) > 1 {
		for _, v := range l.rows[0].Values {
			l.bytes -= len(v.Str)
		}
		l.rows = l.rows[1:]
		l.lost++
	}
	return true, nil
}

// cellValue is the value of a column, to be kept: a time of the event as such, what a field only writes as a text.
func (l *feedView) cellValue(i int, ev *event.Event) fields.Value {
	f := l.fields[i]
	var v fields.Value
	switch {
	case f.Def.Flags&fields.TimeText != 0:
		return momentOf(ev.TS)
	case f.HasValue() && f.Def.Flags&fields.Rendered == 0 && !f.Multi():
		v = f.Value(ev)
	default:
		var ok bool
		if l.line, ok = f.Append(l.line[:0], ev); ok {
			v = fields.Value{Type: fields.String, Str: string(l.line)}
		}
	}
	if d := l.shown[i].Default; v.Type == fields.Absent && d != nil {
		return fields.Value{Type: fields.String, Str: *d}
	}
	var c cell
	c.set(v)
	c.str = strings.Clone(c.str)
	return c.value()
}

// Peek is the rows so far, in the order of their events.
func (l *feedView) Peek(ts uint64) *Frame {
	f := &Frame{Spec: l.Spec, Columns: l.shown, Where: l.Where, Order: Order{Column: -1}, From: l.from, To: ts, Events: l.events, Lost: l.lost}
	f.Rows = l.rows[:len(l.rows):len(l.rows)]
	f.Total = Row{Values: make([]fields.Value, len(l.shown))}
	return f
}

// Result is the same: rows stay.
func (l *feedView) Result(ts uint64) *Frame { return l.Peek(ts) }
