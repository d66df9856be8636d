package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	stdflag "flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"scry/capture/event"
	"scry/capture/scap"
)

var update = stdflag.Bool("update", false, "rewrite generated files: docs/*.md, testdata/hello.scap, golden output")

// TestHelloCapture proves that testdata/hello.scap is what helloCapture makes. It is the capture of README.md and of the scripts in testdata:
// 1.2 seconds on a machine called web1, where anna works in a shell and a container serves a page. It has what recorders of several years
// write: enter and exit events, events that only current ones know, exits that carry everything.
func TestHelloCapture(t *testing.T) {
	const name = "testdata/hello.scap"
	want := helloCapture(t)
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is stale: go test -run TestHelloCapture -update", name)
	}
}

// helloStart is 2024-05-14T09:30:00.1Z.
const helloStart = 1715679000_100000000

// Threads of the story.
const (
	tidInit   = 1
	tidSSHD   = 612
	tidDocker = 702
	tidNginx  = 905  // in the container
	tidLogger = 940  // recorded by a current recorder: exits only
	tidConn   = 1498 // anna's sshd
	tidBash   = 1500
)

// Values of flags as records have them.
const (
	oRDONLY, oWRONLY, oCREAT, oTRUNC, oNONBLOCK, oCLOEXEC, oDIRECTORY, oAPPEND = 1, 2, 4, 0x100, 0x40, 0x1000, 0x400, 8

	atFDCWD     = -100
	cloneChild  = 0x1800000 // CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID
	inProgress  = -115
	notFound    = -2
	notAllowed  = -13
	deviceRoot  = 0x801
	containerID = "3f2a9c41d7be0f5586c1e29a7d40b3c8fe61a25094d7c83be20f16a9d5e47b12"
)

// story writes events of a schema type one after the other.
type story struct {
	t   *testing.T
	w   *scap.Writer
	now uint64
	num int
	err error
}

func helloCapture(t *testing.T) []byte {
	var out bytes.Buffer
	s := &story{t: t, w: scap.NewWriter(&out, scap.WriterOptions{}), now: helloStart}
	s.err = s.w.Start(helloState())
	s.prologue()
	s.cat()
	s.pipeline()
	s.edit()
	s.curl()
	s.serve()
	s.logger()
	s.hostile()
	s.epilogue()
	if err := errors.Join(s.err, s.w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// emit writes one event; params are numbers and texts in the order of the schema, as many as the recorder knew.
func (s *story) emit(tid int64, typ event.Type, params ...any) {
	row := typ.Schema()
	var enc [][]byte
	for i, p := range params {
		enc = append(enc, encode(&row.Params[i], p))
	}
	raw := event.Append(nil, s.now, tid, typ, enc...)
	ev := event.Event{CPU: uint16(tid % 4)}
	s.num++
	s.err = errors.Join(s.err, ev.Decode(raw, false), s.w.Event(&ev, false))
}

// call writes the enter and exit of a call that takes us microseconds.
func (s *story) call(tid int64, exit event.Type, us uint64, in, out []any) {
	s.emit(tid, exit-1, in...)
	s.wait(us)
	s.emit(tid, exit, out...)
	s.wait(3)
}

func (s *story) wait(us uint64) { s.now += us*1000 + 137 }

// at moves the clock to ms after the start, never back.
func (s *story) at(ms uint64) { s.now = max(s.now, helloStart+ms*1e6+411) }

func encode(p *event.Param, v any) []byte {
	le := binary.LittleEndian
	switch v := v.(type) {
	case nil:
		return nil
	case int:
		b := le.AppendUint64(nil, uint64(v))
		return b[:max(p.Kind.Size(), 1)]
	case string:
		if p.Kind == event.KindByteBuf {
			return []byte(v)
		}
		return append([]byte(v), 0)
	case []byte:
		return v
	}
	panic(fmt.Sprintf("parameter %s: %T", p.Name, v))
}

// args are texts with a NUL behind each.
func args(list ...string) []byte { return []byte(strings.Join(list, "\x00") + "\x00") }

func sockaddr(a string) []byte {
	ap := netip.MustParseAddrPort(a)
	return binary.LittleEndian.AppendUint16(append([]byte{event.AFInet}, ap.Addr().AsSlice()...), ap.Port())
}

func tuple(src, dst string) []byte { return append(sockaddr(src), sockaddr(dst)[1:]...) }

func unixTuple(path string) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{event.AFUnix}, 0xffff8d3c4a1b0000)
	return append(append(binary.LittleEndian.AppendUint64(b, 0xffff8d3c4a1b0800), path...), 0)
}

