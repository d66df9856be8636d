package container

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"scry/capture/event"
)

// docker speaks the HTTP API of docker, which podman has as well. It asks with GET and nothing else, and without a version in the path, which is the
// newest that an engine has: what is read here was there in the first and is in all of them (docs/decisions/006-engines.md).
type docker struct {
	http   *http.Client
	kind   string // docker, podman
	images cache[*image]
}

func dialDocker(ctx context.Context, socket string) (engine, string, string, error) {
	if err := reach(ctx, socket); err != nil {
		return nil, "", "", err
	}
	d := &docker{kind: "docker", http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialSocket(ctx, socket) },
			MaxIdleConnsPerHost: 4, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true},
	}}
	var v struct {
		Version    string
		Components []struct{ Name, Version string }
	}
	if err := d.get(ctx, "/version", &v); err != nil {
		d.close()
		return nil, "", "", err
	}
	if v.Version == "" {
		d.close()
		return nil, "", "", fmt.Errorf("version: %w", errNonsense)
	}
	for _, c := range v.Components {
		if strings.HasPrefix(c.Name, "Podman") {
			d.kind = "podman"
		}
	}
	return d, d.kind, v.Version, nil
}

func (d *docker) close() { d.http.CloseIdleConnections() }

// open sends a question. The answer's status is OK.
func (d *docker) open(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := d.http.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // without the address, which is made up
		}
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, errUnknown
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))   // for the message
	if strings.Contains(string(body), "no such container") { // podman finds it, and it goes before all of it was told
		return nil, errUnknown
	}
	return nil, &statusError{resp.Status, strings.TrimSpace(string(body))}
}

// statusError is an answer that is none.
type statusError struct{ status, body string }

func (e *statusError) Error() string { return "it answers " + strings.TrimSpace(e.status+" "+e.body) }

