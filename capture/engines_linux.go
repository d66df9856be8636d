package capture

import (
	"hash/maphash"
	"sync"
	"time"

	"scry/capture/container"
	"scry/capture/event"
	"scry/capture/kubernetes"
	"scry/capture/state"
	"scry/probe"
)

// naming puts what the container engines and the API server of Kubernetes say into the stream, and asks the engines for the containers whose cgroups the stream
// shows.
type naming struct {
	watcher *container.Watcher  // nil: no engine is asked
	cluster *kubernetes.Watcher // nil: no API server is
	timeout time.Duration

	seed maphash.Seed
	seen map[uint64]struct{} // hashes of cgroup texts that were looked at

	mu    sync.Mutex
	probe *probe.Probe // nil until the events begin
	head  []notice     // until then
	size  int          // their bytes
	full  bool         // there were too many
	warn  func(string)
}

// notice is what one of them says.
type notice struct {
	typ  event.Type
	text []byte
}

const (
	maxHead        = 64 << 20 // bytes of records before the first event
	maxSeenCgroups = 16384
)

// startNaming asks what containers there are, while the probe is being loaded; nil when nobody is to be asked.
func startNaming(engines *container.Options, cluster *kubernetes.Options) *naming {
	if engines == nil && cluster == nil {
		return nil
	}
	n := &naming{timeout: container.DefaultTimeout, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	if cluster != nil {
		o := *cluster
		n.warn, o.Tell = o.Warn, func(text []byte) { n.tell(notice{event.K8sE, text}) }
		n.cluster = kubernetes.Watch(o)
	}
	if engines != nil {
		o := *engines
		if o.Timeout > 0 {
			n.timeout = o.Timeout
		}
		n.warn, o.Tell = o.Warn, func(text []byte) { n.tell(notice{event.ContainerJsonV2E, text}) }
		n.watcher = container.Watch(o)
	}
	return n
}

// tell takes a record.
func (n *naming) tell(r notice) {
	n.mu.Lock()
	p := n.probe
	if p == nil {
		if n.size += len(r.text); n.size <= maxHead {
			n.head = append(n.head, r)
		} else if !n.full && n.warn != nil {
			n.full = true
			n.warn("containers: what is known of them at the start is over 64 MiB: some will have no name")
		}
	}
	n.mu.Unlock()
	if p != nil {
		p.Inject(r.event(p.Now()))
		p.Flush()
	}
}

// event is the record as an event.
func (r notice) event(ts uint64) []byte {
	return event.Append(nil, ts, tickTID, r.typ, append(r.text, 0))
}

// close ends the questions. The stream was stopped before, and is there until after. There may be nothing to close.
func (n *naming) close() {
	if n == nil {
		return
	}
	if n.watcher != nil {
		n.watcher.Close()
	}
	if n.cluster != nil {
		n.cluster.Close()
	}
}

// why says why nothing but its id is known of a container.
func (n *naming) why(c *event.Container) string {
	if n == nil || n.watcher == nil {
		return "not asked: --no-containers"
	}
	return n.watcher.Why(c.ID, c.Type)
}

// begin ends the time before the first event: it gives the events of all containers that are known, which are of the time ts. For engines that are still
// busy with their lists it waits, but not longer than for any other answer.
func (n *naming) begin(p *probe.Probe, s *event.Snapshot, ts uint64) (head [][]byte) {
	if n == nil {
		return nil
	}
	began := time.Now()
	if n.watcher != nil {
		n.watcher.Wait(n.timeout)
	}
	if n.cluster != nil {
		n.cluster.Wait(n.timeout - time.Since(began))
	}
	n.mu.Lock()
	n.probe = p
	for _, r := range n.head {
		head = append(head, r.event(ts))
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
	if id, engine := state.ContainerID(string(cgroups)); id != "" && n.watcher != nil {
		n.watcher.Ask(id, engine)
	}
}
