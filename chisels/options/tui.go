package options

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"scry/chisels"
	"scry/docs/manual"
)

// TUI is what the command line of the full-screen interface says besides what it shares with the others.
type TUI struct {
	View     string        // id of the first view
	Interval time.Duration // between two looks at a live machine
	Sort     int           // number of the shown column to sort by, from 0; -1: as the view has it
	List     bool          // print the views
	Print    bool          // print what the view has, and no screen: then the Config has the view as a chisel
}

// defaultRefresh is how often a live machine is looked at.
const defaultRefresh = time.Second

// maxRefresh is as long as anybody may want to wait.
const maxRefresh = time.Hour

// ParseTUI reads the command line of `scry tui`, which is also that of csysdig: -v VIEW, -d MILLISECONDS and the options that choose events. Web pages make long dashes
// of the short ones, so these are taken for what they were.
func ParseTUI(args []string) (*Config, *TUI, error) {
	t := &TUI{Interval: defaultRefresh, Sort: -1}
	rest, err := t.take(args)
	if err != nil {
		return nil, nil, err
	}
	c, err := Parse(rest)
	if err != nil {
		return nil, nil, err
	}
	if t.Print = t.Print || c.JSON || c.CSV; !t.Print {
		return c, t, c.checkTUI()
	}
	if len(c.Calls) > 0 {
		return nil, nil, Usage("-c: --raw, -j and --csv print a view: -v VIEW")
	}
	spec, err := c.Catalog.View(cmp.Or(t.View, printedView))
	if err != nil {
		return nil, nil, err
	}
	c.Calls = append(c.Calls, &chisels.Call{Spec: spec, Args: map[string]string{}})
	if c.Live() {
		c.Interval = t.Interval
	}
	return c, t, nil
}

// printedView is what is printed when nobody says what: the first view of csysdig.
const printedView = "procs"

// own are the options that the full-screen interface has and the others have not, or have for something else; those of csysdig that mean nothing here among them.
var own = []struct {
	short, long string
	value       bool
}{{"v", "view", true}, {"d", "delay", true}, {"", "sortingcol", true}, {"", "raw", false}, {"", "list-views", false}, {"", "logfile", true}, {"", "force-term-compat", false}}

// take takes its own options out of args.
func (t *TUI) take(args []string) (rest []string, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if r := []rune(a); len(r) > 1 && (r[0] == '–' || r[0] == '—' || r[0] == '−') {
			a = "-" + string(r[1:])
		}
		if a == "--" {
			return append(rest, args[i:]...), nil
		}
		name, value, found, wants := ownOption(a)
		switch {
		case !found:
			rest = append(rest, a)
			if strings.HasPrefix(a, "-") && manual.TakesNext(a) != nil && i+1 < len(args) {
				i++
				rest = append(rest, args[i])
			}
			continue
		case wants:
			if i++; i >= len(args) {
				return nil, Usage("%s needs a value", a)
			}
			value = args[i]
		}
		if err := t.set(name, value); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// ownOption tells whether a word is an own option; wants that its value is the next word.
func ownOption(a string) (name, value string, found, wants bool) {
	for _, o := range own {
		switch {
		case a == "--"+o.long || o.short != "" && a == "-"+o.short:
			return o.long, "", true, o.value
		case o.value && strings.HasPrefix(a, "--"+o.long+"="):
			return o.long, strings.TrimPrefix(a, "--"+o.long+"="), true, false
		case o.short != "" && strings.HasPrefix(a, "-"+o.short) && !strings.HasPrefix(a, "--"):
			return o.long, strings.TrimPrefix(strings.TrimPrefix(a, "-"+o.short), "="), true, false
		}
	}
	return "", "", false, false
}

// set is the setter of the own options.
func (t *TUI) set(name, value string) error {
	switch name {
	case "view":
		t.View = value
	case "raw":
		t.Print = true
	case "list-views":
		t.List = true
	case "sortingcol":
		n, err := strconv.Atoi(value)
		if t.Sort = n; err != nil || n < 0 {
			return Usage("--sortingcol %s: the number of a column, from 0", value)
		}
	case "delay":
		ms, err := strconv.ParseFloat(value, 64)
		if t.Interval = time.Duration(ms * float64(time.Millisecond)); err != nil || t.Interval < 100*time.Millisecond || t.Interval > maxRefresh {
			return Usage("-d %s: the time between two looks is in milliseconds, from 100 to %d", value, maxRefresh.Milliseconds())
		}
	}
	return nil
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
