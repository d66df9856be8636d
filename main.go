// Command scry shows what a Linux system does. It records what happens now, or replays captures: selects events with a filter, prints them as
// text or JSON, or writes them to a file.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/chisels"
	"scry/chisels/options"
	"scry/docs/manual"
	"scry/filter"
	"scry/filter/fields"
)

// version is set by the linker (see Makefile).
var version = "devel"

// Exit codes, documented in README.md.
const (
	exitFailed  = 1 // something went wrong while running
	exitUsage   = 2 // command line, filter or format
	exitPartial = 3 // the input is damaged or cut off; what came before was shown
	exitKernel  = 4 // privileges, kernel, or not in this version
)

// failure is an error with the exit code that it leads to. Without a text nothing is printed.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

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
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	if c, ok := errors.AsType[*capture.CommandError](err); ok {
		return c.Code()
	}
	if _, ok := errors.AsType[*capture.UnableError](err); ok {
		return exitKernel
	}
	_, words := errors.AsType[*options.Error](err)
	_, name := errors.AsType[*manual.NotFoundError](err)
	_, spec := errors.AsType[*chisels.SpecError](err)
	if words || name || spec || errors.Is(err, chisels.ErrNoChisel) || errors.Is(err, scap.ErrInput) {
		return exitUsage
	}
	return exitFailed
}

// run does what the command line says.
func run(args []string, stdout io.Writer) error {
	if name := filepath.Base(args[0]); name == "csysdig" || name == "cscry" || len(args) > 1 && args[1] == "tui" {
		return &failure{exitKernel, errors.New("the full-screen interface is not in this version; scry prints the events")}
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
		err = c.Catalog.WriteList(stdout, manual.Width(os.Stdout), note)
	case c.Info != "":
		err = c.Catalog.WriteInfo(stdout, c.Info, manual.Width(os.Stdout))
	case c.Live():
		err = live(c, stdout)
	default:
		err = replay(c, stdout)
	}
	return err
}

// session is one run over events: what the command line asks for, put together.
type session struct {
	*options.Config
	filter *filter.Filter
	loop   *chisels.Loop
	out    *chisels.Output
	lines  *chisels.Lines // nil when none are printed
	record *chisels.Write // nil when no file is written
	began  time.Time
	ended  bool // by an interrupt
	source kernel
	stats  capture.LiveStats
}

// newSession puts a run together. Nothing is opened yet.
func newSession(c *options.Config, stdout io.Writer) (*session, error) {
	s := &session{Config: c, began: time.Now()}
	if (c.Fat || c.Out.Compress) && c.Write == "" {
		note("-F and -z have no effect without -w FILE")
	}
	c.Fields.Color = manual.Colored(c.Color, os.Stdout)
	if text := strings.Join(c.Filter, " "); strings.TrimSpace(text) != "" {
		var err error
		if s.filter, err = filter.Compile(text, &c.Fields); err != nil {
			return nil, &failure{exitUsage, err}
		}
	}
	format, err := fields.ParseFormat(c.Format, &c.Fields)
	if err != nil {
		return nil, &failure{exitUsage, err}
	}
	s.loop = &chisels.Loop{Filter: s.filter, Internal: c.Internal, Limit: c.Limit, From: c.From, To: c.To, Tables: state.New()}
	s.out = chisels.NewOutput(stdout)
	if len(s.Calls) > 0 {
		return s, s.makeChisels()
	}
	s.addChisels(format)
	return s, nil
}

// makeChisels makes the chisels of -c.
func (s *session) makeChisels() error {
	s.Fields.NoCut = true
	env := s.ChiselEnv()
	env.Out, env.Tables, env.Selected = s.out, s.loop.Tables, s.filter
	env.Width, env.Height = manual.Size(os.Stdout)
	if err := s.loop.Add(s.Calls, env); err != nil {
		return &failure{exitUsage, err}
	}
	s.loop.Draw(env, func() (stats capture.LiveStats) {
		if s.source != nil {
			stats = s.source.Stats()
		}
		return stats
	})
	return nil
}

// addChisels makes what the options ask for: lines, a file, counts.
func (s *session) addChisels(format *fields.Format) {
	switch {
	case s.Write != "":
		s.record = &chisels.Write{Fat: s.Fat, State: s.ProcList || s.Rotates(), Follow: s.Write == "-" || !s.Out.Compress}
		if s.ProcList {
			tables := s.loop.Tables
			s.record.Head = func(h *event.Snapshot) *event.Snapshot { return chisels.SelectThreads(h, tables, s.filter) }
		}
		s.loop.Chisels = append(s.loop.Chisels, s.record)
	case s.Quiet:
		s.loop.Chisels = append(s.loop.Chisels, chisels.Quiet{Internal: s.Internal})
	default:
		s.lines = &chisels.Lines{Out: s.out, Format: format, JSON: s.JSON, Internal: s.Internal, Each: s.Unbuffered, Gaps: s.Drops, Color: s.Fields.Color}
		s.loop.Chisels = append(s.loop.Chisels, s.lines)
		if len(format.Fields()) == 0 {
			note("the format has no field; a field begins with %%, as in %%proc.name")
		}
	}
	if s.Summary {
		s.loop.Chisels = append(s.loop.Chisels, &chisels.Summary{Out: s.out})
	}
}

