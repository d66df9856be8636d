package container

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	events "github.com/containerd/containerd/api/services/events/v1"
	namespaces "github.com/containerd/containerd/api/services/namespaces/v1"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// fakeCRI answers as CRI-O does; with plain also as containerd.
type fakeCRI struct {
	cri.UnimplementedRuntimeServiceServer
	cri.UnimplementedImageServiceServer
	path, runtime string
	noEvents      bool
	server        *grpc.Server
	calls         sync.Map // methods that were called

	mu    sync.Mutex
	list  map[string]string // name of a container by id
	pods  map[string]string // name of a pod by id
	hangs bool
	event chan *cri.ContainerEventResponse
}

func startCRI(t *testing.T, runtime string, set func(f *fakeCRI), more ...func(*grpc.Server)) *fakeCRI {
	t.Helper()
	f := &fakeCRI{path: filepath.Join(shortDir(t), "cri.sock"), runtime: runtime, list: map[string]string{}, pods: map[string]string{},
		event: make(chan *cri.ContainerEventResponse, 100)}
	set(f)
	f.listen(t, more...)
	t.Cleanup(func() { f.server.Stop() })
	return f
}

// listen begins to serve. Every method is counted, and waits for ever while the fake hangs.
func (f *fakeCRI) listen(t *testing.T, more ...func(*grpc.Server)) {
	l, err := net.Listen("unix", f.path)
	if err != nil {
		t.Fatal(err)
	}
	f.server = grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, do grpc.UnaryHandler) (any, error) {
		f.calls.Store(info.FullMethod[strings.LastIndexByte(info.FullMethod, '/')+1:], true)
		f.mu.Lock()
		hangs := f.hangs
		f.mu.Unlock()
		if hangs {
			<-ctx.Done()
		}
		return do(ctx, req)
	}))
	cri.RegisterRuntimeServiceServer(f.server, f)
	cri.RegisterImageServiceServer(f.server, f)
	for _, register := range more {
		register(f.server)
	}
	go f.server.Serve(l)
}

func (f *fakeCRI) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{RuntimeName: f.runtime, RuntimeVersion: "1.2"}, nil
}

func (f *fakeCRI) ListPodSandbox(context.Context, *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &cri.ListPodSandboxResponse{}
	for id := range f.pods {
		out.Items = append(out.Items, &cri.PodSandbox{Id: id})
	}
	return out, nil
}

func (f *fakeCRI) ListContainers(_ context.Context, req *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &cri.ListContainersResponse{}
	for id, name := range f.list {
		if want := req.GetFilter().GetId(); want == "" || want == id {
			out.Containers = append(out.Containers, &cri.Container{Id: id, PodSandboxId: f.pod(), Metadata: &cri.ContainerMetadata{Name: name}, State: cri.ContainerState_CONTAINER_RUNNING})
		}
	}
	return out, nil
}

// pod is the id of the one pod.
func (f *fakeCRI) pod() string {
	for id := range f.pods {
		return id
	}
	return ""
}

func find(m map[string]string, prefix string) (string, string, bool) {
	for id, name := range m {
		if strings.HasPrefix(id, prefix) {
			return id, name, true
		}
	}
	return "", "", false
}

func (f *fakeCRI) ContainerStatus(_ context.Context, req *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, name, ok := find(f.list, req.ContainerId)
	if !ok {
		return nil, status.Error(codes.NotFound, "could not find container")
	}
	st := &cri.ContainerStatus{Id: id, Metadata: &cri.ContainerMetadata{Name: name}, CreatedAt: 5e9, Image: &cri.ImageSpec{Image: "quay.io/x/web:2"}, ImageRef: "sha256:" + hexID("1"),
		Labels: map[string]string{"io.kubernetes.pod.name": "web-7"}, Mounts: []*cri.Mount{{HostPath: "/h", ContainerPath: "/c", Readonly: true}},
		Resources: &cri.ContainerResources{Linux: &cri.LinuxContainerResources{MemoryLimitInBytes: 64, CpusetCpus: "0-2,5"}}}
	info := fmt.Sprintf(`{"sandboxID":%q,"privileged":true,"runtimeSpec":{"process":{"env":["A=b"]},"linux":{"resources":{"cpu":{"quota":7}}}}}`, f.pod())
	return &cri.ContainerStatusResponse{Status: st, Info: map[string]string{"info": info}}, nil
}

