package filter

import "scry/capture/event"

// kinds is a set of kinds of events: the event types and, for the two types that stand for any system call without an event of its
// own, the codes of the calls. Old captures hold calls in that form that have their own type today, so evt.type=mprotect is a set
// of both. Numbers beyond the tables share the last bit, as in event.TypeSet.
type kinds struct {
	types event.TypeSet
	codes [2]event.TypeSet // of GenericE and GenericX; the type's bit is set exactly when its codes are not empty
}

// has tells whether ev's kind is in the set. hot: no allocation (TestMatchAllocs)
func (k *kinds) has(ev *event.Event) bool {
	if ev.Type > event.GenericX {
		return k.types.Has(ev.Type)
	}
	return k.codes[ev.Type].Has(code(ev))
}

// code is the system call that a generic event stands for.
func code(ev *event.Event) event.Type {
	n, _ := ev.Uint(0)
	return event.Type(min(n, 511))
}

func allKinds() kinds { return kindsOf(event.AllTypes()) }

// kindsOf is the set of all kinds of the types.
func kindsOf(s event.TypeSet) kinds {
	k := kinds{types: s}
	for t := range k.codes {
		if s.Has(event.Type(t)) {
			k.codes[t] = event.AllTypes()
		}
	}
	return k
}

// settle makes the bits of the generic types follow from their codes.
func (k kinds) settle() kinds {
	k.types[0] &^= 1<<event.GenericE | 1<<event.GenericX
	for t := range k.codes {
		if !k.codes[t].Empty() {
			k.types.Add(event.Type(t))
		}
	}
	return k
}

func (k kinds) and(o kinds) kinds {
	k.types = k.types.And(o.types)
	for t := range k.codes {
		k.codes[t] = k.codes[t].And(o.codes[t])
	}
	return k.settle()
}

func (k kinds) or(o kinds) kinds {
	k.types = k.types.Or(o.types)
	for t := range k.codes {
		k.codes[t] = k.codes[t].Or(o.codes[t])
	}
	return k.settle()
}

func (k kinds) not() kinds {
	k.types = k.types.Not()
	for t := range k.codes {
		k.codes[t] = k.codes[t].Not()
	}
	return k.settle()
}

// kindsWhere is the set of the kinds on which f holds: it is asked once for each, with an event that has a type and, for system
// calls, a code, and nothing else.
func kindsWhere(f func(*event.Event) bool) kinds {
	var k kinds
	none := &event.Thread{TID: -1, PID: -1, Invalid: true}
	for t := event.Type(0); t < 512; t++ {
		if t > event.GenericX && f(&event.Event{Type: t, Thread: none, FDNum: -1}) {
			k.types.Add(t)
		}
	}
	for t := range k.codes {
		for c := event.Type(0); c < 512; c++ {
			ev := event.Event{Thread: none, FDNum: -1}
			rec := event.Append(nil, 0, -1, event.Type(t), []byte{byte(c), byte(c >> 8)})
			if ev.Decode(rec, false) == nil && f(&ev) {
				k.codes[t].Add(c)
			}
		}
	}
	return k.settle()
}
