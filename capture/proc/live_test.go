//go:build linux

package proc

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// must returns what a call gave, or ends the test.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// keep closes fd at the end of the test.
func keep(t *testing.T, fd int) int {
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// want is what a descriptor must read as. Inodes, devices and kernel addresses are compared with stat, or not at all.
type want struct {
	name string
	fd   int
	rec  event.FD
}

const (
	rdonly, wronly, rdwr  = 1, 2, 3
	append_, nonblock, cx = 8, 0x40, 0x1000
)

// TestLiveFDs opens a descriptor of each sort and reads its own.
func TestLiveFDs(t *testing.T) {
	dir := must[string](t)(filepath.EvalSymlinks(t.TempDir()))
	wants := slices.Concat(openFiles(t, dir), openAnonymous(t), openInet(t), openUnix(t, dir))
	_, fds, err := ReadThread("", os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wants {
		i := slices.IndexFunc(fds, func(f event.FD) bool { return f.Num == int64(w.fd) })
		if i < 0 {
			t.Errorf("%s: descriptor %d is missing", w.name, w.fd)
			continue
		}
		got := fds[i]
		var st unix.Stat_t
		if err := unix.Fstat(w.fd, &st); err != nil {
			t.Fatal(err)
		}
		if got.Ino != st.Ino {
			t.Errorf("%s: inode %d, want %d", w.name, got.Ino, st.Ino)
		}
		if typ := got.Type; (typ == event.FDFileV2 || typ == event.FDDirectory) && got.Dev != device(unix.Major(st.Dev), unix.Minor(st.Dev)) {
			t.Errorf("%s: device %#x, want %#x", w.name, got.Dev, st.Dev)
		}
		one, err := ReadFD("/proc", os.Getpid(), w.fd)
		if d := diffFD(got, one); err != nil || d != "" {
			t.Errorf("%s: alone it reads otherwise: %v\n%s", w.name, err, d)
		}
		w.rec.Num, w.rec.Ino, w.rec.CloseExec = int64(w.fd), got.Ino, w.rec.Flags&cx != 0
		if w.rec.Dev = got.Dev; got.Type == event.FDUnixSock {
			if (got.UnixSrc == 0) != (w.rec.UnixSrc == 0) {
				t.Errorf("%s: address %#x", w.name, got.UnixSrc)
			}
			w.rec.UnixSrc = got.UnixSrc
		}
		if d := diffFD(w.rec, got); d != "" {
			t.Errorf("%s:\n%s", w.name, d)
		}
	}
}

func diffFD(a, b event.FD) string {
	return cmp.Diff(a, b, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }))
}

