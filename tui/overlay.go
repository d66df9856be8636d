package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"
	"github.com/sahilm/fuzzy"
)

// entry is one of the things that a picker offers.
type entry struct {
	text string
	note string // beside it, dim
	also string // it is found by that too
	doc  string // explains it, in the part at the right
	do   func()
}

// picker lets the user choose one of several things: by the arrows, by typing a part of it, or by the mouse. Esc changes nothing.
type picker struct {
	*tview.Box
	app    *app
	title  string
	all    []entry
	some   []int // of all, that match what was typed
	typed  string
	row    int
	top    int
	height int
	extra  func(name string, e *entry) bool
}

// pick shows a picker; the entry of index at is selected first.
func (a *app) pick(title string, all []entry, at int) *picker {
	p := &picker{Box: tview.NewBox(), app: a, title: title, all: all}
	p.match()
	p.row = max(min(at, len(p.some)-1), 0)
	a.open(p)
	return p
}

// match finds the entries that match what was typed, the best first.
func (p *picker) match() {
	p.some, p.row, p.top = p.some[:0], 0, 0
	if p.typed == "" {
		for i := range p.all {
			p.some = append(p.some, i)
		}
		return
	}
	texts := make([]string, len(p.all))
	for i := range p.all {
		texts[i] = p.all[i].text + " " + p.all[i].note + " " + p.all[i].also
	}
	for _, m := range fuzzy.Find(p.typed, texts) {
		p.some = append(p.some, m.Index)
	}
}

// Draw draws the list, and the text of the selected entry beside it where there is room.
func (p *picker) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetRect()
	wide := 0
	for i := range p.all {
		wide = max(wide, uniseg.StringWidth(p.all[i].text)+uniseg.StringWidth(p.all[i].note)+4)
	}
	hasDoc := slices.ContainsFunc(p.all, func(e entry) bool { return e.doc != "" })
	width := min(max(wide, 24), w-2)
	if hasDoc && w >= 70 {
		width = min(max(wide, 24), w/2)
	}
	doc := 0
	if hasDoc && w-width > 30 {
		doc = min(w-width-4, 70)
	}
	height := min(max(len(p.all)+3, 12), h-2)
	if !hasDoc {
		height = min(len(p.all)+3, h-2)
	}
	x += max((w-width-doc-2)/2, 0)
	y += max((h-height)/2, 1)
	frame(screen, x, y, width+doc+2, height, t, p.title)
	put(screen, x+2, y+1, width-2, t.accent, "› "+p.typed+"▏")
	p.height = height - 3
	if p.row < p.top {
		p.top = p.row
	}
	p.top = max(min(p.top, len(p.some)-p.height), p.row-p.height+1, 0)
	for i := 0; i < p.height; i++ {
		if p.top+i >= len(p.some) {
			break
		}
		e := &p.all[p.some[p.top+i]]
		style, dim := t.text, t.dim
		if p.top+i == p.row {
			style, dim = t.selected, t.selected
		}
		fill(screen, x+1, y+2+i, width, style)
		n := put(screen, x+2, y+2+i, width-2, style, e.text)
		if e.note != "" {
			put(screen, x+4+n, y+2+i, width-4-n, dim, e.note)
		}
	}
	if len(p.some) == 0 {
		put(screen, x+2, y+2, width-2, t.dim, "nothing like that")
	}
	if doc > 0 && p.row < len(p.some) {
		lines := wrapText(p.all[p.some[p.row]].doc, doc-2)
		for i := 0; i < min(len(lines), height-2); i++ {
			put(screen, x+width+2, y+1+i, doc-1, t.text, lines[i])
		}
	}
	p.SetRect(p.app.pages.GetRect())
}

