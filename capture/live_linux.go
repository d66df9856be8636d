package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"scry/capture/event"
	"scry/capture/proc"
	"scry/probe"
)

// TestLoad loads a small program of the kind that a live capture uses, to see whether the kernel takes it.
var TestLoad = probe.Check

// MissingFeatures says what the kernel cannot do of a live capture, a line for each thing.
var MissingFeatures = probe.Missing

// LiveSource is the kernel as a source. The programs are attached first, then /proc is read, then what happened in between is applied to what /proc
// said (reconciler): the snapshot is the state at the moment when the events begin.
type LiveSource struct {
	probe    *probe.Probe
	snapshot *event.Snapshot
	root     string      // LiveOptions.HostRoot
	owners   *owners     // nil: users are not wanted
	before   probe.Stats // of what the snapshot has
	missed   uint64      // events before the snapshot that changed the state and were lost: the first event tells
	missing  []string
	num      uint64
	begun    bool     // the first event was given
	naming   *naming  // nil: nobody is asked for names
	head     [][]byte // events that stand before those of the kernel
	early    uint64   // of these, given by Next
	ticks    uint64   // given by Next

	cmd  *exec.Cmd
	done chan struct{} // closed when the command has ended and was waited for
	code int           // valid then

	stop    chan struct{} // closed by Close
	workers sync.WaitGroup
	waking  sync.Mutex // held by Wake, and to set closed
	closed  bool
	stats   LiveStats
}

// Live begins to record what o asks for, and starts its command.
func Live(o LiveOptions) (*LiveSource, error) {
	s := &LiveSource{stop: make(chan struct{}), root: o.HostRoot, naming: startNaming(o.Engines, o.Kubernetes)}
	if len(o.Command) > 0 {
		probePidfd()
	}
	p, err := probe.Open(probe.Options{Types: o.Demand.Types, Calls: o.Demand.Calls, Latency: o.Demand.Latency, Snaplen: o.Demand.Payload,
		Buffer: o.Buffer, Poll: o.Poll, All: o.All, Self: selfIn(o.HostRoot), Exclude: o.Exclude, Follow: len(o.Command) > 0})
	if err != nil {
		s.naming.close()
		return nil, err
	}
	s.probe = p
	if err := s.begin(!o.NoUsers); err != nil {
		p.Stop()
		s.naming.close()
		p.Close()
		return nil, fmt.Errorf("state of the machine: %w", err)
	}
	if !o.All {
		hideOwn(s.snapshot, selfIn(s.root))
	}
	if len(o.Command) > 0 {
		if err := s.start(o.Command); err != nil {
			p.Stop()
			close(s.stop)
			s.workers.Wait()
			s.naming.close()
			p.Close()
			return nil, err
		}
	}
	if o.Demand.Procinfo {
		if err := s.sample(); err != nil {
			s.Close()
			return nil, err
		}
	}
	if o.Tick > 0 {
		s.workers.Go(func() { s.tick(o.Tick) })
	}
	s.workers.Go(func() {
		select {
		case <-o.Stop:
		case <-s.ended():
		case <-s.stop:
		}
		p.Detach()
		p.Stop()
	})
	return s, nil
}

// begin reads the state from which the events start.
func (s *LiveSource) begin(users bool) error {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // most of what is allocated here stays, and the user waits
	attached := s.probe.Now()
	snap, rep, err := proc.Read(proc.Options{Root: procOf(s.root), FDs: true, Users: users, Now: s.probe.Now})
	if err != nil {
		return err
	}
	r, err := reconcile(s.probe, procOf(s.root), attached, snap, rep)
	if err != nil {
		return err
	}
	s.snapshot = r.snapshot
	s.head = s.naming.begin(s.probe, s.snapshot, r.end)
	if users {
		s.owners = newOwners(s)
		s.head = append(s.head, s.owners.begin(s.snapshot, r.end)...)
	}
	if s.missing = s.probe.Missing(); rep.Denied > 0 {
		s.missing = append(s.missing, fmt.Sprintf("%d files and folders of /proc may not be read, as %s: what other processes hold open, or who they are", rep.Denied, rep.Example))
	}
	n := s.probe.Stats()
	s.missed = min(r.lost, n.State)
	lost := r.lost - s.missed // these do not matter any more
	s.before = probe.Stats{Seen: r.events + lost, Lost: lost, Full: min(lost, n.Full)}
	s.before.Nested = lost - s.before.Full
	return nil
}

// hideOwn leaves out the descriptors that scry opened for itself. The command does not inherit them, but a file can only say so of some kinds: in
// a replay it would have them all.
func hideOwn(s *event.Snapshot, self int) {
	for i := range s.FDs {
		if l := &s.FDs[i]; l.TID == uint64(self) {
			l.FDs = slices.DeleteFunc(l.FDs, func(fd event.FD) bool { return fd.CloseExec })
		}
	}
}

// probePidfd makes the os package find out now whether pidfds work: it forks for that, once, and the capture would have that child as the command's.
func probePidfd() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		p.Release()
	}
}

