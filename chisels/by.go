package chisels

import (
	"fmt"
	"slices"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// --by makes the rows of a table those of containers, pods, deployments and the like: the keys go, and what is left of the columns are the aggregates. An event
// that the table would have left out, because it has no value for one of the keys, is left out still: the sums are those of the rows before.

func text(s string) *string { return &s }

// groupings are the words that --by takes, with the keys that they stand for.
var groupings = map[string][]ColumnSpec{
	"container": {
		{Name: "container", Title: "Container", Field: "container.name", Or: []string{"container.id"}, Key: true, Default: text("host")},
		{Name: "container_id", Title: "ID", Field: "container.id", Key: true, Default: text("host")},
	},
	"pod": {
		{Name: "namespace", Title: "Namespace", Field: "k8s.ns.name", Key: true, Default: text("-")},
		{Name: "pod", Title: "Pod", Field: "k8s.pod.name", Key: true, Default: text("no pod")},
	},
	"namespace": {{Name: "namespace", Title: "Namespace", Field: "k8s.ns.name", Key: true, Default: text("no pod")}},
	"deployment": {
		{Name: "namespace", Title: "Namespace", Field: "k8s.ns.name", Key: true, Default: text("-")},
		{Name: "deployment", Title: "Deployment", Field: "k8s.deployment.name", Key: true, Default: text("no deployment")},
	},
	"service": {
		{Name: "namespace", Title: "Namespace", Field: "k8s.ns.name", Key: true, Default: text("-")},
		{Name: "service", Title: "Service", Field: "k8s.svc.name", Key: true, Default: text("no service")},
	},
	"node":  {{Name: "node", Title: "Node", Field: "k8s.node.name", Key: true, Default: text("no pod")}},
	"image": {{Name: "image", Title: "Image", Field: "container.image", Or: []string{"container.id"}, Key: true, Default: text("host")}},
}

// Groupings are the words that --by takes.
func Groupings() []string {
	return []string{"container", "pod", "namespace", "deployment", "service", "node", "image"}
}

// groupable says why a chisel cannot be grouped, nil when it can.
func (in *Instance) groupable() error {
	switch {
	case in.By == "":
		return nil
	case in.Kind != KindTable && in.Name != "table_generator":
		return fmt.Errorf("--by %s is for tables that add events up, and this is none", in.By)
	case len(in.Group) > 0:
		return fmt.Errorf("--by %s: this table has groups of its own", in.By)
	}
	return nil
}

// group puts the keys of --by in the place of the spec's.
func (in *Instance) group() error {
	spec := *in.Spec
	spec.Columns = nil
	for i := range in.Spec.Columns {
		switch c := &in.Spec.Columns[i]; {
		case c.Key && c.Default == nil && c.With == "":
			if err := in.gate(c); err != nil {
				return err
			}
		case !c.Key && c.Agg != "last" && c.With == "": // the last of many rows says nothing
			spec.Columns = append(spec.Columns, *c)
		}
	}
	sorts := strings.TrimPrefix(spec.Sort, "-")
	if !slices.ContainsFunc(spec.Columns, func(c ColumnSpec) bool { return c.Name == sorts }) {
		spec.Sort = ""
	}
	spec.Columns = append(spec.Columns, groupings[in.By]...)
	in.Spec = &spec
	return nil
}

// gate keeps the field of a key that is not shown: an event needs a value for it.
func (in *Instance) gate(c *ColumnSpec) error {
	list := []string{in.fill(c.Field, false)}
	if strings.HasPrefix(c.Field, "$") {
		if list[0] == "" {
			return nil // of an argument that was not given
		}
		list = strings.Split(list[0], ",")
	}
	for _, name := range list {
		var any []*fields.Field
		for _, text := range append([]string{name}, c.Or...) {
			f, err := newField(text, in.Options)
			if err != nil {
				return err
			}
			any = append(any, f)
		}
		in.gates = append(in.gates, any)
	}
	return nil
}

// closed tells whether an event lacks a value that the table as it was would have as a key. hot: no allocation
func (in *Instance) closed(ev *event.Event) bool {
	for _, any := range in.gates {
		if !slices.ContainsFunc(any, func(f *fields.Field) bool { return f.Value(ev).Type != fields.Absent }) {
			return true
		}
	}
	return false
}

// podColumns are what -pk shows before the container: the namespace and the pod.
func podColumns(c *ColumnSpec) []ColumnSpec {
	out := []ColumnSpec{{Name: "namespace", Title: "Namespace", Field: "k8s.ns.name"}, {Name: "pod", Title: "Pod", Field: "k8s.pod.name"}}
	for i := range out {
		o := &out[i]
		if o.Key, o.Width = c.Key, c.Width; o.Key {
			o.Default = text("-")
		}
		if c.Title == strings.ToUpper(c.Title) {
			o.Title = strings.ToUpper(o.Title)
		}
	}
	return out
}
