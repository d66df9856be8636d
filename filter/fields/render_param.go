package fields

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"unsafe"

	"scry/capture/event"
)

// A parameter has two texts: its value as recorded (a number, a path as given, an address) and, for some kinds, what that value means
// on this machine at this moment (the descriptor's name, the errno, the resolved path). The forms are those of sysdig 0.29.3 where it
// knows the kind; where it reads past the end of an empty parameter, we say <NA> or NULL as newer libscap does.

const (
	notAvailable = "<NA>"
	nullText     = "NULL"
)

// AppendParam appends parameter i of ev as evt.args shows it: VALUE, or VALUE(RESOLVED). Parameters that the record or the schema does
// not have append nothing. hot: no allocation (TestParamAllocs)
func AppendParam(dst []byte, ev *event.Event, i int, o *Options) []byte {
	if p, b, ok := paramAt(ev, i); ok {
		return paramText(dst, ev, p, b, o)
	}
	return dst
}

func paramText(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options) []byte {
	dst = appendRaw(dst, ev, p, b, o)
	end := len(dst)
	dst = append(dst, '(')
	dst = appendResolved(dst, ev, p, b, o)
	if len(dst) == end+1 {
		return dst[:end]
	}
	return append(dst, ')')
}

// AppendParamRaw appends the VALUE of parameter i.
func AppendParamRaw(dst []byte, ev *event.Event, i int, o *Options) []byte {
	if p, b, ok := paramAt(ev, i); ok {
		return appendRaw(dst, ev, p, b, o)
	}
	return dst
}

// AppendParamResolved appends the RESOLVED form of parameter i; nothing when its kind or this value has none.
func AppendParamResolved(dst []byte, ev *event.Event, i int, o *Options) []byte {
	if p, b, ok := paramAt(ev, i); ok {
		return appendResolved(dst, ev, p, b, o)
	}
	return dst
}

func paramAt(ev *event.Event, i int) (p *event.Param, b []byte, ok bool) {
	params := ev.Type.Schema().Params
	if uint(i) >= uint(len(params)) || i >= ev.NParams {
		return nil, nil, false
	}
	return &params[i], ev.Param(i), true
}

// number reads a little-endian integer of any width, zero-extended and sign-extended.
func number(b []byte) (u uint64, s int64, ok bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), int64(int8(b[0])), true
	case 2:
		n := binary.LittleEndian.Uint16(b)
		return uint64(n), int64(int16(n)), true
	case 4:
		n := binary.LittleEndian.Uint32(b)
		return uint64(n), int64(int32(n)), true
	case 8:
		n := binary.LittleEndian.Uint64(b)
		return n, int64(n), true
	}
	return 0, 0, false
}

// appendRaw appends the value of b, a parameter described by p.
func appendRaw(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options) []byte {
	switch p.Kind {
	case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
		if noText(b) {
			return append(dst, notAvailable...)
		}
		return AppendText(dst, event.AliasText(b), o)
	case event.KindByteBuf:
		return appendMarks(AppendBuffer(dst, b, o), ev, p, b, o)
	case event.KindSockAddr:
		return appendSockAddr(dst, ev, b, o)
	case event.KindSockTuple:
		return appendTuple(dst, ev, b, o)
	case event.KindFDList:
		return appendFDList(dst, ev, b)
	case event.KindDyn:
		return appendDyn(dst, ev, p, b, o, appendRaw)
	case event.KindCharBufArray, event.KindCharBufPairArray:
		return appendTextList(dst, b, o)
	case event.KindIPv4Addr, event.KindIPv6Addr, event.KindIPAddr:
		if a, ok := netip.AddrFromSlice(b); ok {
			return a.AppendTo(dst)
		}
		return append(dst, notAvailable...)
	}
	u, s, ok := number(b)
	if !ok {
		return append(dst, notAvailable...)
	}
	return appendNumber(dst, p, u, s, o)
}

// listCut is the length at which a live capture cuts the lists of an exec (MAX_ARGS in probe/bpf/task.h).
const listCut = 8192

