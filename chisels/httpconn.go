package chisels

import (
	"scry/capture"
	"scry/capture/event"
)

// maxWaiting bounds the requests of a connection that have no answer yet.
const maxWaiting = 256

// httpCall is a request with its response.
type httpCall struct {
	begin, first uint64 // times of the first byte of the request and of the response
	read         bool   // the request was read: this end is the server
	method, url  string
	code         int
	size         int64 // bytes of the body of the response; -1: not known
	cut          bool  // not all of the heads was recorded
	process      string
	container    string
}

// httpReader finds the HTTP calls in the data of sockets: at the client's end as at the server's, so that a call between two processes of the machine is
// found twice.
type httpReader struct {
	*Instance
	emit  func(*httpCall) error // the call is valid until emit returns
	conns conns[httpConn]
	heads headParser
	free  []*httpCall // to be used again
	box   boxName
	err   error
	found bool
}

func newHTTPReader(in *Instance, emit func(*httpCall) error) (*httpReader, error) {
	r := &httpReader{Instance: in, emit: emit}
	r.conns.end = (*httpConn).close
	var err error
	r.box, err = newBoxName(in.Options)
	return r, err
}

// Demand is the calls that move data over sockets, and what ends a connection.
func (r *httpReader) Demand() capture.Demand { return connDemand(r.Payload, event.TypeSet{}) }

// Gap forgets the connections: what was lost may be a part of any of them.
func (r *httpReader) Gap(*event.Event) error {
	r.conns.clear()
	return r.err
}

// end gives the calls whose response is still coming.
func (r *httpReader) end() error {
	r.conns.clear()
	return r.err
}

// event takes one event and tells whether a call ended with it. hot: no allocation for what is no HTTP, and within bodies (TestHTTPAllocs)
func (r *httpReader) event(ev *event.Event) (bool, error) {
	r.found = false
	data, n, read, ok := moved(ev)
	switch {
	case !ok:
		r.conns.follow(ev)
		return r.found, r.err
	case !stream(ev.FD), !r.take(ev):
		return false, nil
	}
	c := r.conns.get(ev)
	if c == nil {
		if beginsMessage(data) == noMessage {
			return false, nil
		}
		if c = r.conns.add(ev); c == nil {
			return false, nil
		}
		c.r, c.asks = r, -1
		c.streams[0].heads, c.streams[1].heads = &r.heads, &r.heads
	}
	enter := uint64(0)
	if ev.Latency > 0 {
		enter = ev.TS - min(ev.Latency, ev.TS)
	}
	s := &c.streams[0]
	if !read {
		s = &c.streams[1]
	}
	c.ev = ev
	s.feed(c, data, n, ev.TS, enter)
	c.ev = nil
	return r.found, r.err
}

// call makes a call; those that were given are used again.
func (r *httpReader) call() *httpCall {
	if n := len(r.free); n > 0 {
		c := r.free[n-1]
		r.free = r.free[:n-1]
		*c = httpCall{}
		return c
	}
	return &httpCall{}
}

// give hands a call on, if it is of the end that is asked for.
func (r *httpReader) give(c *httpCall) {
	if len(r.free) < maxWaiting {
		defer func() { r.free = append(r.free, c) }()
	}
	if end := r.Args["end"]; end == "server" && !c.read || end == "client" && c.read {
		return
	}
	if err := r.emit(c); err != nil && r.err == nil {
		r.err = err
	}
	r.found = true
}

// httpConn is one end of a connection. Requests wait in it, in order, for their responses.
type httpConn struct {
	r       *httpReader
	ev      *event.Event  // the one at hand
	streams [2]httpStream // what was read, and what was written
	asks    int8          // which of them has the requests; -1: not known
	waiting []*httpCall   // requests without a response
	reply   *httpCall     // whose response is coming
	early   *httpCall     // a response that came before its request, see pair
	over    bool          // early is whole
}

