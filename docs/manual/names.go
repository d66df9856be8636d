package manual

import (
	"slices"
	"sync"

	"scry/capture/event"
)

// eventNames are the names that evt.type can have, sorted: event types and system calls.
var eventNames = sync.OnceValue(func() []string {
	names := genericNames()
	for _, t := range current() {
		names = append(names, t.Schema().Name)
	}
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" || s == "NA" || s[0] == '<' })
	slices.Sort(names)
	return slices.Compact(names)
})

// genericNames are the system calls without an event type of their own, sorted: they come as generic events.
var genericNames = sync.OnceValue(func() []string {
	own := map[string]bool{"": true}
	for _, row := range event.Types() {
		own[row.Name] = true
	}
	var names []string
	for _, s := range event.SyscallNames() {
		if !own[s] {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
})
