//go:build linux

package proc

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// fdDir is the open directory of one process's descriptors.
type fdDir struct {
	pid  int
	proc int        // /proc/PID, which belongs to the caller
	fd   int        // /proc/PID/fd
	net  *namespace // network namespace, once a socket was met
}

func openFDs(proc, pid int) (*fdDir, error) {
	fd, err := openat(proc, "fd", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &fdDir{pid: pid, proc: proc, fd: fd}, nil
}

func (d *fdDir) close() { unix.Close(d.fd) }

// descriptors reads all descriptors of a process, up to the number that the tables keep.
func (r *reader) descriptors(proc, pid int) {
	d, err := openFDs(proc, pid)
	if err != nil {
		r.lost(err, strconv.Itoa(pid), "fd")
		return
	}
	defer d.close()
	if r.nums, err = r.entries(d.fd, r.nums[:0]); err != nil {
		r.lost(err, strconv.Itoa(pid), "fd")
		return
	}
	l := event.FDList{TID: uint64(pid)}
	if n := min(len(r.nums), event.MaxFDs); n > 0 {
		l.FDs = make([]event.FD, 0, n)
	}
	for _, n := range r.nums {
		if len(l.FDs) == event.MaxFDs {
			break
		}
		f, err := r.fd(d, n)
		if err == nil {
			l.FDs = append(l.FDs, f)
			continue
		}
		r.lost(err, strconv.Itoa(pid), "fd", strconv.Itoa(n))
		if err == unix.EACCES || err == unix.EPERM {
			break // and so are the others
		}
	}
	r.report.FDs += len(l.FDs)
	r.lists = append(r.lists, l)
}

// one reads descriptor n of a process.
func (r *reader) one(pid, n int) (f event.FD, err error) {
	proc, err := openDir(r.w.root, strconv.Itoa(pid))
	if err != nil {
		return f, err
	}
	defer unix.Close(proc)
	d, err := openFDs(proc, pid)
	if err != nil {
		return f, err
	}
	defer d.close()
	return r.fd(d, n)
}

// fd reads one descriptor: what it refers to is told by the text of its link, how it was opened by fdinfo.
func (r *reader) fd(d *fdDir, n int) (f event.FD, err error) {
	name := strconv.Itoa(n)
	link, err := r.readlink(d.fd, name)
	if err != nil {
		return f, err
	}
	// Lists of what an epoll or inotify descriptor watches follow the part that is needed.
	b, err := r.read(d.proc, "fdinfo/"+name, 256)
	if err != nil {
		return f, err
	}
	info := parseFDInfo(b)
	f.Num, f.Ino, f.Flags = int64(n), info.ino, fileFlags(info.flags)
	f.CloseExec = f.Flags&oCloexec != 0
	switch {
	case len(link) > 0 && link[0] == '/':
		r.file(d, name, &f, &info, link)
	case bytes.HasPrefix(link, []byte("pipe:[")):
		f.Type, f.Ino, f.Name = event.FDFIFO, bracketed(link), string(link)
	case bytes.HasPrefix(link, []byte("socket:[")):
		f.Ino = bracketed(link)
		r.socket(d, name, &f)
	case bytes.HasPrefix(link, []byte("anon_inode:")):
		r.anonymous(&f, &info, link)
	case bytes.HasPrefix(link, []byte("pidfd:[")): // since Linux 6.9
		pidfd(&f, &info)
	default: // of file systems without paths: "mnt:[4026531841]"
		r.file(d, name, &f, &info, link)
	}
	return f, nil
}

// fileID identifies a file while it is open.
type fileID struct {
	mount int64
	ino   uint64
}

// kind is what a path does not tell about a file.
type kind struct {
	mode uint16
	dev  uint32
}

// file is a descriptor with a path, or at least a file.
func (r *reader) file(d *fdDir, name string, f *event.FD, info *fdinfo, link []byte) {
	id := fileID{info.mount, info.ino}
	k, ok := r.kinds[id]
	if !ok || !info.hasIno {
		m := r.mount(d.proc, info.mount)
		k.dev = m.dev
		var x unix.Statx_t
		if unix.Statx(d.fd, name, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_TYPE|unix.STATX_INO, &x) == nil {
			k.mode = x.Mode & unix.S_IFMT
			if !m.known {
				k.dev = statxDevice(&x)
			}
			if !info.hasIno {
				f.Ino = x.Ino
			}
		}
		if len(r.kinds) < maxTexts {
			r.kinds[id] = k
		}
	}
	f.Type, f.Dev = event.FDFileV2, k.dev
	switch k.mode {
	case unix.S_IFDIR:
		f.Type = event.FDDirectory
	case unix.S_IFIFO:
		f.Type = event.FDFIFO
	}
	if mem, ok := bytes.CutPrefix(link, []byte("/memfd:")); ok && !r.mount(d.proc, info.mount).known {
		// A file of that name would be on a mount. Of the flags, those of memfd_create belong here; O_RDWR would look like one.
		f.Type, f.Flags = event.FDMemFD, f.Flags&oCloexec
		link = bytes.TrimSuffix(mem, deletedSuffix)
	}
	f.Name = r.text(link)
}

// anonInodes pairs the names of anonymous inodes with types.
var anonInodes = map[string]event.FDType{
	"[eventfd]": event.FDEventFD, "[eventpoll]": event.FDEventPoll, "[signalfd]": event.FDSignalFD, "[timerfd]": event.FDTimerFD,
	"inotify": event.FDInotify, "[inotify]": event.FDInotify, "[io_uring]": event.FDIOURing, "[userfaultfd]": event.FDUserFault,
	"bpf-map": event.FDBPF, "bpf-prog": event.FDBPF, "bpf_link": event.FDBPF, "bpf_iter": event.FDBPF, "btf": event.FDBPF,
	"bpf-token": event.FDBPF, "[pidfd]": event.FDPIDFD,
}

// anonymous is a descriptor of an object without a file. The ones that records have no type for keep the kernel's name.
func (r *reader) anonymous(f *event.FD, info *fdinfo, link []byte) {
	what := link[len("anon_inode:"):]
	typ, ok := anonInodes[string(what)]
	switch {
	case !ok:
		f.Type, f.Name = event.FDUnsupported, r.text(link)
	case typ == event.FDPIDFD:
		pidfd(f, info)
	default:
		f.Type = typ
	}
}

func pidfd(f *event.FD, info *fdinfo) {
	f.Type, f.PID = event.FDPIDFD, info.pid
	f.Name = "/proc/" + strconv.FormatInt(f.PID, 10)
}
