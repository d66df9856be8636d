package chisels

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"scry/filter"
	"scry/filter/fields"
)

// Call is a chisel as the command line names it: "NAME", "NAME:key=value,..." or a name and the words behind it.
type Call struct {
	Spec *Spec
	Args map[string]string
}

// ParseCall takes the word behind -c apart: a name, or "name:key=value,key=value".
func (c *Catalog) ParseCall(word string) (*Call, error) {
	name, list, given := strings.Cut(word, ":")
	s, err := c.Find(name)
	if err != nil {
		return nil, err
	}
	call := &Call{Spec: s, Args: map[string]string{}}
	if !given {
		return call, nil
	}
	for _, pair := range splitPairs(list) {
		key, value, ok := strings.Cut(pair, "=")
		a := s.arg(key)
		switch {
		case !ok:
			return nil, fmt.Errorf("-c %s: %q is no key=value", word, pair)
		case a == nil:
			return nil, fmt.Errorf("-c %s: %s has no argument %q%s", word, s.Name, key, s.argHint(key))
		}
		if err := call.set(a, value); err != nil {
			return nil, err
		}
	}
	return call, nil
}

// splitPairs cuts at commas that begin another key: a value may have commas in it.
func splitPairs(list string) []string {
	var out []string
	for _, part := range strings.Split(list, ",") {
		if len(out) > 0 && !strings.Contains(part, "=") {
			out[len(out)-1] += "," + part
			continue
		}
		out = append(out, part)
	}
	return out
}

func (s *Spec) arg(name string) *ArgSpec {
	for i := range s.Args {
		if s.Args[i].Name == name {
			return &s.Args[i]
		}
	}
	return nil
}

func (s *Spec) argHint(word string) string {
	var names []string
	for i := range s.Args {
		names = append(names, s.Args[i].Name)
	}
	if len(names) == 0 {
		return ": it takes none"
	}
	if near := fields.Nearest(word, names); near != "" {
		return ": did you mean " + near + "?"
	}
	return ": it has " + strings.Join(names, ", ")
}

func (c *Call) set(a *ArgSpec, value string) error {
	if err := a.check(value); err != nil && (value != a.Any || value == "") {
		return fmt.Errorf("-c %s: %w", c.Spec.Name, err)
	}
	if value == a.Any && value != "" {
		delete(c.Args, a.Name)
		return nil
	}
	c.Args[a.Name] = value
	return nil
}

// TakesWord tells whether the word behind the chisel's name is its argument, as sysdig decides it: a required one always, an optional one unless
// the rest of the command line is a filter. rest are the words behind the name.
func (c *Call) TakesWord(rest []string) (bool, error) {
	s := c.Spec
	if len(s.Args) == 0 || len(c.Args) > 0 {
		return false, nil
	}
	option := len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-'
	if s.Args[0].Required {
		if len(rest) == 0 || option {
			got := "nothing follows"
			if option {
				got = rest[0] + " follows, which is an option"
			}
			return false, fmt.Errorf("-c %s needs %s behind it, as in: -c %s; %s", s.Name, s.usage(), s.example(), got)
		}
		return true, nil
	}
	if len(rest) == 0 || option {
		return false, nil
	}
	if len(s.Args) == 1 && s.Args[0].Kind == ArgFilter {
		return true, nil
	}
	_, err := filter.Compile(strings.Join(rest, " "), nil)
	if i := slices.IndexFunc(rest, isOption); err != nil && i > 0 { // options may follow the filter
		_, err = filter.Compile(strings.Join(rest[:i], " "), nil)
	}
	return err != nil, nil
}

// isOption tells an option from a negative number.
func isOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}

// usage is the arguments as a manual writes them.
func (s *Spec) usage() string {
	var parts []string
	for i := range s.Args {
		if a := &s.Args[i]; a.Required {
			parts = append(parts, a.Name)
		} else {
			parts = append(parts, "["+a.Name+"]")
		}
	}
	return strings.Join(parts, " ")
}

// example is a command with its required arguments.
func (s *Spec) example() string {
	out := s.Name
	for i := range s.Args {
		if a := &s.Args[i]; a.Required {
			out += " " + a.example()
		}
	}
	return out
}

func (a *ArgSpec) example() string {
	switch a.Kind {
	case ArgInt, ArgMillis:
		return "10"
	case ArgField, ArgFields:
		return "proc.name"
	case ArgIP:
		return "127.0.0.1"
	case ArgFilter:
		return "proc.name=cat"
	case ArgFileName:
		return "out.scap"
	}
	return a.Name
}

