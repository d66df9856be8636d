//go:build linux

package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// walk is what the readers of one reading share. All of it may be used from several goroutines.
type walk struct {
	path    string
	root    int    // the directory
	own     bool   // the numbers of the processes are those that system calls take
	boot    uint64 // ns since the epoch
	sockets sockets
	mounts  mounts
	cgroups cgroups
}

func newWalk(root string) (*walk, error) {
	if root == "" {
		root = "/proc"
	}
	root = filepath.Clean(root)
	fd, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", root, err)
	}
	return &walk{path: root, root: fd, own: root == "/proc", boot: bootTime()}, nil
}

func (w *walk) close() { unix.Close(w.root) }

func (w *walk) reader() *reader {
	return &reader{w: w, buf: make([]byte, 64<<10), link: make([]byte, maxPath), texts: map[string]string{}, kinds: map[fileID]kind{}}
}

// reader is one worker with its buffers.
type reader struct {
	w       *walk
	buf     []byte // of read and numbers
	link    []byte // of readlink
	nums    []int
	texts   map[string]string
	kinds   map[fileID]kind
	threads []*event.Thread
	lists   []event.FDList
	report  Report
	now     func() uint64
	spans   map[int64]Span
	exiting []exiting
}

// exiting is a thread that had begun to exit when it was read.
type exiting struct {
	tid  int64
	name string // its file stat
}

const maxTexts = 1 << 14 // texts that are kept to be shared

// text returns b as a string, the same one for equal texts: processes have most of theirs in common.
func (r *reader) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.texts) < maxTexts {
		r.texts[s] = s
	}
	return s
}

// openDir opens a directory for openat alone.
func openDir(dir int, name string) (int, error) {
	return openat(dir, name, unix.O_PATH|unix.O_DIRECTORY)
}

func openat(dir int, name string, flags int) (fd int, err error) {
	for {
		if fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0); err != unix.EINTR {
			return fd, err
		}
	}
}

// read reads the first limit bytes of a file, at most len(r.buf). They are valid until the next read. Files of one record, and the memory of
// a process, come in one piece (fs/seq_file.c: seq_read_iter, fs/proc/base.c: environ_read); for others there is lines.
func (r *reader) read(dir int, name string, limit int) ([]byte, error) {
	fd, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Read(fd, r.buf[:limit])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		return r.buf[:n], nil
	}
}

// lines calls f with each line of a file, however long the file is; lines that do not fit in the buffer are cut. f returns false to stop.
func (r *reader) lines(dir int, name string, f func(line []byte) bool) error {
	fd, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return eachLine(r.buf, func(b []byte) (int, error) { return unix.Read(fd, b) }, f)
}

// readlink returns the target of a link, valid until the next call.
func (r *reader) readlink(dir int, name string) ([]byte, error) {
	n, err := unix.Readlinkat(dir, name, r.link)
	if err != nil {
		return nil, err
	}
	return r.link[:n], nil
}

// numbers appends the numbers that are names in a directory to dst.
func (r *reader) numbers(dir int, name string, dst []int) ([]int, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return dst, err
	}
	defer unix.Close(fd)
	return r.entries(fd, dst)
}

// entries is numbers of an open directory.
func (r *reader) entries(fd int, dst []int) ([]int, error) {
	for {
		n, err := unix.Getdents(fd, r.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return dst, err
		}
		dst = direntNumbers(r.buf[:n], dst)
	}
}

// direntNumbers appends the names that are numbers. An entry (linux_dirent64) is u64 inode, u64 offset, u16 length, u8 type, name, NUL.
func direntNumbers(b []byte, dst []int) []int {
	const head = 19
	for len(b) > head {
		size := int(binary.NativeEndian.Uint16(b[16:]))
		if size <= head || size > len(b) {
			return dst
		}
		if n, ok := number(b[head:size]); ok {
			dst = append(dst, n)
		}
		b = b[size:]
	}
	return dst
}

// number reads a name, ended by a NUL, that is all digits.
func number(b []byte) (n int, ok bool) {
	for i, c := range b {
		if c == 0 {
			return n, i > 0
		}
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// lost counts what could not be read, and says whether err was one of permission.
func (r *reader) lost(err error, path ...string) {
	switch {
	case errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM):
		r.report.Denied++
		if r.report.Example == "" {
			r.report.Example = r.w.path + "/" + strings.Join(path, "/")
		}
	default:
		r.report.Vanished++
	}
}

// denied counts err when it is one of permission. Other errors are facts: a zombie has no executable.
func (r *reader) denied(err error, pid int, name string) {
	if err == unix.EACCES || err == unix.EPERM {
		r.lost(err, strconv.Itoa(pid), name)
	}
}
