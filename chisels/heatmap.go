package chisels

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/rivo/uniseg"

	"scry/capture/event"
	"scry/filter/fields"
)

// heatMap is a row of coloured columns for each interval: a column is a range of values, its colour tells how many events a second had one of them. On a terminal
// an axis stands below the last row; elsewhere it stands above the first one, and rows begin with their time.
type heatMap struct {
	*Instance
	scale  heatScale
	span   uint64 // of a row, in ns
	counts []uint64
	end    uint64 // of the row at hand; 0 before the first event
	events uint64
	began  bool
}

// heatScale says what a column stands for.
type heatScale struct {
	span    uint64                                             // of a row, when nobody says how long it is
	columns int                                                // of what is no text
	at      func(ev *event.Event, span uint64) (float64, bool) // where on the axis, from 0 to 1, an event is
	value   func(at float64, span uint64) float64              // the value there, in ns
	marks   func(span uint64) ([]float64, func(float64) string)
}

const decades = 11 // of latencies that are told apart: 1 ns to 100 s

var latencyScale = heatScale{
	span: 500e6, columns: 10 * decades,
	at: func(ev *event.Event, _ uint64) (float64, bool) {
		return math.Log10(float64(ev.Latency)) / decades, ev.Latency > 0
	},
	value: func(at float64, _ uint64) float64 { return math.Pow(10, at*decades) },
	marks: func(uint64) (list []float64, text func(float64) string) {
		for i := range decades {
			list = append(list, float64(i)/decades)
		}
		return list, func(v float64) string { return roundTime(math.Round(v)) }
	},
}

var offsetScale = heatScale{
	span: 1e9, columns: 100,
	at:    func(ev *event.Event, span uint64) (float64, bool) { return float64(ev.TS%span) / float64(span), true },
	value: func(at float64, span uint64) float64 { return at * float64(span) },
	marks: func(uint64) (list []float64, text func(float64) string) {
		for i := range 10 {
			list = append(list, float64(i)/10)
		}
		return list, func(v float64) string { return strconv.FormatFloat(v/1e6, 'f', -1, 64) + "ms" }
	},
}

func init() {
	makers["spectrogram"] = makeHeatMap(latencyScale)
	makers["subsecoffset"] = makeHeatMap(offsetScale)
}

// plainWidth is how many columns a row has that goes to no terminal, and clockWidth what stands before it.
const (
	plainWidth = 88
	clockWidth = 14
)

func makeHeatMap(scale heatScale) func(*Instance) (Chisel, error) {
	return func(in *Instance) (Chisel, error) {
		h := &heatMap{Instance: in, scale: scale, span: scale.span}
		if in.Interval > 0 {
			h.span = in.Interval
		}
		if ms, ok := in.Args["refresh_time"]; ok {
			ns, err := millis(ms)
			if err != nil || ns < 1e6 {
				return nil, fmt.Errorf("-c %s: refresh_time is at least 1, in milliseconds", in.Name)
			}
			h.span = ns
		}
		n := scale.columns
		switch {
		case in.Format != FormatText:
		case h.moving():
			n = in.Width
		case in.Width > clockWidth+decades:
			n = in.Width - clockWidth
		default:
			n = plainWidth
		}
		h.counts = make([]uint64, n)
		return h, nil
	}
}

// moving tells that the axis stays below the last row.
func (h *heatMap) moving() bool { return h.Format == FormatText && h.Color && h.Width > 0 }

// Event counts one event. hot: no allocation within a row (TestHeatMapAllocs)
func (h *heatMap) Event(ev *event.Event) (bool, error) {
	if err := h.Pass(ev); err != nil || !h.take(ev) {
		return false, err
	}
	at, ok := h.scale.at(ev, h.span)
	if !ok {
		return false, nil
	}
	n := len(h.counts)
	h.counts[max(min(int(at*float64(n)), n-1), 0)]++
	h.events++
	return true, nil
}

// Pass lets the time go on, which does so for events that the filter leaves out too.
func (h *heatMap) Pass(ev *event.Event) error {
	switch {
	case ev.TS < h.end || event.WrittenLate.Has(ev.Type):
		return nil
	case h.end == 0:
		h.end = ev.TS - ev.TS%h.span + h.span
		h.begin()
		return nil
	}
	b := h.row(h.Out.Buffer())
	idle := (ev.TS - h.end) / h.span
	h.end += h.span
	if idle > maxEmptyRows || h.Format != FormatText {
		if h.Format == FormatText {
			b = h.line(b, []byte(" ... nothing for "+time.Duration(idle*h.span).String()))
		}
		h.end += idle * h.span
		idle = 0
	}
	for ; idle > 0; idle-- {
		b = h.row(b)
		h.end += h.span
	}
	return h.Out.Keep(b)
}

// maxEmptyRows is how many rows without events are printed; a longer pause is said in one.
const maxEmptyRows = 100

// begin prints what stands before the first row.
func (h *heatMap) begin() {
	h.began = true
	b := h.Out.Buffer()
	switch {
	case h.moving():
		b = append(h.axis(append(b, "\x1b[?25l"...)), '\n')
	case h.Format == FormatText:
		b = append(h.axis(appendBlanks(b, clockWidth)), '\n')
	case h.Format == FormatCSV:
		b = append(b, "time,from,to,count\n"...)
	}
	h.Out.Keep(b) // the next write has the error
}

