package capture

import (
	"os"
	"path/filepath"
	"strconv"
)

// HostRoot is the folder below which the files of the machine are, "" when that is the root: $HOST_ROOT, by which a container that traces its host says where
// that has its root directory mounted.
func HostRoot() string {
	root := os.Getenv("HOST_ROOT")
	if root == "" || !filepath.IsAbs(root) {
		return ""
	}
	if root = filepath.Clean(root); root == "/" {
		return ""
	}
	return root
}

// procOf is where proc is mounted below root, "" for its usual place.
func procOf(root string) string {
	if root == "" {
		return ""
	}
	return root + "/proc"
}

// selfIn is the number of this process in the pid namespace that proc below root is of: what the kernel and the other processes there call it.
func selfIn(root string) int {
	if link, err := os.Readlink(procOf(root) + "/self"); root != "" && err == nil {
		if pid, err := strconv.Atoi(link); err == nil {
			return pid
		}
	}
	return os.Getpid()
}
