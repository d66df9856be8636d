package chisels

import (
	"strconv"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// spyUsers prints the commands that users run in shells, as a tree: a command is indented by the number of processes between it and the login shell,
// which is the highest ancestor whose name ends in "sh".
type spyUsers struct {
	*List
	maxDepth int // -1: none
	shell    int64
	depth    int
	command  []byte
	dir      *fields.Field
	exeline  *fields.Field
}

func init() { makers["spy_users"] = newSpyUsers }

func newSpyUsers(in *Instance) (Chisel, error) {
	s := &spyUsers{List: NewList(in), maxDepth: -1}
	s.compute = s.computed
	if v, ok := in.Args["max_depth"]; ok {
		n, err := strconv.Atoi(v)
		if err != nil {
			return nil, err
		}
		s.maxDepth = n
	}
	var err error
	if s.dir, err = newField("evt.arg.path", in.Options); err != nil {
		return nil, err
	}
	s.exeline, err = newField("proc.exeline", in.Options)
	return s, err
}

// Event prints one command, when it was run in a shell.
func (s *spyUsers) Event(ev *event.Event) (bool, error) {
	if ev.Thread == nil || !s.takes(ev) {
		return false, nil
	}
	cd := ev.Type == event.ChdirX
	if !s.place(ev, cd) || s.maxDepth >= 0 && s.depth > s.maxDepth {
		return false, nil
	}
	if s.command = s.command[:0]; cd {
		s.command = append(append(s.command, "cd "...), s.dir.Value(ev).Str...)
	} else {
		s.command = append(s.command, s.exeline.Value(ev).Str...)
	}
	b := s.Out.Buffer()
	switch s.Format {
	case FormatJSON:
		b = s.json(b, ev)
	case FormatCSV:
		b = s.csv(b, ev)
	default:
		b = s.text(b, ev)
	}
	s.began = true
	return true, s.Out.Keep(b)
}

// place finds the login shell of ev's process and how far below it what ev tells is; false when it was not run in a shell. A cd is done by the shell itself,
// and stands below it as a command would.
func (s *spyUsers) place(ev *event.Event, cd bool) bool {
	found := false
	th := ev.Thread
	for i := 0; th != nil && i < maxAncestors; i++ {
		if (i > 0 || cd) && strings.HasSuffix(th.Comm, "sh") {
			s.shell, s.depth, found = th.PID, i, true
		}
		th = parentOf(ev, th)
	}
	if !cd {
		s.depth--
	}
	return found
}

// maxAncestors bounds the way up: a longer one is a loop.
const maxAncestors = 256

// parentOf is the process that made th's, nil when it is not known.
func parentOf(ev *event.Event, th *event.Thread) *event.Thread {
	if th.Leader != nil {
		th = th.Leader
	}
	if th.Parent != nil {
		return th.Parent
	}
	if ev.Host == nil || ev.Host.Thread == nil || th.PTID <= 0 || th.PTID == th.TID {
		return nil
	}
	return ev.Host.Thread(th.PTID)
}

func (s *spyUsers) computed(col int, _ *event.Event) (fields.Value, bool) {
	switch s.shown[col].Name {
	case "shell":
		return fields.Value{Type: fields.Int, Num: uint64(s.shell)}, true
	case "depth":
		return fields.Value{Type: fields.Int, Num: uint64(s.depth)}, true
	case "command":
		return fields.Value{Type: fields.String, Str: strings.TrimRight(string(s.command), " ")}, true
	}
	return fields.Value{}, false
}

// text appends a line as "   5637 19:47:04 root) nsenter --pid=/tmp/ns/pid -- /bin/bash".
func (s *spyUsers) text(b []byte, ev *event.Event) []byte {
	color := s.color(ev)
	b = appendBlanks(append(b, color...), 3*s.depth)
	b = append(strconv.AppendInt(b, s.shell, 10), ' ')
	b = append(s.appendColumn(b, "time", ev), ' ')
	b = s.appendColumn(b, "user", ev)
	if s.Containers {
		b = s.appendColumn(append(b, '@'), "container", ev)
	}
	b = fields.AppendText(append(b, ") "...), strings.TrimRight(string(s.command), " "), s.Options)
	return endLine(b, color)
}

// Finish hands over the last lines.
func (s *spyUsers) Finish() error { return s.Flush() }
