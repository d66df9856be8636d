package state

import (
	"strings"

	"scry/capture/event"
)

// Clone flags as the record has them (TabCloneFlags).
const (
	cloneFiles    = 1
	cloneNewPID   = 0x40
	cloneParent   = 0x100
	cloneThread   = 0x2000
	cloneInverted = 0x10000
	nameChanged   = 0x20000
	inPIDNS       = 0x20000000
)

// load fills the tables from the snapshot at the head of a section.
func (t *Tables) load(s *event.Snapshot) {
	if s.Machine != nil {
		t.host.Machine = *s.Machine
	}
	for i := range s.Users {
		t.host.Users[s.Users[i].UID] = &s.Users[i]
	}
	for i := range s.Groups {
		t.host.Groups[s.Groups[i].GID] = &s.Groups[i]
	}
	t.host.Interfaces, t.host.HasInterfaces = s.Interfaces, s.HasInterfaces
	for _, r := range s.Threads {
		t.put(t.fromList(r))
	}
	for _, r := range s.Threads {
		if th := t.find(r.TID); th != nil {
			t.join(th)
		}
	}
	for _, r := range s.Threads {
		if th := t.find(r.TID); th != nil {
			t.adopt(th)
		}
	}
	t.rktPods()
	for _, l := range s.FDs {
		t.loadFDs(l)
	}
	for _, r := range s.Threads {
		if th := t.find(r.TID); r.Dead && th != nil && th.members <= 0 {
			t.release(th)
		}
	}
	t.each(t.fixRoles)
}

// fromList makes the entry of a thread of a snapshot.
func (t *Tables) fromList(r *event.Thread) *thread {
	th := &thread{Thread: *r, lastFD: -1, listed: true}
	for _, list := range [...]*string{&th.Args, &th.Env, &th.Cgroups} {
		*list = strings.TrimSuffix(*list, "\x00") // recorders end the last element too
	}
	th.Container = t.containerOf(th.Cgroups)
	if th.Cwd != "" && !strings.HasSuffix(th.Cwd, "/") {
		th.Cwd += "/"
	}
	return th
}

// join ties th to its group: the leader, whose descriptors it shares.
func (t *Tables) join(th *thread) {
	th.Main = th.TID == th.PID
	l := th
	if !th.Main {
		if l = t.find(th.PID); l == nil || l == th {
			return
		}
	}
	if th.leader == l {
		return
	}
	th.unlink()
	th.leader, th.Leader = l, &l.Thread
	if !th.Dead { // a leader of a snapshot may have exited before its threads
		l.members++
	}
	if l != th {
		if th.next = l.group; th.next != nil {
			th.next.prev = th
		}
		l.group = th
	}
	l.Threads = l.members
	if l.FDs == nil {
		l.FDs = &event.FDTable{}
	}
	th.FDs = l.FDs
}

// unlink takes th out of the list of its group.
func (th *thread) unlink() {
	switch l := th.leader; {
	case th.prev != nil:
		th.prev.next = th.next
	case l != nil && l.group == th:
		l.group = th.next
	}
	if th.next != nil {
		th.next.prev = th.prev
	}
	th.next, th.prev = nil, nil
}

// leave takes a placeholder out of the process that it was taken for. When it is a thread of a known one, it gives up the descriptors
// that it was thought to have: those of the leader take their place.
func (t *Tables) leave(th *thread) {
	th.unlink()
	if th.leader == th && !th.Dead {
		th.members--
	}
	th.Dead = false // it has just made a call
	th.leader, th.Leader = nil, nil
	if th.PID != th.TID && th.members == 0 && t.find(th.PID) != nil {
		t.dropFDs(th)
	}
}

// adopt ties th to the process that created it.
func (t *Tables) adopt(th *thread) {
	if p := t.find(th.PTID); p != nil && p != th {
		if p.leader != nil {
			p = p.leader
		}
		if p != th {
			th.Parent = &p.Thread
		}
	}
}

// placeholder enters a thread of which only the number is known.
func (t *Tables) placeholder(tid int64) *thread {
	th := &thread{lastFD: -1}
	th.Thread = event.Thread{TID: tid, PID: tid, PTID: -1, VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1, Comm: "<NA>", Exe: "<NA>",
		UID: event.NoID, GID: event.NoID, LoginUID: event.NoID, FDLimit: -1, Invalid: true}
	if !t.put(th) {
		return nil
	}
	t.join(th)
	return th
}

// remove takes th out of the tables. A leader whose threads live on stays, marked dead, for its descriptors.
func (t *Tables) remove(th *thread) {
	l := th.leader
	if l != nil && !th.Dead {
		l.members--
		l.Threads = max(l.members, 0)
	}
	th.Dead = true
	if l == th && l.members > 0 {
		return // counted out; its entry goes with the last thread
	}
	t.release(th)
	if l != nil && l != th && l.Dead && l.members <= 0 {
		t.release(l)
	}
}

// release drops th's entry and what only a living process needs. The record itself may live on as somebody's ancestor.
func (t *Tables) release(th *thread) {
	t.drop(th)
	th.unlink()
	if th.Main || th.leader == nil {
		t.dropFDs(th)
	}
	th.FDs, th.Env, th.enter = nil, "", nil
	depth := 0
	for p := th.Parent; p != nil && p.Dead; p = p.Parent {
		if depth++; depth > maxAncestors {
			p.Parent = nil
			break
		}
	}
}

// onProcexit marks the thread: it goes with the next event.
func onProcexit(t *Tables, ev *event.Event, th *thread) {
	if th == nil {
		return
	}
	t.dead = th
	t.exits[uint64(th.TID)%recentExits] = exited{th.TID, th.PTID, ev.TS}
}

// set copies text parameter i of ev into *dst when it is there.
func (t *Tables) set(dst *string, ev *event.Event, i int) bool {
	b := ev.Param(i)
	if len(b) == 0 {
		return false
	}
	if s := event.AliasText(b); s != *dst { // a child has most texts of its parent
		*dst = t.intern(s)
	}
	return true
}

// setList copies the NUL-separated list in parameter i of ev, without its last NUL, into *dst when it is there.
func (t *Tables) setList(dst *string, ev *event.Event, i int) bool {
	b := ev.Param(i)
	if len(b) == 0 {
		return false
	}
	if b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if string(b) != *dst {
		*dst = t.intern(string(b))
	}
	return true
}

func setUint32(dst *uint32, ev *event.Event, i int) {
	if v, ok := ev.Uint(i); ok {
		*dst = uint32(v)
	}
}

func setUint64(dst *uint64, ev *event.Event, i int) {
	if v, ok := ev.Uint(i); ok {
		*dst = v
	}
}

func setInt64(dst *int64, ev *event.Event, i int) {
	if v, ok := ev.Int(i); ok {
		*dst = v
	}
}

// setCwd moves the process's working directory to path, which may be relative to the present one.
func (t *Tables) setCwd(th *thread, path string) {
	l := th
	if th.leader != nil {
		l = th.leader
	}
	s := t.join2(l.Cwd, path)
	if !strings.HasSuffix(s, "/") {
		s += "/"
	}
	l.Cwd = t.intern(s)
	if l != th {
		th.Cwd = l.Cwd
	}
}

// cwd is the working directory of th's process.
func (th *thread) cwd() string {
	if th.leader != nil {
		return th.leader.Cwd
	}
	return th.Cwd
}
