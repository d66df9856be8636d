package container

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// hexID is a whole id that begins with s.
func hexID(s string) string { return s + strings.Repeat("0", 64-len(s)) }

// fakeDocker answers as docker does, for the containers that it is given.
type fakeDocker struct {
	path   string
	podman bool
	server *httptest.Server

	mu      sync.Mutex
	objects map[string]string // what inspect says, by whole id
	stopped []string          // ids of those that do not run
	asked   []string          // methods and paths
	answer  func(w http.ResponseWriter, r *http.Request) bool
	events  chan string
}

// startDocker begins to listen; path "" is one of its own.
func startDocker(t *testing.T, path string) *fakeDocker {
	t.Helper()
	if path == "" {
		path = filepath.Join(shortDir(t), "docker.sock")
	}
	f := &fakeDocker{path: path, objects: map[string]string{}, events: make(chan string, 10000)}
	f.listen(t)
	t.Cleanup(func() { f.stop() })
	return f
}

func (f *fakeDocker) listen(t *testing.T) {
	l, err := net.Listen("unix", f.path)
	if err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.server.Listener.Close()
	f.server.Listener = l
	f.server.Start()
}

func (f *fakeDocker) stop() {
	f.server.CloseClientConnections()
	f.server.Listener.Close()
	go f.server.Close() // waits for handlers that hang
}

func (f *fakeDocker) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	answer := f.answer
	f.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	path := r.URL.Path
	switch {
	case path == "/version":
		name := "Engine"
		if f.podman {
			name = "Podman Engine"
		}
		fmt.Fprintf(w, `{"Version":"20.10","Components":[{"Name":%q}]}`, name)
	case path == "/containers/json":
		f.list(w)
	case path == "/events":
		w.(http.Flusher).Flush()
		for {
			select {
			case e := <-f.events:
				fmt.Fprintln(w, e)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	case strings.HasPrefix(path, "/containers/"):
		f.inspect(w, r, strings.TrimSuffix(strings.TrimPrefix(path, "/containers/"), "/json"))
	case strings.HasPrefix(path, "/images/sha256:"):
		fmt.Fprint(w, `{"RepoTags":["nginx:1.25"],"RepoDigests":["nginx@sha256:dd"]}`)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeDocker) list(w http.ResponseWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []map[string]any{}
	for id, text := range f.objects {
		var x dockerInspected
		json.Unmarshal([]byte(text), &x)
		state := "running"
		if slices.Contains(f.stopped, id) {
			state = "exited"
		}
		list = append(list, map[string]any{"Id": id, "Names": []string{x.Name}, "Image": x.Config.Image, "ImageID": x.Image, "Created": 7, "State": state,
			"Labels": x.Config.Labels})
	}
	json.NewEncoder(w).Encode(list)
}

func (f *fakeDocker) inspect(w http.ResponseWriter, r *http.Request, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for whole, text := range f.objects {
		if strings.HasPrefix(whole, id) {
			fmt.Fprint(w, text)
			return
		}
	}
	http.NotFound(w, r)
}

// put adds a container, or changes it.
func (f *fakeDocker) put(id, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[id] = fmt.Sprintf(`{"Id":%q,"Name":"/%s","Created":"2024-01-02T03:04:05Z","Image":"sha256:%s","Config":{"Image":"nginx"}}`, id, name, hexID("ab"))
}

func (f *fakeDocker) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, id)
}

func (f *fakeDocker) set(answer func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// event sends an event of a container.
func (f *fakeDocker) event(action, id, name string) {
	f.events <- fmt.Sprintf(`{"Type":"container","Action":%q,"Actor":{"ID":%q,"Attributes":{"name":%q,"image":"nginx","app":"x"}}}`, action, id, name)
}

// shortDir is a folder with a name that is short enough for sockets.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "eng")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// heard is what a watcher said.
type heard struct {
	t       *testing.T
	mu      sync.Mutex
	records []map[string]any
	warned  []string
	w       *Watcher
}

// watch starts a watcher over these sockets and no others.
func watch(t *testing.T, o Options) *heard {
	t.Helper()
	none := []string{filepath.Join(shortDir(t), "none")}
	missing := map[string]bool{none[0]: true}
	for _, list := range []*[]string{&o.Docker, &o.Podman, &o.CRI} {
		if *list == nil {
			*list = none
		}
	}
	h := &heard{t: t}
	o.Tell = func(record []byte) {
		var doc struct{ Container map[string]any }
		if err := json.Unmarshal(record, &doc); err != nil || len(record) > MaxRecord {
			t.Errorf("%v: %.100s", err, record)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.records = append(h.records, doc.Container)
	}
	o.Warn = func(line string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for path := range missing {
			if strings.Contains(line, path) {
				return
			}
		}
		h.warned = append(h.warned, line)
	}
	h.w = Watch(o)
	t.Cleanup(h.w.Close)
	return h
}

// last is the last record of a container, nil when there was none.
func (h *heard) last(id string) map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range slices.Backward(h.records) {
		if r["id"] == shortID(id) {
			return r
		}
	}
	return nil
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.records)
}

func (h *heard) warnings() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.warned)
}

// wait waits until ok is true; what is named did not happen otherwise.
func (h *heard) wait(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("not within 10 s: %s; warnings %q, records %.2000v", what, h.warnings(), fmt.Sprint(h.records))
		}
	}
}

// named waits until a container has that name.
func (h *heard) named(id, name string) {
	h.t.Helper()
	h.wait(shortID(id)+" is "+name, func() bool { r := h.last(id); return r != nil && r["name"] == name })
}
