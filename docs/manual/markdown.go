package manual

import (
	"fmt"
	"io"
	"strings"

	"scry/filter/fields"
)

const generated = "<!-- Written by `make docs` from the tables of the program. Do not edit. -->\n\n"

// WriteFieldsMarkdown writes docs/fields.md.
func WriteFieldsMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(generated + "# Fields\n\n" +
		"The names that filters and formats know; `scry -lv` lists them in a terminal, [filters.md](filters.md) and [output.md](output.md) say how to\n" +
		"use them. A field marked *list* has several values; *filter only* cannot be displayed, *output only* cannot be filtered on.\n")
	for _, c := range fields.Classes() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n| name | type | |\n|---|---|---|\n", c.Name, upperFirst(c.Title))
		for i := range c.Defs {
			if d := &c.Defs[i]; d.Flags&fields.Hidden == 0 {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.Name, d.Type, cell(d.Desc+Marks(d)))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteEventsMarkdown writes docs/events.md.
func WriteEventsMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(generated + "# Events\n\n" +
		"The events that a capture can hold, newest version of each, with their arguments; `scry -L` lists them in a terminal. `>` is where a call enters\n" +
		"the kernel, `<` where it returns. Tracepoints and notifications have one direction. Current recorders write only the returns, with all arguments.\n\n" +
		"| | name | arguments |\n|---|---|---|\n")
	for _, t := range current() {
		row := t.Schema()
		var args []string
		for _, p := range row.Params {
			args = append(args, fmt.Sprintf("%s `%s`", p.Kind, p.Name))
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", row.Dir, row.Name, strings.Join(args, ", "))
	}
	names := genericNames()
	fmt.Fprintf(&b, "\n## System calls without arguments\n\n"+
		"These %d calls come as `syscall` events, which say that the call was made and nothing else. `evt.type` is the name of the call.\n\n", len(names))
	b.WriteString(strings.Join(wrap("`"+strings.Join(names, "` `")+"`", 150), "\n"))
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteOptionsMarkdown writes docs/options.md.
func WriteOptionsMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(generated + "# Options\n\n```\nscry [OPTIONS] [FILTER] [-- COMMAND ARGS...]\nscry -r FILE... [OPTIONS] [FILTER]\n")
	for _, c := range Commands {
		fmt.Fprintf(&b, "scry %s %s\n", c.Name, c.Args)
	}
	b.WriteString("```\n\nWithout `-r` scry records what the system does now, with `-- COMMAND` what this command does. What follows the options is\n" +
		"the filter; put it in single quotes. Options and filter may stand in any order, and long options may\n" +
		"be cut short (`--read`). Values follow as `-n 10`, `-n10`, `--numevents 10` or `--numevents=10`; where the value stands in brackets, only as\n`--json=args`.\n\n" +
		"| command | |\n|---|---|\n")
	for _, c := range Commands {
		fmt.Fprintf(&b, "| `scry %s` | %s |\n", c.Name, cell(c.Help))
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| option | |\n|---|---|\n", upperFirst(g.title))
		for i := range Options {
			if o := &Options[i]; o.Group == g.name {
				fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(strings.TrimSpace(o.Usage()), "|", `\|`), cell(o.text()))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell makes text safe for a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`).Replace(s)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
