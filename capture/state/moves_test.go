package state

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

// cgroupsOf is the data of the event of a move to that path.
func cgroupsOf(path string) []byte { return []byte("cpu=" + path + "\x00memory=" + path + "\x00") }

// id is the container of a thread, "host" for none.
func (w *world) id(tid int64) string {
	w.t.Helper()
	if c := w.thread(tid).Container; c != nil {
		return c.ID + " " + c.Type
	}
	return "host"
}

// TestCgroupMoves: a move takes one thread, or the process with all of its threads, whoever made it; what is created later is where its parent is.
func TestCgroupMoves(t *testing.T) {
	const id = "0123456789ab docker"
	w := newWorld(t, shell())
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/"}}.inChild()...)
	for _, s := range []struct {
		tid        int64
		name, path string
		want       [3]string // of 100, 101 and 200
	}{
		{101, event.CgroupsThread, "/docker/" + hex64, [3]string{"host", id, "host"}},
		{100, event.CgroupsProcess, "/docker/" + hex64, [3]string{id, id, "host"}},
		{200, event.CgroupsProcess, "/lxc.payload.web", [3]string{id, id, "web lxc"}},
		{101, event.CgroupsProcess, "/", [3]string{"host", "host", "web lxc"}},
		{300, event.CgroupsProcess, "/docker/" + hex64, [3]string{"host", "host", "web lxc"}}, // one that was not known
		{100, "other", "/docker/" + hex64, [3]string{"host", "host", "web lxc"}},
	} {
		ev := w.do(s.tid, event.AsynceventE, 0, s.name, cgroupsOf(s.path))
		if got := [3]string{w.id(100), w.id(101), w.id(200)}; got != s.want {
			t.Errorf("%s of %d to %s: %q, want %q", s.name, s.tid, s.path, got, s.want)
		}
		if known := s.name != "other"; (ev.Thread != nil) != known {
			t.Errorf("%s of %d: thread %v", s.name, s.tid, ev.Thread)
		}
	}
	if got := w.id(300); got != id {
		t.Errorf("one that was not known: %s", got)
	}
	w.do(200, event.AsynceventE, 0, event.CgroupsProcess, []byte(nil))
	if got := w.id(200) + w.thread(200).Cgroups; got != "host" {
		t.Errorf("without cgroups: %q", got)
	}
	w.do(100, event.AsynceventE, 0, event.CgroupsProcess, cgroupsOf("/docker/"+hex64))
	w.do(100, event.CloneV20X, birth{child: 102, pid: 100, ptid: 1, flags: cloneThread}.parent(100, 100, 1)...)
	w.do(100, event.CloneV20X, birth{child: 400, pid: 400, ptid: 100}.parent(100, 100, 1)...)
	if got := w.id(102) + ", " + w.id(400); got != id+", "+id {
		t.Errorf("created behind the move: %s", got)
	}
}

// TestContainerTypeStays: a record without an engine that is known leaves what the cgroup says.
func TestContainerTypeStays(t *testing.T) {
	for _, first := range []bool{true, false} {
		w := newWorld(t, shell())
		meta := func() {
			w.do(-1, event.ContainerJsonV2E, `{"container":{"id":"0123456789ab","type":99,"name":"web"}}`)
			w.do(-1, event.ContainerE, "fedcba987654", 99, "web", "nginx")
		}
		if first {
			meta()
		}
		w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/machine.slice/libpod-" + hex64 + ".scope"}}.inChild()...)
		w.do(201, event.CloneV20X, birth{child: 201, pid: 201, ptid: 100, cgroups: list{"cpu=/docker/fedcba987654" + hex64[12:]}}.inChild()...)
		if !first {
			meta()
		}
		if got := w.id(200) + ", " + w.id(201); got != "0123456789ab podman, fedcba987654 docker" || !w.thread(200).Container.HasMeta {
			t.Errorf("metadata first %v: %s", first, got)
		}
	}
}

