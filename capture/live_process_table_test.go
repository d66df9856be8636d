//go:build linux

package capture

import (
	"math"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

const infinity = -1 // RLIM_INFINITY

// processRows are the calls on memory, on processes and their rights, and on what else the kernel has.
var processRows = []row{
	{"mmap", func(k *kit) {
		memory := []any{"vm_size", nonzero, "vm_rss", nonzero, "vm_swap", present}
		p := k.call("mmap", 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE, -1, 0)
		k.want(append(memory, "addr", 0, "length", 8192, "prot", "PROT_READ|PROT_WRITE", "flags", flagText("MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE"), "fd", -1, "offset", 0)...)
		f := k.file()
		k.call("mmap", 0, 4096, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_NORESERVE, f, 4096)
		k.want(append(memory, "addr", 0, "length", 4096, "prot", "PROT_READ", "flags", "MAP_NORESERVE|MAP_SHARED", "fd", f, "offset", 4096)...)
		k.call("mmap", 1, 0, 0, unix.MAP_FIXED|unix.MAP_PRIVATE|unix.MAP_LOCKED, 12345, 1)
		k.want(append(memory, "addr", 1, "length", 0, "prot", "PROT_NONE", "flags", flagText("MAP_FIXED|MAP_PRIVATE|MAP_LOCKED"), "fd", 12345, "offset", 1)...)
		k.call("mprotect", p, 4096, unix.PROT_READ|unix.PROT_EXEC)
		k.want("addr", p, "length", 4096, "prot", "PROT_EXEC|PROT_READ")
		k.call("mprotect", p+1, 4096, unix.PROT_WRITE|unix.PROT_GROWSDOWN)
		k.want("addr", p+1, "length", 4096, "prot", flagText("PROT_WRITE|PROT_GROWSDOWN"))
		k.call("munmap", p, 8192)
		k.want(append(memory, "addr", p, "length", 8192)...)
		k.call("munmap", p+1, 8192)
		k.want(append(memory, "addr", p+1, "length", 8192)...)
	}},
	{"brk", func(k *kit) {
		k.call("brk", 0)
		k.want("vm_size", nonzero, "vm_rss", nonzero, "vm_swap", present, "addr", 0)
	}},
	{"mlock", func(k *kit) {
		p := k.alloc(16)
		for _, name := range []string{"mlock", "munlock"} {
			k.call(name, p, 16)
			k.want("addr", p, "len", 16)
			k.call(name, 4096, 16)
			k.want("addr", 4096, "len", 16)
		}
		k.call("mlock2", p, 16, unix.MLOCK_ONFAULT)
		k.want("addr", p, "len", 16, "flags", "MLOCK_ONFAULT")
		k.call("mlock2", p, 16, 1<<8)
		k.want("addr", p, "len", 16, "flags", 1<<8)
	}},
	{"mlockall", func(k *kit) {
		k.call("mlockall", unix.MCL_CURRENT|unix.MCL_ONFAULT)
		k.want("flags", "MCL_CURRENT|MCL_ONFAULT")
		k.call("munlockall")
		k.want()
		k.call("mlockall", 0)
		k.want("flags", 0)
	}},
	{"process_vm_readv", func(k *kit) {
		a, b, pid := k.alloc(16), k.alloc(16), unix.Getpid()
		remote := k.words("remote text", 11)
		k.call("process_vm_readv", pid, k.words(a, 4, b, 7), 2, remote, 1, 0)
		k.want("pid", pid, "data", []byte("remote text"))
		k.call("process_vm_readv", -2, k.words(a, 4), 1, remote, 1, 0)
		k.want("pid", -2, "data", absent)
		k.call("process_vm_writev", pid, k.words("local ", 6, "text", 4), 2, k.words(a, 10), 1, 0)
		k.want("pid", pid, "data", []byte("local text"))
		k.call("process_vm_writev", -2, k.words("local ", 6), 1, remote, 1, 0)
		k.want("pid", -2, "data", absent)
	}},
	{"kill", func(k *kit) {
		pid := int64(unix.Getpid())
		for _, p := range []int64{pid, math.MaxInt32} {
			k.call("kill", p, 0)
			k.want("pid", p, "sig", 0)
			k.call("tgkill", pid, p, 0)
			k.want("pid", pid, "tid", p, "sig", 0)
			k.call("tkill", p, 0)
			k.want("tid", p, "sig", 0)
		}
		k.call("kill", -math.MaxInt32, 9)
		k.want("pid", -math.MaxInt32, "sig", 9)
	}},
	{"tgkill", func(k *kit) {
		pid, tid := unix.Getpid(), k.tid()
		must(unix.PthreadSigmask(unix.SIG_UNBLOCK, signals(unix.SIGURG), nil))
		k.call("tgkill", pid, tid, int(unix.SIGURG)) // Go does nothing when nobody waits for it
		k.want("pid", pid, "tid", tid, "sig", int(unix.SIGURG))
		k.also(event.SignaldeliverE, "spid", pid, "dpid", tid, "sig", int(unix.SIGURG))
	}},
	{"futex", func(k *kit) {
		p := k.words(5)
		k.call("futex", p, 1|128, 3, 0, 0, 0)
		k.want("addr", p, "op", flagText("FUTEX_PRIVATE_FLAG|FUTEX_WAKE"), "val", 3)
		k.call("futex", p, 0, 4, 0, 0, 0)
		k.want("addr", p, "op", "FUTEX_WAIT", "val", 4)
	}},
	{"semget", func(k *kit) {
		id := k.call("semget", unix.IPC_PRIVATE, 3, 0o600|unix.IPC_CREAT)
		k.want("key", 0, "nsems", 3, "semflg", "IPC_CREAT")
		k.call("semget", 0x5c7, 99, unix.IPC_EXCL)
		k.want("key", 0x5c7, "nsems", 99, "semflg", "IPC_EXCL")
		ops := k.pieces(uint16(0), int16(2), int16(unix.IPC_NOWAIT), uint16(1), int16(-1), int16(0x1000|unix.IPC_NOWAIT), uint16(0), int16(0), int16(0))
		k.call("semop", id, ops, 1)
		k.want("nsops", 1, "sem_num_0", 0, "sem_op_0", 2, "sem_flg_0", "IPC_NOWAIT", "sem_num_1", 0, "sem_op_1", 0, "sem_flg_1", 0, "semid", id)
		k.call("semop", id, ops, 3)
		k.want("nsops", 3, "sem_num_0", 0, "sem_op_0", 2, "sem_flg_0", "IPC_NOWAIT", "sem_num_1", 1, "sem_op_1", -1, "sem_flg_1", "IPC_NOWAIT|SEM_UNDO", "semid", id)
		for cmd, name := range map[int]string{11: "GETPID", 12: "GETVAL", 14: "GETNCNT", 15: "GETZCNT", 16: "SETVAL", 3: "IPC_INFO", 13: "GETALL", 17: "SETALL", 99: ""} {
			w := val{"t", name}
			if name == "" {
				w = val{"n", "0"}
			}
			arg := k.alloc(256)
			if cmd == 16 {
				arg = 7
			}
			k.call("semctl", id, 1, cmd, arg)
			k.want("semid", id, "semnum", 1, "cmd", w, "val", map[bool]any{true: arg, false: 0}[cmd == 16])
		}
		k.call("semctl", id, 0, 0, 0)
		k.want("semid", id, "semnum", 0, "cmd", "IPC_RMID", "val", 0)
		k.call("semctl", id, 0, 0|0x100, 0)
		k.want("semid", id, "semnum", 0, "cmd", "IPC_RMID", "val", 0)
	}},
	{"getrlimit", limitRow("getrlimit")}, {"setrlimit", limitRow("setrlimit")},
	{"prlimit64", func(k *kit) {
		old := k.alloc(16)
		k.call("prlimit64", 0, unix.RLIMIT_CORE, 0, old)
		k.want("newcur", infinity, "newmax", infinity, "oldcur", k.u64(old), "oldmax", k.u64(old+8), "pid", 0, "resource", "RLIMIT_CORE")
		k.call("prlimit64", 0, unix.RLIMIT_CORE, k.words(k.u64(old), k.u64(old+8)), 0)
		k.want("newcur", k.u64(old), "newmax", k.u64(old+8), "oldcur", infinity, "oldmax", infinity, "pid", 0, "resource", "RLIMIT_CORE")
		k.call("prlimit64", -5, unix.RLIMIT_CPU, k.words(1, 2), k.words(3, 4))
		k.want("newcur", 1, "newmax", 2, "oldcur", infinity, "oldmax", infinity, "pid", -5, "resource", "RLIMIT_CPU")
		k.call("prlimit64", 0, 77, 0, 0)
		k.want("newcur", infinity, "newmax", infinity, "oldcur", infinity, "oldmax", infinity, "pid", 0, "resource", "RLIMIT_UNKNOWN")
	}},
	{"getuid", func(k *kit) {
		for _, name := range []string{"getuid", "geteuid", "getgid", "getegid"} {
			k.call(name)
			k.want()
		}
	}},
	{"setuid", func(k *kit) {
		for _, n := range []int{0, -1} {
			k.call("setuid", n)
			k.want("uid", n)
			k.call("setgid", n)
			k.want("gid", n)
		}
	}},
	{"setreuid", func(k *kit) {
		k.call("setreuid", -1, 0)
		k.want("ruid", -1, "euid", 0)
		k.call("setregid", 0, -1)
		k.want("rgid", 0, "egid", -1)
		k.call("setresgid", 7, 8, 9)
		k.want("rgid", 7, "egid", 8, "sgid", 9)
		k.call("setresuid", 1, 2, 3)
		k.want("ruid", 1, "euid", 2, "suid", 3)
		p := k.alloc(12)
		k.call("getresuid", p, p+4, p+8)
		k.want("ruid", 1, "euid", 2, "suid", 3)
		k.call("getresgid", p, p+4, p+8)
		k.want("rgid", 7, "egid", 8, "sgid", 9)
		k.call("getresuid", k.bad, p, p)
		k.want("ruid", fault, "euid", present, "suid", present)
		k.call("getresgid", p, k.bad, p)
		k.want("rgid", present, "egid", fault, "sgid", present)
		k.call("setresuid", 0, 5, -1) // not allowed any more
		k.want("ruid", 0, "euid", 5, "suid", -1)
		k.call("setresgid", 0, 5, -1)
		k.want("rgid", 0, "egid", 5, "sgid", -1)
		k.call("setreuid", 0, 5)
		k.want("ruid", 0, "euid", 5)
		k.call("setregid", 0, 5)
		k.want("rgid", 0, "egid", 5)
	}},
	{"capset", func(k *kit) {
		head, data := k.pieces(uint32(0x20080522), uint32(0)), k.alloc(24)
		k.sys("capget", head, data)
		var caps [3]uint64 // effective, permitted, inheritable
		for i := range caps {
			low, high := uint32(k.i32(data+uintptr(4*i))), uint32(k.i32(data+uintptr(12+4*i)))
			caps[i] = uint64(low) | uint64(high)<<32
		}
		less := caps[0] &^ 1 // without CAP_CHOWN
		copy(k.at(data, 4), packed(uint32(less)))
		k.call("capset", head, data)
		k.want("cap_inheritable", caps[2], "cap_permitted", caps[1], "cap_effective", less)
		k.call("capset", k.pieces(uint32(0x20080522), uint32(1)), data)
		k.want("cap_inheritable", caps[2], "cap_permitted", caps[1], "cap_effective", less)
	}},
	{"setpgid", func(k *kit) {
		pid, end := k.sleeper()
		defer end()
		k.call("setpgid", pid, 0)
		k.want("pid", pid, "pgid", 0)
		k.call("setpgid", math.MaxInt32, -1)
		k.want("pid", math.MaxInt32, "pgid", -1)
	}},
	{"setsid", func(k *kit) {
		k.call("setsid")
		k.want()
		k.call("setsid")
		k.want()
	}},
	{"prctl", func(k *kit) {
		k.call("prctl", unix.PR_SET_NAME, "scry-name")
		k.want("option", "PR_SET_NAME", "arg2_str", "scry-name", "arg2_int", 0)
		k.call("prctl", unix.PR_GET_NAME, k.alloc(16))
		k.want("option", "PR_GET_NAME", "arg2_str", "scry-name", "arg2_int", 0)
		k.call("prctl", unix.PR_SET_CHILD_SUBREAPER, 1)
		k.want("option", "PR_SET_CHILD_SUBREAPER", "arg2_str", absent, "arg2_int", 1)
		k.call("prctl", unix.PR_GET_CHILD_SUBREAPER, k.alloc(8))
		k.want("option", "PR_GET_CHILD_SUBREAPER", "arg2_str", absent, "arg2_int", 1)
		k.sys("prctl", unix.PR_SET_CHILD_SUBREAPER, 0)
		k.call("prctl", unix.PR_SET_NAME, k.bad)
		k.want("option", "PR_SET_NAME", "arg2_str", fault, "arg2_int", 0)
		k.call("prctl", unix.PR_CAPBSET_READ, -7)
		k.want("option", "PR_CAPBSET_READ", "arg2_str", absent, "arg2_int", -7)
	}},
	{"ptrace", func(k *kit) {
		k.call("ptrace", unix.PTRACE_ATTACH, math.MaxInt32, 0, 0)
		k.want("addr", absent, "data", absent, "request", "PTRACE_ATTACH", "pid", math.MaxInt32)
		word := k.words(0x1122334455667788)
		pid, end := k.sleeper()
		defer end()
		k.call("ptrace", unix.PTRACE_ATTACH, pid, 0, 0)
		k.want("addr", 0, "data", val{"n", "0"}, "request", "PTRACE_ATTACH", "pid", pid)
		k.sys("wait4", pid, 0, unix.WALL, 0)
		out := k.alloc(8)
		k.call("ptrace", unix.PTRACE_PEEKDATA, pid, word, out)
		k.want("addr", word, "data", 0x1122334455667788, "request", "PTRACE_PEEKDATA", "pid", pid)
		k.call("ptrace", unix.PTRACE_POKEDATA, pid, word, 77)
		k.want("addr", word, "data", 77, "request", "PTRACE_POKEDATA", "pid", pid)
		k.call("ptrace", unix.PTRACE_SETOPTIONS, pid, 0, 1)
		k.want("addr", 0, "data", 1, "request", "PTRACE_SETOPTIONS", "pid", pid)
		k.call("ptrace", unix.PTRACE_CONT, pid, 0, 0)
		k.want("addr", 0, "data", 0, "request", "PTRACE_CONT", "pid", pid)
	}},
	{"unshare", func(k *kit) {
		k.call("unshare", unix.CLONE_FS|unix.CLONE_NEWUTS)
		k.want("flags", "CLONE_FS|CLONE_NEWUTS")
		k.call("unshare", unix.CLONE_SIGHAND|unix.CLONE_NEWUSER)
		k.want("flags", "CLONE_NEWUSER|CLONE_SIGHAND")
	}},
	{"setns", func(k *kit) {
		f := k.sys("openat", cwd, "/proc/self/ns/uts", 0, 0)
		k.call("setns", f, unix.CLONE_NEWUTS)
		k.want("fd", f, "nstype", "CLONE_NEWUTS")
		k.call("setns", -1, 0)
		k.want("fd", -1, "nstype", 0)
	}},
	{"seccomp", func(k *kit) {
		k.call("seccomp", unix.SECCOMP_GET_ACTION_AVAIL, 0, k.pieces(uint32(unix.SECCOMP_RET_ALLOW)))
		k.want("op", 2, "flags", 0)
		k.call("seccomp", 99, 5, 0)
		k.want("op", 99, "flags", 5)
	}},
	{"bpf", func(k *kit) {
		k.call("bpf", unix.BPF_MAP_CREATE, k.pieces(uint32(2), uint32(4), uint32(8), uint32(1)), 16)
		k.want("cmd", "BPF_MAP_CREATE")
		k.in("cmd", unix.BPF_MAP_CREATE)
		k.call("bpf", unix.BPF_OBJ_GET, 0, 0)
		k.want("cmd", "BPF_OBJ_GET")
		k.in("cmd", unix.BPF_OBJ_GET)
	}},
	{"pidfd_open", func(k *kit) {
		pid := unix.Getpid()
		p := k.call("pidfd_open", pid, 0)
		k.want("pid", pid, "flags", 0)
		k.call("pidfd_open", math.MaxInt32, unix.PIDFD_NONBLOCK)
		k.want("pid", math.MaxInt32, "flags", "PIDFD_NONBLOCK")
		k.call("pidfd_getfd", p, 0, 0)
		k.want("pid_fd", p, "target_fd", 0, "flags", 0)
		k.call("pidfd_getfd", -1, 3, 4)
		k.want("pid_fd", -1, "target_fd", 3, "flags", 4)
	}},
	{"keyctl", func(k *kit) {
		k.call("keyctl", unix.KEYCTL_GET_KEYRING_ID, unix.KEY_SPEC_SESSION_KEYRING, 1, 2, 3)
		k.want("operation", "KEYCTL_GET_KEYRING_ID", "arg2", unix.KEY_SPEC_SESSION_KEYRING, "arg3", 1, "arg4", 2, "arg5", 3)
		k.call("keyctl", unix.KEYCTL_JOIN_SESSION_KEYRING, "scry-ring", 0, 0, 0)
		k.want("operation", "KEYCTL_JOIN_SESSION_KEYRING", "arg2", "scry-ring", "arg3", 0, "arg4", 0, "arg5", 0)
		k.call("keyctl", unix.KEYCTL_SEARCH, -3, "user", "no such key", 0)
		k.want("operation", "KEYCTL_SEARCH", "arg2", -3, "arg3", "user", "arg4", "no such key", "arg5", 0)
		k.call("keyctl", unix.KEYCTL_JOIN_SESSION_KEYRING, k.bad, 0, 0, 0)
		k.want("operation", "KEYCTL_JOIN_SESSION_KEYRING", "arg2", fault, "arg3", 0, "arg4", 0, "arg5", 0)
	}},
	{"io_uring_setup", func(k *kit) {
		p := k.alloc(120)
		fd := k.call("io_uring_setup", 5, p)
		word := func(i int) int64 { return k.i32(p + uintptr(4*i)) }
		features := word(5) & 0x7ff
		k.want("entries", 5, "sq_entries", word(0), "cq_entries", word(1), "flags", 0, "sq_thread_cpu", 0, "sq_thread_idle", 0, "features", features)
		bad := k.pieces(uint32(0), uint32(3), uint32(1<<3|1<<5|1<<31), uint32(4), uint32(9))
		k.alloc(120)
		k.call("io_uring_setup", 7, bad)
		k.want("entries", 7, "sq_entries", 0, "cq_entries", 3, "flags", flagText("IORING_SETUP_CQSIZE|IORING_SETUP_ATTACH_RW"), "sq_thread_cpu", 4, "sq_thread_idle", 9, "features", 0)
		k.call("io_uring_enter", fd, 0, 0, 1, k.words(0x300), 8)
		k.want("fd", fd, "to_submit", 0, "min_complete", 0, "flags", "IORING_ENTER_GETEVENTS", "sig", 0x300)
		k.call("io_uring_enter", -1, 3, 4, 2|4, 0, 0)
		k.want("fd", -1, "to_submit", 3, "min_complete", 4, "flags", "IORING_ENTER_SQ_WAIT|IORING_ENTER_SQ_WAKEUP", "sig", 0)
		probe := k.alloc(16 + 4*8)
		k.call("io_uring_register", fd, 8, probe, 4)
		k.want("fd", fd, "opcode", "IORING_REGISTER_PROBE", "arg", probe, "nr_args", 4)
		k.call("io_uring_register", -1, 4, 5, 6)
		k.want("fd", -1, "opcode", "IORING_REGISTER_EVENTFD", "arg", 5, "nr_args", 6)
	}},
	{"fsconfig", func(k *kit) {
		fd := k.sys("fsopen", "tmpfs", 0)
		k.call("fsconfig", fd, 1, "size", "100k", 0)
		if k.expected[len(k.expected)-1].Res == 0 {
			k.want("fd", fd, "cmd", "FSCONFIG_SET_STRING", "key", "size", "value_bytebuf", absent, "value_charbuf", "100k", "aux", 0)
		} else {
			k.want("fd", fd, "cmd", "FSCONFIG_SET_STRING", "key", "size", "value_bytebuf", absent, "value_charbuf", absent, "aux", 0)
		}
		k.call("fsconfig", fd, 2, "none", []byte{1, 2, 3}, 3)
		k.want("fd", fd, "cmd", "FSCONFIG_SET_BINARY", "key", "none", "value_bytebuf", absent, "value_charbuf", absent, "aux", 3)
		k.call("fsconfig", -1, 0, k.bad, 0, 0)
		k.want("fd", -1, "cmd", "FSCONFIG_SET_FLAG", "key", fault, "value_bytebuf", absent, "value_charbuf", absent, "aux", 0)
	}},
	{"init_module", func(k *kit) {
		k.call("init_module", []byte("no module"), 9, "a=b")
		k.want("img", []byte("no module"), "length", 9, "uargs", "a=b")
		k.call("finit_module", -1, "c=d", 1|4)
		k.want("fd", -1, "uargs", "c=d", "flags", flagText("MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_COMPRESSED_FILE"))
		k.call("delete_module", "no_such_module", unix.O_NONBLOCK|unix.O_TRUNC)
		k.want("name", "no_such_module", "flags", "O_NONBLOCK|O_TRUNC")
	}},
	{"quotactl", func(k *kit) {
		zero := []any{"dqb_bhardlimit", 0, "dqb_bsoftlimit", 0, "dqb_curspace", 0, "dqb_ihardlimit", 0, "dqb_isoftlimit", 0, "dqb_btime", 0, "dqb_itime", 0,
			"dqi_bgrace", 0, "dqi_igrace", 0, "dqi_flags", 0, "quota_fmt_out", "QFMT_NOT_USED"}
		k.call("quotactl", uint32(0x80000101), 0, 0, 0) // Q_SYNC of all file systems
		k.want(append(zero, "special", absent, "quotafilepath", absent, "cmd", "Q_SYNC", "type", "GRPQUOTA", "id", 0, "quota_fmt", "QFMT_NOT_USED")...)
		k.call("quotactl", uint32(0x80000200), "/dev/none", 4, "/none")
		k.want(append(zero, "special", "/dev/none", "quotafilepath", absent, "cmd", "Q_QUOTAON", "type", "USRQUOTA", "id", 4, "quota_fmt", "QFMT_VFS_V1")...)
		k.call("quotactl", uint32(0x80000700), "/dev/none", 5, k.alloc(128))
		k.want(append(zero, "special", "/dev/none", "quotafilepath", absent, "cmd", "Q_GETQUOTA", "type", "USRQUOTA", "id", 5, "quota_fmt", "QFMT_NOT_USED")...)
	}},
}

func limitRow(name string) func(*kit) {
	return func(k *kit) {
		p := k.alloc(16)
		k.sys("prlimit64", 0, unix.RLIMIT_CORE, 0, p)
		k.call(name, unix.RLIMIT_CORE, p)
		k.want("cur", k.u64(p), "max", k.u64(p+8), "resource", "RLIMIT_CORE")
		k.call(name, 99, p)
		if name == "getrlimit" {
			k.want("cur", infinity, "max", infinity, "resource", "RLIMIT_UNKNOWN")
		} else {
			k.want("cur", k.u64(p), "max", k.u64(p+8), "resource", "RLIMIT_UNKNOWN")
		}
		k.call(name, unix.RLIMIT_NOFILE, k.bad)
		if name == "getrlimit" {
			k.want("cur", infinity, "max", infinity, "resource", "RLIMIT_NOFILE")
		} else {
			k.want("cur", fault, "max", fault, "resource", "RLIMIT_NOFILE")
		}
	}
}
