package capture

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"scry/capture/event"
)

// Explain prints what o asks of the kernel, a row for each thing. It needs no kernel.
func (o *LiveOptions) Explain(w io.Writer) error {
	d := &o.Demand
	wanted := d.Types.And(d.State.Not())
	rows := [][2]string{
		{"enters", d.calls(wanted, event.Enter)},
		{"exits", d.calls(wanted, event.Exit)},
		{"tracepoints", list(names(wanted.And(Tracepoints)))},
		{"for state", list(names(d.State))},
		{"latency", "nothing"},
		{"data", "nothing"},
		{"procinfo", "nothing"},
		{"processes", o.processes()},
		{"rings", Size(uint64(o.Buffer)) + " for each CPU"},
	}
	if d.Latency {
		rows[4][1] = "the time of each enter, kept in the kernel for its exit"
	}
	if d.Payload > 0 {
		rows[5][1] = fmt.Sprintf("up to %d bytes of each buffer", d.Payload)
	}
	if d.Procinfo {
		rows[6][1] = "CPU time and memory of each thread, once a second"
	}
	var b strings.Builder
	b.WriteString("asked of the kernel\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "  %-12s %s\n", r[0], strings.Join(wrap(r[1], 100), "\n"+strings.Repeat(" ", 15)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// calls are the system calls of one direction, with those that have no type of their own.
func (d *Demand) calls(wanted event.TypeSet, dir event.Dir) string {
	sys := event.TypesWhere(func(t event.Type, s *event.Schema) bool {
		return t.Dir() == dir && t > event.GenericX && s.Category&event.CatSyscall != 0
	}).And(recorded)
	have, lack := names(wanted.And(sys)), names(wanted.Not().And(sys))
	for code := range event.Type(event.MaxSyscalls) {
		switch name, _ := event.SyscallName(uint16(code)); {
		case !generic.Has(code):
		case d.Calls[dir].Has(code):
			have = append(have, name)
		default:
			lack = append(lack, name)
		}
	}
	switch {
	case len(lack) == 0:
		return "all calls"
	case len(lack) < 10 && len(have) > 10:
		return "all calls but " + list(lack)
	}
	return list(have)
}

// processes says whose events are recorded.
func (o *LiveOptions) processes() string {
	text := "all but scry itself"
	switch {
	case o.Command != nil:
		text = o.Command[0] + " and its descendants"
	case o.All:
		text = "all, scry itself too"
	}
	if len(o.Exclude) > 0 {
		text += ", none called " + strings.Join(o.Exclude, ", ")
	}
	return text
}

func names(s event.TypeSet) (list []string) {
	for t := range s.And(recorded).All() {
		if t > event.GenericX && !t.Internal() {
			list = append(list, t.Schema().Name)
		}
	}
	return list
}

// list joins names in order, each once.
func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// wrap cuts text into lines of at most width bytes, between words.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
