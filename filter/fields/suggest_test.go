package fields

import "testing"

// The distance counts letters that miss, are too many, wrong or swapped, up to 3, the same both ways.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abcd", "badc", 2},
		{"abc", "xyz", 3}, {"abcdef", "ab", 3}, {"open", "opne", 1}, {"openat", "open", 2}, {"open", "oepn", 1},
		{"read", "write", 3}, {"abcdef", "badcfe", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func TestNearestField(t *testing.T) {
	for word, want := range map[string]string{
		"fd.nam": "fd.name", "proc.nmae": "proc.name", "pid": "proc.pid", "proc.name.x": "proc.name", "nothing.like.it": "", "": "",
	} {
		if got := NearestField(word, Hidden); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
