package probe

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// waker waits for the kernel's word that a ring has something to read: a small record in a BPF ring buffer, the only thing a program
// can wake a process with on every kernel from 5.8. What the record says does not matter, so none is read: the buffer is emptied by moving the
// position up to which it was read.
//
// It waits in Go's own poller. A thread that waits in a system call of its own keeps its processor until the runtime takes it away, after 10 ms
// of looking at it up to 50,000 times a second: with a wake-up now and then that was a third of what an idle capture cost.
type waker struct {
	file *os.File // of the map
	conn syscall.RawConn
	full func(fd uintptr) bool // drain, for conn

	woken  atomic.Bool // Wake was called
	closed atomic.Bool

	mu       sync.Mutex // of what follows: Close may come while another goroutine waits
	consumer []byte     // page with the position up to which it was read
	producer []byte     // page with the position up to which it was written
}

// newWaker takes a ring buffer (kernel/bpf/ringbuf.c): its first page has the consumer's position, the second one the producer's.
func newWaker(m *ebpf.Map) (*waker, error) {
	fd, err := unix.FcntlInt(uintptr(m.FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate the buffer of wake-ups: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or the poller does not take it
		unix.Close(fd)
		return nil, fmt.Errorf("open the buffer of wake-ups: %w", err)
	}
	w := &waker{file: os.NewFile(uintptr(fd), "wake-ups")}
	w.full = func(uintptr) bool { return w.drain() }
	if err := w.file.SetReadDeadline(time.Time{}); err != nil {
		return nil, errors.Join(fmt.Errorf("poll the buffer of wake-ups: %w", err), w.Close())
	}
	if w.conn, err = w.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("poll the buffer of wake-ups: %w", err), w.Close())
	}
	page := os.Getpagesize()
	if w.consumer, err = unix.Mmap(fd, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		w.producer, err = unix.Mmap(fd, int64(page), page, unix.PROT_READ, unix.MAP_SHARED)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map the buffer of wake-ups: %w", err), w.Close())
	}
	return w, nil
}

// Wait returns after a wake-up, a call of Wake, or d; without limit when d is negative. It may return early for no reason. It takes
// all wake-ups that are there, so the buffer does not fill up. hot: no allocation
func (w *waker) Wait(d time.Duration) error {
	var deadline time.Time
	if d >= 0 {
		deadline = time.Now().Add(d)
	}
	err := w.file.SetReadDeadline(deadline)
	if err == nil && !w.woken.Swap(false) { // a Wake from here on moves the deadline
		err = w.conn.Read(w.full)
	}
	if w.closed.Load() {
		err = os.ErrClosed
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("wait for events: %w", err)
	}
	return nil
}

// drain takes all wake-ups, and tells whether there were any.
func (w *waker) drain() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.consumer == nil || w.producer == nil {
		return false
	}
	consumer, producer := (*uintptr)(unsafe.Pointer(&w.consumer[0])), (*uintptr)(unsafe.Pointer(&w.producer[0]))
	end := atomic.LoadUintptr(producer)
	if atomic.LoadUintptr(consumer) == end {
		return false
	}
	atomic.StoreUintptr(consumer, end)
	return true
}

// Wake makes the Wait at hand, or the next one, return. Any goroutine may call it, at any time.
func (w *waker) Wake() {
	w.woken.Store(true)
	_ = w.file.SetReadDeadline(time.Unix(1, 0)) // fails when it is closed, and then Wait does
}

// Close ends a Wait with an error and frees the buffer's memory.
func (w *waker) Close() error {
	if w.closed.Swap(true) {
		return nil
	}
	err := w.file.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, mem := range []*[]byte{&w.consumer, &w.producer} {
		if *mem != nil {
			err = errors.Join(err, unix.Munmap(*mem))
			*mem = nil
		}
	}
	return err
}
