// Command scry shows what a Linux system does. It replays captures: reads .scap files, selects events with a filter, prints them as text or
// JSON, or writes them to another file.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/chisels"
	"scry/docs/manual"
	"scry/filter"
	"scry/filter/fields"
)

// version is set by the linker (see Makefile).
var version = "devel"

// Exit codes, documented in README.md.
const (
	exitOK      = 0
	exitFailed  = 1 // something went wrong while running
	exitUsage   = 2 // command line, filter or format
	exitPartial = 3 // the input is damaged or cut off; what came before was shown
	exitKernel  = 4 // privileges, kernel, or not in this version
)

// failure is an error with the exit code that it leads to.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usage(format string, args ...any) error { return &failure{exitUsage, fmt.Errorf(format, args...)} }

// config is the command line.
type config struct {
	read, filter           []string
	write, format          string
	opts                   fields.Options
	json, quiet, verbose   bool
	summary, fat, internal bool
	unbuffered, progress   bool
	list, listEvents       bool
	markdown               bool
	help                   string
	limit, duration        uint64
	from, to               chisels.Bound
	color                  string
	out                    scap.WriterOptions
	rotate                 scap.RotateOptions
	proclist               bool
	printFormat            bool
	live                   []string // options that only a live capture can heed
	version                bool
	chisel                 string
}

func main() {
	debug.SetGCPercent(50) // few, long-lived records: memory matters more than the collector's time
	if z := fields.PosixZone(os.Getenv("TZ")); z != nil {
		time.Local = z
	}
	err := run(os.Args, os.Stdout)
	if err == nil {
		return
	}
	code := exitFailed
	if f, ok := errors.AsType[*failure](err); ok {
		code = f.code
	} else if _, ok := errors.AsType[*manual.NotFoundError](err); ok || errors.Is(err, scap.ErrInput) {
		code = exitUsage
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintf(os.Stderr, "scry: %s\n", msg)
	}
	os.Exit(code)
}

// run does what the command line says.
func run(args []string, stdout io.Writer) error {
	if name := filepath.Base(args[0]); name == "csysdig" || name == "cscry" || len(args) > 1 && args[1] == "tui" {
		return &failure{exitKernel, errors.New("the full-screen interface is not in this version; scry -r FILE prints the events")}
	}
	if len(args) > 1 {
		if cmd, ok := commands[args[1]]; ok {
			return cmd(args[2:], stdout)
		}
	}
	c, err := parse(args[1:])
	if err != nil {
		return err
	}
	switch {
	case c.help != "":
		_, err = io.WriteString(stdout, manual.Help(c.help == "all"))
	case c.version:
		_, err = fmt.Fprintf(stdout, "scry version %s\n", version)
	case c.markdown && c.listEvents:
		err = manual.WriteEventsMarkdown(stdout)
	case c.markdown:
		err = manual.WriteFieldsMarkdown(stdout)
	case c.list:
		err = manual.WriteFields(stdout, strings.Join(c.filter, " "), c.verbose, manual.Width(os.Stdout))
	case c.listEvents:
		err = manual.WriteEvents(stdout, strings.Join(c.filter, " "), manual.Width(os.Stdout))
	case c.printFormat:
		_, err = fmt.Fprintln(stdout, c.format)
	default:
		return replay(c, stdout)
	}
	return err
}

