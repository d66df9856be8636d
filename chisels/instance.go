package chisels

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/filter"
	"scry/filter/fields"
)

// Make makes the chisel of a call.
func (c *Call) Make(env *Env) (Chisel, error) {
	in, err := c.instance(env)
	if err != nil {
		return nil, err
	}
	switch in.Kind {
	case KindCode:
		return makers[in.Name](in)
	case KindHeat:
		return makeHeatMap(latencyScale)(in)
	case KindList:
		return NewList(in), nil
	case KindState:
		return NewStateTable(in), nil
	}
	if in.Over != "" { // the filter is also for those that did nothing
		in.Where = filter.And(in.Where, env.Selected)
	}
	return NewTable(in), nil
}

// errNoRows is why some chisels are no views.
var errNoRows = errors.New("makes no rows that a screen could show")

// instance compiles the chisel of a call.
func (c *Call) instance(env *Env) (*Instance, error) {
	s := c.Spec
	if s.Gone != "" {
		return nil, fmt.Errorf("-c %s: %s", s.Name, strings.TrimSpace(s.Gone))
	}
	if err := c.Complete(); err != nil {
		return nil, err
	}
	if a := s.noColor(); a != nil && c.Args[a.Name] != "" {
		plain := *env
		plain.Color, env = false, &plain
	}
	in := &Instance{Spec: s, Env: env, Args: c.Args}
	if err := cmp.Or(in.groupable(), in.filters()); err != nil {
		return nil, fmt.Errorf("-c %s: %w", s.Name, err)
	}
	if err := in.columns(); err != nil {
		return nil, fmt.Errorf("-c %s: %w", s.Name, err)
	}
	if err := in.colorRules(); err != nil {
		return nil, fmt.Errorf("-c %s: %w", s.Name, err)
	}
	return in, nil
}

// filters joins the filter of the spec and those of the arguments.
func (in *Instance) filters() error {
	add := func(text string) error {
		if text == "" {
			return nil
		}
		f, err := filter.Compile(in.fill(text, true), in.Options)
		if err == nil {
			in.Where = filter.And(in.Where, f)
		}
		return err
	}
	if err := add(in.Filter); err != nil {
		return err
	}
	for i := range in.Spec.Args {
		a := &in.Spec.Args[i]
		v, ok := in.Args[a.Name]
		if !ok {
			if err := add(a.Without); err != nil {
				return err
			}
			continue
		}
		texts := []string{a.Filter, a.Values[v]}
		if a.Kind == ArgFilter {
			texts = append(texts, v)
		}
		for _, text := range texts {
			if err := add(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill puts arguments into text, where it says $NAME; in a filter as literals that stay one whatever is in them.
func (in *Instance) fill(text string, literal bool) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n := 0
		for n < len(rest) && wordRune(rune(rest[n])) && rest[n] != '-' {
			n++
		}
		a := in.Spec.arg(rest[:n])
		switch {
		case a == nil:
			b.WriteString("$" + rest[:n])
		case !literal:
			b.WriteString(in.Args[a.Name])
		case a.Kind == ArgString || a.Kind == ArgFileName:
			b.WriteString(filter.Quote(in.Args[a.Name]))
		case a.Kind == ArgMillis:
			b.WriteString(in.Args[a.Name] + "ms")
		default:
			b.WriteString(in.Args[a.Name])
		}
		text = rest[n:]
	}
}

// columns makes the columns of this run, and their fields.
func (in *Instance) columns() error {
	if in.By != "" && in.Spec.Kind == KindTable {
		if err := in.group(); err != nil {
			return err
		}
	}
	for i := range in.Spec.Columns {
		c := in.Spec.Columns[i]
		if c.With == "containers" {
			if !in.Containers {
				continue
			}
			if in.Kubernetes && c.Field == "container.name" {
				for _, p := range podColumns(&c) {
					if err := in.column(&p); err != nil {
						return err
					}
				}
			}
		}
		list := []string{in.fill(c.Field, false)}
		if strings.HasPrefix(c.Field, "$") {
			if list[0] == "" {
				continue // of an argument that was not given
			}
			list = strings.Split(list[0], ",")
		}
		for _, text := range list {
			col := c
			if text != c.Field {
				col.Field = text
				if slices.ContainsFunc(in.shown, func(o *ColumnSpec) bool { return o.Field == text && o.Key }) {
					return fmt.Errorf("%s is there twice", text)
				}
				if col.Name == c.Field {
					col.Name = text
				}
				if col.Title == strings.ToUpper(c.Field) {
					col.Title = text
				}
			}
			if err := in.column(&col); err != nil {
				return err
			}
		}
	}
	return nil
}

// column adds a column with its fields.
func (in *Instance) column(c *ColumnSpec) error {
	var f *fields.Field
	if c.Field != "" {
		var err error
		if f, err = newField(c.Field, in.Options); err != nil {
			return err
		}
		if err := c.fits(f); err != nil {
			return err
		}
	}
	var more []*fields.Field
	for _, text := range append(slices.Clip(c.Or), c.Per...) {
		x, err := newField(text, in.Options)
		if err != nil {
			return err
		}
		more = append(more, x)
	}
	var only *filter.Filter
	if c.Where != "" {
		var err error
		if only, err = filter.Compile(in.fill(c.Where, true), in.Options); err != nil {
			return err
		}
	}
	in.only = append(in.only, only)
	in.shown, in.fields, in.others = append(in.shown, c), append(in.fields, f), append(in.others, more)
	return nil
}

// ask takes the value of a column from the first of its fields that has one.
func (in *Instance) ask(i int, ev *event.Event) fields.Value {
	v := in.fields[i].Value(ev)
	if v.Type != fields.Absent || in.shown[i].Or == nil {
		return v
	}
	for _, x := range in.others[i] {
		if v = x.Value(ev); v.Type != fields.Absent {
			return v
		}
	}
	return v
}

// Demand is what the chisel needs of the kernel: the types that its filter and its columns can mean something on.
func (in *Instance) Demand() capture.Demand {
	types := in.Where.Types()
	var need fields.Need
	for i, f := range in.fields {
		for _, x := range in.only[i].Fields() {
			need |= x.Needs()
		}
		if f == nil {
			continue
		}
		need |= f.Needs()
		can := f.Types()
		for _, x := range in.others[i] {
			need |= x.Needs()
			if len(in.shown[i].Or) > 0 {
				can = can.Or(x.Types())
			}
		}
		if c := in.shown[i]; (c.Key && c.Default == nil) || c.Required {
			types = types.And(can)
		}
	}
	for _, f := range in.Where.Fields() {
		need |= f.Needs()
	}
	for _, gate := range in.gates {
		var can event.TypeSet
		for _, f := range gate {
			need |= f.Needs()
			can = can.Or(f.Types())
		}
		types = types.And(can)
	}
	for _, c := range in.colors {
		for _, f := range c.where.Fields() {
			need |= f.Needs()
		}
	}
	if in.Kind == KindState {
		types = event.TypeSet{}
	}
	d := demandOf(types, need)
	limitCalls(&d, in.Where)
	d.Payload = max(d.Payload, in.Payload)
	return d
}

// WantsPayload is how much of each data buffer the chisel needs when the user does not say how much.
func (in *Instance) WantsPayload() int { return in.Payload }

// take tells whether an event is for the chisel. hot: no allocation
func (in *Instance) take(ev *event.Event) bool { return in.Where == nil || in.Where.Match(ev) }
