package chisels

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"scry/filter"
	"scry/filter/fields"
)

// What a screen asks of a frame.

// Shown are the columns that are shown, in their order.
func (f *Frame) Shown() []int {
	var out []int
	for i, c := range f.Columns {
		if !c.Hide {
			out = append(out, i)
		}
	}
	return out
}

// visible is the frame, and rows of it, without the columns that are not shown.
func (f *Frame) visible(rows []Row) (*Frame, []Row) {
	cols := f.Shown()
	if len(cols) == len(f.Columns) {
		return f, rows
	}
	pick := func(r Row) Row {
		out := Row{Depth: r.Depth}
		for _, i := range cols {
			out.Values = append(out.Values, r.Values[i])
		}
		return out
	}
	g := *f
	g.Columns, g.Rows, g.Total = nil, make([]Row, 0, len(f.Rows)), pick(f.Total)
	for _, i := range cols {
		g.Columns = append(g.Columns, f.Columns[i])
	}
	for _, r := range f.Rows {
		g.Rows = append(g.Rows, pick(r))
	}
	if f.Other != nil {
		o := pick(*f.Other)
		g.Other = &o
	}
	return &g, g.Rows[:len(rows)]
}

// Title is the head of a column; that of a rate says so, as BPS and IOPS do by themselves.
func (f *Frame) Title(col int) string {
	c := f.Columns[col]
	if h, _ := aggOf(c.Agg); h.agg == aggRate && !c.Key && c.Unit != "percent" && !strings.Contains(c.Title, "PS") {
		return c.Title + "/s"
	}
	return c.Title
}

// Unit is what the numbers of a column are: bytes, KiB, time (ns), percent, count, id or none, with "/s" behind a rate.
func (f *Frame) Unit(col int) string {
	c := f.Columns[col]
	h, _ := aggOf(c.Agg)
	var v fields.Value
	if len(f.Rows) > 0 {
		v = f.Rows[0].Values[col]
	}
	u := unitOf(c, h, v)
	if h.agg == aggRate && !c.Key && u != "percent" {
		u += "/s"
	}
	return u
}

// Right tells that the values of a column are numbers, which stand on the right.
func (f *Frame) Right(col int) bool {
	for _, r := range f.Rows {
		switch v := r.Values[col]; {
		case v.Type == fields.AbsTime:
			return false
		case v.Type != fields.Absent:
			return v.Type.Numeric()
		}
	}
	if d, _, _, _ := fields.Scan(f.Columns[col].Field); d != nil {
		return d.Type.Numeric() && d.Type != fields.AbsTime && d.Flags&fields.TimeText == 0
	}
	return f.Columns[col].Field == ""
}

// Text is a value as the screens and the printed tables show it, with its unit; control bytes are escaped. "-" stands for what is not known. A value without a row, as
// that of Total, is given by itself.
func (f *Frame) Text(col int, v fields.Value, o *fields.Options) string {
	if o == nil {
		o = &fields.Options{}
	}
	p := Printer{Env: &Env{Options: o}}
	if v.Type == fields.AbsTime {
		return time.Unix(0, int64(v.Num)).In(p.zone()).Format("15:04:05.000000000")
	}
	h, _ := aggOf(f.Columns[col].Agg)
	return p.cell(f.Columns[col], h, v)
}

// Key tells a row apart from the others of its frame, and finds it again in the next one.
func (f *Frame) Key(row int) string {
	r := &f.Rows[row]
	if len(f.Spec.Levels) > 0 {
		id, _ := f.place(r)
		return id
	}
	if f.Order.Column < 0 { // a list
		return string(binary.AppendUvarint(nil, f.Lost+uint64(row)))
	}
	var key []byte
	for i, c := range f.Columns {
		if c.Key && f.Spec.tells(c) {
			key = appendKey(key, r.Values[i])
		}
	}
	return string(key)
}

// tells reports whether a key column tells rows apart, once they are grouped.
func (s *Spec) tells(c *ColumnSpec) bool {
	return len(s.Group) == 0 || slices.Contains(s.Group, c.Name)
}

// Step is where a row leads to.
type Step struct {
	View   *Spec          // nil: no view goes on from here, only the events of the row themselves
	Filter *filter.Filter // the events of the row; what the next view is opened with
	Own    *filter.Filter // what of that the row adds to the events of the frame
	Key    string         // of the row, as "proc.pid=4242"
}

// Into is where row leads to: the view that it opens, and the filter that this one has. views are those that there are.
func (f *Frame) Into(row int, views []*Spec, o *fields.Options) (*Step, error) {
	own, err := f.Drill(row, o)
	if err != nil {
		return nil, err
	}
	s := &Step{View: f.Spec.Next(views), Filter: filter.And(f.Where, own), Own: own}
	if own != nil {
		s.Key = own.String()
	}
	return s, nil
}

// DrillField is the field by which the rows of a view are told apart, "" for a list. Views that apply to it can be opened for a row.
func (s *Spec) DrillField() string {
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Key && c.With == "" && s.tells(c) && (len(s.Levels) == 0 || c.Name == s.Levels[len(s.Levels)-1]) {
			return c.Field
		}
	}
	if s.Kind == KindHeat {
		return "evt.latency"
	}
	return ""
}

// Applies tells whether the view can be opened for the rows of another one that are told apart by field; "" is the whole machine.
func (s *Spec) Applies(field string) bool {
	return len(s.AppliesTo) == 0 || slices.Contains(s.AppliesTo, field)
}

// Next is the view that a row opens: the one that the view names, or the first that applies to its rows; nil when none does.
func (s *Spec) Next(views []*Spec) *Spec {
	for _, v := range views {
		if v.Name == s.Drill {
			return v
		}
	}
	field := s.DrillField()
	for _, v := range views {
		if field != "" && v.Name != s.Name && len(v.AppliesTo) > 0 && v.Applies(field) {
			return v
		}
	}
	return nil
}
