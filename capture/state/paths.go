package state

import (
	"unsafe"

	"scry/capture/event"
)

// join2 is path as seen from dir: path itself when it is absolute, else both joined; either way without ".", "..", doubled and
// trailing slashes. It returns a string of its own (interned).
func (t *Tables) join2(dir, path string) string {
	t.scratch = event.AppendPath(t.scratch[:0], dir, path)
	if len(t.scratch) == 0 {
		return ""
	}
	return t.intern(unsafe.String(unsafe.SliceData(t.scratch), len(t.scratch)))
}

// dirOf is the directory that a path relative to descriptor dirfd starts from.
func (t *Tables) dirOf(th *thread, dirfd int64, path string) string {
	switch {
	case len(path) > 0 && path[0] == '/':
		return ""
	case dirfd == event.AtFDCWD:
		return th.cwd()
	}
	fd := t.fdOf(th, dirfd)
	if fd == nil {
		return "<UNKNOWN>/"
	}
	if n := len(fd.Name); n > 0 && fd.Name[n-1] == '/' {
		return fd.Name
	}
	return t.intern(fd.Name + "/")
}
