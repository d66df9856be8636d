package state

import (
	"strconv"

	"scry/capture/event"
)

// Open flags as records have them (TabFileFlags).
const (
	oDirectory = 1 << 10
	oCloexec   = 1 << 12
)

func onOpen(t *Tables, ev *event.Event, th *thread) {
	name, flags := ev.Text(1), uint32Of(ev, 2)
	if en := t.enterOf(th); en != nil && en.Has(0) {
		// The enter's name is what the call was made with; by the exit another thread may have changed it.
		if s := en.Text(0); s != "<NA>" {
			name = s
		}
	}
	t.opened(ev, th, cwdOf(th), name, flags, 4, 5)
}

func onCreat(t *Tables, ev *event.Event, th *thread) {
	name := ev.Text(1)
	if en := t.enterOf(th); en != nil && en.Has(0) {
		if s := en.Text(0); s != "<NA>" {
			name = s
		}
	}
	t.opened(ev, th, cwdOf(th), name, 0, 3, 4)
}

func onOpenatOld(t *Tables, ev *event.Event, th *thread) {
	en := t.enterOf(th)
	if en == nil || th == nil {
		return
	}
	dirfd, _ := en.Int(0)
	name := en.Text(1)
	t.opened(ev, th, t.dirOf(th, dirfd, name), name, uint32Of(en, 2), -1, -1)
}

// onOpenat takes openat (fd dirfd name flags mode dev ino) and openat2 (with resolve before dev).
func onOpenat(t *Tables, ev *event.Event, th *thread) {
	if th == nil {
		return
	}
	dirfd, _ := ev.Int(1)
	name, flags := ev.Text(2), uint32Of(ev, 3)
	if en := t.enterOf(th); en != nil && en.Has(1) {
		if s := en.Text(1); s != "<NA>" {
			name = s
			dirfd, _ = en.Int(0)
		}
	}
	dev := 5
	if ev.Type == event.Openat2X {
		dev = 6
	}
	t.opened(ev, th, t.dirOf(th, dirfd, name), name, flags, dev, dev+1)
}

func onOpenByHandle(t *Tables, ev *event.Event, th *thread) {
	t.opened(ev, th, "", ev.Text(3), uint32Of(ev, 2), 4, 5)
}

// opened adds the file that a successful open made; dev and ino are parameter numbers, -1 for none.
func (t *Tables) opened(ev *event.Event, th *thread, dir, name string, flags uint32, dev, ino int) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	typ := event.FDFileV2
	if flags&oDirectory != 0 {
		typ = event.FDDirectory
	}
	fd := t.newFD(n, typ)
	fd.Flags = flags
	fd.CloseExec = flags&oCloexec != 0
	fd.Name = t.join2(dir, name)
	fd.RawName = t.intern(name)
	if dev >= 0 {
		setUint32(&fd.Dev, ev, dev)
		setUint64(&fd.Ino, ev, ino)
	}
	t.addFD(ev, th, fd)
}

func cwdOf(th *thread) string {
	if th == nil {
		return ""
	}
	return th.cwd()
}

func uint32Of(ev *event.Event, i int) uint32 {
	v, _ := ev.Uint(i)
	return uint32(v)
}

func onClose(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || ev.FD == nil || ev.Reused {
		return
	}
	if th.matched && th.gen != ev.FD.Gen {
		return // opened by another thread in the meantime: the number is free before the call returns
	}
	ev.FD.Closing = true
	t.closing, t.closeIn = ev.FD, th
}

// Flags of close_range.
const closeRangeCloexec = 4

func onCloseRange(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil || th.FDs == nil {
		return
	}
	first, _ := ev.Uint(1)
	last, _ := ev.Uint(2)
	flags := uint32Of(ev, 3)
	for fd := range th.FDs.All() {
		if n := uint64(fd.Num); n < first || n > last {
			continue
		}
		if flags&closeRangeCloexec != 0 {
			setCloseExec(fd, true)
			continue
		}
		t.deleteFD(th.FDs, fd)
	}
}

// onDup takes dup, dup2 and dup3: the new descriptor is a copy. Old exits have only the result, the source is the enter's.
func onDup(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	src := ev.FD
	if ev.Has(1) {
		old, _ := ev.Int(1)
		src = t.fdOf(th, old)
	}
	cloexec := ev.Type == event.Dup3X && uint32Of(ev, 3)&oCloexec != 0
	t.duplicate(ev, th, src, n, cloexec)
}

func (t *Tables) duplicate(ev *event.Event, th *thread, src *event.FD, n int64, cloexec bool) {
	if src == nil {
		return
	}
	switch n {
	case 0:
		src.PipeDst = true
	case 1:
		src.PipeSrc = true
	}
	fd := t.newFD(n, src.Type)
	gen := fd.Gen
	*fd = *src
	fd.Num, fd.Closing, fd.Gen = n, false, gen
	setCloseExec(fd, cloexec)
	t.addFD(ev, th, fd)
}

