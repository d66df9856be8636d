package chisels

import (
	"encoding/binary"
	"strconv"

	"scry/capture/event"
	"scry/filter/fields"
)

// MaxRows bounds the rows of a table. What has other keys goes into one row that says so.
const MaxRows = 1 << 17

// maxKeyBytes bounds the keys of all rows together, quantileRows the rows that have quantiles, of which each takes some kilobytes.
const (
	maxKeyBytes  = 64 << 20
	quantileRows = MaxRows / 8
)

// Table aggregates events with the same keys into rows. It is what is running; the Spec is what it is to do, a Frame what came of it.
type Table struct {
	*Instance
	printer Printer

	keys    []int // of the columns
	need    []int // columns without whose value an event is left out
	values  []int // columns that are no keys
	how     []how
	merged  []how // how the rows of a group become one
	rows    map[string]*tableRow
	order   []*tableRow
	other   *tableRow // what found no room
	key     []byte    // scratch
	part    []byte    // scratch
	scratch []fields.Value
	free    []*tableRow
	events  uint64
	from    uint64 // time of the first event of the interval
	last    uint64
	ticked  bool // intervals end
	sampled bool // rates are of samples: they are over the time between those
	since   uint64
	sample  uint64 // times of the last sample of the interval before, or the very first one, and of the last one
	maxRows int

	keyBytes int // of all rows
	hashes   int // of all sets of distinct values

	reasons rowReasons
}

// tableRow is a row with its key columns and the aggregates of the others, by column.
type tableRow struct {
	key   string
	cells []cell
}

// NewTable makes the table of an instance.
func NewTable(in *Instance) *Table {
	t := &Table{Instance: in, rows: map[string]*tableRow{}, maxRows: MaxRows, scratch: make([]fields.Value, len(in.shown)), printer: Printer{Env: in.Env}, reasons: newRowReasons(in)}
	for i, c := range in.shown {
		h, _ := aggOf(c.Agg)
		h.share = c.Unit == "percent"
		g, _ := aggOf(c.GroupAgg)
		g.share = h.share
		t.how, t.merged = append(t.how, h), append(t.merged, g)
		switch {
		case c.Key:
			t.keys = append(t.keys, i)
		default:
			t.values = append(t.values, i)
		}
		if c.Required && !c.Key {
			t.need = append(t.need, i)
		}
		if h.agg == aggQuantile {
			t.maxRows = quantileRows
		}
		if h.agg == aggRate && in.fields[i].Needs()&fields.NeedProcinfo != 0 {
			t.sampled = true
		}
	}
	return t
}

// Event takes one event. hot: no allocation for a row that is there (TestTableAllocs)
func (t *Table) Event(ev *event.Event) (bool, error) {
	if !event.WrittenLate.Has(ev.Type) {
		t.time(ev.TS)
	}
	if !t.take(ev) {
		return false, nil
	}
	return t.push(ev, false), nil
}

// time notes when the interval began and how far it is.
func (t *Table) time(ts uint64) {
	if t.from == 0 {
		t.from = ts
	}
	t.last = max(t.last, ts)
}

// push adds an event to its row. still tells that it is none of the stream: it says how a thread or a descriptor stands, so nothing is counted.
func (t *Table) push(ev *event.Event, still bool) bool {
	if t.closed(ev) {
		return false
	}
	t.key = t.key[:0]
	for _, i := range t.keys {
		v, ok := t.value(i, ev)
		if !ok {
			return false
		}
		t.scratch[i] = v
		t.key = appendKey(t.key, v)
	}
	for _, i := range t.need {
		v, ok := t.value(i, ev)
		if !ok {
			return false
		}
		t.scratch[i] = v
	}
	r := t.rows[string(t.key)]
	if r == nil {
		r = t.newRow()
	}
	t.fill(r, ev, still)
	if !still {
		t.events++
		if t.sampled {
			t.noteSample(ev.TS)
		}
	}
	return true
}

