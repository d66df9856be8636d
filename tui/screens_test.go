package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"scry/chisels"
)

var renew = flag.Bool("update", false, "write the screens of testdata/screens anew")

// sizes are those that every view must suit: a large terminal, the usual one, and half of that.
var sizes = [][2]int{{160, 45}, {80, 24}, {50, 15}}

// golden compares a text with a file of testdata/screens.
func golden(t *testing.T, name, have string) {
	t.Helper()
	file := filepath.Join("..", "testdata", "screens", name+".txt")
	if *renew {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(b); want != have {
		t.Errorf("%s is not what is shown (go test ./tui -run %s -update writes it anew):\n%s", file, t.Name(), firstDifference(want, have))
	}
}

func firstDifference(want, have string) string {
	w, h := strings.Split(want, "\n"), strings.Split(have, "\n")
	for i := range max(len(w), len(h)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(h) {
			b = h[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant %s\nhave %s", i+1, a, b)
		}
	}
	return ""
}

// screenfuls are the screens of all sizes, each with its size above.
func screenfuls(t *testing.T, o Options, keys ...string) string {
	t.Helper()
	var b strings.Builder
	for _, s := range sizes {
		x := newTestApp(t, s[0], s[1], o)
		x.settled()
		for _, k := range keys {
			x.press(k)
			x.settled()
		}
		text := x.text()
		if n := strings.Count(text, "\n"); n != s[1] {
			t.Errorf("%dx%d: %d lines", s[0], s[1], n)
		}
		fmt.Fprintf(&b, "=== %dx%d\n%s", s[0], s[1], text)
		x.close()
	}
	return b.String()
}

// TestScreens: every view, at every size, of a capture that has containers.
func TestScreens(t *testing.T) {
	views, warnings := chisels.NewCatalog(nil).Views()
	if len(warnings) > 0 {
		t.Error(warnings)
	}
	names := []string{}
	for _, v := range views {
		names = append(names, v.Name)
	}
	for _, name := range append(names, otherViews...) {
		t.Run(name, func(t *testing.T) {
			golden(t, "view-"+name, screenfuls(t, Options{Read: []string{testCapture(t, "hello.scap")}, View: name}))
		})
	}
}

// otherViews are those that no spec describes.
var otherViews = []string{overviewView}

// TestOverlays: what is laid over a view, at every size.
func TestOverlays(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
	}{
		{"help", []string{"?"}}, {"views", []string{"F2"}}, {"palette", []string{":", "conn"}}, {"sort", []string{"F9"}}, {"columns", []string{"o"}},
		{"legend", []string{"F7"}}, {"settings", []string{"O"}}, {"zoom", []string{"z", "Right", "Right"}}, {"filter", []string{"F4"}},
		{"filter-complete", []string{"F4", "proc.na"}}, {"filter-wrong", []string{"F4", "proc.nam=x"}}, {"narrow", []string{"\\", "bash"}}, {"search", []string{"/", "curl"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			golden(t, "overlay-"+c.name, screenfuls(t, Options{Read: []string{testCapture(t, "hello.scap")}, View: "procs"}, c.keys...))
		})
	}
}

// TestThemes: the colours of each theme, as runs of cells with the same ones.
func TestThemes(t *testing.T) {
	for _, name := range themeNames() {
		t.Run(name, func(t *testing.T) {
			x := newTestApp(t, 80, 24, Options{Read: []string{testCapture(t, "hello.scap")}, View: "procs", Prefs: &Prefs{Theme: name}})
			x.settled()
			golden(t, "theme-"+name, x.styled())
		})
	}
}

// styled is the screen with, before each run of cells that look the same, how they do: foreground, background and attributes.
func (x *testApp) styled() string {
	var b strings.Builder
	x.tv.QueueUpdate(func() {
		cells, w, h := x.sim.GetContents()
		for y := range h {
			before := ""
			for i := range w {
				c := cells[y*w+i]
				fore, back, attr := c.Style.Decompose()
				if look := fmt.Sprintf("{%s %s%s}", colorName(fore), colorName(back), attrNames(attr)); look != before {
					b.WriteString(look)
					before = look
				}
				if len(c.Runes) > 0 {
					b.WriteString(string(c.Runes))
				}
			}
			b.WriteByte('\n')
		}
	})
	return b.String()
}

func colorName(c tcell.Color) string {
	if c == tcell.ColorDefault {
		return "-"
	}
	return fmt.Sprintf("%06x", c.Hex())
}

func attrNames(a tcell.AttrMask) string {
	var out []string
	for _, n := range []struct {
		mask tcell.AttrMask
		name string
	}{{tcell.AttrBold, "bold"}, {tcell.AttrReverse, "reverse"}, {tcell.AttrUnderline, "underline"}, {tcell.AttrDim, "dim"}} {
		if a&n.mask != 0 {
			out = append(out, " "+n.name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}