// setCloseExec marks fd, also in the open flags: these are what a capture file keeps.
func setCloseExec(fd *event.FD, on bool) {
	fd.CloseExec = on
	fd.Flags &^= oCloexec
	if on {
		fd.Flags |= oCloexec
	}
}

// Flags of memfd_create and commands of fcntl (TabFcntlCommands). The only descriptor flag is FD_CLOEXEC.
const (
	mfdCloexec    = 1
	fDupFD        = 1
	fSetFD        = 3
	fDupFDCloexec = 26
	fdCloexec     = 1
)

func onFcntl(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	cmd := uint32(0)
	if ev.Has(2) {
		cmd = uint32Of(ev, 2)
	} else if en := t.enterOf(th); en != nil {
		cmd = uint32Of(en, 1)
	}
	switch cmd {
	case fDupFD, fDupFDCloexec:
		t.duplicate(ev, th, ev.FD, n, cmd == fDupFDCloexec)
	case fSetFD:
		if arg, ok := ev.Uint(3); ok && ev.FD != nil { // old records do not have it
			setCloseExec(ev.FD, arg&fdCloexec != 0)
		}
	}
}

// Copied is the descriptor that ev made as a copy of another, with a number that was free; false when it is no such event. Old records of fcntl do
// not have their command: they are none.
func Copied(ev *event.Event) (n int64, ok bool) {
	switch ev.Type {
	case event.DupX, event.DupV1X:
	case event.FcntlX:
		if cmd := uint32Of(ev, 2); cmd != fDupFD && cmd != fDupFDCloexec {
			return 0, false
		}
	default:
		return 0, false
	}
	n, ok = ev.Int(0)
	return n, ok && n >= 0
}

func onPipe(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	for i := 1; i <= 2; i++ {
		n, ok := ev.Int(i)
		if !ok {
			return
		}
		fd := t.newFD(n, event.FDFIFO)
		setUint64(&fd.Ino, ev, 3)
		if ev.Type == event.Pipe2X {
			fd.Flags = uint32Of(ev, 4)
			fd.CloseExec = fd.Flags&oCloexec != 0
		}
		t.addFD(ev, th, fd)
	}
}

// onNewFD takes the calls whose result is a new descriptor without a name.
func onNewFD(typ event.FDType) handler {
	return func(t *Tables, ev *event.Event, th *thread) {
		n, ok := ev.Int(0)
		if !ok || n < 0 || th == nil {
			return
		}
		if ev.Type == event.BpfV2X {
			// Only some commands make a descriptor; a zero result is a plain success.
			if cmd, _ := ev.Uint(1); n == 0 || cmd == 0 {
				return
			}
		}
		fd := t.newFD(n, typ)
		setCloseExec(fd, bornCloexec(ev))
		t.addFD(ev, th, fd)
	}
}

// bornCloexec tells whether the call makes its descriptor close-on-exec: some always do (kernel: anon_inode_getfd with O_CLOEXEC), the others
// when their flags say so. Recorders translate the flags of all but epoll and memfd to those of open.
func bornCloexec(ev *event.Event) bool {
	switch ev.Type {
	case event.IoUringSetupX, event.BpfV2X, event.PidfdOpenX:
		return true
	case event.Eventfd2X, event.Signalfd4X, event.InotifyInit1X, event.UserfaultfdX:
		return uint32Of(ev, 1)&oCloexec != 0
	case event.EpollCreate1X:
		return uint32Of(ev, 1)&1 != 0 // EPOLL_CLOEXEC
	case event.MemfdCreateX:
		return uint32Of(ev, 2)&mfdCloexec != 0
	}
	return false
}

func onMemfd(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	fd := t.newFD(n, event.FDMemFD)
	fd.Name = t.text(ev.Param(1))
	fd.RawName = fd.Name
	fd.Flags, fd.CloseExec = uint32Of(ev, 2), bornCloexec(ev)
	t.addFD(ev, th, fd)
}

func onPidfdOpen(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	fd := t.newFD(n, event.FDPIDFD)
	fd.PID, _ = ev.Int(1)
	fd.Flags, fd.CloseExec = uint32Of(ev, 2), bornCloexec(ev)
	t.scratch = strconv.AppendInt(append(t.scratch[:0], "/proc/"...), fd.PID, 10)
	fd.Name = t.text(t.scratch)
	t.addFD(ev, th, fd)
}

// onPidfdGetfd copies a descriptor of the process that a pidfd refers to.
func onPidfdGetfd(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	pidfd, _ := ev.Int(1)
	target, _ := ev.Int(2)
	p := t.fdOf(th, pidfd)
	if p == nil {
		return
	}
	other := t.find(p.PID)
	if other == nil {
		return
	}
	if src := t.fdOf(other, target); src != nil {
		t.duplicate(ev, th, src, n, true)
	}
}
