package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"

	"scry/testdata/apiserver"
)

// fakes are client-go's own fake clients with the cluster of the tests. They do not select by fields: there are only objects of node-1.
func fakes(t *testing.T) *clients {
	t.Helper()
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	lists := map[schema.GroupVersionResource]string{}
	var whole, partial []runtime.Object
	for i := range kinds {
		k := &kinds[i]
		lists[k.resource] = k.name + "List"
		for _, o := range cluster()[k.resource.Resource] {
			u := &unstructured.Unstructured{Object: o}
			u.SetGroupVersionKind(k.resource.GroupVersion().WithKind(k.name))
			if u.GetName() == "node-2" || u.GetName() == "web-77-y" {
				continue
			}
			whole = append(whole, u)
			p := &metav1.PartialObjectMetadata{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"metadata": o["metadata"], "kind": u.GetKind(), "apiVersion": u.GetAPIVersion()}, p); err != nil {
				t.Fatal(err)
			}
			partial = append(partial, p)
		}
	}
	return &clients{"fake", dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, whole...), metadatafake.NewSimpleMetadataClient(scheme, partial...)}
}

// TestFake: the informers over client-go's fakes; what is told in the beginning, and what changes.
func TestFake(t *testing.T) {
	c := fakes(t)
	h, w := listen(t, Options{Node: "node-1", connect: func() (*clients, error) { return c, nil }})
	w.Wait(10 * time.Second)
	if got := h.names(); got != all {
		t.Fatalf("%s, want %s; %q", got, all, h.warnings())
	}
	want := map[string]any{"name": "web-77-x", "namespace": "shop", "uid": "p1", "timestamp": "2026-01-02T03:04:05Z", "nodeName": "node-1", "hostIP": "192.0.2.1", "podIP": "10.0.0.7",
		"phase": "Running", "labels": map[string]any{"app": "web", "pod-template-hash": "77"}, "initContainerStatuses": []any{},
		"containerStatuses": []any{map[string]any{"name": "web", "containerID": "containerd://0123"}}, "owners": []any{map[string]any{"kind": "ReplicaSet", "name": "web-77", "uid": "r1"}}}
	if d := cmp.Diff(want, h.item("Pod web-77-x")); d != "" {
		t.Error(d)
	}
	h.wait("selector", func() bool { return h.item("Deployment web")["selector"] != nil })
	want = map[string]any{"name": "web", "namespace": "shop", "uid": "d1", "timestamp": "2026-01-02T03:04:05Z", "labels": map[string]any{"app": "web"}, "selector": map[string]any{"app": "web"}}
	if d := cmp.Diff(want, h.item("Deployment web")); d != "" {
		t.Error(d)
	}
	ctx := context.Background()
	space := c.whole.Resource(kinds[services].resource).Namespace("shop")
	u := &unstructured.Unstructured{Object: with(meta("shop/new", "s9", nil), "spec", map[string]any{"selector": map[string]any{"app": "web"}})}
	u.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "Service"})
	if _, err := space.Create(ctx, u, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	h.wait("a service is new", func() bool { return h.item("Service new") != nil })
	unstructured.SetNestedField(u.Object, "cart", "spec", "selector", "app")
	if _, err := space.Update(ctx, u, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	h.wait("it selects others", func() bool { return h.item("Service new") == nil })
	if err := c.whole.Resource(kinds[pods].resource).Namespace("shop").Delete(ctx, "web-77-x", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	h.wait("the pod is gone, and all that explained it", func() bool { return h.names() == "Node node-1" })
	if got := h.warnings(); got != nil {
		t.Errorf("%q", got)
	}
}

// TestServer: the same over the wire: pages, selectors and metadata as they are asked for, and nothing but GET.
func TestServer(t *testing.T) {
	s, kubeconfig := serve(t)
	for i := range 1200 { // pages
		s.Put("replicasets", meta(fmt.Sprintf("many/rs-%d", i), fmt.Sprint("m", i), nil))
	}
	h, w := listen(t, Options{Config: kubeconfig, Node: "node-1"})
	w.Wait(10 * time.Second)
	if got := h.names(); got != all {
		t.Fatalf("%s, want %s; %q", got, all, h.warnings())
	}
	h.mu.Lock()
	if got := strings.Join(h.order[:6], ", "); got != "ADDED Namespace shop, ADDED Node node-1, ADDED Deployment web, ADDED ReplicaSet web-77, ADDED Service www, ADDED Pod web-77-x" {
		t.Errorf("in that order: %s", got)
	}
	h.mu.Unlock()
	h.wait("selector", func() bool { return h.item("ReplicaSet web-77")["selector"] != nil })
	s.Put("namespaces", meta("shop", "n1", map[string]any{"team": "green"}))
	h.wait("a label", func() bool { return cmp.Equal(h.item("Namespace shop")["labels"], map[string]any{"team": "green"}) })
	s.Put("pods", with(with(meta("bank/till", "p9", map[string]any{"app": "web"}), "spec", map[string]any{"nodeName": "node-1"}), "status", map[string]any{}))
	h.wait("a pod", func() bool { return h.item("Namespace bank") != nil && h.item("Pod till") != nil })
	if h.item("Service www")["uid"] != "s3" {
		t.Errorf("its service: %v", h.item("Service www"))
	}
	s.Delete("pods", "bank", "till")
	h.wait("it is gone", func() bool { return h.item("Namespace bank") == nil && h.item("Pod till") == nil })
	for _, q := range s.Asked() {
		if !strings.HasPrefix(q, "GET ") {
			t.Errorf("asked %s", q)
		}
		if strings.Contains(q, "/pods?") && !strings.Contains(q, "fieldSelector=spec.nodeName%3Dnode-1") || strings.Contains(q, "/nodes?") && !strings.Contains(q, "fieldSelector=metadata.name%3Dnode-1") {
			t.Errorf("asked for more than this node: %s", q)
		}
	}
	if got := h.warnings(); got != nil {
		t.Errorf("%q", got)
	}
}

// TestServerFails: whatever the server does costs one line, and ends when it behaves.
func TestServerFails(t *testing.T) {
	broken := func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "\x1b[31mno\n", http.StatusInternalServerError)
		return true
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request) bool
		want   string
	}{
		{"500", broken, "an error on the server"},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) bool { io.WriteString(w, "<html>\x1b[2J"); return true }, "): serializer for text/html"},
		{"nonsense JSON", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"kind":"SecretList","apiVersion":"v1","items":7}`)
			return true
		}, ""},
		{"hang", func(_ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-release:
			}
			return true
		}, "no answer within 300ms"},
		{"401", func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Authorization"); return false }, "does not accept the credentials"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://127.0.0.1:1/steal", http.StatusFound)
			return true
		}, "points to another one"},
		{"403", func(w http.ResponseWriter, r *http.Request) bool { apiserver.Deny(w, "x"); return true },
			"may not list and watch deployments, namespaces, nodes, pods, replicasets, replicationcontrollers, services"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, kubeconfig := serve(t)
			s.Answer(c.answer)
			h, w := listen(t, Options{Config: kubeconfig, Node: "node-1", Timeout: 300 * time.Millisecond})
			began := time.Now()
			w.Wait(10 * time.Second)
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("that took %v", d)
			}
			h.wait("a warning", func() bool { return h.warnings() != nil })
			s.Answer(nil)
			h.wait("it behaves", func() bool { return h.names() == all })
			if got := h.warnings(); len(got) != 1 || !strings.Contains(got[0], "Kubernetes (https://"+s.Addr()) || !strings.Contains(got[0], c.want) || strings.ContainsAny(got[0], "\x1b\n") {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestServerRestarts: a server that is there again, with its history or without, is asked again; what was deleted meanwhile is told. Nothing of that is said.
func TestServerRestarts(t *testing.T) {
	for _, forget := range []bool{false, true} {
		s, kubeconfig := serve(t)
		h, w := listen(t, Options{Config: kubeconfig, Node: "node-1"})
		w.Wait(10 * time.Second)
		if got := h.names(); got != all {
			t.Fatal(got)
		}
		s.Stop(forget)
		s.Delete("services", "shop", "www")
		s.Put("namespaces", meta("shop", "n1", map[string]any{"team": "green"}))
		time.Sleep(200 * time.Millisecond)
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		h.wait("what has changed", func() bool {
			return h.item("Service www") == nil && cmp.Equal(h.item("Namespace shop")["labels"], map[string]any{"team": "green"})
		})
		if got := h.warnings(); len(got) > 1 {
			t.Errorf("%q", got)
		}
	}
}

// TestPartlyForbidden: what may be asked for is there; a line says what may not.
func TestPartlyForbidden(t *testing.T) {
	s, kubeconfig := serve(t)
	s.Answer(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/services") || strings.HasSuffix(r.URL.Path, "/nodes") {
			apiserver.Deny(w, "services")
			return true
		}
		return false
	})
	h, w := listen(t, Options{Config: kubeconfig, Node: "node-1"})
	w.Wait(10 * time.Second)
	if got := h.names(); got != "Deployment web, Namespace shop, Pod web-77-x, ReplicaSet web-77" {
		t.Errorf("%s", got)
	}
	h.wait("a warning", func() bool { return h.warnings() != nil })
	if got := h.warnings(); len(got) != 1 || !strings.Contains(got[0], "may not list and watch nodes, services:") {
		t.Errorf("%q", got)
	}
}

// TestWrongNode: a node that the API server does not have is said.
func TestWrongNode(t *testing.T) {
	_, kubeconfig := serve(t)
	h, _ := listen(t, Options{Config: kubeconfig, Node: "web1.example"})
	h.wait("a warning", func() bool { return h.warnings() != nil })
	if got := h.warnings(); len(got) != 1 || !strings.Contains(got[0], `there is no node "web1.example": --node-name`) {
		t.Errorf("%q", got)
	}
}

// TestNowhere: without an API server there is one line, and nothing waits.
func TestNowhere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	program := `{"apiVersion":"v1","kind":"Config","current-context":"x","clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:1"}}],
		"contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],"users":[{"name":"x","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"/bin/touch","args":["` + dir + `/ran"],"interactiveMode":"Never"}}}]}`
	silent := strings.Replace(strings.Replace(program, `"exec":`, `"ignored":`, 1), "\n", "", -1)
	for _, c := range []struct{ config, text, want string }{
		{Auto, "", "no API server is known"},
		{InCluster, "", "in-cluster configuration"},
		{"none", "", "no such file"},
		{"empty", "", "no API server is known"},
		{"damaged", "{", ""},
		{"program", program, "credentials come from another program"},
		{"silent", silent, "nobody listens there"},
	} {
		config := c.config
		if config != Auto && config != InCluster {
			if config = filepath.Join(dir, c.config); c.config != "none" {
				if err := os.WriteFile(config, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		h, w := listen(t, Options{Config: config, Node: "node-1"})
		w.Wait(10 * time.Second)
		h.wait("a warning", func() bool { return h.warnings() != nil })
		if got := h.warnings(); len(got) != 1 || !strings.HasPrefix(got[0], "Kubernetes") || !strings.Contains(got[0], c.want) || strings.ContainsAny(got[0], "\n\x1b") {
			t.Errorf("%s: %q", c.config, got)
		}
		w.Close()
	}
	if _, err := os.Stat(dir + "/ran"); err == nil {
		t.Error("the program of a kubeconfig has run")
	}
	if text, bad := Survey(time.Second); text != "none found" || bad {
		t.Errorf("survey: %q %v", text, bad)
	}
}

// TestSurvey: doctor's line.
func TestSurvey(t *testing.T) {
	s, kubeconfig := serve(t)
	t.Setenv("KUBECONFIG", kubeconfig)
	t.Setenv("NODE_NAME", "node-1")
	if text, bad := Survey(5 * time.Second); bad || text != "https://"+s.Addr()+", node node-1" && text != "https://"+s.Addr()+"/, node node-1" {
		t.Errorf("%q %v", text, bad)
	}
	t.Setenv("NODE_NAME", "node-7")
	if text, bad := Survey(5 * time.Second); !bad || !strings.HasSuffix(text, "no such node") {
		t.Errorf("%q %v", text, bad)
	}
	s.Stop(false)
	if text, bad := Survey(5 * time.Second); !bad || !strings.HasSuffix(text, "nobody listens there") {
		t.Errorf("%q %v", text, bad)
	}
}

// TestLimits: nothing but GET gets through, and answers have an end.
func TestLimits(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 70 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	c := http.Client{Transport: &limits{http.DefaultTransport, strings.TrimPrefix(srv.URL, "http://"), time.Second}}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		req, _ := http.NewRequest(method, srv.URL, nil)
		if _, err := c.Do(req); !errors.Is(err, errWrites) {
			t.Errorf("%s: %v", method, err)
		}
	}
	for path, want := range map[string]error{"/": errLarge, "/?watch=true": nil} {
		resp, err := c.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
		resp.Body.Close()
	}
}

// TestLarge: of an object that is too large for a record the labels are left out; it is told all the same.
func TestLarge(t *testing.T) {
	s, kubeconfig := serve(t)
	many := map[string]any{"app": "web"}
	for i := range 3000 {
		many[fmt.Sprintf("label-%d\x00\x1b", i)] = strings.Repeat("\x01", 40)
	}
	s.Put("namespaces", meta("shop", "n1", many))
	h, w := listen(t, Options{Config: kubeconfig, Node: "node-1"})
	w.Wait(10 * time.Second)
	if m := h.item("Namespace shop"); m == nil || m["labels"] != nil {
		t.Errorf("%.200v", m)
	}
	if got := h.warnings(); len(got) != 1 || !strings.Contains(got[0], "too large to record") {
		t.Errorf("%q", got)
	}
}
