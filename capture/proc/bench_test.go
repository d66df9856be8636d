//go:build linux

package proc

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkRead reads 10,000 sleeping processes with three descriptors each: the aim is half a second. The first round is the one that
// counts for a user, since the kernel makes the entries of proc when they are first asked for; it is reported apart.
func BenchmarkRead(b *testing.B) {
	sleepers(b, 10000)
	_, first, err := Read(Options{FDs: true, Users: true})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := Read(Options{FDs: true, Users: true}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(first.Took.Milliseconds()), "first-ms")
	b.ReportMetric(float64(first.Threads), "threads")
	b.ReportMetric(float64(first.FDs), "fds")
}

// sleepers starts n processes that end with the benchmark.
func sleepers(b *testing.B, n int) {
	b.Helper()
	path, err := exec.LookPath("sleep")
	if err != nil {
		b.Skip("there is no sleep here")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	fds := []uintptr{null.Fd(), null.Fd(), null.Fd()}
	var pids []int
	b.Cleanup(func() {
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
		}
		for _, pid := range pids {
			unix.Wait4(pid, nil, 0, nil)
		}
	})
	for range n {
		pid, err := syscall.ForkExec(path, []string{"sleep", "300"}, &syscall.ProcAttr{Env: os.Environ(), Files: fds,
			Sys: &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}})
		if err != nil {
			b.Fatal(err)
		}
		pids = append(pids, pid)
	}
}

// BenchmarkReadFake is Read without the kernel's share: files on a disk instead of those of proc.
func BenchmarkReadFake(b *testing.B) {
	const processes = 1000
	root := b.TempDir()
	for pid := 1; pid <= processes; pid++ {
		p := &fakeProc{pid: pid, comm: "worker", ppid: 1, args: "worker\x00-n\x00" + strconv.Itoa(pid) + "\x00", env: "PATH=/bin\x00HOME=/\x00", exe: "/bin/worker",
			cgroup: "4:memory:/m\n3:cpu,cpuacct:/c\n0::/u\n"}
		for n := range 3 {
			p.fds = append(p.fds, fakeFD{n, "pipe:[77]", "pos:\t0\nflags:\t0100002\nmnt_id:\t9\nino:\t77\n"})
		}
		p.make(b, root)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Read(Options{Root: root, FDs: true}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/processes, "ns/process")
}

// BenchmarkSockets reads the sockets of this network namespace, to which it adds 2,000 connections.
func BenchmarkSockets(b *testing.B) {
	l := benchSocket(b)
	at := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(l, at); err != nil {
		b.Fatal(err)
	}
	if err := unix.Listen(l, 4096); err != nil {
		b.Fatal(err)
	}
	name, err := unix.Getsockname(l)
	if err != nil {
		b.Fatal(err)
	}
	for range 2000 {
		if err := unix.Connect(benchSocket(b), name); err != nil {
			b.Fatal(err)
		}
		fd, _, err := unix.Accept(l)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { unix.Close(fd) })
	}
	w, err := newWalk("")
	if err != nil {
		b.Fatal(err)
	}
	defer w.close()
	r := w.reader()
	table := map[uint64]socket{}
	for b.Loop() {
		clear(table)
		if err := r.readNet(w.root, table); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(table)), "sockets")
}

func benchSocket(b *testing.B) int {
	b.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(fd) })
	return fd
}

// BenchmarkSample asks for the CPU times of all threads of the machine.
func BenchmarkSample(b *testing.B) {
	s, err := NewSampler("")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		if err := s.Sample(func(int64, uint64, uint64) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n), "threads")
}
