package fields

import "scry/capture/event"

// Own makes a field that the dictionary does not have, for a table that shows what no filter or format can name. get is called with memory that it may
// write its text to: it returns that text and the memory, and nil for no value. New and Scan do not know the field.
func Own(name string, o *Options, get func(ev *event.Event, scratch []byte) []byte) *Field {
	d := &Def{Name: name, Type: String, types: fdTypes}
	d.get = func(f *Field, ev *event.Event) Value {
		b := get(ev, f.buf[:0])
		if b == nil {
			return Value{}
		}
		return f.scratch(b)
	}
	if o == nil {
		o = &Options{}
	}
	return &Field{Def: d, opts: o}
}
