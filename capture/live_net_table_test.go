//go:build linux

package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// sockaddr is a struct sockaddr_in or sockaddr_in6.
func sockaddr(a netip.AddrPort) []byte {
	if a.Addr().Is4() {
		return packed(uint16(unix.AF_INET), binary.BigEndian.AppendUint16(nil, a.Port()), a.Addr().AsSlice(), uint64(0))
	}
	return packed(uint16(unix.AF_INET6), binary.BigEndian.AppendUint16(nil, a.Port()), uint32(0), a.Addr().AsSlice(), uint32(0))
}

func unixaddr(path string) []byte { return packed(uint16(unix.AF_UNIX), path) }

func text(a netip.AddrPort) string { return fmt.Sprintf("%s:%d", a.Addr(), a.Port()) }

// name is the address that a socket has, or (getpeername) its peer.
func (k *kit) name(fd int64, peer bool) netip.AddrPort {
	b, n := k.alloc(32), k.pieces(uint32(32))
	if r := k.sys(map[bool]string{false: "getsockname", true: "getpeername"}[peer], fd, b, n); r < 0 {
		panic(fmt.Sprintf("name of socket %d: %d", fd, r))
	}
	port := binary.BigEndian.Uint16(k.at(b+2, 2))
	if binary.LittleEndian.Uint16(k.at(b, 2)) == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(k.at(b+4, 4))), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(k.at(b+8, 16))), port)
}

// loopbacks are the addresses that this machine has for tests.
func (k *kit) loopbacks() (list []netip.AddrPort) {
	for _, s := range []string{"127.0.0.1:0", "[::1]:0"} {
		a := netip.MustParseAddrPort(s)
		fd := k.socket(a, unix.SOCK_STREAM)
		if fd >= 0 && k.sys("bind", fd, sockaddr(a), 28) == 0 {
			list = append(list, a)
		}
	}
	return list
}

func (k *kit) socket(a netip.AddrPort, kind int) int64 {
	family := unix.AF_INET
	if a.Addr().Is6() {
		family = unix.AF_INET6
	}
	return k.sys("socket", family, kind, 0)
}

// listener is a socket that listens, and where.
func (k *kit) listener(a netip.AddrPort) (int64, netip.AddrPort) {
	fd := k.socket(a, unix.SOCK_STREAM)
	k.sys("bind", fd, sockaddr(a), len(sockaddr(a)))
	k.sys("listen", fd, 5)
	return fd, k.name(fd, false)
}

// pair is a TCP connection: two descriptors and the text of the tuple from the first to the second.
func (k *kit) pair(a netip.AddrPort) (client, server int64, forth, back string) {
	l, addr := k.listener(a)
	client = k.socket(a, unix.SOCK_STREAM)
	k.sys("connect", client, sockaddr(addr), len(sockaddr(addr)))
	server = k.sys("accept4", l, 0, 0, 0)
	c := text(k.name(client, false))
	return client, server, c + "->" + text(addr), text(addr) + "->" + c
}

// each runs a row for IPv4 and IPv6.
func each(do func(*kit, netip.AddrPort)) func(*kit) {
	return func(k *kit) {
		for _, a := range k.loopbacks() {
			do(k, a)
		}
	}
}

// msghdr is a struct msghdr.
func (k *kit) msghdr(name []byte, control uintptr, controlLen int, pieces ...any) uintptr {
	return k.bytes(k.msghdrBytes(name, control, controlLen, pieces...))
}

func (k *kit) msghdrBytes(name []byte, control uintptr, controlLen int, pieces ...any) []byte {
	var n uintptr
	if name != nil {
		n = k.bytes(name)
	}
	return packed(uint64(n), uint32(len(name)), uint32(0), uint64(k.words(pieces...)), uint64(len(pieces)/2), uint64(control), uint64(controlLen), uint64(0))
}

