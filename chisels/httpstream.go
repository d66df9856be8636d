package chisels

import (
	"bytes"
	"strconv"
	"strings"
)

// maxHead bounds the bytes of a head that are gathered, maxHeld those of all heads together. What is longer is read as far as it goes, as one that the
// recording cut.
const (
	maxHead = 16 << 10
	maxHeld = 32 << 20
)

// httpState is where in a message a stream is.
type httpState uint8

const (
	httpStart   httpState = iota // a message begins, or what comes is none: then the next buffer may begin one
	httpHead                     // in a head
	httpBody                     // left bytes of a body are to come
	httpChunk                    // in the line with the size of a chunk
	httpData                     // left bytes of a chunk and its line end are to come
	httpTrailer                  // in the lines behind the last chunk
	httpRest                     // a body that ends nobody knows where: with the connection, or with what answers the next request
	httpOff                      // another protocol
)

// httpStream finds the messages in what one side of a connection sends. It is fed with pieces as they were moved; of each piece a part may be recorded
// only, so bodies are skipped by number, and a head that is not there in full ends what is known of the lengths until a piece begins with a message again.
type httpStream struct {
	heads  *headParser // of the reader
	state  httpState
	answer bool   // the message at hand is a response
	began  uint64 // time of the first byte of the message at hand
	enter  uint64 // when the call began that moved it
	head   []byte // what has come of a head, or of a line
	left   uint64
}

// httpTaker gets what a stream consists of.
type httpTaker interface {
	// header takes the head of a message, and says how its body ends.
	header(s *httpStream, m *message) httpState
	// body takes a number of bytes of the body; of a chunked one without the sizes.
	body(s *httpStream, n uint64)
	// done ends the message.
	done(s *httpStream)
}

// feed takes a piece of n bytes, of which data is known, that was moved at ts by a call that began at enter.
func (s *httpStream) feed(to httpTaker, data []byte, n, ts, enter uint64) {
	if s.state == httpRest && beginsMessage(data) == isMessage && s.answer == bytes.HasPrefix(data, []byte("HTTP/")) {
		to.done(s)
		s.state = httpStart
	}
	for n > 0 {
		var used uint64
		switch s.state {
		case httpOff:
			return
		case httpStart:
			if used = s.start(data, ts, enter); used == 0 && s.state == httpStart {
				return // no message: it, and what follows in this piece, is passed over
			}
		case httpHead:
			used = s.gather(to, data, n)
		case httpBody, httpData:
			used = min(n, s.left)
			if s.left -= used; s.state == httpBody {
				to.body(s, used)
			} else if payload := min(used, s.left+used-min(s.left+used, 2)); payload > 0 {
				to.body(s, payload) // without the line end
			}
			s.ended(to)
		case httpChunk, httpTrailer:
			if used = s.chunkLine(to, data); used == 0 { // not recorded
				s.state = httpRest
			}
		case httpRest:
			to.body(s, n)
			return
		}
		n -= used
		data = data[min(used, uint64(len(data))):]
	}
}

// ended goes on behind a body or a chunk, when nothing of it is left.
func (s *httpStream) ended(to httpTaker) {
	switch {
	case s.left > 0:
	case s.state == httpData:
		s.state = httpChunk
	default:
		s.state = httpStart
		to.done(s)
	}
}

// start looks whether a message begins. Line ends between messages are passed over.
func (s *httpStream) start(data []byte, ts, enter uint64) (used uint64) {
	for len(data) > 0 && (data[0] == '\r' || data[0] == '\n') {
		data = data[1:]
		used++
	}
	if len(data) > 0 && beginsMessage(data) != noMessage {
		s.state, s.began, s.enter = httpHead, ts, enter
	}
	return used
}

// gather takes bytes of a head. When it is whole, or as whole as it gets, it is handed on. One that is there in a piece is not copied.
func (s *httpStream) gather(to httpTaker, data []byte, n uint64) (used uint64) {
	before := len(s.head)
	room := data[:min(len(data), maxHead-before, maxHeld-s.heads.held)]
	head := room
	if before > 0 {
		s.hold(room)
		head = s.head
	}
	end := headEnd(head, max(before-3, 0))
	switch {
	case beginsMessage(head) == noMessage:
		s.state = httpStart
		s.drop()
		return n
	case end >= 0:
		m, ok := s.heads.whole(head[:end])
		s.take(to, m, ok)
		return uint64(end - before)
	case uint64(len(room)) < n: // the rest is not recorded, or too long
		m, ok := s.heads.part(head)
		s.take(to, m, ok)
	case before == 0:
		s.hold(room)
	}
	return n
}

