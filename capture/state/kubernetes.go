package state

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"scry/capture/event"
)

// Objects of Kubernetes come as events whose text is JSON, as sysdig wrote them: {"type":"ADDED","kind":"Pod","items":[{...}]}. They come in any order, and
// what belongs together is found here: the containers of a pod by their ids in its status, or by the uid in their cgroups; the replica set and its deployment by
// "owners", which only scry writes, and else by selectors, as sysdig does; the services of a pod by selectors. All but nodes live in a namespace.

const (
	maxKube      = 16384 // objects that are remembered
	maxSelectors = 64    // pairs of a selector; one with more selects nothing
	maxOwners    = 16
	maxPodBoxes  = 256 // containers of a pod
)

// kubeKinds are the objects that fields show, in the order in which a file has them: a pod's explanations stand before it.
var kubeKinds = []string{"Namespace", "Node", "Deployment", "ReplicaSet", "ReplicationController", "Service", "Pod"}

// kube is what is known of Kubernetes.
type kube struct {
	spaces map[string]*kubeSpace // by name
	nodes  map[string]*kubeObject
	n      int                    // objects
	boxes  map[string]*kubeObject // pods by the ids of their containers
	uids   map[string]*kubeObject // pods by uid
}

// kubeSpace is a namespace and what is in it, by kind and uid.
type kubeSpace struct {
	self    *kubeObject
	objects map[string]map[string]*kubeObject
}

// kubeObject is an object. Its record stays the same while it changes.
type kubeObject struct {
	event.Object
	kind, space string
	selector    pairs
	owners      []kubeOwner // nil: not told
	text        string      // what told of it last
	pod         *event.Pod  // of a pod
	boxes       []string    // the ids of its containers
}

type kubeOwner struct {
	Kind, Name, UID string
}

// kubeItem is an object as the events have it.
type kubeItem struct {
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	UID       string      `json:"uid"`
	Node      string      `json:"nodeName"`
	IP        string      `json:"podIP"`
	Labels    pairs       `json:"labels"`
	Selector  pairs       `json:"selector"`
	Owners    []kubeOwner `json:"owners"`
	Boxes     []kubeBox   `json:"containerStatuses"`
	Inits     []kubeBox   `json:"initContainerStatuses"`
}

type kubeBox struct {
	ID string `json:"containerID"`
}

// onKube takes an event about objects.
func onKube(t *Tables, ev *event.Event, _ *thread) {
	text := ev.Text(0)
	var doc struct {
		Type  string            `json:"type"`
		API   string            `json:"apiVersion"`
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if json.Unmarshal([]byte(text), &doc) != nil || !slices.Contains(kubeKinds, doc.Kind) {
		return
	}
	for _, raw := range doc.Items {
		var item kubeItem
		_ = json.Unmarshal(raw, &item) // of a damaged one what can be read
		if item.Name == "" || item.UID == "" {
			continue
		}
		switch doc.Type {
		case "ADDED", "MODIFIED":
			whole := text
			if len(doc.Items) > 1 {
				whole = kubeText(doc.API, doc.Kind, raw)
			}
			t.kubeSet(doc.Kind, &item, whole)
		case "DELETED":
			t.kubeGone(doc.Kind, &item)
		}
	}
}

// kubeText is the text of an event about one object.
func kubeText(api, kind string, item json.RawMessage) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it must not be longer than what it is from
	if e.Encode(map[string]any{"type": "ADDED", "apiVersion": api, "kind": kind, "items": []json.RawMessage{item}}) != nil {
		return "" // cannot be: the item was part of a text like this
	}
	return strings.TrimSpace(b.String())
}

// kubeSet enters an object, or what has become of it.
func (t *Tables) kubeSet(kind string, item *kubeItem, text string) {
	if t.kube == nil {
		t.kube = &kube{spaces: map[string]*kubeSpace{}, nodes: map[string]*kubeObject{}, boxes: map[string]*kubeObject{}, uids: map[string]*kubeObject{}}
	}
	k := t.kube
	if t.grow(2 * len(text)); t.textLimit == shortText && len(text) > shortText {
		t.DroppedTexts++
		return
	}
	o := k.object(kind, item)
	if o == nil {
		t.DroppedTexts++
		return
	}
	o.Name, o.UID, o.Labels, o.text = item.Name, item.UID, ordered(item.Labels), strings.Clone(text)
	if o.selector, o.owners = item.Selector, item.Owners; len(o.selector) > maxSelectors {
		o.selector = nil
	}
	o.owners = o.owners[:min(len(o.owners), maxOwners)]
	switch s := k.spaces[o.space]; kind {
	case "Pod":
		k.renewPod(o, item)
		k.explain(s, o)
		for _, c := range t.containers {
			if c.Pod == nil || c.Pod.UID != o.UID {
				t.joinPod(c)
			}
		}
	case "Namespace":
		for _, p := range s.objects["Pod"] {
			p.pod.Space = &o.Object
		}
	case "Node":
	default:
		for _, p := range s.objects["Pod"] {
			s.relate(p, o)
		}
	}
}

