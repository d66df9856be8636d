package fields

import (
	"strconv"

	"scry/capture/event"
)

// containerOf is the container of the event's thread, nil on the host.
func containerOf(ev *event.Event) *event.Container {
	if ev.Thread == nil {
		return nil
	}
	return ev.Thread.Container
}

// hostOr makes the get function of a field whose value is "host" outside containers and absent when it is not known.
func hostOr(get func(*event.Container) string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		c := ev.Thread.Container
		if c == nil && ev.Thread.Invalid {
			return Value{} // only its number is known: it may be anywhere
		}
		if c == nil {
			return textValue("host")
		}
		return someText(get(c))
	}
}

// someText is s as a value, absent when it is empty.
func someText(s string) Value {
	if s == "" {
		return Value{}
	}
	return textValue(s)
}

func containerText(get func(*event.Container) string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		c := containerOf(ev)
		if c == nil {
			return Value{}
		}
		return someText(get(c))
	}
}

// ofMeta makes a get function of one that needs the engine's metadata: absent as long as nothing but the id is known.
func ofMeta(get func(*Field, *event.Container) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		c := containerOf(ev)
		if c == nil || !c.HasMeta {
			return Value{}
		}
		return get(f, c)
	}
}

func containerBool(get func(*event.Container) bool) func(*Field, *event.Event) Value {
	return ofMeta(func(_ *Field, c *event.Container) Value { return boolValue(get(c)) })
}

// orNone is a probe's command line, NONE when the container has none.
func orNone(get func(*event.Container) string) func(*Field, *event.Event) Value {
	return ofMeta(func(_ *Field, c *event.Container) Value {
		if s := get(c); s != "" {
			return textValue(s)
		}
		return textValue("NONE")
	})
}

func appendMount(b []byte, m *event.Mount) []byte {
	b = append(append(b, m.Source...), ':')
	b = append(append(b, m.Dest...), ':')
	b = append(append(b, m.Mode...), ':')
	b = append(strconv.AppendBool(b, m.RW), ':')
	return append(b, m.Propagation...)
}

func mounts(f *Field, c *event.Container) Value {
	b := f.buf[:0]
	for i := range c.Mounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendMount(b, &c.Mounts[i])
	}
	return f.scratch(b)
}

// initMount prepares the argument of the mount fields: a number, or a path.
func initMount(f *Field) error {
	f.index = -1
	if n, err := strconv.Atoi(f.Arg); err == nil && n >= 0 {
		f.index = n
	}
	return nil
}

// findMount returns the mount that the argument selects: by number, or by its source (byDest: its destination) path.
func findMount(f *Field, c *event.Container, byDest bool) *event.Mount {
	if f.index >= 0 {
		if f.index < len(c.Mounts) {
			return &c.Mounts[f.index]
		}
		return nil
	}
	for i := range c.Mounts {
		m := &c.Mounts[i]
		if byDest && m.Dest == f.Arg || !byDest && m.Source == f.Arg {
			return m
		}
	}
	return nil
}

func mountText(byDest bool, get func([]byte, *event.Mount) []byte) func(*Field, *event.Event) Value {
	return ofMeta(func(f *Field, c *event.Container) Value {
		m := findMount(f, c, byDest)
		if m == nil {
			return Value{}
		}
		return f.scratch(get(f.buf[:0], m))
	})
}

func getContainerDuration(_ *Field, ev *event.Event) Value {
	c := containerOf(ev)
	if c == nil || c.CreatedTime == 0 || uint64(c.CreatedTime)*second > ev.TS {
		return Value{}
	}
	return numValue(RelTime, ev.TS-uint64(c.CreatedTime)*second)
}

func startTS(_ *Field, c *event.Container) Value {
	if c.CreatedTime == 0 {
		return Value{}
	}
	return uintValue(uint64(c.CreatedTime) * second)
}

// label finds a label of the container or of its pod's sandbox.
func label(c *event.Container, key string) string {
	for _, l := range [2][]event.Label{c.Labels, c.PodSandboxLabels} {
		for i := range l {
			if l[i].Key == key {
				return l[i].Value
			}
		}
	}
	return ""
}

func shortID(id string) string { return id[:min(len(id), 12)] }