// hold keeps bytes until there are more.
func (s *httpStream) hold(b []byte) {
	s.head = append(s.head, b...)
	s.heads.held += len(b)
}

// drop forgets what was held.
func (s *httpStream) drop() {
	s.heads.held -= len(s.head)
	s.head = keepHead(s.head)
}

// take hands a head on and goes to its body.
func (s *httpStream) take(to httpTaker, m *message, ok bool) {
	s.drop()
	if !ok {
		s.state = httpStart
		return
	}
	s.answer, s.left = m.answer, uint64(max(m.length, 0))
	switch s.state = to.header(s, m); s.state {
	case httpStart:
		to.done(s)
	case httpBody:
		s.ended(to)
	}
}

// keepHead empties a buffer; large ones are given back.
func keepHead(b []byte) []byte {
	if cap(b) > 2048 {
		return nil
	}
	return b[:0]
}

// maxChunkLine is how much of a line between chunks is looked at.
const maxChunkLine = 64

// chunkLine takes a line: the size of a chunk, or a trailer. It tells how much of data that was, 0 when nothing is known.
func (s *httpStream) chunkLine(to httpTaker, data []byte) (used uint64) {
	k := bytes.IndexByte(data, '\n')
	part := data
	if k >= 0 {
		part = data[:k+1]
	}
	if s.hold(part[:min(len(part), max(maxChunkLine-len(s.head), 0))]); k < 0 {
		return uint64(len(part))
	}
	line := string(bytes.TrimRight(s.head, "\r\n"))
	s.drop()
	if s.state == httpTrailer {
		if line == "" {
			s.state = httpStart
			to.done(s)
		}
		return uint64(len(part))
	}
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 62)
	switch {
	case err != nil:
		s.state = httpRest
	case n == 0:
		s.state = httpTrailer
	default:
		s.state, s.left = httpData, n+2
	}
	return uint64(len(part))
}

// sniffed says what bytes look like.
type sniffed uint8

const (
	noMessage    sniffed = iota
	maybeMessage         // too few bytes to tell
	isMessage
)

// beginsMessage tells whether b begins with the first line of a request or a response of HTTP/1.
func beginsMessage(b []byte) sniffed {
	const version = "HTTP/1."
	line, _, whole := bytes.Cut(b[:min(len(b), maxHead)], []byte{'\n'})
	if n := min(len(line), len(version)); string(line[:n]) == version[:n] {
		switch {
		case n == len(version):
			return isMessage
		case n > 0 && !whole:
			return maybeMessage
		}
	}
	k := 0
	for k < len(line) && (line[k] >= 'A' && line[k] <= 'Z' || line[k] == '-') {
		k++
	}
	switch {
	case len(b) == 0, k > 20, k == 0:
		return noMessage
	case k == len(line):
		if whole {
			return noMessage
		}
		return maybeMessage
	case line[k] != ' ':
		return noMessage
	}
	target := line[k+1:]
	named := len(target) > 0 && (target[0] == '/' || target[0] == '*') || bytes.HasPrefix(target, []byte("http")) || string(line[:k]) == "CONNECT"
	switch {
	case whole:
		if i := bytes.LastIndexByte(target, ' '); named && i > 0 && bytes.HasPrefix(target[i+1:], []byte(version)) {
			return isMessage
		}
		return noMessage
	case len(target) == 0, len(target) < 4 && bytes.HasPrefix([]byte("http"), target):
		return maybeMessage
	case named:
		return isMessage
	}
	return noMessage
}

// headEnd is the length of the head at the begin of b, with the empty line that ends it; -1 when that is not there. It looks from from on.
func headEnd(b []byte, from int) int {
	for i := from; i < len(b); i++ {
		if b[i] != '\n' {
			continue
		}
		if rest := b[i+1:]; len(rest) > 0 && rest[0] == '\n' {
			return i + 2
		} else if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 3
		}
	}
	return -1
}
