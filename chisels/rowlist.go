package chisels

import (
	"bytes"
	"encoding/csv"
	"time"

	"github.com/rivo/uniseg"

	"scry/filter/fields"
)

// rowList prints rows of values that belong to no single event, one after the other, as a List prints events: aligned under a header, JSON, or CSV. Texts
// are never cut: what is wider than its column moves the rest of the line.
type rowList struct {
	*Env
	columns []*ColumnSpec // each with a Width; those with a negative one are aligned to the right
	began   bool
}

// print adds a row; values are by column. A moment (AbsTime) is a time of the day in texts.
func (r *rowList) print(values []fields.Value) error {
	b := r.Out.Buffer()
	switch r.Format {
	case FormatJSON:
		p := Printer{Env: r.Env}
		b = append(p.jsonRow(b, &Frame{Columns: r.columns}, Row{values}, true), '\n')
	case FormatCSV:
		b = r.csv(b, values)
	default:
		if !r.began {
			b = r.header(b)
		}
		b = r.text(b, values)
	}
	r.began = true
	return r.Out.Keep(b)
}

// finish hands the last rows over; a list without rows is its header.
func (r *rowList) finish() error {
	if !r.began && r.Format == FormatText {
		r.Out.Keep(r.header(r.Out.Buffer())) // Flush has the error
	}
	return r.Out.Flush()
}

func (r *rowList) header(b []byte) []byte {
	if r.Color {
		b = append(b, "\x1b[1m"...)
	}
	for i, c := range r.columns {
		b = r.cell(b, i, c.Title)
	}
	b = bytes.TrimRight(b, " ")
	if r.Color {
		b = append(b, "\x1b[0m"...)
	}
	return append(b, '\n')
}

func (r *rowList) text(b []byte, values []fields.Value) []byte {
	p := Printer{Env: r.Env}
	for i, c := range r.columns {
		s := ""
		if v := values[i]; v.Type == fields.AbsTime {
			s = r.clock(v)
		} else {
			s = p.cell(c, how{}, v)
		}
		b = r.cell(b, i, s)
	}
	return append(bytes.TrimRight(b, " "), '\n')
}

// cell appends a text in the width of its column.
func (r *rowList) cell(b []byte, i int, s string) []byte {
	if i > 0 {
		b = append(b, "  "...)
	}
	w := r.columns[i].Width
	if w < 0 {
		return append(appendBlanks(b, -w-uniseg.StringWidth(s)), s...)
	}
	return appendBlanks(append(b, s...), w-uniseg.StringWidth(s))
}

func (r *rowList) clock(v fields.Value) string {
	p := Printer{Env: r.Env}
	return time.Unix(0, int64(v.Num)).In(p.zone()).Format("15:04:05.000000000")
}

func (r *rowList) csv(b []byte, values []fields.Value) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rec := make([]string, len(values))
	if !r.began {
		for i, c := range r.columns {
			rec[i] = c.Name
		}
		_ = w.Write(rec) // a Buffer has no errors
	}
	p := Printer{Env: r.Env}
	for i, c := range r.columns {
		switch v := values[i]; v.Type {
		case fields.AbsTime:
			rec[i] = r.clock(v)
		case fields.Absent:
			rec[i] = ""
		default:
			rec[i] = p.plain(c, v)
		}
	}
	_ = w.Write(rec)
	w.Flush()
	return append(b, buf.Bytes()...)
}

// Values of rows that are put together here.
func intOf(n int64) fields.Value     { return fields.Value{Type: fields.Int, Num: uint64(n)} }
func spanOf(ns uint64) fields.Value  { return fields.Value{Type: fields.RelTime, Num: ns} }
func momentOf(t uint64) fields.Value { return fields.Value{Type: fields.AbsTime, Num: t} }
