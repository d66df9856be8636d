package container

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"scry/capture/event"
)

// source is a socket and whoever listens there. It connects, again and again with pauses that grow, and while it is connected it lists, watches and
// inspects.
type source struct {
	socket
	w      *Watcher
	trust  int           // 1: an engine of root, or one that the user names
	listed chan struct{} // closed when the first list, or attempt at one, is over
	once   sync.Once
	warned bool // of the goroutine of run
	warns  sync.Mutex

	queue chan *job // has room for all that are pending

	mu      sync.Mutex
	failed  error           // how the last attempt to connect, or the connection, ended; nil while there is one, and before the first
	name    string          // of the engine; "" while there is no connection
	pending map[string]*job // by short id: waiting, or being worked at
}

// job is a container to be inspected.
type job struct {
	id    string
	told  bool      // the event that led to it has told the name already: if the engine knows nothing, that was all
	ask   *question // who wants to know
	tries int
	again bool // something happened since the work began
}

const (
	workers   = 4
	firstWait = 100 * time.Millisecond // before the second attempt to connect
	maxWait   = 10 * time.Second
)

func newSource(w *Watcher, x socket) *source {
	s := &source{socket: x, w: w, listed: make(chan struct{}), queue: make(chan *job, maxQueue), pending: map[string]*job{}}
	if x.asked || x.owner <= 0 {
		s.trust = 1
	}
	return s
}

// run keeps the source going until the watcher ends.
func (s *source) run() {
	wait := firstWait
	for {
		began := time.Now()
		err := s.session(s.w.ctx)
		s.once.Do(func() { close(s.listed) })
		if s.w.ctx.Err() != nil {
			return
		}
		s.fail(err)
		if s.asked || !absent(err) {
			s.warn(err)
		}
		if time.Since(began) > maxWait {
			wait = firstWait
		}
		select {
		case <-time.After(wait):
		case <-s.w.ctx.Done():
			return
		}
		wait = min(2*wait, maxWait)
	}
}

// warn tells why the engine cannot be asked, once.
func (s *source) warn(err error) {
	s.warns.Lock()
	defer s.warns.Unlock()
	if s.warned || s.w.o.Warn == nil || s.w.ctx.Err() != nil {
		return
	}
	s.warned = true
	s.w.o.Warn(cmp.Or(s.answers(), s.kind.name) + " (" + event.Printable(s.path) + "): " + reason(err, s.w.o.Timeout) + ": names of its containers may be missing")
}

// answers is the name of the engine that is connected, "" when there is none.
func (s *source) answers() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

func (s *source) connected(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.name = name; name != "" {
		s.failed = nil
	}
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
}

// stands tells how it stands with the source: which engine is connected, and how the last attempt failed.
func (s *source) stands() (name string, failed error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name, s.failed
}

// timeout is a context for one question.
func (s *source) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.w.o.Timeout)
}

// session is a connection from its beginning to its end, which the error tells of.
func (s *source) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	short, done := s.timeout(ctx)
	e, name, _, err := s.kind.dial(short, s.path)
	done()
	if err != nil {
		return err
	}
	defer e.close()
	s.connected(name)
	defer s.connected("")
	ready, lost := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	running.Go(func() { lost <- e.watch(ctx, func() { once.Do(func() { close(ready) }) }, s.changed) })
	for range workers {
		running.Go(func() { s.work(ctx, e) })
	}
	select {
	case <-ready:
	case err := <-lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.list(ctx, e); err != nil {
		return err
	}
	s.once.Do(func() { close(s.listed) })
	return <-lost
}

