package state

import (
	"slices"
	"strings"
	"testing"

	"scry/capture/event"
)

const badFD = -9

// TestOpen: the name is where the call starts from and what it was given.
func TestOpen(t *testing.T) {
	const cwd = event.AtFDCWD
	cases := []struct {
		name string
		x    event.Type
		args []any
		want string
	}{
		{"absolute", event.OpenX, []any{7, "/etc/../tmp//a/", 1, 0, 8, 9}, "/tmp/a"},
		{"relative", event.OpenX, []any{7, "a", 1, 0, 8, 9}, "/root/a"},
		{"up", event.OpenX, []any{7, "../../../a", 1, 0, 8, 9}, "/a"},
		{"creat", event.CreatX, []any{7, "a", 0, 8, 9}, "/root/a"},
		{"openat", event.OpenatV2X, []any{7, cwd, "a", 1, 0, 8, 9}, "/root/a"},
		{"openat dirfd", event.OpenatV2X, []any{7, 4, "a", 1, 0, 8, 9}, "/var/log/a"},
		{"openat unknown", event.OpenatV2X, []any{7, 66, "a", 1, 0, 8, 9}, "<UNKNOWN>/a"},
		{"openat absolute", event.OpenatV2X, []any{7, 66, "/a", 1, 0, 8, 9}, "/a"},
		{"openat2", event.Openat2X, []any{7, 4, "a", 1, 0, 0, 8, 9}, "/var/log/a"},
		{"by handle", event.OpenByHandleAtX, []any{7, 4, 1, "/mnt/a", 8, 9}, "/mnt/a"},
		{"long", event.OpenX, []any{7, strings.Repeat("/a", 600), 1, 0, 8, 9}, "/DIR_TOO_LONG/FILENAME_TOO_LONG"},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		ev := w.do(100, c.x, c.args...)
		fd := w.fd(100, 7)
		if ev.FD != fd || ev.FDNum != 7 || fd.Name != c.want || fd.Type != event.FDFileV2 || fd.Dev != 8 || fd.Ino != 9 || !fd.Renamed {
			t.Errorf("%s: %+v, want %s", c.name, *fd, c.want)
		}
		c.args[0] = -2
		w = newWorld(t, shell())
		if ev := w.do(100, c.x, c.args...); ev.FD != nil || ev.Errno != 2 || w.thread(100).FDs.Len() != 4 {
			t.Errorf("%s: a failed call opened %+v", c.name, ev.FD)
		}
	}
}

// TestOpenEnter: the enter's path wins: by the exit another thread may have changed it. Old exits have nothing else.
func TestOpenEnter(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.OpenE, "/good", 1, 0)
	w.do(100, event.OpenX, 7, "/evil", 1, 0, 8, 9)
	w.do(100, event.CreatE, "/good", 0)
	w.do(100, event.CreatX, 8, "/evil", 0, 8, 9)
	w.do(100, event.OpenatV2E, 4, "good", 1, 0)
	w.do(100, event.OpenatV2X, 9, 4, "evil", 1, 0, 8, 9)
	w.do(100, event.OpenatE, 4, "good", 1<<10, 0)
	w.do(100, event.OpenatX, 10)
	for n, want := range map[int64]string{7: "/good", 8: "/good", 9: "/var/log/good", 10: "/var/log/good"} {
		if got := w.fd(100, n).Name; got != want {
			t.Errorf("descriptor %d: %s, want %s", n, got, want)
		}
	}
	if w.fd(100, 10).Type != event.FDDirectory {
		t.Errorf("O_DIRECTORY made a file")
	}
	w.do(100, event.OpenE, "<NA>", 1, 0)
	w.do(100, event.OpenX, 7, "/exit", 1, 0, 8, 9)
	if got := w.fd(100, 7).Name; got != "/exit" {
		t.Errorf("an enter without a path: %s", got)
	}
	w.do(100, event.OpenE, "/"+strings.Repeat("x", maxEnter), 1, 0)
	w.do(100, event.OpenX, 7, "/exit2", 1, 0, 8, 9)
	if got := w.fd(100, 7).Name; got != "/exit2" {
		t.Errorf("an enter that is too long: %s", got)
	}
}

