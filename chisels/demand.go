package chisels

import (
	"slices"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter"
	"scry/filter/fields"
)

// Demander is a chisel that does without some of what the kernel can tell; other chisels want everything. It is asked for the events that it
// would take if all passed the filter.
type Demander interface{ Demand() capture.Demand }

// Demand is what the run needs of the kernel: what the chisels ask for, of that what can pass the filter, and what the filter looks at.
// snapLen is how much of each data buffer the user wants; faults asks for page faults, which are many: otherwise only a filter that names
// them does.
func (l *Loop) Demand(snapLen int, faults bool) capture.Demand {
	var d capture.Demand
	for _, c := range l.Chisels {
		if x, ok := c.(Demander); ok {
			d = d.Or(x.Demand())
		} else {
			d = d.Or(capture.Everything())
		}
	}
	d.Types = d.Types.And(l.Filter.Types())
	limitCalls(&d, l.Filter)
	d.Procinfo = d.Procinfo && d.Types.Has(event.ProcinfoE)
	if !faults && !(l.Filter != nil && strings.Contains(l.Filter.String(), event.PageFaultE.Schema().Name)) {
		d.Types = d.Types.And(event.TypesOf(event.PageFaultE).Not())
	}
	var n fields.Need
	for _, f := range l.Filter.Fields() {
		n |= f.Needs()
	}
	d = d.Or(demandOf(event.TypeSet{}, n))
	d.Payload = min(d.Payload, snapLen)
	return d.Complete()
}

// limitCalls takes from d the calls without a type of their own that cannot pass the filter.
func limitCalls(d *capture.Demand, f *filter.Filter) {
	for _, dir := range []event.Dir{event.Enter, event.Exit} {
		for code := range uint16(event.MaxSyscalls) {
			if f.Syscall(code, dir) {
				continue
			}
			off := event.TypesOf(event.Type(code))
			d.Calls[dir] = d.Calls[dir].And(off.Not())
		}
	}
}

// Payload is how many bytes of each data buffer the chisels need when the user does not say how many; 0: they do not care.
func (l *Loop) Payload() int {
	n := 0
	for _, c := range l.Chisels {
		if w, ok := c.(interface{ WantsPayload() int }); ok {
			n = max(n, w.WantsPayload())
		}
	}
	return n
}

// WritesFiles tells whether a chisel makes files of its own while events come.
func (l *Loop) WritesFiles() bool {
	return slices.ContainsFunc(l.Chisels, func(c Chisel) bool {
		w, ok := c.(interface{ WritesFiles() bool })
		return ok && w.WritesFiles()
	})
}

// demandOf is the demand of somebody who takes events of the types and looks at fields with these needs.
func demandOf(types event.TypeSet, n fields.Need) capture.Demand {
	d := capture.Demand{Types: types, Latency: n&fields.NeedLatency != 0, Procinfo: n&fields.NeedProcinfo != 0}
	for i := range d.Calls {
		if types.Has(event.Type(i)) {
			d.Calls[i] = event.AllTypes()
		}
	}
	if n&fields.NeedData != 0 {
		d.Payload = capture.MaxSnapLen
	}
	if n&fields.NeedSwitch != 0 {
		d.State.Add(event.SchedswitchV6E)
	}
	return d
}

// counted is the demand of somebody who only counts; internal counts the recorder's own events too.
func counted(internal bool) capture.Demand {
	d := demandOf(event.AllTypes(), 0)
	d.Procinfo = internal
	return d
}

// Demand is the types that can make a line, and what the fields of the line need.
func (l *Lines) Demand() capture.Demand {
	d := demandOf(l.Format.Types(), l.Format.Needs())
	d.Procinfo = d.Procinfo || l.Internal && d.Types.Has(event.ProcinfoE)
	return d
}

// Demand is the events alone.
func (q Quiet) Demand() capture.Demand { return counted(q.Internal) }

// Demand is the events alone.
func (s *Summary) Demand() capture.Demand { return counted(false) }
