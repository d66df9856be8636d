package container

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	events "github.com/containerd/containerd/api/services/events/v1"
	namespaces "github.com/containerd/containerd/api/services/namespaces/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"scry/capture/event"
)

// containerd is its own API, for containers that are no pod's: those of ctr and nerdctl. The ones of pods are CRI's, the ones of docker docker's.
type containerd struct {
	containers containers.ContainersClient
	events     events.EventsClient
	spaces     namespaces.NamespacesClient
}

// Namespaces of which another interface knows more.
const (
	podSpace    = "k8s.io"
	dockerSpace = "moby"
)

const spaceHeader = "containerd-namespace"

func newContainerd(conn *grpc.ClientConn) *containerd {
	return &containerd{containers.NewContainersClient(conn), events.NewEventsClient(conn), namespaces.NewNamespacesClient(conn)}
}

// namespaces are those whose containers are this interface's.
func (d *containerd) namespaces(ctx context.Context) (out []string, err error) {
	resp, err := d.spaces.List(ctx, &namespaces.ListNamespacesRequest{})
	if err != nil {
		return nil, err
	}
	for _, n := range resp.GetNamespaces() {
		if name := n.GetName(); name != podSpace && name != dockerSpace && validID(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (d *containerd) list(ctx context.Context, found func(*event.Container, bool)) error {
	spaces, err := d.namespaces(ctx)
	if err != nil {
		return plainError(err)
	}
	for _, space := range spaces {
		resp, err := d.containers.List(metadata.AppendToOutgoingContext(ctx, spaceHeader, space), &containers.ListContainersRequest{})
		if err != nil {
			return plainError(err)
		}
		for _, x := range resp.GetContainers() {
			if validID(x.GetID()) {
				found(containerdRecord(x), true)
			}
		}
	}
	return nil
}

// inspect finds a container in whichever namespace it is. A cut id must be that of one container only.
func (d *containerd) inspect(ctx context.Context, id string) (*event.Container, error) {
	if !validID(id) {
		return nil, errUnknown
	}
	spaces, err := d.namespaces(ctx)
	if err != nil {
		return nil, plainError(err)
	}
	var only *containers.Container
	for _, space := range spaces {
		x, err := d.find(ctx, space, id)
		switch {
		case err != nil:
			return nil, err
		case x == nil:
			continue
		case x.GetID() == id:
			return containerdRecord(x), nil
		case only != nil:
			return nil, errUnknown
		}
		only = x
	}
	if only == nil {
		return nil, errUnknown
	}
	return containerdRecord(only), nil
}

// find looks for a container in a namespace; nil when it is not there, or when the id may be that of several.
func (d *containerd) find(ctx context.Context, space, id string) (*containers.Container, error) {
	filter := "id==" + strconv.Quote(id)
	if len(id) == 12 && isHex(id) { // it may be cut
		filter = "id~=" + strconv.Quote("^"+regexp.QuoteMeta(id))
	}
	resp, err := d.containers.List(metadata.AppendToOutgoingContext(ctx, spaceHeader, space), &containers.ListContainersRequest{Filters: []string{filter}})
	if err != nil {
		return nil, plainError(err)
	}
	var only *containers.Container
	for _, x := range resp.GetContainers() {
		if !validID(x.GetID()) || !strings.HasPrefix(x.GetID(), id) {
			return nil, fmt.Errorf("container: %w", errNonsense)
		}
		if x.GetID() == id {
			return x, nil
		}
		only = x
	}
	if len(resp.GetContainers()) != 1 {
		return nil, nil
	}
	return only, nil
}

// ofPod is what containerd itself knows of a container of a pod; nil when that is nothing.
func (d *containerd) ofPod(ctx context.Context, id string) *event.Container {
	x, err := d.find(ctx, podSpace, id)
	if err != nil || x == nil {
		return nil
	}
	c := containerdRecord(x)
	c.HasMeta = false // CRI knows more
	m := x.GetLabels()
	if c.Name = cmp.Or(m[containerLabel], c.Name); m["io.cri-containerd.kind"] == "sandbox" {
		c.Name, c.PodSandbox, c.PodSandboxID = podName, true, c.FullID
	}
	return c
}

// containerdRecord is the record of a container; its name is its id, there is no other.
func containerdRecord(x *containers.Container) *event.Container {
	c := &event.Container{ID: shortID(x.GetID()), FullID: x.GetID(), Type: "containerd", Name: x.GetID(), HasMeta: true, Labels: labels(x.GetLabels()),
		CreatedTime: max(x.GetCreatedAt().GetSeconds(), 0), CPUShares: defaultShares, CPUPeriod: defaultPeriod}
	(*image)(nil).name(c, x.GetImage(), "")
	var spec ociSpec
	_ = json.Unmarshal(x.GetSpec().GetValue(), &spec) // of a damaged one what can be read
	spec.fill(c)
	spec.namespaces(c)
	c.Privileged = len(spec.Linux.MaskedPaths) == 0 && slices.Contains(spec.Process.Capabilities.Bounding, "CAP_SYS_ADMIN") // as --privileged makes it
	return c
}

// topics are the events that a container's life consists of. A container is in CRI's books when its task is created, before its program runs.
var topics = []string{"/containers/create", "/containers/update", "/tasks/create", "/tasks/start", "/containers/delete"}

// watch gives the containers of events; with pods, also those of CRI.
func (d *containerd) watch(ctx context.Context, pods bool, ready func(), changed func(change)) error {
	var filters []string
	for _, t := range topics {
		filters = append(filters, `topic=="`+t+`"`)
	}
	stream, err := d.events.Subscribe(ctx, &events.SubscribeRequest{Filters: filters})
	if err != nil {
		return err
	}
	late := time.AfterFunc(eventsGrace, ready) // nothing tells when it is subscribed
	defer late.Stop()
	for {
		e, err := stream.Recv()
		if err != nil {
			return err
		}
		id := firstText(e.GetEvent().GetValue())
		if space := e.GetNamespace(); !validID(id) || space == dockerSpace || space == podSpace && !pods {
			continue
		}
		changed(change{id: id, gone: e.GetTopic() == "/containers/delete"})
	}
}

// firstText is field 1 of a message, which is the id of the container in all of the events above (containerd's api/events).
func firstText(b []byte) string {
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return ""
		}
		if b = b[size:]; n == 1 && t == protowire.BytesType {
			v, size := protowire.ConsumeBytes(b)
			if size < 0 {
				return ""
			}
			return string(v)
		}
		if size = protowire.ConsumeFieldValue(n, t, b); size < 0 {
			return ""
		}
		b = b[size:]
	}
	return ""
}

// ociSpec is a runtime specification (config.json), as far as it matters here.
type ociSpec struct {
	Annotations map[string]string `json:"annotations"`
	Process     struct {
		Env          []string `json:"env"`
		Capabilities struct {
			Bounding []string `json:"bounding"`
		} `json:"capabilities"`
	} `json:"process"`
	Mounts []struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options"`
	} `json:"mounts"`
	Linux struct {
		MaskedPaths []string `json:"maskedPaths"`
		Namespaces  []struct {
			Type string `json:"type"`
		} `json:"namespaces"`
		Resources struct {
			Memory struct {
				Limit int64 `json:"limit"`
				Swap  int64 `json:"swap"`
			} `json:"memory"`
			CPU struct {
				Shares int64  `json:"shares"`
				Quota  int64  `json:"quota"`
				Period int64  `json:"period"`
				Cpus   string `json:"cpus"`
			} `json:"cpu"`
		} `json:"resources"`
	} `json:"linux"`
}

