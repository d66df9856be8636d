package scap

import (
	"bufio"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
)

var (
	errCutGzip  = errors.New("the compressed data ends too early")
	errChecksum = errors.New("the compressed data has a wrong checksum")
	errLong     = errors.New("a gzip member is longer than it says")
)

// inflate reads the gzip members of in one after the other. Those that our writer made tell their length, so that several can be
// inflated at once.
func (s *source) inflate(in *bufio.Reader) {
	var z *inflater
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
			continue
		}
		if z == nil {
			z = new(inflater)
		}
		if !s.member(z, in) {
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
	buf := bufio.NewReaderSize(in, 16<<10)
	z := new(inflater)
	for c := range work {
		in.Reset(c.zip[min(memberHead, len(c.zip)):])
		buf.Reset(in)
		n, err := z.into(buf, c.mem[headroom:])
		c.buf = c.mem[:headroom+n]
		switch {
		case err == errStopped:
			c.err = errLong
		case err != nil:
			c.err = err
		default:
			c.err = memberEnd(buf, crc32.ChecksumIEEE(c.buf[headroom:]), uint32(n))
		}
		c.ready <- struct{}{}
	}
}

// memberEnd compares the end of a member, u32 checksum and u32 length of the data.
func memberEnd(in *bufio.Reader, sum, n uint32) error {
	tail, err := in.Peek(memberTail)
	if err == io.EOF {
		return errCutGzip
	}
	if err != nil {
		return err
	}
	if le.Uint32(tail) != sum || le.Uint32(tail[4:]) != n {
		return errChecksum
	}
	in.Discard(memberTail)
	return nil
}

// memberStart skips the head of a member (RFC 1952, section 2.3).
func memberStart(in *bufio.Reader) error {
	const (
		hasCRC = 1 << (iota + 1)
		hasExtra
		hasName
		hasComment
	)
	head, err := in.Peek(12)
	if err != nil {
		return errCutGzip
	}
	if head[2] != 8 || head[3] >= 32 {
		return errors.New("the head of a gzip member is damaged")
	}
	flags, skip := head[3], 10
	if flags&hasExtra != 0 {
		skip += 2 + int(le.Uint16(head[10:]))
	}
	_, err = in.Discard(skip)
	for _, has := range [...]byte{flags & hasName, flags & hasComment} {
		for has != 0 && err == nil {
			has, err = in.ReadByte()
		}
	}
	if flags&hasCRC != 0 && err == nil {
		_, err = in.Discard(2)
	}
	if err != nil {
		return errCutGzip
	}
	return nil
}

// member inflates one member of any sort and reports whether another one follows.
func (s *source) member(z *inflater, in *bufio.Reader) bool {
	sum, size := uint32(0), uint32(0)
	err := memberStart(in)
	if err == nil {
		err = z.run(in, func(p []byte) bool {
			c := s.chunk()
			if c == nil {
				return false
			}
			c.buf, c.err = c.mem[:headroom+copy(c.mem[headroom:headroom+chunkSize], p)], nil
			sum, size = crc32.Update(sum, crc32.IEEETable, p), size+uint32(len(p))
			return s.send(c)
		})
	}
	if err == nil {
		err = memberEnd(in, sum, size)
	}
	if err == nil {
		if s.follows(in) {
			return true
		}
		err = io.EOF
	}
	if err != errStopped {
		s.send(&chunk{buf: make([]byte, headroom), err: err})
	}
	return false
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
