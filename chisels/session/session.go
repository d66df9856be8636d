// Package session puts runs together: what the command line asks for, from the source of the events to the counts at the end.
package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

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

// Exit codes, documented in README.md.
const (
	ExitFailed  = 1 // something went wrong while running
	ExitUsage   = 2 // command line, filter or format
	ExitPartial = 3 // the input is damaged or cut off; what came before was shown
	ExitKernel  = 4 // privileges, kernel, or not in this version
)

// Failure is an error with the exit code that it leads to. Without a text nothing is printed.
type Failure struct {
	Code int
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Run does what c asks for: it reads captures, or records what happens now. What is said besides goes to the standard error.
func Run(c *options.Config, stdout io.Writer) error {
	if c.Live() {
		return live(c, stdout)
	}
	return replay(c, stdout)
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
	source Kernel
	stats  capture.LiveStats

	warnings warnings // of what goes on besides
}

// newSession puts a run together. Nothing is opened yet.
func newSession(c *options.Config, stdout io.Writer) (*session, error) {
	s := &session{Config: c, began: time.Now()}
	if (c.Fat || c.Out.Compress) && c.Write == "" {
		Note("-F and -z have no effect without -w FILE")
	}
	if c.ExplainNA && (c.Write != "" || c.Quiet || len(c.Calls) > 0) {
		Note("--explain-na has no effect: no events are printed")
	}
	c.Fields.Color = manual.Colored(c.Color, os.Stdout)
	if text := strings.Join(c.Filter, " "); strings.TrimSpace(text) != "" {
		var err error
		if s.filter, err = filter.Compile(text, &c.Fields); err != nil {
			return nil, &Failure{ExitUsage, err}
		}
	}
	format, err := fields.ParseFormat(c.Format, &c.Fields)
	if err != nil {
		return nil, &Failure{ExitUsage, err}
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
		return &Failure{ExitUsage, err}
	}
	drawn := s.loop.Draw(env, func() (stats capture.LiveStats) {
		if s.source != nil {
			stats = s.source.Stats()
		}
		return stats
	}, s.warnings.count)
	if drawn {
		s.warnings.hold()
	}
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
		s.lines.Why = s.ExplainNA || s.Verbose
		s.loop.Chisels = append(s.loop.Chisels, s.lines)
		if len(format.Fields()) == 0 {
			Note("the format has no field; a field begins with %%, as in %%proc.name")
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

// report says on stderr what the user would otherwise not know: what was left out, and with -v the counts.
func (s *session) report(took time.Duration) {
	s.warnings.release()
	counts := &s.loop.Counts
	notes := []string{s.loop.TimeNote(), s.loop.LossNote(), counts.DropNote(s.stats.Why(), s.Buffer)}
	if s.lines != nil {
		notes = slices.Concat([]string{s.lines.MissingNote()}, s.lines.WhyNotes(), notes)
	}
	if s.Verbose || s.Quiet || s.ended {
		notes = append(notes, counts.Text(took, s.loop.Done(), s.stats.Why()))
	}
	for _, text := range notes {
		if text != "" {
			Note("%s", text)
		}
	}
}

// Note says something on stderr.
func Note(format string, args ...any) { fmt.Fprintf(os.Stderr, "scry: "+format+"\n", args...) }
