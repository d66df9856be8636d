package scap

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"scry/capture/event"
)

// Reader reads a capture: blocks in, events out. A goroutine reads and inflates ahead; Next parses in place. Not safe for
// concurrent use.
type Reader struct {
	src  *source
	cur  *chunk // what buf aliases, nil for a block that was put together in memory of its own
	buf  []byte // bytes at hand
	pos  int    // of the next block in buf
	base int64  // offset of buf[0] in the stream of blocks
	eof  error  // why src has no more: io.EOF or an error of the input

	num    uint64
	snap   *event.Snapshot // of the section at hand
	first  *event.Snapshot // snap until the first event of the section took it
	inBody bool            // the section at hand had an event
	listed uint64          // bytes of its lists
	fds    int             // descriptors in them
	err    error           // sticky
	wait   func()          // called before Next waits for input; nil: nothing

	info   FileInfo
	counts [len(kinds)]int
}

// NewReader starts reading a capture from r, plain or compressed, and reads its section header. name is for Info only. What is no capture gives a *NotCaptureError. If r is an io.Closer, Close closes it.
func NewReader(r io.Reader, name string) (*Reader, error) {
	src, err := openSource(r)
	if err != nil {
		if errors.Is(err, syscall.EISDIR) {
			err = &NotCaptureError{"a directory"}
		}
		return nil, err
	}
	d := &Reader{src: src}
	d.info.Name = name
	d.info.Compression = src.compression
	if err := d.open(); err != nil {
		src.close()
		return nil, err
	}
	return d, nil
}

// OnWait makes Next call fn whenever it has to wait for input: a live stream pauses, and what was shown so far should reach the user.
func (r *Reader) OnWait(fn func()) { r.wait = fn }

// open reads the first section header and looks at the code of the block behind it: pcapng files start in the same way.
func (r *Reader) open() error {
	r.need(28)
	if err := sniffBlocks(r.buf[r.pos:], r.eof, r.src.compression); err != nil {
		return err
	}
	if r.need(8) {
		if n := le.Uint32(r.buf[r.pos+4:]); n < 1<<16 && r.need(int(n)+4) {
			if what := pcapngBlock(le.Uint32(r.buf[r.pos+int(n):])); what != "" {
				return &NotCaptureError{"a network capture (pcapng, " + what + "); open it with Wireshark"}
			}
		}
	}
	_, err := r.block()
	if err == io.EOF {
		return nil
	}
	return err
}

// Next fills ev with the next event; the types that the schema does not know are delivered too, with Num 0, so that a copy keeps
// them. ev.Section is the new Snapshot on the first event of each section and nil on the others, also when the type of that event
// is unknown. ev.Raw and all parameters alias the buffer of the reader and are valid until the next call.
//
// It returns io.EOF at a clean end and a *DamageError when the file is cut or damaged, after everything before the damage was
// delivered; both again on further calls. hot: no allocation (TestNextAllocs)
func (r *Reader) Next(ev *event.Event) error {
	for r.err == nil {
		b := r.buf[r.pos:]
		if len(b) < 8 {
			if !r.need(8) {
				return r.end()
			}
			continue
		}
		code, n := le.Uint32(b), uint64(le.Uint32(b[4:]))
		i := code - 0x200
		if i >= kindSHB {
			i = uint32(kindOf(code))
		}
		if kinds[i].fam != famEvent {
			if _, err := r.block(); err != nil {
				return r.fail(err)
			}
			continue
		}
		if n > uint64(len(b)) {
			if n > maxBlock {
				return r.fail(r.damage("%s block claims %d bytes", kinds[i].name, n))
			}
			if !r.need(int(n)) {
				return r.fail(r.cut(kinds[i].name, n))
			}
			continue
		}
		if n < frameSize+2+22 {
			return r.fail(r.damage("%s block of %d bytes is too short", kinds[i].name, n))
		}
		return r.event(ev, b[:n], uint8(i))
	}
	return r.err
}

// event decodes the event block b.
func (r *Reader) event(ev *event.Event, b []byte, kind uint8) error {
	k := &kinds[kind]
	flags, rec := uint32(0), b[10:len(b)-4]
	if k.flags {
		flags, rec = le.Uint32(b[10:]), b[14:len(b)-4]
	}
	if err := ev.Decode(rec, k.version == 1); err != nil {
		return r.fail(r.damage("%v", err))
	}
	ev.CPU = le.Uint16(b[8:])
	ev.Flags = flags
	ev.Section = r.first
	ev.Num = 0
	if ev.Type < event.NumTypes {
		r.num++
		ev.Num = r.num
	}
	r.first = nil
	r.inBody = true
	r.pos += len(b)
	r.counts[kind]++
	return nil
}