// appendMarks says of a buffer that was recorded live that it is not all there, or that its memory could not be read.
func appendMarks(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options) []byte {
	switch {
	case len(b) == 0 && ev.Faults != 0:
		params := ev.Type.Schema().Params
		for i := range params {
			if &params[i] == p && ev.Faults>>i&1 != 0 {
				return append(dst, "<fault>"...)
			}
		}
	case ev.Cut && o.Buffer == BufferDots && (len(b) >= listCut || p.Name == "data" && (o.SnapLen == 0 || len(b) <= o.SnapLen)):
		return append(dst, "..."...)
	}
	return dst
}

// appendNumber appends a parameter of a kind that is a number on the wire.
func appendNumber(dst []byte, p *event.Param, u uint64, s int64, o *Options) []byte {
	switch p.Kind {
	case event.KindFlags8, event.KindFlags16, event.KindFlags32, event.KindEnumFlags8, event.KindEnumFlags16, event.KindEnumFlags32,
		event.KindSigType, event.KindSyscallID, event.KindPort, event.KindL4Proto, event.KindSockFamily:
		return strconv.AppendUint(dst, u, 10)
	case event.KindFD, event.KindFD32, event.KindPID, event.KindPID32, event.KindUID, event.KindGID:
		return strconv.AppendInt(dst, s, 10)
	case event.KindErrno:
		if p.Format == event.FmtHex && s < 0 && event.ErrnoName(-s) != "" {
			return strconv.AppendInt(dst, s, 10)
		}
	case event.KindRelTime:
		if u == math.MaxUint64 {
			return append(dst, "none"...)
		}
		return strconv.AppendUint(dst, u, 10)
	case event.KindAbsTime:
		return appendAbsTime(dst, u, o)
	case event.KindBool:
		return strconv.AppendBool(dst, u != 0)
	case event.KindDouble:
		return strconv.AppendFloat(dst, math.Float64frombits(u), 'f', 1, 64)
	case event.KindSigSet:
		return appendSigSet(dst, u)
	case event.KindUint8, event.KindUint16: // wider ones are printed as signed numbers: -1 is what "no limit" looks like
		s = int64(u)
	}
	return appendFormatted(dst, u, s, p.Format)
}

// appendFormatted appends a number in a print format: u for bit patterns, s for decimal.
func appendFormatted(dst []byte, u uint64, s int64, format event.Format) []byte {
	switch format {
	case event.FmtHex:
		return appendHex(dst, u)
	case event.FmtOct:
		if u != 0 {
			dst = append(dst, '0')
		}
		return strconv.AppendUint(dst, u, 8)
	case event.FmtPadDec:
		return appendPadded(dst, s)
	}
	return strconv.AppendInt(dst, s, 10)
}

// appendHex appends n as upper-case hexadecimal without a prefix.
func appendHex(dst []byte, n uint64) []byte {
	var b [16]byte
	i := len(b)
	for {
		i--
		b[i] = upperHex[n&15]
		n >>= 4
		if n == 0 {
			return append(dst, b[i:]...)
		}
	}
}

// appendPadded appends n with at least nine characters.
func appendPadded(dst []byte, n int64) []byte {
	if n >= 0 && n < 1e9 {
		return appendNano(dst, uint32(n))
	}
	if n < 0 && n > -1e8 {
		k := len(dst)
		dst = appendNano(dst, uint32(-n))
		dst[k] = '-'
		return dst
	}
	return strconv.AppendInt(dst, n, 10)
}

// noText tells a text that the recorder could not read: empty, or the mark of a NULL pointer.
func noText(b []byte) bool { return len(b) == 0 || string(b) == "(NULL)\x00" }

