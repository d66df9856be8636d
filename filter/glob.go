package filter

import (
	"strings"

	"scry/filter/fields"
)

// globPred matches shell patterns as fnmatch does without flags: * and ? match slashes too, [a-z], [!x] and [[:digit:]] are
// classes, a backslash takes the next byte as it is. With fold, pattern and text are compared without case.
type globPred struct {
	pattern string
	fold    bool
}

func (p globPred) holds(v fields.Value) bool { return glob(p.pattern, v.Str, p.fold) }

// glob goes back only to the last star, so its time is at most the product of the lengths.
func glob(pattern, s string, fold bool) bool {
	p, i := 0, 0
	star, from := -1, 0 // place after the last star, and where in s it was tried
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, from = p, i
			continue
		}
		if n := globOne(pattern[p:], s[i], fold); n > 0 {
			p += n
			i++
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, i = star, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globOne matches one byte against the first element of the pattern and returns the element's length, 0 when it does not match.
func globOne(pattern string, c byte, fold bool) int {
	if pattern == "" {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '[':
		if n, ok := globClass(pattern, c, fold); n > 0 {
			if ok {
				return n
			}
			return 0
		}
	case '\\':
		if len(pattern) > 1 && sameByte(pattern[1], c, fold) {
			return 2
		}
		return 0
	}
	if sameByte(pattern[0], c, fold) {
		return 1
	}
	return 0
}

func sameByte(a, b byte, fold bool) bool { return a == b || fold && lowerByte(a) == lowerByte(b) }

// globClass matches c against the class at the start of the pattern. n is its length, 0 when the bracket is never closed and
// stands for itself.
func globClass(pattern string, c byte, fold bool) (n int, ok bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated
		}
		if k := strings.Index(pattern[i:], ":]"); strings.HasPrefix(pattern[i:], "[:") && k > 1 {
			ok = ok || inClass(pattern[i+2:i+k], c, fold)
			i += k + 2
			continue
		}
		var lo, hi byte
		lo, i = classByte(pattern, i)
		hi = lo
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			hi, i = classByte(pattern, i+1)
		}
		ok = ok || lo <= c && c <= hi || fold && (lo <= lowerByte(c) && lowerByte(c) <= hi || lo <= upperByte(c) && upperByte(c) <= hi)
	}
	return 0, false
}

// classByte is the byte at i of a class, which a backslash may quote, and the place after it.
func classByte(pattern string, i int) (byte, int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

func upperByte(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c &^ 0x20
	}
	return c
}

// inClass tells whether c is in a named class of the C locale.
func inClass(name string, c byte, fold bool) bool {
	lower, upper, digit := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
	switch name {
	case "alpha":
		return lower || upper
	case "alnum":
		return lower || upper || digit
	case "digit":
		return digit
	case "lower":
		return lower || fold && upper
	case "upper":
		return upper || fold && lower
	case "xdigit":
		return digit || lowerByte(c) >= 'a' && lowerByte(c) <= 'f'
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "print":
		return c >= ' ' && c < 0x7f
	case "graph":
		return c > ' ' && c < 0x7f
	case "punct":
		return c > ' ' && c < 0x7f && !lower && !upper && !digit
	}
	return false
}
