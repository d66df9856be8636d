// Command init is process 1 of an emulated machine that runs tests: it makes what they expect of a machine, runs each command line of the file
// /commands, says how it ended, and powers off.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

var mounts = []struct{ target, kind, data string }{
	{"/proc", "proc", ""},
	{"/sys", "sysfs", ""},
	{"/sys/kernel/tracing", "tracefs", ""},
	{"/sys/fs/bpf", "bpf", ""},
	{"/sys/fs/cgroup", "cgroup2", ""},
	{"/dev", "devtmpfs", ""},
	{"/dev/pts", "devpts", "ptmxmode=0666"},
	{"/dev/shm", "tmpfs", ""},
	{"/dev/mqueue", "mqueue", ""},
	{"/tmp", "tmpfs", ""},
	{"/run", "tmpfs", ""},
}

func main() {
	for _, m := range mounts {
		os.MkdirAll(m.target, 0o755)
		if err := unix.Mount(m.kind, m.target, m.kind, 0, m.data); err != nil && !errors.Is(err, unix.EBUSY) {
			fmt.Printf("init: mount %s: %v\n", m.target, err)
		}
	}
	if err := os.Symlink("/proc/self/fd", "/dev/fd"); err != nil { // where an exec by descriptor says that its file is
		fmt.Printf("init: %v\n", err)
	}
	if err := loopback(); err != nil {
		fmt.Printf("init: loopback: %v\n", err)
	}
	os.Setenv("PATH", "/bin")
	os.Setenv("HOME", "/tmp")
	os.Setenv("TMPDIR", "/tmp")
	if up, err := os.ReadFile("/proc/uptime"); err == nil {
		fmt.Printf("init: up after %s s\n", strings.Fields(string(up))[0])
	}
	commands, err := os.ReadFile("/commands")
	if err != nil {
		fmt.Printf("init: %v\n", err)
	}
	for line := range strings.Lines(string(commands)) {
		run(strings.Fields(line))
	}
	fmt.Println("init: end")
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// run runs one command in a folder of its own and waits for it and for what it left behind.
func run(argv []string) {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Stdout, c.Stderr = "/tmp", os.Stdout, os.Stderr
	err := c.Run()
	for {
		if pid, _ := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 {
			break
		}
	}
	fmt.Printf("init: %s: %s\n", argv[0], ended(err))
}

func ended(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// loopback brings the interface lo up. The kernel gives it its addresses.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return err
	}
	if err := lo.SetInet4Addr(net.IPv4(127, 0, 0, 1).To4()); err != nil {
		return err
	}
	return unix.IoctlIfreq(s, unix.SIOCSIFADDR, lo)
}
