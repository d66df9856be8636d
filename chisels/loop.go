// Package chisels is what events end in: lines, JSON, capture files, counts. All of them are chisels that one loop feeds, so there is
// one place where events are counted, limited and stopped.
package chisels

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/filter"
)

// Chisel receives the events of a run that passed its filter.
type Chisel interface {
	// Event takes one event. shown tells that the user got something of it: that is what a limit counts. The event is valid until
	// Event returns.
	Event(ev *event.Event) (shown bool, err error)
	// Finish ends the run.
	Finish() error
}

// Passer is a chisel that also wants the events that did not pass the filter.
type Passer interface {
	Pass(ev *event.Event) error
}

// Gapper is a chisel that wants to know where events were lost: Gap is called with the first event behind a gap, before that event is filtered.
type Gapper interface {
	Gap(ev *event.Event) error
}

// Earlier is a chisel that looks at the state before an event changes it: Early is called with every event, of which only the record is known then.
type Earlier interface {
	Early(ev *event.Event) error
}

// Ticker is a chisel that has intervals: Tick is called at the end of each, with that time in ns since the epoch.
type Ticker interface {
	Tick(ts uint64) error
}

// Counts says what became of the events. Seen = Shown + Hidden + Filtered + Skipped + Dropped.
type Counts struct {
	Seen     uint64 // read or dropped
	Filtered uint64 // did not pass the filter, or lay outside the time asked for
	Hidden   uint64 // the recorder's own, which are only applied
	Shown    uint64
	Skipped  uint64 // passed, but nothing of them was shown
	Dropped  uint64 // lost on the way from the kernel
}

// Done is what happens to the events that pass, as Counts.Text says it.
func (l *Loop) Done() string {
	for _, c := range l.Chisels {
		switch c.(type) {
		case *Write:
			return "written"
		case Quiet:
			return "selected"
		}
	}
	return "shown"
}

// Loop takes events from sources, applies them to the state and hands those that pass the filter to the chisels.
type Loop struct {
	Filter   *filter.Filter // nil: all events
	Chisels  []Chisel
	Internal bool   // show the recorder's own events
	Limit    uint64 // stop after that many shown events; 0: never
	Duration uint64 // stop that long, in ns, after the first event that passed; 0: never
	From, To Bound  // show only events in between
	Interval uint64 // ns of event time after which the chisels tick; 0: never
	// OnTick, when it is not nil, is called for each tick instead of tick, which it calls.
	OnTick func(ts uint64, tick func() error) error
	Stop   *atomic.Bool
	Tables *state.Tables // nil, or dropped by Run: nobody needs state
	// Tick is called every few thousand events.
	Tick func(num uint64)

	Counts   Counts
	first    uint64 // time of the first event that From and To look at
	from, to uint64 // From and To, once the first event is known
	last     uint64 // latest time that was compared with them
	inside   bool   // an event lay between them
	dropped  uint64 // what the readers left out of lists
	started  uint64 // time of the first event that passed
	passers  []Passer
	early    []Earlier
	gappers  []Gapper
	tickers  []Ticker
	closing  func() error    // called before the chisels are finished
	next     uint64          // time of the next tick
	section  *event.Snapshot // the last one that an event began
}

// Bound is a moment: in ns since the epoch, relative to the first event of the run, or a time of the day on which that happened.
type Bound struct {
	Set      bool
	Relative bool
	Clock    *time.Location // NS counts from midnight there
	NS       uint64
}

// at is the moment in ns since the epoch, given the time of the first event.
func (b Bound) at(first uint64) uint64 {
	switch {
	case b.Relative:
		return first + b.NS
	case b.Clock != nil:
		// Date takes the seconds as those of a clock on the wall, also on the days when that is put forward or back.
		t := time.Unix(0, int64(first)).In(b.Clock)
		return uint64(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, int(b.NS/1e9), int(b.NS%1e9), b.Clock).UnixNano())
	}
	return b.NS
}

