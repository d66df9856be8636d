package container

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goruntime "runtime"
)

// What runs at the start is told before Wait returns; what comes, is renamed and goes is told by events; nothing but GET is ever sent.
func TestWatchDocker(t *testing.T) {
	f := startDocker(t, "")
	web, old := hexID("aaaa"), hexID("bbbb")
	f.put(web, "web")
	f.put(old, "old")
	f.stopped = []string{old}
	h := watch(t, Options{Docker: []string{f.path}})
	h.w.Wait(5 * time.Second)
	if r := h.last(web); r == nil || r["name"] != "web" || r["imagetag"] != "1.25" || r["imagedigest"] != "sha256:dd" || r["created_time"] != 1704164645.0 {
		t.Fatalf("%v", r)
	}
	if r := h.last(old); r != nil {
		t.Errorf("a container that does not run: %v", r)
	}
	h.w.Ask(old[:12], "docker")
	h.named(old, "old")
	for i := range 3 {
		id, name := hexID(fmt.Sprintf("c%d", i)), fmt.Sprintf("n%d", i)
		f.put(id, name)
		f.event("create", id, name)
		h.named(id, name)
	}
	f.put(web, "web2")
	f.event("rename", web, "web2")
	h.named(web, "web2")
	n := h.count()
	f.event("start", web, "web2") // says nothing new
	f.event("exec_create: sh", web, "web2")
	short := hexID("dddd") // gone before it could be inspected: the event itself says its name
	f.event("create", short, "short")
	h.named(short, "short")
	if r := h.last(short); r["image"] != "nginx" || fmt.Sprint(r["labels"]) != "map[app:x]" {
		t.Errorf("%v", r)
	}
	if r := h.last(short); r["lookup_state"] != 0.0 || h.last(web)["lookup_state"] != 1.0 {
		t.Errorf("%v", r)
	}
	if m := h.count(); m != n+1 {
		t.Errorf("%d records, want 1: %v", m-n, h.records[n:])
	}
	f.remove(web)
	f.event("destroy", web, "web2")
	f.event("start", web, "late") // an event that overtook another
	f.event("create", hexID("eeee"), "end")
	h.named(hexID("eeee"), "end")
	if r := h.last(web); r["name"] != "web2" {
		t.Errorf("%v", r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if !strings.HasPrefix(a, "GET ") {
			t.Error(a)
		}
	}
	if len(h.warnings()) > 0 {
		t.Error(h.warnings())
	}
}

// A container that no event told of is found when it is asked for, also when the engine does not know it at once; a podman's record says podman.
func TestAsk(t *testing.T) {
	f := startDocker(t, "")
	f.podman = true
	h := watch(t, Options{Podman: []string{f.path}})
	h.w.Wait(5 * time.Second)
	id := hexID("abcd")
	h.w.Ask(id[:12], "docker")
	h.w.Ask("../images/x", "docker")
	h.w.Ask("nobody", "lxc")
	f.put(id, "late")
	h.named(id, "late")
	if r := h.last(id); r["type"] != 11.0 {
		t.Errorf("%v", r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.Contains(a, "..") || strings.Contains(a, "nobody") {
			t.Error(a)
		}
	}
}

// Behind a proxy that keeps the events back, the list and questions still work.
func TestNoEvents(t *testing.T) {
	f := startDocker(t, "")
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/events" {
			w.WriteHeader(403)
		}
		return r.URL.Path == "/events"
	})
	f.put(hexID("aa"), "one")
	h := watch(t, Options{Docker: []string{f.path}})
	h.named(hexID("aa"), "one")
	f.put(hexID("bb"), "two")
	h.w.Ask(hexID("bb"), "docker")
	h.named(hexID("bb"), "two")
	if w := h.warnings(); len(w) > 0 {
		t.Error(w)
	}
}

