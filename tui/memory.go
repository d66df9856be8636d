package tui

import (
	"sort"

	"scry/capture/event"
)

// liveEvent is an event of a running machine, which cannot be read again: its record, what the state said of it, and copies of its descriptor and its thread. The
// parents of the thread are the records of the state itself: these move on, and so do counters, as the memory that a process has.
type liveEvent struct {
	raw, enter       []byte
	num, ts          uint64
	enterTS, latency uint64
	onCPU, lost      uint64
	thread           *event.Thread
	fd               *event.FD
	fdNum            int64
	errno            int32
	faults, flags    uint32
	cpu              uint16
	cut              bool
}

// liveEventSize is about what a liveEvent takes besides its record, in bytes.
const liveEventSize = 160

// restore makes the event again. It is valid until the next event of the engine, as it points at records of the state.
func (l *liveEvent) restore(host *event.Host) (*event.Event, error) {
	ev := &event.Event{}
	if err := ev.Decode(l.raw, false); err != nil {
		return nil, err
	}
	ev.Num, ev.TS, ev.EnterTS, ev.Latency, ev.OnCPU, ev.Lost, ev.Thread, ev.FD, ev.FDNum = l.num, l.ts, l.enterTS, l.latency, l.onCPU, l.lost, l.thread, l.fd, l.fdNum
	ev.Errno, ev.Faults, ev.Flags, ev.CPU, ev.Cut, ev.Enter, ev.Host = l.errno, l.faults, l.flags, l.cpu, l.cut, l.enter, host
	return ev, nil
}

// keeper copies events. The zero value is ready.
type keeper struct {
	fds     map[*event.FD]*event.FD         // copies of descriptors, which events share
	threads map[*event.Thread]*event.Thread // and of threads
	room    []byte                          // for records, which share blocks
}

// Bounds of what a keeper has for sharing.
const (
	maxShared = 16 << 10 // descriptors, and threads
	keptBlock = 64 << 10
)

// keep copies an event. hot: no allocation but for the first event of a descriptor, of a thread, or of a block
func (k *keeper) keep(ev *event.Event) liveEvent {
	l := liveEvent{num: ev.Num, ts: ev.TS, enterTS: ev.EnterTS, latency: ev.Latency, onCPU: ev.OnCPU, lost: ev.Lost, thread: k.thread(ev.Thread), fdNum: ev.FDNum,
		errno: ev.Errno, faults: ev.Faults, flags: ev.Flags, cpu: ev.CPU, cut: ev.Cut}
	l.raw = k.own(ev.Raw)
	if ev.Enter != nil {
		l.enter = k.own(ev.Enter)
	}
	if ev.FD != nil {
		l.fd = k.fds[ev.FD]
		if l.fd == nil || *l.fd != *ev.FD { // records of descriptors are used again
			if k.fds == nil || len(k.fds) >= maxShared {
				k.fds = map[*event.FD]*event.FD{}
			}
			c := *ev.FD
			l.fd, k.fds[ev.FD] = &c, &c
		}
	}
	return l
}

// thread is a copy of a thread as it is now.
func (k *keeper) thread(t *event.Thread) *event.Thread {
	if t == nil {
		return nil
	}
	if c := k.threads[t]; c != nil && c.Same(t) && (t.Leader == t || t.Leader == nil || c.Leader != nil && c.Leader.Same(t.Leader)) {
		return c
	}
	if k.threads == nil || len(k.threads) >= maxShared {
		k.threads = map[*event.Thread]*event.Thread{}
	}
	c := *t
	k.threads[t] = &c
	if t.Leader == t {
		c.Leader = &c
	} else {
		c.Leader = k.thread(t.Leader)
	}
	return &c
}

// own is a copy of a record.
func (k *keeper) own(b []byte) []byte {
	if len(k.room)+len(b) > cap(k.room) {
		k.room = make([]byte, 0, max(keptBlock, len(b)))
	}
	at := len(k.room)
	k.room = append(k.room, b...)
	return k.room[at:len(k.room):len(k.room)]
}

// memory has the newest events that something on the screen was made of, live: so that they can be looked at one by one. It belongs to the goroutine of the engine.
type memory struct {
	keeper
	chunks   []*memoryChunk
	bytes    int // of all chunks but the last
	max      int // events
	maxBytes int
	gone     uint64 // time of the newest event that is not there any more
}

// Bounds of what is kept for a view.
const (
	maxKept      = 200_000
	maxKeptBytes = 64 << 20
)

func newMemory() *memory { return &memory{max: maxKept, maxBytes: maxKeptBytes} }

// memoryChunk is a piece of it.
type memoryChunk struct {
	events []liveEvent
	bytes  int
}

// add keeps an event. Older ones go, a chunk at a time.
func (m *memory) add(ev *event.Event) {
	n := len(m.chunks)
	if n == 0 || len(m.chunks[n-1].events) == chunkRows {
		if n > 0 {
			m.bytes += m.chunks[n-1].bytes
		}
		for len(m.chunks) > 0 && (len(m.chunks)*chunkRows >= m.max || m.bytes > m.maxBytes) {
			old := m.chunks[0]
			m.bytes -= old.bytes
			m.gone = max(m.gone, old.events[len(old.events)-1].ts)
			m.chunks = m.chunks[1:]
		}
		m.chunks = append(m.chunks, &memoryChunk{events: make([]liveEvent, 0, chunkRows)})
		n = len(m.chunks)
	}
	c := m.chunks[n-1]
	l := m.keep(ev)
	c.events = append(c.events, l)
	c.bytes += liveEventSize + len(l.raw) + len(l.enter)
}

// drop lets all events go.
func (m *memory) drop() {
	if n := len(m.chunks); n > 0 {
		list := m.chunks[n-1].events
		m.gone = max(m.gone, list[len(list)-1].ts)
	}
	m.chunks, m.bytes, m.keeper = nil, 0, keeper{}
}

// find is the event with a number, nil when it is not there. That is for the events of one capture, whose numbers go up.
func (m *memory) find(num uint64) *liveEvent {
	i := sort.Search(len(m.chunks), func(i int) bool { return m.chunks[i].events[0].num > num }) - 1
	if i < 0 {
		return nil
	}
	list := m.chunks[i].events
	k := sort.Search(len(list), func(k int) bool { return list[k].num >= num })
	if k == len(list) || list[k].num != num {
		return nil
	}
	return &list[k]
}

// each calls fn with all events.
func (m *memory) each(fn func(*liveEvent)) {
	for _, c := range m.chunks {
		for i := range c.events {
			fn(&c.events[i])
		}
	}
}