func helloState() *event.Snapshot {
	file := func(n int64, name string, flags uint32) event.FD {
		return event.FD{Num: n, Type: event.FDFileV2, Name: name, Flags: flags, Dev: deviceRoot, Ino: 1000 + uint64(n)}
	}
	tty := func(name string) []event.FD { return []event.FD{file(0, name, 3), file(1, name, 3), file(2, name, 3)} }
	null := tty("/dev/null")
	ap := netip.MustParseAddrPort
	thread := func(tid, parent int64, comm, exe string, more ...func(*event.Thread)) *event.Thread {
		th := &event.Thread{TID: tid, PID: tid, PTID: parent, VTID: tid, VPID: tid, SID: tid, PGID: tid, VPGID: tid, Comm: comm, Exe: exe, ExePath: exe,
			Cwd: "/", Root: "/", FDLimit: 1024, VMSize: 12000, VMRSS: 5200, PFMinor: 240, LoginUID: event.NoID,
			Cgroups: string(args("cpuset=/", "cpu=/system.slice/"+comm+".service", "memory=/system.slice/"+comm+".service")),
			Env:     string(args("PATH=/usr/bin:/bin", "LANG=C.UTF-8"))}
		for _, f := range more {
			f(th)
		}
		return th
	}
	anna := func(th *event.Thread) {
		th.UID, th.GID, th.LoginUID, th.TTY, th.Cwd = 1000, 1000, 1000, 34816, "/home/anna/"
		th.Cgroups = string(args("cpuset=/", "cpu=/user.slice", "memory=/user.slice/user-1000.slice"))
		th.Env = string(args("PATH=/usr/bin:/bin", "HOME=/home/anna", "LANG=de_DE.UTF-8", "SHELL=/bin/bash"))
	}
	boxed := func(th *event.Thread) {
		th.VTID, th.VPID, th.UID, th.GID = 1, 1, 33, 33
		th.Cgroups = string(args("cpuset=/docker/"+containerID, "cpu=/docker/"+containerID, "memory=/docker/"+containerID))
		th.Args = string(args("-g", "daemon off;"))
	}
	return &event.Snapshot{
		Machine: &event.Machine{CPUs: 4, Memory: 8 << 30, MaxPID: 32768, Hostname: "web1", BootTime: 1715670000_000000000},
		Users: []event.User{{UID: 0, GID: 0, Name: "root", Home: "/root", Shell: "/bin/bash"}, {UID: 33, GID: 33, Name: "www-data", Home: "/var/www", Shell: "/usr/sbin/nologin"},
			{UID: 1000, GID: 1000, Name: "anna", Home: "/home/anna", Shell: "/bin/bash"}},
		Groups: []event.Group{{GID: 0, Name: "root"}, {GID: 33, Name: "www-data"}, {GID: 1000, Name: "anna"}},
		Interfaces: []event.Interface{
			{Name: "lo", Addr: netip.MustParseAddr("127.0.0.1"), Netmask: netip.MustParseAddr("255.0.0.0"), Broadcast: netip.MustParseAddr("127.0.0.1")},
			{Name: "eth0", Addr: netip.MustParseAddr("10.0.0.2"), Netmask: netip.MustParseAddr("255.255.255.0"), Broadcast: netip.MustParseAddr("10.0.0.255"), Speed: 1e9},
			{Name: "docker0", Addr: netip.MustParseAddr("172.17.0.1"), Netmask: netip.MustParseAddr("255.255.0.0"), Broadcast: netip.MustParseAddr("172.17.255.255")},
		},
		HasInterfaces: true,
		Threads: []*event.Thread{
			thread(tidInit, 0, "systemd", "/usr/lib/systemd/systemd"),
			thread(tidSSHD, tidInit, "sshd", "/usr/sbin/sshd"),
			thread(tidDocker, tidInit, "dockerd", "/usr/bin/dockerd"),
			thread(tidNginx, tidDocker, "nginx", "/usr/sbin/nginx", boxed),
			thread(tidLogger, tidInit, "logger", "/usr/sbin/logger"),
			thread(tidConn, tidSSHD, "sshd", "/usr/sbin/sshd"),
			thread(tidBash, tidConn, "bash", "/usr/bin/bash", anna),
		},
		FDs: []event.FDList{
			{TID: tidInit, FDs: null},
			{TID: tidSSHD, FDs: append(slices.Clone(null), event.FD{Num: 3, Type: event.FDIPv4Listen, L4: event.L4TCP, Dst: ap("0.0.0.0:22"), Ino: 411})},
			{TID: tidDocker, FDs: append(slices.Clone(null), event.FD{Num: 5, Type: event.FDUnixSock, UnixDst: 0xffff8d3c4a1b0800, Name: "/var/run/docker.sock", Ino: 412})},
			{TID: tidNginx, FDs: append(slices.Clone(null), event.FD{Num: 6, Type: event.FDIPv4Listen, L4: event.L4TCP, Dst: ap("0.0.0.0:80"), Ino: 413},
				event.FD{Num: 8, Type: event.FDEventPoll, Ino: 414}, file(4, "/var/log/nginx/access.log", oWRONLY|oAPPEND))},
			{TID: tidLogger, FDs: null},
			{TID: tidConn, FDs: append(slices.Clone(null), event.FD{Num: 4, Type: event.FDIPv4Sock, L4: event.L4TCP, Src: ap("10.0.0.9:50122"), Dst: ap("10.0.0.2:22"), Ino: 415})},
			{TID: tidBash, FDs: tty("/dev/pts/0")},
		},
	}
}