// TestRkt: the id of a pod comes from the environment or the arguments of an ancestor, the application from its unit or its root.
func TestRkt(t *testing.T) {
	const pod = "11111111-2222-3333-4444-555555555555"
	s := shell()
	s.Threads[0].Env = "A=1\x00container_uuid=" + pod
	s.Threads = append(s.Threads, &event.Thread{TID: 300, PID: 300, PTID: 100, Comm: "etcd", Cgroups: "cpu=/system.slice/etcd.service"})
	w := newWorld(t, s)
	unit := list{"cpu=/system.slice/etcd.service"}
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: unit}.inChild()...)
	w.do(1, event.ExecveV19X, program(1, 1, 0, map[int]any{14: unit, 15: list{"xcontainer_uuid=" + pod}})...)
	w.do(400, event.ExecveV19X, program(400, 400, 1, map[int]any{14: list{"cpu=/"}, 2: list{"--uuid=" + pod}})...)
	w.do(400, event.ChrootX, 0, "/opt/stage2/redis/rootfs")
	w.do(500, event.ExecveV19X, program(500, 500, 1, map[int]any{14: list{"cpu=/"}})...)
	w.do(500, event.ChrootX, 0, "/var/lib/rkt/pods/run/"+pod+"/stage1/rootfs/opt/stage2/fly/rootfs")
	for tid, want := range map[int64]string{100: "host", 200: pod + ":etcd rkt", 300: pod + ":etcd rkt", 1: "host", 400: pod + ":redis rkt", 500: pod + ":fly rkt"} {
		if got := w.id(tid); got != want {
			t.Errorf("%d: %s, want %s", tid, got, want)
		}
	}
}

// userIn applies a user of a container; "" is the machine.
func (w *world) userIn(container string, uid int, name string) {
	w.do(-1, event.UserAddedE, uid, uid, name, "/home/"+name, "/bin/sh", container)
	w.do(-1, event.GroupAddedE, uid, name+"s", container)
}

// names are the users and groups of a container.
func names(c *event.Container) string {
	var b strings.Builder
	for _, u := range sorted(c.Users) {
		fmt.Fprintf(&b, "%d %s %s, ", u.UID, u.Name, u.Home)
	}
	for _, g := range sorted(c.Groups) {
		fmt.Fprintf(&b, "%d %s, ", g.GID, g.Name)
	}
	return b.String()
}

// TestContainerUsers: users belong to the machine or to a container; metadata that comes later leaves them; a file's next head has them.
func TestContainerUsers(t *testing.T) {
	w := newWorld(t, shell())
	w.userIn("", 33, "www")
	w.userIn("0123456789ab", 33, "nginx")
	w.userIn("0123456789ab", 0, "root")
	w.userIn("fedcba987654", 33, "gone")
	w.do(-1, event.UserDeletedE, 33, 33, "gone", "", "", "fedcba987654")
	w.do(-1, event.GroupDeletedE, 33, "gones", "fedcba987654")
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/docker/" + hex64}}.inChild()...)
	w.do(-1, event.ContainerJsonV2E, dockerJSON)
	c := w.thread(200).Container
	want := "0 root /home/root, 33 nginx /home/nginx, 0 roots, 33 nginxs, "
	if got := names(c); got != want || c.Name != "web" {
		t.Errorf("%s: %s, want %s", c.Name, got, want)
	}
	if got := w.Host().Users[33].Name + w.Host().Groups[33].Name; got != "wwwwwws" {
		t.Errorf("the machine's: %s", got)
	}
	if got := names(w.containers["fedcba987654"]); got != "" {
		t.Errorf("deleted: %s", got)
	}

	next := newWorld(t, w.Snapshot())
	if err := w.ContainerEvents(5, func(ev *event.Event) error { next.Apply(ev); return nil }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.containers["0123456789ab"], next.containers["0123456789ab"]); d != "" {
		t.Error(d)
	}
}

// TestContainerUsersBounded: whatever a file says, users take a bounded room, and those of containers with threads stay.
func TestContainerUsersBounded(t *testing.T) {
	w := newWorld(t, nil)
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 1, cgroups: list{"cpu=/docker/" + hex64}}.inChild()...)
	w.userIn("0123456789ab", 33, "nginx")
	for i := range 2 * maxOwnUsers {
		w.do(-1, event.UserAddedE, i, 0, "u", "", "", "one")
	}
	if n := len(w.containers["one"].Users); n != maxOwnUsers {
		t.Errorf("%d users of one container", n)
	}
	for i := range 4 * sweepUsers {
		w.do(-1, event.UserAddedE, i%100, 0, "u", "", "", fmt.Sprint("c", i/100))
	}
	total := 0
	for _, c := range w.containers {
		total += len(c.Users) + len(c.Groups)
	}
	if total > maxUsers || w.ownUsers < total {
		t.Errorf("%d users, counted %d", total, w.ownUsers)
	}
	if got := names(w.thread(200).Container); got != "33 nginx /home/nginx, 33 nginxs, " {
		t.Errorf("a container with threads has %q", got)
	}
}
