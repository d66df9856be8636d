package chisels

import (
	"io"
	"sync"
)

// Output gathers lines and writes them in large pieces from a goroutine of its own, so that formatting does not wait for the reader of a
// pipe. Bytes are never reordered; the first error of a write is returned by every later call.
type Output struct {
	buf  []byte
	free chan []byte
	full chan []byte
	done chan struct{}
	mu   sync.Mutex
	err  error

	block bool // a table was printed: the next one stands below a blank line
	left  bool // a screen was left: no more tables
}

const (
	outputChunk  = 128 << 10
	outputChunks = 3
)

// NewOutput writes to w.
func NewOutput(w io.Writer) *Output {
	o := &Output{free: make(chan []byte, outputChunks), full: make(chan []byte, outputChunks), done: make(chan struct{})}
	for range outputChunks - 1 {
		o.free <- newChunk()
	}
	o.buf = newChunk()
	go o.run(w)
	return o
}

func (o *Output) run(w io.Writer) {
	defer close(o.done)
	for b := range o.full {
		if o.failed() == nil {
			if _, err := w.Write(b); err != nil {
				o.mu.Lock()
				o.err = err
				o.mu.Unlock()
			}
		}
		if cap(b) > 4*outputChunk { // one huge line: do not keep its memory
			b = newChunk()
		}
		o.free <- b[:0]
	}
}

func newChunk() []byte { return make([]byte, 0, outputChunk+outputChunk/8) }

func (o *Output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Buffer returns the bytes that are waiting: append to them and give the result to Keep.
func (o *Output) Buffer() []byte { return o.buf }

// Keep takes back the buffer with what was appended.
func (o *Output) Keep(b []byte) error {
	o.buf = b
	if len(b) >= outputChunk {
		return o.Flush()
	}
	return nil
}

// Flush hands everything over to the writer without waiting for it.
func (o *Output) Flush() error {
	if len(o.buf) > 0 {
		o.full <- o.buf
		o.buf = <-o.free
	}
	return o.failed()
}

// Close writes what is left and waits for it.
func (o *Output) Close() error {
	err := o.Flush()
	close(o.full)
	<-o.done
	if e := o.failed(); e != nil {
		return e
	}
	return err
}
