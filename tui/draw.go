package tui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// put writes text from (x, y) on, in at most width cells, and returns how many it took. What does not fit ends in an ellipsis. The text is shown as it is: nothing in
// it is an order to the screen.
func put(s tcell.Screen, x, y, width int, style tcell.Style, text string) int {
	if width <= 0 {
		return 0
	}
	used, state := 0, -1
	for len(text) > 0 {
		if len(text) > 1 && used+1 < width && isPrint(text[0]) && isPrint(text[1]) { // nearly all of it is such
			s.SetContent(x+used, y, rune(text[0]), nil, style)
			text, used, state = text[1:], used+1, -1
			continue
		}
		var cluster string
		var w int
		cluster, text, w, state = uniseg.FirstGraphemeClusterInString(text, state)
		r := []rune(cluster)
		if r[0] < ' ' || r[0] == 0x7f || r[0] >= 0x80 && r[0] < 0xa0 {
			r, w = []rune{'·'}, 1
		}
		if w == 0 {
			continue
		}
		if used+w > width || used+w == width && len(text) > 0 && uniseg.StringWidth(text) > 0 {
			s.SetContent(x+used, y, '…', nil, style)
			return used + 1
		}
		s.SetContent(x+used, y, r[0], r[1:], style)
		used += w
	}
	return used
}

// isPrint tells that a byte is a character that has a cell of its own, when another one follows.
func isPrint(b byte) bool { return b >= ' ' && b < 0x7f }

// putRight is put that ends before x+width. What does not fit loses its end.
func putRight(s tcell.Screen, x, y, width int, style tcell.Style, text string) {
	w := min(uniseg.StringWidth(text), width)
	put(s, x+width-w, y, w, style, text)
}

// fill makes a line empty, in a style.
func fill(s tcell.Screen, x, y, width int, style tcell.Style) {
	for i := range width {
		s.SetContent(x+i, y, ' ', nil, style)
	}
}

// blocks are the heights of a bar, in eighths.
var blocks = []rune(" ▁▂▃▄▅▆▇█")

// spark draws values as bars of one cell each, in proportion to top.
func spark(s tcell.Screen, x, y int, style tcell.Style, values []float64, top float64) {
	for i, v := range values {
		n := 0
		if top > 0 && v > 0 {
			n = max(min(int(v/top*8+0.5), 8), 1)
		}
		s.SetContent(x+i, y, blocks[n], nil, style)
	}
}

// graph draws values, the newest at the right, as bars over several lines: h lines of w cells at (x, y).
func graph(s tcell.Screen, x, y, w, h int, style tcell.Style, values []float64, top float64) {
	if len(values) > w {
		values = values[len(values)-w:]
	}
	x += w - len(values)
	for i, v := range values {
		n := 0
		if top > 0 && v > 0 {
			n = max(min(int(v/top*float64(8*h)+0.5), 8*h), 1)
		}
		for k := range h {
			part := max(min(n-8*k, 8), 0)
			s.SetContent(x+i, y+h-1-k, blocks[part], nil, style)
		}
	}
}
