package chisels

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"scry/filter/fields"
)

func signed(n int64) fields.Value    { return fields.Value{Type: fields.Int, Num: uint64(n)} }
func unsigned(n uint64) fields.Value { return fields.Value{Type: fields.Uint, Num: n} }
func fraction(x float64) fields.Value {
	return fields.Value{Type: fields.Float, Num: math.Float64bits(x)}
}
func took(ns uint64) fields.Value { return fields.Value{Type: fields.RelTime, Num: ns} }
func word(s string) fields.Value  { return fields.Value{Type: fields.String, Str: s} }

func TestAggregations(t *testing.T) {
	for _, c := range []struct {
		agg    string
		values []fields.Value
		want   string // type and value; of rates over two seconds
	}{
		{"sum", []fields.Value{signed(1), signed(-3)}, "INT64 -2"},
		{"sum", []fields.Value{unsigned(1), signed(-3)}, "INT64 -2"},
		{"sum", []fields.Value{signed(-3), unsigned(1)}, "INT64 -2"},
		{"sum", []fields.Value{signed(1), fraction(0.5), signed(2)}, "DOUBLE 3.5"},
		{"sum", []fields.Value{fraction(0.5), signed(-1)}, "DOUBLE -0.5"},
		{"sum", []fields.Value{unsigned(1 << 63), unsigned(5)}, "UINT64 9223372036854775813"},
		{"sum", []fields.Value{took(3), took(4)}, "RELTIME 7"},
		{"sum", nil, "NONE 0"},
		{"avg", []fields.Value{signed(1), signed(2)}, "DOUBLE 1.5"},
		{"avg", []fields.Value{took(1), took(2)}, "RELTIME 2"},
		{"rate", []fields.Value{signed(1), signed(2)}, "DOUBLE 1.5"},
		{"rate", []fields.Value{took(3e9), took(1e9)}, "RELTIME 2000000000"},
		{"min", []fields.Value{signed(4), signed(-2), signed(3)}, "INT64 -2"},
		{"max", []fields.Value{signed(4), unsigned(7), signed(-2)}, "UINT64 7"},
		{"max", []fields.Value{word("b"), word("a")}, "CHARBUF b"},
		{"min", []fields.Value{word("b"), word("a")}, "CHARBUF a"},
		{"first", []fields.Value{word("b"), word("a")}, "CHARBUF b"},
		{"last", []fields.Value{word("b"), word("a")}, "CHARBUF a"},
		{"count", []fields.Value{signed(9), signed(9)}, "UINT64 2"},
		{"count", nil, "UINT64 0"},
		{"last", []fields.Value{word(strings.Repeat("x", 2000))}, "CHARBUF " + strings.Repeat("x", maxCellText) + "…"},
		{"last", []fields.Value{word(strings.Repeat("x", maxCellText-1) + "日")}, "CHARBUF " + strings.Repeat("x", maxCellText-1) + "…"},
	} {
		h, ok := aggOf(c.agg)
		if !ok {
			t.Fatalf("no aggregation %s", c.agg)
		}
		var one, left, right cell
		for i, v := range c.values {
			one.add(h, v)
			if i == 0 {
				left.add(h, v)
			} else {
				right.add(h, v)
			}
		}
		left.merge(h, &right)
		for name, x := range map[string]*cell{"in a row": &one, "merged": &left} {
			v := x.result(h, 2)
			got := fmt.Sprint(v.Type, " ", v.Num)
			switch v.Type {
			case fields.Int:
				got = fmt.Sprint(v.Type, " ", v.Int())
			case fields.Float:
				got = fmt.Sprint(v.Type, " ", v.Float())
			case fields.String:
				got = fmt.Sprint(v.Type, " ", v.Str)
			}
			if got != c.want {
				t.Errorf("%s of %v %s: %s, want %s", c.agg, c.values, name, got, c.want)
			}
		}
	}
}

// A rate of times in percent is the share of the time; a rate over no time is nothing unless nothing happened.
func TestRates(t *testing.T) {
	h, _ := aggOf("rate")
	h.share = true
	var c cell
	c.add(h, took(5e8))
	if v := c.result(h, 2); v.Type != fields.Float || v.Float() != 25 {
		t.Errorf("half a second of two: %v", v)
	}
	if v := c.result(h, 0); v.Type != fields.Absent {
		t.Errorf("over no time: %v", v)
	}
	c = cell{}
	c.add(h, fraction(0))
	if v := c.result(h, 0); v.Type != fields.Float || v.Float() != 0 {
		t.Errorf("nothing over no time: %v", v)
	}
}

