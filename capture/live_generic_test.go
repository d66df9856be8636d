//go:build linux

package capture

import (
	"runtime"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// unmade are the calls that the generic rows do not make, and why.
var unmade = map[string]string{
	"exit": "ends the thread", "exit_group": "ends the program", "rt_sigreturn": "would jump anywhere", "pause": "does not come back",
	"vhangup": "takes the terminal away", "sync": "waits for every disk", "reboot": "nobody wants that", "alarm": "a signal later",
	"uretprobe": "kills those who call it without having been asked to", "uprobe": "kills those who call it without having been asked to",
	"rseq_slice_yield": "young", "landlock_restrict_self": "binds the thread",
	"set_tid_address": "the kernel writes there when the thread ends", "sched_setattr": "made by nobody", "personality": "made below with its own value",
	"umask": "made below with its own value", "syncfs": "made below",
}

// genericRows call each call without an event of its own with arguments that make it fail (-1 is no descriptor, no address, no size and no flag), or that
// do no harm.
func genericRows() (rows []row) {
	args := map[string][]any{"personality": {uint32(0xffffffff)}, "umask": {0o22}, "syncfs": {-1}, "getpid": {}, "getppid": {}, "gettid": {}, "sched_yield": {}}
	for nr := range event.MaxSyscalls {
		sc, ok := event.NativeSyscall(runtime.GOARCH, nr)
		_, given := args[sc.Name]
		if !ok || sc.Enter != event.GenericE || unmade[sc.Name] != "" && !given {
			continue
		}
		a, given := args[sc.Name]
		if !given {
			a = []any{-1, -1, -1, -1, -1, -1}
		}
		rows = append(rows, row{sc.Name, func(k *kit) {
			k.sys("unshare", unix.CLONE_FS)
			k.call(sc.Name, a...)
			k.want("ID", sc.Code, "nativeID", nr)
		}})
	}
	return rows
}
