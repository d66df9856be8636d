package chisels

import (
	"strings"
	"testing"

	"scry/capture/event"
	"scry/filter/fields"
)

// boxes are threads in containers, two of which have one name, and pods, two of which have one name too.
func boxes() []*event.Thread {
	in := func(id, name, image, pod, ns string) *event.Thread {
		c := &event.Container{ID: id, Name: name, Image: image, HasMeta: true}
		if pod != "" {
			c.Labels = []event.Label{{Key: "io.kubernetes.pod.name", Value: pod}, {Key: "io.kubernetes.pod.namespace", Value: ns}}
		}
		if id == "aaa" || id == "ccc" {
			c.Pod = &event.Pod{Node: "n1", Deployment: &event.Object{Name: "shop"}, Services: []*event.Object{{Name: "all"}, {Name: "www"}}}
		}
		return &event.Thread{Comm: "nginx", Container: c}
	}
	return []*event.Thread{
		{Comm: "bash"}, in("aaa", "web", "nginx:1", "shop-1", "red"), in("bbb", "web", "nginx:1", "shop-1", "blue"), in("ccc", "log", "fluent", "shop-1", "red"),
		in("ddd", "", "", "", ""), in("eee", "solo", "redis", "", ""),
	}
}

// tableBy is what a table makes of one read of 2, 4, 8, ... bytes by each of boxes, and of those whose descriptor has no name.
func tableBy(t *testing.T, by string) *Frame {
	t.Helper()
	env := plainEnv()
	env.By = by
	tab := instance(t, spec(t, `
filter: evt.type=read
columns:
  - {name: bytes, field: evt.rawres, agg: sum, required: true}
  - {name: calls, agg: count}
  - {name: file, field: fd.ino, key: true}
  - {name: last, field: proc.name}
  - {name: where, field: container.name, key: true, with: containers, default: host}
sort: file
`), env)
	for i, th := range boxes() {
		for _, name := range []string{"/a/x", "/b/x", ""} {
			var ev event.Event
			b := make([]byte, 8)
			b[0] = 2 << i
			if err := ev.Decode(event.Append(nil, 1e9, 1, event.ReadX, b, nil), false); err != nil {
				t.Fatal(err)
			}
			ev.Thread, ev.FD = th, &event.FD{Name: name, Type: event.FDFileV2, Ino: 7}
			if name == "" {
				ev.FD = nil
			}
			if _, err := tab.Event(&ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	return tab.Frame(2e9)
}

// The keys are those of --by, the aggregates stay, and an event without one of the keys that went still does not count.
func TestBy(t *testing.T) {
	for by, want := range map[string]string{
		"container":  "128 2 solo eee\n64 2 ddd ddd\n32 2 log ccc\n16 2 web bbb\n8 2 web aaa\n4 2 host host\n",
		"pod":        "196 6 - no pod\n40 4 red shop-1\n16 2 blue shop-1\n",
		"namespace":  "196 6 no pod\n40 4 red\n16 2 blue\n",
		"deployment": "196 6 - no deployment\n40 4 red shop\n16 2 blue no deployment\n",
		"service":    "196 6 - no service\n40 4 red all, www\n16 2 blue no service\n",
		"node":       "212 8 no pod\n40 4 n1\n",
		"image":      "128 2 redis\n64 2 ddd\n32 2 fluent\n24 4 nginx:1\n4 2 host\n",
	} {
		t.Run(by, func(t *testing.T) { checkFrame(t, tableBy(t, by), want) })
	}
	if len(Groupings()) != len(groupings) {
		t.Errorf("%v are listed, %d exist", Groupings(), len(groupings))
	}
}

// All built-in chisels that are tables can be grouped by all words, and ask the kernel for no more calls than without; others say that they cannot.
func TestByBuiltin(t *testing.T) {
	all, warnings := NewCatalog(nil).All()
	for _, err := range warnings {
		t.Error(err)
	}
	tables := 0
	for _, s := range all {
		if s.Gone != "" {
			continue
		}
		for _, by := range Groupings() {
			make := func(by string) (Chisel, error) {
				call := &Call{Spec: s, Args: map[string]string{}}
				for i := range s.Args {
					switch a := &s.Args[i]; a.Kind {
					case ArgField, ArgFields:
						call.Args[a.Name] = "fd.name"
					}
				}
				env := plainEnv()
				env.By = by
				return call.Make(env)
			}
			plain, err := make("")
			if err != nil {
				continue // needs arguments of other kinds
			}
			c, err := make(by)
			if s.Kind != KindTable && s.Name != "table_generator" {
				if err == nil || !strings.Contains(err.Error(), "--by "+by) {
					t.Errorf("%s --by %s: %v", s.Name, by, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s --by %s: %v", s.Name, by, err)
				continue
			}
			tables++
			if a, b := plain.(*Table).Demand().Types, c.(*Table).Demand().Types; !b.And(a.Not()).Empty() {
				t.Errorf("%s --by %s asks for more than %s", s.Name, by, s.Name)
			}
		}
	}
	if tables < 4*20 {
		t.Errorf("only %d tables", tables)
	}
}

// With -pk the namespace and the pod stand before the container, as keys where that is one.
func TestKubernetesColumns(t *testing.T) {
	env := plainEnv()
	env.Containers, env.Kubernetes = true, true
	tab := instance(t, spec(t, `
columns:
  - {name: calls, agg: count}
  - {name: container, title: Container, field: container.name, or: [container.id], key: true, with: containers, default: host}
`), env)
	for _, th := range boxes() {
		ev := event.Event{Type: event.ReadX, TS: 1e9, Thread: th}
		if _, err := tab.Event(&ev); err != nil {
			t.Fatal(err)
		}
	}
	checkFrame(t, tab.Frame(2e9), "1 - - ddd\n1 - - host\n1 - - solo\n1 blue shop-1 web\n1 red shop-1 log\n1 red shop-1 web\n")
}

// The line of a chisel that is code names the pod instead of the container, where there is one.
func TestKubernetesPrefix(t *testing.T) {
	env := plainEnv()
	env.Containers, env.Kubernetes = true, true
	in := &Instance{Spec: &Spec{Name: "test", Kind: KindCode}, Env: env}
	for _, c := range append(podColumns(&ColumnSpec{}), ColumnSpec{Name: "container", Field: "container.name"}) {
		if err := in.column(&c); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"host", "shop-1", "shop-1", "shop-1", "<NA>", "solo"} {
		if got := string(in.appendColumn(nil, "container", &event.Event{Thread: boxes()[i]})); got != want {
			t.Errorf("thread %d: %s, want %s", i, got, want)
		}
	}
}

// TestByAllocs: a row that is there costs no memory.
func TestByAllocs(t *testing.T) {
	env := plainEnv()
	env.By = "pod"
	tab := instance(t, spec(t, "columns:\n  - {name: calls, agg: count}\n  - {name: process, field: proc.name, key: true}\n"), env)
	ev := event.Event{Type: event.ReadX, TS: 1e9, Thread: boxes()[1]}
	tab.Event(&ev)
	if n := testing.AllocsPerRun(100, func() { tab.Event(&ev) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if tab.order[0].cells[1].value().Type != fields.String {
		t.Error("no namespace")
	}
}
