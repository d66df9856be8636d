package chisels

import (
	"maps"
	"slices"

	"scry/capture/event"
	"scry/filter"
)

// colorCodes are the colours that a line may have, as SGR sequences.
var colorCodes = map[string]string{"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m", "blue": "\x1b[34m", "magenta": "\x1b[35m", "cyan": "\x1b[36m"}

var colorNames = slices.Sorted(maps.Keys(colorCodes))

// colorRule paints the lines of the events that its filter selects.
type colorRule struct {
	code  string
	where *filter.Filter
}

// colorRules compiles the colours of the spec, if there are to be any.
func (in *Instance) colorRules() error {
	for _, c := range in.Spec.Colors {
		if !in.Color {
			break
		}
		f, err := filter.Compile(in.fill(c.Filter, true), in.Options)
		if err != nil {
			return err
		}
		in.colors = append(in.colors, colorRule{colorCodes[c.Color], f})
	}
	return nil
}

// color is what the line of ev begins with: "" for none.
func (in *Instance) color(ev *event.Event) string {
	for i := range in.colors {
		if in.colors[i].where.Match(ev) {
			return in.colors[i].code
		}
	}
	return ""
}

// endLine ends a line that began with a colour, which may be none.
func endLine(b []byte, color string) []byte {
	if color != "" {
		b = append(b, "\x1b[0m"...)
	}
	return append(b, '\n')
}
