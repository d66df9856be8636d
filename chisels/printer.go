package chisels

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"time"

	"github.com/rivo/uniseg"

	"scry/capture/event"
	"scry/filter/fields"
)

// AllRows is the Top for which all rows are shown.
const AllRows = 1 << 30

// Printer prints frames.
type Printer struct {
	*Env
	began bool // a header of CSV was printed
}

// Print prints a frame.
func (p *Printer) Print(f *Frame) error {
	if p.Out.left {
		return nil
	}
	rows := f.Rows
	limit := f.Spec.Limit
	if p.Top > 0 {
		limit = p.Top
	}
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	f, rows = f.visible(rows)
	b := p.Out.Buffer()
	switch p.Format {
	case FormatJSON:
		b = p.json(b, f, rows)
	case FormatCSV:
		b = p.csv(b, f, rows)
	default:
		b = p.text(b, f, rows)
	}
	p.began = true
	return p.Out.Keep(b)
}

// unit is how values of a column are written.
func unitOf(c *ColumnSpec, h how, v fields.Value) string {
	switch {
	case h.agg == aggCount || h.agg == aggDistinct:
		return "count"
	case c.Unit != "":
		return c.Unit
	case v.Type == fields.RelTime:
		return "time"
	}
	return "none"
}

// text appends the frame as aligned columns. On a terminal the widest texts are cut so that each row is one line.
func (p *Printer) text(b []byte, f *Frame, rows []Row) []byte {
	cols := make([]textColumn, len(f.Columns))
	for i, c := range f.Columns {
		h, _ := aggOf(c.Agg)
		t := &cols[i]
		t.title = f.Title(i)
		t.cells = make([]string, 0, len(rows)+1)
		for _, r := range rows {
			t.add(p.cell(c, h, r.Values[i]), r.Values[i])
		}
		if f.Other != nil {
			if v := f.Other.Values[i]; c.Key {
				t.add("(others)", fields.Value{})
			} else {
				t.add(p.cell(c, h, v), v)
			}
		}
		if f.Spec.Total {
			t.total(f.Total.Values[i], p.cell(c, h, f.Total.Values[i]), i == 0)
		}
		t.measure()
	}
	if p.Width > 0 {
		cols = fit(cols, p.Width)
	}
	if p.Out.block {
		b = append(b, '\n')
	}
	p.Out.block = true
	if p.Intervals {
		b = append(b, "--- "...)
		b = time.Unix(0, int64(f.To)).In(p.zone()).AppendFormat(b, "2006-01-02 15:04:05.000")
		b = append(b, " ---\n"...)
	}
	lines := len(rows)
	if f.Other != nil {
		lines++
	}
	if f.Spec.Total {
		lines++
	}
	b = p.line(b, cols, -1)
	for i := range lines {
		b = p.line(b, cols, i)
	}
	return b
}

func (p *Printer) zone() *time.Location {
	if p.Options == nil || p.Options.Location == nil {
		return time.UTC
	}
	return p.Options.Location
}

// cell is a value as text.
func (p *Printer) cell(c *ColumnSpec, h how, v fields.Value) string {
	if v.Type == fields.Absent {
		return "-"
	}
	switch unitOf(c, h, v) {
	case "bytes":
		return bytesText(v.Float())
	case "KiB":
		return bytesText(v.Float() * 1024)
	case "time":
		return timeText(v.Float())
	case "percent":
		return hundredths(v.Float()) + "%"
	}
	if v.Type == fields.Float {
		return strconv.FormatFloat(v.Float(), 'f', 2, 64)
	}
	return string(fields.AppendValue(nil, v, p.formatOf(c), p.Options))
}

// formatOf is how the numbers of a column's field are written.
func (p *Printer) formatOf(c *ColumnSpec) (f event.Format) {
	if d, _, _, _ := fields.Scan(c.Field); d != nil {
		f = d.Format
	}
	return f
}