// longRows move more than the 80 bytes that TestLiveSnaplen asks for.
var longRows = []row{
	{"write", func(k *kit) {
		for _, n := range []int{79, 80, 81, 5000} {
			data := []byte(strings.Repeat("0123456789", n/10+1)[:n])
			f := k.fileOf(string(data))
			shown, cut := data[:min(n, 80)], n > 80
			check := func(pairs ...any) {
				k.want(append(pairs, "fd", f)...)
				if cut {
					k.cut()
				}
			}
			k.call("write", f, data, n)
			check("data", shown, "size", n)
			k.call("pwrite64", f, data, n, 0)
			check("data", shown, "size", n, "pos", 0)
			k.call("pread64", f, k.alloc(n), n, 0)
			check("data", shown, "size", n, "pos", 0)
			k.sys("lseek", f, 0, 0)
			k.call("read", f, k.alloc(n), n)
			check("data", shown, "size", n)
			k.call("pwritev", f, k.words(data[:30], 30, data[30:], n-30), 2, 0)
			check("data", shown, "size", n, "pos", 0)
			k.call("preadv", f, k.words(k.alloc(50), 50, k.alloc(n), n), 2, 0)
			got := k.expected[len(k.expected)-1].Res
			k.want("data", shown, "size", n+50, "pos", 0, "fd", f)
			if got > 80 {
				k.cut()
			}
		}
	}},
	{"sendto", each(func(k *kit, a netip.AddrPort) {
		c, s, forth, _ := k.pair(a)
		data := []byte(strings.Repeat("abcdefghij", 100))
		k.call("sendto", c, data, 1000, 0, 0, 0)
		k.want("data", data[:80], "fd", c, "size", 1000, "tuple", forth)
		k.cut()
		k.call("recvfrom", s, k.alloc(2000), 2000, 0, 0, 0)
		k.want("data", data[:80], "tuple", forth, "fd", s, "size", 2000)
		k.cut()
		k.call("sendmsg", c, k.msghdr(nil, 0, 0, data[:10], 10, data[10:500], 490), 0)
		k.want("data", data[:80], "fd", c, "size", 500, "tuple", forth)
		k.cut()
		k.call("recvmsg", s, k.msghdr(nil, 0, 0, k.alloc(70), 70, k.alloc(2000), 2000), 0)
		k.want("size", 2070, "data", data[:80], "tuple", forth, "msgcontrol", absent, "fd", s)
		k.cut()
		k.call("setsockopt", c, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, data, 1000)
		k.want("fd", c, "level", "SOL_SOCKET", "optname", "SO_BINDTODEVICE", "val", append([]byte{0}, data[:80]...), "optlen", 1000)
		k.cut()
	})},
	{"ppoll", func(k *kit) {
		var list, text []byte
		for range 65 {
			list = append(list, packed(int32(-1), int16(1), int16(0))...)
		}
		text = packed(uint16(64))
		for range 64 {
			text = append(text, packed(int64(-1), uint16(0))...)
		}
		k.call("ppoll", list, 65, k.words(0, 0), 0, 8)
		k.want("fds", showPoll(text), "timeout", 0, "sigmask", 0)
		for i := range 64 {
			text[2+10*i+8] = 1
		}
		k.in("fds", showPoll(text))
		k.cut()
	}},
}

