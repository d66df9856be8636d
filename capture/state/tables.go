// Package state knows what a stream of events implies: which threads live, what their descriptors refer to, which users, interfaces
// and containers there are. Tables.Apply takes each event in order, hangs the records it is about on it, and moves the tables on.
// It reads nothing but events and snapshots: nothing of the reading machine leaks into an old capture.
package state

import (
	"strings"

	"scry/capture/event"
)

// Limits.
const (
	MaxThreads   = 262144  // threads in the table; further ones are not remembered
	MaxFDs       = 1 << 21 // descriptors of all processes; each has event.MaxFDs at most
	maxUsers     = 1 << 18 // users, and groups, that events add
	recentExits  = 1024    // exits that a late clone is compared with
	maxEnter     = 4096    // bytes of an enter record that are kept for its exit
	maxAncestors = 64      // length of a chain of ancestors that have exited
	maxInterned  = 4096    // strings of the recycling cache
	maxCached    = 4096    // bytes of each
)

// Tables is the state of one capture. It is not safe for concurrent use.
type Tables struct {
	pages   [4096]*[1024]*thread // threads by tid, for tids below 4 Mi
	far     map[int64]*thread    // the others
	n       int
	last    *thread // the thread of the event before
	host    event.Host
	servers map[uint16]bool // ports of listening sockets at the start

	containers map[string]*event.Container
	byCgroups  map[string]*event.Container // cgroup text to container; nil means host
	kube       *kube                       // nil: nothing told of Kubernetes

	closing *event.FD   // closed by the event before: goes now
	closeIn *thread     // whose descriptor it is
	dead    *thread     // exited with the event before: goes now
	freeFDs []*event.FD // closed descriptors, to be used again
	gen     uint32      // counts descriptors
	cpus    []uint64    // time of the last switch, by CPU
	strs    [maxInterned]string
	scratch []byte
	enterEv event.Event

	fds     int // descriptors in all tables
	exits   [recentExits]exited
	sweepAt int                       // number of containers at which the unused ones go
	idle    map[*event.Container]bool // unused ones of the last sweep

	ownUsers int // users and groups that containers have of their own, at most
	sweepOwn int // number of them at which the unused containers go

	texts     int // bytes of long texts: what is held at most, and what was cut since the last count
	countAt   int // texts at which they are counted again
	textLimit int // bytes of a text

	// Dropped counts threads, DroppedFDs descriptors that found no room, DroppedTexts texts that were cut or left out.
	Dropped, DroppedFDs, DroppedTexts uint64
}

// thread is a Thread with what the tables need to follow it.
type thread struct {
	event.Thread
	leader  *thread
	sharers *int // processes with the same descriptor table (CLONE_FILES); nil when there is only this one
	members int  // threads of the group that are alive, kept in the leader
	// The other threads of the group: the first one, kept in the leader, and in each the next and the one before.
	group, next, prev *thread

	lastFD  int64
	matched bool    // the exit at hand has its enter
	gen     uint32  // of the descriptor that the call was about when it began
	listed  bool    // it stood in the list at the head, and no event of its creation was seen
	calls   [3]call // calls that were entered and have not returned, the last one first
	enter   []byte  // record of the last enter, until its exit, when its type is kept
	jiffies [2]uint64
	cpuSeen bool
	pod     string // rkt's: its id, that the environment of the process or of an ancestor tells
}

// exited is a process or thread that is gone.
type exited struct {
	tid, ptid int64
	ts        uint64
}

type call struct {
	typ event.Type
	ts  uint64 // 0: none
	fd  int64
	gen uint32 // of the descriptor that it is about
}

// returns tells whether an exit of type x ends the call.
func (c *call) returns(x event.Type) bool {
	return c.ts != 0 && (c.typ+1 == x || c.typ == event.ExecveatE && x == event.ExecveV19X)
}

// row is what Apply needs to know of a type.
type row struct {
	handle    func(*Tables, *event.Event, *thread)
	fdParam   int8 // parameter with the descriptor that the event is about, -1 none
	resParam  int8 // parameter with the result, -1 none
	flags     event.Flags
	enter     bool
	meta      bool // belongs to no thread
	late      bool // carries the time of the writing, not of what it tells
	noQuery   bool // an unknown thread stays unknown
	keepEnter bool
	syscall   bool
}

var rows [event.NumTypes]row

