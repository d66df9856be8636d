package chisels

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

func init() { makers["tcplife"] = newTCPLife }

// maxLives bounds the connections that are followed at once.
const maxLives = 1 << 16

// tcplife follows TCP connections and prints a line for each when it ends: when nobody has a descriptor of it any more. A descriptor goes from process to
// process by fork and is copied by dup, so who holds which connection is kept by table of descriptors:
//
//	accept in A   A holds C
//	fork A → B    A and B hold C
//	close in A    B holds C
//	exit of B     nobody holds C: the line is printed
type tcplife struct {
	*Instance
	rows    *rowLog
	lives   map[tcpKey]*tcpLife
	holders map[*event.FDTable]map[int64]*tcpLife
	n       uint64 // counts connections
	ready   bool   // the connections that were there at the beginning are known
	last    uint64 // time of the last event
	lines   uint64 // printed
	missed  uint64 // connections that found no room
}

// tcpKey tells the ends of connections apart. Both ends of a connection within the machine have the same addresses, and other roles.
type tcpKey struct {
	src, dst netip.AddrPort
	role     event.Role
}

// tcpLife is one end of a connection.
type tcpLife struct {
	tcpKey
	n              uint64 // counts them, so that lines have an order
	began          uint64 // 0: it was there before
	pid            int64  // who used it last
	comm           string
	container      string
	sent, received uint64
	refs           int
	connected      bool
	used           bool // it did something while we looked
	selected       bool // an event of it passed the filter
}

func newTCPLife(in *Instance) (Chisel, error) {
	t := &tcplife{Instance: in, lives: map[tcpKey]*tcpLife{}, holders: map[*event.FDTable]map[int64]*tcpLife{}}
	t.rows = newRowLog(in)
	return t, nil
}

// tcpTypes are the events that connections begin with and that move bytes; sendfile and splice do without being reads or writes of the schema.
var tcpTypes = event.TypesWhere(func(_ event.Type, s *event.Schema) bool { return s.Flags&(event.ReadsFD|event.WritesFD) != 0 }).
	Or(event.TypesOf(event.ConnectE, event.ConnectX, event.AcceptX, event.AcceptV5X, event.Accept4X, event.Accept4V5X, event.Accept4V6X, event.SendfileX, event.SpliceX))

// Demand is the same whatever the filter: it selects connections, and all of their events count.
func (t *tcplife) Demand() capture.Demand {
	d := demandOf(tcpTypes, 0)
	d.State = tcpTypes
	return d
}

// Event takes an event that passed the filter: its connection is one of those that are shown. What counts for -n is a line.
func (t *tcplife) Event(ev *event.Event) (bool, error) {
	lines := t.lines
	life, err := t.follow(ev)
	if life != nil {
		life.selected = true
	}
	return t.lines > lines, err
}

// Pass takes the others, which say as much about the connections.
func (t *tcplife) Pass(ev *event.Event) error {
	_, err := t.follow(ev)
	return err
}

// follow moves on what is known of connections. It returns the one that ev is about, if any. hot: no allocation for events of known connections
// (TestTCPLifeAllocs)
func (t *tcplife) follow(ev *event.Event) (*tcpLife, error) {
	if ev.Section != nil && t.ready { // another file, with other processes
		if err := t.closeAll(); err != nil {
			return nil, err
		}
	}
	if !event.WrittenLate.Has(ev.Type) {
		t.last = max(t.last, ev.TS)
	}
	if !t.ready {
		if err := t.begin(ev); err != nil {
			return nil, err
		}
	}
	th := ev.Thread
	if th == nil || ev.Type.Dir() == event.Enter && ev.Type != event.ProcexitE && ev.Type != event.ProcexitV1E {
		return nil, nil
	}
	switch ev.Type {
	case event.ConnectX:
		if ev.Errno == 0 || ev.Errno == eInProgress {
			return t.open(ev, false)
		}
		return nil, nil
	case event.AcceptX, event.AcceptV5X, event.Accept4X, event.Accept4V5X, event.Accept4V6X:
		if ev.Errno == 0 {
			return t.open(ev, true)
		}
		return nil, nil
	case event.CloseX:
		if ev.FD == nil || !ev.FD.Closing {
			return nil, nil
		}
		life := t.holders[th.FDs][ev.FDNum]
		if life != nil {
			life.selected = life.selected || t.Selected == nil || t.Selected.Match(ev)
		}
		return life, t.release(th.FDs, ev.FDNum, ev.TS)
	case event.ProcexitE, event.ProcexitV1E:
		return nil, t.exited(th, ev.TS)
	}
	if tcpTypes.Has(ev.Type) {
		return t.moved(ev)
	}
	return nil, t.moves(ev, th)
}

