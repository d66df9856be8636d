package tui

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/chisels"
)

// shades stand for colours where there are none.
var shades = []rune("·░▒▓█")

// Draw draws the axis, the lines, and what the colours mean.
func (p *spectroPane) Draw(screen tcell.Screen) {
	p.DrawForSubclass(screen, p)
	x, y, w, h := p.GetInnerRect()
	t := p.app.theme
	for i := range h {
		fill(screen, x, y+i, w, t.text)
	}
	label := p.labelWidth(w)
	p.height, p.plotX, p.plotY = max(h-2, 0), x+label, y+1
	p.layout(w - label)
	if len(p.list.lines) == 0 || p.height == 0 || len(p.ranges) < 2 {
		drawNothing(screen, x, y, w, h, t, p.empty)
		return
	}
	if p.col < 0 { // at 1 ms, where it becomes interesting
		p.col = sort.SearchInts(p.ranges, 6*chisels.HeatSteps)
	}
	p.col = max(min(p.col, len(p.ranges)-2), 0)
	p.scroll()
	p.findTop()
	p.drawAxis(screen, y)
	for i := 0; i < p.height && p.first+i < p.end(); i++ {
		p.drawLine(screen, x, y+1+i, label, p.first+i)
	}
	p.drawFoot(screen, x, y+h-1, w)
}

// labelWidth is how much room the times take.
func (p *spectroPane) labelWidth(w int) int {
	switch {
	case w < 30:
		return 0
	}
	return len(p.clock(0, w)) + 1
}

// clock is a time as the interval needs it. On a screen of w cells that is narrow, hours and minutes are left out where there are fractions.
func (p *spectroPane) clock(ts uint64, w int) string {
	format := "15:04:05"
	short := w < 60
	switch n := p.list.width; {
	case n%1e9 == 0:
	case n%1e6 == 0 && short:
		format = "04:05.000"
	case n%1e6 == 0:
		format += ".000"
	case short:
		format = "05.000000"
	default:
		format += ".000000"
	}
	return time.Unix(0, int64(ts)).In(p.app.zone()).Format(format)
}

// layout spreads the ranges over n columns.
func (p *spectroPane) layout(n int) {
	n = max(min(n, heatColumns), 0)
	if len(p.ranges) == n+1 {
		return
	}
	p.ranges = make([]int, n+1)
	for c := range p.ranges {
		if n > 0 {
			p.ranges[c] = c * heatColumns / n
		}
	}
}

// scroll brings the cursor onto the screen.
func (p *spectroPane) scroll() {
	if p.line < p.first {
		p.first = p.line
	}
	if p.line >= p.first+p.height {
		p.first = p.line - p.height + 1
	}
	p.first = max(min(p.first, p.end()-p.height), p.list.first)
}

// counts are the calls of a line, by column.
func (p *spectroPane) counts(l *heatLine) []uint64 {
	out := make([]uint64, len(p.ranges)-1)
	c := 0
	for _, cell := range l.cells {
		for int(cell.col) >= p.ranges[c+1] {
			c++
		}
		out[c] += cell.n
	}
	return out
}

// findTop finds the largest count of all, which has the last colour. It stays as long as only lines come, so that colours do not dance.
func (p *spectroPane) findTop() {
	key := topKey{feed: p.list.feed, cols: len(p.ranges), width: p.list.width}
	from := p.topOf.seq
	if k := p.topOf; k.feed != key.feed || k.cols != key.cols || k.width != key.width || from > p.end() {
		p.top, from = 1, p.list.first
	}
	for seq := max(from-1, p.list.first); seq < p.end(); seq++ { // the last one may have grown
		for _, n := range p.counts(&p.list.lines[seq-p.list.first]) {
			p.top = max(p.top, n)
		}
	}
	key.seq = p.end()
	p.topOf = key
}

// levels is how many colours there are.
func (p *spectroPane) levels() int {
	if n := len(p.app.theme.heat); n > 0 {
		return n
	}
	return len(shades)
}

// level is the colour of a count: from a few to many, each about as much more than the one before.
func (p *spectroPane) level(n uint64) int {
	k := p.levels()
	return max(min(int(math.Log(float64(n))/math.Log(float64(p.top)+1)*float64(k)), k-1), 0)
}

// least is the smallest count that has a colour.
func (p *spectroPane) least(level int) uint64 {
	return uint64(math.Ceil(math.Pow(float64(p.top)+1, float64(level)/float64(p.levels()))))
}

// heat is how a colour looks.
func (p *spectroPane) heat(level int) (rune, tcell.Style) {
	t := p.app.theme
	if len(t.heat) > 0 {
		return ' ', t.heat[level]
	}
	return shades[level], t.text
}

// drawAxis writes the latencies of the powers of ten above their columns, where there is room.
func (p *spectroPane) drawAxis(screen tcell.Screen, y int) {
	t := p.app.theme
	x, _, _, _ := p.GetInnerRect()
	put(screen, x, y, p.plotX-x-1, t.dim, "time")
	free := 0
	for d := range heatColumns / chisels.HeatSteps {
		c := 0
		for p.ranges[c+1] <= d*chisels.HeatSteps {
			c++
		}
		text := spanText(chisels.HeatBound(d * chisels.HeatSteps))
		if c >= free && c+len(text) < len(p.ranges) {
			free = c + 2 + put(screen, p.plotX+c, y, len(text)+1, t.accent, "╷"+text)
		}
	}
}

// drawLine draws an interval.
func (p *spectroPane) drawLine(screen tcell.Screen, x, y, label, seq int) {
	t := p.app.theme
	l := &p.list.lines[seq-p.list.first]
	style := t.dim
	if seq == p.line {
		style = t.strong
	}
	put(screen, x, y, label-1, style, p.clock(l.from, label+len(p.ranges)-1))
	a, b := p.rect()
	for c, n := range p.counts(l) {
		in := seq >= a.line && seq <= b.line && c >= a.col && c <= b.col
		switch {
		case n == 0 && in:
			screen.SetContent(p.plotX+c, y, ' ', nil, t.selected)
		case n > 0:
			r, st := p.heat(p.level(n))
			if in {
				r, st = '◆', st.Bold(true)
				if len(t.heat) == 0 {
					st = t.selected
				}
			}
			screen.SetContent(p.plotX+c, y, r, nil, st)
		}
	}
}

// drawFoot says what is selected, and what the colours mean.
func (p *spectroPane) drawFoot(screen tcell.Screen, x, y, w int) {
	t := p.app.theme
	fill(screen, x, y, w, t.total)
	s, ok := p.selected()
	if !ok {
		return
	}
	text := fmt.Sprintf("%s calls of %s", count(s.calls), s.latencies())
	if p.mark != nil {
		text += ", " + p.clock(s.from, w) + " to " + p.clock(s.to, w)
	} else if w >= 60 {
		text += ", " + p.clock(s.from, w)
	}
	n := put(screen, x+1, y, w-1, t.total, text)
	last, width := ^uint64(0), 0
	var marks []int
	for k := range p.levels() { // few calls have few colours
		if from := p.least(k); from != last {
			marks, last = append(marks, k), from
			width += len(count(from)) + 3
		}
	}
	if n+width+10 > w {
		return
	}
	at := x + w - width - 1
	put(screen, at-7, y, 6, t.total, "calls")
	for _, k := range marks {
		r, st := p.heat(k)
		screen.SetContent(at, y, r, nil, st)
		at += 1 + put(screen, at+1, y, 12, t.total, count(p.least(k))+"+") + 1
	}
}
