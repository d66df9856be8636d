package container

import (
	"os"
	"syscall"
)

// identity tells who owns a file and which one it is, whatever its path; nothing when there is none.
func identity(path string) (owner int, key any) {
	st, err := os.Stat(path)
	if err != nil {
		return -1, nil
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, nil
	}
	return int(sys.Uid), [2]uint64{sys.Dev, sys.Ino}
}
