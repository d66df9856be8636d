package filter

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"

	"scry/filter/fields"
)

// Numbers are compared as what the field is: signed, unsigned or floating. The parameters of events (evt.rawarg) say only with each
// value which it is.
type (
	intPred struct {
		op opcode
		n  int64
	}
	uintPred struct {
		op opcode
		n  uint64
	}
	floatPred struct {
		op opcode
		n  float64
	}
	// argPred compares a parameter of either sign with a number; all ones stand for -1 in unsigned parameters of 32 and 64 bits.
	argPred struct {
		op  opcode
		n   uint64
		neg bool // n is the two's complement of a negative number
	}
)

func (p intPred) holds(v fields.Value) bool   { return ordered(p.op, cmp.Compare(int64(v.Num), p.n)) }
func (p uintPred) holds(v fields.Value) bool  { return ordered(p.op, cmp.Compare(v.Num, p.n)) }
func (p floatPred) holds(v fields.Value) bool { return compareFloat(p.op, v.Float(), p.n) }

// compareFloat is not ordered: a NaN equals nothing and has no order.
func compareFloat(op opcode, a, b float64) bool {
	switch op {
	case opEq:
		return a == b
	case opNe:
		return a != b
	case opLt:
		return a < b
	case opLe:
		return a <= b
	case opGt:
		return a > b
	}
	return a >= b
}

func (p argPred) holds(v fields.Value) bool {
	if v.Type.Text() || v.Type == fields.IP || v.Type == fields.Net {
		return false
	}
	switch {
	case v.Type == fields.Int && p.neg:
		return ordered(p.op, cmp.Compare(int64(v.Num), int64(p.n)))
	case v.Type == fields.Int && int64(v.Num) < 0:
		return ordered(p.op, -1)
	case v.Type == fields.Float:
		return compareFloat(p.op, v.Float(), p.float())
	case p.neg && v.Num == math.MaxUint32:
		return ordered(p.op, 0)
	}
	return ordered(p.op, cmp.Compare(v.Num, p.n))
}

func (p argPred) float() float64 {
	if p.neg {
		return float64(int64(p.n))
	}
	return float64(p.n)
}

// numSet is a long list of whole numbers of one type.
type numSet map[uint64]struct{}

func newNumSet(nums []uint64) numSet {
	m := make(numSet, len(nums))
	for _, n := range nums {
		m[n] = struct{}{}
	}
	return m
}

func (p numSet) holds(v fields.Value) bool {
	_, ok := p[v.Num]
	return ok
}

// timeUnits are the letters that may follow a number.
var timeUnits = map[string]int64{
	"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "min": 60e9, "h": 3600e9, "d": 86400e9,
}

// sizeUnit is the factor of k, kb, KiB, M, G, T in any case.
func sizeUnit(u string) int64 {
	if u == "" {
		return 0
	}
	k := strings.IndexByte("kmgt", lowerByte(u[0]))
	if rest := strings.ToLower(u[1:]); k < 0 || rest != "" && rest != "b" && rest != "ib" {
		return 0
	}
	return 1 << (10 * (k + 1))
}

// numberError is what is wrong with a number, and what to do.
type numberError struct{ msg, hint string }

// parseNumber reads a number exactly: decimal with sign, fraction and exponent, 0x and 0o, and a unit when the type takes one. A leading
// zero means nothing: 0644 is 644, as it always was.
func parseNumber(text string, t fields.Type, name string) (*big.Rat, *numberError) {
	bad := &numberError{fmt.Sprintf("%q is not a number", text), fmt.Sprintf("%s is %s (%s)", name, typeNoun[t], t)}
	sign, body := "", text
	if body != "" && (body[0] == '+' || body[0] == '-') {
		sign, body = body[:1], body[1:]
	}
	if len(body) > 2 && body[0] == '0' && strings.IndexByte("xXoO", body[1]) >= 0 {
		base := 16
		if body[1]|0x20 == 'o' {
			base = 8
		}
		n, ok := new(big.Int).SetString(body[2:], base)
		if !ok || strings.ContainsAny(body[2:3], "+-") || len(body) > 70 {
			return nil, bad
		}
		if sign == "-" {
			n.Neg(n)
		}
		return new(big.Rat).SetInt(n), nil
	}
	digits, unit := splitNumber(body)
	if digits == "" || len(digits) > 400 {
		return nil, bad
	}
	r, ok := new(big.Rat).SetString(sign + digits)
	if !ok {
		return nil, bad
	}
	if unit == "" {
		return r, nil
	}
	factor, nerr := unitFactor(unit, t, name, bad)
	if nerr != nil {
		return nil, nerr
	}
	return r.Mul(r, new(big.Rat).SetInt64(factor)), nil
}

// unitFactor is what a unit multiplies with for a field of the type.
func unitFactor(unit string, t fields.Type, name string, bad *numberError) (int64, *numberError) {
	span := t == fields.RelTime && !strings.HasSuffix(name, ".s") || t == fields.AbsTime && strings.Contains(name, "duration")
	size := t == fields.Int || t == fields.Uint
	switch f := timeUnits[unit]; {
	case span && f != 0:
		return f, nil
	case span && sizeUnit(unit) != 0:
		return 0, &numberError{fmt.Sprintf("%q is a unit of size, %s is %s", unit, name, typeNoun[t]), "units of time are ns us ms s m h d"}
	case size && sizeUnit(unit) != 0:
		return sizeUnit(unit), nil
	case size && f != 0:
		return 0, &numberError{fmt.Sprintf("%q is a unit of time, %s is %s", unit, name, typeNoun[t]), "units of size are k M G T"}
	case f != 0 || sizeUnit(unit) != 0:
		return 0, &numberError{fmt.Sprintf("%s takes no unit", name), "write the plain number"}
	}
	return 0, bad
}

// splitNumber parts digits, fraction and exponent from what follows.
func splitNumber(s string) (digits, unit string) {
	n := countDigits(s)
	whole := n
	if n < len(s) && s[n] == '.' {
		n += 1 + countDigits(s[n+1:])
	}
	if whole == 0 && n <= 1 {
		return "", s
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		k := n + 1
		if k < len(s) && (s[k] == '+' || s[k] == '-') {
			k++
		}
		if d := countDigits(s[k:]); d > 0 && d <= 3 {
			n = k + d
		}
	}
	return s[:n], s[n:]
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
