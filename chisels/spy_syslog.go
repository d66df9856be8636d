package chisels

import (
	"scry/capture/event"
	"scry/filter/fields"
)

// spySyslog prints the messages that are written to the socket of the system log.
type spySyslog struct {
	*List
	buffer *fields.Field
	dump   *around
}

func init() { makers["spy_syslog"] = newSpySyslog }

func newSpySyslog(in *Instance) (Chisel, error) {
	dump, err := newAround(in)
	if err != nil {
		return nil, err
	}
	buffer, err := newField("evt.buffer", in.Options)
	return &spySyslog{List: NewList(in), buffer: buffer, dump: dump}, err
}

// Event prints one message.
func (s *spySyslog) Event(ev *event.Event) (bool, error) {
	if s.Format != FormatText {
		shown, err := s.List.Event(ev)
		return shown, s.note(ev, shown, err)
	}
	if !s.takes(ev) {
		return false, nil
	}
	color := s.color(ev)
	b := append(s.Out.Buffer(), color...)
	if s.Containers {
		b = append(s.appendColumn(b, "container_id", ev), ' ')
		b = append(s.appendColumn(b, "container", ev), ' ')
	}
	b = append(s.appendColumn(b, "facility", ev), '.')
	b = append(s.appendColumn(b, "severity", ev), ' ')
	b = append(s.appendColumn(b, "process", ev), '[')
	b = append(s.appendColumn(b, "tid", ev), "] "...)
	if f := s.field("message"); f.Value(ev).Present() {
		b, _ = f.Append(b, ev)
	} else { // without <priority> in front: what was written
		b = fields.AppendText(b, s.buffer.Value(ev).Str, s.Options)
	}
	s.began = true
	err := s.Out.Keep(endLine(b, color))
	return true, s.note(ev, true, err)
}

func (s *spySyslog) note(ev *event.Event, shown bool, err error) error {
	if err == nil && shown && s.dump != nil {
		err = s.dump.note(ev)
	}
	return err
}

// Finish writes the dump.
func (s *spySyslog) Finish() error {
	if err := s.dump.finish(); err != nil {
		return err
	}
	return s.Flush()
}
