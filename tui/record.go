package tui

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/chisels"
	"scry/filter"
)

// recording writes events into a capture. Live it is one more sink of whatever the screen shows, until it is stopped; of a capture it reads the files once more, in a
// goroutine of its own. The lock is for its end, which another goroutine than that of the events brings.
type recording struct {
	name   string
	where  *filter.Filter
	demand capture.Demand
	tables *state.Tables // of the engine
	events atomic.Uint64
	stop   atomic.Bool   // of a capture: do not go on
	over   chan struct{} // of a capture: closed at its end

	mu    sync.Mutex
	write *chisels.Write
	began bool
	done  bool
	err   error
}

// newRecording creates the file. The filter is compiled anew, as nobody shares the memory of one.
func newRecording(a *app, name string, where *filter.Filter) (*recording, error) {
	r := &recording{name: name, over: make(chan struct{})}
	if where != nil {
		var err error
		if r.where, err = filter.Compile(where.String(), a.o.Fields); err != nil {
			return nil, err
		}
	}
	w, err := scap.Create(name, scap.WriterOptions{Inputs: capture.Stat(a.o.Read)})
	if err != nil {
		return nil, err
	}
	r.write = &chisels.Write{Out: w, Follow: true}
	snap := max(a.o.Fields.SnapLen, capture.DefaultSnapLen)
	r.demand = (&chisels.Loop{Filter: r.where, Chisels: []chisels.Chisel{r.write}}).Demand(snap, false)
	return r, nil
}

// sink feeds the recording with what happens.
func (r *recording) sink(env *chisels.Env) sink {
	r.tables = env.Tables
	return sink{chisel: r, demand: r.demand, take: func(uint64, bool) any { return nil }}
}

// Event writes ev when it is wanted, and what later events need of it when it is not.
func (r *recording) Event(ev *event.Event) (bool, error) {
	r.put(ev, r.where.Match(ev))
	return false, nil
}

// Pass writes what moves the state.
func (r *recording) Pass(ev *event.Event) error {
	r.put(ev, false)
	return nil
}

// put writes an event. An error ends the recording, not the screen.
func (r *recording) put(ev *event.Event, wanted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || r.err != nil {
		return
	}
	if !r.began {
		if r.began = true; ev.Section == nil { // the source has run for a while: the state is that of now
			if r.err = r.write.Section(r.tables.Snapshot()); r.err == nil {
				r.err = r.tables.ContainerEvents(ev.TS, func(ev *event.Event) error { return r.write.Out.Event(ev, true) })
			}
			if r.err != nil {
				return
			}
		}
	}
	if !wanted {
		r.err = r.write.Pass(ev)
		return
	}
	var shown bool
	if shown, r.err = r.write.Event(ev); shown {
		r.events.Add(1)
	}
}

// Flush hands over what waits.
func (r *recording) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done && r.err == nil {
		r.err = r.write.Flush()
	}
	return nil
}

// Finish ends the file, and says how it went. It may be called again.
func (r *recording) Finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done {
		r.done = true
		if r.err == nil && !r.began && r.tables != nil {
			r.err = r.write.Section(r.tables.Snapshot())
		}
		if err := r.write.Finish(); r.err == nil {
			r.err = err
		}
	}
	return r.err
}

// failed is the error with which it cannot go on.
func (r *recording) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// replay writes what the captures have, between two moments.
func (r *recording) replay(read []string, from, to chisels.Bound) error {
	defer close(r.over)
	quit := make(chan struct{})
	defer close(quit)
	loop := &chisels.Loop{Filter: r.where, From: from, To: to, Chisels: []chisels.Chisel{counted{r}}, Stop: &r.stop, Tables: state.New()}
	for _, name := range read {
		f, err := capture.Open(name, quit)
		if err != nil {
			return errors.Join(err, r.Finish())
		}
		done, err := loop.Run(f)
		f.Close()
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), r.Finish())
		}
		if done {
			break
		}
	}
	return r.Finish()
}

// counted writes what the loop lets through, and counts it.
type counted struct{ r *recording }

func (c counted) Event(ev *event.Event) (bool, error) {
	shown, err := c.r.write.Event(ev)
	if shown {
		c.r.events.Add(1)
	}
	return shown, err
}

func (c counted) Pass(ev *event.Event) error      { return c.r.write.Pass(ev) }
func (c counted) Section(s *event.Snapshot) error { return c.r.write.Section(s) }
func (c counted) Finish() error                   { return nil }
func (c counted) NeedsState() bool                { return false }

// record begins to write the events of the selection, or ends that.
func (a *app) record() {
	if a.recording != nil {
		a.stopRecording()
		return
	}
	where, name, err := a.chosen()
	if err != nil {
		a.say(true, "%v", err)
		return
	}
	where = filter.And(where, a.user)
	what := "everything"
	if where != nil {
		what = where.String()
	}
	says := "writes " + what
	if a.status.live {
		says += ", until w is pressed again"
	}
	a.askName("capture to", fileName(name, a.top().pane.id(), "scap"), []string{says}, func(file string) { a.startRecording(file, where) })
}

// startRecording begins to write.
func (a *app) startRecording(file string, where *filter.Filter) {
	r, err := newRecording(a, file, where)
	if err != nil {
		a.say(true, "%v", err)
		return
	}
	a.recording = r
	a.clock.Reset(time.Second)
	if len(a.o.Read) == 0 {
		a.activate()
		return
	}
	l := a.top()
	go func() {
		err := r.replay(a.o.Read, l.from, l.to)
		a.tv.QueueUpdateDraw(func() {
			if a.recording == r {
				a.recording = nil
				a.sayRecorded(r, err)
			}
		})
	}()
}

// stopRecording ends the writing.
func (a *app) stopRecording() {
	r := a.recording
	a.recording = nil
	if len(a.o.Read) > 0 {
		r.stop.Store(true)
		<-r.over // between two events
	}
	err := r.Finish()
	if len(a.o.Read) == 0 {
		a.activate() // without it
	}
	a.sayRecorded(r, err)
}

// sayRecorded says what became of a recording.
func (a *app) sayRecorded(r *recording, err error) {
	n := r.events.Load()
	if err != nil {
		a.say(true, "%s: %v; %s events were written", r.name, err, count(n))
		return
	}
	size := ""
	if st, err := os.Stat(r.name); err == nil {
		size = ", " + sizeText(st.Size())
	}
	a.say(false, "%s: %s events%s", r.name, count(n), size)
}

// endRecording ends the file when the program ends.
func (a *app) endRecording() error {
	r := a.recording
	if r == nil {
		return nil
	}
	if len(a.o.Read) > 0 {
		r.stop.Store(true)
		<-r.over
	}
	return r.Finish()
}

// recordNote says at the right of the footer that a capture is being written, and returns how many cells that takes.
func (d *desk) recordNote(screen tcell.Screen, x, y, w int) int {
	r := d.app.recording
	if r == nil {
		return 0
	}
	text, style := fmt.Sprintf(" ● %s events to %s, w stops ", count(r.events.Load()), shorten(r.name, 24)), d.app.theme.headSort
	if err := r.failed(); err != nil {
		text, style = fmt.Sprintf(" ● %s: %v ", shorten(r.name, 24), err), d.app.theme.bad
	}
	n := min(uniseg.StringWidth(text), w/2)
	put(screen, x+w-n, y, n, style, text)
	return n
}
