package fields

import (
	"math"
	"net/netip"
	"strconv"

	"scry/capture/event"
)

// appendAll appends the arguments of ev as an object, so that nobody has to take "res=-2(ENOENT) name=/a b=c " apart. Each parameter
// of the record is a key, in the order of the schema, and what a value means is a second key beside it:
//
//	integers, flags, modes   the number; "none" and values that are not there are null
//	res, fd, pid, sig, ...   NAME_name: the errno, descriptor, comm, signal, user, group, or the name of an enum value
//	flags, modes, signals    NAME_names: an array
//	descriptors              NAME_kind: file, ipv4, ...
//	paths                    the text as given; NAME_path: where a relative one leads
//	socket addresses         the text; NAME_ip and NAME_port
//	socket tuples            the text; NAME_sip, NAME_sport, NAME_dip and NAME_dport
//	descriptor lists         an array of {"fd":3,"events":65,"fd_name":...,"fd_kind":...}
//	lists of texts           an array (args, env and cgroups of an exec)
//	texts, buffers           a string; with bytes that are not UTF-8 also NAME_b64, the exact bytes
//
// Buffers are whole, whatever their mode.
func (a *jsonArgs) appendAll(dst []byte, ev *event.Event, o *Options) []byte {
	dst = append(dst, '{')
	a.ev, a.o = ev, o
	params := ev.Type.Schema().Params
	for i := range params[:min(len(params), ev.NParams)] {
		a.name = params[i].Name
		dst = a.append(dst, &params[i], ev.Param(i))
	}
	a.ev = nil
	return append(dst, '}')
}

// jsonArgs writes the keys of the argument called name.
type jsonArgs struct {
	ev   *event.Event
	o    *Options
	name string
	buf  []byte
}

// asIs is for texts that the JSON encoder makes safe.
var asIs = Options{Raw: true}

func (a *jsonArgs) key(dst []byte, suffix string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), a.name...)
	return append(append(dst, suffix...), '"', ':')
}

// text appends a key with the string s, and the bytes when they are not UTF-8.
func (a *jsonArgs) text(dst []byte, suffix, s string) []byte {
	dst, exact := appendJSONString(a.key(dst, suffix), s)
	if exact {
		return dst
	}
	dst = a.key(dst, suffix)
	dst = append(dst[:len(dst)-len(`":`)], `_b64":`...)
	return appendBase64(dst, bytesOf(s))
}

// meaning appends a key with the string s unless that is empty.
func (a *jsonArgs) meaning(dst []byte, suffix, s string) []byte {
	if s == "" {
		return dst
	}
	return a.text(dst, suffix, s)
}

func (a *jsonArgs) append(dst []byte, p *event.Param, b []byte) []byte {
	switch p.Kind {
	case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
		return a.path(dst, p, b)
	case event.KindByteBuf:
		switch p.Name {
		case "args", "env", "cgroups":
			return a.list(dst, b)
		}
		return a.text(dst, "", stringOf(b))
	case event.KindCharBufArray, event.KindCharBufPairArray:
		return a.list(dst, b)
	case event.KindSockAddr:
		return a.sockAddr(dst, b)
	case event.KindSockTuple:
		return a.tuple(dst, b)
	case event.KindFDList:
		return a.fdList(dst, b)
	case event.KindDyn:
		if q, rest, ok := p.Dyn(b); ok {
			return a.append(dst, q, rest)
		}
		return append(a.key(dst, ""), "null"...)
	case event.KindIPv4Addr, event.KindIPv6Addr, event.KindIPAddr:
		return a.ip(dst, "", b)
	}
	u, s, ok := number(b)
	if !ok {
		return append(a.key(dst, ""), "null"...)
	}
	return a.number(dst, p, u, s)
}

func (a *jsonArgs) number(dst []byte, p *event.Param, u uint64, s int64) []byte {
	dst = a.key(dst, "")
	switch p.Kind {
	case event.KindInt8, event.KindInt16, event.KindInt32, event.KindInt64, event.KindErrno, event.KindFD, event.KindFD32, event.KindPID,
		event.KindPID32:
		dst = strconv.AppendInt(dst, s, 10)
	case event.KindBool:
		dst = strconv.AppendBool(dst, u != 0)
	case event.KindDouble:
		dst = appendJSONFloat(dst, math.Float64frombits(u))
	case event.KindRelTime:
		if u == math.MaxUint64 {
			return append(dst, "null"...)
		}
		dst = strconv.AppendUint(dst, u, 10)
	case event.KindUID, event.KindGID:
		if uint32(u) == event.NoID {
			return append(dst, "-1"...)
		}
		dst = strconv.AppendUint(dst, u, 10)
	default:
		dst = strconv.AppendUint(dst, u, 10)
	}
	return a.numberMeaning(dst, p, u, s)
}

