package tui

import (
	"testing"

	"github.com/gdamore/tcell/v2"
)

// countScreen counts the cells that it gets.
type countScreen struct {
	tcell.SimulationScreen
	cells int
}

func (c *countScreen) SetContent(x, y int, main rune, comb []rune, style tcell.Style) {
	c.cells++
	c.SimulationScreen.SetContent(x, y, main, comb, style)
}

func TestCanvas(t *testing.T) {
	under := &countScreen{SimulationScreen: tcell.NewSimulationScreen("UTF-8")}
	if err := under.Init(); err != nil {
		t.Fatal(err)
	}
	defer under.Fini()
	c := &canvas{Screen: under}
	frame := func(w, h int, text string, cells int) {
		t.Helper()
		under.SetSize(w, h)
		under.cells = 0
		c.Clear()
		put(c, 1, 1, w-1, tcell.StyleDefault.Bold(true), text)
		c.Show()
		if under.cells != cells {
			t.Errorf("%q on %dx%d: %d cells went to the screen instead of %d", text, w, h, under.cells, cells)
		}
		if got, _, _ := under.Get(1, 1); w > 1 && []rune(got)[0] != []rune(text)[0] {
			t.Errorf("%q on %dx%d: the screen has %q", text, w, h, got)
		}
	}
	frame(20, 4, "seven", 80)
	frame(20, 4, "seven", 0)
	frame(20, 4, "sever", 1)
	frame(20, 4, "日本", 5) // two wide ones, and three that are empty again
	frame(20, 4, "日本", 0)
	frame(20, 4, "e\u0301", 2)
	frame(20, 4, "e", 1)
	frame(30, 5, "e", 150) // nothing is known of a screen that got another size
	frame(1, 1, "\x00", 1)
	frame(20, 4, "back", 80)
	if err := under.PostEvent(tcell.NewEventResize(20, 4)); err != nil {
		t.Fatal(err)
	}
	for under.HasPendingEvent() {
		c.PollEvent()
	}
	frame(20, 4, "back", 80) // it has the old size, but not the old cells
	if err := c.Resume(); err != nil {
		t.Fatal(err)
	}
	frame(20, 4, "back", 80)
}

func TestCanvasAllocs(t *testing.T) {
	under := tcell.NewSimulationScreen("UTF-8")
	if err := under.Init(); err != nil {
		t.Fatal(err)
	}
	defer under.Fini()
	c := &canvas{Screen: under}
	frame := func() {
		c.Clear()
		put(c, 0, 0, 40, tcell.StyleDefault, "the same as before")
		for i := range c.cells {
			if c.cells[i] != c.shown[i] {
				c.Show()
				return
			}
		}
	}
	frame()
	if n := testing.AllocsPerRun(20, frame); n > 1 { // the last character of a text is looked at closely
		t.Errorf("%v allocations for a frame that shows the same", n)
	}
}
