package capture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scry/capture/container"
	"scry/capture/kubernetes"
)

// Bytes of the ring of a CPU.
const (
	MinBuffer     = 4 << 20
	DefaultBuffer = 8 << 20
	MaxBuffer     = 1 << 30
)

// LiveOptions say what a live capture records.
type LiveOptions struct {
	Demand  Demand   // made by Complete
	Buffer  int      // bytes of the ring of a CPU: a power of two from MinBuffer to MaxBuffer
	All     bool     // scry's own events as well
	NoUsers bool     // no users and groups in the state at the head
	Exclude []string // names of programs (comm) whose events are left out
	// Command is started once everything is attached; only it and its descendants are traced, and the capture ends with it.
	Command []string
	// HostRoot is the folder below which the machine's files are, "" for the root (see HostRoot): proc, users, and the sockets of the engines.
	HostRoot string
	// Engines are the container engines that are asked for names, which come as events; nil: none. Live sets Tell.
	Engines *container.Options
	// Kubernetes says which API server is asked for what explains the pods; nil: none. Live sets Tell.
	Kubernetes *kubernetes.Options
	// Poll is how long an event may wait until Next gives it: fewer wake-ups cost less; 0: 10 ms.
	Poll time.Duration
	// Tick puts an event into the stream at once and then that often, which has no number and tells nothing but the time; 0: never.
	Tick time.Duration
	Stop <-chan struct{} // closed when the capture shall end: what was recorded until then is still given
}

// LiveStats are the counts of a live capture so far. Seen = given by Next + waiting in the rings + Lost.
type LiveStats struct {
	Seen, Lost uint64
	Reasons    []Loss   // those that occurred; they add up to Lost
	Missing    []string // what the kernel cannot do of what was asked for, and what of /proc may not be read, a line for each thing
}

// Loss says how many events were lost for a reason, which is a few words: "ring full".
type Loss struct {
	Why string
	N   uint64
}

// Why is what events were lost to, most of them first: "ring full", or "90 ring full, 2 nested" when there are several reasons.
func (s *LiveStats) Why() string {
	if len(s.Reasons) == 1 {
		return s.Reasons[0].Why
	}
	list := slices.Clone(s.Reasons)
	slices.SortStableFunc(list, func(a, b Loss) int { return cmp.Compare(b.N, a.N) })
	var parts []string
	for _, r := range list {
		parts = append(parts, fmt.Sprintf("%d %s", r.N, r.Why))
	}
	return strings.Join(parts, ", ")
}

// Size is a number of bytes in the largest binary unit that divides it: "8 MiB".
func Size(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB"}
	k := 0
	for n > 0 && n%1024 == 0 && k < len(units)-1 {
		n /= 1024
		k++
	}
	return fmt.Sprintf("%d %s", n, units[k])
}
