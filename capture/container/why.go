package container

import (
	"errors"
	"io/fs"
	"slices"

	"scry/capture/event"
)

// Reasons why an event does not have the name of its container. What stands before the colon is the same whatever the engine.
const (
	whyPending = "pending: the answer of its engine came later than the event"
	whyGone    = "gone: its engine does not know it, or not any more"
	whyNoID    = "no id: its cgroup has a name that no engine gives"
)

// engineKinds are the kinds of sockets (kinds) on which the engines listen.
var engineKinds = map[string]string{"docker": "docker", "podman": "podman", "containerd": "CRI", "cri-o": "CRI", "cri": "CRI"}

// Why says why nothing but its id is known of a container, as of now: its id as events have it, and the engine that its cgroup looks like. The text is
// printable. Any goroutine may call it.
func (w *Watcher) Why(id, engine string) string {
	if !validID(id) {
		return whyNoID
	}
	if w.told(id) {
		return whyPending
	}
	names := likely[engine]
	if names == nil {
		return "nobody to ask: " + event.Printable(engine) + " has no socket that tells of containers"
	}
	var failed *source
	var reasonOf error
	for _, s := range w.all() {
		name, err := s.stands()
		if slices.Contains(names, name) {
			if w.strange(id) {
				return whyGone
			}
			return whyPending
		}
		if name == "" && slices.ContainsFunc(names, func(e string) bool { return engineKinds[e] == s.kind.name }) && (failed == nil || absent(reasonOf)) {
			failed, reasonOf = s, err
		}
	}
	switch where := ""; {
	case failed == nil:
		return "no socket: " + event.Printable(names[0]) + " does not listen where it usually does"
	case reasonOf == nil:
		return whyPending // the first connection is being made
	default:
		where = failed.kind.name + " (" + event.Printable(failed.path) + "): " + reason(reasonOf, w.o.Timeout)
		switch {
		case errors.Is(reasonOf, fs.ErrPermission):
			return "denied: " + where
		case absent(reasonOf):
			return "no socket: " + where
		}
		return "no answer: " + where
	}
}

// told tells whether there was a record of a container.
func (w *Watcher) told(id string) bool {
	w.telling.Lock()
	defer w.telling.Unlock()
	e := w.known[shortID(id)]
	return e != nil && e.told
}

// maxStrangers is how many containers are remembered that no engine knows.
const maxStrangers = 4096

// stranger remembers that no engine knows a container.
func (w *Watcher) stranger(id string) {
	w.telling.Lock()
	defer w.telling.Unlock()
	if len(w.strangers) >= maxStrangers {
		clear(w.strangers)
	}
	w.strangers[shortID(id)] = true
}

func (w *Watcher) strange(id string) bool {
	w.telling.Lock()
	defer w.telling.Unlock()
	return w.strangers[shortID(id)]
}
