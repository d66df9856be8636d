package scap

import (
	"fmt"
	"net/netip"
	"strings"

	"scry/capture/event"
)

// Longest texts that libscap reads (sections 6, 7, 8).
const (
	maxText = 1024
	maxList = 4096
	maxName = 255
)

// Start begins a section from the state s: SHB, MI, IL, UL, PL and one FDL per thread. Called again it begins a new section.
func (w *Writer) Start(s *event.Snapshot) error {
	if w.err != nil || w.out.failed.Load() {
		return w.fail()
	}
	if w.compat != nil {
		w.compat.section()
	}
	l := lists{w: w, compat: w.compat != nil}
	l.block(blockSHB, 16, func() {
		l.u32(magicSHB)
		l.u16(versionMajor)
		l.u16(versionMinor)
		l.u64(^uint64(0))
	})
	if s == nil {
		return l.err
	}
	if m := s.Machine; m != nil {
		l.machine(m)
	}
	if s.HasInterfaces {
		l.interfaces(s.Interfaces)
	}
	if len(s.Users)+len(s.Groups) > 0 {
		l.users(s)
	}
	if len(s.Threads) > 0 {
		n := 0
		for _, t := range s.Threads {
			n += l.threadSize(t)
		}
		l.block(blockPL9, n, func() {
			for _, t := range s.Threads {
				l.thread(t)
			}
		})
	}
	for i := range s.FDs {
		l.fds(&s.FDs[i])
	}
	return l.err
}

// lists writes the blocks of a head. They may be longer than a buffer, so unlike events they are cut where a buffer ends, between
// two values: room makes sure of the space for one entry.
type lists struct {
	w      *Writer
	compat bool
	err    error
}

func (l *lists) u8(v uint8)   { l.w.b = append(l.w.b, v) }
func (l *lists) u16(v uint16) { l.w.b = le.AppendUint16(l.w.b, v) }
func (l *lists) u32(v uint32) { l.w.b = le.AppendUint32(l.w.b, v) }
func (l *lists) u64(v uint64) { l.w.b = le.AppendUint64(l.w.b, v) }
func (l *lists) i64(v int64)  { l.u64(uint64(v)) }

// str writes a u16 length and at most limit bytes of s.
func (l *lists) str(s string, limit int) {
	s = s[:min(len(s), limit)]
	l.u16(uint16(len(s)))
	l.w.b = append(l.w.b, s...)
}

func (l *lists) bool(v bool) {
	if v {
		l.u8(1)
	} else {
		l.u8(0)
	}
}

// strSize is the size of what str writes.
func strSize(s string, limit int) int { return 2 + min(len(s), limit) }

func (l *lists) addr4(a netip.Addr) {
	var b [4]byte
	if a = a.Unmap(); a.Is4() {
		b = a.As4()
	}
	l.w.b = append(l.w.b, b[:]...)
}

func (l *lists) addr6(a netip.Addr) {
	var b [16]byte
	if a.IsValid() {
		b = a.As16()
	}
	l.w.b = append(l.w.b, b[:]...)
}

// room makes sure of n bytes in the buffer.
func (l *lists) room(n int) {
	if l.err != nil {
		l.w.b = l.w.b[:0]
	}
	if cap(l.w.b)-len(l.w.b) < n {
		l.w.job.split = true
		err := l.w.room(n)
		l.w.job.split = true
		if err != nil {
			l.err = err
		}
	}
}

// block writes a block with a body of n bytes, which body writes, asking for room as it goes.
func (l *lists) block(code uint32, n int, body func()) {
	pad := -n & 3
	total := 8 + n + pad + 4
	if l.err != nil {
		return
	}
	if total > maxBlock {
		l.err = fmt.Errorf("list of %d bytes is too long for a block", n)
		return
	}
	if need := min(total, jobSize); cap(l.w.b)-len(l.w.b) < need {
		if l.err = l.w.room(need); l.err != nil {
			return
		}
	}
	l.u32(code)
	l.u32(uint32(total))
	body()
	l.room(8)
	for range pad {
		l.u8(0)
	}
	l.u32(uint32(total))
}

