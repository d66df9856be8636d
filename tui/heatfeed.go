package tui

import (
	"sort"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter"
)

// Bounds of a spectrogram.
const (
	maxHeatLines  = 10_000
	autoHeatLines = 200 // of a capture whose interval suits it: more, and it grows
	heatColumns   = 11 * chisels.HeatSteps
)

// heatCell is how many calls had latencies of one range.
type heatCell struct {
	col uint16 // HeatBound(col) is the shortest one
	n   uint64
}

// heatLine is an interval. Nobody changes it once it is made.
type heatLine struct {
	from, to uint64
	cells    []heatCell
	calls    uint64
}

// heatList is a spectrogram as the screen gets it.
type heatList struct {
	feed  *heatFeed // which one it is of; for comparing only
	lines []heatLine
	first int // sequence number of the first line: that many are not there any more
	width uint64
}

// heatFeed makes a line of each interval. Live, the ticks end them; of a capture it does so itself, as the interval may have to grow while it is read: nobody knows
// before how long it is. It belongs to the goroutine of the engine, as all chisels.
type heatFeed struct {
	heir
	view  chisels.Viewer
	where *filter.Filter // what it was made for
	key   string         // that, as text
	kept  *memory        // live: the events
	live  bool
	auto  bool
	width uint64
	start uint64 // of the first interval
	end   uint64 // of the interval at hand; 0: there is none
	lines []heatLine
	first int
	carry heatLine // what the interval at hand has from before it grew
}

// heatWidths are the intervals that one can choose.
var heatWidths = func() (list []time.Duration) {
	for unit := 100 * time.Microsecond; unit <= 100*time.Second; unit *= 10 {
		list = append(list, unit, 2*unit, 5*unit)
	}
	return list
}()

// Event counts one event, in its interval.
func (f *heatFeed) Event(ev *event.Event) (bool, error) {
	if !f.live && ev.TS != 0 && !event.WrittenLate.Has(ev.Type) {
		f.roll(ev.TS)
	}
	ok, err := f.view.Event(ev)
	if ok && f.live {
		f.kept.add(ev)
	}
	return ok, err
}

// filtered is the filter that it was made for.
func (f *heatFeed) filtered() string { return f.key }

// needs is what it asks the kernel for.
func (f *heatFeed) needs() capture.Demand {
	d := f.view.Demand()
	if f.live {
		d.Payload = max(d.Payload, capture.DefaultSnapLen) // as events look in a list
	}
	return d
}

// paused lets the events go: there may be as many spectrograms as there are ways to look.
func (f *heatFeed) paused() { f.kept.drop() }

// resumed forgets what was counted of an interval that it did not see all of.
func (f *heatFeed) resumed() { f.view.Result(0) }

// Finish has nothing to end.
func (f *heatFeed) Finish() error { return nil }

// roll ends the intervals that lie before ts.
func (f *heatFeed) roll(ts uint64) {
	if f.end == 0 {
		f.start, f.end = ts, ts+f.width
	}
	if ts < f.end {
		return
	}
	f.close(f.view.Result(f.end))
	if f.auto && len(f.lines) > autoHeatLines {
		f.widen()
	}
	for ts >= f.end {
		gaps := (ts-f.end)/f.width + 1
		switch {
		case f.auto && uint64(len(f.lines))+gaps > autoHeatLines:
			f.widen()
		case f.carry.calls == 0 && gaps > maxHeatLines: // nobody sees them all
			f.first += int(gaps - maxHeatLines)
			f.end += (gaps - maxHeatLines) * f.width
		default:
			f.close(nil)
		}
	}
	f.trim()
}

// close ends the interval at hand.
func (f *heatFeed) close(fr *chisels.Frame) {
	f.lines = append(f.lines, f.line(fr, f.end-f.width, f.end))
	f.carry = heatLine{}
	f.end += f.width
}

// widen makes the interval longer, from 1 to 2, from 2 to 10, between two intervals.
func (f *heatFeed) widen() {
	by := 5
	if f.width == pow10(f.width) {
		by = 2
	}
	f.width *= uint64(by)
	if f.carry.calls > 0 {
		f.lines = append(f.lines, f.carry)
		f.carry = heatLine{}
	}
	out := make([]heatLine, 0, autoHeatLines)
	for i := 0; i < len(f.lines); i += by {
		whole := mergeLines(f.lines[i:min(i+by, len(f.lines))])
		whole.to = whole.from + f.width
		if i+by > len(f.lines) { // it goes on
			f.carry = whole
			break
		}
		out = append(out, whole)
	}
	f.lines = out
	f.end = f.start + uint64(len(out)+1)*f.width
}

// pow10 is the power of ten that is not above n.
func pow10(n uint64) uint64 {
	p := uint64(1)
	for p <= n/10 {
		p *= 10
	}
	return p
}

// mergeLines puts lines into one.
func mergeLines(lines []heatLine) heatLine {
	var counts [heatColumns]uint64
	out := heatLine{from: lines[0].from, to: lines[len(lines)-1].to}
	for i := range lines {
		for _, c := range lines[i].cells {
			counts[c.col] += c.n
		}
		out.calls += lines[i].calls
	}
	for i, n := range counts {
		if n > 0 {
			out.cells = append(out.cells, heatCell{uint16(i), n})
		}
	}
	return out
}

// line is an interval with what a frame counted, nil: nothing, and what is carried.
func (f *heatFeed) line(fr *chisels.Frame, from, to uint64) heatLine {
	l := heatLine{from: from, to: to}
	if fr != nil {
		for _, r := range fr.Rows {
			low := r.Values[0].Num
			at := sort.Search(heatColumns, func(i int) bool { return chisels.HeatBound(i) > low }) - 1
			l.cells = append(l.cells, heatCell{uint16(max(at, 0)), r.Values[2].Num})
			l.calls += r.Values[2].Num
		}
	}
	if f.carry.calls > 0 {
		l = mergeLines([]heatLine{l, f.carry})
		l.from, l.to = from, to
	}
	return l
}

// trim forgets the oldest lines, now and then: in a new slice, as the screen may look at this one.
func (f *heatFeed) trim() {
	if n := len(f.lines) - maxHeatLines; n > maxHeatLines {
		f.lines = append(make([]heatLine, 0, 2*maxHeatLines), f.lines[n:]...)
		f.first += n
	}
}

// take is the lines that there are. Of a capture the interval at hand is the last one.
func (f *heatFeed) take(ts uint64, ended bool) any {
	if f.live && ended {
		from := f.end
		if from == 0 || ts-min(from, ts) > 2*f.width {
			from = ts - min(f.width, ts)
		}
		f.lines = append(f.lines, f.line(f.view.Result(ts), from, ts))
		f.end = ts
		f.trim()
	}
	n := max(len(f.lines)-maxHeatLines, 0)
	l := &heatList{feed: f, lines: f.lines[n:len(f.lines):len(f.lines)], first: f.first + n, width: f.width}
	if !f.live && f.end != 0 {
		if open := f.line(f.view.Peek(ts), f.end-f.width, f.end); open.calls > 0 || len(f.lines) == 0 {
			l.lines = append(l.lines, open)
		}
	}
	return l
}
