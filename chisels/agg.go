package chisels

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"scry/filter/fields"
)

// agg is how values become one.
type agg uint8

const (
	aggLast agg = iota
	aggFirst
	aggSum
	aggAvg
	aggRate // per second
	aggMin
	aggMax
	aggCount
	aggDistinct
	aggQuantile
)

// aggNames are the aggregations as specs name them; any p from p1 to p99.9 is one too.
var aggNames = []string{"last", "first", "sum", "avg", "rate", "min", "max", "count", "distinct", "p50", "p95", "p99"}

// how is an aggregation with its parameter.
type how struct {
	agg
	q float64 // of a quantile
}

func aggOf(word string) (how, bool) {
	if p, ok := strings.CutPrefix(word, "p"); ok {
		n, err := strconv.ParseFloat(p, 64)
		return how{aggQuantile, n / 100}, err == nil && n > 0 && n < 100
	}
	for i, name := range aggNames[:aggQuantile] {
		if name == word {
			return how{agg: agg(i)}, true
		}
	}
	return how{}, false
}

// additive tells that values of events are counted together, so that a row without events has none.
func (a agg) additive() bool { return a >= aggSum && a != aggMin && a != aggMax }

// numeric tells that only numbers can be aggregated so.
func (a agg) numeric() bool { return a == aggSum || a == aggAvg || a == aggRate || a == aggQuantile }

// cell is the aggregate of a column in a row.
type cell struct {
	n    uint64 // values
	num  uint64 // sum, smallest, ... as the bits of a Value
	str  string // of a text, owned
	typ  fields.Type
	more *moreCell
}

// moreCell is what few aggregations need.
type moreCell struct {
	seen   map[string]struct{} // aggDistinct
	sketch *ddsketch.DDSketch  // aggQuantile
}

// Accuracy of quantiles, and bounds of what they and distinct values take.
const (
	sketchAccuracy = 0.01
	sketchBins     = 1024
	maxDistinct    = 1 << 16
)

var sketchMapping = func() mapping.IndexMapping {
	m, err := mapping.NewLogarithmicMapping(sketchAccuracy)
	if err != nil {
		panic(err)
	}
	return m
}()

func newSketch() *ddsketch.DDSketch {
	return ddsketch.NewDDSketch(sketchMapping, store.NewCollapsingLowestDenseStore(sketchBins), store.NewCollapsingLowestDenseStore(sketchBins))
}

// add takes a value. hot: no allocation but for new texts (TestTableAllocs)
func (c *cell) add(h how, v fields.Value) {
	c.n++
	switch h.agg {
	case aggSum, aggAvg, aggRate:
		c.sum(v)
	case aggLast:
		c.set(v)
	case aggFirst:
		if c.n == 1 {
			c.set(v)
		}
	case aggMin:
		if c.n == 1 || compareValues(v, c.value()) < 0 {
			c.set(v)
		}
	case aggMax:
		if c.n == 1 || compareValues(v, c.value()) > 0 {
			c.set(v)
		}
	case aggDistinct:
		c.distinct(v)
	case aggQuantile:
		if c.more == nil {
			c.more = &moreCell{sketch: newSketch()}
		}
		c.typ = v.Type
		_ = c.more.sketch.Add(v.Float()) // refused: NaN and what is beyond the range of a sketch
	}
}

// sum adds a number to those before: integers stay exact.
func (c *cell) sum(v fields.Value) {
	switch {
	case v.Type == fields.Float && c.typ != fields.Float:
		c.num = math.Float64bits(c.value().Float() + v.Float())
		c.typ = fields.Float
	case c.typ == fields.Float:
		c.num = math.Float64bits(math.Float64frombits(c.num) + v.Float())
	default:
		if c.typ != fields.Int {
			c.typ = v.Type
		}
		c.num += v.Num
	}
}

// set takes v over; its text is copied when it is another one.
func (c *cell) set(v fields.Value) {
	c.typ, c.num = v.Type, v.Num
	if v.Str != c.str {
		c.str = strings.Clone(v.Str)
	}
}

func (c *cell) value() fields.Value { return fields.Value{Type: c.typ, Num: c.num, Str: c.str} }

