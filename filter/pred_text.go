package filter

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"scry/filter/fields"
)

type equalPred string

func (p equalPred) holds(v fields.Value) bool { return v.Str == string(p) }

type containsPred string

func (p containsPred) holds(v fields.Value) bool { return strings.Contains(v.Str, string(p)) }

type prefixPred string

func (p prefixPred) holds(v fields.Value) bool { return strings.HasPrefix(v.Str, string(p)) }

type suffixPred string

func (p suffixPred) holds(v fields.Value) bool { return strings.HasSuffix(v.Str, string(p)) }

// orderPred orders texts byte by byte.
type orderPred struct {
	op   opcode
	text string
}

func (p orderPred) holds(v fields.Value) bool { return ordered(p.op, strings.Compare(v.Str, p.text)) }

// ordered tells whether a comparison that gave c satisfies op.
func ordered(op opcode, c int) bool {
	switch op {
	case opEq:
		return c == 0
	case opNe:
		return c != 0
	case opLt:
		return c < 0
	case opLe:
		return c <= 0
	case opGt:
		return c > 0
	}
	return c >= 0
}

// foldPred is icontains. Only ASCII letters have case.
type foldPred string

func (p foldPred) holds(v fields.Value) bool { return foldContains(v.Str, string(p)) }

func foldContains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		k := 0
		for k < len(part) && lowerByte(s[i+k]) == lowerByte(part[k]) {
			k++
		}
		if k == len(part) {
			return true
		}
	}
	return false
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// fewPred is a short list, setPred a long one.
type fewPred []string

func (p fewPred) holds(v fields.Value) bool {
	for _, s := range p {
		if s == v.Str {
			return true
		}
	}
	return false
}

type setPred map[string]struct{}

func (p setPred) holds(v fields.Value) bool {
	_, ok := p[v.Str]
	return ok
}

// fewTexts is up to where a list is searched one by one. A map costs 10 to 20 ns at any size; so do 4 names of the same length, or about 8
// of different lengths, most of which are decided by the length (BenchmarkTextSet).
const fewTexts = 6

func textSet(texts []string) pred {
	if len(texts) <= fewTexts {
		return fewPred(texts)
	}
	m := make(setPred, len(texts))
	for _, t := range texts {
		m[t] = struct{}{}
	}
	return m
}

// regexPred is a POSIX expression that has to match the whole text.
type regexPred struct{ re *regexp.Regexp }

func (p regexPred) holds(v fields.Value) bool { return p.re.MatchString(v.Str) }

// newRegex compiles an expression. POSIX syntax leaves ^ and $ at every line, so the anchors are put around the parsed expression
// in the notation that has anchors for the whole text.
func newRegex(text string) (pred, error) {
	tree, err := syntax.Parse(text, syntax.POSIX)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(`\A(?:` + tree.String() + `)\z`)
	if err != nil {
		return nil, err
	}
	re.Longest()
	return regexPred{re}, nil
}
