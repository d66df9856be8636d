package chisels

import (
	"bytes"
	"strconv"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

func init() { makers["memcachelog"] = newMemcacheLog }

// memcacheLog prints the commands of memcached's text protocol: of a server those that it reads, of a client those that it writes.
type memcacheLog struct {
	*Instance
	log    *rowLog
	row    []fields.Value
	conns  conns[memcacheConn]
	box    boxName
	method string
	least  uint64 // size of what is stored
	shown  bool
	err    error
}

// maxCommand bounds the bytes of a command that are looked at.
const maxCommand = 4 << 10

// memcacheConn is one end of a connection.
type memcacheConn struct {
	line []byte // what has come of a command
	left uint64 // bytes that are to come of what a command stores
}

func newMemcacheLog(in *Instance) (Chisel, error) {
	m := &memcacheLog{Instance: in, log: newRowLog(in), row: make([]fields.Value, len(in.shown)), method: in.Args["method"]}
	m.conns.end = func(*memcacheConn) {}
	var err error
	if size, ok := in.Args["size"]; ok {
		if m.least, err = strconv.ParseUint(size, 10, 63); err != nil {
			return nil, err
		}
	}
	m.box, err = newBoxName(in.Options)
	return m, err
}

// Demand is the calls that move data over sockets, and what ends a connection.
func (m *memcacheLog) Demand() capture.Demand { return connDemand(m.Payload, event.TypeSet{}) }

// Gap forgets the connections: what was lost may be a part of any of them.
func (m *memcacheLog) Gap(*event.Event) error {
	m.conns.clear()
	return nil
}

// Event takes one event.
func (m *memcacheLog) Event(ev *event.Event) (bool, error) {
	data, n, read, ok := moved(ev)
	switch {
	case !ok:
		m.conns.follow(ev)
		return false, nil
	case !stream(ev.FD), !m.take(ev), read != server(ev):
		return false, nil
	}
	c := m.conns.get(ev)
	if c == nil {
		if c = m.conns.add(ev); c == nil {
			return false, nil
		}
	}
	m.shown = false
	m.feed(c, ev, data, n)
	return m.shown, m.err
}

// server tells whether the event's process is the one that reads commands.
func server(ev *event.Event) bool {
	switch ev.FD.Role {
	case event.RoleServer:
		return true
	case event.RoleClient:
		return false
	}
	return ev.Thread.Comm == "memcached"
}

// feed takes a piece of n bytes, of which data is known.
func (m *memcacheLog) feed(c *memcacheConn, ev *event.Event, data []byte, n uint64) {
	for n > 0 {
		used := min(n, c.left)
		if c.left -= used; used == 0 {
			k := bytes.IndexByte(data, '\n')
			part := data[:k+1]
			if k < 0 {
				part = data
			}
			c.line = append(c.line, part[:min(len(part), maxCommand-len(c.line))]...)
			if k < 0 {
				if uint64(len(data)) < n || len(c.line) == maxCommand { // the rest is not recorded, or too long
					m.command(c, ev, c.line, true)
					c.line, c.left = keepHead(c.line), 0
				}
				return
			}
			used = uint64(len(part))
			m.command(c, ev, bytes.TrimRight(c.line, "\r\n"), false)
			c.line = keepHead(c.line)
		}
		n -= used
		data = data[min(used, uint64(len(data))):]
	}
}

// memcacheWords says where commands have their keys and the size of what they store; 0: they have none.
var memcacheWords = map[string]struct {
	key  int
	many bool // keys up to the end
	size int
}{
	"get": {1, true, 0}, "gets": {1, true, 0}, "gat": {2, true, 0}, "gats": {2, true, 0},
	"set": {1, false, 4}, "add": {1, false, 4}, "replace": {1, false, 4}, "append": {1, false, 4}, "prepend": {1, false, 4}, "cas": {1, false, 4},
	"incr": {1, false, 0}, "decr": {1, false, 0}, "delete": {1, false, 0}, "touch": {1, false, 0},
	"mg": {1, false, 0}, "ms": {1, false, 2}, "md": {1, false, 0}, "ma": {1, false, 0},
}

// command takes a line: what is no command, as the binary protocol, is passed over. cut tells that the end of the line is not known.
func (m *memcacheLog) command(c *memcacheConn, ev *event.Event, line []byte, cut bool) {
	words := bytes.Fields(line)
	if len(words) < 2 {
		return
	}
	form, ok := memcacheWords[string(words[0])]
	if !ok || len(words) <= form.key {
		return
	}
	method, size, stores := string(words[0]), uint64(0), form.size > 0
	if stores && len(words) > form.size {
		var err error
		if size, err = strconv.ParseUint(string(words[form.size]), 10, 31); err != nil {
			return
		}
		c.left = size + 2 // and a line end
	}
	if m.method != "" && m.method != method || stores && size < m.least {
		return
	}
	keys := words[form.key:]
	if !form.many {
		keys = keys[:1]
	}
	for i, key := range keys {
		text := string(key)
		if cut && i == len(keys)-1 && bytes.HasSuffix(line, key) {
			text += "…"
		}
		m.print(ev, method, size, stores, text)
	}
}

func (m *memcacheLog) print(ev *event.Event, method string, size uint64, stores bool, key string) {
	for i, col := range m.Instance.shown {
		v := &m.row[i]
		switch col.Name {
		case "time":
			*v = fields.Value{Type: fields.AbsTime, Num: ev.TS}
		case "container":
			*v = textOf(m.box.of(ev))
		case "dir":
			if *v = textOf(">"); server(ev) {
				*v = textOf("<")
			}
		case "method":
			*v = textOf(method)
		case "size":
			if *v = numberOf(size); !stores {
				*v = fields.Value{}
			}
		case "process":
			*v = textOf(ev.Thread.Comm)
		case "key":
			*v = textOf(key)
		}
	}
	m.shown = true
	if err := m.log.print(m.row); err != nil && m.err == nil {
		m.err = err
	}
}

// Flush hands over the lines that wait.
func (m *memcacheLog) Flush() error { return m.Out.Flush() }

// Finish hands the last lines over.
func (m *memcacheLog) Finish() error { return m.log.finish() }
