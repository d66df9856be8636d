package capture

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"scry/capture/container"
	"scry/capture/kubernetes"
)

// Checkup is what scry doctor finds. Its JSON form is an interface: names stay.
type Checkup struct {
	OK      bool    `json:"ok"` // a live capture is possible
	Verdict string  `json:"verdict"`
	Checks  []Check `json:"checks"`
}

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	State  string `json:"state"`            // ok, note, bad
	Advice string `json:"advice,omitempty"` // what to do about it
}

// Examine looks at m, whose files are below root. load tries to load a program; nil leaves that out.
func (m *Machine) Examine(root string, load func() error) Checkup {
	var c Checkup
	add := func(name, value, state, advice string) {
		c.Checks = append(c.Checks, Check{name, value, state, advice})
	}
	judge := func(bad bool, state string) string {
		if bad {
			return state
		}
		return "ok"
	}
	add("kernel", orElse(m.Release, m.System), judge(m.System != "linux" || !m.atLeast(5, 8), "bad"), "")
	if m.BTF {
		add("BTF", btfFile, "ok", "")
	} else {
		add("BTF", "none", "bad", "the kernel must be built with CONFIG_DEBUG_INFO_BTF=y")
	}
	add("lockdown", orElse(m.Lockdown, "none"), judge(m.Lockdown == "confidentiality", "bad"), "")
	m.examineCaps(add)
	if m.Bounded {
		add("locked memory", "BPF memory counts against it", "note", "if loading fails: ulimit -l unlimited")
	}
	add("unprivileged_bpf_disabled", orElse(m.UnprivilegedBPF, "unknown"), "ok", "")
	add("perf_event_paranoid", orElse(m.PerfParanoid, "unknown"), "ok", "")
	total := uint64(m.CPUs) * DefaultBuffer
	rings := fmt.Sprintf("%s for each of %d CPUs: %s", Size(DefaultBuffer), m.CPUs, Size(total))
	if big := m.Memory > 0 && total > m.Memory/8; big {
		add("rings", rings, "note", "more than an eighth of the memory: --buffer 2M takes less")
	} else {
		add("rings", rings, "ok", "")
	}
	examineEngines(root, add)
	examineKubernetes(add)
	err := m.Check(nil)
	if err == nil && load != nil {
		if err = load(); err != nil {
			add("test program", err.Error(), "bad", "")
			err = Unable(err)
		} else {
			add("test program", "loaded", "ok", "")
			for _, text := range m.Missing {
				add("missing", text, "note", "")
			}
		}
	}
	if c.OK = err == nil; c.OK {
		c.Verdict = "live capture works"
	} else {
		first, _, _ := strings.Cut(err.Error(), "\n")
		c.Verdict = "no live capture: " + strings.TrimSuffix(first, "; scry doctor tells more")
	}
	return c
}

// examineEngines asks the container engines that listen whether they answer.
func examineEngines(root string, add func(name, value, state, advice string)) {
	state := "ok"
	var found []string
	for _, f := range container.Survey(root, container.DefaultTimeout) {
		if found = append(found, f.String()); f.Err != "" {
			state = "note"
		}
	}
	advice := ""
	if state == "note" {
		advice = "names of the containers of an engine that does not answer will be missing"
	}
	add("container engines", orElse(strings.Join(found, ", "), "none found"), state, advice)
}

// examineKubernetes asks the API server that scry --k8s would ask.
func examineKubernetes(add func(name, value, state, advice string)) {
	text, bad := kubernetes.Survey(container.DefaultTimeout)
	if bad {
		add("Kubernetes API (--k8s)", text, "note", "names of deployments, services and the like will be missing")
	} else {
		add("Kubernetes API (--k8s)", text, "ok", "")
	}
}

// examineCaps looks at what the process may do.
func (m *Machine) examineCaps(add func(name, value, state, advice string)) {
	switch all := m.Caps & (needed | wanted | 1<<capSysAdmin); {
	case m.Check(nil) != nil && m.Supported() == nil && !m.Nested:
		add("capabilities", orElse(all.String(), "none"), "bad", grant())
	case m.Note() != "":
		add("capabilities", all.String(), "note", m.Note())
	default:
		add("capabilities", orElse(all.String(), "none"), "ok", "")
	}
	if m.Nested {
		add("user namespace", "not the machine's own", "bad", "run scry outside of the container")
	} else {
		add("user namespace", "the machine's own", "ok", "")
	}
}

// Write prints the table, or the same as JSON.
func (c *Checkup) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(c)
	}
	var b strings.Builder
	for _, x := range c.Checks {
		fmt.Fprintf(&b, "%-5s %-26s %s\n", x.State, x.Name, x.Value)
		if x.Advice != "" {
			fmt.Fprintf(&b, "%33s%s\n", "", x.Advice)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", c.Verdict)
	_, err := io.WriteString(w, b.String())
	return err
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
