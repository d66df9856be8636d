package tui

import (
	"fmt"
	"slices"
	"strings"

	"scry/chisels"
)

// twigs are how a tree hangs together on the screen: for each row that is shown, a piece for each level below the top one.
type twigs struct {
	of     [][]twig
	hidden []int // rows below a folded one; -1: nothing is below it, 0: it is open
}

type twig uint8

const (
	twigNone twig = iota // nothing goes on here
	twigDown             // another row of that level follows
	twigFork             // this row, and others
	twigLast             // this row, the last one
)

var twigTexts = [...]string{"  ", "│ ", "├─", "└─"}

// deepest is how many levels are drawn: more have no room.
const deepest = 24

// isTree tells whether rows of a frame stand below others.
func isTree(f *chisels.Frame) bool { return f.Spec.Tree != nil || len(f.Spec.Levels) > 0 }

// foldTree leaves out the rows below those that are folded, unless they are looked for by a text, and finds how the rest hangs together.
func (g *grid) foldTree() {
	g.twigs = twigs{}
	f := g.frame
	if !isTree(f) {
		return
	}
	var rows, hidden []int
	under := -1 // depth of the folded row that is above this one
	for _, i := range g.rows {
		d := f.Rows[i].Depth
		if under >= 0 && d > under {
			hidden[len(hidden)-1]++
			continue
		}
		under = -1
		n := -1
		if i+1 < len(f.Rows) && f.Rows[i+1].Depth > d {
			n = 0
			if g.text == "" && g.folded[f.Key(i)] {
				under = d
			}
		}
		rows, hidden = append(rows, i), append(hidden, n)
	}
	g.rows = append(g.rows[:0], rows...)
	g.twigs = twigs{of: make([][]twig, len(rows)), hidden: hidden}
	var open [deepest + 1]bool // levels on which another row follows
	for k, i := range slices.Backward(rows) {
		d := min(f.Rows[i].Depth, deepest)
		list := make([]twig, d)
		for level := range list {
			switch at := level + 1; {
			case at < d && open[at]:
				list[level] = twigDown
			case at == d && open[at]:
				list[level] = twigFork
			case at == d:
				list[level] = twigLast
			}
		}
		open[d] = true
		clear(open[d+1:])
		g.twigs.of[k] = list
	}
}

// treeText puts a cell of a row, by its place, where it stands in the tree: in a tree of parents the last column has it all, in one of levels each has a column.
func (g *grid) treeText(col, at int, text string) string {
	if at >= len(g.twigs.of) {
		return text
	}
	f, list := g.frame, g.twigs.of[at]
	mark := ""
	if n := g.twigs.hidden[at]; n > 0 {
		mark = fmt.Sprintf(" ▸ %s more", count(uint64(n)))
	}
	if f.Spec.Tree != nil {
		if lastOf(g.shown()) != col {
			return text
		}
		var b strings.Builder
		for _, t := range list {
			b.WriteString(twigTexts[t])
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if mark != "" { // behind a long command nobody would see it
			return b.String() + strings.TrimSpace(mark) + ": " + text
		}
		return b.String() + text
	}
	switch level := slices.Index(f.Spec.Levels, f.Columns[col].Name); {
	case level < 0:
		return text
	case level < len(list):
		return strings.TrimRight(twigTexts[list[level]], " ")
	case level == len(list):
		return text + mark
	}
	return text
}

// fold folds or opens the selected row; folding one that has nothing to fold goes to the one above it.
func (g *grid) fold(shut bool) {
	row, ok := g.selected()
	if !ok || g.row >= len(g.twigs.hidden) {
		return
	}
	n, f := g.twigs.hidden[g.row], g.frame
	switch {
	case shut && n == 0:
		g.folded[f.Key(row)] = true
	case !shut && n > 0:
		delete(g.folded, f.Key(row))
	case shut:
		for at := g.row - 1; at >= 0; at-- {
			if f.Rows[g.rows[at]].Depth < f.Rows[row].Depth {
				g.move(at)
				break
			}
		}
		return
	default:
		return
	}
	g.key = f.Key(row)
	g.pick()
}

// toggleFold folds the selected row when it is open, and opens it when it is folded.
func (g *grid) toggleFold() {
	if g.row < len(g.twigs.hidden) && g.twigs.hidden[g.row] >= 0 {
		g.fold(g.twigs.hidden[g.row] == 0)
	}
}

// foldAll folds every row of the top level, or opens all rows.
func (g *grid) foldAll(shut bool) {
	if g.frame == nil {
		return
	}
	clear(g.folded)
	if row, ok := g.selected(); ok {
		for shut && g.frame.Rows[row].Depth > 0 && row > 0 {
			row--
		}
		g.key = g.frame.Key(row)
	}
	for i := range g.frame.Rows {
		if shut && g.frame.Rows[i].Depth == 0 {
			g.folded[g.frame.Key(i)] = true
		}
	}
	g.pick()
}

// treeKeys are those of a tree.
func (p *tablePane) treeKeys() []*binding {
	if p.frame == nil || !isTree(p.frame) {
		return nil
	}
	return []*binding{
		{[]string{" "}, "Fold", "fold what is below the row, or show it", p.toggleFold},
		{[]string{"-"}, "", "fold what is below the row; then, the row above it", func() { p.fold(true) }},
		{[]string{"+", "="}, "", "show what is below the row", func() { p.fold(false) }},
		{[]string{"_"}, "", "fold all", func() { p.foldAll(true) }},
		{[]string{"*"}, "", "show all", func() { p.foldAll(false) }},
	}
}
