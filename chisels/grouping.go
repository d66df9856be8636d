package chisels

import (
	"slices"

	"scry/filter/fields"
)

// Rows of a table are grouped once more, as threads into processes. What a row of the group shows is either of all events together, when the column says no
// group_agg, or made of what its rows show: the sum of their averages, the largest of their sums.

// groupHow is how the columns of groups are aggregated.
func (t *Table) groupHow() []how {
	out := slices.Clone(t.how)
	for i, c := range t.shown {
		if c.GroupAgg != c.Agg {
			out[i] = t.merged[i]
		}
	}
	return out
}

// grouped makes one row of those that have the same values in the columns of by.
func (t *Table) grouped(rows []*tableRow, by []string, hows []how, seconds float64) []*tableRow {
	var cols []int
	for i, c := range t.shown {
		if slices.Contains(by, c.Name) {
			cols = append(cols, i)
		}
	}
	groups := map[string]*tableRow{}
	var out []*tableRow
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b *tableRow) int { return t.compareKeys(a, b) }) // first and last do not depend on who came first
	var key []byte
	for _, r := range rows {
		key = key[:0]
		for _, i := range cols {
			key = appendKey(key, r.cells[i].value())
		}
		g := groups[string(key)]
		if g == nil {
			g = &tableRow{key: string(key), cells: make([]cell, len(t.shown))}
			groups[g.key] = g
			out = append(out, g)
		}
		for i, c := range t.shown {
			into, from, why := &g.cells[i], &r.cells[i], ""
			if !c.Key && into.n == 0 { // its text is the reason, which goes with the first value: also with a count of none, which is one
				why, into.str = into.str, ""
				if why == "" && from.n == 0 {
					why = from.str
				}
			}
			switch {
			case c.Key:
				into.merge(how{agg: aggFirst}, from)
			case c.GroupAgg == c.Agg:
				into.merge(hows[i], from)
			default:
				if v := from.result(t.how[i], seconds); v.Type != fields.Absent {
					into.add(hows[i], v)
				}
			}
			if into.n == 0 {
				into.str = why
			}
		}
	}
	return out
}
