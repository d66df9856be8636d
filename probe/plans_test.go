package probe

import (
	"strings"
	"testing"

	"scry/capture/event"
)

// Every call of both architectures has a plan, every row of plans is used, and every name in a row is one of its events' parameters.
func TestPlans(t *testing.T) {
	used := map[string]bool{}
	for _, arch := range []string{"amd64", "arm64"} {
		for nr := range event.MaxSyscalls {
			sc, ok := event.NativeSyscall(arch, nr)
			if !ok {
				continue
			}
			used[sc.Name] = true
			for _, exit := range []bool{false, true} {
				if _, err := planFor(sc, exit); err != nil {
					t.Errorf("%s %d: %v", arch, nr, err)
				}
			}
			row := plans[sc.Name]
			for _, w := range strings.Fields(row.params) {
				name, _, _ := strings.Cut(w, "=")
				if sc.Enter.Schema().ParamByName(name) < 0 && sc.Exit.Schema().ParamByName(name) < 0 {
					t.Errorf("%s: no parameter %s", sc.Name, name)
				}
			}
		}
	}
	for name := range plans {
		if !used[name] {
			t.Errorf("%s: a plan for a call that no architecture has", name)
		}
	}
}
