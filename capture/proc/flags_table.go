//go:build linux

package proc

import "golang.org/x/sys/unix"

// Bits of records (capture/event: TabFileFlags, TabCloneFlags) that this package sets by name.
const (
	oCloexec    = 0x1000
	cloneFiles  = 1
	cloneThread = 0x2000
	inPIDNS     = 0x20000000
)

// openFlags pairs the kernel's bits with those of records (TabFileFlags). A flag of several bits counts when all are set: O_SYNC has the
// bit of O_DSYNC in it, O_TMPFILE that of O_DIRECTORY. O_LARGEFILE is missing: the kernel sets it by itself in programs of 64 bits.
var openFlags = [...]struct {
	kernel uint64
	record uint32
}{
	{unix.O_CREAT, 4},
	{unix.O_APPEND, 8},
	{unix.O_DSYNC, 0x10},
	{unix.O_EXCL, 0x20},
	{unix.O_NONBLOCK, 0x40},
	{unix.O_SYNC, 0x80},
	{unix.O_TRUNC, 0x100},
	{unix.O_DIRECT, 0x200},
	{unix.O_DIRECTORY, 0x400},
	{unix.O_CLOEXEC, oCloexec},
	{unix.O_TMPFILE, 0x2000},
}
