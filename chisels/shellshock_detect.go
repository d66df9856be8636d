package chisels

import (
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// shellshock finds shells that are started with a function in their environment where none belongs (CVE-2014-6271). A shell that has the mistake takes
// the value of any variable that begins with "() {" for a function, and runs what stands behind it.
type shellshock struct {
	*List
	pairs [2]string // name and value of the variable
}

func init() { makers["shellshock_detect"] = newShellshock }

func newShellshock(in *Instance) (Chisel, error) {
	s := &shellshock{List: NewList(in)}
	s.compute = func(col int, _ *event.Event) (fields.Value, bool) {
		switch s.shown[col].Name {
		case "variable":
			return fields.Value{Type: fields.String, Str: s.pairs[0]}, true
		case "function":
			return fields.Value{Type: fields.String, Str: s.pairs[1]}, true
		}
		return fields.Value{}, false
	}
	return s, nil
}

// Event looks at the environment of one new program.
func (s *shellshock) Event(ev *event.Event) (bool, error) {
	if !s.takes(ev) {
		return false, nil
	}
	shown := false
	b := s.Out.Buffer()
	env := string(ev.Param(ev.ParamByName("env")))
	for item := range strings.SplitSeq(env, "\x00") {
		name, value, ok := strings.Cut(item, "=")
		if !ok || !isFunction(value) || strings.HasPrefix(name, "BASH_FUNC_") {
			continue
		}
		s.pairs = [2]string{name, value}
		switch s.Format {
		case FormatJSON:
			b = s.json(b, ev)
		case FormatCSV:
			b = s.csv(b, ev)
		default:
			b = s.text(b, ev)
		}
		s.began, shown = true, true
	}
	return shown, s.Out.Keep(b)
}

// isFunction tells what a shell takes for the definition of a function.
func isFunction(value string) bool {
	rest, ok := strings.CutPrefix(value, "()")
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " \t"), "{")
}