// frame draws an empty box with a title.
func frame(screen tcell.Screen, x, y, w, h int, t *theme, title string) {
	for i := range h {
		fill(screen, x, y+i, w, t.text)
	}
	for i := 1; i < w-1; i++ {
		screen.SetContent(x+i, y, '─', nil, t.dim)
		screen.SetContent(x+i, y+h-1, '─', nil, t.dim)
	}
	for i := 1; i < h-1; i++ {
		screen.SetContent(x, y+i, '│', nil, t.dim)
		screen.SetContent(x+w-1, y+i, '│', nil, t.dim)
	}
	for _, c := range []struct {
		x, y int
		r    rune
	}{{x, y, '╭'}, {x + w - 1, y, '╮'}, {x, y + h - 1, '╰'}, {x + w - 1, y + h - 1, '╯'}} {
		screen.SetContent(c.x, c.y, c.r, nil, t.dim)
	}
	if title != "" {
		put(screen, x+2, y, w-4, t.strong, " "+title+" ")
	}
}

// wrapText breaks a text into lines of at most width cells; empty lines stay. A line of two columns, which have several blanks between them, stays one, with the second
// column as far to the left as the width asks for.
func wrapText(text string, width int) (out []string) {
	width = max(width, 8)
	for _, par := range strings.Split(strings.TrimSpace(text), "\n") {
		body := strings.TrimLeft(par, " ")
		indent := par[:len(par)-len(body)]
		line, hang := "", indent
		if head, rest, ok := strings.Cut(body, "  "); ok && head != "" {
			body = strings.TrimLeft(rest, " ")
			column := min(uniseg.StringWidth(par)-uniseg.StringWidth(body), width*2/5)
			hang = strings.Repeat(" ", column)
			line = indent + head
			line += strings.Repeat(" ", max(column-1-uniseg.StringWidth(line), 1))
		} else if uniseg.StringWidth(par) <= width {
			out = append(out, par)
			continue
		}
		for _, word := range strings.Fields(body) {
			switch {
			case line == "":
				line = hang + word
			case uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > width:
				out = append(out, strings.TrimRight(line, " "))
				line = hang + word
			default:
				line += " " + word
			}
		}
		out = append(out, line)
	}
	return out
}

// InputHandler moves, types, chooses.
func (p *picker) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) {
		name := keyName(ev)
		if p.extra != nil && p.row < len(p.some) && p.extra(name, &p.all[p.some[p.row]]) {
			return
		}
		switch name {
		case "Esc", "F2", "F1", "F8", "F9", "F10":
			p.app.shut()
		case "Up", "Ctrl-P":
			p.step(-1)
		case "Down", "Ctrl-N", "Tab":
			p.step(1)
		case "PgUp":
			p.step(-p.height)
		case "PgDn":
			p.step(p.height)
		case "Home":
			p.row = 0
		case "End":
			p.row = max(len(p.some)-1, 0)
		case "Enter":
			p.choose()
		case "Backspace":
			if p.typed == "" {
				p.app.shut()
				return
			}
			_, n := lastRune(p.typed)
			p.typed = p.typed[:len(p.typed)-n]
			p.match()
		case "Ctrl-U":
			p.typed = ""
			p.match()
		default:
			if ev.Key() == tcell.KeyRune && len(p.typed) < 64 {
				p.typed += string(ev.Rune())
				p.match()
			}
		}
	}
}

func lastRune(s string) (string, int) {
	r := []rune(s)
	last := string(r[len(r)-1:])
	return last, len(last)
}

func (p *picker) step(by int) { p.row = max(min(p.row+by, len(p.some)-1), 0) }

// choose does what the selected entry is for. The picker is away by then.
func (p *picker) choose() {
	if p.row >= len(p.some) {
		return
	}
	do := p.all[p.some[p.row]].do
	p.app.shut()
	do()
}

