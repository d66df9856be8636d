package state

import (
	"net/netip"
	"strconv"
	"strings"

	"scry/capture/event"
)

const einprogress = 115

// onSocket takes a new socket. Old exits have only the descriptor; the rest is in the enter.
func onSocket(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	domain, typ, proto := uint32Of(ev, 1), uint32Of(ev, 2), uint32Of(ev, 3)
	if !ev.Has(1) {
		en := t.enterOf(th)
		if en == nil {
			return
		}
		domain, typ, proto = uint32Of(en, 0), uint32Of(en, 1), uint32Of(en, 2)
	}
	fd := t.newFD(n, event.FDUnknown)
	switch domain {
	case uint32(event.AFUnix):
		fd.Type = event.FDUnixSock
	case uint32(event.AFInet), uint32(event.AFInet6):
		fd.Type = event.FDIPv4Sock
		if domain == uint32(event.AFInet6) {
			fd.Type = event.FDIPv6Sock
		}
		fd.L4 = l4Of(typ, proto)
	case uint32(event.AFNetlink):
		fd.Type = event.FDNetlink
	}
	if fd.Type != event.FDUnknown {
		fd.Sock = event.SockOpen
	}
	setCloseExec(fd, typ&0x80000 != 0) // SOCK_CLOEXEC
	t.addFD(ev, th, fd)
}

// l4Of is the transport protocol of an IP socket: from the protocol number, or for protocol 0 from the type.
func l4Of(typ, proto uint32) uint8 {
	switch proto {
	case 0:
		switch typ & 0xff {
		case 1:
			return event.L4TCP
		case 2:
			return event.L4UDP
		}
	case 6:
		return event.L4TCP
	case 17:
		return event.L4UDP
	case 1:
		return event.L4ICMP
	case 255:
		return event.L4Raw
	}
	return event.L4Unknown
}

func onBind(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || ev.FD == nil {
		return
	}
	a, ok := event.ParseSockAddr(ev.Param(1))
	if !ok {
		return
	}
	fd := ev.FD
	fd.OldName = fd.Name
	t.scratch = event.AppendSockAddr(t.scratch[:0], a)
	switch a.Family {
	case event.AFInet, event.AFInet6:
		addr := netip.AddrPortFrom(a.Addr.Addr().Unmap(), a.Addr.Port())
		if addr.Port() > 0 {
			fd.Type = event.FDIPv4Listen
			if addr.Addr().Is6() {
				fd.Type = event.FDIPv6Listen
			}
			fd.Src, fd.Dst = netip.AddrPort{}, addr
		}
	}
	fd.Name = t.text(t.scratch)
	if a.Family == event.AFUnix || fd.Type.IsListen() && fd.L4 != event.L4UDP {
		fd.Role = event.RoleServer
	}
	fd.Renamed = fd.Name != fd.OldName
}

func onListen(_ *Tables, ev *event.Event, _ *thread) {
	if res, ok := ev.Int(0); ok && res >= 0 && ev.FD != nil {
		ev.FD.Sock = event.SockListening
	}
}

func onConnect(t *Tables, ev *event.Event, th *thread) {
	res, ok := ev.Int(0)
	fd := ev.FD
	if !ok || fd == nil || res < 0 && res != -einprogress {
		return
	}
	tu, ok := event.ParseTuple(ev.Param(1))
	if !ok {
		if tu, ok = t.connectAddr(ev, th, fd); !ok {
			return
		}
	}
	fd.OldName = fd.Name
	switch tu.Family {
	case event.AFInet, event.AFInet6:
		setTuple(fd, tu)
		fd.Name = t.tupleName(fd)
	case event.AFUnix:
		fd.Type = event.FDUnixSock
		fd.UnixSrc, fd.UnixDst = tu.UnixSrc, tu.UnixDst
		fd.Name = t.unixName(tu)
	default:
		t.scratch = event.AppendTuple(t.scratch[:0], tu)
		fd.Name = t.text(t.scratch)
	}
	fd.Role = event.RoleClient
	fd.Renamed = fd.Name != fd.OldName
	fd.Connected, fd.Pending = res == 0, res != 0
	if fd.Sock = event.SockConnected; fd.Pending {
		fd.Sock = event.SockConnecting
	}
}

