package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const boxName = "registry.local/busybox:1.0"

// runcWithout is runc for a machine that lacks CAP_SYS_RESOURCE, as CI's does: a privileged container then does not ask for it.
const runcWithout = `#!/bin/sh
prev=; f=
for a in "$@"; do
  case $prev in --bundle) f="$f $a/config.json";; --process) f="$f $a";; esac
  prev=$a
done
for x in $f; do [ -f "$x" ] && sed -i 's/"CAP_SYS_RESOURCE",//g;s/,"CAP_SYS_RESOURCE"//g' "$x"; done
exec runc "$@"
`

// startDocker starts dockerd in dir, with containers that have no network. The result runs the docker command on it.
func startDocker(t *testing.T, dir string) (socket string, docker func(args ...string) string) {
	t.Helper()
	return startDockerd(t, dir, "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none")
}

// startDockerd starts dockerd by a command, to which arguments are added.
func startDockerd(t *testing.T, dir string, command ...string) (socket string, docker func(args ...string) string) {
	t.Helper()
	socket = filepath.Join(dir, "docker.sock")
	env := []string{"DOCKER_HOST=unix://" + socket}
	wrapper := filepath.Join(dir, "runc")
	if err := os.WriteFile(wrapper, []byte(runcWithout), 0o755); err != nil {
		t.Fatal(err)
	}
	daemon(t, dir, func() error {
		cmd := exec.Command("docker", "version")
		cmd.Env = append(os.Environ(), env...)
		return cmd.Run()
	}, nil, append(command, "--data-root", dir+"/root", "--exec-root", dir+"/exec", "-p", dir+"/pid", "-H", "unix://"+socket, "--storage-driver=overlay2",
		"--add-runtime", "without="+wrapper, "--default-runtime", "without")...)
	boxImage(t, dir+"/box.tar", boxName)
	docker = func(args ...string) string {
		t.Helper()
		return engineRun(t, env, append([]string{"docker"}, args...)...)
	}
	docker("load", "-q", "-i", dir+"/box.tar")
	t.Cleanup(func() {
		if ids := strings.Fields(docker("ps", "-aq")); len(ids) > 0 {
			docker(append([]string{"rm", "-f"}, ids...)...)
		}
	})
	return socket, docker
}

// TestEngineDocker: containers that were started before, that run, that others enter, and that end at once; privileged ones on the host's namespaces.
func TestEngineDocker(t *testing.T) {
	needEngine(t, "dockerd", "docker", "runc")
	dir := engineDir(t)
	socket, docker := startDocker(t, dir)
	before := docker("run", "-d", "--name=before", "--network=none", "-e", "KEY=value", boxName)[:12]
	sockets := []string{"--docker-socket", socket}
	selected := watchName(t, append(slices.Clone(sockets), "-p", "%container.id %proc.exe %evt.type", "container.name=web"))
	r := startRecording(t, dir, sockets...)
	docker("exec", "before", "id")
	web := docker("run", "-d", "--name=web", "--network=none", "-l", "app=shop", "-m", "64m", "-v", dir+":/mnt:ro", boxName)[:12]
	docker("exec", "web", "cat", "/etc/passwd")
	docker("run", "--rm", "--name=short", "--network=none", boxName, "true")
	priv := docker("run", "-d", "--name=priv", "--privileged", "--pid=host", "--network=host", "--ipc=host", boxName)[:12]
	docker("exec", "priv", "id")
	docker("rename", "before", "after")
	docker("exec", "after", "touch", "/renamed")
	r.stop()
	r.only("container.id="+web, "%container.type %container.name %container.image %container.image.repository %container.image.tag", "docker web "+boxName+" registry.local/busybox 1.0")
	if rec := r.record("web"); fmt.Sprint(rec["labels"], rec["memory_limit"], rec["env"]) != "map[app:shop] 6.7108864e+07 [PATH=/bin]" {
		t.Errorf("%v", rec)
	}
	r.only("container.name=web", "%container.id", web)
	r.only("container.name=web and proc.name=cat and evt.type=execve", "%container.privileged %container.mount.dest[0] %container.full_id", "false /mnt "+docker("inspect", "-f", "{{.Id}}", "web"))
	r.only("container.name=short", "%container.image", boxName)
	r.only("container.name=short and proc.name=true and evt.type=execve", "%container.type", "docker")
	r.only("container.id="+priv, "%container.name", "priv")
	r.only("container.id="+priv+" and proc.name=id and evt.type=execve", "%container.privileged %container.host_pid %container.host_network %container.host_ipc", "true true true true")
	r.only("container.id="+before+" and proc.name=id", "%container.name", "before")
	r.only("container.id="+before+" and evt.arg.name contains renamed", "%container.name", "after")
	r.allNamed()
	lines := selected()
	entered := false
	for line := range lines {
		entered = entered || strings.HasPrefix(line, web+" cat ")
		if !strings.HasPrefix(line, web+" ") {
			t.Errorf("container.name=web selects %q", line)
		}
	}
	if !entered {
		t.Errorf("container.name=web does not select what docker exec runs: %v", lines)
	}
}