// prologue is what recorders write first: the containers, and the processor time of each thread.
func (s *story) prologue() {
	s.emit(tidNginx, event.ContainerJsonE, `{"container":{"id":"`+containerID[:12]+`","full_id":"`+containerID+`","type":0,"name":"shop","image":"nginx:1.25",`+
		`"imageid":"a8758716bb6a","imagerepo":"nginx","imagetag":"1.25","ip":"172.17.0.2","is_pod_sandbox":false,"privileged":false,`+
		`"Mounts":[{"Source":"/srv/shop","Destination":"/usr/share/nginx/html","Mode":"ro","RW":false,"Propagation":"rprivate"}],`+
		`"port_mappings":[{"HostIp":0,"HostPort":8080,"ContainerPort":80}],"labels":{"maintainer":"anna"},"env":["NGINX_VERSION=1.25.5"],"memory_limit":268435456}}`)
	s.procinfo()
	s.wait(40)
}

func (s *story) procinfo() {
	for i, tid := range []int64{tidInit, tidSSHD, tidDocker, tidNginx, tidLogger, tidConn, tidBash} {
		s.emit(tid, event.ProcinfoE, 10*i, 4*i)
	}
}

// generic writes a call without an event of its own.
func (s *story) generic(tid int64, name string, native int, us uint64) {
	id := slices.Index(event.SyscallNames(), name)
	if id < 0 {
		s.t.Fatalf("no system call %s", name)
	}
	s.call(tid, event.GenericX, us, []any{id, native}, []any{id, native})
}

func (s *story) open(tid int64, name string, flags, mode, fd int) {
	dev, ino := deviceRoot, 4711+len(name)
	if fd < 0 {
		dev, ino = 0, 0
	}
	s.call(tid, event.OpenatV2X, 9, []any{atFDCWD, name, flags, mode}, []any{fd, atFDCWD, name, flags, mode, dev, ino})
}