// connectAddr makes a tuple of the address that connect was given, when the kernel gave none.
func (t *Tables) connectAddr(ev *event.Event, th *thread, fd *event.FD) (tu event.Tuple, ok bool) {
	a, ok := event.ParseSockAddr(ev.Param(3))
	if !ok {
		en := t.enterOf(th)
		if en == nil {
			return tu, false
		}
		if a, ok = event.ParseSockAddr(en.Param(1)); !ok {
			return tu, false
		}
	}
	tu.Family = a.Family
	switch a.Family {
	case event.AFInet:
		tu.Src = netip.AddrPortFrom(netip.IPv4Unspecified(), fd.Src.Port())
		tu.Dst = a.Addr
	case event.AFInet6:
		tu.Src = netip.AddrPortFrom(netip.IPv6Unspecified(), fd.Src.Port())
		tu.Dst = a.Addr
	case event.AFUnix:
		tu.Path = a.Path
	default:
		return tu, false
	}
	return tu, true
}

// setTuple gives fd the addresses of tu; IPv4 addresses in IPv6 form become IPv4.
func setTuple(fd *event.FD, tu event.Tuple) {
	src, dst := tu.Src.Addr(), tu.Dst.Addr()
	if src.Is4In6() && dst.Is4In6() || dst.Is4In6() && src.IsUnspecified() {
		dst = dst.Unmap()
		if src.Is4In6() {
			src = src.Unmap()
		} else {
			src = netip.IPv4Unspecified()
		}
	}
	fd.Type = event.FDIPv4Sock
	if dst.Is6() {
		fd.Type = event.FDIPv6Sock
	}
	fd.Src, fd.Dst = netip.AddrPortFrom(src, tu.Src.Port()), netip.AddrPortFrom(dst, tu.Dst.Port())
}

func (t *Tables) tupleName(fd *event.FD) string {
	t.scratch = event.AppendAddrPort(t.scratch[:0], fd.Src)
	t.scratch = append(t.scratch, "->"...)
	t.scratch = event.AppendAddrPort(t.scratch, fd.Dst)
	return t.text(t.scratch)
}

func (t *Tables) unixName(tu event.Tuple) string {
	t.scratch = event.AppendTuple(t.scratch[:0], tu)
	return t.text(t.scratch)
}

func onAccept(t *Tables, ev *event.Event, th *thread) {
	n, ok := ev.Int(0)
	if !ok || n < 0 || th == nil {
		return
	}
	tu, ok := event.ParseTuple(ev.Param(1))
	if !ok {
		return
	}
	fd := t.newFD(n, event.FDUnixSock)
	switch tu.Family {
	case event.AFInet, event.AFInet6:
		setTuple(fd, tu)
		fd.L4 = event.L4TCP
		fd.Name = t.tupleName(fd)
	case event.AFUnix:
		fd.UnixSrc, fd.UnixDst = tu.UnixSrc, tu.UnixDst
		fd.Name = t.unixName(tu)
	default:
		t.recycle(fd)
		return
	}
	fd.Role, fd.Sock, fd.Connected = event.RoleServer, event.SockConnected, true
	t.addFD(ev, th, fd)
}

func onSocketpair(t *Tables, ev *event.Event, th *thread) {
	if res, ok := ev.Int(0); !ok || res < 0 || th == nil {
		return
	}
	a, ok1 := ev.Int(1)
	b, ok2 := ev.Int(2)
	if !ok1 || !ok2 || a == b {
		return
	}
	for _, n := range [2]int64{a, b} {
		fd := t.newFD(n, event.FDUnixSock)
		fd.Sock = event.SockConnected
		fd.UnixSrc, _ = ev.Uint(3)
		fd.UnixDst, _ = ev.Uint(4)
		t.addFD(ev, th, fd)
	}
}

// traffic says where the calls that move data have the tuple: exit parameter, enter parameter (old captures).
var traffic = map[event.Type][2]int8{
	event.RecvfromX: {2, -1}, event.RecvmsgX: {3, -1}, event.RecvmmsgX: {4, -1}, event.RecvX: {4, -1},
	event.SendtoX: {4, 2}, event.SendmsgX: {4, 2}, event.SendmmsgX: {4, -1}, event.SendX: {4, -1},
	event.ReadX: {-1, -1}, event.ReadvX: {-1, -1}, event.WriteX: {-1, -1}, event.WritevX: {-1, -1},
}

var trafficTuple [event.NumTypes][2]int8

func init() {
	for t, p := range traffic {
		trafficTuple[t] = p
	}
}

