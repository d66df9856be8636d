package tui

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

//go:embed overview.yaml
var overviewText string

// boxSpecs are the chisels of the boxes, by name. They are read when the overview is shown: others do not pay for them.
var boxSpecs = sync.OnceValue(func() map[string]*chisels.Spec {
	specs := map[string]*chisels.Spec{}
	for _, text := range strings.Split(overviewText, "\n---\n") {
		s, err := chisels.ParseSpec("overview.yaml", []byte(text))
		if err != nil {
			panic(err) // TestOverview
		}
		specs[s.Name] = s
	}
	return specs
})

// gauge is something that the overview counts.
type gauge int

const (
	gaugeCalls gauge = iota
	gaugeNetIn
	gaugeNetOut
	gaugeRead
	gaugeWritten
	gaugeErrors
	gaugeProcs
	gaugeConns
	gaugeCPU    // percent
	gaugeMemory // bytes; live only
	gauges
)

// sample is what there was of each, per second.
type sample [gauges]float64

// maxSamples is how many are kept: of a live machine the newest, a capture's are put together.
const maxSamples = 512

// measured is what the overview gets. Nobody changes it once it is made.
type measured struct {
	samples []sample
	seconds float64 // that all of them are of
	total   sample  // of a capture: of all of its time, per second; live: the newest one
	from    uint64
	cores   []float64 // percent of each processor, live
	memory  uint64    // of the machine, in bytes; 0: unknown
	cpu     bool      // somebody measured the processors
	frames  map[string]*chisels.Frame
}

// overviewFeed counts for the overview, and runs the chisels of its boxes. It belongs to the goroutine of the engine, as all chisels.
type overviewFeed struct {
	heir
	key     string
	where   *filter.Filter
	whole   bool // of the machine: nothing is left out
	live    bool
	demand  capture.Demand
	views   []chisels.Viewer
	cpu     *fields.Field
	usage   func() *usage // of the machine, live; nil: nobody measures it
	counts  sample        // of the interval at hand
	from    uint64
	last    uint64
	sampled bool
	samples []sample
	times   []float64 // live: seconds of each
	width   uint64    // of a capture: ns of a sample
}

func newOverviewFeed(env *chisels.Env, where *filter.Filter, machine func() *usage) (*overviewFeed, error) {
	f := &overviewFeed{key: where.String(), where: where, whole: where == nil, live: env.Live, usage: machine, width: 1 << 20}
	exits, err := filter.Compile("evt.dir=<", env.Options)
	if err != nil {
		return nil, err
	}
	f.demand = (&chisels.Loop{Filter: filter.And(exits, where), Chisels: []chisels.Chisel{chisels.Quiet{}}}).Demand(0, false)
	if f.cpu, err = fields.New("thread.cpu", "", false, env.Options); err != nil {
		return nil, err
	}
	for _, name := range boxOrder {
		v, err := chisels.OpenView(boxSpecs()[name], env, where)
		if err != nil {
			return nil, err
		}
		f.views = append(f.views, v)
		f.demand = f.demand.Or(v.Demand())
	}
	return f, nil
}

// resumed goes on after a time in which nothing was counted.
func (f *overviewFeed) resumed() {
	f.counts, f.from = sample{}, 0
	for _, v := range f.views {
		v.Result(0)
	}
}

// filtered is the filter that it was made for.
func (f *overviewFeed) filtered() string { return f.key }

// needs is what it asks the kernel for.
func (f *overviewFeed) needs() capture.Demand { return f.demand }

// boxOrder are the chisels in the order of the feed.
var boxOrder = []string{"overview_processes", "overview_syscalls", "overview_connections", "overview_files", "overview_errors", "overview_commands", "overview_peers"}

// What a type of event is to the overview.
const (
	isCall  = 1 << iota // the end of a system call
	isClone             // of one that makes threads
	isConnect
	isRead
	isWrite
)

