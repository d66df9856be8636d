package capture

import (
	"fmt"
	"strings"
)

// Caps is a set of capabilities, the bits as the kernel numbers them.
type Caps uint64

// Capabilities (include/uapi/linux/capability.h).
const (
	capDacOverride   = 1
	capDacReadSearch = 2
	capKill          = 5
	capSysPtrace     = 19
	capSysAdmin      = 21
	capPerfmon       = 38
	capBPF           = 39
)

var capNames = map[int]string{capDacOverride: "CAP_DAC_OVERRIDE", capDacReadSearch: "CAP_DAC_READ_SEARCH", capKill: "CAP_KILL",
	capSysPtrace: "CAP_SYS_PTRACE", capSysAdmin: "CAP_SYS_ADMIN", capPerfmon: "CAP_PERFMON", capBPF: "CAP_BPF"}

const (
	needed = Caps(1<<capBPF | 1<<capPerfmon)             // to load and attach programs; CAP_SYS_ADMIN stands for both
	wanted = Caps(1<<capSysPtrace | 1<<capDacReadSearch) // to read /proc of other users
)

// Capabilities that are kept once the programs are attached, see DropPrivileges.
const (
	KeepReading = wanted                    // of /proc, for what appears later
	KeepKilling = Caps(1 << capKill)        // the command that was started, should it become another user
	KeepWriting = Caps(1 << capDacOverride) // new files of a series into a directory of somebody else
	// KeepConnecting is for the sockets of container engines that users run (podman): an engine that starts again is connected to again.
	KeepConnecting = Caps(1 << capDacOverride)
)

// Has tells whether capability n is in the set.
func (c Caps) Has(n int) bool { return c>>n&1 != 0 }

// missing are the capabilities of want that c lacks.
func (c Caps) missing(want Caps) Caps { return want &^ c }

// String is the names, with blanks between them.
func (c Caps) String() string {
	var names []string
	for n := range 64 {
		switch name := capNames[n]; {
		case !c.Has(n):
		case name == "":
			names = append(names, fmt.Sprintf("CAP_%d", n))
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