// However an engine fails, that is one warning which says how, nothing waits longer than the time-out, and the other engines go on.
func TestBrokenEngines(t *testing.T) {
	good := startDocker(t, "")
	good.put(hexID("aa"), "good")
	text := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	only := func(path string, do func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasPrefix(r.URL.Path, path) && do(w, r)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	endless := func(w http.ResponseWriter, r *http.Request) bool {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				break
			}
		}
		return true
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"hangs":        {hang, "no answer within 300ms"},
		"denies":       {text(403, "go\x1b[31m away\n"), "it answers 403 Forbidden go [31m away"},
		"fails":        {text(500, "{}"), "it answers 500"},
		"no JSON":      {text(200, "<html>"), "its answer makes no sense"},
		"another JSON": {text(200, `[1,2]`), "its answer makes no sense"},
		"redirects": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://example.com/", 302)
			return true
		}, "it answers 302"},
		"list hangs":    {only("/containers/json", hang), "no answer within"},
		"list is wrong": {only("/containers/json", text(200, "{{")), "its answer makes no sense"},
		"endless":       {only("/containers/json", endless), "it is over 16777216 bytes"},
		"inspect hangs": {only("/containers/b", hang), "no answer within"},
		"inspect lies":  {only("/containers/b", text(200, `{"Id":"../../x"}`)), "its answer makes no sense"},
		"events":        {only("/events", text(200, strings.Repeat("x", 2<<20))), "its answer makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := startDocker(t, "")
			bad.put(hexID("bb"), "bad")
			bad.set(c.answer)
			began := time.Now()
			h := watch(t, Options{Docker: []string{bad.path, good.path}, Timeout: 300 * time.Millisecond})
			h.named(hexID("aa"), "good")
			h.wait("a warning", func() bool { return len(h.warnings()) > 0 })
			h.w.Wait(5 * time.Second)
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("took %v", took)
			}
			time.Sleep(350 * time.Millisecond) // two more attempts
			if w := h.warnings(); len(w) != 1 || !strings.Contains(w[0], c.want) || !strings.HasPrefix(w[0], "docker ("+bad.path+"): ") ||
				!strings.HasSuffix(w[0], ": names of its containers may be missing") {
				t.Errorf("%q", w)
			}
			if strings.HasPrefix(name, "inspect") {
				h.named(hexID("bb"), "bad") // as the list says
			}
			began = time.Now()
			if h.w.Close(); time.Since(began) > time.Second {
				t.Errorf("Close took %v", time.Since(began))
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	dir := shortDir(t)
	stale := filepath.Join(dir, "s")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	mute, err := net.Listen("unix", filepath.Join(dir, "m")) // accepts, by the kernel, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for path, want := range map[string]string{filepath.Join(dir, "none"): "no such socket", stale: "nobody listens there", filepath.Join(dir, "m"): "no answer within 100ms"} {
		for _, o := range []Options{{Docker: []string{path}}, {Podman: []string{path}}, {CRI: []string{path}}} {
			o.Timeout = 100 * time.Millisecond
			h := watch(t, o)
			h.w.Wait(5 * time.Second)
			h.wait("a warning", func() bool { return len(h.warnings()) > 0 })
			if w := h.warnings(); len(w) != 1 || !strings.Contains(w[0], want) {
				t.Errorf("%s: %q", path, w)
			}
			h.w.Close()
		}
	}
}

// An engine that restarts is connected to again, and what happened meanwhile is in its list.
func TestRestart(t *testing.T) {
	f := startDocker(t, "")
	f.put(hexID("aa"), "one")
	h := watch(t, Options{Docker: []string{f.path}})
	h.named(hexID("aa"), "one")
	f.stop()
	os.Remove(f.path)
	time.Sleep(50 * time.Millisecond)
	f.put(hexID("bb"), "two")
	f.listen(t)
	h.named(hexID("bb"), "two")
	f.put(hexID("cc"), "three")
	f.event("start", hexID("cc"), "three")
	h.named(hexID("cc"), "three")
	if w := h.warnings(); len(w) > 1 || len(w) == 1 && !strings.Contains(w[0], "the connection was lost") {
		t.Error(w)
	}
}

// A user's engine cannot rename a container of root's, and root's takes over one that a user claimed.
func TestTrust(t *testing.T) {
	root, user := startDocker(t, ""), startDocker(t, "")
	id := hexID("ee")
	root.put(id, "root")
	user.put(id, "user")
	h := watch(t, Options{Docker: []string{root.path}})
	h.named(id, "root")
	src := newSource(h.w, socket{kind: &kinds[1], path: user.path, owner: 1000})
	h.w.running.Go(src.run)
	<-src.listed
	user.event("start", id, "user")
	user.event("destroy", id, "user")
	other := hexID("ff")
	user.put(other, "user2")
	user.event("start", other, "user2")
	h.named(other, "user2")
	if r := h.last(id); r["name"] != "root" {
		t.Errorf("%v", r)
	}
	root.put(other, "root2")
	root.event("start", other, "root2")
	h.named(other, "root2")
}

