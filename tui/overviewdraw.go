package tui

import (
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// Draw draws the boxes: two columns of them, or a line for each on a narrow screen, where only the selected one has its rows.
func (p *overviewPane) Draw(screen tcell.Screen) {
	p.DrawForSubclass(screen, p)
	x, y, w, h := p.GetInnerRect()
	t := p.app.theme
	for i := range h {
		fill(screen, x, y+i, w, t.text)
	}
	p.places = p.places[:0]
	switch {
	case p.m == nil:
		text := "Waiting for the first events"
		if p.app.status.reading {
			text = "Reading the capture"
		}
		drawNothing(screen, x, y, w, h, t, text)
	case w >= 70 && h >= 8:
		p.drawGrid(screen, x, y, w, h, max(w/110*2, 2))
	case h >= 5*len(boxes):
		p.drawGrid(screen, x, y, w, h, 1)
	default:
		p.drawLines(screen, x, y, w, h)
	}
}

// drawGrid spreads the boxes over the screen.
func (p *overviewPane) drawGrid(screen tcell.Screen, x, y, w, h, cols int) {
	cols = min(cols, 4)
	lines := len(boxes) / cols
	for i := range boxes {
		c, l := i%cols, i/cols
		bx, by := c*(w+1)/cols, l*h/lines
		at := place{x: x + bx, y: y + by, w: (c+1)*(w+1)/cols - bx - 1, h: (l+1)*h/lines - by}
		at.lines = at.h - 1
		p.places = append(p.places, at)
		p.drawBox(screen, i)
	}
}

// drawBox draws its head, its graph and its rows.
func (p *overviewPane) drawBox(screen tcell.Screen, i int) {
	at := &p.places[i]
	g := at.w * 2 / 5
	list := p.series(i, g)
	if len(list) == 0 {
		g = 0
	}
	top := p.top(i, list)
	p.drawHead(screen, i, p.topText(i, top))
	p.drawGraph(screen, list, top, at.x, at.y+1, g, at.h-1)
	at.rowX = at.x
	if g > 0 {
		at.rowX += g + 1
	}
	p.drawRows(screen, i, at.rowX, at.y+1, at.x+at.w-at.rowX, at.lines)
}

// drawHead writes the name of a box and its numbers, at the right what fills its graph.
func (p *overviewPane) drawHead(screen tcell.Screen, i int, top string) {
	at, t := &p.places[i], p.app.theme
	style := t.head
	if i == p.box && p.row < 0 {
		style = t.selected
	} else if i == p.box {
		style = t.headSort
	}
	fill(screen, at.x, at.y, at.w, style)
	words := words{screen, at.x, at.y, at.x + at.w}
	words.add(style, " "+boxes[i].title+" ")
	plain := style.Bold(false)
	words.add(plain, p.headline(i))
	if cores := p.m.cores; i == 0 && words.x+len(cores)+2 < at.x+at.w {
		spark(screen, words.x+2, at.y, plain, cores, 100)
		words.x += 2 + len(cores)
	}
	if top != "" && words.x+len(top)+2 < at.x+at.w {
		putRight(screen, at.x, at.y, at.w-1, plain, top)
	}
}

// headline is how much there is of what a box shows: live in the last interval, in a capture on average and in all.
func (p *overviewPane) headline(i int) string {
	b, live := &boxes[i], p.app.status.live
	v := p.m.total[b.gauges[0]]
	switch b.unit {
	case "percent":
		if !p.m.cpu {
			return "not recorded"
		}
		return short(v) + "%"
	case "memory":
		switch {
		case p.m.memory > 0:
			return sizeOf(v) + " of " + sizeOf(float64(p.m.memory))
		case v == 0:
			return "not known"
		}
		return sizeOf(v) + " of all processes"
	case "bytes":
		out := p.m.total[b.gauges[1]]
		words := [2]string{"read", "written"}
		if b.gauges[0] == gaugeNetIn {
			words = [2]string{"in", "out"}
		}
		return fmt.Sprintf("%s %s/s  %s %s/s", words[0], sizeOf(v), words[1], sizeOf(out))
	}
	text := short(v) + "/s"
	if !live {
		text += ", " + count(uint64(v*p.m.seconds+0.5)) + " in all"
	}
	return text
}

// series are the values of the graphs of a box, at most n of each; none when nobody knows them.
func (p *overviewPane) series(i, n int) (out [][]float64) {
	b := &boxes[i]
	if b.unit == "percent" && !p.m.cpu || b.unit == "memory" && !p.app.status.live {
		return nil
	}
	for _, g := range b.gauges {
		values := make([]float64, len(p.m.samples))
		for k := range values {
			values[k] = p.m.samples[k][g]
		}
		out = append(out, p.fit(values, n))
	}
	return out
}

// fit makes n values of those of a capture, and takes the last n of a live machine.
func (p *overviewPane) fit(values []float64, n int) []float64 {
	if p.app.status.live {
		return values[max(len(values)-n, 0):]
	}
	out := make([]float64, n)
	for i := range out {
		from := i * len(values) / n
		some := values[from:max((i+1)*len(values)/n, min(from+1, len(values)))]
		for _, v := range some {
			out[i] += v / float64(len(some))
		}
	}
	return out
}

// top is the value that fills a graph.
func (p *overviewPane) top(i int, series [][]float64) (top float64) {
	for _, values := range series {
		for _, v := range values {
			top = max(top, v)
		}
	}
	switch unit := boxes[i].unit; {
	case unit == "memory":
		top = max(top, float64(p.m.memory))
	case unit == "percent" && len(p.m.cores) > 0:
		top = 100
	}
	return top
}

// topText says so, where it is not plain.
func (p *overviewPane) topText(i int, top float64) string {
	switch unit := boxes[i].unit; {
	case top == 0 || top == 100 && unit == "percent" || unit == "memory":
		return ""
	case unit == "percent":
		return "top " + short(top) + "%"
	case unit == "bytes":
		return "top " + sizeOf(top) + "/s"
	}
	return "top " + short(top) + "/s"
}

// drawGraph draws what a box has over time: of two directions, one above the other.
func (p *overviewPane) drawGraph(screen tcell.Screen, list [][]float64, top float64, x, y, w, h int) {
	t := p.app.theme
	if w <= 0 || h <= 0 || len(list) == 0 {
		return
	}
	styles := []tcell.Style{t.graph}
	if len(list) == 2 {
		styles = []tcell.Style{t.read, t.write}
		if h < 2 {
			for k := range list[0] {
				list[0][k] += list[1][k]
				top = max(top, list[0][k])
			}
			list = list[:1]
		}
	}
	for k, values := range list {
		from, to := k*h/len(list), (k+1)*h/len(list)
		graph(screen, x, y+from, w, to-from, styles[k], values, top)
	}
}

// amountWidth is the room for how much a row has.
const amountWidth = 9

// drawRows draws the first rows of a box.
func (p *overviewPane) drawRows(screen tcell.Screen, i, x, y, w, lines int) {
	t, f := p.app.theme, p.frames[i]
	if len(p.rows[i]) == 0 && lines > 0 {
		put(screen, x+1, y, w-1, t.dim, "nothing")
		return
	}
	for k := range min(lines, len(p.rows[i])) {
		name, amount := t.text, t.accent
		if i == p.box && k == p.row {
			name, amount = t.selected, t.selected
			fill(screen, x, y+k, w, name)
		}
		col := column(f, boxes[i].value)
		v := f.Rows[p.rows[i][k]].Values[col]
		text := f.Text(col, v, p.app.o.Fields)
		if f.Order.Column >= 0 && boxes[i].unit == "count" {
			text = short(number(v)) + "/s"
		} else if boxes[i].unit == "bytes" {
			text = short(number(v)) + "B/s"
		}
		n := min(max(amountWidth, uniseg.StringWidth(text)+1), w/2)
		putRight(screen, x, y+k, n, amount, text)
		put(screen, x+n+1, y+k, w-n-1, name, p.rowName(i, k))
	}
}

// drawLines draws a line for each box, and the rows of the selected one.
func (p *overviewPane) drawLines(screen tcell.Screen, x, y, w, h int) {
	first := 0
	if h < len(boxes) {
		first = max(min(p.box, len(boxes)-h), 0)
	}
	used := 0
	for i := range boxes {
		used = max(used, uniseg.StringWidth(boxes[i].title+p.headline(i))+3)
	}
	line := y
	for i := range boxes {
		at := place{x: x, y: line, w: w, h: 1, rowX: x}
		if i < first || line >= y+h {
			at.y, at.h = -1, 0
			p.places = append(p.places, at)
			continue
		}
		if i == p.box {
			at.lines = min(max(h-len(boxes), 0), max(len(p.rows[i]), 1))
			at.h += at.lines
		}
		p.places = append(p.places, at)
		p.drawHead(screen, i, "")
		if n := w - used; n > 6 {
			list := p.series(i, n)
			fill(screen, x+used, line, n, p.app.theme.text)
			p.drawGraph(screen, list, p.top(i, list), x+used, line, n, 1)
		}
		p.drawRows(screen, i, x, line+1, w, at.lines)
		line += at.h
	}
}

// short is a number in few characters: 0.25, 12, 1.2K, 34M.
func short(v float64) string { return scaled(v, 1000) }

// sizeOf is a number of bytes in few characters, in the units of the tables: 1KB are 1024B.
func sizeOf(v float64) string { return scaled(v, 1024) + "B" }

// scaled is a number with a letter for the power of base that it is a multiple of.
func scaled(v, base float64) string {
	unit := ""
	for _, name := range []string{"K", "M", "G", "T"} {
		if v < base*0.9995 {
			break
		}
		v, unit = v/base, name
	}
	text := fmt.Sprintf("%.*f", digits(v), v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + unit
}

// digits is how many a number needs behind the point.
func digits(v float64) int {
	switch {
	case v >= 10 || v == 0:
		return 0
	case v >= 1:
		return 1
	}
	return 2
}
