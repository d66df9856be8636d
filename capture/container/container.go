// Package container asks the container engines of this machine who their containers are: name, image, labels, pod and so on. What it learns it hands out
// as container records, the JSON that scap files have of containers, so that files carry it and a replay knows it.
//
// Engines are asked over their own sockets, and only read from. A Watcher has a source for each socket; a source keeps a connection, subscribes to
// events, lists what exists, and has workers with a bounded queue that inspect what is new. Whatever an engine does or does not do costs one warning: no
// event of the capture waits for it.
package container

import (
	"context"
	"errors"
	"strings"
	"time"

	"scry/capture/event"
)

// Options say which engines are asked. An engine without sockets here is looked for where it usually listens.
type Options struct {
	Docker, Podman, CRI []string
	Root                string        // stands before all paths; "" for none
	Timeout             time.Duration // of each question; 0: DefaultTimeout
	// Tell takes a container record, JSON without a zero byte and of at most MaxRecord bytes. Calls come from several goroutines, one at a time.
	Tell func(record []byte)
	// Warn takes a line for the user, printable whatever an engine says. Calls come from several goroutines.
	Warn func(line string)
}

// DefaultTimeout is how long an engine may take for an answer.
const DefaultTimeout = time.Second

// MaxRecord is the size of a container record; what does not fit is left out of it, the environment first.
const MaxRecord = 60 << 10

// Bounds of what an engine may say.
const (
	maxAnswer     = 16 << 20 // bytes of an answer
	maxLine       = 1 << 20  // bytes of one event
	maxContainers = 16384    // that are remembered
	maxQueue      = 4096     // containers that wait to be inspected
)

// engine is a connection to a container engine. A method ends, with an error, when its context does.
type engine interface {
	// list gives found each container that exists, with what the list says of it.
	list(ctx context.Context, found func(c *event.Container, running bool)) error
	// inspect gives all there is to know of a container, whose id may be cut to shortID; errUnknown when the engine does not have it, or, with a
	// record, when it will soon know more.
	inspect(ctx context.Context, id string) (*event.Container, error)
	// watch subscribes to events and gives them to changed until the connection fails. It calls ready once nothing new is missed; it may call it
	// more than once.
	watch(ctx context.Context, ready func(), changed func(change)) error
	close()
}

// change is what an event of an engine tells.
type change struct {
	id   string
	gone bool             // the engine has forgotten the container
	rec  *event.Container // what the event itself says of it; nil when that is nothing
}

// Errors of engines.
var (
	errUnknown  = errors.New("no such container")
	errNonsense = errors.New("its answer makes no sense")
)

// shortID is what a container is called in events: twelve digits of a hash, as sysdig has it; a name, as ctr has them, whole (state.ContainerID).
func shortID(id string) string {
	if len(id) == 64 && isHex(id) {
		return id[:12]
	}
	return id
}

func isHex(id string) bool { return strings.Trim(id, "0123456789abcdef") == "" }

// validID reports whether id may be a container's. Everything else that an engine or a cgroup path calls one is not asked for.
func validID(id string) bool {
	return id != "" && len(id) <= 128 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-") == "" && id[0] != '.' && id[0] != '-'
}
