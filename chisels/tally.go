package chisels

import (
	"cmp"
	"slices"

	"scry/capture/event"
	"scry/filter/fields"
)

// tally counts events by name and direction. Calls without a type of their own count under the name of the call.
type tally struct {
	byType  [event.NumTypes]uint64
	generic [2]map[string]uint64 // by direction
}

// add counts ev. hot: no allocation but for names not seen before
func (t *tally) add(ev *event.Event) {
	if ev.Type > event.GenericX {
		if ev.Type.Known() {
			t.byType[ev.Type]++
		}
		return
	}
	m := &t.generic[ev.Type&1]
	if *m == nil {
		*m = map[string]uint64{}
	}
	(*m)[fields.EventName(ev)]++
}

// tallyRow is what was counted under one name.
type tallyRow struct {
	Name  string `json:"name"`
	Enter uint64 `json:"enter"`
	Exit  uint64 `json:"exit"`
}

func (r *tallyRow) sum() uint64 { return r.Enter + r.Exit }

// rows returns the counts, the most frequent first, equal ones in order of name.
func (t *tally) rows() []tallyRow {
	sums := map[string]*tallyRow{}
	count := func(dir event.Dir, name string, n uint64) {
		if n == 0 {
			return
		}
		r := sums[name]
		if r == nil {
			r = &tallyRow{Name: name}
			sums[name] = r
		}
		if dir == event.Enter {
			r.Enter += n
		} else {
			r.Exit += n
		}
	}
	for typ, n := range t.byType {
		count(event.Type(typ).Dir(), event.Type(typ).Schema().Name, n)
	}
	for d, m := range t.generic {
		for name, n := range m {
			count(event.Dir(d), name, n)
		}
	}
	var out []tallyRow
	for _, r := range sums {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b tallyRow) int { return cmp.Or(cmp.Compare(b.sum(), a.sum()), cmp.Compare(a.Name, b.Name)) })
	return out
}
