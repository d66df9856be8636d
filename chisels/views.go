package chisels

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"scry/filter/fields"
)

// Views are what the terminal UI shows: chisels with "view: true". The built-in ones have a folder of their own, and the ids of csysdig's views, of which some are
// also names of chisels. The command line finds those whose name no chisel has.

//go:embed views/*.yaml
var builtinViews embed.FS

// ErrNoView is wrapped by the error for an id that no view has.
var ErrNoView = errors.New("no such view")

// goneViews are views of csysdig that need what is gone, and where what they showed is now.
var goneViews = map[string]string{
	"docker_events": "it showed events that nothing has put into captures since 2016", "notifications": "it showed notifications that nothing puts into captures any more",
	"marathon_apps": "Mesos is no more", "marathon_groups": "Mesos is no more", "mesos_frameworks": "Mesos is no more", "mesos_tasks": "Mesos is no more",
	"spans_list": "tracers are gone", "spans_summary": "tracers are gone", "traces_list": "tracers are gone", "traces_summary": "tracers are gone", "spectro_traces": "tracers are gone",
}

// viewAliases are other ids of views.
var viewAliases = map[string]string{"spy_users_wsysdig": "spy_users", "processes": "procs", "cpu": "procs_cpu", "pods": "kubernetes_pods", "net": "connections"}

// Views reads all views, in the order of their titles; warnings are the files that are none. A user's chisel with "view: true" is one too, and stands for the built-in
// one of its name.
func (c *Catalog) Views() (list []*Spec, warnings []error) {
	have := map[string]bool{}
	for _, name := range c.ownNames() {
		s, err := c.Find(name)
		switch {
		case err != nil:
			warnings = append(warnings, err)
		case s.View && !have[name]:
			have[name] = true
			list = append(list, s)
		}
	}
	for _, name := range viewNames() {
		if have[name] {
			continue
		}
		s, err := c.builtinView(name)
		if err != nil {
			warnings = append(warnings, err)
			continue
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Spec) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Name, b.Name)) })
	return list, warnings
}

// View finds a view by its id, or by its title. The error wraps ErrNoView and says which one is like it, or is a *SpecError.
func (c *Catalog) View(id string) (*Spec, error) {
	name := cmp.Or(viewAliases[id], id)
	if s, err := c.Find(name); err == nil && s.View {
		return s, nil
	} else if se := (*SpecError)(nil); errors.As(err, &se) {
		return nil, err
	}
	s, err := c.builtinView(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	all, _ := c.Views()
	var words []string
	for _, s := range all {
		if strings.EqualFold(s.Title, id) {
			return s, nil
		}
		words = append(words, s.Name)
	}
	if why := goneViews[id]; why != "" {
		return nil, fmt.Errorf("%w %q: %s", ErrNoView, id, why)
	}
	slices.Sort(words)
	hint := ": there are " + strings.Join(words, ", ")
	if near := fields.Nearest(id, words); near != "" {
		hint = ": did you mean " + near + "?"
	}
	return nil, fmt.Errorf("%w %q%s", ErrNoView, id, hint)
}

// Applicable are the views that can be opened for the rows of a view that are told apart by field; "" is the whole machine.
func Applicable(views []*Spec, field string) []*Spec {
	return slices.DeleteFunc(slices.Clone(views), func(s *Spec) bool { return !s.Applies(field) })
}

func (c *Catalog) builtinView(name string) (*Spec, error) {
	if s := c.views[name]; s != nil {
		return s, nil
	}
	file := "views/" + name + ".yaml"
	b, err := builtinViews.ReadFile(file)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	p := specParser{file: file, text: string(b)}
	s, err := p.read(b) // checked by TestViews: that takes as long as reading
	if err != nil {
		return nil, err
	}
	s.Origin, s.View = "built in", true
	if c.views == nil {
		c.views = map[string]*Spec{}
	}
	c.views[name] = s
	return s, nil
}

func viewNames() []string {
	list, _ := builtinViews.ReadDir("views")
	return specNames(list)
}