// ordered puts labels in the order of their keys, of which one counts once.
func ordered(list pairs) []event.Label {
	slices.SortStableFunc(list, func(a, b event.Label) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(list, func(a, b event.Label) bool { return a.Key == b.Key })
}

// object is that of an item, a new one when it was not known; nil when there is no room.
func (k *kube) object(kind string, item *kubeItem) *kubeObject {
	space := item.Namespace
	if kind == "Namespace" {
		space = item.Name
	}
	at := k.nodes
	if kind != "Node" {
		s := k.spaces[space]
		if s == nil {
			if k.n >= maxKube {
				return nil
			}
			s = &kubeSpace{objects: map[string]map[string]*kubeObject{}}
			k.spaces[space] = s
		}
		if at = s.objects[kind]; at == nil {
			at = map[string]*kubeObject{}
			s.objects[kind] = at
		}
	}
	o := at[item.UID]
	if o == nil {
		if k.n >= maxKube {
			return nil
		}
		k.n++
		o = &kubeObject{kind: kind, space: space}
		at[item.UID] = o
	}
	if kind == "Namespace" {
		if old := k.spaces[space].self; old != nil && old != o { // it was made again under its name
			delete(at, old.UID)
			k.n--
		}
		k.spaces[space].self = o
	}
	return o
}

// renewPod takes what is a pod's alone.
func (k *kube) renewPod(o *kubeObject, item *kubeItem) {
	if o.pod == nil {
		o.pod = &event.Pod{}
		k.uids[o.UID] = o
	}
	o.pod.Object, o.pod.Namespace = o.Object, o.space
	o.pod.Node, o.pod.IP = cmp.Or(item.Node, o.pod.Node), cmp.Or(item.IP, o.pod.IP)
	k.dropBoxes(o)
	for _, b := range slices.Concat(item.Boxes, item.Inits) {
		_, id, ok := strings.Cut(b.ID, "://")
		if !ok || id == "" || len(o.boxes) >= maxPodBoxes {
			continue
		}
		id = id[:min(len(id), shortLen)]
		o.boxes = append(o.boxes, id)
		k.boxes[id] = o
	}
}

func (k *kube) dropBoxes(o *kubeObject) {
	for _, id := range o.boxes {
		if k.boxes[id] == o {
			delete(k.boxes, id)
		}
	}
	o.boxes = nil
}

// explain finds all that belongs to a pod.
func (k *kube) explain(s *kubeSpace, p *kubeObject) {
	p.pod.Space, p.pod.Set, p.pod.Controller, p.pod.Deployment, p.pod.Services = nil, nil, nil, nil, nil
	if s.self != nil {
		p.pod.Space = &s.self.Object
	}
	for _, kind := range [...]string{"ReplicaSet", "ReplicationController", "Deployment", "Service"} { // a deployment follows from the set
		for _, uid := range slices.Sorted(maps.Keys(s.objects[kind])) {
			s.relate(p, s.objects[kind][uid])
		}
	}
}

// relate notes whether an object, new or changed, belongs to a pod.
func (s *kubeSpace) relate(p, o *kubeObject) {
	switch o.kind {
	case "Service":
		i, has := slices.BinarySearchFunc(p.pod.Services, o.Name, func(a *event.Object, name string) int { return cmp.Compare(a.Name, name) })
		switch mine := o.selects(p); {
		case mine && !has:
			p.pod.Services = slices.Insert(slices.Clip(p.pod.Services), i, &o.Object)
		case mine:
			p.pod.Services[i] = &o.Object
		case has && p.pod.Services[i] == &o.Object:
			p.pod.Services = slices.Delete(p.pod.Services, i, i+1)
		}
	case "ReplicaSet":
		set(&p.pod.Set, o, o.owns(p))
		for _, uid := range slices.Sorted(maps.Keys(s.objects["Deployment"])) {
			s.relate(p, s.objects["Deployment"][uid])
		}
	case "ReplicationController":
		set(&p.pod.Controller, o, o.owns(p))
	case "Deployment":
		mine := p.owners == nil && o.selects(p)
		if r := p.pod.Set; r != nil {
			if rs := s.objects["ReplicaSet"][r.UID]; rs != nil && rs.owners != nil {
				mine = o.owns(rs)
			}
		}
		set(&p.pod.Deployment, o, mine)
	}
}

// set notes that an object is what a pod has of its kind, or is not any more.
func set(at **event.Object, o *kubeObject, mine bool) {
	if mine && *at == nil {
		*at = &o.Object
	} else if !mine && *at == &o.Object {
		*at = nil
	}
}

// owns tells whether an object is owned by o: as it says itself, or, when it says nothing, by its labels.
func (o *kubeObject) owns(x *kubeObject) bool {
	if x.owners != nil {
		return slices.ContainsFunc(x.owners, func(w kubeOwner) bool { return w.UID == o.UID })
	}
	return o.selects(x)
}

// selects tells whether the labels of an object are those that o looks for.
func (o *kubeObject) selects(x *kubeObject) bool {
	for _, want := range o.selector {
		i, ok := slices.BinarySearchFunc(x.Labels, want.Key, func(l event.Label, key string) int { return cmp.Compare(l.Key, key) })
		if !ok || x.Labels[i].Value != want.Value {
			return false
		}
	}
	return len(o.selector) > 0
}

// kubeGone forgets an object. Containers keep the pod that they had.
func (t *Tables) kubeGone(kind string, item *kubeItem) {
	k := t.kube
	if k == nil {
		return
	}
	space := item.Namespace
	if kind == "Namespace" {
		space = item.Name
	}
	s, at := k.spaces[space], k.nodes
	if kind != "Node" {
		if s == nil {
			return
		}
		at = s.objects[kind]
	}
	o := at[item.UID]
	if o == nil {
		return
	}
	delete(at, item.UID)
	k.n--
	switch kind {
	case "Node":
		return
	case "Pod":
		k.dropBoxes(o)
		delete(k.uids, o.UID)
	case "Namespace":
		s.self = nil
	default:
		for _, p := range s.objects["Pod"] {
			if x := p.pod; x.Set == &o.Object || x.Controller == &o.Object || x.Deployment == &o.Object || slices.Contains(x.Services, &o.Object) {
				k.explain(s, p)
			}
		}
	}
	if s.empty() {
		delete(k.spaces, space)
	}
}

func (s *kubeSpace) empty() bool {
	for _, list := range s.objects {
		if len(list) > 0 {
			return false
		}
	}
	return true
}

// joinPod finds the pod of a container.
func (t *Tables) joinPod(c *event.Container) {
	k := t.kube
	if k == nil {
		return
	}
	o := k.boxes[c.ID]
	if o == nil {
		o = k.uids[cmp.Or(labelOf(c, "io.kubernetes.pod.uid"), c.PodUID)]
	}
	if name := labelOf(c, "io.kubernetes.pod.name"); o == nil && name != "" { // a static pod has one uid in the API, and another one for the kubelet
		if s := k.spaces[labelOf(c, "io.kubernetes.pod.namespace")]; s != nil {
			for _, p := range s.objects["Pod"] {
				if p.Name == name {
					o = p
				}
			}
		}
	}
	if o != nil {
		c.Pod = o.pod
	}
}

func labelOf(c *event.Container, key string) string {
	for i := range c.Labels {
		if c.Labels[i].Key == key {
			return c.Labels[i].Value
		}
	}
	return ""
}

// podUID is the uid of the pod that a cgroup is of, "" when it is of none: a part of its path is called so,
// podUID with dashes, or kubepods-burstable-podUID.slice with underscores.
func podUID(cgroups string) string {
	for rest := cgroups; ; {
		i := strings.Index(rest, "pod")
		if i < 0 {
			return ""
		}
		starts := i > 0 && (rest[i-1] == '/' || rest[i-1] == '-')
		rest = rest[i+3:]
		end := strings.IndexAny(rest, "/:\x00")
		if end < 0 {
			end = len(rest)
		}
		uid := strings.ReplaceAll(strings.TrimSuffix(rest[:end], ".slice"), "_", "-")
		if starts && (len(uid) == 36 && strings.Count(uid, "-") == 4 || len(uid) == 32) && strings.Trim(uid, "0123456789abcdef-") == "" {
			return uid
		}
	}
}

// kubeEvents gives give the objects as the events with the time ts that tell of them.
func (t *Tables) kubeEvents(ts uint64, give func([]byte) error) error {
	if t.kube == nil {
		return nil
	}
	var b []byte
	emit := func(list map[string]*kubeObject) error {
		for _, uid := range slices.Sorted(maps.Keys(list)) {
			if text := list[uid].text; text == "" || len(text) > event.MaxKubeRecord {
				continue
			}
			b = event.Append(b[:0], ts, -1, event.K8sE, append([]byte(list[uid].text), 0))
			if err := give(b); err != nil {
				return err
			}
		}
		return nil
	}
	spaces := slices.Sorted(maps.Keys(t.kube.spaces))
	for _, kind := range kubeKinds {
		if kind == "Node" {
			if err := emit(t.kube.nodes); err != nil {
				return err
			}
			continue
		}
		for _, name := range spaces {
			if err := emit(t.kube.spaces[name].objects[kind]); err != nil {
				return err
			}
		}
	}
	return nil
}

// kubeBytes is what the texts of the objects take.
func (t *Tables) kubeBytes() (n int) {
	if t.kube == nil {
		return 0
	}
	add := func(list map[string]*kubeObject) {
		for _, o := range list {
			n += 2 * len(o.text)
		}
	}
	add(t.kube.nodes)
	for _, s := range t.kube.spaces {
		for _, list := range s.objects {
			add(list)
		}
	}
	return n
}
