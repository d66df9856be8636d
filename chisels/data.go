package chisels

import (
	"bytes"
	"strconv"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// Data prints the bytes that calls moved: echo_fds, the spies and the standard streams. Its spec has the columns that JSON and CSV have; those called
// bytes and data are needed, the others are used when they are there.
type Data struct {
	*List
	style dataStyle
	col   int    // position of the column data
	data  string // of the event at hand
	text  []byte // scratch
}

// dataStyle says how data looks as text.
type dataStyle struct {
	// head appends the line above the data, without its end; nil: there is none.
	head func(d *Data, b []byte, ev *event.Event, recorded int) []byte
	// lines tells that data is text, until -A, -x, -X or -b say otherwise; else it is one line with dots for what cannot be shown.
	lines bool
	// empty tells that a call without data is shown: the end of a file.
	empty bool
}

func init() {
	for _, name := range []string{"echo_fds", "spy_ip", "spy_port"} {
		makers[name] = makeData(dataStyle{head: (*Data).banner})
	}
	makers["spy_file"] = makeData(dataStyle{head: (*Data).fileHead, lines: true, empty: true})
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		makers[name] = makeData(dataStyle{lines: true})
	}
}

func makeData(s dataStyle) func(*Instance) (Chisel, error) {
	return func(in *Instance) (Chisel, error) { return newData(in, s), nil }
}

func newData(in *Instance, s dataStyle) *Data {
	d := &Data{List: NewList(in), style: s}
	d.compute = d.computed
	for i, c := range in.shown {
		if c.Name == "data" {
			d.col = i
		}
	}
	return d
}

// field is that of the column called name, nil when this run has no such column.
func (in *Instance) field(name string) *fields.Field {
	for i, c := range in.shown {
		if c.Name == name {
			return in.fields[i]
		}
	}
	return nil
}

// appendColumn appends the text of a column, or <NA> when there is none.
func (in *Instance) appendColumn(b []byte, name string, ev *event.Event) []byte {
	if name == "container" && in.Kubernetes {
		if f := in.field("pod"); f != nil && f.Value(ev).Type != fields.Absent {
			name = "pod"
		}
	}
	if f := in.field(name); f != nil {
		if out, ok := f.Append(b, ev); ok && len(out) > len(b) {
			return out
		}
	}
	return append(b, "<NA>"...)
}

// Event prints the data of one call.
func (d *Data) Event(ev *event.Event) (bool, error) {
	if !d.takes(ev) {
		return false, nil
	}
	if d.data = d.fields[d.col].Value(ev).Str; len(d.data) == 0 && !d.style.empty {
		return false, nil
	}
	if n := d.Options.SnapLen; n > 0 && n < len(d.data) {
		d.data = d.data[:n]
	}
	b := d.Out.Buffer()
	switch d.Format {
	case FormatJSON:
		b = d.json(b, ev)
	case FormatCSV:
		b = d.csv(b, ev)
	default:
		b = d.textOf(b, ev, d.data)
	}
	d.began = true
	return true, d.Out.Keep(b)
}

// moved is how many bytes the call moved, not less than what there is of them.
func (d *Data) moved(ev *event.Event, data string) int64 {
	n := int64(0)
	if f := d.field("bytes"); f != nil {
		n = f.Value(ev).Int()
	}
	return max(n, int64(len(data)))
}

func (d *Data) textOf(b []byte, ev *event.Event, data string) []byte {
	color := ""
	if d.style.head != nil {
		if d.Color {
			if color = colorCodes["blue"]; ev.Type.Schema().Flags&event.ReadsFD != 0 {
				color = colorCodes["red"]
			}
		}
		b = append(b, color...)
		b = append(d.style.head(d, b, ev, len(data)), '\n')
	}
	start := len(b)
	switch {
	case len(data) == 0:
	case d.Options.Buffer == fields.BufferDots && d.style.lines && !strings.Contains(data, "\x00"):
		b = appendDataLines(b, data, d.Options)
	default: // a dump in rows begins with a line break, which the head has made already
		d.text = fields.AppendBuffer(d.text[:0], []byte(data), d.Options)
		b = append(b, bytes.TrimPrefix(d.text, []byte{'\n'})...)
	}
	if more := d.moved(ev, data) - int64(len(data)); more > 0 && d.style.head == nil {
		b = strconv.AppendInt(append(b, "… ("...), more, 10)
		b = append(b, " bytes not recorded)"...)
	}
	if d.style.head == nil {
		b = d.prefixed(b, start, ev)
	}
	if color != "" {
		b = append(b, "\x1b[0m"...)
	}
	if len(b) > start && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return b
}

