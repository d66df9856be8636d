package fields

import (
	"cmp"
	"strconv"
	"strings"

	"scry/capture/event"
)

// ofThread makes a get function of one that needs the thread; without one there is no value.
func ofThread(get func(*Field, *event.Thread) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		return get(f, ev.Thread)
	}
}

func threadInt(get func(*event.Thread) int64) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		return intValue(get(ev.Thread))
	}
}

func threadUint(get func(*event.Thread) uint64) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		return uintValue(get(ev.Thread))
	}
}

func threadText(get func(*event.Thread) string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		return textValue(get(ev.Thread))
	}
}

// getComm stands alone because proc.name is in most filters: one call less.
func getComm(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return textValue(ev.Thread.Comm)
}

func threadBool(get func(*event.Thread) bool) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		return boolValue(get(ev.Thread))
	}
}

// leader is the main thread of th's process, nil when that is gone.
func leader(th *event.Thread) *event.Thread {
	if th.Main {
		return th
	}
	return th.Leader
}

// ofLeader makes a get function of one that needs the main thread of the process.
func ofLeader(get func(*Field, *event.Thread) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		l := leader(ev.Thread)
		if l == nil {
			return Value{}
		}
		return get(f, l)
	}
}

func getTID(_ *Field, ev *event.Event) Value { return intValue(ev.TID) }

// notSet is a number that is -1 as long as it is not known.
func notSet(n int64) Value {
	if n == -1 {
		return Value{}
	}
	return intValue(n)
}

func vtid(_ *Field, th *event.Thread) Value { return notSet(th.VTID) }
func vpid(_ *Field, th *event.Thread) Value { return notSet(th.VPID) }

// appendList appends the elements of a NUL-separated list with blanks between them.
func appendList(dst []byte, list string) []byte {
	start := len(dst)
	dst = append(dst, list...)
	for i := start; i < len(dst); i++ {
		if dst[i] == 0 {
			dst[i] = ' '
		}
	}
	return dst
}

// element returns the n-th element of a NUL-separated list.
func element(list string, n int) (string, bool) {
	if list == "" || n < 0 {
		return "", false
	}
	for ; n > 0; n-- {
		i := strings.IndexByte(list, 0)
		if i < 0 {
			return "", false
		}
		list = list[i+1:]
	}
	s, _, _ := strings.Cut(list, "\x00")
	return s, true
}

// listLen is the number of elements of a NUL-separated list.
func listLen(list string) int {
	if list == "" {
		return 0
	}
	return strings.Count(list, "\x00") + 1
}

// initIndex prepares an optional number in brackets; -1 without one.
func initIndex(f *Field) error {
	f.index = -1
	if !f.HasArg {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(f.Arg))
	if err != nil || n < 0 {
		return unknownArg("index", f.Arg)
	}
	f.index = n
	return nil
}

func procArgs(f *Field, th *event.Thread) Value {
	if f.index >= 0 {
		s, _ := element(th.Args, f.index)
		return textValue(s)
	}
	return f.scratch(appendList(f.buf[:0], th.Args))
}

func appendCmdline(dst []byte, first string, th *event.Thread) []byte {
	dst = append(dst, first...)
	if th.Args != "" {
		dst = append(dst, ' ')
		dst = appendList(dst, th.Args)
	}
	return dst
}

func procCmdline(f *Field, th *event.Thread) Value {
	return f.scratch(appendCmdline(f.buf[:0], th.Comm, th))
}

// procExeline is the command line with argument 0 first; the blank behind it stands even without arguments.
func procExeline(f *Field, th *event.Thread) Value {
	b := append(append(f.buf[:0], th.Exe...), ' ')
	return f.scratch(appendList(b, th.Args))
}

func cmdNArgs(th *event.Thread) uint64 { return uint64(listLen(th.Args)) }

func cmdLenArgs(th *event.Thread) uint64 {
	if th.Args == "" {
		return 0
	}
	return uint64(len(th.Args) - strings.Count(th.Args, "\x00"))
}

// envOf is the environment of th's process.
func envOf(th *event.Thread) string {
	if l := leader(th); l != nil {
		return l.Env
	}
	return th.Env
}

