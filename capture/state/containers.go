package state

import (
	"encoding/json"
	"strconv"
	"strings"

	"scry/capture/event"
)

const maxContainers = 16384 // remembered cgroup texts, and containers without threads

// engines are the names of the engine numbers that container records carry (sinsp_container_type).
var engines = map[int]string{0: "docker", 1: "lxc", 2: "libvirt-lxc", 3: "mesos", 4: "rkt", 5: "custom", 6: "cri", 7: "containerd",
	8: "cri-o", 9: "bpm", 10: "static", 11: "podman"}

// containerOf returns the container whose cgroups these are, nil for the host. cgroups is the NUL-separated list of "subsystem=path".
func (t *Tables) containerOf(cgroups string) *event.Container {
	if cgroups == "" {
		return nil
	}
	if c, ok := t.byCgroups[cgroups]; ok {
		return c
	}
	var c *event.Container
	if id, engine := containerID(cgroups); id != "" {
		if c = t.record(id); c.Type == "" && !c.HasMeta {
			c.Type = engine
		}
	}
	if len(cgroups) > maxCached {
		return c
	}
	if len(t.byCgroups) >= maxContainers {
		clear(t.byCgroups)
	}
	t.byCgroups[strings.Clone(cgroups)] = c
	return c
}

// layout is one way an engine writes a container's id into a cgroup path: after the last prefix, up to the suffix.
type layout struct{ prefix, suffix, engine string }

// runcLayouts are the layouts with an id of 64 hexadecimal digits; the first twelve are the short id. More special ones come first.
var runcLayouts = []layout{
	{"/libpod-", ".scope/container", "podman"}, {"/libpod-", ".scope", "podman"}, {"/libpod-", "", "podman"},
	{"/docker-", ".scope", "docker"}, {"/crio-", ".scope", "cri-o"}, {"/crio-", "", "cri-o"},
	{"/cri-containerd-", ".scope", "containerd"}, {":cri-containerd:", "", "containerd"}, {"/", "", "docker"},
}

// containerID finds the short id of the container and its engine; "" when the cgroups are the host's.
func containerID(cgroups string) (id, engine string) {
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
	for _, l := range runcLayouts {
		i := strings.LastIndex(path, l.prefix)
		if i < 0 || !strings.HasSuffix(path, l.suffix) {
			continue
		}
		body := path[i+len(l.prefix):]
		if len(body) < len(l.suffix) {
			continue
		}
		if body = body[:len(body)-len(l.suffix)]; isHex64(body) {
			engine = l.engine
			if engine == "docker" && strings.Contains(path, "/kubepods") {
				engine = "cri"
			}
			return body[:12], engine
		}
	}
	return namedContainer(path)
}

// namedContainer finds the containers whose cgroup carries a name instead of a hash.
func namedContainer(path string) (id, engine string) {
	if i := strings.Index(path, "/libvirt/lxc/"); i >= 0 {
		name, _, _ := strings.Cut(path[i+len("/libvirt/lxc/"):], "/")
		return name, "libvirt-lxc"
	}
	for _, p := range []string{"/lxc/", "/lxc.payload/", "/lxc.payload."} {
		if i := strings.Index(path, p); i >= 0 {
			name, _, _ := strings.Cut(path[i+len(p):], "/")
			return name, "lxc"
		}
	}
	if strings.HasSuffix(path, ".libvirt-lxc") {
		name := strings.TrimSuffix(path, ".libvirt-lxc")
		return name[strings.LastIndexByte(name, '/')+1:], "libvirt-lxc"
	}
	if i := strings.LastIndex(path, "/default/"); i >= 0 {
		if name := path[i+len("/default/"):]; name != "" && len(name) <= 64 && !strings.Contains(name, "/") {
			return name[:min(len(name), 12)], "containerd"
		}
	}
	if i := strings.LastIndex(path, "/mesos/"); i >= 0 {
		if name := path[i+len("/mesos/"):]; len(name) == 36 && strings.Count(name, "-") == 4 {
			return name, "mesos"
		}
	}
	if i := strings.LastIndex(path, "/bpm-"); i >= 0 && strings.HasSuffix(path, ".scope") {
		return strings.TrimSuffix(path[i+len("/bpm-"):], ".scope"), "bpm"
	}
	return "", ""
}