// watchName starts scry, which prints lines, and gives a function that ends it and returns them.
func watchName(t *testing.T, args []string) func() map[string]int {
	t.Helper()
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(scry, args...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines, done := map[string]int{}, make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines[s.Text()]++
		}
	}()
	return func() map[string]int {
		cmd.Process.Signal(os.Interrupt)
		<-done
		cmd.Wait()
		return lines
	}
}

// TestEngineStorm: many containers that live as briefly as docker can make them, several at once: all have ids and names, and nothing is lost.
func TestEngineStorm(t *testing.T) {
	needEngine(t, "dockerd", "docker", "runc")
	dir := engineDir(t)
	socket, docker := startDocker(t, dir)
	r := startRecording(t, dir, "--docker-socket", socket)
	const n = 60
	lanes(0, n, func(i int) {
		docker("run", "--rm", fmt.Sprintf("--name=storm%d", i), "--network=none", boxName, "true")
	})
	r.stop()
	ran := r.count("%container.name", "evt.type=execve and evt.dir=< and proc.name=true and container.image="+boxName)
	for i := range n {
		if name := fmt.Sprintf("storm%d", i); ran[name] != 1 {
			t.Errorf("%s ran %d times", name, ran[name])
		}
	}
	r.allNamed()
}

// lanes calls f with the numbers from one to another, four at a time.
func lanes(from, to int, f func(i int)) {
	const n = 4
	var all sync.WaitGroup
	for lane := range n {
		all.Go(func() {
			for i := from + lane; i < to; i += n {
				f(i)
			}
		})
	}
	all.Wait()
}

// TestEngineStormContainerd: two hundred of an engine that is faster, and what a scry that follows them needs for them it gives back.
func TestEngineStormContainerd(t *testing.T) {
	needEngine(t, "containerd", "ctr", "runc")
	dir := engineDir(t)
	socket := startContainerd(t, dir)
	r := startRecording(t, dir, "--cri", socket)
	mine := fmt.Sprintf("storm%d-", os.Getpid())
	prints := exec.Command(r.scry, "--cri", socket, "-p", "*%container.name %container.image", "evt.type=execve and evt.dir=< and proc.name=true and container.id startswith "+mine)
	var printed bytes.Buffer
	prints.Stdout = &printed
	if err := prints.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { prints.Process.Kill() })
	const n, warm, room = 200, 60, 12 << 10 // KiB: a garbage collector's, and of 140 containers' records 2 MiB
	storm := func(from, to int) {
		lanes(from, to, func(i int) {
			engineRun(t, nil, "ctr", "-a", socket, "run", "--rm", boxName, fmt.Sprint(mine, i), "true")
		})
	}
	storm(0, warm)
	before := [2]int{memory(t, r.cmd.Process.Pid), memory(t, prints.Process.Pid)}
	storm(warm, n)
	after := [2]int{memory(t, r.cmd.Process.Pid), memory(t, prints.Process.Pid)}
	if after[0] > before[0]+room || after[1] > before[1]+room {
		t.Errorf("memory: from %v to %v KiB", before, after)
	}
	r.stop()
	prints.Process.Signal(os.Interrupt)
	prints.Wait()
	ran := r.count("%container.name %container.image", "evt.type=execve and evt.dir=< and proc.name=true")
	for i := range n {
		if line := fmt.Sprint(mine, i, " ", boxName); ran[line] != 1 || strings.Count(printed.String(), line+"\n") != 1 && i >= warm {
			t.Errorf("%s ran %d times, and live %d times", line, ran[line], strings.Count(printed.String(), line+"\n"))
		}
	}
	r.allNamed()
}

