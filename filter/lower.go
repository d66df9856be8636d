package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"scry/filter/fields"
)

// lowerer makes nodes from the syntax tree: it looks up fields, checks operators against types, and reads the constants.
type lowerer struct {
	text string
	opts *fields.Options
}

// place is a part of the text.
type place struct{ offset, length int }

func placeOf(t lexer.Token) place { return place{t.Pos.Offset, len(t.Value)} }

// to is the place from p to the end of q.
func (p place) to(q place) place { return place{p.offset, q.offset + q.length - p.offset} }

func (l *lowerer) err(p place, hint, format string, args ...any) *Error {
	return newError(l.text, p.offset, p.length, fmt.Sprintf(format, args...), hint)
}

func (l *lowerer) or(e *orExpr) (node, *Error) {
	var parts []node
	for _, t := range e.Terms {
		n, err := l.and(t)
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	return join[orNode](parts...), nil
}

func (l *lowerer) and(e *andExpr) (node, *Error) {
	var parts []node
	for _, t := range e.Terms {
		n, err := l.not(t)
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	return join[andNode](parts...), nil
}

func (l *lowerer) not(e *notExpr) (n node, err *Error) {
	if e.Group != nil {
		n, err = l.or(e.Group)
	} else {
		n, err = l.test(e.Test)
	}
	if err == nil && len(e.Nots)%2 == 1 {
		n = negate(n)
	}
	return n, err
}

// side is an operand with its place and the field that it is, if it is one.
type side struct {
	operand
	place
	field *fields.Field
	arg   *argInfo // of evt.rawarg
}

// name is the operand in messages.
func (s *side) name() string { return string(s.append(nil)) }

// isList tells whether the values are a list, rather than any of them.
func (s *side) isList() bool {
	return s.many() && (s.field == nil || s.field.Def.Flags&fields.List != 0)
}

// ops are the operators that the operand takes.
func (s *side) ops() opSet {
	switch {
	case s.field != nil && s.field.Def.Name == "evt.around":
		return opsOf(opEq)
	case s.isList():
		return opsOf(opIn, opIntersects, opExists)
	}
	return opsOfType[s.typ()]
}

func (l *lowerer) test(e *testExpr) (node, *Error) {
	left, err := l.left(e.Left)
	if err != nil {
		return nil, err
	}
	op, at := opExists, left.place
	if !e.Exists {
		op, at = opByName(e.Op.Value), placeOf(e.Op)
	}
	if err := l.checkOp(left, op, at); err != nil {
		return nil, err
	}
	var n node
	switch {
	case e.Exists:
		n = &existsNode{left: left.operand}
	case left.field != nil && left.field.Def.Name == "evt.around":
		n, err = l.around(left, e)
	case e.Right.Call != nil:
		n, err = l.relation(left, op, e)
	default:
		n, err = l.comparison(left, op, e)
	}
	if err != nil {
		return nil, err
	}
	if kindOnly(n) {
		return &kindNode{n, kindsWhere(n.match)}, nil
	}
	return n, nil
}

// checkOp refuses an operator that the operand's type does not have.
func (l *lowerer) checkOp(left *side, op opcode, at place) *Error {
	ops := left.ops()
	if ops.has(op) {
		return nil
	}
	what := fmt.Sprintf("%s (%s)", typeNoun[left.typ()], left.typ())
	hint := "it takes " + ops.String()
	switch {
	case left.isList():
		what = "a list"
	case left.typ() == fields.Absent:
		what = "a buffer or an address"
		hint = "evt.buffer and evt.arg can be compared"
	case left.typ() == fields.Bytes && op == opIContains:
		hint = "contains tells upper from lower case; regex and icontains are for texts"
	}
	return l.err(at, hint, "%q does not go with %s, %s", op.String(), left.name(), what)
}

// kindFields have values that the kind of the event alone decides.
var kindFields = []string{"evt.type", "evt.dir", "evt.type.is", "evt.is_io", "evt.is_io_read", "evt.is_io_write", "evt.is_wait", "evt.io_dir", "syscall.type"}

func kindOnly(n node) bool {
	only := true
	n.walk(func(f *fields.Field) { only = only && slices.Contains(kindFields, f.Def.Name) })
	_, around := n.(*aroundNode)
	return only && !around
}

// literal takes the quotes off a value.
func (l *lowerer) literal(t lexer.Token) (literal, *Error) {
	p := placeOf(t)
	if t.Type != tokQuoted {
		return literal{t.Value, p.offset, p.length}, nil
	}
	text, msg, at, n := unquote(t.Value)
	if msg != "" {
		hint := ""
		if strings.HasPrefix(msg, "no escape") {
			hint = `write \\ for a backslash`
		}
		return literal{}, l.err(place{p.offset + at, n}, hint, "%s", msg)
	}
	return literal{text, p.offset, p.length}, nil
}

// literals are the values on the right, and whether they were a list.
func (l *lowerer) literals(left *side, op opcode, e *testExpr) ([]literal, bool, *Error) {
	items := []itemExpr{{e.Right.Text}}
	list := e.Right.List != nil
	if list {
		items = e.Right.List.Items
		if e.Mod.Value == "" && !op.takesList() {
			hint := fmt.Sprintf("write %s in (...)", left.name())
			if op == opNe {
				hint = fmt.Sprintf("write not %s in (...)", left.name())
			} else if op != opEq {
				hint = "it takes one value"
			}
			open, end := placeOf(e.Right.List.Open), placeOf(e.Right.List.Close)
			return nil, false, l.err(open.to(end), hint, "%q does not take a list", op.String())
		}
	}
	var lits []literal
	for _, item := range items {
		lit, err := l.literal(item.Text)
		if err != nil {
			return nil, false, err
		}
		lits = append(lits, lit)
	}
	return lits, list || op.setOp(), nil
}

// comparison compares with constants.
func (l *lowerer) comparison(left *side, op opcode, e *testExpr) (node, *Error) {
	if e.Mod.Value != "" && op.setOp() {
		return nil, l.err(placeOf(e.Mod), "", "%q does not go with %q", e.Mod.Value, op.String())
	}
	lits, list, err := l.literals(left, op, e)
	if err != nil {
		return nil, err
	}
	n := &checkNode{left: left.operand, op: op, mod: e.Mod.Value, list: list, quant: quantOf(left, op)}
	c := &constant{l: l, name: left.name(), typ: left.typ(), op: op, field: left.field, arg: left.arg}
	for _, lit := range lits {
		n.texts = append(n.texts, lit.text)
		if op == opPMatch {
			continue
		}
		p, err := c.pred(lit)
		if err != nil {
			return nil, err
		}
		n.preds = append(n.preds, p)
	}
	switch {
	case op == opPMatch:
		n.preds = []pred{newPMatch(n.texts)}
	case n.mod == "" && list:
		n.preds = []pred{anyOf(n.preds)}
	}
	n.shorten()
	return n, nil
}

// quantOf says which of the values of the left side have to satisfy op. A socket has two ends: it has port 80 when one end has it,
// and has another port than 80 when neither has.
func quantOf(left *side, op opcode) quant {
	if !left.many() {
		return single
	}
	if left.isList() && op == opIn {
		return subset
	}
	if t := left.typ(); op == opNe && (t == fields.IP || t == fields.Net || t == fields.Port) {
		return every
	}
	return some
}

// anyOf makes one question of several; equal texts and numbers become a set.
func anyOf(preds []pred) pred {
	var texts []string
	var nums []uint64
	for _, p := range preds {
		switch p := p.(type) {
		case equalPred:
			texts = append(texts, string(p))
		case fewPred:
			texts = append(texts, p...)
		case uintPred:
			nums = append(nums, p.n)
		case intPred:
			nums = append(nums, uint64(p.n))
		}
	}
	switch {
	case len(preds) == 1:
		return preds[0]
	case len(texts) > 0:
		return textSet(texts)
	case len(nums) > fewTexts:
		return newNumSet(nums)
	}
	return anyPred(preds)
}

// maxAround is how many milliseconds fit into the nanoseconds of a time.
const maxAround = 1 << 63 / 1_000_000

// around makes evt.around[ts]=ms.
func (l *lowerer) around(left *side, e *testExpr) (node, *Error) {
	at := placeOf(e.Op)
	if e.Right.List != nil || e.Right.Call != nil || e.Mod.Value != "" {
		return nil, l.err(at, "as in evt.around[1404996934793590564]=10", "evt.around takes one number of milliseconds")
	}
	ts, nerr := parseNumber(left.field.Arg, fields.AbsTime, "evt.around")
	if nerr != nil || !ts.IsInt() || !ts.Num().IsUint64() {
		return nil, l.err(left.place, "as in evt.around[1404996934793590564]=10", "%q is not a time in nanoseconds", left.field.Arg)
	}
	lit, err := l.literal(e.Right.Text)
	if err != nil {
		return nil, err
	}
	ms, nerr := parseNumber(lit.text, fields.Uint, left.name())
	if nerr != nil {
		return nil, l.err(place{lit.offset, lit.length}, nerr.hint, "%s", nerr.msg)
	}
	if !ms.IsInt() || !ms.Num().IsInt64() || ms.Num().Int64() < 0 || ms.Num().Int64() > maxAround {
		return nil, l.err(place{lit.offset, lit.length}, "it is a number of milliseconds", "%s is out of range", lit.text)
	}
	t, span := ts.Num().Uint64(), ms.Num().Uint64()*1e6
	return &aroundNode{field: left.field, text: lit.text, from: t - min(t, span), to: t + min(^t, span)}, nil
}