func (s *story) close(tid int64, fd int) {
	s.call(tid, event.CloseX, 1, []any{fd}, []any{0, fd})
}

func (s *story) read(tid int64, fd, size int, data string, us uint64) {
	s.call(tid, event.ReadX, us, []any{fd, size}, []any{len(data), data, fd, size})
}

func (s *story) write(tid int64, fd int, data string, us uint64) {
	s.call(tid, event.WriteX, us, []any{fd, len(data)}, []any{len(data), data, fd, len(data)})
}

func (s *story) fstat(tid int64, fd int) { s.call(tid, event.FstatX, 1, []any{fd}, []any{0, fd}) }

func (s *story) mmap(tid int64, fd, length, prot, flags int, addr int) {
	s.call(tid, event.MmapX, 4, []any{0, length, prot, flags, fd, 0}, []any{addr, 5500, 900, 0, 0, length, prot, flags, fd, 0})
}

func (s *story) brk(tid int64, addr int) {
	s.call(tid, event.BrkV4X, 1, []any{addr}, []any{0x55d0c0de0000, 5500, 900, 0, addr})
}

// fork makes child a process of parent, which keeps its name until it runs something.
func (s *story) fork(parent, child int64, comm string) {
	cgroups := args("cpuset=/", "cpu=/user.slice", "memory=/user.slice/user-1000.slice")
	clone := func(res, tid, ptid int64) []any {
		return []any{int(res), "/usr/bin/bash", nil, int(tid), int(tid), int(ptid), "/home/anna/", 1024, 0, 310, 8400, 4100, 0, comm, cgroups, cloneChild,
			1000, 1000, int(tid), int(tid), 0}
	}
	s.emit(parent, event.CloneV20X-1)
	s.wait(160)
	s.emit(parent, event.CloneV20X, clone(child, parent, tidConn)...)
	s.wait(22)
	s.emit(child, event.CloneV20X, clone(0, child, parent)...)
	s.wait(30)
}

// exec makes tid run a program, with what the dynamic linker does before it begins.
func (s *story) exec(tid, parent int64, comm, path string, argv ...string) {
	cgroups := args("cpuset=/", "cpu=/user.slice", "memory=/user.slice/user-1000.slice")
	var rest []byte
	if len(argv) > 1 {
		rest = args(argv[1:]...)
	}
	s.call(tid, event.ExecveV19X, 420, []any{path}, []any{0, argv[0], rest, int(tid), int(tid), int(parent), "/home/anna/", 1024, 0, 28, 356, 4, 0, comm, cgroups,
		args("PATH=/usr/bin:/bin", "HOME=/home/anna", "LANG=de_DE.UTF-8", "SHELL=/bin/bash"), 34816, int(tid), 1000, 0, 0, 0, 0, 5000 + len(path),
		1712000000_000000000, 1712000000_000000000, 1000, path, int(tid), 1000, path})
	s.brk(tid, 0)
	s.call(tid, event.AccessX, 5, []any{4}, []any{notFound, "/etc/ld.so.preload", 4})
	s.open(tid, "/etc/ld.so.cache", oRDONLY|oCLOEXEC, 0, 3)
	s.fstat(tid, 3)
	s.mmap(tid, 3, 27915, 1, 2, 0x7f21a4c02000)
	s.close(tid, 3)
	s.open(tid, "/lib/x86_64-linux-gnu/libc.so.6", oRDONLY|oCLOEXEC, 0, 3)
	elf := "\x7fELF\x02\x01\x01\x03" + strings.Repeat("\x00", 8) + "\x03\x00>\x00\x01\x00\x00\x00P\x95\x02" + strings.Repeat("\x00", 53) // as much as was recorded
	s.call(tid, event.ReadX, 3, []any{3, 832}, []any{832, elf, 3, 832})
	s.fstat(tid, 3)
	s.mmap(tid, 3, 1970000, 5, 0x802, 0x7f21a4a1f000)
	s.close(tid, 3)
	s.generic(tid, "arch_prctl", 158, 1)
	s.generic(tid, "rseq", 334, 1)
	s.brk(tid, 0x55d0c0e01000)
}

