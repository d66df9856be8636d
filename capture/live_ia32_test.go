//go:build linux && amd64

package capture

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// TestLiveIA32 makes 32-bit calls: they are the same events.
func TestLiveIA32(t *testing.T) {
	needRoot(t)
	var p program
	var want []struct {
		enter event.Type
		in    []any
		typ   event.Type
		out   []any
	}
	// call makes a call whose exit is of that type; in is what its enter holds otherwise.
	call := func(typ event.Type, nr int, args []int, in []any, out ...any) {
		p.sys32(nr, args...)
		want = append(want, struct {
			enter event.Type
			in    []any
			typ   event.Type
			out   []any
		}{typ - 1, in, typ, out})
	}
	words32 := func(v ...int) int {
		var b []byte
		for _, x := range v {
			b = append(b, packed(uint32(x))...)
		}
		return p.bytes(b)
	}
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		t.Fatal(err)
	}
	path, none, buf, a, b := p.str(file), p.str("/none/such"), p.bytes(make([]byte, 64)), p.bytes(make([]byte, 4)), p.bytes(make([]byte, 32))
	layer := ""
	var fs unix.Statfs_t
	ino := valueOf(st.Ino)
	dev := valueOf(st.Dev)
	if unix.Statfs(file, &fs) == nil && fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		layer, ino, dev = "|FD_UPPER_LAYER", present, present
	}
	p.sys("close_range", 3, -1, 0)
	p.sys32(33, path, 0) // access: the page of the texts is in now
	call(event.OpenX, 5, []int{path, unix.O_RDWR | unix.O_CLOEXEC, 0}, []any{"flags", "O_CLOEXEC|O_RDWR"},
		"fd", 3, "name", file, "flags", flagText("O_RDWR|O_CLOEXEC"+layer), "mode", 0, "dev", dev, "ino", ino)
	call(event.OpenX, 5, []int{none, unix.O_CREAT | unix.O_EXCL, 0o700}, nil, "fd", noFile, "name", "/none/such", "flags", flagText("O_RDONLY|O_CREAT|O_EXCL"), "mode", 0o700, "dev", 0, "ino", 0)
	call(event.ReadX, 3, []int{3, buf, 4}, nil, "res", 4, "data", []byte("0123"), "fd", 3, "size", 4)
	call(event.ReadX, 3, []int{-1, buf, 4}, nil, "res", -int(unix.EBADF), "data", absent, "fd", -1, "size", 4)
	call(event.LseekX, 19, []int{3, -2, 1}, nil, "res", 2, "fd", 3, "offset", -2, "whence", "SEEK_CUR")
	call(event.WriteX, 4, []int{3, p.str("xy"), 2}, nil, "res", 2, "data", []byte("xy"), "fd", 3, "size", 2)
	call(event.ReadvX, 145, []int{3, words32(a, 4, b, 32), 2}, nil, "res", 6, "size", 36, "data", []byte("456789"), "fd", 3)
	call(event.WritevX, 146, []int{-1, words32(path, 2, path+2, 3), 2}, nil, "res", -int(unix.EBADF), "data", []byte(file[:5]), "fd", -1, "size", 5)
	call(event.PreadX, 180, []int{3, buf, 8, 1, 0}, nil, "res", 8, "data", []byte("1xy45678"), "fd", 3, "size", 8, "pos", 1)
	call(event.PwriteX, 181, []int{3, path, 2, 5, 0x7fffffff}, nil, "res", -int(unix.EFBIG), "data", []byte(file[:2]), "fd", 3, "size", 2, "pos", 0x7fffffff_00000005)
	mmap := []any{"vm_size", nonzero, "vm_rss", present, "vm_swap", present, "addr", 0, "length", 4096, "prot", "PROT_READ", "flags", "MAP_PRIVATE", "fd", 3, "offset", 4096}
	call(event.MmapX, 192, []int{0, 4096, unix.PROT_READ, unix.MAP_PRIVATE, 3, 1}, nil, append(mmap, "res", present)...)
	call(event.MmapX, 90, []int{words32(0, 4096, unix.PROT_READ, unix.MAP_PRIVATE, 3, 4096)}, nil, append(mmap, "res", present)...)
	call(event.SocketX, 102, []int{1, words32(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)}, nil,
		"fd", 4, "domain", "AF_INET", "type", unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, "proto", 0, "flags", "O_CLOEXEC")
	addr := p.bytes([]byte{2, 0, 0x12, 0x34, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	call(event.ConnectX, 102, []int{3, words32(3, addr, 16)}, nil, "res", -int(unix.ENOTSOCK), "tuple", absent, "fd", 3, "addr", "127.0.0.1:4660")
	unixName := packed(uint16(1), "\x00scry-ia32")
	un := p.bytes(unixName)
	call(event.BindX, 102, []int{2, words32(4, un, len(unixName))}, nil, "res", -int(unix.EINVAL), "addr", "@scry-ia32", "fd", 4)
	call(event.SendmsgX, 102, []int{16, words32(-1, words32(0, 0, words32(path, 3), 1, 0, 0, 0), 0)}, nil, "res", -int(unix.EBADF), "data", []byte(file[:3]), "fd", -1, "size", 3, "tuple", absent)
	call(event.SocketX, 359, []int{unix.AF_UNIX, unix.SOCK_STREAM, 0}, nil, "fd", 5, "domain", "AF_LOCAL|AF_UNIX", "type", 1, "proto", 0, "flags", 0)
	call(event.NanosleepX, 162, []int{words32(0, 1000), 0}, nil, "res", 0, "interval", 1000)
	call(event.SetrlimitX, 75, []int{77, words32(5, -1)}, nil, "res", -int(unix.EINVAL), "cur", 5, "max", -1, "resource", "RLIMIT_UNKNOWN")
	call(event.PrlimitX, 340, []int{-7, unix.RLIMIT_CPU, p.words(1<<40, 2<<40), 0}, nil,
		"res", -int(unix.ESRCH), "newcur", 1<<40, "newmax", 2<<40, "oldcur", -1, "oldmax", -1, "pid", -7, "resource", "RLIMIT_CPU")
	call(event.KillX, 37, []int{-0x7fffffff, 9}, nil, "res", -int(unix.ESRCH), "pid", -0x7fffffff, "sig", 9)
	call(event.GenericX, 20, nil, []any{"ID", present, "nativeID", 20}, "ID", present, "nativeID", 20)
	p.sys32(120, int(unix.SIGCHLD), 0, 0, 0, 0) // clone
	p.child(func() { p.sys32(252, 3) })
	p.sys("wait4", -1, 0, 0, 0)
	p.sys32(11, none, words32(path, none, 0), words32(path, 0)) // execve
	p.sys32(252, 4)                                             // exit_group
	rec := record(t, LiveOptions{Demand: noPageFaults(), Command: []string{p.write(t, t.TempDir(), "ia32")}})
	if rec.code == 128+int(unix.SIGSEGV) {
		t.Skip("this kernel has no 32-bit calls")
	}
	if rec.code != 4 || rec.stats.Lost > 0 {
		t.Fatalf("ended with %d, %d events lost", rec.code, rec.stats.Lost)
	}
	events := rec.events
	x := &tree{t: t, events: events}
	at := 0
	next := func(typ event.Type) *event.Event {
		for ; at < len(events); at++ {
			if events[at].Type == typ {
				at++
				return events[at-1]
			}
		}
		t.Fatalf("no event %v follows", typ)
		return nil
	}
	id, _ := event.NativeSyscall("386", 20)
	for _, w := range want {
		in := next(w.enter)
		checkEvent(t, &expected{Row: "32 bit, enter"}, in, valuesOf(w.in), valuesOf(w.out))
		out := next(w.typ)
		x.check("32 bit", out, valuesOf(w.out))
		if n, _ := out.Uint(0); w.typ == event.GenericX && n != uint64(id.Code) {
			t.Errorf("getpid is %d, want %d", n, id.Code)
		}
	}
	child := next(event.CloneV20X)
	x.main = in64(next(event.CloneV20X), 3)
	if child.TID == x.main || in64(child, 0) != 0 || in64(child, 15) != 0 {
		t.Errorf("clone: child %d, result %d", child.TID, in64(child, 0))
	}
	x.check("clone child's end", x.one(event.ProcexitV1E, child.TID, nil), exit(3, 0))
	exec := next(event.ExecveV19X)
	if exec.Text(1) != file || string(exec.Param(2)) != "/none/such\x00" || string(exec.Param(15)) != file+"\x00" || exec.Text(30) != "/none/such" || in64(exec, 0) != noFile {
		t.Errorf("execve: %d exe %q args %q env %q file %q", in64(exec, 0), exec.Text(1), exec.Param(2), exec.Param(15), exec.Text(30))
	}
}
