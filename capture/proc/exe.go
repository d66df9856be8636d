//go:build linux

package proc

import (
	"bytes"
	"strings"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

var deletedSuffix = []byte(" (deleted)")

// Capabilities that allow to write to other users' files (include/uapi/linux/capability.h).
const (
	capDACOverride = 1 << 1
	capFOwner      = 1 << 3
)

// executable fills in what is known of the file that a process runs.
func (r *reader) executable(dir, pid int, t *event.Thread, s *status) {
	b, err := r.readlink(dir, "exe")
	if err != nil {
		r.denied(err, pid, "exe")
		return
	}
	t.Memf = bytes.HasPrefix(b, []byte("/memfd:"))
	t.ExePath = r.text(bytes.TrimSuffix(b, deletedSuffix))
	var x unix.Statx_t
	// The link leads to the file itself, whatever its path is now. No network file system is asked for news.
	if err := unix.Statx(dir, "exe", unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &x); err != nil {
		r.denied(err, pid, "exe")
		return
	}
	t.ExeIno = x.Ino
	t.ExeCtime, t.ExeMtime = nanoseconds(x.Ctime), nanoseconds(x.Mtime)
	t.ExeWritable = writable(&x, s)
	if x.Mask&unix.STATX_MNT_ID != 0 {
		if m := r.mount(dir, int64(x.Mnt_id)); m.upper != "" {
			if upper, ok := r.w.inUpper(m, t.ExePath); ok {
				t.ExeUpper, t.ExeLower = upper, !upper
			}
		}
	}
}

func nanoseconds(t unix.StatxTimestamp) uint64 { return uint64(t.Sec)*1e9 + uint64(t.Nsec) }

// writable tells whether a process may write to the file or make that possible: as its owner, by its capabilities, by the file's mode.
func writable(x *unix.Statx_t, s *status) bool {
	if x.Uid == s.uid || s.eff&(capDACOverride|capFOwner) != 0 {
		return true
	}
	if x.Gid == s.gid || s.inGroup(x.Gid) {
		return x.Mode&0o020 != 0
	}
	return x.Mode&0o002 != 0
}

// inUpper tells whether a file of the overlay m is in its upper layer: new, or copied there to be changed. The path of that layer is one
// of the mount namespace that mounted it, which is nearly always that of process 1, or else ours. ok is false when it is not found.
func (w *walk) inUpper(m mount, path string) (in, ok bool) {
	rel, ok := strings.CutPrefix(path, strings.TrimSuffix(m.point, "/"))
	if !ok {
		return false, false
	}
	up, err := openDir(w.root, "1/root"+m.upper)
	if err != nil {
		up, err = openDir(w.root, "self/root"+m.upper)
	}
	if err != nil {
		return false, false
	}
	defer unix.Close(up)
	// The layer belongs to the container: no link in it may lead us out.
	fd, err := unix.Openat2(up, "."+m.root+rel, &unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return false, err == unix.ENOENT || err == unix.ENOTDIR
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG, err == nil // a whiteout is a device
}
