package tui

import (
	"fmt"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// timeZoom lets the user choose a part of a capture's time with the keys.
type timeZoom struct {
	*tview.Box
	app      *app
	from, to int // columns of the bar, both inside
	end      bool
	width    int
}

// zoomKeys begins to choose.
func (a *app) zoomKeys() {
	if a.status.density == nil {
		a.say(false, "the capture is still being read")
		return
	}
	_, _, w, _ := a.pages.GetRect()
	z := &timeZoom{Box: tview.NewBox(), app: a, width: w, to: max(w-1, 0)}
	from, to := a.window()
	for i := range w {
		at := z.moment(i)
		if at < from {
			z.from = i
		}
		if at <= to {
			z.to = i
		}
	}
	a.open(z)
}

// moment is where column i of the bar begins.
func (z *timeZoom) moment(i int) uint64 {
	begin, end := z.app.status.density.span()
	return begin + uint64(float64(end-begin)*float64(i)/float64(max(z.width, 1)))
}

// Draw draws the bar with what is chosen.
func (z *timeZoom) Draw(screen tcell.Screen) {
	t := z.app.theme
	x, y, w, h := z.GetRect()
	if w != z.width { // the screen has another size
		z.from, z.to, z.width = z.from*w/max(z.width, 1), z.to*w/max(z.width, 1), w
	}
	lines := min(6, h-2)
	if lines < 3 {
		return
	}
	y += 2
	for i := range lines {
		fill(screen, x, y+i, w, t.text)
	}
	at := func(i int) string {
		ts := z.moment(i)
		begin, _ := z.app.status.density.span()
		return fmt.Sprintf("%s (+%.3fs)", time.Unix(0, int64(ts)).In(z.app.zone()).Format("15:04:05.000"), float64(ts-begin)/1e9)
	}
	begin, end := t.text, t.text
	if z.end {
		end = t.headSort
	} else {
		begin = t.headSort
	}
	n := put(screen, x+1, y, w-1, begin, " from "+at(z.from)+" ")
	put(screen, x+2+n, y, w-2-n, end, " to "+at(z.to+1)+" ")
	values := z.app.status.density.columns(w)
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	for i := range values {
		style := t.dim
		if i >= z.from && i <= z.to {
			style = t.graph
		}
		graph(screen, x+i, y+1, 1, lines-2, style, values[i:i+1], top)
	}
	put(screen, x+1, y+lines-1, w-1, t.dim, "←→ move  PgUp PgDn by ten  Tab the other end  Enter looks at this part  Esc leaves it")
}

// InputHandler moves the ends.
func (z *timeZoom) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) {
		step := 0
		switch keyName(ev) {
		case "Left", "h":
			step = -1
		case "Right", "l":
			step = 1
		case "PgUp":
			step = -10
		case "PgDn":
			step = 10
		case "Home":
			step = -z.width
		case "End":
			step = z.width
		case "Tab", "Up", "Down", " ":
			z.end = !z.end
		case "Enter":
			z.app.shut()
			z.app.zoom(z.moment(z.from), z.moment(z.to+1))
		default:
			z.app.shut()
		}
		if z.end {
			z.to = max(min(z.to+step, z.width-1), z.from)
		} else {
			z.from = max(min(z.from+step, z.to), 0)
		}
	}
}

// MouseHandler takes a click as a no.
func (z *timeZoom) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, _ *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		if action == tview.MouseLeftClick {
			z.app.shut()
		}
		return true, nil
	}
}
