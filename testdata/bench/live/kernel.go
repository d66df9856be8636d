package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// cost is what a program cost so far.
type cost struct {
	name string
	runs uint64
	ns   uint64
}

const statsSwitch = "/proc/sys/kernel/bpf_stats_enabled"

// measureKernel shows the time of each program of scry, as the kernel's own statistics have it. They read the clock twice more for each run. A
// program that ends in a tail call to another has its time in the first one's.
func measureKernel(program string) error {
	was, err := os.ReadFile(statsSwitch)
	if err != nil {
		return err
	}
	if err := os.WriteFile(statsSwitch, []byte("1"), 0); err != nil {
		return err
	}
	defer os.WriteFile(statsSwitch, was, 0)
	fmt.Printf("%-11s %-9s %-20s %10s %8s\n", "loop", "demand", "program", "runs", "ns/run")
	for _, l := range loops {
		for _, t := range tracers {
			if t.args == nil || t.args[0] != "SCRY" || !chosen(*calls, l.name) || !chosen(*only, t.name) {
				continue
			}
			r, err := under(&t, program, l.name, int(float64(l.count)**scale))
			if err != nil {
				return err
			}
			for _, c := range r.programs {
				fmt.Printf("%-11s %-9s %-20s %10d %8.1f\n", l.name, t.name, c.name, c.runs, float64(c.ns)/float64(max(1, c.runs)))
			}
		}
	}
	return nil
}

// programsOf are the programs that a process holds and that have run, the dearest first.
func programsOf(pid int) ([]cost, error) {
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		return nil, err
	}
	var ids []ebpf.ProgramID
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // closed by now
		}
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if value, ok := strings.CutPrefix(s.Text(), "prog_id:"); ok {
				var id ebpf.ProgramID
				if _, err := fmt.Sscan(value, &id); err == nil && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
	}
	var out []cost
	for _, id := range ids {
		c, err := costOf(id)
		if err != nil {
			return nil, err
		}
		if c.runs > 0 {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cost) int { return cmp.Compare(b.ns, a.ns) })
	return out, nil
}

func costOf(id ebpf.ProgramID) (cost, error) {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return cost{}, err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return cost{}, err
	}
	s, err := p.Stats()
	if err != nil {
		return cost{}, err
	}
	return cost{info.Name, s.RunCount, uint64(s.Runtime)}, nil
}
