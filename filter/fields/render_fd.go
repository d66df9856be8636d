package fields

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"scry/capture/event"
)

// The texts of parameters that name something beyond the event: descriptors, addresses and paths.

// fdOf returns descriptor n of the event's process, nil when it is not known.
func fdOf(ev *event.Event, n int64) *event.FD {
	if ev.FD != nil && ev.FDNum == n {
		return ev.FD
	}
	if ev.Thread == nil {
		return nil
	}
	return ev.Thread.FDs.Get(n)
}

// appendFD appends what a descriptor number means: <4t>name, AT_FDCWD, or for other negative ones the errno.
func appendFD(dst []byte, ev *event.Event, n int64, o *Options) []byte {
	switch {
	case n >= 0:
		fd := fdOf(ev, n)
		if fd == nil {
			return dst
		}
		dst = append(dst, '<', fd.Type.Char())
		if c := event.L4Char(shownL4(fd)); c != 0 {
			dst = append(dst, c)
		}
		return AppendFDName(append(dst, '>'), fd, o)
	case n == event.AtFDCWD:
		return append(dst, "AT_FDCWD"...)
	case n == -1 && (ev.Type == event.MmapE || ev.Type == event.Mmap2E):
		return dst // "no descriptor", not EPERM
	}
	return append(dst, event.ErrnoName(-n)...)
}

// AppendFDName appends the name of a descriptor, with names for ports under o.ResolvePorts.
func AppendFDName(dst []byte, fd *event.FD, o *Options) []byte {
	if !o.ResolvePorts || !fd.Type.IsIP() || !fd.Dst.IsValid() {
		return AppendText(dst, fd.Name, o)
	}
	if fd.Src.IsValid() && !fd.Type.IsListen() {
		dst = appendAddrPort(dst, fd.Src, fd.L4, o)
		dst = append(dst, '-', '>')
	}
	return appendAddrPort(dst, fd.Dst, fd.L4, o)
}

// appendAddrPort appends addr:port, without brackets.
func appendAddrPort(dst []byte, a netip.AddrPort, l4 uint8, o *Options) []byte {
	dst = append(a.Addr().AppendTo(dst), ':')
	if o.ResolvePorts {
		if name := ServiceName(a.Port(), l4); name != "" {
			return append(dst, name...)
		}
	}
	return strconv.AppendUint(dst, uint64(a.Port()), 10)
}

// l4Of is the protocol of the event's descriptor.
func l4Of(ev *event.Event) uint8 {
	if ev.FD != nil {
		return ev.FD.L4
	}
	return event.L4Unknown
}

func appendSockAddr(dst []byte, ev *event.Event, b []byte, o *Options) []byte {
	if len(b) == 0 {
		return append(dst, nullText...)
	}
	a, ok := event.ParseSockAddr(b)
	switch {
	case !ok:
		return appendBadAddr(dst, b[0])
	case a.Family == event.AFInet || a.Family == event.AFInet6:
		return appendAddrPort(dst, a.Addr, l4Of(ev), o)
	case a.Family == event.AFUnix:
		return AppendText(dst, a.Path, o)
	}
	return appendFamily(dst, a.Family)
}

func appendTuple(dst []byte, ev *event.Event, b []byte, o *Options) []byte {
	if len(b) == 0 {
		return append(dst, nullText...)
	}
	t, ok := event.ParseTuple(b)
	switch {
	case !ok:
		return appendBadAddr(dst, b[0])
	case t.Family == event.AFInet || t.Family == event.AFInet6:
		src, dest := t.Src, t.Dst
		if src.Addr().Is4In6() && dest.Addr().Is4In6() {
			src = netip.AddrPortFrom(src.Addr().Unmap(), src.Port())
			dest = netip.AddrPortFrom(dest.Addr().Unmap(), dest.Port())
		}
		dst = appendAddrPort(dst, src, l4Of(ev), o)
		return appendAddrPort(append(dst, '-', '>'), dest, l4Of(ev), o)
	case t.Family == event.AFUnix:
		dst = strconv.AppendUint(dst, t.UnixSrc, 16)
		dst = strconv.AppendUint(append(dst, '-', '>'), t.UnixDst, 16)
		return AppendText(append(dst, ' '), t.Path, o)
	}
	return appendFamily(dst, t.Family)
}

func appendBadAddr(dst []byte, family uint8) []byte {
	switch family {
	case event.AFInet:
		return append(dst, "INVALID IPv4"...)
	case event.AFInet6:
		return append(dst, "INVALID IPv6"...)
	}
	return append(dst, "INVALID PATH"...)
}

func appendFamily(dst []byte, family uint8) []byte {
	return strconv.AppendUint(append(dst, "family "...), uint64(family), 10)
}

// eachFD calls fn with each entry of a KindFDList parameter, as many as the bytes hold.
func eachFD(b []byte, fn func(i int, fd int64, flags uint16)) {
	if len(b) < 2 {
		return
	}
	n := int(binary.LittleEndian.Uint16(b))
	b = b[2:]
	for i := 0; i < n && len(b) >= 10; i++ {
		fn(i, int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint16(b[8:]))
		b = b[10:]
	}
}

// appendFDList appends fd:Tflags for each entry, T being the type character and flags hexadecimal.
func appendFDList(dst []byte, ev *event.Event, b []byte) []byte {
	eachFD(b, func(i int, n int64, flags uint16) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, n, 10), ':')
		if fd := fdOf(ev, n); fd != nil && n >= 0 {
			dst = append(dst, fd.Type.Char())
		} else {
			dst = append(dst, '?')
		}
		dst = strconv.AppendUint(dst, uint64(flags), 16)
	})
	return dst
}

// appendResolvedPath appends where a relative path leads: joined with the working directory, or with the directory of its descriptor,
// and with dots and double slashes resolved. Absolute paths have no resolved form.
func appendResolvedPath(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options) []byte {
	if noText(b) {
		return dst
	}
	path := event.AliasText(b)
	if path == notAvailable || path != "" && path[0] == '/' {
		return dst
	}
	dir := baseDir(ev, p)
	start := len(dst)
	dst = event.AppendPath(dst, dir, path)
	return escapeTail(dst, start, o)
}

// baseDir is the directory from which a relative path of parameter p starts, empty when it is not known.
func baseDir(ev *event.Event, p *event.Param) string {
	if i := p.DirFD(); i >= 0 {
		if _, n, ok := number(ev.Param(i)); ok && n != event.AtFDCWD {
			if fd := fdOf(ev, n); fd != nil {
				return fd.Name
			}
			return "<UNKNOWN>"
		}
	}
	t := ev.Thread
	if t == nil {
		return ""
	}
	if t.Leader != nil {
		t = t.Leader
	}
	return t.Cwd
}

// escapeTail makes dst[start:] safe to show.
func escapeTail(dst []byte, start int, o *Options) []byte {
	if o.Raw {
		return dst
	}
	i := start
	for i < len(dst) && plainByte[dst[i]] {
		i++
	}
	end := len(dst)
	if i == end {
		return dst
	}
	dst = appendEscaped(dst, unsafe.String(&dst[i], end-i)) // reads before end, writes after it
	return dst[:i+copy(dst[i:], dst[end:])]
}
