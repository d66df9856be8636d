package manual

import (
	"slices"
	"strings"

	"scry/filter"
	"scry/filter/fields"
)

// Candidate is what the word at the cursor may become.
type Candidate struct {
	Text string // the whole word
	Help string
	More bool // the word goes on: no blank behind it
}

// Completion is the answer to a Tab: candidates, or that the shell completes names of files.
type Completion struct {
	List  []Candidate
	Files string // a glob of the files that are meant, "" when none are
}

// ChiselNames gives the names of the chisels with what they show; main sets it, as a package above this one knows them.
var ChiselNames func() []Candidate

// captures is the glob of capture files.
const captures = "*.scap*"

// String is the answer as the shell scripts read it: a line for each candidate, with its help behind a tab; a blank behind the word when it is
// complete; ":files GLOB" for files.
func (c Completion) String() string {
	var b strings.Builder
	if c.Files != "" {
		b.WriteString(":files " + c.Files + "\n")
	}
	for _, x := range c.List {
		b.WriteString(x.Text)
		if !x.More {
			b.WriteByte(' ')
		}
		if x.Help != "" {
			b.WriteString("\t" + x.Help)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Complete says what the last of words may become. words are those behind the name of the program, as the user typed them, quotes included,
// perhaps with "--" in front; the last one is cut at the cursor and may be empty.
func Complete(words []string) Completion {
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	quote := ""
	for i, w := range words {
		words[i], quote = unquote(w)
	}
	done, word := words[:len(words)-1], words[len(words)-1]
	var c Completion
	if len(done) > 0 && slices.ContainsFunc(Commands, func(c Command) bool { return c.Name == done[0] }) {
		c = command(done[0], word)
	} else {
		c = arguments(done, word)
	}
	c.List = slices.DeleteFunc(c.List, func(x Candidate) bool { return !strings.HasPrefix(x.Text, word) })
	if quote != "" {
		for i := range c.List {
			c.List[i].More = true // the quote is still open
		}
	}
	return c
}

// unquote takes the quotes from a word; open is the one that was not closed.
func unquote(w string) (text, open string) {
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case open == "" && (c == '\'' || c == '"'):
			open = string(c)
		case open != "" && c == open[0]:
			open = ""
		case c == '\\' && open != "'" && i+1 < len(w):
			i++
			b.WriteByte(w[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), open
}

// command completes the words behind a command.
func command(name, word string) Completion {
	switch {
	case name == "completion":
		return words(Shells...)
	case name == "doctor":
		return words("--json")
	case strings.HasPrefix(word, "-"):
		return words("--json", "--all")
	}
	return Completion{Files: captures}
}

func words(list ...string) (c Completion) {
	for _, w := range list {
		c.List = append(c.List, Candidate{Text: w})
	}
	return c
}

// arguments completes options, their values, the filter, and behind "--" the files that a command is given.
func arguments(done []string, word string) Completion {
	if slices.Contains(done, "--") {
		return Completion{Files: "*"}
	}
	var waits *Option // the option that takes the next word
	var flt []string
	for _, w := range done {
		switch {
		case waits != nil:
			waits = nil
		case strings.HasPrefix(w, "-") && len(w) > 1:
			waits = TakesNext(w)
		default:
			flt = append(flt, w)
		}
	}
	if waits != nil {
		return optionValue(waits, "", word)
	}
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		if o := Lookup(name[2:]); o != nil && o.Arg != "" {
			return optionValue(o, name+"=", value)
		}
		return Completion{}
	}
	if strings.HasPrefix(word, "-") {
		return optionNames(word)
	}
	if slices.Contains(done, "-L") || slices.Contains(done, "--list-events") {
		return words(eventNames()...)
	}
	c := filterWords(strings.Join(flt, " "), word)
	if len(done) == 0 {
		for _, x := range Commands {
			c.List = append([]Candidate{{Text: x.Name, Help: x.Help}}, c.List...)
		}
	}
	return c
}

// TakesNext is the option at the end of a word of options when it takes the next word as its value, else nil.
func TakesNext(w string) *Option {
	if name, ok := strings.CutPrefix(w, "--"); ok {
		if o := Lookup(name); o != nil && o.Arg != "" && o.Optional == "" {
			return o
		}
		return nil
	}
	for i := 1; i < len(w); i++ {
		o := LookupShort(w[i : i+1])
		if o == nil || o.Arg != "" && (o.Optional != "" || i+1 < len(w)) {
			return nil
		}
		if o.Arg != "" {
			return o
		}
	}
	return nil
}

func optionNames(word string) (c Completion) {
	for i := range Options {
		o := &Options[i]
		if o.Group == Gone || o.Group == Ignored {
			continue
		}
		brief, _, _ := strings.Cut(o.Help, ";")
		if !strings.HasPrefix(word, "--") && o.Short != "" {
			c.List = append(c.List, Candidate{Text: "-" + o.Short, Help: brief})
		}
		if c.List = append(c.List, Candidate{Text: "--" + o.Name, Help: brief}); o.Optional != "" {
			c.List = append(c.List, Candidate{Text: "--" + o.Name + "=" + o.Arg, Help: brief})
		}
	}
	return c
}

// optionValue completes the value of o; before is what stands before the value in the same word.
func optionValue(o *Option, before, value string) (c Completion) {
	switch {
	case o.Arg == "FILE" && before == "":
		return Completion{Files: captures}
	case o.Name == "print":
		if i := strings.LastIndexByte(value, '%'); i >= 0 {
			return formatField(before+value[:i+1], value[i+1:])
		}
		c = words("c", "k", "p", "%")
		c.List[3].More = true
	case (o.Name == "chisel" || o.Name == "chisel-info") && ChiselNames != nil:
		c.List = ChiselNames()
	case strings.Contains(o.Arg, "|"):
		c = words(strings.Split(o.Arg, "|")...)
	case o.Optional != "":
		c = words(o.Arg)
	}
	for i := range c.List {
		c.List[i].Text = before + c.List[i].Text
	}
	return c
}

// formatField completes a field of a format, behind its percent sign.
func formatField(before, name string) (c Completion) {
	digits := len(name) - len(strings.TrimLeft(name, "0123456789"))
	for _, x := range fieldNames(name[digits:], fields.FilterOnly) {
		x.Text, x.More = before+name[:digits]+x.Text, true
		c.List = append(c.List, x)
	}
	return c
}

// fieldNames are the fields that begin with prefix and have none of the flags in without; before the first dot only the families.
func fieldNames(prefix string, without fields.Flag) (list []Candidate) {
	if !strings.Contains(prefix, ".") {
		for _, class := range fields.Classes() {
			for i := range class.Defs {
				family, _, _ := strings.Cut(class.Defs[i].Name, ".")
				known := slices.ContainsFunc(list, func(x Candidate) bool { return x.Text == family+"." })
				if class.Defs[i].Flags&fields.Hidden == 0 && strings.HasPrefix(family, prefix) && !known {
					list = append(list, Candidate{Text: family + ".", Help: class.Title, More: true})
				}
			}
		}
		return list
	}
	for _, class := range fields.Classes() {
		for i := range class.Defs {
			d := &class.Defs[i]
			if d.Flags&(fields.Hidden|without) == 0 && strings.HasPrefix(d.Name, prefix) {
				x := Candidate{Text: d.Name, Help: d.Desc}
				if d.Arg == fields.NeedArg {
					x.Text, x.More = x.Text+".", true
				}
				list = append(list, x)
			}
		}
	}
	return list
}

// filterWords completes the last piece of the filter that word ends in; before are the words of the filter that stand before it.
func filterWords(before, word string) (c Completion) {
	head, piece := splitPiece(word)
	p := position{}
	p.read(before + " " + head)
	var list []Candidate
	switch p.want {
	case wantField:
		list = append(fieldNames(piece, fields.PrintOnly), Candidate{Text: "not"})
		if d := fields.Lookup(piece); d != nil {
			for _, op := range []string{"=", "!="} {
				list = append(list, Candidate{Text: piece + op, More: true})
			}
		}
	case wantOperator:
		for _, op := range filter.Operators() {
			list = append(list, Candidate{Text: op})
		}
	case wantValue, wantMember:
		for _, v := range values(p.field) {
			list = append(list, Candidate{Text: v, More: p.want == wantMember})
		}
	case wantJoin:
		list = words("and", "or").List
		if p.depth > 0 {
			list = append(list, Candidate{Text: ")"})
		}
	}
	for _, x := range list {
		x.Text = head + x.Text
		c.List = append(c.List, x)
	}
	return c
}

// values are the values that a field can have, when they are few or known by name.
func values(field string) []string {
	switch field {
	case "":
		return nil
	case "evt.type", "syscall.type":
		return eventNames()
	}
	if d, _, _, _ := fields.Scan(field); d != nil && d.Type == fields.Bool {
		return []string{"true", "false"}
	}
	return filter.Values(field)
}

// splitPiece cuts what is being typed from the end of a filter.
func splitPiece(s string) (head, piece string) {
	i := strings.LastIndexAny(s, " \t\n=!<>&|(),'\"")
	return s[:i+1], s[i+1:]
}

// want says what comes next in a filter.
type want uint8

const (
	wantField want = iota
	wantOperator
	wantValue
	wantMember // of a list of values
	wantJoin
)

// position is a place in a filter, as far as completion needs to know it: it never fails, it only stops being of help.
type position struct {
	want  want
	field string // the last one
	depth int    // open brackets round conditions
}

// read moves the position behind the text s.
func (p *position) read(s string) {
	for s = strings.TrimLeft(s, " \t\n"); s != ""; s = strings.TrimLeft(s, " \t\n") {
		n := 1
		switch {
		case s[0] == '\'' || s[0] == '"':
			if k := strings.IndexByte(s[1:], s[0]); k >= 0 {
				n = k + 2
			} else {
				n = len(s)
			}
		case strings.IndexByte("=!<>&|", s[0]) >= 0:
			for n < len(s) && strings.IndexByte("=!<>&|", s[n]) >= 0 {
				n++
			}
		case strings.IndexByte("(),", s[0]) < 0:
			if n = strings.IndexAny(s, " \t\n=!<>&|(),'\""); n < 0 {
				n = len(s)
			}
		}
		p.token(s[:n])
		s = s[n:]
	}
}

// token moves the position behind one token.
func (p *position) token(t string) {
	switch p.want {
	case wantField:
		switch t {
		case "(":
			p.depth++
		case "not", "!":
		default:
			if d, _, _, _ := fields.Scan(t); d != nil {
				p.field, p.want = t, wantOperator
			}
		}
	case wantOperator:
		switch t {
		case "exists":
			p.want = wantJoin
		case ")": // of a transformer
		default:
			p.want = wantValue
		}
	case wantValue:
		switch t {
		case "(":
			p.want = wantMember
		case "anyof", "allof", "oneof":
		default:
			p.want = wantJoin
		}
	case wantMember:
		if t == ")" {
			p.want = wantJoin
		}
	case wantJoin:
		switch t {
		case ")":
			p.depth--
		case "and", "or", "&&", "||":
			p.want, p.field = wantField, ""
		}
	}
}
