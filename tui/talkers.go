package tui

import (
	"fmt"
	"math"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/chisels"
)

// talkersView is the view that is drawn as a map.
const talkersView = "talkers"

// mapPane draws who talks to whom: everybody who connects, with an arrow to each server, and below that where the server itself connects. It is a table as well: the
// rows are the arrows, so that what can be done with a row can be done with an arrow.
type mapPane struct {
	*tablePane
	table bool // it is shown as such
	lines []mapLine
	of    *chisels.Frame // that the lines are of, and
	shown int            // how many of its rows, with
	with  string         // which text
	first int            // line on the screen
	y     int
}

// mapLine is a line of the map: one who connects, or an arrow.
type mapLine struct {
	at    int // place of the arrow in the rows of the table; negative: there is none
	name  string
	twigs string
	again bool // where the server connects is drawn elsewhere
}

func newMapPane(a *app, s *chisels.Spec) *mapPane { return &mapPane{tablePane: newTablePane(a, s)} }

// keys are those of the table, of which some mean lines here.
func (p *mapPane) keys() []*binding {
	list := []*binding{{[]string{"M"}, map[bool]string{true: "Map", false: "Table"}[p.table], "the map, or the table of its arrows", func() { p.table = !p.table }}}
	if !p.table {
		list = append(list, &binding{[]string{"Up", "k"}, "", "the arrow above", func() { p.arrow(-1) }}, &binding{[]string{"Down", "j"}, "", "the arrow below", func() { p.arrow(1) }},
			&binding{[]string{"Home", "g"}, "", "the first arrow", func() { p.arrow(-len(p.lines)) }}, &binding{[]string{"End", "G"}, "", "the last arrow", func() { p.arrow(len(p.lines)) }},
			&binding{[]string{"PgUp", "Ctrl-B"}, "", "a page up", func() { p.arrow(-p.height) }}, &binding{[]string{"PgDn", " "}, "", "a page down", func() { p.arrow(p.height) }})
	}
	return append(list, p.tablePane.keys()...)
}

// line is that of the selected arrow.
func (p *mapPane) line() int {
	for i := range p.lines {
		if p.lines[i].at == p.row {
			return i
		}
	}
	return 0
}

// arrow selects another arrow, that many lines from the selected one, or the next one behind that.
func (p *mapPane) arrow(by int) {
	step := 1
	if by < 0 {
		step = -1
	}
	best, n := -1, len(p.lines)
	for i := max(min(p.line()+by, n-1), 0); i >= 0 && i < n; i += step {
		if best = p.lines[i].at; best >= 0 {
			break
		}
	}
	if best >= 0 {
		p.move(best)
	}
}

// end is a name at one end of an arrow, with its container.
func (p *mapPane) end(row int, column string) string {
	text := p.cellText(row, column)
	if text == "-" {
		text = nobody
	}
	if c := p.cellText(row, column+"_container"); c != "" && c != "-" {
		text += " in " + c
	}
	return text
}

// nobody is who is not known, of whom there may be many.
const nobody = "unknown"

// cellText is the text of a column, "" when there is no such one.
func (p *mapPane) cellText(row int, name string) string {
	col := column(p.frame, name)
	if col < 0 {
		return ""
	}
	return p.frame.Text(col, p.frame.Rows[row].Values[col], p.options)
}

// build makes the lines of the rows that are shown, in their order.
func (p *mapPane) build() {
	if p.of == p.frame && p.shown == len(p.rows) && p.with == p.text {
		return
	}
	p.of, p.shown, p.with, p.lines = p.frame, len(p.rows), p.text, p.lines[:0]
	from, to := make([]string, len(p.rows)), make([]string, len(p.rows))
	out, served := map[string][]int{}, map[string]bool{}
	for at, row := range p.rows {
		from[at], to[at] = p.end(row, "client"), p.end(row, "server")
		out[from[at]] = append(out[from[at]], at)
		served[to[at]] = served[to[at]] || from[at] != to[at]
	}
	done := map[string]bool{}
	var walk func(name, twigs string, depth int)
	walk = func(name, twigs string, depth int) {
		done[name] = true
		for k, at := range out[name] {
			fork, below := "├", "│  "
			if k == len(out[name])-1 {
				fork, below = "└", "   "
			}
			next := to[at]
			l := mapLine{at: at, name: next, twigs: twigs + fork, again: done[next] && next != name && len(out[next]) > 0}
			p.lines = append(p.lines, l)
			if !done[next] && next != nobody && depth < deepest {
				walk(next, twigs+below, depth+1)
			}
		}
	}
	for _, first := range []bool{true, false} { // those that nobody connects to, then those in circles
		for at := range p.rows {
			if name := from[at]; !done[name] && (!served[name] || !first) {
				p.lines = append(p.lines, mapLine{at: -1, name: name})
				walk(name, "", 0)
			}
		}
	}
}

