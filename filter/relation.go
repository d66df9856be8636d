package filter

import (
	"cmp"
	"strings"

	"scry/filter/fields"
)

// relOf is the comparison of two values of these types, nil when they cannot be compared.
func relOf(op opcode, l, r fields.Type) func(l, r fields.Value) bool {
	if op == opIn || op == opIntersects {
		op = opEq
	}
	switch {
	case l.Text() && r.Text():
		return textRel(op)
	case isCount(l) && isCount(r) || l == r && l.Numeric():
		return func(a, b fields.Value) bool { return numRel(op, a, b) }
	case l == r && l == fields.Bool:
		return func(a, b fields.Value) bool { return (a.Bool() == b.Bool()) == (op == opEq) }
	case l == r && l == fields.IP:
		return func(a, b fields.Value) bool { return (a.Addr().Unmap() == b.Addr().Unmap()) == (op == opEq) }
	}
	return nil
}

// isCount tells whether the type is a plain number.
func isCount(t fields.Type) bool {
	return t == fields.Int || t == fields.Uint || t == fields.Port || t == fields.Float
}

// numRel compares numbers of any two types by their mathematical value.
func numRel(op opcode, a, b fields.Value) bool {
	switch {
	case a.Type == fields.Float || b.Type == fields.Float:
		return compareFloat(op, a.Float(), b.Float())
	case a.Type == fields.Int && a.Int() < 0 || b.Type == fields.Int && b.Int() < 0:
		if a.Type == fields.Int && b.Type == fields.Int {
			return ordered(op, cmp.Compare(a.Int(), b.Int()))
		}
		if a.Type == fields.Int && a.Int() < 0 {
			return ordered(op, -1)
		}
		return ordered(op, 1)
	}
	return ordered(op, cmp.Compare(a.Num, b.Num))
}

func textRel(op opcode) func(l, r fields.Value) bool {
	switch op {
	case opContains, opBContains:
		return func(a, b fields.Value) bool { return strings.Contains(a.Str, b.Str) }
	case opIContains:
		return func(a, b fields.Value) bool { return foldContains(a.Str, b.Str) }
	case opStartsWith, opBStartsWith:
		return func(a, b fields.Value) bool { return strings.HasPrefix(a.Str, b.Str) }
	case opEndsWith:
		return func(a, b fields.Value) bool { return strings.HasSuffix(a.Str, b.Str) }
	case opGlob:
		return func(a, b fields.Value) bool { return glob(b.Str, a.Str, false) }
	case opIGlob:
		return func(a, b fields.Value) bool { return glob(b.Str, a.Str, true) }
	}
	return func(a, b fields.Value) bool { return ordered(op, strings.Compare(a.Str, b.Str)) }
}
