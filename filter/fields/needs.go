package fields

import (
	"slices"
	"strconv"
	"strings"

	"scry/capture/event"
)

// Need is what a live source has to record, besides the event itself, for a field to have its value.
type Need uint8

// Needs.
const (
	NeedLatency  Need = 1 << iota // when the call of an exit began
	NeedData                      // the bytes that calls moved
	NeedProcinfo                  // the CPU time of threads, once a second
	NeedSwitch                    // the switches of the scheduler, which bring memory, page faults and time on CPUs up to date
)

// needs are the fields that need more than the event.
var needs = map[string]Need{
	"evt.latency": NeedLatency, "evt.latency.s": NeedLatency, "evt.latency.ns": NeedLatency, "evt.latency.human": NeedLatency,
	"evt.latency.quantized": NeedLatency, "evt.wait_latency": NeedLatency,

	"evt.args": NeedData, "evt.info": NeedData, "evt.buffer": NeedData,
	"syslog.facility": NeedData, "syslog.facility.str": NeedData, "syslog.severity": NeedData, "syslog.severity.str": NeedData, "syslog.message": NeedData,

	"thread.cpu": NeedProcinfo, "thread.cpu.user": NeedProcinfo, "thread.cpu.system": NeedProcinfo,

	"thread.exectime": NeedSwitch, "thread.totexectime": NeedSwitch, "thread.vmsize": NeedSwitch, "thread.vmrss": NeedSwitch,
	"thread.vmsize.b": NeedSwitch, "thread.vmrss.b": NeedSwitch, "proc.vmsize": NeedSwitch, "proc.vmrss": NeedSwitch, "proc.vmswap": NeedSwitch,
	"thread.pfmajor": NeedSwitch, "thread.pfminor": NeedSwitch,
}

// Needs says what the field needs besides the event.
func (f *Field) Needs() Need {
	switch f.Def.Name {
	case "evt.outputtime":
		if f.opts.Time == TimeDelta {
			return NeedLatency
		}
	case "evt.arg", "evt.rawarg":
		if _, err := strconv.Atoi(f.Arg); err == nil || slices.Contains(dataNames, f.Arg) {
			return NeedData
		}
	}
	return needs[f.Def.Name]
}

// dataNames are the parameters that hold bytes of a program's memory.
var dataNames = func() (list []string) {
	for _, s := range event.Types() {
		for _, p := range s.Params {
			if p.Kind == event.KindByteBuf && !slices.Contains(list, p.Name) {
				list = append(list, p.Name)
			}
		}
	}
	return list
}()

// Zero is the set of the event types on which the field is always 0, as latencies are on enters.
func (f *Field) Zero() event.TypeSet {
	if strings.HasPrefix(f.Def.Name, "evt.latency") && f.Def.Type == RelTime {
		return enterTypes
	}
	return event.TypeSet{}
}

var enterTypes = event.TypesWhere(func(t event.Type, _ *event.Schema) bool { return t.Dir() == event.Enter })

// waitTypes are the exits of calls that wait.
func waitTypes(*Field) event.TypeSet { return waiting }

var waiting = event.TypesWhere(func(t event.Type, s *event.Schema) bool {
	return t.Dir() == event.Exit && s.Flags&event.Waits != 0
})

// Types is the set of the event types of which the format can make a line.
func (f *Format) Types() event.TypeSet {
	all := event.AllTypes()
	if f.star {
		return all
	}
	for _, x := range f.fields {
		all = all.And(x.Types())
	}
	return all
}

// Needs says what the fields of the format need, and with JSONArgs the arguments.
func (f *Format) Needs() Need {
	var n Need
	if f.opts.JSONArgs {
		n = NeedData
	}
	for _, x := range f.fields {
		n |= x.Needs()
	}
	return n
}
