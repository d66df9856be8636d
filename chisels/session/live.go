package session

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/kubernetes"
	"scry/capture/scap"
	"scry/chisels/options"
)

// Kernel is what a run needs of a capture.LiveSource.
type Kernel interface {
	capture.Source
	Stats() capture.LiveStats
	ExitCode() (int, bool)
}

// The way to the kernel; tests that need none take another.
var (
	Machine = capture.ThisMachine
	Attach  = func(o capture.LiveOptions) (Kernel, error) { return capture.Live(o) }
)

// live gives what happens now to the chisels.
func live(c *options.Config, stdout io.Writer) error {
	if err := noCapture(c.Filter); err != nil {
		return err
	}
	for _, text := range c.Ignored {
		Note("%s", text)
	}
	s, err := newSession(c, stdout)
	if err != nil {
		return err
	}
	defer s.warnings.release()
	snapLen := c.SnapLen
	if c.Fields.SnapLen == 0 { // no -s
		snapLen = max(snapLen, s.loop.Payload())
	}
	o := capture.LiveOptions{Demand: s.loop.Demand(snapLen, c.PageFaults), Buffer: c.Buffer, All: c.Internal, NoUsers: c.NoUsers,
		Exclude: c.Exclude, Command: c.Command, Tick: time.Duration(s.loop.Interval), HostRoot: capture.HostRoot()}
	if !c.NoContainers {
		c.Engines.Root = o.HostRoot
		c.Engines.Warn = s.warnings.tell
		o.Engines = &c.Engines
	}
	if o.Kubernetes = cluster(c); o.Kubernetes != nil {
		o.Kubernetes.Warn = s.warnings.tell
	}
	if c.Explain {
		return s.explain(stdout, &o)
	}
	if c.Command != nil {
		if _, err := capture.FindCommand(c.Command[0]); err != nil {
			return err
		}
	}
	m := Machine()
	if err := m.Check(os.Args); err != nil {
		return err
	}
	if text := m.Note(); text != "" {
		Note("%s", text)
	}
	if err := s.create(); err != nil {
		return err
	}
	return s.watch(o)
}

// cluster is which API server of Kubernetes is asked, nil when none is.
func cluster(c *options.Config) *kubernetes.Options {
	if c.Cluster == nil {
		return nil
	}
	o := *c.Cluster
	o.Node = c.Node
	return &o
}

// watch runs the loop over what the kernel records until that ends: by an interrupt, -n, -M, or with the command.
func (s *session) watch(o capture.LiveOptions) error {
	interrupted := capture.Interrupted(new(atomic.Bool))
	stop := make(chan struct{})
	o.Stop = stop
	src, err := Attach(o)
	if err != nil {
		return capture.Unable(err)
	}
	if err := capture.DropPrivileges(s.keeps()); err != nil && s.Verbose {
		Note("%v", err)
	}
	if s.Verbose || s.PageFaults {
		for _, text := range src.Stats().Missing {
			Note("missing: %s", text)
		}
	}
	if e, ok := src.(interface{ Why(*event.Container) string }); ok {
		s.Fields.Why = e.Why
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
		err = &Failure{code, errors.New("")}
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
