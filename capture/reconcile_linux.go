package capture

import (
	"cmp"
	"slices"
	"time"

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
// or not. Most of such events set a state rather than change one (a descriptor is opened as this file), so they do no harm; still, a process that did
// something meanwhile is read once more.
type reconciler struct {
	dir      string // where proc is mounted, "" for its usual place
	snapshot *event.Snapshot
	attached uint64              // when the last program was
	read     map[int64]proc.Span // by process
	again    map[int64]bool      // processes that changed while they were read
	exiting  []int64             // threads that had begun to exit when they were read
	copies   map[[2]int64]bool   // descriptors, by process and number, that are copies of what may have been another file
	tables   *state.Tables       // nil until the first event
	creation map[int64]side      // by the thread that was created
	open     int                 // threads of which the creation has yet to return, while they have exited already

	events, lost uint64
	end          uint64 // the moment of the snapshot
}

// side is what was seen of a thread's creation.
type side uint8

const (
	inParent side = 1 << iota
	inChild
	hasExited
)

// rereads is how often processes that change are read again at most. One that has changed busyAfter times always does: once no other changes, that is
// enough.
const rereads, busyAfter = 12, 3

// reconcile takes the events from the attachment up to now out of the stream, and moves the snapshot on by them.
func reconcile(p *probe.Probe, dir string, attached uint64, s *event.Snapshot, rep *proc.Report) (*reconciler, error) {
	r := &reconciler{dir: dir, snapshot: s, attached: attached, read: rep.Read, exiting: rep.Exiting, creation: map[int64]side{}}
	changes := map[int64]int{}
	for k := 0; ; k++ {
		r.again, r.copies = map[int64]bool{}, map[[2]int64]bool{}
		if err := r.drain(p); err != nil {
			return nil, err
		}
		calm := true
		for pid := range r.again {
			changes[pid]++
			calm = calm && changes[pid] > busyAfter
		}
		if calm || k == rereads {
			if r.tables != nil {
				r.snapshot = r.tables.Snapshot()
			}
			r.settleCopies()
			r.settleExits()
			return r, nil
		}
		if err := r.reread(p); err != nil {
			return nil, err
		}
	}
}

// maxRounds is how often a drain waits for calls to return, a window of the rings each: long enough for a busy machine to let their threads run.
const maxRounds = 80

// drain takes the events up to now. A thread that was created and has exited must not appear when the call that created it returns, so that is waited
// for: but not for ever, as in another pid namespace nothing tells.
func (r *reconciler) drain(p *probe.Probe) error {
	var ev event.Event
	for round := 0; round == 0 || r.open > 0 && round < maxRounds; round++ {
		p.Inject(event.Append(nil, p.Now(), -1, event.ProcinfoE, make([]byte, 8), make([]byte, 8)))
		time.Sleep(probe.Window + probe.Window/4) // then it is old enough to be delivered at the first look
		p.Flush()
		for {
			if err := p.Next(&ev); err != nil {
				return err
			}
			r.events++
			r.lost += ev.Lost
			if ev.Type == event.ProcinfoE && ev.TID == -1 {
				r.end = ev.TS
				break
			}
			r.apply(&ev)
		}
	}
	return nil
}

// reread reads the processes that changed while they were read once more, and those that are copies of such: one that was created before its parent
// was read is not the copy of what was read.
func (r *reconciler) reread(p *probe.Probe) error {
	var pids []int
	for pid := range r.again {
		pids = append(pids, int(pid))
	}
	s, rep, err := proc.ReadProcesses(proc.Options{Root: r.dir, FDs: true, Now: p.Now}, pids)
	if err != nil {
		return err
	}
	// What has exited may stand in /proc a little longer. Processes that are not read any more have ended, as an event will tell.
	s.Threads = slices.DeleteFunc(s.Threads, func(t *event.Thread) bool { return !t.Dead && r.creation[t.TID]&hasExited != 0 })
	r.tables.Renew(s)
	r.read, r.exiting = rep.Read, append(r.exiting, rep.Exiting...)
	return nil
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
	if !birth && !exit && r.done(ev) {
		return
	}
	r.tables.Apply(ev)
	if th := ev.Thread; th != nil && (birth || ev.Type.Schema().Flags&(event.CreatesFD|event.DestroysFD|event.ModifiesState) != 0) {
		r.note(ev, th)
	}
}

// note remembers processes that changed while they were read, and those that are copies of such.
func (r *reconciler) note(ev *event.Event, th *event.Thread) {
	if span, ok := r.read[th.PID]; !ok || ev.TS > span.To {
		return
	}
	r.again[th.PID] = true
	if child, ok := ev.Int(0); ok && child > 0 && state.Creates(ev.Type) {
		if c := r.tables.Thread(child); c != nil {
			r.again[c.PID] = true
		}
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
	if ev.TS < r.read[th.PID].From {
		return true
	}
	// A copy of a descriptor is the one event that another state may falsify: when it stands in the table, that is newer than this event, and the
	// original may be another file by now.
	copied, ok := state.Copied(ev)
	if !ok {
		return false
	}
	if fd := th.FDs.Get(copied); fd != nil && !fd.Closing {
		return true
	}
	if from, ok := ev.Int(1); ok && ev.TS <= r.read[th.PID].To {
		if fd := th.FDs.Get(from); fd == nil || fd.Gen == 0 {
			r.copies[[2]int64{th.PID, copied}] = true
		}
	}
	return false
}

// settleExits leaves out the threads that have ended: the event of one that was exiting already when the programs were attached never comes.
func (r *reconciler) settleExits() {
	if ended := slices.DeleteFunc(r.exiting, func(tid int64) bool { return !proc.Ended(r.dir, tid) }); len(ended) > 0 {
		r.snapshot.Threads = slices.DeleteFunc(r.snapshot.Threads, func(t *event.Thread) bool { return slices.Contains(ended, t.TID) })
		r.snapshot.FDs = slices.DeleteFunc(r.snapshot.FDs, func(l event.FDList) bool { return slices.Contains(ended, int64(l.TID)) })
	}
}

// settleCopies reads the doubtful descriptors once more.
func (r *reconciler) settleCopies() {
	for at := range r.copies {
		fd, err := proc.ReadFD(r.dir, int(at[0]), int(at[1]))
		if err != nil {
			continue // closed: an event tells
		}
		for i := range r.snapshot.FDs {
			l := &r.snapshot.FDs[i]
			if int64(l.TID) != at[0] {
				continue
			}
			k, found := slices.BinarySearchFunc(l.FDs, fd.Num, func(f event.FD, n int64) int { return cmp.Compare(f.Num, n) })
			if found {
				l.FDs[k] = fd
			} else {
				l.FDs = slices.Insert(l.FDs, k, fd)
			}
		}
	}
}