// get asks and decodes the answer. A member of another type than expected is left out.
func (d *docker) get(ctx context.Context, path string, into any) error {
	resp, err := d.open(ctx, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(body) > maxAnswer {
		return fmt.Errorf("%w: it is over %d bytes", errNonsense, maxAnswer)
	}
	err = json.Unmarshal(body, into)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !ok {
		return fmt.Errorf("%w: %w", errNonsense, err)
	}
	return nil
}

// dockerNetwork is a network that a container is in.
type dockerNetwork struct{ IPAddress, GlobalIPv6Address string }

// ipOf is the first address that a container has, those of networks with a smaller name first.
func ipOf(own dockerNetwork, networks map[string]dockerNetwork) string {
	list := []dockerNetwork{own}
	names := make([]string, 0, len(networks))
	for name := range networks {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list = append(list, networks[name])
	}
	six := ""
	for _, n := range list {
		if a, err := netip.ParseAddr(n.IPAddress); err == nil {
			return a.String()
		}
		if a, err := netip.ParseAddr(n.GlobalIPv6Address); err == nil && six == "" {
			six = a.String()
		}
	}
	return six
}

// dockerListed is a container of the list.
type dockerListed struct {
	ID              string `json:"Id"`
	Names           []string
	Image, ImageID  string
	Created         json.RawMessage // seconds; some podman versions have it in other ways
	State           string
	Labels          map[string]string
	NetworkSettings struct{ Networks map[string]dockerNetwork }
}

func (d *docker) list(ctx context.Context, found func(*event.Container, bool)) error {
	var list []dockerListed
	if err := d.get(ctx, "/containers/json?all=true", &list); err != nil {
		return err
	}
	for i := range list {
		l := &list[i]
		if !validID(l.ID) {
			continue
		}
		c := d.record(l.ID)
		if len(l.Names) > 0 {
			c.Name = strings.TrimPrefix(l.Names[0], "/")
		}
		c.CreatedTime, _ = strconv.ParseInt(string(l.Created), 10, 64) // 0 where it is no number
		d.setLabels(c, l.Labels)
		(*image)(nil).name(c, l.Image, l.ImageID)
		c.IP = ipOf(dockerNetwork{}, l.NetworkSettings.Networks)
		found(c, l.State == "running" || l.State == "paused")
	}
	return nil
}

// record is a container of which the id is known.
func (d *docker) record(id string) *event.Container {
	return &event.Container{ID: shortID(id), FullID: id, Type: d.kind, CPUShares: defaultShares, CPUPeriod: defaultPeriod}
}

func (d *docker) setLabels(c *event.Container, m map[string]string) {
	c.Labels = labels(m)
	c.PodSandbox = m["io.kubernetes.docker.type"] == "podsandbox" || strings.HasPrefix(c.Name, "k8s_POD") ||
		d.kind == "podman" && isHash(strings.TrimSuffix(c.Name, "-infra")) && strings.HasSuffix(c.Name, "-infra")
	c.PodSandboxID = m["io.kubernetes.sandbox.id"]
	setProbes(c, m[appliedLabel], m[containerLabel])
}

// dockerInspected is the whole of a container.
type dockerInspected struct {
	ID      string `json:"Id"`
	Name    string
	Created time.Time
	Image   string // id
	Config  struct {
		Image       string
		Env         []string
		Labels      map[string]string
		Healthcheck struct{ Test []string }
	}
	HostConfig struct {
		Privileged                                         bool
		PidMode, NetworkMode, IpcMode, CpusetCpus          string
		Memory, MemorySwap, CpuShares, CpuQuota, CpuPeriod int64
		NanoCpus                                           int64
	}
	Mounts []struct {
		Source, Destination, Mode, Propagation string
		RW                                     bool
	}
	NetworkSettings struct {
		dockerNetwork
		Networks map[string]dockerNetwork
		Ports    map[string][]struct{ HostIP, HostPort string }
	}
}

func (d *docker) inspect(ctx context.Context, id string) (*event.Container, error) {
	x, err := d.ask(ctx, id)
	if err != nil {
		return nil, err
	}
	c := d.record(x.ID)
	c.HasMeta, c.Name = true, strings.TrimPrefix(x.Name, "/")
	c.CreatedTime = max(x.Created.Unix(), 0)
	d.setLabels(c, x.Config.Labels)
	info := d.images.get(x.Image, func() (*image, error) { return d.image(ctx, x.Image) })
	info.name(c, x.Config.Image, x.Image)
	c.Env, c.Health = x.Config.Env, healthCommand(x.Config.Healthcheck.Test)
	c.IP = d.address(ctx, x)
	x.limits(c)
	for _, m := range x.Mounts {
		c.Mounts = append(c.Mounts, event.Mount{Source: m.Source, Dest: m.Destination, Mode: m.Mode, Propagation: m.Propagation, RW: m.RW})
	}
	c.Ports = x.ports()
	return c, nil
}

// ask inspects. The answer is about the container that was asked for.
func (d *docker) ask(ctx context.Context, id string) (*dockerInspected, error) {
	if !validID(id) {
		return nil, errUnknown
	}
	x := &dockerInspected{}
	if err := d.get(ctx, "/containers/"+id+"/json", x); err != nil {
		return nil, err
	}
	if !validID(x.ID) || !strings.HasPrefix(x.ID, id) {
		if validID(x.ID) {
			return nil, errUnknown // a container whose name is this one's id
		}
		return nil, fmt.Errorf("container: %w", errNonsense)
	}
	return x, nil
}

// limits puts the host's namespaces and the limits into a record.
func (x *dockerInspected) limits(c *event.Container) {
	h := &x.HostConfig
	c.Privileged, c.HostPID, c.HostNetwork, c.HostIPC = h.Privileged, h.PidMode == "host", h.NetworkMode == "host", h.IpcMode == "host"
	c.MemoryLimit, c.SwapLimit, c.CPUQuota = h.Memory, h.MemorySwap, h.CpuQuota
	c.CPUShares, c.CPUPeriod = cmp.Or(h.CpuShares, defaultShares), cmp.Or(h.CpuPeriod, defaultPeriod)
	if h.NanoCpus > 0 && c.CPUQuota == 0 { // --cpus: billionths of a CPU
		c.CPUQuota = int64(float64(h.NanoCpus) / 1e9 * float64(c.CPUPeriod))
	}
	c.CPUSetCPUs = cpuCount(h.CpusetCpus)
}

// ports are the published ports by number: the keys are like "80/tcp".
func (x *dockerInspected) ports() (out []event.PortMapping) {
	for key, list := range x.NetworkSettings.Ports {
		number, _, _ := strings.Cut(key, "/")
		inside, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			continue
		}
		for _, b := range list {
			if outside, err := strconv.ParseUint(b.HostPort, 10, 16); err == nil {
				out = append(out, event.PortMapping{HostIP: b.HostIP, HostPort: uint16(outside), ContainerPort: uint16(inside)})
			}
		}
	}
	slices.SortFunc(out, func(a, b event.PortMapping) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.HostIP, b.HostIP))
	})
	return out
}

