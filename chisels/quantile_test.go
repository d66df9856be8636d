package chisels

import "testing"

// A quantile is a value that is there, not one between, beyond or below.
func TestQuantileRanks(t *testing.T) {
	for _, c := range []struct {
		q    float64
		in   []float64
		want float64
	}{
		{0.99, []float64{1, 2, 1000}, 1000}, {0.5, []float64{1, 2, 1000}, 2}, {0.5, []float64{1, 2, 3, 4}, 2}, {0.01, []float64{5, 7}, 5}, {0.99, []float64{42}, 42}, {0.5, []float64{0, 0, 9}, 0},
	} {
		var a, b cell
		for i, x := range c.in {
			if i%2 == 0 {
				a.sketch().add(x)
			} else {
				b.sketch().add(x)
			}
		}
		a.sketch().merge(b.sketch())
		if x, ok := a.more.quantile(c.q); !ok || x < c.want*0.98 || x > c.want*1.02 {
			t.Errorf("%v of %v: %v", c.q, c.in, x)
		}
	}
	var empty cell
	if _, ok := empty.sketch().quantile(0.5); ok {
		t.Error("a quantile of nothing")
	}
}
