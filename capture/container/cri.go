package container

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"scry/capture/event"
)

// runtime speaks CRI, the interface of the kubelet, and where containerd answers also containerd's own: for its events, which are there in every version,
// and for the containers that are no pod's. Either may be missing. Only calls that change nothing are used.
type runtime struct {
	conn   *grpc.ClientConn
	kind   string // containerd, cri-o, cri
	pods   cri.RuntimeServiceClient
	store  cri.ImageServiceClient
	plain  *containerd // nil where another engine answers
	images cache[*image]
	boxes  cache[*sandbox]
}

func dialCRI(ctx context.Context, socket string) (engine, string, string, error) {
	if err := reach(ctx, socket); err != nil {
		return nil, "", "", err
	}
	conn, err := grpc.NewClient("passthrough:///engine", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dialSocket(ctx, socket) }))
	if err != nil {
		return nil, "", "", err
	}
	r := &runtime{conn: conn, kind: "cri", pods: cri.NewRuntimeServiceClient(conn), store: cri.NewImageServiceClient(conn)}
	version, err := r.identify(ctx)
	if err != nil {
		conn.Close()
		return nil, "", "", plainError(err)
	}
	return r, r.kind, version, nil
}

// identify finds out who answers.
func (r *runtime) identify(ctx context.Context) (string, error) {
	v, err := r.pods.Version(ctx, &cri.VersionRequest{})
	switch {
	case status.Code(err) == codes.Unimplemented:
		r.pods = nil // containerd without its CRI plugin, as docker starts it
		r.kind = "containerd"
	case err != nil:
		return "", err
	case v.RuntimeName == "containerd" || v.RuntimeName == "cri-o":
		r.kind = v.RuntimeName
	}
	if r.kind == "containerd" {
		r.plain = newContainerd(r.conn)
		if _, err := r.plain.namespaces(ctx); err != nil {
			if r.plain = nil; r.pods == nil {
				return "", fmt.Errorf("it speaks neither CRI v1 nor containerd's API: %w", plainError(err))
			}
		}
	}
	return v.GetRuntimeVersion(), nil
}

func (r *runtime) close() { r.conn.Close() }

// rpcError is what an engine answered, without the words of gRPC around it.
type rpcError struct {
	code codes.Code
	text string
}

func (e *rpcError) Error() string { return e.text }

// Is makes a missed deadline one for errors.Is.
func (e *rpcError) Is(target error) bool {
	return target == context.DeadlineExceeded && e.code == codes.DeadlineExceeded || target == context.Canceled && e.code == codes.Canceled
}

func plainError(err error) error {
	s, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	if s.Code() == codes.NotFound || s.Code() == codes.Unknown && strings.Contains(s.Message(), "not find") {
		return errUnknown
	}
	return &rpcError{s.Code(), cmp.Or(s.Message(), s.Code().String())}
}

func (r *runtime) list(ctx context.Context, found func(*event.Container, bool)) error {
	if r.pods != nil {
		boxes, err := r.pods.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
		if err != nil {
			return plainError(err)
		}
		for _, p := range boxes.Items {
			if validID(p.GetId()) {
				c := r.sandboxRecord(p.Id, p.Labels, p.CreatedAt)
				found(c, p.State == cri.PodSandboxState_SANDBOX_READY)
			}
		}
		list, err := r.pods.ListContainers(ctx, &cri.ListContainersRequest{})
		if err != nil {
			return plainError(err)
		}
		for _, x := range list.Containers {
			if !validID(x.GetId()) {
				continue
			}
			c := r.record(x.Id, x.CreatedAt)
			c.Name, c.Labels, c.PodSandboxID = x.GetMetadata().GetName(), labels(x.Labels), x.PodSandboxId
			(*image)(nil).name(c, cmp.Or(x.Image.GetUserSpecifiedImage(), x.Image.GetImage()), imageID(x.ImageRef))
			found(c, x.State == cri.ContainerState_CONTAINER_RUNNING)
		}
	}
	if r.plain != nil {
		return r.plain.list(ctx, found)
	}
	return nil
}

func (r *runtime) record(id string, created int64) *event.Container {
	return &event.Container{ID: shortID(id), FullID: id, Type: r.kind, CreatedTime: created / int64(time.Second),
		CPUShares: defaultShares, CPUPeriod: defaultPeriod}
}

// podName is the name of the container that holds the namespaces of a pod. It has none of its own; this is what the kubelet called it.
const podName = "POD"

// sandboxRecord is the record of that container.
func (r *runtime) sandboxRecord(id string, m map[string]string, created int64) *event.Container {
	c := r.record(id, created)
	c.Name, c.PodSandbox, c.PodSandboxID, c.Labels = podName, true, id, labels(m)
	return c
}

