package filter

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"scry/filter/fields"
)

// diagnose says why the grammar refused the token at offset: it looks at the token, at what stands before it, and at the parenthesis
// around it.
func diagnose(text string, toks []lexer.Token, offset int) *Error {
	d := diagnosis{text: text, toks: toks, i: len(toks) - 1}
	for i, t := range toks {
		if t.Pos.Offset >= offset {
			d.i = i
			break
		}
	}
	for i, t := range toks[:d.i] {
		switch t.Type {
		case tokGroupOpen, tokListOpen, tokArgsOpen:
			d.open = append(d.open, i)
		case tokClose:
			d.open = d.open[:max(len(d.open)-1, 0)]
		}
	}
	for _, look := range []func(*diagnosis) *Error{(*diagnosis).stray, (*diagnosis).inList, (*diagnosis).afterField, (*diagnosis).afterOp, (*diagnosis).unclosed, (*diagnosis).needTest, (*diagnosis).afterTest} {
		if err := look(&d); err != nil {
			return err
		}
	}
	return d.at(d.i, "", "unexpected %s", d.show(d.i))
}

type diagnosis struct {
	text string
	toks []lexer.Token
	i    int   // the token that was refused
	open []int // parentheses that are open before it
}

func (d *diagnosis) at(i int, hint, format string, args ...any) *Error {
	return newError(d.text, d.toks[i].Pos.Offset, len(d.toks[i].Value), fmt.Sprintf(format, args...), hint)
}

func (d *diagnosis) tok(i int) lexer.Token {
	if i < 0 || i >= len(d.toks) {
		return lexer.Token{}
	}
	return d.toks[i]
}

// show is a token in a message.
func (d *diagnosis) show(i int) string {
	if t := d.tok(i); t.Type != lexer.EOF {
		return fmt.Sprintf("%q", t.Value)
	}
	return "end of the filter"
}

// stray explains a token that fits nowhere.
func (d *diagnosis) stray() *Error {
	t, prev := d.tok(d.i), d.tok(d.i-1)
	if t.Type != tokBad {
		return nil
	}
	v := t.Value
	switch {
	case isQuote(v[0]):
		return newError(d.text, t.Pos.Offset, 1, fmt.Sprintf("the quote %c is never closed", v[0]), fmt.Sprintf("end the text with %c", v[0]))
	case v[0] == 0:
		return d.at(d.i, "", "a filter cannot hold a NUL")
	case v[0] == '[':
		return newError(d.text, t.Pos.Offset, 1, "the bracket [ is never closed", "as in proc.aname[2]")
	case isShouted(v):
		return d.at(d.i, "write "+strings.ToLower(v), "%q is written in small letters", v)
	case prev.Type == tokField && strings.IndexByte(prev.Value, '.') >= 0:
		return d.at(d.i, suggestOperator(v), "no operator %q", v)
	case prev.Type == tokField:
		return nil
	case prev.Type == tokOp:
		return d.at(d.i, "operators are = == != < <= > >=", "no operator %q", prev.Value+v)
	case v == "&" || v == "|":
		return d.at(d.i, fmt.Sprintf("did you mean %s?", map[string]string{"&": "and", "|": "or"}[v]), "unexpected %q", v)
	case v[0] == '-' && len(v) > 1 && d.testWanted():
		return d.at(d.i, "options are not part of the filter", "%q looks like an option", v)
	case prev.Type == tokBare:
		return d.at(d.i, fmt.Sprintf("put the text in quotes: \"%s\"", d.between(d.i-1, d.i)), "unexpected %q", v)
	}
	return nil
}

// between is the text from token i to the end of token k.
func (d *diagnosis) between(i, k int) string {
	return d.text[d.toks[i].Pos.Offset : d.toks[k].Pos.Offset+len(d.toks[k].Value)]
}

// testWanted tells whether a test should stand at the place.
func (d *diagnosis) testWanted() bool {
	switch d.tok(d.i - 1).Type {
	case tokAnd, tokOr, tokNot, tokGroupOpen:
		return true
	}
	return d.i == 0
}