// row appends the row at hand and begins the next one.
func (h *heatMap) row(b []byte) []byte {
	switch h.Format {
	case FormatJSON:
		b = h.json(b)
	case FormatCSV:
		b = h.csv(b)
	default:
		var row []byte
		if !h.moving() {
			row = h.clock(row)
		}
		for _, n := range h.counts {
			row = h.cell(row, float64(n)*1e9/float64(h.span))
		}
		b = h.line(b, row)
	}
	clear(h.counts)
	h.events = 0
	return b
}

// line appends a line above the axis.
func (h *heatMap) line(b, line []byte) []byte {
	if !h.moving() {
		return append(append(b, bytes.TrimRight(line, " ")...), '\n')
	}
	b = append(append(b, "\x1b[1F"...), line...)
	return append(h.axis(append(b, "\x1b[0m\x1b[K\n"...)), "\x1b[K\n"...)
}

func (h *heatMap) clock(b []byte) []byte {
	zone := time.UTC
	if h.Options.Location != nil {
		zone = h.Options.Location
	}
	return time.Unix(0, int64(h.end-h.span)).In(zone).AppendFormat(b, "15:04:05.000  ")
}

// palette are the colours of a heat map, from a few events a second to many; shades are what stands for them without colours.
var palette = []int{22, 28, 64, 34, 2, 76, 46, 118, 154, 191, 227, 226, 11, 220, 209, 208, 202, 197, 9, 1}

const shades = ".,:-=+*o#%@"

// cell appends a column that has rate events a second: each colour is 1.6 times the one before.
func (h *heatMap) cell(b []byte, rate float64) []byte {
	heat := math.Log10(rate+1) / math.Log10(1.6)
	if !h.moving() {
		if rate == 0 {
			return append(b, ' ')
		}
		return append(b, shades[min(int(heat)*len(shades)/len(palette), len(shades)-1)])
	}
	if rate == 0 {
		return append(b, "\x1b[0m "...)
	}
	heat = min(max(heat, 1), float64(len(palette)))
	low, high := palette[int(heat)-1], palette[int(math.Ceil(heat))-1]
	// A block that is filled by a quarter or a half mixes two colours; by three quarters it is one that is filled by a quarter with the colours exchanged.
	fill := " ░▒░"
	part := heat - math.Floor(heat)
	if part > 0.75 {
		low, high = high, low
	}
	b = append(b, "\x1b[38;5;"...)
	b = strconv.AppendInt(b, int64(high), 10)
	b = append(b, ";48;5;"...)
	b = strconv.AppendInt(b, int64(low), 10)
	return append(append(b, 'm'), string([]rune(fill)[int(part*4)])...)
}

// axis appends the values that columns stand for, where there is room.
func (h *heatMap) axis(b []byte) []byte {
	list, text := h.scale.marks(h.span)
	n := len(h.counts)
	x := 0
	for i, at := range list {
		col := int(math.Ceil(at * float64(n)))
		s := "|" + text(h.scale.value(at, h.span))
		next := n
		if i+1 < len(list) {
			next = int(math.Ceil(list[i+1] * float64(n)))
		}
		if col < x || col+uniseg.StringWidth(s) > next {
			if s = "|"; col < x || col >= n {
				continue
			}
		}
		b = append(appendBlanks(b, col-x), s...)
		x = col + uniseg.StringWidth(s)
	}
	return b
}

// json appends the row as an object with the columns that have events.
func (h *heatMap) json(b []byte) []byte {
	if h.events == 0 {
		return b
	}
	b = fields.AppendJSONText(append(b, `{"chisel":`...), h.Spec.Name)
	b = appendMoment(append(b, `,"from":`...), h.end-h.span)
	b = appendMoment(append(b, `,"to":`...), h.end)
	b = strconv.AppendUint(append(b, `,"events":`...), h.events, 10)
	b = append(b, `,"unit":"ns","buckets":[`...)
	more := false
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		if more {
			b = append(b, ',')
		}
		more = true
		from, to := h.bounds(i)
		b = fmt.Appendf(b, `{"from":%d,"to":%d,"count":%d}`, from, to, n)
	}
	return append(b, "]}\n"...)
}

func (h *heatMap) csv(b []byte) []byte {
	for i, n := range h.counts {
		if n > 0 {
			from, to := h.bounds(i)
			b = time.Unix(0, int64(h.end)).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
			b = fmt.Appendf(b, ",%d,%d,%d\n", from, to, n)
		}
	}
	return b
}

// bounds are the values of a column, in ns.
func (h *heatMap) bounds(i int) (from, to uint64) {
	n := float64(len(h.counts))
	return uint64(math.Ceil(h.scale.value(float64(i)/n, h.span))), uint64(math.Ceil(h.scale.value(float64(i+1)/n, h.span)))
}

// roundTime is a power of ten as 1ns, 10us, 100s.
func roundTime(ns float64) string {
	for _, u := range []struct {
		ns   float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}} {
		if ns >= u.ns {
			return strconv.FormatFloat(ns/u.ns, 'f', -1, 64) + u.name
		}
	}
	return strconv.FormatFloat(ns, 'f', -1, 64) + "ns"
}

// Flush hands over what was printed.
func (h *heatMap) Flush() error { return h.Out.Flush() }

// Finish prints the row at hand, of which time the run may have seen a part only.
func (h *heatMap) Finish() error {
	if !h.began {
		h.begin()
	}
	b := h.Out.Buffer()
	if h.events > 0 {
		b = h.row(b)
	}
	if h.moving() {
		b = append(b, "\x1b[0m\x1b[?25h"...)
	}
	h.Out.Keep(b) // Flush has the error
	return h.Flush()
}