// SetWord takes the arguments of the chisel from one word: they are separated by blanks, and may be quoted with ', " or `.
func (c *Call) SetWord(word string) error {
	s := c.Spec
	if len(s.Args) == 1 && s.Args[0].Kind == ArgFilter {
		return c.set(&s.Args[0], unquoted(word))
	}
	values, err := splitWord(word)
	if err != nil {
		return fmt.Errorf("-c %s %q: %w", s.Name, word, err)
	}
	if a := s.noColor(); a != nil { // it may stand in any place
		values = slices.DeleteFunc(values, func(v string) bool {
			if slices.Contains(noColorWords, v) {
				c.Args[a.Name] = v
				return true
			}
			return false
		})
	}
	if len(values) > len(s.Args) {
		return fmt.Errorf("-c %s %q: %d arguments, but it takes %s", s.Name, word, len(values), s.usage())
	}
	for i, v := range values {
		if err := c.set(&s.Args[i], v); err != nil {
			return err
		}
	}
	return nil
}

// noColorWords are what an argument of the kind nocolor may be: sysdig's chisels take one or the other.
var noColorWords = []string{"disable_color", "disable_colors"}

// noColor is the argument that turns colours off, nil when there is none.
func (s *Spec) noColor() *ArgSpec {
	for i := range s.Args {
		if s.Args[i].Kind == ArgNoColor {
			return &s.Args[i]
		}
	}
	return nil
}

// unquoted is a filter without the quotes that sysdig wants around one with blanks in it.
func unquoted(s string) string {
	if n := len(s); n > 2 && s[0] == s[n-1] && strings.ContainsRune("'\"`", rune(s[0])) && strings.IndexByte(s[1:], s[0]) == n-2 {
		return s[1 : n-1]
	}
	return s
}

func splitWord(s string) ([]string, error) {
	var out []string
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		if q := s[0]; q == '\'' || q == '"' || q == '`' {
			end := strings.IndexByte(s[1:], q)
			if end < 0 {
				return nil, fmt.Errorf("the quote %c is not closed", q)
			}
			out = append(out, s[1:1+end])
			s = s[2+end:]
			continue
		}
		word, rest, _ := strings.Cut(s, " ")
		out = append(out, word)
		s = rest
	}
	return out, nil
}

// Complete fills in defaults and reports the first required argument that is missing.
func (c *Call) Complete() error {
	for i := range c.Spec.Args {
		a := &c.Spec.Args[i]
		if _, ok := c.Args[a.Name]; ok {
			continue
		}
		if a.Required {
			return fmt.Errorf("-c %s needs %s, as in: -c %s", c.Spec.Name, a.Name, c.Spec.example())
		}
		if a.Default != "" {
			c.Args[a.Name] = a.Default
		}
	}
	return nil
}

// check looks at a value of the argument.
func (a *ArgSpec) check(v string) error {
	switch a.Kind {
	case ArgInt:
		if _, err := strconv.ParseUint(v, 10, 63); err != nil {
			return fmt.Errorf("%s is a whole number, not %q", a.Name, v)
		}
	case ArgMillis:
		if _, err := millis(v); err != nil {
			return fmt.Errorf("%s is a number of milliseconds, as 10 or 0.5, not %q", a.Name, v)
		}
	case ArgNoColor:
		if !slices.Contains(noColorWords, v) {
			return fmt.Errorf("%s is the word disable_color, not %q", a.Name, v)
		}
	case ArgField, ArgFields:
		for _, name := range a.list(v) {
			if _, err := newField(name, nil); err != nil {
				if near := fields.NearestField(name, 0); near != "" {
					return fmt.Errorf("%s: %w: did you mean %s?", a.Name, err, near)
				}
				return fmt.Errorf("%s: %w; scry -l lists the fields", a.Name, err)
			}
		}
	case ArgFilter:
		if v == "" {
			return nil // no condition
		}
		if _, err := filter.Compile(v, nil); err != nil {
			return err
		}
	case ArgIP:
		if _, err := netip.ParseAddr(v); err != nil {
			return fmt.Errorf("%s is an IP address, not %q", a.Name, v)
		}
	case ArgWord:
		words := a.words()
		if _, ok := a.Values[v]; !ok {
			if near := fields.Nearest(v, words); near != "" {
				return fmt.Errorf("%s is one of %s, not %q: did you mean %s?", a.Name, strings.Join(words, ", "), v, near)
			}
			return fmt.Errorf("%s is one of %s, not %q", a.Name, strings.Join(words, ", "), v)
		}
	}
	return nil
}

// millis reads a number of milliseconds, perhaps with a fraction, as ns.
func millis(v string) (uint64, error) {
	if strings.Trim(v, "0123456789.") != "" {
		return 0, strconv.ErrSyntax
	}
	d, err := time.ParseDuration(v + "ms")
	return uint64(max(d, 0)), err
}

// list are the fields of a value.
func (a *ArgSpec) list(v string) []string {
	if a.Kind == ArgFields {
		return strings.Split(v, ",")
	}
	return []string{v}
}

// words are the values that a word may have, in order.
func (a *ArgSpec) words() []string {
	var out []string
	for w := range a.Values {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}
