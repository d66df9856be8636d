// Command scry shows what a Linux system does. It records what happens now, or replays captures: selects events with a filter, prints them as
// text or JSON, or writes them to a file.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"scry/capture"
	"scry/capture/scap"
	"scry/chisels"
	"scry/chisels/options"
	"scry/chisels/session"
	"scry/docs/manual"
	"scry/filter/fields"
)

// version is set by the linker (see Makefile).
var version = "devel"

func main() {
	debug.SetGCPercent(50) // few, long-lived records: memory matters more than the collector's time
	if z := fields.PosixZone(os.Getenv("TZ")); z != nil {
		time.Local = z
	}
	err := run(os.Args, os.Stdout)
	if err == nil {
		return
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintf(os.Stderr, "scry: %s\n", msg)
	}
	os.Exit(exitCode(err))
}

// exitCode is what err ends the program with.
func exitCode(err error) int {
	if f, ok := errors.AsType[*session.Failure](err); ok {
		return f.Code
	}
	if c, ok := errors.AsType[*capture.CommandError](err); ok {
		return c.Code()
	}
	if _, ok := errors.AsType[*capture.UnableError](err); ok {
		return session.ExitKernel
	}
	_, words := errors.AsType[*options.Error](err)
	_, name := errors.AsType[*manual.NotFoundError](err)
	_, spec := errors.AsType[*chisels.SpecError](err)
	if words || name || spec || errors.Is(err, chisels.ErrNoChisel) || errors.Is(err, chisels.ErrNoView) || errors.Is(err, scap.ErrInput) {
		return session.ExitUsage
	}
	return session.ExitFailed
}

// run does what the command line says.
func run(args []string, stdout io.Writer) error {
	if name := filepath.Base(args[0]); name == "csysdig" || name == "cscry" {
		return session.Screen(args[1:], stdout, version)
	}
	if len(args) > 1 {
		if cmd, ok := commands[args[1]]; ok {
			return cmd(args[2:], stdout)
		}
	}
	c, err := options.Parse(args[1:])
	if err != nil {
		return err
	}
	switch {
	case c.Help != "":
		_, err = io.WriteString(stdout, manual.Help(c.Help == "all"))
	case c.Version:
		_, err = fmt.Fprintf(stdout, "scry version %s\n", version)
	case c.Markdown && c.ListEvents:
		err = manual.WriteEventsMarkdown(stdout)
	case c.Markdown:
		err = manual.WriteFieldsMarkdown(stdout)
	case c.List:
		err = manual.WriteFields(stdout, strings.Join(c.Filter, " "), c.Verbose, manual.Width(os.Stdout))
	case c.ListEvents:
		err = manual.WriteEvents(stdout, strings.Join(c.Filter, " "), manual.Width(os.Stdout))
	case c.PrintFormat:
		_, err = fmt.Fprintln(stdout, c.Format)
	case c.ListChisels:
		err = c.Catalog.WriteList(stdout, manual.Width(os.Stdout), session.Note)
	case c.Info != "":
		err = c.Catalog.WriteInfo(stdout, c.Info, manual.Width(os.Stdout))
	default:
		err = session.Run(c, stdout)
	}
	return err
}

// commands are the words that may stand first instead of options.
var commands = map[string]func(args []string, stdout io.Writer) error{
	"tui":    func(args []string, stdout io.Writer) error { return session.Screen(args, stdout, version) },
	"info":   info,
	"doctor": doctor,
	"completion": func(args []string, stdout io.Writer) error {
		err := manual.WriteCompletion(stdout, args)
		if errors.Is(err, manual.ErrShell) {
			return &session.Failure{Code: session.ExitUsage, Err: err}
		}
		return err
	},
	"__complete": func(args []string, stdout io.Writer) error {
		manual.ChiselNames = chiselNames
		_, err := io.WriteString(stdout, manual.Complete(args).String())
		return err
	},
	"help": func(args []string, stdout io.Writer) error {
		_, err := io.WriteString(stdout, manual.Help(len(args) > 0 && args[0] == "all"))
		return err
	},
}

// chiselNames are the chisels that a Tab offers.
func chiselNames() (out []manual.Candidate) {
	list, _ := chisels.NewCatalog(nil).All()
	for _, s := range list {
		if !s.Hidden {
			out = append(out, manual.Candidate{Text: s.Name, Help: s.Title})
		}
	}
	return out
}

// doctor says whether this machine can capture live.
func doctor(args []string, stdout io.Writer) error {
	fs := pflag.NewFlagSet("scry doctor", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	asJSON := fs.BoolP("json", "j", false, "")
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		_, err = io.WriteString(stdout, manual.CommandHelp("doctor"))
		return err
	} else if err != nil || fs.NArg() > 0 {
		return options.Usage("doctor takes no arguments but --json")
	}
	m := session.Machine()
	m.Missing = capture.MissingFeatures()
	found := m.Examine(cmp.Or(capture.HostRoot(), "/"), capture.TestLoad)
	if err := found.Write(stdout, *asJSON); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if !found.OK {
		return &session.Failure{Code: session.ExitKernel, Err: errors.New("")}
	}
	return nil
}

// info says what is in capture files. What is wrong with one file does not keep the others from being read.
func info(args []string, stdout io.Writer) error {
	fs := pflag.NewFlagSet("scry info", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	asJSON, all := fs.BoolP("json", "j", false, ""), fs.BoolP("all", "a", false, "")
	readAs := fs.StringArrayP("readfile", "r", nil, "")
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		_, err = io.WriteString(stdout, manual.CommandHelp("info"))
		return err
	} else if err != nil {
		return options.Usage("info: %w (scry info [--json] [--all] FILE...)", err)
	}
	names := append(*readAs, fs.Args()...)
	if len(names) == 0 {
		return options.Usage("info needs a capture: scry info [--json] [--all] FILE...")
	}
	r := chisels.Report{Out: stdout, Warn: os.Stderr, JSON: *asJSON, All: *all, Zone: time.Local}
	switch err := r.Files(names); {
	case err != nil:
		return fmt.Errorf("standard output: %w", err)
	case r.Failed:
		return &session.Failure{Code: session.ExitFailed, Err: errors.New("")}
	case r.Damaged:
		return &session.Failure{Code: session.ExitPartial, Err: errors.New("")}
	}
	return nil
}
