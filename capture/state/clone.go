package state

import "scry/capture/event"

// Layout of the exits of the clone family: old versions have fewer parameters before the flags.
type cloneLayout struct{ comm, cgroups, flags, uid, gid, vtid, vpid, pidns int }

func cloneParams(t event.Type) cloneLayout {
	switch t {
	case event.CloneV11X:
		return cloneLayout{-1, -1, 8, 9, 10, -1, -1, -1}
	case event.CloneV16X, event.ForkX, event.VforkX:
		return cloneLayout{-1, -1, 13, 14, 15, -1, -1, -1}
	case event.CloneV17X, event.ForkV17X, event.VforkV17X:
		return cloneLayout{13, -1, 14, 15, 16, -1, -1, -1}
	}
	return cloneLayout{13, 14, 15, 16, 17, 18, 19, 20}
}

// sameCreation is the longest time between the two sides of a creation, ns.
const sameCreation = 2e9

// procTick is how coarse the times of creation in a snapshot are, ns.
const procTick = 1e7

// onClone takes both sides of a creation: in the parent the result is the child's number, in the child it is zero. Whichever comes
// first makes the entry.
func onClone(t *Tables, ev *event.Event, th *thread) {
	res, ok := ev.Int(0)
	if !ok || res < 0 {
		return
	}
	l := cloneParams(ev.Type)
	flags64, _ := ev.Uint(l.flags)
	flags := uint32(flags64)
	if res > 0 {
		t.cloneInParent(ev, th, l, res, flags)
		return
	}
	t.cloneInChild(ev, th, l, flags)
}

func (t *Tables) cloneInParent(ev *event.Event, th *thread, l cloneLayout, child int64, flags uint32) {
	if th == nil {
		if th = t.placeholder(ev.TID); th == nil {
			return
		}
		ev.Thread = &th.Thread
	}
	if th.Invalid {
		t.repair(ev, th, l)
	}
	vtid := th.VTID
	if v, ok := ev.Int(l.vtid); ok && l.vtid >= 0 {
		vtid = v
	}
	// In another pid namespace the result is a number of that namespace: only the child's own side has the real one. Old records do not
	// say when the child is in one; CLONE_PARENT, as container runtimes use it, is a hint.
	if flags&(inPIDNS|cloneNewPID) != 0 || vtid != -1 && vtid != th.TID || vtid == -1 && flags&cloneParent != 0 {
		return
	}
	since := ev.TS - min(sameCreation, ev.TS)
	if ev.Latency > 0 {
		since = ev.TS - ev.Latency // no child is older than the call that made it; one of vfork may be as old
	}
	ptid := th.PID
	if flags&(cloneThread|cloneParent) != 0 {
		ptid = th.PTID
	}
	if e := &t.exits[uint64(child)%recentExits]; e.ts != 0 && e.ts >= since && e.tid == child && e.ptid == ptid {
		return // born and gone
	}
	if old := t.find(child); old != nil {
		if old.Flags&cloneInverted != 0 && old.CloneTS >= since || old.listed && old.CloneTS+procTick >= since || old == th {
			return // the child's own side made it, or /proc had it
		}
		t.remove(old)
		t.drop(old)
	}
	c := t.newChild(ev, th, l, child, flags)
	c.PID, c.PTID = child, ptid
	if flags&cloneThread != 0 {
		c.PID = th.PID
	}
	c.VTID, c.VPID = c.TID, c.PID
	if l.vtid >= 0 && !ev.Has(l.vtid) || l.vtid < 0 {
		c.VTID, c.VPID = -1, -1
	}
	t.enroll(c, th)
}

func (t *Tables) cloneInChild(ev *event.Event, th *thread, l cloneLayout, flags uint32) {
	if th != nil && !th.Invalid {
		if th.CloneTS != 0 && ev.TS-min(th.CloneTS, ev.TS) < sameCreation {
			if th.listed { // /proc was read after this, but before the parent returned
				th.listed, th.CloneTS = false, ev.TS
				th.Flags |= cloneInverted
			}
			t.completeChild(ev, th, l)
			return
		}
		t.remove(th)
		t.drop(th)
	} else if th != nil {
		t.drop(th) // a placeholder
		if th.members <= 1 {
			t.dropFDs(th)
		}
	}
	var from *thread
	ptid, _ := ev.Int(5)
	pid, _ := ev.Int(4)
	if flags&cloneThread != 0 {
		from = t.find(pid)
	} else {
		from = t.find(ptid)
	}
	c := t.newChild(ev, from, l, ev.TID, flags|cloneInverted)
	c.PID, c.PTID = pid, ptid
	t.completeChild(ev, c, l)
	t.enroll(c, from)
	t.last = c
	ev.Thread = &c.Thread
}

// completeChild takes what only the child's side knows: its numbers in its own pid namespace.
func (t *Tables) completeChild(ev *event.Event, c *thread, l cloneLayout) {
	if l.vtid >= 0 && ev.Has(l.vpid) {
		c.VTID, _ = ev.Int(l.vtid)
		c.VPID, _ = ev.Int(l.vpid)
	}
}

