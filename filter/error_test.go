package filter

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestErrors: testdata/errors.txt holds filters, each after "> ", or after ">> " in Go's quotes, and the whole text of their errors.
func TestErrors(t *testing.T) {
	const file = "testdata/errors.txt"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(old)) {
		if strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
		mark, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if mark != ">" && mark != ">>" {
			continue
		}
		b.WriteString("\n" + line)
		if mark == ">>" {
			if text, err = strconv.Unquote(text); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		_, err := Compile(text, nil)
		if err == nil {
			t.Errorf("%s compiles", text)
			continue
		}
		checkPlace(t, text, err)
		b.WriteString(err.Error() + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, want := strings.Split(b.String(), "\n\n"), strings.Split(string(old), "\n\n")
	for i := range min(len(got), len(want)) {
		if strings.TrimSpace(got[i]) != strings.TrimSpace(want[i]) {
			t.Errorf("got\n%s\nwant\n%s", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d errors, want %d", len(got), len(want))
	}
}

// checkPlace fails unless the error's place lies in the text.
func checkPlace(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("%q: error is a %T", text, err)
	}
	if e.Text != text || e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(text) || e.Line < 1 || e.Column < 1 || e.Msg == "" {
		t.Fatalf("%q: bad place %+v", text, e)
	}
	_ = e.Error()
}
