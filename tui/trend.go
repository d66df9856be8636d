package tui

import (
	"scry/chisels"
	"scry/filter/fields"
)

// trend remembers the last values of the column that a table is sorted by, for each row.
type trend struct {
	values map[string][]float64
	steps  int
	top    float64 // the largest value that is remembered
}

const trendLength = 32

func newTrend() *trend { return &trend{values: map[string][]float64{}} }

// useful tells whether there is enough to draw.
func (t *trend) useful() bool { return t.steps > 1 }

// add takes the values of a frame that ends an interval. Rows that are gone are forgotten.
func (t *trend) add(f *chisels.Frame) {
	col := f.Order.Column
	if col < 0 || col >= len(f.Columns) {
		return
	}
	t.steps++
	t.top = 0
	next := make(map[string][]float64, len(f.Rows))
	for i := range f.Rows {
		k := f.Key(i)
		list := append(t.values[k], number(f.Rows[i].Values[col]))
		if len(list) > trendLength {
			list = list[len(list)-trendLength:]
		}
		for _, v := range list {
			t.top = max(t.top, v)
		}
		next[k] = list
	}
	t.values = next
}

// of are the values of a row, the newest last.
func (t *trend) of(key string) []float64 { return t.values[key] }

// number is a value as a number, 0 for what is none.
func number(v fields.Value) float64 {
	if !v.Type.Numeric() {
		return 0
	}
	return v.Float()
}