// address is the container's own, or that of the container whose network it shares.
func (d *docker) address(ctx context.Context, x *dockerInspected) string {
	ip := ipOf(x.NetworkSettings.dockerNetwork, x.NetworkSettings.Networks)
	other, shares := strings.CutPrefix(x.HostConfig.NetworkMode, "container:")
	if ip == "" && shares {
		if y, err := d.ask(ctx, other); err == nil {
			return ipOf(y.NetworkSettings.dockerNetwork, y.NetworkSettings.Networks)
		}
	}
	return ip
}

func (d *docker) image(ctx context.Context, id string) (*image, error) {
	if !isHash(id) {
		return nil, errUnknown
	}
	var x struct{ RepoTags, RepoDigests []string }
	if err := d.get(ctx, "/images/"+id+"/json", &x); err != nil {
		return nil, err
	}
	return &image{x.RepoTags, x.RepoDigests}, nil
}

// podman sends the head of its answer with the first event: after this time it is taken as subscribed.
const eventsGrace = 200 * time.Millisecond

func (d *docker) watch(ctx context.Context, ready func(), changed func(change)) error {
	late := time.AfterFunc(eventsGrace, ready)
	defer late.Stop()
	resp, err := d.open(ctx, "/events?filters="+url.QueryEscape(`{"type":["container"]}`))
	if _, refused := errors.AsType[*statusError](err); refused || errors.Is(err, errUnknown) { // by a proxy before the engine
		ready()
		return listen(ctx, func(ctx context.Context) error { return d.get(ctx, "/version", &struct{}{}) })
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	ready()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := d.event(lines.Bytes(), changed); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: an event is over %d bytes", errNonsense, maxLine)
	case ctx.Err() != nil:
		return ctx.Err()
	case timedOut(err):
		return err
	}
	return errLost // whatever the way
}

// errLost tells that an engine went away.
var errLost = errors.New("the connection was lost")

// event takes a line of the events.
func (d *docker) event(line []byte, changed func(change)) error {
	var e struct {
		Status, ID, From string // as it was before 2015, and still is
		Type, Action     string
		Actor            struct {
			ID         string
			Attributes map[string]string
		}
	}
	err := json.Unmarshal(line, &e)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !ok {
		return fmt.Errorf("event: %w", errNonsense)
	}
	id, action := cmp.Or(e.Actor.ID, e.ID), cmp.Or(e.Action, e.Status)
	if e.Type != "" && e.Type != "container" || !validID(id) {
		return nil
	}
	switch action {
	case "destroy", "remove":
		changed(change{id: id, gone: true})
	case "create", "init", "start", "restart", "rename", "update", "unpause":
		c := d.record(id)
		c.Name = e.Actor.Attributes["name"]
		m := map[string]string{}
		for k, v := range e.Actor.Attributes { // labels, and a few things of the event's own
			if !slices.Contains([]string{"name", "image", "exitCode", "signal", "oldName", "execID", "containerExitCode", "podId"}, k) {
				m[k] = v
			}
		}
		d.setLabels(c, m)
		(*image)(nil).name(c, cmp.Or(e.Actor.Attributes["image"], e.From), "")
		changed(change{id: id, rec: c})
	}
	return nil
}
