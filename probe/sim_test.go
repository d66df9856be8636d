package probe

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"scry/capture/event"
)

// sim is the kernel's side in Go: the memory, and a producer per CPU that does what bpf/store.h does.
type sim struct {
	mem, controls []byte
	segments      int
	cpus          []producer
	alarm         *alarm
}

type producer struct {
	cpu      int
	ctl      *control
	mem      []byte
	segments uint64
	alarm    *alarm
	made     uint64 // events, lost ones too: the number of each is its first parameter
	body     []byte
	params   [2][]byte
	buf      []byte
}

func newSim(cpus, segments int) *sim {
	s := &sim{
		mem:      make([]byte, cpus*segments*elementSize),
		controls: make([]byte, cpus*controlSize),
		segments: segments,
		cpus:     make([]producer, cpus),
		alarm:    newAlarm(),
	}
	for i := range s.cpus {
		s.cpus[i] = producer{
			cpu:      i,
			ctl:      controlAt(s.controls, i),
			mem:      s.mem[i*segments*elementSize:][:segments*elementSize],
			segments: uint64(segments),
			alarm:    s.alarm,
			body:     make([]byte, 1<<16),
		}
	}
	return s
}

func (s *sim) rings(now func() uint64) *Rings {
	return newRings(s.mem, s.controls, len(s.cpus), s.segments, now, s.alarm)
}

// emit makes an event with n bytes of data and tells whether there was room for it: reserve and publish in one.
func (p *producer) emit(ts uint64, state bool, n int) bool {
	c := p.ctl
	if !atomic.CompareAndSwapUint32(&c.busy, 0, 1) {
		panic("two producers on a CPU")
	}
	atomic.AddUint64(&c.seen, 1)
	number := p.made
	p.made++
	used := c.head>>segmentBits - atomic.LoadUint64(&c.tail)>>segmentBits
	spare, reason := p.segments/4, lostFull
	if state {
		spare, reason = 0, lostState
	}
	if used+spare >= p.segments {
		c.lost++
		atomic.AddUint64(&c.reasons[reason], 1)
		atomic.StoreUint32(&c.busy, 0)
		return false
	}
	data := p.body[:n]
	for i := range data {
		data[i] = byte(number) + byte(p.cpu)
	}
	p.params = [2][]byte{binary.LittleEndian.AppendUint64(p.params[0][:0], number), data}
	p.buf = event.Append(p.buf[:0], ts, int64(p.cpu), event.ReadX, p.params[:]...)
	p.publish(prefix{cpu: uint16(p.cpu), lost: uint32(c.lost)}, p.buf)
	return true
}

// publish writes a record and wakes the consumer if it asked for that.
func (p *producer) publish(x prefix, ev []byte) {
	c := p.ctl
	x.size = uint32(prefixSize+len(ev)+7) &^ 7
	at := p.mem[c.head>>segmentBits%p.segments*elementSize+c.head%segmentSize:]
	*(*prefix)(unsafe.Pointer(&at[0])) = x
	copy(at[prefixSize:], ev)
	next := c.head + uint64(x.size)
	if (next^c.head)>>segmentBits != 0 {
		next = (c.head>>segmentBits + 1) << segmentBits
	}
	atomic.StoreUint64(&c.head, next)
	atomic.StoreUint32(&c.busy, 0)
	if next >= atomic.LoadUint64(&c.wake) {
		atomic.StoreUint64(&c.wake, neverWake)
		p.alarm.Wake()
	}
}

// alarm is a waiter.
type alarm struct {
	ring  chan struct{}
	waits atomic.Int64
	naps  atomic.Int64 // those with a limit
}

func newAlarm() *alarm { return &alarm{ring: make(chan struct{}, 1)} }

func (a *alarm) Wait(d time.Duration) error {
	a.waits.Add(1)
	var limit <-chan time.Time
	if d >= 0 {
		a.naps.Add(1)
		t := time.NewTimer(d)
		defer t.Stop()
		limit = t.C
	}
	select {
	case <-a.ring:
	case <-limit:
	}
	return nil
}

func (a *alarm) Wake() {
	select {
	case a.ring <- struct{}{}:
	default:
	}
}

func (a *alarm) Close() error { return nil }

// check compares what the producer says of an event with the event.
func check(t *testing.T, ev *event.Event, want uint64) {
	t.Helper()
	number, _ := ev.Uint(0)
	if number != want || int64(ev.CPU) != ev.TID {
		t.Fatalf("CPU %d (%d): event %d after the loss of %d, want %d", ev.CPU, ev.TID, number, ev.Lost, want)
	}
	for _, b := range ev.Param(1) {
		if b != byte(number)+byte(ev.CPU) {
			t.Fatalf("CPU %d: event %d was overwritten", ev.CPU, number)
		}
	}
}
