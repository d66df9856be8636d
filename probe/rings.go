// Package probe is the kernel side of a live capture: the eBPF programs (bpf/), how they are loaded and attached, and the rings that they
// write events into, one per CPU, read as one stream in the order of time.
package probe

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"scry/capture/event"
)

// ErrRing is wrapped by the error for bytes in a ring that cannot be a record.
var ErrRing = errors.New("damaged ring")

var errClosed = errors.New("rings are closed")

// Window is how old a record must be to be delivered: by then every CPU has completed what it began before it.
const Window = time.Millisecond

// waiter lets the consumer sleep.
type waiter interface {
	// Wait returns when the kernel or Wake woke us, or after d; without limit when d is negative. It may return early.
	Wait(d time.Duration) error
	// Wake makes the Wait at hand, or the next one, return.
	Wake()
	Close() error
}

// Rings reads the rings of all CPUs as one stream in the order of time. One goroutine owns it; only Stop is for others.
//
// It works in passes. A pass takes the time first, and the heads of all rings after it. What is older than that time by the window is
// complete in all rings then, so it can be merged and delivered without another look at the kernel's side:
//
//	CPU 0  ....a....c.....e|..g      | limit = now - Window
//	CPU 1  ......b....d....|f        delivered: a b c d e; f and g wait for a later pass
type Rings struct {
	rings []ring
	now   func() uint64 // on the clock of the records
	poll  time.Duration // how long what arrives may lie there
	wait  waiter
	stop  atomic.Bool

	// The pass at hand. Its rings that have records, the one with the oldest first, form a binary heap. cur is the first ring or was it: it may
	// deliver up to bound, the next record of the others or the last time of the pass, before the heap has to be looked at again.
	cur   *ring
	bound uint64
	heap  []*ring
	limit uint64

	last      uint64 // time of the newest event that was delivered
	delivered uint64
	late      uint64
	err       error // sticky

	pause  pause
	onWait func()
	final  []counters // of each CPU, from the moment of Stop
}

// ring is the consumer's side of the ring of a CPU.
type ring struct {
	ts   uint64 // time of the record at pos, all ones when the pass has none
	pos  uint64 // of the next record
	head uint64 // end of what the pass may deliver
	tail uint64 // what the kernel knows of pos
	elem []byte // the segment that pos lies in, with its slack
	mem  []byte // all segments
	ctl  *control
	lost uint32 // prefix.lost of the record before
	cpu  uint16
}

const noRecord = math.MaxUint64

// newRings takes the mapped arrays of rings (cpus * segments elements) and of control blocks, and a clock in nanoseconds, the one
// that the records' times come from. segments is a power of two, as for the programs.
func newRings(mem, controls []byte, cpus, segments int, now func() uint64, wait waiter) *Rings {
	r := &Rings{rings: make([]ring, cpus), now: now, wait: wait, poll: poll, heap: make([]*ring, 0, cpus)}
	for i := range r.rings {
		c := &r.rings[i]
		c.cpu = uint16(i)
		c.ctl = controlAt(controls, i)
		c.mem = mem[i*segments*elementSize:][: segments*elementSize : segments*elementSize]
		c.seek(atomic.LoadUint64(&c.ctl.tail))
		c.tail = c.pos
		c.ts = noRecord
		atomic.StoreUint64(&c.ctl.wake, neverWake)
	}
	r.cur = &r.rings[0]
	return r
}

// OnWait makes Next call fn before it sleeps, when it has delivered events since the last time: the user should see them now.
func (r *Rings) OnWait(fn func()) { r.onWait = fn }

// Stop makes Next return io.EOF when it has delivered everything that is complete now. Any goroutine may call it, at any time.
func (r *Rings) Stop() {
	r.stop.Store(true)
	r.wait.Wake()
}

// Close lets go of the memory of the rings and of the waiter, after the last Next. Stats stay as they are then.
func (r *Rings) Close() error {
	if r.final == nil {
		for i := range r.rings {
			r.final = append(r.final, r.rings[i].ctl.counters())
		}
	}
	r.err = errClosed
	r.heap, r.rings, r.cur = nil, nil, &ring{ts: noRecord}
	return r.wait.Close()
}

// Next fills ev with the next event: what Decode sets, the CPU, and what live sources know; Flags and Section are zero, Num is the
// caller's. Its bytes alias the ring and are valid until the next call. After Stop and the last event it returns io.EOF, and for bytes that
// cannot be a record an error that wraps ErrRing; both again on further calls. hot: no allocation (TestRingsAllocs)
func (r *Rings) Next(ev *event.Event) error {
	c := r.cur
	if (c.pos^c.tail)>>segmentBits != 0 {
		c.release() // the event before was the last one of its segment
	}
	if c.ts > r.bound {
		if err := r.turn(); err != nil {
			return err
		}
		c = r.cur
	}
	p, b := c.record()
	if p == nil {
		return r.damaged(c, nil)
	}
	if err := ev.Decode(b, false); err != nil {
		return r.damaged(c, err)
	}
	ev.CPU, ev.Flags, ev.Section = c.cpu, 0, nil
	if p.flags&prefixState != 0 {
		ev.Flags = event.FlagStateOnly
	}
	ev.EnterTS, ev.Cgroup, ev.Faults, ev.Cut = p.enter, p.cgroup, p.faults, p.flags&prefixCut != 0
	ev.Reused = p.flags&prefixReused != 0
	ev.Lost = uint64(p.lost - c.lost)
	c.lost = p.lost
	c.advance(uint64(p.size))
	r.delivered++
	if ev.TS < r.last {
		r.late++
	} else {
		r.last = ev.TS
	}
	return nil
}

