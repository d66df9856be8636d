//go:build linux

package proc

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		name, text, comm string
		ok               bool
	}{
		{"plain", "7 (cat) R 1 7 6 34816 -1 4194304 100 2 3 4 5 6 7 8 20 0 2 0 273777 313 40", "cat", true},
		{"parentheses and spaces", "7 (a) R 9 (b) S 1 7 6 34816 -1 4194304 100 2 3 4 5 6 7 8 20 0 2 0 273777 313 40", "a) R 9 (b", true},
		{"line end", "7 (a\n1 (b) S 1 7 6 34816 -1 4194304 100 2 3 4 5 6 7 8 20 0 2 0 273777 313 40", "a\n1 (b", true},
		{"cut", "7 (cat) R 1 7 6", "cat", false},
		{"no name", "7 cat R 1", "", false},
		{"empty", "", "", false},
	} {
		s, ok := parseStat([]byte(c.text))
		if ok != c.ok || string(s.comm) != c.comm {
			t.Errorf("%s: %q %v", c.name, s.comm, ok)
		}
		if ok && (s.ppid != 1 || s.pgrp != 7 || s.session != 6 || s.tty != 34816 || s.minflt != 100 || s.majflt != 3 ||
			s.utime != 5 || s.stime != 6 || s.threads != 2 || s.start != 273777 || s.kernel || s.exiting || s.ended) {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
	if s, _ := parseStat([]byte("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 24 0")); !s.kernel || s.start != 24 {
		t.Errorf("kernel thread: %+v", s)
	}
	if s, _ := parseStat([]byte("2 (a) Z 0 0 0 0 -1 4228108 0 0 0 0 0 0 0 0 20 0 1 0 24 0")); s.kernel || !s.exiting || !s.ended {
		t.Errorf("zombie: %+v", s)
	}
}

func TestParseStatus(t *testing.T) {
	s, ok := parseStatus([]byte("Name:\tx\\nUid: 5\nTgid:\t20\nPid:\t21\nPPid:\t1\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t100 200 \n" +
		"NStgid:\t20\t3\nNSpid:\t21\t4\nNSpgid:\t19\t2\nNSsid:\t18\t0\nVmSize:\t  3060 kB\nVmRSS:\t 1728 kB\nVmSwap:\t 12 kB\n" +
		"CapInh:\t0000000000000001\nCapPrm:\t000001fffeffffff\nCapEff:\t0000000000000002\n"))
	if !ok || s.tgid != 20 || s.uid != 2 || s.gid != 6 || s.vpid != 3 || s.vtid != 4 || s.vpgid != 2 || !s.nested || s.size != 3060 || s.rss != 1728 ||
		s.swap != 12 || s.inherit != 1 || s.permit != 0x1fffeffffff || s.eff != 2 {
		t.Errorf("%+v", s)
	}
	if !s.inGroup(200) || s.inGroup(20) {
		t.Errorf("groups %q", s.groups)
	}
}

func TestParseFDInfo(t *testing.T) {
	f := parseFDInfo([]byte("pos:\t0\nflags:\t02100002\nmnt_id:\t24\nino:\t3\nPid:\t77\nNSpid:\t77\n"))
	if f.flags != 0o2100002 || f.mount != 24 || f.ino != 3 || !f.hasIno || f.pid != 77 {
		t.Errorf("%+v", f)
	}
	if f := parseFDInfo([]byte("pos:\t0\nflags:\t02\nPid:\t-1")); f.mount != -1 || f.hasIno || f.pid != -1 {
		t.Errorf("old kernel: %+v", f)
	}
}

func TestFileFlags(t *testing.T) {
	names := func(v uint32) string {
		return string((&event.Param{Kind: event.KindFlags32, Ref: event.TabFileFlags}).Table().AppendFlags(nil, v))
	}
	for _, c := range []struct {
		kernel uint64
		want   string
	}{
		{unix.O_RDONLY, "O_RDONLY"},
		{unix.O_WRONLY | unix.O_APPEND, "O_APPEND|O_WRONLY"},
		{unix.O_RDWR | unix.O_NONBLOCK | unix.O_CLOEXEC, "O_NONBLOCK|O_RDWR|O_CLOEXEC"},
		{unix.O_DSYNC, "O_DSYNC|O_RDONLY"},
		{unix.O_SYNC, "O_SYNC|O_DSYNC|O_RDONLY"},
		{unix.O_DIRECTORY, "O_DIRECTORY|O_RDONLY"},
		{unix.O_DIRECT | unix.O_CREAT | unix.O_EXCL | unix.O_TRUNC, "O_DIRECT|O_TRUNC|O_EXCL|O_CREAT|O_RDONLY"},
		{unix.O_TMPFILE | unix.O_RDWR, "O_DIRECTORY|O_RDWR|O_TMPFILE"},
	} {
		if got := names(fileFlags(c.kernel)); got != c.want {
			t.Errorf("%#o: %s, want %s", c.kernel, got, c.want)
		}
	}
}

func TestParseInet(t *testing.T) {
	const tail = " 00000000:00000000 00:00000000 00000000     0        0 1060 1 000000009cef9849 100 0 0 10 0"
	for _, c := range []struct {
		line     string
		l4       uint8
		typ      event.FDType
		src, dst string
		wantL4   uint8
	}{
		{"   0: 0100007F:07E8 00000000:0000 0A", event.L4TCP, event.FDIPv4Listen, "", "127.0.0.1:2024", event.L4TCP},
		{"   1: 0100007F:07E8 0200000A:C350 01", event.L4TCP, event.FDIPv4Sock, "127.0.0.1:2024", "10.0.0.2:50000", event.L4TCP},
		{"   2: 0100007F:07E8 0200000A:0035 07", event.L4UDP, event.FDIPv4Sock, "127.0.0.1:2024", "10.0.0.2:53", event.L4UDP},
		{"   3: 00000000:0044 00000000:0000 07", event.L4UDP, event.FDIPv4Listen, "", "0.0.0.0:68", event.L4UDP},
		{"   4: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A", event.L4TCP, event.FDIPv6Listen, "", "[::1]:80", event.L4TCP},
		{"   5: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000200007F:1000 01", event.L4TCP, event.FDIPv4Sock, "127.0.0.1:80", "127.0.0.2:4096", event.L4TCP},
		{"   6: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A", event.L4TCP, event.FDIPv4Listen, "", "127.0.0.1:80", event.L4TCP},
		{"   7: 00000000:0001 00000000:0000 07", event.L4Raw, event.FDIPv4Sock, "", "", event.L4ICMP},
		{"   8: 00000000:00FF 00000000:0000 07", event.L4Raw, event.FDIPv4Sock, "", "", event.L4Raw},
	} {
		ino, s, ok := parseInet([]byte(c.line+tail), c.l4)
		if !ok || ino != 1060 || s.typ != c.typ || s.l4 != c.wantL4 || text(s.src) != c.src || text(s.dst) != c.dst {
			t.Errorf("%s: %v %d %+v", c.line, ok, ino, s)
		}
	}
	for _, bad := range []string{"", "  sl  local_address rem_address   st tx_queue", "0: 0100007F 0:0 0A" + tail, "0: 0100007F:07E8 00000000:0000 06 0:0 0:0 0 0 0 0 1"} {
		if _, s, ok := parseInet([]byte(bad), event.L4TCP); ok {
			t.Errorf("%q: %+v", bad, s)
		}
	}
}

func text(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func TestParseUnix(t *testing.T) {
	for _, c := range []struct{ line, path string }{
		{"ffff99379b735d80: 00000002 00000000 00010000 0001 01 18078 /run/a b", "/run/a b"},
		{"ffff99379b735d80: 00000002 00000000 00010000 0001 01 18078 @abstract", "@abstract"},
		{"ffff99379b735d80: 00000003 00000000 00000000 0001 03 18078", ""},
	} {
		if ino, s, ok := parseUnix([]byte(c.line)); !ok || ino != 18078 || s.path != c.path || s.unix != 0xffff99379b735d80 {
			t.Errorf("%q: %d %+v %v", c.line, ino, s, ok)
		}
	}
	if _, _, ok := parseUnix([]byte("Num       RefCount Protocol Flags    Type St Inode Path")); ok {
		t.Error("the heading is no socket")
	}
}

// A path may hold a line that looks like that of another socket.
func TestForgedUnixLine(t *testing.T) {
	table := map[uint64]socket{9: {typ: event.FDIPv4Sock}}
	for line := range bytes.Lines([]byte("00aa: 00000002 00000000 00010000 0001 01 5 /run/docker.sock\n00bb: 00000002 00000000 00010000 0001 01 6 /tmp/x\n" +
		"00aa: 00000002 00000000 00010000 0001 01 5 /tmp/other\n00cc: 00000002 00000000 00010000 0001 01 9 /tmp/tcp\n")) {
		if ino, s, ok := parseUnix(bytes.TrimSuffix(line, []byte("\n"))); ok {
			addOther(table, ino, s)
		}
	}
	if s := table[5]; s.typ != event.FDUnixSock || s.path != "" {
		t.Errorf("two lines claim socket 5: %+v", s)
	}
	if s := table[6]; s.path != "/tmp/x" {
		t.Errorf("socket 6: %+v", s)
	}
	if s := table[9]; s.typ != event.FDIPv4Sock {
		t.Errorf("socket 9: %+v", s)
	}
}

func TestRoles(t *testing.T) {
	at := netip.MustParseAddrPort
	table := map[uint64]socket{
		1: {typ: event.FDIPv4Listen, l4: event.L4TCP, dst: at("0.0.0.0:80")},
		2: {typ: event.FDIPv4Sock, l4: event.L4TCP, src: at("10.0.0.1:80"), dst: at("10.0.0.2:4000")},
		3: {typ: event.FDIPv6Sock, l4: event.L4TCP, src: at("[fd00::1]:4001"), dst: at("[fd00::2]:80")},
		4: {typ: event.FDIPv4Listen, l4: event.L4UDP, dst: at("0.0.0.0:53")},
		5: {typ: event.FDIPv4Sock, l4: event.L4UDP, src: at("10.0.0.1:80"), dst: at("10.0.0.2:53")},
		6: {typ: event.FDIPv4Sock, l4: event.L4TCP},
	}
	setRoles(table)
	want := []event.Role{1: event.RoleServer, 2: event.RoleServer, 3: event.RoleClient, 4: event.RoleNone, 5: event.RoleClient, 6: event.RoleNone}
	for ino, role := range want[1:] {
		if got := table[uint64(ino+1)].role; got != role {
			t.Errorf("socket %d has role %d, want %d", ino+1, got, role)
		}
	}
}

func TestParseMount(t *testing.T) {
	id, m, ok := parseMount([]byte(`36 35 98:258 / /mnt rw,noatime shared:1 - ext4 /dev/root rw,errors=continue`))
	if !ok || id != 36 || m != (mount{known: true, dev: 98<<8 | 2 | 256<<12}) {
		t.Errorf("%d %+v %v", id, m, ok)
	}
	_, m, ok = parseMount([]byte(`40 35 0:45 / /a\040b rw - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/var/lib/up\040x,workdir=/w`))
	if !ok || m.point != "/a b" || m.upper != "/var/lib/up x" || m.root != "" || m.dev != 45 {
		t.Errorf("overlay: %+v %v", m, ok)
	}
	if _, _, ok := parseMount([]byte("36 35")); ok {
		t.Error("a cut line")
	}
}

// readOf reads b the way the system call does: nothing and no error at the end.
func readOf(b []byte) func([]byte) (int, error) {
	return func(dst []byte) (int, error) {
		n := copy(dst, b)
		b = b[n:]
		return n, nil
	}
}

func TestEachLine(t *testing.T) {
	for _, size := range []int{4, 8, 1000} {
		read := readOf([]byte("ab\n\ncdefgh\nlast"))
		var got []string
		err := eachLine(make([]byte, size), func(b []byte) (int, error) {
			return read(b[:min(len(b), 3)])
		}, func(b []byte) bool {
			got = append(got, string(b))
			return true
		})
		want := map[int]string{4: "ab,,cdef,gh,last", 8: "ab,,cdefgh,last", 1000: "ab,,cdefgh,last"}[size]
		if s := strings.Join(got, ","); err != nil || s != want {
			t.Errorf("buffer of %d: %s %v", size, s, err)
		}
	}
}

// The parsers must take anything, and what they make must be of the text that they were given.
func FuzzParsers(f *testing.F) {
	f.Add([]byte("7 (a) R 9 (b) S 1 7 6 34816 -1 4194304 100 2 3 4 5 6 7 8 20 0 2 0 273777 313 40"))
	f.Add([]byte("Tgid:\t20\nUid:\t1\t2\t3\t4\nGroups:\t100 200 \nNSpid:\t21\t4\n"))
	f.Add([]byte("   5: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000200007F:1000 01 0:0 0:0 0 0 0 1060 1"))
	f.Add([]byte("ffff99379b735d80: 00000002 00000000 00010000 0001 01 18078 /run/a b"))
	f.Add([]byte(`40 35 0:45 / /a\040b rw - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/var/lib/up\040x,workdir=/w`))
	f.Add([]byte("pos:\t0\nflags:\t02100002\nmnt_id:\t24\nino:\t3\nPid:\t77\n"))
	f.Add([]byte("11:cpu,cpuacct:/a\n0::/b\n"))
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseStat(b); ok && !bytes.Contains(b, append(append([]byte{'('}, s.comm...), ')')) {
			t.Errorf("comm %q", s.comm)
		}
		if s, ok := parseStatus(b); ok {
			s.inGroup(1)
		}
		for _, l4 := range []uint8{event.L4TCP, event.L4UDP, event.L4Raw} {
			if _, s, ok := parseInet(b, l4); ok && s.src.IsValid() != s.dst.IsValid() && !s.typ.IsListen() {
				t.Errorf("half a connection: %+v", s)
			}
		}
		if _, s, ok := parseUnix(b); ok && !bytes.Contains(b, []byte(s.path)) {
			t.Errorf("path %q", s.path)
		}
		parseNetlink(b)
		parseFDInfo(b)
		parseMount(b)
		parseUser(b)
		direntNumbers(b, nil)
		c := cgroups{}
		if s := c.make(b); len(s) > maxArgs {
			t.Errorf("%d bytes of cgroups", len(s))
		}
		n := 0
		if err := eachLine(make([]byte, 16), readOf(b), func(l []byte) bool { n += len(l); return true }); err != nil || n+bytes.Count(b, []byte{'\n'}) != len(b) {
			t.Errorf("%d of %d bytes in lines: %v", n, len(b), err)
		}
	})
}
