package manual

import (
	"fmt"
	"strings"

	"scry/filter/fields"
)

// Command is a word that may stand first instead of options.
type Command struct {
	Name, Args, Help string
}

// Commands are the words that main knows, in the order of help.
var Commands = []Command{
	{"info", "[--json] [--all] FILE...", "what is in a capture: machine, time, events, containers, damage"},
	{"tui", "[-v VIEW] [-d MS] [OPTIONS] [FILTER]", "the full-screen interface, live or with -r FILE; also as cscry, and as csysdig"},
	{"doctor", "[--json]", "whether this machine and this user can capture live, and what to do about it"},
	{"completion", "bash|zsh|fish", "a script that completes options, fields, events and files"},
}

// examples stand at the top of help: what most users come for, in the order in which they need it.
var examples = [][2]string{
	{"scry 'proc.name=curl and evt.failed=true'", "what a filter selects, now"},
	{"scry -p '%evt.time %proc.name %fd.name'", "only these fields"},
	{"scry -- ls /tmp", "all that a command does"},
	{"scry -w FILE", "record it"},
	{"scry -r FILE -w OUT 'fd.port=443'", "read it, keep a part of it"},
	{"scry tui -r FILE", "look at it full-screen"},
}

const (
	helpWidth  = 80 // columns of a page of help
	helpLines  = 23 // of the first page: 24 and a prompt
	helpColumn = 31 // where the texts of options begin
)

// Help is the text of --help: a page that fits a screen of 24 lines and 80 columns; with all, of --help=all: every option.
func Help(all bool) string {
	var b strings.Builder
	b.WriteString("scry shows what a Linux system does, or did when a .scap file was recorded.\n\n")
	for _, e := range examples {
		fmt.Fprintf(&b, "  %-52s%s\n", e[0], e[1])
	}
	b.WriteByte('\n')
	if !all {
		for i := range Options {
			if o := &Options[i]; o.Top {
				brief, _, _ := strings.Cut(o.Help, ";")
				fmt.Fprintf(&b, "  %-*s%s\n", helpColumn-2, o.Usage(), brief)
			}
		}
		b.WriteString("\nAll options: scry --help=all    Fields: scry -l [NAME]    Events: scry -L [NAME]\n")
		b.WriteString("Completion with Tab: source <(scry completion bash)      More: README.md, docs/\n")
		return b.String()
	}
	b.WriteString("Usage: scry [OPTIONS] [FILTER] [-- COMMAND ARGS...]\n       scry -r FILE... [OPTIONS] [FILTER]\n       scry COMMAND ...\n\nCommands\n")
	for _, c := range Commands {
		describe(&b, c.Name+" "+c.Args, c.Help)
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s\n", g.title)
		for i := range Options {
			if o := &Options[i]; o.Group == g.name {
				describe(&b, o.Usage(), o.text())
			}
		}
	}
	b.WriteString(`
What follows the options is the filter; put it in single quotes. Long options
may be cut short (--read), options and filter may stand in any order.
Behind -- stands a command: it is run, and only it and its children are shown.
Exit codes: 0 all went well, 1 failed, 2 wrong command line, filter or format,
3 the input is cut off or damaged, 4 not permitted, or the kernel or this
version cannot; with -- COMMAND its own, 127 when there is none of that name.
`)
	return b.String()
}

// groups are the groups of options in the order of help, with what help says of them.
var groups = []struct{ name, title string }{
	{Input, Input},
	{Live, Live + " (without effect with -r)"},
	{Output, Output},
	{Chisels, Chisels},
	{Writing, Writing},
	{Knowing, Knowing},
	{Ignored, Ignored + " (accepted, as sysdig has them)"},
	{Gone, Gone + " (refused)"},
}

// Usage is the option as a user writes it: "-r, --readfile FILE".
func (o *Option) Usage() string {
	s := "    --" + o.Name
	if o.Short != "" {
		s = "-" + o.Short + ", --" + o.Name
	}
	switch {
	case o.Arg == "":
		return s
	case o.Optional != "":
		return s + "[=" + o.Arg + "]"
	}
	return s + " " + o.Arg
}

// text is what help says of the option.
func (o *Option) text() string {
	switch {
	case o.Gone != "":
		return o.Gone
	case o.Note != "":
		return o.Help + ": " + o.Note
	}
	return o.Help
}

// describe writes a name and a text that is wrapped beside it.
func describe(b *strings.Builder, name, text string) {
	fmt.Fprintf(b, "  %-*s", helpColumn-2, name)
	if len(name) > helpColumn-3 {
		fmt.Fprintf(b, "\n%*s", helpColumn, "")
	}
	b.WriteString(strings.Join(wrap(text, helpWidth-helpColumn), "\n"+strings.Repeat(" ", helpColumn)))
	b.WriteByte('\n')
}

// wrap cuts text into lines of at most width bytes, between words. A longer word has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// Lookup returns the option with the long name, or nil.
func Lookup(name string) *Option { return lookup(func(o *Option) bool { return o.Name == name }) }

