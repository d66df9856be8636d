package filter

import (
	"slices"
	"strings"
	"sync"

	"scry/capture/event"
)

// enums are the texts that a field can have. Comparing it with another one (= != in) is a mistake; contains, glob and so on take any
// text. Values of older versions are in the lists although they never match today.
var enums = map[string][]string{
	"evt.dir":          {">", "<"},
	"evt.io_dir":       {"read", "write"},
	"evt.category":     {"unknown", "other", "file", "net", "IPC", "ipc", "memory", "process", "sleep", "system", "signal", "user", "time", "processing", "wait", "scheduler", "internal"},
	"fd.type":          fdTypes(),
	"fd.types":         fdTypes(),
	"fd.typechar":      fdChars(),
	"fd.l4proto":       {"tcp", "udp", "icmp", "raw", "<NA>"},
	"fd.sockfamily":    {"ip", "unix"},
	"proc.stdin.type":  fdTypes(),
	"proc.stdout.type": fdTypes(),
	"proc.stderr.type": fdTypes(),
}

func fdTypes() []string {
	var names []string
	for t := event.FDType(0); t < event.NumFDTypes; t++ {
		if name := t.String(); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return append(names, "inet", "<NA>")
}

// fdChars has the characters of today and those that stood for listening sockets.
func fdChars() []string {
	names := []string{"2", "9", "3"}
	for t := event.FDType(0); t < event.NumFDTypes; t++ {
		if name := string(rune(t.Char())); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// eventNames are the values of evt.type: the names of event types and of system calls, sorted.
var eventNames = sync.OnceValue(func() []string {
	names := slices.Clone(event.SyscallNames())
	for _, row := range event.Types() {
		if row.Flags&event.Unused == 0 {
			names = append(names, row.Name)
		}
	}
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	slices.Sort(names)
	return slices.Compact(names)
})

// kernelFamilies are the calls that today's kernels and libraries use in place of another: asking for one finds both.
var kernelFamilies = map[string]string{"accept": "accept4"}

// argInfo is what the schema says of the parameters called name, over all event types.
type argInfo struct {
	params []*event.Param
}

func argsByName(name string) argInfo {
	var a argInfo
	for _, row := range event.Types() {
		if i := row.ParamByName(name); i >= 0 {
			a.params = append(a.params, &row.Params[i])
		}
	}
	return a
}

// flag finds the number of a flag or enum name; several may be joined with '|'. names are the known ones when it is unknown.
func (a argInfo) flag(text string) (n uint64, names []string, ok bool) {
	values := map[string]uint32{}
	for _, p := range a.params {
		for _, f := range p.Table().Entries {
			if _, seen := values[f.Name]; !seen {
				values[f.Name] = f.Value
				names = append(names, f.Name)
			}
		}
	}
	for part := range strings.SplitSeq(text, "|") {
		v, known := values[part]
		if !known {
			return 0, names, false
		}
		n |= uint64(v)
	}
	return n, names, true
}
