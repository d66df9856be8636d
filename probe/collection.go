package probe

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
)

// newCollection loads the maps and then the programs, in two halves at once: the verifier is most of the time between the command and its first event,
// and works for privileged users on as many CPUs as there are.
func newCollection(cs *ebpf.CollectionSpec) (*ebpf.Collection, error) {
	data := *cs
	data.Programs = nil
	all, err := ebpf.NewCollection(&data)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	var halves [2]*ebpf.Collection
	var errs [2]error
	for i, programs := range halve(cs.Programs) {
		wg.Go(func() {
			half := *cs
			half.Programs = programs
			halves[i], errs[i] = ebpf.NewCollectionWithOptions(&half, ebpf.CollectionOptions{MapReplacements: all.Maps})
		})
	}
	wg.Wait()
	for i, half := range halves {
		if errs[i] != nil {
			err = errs[i]
			continue
		}
		for name := range half.Programs {
			all.Programs[name] = half.DetachProgram(name)
		}
		half.Close()
	}
	if err != nil {
		all.Close()
		return nil, err
	}
	return all, nil
}

// halve divides programs into two sets of about the same number of instructions.
func halve(programs map[string]*ebpf.ProgramSpec) [2]map[string]*ebpf.ProgramSpec {
	halves := [2]map[string]*ebpf.ProgramSpec{{}, {}}
	var sizes [2]int
	size := func(name string) int { return len(programs[name].Instructions) }
	names := slices.SortedFunc(maps.Keys(programs), func(a, b string) int { return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a, b)) })
	for _, name := range names {
		i := 0
		if sizes[1] < sizes[0] {
			i = 1
		}
		halves[i][name] = programs[name]
		sizes[i] += size(name)
	}
	return halves
}
