package capture

import (
	"runtime"

	"scry/capture/event"
)

// Demand is what the kernel is asked for. It is made before a capture starts, by all who look at events; what nobody asks for stays in
// the kernel. The zero Demand asks for nothing.
type Demand struct {
	// Types are the wanted event types, tracepoints among them. Of calls without a type of their own (GenericE, GenericX) Calls says
	// which are wanted, by direction and portable code.
	Types event.TypeSet
	Calls [2]event.TypeSet
	// Latency tells that exits need the time of their enter although not all enters are wanted.
	Latency bool
	// Payload is how many bytes of each data buffer are wanted.
	Payload int
	// Procinfo tells that each thread's CPU time and memory are wanted once a second.
	Procinfo bool
	// State are the types that are wanted only for what other events show then: Complete puts them into Types.
	State event.TypeSet
}

// Bytes that are recorded of a data buffer: at most what the length of a parameter can say.
const (
	MaxSnapLen     = 65535
	DefaultSnapLen = 80
)

// Everything is the demand of somebody who shows whatever comes.
func Everything() Demand {
	all := event.AllTypes()
	return Demand{Types: all, Calls: [2]event.TypeSet{all, all}, Latency: true, Payload: MaxSnapLen, Procinfo: true}
}

// Or is what either of two asks for.
func (d Demand) Or(o Demand) Demand {
	d.Types = d.Types.Or(o.Types)
	for i := range d.Calls {
		d.Calls[i] = d.Calls[i].Or(o.Calls[i])
	}
	d.State = d.State.Or(o.State)
	d.Latency = d.Latency || o.Latency
	d.Payload = max(d.Payload, o.Payload)
	d.Procinfo = d.Procinfo || o.Procinfo
	return d
}

// Covers tells whether a capture that was asked for d has all that o asks for. Both are made by Complete.
func (d Demand) Covers(o Demand) bool {
	for i := range d.Calls {
		if !o.Calls[i].And(d.Calls[i].Not()).Empty() {
			return false
		}
	}
	latency := d.Latency || d.enters() // enters tell it as well
	return o.Types.And(d.Types.Not()).Empty() && (latency || !o.Latency) && d.Payload >= o.Payload && (d.Procinfo || !o.Procinfo)
}

// recorded are the types that a live capture on this architecture can have, and generic the calls that have none of their own. Older types are
// in files only.
var recorded, generic = func() (types, codes event.TypeSet) {
	types = Tracepoints.Or(event.TypesWhere(func(t event.Type, s *event.Schema) bool {
		return t.Internal() && s.Flags&(event.Unused|event.OldVersion) == 0
	}))
	arch := runtime.GOARCH
	if _, ok := event.NativeSyscall(arch, 0); !ok {
		arch = "amd64"
	}
	for nr := range event.MaxSyscalls {
		s, ok := event.NativeSyscall(arch, nr)
		if !ok {
			continue
		}
		if s.Enter == event.GenericE {
			codes.Add(event.Type(s.Code))
			s.Exit = event.GenericX
		}
		types.Add(s.Enter)
		types.Add(s.Exit)
	}
	return types, codes
}()

// Tracepoints are the types of the kernel that are no system calls.
var Tracepoints = event.TypesOf(event.SchedswitchV6E, event.SignaldeliverE, event.PageFaultE, event.ProcexitV1E)

// moving are the types on which it depends what later events show: the schema's, calls that libscap does not follow, and moves to other cgroups. Enters are not
// needed: every exit that a live capture records carries what its call was given.
var moving = event.TypesWhere(func(t event.Type, s *event.Schema) bool {
	return s.Flags&event.ModifiesState != 0 && (t.Dir() == event.Exit || s.Category&event.CatSyscall == 0 || t == event.ProcexitV1E)
}).Or(event.TypesOf(event.SetpgidX, event.UnshareX, event.SetnsX, event.PrlimitX, event.SetrlimitX,
	event.AsynceventE)).And(recorded)

// Complete returns d as the kernel has to be asked: with the types that move state, without those that are no longer recorded, and with
// Latency only if it is not to be had from the enters.
func (d Demand) Complete() Demand {
	d.Types = d.Types.And(recorded)
	d.State = d.State.Or(moving).And(recorded).And(d.Types.Not())
	for i := range d.Calls {
		if d.Calls[i] = d.Calls[i].And(generic); !d.Types.Has(event.Type(i)) {
			d.Calls[i] = event.TypeSet{}
		}
	}
	d.Latency = d.Latency && !d.enters()
	d.Types = d.Types.Or(d.State)
	return d
}

// enters tells whether the enter of every wanted exit is wanted too.
func (d *Demand) enters() bool {
	for t := range d.Types.All() {
		if t > event.GenericX && t.Dir() == event.Exit && !d.Types.Has(t-1) {
			return false
		}
	}
	return d.Calls[event.Exit].And(d.Calls[event.Enter].Not()).Empty()
}
