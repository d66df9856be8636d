// Package options is the command line as values: it takes the words that follow the name of the program, as the table of docs/manual says
// what they may be, and gives a Config that says what the user wants. It does nothing of it.
package options

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"scry/capture"
	"scry/capture/container"
	"scry/capture/kubernetes"
	"scry/capture/scap"
	"scry/chisels"
	"scry/docs/manual"
	"scry/filter/fields"
)

// Error tells that the command line is wrong.
type Error struct{ err error }

func (e *Error) Error() string { return e.err.Error() }
func (e *Error) Unwrap() error { return e.err }

// Usage makes an *Error.
func Usage(format string, args ...any) error { return &Error{fmt.Errorf(format, args...)} }

// Config is the command line.
type Config struct {
	Read    []string // captures, one after the other; none: the kernel
	Filter  []string // words of the filter
	Command []string // what stands behind "--"
	Write   string
	Format  string
	Fields  fields.Options
	JSON    bool

	Quiet, Verbose, Summary, Fat bool
	Internal                     bool // the recorder's own events too
	Unbuffered, Progress         bool
	List, ListEvents, Markdown   bool
	Version, PrintFormat         bool
	Help                         string
	ListChisels                  bool
	Info                         string // name of the chisel that is asked about
	Color                        string

	Catalog    *chisels.Catalog
	Calls      []*chisels.Call
	Containers bool   // -pc: columns that say which container
	Kubernetes bool   // -pk: and which pod
	By         string // rows of containers, pods, ... instead of a table's own
	CSV        bool
	Interval   time.Duration // of results; 0: as it suits
	Top        *int          // rows that are shown; nil: as the chisel has it
	At         chisels.Bound

	Limit    uint64        // shown events
	Duration time.Duration // 0: no end
	From, To chisels.Bound
	Out      scap.WriterOptions
	Rotate   scap.RotateOptions
	ProcList bool

	SnapLen      int                 // bytes of each buffer that a live capture records
	Buffer       int                 // bytes of a ring
	Drops        bool                // show where events were lost
	Explain      bool                // say what a live capture would ask for
	ExplainNA    bool                // say why fields are not there
	PageFaults   bool                // record them
	NoUsers      bool                // leave users and groups out
	Engines      container.Options   // without Tell and Warn
	NoContainers bool                // ask no engine
	Cluster      *kubernetes.Options // without Tell and Warn; nil: ask no API server
	Node         string              // what it calls this one; "": as the machine is called
	Exclude      []string            // names of programs
	LiveOnly     []string            // options given that only a live capture can heed, as --name
	Ignored      []string            // of these, the ones that even a live capture does not heed
}