// parse reads the command line. Words that are no options are the filter, as sysdig has it: joined with blanks.
func parse(args []string) (*config, error) {
	c := &config{format: fields.DefaultFormat, color: "auto"}
	c.opts.Location, c.opts.Time = time.Local, fields.TimeLocal
	fs := pflag.NewFlagSet("scry", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for i := range manual.Options {
		register(fs, c, &manual.Options[i])
	}
	args = manual.Expand(args)
	if name := manual.OneDash(args); name != "" {
		return nil, usage("-%s has one dash: did you mean --%s?", name, name)
	}
	if err := fs.Parse(args); err != nil {
		return nil, optionError(err)
	}
	c.filter = fs.Args()
	if n := fs.ArgsLenAtDash(); n >= 0 {
		return nil, &failure{exitKernel, errors.New("-- COMMAND needs a live capture, which is not in this version")}
	}
	return c, c.check()
}

// check looks at what the options say together.
func (c *config) check() error {
	switch {
	case len(slices.DeleteFunc(slices.Clone(c.read), func(name string) bool { return name != "-" })) > 1:
		return usage("-r - twice: standard input can be read once")
	case c.out.Compat && c.write == "":
		return usage("--compat goes with -w FILE")
	case c.rotates() && c.write == "":
		return usage("-C, -G, -e and -W go with -w FILE: they say when to begin the next one")
	case c.rotate.Files > 0 && c.rotate.Size == 0 && c.rotate.Every == 0 && c.rotate.Events == 0:
		return usage("-W says how many files to keep: give -C, -G or -e as well, which say when to begin the next one")
	case c.rotates() && c.write == "-":
		return usage("-C, -G and -e need a file name behind -w, not standard output")
	case c.json && len(c.filter) > 0 && c.filter[0] == "args":
		return usage("--json args: write --json=args, with the equals sign")
	case c.from.After(c.to):
		return usage("--from is later than --to: nothing lies between them")
	case c.proclist && len(c.filter) == 0:
		return usage("--filter-proclist needs a filter")
	case c.proclist && c.write == "":
		return usage("--filter-proclist goes with -w FILE: it says which processes the file lists")
	}
	return nil
}

// replay reads the captures and gives their events to the chisels.
func replay(c *config, stdout io.Writer) error {
	switch {
	case c.chisel == "l":
		return &failure{exitKernel, errors.New("chisels are not in this version")}
	case c.chisel != "":
		return &failure{exitKernel, fmt.Errorf("%s: chisels are not in this version", c.chisel)}
	case len(c.read) == 0:
		return noInput(c.filter)
	}
	if (c.fat || c.out.Compress) && c.write == "" {
		fmt.Fprintln(os.Stderr, "scry: -F and -z have no effect without -w FILE")
	}
	for _, o := range c.live {
		fmt.Fprintf(os.Stderr, "scry: %s has no effect on a capture file: it says how to record\n", o)
	}
	c.opts.Color = manual.Colored(c.color, os.Stdout)
	var flt *filter.Filter
	if text := strings.Join(c.filter, " "); strings.TrimSpace(text) != "" {
		var err error
		if flt, err = filter.Compile(text, &c.opts); err != nil {
			return &failure{exitUsage, err}
		}
	}
	format, err := fields.ParseFormat(c.format, &c.opts)
	if err != nil {
		return &failure{exitUsage, err}
	}
	loop := &chisels.Loop{Filter: flt, Internal: c.internal, Limit: c.limit, Duration: c.duration, From: c.from, To: c.to,
		Tables: state.New(), Stop: new(atomic.Bool)}
	out := chisels.NewOutput(stdout)
	interrupted := capture.Interrupted(loop.Stop)
	first, err := c.open(c.read[0], interrupted)
	if err != nil {
		return err
	}
	lines, err := c.addChisels(loop, out, format, flt)
	if err != nil {
		return err
	}
	if lines != nil && len(format.Fields()) == 0 {
		fmt.Fprintf(os.Stderr, "scry: the format has no field; a field begins with %%, as in %%proc.name\n")
	}
	began := time.Now()
	runErr := c.readAll(loop, first, interrupted)
	err = loop.Finish()
	if e := out.Close(); err == nil && e != nil {
		err = fmt.Errorf("standard output: %w", e)
	}
	if err == nil {
		err = runErr
	}
	c.report(loop, lines, began)
	return err
}

// noInput says what is missing when there is no -r.
func noInput(words []string) error {
	for _, w := range words {
		if st, err := os.Stat(w); err == nil && !st.IsDir() || strings.HasSuffix(w, ".scap") {
			return usage("%s looks like a capture: to read it write scry -r %s", w, w)
		}
	}
	return &failure{exitKernel, errors.New("live capture is not in this version: give a capture file with -r FILE (scry --help)")}
}

// addChisels makes what the options ask for: lines, a file, counts.
func (c *config) addChisels(loop *chisels.Loop, out *chisels.Output, format *fields.Format, flt *filter.Filter) (*chisels.Lines, error) {
	var lines *chisels.Lines
	switch {
	case c.write != "":
		w, err := c.recorder(loop.Tables, flt)
		if err != nil {
			if pe, ok := errors.AsType[*fs.PathError](err); ok {
				err = pe.Err
			}
			return nil, fmt.Errorf("%s: %w", c.write, err)
		}
		loop.Chisels = append(loop.Chisels, w)
	case c.quiet:
		loop.Chisels = append(loop.Chisels, chisels.Quiet{Internal: c.internal})
	default:
		lines = &chisels.Lines{Out: out, Format: format, JSON: c.json, Internal: c.internal, Each: c.unbuffered}
		loop.Chisels = append(loop.Chisels, lines)
	}
	if c.summary {
		loop.Chisels = append(loop.Chisels, &chisels.Summary{Out: out})
	}
	return lines, nil
}

// recorder makes the chisel that writes a file, or a series of files.
func (c *config) recorder(tables *state.Tables, flt *filter.Filter) (*chisels.Write, error) {
	c.out.Inputs = capture.Stat(c.read)
	w := &chisels.Write{Fat: c.fat, State: c.proclist || c.rotates()}
	if c.proclist {
		w.Head = func(s *event.Snapshot) *event.Snapshot { return chisels.SelectThreads(s, tables, flt) }
	}
	var err error
	if !c.rotates() {
		w.Out, err = scap.Create(c.write, c.out)
		return w, err
	}
	c.rotate.Location, c.rotate.Writer, c.rotate.State, c.rotate.Behind = c.opts.Location, c.out, tables.Snapshot, tables.ContainerEvents
	w.Out, err = scap.NewRotator(c.write, c.rotate)
	return w, err
}

// rotates tells whether a series of files is written.
func (c *config) rotates() bool {
	return c.rotate.Size != 0 || c.rotate.Every != 0 || c.rotate.Events != 0 || c.rotate.Files != 0
}

// readAll runs the loop over the captures, one after the other.
func (c *config) readAll(loop *chisels.Loop, f *capture.File, interrupted <-chan struct{}) error {
	for n, name := range c.read {
		if n > 0 {
			var err error
			if f, err = c.open(name, interrupted); err != nil {
				return err
			}
		}
		bar := capture.NewProgress(f, os.Stderr, c.progress)
		loop.Tick = func(uint64) { bar.Tick() }
		done, err := loop.Run(f)
		bar.Clear()
		f.Close()
		var damage *scap.DamageError
		switch {
		case loop.Stop.Load():
			return nil
		case errors.As(err, &damage):
			return &failure{exitPartial, fmt.Errorf("%s: %w", name, err)}
		case err != nil:
			if _, ok := errors.AsType[*scap.WriteError](err); ok {
				return fmt.Errorf("%s: %w", c.write, err)
			}
			return err
		case done:
			return nil
		}
	}
	return nil
}

// open opens a capture.
func (c *config) open(name string, interrupted <-chan struct{}) (*capture.File, error) {
	f, err := capture.Open(name, interrupted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// report says on stderr what the user would otherwise not know: what was left out, and with -v the counts.
func (c *config) report(loop *chisels.Loop, lines *chisels.Lines, began time.Time) {
	if lines != nil {
		if note := lines.MissingNote(); note != "" {
			fmt.Fprintf(os.Stderr, "scry: %s\n", note)
		}
	}
	for _, note := range []string{loop.TimeNote(), loop.LossNote()} {
		if note != "" {
			fmt.Fprintf(os.Stderr, "scry: %s\n", note)
		}
	}
	if c.verbose || c.quiet || loop.Stop.Load() {
		fmt.Fprintf(os.Stderr, "scry: %s\n", loop.Counts.Text(time.Since(began), loop.Done()))
	}
}

// optionError says what is wrong with an option, and which one may have been meant.
func optionError(err error) error {
	var f *failure
	var unknown *pflag.NotExistError
	var lacks *pflag.ValueRequiredError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usage("%s", manual.UnknownShort(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()))
	case errors.As(err, &unknown):
		return usage("%s", manual.UnknownOption(unknown.GetSpecifiedName()))
	case errors.As(err, &lacks):
		return usage("%s", manual.NeedsValue(lacks.GetFlag().Name))
	}
	return usage("%w", err)
}

// value adapts a row of the option table to pflag.
type value struct {
	o *manual.Option
	c *config
}

func (v *value) String() string { return "" }
func (v *value) Type() string   { return v.o.Arg }

func (v *value) Set(s string) error {
	if v.o.Gone != "" {
		return usage("--%s is gone: %s", v.o.Name, v.o.Gone)
	}
	if v.o.Group == manual.Live {
		v.c.live = append(v.c.live, "--"+v.o.Name)
		return nil
	}
	if v.o.Arg == "" && s != "true" {
		return usage("--%s takes no value, got %q", v.o.Name, s)
	}
	err := setters[v.o.Name](v.c, s)
	if _, ok := errors.AsType[*failure](err); err != nil && !ok {
		err = usage("%s %s: %w", v.o.Dashed(), s, err)
	}
	return err
}

// register makes an option known to the parser.
func register(fs *pflag.FlagSet, c *config, o *manual.Option) {
	f := fs.VarPF(&value{o, c}, o.Name, o.Short, o.Help)
	if f.NoOptDefVal = o.Optional; o.Arg == "" {
		f.NoOptDefVal = "true"
	}
}

type setter = func(c *config, v string) error

func flag(p func(*config) *bool) setter {
	return func(c *config, _ string) error { *p(c) = true; return nil }
}

// setters put the value of each option where it belongs.
var setters = map[string]setter{
	"readfile": func(c *config, v string) error {
		if c.read = append(c.read, v); v == "" {
			return usage("-r needs the name of a file, got an empty one")
		}
		return nil
	},
	"from": func(c *config, v string) (err error) { c.from, err = chisels.ParseBound(v, time.Local); return err },
	"to":   func(c *config, v string) (err error) { c.to, err = chisels.ParseBound(v, time.Local); return err },
	"numevents": func(c *config, v string) (err error) {
		c.limit, err = manual.Count(v, "the number of events", 1)
		return err
	},
	"duration": func(c *config, v string) error {
		n, err := manual.Count(v, "the number of seconds", 1e9)
		c.duration = n * 1e9
		return err
	},
	"displayflt":      func(*config, string) error { return nil },
	"print":           setFormat,
	"json":            setJSON,
	"timetype":        setTime,
	"print-ascii":     buffer(fields.BufferASCII),
	"print-hex-ascii": buffer(fields.BufferHexASCII),
	"print-hex":       buffer(fields.BufferHex),
	"print-base64":    buffer(fields.BufferBase64),
	"snaplen": func(c *config, v string) error {
		n, err := manual.Count(v, "the number of bytes", 1)
		c.opts.SnapLen = int(min(n, 1<<20))
		return err
	},
	"verbose":         func(c *config, v string) error { c.verbose, c.opts.NoCut = true, true; return nil },
	"resolve-ports":   flag(func(c *config) *bool { return &c.opts.ResolvePorts }),
	"quiet":           flag(func(c *config) *bool { return &c.quiet }),
	"summary":         flag(func(c *config) *bool { return &c.summary }),
	"debug":           flag(func(c *config) *bool { return &c.internal }),
	"color":           setColor,
	"raw":             flag(func(c *config) *bool { return &c.opts.Raw }),
	"unbuffered":      flag(func(c *config) *bool { return &c.unbuffered }),
	"progress":        flag(func(c *config) *bool { return &c.progress }),
	"writefile":       func(c *config, v string) error { c.write = v; return nil },
	"compress":        flag(func(c *config) *bool { return &c.out.Compress }),
	"compat":          flag(func(c *config) *bool { return &c.out.Compat }),
	"fatfile":         flag(func(c *config) *bool { return &c.fat }),
	"filter-proclist": flag(func(c *config) *bool { return &c.proclist }),
	"file-size": func(c *config, v string) error {
		n, err := manual.Count(v, "the size in millions of bytes", 1e6)
		c.rotate.Size = int64(n) * 1e6
		return err
	},
	"seconds": func(c *config, v string) error {
		n, err := manual.Count(v, "the number of seconds", 1e9)
		c.rotate.Every = time.Duration(n) * time.Second
		return err
	},
	"event-limit": func(c *config, v string) (err error) {
		c.rotate.Events, err = manual.Count(v, "the number of events", 1)
		return err
	},
	"limit": func(c *config, v string) error {
		n, err := manual.Count(v, "the number of files", 1)
		c.rotate.Files = int(n)
		return err
	},
	"list":          flag(func(c *config) *bool { return &c.list }),
	"list-events":   flag(func(c *config) *bool { return &c.listEvents }),
	"list-markdown": flag(func(c *config) *bool { return &c.markdown }),
	"help":          setHelp,
	"version":       flag(func(c *config) *bool { return &c.version }),
	"libs-version":  flag(func(c *config) *bool { return &c.version }),
	"chisel":        func(c *config, v string) error { c.chisel = v; return nil },
	"chisel-info":   func(c *config, v string) error { c.chisel = v; return nil },
	"list-chisels":  func(c *config, _ string) error { c.chisel = "l"; return nil },
}

func setFormat(c *config, v string) error {
	switch v {
	case "c", "container":
		c.format = fields.ContainerFormat
	case "k", "kubernetes":
		c.format = fields.KubernetesFormat
	case "m", "mesos":
		return usage("-pm is gone: nothing records Mesos tasks any more")
	case "p":
		c.printFormat = true
	default:
		c.format = v
	}
	return nil
}

func setJSON(c *config, v string) error {
	switch v {
	case "line":
	case "args":
		c.opts.JSONArgs = true
	default:
		return usage("--json=%s: only --json and --json=args are known", v)
	}
	c.json, c.opts.NoCut = true, true
	return nil
}

func setTime(c *config, v string) error {
	if len(v) != 1 || !strings.Contains("hardDi", v) {
		return usage("-t %s: the time is one of h (local), a (since 1970), r (since the start), d (latency), D (since the line before), i (ISO 8601)", v)
	}
	c.opts.Time = fields.TimeMode(v[0])
	return nil
}

func buffer(m fields.BufferMode) setter {
	return func(c *config, _ string) error {
		if c.opts.Buffer != fields.BufferDots && c.opts.Buffer != m {
			return usage("only one of -A, -b, -x and -X: buffers are shown in one way")
		}
		c.opts.Buffer = m
		return nil
	}
}

func setHelp(c *config, v string) error {
	if c.help = v; v != "all" && v != manual.Lookup("help").Optional {
		return usage("--help=%s: only --help and --help=all are known", v)
	}
	return nil
}

func setColor(c *config, v string) error {
	if v != "auto" && v != "always" && v != "never" {
		return usage("--color %s: auto, always or never", v)
	}
	c.color = v
	return nil
}

// commands are the words that may stand first instead of options.
var commands = map[string]func(args []string, stdout io.Writer) error{
	"info": info,
	"completion": func(args []string, stdout io.Writer) error {
		err := manual.WriteCompletion(stdout, args)
		if errors.Is(err, manual.ErrShell) {
			return &failure{exitUsage, err}
		}
		return err
	},
	"__complete": func(args []string, stdout io.Writer) error {
		_, err := io.WriteString(stdout, manual.Complete(args).String())
		return err
	},
	"help": func(args []string, stdout io.Writer) error {
		_, err := io.WriteString(stdout, manual.Help(len(args) > 0 && args[0] == "all"))
		return err
	},
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
		return usage("info: %w (scry info [--json] [--all] FILE...)", err)
	}
	names := append(*readAs, fs.Args()...)
	if len(names) == 0 {
		return usage("info needs a capture: scry info [--json] [--all] FILE...")
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