// inList explains what is wrong inside a list or a transformer.
func (d *diagnosis) inList() *Error {
	if len(d.open) == 0 {
		return nil
	}
	k := d.open[len(d.open)-1]
	o, t, prev := d.toks[k], d.tok(d.i), d.tok(d.i-1)
	if o.Type == tokGroupOpen {
		return nil
	}
	what := "the list"
	if o.Type == tokArgsOpen {
		what = d.toks[k-1].Value + "(...)"
	}
	switch {
	case t.Type == lexer.EOF:
		return newError(d.text, o.Pos.Offset, 1, "the parenthesis ( is never closed", fmt.Sprintf("end %s with )", what))
	case t.Type == tokFunc:
		return d.at(d.i, "a list holds plain values", "unexpected %q in a list", t.Value)
	case t.Type == tokComma && d.i-1 != k && prev.Type != tokComma:
		return d.at(d.i+1, "a comma stands between two values", "expected a value before %s", d.show(d.i+1))
	case prev.Type == tokComma || t.Type == tokComma:
		return d.at(d.i, "a comma stands between two values", "expected a value before %s", d.show(d.i))
	case t.Type == tokClose && d.i-1 == k:
		return d.at(d.i, "", "%s needs an argument", what)
	case t.Type == tokGroupOpen || t.Type == tokListOpen:
		return d.at(d.i, "", "unexpected %q in %s", t.Value, what)
	}
	return d.at(d.i, "put a comma between values, or quotes around one with blanks", "expected , or ) before %s", d.show(d.i))
}

// afterField explains a field that no operator follows.
func (d *diagnosis) afterField() *Error {
	t, prev := d.tok(d.i), d.tok(d.i-1)
	if prev.Type != tokField {
		if prev.Type == tokIndex || prev.Type == tokClose && d.closesLeftCall() {
			return d.at(d.i, "as in len(proc.name) > 15", "expected an operator before %s", d.show(d.i))
		}
		return nil
	}
	word := prev.Value
	if strings.IndexByte(word, '.') < 0 {
		hint := "did you mean proc.name=" + word + "?"
		if isModifier(word) || opByName(word) != opNone {
			hint = "an operator stands after a field, as in proc.name=cat"
		} else if t.Type != tokBad {
			if best := suggestField(word); best != "" {
				hint = "did you mean " + best + "=...?"
			}
		}
		return d.at(d.i-1, hint, "%q is not a test", word)
	}
	if def, _, _, n := fields.Scan(word); def == nil || n != len(word) {
		l := lowerer{text: d.text}
		return l.unknownField(prev, def, n)
	}
	if t.Type == tokNot && d.tok(d.i+1).Value != "" {
		return d.at(d.i, "write not "+word+" "+d.tok(d.i+1).Value+" ...", "not stands before the test")
	}
	hint := "as in " + word + "=... or " + word + " exists"
	if def, _, _, _ := fields.Scan(word); def != nil && def.Type == fields.Bool {
		hint = "write " + word + "=true"
	}
	return d.at(d.i, hint, "expected an operator after %s", word)
}

// closesLeftCall tells whether the parenthesis before the place closes a transformer on the left side of an operator.
func (d *diagnosis) closesLeftCall() bool {
	depth := 0
	for k := d.i - 1; k > 0; k-- {
		switch d.toks[k].Type {
		case tokClose:
			depth++
		case tokGroupOpen, tokListOpen, tokArgsOpen:
			if depth--; depth == 0 {
				if d.toks[k].Type != tokArgsOpen {
					return false
				}
				before := d.tok(k - 2).Type
				return before != tokOp && before != tokMod
			}
		}
	}
	return false
}

// afterOp explains an operator that no value follows.
func (d *diagnosis) afterOp() *Error {
	t, prev := d.tok(d.i), d.tok(d.i-1)
	if prev.Type != tokOp && prev.Type != tokMod {
		return nil
	}
	switch t.Type {
	case tokAnd, tokOr, tokNot:
		return d.at(d.i, fmt.Sprintf("put the word in quotes to compare with it: \"%s\"", t.Value), "expected a value after %q", prev.Value)
	case lexer.EOF:
		return d.at(d.i, "", "expected a value after %q", prev.Value)
	}
	return d.at(d.i, "", "expected a value after %q, not %q", prev.Value, t.Value)
}