// textColumn is a column that is to be printed.
type textColumn struct {
	title string
	cells []string
	text  bool // left-aligned
	width int
}

func (t *textColumn) add(s string, v fields.Value) {
	t.cells = append(t.cells, s)
	t.text = t.text || v.Type.Text() || v.Type == fields.IP || v.Type == fields.Net || v.Type == fields.Bool
}

// total adds the cell of the row of all rows together; it is empty where that has no value.
func (t *textColumn) total(v fields.Value, s string, first bool) {
	switch {
	case v.Type != fields.Absent:
		t.add(s, v)
	case first:
		t.add("(total)", v)
	default:
		t.add("", v)
	}
}

func (t *textColumn) measure() {
	t.width = uniseg.StringWidth(t.title)
	for _, s := range t.cells {
		t.width = max(t.width, uniseg.StringWidth(s))
	}
}

const columnGap = 2

// fit narrows text columns, the widest first, until all fit into width. No column becomes narrower than minText: when that is not enough, the last of more
// than four are left out, and "…" behind the last header says so.
func fit(cols []textColumn, width int) []textColumn {
	const minText, fewest = 8, 4
	total := columnGap * (len(cols) - 1)
	for i := range cols {
		total += cols[i].width
	}
	all := len(cols)
	for total > width {
		widest := -1
		for i := range cols {
			if c := &cols[i]; c.text && c.width > minText && (widest < 0 || c.width > cols[widest].width) {
				widest = i
			}
		}
		if widest >= 0 {
			cols[widest].width--
			total--
			continue
		}
		if len(cols) <= fewest {
			break
		}
		if len(cols) == all {
			total += 2 // of the mark
		}
		last := len(cols) - 1
		total -= cols[last].width + columnGap
		cols = cols[:last]
	}
	if len(cols) < all {
		c := &cols[len(cols)-1]
		c.title += " …"
		c.width = max(c.width, uniseg.StringWidth(c.title))
	}
	return cols
}

// line appends row i; -1 is the header.
func (p *Printer) line(b []byte, cols []textColumn, i int) []byte {
	if i < 0 && p.Color {
		b = append(b, "\x1b[1m"...)
	}
	for k := range cols {
		c := &cols[k]
		s := c.title
		if i >= 0 {
			s = c.cells[i]
		}
		s = cutText(s, c.width)
		if k > 0 {
			b = append(b, "  "...)
		}
		pad := c.width - uniseg.StringWidth(s)
		if k == len(cols)-1 && c.text {
			pad = 0
		}
		if !c.text {
			b = appendBlanks(b, pad)
		}
		b = append(b, s...)
		if c.text {
			b = appendBlanks(b, pad)
		}
	}
	b = bytes.TrimRight(b, " ")
	if i < 0 && p.Color {
		b = append(b, "\x1b[0m"...)
	}
	return append(b, '\n')
}

func appendBlanks(b []byte, n int) []byte {
	for range n {
		b = append(b, ' ')
	}
	return b
}

// cutText is s in at most width columns of a terminal; a text that is cut ends with "…".
func cutText(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	out, w := "", 0
	for state := -1; len(s) > 0; {
		var g string
		var n int
		g, s, n, state = uniseg.FirstGraphemeClusterInString(s, state)
		if w+n > width-1 {
			break
		}
		out, w = out+g, w+n
	}
	return out + "…"
}

// bytesText is a size as 512B, 1.91KB, 30.5MB: powers of 1024.
func bytesText(n float64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatFloat(math.Floor(n*100+0.5)/100, 'f', -1, 64) + "B"
	}
	k := -1
	for n >= 1024 && k < len(units)-1 {
		n /= 1024
		k++
	}
	return hundredths(n) + units[k:k+1] + "B"
}

// hundredths is x with two decimals. Halves go up, as people round: 1664 bytes are 1.63KB.
func hundredths(x float64) string { return strconv.FormatFloat(math.Floor(x*100+0.5)/100, 'f', 2, 64) }