// prefixed puts the container, when there is to be one, before each line of b[start:].
func (d *Data) prefixed(b []byte, start int, ev *event.Event) []byte {
	if !d.Containers || start == len(b) {
		return b
	}
	color := d.color(ev)
	id := cutText(string(d.appendColumn(nil, "container_id", ev)), 12)
	name := cutText(string(d.appendColumn(nil, "container", ev)), 20)
	head := appendBlanks(append([]byte(color), id...), 12-len(id))
	head = append(appendBlanks(append(append(head, "  "...), name...), 20-len(name)), "  "...)
	d.text = append(d.text[:0], b[start:]...)
	b = b[:start]
	for line := range bytes.Lines(d.text) {
		b = append(append(b, head...), bytes.TrimSuffix(line, []byte{'\n'})...)
		b = endLine(b, color)
	}
	return b
}

// appendDataLines appends text with its line breaks and tabs; what else cannot be shown is escaped, as everywhere.
func appendDataLines(b []byte, data string, o *fields.Options) []byte {
	if o.Raw {
		return append(b, data...)
	}
	for line := range strings.Lines(data) {
		text, ended := strings.CutSuffix(line, "\n")
		if ended {
			text = strings.TrimSuffix(text, "\r")
		}
		for {
			part, rest, tab := strings.Cut(text, "\t")
			if b = fields.AppendText(b, part, o); !tab {
				break
			}
			b, text = append(b, '\t'), rest
		}
		if ended {
			b = append(b, '\n')
		}
	}
	return b
}

// banner is the line of echo_fds: "------ Read 566B (80B recorded) from /etc/nsswitch.conf (curl)".
func (d *Data) banner(b []byte, ev *event.Event, recorded int) []byte {
	word, way := "Write ", " to "
	if ev.Type.Schema().Flags&event.ReadsFD != 0 {
		word, way = "Read ", " from "
	}
	b = append(append(b, "------ "...), word...)
	b = append(d.size(b, ev, recorded), way...)
	if d.Containers {
		b = append(d.appendColumn(append(b, '['), "container", ev), "] ["...)
		b = append(d.appendColumn(b, "container_id", ev), "] "...)
	}
	b = append(d.appendColumn(b, "fd", ev), " ("...)
	return append(d.appendColumn(b, "process", ev), ')')
}

// fileHead is the line of spy_file: "00:44:29.900680119 curl(842) R 566B /etc/nsswitch.conf".
func (d *Data) fileHead(b []byte, ev *event.Event, recorded int) []byte {
	way := byte('W')
	if ev.Type.Schema().Flags&event.ReadsFD != 0 {
		way = 'R'
	}
	b = append(d.appendColumn(b, "time", ev), ' ')
	if d.Containers {
		b = append(d.appendColumn(append(b, '['), "container", ev), "] ["...)
		b = append(d.appendColumn(b, "container_id", ev), "] "...)
	}
	b = append(d.appendColumn(b, "process", ev), '(')
	b = append(d.appendColumn(b, "pid", ev), ") "...)
	b = append(d.size(append(b, way, ' '), ev, recorded), ' ')
	return d.appendColumn(b, "fd", ev)
}

// size appends how much was moved, and how much of it was recorded if that is less.
func (d *Data) size(b []byte, ev *event.Event, recorded int) []byte {
	n := max(d.field("bytes").Value(ev).Int(), 0)
	b = append(b, bytesText(float64(n))...)
	if int64(recorded) < n {
		b = append(append(b, " ("...), bytesText(float64(recorded))...)
		b = append(b, " recorded)"...)
	}
	return b
}

// computed is the data of the columns for machines: as it is, or with -A, -x, -X and -b as these have it.
func (d *Data) computed(col int, _ *event.Event) (fields.Value, bool) {
	switch {
	case d.shown[col].Name == "recorded":
		return fields.Value{Type: fields.Uint, Num: uint64(len(d.data))}, true
	case col != d.col:
		return fields.Value{}, false
	case d.Options.Buffer == fields.BufferDots:
		return fields.Value{Type: fields.String, Str: d.data}, true
	}
	return fields.Value{Type: fields.String, Str: string(fields.AppendBuffer(nil, []byte(d.data), d.Options))}, true
}

// Finish hands over the last lines. There is no header that a run without data would still have to show.
func (d *Data) Finish() error { return d.Flush() }
