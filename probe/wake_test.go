package probe

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// bell is a program that wakes as publish in bpf/store.h does, and the waker of its map.
func bell(t *testing.T) (*waker, func(times int)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads a program")
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(os.Getpagesize())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	const forceWakeUp = 2
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SocketFilter, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.RFP, -8, asm.R1, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -8),
		asm.Mov.Imm(asm.R3, 8),
		asm.Mov.Imm(asm.R4, forceWakeUp),
		asm.FnRingbufOutput.Call(),
		asm.Mov.Imm(asm.R0, 0),
		asm.Return(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	w, err := newWaker(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, func(times int) {
		for range times {
			if _, err := p.Run(&ebpf.RunOptions{Data: make([]byte, 14)}); err != nil {
				t.Error(err)
			}
		}
	}
}

// took waits and tells for how long.
func took(t *testing.T, w *waker, d time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	if err := w.Wait(d); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

func TestWaker(t *testing.T) {
	w, ring := bell(t)
	for _, d := range []time.Duration{time.Millisecond, 20 * time.Millisecond} {
		if got := took(t, w, d); got < d/2 { // the timer of the kernel has milliseconds
			t.Errorf("waited %v instead of %v", got, d)
		}
	}
	for _, n := range []int{1, 3, 1000} { // a thousand do not fit
		ring(n)
		if got := took(t, w, time.Minute); got > 30*time.Second {
			t.Errorf("%d wake-ups before the wait: none", n)
		}
		took(t, w, 0) // of an early return that the reader may owe us
		if got := took(t, w, 20*time.Millisecond); got < 10*time.Millisecond {
			t.Errorf("%d wake-ups: again after %v", n, got)
		}
	}
	var others sync.WaitGroup
	for range 500 { // more than fit
		others.Go(func() { ring(1) })
		took(t, w, -1)
		others.Wait()
	}
	others.Go(w.Wake)
	took(t, w, -1)
	others.Wait()
	w.Wake()
	took(t, w, -1)
}

func TestWakerClose(t *testing.T) {
	w, _ := bell(t)
	time.AfterFunc(10*time.Millisecond, func() { w.Close() })
	if err := w.Wait(-1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	w.Wake()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Wait(0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("then %v", err)
	}
}

func TestWakerAllocs(t *testing.T) {
	w, ring := bell(t)
	ring(1)
	took(t, w, -1)
	if n := testing.AllocsPerRun(20, func() {
		if err := w.Wait(time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
