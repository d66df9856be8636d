package filter

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// literal is a constant of a comparison: its text without quotes, and its place.
type literal struct {
	text   string
	offset int
	length int
}

// constant is what makes literals into questions: the operand that they are compared with, and the operator.
type constant struct {
	l     *lowerer
	name  string        // of the operand, for messages
	typ   fields.Type   // of the operand
	op    opcode        // of one comparison
	arg   *argInfo      // of evt.rawarg
	field *fields.Field // nil when the operand is no plain field
}

// pred makes the question "op lit" for one literal.
func (c *constant) pred(lit literal) (pred, *Error) {
	switch c.typ {
	case fields.String, fields.Bytes:
		return c.text(lit)
	case fields.Bool:
		return c.boolean(lit)
	case fields.IP:
		return c.address(lit)
	case fields.Net:
		return c.network(lit)
	case fields.Float:
		return c.float(lit)
	}
	return c.number(lit)
}

func (c *constant) err(lit literal, hint, format string, args ...any) *Error {
	return newError(c.l.text, lit.offset, lit.length, fmt.Sprintf(format, args...), hint)
}

func (c *constant) text(lit literal) (pred, *Error) {
	switch c.op {
	case opEq, opNe, opIn, opIntersects:
		if err := c.known(lit); err != nil {
			return nil, err
		}
		if other := c.family(lit.text); other != "" {
			return c.maybeNot(fewPred{lit.text, other}), nil
		}
		return c.maybeNot(equalPred(lit.text)), nil
	case opContains:
		return containsPred(lit.text), nil
	case opIContains:
		return foldPred(lit.text), nil
	case opStartsWith:
		return prefixPred(lit.text), nil
	case opEndsWith:
		return suffixPred(lit.text), nil
	case opGlob, opIGlob:
		return globPred{lit.text, c.op == opIGlob}, nil
	case opBContains, opBStartsWith:
		b, err := hex.DecodeString(lit.text)
		if err != nil {
			return nil, c.err(lit, "as in 48545450", "%s takes an even number of hexadecimal digits", c.op)
		}
		if c.op == opBContains {
			return containsPred(b), nil
		}
		return prefixPred(b), nil
	case opRegex:
		p, err := newRegex(lit.text)
		if err != nil {
			return nil, c.err(lit, regexHint(lit.text), "bad expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return p, nil
	}
	return orderPred{c.op, lit.text}, nil
}

func regexHint(text string) string {
	switch {
	case strings.Contains(text, `\w`):
		return "POSIX syntax: write [[:alnum:]_]"
	case strings.Contains(text, `\d`):
		return "POSIX syntax: write [0-9]"
	case strings.Contains(text, `\s`):
		return "POSIX syntax: write [[:space:]]"
	case strings.HasPrefix(text, "*"):
		return "this is a pattern for glob"
	}
	return "the syntax is RE2's POSIX, and the whole text has to match"
}

// known refuses a text that the field never has.
func (c *constant) known(lit literal) *Error {
	if c.field == nil {
		return nil
	}
	switch c.field.Def.Name {
	case "evt.type", "syscall.type":
		names := eventNames()
		if !contains(names, lit.text) {
			return c.err(lit, didYouMean(lit.text, names), "no event type %q", lit.text)
		}
		return nil
	}
	names := enums[c.field.Def.Name]
	if names == nil || lit.text == "" || contains(names, lit.text) {
		return nil
	}
	hint := didYouMean(lit.text, names)
	if hint == "" {
		hint = "one of " + strings.Join(without(names, "<NA>"), " ")
	}
	return c.err(lit, hint, "%s is never %q", c.name, lit.text)
}

// family is the other name that evt.type=text finds.
func (c *constant) family(text string) string {
	if c.field == nil || c.field.Def.Name != "evt.type" {
		return ""
	}
	return kernelFamilies[text]
}

func (c *constant) maybeNot(p pred) pred {
	if c.op == opNe {
		return notPred{p}
	}
	return p
}

func (c *constant) boolean(lit literal) (pred, *Error) {
	switch lit.text {
	case "true":
		return c.maybeNot(boolPred(true)), nil
	case "false":
		return c.maybeNot(boolPred(false)), nil
	}
	hint := "write true or false"
	switch strings.ToLower(lit.text) {
	case "1", "yes", "true", "on", "t", "y":
		hint = "write true"
	case "0", "no", "false", "off", "f", "n":
		hint = "write false"
	}
	return nil, c.err(lit, hint, "%s is true or false, not %q", c.name, lit.text)
}

func (c *constant) address(lit literal) (pred, *Error) {
	a, err := netip.ParseAddr(lit.text)
	if err != nil || a.Zone() != "" {
		hint := ""
		if _, err := netip.ParsePrefix(lit.text); err == nil {
			hint = "networks are compared with " + strings.TrimSuffix(c.name, "ip") + "net"
		}
		return nil, c.err(lit, hint, "%q is not an IP address", lit.text)
	}
	return c.maybeNot(ipPred(a.Unmap())), nil
}

func (c *constant) network(lit literal) (pred, *Error) {
	p, err := netip.ParsePrefix(lit.text)
	if err != nil {
		a, aerr := netip.ParseAddr(lit.text)
		if aerr != nil || a.Zone() != "" {
			return nil, c.err(lit, networkHint(lit.text), "%q is not an IP network", lit.text)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return c.maybeNot(netPred(p.Masked())), nil
}

func networkHint(text string) string {
	addr, bits, ok := strings.Cut(text, "/")
	if a, err := netip.ParseAddr(addr); ok && err == nil && bits != "" {
		return fmt.Sprintf("the mask of %s is 0 to %d", addr, a.BitLen())
	}
	return "as in 10.0.0.0/8 or fe80::/10"
}

func (c *constant) float(lit literal) (pred, *Error) {
	r, nerr := parseNumber(lit.text, c.typ, c.name)
	if nerr != nil {
		return nil, c.err(lit, nerr.hint, "%s", nerr.msg)
	}
	f, _ := r.Float64()
	if math.IsInf(f, 0) {
		return nil, c.err(lit, "", "%s is too large", lit.text)
	}
	return floatPred{c.numOp(), f}, nil
}

// numOp is the comparison of one number: a set is made of equalities.
func (c *constant) numOp() opcode {
	if c.op == opIn || c.op == opIntersects {
		return opEq
	}
	return c.op
}

func (c *constant) number(lit literal) (pred, *Error) {
	n, err := c.integer(lit)
	if err != nil {
		return nil, err
	}
	lo, hi := c.limits()
	if n.Cmp(lo) < 0 || n.Cmp(hi) > 0 {
		// All ones is how unsigned fields say "none", and how people write it is -1.
		if c.arg != nil || c.typ == fields.Int || !n.IsInt64() || n.Int64() != -1 || c.typ == fields.Port {
			return nil, c.err(lit, fmt.Sprintf("%s goes from %s to %s", c.name, lo, hi), "%s is out of range", lit.text)
		}
		n = hi
	}
	if c.arg != nil {
		if n.Sign() < 0 {
			return argPred{c.numOp(), uint64(n.Int64()), true}, nil
		}
		return argPred{c.numOp(), n.Uint64(), false}, nil
	}
	if c.typ == fields.Int {
		return intPred{c.numOp(), n.Int64()}, nil
	}
	return uintPred{c.numOp(), n.Uint64()}, nil
}

// integer reads a whole number, the name of a service or of a flag.
func (c *constant) integer(lit literal) (*big.Int, *Error) {
	r, nerr := parseNumber(lit.text, c.typ, c.name)
	if nerr != nil {
		n, err := c.named(lit)
		if err != nil {
			return nil, err
		}
		if n == nil {
			return nil, c.err(lit, nerr.hint, "%s", nerr.msg)
		}
		return n, nil
	}
	if !r.IsInt() {
		what := "whole number"
		if c.typ == fields.RelTime || c.typ == fields.AbsTime {
			what = "whole number of nanoseconds"
		}
		return nil, c.err(lit, "", "%s is not a %s", lit.text, what)
	}
	return r.Num(), nil
}

// named is the number that a name stands for: a service for a port, a flag for a parameter. nil when there are no names.
func (c *constant) named(lit literal) (*big.Int, *Error) {
	if c.typ == fields.Port {
		if port, ok := fields.ServicePort(lit.text); ok {
			return new(big.Int).SetUint64(uint64(port)), nil
		}
		hint := didYouMean(lit.text, fields.ServiceNames())
		if hint == "" {
			hint = "a port is a number or a name such as http"
		}
		return nil, c.err(lit, hint, "no port %q", lit.text)
	}
	if c.arg == nil || lit.text == "" || !isLetter(lit.text[0]) {
		return nil, nil
	}
	n, names, ok := c.arg.flag(lit.text)
	if ok {
		return new(big.Int).SetUint64(n), nil
	}
	if len(names) == 0 {
		return nil, nil
	}
	return nil, c.err(lit, didYouMean(lit.text, names), "%s has no value %q", c.name, lit.text)
}

// narrow are the unsigned fields that have 32 bits: -1 is all ones of these.
var narrow = map[string]bool{"user.uid": true, "group.gid": true, "proc.tty": true}

// limits are the least and the greatest number of the type.
func (c *constant) limits() (lo, hi *big.Int) {
	lo, hi = new(big.Int), new(big.Int).SetUint64(math.MaxUint64)
	switch {
	case c.arg != nil:
		lo.SetInt64(math.MinInt64)
	case c.typ == fields.Int:
		return lo.SetInt64(math.MinInt64), hi.SetInt64(math.MaxInt64)
	case c.typ == fields.Port:
		hi.SetInt64(math.MaxUint16)
	case c.field != nil && narrow[c.field.Def.Name]:
		hi.SetInt64(math.MaxUint32)
	}
	return lo, hi
}

// argType is the type that the parameters of events called name are compared as, and whether they can be compared at all.
func argType(a argInfo) fields.Type {
	typ := fields.Absent
	for _, p := range a.params {
		switch p.Kind {
		case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
			if typ == fields.Absent {
				typ = fields.String
			}
		case event.KindByteBuf, event.KindSockAddr, event.KindSockTuple, event.KindFDList, event.KindCharBufArray, event.KindCharBufPairArray,
			event.KindIPv4Addr, event.KindIPv6Addr, event.KindIPAddr, event.KindIPv4Net, event.KindIPv6Net, event.KindIPNet, event.KindDyn, event.KindNone:
		case event.KindDouble:
			return fields.Float
		case event.KindRelTime:
			return fields.RelTime
		default:
			return fields.Uint
		}
	}
	return typ
}