// MouseHandler selects and chooses.
func (p *picker) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		switch action {
		case tview.MouseScrollUp:
			p.step(-1)
		case tview.MouseScrollDown:
			p.step(1)
		case tview.MouseLeftClick, tview.MouseLeftDoubleClick:
			_, my := ev.Position()
			if at := p.top + my - p.listY(); at >= p.top && at < min(p.top+p.height, len(p.some)) {
				if p.row == at || action == tview.MouseLeftDoubleClick {
					p.row = at
					p.choose()
				} else {
					p.row = at
				}
			}
		}
		return true, nil
	}
}

// listY is the line of the first entry.
func (p *picker) listY() int {
	_, y, _, h := p.GetRect()
	return y + max((h-p.height-3)/2, 1) + 2
}

// page is a text over the desk, that can be scrolled.
type page struct {
	*tview.Box
	app   *app
	title string
	text  string
	top   int
	lines int
	rows  int
}

// read shows a text.
func (a *app) read(title, text string) {
	a.open(&page{Box: tview.NewBox(), app: a, title: title, text: text})
}

// Draw draws the text.
func (p *page) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetRect()
	width := min(w-2, 100)
	lines := wrapText(p.text, width-4)
	height := min(len(lines)+2, h-2)
	p.lines, p.rows = len(lines), height-2
	p.top = max(min(p.top, p.lines-p.rows), 0)
	x += (w - width) / 2
	y += max((h-height)/2, 0)
	frame(screen, x, y, width, height, t, p.title)
	for i := 0; i < p.rows && p.top+i < len(lines); i++ {
		style := t.text
		if l := lines[p.top+i]; l != "" && l == strings.ToUpper(l) && l[0] != ' ' {
			style = t.strong
		}
		put(screen, x+2, y+1+i, width-4, style, lines[p.top+i])
	}
	if p.lines > p.rows {
		put(screen, x+2, y+height-1, width-4, t.dim, fmt.Sprintf(" %d%%  o opens it in a pager ", 100*min(p.top+p.rows, p.lines)/p.lines))
	}
}

// InputHandler scrolls; any other key closes the page.
func (p *page) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) {
		switch keyName(ev) {
		case "Up", "k":
			p.top--
		case "Down", "j":
			p.top++
		case "PgUp":
			p.top -= p.rows
		case "PgDn", " ":
			p.top += p.rows
		case "Home", "g":
			p.top = 0
		case "End", "G":
			p.top = p.lines
		case "o":
			p.app.pager(p.text)
		default:
			p.app.shut()
		}
	}
}

// MouseHandler scrolls; a click closes.
func (p *page) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, _ *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		switch action {
		case tview.MouseScrollUp:
			p.top -= 3
		case tview.MouseScrollDown:
			p.top += 3
		case tview.MouseLeftClick:
			p.app.shut()
		}
		return true, nil
	}
}

// ask is a question with yes and no; anything but yes is no.
type ask struct {
	*tview.Box
	app  *app
	text string
	yes  func()
}

// confirm asks before it does something.
func (a *app) confirm(text string, yes func()) {
	a.open(&ask{Box: tview.NewBox(), app: a, text: text, yes: yes})
}

// Draw draws the question.
func (q *ask) Draw(screen tcell.Screen) {
	t := q.app.theme
	x, y, w, h := q.GetRect()
	width := min(w-2, 72)
	lines := wrapText(q.text, width-4)
	height := min(len(lines)+4, h)
	x += (w - width) / 2
	y += max((h-height)/2, 0)
	frame(screen, x, y, width, height, t, "sure?")
	for i, l := range lines {
		put(screen, x+2, y+1+i, width-4, t.strong, l)
	}
	put(screen, x+2, y+height-2, width-4, t.accent, "y yes   any other key no")
}

// InputHandler takes the answer.
func (q *ask) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) {
		q.app.shut()
		if name := keyName(ev); name == "y" || name == "Y" {
			q.yes()
		}
	}
}

// MouseHandler takes a click as a no.
func (q *ask) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, _ *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		if action == tview.MouseLeftClick {
			q.app.shut()
		}
		return true, nil
	}
}
