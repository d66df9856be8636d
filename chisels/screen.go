package chisels

import (
	"bytes"
	"fmt"
	"time"

	"scry/capture"
)

// Screen draws the results of chisels over the ones before, on a terminal: without a flicker, as no line is empty in between.
type Screen struct {
	*Env
	Seen  func() uint64            // events so far
	Stats func() capture.LiveStats // what was lost so far
	Said  func() int               // warnings that wait for the end of the screen

	begun bool
	seen  uint64 // events when it was drawn last
	at    uint64 // then
}

// interval is how often live results come when the user does not say, ns.
const interval = 1e9

// Add makes the chisels of the calls.
func (l *Loop) Add(calls []*Call, env *Env) error {
	for _, call := range calls {
		c, err := call.Make(env)
		if err != nil {
			return err
		}
		l.Chisels = append(l.Chisels, c)
	}
	if l.Interval = env.Interval; l.Interval == 0 && env.Live {
		l.Interval = interval
	}
	return nil
}

// Draw lets results be drawn in place when that suits: live, on a terminal, and without lines in between. Otherwise each says its time. It reports whether
// results are drawn: then nothing else may be written to the terminal until Finish, and said tells how many lines wait for that.
func (l *Loop) Draw(env *Env, stats func() capture.LiveStats, said func() int) bool {
	s := &Screen{Env: env, Seen: func() uint64 { return l.Counts.Seen }, Stats: stats, Said: said}
	if env.Live && env.Width > 0 && env.Format == FormatText && s.suits(l.Chisels) {
		l.OnTick = s.draw
		l.closing = s.leave
	} else {
		env.Intervals = l.Interval != 0
	}
	return l.OnTick != nil
}

// suits tells whether all chisels make results at intervals: lines that come in between would be drawn over.
func (s *Screen) suits(list []Chisel) bool {
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

// draw draws what tick prints at ts.
func (s *Screen) draw(ts uint64, tick func() error) error {
	if err := s.Out.Flush(); err != nil {
		return err
	}
	s.Out.block = false
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
	b = append(b, cutText(s.status(ts), s.Width-1)...)
	return s.Out.Keep(append(b, "\x1b[0m\x1b[K\x1b[J"...))
}

// status is the last line: the time, how many events come, and how many are lost.
func (s *Screen) status(ts uint64) string {
	text := time.Unix(0, int64(ts)).Format(" 15:04:05")
	seen := s.Seen()
	if s.at != 0 && ts > s.at {
		text += fmt.Sprintf("  %s events/s", Grouped(uint64(float64(seen-s.seen)/(float64(ts-s.at)/1e9))))
	}
	s.seen, s.at = seen, ts
	if n := s.Stats(); n.Lost > 0 {
		text += fmt.Sprintf("  %s lost (%s) ", Grouped(n.Lost), n.Why())
	} else {
		text += "  none lost "
	}
	switch n := s.Said(); n {
	case 0:
	case 1:
		text += " 1 warning, told at the end "
	default:
		text += fmt.Sprintf(" %d warnings, told at the end ", n)
	}
	return text
}

// leave ends the status line, so that what is said next stands below it. What has come since then is not drawn: it is a part of an interval.
func (s *Screen) leave() error {
	if !s.begun {
		return nil
	}
	s.Out.left = true
	return s.Out.Keep(append(s.Out.Buffer(), '\n'))
}
