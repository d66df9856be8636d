package fields

import (
	"strings"

	"scry/capture/event"
)

// What the API server told of a pod (event.Pod) stands behind what the engine's labels say, which is there earlier and without it.

// podText makes the get function of a field that a label of the container has, and the pod as well.
func podText(key string, get func(*event.Pod) string) func(*Field, *event.Event) Value {
	return containerText(func(c *event.Container) string {
		if s := label(c, key); s != "" || c.Pod == nil {
			return s
		}
		return get(c.Pod)
	})
}

var (
	getPodName   = podText("io.kubernetes.pod.name", func(p *event.Pod) string { return p.Name })
	getNamespace = podText("io.kubernetes.pod.namespace", func(p *event.Pod) string { return p.Namespace })
)

// podUID is what the labels of the container say, else the API server, else the cgroup.
func podUID(c *event.Container) string {
	if s := label(c, "io.kubernetes.pod.uid"); s != "" {
		return s
	}
	if c.Pod != nil {
		return c.Pod.UID
	}
	return c.PodUID
}

func podIP(c *event.Container) string {
	switch {
	case c.IP != "" && label(c, "io.kubernetes.pod.name") != "":
		return c.IP
	case c.Pod != nil:
		return c.Pod.IP
	}
	return ""
}

// podLabels are the labels of the pod: as the API server has them, else of its sandbox where they are known, else the container's, without the runtime's own.
func podLabels(c *event.Container) []event.Label {
	switch {
	case c.Pod != nil && len(c.Pod.Labels) > 0:
		return c.Pod.Labels
	case len(c.PodSandboxLabels) > 0:
		return c.PodSandboxLabels
	case label(c, "io.kubernetes.pod.name") == "":
		return nil
	}
	return c.Labels
}

func getPodLabels(f *Field, ev *event.Event) Value {
	c := containerOf(ev)
	if c == nil {
		return Value{}
	}
	return f.labels(appendLabels(f.buf[:0], podLabels(c)))
}

func getPodLabel(f *Field, ev *event.Event) Value {
	c := containerOf(ev)
	if c == nil {
		return Value{}
	}
	return oneLabel(podLabels(c), f.Arg)
}

func oneLabel(list []event.Label, key string) Value {
	for i := range list {
		if list[i].Key == key {
			return textValue(list[i].Value)
		}
	}
	return Value{}
}

// appendLabels appends labels as key:value, those of the kubelet left out.
func appendLabels(b []byte, list []event.Label) []byte {
	for i := range list {
		l := &list[i]
		if strings.HasPrefix(l.Key, "io.kubernetes.") {
			continue
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, l.Key...), ':')
		b = append(b, l.Value...)
	}
	return b
}

// labels is what appendLabels made, absent when that is nothing.
func (f *Field) labels(b []byte) Value {
	if len(b) == 0 {
		return Value{}
	}
	return f.scratch(b)
}

// part finds an object that explains a pod, nil when there is none.
type part = func(*event.Pod) *event.Object

func podSpace(p *event.Pod) *event.Object      { return p.Space }
func podSet(p *event.Pod) *event.Object        { return p.Set }
func podController(p *event.Pod) *event.Object { return p.Controller }
func podDeployment(p *event.Pod) *event.Object { return p.Deployment }

// ofPart makes the get function of a field of such an object.
func ofPart(find part, get func(*Field, *event.Object) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		c := containerOf(ev)
		if c == nil || c.Pod == nil {
			return Value{}
		}
		o := find(c.Pod)
		if o == nil {
			return Value{}
		}
		return get(f, o)
	}
}

func objectName(_ *Field, o *event.Object) Value  { return someText(o.Name) }
func objectID(_ *Field, o *event.Object) Value    { return someText(o.UID) }
func objectLabel(f *Field, o *event.Object) Value { return oneLabel(o.Labels, f.Arg) }
func objectLabels(f *Field, o *event.Object) Value {
	return f.labels(appendLabels(f.buf[:0], o.Labels))
}

// ofServices makes the get function of a field that all services of a pod add to; comma and blank stand between what they add.
func ofServices(add func(f *Field, b []byte, o *event.Object) []byte) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		c := containerOf(ev)
		if c == nil || c.Pod == nil {
			return Value{}
		}
		b := f.buf[:0]
		for _, o := range c.Pod.Services {
			b = add(f, b, o)
		}
		return f.labels(b)
	}
}

func appendListed(b []byte, s string) []byte {
	if len(b) > 0 {
		b = append(b, ", "...)
	}
	return append(b, s...)
}

var (
	getServiceNames = ofServices(func(_ *Field, b []byte, o *event.Object) []byte { return appendListed(b, o.Name) })
	getServiceIDs   = ofServices(func(_ *Field, b []byte, o *event.Object) []byte { return appendListed(b, o.UID) })
	getServiceLabel = ofServices(func(f *Field, b []byte, o *event.Object) []byte {
		for i := range o.Labels {
			if o.Labels[i].Key == f.Arg {
				return appendListed(b, o.Labels[i].Value)
			}
		}
		return b
	})
	getServiceLabels = ofServices(func(_ *Field, b []byte, o *event.Object) []byte { return appendLabels(b, o.Labels) })
)

// getNodeName is the node of the pod.
var getNodeName = containerText(func(c *event.Container) string {
	if c.Pod == nil {
		return ""
	}
	return c.Pod.Node
})
