package state

import (
	"strings"

	"scry/capture/event"
)

// Which container a cgroup path is of. An engine writes the id into the name of a cgroup; what the container makes below that (an init of its
// own, a runtime in it) does not change who it is. So the names of a path are looked at from the last one to the first, and the innermost
// container wins: docker in a systemd-nspawn is docker's.

// hashed says whose containers are called so before their 64 hexadecimal digits. What is not in it is none of a container: libpod-conmon-,
// crio-conmon-.
var hashed = map[string]string{
	"docker-": "docker", "libpod-": "podman", "crio-": "cri-o", "cri-containerd-": "containerd", "nerdctl-": "containerd",
	":docker:": "docker", ":libpod:": "podman", ":crio:": "cri-o", ":cri-containerd:": "containerd", ":nerdctl:": "containerd",
}

// homes says whose containers lie, under their bare name, in a cgroup called so.
var homes = map[string]string{
	"docker": "docker", "moby": "docker", "buildkit": "docker", "k8s.io": "containerd", "default": "containerd", "lxc": "lxc", "lxc.payload": "lxc",
	"garden": "garden", "mesos": "mesos", "libpod_parent": "podman",
}

const (
	hashLen  = 64 // of a container's id
	shortLen = 12 // of what is shown of it
	nameLen  = 64 // of an id that is a name
)

// ContainerID finds the id of the container, short if it is a hash, and its engine; "" when the cgroups are the host's. cgroups is the NUL-separated
// list of "subsystem=path" that events and Thread.Cgroups have.
func ContainerID(cgroups string) (id, engine string) {
	for list := cgroups; list != ""; {
		var item string
		item, list, _ = strings.Cut(list, "\x00")
		_, path, ok := strings.Cut(item, "=")
		if !ok {
			break
		}
		if id, engine = idInPath(path); id != "" {
			return id, engine
		}
	}
	return "", ""
}

func idInPath(path string) (id, engine string) {
	for rest := path; rest != ""; {
		i := strings.LastIndexByte(rest, '/')
		name, parent := rest[i+1:], rest[:max(i, 0)]
		if name == "supervisor" && ofMachine(parent) {
			return "", "" // systemd-nspawn itself
		}
		if id, engine = hashedID(name, parent); id == "" {
			id, engine = namedID(name, parent)
		}
		if app, ok := strings.CutSuffix(path, ".service"); ok && engine == "rkt" {
			id += ":" + app[strings.LastIndexByte(app, '/')+1:]
		}
		if id != "" {
			return id, engine
		}
		rest = parent
	}
	return "", ""
}

// hashedID finds an id that is a hash.
func hashedID(name, parent string) (id, engine string) {
	name = strings.TrimSuffix(name, ".scope")
	n := len(name) - hashLen
	if n < 0 || !isHex64(name[n:]) {
		return "", ""
	}
	before := name[:n]
	if i := strings.IndexByte(before, ':'); i >= 0 { // SLICE:ENGINE:ID, a path for systemd that systemd was not asked to make
		before = before[i:]
	}
	engine = hashed[before]
	if before == "" && !strings.HasSuffix(parent, "/libpod_parent") { // there it is a pod of podman's
		engine = bareEngine(parent)
	}
	if engine == "" {
		return "", ""
	}
	return name[n:][:shortLen], engine
}

// bareEngine says whose container has nothing but its id for a name. Docker's may be anywhere (--cgroup-parent).
func bareEngine(parent string) string {
	home := parent[strings.LastIndexByte(parent, '/')+1:]
	switch engine := homes[home]; {
	case engine != "":
		return engine
	case strings.Contains(parent, "kubepods"):
		return "cri"
	case strings.HasPrefix(home, "podman-"), strings.Contains(parent, "/user.slice/user-"): // rootless
		return "podman"
	}
	return "docker"
}

// namedID finds an id that is a name.
func namedID(name, parent string) (id, engine string) {
	switch {
	case name == "", strings.HasPrefix(name, "lxc.monitor"), strings.HasPrefix(name, "lxc.pivot"):
		return "", ""
	case name == "payload":
		return payload(parent)
	case strings.HasPrefix(name, "lxc.payload."):
		return name[len("lxc.payload."):], "lxc"
	case strings.HasSuffix(name, ".libvirt-lxc"):
		return strings.TrimSuffix(name, ".libvirt-lxc"), "libvirt-lxc"
	case ofMachine(name):
		return machine(name)
	case strings.HasSuffix(name, ".scope"):
		if _, id, ok := strings.Cut(name, "bpm-"); ok && isWord(strings.TrimSuffix(id, ".scope")) {
			return strings.TrimSuffix(id, ".scope"), "bpm"
		}
		return "", ""
	}
	above, home := "", parent
	if i := strings.LastIndexByte(parent, '/'); i >= 0 {
		above, home = parent[:i], parent[i+1:]
	}
	switch engine = homes[home]; {
	case engine == "lxc" && strings.HasSuffix(above, "/libvirt"):
		return name, "libvirt-lxc"
	case engine == "lxc", home == "default" && len(name) <= nameLen, home == "garden" && name != "good" && name != "bad":
		return name, engine
	case (home == "good" || home == "bad") && strings.Contains(above, "/garden"): // with CPU throttling
		return name, "garden"
	case home == "mesos" && len(name) == 36 && strings.Count(name, "-") == 4:
		return name, engine
	case home == "buildkit" && len(name) >= shortLen && isWord(name):
		return name[:shortLen], engine
	}
	return "", ""
}

