package tui

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/proc"
	"scry/capture/state"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// asked counts the events that a filter selects, or sums a field of them.
type asked struct {
	text, field string
	gauge       gauge
	where       *filter.Filter
	value       *fields.Field
	sum         float64
}

func (a *asked) Event(ev *event.Event) (bool, error) {
	switch {
	case a.where != nil && !a.where.Match(ev):
	case a.value == nil:
		a.sum++
	default:
		if v := a.value.Value(ev); v.Type != fields.Absent {
			a.sum += v.Float()
		}
	}
	return false, nil
}

func (a *asked) Finish() error { return nil }

// questions are what the overview shall count, asked in the other way.
func questions(t *testing.T, where *filter.Filter, o *fields.Options) []*asked {
	t.Helper()
	all := []*asked{
		{gauge: gaugeCalls, text: "syscall.type exists and evt.dir=< and not (evt.type in (clone, clone3, fork, vfork) and evt.rawres=0)"},
		{gauge: gaugeErrors, text: "evt.failed=true and evt.dir=<"},
		{gauge: gaugeProcs, text: "evt.type in (clone, clone3, fork, vfork) and evt.dir=< and evt.rawres=0 and thread.ismain=true"},
		{gauge: gaugeConns, text: "evt.type in (connect, accept, accept4) and evt.dir=< and fd.type in (ipv4, ipv6) and (evt.failed=false or evt.res=EINPROGRESS)"},
		{gauge: gaugeNetIn, field: "evt.buflen.net.in"}, {gauge: gaugeNetOut, field: "evt.buflen.net.out"},
		{gauge: gaugeRead, field: "evt.buflen.file.in"}, {gauge: gaugeWritten, field: "evt.buflen.file.out"},
		{gauge: gaugeCPU, field: "thread.cpu"},
	}
	for _, a := range all {
		var err error
		if a.text != "" {
			a.where, err = filter.Compile(a.text, o)
		} else {
			a.value, err = fields.New(a.field, "", false, o)
		}
		if err != nil {
			t.Fatal(err)
		}
		a.where = filter.And(a.where, where)
	}
	return all
}