func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		agg  string
		want float64
	}{{"p50", 500e3}, {"p95", 950e3}, {"p99", 990e3}, {"p99.9", 999e3}, {"p1", 10e3}} {
		h, ok := aggOf(c.agg)
		if !ok {
			t.Fatalf("no aggregation %s", c.agg)
		}
		var whole, even, odd cell
		for i := uint64(1); i <= 1000; i++ {
			v := took(i * 1000)
			whole.add(h, v)
			if i%2 == 0 {
				even.add(h, v)
			} else {
				odd.add(h, v)
			}
		}
		even.merge(h, &odd)
		for _, x := range []*cell{&whole, &even} {
			if v := x.result(h, 1); v.Type != fields.RelTime || math.Abs(v.Float()-c.want) > 0.012*c.want {
				t.Errorf("%s of 1us to 1ms: %v, want %v within 1 %%", c.agg, v, c.want)
			}
		}
	}
	for _, word := range []string{"p0", "p100", "p", "px", "median", "", "SUM"} {
		if _, ok := aggOf(word); ok {
			t.Errorf("%q is an aggregation", word)
		}
	}
}

// Distinct values are counted exactly up to a bound, and about right beyond it.
func TestDistinct(t *testing.T) {
	var d, a, b distinctSet
	for i := range 3 * maxDistinct {
		key := fmt.Appendf(nil, "value %d", i)
		d.add(key)
		d.add(key)
		if i < maxDistinct/2 || i%2 == 0 {
			a.add(key)
		} else {
			b.add(key)
		}
		if i == maxDistinct-1 && d.count() != maxDistinct {
			t.Errorf("%d of %d values", d.count(), maxDistinct)
		}
	}
	a.merge(&b)
	for _, x := range []*distinctSet{&d, &a} {
		if n := float64(x.count()); math.Abs(n/(3*maxDistinct)-1) > 0.03 || len(x.seen) > maxDistinct {
			t.Errorf("about %v of %d values, with %d hashes", n, 3*maxDistinct, len(x.seen))
		}
	}
	var same distinctSet
	if !same.add([]byte("a")) || same.add([]byte("a")) || same.count() != 1 {
		t.Error("a value counts twice")
	}
}

// The sets of a table are bounded together.
func TestDistinctBound(t *testing.T) {
	tab := instance(t, spec(t, "columns:\n  - {name: n, field: evt.num, agg: distinct}\n  - {name: type, field: evt.type, key: true}\n"), plainEnv())
	for i := range 100 {
		r := &tableRow{cells: make([]cell, 2)}
		tab.order = append(tab.order, r)
		for k := range 100 {
			r.cells[0].distinct(fmt.Appendf(nil, "%d %d", i, k))
		}
	}
	tab.thinSets()
	if tab.hashes < 3500 || tab.hashes > 6500 {
		t.Errorf("%d hashes are left of 10000", tab.hashes)
	}
	for range 20 {
		tab.thinSets()
	}
	if tab.hashes > 100*leastHashes || tab.hashes == 0 {
		t.Errorf("%d hashes are left", tab.hashes)
	}
}

// One number is one key, whether it came as signed or not; different values never are.
func TestKeys(t *testing.T) {
	key := func(list ...fields.Value) string {
		var b []byte
		for _, v := range list {
			b = appendKey(b, v)
		}
		return string(b)
	}
	if key(signed(5)) != key(unsigned(5)) {
		t.Error("5 and 5 are two keys")
	}
	for _, c := range [][2][]fields.Value{
		{{signed(-1)}, {unsigned(math.MaxUint64)}},
		{{word("a"), word("b")}, {word("ab"), word("")}},
		{{word("5")}, {signed(5)}},
		{{fields.Value{}}, {word("")}},
		{{word("a\x00")}, {word("a")}},
	} {
		if key(c[0]...) == key(c[1]...) {
			t.Errorf("%v and %v have the same key", c[0], c[1])
		}
	}
}
