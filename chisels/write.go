package chisels

import (
	"scry/capture/event"
)

// Recorder is what a capture is written with.
type Recorder interface {
	Start(*event.Snapshot) error
	Event(ev *event.Event, stateOnly bool) error
	Flush() error
	Close() error
}

// Write puts events into a capture file.
type Write struct {
	Out Recorder
	Fat bool // also write the events that were filtered out but move state, marked as not to be shown
	// Head makes the state at the head of a section from that of the input; nil: as it is.
	Head func(*event.Snapshot) *event.Snapshot
	// State tells that Out or Head look at the tables.
	State bool
	// Follow tells that somebody may read along: what waits is handed over whenever the events pause.
	Follow bool
}

// NeedsState tells whether the tables have to follow the events.
func (w *Write) NeedsState() bool { return w.State }

// begin starts a section in the output when ev begins one in the input.
func (w *Write) begin(ev *event.Event) error {
	if ev.Section == nil {
		return nil
	}
	return w.Section(ev.Section)
}

// Section starts a section whose state is s.
func (w *Write) Section(s *event.Snapshot) error {
	if w.Head != nil {
		s = w.Head(s)
	}
	return w.Out.Start(s)
}

// Event writes ev. It counts as shown unless it is the recorder's own.
func (w *Write) Event(ev *event.Event) (bool, error) {
	if err := w.begin(ev); err != nil {
		return false, err
	}
	return !ev.Type.Internal(), w.Out.Event(ev, false)
}

// Pass writes what did not pass the filter but must be kept: containers and users, of which names follow, always; with Fat
// everything that moves state; and what the input has only for its state.
func (w *Write) Pass(ev *event.Event) error {
	if err := w.begin(ev); err != nil {
		return err
	}
	switch {
	case ev.Flags&event.FlagStateOnly != 0, ev.Num == 0:
		return w.Out.Event(ev, ev.Num != 0)
	case stateTypes.Has(ev.Type) && (w.Fat || ev.Type.Schema().Category&event.CatMeta != 0):
		return w.Out.Event(ev, true)
	}
	return nil
}

// stateTypes are the types on which it can depend what later events show: those of the schema, what libsinsp ignores, and the asynchronous
// event in which containers come since 2025.
var stateTypes = event.TypesWhere(func(_ event.Type, s *event.Schema) bool { return s.Flags&event.ModifiesState != 0 }).Or(
	event.TypesOf(event.SetpgidE, event.SetpgidX, event.UnshareE, event.UnshareX, event.SetnsE, event.SetnsX, event.PrlimitE,
		event.PrlimitX, event.SetrlimitE, event.SetrlimitX, event.BpfV2E, event.BpfV2X, event.AsynceventE))

// Flush writes what waits, with Follow, so that it can be read while the capture goes on.
func (w *Write) Flush() error {
	if !w.Follow {
		return nil
	}
	return w.Out.Flush()
}

// Finish ends the file.
func (w *Write) Finish() error { return w.Out.Close() }