// callKinds are those of all types.
var callKinds = func() (kinds [event.NumTypes]uint8) {
	for t := range event.Type(event.NumTypes) {
		s := t.Schema()
		if t.Dir() != event.Exit || s.Category&event.CatSyscall == 0 {
			continue
		}
		kinds[t] = isCall
		switch s.Name {
		case "clone", "clone3", "fork", "vfork":
			kinds[t] |= isClone
		case "connect", "accept", "accept4":
			kinds[t] |= isConnect
		}
		switch s.Category.Base() {
		case event.CatIORead:
			kinds[t] |= isRead
		case event.CatIOWrite:
			kinds[t] |= isWrite
		}
	}
	return kinds
}()

// Event counts one event. hot: no allocation
func (f *overviewFeed) Event(ev *event.Event) (bool, error) {
	if !event.WrittenLate.Has(ev.Type) && ev.TS != 0 {
		f.time(ev.TS)
		if f.where == nil || f.where.Match(ev) {
			f.count(ev)
		}
	}
	for _, v := range f.views {
		if _, err := v.Event(ev); err != nil {
			return false, err
		}
	}
	return false, nil
}

// time ends the samples of a capture that lie before ts.
func (f *overviewFeed) time(ts uint64) {
	if f.from == 0 {
		f.from = ts
	}
	f.last = max(f.last, ts)
	if f.live {
		return
	}
	for (f.last-f.from)/f.width >= maxSamples {
		f.halve()
	}
	for uint64(len(f.samples)) <= (f.last-f.from)/f.width {
		f.samples = append(f.samples, sample{})
	}
}

// halve makes one sample of two.
func (f *overviewFeed) halve() {
	n := (len(f.samples) + 1) / 2
	for k := range n {
		sum := f.samples[2*k]
		if 2*k+1 < len(f.samples) {
			for g, v := range f.samples[2*k+1] {
				sum[g] += v
			}
		}
		f.samples[k] = sum
	}
	f.samples, f.width = f.samples[:n], f.width*2
}

// add counts n of something at ts.
func (f *overviewFeed) add(g gauge, ts uint64, n float64) {
	f.counts[g] += n
	if !f.live && ts >= f.from {
		f.samples[(ts-f.from)/f.width][g] += n
	}
}

// count looks at what an event is.
func (f *overviewFeed) count(ev *event.Event) {
	if ev.Type >= event.NumTypes {
		return
	}
	if v := f.cpu.Value(ev); v.Type != fields.Absent {
		f.sampled = true
		f.busy(ev.TS, v.Float()/100)
	}
	k := callKinds[ev.Type]
	if k&isCall == 0 {
		return
	}
	if k&isClone != 0 && ev.Errno == 0 {
		if n, ok := ev.Int(0); ok && n == 0 { // the child returns from no call of its own
			if ev.Thread != nil && ev.Thread.PID == ev.Thread.TID {
				f.add(gaugeProcs, ev.TS, 1)
			}
			return
		}
	}
	f.add(gaugeCalls, ev.TS, 1)
	if ev.Errno != 0 {
		f.add(gaugeErrors, ev.TS, 1)
	}
	if ev.FD == nil {
		return
	}
	if k&isConnect != 0 && ev.FD.Type.IsIP() && (ev.Errno == 0 || ev.Errno == inProgress) {
		f.add(gaugeConns, ev.TS, 1)
	}
	if k&(isRead|isWrite) != 0 && ev.Errno == 0 {
		f.moved(ev, k)
	}
}

// inProgress is the error of a connect that does not wait.
const inProgress = 115

// moved counts the bytes that a call moved.
func (f *overviewFeed) moved(ev *event.Event, kind uint8) {
	n, ok := ev.Int(0)
	if !ok || n <= 0 {
		return
	}
	g := gaugeRead
	switch t := ev.FD.Type; {
	case t.IsIP():
		g = gaugeNetIn
	case t != event.FDFile && t != event.FDFileV2:
		return
	}
	if kind&isWrite != 0 {
		g++
	}
	f.add(g, ev.TS, float64(n))
}

