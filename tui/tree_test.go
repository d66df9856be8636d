package tui

import (
	"math/rand/v2"
	"strings"
	"testing"

	"scry/chisels"
	"scry/filter/fields"
)

// Rows of a tree are folded and opened by keys; what is looked for by its text is found all the same.
func TestFold(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "hello.scap")}, View: "ptree"})
	x.settled()
	x.wait("├─ sshd", "└─ bash", "├─ dockerd", "└─ logger")
	lacks := func(what string) string {
		return x.until("lacks "+what, func(s string) bool { return !strings.Contains(s, what) })
	}
	x.press("Home", "Down", " ")
	s := lacks("bash")
	if !strings.Contains(s, "├─ ▸ 8 more: sshd") || !strings.Contains(s, "row 2 of 13") || !strings.Contains(s, "nginx") {
		t.Errorf("folded:\n%s", s)
	}
	x.press("-")
	x.wait("row 1 of 13")
	x.press("Down", "+")
	x.wait("└─ bash")
	x.press("Home", "-")
	s = lacks("dockerd")
	if !strings.Contains(s, "▸ 12 more: systemd") {
		t.Errorf("all folded:\n%s", s)
	}
	x.press("\\", "curl", "Enter")
	x.wait("curl -s")
	x.press("Esc")
	lacks("curl -s")
	x.press("*")
	x.wait("├─ sshd", "curl -s")
	x.press("/", "logger", "Enter", "_")
	s = lacks("sshd")
	if !strings.Contains(s, "row 1 of 13") {
		t.Errorf("the row above is not selected:\n%s", s)
	}
}

// The lines of a tree say what follows: a fork where the row has a later sibling, a line where a row above it has one.
func TestTwigs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	spec := &chisels.Spec{Tree: &chisels.TreeSpec{ID: "id", Parent: "parent"}}
	for range 500 {
		f := &chisels.Frame{Spec: spec, Columns: []*chisels.ColumnSpec{{Name: "id", Title: "ID", Key: true, Field: "proc.pid"}}}
		depth := 0
		for i := range 1 + rnd.IntN(30) {
			f.Rows = append(f.Rows, chisels.Row{Values: []fields.Value{{Type: fields.Uint, Num: uint64(i)}}, Depth: depth})
			depth = max(depth+1-rnd.IntN(4), 0)
		}
		f.Total = chisels.Row{Values: make([]fields.Value, 1)}
		g := newGrid(newTheme("default"), &fields.Options{})
		for i := range f.Rows {
			if rnd.IntN(6) == 0 {
				g.folded[f.Key(i)] = true
			}
		}
		g.set(f, false)
		hidden := 0
		for k, i := range g.rows {
			hidden += max(g.twigs.hidden[k], 0)
			for level := 1; level <= f.Rows[i].Depth; level++ {
				follows := false
				for j := i + 1; j < len(f.Rows) && f.Rows[j].Depth >= level; j++ {
					follows = follows || f.Rows[j].Depth == level
				}
				want := map[bool]twig{true: twigDown, false: twigNone}[follows]
				if level == f.Rows[i].Depth {
					want = map[bool]twig{true: twigFork, false: twigLast}[follows]
				}
				if got := g.twigs.of[k][level-1]; got != want {
					t.Fatalf("row %d level %d: %d, want %d", i, level, got, want)
				}
			}
			for up := i - 1; up >= 0; up-- { // nothing is shown below a folded row
				if f.Rows[up].Depth < f.Rows[i].Depth && g.folded[f.Key(up)] && below(f, up, i) {
					t.Fatalf("row %d is shown below row %d, which is folded", i, up)
				}
			}
		}
		if hidden+len(g.rows) != len(f.Rows) {
			t.Fatalf("%d rows are shown, %d are said to be hidden, of %d", len(g.rows), hidden, len(f.Rows))
		}
	}
}

// below tells whether a row stands below another one.
func below(f *chisels.Frame, up, row int) bool {
	for j := up + 1; j <= row; j++ {
		if f.Rows[j].Depth <= f.Rows[up].Depth {
			return false
		}
	}
	return true
}