// Parse reads the command line. Words that are no options are the filter, as sysdig has it. What is wrong is told by an *Error.
func Parse(args []string) (*Config, error) {
	c := &Config{Format: fields.DefaultFormat, Color: "auto", SnapLen: capture.DefaultSnapLen, Buffer: capture.DefaultBuffer}
	c.Fields.Location, c.Fields.Time = time.Local, fields.TimeLocal
	fs := pflag.NewFlagSet("scry", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for i := range manual.Options {
		register(fs, c, &manual.Options[i])
	}
	args = manual.Expand(args)
	args, err := c.takeWords(args)
	if err != nil {
		return nil, err
	}
	if name := manual.OneDash(args); name != "" {
		return nil, Usage("-%s has one dash: did you mean --%s?", name, name)
	}
	if err := fs.Parse(args); err != nil {
		return nil, optionError(err)
	}
	c.Filter = fs.Args()
	if n := fs.ArgsLenAtDash(); n >= 0 {
		if c.Filter, c.Command = c.Filter[:n], c.Filter[n:]; len(c.Command) == 0 {
			return nil, Usage("-- needs a command behind it: scry [FILTER] -- COMMAND ARGS...")
		}
	}
	return c, c.check()
}

// Live tells whether the events come from the kernel.
func (c *Config) Live() bool { return len(c.Read) == 0 }

// Rotates tells whether a series of files is written.
func (c *Config) Rotates() bool {
	return c.Rotate.Size != 0 || c.Rotate.Every != 0 || c.Rotate.Events != 0 || c.Rotate.Files != 0
}

// check looks at what the options say together.
func (c *Config) check() error {
	switch {
	case len(slices.DeleteFunc(slices.Clone(c.Read), func(name string) bool { return name != "-" })) > 1:
		return Usage("-r - twice: standard input can be read once")
	case !c.Live() && c.Command != nil:
		return Usage("-r FILE and -- COMMAND: either a capture is read or a command is run")
	case c.Live() && (c.From.Set || c.To.Set):
		return Usage("--from and --to go with -r FILE: a live capture begins now; -M SECONDS ends it")
	case c.Out.Compat && c.Write == "":
		return Usage("--compat goes with -w FILE")
	case c.Rotates() && c.Write == "":
		return Usage("-C, -G, -e and -W go with -w FILE: they say when to begin the next one")
	case c.Rotate.Files > 0 && c.Rotate.Size == 0 && c.Rotate.Every == 0 && c.Rotate.Events == 0:
		return Usage("-W says how many files to keep: give -C, -G or -e as well, which say when to begin the next one")
	case c.Rotates() && c.Write == "-":
		return Usage("-C, -G and -e need a file name behind -w, not standard output")
	case c.JSON && len(c.Filter) > 0 && c.Filter[0] == "args":
		return Usage("--json args: write --json=args, with the equals sign")
	case len(c.Calls) > 0 && c.Write != "":
		return Usage("-c and -w: a chisel shows results, -w keeps events; run one after the other, with -r on the file")
	case len(c.Calls) == 0 && (c.CSV || c.Interval != 0 || c.Top != nil || c.At.Set || c.By != ""):
		return Usage("--csv, --interval, --top, --by and --at go with -c CHISEL")
	case c.CSV && c.JSON:
		return Usage("--csv and --json: one of them")
	case c.Node != "" && c.Cluster == nil:
		return Usage("--node-name goes with --k8s: it says which pods are this machine's")
	case c.From.After(c.To):
		return Usage("--from is later than --to: nothing lies between them")
	case c.ProcList && len(c.Filter) == 0:
		return Usage("--filter-proclist needs a filter")
	case c.ProcList && c.Write == "":
		return Usage("--filter-proclist goes with -w FILE: it says which processes the file lists")
	}
	return nil
}

// optionError says what is wrong with an option, and which one may have been meant.
func optionError(err error) error {
	var ours *Error
	var unknown *pflag.NotExistError
	var lacks *pflag.ValueRequiredError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return Usage("%s", manual.UnknownShort(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()))
	case errors.As(err, &unknown):
		return Usage("%s", manual.UnknownOption(unknown.GetSpecifiedName()))
	case errors.As(err, &lacks):
		return Usage("%s", manual.NeedsValue(lacks.GetFlag().Name))
	}
	return Usage("%w", err)
}

// value adapts a row of the option table to pflag.
type value struct {
	o *manual.Option
	c *Config
}

func (v *value) String() string { return "" }
func (v *value) Type() string   { return v.o.Arg }

func (v *value) Set(s string) error {
	switch {
	case v.o.Gone != "":
		return Usage("--%s is gone: %s", v.o.Name, v.o.Gone)
	case v.o.Group == manual.Ignored:
		v.c.LiveOnly = append(v.c.LiveOnly, "--"+v.o.Name)
		if v.o.Note != "" {
			v.c.Ignored = append(v.c.Ignored, "--"+v.o.Name+" has no effect: "+v.o.Note)
		}
		return nil
	case v.o.Group == manual.Live:
		v.c.LiveOnly = append(v.c.LiveOnly, "--"+v.o.Name)
	}
	if v.o.Arg == "" && s != "true" {
		return Usage("--%s takes no value, got %q", v.o.Name, s)
	}
	err := setters[v.o.Name](v.c, s)
	if _, ok := errors.AsType[*Error](err); err != nil && !ok {
		err = Usage("%s %s: %w", v.o.Dashed(), s, err)
	}
	return err
}

// register makes an option known to the parser.
func register(fs *pflag.FlagSet, c *Config, o *manual.Option) {
	f := fs.VarPF(&value{o, c}, o.Name, o.Short, o.Help)
	if f.NoOptDefVal = o.Optional; o.Arg == "" {
		f.NoOptDefVal = "true"
	}
}