// imageID is the id in the reference to an image, "" when it is a digest.
func imageID(ref string) string {
	if strings.Contains(ref, "@") {
		return ""
	}
	return ref
}

func (r *runtime) inspect(ctx context.Context, id string) (*event.Container, error) {
	if !validID(id) {
		return nil, errUnknown
	}
	if r.pods == nil {
		return r.plain.inspect(ctx, id)
	}
	c, err := r.container(ctx, id)
	if errors.Is(err, errUnknown) {
		c, err = r.pod(ctx, id)
	}
	if !errors.Is(err, errUnknown) || r.plain == nil {
		return c, err
	}
	if c, err = r.plain.inspect(ctx, id); !errors.Is(err, errUnknown) {
		return c, err
	}
	// Containerd knows the containers of a pod before its CRI plugin does: a sandbox enters that one's books when its program runs already.
	if c = r.plain.ofPod(ctx, id); c == nil {
		return nil, errUnknown
	}
	return c, errUnknown
}

// container inspects a container of a pod.
func (r *runtime) container(ctx context.Context, id string) (*event.Container, error) {
	resp, err := r.pods.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id, Verbose: true})
	if err != nil {
		return nil, plainError(err)
	}
	st := resp.GetStatus()
	if !validID(st.GetId()) || !strings.HasPrefix(st.GetId(), id) {
		return nil, fmt.Errorf("container: %w", errNonsense)
	}
	c := r.record(st.Id, st.CreatedAt)
	c.HasMeta, c.Name, c.Labels = true, st.GetMetadata().GetName(), labels(st.Labels)
	for _, m := range st.Mounts {
		c.Mounts = append(c.Mounts, event.Mount{Source: m.GetHostPath(), Dest: m.GetContainerPath(), RW: !m.GetReadonly(), Propagation: propagation[m.GetPropagation()]})
	}
	ref := cmp.Or(st.ImageRef, st.GetImage().GetImage())
	info := r.images.get(ref, func() (*image, error) { return r.image(ctx, ref) })
	name := cmp.Or(st.GetImage().GetUserSpecifiedImage(), st.GetImage().GetImage())
	info.name(c, name, cmp.Or(imageID(st.ImageRef), st.ImageId))
	if _, digest, ok := strings.Cut(st.ImageRef, "@"); ok && c.ImageHash == "" {
		c.ImageHash = digest
	}
	verbose := parseInfo(resp.Info["info"])
	verbose.fill(c)
	if lr := st.GetResources().GetLinux(); lr != nil {
		c.MemoryLimit, c.SwapLimit = lr.MemoryLimitInBytes, lr.MemorySwapLimitInBytes
		c.CPUShares, c.CPUQuota, c.CPUPeriod = cmp.Or(lr.CpuShares, c.CPUShares), cmp.Or(lr.CpuQuota, c.CPUQuota), cmp.Or(lr.CpuPeriod, c.CPUPeriod)
		c.CPUSetCPUs = cmp.Or(cpuCount(lr.CpusetCpus), c.CPUSetCPUs)
	}
	if c.PodSandboxID = verbose.SandboxID; !validID(c.PodSandboxID) {
		c.PodSandboxID = r.sandboxOf(ctx, st.Id)
	}
	if box := r.sandbox(ctx, c.PodSandboxID); box != nil {
		c.PodSandboxLabels, c.IP, c.CNI = box.labels, box.ip, box.cni
		c.HostNetwork, c.HostPID, c.HostIPC = box.hostNetwork, box.hostPID, box.hostIPC
		setProbes(c, box.applied, c.Name)
	}
	return c, nil
}

// sandboxOf asks the list for the sandbox of a container.
func (r *runtime) sandboxOf(ctx context.Context, id string) string {
	l, err := r.pods.ListContainers(ctx, &cri.ListContainersRequest{Filter: &cri.ContainerFilter{Id: id}})
	if err != nil || len(l.GetContainers()) != 1 || !validID(l.Containers[0].GetPodSandboxId()) {
		return ""
	}
	return l.Containers[0].PodSandboxId
}

var propagation = map[cri.MountPropagation]string{cri.MountPropagation_PROPAGATION_PRIVATE: "private",
	cri.MountPropagation_PROPAGATION_HOST_TO_CONTAINER: "rslave", cri.MountPropagation_PROPAGATION_BIDIRECTIONAL: "rshared"}

func (r *runtime) image(ctx context.Context, ref string) (*image, error) {
	resp, err := r.store.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: ref}})
	if err != nil {
		return nil, plainError(err)
	}
	if resp.GetImage() == nil {
		return nil, errUnknown
	}
	return &image{resp.Image.RepoTags, resp.Image.RepoDigests}, nil
}

// sandbox is what the containers of a pod have from it.
type sandbox struct {
	rec                           *event.Container
	labels                        []event.Label
	ip, cni, applied              string
	hostNetwork, hostPID, hostIPC bool
}