// create opens the file, or the first of the files, that are written.
func (s *session) create() (err error) {
	if s.record == nil {
		return nil
	}
	s.Out.Inputs = capture.Stat(s.Read)
	if s.Rotates() {
		tables := s.loop.Tables
		s.Rotate.Location, s.Rotate.Writer, s.Rotate.State, s.Rotate.Behind = s.Fields.Location, s.Out, tables.Snapshot, tables.ContainerEvents
		s.record.Out, err = scap.NewRotator(s.Write, s.Rotate)
	} else {
		s.record.Out, err = scap.Create(s.Write, s.Out)
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return s.writeError(err)
}

// writeError puts the name of the file before an error.
func (s *session) writeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Write, err)
}

// replay reads the captures and gives their events to the chisels.
func replay(c *options.Config, stdout io.Writer) error {
	for _, o := range c.LiveOnly {
		note("%s has no effect on a capture file: it says how to record", o)
	}
	s, err := newSession(c, stdout)
	if err != nil {
		return err
	}
	s.loop.Stop, s.loop.Duration = new(atomic.Bool), uint64(c.Duration)
	interrupted := capture.Interrupted(s.loop.Stop)
	first, err := openFile(c.Read[0], interrupted)
	if err != nil {
		return err
	}
	if err := s.create(); err != nil {
		return err
	}
	s.began = time.Now()
	err = s.readAll(first, interrupted)
	s.ended = s.loop.Stop.Load()
	return s.finish(err)
}

// finish ends the chisels and says what became of the events; err is how the run ended.
func (s *session) finish(err error) error {
	took := time.Since(s.began)
	first := s.loop.Finish()
	if s.JSON && s.Write == "" && (s.Verbose || s.Quiet) {
		s.out.Keep(s.loop.Counts.AppendJSON(s.out.Buffer(), took, s.stats)) // Close has the error
	}
	if e := s.out.Close(); first == nil && e != nil {
		first = fmt.Errorf("standard output: %w", e)
	}
	if first == nil {
		first = err
	}
	s.report(took)
	return first
}

// readAll runs the loop over the captures, one after the other.
func (s *session) readAll(f *capture.File, interrupted <-chan struct{}) error {
	for n, name := range s.Read {
		if n > 0 {
			var err error
			if f, err = openFile(name, interrupted); err != nil {
				return err
			}
		}
		bar := capture.NewProgress(f, os.Stderr, s.Progress)
		s.loop.Tick = func(uint64) { bar.Tick() }
		done, err := s.loop.Run(f)
		bar.Clear()
		f.Close()
		var damage *scap.DamageError
		switch {
		case s.loop.Stop.Load():
			return nil
		case errors.As(err, &damage):
			return &failure{exitPartial, fmt.Errorf("%s: %w", name, err)}
		case err != nil:
			if _, ok := errors.AsType[*scap.WriteError](err); ok {
				return s.writeError(err)
			}
			return err
		case done:
			return nil
		}
	}
	return nil
}

