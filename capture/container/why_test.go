package container

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// because waits until the reason begins so.
func because(t *testing.T, w *Watcher, id, engine, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = w.Why(id, engine); strings.HasPrefix(got, want) {
			return
		}
	}
	t.Errorf("%s of %s: %q, want %q", id, engine, got, want)
}

// TestWhy: each way in which a name may be missing has a reason of its own.
func TestWhy(t *testing.T) {
	f := startDocker(t, "")
	f.put(hexID("aa"), "one")
	h := watch(t, Options{Docker: []string{f.path}, Podman: []string{f.path + "none"}})
	h.named(hexID("aa"), "one")
	because(t, h.w, hexID("aa")[:12], "docker", "pending: ")
	h.w.Ask(hexID("dead")[:12], "docker")
	if got := h.w.Why(hexID("dead")[:12], "docker"); got != whyPending {
		t.Errorf("asked a moment ago: %q", got)
	}
	because(t, h.w, hexID("dead")[:12], "docker", "gone: ")
	because(t, h.w, hexID("dead")[:12], "podman", "no socket: podman ("+f.path+"none): no such socket")
	because(t, h.w, "web", "lxc", "nobody to ask: lxc ")
	because(t, h.w, "../x", "docker", "no id: ")
	because(t, h.w, "web", "\x1b[31m", "nobody to ask: [31m ")
}

// TestWhyNoAnswer: an engine that does not answer.
func TestWhyNoAnswer(t *testing.T) {
	f := startDocker(t, "")
	f.set(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	h := watch(t, Options{Docker: []string{f.path}, Timeout: 50 * time.Millisecond})
	because(t, h.w, hexID("aa")[:12], "docker", "no answer: docker ("+f.path+"): no answer within 50ms")
}

// TestWhyDefaults: nothing listens where engines do.
func TestWhyDefaults(t *testing.T) {
	w := &Watcher{known: map[string]*entry{}, strangers: map[string]bool{}}
	if got := w.Why("0123456789ab", "podman"); got != "no socket: podman does not listen where it usually does" {
		t.Error(got)
	}
	s := newSource(w, socket{kind: &kinds[1], path: "/x/podman.sock"})
	w.sources = append(w.sources, s)
	if got := w.Why("0123456789ab", "podman"); got != whyPending {
		t.Errorf("before the first attempt: %q", got)
	}
	s.fail(&os.PathError{Op: "connect", Path: "x", Err: fs.ErrPermission})
	if got := w.Why("0123456789ab", "podman"); !strings.HasPrefix(got, "denied: podman (/x/podman.sock): permission denied") {
		t.Error(got)
	}
	for i := range 3 * maxStrangers {
		w.stranger(fmt.Sprint(i))
	}
	if len(w.strangers) > maxStrangers {
		t.Errorf("%d are remembered", len(w.strangers))
	}
}

// A container that goes while podman tells of it is unknown, whatever status podman gives to that; another failure is one.
func TestGoneWhileAsked(t *testing.T) {
	f := startDocker(t, "")
	d, _, _, err := dialDocker(t.Context(), f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for _, c := range []struct {
		body string
		gone bool
	}{
		{`{"cause":"no such container","message":"container 2e35 does not exist in database: no such container","response":500}`, true},
		{`{"cause":"database is locked","message":"database is locked","response":500}`, false},
	} {
		f.set(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/containers/") {
				return false
			}
			http.Error(w, c.body, http.StatusInternalServerError)
			return true
		})
		if _, err := d.inspect(t.Context(), hexID("a")); err == nil || errors.Is(err, errUnknown) != c.gone {
			t.Errorf("%s: %v", c.body, err)
		}
	}
}
