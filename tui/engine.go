package tui

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/chisels"
)

// Source is a live capture as the engine needs it.
type Source interface {
	capture.Source
	Stats() capture.LiveStats
	Wake() // makes Next return soon
}

// sink is one thing that a screen shows: a chisel, and what is taken from it for the screen.
type sink struct {
	chisel chisels.Chisel
	demand capture.Demand
	// take is what there is at ts. ended tells that an interval ends there. It is called between events, by the goroutine of the engine; its result
	// belongs to the goroutine of the screen.
	take func(ts uint64, ended bool) any
}

// resumer is the chisel of a sink that goes on with what it has, live. It is told when it did not get all events since the last one: others were shown, or the kernel
// was asked for others.
type resumer interface {
	resumed()
	paused()        // it is not fed any more, perhaps for ever: what it has may be much
	prior() resumer // the one that it has its events from, which was fed before; nil for none, and when it was told already
}

// heir is for feeds that may have what another one had. They keep what they have.
type heir struct{ of resumer }

func (h *heir) paused() {}

func (h *heir) prior() resumer {
	of := h.of
	h.of = nil // it need not stay
	return of
}

// request asks the engine for a screen.
type request struct {
	id       int
	sinks    func(*chisels.Env) ([]sink, error) // makes what is to be fed
	from, to chisels.Bound                      // of a capture
	interval time.Duration                      // of event time after which an interval ends; 0: never, which is for captures only
	once     bool                               // what there is at the beginning is all, or nearly: live, the screen is told at once
}

// errEnough is returned by the chisel of a sink that needs no more events.
var errEnough = errors.New("enough")

// update is what the engine tells the screen.
type update struct {
	id       int
	payloads []any // of the sinks; nil: only the status
	status   status
}

// status says where the engine is.
type status struct {
	live       bool
	reading    bool // a capture is being read: what is shown is of a part of it
	attaching  bool // the kernel is being asked for what the view needs
	done       bool // nothing more comes
	partial    bool // a capture was not read to its end, because the user did not want to wait
	progress   float64
	left       time.Duration // until a capture is read, a guess; 0: unknown
	events     uint64
	rate       float64 // events per second of event time
	lost       uint64
	why        string
	first, now uint64  // moments of the first and the last event
	cpu        float64 // of the machine, percent; negative: unknown
	density    *density
	values     map[string][]string // that fields have, when somebody types a filter
	pods       bool                // Kubernetes has to do with some container
	err        error
}

// engine runs the loop over events, in a goroutine of its own. Requests go in, updates come out; the last request counts.
type engine struct {
	o       *Options
	env     *chisels.Env
	deliver func(update) // called from the goroutine of the engine
	fail    func(error)  // the same: ends the interface
	wanted  chan struct{}
	quit    chan struct{}
	over    chan struct{} // closed when the goroutine has ended
	source  atomic.Pointer[liveSource]
	pending atomic.Bool // a request waits
	naming  atomic.Bool // a filter is typed: tell which values there are
	enough  atomic.Bool // what is read of a capture is to be left at that

	mu   sync.Mutex
	next *request

	fed     []resumer // what the live source was for
	tables  *state.Tables
	machine load
	density *density // of the whole capture, once it was read
}

// liveSource is an open capture and what was asked of the kernel.
type liveSource struct {
	Source
	demand capture.Demand
}

func newEngine(o *Options, deliver func(update), fail func(error)) *engine {
	env := o.Env
	env.Out = chisels.NewOutput(io.Discard) // what views print nobody is to see
	env.Live, env.Why = len(o.Read) == 0, true
	return &engine{o: o, env: &env, machine: load{read: o.Load}, deliver: deliver, fail: fail, wanted: make(chan struct{}, 1), quit: make(chan struct{}), over: make(chan struct{})}
}

// show asks for a screen instead of the one before.
func (e *engine) show(r *request) {
	e.mu.Lock()
	e.next = r
	e.pending.Store(true)
	e.mu.Unlock()
	select {
	case e.wanted <- struct{}{}:
	default:
	}
	if s := e.source.Load(); s != nil {
		s.Wake()
	}
}

// close ends the engine, and waits for it.
func (e *engine) close() {
	close(e.quit)
	e.pending.Store(true)
	if s := e.source.Load(); s != nil {
		s.Wake()
	}
	<-e.over
}

// run serves requests until close.
func (e *engine) run() {
	defer close(e.over)
	defer e.env.Out.Close()
	defer e.drop()
	defer func() {
		if r := recover(); r != nil {
			e.fail(&PanicError{r, debug.Stack()})
		}
	}()
	for {
		select {
		case <-e.quit:
			return
		case <-e.wanted:
		}
		for {
			e.mu.Lock()
			r := e.next
			e.next = nil
			e.pending.Store(false)
			e.mu.Unlock()
			if r == nil {
				break
			}
			select {
			case <-e.quit: // close may have set pending before that
				return
			default:
			}
			e.enough.Store(false)
			e.serve(r)
		}
	}
}

