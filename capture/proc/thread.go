//go:build linux

package proc

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// tick is a clock tick of /proc in ns: USER_HZ is 100 on every architecture we build for (include/asm-generic/param.h).
const tick = 1e9 / 100

// process reads a process, its threads and its descriptors.
func (r *reader) process(pid int, fds bool) {
	name := strconv.Itoa(pid)
	dir, err := openDir(r.w.root, name)
	if err != nil {
		r.lost(err, name)
		return
	}
	defer unix.Close(dir)
	began := uint64(0)
	if r.now != nil {
		began = r.now()
	}
	l, st, err := r.leader(dir, pid)
	if err != nil {
		r.lost(err, name, "stat")
		return
	}
	alone := st.threads <= 1
	if st.ended && alone {
		r.report.Vanished++
		return
	}
	if l.Dead = st.ended; st.exiting && alone {
		r.exiting = append(r.exiting, exiting{l.PID, name + "/stat"})
	}
	r.threads = append(r.threads, l)
	if !alone {
		r.others(dir, l)
	}
	if fds && !st.kernel {
		r.descriptors(dir, pid)
	}
	if r.now != nil {
		r.spans[l.PID] = Span{began, r.now()}
	}
}

// others reads the threads of a process but its leader.
func (r *reader) others(dir int, l *event.Thread) {
	var err error
	if r.nums, err = r.numbers(dir, "task", r.nums[:0]); err != nil {
		r.denied(err, int(l.PID), "task")
	}
	for _, tid := range r.nums {
		if int64(tid) == l.PID {
			continue
		}
		if t, err := r.other(dir, l, tid); err != nil {
			r.lost(err, strconv.FormatInt(l.PID, 10), "task", strconv.Itoa(tid))
		} else {
			r.threads = append(r.threads, t)
		}
	}
}

// other reads a thread that is no leader. It shares the program, its arguments, directories and cgroups with the leader l; credentials
// and counters are its own.
func (r *reader) other(dir int, l *event.Thread, tid int) (*event.Thread, error) {
	t := new(event.Thread)
	*t = *l
	t.TID, t.Flags, t.Dead = int64(tid), l.Flags|cloneThread|cloneFiles, false
	sub := "task/" + strconv.Itoa(tid) + "/"
	st, err := r.stat(dir, sub+"stat", t)
	if err != nil {
		return nil, err
	}
	if st.ended {
		return nil, unix.ESRCH
	}
	if st.exiting {
		r.exiting = append(r.exiting, exiting{t.TID, strconv.FormatInt(l.PID, 10) + "/" + sub + "stat"})
	}
	if _, err := r.status(dir, sub+"status", t); err != nil {
		return nil, err
	}
	t.Start = l.Start
	return t, nil
}

// leader reads the main thread.
func (r *reader) leader(dir, pid int) (*event.Thread, stat, error) {
	t := &event.Thread{TID: int64(pid), PID: int64(pid), FDLimit: -1, LoginUID: event.NoID, PIDNSInitStart: r.w.boot}
	st, err := r.stat(dir, "stat", t)
	if err != nil {
		return nil, st, err
	}
	su, err := r.status(dir, "status", t)
	if err != nil {
		return nil, st, err
	}
	su.groups = bytes.Clone(su.groups)
	if t.Flags&inPIDNS != 0 {
		t.PIDNSInitStart = 0
		if b, err := r.readlink(dir, "ns/pid"); err == nil {
			t.PIDNSInitStart = bracketed(b) // until namespaceStarts
		} else {
			r.denied(err, pid, "ns/pid")
		}
	}
	t.FDLimit = r.fdLimit(dir, pid)
	if b, err := r.read(dir, "cgroup", maxArgs); err == nil {
		t.Cgroups = r.cgroupText(b)
	} else {
		r.denied(err, pid, "cgroup")
	}
	t.Cwd, t.Root = r.directory(dir, pid, "cwd"), r.target(dir, pid, "root")
	if st.kernel {
		return t, st, nil
	}
	if b, err := r.read(dir, "cmdline", maxArgs); err == nil {
		exe, args, _ := bytes.Cut(b, []byte{0})
		t.Exe, t.Args = r.text(exe), r.text(args)
	} else {
		r.denied(err, pid, "cmdline")
	}
	if b, err := r.read(dir, "environ", maxArgs); err == nil {
		t.Env = r.text(b)
	} else {
		r.denied(err, pid, "environ")
	}
	if b, err := r.read(dir, "loginuid", 32); err == nil {
		t.LoginUID = uint32(decimal(b))
	}
	r.executable(dir, pid, t, &su)
	return t, st, nil
}