// LookupShort returns the option with the letter, or nil.
func LookupShort(letter string) *Option {
	return lookup(func(o *Option) bool { return o.Short == letter && letter != "" })
}

func lookup(is func(*Option) bool) *Option {
	for i := range Options {
		if is(&Options[i]) {
			return &Options[i]
		}
	}
	return nil
}

// habits are options of other programs: what to write instead.
var habits = map[string]string{
	"filter":   "the filter needs no option: write it behind the others, in single quotes",
	"expr":     "the filter needs no option: write it behind the others, in single quotes",
	"output":   "-w FILE writes a capture; text goes to standard output: > FILE; -p FORMAT says what a line holds",
	"format":   "-p FORMAT says what a line holds",
	"fields":   "-l lists the fields, -p FORMAT chooses them",
	"follow":   "scry -- COMMAND follows a command; a filter follows a process: proc.apid=PID",
	"pid":      "filter by process: proc.pid=PID",
	"tid":      "filter by thread: thread.tid=TID",
	"user":     "filter by user: user.name=NAME",
	"comm":     "filter by program: proc.name=NAME",
	"trace":    "filter by event: evt.type in (open, openat)",
	"count":    "-S counts the events of each type; -q shows only the sum; -n N stops after N",
	"ascii":    "-A shows buffers as text",
	"hex":      "-x or -X shows buffers as a hex dump",
	"pretty":   "-j gives one JSON object a line; jq shows it indented",
	"overview": "scry info FILE tells what is in a file",
	"info":     "scry info FILE tells what is in a file",
	"view":     "the full-screen interface is not in this version",
}

// shortHabits are the same for single letters.
var shortHabits = map[string]string{
	"o": habits["output"], "f": habits["filter"], "V": "--version prints the version", "y": "descriptors are always named",
	"?": "--help is the help", "O": habits["output"], "g": habits["filter"], "a": habits["fields"], "Y": habits["filter"], "N": "numbers are not looked up unless -R asks",
}

// UnknownOption says that no option is called name, and what may have been meant. name has no dashes.
func UnknownOption(name string) string {
	switch near, several := Nearest(name), withPrefix(name); {
	case habits[name] != "":
		return fmt.Sprintf("unknown option --%s: %s", name, habits[name])
	case strings.ContainsAny(name, " ") || name == "":
		return fmt.Sprintf("unknown option %q: options begin with one or two dashes, the filter with none", "--"+name)
	case len(several) > 1:
		return fmt.Sprintf("option --%s is short for several: --%s", name, strings.Join(several, ", --"))
	case near != "":
		return fmt.Sprintf("unknown option --%s: did you mean --%s?", name, near)
	}
	return fmt.Sprintf("unknown option --%s: scry --help=all lists them", name)
}

// UnknownShort says that no option has the letter. rest is what stood in the same word from there on.
func UnknownShort(letter, rest string) string {
	in := ""
	if rest != letter {
		in = " (in -" + rest + ")"
	}
	other := strings.ToUpper(letter)
	if other == letter {
		other = strings.ToLower(letter)
	}
	switch {
	case shortHabits[letter] != "":
		return fmt.Sprintf("unknown option -%s%s: %s", letter, in, shortHabits[letter])
	case LookupShort(other) != nil:
		o := LookupShort(other)
		return fmt.Sprintf("unknown option -%s%s: did you mean -%s (--%s)?", letter, in, other, o.Name)
	}
	return fmt.Sprintf("unknown option -%s%s: scry --help=all lists them", letter, in)
}

func withPrefix(name string) []string {
	var out []string
	for i := range Options {
		if strings.HasPrefix(Options[i].Name, name) {
			out = append(out, Options[i].Name)
		}
	}
	return out
}

// Nearest is the long option that name most likely stands for: "" when none is near.
func Nearest(name string) string {
	var names []string
	for i := range Options {
		names = append(names, Options[i].Name)
	}
	return fields.Nearest(name, names)
}

// NeedsValue says that the option was given without its value.
func NeedsValue(name string) string {
	o := Lookup(name)
	if o == nil {
		return "option --" + name + " needs a value"
	}
	return fmt.Sprintf("option %s needs %s: %s", o.spelled(), o.Arg, o.Help)
}

// Dashed is the option in its shorter spelling: "-n", "--from".
func (o *Option) Dashed() string {
	if o.Short == "" {
		return "--" + o.Name
	}
	return "-" + o.Short
}

// spelled is the option in both spellings: "-n, --numevents".
func (o *Option) spelled() string {
	if o.Short == "" {
		return "--" + o.Name
	}
	return "-" + o.Short + ", --" + o.Name
}

// CommandHelp is the help of one command.
func CommandHelp(name string) string {
	for _, c := range Commands {
		if c.Name == name {
			return fmt.Sprintf("scry %s %s\n\n  %s\n", c.Name, c.Args, c.Help)
		}
	}
	return ""
}