// timeText is a duration with three figures: 180ns, 2.34ms, 12.0s, 1h2m3s.
func timeText(ns float64) string {
	switch {
	case ns < 1e3:
		return strconv.FormatFloat(ns, 'f', 0, 64) + "ns"
	case ns < 1e6:
		return figures(ns/1e3) + "us"
	case ns < 1e9:
		return figures(ns/1e6) + "ms"
	case ns < 60e9:
		return figures(ns/1e9) + "s"
	}
	return time.Duration(ns).Round(time.Second).String()
}

func figures(x float64) string {
	switch {
	case x < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// json appends the frame as one object on a line. Names of keys are an interface: they stay.
func (p *Printer) json(b []byte, f *Frame, rows []Row) []byte {
	b = append(b, `{"chisel":`...)
	b = fields.AppendJSONText(b, f.Spec.Name)
	b = appendMoment(append(b, `,"from":`...), f.From)
	b = appendMoment(append(b, `,"to":`...), f.To)
	b = append(b, `,"seconds":`...)
	b = strconv.AppendFloat(b, f.Seconds(), 'f', -1, 64)
	b = append(b, `,"events":`...)
	b = strconv.AppendUint(b, f.Events, 10)
	b = append(b, `,"units":{`...)
	n := 0
	for i, c := range f.Columns {
		h, _ := aggOf(c.Agg)
		v := f.Total.Values[i]
		if len(rows) > 0 {
			v = rows[0].Values[i]
		}
		unit := unitOf(c, h, v)
		if unit == "none" || unit == "id" {
			continue
		}
		if unit == "time" {
			unit = "ns"
		}
		if h.agg == aggRate && unit != "percent" {
			unit += "/s"
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = fields.AppendJSONText(b, c.Name)
		b = fields.AppendJSONText(append(b, ':'), unit)
	}
	b = append(b, `},"rows":[`...)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.jsonRow(b, f, r, true)
	}
	b = append(b, ']')
	if more := len(f.Rows) - len(rows); more > 0 {
		b = append(b, `,"more":`...)
		b = strconv.AppendInt(b, int64(more), 10)
	}
	if f.Other != nil {
		b = p.jsonRow(append(b, `,"others":`...), f, *f.Other, false)
	}
	b = p.jsonRow(append(b, `,"total":`...), f, f.Total, false)
	return append(b, "}\n"...)
}

// jsonRow appends a row as an object; keys tells that it has its keys.
func (p *Printer) jsonRow(b []byte, f *Frame, r Row, keys bool) []byte {
	b = append(b, '{')
	n := 0
	for i, c := range f.Columns {
		if !keys && (c.Key || r.Values[i].Type == fields.Absent) {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = append(fields.AppendJSONText(b, c.Name), ':')
		b = fields.AppendJSONValue(b, r.Values[i], p.formatOf(c), p.Options)
	}
	return append(b, '}')
}

// appendMoment appends a time as a string; null when there is none.
func appendMoment(b []byte, ts uint64) []byte {
	if ts == 0 {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = time.Unix(0, int64(ts)).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
	return append(b, '"')
}

// csv appends the rows; the header once. Each row begins with the end of its interval.
func (p *Printer) csv(b []byte, f *Frame, rows []Row) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	if !p.began {
		head := []string{"time"}
		for _, c := range f.Columns {
			head = append(head, c.Name)
		}
		_ = w.Write(head) // a Buffer has no errors
	}
	at := string(bytes.Trim(appendMoment(nil, f.To), `"`))
	for _, r := range rows {
		rec := []string{at}
		for i, c := range f.Columns {
			rec = append(rec, p.plain(c, r.Values[i]))
		}
		_ = w.Write(rec)
	}
	w.Flush()
	return append(b, buf.Bytes()...)
}

// plain is a value as a number or text without unit.
func (p *Printer) plain(c *ColumnSpec, v fields.Value) string {
	if v.Type == fields.Float {
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return string(fields.AppendValue(nil, v, p.formatOf(c), p.Options))
}
