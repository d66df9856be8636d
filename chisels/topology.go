package chisels

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

func init() { makers["topology"] = newTopology }

var _ shown = (*topology)(nil)

// topology says who talks to whom. Each connection has two ends; those that are on this machine are told by their process. What both ends tell of a
// connection is put together when it is printed.
type topology struct {
	*Instance
	box      boxName
	talks    map[talkKey]*talk
	edges    map[edge]weight // of talks that are over, when there were too many
	from, to uint64
	events   uint64
	ticked   bool
	printer  Printer
}

// talkKey tells connections apart: by the addresses of client and server, or by those of two unix sockets in the memory of the kernel.
type talkKey struct {
	client, server netip.AddrPort
	low, high      uint64
	l4             uint8
}

// talk is a connection.
type talk struct {
	key            talkKey
	proto          string
	path           string // of a unix socket
	client, server talkEnd
}

// talkEnd is what one end of a connection saw. Without a process it is on another machine, or did nothing.
type talkEnd struct {
	process, container string
	pid                int64
	sent, received     uint64
	times              uint64 // how often the same addresses were connected
	closed             bool
}

// edge is who talks to whom, where.
type edge struct{ client, server, clientIn, serverIn, proto, port string }

// weight is how much.
type weight struct{ conns, sent, received uint64 }

// maxTalks bounds the connections that are followed.
const maxTalks = 1 << 16

func newTopology(in *Instance) (Chisel, error) {
	t := &topology{Instance: in, talks: map[talkKey]*talk{}, edges: map[edge]weight{}}
	var err error
	t.box, err = newBoxName(in.Options)
	return t, err
}

// Connecting calls, and all that conns looks at.
var talkTypes = event.TypesOf(event.ConnectX, event.AcceptX, event.AcceptV5X, event.Accept4X, event.Accept4V5X, event.Accept4V6X)

// Demand is the calls that make, use and end connections.
func (t *topology) Demand() capture.Demand {
	d := connDemand(0, talkTypes)
	d.Latency = false
	return d
}

// Event takes one event. hot: no allocation for a connection that is there (TestTopologyAllocs)
func (t *topology) Event(ev *event.Event) (bool, error) {
	if t.from == 0 {
		t.from = ev.TS
	}
	t.to = max(t.to, ev.TS)
	if ev.FD == nil || ev.Thread == nil || ev.Type >= event.NumTypes || !t.take(ev) {
		return false, nil
	}
	_, n, read, ok := moved(ev)
	made := talkTypes.Has(ev.Type) && ev.Errno == 0
	if !ok && !made && ev.Type != event.CloseX {
		return false, nil
	}
	key, ok := talkKeyOf(ev.FD)
	if !ok {
		return false, nil
	}
	c := t.talks[key]
	if ev.Type == event.CloseX {
		if c != nil && ev.Errno == 0 {
			c.end(ev.FD).closed = true
		}
		return false, nil
	}
	if c == nil {
		c = t.add(key, ev.FD)
	}
	t.seen(c.end(ev.FD), ev, n, read)
	t.events++
	return true, nil
}

// talkKeyOf is how a socket's connection is called; ok is false when it has none, or none that is known.
func talkKeyOf(fd *event.FD) (k talkKey, ok bool) {
	switch fd.Type {
	case event.FDIPv4Sock, event.FDIPv6Sock:
		return talkKey{client: fd.Src, server: fd.Dst, l4: fd.L4}, fd.Src.Port() != 0 && fd.Dst.Port() != 0
	case event.FDUnixSock:
		// The two ends of a socketpair are the same process, or a child of it.
		return talkKey{low: min(fd.UnixSrc, fd.UnixDst), high: max(fd.UnixSrc, fd.UnixDst)}, fd.Role != event.RoleNone && (fd.UnixSrc|fd.UnixDst) != 0
	}
	return k, false
}

// end is the end of a connection that fd is.
func (c *talk) end(fd *event.FD) *talkEnd {
	if fd.Role == event.RoleServer {
		return &c.server
	}
	return &c.client
}

// add begins a connection.
func (t *topology) add(key talkKey, fd *event.FD) *talk {
	if len(t.talks) >= maxTalks {
		t.fold()
	}
	c := &talk{key: key, proto: strings.TrimSuffix(string(appendProto(fd, nil)), "6")}
	if fd.Type == event.FDUnixSock {
		c.path = strings.Clone(fd.Name[strings.LastIndexByte(fd.Name, ' ')+1:])
	}
	t.talks[key] = c
	return c
}

// fold makes room: what is over goes into the edges, or all when that is less than half.
func (t *topology) fold() {
	servers := t.servers()
	for _, all := range []bool{false, true} {
		for key, c := range t.talks {
			if all || c.over() {
				e := t.edge(c, servers)
				t.edges[e] = t.edges[e].plus(c.weight())
				delete(t.talks, key)
			}
		}
		if len(t.talks) < maxTalks/2 {
			return
		}
	}
}

func (c *talk) over() bool {
	return (c.client.times == 0 || c.client.closed) && (c.server.times == 0 || c.server.closed)
}

