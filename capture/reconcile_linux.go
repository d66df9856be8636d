package capture

import (
	"scry/capture/event"
	"scry/capture/proc"
	"scry/capture/state"
	"scry/probe"
)

// reconciler makes one state at one moment of what /proc said, a process after the other, and of the events since the programs were attached:
//
//	attached      process A read      process B read      begin
//	   |----------------|-------------------|---------------|------> events of the capture
//	     A: in /proc     A: applied . . . . . . . . . . . .
//	     B: in /proc . . . . . . . . . . .   B: applied . .
//
// What a process did before it was read shows in /proc: to apply that again would undo what came after it. What it did while it was read may show
// or not; such events set a state rather than change one (a descriptor is opened as this file), so they do no harm.
type reconciler struct {
	snapshot *event.Snapshot
	attached uint64 // when the last program was
	asOf     map[int64]uint64
	tables   *state.Tables  // nil until the first event
	creation map[int64]side // by the thread that was created
	open     int            // threads of which the creation has yet to return, while they have exited already

	events, lost uint64
}

// side is what was seen of a thread's creation.
type side uint8

const (
	inParent side = 1 << iota
	inChild
	hasExited
)

// reconcile takes the events from the attachment up to now out of the stream, and moves the snapshot on by them.
func reconcile(p *probe.Probe, attached uint64, s *event.Snapshot, rep *proc.Report) (*reconciler, error) {
	r := &reconciler{snapshot: s, attached: attached, asOf: rep.AsOf, creation: map[int64]side{}}
	var ev event.Event
	var mark []byte
	// A thread that was created and has exited must not appear when the call that created it returns, so it is waited for: but not for ever, as in
	// another pid namespace nothing tells.
	for round := 0; round == 0 || r.open > 0 && round < 5; round++ {
		mark = event.Append(mark[:0], p.Now(), -1, event.ProcinfoE, make([]byte, 8), make([]byte, 8))
		p.Inject(mark)
		p.Flush()
		for {
			if err := p.Next(&ev); err != nil {
				return nil, err
			}
			r.events++
			r.lost += ev.Lost
			if ev.Type == event.ProcinfoE && ev.TID == -1 {
				break
			}
			r.apply(&ev)
		}
	}
	if r.tables != nil {
		r.snapshot = r.tables.Snapshot()
	}
	return r, nil
}

// apply moves the tables on by an event.
func (r *reconciler) apply(ev *event.Event) {
	birth := state.Creates(ev.Type)
	exit := ev.Type == event.ProcexitE || ev.Type == event.ProcexitV1E
	if (birth || exit) && r.follow(ev, exit) || ev.TS < r.attached {
		return // /proc has it, or it is over
	}
	if r.tables == nil {
		r.tables = state.New()
		r.tables.Reset(r.snapshot)
	}
	if birth || exit || !r.done(ev) {
		r.tables.Apply(ev)
	}
}

// follow counts the threads that exit before the call that created them returns. It reports whether ev is such a return.
func (r *reconciler) follow(ev *event.Event, exit bool) (over bool) {
	tid, s := ev.TID, hasExited
	if !exit {
		s = inChild
		if child, ok := ev.Int(0); !ok || child < 0 {
			return false
		} else if child > 0 {
			tid, s = child, inParent
		}
	}
	const waiting = inChild | hasExited
	before := r.creation[tid]
	if s == inChild { // its number may have been another's
		before = 0
	}
	after := before | s
	r.creation[tid] = after
	if before == waiting {
		r.open--
	}
	if after == waiting {
		r.open++
	}
	return s == inParent && before&hasExited != 0
}

// done reports whether /proc has the effect of an event already.
func (r *reconciler) done(ev *event.Event) bool {
	th := r.tables.Thread(ev.TID)
	if th == nil {
		return false
	}
	if ev.TS < r.asOf[th.PID] {
		return true
	}
	// A copy of a descriptor is the one event that another state may falsify: when it stands in the table, that is newer than this event, and the
	// original may be another file by now.
	copied, ok := state.Copied(ev)
	if !ok {
		return false
	}
	fd := th.FDs.Get(copied)
	return fd != nil && !fd.Closing
}
