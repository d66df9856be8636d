package probe

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// injector is a ring that this process writes: events that come from elsewhere than the kernel's programs (CPU times from /proc) join the stream in
// the order of time, in the same way as the others.
type injector struct {
	mu  sync.Mutex
	mem []byte
	ctl control
}

const injectorSegments = 2

// addInjector makes the ring known to r, as that of one more CPU; its events say CPU 0.
func (r *Rings) addInjector(in *injector) {
	in.mem = make([]byte, injectorSegments*elementSize)
	atomic.StoreUint64(&in.ctl.wake, neverWake)
	c := ring{ctl: &in.ctl, mem: in.mem, ts: noRecord}
	c.seek(0)
	r.rings = append(r.rings, c)
	r.heap = make([]*ring, 0, len(r.rings))
	r.cur = &r.rings[0]
}

// Now is the time in the clock of events, ns since the epoch.
func (r *Rings) Now() uint64 { return r.now() }

// Inject puts an event record into the stream. Its time should be Now; records of one caller are in order. It waits while there is no room, unless
// the stream was stopped: then the record is left out. A record has at most 64 KiB. Any goroutine may call it.
func (p *Probe) Inject(record []byte) {
	in := &p.injector
	in.mu.Lock()
	defer in.mu.Unlock()
	c := &in.ctl
	head := c.head
	for head>>segmentBits-atomic.LoadUint64(&c.tail)>>segmentBits >= injectorSegments {
		if p.stop.Load() {
			return
		}
		p.wait.Wake()
		time.Sleep(time.Millisecond)
	}
	size := uint64(prefixSize+len(record)+7) &^ 7
	elem := in.mem[head>>segmentBits%injectorSegments*elementSize:][:elementSize]
	at := elem[head%segmentSize:]
	*(*prefix)(unsafe.Pointer(&at[0])) = prefix{size: uint32(size)}
	copy(at[prefixSize:], record)
	next := head + size
	if (next^head)>>segmentBits != 0 {
		next = (head>>segmentBits + 1) << segmentBits
	}
	atomic.StoreUint32(&c.busy, 1) // the count at Stop waits for both
	atomic.AddUint64(&c.seen, 1)
	atomic.StoreUint64(&c.head, next)
	atomic.StoreUint32(&c.busy, 0)
}

// Flush wakes the reader for what was injected.
func (p *Probe) Flush() { p.wait.Wake() }
