package manual

import (
	"fmt"
	"io"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// NotFoundError tells that a listing has nothing of the name.
type NotFoundError struct {
	What, Pattern, Near string // "field", what was asked for, the nearest name or ""
}

// Error is a sentence.
func (e *NotFoundError) Error() string {
	switch {
	case e.Near != "":
		return fmt.Sprintf("no %s has %q in its name: did you mean %s?", e.What, e.Pattern, e.Near)
	case e.What == "field":
		return fmt.Sprintf("no field or class has %q in its name: scry -l lists them all", e.Pattern)
	}
	return fmt.Sprintf("no %s has %q in its name: scry -L lists them all", e.What, e.Pattern)
}

const (
	nameColumn = 30 // width of the names in the listing of fields
	ruleWidth  = 31
)

// WriteFields lists the fields whose name, or whose class, contains one of the words of pattern, whatever the case; types adds the types. Texts
// are wrapped between words at width. A *NotFoundError when there is nothing to list.
func WriteFields(w io.Writer, pattern string, types bool, width int) error {
	words := strings.Fields(strings.ToLower(pattern))
	var b strings.Builder
	for _, c := range fields.Classes() {
		whole := matches(words, c.Name)
		var rows strings.Builder
		for i := range c.Defs {
			d := &c.Defs[i]
			if d.Flags&fields.Hidden == 0 && (whole || matches(words, d.Name)) {
				writeField(&rows, d, types, width)
			}
		}
		if rows.Len() > 0 {
			rule := strings.Repeat("-", ruleWidth)
			fmt.Fprintf(&b, "%s\n%-*s%s\n%-*s%s\n\n%s\n", rule, nameColumn, "Field Class:", c.Name, nameColumn, "Description:", c.Title, rows.String())
		}
	}
	if b.Len() == 0 {
		return &NotFoundError{"field", pattern, nearestField(pattern)}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// matches tells whether name contains one of words; no words match everything.
func matches(words []string, name string) bool {
	for _, w := range words {
		if strings.Contains(strings.ToLower(name), w) {
			return true
		}
	}
	return len(words) == 0
}

func nearestField(word string) string {
	if i := strings.IndexAny(word, "[("); i > 0 {
		word = word[:i]
	}
	if d, _, _, n := fields.Scan(word); d != nil && n == len(word) {
		return d.Name
	}
	return fields.NearestField(word, fields.Hidden)
}

func writeField(b *strings.Builder, d *fields.Def, types bool, width int) {
	text := d.Desc + Marks(d)
	if types {
		text = "(Type: " + d.Type.String() + ") " + text
	}
	indent := "\n" + strings.Repeat(" ", nameColumn)
	fmt.Fprintf(b, "%-*s", nameColumn, d.Name)
	if len(d.Name) >= nameColumn {
		b.WriteString(indent)
	}
	b.WriteString(strings.Join(wrap(text, max(width-nameColumn, nameColumn)), indent))
	b.WriteByte('\n')
}

// Marks says how a field differs from the others: " (list) (filter only)".
func Marks(d *fields.Def) string {
	s := ""
	if d.Flags&fields.List != 0 {
		s += " (list)"
	}
	if d.Flags&fields.FilterOnly != 0 {
		s += " (filter only)"
	}
	if d.Flags&fields.PrintOnly != 0 {
		s += " (output only)"
	}
	switch d.Arg {
	case fields.NeedArg:
		s += " (write " + ArgForm(d) + ")"
	case fields.OptArg:
		s += " (also " + ArgForm(d) + ")"
	}
	return s
}

// argForms are the arguments that are neither a number nor any name.
var argForms = map[string]string{
	"evt.arg":       "evt.arg.NAME or evt.arg[N]",
	"evt.rawarg":    "evt.rawarg.NAME",
	"evt.type.is":   "evt.type.is.EVENT",
	"evt.around":    "evt.around[TIME]",
	"evt.abspath":   "evt.abspath.src, evt.abspath.dst",
	"proc.aenv":     "proc.aenv[N], proc.aenv[NAME]",
	"fd.types":      "fd.types[FD]",
	"proc.env":      "proc.env[NAME]",
	"thread.cgroup": "thread.cgroup.NAME",
}

// ArgForm shows how the argument of a field is written: "proc.aname[N]".
func ArgForm(d *fields.Def) string {
	if form := argForms[d.Name]; form != "" {
		return form
	}
	switch {
	case strings.HasPrefix(d.Name, "container.mount"):
		return d.Name + "[N] or " + d.Name + "[PATH]"
	case d.Arg == fields.NeedArg:
		return d.Name + ".NAME"
	}
	return d.Name + "[N]"
}

// current yields the event types that a listing has: of each direction and name the newest, without unused and internal ones.
func current() []event.Type {
	type key struct {
		dir  event.Dir
		name string
	}
	newest := map[key]event.Type{}
	for t, row := range event.Types() {
		if row.Flags&event.Unused == 0 && !t.Internal() {
			k := key{t.Dir(), row.Name}
			if _, seen := newest[k]; !seen || row.Newer == 0 {
				newest[k] = t
			}
		}
	}
	var out []event.Type
	for t, row := range event.Types() {
		if newest[key{t.Dir(), row.Name}] == t && row.Flags&event.Unused == 0 && !t.Internal() {
			out = append(out, t)
		}
	}
	return out
}

// WriteEvents lists the events whose name contains one of the words of pattern, with their arguments; calls without a type of their own come
// as "syscall", unless pattern names one. A *NotFoundError when there is nothing to list.
func WriteEvents(w io.Writer, pattern string, width int) error {
	words := strings.Fields(strings.ToLower(pattern))
	var b strings.Builder
	for _, t := range current() {
		if matches(words, t.Schema().Name) {
			indent := "\n    "
			b.WriteString(strings.Join(wrap(signature(t), max(width, nameColumn)-4), indent))
			b.WriteByte('\n')
		}
	}
	if len(words) > 0 {
		writeGeneric(&b, words)
	}
	if b.Len() == 0 {
		return &NotFoundError{"event", pattern, fields.Nearest(pattern, eventNames())}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// signature is an event with its arguments: "> open(FSPATH name, FLAGS32 flags, UINT32 mode)".
func signature(t event.Type) string {
	row := t.Schema()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s(", row.Dir, row.Name)
	for i, p := range row.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", p.Kind, p.Name)
	}
	return b.String() + ")"
}

// writeGeneric lists the calls without an event of their own.
func writeGeneric(b *strings.Builder, words []string) {
	for _, name := range genericNames() {
		if matches(words, name) {
			fmt.Fprintf(b, "> %s()\n< %s()\n", name, name)
		}
	}
}