// TestClose: a descriptor goes with the event after its close, which still has it.
func TestClose(t *testing.T) {
	for _, enter := range []bool{true, false} {
		w := newWorld(t, shell())
		if enter {
			w.do(100, event.CloseE, 3)
		}
		if ev := w.do(100, event.CloseX, 0, 3); ev.FD == nil || ev.FD.Name != "/etc/passwd" || ev.FDNum != 3 {
			t.Errorf("close has %+v", ev.FD)
		}
		w.do(100, event.GenericX, 1, 1)
		if w.thread(100).FDs.Get(3) != nil {
			t.Errorf("still there after the next event")
		}
	}
	w := newWorld(t, shell())
	w.do(100, event.CloseX, -5, 3)
	w.do(100, event.GenericX, 1, 1)
	if w.fd(100, 3).Name != "/etc/passwd" {
		t.Errorf("a failed close closed")
	}
	w.do(100, event.CloseX, badFD, 33)
	w.do(100, event.CloseX, 0, 3)
	w.do(101, event.OpenX, 3, "/new", 1, 0, 0, 0)
	if got := w.fd(100, 3); got.Name != "/new" || got.Closing {
		t.Errorf("the number again: %+v", *got)
	}
	w.do(101, event.GenericX, 1, 1)
	if got := w.fd(100, 3); got.Name != "/new" {
		t.Errorf("the number again, later: %+v", *got)
	}
}

func TestCloseRange(t *testing.T) {
	left := func(th *event.Thread) (out []int64) {
		for fd := range th.FDs.All() {
			out = append(out, fd.Num)
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		args      []any
		want      []int64
		afterExec []int64
	}{
		{[]any{0, 3, 4, 0}, []int64{0, 5, 2000}, []int64{0, 2000}},
		{[]any{0, 3, -1, 0}, []int64{0}, []int64{0}},
		{[]any{0, 3, 4, closeRangeCloexec}, []int64{0, 3, 4, 5, 2000}, []int64{0, 2000}},
		{[]any{-22, 3, 4, 0}, []int64{0, 3, 4, 5, 2000}, []int64{0, 3, 4, 2000}},
	} {
		w := newWorld(t, shell())
		w.do(100, event.OpenX, 2000, "/far", 1, 0, 0, 0)
		w.do(100, event.CloseRangeX, c.args...)
		if got := left(w.thread(100)); !slices.Equal(got, c.want) {
			t.Errorf("close_range%v leaves %v, want %v", c.args, got, c.want)
		}
		w.do(100, event.ExecveV19X, program(100, 100, 1, nil)...)
		if got := left(w.thread(100)); !slices.Equal(got, c.afterExec) {
			t.Errorf("close_range%v and exec leave %v, want %v", c.args, got, c.afterExec)
		}
	}
}

// TestDup: the copy has the name; close-on-exec is its own.
func TestDup(t *testing.T) {
	cases := []struct {
		name    string
		enter   event.Type
		eargs   []any
		x       event.Type
		args    []any
		cloexec bool
	}{
		{"dup", 0, nil, event.DupV1X, []any{7, 5}, false},
		{"dup of old", event.DupE, []any{5}, event.DupX, []any{7}, false},
		{"dup2", 0, nil, event.Dup2X, []any{7, 5, 7}, false},
		{"dup3", 0, nil, event.Dup3X, []any{7, 5, 7, 0}, false},
		{"dup3 O_CLOEXEC", 0, nil, event.Dup3X, []any{7, 5, 7, oCloexec}, true},
		{"F_DUPFD", 0, nil, event.FcntlX, []any{7, 5, fDupFD, 0}, false},
		{"F_DUPFD of old", event.FcntlE, []any{5, fDupFD}, event.FcntlX, []any{7}, false},
		{"F_DUPFD_CLOEXEC", 0, nil, event.FcntlX, []any{7, 5, fDupFDCloexec, 0}, true},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		w.do(100, event.OpenX, 7, "/before", 1, 0, 0, 0)
		if c.enter != 0 {
			w.do(100, c.enter, c.eargs...)
		}
		ev := w.do(100, c.x, c.args...)
		fd := w.fd(100, 7)
		if fd.Name != "/run/lock" || fd.Num != 7 || fd.CloseExec != c.cloexec || ev.FD != fd || w.fd(100, 5) == fd || !w.fd(100, 5).CloseExec {
			t.Errorf("%s: %+v", c.name, *fd)
		}
		if c.args[0] = badFD; c.enter == 0 {
			w = newWorld(t, shell())
			if w.do(100, c.x, c.args...); w.thread(100).FDs.Get(7) != nil {
				t.Errorf("%s: a failed call made a descriptor", c.name)
			}
		}
	}
}

// TestSetFD: F_SETFD decides what an exec closes; other commands with a result above -1 do not.
func TestSetFD(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.FcntlX, 0, 3, fSetFD, fdCloexec)
	w.do(100, event.FcntlX, 0, 5, fSetFD, 0)
	w.do(100, event.FcntlX, 0, 4, 5, 1)
	w.do(100, event.FcntlX, badFD, 0, fSetFD, fdCloexec)
	w.do(100, event.ExecveV19X, program(100, 100, 1, nil)...)
	for n, want := range map[int64]bool{0: true, 3: false, 4: true, 5: true} {
		if got := w.thread(100).FDs.Get(n) != nil; got != want {
			t.Errorf("descriptor %d is there: %v", n, got)
		}
	}
}

