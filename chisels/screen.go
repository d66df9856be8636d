package chisels

import (
	"bytes"
	"time"
)

// Screen draws the results of chisels over the ones before, on a terminal: without a flicker, as no line is empty in between.
type Screen struct {
	*Env
	Status func() string // what the last line says behind the time
	begun  bool
}

// Suits tells whether all chisels make results at intervals: lines that come in between would be drawn over.
func (s *Screen) Suits(list []Chisel) bool {
	for _, c := range list {
		if _, ok := c.(Ticker); !ok {
			return false
		}
		if _, ok := c.(*StateTable); ok {
			return false
		}
	}
	return true
}

// Draw draws what tick prints at ts.
func (s *Screen) Draw(ts uint64, tick func() error) error {
	if err := s.Out.Flush(); err != nil {
		return err
	}
	if err := tick(); err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSuffix(bytes.Clone(s.Out.Buffer()), []byte{'\n'}), []byte{'\n'})
	if s.Height > 1 {
		lines = lines[:min(len(lines), s.Height-1)]
	}
	b := append(s.Out.Buffer()[:0], "\x1b[H"...)
	if !s.begun {
		b = append(b, "\x1b[2J"...)
		s.begun = true
	}
	for _, l := range lines {
		b = append(append(b, l...), "\x1b[K\n"...)
	}
	b = append(b, "\x1b[7m"...)
	b = time.Unix(0, int64(ts)).AppendFormat(b, " 15:04:05  ")
	b = append(append(b, s.Status()...), " \x1b[0m\x1b[K\x1b[J"...)
	return s.Out.Keep(b)
}
