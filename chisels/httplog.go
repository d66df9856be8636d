package chisels

import (
	"scry/capture/event"
	"scry/filter/fields"
)

func init() {
	makers["httplog"] = newHTTPLog
	makers["httptop"] = newHTTPTop
}

// httpLog prints a line for each HTTP call, when its response is whole.
type httpLog struct {
	*httpReader
	log *rowLog
	row []fields.Value
}

func newHTTPLog(in *Instance) (Chisel, error) {
	h := &httpLog{log: newRowLog(in), row: make([]fields.Value, len(in.shown))}
	var err error
	h.httpReader, err = newHTTPReader(in, func(c *httpCall) error {
		in.fillHTTP(h.row, c)
		return h.log.print(h.row)
	})
	return h, err
}

// fillHTTP puts a call into a row, by the names of the columns.
func (in *Instance) fillHTTP(row []fields.Value, c *httpCall) {
	for i, col := range in.shown {
		row[i] = c.value(col.Name)
	}
}

// value is the value of the column called name.
func (c *httpCall) value(name string) fields.Value {
	switch name {
	case "time":
		return fields.Value{Type: fields.AbsTime, Num: c.first}
	case "container":
		return textOf(c.container)
	case "dir":
		if c.read {
			return textOf("<")
		}
		return textOf(">")
	case "method":
		return textOf(c.method)
	case "response_code":
		return numberOf(uint64(c.code))
	case "latency", "mean", "p99":
		return fields.Value{Type: fields.RelTime, Num: c.first - min(c.begin, c.first)}
	case "size", "bytes":
		if c.size < 0 {
			return fields.Value{}
		}
		return numberOf(uint64(c.size))
	case "errors":
		if c.code < 400 {
			return numberOf(0)
		}
		return numberOf(1)
	case "process":
		return textOf(c.process)
	case "url":
		return textOf(c.url)
	}
	return fields.Value{}
}

func textOf(s string) fields.Value   { return fields.Value{Type: fields.String, Str: s} }
func numberOf(n uint64) fields.Value { return fields.Value{Type: fields.Uint, Num: n} }

// Event takes one event.
func (h *httpLog) Event(ev *event.Event) (bool, error) { return h.event(ev) }

// Flush hands over the lines that wait.
func (h *httpLog) Flush() error { return h.Out.Flush() }

// Finish prints the calls whose response had no end yet.
func (h *httpLog) Finish() error {
	if err := h.end(); err != nil {
		return err
	}
	return h.log.finish()
}

// httpTop is a table of HTTP calls.
type httpTop struct {
	*httpReader
	table *Table
	row   []fields.Value
}

func newHTTPTop(in *Instance) (Chisel, error) {
	spec := *in.Spec
	spec.Sort = "-" + in.Args["by"]
	if in.Args["by"] == "time" {
		spec.Sort = "-mean"
	}
	in.Spec = &spec
	h := &httpTop{table: NewTable(in), row: make([]fields.Value, len(in.shown))}
	var err error
	h.httpReader, err = newHTTPReader(in, func(c *httpCall) error {
		in.fillHTTP(h.row, c)
		h.table.Add(h.row)
		return nil
	})
	return h, err
}

// Event takes one event.
func (h *httpTop) Event(ev *event.Event) (bool, error) {
	h.table.time(ev.TS)
	return h.event(ev)
}

// Tick prints the calls that ended in an interval.
func (h *httpTop) Tick(ts uint64) error { return h.table.Tick(ts) }

// Flush hands over what was printed.
func (h *httpTop) Flush() error { return h.Out.Flush() }

// Finish counts the calls whose response had no end yet, and prints the table.
func (h *httpTop) Finish() error {
	if err := h.end(); err != nil {
		return err
	}
	return h.table.Finish()
}