// Snapshot is the state from which the section starts that Next is in. After io.EOF it is that of the last section, also when
// that had no events. It is complete once Next has returned an event of the section or an error.
func (r *Reader) Snapshot() *event.Snapshot { return r.snap }

// Offset is the number of bytes of the file that were used up, compressed ones for compressed files: for a progress display.
func (r *Reader) Offset() int64 {
	if r.src.compression == "" {
		return r.base + int64(r.pos)
	}
	return r.src.used.Load()
}

// Info tells the facts of the format as far as the file was read.
func (r *Reader) Info() FileInfo {
	f := r.info
	f.Blocks = make(map[string]int)
	for i, n := range r.counts {
		if n > 0 && i != 0 {
			f.Blocks[kinds[i].name] = n
		}
	}
	f.Unknown = r.counts[0]
	f.Members = int(r.src.members.Load())
	f.Trailing = r.src.trailing.Load()
	f.Bytes = r.base + int64(r.pos)
	return f
}

// Close ends the background goroutine and closes the input if that is an io.Closer. A read that blocks in the input is not
// waited for when closing the input does not end it.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errClosed
	}
	r.buf, r.cur, r.pos = nil, nil, 0
	return r.src.close()
}

var errClosed = errors.New("reader is closed")

// fail makes err sticky.
func (r *Reader) fail(err error) error {
	if r.err == nil {
		r.err = err
	}
	return r.err
}

// damage makes a DamageError for the block at hand.
func (r *Reader) damage(format string, args ...any) *DamageError {
	return &DamageError{Offset: r.base + int64(r.pos), Compressed: r.src.compression, Reason: fmt.Sprintf(format, args...)}
}

// withErr adds the error of the input.
func withErr(e *DamageError, err error) *DamageError {
	e.Err = err
	return e
}

// cut makes the error for a block of n bytes that is not there in full.
func (r *Reader) cut(name string, n uint64) error {
	have := len(r.buf) - r.pos
	if r.eof != io.EOF {
		return withErr(r.damage("%s block of %d bytes: %d could be read: %v", name, n, have, r.eof), r.eof)
	}
	return r.damage("%s block of %d bytes, but the file ends after %d", name, n, have)
}

// end tells how the stream ended when not even the head of a block is left.
func (r *Reader) end() error {
	switch have := len(r.buf) - r.pos; {
	case r.eof != io.EOF:
		return r.fail(withErr(r.damage("%v", r.eof), r.eof))
	case have > 0:
		return r.fail(r.damage("%d bytes where a block should start", have))
	}
	return r.fail(io.EOF)
}

// need makes at least n bytes available at r.pos. The block at hand moves: in front of the next chunk's data where the room for
// it suffices, else into memory that grows as data arrives, so a length that the file only claims costs nothing. It reports false
// when the input ends before, and then r.eof is set.
func (r *Reader) need(n int) bool {
	for len(r.buf)-r.pos < n {
		if r.eof != nil {
			return false
		}
		c := r.src.next(r.wait)
		if c.err != nil {
			r.eof = c.err
			if len(c.buf) == headroom {
				r.src.recycle(c)
				continue
			}
		}
		rest := r.buf[r.pos:]
		r.base += int64(r.pos)
		if len(rest) <= headroom && n-len(rest) <= len(c.buf)-headroom {
			at := headroom - len(rest)
			copy(c.buf[at:], rest)
			r.release(c)
			r.buf, r.pos = c.buf, at
			r.base -= int64(at)
			continue
		}
		own := rest
		if r.cur != nil {
			own = append(make([]byte, 0, min(n, 2*(len(rest)+chunkSize))), rest...)
		}
		r.buf, r.pos = append(own, c.buf[headroom:]...), 0
		r.release(nil)
		r.src.recycle(c)
	}
	return true
}

// release gives the chunk at hand back and makes c the one at hand.
func (r *Reader) release(c *chunk) {
	if r.cur != nil {
		r.src.recycle(r.cur)
	}
	r.cur = c
}
