package chisels

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/filter"
	"scry/filter/fields"
)

// asked says what of a demand somebody wants to see or count, in short: directions and names of calls, then what else.
func asked(d capture.Demand) string {
	var out []string
	wanted := d.Types.And(d.State.Not())
	for _, dir := range []event.Dir{event.Enter, event.Exit} {
		var names []string
		for t := range wanted.All() {
			if s := t.Schema(); t.Dir() == dir && t > event.GenericX && s.Category&event.CatSyscall != 0 {
				names = append(names, s.Name)
			}
		}
		for code := range uint16(event.MaxSyscalls) {
			if name, ok := event.SyscallName(code); ok && d.Calls[dir].Has(event.Type(code)) {
				names = append(names, name)
			}
		}
		switch {
		case len(names) > 300:
			out = append(out, dir.String()+"all")
		case len(names) > 12:
			out = append(out, dir.String()+"many")
		default:
			for _, n := range names {
				out = append(out, dir.String()+n)
			}
		}
	}
	for t := range wanted.And(capture.Tracepoints).All() {
		out = append(out, t.Schema().Name)
	}
	if d.State.Has(event.SchedswitchV6E) {
		out = append(out, "(switch)")
	}
	if d.Latency {
		out = append(out, "latency")
	}
	if d.Procinfo {
		out = append(out, "procinfo")
	}
	if d.Payload > 0 {
		out = append(out, fmt.Sprint("data=", d.Payload))
	}
	return strings.Join(out, " ")
}

// Each case is what a command line makes of filter, format and chisel, and what it asks of the kernel.
func TestDemand(t *testing.T) {
	const short = "*%evt.num %proc.name" // a format that needs nothing
	for _, c := range []struct{ filter, format, more, want string }{
		{"", fields.DefaultFormat, "", ">all <all switch procexit signaldeliver data=80"},
		{"", fields.DefaultFormat, "faults", ">all <all switch procexit signaldeliver page_fault data=80"},
		{"", fields.DefaultFormat, "internal", ">all <all switch procexit signaldeliver procinfo data=80"},
		{"", short, "", ">all <all switch procexit signaldeliver"},
		{"", short, "json=args", ">all <all switch procexit signaldeliver data=80"},
		{"", "", "write", ">all <all switch procexit signaldeliver procinfo data=80"},
		{"", "", "quiet", ">all <all switch procexit signaldeliver"},
		{"", "", "quiet summary", ">all <all switch procexit signaldeliver"},
		{"", "", "quiet other", ">all <all switch procexit signaldeliver procinfo data=80"},
		{"proc.name=cat", short, "", ">all <all switch procexit signaldeliver"},
		{"evt.type=openat", short, "", ">openat <openat"},
		{"evt.type=openat", fields.DefaultFormat, "", ">openat <openat data=80"},
		{"evt.type=openat", "", "write", ">openat <openat data=80"},
		{"evt.type=openat", "", "quiet", ">openat <openat"},
		{"evt.type=openat and evt.dir=<", short, "", "<openat"},
		{"evt.type=openat and evt.dir=>", short, "", ">openat"},
		{"evt.type in (open, close) and proc.name=cat", short, "", ">open >close <open <close"},
		{"evt.type=accept and evt.dir=<", short, "", "<accept <accept4"},
		{"syscall.type=accept and evt.dir=<", short, "", "<accept"},
		{"evt.type=getpriority", short, "", ">getpriority <getpriority"},
		{"evt.type in (getpriority, openat) and evt.dir=<", short, "", "<openat <getpriority"},
		{"evt.type=switch", short, "", "switch"},
		{"evt.type=signaldeliver", short, "", "signaldeliver"},
		{"evt.type=page_fault", short, "", "page_fault"},
		{"evt.type in (page_fault, open) and evt.dir=>", short, "", ">open page_fault"},
		{"evt.type!=page_fault", short, "", ">all <all switch procexit signaldeliver"},
		{"evt.type!=switch", short, "", ">all <all procexit signaldeliver"},
		{"evt.dir=<", short, "", "<all"},
		{"evt.dir=<", "*%evt.latency", "", "<all latency"},
		{"evt.dir=<", "*%evt.outputtime", "delta", "<all latency"},
		{"evt.dir=<", "*%evt.outputtime", "", "<all"},
		{"", "*%evt.latency", "", ">all <all switch procexit signaldeliver"},
		{"evt.latency > 10ms", short, "", "<all latency"},
		{"evt.latency > 10ms", "", "write", "<all latency data=80"},
		{"evt.latency < 10ms", short, "", ">all <all switch procexit signaldeliver"},
		{"evt.latency > 1ms and evt.type=read", short, "", "<read latency"},
		{"evt.latency > 1ms or evt.type=openat", short, "", ">openat <all latency"},
		{"evt.type=openat and evt.dir=<", "%evt.arg.name", "", "<openat"},
		{"evt.type in (openat, close)", "%evt.arg.name", "", "<openat >openat"},
		{"evt.type=read", "%evt.arg.data", "", "<read data=80"},
		{"evt.type=read", "%evt.buffer", "snap", "<read data=4000"},
		{"evt.buffer contains GET", short, "", "<many data=80"},
		{"evt.type=write and evt.buffer contains GET", short, "", "<write data=80"},
		{"evt.type=read", "*%evt.buflen", "", ">read <read"},
		{"syslog.severity < 4 and evt.type=sendto", short, "", ">sendto <sendto data=80"},
		{"evt.type=openat", "*%thread.vmrss", "", ">openat <openat (switch)"},
		{"evt.type=openat", "*%thread.cpu", "", ">openat <openat"},
		{"thread.cpu > 50", short, "", ">all <all switch procexit signaldeliver procinfo"},
		{"evt.type=openat and evt.type=close", short, "", ""},
		{"evt.is_io_read=true and evt.type startswith recv and evt.dir=<", short, "", "<recvfrom <recvmsg <recvmmsg"},
		{"evt.deltatime > 1s and evt.type=open", short, "", ">all <all switch procexit signaldeliver"},
	} {
		have := asked(demandOfLine(t, c.filter, c.format, c.more))
		if !sameWords(have, c.want) {
			t.Errorf("%s | %s | %s: asks for\n  %s\nwant\n  %s", c.filter, c.format, c.more, have, c.want)
		}
	}
}

