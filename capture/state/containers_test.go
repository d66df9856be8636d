package state

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestContainerID: cgroup paths as the engines write them (container-engines notes, section 2, verbatim; section 10 of the state engine's notes; and the
// shapes of systemd's names). A process in a cgroup that a container made below its own is the container's too.
func TestContainerID(t *testing.T) {
	const id = "0123456789ab"
	pod, slice := "/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d26e67/", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d26e67.slice/"
	user, uuid := "/user.slice/user-1000.slice/user@1000.service/", "11111111-2222-3333-4444-555555555555"
	cases := []struct{ cgroups, id, engine string }{
		{"cpu=/", "", ""},
		{"cpuset=/user.slice/user-1000.slice/session-1.scope", "", ""},
		{"memory=/system.slice/sshd.service", "", ""},
		{"cpu=/docker", "", ""},
		{"cpu=/docker/" + hex64, id, "docker"},
		{"cpu=/docker/" + hex64 + "/init.scope", id, "docker"},
		{"cpu=/custom/" + hex64, id, "docker"},
		{"cpu=/ecs/task1/" + hex64, id, "docker"},
		{"cpu=/system.slice/docker-" + hex64 + ".scope", id, "docker"},
		{"unified=/payload/system.slice/docker-" + hex64 + ".scope", id, "docker"},
		{"cpu=/system.slice/docker-" + hex64 + ".scope/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" + strings.Repeat("f", 64) + ".scope", "ffffffffffff", "containerd"},
		{user + "user.slice/docker-" + hex64 + ".scope", "", ""}, // no subsystem
		{"cpu=" + user + "user.slice/docker-" + hex64 + ".scope", id, "docker"},
		{"cpu=/docker/buildkit/jkx6pyhsbk6a6ckt5l0lbfz4b", "jkx6pyhsbk6a", "docker"},
		{"cpu=/\x00memory=/docker/" + hex64, id, "docker"},
		{"cpu=/docker/" + hex64[:63], "", ""},
		{"cpu=/docker/" + strings.ToUpper(hex64), "", ""},
		{"cpu=/machine.slice/libpod-" + hex64 + ".scope", id, "podman"},
		{"cpu=/machine.slice/libpod-" + hex64 + ".scope/container", id, "podman"},
		{"cpu=/machine.slice/libpod-" + hex64 + ".scope/container/init.scope", id, "podman"},
		{"cpu=/libpod_parent/libpod-" + hex64, id, "podman"},
		{"cpu=/libpod_parent/" + strings.Repeat("c", 64) + "/libpod-" + hex64, id, "podman"},
		{"memory=/libpod_parent/conmon\x00unified=/", "", ""},
		{"cpu=/libpod_parent/" + strings.Repeat("c", 64) + "/conmon", "", ""},
		{"cpu=/libpod_parent/" + strings.Repeat("c", 64), "", ""},
		{"cpu=/machine.slice/libpod-conmon-" + hex64 + ".scope", "", ""},
		{"cpu=" + user + "user.slice/libpod-" + hex64 + ".scope/container", id, "podman"},
		{"cpu=" + user + "user.slice/podman-1234.scope/" + hex64, id, "podman"},
		{"cpu=" + user + hex64, id, "podman"},
		{"cpu=/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podabc.slice/crio-" + hex64 + ".scope", id, "cri-o"},
		{"cpu=/kubepods.slice/kubepods-pod1.slice/crio-conmon-" + hex64 + ".scope", "", ""},
		{"cpu=/kubepods/burstable/pod1/crio-" + hex64, id, "cri-o"},
		{"cpu=" + slice + "cri-containerd-" + hex64 + ".scope", id, "containerd"},
		{"cpu=/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + hex64, id, "containerd"},
		{"cpu=" + pod + hex64, id, "cri"},
		{"cpu=/kubepods/besteffort/pod1/" + hex64, id, "cri"},
		{"cpu=/kubepods/pod1/" + hex64, id, "cri"},
		{"cpu=" + strings.TrimSuffix(pod, "/"), "", ""},
		{"cpu=" + slice + "docker-" + hex64 + ".scope", id, "docker"},
		{"cpu=/k8s.io/" + hex64, id, "containerd"},
		{"cpu=/default/ctrweb", "ctrweb", "containerd"},
		{"cpu=/default/redis-server-1", "redis-server-1", "containerd"},
		{"cpu=/default/" + hex64, id, "containerd"},
		{"cpu=/system.slice/nerdctl-" + hex64 + ".scope", id, "containerd"},
		{"cpu=/plain", "", ""},
		{"cpu=/lxc/web/init.scope", "web", "lxc"},
		{"cpu=/lxc.payload/web", "web", "lxc"},
		{"cpu=/lxc.payload.web", "web", "lxc"},
		{"cpu=/lxc.payload.web/x", "web", "lxc"},
		{"cpu=/lxc.payload.web/docker/" + hex64, id, "docker"},
		{"cpu=/lxc.monitor.web", "", ""},
		{"cpu=/lxc.monitor/web", "", ""},
		{"cpu=/libvirt/lxc/web/x", "web", "libvirt-lxc"},
		{"cpu=/machine/web.libvirt-lxc", "web", "libvirt-lxc"},
		{`cpu=/machine.slice/machine-lxc\x2d1234\x2dweb.scope`, "1234-web", "libvirt-lxc"},
		{`cpu=/machine.slice/machine-lxc\x2d1234\x2dweb.scope/libvirt`, "1234-web", "libvirt-lxc"},
		{`cpu=/machine.slice/machine-qemu\x2d1\x2dweb.scope/libvirt/vcpu0`, "", ""},
		{"cpu=/machine.slice/machine-web.scope", "web", "systemd-nspawn"},
		{`cpu=/machine.slice/machine-my\x2dweb\x2.scope/payload/init.scope`, `my-web\x2`, "systemd-nspawn"},
		{"cpu=/machine.slice/machine-web.scope/supervisor", "", ""},
		{"cpu=/machine.slice/systemd-nspawn@web.service/payload", "web", "systemd-nspawn"},
		{"cpu=/machine.slice/systemd-nspawn@web.service/supervisor", "", ""},
		{"cpu=/\x00unified=/payload/init.scope", "payload", "systemd-nspawn"},
		{"cpu=/\x00unified=/supervisor", "", ""},
		{"cpu=/system.slice/engsd.service/payload", "engsd", "systemd-nspawn"},
		{"cpu=/mesos/" + uuid, uuid, "mesos"},
		{"cpu=/mesos/" + uuid + "/mesos/" + strings.Repeat("2", 8) + uuid[8:], "22222222" + uuid[8:], "mesos"},
		{"cpu=/system.slice/bpm-job.scope", "job", "bpm"},
		{"cpu=/system.slice/runc-bpm-galera-agent.scope", "galera-agent", "bpm"},
		{"cpu=/garden/abc", "abc", "garden"},
		{"cpu=/system.slice/garden.service/garden/good/abc", "abc", "garden"},
		{"cpu=/garden/good", "", ""},
		{`cpu=/machine.slice/machine-rkt\x2d` + strings.ReplaceAll(uuid, "-", `\x2d`) + ".scope/system.slice/etcd.service", uuid + ":etcd", "rkt"},
		{"no separator\x00cpu=/docker/" + hex64, "", ""},
		{"", "", ""},
	}
	for _, c := range cases {
		if id, engine := ContainerID(c.cgroups); id != c.id || engine != c.engine {
			t.Errorf("%q: %q of %q, want %q of %q", c.cgroups, id, engine, c.id, c.engine)
		}
		b := birth{child: 200, pid: 200, ptid: 100, cgroups: strings.Split(c.cgroups, "\x00")}
		w := newWorld(t, shell())
		w.do(200, event.CloneV20X, b.inChild()...)
		w.do(100, event.ExecveV19X, program(100, 100, 1, map[int]any{14: b.cgroups})...)
		a, x := w.thread(200).Container, w.thread(100).Container
		if a != x || (a != nil) != (c.id != "") || a != nil && (a.ID != c.id || a.Type != c.engine || a.HasMeta) {
			t.Errorf("%q: clone %v, exec %v", c.cgroups, a, x)
		}
		if a == nil {
			continue
		}
		_, app, _ := strings.Cut(a.ID, ":")
		if want := map[bool]string{true: cmp.Or(app, a.ID)}[nameless[c.engine]]; a.Name != want {
			t.Errorf("%q: name %q, want %q", c.cgroups, a.Name, want)
		}
	}
}

// TestNamelessContainer: a container whose engine cannot be asked is called by its id, until a record says otherwise, and no file needs a record of it.
func TestNamelessContainer(t *testing.T) {
	w := newWorld(t, shell())
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/lxc.payload.web"}}.inChild()...)
	if c := w.thread(200).Container; c.Type != "lxc" || c.Name != "web" || c.FullID != "web" || c.HasMeta || len(w.Containers()) != 1 {
		t.Errorf("%+v", c)
	}
	if err := w.ContainerEvents(1, func(ev *event.Event) error { t.Errorf("%s", ev.Text(0)); return nil }); err != nil {
		t.Error(err)
	}
	w.do(-1, event.ContainerJsonV2E, `{"container":{"id":"web","type":1,"name":"shop"}}`)
	if c := w.thread(200).Container; c.Name != "shop" || !c.HasMeta {
		t.Errorf("%+v", c)
	}
}

const dockerJSON = `{"container":{"id":"0123456789ab","full_id":"` + hex64 + `","type":0,"name":"web","image":"nginx:1","imageid":"i1",
"imagerepo":"nginx","imagetag":"1","imagedigest":"sha256:d","privileged":true,"host_pid":true,"is_pod_sandbox":false,"ip":"10.1.2.3",
"created_time":1700000000,"cni_json":"{}","labels":{"z":"1","a":"2"},"env":["A=1"],
"Mounts":[{"Source":"/s","Destination":"/d","Mode":"ro","RW":false,"Propagation":"rprivate"}],
"port_mappings":[{"HostIp":2130706433,"HostPort":8080,"ContainerPort":80}],"Healthcheck":{"exe":"curl","args":["-f","x"]},
"memory_limit":"512","swap_limit":1,"cpu_shares":2,"cpu_quota":3,"cpu_period":4,"cpuset_cpu_count":5}}`

// TestContainerJSON: the record of each kind of event fills the container that threads have already.
func TestContainerJSON(t *testing.T) {
	want := event.Container{ID: "0123456789ab", FullID: hex64, Type: "docker", Name: "web", Image: "nginx:1", ImageID: "i1", ImageRepo: "nginx",
		ImageTag: "1", ImageHash: "sha256:d", Privileged: true, HostPID: true, IP: "10.1.2.3", CNI: "{}", CreatedTime: 1700000000,
		Labels: []event.Label{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}}, Env: []string{"A=1"},
		Mounts: []event.Mount{{Source: "/s", Dest: "/d", Mode: "ro", Propagation: "rprivate"}},
		Ports:  []event.PortMapping{{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80}}, Health: "curl -f x", MemoryLimit: 512,
		SwapLimit: 1, CPUShares: 2, CPUQuota: 3, CPUPeriod: 4, CPUSetCPUs: 5, HasMeta: true, JSON: dockerJSON}
	for _, s := range []step{
		ev(event.ContainerJsonE, dockerJSON), ev(event.ContainerJsonV2E, dockerJSON),
		ev(event.AsynceventE, 3, "container", append([]byte(dockerJSON), 0)),
	} {
		w := newWorld(t, shell())
		w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{"cpu=/docker/" + hex64}}.inChild()...)
		w.do(-1, s.typ, s.args...)
		if d := gocmp.Diff(&want, w.thread(200).Container); d != "" {
			t.Errorf("%s: %s", s.typ, d)
		}
		if got := w.Containers(); len(got) != 1 || got[0] != w.thread(200).Container {
			t.Errorf("%s: %d containers", s.typ, len(got))
		}
	}
	w := newWorld(t, nil)
	w.do(-1, event.ContainerE, "0123456789ab", 1, "web", "nginx")
	w.do(-1, event.AsynceventE, 3, "other", append([]byte(dockerJSON), 0))
	if c := w.Containers(); len(c) != 1 || c[0].Type != "lxc" || c[0].Name != "web" || c[0].Image != "nginx" {
		t.Errorf("%+v", c)
	}
}

