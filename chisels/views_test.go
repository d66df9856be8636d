package chisels

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestViews: all built-in views are read, sorted as csysdig lists them, and lead to views that there are.
func TestViews(t *testing.T) {
	c := NewCatalog(nil)
	views, warnings := c.Views()
	for _, err := range warnings {
		t.Error(err)
	}
	if !slices.IsSortedFunc(views, func(a, b *Spec) int { return strings.Compare(a.Title, b.Title) }) {
		t.Error("not sorted by title")
	}
	for _, s := range views {
		if _, err := ParseSpec("views/"+s.Name+".yaml", []byte(s.Text)); err != nil {
			t.Error(err)
		}
		switch {
		case s.Drill != "" && !slices.ContainsFunc(views, func(v *Spec) bool { return v.Name == s.Drill }):
			t.Errorf("%s leads to %s, which is none", s.Name, s.Drill)
		case s.Description == "" || s.AppliesTo == nil:
			t.Errorf("%s: no description, or applies to nothing", s.Name)
		}
		for i := range s.Columns {
			if x := &s.Columns[i]; !x.Hide && x.Help == "" {
				t.Errorf("%s: %s says nothing about itself", s.Name, x.Name)
			}
		}
		if _, err := OpenView(s, plainEnv(), nil); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if v, err := c.View(s.Title); err != nil || v.Title != s.Title {
			t.Errorf("%s: by title: %v", s.Title, err)
		}
	}
	for _, x := range []struct{ id, want string }{{"conections", "did you mean connections?"}, {"spans_list", "tracers are gone"}, {"xxxxxxxx", "there are audit, backlog"}} {
		if _, err := c.View(x.id); !errors.Is(err, ErrNoView) || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", x.id, err)
		}
	}
}

// BenchmarkViews measures reading all views, which the picker of the terminal UI waits for.
func BenchmarkViews(b *testing.B) {
	for b.Loop() {
		if list, _ := NewCatalog(nil).Views(); len(list) < 30 {
			b.Fatal(len(list))
		}
	}
}