// What the overview counts is what filters and fields say, of every capture, and of a part of it.
func TestOverviewCounts(t *testing.T) {
	o := &fields.Options{}
	some, err := filter.Compile("proc.name contains s", o)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "hello", "shell", "threads", "containers"} {
		for _, where := range []*filter.Filter{nil, some} {
			tables := state.New()
			f, err := newOverviewFeed(&chisels.Env{Options: o, Tables: tables}, where, nil)
			if err != nil {
				t.Fatal(err)
			}
			all := questions(t, where, o)
			loop := &chisels.Loop{Tables: tables, Chisels: []chisels.Chisel{f}}
			for _, a := range all {
				loop.Chisels = append(loop.Chisels, a)
			}
			src, err := capture.Open(testCapture(t, name+".scap"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := loop.Run(src); err != nil {
				t.Fatal(err)
			}
			src.Close()
			m := f.take(f.last, false).(*measured)
			for _, a := range all {
				over, slack := 0.0, 1e-6*a.sum+1e-6
				for _, s := range m.samples {
					over += s[a.gauge] * float64(f.width) / 1e9
				}
				if total := m.total[a.gauge] * m.seconds; math.Abs(total-a.sum) > slack || a.gauge != gaugeCPU && math.Abs(over-a.sum) > slack {
					t.Errorf("%s %q: %s%s is %v; the overview has %v, over time %v", name, where, a.text, a.field, a.sum, total, over)
				}
			}
		}
	}
}

// From a box to the view behind it, and from a row into that.
func TestOverviewWays(t *testing.T) {
	x := newTestApp(t, 160, 45, Options{Read: []string{testCapture(t, "web.scap")}})
	x.settled()
	x.wait("Overview", "CPU", "Memory", "System calls", "Network in", "Files read", "New processes", "New connections")
	x.press("Right", "Enter")
	x.wait("Overview ▸ Processes", "RES▼")
	x.press("Backspace")
	x.wait("System calls")
	x.press("Down", "Down", "Down", "Down", "Down", "Down", "Home", "Tab", "Tab", "Enter")
	x.wait("Overview ▸ System Calls", "CALLS/s▼")
	x.press("Backspace")
	x.wait("New connections")
	x.press("Down", "Enter")
	s := x.wait("Overview ▸ Syscall Callers")
	if !strings.Contains(s, "in evt.type = ") {
		t.Errorf("not of the call:\n%s", s)
	}
	x.press("Backspace")
	x.wait("New connections")
	x.press("/", "curl", "Enter")
	x.press("d")
	s = x.wait("Overview ▸ Events")
	if !strings.Contains(s, " in ") {
		t.Errorf("not of the row:\n%s", s)
	}
}

// A click selects a box or a row of it, two open it.
func TestOverviewMouse(t *testing.T) {
	x := newTestApp(t, 100, 40, Options{Read: []string{testCapture(t, "web.scap")}})
	x.settled()
	for i := range boxes {
		var p *overviewPane
		var at place
		x.tv.QueueUpdate(func() {
			p = x.top().pane.(*overviewPane)
			at = p.places[i]
		})
		x.click(at.x+2, at.y)
		x.until("selects the box", func(string) bool {
			ok := false
			x.tv.QueueUpdate(func() { ok = p.box == i && p.row == -1 })
			return ok
		})
		if len(p.rows[i]) == 0 {
			continue
		}
		x.click(at.rowX+12, at.y+1)
		x.until("selects the row", func(string) bool {
			ok := false
			x.tv.QueueUpdate(func() { ok = p.box == i && p.row == 0 })
			return ok
		})
	}
}

// click presses the mouse, and lets it go.
func (x *testApp) click(px, py int) {
	x.sim.InjectMouse(px, py, tcell.Button1, tcell.ModNone)
	x.sim.InjectMouse(px, py, tcell.ButtonNone, tcell.ModNone)
}

// Live, the machine's load is in the header and in its box, there is a sample for each interval, and the history goes on when one comes back.
func TestOverviewLive(t *testing.T) {
	path, err := filepath.Abs(testCapture(t, "containers.scap"))
	if err != nil {
		t.Fatal(err)
	}
	o := liveOptions(path)
	o.Interval = 450 * time.Millisecond
	var reads atomic.Uint64
	o.Load = func() (*proc.Load, error) {
		n := reads.Add(1)
		return &proc.Load{All: proc.Ticks{Busy: n * 37, Total: n * 100}, CPUs: []proc.Ticks{{Busy: n * 37, Total: n * 100}, {}}, Memory: 8 << 30, Free: 6 << 30}, nil
	}
	x := newTestApp(t, 160, 45, o)
	samples := func() (n int) {
		x.tv.QueueUpdate(func() {
			if p, ok := x.top().pane.(*overviewPane); ok && p.m != nil {
				n = len(p.m.samples)
			}
		})
		return n
	}
	x.wait("CPU 37%", " Memory 2GB of 8GB")
	x.until("has three samples", func(string) bool { return samples() >= 3 })
	had := samples()
	x.press("Enter")
	x.wait("Overview ▸ Processes")
	x.press("Backspace")
	x.until("goes on", func(string) bool { return samples() > had })
	var rates [gauges]float64
	x.tv.QueueUpdate(func() {
		for _, s := range x.top().pane.(*overviewPane).m.samples {
			for g, v := range s {
				rates[g] = max(rates[g], v)
			}
		}
	})
	for _, g := range []gauge{gaugeCalls, gaugeErrors, gaugeRead, gaugeProcs} {
		if rates[g] == 0 {
			t.Errorf("gauge %d counted nothing", g)
		}
	}
}

// A machine that does not say how busy it is has no CPU in the header.
func TestOverviewNoLoad(t *testing.T) {
	path, err := filepath.Abs(testCapture(t, "containers.scap"))
	if err != nil {
		t.Fatal(err)
	}
	o := liveOptions(path)
	o.Load = func() (*proc.Load, error) { return nil, errors.New("no proc") }
	x := newTestApp(t, 160, 45, o)
	s := x.until("has a sample", func(s string) bool { return strings.Contains(s, "the last") })
	if head, _, _ := strings.Cut(s, "\n"); strings.Contains(head, "CPU") {
		t.Errorf("made up: %s", head)
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{{0, "0"}, {0.254, "0.25"}, {1, "1"}, {1.25, "1.2"}, {12.3, "12"}, {999, "999"}, {999.9, "1K"}, {1234, "1.2K"}, {45_600, "46K"}, {7.7e6, "7.7M"}, {3e9, "3G"}, {2.5e13, "25T"}} {
		if got := short(c.v); got != c.want {
			t.Errorf("%v is %q, want %q", c.v, got, c.want)
		}
	}
}

// BenchmarkOverview is what an event costs.
func BenchmarkOverview(b *testing.B) {
	for b.Loop() {
		tables := state.New()
		f, err := newOverviewFeed(&chisels.Env{Options: &fields.Options{}, Tables: tables}, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		src, err := capture.Open(filepath.Join("..", "testdata", "containers.scap"), nil)
		if err != nil {
			b.Fatal(err)
		}
		loop := &chisels.Loop{Tables: tables, Chisels: []chisels.Chisel{f}}
		if _, err := loop.Run(src); err != nil {
			b.Fatal(err)
		}
		src.Close()
		b.ReportMetric(float64(loop.Counts.Seen), "events")
		f.take(f.last, false)
	}
}
