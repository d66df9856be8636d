//go:build linux

// Package proc reads the state of a running machine from /proc: the snapshot from which a live capture starts, and later single threads
// and descriptors that events did not tell of. It opens files relative to directories, reads into buffers that are used again and asks each
// thing once, because ten thousand processes are half a million system calls. (prometheus/procfs is the well-kept library for such files; it
// opens each by its path, reads it whole and allocates per line, which does not suit that.)
//
// What a process can name (arguments, paths, socket names, its own comm) is bytes: bounded, never interpreted beyond the kernel's own
// separators.
package proc

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// Bounds of what is kept of one process; the file format has the same (scap-format.md section 6).
const (
	maxArgs    = 4096 // arguments, environment, cgroups
	maxPath    = 4096
	maxThreads = 1 << 18
)

// Options say what to read.
type Options struct {
	Root    string        // where proc is mounted; "" is /proc
	FDs     bool          // descriptors
	Users   bool          // users and groups
	Workers int           // 0: one per CPU
	Now     func() uint64 // the clock of Report.Read; nil: it is not asked for
}

// Report says what the reading met.
type Report struct {
	Threads, FDs int
	Denied       int    // things that may not be read: the descriptors of a process, its environment, ...
	Example      string // one of them, a path
	Vanished     int    // threads and descriptors that were gone before they were read
	Dropped      int    // threads beyond what a capture may hold
	Took         time.Duration
	Exiting      []int64 // threads that had begun to exit, and had not ended when all were read
	// Read says when each process was read, by its number; with Options.Now only.
	Read map[int64]Span
}

// Span is the time in which something was read: what was done before From shows in the snapshot, what was done later than To does not.
type Span struct{ From, To uint64 }

// passes is how often the list of processes is read at most: those that were created while the ones before were read are read too.
const passes = 3

// Read reads the state of the machine. What vanishes while it is read is left out, and so are processes that have ended but for their entry in
// the table; what may not be read is counted.
func Read(o Options) (*event.Snapshot, *Report, error) {
	start := time.Now()
	w, err := newWalk(o.Root)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	s := &event.Snapshot{Machine: w.machine(), HasInterfaces: true}
	if s.Interfaces, err = interfaces(); err != nil {
		return nil, nil, fmt.Errorf("network interfaces: %w", err)
	}
	if o.Users {
		s.Users, s.Groups = w.users()
	}
	readers := w.readers(o)
	seen := map[int]bool{}
	for range passes {
		pids, err := readers[0].numbers(w.root, ".", nil)
		if err != nil {
			return nil, nil, fmt.Errorf("list %s: %w", w.path, err)
		}
		pids = slices.DeleteFunc(pids, func(pid int) bool { return seen[pid] })
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			seen[pid] = true
		}
		readAll(readers, pids, o.FDs)
	}
	rep := w.gather(s, readers)
	rep.Took = time.Since(start)
	return s, rep, nil
}

// ReadProcesses reads these processes alone, and nothing else of the machine. Those that are gone are left out.
func ReadProcesses(o Options, pids []int) (*event.Snapshot, *Report, error) {
	w, err := newWalk(o.Root)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	o.Workers = min(cmp.Or(o.Workers, runtime.GOMAXPROCS(0)), len(pids)/perWorker+1)
	s, readers := &event.Snapshot{}, w.readers(o)
	readAll(readers, pids, o.FDs)
	return s, w.gather(s, readers), nil
}

// perWorker is for how many processes another worker is worth its buffers.
const perWorker = 16

// gather puts what the workers read into one snapshot.
func (w *walk) gather(s *event.Snapshot, readers []*reader) *Report {
	rep := &Report{}
	for _, r := range readers {
		s.Threads = append(s.Threads, r.threads...)
		s.FDs = append(s.FDs, r.lists...)
		rep.add(&r.report)
		if r.spans != nil && rep.Read == nil {
			rep.Read = r.spans
		} else {
			maps.Copy(rep.Read, r.spans)
		}
	}
	rep.Exiting = w.forgetEnded(s, readers)
	slices.SortFunc(s.Threads, func(a, b *event.Thread) int { return cmp.Compare(a.TID, b.TID) })
	slices.SortFunc(s.FDs, func(a, b event.FDList) int { return cmp.Compare(a.TID, b.TID) })
	if n := len(s.Threads) - maxThreads; n > 0 {
		s.Threads, rep.Dropped = s.Threads[:maxThreads], n
	}
	readers[0].namespaceStarts(s.Threads)
	rep.Threads = len(s.Threads)
	return rep
}

