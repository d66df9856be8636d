package scap

import "scry/capture/event"

const (
	// lastGeneric is the highest number of a generic system call that sysdig 0.29.3 prints without crashing (section 12, rule 8).
	lastGeneric = 328
	// maxCallers bounds the threads whose last enter is remembered.
	maxCallers = 1 << 16
)

// compat turns events into what sysdig 0.29.3 can read (section 12): types that are newer become the older one of the same call
// where there is one, and calls that were recorded without an enter get one, since 0.29.3 takes descriptors and names from that.
// It decodes what it makes, so the writer has one way to write.
type compat struct {
	last     map[int64]event.Type // by thread: the enter whose exit did not come yet
	seen     [event.NumTypes]bool // enters of this section
	exitOnly bool                 // an exit of this section proved that the recorder writes no enters
	ev       event.Event
	rec      []byte
	params   [event.MaxParams][]byte
	dyn      [9]byte
}

func newCompat() *compat { return &compat{last: make(map[int64]event.Type)} }

// section forgets what belongs to the section before.
func (c *compat) section() {
	clear(c.last)
	c.seen = [event.NumTypes]bool{}
	c.exitOnly = false
}

// event writes ev, and what must stand before it.
func (c *compat) event(w *Writer, ev *event.Event, flags uint32) error {
	t := ev.Type
	if t >= event.NumTypes {
		return w.put(ev, flags)
	}
	if t == event.GenericE || t == event.GenericX {
		if id, ok := ev.Uint(0); !ok || id > lastGeneric {
			return nil
		}
	}
	if t == event.AsynceventE && ev.Text(1) == "container" {
		return c.container(w, ev, flags)
	}
	r, newer := remaps[t]
	if t >= firstNew && !newer {
		return w.put(ev, flags)
	}
	if t.Dir() == event.Exit {
		if err := c.enter(w, ev, flags, r.to-1, r.enter); err != nil {
			return err
		}
	} else if newer || enterRows[t+1].from != nil {
		if len(c.last) > maxCallers {
			clear(c.last)
		}
		c.last[ev.TID] = t
		c.seen[t] = true
	}
	if newer {
		return c.make(w, ev, flags, r.to, r.from)
	}
	return c.same(w, ev, flags)
}

// same writes ev as it is, but for texts that are absent: 0.29.3 shows what lies behind them.
func (c *compat) same(w *Writer, ev *event.Event, flags uint32) error {
	schema := ev.Type.Schema()
	p := c.params[:min(ev.NParams, len(schema.Params))]
	whole := true
	for i := range p {
		p[i] = ev.Param(i)
		if k := schema.Params[i].Kind; len(p[i]) == 0 && (k == event.KindCharBuf || k.Path()) {
			p[i], whole = zeros[:1], false
		}
	}
	if whole {
		return w.put(ev, flags)
	}
	return c.write(w, ev, flags, ev.Type, p)
}

// enter writes the enter of the exit ev if it had none. Of newer types it gets which one, and from what.
func (c *compat) enter(w *Writer, ev *event.Event, flags uint32, to event.Type, from []int8) error {
	t := ev.Type
	last, had := c.last[ev.TID]
	if had {
		delete(c.last, ev.TID)
		had = last == t-1
	}
	if t < firstNew {
		row := &enterRows[t]
		if row.from == nil {
			return nil
		}
		to, from = t-1, row.from
		if row.proof > 0 && ev.NParams >= int(row.proof) && !had {
			c.exitOnly = true
			return c.make(w, ev, flags, to, from)
		}
	}
	if !c.exitOnly || had || c.seen[t-1] || isChild(ev) {
		return nil
	}
	return c.make(w, ev, flags, to, from)
}

// isChild tells whether ev is the second exit of a call that made a process, in the new one, which did not enter it.
func isChild(ev *event.Event) bool {
	switch ev.Type {
	case event.CloneV20X, event.ForkV20X, event.VforkV20X, event.Clone3X:
		res, _ := ev.Int(0)
		return res == 0
	}
	return false
}

// make writes an event of type to with the time, thread and cpu of ev and the parameters of it that from names.
func (c *compat) make(w *Writer, ev *event.Event, flags uint32, to event.Type, from []int8) error {
	schema := to.Schema()
	p := c.params[:len(from)]
	for i, k := range from {
		if k == dynErrno {
			p[i] = c.result(ev.Param(0))
			continue
		}
		p[i] = fit(ev.Param(int(k)), schema.Params[i].Kind)
	}
	return c.write(w, ev, flags, to, p)
}

// write writes an event with the parameters p.
func (c *compat) write(w *Writer, ev *event.Event, flags uint32, to event.Type, p [][]byte) error {
	c.rec = event.Append(c.rec[:0], ev.TS, ev.TID, to, p...)
	if err := c.ev.Decode(c.rec, false); err != nil {
		return err
	}
	c.ev.CPU = ev.CPU
	return w.put(&c.ev, flags)
}

// container writes the record of a container that current tools send as an asynchronous event.
func (c *compat) container(w *Writer, ev *event.Event, flags uint32) error {
	text := ev.Param(2)
	if n := len(text); n > 0 && text[n-1] != 0 {
		text = append(append(make([]byte, 0, n+1), text...), 0)
	}
	c.params[0] = text
	return c.write(w, ev, flags, event.ContainerJsonV2E, c.params[:1])
}

// result is an i64 with the selector of its kind before it: 0 a descriptor, 1 an error.
func (c *compat) result(b []byte) []byte {
	if len(b) != 8 {
		return nil
	}
	c.dyn[0] = b[7] >> 7
	copy(c.dyn[1:], b)
	return c.dyn[:]
}

var zeros [16]byte

// fit brings b to the width of kind: 0.29.3 reads that many bytes, without looking at the length. Numbers grow and shrink, what is
// absent or does not fit becomes 0; texts that are absent become empty ones.
func fit(b []byte, kind event.Kind) []byte {
	n := kind.Size()
	switch {
	case n == 0 && len(b) == 0 && (kind == event.KindCharBuf || kind.Path()):
		return zeros[:1]
	case n == 0 || len(b) == n:
		return b
	case len(b) > n:
		for _, c := range b[n:] {
			if c != 0 {
				return zeros[:n]
			}
		}
		return b[:n]
	case len(b) == 0:
		return zeros[:n]
	}
	wide := make([]byte, n)
	copy(wide, b)
	return wide
}
