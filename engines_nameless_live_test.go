package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Real engines that nobody can be asked about: what is known of their containers comes from the cgroups.

const named = "%container.type %container.name %container.full_id %container.image %container.privileged"

// TestEngineLXC: a container that was started before and one that is started, what enters them, and not what watches them.
func TestEngineLXC(t *testing.T) {
	needEngine(t, "lxc-start", "lxc-attach")
	dir := engineDir(t)
	old, web := fmt.Sprint("old", os.Getpid()), fmt.Sprint("web", os.Getpid())
	lxc := func(program, name string, args ...string) {
		t.Helper()
		engineRun(t, nil, append([]string{"lxc-" + program, "-P", dir, "-n", name}, args...)...)
	}
	start := func(name string) {
		t.Helper()
		root := boxRoot(t, filepath.Join(dir, name, "rootfs"))
		conf := fmt.Sprintf("lxc.uts.name=box\nlxc.rootfs.path=dir:%s\nlxc.net.0.type=empty\nlxc.init.cmd=/bin/sleep 600\nlxc.mount.auto=proc:mixed sys:ro\nlxc.apparmor.profile=unconfined\n", root)
		if err := os.WriteFile(filepath.Join(dir, name, "config"), []byte(conf), 0o644); err != nil {
			t.Fatal(err)
		}
		lxc("start", name, "-d")
		t.Cleanup(func() { lxc("stop", name, "-k") })
	}
	start(old)
	r := startRecording(t, dir, "--no-containers")
	lxc("attach", old, "--", "/bin/id")
	start(web)
	lxc("attach", web, "--", "/bin/cat", "/etc/passwd")
	r.stop()
	r.only("container.id="+old+" and proc.name=id", named, "lxc "+old+" "+old+" <NA> <NA>")
	r.only("container.name="+web, named, "lxc "+web+" "+web+" <NA> <NA>")
	for _, x := range []struct{ proc, in string }{{"cat", web}, {"sleep", web}, {"id", old}} {
		r.only("container.name="+x.in+" and evt.type=execve and evt.dir=< and evt.failed=false and proc.name="+x.proc, "%container.type", "lxc")
	}
	if have := r.count("%proc.name", "container.id!=host and proc.name startswith \"[lxc monitor\""); len(have) > 0 {
		t.Errorf("what watches a container is said to be in it: %v", have)
	}
	if list := engineRun(t, nil, r.scry, "-r", r.file, "-c", "lscontainers", "--csv"); !strings.Contains(list, old+","+old+",,lxc,") {
		t.Errorf("lscontainers:\n%s", list)
	}
}

// machineUnit makes the cgroup that systemd makes for a machine, as there is no systemd here.
func machineUnit(t *testing.T, name string) (procs []string) {
	t.Helper()
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		var st unix.Statfs_t
		if unix.Statfs(root, &st) != nil || st.Type != unix.CGROUP2_SUPER_MAGIC && st.Type != unix.CGROUP_SUPER_MAGIC {
			continue
		}
		unit := root + "/machine.slice/machine-" + name + ".scope"
		if err := os.MkdirAll(unit, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // the kernel needs a moment to let processes go
				os.Remove(unit + "/payload")
				os.Remove(unit + "/supervisor")
				if os.Remove(unit) == nil {
					break
				}
			}
			os.Remove(filepath.Dir(unit))
		})
		procs = append(procs, unit+"/cgroup.procs")
	}
	if len(procs) == 0 {
		t.Fatal("there is no cgroup of systemd")
	}
	return procs
}

// TestEngineNspawn: a machine of systemd-nspawn, whose name is in that of its unit; the supervisor is the host's.
func TestEngineNspawn(t *testing.T) {
	needEngine(t, "systemd-nspawn")
	dir := engineDir(t)
	root := boxRoot(t, dir+"/rootfs")
	name := fmt.Sprint("my-box", os.Getpid())
	procs := machineUnit(t, strings.ReplaceAll(name, "-", `\x2d`))
	r := startRecording(t, dir, "--no-containers")
	enter := `for f; do echo $$ >"$f" || exit 1; done; exec systemd-nspawn --register=no --keep-unit -D "$ROOT" -M "$NAME" --private-network --console=pipe --link-journal=no --as-pid2 /bin/cat /etc/passwd`
	cmd := exec.Command("sh", append([]string{"-c", enter, "sh"}, procs...)...)
	cmd.Env = append(os.Environ(), "ROOT="+root, "NAME="+name)
	if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), "boxed:x:4101") { // its exit code may tell of what it cannot tidy up
		t.Fatalf("%v\n%s", err, out)
	}
	r.stop()
	r.only("container.name="+name, named, "systemd-nspawn "+name+" "+name+" <NA> <NA>")
	r.only("container.id="+name+" and evt.type=execve and evt.dir=< and evt.failed=false and proc.name=cat", "%proc.cmdline", "cat /etc/passwd")
	r.only("thread.cgroups contains /supervisor", "%proc.name %container.id", "systemd-nspawn host")
}
