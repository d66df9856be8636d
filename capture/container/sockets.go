package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"scry/capture/event"
)

// kind is how an engine is spoken to.
type kind struct {
	name     string // for messages, until the engine has said its own
	defaults []string
	dial     func(ctx context.Context, socket string) (e engine, name, version string, err error)
}

// kinds are the engines that are known, with the patterns of the sockets where they listen by default.
var kinds = []kind{
	{"docker", []string{"/var/run/docker.sock"}, dialDocker},
	{"podman", []string{"/run/podman/podman.sock", "/run/user/*/podman/podman.sock"}, dialDocker},
	{"CRI", []string{"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock", "/run/k0s/containerd.sock",
		"/var/snap/microk8s/common/run/containerd.sock", "/run/crio/crio.sock", "/var/run/crio/crio.sock"}, dialCRI},
}

// socket is one that an engine may listen on.
type socket struct {
	kind  *kind
	path  string
	asked bool // for by the user
	owner int  // user that owns it; -1 when it does not exist
	key   any  // equal for equal sockets
}

// given are the sockets that the options name for a kind.
func (o *Options) given(k *kind) []string {
	switch k.name {
	case "docker":
		return o.Docker
	case "podman":
		return o.Podman
	}
	return o.CRI
}

// sockets are those that the options name, whether they exist or not, and those that exist of the default ones. root stands before all paths.
func (o *Options) sockets(root string) (list []socket) {
	seen := map[any]bool{}
	add := func(s socket) {
		s.owner, s.key = identity(s.path)
		if s.key == nil {
			s.key = s.path
		}
		if seen[s.key] || !s.asked && !s.ofItsUser(root) {
			return
		}
		seen[s.key] = true
		list = append(list, s)
	}
	for i := range kinds {
		k := &kinds[i]
		for _, path := range o.given(k) {
			add(socket{kind: k, path: below(root, strings.TrimPrefix(path, "unix://")), asked: true})
		}
		if len(o.given(k)) > 0 {
			continue
		}
		for _, pattern := range k.defaults {
			found, _ := filepath.Glob(below(root, pattern)) // of a bad pattern only
			for _, path := range found {
				if st, err := os.Stat(path); err == nil && st.Mode()&os.ModeSocket != 0 {
					add(socket{kind: k, path: path})
				}
			}
		}
	}
	return list
}

// below is where a path is when the machine's root directory is mounted at root: its /var/run, as a link to /run, would lead out of there.
func below(root, path string) string {
	if rest, ok := strings.CutPrefix(path, "/var/run/"); ok && root != "/" {
		if st, err := os.Lstat(filepath.Join(root, "/var/run")); err == nil && st.Mode()&os.ModeSymlink != 0 {
			path = "/run/" + rest
		}
	}
	return filepath.Join(root, path)
}

// ofItsUser tells whether a socket in a user's folder is that user's.
func (s *socket) ofItsUser(root string) bool {
	rest, ok := strings.CutPrefix(s.path, filepath.Join(root, "/run/user")+"/")
	if !ok {
		return true
	}
	uid, _, _ := strings.Cut(rest, "/")
	return uid == strconv.Itoa(s.owner)
}

// reach connects to a socket and leaves again: the error is the system's own.
func reach(ctx context.Context, path string) error {
	c, err := dialSocket(ctx, path)
	if err != nil {
		return err
	}
	return c.Close()
}

func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", path)
}

// absent tells whether nobody listens on a socket.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// reason is why an engine cannot be asked, in a few words.
func reason(err error, timeout time.Duration) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "permission denied; it takes root, or the group of the socket"
	case errors.Is(err, fs.ErrNotExist):
		return "no such socket"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case timedOut(err):
		return fmt.Sprintf("no answer within %v", timeout)
	}
	return event.Printable(err.Error())
}

// Found is an engine that Survey came upon. Without Err it answers.
type Found struct{ Engine, Version, Socket, Err string }

// String is "docker 20.10 (/var/run/docker.sock)", with what is wrong behind it.
func (f *Found) String() string {
	text := f.Engine
	if f.Version != "" {
		text += " " + f.Version
	}
	text += " (" + f.Socket + ")"
	if f.Err != "" {
		text += ": " + f.Err
	}
	return text
}

// Survey asks each engine that listens where engines do by default for its version, all of them at once. root stands before the paths.
func Survey(root string, timeout time.Duration) []Found {
	var o Options
	list := o.sockets(root)
	out := make([]Found, len(list))
	done := make(chan struct{})
	for i := range list {
		go func() {
			out[i] = list[i].survey(root, timeout)
			done <- struct{}{}
		}()
	}
	for range list {
		<-done
	}
	return out
}

func (s *socket) survey(root string, timeout time.Duration) Found {
	f := Found{Engine: s.kind.name, Socket: "/" + strings.TrimPrefix(strings.TrimPrefix(s.path, root), "/")}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	e, name, version, err := s.kind.dial(ctx, s.path)
	if err != nil {
		f.Err = reason(err, timeout)
		return f
	}
	e.close()
	f.Engine, f.Version = cmp.Or(name, f.Engine), event.Printable(version)
	return f
}

// Foreign tells whether a socket of the options belongs to a user other than uid: connecting to it takes CAP_DAC_OVERRIDE, even for root.
func (o *Options) Foreign(uid int) bool {
	for _, s := range o.sockets(cmp.Or(o.Root, "/")) {
		if s.owner >= 0 && s.owner != uid && s.owner != 0 {
			return true
		}
	}
	return false
}
