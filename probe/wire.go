package probe

import (
	"sync/atomic"
	"unsafe"
)

// The Go side of bpf/wire.h, which tells what each thing means. TestWire compares the two.

const (
	segmentBits = 20
	segmentSize = 1 << segmentBits
	slackSize   = 128 << 10
	elementSize = segmentSize + slackSize // of the array of rings

	prefixSize  = 32
	minRecord   = prefixSize + 26 // the header of an event (V2) without parameters
	controlSize = 256

	neverWake = ^uint64(0) // control.wake: not at all
)

// prefix stands before each event in a ring.
type prefix struct {
	size   uint32
	flags  uint16
	cpu    uint16
	lost   uint32
	faults uint32
	enter  uint64
	cgroup uint64
}

// Flags of a prefix.
const (
	prefixCut    = 1
	prefixCompat = 2
	prefixState  = 4
	prefixReused = 8
)

// Reasons of loss.
const (
	lostFull = iota
	lostState
	lostNested
	lostReasons
)

// control is the control block of a CPU. It lies in memory that the kernel writes at the same time: atomic loads and stores only.
type control struct {
	head    uint64
	seen    uint64
	lost    uint64
	reasons [lostReasons]uint64
	busy    uint32
	_       uint32
	_       [72]byte // the programs' own
	tail    uint64
	wake    uint64
	_       [112]byte // the programs' own
}

// controlAt is the control block of a CPU in the mapped array of them.
func controlAt(controls []byte, cpu int) *control {
	b := controls[cpu*controlSize:][:controlSize]
	return (*control)(unsafe.Pointer(unsafe.SliceData(b)))
}

// counters are the numbers of a control block.
type counters struct {
	seen    uint64
	reasons [lostReasons]uint64
}

func (c *control) counters() counters {
	n := counters{seen: atomic.LoadUint64(&c.seen)}
	for i := range n.reasons {
		n.reasons[i] = atomic.LoadUint64(&c.reasons[i])
	}
	return n
}
