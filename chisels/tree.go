package chisels

import (
	"slices"

	"scry/filter/fields"
)

// levels adds the rows of a table whose columns Levels are those of a tree: one row for each value of the first column, below it one for each of the second, and so
// on. What a row has is of all below it.
func (t *Table) levels(f *Frame, rows []*tableRow, how []how, seconds float64) (top []*tableRow) {
	for n := range t.Levels {
		for _, g := range t.grouped(rows, t.Levels[:n+1], how, seconds) {
			r := Row{Values: make([]fields.Value, len(t.shown)), Depth: n}
			t.results(r.Values, g, how, seconds)
			for i, c := range t.shown {
				if c.Key && !slices.Contains(t.Levels[:n+1], c.Name) || c.Level != "" && !slices.Contains(t.Levels[:n+1], c.Level) {
					r.Values[i] = fields.Value{}
				}
			}
			f.Rows = append(f.Rows, r)
			if n == 0 {
				top = append(top, g)
			}
		}
	}
	return top
}

// place is what a row is called in its tree, and what the one above it is; the keys are those of rows only if they are not empty.
func (f *Frame) place(r *Row) (id, parent string) {
	var key []byte
	if len(f.Spec.Levels) == 0 {
		for i, c := range f.Columns {
			switch c.Name {
			case f.Spec.Tree.ID:
				id = string(appendKey(nil, r.Values[i]))
			case f.Spec.Tree.Parent:
				parent = string(appendKey(nil, r.Values[i]))
			}
		}
		return id, parent
	}
	for _, name := range f.Spec.Levels[:r.Depth+1] {
		parent = string(key)
		for i, c := range f.Columns {
			if c.Name == name {
				key = appendKey(key, r.Values[i])
			}
		}
	}
	return string(key), parent
}

// arrange puts sorted rows below their parents. Rows whose parent is not there, and one of each circle, stand on top.
func (f *Frame) arrange() {
	if f.Spec.Tree == nil && len(f.Spec.Levels) == 0 {
		return
	}
	at := make(map[string]int, len(f.Rows))
	parents := make([]string, len(f.Rows))
	for i := range f.Rows {
		var id string
		id, parents[i] = f.place(&f.Rows[i])
		if _, there := at[id]; !there {
			at[id] = i
		}
	}
	below := make([][]int, len(f.Rows))
	var top []int
	for i, p := range parents {
		if up, ok := at[p]; ok && up != i {
			below[up] = append(below[up], i)
		} else {
			top = append(top, i)
		}
	}
	out := make([]Row, 0, len(f.Rows))
	placed := make([]bool, len(f.Rows))
	type step struct{ row, depth int }
	var stack []step
	walk := func(i int) {
		stack = append(stack[:0], step{i, 0})
		for len(stack) > 0 {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if placed[s.row] {
				continue
			}
			placed[s.row] = true
			r := f.Rows[s.row]
			r.Depth = s.depth
			out = append(out, r)
			for _, c := range slices.Backward(below[s.row]) {
				stack = append(stack, step{c, s.depth + 1})
			}
		}
	}
	for _, i := range top {
		walk(i)
	}
	for i := range f.Rows { // what is left is in circles
		if !placed[i] {
			walk(i)
		}
	}
	f.Rows = out
}
