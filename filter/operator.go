package filter

import (
	"strings"

	"scry/filter/fields"
)

// opcode is a comparison operator.
type opcode uint8

const (
	opNone opcode = iota
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opContains
	opIContains
	opBContains
	opStartsWith
	opBStartsWith
	opEndsWith
	opGlob
	opIGlob
	opRegex
	opIn
	opIntersects
	opPMatch
	opExists
	numOps
)

var opNames = [numOps]string{
	opEq: "=", opNe: "!=", opLt: "<", opLe: "<=", opGt: ">", opGe: ">=", opContains: "contains", opIContains: "icontains",
	opBContains: "bcontains", opStartsWith: "startswith", opBStartsWith: "bstartswith", opEndsWith: "endswith", opGlob: "glob",
	opIGlob: "iglob", opRegex: "regex", opIn: "in", opIntersects: "intersects", opPMatch: "pmatch", opExists: "exists",
}

func (o opcode) String() string { return opNames[o] }

// opByName finds an operator; "==" is another name of "=".
func opByName(name string) opcode {
	if name == "==" {
		return opEq
	}
	for o := opEq; o < numOps; o++ {
		if opNames[o] == name {
			return o
		}
	}
	return opNone
}

// takesList tells whether a list of values on the right means any of them.
func (o opcode) takesList() bool { return o >= opContains }

// setOp tells whether the operator needs a list.
func (o opcode) setOp() bool { return o == opIn || o == opIntersects || o == opPMatch }

// opSet is a set of operators.
type opSet uint32

func opsOf(ops ...opcode) opSet {
	var s opSet
	for _, o := range ops {
		s |= 1 << o
	}
	return s
}

func (s opSet) has(o opcode) bool { return s&(1<<o) != 0 }

// String lists the operators for messages.
func (s opSet) String() string {
	var names []string
	for o := opEq; o < numOps; o++ {
		if s.has(o) {
			names = append(names, opNames[o])
		}
	}
	return strings.Join(names, " ")
}

var (
	equality = opsOf(opEq, opNe, opIn, opExists)
	ordering = equality | opsOf(opLt, opLe, opGt, opGe)
	numeric  = ordering | opsOf(opIntersects)
	affixes  = opsOf(opContains, opStartsWith, opEndsWith)
)

// opsOfType says which operators a type takes. It differs from current libs in two places: texts have an order, as in 0.29.3, and
// networks do intersect.
var opsOfType = [...]opSet{
	fields.Absent:  opsOf(opExists),
	fields.Int:     numeric,
	fields.Uint:    numeric,
	fields.Bool:    equality,
	fields.String:  numeric | affixes | opsOf(opIContains, opGlob, opIGlob, opRegex, opPMatch),
	fields.Bytes:   equality | affixes | opsOf(opBContains, opBStartsWith),
	fields.Float:   numeric,
	fields.RelTime: numeric,
	fields.AbsTime: numeric,
	fields.Port:    ordering,
	fields.IP:      equality | opsOf(opIntersects),
	fields.Net:     equality | opsOf(opIntersects),
}

// typeNoun is what a type is called in messages.
var typeNoun = [...]string{
	fields.Absent: "a value without text or number", fields.Int: "a number", fields.Uint: "a number", fields.Bool: "true or false",
	fields.String: "a text", fields.Bytes: "a buffer", fields.Float: "a number", fields.RelTime: "a time span", fields.AbsTime: "a time",
	fields.Port: "a port", fields.IP: "an address", fields.Net: "a network",
}

func isModifier(w string) bool { return w == "oneof" || w == "anyof" || w == "allof" }
