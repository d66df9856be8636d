package filter

import (
	"scry/capture/event"
	"scry/filter/fields"
)

// node is one part of a compiled filter: it matches, prints itself, and says on which kinds of events it can hold.
type node interface {
	match(ev *event.Event) bool
	// reach is the set of kinds on which the node can hold; exact tells that it holds on all events of these kinds.
	reach() (k kinds, exact bool)
	// append prints the node so that it can be read back; tight tells that it stands beside a tighter operator.
	append(dst []byte, tight bool) []byte
	walk(fn func(*fields.Field))
}

// andNode holds when all its parts do. Parts are never andNodes themselves.
type andNode []node

func (n andNode) match(ev *event.Event) bool {
	for _, p := range n {
		if !p.match(ev) {
			return false
		}
	}
	return true
}

func (n andNode) reach() (kinds, bool) {
	all, exact := allKinds(), true
	for _, p := range n {
		k, e := p.reach()
		all, exact = all.and(k), exact && e
	}
	return all, exact || all.types.Empty()
}

func (n andNode) append(dst []byte, tight bool) []byte { return appendParts(dst, n, " and ", tight) }
func (n andNode) walk(fn func(*fields.Field))          { walkParts(n, fn) }

// orNode holds when one of its parts does. Parts are never orNodes themselves.
type orNode []node

func (n orNode) match(ev *event.Event) bool {
	for _, p := range n {
		if p.match(ev) {
			return true
		}
	}
	return false
}

func (n orNode) reach() (kinds, bool) {
	var all kinds
	exact := true
	for _, p := range n {
		k, e := p.reach()
		all, exact = all.or(k), exact && e
	}
	return all, exact
}

func (n orNode) append(dst []byte, tight bool) []byte { return appendParts(dst, n, " or ", tight) }
func (n orNode) walk(fn func(*fields.Field))          { walkParts(n, fn) }

func walkParts(parts []node, fn func(*fields.Field)) {
	for _, p := range parts {
		p.walk(fn)
	}
}

// appendParts prints parts with word between them; parts that are joined by another word go into parentheses, which are not needed
// for "and" inside "or" but read better.
func appendParts(dst []byte, parts []node, word string, tight bool) []byte {
	if tight {
		dst = append(dst, '(')
	}
	for i, p := range parts {
		if i > 0 {
			dst = append(dst, word...)
		}
		dst = p.append(dst, true)
	}
	if tight {
		dst = append(dst, ')')
	}
	return dst
}

// notNode turns the plain truth of its part round. Its part is never a notNode.
type notNode struct{ part node }

func (n notNode) match(ev *event.Event) bool { return !n.part.match(ev) }

// reach is the other kinds when the part is decided by the kind alone. Else the part may fail on any kind.
func (n notNode) reach() (kinds, bool) {
	k, exact := n.part.reach()
	if !exact {
		return allKinds(), false
	}
	return k.not(), true
}

func (n notNode) append(dst []byte, _ bool) []byte {
	return n.part.append(append(dst, "not "...), true)
}
func (n notNode) walk(fn func(*fields.Field)) { n.part.walk(fn) }

// join makes an andNode or orNode of parts and takes those that are one themselves apart. A single part stays what it is.
func join[T interface {
	~[]node
	node
}](parts ...node) node {
	var all T
	for _, p := range parts {
		if q, ok := p.(T); ok {
			all = append(all, q...)
		} else {
			all = append(all, p)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func negate(n node) node {
	if m, ok := n.(notNode); ok {
		return m.part
	}
	return notNode{n}
}

// kindNode is a test that the kind of the event decides (evt.type, evt.dir, ...): it was made once for every kind, and matching is
// a bit.
type kindNode struct {
	test node // what was written
	set  kinds
}

func (n *kindNode) match(ev *event.Event) bool           { return n.set.has(ev) }
func (n *kindNode) reach() (kinds, bool)                 { return n.set, true }
func (n *kindNode) append(dst []byte, tight bool) []byte { return n.test.append(dst, tight) }
func (n *kindNode) walk(fn func(*fields.Field))          { n.test.walk(fn) }
