package chisels

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"scry/capture/event"
)

// Summary counts events by name and direction and prints the table of -S at the end.
type Summary struct {
	Out *Output

	counts tally
}

const summaryRows = 100

// Event counts ev, the recorder's own events too.
func (s *Summary) Event(ev *event.Event) (bool, error) {
	s.counts.add(ev)
	return false, nil
}

// NeedsState is false: the names of events will do.
func (s *Summary) NeedsState() bool { return false }

// Finish prints the table: the most frequent first, equal ones in order of name.
func (s *Summary) Finish() error {
	type row struct {
		name string
		n    uint64
	}
	var rows []row
	for _, r := range s.counts.rows() {
		rows = append(rows, row{"> " + r.Name, r.Enter}, row{"< " + r.Name, r.Exit})
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.n == 0 })
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name[2:]+a.name, b.name[2:]+b.name))
	})
	line := strings.Repeat("-", 22) + "\n"
	b := append(s.Out.Buffer(), line+"Event           #Calls\n"+line...)
	for _, r := range rows[:min(len(rows), summaryRows)] {
		b = append(b, r.name...)
		b = append(b, ' ')
		for k := len(r.name) + 1; k < 18; k++ {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, r.n, 10)
		b = append(b, '\n')
	}
	if err := s.Out.Keep(b); err != nil {
		return err
	}
	return s.Out.Flush()
}
