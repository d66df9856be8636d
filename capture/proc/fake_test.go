//go:build linux

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scry/capture/event"
)

// fakeProc is one process of a made-up /proc.
type fakeProc struct {
	pid       int
	comm      string
	flags     int
	ppid      int
	nspid     string // status: "12\t3"
	args, env string
	exe       string
	cgroup    string
	netns     int
	pidns     int
	threads   []int
	fds       []fakeFD
}

type fakeFD struct {
	n          int
	link, info string
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// make writes the files of a process below root.
func (p *fakeProc) make(t testing.TB, root string) {
	t.Helper()
	dir := filepath.Join(root, strconv.Itoa(p.pid))
	if p.nspid == "" {
		p.nspid = strconv.Itoa(p.pid)
	}
	task := func(sub string, tid int, nspid string) {
		write(t, filepath.Join(dir, sub, "stat"), fmt.Sprintf("%d (%s) S %d 7 6 34816 -1 %d 100 2 3 4 5 6 7 8 20 0 %d 0 %d 313 40\n",
			tid, p.comm, p.ppid, p.flags, 1+len(p.threads), tid))
		write(t, filepath.Join(dir, sub, "status"), fmt.Sprintf("Name:\t%s\nTgid:\t%d\nUid:\t1\t1000\t3\t4\nGid:\t5\t1001\t7\t8\nGroups:\t10 20 \n"+
			"NStgid:\t%s\nNSpid:\t%s\nNSpgid:\t7\nVmSize:\t300 kB\nVmRSS:\t200 kB\nVmSwap:\t10 kB\nCapInh:\t1\nCapPrm:\t3\nCapEff:\t4\n",
			p.comm, p.pid, p.nspid, nspid))
	}
	task("", p.pid, p.nspid)
	for _, tid := range append([]int{p.pid}, p.threads...) {
		task("task/"+strconv.Itoa(tid), tid, strconv.Itoa(tid))
	}
	write(t, filepath.Join(dir, "cmdline"), p.args)
	write(t, filepath.Join(dir, "environ"), p.env)
	write(t, filepath.Join(dir, "cgroup"), p.cgroup)
	write(t, filepath.Join(dir, "loginuid"), "1000")
	write(t, filepath.Join(dir, "limits"), "Limit Soft Limit Hard Limit Units\nMax open files            1024                 4096                 files\n")
	write(t, filepath.Join(dir, "mountinfo"), "24 1 0:6 / /dev rw - devtmpfs dev rw\n30 1 254:1 / / rw - ext4 /dev/vda rw\n")
	if p.exe != "" {
		link(t, p.exe, filepath.Join(dir, "exe"))
	}
	link(t, "/home/u", filepath.Join(dir, "cwd"))
	link(t, "/", filepath.Join(dir, "root"))
	link(t, fmt.Sprintf("net:[%d]", p.netns), filepath.Join(dir, "ns/net"))
	link(t, fmt.Sprintf("pid:[%d]", p.pidns), filepath.Join(dir, "ns/pid"))
	for _, d := range []string{"fd", "fdinfo", "net"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range p.fds {
		link(t, f.link, filepath.Join(dir, "fd", strconv.Itoa(f.n)))
		write(t, filepath.Join(dir, "fdinfo", strconv.Itoa(f.n)), f.info)
	}
}

// read reads a made-up root.
func read(t *testing.T, root string, o Options) (*event.Snapshot, *Report) {
	t.Helper()
	o.Root = root
	s, rep, err := Read(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, rep
}

func TestReadFake(t *testing.T) {
	root := t.TempDir()
	exe := filepath.Join(root, "program")
	write(t, exe, "x")
	for _, p := range []*fakeProc{
		{pid: 2, comm: "kthreadd", flags: 2129984},
		{pid: 40, comm: "a (b) c", ppid: 1, args: "./a\x00-x\x00y z\x00", env: "A=1\x00B=\x00", exe: exe, cgroup: "4:memory:/m\n3:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/u/x\n",
			threads: []int{41, 42}},
		{pid: 50, comm: "init", ppid: 40, nspid: "50\t1", pidns: 99, exe: exe + " (deleted)"},
		{pid: 51, comm: "inner", ppid: 50, nspid: "51\t2", pidns: 99, exe: "/memfd:code (deleted)"},
	} {
		p.make(t, root)
	}
	write(t, filepath.Join(root, "70/stat"), "70 (half") // ends while it is read
	write(t, filepath.Join(root, "stat"), "cpu  1 2\ncpu0 1\ncpu1 1\nctxt 5\n")
	write(t, filepath.Join(root, "meminfo"), "MemTotal:       2048 kB\nMemFree: 1 kB\n")
	write(t, filepath.Join(root, "sys/kernel/hostname"), "box\n")
	write(t, filepath.Join(root, "sys/kernel/pid_max"), "32768\n")
	write(t, filepath.Join(root, "1/root/etc/passwd"), "root:x:0:0:root:/root:/bin/bash\nbroken\nu:x:1000:1001::/home/u:/bin/sh\n")
	write(t, filepath.Join(root, "1/root/etc/group"), "root:x:0:\nu:x:1001:a,b\n")
	s, rep := read(t, root, Options{FDs: true, Users: true})
	boot := s.Machine.BootTime
	if want := (&event.Machine{CPUs: 2, Memory: 2 << 20, MaxPID: 32768, Hostname: "box", BootTime: boot}); !cmp.Equal(s.Machine, want) {
		t.Errorf("machine %+v", s.Machine)
	}
	base := event.Thread{PGID: 7, VPGID: 7, SID: 6, UID: 1000, GID: 1001, LoginUID: 1000, TTY: 34816, FDLimit: 1024, VMSize: 300, VMRSS: 200, VMSwap: 10,
		PFMajor: 3, PFMinor: 100, CapInheritable: 1, CapPermitted: 3, CapEff: 4, Cwd: "/home/u/", Root: "/", PIDNSInitStart: boot}
	at := func(ticks uint64) uint64 { return boot + ticks*tick }
	k := base
	k.TID, k.PID, k.VTID, k.VPID, k.Comm, k.LoginUID = 2, 2, 2, 2, "kthreadd", event.NoID
	k.CloneTS, k.Start = at(2), at(2)
	a := base
	a.TID, a.PID, a.PTID, a.VTID, a.VPID, a.Comm, a.Exe, a.ExePath = 40, 40, 1, 40, 40, "a (b) c", "./a", exe
	a.Args, a.Env, a.CloneTS, a.Start = "-x\x00y z\x00", "A=1\x00B=\x00", at(40), at(40)
	a.Cgroups = "memory=/m\x00cpu=/c\x00cpuacct=/c\x00name=systemd=/s\x00unified=/u/x\x00"
	a1, a2 := a, a
	a1.TID, a1.VTID, a1.Flags, a1.CloneTS = 41, 41, cloneThread|cloneFiles, at(41)
	a2.TID, a2.VTID, a2.Flags, a2.CloneTS = 42, 42, cloneThread|cloneFiles, at(42)
	b := base
	b.TID, b.PID, b.PTID, b.VTID, b.VPID, b.Comm, b.ExePath = 50, 50, 40, 1, 1, "init", exe
	b.Flags, b.PIDNSInitStart, b.CloneTS, b.Start = inPIDNS, at(50), at(50), at(50)
	c := b
	c.TID, c.PID, c.PTID, c.VTID, c.VPID, c.Comm, c.ExePath, c.Memf = 51, 51, 50, 2, 2, "inner", "/memfd:code", true
	c.CloneTS, c.Start = at(51), at(51)
	if d := cmp.Diff([]*event.Thread{&k, &a, &a1, &a2, &b, &c}, s.Threads, cmpopts.IgnoreFields(event.Thread{}, "ExeIno", "ExeCtime", "ExeMtime", "ExeWritable")); d != "" {
		t.Error(d)
	}
	if rep.Threads != 6 || rep.Vanished != 2 || rep.Denied != 0 { // 1 has no more than its root
		t.Errorf("%+v", rep)
	}
	few, rep, err := ReadProcesses(Options{Root: root, FDs: true, Now: func() uint64 { return 7 }}, []int{40, 51, 70, 99})
	if err != nil {
		t.Fatal(err)
	}
	sameTime := cmp.FilterPath(func(p cmp.Path) bool {
		return slices.Contains([]string{".PIDNSInitStart", ".CloneTS", ".Start"}, p.Last().String())
	},
		cmp.Comparer(func(a, b uint64) bool { return max(a, b)-min(a, b) < tick })) // the moment of the boot is worked out anew
	if d := cmp.Diff([]*event.Thread{&a, &a1, &a2, &c}, few.Threads, sameTime, cmpopts.IgnoreFields(event.Thread{}, "ExeIno", "ExeCtime", "ExeMtime", "ExeWritable")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[int64]Span{40: {7, 7}, 51: {7, 7}}, rep.Read); d != "" || rep.Vanished != 2 || few.Machine != nil || few.HasInterfaces {
		t.Errorf("%+v, %s", rep, d)
	}
	users := []event.User{{Name: "root", Home: "/root", Shell: "/bin/bash"}, {UID: 1000, GID: 1001, Name: "u", Home: "/home/u", Shell: "/bin/sh"}}
	if d := cmp.Diff(users, s.Users); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]event.Group{{Name: "root"}, {GID: 1001, Name: "u"}}, s.Groups); d != "" {
		t.Error(d)
	}
}

func TestReadFakeFDs(t *testing.T) {
	root := t.TempDir()
	const ro, rw, cloexec = "flags:\t0100000\n", "flags:\t0100002\n", "flags:\t02000002\n"
	p := &fakeProc{pid: 40, comm: "a", netns: 5, fds: []fakeFD{
		{0, "/dev/null-like", ro + "mnt_id:\t24\nino:\t3\n"},
		{1, root, ro + "mnt_id:\t30\nino:\t9\n"},
		{2, "pipe:[77]", rw + "mnt_id:\t9\nino:\t77\n"},
		{3, "socket:[100]", rw}, {4, "socket:[101]", cloexec}, {5, "socket:[102]", rw}, {6, "socket:[103]", rw}, {7, "socket:[999]", rw},
		{8, "anon_inode:[eventfd]", rw + "ino:\t1"}, {9, "anon_inode:bpf-map", cloexec}, {10, "anon_inode:[perf_event]", cloexec},
		{11, "anon_inode:[pidfd]", cloexec + "Pid:\t12\n"}, {12, "pidfd:[55]", cloexec + "Pid:\t-1\n"},
		{13, "/memfd:x y (deleted)", cloexec + "mnt_id:\t1\nino:\t8\n"}, {14, "/memfd:file (deleted)", rw + "mnt_id:\t30\nino:\t10\n"},
		{15, "mnt:[4026531841]", ro + "mnt_id:\t4\nino:\t4026531841\n"},
	}}
	p.make(t, root)
	other := &fakeProc{pid: 41, comm: "b", netns: 6, fds: []fakeFD{{3, "socket:[100]", rw}}} // the inode means something else there
	other.make(t, root)
	const tail = " 00000000:00000000 00:00000000 00000000     0        0 %d 1 000000009cef9849 100 0 0 10 0\n"
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	write(t, filepath.Join(root, "40/net/tcp"), head+fmt.Sprintf("   0: 0100007F:0050 00000000:0000 0A"+tail+"   1: 0100007F:0050 0100007F:C350 01"+tail, 100, 101))
	write(t, filepath.Join(root, "40/net/unix"), "Num       RefCount Protocol Flags    Type St Inode Path\n00000000000000aa: 00000002 00000000 00010000 0001 01 102 /run/x\n")
	write(t, filepath.Join(root, "40/net/netlink"), "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n00ab 0 0 00000000 0 0 0 2 0 103\n")
	write(t, filepath.Join(root, "41/net/udp"), head+fmt.Sprintf("   0: 00000000:0035 00000000:0000 07"+tail, 100))
	s, rep := read(t, root, Options{FDs: true})
	at := netip.MustParseAddrPort
	want := []event.FD{
		{Num: 0, Type: event.FDFileV2, Flags: 1, Dev: 6, Ino: 3, Name: "/dev/null-like"},
		{Num: 1, Type: event.FDDirectory, Flags: 1, Dev: device(254, 1), Ino: 9, Name: root},
		{Num: 2, Type: event.FDFIFO, Flags: 3, Ino: 77, Name: "pipe:[77]"},
		{Num: 3, Type: event.FDIPv4Listen, L4: event.L4TCP, Role: event.RoleServer, Flags: 3, Ino: 100, Dst: at("127.0.0.1:80")},
		{Num: 4, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleServer, Connected: true, CloseExec: true, Flags: 0x1003, Ino: 101,
			Src: at("127.0.0.1:80"), Dst: at("127.0.0.1:50000")},
		{Num: 5, Type: event.FDUnixSock, Flags: 3, Ino: 102, UnixSrc: 0xaa, Sock: event.SockListening, Name: "/run/x"},
		{Num: 6, Type: event.FDNetlink, Flags: 3, Ino: 103},
		{Num: 7, Type: event.FDUnknown, Flags: 3, Ino: 999},
		{Num: 8, Type: event.FDEventFD, Flags: 3, Ino: 1},
		{Num: 9, Type: event.FDBPF, Flags: 0x1003, CloseExec: true},
		{Num: 10, Type: event.FDUnsupported, Flags: 0x1003, CloseExec: true, Name: "anon_inode:[perf_event]"},
		{Num: 11, Type: event.FDPIDFD, Flags: 0x1003, CloseExec: true, PID: 12, Name: "/proc/12"},
		{Num: 12, Type: event.FDPIDFD, Flags: 0x1003, CloseExec: true, PID: -1, Name: "/proc/-1"},
		{Num: 13, Type: event.FDMemFD, Flags: 0x1000, CloseExec: true, Ino: 8, Name: "x y"},
		{Num: 14, Type: event.FDFileV2, Flags: 3, Dev: device(254, 1), Ino: 10, Name: "/memfd:file (deleted)"},
		{Num: 15, Type: event.FDFileV2, Flags: 1, Ino: 4026531841, Name: "mnt:[4026531841]"},
	}
	if len(s.FDs) != 2 {
		t.Fatalf("%d lists", len(s.FDs))
	}
	addrs := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	byNum := cmpopts.SortSlices(func(a, b event.FD) bool { return a.Num < b.Num })
	if d := cmp.Diff(want, s.FDs[0].FDs, addrs, byNum); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]event.FD{{Num: 3, Type: event.FDIPv4Listen, L4: event.L4UDP, Flags: 3, Ino: 100, Dst: at("0.0.0.0:53")}}, s.FDs[1].FDs, addrs); d != "" {
		t.Error(d)
	}
	if rep.FDs != len(want)+1 {
		t.Errorf("%+v", rep)
	}
	if fd, err := ReadFD(root, 40, 4); err != nil || !cmp.Equal(fd, want[4], addrs) {
		t.Errorf("ReadFD: %+v %v", fd, err)
	}
	if _, err := ReadFD(root, 40, 400); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadFD of none: %v", err)
	}
}

