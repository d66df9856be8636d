//go:build linux

package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"scry/capture/event"
	"scry/capture/state"
)

// bundle makes a bundle for runc: busybox with users of its own, one of which runs argv, in the cgroup of a container with that hash.
func bundle(t *testing.T, hash string, uid int, argv ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run("mkdir", "-p", "rootfs/bin", "rootfs/etc", "rootfs/proc", "rootfs/sys", "rootfs/dev")
	run("cp", box, "rootfs/bin/busybox")
	err = errors.Join(os.WriteFile(dir+"/rootfs/etc/passwd", []byte("root:x:0:0:root:/root:/bin/sh\nboxed:x:4101:4102::/srv/boxed:/bin/false\n"), 0o644),
		os.WriteFile(dir+"/rootfs/etc/group", []byte("root:x:0:\nboxers:x:4102:\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	run("runc", "spec")
	b, err := os.ReadFile(dir + "/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	p, l := c["process"].(map[string]any), c["linux"].(map[string]any)
	p["args"], p["terminal"], p["rlimits"], p["user"] = argv, false, []any{}, map[string]any{"uid": uid, "gid": 4102}
	l["cgroupsPath"] = "/docker/" + hash
	if b, err = json.Marshal(c); err == nil {
		err = os.WriteFile(dir+"/config.json", b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// runcProgram is a program that ran in a container.
type runcProgram struct{ args, container, user, home, group string }

// follow collects the programs called busybox until the capture ends: what is known of each when it does.
func follow(t *testing.T, src *LiveSource) (list []runcProgram) {
	tables := state.New()
	eachEvent(t, src, func(ev *event.Event) {
		tables.Apply(ev)
		th := ev.Thread
		if ev.Type != event.ProcexitV1E || th == nil || th.Comm != "busybox" || !th.Main {
			return
		}
		p := runcProgram{args: strings.ReplaceAll(th.Args, "\x00", " "), container: "host"}
		if c := th.Container; c != nil {
			p.container = c.ID + " " + c.Type
			if u := c.Users[th.UID]; u != nil {
				p.user, p.home = u.Name, u.Home
			}
			if g := c.Groups[th.GID]; g != nil {
				p.group = g.Name
			}
		}
		list = append(list, p)
	})
	return list
}

// TestRunc: programs that a real runtime starts in a container, by run and by exec, as users that only the container has.
func TestRunc(t *testing.T) {
	needRoot(t)
	for _, name := range []string{"runc", "busybox"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("needs runc and busybox")
		}
	}
	const runs = 20
	var bundles []string
	for i := range runs {
		bundles = append(bundles, bundle(t, hash(2000+i), 4101, "busybox", "true"))
	}
	bundles = append(bundles, bundle(t, hash(2000+runs), 4101, "busybox", "sleep", "1"))
	stateDir, stop := t.TempDir(), make(chan struct{})
	src, err := Live(LiveOptions{Demand: Demand{}.Complete(), Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	done := make(chan error, 1)
	go func() {
		defer close(stop)
		done <- runContainers(stateDir, bundles)
		time.Sleep(50 * time.Millisecond) // older than the window by which records are merged
	}()
	got := map[runcProgram]int{}
	for _, p := range follow(t, src) {
		got[p]++
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	named := 0
	id := func(i int) string { return hash(2000 + i)[:12] + " docker" }
	for i := range runs {
		// Whoever is gone within milliseconds may be gone before the files are read.
		known, unknown := runcProgram{"true", id(i), "boxed", "/srv/boxed", "boxers"}, runcProgram{"true", id(i), "", "", ""}
		named += got[known]
		n := got[known] + got[unknown]
		delete(got, known)
		delete(got, unknown)
		if n != 1 {
			t.Errorf("container %s: %d programs", id(i), n)
		}
	}
	for _, p := range []runcProgram{
		{"sleep 1", id(runs), "boxed", "/srv/boxed", "boxers"}, {"usleep 100001", id(runs), "root", "/root", "root"}, {"usleep 100002", id(runs), "boxed", "/srv/boxed", "boxers"},
	} {
		if got[p] != 1 {
			t.Errorf("%+v: %d times", p, got[p])
		}
		delete(got, p)
	}
	for p := range got {
		if strings.HasPrefix(p.container, hash(2000)[:8]) && p.args != "true" { // that is how the test waits
			t.Errorf("unexpected: %+v", p)
		}
	}
	t.Logf("%d of %d short-lived containers have names of users", named, runs)
}

// runContainers runs the containers of bundles, one after the other, and starts programs in the last one.
func runContainers(stateDir string, bundles []string) error {
	last := len(bundles) - 1
	run := func(args ...string) error {
		out, err := exec.Command("runc", append([]string{"--root", stateDir}, args...)...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("runc %q: %w\n%s", args, err, out)
		}
		return err
	}
	for i, dir := range bundles[:last] {
		if err := run("run", "-b", dir, fmt.Sprint("scry-short-", i)); err != nil {
			return err
		}
	}
	cmd := exec.Command("runc", "--root", stateDir, "run", "-b", bundles[last], "scry-long")
	if err := cmd.Start(); err != nil {
		return err
	}
	for range 100 {
		if run("exec", "scry-long", "busybox", "true") == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.Join(run("exec", "--user", "0:0", "scry-long", "busybox", "usleep", "100001"),
		run("exec", "--user", "4101:4102", "scry-long", "busybox", "usleep", "100002"), cmd.Wait())
}
