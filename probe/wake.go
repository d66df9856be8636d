package probe

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
)

// waker waits for the kernel's word that a ring has something to read: a small record in a BPF ring buffer, the only thing a program
// can wake a process with on every kernel from 5.8. What the record says does not matter, and nothing is lost when the buffer is full:
// it is readable then.
type waker struct {
	reader *ringbuf.Reader
	record ringbuf.Record
}

func newWaker(m *ebpf.Map) (*waker, error) {
	r, err := ringbuf.NewReader(m)
	if err != nil {
		return nil, fmt.Errorf("open the buffer of wake-ups: %w", err)
	}
	return &waker{reader: r}, nil
}

// Wait returns after a wake-up, a call of Wake, or d; without limit when d is negative. It may return early for no reason. It takes
// all wake-ups that are there, so the buffer does not fill up. hot: no allocation
func (w *waker) Wait(d time.Duration) error {
	var deadline time.Time
	if d >= 0 {
		// The reader rounds what is left down to milliseconds.
		deadline = time.Now().Add(d + time.Millisecond - 1)
	}
	w.reader.SetDeadline(deadline)
	err := w.reader.ReadInto(&w.record)
	for err == nil && w.record.Remaining > 0 {
		err = w.reader.ReadInto(&w.record)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, ringbuf.ErrFlushed) {
		return fmt.Errorf("wait for events: %w", err)
	}
	return nil
}

// Wake makes the Wait at hand, or the next one, return. Any goroutine may call it, at any time.
func (w *waker) Wake() { _ = w.reader.Flush() }

// Close ends a Wait with an error and frees the buffer's memory.
func (w *waker) Close() error { return w.reader.Close() }
