package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter/fields"
)

// heatOf is the list of the spectrogram on top.
func (x *testApp) heatOf() (p *spectroPane, l *heatList) {
	x.t.Helper()
	x.tv.QueueUpdate(func() {
		var ok bool
		if p, ok = x.top().pane.(*spectroPane); ok {
			l = p.list
		}
	})
	if l == nil {
		x.t.Fatalf("no spectrogram:\n%s", x.text())
	}
	return p, l
}

// calls are those of all lines.
func (l *heatList) calls() (n uint64) {
	for i := range l.lines {
		n += l.lines[i].calls
	}
	return n
}

// latencies are how long the calls of a capture took, and when they ended.
func latencies(t *testing.T) (list []event.Event) {
	t.Helper()
	for _, s := range lines(t, "evt.dir=< and evt.latency>0") {
		var num uint64
		fmt.Sscan(s, &num)
		list = append(list, event.Event{Num: num})
	}
	return list
}

// A spectrogram has every call of the capture once, whatever its interval is; a rectangle over all of it leads to these calls.
func TestSpectrogram(t *testing.T) {
	x := newTestApp(t, 120, 30, digOptions(t, "spectro_all"))
	x.settled()
	want := uint64(len(latencies(t)))
	_, l := x.heatOf()
	if l.calls() != want || want == 0 {
		t.Fatalf("%d calls, the capture has %d", l.calls(), want)
	}
	width, n := l.width, len(l.lines)
	if n < 10 || n > autoHeatLines+1 {
		t.Errorf("%d lines", n)
	}
	x.press("-")
	x.settled()
	_, l = x.heatOf()
	if l.calls() != want || l.width <= width || len(l.lines) >= n {
		t.Errorf("longer intervals: %d calls in %d lines of %d", l.calls(), len(l.lines), l.width)
	}
	x.press("+")
	x.settled()
	_, l = x.heatOf()
	if l.calls() != want || l.width != width || len(l.lines) != n {
		t.Errorf("shorter intervals: %d calls in %d lines of %d", l.calls(), len(l.lines), l.width)
	}
	x.press("Home")
	for range 150 {
		x.press("Left")
	}
	x.press(" ", "End")
	for range 150 {
		x.press("Right")
	}
	x.wait(count(want) + " calls of any time")
	x.press("Enter")
	x.wait("▸ Events")
	x.settled()
	x.wait(fmt.Sprintf("of %s", count(want)))
}

// What a rectangle counts is what it leads to, of any rectangle, with the mouse as with keys.
func TestSpectrogramRectangle(t *testing.T) {
	x := newTestApp(t, 120, 40, digOptions(t, "spectro_all"))
	x.settled()
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 12 {
		p, l := x.heatOf()
		var s selection
		if i%2 == 0 {
			x.tv.QueueUpdate(func() {
				p.mark = &corner{l.first + rnd.IntN(len(l.lines)), rnd.IntN(len(p.ranges) - 1)}
				p.line, p.col, p.tail = l.first+rnd.IntN(len(l.lines)), rnd.IntN(len(p.ranges)-1), false
			})
		} else {
			x.tv.QueueUpdate(func() { p.mark = nil })
			x.drag(p.plotX+rnd.IntN(50), p.plotY+rnd.IntN(10), p.plotX+50+rnd.IntN(50), p.plotY+10+rnd.IntN(15))
			x.until("marks", func(string) bool {
				ok := false
				x.tv.QueueUpdate(func() { ok = p.mark != nil && !p.drag })
				return ok
			})
		}
		x.tv.QueueUpdateDraw(func() {
			p.scroll()
			s, _ = p.selected()
		})
		x.press("d")
		x.wait("▸ Events")
		x.settled()
		var have int
		x.tv.QueueUpdate(func() { have = x.top().pane.(*digPane).list.n })
		if uint64(have) != s.calls {
			t.Errorf("%d: %+v leads to %d events, by %s", i, s, have, x.top().where)
		}
		x.press("Backspace")
		x.wait("a line is")
	}
}

// drag draws the mouse from one place to another.
func (x *testApp) drag(x1, y1, x2, y2 int) {
	x.sim.InjectMouse(x1, y1, tcell.Button1, tcell.ModNone)
	x.sim.InjectMouse((x1+x2)/2, (y1+y2)/2, tcell.Button1, tcell.ModNone)
	x.sim.InjectMouse(x2, y2, tcell.Button1, tcell.ModNone)
	x.sim.InjectMouse(x2, y2, tcell.ButtonNone, tcell.ModNone)
}

// Keys lead to spectrograms of what is selected, and with another view of files only.
func TestSpectrogramKeys(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: "procs"})
	x.settled()
	x.press("S")
	s := x.wait("Processes ▸ Spectrogram-All", "1us")
	if !strings.Contains(s, "proc.pid = ") {
		t.Errorf("not of the selected process:\n%s", s)
	}
	x.press("Backspace")
	x.wait("PPID")
	x.press("Shift-F12")
	x.wait("Processes ▸ Spectrogram-File")
}

