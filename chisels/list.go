package chisels

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

// List prints a line for each event: the values of its columns, aligned under a header. Columns have a fixed width, as the next line is not known; the
// last one takes what it needs.
type List struct {
	*Instance
	// compute gives the values that the chisel makes itself for JSON and CSV, by column; nil, or false: that of the field.
	compute func(col int, ev *event.Event) (fields.Value, bool)
	widths  []int
	began   bool
	line    []byte
}

// NewList makes the list of an instance.
func NewList(in *Instance) *List {
	l := &List{Instance: in}
	for i, c := range in.shown {
		w := c.Width
		if w == 0 && in.fields[i] != nil {
			w = defaultWidth(in.fields[i])
		}
		l.widths = append(l.widths, max(w, uniseg.StringWidth(c.Title)))
	}
	if in.Env != nil && in.Width > 0 {
		l.narrow()
	}
	return l
}

// narrow takes width from texts, the widest first, until the last column has lastWidth on the terminal. None becomes narrower than minText.
func (l *List) narrow() {
	const lastWidth, minText = 24, 8
	used := 0
	for _, w := range l.widths[:max(len(l.widths)-1, 0)] {
		used += w + columnGap
	}
	for ; used+lastWidth > l.Width; used-- {
		widest := -1
		for i, c := range l.shown[:len(l.shown)-1] {
			if f := l.fields[i]; f == nil || l.rightAligned(i) || f.Def.Flags&fields.TimeText != 0 {
				continue // a number or a time that is cut is another one
			}
			if w := l.widths[i]; w > max(minText, uniseg.StringWidth(c.Title)) && (widest < 0 || w > l.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		l.widths[widest]--
	}
}

// defaultWidth is room for most values of a field.
func defaultWidth(f *fields.Field) int {
	switch f.Def.Type {
	case fields.Int, fields.Uint, fields.Port, fields.RelTime, fields.Float:
		return 9
	case fields.Bool:
		return 5
	case fields.AbsTime:
		return 19
	case fields.IP, fields.Net:
		return 15
	}
	return 16
}

// Event prints one event, if it has what is required.
func (l *List) Event(ev *event.Event) (bool, error) {
	if !l.takes(ev) {
		return false, nil
	}
	b := l.Out.Buffer()
	switch l.Format {
	case FormatJSON:
		b = l.json(b, ev)
	case FormatCSV:
		b = l.csv(b, ev)
	default:
		b = l.text(b, ev)
	}
	l.began = true
	return true, l.Out.Keep(b)
}

// takes tells whether an event passes the filter and has what is required.
func (l *List) takes(ev *event.Event) bool {
	if !l.take(ev) {
		return false
	}
	for i, c := range l.shown {
		if c.Required && l.fields[i].Value(ev).Type == fields.Absent {
			return false
		}
	}
	return true
}

func (l *List) text(b []byte, ev *event.Event) []byte {
	if !l.began {
		b = l.header(b)
	}
	color := l.color(ev)
	b = append(b, color...)
	last := len(l.shown) - 1
	for i, f := range l.fields {
		if i > 0 {
			b = append(b, "  "...)
		}
		b = l.cell(b, i, f, ev, i == last)
	}
	return endLine(bytes.TrimRight(b, " "), color)
}

func (l *List) header(b []byte) []byte {
	if l.Color {
		b = append(b, "\x1b[1m"...)
	}
	for i, c := range l.shown {
		if i > 0 {
			b = append(b, "  "...)
		}
		pad := l.widths[i] - uniseg.StringWidth(c.Title)
		right := l.rightAligned(i)
		if right {
			b = appendBlanks(b, pad)
		}
		if b = append(b, c.Title...); !right && i < len(l.shown)-1 {
			b = appendBlanks(b, pad)
		}
	}
	if l.Color {
		b = append(b, "\x1b[0m"...)
	}
	return append(b, '\n')
}

func (l *List) rightAligned(i int) bool {
	if l.fields[i] == nil {
		return false
	}
	t := l.fields[i].Def.Type
	return t.Numeric() && t != fields.AbsTime && l.fields[i].Def.Flags&fields.TimeText == 0
}

// cell appends the value of a column, in its width unless it is the last.
func (l *List) cell(b []byte, i int, f *fields.Field, ev *event.Event, last bool) []byte {
	c := l.shown[i]
	line, ok := l.line[:0], true
	if v, made := l.value(i, ev); made || f == nil {
		ok = v.Present()
		line = fields.AppendValue(line, v, event.FmtDec, l.Options)
	} else if v := l.unitValue(c, f, ev); v != "" {
		line = append(line, v...)
	} else {
		line, ok = f.Append(line, ev)
	}
	if !ok {
		line = append(line[:0], '-')
		if c.Default != nil {
			line = append(line[:0], *c.Default...)
		}
	}
	l.line = line
	s := string(line)
	if last {
		if l.Width > 0 {
			used := 0
			for _, w := range l.widths[:i] {
				used += w + columnGap
			}
			s = cutText(s, max(l.Width-used, 8))
		}
		return append(b, s...)
	}
	if l.Width > 0 { // in a file no line is too long
		s = cutText(s, l.widths[i])
	}
	pad := l.widths[i] - uniseg.StringWidth(s)
	if l.rightAligned(i) {
		return append(appendBlanks(b, pad), s...)
	}
	return appendBlanks(append(b, s...), pad)
}

// unitValue is a number with its unit, "" for a column without.
func (l *List) unitValue(c *ColumnSpec, f *fields.Field, ev *event.Event) string {
	if !f.HasValue() || !f.Def.Type.Numeric() || f.Def.Flags&fields.TimeText != 0 {
		return ""
	}
	switch v := f.Value(ev); {
	case v.Type == fields.Absent:
		return ""
	case c.Unit == "bytes":
		return bytesText(v.Float())
	case c.Unit == "time" || c.Unit == "" && v.Type == fields.RelTime:
		return timeText(v.Float())
	}
	return ""
}

// value is that of a column in JSON and CSV, when it has to be known: Absent stands for that of the field too.
func (l *List) value(i int, ev *event.Event) (v fields.Value, made bool) {
	if l.compute != nil {
		if v, ok := l.compute(i, ev); ok {
			return v, true
		}
	}
	if f := l.fields[i]; f != nil && f.Def.Type == fields.String && f.Def.Flags&(fields.Rendered|fields.TimeText) == 0 && !f.Multi() {
		v = f.Value(ev)
	}
	return v, false
}

// json appends an object with the columns as keys. Text that is not UTF-8 has U+FFFD in the places of what it cannot hold, and its bytes in base64 under
// KEY_b64.
func (l *List) json(b []byte, ev *event.Event) []byte {
	b = append(b, '{')
	for i, f := range l.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(fields.AppendJSONText(b, l.shown[i].Name), ':')
		v, made := l.value(i, ev)
		if made || f == nil {
			b = fields.AppendJSONValue(b, v, event.FmtDec, l.Options)
		} else {
			b = f.AppendJSON(b, ev)
		}
		if v.Type == fields.String && !utf8.ValidString(v.Str) {
			b = append(fields.AppendJSONText(append(b, ','), l.shown[i].Name+"_b64"), `:"`...)
			b = append(base64.StdEncoding.AppendEncode(b, []byte(v.Str)), '"')
		}
	}
	return append(b, "}\n"...)
}

func (l *List) csv(b []byte, ev *event.Event) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rec := make([]string, len(l.shown))
	if !l.began {
		for i, c := range l.shown {
			rec[i] = c.Name
		}
		_ = w.Write(rec) // a Buffer has no errors
	}
	for i, f := range l.fields {
		var line []byte
		if f != nil && f.Def.Flags&fields.TimeText != 0 { // whole, and the same in all zones
			line = bytes.Trim(appendMoment(nil, ev.TS), `"`)
		} else if v, made := l.value(i, ev); made || f == nil {
			line = fields.AppendValue(nil, v, event.FmtDec, l.Options)
		} else {
			line, _ = f.Append(nil, ev)
		}
		rec[i] = string(line)
	}
	_ = w.Write(rec)
	w.Flush()
	return append(b, buf.Bytes()...)
}

// Flush hands over the lines that wait.
func (l *List) Flush() error { return l.Out.Flush() }

// Finish hands the last lines over; a list without events is its header.
func (l *List) Finish() error {
	if !l.began && l.Format == FormatText {
		l.Out.Keep(l.header(l.Out.Buffer())) // Flush has the error
	}
	return l.Flush()
}

var _ interface{ Demand() capture.Demand } = (*List)(nil)
