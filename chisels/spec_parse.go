package chisels

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"scry/filter"
	"scry/filter/fields"
)

// SpecError is a mistake in a chisel's file: what is wrong, where, and what to write instead.
type SpecError struct {
	File         string
	Line, Column int    // from 1; 0 when the file as a whole is meant
	Text         string // the line
	Length       int    // characters of the place
	Msg, Hint    string
}

// Error is the message in three lines, as that of a filter.
func (e *SpecError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s\n  %s\n  %s%s", e.File, e.Line, e.Column, e.Msg, e.Text, strings.Repeat(" ", max(e.Column-1, 0)), strings.Repeat("^", max(e.Length, 1)))
	if e.Hint != "" {
		b.WriteString(" " + e.Hint)
	}
	return b.String()
}

// maxSpec is how long a chisel's file may be.
const maxSpec = 64 << 10

// ParseSpec reads a chisel from YAML. file is what errors call it; they are always *SpecError.
func ParseSpec(file string, data []byte) (*Spec, error) {
	p := specParser{file: file, text: string(data)}
	s, err := p.read(data)
	if err == nil {
		err = p.check(s)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// read is ParseSpec without the checks.
func (p *specParser) read(data []byte) (*Spec, error) {
	switch {
	case len(data) > maxSpec:
		return nil, p.fail("", "", "is longer than 64 KiB")
	case !utf8.Valid(data):
		return nil, p.fail("", "", "is not UTF-8 text")
	}
	s := &Spec{Text: p.text, Origin: p.file}
	if err := guarded(func() error { return yaml.UnmarshalWithOptions(data, s, yaml.Strict()) }); err != nil {
		return nil, p.yaml(err)
	}
	s.complete()
	return s, nil
}

// guarded reads YAML. The library (v1.19.2) panics on some texts that are none, as on a tag with a comment behind it.
func guarded(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("is no YAML that can be read")
		}
	}()
	return read()
}

// complete fills in what may be left out.
func (s *Spec) complete() {
	if s.Kind == "" {
		s.Kind = KindTable
	}
	if s.Category == "" {
		s.Category = "Mine"
	}
	for i := range s.Args {
		if a := &s.Args[i]; a.Kind == "" {
			if a.Kind = ArgString; len(a.Values) > 0 {
				a.Kind = ArgWord
			}
		}
	}
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Name == "" {
			c.Name = c.Field
		}
		if c.Title == "" {
			c.Title = strings.ToUpper(c.Name)
		}
		if c.Agg == "" && !c.Key && c.Field == "" {
			c.Agg = "count"
		}
		if c.Agg == "" {
			c.Agg = "last"
		}
		if c.GroupAgg == "" {
			c.GroupAgg = c.Agg
		}
	}
}

// specParser reads one file.
type specParser struct {
	file, text string
	tree       *ast.File
}

// yaml makes an error of the library one of ours.
func (p *specParser) yaml(err error) error {
	e := &SpecError{File: p.file, Msg: firstLine(err.Error())}
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		tok := y.GetToken()
		e.Msg, e.Line, e.Column, e.Length = firstLine(y.GetMessage()), tok.Position.Line, tok.Position.Column, utf8.RuneCountInString(tok.Value)
		p.place(e)
		if word, ok := strings.CutPrefix(e.Msg, `unknown field "`); ok {
			word = strings.TrimSuffix(word, `"`)
			e.Msg = fmt.Sprintf("no key %q", word)
			if near := fields.Nearest(word, specKeys); near != "" {
				e.Hint = "did you mean " + near + "?"
			}
		}
	}
	return e
}

// specKeys are the words that may stand before a colon.
var specKeys = []string{"name", "title", "description", "category", "tips", "kind", "over", "filter", "args", "columns", "group", "sort", "limit", "total", "payload", "drill",
	"applies_to", "hidden", "gone", "colors", "color", "without", "any", "keep", "help", "required", "default", "values", "field", "or", "per", "key", "agg", "group_agg", "width", "unit", "with",
	"view", "root", "tags", "tree", "id", "parent", "levels", "level", "hide", "where", "actions", "command", "ask", "tty", "when"}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// place fills in the line of an error.