// Live, there is a line for each interval, and what was there stays when one comes back.
func TestSpectrogramLive(t *testing.T) {
	o := liveOptions(testCapture(t, "containers.scap"))
	o.View = "spectro_all"
	x := newTestApp(t, 120, 30, o)
	many := func(n int) {
		x.until(fmt.Sprintf("has %d lines", n), func(string) bool {
			p, ok := x.top().pane.(*spectroPane)
			have := 0
			x.tv.QueueUpdate(func() {
				if ok {
					have = len(p.list.lines)
				}
			})
			return have >= n
		})
	}
	many(3)
	x.press("v", "Esc", "S", "Backspace")
	many(4)
	_, l := x.heatOf()
	for i := 1; i < len(l.lines); i++ {
		if a, b := l.lines[i-1], l.lines[i]; b.from < a.to || b.to <= b.from {
			t.Errorf("line %d is from %d to %d, that before to %d", i, b.from, b.to, a.to)
		}
	}
}

// countingView is a heat map that counts latencies of 1 ns and nothing else.
type countingView struct{ n uint64 }

func (c *countingView) Event(*event.Event) (bool, error) { c.n++; return true, nil }
func (c *countingView) Finish() error                    { return nil }
func (c *countingView) Demand() capture.Demand           { return capture.Demand{} }

func (c *countingView) Peek(uint64) *chisels.Frame {
	f := &chisels.Frame{}
	if c.n > 0 {
		v := func(n uint64) fields.Value { return fields.Value{Type: fields.Uint, Num: n} }
		f.Rows = []chisels.Row{{Values: []fields.Value{v(1), v(2), v(c.n)}}}
	}
	return f
}

func (c *countingView) Result(ts uint64) *chisels.Frame {
	f := c.Peek(ts)
	c.n = 0
	return f
}

// Intervals hold each event once, in the line of its time, whatever the gaps between them; the lines follow each other.
func TestHeatFeed(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		f := &heatFeed{view: &countingView{}, auto: round%2 == 0, width: uint64(time.Millisecond)}
		ts := uint64(1_700_000_000_000_000_000)
		var all []uint64
		for range 1 + rnd.IntN(400) {
			ev := event.Event{TS: ts, Type: event.ReadX}
			if _, err := f.Event(&ev); err != nil {
				t.Fatal(err)
			}
			all = append(all, ts)
			switch rnd.IntN(20) {
			case 0:
				ts += rnd.Uint64N(uint64(100 * time.Millisecond))
			case 1:
				ts -= rnd.Uint64N(1000)
			default:
				ts += rnd.Uint64N(uint64(2 * time.Millisecond))
			}
		}
		if round == 4 {
			ts += uint64(100 * 24 * time.Hour)
			f.Event(&event.Event{TS: ts, Type: event.ReadX})
			all = append(all, ts)
		}
		l := f.take(ts, false).(*heatList)
		if l.calls() != uint64(len(all)) {
			t.Fatalf("round %d: %d of %d events", round, l.calls(), len(all))
		}
		if f.auto && len(l.lines) > autoHeatLines+1 {
			t.Fatalf("round %d: %d lines", round, len(l.lines))
		}
		for i := range l.lines {
			a := l.lines[i]
			if i > 0 && a.from != l.lines[i-1].to || a.to-a.from != l.width {
				t.Fatalf("round %d: line %d is from %d to %d", round, i, a.from, a.to)
			}
		}
		slices.Sort(all)
		if first, last := l.lines[0], l.lines[len(l.lines)-1]; all[len(all)-1] >= last.to || all[0]+2000 < first.from {
			t.Fatalf("round %d: %d to %d is outside of %d to %d", round, all[0], all[len(all)-1], first.from, last.to)
		}
	}
}

// A spectrogram of fixed intervals over a long silence keeps what fits, and says how much it left out.
func TestHeatFeedBounds(t *testing.T) {
	f := &heatFeed{view: &countingView{}, width: uint64(time.Millisecond)}
	ts := uint64(1_700_000_000_000_000_000)
	for _, step := range []time.Duration{0, time.Millisecond, 24 * time.Hour, 3 * time.Millisecond, 24 * time.Hour} {
		ts += uint64(step)
		f.Event(&event.Event{TS: ts, Type: event.ReadX})
	}
	l := f.take(ts, false).(*heatList)
	if len(l.lines) > maxHeatLines+1 || l.first < 2*24*3600*1000-2*maxHeatLines {
		t.Errorf("%d lines, %d left out", len(l.lines), l.first)
	}
	if last := l.lines[len(l.lines)-1]; last.calls != 1 || ts < last.from || ts >= last.to {
		t.Errorf("the last line is %+v, the event was at %d", last, ts)
	}
}

func TestSpanText(t *testing.T) {
	for _, c := range []struct {
		ns   uint64
		want string
	}{{0, "0ns"}, {1, "1ns"}, {999, "999ns"}, {1000, "1us"}, {1540, "1.54us"}, {20_000_000, "20ms"}, {100_000_000_000, "100s"}, {5_000_000_000_000, "5000s"}} {
		if got := spanText(c.ns); got != c.want {
			t.Errorf("%d ns is %q, want %q", c.ns, got, c.want)
		}
	}
}
