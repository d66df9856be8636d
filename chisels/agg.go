package chisels

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

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
	q     float64 // of a quantile
	share bool    // of a rate of times: in percent of the time that it is over
}

func aggOf(word string) (how, bool) {
	if p, ok := strings.CutPrefix(word, "p"); ok {
		n, err := strconv.ParseFloat(p, 64)
		return how{agg: aggQuantile, q: n / 100}, err == nil && n > 0 && n < 100
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
	distinct distinctSet        // aggDistinct
	sketch   *ddsketch.DDSketch // aggQuantile
	low      float64            // of the values in it
	high     float64
}

// Accuracy of quantiles, and bounds of what they and distinct values take.
const (
	sketchAccuracy = 0.01
	sketchBins     = 1024
	maxCellText    = 1 << 10 // of a column that is no key, in bytes
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
	case aggQuantile:
		c.typ = v.Type
		c.sketch().add(v.Float())
	}
}

// sketch is the sketch of a quantile, made with the first value.
func (c *cell) sketch() *moreCell {
	if c.more == nil {
		c.more = &moreCell{sketch: newSketch(), low: math.Inf(1), high: math.Inf(-1)}
	}
	return c.more
}

func (m *moreCell) add(x float64) {
	if m.sketch.Add(x) == nil { // refused: NaN and what is beyond the range of a sketch
		m.low, m.high = min(m.low, x), max(m.high, x)
	}
}

func (m *moreCell) merge(o *moreCell) {
	_ = m.sketch.MergeWith(o.sketch) // of the same mapping
	m.low, m.high = min(m.low, o.low), max(m.high, o.high)
}

// quantile is the smallest value that at least the share q of the values do not exceed, within the accuracy of the sketch and never outside of the values.
func (m *moreCell) quantile(q float64) (float64, bool) {
	n := m.sketch.GetCount()
	if n == 0 {
		return 0, false
	}
	rank := math.Ceil(q*n) - 1 // of the value, from 0; the sketch takes the share of n-1 that lies before it
	x, err := m.sketch.GetValueAtQuantile(min((rank+0.5)/max(n-1, 1), 1))
	return min(max(x, m.low), m.high), err == nil
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

// set takes v over; its text is copied when it is another one, and cut, with a mark, when it is too long to be kept for each row.
func (c *cell) set(v fields.Value) {
	if len(v.Str) <= maxCellText {
		c.own(v)
		return
	}
	cut := maxCellText
	for cut > maxCellText-utf8.UTFMax && !utf8.RuneStart(v.Str[cut]) {
		cut--
	}
	if len(c.str) != cut+len(cutMark) || c.str[:cut] != v.Str[:cut] {
		c.str = v.Str[:cut] + cutMark
	}
	c.typ, c.num = v.Type, v.Num
}

const cutMark = "…"

// own takes v over with all of its text.
func (c *cell) own(v fields.Value) {
	c.typ, c.num = v.Type, v.Num
	if v.Str != c.str {
		c.str = strings.Clone(v.Str)
	}
}

func (c *cell) value() fields.Value { return fields.Value{Type: c.typ, Num: c.num, Str: c.str} }

// distinct notes a value by its key; grown tells that it takes more memory now.
func (c *cell) distinct(key []byte) (grown bool) {
	if c.more == nil {
		c.more = &moreCell{}
	}
	return c.more.distinct.add(key)
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
			c.own(o.value())
		}
	case aggMax:
		if first || compareValues(o.value(), c.value()) > 0 {
			c.own(o.value())
		}
	case aggLast:
		c.own(o.value())
	case aggFirst:
		if first {
			c.own(o.value())
		}
	case aggDistinct:
		if c.more == nil {
			c.more = &moreCell{}
		}
		c.more.distinct.merge(&o.more.distinct)
	case aggQuantile:
		c.typ = o.typ
		c.sketch().merge(o.more)
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
			if c.value().Float() == 0 {
				return c.value() // nothing is nothing, however short the time
			}
			return fields.Value{}
		}
		if h.share && c.typ == fields.RelTime {
			return fields.Value{Type: fields.Float, Num: math.Float64bits(c.value().Float() / seconds / 1e7)}
		}
		return scaled(c.value(), 1/seconds)
	case aggDistinct:
		return fields.Value{Type: fields.Uint, Num: c.more.distinct.count()}
	case aggQuantile:
		q, ok := c.more.quantile(h.q)
		if !ok {
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