func openFiles(t *testing.T, dir string) []want {
	open := func(name string, flags int) int {
		return keep(t, must[int](t)(unix.Open(name, flags, 0o600)))
	}
	gone := open(dir+"/gone", unix.O_RDWR|unix.O_CREAT)
	if err := os.Remove(dir + "/gone"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	pipe := must[string](t)(os.Readlink("/proc/self/fd/" + itoa(keep(t, p[0]))))
	mem := keep(t, must[int](t)(unix.MemfdCreate("a name", unix.MFD_CLOEXEC)))
	return []want{
		{"appended file", open(dir+"/log \xff\n", unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND|unix.O_CLOEXEC),
			event.FD{Type: event.FDFileV2, Flags: append_ | wronly | cx, Name: dir + "/log \xff\n"}},
		{"deleted file", gone, event.FD{Type: event.FDFileV2, Flags: rdwr, Name: dir + "/gone (deleted)"}},
		{"directory", open(dir, unix.O_RDONLY|unix.O_DIRECTORY), event.FD{Type: event.FDDirectory, Flags: rdonly | 0x400, Name: dir}},
		{"device", open("/dev/null", unix.O_RDWR), event.FD{Type: event.FDFileV2, Flags: rdwr, Name: "/dev/null"}},
		{"file of proc", open("/proc/self/stat", unix.O_RDONLY), event.FD{Type: event.FDFileV2, Flags: rdonly, Name: "/proc/" + itoa(os.Getpid()) + "/stat"}},
		{"fifo", open(dir+"/fifo", unix.O_RDWR), event.FD{Type: event.FDFIFO, Flags: rdwr, Name: dir + "/fifo"}},
		{"pipe, reading end", p[0], event.FD{Type: event.FDFIFO, Flags: rdonly | nonblock | cx, Name: pipe}},
		{"pipe, writing end", keep(t, p[1]), event.FD{Type: event.FDFIFO, Flags: wronly | nonblock | cx, Name: pipe}},
		{"memfd", mem, event.FD{Type: event.FDMemFD, Flags: cx, Name: "a name"}},
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func openAnonymous(t *testing.T) []want {
	num := func(fd int, err error) int { t.Helper(); return keep(t, must[int](t)(fd, err)) }
	set := unix.Sigset_t{}
	var attr struct{ typ, key, value, entries uint32 }
	attr.typ, attr.key, attr.value, attr.entries = 2, 4, 4, 1 // BPF_MAP_TYPE_ARRAY
	bpf, _, errno := unix.Syscall(unix.SYS_BPF, 0, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	ws := []want{
		{"eventfd", num(unix.Eventfd(0, unix.EFD_NONBLOCK)), event.FD{Type: event.FDEventFD, Flags: rdwr | nonblock}},
		{"epoll", num(unix.EpollCreate1(unix.EPOLL_CLOEXEC)), event.FD{Type: event.FDEventPoll, Flags: rdwr | cx}},
		{"timerfd", num(unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC)), event.FD{Type: event.FDTimerFD, Flags: rdwr | cx}},
		{"signalfd", num(unix.Signalfd(-1, &set, unix.SFD_NONBLOCK)), event.FD{Type: event.FDSignalFD, Flags: rdwr | nonblock}},
		{"inotify", num(unix.InotifyInit1(0)), event.FD{Type: event.FDInotify, Flags: rdonly}},
		{"pidfd", num(unix.PidfdOpen(os.Getppid(), 0)), event.FD{Type: event.FDPIDFD, Flags: rdwr | cx, PID: int64(os.Getppid()), Name: "/proc/" + itoa(os.Getppid())}},
	}
	if errno == 0 { // not every machine lets everybody make maps
		ws = append(ws, want{"bpf map", keep(t, int(bpf)), event.FD{Type: event.FDBPF, Flags: rdwr | cx}})
	}
	return ws
}

// openInet makes listeners, connections and bound, connected and bare datagram sockets of both families.
func openInet(t *testing.T) []want {
	var ws []want
	for _, c := range []struct {
		name   string
		family int
		ip     string
		l4     event.FDType // sockets of this family
		flags  int
	}{
		{"ipv4", unix.AF_INET, "127.0.0.1", event.FDIPv4Sock, 0},
		{"ipv6", unix.AF_INET6, "::1", event.FDIPv6Sock, unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK},
		{"ipv4 in ipv6", unix.AF_INET6, "::ffff:127.0.0.1", event.FDIPv4Sock, unix.SOCK_CLOEXEC},
	} {
		flags := uint32(rdwr)
		if c.flags&unix.SOCK_CLOEXEC != 0 {
			flags |= cx
		}
		bare := flags
		if c.flags&unix.SOCK_NONBLOCK != 0 {
			flags |= nonblock
			bare |= nonblock
		}
		sock := func(typ int) int { return keep(t, must[int](t)(unix.Socket(c.family, typ|c.flags, 0))) }
		bound := func(typ int) (int, netip.AddrPort) {
			fd := sock(typ)
			if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(netip.MustParseAddr(c.ip), 0))); err != nil {
				t.Fatal(err)
			}
			return fd, name(t, fd)
		}
		l, at := bound(unix.SOCK_STREAM)
		if err := unix.Listen(l, 5); err != nil {
			t.Fatal(err)
		}
		cl := sock(unix.SOCK_STREAM)
		if err := unix.Connect(cl, sockaddr(at)); err != nil && err != unix.EINPROGRESS {
			t.Fatal(err)
		}
		srv := accept(t, l, c.flags)
		u, udp := bound(unix.SOCK_DGRAM)
		uc := sock(unix.SOCK_DGRAM)
		if err := unix.Connect(uc, sockaddr(udp)); err != nil {
			t.Fatal(err)
		}
		listen := c.l4 + event.FDIPv4Listen - event.FDIPv4Sock
		bareType := c.l4
		if c.family == unix.AF_INET6 {
			bareType = event.FDIPv6Sock
		}
		conn := func(src, dst netip.AddrPort, l4 uint8, role event.Role) event.FD {
			return event.FD{Type: c.l4, L4: l4, Role: role, Connected: true, Flags: flags, Src: unmap(src), Dst: unmap(dst)}
		}
		ws = append(ws,
			want{c.name + " listener", l, event.FD{Type: listen, L4: event.L4TCP, Role: event.RoleServer, Flags: flags, Dst: unmap(at)}},
			want{c.name + " client", cl, conn(name(t, cl), at, event.L4TCP, event.RoleClient)},
			want{c.name + " server", srv, conn(at, name(t, cl), event.L4TCP, event.RoleServer)},
			want{c.name + " bound datagrams", u, event.FD{Type: listen, L4: event.L4UDP, Flags: flags, Dst: unmap(udp)}},
			want{c.name + " connected datagrams", uc, conn(name(t, uc), udp, event.L4UDP, event.RoleClient)},
			want{c.name + " bare stream", sock(unix.SOCK_STREAM), event.FD{Type: bareType, L4: event.L4TCP, Flags: bare}},
			want{c.name + " bare datagrams", sock(unix.SOCK_DGRAM), event.FD{Type: bareType, L4: event.L4UDP, Flags: bare}})
	}
	return ws
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// name is the address of fd's own end.
func name(t *testing.T, fd int) netip.AddrPort {
	t.Helper()
	switch a := must[unix.Sockaddr](t)(unix.Getsockname(fd)).(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	t.Fatal("no IP socket")
	return netip.AddrPort{}
}

// accept waits for the connection that is on its way.
func accept(t *testing.T, l, flags int) int {
	t.Helper()
	for range 1000 {
		fd, _, err := unix.Accept4(l, flags)
		if err == unix.EAGAIN {
			time.Sleep(time.Millisecond)
			continue
		}
		return keep(t, must[int](t)(fd, err))
	}
	t.Fatal("no connection")
	return -1
}

func openUnix(t *testing.T, dir string) []want {
	sock := func(family, typ, proto int) int { return keep(t, must[int](t)(unix.Socket(family, typ, proto))) }
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	path := dir + "/so ck"
	l := sock(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err := errors.Join(unix.Bind(l, &unix.SockaddrUnix{Name: path}), unix.Listen(l, 5)); err != nil {
		t.Fatal(err)
	}
	cl := sock(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err := unix.Connect(cl, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	abstract := sock(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(abstract, &unix.SockaddrUnix{Name: "@scry test"}); err != nil {
		t.Fatal(err)
	}
	rec := func(flags uint32, name string, sock event.SockState) event.FD {
		return event.FD{Type: event.FDUnixSock, Flags: flags, Name: name, Sock: sock, UnixSrc: 1}
	}
	return []want{
		{"unix pair", keep(t, pair[0]), rec(rdwr|cx, "", event.SockConnected)},
		{"unix pair", keep(t, pair[1]), rec(rdwr|cx, "", event.SockConnected)},
		{"unix listener", l, rec(rdwr, path, event.SockListening)},
		{"unix client", cl, rec(rdwr, "", event.SockConnected)},
		{"unix server", accept(t, l, 0), rec(rdwr, path, event.SockConnected)},
		{"unix abstract", abstract, rec(rdwr, "@scry test", event.SockOpen)},
		{"netlink", sock(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE), event.FD{Type: event.FDNetlink, Flags: rdwr}},
	}
}

// TestLiveSelf compares the record of this process with what it knows of itself.
func TestLiveSelf(t *testing.T) {
	s, rep, err := Read(Options{FDs: true, Users: true})
	if err != nil {
		t.Fatal(err)
	}
	pid := int64(os.Getpid())
	find := func(tid int64) *event.Thread {
		i := slices.IndexFunc(s.Threads, func(th *event.Thread) bool { return th.TID == tid })
		if i < 0 {
			t.Fatalf("thread %d is missing", tid)
		}
		return s.Threads[i]
	}
	th := find(pid)
	exe := must[string](t)(os.Executable())
	cwd := must[string](t)(filepath.EvalSymlinks(must[string](t)(os.Getwd())))
	var st unix.Stat_t
	if err := unix.Stat(exe, &st); err != nil {
		t.Fatal(err)
	}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	want := *th // what is not compared below
	want.PID, want.PTID, want.UID, want.GID = pid, int64(os.Getppid()), uint32(os.Geteuid()), uint32(os.Getegid())
	want.PGID, want.SID = int64(unix.Getpgrp()), int64(must[int](t)(unix.Getsid(0)))
	want.Comm = filepath.Base(exe)[:min(len(filepath.Base(exe)), 15)]
	want.Exe, want.ExePath, want.Cwd, want.Root = os.Args[0], exe, cwd+"/", "/"
	want.Args = strings.Join(os.Args[1:], "\x00") + "\x00"
	want.ExeIno, want.ExeMtime, want.ExeCtime = st.Ino, uint64(st.Mtim.Nano()), uint64(st.Ctim.Nano())
	want.ExeWritable, want.Flags, want.FDLimit = true, th.Flags&inPIDNS, int64(lim.Cur)
	if d := cmp.Diff(&want, th); d != "" {
		t.Error(d)
	}
	if th.VMSize == 0 || th.VMRSS == 0 || th.PFMinor == 0 || !strings.Contains(th.Env, "PATH=") {
		t.Errorf("%+v", th)
	}
	if age := time.Since(time.Unix(0, int64(th.CloneTS))); age < -50*time.Millisecond || age > time.Hour {
		t.Errorf("started %v ago", age)
	}
	if tid := int64(unix.Gettid()); tid != pid {
		if o := find(tid); o.PID != pid || o.Flags&cloneThread == 0 || o.Exe != th.Exe {
			t.Errorf("thread %+v", o)
		}
	}
	if kt := find(2); kt.Comm == "kthreadd" && (kt.Exe != "" || kt.Args != "" || kt.ExePath != "") {
		t.Errorf("thread of the kernel: %+v", kt)
	}
	if rep.Threads != len(s.Threads) || rep.FDs == 0 || len(s.Users) == 0 || s.Machine.CPUs == 0 || len(s.Interfaces) == 0 {
		t.Errorf("%+v %+v", rep, s.Machine)
	}
	if !slices.IsSortedFunc(s.Threads, func(a, b *event.Thread) int { return int(a.TID - b.TID) }) {
		t.Error("threads are not in the order of their numbers")
	}
}

func TestInterfaces(t *testing.T) {
	list := must[[]event.Interface](t)(interfaces())
	for _, n := range must[[]net.Interface](t)(net.Interfaces()) {
		for _, a := range must[[]net.Addr](t)(n.Addrs()) {
			ip := a.(*net.IPNet)
			if !slices.ContainsFunc(list, func(f event.Interface) bool {
				return (f.Name == n.Name || strings.HasPrefix(f.Name, n.Name+":")) && ip.IP.Equal(f.Addr.AsSlice()) && net.IP(ip.Mask).Equal(f.Netmask.AsSlice())
			}) {
				t.Errorf("%s of %s is missing in %+v", a, n.Name, list)
			}
		}
	}
	for _, f := range list {
		if f.Broadcast.BitLen() != f.Addr.BitLen() || f.Addr.IsLoopback() && !f.Broadcast.IsUnspecified() {
			t.Errorf("%+v", f)
		}
	}
}

// TestNamespaces reads a child that is number 1 of its own pid namespace and listens in its own network namespace.
func TestNamespaces(t *testing.T) {
	c := exec.Command("/proc/self/exe", "-test.run=^TestNamespaceChild$")
	c.Env = append(os.Environ(), "SCRY_CHILD=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNET, Pdeathsig: unix.SIGKILL}
	in := must[io.WriteCloser](t)(c.StdinPipe())
	out := must[io.ReadCloser](t)(c.StdoutPipe())
	if err := c.Start(); errors.Is(err, fs.ErrPermission) {
		t.Skip("namespaces need root")
	} else if err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer in.Close()
	fd, at := 0, ""
	for sc := bufio.NewScanner(out); at == "" && sc.Scan(); {
		if f := strings.Fields(sc.Text()); len(f) == 3 && f[0] == "listening" {
			fd, at = int(decimal([]byte(f[1]))), f[2]
		}
	}
	s, _, err := Read(Options{FDs: true})
	if err != nil {
		t.Fatal(err)
	}
	pid := int64(c.Process.Pid)
	th := s.Threads[slices.IndexFunc(s.Threads, func(th *event.Thread) bool { return th.TID == pid })]
	if th.VPID != 1 || th.VTID != 1 || th.Flags&inPIDNS == 0 || th.PIDNSInitStart != th.Start || th.PTID != int64(os.Getpid()) {
		t.Errorf("%+v", th)
	}
	fds := s.FDs[slices.IndexFunc(s.FDs, func(l event.FDList) bool { return l.TID == uint64(pid) })].FDs
	got := fds[slices.IndexFunc(fds, func(f event.FD) bool { return f.Num == int64(fd) })]
	if got.Type != event.FDIPv4Listen || got.Dst.String() != at || got.L4 != event.L4TCP {
		t.Errorf("listener: %+v, want %s", got, at)
	}
	one, _, err := ReadThread("", int(pid))
	if err != nil || one.PIDNSInitStart != th.PIDNSInitStart && one.PIDNSInitStart-th.PIDNSInitStart+tick > 2*tick {
		t.Errorf("alone: %+v %v", one, err)
	}
}

func TestNamespaceChild(t *testing.T) {
	if os.Getenv("SCRY_CHILD") == "" {
		return // is a program for TestNamespaces
	}
	fd := must[int](t)(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0))
	if err := errors.Join(unix.Bind(fd, sockaddr(netip.MustParseAddrPort("0.0.0.0:0"))), unix.Listen(fd, 1)); err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("listening " + itoa(fd) + " " + name(t, fd).String() + "\n")
	os.Stdin.Read(make([]byte, 1)) // until the parent closes it
}

// TestOverlay runs a program of each layer of an overlay in a mount namespace of its own.
func TestOverlay(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("there is no sleep here")
	}
	dir := must[string](t)(filepath.EvalSymlinks(t.TempDir()))
	program := must[[]byte](t)(os.ReadFile(sleep))
	for _, d := range []string{"lower", "upper", "work", "all"} {
		if err := os.Mkdir(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"/lower/old", "/upper/new"} {
		if err := os.WriteFile(dir+f, program, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"old", "new"} {
		c := exec.Command("/proc/self/exe", "-test.run=^TestOverlayChild$")
		c.Env = append(os.Environ(), "SCRY_OVERLAY="+dir, "SCRY_PROGRAM="+f)
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
		if err := c.Start(); errors.Is(err, fs.ErrPermission) {
			t.Skip("namespaces need root")
		} else if err != nil {
			t.Fatal(err)
		}
		th := &event.Thread{}
		for deadline := time.Now().Add(10 * time.Second); th.Comm != f && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if one, _, err := ReadThread("", c.Process.Pid); err == nil && one.ExePath != "" {
				th = one
			}
		}
		if th.ExePath != dir+"/all/"+f || th.ExeUpper != (f == "new") || th.ExeLower != (f == "old") {
			t.Errorf("%s: %+v", f, th)
		}
		c.Process.Kill()
		c.Wait()
	}
}

func TestOverlayChild(t *testing.T) {
	dir := os.Getenv("SCRY_OVERLAY")
	if dir == "" {
		return // is a program for TestOverlay
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("overlay", dir+"/all", "overlay", 0, "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work"); err != nil {
		t.Fatal(err)
	}
	t.Fatal(unix.Exec(dir+"/all/"+os.Getenv("SCRY_PROGRAM"), []string{"sleep", "60"}, os.Environ()))
}
