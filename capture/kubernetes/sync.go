package kubernetes

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"

	"scry/capture/event"
)

// told is what was handed out of an object.
type told struct {
	kind        int
	space, name string
	hash        uint64
}

func (o *object) key(i int) string { return kinds[i].name + "/" + string(o.UID) }

// sync hands out what belongs to the pods of this node and is new or has changed, and says what does not belong to them any more.
func (w *Watcher) sync() {
	want := w.wanted()
	for i := range kinds {
		for _, key := range slices.Sorted(maps.Keys(want[i])) {
			w.tell(i, key, want[i][key])
		}
	}
	for key, t := range w.told {
		if want[t.kind][key] == nil && w.informers[t.kind].HasSynced() {
			delete(w.told, key)
			w.hand(encode("DELETED", t.kind, map[string]any{"name": t.name, "namespace": t.space, "uid": strings.TrimPrefix(key, kinds[t.kind].name+"/")}))
		}
	}
	w.askSelectors(want)
	if w.informers[nodes].HasSynced() && len(want[nodes]) == 0 {
		w.alarms.say("there is no node \"" + event.Printable(w.o.Node) + "\": --node-name says how the API server calls this one")
	}
}

// wanted are the objects of each kind that belong to the pods of this node, by kind and uid.
func (w *Watcher) wanted() (want [len(kinds)]map[string]*object) {
	for i := range want {
		want[i] = map[string]*object{}
	}
	n := 0
	add := func(i int, o *object) bool {
		if o == nil || o.UID == "" || want[i][o.key(i)] != nil {
			return false
		}
		if n++; n > maxTold {
			w.alarms.say("this node has more pods than can be told of")
			return false
		}
		want[i][o.key(i)] = o
		return true
	}
	for _, o := range objects(w.informers[nodes].GetStore().List()) {
		add(nodes, o)
	}
	spaces := map[string][]*object{} // the services of a namespace
	for _, p := range objects(w.informers[pods].GetStore().List()) {
		if !add(pods, p) {
			continue
		}
		add(namespaces, w.get(namespaces, "", p.Namespace))
		add(controllers, w.owner(controllers, p))
		if rs := w.owner(replicaSets, p); rs != nil {
			add(replicaSets, rs)
			add(deployments, w.owner(deployments, rs))
		}
		list, ok := spaces[p.Namespace]
		if !ok {
			in, _ := w.informers[services].GetIndexer().ByIndex(cache.NamespaceIndex, p.Namespace) // there is that index
			list = objects(in)
			spaces[p.Namespace] = list
		}
		for _, s := range list {
			if selects(s.selector, p.Labels) {
				add(services, s)
			}
		}
	}
	return want
}

// owner is the object of a kind that owns another one, nil when there is none, or it is not known.
func (w *Watcher) owner(i int, of *object) *object {
	for _, ref := range of.OwnerReferences {
		if ref.Kind != kinds[i].name {
			continue
		}
		if o := w.get(i, of.Namespace, ref.Name); o != nil && o.UID == ref.UID {
			return o
		}
	}
	return nil
}

// objects are what an informer has, as trim made it.
func objects(list []any) (out []*object) {
	for _, x := range list {
		if o, ok := x.(*object); ok {
			out = append(out, o)
		}
	}
	return out
}

// selects tells whether labels are those that a selector looks for. One that is empty looks for nothing.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return len(selector) > 0
}

// tell hands out an object unless that was done.
func (w *Watcher) tell(i int, key string, o *object) {
	item := w.item(i, key, o)
	record := encode("ADDED", i, item)
	for _, drop := range []string{"labels", "selector", "initContainerStatuses", "containerStatuses"} {
		if len(record) <= MaxRecord {
			break
		}
		w.alarms.say("the labels of an object are too large to record")
		delete(item, drop)
		record = encode("ADDED", i, item)
	}
	before, hash := w.told[key], maphash.Bytes(w.seed, record)
	if before != nil && before.hash == hash || len(record) > MaxRecord {
		return
	}
	w.told[key] = &told{i, text(o.Namespace), text(o.Name), hash}
	if before != nil {
		record = encode("MODIFIED", i, item)
	}
	w.hand(record)
}

func (w *Watcher) hand(record []byte) {
	if w.ctx.Err() == nil && record != nil {
		w.o.Tell(record)
	}
}