// TestPipeRoles: a shell's redirections mark which end of a pipe a process is.
func TestPipeRoles(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.Dup2X, 1, 3, 1)
	w.do(100, event.Dup2X, 0, 4, 0)
	if !w.fd(100, 1).PipeSrc || w.fd(100, 1).PipeDst || !w.fd(100, 0).PipeDst {
		t.Errorf("%+v, %+v", *w.fd(100, 0), *w.fd(100, 1))
	}
}

// TestNewFDs: calls whose result is a descriptor.
func TestNewFDs(t *testing.T) {
	cases := []struct {
		x    event.Type
		args []any
		typ  event.FDType
		name string
		exec bool // closed by an exec
	}{
		{event.EventfdX, []any{7, 0, 0}, event.FDEventFD, "", false},
		{event.Eventfd2X, []any{7, 0, 0}, event.FDEventFD, "", false},
		{event.SignalfdX, []any{7, -1, 0, 0}, event.FDSignalFD, "", false},
		{event.Signalfd4X, []any{7, 0, -1, 0}, event.FDSignalFD, "", false},
		{event.TimerfdCreateX, []any{7, 0, 0}, event.FDTimerFD, "", false},
		{event.InotifyInitX, []any{7, 0}, event.FDInotify, "", false},
		{event.InotifyInit1X, []any{7, 0}, event.FDInotify, "", false},
		{event.EpollCreateX, []any{7, 1}, event.FDEventPoll, "", false},
		{event.EpollCreate1X, []any{7, 0}, event.FDEventPoll, "", false},
		{event.IoUringSetupX, []any{7, 8}, event.FDIOURing, "", true},
		{event.UserfaultfdX, []any{7, 0}, event.FDUserFault, "", false},
		{event.BpfV2X, []any{7, 5}, event.FDBPF, "", true},
		{event.MemfdCreateX, []any{7, "anon", 0}, event.FDMemFD, "anon", false},
		{event.PidfdOpenX, []any{7, 101, 0}, event.FDPIDFD, "/proc/101", true},
		{event.Eventfd2X, []any{7, 0x1000, 0}, event.FDEventFD, "", true},
		{event.Signalfd4X, []any{7, 0x1000, -1, 0}, event.FDSignalFD, "", true},
		{event.InotifyInit1X, []any{7, 0x1000}, event.FDInotify, "", true},
		{event.UserfaultfdX, []any{7, 0x1000}, event.FDUserFault, "", true},
		{event.EpollCreate1X, []any{7, 1}, event.FDEventPoll, "", true},
		{event.MemfdCreateX, []any{7, "anon", 1}, event.FDMemFD, "anon", true},
		{event.SocketX, []any{7, int(event.AFNetlink), 3, 0}, event.FDNetlink, "", false},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		ev := w.do(100, c.x, c.args...)
		fd := w.fd(100, 7)
		if fd.Type != c.typ || fd.Name != c.name || ev.FD != fd || ev.FDNum != 7 {
			t.Errorf("%s: %+v", c.x, *fd)
		}
		if fd.CloseExec != c.exec {
			t.Errorf("%s %v: close-on-exec is %v", c.x, c.args, fd.CloseExec)
		}
		c.args[0] = badFD
		if w.do(100, c.x, c.args...); w.thread(100).FDs.Len() != 5 {
			t.Errorf("%s: a failed call made a descriptor", c.x)
		}
	}
	w := newWorld(t, shell())
	w.do(100, event.BpfV2X, 0, 2)
	w.do(100, event.BpfV2X, 7, 0)
	if got := w.fd(100, 0).Name; got != "/dev/null" || w.thread(100).FDs.Get(7) != nil {
		t.Errorf("bpf commands without a descriptor made one")
	}
}

