package chisels

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"scry/capture/event"
	"scry/filter/fields"
)

func init() { makers["latency"] = newLatency }

// latencies makes a histogram of the latencies of calls for each value of some fields. Bucket i has those from 2^i ns on, up to twice that.
// Intervals are for those who ask for them; without, the histograms are of the whole run.
type latencies struct {
	*Instance
	groups   map[string]*histogram
	order    []*histogram
	other    *histogram // what found no room
	key      []byte
	scratch  []fields.Value
	from, to uint64
	events   uint64
	ticked   bool
	began    bool
}

type histogram struct {
	values     []fields.Value // of the key columns
	counts     [64]uint64
	n, sum     uint64
	least, max uint64
	quantiles  cell
}

func newLatency(in *Instance) (Chisel, error) {
	return &latencies{Instance: in, groups: map[string]*histogram{}, scratch: make([]fields.Value, len(in.shown))}, nil
}

// Event takes one event. hot: no allocation for a group that is there (TestLatencyAllocs)
func (l *latencies) Event(ev *event.Event) (bool, error) {
	if l.from == 0 {
		l.from = ev.TS
	}
	l.to = max(l.to, ev.TS)
	if !l.take(ev) {
		return false, nil
	}
	l.key = l.key[:0]
	for i, f := range l.fields {
		v := f.Value(ev)
		if v.Type == fields.Absent {
			d := l.shown[i].Default
			if d == nil {
				return false, nil
			}
			v = fields.Value{Type: fields.String, Str: *d}
		}
		l.scratch[i] = v
		l.key = appendKey(l.key, v)
	}
	h := l.groups[string(l.key)]
	if h == nil {
		h = l.group()
	}
	h.add(ev.Latency)
	l.events++
	return true, nil
}

func (h *histogram) add(ns uint64) {
	h.counts[bits.Len64(ns|1)-1]++
	if h.n == 0 || ns < h.least {
		h.least = ns
	}
	h.max = max(h.max, ns)
	h.n++
	h.sum += ns
	v := fields.Value{Type: fields.RelTime, Num: ns}
	h.quantiles.add(how{agg: aggQuantile}, v)
}

// quantile is how long a part q of the calls took at most.
func (h *histogram) quantile(q float64) uint64 {
	return h.quantiles.result(how{agg: aggQuantile, q: q}, 0).Num
}

// group makes the histogram of the key at hand, or gives the one of all that find no room.
func (l *latencies) group() *histogram {
	if len(l.groups) >= maxHistograms {
		if l.other == nil {
			l.other = &histogram{}
		}
		return l.other
	}
	h := &histogram{}
	for _, v := range l.scratch {
		v.Str = strings.Clone(v.Str)
		h.values = append(h.values, v)
	}
	l.groups[string(l.key)] = h
	l.order = append(l.order, h)
	return h
}

// maxHistograms bounds the groups.
const maxHistograms = 1 << 13

// Tick prints the histograms of an interval, or, when nobody asked for intervals, on a screen those so far.
func (l *latencies) Tick(ts uint64) error {
	if l.Interval == 0 {
		if l.Env.Intervals { // no screen: they come at the end
			return nil
		}
		return l.print(ts)
	}
	l.ticked = true
	err := l.print(ts)
	clear(l.groups)
	l.order, l.other, l.events, l.from, l.to = nil, nil, 0, ts, ts
	return err
}

// Flush hands over what was printed.
func (l *latencies) Flush() error { return l.Out.Flush() }

// Finish prints the histograms since the last interval.
func (l *latencies) Finish() error {
	if !l.ticked || l.events > 0 {
		if err := l.print(l.to); err != nil {
			return err
		}
	}
	return l.Flush()
}

// sorted are the groups, those in which most time went first, and how many more there are.
func (l *latencies) sorted() (list []*histogram, more int) {
	slices.SortFunc(l.order, func(a, b *histogram) int {
		if n := cmp.Compare(b.sum, a.sum); n != 0 {
			return n
		}
		for i := range a.values {
			if n := compareValues(a.values[i], b.values[i]); n != 0 {
				return n
			}
		}
		return 0
	})
	n := l.Limit
	if l.Top > 0 {
		n = l.Top
	}
	n = min(n, len(l.order))
	return l.order[:n], len(l.order) - n
}

func (l *latencies) print(to uint64) error {
	list, more := l.sorted()
	b := l.Out.Buffer()
	switch l.Format {
	case FormatJSON:
		b = l.json(b, list, more, to)
	case FormatCSV:
		b = l.csv(b, list, to)
	default:
		b = l.text(b, list, more, to)
	}
	l.began = true
	return l.Out.Keep(b)
}

func (l *latencies) text(b []byte, list []*histogram, more int, to uint64) []byte {
	p := Printer{Env: l.Env}
	if l.Env.Intervals && l.Interval != 0 {
		b = time.Unix(0, int64(to)).In(p.zone()).AppendFormat(append(b, "--- "...), "2006-01-02 15:04:05.000")
		b = append(b, " ---\n"...)
	}
	for _, h := range list {
		var keys []string
		for i, c := range l.shown {
			keys = append(keys, p.cell(c, how{}, h.values[i]))
		}
		b = l.textOf(b, strings.Join(keys, ", "), h)
	}
	if l.other != nil {
		b = l.textOf(b, "(others)", l.other)
	}
	if more > 0 {
		b = strconv.AppendInt(append(b, "... "...), int64(more), 10)
		b = append(b, " more, in which less time went (--top 0 shows all)\n"...)
	}
	return b
}