func isHex64(s string) bool {
	if len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

// record returns the record of a container, a new one when it was not known.
func (t *Tables) record(id string) *event.Container {
	id = id[:min(len(id), shortText)]
	c := t.containers[id]
	if c == nil {
		if len(t.containers) >= t.sweepAt {
			t.sweep()
		}
		id = strings.Clone(id)
		c = &event.Container{ID: id}
		t.containers[id] = c
	}
	return c
}

// sweep forgets the containers without threads.
func (t *Tables) sweep() {
	used := map[string]*event.Container{}
	t.each(func(th *thread) {
		if c := th.Container; c != nil && t.containers[c.ID] == c {
			used[c.ID] = c
		}
	})
	t.containers, t.byCgroups = used, map[string]*event.Container{}
	t.sweepAt = max(maxContainers, 2*len(used))
}

// onContainer takes the oldest form: id, engine, name, image.
func onContainer(t *Tables, ev *event.Event, _ *thread) {
	id := strings.Clone(ev.Text(0))
	if id == "" {
		return
	}
	c := t.record(id)
	if n, ok := ev.Uint(1); ok {
		c.Type = engines[int(n)]
	}
	c.Name, c.Image = t.text(ev.Param(2)), t.text(ev.Param(3))
	c.HasMeta = true
}

// containerText is the JSON of a container of which only what onContainer takes is known.
func containerText(c *event.Container) string {
	engine := 0
	for n, name := range engines {
		if name == c.Type {
			engine = n
		}
	}
	b, err := json.Marshal(map[string]any{"container": map[string]any{"id": c.ID, "type": engine, "name": c.Name, "image": c.Image}})
	if err != nil {
		return "" // cannot be: texts and a number
	}
	return string(b)
}

func onContainerJSON(t *Tables, ev *event.Event, _ *thread) { t.containerJSON(ev.Text(0)) }

// onAsync takes the container records of current tools: an asynchronous event called "container", whose data is the same JSON.
func onAsync(t *Tables, ev *event.Event, _ *thread) {
	if strings.HasPrefix(ev.Text(1), "container") {
		t.containerJSON(event.AliasText(ev.Param(2)))
	}
}

// flexInt is a number that some writers put in quotes.
type flexInt int64

func (n *flexInt) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err == nil {
		*n = flexInt(v)
	}
	return nil
}

// pairs keeps the order of an object of texts.
type pairs []event.Label

func (p *pairs) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil
	}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil
		}
		var v any
		if d.Decode(&v) != nil {
			return nil
		}
		if s, ok := v.(string); ok {
			*p = append(*p, event.Label{Key: k.(string), Value: s})
		}
	}
	return nil
}

