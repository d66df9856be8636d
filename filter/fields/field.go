package fields

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"scry/capture/event"
)

// Flag says what a field may be used for.
type Flag uint16

// Field flags.
const (
	List        Flag = 1 << iota // has any number of values: `in` asks for all of them, `intersects` for any
	Any                          // a comparison holds when it holds for one of the values (fd.ip, proc.aname without an index)
	FilterOnly                   // cannot be displayed
	PrintOnly                    // cannot be filtered on
	Hidden                       // works, is not listed: for tables
	NoRHS                        // cannot stand on the right side of a comparison
	NoTransform                  // cannot be transformed
	Stateful                     // depends on the events that the Field has seen before (evt.deltatime)
	Rendered                     // the text is made by the render functions and already safe to show
	TimeText                     // a text form of the event's time: JSON has the time stamp itself
)

// ArgKind says whether a field takes an argument.
type ArgKind uint8

// Argument kinds.
const (
	NoArg ArgKind = iota
	OptArg
	NeedArg
)

// Def is one row of the dictionary.
type Def struct {
	Name   string
	Type   Type
	Arg    ArgKind
	Flags  Flag
	Format event.Format // how a number is printed
	Desc   string

	get   func(f *Field, ev *event.Event) Value                      // the value; for Any fields the one that is displayed
	all   func(f *Field, ev *event.Event, dst []Value) []Value       // the values of List and Any fields
	init  func(f *Field) error                                       // checks and prepares the argument
	types func(f *Field) event.TypeSet                               // the event types on which it can have a value; nil: all
	app   func(f *Field, ev *event.Event, dst []byte) ([]byte, bool) // appends the displayed text, false for none; nil: the text of get's value
}

// Class is a family of fields, as listed.
type Class struct {
	Name  string // evt, process, fd, ...
	Title string // what the listing says of it
	Defs  []Def
}

// Options of a run that values and their text depend on.
type Options struct {
	Location     *time.Location // zone of displayed times; nil is UTC
	Time         TimeMode
	Buffer       BufferMode
	SnapLen      int  // cut displayed buffers at this many bytes; 0: the 80 of a plain line
	NoCut        bool // never cut (-v, JSON, chisels)
	ResolvePorts bool // -R
	Raw          bool // control bytes as they are
	Color        bool // wrap parts of a line in SGR sequences; the text is the same
	JSONArgs     bool // JSON lines have the arguments as an object too, see Format.AppendJSON
	JSONWhy      bool // JSON lines say why fields are null

	// Why says why nothing but its id is known of a container, as "REASON: more"; nil: because the recording does not have it.
	Why func(*event.Container) string
}

// TimeMode is the -t option: what evt.outputtime shows.
type TimeMode byte

// Time modes.
const (
	TimeLocal TimeMode = 'h'
	TimeEpoch TimeMode = 'a'
	TimeRel   TimeMode = 'r'
	TimeDelta TimeMode = 'd' // latency of the call
	TimePrev  TimeMode = 'D' // since the line before
	TimeISO   TimeMode = 'i' // ISO 8601 with zone
)

// BufferMode is how byte buffers are shown.
type BufferMode byte

// Buffer modes.
const (
	BufferDots     BufferMode = iota // printable bytes, a dot for the others
	BufferASCII                      // -A
	BufferBase64                     // -b
	BufferHex                        // -x
	BufferHexASCII                   // -X
)

// Field is one use of a dictionary row: with its argument and its own scratch memory. It is not safe for concurrent use.
type Field struct {
	Def    *Def
	Arg    string // argument text without brackets
	HasArg bool

	opts  *Options
	index int    // numeric argument, or what init made of it
	buf   []byte // scratch
	last  uint64 // Stateful fields
	clock clockText
	vals  []Value     // scratch of lists
	color bool        // a format wants colours inside the text; never so for values
	aux   any         // what init prepared beyond index
	addrs [2][16]byte // scratch of addresses
	chain []byte      // scratch of fields that join several values
}

// Errors that callers tell apart.
var (
	ErrUnknown = errors.New("no such field")
	ErrArg     = errors.New("bad field argument")
	ErrGone    = errors.New("field class is gone")
)

// New makes the field called name with the argument arg. The error wraps ErrUnknown, ErrGone or ErrArg.
func New(name, arg string, hasArg bool, o *Options) (*Field, error) {
	if o == nil {
		o = &Options{}
	}
	d := Lookup(name)
	if d == nil {
		if class, _, ok := strings.Cut(name, "."); ok && slices.Contains(goneClasses, class) {
			return nil, fmt.Errorf("%w: %s fields are gone: the tracers and orchestrators they showed no longer exist", ErrGone, class)
		}
		return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	f := &Field{Def: d, Arg: arg, HasArg: hasArg, opts: o}
	switch {
	case d.Arg == NoArg && hasArg:
		return nil, fmt.Errorf("%w: %s takes no argument", ErrArg, name)
	case d.Arg == NeedArg && !hasArg:
		return nil, fmt.Errorf("%w: %s needs an argument, as in %s[...]", ErrArg, name, name)
	}
	if d.init != nil {
		if err := d.init(f); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArg, err)
		}
	}
	return f, nil
}

