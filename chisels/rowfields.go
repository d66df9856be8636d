package chisels

import (
	"bytes"
	"net/netip"
	"slices"

	"scry/capture/event"
	"scry/filter/fields"
)

// rowFields are what columns can show and no filter or format can name: what lsof, netstat and execsnoop put together from several facts. Nil is no value.
var rowFields = map[string]func(ev *event.Event, dst []byte) []byte{
	"row.mode":    ofFD(appendMode),
	"row.proto":   ofFD(appendProto),
	"row.local":   ofFD(appendLocal),
	"row.remote":  ofFD(appendRemote),
	"row.state":   ofFD(appendState),
	"row.path":    ofFD(appendPath),
	"row.command": appendCommand,
}

func ofFD(get func(fd *event.FD, dst []byte) []byte) func(*event.Event, []byte) []byte {
	return func(ev *event.Event, dst []byte) []byte {
		if ev.FD == nil {
			return nil
		}
		return get(ev.FD, dst)
	}
}

// ownField makes one of rowFields; nil when text is another field.
func ownField(text string, o *fields.Options) *fields.Field {
	get := rowFields[text]
	if text == "row.detail" {
		get = newDetail(o)
	}
	if get == nil {
		return nil
	}
	return fields.Own(text, o, get)
}

// appendCommand is the command line of an exec, of one that failed too: the parameters exe and args, which all versions have in these places.
func appendCommand(ev *event.Event, dst []byte) []byte {
	if ev.Type.Dir() != event.Exit || !ev.Has(1) {
		return nil
	}
	dst = append(dst, event.AliasText(ev.Param(1))...)
	for arg := range bytes.SplitSeq(bytes.TrimSuffix(ev.Param(2), []byte{0}), []byte{0}) {
		if len(ev.Param(2)) == 0 {
			break
		}
		dst = append(append(dst, ' '), arg...)
	}
	return dst
}

// appendMode is r, w or u for how it is open, as lsof has it; nothing when that is not known.
func appendMode(fd *event.FD, dst []byte) []byte {
	switch {
	case fd.Type.IsSocket():
		return append(dst, 'u')
	case fd.Flags&3 != 0: // TabFileFlags: O_RDONLY and O_WRONLY, both are O_RDWR
		return append(dst, "rwu"[fd.Flags&3-1])
	}
	return nil
}

// appendProto is tcp, tcp6, udp, udp6, unix and so on.
func appendProto(fd *event.FD, dst []byte) []byte {
	switch {
	case fd.Type == event.FDUnixSock:
		return append(dst, "unix"...)
	case !fd.Type.IsIP():
		return nil
	}
	switch fd.L4 {
	case event.L4TCP:
		dst = append(dst, "tcp"...)
	case event.L4UDP:
		dst = append(dst, "udp"...)
	case event.L4ICMP:
		dst = append(dst, "icmp"...)
	case event.L4Raw:
		dst = append(dst, "raw"...)
	default:
		dst = append(dst, "ip"...)
	}
	if fd.Type == event.FDIPv6Sock || fd.Type == event.FDIPv6Listen {
		dst = append(dst, '6')
	}
	return dst
}

// ends are the own address of an IP socket and that of the other side; neither is valid when it is not known.
func ends(fd *event.FD) (local, remote netip.AddrPort) {
	switch {
	case fd.Type.IsListen():
		return fd.Dst, netip.AddrPort{}
	case fd.Role == event.RoleServer:
		return fd.Dst, fd.Src
	}
	return fd.Src, fd.Dst
}

func appendLocal(fd *event.FD, dst []byte) []byte {
	local, _ := ends(fd)
	return appendEnd(dst, local)
}

func appendRemote(fd *event.FD, dst []byte) []byte {
	_, remote := ends(fd)
	return appendEnd(dst, remote)
}

// appendEnd appends an address and a port: 10.0.0.1:80, [::1]:80.
func appendEnd(dst []byte, end netip.AddrPort) []byte {
	if !end.IsValid() {
		return nil
	}
	return end.AppendTo(dst)
}

// appendPath is the name of a unix socket.
func appendPath(fd *event.FD, dst []byte) []byte {
	if fd.Type != event.FDUnixSock || fd.Name == "" {
		return nil
	}
	return append(dst, fd.Name...)
}

// appendState is the state of a socket, in the words of netstat and ss. A bound TCP socket listens only when it was seen to.
func appendState(fd *event.FD, dst []byte) []byte {
	switch fd.Sock {
	case event.SockListening:
		return append(dst, "LISTEN"...)
	case event.SockConnecting:
		return append(dst, "SYN_SENT"...)
	case event.SockConnected:
		return append(dst, "ESTABLISHED"...)
	case event.SockOpen:
		return append(dst, "UNCONN"...)
	}
	return nil
}

// hasFDFields tells whether a filter asks for descriptors.
func hasFDFields(list []*fields.Field) bool {
	return slices.ContainsFunc(list, func(f *fields.Field) bool { return len(f.Def.Name) > 3 && f.Def.Name[:3] == "fd." })
}