func (a *jsonArgs) numberMeaning(dst []byte, p *event.Param, u uint64, s int64) []byte {
	switch p.Kind {
	case event.KindErrno:
		return a.meaning(dst, "_name", event.ErrnoName(-s))
	case event.KindFD, event.KindFD32:
		return a.fd(dst, s)
	case event.KindPID, event.KindPID32:
		if t := threadOf(a.ev, s); t != nil {
			return a.meaning(dst, "_name", t.Comm)
		}
	case event.KindSigType:
		return a.meaning(dst, "_name", event.SignalName(int64(u)))
	case event.KindSyscallID:
		if name, ok := event.SyscallName(uint16(u)); ok {
			return a.meaning(dst, "_name", name)
		}
	case event.KindUID:
		if x := userOf(a.ev, containerOf(a.ev), uint32(u)); x != nil {
			return a.meaning(dst, "_name", x.Name)
		}
	case event.KindGID:
		if x := groupOf(a.ev, containerOf(a.ev), uint32(u)); x != nil {
			return a.meaning(dst, "_name", x.Name)
		}
	case event.KindEnumFlags8, event.KindEnumFlags16, event.KindEnumFlags32:
		return a.meaning(dst, "_name", enumName(p, uint32(u)))
	case event.KindFlags8, event.KindFlags16, event.KindFlags32, event.KindMode:
		a.buf = p.Table().AppendFlags(a.buf[:0], uint32(u))
		return a.names(dst, '|')
	case event.KindSigSet:
		a.buf = appendSigSet(a.buf[:0], u)
		return a.names(dst, ' ')
	}
	return dst
}

// names appends NAME_names: the scratch text, plain names with sep between them, as an array.
func (a *jsonArgs) names(dst []byte, sep byte) []byte {
	list := a.buf
	dst = append(a.key(dst, "_names"), '[')
	start := 0
	for i := 0; i <= len(list); i++ {
		if i < len(list) && list[i] != sep {
			continue
		}
		if i > start {
			if start > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONBytes(dst, list[start:i])
		}
		start = i + 1
	}
	return append(dst, ']')
}

func (a *jsonArgs) fd(dst []byte, n int64) []byte {
	switch fd := fdOf(a.ev, n); {
	case n == event.AtFDCWD:
		return a.meaning(dst, "_name", "AT_FDCWD")
	case n < 0 && (n != -1 || a.ev.Type != event.MmapE && a.ev.Type != event.Mmap2E):
		return a.meaning(dst, "_name", event.ErrnoName(-n))
	case n >= 0 && fd != nil:
		dst = a.meaning(dst, "_name", fd.Name)
		return a.meaning(dst, "_kind", fd.Type.String())
	}
	return dst
}

func (a *jsonArgs) path(dst []byte, p *event.Param, b []byte) []byte {
	if noText(b) {
		return append(a.key(dst, ""), "null"...)
	}
	dst = a.text(dst, "", event.AliasText(b))
	if !p.Kind.Path() {
		return dst
	}
	a.buf = appendResolvedPath(a.buf[:0], a.ev, p, b, &asIs)
	return a.meaning(dst, "_path", stringOf(a.buf))
}

func (a *jsonArgs) list(dst, b []byte) []byte {
	dst = append(a.key(dst, ""), '[')
	exact := true
	for start := 0; start < len(b); {
		end := start
		for end < len(b) && b[end] != 0 {
			end++
		}
		if start > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		dst, ok = appendJSONString(dst, stringOf(b[start:end]))
		exact = exact && ok
		start = end + 1
	}
	dst = append(dst, ']')
	if !exact {
		dst = appendBase64(a.key(dst, "_b64"), b)
	}
	return dst
}

func (a *jsonArgs) ip(dst []byte, suffix string, b []byte) []byte {
	dst = a.key(dst, suffix)
	if x, ok := netip.AddrFromSlice(b); ok {
		return append(x.AppendTo(append(dst, '"')), '"')
	}
	return append(dst, "null"...)
}

func (a *jsonArgs) addrPort(dst []byte, ip, port string, x netip.AddrPort) []byte {
	dst = append(x.Addr().Unmap().AppendTo(append(a.key(dst, ip), '"')), '"')
	return strconv.AppendUint(a.key(dst, port), uint64(x.Port()), 10)
}

func (a *jsonArgs) sockAddr(dst, b []byte) []byte {
	x, ok := event.ParseSockAddr(b)
	if !ok {
		return append(a.key(dst, ""), "null"...)
	}
	if x.Family == event.AFUnix {
		return a.text(dst, "", x.Path)
	}
	dst = append(appendSockAddr(append(a.key(dst, ""), '"'), a.ev, b, a.o), '"')
	if x.Family == event.AFInet || x.Family == event.AFInet6 {
		return a.addrPort(dst, "_ip", "_port", x.Addr)
	}
	return dst
}

func (a *jsonArgs) tuple(dst, b []byte) []byte {
	x, ok := event.ParseTuple(b)
	if !ok {
		return append(a.key(dst, ""), "null"...)
	}
	if x.Family == event.AFUnix {
		a.buf = appendTuple(a.buf[:0], a.ev, b, &asIs)
		return a.text(dst, "", stringOf(a.buf))
	}
	dst = append(appendTuple(append(a.key(dst, ""), '"'), a.ev, b, a.o), '"')
	if x.Family == event.AFInet || x.Family == event.AFInet6 {
		dst = a.addrPort(dst, "_sip", "_sport", x.Src)
		return a.addrPort(dst, "_dip", "_dport", x.Dst)
	}
	return dst
}

func (a *jsonArgs) fdList(dst, b []byte) []byte {
	dst = append(a.key(dst, ""), '[')
	name := a.name
	a.name = "fd"
	eachFD(b, func(i int, n int64, flags uint16) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = strconv.AppendInt(a.key(dst, ""), n, 10)
		dst = append(dst, `,"events":`...)
		dst = strconv.AppendUint(dst, uint64(flags), 10)
		if n >= 0 {
			dst = a.fd(dst, n)
		}
		dst = append(dst, '}')
	})
	a.name = name
	return append(dst, ']')
}
