package scap

import "scry/capture/event"

// compat makes events readable for sysdig 0.29.3 (section 12).
type compat struct{}

func newCompat() *compat { return &compat{} }

func (c *compat) section() {}

func (c *compat) event(w *Writer, ev *event.Event, flags uint32) error { return w.put(ev, flags) }