// fill adds the values of an event to its row.
func (t *Table) fill(r *tableRow, ev *event.Event, still bool) {
	for _, i := range t.values {
		h := t.how[i]
		if still && h.additive() || t.only[i] != nil && !t.only[i].Match(ev) {
			continue
		}
		if t.fields[i] == nil {
			r.cells[i].n++
			continue
		}
		if h.agg == aggFirst && r.cells[i].n > 0 {
			continue
		}
		v := t.scratch[i]
		if !t.shown[i].Required {
			if v = t.ask(i, ev); v.Type == fields.Absent {
				if c := &r.cells[i]; c.n == 0 && t.reasons.fields[i] != nil && (still || c.str == "") { // how things stand is newer than what an event told
					c.str = t.reasons.of(i, ev)
				}
				continue
			}
		}
		if r.cells[i].n == 0 { // it may have had a reason why not
			r.cells[i].str = ""
		}
		if h.agg == aggDistinct {
			r.cells[i].n++
			if r.cells[i].distinct(t.parts(i, v, ev)) {
				if t.hashes++; t.hashes > maxHashes {
					t.thinSets()
				}
			}
			continue
		}
		r.cells[i].add(h, v)
	}
}

// Add adds a row of values, one for each column, that come from no event: what a chisel that is code makes of several. A key without a value shows as absent.
// hot: no allocation for a row that is there
func (t *Table) Add(row []fields.Value) {
	t.key = t.key[:0]
	for _, i := range t.keys {
		t.scratch[i] = row[i]
		t.key = appendKey(t.key, row[i])
	}
	r := t.rows[string(t.key)]
	if r == nil {
		r = t.newRow()
	}
	for _, i := range t.values {
		switch {
		case t.how[i].agg == aggCount:
			r.cells[i].n++
		case row[i].Type != fields.Absent:
			r.cells[i].add(t.how[i], row[i])
		}
	}
	t.events++
}

func (t *Table) noteSample(ts uint64) {
	if t.since == 0 {
		t.since = ts
	}
	t.sample = max(t.sample, ts)
}

// seconds is the time that rates are over. An interval has more or fewer samples than fit into it, as they do not come when it ends: samples say what was
// between them.
func (t *Table) seconds(f *Frame) float64 {
	if t.sampled && t.ticked {
		return float64(t.sample-t.since) / 1e9
	}
	return f.Seconds()
}

// parts is the key of v among distinct values, with those of the fields that it counts per. It is valid until the next call.
func (t *Table) parts(i int, v fields.Value, ev *event.Event) []byte {
	b := appendKey(t.part[:0], v)
	if t.shown[i].Per != nil {
		for _, x := range t.others[i] {
			b = appendKey(b, x.Value(ev))
		}
	}
	t.part = b
	return b
}

// value takes the value of a column, or its default; false when there is none.
func (t *Table) value(i int, ev *event.Event) (fields.Value, bool) {
	v := t.ask(i, ev)
	if v.Type != fields.Absent {
		return v, true
	}
	if d := t.shown[i].Default; d != nil {
		return fields.Value{Type: fields.String, Str: *d}, true
	}
	return v, false
}

// newRow makes the row of the key at hand, or gives the one for all that find no room.
func (t *Table) newRow() *tableRow {
	if len(t.rows) >= t.maxRows || t.keyBytes+len(t.key) > maxKeyBytes {
		if t.other == nil {
			t.other = &tableRow{cells: make([]cell, len(t.shown))}
		}
		return t.other
	}
	var r *tableRow
	if n := len(t.free); n > 0 {
		r = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		r = &tableRow{cells: make([]cell, len(t.shown))}
	}
	r.key = string(t.key)
	for _, i := range t.keys {
		r.cells[i].n = 1
		r.cells[i].own(t.scratch[i])
	}
	t.keyBytes += len(r.key)
	t.rows[r.key] = r
	t.order = append(t.order, r)
	return r
}

// appendKey appends v so that different values never give the same bytes.
func appendKey(dst []byte, v fields.Value) []byte {
	kind := v.Type
	if kind == fields.Int && v.Int() >= 0 {
		kind = fields.Uint // one number, whatever the parameter that it came from
	}
	dst = append(dst, byte(kind))
	if v.Type.Text() || v.Type == fields.IP || v.Type == fields.Net {
		dst = binary.AppendUvarint(dst, uint64(len(v.Str)))
		return append(dst, v.Str...)
	}
	return binary.LittleEndian.AppendUint64(dst, v.Num)
}