// busy counts that share of a processor for the second before ts, which is what a record of a process is of.
func (f *overviewFeed) busy(ts uint64, share float64) {
	const span = 1e9
	f.counts[gaugeCPU] += share
	if f.live {
		return
	}
	begin := max(ts-min(ts, span), f.from)
	for at := begin; at < ts; {
		i := (at - f.from) / f.width
		end := min(f.from+(i+1)*f.width, ts)
		f.samples[i][gaugeCPU] += share * float64(end-at) / 1e9
		at = end
	}
}

// take is what there is.
func (f *overviewFeed) take(ts uint64, ended bool) any {
	m := &measured{from: f.from, frames: map[string]*chisels.Frame{}}
	for i, v := range f.views {
		var fr *chisels.Frame
		if ended {
			fr = v.Result(ts)
		} else {
			fr = v.Peek(ts)
		}
		m.frames[boxOrder[i]] = shortened(fr)
	}
	if !f.live {
		f.ofCapture(m)
		return m
	}
	if ended {
		f.sample(ts, m)
	}
	m.samples = slices.Clone(f.samples)
	for _, s := range f.times {
		m.seconds += s
	}
	if n := len(m.samples); n > 0 {
		m.total = m.samples[n-1]
	}
	m.cpu = f.sampled
	if u := f.machine(); u != nil {
		m.cpu, m.cores, m.memory = true, u.cores, u.memory
	}
	return m
}

// machine is how busy the machine is, nil when that is not asked for.
func (f *overviewFeed) machine() *usage {
	if f.usage == nil || !f.whole {
		return nil
	}
	return f.usage()
}

// ofCapture makes the samples of a capture.
func (f *overviewFeed) ofCapture(m *measured) {
	m.cpu = f.sampled
	m.samples = make([]sample, len(f.samples))
	seconds := float64(f.width) / 1e9
	for i := range f.samples {
		for g, n := range f.samples[i] {
			m.samples[i][g] = n / seconds
		}
		m.samples[i][gaugeCPU] *= 100
	}
	if m.seconds = float64(f.last-f.from) / 1e9; m.seconds > 0 {
		for g, n := range f.counts {
			m.total[g] = n / m.seconds
		}
	}
	m.total[gaugeCPU] *= 100
	m.total[gaugeMemory] = resident(m)
}

// sample ends an interval of a live machine.
func (f *overviewFeed) sample(ts uint64, m *measured) {
	seconds := float64(ts-min(f.from, ts)) / 1e9
	if f.from == 0 || seconds <= 0 {
		f.from = ts
		return
	}
	var s sample
	for g, n := range f.counts {
		s[g] = n / seconds
	}
	s[gaugeCPU] *= 100
	s[gaugeMemory] = resident(m)
	if u := f.machine(); u != nil {
		s[gaugeCPU], s[gaugeMemory] = u.cpu, float64(u.used)
	}
	f.samples, f.times = append(f.samples, s), append(f.times, seconds)
	if n := len(f.samples) - maxSamples; n > 0 {
		f.samples, f.times = f.samples[n:], f.times[n:]
	}
	f.counts, f.from = sample{}, ts
}

// resident is the memory that all processes of a frame have, in bytes: what they share counts for each.
func resident(m *measured) (sum float64) {
	f := m.frames["overview_processes"]
	col := column(f, "res")
	for i := range f.Rows {
		sum += number(f.Rows[i].Values[col]) * 1024
	}
	return sum
}

// boxRows is how many rows of a list a box has at most.
const boxRows = 64

// shortened is a list without its older rows, the newest first; a table as it is.
func shortened(fr *chisels.Frame) *chisels.Frame {
	if fr.Order.Column >= 0 {
		return fr
	}
	short := *fr
	short.Rows = slices.Clone(fr.Rows[max(len(fr.Rows)-boxRows, 0):])
	slices.Reverse(short.Rows)
	return &short
}

// Finish has nothing to end.
func (f *overviewFeed) Finish() error { return nil }