// fill puts environment and limits into a record, and the mounts when it has none yet: those of the host's files.
func (s *ociSpec) fill(c *event.Container) {
	c.Env = s.Process.Env
	m, p := &s.Linux.Resources.Memory, &s.Linux.Resources.CPU
	c.MemoryLimit, c.SwapLimit, c.CPUQuota, c.CPUSetCPUs = m.Limit, m.Swap, p.Quota, cpuCount(p.Cpus)
	c.CPUShares, c.CPUPeriod = cmp.Or(p.Shares, c.CPUShares), cmp.Or(p.Period, c.CPUPeriod)
	if len(c.Mounts) > 0 {
		return
	}
	for _, x := range s.Mounts {
		if x.Type != "bind" && !slices.Contains(x.Options, "bind") && !slices.Contains(x.Options, "rbind") {
			continue
		}
		mount := event.Mount{Source: x.Source, Dest: x.Destination, RW: !slices.Contains(x.Options, "ro")}
		for _, o := range x.Options {
			if strings.HasSuffix(o, "private") || strings.HasSuffix(o, "shared") || strings.HasSuffix(o, "slave") {
				mount.Propagation = o
			}
		}
		c.Mounts = append(c.Mounts, mount)
	}
}

// namespaces says which of the host's a container shares: those that it is not given.
func (s *ociSpec) namespaces(c *event.Container) {
	if len(s.Linux.Namespaces) == 0 {
		return // nothing is known of it
	}
	own := map[string]bool{}
	for _, n := range s.Linux.Namespaces {
		own[n.Type] = true
	}
	c.HostPID, c.HostNetwork, c.HostIPC = !own["pid"], !own["network"], !own["ipc"]
}
