package event

// engineNames are the container engines by the number that container events carry (sinsp_container_type).
var engineNames = [...]string{0: "docker", 1: "lxc", 2: "libvirt-lxc", 3: "mesos", 4: "rkt", 5: "custom", 6: "cri", 7: "containerd", 8: "cri-o", 9: "bpm",
	10: "static", 11: "podman"}

// EngineName is the container engine with that number, "" for an unknown one.
func EngineName(n int) string {
	if n < 0 || n >= len(engineNames) {
		return ""
	}
	return engineNames[n]
}

// EngineNumber is the number of a container engine; false for a name that container events have no number for.
func EngineNumber(name string) (int, bool) {
	for n, s := range engineNames {
		if s == name {
			return n, true
		}
	}
	return 0, false
}
