package chisels

import (
	"fmt"
	"strconv"
	"time"

	"scry/capture/event"
	"scry/filter/fields"
)

// ioBytes adds up the bytes that calls read and wrote, second by second of the clock: each second of the capture has one line, the last one too,
// of which the capture may have a part only.
type ioBytes struct {
	*Instance
	res  *fields.Field
	span uint64 // of a line, in ns
	end  uint64 // of the line at hand; 0 before the first event
	in   uint64
	out  uint64
	head bool // that of CSV was printed
}

// maxIdle is how many lines without an event before them are printed; a longer pause is said in one.
const maxIdle = 3600

func init() {
	for _, name := range []string{"iobytes", "iobytes_file", "iobytes_net"} {
		makers[name] = newIOBytes
	}
}

func newIOBytes(in *Instance) (Chisel, error) {
	res, err := newField("evt.rawres", in.Options)
	if err != nil {
		return nil, err
	}
	c := &ioBytes{Instance: in, res: res, span: in.Interval}
	if c.span == 0 {
		c.span = 1e9
	}
	return c, nil
}

// Event counts one call. hot: no allocation within a second (TestIOBytesAllocs)
func (c *ioBytes) Event(ev *event.Event) (bool, error) {
	err := c.Pass(ev)
	if !c.take(ev) {
		return false, err
	}
	n := c.res.Value(ev).Int()
	switch {
	case n <= 0:
		return false, err
	case ev.Type.Schema().Flags&event.ReadsFD != 0:
		c.in += uint64(n)
	default:
		c.out += uint64(n)
	}
	return true, err
}

// Pass lets the time go on, which does so for events that the filter leaves out too.
func (c *ioBytes) Pass(ev *event.Event) error {
	switch {
	case ev.TS < c.end || event.WrittenLate.Has(ev.Type):
		return nil
	case c.end == 0:
		c.end = ev.TS - ev.TS%c.span + c.span
		return nil
	}
	b := c.line(c.Out.Buffer())
	idle := (ev.TS - c.end) / c.span
	if c.end += c.span; idle > maxIdle {
		b = c.pause(b, idle*c.span)
		c.end += idle * c.span
		idle = 0
	}
	for ; idle > 0; idle-- {
		b = c.line(b)
		c.end += c.span
	}
	return c.Out.Keep(b)
}

// line appends what was counted, and begins anew. The time is the end of the second.
func (c *ioBytes) line(b []byte) []byte {
	switch total := c.in + c.out; c.Format {
	case FormatJSON:
		b = appendMoment(append(b, `{"chisel":`+strconv.Quote(c.Spec.Name)+`,"from":`...), c.end-c.span)
		b = appendMoment(append(b, `,"to":`...), c.end)
		b = fmt.Appendf(b, `,"in":%d,"out":%d,"total":%d}`, c.in, c.out, total)
	case FormatCSV:
		if !c.head {
			b, c.head = append(b, "time,in,out,total\n"...), true
		}
		b = time.Unix(0, int64(c.end)).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
		b = fmt.Appendf(b, ",%d,%d,%d", c.in, c.out, total)
	default:
		b = fmt.Appendf(c.clock(b), " in:%d out:%d tot:%d", c.in, c.out, total)
	}
	c.in, c.out = 0, 0
	return append(b, '\n')
}

// clock appends the end of the interval as a time of the day.
func (c *ioBytes) clock(b []byte) []byte {
	layout := "15:04:05"
	if c.span%1e9 != 0 {
		layout = "15:04:05.000"
	}
	zone := time.UTC
	if c.Options.Location != nil {
		zone = c.Options.Location
	}
	return time.Unix(0, int64(c.end)).In(zone).AppendFormat(b, layout)
}

// pause says in text that nothing was recorded for long; in JSON and CSV the times of the lines say it.
func (c *ioBytes) pause(b []byte, ns uint64) []byte {
	if c.Format != FormatText {
		return b
	}
	return fmt.Appendf(b, "--- no event for %s ---\n", time.Duration(ns).Round(time.Second))
}

// Flush hands over the lines that wait.
func (c *ioBytes) Flush() error { return c.Out.Flush() }

// Finish prints the last line.
func (c *ioBytes) Finish() error {
	if c.end != 0 {
		if err := c.Out.Keep(c.line(c.Out.Buffer())); err != nil {
			return err
		}
	}
	return c.Flush()
}
