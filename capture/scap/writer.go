package scap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"scry/capture/event"
)

// WriterOptions say how a capture is written.
type WriterOptions struct {
	Compress bool // gzip members of bounded size
	// Compat writes what sysdig 0.29.3 can read too (section 12): it loses what that has no words for.
	Compat bool
	Level  int // of gzip, 1 to 9; 0 is the default
	// Inputs are the files that are being read: Create refuses to write over them.
	Inputs []os.FileInfo
}

// ErrInput is wrapped by the error of Create for a file that is an input.
var ErrInput = errors.New("this file is being read: a capture cannot be written over itself; write to another file")

// Writer writes a capture. Blocks gather in buffers that a goroutine of its own writes (and others compress), always cut between
// blocks behind the head of a section, so that a program that is killed leaves a readable file. Not safe for concurrent use.
type Writer struct {
	out    *sink
	job    *job
	b      []byte // job.in with what is in it
	compat *compat
	done   int64 // bytes in the jobs handed over
	events uint64
	err    error
	file   io.Closer // what Close closes
}

// NewWriter writes a capture to out. Close does not close out.
func NewWriter(out io.Writer, o WriterOptions) *Writer {
	w := &Writer{out: newSink(out, o)}
	if o.Compat {
		w.compat = newCompat()
	}
	w.take()
	return w
}

// Create makes the capture file name, readable for its owner only; "-" is standard output. Errors are *fs.PathErrors.
func Create(name string, o WriterOptions) (*Writer, error) {
	if name == "-" {
		return NewWriter(os.Stdout, o), nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := empty(f, o.Inputs); err != nil {
		f.Close()
		return nil, err
	}
	w := NewWriter(f, o)
	w.file, w.out.file = f, f
	return w, nil
}

// empty takes what was in f, unless f is one of the inputs.
func empty(f *os.File, inputs []os.FileInfo) error {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return err
	}
	for _, in := range inputs {
		if os.SameFile(st, in) {
			return &fs.PathError{Op: "create", Path: f.Name(), Err: ErrInput}
		}
	}
	return f.Truncate(0)
}

// WriteError tells that a capture could not be written on, and how much of it is safe.
type WriteError struct {
	Bytes  int64  // in the file
	Events uint64 // that can be read back
	Err    error
}

// Error is a sentence without the name of the file.
func (e *WriteError) Error() string {
	return fmt.Sprintf("%v (%d bytes, %d events saved)", e.Err, e.Bytes, e.Events)
}

// Unwrap returns the error of the write.
func (e *WriteError) Unwrap() error { return e.Err }

var errWriterClosed = errors.New("writer is closed")

// Event writes ev as it is: old records become V2, state-only marks stay. stateOnly adds the mark: readers apply the event to
// their tables and do not show it. An error is that of an earlier write, made in the background. hot: no allocation
// (TestEventAllocs)
func (w *Writer) Event(ev *event.Event, stateOnly bool) error {
	if w.err != nil || w.out.failed.Load() {
		return w.fail()
	}
	flags := ev.Flags &^ event.FlagLarge
	if stateOnly {
		flags |= event.FlagStateOnly
	}
	if w.compat != nil {
		return w.compat.event(w, ev, flags)
	}
	return w.put(ev, flags)
}

// put appends the block of ev.
func (w *Writer) put(ev *event.Event, flags uint32) error {
	n := 8 + 2 + len(ev.Raw) + 4
	code := uint32(blockEV2)
	old := ev.V1 && ev.Type < event.NumTypes
	switch {
	case old:
		n += 4
	case ev.V1:
		code = blockEV1 // of an unknown type: how many parameters it has is not known either
	}
	if flags != 0 {
		n += 4
		if code = blockEVF2; ev.V1 && !old {
			code = blockEVF1
		}
	}
	if n+3 > maxPlain || ev.Type.Schema().Flags&event.LargePayload != 0 {
		if code = large(code); n > maxBlock {
			return fmt.Errorf("event %s of %d bytes is too long for a block", ev.Type, len(ev.Raw))
		}
	}
	n = (n + 3) &^ 3
	if cap(w.b)-len(w.b) < n {
		if err := w.room(n); err != nil {
			return err
		}
	}
	at := len(w.b)
	b := w.b[: at+n : at+n][at:]
	le.PutUint32(b, code)
	le.PutUint32(b[4:], uint32(n))
	le.PutUint16(b[8:], ev.CPU)
	b = b[10:]
	if flags != 0 {
		le.PutUint32(b, flags)
		b = b[4:]
	}
	if old {
		b = b[len(ev.AppendV2(b[:0])):]
	} else {
		b = b[copy(b, ev.Raw):]
	}
	for len(b) > 4 {
		b[0], b = 0, b[1:]
	}
	le.PutUint32(b, uint32(n))
	w.b = w.b[:at+n]
	w.job.events++
	w.events++
	return nil
}

// large returns the LARGE kind of an event block; old blocks have none.
func large(code uint32) uint32 {
	switch code {
	case blockEV2:
		return blockEV2L
	case blockEVF2:
		return blockEVF2L
	}
	return code
}

// room hands the buffer over and makes one with n free bytes the current one.
func (w *Writer) room(n int) error {
	if len(w.b) > 0 {
		w.hand()
	}
	if cap(w.b) < n {
		w.job.in = make([]byte, 0, n)
		w.b = w.job.in
	}
	if w.out.failed.Load() {
		return w.fail()
	}
	return nil
}

// hand gives what the buffer holds to the goroutine that writes.
func (w *Writer) hand() {
	w.done += int64(len(w.b))
	w.job.in = w.b
	w.out.put(w.job)
	w.take()
}

// take gets an empty buffer.
func (w *Writer) take() {
	w.job = w.out.take()
	w.b = w.job.in[:0]
}

// fail returns the sticky error.
func (w *Writer) fail() error {
	if w.err == nil {
		w.err = w.out.error()
	}
	return w.err
}

// Flush writes everything so far, so that it can be read while the writer goes on.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	if len(w.b) > 0 {
		w.hand()
	}
	w.out.drain()
	if w.out.failed.Load() {
		return w.fail()
	}
	return nil
}

// Close flushes, ends the goroutines and closes the file if Create made it. A capture that was closed cannot be written to.
func (w *Writer) Close() error {
	if w.err == errWriterClosed {
		return nil
	}
	err := w.Flush()
	w.out.close()
	if w.file != nil {
		if e := w.file.Close(); err == nil && e != nil {
			err = e
		}
	}
	w.err = errWriterClosed
	return err
}

// Events is the number of events written so far.
func (w *Writer) Events() uint64 { return w.events }

// Bytes is the size of the capture so far: what was handed to Event, or with Compress what the complete members take on disk.
func (w *Writer) Bytes() int64 {
	if w.out.compress {
		return w.out.written.Load()
	}
	return w.done + int64(len(w.b))
}

// over tells whether the file is longer than limit. Compressed files count their complete members, whenever those are written, so
// the answer does not depend on the speed of the disk.
func (w *Writer) over(limit int64) bool {
	if !w.out.compress {
		return w.Bytes() > limit
	}
	// Deflate never adds more than 5 bytes to 16 kB, gzip no more than 40 to a member.
	if pending := w.out.pending.Load(); w.out.written.Load()+pending+pending/1024+1024 <= limit {
		return false
	}
	w.out.drain()
	return w.out.written.Load() > limit
}
