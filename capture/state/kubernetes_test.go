package state

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

// podCgroup is that of the container 0123456789ab in a pod of that uid.
const podUIDText, podCgroup = "0f1e2d3c-4b5a-6978-8796-a5b4c3d26e67", "cpu=/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d26e67/" + hex64

// kubeEvent is the text of an event about one object.
func kubeEvent(what, kind, item string) string {
	return fmt.Sprintf(`{"type":%q,"apiVersion":"v1","kind":%q,"items":[%s]}`, what, kind, item)
}

// shop are the objects of a small cluster, as scry writes them: a pod, what explains it, and what does not.
func shop() []string {
	add := func(kind, item string) string { return kubeEvent("ADDED", kind, item) }
	return []string{
		add("Namespace", `{"name":"shop","uid":"n1","labels":{"team":"blue"}}`),
		add("Namespace", `{"name":"bank","uid":"n2","labels":{"team":"red"}}`),
		add("Node", `{"name":"node-1","uid":"h1"}`),
		add("Deployment", `{"name":"web","namespace":"shop","uid":"d1","labels":{"app":"web","tier":"front"},"selector":{"app":"web"}}`),
		add("Deployment", `{"name":"web","namespace":"bank","uid":"d2","selector":{"app":"web"}}`),
		add("ReplicaSet", `{"name":"web-77","namespace":"shop","uid":"r1","labels":{"app":"web"},"owners":[{"kind":"Deployment","name":"web","uid":"d1"}]}`),
		add("ReplicaSet", `{"name":"web-66","namespace":"shop","uid":"r0","owners":[{"kind":"Deployment","name":"web","uid":"d1"}],"selector":{"app":"web"}}`),
		add("ReplicationController", `{"name":"old","namespace":"shop","uid":"c1","selector":{"app":"web"}}`),
		add("Service", `{"name":"www","namespace":"shop","uid":"s2","labels":{"public":"yes"},"selector":{"app":"web","side":"a"}}`),
		add("Service", `{"name":"all","namespace":"shop","uid":"s1","selector":{"app":"web"}}`),
		add("Service", `{"name":"none","namespace":"shop","uid":"s3","selector":{}}`),
		add("Service", `{"name":"other","namespace":"shop","uid":"s4","selector":{"app":"cart"}}`),
		add("Service", `{"name":"all","namespace":"bank","uid":"s5","selector":{"app":"web"}}`),
		add("Pod", `{"name":"web-77-x","namespace":"shop","uid":"`+podUIDText+`","nodeName":"node-1","podIP":"10.0.0.7","labels":{"side":"a","app":"web"},
			"containerStatuses":[{"name":"web","containerID":"containerd://`+hex64+`"}],"owners":[{"kind":"ReplicaSet","name":"web-77","uid":"r1"}]}`),
	}
}

// explained is what is known of the pod of a container, in a line.
func explained(c *event.Container) string {
	if c.Pod == nil {
		return "no pod"
	}
	p, names := c.Pod, []string{}
	name := func(o *event.Object) string {
		if o == nil {
			return "-"
		}
		text := o.Name + "/" + o.UID
		for _, l := range o.Labels {
			text += " " + l.Key + ":" + l.Value
		}
		return text
	}
	for _, s := range p.Services {
		names = append(names, name(s))
	}
	return fmt.Sprintf("%s of %s on %s %s; %s; %s; %s; %s; %s", name(&p.Object), p.Namespace, p.Node, p.IP, name(p.Space), name(p.Set), name(p.Controller),
		name(p.Deployment), strings.Join(names, ", "))
}

const shopPod = "web-77-x/" + podUIDText + " app:web side:a of shop on node-1 10.0.0.7; shop/n1 team:blue; web-77/r1 app:web; -; web/d1 app:web tier:front; all/s1, www/s2 public:yes"

// boxed is a world with thread 200 in the container of that pod.
func boxed(t *testing.T) *world {
	w := newWorld(t, shell())
	w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{podCgroup}}.inChild()...)
	return w
}