func init() {
	for t, s := range event.Types() {
		r := &rows[t]
		*r = row{fdParam: -1, resParam: -1, flags: s.Flags, enter: t.Dir() == event.Enter}
		r.meta = s.Category&event.CatMeta != 0 && t != event.ProcinfoE || s.Category&event.CatPlugin != 0
		r.syscall = s.Category&event.CatSyscall != 0
		if s.Flags&event.UsesFD != 0 {
			r.fdParam = fdParam(t, s)
		}
		if len(s.Params) > 0 && !r.enter && (s.Params[0].Name == "res" || s.Params[0].Name == "fd") && s.Params[0].Kind.Size() == 8 {
			r.resParam = 0
		}
		r.handle = handlers[t]
	}
	for _, t := range keepEnters {
		rows[t].keepEnter = true
	}
	for t := range event.WrittenLate.All() {
		rows[t].late = true
	}
	for _, t := range noQuery {
		rows[t].noQuery = true
	}
}

// fdParam finds the parameter that holds the descriptor an event uses: the first one of kind FD, behind the result on exits.
func fdParam(t event.Type, s *event.Schema) int8 {
	if t == event.CopyFileRangeX {
		return 1 // the descriptor written to
	}
	for i, p := range s.Params {
		if p.Kind == event.KindFD && (t.Dir() == event.Enter || i > 0) {
			return int8(i)
		}
	}
	return -1
}

// New returns empty tables.
func New() *Tables {
	t := &Tables{}
	t.Reset(nil)
	return t
}

// Host returns the machine's users, groups and interfaces as they are now.
func (t *Tables) Host() *event.Host { return &t.host }

// Reset forgets everything and starts from s, the state at the head of a section; nil starts from nothing.
func (t *Tables) Reset(s *event.Snapshot) {
	t.pages = [4096]*[1024]*thread{}
	t.far, t.n, t.last, t.closing, t.closeIn, t.dead = nil, 0, nil, nil, nil, nil
	t.freeFDs, t.cpus, t.fds, t.sweepAt, t.idle = nil, nil, 0, sweepStep, nil
	t.texts, t.countAt, t.textLimit = 0, countStep, maxText
	t.ownUsers, t.sweepOwn = 0, sweepUsers
	t.exits = [recentExits]exited{}
	t.servers = map[uint16]bool{}
	t.containers = map[string]*event.Container{}
	t.byCgroups, t.kube = map[string]*event.Container{}, nil
	t.host = event.Host{Users: map[uint32]*event.User{}, Groups: map[uint32]*event.Group{}, Thread: t.threadRecord}
	if s != nil {
		t.load(s)
	}
}

func (t *Tables) threadRecord(tid int64) *event.Thread {
	if th := t.find(tid); th != nil {
		return &th.Thread
	}
	return nil
}

// find returns the thread with that tid, nil when it is not known.
func (t *Tables) find(tid int64) *thread {
	if uint64(tid) < 4096*1024 {
		if p := t.pages[tid>>10]; p != nil {
			return p[tid&1023]
		}
		return nil
	}
	return t.far[tid]
}

// put enters th under its tid; it reports false when the table is full.
func (t *Tables) put(th *thread) bool {
	if t.find(th.TID) == nil {
		if t.n >= MaxThreads {
			t.Dropped++
			return false
		}
		t.n++
	}
	if uint64(th.TID) < 4096*1024 {
		p := t.pages[th.TID>>10]
		if p == nil {
			p = new([1024]*thread)
			t.pages[th.TID>>10] = p
		}
		p[th.TID&1023] = th
		return true
	}
	if t.far == nil {
		t.far = map[int64]*thread{}
	}
	t.far[th.TID] = th
	return true
}

func (t *Tables) drop(th *thread) {
	if t.find(th.TID) != th {
		return
	}
	t.n--
	if uint64(th.TID) < 4096*1024 {
		t.pages[th.TID>>10][th.TID&1023] = nil
	} else {
		delete(t.far, th.TID)
	}
	if t.last == th {
		t.last = nil
	}
}

// each calls f for every thread, in the order of tids below 4 Mi.
func (t *Tables) each(f func(*thread)) {
	for _, p := range t.pages {
		if p == nil {
			continue
		}
		for _, th := range p {
			if th != nil {
				f(th)
			}
		}
	}
	for _, th := range t.far {
		f(th)
	}
}

