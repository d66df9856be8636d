package scap

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"scry/capture/event"
)

// block reads or skips the block at hand, which is no event, and returns its code. At the end of the input it returns io.EOF.
func (r *Reader) block() (uint32, error) {
	if !r.need(8) {
		return 0, r.end()
	}
	b := r.buf[r.pos:]
	code, n := le.Uint32(b), uint64(le.Uint32(b[4:]))
	i := kindOf(code)
	k := &kinds[i]
	if n < frameSize {
		return code, r.damage("%s block (%#x) of %d bytes is too short", k.name, code, n)
	}
	stray := r.inBody && k.fam != famSection
	if k.fam == famUnknown || stray {
		if err := r.skip(fmt.Sprintf("%s (%#x)", k.name, code), n); err != nil {
			return code, err
		}
		if stray && k.fam != famUnknown {
			r.info.Stray++
		} else {
			r.counts[0]++
		}
		return code, nil
	}
	if r.listed += n; k.fam == famSection {
		r.listed = n
	}
	if r.listed > maxBlock {
		return code, r.damage("%s block claims %d bytes, the lists of its section %d", k.name, n, r.listed)
	}
	if !r.need(int(n)) {
		return code, r.cut(k.name, n)
	}
	b = r.buf[r.pos:][:n]
	body := b[8 : n-4]
	if t := le.Uint32(b[n-4:]); uint64(t) != n {
		more := r.repair(i, n)
		if more == 0 {
			return code, r.damage("%s block: length %d at its head, %d at its end", k.name, n, t)
		}
		n += more
		body = r.buf[r.pos:][8 : n-4]
	}
	if err := r.list(k, body); err != nil {
		return code, r.damage("%s block: %v", k.name, err)
	}
	r.pos += int(n)
	r.counts[i]++
	return code, nil
}

// skip steps over a block of n bytes without holding it.
func (r *Reader) skip(name string, n uint64) error {
	start := r.base + int64(r.pos)
	for left := n; left > 0; {
		if !r.need(1) {
			have := n - left
			err := r.damage("%s block of %d bytes, but the file ends after %d", name, n, have)
			if r.eof != io.EOF {
				err = withErr(r.damage("%s block of %d bytes: %d could be read: %v", name, n, have, r.eof), r.eof)
			}
			err.Offset = start
			return err
		}
		k := min(left, uint64(len(r.buf)-r.pos))
		r.pos += int(k)
		left -= k
	}
	return nil
}

// repair finds the true end of an interface list that sysdig wrote from an old one: its total is 4 bytes per entry too short
// (section 8). It returns by how much, 0 when the block is not of that sort.
func (r *Reader) repair(kind uint8, n uint64) uint64 {
	if kind != blockIL2&0xff {
		return 0
	}
	at, more := 8, uint64(0)
	for more < 4*4096 {
		if !r.need(at + 4) {
			return 0
		}
		at += 4 + int(min(le.Uint32(r.buf[r.pos+at:]), 1<<16))
		more += 4
		end := int(n + more)
		if at > end-4 || !r.need(end) {
			return 0
		}
		if end-4-at <= 3 && uint64(le.Uint32(r.buf[r.pos+end-4:])) == n {
			r.info.Repaired++
			return more
		}
	}
	return 0
}

// list reads the body of a block into the snapshot of the section.
func (r *Reader) list(k *blockKind, body []byte) error {
	switch k.fam {
	case famSection:
		return r.section(body)
	case famMachine:
		return readMachine(r.snap, body)
	case famThreads:
		return r.readThreads(body, k.version)
	case famFDs:
		return r.readFDs(body, k.version)
	case famInterfaces:
		return r.readInterfaces(body, k.version)
	case famUsers:
		return r.readUsers(body, k.version)
	}
	return nil
}

// section starts a new section. Body: u32 magic, u16 major, u16 minor, u64 length, options (section 4).
func (r *Reader) section(body []byte) error {
	d := decoder{b: body}
	magic, major, minor := d.u32(), d.u16(), d.u16()
	d.u64()
	switch {
	case d.short:
		return errShort
	case magic != magicSHB:
		return fmt.Errorf("magic number %#08x", magic)
	case major > versionMajor:
		return fmt.Errorf("format version %d; version %d is known", major, versionMajor)
	}
	r.info.Major, r.info.Minor = major, minor
	r.info.Sections++
	r.snap = new(event.Snapshot)
	r.first = r.snap
	r.inBody, r.fds = false, 0
	return nil
}

// readMachine reads u32 cpus, u64 memory, u64 max pid, 128 bytes host name, u64 boot time, u64 flags, 2*u64 (section 5).
func readMachine(s *event.Snapshot, body []byte) error {
	d := decoder{b: body}
	m := &event.Machine{CPUs: d.u32(), Memory: d.u64(), MaxPID: d.u64(), Hostname: event.AliasText(d.bytes(maxHostname))}
	if d.short {
		return errShort
	}
	m.Hostname = string(append([]byte(nil), m.Hostname...))
	m.BootTime, m.Flags = d.u64(), d.u64()
	s.Machine = m
	return nil
}

