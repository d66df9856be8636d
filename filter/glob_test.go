package filter

import (
	"strings"
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abbc", true},
		{"a*c", "abcd", false}, {"a?c", "a/c", true}, {"?", "", false}, {"??", "a", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b", "ababa", false},
		{"[abc]", "b", true}, {"[abc]", "d", false}, {"[a-c]x", "bx", true}, {"[!a-c]", "d", true}, {"[!a-c]", "b", false}, {"[^a]", "b", true},
		{"[]a]", "]", true}, {"[!]a]", "b", true}, {"[a", "[a", true}, {"[a", "a", false}, {"[-a]", "-", true}, {"[a-]", "-", true},
		{"[[:digit:]]", "5", true},
		{"[[:alnum:]]", "x", true}, {"[[:lower:]]", "x", true}, {"[[:upper:]]", "x", false}, {"[[:xdigit:]]", "F", true}, {"[[:space:]]", "\n", true},
		{"[[:blank:]]", "\n", false}, {"[[:cntrl:]]", "\a", true}, {"[[:print:]]", " ", true}, {"[[:graph:]]", " ", false}, {"[[:punct:]]", ".", true},
		{"[[:digit:]]", "x", false}, {"[![:alpha:]_]", "5", true}, {"[[:foo:]]", "f", false},
		{`\*`, "*", true}, {`\*`, "a", false}, {`a\`, "a", false}, {`a\`, `a\`, false}, {`[\]]`, "]", true}, {"**", "abc", true}, {"*?", "", false},
		{"[[:]", ":", true}, {"[[:]", "]", false},
	} {
		if got := glob(c.pattern, c.text, false); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{{"AB*", "abc", true}, {"[A-C]x", "bX", true}, {"[!a]", "A", false}, {`\A`, "a", true}, {"[[:upper:]]", "a", true}, {"b", "a", false}} {
		if got := glob(c.pattern, c.text, true); got != c.want {
			t.Errorf("iglob(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

// A pattern of many stars on a text that almost matches does not explode.
func TestGlobTime(t *testing.T) {
	start := time.Now()
	glob(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 5000), false)
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
}