// openFile opens a capture.
func openFile(name string, interrupted <-chan struct{}) (*capture.File, error) {
	f, err := capture.Open(name, interrupted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// report says on stderr what the user would otherwise not know: what was left out, and with -v the counts.
func (s *session) report(took time.Duration) {
	counts := &s.loop.Counts
	notes := []string{s.loop.TimeNote(), s.loop.LossNote(), counts.DropNote(s.stats.Why(), s.Buffer)}
	if s.lines != nil {
		notes = append([]string{s.lines.MissingNote()}, notes...)
	}
	if s.Verbose || s.Quiet || s.ended {
		notes = append(notes, counts.Text(took, s.loop.Done(), s.stats.Why()))
	}
	for _, text := range notes {
		if text != "" {
			note("%s", text)
		}
	}
}

// note says something on stderr.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, "scry: "+format+"\n", args...) }

// kernel is what live needs of a capture.LiveSource.
type kernel interface {
	capture.Source
	Stats() capture.LiveStats
	ExitCode() (int, bool)
}

// The way to the kernel; tests that need none take another.
var (
	machine = capture.ThisMachine
	attach  = func(o capture.LiveOptions) (kernel, error) { return capture.Live(o) }
)

// live gives what happens now to the chisels.
func live(c *options.Config, stdout io.Writer) error {
	if err := noCapture(c.Filter); err != nil {
		return err
	}
	for _, text := range c.Ignored {
		note("%s", text)
	}
	s, err := newSession(c, stdout)
	if err != nil {
		return err
	}
	snapLen := c.SnapLen
	if c.Fields.SnapLen == 0 { // no -s
		snapLen = max(snapLen, s.loop.Payload())
	}
	o := capture.LiveOptions{Demand: s.loop.Demand(snapLen, c.PageFaults), Buffer: c.Buffer, All: c.Internal, NoUsers: c.NoUsers,
		Exclude: c.Exclude, Command: c.Command, Tick: time.Duration(s.loop.Interval)}
	if !c.NoContainers {
		c.Engines.Warn = func(line string) { note("%s", line) }
		o.Engines = &c.Engines
	}
	if c.Explain {
		return s.explain(stdout, &o)
	}
	if c.Command != nil {
		if _, err := capture.FindCommand(c.Command[0]); err != nil {
			return err
		}
	}
	m := machine()
	if err := m.Check(os.Args); err != nil {
		return err
	}
	if text := m.Note(); text != "" {
		note("%s", text)
	}
	if err := s.create(); err != nil {
		return err
	}
	return s.watch(o)
}

// watch runs the loop over what the kernel records until that ends: by an interrupt, -n, -M, or with the command.
func (s *session) watch(o capture.LiveOptions) error {
	interrupted := capture.Interrupted(new(atomic.Bool))
	stop := make(chan struct{})
	o.Stop = stop
	src, err := attach(o)
	if err != nil {
		return capture.Unable(err)
	}
	if err := capture.DropPrivileges(s.keeps()); err != nil && s.Verbose {
		note("%v", err)
	}
	if s.Verbose || s.PageFaults {
		for _, text := range src.Stats().Missing {
			note("missing: %s", text)
		}
	}
	s.began, s.source = time.Now(), src
	over := make(chan struct{})
	go func() {
		defer close(stop)
		select {
		case <-interrupted:
		case <-s.after():
		case <-over:
		}
	}()
	_, err = s.loop.Run(src)
	if _, ok := errors.AsType[*scap.WriteError](err); ok {
		err = s.writeError(err)
	}
	close(over)
	select {
	case <-interrupted:
		s.ended = true
	default:
	}
	s.stats = src.Stats()
	s.loop.Counts.Lose(s.stats)
	err = s.finish(err)
	if e := src.Close(); err == nil { // waits for the command, of which nothing more is shown
		err = e
	}
	if code, ok := src.ExitCode(); err == nil && ok && code != 0 {
		err = &failure{code, errors.New("")}
	}
	return err
}

// after is a channel that tells when the time of -M is over: never, when there is none.
func (s *session) after() <-chan time.Time {
	if s.Duration == 0 {
		return nil
	}
	return time.After(s.Duration)
}

// keeps are the capabilities that the rest of a live capture needs.
func (s *session) keeps() capture.Caps {
	keep := capture.KeepReading
	if s.Command != nil {
		keep |= capture.KeepKilling
	}
	if s.Rotates() || s.loop.WritesFiles() {
		keep |= capture.KeepWriting
	}
	if !s.NoContainers && s.Engines.Foreign(os.Geteuid()) {
		keep |= capture.KeepConnecting
	}
	return keep
}

// explain prints what the kernel would be asked for, and what is left to scry.
func (s *session) explain(w io.Writer, o *capture.LiveOptions) error {
	if err := o.Explain(w); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	rest := "nothing: every event is wanted"
	if s.filter != nil {
		rest = s.filter.String()
	}
	_, err := fmt.Fprintf(w, "left to scry\n  %-12s %s\n", "filter", rest)
	if err == nil && s.lines != nil {
		_, err = fmt.Fprintf(w, "  %-12s %s\n", "format", s.Format)
	}
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// noCapture says so when the filter looks like the name of a capture, which wants an -r.
func noCapture(words []string) error {
	for _, w := range words {
		if st, err := os.Stat(w); err == nil && !st.IsDir() || strings.HasSuffix(w, ".scap") {
			return options.Usage("%s looks like a capture: to read it write scry -r %s", w, w)
		}
	}
	return nil
}

// commands are the words that may stand first instead of options.
var commands = map[string]func(args []string, stdout io.Writer) error{
	"info":   info,
	"doctor": doctor,
	"completion": func(args []string, stdout io.Writer) error {
		err := manual.WriteCompletion(stdout, args)
		if errors.Is(err, manual.ErrShell) {
			return &failure{exitUsage, err}
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
	m := machine()
	m.Missing = capture.MissingFeatures()
	found := m.Examine("/", capture.TestLoad)
	if err := found.Write(stdout, *asJSON); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if !found.OK {
		return &failure{exitKernel, errors.New("")}
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
		return &failure{exitFailed, errors.New("")}
	case r.Damaged:
		return &failure{exitPartial, errors.New("")}
	}
	return nil
}
