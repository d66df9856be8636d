package tui

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"scry/chisels"
	"scry/filter"
)

// spectroPane shows how long calls take: a line for each interval, the newest at the bottom, from left to right the latencies, colours for how many.
type spectroPane struct {
	*tview.Box
	answered
	app  *app
	spec *chisels.Spec
	going[*heatFeed]
	list    *heatList
	width   atomic.Int32 // which of heatWidths an interval has; negative: what suits the capture
	line    int          // sequence number of the cursor's line
	col     int          // column of the cursor, on the screen
	mark    *corner      // where a rectangle begins; nil: there is none
	tail    bool         // the cursor is on the newest line, whatever comes
	drag    bool         // the mouse makes a rectangle
	clicked corner       // the last place
	empty   string

	first  int // sequence number of the first line on the screen
	height int // lines on the screen
	plotX  int // where the columns begin
	plotY  int
	ranges []int // for each column the first of its ranges, and the end
	top    uint64
	topOf  topKey
}

// corner is one of a rectangle.
type corner struct{ line, col int }

// topKey is what the largest count was found for.
type topKey struct {
	feed      *heatFeed
	seq, cols int
	width     uint64
}

// liveStep is the interval of a live spectrogram, half a second.
var liveStep = func() int32 {
	for i, w := range heatWidths {
		if w == 500*time.Millisecond {
			return int32(i)
		}
	}
	panic("no interval of half a second")
}()

func newSpectroPane(a *app, s *chisels.Spec) *spectroPane {
	p := &spectroPane{Box: tview.NewBox(), app: a, spec: s, list: &heatList{}, tail: true, col: -1}
	p.width.Store(-1)
	if len(a.o.Read) == 0 {
		p.width.Store(liveStep)
	}
	return p
}

// sinks makes the spectrogram. Live, it goes on as long as its filter stays.
func (p *spectroPane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	step := p.width.Load()
	err := p.of(where.String(), env.Live, func(*heatFeed) (*heatFeed, error) {
		v, err := chisels.OpenView(p.spec, env, where)
		if err != nil {
			return nil, err
		}
		return &heatFeed{view: v, where: where, key: where.String(), kept: newMemory(), live: env.Live, auto: step < 0, width: uint64(heatWidths[0])}, nil
	})
	if err != nil {
		return nil, err
	}
	if step >= 0 {
		p.feed.width = uint64(heatWidths[step])
	}
	return p.going.sinks(), nil
}

// stepped is the interval, 0 when the feed makes its own.
func (p *spectroPane) stepped() time.Duration {
	if len(p.app.o.Read) > 0 {
		return 0
	}
	return heatWidths[p.width.Load()]
}

// kept is asked for another interval too.
func (p *spectroPane) kept(request string) *status {
	return p.answered.kept(fmt.Sprint(request, p.width.Load()))
}

// update shows lines.
func (p *spectroPane) update(payloads []any, st *status) {
	l := payloads[0].(*heatList)
	if l.feed != p.list.feed {
		p.mark, p.drag, p.tail = nil, false, true
	} else if l.width != p.list.width && !st.live {
		p.mark, p.tail = nil, true
	}
	p.list = l
	p.note(st)
	if p.tail {
		p.line = p.end() - 1
	}
	p.line = p.within(p.line)
	if p.mark != nil {
		p.mark.line = p.within(p.mark.line)
	}
	switch {
	case st.reading:
		p.empty = "Reading the capture\nno such call so far"
	case st.live:
		p.empty = "Nothing yet\na line appears at the end of each interval"
	default:
		p.empty = "The capture has no such call"
	}
}

// end is the sequence number behind the last line.
func (p *spectroPane) end() int { return p.list.first + len(p.list.lines) }

// within is the line that is next to one, of those that there are.
func (p *spectroPane) within(seq int) int { return max(min(seq, p.end()-1), p.list.first) }

func (p *spectroPane) id() string { return p.spec.Name }

func (p *spectroPane) dress(*theme) {}

func (p *spectroPane) find(string, int, bool) bool { return false }

// command is what selects the view.
func (p *spectroPane) command() []string { return []string{"-c", p.spec.Name} }

