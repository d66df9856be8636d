package state

import (
	"strings"

	"scry/capture/event"
)

// Parameters of EXECVE_19_X and EXECVEAT_X behind the ones that all versions share (res exe args tid pid ptid cwd fdlimit, then faults
// and memory from version 13, comm from 14, cgroups and env from 15, tty from 16).
const (
	execTTY = 16 + iota
	execVPGID
	execLoginUID
	execFlags
	execCapInheritable
	execCapPermitted
	execCapEffective
	execIno
	execCtime
	execMtime
	execUID
	execTrustedPath
	execPGID
	execGID
)

// Bits of the flags parameter (TabExecveFlags).
const (
	exeWritable   = 1
	exeUpperLayer = 2
	exeFromMemfd  = 4
	exeLowerLayer = 8
)

// onExec takes a successful exec: a new program in the same process.
func onExec(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	if th.Invalid {
		setInt64(&th.PTID, ev, 5)
		if pid, ok := ev.Int(4); ok {
			th.PID = pid
		}
		th.Invalid = false
		if th.PID != th.TID && t.find(th.PID) != nil {
			t.leave(th)
		}
		t.join(th)
		t.adopt(th)
	}
	if th.Dead && th.leader == th {
		// Another thread of the group made the call: the main one ended, and lives on as the new program.
		th.Dead = false
		th.members++
	}
	t.endThreads(th)
	if th.leaveFDs() {
		th.FDs = t.cloneFDs(th.FDs) // the new program does not share
		if th.leader != nil {
			th.leader.FDs = th.FDs
		}
	}
	t.set(&th.Exe, ev, 1)
	if !t.setList(&th.Args, ev, 2) {
		th.Args = ""
	}
	setInt64(&th.FDLimit, ev, 7)
	setUint64(&th.PFMajor, ev, 8)
	setUint64(&th.PFMinor, ev, 9)
	setUint32(&th.VMSize, ev, 10)
	setUint32(&th.VMRSS, ev, 11)
	setUint32(&th.VMSwap, ev, 12)
	if !t.set(&th.Comm, ev, commParam(ev.Type)) {
		th.Comm = th.Exe
	}
	t.execEnvironment(ev, th)
	if ev.Type == event.ExecveV19X || ev.Type == event.ExecveatX {
		t.execIdentity(ev, th)
	}
	t.execPath(ev, th)
	t.closeOnExec(th)
	th.Flags = th.Flags&cloneInverted | nameChanged
}

func commParam(t event.Type) int {
	switch t {
	case event.ExecveV8X, event.ExecveV13X:
		return -1
	}
	return 13
}

// execEnvironment takes cgroups and environment, whose places moved between versions.
func (t *Tables) execEnvironment(ev *event.Event, th *thread) {
	switch ev.Type {
	case event.ExecveV8X, event.ExecveV13X:
	case event.ExecveV14X:
		t.setList(&th.Env, ev, 14)
	default:
		moved := t.setList(&th.Cgroups, ev, 14)
		t.setList(&th.Env, ev, 15)
		if pod := rktPod(&th.Thread); pod != "" {
			th.pod = pod
		}
		if moved || th.pod != "" {
			t.contain(th)
		}
	}
}

func (t *Tables) execIdentity(ev *event.Event, th *thread) {
	setUint32(&th.TTY, ev, execTTY)
	setInt64(&th.VPGID, ev, execVPGID)
	setUint32(&th.LoginUID, ev, execLoginUID)
	if f, ok := ev.Uint(execFlags); ok {
		th.ExeWritable, th.ExeUpper = f&exeWritable != 0, f&exeUpperLayer != 0
		th.Memf, th.ExeLower = f&exeFromMemfd != 0, f&exeLowerLayer != 0
	}
	setUint64(&th.CapInheritable, ev, execCapInheritable)
	setUint64(&th.CapPermitted, ev, execCapPermitted)
	setUint64(&th.CapEff, ev, execCapEffective)
	setUint64(&th.ExeIno, ev, execIno)
	setUint64(&th.ExeCtime, ev, execCtime)
	setUint64(&th.ExeMtime, ev, execMtime)
	setUint32(&th.UID, ev, execUID)
	setInt64(&th.PGID, ev, execPGID)
	setUint32(&th.GID, ev, execGID)
}

// execPath finds the full path of the program: what the kernel says when it does, else the path that the enter was given, joined with
// the directory that it is relative to.
func (t *Tables) execPath(ev *event.Event, th *thread) {
	if ev.Type == event.ExecveV19X || ev.Type == event.ExecveatX {
		if b := ev.Param(execTrustedPath); len(b) > 1 {
			th.ExePath = t.intern(strings.TrimSuffix(event.AliasText(b), " (deleted)"))
			return
		}
	}
	en := t.enterOf(th)
	if en == nil {
		return
	}
	var dir, path string
	switch en.Type {
	case event.ExecveatE:
		dirfd, _ := en.Int(0)
		path = en.Text(1)
		if flags, _ := en.Uint(2); path == "" || path == "<NA>" {
			// With AT_EMPTY_PATH the program is the descriptor itself.
			if fd := t.fdOf(th, dirfd); fd != nil && flags&1 != 0 {
				th.ExePath = fd.Name
			} else {
				th.ExePath = "<NA>"
			}
			return
		}
		dir = t.dirOf(th, dirfd, path)
	default:
		if !en.Has(0) {
			return
		}
		path, dir = en.Text(0), th.cwd()
	}
	if path == "<NA>" {
		th.ExePath = "<NA>"
		return
	}
	th.ExePath = t.join2(dir, path)
}

// endThreads removes the other threads of the group: an exec ends them.
func (t *Tables) endThreads(th *thread) {
	l := th.leader
	if l == nil || l.members <= 1 {
		return
	}
	for o := l.group; o != nil; {
		next := o.next
		if o != th {
			t.remove(o)
		}
		o = next
	}
	l.Threads = l.members
}

func (t *Tables) closeOnExec(th *thread) {
	if th.FDs == nil {
		return
	}
	for fd := range th.FDs.All() {
		if fd.CloseExec {
			t.deleteFD(th.FDs, fd)
		}
	}
}
