package chisels

import (
	"bytes"
	"encoding/csv"
	"time"

	"github.com/rivo/uniseg"

	"scry/filter/fields"
)

// rowLog prints a line for each row of values that a chisel made: a list whose columns have no fields. Columns have a fixed width, as the next line is not
// known; the last one takes what it needs.
type rowLog struct {
	*Instance
	printer Printer
	widths  []int
	began   bool
}

func newRowLog(in *Instance) *rowLog {
	l := &rowLog{Instance: in, printer: Printer{Env: in.Env}}
	for _, c := range in.shown {
		w := max(c.Width, uniseg.StringWidth(c.Title))
		if c.Name == "time" {
			w = len(l.layout())
		}
		l.widths = append(l.widths, w)
	}
	return l
}

// print prints one row: a value for each column.
func (l *rowLog) print(row []fields.Value) error {
	b := l.Out.Buffer()
	switch l.Format {
	case FormatJSON:
		b = l.json(b, row)
	case FormatCSV:
		b = l.csv(b, row)
	default:
		b = l.text(b, row)
	}
	l.began = true
	return l.Out.Keep(b)
}

func (l *rowLog) text(b []byte, row []fields.Value) []byte {
	if !l.began {
		b = l.header(b)
	}
	start, used := len(b), 0
	for i, c := range l.shown {
		if i > 0 {
			b = append(b, "  "...)
		}
		s := l.cell(c, row[i])
		if i == len(row)-1 {
			if l.Width > 0 {
				s = cutText(s, l.room(used))
			}
			b = append(b, s...)
			break
		}
		if l.Width > 0 {
			s = cutText(s, l.widths[i])
		}
		pad := l.widths[i] - uniseg.StringWidth(s)
		if l.right(i) {
			b = append(appendBlanks(b, pad), s...)
		} else {
			b = appendBlanks(append(b, s...), pad)
		}
		used += l.widths[i] + columnGap
	}
	return append(b[:start+len(bytes.TrimRight(b[start:], " "))], '\n')
}

// room is how much of a terminal's line is left for the last column behind the others; where that is little, it goes on in the next line.
func (l *rowLog) room(used int) int {
	const little = 32
	if n := l.Width - used; n >= little {
		return n
	}
	return max(2*l.Width-used, little)
}

// layout is how times are written: with the date where there is room for it.
func (l *rowLog) layout() string {
	if l.Width == 0 || l.Width >= 120 {
		return "2006-01-02 15:04:05.000000000"
	}
	return "15:04:05.000000"
}

// right tells that the values of a column are numbers.
func (l *rowLog) right(i int) bool { return l.shown[i].Unit != "" }

// cell is a value as text.
func (l *rowLog) cell(c *ColumnSpec, v fields.Value) string {
	if v.Type == fields.AbsTime {
		return time.Unix(0, int64(v.Num)).In(l.printer.zone()).Format(l.layout())
	}
	return l.printer.cell(c, how{}, v)
}

func (l *rowLog) header(b []byte) []byte {
	if l.Color {
		b = append(b, "\x1b[1m"...)
	}
	for i, c := range l.shown {
		if i > 0 {
			b = append(b, "  "...)
		}
		pad := l.widths[i] - uniseg.StringWidth(c.Title)
		if i == len(l.shown)-1 {
			pad = 0
		}
		if l.right(i) {
			b = append(appendBlanks(b, pad), c.Title...)
		} else {
			b = appendBlanks(append(b, c.Title...), pad)
		}
	}
	if l.Color {
		b = append(b, "\x1b[0m"...)
	}
	return append(b, '\n')
}

// json appends the row as an object. Times are strings, as those of intervals are.
func (l *rowLog) json(b []byte, row []fields.Value) []byte {
	b = append(b, '{')
	for i, c := range l.shown {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(fields.AppendJSONText(b, c.Name), ':')
		if row[i].Type == fields.AbsTime {
			b = appendMoment(b, row[i].Num)
		} else {
			b = fields.AppendJSONValue(b, row[i], 0, l.Options)
		}
	}
	return append(b, "}\n"...)
}

func (l *rowLog) csv(b []byte, row []fields.Value) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rec := make([]string, len(row))
	if !l.began {
		for i, c := range l.shown {
			rec[i] = c.Name
		}
		_ = w.Write(rec) // a Buffer has no errors
	}
	for i, c := range l.shown {
		if rec[i] = l.printer.plain(c, row[i]); row[i].Type == fields.AbsTime {
			rec[i] = string(bytes.Trim(appendMoment(nil, row[i].Num), `"`))
		}
	}
	_ = w.Write(rec)
	w.Flush()
	return append(b, buf.Bytes()...)
}

// finish hands the last lines over; a log without lines is its header.
func (l *rowLog) finish() error {
	if !l.began && l.Format == FormatText {
		l.Out.Keep(l.header(l.Out.Buffer())) // Flush has the error
	}
	return l.Out.Flush()
}

// Values of rows that are put together by a chisel.
func intOf(n int64) fields.Value     { return fields.Value{Type: fields.Int, Num: uint64(n)} }
func spanOf(ns uint64) fields.Value  { return fields.Value{Type: fields.RelTime, Num: ns} }
func momentOf(t uint64) fields.Value { return fields.Value{Type: fields.AbsTime, Num: t} }
