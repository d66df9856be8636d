package state

import (
	"net/netip"
	"testing"

	"scry/capture/event"
)

// A step is one event of thread 100.
type step struct {
	typ  event.Type
	args []any
}

func ev(typ event.Type, args ...any) step { return step{typ, args} }

const (
	inet, inet6, unix = int(event.AFInet), int(event.AFInet6), int(event.AFUnix)
	stream, dgram     = 1, 2
)

func socket(domain, typ int) step { return ev(event.SocketX, 7, domain, typ, 0) }

// sockOf is the state of a socket whose case does not say it.
func sockOf(fd *event.FD) event.SockState {
	switch {
	case fd.Type == event.FDUnknown:
		return event.SockUnknown
	case fd.Connected:
		return event.SockConnected
	case fd.Pending:
		return event.SockConnecting
	}
	return event.SockOpen
}

// TestSockets: what a sequence of calls leaves of descriptor 7.
func TestSockets(t *testing.T) {
	v4 := tuple("10.0.0.1:5000", "10.0.0.2:80")
	cases := []struct {
		name  string
		steps []step
		want  event.FD
	}{
		{"tcp", []step{socket(inet, stream)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}},
		{"udp6", []step{socket(inet6, dgram)}, event.FD{Type: event.FDIPv6Sock, L4: event.L4UDP}},
		{"icmp", []step{ev(event.SocketX, 7, inet, 3, 1)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4ICMP}},
		{"raw", []step{ev(event.SocketX, 7, inet, 3, 255)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4Raw}},
		{"sctp", []step{ev(event.SocketX, 7, inet, stream, 132)}, event.FD{Type: event.FDIPv4Sock}},
		{"unix", []step{socket(unix, stream)}, event.FD{Type: event.FDUnixSock}},
		{"bluetooth", []step{socket(31, stream)}, event.FD{}},
		{"cloexec", []step{socket(unix, stream|0x80000)}, event.FD{Type: event.FDUnixSock, CloseExec: true, Flags: oCloexec}},
		{"old", []step{ev(event.SocketE, inet, stream, 0), ev(event.SocketX, 7)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}},
		{"connect", []step{socket(inet, stream), ev(event.ConnectX, 0, v4, 7)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"connect refused", []step{socket(inet, stream), ev(event.ConnectX, -111, v4, 7)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}},
		{"connect in progress", []step{socket(inet, stream), ev(event.ConnectX, -einprogress, v4, 7)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Pending: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"connected later", []step{socket(inet, stream), ev(event.ConnectX, -einprogress, v4, 7), ev(event.WriteX, 5, nil, 7, 5)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"still in progress", []step{socket(inet, stream), ev(event.ConnectX, -einprogress, v4, 7), ev(event.WriteX, -11, nil, 7, 5)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Pending: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"connect by enter", []step{socket(inet, stream), ev(event.ConnectE, 7, addr("10.0.0.2:80")), ev(event.ConnectX, 0, nil)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "0.0.0.0:0->10.0.0.2:80"}},
		{"connect by address", []step{socket(inet, stream), ev(event.ConnectX, 0, nil, 7, addr("10.0.0.2:80"))},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "0.0.0.0:0->10.0.0.2:80"}},
		{"connect v6", []step{socket(inet6, stream), ev(event.ConnectX, 0, tuple("[::1]:5000", "[::1]:80"), 7)},
			event.FD{Type: event.FDIPv6Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "::1:5000->::1:80"}},
		{"connect mapped", []step{socket(inet6, stream), ev(event.ConnectX, 0, tuple("[::ffff:10.0.0.1]:5000", "[::ffff:10.0.0.2]:80"), 7)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"connect unix", []step{socket(unix, stream), ev(event.ConnectX, 0, unixTuple(0xaa, 0xbb, "/run/s"), 7)},
			event.FD{Type: event.FDUnixSock, Role: event.RoleClient, Connected: true, UnixSrc: 0xaa, UnixDst: 0xbb, Name: "aa->bb /run/s"}},
		{"bind", []step{socket(inet, stream), ev(event.BindX, 0, addr("0.0.0.0:80"), 7)},
			event.FD{Type: event.FDIPv4Listen, L4: event.L4TCP, Role: event.RoleServer, Name: "0.0.0.0:80"}},
		{"bind v6", []step{socket(inet6, stream), ev(event.BindX, 0, addr("[::]:80"), 7)},
			event.FD{Type: event.FDIPv6Listen, L4: event.L4TCP, Role: event.RoleServer, Name: ":::80"}},
		{"bind mapped", []step{socket(inet6, stream), ev(event.BindX, 0, addr("[::ffff:1.2.3.4]:80"), 7)},
			event.FD{Type: event.FDIPv4Listen, L4: event.L4TCP, Role: event.RoleServer, Name: "1.2.3.4:80"}},
		{"bind failed", []step{socket(inet, stream), ev(event.BindX, -98, addr("0.0.0.0:80"), 7)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}},
		{"bind to any port", []step{socket(inet, stream), ev(event.BindX, 0, addr("1.2.3.4:0"), 7)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Name: "1.2.3.4:0"}},
		{"bind unix", []step{socket(unix, stream), ev(event.BindX, 0, addr("/run/s"), 7)},
			event.FD{Type: event.FDUnixSock, Role: event.RoleServer, Name: "/run/s"}},
		{"accept", []step{ev(event.AcceptV5X, 7, v4, 0, 0, 0)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleServer, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"accept4", []step{ev(event.Accept4V6X, 7, v4, 0, 0, 0, 0)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleServer, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"accept unix", []step{ev(event.AcceptV5X, 7, unixTuple(1, 2, "/run/s"), 0, 0, 0)},
			event.FD{Type: event.FDUnixSock, Role: event.RoleServer, Connected: true, UnixSrc: 1, UnixDst: 2, Name: "1->2 /run/s"}},
		{"socketpair", []step{ev(event.SocketpairX, 0, 7, 8, 0xaa, 0xbb)}, event.FD{Type: event.FDUnixSock, Sock: event.SockConnected, UnixSrc: 0xaa, UnixDst: 0xbb}},
		{"listen", []step{socket(inet, stream), ev(event.BindX, 0, addr("0.0.0.0:80"), 7), ev(event.ListenX, 0, 7, 5)},
			event.FD{Type: event.FDIPv4Listen, L4: event.L4TCP, Role: event.RoleServer, Sock: event.SockListening, Name: "0.0.0.0:80"}},
		{"listen failed", []step{socket(inet, stream), ev(event.BindX, 0, addr("0.0.0.0:80"), 7), ev(event.ListenX, -98, 7, 5)},
			event.FD{Type: event.FDIPv4Listen, L4: event.L4TCP, Role: event.RoleServer, Sock: event.SockOpen, Name: "0.0.0.0:80"}},
		{"sendto", []step{socket(inet, dgram), ev(event.SendtoX, 5, nil, 7, 5, v4)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP, Role: event.RoleClient, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"sendto of old", []step{socket(inet, dgram), ev(event.SendtoE, 7, 5, v4), ev(event.SendtoX, 5, nil)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP, Role: event.RoleClient, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"sendto failed", []step{socket(inet, dgram), ev(event.SendtoX, -1, nil, 7, 5, v4)}, event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP}},
		{"answer", []step{socket(inet, dgram), ev(event.SendtoX, 5, nil, 7, 5, v4),
			ev(event.RecvfromX, 5, nil, tuple("10.0.0.2:80", "10.0.0.1:5000"), 7, 5)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP, Role: event.RoleClient, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"udp server", []step{socket(inet, dgram), ev(event.BindX, 0, addr("10.0.0.2:80"), 7), ev(event.RecvfromX, 5, nil, v4, 7, 5)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP, Role: event.RoleServer, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"udp server answers", []step{socket(inet, dgram), ev(event.BindX, 0, addr("10.0.0.2:80"), 7), ev(event.RecvfromX, 5, nil, v4, 7, 5),
			ev(event.SendtoX, 5, nil, 7, 5, tuple("10.0.0.2:80", "10.0.0.1:5000"))},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP, Role: event.RoleServer, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"tcp keeps its name", []step{socket(inet, stream), ev(event.ConnectX, 0, v4, 7),
			ev(event.SendtoX, 5, nil, 7, 5, tuple("9.9.9.9:9", "8.8.8.8:8"))},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "10.0.0.1:5000->10.0.0.2:80"}},
		{"getsockopt", []step{socket(inet, stream), ev(event.GetsockoptX, 0, 7, 1, 4, []byte{1, 0, 0, 0, 0}, 4)},
			event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}},
	}
	for _, c := range cases {
		w := newWorld(t, shell())
		for _, s := range c.steps {
			w.do(100, s.typ, s.args...)
		}
		got := *w.fd(100, 7)
		got.Num, got.Gen, got.Renamed, got.OldName, got.Src, got.Dst = 0, 0, false, "", netip.AddrPort{}, netip.AddrPort{}
		if c.want.Sock == event.SockUnknown {
			c.want.Sock = sockOf(&c.want)
		}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// TestSocketEnds: the two ends of a socket are those of its name.
func TestSocketEnds(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.SocketX, 7, inet, stream, 0)
	w.do(100, event.ConnectX, 0, tuple("10.0.0.1:5000", "10.0.0.2:80"), 7)
	if fd := w.fd(100, 7); fd.Src.String() != "10.0.0.1:5000" || fd.Dst.String() != "10.0.0.2:80" {
		t.Errorf("%v, %v", fd.Src, fd.Dst)
	}
	w.do(100, event.SocketX, 8, inet, stream, 0)
	w.do(100, event.BindX, 0, addr("1.2.3.4:80"), 8)
	if fd := w.fd(100, 8); fd.Src.IsValid() || fd.Dst.String() != "1.2.3.4:80" {
		t.Errorf("listener: %v, %v", fd.Src, fd.Dst)
	}
}

// TestSocketFailures: calls that fail, on descriptors that are not known, or without addresses, make nothing.
func TestSocketFailures(t *testing.T) {
	v4 := tuple("10.0.0.1:5000", "10.0.0.2:80")
	for _, s := range []step{
		ev(event.SocketX, -24, inet, stream, 0), ev(event.SocketX, 7), ev(event.ConnectX, 0, v4, 7), ev(event.BindX, 0, addr("1.2.3.4:5"), 7),
		ev(event.AcceptV5X, -11, v4), ev(event.AcceptV5X, 7, nil), ev(event.AcceptV5X, 7, []byte{99}), ev(event.AcceptV5X, 7, v4[:5]),
		ev(event.SocketpairX, -1, 7, 8, 1, 2), ev(event.SocketpairX, 0, 7, 7, 1, 2), ev(event.RecvfromX, 1, nil, v4, 7, 1),
	} {
		w := newWorld(t, shell())
		w.do(100, s.typ, s.args...)
		if n := w.thread(100).FDs.Len(); n != 4 {
			t.Errorf("%s%v: %d descriptors", s.typ, s.args, n)
		}
	}
}

// TestRenamed: only the event that names a socket anew says so.
func TestRenamed(t *testing.T) {
	w := newWorld(t, shell())
	w.do(100, event.SocketX, 7, inet, dgram, 0)
	for i, want := range []bool{true, false, true, false} {
		to := []string{"10.0.0.2:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.3:80"}[i]
		if ev := w.do(100, event.SendtoX, 5, nil, 7, 5, tuple("10.0.0.1:5000", to)); ev.FD.Renamed != want {
			t.Errorf("event %d: %v", i, ev.FD.Renamed)
		}
	}
}

// TestLocalAddress: an address that the socket does not have yet is that of the interface which leads to the other side.
func TestLocalAddress(t *testing.T) {
	ip := netip.MustParseAddr
	s := shell()
	s.HasInterfaces = true
	s.Interfaces = []event.Interface{
		{Name: "lo", Addr: ip("127.0.0.1"), Netmask: ip("255.0.0.0")}, {Name: "eth0", Addr: ip("192.0.2.1"), Netmask: ip("255.255.255.0")},
		{Name: "eth1", Addr: ip("10.0.0.1"), Netmask: ip("255.255.255.0")}, {Name: "lo", Addr: ip("::1")},
		{Name: "eth0", Addr: ip("2001:db8::1")}, {Name: "eth1", Addr: ip("2001:db8:1::1")},
	}
	for to, want := range map[string]string{
		"10.0.0.9:53": "10.0.0.1", "192.0.2.7:53": "192.0.2.1", "8.8.8.8:53": "192.0.2.1", "127.0.0.1:53": "127.0.0.1",
		"10.0.0.1:53": "10.0.0.1", "[2001:db8:1::9]:53": "2001:db8:1::1", "[2001:db9::9]:53": "2001:db8::1", "[::1]:53": "::1",
	} {
		w := newWorld(t, s)
		from, domain := "0.0.0.0:1000", inet
		if netip.MustParseAddrPort(to).Addr().Is6() {
			from, domain = "[::]:1000", inet6
		}
		w.do(100, event.SocketX, 7, domain, dgram, 0)
		w.do(100, event.SendtoX, 5, nil, 7, 5, tuple(from, to))
		if got := w.fd(100, 7).Src.Addr().String(); got != want {
			t.Errorf("to %s: from %s, want %s", to, got, want)
		}
	}
}

// TestLoadedRoles: a connection from a port that something listens on is a server's.
func TestLoadedRoles(t *testing.T) {
	ap := netip.MustParseAddrPort
	s := shell()
	s.FDs[0].FDs = []event.FD{
		{Num: 3, Type: event.FDIPv4Listen, L4: event.L4TCP, Dst: ap("0.0.0.0:80")},
		{Num: 4, Type: event.FDIPv4Sock, L4: event.L4TCP, Src: ap("10.0.0.2:80"), Dst: ap("10.0.0.1:5000")},
		{Num: 5, Type: event.FDIPv4Sock, L4: event.L4TCP, Src: ap("10.0.0.2:6000"), Dst: ap("10.0.0.1:80")},
		{Num: 6, Type: event.FDUnixSock, Name: "/run/s\n"}, {Num: 7, Type: event.FDUnixSock},
	}
	w := newWorld(t, s)
	for n, want := range map[int64]event.FD{
		3: {Name: "0.0.0.0:80", Role: event.RoleServer}, 4: {Name: "10.0.0.1:5000->10.0.0.2:80", Role: event.RoleServer},
		5: {Name: "10.0.0.2:6000->10.0.0.1:80", Role: event.RoleClient}, 6: {Name: "/run/s", Role: event.RoleServer}, 7: {Role: event.RoleClient},
	} {
		if fd := w.fd(100, n); fd.Name != want.Name || fd.Role != want.Role {
			t.Errorf("descriptor %d: %q, role %d", n, fd.Name, fd.Role)
		}
	}
}