func (f *fakeCRI) PodSandboxStatus(_ context.Context, req *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, name, ok := find(f.pods, req.PodSandboxId)
	if !ok {
		return nil, status.Error(codes.NotFound, "no such sandbox")
	}
	st := &cri.PodSandboxStatus{Id: id, Labels: map[string]string{"io.kubernetes.pod.name": name, "app": "x"}, Network: &cri.PodSandboxNetworkStatus{Ip: "10.1.2.3"},
		Linux:       &cri.LinuxPodSandboxStatus{Namespaces: &cri.Namespace{Options: &cri.NamespaceOption{Pid: cri.NamespaceMode_NODE}}},
		Annotations: map[string]string{appliedAnnotation: `{"spec":{"containers":[{"name":"web","livenessProbe":{"exec":{"command":["/alive","-q"]}}}]}}`}}
	return &cri.PodSandboxStatusResponse{Status: st, Info: map[string]string{"info": `{"image":"pause:3","cniResult":{"Interfaces":{"eth0":{}}}}`}}, nil
}

func (f *fakeCRI) ImageStatus(context.Context, *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	return &cri.ImageStatusResponse{Image: &cri.Image{RepoTags: []string{"quay.io/x/web:2"}, RepoDigests: []string{"quay.io/x/web@sha256:77"}}}, nil
}

func (f *fakeCRI) GetContainerEvents(_ *cri.GetEventsRequest, s grpc.ServerStreamingServer[cri.ContainerEventResponse]) error {
	if f.noEvents {
		return status.Error(codes.Unimplemented, "no events")
	}
	for {
		select {
		case e := <-f.event:
			if err := s.Send(e); err != nil {
				return err
			}
		case <-s.Context().Done():
			return nil
		}
	}
}

func (f *fakeCRI) put(m map[string]string, id, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m[id] = name
}

// TestCRI: pods and containers of CRI-O, from its list, its events, and by question; nothing but questions is ever called.
func TestCRI(t *testing.T) {
	for name, noEvents := range map[string]bool{"events": false, "no events": true} {
		t.Run(name, func(t *testing.T) {
			pod, web := hexID("9a"), hexID("9b")
			f := startCRI(t, "cri-o", func(f *fakeCRI) { f.noEvents = noEvents; f.pods[pod] = "web-7"; f.list[web] = "web" })
			h := watch(t, Options{CRI: []string{f.path}})
			h.w.Wait(5 * time.Second)
			r := h.last(web)
			for key, want := range map[string]any{"name": "web", "type": 8.0, "image": "quay.io/x/web:2", "imagerepo": "quay.io/x/web", "imagetag": "2", "imagedigest": "sha256:77",
				"imageid": hexID("1"), "ip": "10.1.2.3", "privileged": true, "host_pid": true, "host_network": false, "memory_limit": 64.0, "cpu_quota": 7.0, "cpuset_cpu_count": 4.0,
				"created_time": 5.0, "full_id": web, "pod_sandbox_id": pod, "cni_json": `{"eth0":{}}`, "env": "[A=b]", "is_pod_sandbox": false,
				"labels": "map[io.kubernetes.pod.name:web-7]", "pod_sandbox_labels": "map[app:x io.kubernetes.pod.name:web-7]",
				"LivenessProbe": "map[args:[-q] exe:/alive]", "Mounts": "[map[Destination:/c Mode: Propagation:private RW:false Source:/h]]"} {
				if have := r[key]; fmt.Sprint(have) != fmt.Sprint(want) {
					t.Errorf("%s: %v, want %v", key, have, want)
				}
			}
			if r := h.last(pod); r["name"] != "POD" || r["is_pod_sandbox"] != true || r["image"] != "pause:3" || r["ip"] != "10.1.2.3" {
				t.Errorf("%v", r)
			}
			late := hexID("9c")
			f.put(f.list, late, "late")
			if noEvents {
				h.w.Ask(late[:12], "cri-o")
			} else {
				f.event <- &cri.ContainerEventResponse{ContainerId: late, ContainerEventType: cri.ContainerEventType_CONTAINER_CREATED_EVENT}
			}
			h.named(late, "late")
			f.calls.Range(func(method, _ any) bool {
				if !slices.Contains([]string{"Version", "ListPodSandbox", "ListContainers", "ContainerStatus", "PodSandboxStatus", "ImageStatus"}, method.(string)) {
					t.Errorf("%v was called", method)
				}
				return true
			})
			if w := h.warnings(); len(w) > 0 {
				t.Error(w)
			}
		})
	}
}

