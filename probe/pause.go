package probe

import (
	"runtime"
	"sync/atomic"
	"time"
)

// When the consumer sleeps, and for how long:
//
//	rings are             asked to wake us                      at the latest after
//	full of old records   does not sleep
//	empty but for the     when a quarter of the room is full    poll
//	newest records
//	  all of them new     the same                              Window: then they are old enough
//	empty                 the same                              poll
//	empty, after that     at the next record                    poll
//	empty, after that     at the next record                    no limit: a quiet system costs nothing

// poll is how long what arrives may lie in the rings when nobody says how long: a user who looks on does not see it, and few wake-ups are cheap.
const poll = 10 * time.Millisecond

// pause is what sleep remembers.
type pause struct {
	delivered uint64 // events, at the sleep before
	empty     int    // sleeps since there was a record
	armed     uint64 // when all rings were asked to wake us at their next record
}

// sleep waits until it is worth looking at the rings again.
func (r *Rings) sleep() error {
	p := &r.pause
	fresh := r.delivered != p.delivered
	p.delivered = r.delivered
	for i := range r.rings {
		if c := &r.rings[i]; c.pos != c.tail {
			c.release()
		}
	}
	if fresh && r.onWait != nil {
		r.onWait()
	}
	if p.empty++; len(r.heap) > 0 {
		p.empty = 0
	}
	switch {
	case p.empty == 0 && !fresh:
		return r.doze(Window)
	case p.empty < 2:
		return r.doze(r.poll)
	}
	return r.rest()
}

// doze sleeps while events may be on their way: the rings may fill up to a quarter of the room that they have.
func (r *Rings) doze(d time.Duration) error {
	for i := range r.rings {
		c := &r.rings[i]
		full := (c.pos>>segmentBits + uint64(len(c.mem)/elementSize) - 1) << segmentBits // there events are refused
		atomic.StoreUint64(&c.ctl.wake, c.pos+(full-c.pos)/4)
	}
	err := r.wait.Wait(d)
	for i := range r.rings {
		atomic.StoreUint64(&r.rings[i].ctl.wake, neverWake)
	}
	return err
}

// rest sleeps while the rings are empty. The programs order neither the store of the head before the load of wake, for that would cost
// every event a barrier, nor that load and the store that follows it against ours. So an order to wake us is only relied on when it has
// stood for longer than any store takes to be seen, and the rings, looked at after that, were empty still:
//
//	consumer                           CPU
//	                                   head = 64 (not seen by others yet)
//	wake = 1                           if (head >= wake), which is all ones still: no wake-up
//	head is 0: sleeps, but for poll
//	head is 64
func (r *Rings) rest() error {
	if !r.armed() {
		for i := range r.rings {
			c := &r.rings[i]
			atomic.StoreUint64(&c.ctl.wake, c.pos+1)
		}
		r.pause.armed = r.now()
		return r.wait.Wait(r.poll)
	}
	if r.now()-r.pause.armed < uint64(Window) { // Wait returned early
		return r.wait.Wait(r.poll)
	}
	return r.wait.Wait(-1)
}

// armed tells whether all rings are asked to wake us at their next record.
func (r *Rings) armed() bool {
	for i := range r.rings {
		if c := &r.rings[i]; atomic.LoadUint64(&c.ctl.wake) != c.pos+1 {
			return false
		}
	}
	return true
}

// settle waits some microseconds where a CPU may show others its stores in another order than it made them, so that the records before
// the heads that were just read are there too: the programs have no way to order them on all kernels.
func settle() {
	if runtime.GOARCH == "amd64" {
		return
	}
	var n atomic.Uint32
	for n.Add(1) < 1000 {
	}
}

// Stats are the counts of a capture.
type Stats struct {
	Seen      uint64 // events that were asked for: after io.EOF, exactly those that were delivered or lost until Stop
	Delivered uint64
	Lost      uint64 // all reasons together
	Full      uint64 // lost because the ring of their CPU was full
	State     uint64 // of events that move state: not even the room that is kept for them was left
	Nested    uint64 // came while another event of their CPU was being written
	Late      uint64 // delivered after a younger one
}

// Stats counts up to now, or up to Stop. It belongs to the goroutine that calls Next.
func (r *Rings) Stats() Stats {
	s := Stats{Delivered: r.delivered, Late: r.late}
	for i := range r.rings {
		if r.final == nil {
			s.add(r.rings[i].ctl.counters())
		}
	}
	for _, n := range r.final {
		s.add(n)
	}
	return s
}

// add adds the counts of a CPU. Nested events are not among those seen: they interrupt that count.
func (s *Stats) add(n counters) {
	full, state, nested := n.reasons[lostFull], n.reasons[lostState], n.reasons[lostNested]
	s.Seen += n.seen + nested
	s.Full += full
	s.State += state
	s.Nested += nested
	s.Lost += full + state + nested
}

// finish makes the pass at hand the last one: everything that is complete, however new.
func (r *Rings) finish() {
	r.limit = noRecord
	r.final = make([]counters, len(r.rings))
	for i := range r.rings {
		c := &r.rings[i]
		c.head, r.final[i] = c.ctl.still()
	}
}

// still reads the head and the counters of one moment: when no event is being written, and none was while they were read. A CPU can be
// caught in the middle for as long as a hypervisor takes it away; after 20 ms of that the counts may be off by that event.
func (c *control) still() (head uint64, n counters) {
	for try := range 300 {
		if try >= 100 {
			time.Sleep(100 * time.Microsecond)
		}
		idle := atomic.LoadUint32(&c.busy) == 0
		head, n = atomic.LoadUint64(&c.head), c.counters()
		if idle && atomic.LoadUint32(&c.busy) == 0 && atomic.LoadUint64(&c.head) == head && c.counters() == n {
			break
		}
	}
	return head, n
}