// summary is how long an interval is.
func (p *spectroPane) summary() string {
	if len(p.list.lines) == 0 {
		return ""
	}
	text := fmt.Sprintf("a line is %s", spanText(p.list.width))
	if p.list.first > 0 {
		text += fmt.Sprintf(", %s older ones left out", count(uint64(p.list.first)))
	}
	return text
}

// rect is what is selected: lines from one to another, and columns, both ends in it.
func (p *spectroPane) rect() (from, to corner) {
	from = corner{p.line, p.col}
	if p.mark != nil {
		from = *p.mark
	}
	to = corner{max(from.line, p.line), max(from.col, p.col)}
	return corner{min(from.line, p.line), min(from.col, p.col)}, to
}

// selection is what the rectangle has: times, latencies and calls.
type selection struct {
	from, to  uint64
	low, high uint64 // ns; high is not in it, 0: no bound
	calls     uint64
}

// selected is the selection; false when there is nothing to select.
func (p *spectroPane) selected() (s selection, ok bool) {
	if len(p.list.lines) == 0 || len(p.ranges) < 2 {
		return s, false
	}
	a, b := p.rect()
	a.line, b.line = p.within(a.line), p.within(b.line)
	last := len(p.ranges) - 2
	low, high := p.ranges[max(min(a.col, last), 0)], p.ranges[max(min(b.col, last), 0)+1]
	lines := p.list.lines[a.line-p.list.first : b.line-p.list.first+1]
	s = selection{from: lines[0].from, to: lines[len(lines)-1].to, low: chisels.HeatBound(low)}
	if high < heatColumns {
		s.high = chisels.HeatBound(high)
	}
	for i := range lines {
		for _, c := range lines[i].cells {
			if int(c.col) >= low && int(c.col) < high {
				s.calls += c.n
			}
		}
	}
	return s, true
}

// latencies is the range of a selection in words.
func (s *selection) latencies() string {
	if s.high == 0 {
		if s.low <= 1 {
			return "any time"
		}
		return spanText(s.low) + " and more"
	}
	return spanText(s.low) + " to " + spanText(s.high)
}

// inside selects the events of the selection, or when its times do not count all that ever take so long.
func (p *spectroPane) inside(timed bool) (*filter.Filter, string, error) {
	s, ok := p.selected()
	if !ok {
		return nil, "", nil
	}
	from, to := uint64(0), ^uint64(0)
	if timed {
		from, to = s.from, s.to-1
	}
	rect, err := chisels.HeatRect(from, to, s.low, s.high, p.app.o.Fields)
	if err != nil {
		return nil, "", err
	}
	own, err := filter.Compile(p.spec.Filter, p.app.o.Fields)
	if err != nil {
		return nil, "", err
	}
	return filter.And(p.app.top().where, filter.And(own, rect)), s.latencies(), nil
}

// step is where a rectangle leads; without one, keys that ask are for all that there is. Of a running machine views show what comes, and so that which takes so long.
func (p *spectroPane) step() (*chisels.Step, string, error) {
	if p.mark == nil {
		return nil, "", nil
	}
	where, name, err := p.inside(!p.app.status.live)
	if err != nil || where == nil {
		return nil, "", err
	}
	return &chisels.Step{Filter: where}, name, nil
}

// enter shows the events of the selection. Those of a running machine were kept, as far as there is room.
func (p *spectroPane) enter() {
	where, name, err := p.inside(true)
	switch {
	case err != nil:
		p.app.say(true, "%v", err)
	case where != nil:
		dig := newDigPane(p.app)
		if s, _ := p.selected(); p.app.status.live {
			dig.past, dig.from = p, s.from
			p.tail = false
		}
		p.app.push(&level{pane: dig, name: p.app.title(digView) + " " + name, where: where})
	}
}

// events shows those of the rectangle; false when there is none.
func (p *spectroPane) events() bool {
	if p.mark != nil {
		p.enter()
	}
	return p.mark != nil
}