func TestPipe(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.PipeX, 0, 7, 8, 55)
	w.do(100, event.Pipe2X, 0, 9, 10, 56, oCloexec)
	w.do(100, event.PipeX, -24, 11, 12, 57)
	for n, ino := range map[int64]uint64{7: 55, 8: 55, 9: 56, 10: 56} {
		if fd := w.fd(100, n); fd.Type != event.FDFIFO || fd.Ino != ino || fd.CloseExec != (n > 8) {
			t.Errorf("%+v", *fd)
		}
	}
	if w.thread(100).FDs.Get(11) != nil {
		t.Errorf("a failed pipe made descriptors")
	}
}

// TestPidfdGetfd copies a descriptor of another process.
func TestPidfdGetfd(t *testing.T) {
	w := newWorld(t, shell())
	b := birth{child: 200, pid: 200, ptid: 100}
	w.do(200, event.ForkV20X, b.inChild()...)
	w.do(200, event.OpenX, 9, "/secret", 1, 0, 0, 0)
	w.do(100, event.PidfdOpenX, 7, 200, 0)
	w.do(100, event.PidfdGetfdX, 8, 7, 9, 0)
	if got := w.fd(100, 8); got.Name != "/secret" || got == w.fd(200, 9) {
		t.Errorf("%+v", *got)
	}
	w.do(100, event.PidfdGetfdX, 10, 66, 9, 0)
	w.do(100, event.PidfdGetfdX, 10, 7, 66, 0)
	if w.thread(100).FDs.Get(10) != nil {
		t.Errorf("a descriptor of nobody")
	}
}

func TestChdir(t *testing.T) {
	w := newWorld(t, shell())
	step := func(want string, x event.Type, args ...any) {
		t.Helper()
		w.do(101, x, args...)
		if got := w.thread(100).Cwd; got != want {
			t.Errorf("%s%v: %q, want %q", x, args, got, want)
		}
	}
	step("/tmp/", event.ChdirX, 0, "/tmp")
	step("/tmp/a/", event.ChdirX, 0, "a/b/..")
	step("/tmp/a/", event.ChdirX, -2, "/nowhere")
	step("/", event.ChdirX, 0, "../../..")
	step("/var/log/", event.FchdirX, 0, 4)
	step("/var/log/", event.FchdirX, 0, 66)
	step("/var/log/", event.FchdirX, badFD, 3)
	step("/srv/", event.GetcwdX, 5, "/srv")
	step("/srv/", event.GetcwdX, 5, "(unreachable)/x")
	w.do(101, event.FchdirE, 4)
	step("/var/log/", event.FchdirX, 0)
}
