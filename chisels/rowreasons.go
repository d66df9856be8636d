package chisels

import (
	"scry/capture/event"
	"scry/filter/fields"
)

// rowReasons says of the cells of rows that have no value why. A reason is kept once, however many rows have it: those of a running machine are put together anew
// for each container.
type rowReasons struct {
	fields []*fields.Field // by column, those that know of reasons; nil: none, or nobody wants to know
	kept   map[string]string
}

// whyMany stands for the reasons beyond maxWhys, whyNoTime is why a rate is not known although there are values.
const (
	whyMany   = "more reasons: there are too many different ones to keep them all"
	whyNoTime = "no time: none has passed that it could be over"
)

func newRowReasons(in *Instance) rowReasons {
	r := rowReasons{fields: make([]*fields.Field, len(in.shown))}
	if in.Env == nil || !in.Why {
		return r
	}
	r.kept = map[string]string{}
	for i, f := range in.fields {
		any := []*fields.Field{f}
		if len(in.shown[i].Or) > 0 {
			any = append(any, in.others[i]...)
		}
		for _, f := range any {
			if f != nil && f.Explains() {
				r.fields[i] = f
				break
			}
		}
	}
	return r
}

// of is why a column has no value for ev, "" when nothing is known of that. The text stays valid.
func (r *rowReasons) of(col int, ev *event.Event) string {
	if r.fields[col] == nil {
		return ""
	}
	why := r.fields[col].Why(ev)
	kept, ok := r.kept[why]
	switch {
	case ok:
		return kept
	case len(r.kept) >= maxWhys:
		return whyMany
	}
	r.kept[why] = why
	return why
}