// goneClasses are field classes of sysdig 0.29.3 whose sources no longer exist.
var goneClasses = []string{"mesos", "marathon", "span", "evtin"}

// Scan finds the longest field at the start of s: a dictionary name, then for names that take one an argument in brackets ("proc.aname[2]",
// quotes inside are allowed) or after a dot ("evt.arg.fd"). n is the number of bytes used, 0 when no name matches. It does not
// check the argument.
func Scan(s string) (d *Def, arg string, hasArg bool, n int) {
	best := 0
	end := 0 // how far a name can reach
	for end < len(s) && isNameByte(s[end]) {
		end++
	}
	for i := end; i > 0; i-- {
		if d = Lookup(s[:i]); d != nil {
			best = i
			break
		}
	}
	if best == 0 {
		return nil, "", false, 0
	}
	if d.Arg == NoArg || best == len(s) {
		return d, "", false, best
	}
	switch s[best] {
	case '[':
		if arg, k, ok := scanBracket(s[best:]); ok {
			return d, arg, true, best + k
		}
	case '.':
		k := best + 1
		for k < len(s) && isArgByte(s[k]) {
			k++
		}
		if k > best+1 {
			return d, s[best+1 : k], true, k
		}
	}
	return d, "", false, best
}

// scanBracket reads "[arg]", `["arg"]` or "['arg']" at the start of s.
func scanBracket(s string) (arg string, n int, ok bool) {
	if len(s) > 2 && (s[1] == '"' || s[1] == '\'') {
		if k := strings.IndexByte(s[2:], s[1]); k >= 0 && strings.HasPrefix(s[2+k+1:], "]") {
			return s[2 : 2+k], 2 + k + 2, true
		}
		return "", 0, false
	}
	k := strings.IndexByte(s, ']')
	if k < 0 {
		return "", 0, false
	}
	return s[1:k], k + 1, true
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

func isArgByte(c byte) bool { return isNameByte(c) || c == '/' || c == '-' }

// Value takes the field's value from ev. hot: no allocation (TestExtractAllocs)
func (f *Field) Value(ev *event.Event) Value { return f.Def.get(f, ev) }

// HasValue tells whether the field has values that can be compared and counted: a few are only ever text.
func (f *Field) HasValue() bool { return f.Def.get != nil }

// Values appends the values of a List or Any field, or the one value of another, to dst.
func (f *Field) Values(ev *event.Event, dst []Value) []Value {
	if f.Def.all != nil {
		return f.Def.all(f, ev, dst)
	}
	if v := f.Def.get(f, ev); v.Present() {
		dst = append(dst, v)
	}
	return dst
}

// Multi tells whether the field has to be asked with Values: it is a List, or an Any field (which an index makes single).
func (f *Field) Multi() bool {
	return f.Def.all != nil && (f.Def.Flags&List != 0 || f.Def.Flags&Any != 0) && !(f.HasArg && f.Def.Arg == OptArg)
}

// Types is the set of event types on which the field can have a value.
func (f *Field) Types() event.TypeSet {
	if f.Def.types == nil {
		return event.AllTypes()
	}
	return f.Def.types(f)
}

// String is the field as a user writes it.
func (f *Field) String() string {
	switch {
	case !f.HasArg:
		return f.Def.Name
	case f.Def.Arg == NeedArg && strings.IndexFunc(f.Arg, func(r rune) bool { return r > 127 || !isArgByte(byte(r)) }) < 0 && f.Arg != "" && !isDigits(f.Arg):
		return f.Def.Name + "." + f.Arg
	case strings.ContainsAny(f.Arg, ` []"`):
		return f.Def.Name + "['" + f.Arg + "']"
	}
	return f.Def.Name + "[" + f.Arg + "]"
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// scratch is the field's memory b as a string.
func (f *Field) scratch(b []byte) Value {
	f.buf = b
	if len(b) == 0 {
		return Value{Type: String}
	}
	return Value{Type: String, Str: unsafe.String(unsafe.SliceData(b), len(b))}
}

// Classes returns the dictionary in the order of the listing.
func Classes() []Class { return classes }

// Lookup returns the row called name, or the row that name is another name of; nil when there is none.
func Lookup(name string) *Def {
	return index()[name]
}

var index = sync.OnceValue(func() map[string]*Def {
	m := make(map[string]*Def, 512)
	for i := range classes {
		for j := range classes[i].Defs {
			d := &classes[i].Defs[j]
			m[d.Name] = d
		}
	}
	for alias, name := range aliases {
		m[alias] = m[name]
	}
	return m
})