// PanicError is a bug: a panic of the engine, once the terminal is as it was.
type PanicError struct {
	What  any
	Stack []byte
}

func (p *PanicError) Error() string {
	return fmt.Sprintf("this is a bug of scry, please report it: %v\n%s", p.What, p.Stack)
}

// drop closes the live capture.
func (e *engine) drop() {
	if s := e.source.Swap(nil); s != nil {
		s.Close()
	}
}

// serve runs one request, until it is done or there is another.
func (e *engine) serve(r *request) {
	t := &turn{engine: e, request: r, live: len(e.o.Read) == 0, began: time.Now(), ended: valueSets{}}
	if t.live {
		if e.tables == nil {
			e.tables = state.New()
		}
	} else {
		e.tables = state.New()
	}
	e.env.Tables = e.tables
	sinks, err := r.sinks(e.env)
	if err != nil {
		e.deliver(update{id: r.id, status: status{cpu: -1, live: t.live, err: err, done: true}})
		return
	}
	t.sinks = sinks
	t.loop = &chisels.Loop{From: r.from, To: r.to, Tables: e.tables, Interval: uint64(r.interval), Limit: e.o.Limit}
	t.loop.OnTick = func(ts uint64, _ func() error) error { t.publish(ts, true); return nil }
	for _, s := range sinks {
		t.loop.Chisels = append(t.loop.Chisels, s.chisel)
	}
	t.loop.Chisels = append(t.loop.Chisels, t)
	if t.live {
		err = t.watch()
	} else {
		err = t.replay()
	}
	if errors.Is(err, errSwitch) {
		return
	}
	t.finish(err)
}

// errSwitch ends a run because there is another request.
var errSwitch = errors.New("another request")

// turn is the run of one request. It is a chisel itself, the last one, which looks after the clock.
type turn struct {
	*engine
	*request
	live    bool
	sinks   []sink
	loop    *chisels.Loop
	file    *capture.File
	part    float64 // of all files, read before this one
	share   float64 // of all files, this one
	began   time.Time
	drawn   time.Time     // when the screen was told last
	pace    time.Duration // between updates of a capture that is being read
	first   uint64
	now     uint64
	count   uint64 // events when rate was computed last
	at      uint64 // then
	rate    float64
	counter *density
	ended   valueSets // of the threads of a capture that have ended
}

// Updates of a capture that is being read: the first one early, so that there is something to look at.
const (
	firstLook = 120 * time.Millisecond
	nextLook  = 250 * time.Millisecond
)

// Event looks at the clock.
func (t *turn) Event(ev *event.Event) (bool, error) { return false, t.Pass(ev) }

// Pass does so with the events that the filter of the loop left out. hot: no allocation
func (t *turn) Pass(ev *event.Event) error {
	if !event.WrittenLate.Has(ev.Type) && ev.TS != 0 {
		if t.first == 0 {
			t.first = ev.TS
		}
		t.now = max(t.now, ev.TS)
		if t.counter != nil {
			t.counter.add(ev.TS)
		}
	}
	if (ev.Type == event.ProcexitV1E || ev.Type == event.ProcexitE) && !t.live && ev.Thread != nil {
		t.ended.add(ev.Thread)
	}
	if t.pending.Load() {
		return errSwitch
	}
	if t.enough.Load() {
		return errEnough
	}
	if t.live && t.drawn.IsZero() && time.Since(t.began) > firstLook {
		t.publish(t.now, false)
	}
	return nil
}

// Finish has nothing to end.
func (t *turn) Finish() error { return nil }

// NeedsState keeps the state alive: the next request goes on with it.
func (t *turn) NeedsState() bool { return true }

// status is where the run is.
func (t *turn) status() status {
	s := status{live: t.live, events: t.loop.Counts.Seen, first: t.first, now: t.now, rate: t.rate, cpu: -1, pods: t.tables.Pods()}
	if t.naming.Load() {
		s.values = values(t.tables, t.ended)
	}
	if t.live {
		if u := t.machine.now; u != nil {
			s.cpu = u.cpu
		}
		if src := t.source.Load(); src != nil {
			n := src.Stats()
			s.lost, s.why = n.Lost, n.Why()
		}
		return s
	}
	s.reading, s.progress, s.density = true, t.part, t.engine.density
	s.lost = t.loop.Counts.Dropped
	if t.file != nil && t.file.Size > 0 {
		s.progress += t.share * float64(min(t.file.Offset(), t.file.Size)) / float64(t.file.Size)
	}
	if took := time.Since(t.began); s.progress > 0.01 {
		s.left = time.Duration(float64(took) * (1 - s.progress) / s.progress)
	}
	return s
}