// Apply moves the tables on by one event and sets the second part of ev: Thread, FD, FDNum, Host, Errno, Latency. What the event
// destroys stays until the next call. hot: no allocation in steady state (TestApplyAllocs)
func (t *Tables) Apply(ev *event.Event) {
	if ev.Section != nil {
		t.Reset(ev.Section)
	}
	if t.closing != nil || t.dead != nil {
		t.settle()
	}
	ev.Thread, ev.FD, ev.FDNum, ev.Host, ev.Errno, ev.Latency, ev.OnCPU, ev.Enter = nil, nil, -1, &t.host, 0, 0, 0, nil
	if ev.Type >= event.NumTypes {
		return
	}
	r := &rows[ev.Type]
	if t.host.FirstTS == 0 && !r.late {
		t.host.FirstTS = ev.TS
	}
	if r.meta {
		if r.handle != nil {
			r.handle(t, ev, nil)
		}
		return
	}
	th := t.last
	if th == nil || th.TID != ev.TID {
		th = t.find(ev.TID)
		if th == nil && !r.noQuery && r.flags&event.SkipReset == 0 {
			th = t.placeholder(ev.TID)
		}
		t.last = th
	}
	if th == nil {
		if r.handle != nil {
			r.handle(t, ev, nil)
		}
		return
	}
	ev.Thread = &th.Thread
	if r.flags&event.SkipReset != 0 {
		if r.handle != nil {
			r.handle(t, ev, th)
		}
		return
	}
	if r.enter {
		t.applyEnter(ev, th, r)
	} else {
		t.applyExit(ev, th, r)
	}
}

func (t *Tables) applyEnter(ev *event.Event, th *thread, r *row) {
	if r.syscall {
		th.lastFD = -1
		if r.fdParam >= 0 {
			if fd, ok := ev.Int(int(r.fdParam)); ok {
				th.lastFD = fd
				ev.FDNum = fd
				use(ev, th, fd)
			}
		}
		if th.calls[0].ts != 0 {
			th.calls[1], th.calls[2] = th.calls[0], th.calls[1]
		}
		th.calls[0] = call{ev.Type, ev.TS, th.lastFD, 0}
		if ev.FD != nil {
			th.calls[0].gen = ev.FD.Gen
		}
		th.enter = th.enter[:0]
		if r.keepEnter && len(ev.Raw) <= maxEnter {
			th.enter = ev.AppendV2(th.enter)
		}
	}
	if r.handle != nil {
		r.handle(t, ev, th)
	}
}

func (t *Tables) applyExit(ev *event.Event, th *thread, r *row) {
	th.matched = false
	th.lastFD = -1
	for i := range th.calls {
		if c := &th.calls[i]; c.returns(ev.Type) {
			th.matched, th.lastFD, th.gen = true, c.fd, c.gen
			ev.Latency = ev.TS - min(c.ts, ev.TS)
			th.pop(i)
			break
		}
	}
	if !th.matched {
		th.enter = th.enter[:0]
		if ev.EnterTS != 0 && ev.EnterTS <= ev.TS {
			ev.Latency = ev.TS - ev.EnterTS
		}
	}
	if r.resParam >= 0 {
		if res, ok := ev.Int(0); ok && res < 0 && res >= -4095 {
			ev.Errno = int32(-res)
		}
	}
	if r.fdParam >= 0 {
		if b := ev.Param(int(r.fdParam)); len(b) == 8 && (th.lastFD == -1 || ev.Type == event.CopyFileRangeX) {
			th.lastFD, _ = ev.Int(int(r.fdParam))
		}
	}
	if r.flags&(event.UsesFD|event.DestroysFD) != 0 {
		ev.FDNum = th.lastFD
		if th.lastFD != -1 {
			use(ev, th, th.lastFD)
		}
	}
	if th.matched && len(th.enter) > 0 {
		ev.Enter = th.enter
	}
	if r.handle != nil {
		r.handle(t, ev, th)
	}
	if r.flags&(event.CreatesFD) != 0 {
		ev.FDNum = th.lastFD
	}
	th.enter = th.enter[:0] // ev.Enter keeps the bytes
}

// use makes descriptor n of th's process the one that ev is about.
func use(ev *event.Event, th *thread, n int64) {
	if fd := th.FDs.Get(n); fd != nil {
		fd.Renamed = false
		ev.FD = fd
	}
}

// pop ends the i-th call. The calls inside it are over too: their exits were lost, and the enter that is kept is not its.
func (th *thread) pop(i int) {
	if i > 0 {
		th.enter = th.enter[:0]
	}
	n := copy(th.calls[:], th.calls[i+1:])
	clear(th.calls[n:])
}

