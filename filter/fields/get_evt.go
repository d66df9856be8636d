package fields

import (
	"math"
	"strconv"
	"strings"

	"scry/capture/event"
)

const second = 1_000_000_000

func getEvtNum(_ *Field, ev *event.Event) Value  { return uintValue(ev.Num) }
func getEvtCPU(_ *Field, ev *event.Event) Value  { return intValue(int64(int16(ev.CPU))) }
func getEvtDir(_ *Field, ev *event.Event) Value  { return textValue(ev.Type.Dir().String()) }
func getRawTime(_ *Field, ev *event.Event) Value { return numValue(AbsTime, ev.TS) }

func getRawTimeS(_ *Field, ev *event.Event) Value  { return numValue(AbsTime, ev.TS/second) }
func getRawTimeNs(_ *Field, ev *event.Event) Value { return numValue(AbsTime, ev.TS%second) }

func sinceStart(ev *event.Event) uint64 {
	if ev.Host == nil {
		return 0
	}
	return since(ev.TS, ev.Host.FirstTS)
}

func getRelTime(_ *Field, ev *event.Event) Value   { return numValue(RelTime, sinceStart(ev)) }
func getRelTimeS(_ *Field, ev *event.Event) Value  { return numValue(RelTime, sinceStart(ev)/second) }
func getRelTimeNs(_ *Field, ev *event.Event) Value { return numValue(RelTime, sinceStart(ev)%second) }

// appText makes a get function of an app function: its text is the value.
func appText(app func(*Field, *event.Event, []byte) ([]byte, bool)) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		b, ok := app(f, ev, f.buf[:0])
		if !ok {
			return Value{}
		}
		return f.scratch(b)
	}
}

// EventName is what an event is called: the name of its type, or for calls without a type of their own the name of the call.
func EventName(ev *event.Event) string {
	if ev.Type <= event.GenericX {
		if id, ok := ev.Uint(0); ok {
			name, _ := event.SyscallName(uint16(id))
			return name
		}
	}
	return ev.Type.Schema().Name
}

func getEvtType(_ *Field, ev *event.Event) Value { return textValue(EventName(ev)) }

// getSyscallType is the event's name when it is a system call.
func getSyscallType(_ *Field, ev *event.Event) Value {
	s := ev.Type.Schema()
	if s.Flags&event.SkipReset != 0 || s.Category&(event.CatInternal|event.CatScheduler) != 0 || s.Category&event.CatSyscall == 0 {
		return Value{}
	}
	return textValue(EventName(ev))
}

// initTypeIs prepares evt.type.is.NAME: the set of the types with that name.
func initTypeIs(f *Field) error {
	set := event.TypesWhere(func(_ event.Type, s *event.Schema) bool { return s.Name == f.Arg && s.Flags&event.Unused == 0 })
	if set.Empty() {
		return unknownArg("event type", f.Arg)
	}
	f.aux = &set
	return nil
}

func getTypeIs(f *Field, ev *event.Event) Value {
	if f.aux.(*event.TypeSet).Has(ev.Type) {
		return uintValue(1)
	}
	return uintValue(0)
}

var categoryNames = map[event.Category]string{
	event.CatOther: "other", event.CatFile: "file", event.CatNet: "net", event.CatIPC: "IPC", event.CatMemory: "memory",
	event.CatProcess: "process", event.CatSleep: "sleep", event.CatSystem: "system", event.CatSignal: "signal", event.CatUser: "user",
	event.CatTime: "time", event.CatProcessing: "processing", event.CatWait: "wait", event.CatScheduler: "scheduler",
}