// TestKubernetes: whatever the order of objects, containers and records of containers, a pod is explained by the same objects; a file that begins there tells
// the same; and the text of an object that comes again changes nothing.
func TestKubernetes(t *testing.T) {
	const record = `{"container":{"id":"0123456789ab","type":7,"name":"web"}}`
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		steps := append(shop(), shop()[r.IntN(14)], record, "thread")
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		w := newWorld(t, shell())
		for _, s := range steps {
			switch {
			case s == "thread":
				w.do(200, event.CloneV20X, birth{child: 200, pid: 200, ptid: 100, cgroups: list{podCgroup}}.inChild()...)
			case s == record:
				w.do(-1, event.ContainerJsonV2E, s)
			default:
				w.do(-1, event.K8sE, s)
			}
		}
		if d := gocmp.Diff(shopPod, explained(w.thread(200).Container)); d != "" {
			t.Fatalf("%s\nafter %s", d, strings.Join(steps, "\n"))
		}
		next := newWorld(t, w.Snapshot())
		if err := w.ContainerEvents(5, func(ev *event.Event) error { next.Apply(ev); return nil }); err != nil {
			t.Fatal(err)
		}
		if got := explained(next.containers["0123456789ab"]); got != shopPod {
			t.Fatalf("in the next file: %s", got)
		}
	}
}