func TestReadThreadFake(t *testing.T) {
	root := t.TempDir()
	p := &fakeProc{pid: 40, comm: "a", nspid: "40\t1", pidns: 9, threads: []int{41}, fds: []fakeFD{{0, "pipe:[77]", "flags:\t01\n"}}}
	p.make(t, root)
	write(t, filepath.Join(root, "41/status"), "Name:\ta\nTgid:\t40\nUid:\t0\t0\t0\t0\n") // proc has the threads too, unlisted
	th, fds, err := ReadThread(root, 41)
	if err != nil || th.TID != 41 || th.PID != 40 || th.Comm != "a" || th.Flags != cloneThread|cloneFiles|inPIDNS || len(fds) != 1 || fds[0].Flags != 2 {
		t.Errorf("%+v %+v %v", th, fds, err)
	}
	if th.PIDNSInitStart != th.Start {
		t.Errorf("the namespace began at %d, its init at %d", th.PIDNSInitStart, th.Start)
	}
	if _, _, err := ReadThread(root, 7); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/7") {
		t.Errorf("a thread that is gone: %v", err)
	}
}

func TestUnifiedCgroups(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "cgroup.controllers"), "cpuset cpu io memory pids\n")
	write(t, filepath.Join(root, "system.slice/cgroup.controllers"), "cpu memory pids\n")
	write(t, filepath.Join(root, "system.slice/docker-1.scope/cgroup.controllers"), "memory pids\n")
	for _, d := range []string{"user.slice", "user.slice/libpod-2.scope"} {
		write(t, filepath.Join(root, d, "cgroup.controllers"), "\n")
	}
	c := cgroups{mount: root, controllers: map[string][]string{}}
	for _, x := range []struct{ text, want string }{
		{"0::/\n", "cpuset=/ cpu=/ io=/ memory=/ pids=/ "},
		{"0::/system.slice\n", "cpu=/system.slice memory=/system.slice pids=/system.slice cpuset=/ io=/ "},
		{"0::/system.slice/docker-1.scope\n", "memory=/system.slice/docker-1.scope pids=/system.slice/docker-1.scope cpu=/system.slice cpuset=/ io=/ "},
		{"0::/user.slice/libpod-2.scope\n", "cpuset=/ cpu=/ io=/ memory=/ pids=/ unified=/user.slice/libpod-2.scope "},
		{"1:name=systemd:/a:b\n0::/\n", "name=systemd=/a:b cpuset=/ cpu=/ io=/ memory=/ pids=/ "},
	} {
		if got := strings.ReplaceAll(c.make([]byte(x.text)), "\x00", " "); got != x.want {
			t.Errorf("%q: %s", x.text, got)
		}
	}
}

