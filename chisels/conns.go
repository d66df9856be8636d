package chisels

import (
	"cmp"
	"slices"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

// maxConns bounds the connections that are followed at once; connIdle is the time, in ns, after which one may be forgotten for another.
const (
	maxConns = 1 << 14
	connIdle = 60e9
)

// conns holds what a chisel remembers of each connection: a descriptor of a process. An entry ends with the close of the descriptor or with the process;
// a descriptor that has the number of one whose end was not seen is told apart by its Gen.
type conns[T any] struct {
	end  func(*T) // called for an entry that ends
	pids map[int64]map[int64]*conn[T]
	n    int
	last uint64 // time of the last sweep
}

type conn[T any] struct {
	pid, num int64
	gen      uint32
	used     uint64
	state    T
}

// get is the entry of the descriptor that ev is about, nil when there is none. hot: no allocation
func (c *conns[T]) get(ev *event.Event) *T {
	e := c.pids[ev.Thread.PID][ev.FDNum]
	if e == nil {
		return nil
	}
	if e.gen != ev.FD.Gen {
		c.remove(e)
		return nil
	}
	e.used = ev.TS
	return &e.state
}

// add makes the entry of a descriptor that has none; nil when there is no room.
func (c *conns[T]) add(ev *event.Event) *T {
	if c.n >= maxConns && !c.sweep(ev.TS) {
		return nil
	}
	if c.pids == nil {
		c.pids = map[int64]map[int64]*conn[T]{}
	}
	nums := c.pids[ev.Thread.PID]
	if nums == nil {
		nums = map[int64]*conn[T]{}
		c.pids[ev.Thread.PID] = nums
	}
	e := &conn[T]{pid: ev.Thread.PID, num: ev.FDNum, gen: ev.FD.Gen, used: ev.TS}
	nums[e.num] = e
	c.n++
	return &e.state
}

func (c *conns[T]) remove(e *conn[T]) {
	c.end(&e.state)
	nums := c.pids[e.pid]
	if delete(nums, e.num); len(nums) == 0 {
		delete(c.pids, e.pid)
	}
	c.n--
}

// follow ends the entries whose descriptor or process ev ends.
func (c *conns[T]) follow(ev *event.Event) {
	switch ev.Type {
	case event.CloseX:
		if res, ok := ev.Int(0); !ok || res < 0 || ev.Thread == nil || ev.Reused {
			return
		}
		if e := c.pids[ev.Thread.PID][ev.FDNum]; e != nil {
			c.remove(e)
		}
	case event.ProcexitE, event.ProcexitV1E:
		if ev.Thread != nil && ev.Thread.Main {
			c.endAll(c.sorted(c.pids[ev.Thread.PID]))
		}
	}
}

// clear ends all entries, in order of process and descriptor.
func (c *conns[T]) clear() {
	var all []*conn[T]
	for _, nums := range c.pids {
		for _, e := range nums {
			all = append(all, e)
		}
	}
	c.endAll(sortConns(all))
}

func (c *conns[T]) sorted(nums map[int64]*conn[T]) []*conn[T] {
	var all []*conn[T]
	for _, e := range nums {
		all = append(all, e)
	}
	return sortConns(all)
}

func sortConns[T any](all []*conn[T]) []*conn[T] {
	slices.SortFunc(all, func(a, b *conn[T]) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.num, b.num)) })
	return all
}

func (c *conns[T]) endAll(list []*conn[T]) {
	for _, e := range list {
		c.remove(e)
	}
}

// sweep ends what was not used for a while, at most once a second; it tells whether there is room then.
func (c *conns[T]) sweep(now uint64) bool {
	if now < c.last+1e9 {
		return false
	}
	c.last = now
	var idle []*conn[T]
	for _, nums := range c.pids {
		for _, e := range nums {
			if e.used+connIdle < now {
				idle = append(idle, e)
			}
		}
	}
	c.endAll(sortConns(idle))
	return c.n < maxConns
}

// boxName tells containers' names: the id of one whose name is not known.
type boxName struct{ name, id *fields.Field }

func newBoxName(o *fields.Options) (b boxName, err error) {
	if b.name, err = newField("container.name", o); err == nil {
		b.id, err = newField("container.id", o)
	}
	return b, err
}

// of is the name of the container of ev, "host" for none.
func (b *boxName) of(ev *event.Event) string {
	for _, f := range []*fields.Field{b.name, b.id} {
		if v := f.Value(ev); v.Present() {
			return strings.Clone(v.Str)
		}
	}
	return "host"
}

// transfer says where the exits of calls that move bytes over sockets have them.
type transfer struct {
	moves bool
	reads bool
	data  int8 // parameter with the bytes, -1: there is none
}

var transfers = func() (list [event.NumTypes]transfer) {
	for t, s := range event.Types() {
		if t.Dir() != event.Exit || s.Flags&(event.ReadsFD|event.WritesFD) == 0 || len(s.Params) == 0 || s.Params[0].Name != "res" {
			continue
		}
		list[t] = transfer{moves: true, reads: s.Flags&event.ReadsFD != 0, data: int8(s.ParamByName("data"))}
	}
	list[event.SendfileX] = transfer{moves: true, data: -1} // the descriptor of the event is the one that is written to
	return list
}()

// connTypes are the types that conns and moved look at.
var connTypes = event.TypesWhere(func(t event.Type, _ *event.Schema) bool { return transfers[t].moves }).
	Or(event.TypesOf(event.CloseX, event.ProcexitE, event.ProcexitV1E))

// connDemand is the demand of a chisel that reads what is sent over connections.
func connDemand(payload int, types event.TypeSet) capture.Demand {
	return capture.Demand{Types: connTypes.Or(types), Payload: payload, Latency: true}
}

// moved tells what ev moved over a socket: n bytes, of which data are recorded from the start on. hot: no allocation
func moved(ev *event.Event) (data []byte, n uint64, read, ok bool) {
	if ev.Type >= event.NumTypes || !transfers[ev.Type].moves || ev.FD == nil || ev.Thread == nil {
		return nil, 0, false, false
	}
	switch ev.FD.Type {
	case event.FDIPv4Sock, event.FDIPv6Sock, event.FDUnixSock:
	default:
		return nil, 0, false, false
	}
	res, has := ev.Int(0)
	if !has || res <= 0 {
		return nil, 0, false, false
	}
	t := &transfers[ev.Type]
	if t.data >= 0 {
		data = ev.Param(int(t.data))
		data = data[:min(int64(len(data)), res)]
	}
	return data, uint64(res), t.reads, true
}

// stream tells that a socket may carry a stream: what is known to have datagrams does not.
func stream(fd *event.FD) bool {
	return fd.Type == event.FDUnixSock || fd.L4 == event.L4TCP || fd.L4 == event.L4Unknown
}