// exit ends tid and tells its parent.
func (s *story) exit(tid, parent int64, status int) {
	s.emit(tid, event.ProcexitV1E, status<<8, status, 0, 0, 0)
	s.wait(8)
	s.emit(parent, event.SignaldeliverE, int(tid), int(parent), 17)
	s.wait(12)
}

func (s *story) cat() {
	const tid = 1510
	s.read(tidBash, 0, 1, "\r", 9300)
	s.fork(tidBash, tid, "bash")
	s.emit(tidBash, event.GenericE, slices.Index(event.SyscallNames(), "wait4"), 61)
	s.exec(tid, tidBash, "cat", "/usr/bin/cat", "cat", "/etc/hosts")
	s.open(tid, "/usr/share/locale/de_DE.UTF-8/LC_MESSAGES/coreutils.mo", oRDONLY, 0, notFound)
	s.open(tid, "/usr/share/locale/de/LC_MESSAGES/coreutils.mo", oRDONLY, 0, notFound)
	s.fstat(tid, 1)
	s.open(tid, "/etc/hosts", oRDONLY, 0, 3)
	s.fstat(tid, 3)
	hosts := "127.0.0.1\tlocalhost\n10.0.0.1\tshop.example.net shop\n10.0.0.2\tweb1\n"
	s.read(tid, 3, 131072, hosts, 6)
	s.write(tid, 1, hosts, 14)
	s.read(tid, 3, 131072, "", 1)
	s.close(tid, 3)
	s.close(tid, 1)
	s.exit(tid, tidBash, 0)
	s.emit(tidBash, event.GenericX, slices.Index(event.SyscallNames(), "wait4"), 61)
	s.write(tidBash, 2, "anna@web1:~$ ", 7)
}

// pipeline is `grep anna /etc/passwd | wc -l`.
func (s *story) pipeline() {
	const grep, wc = 1511, 1512
	s.at(150)
	s.call(tidBash, event.PipeX, 6, nil, []any{0, 3, 4, 88123})
	s.fork(tidBash, grep, "bash")
	s.fork(tidBash, wc, "bash")
	s.close(tidBash, 3)
	s.close(tidBash, 4)
	s.call(grep, event.Dup2X, 1, []any{4}, []any{1, 4, 1})
	s.close(grep, 4)
	s.close(grep, 3)
	s.call(wc, event.Dup2X, 1, []any{3}, []any{0, 3, 0})
	s.close(wc, 3)
	s.close(wc, 4)
	s.exec(grep, tidBash, "grep", "/usr/bin/grep", "grep", "anna", "/etc/passwd")
	s.open(grep, "/etc/passwd", oRDONLY, 0, 3)
	s.read(grep, 3, 98304, "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nanna:x:1000:1000:Anna:/home/anna:/bin/bash\n", 5)
	s.exec(wc, tidBash, "wc", "/usr/bin/wc", "wc", "-l")
	s.write(grep, 1, "anna:x:1000:1000:Anna:/home/anna:/bin/bash\n", 11)
	s.read(wc, 0, 16384, "anna:x:1000:1000:Anna:/home/anna:/bin/bash\n", 17)
	s.close(grep, 3)
	s.exit(grep, tidBash, 0)
	s.read(wc, 0, 16384, "", 31)
	s.write(wc, 1, "1\n", 4)
	s.exit(wc, tidBash, 0)
}