// readThreads reads a process list. Fields and their versions are those of section 6.
func (r *Reader) readThreads(body []byte, version uint8) error {
	s := r.snap
	for len(body) >= 4 {
		entry := body
		if version >= 9 {
			n := le.Uint32(body)
			if n < 4 || uint64(n) > uint64(len(body)) {
				return fmt.Errorf("entry %d claims %d of %d bytes", len(s.Threads), n, len(body))
			}
			entry = body[4:n]
			body = body[n:]
		}
		d := decoder{b: entry}
		t := readThread(&d, version)
		if d.short {
			return fmt.Errorf("entry %d ends early", len(s.Threads))
		}
		if version < 9 {
			body = d.b
		}
		if len(s.Threads) >= maxThreads {
			r.info.Dropped++
			continue
		}
		s.Threads = append(s.Threads, t)
	}
	return nil
}

// readThread reads one entry without its length.
func readThread(d *decoder, version uint8) *event.Thread {
	t := &event.Thread{SID: -1, VPGID: -1, VTID: -1, VPID: -1, LoginUID: event.NoID}
	t.TID, t.PID, t.PTID = d.i64(), d.i64(), d.i64()
	if version >= 6 {
		t.SID = d.i64()
	}
	if version >= 8 {
		t.VPGID = d.i64()
	}
	comm, exe := d.str(), d.str()
	var exepath []byte
	if version >= 7 {
		exepath = d.str()
	}
	args, cwd := d.str(), d.str()
	t.FDLimit, t.Flags = d.i64(), d.u32()
	t.UID, t.GID = d.u32(), d.u32()
	if version >= 2 {
		t.VMSize, t.VMRSS, t.VMSwap = d.u32(), d.u32(), d.u32()
		t.PFMajor, t.PFMinor = d.u64(), d.u64()
	}
	var env, cgroups, root []byte
	if version >= 3 {
		env = d.str()
	}
	if version >= 4 {
		t.VTID, t.VPID = d.i64(), d.i64()
		cgroups = d.str()
	}
	if version >= 5 {
		root = d.str()
	}
	if d.short {
		return nil
	}
	joinTexts([]*string{&t.Comm, &t.Exe, &t.ExePath, &t.Args, &t.Cwd, &t.Env, &t.Cgroups, &t.Root},
		comm, exe, exepath, args, cwd, env, cgroups, root)
	if version >= 9 {
		readThreadTail(t, d)
	}
	return t
}

// readThreadTail reads what V9 entries may have at the end; each field only if it fits (section 6). Entries with no more than
// 29 bytes of tail come from before libs 0.10, which put two fields in front.
func readThreadTail(t *event.Thread, d *decoder) {
	if len(d.b) > 29 {
		t.PIDNSInitStart, t.TTY = d.u64(), d.u32()
	}
	if len(d.b) >= 4 {
		t.LoginUID = d.u32()
	}
	t.ExeWritable = d.u8() != 0
	t.CapInheritable, t.CapPermitted, t.CapEff = d.u64(), d.u64(), d.u64()
	t.ExeUpper = d.u8() != 0
	t.ExeIno, t.ExeCtime, t.ExeMtime = d.u64(), d.u64(), d.u64()
	t.Memf = d.u8() != 0
	t.ExeLower = d.u8() != 0
	t.PGID = d.i64()
	d.short = false
}

// joinTexts copies texts into one string and sets the fields to pieces of it: one allocation for each thread.
func joinTexts(fields []*string, texts ...[]byte) {
	n := 0
	for _, b := range texts {
		n += len(b)
	}
	all := make([]byte, 0, n)
	for _, b := range texts {
		all = append(all, b...)
	}
	s := string(all)
	for i, b := range texts {
		*fields[i], s = s[:len(b)], s[len(b):]
	}
}

// readFDs reads u64 tid and the descriptors of one thread (section 7).
func (r *Reader) readFDs(body []byte, version uint8) error {
	s := r.snap
	d := decoder{b: body}
	l := event.FDList{TID: d.u64()}
	if d.short {
		return errShort
	}
	for len(d.b) >= 4 {
		e := &d
		var own decoder
		if version >= 2 {
			n := le.Uint32(d.b)
			if n < 4 || uint64(n) > uint64(len(d.b)) {
				return fmt.Errorf("entry %d of thread %d claims %d of %d bytes", len(l.FDs), l.TID, n, len(d.b))
			}
			own = decoder{b: d.b[4:n]}
			d.b = d.b[n:]
			e = &own
		}
		fd, known := readFD(e, version)
		if e.short {
			return fmt.Errorf("entry %d of thread %d ends early", len(l.FDs), l.TID)
		}
		if r.fds >= maxFDs {
			r.info.Dropped++
			continue
		}
		r.fds++
		l.FDs = append(l.FDs, fd)
		if !known && version < 2 {
			break // without lengths there is no way to find the next entry
		}
	}
	s.FDs = append(s.FDs, l)
	return nil
}

