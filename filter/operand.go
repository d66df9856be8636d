package filter

import (
	"scry/capture/event"
	"scry/filter/fields"
)

// operand is what stands on a side of a comparison: a field, a constant, or either put through a transformer.
type operand interface {
	typ() fields.Type
	// many tells whether the operand has any number of values; it is a lister then.
	many() bool
	value(ev *event.Event) fields.Value
	types() event.TypeSet // the event types on which it can have a value
	append(dst []byte) []byte
	walk(fn func(*fields.Field))
}

type lister interface {
	values(ev *event.Event, dst []fields.Value) []fields.Value
}

// collect appends the values of o, however many it has.
func collect(o operand, ev *event.Event, dst []fields.Value) []fields.Value {
	if o.many() {
		return o.(lister).values(ev, dst)
	}
	if v := o.value(ev); v.Present() {
		dst = append(dst, v)
	}
	return dst
}

// fieldOperand is a field. kind is its type, which for a parameter of an event depends on the parameter.
type fieldOperand struct {
	field *fields.Field
	kind  fields.Type
	multi bool
}

func (o *fieldOperand) typ() fields.Type                   { return o.kind }
func (o *fieldOperand) many() bool                         { return o.multi }
func (o *fieldOperand) value(ev *event.Event) fields.Value { return o.field.Value(ev) }
func (o *fieldOperand) types() event.TypeSet               { return o.field.Types() }
func (o *fieldOperand) append(dst []byte) []byte           { return appendField(dst, o.field) }
func (o *fieldOperand) walk(fn func(*fields.Field))        { fn(o.field) }

func (o *fieldOperand) values(ev *event.Event, dst []fields.Value) []fields.Value {
	return o.field.Values(ev, dst)
}

// constOperand is a text given to a transformer.
type constOperand string

func (o constOperand) typ() fields.Type           { return fields.String }
func (o constOperand) many() bool                 { return false }
func (o constOperand) types() event.TypeSet       { return event.AllTypes() }
func (o constOperand) walk(func(f *fields.Field)) {}

func (o constOperand) value(*event.Event) fields.Value {
	return fields.Value{Type: fields.String, Str: string(o)}
}

func (o constOperand) append(dst []byte) []byte { return appendQuoted(dst, string(o)) }

// listOperand is a list in parentheses given to a transformer. Items without a value are left out.
type listOperand []operand

func (o listOperand) typ() fields.Type                { return fields.String }
func (o listOperand) many() bool                      { return true }
func (o listOperand) value(*event.Event) fields.Value { return fields.Value{} }
func (o listOperand) types() event.TypeSet            { return event.AllTypes() }
func (o listOperand) append(dst []byte) []byte {
	return append(appendOperands(append(dst, '('), o), ')')
}

func (o listOperand) values(ev *event.Event, dst []fields.Value) []fields.Value {
	for _, item := range o {
		dst = collect(item, ev, dst)
	}
	return dst
}

func (o listOperand) walk(fn func(*fields.Field)) {
	for _, item := range o {
		item.walk(fn)
	}
}

// appendOperands prints operands with commas between them.
func appendOperands(dst []byte, list []operand) []byte {
	for i, o := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = o.append(dst)
	}
	return dst
}

// valOperand is val(field): a field on the right side.
type valOperand struct{ operand }

func (o valOperand) values(ev *event.Event, dst []fields.Value) []fields.Value {
	return collect(o.operand, ev, dst)
}

func (o valOperand) append(dst []byte) []byte {
	return append(o.operand.append(append(dst, "val("...)), ')')
}