// edit keeps a note in a file with a name that is not ASCII, and asks for what anna may not read.
func (s *story) edit() {
	const tid = 1513
	s.at(300)
	s.fork(tidBash, tid, "bash")
	s.exec(tid, tidBash, "vim.tiny", "/usr/bin/vim.tiny", "vi", "grüße an 日本.txt")
	s.open(tid, "/home/anna/.vimrc", oRDONLY, 0, notFound)
	s.open(tid, "/etc/shadow", oRDONLY, 0, notAllowed)
	s.call(tid, event.ChdirX, 3, nil, []any{0, "/home/anna/notes"})
	s.open(tid, "grüße an 日本.txt", oWRONLY|oCREAT|oTRUNC, 0o644, 3)
	s.write(tid, 3, "Grüße! 今日は\n", 19)
	s.close(tid, 3)
	s.call(tid, event.UnlinkatV2X, 15, nil, []any{0, atFDCWD, "../.vim.swp", 0})
	s.call(tid, event.MkdirV2X, 12, []any{0o755}, []any{-17, "/home/anna/notes", 0o755})
	s.exit(tid, tidBash, 0)
}

// curl is `curl http://shop/`: a connection to 10.0.0.1:80 that takes its time.
func (s *story) curl() {
	const tid = 1514
	const here, shop = "10.0.0.2:44318", "10.0.0.1:80"
	s.at(500)
	s.fork(tidBash, tid, "bash")
	s.exec(tid, tidBash, "curl", "/usr/bin/curl", "curl", "-s", "http://shop/")
	s.open(tid, "/etc/resolv.conf", oRDONLY|oCLOEXEC, 0, 3)
	s.read(tid, 3, 4096, "nameserver 10.0.0.53\n", 4)
	s.close(tid, 3)
	s.call(tid, event.SocketX, 11, []any{2, 2 | 0x800, 0}, []any{3, 2, 2 | 0x800, 0})
	s.call(tid, event.SendtoX, 24, []any{3, 33, tuple("10.0.0.2:51999", "10.0.0.53:53")},
		[]any{33, "\x1a\x2b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x07example\x03net\x00\x00\x01\x00\x01", 3, 33, tuple("10.0.0.2:51999", "10.0.0.53:53")})
	s.call(tid, event.RecvfromX, 1800, []any{3, 2048},
		[]any{45, "\x1a\x2b\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x04shop\x07example\x03net\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\n\x00\x00\x01", tuple("10.0.0.53:53", "10.0.0.2:51999"), 3, 2048})
	s.close(tid, 3)
	s.call(tid, event.SocketX, 9, []any{2, 1, 6}, []any{5, 2, 1, 6})
	s.call(tid, event.ConnectX, 70, []any{5, sockaddr(shop)}, []any{inProgress, tuple(here, shop), 5, sockaddr(shop)})
	fds := func(events uint16) []byte {
		b := binary.LittleEndian.AppendUint64([]byte{1, 0}, 5)
		return binary.LittleEndian.AppendUint16(b, events)
	}
	s.call(tid, event.PollX, 21000, []any{fds(4), 1000}, []any{1, fds(4), 1000})
	s.call(tid, event.GetsockoptX, 1, nil, []any{0, 5, 1, 4, append([]byte{1}, 0, 0, 0, 0, 0, 0, 0, 0), 4})
	request := "GET / HTTP/1.1\r\nHost: shop\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
	s.call(tid, event.SendtoX, 35, []any{5, len(request), tuple(here, shop)}, []any{len(request), request, 5, len(request), tuple(here, shop)})
	s.call(tid, event.PollX, 33000, []any{fds(1), 1000}, []any{1, fds(1), 1000})
	answer := "HTTP/1.1 200 OK\r\nServer: nginx/1.25.5\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 31\r\n\r\n<h1>Willkommen in Köln</h1>\r\n\x00\xff"
	s.call(tid, event.RecvfromX, 8, []any{5, 102400}, []any{len(answer), answer, nil, 5, 102400})
	s.write(tid, 1, "<h1>Willkommen in Köln</h1>\r\n", 10)
	s.close(tid, 5)
	s.exit(tid, tidBash, 0)
}

