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
		if a = complete(dashes(a)); a == "-help" || a == "-version" {
			a = "-" + a
		}
		if strings.HasPrefix(a, "-") && len(a) > 1 {
			value = !strings.Contains(a, "=") && TakesNext(a) != nil
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

// OneDash finds a long option that was written with one dash, "" when there is none. args are those that Expand returned.
func OneDash(args []string) string {
	value := false
	for _, a := range args {
		name, ok := strings.CutPrefix(a, "-")
		switch {
		case value:
			value = false
			continue
		case a == "--":
			return ""
		case !ok || name == "" || name[0] == '-':
			value = ok && len(name) > 1 && !strings.Contains(a, "=") && TakesNext(a) != nil
			continue
		}
		if long, _, _ := strings.Cut(name, "="); len(long) > 2 && Lookup(long) != nil {
			return long
		}
		value = TakesNext(a) != nil
	}
	return ""
}