// encode is a record, as sysdig writes it: an event of the API server with a list of objects, of which only some members are left.
func encode(event string, i int, item map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"type": event, "apiVersion": kinds[i].resource.GroupVersion().String(), "kind": kinds[i].name, "items": []any{item}})
	if err != nil {
		return nil // cannot be: texts, and lists and maps of them
	}
	return b
}

// item is an object in a record. "owners" is what only scry has.
func (w *Watcher) item(i int, key string, o *object) map[string]any {
	m := map[string]any{"name": text(o.Name), "uid": text(string(o.UID)), "timestamp": o.CreationTimestamp.UTC().Format(time.RFC3339), "labels": pairs(o.Labels)}
	if o.Namespace != "" {
		m["namespace"] = text(o.Namespace)
	}
	if i == pods || i == replicaSets {
		list := []any{}
		for _, r := range o.OwnerReferences[:min(len(o.OwnerReferences), 16)] {
			list = append(list, map[string]string{"kind": text(r.Kind), "name": text(r.Name), "uid": text(string(r.UID))})
		}
		m["owners"] = list
	}
	switch i {
	case services:
		m["selector"], m["clusterIP"] = pairs(o.selector), text(o.ip)
	case deployments, replicaSets, controllers:
		w.mu.Lock()
		if s := w.selectors[key]; s != nil {
			m["selector"] = pairs(s)
		}
		w.mu.Unlock()
	case pods:
		m["nodeName"], m["hostIP"], m["podIP"], m["phase"] = text(o.pod.node), text(o.pod.hostIP), text(o.pod.ip), text(o.pod.phase)
		m["containerStatuses"], m["initContainerStatuses"] = statuses(o.pod.boxes), statuses(o.pod.inits)
	}
	return m
}

// engines are the schemes of container ids that sysdig knows: at any other it gives up reading.
var engines = []string{"docker://", "containerd://", "cri-o://", "rkt://"}

func statuses(list []box) []any {
	out := []any{}
	for _, b := range list {
		if slices.ContainsFunc(engines, func(e string) bool { return strings.HasPrefix(b.id, e) }) {
			out = append(out, map[string]string{"name": text(b.name), "containerID": text(b.id)})
		}
	}
	return out
}

// text is s as a record may have it.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), maxText)], "?"), "\x00", "?")
}

// pairs are labels as a record may have them.
func pairs(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[text(k)] = text(v)
	}
	return out
}

// askSelectors asks for the selectors of objects, which are none of their metadata. They never change; scry has owners instead, but sysdig finds the pods of
// a deployment by them.
func (w *Watcher) askSelectors(want [len(kinds)]map[string]*object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	type question struct {
		kind int
		o    *object
	}
	var list []question
	for _, i := range []int{deployments, replicaSets, controllers} {
		for _, key := range slices.Sorted(maps.Keys(want[i])) {
			if _, asked := w.selectors[key]; !asked {
				list = append(list, question{i, want[i][key]})
			}
		}
	}
	if len(list) == 0 || w.asking {
		return
	}
	maps.DeleteFunc(w.selectors, func(key string, _ map[string]string) bool {
		return want[deployments][key] == nil && want[replicaSets][key] == nil && want[controllers][key] == nil
	})
	w.asking = true
	w.running.Go(func() {
		for _, q := range list {
			s := w.selector(q.kind, q.o)
			w.mu.Lock()
			w.selectors[q.o.key(q.kind)] = s
			w.mu.Unlock()
		}
		w.mu.Lock()
		w.asking = false
		w.mu.Unlock()
		w.poke()
	})
}

// selector asks for that of an object; nil when that is not told.
func (w *Watcher) selector(i int, o *object) map[string]string {
	ctx, cancel := context.WithTimeout(w.ctx, w.o.Timeout)
	defer cancel()
	u, err := w.clients.whole.Resource(kinds[i].resource).Namespace(o.Namespace).Get(ctx, o.Name, metav1.GetOptions{})
	if err != nil || u.GetUID() != o.UID {
		return nil
	}
	path := []string{"spec", "selector", "matchLabels"}
	if i == controllers {
		path = path[:2]
	}
	m, _, _ := unstructured.NestedStringMap(u.Object, path...)
	return m
}