func TestCRIFails(t *testing.T) {
	web := hexID("9b")
	f := startCRI(t, "cri-o", func(f *fakeCRI) { f.list[web] = "web" })
	h := watch(t, Options{CRI: []string{f.path}, Timeout: 200 * time.Millisecond})
	h.named(web, "web")
	f.server.Stop()
	next := hexID("9c")
	f.put(f.list, next, "next")
	f.listen(t)
	h.named(next, "next")
	f.mu.Lock()
	f.hangs = true
	f.mu.Unlock()
	h.w.Ask(hexID("9d"), "cri-o")
	h.wait("a warning", func() bool { return len(h.warnings()) == 1 })
	began := time.Now()
	if h.w.Close(); time.Since(began) > time.Second {
		t.Errorf("Close took %v", time.Since(began))
	}

	hung := startCRI(t, "cri-o", func(f *fakeCRI) { f.hangs = true })
	h = watch(t, Options{CRI: []string{hung.path}, Timeout: 200 * time.Millisecond})
	h.w.Wait(5 * time.Second)
	h.wait("a warning", func() bool { return len(h.warnings()) == 1 })
	if w := h.warnings()[0]; !strings.Contains(w, "no answer within 200ms") {
		t.Error(w)
	}
	stranger := startDocker(t, "") // speaks HTTP, but another one
	h = watch(t, Options{CRI: []string{stranger.path}, Timeout: time.Second})
	h.wait("a warning", func() bool { return len(h.warnings()) == 1 })
}

// fakeContainerd is containerd's own API.
type fakeContainerd struct {
	containers.UnimplementedContainersServer
	events.UnimplementedEventsServer
	namespaces.UnimplementedNamespacesServer
	mu    sync.Mutex
	list  map[string][]*containers.Container // by namespace
	event chan *types.Envelope
}

func (f *fakeContainerd) register(s *grpc.Server) {
	containers.RegisterContainersServer(s, &containersServer{fakeContainerd: f})
	events.RegisterEventsServer(s, f)
	namespaces.RegisterNamespacesServer(s, &spacesServer{fakeContainerd: f})
}

type containersServer struct {
	containers.UnimplementedContainersServer
	*fakeContainerd
}

type spacesServer struct {
	namespaces.UnimplementedNamespacesServer
	*fakeContainerd
}

func (f *spacesServer) List(context.Context, *namespaces.ListNamespacesRequest) (*namespaces.ListNamespacesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &namespaces.ListNamespacesResponse{}
	for name := range f.list {
		out.Namespaces = append(out.Namespaces, &namespaces.Namespace{Name: name})
	}
	return out, nil
}

func (f *containersServer) List(ctx context.Context, req *containers.ListContainersRequest) (*containers.ListContainersResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	out := &containers.ListContainersResponse{}
	for _, c := range f.list[md.Get(spaceHeader)[0]] {
		filter := strings.Join(req.Filters, "")
		if filter == "" || filter == fmt.Sprintf("id==%q", c.ID) || strings.HasPrefix(filter, `id~="^`) && strings.HasPrefix(c.ID, strings.Trim(filter[6:], `"`)) {
			out.Containers = append(out.Containers, c)
		}
	}
	return out, nil
}