// TestKubernetesOfSysdig: files of sysdig say all objects of a kind at once, whole and without owners: selectors tell.
func TestKubernetesOfSysdig(t *testing.T) {
	w := boxed(t)
	for _, text := range []string{
		`{"apiVersion":"v1","items":[{"labels":null,"name":"shop","timestamp":"2015-01-01T00:00:00Z","uid":"n1"},{"labels":null,"name":"x","uid":"n2"}],"kind":"Namespace","type":"ADDED"}`,
		`{"items":[{"containerStatuses":[{"containerID":"docker://` + hex64 + `","image":"nginx","ready":true}],"hostIP":"1.2.3.4","labels":{"app":"web"},"name":"web-1",
			"namespace":"shop","nodeName":"n","phase":"Running","podIP":"10.0.0.9","uid":"p1"}],"kind":"Pod","type":"ADDED"}`,
		`{"items":[{"labels":{"a":"b"},"name":"rc","namespace":"shop","selector":{"app":"web"},"specReplicas":1,"uid":"c1"}],"kind":"ReplicationController","type":"ADDED"}`,
		`{"items":[{"name":"rs","namespace":"shop","selector":{"app":"web"},"uid":"r1"}],"kind":"ReplicaSet","type":"ADDED"}`,
		`{"items":[{"name":"web","namespace":"shop","selector":{"app":"web"},"uid":"d1"},{"name":"none","namespace":"shop","selector":null,"uid":"d2"}],"kind":"Deployment","type":"ADDED"}`,
		`{"items":[{"clusterIP":"None","name":"db","namespace":"shop","ports":null,"selector":{"app":"db"},"uid":"s2"},{"name":"web","namespace":"shop","selector":{"app":"web"},"uid":"s1"}],"kind":"Service","type":"ADDED"}`,
	} {
		w.do(-1, event.K8sE, text)
	}
	const want = "web-1/p1 app:web of shop on n 10.0.0.9; shop/n1; rs/r1; rc/c1 a:b; web/d1; web/s1"
	if got := explained(w.thread(200).Container); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	next := newWorld(t, w.Snapshot())
	if err := w.ContainerEvents(5, func(ev *event.Event) error { next.Apply(ev); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := explained(next.containers["0123456789ab"]); got != want {
		t.Errorf("in the next file: %s", got)
	}
}

// TestKubernetesChanges: objects change and go, one after the other.
func TestKubernetesChanges(t *testing.T) {
	w := boxed(t)
	for _, text := range shop() {
		w.do(-1, event.K8sE, text)
	}
	n := w.kube.n
	for _, c := range []struct{ what, kind, item, from, to string }{
		{"MODIFIED", "Namespace", `{"name":"shop","uid":"n1","labels":{"team":"green"}}`, "team:blue", "team:green"},
		{"MODIFIED", "Service", `{"name":"all","namespace":"shop","uid":"s1","selector":{"app":"cart"}}`, "all/s1, ", ""},
		{"MODIFIED", "Service", `{"name":"other","namespace":"shop","uid":"s4","selector":{"app":"web"}}`, "www/s2", "other/s4, www/s2"},
		{"DELETED", "Service", `{"name":"www","namespace":"shop","uid":"s2"}`, ", www/s2 public:yes", ""},
		{"DELETED", "Service", `{"name":"www","namespace":"shop","uid":"s2"}`, "", ""},
		{"DELETED", "Deployment", `{"name":"web","namespace":"shop","uid":"d1"}`, "web/d1 app:web tier:front", "-"},
		{"ADDED", "Deployment", `{"name":"web","namespace":"shop","uid":"d1"}`, "-; other", "web/d1; other"},
		{"DELETED", "ReplicaSet", `{"name":"web-77","namespace":"shop","uid":"r1"}`, "web-77/r1 app:web; -; web/d1", "-; -; -"},
		{"DELETED", "Node", `{"name":"node-1","uid":"h1"}`, "", ""},
		{"OTHER", "Pod", `{"name":"web-77-x","namespace":"shop","uid":"` + podUIDText + `"}`, "", ""},
		{"MODIFIED", "Pod", `{"name":"web-77-x","namespace":"shop","uid":"` + podUIDText + `","labels":{"app":"cart"},"owners":[]}`, " app:web side:a", " app:cart"},
		{"DELETED", "Pod", `{"name":"web-77-x","namespace":"shop","uid":"` + podUIDText + `"}`, "", ""},
	} {
		was := explained(w.thread(200).Container)
		w.do(-1, event.K8sE, kubeEvent(c.what, c.kind, c.item))
		want := strings.Replace(was, c.from, c.to, 1)
		if c.kind == "Pod" && c.what == "MODIFIED" {
			want = strings.TrimSuffix(strings.Replace(want, "other/s4", "all/s1", 1), " ") // the services of its new label
		}
		if got := explained(w.thread(200).Container); got != want {
			t.Errorf("%s %s %s: %s, want %s", c.what, c.kind, c.item, got, want)
		}
	}
	if w.kube.n != n-4 || len(w.kube.boxes) != 0 || len(w.kube.uids) != 0 {
		t.Errorf("%d objects, were %d; %v %v", w.kube.n, n, w.kube.boxes, w.kube.uids)
	}
}

// TestKubernetesStatic: the API server has another uid for a static pod than the kubelet, in the cgroup and in the labels.
func TestKubernetesStatic(t *testing.T) {
	w := boxed(t)
	w.do(-1, event.K8sE, kubeEvent("ADDED", "Pod", `{"name":"etcd-node-1","namespace":"kube-system","uid":"mirror","owners":[]}`))
	if got := explained(w.thread(200).Container); got != "no pod" {
		t.Fatal(got)
	}
	w.do(-1, event.ContainerJsonV2E, `{"container":{"id":"0123456789ab","labels":{"io.kubernetes.pod.name":"etcd-node-1","io.kubernetes.pod.namespace":"kube-system","io.kubernetes.pod.uid":"`+podUIDText+`"}}}`)
	if got := explained(w.thread(200).Container); !strings.HasPrefix(got, "etcd-node-1/mirror ") {
		t.Error(got)
	}
}

func TestPodUID(t *testing.T) {
	const under = "0f1e2d3c_4b5a_6978_8796_a5b4c3d26e67"
	for cgroups, want := range map[string]string{
		podCgroup: podUIDText,
		"cpu=/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/cri-containerd-" + hex64 + ".scope": podUIDText,
		"cpu=/kubepods.slice/kubepods-pod" + under + ".slice:cri-containerd:" + hex64:                                               podUIDText,
		"cpu=/kubepods/pod" + podUIDText:                             podUIDText,
		"cpu=/kubepods/pod7ac489c80e26495cb911b23c2eef1533/" + hex64: "7ac489c80e26495cb911b23c2eef1533",
		"cpu=/podman/pod/podx/pod":                                   "",
		"cpu=/xpod" + podUIDText:                                     "",
		"cpu=/kubepods/pod" + strings.ToUpper(podUIDText):            "",
		"cpu=/\x00memory=/kubepods/pod" + podUIDText + "\x00":        podUIDText,
		"": "",
	} {
		if got := podUID(cgroups); got != want {
			t.Errorf("%q: %q, want %q", cgroups, got, want)
		}
	}
}

// TestKubernetesDamaged: what is whole in a damaged event counts, and none of it stops a run.
func TestKubernetesDamaged(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "{": 0, "null": 0, "[]": 0, "7": 0, `{"kind":"Pod"}`: 0, `{"kind":"Pod","type":"ADDED"}`: 0, `{"kind":7,"type":"ADDED","items":[{"name":"a","uid":"b"}]}`: 0,
		kubeEvent("ADDED", "Pod", "7"): 0, kubeEvent("ADDED", "Pod", "{}"): 0, kubeEvent("ADDED", "Pod", `{"name":"a"}`): 0, kubeEvent("ADDED", "Pod", `{"uid":"a"}`): 0,
		kubeEvent("ADDED", "Secret", `{"name":"a","uid":"b"}`): 0, kubeEvent("DELETED", "Pod", `{"name":"a","uid":"b"}`): 0, kubeEvent("", "Pod", `{"name":"a","uid":"b"}`): 0,
		kubeEvent("ADDED", "Pod", `{"name":"a","uid":"b","labels":7,"owners":"x","containerStatuses":{"a":1}}`):                               1,
		kubeEvent("ADDED", "Pod", `{"name":"a","uid":"b","containerStatuses":[{"containerID":7},{"containerID":"x"},{"containerID":"://"}]}`): 1,
		kubeEvent("ADDED", "Pod", `7,{"name":"a","uid":"b"},null,{"name":"c","uid":"d"}`):                                                     2,
	} {
		w := newWorld(t, nil)
		w.do(-1, event.K8sE, text)
		if got := 0; w.kube != nil && w.kube.n != want || w.kube == nil && got != want {
			t.Errorf("%s: %+v, want %d objects", text, w.kube, want)
		}
	}
}

// TestKubernetesBounded: whatever a file says, objects take a bounded room.
func TestKubernetesBounded(t *testing.T) {
	w := boxed(t)
	for i := range maxKube + 10 {
		w.do(-1, event.K8sE, kubeEvent("ADDED", "Service", fmt.Sprintf(`{"name":"s%d","namespace":"n%d","uid":"u%d"}`, i, i, i)))
	}
	if w.kube.n != maxKube || len(w.kube.spaces) != maxKube || w.DroppedTexts != 10 {
		t.Errorf("%d objects, %d spaces, %d left out", w.kube.n, len(w.kube.spaces), w.DroppedTexts)
	}
	for i := range maxKube {
		w.do(-1, event.K8sE, kubeEvent("DELETED", "Service", fmt.Sprintf(`{"name":"s%d","namespace":"n%d","uid":"u%d"}`, i, i, i)))
	}
	if w.kube.n != 0 || len(w.kube.spaces) != 0 {
		t.Errorf("%d objects, %d spaces are left", w.kube.n, len(w.kube.spaces))
	}
	many := strings.TrimSuffix(strings.Repeat(`{"containerID":"docker://0123456789ab"},`, 1000), ",")
	w.do(-1, event.K8sE, kubeEvent("ADDED", "Pod", `{"name":"a","uid":"b","containerStatuses":[`+many+`]}`))
	if n := len(w.kube.uids["b"].boxes); n != maxPodBoxes {
		t.Errorf("%d containers of a pod", n)
	}
}
