//go:build linux

package capture

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	cwd    = unix.AT_FDCWD
	noFile = -int64(unix.ENOENT)
)

// fileRows are the calls on files, descriptors and paths.
var fileRows = []row{
	{"read", func(k *kit) {
		f, b := k.file(), k.alloc(64)
		k.call("read", f, b, 64)
		k.want("data", []byte("0123456789"), "fd", f, "size", 64)
		k.call("read", f, b, 64) // at the end
		k.want("data", absent, "fd", f, "size", 64)
		k.call("read", -1, b, 7)
		k.want("data", absent, "fd", -1, "size", 7)
		k.call("read", f, k.bad, 7)
		k.want("data", absent, "fd", f, "size", 7)
	}},
	{"write", func(k *kit) {
		f, long := k.file(), strings.Repeat("abcdefgh", 1000)
		k.call("write", f, "hello", 5)
		k.want("data", []byte("hello"), "fd", f, "size", 5)
		k.call("write", f, long, 8000)
		k.want("data", []byte(long), "fd", f, "size", 8000)
		k.call("write", -1, "hello", 5)
		k.want("data", []byte("hello"), "fd", -1, "size", 5)
		k.call("write", f, k.bad, 5)
		k.want("data", fault, "fd", f, "size", 5)
		k.call("write", f, 0, 0)
		k.want("data", absent, "fd", f, "size", 0)
	}},
	{"pread64", func(k *kit) {
		f, b := k.file(), k.alloc(64)
		k.call("pread64", f, b, 3, 5)
		k.want("data", []byte("567"), "fd", f, "size", 3, "pos", 5)
		k.call("pread64", f, b, 3, -5)
		k.want("data", absent, "fd", f, "size", 3, "pos", -5)
	}},
	{"pwrite64", func(k *kit) {
		f := k.file()
		k.call("pwrite64", f, "xyz", 3, 1<<33)
		k.want("data", []byte("xyz"), "fd", f, "size", 3, "pos", 1<<33)
		k.call("pwrite64", -1, "xyz", 3, 4)
		k.want("data", []byte("xyz"), "fd", -1, "size", 3, "pos", 4)
	}},
	{"readv", func(k *kit) {
		f, a, b, c := k.file(), k.alloc(16), k.alloc(16), k.alloc(16)
		k.call("readv", f, k.words(a, 4, b, 3, a, 0, c, 16), 4)
		k.want("size", 23, "data", []byte("0123456789"), "fd", f)
		k.call("readv", -1, k.words(a, 4, b, 3), 2)
		k.want("size", 7, "data", absent, "fd", -1)
		k.call("readv", f, k.bad, 2)
		k.want("size", 0, "data", absent, "fd", f)
	}},
	{"writev", func(k *kit) {
		f := k.file()
		k.call("writev", f, k.words("ab", 2, "", 0, "cdef", 4, "g", 1), 4)
		k.want("data", []byte("abcdefg"), "fd", f, "size", 7)
		k.call("writev", -1, k.words("ab", 2, "cdef", 4), 2)
		k.want("data", []byte("abcdef"), "fd", -1, "size", 6)
		if r := k.call("writev", f, k.words("ab", 2, k.bad, 4), 2); r == 2 { // older kernels write nothing
			k.want("data", []byte("ab"), "fd", f, "size", 6)
		} else {
			k.want("data", fault, "fd", f, "size", 6)
		}
		k.call("writev", f, k.words(k.bad, 4), 1)
		k.want("data", fault, "fd", f, "size", 4)
	}},
	{"preadv", func(k *kit) {
		f, a, b := k.file(), k.alloc(16), k.alloc(16)
		k.call("preadv", f, k.words(a, 2, b, 9), 2, 4)
		k.want("size", 11, "data", []byte("456789"), "fd", f, "pos", 4)
		k.call("preadv", -1, k.words(a, 2, b, 9), 2, 4)
		k.want("size", 11, "data", absent, "fd", -1, "pos", 4)
	}},
	{"pwritev", func(k *kit) {
		f := k.file()
		var many []any
		for range 20 {
			many = append(many, "12345", 5)
		}
		k.call("pwritev", f, k.words("ab", 2, "cd", 2, "ef", 2), 3, 1)
		k.want("data", []byte("abcdef"), "fd", f, "size", 6, "pos", 1)
		k.call("pwritev", f, k.words(many...), 20, 0)
		k.want("data", []byte(strings.Repeat("12345", 20)), "fd", f, "size", 100, "pos", 0)
		for len(many) < 2*300 {
			many = append(many, "1", 1)
		}
		k.call("pwritev", f, k.words(many...), 100, 0) // data of 64 pieces
		k.want("data", []byte(strings.Repeat("12345", 20)+strings.Repeat("1", 44)), "fd", f, "size", 180, "pos", 0)
		k.cut()
		k.call("pwritev", f, k.words(many...), 300, 0) // and the lengths of 256
		k.want("data", []byte(strings.Repeat("12345", 20)+strings.Repeat("1", 44)), "fd", f, "size", 336, "pos", 0)
		k.cut()
		k.call("pwritev", -1, k.words("ab", 2), 1, 1)
		k.want("data", []byte("ab"), "fd", -1, "size", 2, "pos", 1)
	}},
	{"open", func(k *kit) {
		p := k.path("open")
		fd := k.call("open", p, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o640)
		dev, ino := k.stat(fd)
		k.want("name", p, "flags", flagText("O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC|O_F_CREATED"), "mode", 0o640, "dev", dev, "ino", ino)
		k.in("flags", flagText("O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC"))
		k.call("open", p, unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL, 0o777)
		k.want("name", p, "flags", flagText("O_RDONLY|O_CREAT|O_EXCL"), "mode", 0o777, "dev", 0, "ino", 0)
		fd = k.call("open", k.dir, unix.O_DIRECTORY|unix.O_NONBLOCK, 0o777)
		dev, ino = k.stat(fd)
		k.want("name", k.dir, "flags", flagText("O_RDONLY|O_DIRECTORY|O_NONBLOCK"), "mode", 0, "dev", dev, "ino", ino)
		k.call("open", k.bad, unix.O_WRONLY|unix.O_APPEND|unix.O_SYNC, 0)
		k.want("name", fault, "flags", flagText("O_WRONLY|O_APPEND|O_SYNC"), "mode", 0, "dev", 0, "ino", 0)
		k.call("open", 0, 0, 0)
		k.want("name", absent, "flags", "O_RDONLY", "mode", 0, "dev", 0, "ino", 0)
	}},
	{"openat", func(k *kit) {
		p, d := k.path("openat"), k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		base := p[len(k.dir)+1:]
		fd := k.call("openat", d, base, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_DSYNC, 0o4755)
		dev, ino := k.stat(fd)
		k.want("dirfd", d, "name", base, "flags", flagText("O_WRONLY|O_CREAT|O_TRUNC|O_DSYNC|O_F_CREATED"), "mode", 0o4755, "dev", dev, "ino", ino)
		k.in("flags", flagText("O_WRONLY|O_CREAT|O_TRUNC|O_DSYNC"))
		long := k.dir + strings.Repeat("/.", 2000)
		fd = k.call("openat", cwd, long, unix.O_PATH, 0)
		dev, ino = k.stat(fd)
		k.want("dirfd", cwd, "name", long, "flags", "O_RDONLY", "mode", 0, "dev", dev, "ino", ino)
		fd = k.call("openat", cwd, k.dir, unix.O_TMPFILE|unix.O_RDWR, 0o600)
		dev, ino = k.stat(fd)
		k.want("dirfd", cwd, "name", k.dir, "flags", flagText("O_RDWR|O_TMPFILE|O_DIRECTORY"), "mode", 0o600, "dev", dev, "ino", ino)
		k.call("openat", -1, "none", 0, 0)
		k.want("dirfd", -1, "name", "none", "flags", "O_RDONLY", "mode", 0, "dev", 0, "ino", 0)
		k.call("openat", cwd, strings.Repeat("x", 5000), 0, 0) // too long for the kernel; as much as fits is there
		k.want("dirfd", cwd, "name", strings.Repeat("x", 4095), "flags", "O_RDONLY", "mode", 0, "dev", 0, "ino", 0)
		k.call("openat", cwd, "", 0, 0)
		k.want("dirfd", cwd, "name", "", "flags", "O_RDONLY", "mode", 0, "dev", 0, "ino", 0)
	}},
	{"openat2", func(k *kit) {
		p, d := k.path("openat2"), k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		base := p[len(k.dir)+1:]
		fd := k.call("openat2", d, base, k.words(unix.O_RDWR|unix.O_CREAT, 0o600, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS), 24)
		dev, ino := k.stat(fd)
		k.want("dirfd", d, "name", base, "flags", flagText("O_RDWR|O_CREAT|O_F_CREATED"), "mode", 0o600, "resolve", flagText("RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS"), "dev", dev, "ino", ino)
		k.in("flags", flagText("O_RDWR|O_CREAT"))
		all := flagText("RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT")
		k.call("openat2", d, "none", k.words(unix.O_WRONLY, 0, unix.RESOLVE_NO_XDEV|unix.RESOLVE_NO_MAGICLINKS|unix.RESOLVE_IN_ROOT), 24)
		k.want("dirfd", d, "name", "none", "flags", "O_WRONLY", "mode", 0, "resolve", all, "dev", 0, "ino", 0)
	}},
	{"creat", func(k *kit) {
		p := k.path("creat")
		fd := k.call("creat", p, 0o600)
		dev, ino := k.stat(fd)
		k.want("name", p, "mode", 0o600, "dev", dev, "ino", ino, "creat_flags", 0)
		k.call("creat", k.dir, 0o644)
		k.want("name", k.dir, "mode", 0o644, "dev", 0, "ino", 0, "creat_flags", 0)
	}},
	{"open_by_handle_at", func(k *kit) {
		m, h, id := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0), k.alloc(200), k.alloc(8)
		p := k.path("handle")
		k.sys("close", k.sys("openat", cwd, p, unix.O_CREAT, 0o600))
		copy(k.at(h, 4), packed(uint32(128)))
		k.sys("name_to_handle_at", cwd, p, h, id, 0)
		fd := k.call("open_by_handle_at", m, h, unix.O_RDONLY|unix.O_NONBLOCK)
		dev, ino := k.stat(fd)
		if fd >= 0 {
			k.want("mountfd", m, "flags", flagText("O_RDONLY|O_NONBLOCK"), "path", p, "dev", dev, "ino", ino)
		} else {
			k.want("mountfd", m, "flags", flagText("O_RDONLY|O_NONBLOCK"), "path", absent, "dev", 0, "ino", 0)
		}
		k.call("open_by_handle_at", -1, h, unix.O_WRONLY)
		k.want("mountfd", -1, "flags", "O_WRONLY", "path", absent, "dev", 0, "ino", 0)
	}},
	{"close", func(k *kit) {
		f := k.file()
		k.call("close", f)
		k.want("fd", f)
		k.call("close", f)
		k.want("fd", f)
		k.call("close", -1)
		k.want("fd", -1)
	}},
	{"close_range", func(k *kit) {
		k.call("close_range", 1000000, 1000001, unix.CLOSE_RANGE_CLOEXEC)
		k.want("first", 1000000, "last", 1000001, "flags", "CLOSE_RANGE_CLOEXEC")
		k.call("close_range", 9, 8, unix.CLOSE_RANGE_UNSHARE)
		k.want("first", 9, "last", 8, "flags", "CLOSE_RANGE_UNSHARE")
	}},
	{"stat", pathRow("stat", 1)}, {"lstat", pathRow("lstat", 1)},
	{"rmdir", func(k *kit) {
		p := k.path("rmdir")
		k.sys("mkdirat", cwd, p, 0o755)
		k.call("rmdir", p)
		k.want("path", p)
		k.call("rmdir", p)
		k.want("path", p)
	}},
	{"unlink", func(k *kit) {
		p := k.path("unlink")
		k.sys("close", k.sys("openat", cwd, p, unix.O_CREAT, 0o600))
		k.call("unlink", p)
		k.want("path", p)
		k.call("unlink", p)
		k.want("path", p)
	}},
	{"chdir", func(k *kit) {
		k.sys("unshare", unix.CLONE_FS)
		pathRow("chdir", 0)(k)
	}},
	{"chroot", func(k *kit) {
		k.sys("unshare", unix.CLONE_FS)
		k.call("chroot", "/")
		k.want("path", "/")
		k.call("chroot", "/none")
		k.want("path", "/none")
	}},
	{"fchdir", func(k *kit) {
		k.sys("unshare", unix.CLONE_FS)
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.call("fchdir", d)
		k.want("fd", d)
		k.call("fchdir", -1)
		k.want("fd", -1)
	}},
	{"getcwd", func(k *kit) {
		k.sys("unshare", unix.CLONE_FS)
		k.sys("chdir", k.dir)
		k.call("getcwd", k.alloc(4096), 4096)
		k.want("path", k.dir)
		k.call("getcwd", k.alloc(4096), 1)
		k.want("path", absent)
	}},
	{"fstat", func(k *kit) {
		f := k.file()
		k.call("fstat", f, k.alloc(256))
		k.want("fd", f)
		k.call("fstat", -1, k.alloc(256))
		k.want("fd", -1)
	}},
	{"newfstatat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.call("newfstatat", d, "", k.alloc(256), unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW)
		k.want("dirfd", d, "path", "", "flags", flagText("AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW"))
		k.call("newfstatat", cwd, "/none", k.alloc(256), 0)
		k.want("dirfd", cwd, "path", "/none", "flags", 0)
	}},
	{"lseek", func(k *kit) {
		f := k.file()
		k.call("lseek", f, 5, 0)
		k.want("fd", f, "offset", 5, "whence", "SEEK_SET")
		k.call("lseek", f, -3, 1)
		k.want("fd", f, "offset", -3, "whence", "SEEK_CUR")
		k.call("lseek", f, 1<<40, 2)
		k.want("fd", f, "offset", 1<<40, "whence", "SEEK_END")
		k.call("lseek", -1, 0, 2)
		k.want("fd", -1, "offset", 0, "whence", "SEEK_END")
	}},
	{"access", func(k *kit) {
		k.call("access", k.dir, 5)
		k.want("name", k.dir, "mode", "R_OK|X_OK")
		k.call("access", "/none", 0)
		k.want("name", "/none", "mode", "F_OK")
		k.call("access", k.bad, 2)
		k.want("name", fault, "mode", "W_OK")
	}},
	{"ioctl", func(k *kit) {
		f := k.file()
		n := k.alloc(8)
		k.call("ioctl", f, 2 /* FIGETBSZ */, n)
		k.want("fd", f, "request", 2, "argument", n)
		k.call("ioctl", -1, 0x1234567890, -2)
		k.want("fd", -1, "request", 0x1234567890, "argument", -2)
	}},
	{"dup", func(k *kit) {
		f := k.file()
		for _, fd := range []int64{f, 12345} {
			k.call("dup", fd)
			k.want("oldfd", fd)
			k.in("fd", fd)
		}
	}},
	{"dup2", func(k *kit) {
		f := k.file()
		for _, fd := range []int64{f, 12345} {
			k.call("dup2", fd, 200)
			k.want("oldfd", fd, "newfd", 200)
			k.in("fd", fd)
		}
	}},
	{"dup3", func(k *kit) {
		f := k.file()
		for _, fd := range []int64{f, 12345} {
			k.call("dup3", fd, 201, unix.O_CLOEXEC)
			k.want("oldfd", fd, "newfd", 201, "flags", "O_CLOEXEC")
			k.in("fd", fd)
		}
	}},
	{"fcntl", func(k *kit) {
		f := k.file()
		p := k.alloc(64)
		for _, c := range []struct {
			cmd  int
			name string
			arg  any
		}{
			{unix.F_GETFD, "F_GETFD", 0}, {unix.F_SETFD, "F_SETFD", 1}, {unix.F_GETFL, "F_GETFL", 0}, {unix.F_SETFL, "F_SETFL", unix.O_NONBLOCK},
			{unix.F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC", 50}, {unix.F_DUPFD, "F_DUPFD", 60}, {unix.F_GETPIPE_SZ, "F_GETPIPE_SZ", 0}, {1030 + 7, "UNKNOWN", 3},
			{unix.F_SETLK, "F_SETLK", p}, {unix.F_SETLKW, "F_SETLKW", p}, {unix.F_OFD_GETLK, "F_OFD_GETLK", p}, {unix.F_SETOWN, "F_SETOWN", 1}, {unix.F_GETOWN, "F_GETOWN", 0},
			{unix.F_SETLEASE, "F_SETLEASE", 2}, {unix.F_GETLEASE, "F_GETLEASE", 0}, {unix.F_NOTIFY, "F_NOTIFY", 0}, {unix.F_SETSIG, "F_SETSIG", 0}, {unix.F_GETSIG, "F_GETSIG", 0},
			{unix.F_GETOWN_EX, "F_GETOWN_EX", p}, {unix.F_GETLK, "F_GETLK", p},
		} {
			k.call("fcntl", f, c.cmd, c.arg)
			k.want("fd", f, "cmd", c.name, "arg", k.arg(c.arg))
		}
	}},
	{"flock", func(k *kit) {
		f := k.file()
		k.call("flock", f, unix.LOCK_EX|unix.LOCK_NB)
		k.want("fd", f, "operation", "LOCK_EX|LOCK_NB")
		k.call("flock", f, unix.LOCK_UN)
		k.want("fd", f, "operation", "LOCK_UN")
		k.call("flock", -1, unix.LOCK_SH)
		k.want("fd", -1, "operation", "LOCK_SH")
	}},
	{"getdents", dentsRow("getdents")}, {"getdents64", dentsRow("getdents64")},
	{"rename", twoPaths("rename")}, {"link", twoPaths("link")},
	{"renameat", func(k *kit) {
		d, a := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0), k.path("a")
		k.sys("close", k.sys("openat", cwd, a, unix.O_CREAT, 0o600))
		k.call("renameat", cwd, a, d, "renamed")
		k.want("olddirfd", cwd, "oldpath", a, "newdirfd", d, "newpath", "renamed")
		k.call("renameat", d, "none", cwd, k.bad)
		k.want("olddirfd", d, "oldpath", "none", "newdirfd", cwd, "newpath", fault)
	}},
	{"renameat2", func(k *kit) {
		d, a := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0), k.path("a")
		k.sys("close", k.sys("openat", cwd, a, unix.O_CREAT, 0o600))
		k.call("renameat2", cwd, a, d, "renamed2", unix.RENAME_NOREPLACE)
		k.want("olddirfd", cwd, "oldpath", a, "newdirfd", d, "newpath", "renamed2", "flags", "RENAME_NOREPLACE")
		k.call("renameat2", d, "none", cwd, "/none", unix.RENAME_EXCHANGE)
		k.want("olddirfd", d, "oldpath", "none", "newdirfd", cwd, "newpath", "/none", "flags", "RENAME_EXCHANGE")
	}},
	{"linkat", func(k *kit) {
		d, a := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0), k.path("a")
		k.sys("close", k.sys("openat", cwd, a, unix.O_CREAT, 0o600))
		k.call("linkat", cwd, a, d, "linked", unix.AT_SYMLINK_FOLLOW)
		k.want("olddir", cwd, "oldpath", a, "newdir", d, "newpath", "linked", "flags", "AT_SYMLINK_FOLLOW")
		k.call("linkat", d, "none", cwd, "/none", 0)
		k.want("olddir", d, "oldpath", "none", "newdir", cwd, "newpath", "/none", "flags", 0)
	}},
	{"symlink", func(k *kit) {
		p := k.path("symlink")
		k.call("symlink", "where/ever", p)
		k.want("target", "where/ever", "linkpath", p)
		k.call("symlink", "other", p)
		k.want("target", "other", "linkpath", p)
	}},
	{"symlinkat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.call("symlinkat", "where/ever", d, "symlinkat")
		k.want("target", "where/ever", "linkdirfd", d, "linkpath", "symlinkat")
		k.call("symlinkat", "other", d, "symlinkat")
		k.want("target", "other", "linkdirfd", d, "linkpath", "symlinkat")
	}},
	{"mkdir", func(k *kit) {
		p := k.path("mkdir")
		for range 2 {
			k.call("mkdir", p, 0o750)
			k.want("path", p, "mode", 0o750)
		}
	}},
	{"mkdirat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		for range 2 {
			k.call("mkdirat", d, "made", 0o700)
			k.want("dirfd", d, "path", "made", "mode", 0o700)
		}
	}},
	{"unlinkat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.sys("mkdirat", d, "gone", 0o700)
		for range 2 {
			k.call("unlinkat", d, "gone", unix.AT_REMOVEDIR)
			k.want("dirfd", d, "name", "gone", "flags", "AT_REMOVEDIR")
		}
	}},
	{"chmod", func(k *kit) {
		k.call("chmod", k.dir, 0o1755)
		k.want("filename", k.dir, "mode", 0o1755)
		k.call("chmod", "/none", 0o6640)
		k.want("filename", "/none", "mode", flagText("S_ISUID|S_ISGID|S_IRUSR|S_IWUSR|S_IRGRP"))
	}},
	{"fchmod", func(k *kit) {
		for _, f := range []int64{k.file(), -1} {
			k.call("fchmod", f, 0o640)
			k.want("fd", f, "mode", flagText("S_IRUSR|S_IWUSR|S_IRGRP"))
		}
	}},
	{"fchmodat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.call("fchmodat", d, ".", 0o755)
		k.want("dirfd", d, "filename", ".", "mode", 0o755)
		k.call("fchmodat", cwd, "/none", 0o600)
		k.want("dirfd", cwd, "filename", "/none", "mode", flagText("S_IRUSR|S_IWUSR"))
	}},
	{"chown", ownRow("chown")}, {"lchown", ownRow("lchown")},
	{"fchown", func(k *kit) {
		for _, f := range []int64{k.file(), -1} {
			k.call("fchown", f, 12, -1)
			k.want("fd", f, "uid", 12, "gid", -1)
		}
	}},
	{"fchownat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		k.call("fchownat", d, "", 0, 0, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW)
		k.want("dirfd", d, "pathname", "", "uid", 0, "gid", 0, "flags", flagText("AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW"))
		k.call("fchownat", cwd, "/none", 1, 2, 0)
		k.want("dirfd", cwd, "pathname", "/none", "uid", 1, "gid", 2, "flags", 0)
	}},
	{"mknod", func(k *kit) {
		p := k.path("mknod")
		k.call("mknod", p, unix.S_IFIFO|0o600, 0)
		k.want("path", p, "mode", flagText("S_IFIFO|S_IRUSR|S_IWUSR"), "dev", 0)
		k.call("mknod", "/none/x", unix.S_IFCHR|0o666, 0x1203)
		k.want("path", "/none/x", "mode", unix.S_IFCHR|0o666, "dev", 0x1203)
	}},
	{"mknodat", func(k *kit) {
		d := k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0)
		for range 2 {
			k.call("mknodat", d, "node", unix.S_IFSOCK|0o600, 0)
			k.want("dirfd", d, "path", "node", "mode", unix.S_IFSOCK|0o600, "dev", 0)
		}
	}},
	{"mount", func(k *kit) {
		k.sys("unshare", unix.CLONE_NEWNS)
		k.sys("mount", 0, "/", 0, unix.MS_REC|unix.MS_PRIVATE, 0)
		p := k.path("mount")
		k.sys("mkdirat", cwd, p, 0o700)
		k.call("mount", "scry-dev", p, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, 0)
		k.want("dev", "scry-dev", "dir", p, "type", "tmpfs", "flags", "NODEV|NOSUID")
		k.call("mount", 0, "/none", k.bad, 0xc0ed0000|unix.MS_BIND, 0)
		k.want("dev", absent, "dir", "/none", "type", fault, "flags", "BIND")
		k.call("umount2", p, unix.MNT_DETACH)
		k.want("name", p, "flags", "DETACH")
		k.call("umount2", p, unix.MNT_FORCE|unix.UMOUNT_NOFOLLOW)
		k.want("name", p, "flags", "FORCE|NOFOLLOW")
	}},
	{"pipe", func(k *kit) {
		p := k.alloc(8)
		k.call("pipe", p)
		_, ino := k.stat(k.i32(p))
		k.want("fd1", k.i32(p), "fd2", k.i32(p+4), "ino", ino)
		k.call("pipe", k.bad)
		k.want("fd1", -1, "fd2", -1, "ino", 0)
	}},
	{"pipe2", func(k *kit) {
		p := k.alloc(8)
		k.call("pipe2", p, unix.O_CLOEXEC|unix.O_NONBLOCK)
		_, ino := k.stat(k.i32(p))
		k.want("fd1", k.i32(p), "fd2", k.i32(p+4), "ino", ino, "flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("pipe2", p, 1)
		k.want("fd1", -1, "fd2", -1, "ino", 0, "flags", 0)
	}},
	{"splice", func(k *kit) {
		p, f := k.alloc(8), k.file()
		k.sys("pipe2", p, 0)
		k.call("splice", f, 0, k.i32(p+4), 0, 6, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		k.want("fd_in", f, "fd_out", k.i32(p+4), "size", 6, "flags", "SPLICE_F_MOVE|SPLICE_F_NONBLOCK")
		k.call("splice", f, 0, -1, 0, 6, 0)
		k.want("fd_in", f, "fd_out", -1, "size", 6, "flags", 0)
	}},
	{"sendfile", func(k *kit) {
		p, f, off := k.alloc(8), k.file(), k.words(2)
		k.sys("pipe2", p, 0)
		k.call("sendfile", k.i32(p+4), f, off, 5)
		k.want("offset", 7, "out_fd", k.i32(p+4), "in_fd", f, "size", 5)
		k.in("offset", 2)
		k.call("sendfile", -1, f, 0, 5)
		k.want("offset", 0, "out_fd", -1, "in_fd", f, "size", 5)
	}},
	{"copy_file_range", func(k *kit) {
		a, b, in, out := k.file(), k.file(), k.words(3), k.words(1)
		k.call("copy_file_range", a, in, b, out, 4, 0)
		k.want("fdout", b, "offout", k.u64(out), "fdin", a, "offin", k.u64(in), "len", 4)
		k.in("offin", 3)
		k.call("copy_file_range", a, 0, -1, 0, 4, 0)
		k.want("fdout", -1, "offout", 0, "fdin", a, "offin", 0, "len", 4)
	}},
	{"select", func(k *kit) {
		k.call("select", 0, 0, 0, 0, k.words(0, 0))
		k.want()
		k.call("select", -1, 0, 0, 0, 0)
		k.want()
	}},
	{"poll", func(k *kit) {
		f := k.file()
		k.call("poll", k.pieces(int32(f), int16(unix.POLLIN|unix.POLLOUT), int16(0), int32(-1), int16(unix.POLLHUP), int16(0), int32(9999), int16(1), int16(0)), 3, 100)
		k.want("fds", showFDs(f, 5, -1, 0, 9999, 0x40), "timeout", 100)
		k.in("fds", showFDs(f, 5, -1, 0x20, 9999, 1))
		k.call("poll", k.bad, 1, -1)
		k.want("fds", showFDs(), "timeout", -1)
		k.cut()
	}},
	{"ppoll", func(k *kit) {
		f := k.file()
		p := k.pieces(int32(f), int16(unix.POLLIN), int16(0))
		k.call("ppoll", p, 1, k.words(1, 500), k.words(0x8000_0401), 8)
		k.want("fds", showFDs(f, 1), "timeout", present, "sigmask", 0x8000_0401) // the kernel leaves the rest of the time there
		k.in("timeout", 1_000_000_500)
		k.call("ppoll", p, 1, 0, 0, 7)
		k.want("fds", showFDs(f, 1), "timeout", -1, "sigmask", 0)
		k.call("ppoll", p, 1, 0, k.words(1), 7)
		k.want("fds", showFDs(f, 1), "timeout", -1, "sigmask", 1)
	}},
	{"eventfd", func(k *kit) {
		k.call("eventfd", 7)
		k.want("initval", 7, "flags", 0)
	}},
	{"eventfd2", func(k *kit) {
		k.call("eventfd2", 7, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
		k.want("initval", 7, "flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("eventfd2", 7, 0x7000)
		k.want("initval", 7, "flags", 0)
	}},
	{"signalfd", func(k *kit) {
		k.call("signalfd", -1, k.words(0x201), 8)
		k.want("fd", -1, "mask", 0x201, "flags", 0)
		k.call("signalfd", 12345, k.words(1), 8)
		k.want("fd", 12345, "mask", 1, "flags", 0)
	}},
	{"signalfd4", func(k *kit) {
		k.call("signalfd4", -1, k.words(0x200), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK)
		k.want("fd", -1, "mask", 0x200, "flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("signalfd4", 12345, k.words(1), 8, 0)
		k.want("fd", 12345, "mask", 1, "flags", 0)
	}},
	{"timerfd_create", func(k *kit) {
		k.call("timerfd_create", unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC)
		k.want("clockid", 1, "flags", 0)
		k.call("timerfd_create", 99, 0)
		k.want("clockid", 99, "flags", 0)
	}},
	{"epoll_create", func(k *kit) {
		for _, n := range []int{3, -1} {
			k.call("epoll_create", n)
			k.want("size", n)
		}
	}},
	{"epoll_create1", func(k *kit) {
		k.call("epoll_create1", unix.EPOLL_CLOEXEC)
		k.want("flags", "EPOLL_CLOEXEC")
		k.call("epoll_create1", 1)
		k.want("flags", 0)
	}},
	{"epoll_wait", func(k *kit) {
		for _, e := range []int64{k.sys("epoll_create1", 0), -1} {
			k.call("epoll_wait", e, k.alloc(64), 2, 0)
			k.want("maxevents", 2)
		}
	}},
	{"inotify_init", func(k *kit) {
		k.call("inotify_init")
		k.want("flags", 0)
	}},
	{"inotify_init1", func(k *kit) {
		k.call("inotify_init1", unix.IN_CLOEXEC|unix.IN_NONBLOCK)
		k.want("flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("inotify_init1", 1)
		k.want("flags", 0)
	}},
	{"memfd_create", func(k *kit) {
		k.call("memfd_create", "scry-memory", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
		k.want("name", "scry-memory", "flags", "MFD_ALLOW_SEALING|MFD_CLOEXEC")
		k.call("memfd_create", k.bad, 0)
		k.want("name", fault, "flags", 0)
	}},
	{"userfaultfd", func(k *kit) {
		k.call("userfaultfd", unix.O_CLOEXEC|unix.O_NONBLOCK)
		k.want("flags", "O_CLOEXEC|O_NONBLOCK")
		k.call("userfaultfd", 2)
		k.want("flags", 0)
	}},
	{"nanosleep", func(k *kit) {
		k.call("nanosleep", k.words(0, 1000), 0)
		k.want("interval", 1000)
		k.call("nanosleep", k.words(3, int(2*time.Second)), 0)
		k.want("interval", 5_000_000_000)
		k.call("nanosleep", k.bad, 0)
		k.want("interval", fault)
	}},
}

// showFDs is the text of a poll list: descriptor and flags in turn.
func showFDs(pairs ...int64) string {
	b := packed(uint16(len(pairs) / 2))
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, packed(pairs[i], uint16(pairs[i+1]))...)
	}
	return showPoll(b)
}

// pathRow is of calls that have a path and, perhaps, a buffer: one that is there, one that is not, one that cannot be read.
func pathRow(name string, buffers int) func(*kit) {
	return func(k *kit) {
		for _, p := range []any{k.dir, "/none", k.bad} {
			args := []any{p, k.alloc(256)}
			k.call(name, args[:1+buffers]...)
			if _, ok := p.(uintptr); ok {
				p = fault
			}
			k.want("path", p)
		}
	}
}

func dentsRow(name string) func(*kit) {
	return func(k *kit) {
		for _, d := range []int64{k.sys("openat", cwd, k.dir, unix.O_DIRECTORY, 0), -1} {
			k.call(name, d, k.alloc(4096), 4096)
			k.want("fd", d)
		}
	}
}

func twoPaths(name string) func(*kit) {
	return func(k *kit) {
		a, b := k.path("a"), k.path("b")
		k.sys("close", k.sys("openat", cwd, a, unix.O_CREAT, 0o600))
		k.call(name, a, b)
		k.want("oldpath", a, "newpath", b)
		k.call(name, "/none", b)
		k.want("oldpath", "/none", "newpath", b)
	}
}

func ownRow(name string) func(*kit) {
	return func(k *kit) {
		k.call(name, k.dir, 0, 0)
		k.want("path", k.dir, "uid", 0, "gid", 0)
		k.call(name, "/none", 1000, -1)
		k.want("path", "/none", "uid", 1000, "gid", -1)
	}
}
