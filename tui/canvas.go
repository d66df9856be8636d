package tui

import (
	"sync/atomic"

	"github.com/gdamore/tcell/v2"
)

// canvas is what the library draws on, between it and the screen. A frame is drawn from nothing each time, and of all cells only those go to the screen that are not as in
// the frame before: the screen takes every cell that it gets for a change, and would send it to the terminal. It belongs to the goroutine of the library's loop.
type canvas struct {
	tcell.Screen
	w, h  int
	cells []glyph     // of the frame that is being drawn
	shown []glyph     // of the one before
	lost  atomic.Bool // the screen does not have that any more, or not all
}

// glyph is what a cell shows.
type glyph struct {
	main  rune // 0: unknown
	comb  string
	style tcell.Style
}

// Init does nothing: the screen was initialised already, and the library would not look at the error.
func (c *canvas) Init() error { return nil }

// PollEvent is PollEvent of the screen. One whose size changes forgets cells, also when it has the old size again at the next frame.
func (c *canvas) PollEvent() tcell.Event {
	ev := c.Screen.PollEvent()
	if _, ok := ev.(*tcell.EventResize); ok {
		c.lost.Store(true)
	}
	return ev
}

// Clear begins a frame.
func (c *canvas) Clear() {
	if c.lost.Swap(false) {
		clear(c.shown)
	}
	if w, h := c.Size(); w != c.w || h != c.h {
		c.w, c.h = w, h
		c.cells, c.shown = make([]glyph, w*h), make([]glyph, w*h)
	}
	for i := range c.cells {
		c.cells[i] = glyph{main: ' '}
	}
}

// Resume is Resume of the screen, which has forgotten all cells then.
func (c *canvas) Resume() error {
	c.lost.Store(true)
	return c.Screen.Resume()
}

// Sync draws the whole screen again, whatever the terminal shows.
func (c *canvas) Sync() {
	c.Show()
	c.Screen.Sync()
}

// Show ends a frame.
func (c *canvas) Show() {
	for i := range c.cells {
		if g := &c.cells[i]; *g != c.shown[i] {
			c.shown[i] = *g
			c.Screen.SetContent(i%c.w, i/c.w, g.main, []rune(g.comb), g.style)
		}
	}
	c.Screen.Show()
}

// SetContent draws a cell. What lies outside is left out.
func (c *canvas) SetContent(x, y int, main rune, comb []rune, style tcell.Style) {
	if g := c.at(x, y); g != nil {
		*g = glyph{main: main, style: style}
		if len(comb) > 0 {
			g.comb = string(comb)
		}
	}
}

// GetContent is what a cell of the frame has; all are taken for one column wide, as only the library's lines to type into ask, for the style.
func (c *canvas) GetContent(x, y int) (main rune, comb []rune, style tcell.Style, width int) {
	if g := c.at(x, y); g != nil {
		return g.main, []rune(g.comb), g.style, 1
	}
	return ' ', nil, tcell.StyleDefault, 1
}

// at is a cell, nil outside.
func (c *canvas) at(x, y int) *glyph {
	if x < 0 || y < 0 || x >= c.w || y >= c.h {
		return nil
	}
	return &c.cells[y*c.w+x]
}
