package fields

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"scry/capture/event"
)

// The formats of the ways to print. A terminal and a pipe get the same text; colours only go around it.
const (
	DefaultFormat    = "*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"
	ContainerFormat  = "*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info"
	KubernetesFormat = "*%evt.num %evt.outputtime %evt.cpu %k8s.pod.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info"
)

const maxColumn = 1 << 16 // widest %NNfield

// Format is a compiled -p format:
//
//   - at the start: fields that an event does not have print <NA>; without it such events are not printed
//     %field       the longest dictionary name that fits, with [argument] or .argument for those that take one
//     %20field     padded with blanks, or cut, to 20 bytes; never in the middle of a character
//     %%           a percent sign
//     \n \t \e \\  newline, tab, escape, backslash
//
// A Format has scratch memory of its own and is not safe for concurrent use.
type Format struct {
	text     string
	star     bool
	pieces   []piece
	fields   []*Field
	stateful []*Field
	last     []uint64 // the stateful fields' memory, to take back what a skipped line did
	json     []jsonItem
	raw      []string // of the JSON items, while a line is made: texts that JSON cannot hold
	args     jsonArgs
	opts     *Options
}

// piece is fixed text, then perhaps a field.
type piece struct {
	lit   string
	field *Field
	width int // 0: as wide as it is
	color string
}

// FormatError tells what is wrong with a format, and where.
type FormatError struct {
	Text           string // the format
	Offset, Length int    // of the part at fault, in bytes
	Msg, Hint      string
}

// Error shows the format with the part at fault underlined.
func (e *FormatError) Error() string {
	raw := &Options{}
	show := func(s string) string { return string(AppendText(nil, s, raw)) }
	end := min(e.Offset+e.Length, len(e.Text))
	before, at := show(e.Text[:e.Offset]), show(e.Text[e.Offset:end])
	var b strings.Builder
	fmt.Fprintf(&b, "format:1:%d: %s\n  %s\n  %s%s", utf8.RuneCountInString(e.Text[:e.Offset])+1, e.Msg, show(e.Text),
		strings.Repeat(" ", utf8.RuneCountInString(before)), strings.Repeat("^", max(1, utf8.RuneCountInString(at))))
	if e.Hint != "" {
		b.WriteString(" " + e.Hint)
	}
	return b.String()
}

// ParseFormat compiles s. Every error is a *FormatError.
func ParseFormat(s string, o *Options) (*Format, error) {
	if o == nil {
		o = &Options{}
	}
	f := &Format{text: s, opts: o}
	p := formatParser{f: f, s: s}
	if err := p.parse(); err != nil {
		return nil, err
	}
	for _, x := range f.fields {
		if x.Def.Flags&Stateful != 0 {
			f.stateful = append(f.stateful, x)
		}
	}
	f.last = make([]uint64, len(f.stateful))
	f.json = append(f.json, jsonItems(p.names, f.fields, o)...)
	f.raw = make([]string, len(f.json))
	return f, nil
}

// Fields returns the fields of the format in the order of their use.
func (f *Format) Fields() []*Field { return f.fields }

// String is the format as it was given.
func (f *Format) String() string { return f.text }

// Append appends the line of ev, without a newline at its end. When the format has no leading * and ev lacks one of its fields, that field
// is returned and dst is unchanged: the line is to be skipped. hot: no allocation (TestFormatAllocs)
func (f *Format) Append(dst []byte, ev *event.Event) (out []byte, missing *Field) {
	for i, x := range f.stateful {
		f.last[i] = x.last
	}
	start := len(dst)
	for i := range f.pieces {
		p := &f.pieces[i]
		dst = append(dst, p.lit...)
		if p.field == nil {
			continue
		}
		dst = append(dst, p.color...)
		at := len(dst)
		var ok bool
		if dst, ok = p.field.Append(dst, ev); !ok {
			if !f.star {
				f.restore()
				return dst[:start], p.field
			}
			dst = append(dst, notAvailable...)
		}
		n := len(dst) - at
		if p.width > 0 && n > p.width {
			dst = dst[:cutRune(dst, at, at+p.width)]
			n = len(dst) - at
		}
		if p.color != "" {
			dst = append(dst, sgrReset...)
		}
		for ; n < p.width; n++ {
			dst = append(dst, ' ')
		}
	}
	return dst, nil
}

// restore takes back what fields remembered of a line that was not printed.
func (f *Format) restore() {
	for i, x := range f.stateful {
		x.last = f.last[i]
	}
}

// cutRune is the largest place not after end at which b can be cut without splitting a character that starts at or after from.
func cutRune(b []byte, from, end int) int {
	for i := end; i > from && end-i < utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return end
}

// Colours: the text stays the same, so that a line pasted from a terminal matches the one in a file.
const (
	sgrReset = "\x1b[0m"
	sgrError = "\x1b[31m"
)