// keys are those of a spectrogram.
func (p *spectroPane) keys() []*binding {
	list := []*binding{
		{[]string{"Enter"}, "Events", "the events of the selection", p.enter},
		{[]string{" "}, "Mark", "begin a rectangle at the cursor, or give it up", p.toggleMark},
		{[]string{"+"}, "Shorter", "shorter intervals", func() { p.scale(-1) }},
		{[]string{"-"}, "Longer", "longer intervals", func() { p.scale(1) }},
		{[]string{"Up", "k"}, "", "the interval before", func() { p.move(-1, 0) }},
		{[]string{"Down", "j"}, "", "the interval after", func() { p.move(1, 0) }},
		{[]string{"Left"}, "", "shorter latencies", func() { p.move(0, -1) }},
		{[]string{"Right"}, "", "longer latencies", func() { p.move(0, 1) }},
		{[]string{"PgUp", "Ctrl-B"}, "", "a page up", func() { p.move(-p.height, 0) }},
		{[]string{"PgDn"}, "", "a page down", func() { p.move(p.height, 0) }},
		{[]string{"Home", "g"}, "", "the first interval", func() { p.move(-maxHeatLines, 0) }},
		{[]string{"End", "G"}, "", "the last interval, and what comes", func() { p.move(2*maxHeatLines, 0) }},
		{[]string{"F7", "l"}, "Legend", "what is shown", func() { p.app.showLegend(p.spec) }},
	}
	if p.mark != nil {
		list = append(list, &binding{[]string{"Esc"}, "", "give the rectangle up", p.toggleMark})
	}
	return list
}

// toggleMark begins a rectangle at the cursor, or gives it up.
func (p *spectroPane) toggleMark() {
	p.drag = false
	if p.mark != nil {
		p.mark = nil
		return
	}
	p.mark = &corner{p.line, p.col}
	p.tail = false
}

// move moves the cursor.
func (p *spectroPane) move(lines, cols int) {
	if len(p.list.lines) == 0 {
		return
	}
	p.line = p.within(p.line + lines)
	p.tail = p.line == p.end()-1 && p.mark == nil
	p.col = max(min(p.col+cols, len(p.ranges)-2), 0)
}

// scale changes the interval: a capture is read once more.
func (p *spectroPane) scale(by int) {
	at := -1
	for i, w := range heatWidths {
		if uint64(w) <= p.list.width {
			at = i
		}
	}
	next := at + by
	if live := p.app.status.live; len(p.list.lines) == 0 && !live || next < 0 || next >= len(heatWidths) || live && heatWidths[next] < sourceTick/2 {
		p.app.say(false, "intervals are %s", spanText(p.list.width))
		return
	}
	p.width.Store(int32(next))
	p.app.activate()
}

// MouseHandler selects a rectangle.
func (p *spectroPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, setFocus func(tview.Primitive)) (bool, tview.Primitive) {
		mx, my := ev.Position()
		line, col := p.first+my-p.plotY, mx-p.plotX
		in := p.InRect(mx, my) && my >= p.plotY && my < p.plotY+p.height && line < p.end() && col >= 0 && col < len(p.ranges)-1
		switch {
		case action == tview.MouseScrollUp:
			p.move(-3, 0)
		case action == tview.MouseScrollDown:
			p.move(3, 0)
		case action == tview.MouseLeftDown && in:
			setFocus(p)
			p.line, p.col, p.tail, p.drag = line, col, false, true
			p.mark = &corner{line, col}
		case action == tview.MouseMove && p.drag:
			p.line = p.within(line)
			p.col = max(min(col, len(p.ranges)-2), 0)
		case action == tview.MouseLeftUp && p.drag:
			p.drag = false
			if p.mark != nil && *p.mark == (corner{p.line, p.col}) { // a click
				p.mark = nil
			}
		case action == tview.MouseLeftClick && in:
			p.clicked = corner{line, col}
		case action == tview.MouseLeftDoubleClick && in && p.clicked == corner{line, col}:
			p.enter()
		default:
			return false, nil
		}
		return true, nil
	})
}

// spanText is a time in ns, short.
func spanText(ns uint64) string {
	units := []struct {
		ns   uint64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}
	for _, u := range units {
		if ns >= u.ns {
			text := fmt.Sprintf("%.3g", float64(ns)/float64(u.ns))
			if strings.ContainsRune(text, 'e') {
				text = fmt.Sprintf("%.0f", float64(ns)/float64(u.ns))
			}
			return text + u.name
		}
	}
	return "0ns"
}