// TestContainerJSONDamaged: what is whole in a damaged record counts, and none of it stops a run.
func TestContainerJSONDamaged(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "{": "", "null": "", "[]": "", `{"container":1}`: "", `{"container":{}}`: "", `{"container":{"id":7,"name":"web"}}`: "",
		`{"container":{"id":"c1","name":"web"`:                                                 "",
		`{"container":{"id":"c1","name":"web","type":"x","labels":7,"created_time":1e99}}`:     "web",
		`{"container":{"id":"c1","name":"web","Mounts":"none","privileged":"yes"}}`:            "web",
		`{"container":{"id":"c1","name":"web","labels":{"a":{"b":1},"c":[1],"d":"e"}}}`:        "web",
		`{"container":{"id":"c1","name":"web","port_mappings":[{"HostPort":"999999999999"}]}}`: "web",
	} {
		w := newWorld(t, nil)
		w.do(-1, event.ContainerJsonV2E, text)
		got := ""
		for _, c := range w.Containers() {
			got = c.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestContainersSwept: containers without threads are forgotten when there are many; those in use, and those that were told of lately, are not.
func TestContainersSwept(t *testing.T) {
	w := newWorld(t, nil)
	w.do(-1, event.ContainerJsonV2E, dockerJSON)
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 1, cgroups: list{"cpu=/docker/" + hex64}}.inChild()...)
	const again = `{"container":{"id":"stopped","name":"old","type":0}}`
	w.do(-1, event.ContainerJsonV2E, again)
	w.do(-1, event.ContainerJsonV2E, `{"container":{"id":"removed","name":"gone","type":0}}`)
	for i := range 3 * maxContainers {
		if i%sweepStep == 0 {
			w.do(-1, event.ContainerJsonV2E, again)
		}
		cg := "cpu=/docker/" + fmt.Sprintf("%012x", i) + strings.Repeat("0", 52)
		w.do(100, event.ExecveV19X, program(100, 100, 1, map[int]any{14: list{cg}})...)
	}
	if n := len(w.containers); n > 2*sweepStep+10 || len(w.byCgroups) > maxContainers {
		t.Errorf("%d containers, %d cgroups", n, len(w.byCgroups))
	}
	if w.containers["removed"] != nil || w.containers["stopped"] == nil || w.containers["stopped"].Name != "old" {
		t.Errorf("removed: %v, stopped: %v", w.containers["removed"], w.containers["stopped"])
	}
	if c := w.thread(200).Container; c.Name != "web" || w.containers[c.ID] != c {
		t.Errorf("a container in use was forgotten")
	}
	w.do(201, event.CloneV20X, birth{child: 201, pid: 201, ptid: 200, cgroups: list{"cpu=/docker/" + hex64}}.inChild()...)
	if w.thread(201).Container != w.thread(200).Container {
		t.Errorf("two records of one container")
	}
}
