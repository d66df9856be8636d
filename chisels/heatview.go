package chisels

import (
	"math"
	"strconv"

	"scry/capture/event"
	"scry/filter"
	"scry/filter/fields"
)

// heatView is a heat map on a screen: the frame of an interval has a row for each range of latencies that calls had, smallest first.
type heatView struct {
	*Instance
	counts [heatColumns]uint64
	from   uint64
	events uint64
}

// heatColumns are the ranges: HeatSteps for each power of ten.
const (
	HeatSteps   = 24
	heatColumns = HeatSteps * decades
)

// heatShown are the columns of its frames.
var heatShown = []*ColumnSpec{
	{Name: "from", Title: "FROM", Key: true, Unit: "time", Help: "shortest latency of the range"},
	{Name: "to", Title: "BELOW", Unit: "time", Help: "end of the range"},
	{Name: "calls", Title: "CALLS", Agg: "count", Help: "that took so long"},
}

func newHeatView(in *Instance) *heatView { return &heatView{Instance: in} }

// HeatBound is the shortest latency, in ns, of range i of a heat map; that of the one behind the last is the end of the scale.
func HeatBound(i int) uint64 { return uint64(math.Ceil(math.Pow(10, float64(i)/HeatSteps))) }

// Event counts one event. hot: no allocation (TestViewAllocs)
func (h *heatView) Event(ev *event.Event) (bool, error) {
	if h.from == 0 && !event.WrittenLate.Has(ev.Type) {
		h.from = ev.TS
	}
	if ev.Latency == 0 || !h.take(ev) {
		return false, nil
	}
	i := min(max(int(math.Log10(float64(ev.Latency))*HeatSteps), 0), heatColumns-1)
	if ev.Latency < HeatBound(i) { // of ranges below 10 ns some are empty
		i--
	}
	h.counts[i]++
	h.events++
	return true, nil
}

// Peek is the interval so far.
func (h *heatView) Peek(ts uint64) *Frame {
	f := &Frame{Spec: h.Spec, Columns: heatShown, Where: h.Where, From: h.from, To: ts, Events: h.events}
	f.drill = func(r Row, o *fields.Options) (*filter.Filter, error) {
		high := r.Values[1].Num
		if high >= HeatBound(heatColumns) { // the last range has all that is above it
			high = 0
		}
		return HeatRect(f.From, f.To, r.Values[0].Num, high, o)
	}
	for i, n := range h.counts {
		if n > 0 {
			f.Rows = append(f.Rows, Row{Values: []fields.Value{spanOf(HeatBound(i)), spanOf(HeatBound(i + 1)), {Type: fields.Uint, Num: n}}})
		}
	}
	f.Total = Row{Values: []fields.Value{{}, {}, {Type: fields.Uint, Num: h.events}}}
	return f
}

// Result ends the interval.
func (h *heatView) Result(ts uint64) *Frame {
	f := h.Peek(ts)
	h.counts, h.events, h.from = [heatColumns]uint64{}, 0, ts
	return f
}

// HeatRect selects the events from one moment to another with latencies from low to below high, all in ns: a rectangle of a heat map.
// A high of 0 is no bound.
func HeatRect(from, to, low, high uint64, o *fields.Options) (*filter.Filter, error) {
	var all *filter.Filter
	for _, c := range []struct {
		text string
		n    uint64
	}{{"evt.rawtime>=", from}, {"evt.rawtime<=", to}, {"evt.latency>=", low}, {"evt.latency<", high}} {
		if c.n == 0 && c.text == "evt.latency<" {
			continue
		}
		f, err := filter.Compile(c.text+strconv.FormatUint(c.n, 10), o)
		if err != nil {
			return nil, err
		}
		all = filter.And(all, f)
	}
	return all, nil
}
