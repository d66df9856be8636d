package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"scry/capture/event"
	"scry/capture/proc"
)

// desk is owners with files that a test makes up.
type desk struct {
	*owners
	t    *testing.T
	told chan string
	pids []int // that were read
	mu   sync.Mutex
}

const boxID = "0123456789ab"

var boxText = "cpu=/docker/" + boxID + strings.Repeat("0", 52)

func newDesk(t *testing.T, read func(pid int, ask uint32) (*proc.Owners, error)) *desk {
	d := &desk{t: t, told: make(chan string, 1000)}
	stop, workers := make(chan struct{}), &sync.WaitGroup{}
	d.owners = &owners{byText: map[string]*owner{}, byID: map[string]*owner{}, asks: make(chan ownerAsk, ownerQueue), workers: workers, stop: stop,
		now: func() uint64 { return 7 }, flush: func() { d.told <- "." }, inject: d.tell, of: func(int) string { return boxID }}
	d.read = func(pid int, ask uint32) (*proc.Owners, error) {
		d.mu.Lock()
		d.pids = append(d.pids, pid)
		d.mu.Unlock()
		return read(pid, ask)
	}
	t.Cleanup(func() {
		close(stop)
		workers.Wait()
	})
	return d
}

// tell writes a record down: "U0 root" or "G0 root" for a container, "?" for anything else.
func (d *desk) tell(rec []byte) {
	var ev event.Event
	if err := ev.Decode(rec, false); err != nil {
		d.t.Error(err)
	}
	id, _ := ev.Uint(0)
	switch {
	case ev.Type == event.UserAddedE && ev.Text(5) == boxID:
		d.told <- fmt.Sprintf("U%d %s", id, ev.Text(2))
	case ev.Type == event.GroupAddedE && ev.Text(2) == boxID:
		d.told <- fmt.Sprintf("G%d %s", id, ev.Text(1))
	default:
		d.told <- "?"
	}
}

// exec shows an exec in the container, by that user.
func (d *desk) exec(tid int64, uid uint32, cgroups string) {
	d.t.Helper()
	params := make([][]byte, len(event.ExecveV19X.Schema().Params))
	params[0], params[ownerCgroups], params[execUID] = make([]byte, 8), []byte(cgroups+"\x00"), []byte{byte(uid), 0, 0, 0}
	var ev event.Event
	if err := ev.Decode(event.Append(nil, 1, tid, event.ExecveV19X, params...), false); err != nil {
		d.t.Fatal(err)
	}
	d.see(&ev)
}

// answer is what is told until the worker has nothing more to say.
func (d *desk) answer() string {
	d.t.Helper()
	var out []string
	for {
		select {
		case s := <-d.told:
			if s == "." {
				return strings.Join(out, ", ")
			}
			out = append(out, s)
		case <-time.After(10 * time.Second):
			d.t.Fatalf("no answer, only %q", out)
		}
	}
}

func (d *desk) reads() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.pids)
}

// settled waits until the worker has answered.
func (d *desk) settled() {
	for c := d.byID[boxID]; c.pending.Load(); time.Sleep(time.Millisecond) {
	}
}

var boxUsers = &proc.Owners{Users: []event.User{{Name: "root"}, {UID: 101, Name: "nginx"}}, Groups: []event.Group{{GID: 102, Name: "web"}}}

// TestOwners: a container is read at its first exec, and again for a number that was not there; hosts never.
func TestOwners(t *testing.T) {
	d := newDesk(t, func(int, uint32) (*proc.Owners, error) { return boxUsers, nil })
	if head := d.begin(&event.Snapshot{}, 5); len(head) != 0 {
		t.Errorf("%d events of nothing", len(head))
	}
	d.exec(1, 0, "cpu=/")
	d.exec(2, 0, boxText)
	if got, want := d.answer(), "U0 root, U101 nginx, G102 web"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d.settled()
	d.exec(3, 101, boxText)
	d.exec(3, 0, boxText)
	if n := d.reads(); n != 1 {
		t.Errorf("%d readings of what is known", n)
	}
	d.exec(4, 77, boxText)
	if got := d.answer(); !strings.Contains(got, "nginx") || d.reads() != 2 {
		t.Errorf("a new number: %s, %d readings", got, d.reads())
	}
	d.settled()
	d.exec(5, 77, boxText)
	if n := d.reads(); n != 2 {
		t.Errorf("%d readings of a number without a name", n)
	}
}

