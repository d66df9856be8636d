package probe

import (
	"errors"
	"runtime"

	"github.com/cilium/ebpf/btf"

	"scry/capture/event"
)

// features are what the programs do only on kernels that can.
type features struct {
	taskBTF   bool // fields of the task at hand are read without a helper: speed only
	storage   bool // programs on tracepoints may keep things with a task: speed only
	taskRegs  bool // a helper finds the registers of the task at hand
	tailCalls bool // a program may call functions and go on to another program: each message of a sendmmsg or recvmmsg
	faults    bool // page faults have tracepoints
	cgroups   bool // there are cgroups
}

// thisKernel asks the kernel's own description of itself, which tells more than its version where features were carried back.
func thisKernel() (features, error) {
	k, err := btf.LoadKernelSpec()
	if err != nil {
		return features{}, err
	}
	var helpers *btf.Enum
	if err := k.TypeByName("bpf_func_id", &helpers); err != nil {
		return features{}, err
	}
	var f features
	for _, v := range helpers.Values {
		switch v.Name {
		case "BPF_FUNC_get_current_task_btf": // 5.11
			f.taskBTF = true
		case "BPF_FUNC_task_pt_regs": // 5.15
			f.taskRegs = true
		}
	}
	f.storage = f.taskBTF && atLeast(5, 12) // a10787e6d58c; nothing in the kernel's description tells
	f.faults = runtime.GOARCH == "amd64"
	var hook *btf.Typedef
	err = k.TypeByName("btf_trace_cgroup_attach_task", &hook)
	if err != nil && !errors.Is(err, btf.ErrNotFound) {
		return features{}, err
	}
	f.cgroups = err == nil
	f.tailCalls = runtime.GOARCH == "amd64" && atLeast(5, 10)
	if !f.tailCalls { // 6.0 (d4609a5d8c70), which has a function that says so
		var fn *btf.Func
		err := k.TypeByName("bpf_jit_supports_subprog_tailcalls", &fn)
		if err != nil && !errors.Is(err, btf.ErrNotFound) {
			return features{}, err
		}
		f.tailCalls = err == nil
	}
	return f, nil
}

// Missing says what this kernel cannot do of what was asked for, a line for each thing.
func (p *Probe) Missing() []string { return p.missing }

// missing are the lines for what s asked for.
func (s *spec) missing() []string {
	return s.kernel.missing(s.o.Types.Has(event.PageFaultE), s.used[1][programMessages])
}

// Missing says what this kernel cannot do, whatever is asked for; nothing when it does not say what it can.
func Missing() []string {
	f, err := thisKernel()
	if err != nil {
		return nil
	}
	return f.missing(true, true)
}

func (f features) missing(faults, messages bool) (lines []string) {
	if faults && !f.faults {
		lines = append(lines, "page faults: "+runtime.GOARCH+" has no tracepoints for them")
	}
	if messages && !f.tailCalls {
		lines = append(lines, "sendmmsg and recvmmsg: only the first message of each call, others need Linux 6.0")
	}
	return lines
}
