package session

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"scry/capture"
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
		_, err := io.WriteString(stdout, manual.CommandHelp("tui"))
		return err
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
	err = tui.Run(tui.Options{View: t.View, Read: c.Read, Filter: strings.Join(c.Filter, " "), Fields: &c.Fields, Env: *c.ChiselEnv(), Catalog: c.Catalog,
		Interval: t.Interval, Prefs: prefs, NoColor: !manual.Colored(c.Color, os.Stdout), Version: version, Attach: attachFor(c)})
	if _, ok := errors.AsType[*tui.FilterError](err); ok {
		return &Failure{ExitUsage, err}
	}
	return err
}

// attachFor records what a screen asks for. Screens change, so the privileges stay.
func attachFor(c *options.Config) func(capture.Demand, time.Duration) (tui.Source, error) {
	c.Engines.Warn = func(string) {} // the screen is not for it
	return func(d capture.Demand, tick time.Duration) (tui.Source, error) {
		o := capture.LiveOptions{Demand: d, Buffer: c.Buffer, All: c.Internal, NoUsers: c.NoUsers, Exclude: c.Exclude, Tick: tick}
		if !c.NoContainers {
			o.Engines = &c.Engines
		}
		src, err := capture.Live(o)
		if err != nil {
			return nil, capture.Unable(err)
		}
		return src, nil
	}
}
