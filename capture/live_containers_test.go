//go:build linux

package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
)

// A mark is a call that fails on a path below here, whose rest says in which container the thread that makes it is.
const nowhere = "/scry-nowhere/"

func mark(where string) { unix.Rmdir(nowhere + where) }

// cgroup2 is where the second version is mounted; where it is not, it is mounted.
func cgroup2() string {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/tmp/scry-cgroup2"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			return dir
		}
	}
	const dir = "/tmp/scry-cgroup2"
	must(os.MkdirAll(dir, 0o755))
	must(unix.Mount("none", dir, "cgroup2", 0, ""))
	return dir
}

// move puts a process, or with the file tasks or cgroup.threads a thread, into a cgroup.
func move(dir, file string, id int) {
	must(os.WriteFile(filepath.Join(dir, file), []byte(fmt.Sprint(id)), 0))
}

// leave ends a cgroup that nobody is in. The kernel needs a moment to let processes go.
func leave(dir string) {
	for range 1000 {
		if err := unix.Rmdir(dir); err == nil || errors.Is(err, unix.ENOENT) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// visit runs this program once more, which makes a mark; with a directory it goes into that cgroup first, and makes the mark as a new program.
func visit(where, dir string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"SCRY_LIVE=mark", "SCRY_LIVE_OUT=/dev/null", "SCRY_LIVE_AT=" + where, "SCRY_LIVE_GO=" + dir}
	return cmd
}

func makeMark() any {
	if dir := os.Getenv("SCRY_LIVE_GO"); dir != "" {
		move(dir, "cgroup.procs", os.Getpid())
		must(unix.Exec("/proc/self/exe", os.Args, visit(os.Getenv("SCRY_LIVE_AT"), "").Env))
	}
	mark(os.Getenv("SCRY_LIVE_AT"))
	return nil
}

func hash(i int) string { return fmt.Sprintf("%012x", 0x5c41_0000_0000+i) + strings.Repeat("0", 52) }

// shapes are cgroups as the engines make them, with the containers that they are of; %s is a hash.
var shapes = []struct{ path, id, engine string }{
	{"docker/%s", "", "docker"}, {"system.slice/docker-%s.scope", "", "docker"}, {"machine.slice/libpod-%s.scope/container", "", "podman"},
	{"libpod_parent/libpod-%s", "", "podman"}, {"kubepods.slice/kubepods-pod1.slice/cri-containerd-%s.scope", "", "containerd"},
	{"kubepods/burstable/pod1/%s", "", "cri"}, {"kubepods.slice/crio-%s.scope", "", "cri-o"}, {"k8s.io/%s", "", "containerd"},
	{"default/scryweb", "scryweb", "containerd"}, {"lxc.payload.scryweb", "scryweb", "lxc"}, {"machine.slice/machine-scryweb.scope/payload", "scryweb", "systemd-nspawn"},
	{"garden/scryweb", "scryweb", "garden"}, {"libpod_parent/conmon", "host", ""},
	{`machine.slice/machine-lxc\x2d12\x2dscryweb.scope/libvirt`, "12-scryweb", "libvirt-lxc"}, {"system.slice/runc-bpm-scryweb.scope", "scryweb", "bpm"},
	{"mesos/11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555555", "mesos"},
	{`machine.slice/machine-rkt\x2d11111111\x2d2222\x2d3333\x2d4444\x2d555555555555.scope/system.slice/etcd.service`, "11111111-2222-3333-4444-555555555555:etcd", "rkt"},
}

// makeMoves goes through the cgroups of all engines, as a process that exec'd before, and tells where it is.
func makeMoves() any {
	root := cgroup2()
	mark("host")
	for i, s := range shapes {
		path, where := s.path, strings.TrimSpace(s.id+" "+s.engine)
		if s.id == "" {
			path, where = fmt.Sprintf(s.path, hash(i)), hash(i)[:12]+" "+s.engine
		}
		dir := filepath.Join(root, path)
		must(os.MkdirAll(dir, 0o755))
		move(dir, "cgroup.procs", os.Getpid())
		mark(where)
		must(visit(where, "").Run())
		move(root, "cgroup.procs", os.Getpid())
		mark("host")
		leave(dir)
		for top := filepath.Dir(path); top != "."; top = filepath.Dir(top) {
			unix.Rmdir(filepath.Join(root, top)) // another engine may use it
		}
	}
	return moveThread()
}

// moveThread moves one thread only, which the first version of cgroups can.
func moveThread() (done bool) {
	const v1 = "/sys/fs/cgroup/memory"
	if _, err := os.Stat(v1 + "/tasks"); err != nil {
		return false
	}
	dir := v1 + "/docker/" + hash(1000)
	must(os.MkdirAll(dir, 0o755))
	home := strings.TrimSuffix(v1+memoryCgroup(), "/")
	end := make(chan bool)
	go func() {
		runtime.LockOSThread()
		move(dir, "tasks", unix.Gettid())
		mark(hash(1000)[:12] + " docker")
		end <- true
		<-end
		move(home, "tasks", unix.Gettid())
		mark("host")
		end <- true
	}()
	<-end
	mark("host") // another thread
	end <- true
	<-end
	leave(dir)
	return true
}

// memoryCgroup is the path of this process in the hierarchy of that controller.
func memoryCgroup() string {
	b, err := os.ReadFile("/proc/self/cgroup")
	must(err)
	for line := range strings.Lines(string(b)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 && f[1] == "memory" {
			return f[2]
		}
	}
	return "/"
}

// boxes is how many there are: fewer where a test may be emulated.
var boxes = map[string]int{"amd64": 200}[runtime.GOARCH] + 20

// makeBoxes starts many short-lived processes, half of them born in the cgroup of a container, half of them moved before they run their program.
func makeBoxes() any {
	root := cgroup2()
	for i := range boxes {
		dir := filepath.Join(root, "docker", hash(i))
		must(os.MkdirAll(dir, 0o755))
		where := hash(i)[:12] + " docker"
		if i%2 == 0 {
			fd, err := os.Open(dir)
			must(err)
			cmd := visit(where, "")
			cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(fd.Fd())}
			must(cmd.Run())
			fd.Close()
		} else {
			must(visit(where, dir).Run())
		}
		leave(dir)
	}
	unix.Rmdir(filepath.Join(root, "docker"))
	return boxes
}

