//go:build linux

package proc

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// Owners are the users and groups of a container, by the numbers that the kernel has for them.
type Owners struct {
	Users  []event.User
	Groups []event.Group
}

// ErrSameRoot tells that a process sees the files of this one: it is in no container, or its runtime has not changed its root yet.
var ErrSameRoot = errors.New("it has the root directory of this process")

const (
	maxOwners    = 256 // users, and groups, of a container that are told without being asked for
	maxOwnerFile = 256 << 10
	maxOwnerText = 256 // bytes of a name or a directory
)

// ContainerOwners reads the users and groups that process pid sees, below root, where proc is mounted ("": /proc): the first 256 of each, and those with
// the number ask. Files that are missing, are no files or cannot be read leave their list empty. In a user namespace the numbers are those outside. The
// container may do what it likes with its files: links stay inside its root, nothing but regular files is opened; only a file system that it
// serves itself can keep the caller waiting.
func ContainerOwners(root string, pid int, ask uint32) (*Owners, error) {
	w, err := newWalk(root)
	if err != nil {
		return nil, err
	}
	defer w.close()
	dir, err := openDir(w.root, strconv.Itoa(pid))
	if err != nil {
		return nil, fmt.Errorf("open %s/%d: %w", w.path, pid, gone(err))
	}
	defer unix.Close(dir)
	top, err := openDir(dir, "root")
	if err != nil {
		return nil, fmt.Errorf("open %s/%d/root: %w", w.path, pid, gone(err))
	}
	defer unix.Close(top)
	base := "/"
	if !w.own {
		base = filepath.Dir(w.path) // the machine's root directory, below which its proc is mounted
	}
	if same, err := sameFile(top, base); err != nil || same {
		return nil, errors.Join(err, ErrSameRoot)
	}
	r := w.reader()
	o := &Owners{}
	seen, ids := map[uint32]bool{}, r.idMap(dir, "uid_map")
	r.ownerFile(top, "etc/passwd", func(line []byte) {
		u, ok := parseUser(line)
		if ok = ok && ids.out(&u.UID) && !seen[u.UID]; ok && (len(o.Users) < maxOwners || u.UID == ask) {
			seen[u.UID] = true // the first one counts
			u.Name, u.Home, u.Shell = cut(u.Name), cut(u.Home), cut(u.Shell)
			o.Users = append(o.Users, u)
		}
	})
	clear(seen)
	ids = r.idMap(dir, "gid_map")
	r.ownerFile(top, "etc/group", func(line []byte) {
		g, ok := parseGroup(line)
		if ok = ok && ids.out(&g.GID) && !seen[g.GID]; ok && (len(o.Groups) < maxOwners || g.GID == ask) {
			seen[g.GID] = true
			g.Name = cut(g.Name)
			o.Groups = append(o.Groups, g)
		}
	})
	return o, nil
}

func cut(s string) string { return s[:min(len(s), maxOwnerText)] }

// sameFile tells whether the file that fd is open on is the one called so.
func sameFile(fd int, name string) (bool, error) {
	var a, b unix.Stat_t
	if err := unix.Fstat(fd, &a); err != nil {
		return false, err
	}
	if err := unix.Stat(name, &b); err != nil {
		return false, err
	}
	return a.Dev == b.Dev && a.Ino == b.Ino, nil
}

// ownerFile calls f with the lines of a regular file below top, up to maxOwnerFile bytes.
func (r *reader) ownerFile(top int, name string, f func(line []byte)) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	at, err := unix.Openat2(top, name, how)
	if err != nil {
		return
	}
	defer unix.Close(at)
	var st unix.Stat_t
	if unix.Fstat(at, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	left := maxOwnerFile
	fd, err := openat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(at), unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = eachLine(r.buf, func(b []byte) (int, error) { return unix.Read(fd, b) }, func(line []byte) bool {
		f(line)
		left -= len(line) + 1
		return left > 0
	})
}

// parseGroup reads "NAME:PASSWORD:GID:MEMBERS" (group(5)).
func parseGroup(line []byte) (g event.Group, ok bool) {
	f := strings.SplitN(string(line), ":", 4)
	if len(f) < 3 {
		return g, false
	}
	gid, err := strconv.ParseUint(f[2], 10, 32)
	return event.Group{GID: uint32(gid), Name: f[0]}, err == nil
}

// idRange says that count numbers from inside a user namespace are those from outside (user_namespaces(7)).
type idRange struct{ inside, outside, count uint64 }

type idMap []idRange

func (r *reader) idMap(dir int, name string) (m idMap) {
	_ = r.lines(dir, name, func(line []byte) bool {
		w := words{line}
		m = append(m, idRange{w.uint(), w.uint(), w.uint()})
		return len(m) < 340 // what the kernel allows
	})
	return m
}

// out makes a number of the namespace one of the kernel's; false when it stands for none.
func (m idMap) out(id *uint32) bool {
	for _, r := range m {
		if n := uint64(*id) - r.inside; uint64(*id) >= r.inside && n < r.count {
			*id = uint32(r.outside + n)
			return true
		}
	}
	return len(m) == 0
}
