package container

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"scry/capture/event"
)

// Defaults that a record has for limits which are not set, as libs has it.
const (
	defaultShares = 1024
	defaultPeriod = 100000
)

// encode is the container record, of at most MaxRecord bytes, and whether something was left out for that.
func encode(c *event.Container) (text []byte, cut bool) {
	for drop := 0; ; drop++ {
		text, err := json.Marshal(map[string]any{"container": fields(c, drop)})
		if err != nil {
			return nil, true // cannot be: texts, numbers and lists of them
		}
		if len(text) <= MaxRecord {
			return text, drop > 0
		}
	}
}

// fields are the members of a record; drop says how much of what may be large is left out.
func fields(c *event.Container, drop int) map[string]any {
	number, _ := event.EngineNumber(c.Type)
	m := map[string]any{
		"id": text(c.ID), "full_id": text(c.FullID), "type": number, "name": text(c.Name), "image": text(c.Image), "imageid": text(c.ImageID),
		"imagerepo": text(c.ImageRepo), "imagetag": text(c.ImageTag), "imagedigest": text(c.ImageHash), "ip": text(c.IP),
		"privileged": c.Privileged, "host_pid": c.HostPID, "host_network": c.HostNetwork, "host_ipc": c.HostIPC, "is_pod_sandbox": c.PodSandbox,
		"created_time": c.CreatedTime, "lookup_state": lookupState(c), "metadata_deadline": 0, "memory_limit": c.MemoryLimit, "swap_limit": c.SwapLimit,
		"cpu_shares": c.CPUShares, "cpu_quota": c.CPUQuota, "cpu_period": c.CPUPeriod, "cpuset_cpu_count": c.CPUSetCPUs,
		"env": []string{}, "Mounts": []any{}, "port_mappings": []any{}, "labels": map[string]string{},
	}
	putText := func(key, s string) {
		if s != "" {
			m[key] = s
		}
	}
	if c.PodSandboxID != "" {
		m["pod_sandbox_id"] = text(c.PodSandboxID)
	}
	putProbe(m, "Healthcheck", c.Health)
	putProbe(m, "LivenessProbe", c.Liveness)
	putProbe(m, "ReadinessProbe", c.Readiness)
	if drop < 4 {
		m["port_mappings"] = ports(c)
		m["labels"] = labelMap(c.Labels)
	}
	if drop < 3 {
		m["Mounts"] = mountList(c)
	}
	if drop < 2 {
		putText("cni_json", c.CNI)
		if len(c.PodSandboxLabels) > 0 {
			m["pod_sandbox_labels"] = labelMap(c.PodSandboxLabels)
		}
	}
	if drop < 1 && len(c.Env) > 0 {
		m["env"] = c.Env
	}
	if drop > 4 { // probes can be as long as they like
		delete(m, "Healthcheck")
		delete(m, "LivenessProbe")
		delete(m, "ReadinessProbe")
	}
	return m
}

// lookupState tells readers whether all there is to know was asked for: 1, or whether there is more to come: 0 (sinsp_container_lookup).
func lookupState(c *event.Container) int {
	if c.HasMeta {
		return 1
	}
	return 0
}

// maxText is the longest text that is in a record whatever its size: all of them, with each byte escaped, take less than MaxRecord.
const maxText = 512

// text is a member that identifies the container: it is never that long, so that a record always has room for all of them.
func text(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
}

// putProbe writes a command line as libs has it: the program and its arguments.
func putProbe(m map[string]any, key, line string) {
	if line != "" {
		exe, args, _ := strings.Cut(line, " ")
		list := []string{}
		if args != "" {
			list = append(list, args)
		}
		m[key] = map[string]any{"exe": exe, "args": list}
	}
}

func labelMap(list []event.Label) map[string]string {
	m := make(map[string]string, len(list))
	for _, l := range list {
		m[l.Key] = l.Value
	}
	return m
}

func mountList(c *event.Container) []any {
	out := []any{}
	for _, x := range c.Mounts {
		out = append(out, map[string]any{"Source": x.Source, "Destination": x.Dest, "Mode": x.Mode, "RW": x.RW, "Propagation": x.Propagation})
	}
	return out
}

// ports are the published ports; a record has IPv4 addresses only.
func ports(c *event.Container) []any {
	out := []any{}
	for _, p := range c.Ports {
		ip := netip.IPv4Unspecified()
		if p.HostIP != "" {
			var err error
			if ip, err = netip.ParseAddr(p.HostIP); err != nil || !ip.Is4() {
				continue
			}
		}
		b := ip.As4()
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		out = append(out, map[string]any{"HostIp": n, "HostPort": p.HostPort, "ContainerPort": p.ContainerPort})
	}
	return out
}

// cpuCount is the number of CPUs in a list like "0-3,7"; 0 for one that is none.
func cpuCount(list string) (n int64) {
	for item := range strings.SplitSeq(list, ",") {
		lo, hi, both := strings.Cut(strings.TrimSpace(item), "-")
		a, err := strconv.ParseUint(lo, 10, 16)
		if err != nil {
			return 0
		}
		b := a
		if both {
			if b, err = strconv.ParseUint(hi, 10, 16); err != nil || b < a {
				return 0
			}
		}
		n += int64(b-a) + 1
	}
	return n
}

// labels are the pairs of a map, by key.
func labels(m map[string]string) []event.Label {
	out := make([]event.Label, 0, len(m))
	for k, v := range m {
		out = append(out, event.Label{Key: k, Value: v})
	}
	sortLabels(out)
	return out
}
