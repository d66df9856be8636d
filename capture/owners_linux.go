package capture

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"scry/capture/event"
	"scry/capture/proc"
	"scry/capture/state"
)

// Users inside containers are those of the container's own files, and are told as events, so that a file and its replay know them. The files are read once
// for each container, when a program in it is first seen to start, and again when a number appears that they did not have. Before its exec a
// container's first process still has the root directory of the machine: nothing can be read yet.
//
// A worker reads, so that no event waits. It is too late for a container that is gone within milliseconds: of that only root is told.

const (
	ownerAsks    = 64              // times that one container is read at most
	ownerQueue   = 1024            // containers that wait for the worker; one that finds no room is asked for again at its next exec
	ownerWait    = time.Second     // for the files of one container, which it may serve itself
	ownerStuck   = 4               // readings that may hang before nothing is read any more
	ownerFirst   = 16 << 20        // bytes of events that are there before the first event of the kernel
	ownerStart   = 2 * time.Second // for all containers that run when the capture begins
	maxOwnersOf  = 1 << 14         // containers that are remembered, and cgroup texts
	cloneUID     = 16              // parameters of the exits
	execUID      = 26
	ownerCgroups = 14
)

// owners finds the users of containers.
type owners struct {
	inject  func(record []byte)
	flush   func()
	now     func() uint64
	read    func(pid int, ask uint32) (*proc.Owners, error) // proc.ContainerOwners, or a test
	of      func(pid int) string                            // which container a process is in
	byText  map[string]*owner                               // by what the parameter cgroups says; nil: none
	byID    map[string]*owner
	asks    chan ownerAsk
	stuck   atomic.Int32
	workers *sync.WaitGroup
	stop    <-chan struct{}
}

// owner is a container.
type owner struct {
	id      string
	asked   int                             // times; the loop's
	pending atomic.Bool                     // the worker has yet to answer
	known   atomic.Pointer[map[uint32]bool] // the numbers that its files have; nil: not read
	rooted  bool                            // root was told; the worker's
}

type ownerAsk struct {
	*owner
	pid int
	uid uint32
}

func newOwners(s *LiveSource) *owners {
	return &owners{inject: s.probe.Inject, flush: s.probe.Flush, now: s.probe.Now, byText: map[string]*owner{}, byID: map[string]*owner{}, asks: make(chan ownerAsk, ownerQueue),
		workers: &s.workers, stop: s.stop, of: func(pid int) string { return containerOfProcess(procOf(s.root), pid) },
		read: func(pid int, ask uint32) (*proc.Owners, error) { return proc.ContainerOwners(procOf(s.root), pid, ask) }}
}

// ownerEvents are the events at which a container or a number can be new.
var ownerEvents = event.TypesOf(event.ExecveV19X, event.ExecveatX, event.CloneV20X, event.ForkV20X, event.VforkV20X, event.Clone3X)

// see looks at an event of the stream. hot: no allocation for a container that is known
func (o *owners) see(ev *event.Event) {
	if !ownerEvents.Has(ev.Type) {
		return
	}
	if res, ok := ev.Int(0); !ok || res != 0 {
		return
	}
	text := ev.Param(ownerCgroups)
	c, ok := o.byText[string(text)]
	if !ok {
		c = o.meet(string(text))
	}
	if c == nil {
		return
	}
	at := cloneUID
	if ev.Type == event.ExecveV19X || ev.Type == event.ExecveatX {
		at = execUID
	}
	uid, _ := ev.Uint(at)
	o.ask(c, int(ev.TID), uint32(uid))
}

// meet finds the container of a cgroup text that is new.
func (o *owners) meet(text string) *owner {
	if len(o.byText) >= maxOwnersOf {
		clear(o.byText)
		clear(o.byID)
	}
	var c *owner
	if id, _ := state.ContainerID(text); id != "" {
		if c = o.byID[id]; c == nil {
			c = &owner{id: id}
			o.byID[id] = c
		}
	}
	o.byText[text] = c
	return c
}

