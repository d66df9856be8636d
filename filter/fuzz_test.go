package filter

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// FuzzCompile: a text either compiles, and then prints as a text that compiles to the same, or gives an error with a place in it.
func FuzzCompile(f *testing.F) {
	for _, c := range matchCases {
		f.Add(c.filter)
	}
	for _, file := range []string{"testdata/errors.txt", "testdata/differential.txt"} {
		for _, line := range lines(f, file) {
			f.Add(strings.TrimPrefix(line, "> "))
		}
	}
	evs := events(f)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := Compile(text, nil)
		if (err == nil) != (x != nil) {
			t.Fatalf("%q: filter %v and error %v", text, x, err)
		}
		if err != nil {
			checkPlace(t, text, err)
			return
		}
		sameFilter(t, x)
		for name, ev := range evs {
			if got, want := x.Match(ev), x.root.match(ev); got != want && x.run != x.root {
				t.Fatalf("%q on %s: %v, the tree says %v", text, name, got, want)
			}
		}
	})
}

func lines(t testing.TB, file string) []string {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []string
	for s := bufio.NewScanner(r); s.Scan(); {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// TestDifferentialList: the filters that are run through both programs are at least filters here.
func TestDifferentialList(t *testing.T) {
	list := lines(t, "testdata/differential.txt")
	for _, line := range list {
		f, err := Compile(line, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		sameFilter(t, f)
	}
	if len(list) < 80 {
		t.Errorf("%d filters", len(list))
	}
}
