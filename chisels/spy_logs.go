package chisels

import (
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// spyLogs prints what is written to log files, line by line.
type spyLogs struct {
	*List
	col     int // position of the column message: a line of what was written
	message string
	dump    *around
}

func init() { makers["spy_logs"] = newSpyLogs }

func newSpyLogs(in *Instance) (Chisel, error) {
	s := &spyLogs{List: NewList(in)}
	for i, c := range in.shown {
		if c.Name == "message" {
			s.col = i
		}
	}
	s.compute = func(col int, _ *event.Event) (fields.Value, bool) {
		return fields.Value{Type: fields.String, Str: s.message}, col == s.col
	}
	var err error
	s.dump, err = newAround(in)
	return s, err
}

// Event prints the lines of one write.
func (s *spyLogs) Event(ev *event.Event) (bool, error) {
	if !s.takes(ev) {
		return false, nil
	}
	data := s.fields[s.col].Value(ev).Str
	if n := s.Options.SnapLen; n > 0 && n < len(data) {
		data = data[:n]
	}
	shown := false
	b := s.Out.Buffer()
	for line := range strings.Lines(data) {
		if s.message = strings.TrimRight(line, "\r\n"); s.message != "" {
			b = s.line(b, ev)
			shown, s.began = true, true
		}
	}
	if s.dump != nil && shown {
		if err := s.dump.note(ev); err != nil {
			return false, err
		}
	}
	return shown, s.Out.Keep(b)
}

// line appends the line at hand.
func (s *spyLogs) line(b []byte, ev *event.Event) []byte {
	switch s.Format {
	case FormatJSON:
		return s.json(b, ev)
	case FormatCSV:
		return s.csv(b, ev)
	}
	color := ""
	if s.Color {
		color = colorCodes[logColor(s.message)]
	}
	b = append(b, color...)
	if s.Containers {
		b = append(s.appendColumn(b, "container", ev), ' ')
	}
	b = append(s.appendColumn(b, "process", ev), ' ')
	b = append(s.appendColumn(b, "file", ev), ' ')
	return endLine(appendDataLines(b, s.message, s.Options), color)
}

// logColor says how bad a line is, by its words.
func logColor(line string) string {
	line = strings.ToLower(line)
	switch {
	case strings.Contains(line, "warn"):
		return "yellow"
	case strings.Contains(line, "err"):
		return "red"
	}
	return "green"
}

// Finish writes the dump.
func (s *spyLogs) Finish() error {
	if err := s.dump.finish(); err != nil {
		return err
	}
	return s.Flush()
}
