package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scry/testdata/apiserver"
)

// An API server of the tests (testdata/apiserver), the real client, and cgroups that look like those of the kubelet.

// startCluster starts an API server with node-1, and makes a kubeconfig.
func startCluster(t *testing.T, dir string, objects map[string]string) (s *apiserver.Server, kubeconfig string) {
	t.Helper()
	s = apiserver.New("sesame")
	s.Put("nodes", kubeObject(t, `{"metadata":{"name":"node-1","uid":"h1"}}`))
	for _, resource := range []string{"namespaces", "deployments", "replicasets", "services", "pods"} {
		for line := range strings.Lines(strings.TrimSpace(objects[resource])) {
			s.Put(resource, kubeObject(t, line))
		}
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(false) })
	kubeconfig = filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, s.Kubeconfig(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, kubeconfig
}

func kubeObject(t *testing.T, text string) (o apiserver.Object) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// podBox is a cgroup as the kubelet makes it for a container.
type podBox struct{ uid, id, procs string }

func newPodBox(t *testing.T, n int) podBox {
	t.Helper()
	b := podBox{uid: fmt.Sprintf("0f1e2d3c-4b5a-6978-8796-%012x", os.Getpid()<<8|n), id: fmt.Sprintf("%012x", os.Getpid()<<8|n) + strings.Repeat("ab", 26)}
	root := "/sys/fs/cgroup/memory"
	if _, err := os.Stat(root); err != nil {
		root = "/sys/fs/cgroup"
	}
	pod := root + "/kubepods/besteffort/pod" + b.uid
	if err := os.MkdirAll(pod+"/"+b.id, 0o755); err != nil {
		t.Fatal(err)
	}
	b.procs = pod + "/" + b.id + "/cgroup.procs"
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // the kernel needs a moment to let processes go
			if errors.Join(os.Remove(pod+"/"+b.id), os.Remove(pod)) == nil {
				break
			}
		}
		os.Remove(root + "/kubepods/besteffort")
		os.Remove(root + "/kubepods")
	})
	return b
}

// command is a program in the container.
func (b podBox) command(argv ...string) *exec.Cmd {
	return exec.Command("/bin/sh", append([]string{"-c", `echo $$ >"$0" && exec "$@"`, b.procs}, argv...)...)
}

func (b podBox) run(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := b.command(argv...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", argv, err, out)
	}
}

func shopObjects(a podBox) map[string]string {
	return map[string]string{
		"namespaces":  `{"metadata":{"name":"shop","uid":"n1","labels":{"team":"blue"}}}`,
		"deployments": `{"metadata":{"name":"web","namespace":"shop","uid":"d1","labels":{"tier":"front"}},"spec":{"selector":{"matchLabels":{"app":"web"}}}}`,
		"replicasets": `{"metadata":{"name":"web-77","namespace":"shop","uid":"r1","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d1"}]},"spec":{"selector":{"matchLabels":{"app":"web"}}}}`,
		"services": `{"metadata":{"name":"www","namespace":"shop","uid":"s1"},"spec":{"selector":{"app":"web"}}}
{"metadata":{"name":"all","namespace":"shop","uid":"s2","labels":{"kind":"internal"}},"spec":{"selector":{"app":"web"}}}
{"metadata":{"name":"other","namespace":"shop","uid":"s3"},"spec":{"selector":{"app":"cart"}}}`,
		"pods": podObject("web-77-x", a.uid, a.id),
	}
}

func podObject(name, uid, id string) string {
	status := ""
	if id != "" {
		status = `,"containerStatuses":[{"name":"web","containerID":"containerd://` + id + `"}]`
	}
	return `{"metadata":{"name":"` + name + `","namespace":"shop","uid":"` + uid + `","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-77","uid":"r1"}]},` +
		`"spec":{"nodeName":"node-1"},"status":{"podIP":"10.0.0.7","phase":"Running"` + status + `}}`
}

