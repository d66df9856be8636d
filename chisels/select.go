package chisels

import (
	"scry/capture/event"
	"scry/capture/state"
	"scry/filter"
)

// SelectThreads returns s with only the processes that flt selects, by themselves or by one of their descriptors, with all threads of
// these processes and with their ancestors, so that the chain above them stays whole. tables must hold the state of s.
func SelectThreads(s *event.Snapshot, tables *state.Tables, flt *filter.Filter) *event.Snapshot {
	keep := map[int64]bool{}
	tables.Each(func(th *event.Thread) {
		if !selects(flt, tables, th) {
			return
		}
		for p := th; p != nil && !keep[p.PID]; p = p.Parent {
			keep[p.PID] = true
		}
	})
	out := *s
	out.Threads, out.FDs = nil, nil
	kept := map[uint64]bool{}
	for _, th := range s.Threads {
		if keep[th.PID] {
			out.Threads = append(out.Threads, th)
			kept[uint64(th.TID)] = true
		}
	}
	for _, l := range s.FDs {
		if kept[l.TID] {
			out.FDs = append(out.FDs, l)
		}
	}
	return &out
}

// selects tries flt on th alone and with each of its descriptors.
func selects(flt *filter.Filter, tables *state.Tables, th *event.Thread) bool {
	var ev event.Event
	record := event.Append(nil, 0, th.TID, event.ReadX)
	if ev.Decode(record, false) != nil {
		return false
	}
	ev.Thread, ev.Host, ev.FDNum = th, tables.Host(), -1
	if flt.Match(&ev) {
		return true
	}
	for fd := range th.FDs.All() {
		ev.FD, ev.FDNum = fd, fd.Num
		if flt.Match(&ev) {
			return true
		}
	}
	return false
}
