package chisels

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"scry/filter/fields"
)

//go:embed builtin/*.yaml
var builtin embed.FS

// Catalog is the chisels that there are: those of users' folders, then the built-in ones. A chisel is in the file NAME.yaml; it is read when it is
// asked for.
type Catalog struct {
	dirs  []string
	read  map[string]*Spec
	views map[string]*Spec // built-in ones
}

// ErrNoChisel is wrapped by the error for a name that no chisel has.
var ErrNoChisel = errors.New("no such chisel")

// NewCatalog looks into the folders, the first one first, then into ~/.config/scry/chisels.
func NewCatalog(dirs []string) *Catalog {
	c := &Catalog{dirs: slices.Clone(dirs), read: map[string]*Spec{}}
	if conf, err := os.UserConfigDir(); err == nil {
		c.dirs = append(c.dirs, filepath.Join(conf, "scry", "chisels"))
	}
	return c
}

// Find reads the chisel called name. The error wraps ErrNoChisel and says which name is like it, or is a *SpecError.
func (c *Catalog) Find(name string) (*Spec, error) {
	if s := c.read[name]; s != nil {
		return s, nil
	}
	s, err := c.load(name)
	if errors.Is(err, fs.ErrNotExist) {
		hint := "; scry -cl lists them"
		if word, rest, ok := strings.Cut(name, " "); ok {
			hint = fmt.Sprintf("; arguments stand in a word of their own: -c %s '%s'", word, rest)
		}
		if near := fields.Nearest(name, append(c.names(), viewNames()...)); near != "" {
			hint = ": did you mean " + near + "?"
		}
		return nil, fmt.Errorf("%w %q%s", ErrNoChisel, name, hint)
	}
	if err == nil {
		c.read[name] = s
	}
	return s, err
}

func (c *Catalog) load(name string) (*Spec, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !wordRune(r) }) {
		return nil, fs.ErrNotExist
	}
	for _, dir := range c.dirs {
		file := filepath.Join(dir, name+".yaml")
		b, err := readSpec(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return parseNamed(file, name, b)
	}
	b, err := builtin.ReadFile("builtin/" + name + ".yaml")
	if err != nil {
		return c.builtinView(name)
	}
	s, err := parseNamed("builtin/"+name+".yaml", name, b)
	if err == nil {
		s.Origin = "built in"
	}
	return s, err
}

// readSpec reads a file, if it can be a chisel's.
func readSpec(file string) ([]byte, error) {
	st, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no file", file)
	case st.Size() > maxSpec:
		return nil, fmt.Errorf("%s: is longer than 64 KiB", file)
	}
	return os.ReadFile(file)
}

func parseNamed(file, name string, b []byte) (*Spec, error) {
	s, err := ParseSpec(file, b)
	if err == nil && s.Name != name {
		p := specParser{file: file, text: s.Text}
		return nil, p.fail("", "", "holds the chisel %q: its name and that of the file are the same", s.Name)
	}
	return s, err
}

// names are those of all files.
func (c *Catalog) names() []string {
	list, _ := builtin.ReadDir("builtin")
	out := append(c.ownNames(), specNames(list)...)
	slices.Sort(out)
	return slices.Compact(out)
}

// ownNames are those of the files in users' folders.
func (c *Catalog) ownNames() []string {
	var out []string
	for _, dir := range c.dirs {
		list, _ := os.ReadDir(dir) // a folder that cannot be read has none
		out = append(out, specNames(list)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func specNames(list []fs.DirEntry) (out []string) {
	for _, e := range list {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			out = append(out, name)
		}
	}
	return out
}

// All reads all chisels, in order of category and name; warnings are the files that are none.
func (c *Catalog) All() (list []*Spec, warnings []error) {
	for _, name := range c.names() {
		s, err := c.Find(name)
		if err != nil {
			warnings = append(warnings, err)
			continue
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Spec) int { return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Name, b.Name)) })
	return list, warnings
}