// getCategory is what the event is about; for reads and writes that depends on the descriptor.
func getCategory(_ *Field, ev *event.Event) Value {
	c := ev.Type.Schema().Category.Base()
	if ev.Type <= event.GenericX {
		id, _ := ev.Uint(0)
		c = event.SyscallCategory(uint16(id))
	}
	if c >= event.CatIORead && c <= event.CatIOOther {
		if ev.FD == nil {
			return textValue("unknown")
		}
		switch t := ev.FD.Type; {
		case t == event.FDFile || t == event.FDFileV2 || t == event.FDDirectory:
			return textValue("file")
		case t.IsIP():
			return textValue("net")
		case t == event.FDFIFO || t == event.FDUnixSock || t == event.FDEventFD || t == event.FDSignalFD || t == event.FDInotify:
			return textValue("ipc")
		}
		return textValue("unknown")
	}
	if s, ok := categoryNames[c]; ok {
		return textValue(s)
	}
	return textValue("unknown")
}

// latency is the time between the enter and the exit of the call; ok is false for events of the recorder itself.
func latency(ev *event.Event) (uint64, bool) {
	if ev.Type.Schema().Category&event.CatInternal != 0 && ev.Thread != nil {
		return 0, false
	}
	return ev.Latency, true
}

func getLatency(_ *Field, ev *event.Event) Value {
	if n, ok := latency(ev); ok {
		return numValue(RelTime, n)
	}
	return Value{}
}

func getLatencyS(_ *Field, ev *event.Event) Value {
	if n, ok := latency(ev); ok {
		return numValue(RelTime, n/second)
	}
	return Value{}
}

func getLatencyNs(_ *Field, ev *event.Event) Value {
	if n, ok := latency(ev); ok {
		return numValue(RelTime, n%second)
	}
	return Value{}
}

func getLatencyHuman(f *Field, ev *event.Event) Value {
	n, ok := latency(ev)
	if !ok {
		return Value{}
	}
	return f.scratch(appendHumanTime(f.buf[:0], n))
}

// appendHumanTime appends a duration in the unit that suits it, with two decimals below ten.
func appendHumanTime(dst []byte, ns uint64) []byte {
	for _, u := range [...]struct {
		ns   uint64
		name string
	}{{second, "s"}, {1_000_000, "ms"}, {1000, "us"}} {
		if ns < u.ns {
			continue
		}
		dst = strconv.AppendUint(dst, ns/u.ns, 10)
		if ns < 10*u.ns || u.ns == second {
			h := ns % u.ns * 100 / u.ns
			dst = append(dst, '.', byte('0'+h/10), byte('0'+h%10))
		}
		return append(dst, u.name...)
	}
	return append(strconv.AppendUint(dst, ns, 10), "ns"...)
}

// getLatencyQuantized is the decimal logarithm of the latency on a scale of a hundred columns for eleven decades, for spectrograms.
func getLatencyQuantized(_ *Field, ev *event.Event) Value {
	n, ok := latency(ev)
	if !ok || n == 0 {
		return Value{}
	}
	return uintValue(uint64(min(math.Log10(float64(n)), 11)*100/11) + 1)
}

// delta is the time since the event that this field saw before, 0 for its first one.
func (f *Field) delta(ev *event.Event) uint64 {
	last := f.last
	f.last = ev.TS
	if last == 0 {
		return 0
	}
	return since(ev.TS, last)
}

func getDelta(f *Field, ev *event.Event) Value   { return numValue(RelTime, f.delta(ev)) }
func getDeltaS(f *Field, ev *event.Event) Value  { return numValue(RelTime, f.delta(ev)/second) }
func getDeltaNs(f *Field, ev *event.Event) Value { return numValue(RelTime, f.delta(ev)%second) }

// result is the return value of an exit: parameter res, or for calls that make a descriptor parameter fd. i is its number.
func result(ev *event.Event) (i int, n int64, ok bool) {
	s := ev.Type.Schema()
	if i = s.ParamByName("res"); i < 0 {
		if s.Flags&event.CreatesFD == 0 || ev.Type.Dir() != event.Exit {
			return -1, 0, false
		}
		if i = s.ParamByName("fd"); i < 0 {
			return -1, 0, false
		}
	}
	n, ok = ev.Int(i)
	return i, n, ok
}

