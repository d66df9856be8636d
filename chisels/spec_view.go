package chisels

import (
	"fmt"
	"slices"
	"strings"

	"scry/filter/fields"
)

// checkView looks at what makes a chisel a view.
func (p *specParser) checkView(s *Spec) *SpecError {
	switch {
	case s.View && s.Kind == KindCode && !viewers[s.Name]:
		return p.fail("$.view", "table, list, state or heat", "a chisel of the kind code makes no rows that a screen could show")
	case s.View && slices.ContainsFunc(s.Args, func(a ArgSpec) bool { return a.Required }):
		return p.fail("$.args", "", "nobody gives a view the argument that it requires: it needs a default")
	case s.Root && !s.View:
		return p.fail("$.root", "\"view: true\"", "only a view is the first one")
	}
	for i, name := range s.AppliesTo {
		if _, err := newField(name, nil); name != "" && err != nil {
			hint := "or \"\", which is the whole machine"
			if near := fields.NearestField(name, 0); near != "" {
				hint = "did you mean " + near + "?"
			}
			return p.fail(fmt.Sprintf("$.applies_to[%d]", i), hint, "%v", err)
		}
	}
	if err := p.checkTree(s); err != nil {
		return err
	}
	return p.checkActions(s)
}

// checkTree looks at the columns that rows stand below each other by.
func (p *specParser) checkTree(s *Spec) *SpecError {
	var names, keys []string
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Key {
			keys = append(keys, c.Name)
		}
		names = append(names, s.Columns[i].Name)
	}
	if t := s.Tree; t != nil {
		if len(s.Levels) > 0 {
			return p.fail("$.levels", "", "rows stand below a parent or in levels, not both")
		}
		for _, c := range []struct{ key, name string }{{"id", t.ID}, {"parent", t.Parent}} {
			if c.name == "" {
				return p.fail("$.tree", "", "a tree has an id and a parent")
			}
			if err := p.oneOf("$.tree."+c.key, "column", c.name, names); err != nil {
				return err
			}
		}
	}
	for i, name := range s.Levels {
		if err := p.oneOf(fmt.Sprintf("$.levels[%d]", i), "key column", name, keys); err != nil {
			return err
		}
	}
	for i := range s.Columns {
		if name := s.Columns[i].Level; name != "" {
			if err := p.oneOf(fmt.Sprintf("$.columns[%d].level", i), "level", name, s.Levels); err != nil {
				return err
			}
		}
	}
	if (s.Tree != nil || len(s.Levels) > 0) && s.Kind != KindTable && s.Kind != KindState {
		return p.fail("$.kind", "", "only tables and states have rows that stand below each other")
	}
	return nil
}

// checkActions looks at the commands: they are lists of words, with values of the row in them, and it is no value of a row what program runs.
func (p *specParser) checkActions(s *Spec) *SpecError {
	keys := map[string]bool{}
	for i := range s.Actions {
		a, path := &s.Actions[i], fmt.Sprintf("$.actions[%d]", i)
		switch {
		case len([]rune(a.Key)) != 1:
			return p.fail(path+".key", "one character", "no key %q", a.Key)
		case keys[a.Key+strings.Join(a.When, " ")]:
			return p.fail(path+".key", "", "two actions have the key %s", a.Key)
		case a.Title == "":
			return p.fail(path, "", "an action without title")
		case len(a.Command) == 0 || a.Command[0] == "":
			return p.fail(path, "command: [kill, \"%proc.pid\"]", "an action without command")
		case strings.Contains(a.Command[0], "%"):
			return p.fail(path+".command[0]", "", "what program runs is not for the events to say")
		case len(a.When) == 1:
			return p.fail(path+".when", "when: [container.type, docker]", "a condition is a field and the values that it may have")
		}
		keys[a.Key+strings.Join(a.When, " ")] = true
		if len(a.When) > 0 {
			if err := p.actionField(s, path+".when[0]", a.When[0]); err != nil {
				return err
			}
		}
		for k, word := range a.Command {
			for _, part := range splitTemplate(word) {
				if part.field == "" {
					continue
				}
				if err := p.actionField(s, fmt.Sprintf("%s.command[%d]", path, k), part.field); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// actionField wants a column of that field: an action knows what its row knows.
func (p *specParser) actionField(s *Spec, path, name string) *SpecError {
	var have []string
	for i := range s.Columns {
		have = append(have, s.Columns[i].Field)
	}
	if err := p.oneOf(path, "column of the field", name, have); err != nil {
		return err
	}
	return nil
}
