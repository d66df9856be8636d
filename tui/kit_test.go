package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/chisels"
	"scry/filter/fields"
)

// testApp is the interface on a screen that is not there.
type testApp struct {
	*app
	t      *testing.T
	sim    tcell.SimulationScreen
	done   chan error
	closed bool
	sent   int64
	seen   atomic.Int64 // keys that were taken
}

// testCapture is a capture of the repository.
func testCapture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "testdata", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// newTestApp shows the interface on a screen of w by h cells. Options without catalog and fields get those of the program.
func newTestApp(t *testing.T, w, h int, o Options) *testApp {
	t.Helper()
	if o.Catalog == nil {
		o.Catalog = chisels.NewCatalog(nil)
	}
	if o.Fields == nil {
		o.Fields = &fields.Options{Location: time.UTC}
	}
	if o.Env.Options == nil {
		o.Env.Options = o.Fields
	}
	if o.Sort == 0 {
		o.Sort = -1
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	a, err := newApp(&o)
	if err != nil {
		t.Fatal(err)
	}
	x := &testApp{app: a, t: t, sim: tcell.NewSimulationScreen("UTF-8"), done: make(chan error, 1)}
	x.sim.SetSize(w, h)
	go func() { x.done <- a.run(sized{x.sim, w, h}) }()
	x.tv.QueueUpdate(func() {
		x.tv.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
			x.seen.Add(1)
			return x.capture(ev)
		})
	})
	t.Cleanup(x.close)
	return x
}

// sized keeps its size when it is initialised.
type sized struct {
	tcell.SimulationScreen
	w, h int
}

func (s sized) Init() error {
	err := s.SimulationScreen.Init()
	s.SetSize(s.w, s.h)
	return err
}

// close ends the interface.
func (x *testApp) close() {
	if x.closed {
		return
	}
	x.closed = true
	x.tv.Stop()
	select {
	case err := <-x.done:
		if err != nil {
			x.t.Error(err)
		}
	case <-time.After(20 * time.Second):
		x.t.Error("the interface does not end")
	}
}

// text is the screen, a line for each of its own, without what is empty at the end of lines.
func (x *testApp) text() string {
	var lines []string
	x.tv.QueueUpdate(func() {
		cells, w, h := x.sim.GetContents()
		for y := range h {
			var b strings.Builder
			for i := range w {
				if c := cells[y*w+i]; len(c.Runes) > 0 {
					b.WriteString(string(c.Runes))
				} else {
					b.WriteByte(' ')
				}
			}
			lines = append(lines, strings.TrimRight(b.String(), " "))
		}
	})
	return strings.Join(lines, "\n") + "\n"
}

// wait waits until the screen has all of the texts.
func (x *testApp) wait(texts ...string) string {
	x.t.Helper()
	return x.until(fmt.Sprintf("has %q", texts), func(screen string) bool {
		for _, s := range texts {
			if !strings.Contains(screen, s) {
				return false
			}
		}
		return true
	})
}

// until waits until the screen is as ok wants it.
func (x *testApp) until(what string, ok func(screen string) bool) string {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s := x.text()
		if ok(s) {
			return s
		}
		if time.Now().After(end) {
			x.t.Fatalf("the screen never %s:\n%s", what, s)
		}
	}
}

// settled waits until a capture was read.
func (x *testApp) settled() string {
	x.t.Helper()
	return x.until("settles", func(string) bool {
		done := false
		x.tv.QueueUpdate(func() { done = x.status.done })
		return done
	})
}

// press presses keys, by the names that bindings have; what has no such name is typed.
func (x *testApp) press(names ...string) {
	for _, name := range names {
		x.sent += inject(x.sim, name)
	}
	for x.seen.Load() < x.sent {
		time.Sleep(100 * time.Microsecond)
	}
	x.tv.QueueUpdateDraw(func() {})
}

// keyEvent is the key of a name, nil when there is none.
func keyEvent(name string) *tcell.EventKey {
	switch name {
	case "Backspace":
		return tcell.NewEventKey(tcell.KeyBackspace2, 0, tcell.ModNone)
	case "Shift-F12":
		return tcell.NewEventKey(tcell.KeyF12, 0, tcell.ModShift)
	}
	for k, n := range tcell.KeyNames {
		if n == name && k != tcell.KeyRune {
			return tcell.NewEventKey(k, 0, tcell.ModNone)
		}
	}
	return nil
}
