package tui

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/chisels"
)

// desk lays out what is always there: the header, the crumbs, the filter, the pane and the footer.
//
//	line 0    what is looked at, when, how fast events come, what was lost
//	line 1    crumbs: where the drill-down is
//	line 2    the user's filter, and how many rows there are; not on low screens
//	line 3    events over the time of a capture; on high screens
//	...       the pane
//	last      the keys that are valid now
type desk struct {
	*tview.Box
	app   *app
	spots []spot // what can be clicked
	paneY int
	paneH int
	timeY int // line of the time bar, -1: there is none
	drag  int // column of the time bar where the mouse went down, -1
}

// spot is a part of a line that does something when it is clicked.
type spot struct {
	x, y, w int
	do      func()
}

func newDesk(a *app) *desk { return &desk{Box: tview.NewBox(), app: a, timeY: -1, drag: -1} }

// lowScreen and highScreen are the heights below and from which lines are left out and added.
const lowScreen, highScreen = 18, 28

// Draw draws everything.
func (d *desk) Draw(screen tcell.Screen) {
	a := d.app
	x, y, w, h := d.GetRect()
	d.spots = d.spots[:0]
	for i := range h {
		fill(screen, x, y+i, w, a.theme.text)
	}
	if w < 10 || h < 4 {
		put(screen, x, y, w, a.theme.text, "too small")
		return
	}
	d.header(screen, x, y, w)
	d.crumbs(screen, x, y+1, w)
	d.paneY = y + 2
	if l := a.top(); h >= lowScreen || a.text != "" || l.from.Set || l.to.Set {
		d.filterLine(screen, x, y+2, w)
		d.paneY++
	}
	d.timeY = -1
	if !a.status.live && h >= highScreen {
		d.timeY = d.paneY
		d.timeBar(screen, x, d.paneY, w)
		d.paneY++
	}
	d.paneH = y + h - 1 - d.paneY
	p := a.top().pane
	p.SetRect(x, d.paneY, w, d.paneH)
	p.Draw(screen)
	d.footer(screen, x, y+h-1, w)
}

// words writes pieces of a line one after the other, from the left.
type words struct {
	screen tcell.Screen
	x, y   int
	end    int
}

func (p *words) add(style tcell.Style, text string) {
	p.x += put(p.screen, p.x, p.y, p.end-p.x, style, text)
}

// header is the first line.
func (d *desk) header(screen tcell.Screen, x, y, w int) {
	a, t, s := d.app, d.app.theme, &d.app.status
	fill(screen, x, y, w, t.bar)
	p := words{screen, x, y, x + w}
	p.add(t.barKey, " scry ")
	badge, style := d.badge()
	right := ""
	if s.now != 0 {
		right = time.Unix(0, int64(s.now)).In(a.zone()).Format("15:04:05")
	}
	if s.events > 0 && w >= 70 {
		right = fmt.Sprintf("%s events  %s/s  %s", count(s.events), count(uint64(s.rate)), right)
	} else if s.events > 0 && w >= 50 {
		right = fmt.Sprintf("%s/s  %s", count(uint64(s.rate)), right)
	}
	if s.live && s.cpu >= 0 && w >= 60 {
		right = fmt.Sprintf("CPU %.0f%%  %s", s.cpu, right)
	}
	lost, lostStyle := "none lost", t.bar
	switch {
	case s.lost > 0:
		lost, lostStyle = fmt.Sprintf("%s lost (%s)", count(s.lost), s.why), t.bad
		if s.why == "" || uniseg.StringWidth(lost) > w/4 {
			lost = count(s.lost) + " lost"
		}
	case w < 80:
		lost = ""
	}
	space := w - p.x + x - uniseg.StringWidth(right) - uniseg.StringWidth(lost) - uniseg.StringWidth(badge) - 7
	if space > 3 {
		p.end = p.x + space
		p.add(t.barStrong, a.sourceName())
		p.end = x + w
	}
	p.add(t.bar, " ")
	p.add(style, badge)
	putRight(screen, x, y, w-1, t.bar, right)
	if lost != "" {
		n := uniseg.StringWidth(lost)
		put(screen, x+w-uniseg.StringWidth(right)-n-3, y, n, lostStyle, lost)
	}
}

