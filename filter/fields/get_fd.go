package fields

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"scry/capture/event"
)

const fdEvents = event.CreatesFD | event.UsesFD | event.DestroysFD

// fdSet is the set of the events that are about a descriptor: those of calls, and the one in whose clothes a state is shown (chisels, over: fds).
var fdSet = event.TypesWhere(func(t event.Type, s *event.Schema) bool {
	return s.Flags&fdEvents != 0 || t == event.InfrastructureEventE
})

func fdTypes(*Field) event.TypeSet { return fdSet }

// about tells whether ev is about a descriptor, even an unknown one.
func about(ev *event.Event) bool { return ev.Thread != nil && fdSet.Has(ev.Type) }

// ofFD makes a get function of one that needs the descriptor.
func ofFD(get func(*Field, *event.Event, *event.FD) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if ev.FD == nil || !about(ev) {
			return Value{}
		}
		return get(f, ev, ev.FD)
	}
}

func getFDNum(_ *Field, ev *event.Event) Value {
	if !about(ev) {
		return Value{}
	}
	return intValue(ev.FDNum)
}

// getFDUID is the thread's number and the descriptor's, one after the other.
func getFDUID(f *Field, ev *event.Event) Value {
	if !about(ev) {
		return Value{}
	}
	b := strconv.AppendInt(f.buf[:0], ev.Thread.TID, 10)
	return f.scratch(strconv.AppendInt(b, ev.FDNum, 10))
}

// appendFDName appends the name of the event's descriptor. A call that made none still says which one it would have been: the path of a
// failed open, the tuple of a failed connect.
func appendFDName(dst []byte, ev *event.Event) ([]byte, bool) {
	if !about(ev) {
		return dst, false
	}
	if fd := ev.FD; fd != nil && !(ev.Type == event.ConnectX && ev.Errno != 0) {
		return append(dst, fd.Name...), true
	}
	if ev.Type.Dir() == event.Enter {
		return dst, false
	}
	switch ev.Type {
	case event.OpenX, event.CreatX:
		return resolve1(dst, ev, pathRef{1, -1})
	case event.OpenatV2X, event.Openat2X:
		return resolve1(dst, ev, pathRef{2, 1})
	case event.OpenatX:
		var en event.Event
		if ev.Enter == nil || en.Decode(ev.Enter, false) != nil {
			return dst, false
		}
		en.Thread, en.Host = ev.Thread, ev.Host
		return resolve1(dst, &en, pathRef{1, 0})
	case event.AcceptX, event.AcceptV5X, event.Accept4X, event.Accept4V5X, event.Accept4V6X, event.ConnectX:
		if tu, ok := event.ParseTuple(ev.Param(1)); ok {
			return event.AppendTuple(dst, tu), true
		}
		return append(dst, "NULL"...), true
	}
	if ev.FDNum < -1 || ev.Type == event.MmapX || ev.Type == event.Mmap2X {
		return dst, false // the call says that it has none
	}
	return dst, true
}

// resolve1 is resolve for a path that is always there: what cannot be resolved is shown as it is.
func resolve1(dst []byte, ev *event.Event, r pathRef) ([]byte, bool) {
	if out, ok := resolve(dst, ev, r, false); ok {
		return out, true
	}
	return append(dst, "<NA>"...), true
}

