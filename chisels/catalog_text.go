package chisels

import (
	"fmt"
	"io"
	"strings"
)

// WriteList lists the chisels by category; warn gets a line for each file that is none.
func (c *Catalog) WriteList(w io.Writer, width int, warn func(format string, args ...any)) error {
	list, warnings := c.All()
	for _, err := range warnings {
		warn("%v", err)
	}
	var b strings.Builder
	category := ""
	for _, s := range list {
		if s.Hidden {
			continue
		}
		if s.Category != category {
			if category != "" {
				b.WriteByte('\n')
			}
			category = s.Category
			fmt.Fprintf(&b, "%s\n", category)
		}
		text := s.Title
		if s.Origin != "built in" {
			text += " (" + s.Origin + ")"
		}
		fmt.Fprintf(&b, "  %-20s %s\n", s.Name, cutTo(text, width-23))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cutTo is s in width columns, all of it when width is that of no terminal.
func cutTo(s string, width int) string {
	if width < 20 {
		return s
	}
	return cutText(s, width)
}

// WriteInfo prints what a chisel does, how it is called, and its text.
func (c *Catalog) WriteInfo(w io.Writer, name string, width int) error {
	s, err := c.Find(name)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Title)
	fmt.Fprintf(&b, "category: %s; %s\n", s.Category, s.Origin)
	for _, text := range append([]string{s.Description}, s.Tips...) {
		if text = strings.TrimSpace(text); text != "" {
			fmt.Fprintf(&b, "\n%s\n", wrapText(text, max(width, 60)))
		}
	}
	fmt.Fprintf(&b, "\nusage: scry -c %s", s.Name)
	if len(s.Args) > 0 {
		u := s.usage()
		if len(s.Args) > 1 {
			u = "'" + u + "'"
		}
		b.WriteString(" " + u)
	}
	b.WriteByte('\n')
	for i := range s.Args {
		a := &s.Args[i]
		text := a.Help
		if len(a.Values) > 0 {
			text += " (" + strings.Join(a.words(), ", ") + ")"
		}
		if a.Default != "" {
			text += "; default " + a.Default
		}
		fmt.Fprintf(&b, "  %-16s %s\n", a.Name, text)
	}
	fmt.Fprintf(&b, "\n---\n%s", s.Text)
	_, err = io.WriteString(w, b.String())
	return err
}

// wrapText breaks text into lines between words.
func wrapText(text string, width int) string {
	var b strings.Builder
	n := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case n == 0:
		case n+1+len(word) > width:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += len(word)
	}
	return b.String()
}