func (p *specParser) place(e *SpecError) {
	lines := strings.Split(p.text, "\n")
	if e.Line < 1 || e.Line > len(lines) {
		e.Line = 0
		return
	}
	e.Text = string(fields.AppendText(nil, strings.TrimRight(lines[e.Line-1], "\r"), &fields.Options{}))
}

// fail makes the error for the value at a path of the tree, as "$.columns[1].agg"; "" is the whole file.
func (p *specParser) fail(path, hint, format string, args ...any) *SpecError {
	e := &SpecError{File: p.file, Msg: fmt.Sprintf(format, args...), Hint: hint}
	if p.tree == nil && path != "" { // read a second time, for the places
		_ = guarded(func() (err error) { p.tree, err = parser.ParseBytes([]byte(p.text), 0); return err }) // it was read once
	}
	for p.tree != nil && path != "" && path != "$" {
		if at, err := yaml.PathString(path); err == nil {
			if n, err := at.FilterFile(p.tree); err == nil && n != nil && n.GetToken() != nil {
				tok := n.GetToken()
				e.Line, e.Column, e.Length = tok.Position.Line, tok.Position.Column, utf8.RuneCountInString(tok.Value)
				if _, scalar := n.(ast.ScalarNode); !scalar {
					e.Length = 1
				}
				p.place(e)
				break
			}
		}
		path = path[:strings.LastIndexAny(path, ".[")] // the value is not there: what it belongs to
	}
	return e
}

// oneOf checks a word.
func (p *specParser) oneOf(path, what, word string, words []string) *SpecError {
	if slices.Contains(words, word) {
		return nil
	}
	hint := "one of " + strings.Join(words, ", ")
	if near := fields.Nearest(word, words); near != "" {
		hint = "did you mean " + near + "?"
	}
	return p.fail(path, hint, "no %s %q", what, word)
}

