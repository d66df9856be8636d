package chisels

import (
	"slices"
	"strings"

	"scry/filter"
	"scry/filter/fields"
)

// Frame is a result: rows of values, sorted, with the time that they are of. Nobody changes it once it is made, so it may be handed to another
// goroutine.
type Frame struct {
	Spec     *Spec
	Columns  []*ColumnSpec
	Rows     []Row
	Other    *Row                                               // what had no room in a row of its own; nil when everything had
	Total    Row                                                // the aggregates of all rows together; keys are absent
	Where    *filter.Filter                                     // which events rows are made of; nil: all
	Order    Order                                              // of the rows
	drill    func(Row, *fields.Options) (*filter.Filter, error) // instead of what the keys say; nil: those
	From, To uint64
	Events   uint64 // that the rows are made of
	Lost     uint64 // of a list: rows that were left out, because there are newer ones
}

// Row is one row: a value for each column.
type Row struct {
	Values []fields.Value // Absent: not known; with Env.Why, Str is the reason, "" when there is none to tell
	Depth  int            // in a tree; 0 elsewhere
	Num    uint64         // of a list: the number of its event
	TS     uint64         // of a list: the time of its event
}

// Order is what rows are sorted by.
type Order struct {
	Column     int
	Descending bool
}

// Seconds is the length of the frame's time.
func (f *Frame) Seconds() float64 { return float64(f.To-min(f.From, f.To)) / 1e9 }

// total makes the sum of the rows.
func (f *Frame) total(t *Table, rows []*tableRow, other *tableRow, how []how, seconds float64) {
	sum := tableRow{cells: make([]cell, len(t.shown))}
	for _, r := range append(slices.Clip(rows), other) {
		if r == nil {
			continue
		}
		for _, i := range t.values {
			sum.cells[i].merge(how[i], &r.cells[i])
		}
	}
	f.Total = Row{Values: make([]fields.Value, len(t.shown))}
	for _, i := range t.values {
		if t.shown[i].Total == totalSum {
			f.Total.Values[i] = f.sum(i)
			continue
		}
		if h := how[i]; h.additive() || h.agg == aggMin || h.agg == aggMax {
			f.Total.Values[i] = sum.cells[i].result(h, seconds)
		}
	}
}

// totalSum is the total of a column that is the sum of its rows.
const totalSum = "sum"

// sum adds the values of a column, those of the highest level of a tree.
func (f *Frame) sum(col int) (v fields.Value) {
	rows := f.Rows
	if f.Other != nil {
		rows = append(slices.Clip(rows), *f.Other)
	}
	for _, r := range rows {
		x := r.Values[col]
		switch {
		case r.Depth > 0 || x.Type != fields.Uint && x.Type != fields.Int:
		case v.Type == fields.Absent:
			v = x
		default:
			v.Num += x.Num
		}
	}
	return v
}

// sort orders the rows by a column; ties are broken by the keys, then by all values, so that the same events always give the same text.
func (f *Frame) sort(col int, descending bool) {
	f.Order = Order{col, descending}
	slices.SortStableFunc(f.Rows, func(a, b Row) int {
		n := compareValues(a.Values[col], b.Values[col])
		switch {
		case n == 0:
			return f.compareKeys(a, b)
		case descending:
			return -n
		}
		return n
	})
	f.arrange()
}

func (f *Frame) compareKeys(a, b Row) int {
	for i, c := range f.Columns {
		if c.Key {
			if n := compareValues(a.Values[i], b.Values[i]); n != 0 {
				return n
			}
		}
	}
	for i := range f.Columns {
		if n := compareValues(a.Values[i], b.Values[i]); n != 0 {
			return n
		}
	}
	return 0
}

// Sorted is the frame in the order of another column.
func (f *Frame) Sorted(col int, descending bool) *Frame {
	g := *f
	g.Rows = slices.Clone(f.Rows)
	g.sort(col, descending)
	return &g
}

// Search is the first row from row on, in a circle, that has the text in one of its texts; -1 when none has.
func (f *Frame) Search(text string, row int) int {
	text = strings.ToLower(text)
	for k := range f.Rows {
		i := (row + k) % len(f.Rows)
		for _, v := range f.Rows[i].Values {
			if v.Type.Text() && strings.Contains(strings.ToLower(v.Str), text) {
				return i
			}
		}
	}
	return -1
}

// Drill is the filter that selects the events of a row: a tree, whatever the values are. Columns that are no keys, and keys that were filled in by a
// default, are left out.
func (f *Frame) Drill(row int, o *fields.Options) (*filter.Filter, error) {
	if f.drill != nil {
		return f.drill(f.Rows[row], o)
	}
	var all *filter.Filter
	for i, c := range f.Columns {
		v := f.Rows[row].Values[i]
		if !c.Key || c.Field == "" || v.Type == fields.Absent || c.Default != nil && v.Str == *c.Default {
			continue
		}
		if len(f.Spec.Group) > 0 && !slices.Contains(f.Spec.Group, c.Name) {
			continue
		}
		q, err := equalColumn(c, v, o)
		if err != nil {
			return nil, err
		}
		all = filter.And(all, q)
	}
	return all, nil
}

// equalColumn selects the events that have v in a column: in its field, or in another one when those before have none. A field that can never be v is
// left out; it is an error when all are.
func equalColumn(c *ColumnSpec, v fields.Value, o *fields.Options) (*filter.Filter, error) {
	var any, none *filter.Filter
	var never error
	for _, text := range append([]string{c.Field}, c.Or...) {
		x, err := newField(text, o)
		if err != nil {
			return nil, err
		}
		absent, err := filter.Equal(x, fields.Value{}, o)
		if err != nil {
			return nil, err
		}
		switch q, err := filter.Equal(x, v, o); {
		case err != nil:
			never = err
		case any == nil:
			any = filter.And(none, q)
		default:
			any = filter.Or(any, filter.And(none, q))
		}
		none = filter.And(none, absent)
	}
	if any == nil {
		return nil, never
	}
	return any, nil
}