// newChild builds the entry of a new thread from the event and from the thread that it was made from.
func (t *Tables) newChild(ev *event.Event, from *thread, l cloneLayout, tid int64, flags uint32) *thread {
	c := &thread{lastFD: -1}
	c.SID, c.PGID, c.VPGID, c.VTID, c.VPID, c.FDLimit, c.UID, c.GID, c.LoginUID = -1, -1, -1, -1, -1, -1, event.NoID, event.NoID, event.NoID
	if from != nil {
		f := &from.Thread
		c.pod = from.pod
		c.Thread = event.Thread{SID: f.SID, PGID: f.PGID, VPGID: f.VPGID, Exe: f.Exe, ExePath: f.ExePath, Comm: f.Comm, Args: f.Args,
			Cgroups: f.Cgroups, Root: f.Root, UID: f.UID, GID: f.GID, LoginUID: f.LoginUID, TTY: f.TTY, FDLimit: f.FDLimit, VTID: -1, VPID: -1,
			CapInheritable: f.CapInheritable, CapPermitted: f.CapPermitted, CapEff: f.CapEff, ExeIno: f.ExeIno, ExeCtime: f.ExeCtime,
			ExeMtime: f.ExeMtime, PIDNSInitStart: f.PIDNSInitStart, ExeWritable: f.ExeWritable, ExeUpper: f.ExeUpper, ExeLower: f.ExeLower,
			Memf: f.Memf, Container: f.Container}
		if flags&cloneThread == 0 {
			c.Cwd, c.Env = from.cwd(), f.Env
			if from.leader != nil {
				c.Env = from.leader.Env
			}
			if flags&cloneFiles != 0 && from.FDs != nil {
				c.shareFDs(from)
			} else {
				c.FDs = t.cloneFDs(from.FDs)
			}
		}
	}
	c.TID, c.Flags, c.CloneTS = tid, flags, ev.TS
	t.set(&c.Exe, ev, 1)
	t.setList(&c.Args, ev, 2)
	setInt64(&c.FDLimit, ev, 7)
	if l.flags > 12 {
		setUint64(&c.PFMajor, ev, 8)
		setUint64(&c.PFMinor, ev, 9)
		setUint32(&c.VMSize, ev, 10)
		setUint32(&c.VMRSS, ev, 11)
		setUint32(&c.VMSwap, ev, 12)
	}
	if l.comm < 0 || !t.set(&c.Comm, ev, l.comm) {
		c.Comm = c.Exe
	}
	if l.cgroups >= 0 && t.setList(&c.Cgroups, ev, l.cgroups) {
		t.contain(c)
	}
	setUint32(&c.UID, ev, l.uid)
	setUint32(&c.GID, ev, l.gid)
	if l.pidns >= 0 {
		setUint64(&c.PIDNSInitStart, ev, l.pidns)
	}
	return c
}

// shareFDs makes th a process with the descriptor table of another one.
func (th *thread) shareFDs(from *thread) {
	if from.leader != nil {
		from = from.leader
	}
	if from.sharers == nil {
		one := 1
		from.sharers = &one
	}
	*from.sharers++
	th.FDs, th.sharers = from.FDs, from.sharers
}

// enroll puts a new thread into the tables and ties it to its group and to the process that created it.
func (t *Tables) enroll(c, from *thread) {
	if !t.put(c) {
		t.dropFDs(c)
		return
	}
	if c.PID != c.TID && t.find(c.PID) == nil {
		t.leaderFrom(c)
	}
	t.join(c)
	c.Start = c.CloneTS
	if c.leader != nil && c.leader != c {
		c.Start = c.leader.Start
		c.Cwd, c.Env = c.leader.Cwd, c.leader.Env
	}
	if from != nil && c.Main && from.leader != nil {
		c.Parent = &from.leader.Thread
		if c.PTID != from.leader.TID {
			// CLONE_PARENT and the like: the parent is whom the kernel says.
			if p := t.find(c.PTID); p != nil && p.leader != nil && p != c {
				c.Parent = &p.leader.Thread
			}
		}
		return
	}
	t.adopt(c)
}

// leaderFrom makes the entry of a main thread that was never seen from one of its threads.
func (t *Tables) leaderFrom(c *thread) {
	l := &thread{lastFD: -1}
	l.Thread = c.Thread
	l.TID, l.Flags, l.CloneTS, l.FDs = c.PID, 0, 0, nil
	l.VTID = c.VPID
	l.Invalid = true
	if t.put(l) {
		t.join(l)
		t.adopt(l)
	}
}

// repair fills an entry of which only the number was known from its own event.
func (t *Tables) repair(ev *event.Event, th *thread, l cloneLayout) {
	t.drop(th)
	setInt64(&th.PID, ev, 4)
	setInt64(&th.PTID, ev, 5)
	if l.vtid >= 0 {
		setInt64(&th.VTID, ev, l.vtid)
		setInt64(&th.VPID, ev, l.vpid)
	}
	th.Invalid = false
	t.leave(th)
	if t.put(th) {
		t.join(th)
		t.adopt(th)
		t.last = th
	}
}