// unclosed explains a parenthesis without its other half.
func (d *diagnosis) unclosed() *Error {
	t, prev := d.tok(d.i), d.tok(d.i-1)
	switch {
	case t.Type == lexer.EOF && len(d.open) > 0 && !d.testWanted():
		o := d.toks[d.open[len(d.open)-1]]
		return newError(d.text, o.Pos.Offset, 1, "the parenthesis ( is never closed", "")
	case t.Type == tokClose && prev.Type == tokGroupOpen:
		return newError(d.text, prev.Pos.Offset, t.Pos.Offset+1-prev.Pos.Offset, "the parentheses are empty", "")
	case t.Type == tokClose && len(d.open) == 0 && d.i > 0 && !d.testWanted():
		return d.at(d.i, "", "the parenthesis ) was never opened")
	}
	return nil
}

// needTest explains a place where a test should stand.
func (d *diagnosis) needTest() *Error {
	if !d.testWanted() {
		return nil
	}
	t := d.tok(d.i)
	hint := "a test is a field, an operator and a value, as in proc.name=cat"
	if t.Type == tokQuoted {
		hint = "did you mean proc.name=" + t.Value + "?"
	}
	if d.i == 0 {
		return d.at(d.i, hint, "expected a test, not %s", d.show(d.i))
	}
	return d.at(d.i, hint, "expected a test after %q, not %s", d.tok(d.i-1).Value, d.show(d.i))
}

// isUnit tells the unit of a number from another word.
func isUnit(s string) bool {
	return contains([]string{"ns", "us", "ms", "s", "m", "h", "k", "K", "M", "G", "T"}, s)
}

// afterTest explains what follows a whole test.
func (d *diagnosis) afterTest() *Error {
	t, prev := d.tok(d.i), d.tok(d.i-1)
	switch t.Type {
	case tokComma:
		if prev.Type == tokBare || prev.Type == tokQuoted {
			return d.commaList()
		}
	case tokField:
		if next := d.tok(d.i + 1).Type; next != tokOp && next != tokExists && prev.Type == tokBare {
			hint := fmt.Sprintf("put the text in quotes: \"%s\"", d.between(d.i-1, d.i))
			if isUnit(t.Value) && strings.Trim(prev.Value, "0123456789.") == "" {
				hint = fmt.Sprintf("did you mean %s%s?", prev.Value, t.Value)
			}
			return d.at(d.i, hint, "unexpected %q after the value", t.Value)
		}
		return d.at(d.i, "put \"and\" or \"or\" between two tests", "expected \"and\" or \"or\" before %q", t.Value)
	case tokFunc, tokGroupOpen, tokNot:
		if prev.Type == tokBare && t.Type == tokGroupOpen && t.Pos.Offset == prev.Pos.Offset+len(prev.Value) {
			return d.at(d.i, "put a text with parentheses in quotes", "unexpected \"(\" in the value")
		}
		return d.at(d.i, "put \"and\" or \"or\" between two tests", "expected \"and\" or \"or\" before %q", t.Value)
	case tokQuoted, tokBare:
		return d.at(d.i, "put a text with blanks or quotes in it in quotes", "unexpected %s after the value", d.show(d.i))
	}
	return d.at(d.i, "", "expected \"and\" or \"or\", not %s", d.show(d.i))
}

// commaList explains fd.port=80,443.
func (d *diagnosis) commaList() *Error {
	first := d.i - 1
	end := d.i
	for end+1 < len(d.toks) && (d.toks[end+1].Type == tokField || d.toks[end+1].Type == tokBare || d.toks[end+1].Type == tokBad || d.toks[end+1].Type == tokComma) {
		end++
	}
	list := strings.Join(strings.Fields(strings.ReplaceAll(d.between(first, end), ",", ", ")), " ")
	field := ""
	if k := first - 2; k >= 0 && d.toks[k].Type == tokField {
		field = d.toks[k].Value + " "
	}
	return d.at(d.i, fmt.Sprintf("did you mean %sin (%s)?", field, strings.TrimRight(list, ", ")), "one value was expected, not a list")
}