func getRes(f *Field, ev *event.Event) Value {
	i, n, ok := result(ev)
	if !ok {
		return Value{}
	}
	if n >= 0 {
		return textValue("SUCCESS")
	}
	if b := AppendParamResolved(f.buf[:0], ev, i, f.opts); len(b) > 0 {
		return f.scratch(b)
	}
	return f.scratch(AppendParamRaw(f.buf[:0], ev, i, f.opts))
}

func getRawRes(_ *Field, ev *event.Event) Value {
	if _, n, ok := result(ev); ok {
		return intValue(n)
	}
	return Value{}
}

func getFailed(_ *Field, ev *event.Event) Value {
	_, n, ok := result(ev)
	return boolValue(ok && n < 0)
}

func hasFlag(fl event.Flags) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value { return boolValue(ev.Type.Schema().Flags&fl != 0) }
}

func getIODir(_ *Field, ev *event.Event) Value {
	switch fl := ev.Type.Schema().Flags; {
	case fl&event.WritesFD != 0:
		return textValue("write")
	case fl&event.ReadsFD != 0:
		return textValue("read")
	}
	return Value{}
}

func getWaitLatency(_ *Field, ev *event.Event) Value {
	if ev.Type.Schema().Flags&event.Waits == 0 || ev.Type.Dir() != event.Exit {
		return Value{}
	}
	return numValue(RelTime, ev.Latency)
}

func getIsSyslog(_ *Field, ev *event.Event) Value { return boolValue(isSyslog(ev)) }

func getOne(_ *Field, _ *event.Event) Value { return uintValue(1) }

func getCountExit(_ *Field, ev *event.Event) Value {
	if ev.Type.Dir() == event.Exit {
		return uintValue(1)
	}
	return Value{}
}

// errorKind says which of the error counters an event belongs to.
func errorKind(ev *event.Event) string {
	if fd := ev.FD; fd != nil {
		switch t := fd.Type; {
		case t == event.FDFile || t == event.FDFileV2 || t == event.FDDirectory:
			return "file"
		case t.IsIP() || t == event.FDUnixSock:
			return "net"
		}
		return "other"
	}
	switch ev.Type {
	case event.OpenX, event.CreatX, event.OpenatX, event.OpenatV2X, event.Openat2X, event.OpenByHandleAtX:
		return "file"
	case event.AcceptX, event.AcceptV5X, event.Accept4X, event.Accept4V5X, event.Accept4V6X, event.ConnectX:
		return "net"
	}
	if ev.Type.Schema().Category.Base() == event.CatMemory {
		return "memory"
	}
	return "other"
}

// countError is 1 for failed calls: of every kind, or of one.
func countError(kind string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if _, n, ok := result(ev); !ok || n >= 0 {
			return Value{}
		}
		switch kind {
		case "":
			return uintValue(1)
		case "memory":
			if ev.Type.Schema().Category.Base() == event.CatMemory {
				return uintValue(1)
			}
			return Value{}
		}
		if errorKind(ev) == kind {
			return uintValue(1)
		}
		return Value{}
	}
}

func getCountProcinfo(_ *Field, ev *event.Event) Value {
	if ev.Type == event.ProcinfoE && ev.Thread != nil && ev.Thread.Main {
		return uintValue(1)
	}
	return Value{}
}

func getCountThreadinfo(_ *Field, ev *event.Event) Value {
	if ev.Type == event.ProcinfoE {
		return uintValue(1)
	}
	return Value{}
}

// openFlags is the open flags and the mode of an event that opens a file; ok is false for others.
func openFlags(ev *event.Event) (flags, mode uint64, ok bool) {
	i := -1
	switch ev.Type {
	case event.OpenX, event.OpenatE, event.OpenByHandleAtX:
		i = 2
	case event.OpenatV2X, event.Openat2X:
		i = 3
	case event.CreatX:
		mode, ok = ev.Uint(2)
		return 4, mode, ok
	default:
		return 0, 0, false
	}
	flags, ok = ev.Uint(i)
	if ev.Type != event.OpenByHandleAtX {
		mode, _ = ev.Uint(i + 1)
	}
	return flags, mode, ok
}