const eInProgress = 115

// creates are the exits of the calls that create processes.
var creates = event.TypesWhere(func(t event.Type, _ *event.Schema) bool { return state.Creates(t) })

// begin takes the connections that were there before ev.
func (t *tcplife) begin(ev *event.Event) (err error) {
	t.ready = true
	if t.Tables != nil {
		t.Tables.Each(func(th *event.Thread) {
			if th.Main && err == nil {
				err = t.adopt(th, ev.FD)
			}
		})
	}
	return err
}

// isTCP tells whether a descriptor is one end of a TCP connection, or of one that is being made.
func isTCP(fd *event.FD) bool {
	return fd.L4 == event.L4TCP && (fd.Type == event.FDIPv4Sock || fd.Type == event.FDIPv6Sock) && fd.Src.IsValid() && fd.Dst.IsValid()
}

func tcpKeyOf(fd *event.FD) tcpKey { return tcpKey{fd.Src, fd.Dst, fd.Role} }

// adopt notes which connections a process holds: those that it inherited. What the event at hand is about is left to that.
func (t *tcplife) adopt(th *event.Thread, except *event.FD) error {
	for fd := range th.FDs.All() {
		if !isTCP(fd) || fd == except {
			continue
		}
		life := t.lives[tcpKeyOf(fd)]
		if life == nil {
			if life = t.add(fd, th); life == nil {
				continue
			}
			life.connected = fd.Sock != event.SockConnecting
		}
		if err := t.hold(th.FDs, fd.Num, life); err != nil {
			return err
		}
	}
	return nil
}

// add makes the life of a connection; nil when there is no room.
func (t *tcplife) add(fd *event.FD, th *event.Thread) *tcpLife {
	if len(t.lives) >= maxLives {
		t.missed++
		return nil
	}
	t.n++
	life := &tcpLife{tcpKey: tcpKeyOf(fd), n: t.n}
	life.usedBy(th)
	t.lives[life.tcpKey] = life
	return life
}

func (l *tcpLife) usedBy(th *event.Thread) {
	l.pid, l.comm, l.container = th.PID, th.Comm, "host"
	if th.Container != nil {
		l.container = th.Container.Name
	}
}

// hold notes that number n of a table is the connection, and no longer the one that it was before.
func (t *tcplife) hold(table *event.FDTable, n int64, life *tcpLife) error {
	old := t.holders[table][n]
	if old == life {
		return nil
	}
	life.refs++
	err := t.release(table, n, t.last)
	nums := t.holders[table]
	if nums == nil {
		nums = map[int64]*tcpLife{}
		t.holders[table] = nums
	}
	nums[n] = life
	return err
}

// open begins a connection. One with the same addresses that is still there was closed unseen.
func (t *tcplife) open(ev *event.Event, accepted bool) (*tcpLife, error) {
	fd, th := ev.FD, ev.Thread
	if fd == nil || !isTCP(fd) || th.FDs == nil {
		return nil, nil
	}
	life := t.lives[tcpKeyOf(fd)]
	if life != nil && accepted {
		if err := t.end(life, ev.TS, "closed"); err != nil {
			return nil, err
		}
		life = nil
	}
	if life == nil {
		if life = t.add(fd, th); life == nil {
			return nil, nil
		}
		life.began = ev.TS - min(ev.Latency, ev.TS)
		if accepted {
			life.began = ev.TS // the call waited for it
		}
	}
	life.used = true
	life.connected = life.connected || fd.Connected
	return life, t.hold(th.FDs, fd.Num, life)
}

