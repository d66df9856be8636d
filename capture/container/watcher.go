package container

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"scry/capture/event"
)

// Watcher tells of the containers of all engines.
type Watcher struct {
	o       Options
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	asks    chan question
	full    atomic.Bool // a question was left out
	seed    maphash.Seed

	mu      sync.Mutex
	sources []*source

	telling   sync.Mutex // also held while a record is handed out, so that they are in order
	known     map[string]*entry
	handed    uint64          // records
	gone      []string        // ids of those that are gone, the oldest first
	strangers map[string]bool // that no engine knows
	cut       bool            // somebody was warned
}

// entry is what is remembered of a container.
type entry struct {
	told, whole bool // a record was handed out; one with all there is
	gone        bool // the engine has forgotten it
	trust       int
	hash        uint64
	at          uint64           // number of its last record
	spare       *event.Container // what a list said of one that does not run
}

// question asks for a container that an event was seen of.
type question struct {
	id, engine string
	tried      []*source
	round      int
}

// patience is when a container that no engine knows is asked for again: engines enter some into their books after they have begun.
var patience = []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, time.Second}

const (
	scanEvery  = 5 * time.Second // to look for sockets of engines that came later
	maxSources = 64
	maxGone    = 1024 // containers that are remembered after their end, for what is still under way
	// Readers forget containers that have no threads when there are a thousand new ones (state.Tables): one that is started again is told of once more when
	// so many records were handed out since.
	retellAfter = 512
)

// Watch begins to ask the engines.
func Watch(o Options) *Watcher {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	w := &Watcher{o: o, asks: make(chan question, maxQueue), known: map[string]*entry{}, strangers: map[string]bool{}, seed: maphash.MakeSeed()}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.scan()
	w.running.Go(w.route)
	w.running.Go(func() {
		tick := time.NewTicker(scanEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.scan()
			case <-w.ctx.Done():
				return
			}
		}
	})
	return w
}

// scan begins a source for each socket that has none.
func (w *Watcher) scan() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.o.sockets(cmp.Or(w.o.Root, "/")) {
		if len(w.sources) >= maxSources || slices.ContainsFunc(w.sources, func(s *source) bool { return s.path == x.path }) {
			continue
		}
		s := newSource(w, x)
		w.sources = append(w.sources, s)
		w.running.Go(s.run)
	}
}

// Wait waits until every engine has said what containers there are, or has failed to, or the time is over.
func (w *Watcher) Wait(d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	for _, s := range w.all() {
		select {
		case <-s.listed:
		case <-over.C:
			return
		}
	}
}

func (w *Watcher) all() []*source {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sources)
}

// Ask asks for a container that an event was seen of: its id as events have it, and the engine that its cgroup looks like. It never waits; what is
// known is not asked for again.
func (w *Watcher) Ask(id, engine string) {
	select {
	case w.asks <- question{id: strings.Clone(id), engine: engine}:
	default:
		w.overflow()
	}
}

// overflow tells, once, that there are more new containers than can be asked for.
func (w *Watcher) overflow() {
	if !w.full.Swap(true) && w.o.Warn != nil {
		go w.o.Warn("containers: there are more new ones than their engines can be asked for: some will have no name")
	}
}

// Close ends all questions and waits for that. Tell is not called any more.
func (w *Watcher) Close() {
	w.cancel()
	w.running.Wait()
}

// engines that know of containers whose cgroup looks like one of an engine, the most likely first. Those that are not listed have no socket. The path of
// docker's is that of any engine without a parent's name in it.
var likely = map[string][]string{
	"docker": {"docker", "cri", "containerd", "cri-o", "podman"}, "podman": {"podman"}, "cri": {"containerd", "cri-o", "cri", "docker"},
	"containerd": {"containerd"}, "cri-o": {"cri-o", "cri"}, "": {"docker", "podman", "containerd", "cri-o", "cri"},
}

