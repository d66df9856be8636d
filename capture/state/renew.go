package state

import "scry/capture/event"

// Renew replaces what is known of the processes in s, which were read again: their threads and descriptors are those of s from now on. Records keep
// their place, so that children still know their parents.
func (t *Tables) Renew(s *event.Snapshot) {
	if t.closing != nil || t.dead != nil {
		t.settle()
	}
	pids, tids := map[int64]bool{}, map[int64]bool{}
	for _, r := range s.Threads {
		pids[r.PID], tids[r.TID] = true, true
	}
	var gone []*thread
	t.each(func(th *thread) {
		if pids[th.PID] && !tids[th.TID] {
			gone = append(gone, th)
		}
	})
	for _, th := range gone {
		t.remove(th)
		t.drop(th)
	}
	for _, r := range s.Threads {
		t.renew(t.fromList(r))
	}
	for _, r := range s.Threads {
		if th := t.find(r.TID); th != nil {
			t.join(th)
			t.adopt(th)
		}
	}
	for _, l := range s.FDs {
		if th := t.find(int64(l.TID)); th != nil {
			t.clearFDs(th)
			t.loadFDs(l)
			t.fixRoles(th)
		}
	}
	t.last = nil
}

// renew puts the record of th into the entry that its thread has, if it has one.
func (t *Tables) renew(th *thread) {
	old := t.find(th.TID)
	switch {
	case old == nil:
		t.put(th)
		return
	case old.PID != th.PID || old.Invalid || old.leader == nil:
		t.remove(old)
		t.drop(old)
		t.put(th)
		return
	}
	if th.Dead && !old.Dead {
		old.leader.members--
	}
	r := th.Thread
	r.Leader, r.Parent, r.FDs, r.Threads, r.Main = old.Leader, old.Parent, old.FDs, old.Threads, old.Main
	old.Thread, old.listed = r, true
}

// clearFDs forgets the descriptors of a process.
func (t *Tables) clearFDs(th *thread) {
	var all []*event.FD
	for fd := range th.FDs.All() {
		all = append(all, fd)
	}
	for _, fd := range all {
		t.deleteFD(th.FDs, fd)
	}
}
