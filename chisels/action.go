package chisels

import (
	"fmt"
	"slices"
	"strings"

	"scry/filter/fields"
)

// ActionSpec is a program that a key of the terminal UI starts for the selected row: words, never a shell. "%FIELD" in a word is the value that the row has in
// the column of that field. The word nice+N or nice-N is the priority that the process has now and N, in a command that ends in its id.
type ActionSpec struct {
	Key     string   `yaml:"key"`
	Title   string   `yaml:"title"`
	Command []string `yaml:"command"`
	Ask     bool     `yaml:"ask"`  // it changes something, so the user is asked first
	TTY     bool     `yaml:"tty"`  // it wants the terminal for itself; otherwise its output is shown when it has ended
	When    []string `yaml:"when"` // a field and the values for which there is the action; none: always
}

// templatePart is a piece of a word: a text, or the name of a field.
type templatePart struct{ text, field string }

// splitTemplate takes a word apart. "%%" is a percent sign, and so is one that no name follows.
func splitTemplate(word string) []templatePart {
	var out []templatePart
	for word != "" {
		i := strings.IndexByte(word, '%')
		if i < 0 {
			return append(out, templatePart{text: word})
		}
		if i > 0 {
			out = append(out, templatePart{text: word[:i]})
		}
		word = word[i+1:]
		d, _, _, n := fields.Scan(word)
		switch {
		case d != nil:
			out = append(out, templatePart{field: word[:n]})
			word = word[n:]
			continue
		case strings.HasPrefix(word, "%"):
			word = word[1:]
		}
		out = append(out, templatePart{text: "%"})
	}
	return out
}

// Offered tells whether the row has the action.
func (a *ActionSpec) Offered(f *Frame, row int) bool {
	if len(a.When) == 0 {
		return true
	}
	i := f.columnOf(a.When[0])
	return i >= 0 && slices.Contains(a.When[1:], f.plain(row, i))
}

// Argv is the command for a row. It is an error when the row does not know one of the values, or when a value would be taken for an option: it comes from the
// events, so from anybody. Behind a word "--" nothing is an option.
func (a *ActionSpec) Argv(f *Frame, row int) ([]string, error) {
	out := make([]string, 0, len(a.Command))
	for k, word := range a.Command {
		var b strings.Builder
		for n, part := range splitTemplate(word) {
			if part.field == "" {
				b.WriteString(part.text)
				continue
			}
			i := f.columnOf(part.field)
			if i < 0 || row < 0 || row >= len(f.Rows) || f.Rows[row].Values[i].Type == fields.Absent {
				return nil, fmt.Errorf("%s: %s of this row is not known", a.Title, part.field)
			}
			v := f.plain(row, i)
			switch {
			case v == "" || strings.ContainsRune(v, 0):
				return nil, fmt.Errorf("%s: %s of this row is empty or no text", a.Title, part.field)
			case n == 0 && v[0] == '-' && !slices.Contains(a.Command[:k], "--"):
				return nil, fmt.Errorf("%s: %s of this row begins with \"-\", so it would be taken for an option", a.Title, part.field)
			}
			b.WriteString(v)
		}
		out = append(out, b.String())
	}
	return out, nil
}

// columnOf is the column that shows a field, -1 when none does.
func (f *Frame) columnOf(field string) int {
	return slices.IndexFunc(f.Columns, func(c *ColumnSpec) bool { return c.Field == field })
}

// plain is a value as a number or text without unit, and without escapes.
func (f *Frame) plain(row, col int) string {
	v := f.Rows[row].Values[col]
	if v.Type.Text() {
		return v.Str
	}
	p := Printer{Env: &Env{Options: &fields.Options{}}}
	return p.plain(f.Columns[col], v)
}
