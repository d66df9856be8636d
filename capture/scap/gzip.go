package scap

import (
	"bufio"
	"bytes"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// inflate reads the gzip members of in one after the other. Those that our writer made tell their length, so that several can be
// inflated at once.
func (s *source) inflate(in *bufio.Reader) {
	var z gzip.Reader
	var work chan *chunk
	defer func() {
		if work != nil {
			close(work)
		}
	}()
	for {
		s.members.Add(1)
		if n := ownMember(in); n > 0 {
			if work == nil {
				work = make(chan *chunk, maxChunks)
				for range deflators {
					go inflateMembers(work)
				}
			}
			if !s.ahead(in, n, work) {
				return
			}
		} else if !s.member(&z, in) {
			return
		}
	}
}

// ownMember returns the length of the member at in if it is one of ours that a chunk has room for (memberMagic), else 0.
func ownMember(in *bufio.Reader) int {
	head, err := in.Peek(memberHead)
	if err != nil || !bytes.Equal(head[:16], memberMagic[:]) {
		return 0
	}
	n, data := le.Uint32(head[16:]), le.Uint32(head[20:])
	if n < memberHead+memberTail || n > 2*chunkSize || data > chunkSize {
		return 0
	}
	return int(n)
}

// ahead reads a member of n bytes, gives it to those who inflate and hands its chunk over at once, in order. It reports whether
// another member follows.
func (s *source) ahead(in *bufio.Reader, n int, work chan<- *chunk) bool {
	c := s.chunk()
	if c == nil {
		return false
	}
	if cap(c.zip) < n {
		c.zip = make([]byte, n, n+n/4)
	}
	k, err := io.ReadFull(in, c.zip[:n])
	c.zip = c.zip[:k]
	work <- c
	if !s.send(c) {
		return false
	}
	if err == nil && s.follows(in) {
		return true
	}
	if err == nil {
		err = io.EOF
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutGzip
	}
	s.send(&chunk{buf: make([]byte, headroom), err: err})
	return false
}

// inflateMembers inflates the members in c.zip into c.mem.
func inflateMembers(work <-chan *chunk) {
	in := bytes.NewReader(nil)
	z := flate.NewReader(in)
	for c := range work {
		in.Reset(c.zip[memberHead:max(len(c.zip)-memberTail, memberHead)])
		z.(flate.Resetter).Reset(in, nil)
		n, err := readFull(z, c.mem[headroom:])
		c.buf = c.mem[:headroom+n]
		if err == nil || err == io.EOF {
			tail := c.zip[len(c.zip)-memberTail:]
			switch {
			case err == nil && readsMore(z):
				err = errors.New("a gzip member is longer than it says")
			case crc32.ChecksumIEEE(c.buf[headroom:]) != le.Uint32(tail) || uint32(n) != le.Uint32(tail[4:]):
				err = gzip.ErrChecksum
			default:
				err = nil
			}
		}
		c.err = err
		c.ready <- struct{}{}
	}
}

// readsMore tells whether r has another byte.
func readsMore(r io.Reader) bool {
	var b [1]byte
	n, _ := io.ReadFull(r, b[:])
	return n > 0
}

// member inflates one member of any sort and reports whether another one follows.
func (s *source) member(z *gzip.Reader, in *bufio.Reader) bool {
	if err := z.Reset(in); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			err = errCutGzip
		}
		s.send(&chunk{buf: make([]byte, headroom), err: err})
		return false
	}
	z.Multistream(false)
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