// machine: see readMachine.
func (l *lists) machine(m *event.Machine) {
	l.block(blockMI, miBody, func() {
		l.u32(m.CPUs)
		l.u64(m.Memory)
		l.u64(m.MaxPID)
		var host [maxHostname]byte
		copy(host[:maxHostname-1], m.Hostname)
		l.w.b = append(l.w.b, host[:]...)
		l.u64(m.BootTime)
		l.u64(m.Flags)
		l.u64(0)
		l.u64(0)
	})
}

// interfaces writes u32 length (not counting itself), u16 type, u16 length of the name, addresses, u64 speed, name.
func (l *lists) interfaces(list []event.Interface) {
	size := func(i *event.Interface) int {
		if i.Addr.Unmap().Is4() {
			return 2 + 2 + 3*4 + 8 + min(len(i.Name), maxName)
		}
		return 2 + 2 + 3*16 + 8 + min(len(i.Name), maxName)
	}
	n := 0
	for i := range list {
		n += 4 + size(&list[i])
	}
	l.block(blockIL2, n, func() {
		for k := range list {
			i := &list[k]
			name := i.Name[:min(len(i.Name), maxName)]
			l.room(4 + size(i))
			l.u32(uint32(size(i)))
			v4 := i.Addr.Unmap().Is4()
			if v4 {
				l.u16(1)
			} else {
				l.u16(2)
			}
			l.u16(uint16(len(name)))
			for _, a := range [...]netip.Addr{i.Addr, i.Netmask, i.Broadcast} {
				if v4 {
					l.addr4(a)
				} else {
					l.addr6(a)
				}
			}
			l.u64(i.Speed)
			l.w.b = append(l.w.b, name...)
		}
	})
}

// users writes u32 length, u8 kind, and of a user u32 uid, u32 gid, name, home, shell, of a group u32 gid, name.
func (l *lists) users(s *event.Snapshot) {
	userSize := func(u *event.User) int {
		return 4 + 1 + 8 + strSize(u.Name, maxName) + strSize(u.Home, maxName) + strSize(u.Shell, maxName)
	}
	groupSize := func(g *event.Group) int { return 4 + 1 + 4 + strSize(g.Name, maxName) }
	n := 0
	for i := range s.Users {
		n += userSize(&s.Users[i])
	}
	for i := range s.Groups {
		n += groupSize(&s.Groups[i])
	}
	l.block(blockUL2, n, func() {
		for i := range s.Users {
			u := &s.Users[i]
			l.room(userSize(u))
			l.u32(uint32(userSize(u)))
			l.u8(0)
			l.u32(u.UID)
			l.u32(u.GID)
			l.str(u.Name, maxName)
			l.str(u.Home, maxName)
			l.str(u.Shell, maxName)
		}
		for i := range s.Groups {
			g := &s.Groups[i]
			l.room(groupSize(g))
			l.u32(uint32(groupSize(g)))
			l.u8(1)
			l.u32(g.GID)
			l.str(g.Name, maxName)
		}
	})
}

// Sizes of the tail of a thread: all of it, and what sysdig 0.29.3 reads right (section 6).
const (
	threadTail       = 8 + 4 + 4 + 1 + 3*8 + 1 + 3*8 + 1 + 1 + 8
	threadTailCompat = 4 + 1 + 3*8
)

func (l *lists) threadSize(t *event.Thread) int {
	n := 4 + 5*8 + strSize(t.Comm, maxText) + strSize(t.Exe, maxText) + strSize(t.ExePath, maxText) + strSize(t.Args, maxList) +
		strSize(t.Cwd, maxText) + 8 + 3*4 + 3*4 + 2*8 + strSize(t.Env, maxList) + 2*8 + strSize(t.Cgroups, maxList) + strSize(t.Root, maxText)
	if l.compat {
		return n + threadTailCompat
	}
	return n + threadTail
}