// A storm costs neither names nor memory, and when it is too much that is told once.
func TestStorm(t *testing.T) {
	f := startDocker(t, "")
	h := watch(t, Options{Docker: []string{f.path}, Timeout: 10 * time.Second})
	h.w.Wait(5 * time.Second)
	const n = 2 * maxGone
	for i := range n {
		id, name := hexID(fmt.Sprintf("%04x", i)), fmt.Sprintf("n%d", i)
		f.put(id, name)
		f.event("create", id, name)
		h.w.Ask(id[:12], "docker")
		f.event("start", id, name)
	}
	for i := range n {
		h.named(hexID(fmt.Sprintf("%04x", i)), fmt.Sprintf("n%d", i))
		f.remove(hexID(fmt.Sprintf("%04x", i)))
		f.event("destroy", hexID(fmt.Sprintf("%04x", i)), "")
	}
	h.wait("all are forgotten", func() bool { h.w.telling.Lock(); defer h.w.telling.Unlock(); return len(h.w.known) <= maxGone })
	s := h.w.all()
	h.wait("no work is left", func() bool {
		left := 0
		for _, s := range s {
			s.mu.Lock()
			left += len(s.pending)
			s.mu.Unlock()
		}
		return left == 0
	})
	if h.count() > 2*n { // what the event says, and what inspect does
		t.Errorf("%d records of %d containers", h.count(), n)
	}
	f.set(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	for i := range 3 * maxQueue {
		began := time.Now()
		if h.w.Ask(fmt.Sprintf("%012x", i), "docker"); time.Since(began) > time.Second {
			t.Fatal("Ask waits")
		}
	}
	h.wait("a warning", func() bool { return len(h.warnings()) > 0 })
	if w := h.warnings(); len(w) != 1 || !strings.Contains(w[0], "more new ones than") {
		t.Error(w)
	}
	before := goruntime.NumGoroutine()
	h.w.Close()
	if after := goruntime.NumGoroutine(); after >= before {
		t.Errorf("%d goroutines, %d after Close", before, after)
	}
}

func TestSurvey(t *testing.T) {
	root := shortDir(t)
	for _, dir := range []string{"var/run", "run/podman", "run/user/7/podman", "run/containerd"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	startDocker(t, filepath.Join(root, "var/run/docker.sock"))
	startDocker(t, filepath.Join(root, "run/podman/podman.sock")).podman = true
	startDocker(t, filepath.Join(root, "run/user/7/podman/podman.sock")) // in the folder of a user whose it is not
	mute, err := net.Listen("unix", filepath.Join(root, "run/containerd/containerd.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	var have []string
	for _, f := range Survey(root, 100*time.Millisecond) {
		have = append(have, f.String())
	}
	want := "docker 20.10 (/var/run/docker.sock)|podman 20.10 (/run/podman/podman.sock)|CRI (/run/containerd/containerd.sock): no answer within 100ms"
	if got := strings.Join(have, "|"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A container that is started again is told of once more when there were many others since: readers may have forgotten it.
func TestRetold(t *testing.T) {
	f := startDocker(t, "")
	h := watch(t, Options{Docker: []string{f.path}})
	h.w.Wait(5 * time.Second)
	web := hexID("aaaa")
	times := func() (n int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, r := range h.records {
			if r["id"] == shortID(web) && r["lookup_state"] == 1.0 {
				n++
			}
		}
		return n
	}
	f.put(web, "web")
	f.event("create", web, "web")
	h.wait("web", func() bool { return times() == 1 })
	f.event("start", web, "web") // says nothing new
	for i := range retellAfter {
		id := hexID(fmt.Sprintf("c%03x", i))
		f.put(id, "n")
		f.event("create", id, "n")
		h.named(id, "n")
	}
	if n := times(); n != 1 {
		t.Errorf("told %d times", n)
	}
	f.event("start", web, "web")
	h.wait("web once more", func() bool { return times() == 2 })
}

// The sockets of a host whose files are below another folder, where /var/run leads out of that.
func TestRoot(t *testing.T) {
	root := shortDir(t)
	if err := errors.Join(os.MkdirAll(root+"/run", 0o755), os.Mkdir(root+"/var", 0o755), os.Symlink("/run", root+"/var/run")); err != nil {
		t.Fatal(err)
	}
	f := startDocker(t, root+"/run/docker.sock")
	f.put(hexID("aa"), "one")
	for _, given := range [][]string{{"unix:///var/run/docker.sock"}, {"/run/docker.sock"}, {}} { // the last: where docker usually listens
		h := watch(t, Options{Root: root, Docker: given})
		h.named(hexID("aa"), "one")
		h.w.Close()
	}
}