// isOpen is true for opens that ask for any of the flags in mask; creat counts only with creat.
func isOpen(mask uint64, creat bool) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		flags, _, ok := openFlags(ev)
		return boolValue(ok && flags&mask != 0 && (creat || ev.Type != event.CreatX))
	}
}

// getIsOpenCreate is true when the call made the file (O_F_CREATED) or must have.
func getIsOpenCreate(_ *Field, ev *event.Event) Value {
	flags, _, ok := openFlags(ev)
	return boolValue(ok && (flags&0x4000 != 0 || ev.Type == event.CreatX))
}

// getIsOpenExec is true when the call may make a file with an execute bit.
func getIsOpenExec(_ *Field, ev *event.Event) Value {
	flags, mode, ok := openFlags(ev)
	return boolValue(ok && flags&(4|0x2000) != 0 && mode&0o111 != 0)
}

// buflen is the number of bytes that a successful read or write moved.
func buflen(cat event.Category, fits func(event.FDType) bool) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		c := ev.Type.Schema().Category.Base()
		if ev.FD == nil || ev.Type.Dir() != event.Exit || c&event.CatIORead == 0 || cat != 0 && c != cat || fits != nil && !fits(ev.FD.Type) {
			return Value{}
		}
		if n, ok := ev.Int(0); ok && n >= 0 {
			return uintValue(uint64(n))
		}
		return Value{}
	}
}

func isFile(t event.FDType) bool { return t == event.FDFile || t == event.FDFileV2 }
func isNet(t event.FDType) bool  { return t.IsIP() }

func getHostname(_ *Field, ev *event.Event) Value {
	if ev.Host == nil || ev.Host.Machine.Hostname == "" {
		return Value{}
	}
	return textValue(ev.Host.Machine.Hostname)
}

func getAsyncType(_ *Field, ev *event.Event) Value {
	if ev.Type != event.AsynceventE {
		return Value{}
	}
	return textValue(ev.Text(1))
}

func getIsAsync(_ *Field, ev *event.Event) Value { return boolValue(ev.Type == event.AsynceventE) }

func getSource(_ *Field, ev *event.Event) Value {
	if ev.Type == event.PlugineventE {
		return Value{}
	}
	return textValue("syscall")
}

func getNothing(_ *Field, _ *event.Event) Value { return Value{} }

func getUtilCnt(f *Field, _ *event.Event) Value {
	f.last++
	return uintValue(f.last)
}

// infra takes one "key: value" of the description that old docker events carry.
func infra(key string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Type != event.InfrastructureEventE {
			return Value{}
		}
		for item := range strings.SplitSeq(ev.Text(2), ";") {
			item = strings.TrimSpace(item)
			if v, ok := strings.CutPrefix(item, key); ok {
				if _, v, ok = strings.Cut(v, ":"); ok {
					v = strings.TrimSpace(v)
					if key == "ID" && len(v) > 12 {
						v = v[:12]
					}
					return textValue(v)
				}
			}
		}
		return Value{}
	}
}

// initAround prepares evt.around[T]: T in ns since the epoch.
func initAround(f *Field) error {
	ts, err := strconv.ParseUint(f.Arg, 10, 64)
	if err != nil {
		return unknownArg("time stamp in ns", f.Arg)
	}
	f.last = ts
	return nil
}

// getAround is the distance in time between the event and T, in ms rounded up: evt.around[T]=D holds when that is at most D.
func getAround(f *Field, ev *event.Event) Value {
	d := ev.TS - f.last
	if f.last > ev.TS {
		d = f.last - ev.TS
	}
	return uintValue((d + 999_999) / 1_000_000)
}
