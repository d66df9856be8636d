//go:build linux

package proc

import (
	"bytes"
	"sync"

	"golang.org/x/sys/unix"
)

// mount is one line of mountinfo.
type mount struct {
	known bool
	dev   uint32 // of the file system, as records and stat have it: minor low 8 bits, major 12, minor high 12
	root  string // directory of the file system that is mounted; "" for all of it
	point string // where, seen from the process's root
	upper string // upper layer of an overlay
}

// mounts knows mounts by id. Ids are those of the kernel, the same in all mount namespaces.
type mounts struct {
	sync.Mutex
	byID map[int64]mount
}

const maxMounts = 1 << 17

// mount returns the mount with that id. The first time an id is met, all mounts of the process in dir are read; one that is not among them
// (pipes, memfds, files of another mount namespace) is remembered as not known.
func (r *reader) mount(dir int, id int64) mount {
	ms := &r.w.mounts
	ms.Lock()
	defer ms.Unlock()
	if m, ok := ms.byID[id]; ok {
		return m
	}
	if ms.byID == nil {
		ms.byID = map[int64]mount{}
	}
	if err := r.lines(dir, "mountinfo", func(line []byte) bool {
		if id, m, ok := parseMount(line); ok {
			ms.byID[id] = m
		}
		return len(ms.byID) < maxMounts
	}); err != nil {
		return mount{} // gone or denied: perhaps the next process tells
	}
	m := ms.byID[id]
	ms.byID[id] = m
	return m
}

// parseMount reads "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELDS] - TYPE SOURCE OPTIONS" (proc_pid_mountinfo(5)).
func parseMount(line []byte) (id int64, m mount, ok bool) {
	w := words{line}
	id = w.int()
	w.next()
	major, minor, ok := bytes.Cut(w.next(), []byte{':'})
	if !ok {
		return 0, m, false
	}
	m.known = true
	m.dev = device(uint32(decimal(major)), uint32(decimal(minor)))
	root, point := w.next(), w.next()
	_, rest, ok := bytes.Cut(w.b, []byte(" - "))
	if !ok {
		return 0, m, false
	}
	w = words{rest}
	if string(w.next()) != "overlay" {
		return id, m, true
	}
	if m.point = unescape(point); string(root) != "/" {
		m.root = unescape(root)
	}
	w.next()
	for rest := w.next(); len(rest) > 0; {
		var o []byte
		if o, rest, _ = bytes.Cut(rest, []byte{','}); bytes.HasPrefix(o, []byte("upperdir=/")) {
			m.upper = unescape(o[len("upperdir="):])
		}
	}
	return id, m, true
}

// device is the number of a device as new_encode_dev makes it (include/linux/kdev_t.h).
func device(major, minor uint32) uint32 { return minor&0xff | major<<8 | minor&^0xff<<12 }

func statxDevice(x *unix.Statx_t) uint32 { return device(x.Dev_major, x.Dev_minor) }

// unescape undoes the octal escapes of mountinfo.
func unescape(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+3 < len(b) {
			out = append(out, byte(digits(b[i+1:i+4], 8)))
			i += 3
			continue
		}
		out = append(out, b[i])
	}
	return string(out)
}