// TestEnginePodman: as with docker, but podman tells of a container only a quarter of a second after it was made: events before that have no name in a live run.
func TestEnginePodman(t *testing.T) {
	needEngine(t, "podman", "runc")
	dir := engineDir(t)
	conf := "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n[containers]\ndefault_sysctls = []\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=32768:32768\"]\n"
	if err := os.WriteFile(dir+"/containers.conf", []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"CONTAINERS_CONF=" + dir + "/containers.conf"}
	argv := []string{"podman", "--root", dir + "/root", "--runroot", dir + "/run", "--tmpdir", dir + "/tmp", "--storage-driver", "overlay", "--runtime", "runc"}
	podman := func(args ...string) string { t.Helper(); return engineRun(t, env, slices.Concat(argv, args)...) }
	boxImage(t, dir+"/box.tar", boxName)
	podman("load", "-q", "-i", dir+"/box.tar")
	socket := dir + "/podman.sock"
	daemon(t, dir, func() error { _, err := os.Stat(socket); return err }, env, slices.Concat(argv, []string{"system", "service", "--time=0", "unix://" + socket})...)
	t.Cleanup(func() { podman("rm", "-af", "-t", "0") })
	before := podman("run", "-d", "--name=before", "--network=none", boxName)[:12]
	r := startRecording(t, dir, "--podman-socket", socket)
	podman("exec", "before", "id")
	web := podman("run", "-d", "--name=web", "--privileged", "-l", "app=shop", "--network=none", boxName)[:12]
	podman("run", "--rm", "--name=short", "--network=none", boxName, "true")
	time.Sleep(500 * time.Millisecond)
	podman("exec", "web", "cat", "/etc/passwd")
	r.stop()
	r.only("container.id="+before, "%container.type %container.name %container.image", "podman before "+boxName)
	r.only("container.id="+web+" and proc.name=cat", "%container.type %container.name %container.image %container.image.tag %container.privileged",
		"podman web "+boxName+" 1.0 true")
	r.only("container.name=web", "%container.id", web)
	if rec := r.record("web"); fmt.Sprint(rec["labels"]) != "map[app:shop]" {
		t.Errorf("%v", rec)
	}
	if rec := r.record("short"); rec["image"] != boxName {
		t.Errorf("%v", rec)
	}
}

// startContainerd starts containerd with CRI, and an image in each of its namespaces.
func startContainerd(t *testing.T, dir string) (socket string) {
	t.Helper()
	socket = dir + "/containerd.sock"
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\n[grpc]\n  address = %q\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = %q\n  restrict_oom_score_adj = true\n"+
		"  [plugins.\"io.containerd.grpc.v1.cri\".cni]\n    conf_dir = %q\n  [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n    runtime_type = \"io.containerd.runc.v2\"\n",
		dir+"/root", dir+"/state", socket, boxName, dir+"/cni")
	if err := os.WriteFile(dir+"/config.toml", []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	daemon(t, dir, func() error { return exec.Command("ctr", "-a", socket, "version").Run() }, nil, "containerd", "-c", dir+"/config.toml")
	boxImage(t, dir+"/box.tar", boxName)
	for _, space := range []string{"k8s.io", "default"} {
		engineRun(t, nil, "ctr", "-a", socket, "-n", space, "images", "import", dir+"/box.tar")
	}
	return socket
}

// kubelet does what the kubelet does, as far as it matters here.
type kubelet struct {
	t    *testing.T
	pods cri.RuntimeServiceClient
}

func newKubelet(t *testing.T, socket string) *kubelet {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &kubelet{t, cri.NewRuntimeServiceClient(conn)}
}

const podUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

