package event

import (
	"net/netip"
	"strconv"
)

// AppendIP appends an address the way sysdig writes it: IPv4 in IPv6 form as IPv4, IPv6 in its short form, without a zone.
func AppendIP(dst []byte, a netip.Addr) []byte {
	return a.Unmap().WithZone("").AppendTo(dst)
}

// AppendAddrPort appends "address:port", without brackets round an IPv6 address.
func AppendAddrPort(dst []byte, a netip.AddrPort) []byte {
	dst = AppendIP(dst, a.Addr())
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(a.Port()), 10)
}

// AppendSockAddr appends the text of an address: "ip:port", a unix path, or "family N".
func AppendSockAddr(dst []byte, a SockAddr) []byte {
	switch a.Family {
	case AFInet, AFInet6:
		return AppendAddrPort(dst, a.Addr)
	case AFUnix:
		return append(dst, a.Path...)
	}
	return strconv.AppendUint(append(dst, "family "...), uint64(a.Family), 10)
}

// AppendTuple appends the text of a connection: "src:port->dst:port", for unix sockets the two kernel addresses in hexadecimal and the
// path, or "family N".
func AppendTuple(dst []byte, t Tuple) []byte {
	switch t.Family {
	case AFInet, AFInet6:
		dst = AppendAddrPort(dst, t.Src)
		dst = append(dst, "->"...)
		return AppendAddrPort(dst, t.Dst)
	case AFUnix:
		dst = strconv.AppendUint(dst, t.UnixSrc, 16)
		dst = append(dst, "->"...)
		dst = strconv.AppendUint(dst, t.UnixDst, 16)
		if t.Path != "" {
			dst = append(dst, ' ')
			dst = append(dst, t.Path...)
		}
		return dst
	}
	return strconv.AppendUint(append(dst, "family "...), uint64(t.Family), 10)
}
