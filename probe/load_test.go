package probe

import (
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"

	"scry/capture/event"
)

// everything is a demand that leaves no program and no constant out.
func everything() Options {
	all := event.AllTypes()
	return Options{Types: all, Calls: [2]event.TypeSet{all, all}, Latency: true, Snaplen: 65535, Buffer: 2 << 20, Exclude: []string{"nobody"}}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads programs")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Fatal(err)
	}
}

// TestLoad gives each program to the verifier by itself, so that one run tells of all that this kernel refuses, and then all of them together.
func TestLoad(t *testing.T) {
	needRoot(t)
	kernel, err := thisKernel()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSpec(everything(), kernel)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Programs)) {
		t.Run(name, func(t *testing.T) {
			one := s.CollectionSpec.Copy()
			for other := range one.Programs {
				if other != name {
					delete(one.Programs, other)
				}
			}
			c, err := ebpf.NewCollection(one)
			if err != nil {
				t.Fatal(loadError(err))
			}
			defer c.Close()
			if info, err := c.Programs[name].Info(); err == nil {
				n, _ := info.VerifiedInstructions()
				t.Logf("%d instructions looked at", n)
			}
		})
	}
	t.Run("all", func(t *testing.T) {
		p, err := Open(everything())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Missing() {
			t.Log("missing: " + m)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// call is the demand for the enter and the exit of some calls.
func call(types ...event.Type) Options {
	return Options{Types: event.TypesOf(types...), Buffer: 2 << 20}
}

// What a demand leaves out is cut away in all the programs that it keeps: other code for the verifier than with everything.
func TestLoadSubsets(t *testing.T) {
	needRoot(t)
	follow, names, all, generic := everything(), everything(), everything(), call(event.GenericE, event.GenericX)
	follow.Follow, follow.Exclude = true, nil
	names.Latency, names.Snaplen = false, 80
	all.All, all.Exclude = true, nil
	generic.Calls[0].Add(0)
	for name, c := range map[string]struct {
		o    Options
		want []string // programs
	}{
		"nothing":   {Options{Buffer: 2 << 20}, nil},
		"exits":     {call(event.ReadX, event.SocketX), []string{"exit_args", "sys_exit"}},
		"enters":    {call(event.GenericE), nil},
		"follow":    {follow, nil},
		"names":     {names, nil},
		"all":       {all, nil},
		"generic":   {generic, []string{"sys_enter"}},
		"processes": {call(event.CloneV20X, event.ExecveV19X, event.ProcexitV1E), nil},
		"switches":  {call(event.SchedswitchV6E), []string{"sched_switch"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Open(c.o)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			slices.Sort(p.programs)
			if c.want != nil && !slices.Equal(p.programs, c.want) {
				t.Errorf("programs %v, want %v", p.programs, c.want)
			}
		})
	}
}

// Older kernels get other code, which this one takes as well.
func TestLoadOlder(t *testing.T) {
	needRoot(t)
	kernel, err := thisKernel()
	if err != nil {
		t.Fatal(err)
	}
	for name, lose := range map[string]func(*features){
		"everything":   func(f *features) { *f = features{} },
		"task BTF":     func(f *features) { f.taskBTF, f.storage, f.taskRegs = false, false, false },
		"task storage": func(f *features) { f.storage = false },
		"task regs":    func(f *features) { f.taskRegs = false },
		"tail calls":   func(f *features) { f.tailCalls = false },
	} {
		t.Run(name, func(t *testing.T) {
			k := kernel
			lose(&k)
			s, err := newSpec(everything(), k)
			if err != nil {
				t.Fatal(err)
			}
			c, err := newCollection(s.CollectionSpec)
			if err != nil {
				t.Fatal(loadError(err))
			}
			c.Close()
		})
	}
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		f                features
		faults, messages bool
		want             int
	}{
		{features{}, true, true, 2},
		{features{}, false, true, 1},
		{features{}, true, false, 1},
		{features{}, false, false, 0},
		{features{faults: true}, true, true, 1},
		{features{faults: true, tailCalls: true}, true, true, 0},
	} {
		if got := c.f.missing(c.faults, c.messages); len(got) != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// The life of a process, as far as the programs that write it can be told apart: fork in parent and child, exec, a call, its end.
func TestLoadedWrites(t *testing.T) {
	needRoot(t)
	o := everything()
	o.Follow, o.Exclude = true, nil
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.list", "^$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	p.Detach()
	p.Stop()
	seen := map[string]int{}
	var ev event.Event
	for err = p.Next(&ev); err == nil; err = p.Next(&ev) {
		if ev.TID == int64(cmd.Process.Pid) {
			seen[ev.Type.Schema().Name]++
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	for _, name := range []string{"clone", "execve", "mmap", "procexit", "switch"} {
		if seen[name] == 0 {
			t.Errorf("no %s among %v", name, seen)
		}
	}
}
