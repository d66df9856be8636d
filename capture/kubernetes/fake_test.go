package kubernetes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"scry/testdata/apiserver"
)

// heard is what a watcher tells.
type heard struct {
	t  *testing.T
	mu sync.Mutex
	// by kind and name: the last record, and in their order what was told
	last  map[string]record
	order []string
	warns []string
}

// record is a record of one object.
type record struct {
	Type, Kind, APIVersion string
	Items                  []map[string]any
}

// listen watches until the test ends.
func listen(t *testing.T, o Options) (*heard, *Watcher) {
	t.Helper()
	h := &heard{t: t, last: map[string]record{}}
	o.Tell = func(b []byte) {
		var r record
		if err := json.Unmarshal(b, &r); err != nil || len(r.Items) != 1 || len(b) > MaxRecord || slices.Contains(b, 0) {
			t.Errorf("%v: %s", err, b)
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		name := r.Kind + " " + r.Items[0]["name"].(string)
		h.last[name] = r
		h.order = append(h.order, r.Type+" "+name)
	}
	o.Warn = func(line string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.warns = append(h.warns, line)
	}
	w := Watch(o)
	t.Cleanup(w.Close)
	return h, w
}

// item is the last record of an object, "" when it was deleted, or is not known.
func (h *heard) item(name string) map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r, ok := h.last[name]; ok && r.Type != "DELETED" {
		return r.Items[0]
	}
	return nil
}

// names are the objects that are there.
func (h *heard) names() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for name, r := range h.last {
		if r.Type != "DELETED" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (h *heard) warnings() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.warns)
}

// wait waits until something holds.
func (h *heard) wait(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("%s: not within 15 s; %s; %q", what, h.names(), h.warnings())
		}
	}
}

// object is one as a test puts it: its namespace and name, uid, and what is merged into it.
func meta(name, uid string, labels map[string]any, owners ...any) apiserver.Object {
	m := map[string]any{"name": name, "uid": uid, "labels": labels, "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": []any{map[string]any{"manager": "kubelet"}}}
	if space, name, ok := strings.Cut(name, "/"); ok {
		m["namespace"], m["name"] = space, name
	}
	if len(owners) > 0 {
		m["ownerReferences"] = owners
	}
	return apiserver.Object{"metadata": m}
}

func with(o apiserver.Object, key string, value map[string]any) apiserver.Object {
	o[key] = value
	return o
}

func owner(kind, name, uid string) map[string]any {
	return map[string]any{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true}
}

// resources and objects of a small cluster: one pod is node-1's, with what explains it, and one another node's.
func cluster() map[string][]apiserver.Object {
	app := map[string]any{"app": "web"}
	selector := map[string]any{"selector": map[string]any{"matchLabels": app}}
	pod := func(name, uid, node, id string, owners ...any) apiserver.Object {
		o := with(meta("shop/"+name, uid, map[string]any{"app": "web", "pod-template-hash": "77"}, owners...), "spec", map[string]any{"nodeName": node, "containers": []any{map[string]any{"name": "web"}}})
		return with(o, "status", map[string]any{"podIP": "10.0.0.7", "hostIP": "192.0.2.1", "phase": "Running",
			"containerStatuses": []any{map[string]any{"name": "web", "containerID": id}, map[string]any{"name": "odd", "containerID": "odd://77"}, map[string]any{"name": "none"}}})
	}
	return map[string][]apiserver.Object{
		"namespaces":             {meta("shop", "n1", map[string]any{"team": "blue"}), meta("bank", "n2", nil)},
		"nodes":                  {meta("node-1", "h1", nil), meta("node-2", "h2", nil)},
		"deployments":            {with(meta("shop/web", "d1", app), "spec", selector), with(meta("bank/web", "d2", app), "spec", selector)},
		"replicasets":            {with(meta("shop/web-77", "r1", app, owner("Deployment", "web", "d1")), "spec", selector), meta("shop/web-66", "r0", app, owner("Deployment", "web", "d1"))},
		"replicationcontrollers": {meta("shop/old", "c1", nil)},
		"services": {with(meta("shop/www", "s1", map[string]any{"public": "yes"}), "spec", map[string]any{"selector": app, "clusterIP": "10.1.0.1"}),
			with(meta("shop/none", "s2", nil), "spec", map[string]any{}), with(meta("bank/www", "s3", nil), "spec", map[string]any{"selector": app})},
		"pods": {pod("web-77-x", "p1", "node-1", "containerd://0123", owner("ReplicaSet", "web-77", "r1")), pod("web-77-y", "p2", "node-2", "containerd://4567", owner("ReplicaSet", "web-77", "r1"))},
	}
}

// all are the objects of that cluster that belong to node-1.
const all = "Deployment web, Namespace shop, Node node-1, Pod web-77-x, ReplicaSet web-77, Service www"

// serve starts an API server with that cluster, and makes a kubeconfig for it.
func serve(t *testing.T) (s *apiserver.Server, kubeconfig string) {
	t.Helper()
	s = apiserver.New("sesame")
	for resource, list := range cluster() {
		for _, o := range list {
			s.Put(resource, o)
		}
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(false) })
	kubeconfig = filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kubeconfig, s.Kubeconfig(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, kubeconfig
}
