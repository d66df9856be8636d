package tui

import "github.com/gdamore/tcell/v2"

// canvas is what the library draws on, between it and the screen. A frame is drawn from nothing each time, and of all cells only those go to the screen that are not as in
// the frame before: the screen takes every cell that it gets for a change, and would send it to the terminal. It belongs to the goroutine of the library's loop.
type canvas struct {
	tcell.Screen
	w, h  int
	cells []glyph // of the frame that is being drawn
	shown []glyph // of the one before
}

// glyph is what a cell shows.
type glyph struct {
	main  rune // 0: unknown
	comb  string
	style tcell.Style
}

// Init does nothing: the screen was initialised already, and the library would not look at the error.
func (c *canvas) Init() error { return nil }

// Clear begins a frame. After the screen got another size nothing is known of it.
func (c *canvas) Clear() {
	if w, h := c.Size(); w != c.w || h != c.h {
		c.w, c.h = w, h
		c.cells, c.shown = make([]glyph, w*h), make([]glyph, w*h)
	}
	for i := range c.cells {
		c.cells[i] = glyph{main: ' '}
	}
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
