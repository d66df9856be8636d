package scap

import (
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
)

const (
	jobSize      = 256 << 10 // uncompressed bytes of a write or a gzip member; no more than chunkSize
	maxJobs      = 4
	deflators    = 2
	defaultLevel = 6
)

// job is a buffer on its way to the file.
type job struct {
	in     []byte // blocks
	out    []byte // the gzip member that holds them
	events uint64 // in in
	split  bool   // in does not end, or not start, between blocks
	ready  chan struct{}
	sync   chan struct{} // closed when everything before was written; such a job has no data
}

// sink writes jobs in the order of put: one goroutine writes, two more compress.
type sink struct {
	w        io.Writer
	file     *os.File // w, when it is a file of our own
	compress bool
	level    int

	queue   chan *job // in order, to the goroutine that writes
	work    chan *job // to the ones that compress
	free    chan *job
	made    int
	end     chan struct{}
	written atomic.Int64 // bytes
	pending atomic.Int64 // uncompressed bytes between put and the file
	failed  atomic.Bool
	err     *WriteError // set before failed
	events  uint64      // in the file
}

func newSink(w io.Writer, o WriterOptions) *sink {
	s := &sink{w: w, compress: o.Compress, level: o.Level, queue: make(chan *job, maxJobs+1), free: make(chan *job, maxJobs), end: make(chan struct{})}
	if s.level == 0 {
		s.level = defaultLevel
	}
	if s.compress {
		s.work = make(chan *job, maxJobs)
		for range deflators {
			go s.deflate()
		}
	}
	go s.run()
	return s
}

// take returns an empty job; it waits when all are on their way.
func (s *sink) take() *job {
	select {
	case j := <-s.free:
		return j
	default:
	}
	if s.made < maxJobs {
		s.made++
		return &job{in: make([]byte, 0, jobSize), ready: make(chan struct{}, 1)}
	}
	return <-s.free
}

// put sends j on its way.
func (s *sink) put(j *job) {
	s.pending.Add(int64(len(j.in)))
	s.queue <- j
	if s.compress {
		s.work <- j
	}
}

// drain waits until everything was written.
func (s *sink) drain() {
	j := &job{sync: make(chan struct{})}
	s.queue <- j
	<-j.sync
}

// close ends the goroutines.
func (s *sink) close() {
	close(s.queue)
	if s.compress {
		close(s.work)
	}
	<-s.end
}

// error is what failed; valid once failed is set.
func (s *sink) error() error { return s.err }

// run writes. After an error it throws the jobs away.
func (s *sink) run() {
	defer close(s.end)
	for j := range s.queue {
		if j.sync != nil {
			close(j.sync)
			continue
		}
		b := j.in
		if s.compress {
			<-j.ready
			b = j.out
		}
		if !s.failed.Load() {
			s.write(j, b)
		}
		s.pending.Add(-int64(len(j.in)))
		if cap(j.in) > jobSize { // a block of its own size
			j.in, j.out = make([]byte, 0, jobSize), nil
		}
		j.in, j.events, j.split = j.in[:0], 0, false
		s.free <- j
	}
}

// write writes the bytes of one job.
func (s *sink) write(j *job, b []byte) {
	n, err := s.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		keep, events := 0, uint64(0)
		if !s.compress && !j.split {
			keep, events = wholeBlocks(b[:n])
		}
		s.err = &WriteError{Bytes: s.written.Load() + int64(s.trim(n, keep)), Events: s.events + events, Err: err}
		s.failed.Store(true)
		return
	}
	s.written.Add(int64(n))
	s.events += j.events
}

// trim cuts the n bytes that a failed write left in a file down to those that can be read, and returns how many are there then.
func (s *sink) trim(n, keep int) int {
	if s.file == nil {
		return n
	}
	if st, err := s.file.Stat(); err != nil || !st.Mode().IsRegular() {
		return n
	}
	if s.file.Truncate(s.written.Load()+int64(keep)) != nil {
		return n
	}
	return keep
}

// wholeBlocks returns how many bytes of b are whole blocks and how many of these hold events.
func wholeBlocks(b []byte) (n int, events uint64) {
	for len(b)-n >= frameSize {
		size := uint64(le.Uint32(b[n+4:]))
		if size < frameSize || size > uint64(len(b)-n) {
			break
		}
		if kinds[kindOf(le.Uint32(b[n:]))].fam == famEvent {
			events++
		}
		n += int(size)
	}
	return n, events
}

// The head of a gzip member as written here (RFC 1952): flags FEXTRA, and in the extra field one subfield "SC" with two u32: the
// length of the whole member and that of its data. Readers that know it can take members apart without inflating them; others
// ignore it.
//
//	0  1f 8b 08 04  00 00 00 00  00 ff   magic, deflate, FEXTRA, no time, unknown system
//	10 0c 00  'S' 'C' 08 00  u32 member  u32 data
const (
	memberHead = 24
	memberTail = 8 // crc32 and length of the data
)

var memberMagic = [16]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 12, 0, 'S', 'C', 8, 0}

// deflate makes gzip members of jobs.
func (s *sink) deflate() {
	var b appendWriter
	z, err := flate.NewWriter(&b, s.level)
	if err != nil {
		z, _ = flate.NewWriter(&b, defaultLevel)
	}
	for j := range s.work {
		b.b = append(j.out[:0], memberMagic[:]...)
		b.b = append(b.b, 0, 0, 0, 0, 0, 0, 0, 0)
		z.Reset(&b)
		z.Write(j.in)
		z.Close()
		b.b = le.AppendUint32(b.b, crc32.ChecksumIEEE(j.in))
		b.b = le.AppendUint32(b.b, uint32(len(j.in)))
		le.PutUint32(b.b[16:], uint32(len(b.b)))
		le.PutUint32(b.b[20:], uint32(len(j.in)))
		j.out, b.b = b.b, nil
		j.ready <- struct{}{}
	}
}

// appendWriter is a bytes.Buffer whose memory can be swapped.
type appendWriter struct{ b []byte }

func (a *appendWriter) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
