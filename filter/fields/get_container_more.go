package fields

import (
	"strconv"
	"strings"

	"scry/capture/event"
)

// Fields of containers that sysdig has not. What a container does not have is absent.

func containerLabel(f *Field, ev *event.Event) Value {
	c := containerOf(ev)
	if c == nil {
		return Value{}
	}
	for i := range c.Labels {
		if c.Labels[i].Key == f.Arg {
			return textValue(c.Labels[i].Value)
		}
	}
	return Value{}
}

func containerLabels(f *Field, c *event.Container) Value {
	b := f.buf[:0]
	for i := range c.Labels {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, c.Labels[i].Key...), ':'), c.Labels[i].Value...)
	}
	if len(b) == 0 {
		return Value{}
	}
	return f.scratch(b)
}

func containerEnv(f *Field, c *event.Container) Value {
	for _, item := range c.Env {
		if rest, ok := strings.CutPrefix(item, f.Arg); ok && strings.HasPrefix(rest, "=") {
			return textValue(rest[1:])
		}
	}
	return Value{}
}

func containerPorts(f *Field, c *event.Container) Value {
	b := f.buf[:0]
	for i := range c.Ports {
		p := &c.Ports[i]
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, p.HostIP...), ':')
		b = append(strconv.AppendUint(b, uint64(p.HostPort), 10), "->"...)
		b = strconv.AppendUint(b, uint64(p.ContainerPort), 10)
	}
	if len(b) == 0 {
		return Value{}
	}
	return f.scratch(b)
}

func memoryLimit(_ *Field, c *event.Container) Value {
	if c.MemoryLimit <= 0 {
		return Value{}
	}
	return uintValue(uint64(c.MemoryLimit))
}