// thread: see readThread.
func (l *lists) thread(t *event.Thread) {
	n := l.threadSize(t)
	l.room(n)
	l.u32(uint32(n))
	for _, v := range [...]int64{t.TID, t.PID, t.PTID, t.SID, t.VPGID} {
		l.i64(v)
	}
	l.str(t.Comm, maxText)
	l.str(t.Exe, maxText)
	l.str(t.ExePath, maxText)
	l.str(t.Args, maxList)
	l.str(t.Cwd, maxText)
	l.i64(t.FDLimit)
	for _, v := range [...]uint32{t.Flags, t.UID, t.GID, t.VMSize, t.VMRSS, t.VMSwap} {
		l.u32(v)
	}
	l.u64(t.PFMajor)
	l.u64(t.PFMinor)
	l.str(t.Env, maxList)
	l.i64(t.VTID)
	l.i64(t.VPID)
	l.str(t.Cgroups, maxList)
	l.str(t.Root, maxText)
	if !l.compat {
		l.u64(t.PIDNSInitStart)
		l.u32(t.TTY)
	}
	l.u32(t.LoginUID)
	l.bool(t.ExeWritable)
	l.u64(t.CapInheritable)
	l.u64(t.CapPermitted)
	l.u64(t.CapEff)
	if l.compat {
		return
	}
	l.bool(t.ExeUpper)
	l.u64(t.ExeIno)
	l.u64(t.ExeCtime)
	l.u64(t.ExeMtime)
	l.bool(t.Memf)
	l.bool(t.ExeLower)
	l.i64(t.PGID)
}

// fds writes the descriptors of one thread: see readFDs.
func (l *lists) fds(list *event.FDList) {
	n := 8
	for i := range list.FDs {
		n += fdSize(&list.FDs[i])
	}
	l.block(blockFDL2, n, func() {
		l.u64(list.TID)
		for i := range list.FDs {
			l.fd(&list.FDs[i])
		}
	})
}

// fdSize is the size of an entry, its length included.
func fdSize(fd *event.FD) int {
	const head = 4 + 8 + 8 + 1
	switch fd.Type {
	case event.FDUnknown:
		return head
	case event.FDIPv4Sock:
		return head + 2*4 + 2*2 + 1
	case event.FDIPv6Sock:
		return head + 2*16 + 2*2 + 1
	case event.FDIPv4Listen:
		return head + 4 + 2 + 1
	case event.FDIPv6Listen:
		return head + 16 + 2 + 1
	case event.FDUnixSock:
		return head + 2*8 + strSize(unixPath(fd), maxText-1)
	case event.FDFileV2:
		return head + 4 + strSize(fd.Name, maxText-1) + 4
	}
	return head + strSize(fd.Name, maxText-1)
}

func (l *lists) fd(fd *event.FD) {
	n := fdSize(fd)
	l.room(n)
	l.u32(uint32(n))
	l.i64(fd.Num)
	l.u64(fd.Ino)
	typ := fd.Type
	if l.compat && typ > event.FDFileV2 {
		typ = event.FDUnsupported
	}
	l.u8(uint8(typ))
	switch fd.Type {
	case event.FDUnknown:
	case event.FDIPv4Sock:
		l.addr4(fd.Src.Addr())
		l.addr4(fd.Dst.Addr())
		l.u16(fd.Src.Port())
		l.u16(fd.Dst.Port())
		l.u8(fd.L4)
	case event.FDIPv6Sock:
		l.addr6(fd.Src.Addr())
		l.addr6(fd.Dst.Addr())
		l.u16(fd.Src.Port())
		l.u16(fd.Dst.Port())
		l.u8(fd.L4)
	case event.FDIPv4Listen:
		l.addr4(fd.Dst.Addr())
		l.u16(fd.Dst.Port())
		l.u8(fd.L4)
	case event.FDIPv6Listen:
		l.addr6(fd.Dst.Addr())
		l.u16(fd.Dst.Port())
		l.u8(fd.L4)
	case event.FDUnixSock:
		l.u64(fd.UnixSrc)
		l.u64(fd.UnixDst)
		l.str(unixPath(fd), maxText-1)
	case event.FDFileV2:
		l.u32(fd.Flags)
		l.str(fd.Name, maxText-1)
		l.u32(fd.Dev)
	default:
		l.str(fd.Name, maxText-1)
	}
}

// unixPath is the path of a unix socket: lists hold the two ends as numbers, while a name that the state tables made of a
// connection tells them too ("src->dst path").
func unixPath(fd *event.FD) string {
	ends, path, ok := strings.Cut(fd.Name, " ")
	if src, dst, arrow := strings.Cut(ends, "->"); arrow && isHex(src) && isHex(dst) {
		if ok {
			return path
		}
		return ""
	}
	return fd.Name
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}
