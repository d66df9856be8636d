package event

import (
	"encoding/binary"
	"net/netip"
)

// Address families as records carry them (PPM_AF_*, the kernel's AF_*).
const (
	AFUnspec  uint8 = 0
	AFUnix    uint8 = 1
	AFInet    uint8 = 2
	AFInet6   uint8 = 10
	AFNetlink uint8 = 16
)

// SockAddr is a decoded KindSockAddr parameter.
type SockAddr struct {
	Family uint8
	Addr   netip.AddrPort // AFInet, AFInet6
	Path   string         // AFUnix; aliases the parameter's bytes
}

// ParseSockAddr decodes u8 family, then: inet 4-byte address and u16 port, inet6 16 and u16, unix a path. Other families keep only
// their number. ok is false for an empty or short parameter.
func ParseSockAddr(b []byte) (a SockAddr, ok bool) {
	if len(b) == 0 {
		return a, false
	}
	a.Family = b[0]
	switch a.Family {
	case AFInet:
		if len(b) < 7 {
			return a, false
		}
		a.Addr = addrPort4(b[1:])
	case AFInet6:
		if len(b) < 19 {
			return a, false
		}
		a.Addr = addrPort6(b[1:])
	case AFUnix:
		a.Path = AliasText(b[1:])
	}
	return a, true
}

// Tuple is a decoded KindSockTuple parameter.
type Tuple struct {
	Family           uint8
	Src, Dst         netip.AddrPort // AFInet, AFInet6
	UnixSrc, UnixDst uint64         // AFUnix: kernel addresses of the two sockets
	Path             string         // AFUnix; aliases the parameter's bytes
}

// ParseTuple decodes u8 family, then: inet source address and port and destination address and port, inet6 the same with 16-byte
// addresses, unix two u64 and a path. ok is false for an empty or short parameter.
func ParseTuple(b []byte) (t Tuple, ok bool) {
	if len(b) == 0 {
		return t, false
	}
	t.Family = b[0]
	switch t.Family {
	case AFInet:
		if len(b) < 13 {
			return t, false
		}
		t.Src, t.Dst = addrPort4(b[1:]), addrPort4(b[7:])
	case AFInet6:
		if len(b) < 37 {
			return t, false
		}
		t.Src, t.Dst = addrPort6(b[1:]), addrPort6(b[19:])
	case AFUnix:
		if len(b) < 17 {
			return t, false
		}
		t.UnixSrc, t.UnixDst = binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[9:])
		t.Path = AliasText(b[17:])
	}
	return t, true
}

func addrPort4(b []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.LittleEndian.Uint16(b[4:]))
}

func addrPort6(b []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)), binary.LittleEndian.Uint16(b[16:]))
}
