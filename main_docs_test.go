package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scry/chisels/options"
	"scry/docs/manual"
	"scry/filter"
	"scry/filter/fields"
)

// TestDocs proves that the generated pages of docs/ are fresh; -update rewrites them.
func TestDocs(t *testing.T) {
	pages := map[string]func(io.Writer) error{
		"fields.md":  manual.WriteFieldsMarkdown,
		"events.md":  manual.WriteEventsMarkdown,
		"options.md": manual.WriteOptionsMarkdown,
	}
	for name, write := range pages {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("docs", name)
		if *update {
			if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(have, want.Bytes()) {
			t.Errorf("%s is stale: make docs", file)
		}
	}
}

// TestCommands proves that main has every command of help.
func TestCommands(t *testing.T) {
	for _, c := range manual.Commands {
		if commands[c.Name] == nil {
			t.Errorf("help has the command %s, main does not", c.Name)
		}
	}
}

// codeBlocks returns the lines of the fenced blocks of a page, with the language of their fence.
func codeBlocks(t *testing.T, page string) (lines []string, langs []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lang, inside := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if l, ok := strings.CutPrefix(line, "```"); ok {
			inside, lang = !inside, l
			continue
		}
		if inside {
			lines, langs = append(lines, line), append(langs, lang)
		}
	}
	return lines, langs
}

// words cuts a command line as a shell does: blanks, single and double quotes, comments, a pipe.
func words(line string) (out []string) {
	word, has := "", false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' || c == '"':
			k := strings.IndexByte(line[i+1:], c)
			if k < 0 {
				return out
			}
			word, has = word+line[i+1:i+1+k], true
			i += k + 1
		case c == ' ' || c == '#' && !has || c == '|' && !has:
			if has {
				out, word, has = append(out, word), "", false
			}
			if c != ' ' {
				return out
			}
		default:
			word, has = word+string(c), true
		}
	}
	if has {
		out = append(out, word)
	}
	return out
}

// TestDocCommands proves that every scry command line in the documentation is accepted: options, format and filter.
func TestDocCommands(t *testing.T) {
	pages, _ := filepath.Glob("docs/*.md")
	n := 0
	for _, page := range append(pages, "README.md", "CHANGELOG.md") {
		lines, langs := codeBlocks(t, page)
		for i, line := range lines {
			w := words(strings.TrimPrefix(line, "$ "))
			if len(w) > 3 && w[0] == "go" && w[1] == "run" {
				w = w[2:]
				w[0] = "scry"
			}
			if k := strings.Index(line, "| scry "); k >= 0 {
				w = words(line[k+2:])
			}
			if langs[i] != "sh" || len(w) < 2 || w[0] != "scry" || commands[w[1]] != nil {
				continue
			}
			n++
			c, err := options.Parse(w[1:])
			if err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
				continue
			}
			if c.List || c.ListEvents {
				continue
			}
			if _, err := fields.ParseFormat(c.Format, &c.Fields); err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
			}
			compiles(t, page, strings.Join(c.Filter, " "))
		}
	}
	if n < 25 {
		t.Errorf("only %d commands found", n)
	}
}

func compiles(t *testing.T, page, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		return
	}
	if _, err := filter.Compile(text, nil); err != nil {
		t.Errorf("%s: %v", page, err)
	}
}

// TestDocFilters proves that every filter in docs/filters.md compiles: the blocks of examples, and the examples in the table of operators.
func TestDocFilters(t *testing.T) {
	const page = "docs/filters.md"
	lines, langs := codeBlocks(t, page)
	n := 0
	for i, line := range lines {
		text := regexp.MustCompile(`\s{3,}\S.*$`).ReplaceAllString(line, "") // what it means stands behind it
		if langs[i] != "" || strings.HasPrefix(line, "scry:") || strings.HasPrefix(line, " ") {
			continue
		}
		n++
		compiles(t, page, text)
	}
	source, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(source), "## Operators")
	table, _, _ = strings.Cut(table, "## Values")
	for _, m := range regexp.MustCompile("(?m)\\| `([^`]+)` \\|$").FindAllStringSubmatch(table, -1) {
		n++
		compiles(t, page, m[1])
	}
	for _, m := range regexp.MustCompile("`([^`\n]* [^`\n]*)`").FindAllStringSubmatch(string(source), -1) {
		if strings.ContainsAny(m[1], "=<>") && strings.Contains(m[1], ".") && !strings.Contains(m[1], "X") && fields.Lookup(strings.FieldsFunc(m[1], func(r rune) bool { return !isName(r) })[0]) != nil {
			n++
			compiles(t, page, strings.ReplaceAll(m[1], `\|`, "|"))
		}
	}
	if n < 30 {
		t.Errorf("only %d filters found", n)
	}
}

func isName(r rune) bool { return r == '.' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