// header takes a head.
func (c *httpConn) header(s *httpStream, m *message) httpState {
	dir := int8(0)
	if s == &c.streams[1] {
		dir = 1
	}
	asks := dir
	if m.answer {
		asks = 1 - dir
	}
	if c.asks != asks { // not known, or the two have changed their roles
		c.forget()
		c.asks = asks
	}
	if m.answer {
		return c.response(s, m)
	}
	return c.request(s, m)
}

// request notes a request.
func (c *httpConn) request(s *httpStream, m *message) httpState {
	if back := &c.streams[1-c.asks]; back.state == httpRest {
		c.done(back)
		back.state = httpStart
	}
	call := c.r.call()
	call.begin, call.read, call.method, call.url, call.cut = s.began, c.asks == 0, m.method, m.url, m.cut
	if th := c.ev.Thread; th != nil {
		call.process = th.Comm
		if c.r.Containers {
			call.container = c.r.box.of(c.ev)
		}
	}
	if !c.pair(s, call) {
		if len(c.waiting) == maxWaiting {
			c.pop()
		}
		c.waiting = append(c.waiting, call)
	}
	switch {
	case m.cut:
		return httpRest
	case m.chunked:
		return httpChunk
	case m.length > 0:
		return httpBody
	}
	return httpStart
}

// pair gives a response to the request that was sent before it and is seen behind it: one thread is in the write that sent the request, and before that
// returns another one reads the response.
func (c *httpConn) pair(s *httpStream, call *httpCall) bool {
	e := c.early
	c.early = nil
	if e == nil || s.enter == 0 || s.enter > e.first {
		return false
	}
	e.begin, e.read, e.method, e.url, e.process, e.container = min(call.begin, e.first), call.read, call.method, call.url, call.process, call.container
	e.cut = e.cut || call.cut
	if e.method == "HEAD" && !c.over {
		e.size, c.over = 0, true
		c.streams[1-c.asks].state = httpStart
	}
	if c.reply = e; c.over {
		c.finish()
	}
	return true
}

// response takes the head of a response.
func (c *httpConn) response(s *httpStream, m *message) httpState {
	if m.code < 200 && m.code != 101 {
		return httpStart // another one follows
	}
	c.finish()
	call := c.pop()
	if call == nil {
		call = c.r.call()
		c.early, c.over = call, false
	}
	call.first, call.code = s.began, m.code
	call.cut = call.cut || m.cut
	c.reply = call
	switch {
	case m.code == 101, call.method == "CONNECT" && m.code < 300:
		c.finish()
		c.streams[0].state, c.streams[1].state = httpOff, httpOff
		return httpOff
	case call.method == "HEAD", m.code == 204, m.code == 304:
		if m.cut {
			c.finish()
			return httpRest
		}
		return httpStart
	case m.cut:
		call.size = m.length
		c.finish()
		return httpRest
	case m.chunked:
		return httpChunk
	case m.length >= 0:
		return httpBody
	}
	return httpRest
}

// pop takes the request that has waited longest, nil when none does.
func (c *httpConn) pop() *httpCall {
	if len(c.waiting) == 0 {
		return nil
	}
	call := c.waiting[0]
	c.waiting = c.waiting[:copy(c.waiting, c.waiting[1:])]
	return call
}

// body counts bytes of a response.
func (c *httpConn) body(s *httpStream, n uint64) {
	if s.answer && c.reply != nil {
		c.reply.size += int64(n)
	}
}

// done ends a message.
func (c *httpConn) done(s *httpStream) {
	if s.answer {
		c.finish()
	}
}

// finish gives the call whose response is coming. One without a request is kept for it.
func (c *httpConn) finish() {
	call := c.reply
	c.reply = nil
	switch {
	case call == nil:
	case call == c.early:
		c.over = true
	default:
		c.r.give(call)
	}
}

// close ends the connection.
func (c *httpConn) close() {
	c.forget()
	for i := range c.streams {
		c.streams[i].drop()
	}
}

// forget ends the calls of the connection.
func (c *httpConn) forget() {
	c.finish()
	c.waiting, c.early = nil, nil
}
