package filter

import (
	"scry/capture/event"
	"scry/filter/fields"
)

// quant says which of an operand's values have to satisfy a comparison.
type quant uint8

const (
	single quant = iota // there is at most one value
	some                // at least one of them
	every               // all of them, and there is one
	subset              // all of them, if there are any: `in` of a list
)

// checkNode compares an operand with constants.
type checkNode struct {
	left  operand
	op    opcode
	mod   string   // oneof, anyof, allof: one comparison for each constant; else ""
	texts []string // the constants as written, for printing
	list  bool     // they were a list
	preds []pred   // one, or with mod one for each constant
	quant quant
	vals  []fields.Value

	// Shortcuts around the interfaces.
	field *fields.Field // left, if it is a plain field
	equal bool          // the one question is whether a text equals texts[0]
}

// match: hot: no allocation (TestMatchAllocs). The common case stands alone: a value that a closure captures lives in memory.
func (n *checkNode) match(ev *event.Event) bool {
	if n.quant != single || n.mod != "" {
		return n.matchMany(ev)
	}
	var v fields.Value
	if n.field != nil {
		v = n.field.Value(ev)
	} else {
		v = n.left.value(ev)
	}
	if !v.Present() {
		return false
	}
	if n.equal {
		return v.Str == n.texts[0]
	}
	return n.preds[0].holds(v)
}

// matchMany is match with several values, or several questions.
func (n *checkNode) matchMany(ev *event.Event) bool {
	if n.quant == single {
		v := n.left.value(ev)
		return v.Present() && n.ask(func(p pred) bool { return p.holds(v) })
	}
	n.vals = collect(n.left, ev, n.vals[:0])
	return n.ask(func(p pred) bool { return quantified(n.quant, n.vals, p) })
}

// shorten finds the shortcuts.
func (n *checkNode) shorten() {
	if f, ok := n.left.(*fieldOperand); ok {
		n.field = f.field
	}
	if n.mod == "" {
		p, ok := n.preds[0].(equalPred)
		n.equal = ok && string(p) == n.texts[0]
	}
}

// ask puts the question of each constant and combines the answers.
func (n *checkNode) ask(holds func(pred) bool) bool {
	if n.mod == "" {
		return holds(n.preds[0])
	}
	yes := 0
	for _, p := range n.preds {
		if holds(p) {
			yes++
		}
	}
	switch n.mod {
	case "oneof":
		return yes == 1
	case "allof":
		return yes > 0 && yes == len(n.preds)
	}
	return yes > 0
}

// quantified asks p of the values as q says.
func quantified(q quant, vals []fields.Value, p pred) bool {
	if q == some {
		for i := range vals {
			if p.holds(vals[i]) {
				return true
			}
		}
		return false
	}
	for i := range vals {
		if !p.holds(vals[i]) {
			return false
		}
	}
	return q == subset || len(vals) > 0
}

func (n *checkNode) reach() (kinds, bool) {
	if n.quant == subset {
		return allKinds(), false
	}
	t := n.left.types()
	if n.field != nil && n.quant == single && !n.ask(func(p pred) bool { return p.holds(fields.Value{Type: n.left.typ()}) }) {
		t = t.And(n.field.Zero().Not())
	}
	return kindsOf(t), false
}

func (n *checkNode) append(dst []byte, _ bool) []byte {
	dst = append(n.left.append(dst), ' ')
	dst = append(append(dst, n.op.String()...), ' ')
	if n.mod != "" {
		dst = append(append(dst, n.mod...), ' ')
	}
	if !n.list {
		return appendText(dst, n.texts[0], false)
	}
	dst = append(dst, '(')
	for i, t := range n.texts {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendText(dst, t, true)
	}
	return append(dst, ')')
}

func (n *checkNode) walk(fn func(*fields.Field)) { n.left.walk(fn) }

// existsNode holds when the operand has a value.
type existsNode struct {
	left operand
	vals []fields.Value
}

func (n *existsNode) match(ev *event.Event) bool {
	if !n.left.many() {
		return n.left.value(ev).Present()
	}
	n.vals = collect(n.left, ev, n.vals[:0])
	return len(n.vals) > 0
}

func (n *existsNode) reach() (kinds, bool) { return kindsOf(n.left.types()), false }
func (n *existsNode) append(dst []byte, _ bool) []byte {
	return append(n.left.append(dst), " exists"...)
}
func (n *existsNode) walk(fn func(*fields.Field)) { n.left.walk(fn) }

// relNode compares two operands of the same event.
type relNode struct {
	left, right operand
	op          opcode
	holds       func(l, r fields.Value) bool
	quant       quant // of the left values
	lvals       []fields.Value
	rvals       []fields.Value
}

func (n *relNode) match(ev *event.Event) bool {
	n.rvals = collect(n.right, ev, n.rvals[:0])
	if len(n.rvals) == 0 {
		return false
	}
	if n.quant == single {
		v := n.left.value(ev)
		return v.Present() && n.one(v)
	}
	n.lvals = collect(n.left, ev, n.lvals[:0])
	for _, v := range n.lvals {
		if n.one(v) != (n.quant != some) {
			return n.quant == some
		}
	}
	return n.quant == subset || n.quant == every && len(n.lvals) > 0
}

// one compares one left value with the right ones: any of them will do.
func (n *relNode) one(v fields.Value) bool {
	for _, r := range n.rvals {
		if n.holds(v, r) {
			return true
		}
	}
	return false
}

func (n *relNode) reach() (kinds, bool) {
	s := event.AllTypes()
	if n.quant != subset {
		s = n.left.types()
	}
	if !n.right.many() {
		s = s.And(n.right.types())
	}
	return kindsOf(s), false
}

func (n *relNode) append(dst []byte, _ bool) []byte {
	dst = append(append(append(n.left.append(dst), ' '), n.op.String()...), ' ')
	return n.right.append(dst)
}

func (n *relNode) walk(fn func(*fields.Field)) {
	n.left.walk(fn)
	n.right.walk(fn)
}

// aroundNode is evt.around[ts]=ms: the events less than so far from a time.
type aroundNode struct {
	field    *fields.Field
	text     string
	from, to uint64
}

func (n *aroundNode) match(ev *event.Event) bool  { return ev.TS >= n.from && ev.TS <= n.to }
func (n *aroundNode) reach() (kinds, bool)        { return allKinds(), false }
func (n *aroundNode) walk(fn func(*fields.Field)) { fn(n.field) }

func (n *aroundNode) append(dst []byte, _ bool) []byte {
	return appendText(append(appendField(dst, n.field), " = "...), n.text, false)
}
