package chisels

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodSpec = `name: x
title: a table
args:
  - {name: host, kind: ip}
filter: evt.is_io=true
columns:
  - {name: bytes, field: evt.rawres, agg: sum, unit: bytes}
  - {field: proc.name, key: true}
sort: -bytes
`

// TestParseSpec: a mistake in a chisel's file is told with its place and what to write instead.
func TestParseSpec(t *testing.T) {
	if s, err := ParseSpec("x.yaml", []byte(goodSpec)); err != nil || s.Kind != KindTable || s.Columns[0].Title != "BYTES" || s.Columns[1].Name != "proc.name" || s.Category != "Mine" {
		t.Fatalf("%+v %v", s, err)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown key", "title:", "titel:", "x.yaml:2:1: no key \"titel\"\n  titel: a table\n  ^^^^^ did you mean title?"},
		{"no title", "title: a table\n", "", "x.yaml: x has no title, which is what the list of chisels shows"},
		{"syntax", "args:", "args", "x.yaml:5"},
		{"tab", "  - {name: host", "\t- {name: host", "x.yaml:4"},
		{"kind", "title:", "kind: tabel\ntitle:", "x.yaml:2:7: no kind \"tabel\"\n  kind: tabel\n        ^^^^^ did you mean table?"},
		{"code", "title:", "kind: code\ntitle:", "only built-in chisels are of the kind code"},
		{"state", "title:", "kind: state\ntitle:", "\"over: threads\", fds or containers"},
		{"aggregation", "agg: sum", "agg: summ", "x.yaml:7:43: no aggregation \"summ\""},
		{"percentile", "agg: sum", "agg: p100", "no aggregation \"p100\""},
		{"field", "proc.name", "proc.nam", "x.yaml:8:13: no field \"proc.nam\"\n    - {field: proc.nam, key: true}\n              ^^^^^^^^ did you mean proc.name?"},
		{"no number", "evt.rawres", "proc.name", "sum of proc.name, whose values are no numbers"},
		{"no key", ", key: true", "", "what events make a row together?"},
		{"unit", "unit: bytes", "unit: byte", "did you mean bytes?"},
		{"sort", "-bytes", "-bites", "x.yaml:9:7: no column \"bites\""},
		{"group", "sort:", "group: [bytes]\nsort:", "bytes is no key, so rows cannot be grouped by it"},
		{"filter", "evt.is_io=true", "evt.is_io=maybe", "x.yaml:5:9: filter, character 11"},
		{"kind of argument", "kind: ip", "kind: ipv4", "no kind of argument \"ipv4\""},
		{"name of argument", "name: host", "name: the-host", "an argument cannot be called \"the-host\""},
		{"default", "kind: ip", "kind: ip, default: somewhere", "host is an IP address, not \"somewhere\""},
		{"twice", "field: proc.name", "field: proc.name, name: bytes", "two columns are called \"bytes\""},
		{"type", "sort: -bytes", "limit: many", "x.yaml:9:8"},
		{"name", "name: x", "name: a b", "a chisel cannot be called \"a b\""},
	} {
		text := strings.Replace(goodSpec, c.from, c.to, 1)
		_, err := ParseSpec("x.yaml", []byte(text))
		var se *SpecError
		if !errors.As(err, &se) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
	for _, text := range []string{"", "a\xff", strings.Repeat("#", maxSpec+1), "- 1", "name: x\nname: y\n", "name: x\ncolumns:\n\n  ! #0"} {
		if s, err := ParseSpec("x.yaml", []byte(text)); err == nil {
			t.Errorf("%.20q: %+v", text, s)
		}
	}
}

// TestBuiltin: every built-in chisel is right, and says what a user has to know.
func TestBuiltin(t *testing.T) {
	c := NewCatalog(nil)
	c.dirs = nil
	list, warnings := c.All()
	for _, err := range warnings {
		t.Error(err)
	}
	if len(list) < 55 {
		t.Errorf("only %d chisels", len(list))
	}
	for _, s := range list {
		if s.Description == "" && s.Gone == "" {
			t.Errorf("%s has no description", s.Name)
		}
		if s.Category == "Mine" || s.Title == strings.ToUpper(s.Title) || strings.HasSuffix(s.Title, ".") {
			t.Errorf("%s: category %q, title %q", s.Name, s.Category, s.Title)
		}
		for _, a := range s.Args {
			if a.Help == "" {
				t.Errorf("%s: the argument %s has no help", s.Name, a.Name)
			}
		}
		if s.Drill != "" {
			if _, err := c.Find(s.Drill); err != nil {
				t.Errorf("%s: drill: %v", s.Name, err)
			}
		}
	}
}

// TestCatalog: users' chisels come first, and a broken one does not hide the others.
func TestCatalog(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"mine": strings.Replace(goodSpec, "name: x", "name: mine", 1), "ps": strings.Replace(goodSpec, "name: x", "name: ps", 1), "other": goodSpec} {
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := NewCatalog([]string{dir})
	if s, err := c.Find("ps"); err != nil || s.Title != "a table" || s.Origin != filepath.Join(dir, "ps.yaml") {
		t.Errorf("%+v %v", s, err)
	}
	list, warnings := c.All()
	if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), `other.yaml: holds the chisel "x"`) {
		t.Errorf("%v", warnings)
	}
	if list[len(list)-1].Category < list[0].Category {
		t.Error("not in order of categories")
	}
	for name, want := range map[string]string{
		"topproc_net": `no such chisel "topproc_net": did you mean topprocs_net?`,
		"../ps":       `no such chisel "../ps"`,
		"":            `no such chisel ""`,
		"slow 1 x":    `arguments stand in a word of their own: -c slow '1 x'`,
	} {
		if _, err := c.Find(name); !errors.Is(err, ErrNoChisel) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

// FuzzParseSpec: whatever a file holds, it is a chisel that can be made, or an error.
func FuzzParseSpec(f *testing.F) {
	f.Add([]byte(goodSpec))
	files, err := builtin.ReadDir("builtin")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range files {
		b, err := builtin.ReadFile("builtin/" + e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSpec("x.yaml", b)
		var se *SpecError
		if err != nil {
			if !errors.As(err, &se) || s != nil {
				t.Fatalf("%v %v", s, err)
			}
			return
		}
		for i := range s.Columns {
			if s.Columns[i].Name == "" || s.Columns[i].Title == "" {
				t.Errorf("column %d has no name: %+v", i, s.Columns[i])
			}
		}
	})
}