func sameWords(a, b string) bool {
	x, y := map[string]bool{}, map[string]bool{}
	for w := range strings.FieldsSeq(a) {
		x[w] = true
	}
	for w := range strings.FieldsSeq(b) {
		y[w] = true
		if !x[w] {
			return false
		}
	}
	return len(x) == len(y)
}

// other is a chisel that does not say what it needs.
type other struct{}

func (other) Event(*event.Event) (bool, error) { return true, nil }
func (other) Finish() error                    { return nil }

// demandOfLine is the demand of a run with these options.
func demandOfLine(t *testing.T, text, format, more string) capture.Demand {
	t.Helper()
	has := func(word string) bool { return strings.Contains(more, word) }
	o := &fields.Options{JSONArgs: has("json=args")}
	if has("delta") {
		o.Time = fields.TimeDelta
	}
	l := Loop{}
	if text != "" {
		var err error
		if l.Filter, err = filter.Compile(text, o); err != nil {
			t.Fatal(err)
		}
	}
	if format != "" {
		f, err := fields.ParseFormat(format, o)
		if err != nil {
			t.Fatal(err)
		}
		l.Chisels = append(l.Chisels, &Lines{Format: f, Internal: has("internal"), Out: NewOutput(io.Discard)})
	}
	for word, c := range map[string]Chisel{"write": &Write{}, "quiet": Quiet{}, "summary": &Summary{}, "other": other{}} {
		if has(word) {
			l.Chisels = append(l.Chisels, c)
		}
	}
	snap := capture.DefaultSnapLen
	if has("snap") {
		snap = 4000
	}
	return l.Demand(snap, has("faults"))
}

// What moves state is part of every demand, as exits.
func TestDemandState(t *testing.T) {
	d := demandOfLine(t, "evt.type=getppid", "*%evt.num", "")
	for _, x := range []event.Type{event.OpenatV2X, event.CloseX, event.CloneV20X, event.Clone3X, event.ForkV20X, event.ExecveV19X, event.ExecveatX, event.ProcexitV1E,
		event.ChdirX, event.ConnectX, event.Accept4V6X, event.SetresuidX, event.PrctlX, event.CloseRangeX, event.SetpgidX, event.SetnsX} {
		if !d.Types.Has(x) || !d.State.Has(x) {
			t.Errorf("%v is not in the demand", x)
		}
	}
	for x := range d.State.All() {
		if x.Dir() == event.Enter && x.Schema().Category&event.CatSyscall != 0 {
			t.Errorf("%v: an enter moves nothing", x)
		}
	}
	for _, x := range []event.Type{event.ReadX, event.FutexX, event.PageFaultE, event.SchedswitchV6E} {
		if d.Types.Has(x) {
			t.Errorf("%v: nobody asked", x)
		}
	}
	if d = demandOfLine(t, "evt.type=openat", "*%evt.num", ""); d.State.Has(event.OpenatV2X) || !d.Types.Has(event.OpenatV2X) {
		t.Error("what is wanted is not only for state")
	}
}
