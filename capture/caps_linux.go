package capture

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// effective are the effective capabilities of the calling thread.
func effective() Caps {
	_, data, err := capget()
	if err != nil {
		return 0
	}
	return Caps(data[0].Effective) | Caps(data[1].Effective)<<32
}

func capget() (hdr unix.CapUserHeader, data [2]unix.CapUserData, err error) {
	hdr.Version = unix.LINUX_CAPABILITY_VERSION_3
	return hdr, data, unix.Capget(&hdr, &data[0])
}

// DropPrivileges gives up, in all threads and for good, every capability but those of keep that the process has. Programs that were started
// before are not touched; those that root starts later have all of root's again. A binary with cgo has threads that Go does not know: it
// keeps what it has, and the error says so.
func DropPrivileges(keep Caps) error {
	hdr, data, err := capget()
	if err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	for i := range data {
		left := uint32(keep>>(32*i)) & data[i].Permitted
		data[i].Permitted, data[i].Effective, data[i].Inheritable = left, left&data[i].Effective, 0
	}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&data[0])), 0)
	runtime.KeepAlive(&hdr)
	runtime.KeepAlive(&data)
	if errno == syscall.ENOTSUP {
		return fmt.Errorf("privileges are kept: this binary was built with cgo, make build makes one without")
	}
	if errno != 0 {
		return fmt.Errorf("capset: %w", errno)
	}
	return nil
}