var sgrOf = map[string]string{
	"proc.name":      "\x1b[1;32m",
	"container.name": "\x1b[32m",
	"k8s.pod.name":   "\x1b[32m",
	"proc.pid":       "\x1b[1;36m",
	"thread.tid":     "\x1b[36m",
	"thread.vtid":    "\x1b[36m",
	"evt.type":       "\x1b[1;34m",
	"evt.res":        sgrError,
}

// formatParser reads a format.
type formatParser struct {
	f     *Format
	s     string
	pos   int
	lit   []byte
	names []string // as written, parallel to f.fields
}

func (p *formatParser) parse() error {
	if p.s == "" {
		return p.fail(0, 0, "empty format", "* alone prints empty lines")
	}
	if p.s[0] == '*' {
		p.f.star = true
		p.pos = 1
	}
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == '\\' && p.pos+1 < len(p.s) && strings.IndexByte(`nte\`, p.s[p.pos+1]) >= 0:
			p.lit = append(p.lit, "\n\t\x1b\\"[strings.IndexByte(`nte\`, p.s[p.pos+1])])
			p.pos += 2
		case c == '%':
			if err := p.field(); err != nil {
				return err
			}
		default:
			p.lit = append(p.lit, c)
			p.pos++
		}
	}
	if len(p.lit) > 0 {
		p.f.pieces = append(p.f.pieces, piece{lit: string(p.lit)})
	}
	return nil
}

// field reads what follows a percent sign.
func (p *formatParser) field() error {
	start := p.pos
	p.pos++
	if strings.HasPrefix(p.s[p.pos:], "%") {
		p.lit = append(p.lit, '%')
		p.pos++
		return nil
	}
	width, err := p.width(start)
	if err != nil {
		return err
	}
	at := p.pos
	d, arg, hasArg, n := Scan(p.s[at:])
	if n == 0 {
		return p.unknown(start, at)
	}
	name := p.s[at : at+n]
	if d.Flags&FilterOnly != 0 {
		return p.fail(at, n, d.Name+" is for filters only and cannot be displayed", "")
	}
	x, err := New(d.Name, arg, hasArg, p.f.opts)
	if err != nil {
		return p.fail(at, n, ErrorText(err), "")
	}
	p.pos = at + n
	q := piece{lit: string(p.lit), field: x, width: width}
	if p.f.opts.Color {
		q.color = sgrOf[d.Name]
		x.color = width == 0 // colours inside a text that may be cut would be cut with it
	}
	p.lit = p.lit[:0]
	p.f.pieces = append(p.f.pieces, q)
	p.f.fields = append(p.f.fields, x)
	p.names = append(p.names, name)
	return nil
}

// width reads the digits after a percent sign.
func (p *formatParser) width(start int) (int, error) {
	at, w := p.pos, 0
	for p.pos < len(p.s) && p.s[p.pos] >= '0' && p.s[p.pos] <= '9' {
		w = min(w*10+int(p.s[p.pos]-'0'), maxColumn+1)
		p.pos++
	}
	switch {
	case w > maxColumn:
		return 0, p.fail(at, p.pos-at, fmt.Sprintf("a column can be at most %d bytes wide", maxColumn), "")
	case p.pos == len(p.s) && p.pos > at:
		return 0, p.fail(start, p.pos-start, "a format cannot end with a column width", "a field name belongs after it")
	case p.pos == len(p.s):
		return 0, p.fail(start, 1, "a format cannot end with %", "write %% for a percent sign")
	}
	return w, nil
}

// unknown reports that no field name starts at at.
func (p *formatParser) unknown(start, at int) error {
	n := 0
	for at+n < len(p.s) && isNameByte(p.s[at+n]) {
		n++
	}
	if n == 0 {
		return p.fail(start, at-start, "no field name after %", "write %% for a percent sign")
	}
	name := p.s[at : at+n]
	if _, err := New(name, "", false, nil); errors.Is(err, ErrGone) {
		return p.fail(at, n, ErrorText(err), "")
	}
	hint := ""
	if s := NearestField(strings.TrimRight(name, "."), Hidden|FilterOnly); s != "" {
		hint = "did you mean " + s + "?"
	}
	return p.fail(at, n, fmt.Sprintf("no field %q", name), hint)
}

func (p *formatParser) fail(offset, length int, msg, hint string) error {
	return &FormatError{Text: p.s, Offset: offset, Length: length, Msg: msg, Hint: hint}
}

// ErrorText is the text of an error of New without the sentinel in front.
func ErrorText(err error) string {
	s := err.Error()
	for _, e := range []error{ErrArg, ErrGone, ErrUnknown} {
		s = strings.TrimPrefix(s, e.Error()+": ")
	}
	return s
}