// serve is the container answering a client on the network.
func (s *story) serve() {
	const client, server = "10.0.0.7:51842", "172.17.0.2:80"
	s.at(800)
	tid := int64(tidNginx)
	s.call(tid, event.EpollwaitX, 12400, []any{512}, []any{1, 512})
	s.call(tid, event.Accept4V6X, 13, []any{0}, []any{3, tuple(client, server), 0, 0, 511, 0x800})
	s.call(tid, event.RecvfromX, 6, []any{3, 1024}, []any{51, "GET /logo.svg HTTP/1.1\r\nHost: web1:8080\r\nX: \x1b[31m\r\n", tuple(client, server), 3, 1024})
	s.open(tid, "/usr/share/nginx/html/logo.svg", oRDONLY|oNONBLOCK, 0, notFound)
	s.write(tid, 2, "2024/05/14 09:30:00 [error] 905#0: open() \"/usr/share/nginx/html/logo.svg\" failed (2: No such file or directory)\n", 9)
	page := "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nNot here.\n"
	s.call(tid, event.WritevX, 28, []any{3, len(page)}, []any{len(page), page, 3, len(page)})
	s.write(tid, 4, "10.0.0.7 - - [14/May/2024:09:30:00 +0000] \"GET /logo.svg HTTP/1.1\" 404 10\n", 8)
	s.close(tid, 3)
}

// logger was recorded by a current recorder: only exits, which carry everything, some of them of types that sysdig 0.29.3 does not know.
func (s *story) logger() {
	tid := int64(tidLogger)
	exit := func(us uint64, typ event.Type, params ...any) {
		s.wait(us)
		s.emit(tid, typ, params...)
	}
	exit(30, event.NewfstatatX, 0, atFDCWD, "/var/log/shop.log", 0)
	exit(12, event.OpenatV2X, 3, atFDCWD, "/proc/loadavg", oRDONLY, 0, 5, 4026531996)
	exit(9, event.ReadX, 27, "0.42 0.31 0.28 1/213 1514\n", 3, 4096)
	exit(3, event.CloseX, 0, 3)
	exit(14, event.SocketX, 4, 1, 1, 0, 0)
	exit(16, event.ConnectX, 0, unixTuple("/var/run/docker.sock"), 4, append([]byte{event.AFUnix}, "/var/run/docker.sock\x00"...))
	exit(40, event.WriteX, 36, "GET /v1.44/containers/json HTTP/1.1\n", 4, 36)
	exit(5, event.OpenatV2X, notAllowed, atFDCWD, "/var/lib/docker/containers", oRDONLY|oDIRECTORY, 0, 0, 0)
	exit(6, event.CloseRangeX, 0, 3, 20, 0)
}

// hostile gives itself a name that would colour the terminal of whoever looks.
func (s *story) hostile() {
	const tid = 1515
	s.now = helloStart/1_000_000_000*1_000_000_000 + 999_999_999
	s.procinfo()
	s.at(940)
	s.fork(tidBash, tid, "bash")
	s.exec(tid, tidBash, "evil\x1b[31m", "/tmp/evil\x1b[31m", "/tmp/evil\x1b[31m", "\x1b]0;owned\a", "two\nlines")
	s.call(tid, event.PrctlX, 2, nil, []any{0, 15, "evil\x1b[31m-2", 0})
	s.open(tid, "/tmp/\x1b[2Jwiped\xff", oWRONLY|oCREAT, 0o600, 3)
	s.write(tid, 3, "\x1b[2J\x1b[H\x00\x01\x02", 6)
	s.call(tid, event.NanosleepX, 120000, []any{120000000}, []any{0, 120000000})
	s.call(tid, event.KillX, 3, []any{tidInit, 9}, []any{-1, tidInit, 9})
	s.exit(tid, tidBash, 1)
}

func (s *story) epilogue() {
	s.emit(tidInit, event.UserAddedE, 1001, 1001, "berta", "/home/berta", "/bin/bash", "")
	s.wait(700)
	s.at(1190)
	s.write(tidBash, 2, "anna@web1:~$ ", 6)
	s.wait(9000)
	s.emit(tidBash, event.ReadX-1, 0, 1)
}