// readFD reads one descriptor. known is false for types that do not exist yet.
func readFD(d *decoder, version uint8) (fd event.FD, known bool) {
	fd.Num, fd.Ino, fd.Type = d.i64(), d.u64(), event.FDType(d.u8())
	switch fd.Type {
	case event.FDUnknown:
	case event.FDIPv4Sock:
		src, dst := d.ip4(), d.ip4()
		fd.Src, fd.Dst, fd.L4 = netip.AddrPortFrom(src, d.u16()), netip.AddrPortFrom(dst, d.u16()), d.u8()
	case event.FDIPv6Sock:
		src, dst := d.ip6(), d.ip6()
		fd.Src, fd.Dst, fd.L4 = netip.AddrPortFrom(src, d.u16()), netip.AddrPortFrom(dst, d.u16()), d.u8()
	case event.FDIPv4Listen:
		fd.Dst, fd.L4 = netip.AddrPortFrom(d.ip4(), d.u16()), d.u8()
	case event.FDIPv6Listen:
		fd.Dst, fd.L4 = netip.AddrPortFrom(d.ip6(), d.u16()), d.u8()
	case event.FDUnixSock:
		fd.UnixSrc, fd.UnixDst, fd.Name = d.u64(), d.u64(), string(d.str())
	case event.FDFileV2:
		fd.Flags, fd.Name = d.u32(), string(d.str())
		if version >= 2 && !d.short && len(d.b) >= 4 {
			fd.Dev = d.u32()
		}
	default:
		if fd.Type >= event.NumFDTypes {
			fd.Name = fmt.Sprintf("unknown type %d", fd.Type)
			fd.Type = event.FDUnsupported
			return fd, false
		}
		fd.Name = string(d.str())
	}
	return fd, true
}

// readInterfaces reads an interface list; it replaces an earlier one (section 8).
func (r *Reader) readInterfaces(body []byte, version uint8) error {
	s := r.snap
	s.Interfaces, s.HasInterfaces = nil, true
	d := decoder{b: body}
	for len(d.b) >= 4 {
		e := &d
		var own decoder
		if version >= 2 {
			n := d.u32() // does not count itself
			own = decoder{b: d.bytes(int(min(n, 1<<30)))}
			if d.short {
				return fmt.Errorf("entry %d claims %d bytes", len(s.Interfaces), n)
			}
			e = &own
		}
		typ, nameLen := e.u16(), e.u16()
		var i event.Interface
		switch typ {
		case 1, 3:
			i.Addr, i.Netmask, i.Broadcast = e.ip4(), e.ip4(), e.ip4()
		case 2, 4:
			i.Addr, i.Netmask, i.Broadcast = e.ip6(), e.ip6(), e.ip6()
		default:
			if version >= 2 {
				continue
			}
			return fmt.Errorf("entry %d has type %d", len(s.Interfaces), typ)
		}
		if typ <= 2 {
			i.Speed = e.u64()
		}
		i.Name = string(e.bytes(int(nameLen)))
		if e.short {
			return fmt.Errorf("entry %d ends early", len(s.Interfaces))
		}
		if len(s.Interfaces) >= maxInterfaces {
			r.info.Dropped++
			continue
		}
		s.Interfaces = append(s.Interfaces, i)
	}
	return nil
}

// readUsers reads a user list; it replaces an earlier one (section 8).
func (r *Reader) readUsers(body []byte, version uint8) error {
	s := r.snap
	s.Users, s.Groups = nil, nil
	d := decoder{b: body}
	for len(d.b) >= 4 {
		e := &d
		var own decoder
		if version >= 2 {
			n := le.Uint32(d.b)
			if n < 4 || uint64(n) > uint64(len(d.b)) {
				return fmt.Errorf("entry claims %d of %d bytes", n, len(d.b))
			}
			own = decoder{b: d.b[4:n]}
			d.b = d.b[n:]
			e = &own
		}
		switch kind := e.u8(); kind {
		case 0:
			u := event.User{UID: e.u32(), GID: e.u32(), Name: string(e.str()), Home: string(e.str()), Shell: string(e.str())}
			if len(s.Users) < maxUsers {
				s.Users = append(s.Users, u)
			} else {
				r.info.Dropped++
			}
		case 1:
			g := event.Group{GID: e.u32(), Name: string(e.str())}
			if len(s.Groups) < maxUsers {
				s.Groups = append(s.Groups, g)
			} else {
				r.info.Dropped++
			}
		default:
			if version < 2 {
				return fmt.Errorf("entry of kind %d", kind)
			}
		}
		if e.short {
			return fmt.Errorf("entry ends early")
		}
	}
	return nil
}

var errShort = errors.New("the body is too short")
