package options

import (
	"strconv"
	"strings"
	"time"
)

// TUI is what the command line of the full-screen interface says besides what it shares with the others.
type TUI struct {
	View     string        // id of the first view
	Interval time.Duration // between two looks at a live machine
}

// defaultRefresh is how often a live machine is looked at.
const defaultRefresh = time.Second

// maxRefresh is as long as anybody may want to wait.
const maxRefresh = time.Hour

// ParseTUI reads the command line of `scry tui`, which is also that of csysdig: -v VIEW, -d MILLISECONDS and the options that choose events. Web pages make long dashes
// of the short ones, so these are taken for what they were.
func ParseTUI(args []string) (*Config, *TUI, error) {
	t := &TUI{Interval: defaultRefresh}
	var rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if r := []rune(a); len(r) > 1 && (r[0] == '–' || r[0] == '—' || r[0] == '−') {
			a = "-" + string(r[1:])
		}
		if a == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		name, value, ok := ownOption(a)
		if name == "" {
			rest = append(rest, a)
			continue
		}
		if !ok {
			if i++; i >= len(args) {
				return nil, nil, Usage("-%s needs a value", name)
			}
			value = args[i]
		}
		if name == "v" {
			t.View = value
			continue
		}
		ms, err := strconv.ParseFloat(value, 64)
		if t.Interval = time.Duration(ms * float64(time.Millisecond)); err != nil || t.Interval < 100*time.Millisecond || t.Interval > maxRefresh {
			return nil, nil, Usage("-d %s: the time between two looks is in milliseconds, from 100 to %d", value, maxRefresh.Milliseconds())
		}
	}
	c, err := Parse(rest)
	if err != nil {
		return nil, nil, err
	}
	return c, t, c.checkTUI()
}

// ownOption tells whether a word is -v or -d in one of their forms, with its value when that is in the word.
func ownOption(a string) (name, value string, ok bool) {
	for _, o := range []struct{ short, long string }{{"v", "view"}, {"d", "delay"}} {
		switch {
		case a == "-"+o.short || a == "--"+o.long:
			return o.short, "", false
		case strings.HasPrefix(a, "--"+o.long+"="):
			return o.short, strings.TrimPrefix(a, "--"+o.long+"="), true
		case strings.HasPrefix(a, "-"+o.short) && !strings.HasPrefix(a, "--"):
			return o.short, strings.TrimPrefix(strings.TrimPrefix(a, "-"+o.short), "="), true
		}
	}
	return "", "", false
}

// checkTUI refuses what has no meaning on a screen.
func (c *Config) checkTUI() error {
	switch {
	case c.Write != "":
		return Usage("-w: the full-screen interface writes a capture with its key w")
	case len(c.Calls) > 0:
		return Usage("-c: the full-screen interface shows views: -v VIEW; a chisel with \"view: true\" is one")
	case c.Command != nil:
		return Usage("-- COMMAND: run it in another terminal, and look at it with the filter proc.name=NAME")
	case c.Quiet || c.Summary || c.Explain:
		return Usage("-q, -S and --explain print: they go without tui")
	}
	return nil
}