// start runs the command. Its exec is the first event of it: what is done between fork and exec is scry's own.
func (s *LiveSource) start(argv []string) error {
	path, err := FindCommand(argv[0])
	if err != nil {
		return err
	}
	s.cmd = &exec.Cmd{Path: path, Args: argv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	if err := s.cmd.Start(); err != nil {
		if pe, ok := errors.AsType[*os.PathError](err); ok {
			err = pe.Err
		}
		return &CommandError{argv[0], err}
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		s.cmd.Wait()
		s.code = exitCode(s.cmd.ProcessState)
	}()
	return nil
}

// exitCode is what a shell would say of a command that ended so.
func exitCode(st *os.ProcessState) int {
	if st == nil {
		return 126
	}
	if w, ok := st.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return st.ExitCode()
}

// ended is closed when the command has ended; nil, which never is, without one.
func (s *LiveSource) ended() <-chan struct{} { return s.done }

// sampleLead is how long before a full second the samples are taken, so that the interval of a second has them, and not sometimes the next one.
const sampleLead = 100 * time.Millisecond

// sample puts the CPU time of each thread into the stream, at once and then each second.
func (s *LiveSource) sample() error {
	sampler, err := proc.NewSampler(procOf(s.root))
	if err != nil {
		return fmt.Errorf("CPU times: %w", err)
	}
	s.workers.Go(func() {
		defer sampler.Close()
		tick := time.NewTicker(time.Second - sampleLead)
		defer tick.Stop()
		var rec []byte
		var user, system [8]byte
		first := true
		for {
			err := sampler.Sample(func(tid int64, utime, stime uint64) {
				ts := s.probe.Now() // of each: all of /proc takes longer than the rings wait for one another
				putUint64(&user, utime)
				putUint64(&system, stime)
				rec = event.Append(rec[:0], ts, tid, event.ProcinfoE, user[:], system[:])
				s.probe.Inject(rec)
			})
			if err != nil {
				return // /proc is gone: there is nothing more to sample
			}
			s.probe.Flush()
			select {
			case <-tick.C:
				if first {
					first = false
					tick.Reset(time.Second)
				}
			case <-s.stop:
				return
			case <-s.ended():
				return
			}
		}
	})
	return nil
}

// tick puts the ticks of the options into the stream.
func (s *LiveSource) tick(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		s.Wake()
		select {
		case <-t.C:
		case <-s.stop:
			return
		case <-s.ended():
			return
		}
	}
}

// Wake puts a tick into the stream, so that Next returns soon also when nothing happens. Any goroutine may call it, at any time.
func (s *LiveSource) Wake() {
	s.waking.Lock()
	defer s.waking.Unlock()
	if s.closed {
		return
	}
	s.probe.Inject(event.Append(nil, s.probe.Now(), tickTID, event.InfrastructureEventE, nil, nil, nil, nil))
	s.probe.Flush()
}

// tickTID is the thread of ticks, which no thread is.
const tickTID = -1

// Next gives the next event; io.EOF once the capture was stopped, or its command has ended, and everything recorded was given.
// hot: no allocation (TestLiveAllocs)
func (s *LiveSource) Next(ev *event.Event) error {
	if len(s.head) > 0 {
		*ev = event.Event{}
		if err := ev.Decode(s.head[0], false); err != nil {
			return err
		}
		s.head = s.head[1:]
		s.early++
	} else if err := s.probe.Next(ev); err != nil {
		return err
	}
	if !s.begun {
		s.begun = true
		ev.Section = s.snapshot
		ev.Lost += s.missed
	}
	if s.owners != nil {
		s.owners.see(ev)
	}
	if s.naming != nil {
		s.naming.see(ev)
	}
	if ev.TID == tickTID && ev.Type == event.InfrastructureEventE {
		ev.Num = 0
		s.ticks++
		return nil
	}
	s.num++
	ev.Num = s.num
	return nil
}

// OnWait makes Next call fn whenever it waits for events.
func (s *LiveSource) OnWait(fn func()) { s.probe.OnWait(fn) }

// Snapshot is the state from which the events start.
func (s *LiveSource) Snapshot() *event.Snapshot { return s.snapshot }

// Stats are the counts so far; after Close the last ones.
func (s *LiveSource) Stats() LiveStats {
	if s.closed {
		return s.stats
	}
	n := s.probe.Stats()
	b := &s.before
	out := LiveStats{Seen: n.Seen - b.Seen - s.ticks + s.early + uint64(len(s.head)), Lost: n.Lost - b.Lost, Missing: s.missing}
	for _, r := range []Loss{{"ring full", n.Full - b.Full}, {"ring full, state too", n.State}, {"nested", n.Nested - b.Nested}} {
		if r.N > 0 {
			out.Reasons = append(out.Reasons, r)
		}
	}
	return out
}

// Why says why nothing but its id is known of a container now, as "REASON: more". Any goroutine may call it, also after Close.
func (s *LiveSource) Why(c *event.Container) string { return s.naming.why(c) }

// ExitCode is what the command ended with, 128 and its number for a signal; false when there was none or it still runs.
func (s *LiveSource) ExitCode() (int, bool) {
	if s.cmd == nil {
		return 0, false
	}
	select {
	case <-s.done:
		return s.code, true
	default:
		return 0, false
	}
}

// Close ends the capture and waits for its command.
func (s *LiveSource) Close() error {
	if s.closed {
		return nil
	}
	if s.cmd != nil {
		<-s.done
	}
	close(s.stop)
	s.workers.Wait()
	s.naming.close()
	s.stats = s.Stats()
	s.waking.Lock()
	s.closed = true
	s.waking.Unlock()
	return s.probe.Close()
}

var _ io.Closer = (*LiveSource)(nil)

func putUint64(b *[8]byte, v uint64) { binary.LittleEndian.PutUint64(b[:], v) }
