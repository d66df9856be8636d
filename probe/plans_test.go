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
				p, err := planFor(sc, exit)
				if err != nil {
					t.Errorf("%s %d: %v", arch, nr, err)
				}
				widths(t, sc.Name, &p)
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

// widths checks that operations whose width is known write parameters as wide as the schema says.
func widths(t *testing.T, name string, p *plan) {
	known := map[int]int{opU8: 1, opU16: 2, opU32: 4, opU64: 8, opS32: 8, opZ32: 8, opFDAt: 8, opU32At: 4, opLimitAt: 8, opTimeAt: 8, opSigsetAt: 4,
		opOffsetAt: 8, opMemory: 4, opFileDev: 4, opFileIno: 8, opPipeIno: 8, opCaps: 8, opSockpair: 8, opURing: 4, opSem: 2}
	for i, q := range event.Type(p.Type).Schema().Params {
		if i >= maxOps || p.Program == programGeneric {
			break
		}
		op := p.Ops[i]
		w, ok := known[int(op&0xff)]
		switch op & 0xff {
		case opConst:
			w, ok = int(op>>8&0xff), true
		case opMap:
			w, ok = int(op>>24), true
		}
		if ok && w != q.Kind.Size() {
			t.Errorf("%s, %s: %d bytes, want %d", name, q.Name, w, q.Kind.Size())
		}
	}
}
