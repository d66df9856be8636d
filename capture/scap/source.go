package scap

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Sizes of the chunks that travel from the reading goroutine to Next. Before the data of each is room for the part of a block
// that the previous one left over, so that nearly every block lies in one piece without being moved.
const (
	chunkSize = 256 << 10
	headroom  = 72 << 10 // more than any event block of a kind without LARGE
	maxChunks = 5
)

// chunk is a piece of the uncompressed stream: buf[headroom:].
type chunk struct {
	buf   []byte
	err   error // what comes after buf: nil for more, io.EOF, or why no more could be read
	mem   []byte
	zip   []byte        // the gzip member to inflate into mem
	ready chan struct{} // that was done; only waited for when zip is not empty
}

// source reads and inflates ahead. The goroutine that fill runs in owns the input; chunks go round between it and next.
type source struct {
	compression string
	used        atomic.Int64 // bytes taken from the input
	members     atomic.Int64
	trailing    atomic.Int64

	closer io.Closer
	full   chan *chunk
	free   chan *chunk
	made   atomic.Int32
	stop   chan struct{}
	once   sync.Once
}

// openSource looks at the first bytes of r for the compression and starts reading.
func openSource(r io.Reader) (*source, error) {
	s := &source{full: make(chan *chunk, maxChunks), free: make(chan *chunk, maxChunks), stop: make(chan struct{})}
	s.closer, _ = r.(io.Closer)
	// With a buffer smaller than what fill asks for, plain input is read past it, straight into the chunks.
	in := bufio.NewReaderSize(&countingReader{r: r, n: &s.used}, 64<<10)
	head, err := in.Peek(6)
	if len(head) == 0 && err != nil {
		if err == io.EOF {
			err = &NotCaptureError{"an empty file"}
		}
		return nil, err
	}
	switch {
	case len(head) >= 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8:
		s.compression = "gzip"
		go s.inflate(in)
	case len(head) >= 4 && le.Uint32(head) == 0xFD2FB528:
		s.compression = "zstd"
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, err
		}
		go func() {
			s.fill(z)
			z.Close()
		}()
	case len(head) >= 4 && le.Uint32(head) == 0x184D2204:
		s.compression = "lz4"
		go s.fill(lz4.NewReader(in))
	default:
		go s.fill(in)
	}
	return s, nil
}

// countingReader counts what is read from r.
type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// fill hands r over in chunks until it ends. What one Read gives goes on at once, so that a pipe can be followed.
func (s *source) fill(r io.Reader) {
	for {
		c := s.chunk()
		if c == nil {
			return
		}
		n, err := readSome(r, c.mem[headroom:headroom+chunkSize])
		c.buf, c.err = c.mem[:headroom+n], err
		if !s.send(c) || err != nil {
			return
		}
	}
}

// readSome reads at least one byte into b unless r ends.
func readSome(r io.Reader, b []byte) (n int, err error) {
	for tries := 0; n == 0; tries++ {
		var k int
		k, err = r.Read(b[n:])
		n += k
		if err != nil {
			return n, err
		}
		if tries > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// chunk takes an empty chunk, or nil when the reader was closed.
func (s *source) chunk() *chunk {
	select {
	case c := <-s.free:
		return c
	default:
	}
	if s.made.Load() < maxChunks {
		s.made.Add(1)
		return &chunk{mem: make([]byte, headroom+chunkSize+outSlack), ready: make(chan struct{}, 1)}
	}
	select {
	case c := <-s.free:
		return c
	case <-s.stop:
		return nil
	}
}

// send hands a filled chunk over. It reports false when the reader was closed.
func (s *source) send(c *chunk) bool {
	select {
	case s.full <- c:
		return true
	case <-s.stop:
		return false
	}
}

// next takes the next chunk; the one with an err is the last. When it is not there yet, wait is called first.
func (s *source) next(wait func()) *chunk {
	if wait != nil && len(s.full) == 0 {
		wait()
	}
	select {
	case c := <-s.full:
		if len(c.zip) > 0 {
			<-c.ready
		}
		return c
	case <-s.stop:
		return &chunk{buf: make([]byte, headroom), err: errClosed}
	}
}

// recycle gives a chunk back whose bytes nobody needs any more.
func (s *source) recycle(c *chunk) {
	c.buf, c.err, c.zip = nil, nil, c.zip[:0]
	if c.mem == nil {
		return
	}
	select {
	case s.free <- c:
	default:
	}
}

// close ends the goroutine and closes the input.
func (s *source) close() error {
	var err error
	s.once.Do(func() {
		close(s.stop)
		if s.closer != nil {
			err = s.closer.Close()
			if errors.Is(err, io.ErrClosedPipe) {
				err = nil
			}
		}
	})
	return err
}