func (c *cell) distinct(v fields.Value) {
	if c.more == nil {
		c.more = &moreCell{seen: map[string]struct{}{}}
	}
	var scratch [256]byte
	b := appendKey(scratch[:0], v)
	if _, ok := c.more.seen[string(b)]; !ok && len(c.more.seen) < maxDistinct {
		c.more.seen[string(b)] = struct{}{}
	}
}

// merge takes the values of another cell of the same column.
func (c *cell) merge(h how, o *cell) {
	if o.n == 0 {
		return
	}
	first := c.n == 0
	c.n += o.n
	switch h.agg {
	case aggSum, aggAvg, aggRate:
		c.sum(o.value())
	case aggMin:
		if first || compareValues(o.value(), c.value()) < 0 {
			c.set(o.value())
		}
	case aggMax:
		if first || compareValues(o.value(), c.value()) > 0 {
			c.set(o.value())
		}
	case aggLast:
		c.set(o.value())
	case aggFirst:
		if first {
			c.set(o.value())
		}
	case aggDistinct:
		if c.more == nil {
			c.more = &moreCell{seen: map[string]struct{}{}}
		}
		for k := range o.more.seen {
			if len(c.more.seen) < maxDistinct {
				c.more.seen[k] = struct{}{}
			}
		}
	case aggQuantile:
		if c.more == nil {
			c.more = &moreCell{sketch: newSketch()}
		}
		c.typ = o.typ
		_ = c.more.sketch.MergeWith(o.more.sketch) // of the same mapping
	}
}

// result is what the column shows; seconds is the length of the time that rates are of.
func (c *cell) result(h how, seconds float64) fields.Value {
	if h.agg == aggCount {
		return fields.Value{Type: fields.Uint, Num: c.n}
	}
	if c.n == 0 {
		return fields.Value{}
	}
	switch h.agg {
	case aggAvg:
		return scaled(c.value(), 1/float64(c.n))
	case aggRate:
		if seconds <= 0 {
			return fields.Value{}
		}
		return scaled(c.value(), 1/seconds)
	case aggDistinct:
		return fields.Value{Type: fields.Uint, Num: uint64(len(c.more.seen))}
	case aggQuantile:
		q, err := c.more.sketch.GetValueAtQuantile(h.q)
		if err != nil {
			return fields.Value{}
		}
		if c.typ == fields.RelTime {
			return fields.Value{Type: fields.RelTime, Num: uint64(math.Round(q))}
		}
		return fields.Value{Type: fields.Float, Num: math.Float64bits(q)}
	}
	return c.value()
}

// scaled is v times f: times stay times, other numbers become floating-point ones.
func scaled(v fields.Value, f float64) fields.Value {
	x := v.Float() * f
	if v.Type == fields.RelTime {
		return fields.Value{Type: fields.RelTime, Num: uint64(math.Round(x))}
	}
	return fields.Value{Type: fields.Float, Num: math.Float64bits(x)}
}

// compareValues orders values of one column: absent ones first, then by number or text.
func compareValues(a, b fields.Value) int {
	switch {
	case a.Type == fields.Absent || b.Type == fields.Absent:
		return cmp.Compare(min(a.Type, 1), min(b.Type, 1))
	case a.Type == fields.IP || a.Type == fields.Net:
		return a.Addr().Compare(b.Addr())
	case a.Type.Text() || b.Type.Text():
		return strings.Compare(a.Str, b.Str)
	case a.Type == fields.Float || b.Type == fields.Float:
		return cmp.Compare(a.Float(), b.Float())
	case a.Type == fields.Int || b.Type == fields.Int:
		return cmp.Compare(a.Int(), b.Int())
	}
	return cmp.Compare(a.Num, b.Num)
}

// fits tells whether the values of f can be aggregated as the column says.
func (c *ColumnSpec) fits(f *fields.Field) error {
	h, _ := aggOf(c.Agg)
	g, _ := aggOf(c.GroupAgg)
	switch {
	case !f.HasValue():
		return fmt.Errorf("%s is only ever a text: it cannot be a column", f)
	case (h.numeric() || g.numeric()) && !f.Def.Type.Numeric():
		return fmt.Errorf("%s of %s, whose values are no numbers", c.Agg, f)
	}
	return nil
}
