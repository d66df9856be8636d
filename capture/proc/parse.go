//go:build linux

package proc

import "bytes"

// words takes a line apart. A missing word is empty, a number that is none is 0.
type words struct{ b []byte }

// next returns the next word, which spaces and tabs end.
func (w *words) next() []byte {
	b := w.b
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	k := i
	for k < len(b) && b[k] != ' ' && b[k] != '\t' && b[k] != '\n' {
		k++
	}
	w.b = b[k:]
	return b[i:k]
}

func (w *words) skip(n int) {
	for range n {
		w.next()
	}
}

func (w *words) uint() uint64 { return decimal(w.next()) }

func (w *words) int() int64 {
	b := w.next()
	if len(b) > 0 && b[0] == '-' {
		return -int64(decimal(b[1:]))
	}
	return int64(decimal(b))
}

func (w *words) hex() uint64 { return digits(w.next(), 16) }

func decimal(b []byte) uint64 { return digits(b, 10) }

// digits reads the digits at the start of b; numbers that do not fit wrap round.
func digits(b []byte, base uint64) (n uint64) {
	for _, c := range b {
		d := uint64(c - '0')
		switch {
		case c >= '0' && c <= '9':
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = uint64(c|0x20-'a') + 10
		default:
			return n
		}
		if d >= base {
			return n
		}
		n = n*base + d
	}
	return n
}

// eachLine cuts what read gives into lines, without their ends, and gives them to f until that returns false. Of a line that is longer than
// buf, f gets the pieces that do not fit as if they were lines.
func eachLine(buf []byte, read func([]byte) (int, error), f func([]byte) bool) error {
	have := 0
	for {
		n, err := read(buf[have:])
		if err != nil {
			return err
		}
		if n == 0 {
			if have > 0 {
				f(buf[:have])
			}
			return nil
		}
		b := buf[:have+n]
		for {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				break
			}
			if !f(b[:i]) {
				return nil
			}
			b = b[i+1:]
		}
		if have = copy(buf, b); have == len(buf) {
			if !f(buf) {
				return nil
			}
			have = 0
		}
	}
}

// stat is /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	comm           []byte // aliases the text
	ppid, pgrp     int64
	session        int64
	tty            uint32 // as new_encode_dev makes it
	kernel         bool   // a thread of the kernel
	exiting        bool   // it has begun to exit
	ended          bool   // it has exited: a zombie
	minflt, majflt uint64
	utime, stime   uint64 // clock ticks
	threads        uint64
	start          uint64 // clock ticks since boot
}

const pfExiting, pfKthread = 4, 0x200000 // include/linux/sched.h

// parseStat takes "PID (COMM) STATE PPID ..." apart. COMM may hold anything, parentheses and spaces too; what follows it cannot.
func parseStat(b []byte) (s stat, ok bool) {
	i, k := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if i < 0 || k < i {
		return s, false
	}
	s.comm = b[i+1 : k]
	w := words{b[k+1:]}
	letter := w.next()
	s.ended = len(letter) == 1 && (letter[0] == 'Z' || letter[0] == 'X')
	s.ppid, s.pgrp, s.session = w.int(), w.int(), w.int()
	s.tty = uint32(w.int())
	w.next() // tpgid
	flags := w.uint()
	s.kernel, s.exiting = flags&pfKthread != 0, flags&pfExiting != 0
	s.minflt = w.uint()
	w.next()
	s.majflt = w.uint()
	w.next()
	s.utime, s.stime = w.uint(), w.uint()
	w.skip(4) // cutime cstime priority nice
	s.threads = w.uint()
	w.next()
	start := w.next()
	s.start = decimal(start)
	return s, len(start) > 0
}

// status is what is taken from /proc/PID/status.
type status struct {
	tgid                   int64
	uid, gid               uint32 // effective
	groups                 []byte // aliases the text
	size, rss, swap        uint32 // kB
	inherit, permit, eff   uint64 // capabilities
	vtid, vpid, vpgid      int64  // in the innermost pid namespace
	nested                 bool   // that is not the one of the mount
	seenTID, seenPID, seen bool
}

// parseStatus reads the lines that it knows. The name of the program, the only text there, has its line ends escaped.
func parseStatus(b []byte) (s status, ok bool) {
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		i := bytes.IndexByte(line, ':')
		if i < 0 {
			continue
		}
		s.line(line[:i], words{line[i+1:]})
	}
	return s, s.seen
}

func (s *status) line(key []byte, w words) {
	switch string(key) {
	case "Tgid":
		s.tgid = w.int()
	case "Uid":
		w.next()
		s.uid, s.seen = uint32(w.uint()), true
	case "Gid":
		w.next()
		s.gid = uint32(w.uint())
	case "Groups":
		s.groups = w.b
	case "NStgid":
		s.vpid, s.seenPID = w.last(&s.nested), true
	case "NSpid":
		s.vtid, s.seenTID = w.last(&s.nested), true
	case "NSpgid":
		s.vpgid = w.last(&s.nested)
	case "VmSize":
		s.size = uint32(w.uint())
	case "VmRSS":
		s.rss = uint32(w.uint())
	case "VmSwap":
		s.swap = uint32(w.uint())
	case "CapInh":
		s.inherit = w.hex()
	case "CapPrm":
		s.permit = w.hex()
	case "CapEff":
		s.eff = w.hex()
	}
}

// last returns the last number, that of the innermost namespace, and sets nested when there are several.
func (w *words) last(nested *bool) int64 {
	n := w.int()
	for k := 0; ; k++ {
		b := w.next()
		if len(b) == 0 {
			return n
		}
		n, *nested = int64(decimal(b)), true
	}
}

// inGroup tells whether gid is one of the supplementary groups.
func (s *status) inGroup(gid uint32) bool {
	for w := (words{s.groups}); ; {
		b := w.next()
		if len(b) == 0 {
			return false
		}
		if uint32(decimal(b)) == gid {
			return true
		}
	}
}

// fdinfo is the head of /proc/PID/fdinfo/N.
type fdinfo struct {
	flags  uint64 // of the kernel
	mount  int64  // id, -1 when not told
	ino    uint64 // since Linux 5.14
	pid    int64  // of a pidfd
	hasIno bool
}

func parseFDInfo(b []byte) (f fdinfo) {
	f.mount = -1
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		i := bytes.IndexByte(line, ':')
		if i < 0 {
			continue
		}
		w := words{line[i+1:]}
		switch string(line[:i]) {
		case "flags":
			f.flags = digits(w.next(), 8)
		case "mnt_id":
			f.mount = w.int()
		case "ino":
			f.ino, f.hasIno = w.uint(), true
		case "Pid":
			f.pid = w.int()
		}
	}
	return f
}

// fileFlags translates open flags of the kernel (octal in fdinfo) into those of records. amd64 and arm64 differ in four of them
// (arch/arm64/include/uapi/asm/fcntl.h), which x/sys/unix knows.
func fileFlags(f uint64) (v uint32) {
	v = [4]uint32{1, 2, 3, 1}[f&3]
	for _, t := range openFlags {
		if f&t.kernel == t.kernel {
			v |= t.record
		}
	}
	return v
}