// bars is how wide the longest bar is when no terminal says otherwise, and barsHead what stands before it.
const (
	bars     = 52
	barsHead = 28
)

// textOf appends a histogram as bpftrace and bcc print theirs: a row for each bucket from the first one with calls to the last one.
func (l *latencies) textOf(b []byte, name string, h *histogram) []byte {
	if l.Color {
		b = append(b, "\x1b[1m"...)
	}
	b = append(b, name...)
	if l.Color {
		b = append(b, "\x1b[0m"...)
	}
	b = append(b, "  calls "...)
	b = strconv.AppendUint(b, h.n, 10)
	for _, v := range []struct {
		name string
		ns   uint64
	}{{"total", h.sum}, {"avg", h.sum / h.n}, {"p50", h.quantile(0.5)}, {"p99", h.quantile(0.99)}, {"max", h.max}} {
		b = append(append(b, "  "...), v.name...)
		b = append(append(b, ' '), timeText(float64(v.ns))...)
	}
	b = append(b, '\n')
	width := bars
	if l.Width > 0 {
		width = min(max(l.Width-barsHead-2, 10), 2*bars)
	}
	first, last := bits.Len64(h.least|1)-1, bits.Len64(h.max|1)-1
	most := slices.Max(h.counts[:])
	for i := first; i <= last; i++ {
		s := "[" + power(i) + ", " + power(i+1) + ")"
		n := strconv.FormatUint(h.counts[i], 10)
		b = append(b, s...)
		b = appendBlanks(b, max(barsHead-1-uniseg.StringWidth(s)-len(n), 1))
		b = append(append(b, n...), " |"...)
		full := int(float64(h.counts[i]) / float64(most) * float64(width))
		if h.counts[i] > 0 {
			full = max(full, 1)
		}
		b = append(b, strings.Repeat("@", full)...)
		b = append(appendBlanks(b, width-full), "|\n"...)
	}
	return append(b, '\n')
}

// power is 2^i ns in the unit that suits it, without more digits than tell it apart: 512ns, 1.02us, 2.05us, 16.4us.
func power(i int) string { return timeText(float64(uint64(1) << min(i, 63))) }

// json has for each group its keys, numbers in ns, and the buckets with calls.
func (l *latencies) json(b []byte, list []*histogram, more int, to uint64) []byte {
	b = fields.AppendJSONText(append(b, `{"chisel":`...), l.Spec.Name)
	b = appendMoment(append(b, `,"from":`...), l.from)
	b = appendMoment(append(b, `,"to":`...), to)
	b = strconv.AppendUint(append(b, `,"events":`...), l.events, 10)
	b = append(b, `,"unit":"ns","rows":[`...)
	for k, h := range list {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for i, c := range l.shown {
			b = append(fields.AppendJSONText(b, c.Name), ':')
			b = append(fields.AppendJSONValue(b, h.values[i], (&Printer{Env: l.Env}).formatOf(c), l.Options), ',')
		}
		b = append(h.json(b), '}')
	}
	b = append(b, ']')
	if more > 0 {
		b = strconv.AppendInt(append(b, `,"more":`...), int64(more), 10)
	}
	if l.other != nil {
		b = append(l.other.json(append(b, `,"others":{`...)), '}')
	}
	return append(b, "}\n"...)
}

func (h *histogram) json(b []byte) []byte {
	for _, v := range []struct {
		name string
		n    uint64
	}{{"calls", h.n}, {"total", h.sum}, {"avg", h.sum / h.n}, {"min", h.least}, {"p50", h.quantile(0.5)}, {"p99", h.quantile(0.99)}, {"max", h.max}} {
		b = append(fields.AppendJSONText(b, v.name), ':')
		b = append(strconv.AppendUint(b, v.n, 10), ',')
	}
	b = append(b, `"buckets":[`...)
	more := false
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		if more {
			b = append(b, ',')
		}
		more = true
		b = strconv.AppendUint(append(b, `{"from":`...), bucketFrom(i), 10)
		b = strconv.AppendUint(append(b, `,"to":`...), uint64(1)<<min(i+1, 63), 10)
		b = append(strconv.AppendUint(append(b, `,"count":`...), n, 10), '}')
	}
	return append(b, ']')
}

// bucketFrom is the least latency of a bucket: the first one has 0 too.
func bucketFrom(i int) uint64 {
	if i == 0 {
		return 0
	}
	return 1 << i
}

// csv has a line for each bucket with calls.
func (l *latencies) csv(b []byte, list []*histogram, to uint64) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	if !l.began {
		head := []string{"time"}
		for _, c := range l.shown {
			head = append(head, c.Name)
		}
		_ = w.Write(append(head, "from", "to", "count")) // a Buffer has no errors
	}
	p := Printer{Env: l.Env}
	at := string(bytes.Trim(appendMoment(nil, to), `"`))
	for _, h := range list {
		rec := []string{at}
		for i, c := range l.shown {
			rec = append(rec, p.plain(c, h.values[i]))
		}
		for i, n := range h.counts {
			if n > 0 {
				_ = w.Write(append(slices.Clip(rec), strconv.FormatUint(bucketFrom(i), 10), strconv.FormatUint(1<<min(i+1, 63), 10), strconv.FormatUint(n, 10)))
			}
		}
	}
	w.Flush()
	return append(b, buf.Bytes()...)
}
