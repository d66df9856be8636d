package chisels

import (
	"cmp"
	"fmt"
	"slices"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
)

// StateTable shows what there is at a moment: threads, descriptors, containers. Then the run ends. The moment is, of a running machine, now; of a
// capture its first event; of either the first event that passes the filter of the command line, if there is one. --at TIME says it otherwise.
type StateTable struct {
	*Table
	done   bool
	events bool   // there was one
	at     uint64 // the moment of --at, once the first event is known
}

// NewStateTable makes the state of an instance.
func NewStateTable(in *Instance) *StateTable {
	s := &StateTable{Table: NewTable(in)}
	env := *in.Env
	env.Intervals = false
	s.printer.Env = &env
	return s
}

// Demand is what the filter of the command line can pass: the moment is one of these events. A state itself needs no events.
func (s *StateTable) Demand() capture.Demand {
	d := s.Instance.Demand()
	if s.Selected != nil {
		d = d.Or(demandOf(event.AllTypes(), 0))
	}
	return d
}

// Early shows the state at --at: before the first event behind that moment changes it.
func (s *StateTable) Early(ev *event.Event) error {
	if s.done || !s.At.Set || event.WrittenLate.Has(ev.Type) {
		return nil
	}
	if s.at == 0 {
		s.at = s.At.at(ev.TS)
	}
	if s.Selected != nil || ev.TS < s.at || ev.Section != nil { // a section's state comes with its first event
		return nil
	}
	return s.show(s.at)
}

// Event takes an event that passed the filter.
func (s *StateTable) Event(ev *event.Event) (bool, error) {
	s.events = true
	if ev.Type.Internal() && ev.Type != event.ProcinfoE && !s.Live {
		return false, nil // lists in the form of events: what they list is still to come
	}
	return true, s.look(ev)
}

// Pass takes the others. Without a filter they are those that the recorder put in for itself: of a running machine the first of them is early enough.
func (s *StateTable) Pass(ev *event.Event) error {
	s.events = true
	if !s.Live || s.Selected != nil {
		return nil
	}
	return s.look(ev)
}

func (s *StateTable) look(ev *event.Event) error {
	if s.done || s.At.Set && ev.TS < s.at {
		return nil
	}
	return s.show(ev.TS)
}

// Section takes the state of a capture, or of a part of one, that has no events.
func (s *StateTable) Section(head *event.Snapshot) error {
	if s.Tables != nil && !s.done {
		s.Tables.Reset(head)
	}
	return nil
}

// show prints the state and ends the run.
func (s *StateTable) show(ts uint64) error {
	s.done = true
	s.from = ts
	if err := s.Tick(ts); err != nil {
		return err
	}
	return errDone
}

// Tick shows nothing by itself: a state is of one moment.
func (s *StateTable) Tick(ts uint64) error {
	if !s.done {
		return nil
	}
	return s.Table.Tick(ts)
}

// Finish shows the last state, when the moment never came.
func (s *StateTable) Finish() error {
	switch {
	case s.done:
		return s.Flush()
	case s.Selected != nil && s.events:
		return fmt.Errorf("-c %s: no event passed the filter, so there is no moment to show: it says when, and the word behind %s says what", s.Name, s.Name)
	}
	if err := s.show(s.last); err != errDone {
		return err
	}
	return s.Flush()
}

// Walk adds what the tables know: rows for threads and descriptors that did nothing.
func (t *Table) Walk(tables *state.Tables, ts uint64) {
	if t.Over == "" || tables == nil {
		return
	}
	ofFDs := t.Over == "threads" && t.Where != nil && hasFDFields(t.Where.Fields())
	each(tables, t.Over, ts, func(ev *event.Event) {
		if t.Where == nil || t.Where.Match(ev) || ofFDs && t.matchFDs(ev) {
			t.push(ev, true)
		}
	})
}

// matchFDs tells whether a descriptor of the thread passes the filter.
func (t *Table) matchFDs(ev *event.Event) bool {
	defer func() { ev.FD, ev.FDNum = nil, -1 }()
	for fd := range ev.Thread.FDs.All() {
		if ev.FD, ev.FDNum = fd, fd.Num; !fd.Closing && t.Where.Match(ev) {
			return true
		}
	}
	return false
}

// containersOf are the containers of which something was told, and those that threads are in, ordered by id.
func containersOf(tables *state.Tables) []*event.Container {
	all := tables.Containers()
	seen := map[string]bool{}
	for _, c := range all {
		seen[c.ID] = true
	}
	tables.Each(func(th *event.Thread) {
		if c := th.Container; c != nil && !seen[c.ID] && !th.Dead {
			seen[c.ID] = true
			all = append(all, c)
		}
	})
	slices.SortFunc(all, func(a, b *event.Container) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// each gives f an event, of a type that nothing records, for each thread, descriptor or container that the tables have, in order of their numbers. The
// event is valid until f returns.
func each(tables *state.Tables, over string, ts uint64, f func(*event.Event)) {
	ev := event.Event{TS: ts, Type: event.InfrastructureEventE, FDNum: -1, Host: tables.Host()}
	if over == "containers" {
		for _, c := range containersOf(tables) {
			ev.Thread = &event.Thread{Container: c, TID: -1, PID: -1}
			f(&ev)
		}
		return
	}
	var list []*event.FD
	tables.Each(func(th *event.Thread) {
		if th.Invalid || th.Dead {
			return
		}
		ev.Thread, ev.TID = th, th.TID
		if over == "threads" {
			f(&ev)
			return
		}
		if !th.Main {
			return
		}
		list = list[:0]
		for fd := range th.FDs.All() {
			if !fd.Closing {
				list = append(list, fd)
			}
		}
		slices.SortFunc(list, func(a, b *event.FD) int { return int(a.Num - b.Num) })
		for _, fd := range list {
			ev.FD, ev.FDNum = fd, fd.Num
			f(&ev)
		}
		ev.FD, ev.FDNum = nil, -1
	})
}
