package manual

import "strings"

// Expand turns what users type into what the parser knows: dashes that a web page made typographic, and long options cut short. Words behind
// "--" stay as they are.
func Expand(args []string) []string {
	out := make([]string, 0, len(args))
	value := false // the next word is the value of an option
	for i, a := range args {
		switch {
		case value:
			value = false
			out = append(out, a)
			continue
		case a == "--":
			return append(out, args[i:]...)
		}
		a = complete(dashes(a))
		if strings.HasPrefix(a, "-") && len(a) > 1 {
			value = !strings.Contains(a, "=") && optionOf(a) != nil
		}
		out = append(out, a)
	}
	return out
}

// dashes makes the dashes at the start of a plain.
func dashes(a string) string {
	if rest, ok := strings.CutPrefix(a, "—"); ok && rest != "" {
		return "--" + strings.TrimLeft(rest, "-")
	}
	for _, d := range []string{"–", "−", "‐", "‑"} {
		if rest, ok := strings.CutPrefix(a, d); ok && rest != "" {
			if more, again := strings.CutPrefix(rest, d); again {
				rest = "-" + more
			}
			return "-" + rest
		}
		if rest, ok := strings.CutPrefix(a, "-"+d); ok && rest != "" {
			return "--" + rest
		}
	}
	return a
}

// complete makes a long option that was cut short whole.
func complete(a string) string {
	name, ok := strings.CutPrefix(a, "--")
	if !ok {
		return a
	}
	name, value, has := strings.Cut(name, "=")
	if name == "" || Lookup(name) != nil || habits[name] != "" {
		return a
	}
	several := withPrefix(name)
	if len(several) != 1 {
		return a
	}
	if a = "--" + several[0]; has {
		a += "=" + value
	}
	return a
}