func TestSampler(t *testing.T) {
	root := t.TempDir()
	for _, p := range []*fakeProc{{pid: 40, comm: "a"}, {pid: 50, comm: "b", threads: []int{51, 52}}} {
		p.make(t, root)
	}
	s, err := NewSampler(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sample := func() map[int64][2]uint64 {
		t.Helper()
		got := map[int64][2]uint64{}
		if err := s.Sample(func(tid int64, utime, stime uint64) { got[tid] = [2]uint64{utime, stime} }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for range 2 {
		if d := cmp.Diff(map[int64][2]uint64{40: {5, 6}, 50: {5, 6}, 51: {5, 6}, 52: {5, 6}}, sample()); d != "" {
			t.Error(d)
		}
	}
	const line = "%d (b) S 1 7 6 34816 -1 0 100 2 3 4 %d 6 7 8 20 0 3 0 %d 313 40\n"
	write(t, filepath.Join(root, "50/task/52/stat"), fmt.Sprintf(line, 52, 9, 52))
	write(t, filepath.Join(root, "50/stat"), fmt.Sprintf(line, 50, 9, 50))
	if err := os.RemoveAll(filepath.Join(root, "40")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[int64][2]uint64{50: {5, 6}, 51: {5, 6}, 52: {9, 6}}, sample()); d != "" {
		t.Error(d)
	}
	if len(s.procs) != 1 || s.kept != 1 {
		t.Errorf("%d processes, %d files", len(s.procs), s.kept)
	}
}
