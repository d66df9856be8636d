package tui

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"scry/capture/event"
	"scry/capture/state"
	"scry/docs/manual"
)

// Bounds of the values that a filter may be completed with.
const (
	maxNamed    = 10_000 // threads that are looked at
	maxValues   = 500    // of a field
	maxValueLen = 64
)

// namedFields are the fields whose values are taken from the state, and what they are of a thread.
var namedFields = map[string]func(*event.Thread) string{
	"proc.name":    func(t *event.Thread) string { return t.Comm },
	"proc.exepath": func(t *event.Thread) string { return t.ExePath },
	"container.name": func(t *event.Thread) string {
		return containerText(t, func(c *event.Container) string { return c.Name })
	},
	"container.id": func(t *event.Thread) string { return containerText(t, func(c *event.Container) string { return c.ID }) },
	"container.image": func(t *event.Thread) string {
		return containerText(t, func(c *event.Container) string { return c.Image })
	},
}

func containerText(t *event.Thread, get func(*event.Container) string) string {
	if t.Container == nil {
		return ""
	}
	return get(t.Container)
}

// plainValue is a value that a filter may have without quotes.
var plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:-]+$`)

// valueSets are the values of the named fields, by field.
type valueSets map[string]map[string]bool

// add takes those of a thread.
func (s valueSets) add(th *event.Thread) {
	for f, get := range namedFields {
		set := s[f]
		if set == nil {
			set = map[string]bool{}
			s[f] = set
		}
		if v := get(th); len(v) <= maxValueLen && len(set) < maxValues && plainValue.MatchString(v) {
			set[v] = true
		}
	}
}

// values are those that the fields have in the state, and those of the threads that ended.
func values(t *state.Tables, ended valueSets) map[string][]string {
	sets := valueSets{}
	n := 0
	t.Each(func(th *event.Thread) {
		if n++; n <= maxNamed {
			sets.add(th)
		}
	})
	out := map[string][]string{}
	for f := range namedFields {
		list := slices.AppendSeq(slices.Collect(maps.Keys(sets[f])), maps.Keys(ended[f]))
		slices.Sort(list)
		out[f] = slices.Compact(list)
	}
	return out
}

// lastComparison is the end of a filter where a value is typed.
var lastComparison = regexp.MustCompile(`(?:^|[\s(])([a-z0-9.]+)\s*(?:!?=|\s(?:contains|startswith|endswith)\s)\s*([A-Za-z0-9_./:-]*)$`)

// completeValue says what the value at the end of a filter may be, of those that there are.
func completeValue(text string, known map[string][]string) (list []manual.Candidate) {
	m := lastComparison.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	for _, v := range known[m[1]] {
		if strings.HasPrefix(v, m[2]) && v != m[2] {
			list = append(list, manual.Candidate{Text: strings.TrimSuffix(text, m[2]) + v, Help: "a " + m[1] + " here"})
		}
	}
	return list
}