// TestKubernetesLive: every event of a container has what explains its pod, from a pod that was there before, one that comes, objects that change, while the
// API server is away, in a file, in the parts of a file, and in sysdig.
func TestKubernetesLive(t *testing.T) {
	needLive(t)
	dir := t.TempDir()
	a, b := newPodBox(t, 1), newPodBox(t, 2)
	server, kubeconfig := startCluster(t, dir, shopObjects(a))
	old := a.command("sleep", "60")
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { old.Process.Kill(); old.Wait() })
	time.Sleep(100 * time.Millisecond) // it is in its cgroup
	r := startRecording(t, dir, "--k8s="+kubeconfig, "--node-name", "node-1", "--no-containers")
	a.run(t, "cat", "/etc/hostname")
	server.Put("pods", kubeObject(t, podObject("web-77-y", b.uid, "")))
	time.Sleep(300 * time.Millisecond)
	b.run(t, "true")
	server.Put("namespaces", kubeObject(t, `{"metadata":{"name":"shop","uid":"n1","labels":{"team":"green"}}}`))
	time.Sleep(300 * time.Millisecond)
	a.run(t, "id")
	server.Stop(false)
	a.run(t, "uname")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	r.stop()

	const format = "%k8s.ns.name %k8s.pod.name %k8s.pod.ip %k8s.node.name %k8s.rs.name %k8s.deployment.name/%k8s.deployment.id %k8s.svc.name %k8s.svc.label.kind %k8s.pod.label.app %k8s.deployment.labels %k8s.rc.name %k8s.ns.label.team"
	const common = " 10.0.0.7 node-1 web-77 web/d1 all, www internal web tier:front <NA> "
	execs := func(box podBox, name string) string {
		return "container.id=" + box.id[:12] + " and evt.type=execve and evt.dir=< and evt.failed=false and proc.name=" + name
	}
	r.only(execs(a, "cat"), format, "shop web-77-x"+common+"blue")
	r.only(execs(b, "true"), format, "shop web-77-y"+common+"blue")
	for _, name := range []string{"id", "uname"} {
		r.only(execs(a, name), format, "shop web-77-x"+common+"green")
	}
	r.only("container.id="+a.id[:12], "%k8s.pod.uid "+"%k8s.deployment.name", a.uid+" web")
	boxed := r.count("%container.id", "k8s.deployment.name=web and k8s.svc.name contains www")
	if len(boxed) != 2 || boxed[a.id[:12]] == 0 || boxed[b.id[:12]] == 0 {
		t.Errorf("k8s.deployment.name=web: %v", boxed)
	}
	table := engineRun(t, nil, r.scry, "-r", r.file, "-c", "topprocs_file", "--by", "deployment", "--csv")
	if !strings.Contains(table, "shop,web") || !strings.Contains(table, "no deployment") {
		t.Errorf("--by deployment:\n%s", table)
	}

	engineRun(t, nil, r.scry, "-r", r.file, "-w", filepath.Join(dir, "part.scap"), "-e", "500")
	parts, _ := filepath.Glob(filepath.Join(dir, "part.scap*"))
	seen := false
	for _, part := range parts {
		out := engineRun(t, nil, r.scry, "-r", part, "-p", "*"+format, execs(a, "uname"))
		seen = seen || out != ""
		if out != "" && out != "shop web-77-x"+common+"green" {
			t.Errorf("%s: %s", part, out)
		}
	}
	if !seen || len(parts) < 2 {
		t.Errorf("%d parts; seen %v", len(parts), seen)
	}
	sysdigKnows(t, r, a)
}

// sysdigKnows checks that sysdig reads the same objects.
func sysdigKnows(t *testing.T, r *recording, a podBox) {
	t.Helper()
	sysdig, err := exec.LookPath("sysdig")
	if err != nil {
		t.Log("sysdig is not installed")
		return
	}
	file := r.file + ".compat"
	engineRun(t, nil, r.scry, "-r", r.file, "--compat", "-w", file)
	out := engineRun(t, nil, sysdig, "-r", file, "-p", "%k8s.ns.name %k8s.pod.name %k8s.rs.name %k8s.deployment.name %k8s.deployment.labels %k8s.svc.name %k8s.ns.label.team",
		"container.id="+a.id[:12]+" and evt.type=execve and evt.dir=< and proc.name=uname")
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "shop web-77-x web-77 web tier:front www, all green" && line != "shop web-77-x web-77 web tier:front all, www green" {
			t.Errorf("sysdig: %s", line)
		}
	}
	if out == "" {
		t.Error("sysdig shows nothing")
	}
}

// TestKubernetesLiveFails: an API server that does not behave costs one line, and no event.
func TestKubernetesLiveFails(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	server, kubeconfig := startCluster(t, dir, nil)
	release := make(chan struct{})
	defer close(release)
	for _, c := range []struct {
		name, sleep string
		answer      func(w http.ResponseWriter, r *http.Request) bool
		want        string
	}{
		{"none", "0.1", nil, ""},
		{"hang", "7", func(_ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-release:
			}
			return true
		}, "no answer within 5s"},
		{"401", "0.5", func(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Authorization"); return false }, "does not accept the credentials"},
		{"500", "0.5", func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "no", 500); return true }, "an error on the server"},
		{"nonsense", "0.5", func(w http.ResponseWriter, _ *http.Request) bool { w.Write([]byte("\x1b[2J{")); return true }, "names of deployments"},
		{"stopped", "0.5", func(http.ResponseWriter, *http.Request) bool { return false }, "nobody listens there"},
	} {
		server.Answer(c.answer)
		if c.name == "stopped" {
			server.Stop(false)
		}
		cmd := exec.Command(scry, "--k8s="+kubeconfig, "--node-name", "node-1", "--no-containers", "-p", "%proc.name", "evt.type=execve and evt.dir=<", "--", "sleep", c.sleep)
		var errs strings.Builder
		cmd.Stderr = &errs
		began := time.Now()
		out, err := cmd.Output()
		if err != nil || string(out) != "sleep\n" || time.Since(began) > 15*time.Second {
			t.Errorf("%s: %v, %q after %v", c.name, err, out, time.Since(began))
		}
		lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
		if len(lines) != 1 || !strings.Contains(lines[0], c.want) || (c.want == "") != (lines[0] == "") || strings.Contains(lines[0], "\x1b") {
			t.Errorf("%s: %q", c.name, lines)
		}
	}
}
