package options

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"scry/chisels"
	"scry/docs/manual"
)

// wordMark separates the name of a chisel from the word of its arguments, once takeWords has joined them.
const wordMark = "\x00"

// takeWords joins the word of arguments behind a chisel to its name: only the chisel knows whether it takes one. args are those that
// manual.Expand returned.
func (c *Config) takeWords(args []string) ([]string, error) {
	var dirs []string
	eachOption(args, func(i int, o *manual.Option, value string) {
		if o.Name == "chisel-dir" {
			dirs = append(dirs, value)
		}
	})
	c.Catalog = chisels.NewCatalog(dirs)
	taken := map[int]bool{}
	var failed error
	joined := map[int]string{}
	eachOption(args, func(i int, o *manual.Option, value string) {
		if o.Name != "chisel" || value == "l" || failed != nil {
			return
		}
		call, err := c.Catalog.ParseCall(value)
		if err != nil {
			return // the setter has the same error, in its turn
		}
		takes, err := call.TakesWord(args[i+1:])
		if err != nil {
			failed = Usage("%w", err)
		} else if takes {
			taken[i+1], joined[i] = true, value+wordMark+args[i+1]
		}
	})
	if failed != nil {
		return nil, failed
	}
	var out []string
	for i, a := range args {
		switch {
		case taken[i]:
		case joined[i] != "" && strings.HasPrefix(a, "-"): // -cNAME, --chisel=NAME
			name, _, _ := strings.Cut(joined[i], wordMark)
			out = append(out, strings.TrimSuffix(a, name)+joined[i])
		case joined[i] != "":
			out = append(out, joined[i])
		default:
			out = append(out, a)
		}
	}
	return out, nil
}

// eachOption calls f for each option with a value; i is the place of the value.
func eachOption(args []string, f func(i int, o *manual.Option, value string)) {
	var waits *manual.Option
	for i, a := range args {
		switch {
		case waits != nil:
			f(i, waits, a)
			waits = nil
		case a == "--":
			return
		case strings.HasPrefix(a, "--"):
			if name, value, ok := strings.Cut(a[2:], "="); !ok {
				waits = manual.TakesNext(a)
			} else if o := manual.Lookup(name); o != nil && o.Arg != "" {
				f(i, o, value)
			}
		case strings.HasPrefix(a, "-c") && len(a) > 2:
			f(i, manual.Lookup("chisel"), a[2:])
		case strings.HasPrefix(a, "-") && len(a) > 1:
			waits = manual.TakesNext(a)
		}
	}
}

func setChisel(c *Config, v string) error {
	if v == "l" {
		c.ListChisels = true
		return nil
	}
	name, word, has := strings.Cut(v, wordMark)
	call, err := c.Catalog.ParseCall(name)
	if err == nil && has {
		err = call.SetWord(word)
	}
	if err == nil {
		err = call.Complete()
	}
	if err != nil {
		return Usage("%w", err)
	}
	c.Calls = append(c.Calls, call)
	return nil
}

func setInterval(c *Config, v string) error {
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0.01 && s <= 1e9 {
		c.Interval = time.Duration(s * float64(time.Second))
		return nil
	}
	if d, err := time.ParseDuration(v); err == nil && d >= 10*time.Millisecond {
		c.Interval = d
		return nil
	}
	return fmt.Errorf("an interval is a number of seconds from 0.01, as 1, 0.5 or 500ms")
}

func setBy(c *Config, v string) error {
	words := chisels.Groupings()
	if !slices.Contains(words, v) {
		return Usage("--by %s: one of %s", v, strings.Join(words, ", "))
	}
	c.By = v
	return nil
}

// ChiselEnv is what the options say about how chisels run and print.
func (c *Config) ChiselEnv() *chisels.Env {
	env := &chisels.Env{Options: &c.Fields, Containers: c.Containers, Kubernetes: c.Kubernetes, By: c.By, Color: c.Fields.Color, Live: c.Live(), At: c.At, Interval: uint64(c.Interval), Read: c.Read}
	switch {
	case c.CSV:
		env.Format = chisels.FormatCSV
	case c.JSON:
		env.Format = chisels.FormatJSON
	}
	if c.Top != nil {
		if env.Top = *c.Top; env.Top == 0 {
			env.Top = chisels.AllRows
		}
	}
	return env
}
