//go:build linux

package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"scry/capture/event"
	"scry/capture/proc"
	"scry/capture/state"
)

// storm opens, closes and duplicates descriptors, starts and ends threads and processes, until its standard input ends. Then it says so, and keeps
// what it has.
func storm() any {
	var stop atomic.Bool
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop.Store(true)
	}()
	dir, err := os.MkdirTemp("", "scry-storm")
	must(err)
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() { stormFDs(dir, n, stop.Load) })
	}
	wg.Go(func() {
		for !stop.Load() {
			var one sync.WaitGroup
			one.Go(runtime.LockOSThread) // the thread ends with its goroutine
			one.Wait()
		}
	})
	wg.Go(func() { stormChildren(stop.Load) })
	fmt.Println("storm")
	wg.Wait()
	os.RemoveAll(dir)
	fmt.Println("calm")
	for { // select without cases would be taken for a deadlock
		time.Sleep(time.Hour)
	}
}

// stormFDs has up to 20 descriptors at a time.
func stormFDs(dir string, n int, stop func() bool) {
	var fds []int
	for i := 0; !stop(); i++ {
		switch k := rand.IntN(6); {
		case len(fds) > 20 || k == 0 && len(fds) > 0:
			j := rand.IntN(len(fds))
			unix.Close(fds[j])
			fds = slices.Delete(fds, j, j+1)
			continue
		case k == 1 && len(fds) > 0:
			fd, err := unix.FcntlInt(uintptr(fds[rand.IntN(len(fds))]), unix.F_DUPFD_CLOEXEC, 0)
			must(err)
			fds = append(fds, fd)
		case k == 2:
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			must(err)
			fds = append(fds, fd)
		case k == 3:
			fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
			must(err)
			fds = append(fds, fd)
		default:
			fd, err := unix.Open(filepath.Join(dir, fmt.Sprintf("%d-%d", n, i%50)), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
			must(err)
			fds = append(fds, fd)
		}
	}
}

// stormChildren has up to five children at a time.
func stormChildren(stop func() bool) {
	exe, err := os.Executable()
	must(err)
	var running []*exec.Cmd
	for !stop() {
		if len(running) == 5 {
			c := running[rand.IntN(5)]
			running = slices.DeleteFunc(running, func(d *exec.Cmd) bool { return d == c })
			c.Process.Kill()
			c.Wait()
		}
		c := exec.Command(exe)
		c.Env = append(os.Environ(), "SCRY_LIVE=stormed", "GOMAXPROCS=1")
		ready, err := c.StdoutPipe()
		must(err)
		must(c.Start())
		io.ReadFull(ready, make([]byte, 1))
		running = append(running, c)
	}
}

// stormed is a child of storm: it opens a file and stays.
func stormed() any {
	_, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	must(err)
	os.Stdout.Write([]byte{1})
	for {
		time.Sleep(time.Hour)
	}
}

// A capture that begins in the middle of a storm knows all threads and descriptors when that is over: none is missed between the attachment of the
// programs and the reading of /proc, none is there twice, and none is left over.
func TestLiveStart(t *testing.T) {
	needRoot(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "SCRY_LIVE=storm")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		cmd.Wait()
	}()
	out := bufio.NewReader(pipe)
	if line, err := out.ReadString('\n'); line != "storm\n" {
		t.Fatal(line, err)
	}
	d := Demand{Types: event.TypesOf(event.OpenatV2X)}.Complete()
	stop := make(chan struct{})
	src, err := Live(LiveOptions{Demand: d, Buffer: 64 << 20, Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	go func() {
		time.Sleep(50 * time.Millisecond) // of storm after the snapshot
		in.Close()
		out.ReadString('\n')
		settled(int64(cmd.Process.Pid))
		close(stop)
	}()
	tables := state.New()
	var ev event.Event
	for {
		err := src.Next(&ev)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		tables.Apply(&ev)
	}
	if n := src.Stats(); n.Lost != 0 {
		t.Fatalf("%d of %d events were lost (%s): nothing is to be learnt", n.Lost, n.Seen, n.Why())
	}
	compareState(t, tables, int64(cmd.Process.Pid))
}

// settled waits until the threads of a process sleep: their number stays the same for a while.
func settled(pid int64) {
	last, same := -1, 0
	for same < 20 {
		time.Sleep(10 * time.Millisecond)
		list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if same++; len(list) != last {
			last, same = len(list), 0
		}
	}
}

// compareState compares what the tables know of a process and its children with /proc.
func compareState(t *testing.T, tables *state.Tables, pid int64) {
	t.Helper()
	snap, _, err := proc.Read(proc.Options{FDs: true})
	if err != nil {
		t.Fatal(err)
	}
	ours := func(th *event.Thread) bool { return th.PID == pid || th.PTID == pid }
	want, got := map[int64]*event.Thread{}, map[int64]*event.Thread{}
	for _, th := range snap.Threads {
		if ours(th) {
			want[th.TID] = th
		}
	}
	tables.Each(func(th *event.Thread) {
		if ours(th) && !th.Dead {
			got[th.TID] = th
		}
	})
	for tid, th := range got {
		if want[tid] == nil {
			t.Errorf("thread %d (%s) of %d is left over", tid, th.Comm, th.PID)
		}
	}
	for tid, w := range want {
		g := got[tid]
		if g == nil {
			t.Errorf("thread %d (%s) of %d is missing", tid, w.Comm, w.PID)
			continue
		}
		if g.PID != w.PID || g.PTID != w.PTID || g.Comm != w.Comm || g.ExePath != w.ExePath || g.Cwd != w.Cwd || g.UID != w.UID {
			t.Errorf("thread %d: %d %d %q %q %q %d, want %d %d %q %q %q %d", tid, g.PID, g.PTID, g.Comm, g.ExePath, g.Cwd, g.UID,
				w.PID, w.PTID, w.Comm, w.ExePath, w.Cwd, w.UID)
		}
	}
	fds := 0
	for _, l := range snap.FDs {
		th := got[int64(l.TID)]
		if th == nil {
			continue
		}
		fds += len(l.FDs)
		compareFDs(t, th, l.FDs)
	}
	t.Logf("%d threads, %d descriptors", len(want), fds)
	if len(want) < 10 || fds < 20 {
		t.Error("too few to prove anything")
	}
}

func compareFDs(t *testing.T, th *event.Thread, want []event.FD) {
	t.Helper()
	got := map[int64]*event.FD{}
	for fd := range th.FDs.All() {
		if !fd.Closing {
			got[fd.Num] = fd
		}
	}
	for _, w := range want {
		g := got[w.Num]
		delete(got, w.Num)
		switch {
		case g == nil && w.Type == event.FDPIDFD: // clone made it (CLONE_PIDFD): the event of a clone has no word for that
		case g == nil:
			t.Errorf("process %d: descriptor %d (%s %q) is missing", th.PID, w.Num, w.Type, w.Name)
		case g.Type.Char() != w.Type.Char() || w.Type.Char() == 'f' && g.Name != w.Name && g.Name+" (deleted)" != w.Name:
			t.Errorf("process %d, descriptor %d: %s %q, want %s %q", th.PID, w.Num, g.Type, g.Name, w.Type, w.Name)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(got)) {
		t.Errorf("process %d: descriptor %d (%s %q) is left over", th.PID, n, got[n].Type, got[n].Name)
	}
}

// A capture that nothing happens in costs no CPU time: less than 0.2 % of a core. What the machine does meanwhile is not its fault, so it asks for a call
// that nobody makes; nor is what the start leaves behind for the runtime to clean up, so one quiet second of ten is enough. An emulated core is slower,
// so the limit is that many system calls of a common one: 0.2 % of a second is 8000 of 250 ns.
func TestLiveIdle(t *testing.T) {
	needRoot(t)
	stop := make(chan struct{})
	src, err := Live(LiveOptions{Demand: Demand{Types: event.TypesOf(event.QuotactlX)}, Buffer: MinBuffer, Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	const length = time.Second
	limit, took := length/500, time.Hour
	before := cpuTime()
	for range 8000 {
		rawCall(unix.SYS_GETPPID, [6]uintptr{})
	}
	limit = max(limit, cpuTime()-before)
	go func() {
		defer close(stop)
		for n := 0; n < 10 && took > limit; n++ {
			before := cpuTime()
			time.Sleep(length)
			took = cpuTime() - before
		}
	}()
	var ev event.Event
	for src.Next(&ev) == nil {
		t.Log(ev.Type)
	}
	t.Logf("%v of CPU time in %v, at most %v are allowed", took, length, limit)
	if took > limit {
		t.Errorf("a quiet capture takes %.2f %% of a core", 100*took.Seconds()/length.Seconds())
	}
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u unix.Rusage
	must(unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Next allocates nothing, whatever comes.
func TestLiveAllocs(t *testing.T) {
	needRoot(t)
	stop := make(chan struct{})
	defer close(stop)
	src, err := Live(LiveOptions{Demand: Demand{Types: event.TypesOf(event.GetuidX, event.OpenatV2X, event.CloseX)}.Complete(), All: true, Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for range 20000 {
		rawCall(unix.SYS_GETUID, [6]uintptr{})
	}
	time.Sleep(20 * time.Millisecond) // older than the window by which records are merged
	var ev event.Event
	if n := testing.AllocsPerRun(10000, func() { must(src.Next(&ev)) }); n != 0 {
		t.Errorf("%v allocations for an event", n)
	}
}
