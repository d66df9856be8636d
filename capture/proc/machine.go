//go:build linux

package proc

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// bootTime is when the machine was started, in ns since the epoch. The file stat has it too, in whole seconds.
func bootTime() uint64 {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return 0
	}
	return uint64(time.Now().UnixNano() - up.Nano())
}

// machine describes the host; what cannot be read is left zero.
func (w *walk) machine() *event.Machine {
	m := &event.Machine{BootTime: w.boot}
	r := w.reader()
	if b, err := r.read(w.root, "sys/kernel/hostname", 256); err == nil {
		m.Hostname = string(bytes.TrimSuffix(b, []byte{'\n'}))
	}
	if b, err := r.read(w.root, "sys/kernel/pid_max", 32); err == nil {
		m.MaxPID = decimal(b)
	}
	if b, err := r.read(w.root, "meminfo", 4096); err == nil {
		if _, b, ok := bytes.Cut(b, []byte("MemTotal:")); ok {
			m.Memory = (&words{b}).uint() << 10
		}
	}
	if b, err := r.read(w.root, "stat", len(r.buf)); err == nil {
		for line := range bytes.Lines(b) {
			if len(line) > 3 && string(line[:3]) == "cpu" && line[3] != ' ' {
				m.CPUs++
			}
		}
	}
	return m
}

// interfaces lists the addresses of this process's network namespace. (net.Interface.Addrs asks the kernel for all addresses once for each
// interface, and a host of many containers has a thousand.)
func interfaces() ([]event.Interface, error) {
	links, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	names := map[uint32]string{}
	for i := range links {
		names[uint32(links[i].Index)] = links[i].Name
	}
	rib, err := syscall.NetlinkRIB(unix.RTM_GETADDR, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	msgs, err := syscall.ParseNetlinkMessage(rib)
	if err != nil {
		return nil, err
	}
	var out []event.Interface
	speeds := map[string]uint64{}
	for i := range msgs {
		f, ok := parseAddress(&msgs[i], names)
		if !ok {
			continue
		}
		link, _, _ := strings.Cut(f.Name, ":")
		if _, ok := speeds[link]; !ok {
			speeds[link] = linkSpeed(link)
		}
		f.Speed = speeds[link]
		out = append(out, f)
	}
	return out, nil
}

// parseAddress reads an RTM_NEWADDR message: ifaddrmsg (u8 family, u8 prefix length, u8 flags, u8 scope, u32 link) and attributes. A label
// ("eth0:0") is the name of an address of its own, as ifconfig and sysdig show it.
func parseAddress(m *syscall.NetlinkMessage, names map[uint32]string) (f event.Interface, ok bool) {
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if m.Header.Type != unix.RTM_NEWADDR || err != nil || len(m.Data) < unix.SizeofIfAddrmsg {
		return f, false
	}
	bits := int(m.Data[1])
	f.Name = names[binary.NativeEndian.Uint32(m.Data[4:])]
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFA_LOCAL: // of a point-to-point link, where IFA_ADDRESS is the other end
			f.Addr, ok = netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS:
			if !ok {
				f.Addr, ok = netip.AddrFromSlice(a.Value)
			}
		case unix.IFA_BROADCAST:
			f.Broadcast, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_LABEL:
			f.Name = string(bytes.TrimRight(a.Value, "\x00"))
		}
	}
	if !ok {
		return f, false
	}
	none := netip.IPv6Unspecified()
	if f.Addr.Is4() {
		none = netip.IPv4Unspecified()
	}
	if f.Broadcast.BitLen() != f.Addr.BitLen() {
		f.Broadcast = none
	}
	f.Netmask, _ = netip.AddrFromSlice(net.CIDRMask(bits, f.Addr.BitLen()))
	return f, f.Netmask.IsValid()
}

// linkSpeed is in bits per second; 0 for what has none, like a loopback.
func linkSpeed(name string) uint64 {
	b, err := os.ReadFile("/sys/class/net/" + name + "/speed")
	if err != nil {
		return 0
	}
	mbit, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || mbit <= 0 {
		return 0
	}
	return uint64(mbit) * 1e6
}

const maxUsers = 1 << 18 // of users and of groups; the file format has the same

// users reads the files of local users and groups. Names that only a directory service knows are not in them.
func (w *walk) users() (users []event.User, groups []event.Group) {
	etc := "/etc/"
	if !w.own {
		etc = w.path + "/1/root/etc/"
		if at := filepath.Dir(w.path) + "/etc/"; filepath.Base(w.path) == "proc" && exists(at+"passwd") { // all of the machine is mounted there
			etc = at
		}
	}
	r := w.reader()
	// Without the files there are numbers instead of names.
	_ = r.lines(unix.AT_FDCWD, etc+"passwd", func(line []byte) bool {
		if u, ok := parseUser(line); ok {
			users = append(users, u)
		}
		return len(users) < maxUsers
	})
	_ = r.lines(unix.AT_FDCWD, etc+"group", func(line []byte) bool {
		if g, ok := parseGroup(line); ok {
			groups = append(groups, g)
		}
		return len(groups) < maxUsers
	})
	return users, groups
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// parseUser reads "NAME:PASSWORD:UID:GID:COMMENT:HOME:SHELL" (passwd(5)).
func parseUser(line []byte) (u event.User, ok bool) {
	f := strings.Split(string(line), ":")
	if len(f) < 7 {
		return u, false
	}
	uid, err1 := strconv.ParseUint(f[2], 10, 32)
	gid, err2 := strconv.ParseUint(f[3], 10, 32)
	if err1 != nil || err2 != nil {
		return u, false
	}
	return event.User{UID: uint32(uid), GID: uint32(gid), Name: f[0], Home: f[5], Shell: f[6]}, true
}