// moved counts the bytes of a call.
func (t *tcplife) moved(ev *event.Event) (*tcpLife, error) {
	if ev.Type == event.SpliceX {
		return t.spliced(ev)
	}
	life, err := t.lifeOf(ev, ev.FD)
	n, ok := ev.Int(0)
	if life == nil || !ok || n < 0 {
		return life, err
	}
	life.connected = true
	if ev.Type.Schema().Flags&event.ReadsFD != 0 {
		life.received += uint64(n)
	} else {
		life.sent += uint64(n)
	}
	return life, err
}

// spliced counts what went from or to a connection through a pipe.
func (t *tcplife) spliced(ev *event.Event) (found *tcpLife, err error) {
	n, _ := ev.Int(0)
	for i := 1; i <= 2; i++ {
		num, ok := ev.Int(i)
		life, e := t.lifeOf(ev, ev.Thread.FDs.Get(num))
		if e != nil {
			err = e
		}
		if !ok || life == nil {
			continue
		}
		if found = life; n > 0 && i == 1 {
			life.received += uint64(n)
		} else if n > 0 {
			life.sent += uint64(n)
		}
	}
	return found, err
}

// lifeOf is the connection of a descriptor of the thread; nil when it is none.
func (t *tcplife) lifeOf(ev *event.Event, fd *event.FD) (*tcpLife, error) {
	th := ev.Thread
	if fd == nil || !isTCP(fd) || th.FDs == nil {
		return nil, nil
	}
	life := t.holders[th.FDs][fd.Num]
	if life == nil || life.tcpKey != tcpKeyOf(fd) { // it came in a way that was not seen
		if life = t.lives[tcpKeyOf(fd)]; life == nil {
			if life = t.add(fd, th); life == nil {
				return nil, nil
			}
		}
		if err := t.hold(th.FDs, fd.Num, life); err != nil {
			return life, err
		}
	}
	if life.used = true; life.pid != th.PID {
		life.usedBy(th)
	}
	return life, nil
}

// moves follows descriptors to other numbers and processes.
func (t *tcplife) moves(ev *event.Event, th *event.Thread) error {
	switch ev.Type {
	case event.DupX, event.DupV1X, event.Dup2X, event.Dup3X, event.FcntlX, event.PidfdGetfdX:
		if fd := ev.FD; fd != nil && isTCP(fd) && fd.Num == ev.FDNum && th.FDs != nil {
			if life := t.lives[tcpKeyOf(fd)]; life != nil {
				if err := t.hold(th.FDs, fd.Num, life); err != nil {
					return err
				}
			}
		}
		if ev.Type == event.Dup2X || ev.Type == event.Dup3X {
			return t.compare(th.FDs, ev.TS)
		}
	case event.CloseRangeX:
		return t.compare(th.FDs, ev.TS)
	case event.ExecveV8X, event.ExecveV13X, event.ExecveV14X, event.ExecveV15X, event.ExecveV16X, event.ExecveV17X, event.ExecveV18X, event.ExecveV19X,
		event.ExecveatX:
		if th.FDs != nil && t.holders[th.FDs] == nil {
			if err := t.adopt(th, nil); err != nil { // its table was that of another process, too
				return err
			}
		}
		return t.compare(th.FDs, ev.TS)
	default:
		return t.born(ev, th)
	}
	return nil
}

// born gives a new process what it inherited; either side of its creation may come first.
func (t *tcplife) born(ev *event.Event, th *event.Thread) error {
	child, ok := ev.Int(0)
	if !ok || child < 0 || !creates.Has(ev.Type) {
		return nil
	}
	if child > 0 {
		if t.Tables == nil {
			return nil
		}
		if th = t.Tables.Thread(child); th == nil {
			return nil
		}
	}
	if !th.Main || th.FDs == nil || t.holders[th.FDs] != nil {
		return nil
	}
	return t.adopt(th, nil)
}