// ofMachine tells whether a path ends at a unit that systemd has made for a machine.
func ofMachine(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.HasPrefix(name, "machine-") && strings.HasSuffix(name, ".scope") || strings.HasPrefix(name, "systemd-nspawn@")
}

// machine finds the name of the container that a unit is of. Virtual machines have such units too.
func machine(unit string) (id, engine string) {
	if name, ok := strings.CutPrefix(unit, "systemd-nspawn@"); ok {
		return unescape(strings.TrimSuffix(name, ".service")), "systemd-nspawn"
	}
	name := unescape(strings.TrimSuffix(strings.TrimPrefix(unit, "machine-"), ".scope"))
	switch {
	case name == "", strings.HasPrefix(name, "qemu-"):
		return "", ""
	case strings.HasPrefix(name, "lxc-"):
		return name[len("lxc-"):], "libvirt-lxc"
	case strings.HasPrefix(name, "rkt-"):
		return name[len("rkt-"):], "rkt"
	}
	return name, "systemd-nspawn"
}

// payload is the cgroup in which systemd-nspawn puts its container, below the unit that it runs in.
func payload(parent string) (id, engine string) {
	unit := parent[strings.LastIndexByte(parent, '/')+1:]
	if unit != "" && ofMachine(unit) {
		return machine(unit)
	}
	for _, suffix := range [...]string{".service", ".scope"} {
		unit = strings.TrimSuffix(unit, suffix)
	}
	if unit == "" {
		unit = "payload"
	}
	return unescape(unit), "systemd-nspawn"
}

// unescape takes back what systemd does to a name to make it one of a unit: \x2d for "-" (systemd.unit(5)).
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if rest := s[i:]; len(rest) >= 4 && rest[:2] == `\x` {
			if v := hexDigit(rest[2])<<4 | hexDigit(rest[3]); v >= 0 {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// hexDigit is the value of c, negative when it is no digit.
func hexDigit(c byte) int {
	return strings.IndexByte("0123456789abcdef", c)
}

// isHash tells whether an id is the beginning of a hash.
func isHash(id string) bool { return len(id) == shortLen && strings.Trim(id, "0123456789abcdef") == "" }

func isHex64(s string) bool {
	if len(s) != hashLen {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

// isWord tells whether s is of letters, digits, dots, dashes and underscores.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

// contain finds the container of a thread by what is known of it.
func (t *Tables) contain(th *thread) {
	if th.Container = t.containerOf(th.Cgroups); th.Container != nil {
		return
	}
	if id := rktID(th); id != "" {
		th.Container = t.record(id)
		identify(th.Container, "rkt")
	}
}

// moved takes a thread, or with the whole process, that is in other cgroups now.
func (t *Tables) moved(ev *event.Event, whole bool) {
	th := t.find(ev.TID)
	if th == nil {
		if th = t.placeholder(ev.TID); th == nil { // a file that has not all events
			return
		}
	}
	if !t.setList(&th.Cgroups, ev, 2) {
		th.Cgroups = ""
	}
	t.contain(th)
	ev.Thread = &th.Thread
	l := th.leader
	if !whole || l == nil {
		return
	}
	l.Cgroups, l.Container = th.Cgroups, th.Container
	for o := l.group; o != nil; o = o.next {
		o.Cgroups, o.Container = th.Cgroups, th.Container
	}
}

// Where rkt's two kinds of stage 1 put the root of an application: the one with a systemd of its own, and "fly".
const (
	rktApps = "/opt/stage2/"
	rktFly  = "/var/lib/rkt/pods/run/"
)

// rktID is the id of a container of rkt, "POD:APP". Its cgroup names the application's unit alone; the pod's id is in the environment, or the
// arguments, of an ancestor.
func rktID(th *thread) string {
	if rest, ok := strings.CutPrefix(th.Root, rktFly); ok {
		pod, rest, _ := strings.Cut(rest, "/")
		if app, ok := strings.CutPrefix(rest, "stage1/rootfs"+rktApps); ok && pod != "" {
			app, _, _ = strings.Cut(app, "/")
			return pod + ":" + app
		}
	}
	if th.pod == "" {
		return ""
	}
	if app, ok := strings.CutPrefix(th.Root, rktApps); ok {
		app, _, _ = strings.Cut(app, "/")
		return th.pod + ":" + app
	}
	if path, ok := strings.CutSuffix(th.Cgroups, ".service"); ok {
		return th.pod + ":" + path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

// rktPod finds the id of a pod in what a program was started with.
func rktPod(th *event.Thread) string {
	for _, x := range [...]struct{ list, key string }{{th.Env, "container_uuid="}, {th.Args, "--uuid="}} {
		i := strings.Index(x.list, x.key)
		if i < 0 || i > 0 && x.list[i-1] != 0 {
			continue
		}
		id, _, _ := strings.Cut(x.list[i+len(x.key):], "\x00")
		if len(id) == 36 && strings.Count(id, "-") == 4 {
			return id
		}
	}
	return ""
}

// rktPods finds the pods of the threads of a snapshot.
func (t *Tables) rktPods() {
	any := false
	t.each(func(th *thread) {
		th.pod = rktPod(&th.Thread)
		any = any || th.pod != ""
	})
	if !any {
		return
	}
	t.each(func(th *thread) {
		if th.Container != nil {
			return
		}
		depth := 0
		for p := th.Parent; p != nil && th.pod == "" && depth < maxAncestors; p = p.Parent {
			if o := t.find(p.TID); o != nil {
				th.pod = o.pod
			}
			depth++
		}
		t.contain(th)
	})
}
