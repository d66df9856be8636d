package state

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"scry/capture/event"
)

const (
	maxContainers = 16384  // remembered cgroup texts
	sweepStep     = 1024   // containers that are new until those without threads go
	noEngine      = 0xffff // for those that have no number (sinsp_container_type: CT_UNKNOWN)
)

// containerOf returns the container whose cgroups these are, nil for the host. cgroups is the NUL-separated list of "subsystem=path".
func (t *Tables) containerOf(cgroups string) *event.Container {
	if cgroups == "" {
		return nil
	}
	if c, ok := t.byCgroups[cgroups]; ok {
		return c
	}
	var c *event.Container
	if id, engine := ContainerID(cgroups); id != "" {
		c = t.record(id)
		identify(c, engine)
		if c.Type != engine && !c.HasMeta && !isHash(id) { // two engines may give one name
			c = t.keyed(engine+"/"+id, id)
			identify(c, engine)
		}
		if c.PodUID == "" {
			c.PodUID = podUID(cgroups)
			t.joinPod(c)
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

// nameless are the engines that nobody can be asked about: a container of theirs has one name, which is its id. They have images of no kind that a
// record has a place for.
var nameless = map[string]bool{"lxc": true, "libvirt-lxc": true, "systemd-nspawn": true, "garden": true, "bpm": true, "mesos": true, "rkt": true}

// identify says what the cgroup of a container tells of it, which any record of an engine's goes before.
func identify(c *event.Container, engine string) {
	if c.Type == "" {
		c.Type = engine
	}
	if c.Name != "" || c.Type != engine || !nameless[engine] {
		return
	}
	c.Name, c.FullID = c.ID, c.ID
	if _, app, ok := strings.Cut(c.ID, ":"); ok && engine == "rkt" { // POD:APP
		c.Name = app
	}
}

// record returns the record of a container, a new one when it was not known.
func (t *Tables) record(id string) *event.Container { return t.keyed(id, id) }

func (t *Tables) keyed(key, id string) *event.Container {
	id, key = id[:min(len(id), shortText)], key[:min(len(key), shortText)]
	c := t.containers[key]
	if c == nil {
		if len(t.containers) >= t.sweepAt {
			t.sweep()
		}
		c = &event.Container{ID: strings.Clone(id)}
		t.containers[strings.Clone(key)] = c
	}
	return c
}

// sweep forgets the containers that have no threads and had none at the last sweep, unless an engine has told of them since: the first thread may be on
// its way, and one that was stopped may be started again.
func (t *Tables) sweep() {
	used, idle := t.used(), map[*event.Container]bool{}
	maps.DeleteFunc(t.containers, func(_ string, c *event.Container) bool {
		idle[c] = !used[c]
		return idle[c] && t.idle[c]
	})
	t.idle, t.byCgroups = idle, map[string]*event.Container{}
	t.sweepAt = len(t.containers) + sweepStep
}

// used are the containers with threads.
func (t *Tables) used() map[*event.Container]bool {
	used := map[*event.Container]bool{}
	t.each(func(th *thread) { used[th.Container] = true })
	return used
}

// onContainer takes the oldest form: id, engine, name, image.
func onContainer(t *Tables, ev *event.Event, _ *thread) {
	id := strings.Clone(ev.Text(0))
	if id == "" {
		return
	}
	c := t.record(id)
	if n, ok := ev.Uint(1); ok && event.EngineName(int(n)) != "" {
		c.Type = event.EngineName(int(n))
	}
	c.Name, c.Image = t.text(ev.Param(2)), t.text(ev.Param(3))
	c.HasMeta = true
}

// containerText is the JSON of a container of which only what onContainer takes is known.
func containerText(c *event.Container) string {
	engine, ok := event.EngineNumber(c.Type)
	if !ok {
		engine = noEngine
	}
	b, err := json.Marshal(map[string]any{"container": map[string]any{"id": c.ID, "type": engine, "name": c.Name, "image": c.Image}})
	if err != nil {
		return "" // cannot be: texts and a number
	}
	return string(b)
}

func onContainerJSON(t *Tables, ev *event.Event, _ *thread) { t.containerJSON(ev.Text(0)) }

// onAsync takes the container records of current tools, an asynchronous event called "container", whose data is the same JSON; and moves to another
// cgroup.
func onAsync(t *Tables, ev *event.Event, _ *thread) {
	switch name := ev.Text(1); {
	case strings.HasPrefix(name, "container"):
		t.containerJSON(event.AliasText(ev.Param(2)))
	case name == event.CgroupsProcess, name == event.CgroupsThread:
		t.moved(ev, name == event.CgroupsProcess)
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
	ID           string   `json:"id"`
	LookupState  *flexInt `json:"lookup_state"` // 0: the engine has not said all yet
	FullID       string   `json:"full_id"`
	Type         flexInt  `json:"type"`
	Name         string   `json:"name"`
	Image        string   `json:"image"`
	ImageID      string   `json:"imageid"`
	ImageRepo    string   `json:"imagerepo"`
	ImageTag     string   `json:"imagetag"`
	ImageDigest  string   `json:"imagedigest"`
	Privileged   bool     `json:"privileged"`
	HostPID      bool     `json:"host_pid"`
	HostNetwork  bool     `json:"host_network"`
	HostIPC      bool     `json:"host_ipc"`
	PodSandbox   bool     `json:"is_pod_sandbox"`
	Created      flexInt  `json:"created_time"`
	IP           string   `json:"ip"`
	CNI          string   `json:"cni_json"`
	PodSandboxID string   `json:"pod_sandbox_id"`
	Labels       pairs    `json:"labels"`
	PodLabels    pairs    `json:"pod_sandbox_labels"`
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
	c, whole := t.record(r.ID), r.LookupState == nil || *r.LookupState != 0
	delete(t.idle, c)
	engine, users, groups, uid, pod := event.EngineName(int(r.Type)), c.Users, c.Groups, c.PodUID, c.Pod
	defer t.joinPod(c)
	if engine == "" {
		engine = c.Type // what its cgroup says
	}
	if t.grow(2 * len(text)); t.textLimit == shortText && len(text) > shortText {
		t.DroppedTexts++
		*c = event.Container{ID: c.ID, Type: engine, Name: t.text([]byte(r.Name)), Image: t.text([]byte(r.Image)), HasMeta: whole, Users: users, Groups: groups, PodUID: uid, Pod: pod}
		return
	}
	*c = event.Container{ID: c.ID, FullID: r.FullID, Type: engine, Name: r.Name, Image: r.Image, ImageID: r.ImageID,
		ImageRepo: r.ImageRepo, ImageTag: r.ImageTag, ImageHash: r.ImageDigest, IP: r.IP, CNI: r.CNI, Privileged: r.Privileged,
		HostPID: r.HostPID, HostNetwork: r.HostNetwork, HostIPC: r.HostIPC, PodSandbox: r.PodSandbox, Labels: r.Labels, Env: r.Env,
		PodSandboxID: r.PodSandboxID, PodSandboxLabels: r.PodLabels, Health: r.Healthcheck.String(), Liveness: r.LivenessProbe.String(),
		Readiness: r.ReadinessProbe.String(), MemoryLimit: int64(r.MemoryLimit), SwapLimit: int64(r.SwapLimit), CPUShares: int64(r.CPUShares),
		CPUQuota: int64(r.CPUQuota), CPUPeriod: int64(r.CPUPeriod), CPUSetCPUs: int64(r.CPUSet), CreatedTime: int64(r.Created), HasMeta: whole,
		JSON: strings.Clone(text), Users: users, Groups: groups, PodUID: uid, Pod: pod}
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