// lookupEnv finds a variable in a NUL-separated list.
func lookupEnv(env, name string) (string, bool) {
	for env != "" {
		var item string
		item, env, _ = strings.Cut(env, "\x00")
		if k, v, ok := strings.Cut(item, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

func procEnv(f *Field, th *event.Thread) Value {
	if f.HasArg {
		s, _ := lookupEnv(envOf(th), f.Arg)
		return textValue(s)
	}
	return f.scratch(appendList(f.buf[:0], envOf(th)))
}

func procCwd(th *event.Thread) string {
	if l := leader(th); l != nil {
		return l.Cwd
	}
	return th.Cwd
}

func nthreads(_ *Field, l *event.Thread) Value { return uintValue(uint64(l.Threads)) }

// nchilds is the number of threads beside the main one, as sysdig counts them; 0 for other threads than the main one.
func nchilds(th *event.Thread) uint64 {
	if th.Main && th.Threads > 0 {
		return uint64(th.Threads - 1)
	}
	return 0
}

// getDuration is the time since the thread was created; absent when that was before the capture.
func getDuration(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil || ev.Thread.CloneTS == 0 {
		return Value{}
	}
	return numValue(RelTime, since(ev.TS, ev.Thread.CloneTS))
}

func getParentDuration(_ *Field, ev *event.Event) Value {
	p := parent(ev, ev.Thread)
	if p == nil || p.CloneTS == 0 {
		return Value{}
	}
	return numValue(RelTime, since(ev.TS, p.CloneTS))
}

func pidTS(_ *Field, l *event.Thread) Value {
	if l.CloneTS == 0 {
		return Value{}
	}
	return numValue(RelTime, l.CloneTS)
}

func fdOpenCount(th *event.Thread) uint64 { return uint64(th.FDs.Len()) }

func fdLimit(th *event.Thread) int64 {
	if l := leader(th); l != nil {
		return l.FDLimit
	}
	return th.FDLimit
}

// fdUsage is the share of the descriptor limit that is in use, in percent.
func fdUsage(_ *Field, th *event.Thread) Value {
	n, limit := float64(th.FDs.Len()), float64(fdLimit(th))
	if limit <= 0 {
		return floatValue(0)
	}
	return floatValue(min(n*100/limit, 100))
}

func mainOnly(get func(*event.Thread) uint64) func(*event.Thread) uint64 {
	return func(th *event.Thread) uint64 {
		if !th.Main {
			return 0
		}
		return get(th)
	}
}

// Memory belongs to the process: its main thread has what was last seen of it.
func vmSize(th *event.Thread) uint64 { return uint64(cmp.Or(leader(th), th).VMSize) }
func vmRSS(th *event.Thread) uint64  { return uint64(cmp.Or(leader(th), th).VMRSS) }
func vmSwap(th *event.Thread) uint64 { return uint64(cmp.Or(leader(th), th).VMSwap) }

// cpuShare is a CPU percentage, known on the recorder's once-a-second events only.
func cpuShare(get func(*event.Thread) float64) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Type != event.ProcinfoE || ev.Thread == nil {
			return Value{}
		}
		return floatValue(min(get(ev.Thread), 100))
	}
}

// getExecTime is the time on the CPU that a switch ended, 0 on other events.
func getExecTime(_ *Field, ev *event.Event) Value {
	return numValue(RelTime, ev.OnCPU)
}

func getTotExecTime(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return numValue(RelTime, ev.Thread.ExecTime)
}

func getNameTID(f *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return f.scratch(strconv.AppendInt(append(f.buf[:0], ev.Thread.Comm...), ev.TID, 10))
}

// cgroupAliases are the names under which old kernels list a controller.
var cgroupAliases = map[string]string{"perf": "perf_event", "mem": "memory", "io": "blkio"}

// cgroups yields the controller and the path of each element of a "name=path" list.
func cgroups(list string, yield func(name, path string) bool) {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, "\x00")
		name, path, ok := strings.Cut(item, "=")
		if !ok {
			return
		}
		if i := strings.Index(name, "_cgroup"); i >= 0 {
			name = name[:i]
		}
		if a, ok := cgroupAliases[name]; ok {
			name = a
		}
		if !yield(name, path) {
			return
		}
	}
}

func threadCgroups(f *Field, th *event.Thread) Value {
	b := f.buf[:0]
	cgroups(th.Cgroups, func(name, path string) bool {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(append(append(b, name...), '='), path...)
		return true
	})
	if len(b) == 0 {
		return Value{}
	}
	return f.scratch(b)
}

func threadCgroup(f *Field, th *event.Thread) Value {
	var v Value
	cgroups(th.Cgroups, func(name, path string) bool {
		if name == f.Arg {
			v = textValue(path)
			return false
		}
		return true
	})
	return v
}

// capNames are the capabilities by bit (include/uapi/linux/capability.h).
var capNames = [...]string{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
	"CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"}

// capSet is a set of capabilities as names with blanks between them.
func capSet(get func(*event.Thread) uint64) func(*Field, *event.Event) Value {
	return ofThread(func(f *Field, th *event.Thread) Value {
		set := get(th)
		b := f.buf[:0]
		for i, name := range capNames {
			if set>>i&1 == 0 {
				continue
			}
			if len(b) > 0 {
				b = append(b, ' ')
			}
			b = append(b, name...)
		}
		return f.scratch(b)
	})
}

// stdStream is what descriptor n of the process refers to.
func stdStream(n int64, get func(*event.FD) string) func(*Field, *event.Event) Value {
	return ofThread(func(_ *Field, th *event.Thread) Value {
		fd := th.FDs.Get(n)
		if fd == nil {
			return Value{}
		}
		return textValue(get(fd))
	})
}

func fdName(fd *event.FD) string     { return fd.Name }
func fdTypeName(fd *event.FD) string { return fd.Type.String() }

// probeKind tells whether the process runs a health probe of its container: its command line is that of the probe.
func probeKind(get func(*event.Container) string) func(*Field, *event.Event) Value {
	return ofThread(func(f *Field, th *event.Thread) Value {
		if th.Container == nil {
			return boolValue(false)
		}
		probe := get(th.Container)
		if probe == "" {
			return boolValue(false)
		}
		f.buf = appendCmdline(f.buf[:0], th.Exe, th)
		return boolValue(string(f.buf) == probe)
	})
}

// ctimeToStart is the time from the last change of the program's file to the start of the process; absent when either is unknown.
func ctimeToStart(_ *Field, th *event.Thread) Value { return sinceCtime(th, th.CloneTS) }

// ctimeToPidns is the time from the last change of the program's file to the start of the pid namespace.
func ctimeToPidns(_ *Field, th *event.Thread) Value { return sinceCtime(th, th.PIDNSInitStart) }

func sinceCtime(th *event.Thread, ts uint64) Value {
	if th.ExeCtime == 0 || ts == 0 {
		return Value{}
	}
	return numValue(AbsTime, since(ts, th.ExeCtime))
}