// nothing says why there is nothing, of what a pane shows, and what to do about it.
func (a *app) nothing(st *status, what string) string {
	switch {
	case st.reading:
		return "Reading the capture\nnothing for this view so far"
	case a.text != "":
		return "Nothing passes the filter " + a.text + "\nF4 changes it"
	case st.live:
		return "Nothing yet\n" + what + " appear when something happens"
	}
	return "The capture has nothing for this view\nF2 shows other views"
}

// badge says in one word where things are.
func (d *desk) badge() (string, tcell.Style) {
	a, t, s := d.app, d.app.theme, &d.app.status
	switch {
	case a.paused:
		return " PAUSED ", t.bad
	case s.attaching:
		return " attaching ", t.headSort
	case s.live && s.err != nil:
		return " ended ", t.bad
	case s.live && s.done:
		return " ended ", t.headSort
	case s.live:
		return " live ", t.headSort
	case s.reading:
		text := " partial "
		if s.progress > 0 {
			text = fmt.Sprintf(" partial %.0f%% ", s.progress*100)
			if s.left > time.Second {
				text += "(" + s.left.Round(time.Second).String() + " left) "
			}
		}
		return text, t.headSort
	case s.err != nil:
		return " damaged ", t.bad
	case s.partial:
		return fmt.Sprintf(" partial: %.0f%% ", s.progress*100), t.headSort
	}
	return "", t.bar
}

// sourceName is what is looked at.
func (a *app) sourceName() string {
	switch n := len(a.o.Read); n {
	case 0:
		return "this machine"
	case 1:
		return filepath.Base(a.o.Read[0])
	default:
		return fmt.Sprintf("%s and %d more", filepath.Base(a.o.Read[0]), n-1)
	}
}

// zone is where times are told.
func (a *app) zone() *time.Location {
	if z := a.o.Fields.Location; z != nil {
		return z
	}
	return time.Local
}

// crumbs is the way of the drill-down; each step can be clicked.
func (d *desk) crumbs(screen tcell.Screen, x, y, w int) {
	a, t := d.app, d.app.theme
	fill(screen, x, y, w, t.text)
	total := 0
	for _, l := range a.stack {
		total += uniseg.StringWidth(l.name) + 3
	}
	first := 0
	for first < len(a.stack)-1 && total > w {
		total -= uniseg.StringWidth(a.stack[first].name) + 3
		first++
	}
	p := words{screen, x + 1, y, x + w}
	if first > 0 {
		p.add(t.dim, "… ▸ ")
	}
	for i := first; i < len(a.stack); i++ {
		style := t.accent
		if i == len(a.stack)-1 {
			style = t.strong
		}
		from := p.x
		p.add(style, a.stack[i].name)
		d.spots = append(d.spots, spot{from, y, p.x - from, func() { a.up(i + 1) }})
		if i < len(a.stack)-1 {
			p.add(t.dim, " ▸ ")
		}
	}
	if sum := a.top().pane.summary(); sum != "" {
		if n := uniseg.StringWidth(sum); p.x+n+2 < x+w {
			put(screen, x+w-n-1, y, n, t.dim, sum)
		}
	}
}

// filterLine shows the user's filter, and what the drill-down adds.
func (d *desk) filterLine(screen tcell.Screen, x, y, w int) {
	a, t := d.app, d.app.theme
	p := words{screen, x + 1, y, x + w - 1}
	p.add(t.dim, "filter ")
	if a.text == "" {
		p.add(t.dim, "none (F4)")
	} else {
		p.add(t.good, a.text)
	}
	l := a.top()
	if l.from.Set || l.to.Set {
		p.add(t.dim, "  time ")
		p.add(t.good, a.timeText(l.from)+" to "+a.timeText(l.to))
		p.add(t.dim, " (u: all)")
	}
	if l.where != nil {
		p.add(t.dim, "  in ")
		p.add(t.text, l.where.String())
	}
	d.spots = append(d.spots, spot{x, y, w, a.editFilter})
	if u, ok := a.top().pane.(interface{ unknown() []string }); ok {
		const gap, little = 3, 24
		if list := u.unknown(); len(list) > 0 && x+w-p.x-gap >= little {
			putRight(screen, p.x+gap, y, x+w-1-p.x-gap, t.dim, strings.Join(list, "; "))
		}
	}
}

// timeText is a moment on the clock.
func (a *app) timeText(b chisels.Bound) string {
	if !b.Set {
		return "…"
	}
	return time.Unix(0, int64(b.NS)).In(a.zone()).Format("15:04:05.000")
}