// TestOwnersLate: before its root is the container's own there is nothing to tell; one that is gone has root alone; one that changes hands is not read.
func TestOwnersLate(t *testing.T) {
	errs := []error{proc.ErrSameRoot, fs.ErrNotExist, fs.ErrNotExist, nil}
	d := newDesk(t, func(int, uint32) (*proc.Owners, error) {
		err := errs[0]
		errs = errs[1:]
		return boxUsers, err
	})
	d.begin(&event.Snapshot{}, 5)
	for i, want := range []string{"", "U0 root, G0 root", "", "U0 root, U101 nginx, G102 web"} {
		d.exec(int64(i), 0, boxText)
		if got := d.answer(); got != want {
			t.Errorf("answer %d: %q, want %q", i, got, want)
		}
		d.settled()
	}
	other := newDesk(t, func(int, uint32) (*proc.Owners, error) { return boxUsers, nil })
	other.of = func(int) string { return "another" }
	other.begin(&event.Snapshot{}, 5)
	other.exec(1, 0, boxText)
	if got := other.answer(); got != "U0 root, G0 root" {
		t.Errorf("another's: %q", got)
	}
}

// TestOwnersStart: containers of the snapshot are told of before the first event, by the first process that can be read.
func TestOwnersStart(t *testing.T) {
	d := newDesk(t, func(pid int, _ uint32) (*proc.Owners, error) {
		if pid == 10 {
			return nil, proc.ErrSameRoot
		}
		return boxUsers, nil
	})
	s := &event.Snapshot{}
	for _, pid := range []int64{9, 10, 11, 12} {
		s.Threads = append(s.Threads, &event.Thread{TID: pid, PID: pid, Cgroups: boxText})
	}
	s.Threads[0].Cgroups = "cpu=/"
	for _, rec := range d.begin(s, 5) {
		d.tell(rec)
	}
	d.told <- "."
	if got := d.answer(); got != "U0 root, U101 nginx, G102 web" || fmt.Sprint(d.pids) != "[10 11]" {
		t.Errorf("%s of %v", got, d.pids)
	}
}

// TestOwnersHang: files that are never delivered cost the worker a second each, and after a few nothing is read any more.
func TestOwnersHang(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	d := newDesk(t, func(int, uint32) (*proc.Owners, error) {
		<-never
		return nil, errors.New("late")
	})
	for i := range 2 * ownerStuck {
		c := d.meet(fmt.Sprintf("cpu=/docker/%064x", i))
		begin := time.Now()
		d.learn(ownerAsk{c, i, 0}, 1)
		if took := time.Since(begin); took > 3*ownerWait || i >= ownerStuck && took > ownerWait/2 {
			t.Errorf("reading %d took %v", i, took)
		}
	}
	if n := d.reads(); n != ownerStuck {
		t.Errorf("%d readings", n)
	}
}

// TestOwnersBounded: what is remembered stays bounded, and events of known containers cost no memory.
func TestOwnersBounded(t *testing.T) {
	d := newDesk(t, func(int, uint32) (*proc.Owners, error) { return boxUsers, nil })
	for i := range 2*maxOwnersOf + 10 {
		d.meet(fmt.Sprintf("cpu=/docker/%064x", i))
	}
	if len(d.byText) > maxOwnersOf || len(d.byID) > maxOwnersOf {
		t.Errorf("%d texts, %d containers", len(d.byText), len(d.byID))
	}
}
