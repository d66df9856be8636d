package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"scry/filter/fields"
)

// left makes the operand on the left of an operator.
func (l *lowerer) left(e *termExpr) (*side, *Error) {
	if e.Call == nil {
		return l.field(e.Field)
	}
	if e.Call.Name.Value == "val" {
		return nil, l.err(placeOf(e.Call.Name), "write the field itself", "val stands only on the right side")
	}
	return l.call(e.Call)
}

// field looks a field up.
func (l *lowerer) field(t lexer.Token) (*side, *Error) {
	at := placeOf(t)
	d, arg, hasArg, n := fields.Scan(t.Value)
	if d == nil || n != len(t.Value) {
		return nil, l.unknownField(t, d, n)
	}
	f, ferr := fields.New(d.Name, arg, hasArg, l.opts)
	if ferr != nil {
		return nil, l.err(at, argHint(d, arg), "%s", fields.ErrorText(ferr))
	}
	if d.Flags&fields.PrintOnly != 0 {
		return nil, l.err(at, "", "%s can be displayed, not filtered on", d.Name)
	}
	s := &side{place: at, field: f}
	kind := d.Type
	if d.Name == "evt.rawarg" {
		info := argsByName(arg)
		s.arg = &info
		kind = argType(info)
	}
	s.operand = &fieldOperand{f, kind, f.Multi()}
	return s, nil
}

// argHint names the nearest parameter for evt.arg and evt.rawarg, the nearest event type for evt.type.is.
func argHint(d *fields.Def, arg string) string {
	switch d.Name {
	case "evt.arg", "evt.rawarg", "evt.abspath":
		return didYouMeanArg(d.Name, arg, fields.ParamNames())
	case "evt.type.is":
		return didYouMeanArg(d.Name, arg, eventNames())
	}
	return ""
}

func didYouMeanArg(field, arg string, names []string) string {
	if contains(names, arg) {
		return ""
	}
	if best := fields.Nearest(arg, names); best != "" {
		return "did you mean " + field + "." + best + "?"
	}
	return ""
}

func (l *lowerer) unknownField(t lexer.Token, d *fields.Def, n int) *Error {
	at := placeOf(t)
	if _, err := fields.New(t.Value, "", false, l.opts); errors.Is(err, fields.ErrGone) {
		return l.err(at, "", "%s", fields.ErrorText(err))
	}
	if d != nil && d.Arg == fields.NoArg && strings.HasPrefix(t.Value[n:], "[") {
		return l.err(at, "", "%s takes no argument", d.Name)
	}
	hint := ""
	if best := suggestField(t.Value); best != "" {
		hint = "did you mean " + best + "?"
	}
	return l.err(at, hint, "no field %q", t.Value)
}

// call makes a transformer.
func (l *lowerer) call(e *callExpr) (*side, *Error) {
	name := e.Name.Value
	at := placeOf(e.Name).to(placeOf(e.Close))
	if e.Index.Value != "" {
		at = at.to(placeOf(e.Index))
		if name != "getopt" {
			return nil, l.err(placeOf(e.Index), "", "only getopt takes an argument in brackets")
		}
	}
	shape, ok := transformers[name]
	if !ok {
		hint := didYouMean(name, transformerNames)
		if hint == "" {
			hint = "a value with parentheses goes in quotes"
		}
		return nil, l.err(placeOf(e.Name), hint, "no transformer %q", name)
	}
	if len(e.Args) < shape.least || len(e.Args) > shape.most {
		return nil, l.err(at, "as in "+shape.example, "%s takes %s", name, shape.takes)
	}
	c := callOperand{name: name}
	for i, a := range e.Args {
		s, err := l.arg(a)
		if err != nil {
			return nil, err
		}
		if err := l.checkArg(e, shape, i, s); err != nil {
			return nil, err
		}
		c.args = append(c.args, s.operand)
	}
	o, err := l.build(c, e)
	if err != nil {
		return nil, err
	}
	return &side{operand: o, place: at}, nil
}

// transformer is what a transformer takes.
type transformer struct {
	least, most int
	lists       uint8 // bit i: argument i is a list
	either      bool  // a list or a text
	buffers     bool  // texts may be buffers
	takes       string
	example     string
}

var transformerNames = []string{"b64", "basename", "concat", "getopt", "join", "len", "tolower", "toupper", "val"}

var transformers = map[string]transformer{
	"tolower":  {least: 1, most: 1, takes: "one text", example: "tolower(proc.name)"},
	"toupper":  {least: 1, most: 1, takes: "one text", example: "toupper(proc.name)"},
	"basename": {least: 1, most: 1, takes: "one text", example: "basename(fd.name)"},
	"b64":      {least: 1, most: 1, takes: "one text", example: "b64(evt.buffer)", buffers: true},
	"len":      {least: 1, most: 1, takes: "one text or list", example: "len(proc.cmdline)", buffers: true, either: true},
	"concat":   {least: 2, most: 1000, takes: "two or more texts", example: "concat(proc.pname, \"/\", proc.name)"},
	"join":     {least: 2, most: 2, lists: 2, takes: "a text and a list", example: "join(\",\", (proc.pname, proc.name))"},
	"getopt":   {least: 2, most: 2, lists: 1, takes: "a list and the letters of the options", example: "getopt((proc.args[0], proc.args[1]), \"ab:\")"},
	"val":      {least: 1, most: 1, takes: "one field", example: "val(proc.pname)"},
}