// timeBar is how many events there are over the time of a capture. The part that is looked at is bright.
func (d *desk) timeBar(screen tcell.Screen, x, y, w int) {
	a, t := d.app, d.app.theme
	s := a.status
	if s.density == nil {
		n := int(s.progress * float64(w))
		for i := range w {
			r := '─'
			if i < n {
				r = '━'
			}
			screen.SetContent(x+i, y, r, nil, t.dim)
		}
		return
	}
	values := s.density.columns(w)
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	from, to := a.window()
	begin, end := s.density.span()
	for i := range values {
		at := begin + uint64(float64(end-begin)*(float64(i)+0.5)/float64(w))
		style := t.graph
		if at < from || at > to {
			style = t.dim
		}
		spark(screen, x+i, y, style, values[i:i+1], top)
	}
}

// window is the part of a capture that is looked at.
func (a *app) window() (from, to uint64) {
	l := a.top()
	from, to = 0, ^uint64(0)
	if l.from.Set {
		from = l.from.NS
	}
	if l.to.Set {
		to = l.to.NS
	}
	return from, to
}

// footer tells the keys that are valid now, the most important ones first, or a note.
func (d *desk) footer(screen tcell.Screen, x, y, w int) {
	a, t := d.app, d.app.theme
	fill(screen, x, y, w, t.bar)
	w -= d.recordNote(screen, x, y, w)
	if a.note != "" {
		style := t.bar
		if a.noteBad {
			style = t.bad
			fill(screen, x, y, w, style)
		}
		put(screen, x+1, y, w-2, style, a.note)
		return
	}
	p := words{screen, x, y, x + w}
	for _, b := range a.bindings() {
		if b.short == "" {
			continue
		}
		n := uniseg.StringWidth(b.label()) + uniseg.StringWidth(b.short) + 3
		if p.x+n > x+w {
			continue
		}
		from := p.x
		p.add(t.barKey, " "+b.label())
		p.add(t.bar, " "+b.short+" ")
		d.spots = append(d.spots, spot{from, y, p.x - from, b.do})
	}
}

// Focus gives the keys to the pane.
func (d *desk) Focus(delegate func(tview.Primitive)) { delegate(d.app.top().pane) }

// HasFocus tells whether the pane has the keys.
func (d *desk) HasFocus() bool { return d.app.top().pane.HasFocus() }

// InputHandler hands keys to the pane.
func (d *desk) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, setFocus func(tview.Primitive)) {
		if h := d.app.top().pane.InputHandler(); h != nil {
			h(ev, setFocus)
		}
	}
}

// MouseHandler runs what is clicked.
func (d *desk) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, ev *tcell.EventMouse, setFocus func(tview.Primitive)) (bool, tview.Primitive) {
		mx, my := ev.Position()
		if d.mouseTime(action, mx, my) {
			return true, nil
		}
		if my >= d.paneY && my < d.paneY+d.paneH {
			return d.app.top().pane.MouseHandler()(action, ev, setFocus)
		}
		if action != tview.MouseLeftClick {
			return false, nil
		}
		for _, s := range d.spots {
			if my == s.y && mx >= s.x && mx < s.x+s.w {
				s.do()
				return true, nil
			}
		}
		return false, nil
	}
}

// mouseTime zooms into the part of a capture over which the mouse is drawn.
func (d *desk) mouseTime(action tview.MouseAction, mx, my int) bool {
	a := d.app
	switch {
	case action == tview.MouseLeftDown && my == d.timeY && d.timeY >= 0 && a.status.density != nil:
		d.drag = mx
		return true
	case action == tview.MouseLeftUp && d.drag >= 0:
		from, to := min(d.drag, mx), max(d.drag, mx)
		d.drag = -1
		x, _, w, _ := d.GetRect()
		begin, end := a.status.density.span()
		at := func(col int) uint64 { return begin + uint64(float64(end-begin)*float64(col-x)/float64(w)) }
		a.zoom(at(from), at(to+1))
		return true
	}
	return false
}

// count is a number of things, short: 12,345 or 1.2M.
func count(n uint64) string {
	switch {
	case n >= 10_000_000_000:
		return fmt.Sprintf("%.1fG", float64(n)/1e9)
	case n >= 10_000_000:
		return fmt.Sprintf("%.1fM", float64(n)/1e6)
	}
	return chisels.Grouped(n)
}