// pod inspects a sandbox.
func (r *runtime) pod(ctx context.Context, id string) (*event.Container, error) {
	box, err := r.askSandbox(ctx, id)
	if err != nil {
		return nil, err
	}
	return box.rec, nil
}

// sandbox is what is known of a pod, nil when that is nothing.
func (r *runtime) sandbox(ctx context.Context, id string) *sandbox {
	if id == "" {
		return nil
	}
	return r.boxes.get(id, func() (*sandbox, error) { return r.askSandbox(ctx, id) })
}

func (r *runtime) askSandbox(ctx context.Context, id string) (*sandbox, error) {
	resp, err := r.pods.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id, Verbose: true})
	if err != nil {
		return nil, plainError(err)
	}
	st := resp.GetStatus()
	if !validID(st.GetId()) || !strings.HasPrefix(st.GetId(), id) {
		return nil, fmt.Errorf("pod: %w", errNonsense)
	}
	ns := st.GetLinux().GetNamespaces().GetOptions()
	node := cri.NamespaceMode_NODE
	verbose := parseInfo(resp.Info["info"])
	b := &sandbox{rec: r.sandboxRecord(st.Id, st.Labels, st.CreatedAt), labels: labels(st.Labels), ip: st.GetNetwork().GetIp(), cni: verbose.cni(),
		applied: st.Annotations[appliedAnnotation], hostNetwork: ns != nil && ns.Network == node, hostPID: ns != nil && ns.Pid == node,
		hostIPC: ns != nil && ns.Ipc == node}
	b.rec.IP, b.rec.CNI, b.rec.HostNetwork, b.rec.HostPID, b.rec.HostIPC = b.ip, b.cni, b.hostNetwork, b.hostPID, b.hostIPC
	(*image)(nil).name(b.rec, verbose.Image, "")
	b.rec.HasMeta, b.rec.Privileged = true, verbose.privileged()
	return b, nil
}

func (r *runtime) watch(ctx context.Context, ready func(), changed func(change)) error {
	if r.plain != nil {
		return plainError(r.plain.watch(ctx, r.pods != nil, ready, changed))
	}
	stream, err := r.pods.GetContainerEvents(ctx, &cri.GetEventsRequest{})
	if err != nil {
		return plainError(err)
	}
	late := time.AfterFunc(eventsGrace, ready) // nothing tells when it is subscribed
	defer late.Stop()
	for {
		e, err := stream.Recv()
		if status.Code(err) == codes.Unimplemented {
			ready()
			return listen(ctx, func(ctx context.Context) error {
				_, err := r.pods.Version(ctx, &cri.VersionRequest{})
				return plainError(err)
			})
		}
		if err != nil {
			return plainError(err)
		}
		if id := e.GetContainerId(); validID(id) {
			changed(change{id: id, gone: e.ContainerEventType == cri.ContainerEventType_CONTAINER_DELETED_EVENT})
		}
	}
}

// verboseInfo is the part of the verbose answer, JSON that each engine makes as it likes, that says what CRI has no words for.
type verboseInfo struct {
	SandboxID  string          `json:"sandboxID"`
	Image      string          `json:"image"`
	Privileged bool            `json:"privileged"` // CRI-O
	Result     json.RawMessage `json:"cniResult"`
	Config     struct {
		Envs  []struct{ Key, Value string } `json:"envs"`
		Linux struct {
			Security struct {
				Privileged bool `json:"privileged"`
			} `json:"security_context"`
		} `json:"linux"`
	} `json:"config"`
	Spec ociSpec `json:"runtimeSpec"`
}

func parseInfo(text string) *verboseInfo {
	v := &verboseInfo{}
	if len(text) <= maxAnswer {
		_ = json.Unmarshal([]byte(text), v) // of a damaged one what can be read
	}
	return v
}

func (v *verboseInfo) privileged() bool { return v.Privileged || v.Config.Linux.Security.Privileged }

// cni is the interfaces of a pod, JSON as the network plugin gave it.
func (v *verboseInfo) cni() string {
	var result struct{ Interfaces json.RawMessage }
	if json.Unmarshal(v.Result, &result) == nil && len(result.Interfaces) > 0 && string(result.Interfaces) != "null" {
		return string(result.Interfaces)
	}
	return v.Spec.Annotations["io.kubernetes.cri-o.CNIResult"]
}

func (v *verboseInfo) fill(c *event.Container) {
	v.Spec.fill(c)
	c.Privileged = v.privileged()
	if len(v.Config.Envs) > 0 && len(c.Env) == 0 {
		for _, e := range v.Config.Envs {
			c.Env = append(c.Env, e.Key+"="+e.Value)
		}
	}
}
