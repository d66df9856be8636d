package capture

import (
	"hash/maphash"
	"sync"
	"time"

	"scry/capture/container"
	"scry/capture/event"
	"scry/capture/state"
	"scry/probe"
)

// naming puts what the container engines say into the stream, and asks them for the containers whose cgroups the stream shows.
type naming struct {
	watcher *container.Watcher
	timeout time.Duration

	seed maphash.Seed
	seen map[uint64]struct{} // hashes of cgroup texts that were looked at

	mu    sync.Mutex
	probe *probe.Probe // nil until the events begin
	head  [][]byte     // records until then
	size  int          // their bytes
	full  bool         // there were too many
	warn  func(string)
}

const (
	maxHead        = 64 << 20 // bytes of records before the first event
	maxSeenCgroups = 16384
)

// startNaming asks the engines what containers there are, while the probe is being loaded.
func startNaming(o container.Options) *naming {
	n := &naming{timeout: o.Timeout, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}, warn: o.Warn}
	if n.timeout <= 0 {
		n.timeout = container.DefaultTimeout
	}
	o.Tell = n.tell
	n.watcher = container.Watch(o)
	return n
}

// tell takes a record.
func (n *naming) tell(text []byte) {
	n.mu.Lock()
	p := n.probe
	if p == nil {
		if n.size += len(text); n.size <= maxHead {
			n.head = append(n.head, text)
		} else if !n.full && n.warn != nil {
			n.full = true
			n.warn("containers: what is known of them at the start is over 64 MiB: some will have no name")
		}
	}
	n.mu.Unlock()
	if p != nil {
		p.Inject(containerEvent(p.Now(), text))
		p.Flush()
	}
}

// containerEvent is the record of a container as an event.
func containerEvent(ts uint64, text []byte) []byte {
	return event.Append(nil, ts, tickTID, event.ContainerJsonV2E, append(text, 0))
}

// close ends the questions. The stream was stopped before, and is there until after. There may be nothing to close.
func (n *naming) close() {
	if n != nil {
		n.watcher.Close()
	}
}

// begin ends the time before the first event: it gives the events of all containers that are known, which are of the time ts. For engines that are still
// busy with their lists it waits, but not longer than for any other answer.
func (n *naming) begin(p *probe.Probe, s *event.Snapshot, ts uint64) (head [][]byte) {
	if n == nil {
		return nil
	}
	n.watcher.Wait(n.timeout)
	n.mu.Lock()
	n.probe = p
	for _, text := range n.head {
		head = append(head, containerEvent(ts, text))
	}
	n.head = nil
	n.mu.Unlock()
	for _, t := range s.Threads {
		n.look([]byte(t.Cgroups))
	}
	return head
}

// cgroupsParam is the number of the parameter with the cgroups, by type of event; -1 for most.
var cgroupsParam = func() (out [event.NumTypes]int8) {
	for t := range out {
		out[t] = int8(event.Type(t).Schema().ParamByName("cgroups"))
	}
	return out
}()

// see looks at an event of the stream. hot: no allocation unless its cgroups are new (TestLiveAllocs)
func (n *naming) see(ev *event.Event) {
	if ev.Type >= event.NumTypes {
		return
	}
	i := int(cgroupsParam[ev.Type])
	if ev.Type == event.AsynceventE {
		if name := ev.Text(1); name == event.CgroupsProcess || name == event.CgroupsThread { // a move
			i = 2
		}
	}
	if i >= 0 {
		n.look(ev.Param(i))
	}
}

// look asks for the container of cgroups that were not looked at yet.
func (n *naming) look(cgroups []byte) {
	if len(cgroups) == 0 {
		return
	}
	h := maphash.Bytes(n.seed, cgroups)
	if _, ok := n.seen[h]; ok {
		return
	}
	if len(n.seen) >= maxSeenCgroups {
		clear(n.seen)
	}
	n.seen[h] = struct{}{}
	if id, engine := state.ContainerID(string(cgroups)); id != "" {
		n.watcher.Ask(id, engine)
	}
}
