package scap

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// inflate reads the gzip members of in one after the other.
func (s *source) inflate(in *bufio.Reader) {
	z := new(gzip.Reader)
	for {
		if err := z.Reset(in); err != nil {
			s.send(&chunk{buf: make([]byte, headroom), err: err})
			return
		}
		z.Multistream(false)
		s.members.Add(1)
		if !s.member(z, in) {
			return
		}
	}
}

// member hands one member over and reports whether another one follows.
func (s *source) member(z *gzip.Reader, in *bufio.Reader) bool {
	for {
		c := s.chunk()
		if c == nil {
			return false
		}
		n, err := readFull(z, c.mem[headroom:])
		more := false
		if err == io.EOF {
			if more = s.follows(in); more {
				err = nil
			}
		}
		c.buf, c.err = c.mem[:headroom+n], err
		if !s.send(c) || err != nil {
			return false
		}
		if more {
			return true
		}
	}
}

// follows tells whether another member starts at in. Other bytes are ignored as zlib does, and counted.
func (s *source) follows(in *bufio.Reader) bool {
	head, _ := in.Peek(2)
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		return true
	}
	n, _ := io.Copy(io.Discard, in)
	s.trailing.Store(n)
	return false
}

// readFull fills b unless r ends. Other than io.ReadFull it tells the plain io.EOF behind a partial read.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) {
		var k int
		k, err = r.Read(b[n:])
		n += k
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = errCutGzip
			}
			return n, err
		}
	}
	return n, nil
}

var errCutGzip = errors.New("the compressed data ends too early")