// ask queues a container, if there is something to learn of it.
func (o *owners) ask(c *owner, pid int, uid uint32) {
	if known := c.known.Load(); known != nil && (*known)[uid] || c.asked >= ownerAsks || !c.pending.CompareAndSwap(false, true) {
		return
	}
	select {
	case o.asks <- ownerAsk{c, pid, uid}:
		c.asked++
	default:
		c.pending.Store(false)
	}
}

// begin makes the events that tell of the containers of a snapshot, as of the time ts, and starts the worker.
func (o *owners) begin(s *event.Snapshot, ts uint64) (head [][]byte) {
	size, end := 0, time.Now().Add(ownerStart)
	for _, t := range s.Threads {
		if t.TID != t.PID || t.Cgroups == "" || size > ownerFirst || time.Now().After(end) {
			continue
		}
		c, ok := o.byText[t.Cgroups]
		if !ok {
			c = o.meet(t.Cgroups)
		}
		if c == nil || c.known.Load() != nil {
			continue
		}
		for _, rec := range o.learn(ownerAsk{c, int(t.PID), t.UID}, ts) {
			size += len(rec)
			head = append(head, rec)
		}
	}
	o.workers.Go(o.work)
	return head
}

// work answers what is asked.
func (o *owners) work() {
	for {
		select {
		case a := <-o.asks:
			for _, rec := range o.learn(a, o.now()) {
				o.inject(rec)
			}
			o.flush()
			a.pending.Store(false)
		case <-o.stop:
			return
		}
	}
}

// learn reads the files of a container and makes the events that tell of what is in them.
func (o *owners) learn(a ownerAsk, ts uint64) (recs [][]byte) {
	list, err := o.readInTime(a)
	if errors.Is(err, proc.ErrSameRoot) {
		return nil
	}
	known := map[uint32]bool{}
	if err != nil {
		list = &proc.Owners{}
	} else {
		a.known.Store(&known)
		known[a.uid] = true // or it has no name: not to be looked for at each exec
	}
	for i := range list.Users {
		known[list.Users[i].UID] = true
		recs = append(recs, event.AppendUser(nil, ts, &list.Users[i], a.id))
	}
	for i := range list.Groups {
		recs = append(recs, event.AppendGroup(nil, ts, &list.Groups[i], a.id))
	}
	if !a.rooted && !known[0] {
		recs = append(recs, event.AppendUser(nil, ts, &event.User{Name: "root", Home: "/root"}, a.id), event.AppendGroup(nil, ts, &event.Group{Name: "root"}, a.id))
	}
	a.rooted = true
	return recs
}

var errOwnersStuck = errors.New("its files are not read in time")

// readInTime gives up on files that nobody delivers.
func (o *owners) readInTime(a ownerAsk) (*proc.Owners, error) {
	if o.stuck.Load() >= ownerStuck {
		return nil, errOwnersStuck
	}
	type answer struct {
		list *proc.Owners
		err  error
	}
	done := make(chan answer, 1)
	o.stuck.Add(1)
	go func() {
		defer o.stuck.Add(-1)
		list, err := o.read(a.pid, a.uid)
		if err == nil && o.of(a.pid) != a.id {
			list, err = nil, os.ErrNotExist // its number is another's now
		}
		done <- answer{list, err}
	}()
	limit := time.NewTimer(ownerWait)
	defer limit.Stop()
	select {
	case x := <-done:
		return x.list, x.err
	case <-limit.C:
		return nil, errOwnersStuck
	case <-o.stop:
		return nil, errOwnersStuck
	}
}

// containerOfProcess is the id of the container that a process is in now. dir is where proc is mounted, "" for its usual place.
func containerOfProcess(dir string, pid int) string {
	b, err := os.ReadFile(cmp.Or(dir, "/proc") + "/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	var text []byte
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		if _, rest, ok := bytes.Cut(line, []byte{':'}); ok {
			if _, path, ok := bytes.Cut(rest, []byte{':'}); ok {
				text = append(append(append(text, '='), path...), 0)
			}
		}
	}
	id, _ := state.ContainerID(string(text))
	return id
}