// readers makes the workers.
func (w *walk) readers(o Options) []*reader {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	readers := make([]*reader, n)
	for i := range readers {
		readers[i] = w.reader()
		if readers[i].now = o.Now; o.Now != nil {
			readers[i].spans = map[int64]Span{}
		}
	}
	return readers
}

// readAll shares the processes out among the workers.
func readAll(readers []*reader, pids []int, fds bool) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, r := range readers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(pids) {
					return
				}
				r.process(pids[i], fds)
			}
		})
	}
	wg.Wait()
}

// forgetEnded leaves out the threads that were exiting when they were read and have exited since: the event that would tell of it may lie before
// the capture. One that has not, tells later.
func (w *walk) forgetEnded(s *event.Snapshot, readers []*reader) (exiting []int64) {
	ended := map[int64]bool{}
	for _, r := range readers {
		for _, e := range r.exiting {
			if st, err := r.stat(w.root, e.name, new(event.Thread)); err != nil || st.ended {
				ended[e.tid] = true
			} else {
				exiting = append(exiting, e.tid)
			}
		}
	}
	if len(ended) > 0 {
		s.Threads = slices.DeleteFunc(s.Threads, func(t *event.Thread) bool { return ended[t.TID] })
		s.FDs = slices.DeleteFunc(s.FDs, func(l event.FDList) bool { return ended[int64(l.TID)] })
	}
	return exiting
}

// Ended reports whether a thread has exited, but for its entry in the table of processes. root is where proc is mounted, "" for /proc.
func Ended(root string, tid int64) bool {
	b, err := os.ReadFile(cmp.Or(root, "/proc") + "/" + strconv.FormatInt(tid, 10) + "/stat")
	st, ok := parseStat(b)
	return err != nil || !ok || st.ended
}

func (p *Report) add(q *Report) {
	p.FDs += q.FDs
	p.Denied += q.Denied
	p.Vanished += q.Vanished
	if p.Example == "" {
		p.Example = q.Example
	}
}

// ReadThread reads one thread and the descriptors of its process. The error wraps fs.ErrNotExist when it is gone. The start of its pid
// namespace is told only when one of its ancestors is the namespace's init.
func ReadThread(root string, tid int) (*event.Thread, []event.FD, error) {
	w, err := newWalk(root)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	r := w.reader()
	t, fds, err := r.single(tid)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s/%d: %w", w.path, tid, gone(err))
	}
	return t, fds, nil
}

// ReadFD reads one descriptor. The error wraps fs.ErrNotExist when it is gone. A socket costs reading the tables of its network namespace.
func ReadFD(root string, pid, fd int) (event.FD, error) {
	w, err := newWalk(root)
	if err != nil {
		return event.FD{}, err
	}
	defer w.close()
	f, err := w.reader().one(pid, fd)
	if err != nil {
		return f, fmt.Errorf("read %s/%d/fd/%d: %w", w.path, pid, fd, gone(err))
	}
	return f, nil
}

// gone makes one error of the two that proc has for a process that has ended.
func gone(err error) error {
	if err == unix.ESRCH {
		return unix.ENOENT
	}
	return err
}

// namespaceStarts tells each thread of a nested pid namespace when that began: when its init, number 1 there, was started. Until
// here PIDNSInitStart has the number of the namespace itself.
func (r *reader) namespaceStarts(threads []*event.Thread) {
	starts := map[uint64]uint64{}
	for _, t := range threads {
		if t.Flags&inPIDNS != 0 && t.VTID == 1 {
			starts[t.PIDNSInitStart] = t.Start
		}
	}
	for _, t := range threads {
		if t.Flags&inPIDNS == 0 {
			continue
		}
		ns := t.PIDNSInitStart
		if _, ok := starts[ns]; !ok { // its init was not among what was read
			starts[ns] = r.initStart(t)
		}
		t.PIDNSInitStart = starts[ns]
	}
}