func getFDName(f *Field, ev *event.Event) Value {
	if fd := ev.FD; fd != nil && about(ev) && !(ev.Type == event.ConnectX && ev.Errno != 0) {
		return textValue(fd.Name)
	}
	b, ok := appendFDName(f.buf[:0], ev)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

// appFDName shows the name, with -R port names in it.
func appFDName(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	if fd := ev.FD; fd != nil && f.opts.ResolvePorts && fd.Type.IsIP() && about(ev) {
		return AppendFDName(dst, fd, f.opts), true
	}
	start := len(dst)
	dst, ok := appendFDName(dst, ev)
	if !ok {
		return dst, false
	}
	return escapeTail(dst, start, f.opts), true
}

func getFDNameRaw(f *Field, ev *event.Event) Value {
	if ev.FD != nil && about(ev) {
		if ev.FD.RawName != "" {
			return textValue(ev.FD.RawName)
		}
		return textValue(ev.FD.Name)
	}
	c, ok := pathCalls[ev.Type]
	if !ok || !about(ev) {
		return Value{}
	}
	b, ok := resolve(f.buf[:0], ev, c.name, true)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

// appendContainerPrefix appends the id of the event's container, "" on the host, and a colon.
func appendContainerPrefix(dst []byte, ev *event.Event) []byte {
	if c := ev.Thread.Container; c != nil {
		dst = append(dst, c.ID...)
	}
	return append(dst, ':')
}

func getContainerName(f *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	b, ok := appendFDName(appendContainerPrefix(f.buf[:0], ev), ev)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

// appendDirectory appends the directory part of the descriptor's name: for a directory its name.
func appendDirectory(dst []byte, ev *event.Event) ([]byte, bool) {
	fd := ev.FD
	if fd != nil && fd.Type == event.FDDirectory && about(ev) {
		return append(dst, fd.Name...), true
	}
	if fd != nil && !isFile(fd.Type) {
		return dst, false
	}
	start := len(dst)
	dst, ok := appendFDName(dst, ev)
	if !ok {
		return dst, false
	}
	name := dst[start:]
	i := bytes.LastIndexByte(name, '/')
	switch {
	case i <= 0:
		return append(dst[:start], '/'), true
	case i < len(name)-1:
		return dst[:start+i], true
	}
	return dst, true
}

func getDirectory(f *Field, ev *event.Event) Value {
	b, ok := appendDirectory(f.buf[:0], ev)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

func getContainerDirectory(f *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	b := appendContainerPrefix(f.buf[:0], ev)
	b, ok := appendDirectory(b, ev)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

// getFilename is the last part of a file's name.
func getFilename(_ *Field, ev *event.Event) Value {
	if ev.FD == nil || !isFile(ev.FD.Type) || !about(ev) {
		return Value{}
	}
	name := ev.FD.Name
	i := strings.LastIndexByte(name, '/')
	switch {
	case i < 0:
		return textValue("/")
	case i < len(name)-1:
		return textValue(name[i+1:])
	}
	return textValue(name)
}

// getTypeChar is the letter of the descriptor's type; for a call that makes one, of the type it would have been.
func getTypeChar(_ *Field, ev *event.Event) Value {
	if !about(ev) {
		return Value{}
	}
	if ev.FD != nil {
		return textValue(typeChars[ev.FD.Type.Char() : ev.FD.Type.Char()+1])
	}
	return textValue(madeChar(ev.Type &^ 1))
}

// typeChars is every byte in order: a one-letter string without memory of its own.
var typeChars = func() string {
	b := make([]byte, 128)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}()

func madeChar(enter event.Type) string {
	switch enter {
	case event.OpenE, event.OpenatE, event.OpenatV2E, event.CreatE, event.Openat2E:
		return "f"
	case event.SocketE, event.AcceptE, event.AcceptV5E, event.Accept4E, event.Accept4V5E, event.Accept4V6E:
		return "4"
	case event.PipeE, event.Pipe2E:
		return "p"
	case event.EventfdE, event.Eventfd2E:
		return "e"
	case event.SignalfdE, event.Signalfd4E:
		return "s"
	case event.TimerfdCreateE:
		return "t"
	case event.InotifyInitE, event.InotifyInit1E:
		return "i"
	}
	return "o"
}

func fdType(_ *Field, _ *event.Event, fd *event.FD) Value {
	if s := fd.Type.String(); s != "" {
		return textValue(s)
	}
	return textValue("<NA>")
}

// hasRole tells whether it is known which end of a socket is the process's own.
func hasRole(fd *event.FD) bool { return fd.Role != event.RoleNone }

func isConn(fd *event.FD) bool { return fd.Type == event.FDIPv4Sock || fd.Type == event.FDIPv6Sock }

func clientIP(f *Field, _ *event.Event, fd *event.FD) Value {
	if !hasRole(fd) || !isConn(fd) || !fd.Src.IsValid() {
		return Value{}
	}
	return f.ip(fd.Src.Addr(), 0)
}

func serverIP(f *Field, _ *event.Event, fd *event.FD) Value {
	if !hasRole(fd) || !fd.Type.IsIP() || !fd.Dst.IsValid() {
		return Value{}
	}
	return f.ip(fd.Dst.Addr(), 0)
}

func clientPort(_ *Field, _ *event.Event, fd *event.FD) Value {
	if !hasRole(fd) || !isConn(fd) {
		return Value{}
	}
	return numValue(Port, uint64(fd.Src.Port()))
}

func serverPort(_ *Field, _ *event.Event, fd *event.FD) Value {
	if fd.Type.IsListen() || isConn(fd) && hasRole(fd) {
		return numValue(Port, uint64(fd.Dst.Port()))
	}
	return Value{}
}

// portText is a port as text: with -R its service's name.
func portText(f *Field, port uint16, l4 uint8) Value {
	if f.opts.ResolvePorts {
		if s := ServiceName(port, l4); s != "" {
			return textValue(s)
		}
	}
	return f.scratch(strconv.AppendUint(f.buf[:0], uint64(port), 10))
}

func clientProto(f *Field, _ *event.Event, fd *event.FD) Value {
	if !hasRole(fd) {
		return Value{}
	}
	if !isConn(fd) {
		return textValue("")
	}
	return portText(f, fd.Src.Port(), fd.L4)
}

func serverProto(f *Field, _ *event.Event, fd *event.FD) Value {
	switch {
	case isConn(fd) && hasRole(fd):
		return portText(f, fd.Dst.Port(), fd.L4)
	case fd.Type.IsListen():
		return textValue("")
	}
	return Value{}
}

// ofEnd makes a get function of one that needs the local or the remote end of a connection: a client's own end is the source, a server's the
// destination. A socket whose role is not known has neither.
func ofEnd(remote bool, get func(f *Field, end netip.AddrPort, fd *event.FD) Value) func(*Field, *event.Event) Value {
	return ofFD(func(f *Field, _ *event.Event, fd *event.FD) Value {
		if !isConn(fd) || !hasRole(fd) || !fd.Src.IsValid() || !fd.Dst.IsValid() {
			return Value{}
		}
		if (fd.Role == event.RoleClient) != remote {
			return get(f, fd.Src, fd)
		}
		return get(f, fd.Dst, fd)
	})
}

func endIP(f *Field, end netip.AddrPort, _ *event.FD) Value { return f.ip(end.Addr(), 0) }
func endPort(_ *Field, end netip.AddrPort, _ *event.FD) Value {
	return numValue(Port, uint64(end.Port()))
}

func endProto(f *Field, end netip.AddrPort, fd *event.FD) Value {
	return portText(f, end.Port(), fd.L4)
}

// bothIPs appends the addresses of both ends; of a listener its own.
func bothIPs(f *Field, ev *event.Event, dst []Value) []Value {
	fd := ev.FD
	if fd == nil || !about(ev) || !fd.Type.IsIP() {
		return dst
	}
	if isConn(fd) && fd.Src.IsValid() {
		dst = append(dst, f.ip(fd.Src.Addr(), 0))
	}
	if fd.Dst.IsValid() {
		dst = append(dst, f.ip(fd.Dst.Addr(), 1))
	}
	return dst
}

func bothPorts(_ *Field, ev *event.Event, dst []Value) []Value {
	fd := ev.FD
	if fd == nil || !about(ev) || !fd.Type.IsIP() {
		return dst
	}
	if isConn(fd) {
		dst = append(dst, numValue(Port, uint64(fd.Src.Port())))
	}
	return append(dst, numValue(Port, uint64(fd.Dst.Port())))
}

// firstOf makes the get function of a field that can only be compared: its first value.
func firstOf(all func(*Field, *event.Event, []Value) []Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		f.vals = all(f, ev, f.vals[:0])
		if len(f.vals) == 0 {
			return Value{}
		}
		return f.vals[0]
	}
}

var l4Names = [...]string{event.L4TCP: "tcp", event.L4UDP: "udp", event.L4ICMP: "icmp", event.L4Raw: "raw"}

// shownL4 is the protocol of a socket as it is shown: of an unconnected one only a raw one, as sysdig has it, for only then is it sure.
func shownL4(fd *event.FD) uint8 {
	if isConn(fd) && fd.Role == event.RoleNone && fd.L4 != event.L4Raw {
		return event.L4NA
	}
	return fd.L4
}

func l4Proto(_ *Field, _ *event.Event, fd *event.FD) Value {
	l4 := shownL4(fd)
	if !fd.Type.IsIP() || int(l4) >= len(l4Names) || l4Names[l4] == "" {
		return textValue("<NA>")
	}
	return textValue(l4Names[l4])
}

func sockFamily(_ *Field, _ *event.Event, fd *event.FD) Value {
	switch {
	case fd.Type.IsIP():
		return textValue("ip")
	case fd.Type == event.FDUnixSock:
		return textValue("unix")
	}
	return Value{}
}

func isServer(_ *Field, _ *event.Event, fd *event.FD) Value {
	return boolValue(fd.Type.IsListen() || isConn(fd) && fd.Role == event.RoleServer)
}

func isConnected(_ *Field, _ *event.Event, fd *event.FD) Value { return boolValue(fd.Connected) }
func nameChanged(_ *Field, _ *event.Event, fd *event.FD) Value { return boolValue(fd.Renamed) }

// device is the device number of what the descriptor refers to: 0 for sockets. Records have the kernel's new_encode_dev: the minor's low 8 bits,
// 12 bits of major, the rest of the minor.
func device(fd *event.FD) uint32 {
	if fd.Type.IsSocket() {
		return 0
	}
	return fd.Dev
}

func fdDev(_ *Field, _ *event.Event, fd *event.FD) Value { return intValue(int64(int32(device(fd)))) }

func fdDevMajor(_ *Field, _ *event.Event, fd *event.FD) Value {
	return intValue(int64(device(fd) >> 8 & 0xfff))
}

func fdDevMinor(_ *Field, _ *event.Event, fd *event.FD) Value {
	d := device(fd)
	return intValue(int64(d&0xff | d>>12&0xfff00))
}

func fdIno(_ *Field, _ *event.Event, fd *event.FD) Value { return intValue(int64(fd.Ino)) }

// layer tells which layer of an overlay file system the file was opened on.
func layer(bit uint32) func(*Field, *event.Event) Value {
	return ofFD(func(_ *Field, _ *event.Event, fd *event.FD) Value {
		return boolValue(isFile(fd.Type) && fd.Flags&bit != 0)
	})
}

// fdNumbers yields the descriptors of an event that has several: those of a poll, or the two of a pipe, socketpair, sendfile, ...
func fdNumbers(ev *event.Event, yield func(int64)) {
	switch ev.Type {
	case event.PollE, event.PpollE, event.PollX, event.PpollX:
		eachPolled(ev, func(n int64) { yield(n) })
		return
	}
	s := ev.Type.Schema()
	for i := range s.Params {
		if s.Params[i].Kind != event.KindFD || i == 0 && s.Params[i].Name == "res" {
			continue
		}
		if n, ok := ev.Int(i); ok && n >= 0 {
			yield(n)
		}
	}
}

// allFDTypes appends the types of all descriptors of the event.
func allFDTypes(f *Field, ev *event.Event, dst []Value) []Value {
	if ev.Thread == nil {
		return dst
	}
	if f.HasArg {
		n, err := strconv.ParseInt(f.Arg, 10, 64)
		if fd := ev.Thread.FDs.Get(n); err == nil && fd != nil {
			dst = append(dst, textValue(fd.Type.String()))
		}
		return dst
	}
	start := len(dst)
	fdNumbers(ev, func(n int64) {
		if fd := ev.Thread.FDs.Get(n); fd != nil {
			dst = append(dst, textValue(fd.Type.String()))
		}
	})
	if len(dst) == start && ev.FD != nil && about(ev) {
		dst = append(dst, textValue(ev.FD.Type.String()))
	}
	return dst
}

// eachPolled calls f with each descriptor of a poll's list: u16 count, then per entry i64 and u16 flags.
func eachPolled(ev *event.Event, f func(int64)) {
	i := 0
	switch ev.Type {
	case event.PollE, event.PpollE:
	case event.PollX, event.PpollX:
		i = 1
	default:
		return
	}
	eachFD(ev.Param(i), func(_ int, fd int64, _ uint16) { f(fd) })
}

// pollList makes one of the fdlist fields: what add appends for each descriptor, with commas between; absent when that is nothing.
func pollList(add func(b []byte, n int64, fd *event.FD) ([]byte, bool)) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		b := f.buf[:0]
		eachPolled(ev, func(n int64) {
			k := len(b)
			if k > 0 {
				b = append(b, ',')
			}
			var ok bool
			if b, ok = add(b, n, ev.Thread.FDs.Get(n)); !ok {
				b = b[:k]
			}
		})
		if len(b) == 0 {
			return Value{}
		}
		return f.scratch(b)
	}
}

func listNums(b []byte, n int64, _ *event.FD) ([]byte, bool) {
	return strconv.AppendInt(b, n, 10), true
}

func listNames(b []byte, _ int64, fd *event.FD) ([]byte, bool) {
	if fd == nil || fd.Name == "" {
		return append(b, "<NA>"...), true
	}
	return append(b, fd.Name...), true
}

func listClientIPs(b []byte, _ int64, fd *event.FD) ([]byte, bool) {
	if fd == nil || !isConn(fd) || !fd.Src.IsValid() {
		return b, false
	}
	return event.AppendIP(b, fd.Src.Addr()), true
}

func listServerIPs(b []byte, _ int64, fd *event.FD) ([]byte, bool) {
	if fd == nil || !fd.Type.IsIP() || !fd.Dst.IsValid() {
		return b, false
	}
	return event.AppendIP(b, fd.Dst.Addr()), true
}

func listClientPorts(b []byte, _ int64, fd *event.FD) ([]byte, bool) {
	if fd == nil || !isConn(fd) {
		return b, false
	}
	return strconv.AppendUint(b, uint64(fd.Src.Port()), 10), true
}

func listServerPorts(b []byte, _ int64, fd *event.FD) ([]byte, bool) {
	if fd == nil || !fd.Type.IsIP() {
		return b, false
	}
	return strconv.AppendUint(b, uint64(fd.Dst.Port()), 10), true
}

var polls = event.TypesOf(event.PollE, event.PollX, event.PpollE, event.PpollX)

func pollTypes(*Field) event.TypeSet { return polls }