// list tells of the containers that run, and remembers the others.
func (s *source) list(ctx context.Context, e engine) error {
	var run []*event.Container
	n := 0
	long, done := context.WithTimeout(ctx, 5*s.w.o.Timeout) // of all containers at once
	err := e.list(long, func(c *event.Container, running bool) {
		if n++; n > maxContainers/2 {
			return
		}
		if !running {
			s.w.remember(c, s.trust)
			return
		}
		run = append(run, c)
	})
	if done(); err != nil {
		return err
	}
	var all sync.WaitGroup
	next := make(chan *event.Container)
	for range workers {
		all.Go(func() {
			slow := false
			for listed := range next {
				c, err := listed, error(nil)
				if !slow {
					if c, err = s.inspect(ctx, e, listed.FullID); err != nil {
						s.complain(ctx, err)
					}
				}
				if err == nil && !slow {
					s.w.tell(c, s.trust)
					continue
				}
				slow = slow || timedOut(err) // the others would be no faster
				s.w.tell(listed, s.trust)
			}
		})
	}
	for _, c := range run {
		next <- c
	}
	close(next)
	all.Wait()
	return ctx.Err()
}

func (s *source) inspect(ctx context.Context, e engine, id string) (*event.Container, error) {
	short, done := s.timeout(ctx)
	defer done()
	return e.inspect(short, id)
}

// complain warns of an error, unless it is that the engine does not know, or that it goes away: of that the session tells.
func (s *source) complain(ctx context.Context, err error) {
	if !errors.Is(err, errUnknown) && !absent(err) && ctx.Err() == nil {
		s.warn(err)
	}
}

// changed takes an event of the engine.
func (s *source) changed(c change) {
	if c.gone {
		s.w.forget(c.id, s.trust)
		return
	}
	if c.rec != nil { // at once: the engine may take its time until it can be asked (podman locks a container that starts)
		s.w.tell(c.rec, s.trust)
	}
	s.submit(&job{id: c.id, told: c.rec != nil})
}

// submit queues a job; one for a container that is being inspected has that done once more.
func (s *source) submit(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := shortID(j.id)
	p := s.pending[key]
	switch {
	case p != nil:
		p.again, p.tries = true, 0
		if p.told = p.told || j.told; len(j.id) > len(p.id) {
			p.id = j.id
		}
		if p.ask == nil {
			p.ask = j.ask
		}
	case len(s.pending) >= maxQueue:
		s.w.overflow()
	default:
		s.pending[key] = j
		s.queue <- j
	}
}

// work does the jobs of a connection.
func (s *source) work(ctx context.Context, e engine) {
	for {
		select {
		case j := <-s.queue:
			s.do(ctx, e, j)
		case <-ctx.Done():
			return
		}
	}
}

func (s *source) do(ctx context.Context, e engine, j *job) {
	s.mu.Lock()
	id, told, ask, tries := j.id, j.told, j.ask, j.tries
	j.again, j.ask = false, nil
	s.mu.Unlock()
	c, err := s.inspect(ctx, e, id)
	// An engine may be slow with one container while it starts that.
	later := tries < len(patience) && (timedOut(err) || errors.Is(err, errUnknown) && (c != nil || !told && ask == nil))
	if err != nil && !later {
		s.complain(ctx, err)
	}
	switch {
	case c != nil:
		s.w.tell(c, s.trust)
	case ask != nil && errors.Is(err, errUnknown):
		s.w.again(*ask)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case j.again:
		s.queue <- j // has room: it holds one place of pending
	case later:
		if j.ask == nil {
			j.ask = ask
		}
		j.tries++
		time.AfterFunc(patience[tries], func() { s.queue <- j })
	default:
		delete(s.pending, shortID(id))
	}
}

// heartbeat is how often an engine without events is asked whether it is still there.
const heartbeat = 10 * time.Second

// listen asks an engine that has no events now and then whether it is still there: its containers are known from the list, and when they are asked for.
func listen(ctx context.Context, ask func(context.Context) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(heartbeat):
		}
		short, done := context.WithTimeout(ctx, heartbeat)
		err := ask(short)
		if done(); err != nil {
			return err
		}
	}
}

// timedOut tells whether an engine took too long.
func timedOut(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && ne.Timeout()
}