// netRows are the calls on sockets.
var netRows = []row{
	{"socket", func(k *kit) {
		k.call("socket", unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
		k.want("domain", "AF_INET", "type", unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, "proto", 6, "flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("socket", unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		k.want("domain", "AF_LOCAL|AF_UNIX", "type", 2, "proto", 0, "flags", 0)
		k.call("socket", unix.AF_INET6, 77, 5)
		k.want("domain", "AF_INET6", "type", 77, "proto", 5, "flags", 0)
	}},
	{"socketpair", func(k *kit) {
		p := k.alloc(8)
		k.call("socketpair", unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0, p)
		k.want("fd1", k.i32(p), "fd2", k.i32(p+4), "source", nonzero, "peer", nonzero, "domain", "AF_LOCAL|AF_UNIX", "type", unix.SOCK_STREAM|unix.SOCK_CLOEXEC, "proto", 0)
		k.call("socketpair", unix.AF_INET, unix.SOCK_STREAM, 6, p)
		k.want("fd1", -1, "fd2", -1, "source", 0, "peer", 0, "domain", "AF_INET", "type", 1, "proto", 6)
	}},
	{"bind", func(k *kit) {
		for _, a := range k.loopbacks() {
			fd := k.socket(a, unix.SOCK_STREAM)
			k.call("bind", fd, sockaddr(a), len(sockaddr(a)))
			k.want("addr", text(a), "fd", fd)
			other := netip.AddrPortFrom(netip.MustParseAddr(map[bool]string{true: "192.0.2.1", false: "2001:db8::7"}[a.Addr().Is4()]), 4711)
			k.call("bind", k.socket(a, unix.SOCK_STREAM), sockaddr(other), len(sockaddr(other)))
			k.want("addr", text(other), "fd", present)
		}
		fd, p := k.sys("socket", unix.AF_UNIX, unix.SOCK_STREAM, 0), k.path("bind")
		k.call("bind", fd, unixaddr(p), 2+len(p))
		k.want("addr", p, "fd", fd)
		fd = k.sys("socket", unix.AF_UNIX, unix.SOCK_STREAM, 0)
		k.call("bind", fd, unixaddr("\x00scry-live"), 2+10)
		k.want("addr", "@scry-live", "fd", fd)
		k.call("bind", fd, k.bad, 16)
		k.want("addr", fault, "fd", fd)
		k.call("bind", -1, packed(uint16(unix.AF_NETLINK), uint16(0), uint64(0)), 12)
		k.want("addr", "family 16", "fd", -1)
		k.call("bind", fd, unixaddr(strings.Repeat("x", 108)), 110)
		k.want("addr", strings.Repeat("x", 108), "fd", fd)
	}},
	{"listen", func(k *kit) {
		fd := k.socket(netip.MustParseAddrPort("127.0.0.1:0"), unix.SOCK_STREAM)
		k.call("listen", fd, 7)
		k.want("fd", fd, "backlog", 7)
		k.call("listen", -1, -3)
		k.want("fd", -1, "backlog", -3)
	}},
	{"connect", each(func(k *kit, a netip.AddrPort) {
		l, addr := k.listener(a)
		fd := k.socket(a, unix.SOCK_STREAM)
		k.call("connect", fd, sockaddr(addr), len(sockaddr(addr)))
		k.want("tuple", text(k.name(fd, false))+"->"+text(addr), "fd", fd, "addr", text(addr))
		k.sys("close", l)
		fd = k.socket(a, unix.SOCK_STREAM)
		k.call("connect", fd, sockaddr(addr), len(sockaddr(addr))) // refused
		k.want("tuple", absent, "fd", fd, "addr", text(addr))
		fd = k.socket(a, unix.SOCK_DGRAM)
		k.call("connect", fd, sockaddr(addr), len(sockaddr(addr)))
		k.want("tuple", text(k.name(fd, false))+"->"+text(addr), "fd", fd, "addr", text(addr))
		k.call("connect", -1, k.bad, 16)
		k.want("tuple", absent, "fd", -1, "addr", fault)
		k.in("addr", absent)
	})},
	{"connect", func(k *kit) {
		for _, name := range []string{k.path("connect"), "\x00scry-connect"} {
			l := k.sys("socket", unix.AF_UNIX, unix.SOCK_STREAM, 0)
			k.sys("bind", l, unixaddr(name), 2+len(name))
			k.sys("listen", l, 5)
			shown := strings.Replace(name, "\x00", "@", 1)
			fd := k.sys("socket", unix.AF_UNIX, unix.SOCK_STREAM, 0)
			k.call("connect", fd, unixaddr(name), 2+len(name))
			k.want("tuple", "S->S "+shown, "fd", fd, "addr", shown)
			fd = k.call("accept4", l, 0, 0, unix.SOCK_CLOEXEC)
			k.want("tuple", "S->S "+shown, "queuepct", 0, "queuelen", 0, "queuemax", 5, "flags", unix.SOCK_CLOEXEC)
			k.call("sendto", fd, "hello", 5, 0, 0, 0)
			k.want("data", []byte("hello"), "fd", fd, "size", 5, "tuple", "S->S")
			k.call("connect", fd, unixaddr("/none"), 7)
			k.want("tuple", absent, "fd", fd, "addr", "/none")
		}
	}},
	{"accept", each(func(k *kit, a netip.AddrPort) {
		l, addr := k.listener(a)
		var clients [2]string
		for i := range clients {
			c := k.socket(a, unix.SOCK_STREAM)
			k.sys("connect", c, sockaddr(addr), len(sockaddr(addr)))
			clients[i] = text(k.name(c, false)) + "->" + text(addr)
		}
		k.call("accept", l, 0, 0)
		k.want("tuple", clients[0], "queuepct", 20, "queuelen", 1, "queuemax", 5)
		k.call("accept", l, k.alloc(32), k.pieces(uint32(32)))
		k.want("tuple", clients[1], "queuepct", 0, "queuelen", 0, "queuemax", 5)
		k.call("accept", -1, 0, 0)
		k.want("tuple", absent, "queuepct", 0, "queuelen", 0, "queuemax", 0)
	})},
	{"accept4", each(func(k *kit, a netip.AddrPort) {
		l, addr := k.listener(a)
		c := k.socket(a, unix.SOCK_STREAM)
		k.sys("connect", c, sockaddr(addr), len(sockaddr(addr)))
		k.call("accept4", l, 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		k.want("tuple", text(k.name(c, false))+"->"+text(addr), "queuepct", 0, "queuelen", 0, "queuemax", 5, "flags", unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		k.call("accept4", l, 0, 0, 1)
		k.want("tuple", absent, "queuepct", 0, "queuelen", 0, "queuemax", 5, "flags", 1)
	})},
	{"sendto", each(func(k *kit, a netip.AddrPort) {
		c, s, forth, _ := k.pair(a)
		k.call("sendto", c, "over tcp", 8, 0, 0, 0)
		k.want("data", []byte("over tcp"), "fd", c, "size", 8, "tuple", forth)
		b := k.alloc(64)
		k.call("recvfrom", s, b, 64, 0, 0, 0)
		k.want("data", []byte("over tcp"), "tuple", forth, "fd", s, "size", 64)
		k.call("recvfrom", s, b, 64, unix.MSG_DONTWAIT, 0, 0)
		k.want("data", absent, "tuple", absent, "fd", s, "size", 64)
		k.call("sendto", -1, "over tcp", 8, 0, 0, 0)
		k.want("data", []byte("over tcp"), "fd", -1, "size", 8, "tuple", absent)
		k.call("write", c, "written", 7)
		k.want("data", []byte("written"), "fd", c, "size", 7)
	})},
	{"sendto", each(func(k *kit, a netip.AddrPort) {
		x, y := k.socket(a, unix.SOCK_DGRAM), k.socket(a, unix.SOCK_DGRAM)
		k.sys("bind", x, sockaddr(a), len(sockaddr(a)))
		k.sys("bind", y, sockaddr(a), len(sockaddr(a)))
		nx, ny := k.name(x, false), k.name(y, false)
		k.call("sendto", x, "datagram", 8, 0, sockaddr(ny), len(sockaddr(ny)))
		k.want("data", []byte("datagram"), "fd", x, "size", 8, "tuple", text(nx)+"->"+text(ny))
		k.call("recvfrom", y, k.alloc(64), 64, 0, k.alloc(32), k.pieces(uint32(32)))
		k.want("data", []byte("datagram"), "tuple", text(nx)+"->"+text(ny), "fd", y, "size", 64)
		k.sys("sendto", x, "again", 5, 0, sockaddr(ny), len(sockaddr(ny)))
		k.call("recvfrom", y, k.alloc(64), 64, 0, 0, 0) // who sent it was not asked for
		none := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		if a.Addr().Is6() {
			none = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		}
		k.want("data", []byte("again"), "tuple", text(none)+"->"+text(ny), "fd", y, "size", 64)
		k.sys("connect", x, sockaddr(ny), len(sockaddr(ny)))
		k.call("sendto", x, "connected", 9, 0, 0, 0)
		k.want("data", []byte("connected"), "fd", x, "size", 9, "tuple", text(nx)+"->"+text(ny))
	})},
	{"sendmsg", each(func(k *kit, a netip.AddrPort) {
		c, s, forth, _ := k.pair(a)
		k.call("sendmsg", c, k.msghdr(nil, 0, 0, "ab", 2, "cde", 3, "f", 1), 0)
		k.want("data", []byte("abcdef"), "fd", c, "size", 6, "tuple", forth)
		k.call("recvmsg", s, k.msghdr(nil, 0, 0, k.alloc(2), 2, k.alloc(20), 20), 0)
		k.want("size", 22, "data", []byte("abcdef"), "tuple", forth, "msgcontrol", absent, "fd", s)
		k.call("recvmsg", s, k.msghdr(nil, 0, 0, k.alloc(2), 2), unix.MSG_DONTWAIT)
		k.want("size", 2, "data", absent, "tuple", absent, "msgcontrol", absent, "fd", s)
		k.call("sendmsg", -1, k.msghdr(nil, 0, 0, "ab", 2), 0)
		k.want("data", []byte("ab"), "fd", -1, "size", 2, "tuple", absent)
		k.call("sendmsg", c, k.bad, 0)
		k.want("data", absent, "fd", c, "size", 0, "tuple", forth)
		x, y := k.socket(a, unix.SOCK_DGRAM), k.socket(a, unix.SOCK_DGRAM)
		k.sys("bind", x, sockaddr(a), len(sockaddr(a)))
		k.sys("bind", y, sockaddr(a), len(sockaddr(a)))
		nx, ny := k.name(x, false), k.name(y, false)
		k.call("sendmsg", x, k.msghdr(sockaddr(ny), 0, 0, "datagram", 8), 0)
		k.want("data", []byte("datagram"), "fd", x, "size", 8, "tuple", text(nx)+"->"+text(ny))
		k.call("recvmsg", y, k.msghdr(make([]byte, 32), 0, 0, k.alloc(20), 20), 0)
		k.want("size", 20, "data", []byte("datagram"), "tuple", text(nx)+"->"+text(ny), "msgcontrol", absent, "fd", y)
	})},
	{"recvmsg", func(k *kit) { // a descriptor is passed
		p, f := k.alloc(8), k.file()
		k.sys("socketpair", unix.AF_UNIX, unix.SOCK_STREAM, 0, p)
		control := packed(uint64(20), uint32(unix.SOL_SOCKET), uint32(unix.SCM_RIGHTS), uint32(f), uint32(0))
		k.call("sendmsg", k.i32(p), k.msghdr(nil, k.bytes(control), 20, "x", 1), 0)
		k.want("data", []byte("x"), "fd", k.i32(p), "size", 1, "tuple", "S->S")
		room := k.alloc(64)
		k.call("recvmsg", k.i32(p+4), k.msghdr(nil, room, 64, k.alloc(8), 8), 0)
		k.want("size", 8, "data", []byte("x"), "tuple", "S->S", "msgcontrol", k.at(room, 24), "fd", k.i32(p+4))
	}},
	{"sendmmsg", each(func(k *kit, a netip.AddrPort) {
		x, y := k.socket(a, unix.SOCK_DGRAM), k.socket(a, unix.SOCK_DGRAM)
		k.sys("bind", x, sockaddr(a), len(sockaddr(a)))
		k.sys("bind", y, sockaddr(a), len(sockaddr(a)))
		nx, ny := k.name(x, false), k.name(y, false)
		tuple := text(nx) + "->" + text(ny)
		var out, in []byte
		messages := []string{"first", "the second", "3rd"}
		for _, m := range messages {
			out = append(append(out, k.msghdrBytes(sockaddr(ny), 0, 0, m[:2], 2, m[2:], len(m)-2)...), make([]byte, 8)...)
			in = append(append(in, k.msghdrBytes(make([]byte, 32), 0, 0, k.alloc(4), 4, k.alloc(16), 16)...), make([]byte, 8)...)
		}
		k.call("sendmmsg", x, out, 3, 0)
		for _, m := range messages {
			k.want("fd", x, "size", len(m), "data", []byte(m), "tuple", tuple)
		}
		k.call("recvmmsg", y, in, 3, unix.MSG_DONTWAIT, 0)
		for _, m := range messages {
			k.want("fd", y, "size", 20, "data", []byte(m), "tuple", tuple, "msgcontrol", absent)
		}
		k.call("recvmmsg", y, in, 3, unix.MSG_DONTWAIT, 0)
		k.want("fd", y, "size", 0, "data", absent, "tuple", absent, "msgcontrol", absent)
		k.call("sendmmsg", -1, out, 3, 0)
		k.want("fd", -1, "size", 0, "data", absent, "tuple", absent)
	})},
	{"sendto", func(k *kit) { // between sockets with names, and one without; the format has the peer first where data goes out
		x, y, z := k.sys("socket", unix.AF_UNIX, unix.SOCK_DGRAM, 0), k.sys("socket", unix.AF_UNIX, unix.SOCK_DGRAM, 0), k.sys("socket", unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		px, py := k.path("x"), "\x00scry-y"
		k.sys("bind", x, unixaddr(px), 2+len(px))
		k.sys("bind", y, unixaddr(py), 2+len(py))
		k.call("sendto", x, "one", 3, 0, unixaddr(py), 2+len(py))
		k.want("data", []byte("one"), "fd", x, "size", 3, "tuple", "0->S @scry-y")
		k.call("recvfrom", y, k.alloc(16), 16, 0, k.alloc(110), k.pieces(uint32(110)))
		k.want("data", []byte("one"), "tuple", "S->0 @scry-y", "fd", y, "size", 16)
		k.call("sendmsg", z, k.msghdr(append(unixaddr(px), 0), 0, 0, "two", 3), 0)
		k.want("data", []byte("two"), "fd", z, "size", 3, "tuple", "0->S "+px)
		k.call("sendto", z, "three", 5, 0, unixaddr("/none"), 7)
		k.want("data", []byte("three"), "fd", z, "size", 5, "tuple", "0->S /none")
		k.sys("connect", z, unixaddr(px), 2+len(px))
		k.call("sendto", z, "four", 4, 0, 0, 0)
		k.want("data", []byte("four"), "fd", z, "size", 4, "tuple", "S->S "+px)
	}},
	{"sendto", each(func(k *kit, a netip.AddrPort) { // from a socket without an address
		y := k.socket(a, unix.SOCK_DGRAM)
		k.sys("bind", y, sockaddr(a), len(sockaddr(a)))
		ny := k.name(y, false)
		x := k.socket(a, unix.SOCK_DGRAM)
		k.call("sendto", x, "who", 3, 0, sockaddr(ny), len(sockaddr(ny)))
		k.want("data", []byte("who"), "fd", x, "size", 3, "tuple", text(k.name(x, false))+"->"+text(ny))
		k.in("tuple", present) // the kernel gives it a port during the call
		b := k.alloc(64)
		k.call("recvmsg", y, k.msghdr(nil, 0, 0, b, 64), 0)
		none := netip.AddrPortFrom(map[bool]netip.Addr{true: netip.IPv4Unspecified(), false: netip.IPv6Unspecified()}[a.Addr().Is4()], 0)
		k.want("size", 64, "data", []byte("who"), "tuple", text(none)+"->"+text(ny), "msgcontrol", absent, "fd", y)
	})},
	{"sendto", func(k *kit) { // netlink has no tuple
		fd := k.sys("socket", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
		k.call("sendto", fd, "short", 5, 0, 0, 0)
		k.want("data", []byte("short"), "fd", fd, "size", 5, "tuple", absent)
	}},
	{"accept4", func(k *kit) { // IPv4 at a socket of IPv6
		if len(k.loopbacks()) < 2 {
			return
		}
		l, addr := k.listener(netip.MustParseAddrPort("[::]:0"))
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addr.Port())
		c := k.socket(to, unix.SOCK_STREAM)
		k.sys("connect", c, sockaddr(to), len(sockaddr(to)))
		s := k.call("accept4", l, 0, 0, 0)
		tuple := text(k.name(c, false)) + "->" + text(to)
		k.want("tuple", tuple, "queuepct", 0, "queuelen", 0, "queuemax", 5, "flags", 0)
		k.call("sendto", s, "hi", 2, 0, 0, 0)
		k.want("data", []byte("hi"), "fd", s, "size", 2, "tuple", text(to)+"->"+text(k.name(c, false)))
	}},
	{"connect", each(func(k *kit, a netip.AddrPort) { // goes on in the background
		l, addr := k.listener(a)
		for range 3 { // fills the queue of a listener with room for none
			k.sys("listen", l, 0)
			k.sys("connect", k.socket(a, unix.SOCK_STREAM|unix.SOCK_NONBLOCK), sockaddr(addr), len(sockaddr(addr)))
		}
		fd := k.socket(a, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
		r := k.call("connect", fd, sockaddr(addr), len(sockaddr(addr)))
		if r != -int64(unix.EINPROGRESS) && r != 0 {
			panic(r)
		}
		k.want("tuple", text(k.name(fd, false))+"->"+text(addr), "fd", fd, "addr", text(addr))
	})},
	{"shutdown", func(k *kit) {
		p := k.alloc(8)
		k.sys("socketpair", unix.AF_UNIX, unix.SOCK_STREAM, 0, p)
		k.call("shutdown", k.i32(p), 1)
		k.want("fd", k.i32(p), "how", "SHUT_WR")
		k.call("shutdown", -1, 2)
		k.want("fd", -1, "how", "SHUT_RDWR")
	}},
	{"getsockname", func(k *kit) {
		for _, name := range []string{"getsockname", "getpeername"} {
			c, _, _, _ := k.pair(netip.MustParseAddrPort("127.0.0.1:0"))
			for _, fd := range []int64{c, -1} {
				k.call(name, fd, k.alloc(32), k.pieces(uint32(32)))
				k.want()
			}
		}
	}},
	{"setsockopt", func(k *kit) {
		fd := k.socket(netip.MustParseAddrPort("127.0.0.1:0"), unix.SOCK_STREAM)
		k.call("setsockopt", fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, k.pieces(int32(1)), 4)
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_REUSEADDR", "val", 1, "optlen", 4)
		k.call("setsockopt", fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, k.words(2, 500), 16)
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_RCVTIMEO", "val", 2_000_500_000, "optlen", 16)
		k.call("setsockopt", fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, k.pieces(int32(1)), 4)
		k.want("fd", fd, "level", "SOL_TCP", "optname", "UNKNOWN", "val", []byte{0, 1, 0, 0, 0}, "optlen", 4)
		k.call("setsockopt", -1, unix.SOL_SOCKET, unix.SO_LINGER, k.pieces(int32(1), int32(5)), 8)
		k.want("fd", -1, "level", "SOL_SOCKET", "optname", "SO_LINGER", "val", packed(uint8(0), int32(1), int32(5)), "optlen", 8)
		k.call("setsockopt", fd, unix.SOL_SOCKET, unix.SO_SNDBUF, k.bad, 4)
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_SNDBUF", "val", fault, "optlen", 4)
		k.call("setsockopt", fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, k.bad, 4)
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_BINDTODEVICE", "val", fault, "optlen", 4)
	}},
	{"getsockopt", func(k *kit) {
		fd := k.socket(netip.MustParseAddrPort("127.0.0.1:0"), unix.SOCK_STREAM)
		four := func() uintptr { return k.pieces(uint32(4)) }
		k.call("getsockopt", fd, unix.SOL_SOCKET, unix.SO_TYPE, k.alloc(4), four())
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_TYPE", "val", unix.SOCK_STREAM, "optlen", 4)
		k.call("getsockopt", fd, unix.SOL_SOCKET, unix.SO_ERROR, k.alloc(4), four())
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_ERROR", "val", 0, "optlen", 4)
		p := k.alloc(8)
		k.call("getsockopt", fd, unix.SOL_SOCKET, 57, p, k.pieces(uint32(8)))
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_COOKIE", "val", k.u64(p), "optlen", 8)
		k.call("getsockopt", -1, unix.SOL_SOCKET, unix.SO_TYPE, k.pieces(int32(9)), four())
		k.want("fd", -1, "level", "SOL_SOCKET", "optname", "SO_TYPE", "val", 9, "optlen", 4)
		k.call("getsockopt", fd, unix.SOL_SOCKET, unix.SO_TYPE, k.alloc(4), k.bad)
		k.want("fd", fd, "level", "SOL_SOCKET", "optname", "SO_TYPE", "val", 0, "optlen", fault)
	}},
}
