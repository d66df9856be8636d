package tui

import (
	"fmt"
	"strings"
	"time"
	"unsafe"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// Draw draws the rows.
func (p *digPane) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetInnerRect()
	fill(screen, x, y, w, t.headList)
	p.rows, p.bodyY = max(h-1, 1), y+1
	n := p.count()
	if n == 0 || h < 2 {
		drawNothing(screen, x, y, w, h, t, p.empty)
		return
	}
	at := p.place()
	p.top = max(min(p.top, at, n-p.rows), at-p.rows+1, 0)
	last := min(p.top+p.rows, n)
	numbers := 5
	p.names, p.types = max(p.names, 13), max(p.types, 6)
	for i := p.top; i < last; i++ {
		r, b := p.rowAt(i)
		if r.tone != toneGap {
			p.names = max(p.names, min(cells(b[:r.who]), 40, w/3))
			p.types = max(p.types, min(cells(b[min(r.who+3, r.kind):r.kind]), 16))
		}
		numbers = max(numbers, len(fmt.Sprint(r.num)))
	}
	p.names = min(p.names, max(w/3, 12))
	cols := p.layout(x, w, numbers)
	for i, title := range []string{"EVENT", [...]string{"TIME", "SINCE START", "SINCE LINE"}[p.times], "CPU", "PROCESS (TID)", "", "CALL", "ARGUMENTS"} {
		put(screen, cols[i].x, y, cols[i].w, t.headList, title)
	}
	for i := p.top; i < last; i++ {
		p.drawRow(screen, x, y+1+i-p.top, w, i, i == at, cols)
	}
}

// span is where a column is on a line.
type span struct{ x, w int }

// layout places the columns: number, time, CPU, process, direction, type, arguments.
func (p *digPane) layout(x, w, numbers int) (cols [7]span) {
	times := 18
	if p.times == clockTimes && w < 100 {
		times = 15
	}
	widths := [7]int{numbers, times, 3, p.names, 1, p.types, 0}
	if w < 60 {
		widths[0], widths[2] = 0, 0
	}
	end := x + w
	for i, n := range widths {
		n = min(n, max(end-x, 0))
		if i == 6 {
			n = max(end-x, 0)
		}
		cols[i] = span{x, n}
		if n > 0 {
			x += n + 1
		}
	}
	return cols
}

// drawRow draws one event.
func (p *digPane) drawRow(screen tcell.Screen, x, y, w, place int, chosen bool, cols [7]span) {
	t := p.app.theme
	r, b := p.rowAt(place)
	text, dim, own := t.text, t.dim, t.tone(r.tone)
	if chosen {
		text, dim, own = t.selected, t.selected, t.selected
	}
	fill(screen, x, y, w, text)
	if r.tone == toneGap {
		put(screen, x, y, w, own, alias(b))
		return
	}
	putRight(screen, cols[0].x, y, cols[0].w, dim, fmt.Sprint(r.num))
	put(screen, cols[1].x, y, cols[1].w, dim, p.timeOf(place, r, cols[1].w))
	putRight(screen, cols[2].x, y, cols[2].w, dim, fmt.Sprint(r.cpu))
	put(screen, cols[3].x, y, cols[3].w, text, alias(b[:r.who]))
	rest := b[r.who:r.kind]
	if len(rest) > 3 {
		put(screen, cols[4].x, y, cols[4].w, dim, alias(rest[1:2]))
		put(screen, cols[5].x, y, cols[5].w, own, alias(rest[3:]))
	}
	args := strings.TrimPrefix(alias(b[r.kind:]), " ")
	style := text
	if r.tone == toneFailed {
		style = own
	}
	put(screen, cols[6].x, y, cols[6].w, style, behind(args, p.left))
}

// behind is a text without its first cells.
func behind(s string, n int) string {
	for state := -1; n > 0 && s != ""; {
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		n -= w
	}
	return s
}

// timeOf is the time of an event as the list tells it.
func (p *digPane) timeOf(place int, r *dugRow, width int) string {
	from := p.first
	switch p.times {
	case clockTimes:
		text := time.Unix(0, int64(r.ts)).In(p.app.zone()).Format("15:04:05.000000000")
		return text[:min(width, len(text))]
	case stepTimes:
		if from = r.ts; place > 0 {
			before, _ := p.rowAt(place - 1)
			from = before.ts
		}
	}
	return seconds(int64(r.ts - from))
}

// seconds is a length of time in ns, in seconds.
func seconds(ns int64) string {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%09d", sign, ns/1e9, ns%1e9)
}

// tone is the style of what an event is about.
func (t *theme) tone(n tone) tcell.Style {
	switch n {
	case toneRead:
		return t.read
	case toneWrite:
		return t.write
	case toneNet:
		return t.accent
	case toneProcess:
		return t.good
	case toneSignal:
		return t.warn
	case toneFailed, toneGap:
		return t.bad
	}
	return t.text
}

// cells is how wide a text is.
func cells(b []byte) int { return uniseg.StringWidth(alias(b)) }

// alias is b as a string that shares its memory: of a list, which nobody writes to.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// drawNothing says why there is nothing.
func drawNothing(screen tcell.Screen, x, y, w, h int, t *theme, text string) {
	for i, line := range strings.Split(text, "\n") {
		n := min(uniseg.StringWidth(line), w)
		if at := y + h/3 + i; at < y+h {
			style := t.dim
			if i == 0 {
				style = t.strong
			}
			put(screen, x+(w-n)/2, at, w-(w-n)/2, style, line)
		}
	}
}
