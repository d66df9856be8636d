package filter

import (
	"net/netip"

	"scry/filter/fields"
)

// pred is a question about one value, with its constants inside. Values come by value and nothing is kept, so asking does not
// allocate. Each operator is a small type, grouped by the type of value: pred_text.go, pred_number.go, pred_path.go.
type pred interface {
	holds(v fields.Value) bool
}

// anyPred holds when one of its questions does: a list on the right of contains, glob and so on. An empty one never holds.
type anyPred []pred

func (p anyPred) holds(v fields.Value) bool {
	for _, q := range p {
		if q.holds(v) {
			return true
		}
	}
	return false
}

// notPred is != .
type notPred struct{ pred }

func (p notPred) holds(v fields.Value) bool { return !p.pred.holds(v) }

// boolPred compares truths.
type boolPred bool

func (p boolPred) holds(v fields.Value) bool { return v.Bool() == bool(p) }

// ipPred compares addresses; an IPv4 address in IPv6 clothes is the IPv4 address.
type ipPred netip.Addr

func (p ipPred) holds(v fields.Value) bool { return v.Addr().Unmap() == netip.Addr(p) }

// netPred asks whether an address lies in a network.
type netPred netip.Prefix

func (p netPred) holds(v fields.Value) bool { return netip.Prefix(p).Contains(v.Addr().Unmap()) }
