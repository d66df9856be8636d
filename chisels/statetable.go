package chisels

import (
	"slices"

	"scry/capture/event"
	"scry/capture/state"
)

// StateTable shows what there is at a moment: threads, descriptors, containers. The moment is the first event, or that of --at; the run ends there.
type StateTable struct {
	*Table
	done bool
	at   uint64 // the moment, once the first event is known
}

// NewStateTable makes the state of an instance.
func NewStateTable(in *Instance) *StateTable { return &StateTable{Table: NewTable(in)} }

// Event looks whether the moment has come.
func (s *StateTable) Event(ev *event.Event) (bool, error) { return true, s.Pass(ev) }

// Pass is the same for events that the filter leaves out: the moment does not depend on them.
func (s *StateTable) Pass(ev *event.Event) error {
	if s.done {
		return nil
	}
	s.time(ev.TS)
	if s.At.Set {
		if s.at == 0 {
			s.at = s.At.at(ev.TS)
		}
		if ev.TS < s.at {
			return nil
		}
	}
	return s.show()
}

// show prints the state and ends the run.
func (s *StateTable) show() error {
	s.done = true
	if err := s.Tick(s.last); err != nil {
		return err
	}
	return errDone
}

// Finish shows the state at the end, when the moment never came.
func (s *StateTable) Finish() error {
	if s.done {
		return nil
	}
	if err := s.show(); err != errDone {
		return err
	}
	return nil
}

// each gives f an event, of a type that nothing records, for each thread, descriptor or container that the tables have, in order of their numbers. The event is valid until f returns.
func each(tables *state.Tables, over string, ts uint64, f func(*event.Event)) {
	ev := event.Event{TS: ts, Type: event.InfrastructureEventE, FDNum: -1, Host: tables.Host()}
	switch over {
	case "containers":
		for _, c := range tables.Containers() {
			th := event.Thread{Container: c, TID: -1, PID: -1}
			ev.Thread = &th
			f(&ev)
		}
		return
	case "threads":
		tables.Each(func(th *event.Thread) {
			if !th.Invalid && !th.Dead {
				ev.Thread, ev.TID = th, th.TID
				f(&ev)
			}
		})
		return
	}
	var list []*event.FD
	tables.Each(func(th *event.Thread) {
		if th.Invalid || th.Dead || !th.Main {
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
			ev.Thread, ev.TID, ev.FD, ev.FDNum = th, th.TID, fd, fd.Num
			f(&ev)
		}
	})
}
