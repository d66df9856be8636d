package session

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"scry/capture"
	"scry/capture/scap"
	"scry/chisels/options"
)

// replay reads the captures and gives their events to the chisels.
func replay(c *options.Config, stdout io.Writer) error {
	for _, o := range c.LiveOnly {
		Note("%s has no effect on a capture file: it says how to record", o)
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
			return &Failure{ExitPartial, fmt.Errorf("%s: %w", name, err)}
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
