package filter

import (
	"encoding/base64"
	"strings"
	"unsafe"

	"scry/capture/event"
	"scry/filter/fields"
)

// callOperand is the common part of the transformers: the name, the arguments, and the memory of the result, which is valid until
// the next call of value.
type callOperand struct {
	name string
	args []operand
	buf  []byte
	vals []fields.Value
}

func (o *callOperand) typ() fields.Type { return fields.String }
func (o *callOperand) many() bool       { return false }
func (o *callOperand) append(dst []byte) []byte {
	return append(appendOperands(append(append(dst, o.name...), '('), o.args), ')')
}

func (o *callOperand) walk(fn func(*fields.Field)) {
	for _, a := range o.args {
		a.walk(fn)
	}
}

// types is where every argument can have a value.
func (o *callOperand) types() event.TypeSet {
	s := event.AllTypes()
	for _, a := range o.args {
		if !a.many() {
			s = s.And(a.types())
		}
	}
	return s
}

// text is the transformer's memory as a value.
func (o *callOperand) text(t fields.Type) fields.Value {
	return fields.Value{Type: t, Str: unsafe.String(unsafe.SliceData(o.buf), len(o.buf))}
}

// all collects the values of the first list among the arguments.
func (o *callOperand) all(ev *event.Event, arg int) []fields.Value {
	o.vals = collect(o.args[arg], ev, o.vals[:0])
	return o.vals
}

// caseOperand is tolower and toupper.
type caseOperand struct {
	callOperand
	change func(byte) byte
}

func (o *caseOperand) value(ev *event.Event) fields.Value {
	v := o.args[0].value(ev)
	if !v.Present() {
		return v
	}
	o.buf = append(o.buf[:0], v.Str...)
	for i, c := range o.buf {
		o.buf[i] = o.change(c)
	}
	return o.text(fields.String)
}

// baseOperand is basename: what follows the last slash.
type baseOperand struct{ callOperand }

func (o *baseOperand) value(ev *event.Event) fields.Value {
	v := o.args[0].value(ev)
	v.Str = v.Str[strings.LastIndexByte(v.Str, '/')+1:]
	return v
}

// b64Operand decodes base64, padded or not; what is none has no value.
type b64Operand struct{ callOperand }

func (o *b64Operand) typ() fields.Type { return o.args[0].typ() }

func (o *b64Operand) value(ev *event.Event) fields.Value {
	v := o.args[0].value(ev)
	if !v.Present() {
		return v
	}
	s := strings.TrimRight(v.Str, "=")
	var err error
	o.buf, err = base64.RawStdEncoding.AppendDecode(o.buf[:0], unsafe.Slice(unsafe.StringData(s), len(s)))
	if err != nil {
		return fields.Value{}
	}
	return o.text(o.typ())
}

// lenOperand is the number of bytes of a text, or of the items of a list.
type lenOperand struct{ callOperand }

func (o *lenOperand) typ() fields.Type { return fields.Uint }

func (o *lenOperand) value(ev *event.Event) fields.Value {
	if o.args[0].many() {
		return fields.Value{Type: fields.Uint, Num: uint64(len(o.all(ev, 0)))}
	}
	v := o.args[0].value(ev)
	if !v.Present() {
		return v
	}
	return fields.Value{Type: fields.Uint, Num: uint64(len(v.Str))}
}

// concatOperand puts texts together; it has no value when one is absent.
type concatOperand struct{ callOperand }

func (o *concatOperand) value(ev *event.Event) fields.Value {
	o.buf = o.buf[:0]
	for _, a := range o.args {
		v := a.value(ev)
		if !v.Present() {
			return v
		}
		o.buf = append(o.buf, v.Str...)
	}
	return o.text(fields.String)
}

// joinOperand puts the items of a list together with a text between them.
type joinOperand struct{ callOperand }

func (o *joinOperand) value(ev *event.Event) fields.Value {
	sep := o.args[0].value(ev)
	if !sep.Present() {
		return sep
	}
	o.buf = o.buf[:0]
	for i, v := range o.all(ev, 1) {
		if i > 0 {
			o.buf = append(o.buf, sep.Str...)
		}
		o.buf = append(o.buf, v.Str...)
	}
	return o.text(fields.String)
}

// getoptOperand reads a list of arguments as getopt does: its values are the letters of the options and the arguments they take, in
// order. With an index it is the argument of the last such option.
type getoptOperand struct {
	callOperand
	option byte // of the index, 0 without one
}

func (o *getoptOperand) many() bool { return o.option == 0 }

func (o *getoptOperand) append(dst []byte) []byte {
	dst = o.callOperand.append(dst)
	if o.option != 0 {
		dst = append(dst, '[', o.option, ']')
	}
	return dst
}

func (o *getoptOperand) value(ev *event.Event) fields.Value {
	var last fields.Value
	o.each(ev, func(option, arg string) {
		if option[0] == o.option {
			last = fields.Value{Type: fields.String, Str: arg}
		}
	})
	return last
}

func (o *getoptOperand) values(ev *event.Event, dst []fields.Value) []fields.Value {
	o.each(ev, func(option, arg string) {
		dst = append(dst, fields.Value{Type: fields.String, Str: option})
		if arg != "" {
			dst = append(dst, fields.Value{Type: fields.String, Str: arg})
		}
	})
	return dst
}

// each calls fn for each option with its letter ("?" when it is none of the known ones) and its argument. Long options are passed over;
// "--" and the first word that is no option end the list.
func (o *getoptOperand) each(ev *event.Event, fn func(option, arg string)) {
	known := o.args[1].value(ev).Str
	words := o.all(ev, 0)
	for i := 0; i < len(words); i++ {
		w := words[i].Str
		if len(w) < 2 || w[0] != '-' || w == "--" {
			return
		}
		if w[1] == '-' {
			continue
		}
		for k := 1; k < len(w); k++ {
			at := strings.IndexByte(known, w[k])
			if at < 0 || w[k] == ':' {
				fn("?", "")
				continue
			}
			if at+1 >= len(known) || known[at+1] != ':' {
				fn(w[k:k+1], "")
				continue
			}
			arg := w[k+1:]
			if arg == "" && i+1 < len(words) {
				i++
				arg = words[i].Str
			}
			fn(w[k:k+1], arg)
			break
		}
	}
}
