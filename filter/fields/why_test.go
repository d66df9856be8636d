package fields

import (
	"encoding/json"
	"strings"
	"testing"

	"scry/capture/event"
)

// TestWhy: each reason for which a field may be missing, and none for one that is there.
func TestWhy(t *testing.T) {
	asked := 0
	o := &Options{Why: func(c *event.Container) string { asked++; return "pending: " + c.ID }}
	pod := []event.Label{{Key: "io.kubernetes.pod.name", Value: "p"}}
	users := map[uint32]*event.User{0: {Name: "root"}}
	for _, c := range []struct {
		field string
		c     *event.Container
		uid   uint32
		want  string
	}{
		{"container.id", nil, 0, ""},
		{"container.image", nil, 0, "host"},
		{"k8s.pod.name", nil, 0, "host"},
		{"container.name", &event.Container{ID: "a", Type: "docker"}, 0, "pending"},
		{"container.image", &event.Container{ID: "a", Type: "docker", Name: "web", JSON: "{}"}, 0, "pending"},
		{"container.image", &event.Container{ID: "a", Type: "lxc", Name: "a"}, 0, "nobody to ask"},
		{"container.name", &event.Container{ID: "a", Name: "web", HasMeta: true}, 0, ""},
		{"container.ip", &event.Container{ID: "a", Name: "web", HasMeta: true}, 0, "none"},
		{"container.mount[3]", &event.Container{ID: "a", Name: "web", HasMeta: true}, 0, "none"},
		{"k8s.pod.name", &event.Container{ID: "a", Name: "web", HasMeta: true}, 0, "no pod"},
		{"k8s.pod.name", &event.Container{ID: "a", HasMeta: true, Labels: pod}, 0, ""},
		{"k8s.pod.label.app", &event.Container{ID: "a", HasMeta: true, Labels: pod}, 0, "none"},
		{"k8s.deployment.name", &event.Container{ID: "a", HasMeta: true, Labels: pod}, 0, "no API"},
		{"k8s.deployment.name", &event.Container{ID: "a", PodUID: "u"}, 0, "no API"},
		{"k8s.deployment.name", &event.Container{ID: "a", Pod: &event.Pod{}}, 0, "none"},
		{"k8s.deployment.name", &event.Container{ID: "a", Pod: &event.Pod{Deployment: &event.Object{Name: "web"}}}, 0, ""},
		{"user.name", nil, 1000, ""},
		{"user.name", nil, 77, "no name"},
		{"user.name", nil, event.NoID, "no number"},
		{"user.name", &event.Container{ID: "a"}, 77, "no files"},
		{"user.name", &event.Container{ID: "a", Users: users}, 77, "no entry"},
		{"user.loginname", &event.Container{ID: "a", Users: users}, 0, "no number"},
		{"group.name", nil, 0, "no name"},
		{"proc.name", nil, 0, ""},
	} {
		name, arg, hasArg := strings.TrimSuffix(c.field, "]"), "", false
		if before, rest, ok := strings.Cut(name, "["); ok {
			name, arg, hasArg = before, rest, true
		} else if rest, ok := strings.CutPrefix(name, "k8s.pod.label."); ok {
			name, arg, hasArg = "k8s.pod.label", rest, true
		}
		f, err := New(name, arg, hasArg, o)
		if err != nil {
			t.Fatal(err)
		}
		ev := sample(t, event.CloseE)
		ev.Thread.Container, ev.Thread.UID, ev.Thread.GID, ev.Thread.LoginUID = c.c, c.uid, 5, event.NoID
		got, _, _ := strings.Cut(f.Why(ev), ":")
		if got != c.want || (got == "") != (f.Value(ev).Present() || !f.Explains()) {
			t.Errorf("%s of %+v: %q, want %q", c.field, c.c, got, c.want)
		}
		ev.Thread = &event.Thread{Invalid: true, Comm: "<NA>"}
		if strings.HasPrefix(c.field, "container.") && !strings.HasPrefix(f.Why(ev), "unknown thread: ") {
			t.Errorf("%s of an unknown thread: %q", c.field, f.Why(ev))
		}
		if ev.Thread = nil; f.Explains() && f.Why(ev) != whyNoThread {
			t.Errorf("%s without a thread: %q", c.field, f.Why(ev))
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	f, _ := New("container.name", "", false, nil)
	ev := sample(t, event.CloseE)
	ev.Thread.Container = &event.Container{ID: "a"}
	if got := f.Why(ev); got != whyNoRecord {
		t.Error(got)
	}
}

// TestWhyJSON: the key "na" has the reasons, and nothing else changes.
func TestWhyJSON(t *testing.T) {
	ev := sample(t, event.CloseE)
	for _, c := range []struct{ format, want string }{
		{"*%container.image %proc.name %user.name", `{"container.image":null,"na":{"container.image":"` + whyHost + `","user.name":"` + whyNoNumber + `"},"proc.name":"cat","user.name":null}`},
		{"*%proc.name", `{"na":{},"proc.name":"cat"}`},
	} {
		f, err := ParseFormat(c.format, &Options{JSONWhy: true})
		if err != nil {
			t.Fatal(err)
		}
		ev.Thread.UID = event.NoID
		b, _ := f.AppendJSON(nil, ev)
		if string(b) != c.want || !json.Valid(b) {
			t.Errorf("%s\n got %s\nwant %s", c.format, b, c.want)
		}
	}
}