type containerRecord struct {
	ID           string  `json:"id"`
	FullID       string  `json:"full_id"`
	Type         flexInt `json:"type"`
	Name         string  `json:"name"`
	Image        string  `json:"image"`
	ImageID      string  `json:"imageid"`
	ImageRepo    string  `json:"imagerepo"`
	ImageTag     string  `json:"imagetag"`
	ImageDigest  string  `json:"imagedigest"`
	Privileged   bool    `json:"privileged"`
	HostPID      bool    `json:"host_pid"`
	HostNetwork  bool    `json:"host_network"`
	HostIPC      bool    `json:"host_ipc"`
	PodSandbox   bool    `json:"is_pod_sandbox"`
	Created      flexInt `json:"created_time"`
	IP           string  `json:"ip"`
	CNI          string  `json:"cni_json"`
	PodSandboxID string  `json:"pod_sandbox_id"`
	Labels       pairs   `json:"labels"`
	PodLabels    pairs   `json:"pod_sandbox_labels"`
	Env          []string
	Mounts       []struct {
		Source, Destination, Mode, Propagation string
		RW                                     bool
	}
	PortMappings []struct {
		HostIP        flexInt `json:"HostIp"`
		HostPort      flexInt
		ContainerPort flexInt
	} `json:"port_mappings"`
	Healthcheck    *probe  `json:"Healthcheck"`
	LivenessProbe  *probe  `json:"LivenessProbe"`
	ReadinessProbe *probe  `json:"ReadinessProbe"`
	MemoryLimit    flexInt `json:"memory_limit"`
	SwapLimit      flexInt `json:"swap_limit"`
	CPUShares      flexInt `json:"cpu_shares"`
	CPUQuota       flexInt `json:"cpu_quota"`
	CPUPeriod      flexInt `json:"cpu_period"`
	CPUSet         flexInt `json:"cpuset_cpu_count"`
}

type probe struct {
	Exe  string   `json:"exe"`
	Args []string `json:"args"`
}

func (p *probe) String() string {
	if p == nil {
		return ""
	}
	return strings.Join(append([]string{p.Exe}, p.Args...), " ")
}

// containerJSON takes {"container": {...}}. What is damaged in it is left out; the rest counts.
func (t *Tables) containerJSON(text string) {
	var doc struct {
		Container containerRecord `json:"container"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil && doc.Container.ID == "" {
		return
	}
	r := &doc.Container
	if r.ID == "" {
		return
	}
	c := t.record(r.ID)
	if t.grow(2 * len(text)); t.textLimit == shortText && len(text) > shortText {
		t.DroppedTexts++
		*c = event.Container{ID: c.ID, Type: engines[int(r.Type)], Name: t.text([]byte(r.Name)), Image: t.text([]byte(r.Image)), HasMeta: true}
		return
	}
	*c = event.Container{ID: c.ID, FullID: r.FullID, Type: engines[int(r.Type)], Name: r.Name, Image: r.Image, ImageID: r.ImageID,
		ImageRepo: r.ImageRepo, ImageTag: r.ImageTag, ImageHash: r.ImageDigest, IP: r.IP, CNI: r.CNI, Privileged: r.Privileged,
		HostPID: r.HostPID, HostNetwork: r.HostNetwork, HostIPC: r.HostIPC, PodSandbox: r.PodSandbox, Labels: r.Labels, Env: r.Env,
		PodSandboxID: r.PodSandboxID, PodSandboxLabels: r.PodLabels, Health: r.Healthcheck.String(), Liveness: r.LivenessProbe.String(),
		Readiness: r.ReadinessProbe.String(), MemoryLimit: int64(r.MemoryLimit), SwapLimit: int64(r.SwapLimit), CPUShares: int64(r.CPUShares),
		CPUQuota: int64(r.CPUQuota), CPUPeriod: int64(r.CPUPeriod), CPUSetCPUs: int64(r.CPUSet), CreatedTime: int64(r.Created), HasMeta: true,
		JSON: strings.Clone(text)}
	for _, m := range r.Mounts {
		c.Mounts = append(c.Mounts, event.Mount{Source: m.Source, Dest: m.Destination, Mode: m.Mode, Propagation: m.Propagation, RW: m.RW})
	}
	for _, p := range r.PortMappings {
		c.Ports = append(c.Ports, event.PortMapping{HostIP: ipText(uint32(p.HostIP)), HostPort: uint16(p.HostPort), ContainerPort: uint16(p.ContainerPort)})
	}
}

func ipText(v uint32) string {
	return strconv.Itoa(int(v>>24)) + "." + strconv.Itoa(int(v>>16&255)) + "." + strconv.Itoa(int(v>>8&255)) + "." + strconv.Itoa(int(v&255))
}