// appendResolved appends what the value of b means, if its kind has that.
func appendResolved(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options) []byte {
	switch p.Kind {
	case event.KindFSPath, event.KindFSRelPath:
		return appendResolvedPath(dst, ev, p, b, o)
	case event.KindDyn:
		return appendDyn(dst, ev, p, b, o, appendResolved)
	}
	u, s, ok := number(b)
	if !ok {
		return dst
	}
	switch p.Kind {
	case event.KindErrno:
		return append(dst, event.ErrnoName(-s)...)
	case event.KindFD, event.KindFD32:
		return appendFD(dst, ev, s, o)
	case event.KindPID, event.KindPID32:
		if t := threadOf(ev, s); t != nil {
			return AppendText(dst, t.Comm, o)
		}
	case event.KindFlags8, event.KindFlags16, event.KindFlags32, event.KindMode:
		return p.Table().AppendFlags(dst, uint32(u))
	case event.KindEnumFlags8, event.KindEnumFlags16, event.KindEnumFlags32:
		return append(dst, enumName(p, uint32(u))...)
	case event.KindSigType:
		return append(dst, event.SignalName(int64(u))...)
	case event.KindSyscallID:
		name, _ := event.SyscallName(uint16(u))
		return append(dst, name...)
	case event.KindRelTime:
		if u != math.MaxUint64 {
			return append(strconv.AppendFloat(dst, float64(u)/1e9, 'g', 6, 64), 's')
		}
	case event.KindUID:
		return appendUser(dst, ev, uint32(u), o)
	case event.KindGID:
		return appendGroup(dst, ev, uint32(u), o)
	}
	return dst
}

// appendDyn appends a parameter whose first byte selects the type of the rest.
func appendDyn(dst []byte, ev *event.Event, p *event.Param, b []byte, o *Options, app func([]byte, *event.Event, *event.Param, []byte, *Options) []byte) []byte {
	q, rest, ok := p.Dyn(b)
	switch {
	case ok:
		return app(dst, ev, q, rest, o)
	case len(b) == 0:
		q = &dynNull
	default:
		q = &dynInvalid
	}
	return app(dst, ev, q, unsafe.Slice(unsafe.StringData(q.Name), len(q.Name)), o)
}

// The texts of a KindDyn parameter that selects nothing, shown as a parameter of their own.
var (
	dynNull    = event.Param{Name: nullText, Kind: event.KindCharBuf}
	dynInvalid = event.Param{Name: "INVALID DYNAMIC PARAMETER", Kind: event.KindCharBuf}
)

// enumName is the first name of an enum value: AF_LOCAL for 1, which has AF_UNIX too.
func enumName(p *event.Param, v uint32) string {
	entries := p.Table().Entries
	for i := range entries {
		if entries[i].Value == v {
			return entries[i].Name
		}
	}
	return ""
}

func appendSigSet(dst []byte, set uint64) []byte {
	first := true
	for n := int64(1); n <= 32; n++ {
		name := event.SignalName(n)
		if set>>(n-1)&1 == 0 || name == "" {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		dst = append(dst, name...)
	}
	return dst
}

// appendTextList appends NUL-separated texts joined with dots.
func appendTextList(dst, b []byte, o *Options) []byte {
	if len(b) == 0 {
		return append(dst, nullText...)
	}
	if b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for i, start := 0, 0; i <= len(b); i++ {
		if i < len(b) && b[i] != 0 {
			continue
		}
		if start > 0 {
			dst = append(dst, '.')
		}
		dst = appendBytesText(dst, b[start:i], o)
		start = i + 1
	}
	return dst
}

func appendUser(dst []byte, ev *event.Event, uid uint32, o *Options) []byte {
	if uid == event.NoID {
		return append(dst, "<NONE>"...)
	}
	if u := userOf(ev, containerOf(ev), uid); u != nil {
		return AppendText(dst, u.Name, o)
	}
	return append(dst, notAvailable...)
}

func appendGroup(dst []byte, ev *event.Event, gid uint32, o *Options) []byte {
	if gid == event.NoID {
		return append(dst, "<NONE>"...)
	}
	if g := groupOf(ev, containerOf(ev), gid); g != nil {
		return AppendText(dst, g.Name, o)
	}
	return append(dst, notAvailable...)
}

// threadOf returns the thread with that number, nil when its name is not known.
func threadOf(ev *event.Event, tid int64) *event.Thread {
	t := ev.Thread
	if t == nil || t.TID != tid {
		if ev.Host == nil || ev.Host.Thread == nil {
			return nil
		}
		t = ev.Host.Thread(tid)
	}
	if t == nil || t.Comm == notAvailable {
		return nil
	}
	return t
}
