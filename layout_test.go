package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The house rules of docs/architecture.md, as a test. A rule that this file does not check is advice.

const module = "scry"

// floors says how high each package lives. A package imports packages of lower floors only: neither its neighbours nor
// anything above. Tests obey the same rule; what needs two neighbours at once is a test of the floor above both.
var floors = map[string]int{
	"":                   6, // main
	"chisels/session":    5,
	"tui":                4,
	"chisels/options":    4,
	"chisels":            3,
	"docs/manual":        3,
	"capture":            2,
	"filter":             2,
	"probe":              1,
	"capture/scap":       1,
	"capture/state":      1,
	"capture/container":  1,
	"capture/kubernetes": 1,
	"capture/proc":       1,
	"filter/fields":      1,
	"capture/event":      0,
}

// topLevel lists what may stand in the top folder, besides _test.go files and what .gitignore names.
var topLevel = []string{
	"main.go", "capture", "filter", "chisels", "tui", "probe", "testdata", "docs",
	"go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "CHANGELOG.md",
	".ci", ".git", ".gitignore", "staticcheck.conf",
}

// vague names say nothing about what is inside, so everything ends up there.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared"}

const (
	maxLines     = 600 // tables of data (*_table.go) aside
	maxTestLines = 900
)

// listed is the part of `go list -json` that the rules need.
type listed struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
	CgoFiles                           []string
}

func TestFloors(t *testing.T) {
	for _, p := range goList(t) {
		key, _ := room(p.ImportPath)
		if slices.Contains(vague, p.Name) || slices.Contains(vague, path.Base(key)) {
			t.Errorf("%s: the name says nothing about what is inside", p.ImportPath)
			continue
		}
		floor, known := floors[key]
		if !known {
			t.Errorf("%s has no floor: add it to the table in layout_test.go and to docs/architecture.md", p.ImportPath)
			continue
		}
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo (%s): the binary must stay static", p.ImportPath, strings.Join(p.CgoFiles, " "))
		}
		imports := slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		slices.Sort(imports)
		for _, i := range slices.Compact(imports) {
			other, ours := room(i)
			if !ours || i == p.ImportPath { // an external test imports the package it tests
				continue
			}
			if f, known := floors[other]; known && f >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d): only lower floors may be imported", p.ImportPath, floor, i, f)
			}
		}
	}
}

func TestFileLengths(t *testing.T) {
	for name := range goFiles(t) {
		limit := maxLines
		switch {
		case strings.HasSuffix(name, "_table.go"):
			continue
		case strings.HasSuffix(name, "_test.go"):
			limit = maxTestLines
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(src, []byte("\n")); n > limit {
			t.Errorf("%s has %d lines, the limit is %d: split it by idea, or move data to a _table.go file", name, n, limit)
		}
	}
}

// A linter with exceptions teaches people to write exceptions.
func TestNoLinterExceptions(t *testing.T) {
	marks := []string{"//lint" + ":", "//no" + "lint"}
	for name := range goFiles(t) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			for _, m := range marks {
				if strings.Contains(lines.Text(), m) {
					t.Errorf("%s:%d: %s switches the linter off: fix the finding instead", name, n, m)
				}
			}
		}
		if err := errors.Join(lines.Err(), f.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	ignored := gitIgnored(t)
	for _, e := range entries {
		name := e.Name()
		if slices.Contains(topLevel, name) || strings.HasSuffix(name, "_test.go") || ignored(name) {
			continue
		}
		t.Errorf("%s does not belong in the top folder: the rooms are fixed (docs/architecture.md)", name)
	}
}

// room turns an import path into a key of floors; ours is false for packages of other modules.
func room(importPath string) (key string, ours bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,TestImports,XTestImports,CgoFiles", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

// goFiles yields every Go file of the module, on any platform, as a slash-separated path below the top folder.
func goFiles(t *testing.T) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		err := filepath.WalkDir(".", func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if e.IsDir() && name != "." && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata") {
				return fs.SkipDir
			}
			if !e.IsDir() && strings.HasSuffix(name, ".go") && !yield(filepath.ToSlash(name)) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// gitIgnored reports whether a name in the top folder matches .gitignore, as far as that file uses plain name patterns.
func gitIgnored(t *testing.T) func(name string) bool {
	t.Helper()
	text, err := os.ReadFile(".gitignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	patterns := strings.Fields(string(text))
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, _ := path.Match(strings.Trim(p, "/"), name)
			return ok
		})
	}
}