// onTraffic lets data on an unnamed socket or on a datagram socket tell who talks to whom.
func onTraffic(t *Tables, ev *event.Event, th *thread) {
	fd := ev.FD
	if fd == nil || !fd.Type.IsSocket() {
		return
	}
	if res, ok := ev.Int(0); !ok || res < 0 {
		return
	}
	if fd.Pending {
		fd.Pending, fd.Connected, fd.Sock = false, true, event.SockConnected
	}
	p := trafficTuple[ev.Type]
	if p[0] < 0 || fd.Name != "" && fd.L4 == event.L4TCP {
		return
	}
	b := ev.Param(int(p[0]))
	if len(b) == 0 && p[1] >= 0 {
		if en := t.enterOf(th); en != nil {
			b = en.Param(int(p[1]))
		}
	}
	tu, ok := event.ParseTuple(b)
	if !ok {
		return
	}
	t.renameByTuple(ev, th, fd, tu, rows[ev.Type].flags&event.ReadsFD != 0)
}

func (t *Tables) renameByTuple(ev *event.Event, th *thread, fd *event.FD, tu event.Tuple, incoming bool) {
	fd.OldName = fd.Name
	switch tu.Family {
	case event.AFUnix:
		if tu.Path != "" || fd.Name == "" {
			fd.UnixSrc, fd.UnixDst = tu.UnixSrc, tu.UnixDst
			fd.Name = t.unixName(tu)
		}
	case event.AFInet, event.AFInet6:
		if fd.Type.IsListen() {
			fd.Type = event.FDIPv4Sock
		}
		before := [2]netip.AddrPort{fd.Src, fd.Dst}
		setTuple(fd, tu)
		if before == [2]netip.AddrPort{fd.Src, fd.Dst} && fd.Name != "" {
			return
		}
		if fd.L4 == event.L4Unknown {
			fd.L4 = event.L4UDP // a connected stream would not change its addresses
		}
		t.patchLocal(fd)
		if fd.Role == event.RoleNone {
			t.guessRole(th, fd, incoming)
		}
		if incoming && fd.Role == event.RoleClient || !incoming && fd.Role == event.RoleServer {
			fd.Src, fd.Dst = fd.Dst, fd.Src
		}
		fd.Name = t.tupleName(fd)
	default:
		return
	}
	fd.Renamed = fd.Name != fd.OldName
}

// guessRole decides who serves on a datagram socket: a process with a socket bound to the destination port does; else who receives
// first.
func (t *Tables) guessRole(th *thread, fd *event.FD, incoming bool) {
	if incoming || th.boundTo(fd.Dst.Port()) {
		fd.Role = event.RoleServer
		return
	}
	fd.Role = event.RoleClient
}

func (th *thread) boundTo(port uint16) bool {
	for fd := range th.FDs.All() {
		if fd.Type.IsListen() && fd.Dst.Port() == port {
			return true
		}
	}
	return false
}

// patchLocal fills in an unspecified local address from the interface list: the interface on the other side's network, else the first
// one that is not the loopback.
func (t *Tables) patchLocal(fd *event.FD) {
	switch {
	case !fd.Src.IsValid() || !fd.Dst.IsValid():
	case fd.Src.Addr().IsUnspecified() && !fd.Dst.Addr().IsUnspecified():
		fd.Src = netip.AddrPortFrom(t.localFor(fd.Dst.Addr(), fd.Src.Addr()), fd.Src.Port())
	case fd.Dst.Addr().IsUnspecified() && !fd.Src.Addr().IsUnspecified():
		fd.Dst = netip.AddrPortFrom(t.localFor(fd.Src.Addr(), fd.Dst.Addr()), fd.Dst.Port())
	}
}

// localFor is the address of this machine that talks to peer; none when the interface list does not tell.
func (t *Tables) localFor(peer, none netip.Addr) netip.Addr {
	var first, near netip.Addr
	for i := range t.host.Interfaces {
		f := &t.host.Interfaces[i]
		switch {
		case f.Addr.BitLen() != peer.BitLen():
		case f.Addr == peer:
			return f.Addr
		case !near.IsValid() && sameNetwork(f, peer):
			near = f.Addr
		case !first.IsValid() && !f.Addr.IsLoopback():
			first = f.Addr
		}
	}
	switch {
	case near.IsValid():
		return near
	case first.IsValid():
		return first
	}
	return none
}

// sameNetwork tells whether peer is on the network of interface f; for IPv6 that is taken to be 64 bits wide.
func sameNetwork(f *event.Interface, peer netip.Addr) bool {
	if peer.Is6() {
		p, err := f.Addr.WithZone("").Prefix(64)
		return err == nil && p.Contains(peer.WithZone(""))
	}
	if !f.Netmask.Is4() {
		return false
	}
	a, b, m := f.Addr.As4(), peer.As4(), f.Netmask.As4()
	for k := range m {
		if a[k]&m[k] != b[k]&m[k] {
			return false
		}
	}
	return true
}