// arg makes an argument of a transformer.
func (l *lowerer) arg(a *argExpr) (*side, *Error) {
	switch {
	case a.Call != nil && a.Call.Name.Value == "val":
		return nil, l.err(placeOf(a.Call.Name), "write the field itself", "val stands only after an operator")
	case a.Call != nil:
		return l.call(a.Call)
	case a.List != nil:
		return l.argList(a.List)
	case a.Field.Value != "":
		return l.field(a.Field)
	}
	lit, err := l.literal(a.Text)
	if err != nil {
		return nil, err
	}
	at := placeOf(a.Text)
	if a.Text.Type == tokBare && countDigits(lit.text) == 0 {
		return nil, l.err(at, `put a text in quotes: "`+lit.text+`"`, "%q is no field", lit.text)
	}
	return &side{operand: constOperand(lit.text), place: at}, nil
}

func (l *lowerer) argList(e *argListExpr) (*side, *Error) {
	list := listOperand{}
	for _, item := range e.Items {
		var s *side
		var err *Error
		if item.Text.Type == tokBare {
			s = &side{operand: constOperand(item.Text.Value), place: placeOf(item.Text)}
		} else if s, err = l.arg(item); err != nil {
			return nil, err
		}
		if !s.typ().Text() {
			return nil, l.err(s.place, "", "%s is not a text: it is %s", s.name(), typeNoun[s.typ()])
		}
		if err := l.transformable(s); err != nil {
			return nil, err
		}
		list = append(list, s.operand)
	}
	return &side{operand: list, place: placeOf(e.Open).to(placeOf(e.Close))}, nil
}

// transformable refuses fields that cannot be put through a transformer.
func (l *lowerer) transformable(s *side) *Error {
	if s.field != nil && s.field.Def.Flags&fields.NoTransform != 0 {
		return l.err(s.place, "", "%s cannot be transformed", s.name())
	}
	return nil
}

// checkArg checks argument i of a transformer.
func (l *lowerer) checkArg(e *callExpr, shape transformer, i int, s *side) *Error {
	name := e.Name.Value
	if name == "val" {
		if s.field == nil {
			return l.err(s.place, "as in val(proc.pname)", "val takes a field")
		}
		return nil
	}
	if err := l.transformable(s); err != nil {
		return err
	}
	wantList := shape.lists&(1<<i) != 0
	switch {
	case s.many() && !wantList && !shape.either:
		return l.err(s.place, "as in "+shape.example, "%s takes %s, not a list", name, shape.takes)
	case !s.many() && wantList:
		return l.err(s.place, "as in "+shape.example, "argument %d of %s is a list in parentheses", i+1, name)
	case s.typ() == fields.Bytes && shape.buffers || s.typ() == fields.String:
		return nil
	}
	return l.err(s.place, "", "%s takes %s, %s is %s", name, shape.takes, s.name(), typeNoun[s.typ()])
}

// build makes the operand of a checked call.
func (l *lowerer) build(c callOperand, e *callExpr) (operand, *Error) {
	switch c.name {
	case "tolower":
		return &caseOperand{c, lowerByte}, nil
	case "toupper":
		return &caseOperand{c, upperByte}, nil
	case "basename":
		return &baseOperand{c}, nil
	case "b64":
		return &b64Operand{c}, nil
	case "len":
		return &lenOperand{c}, nil
	case "concat":
		return &concatOperand{c}, nil
	case "join":
		return &joinOperand{c}, nil
	case "val":
		return valOperand{c.args[0]}, nil
	}
	o := &getoptOperand{callOperand: c}
	if e.Index.Value != "" {
		arg := strings.Trim(e.Index.Value[1:len(e.Index.Value)-1], `"'`)
		if len(arg) != 1 || !isLetter(arg[0]) && countDigits(arg) == 0 && arg != "?" {
			return nil, l.err(placeOf(e.Index), "as in getopt(...)[c]", "an option is one letter")
		}
		o.option = arg[0]
	}
	return o, nil
}

// relation compares with another operand of the same event.
func (l *lowerer) relation(left *side, op opcode, e *testExpr) (node, *Error) {
	if e.Mod.Value != "" {
		return nil, l.err(placeOf(e.Mod), "as in proc.name = anyof (cat, dd)", "%q needs a list", e.Mod.Value)
	}
	right, err := l.call(e.Right.Call)
	if err != nil {
		return nil, err
	}
	if op == opRegex || op == opPMatch || left.typ() == fields.Net || left.arg != nil {
		what := fmt.Sprintf("%q", op.String())
		if op != opRegex && op != opPMatch {
			what = left.name()
		}
		return nil, l.err(right.place, "", "%s cannot be compared with a field", what)
	}
	if v, ok := right.operand.(valOperand); ok {
		if f := v.operand.(*fieldOperand).field; f.Def.Flags&fields.NoRHS != 0 {
			return nil, l.err(right.place, "", "%s cannot stand on the right side", f)
		}
	}
	if right.many() && op != opIn && op != opIntersects {
		return nil, l.err(right.place, "write in or intersects", "%s is a list", right.name())
	}
	holds := relOf(op, left.typ(), right.typ())
	if holds == nil {
		return nil, l.err(right.place, "", "%s is %s, %s is %s", left.name(), typeNoun[left.typ()], right.name(), typeNoun[right.typ()])
	}
	return &relNode{left: left.operand, right: right.operand, op: op, holds: holds, quant: quantOf(left, op)}, nil
}
