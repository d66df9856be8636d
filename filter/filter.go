// Package filter is the language in which a user says which events are wanted. Text becomes tokens (lexer.go), a syntax tree
// (grammar.go, with participle), and a tree of small nodes (lower.go): each matches, prints itself, and says on which kinds of
// events it can hold, so that most events are decided by one bit.
package filter

import (
	"slices"
	"strconv"

	"scry/capture/event"
	"scry/filter/fields"
)

// Filter is a compiled filter. It holds scratch memory: it is not safe for concurrent use. A nil Filter selects every event.
type Filter struct {
	root  node
	run   node // what is left to ask once the kind is in the set; nil for nothing
	reach kinds
}

// Compile makes a filter from text. The error is always an *Error. o is handed to the fields that the filter uses; nil will do.
func Compile(text string, o *fields.Options) (*Filter, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	l := lowerer{text: text, opts: o}
	root, err := l.or(tree)
	if err != nil {
		return nil, err
	}
	return newFilter(root), nil
}

func newFilter(root node) *Filter {
	f := &Filter{root: root, run: root, reach: allKinds()}
	if slices.ContainsFunc(f.Fields(), func(x *fields.Field) bool { return x.Def.Flags&fields.Stateful != 0 }) {
		return f // the field counts on seeing every event
	}
	var exact bool
	f.reach, exact = root.reach()
	if f.run = rest(root); exact {
		f.run = nil
	}
	return f
}

// rest drops the parts of an andNode that the kind decides: the set of the whole is within theirs.
func rest(n node) node {
	all, ok := n.(andNode)
	if !ok {
		return n
	}
	var left []node
	for _, p := range all {
		if _, exact := p.reach(); !exact {
			left = append(left, p)
		}
	}
	return join[andNode](left...)
}

// And selects what both a and b select. The result shares their memory.
func And(a, b *Filter) *Filter {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return newFilter(join[andNode](a.root, b.root))
}

// Or selects what a or b selects. The result shares their memory.
func Or(a, b *Filter) *Filter {
	if a == nil || b == nil {
		return nil
	}
	return newFilter(join[orNode](a.root, b.root))
}

// Match tells whether ev is selected. hot: no allocation (TestMatchAllocs)
func (f *Filter) Match(ev *event.Event) bool {
	if f == nil {
		return true
	}
	return f.reach.has(ev) && (f.run == nil || f.run.match(ev))
}

// Types is the set of event types that can be selected. It has GenericE and GenericX when calls without a type of their own can be;
// which, Syscall tells.
func (f *Filter) Types() event.TypeSet {
	if f == nil {
		return event.AllTypes()
	}
	return f.reach.types
}

// Syscall tells whether generic events (GenericE for Enter, GenericX for Exit) of the call with the portable code can be selected.
func (f *Filter) Syscall(code uint16, dir event.Dir) bool {
	return f == nil || f.reach.codes[dir&1].Has(event.Type(code))
}

// String is the filter in its plain form: compiling it gives the same tree.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return string(f.root.append(nil, false))
}

// Fields are the fields that the filter uses, in the order in which they stand.
func (f *Filter) Fields() []*fields.Field {
	var all []*fields.Field
	if f != nil {
		f.root.walk(func(x *fields.Field) { all = append(all, x) })
	}
	return all
}

// stateless are the fields that need nothing but the record.
var stateless = []string{
	"evt.num", "evt.time", "evt.time.s", "evt.time.iso8601", "evt.datetime", "evt.datetime.s", "evt.rawtime", "evt.rawtime.s", "evt.rawtime.ns", "evt.dir",
	"evt.type", "evt.type.is", "syscall.type", "evt.cpu", "evt.rawarg", "evt.rawres", "evt.res", "evt.failed", "evt.count", "evt.count.error",
	"evt.is_io", "evt.is_io_read", "evt.is_io_write", "evt.is_wait", "evt.around", "evt.buffer", "evt.buflen", "thread.tid",
}

// NeedsState tells whether the filter asks for more than the record itself holds: threads, descriptors, users, latencies.
func (f *Filter) NeedsState() bool {
	return slices.ContainsFunc(f.Fields(), func(x *fields.Field) bool { return !slices.Contains(stateless, x.Def.Name) })
}

// Equal selects the events on which field has the value v: what compiling "field=v" gives, whatever is in v.
func Equal(field *fields.Field, v fields.Value, o *fields.Options) (*Filter, error) {
	var text string
	switch v.Type {
	case fields.Absent:
		return Compile("not "+field.String()+" exists", o)
	case fields.Int:
		text = strconv.FormatInt(v.Int(), 10)
	case fields.Float:
		text = strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case fields.Bool:
		text = strconv.FormatBool(v.Bool())
	case fields.IP, fields.Net:
		text = v.Addr().String()
	case fields.String, fields.Bytes:
		text = v.Str
	default:
		text = strconv.FormatUint(v.Num, 10)
	}
	return Compile(field.String()+"="+Quote(text), o)
}