// stat fills in what is in the file stat.
func (r *reader) stat(dir int, name string, t *event.Thread) (stat, error) {
	b, err := r.read(dir, name, 4096)
	if err != nil {
		return stat{}, err
	}
	s, ok := parseStat(b)
	if !ok {
		return s, unix.ESRCH // ended while it was read
	}
	t.Comm = r.text(s.comm)
	s.comm = nil
	t.PTID, t.PGID, t.VPGID, t.SID, t.TTY = s.ppid, s.pgrp, s.pgrp, s.session, s.tty
	t.PFMinor, t.PFMajor = s.minflt, s.majflt
	t.CloneTS = r.w.boot + s.start*tick
	t.Start = t.CloneTS
	return s, nil
}

// status fills in what is in the file status. The groups in the result are valid until the next read.
func (r *reader) status(dir int, name string, t *event.Thread) (status, error) {
	b, err := r.read(dir, name, len(r.buf))
	if err != nil {
		return status{}, err
	}
	s, ok := parseStatus(b)
	if !ok {
		return s, unix.ESRCH
	}
	t.UID, t.GID = s.uid, s.gid
	t.VMSize, t.VMRSS, t.VMSwap = s.size, s.rss, s.swap
	t.CapInheritable, t.CapPermitted, t.CapEff = s.inherit, s.permit, s.eff
	t.VTID, t.VPID = t.TID, t.PID
	if s.seenTID && s.seenPID { // since Linux 4.1
		t.VTID, t.VPID, t.VPGID = s.vtid, s.vpid, s.vpgid
	}
	if s.nested {
		t.Flags |= inPIDNS
	}
	return s, nil
}

// target is where a link leads.
func (r *reader) target(dir, pid int, name string) string {
	b, err := r.readlink(dir, name)
	if err != nil {
		r.denied(err, pid, name)
		return ""
	}
	return r.text(b)
}

// directory is target with a slash at its end, as the state tables have it.
func (r *reader) directory(dir, pid int, name string) string {
	b, err := r.readlink(dir, name)
	if err != nil {
		r.denied(err, pid, name)
		return ""
	}
	if n := len(b); n > 0 && n < len(r.link) && b[n-1] != '/' {
		b = append(b, '/')
	}
	return r.text(b)
}

// fdLimit is the soft limit of descriptors, -1 when it is not known. A system call is a tenth of the price of reading "limits", but
// its process numbers are ours, which need not be those of the tree that we read.
func (r *reader) fdLimit(dir, pid int) int64 {
	if r.w.own {
		var lim unix.Rlimit
		if unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &lim) != nil {
			return -1
		}
		return int64(lim.Cur)
	}
	b, err := r.read(dir, "limits", 8192)
	if err != nil {
		return -1
	}
	_, b, ok := bytes.Cut(b, []byte("Max open files"))
	if !ok {
		return -1
	}
	w := words{b}
	if v := w.next(); string(v) != "unlimited" {
		return int64(decimal(v))
	}
	return -1
}

// bracketed is the number in "pid:[4026531836]".
func bracketed(b []byte) uint64 {
	_, b, _ = bytes.Cut(b, []byte{'['})
	return decimal(b)
}

// single reads one thread and the descriptors of its process.
func (r *reader) single(tid int) (*event.Thread, []event.FD, error) {
	b, err := r.read(r.w.root, strconv.Itoa(tid)+"/status", len(r.buf))
	if err != nil {
		return nil, nil, err
	}
	s, ok := parseStatus(b)
	if !ok || s.tgid <= 0 {
		return nil, nil, unix.ESRCH
	}
	pid := int(s.tgid)
	dir, err := openDir(r.w.root, strconv.Itoa(pid))
	if err != nil {
		return nil, nil, err
	}
	defer unix.Close(dir)
	t, st, err := r.leader(dir, pid)
	if err != nil {
		return nil, nil, err
	}
	if t.Flags&inPIDNS != 0 {
		t.PIDNSInitStart = r.initStart(t)
	}
	if tid != pid {
		if t, err = r.other(dir, t, tid); err != nil {
			return nil, nil, err
		}
	}
	if st.kernel {
		return t, nil, nil
	}
	r.descriptors(dir, pid)
	if len(r.lists) == 0 {
		return t, nil, nil
	}
	return t, r.lists[0].FDs, nil
}

const maxAncestors = 64

// initStart looks for the init of t's pid namespace among its ancestors. 0: there is none.
func (r *reader) initStart(t *event.Thread) uint64 {
	a := event.Thread{VTID: t.VTID, PTID: t.PTID, Start: t.Start}
	for range maxAncestors {
		if a.VTID == 1 {
			return a.Start
		}
		dir := strconv.FormatInt(a.PTID, 10)
		a = event.Thread{TID: a.PTID, PID: a.PTID}
		if _, err := r.stat(r.w.root, dir+"/stat", &a); err != nil {
			return 0
		}
		if _, err := r.status(r.w.root, dir+"/status", &a); err != nil || a.Flags&inPIDNS == 0 {
			return 0
		}
	}
	return 0
}