// route hands questions to the engines.
func (w *Watcher) route() {
	for {
		select {
		case q := <-w.asks:
			w.hand(q)
		case <-w.ctx.Done():
			return
		}
	}
}

// hand gives a question to the next engine that may know.
func (w *Watcher) hand(q question) {
	if !validID(q.id) || w.knows(q.id) {
		return
	}
	any := false
	for _, name := range likely[q.engine] {
		for _, s := range w.all() {
			if s.answers() != name {
				continue
			}
			if any = true; !slices.Contains(q.tried, s) {
				q.tried = append(slices.Clone(q.tried), s)
				s.submit(&job{id: q.id, ask: &q})
				return
			}
		}
	}
	if !any || q.round >= len(patience) {
		w.stranger(q.id)
		return
	}
	wait := patience[q.round]
	q.tried, q.round = nil, q.round+1
	time.AfterFunc(wait, func() { w.again(q) })
}

// again asks the next engine.
func (w *Watcher) again(q question) {
	if w.ctx.Err() != nil {
		return
	}
	select {
	case w.asks <- q:
	default:
		w.overflow()
	}
}

// knows tells whether a whole record was handed out; when there is a spare one, it is handed out now.
func (w *Watcher) knows(id string) bool {
	w.telling.Lock()
	defer w.telling.Unlock()
	e := w.known[shortID(id)]
	if e == nil {
		return false
	}
	if c := e.spare; c != nil && !e.told {
		w.handOut(e, c, e.trust)
	}
	return e.whole
}

// remember keeps what a list says of a container that does not run.
func (w *Watcher) remember(c *event.Container, trust int) {
	w.telling.Lock()
	defer w.telling.Unlock()
	if e := w.entry(c.ID); !e.told {
		e.spare, e.trust = c, trust
	}
}

// forget drops what an engine has forgotten, after a while.
func (w *Watcher) forget(id string, trust int) {
	w.telling.Lock()
	defer w.telling.Unlock()
	e := w.known[shortID(id)]
	if e == nil || e.gone || trust < e.trust {
		return
	}
	e.gone = true
	w.gone = append(w.gone, shortID(id))
	if len(w.gone) <= maxGone {
		return
	}
	if e := w.known[w.gone[0]]; e != nil && e.gone {
		delete(w.known, w.gone[0])
	}
	w.gone = append(w.gone[:0], w.gone[1:]...)
}

// entry is that of a container, a new one when there was none. Of too many, some are forgotten: they will be told of again.
func (w *Watcher) entry(id string) *entry {
	e := w.known[id]
	if e != nil {
		return e
	}
	if len(w.known) >= maxContainers {
		n := 0
		for k := range w.known {
			if delete(w.known, k); n >= maxContainers/8 {
				break
			}
			n++
		}
	}
	e = &entry{}
	w.known[id] = e
	return e
}

// tell hands out a record unless it is known already. One without all there is (HasMeta) never follows one with that, and a user's engine has no say on
// the containers of root's: its socket is whatever that user makes of it.
func (w *Watcher) tell(c *event.Container, trust int) {
	w.telling.Lock()
	defer w.telling.Unlock()
	e := w.entry(c.ID)
	if e.told && (e.trust > trust || e.whole && !c.HasMeta) {
		return
	}
	w.handOut(e, c, trust)
}

func (w *Watcher) handOut(e *entry, c *event.Container, trust int) {
	record, cut := encode(c)
	hash := maphash.Bytes(w.seed, record)
	same := e.told && e.hash == hash && w.handed-e.at < retellAfter
	e.told, e.whole, e.trust, e.hash, e.spare = true, c.HasMeta, trust, hash, nil
	if cut && !w.cut && w.o.Warn != nil {
		w.cut = true
		w.o.Warn("container " + event.Printable(c.Name) + " (" + event.Printable(c.ID) + "): its environment and labels are too large to record")
	}
	if !same && record != nil && w.ctx.Err() == nil {
		w.handed++
		e.at = w.handed
		w.o.Tell(record)
	}
}