// reset begins the next interval at ts.
func (t *Table) reset(ts uint64) {
	clear(t.rows)
	for _, r := range t.order {
		clear(r.cells)
		if len(t.free) < 4096 {
			t.free = append(t.free, r)
		}
	}
	t.order, t.other, t.events, t.from, t.last, t.since = t.order[:0], nil, 0, ts, ts, t.sample
	t.keyBytes, t.hashes = 0, 0
}

// Frame is the table as it is; to is the end of the interval.
func (t *Table) Frame(to uint64) *Frame {
	f := &Frame{Spec: t.Spec, Columns: t.shown, Where: t.Where, From: t.from, To: to, Events: t.events}
	rows, other, how := t.order, t.other, t.how
	seconds := t.seconds(f)
	switch {
	case len(t.Levels) > 0:
		how = t.groupHow()
		rows = t.levels(f, rows, how, seconds)
		if other != nil {
			other = t.grouped([]*tableRow{other}, nil, how, seconds)[0]
		}
	case len(t.Group) > 0:
		how = t.groupHow()
		rows = t.grouped(rows, t.Group, how, seconds)
		if other != nil {
			other = t.grouped([]*tableRow{other}, nil, how, seconds)[0]
		}
	}
	if f.Rows == nil {
		f.Rows = t.resultRows(rows, how, seconds)
	}
	if other != nil {
		f.Other = &Row{Values: make([]fields.Value, len(t.shown))}
		t.results(f.Other.Values, other, how, seconds)
	}
	f.total(t, rows, other, how, seconds)
	f.sort(t.order0())
	return f
}

func (t *Table) resultRows(rows []*tableRow, how []how, seconds float64) []Row {
	n := len(t.shown)
	values, out := make([]fields.Value, len(rows)*n), make([]Row, len(rows))
	for i, r := range rows {
		out[i].Values = values[i*n : (i+1)*n : (i+1)*n]
		t.results(out[i].Values, r, how, seconds)
	}
	return out
}

// results fills in what a row shows.
func (t *Table) results(out []fields.Value, r *tableRow, how []how, seconds float64) {
	for i := range out {
		if t.shown[i].Key {
			out[i] = r.cells[i].value()
		} else {
			c := &r.cells[i]
			switch out[i] = c.result(how[i], seconds); {
			case out[i].Type != fields.Absent:
			case c.n == 0:
				out[i].Str = c.str
			case how[i].agg == aggRate && t.reasons.kept != nil:
				out[i].Str = whyNoTime
			}
		}
		if d := t.shown[i].Default; d != nil && out[i].Type == fields.Absent && !t.shown[i].Key {
			if n, err := strconv.ParseUint(*d, 10, 64); err == nil {
				out[i] = fields.Value{Type: fields.Uint, Num: n}
			} else {
				out[i] = fields.Value{Type: fields.String, Str: *d}
			}
		}
	}
}

func (t *Table) compareKeys(a, b *tableRow) int {
	for _, i := range t.keys {
		if n := compareValues(a.cells[i].value(), b.cells[i].value()); n != 0 {
			return n
		}
	}
	return 0
}

// order0 is the column that rows are sorted by, and whether the largest comes first.
func (t *Table) order0() (col int, descending bool) {
	name, down := t.Sort, false
	if len(name) > 0 && name[0] == '-' {
		name, down = name[1:], true
	}
	for i, c := range t.shown {
		switch {
		case name != "" && c.Name == name:
			return i, down
		case name == "" && !c.Key:
			return i, true
		}
	}
	return 0, false
}

// Tick ends an interval at ts: what came of it is printed.
func (t *Table) Tick(ts uint64) error {
	t.ticked = true
	return t.print(ts)
}

func (t *Table) print(ts uint64) error {
	t.Walk(t.Tables, ts)
	err := t.printer.Print(t.Frame(ts))
	if !t.Spec.Keep {
		t.reset(ts)
	}
	return err
}

// Flush hands over what was printed.
func (t *Table) Flush() error { return t.Out.Flush() }

// Finish prints what there is since the last tick. After the last one of several that may be nothing.
func (t *Table) Finish() error {
	if t.ticked && t.events == 0 {
		return t.Flush()
	}
	if err := t.print(t.last); err != nil {
		return err
	}
	return t.Flush()
}
