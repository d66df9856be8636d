//go:build linux

package proc

import (
	"errors"
	"io/fs"
	"net/netip"

	"scry/capture/event"
)

// inetFiles are the tables of IP sockets below /proc/PID/net.
var inetFiles = []struct {
	name string
	l4   uint8
}{
	{"tcp", event.L4TCP}, {"tcp6", event.L4TCP}, {"udp", event.L4UDP}, {"udp6", event.L4UDP}, {"udplite", event.L4UDP},
	{"udplite6", event.L4UDP}, {"raw", event.L4Raw}, {"raw6", event.L4Raw}, {"icmp", event.L4ICMP}, {"icmp6", event.L4ICMP},
}

// readNet reads the sockets of the network namespace of the process in dir. A kernel without a protocol has no file for it.
func (r *reader) readNet(dir int, table map[uint64]socket) error {
	for _, f := range inetFiles {
		err := r.lines(dir, "net/"+f.name, func(line []byte) bool {
			if ino, s, ok := parseInet(line, f.l4); ok {
				table[ino] = s
			}
			return len(table) < maxSockets
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	setRoles(table)
	other := func(name string, parse func([]byte) (uint64, socket, bool)) error {
		err := r.lines(dir, "net/"+name, func(line []byte) bool {
			if ino, s, ok := parse(line); ok {
				addOther(table, ino, s)
			}
			return len(table) < maxSockets
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := other("netlink", parseNetlink); err != nil {
		return err
	}
	return other("unix", parseUnix)
}

// addOther adds a socket. The paths in /proc/net/unix are not escaped, so one with a line end in it can claim to be the line of another
// socket. No inode comes twice otherwise: one that does keeps what it is, if that is known for sure, and loses the path that one of two tells.
func addOther(table map[uint64]socket, ino uint64, s socket) {
	if old, ok := table[ino]; ok {
		if old.typ != event.FDUnixSock {
			return
		}
		s = socket{typ: event.FDUnixSock}
	}
	table[ino] = s
}

// States of a TCP socket (include/net/tcp_states.h); those of the other protocols use the first one for connected sockets.
const (
	tcpEstablished = 1
	tcpSynSent     = 2
	tcpListen      = 10
)

// parseInet reads "SLOT: LOCAL REMOTE STATE TX:RX TIMER:WHEN RETRANSMITS UID TIMEOUT INODE ..." (net/ipv4/tcp_ipv4.c: get_tcp4_sock).
func parseInet(line []byte, l4 uint8) (ino uint64, s socket, ok bool) {
	w := words{line}
	w.next()
	local, ok1 := parseEnd(w.next())
	remote, ok2 := parseEnd(w.next())
	state := w.hex()
	w.skip(5)
	if ino = w.uint(); !ok1 || !ok2 || ino == 0 { // the heading; connections that no process has any more
		return 0, s, false
	}
	s.l4 = l4
	v6 := local.Addr().Is6()
	if l4 == event.L4Raw && local.Port() == 1 && !v6 { // a raw socket has its protocol there
		s.l4 = event.L4ICMP
	}
	if l4 == event.L4Raw || l4 == event.L4ICMP {
		local, remote = netip.AddrPortFrom(local.Addr(), 0), netip.AddrPortFrom(remote.Addr(), 0)
	}
	if v6 && local.Addr().Is4In6() && (remote.Addr().Is4In6() || remote.Addr().IsUnspecified()) {
		v6 = false
		if remote.Addr().IsUnspecified() {
			remote = netip.AddrPortFrom(netip.IPv4Unspecified(), remote.Port())
		}
		local, remote = netip.AddrPortFrom(local.Addr().Unmap(), local.Port()), netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	}
	s.typ = event.FDIPv4Sock
	if v6 {
		s.typ = event.FDIPv6Sock
	}
	switch {
	case !remote.Addr().IsUnspecified() || state == tcpEstablished:
		s.src, s.dst = local, remote
		s.pending = l4 == event.L4TCP && state == tcpSynSent
		s.connected = !s.pending
	case local.Port() != 0: // bound or listening
		s.typ += event.FDIPv4Listen - event.FDIPv4Sock
		s.dst = local
	}
	return ino, s, true
}

// parseEnd reads "ADDRESS:PORT" in hexadecimal. The address is words of 32 bits in the byte order of the machine, which is little endian
// on all that we build for.
func parseEnd(b []byte) (a netip.AddrPort, ok bool) {
	const v4, v6 = 8, 32
	var ip [16]byte
	n := len(b) - len(":0000")
	if n != v4 && n != v6 || b[n] != ':' {
		return a, false
	}
	for i := 0; i < n; i += 8 {
		w := uint32(digits(b[i:i+8], 16))
		for k := range 4 {
			ip[i/2+k] = byte(w >> (8 * k))
		}
	}
	port := uint16(digits(b[n+1:], 16))
	if n == v4 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[:4])), port), true
	}
	return netip.AddrPortFrom(netip.AddrFrom16(ip), port), true
}

// setRoles tells who serves a connection: the side whose port a socket of the same namespace and protocol listens on, or for datagrams is
// bound to.
func setRoles(table map[uint64]socket) {
	type port struct {
		l4 uint8
		n  uint16
	}
	served := map[port]bool{}
	for _, s := range table {
		if s.typ.IsListen() {
			served[port{s.l4, s.dst.Port()}] = true
		}
	}
	for ino, s := range table {
		switch {
		case s.typ.IsListen() && s.l4 != event.L4UDP:
			s.role = event.RoleServer
		case s.typ.IsListen() || s.src.Port() == 0:
			continue
		case served[port{s.l4, s.src.Port()}]:
			s.role = event.RoleServer
		default:
			s.role = event.RoleClient
		}
		table[ino] = s
	}
}

// parseUnix reads "NUMBER: REFS PROTOCOL FLAGS TYPE STATE INODE[ PATH]" (net/unix/af_unix.c: unix_seq_show). NUMBER is the address of
// the socket in the kernel, hashed unless kernel.kptr_restrict is 1. An abstract name begins with "@".
func parseUnix(line []byte) (ino uint64, s socket, ok bool) {
	w := words{line}
	num := w.next()
	if n := len(num); n == 0 || num[n-1] != ':' {
		return 0, s, false
	}
	w.skip(2)
	flags := w.hex()
	w.skip(1)
	state := w.hex()
	if ino = w.uint(); ino == 0 {
		return 0, s, false
	}
	s.typ, s.unix, s.sock = event.FDUnixSock, digits(num, 16), unixState(flags, state)
	if len(w.b) > 1 {
		s.path = string(w.b[1:])
	}
	return ino, s, true
}

// unixState is the state of a unix socket (include/linux/net.h: __SO_ACCEPTCON, socket_state).
func unixState(flags, state uint64) event.SockState {
	const accepting, connecting, connected = 0x10000, 2, 3
	switch {
	case flags&accepting != 0:
		return event.SockListening
	case state == connected:
		return event.SockConnected
	case state == connecting:
		return event.SockConnecting
	}
	return event.SockOpen
}

// parseNetlink reads "NUMBER PROTOCOL PID GROUPS RMEM WMEM DUMP LOCKS DROPS INODE" (net/netlink/af_netlink.c: netlink_native_seq_show).
func parseNetlink(line []byte) (ino uint64, s socket, ok bool) {
	w := words{line}
	w.skip(9)
	ino = w.uint()
	return ino, socket{typ: event.FDNetlink}, ino != 0
}