// publish tells the screen what there is at ts.
func (t *turn) publish(ts uint64, ended bool) {
	began := time.Now()
	if ts == 0 {
		ts = t.now
	}
	u := update{id: t.id}
	if t.live && ended {
		t.machine.look()
	}
	for _, s := range t.sinks {
		u.payloads = append(u.payloads, s.take(ts, ended))
	}
	if t.at != 0 && ts > t.at {
		t.rate = float64(t.loop.Counts.Seen-t.count) / (float64(ts-t.at) / 1e9)
	}
	if ended || t.at == 0 {
		t.count, t.at = t.loop.Counts.Seen, ts
	}
	u.status = t.status()
	t.deliver(u)
	t.drawn = time.Now()
	t.pace = max(nextLook, 8*t.drawn.Sub(began))
}

// look tells the screen of a capture that is being read, from time to time.
func (t *turn) look(uint64) {
	wait := t.pace
	if t.drawn.IsZero() {
		wait = firstLook
	}
	since := t.drawn
	if since.IsZero() {
		since = t.began
	}
	if time.Since(since) >= wait && t.interval == 0 {
		t.publish(t.now, false)
	}
}

// replay reads the captures.
func (t *turn) replay() error {
	if t.engine.density == nil && !t.from.Set && !t.to.Set {
		t.counter = newDensity()
	}
	t.loop.Tick = t.look
	var sizes, before float64
	for _, st := range capture.Stat(t.o.Read) {
		sizes += float64(st.Size())
	}
	for _, name := range t.o.Read {
		f, err := capture.Open(name, t.quit)
		if err != nil {
			return &sourceError{name, err}
		}
		t.file, t.part, t.share = f, 0, 1
		if sizes > 0 {
			t.part, t.share = before/sizes, float64(f.Size)/sizes
		}
		enough, err := t.loop.Run(f)
		before += float64(f.Size)
		f.Close()
		switch {
		case errors.Is(err, errSwitch) || errors.Is(err, errEnough):
			return err
		case err != nil:
			return &sourceError{name, err}
		case enough:
			return nil
		}
	}
	return nil
}

// sourceError says of which source an error is.
type sourceError struct {
	name string
	err  error
}

func (s *sourceError) Error() string { return s.name + ": " + s.err.Error() }
func (s *sourceError) Unwrap() error { return s.err }

// sourceTick is how often a live capture tells the time when nothing happens: more often than any interval ends.
const sourceTick = 500 * time.Millisecond

// watch follows the kernel. The capture of the request before goes on when it has what is asked for.
func (t *turn) watch() error {
	var want capture.Demand
	for _, s := range t.sinks {
		want = want.Or(s.demand)
	}
	want = want.Complete()
	src, fresh := t.source.Load(), false
	if src == nil || !src.demand.Covers(want) {
		fresh = true
		t.drop()
		t.deliver(update{id: t.id, status: status{cpu: -1, live: true, attaching: true}})
		s, err := t.o.Attach(want, sourceTick)
		if err != nil {
			return err
		}
		src = &liveSource{s, want}
		t.source.Store(src)
	}
	t.feed(fresh)
	if t.once {
		t.publish(uint64(time.Now().UnixNano()), false)
	}
	_, err := t.loop.Run(src)
	return err
}

// feed tells the chisels of the sinks what they missed, and those of the request before that they are not fed any more. fresh: the source is a new one.
func (t *turn) feed(fresh bool) {
	before := t.fed
	t.fed = nil
	for _, s := range t.sinks {
		r, ok := s.chisel.(resumer)
		if !ok {
			continue
		}
		of := r.prior()
		if fresh || !slices.Contains(before, r) && !slices.Contains(before, of) {
			r.resumed()
		}
		t.fed = append(t.fed, r)
	}
	for _, r := range before {
		if !slices.Contains(t.fed, r) {
			r.paused()
		}
	}
}

// finish tells the screen how the run ended.
func (t *turn) finish(err error) {
	enough := errors.Is(err, errEnough)
	partial := enough && t.enough.Load()
	if enough || errors.Is(err, io.EOF) {
		err = nil
	}
	u := update{id: t.id}
	for _, s := range t.sinks {
		u.payloads = append(u.payloads, s.take(t.now, t.interval != 0))
	}
	if t.counter != nil && err == nil && !enough {
		t.engine.density = t.counter
	}
	u.status = t.status()
	u.status.values = values(t.tables, t.ended)
	u.status.reading, u.status.done, u.status.partial, u.status.left, u.status.err = false, true, partial, 0, err
	if !partial {
		u.status.progress = 1
	}
	if t.now > t.first {
		u.status.rate = float64(u.status.events) / (float64(t.now-t.first) / 1e9)
	}
	t.deliver(u)
}