// check looks at what YAML allows and a chisel does not. Its result is nil or a *SpecError.
func (p *specParser) check(s *Spec) error {
	for _, f := range []func(*Spec) *SpecError{p.checkHead, p.checkArgs, p.checkColumns, p.checkOrder, p.checkFilters, p.checkView} {
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

func (p *specParser) checkHead(s *Spec) *SpecError {
	switch {
	case s.Name == "":
		return p.fail("", "", "has no name: a chisel begins with \"name: ...\"")
	case strings.ContainsFunc(s.Name, func(r rune) bool { return !wordRune(r) }):
		return p.fail("$.name", "letters, digits, _ and -", "a chisel cannot be called %q", s.Name)
	case s.Title == "":
		return p.fail("", "", "%s has no title, which is what the list of chisels shows", s.Name)
	}
	if err := p.oneOf("$.kind", "kind", string(s.Kind), kinds); err != nil {
		return err
	}
	switch {
	case s.Kind == KindCode && makers[s.Name] == nil && s.Gone == "":
		return p.fail("$.kind", "table, list or state", "only built-in chisels are of the kind code")
	case s.Over != "":
		if err := p.oneOf("$.over", "source of rows", s.Over, overs); err != nil {
			return err
		}
	case s.Kind == KindState:
		return p.fail("$.kind", "", "a chisel of the kind state says over what: \"over: threads\", fds or containers")
	}
	if len(s.Colors) > 0 && s.Kind != KindList && s.Kind != KindCode {
		return p.fail("$.colors", "", "only the lines of a list have colours")
	}
	if s.Limit < 0 || s.Payload < 0 {
		return p.fail("$.limit", "", "a number of rows or bytes is not negative")
	}
	return nil
}

func wordRune(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (p *specParser) checkArgs(s *Spec) *SpecError {
	seen := map[string]bool{}
	optional := ""
	for i := range s.Args {
		a, path := &s.Args[i], fmt.Sprintf("$.args[%d]", i)
		switch {
		case a.Name == "":
			return p.fail(path, "", "an argument without name")
		case strings.ContainsFunc(a.Name, func(r rune) bool { return !wordRune(r) || r == '-' }):
			return p.fail(path+".name", "letters, digits and _", "an argument cannot be called %q", a.Name)
		case seen[a.Name]:
			return p.fail(path+".name", "", "two arguments are called %q", a.Name)
		case a.Required && a.Default != "":
			return p.fail(path+".default", "", "%s is required, so its default is never used", a.Name)
		case a.Required && optional != "":
			return p.fail(path+".required", "", "%s is required, so it stands before %s, which is not", a.Name, optional)
		case a.Required && (a.Without != "" || a.Any != ""):
			return p.fail(path, "", "%s is required, so it is never left out", a.Name)
		case a.Kind == ArgNoColor && s.Kind != KindList && s.Kind != KindCode:
			return p.fail(path+".kind", "", "only the lines of a list have colours")
		case a.Kind == ArgWord && len(a.Values) == 0:
			return p.fail(path, "", "a word argument lists its values")
		}
		if err := p.oneOf(path+".kind", "kind of argument", string(a.Kind), argTypes); err != nil {
			return err
		}
		if seen[a.Name] = true; !a.Required {
			optional = a.Name
		}
		if a.Default != "" {
			if err := a.check(a.Default); err != nil {
				return p.fail(path+".default", "", "%v", err)
			}
		}
	}
	return nil
}

func (p *specParser) checkColumns(s *Spec) *SpecError {
	if len(s.Columns) == 0 && s.Kind != KindCode && s.Kind != KindHeat {
		return p.fail("$.columns", "", "%s has no columns", s.Name)
	}
	seen := map[string]bool{}
	keys := 0
	for i := range s.Columns {
		c, path := &s.Columns[i], fmt.Sprintf("$.columns[%d]", i)
		if seen[c.Name] && c.With == "" {
			return p.fail(path+".name", "", "two columns are called %q", c.Name)
		}
		seen[c.Name] = true
		if c.Key {
			keys++
		}
		if err := p.checkColumn(c, path, s.Kind); err != nil {
			return err
		}
		if !s.refers(c.Field) && c.Field != "" {
			f, err := newField(c.Field, nil)
			if err != nil {
				hint := ""
				if near := fields.NearestField(c.Field, 0); near != "" {
					hint = "did you mean " + near + "?"
				}
				return p.fail(path+".field", hint, "%v", err)
			}
			if err := c.fits(f); err != nil {
				return p.fail(path+".agg", "", "%v", err)
			}
			if err := p.checkMore(c, f, path, s.Kind); err != nil {
				return err
			}
		}
	}
	if keys == 0 && s.Kind == KindTable {
		return p.fail("$.columns", "", "no column has \"key: true\": what events make a row together?")
	}
	return nil
}

func (p *specParser) checkColumn(c *ColumnSpec, path string, kind Kind) *SpecError {
	switch {
	case c.Name == "":
		return p.fail(path, "", "a column without field")
	case c.Field == "" && (c.Key && kind != KindCode || kind == KindList): // code has values of its own
		return p.fail(path, "", "%s has no field", c.Name)
	case c.Field == "" && c.Agg != "count" && kind != KindCode:
		return p.fail(path+".agg", "", "only a count does without a field")
	case c.Width < 0:
		return p.fail(path+".width", "", "a width is not negative")
	case c.With != "" && c.With != "containers":
		return p.fail(path+".with", "with: containers", "no condition %q", c.With)
	case c.Total != "" && c.Total != totalSum:
		return p.fail(path+".total", "total: sum", "no total %q", c.Total)
	}
	if c.Unit != "" {
		if err := p.oneOf(path+".unit", "unit", c.Unit, units); err != nil {
			return err
		}
	}
	for _, a := range []struct{ key, word string }{{".agg", c.Agg}, {".group_agg", c.GroupAgg}} {
		if _, ok := aggOf(a.word); !ok {
			return p.oneOf(path+a.key, "aggregation", a.word, aggNames)
		}
	}
	return nil
}

// checkMore looks at the other fields of a column.
func (p *specParser) checkMore(c *ColumnSpec, f *fields.Field, path string, kind Kind) *SpecError {
	switch {
	case len(c.Or) > 0 && len(c.Per) > 0:
		return p.fail(path+".per", "", "a column has either other fields or fields that it is counted per")
	case len(c.Or) > 0 && kind == KindList:
		return p.fail(path+".or", "", "a list has one field in a column")
	case len(c.Per) > 0 && c.Agg != "distinct":
		return p.fail(path+".per", "", "only distinct values are counted per another field")
	}
	for key, list := range map[string][]string{".or": c.Or, ".per": c.Per} {
		for i, text := range list {
			at := path + key + "[" + strconv.Itoa(i) + "]"
			x, err := newField(text, nil)
			switch {
			case err != nil:
				hint := ""
				if near := fields.NearestField(text, 0); near != "" {
					hint = "did you mean " + near + "?"
				}
				return p.fail(at, hint, "%v", err)
			case !x.HasValue():
				return p.fail(at, "", "%s is only ever a text: it cannot be in a column", x)
			case key == ".or" && x.Def.Type != f.Def.Type:
				return p.fail(at, "", "%s is of another type than %s", x, f)
			}
		}
	}
	return nil
}

func (p *specParser) checkOrder(s *Spec) *SpecError {
	var names []string
	for i := range s.Columns {
		names = append(names, s.Columns[i].Name)
	}
	if name := strings.TrimPrefix(s.Sort, "-"); name != "" && s.Kind != KindCode {
		if err := p.oneOf("$.sort", "column", name, names); err != nil {
			return err
		}
	}
	for i, name := range s.Group {
		path := "$.group[" + strconv.Itoa(i) + "]"
		if err := p.oneOf(path, "column", name, names); err != nil {
			return err
		}
		if c := s.column(name); !c.Key {
			return p.fail(path, "", "%s is no key, so rows cannot be grouped by it", name)
		}
	}
	return nil
}

// checkFilters compiles the filters that stand without arguments.
func (p *specParser) checkFilters(s *Spec) *SpecError {
	compile := func(path, text string) *SpecError {
		if text == "" || s.refers(text) {
			return nil
		}
		if _, err := filter.Compile(text, nil); err != nil {
			var fe *filter.Error
			if errors.As(err, &fe) {
				return p.fail(path, fe.Hint, "filter, character %d: %s", fe.Column, fe.Msg)
			}
			return p.fail(path, "", "%v", err)
		}
		return nil
	}
	if err := compile("$.filter", s.Filter); err != nil {
		return err
	}
	for i := range s.Columns {
		c, path := &s.Columns[i], fmt.Sprintf("$.columns[%d].where", i)
		if c.Where != "" && (c.Key || s.Kind != KindTable) {
			return p.fail(path, "", "only an aggregate of a table has events of its own")
		}
		if err := compile(path, c.Where); err != nil {
			return err
		}
	}
	for i, c := range s.Colors {
		path := fmt.Sprintf("$.colors[%d]", i)
		if err := p.oneOf(path+".color", "color", c.Color, colorNames); err != nil {
			return err
		}
		if err := compile(path+".filter", c.Filter); err != nil {
			return err
		}
	}
	for i := range s.Args {
		a := &s.Args[i]
		path := fmt.Sprintf("$.args[%d]", i)
		for key, text := range map[string]string{".filter": a.Filter, ".without": a.Without} {
			if err := compile(path+key, text); err != nil {
				return err
			}
		}
		for word, text := range a.Values {
			if err := compile(path+".values."+word, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// refers tells whether text has a place for an argument.
func (s *Spec) refers(text string) bool {
	return slices.ContainsFunc(s.Args, func(a ArgSpec) bool { return strings.Contains(text, "$"+a.Name) })
}

// column is the column called name, nil when there is none.
func (s *Spec) column(name string) *ColumnSpec {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i]
		}
	}
	return nil
}

// newField makes the field that is written as text, as "evt.arg.res" or "proc.aname[2]".
func newField(text string, o *fields.Options) (*fields.Field, error) {
	if f := ownField(text, o); f != nil {
		return f, nil
	}
	d, arg, has, n := fields.Scan(text)
	if d == nil || n != len(text) {
		return nil, fmt.Errorf("no field %q", text)
	}
	return fields.New(d.Name, arg, has, o)
}
