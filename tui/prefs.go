package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"scry/chisels"
)

// Prefs are what the user chose, kept in a file.
type Prefs struct {
	Theme string                `yaml:"theme,omitempty"`
	Mouse *bool                 `yaml:"mouse,omitempty"`
	View  string                `yaml:"view,omitempty"` // the first one
	Views map[string]*viewPrefs `yaml:"views,omitempty"`

	file string
	err  error // of reading it
}

// viewPrefs are what the user did to the columns of a view.
type viewPrefs struct {
	Hidden []string       `yaml:"hidden,omitempty"`
	Order  []string       `yaml:"order,omitempty"`
	Widths map[string]int `yaml:"widths,omitempty"`
}

// PrefsFile is where they are kept: $XDG_CONFIG_HOME/scry/config.yaml, "" when there is no home.
func PrefsFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "scry", "config.yaml")
}

const maxPrefs = 1 << 20

// LoadPrefs reads the file; there may be none. The error says what is wrong with it, and the Prefs are usable all the same.
func LoadPrefs(file string) (*Prefs, error) {
	p := &Prefs{file: file}
	if file == "" {
		return p, nil
	}
	st, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil && st.Size() > maxPrefs {
		err = fmt.Errorf("%s has %d bytes: this is no configuration of scry", file, st.Size())
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(file)
	}
	if err == nil {
		if err = yaml.UnmarshalWithOptions(b, p, yaml.Strict()); err != nil {
			p = &Prefs{} // not written to: it is the user's to mend
			err = fmt.Errorf("%s: %w", file, err)
		}
	}
	p.err = err
	return p, err
}

// mistake says what is wrong with what the user wrote, "" when nothing is: of all of it only the first thing.
func (p *Prefs) mistake(a *app) string {
	known := func(view string) bool {
		return slices.ContainsFunc(a.views, func(s *chisels.Spec) bool { return s.Name == view }) || slices.ContainsFunc(OwnViews(), func(v [2]string) bool { return v[0] == view })
	}
	switch {
	case p.err != nil:
		return p.err.Error()
	case p.Theme != "" && !slices.Contains(themeNames(), p.Theme):
		return fmt.Sprintf("%s: no theme %q; there are %s", p.file, p.Theme, strings.Join(themeNames(), ", "))
	case p.View != "" && !known(p.View):
		return fmt.Sprintf("%s: no view %q; F2 shows them", p.file, p.View)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Views)) {
		if !known(name) {
			return fmt.Sprintf("%s: views: no view %q; F2 shows them", p.file, name)
		}
		if v := p.Views[name]; v != nil {
			if text := v.mistake(a, name); text != "" {
				return fmt.Sprintf("%s: views: %s: %s", p.file, name, text)
			}
		}
	}
	return ""
}

// mistake says what is wrong with what is said of the columns of a view.
func (v *viewPrefs) mistake(a *app, view string) string {
	at := slices.IndexFunc(a.views, func(s *chisels.Spec) bool { return s.Name == view })
	if at < 0 {
		return ""
	}
	for _, name := range slices.Concat(v.Hidden, v.Order, slices.Sorted(maps.Keys(v.Widths))) {
		if !slices.ContainsFunc(a.views[at].Columns, func(c chisels.ColumnSpec) bool { return c.Name == name }) {
			return fmt.Sprintf("no column %q; o shows them", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Widths)) {
		if n := v.Widths[name]; n < minWidth || n > maxWidth {
			return fmt.Sprintf("widths: %s: %d is not between %d and %d", name, n, minWidth, maxWidth)
		}
	}
	return ""
}

// save writes the file. Nobody is to see half of it.
func (p *Prefs) save() error {
	if p.file == "" {
		return nil
	}
	b, err := yaml.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o755); err != nil {
		return err
	}
	tmp := p.file + ".new"
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, p.file)
}

// of are those of a view.
func (p *Prefs) of(view string) *viewPrefs {
	if p.Views == nil {
		p.Views = map[string]*viewPrefs{}
	}
	v := p.Views[view]
	if v == nil {
		v = &viewPrefs{}
		p.Views[view] = v
	}
	return v
}

// tidy forgets views to which nothing was done.
func (p *Prefs) tidy() {
	for name, v := range p.Views {
		if v == nil || len(v.Hidden)+len(v.Order)+len(v.Widths) == 0 {
			delete(p.Views, name)
		}
	}
}

// arrange are the columns that are shown, in their order.
func (v *viewPrefs) arrange(f *chisels.Frame) []int {
	cols := f.Shown()
	if len(v.Hidden) > 0 {
		some := slices.DeleteFunc(slices.Clone(cols), func(i int) bool { return slices.Contains(v.Hidden, f.Columns[i].Name) })
		if len(some) > 0 {
			cols = some
		}
	}
	if len(v.Order) > 0 {
		place := func(i int) int {
			if n := slices.Index(v.Order, f.Columns[i].Name); n >= 0 {
				return n
			}
			return len(v.Order)
		}
		slices.SortStableFunc(cols, func(a, b int) int { return place(a) - place(b) })
	}
	return cols
}

// Widths that a column can have.
const (
	minWidth = 3
	maxWidth = 500
)

// width is what the user made a column.
func (v *viewPrefs) width(name string) (int, bool) {
	n, ok := v.Widths[name]
	return max(min(n, maxWidth), minWidth), ok
}

// resize makes a column wider or narrower.
func (v *viewPrefs) resize(name string, width int) {
	if v.Widths == nil {
		v.Widths = map[string]int{}
	}
	v.Widths[name] = max(width, minWidth)
}