// seen notes what an end did.
func (t *topology) seen(e *talkEnd, ev *event.Event, n uint64, read bool) {
	if e.pid == 0 {
		e.process, e.container = strings.Clone(ev.Thread.Comm), t.box.of(ev)
	}
	// A server may hand a connection to a child; a client that is another process has the address of one before it.
	if e.times == 0 || e.closed || ev.FD.Role != event.RoleServer && e.pid != ev.Thread.PID {
		e.times++
	}
	e.pid, e.closed = ev.Thread.PID, false
	if read {
		e.received += n
	} else {
		e.sent += n
	}
}

// servers are the processes that were seen to serve an address, but for those of which each network namespace has one: a client that connects to it and says
// nothing talks to it all the same.
func (t *topology) servers() map[netip.AddrPort]*talkEnd {
	out := map[netip.AddrPort]*talkEnd{}
	for _, c := range t.talks {
		at := c.key.server
		if c.server.pid == 0 || !at.IsValid() || at.Addr().IsLoopback() {
			continue
		}
		if o := out[at]; o == nil || c.server.process < o.process {
			out[at] = &c.server
		}
	}
	return out
}

// edge is what a connection belongs to.
func (t *topology) edge(c *talk, servers map[netip.AddrPort]*talkEnd) edge {
	server := &c.server
	if o := servers[c.key.server]; server.pid == 0 && o != nil {
		server = o
	}
	e := edge{client: c.client.process, server: server.process, clientIn: c.client.container, serverIn: server.container, proto: c.proto}
	if !t.Containers {
		e.clientIn, e.serverIn = "", ""
	}
	if c.path != "" || !c.key.server.IsValid() {
		e.port = c.path
		return e
	}
	e.port = strconv.Itoa(int(c.key.server.Port()))
	if c.client.pid == 0 {
		e.client = c.key.client.Addr().String()
	}
	if server.pid == 0 {
		e.server = c.key.server.Addr().String()
	}
	return e
}

// weight is what went over a connection, as the end says that saw more of it.
func (c *talk) weight() weight {
	return weight{max(c.client.times, c.server.times), max(c.client.sent, c.server.received), max(c.client.received, c.server.sent)}
}

func (w weight) plus(o weight) weight {
	return weight{w.conns + o.conns, w.sent + o.sent, w.received + o.received}
}

// all are the edges, with the connections that are not over.
func (t *topology) all() map[edge]weight {
	out, servers := maps.Clone(t.edges), t.servers()
	for _, c := range t.talks {
		if w := c.weight(); w != (weight{}) {
			e := t.edge(c, servers)
			out[e] = out[e].plus(w)
		}
	}
	return out
}

// reset begins the next interval: connections stay, but are counted when they do something.
func (t *topology) reset(ts uint64) {
	clear(t.edges)
	t.events, t.from, t.to = 0, ts, ts
	for key, c := range t.talks {
		if c.over() {
			delete(t.talks, key)
			continue
		}
		for _, e := range []*talkEnd{&c.client, &c.server} {
			e.sent, e.received, e.times = 0, 0, 0
		}
	}
}

// Tick prints the connections of an interval, or, when nobody asked for intervals, on a screen those so far.
func (t *topology) Tick(ts uint64) error {
	switch {
	case t.Args["format"] == "dot": // one graph, at the end
		return nil
	case t.Interval == 0 && t.Env.Intervals: // no screen
		return nil
	case t.Interval == 0:
		return t.print(ts)
	}
	t.ticked = true
	err := t.print(ts)
	t.reset(ts)
	return err
}

// Flush hands over what was printed.
func (t *topology) Flush() error { return t.Out.Flush() }

// Finish prints the connections since the last interval.
func (t *topology) Finish() error {
	if !t.ticked || t.events > 0 {
		if err := t.print(t.to); err != nil {
			return err
		}
	}
	return t.Flush()
}

func (t *topology) print(to uint64) error {
	if t.Args["format"] == "dot" {
		return t.Out.Keep(t.dot(t.Out.Buffer(), t.all()))
	}
	env := *t.Env
	env.Intervals = env.Intervals && t.Interval != 0 // else there is one result, of the whole run
	t.printer.Env = &env
	return t.printer.Print(t.Peek(to))
}

// value is the value of the column called name.
func (e *edge) value(name string, w weight) fields.Value {
	switch name {
	case "client":
		return knownText(e.client)
	case "server":
		return knownText(e.server)
	case "client_container":
		return knownText(e.clientIn)
	case "server_container":
		return knownText(e.serverIn)
	case "proto":
		return textOf(e.proto)
	case "port":
		return knownText(e.port)
	case "conns":
		return numberOf(w.conns)
	case "sent":
		return numberOf(w.sent)
	}
	return numberOf(w.received)
}

// knownText is a text that is absent when it is empty.
func knownText(s string) fields.Value {
	if s == "" {
		return fields.Value{}
	}
	return textOf(s)
}

// sortedEdges are the edges in order of their texts.
func sortedEdges(m map[edge]weight) []edge {
	return slices.SortedFunc(maps.Keys(m), func(a, b edge) int {
		return slices.Compare([]string{a.clientIn, a.client, a.serverIn, a.server, a.proto, a.port}, []string{b.clientIn, b.client, b.serverIn, b.server, b.proto, b.port})
	})
}
