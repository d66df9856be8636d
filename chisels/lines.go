package chisels

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// Lines prints each event as a line of text or as a JSON object.
type Lines struct {
	Out      *Output
	Format   *fields.Format
	JSON     bool
	Internal bool // print the recorder's own events too
	Each     bool // hand every line over at once
	Gaps     bool // say where events were lost
	Color    bool // in colour
	Why      bool // count why fields of containers, pods and users are not there

	missing map[string]uint64 // events left out, by the field that they lack
	why     whyCounts
}

// Event prints ev, unless it is the recorder's own, or lacks a field of a format that does not start with '*'.
func (l *Lines) Event(ev *event.Event) (shown bool, err error) {
	if !l.Internal && ev.Type.Internal() {
		return false, nil
	}
	b := l.Out.Buffer()
	n := len(b)
	var lack *fields.Field
	if l.JSON {
		b, lack = l.Format.AppendJSON(b, ev)
	} else {
		b, lack = l.Format.Append(b, ev)
		for len(b) > n && b[len(b)-1] == ' ' {
			b = b[:len(b)-1]
		}
	}
	if lack != nil {
		if l.missing == nil {
			l.missing = map[string]uint64{}
		}
		l.missing[lack.String()]++
		return false, nil
	}
	if l.Why {
		l.why.count(l.Format, ev)
	}
	if err = l.Out.Keep(append(b, '\n')); err == nil && l.Each {
		err = l.Out.Flush()
	}
	return true, err
}

// Gap prints a line for the events that were lost before ev.
func (l *Lines) Gap(ev *event.Event) error {
	if !l.Gaps {
		return nil
	}
	b := l.Out.Buffer()
	switch noun := "events"; {
	case l.JSON:
		b = fmt.Appendf(b, `{"lost":%d,"cpu":%d}`, ev.Lost, ev.CPU)
	default:
		if ev.Lost == 1 {
			noun = "event"
		}
		line := fmt.Sprintf("--- %s %s lost here (cpu %d) ---", Grouped(ev.Lost), noun, ev.CPU)
		if l.Color {
			line = "\x1b[31m" + line + "\x1b[0m"
		}
		b = append(b, line...)
	}
	return l.Out.Keep(append(b, '\n'))
}

// Flush hands over the lines that wait.
func (l *Lines) Flush() error { return l.Out.Flush() }

// Finish hands the last lines over.
func (l *Lines) Finish() error { return l.Flush() }

// Missing is a field that kept events from being shown, and how many.
type Missing struct {
	Field string
	N     uint64
}

// Missing returns the fields for whose sake events were left out, the most frequent first.
func (l *Lines) Missing() []Missing {
	var out []Missing
	for f, n := range l.missing {
		out = append(out, Missing{f, n})
	}
	slices.SortFunc(out, func(a, b Missing) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Field, b.Field)) })
	return out
}

// MissingNote says how many events were left out and why; "" when none were.
func (l *Lines) MissingNote() string {
	var total uint64
	var names []string
	for _, m := range l.Missing() {
		total += m.N
		names = append(names, fmt.Sprintf("no %s (%d)", m.Field, m.N))
	}
	switch total {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 event not shown: %s; start the format with * to see it", names[0])
	}
	return fmt.Sprintf("%d events not shown: %s; start the format with * to see them", total, strings.Join(names, ", "))
}

// Quiet shows nothing and counts what it would have shown.
type Quiet struct{ Internal bool }

// Event counts ev.
func (q Quiet) Event(ev *event.Event) (bool, error) { return q.Internal || !ev.Type.Internal(), nil }

// Finish does nothing.
func (q Quiet) Finish() error { return nil }

// NeedsState is false: counting needs no tables.
func (q Quiet) NeedsState() bool { return false }
