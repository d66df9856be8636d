package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Machine is what decides whether a live capture is possible.
type Machine struct {
	System                        string   // as Go calls it
	Release                       string   // of the kernel
	BTF                           bool     // the kernel describes its types
	Lockdown                      string   // none, integrity, confidentiality; "" when the kernel does not say
	Nested                        bool     // in a user namespace of its own, where capabilities do not count
	Caps                          Caps     // effective capabilities of this process
	CPUs                          int      // that the kernel may use, whether or not they are on
	Memory                        uint64   // bytes, 0 when not known
	Bounded                       bool     // memory for BPF counts against the limit on locked memory (before Linux 5.11)
	UnprivilegedBPF, PerfParanoid string   // settings of the kernel, "" when it does not say
	Missing                       []string // what the kernel cannot do of a live capture
}

// UnableError tells that this machine, or this user, cannot capture live.
type UnableError struct{ Text string }

func (e *UnableError) Error() string { return e.Text }

const btfFile = "/sys/kernel/btf/vmlinux"

// ThisMachine looks at the machine that scry runs on.
func ThisMachine() Machine {
	m := readMachine("/")
	m.Caps = effective()
	return m
}

// readMachine reads what /proc and /sys below root say.
func readMachine(root string) Machine {
	text := func(name string) string {
		b, _ := os.ReadFile(filepath.Join(root, name))
		return strings.TrimSpace(string(b))
	}
	m := Machine{System: runtime.GOOS, Release: text("proc/sys/kernel/osrelease"), CPUs: countCPUs(text("sys/devices/system/cpu/possible")),
		UnprivilegedBPF: text("proc/sys/kernel/unprivileged_bpf_disabled"), PerfParanoid: text("proc/sys/kernel/perf_event_paranoid")}
	_, err := os.Stat(filepath.Join(root, btfFile))
	m.BTF = err == nil
	if _, rest, ok := strings.Cut(text("sys/kernel/security/lockdown"), "["); ok {
		m.Lockdown, _, _ = strings.Cut(rest, "]")
	}
	uids := strings.Fields(text("proc/self/uid_map"))
	m.Nested = len(uids) >= 3 && (uids[0] != "0" || uids[1] != "0" || uids[2] != "4294967295")
	if _, rest, ok := strings.Cut(text("proc/meminfo"), "MemTotal:"); ok {
		kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, _ := strconv.ParseUint(kb, 10, 50)
		m.Memory = n << 10
	}
	m.Bounded = !m.atLeast(5, 11)
	return m
}

// countCPUs counts the CPUs of a list such as "0-3,8".
func countCPUs(list string) int {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		lo, hi, _ := strings.Cut(part, "-")
		a, err := strconv.Atoi(lo)
		if err != nil {
			continue
		}
		b, err := strconv.Atoi(hi)
		if err != nil {
			b = a
		}
		n += b - a + 1
	}
	return max(n, 1)
}

// atLeast tells whether the kernel is of that version or newer. A release that says nothing is taken for new.
func (m *Machine) atLeast(major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(m.Release, "%d.%d", &a, &b); n != 2 {
		return true
	}
	return a > major || a == major && b >= minor
}

// Supported tells why the kernel cannot do it, nil when it can.
func (m *Machine) Supported() error {
	switch {
	case m.System != "linux":
		return &UnableError{"live capture needs Linux; scry -r FILE reads captures everywhere"}
	case !m.atLeast(5, 8):
		return &UnableError{fmt.Sprintf("live capture needs Linux 5.8 or newer, this is %s; scry -r FILE reads captures on every kernel", m.Release)}
	case !m.BTF:
		return &UnableError{"the kernel does not describe its types (no " + btfFile + "): live capture needs one built with CONFIG_DEBUG_INFO_BTF=y"}
	case m.Lockdown == "confidentiality":
		return &UnableError{"the kernel is locked down (confidentiality), so BPF programs cannot read its memory: boot without lockdown=confidentiality"}
	}
	return nil
}

// Check tells why a live capture is not possible, nil when it is. again is the command line that was typed, program first.
func (m *Machine) Check(again []string) error {
	if err := m.Supported(); err != nil {
		return err
	}
	missing := m.Caps.missing(needed)
	switch {
	case m.Caps.Has(capSysAdmin) || missing == 0:
		if m.Nested {
			return &UnableError{"in a user namespace, from which the kernel takes no programs: run scry outside of the container, or in a privileged one"}
		}
		return nil
	}
	return &UnableError{fmt.Sprintf("live capture needs %s, missing: %s\n  once:       %s\n  for good:   %s", needed, missing, sudo(again), grant())}
}

// Note says what will be missing in a capture although it is possible, "" when nothing will.
func (m *Machine) Note() string {
	missing := m.Caps.missing(wanted)
	if missing == 0 || m.Caps.Has(capSysAdmin) && m.Caps.Has(capSysPtrace) {
		return ""
	}
	return fmt.Sprintf("without %s the names of other users' programs and descriptors are missing: %s", missing, grant())
}

// executable is the path of this program.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "scry"
	}
	return path
}

// grant is the command that gives this program what it needs.
func grant() string {
	return "sudo setcap " + strings.ReplaceAll(strings.ToLower((needed|wanted).String()), " ", ",") + "+ep " + Quote(executable())
}

// sudo is the command line again, as root.
func sudo(words []string) string {
	out := "sudo " + Quote(executable())
	for _, w := range words[min(1, len(words)):] {
		out += " " + Quote(w)
	}
	return out
}

// Quote is a word as a shell reads it.
func Quote(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if w != "" && strings.TrimFunc(w, plain) == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// Unable makes an *UnableError of an error of Live, unless that is one or is about the command.
func Unable(err error) error {
	if _, ok := errors.AsType[*UnableError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*CommandError](err); ok {
		return err
	}
	if errors.Is(err, os.ErrPermission) {
		return &UnableError{fmt.Sprintf("%v: something forbids BPF here (seccomp, an LSM, a container); scry doctor tells more", err)}
	}
	return &UnableError{err.Error() + "; scry doctor tells more"}
}
