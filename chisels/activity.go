package chisels

import (
	"slices"

	"scry/capture/event"
	"scry/filter/fields"
)

// What an event is to somebody who wants to know what was done on a machine: a command, network, file or login activity, and the command, connection or file that
// it is about. Only events that an audit selects are asked for it.

func init() { rowFields["row.activity"] = appendActivity }

// loginCalls change who a process is or which machine it sees.
var loginCalls = []string{"setuid", "setresuid", "setgid", "setresgid", "setns", "ptrace", "init_module", "finit_module"}

// loginPrograms are those by which people come in and become somebody else.
var loginPrograms = []string{"login", "sshd", "su", "sudo", "doas", "pkexec", "sshd-session", "systemd-logind"}

// activities are the kinds of the calls by name; what is not here is about a file.
var activities = func() map[string]string {
	m := map[string]string{"execve": "command", "execveat": "command"}
	for _, name := range []string{"connect", "bind", "listen", "accept", "accept4"} {
		m[name] = "network"
	}
	for _, name := range loginCalls {
		m[name] = "login"
	}
	return m
}()

func appendActivity(ev *event.Event, dst []byte) []byte {
	kind := activities[fields.EventName(ev)]
	switch {
	case kind == "":
		kind = "file"
	case kind == "command" && ev.Thread != nil && slices.Contains(loginPrograms, ev.Thread.Comm):
		kind = "login"
	}
	return append(dst, kind...)
}

// newDetail makes what row.detail is taken by: the first of a command line, the paths of a call, the name of its descriptor, and its arguments.
func newDetail(o *fields.Options) func(ev *event.Event, dst []byte) []byte {
	ask := func(name string) *fields.Field {
		f, err := newField(name, o)
		if err != nil {
			panic(err) // TestActivity
		}
		return f
	}
	source, target, path, fd, args := ask("fs.path.source"), ask("fs.path.target"), ask("fs.path.name"), ask("fd.name"), ask("evt.args")
	text := func(f *fields.Field, ev *event.Event, dst []byte) []byte {
		if v := f.Value(ev); v.Type.Text() {
			return append(dst, v.Str...)
		}
		return dst
	}
	return func(ev *event.Event, dst []byte) []byte {
		switch name := fields.EventName(ev); {
		case activities[name] == "command":
			return appendCommand(ev, dst)
		case slices.Contains(loginCalls, name):
			dst, _ = args.Append(dst, ev)
			return dst
		}
		if dst = text(source, ev, dst); len(dst) > 0 {
			return text(target, ev, append(dst, " -> "...))
		}
		if dst = text(path, ev, dst); len(dst) == 0 {
			dst = text(fd, ev, dst)
		}
		if len(dst) == 0 {
			return nil
		}
		return dst
	}
}
