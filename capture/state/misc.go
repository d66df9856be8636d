package state

import "scry/capture/event"

func onChdir(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil || !ev.Has(1) {
		return
	}
	t.setCwd(th, ev.Text(1))
}

func onFchdir(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil || ev.FD == nil || ev.FD.Name == "" {
		return
	}
	t.setCwd(th, ev.FD.Name)
}

func onGetcwd(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	if p := ev.Text(1); len(p) > 0 && p[0] == '/' {
		t.setCwd(th, p)
	}
}

func onChroot(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil || !ev.Has(1) {
		return
	}
	th.Root = t.join2(th.cwd(), ev.Text(1))
	if th.Container == nil {
		t.contain(th)
	}
}

func onSetsid(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); ok && res >= 0 && th != nil {
		th.SID = res
	}
}

// onSetpgid moves a process to another group. The numbers are of the caller's pid namespace: in the host's they are pgid as well.
func onSetpgid(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res != 0 || th == nil {
		return
	}
	pid, ok1 := ev.Int(1)
	pgid, ok2 := ev.Int(2)
	if !ok1 || !ok2 {
		en := t.enterOf(th)
		if en == nil {
			return
		}
		pid, _ = en.Int(0)
		pgid, _ = en.Int(1)
	}
	hosted := th.VTID == -1 || th.VTID == th.TID
	target := th
	if pid != 0 && pid != th.VPID && pid != th.PID {
		if target = nil; hosted {
			target = t.find(pid)
		}
	} else if th.leader != nil {
		target = th.leader
	}
	if target == nil {
		return
	}
	if pgid == 0 {
		pgid = target.VPID
		if pgid == -1 {
			pgid = target.PID
		}
	}
	target.VPGID = pgid
	if hosted {
		target.PGID = pgid
	}
}

const prSetName = 15

// onPrctl takes the new name of a thread (PR_SET_NAME).
func onPrctl(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	if opt, ok := ev.Uint(1); ok && opt == prSetName && ev.Has(2) {
		th.Comm = t.text(ev.Param(2))
	}
}

// idParam is the effective id of the set*id family: parameter i of the exit, or j of the enter in old captures.
func (t *Tables) idParam(ev *event.Event, th *thread, i, j int) (uint32, bool) {
	if v, ok := ev.Uint(i); ok {
		return uint32(v), true
	}
	if en := t.enterOf(th); en != nil {
		if v, ok := en.Uint(j); ok {
			return uint32(v), true
		}
	}
	return 0, false
}

func idPlace(t event.Type) (exit, enter int) {
	switch t {
	case event.SetuidX, event.SetgidX:
		return 1, 0
	}
	return 2, 1 // ruid, euid: the effective one
}

func onSetuid(t *Tables, ev *event.Event, th *thread) {
	if id, ok := t.newID(ev, th); ok {
		th.UID = id
	}
}

func onSetgid(t *Tables, ev *event.Event, th *thread) {
	if id, ok := t.newID(ev, th); ok {
		th.GID = id
	}
}

// newID is the effective id that a call of the set*id family gave to th; false when it failed or left the id as it was.
func (t *Tables) newID(ev *event.Event, th *thread) (id uint32, ok bool) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return 0, false
	}
	i, j := idPlace(ev.Type)
	id, ok = t.idParam(ev, th, i, j)
	return id, ok && id != event.NoID
}

func onCapset(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	setUint64(&th.CapInheritable, ev, 1)
	setUint64(&th.CapPermitted, ev, 2)
	setUint64(&th.CapEff, ev, 3)
}

const cloneNewUser = 0x100000

// allCaps is every capability up to CAP_CHECKPOINT_RESTORE.
const allCaps = 1<<41 - 1

// onNamespaces: a process that enters a new user namespace has every capability there.
func onNamespaces(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	i, j := 1, 0
	if ev.Type == event.SetnsX {
		i, j = 2, 1
	}
	flags := uint32Of(ev, i)
	if !ev.Has(i) {
		if en := t.enterOf(th); en != nil {
			flags = uint32Of(en, j)
		}
	}
	if flags&cloneNewUser != 0 {
		th.CapInheritable, th.CapPermitted, th.CapEff = allCaps, allCaps, allCaps
	}
}

const rlimitNofile = 7

func onRlimit(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	resource := uint32Of(ev, 3)
	if !ev.Has(3) {
		if en := t.enterOf(th); en != nil {
			resource = uint32Of(en, 0)
		}
	}
	if resource == rlimitNofile {
		th.setFDLimit(ev, 1)
	}
}

func onPrlimit(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	pid, _ := ev.Int(5)
	resource := uint32Of(ev, 6)
	if !ev.Has(6) {
		en := t.enterOf(th)
		if en == nil {
			return
		}
		pid, _ = en.Int(0)
		resource = uint32Of(en, 1)
	}
	if resource != rlimitNofile {
		return
	}
	target := th
	if pid != 0 && pid != th.PID {
		if target = t.find(pid); target == nil {
			return
		}
	}
	if cur, ok := ev.Int(1); ok && cur != -1 {
		target.setFDLimit(ev, 1)
	}
}

// setFDLimit takes the process's limit of open descriptors from parameter i.
func (th *thread) setFDLimit(ev *event.Event, i int) {
	v, ok := ev.Int(i)
	if !ok {
		return
	}
	if th.leader != nil {
		th.leader.FDLimit = v
	}
	th.FDLimit = v
}

// onMemory takes the process's memory from the calls that change it.
func onMemory(t *Tables, ev *event.Event, th *thread) {
	if th == nil {
		return
	}
	if th.leader != nil {
		th = th.leader
	}
	setUint32(&th.VMSize, ev, 1)
	setUint32(&th.VMRSS, ev, 2)
	setUint32(&th.VMSwap, ev, 3)
}

// onSwitch credits the time since the last switch on this CPU to the thread that leaves it.
func onSwitch(t *Tables, ev *event.Event, th *thread) {
	for len(t.cpus) <= int(ev.CPU) {
		t.cpus = append(t.cpus, 0)
	}
	last := t.cpus[ev.CPU]
	t.cpus[ev.CPU] = ev.TS
	if last != 0 && ev.TS > last {
		ev.OnCPU = ev.TS - last
	}
	if th == nil {
		return
	}
	th.ExecTime += ev.OnCPU
	if ev.Type != event.SchedswitchV6E {
		return
	}
	setUint64(&th.PFMajor, ev, 1)
	setUint64(&th.PFMinor, ev, 2)
	l := th
	if th.leader != nil {
		l = th.leader
	}
	setUint32(&l.VMSize, ev, 3)
	setUint32(&l.VMRSS, ev, 4)
	setUint32(&l.VMSwap, ev, 5)
}

// onProcinfo takes a thread's CPU time, which the recorder reads once a second: jiffies of a hundredth of a second in user and in system
// mode, so that a difference is a percentage.
func onProcinfo(t *Tables, ev *event.Event, th *thread) {
	if th == nil {
		return
	}
	user, ok1 := ev.Uint(0)
	sys, ok2 := ev.Uint(1)
	if !ok1 || !ok2 {
		return
	}
	th.CPUUser, th.CPUSystem = 0, 0
	if th.cpuSeen {
		th.CPUUser = percent(user, th.jiffies[0])
		th.CPUSystem = percent(sys, th.jiffies[1])
	}
	th.jiffies, th.cpuSeen = [2]uint64{user, sys}, true
}

func percent(now, before uint64) float64 {
	if now <= before {
		return 0
	}
	return min(float64(now-before), 100)
}
