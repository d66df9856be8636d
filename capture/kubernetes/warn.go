package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"scry/capture/event"
)

// slowError tells that the API server has not begun an answer in time.
type slowError struct{}

func (slowError) Error() string { return "no answer in time" }
func (slowError) Timeout() bool { return true }

var errSlow = error(slowError{})

// alarms tells the user what is wrong: one line that the API server cannot be asked, and one of what it refuses.
type alarms struct {
	warn    func(string)
	timeout time.Duration

	mu     sync.Mutex
	where  string
	raised map[string]bool
	denied []string
	gather *time.Timer
	closed bool
}

const (
	missing = "names of deployments, services and the like may be missing"
	alone   = "Kubernetes"
)

func (a *alarms) setWhere(where string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.where = where
}

// once tells a line unless one of that sort was told. a.mu is held.
func (a *alarms) once(sort, text string) {
	if a.closed || a.raised[sort] || a.warn == nil {
		return
	}
	if a.raised == nil {
		a.raised = map[string]bool{}
	}
	a.raised[sort] = true
	who := alone
	if a.where != "" {
		who += " (" + event.Printable(a.where) + ")"
	}
	a.warn(who + ": " + text)
}

// raise tells why the API server cannot be asked.
func (a *alarms) raise(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.once("error", reason(err, a.timeout)+": "+missing)
}

// say tells something else, once.
func (a *alarms) say(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.once(text, text)
}

// deny notes that a kind of objects may not be asked for. What is refused is told together.
func (a *alarms) deny(resource string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.raised["denied"] || slices.Contains(a.denied, resource) {
		return
	}
	a.denied = append(a.denied, resource)
	if a.gather == nil {
		a.gather = time.AfterFunc(time.Second, a.tellDenied)
	}
}

func (a *alarms) tellDenied() {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.denied)
	a.once("denied", "these credentials may not list and watch "+strings.Join(a.denied, ", ")+": "+missing)
}

func (a *alarms) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.gather != nil {
		a.gather.Stop()
	}
}

// reason is why the API server cannot be asked, in a few words.
func reason(err error, timeout time.Duration) string {
	ne, isNet := errors.AsType[net.Error](err)
	switch {
	case apierrors.IsUnauthorized(err):
		return "it does not accept the credentials"
	case errors.Is(err, errSlow), errors.Is(err, context.DeadlineExceeded), isNet && ne.Timeout():
		return fmt.Sprintf("no answer within %v", timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe
	} else if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err // without the address, which was told
	} else if se, ok := errors.AsType[*apierrors.StatusError](err); ok {
		err = se
	} else if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "failed to list") { // Go types
		err = inner
	}
	return event.Printable(err.Error())
}
