package event

import (
	"iter"
	"math/bits"
)

// TypeSet is a set of event types: one bit each, 64 bytes, the same layout that a probe takes. Numbers that the schema does not
// know share the last bit, so Has never reads outside.
type TypeSet [8]uint64

// AllTypes returns the set of every type, unknown ones too.
func AllTypes() TypeSet {
	var s TypeSet
	for i := range s {
		s[i] = ^uint64(0)
	}
	return s
}

// TypesOf returns the set of the given types.
func TypesOf(ts ...Type) TypeSet {
	var s TypeSet
	for _, t := range ts {
		s.Add(t)
	}
	return s
}

// TypesWhere returns the set of the types whose row satisfies f.
func TypesWhere(f func(Type, *Schema) bool) TypeSet {
	var s TypeSet
	for t, row := range Types() {
		if f(t, row) {
			s.Add(t)
		}
	}
	return s
}

// Add puts t into the set.
func (s *TypeSet) Add(t Type) { t = min(t, 511); s[t>>6] |= 1 << (t & 63) }

// Has tells whether t is in the set.
func (s *TypeSet) Has(t Type) bool { t = min(t, 511); return s[t>>6&7]&(1<<(t&63)) != 0 }

// And returns the types in both sets.
func (s TypeSet) And(o TypeSet) TypeSet {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

// Or returns the types in either set.
func (s TypeSet) Or(o TypeSet) TypeSet {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

// Not returns the types outside the set.
func (s TypeSet) Not() TypeSet {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

// Empty tells whether no type is in the set.
func (s TypeSet) Empty() bool { return s == TypeSet{} }

// Len is the number of types of the schema in the set.
func (s TypeSet) Len() int {
	n := 0
	for i, w := range s {
		if i == NumTypes/64 {
			w &= 1<<(NumTypes%64) - 1
		} else if i > NumTypes/64 {
			w = 0
		}
		n += bits.OnesCount64(w)
	}
	return n
}

// All yields the known types of the set in order.
func (s TypeSet) All() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for t := Type(0); t < NumTypes; t++ {
			if s.Has(t) && !yield(t) {
				return
			}
		}
	}
}

// WrittenLate are the records of containers, of Kubernetes' objects, users and groups: their time is that of the writing, which may be years after the rest.
var WrittenLate = TypesOf(ContainerE, ContainerJsonE, ContainerJsonV2E, K8sE, UserAddedE, UserDeletedE, GroupAddedE, GroupDeletedE, AsynceventE)