// whereabouts follows events through tables, as each reader does.
type whereabouts struct {
	tables *state.Tables
	marks  int
	wrong  []string
	none   map[string]int // events of processes that were born in a container, of which nothing says in which
	born   map[int64]bool // those: threads that the process that moves makes meanwhile leave with it
}

func newWhereabouts() *whereabouts {
	return &whereabouts{tables: state.New(), none: map[string]int{}, born: map[int64]bool{}}
}

func (w *whereabouts) event(ev *event.Event) {
	w.tables.Apply(ev)
	if ev.Thread == nil {
		return
	}
	at := "host"
	if c := ev.Thread.Container; c != nil {
		at = c.ID + " " + c.Type
	}
	if res, _ := ev.Int(0); state.Creates(ev.Type) && res == 0 && at != "host" && ev.TID == ev.Thread.PID {
		w.born[ev.TID] = true
	}
	if w.born[ev.Thread.PID] && at == "host" {
		w.none[ev.Type.String()]++
	}
	if ev.Type != event.UnlinkatV2X {
		return
	}
	if want, ok := strings.CutPrefix(ev.Text(2), nowhere); ok {
		if w.marks++; want != at {
			w.wrong = append(w.wrong, fmt.Sprintf("%s: %s in %s, want %s", ev.Thread.Comm, ev.Type, at, want))
		}
	}
}

func (w *whereabouts) check(t *testing.T, what string, marks int) {
	t.Helper()
	if w.marks != marks || len(w.wrong) > 0 || len(w.none) > 0 {
		t.Errorf("%s: %d marks, want %d; wrong: %q; without a container: %v", what, w.marks, marks, w.wrong, w.none)
	}
}

// recordMarks runs this program in a mode and checks each mark, live and in a file.
func recordMarks(t *testing.T, mode string, out any, marks func() int) {
	t.Helper()
	needRoot(t)
	cgroup2()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("SCRY_LIVE", mode)
	t.Setenv("SCRY_LIVE_OUT", dir+"/out")
	src, err := Live(LiveOptions{Demand: noPageFaults().Complete(), Buffer: 32 << 20, Command: []string{exe}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	w, err := scap.Create(dir+"/capture.scap", scap.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	live, replay := newWhereabouts(), newWhereabouts()
	eachEvent(t, src, func(ev *event.Event) {
		if ev.Section != nil {
			if err := w.Start(ev.Section); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Event(ev, false); err != nil {
			t.Fatal(err)
		}
		live.event(ev)
	})
	if n := src.Stats(); n.Lost > 0 {
		t.Errorf("%d of %d events lost: %s", n.Lost, n.Seen, n.Why())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(dir+"/capture.scap", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	eachEvent(t, f, replay.event)
	b, err := os.ReadFile(dir + "/out")
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if code, _ := src.ExitCode(); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	live.check(t, "live", marks())
	replay.check(t, "replay", marks())
}

func eachEvent(t *testing.T, src interface{ Next(*event.Event) error }, f func(*event.Event)) {
	t.Helper()
	var ev event.Event
	for {
		err := src.Next(&ev)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(&ev)
	}
}

// TestLiveMoves: a process that is moved to another cgroup is in that container from its next call on, live and in a file, whatever the engine; so are its
// children. A thread may be moved alone.
func TestLiveMoves(t *testing.T) {
	var threads bool
	recordMarks(t, "moves", &threads, func() int {
		n := 1 + 3*len(shapes)
		if threads {
			n += 3
		}
		return n
	})
}

// TestLiveBoxes: a storm of short-lived containers: each event of those has its container's id.
func TestLiveBoxes(t *testing.T) {
	var n int
	recordMarks(t, "boxes", &n, func() int { return boxes })
}
