package chisels

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// whyCounts counts the reasons why fields that were shown have no value.
type whyCounts struct {
	fields []*fields.Field
	counts map[whyKey]uint64
	more   uint64 // beyond maxWhys
}

type whyKey struct{ reason, field string }

// maxWhys is how many different reasons are counted: they name sockets, of which there are few.
const maxWhys = 256

// count looks at the fields of a format for an event that it has shown.
func (w *whyCounts) count(format *fields.Format, ev *event.Event) {
	if w.counts == nil {
		w.counts, w.fields = map[whyKey]uint64{}, format.Explained()
	}
	for _, f := range w.fields {
		why := f.Why(ev)
		if why == "" {
			continue
		}
		key := whyKey{why, f.String()}
		if _, ok := w.counts[key]; !ok && len(w.counts) >= maxWhys {
			w.more++
			continue
		}
		w.counts[key]++
	}
}

// WhyNotes are lines that say how often fields had no value, and why: one for each reason, the most frequent first.
func (l *Lines) WhyNotes() (lines []string) {
	type reason struct {
		text   string
		n      uint64
		fields []Missing
	}
	var list []*reason
	for key, n := range l.why.counts {
		i := slices.IndexFunc(list, func(r *reason) bool { return r.text == key.reason })
		if i < 0 {
			i, list = len(list), append(list, &reason{text: key.reason})
		}
		list[i].n += n
		list[i].fields = append(list[i].fields, Missing{key.field, n})
	}
	slices.SortFunc(list, func(a, b *reason) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.text, b.text)) })
	for _, r := range list {
		slices.SortFunc(r.fields, func(a, b Missing) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Field, b.Field)) })
		var parts []string
		for _, m := range r.fields {
			parts = append(parts, fmt.Sprintf("%s %s", m.Field, Grouped(m.N)))
		}
		lines = append(lines, fmt.Sprintf("<NA> %s: %s (%s)", times(r.n), r.text, strings.Join(parts, ", ")))
	}
	if l.why.more > 0 {
		lines = append(lines, fmt.Sprintf("<NA> %s: for further reasons", times(l.why.more)))
	}
	return lines
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return Grouped(n) + " times"
}