// record returns the record at pos, nil when what lies there cannot be one.
func (c *ring) record() (*prefix, []byte) {
	off := c.pos % segmentSize
	p := (*prefix)(unsafe.Pointer(&c.elem[off]))
	n := uint64(p.size)
	if n%8 != 0 || n < minRecord || off+n > elementSize || min(n, segmentSize-off) > c.head-c.pos {
		return nil, nil
	}
	return p, c.elem[off+prefixSize : off+n : off+n]
}

// advance moves behind a record of n bytes.
func (c *ring) advance(n uint64) {
	next := c.pos + n
	if (next^c.pos)>>segmentBits != 0 {
		c.seek((c.pos>>segmentBits + 1) << segmentBits)
	} else {
		c.pos = next
	}
	c.peek()
}

// peek looks at the time of the record at pos.
func (c *ring) peek() {
	c.ts = noRecord
	if c.pos < c.head {
		c.ts = *(*uint64)(unsafe.Pointer(&c.elem[c.pos%segmentSize+prefixSize]))
	}
}

// seek moves to a position, possibly of another segment.
func (c *ring) seek(pos uint64) {
	segments := uint64(len(c.mem) / elementSize)
	c.pos = pos
	c.elem = c.mem[pos>>segmentBits%segments*elementSize:][:elementSize:elementSize]
}

// release gives the kernel what lies before pos. The segment is what counts for it, so that is how often it has to be told.
func (c *ring) release() {
	c.tail = c.pos
	atomic.StoreUint64(&c.ctl.tail, c.pos)
}

// turn lets the ring with the oldest record have its turn, in a new pass when this one has no more.
func (r *Rings) turn() error {
	if len(r.heap) > 0 {
		if n := len(r.heap) - 1; r.heap[0].ts == noRecord {
			r.heap[0] = r.heap[n]
			r.heap = r.heap[:n]
		}
		r.sink(0)
	}
	if len(r.heap) == 0 || r.heap[0].ts >= r.limit {
		if err := r.pass(); err != nil {
			return err
		}
	}
	r.cur = r.heap[0]
	r.bound = r.limit - 1
	for _, c := range r.heap[1:min(3, len(r.heap))] {
		r.bound = min(r.bound, c.ts)
	}
	return nil
}

// sink moves the ring at place i of the heap down to where it belongs.
func (r *Rings) sink(i int) {
	h := r.heap
	for {
		k := 2*i + 1
		if k >= len(h) {
			return
		}
		if k+1 < len(h) && h[k+1].ts < h[k].ts {
			k++
		}
		if h[i].ts <= h[k].ts {
			return
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
}

// pass begins passes until one has something to deliver, and sleeps between them.
func (r *Rings) pass() error {
	for r.err == nil {
		if r.final != nil {
			r.err = io.EOF
			break
		}
		if r.stop.Load() {
			r.finish()
		} else {
			r.limit = r.now() - uint64(Window)
			for i := range r.rings {
				c := &r.rings[i]
				c.head = atomic.LoadUint64(&c.ctl.head)
			}
		}
		if err := r.gather(); err != nil {
			return err
		}
		if len(r.heap) > 0 && r.heap[0].ts < r.limit {
			return nil
		}
		if r.final == nil {
			r.err = r.sleep()
		}
	}
	return r.err
}

// gather makes the heap of the rings that have records before their head.
func (r *Rings) gather() error {
	settle()
	r.heap = r.heap[:0]
	for i := range r.rings {
		c := &r.rings[i]
		if c.head-c.pos > uint64(len(c.mem)) {
			return r.damaged(c, nil)
		}
		if c.peek(); c.ts != noRecord {
			r.heap = append(r.heap, c)
		}
	}
	for i := len(r.heap)/2 - 1; i >= 0; i-- {
		r.sink(i)
	}
	return nil
}

// damaged makes the error for what is at the position of c sticky.
func (r *Rings) damaged(c *ring, err error) error {
	p := (*prefix)(unsafe.Pointer(&c.elem[c.pos%segmentSize]))
	r.err = fmt.Errorf("%w: CPU %d, position %d, head %d: a record of %d bytes", ErrRing, c.cpu, c.pos, c.head, p.size)
	if err != nil {
		r.err = fmt.Errorf("%w: %w", r.err, err)
	}
	c.ts, r.heap = noRecord, r.heap[:0]
	return r.err
}