// Draw draws the map.
func (p *mapPane) Draw(screen tcell.Screen) {
	if p.table || p.frame == nil || len(p.rows) == 0 {
		p.tablePane.Draw(screen)
		return
	}
	p.DrawForSubclass(screen, p)
	x, y, w, h := p.GetInnerRect()
	for i := range h {
		fill(screen, x, y+i, w, p.theme.text)
	}
	p.build()
	p.height, p.y = h, y
	at := p.line()
	if at < p.first {
		p.first = max(at-1, 0) // with who connects
	}
	if at >= p.first+h {
		p.first = at - h + 1
	}
	p.first = max(min(p.first, len(p.lines)-h), 0)
	most := 0.0
	for _, row := range p.rows {
		most = max(most, p.bytes(row))
	}
	for i := 0; i < h && p.first+i < len(p.lines); i++ {
		p.drawMapLine(screen, x, y+i, w, &p.lines[p.first+i], most)
	}
}

// bytes are those that an arrow stands for.
func (p *mapPane) bytes(row int) (sum float64) {
	for _, name := range []string{"sent", "received"} {
		sum += number(p.frame.Rows[row].Values[column(p.frame, name)])
	}
	return sum
}

// shaft is the longest line of an arrow.
const shaft = 8

// drawMapLine draws who connects, or an arrow: the longer, the more bytes.
func (p *mapPane) drawMapLine(screen tcell.Screen, x, y, w int, l *mapLine, most float64) {
	t := p.theme
	if l.at < 0 {
		put(screen, x+1, y, w-1, t.strong, l.name)
		return
	}
	row := p.rows[l.at]
	line, what, name, amount := t.dim, t.accent, t.text, t.text
	if l.at == p.row {
		line, what, name, amount = t.selected, t.selected, t.selected, t.selected
		fill(screen, x, y, w, line)
	}
	right := p.amounts(row, w)
	words := words{screen, x + 2, y, x + w - uniseg.StringWidth(right) - 2}
	words.add(line, l.twigs+"─ ")
	words.add(what, strings.TrimSpace(p.cellText(row, "proto")+" "+p.cellText(row, "port"))+" ")
	n := 1
	if most > 0 {
		n += int(math.Log(p.bytes(row)+1) / math.Log(most+1) * (shaft - 1))
	}
	words.add(line, strings.Repeat("━", n)+"▶ ")
	words.add(name, l.name)
	if l.again {
		words.add(line, " (see there)")
	}
	putRight(screen, x, y, w-1, amount, right)
}

// amounts is how much an arrow stands for.
func (p *mapPane) amounts(row, w int) string {
	if w < 70 {
		return "→ " + p.cellText(row, "sent") + "  ← " + p.cellText(row, "received")
	}
	return fmt.Sprintf("%s conns  → %9s  ← %9s", p.cellText(row, "conns"), p.cellText(row, "sent"), p.cellText(row, "received"))
}

// tableOf is the table of a pane that is one, whatever it looks like.
func tableOf(p pane) (*tablePane, bool) {
	if m, ok := p.(*mapPane); ok {
		return m.tablePane, true
	}
	t, ok := p.(*tablePane)
	return t, ok
}

// MouseHandler selects and opens arrows.
func (p *mapPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	if p.table {
		return p.tablePane.MouseHandler()
	}
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, setFocus func(tview.Primitive)) (bool, tview.Primitive) {
		_, my := ev.Position()
		switch i := p.first + my - p.y; {
		case action == tview.MouseScrollUp:
			p.arrow(-3)
		case action == tview.MouseScrollDown:
			p.arrow(3)
		case action != tview.MouseLeftClick && action != tview.MouseLeftDoubleClick:
			return false, nil
		case i >= 0 && i < len(p.lines) && p.lines[i].at >= 0:
			same := p.lines[i].at == p.row
			p.move(p.lines[i].at)
			if same && action == tview.MouseLeftDoubleClick {
				p.enter()
			}
			setFocus(p)
		}
		return true, nil
	})
}