// TimeNote says that --from or --to left nothing over, "" when they did not.
func (l *Loop) TimeNote() string {
	switch {
	case l.first == 0 || l.inside:
		return ""
	case l.last < l.from:
		return fmt.Sprintf("all events are before --from: the last one is %s after the first", time.Duration(l.last-l.first))
	}
	return "no event between --from and --to"
}

// LossNote says what of the state went beyond the limits on memory and was not kept, "" when nothing did.
func (l *Loop) LossNote() string {
	var lost []string
	add := func(n uint64, what string) {
		if n > 0 {
			lost = append(lost, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(l.dropped, "entries of the lists at the head")
	if t := l.Tables; t != nil {
		add(t.Dropped, "threads")
		add(t.DroppedFDs, "descriptors")
		add(t.DroppedTexts, "texts (cut)")
	}
	if lost == nil {
		return ""
	}
	return "more than fits into memory, so names may be missing: " + strings.Join(lost, ", ")
}

// errDone ends the loop without being an error.
var errDone = errors.New("done")

const tickEvery = 1 << 12

// Run takes all events of src. It can be called again for the next source: counts and limits go on. done tells that a limit or Stop
// ended the run.
func (l *Loop) Run(src capture.Source) (done bool, err error) {
	l.passers, l.gappers, l.tickers, l.early = l.passers[:0], l.gappers[:0], l.tickers[:0], l.early[:0]
	for _, c := range l.Chisels {
		if p, ok := c.(Passer); ok {
			l.passers = append(l.passers, p)
		}
		if e, ok := c.(Earlier); ok {
			l.early = append(l.early, e)
		}
		if g, ok := c.(Gapper); ok {
			l.gappers = append(l.gappers, g)
		}
		if t, ok := c.(Ticker); ok {
			l.tickers = append(l.tickers, t)
		}
	}
	if s, ok := src.(interface{ Info() scap.FileInfo }); ok {
		defer func() { l.dropped += uint64(s.Info().Dropped) }()
	}
	if s, ok := src.(interface{ OnWait(func()) }); ok {
		s.OnWait(l.flush)
	}
	if !l.needsState() {
		l.Tables = nil
	}
	var ev event.Event
	for {
		if err := src.Next(&ev); err != nil {
			if err == io.EOF {
				return false, l.lastSection(src)
			}
			return false, errors.Join(err, l.lastSection(src))
		}
		if ev.Section != nil {
			l.section = ev.Section
		}
		if err := l.event(&ev); err != nil {
			if err == errDone {
				return true, nil
			}
			return true, err
		}
		if l.Counts.Seen%tickEvery == 0 {
			if l.Tick != nil {
				l.Tick(ev.Num)
			}
			if l.Stop != nil && l.Stop.Load() {
				return true, nil
			}
		}
	}
}

// flush hands over what chisels hold back, because the next event may be long in coming. An error comes back with the next event.
func (l *Loop) flush() {
	for _, c := range l.Chisels {
		if f, ok := c.(interface{ Flush() error }); ok {
			f.Flush()
		}
	}
}

// needsState tells whether the filter or a chisel looks at more than the records themselves.
func (l *Loop) needsState() bool {
	return l.Filter.NeedsState() || slices.ContainsFunc(l.Chisels, func(c Chisel) bool {
		s, ok := c.(interface{ NeedsState() bool })
		return !ok || s.NeedsState()
	})
}

// lastSection tells the chisels of a section that had no events: a copy shall have it all the same.
func (l *Loop) lastSection(src capture.Source) error {
	s, ok := src.(interface{ Snapshot() *event.Snapshot })
	if !ok || s.Snapshot() == nil || s.Snapshot() == l.section {
		return nil
	}
	for _, c := range l.Chisels {
		if w, ok := c.(interface{ Section(*event.Snapshot) error }); ok {
			if err := w.Section(s.Snapshot()); err != nil {
				return err
			}
		}
	}
	return nil
}

// event is one turn of the loop. hot: no allocation (TestLoopAllocs)
func (l *Loop) event(ev *event.Event) error {
	if l.Interval != 0 && ev.TS >= l.next {
		if err := l.tick(ev); err != nil {
			return err
		}
	}
	for _, c := range l.early {
		if err := c.Early(ev); err != nil {
			return err
		}
	}
	if ev.Num != 0 {
		l.Counts.Seen++
	}
	if l.Tables != nil {
		l.Tables.Apply(ev)
	}
	if ev.Lost != 0 {
		for _, g := range l.gappers {
			if err := g.Gap(ev); err != nil {
				return err
			}
		}
	}
	if ev.Flags&event.FlagStateOnly != 0 || ev.Num == 0 {
		l.Counts.Hidden++
		if ev.Num == 0 {
			l.Counts.Hidden--
		}
		return l.pass(ev)
	}
	if (l.From.Set || l.To.Set) && !l.inTime(ev) {
		l.Counts.Filtered++
		return l.pass(ev)
	}
	if l.Filter != nil && !l.Filter.Match(ev) {
		l.Counts.Filtered++
		return l.pass(ev)
	}
	if l.Duration != 0 && !ev.Type.Internal() {
		if l.started == 0 {
			l.started = ev.TS
		} else if ev.TS-l.started >= l.Duration && ev.TS > l.started {
			l.Counts.Filtered++
			return errDone
		}
	}
	return l.deliver(ev)
}

// tick ends the interval that ev lies behind, before ev moves the state on. Intervals without events are left out.
func (l *Loop) tick(ev *event.Event) error {
	if event.WrittenLate.Has(ev.Type) {
		return nil
	}
	end := l.next
	if l.next == 0 {
		l.next = ev.TS + l.Interval
		return nil
	}
	l.next += ((ev.TS-l.next)/l.Interval + 1) * l.Interval
	all := func() error {
		for _, t := range l.tickers {
			if err := t.Tick(end); err != nil {
				return err
			}
		}
		return nil
	}
	err := error(nil)
	if l.OnTick != nil {
		err = l.OnTick(end, all)
	} else {
		err = all()
	}
	l.flush()
	return err
}

func (l *Loop) deliver(ev *event.Event) error {
	visible := l.Internal || !ev.Type.Internal()
	shown := false
	for _, c := range l.Chisels {
		s, err := c.Event(ev)
		if err != nil {
			return err
		}
		shown = shown || s
	}
	switch {
	case !visible:
		l.Counts.Hidden++
		return nil
	case !shown:
		l.Counts.Skipped++
		return nil
	}
	l.Counts.Shown++
	if l.Limit != 0 && l.Counts.Shown >= l.Limit {
		return errDone
	}
	return nil
}

func (l *Loop) pass(ev *event.Event) error {
	for _, p := range l.passers {
		if err := p.Pass(ev); err != nil {
			return err
		}
	}
	return nil
}

// inTime tells whether ev lies between From and To. Relative times count from where evt.reltime counts. Records that carry the time of
// their writing lie nowhere.
func (l *Loop) inTime(ev *event.Event) bool {
	if event.WrittenLate.Has(ev.Type) {
		return false
	}
	if l.first == 0 {
		l.first = ev.TS
		l.from, l.to = 0, ^uint64(0)
		if l.From.Set {
			l.from = l.From.at(l.first)
		}
		if l.To.Set {
			l.to = l.To.at(l.first)
		}
	}
	l.last = max(l.last, ev.TS)
	in := ev.TS >= l.from && ev.TS <= l.to
	l.inside = l.inside || in
	return in
}

// Finish ends the chisels; the first error counts.
func (l *Loop) Finish() error {
	var first error
	if l.closing != nil {
		first = l.closing()
	}
	for _, c := range l.Chisels {
		if err := c.Finish(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