// compare lets go what is no longer in a table: closed by exec or close_range, replaced by dup2.
func (t *tcplife) compare(table *event.FDTable, ts uint64) error {
	nums := t.holders[table]
	if len(nums) == 0 {
		return nil
	}
	for _, n := range sortedNums(nums) {
		if fd := table.Get(n); fd != nil && isTCP(fd) && tcpKeyOf(fd) == nums[n].tcpKey {
			continue
		}
		if err := t.release(table, n, ts); err != nil {
			return err
		}
	}
	return nil
}

func sortedNums(nums map[int64]*tcpLife) []int64 {
	var out []int64
	for n := range nums {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// release lets number n of a table go. The connection ends with the last one.
func (t *tcplife) release(table *event.FDTable, n int64, ts uint64) error {
	nums := t.holders[table]
	life := nums[n]
	if life == nil {
		return nil
	}
	if delete(nums, n); len(nums) == 0 {
		delete(t.holders, table)
	}
	if life.refs--; life.refs > 0 {
		return nil
	}
	return t.end(life, ts, "closed")
}

// exited lets go what the process of a thread that ends holds, when it is the last thread and no other process has the same table.
func (t *tcplife) exited(th *event.Thread, ts uint64) error {
	table := th.FDs
	nums := t.holders[table]
	if len(nums) == 0 || th.Leader != nil && th.Leader.Threads > 1 {
		return nil
	}
	shared := false
	if t.Tables != nil {
		t.Tables.Each(func(o *event.Thread) { shared = shared || o.FDs == table && o.PID != th.PID && !o.Dead })
	}
	if shared {
		return nil
	}
	for _, n := range sortedNums(nums) {
		if err := t.release(table, n, ts); err != nil {
			return err
		}
	}
	return nil
}

// end prints the line of a connection and forgets it.
func (t *tcplife) end(life *tcpLife, ts uint64, state string) error {
	if t.lives[life.tcpKey] == life {
		delete(t.lives, life.tcpKey)
	}
	if !life.connected || t.Selected != nil && !life.selected || state == "open" && !life.used {
		return nil
	}
	local, remote, dir := life.src, life.dst, textOf("out")
	switch life.role {
	case event.RoleServer:
		local, remote, dir = life.dst, life.src, textOf("in")
	case event.RoleNone:
		dir = fields.Value{}
	}
	var duration fields.Value
	if life.began != 0 {
		duration = spanOf(ts - min(life.began, ts))
	}
	t.lines++
	row := []fields.Value{momentOf(ts), intOf(life.pid), textOf(life.comm)}
	if t.Containers {
		row = append(row, textOf(life.container))
	}
	return t.rows.print(append(row, dir, textOf(local.String()), textOf(remote.String()), numberOf(life.sent), numberOf(life.received), duration, textOf(state)))
}

// closeAll ends what is followed: the connections that are still open.
func (t *tcplife) closeAll() error {
	var list []*tcpLife
	for _, l := range t.lives {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *tcpLife) int { return cmp.Compare(a.n, b.n) })
	for _, l := range list {
		if err := t.end(l, t.last, "open"); err != nil {
			return err
		}
	}
	clear(t.lives)
	clear(t.holders)
	t.ready = false
	return nil
}

// Flush hands over the lines that wait.
func (t *tcplife) Flush() error { return t.Out.Flush() }

// Finish prints the connections that are still open.
func (t *tcplife) Finish() error {
	err := t.closeAll()
	if e := t.rows.finish(); err == nil {
		err = e
	}
	if err == nil && t.missed > 0 {
		err = fmt.Errorf("-c %s: %d connections were not followed: more than %d were open at once", t.Name, t.missed, maxLives)
	}
	return err
}