func (f *fakeContainerd) Subscribe(_ *events.SubscribeRequest, s events.Events_SubscribeServer) error {
	for {
		select {
		case e := <-f.event:
			if err := s.Send(e); err != nil {
				return err
			}
		case <-s.Context().Done():
			return nil
		}
	}
}

// tell sends an event about a container, whose id is field 1.
func (f *fakeContainerd) tell(topic, space, id string) {
	value := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), id)
	f.event <- &types.Envelope{Topic: topic, Namespace: space, Event: &anypb.Any{TypeUrl: "x", Value: value}}
}

func (f *fakeContainerd) put(space string, c *containers.Container) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list[space] = append(f.list[space], c)
}

// TestContainerd: containers of ctr, those of pods before CRI knows them, and none of docker's.
func TestContainerd(t *testing.T) {
	spec := `{"process":{"env":["A=b"],"capabilities":{"bounding":["CAP_SYS_ADMIN"]}},"linux":{"namespaces":[{"type":"pid"},{"type":"ipc"}]},"mounts":[{"type":"bind","source":"/h","destination":"/c","options":["rbind","ro","rshared"]},{"type":"proc","destination":"/proc"}]}`
	plain := &fakeContainerd{event: make(chan *types.Envelope, 100), list: map[string][]*containers.Container{
		"default": {{ID: "ctrweb", Image: "docker.io/library/nginx:1", Labels: map[string]string{"a": "b"}, Spec: &anypb.Any{Value: []byte(spec)}, CreatedAt: &timestamppb.Timestamp{Seconds: 9}}},
		"moby":    {{ID: hexID("77")}}, "k8s.io": nil}}
	f := startCRI(t, "containerd", func(*fakeCRI) {}, plain.register)
	h := watch(t, Options{CRI: []string{f.path}})
	h.w.Wait(5 * time.Second)
	r := h.last("ctrweb")
	for key, want := range map[string]any{"name": "ctrweb", "type": 7.0, "image": "docker.io/library/nginx:1", "created_time": 9.0, "privileged": true, "host_network": true, "host_pid": false,
		"labels": "map[a:b]", "env": "[A=b]", "Mounts": "[map[Destination:/c Mode: Propagation:rshared RW:false Source:/h]]"} {
		if have := r[key]; fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", key, have, want)
		}
	}
	plain.put("default", &containers.Container{ID: "by-question-with-a-long-name"})
	h.w.Ask("by-question-with-a-long-name", "containerd")
	h.named("by-question-with-a-long-name", "by-question-with-a-long-name")
	plain.put("default", &containers.Container{ID: "soon"})
	plain.tell("/tasks/create", "default", "soon")
	h.named("soon", "soon")
	box := hexID("88")
	plain.put("k8s.io", &containers.Container{ID: box, Labels: map[string]string{"io.cri-containerd.kind": "sandbox", "io.kubernetes.pod.name": "web-7"}})
	plain.tell("/containers/create", "k8s.io", box)
	h.named(box, "POD")
	if r := h.last(box); r["lookup_state"] != 0.0 || r["is_pod_sandbox"] != true {
		t.Errorf("%v", r)
	}
	f.put(f.pods, box, "web-7")
	h.wait("all about the pod", func() bool { return h.last(box)["lookup_state"] == 1.0 })
	if r := h.last(hexID("77")); r != nil {
		t.Errorf("docker's: %v", r)
	}
}

// TestContainerdAlone: the containerd that docker starts speaks no CRI.
func TestContainerdAlone(t *testing.T) {
	plain := &fakeContainerd{event: make(chan *types.Envelope), list: map[string][]*containers.Container{"default": {{ID: "one"}}}}
	path := filepath.Join(shortDir(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	plain.register(server)
	go server.Serve(l)
	defer server.Stop()
	h := watch(t, Options{CRI: []string{path}})
	h.named("one", "one")
	if found := Survey("/", time.Second); slices.ContainsFunc(found, func(f Found) bool { return f.Socket == path }) {
		t.Error(found)
	}
}