// run starts a pod with one container, and runs a program in that.
func (k *kubelet) run(ctx context.Context, pod, name string, privileged bool, exec ...string) (sandbox, container string) {
	k.t.Helper()
	ns := &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_CONTAINER}
	labels := map[string]string{"io.kubernetes.pod.name": pod, "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": podUID, "app": "demo"}
	config := &cri.PodSandboxConfig{Metadata: &cri.PodSandboxMetadata{Name: pod, Uid: podUID, Namespace: "shop"}, LogDirectory: k.t.TempDir(), Labels: labels,
		Linux: &cri.LinuxPodSandboxConfig{CgroupParent: "/kubepods/burstable/pod" + podUID, SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: ns, Privileged: privileged}}}
	box, err := k.pods.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		k.pods.StopPodSandbox(context.Background(), &cri.StopPodSandboxRequest{PodSandboxId: box.PodSandboxId})
		k.pods.RemovePodSandbox(context.Background(), &cri.RemovePodSandboxRequest{PodSandboxId: box.PodSandboxId})
	})
	c, err := k.pods.CreateContainer(ctx, &cri.CreateContainerRequest{PodSandboxId: box.PodSandboxId, SandboxConfig: config, Config: &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: name}, Image: &cri.ImageSpec{Image: boxName}, LogPath: "log",
		Labels: map[string]string{"io.kubernetes.container.name": name, "io.kubernetes.pod.name": pod, "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": podUID},
		Linux: &cri.LinuxContainerConfig{Resources: &cri.LinuxContainerResources{MemoryLimitInBytes: 64 << 20, OomScoreAdj: 500},
			SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: ns, Privileged: privileged}}}})
	if err == nil {
		_, err = k.pods.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: c.ContainerId})
	}
	if err == nil {
		_, err = k.pods.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: c.ContainerId, Cmd: exec, Timeout: 10})
	}
	if err != nil {
		k.t.Fatal(err)
	}
	return box.PodSandboxId[:12], c.ContainerId[:12]
}

// TestEngineContainerd: pods over CRI, with their names, namespaces and labels; containers of ctr; both started before and during the capture.
func TestEngineContainerd(t *testing.T) {
	needEngine(t, "containerd", "ctr", "runc")
	dir := engineDir(t)
	socket := startContainerd(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	k := newKubelet(t, socket)
	ctr := func(args ...string) { t.Helper(); engineRun(t, nil, append([]string{"ctr", "-a", socket}, args...)...) }
	ctrOld, ctrWeb, ctrShort := fmt.Sprint("o", os.Getpid()), fmt.Sprint("w", os.Getpid()), fmt.Sprint("s", os.Getpid()) // runc has one list for all of the machine
	_, old := k.run(ctx, "old-1", "old", false, "true")
	ctr("run", "-d", boxName, ctrOld)
	t.Cleanup(func() {
		for _, c := range []string{ctrOld, ctrWeb} {
			ctr("task", "rm", "-f", c)
			ctr("container", "rm", c)
		}
	})
	r := startRecording(t, dir, "--cri", socket)
	if _, err := k.pods.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: fullID(t, k, old), Cmd: []string{"id"}, Timeout: 10}); err != nil {
		t.Fatal(err)
	}
	box, web := k.run(ctx, "web-7d9f", "web", true, "cat", "/etc/passwd")
	ctr("task", "exec", "--exec-id", "x", ctrOld, "id")
	ctr("run", "-d", boxName, ctrWeb)
	ctr("run", "--rm", boxName, ctrShort, "true")
	r.stop()
	pod := "%container.type %container.name %k8s.pod.name %k8s.ns.name %k8s.pod.uid"
	r.only("container.id="+old, pod, "containerd old old-1 shop "+podUID)
	r.only("container.id="+web, pod+" %container.image", "containerd web web-7d9f shop "+podUID+" "+boxName)
	r.only("container.id="+web+" and proc.name=cat", "%container.privileged %container.host_network %k8s.pod.label.app", "true true demo")
	r.only("container.id="+box, pod, "containerd POD web-7d9f shop "+podUID)
	r.only("container.name=web", "%container.id", web)
	r.only("k8s.pod.name=web-7d9f and evt.type=execve and proc.name=cat", "%container.id", web)
	for _, id := range []string{ctrOld, ctrWeb, ctrShort} {
		r.only("container.id="+id, "%container.type %container.name %container.image", "containerd "+id+" "+boxName)
	}
	r.allNamed()
}

// fullID is the whole id of a container.
func fullID(t *testing.T, k *kubelet, short string) string {
	t.Helper()
	l, err := k.pods.ListContainers(context.Background(), &cri.ListContainersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range l.Containers {
		if strings.HasPrefix(c.Id, short) {
			return c.Id
		}
	}
	t.Fatalf("no container %s", short)
	return ""
}