// loadFDs takes the descriptors of one thread of a snapshot.
func (t *Tables) loadFDs(l event.FDList) {
	th := t.find(int64(l.TID))
	if th == nil || len(l.FDs) == 0 {
		return
	}
	if th.FDs == nil {
		th.FDs = &event.FDTable{}
	}
	for i := range l.FDs {
		fd := l.FDs[i]
		t.nameLoaded(&fd)
		t.setFD(th.FDs, &fd)
	}
}

// loadedSock is the state of an IP socket of a snapshot: files, as /proc, list what listens and what has a peer.
func loadedSock(fd *event.FD) event.SockState {
	switch {
	case fd.Type.IsListen() && fd.L4 != event.L4UDP:
		return event.SockListening
	case fd.Type.IsListen() || nowhere(fd.Dst):
		return event.SockOpen
	case fd.Pending:
		return event.SockConnecting
	}
	return event.SockConnected
}

// nameLoaded gives a descriptor of a snapshot its name and role.
func (t *Tables) nameLoaded(fd *event.FD) {
	if fd.Type.IsIP() && fd.Sock == event.SockUnknown {
		fd.Sock = loadedSock(fd)
	}
	switch fd.Type {
	case event.FDIPv4Sock, event.FDIPv6Sock:
		if nowhere(fd.Src) && nowhere(fd.Dst) {
			fd.Src, fd.Dst = netip.AddrPort{}, netip.AddrPort{} // not connected; a file has no other words for it
			break
		}
		unmap(fd)
		t.patchLocal(fd)
		fd.Name = t.tupleName(fd)
		fd.Connected = fd.L4 == event.L4TCP
	case event.FDIPv4Listen, event.FDIPv6Listen:
		t.scratch = event.AppendAddrPort(t.scratch[:0], fd.Dst)
		fd.Name = t.text(t.scratch)
		if fd.L4 != event.L4UDP {
			fd.Role = event.RoleServer // a datagram socket may be bound by a client as well
		}
		t.servers[fd.Dst.Port()] = true
	case event.FDUnixSock:
		fd.Name = strings.TrimSuffix(fd.Name, "\n") // old recorders kept the end of a line of /proc/net/unix
		switch {
		case fd.Role != event.RoleNone: // a snapshot of tables knows; a file does not say
		case fd.Name == "":
			fd.Role = event.RoleClient
		default:
			fd.Role = event.RoleServer
		}
	case event.FDPIDFD:
		if k := len("/proc/"); len(fd.Name) > k {
			fd.PID, _ = strconv.ParseInt(fd.Name[k:], 10, 64)
		}
	}
	switch fd.Type {
	case event.FDPIDFD, event.FDBPF, event.FDIOURing:
		fd.CloseExec = true // a capture does not keep the flag of these, and they are born with it
	case event.FDMemFD:
		fd.CloseExec = fd.Flags&(oCloexec|mfdCloexec) != 0
	default:
		fd.CloseExec = fd.Flags&oCloexec != 0
	}
}

// unmap makes a socket of IPv4 addresses in IPv6 form one of IPv4.
func unmap(fd *event.FD) {
	if src, dst := fd.Src.Addr(), fd.Dst.Addr(); fd.Type == event.FDIPv6Sock && src.Is4In6() && dst.Is4In6() {
		fd.Type = event.FDIPv4Sock
		fd.Src, fd.Dst = netip.AddrPortFrom(src.Unmap(), fd.Src.Port()), netip.AddrPortFrom(dst.Unmap(), fd.Dst.Port())
	}
}

// nowhere tells the address that stands for none.
func nowhere(a netip.AddrPort) bool { return !a.IsValid() || a.Port() == 0 && a.Addr().IsUnspecified() }

// fixRoles decides the roles of connections that were there at the start: a source port on which something listens is a server's,
// so such a connection is turned round.
func (t *Tables) fixRoles(th *thread) {
	if !th.Main {
		return
	}
	for fd := range th.FDs.All() {
		if fd.Type != event.FDIPv4Sock && fd.Type != event.FDIPv6Sock || !fd.Src.IsValid() || !fd.Dst.IsValid() {
			continue
		}
		known, v4 := fd.Role != event.RoleNone, fd.Type == event.FDIPv4Sock
		switch {
		case fd.Role == event.RoleServer, !known && v4 && t.servers[fd.Src.Port()]:
			fd.Src, fd.Dst = fd.Dst, fd.Src
			fd.Name = t.tupleName(fd)
			fd.Role = event.RoleServer
		case !known && v4:
			fd.Role = event.RoleClient
		}
	}
}
