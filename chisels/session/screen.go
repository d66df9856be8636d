package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"scry/capture"
	"scry/capture/proc"
	"scry/chisels/options"
	"scry/docs/manual"
	"scry/tui"
)

// Screen is the full-screen interface; args are the words behind "tui".
func Screen(args []string, stdout io.Writer, version string) error {
	c, t, err := options.ParseTUI(args)
	if err != nil {
		return err
	}
	if c.Help != "" {
		_, err := io.WriteString(stdout, manual.CommandHelp("tui")+screenHelp)
		return err
	}
	switch {
	case c.Version:
		_, err := fmt.Fprintf(stdout, "scry version %s\n", version)
		return err
	case t.List:
		return writeViews(stdout, c)
	case c.List:
		return manual.WriteFields(stdout, strings.Join(c.Filter, " "), c.Verbose, manual.Width(os.Stdout))
	case t.Print:
		return Run(c, stdout)
	}
	prefs, err := tui.LoadPrefs(tui.PrefsFile())
	if err != nil {
		Note("%v", err)
	}
	if c.Live() {
		m := Machine()
		if err := m.Check(os.Args); err != nil {
			return err
		}
	}
	err = tui.Run(tui.Options{View: t.View, Sort: t.Sort, Read: c.Read, Filter: strings.Join(c.Filter, " "), Limit: c.Limit, Fields: &c.Fields, Env: *c.ChiselEnv(), Catalog: c.Catalog,
		Interval: t.Interval, Prefs: prefs, NoColor: !manual.Colored(c.Color, os.Stdout), Version: version, Load: machineLoad, Attach: attachFor(c)})
	if _, ok := errors.AsType[*tui.FilterError](err); ok {
		return &Failure{ExitUsage, err}
	}
	return err
}

// screenHelp is what the help of the command says besides.
const screenHelp = `
  -v, --view VIEW    begin with that view; --list-views lists them
  -d, --delay MS     time between two looks at a live machine (default 1000)
  --raw, -j, --csv   print what the view has, and show no screen

  The others are those of scry: scry --help=all. ? shows the keys; docs/tui.md tells more.
`

// writeViews lists the views: id and title, or with -j all that the specs say.
func writeViews(w io.Writer, c *options.Config) error {
	views, warnings := c.Catalog.Views()
	for _, err := range warnings {
		Note("%v", err)
	}
	if c.JSON {
		type view struct {
			ID          string   `json:"id"`
			Name        string   `json:"name"`
			Description string   `json:"description"`
			Tips        []string `json:"tips,omitempty"`
			Tags        []string `json:"tags,omitempty"`
			AppliesTo   []string `json:"applies_to,omitempty"`
			Filter      string   `json:"filter,omitempty"`
			DrillDown   string   `json:"drill_down,omitempty"`
		}
		list := []view{}
		for _, s := range views {
			list = append(list, view{s.Name, s.Title, strings.TrimSpace(s.Description), s.Tips, s.Tags, s.AppliesTo, strings.TrimSpace(s.Filter), s.Drill})
		}
		return json.NewEncoder(w).Encode(list)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range tui.OwnViews() {
		fmt.Fprintf(tw, "%s\t%s\n", s[0], s[1])
	}
	for _, s := range views {
		fmt.Fprintf(tw, "%s\t%s\n", s.Name, s.Title)
	}
	return tw.Flush()
}

// machineLoad is how busy this machine is.
func machineLoad() (*proc.Load, error) {
	root := capture.HostRoot()
	if root != "" {
		root += "/proc"
	}
	return proc.ReadLoad(root)
}

// poll is how long events may lie in the rings when screens are drawn once in a while.
const poll = 500 * time.Millisecond

// attachFor records what a screen asks for. Screens change, so the privileges stay.
func attachFor(c *options.Config) func(capture.Demand, time.Duration) (tui.Source, error) {
	c.Engines.Warn = func(string) {} // the screen is not for it
	return func(d capture.Demand, tick time.Duration) (tui.Source, error) {
		o := capture.LiveOptions{Demand: d, Buffer: c.Buffer, All: c.Internal, NoUsers: c.NoUsers, Exclude: c.Exclude, Tick: tick, Poll: poll, HostRoot: capture.HostRoot()}
		if !c.NoContainers {
			c.Engines.Root = o.HostRoot
			o.Engines = &c.Engines
		}
		if o.Kubernetes = cluster(c); o.Kubernetes != nil {
			o.Kubernetes.Warn = func(string) {}
		}
		src, err := capture.Live(o)
		if err != nil {
			return nil, capture.Unable(err)
		}
		c.Fields.Why = src.Why
		return src, nil
	}
}