// settle removes what the event before destroyed.
func (t *Tables) settle() {
	if fd := t.closing; fd != nil {
		if tab := t.closeIn.FDs; tab != nil && tab.Get(fd.Num) == fd {
			t.deleteFD(tab, fd)
		}
		t.closing, t.closeIn = nil, nil
	}
	if t.dead != nil {
		t.remove(t.dead)
		t.dead = nil
	}
}

// fdOf returns descriptor n of th's process.
func (t *Tables) fdOf(th *thread, n int64) *event.FD {
	return th.FDs.Get(n)
}

// newFD returns a zeroed descriptor, a recycled one when there is one.
func (t *Tables) newFD(n int64, typ event.FDType) *event.FD {
	t.gen++
	if k := len(t.freeFDs); k > 0 {
		fd := t.freeFDs[k-1]
		t.freeFDs = t.freeFDs[:k-1]
		*fd = event.FD{Num: n, Type: typ, Gen: t.gen}
		return fd
	}
	return &event.FD{Num: n, Type: typ, Gen: t.gen}
}

// setFD puts fd into tab when there is room.
func (t *Tables) setFD(tab *event.FDTable, fd *event.FD) {
	n := tab.Len()
	if t.fds >= MaxFDs && tab.Get(fd.Num) == nil || !tab.Set(fd) {
		t.DroppedFDs++
		return
	}
	t.fds += tab.Len() - n
}

func (t *Tables) deleteFD(tab *event.FDTable, fd *event.FD) {
	n := tab.Len()
	tab.Delete(fd.Num)
	t.fds -= n - tab.Len()
	t.recycle(fd)
}

// cloneFDs is the copy of a table that a fork makes; empty when there is no room: a file of 4096 opens and many forks would need
// hundreds of gigabytes.
func (t *Tables) cloneFDs(from *event.FDTable) *event.FDTable {
	if n := from.Len(); t.fds+n > MaxFDs {
		t.DroppedFDs += uint64(n)
		return &event.FDTable{}
	}
	t.fds += from.Len()
	return from.Clone()
}

// leaveFDs gives up th's part in its descriptor table; it reports whether others still use it.
func (th *thread) leaveFDs() bool {
	n := th.sharers
	if n == nil {
		return false
	}
	th.sharers = nil
	*n--
	return *n > 0
}

// dropFDs takes its descriptors from a process that is gone.
func (t *Tables) dropFDs(th *thread) {
	if !th.leaveFDs() {
		t.fds -= th.FDs.Len()
		for fd := range th.FDs.All() {
			t.recycle(fd)
		}
	}
	th.FDs = nil
}

func (t *Tables) recycle(fd *event.FD) {
	if len(t.freeFDs) < 1024 {
		t.freeFDs = append(t.freeFDs, fd)
	}
}

// addFD puts fd into th's process and makes it the event's.
func (t *Tables) addFD(ev *event.Event, th *thread, fd *event.FD) {
	if th.FDs == nil {
		th.FDs = &event.FDTable{}
		if th.leader != nil {
			th.leader.FDs = th.FDs
		}
	}
	before := ""
	if old := th.FDs.Get(fd.Num); old != nil {
		before = old.Name
	}
	fd.Renamed = fd.Name != before
	t.setFD(th.FDs, fd)
	th.lastFD = fd.Num
	ev.FD, ev.FDNum = fd, fd.Num
}

// text returns b's text, up to its NUL, as a string of its own: one that was made before when it is still in the cache.
func (t *Tables) text(b []byte) string { return t.intern(event.AliasText(b)) }

func (t *Tables) intern(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > t.textLimit {
		s = t.cut(s)
	}
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	p := &t.strs[h%maxInterned]
	if *p == s {
		return *p
	}
	t.grow(len(s))
	own := strings.Clone(s) // s itself must not escape: callers have it on their stack
	if len(own) <= maxCached {
		*p = own
	}
	return own
}

// enterOf decodes the enter that belongs to the exit at hand; nil when it was not kept or not seen. Valid until the next call.
func (t *Tables) enterOf(th *thread) *event.Event {
	if th == nil || !th.matched || len(th.enter) == 0 {
		return nil
	}
	if t.enterEv.Decode(th.enter, false) != nil {
		return nil
	}
	return &t.enterEv
}
