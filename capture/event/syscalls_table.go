package event

// syscallNames holds the name of each portable syscall code (PPM_SC), the value of an ID parameter.
var syscallNames = [...]string{
	0:   "<unknown>",
	1:   "restart_syscall",
	2:   "exit",
	3:   "read",
	4:   "write",
	5:   "open",
	6:   "close",
	7:   "creat",
	8:   "link",
	9:   "unlink",
	10:  "chdir",
	11:  "time",
	12:  "mknod",
	13:  "chmod",
	14:  "stat",
	15:  "lseek",
	16:  "getpid",
	17:  "mount",
	18:  "ptrace",
	19:  "alarm",
	20:  "fstat",
	21:  "pause",
	22:  "utime",
	23:  "access",
	24:  "sync",
	25:  "kill",
	26:  "rename",
	27:  "mkdir",
	28:  "rmdir",
	29:  "dup",
	30:  "pipe",
	31:  "times",
	32:  "brk",
	33:  "acct",
	34:  "ioctl",
	35:  "fcntl",
	36:  "setpgid",
	37:  "umask",
	38:  "chroot",
	39:  "ustat",
	40:  "dup2",
	41:  "getppid",
	42:  "getpgrp",
	43:  "setsid",
	44:  "sethostname",
	45:  "setrlimit",
	46:  "getrusage",
	47:  "gettimeofday",
	48:  "settimeofday",
	49:  "symlink",
	50:  "lstat",
	51:  "readlink",
	52:  "uselib",
	53:  "swapon",
	54:  "reboot",
	55:  "mmap",
	56:  "munmap",
	57:  "truncate",
	58:  "ftruncate",
	59:  "fchmod",
	60:  "getpriority",
	61:  "setpriority",
	62:  "statfs",
	63:  "fstatfs",
	64:  "syslog",
	65:  "setitimer",
	66:  "getitimer",
	67:  "uname",
	68:  "vhangup",
	69:  "wait4",
	70:  "swapoff",
	71:  "sysinfo",
	72:  "fsync",
	73:  "setdomainname",
	74:  "adjtimex",
	75:  "mprotect",
	76:  "init_module",
	77:  "delete_module",
	78:  "quotactl",
	79:  "getpgid",
	80:  "fchdir",
	81:  "sysfs",
	82:  "personality",
	83:  "getdents",
	84:  "select",
	85:  "flock",
	86:  "msync",
	87:  "readv",
	88:  "writev",
	89:  "getsid",
	90:  "fdatasync",
	91:  "mlock",
	92:  "munlock",
	93:  "mlockall",
	94:  "munlockall",
	95:  "sched_setparam",
	96:  "sched_getparam",
	97:  "sched_setscheduler",
	98:  "sched_getscheduler",
	99:  "sched_yield",
	100: "sched_get_priority_max",
	101: "sched_get_priority_min",
	102: "sched_rr_get_interval",
	103: "nanosleep",
	104: "mremap",
	105: "poll",
	106: "prctl",
	107: "rt_sigaction",
	108: "rt_sigprocmask",
	109: "rt_sigpending",
	110: "rt_sigtimedwait",
	111: "rt_sigqueueinfo",
	112: "rt_sigsuspend",
	113: "getcwd",
	114: "capget",
	115: "capset",
	116: "sendfile",
	117: "getrlimit",
	118: "lchown",
	119: "getuid",
	120: "getgid",
	121: "geteuid",
	122: "getegid",
	123: "setreuid",
	124: "setregid",
	125: "getgroups",
	126: "setgroups",
	127: "fchown",
	128: "setresuid",
	129: "getresuid",
	130: "setresgid",
	131: "getresgid",
	132: "chown",
	133: "setuid",
	134: "setgid",
	135: "setfsuid",
	136: "setfsgid",
	137: "pivot_root",
	138: "mincore",
	139: "madvise",
	140: "gettid",
	141: "setxattr",
	142: "lsetxattr",
	143: "fsetxattr",
	144: "getxattr",
	145: "lgetxattr",
	146: "fgetxattr",
	147: "listxattr",
	148: "llistxattr",
	149: "flistxattr",
	150: "removexattr",
	151: "lremovexattr",
	152: "fremovexattr",
	153: "tkill",
	154: "futex",
	155: "sched_setaffinity",
	156: "sched_getaffinity",
	157: "set_thread_area",
	158: "get_thread_area",
	159: "io_setup",
	160: "io_destroy",
	161: "io_getevents",
	162: "io_submit",
	163: "io_cancel",
	164: "exit_group",
	165: "epoll_create",
	166: "epoll_ctl",
	167: "epoll_wait",
	168: "remap_file_pages",
	169: "set_tid_address",
	170: "timer_create",
	171: "timer_settime",
	172: "timer_gettime",
	173: "timer_getoverrun",
	174: "timer_delete",
	175: "clock_settime",
	176: "clock_gettime",
	177: "clock_getres",
	178: "clock_nanosleep",
	179: "tgkill",
	180: "utimes",
	181: "mq_open",
	182: "mq_unlink",
	183: "mq_timedsend",
	184: "mq_timedreceive",
	185: "mq_notify",
	186: "mq_getsetattr",
	187: "kexec_load",
	188: "waitid",
	189: "add_key",
	190: "request_key",
	191: "keyctl",
	192: "ioprio_set",
	193: "ioprio_get",
	194: "inotify_init",
	195: "inotify_add_watch",
	196: "inotify_rm_watch",
	197: "openat",
	198: "mkdirat",
	199: "mknodat",
	200: "fchownat",
	201: "futimesat",
	202: "unlinkat",
	203: "renameat",
	204: "linkat",
	205: "symlinkat",
	206: "readlinkat",
	207: "fchmodat",
	208: "faccessat",
	209: "pselect6",
	210: "ppoll",
	211: "unshare",
	212: "set_robust_list",
	213: "get_robust_list",
	214: "splice",
	215: "tee",
	216: "vmsplice",
	217: "getcpu",
	218: "epoll_pwait",
	219: "utimensat",
	220: "signalfd",
	221: "timerfd_create",
	222: "eventfd",
	223: "timerfd_settime",
	224: "timerfd_gettime",
	225: "signalfd4",
	226: "eventfd2",
	227: "epoll_create1",
	228: "dup3",
	229: "pipe2",
	230: "inotify_init1",
	231: "preadv",
	232: "pwritev",
	233: "rt_tgsigqueueinfo",
	234: "perf_event_open",
	235: "fanotify_init",
	236: "prlimit64",
	237: "clock_adjtime",
	238: "syncfs",
	239: "setns",
	240: "getdents64",
	241: "socket",
	242: "bind",
	243: "connect",
	244: "listen",
	245: "accept",
	246: "getsockname",
	247: "getpeername",
	248: "socketpair",
	249: "sendto",
	250: "recvfrom",
	251: "shutdown",
	252: "setsockopt",
	253: "getsockopt",
	254: "sendmsg",
	255: "sendmmsg",
	256: "recvmsg",
	257: "recvmmsg",
	258: "accept4",
	259: "semop",
	260: "semget",
	261: "semctl",
	262: "msgsnd",
	263: "msgrcv",
	264: "msgget",
	265: "msgctl",
	266: "shmdt",
	267: "shmget",
	268: "shmctl",
	269: "statfs64",
	270: "fstatfs64",
	271: "fstatat64",
	272: "sendfile64",
	273: "ugetrlimit",
	274: "bdflush",
	275: "sigprocmask",
	276: "ipc",
	277: "socketcall",
	278: "stat64",
	279: "lstat64",
	280: "fstat64",
	281: "fcntl64",
	282: "mmap2",
	283: "_newselect",
	284: "sgetmask",
	285: "ssetmask",
	286: "sigpending",
	287: "olduname",
	288: "umount",
	289: "signal",
	290: "nice",
	291: "stime",
	292: "_llseek",
	293: "waitpid",
	294: "pread64",
	295: "pwrite64",
	296: "arch_prctl",
	297: "shmat",
	298: "rt_sigreturn",
	299: "fallocate",
	300: "newfstatat",
	301: "process_vm_readv",
	302: "process_vm_writev",
	303: "fork",
	304: "vfork",
	305: "setuid32",
	306: "getuid32",
	307: "setgid32",
	308: "geteuid32",
	309: "getgid32",
	310: "setresuid32",
	311: "setresgid32",
	312: "getresuid32",
	313: "getresgid32",
	314: "finit_module",
	315: "bpf",
	316: "seccomp",
	317: "sigaltstack",
	318: "getrandom",
	319: "fadvise64",
	320: "renameat2",
	321: "userfaultfd",
	322: "openat2",
	323: "umount2",
	324: "execve",
	325: "execveat",
	326: "copy_file_range",
	327: "clone",
	328: "clone3",
	329: "open_by_handle_at",
	330: "io_uring_setup",
	331: "io_uring_enter",
	332: "io_uring_register",
	333: "mlock2",
	334: "getegid32",
	335: "fsconfig",
	336: "fspick",
	337: "fsmount",
	338: "fsopen",
	339: "open_tree",
	340: "move_mount",
	341: "mount_setattr",
	342: "memfd_create",
	343: "memfd_secret",
	344: "ioperm",
	345: "kexec_file_load",
	346: "pidfd_getfd",
	347: "pidfd_open",
	348: "pidfd_send_signal",
	349: "pkey_alloc",
	350: "pkey_mprotect",
	351: "pkey_free",
	352: "landlock_create_ruleset",
	353: "quotactl_fd",
	354: "landlock_restrict_self",
	355: "landlock_add_rule",
	356: "epoll_pwait2",
	357: "migrate_pages",
	358: "move_pages",
	359: "preadv2",
	360: "pwritev2",
	361: "kcmp",
	362: "sched_setattr",
	363: "mbind",
	364: "epoll_ctl_old",
	365: "lookup_dcookie",
	366: "modify_ldt",
	367: "statx",
	368: "set_mempolicy",
	369: "io_pgetevents",
	370: "set_mempolicy_home_node",
	371: "semtimedop",
	372: "get_kernel_syms",
	373: "readahead",
	374: "futex_waitv",
	375: "getpmsg",
	376: "name_to_handle_at",
	377: "process_mrelease",
	378: "nfsservctl",
	379: "epoll_wait_old",
	380: "rseq",
	381: "create_module",
	383: "sched_getattr",
	384: "faccessat2",
	385: "_sysctl",
	386: "query_module",
	387: "get_mempolicy",
	388: "sync_file_range",
	389: "process_madvise",
	390: "membarrier",
	391: "iopl",
	392: "close_range",
	393: "fanotify_mark",
	394: "recv",
	395: "send",
	396: "sched_process_exit",
	397: "sched_switch",
	398: "page_fault_user",
	399: "page_fault_kernel",
	400: "signal_deliver",
	401: "timerfd",
	402: "s390_pci_mmio_read",
	403: "sigaction",
	404: "s390_pci_mmio_write",
	405: "readdir",
	406: "s390_sthyi",
	407: "sigsuspend",
	408: "idle",
	409: "s390_runtime_instr",
	410: "sigreturn",
	411: "s390_guarded_storage",
	412: "cachestat",
	413: "fchmodat2",
	414: "map_shadow_stack",
	415: "riscv_flush_icache",
	416: "riscv_hwprobe",
	417: "futex_wake",
	418: "futex_requeue",
	419: "futex_wait",
	420: "oldstat",
	421: "switch_endian",
	422: "multiplexer",
	423: "oldlstat",
	424: "spu_create",
	425: "sync_file_range2",
	426: "oldfstat",
	427: "spu_run",
	428: "swapcontext",
	429: "pciconfig_write",
	430: "rtas",
	431: "pciconfig_read",
	432: "sys_debug_setcontext",
	433: "vm86",
	434: "oldolduname",
	435: "subpage_prot",
	436: "pciconfig_iobase",
	437: "listmount",
	438: "statmount",
	439: "lsm_get_self_attr",
	440: "lsm_set_self_attr",
	441: "lsm_list_modules",
	442: "mseal",
	443: "uretprobe",
	444: "removexattrat",
	445: "listxattrat",
	446: "getxattrat",
	447: "setxattrat",
	448: "open_tree_attr",
	449: "file_getattr",
	450: "file_setattr",
	451: "listns",
	452: "uprobe",
	453: "rseq_slice_yield",
}

// syscallsAMD64 maps the system call numbers of x86_64 to portable codes and event types.
var syscallsAMD64 = [...]Syscall{
	0:   {"read", 3, ReadE, ReadX, ScUsed},
	1:   {"write", 4, WriteE, WriteX, ScUsed},
	2:   {"open", 5, OpenE, OpenX, ScUsed | ScNeverDrop},
	3:   {"close", 6, CloseE, CloseX, ScUsed | ScNeverDrop},
	4:   {"stat", 14, StatE, StatX, ScUsed | ScAlwaysDrop},
	5:   {"fstat", 20, FstatE, FstatX, ScUsed | ScAlwaysDrop},
	6:   {"lstat", 50, LstatE, LstatX, ScUsed | ScAlwaysDrop},
	7:   {"poll", 105, PollE, PollX, ScUsed | ScAlwaysDrop},
	8:   {"lseek", 15, LseekE, LseekX, ScUsed | ScAlwaysDrop},
	9:   {"mmap", 55, MmapE, MmapX, ScUsed},
	10:  {"mprotect", 75, MprotectE, MprotectX, ScUsed},
	11:  {"munmap", 56, MunmapE, MunmapX, ScUsed | ScAlwaysDrop},
	12:  {"brk", 32, BrkV4E, BrkV4X, ScUsed | ScAlwaysDrop},
	13:  {"rt_sigaction", 107, GenericE, GenericE, 0},
	14:  {"rt_sigprocmask", 108, GenericE, GenericE, 0},
	15:  {"rt_sigreturn", 298, GenericE, GenericE, 0},
	16:  {"ioctl", 34, IoctlV3E, IoctlV3X, ScUsed | ScAlwaysDrop},
	17:  {"pread64", 294, PreadE, PreadX, ScUsed},
	18:  {"pwrite64", 295, PwriteE, PwriteX, ScUsed},
	19:  {"readv", 87, ReadvE, ReadvX, ScUsed},
	20:  {"writev", 88, WritevE, WritevX, ScUsed},
	21:  {"access", 23, AccessE, AccessX, ScUsed | ScAlwaysDrop},
	22:  {"pipe", 30, PipeE, PipeX, ScUsed | ScNeverDrop},
	23:  {"select", 84, SelectE, SelectX, ScUsed | ScAlwaysDrop},
	24:  {"sched_yield", 99, GenericE, GenericE, 0},
	25:  {"mremap", 104, GenericE, GenericE, 0},
	26:  {"msync", 86, GenericE, GenericE, 0},
	27:  {"mincore", 138, GenericE, GenericE, 0},
	28:  {"madvise", 139, GenericE, GenericE, 0},
	29:  {"shmget", 267, GenericE, GenericE, 0},
	30:  {"shmat", 297, GenericE, GenericE, 0},
	31:  {"shmctl", 268, GenericE, GenericE, 0},
	32:  {"dup", 29, DupV1E, DupV1X, ScUsed | ScNeverDrop},
	33:  {"dup2", 40, Dup2E, Dup2X, ScUsed | ScNeverDrop},
	34:  {"pause", 21, GenericE, GenericE, 0},
	35:  {"nanosleep", 103, NanosleepE, NanosleepX, ScUsed | ScAlwaysDrop},
	36:  {"getitimer", 66, GenericE, GenericE, 0},
	37:  {"alarm", 19, GenericE, GenericE, 0},
	38:  {"setitimer", 65, GenericE, GenericE, 0},
	39:  {"getpid", 16, GenericE, GenericE, 0},
	40:  {"sendfile", 116, SendfileE, SendfileX, ScUsed},
	41:  {"socket", 241, SocketE, SocketX, ScUsed | ScNeverDrop},
	42:  {"connect", 243, ConnectE, ConnectX, ScUsed},
	43:  {"accept", 245, AcceptV5E, AcceptV5X, ScUsed},
	44:  {"sendto", 249, SendtoE, SendtoX, ScUsed},
	45:  {"recvfrom", 250, RecvfromE, RecvfromX, ScUsed},
	46:  {"sendmsg", 254, SendmsgE, SendmsgX, ScUsed},
	47:  {"recvmsg", 256, RecvmsgE, RecvmsgX, ScUsed},
	48:  {"shutdown", 251, ShutdownE, ShutdownX, ScUsed},
	49:  {"bind", 242, BindE, BindX, ScUsed | ScNeverDrop},
	50:  {"listen", 244, ListenE, ListenX, ScUsed},
	51:  {"getsockname", 246, GetsocknameE, GetsocknameX, ScUsed | ScAlwaysDrop},
	52:  {"getpeername", 247, GetpeernameE, GetpeernameX, ScUsed | ScAlwaysDrop},
	53:  {"socketpair", 248, SocketpairE, SocketpairX, ScUsed | ScNeverDrop},
	54:  {"setsockopt", 252, SetsockoptE, SetsockoptX, ScUsed},
	55:  {"getsockopt", 253, GetsockoptE, GetsockoptX, ScUsed},
	56:  {"clone", 327, CloneV20E, CloneV20X, ScUsed | ScNeverDrop},
	57:  {"fork", 303, ForkV20E, ForkV20X, ScUsed | ScNeverDrop},
	58:  {"vfork", 304, VforkV20E, VforkV20X, ScUsed | ScNeverDrop},
	59:  {"execve", 324, ExecveV19E, ExecveV19X, ScUsed | ScNeverDrop},
	60:  {"exit", 2, GenericE, GenericE, 0},
	61:  {"wait4", 69, GenericE, GenericE, 0},
	62:  {"kill", 25, KillE, KillX, ScUsed},
	63:  {"uname", 67, GenericE, GenericE, 0},
	64:  {"semget", 260, SemgetE, SemgetX, ScUsed | ScAlwaysDrop},
	65:  {"semop", 259, SemopE, SemopX, ScUsed | ScAlwaysDrop},
	66:  {"semctl", 261, SemctlE, SemctlX, ScUsed | ScAlwaysDrop},
	67:  {"shmdt", 266, GenericE, GenericE, 0},
	68:  {"msgget", 264, GenericE, GenericE, 0},
	69:  {"msgsnd", 262, GenericE, GenericE, 0},
	70:  {"msgrcv", 263, GenericE, GenericE, 0},
	71:  {"msgctl", 265, GenericE, GenericE, 0},
	72:  {"fcntl", 35, FcntlE, FcntlX, ScUsed},
	73:  {"flock", 85, FlockE, FlockX, ScUsed | ScAlwaysDrop},
	74:  {"fsync", 72, GenericE, GenericE, 0},
	75:  {"fdatasync", 90, GenericE, GenericE, 0},
	76:  {"truncate", 57, GenericE, GenericE, 0},
	77:  {"ftruncate", 58, GenericE, GenericE, 0},
	78:  {"getdents", 83, GetdentsE, GetdentsX, ScUsed | ScAlwaysDrop},
	79:  {"getcwd", 113, GetcwdE, GetcwdX, ScUsed | ScAlwaysDrop},
	80:  {"chdir", 10, ChdirE, ChdirX, ScUsed | ScNeverDrop},
	81:  {"fchdir", 80, FchdirE, FchdirX, ScUsed | ScNeverDrop},
	82:  {"rename", 26, RenameE, RenameX, ScUsed},
	83:  {"mkdir", 27, MkdirV2E, MkdirV2X, ScUsed},
	84:  {"rmdir", 28, RmdirV2E, RmdirV2X, ScUsed},
	85:  {"creat", 7, CreatE, CreatX, ScUsed | ScNeverDrop},
	86:  {"link", 8, LinkV2E, LinkV2X, ScUsed},
	87:  {"unlink", 9, UnlinkV2E, UnlinkV2X, ScUsed},
	88:  {"symlink", 49, SymlinkE, SymlinkX, ScUsed},
	89:  {"readlink", 51, GenericE, GenericE, 0},
	90:  {"chmod", 13, ChmodE, ChmodX, ScUsed},
	91:  {"fchmod", 59, FchmodE, FchmodX, ScUsed},
	92:  {"chown", 132, ChownE, ChownX, ScUsed},
	93:  {"fchown", 127, FchownE, FchownX, ScUsed},
	94:  {"lchown", 118, LchownE, LchownX, ScUsed},
	95:  {"umask", 37, GenericE, GenericE, 0},
	96:  {"gettimeofday", 47, GenericE, GenericE, 0},
	97:  {"getrlimit", 117, GetrlimitE, GetrlimitX, ScUsed},
	98:  {"getrusage", 46, GenericE, GenericE, 0},
	99:  {"sysinfo", 71, GenericE, GenericE, 0},
	100: {"times", 31, GenericE, GenericE, 0},
	101: {"ptrace", 18, PtraceE, PtraceX, ScUsed},
	102: {"getuid", 119, GetuidE, GetuidX, ScUsed},
	103: {"syslog", 64, GenericE, GenericE, 0},
	104: {"getgid", 120, GetgidE, GetgidX, ScUsed},
	105: {"setuid", 133, SetuidE, SetuidX, ScUsed},
	106: {"setgid", 134, SetgidE, SetgidX, ScUsed},
	107: {"geteuid", 121, GeteuidE, GeteuidX, ScUsed},
	108: {"getegid", 122, GetegidE, GetegidX, ScUsed},
	109: {"setpgid", 36, SetpgidE, SetpgidX, ScUsed | ScAlwaysDrop},
	110: {"getppid", 41, GenericE, GenericE, 0},
	111: {"getpgrp", 42, GenericE, GenericE, 0},
	112: {"setsid", 43, SetsidE, SetsidX, ScUsed},
	113: {"setreuid", 123, SetreuidE, SetreuidX, ScUsed},
	114: {"setregid", 124, SetregidE, SetregidX, ScUsed},
	115: {"getgroups", 125, GenericE, GenericE, 0},
	116: {"setgroups", 126, GenericE, GenericE, 0},
	117: {"setresuid", 128, SetresuidE, SetresuidX, ScUsed},
	118: {"getresuid", 129, GetresuidE, GetresuidX, ScUsed},
	119: {"setresgid", 130, SetresgidE, SetresgidX, ScUsed},
	120: {"getresgid", 131, GetresgidE, GetresgidX, ScUsed},
	121: {"getpgid", 79, GenericE, GenericE, 0},
	122: {"setfsuid", 135, GenericE, GenericE, 0},
	123: {"setfsgid", 136, GenericE, GenericE, 0},
	124: {"getsid", 89, GenericE, GenericE, 0},
	125: {"capget", 114, GenericE, GenericE, 0},
	126: {"capset", 115, CapsetE, CapsetX, ScUsed},
	127: {"rt_sigpending", 109, GenericE, GenericE, 0},
	128: {"rt_sigtimedwait", 110, GenericE, GenericE, 0},
	129: {"rt_sigqueueinfo", 111, GenericE, GenericE, 0},
	130: {"rt_sigsuspend", 112, GenericE, GenericE, 0},
	131: {"sigaltstack", 317, GenericE, GenericE, 0},
	132: {"utime", 22, GenericE, GenericE, 0},
	133: {"mknod", 12, MknodE, MknodX, ScUsed},
	135: {"personality", 82, GenericE, GenericE, 0},
	136: {"ustat", 39, GenericE, GenericE, 0},
	137: {"statfs", 62, GenericE, GenericE, 0},
	138: {"fstatfs", 63, GenericE, GenericE, 0},
	139: {"sysfs", 81, GenericE, GenericE, 0},
	140: {"getpriority", 60, GenericE, GenericE, 0},
	141: {"setpriority", 61, GenericE, GenericE, 0},
	142: {"sched_setparam", 95, GenericE, GenericE, 0},
	143: {"sched_getparam", 96, GenericE, GenericE, 0},
	144: {"sched_setscheduler", 97, GenericE, GenericE, 0},
	145: {"sched_getscheduler", 98, GenericE, GenericE, 0},
	146: {"sched_get_priority_max", 100, GenericE, GenericE, 0},
	147: {"sched_get_priority_min", 101, GenericE, GenericE, 0},
	148: {"sched_rr_get_interval", 102, GenericE, GenericE, 0},
	149: {"mlock", 91, MlockE, MlockX, ScUsed},
	150: {"munlock", 92, MunlockE, MunlockX, ScUsed},
	151: {"mlockall", 93, MlockallE, MlockallX, ScUsed},
	152: {"munlockall", 94, MunlockallE, MunlockallX, ScUsed},
	153: {"vhangup", 68, GenericE, GenericE, 0},
	154: {"modify_ldt", 366, GenericE, GenericE, 0},
	155: {"pivot_root", 137, GenericE, GenericE, 0},
	157: {"prctl", 106, PrctlE, PrctlX, ScUsed | ScNeverDrop},
	158: {"arch_prctl", 296, GenericE, GenericE, 0},
	159: {"adjtimex", 74, GenericE, GenericE, 0},
	160: {"setrlimit", 45, SetrlimitE, SetrlimitX, ScUsed | ScNeverDrop},
	161: {"chroot", 38, ChrootE, ChrootX, ScUsed | ScNeverDrop},
	162: {"sync", 24, GenericE, GenericE, 0},
	163: {"acct", 33, GenericE, GenericE, 0},
	164: {"settimeofday", 48, GenericE, GenericE, 0},
	165: {"mount", 17, MountE, MountX, ScUsed},
	166: {"umount2", 323, Umount2E, Umount2X, ScUsed},
	167: {"swapon", 53, GenericE, GenericE, 0},
	168: {"swapoff", 70, GenericE, GenericE, 0},
	169: {"reboot", 54, GenericE, GenericE, 0},
	170: {"sethostname", 44, GenericE, GenericE, 0},
	171: {"setdomainname", 73, GenericE, GenericE, 0},
	172: {"iopl", 391, GenericE, GenericE, 0},
	173: {"ioperm", 344, GenericE, GenericE, 0},
	175: {"init_module", 76, InitModuleE, InitModuleX, ScUsed},
	176: {"delete_module", 77, DeleteModuleE, DeleteModuleX, ScUsed},
	179: {"quotactl", 78, QuotactlE, QuotactlX, ScUsed},
	186: {"gettid", 140, GenericE, GenericE, 0},
	187: {"readahead", 373, GenericE, GenericE, 0},
	188: {"setxattr", 141, GenericE, GenericE, 0},
	189: {"lsetxattr", 142, GenericE, GenericE, 0},
	190: {"fsetxattr", 143, GenericE, GenericE, 0},
	191: {"getxattr", 144, GenericE, GenericE, 0},
	192: {"lgetxattr", 145, GenericE, GenericE, 0},
	193: {"fgetxattr", 146, GenericE, GenericE, 0},
	194: {"listxattr", 147, GenericE, GenericE, 0},
	195: {"llistxattr", 148, GenericE, GenericE, 0},
	196: {"flistxattr", 149, GenericE, GenericE, 0},
	197: {"removexattr", 150, GenericE, GenericE, 0},
	198: {"lremovexattr", 151, GenericE, GenericE, 0},
	199: {"fremovexattr", 152, GenericE, GenericE, 0},
	200: {"tkill", 153, TkillE, TkillX, ScUsed},
	201: {"time", 11, GenericE, GenericE, 0},
	202: {"futex", 154, FutexE, FutexX, ScUsed | ScAlwaysDrop},
	203: {"sched_setaffinity", 155, GenericE, GenericE, 0},
	204: {"sched_getaffinity", 156, GenericE, GenericE, 0},
	205: {"set_thread_area", 157, GenericE, GenericE, 0},
	206: {"io_setup", 159, GenericE, GenericE, 0},
	207: {"io_destroy", 160, GenericE, GenericE, 0},
	208: {"io_getevents", 161, GenericE, GenericE, 0},
	209: {"io_submit", 162, GenericE, GenericE, 0},
	210: {"io_cancel", 163, GenericE, GenericE, 0},
	211: {"get_thread_area", 158, GenericE, GenericE, 0},
	212: {"lookup_dcookie", 365, GenericE, GenericE, 0},
	213: {"epoll_create", 165, EpollCreateE, EpollCreateX, ScUsed | ScNeverDrop},
	214: {"epoll_ctl_old", 364, GenericE, GenericE, 0},
	215: {"epoll_wait_old", 379, GenericE, GenericE, 0},
	216: {"remap_file_pages", 168, GenericE, GenericE, 0},
	217: {"getdents64", 240, Getdents64E, Getdents64X, ScUsed | ScAlwaysDrop},
	218: {"set_tid_address", 169, GenericE, GenericE, 0},
	219: {"restart_syscall", 1, GenericE, GenericE, 0},
	220: {"semtimedop", 371, GenericE, GenericE, 0},
	221: {"fadvise64", 319, GenericE, GenericE, 0},
	222: {"timer_create", 170, GenericE, GenericE, 0},
	223: {"timer_settime", 171, GenericE, GenericE, 0},
	224: {"timer_gettime", 172, GenericE, GenericE, 0},
	225: {"timer_getoverrun", 173, GenericE, GenericE, 0},
	226: {"timer_delete", 174, GenericE, GenericE, 0},
	227: {"clock_settime", 175, GenericE, GenericE, 0},
	228: {"clock_gettime", 176, GenericE, GenericE, 0},
	229: {"clock_getres", 177, GenericE, GenericE, 0},
	230: {"clock_nanosleep", 178, GenericE, GenericE, 0},
	231: {"exit_group", 164, GenericE, GenericE, 0},
	232: {"epoll_wait", 167, EpollwaitE, EpollwaitX, ScUsed | ScAlwaysDrop},
	233: {"epoll_ctl", 166, GenericE, GenericE, 0},
	234: {"tgkill", 179, TgkillE, TgkillX, ScUsed},
	235: {"utimes", 180, GenericE, GenericE, 0},
	237: {"mbind", 363, GenericE, GenericE, 0},
	238: {"set_mempolicy", 368, GenericE, GenericE, 0},
	239: {"get_mempolicy", 387, GenericE, GenericE, 0},
	240: {"mq_open", 181, GenericE, GenericE, 0},
	241: {"mq_unlink", 182, GenericE, GenericE, 0},
	242: {"mq_timedsend", 183, GenericE, GenericE, 0},
	243: {"mq_timedreceive", 184, GenericE, GenericE, 0},
	244: {"mq_notify", 185, GenericE, GenericE, 0},
	245: {"mq_getsetattr", 186, GenericE, GenericE, 0},
	246: {"kexec_load", 187, GenericE, GenericE, 0},
	247: {"waitid", 188, GenericE, GenericE, 0},
	248: {"add_key", 189, GenericE, GenericE, 0},
	249: {"request_key", 190, GenericE, GenericE, 0},
	250: {"keyctl", 191, KeyctlE, KeyctlX, ScUsed},
	251: {"ioprio_set", 192, GenericE, GenericE, 0},
	252: {"ioprio_get", 193, GenericE, GenericE, 0},
	253: {"inotify_init", 194, InotifyInitE, InotifyInitX, ScUsed | ScNeverDrop},
	254: {"inotify_add_watch", 195, GenericE, GenericE, 0},
	255: {"inotify_rm_watch", 196, GenericE, GenericE, 0},
	256: {"migrate_pages", 357, GenericE, GenericE, 0},
	257: {"openat", 197, OpenatV2E, OpenatV2X, ScUsed | ScNeverDrop},
	258: {"mkdirat", 198, MkdiratE, MkdiratX, ScUsed},
	259: {"mknodat", 199, MknodatE, MknodatX, ScUsed},
	260: {"fchownat", 200, FchownatE, FchownatX, ScUsed},
	261: {"futimesat", 201, GenericE, GenericE, 0},
	262: {"newfstatat", 300, NewfstatatE, NewfstatatX, ScUsed | ScAlwaysDrop},
	263: {"unlinkat", 202, UnlinkatV2E, UnlinkatV2X, ScUsed},
	264: {"renameat", 203, RenameatE, RenameatX, ScUsed},
	265: {"linkat", 204, LinkatV2E, LinkatV2X, ScUsed},
	266: {"symlinkat", 205, SymlinkatE, SymlinkatX, ScUsed},
	267: {"readlinkat", 206, GenericE, GenericE, 0},
	268: {"fchmodat", 207, FchmodatE, FchmodatX, ScUsed},
	269: {"faccessat", 208, GenericE, GenericE, 0},
	270: {"pselect6", 209, GenericE, GenericE, 0},
	271: {"ppoll", 210, PpollE, PpollX, ScUsed | ScAlwaysDrop},
	272: {"unshare", 211, UnshareE, UnshareX, ScUsed | ScAlwaysDrop},
	273: {"set_robust_list", 212, GenericE, GenericE, 0},
	274: {"get_robust_list", 213, GenericE, GenericE, 0},
	275: {"splice", 214, SpliceE, SpliceX, ScUsed},
	276: {"tee", 215, GenericE, GenericE, 0},
	277: {"sync_file_range", 388, GenericE, GenericE, 0},
	278: {"vmsplice", 216, GenericE, GenericE, 0},
	279: {"move_pages", 358, GenericE, GenericE, 0},
	280: {"utimensat", 219, GenericE, GenericE, 0},
	281: {"epoll_pwait", 218, GenericE, GenericE, 0},
	282: {"signalfd", 220, SignalfdE, SignalfdX, ScUsed | ScNeverDrop},
	283: {"timerfd_create", 221, TimerfdCreateE, TimerfdCreateX, ScUsed | ScNeverDrop},
	284: {"eventfd", 222, EventfdE, EventfdX, ScUsed | ScNeverDrop},
	285: {"fallocate", 299, GenericE, GenericE, 0},
	286: {"timerfd_settime", 223, GenericE, GenericE, 0},
	287: {"timerfd_gettime", 224, GenericE, GenericE, 0},
	288: {"accept4", 258, Accept4V6E, Accept4V6X, ScUsed},
	289: {"signalfd4", 225, Signalfd4E, Signalfd4X, ScUsed | ScNeverDrop},
	290: {"eventfd2", 226, Eventfd2E, Eventfd2X, ScUsed | ScNeverDrop},
	291: {"epoll_create1", 227, EpollCreate1E, EpollCreate1X, ScUsed | ScNeverDrop},
	292: {"dup3", 228, Dup3E, Dup3X, ScUsed | ScNeverDrop},
	293: {"pipe2", 229, Pipe2E, Pipe2X, ScUsed | ScNeverDrop},
	294: {"inotify_init1", 230, InotifyInit1E, InotifyInit1X, ScUsed | ScNeverDrop},
	295: {"preadv", 231, PreadvE, PreadvX, ScUsed},
	296: {"pwritev", 232, PwritevE, PwritevX, ScUsed},
	297: {"rt_tgsigqueueinfo", 233, GenericE, GenericE, 0},
	298: {"perf_event_open", 234, GenericE, GenericE, 0},
	299: {"recvmmsg", 257, RecvmmsgE, RecvmmsgX, ScUsed},
	300: {"fanotify_init", 235, GenericE, GenericE, 0},
	301: {"fanotify_mark", 393, GenericE, GenericE, 0},
	302: {"prlimit64", 236, PrlimitE, PrlimitX, ScUsed | ScNeverDrop},
	303: {"name_to_handle_at", 376, GenericE, GenericE, 0},
	304: {"open_by_handle_at", 329, OpenByHandleAtE, OpenByHandleAtX, ScUsed},
	305: {"clock_adjtime", 237, GenericE, GenericE, 0},
	306: {"syncfs", 238, GenericE, GenericE, 0},
	307: {"sendmmsg", 255, SendmmsgE, SendmmsgX, ScUsed},
	308: {"setns", 239, SetnsE, SetnsX, ScUsed},
	309: {"getcpu", 217, GenericE, GenericE, 0},
	310: {"process_vm_readv", 301, ProcessVmReadvE, ProcessVmReadvX, ScUsed},
	311: {"process_vm_writev", 302, ProcessVmWritevE, ProcessVmWritevX, ScUsed},
	312: {"kcmp", 361, GenericE, GenericE, 0},
	313: {"finit_module", 314, FinitModuleE, FinitModuleX, ScUsed},
	314: {"sched_setattr", 362, GenericE, GenericE, 0},
	315: {"sched_getattr", 383, GenericE, GenericE, 0},
	316: {"renameat2", 320, Renameat2E, Renameat2X, ScUsed},
	317: {"seccomp", 316, SeccompE, SeccompX, ScUsed},
	318: {"getrandom", 318, GenericE, GenericE, 0},
	319: {"memfd_create", 342, MemfdCreateE, MemfdCreateX, ScUsed},
	320: {"kexec_file_load", 345, GenericE, GenericE, 0},
	321: {"bpf", 315, BpfV2E, BpfV2X, ScUsed},
	322: {"execveat", 325, ExecveatE, ExecveatX, ScUsed | ScNeverDrop},
	323: {"userfaultfd", 321, UserfaultfdE, UserfaultfdX, ScUsed | ScNeverDrop},
	324: {"membarrier", 390, GenericE, GenericE, 0},
	325: {"mlock2", 333, Mlock2E, Mlock2X, ScUsed},
	326: {"copy_file_range", 326, CopyFileRangeE, CopyFileRangeX, ScUsed},
	327: {"preadv2", 359, GenericE, GenericE, 0},
	328: {"pwritev2", 360, GenericE, GenericE, 0},
	329: {"pkey_mprotect", 350, GenericE, GenericE, 0},
	330: {"pkey_alloc", 349, GenericE, GenericE, 0},
	331: {"pkey_free", 351, GenericE, GenericE, 0},
	332: {"statx", 367, GenericE, GenericE, 0},
	333: {"io_pgetevents", 369, GenericE, GenericE, 0},
	334: {"rseq", 380, GenericE, GenericE, 0},
	335: {"uretprobe", 443, GenericE, GenericE, 0},
	336: {"uprobe", 452, GenericE, GenericE, 0},
	424: {"pidfd_send_signal", 348, GenericE, GenericE, 0},
	425: {"io_uring_setup", 330, IoUringSetupE, IoUringSetupX, ScUsed},
	426: {"io_uring_enter", 331, IoUringEnterE, IoUringEnterX, ScUsed},
	427: {"io_uring_register", 332, IoUringRegisterE, IoUringRegisterX, ScUsed},
	428: {"open_tree", 339, GenericE, GenericE, 0},
	429: {"move_mount", 340, GenericE, GenericE, 0},
	430: {"fsopen", 338, GenericE, GenericE, 0},
	431: {"fsconfig", 335, FsconfigE, FsconfigX, ScUsed},
	432: {"fsmount", 337, GenericE, GenericE, 0},
	433: {"fspick", 336, GenericE, GenericE, 0},
	434: {"pidfd_open", 347, PidfdOpenE, PidfdOpenX, ScUsed},
	435: {"clone3", 328, Clone3E, Clone3X, ScUsed | ScNeverDrop},
	436: {"close_range", 392, CloseRangeE, CloseRangeX, ScUsed | ScNeverDrop},
	437: {"openat2", 322, Openat2E, Openat2X, ScUsed},
	438: {"pidfd_getfd", 346, PidfdGetfdE, PidfdGetfdX, ScUsed},
	439: {"faccessat2", 384, GenericE, GenericE, 0},
	440: {"process_madvise", 389, GenericE, GenericE, 0},
	441: {"epoll_pwait2", 356, GenericE, GenericE, 0},
	442: {"mount_setattr", 341, GenericE, GenericE, 0},
	443: {"quotactl_fd", 353, GenericE, GenericE, 0},
	444: {"landlock_create_ruleset", 352, GenericE, GenericE, 0},
	445: {"landlock_add_rule", 355, GenericE, GenericE, 0},
	446: {"landlock_restrict_self", 354, GenericE, GenericE, 0},
	447: {"memfd_secret", 343, GenericE, GenericE, 0},
	448: {"process_mrelease", 377, GenericE, GenericE, 0},
	449: {"futex_waitv", 374, GenericE, GenericE, 0},
	450: {"set_mempolicy_home_node", 370, GenericE, GenericE, 0},
	451: {"cachestat", 412, GenericE, GenericE, 0},
	452: {"fchmodat2", 413, GenericE, GenericE, 0},
	453: {"map_shadow_stack", 414, GenericE, GenericE, 0},
	454: {"futex_wake", 417, GenericE, GenericE, 0},
	455: {"futex_wait", 419, GenericE, GenericE, 0},
	456: {"futex_requeue", 418, GenericE, GenericE, 0},
	457: {"statmount", 438, GenericE, GenericE, 0},
	458: {"listmount", 437, GenericE, GenericE, 0},
	459: {"lsm_get_self_attr", 439, GenericE, GenericE, 0},
	460: {"lsm_set_self_attr", 440, GenericE, GenericE, 0},
	461: {"lsm_list_modules", 441, GenericE, GenericE, 0},
	462: {"mseal", 442, GenericE, GenericE, 0},
	463: {"setxattrat", 447, GenericE, GenericE, 0},
	464: {"getxattrat", 446, GenericE, GenericE, 0},
	465: {"listxattrat", 445, GenericE, GenericE, 0},
	466: {"removexattrat", 444, GenericE, GenericE, 0},
	467: {"open_tree_attr", 448, GenericE, GenericE, 0},
	468: {"file_getattr", 449, GenericE, GenericE, 0},
	469: {"file_setattr", 450, GenericE, GenericE, 0},
	470: {"listns", 451, GenericE, GenericE, 0},
	471: {"rseq_slice_yield", 453, GenericE, GenericE, 0},
}

// syscallsARM64 maps the system call numbers of aarch64 to portable codes and event types.
var syscallsARM64 = [...]Syscall{
	0:   {"io_setup", 159, GenericE, GenericE, 0},
	1:   {"io_destroy", 160, GenericE, GenericE, 0},
	2:   {"io_submit", 162, GenericE, GenericE, 0},
	3:   {"io_cancel", 163, GenericE, GenericE, 0},
	4:   {"io_getevents", 161, GenericE, GenericE, 0},
	5:   {"setxattr", 141, GenericE, GenericE, 0},
	6:   {"lsetxattr", 142, GenericE, GenericE, 0},
	7:   {"fsetxattr", 143, GenericE, GenericE, 0},
	8:   {"getxattr", 144, GenericE, GenericE, 0},
	9:   {"lgetxattr", 145, GenericE, GenericE, 0},
	10:  {"fgetxattr", 146, GenericE, GenericE, 0},
	11:  {"listxattr", 147, GenericE, GenericE, 0},
	12:  {"llistxattr", 148, GenericE, GenericE, 0},
	13:  {"flistxattr", 149, GenericE, GenericE, 0},
	14:  {"removexattr", 150, GenericE, GenericE, 0},
	15:  {"lremovexattr", 151, GenericE, GenericE, 0},
	16:  {"fremovexattr", 152, GenericE, GenericE, 0},
	17:  {"getcwd", 113, GetcwdE, GetcwdX, ScUsed | ScAlwaysDrop},
	18:  {"lookup_dcookie", 365, GenericE, GenericE, 0},
	19:  {"eventfd2", 226, Eventfd2E, Eventfd2X, ScUsed | ScNeverDrop},
	20:  {"epoll_create1", 227, EpollCreate1E, EpollCreate1X, ScUsed | ScNeverDrop},
	21:  {"epoll_ctl", 166, GenericE, GenericE, 0},
	22:  {"epoll_pwait", 218, GenericE, GenericE, 0},
	23:  {"dup", 29, DupV1E, DupV1X, ScUsed | ScNeverDrop},
	24:  {"dup3", 228, Dup3E, Dup3X, ScUsed | ScNeverDrop},
	25:  {"fcntl", 35, FcntlE, FcntlX, ScUsed},
	26:  {"inotify_init1", 230, InotifyInit1E, InotifyInit1X, ScUsed | ScNeverDrop},
	27:  {"inotify_add_watch", 195, GenericE, GenericE, 0},
	28:  {"inotify_rm_watch", 196, GenericE, GenericE, 0},
	29:  {"ioctl", 34, IoctlV3E, IoctlV3X, ScUsed | ScAlwaysDrop},
	30:  {"ioprio_set", 192, GenericE, GenericE, 0},
	31:  {"ioprio_get", 193, GenericE, GenericE, 0},
	32:  {"flock", 85, FlockE, FlockX, ScUsed | ScAlwaysDrop},
	33:  {"mknodat", 199, MknodatE, MknodatX, ScUsed},
	34:  {"mkdirat", 198, MkdiratE, MkdiratX, ScUsed},
	35:  {"unlinkat", 202, UnlinkatV2E, UnlinkatV2X, ScUsed},
	36:  {"symlinkat", 205, SymlinkatE, SymlinkatX, ScUsed},
	37:  {"linkat", 204, LinkatV2E, LinkatV2X, ScUsed},
	38:  {"renameat", 203, RenameatE, RenameatX, ScUsed},
	39:  {"umount2", 323, Umount2E, Umount2X, ScUsed},
	40:  {"mount", 17, MountE, MountX, ScUsed},
	41:  {"pivot_root", 137, GenericE, GenericE, 0},
	43:  {"statfs", 62, GenericE, GenericE, 0},
	44:  {"fstatfs", 63, GenericE, GenericE, 0},
	45:  {"truncate", 57, GenericE, GenericE, 0},
	46:  {"ftruncate", 58, GenericE, GenericE, 0},
	47:  {"fallocate", 299, GenericE, GenericE, 0},
	48:  {"faccessat", 208, GenericE, GenericE, 0},
	49:  {"chdir", 10, ChdirE, ChdirX, ScUsed | ScNeverDrop},
	50:  {"fchdir", 80, FchdirE, FchdirX, ScUsed | ScNeverDrop},
	51:  {"chroot", 38, ChrootE, ChrootX, ScUsed | ScNeverDrop},
	52:  {"fchmod", 59, FchmodE, FchmodX, ScUsed},
	53:  {"fchmodat", 207, FchmodatE, FchmodatX, ScUsed},
	54:  {"fchownat", 200, FchownatE, FchownatX, ScUsed},
	55:  {"fchown", 127, FchownE, FchownX, ScUsed},
	56:  {"openat", 197, OpenatV2E, OpenatV2X, ScUsed | ScNeverDrop},
	57:  {"close", 6, CloseE, CloseX, ScUsed | ScNeverDrop},
	58:  {"vhangup", 68, GenericE, GenericE, 0},
	59:  {"pipe2", 229, Pipe2E, Pipe2X, ScUsed | ScNeverDrop},
	60:  {"quotactl", 78, QuotactlE, QuotactlX, ScUsed},
	61:  {"getdents64", 240, Getdents64E, Getdents64X, ScUsed | ScAlwaysDrop},
	62:  {"lseek", 15, LseekE, LseekX, ScUsed | ScAlwaysDrop},
	63:  {"read", 3, ReadE, ReadX, ScUsed},
	64:  {"write", 4, WriteE, WriteX, ScUsed},
	65:  {"readv", 87, ReadvE, ReadvX, ScUsed},
	66:  {"writev", 88, WritevE, WritevX, ScUsed},
	67:  {"pread64", 294, PreadE, PreadX, ScUsed},
	68:  {"pwrite64", 295, PwriteE, PwriteX, ScUsed},
	69:  {"preadv", 231, PreadvE, PreadvX, ScUsed},
	70:  {"pwritev", 232, PwritevE, PwritevX, ScUsed},
	71:  {"sendfile", 116, SendfileE, SendfileX, ScUsed},
	72:  {"pselect6", 209, GenericE, GenericE, 0},
	73:  {"ppoll", 210, PpollE, PpollX, ScUsed | ScAlwaysDrop},
	74:  {"signalfd4", 225, Signalfd4E, Signalfd4X, ScUsed | ScNeverDrop},
	75:  {"vmsplice", 216, GenericE, GenericE, 0},
	76:  {"splice", 214, SpliceE, SpliceX, ScUsed},
	77:  {"tee", 215, GenericE, GenericE, 0},
	78:  {"readlinkat", 206, GenericE, GenericE, 0},
	79:  {"newfstatat", 300, NewfstatatE, NewfstatatX, ScUsed | ScAlwaysDrop},
	80:  {"fstat", 20, FstatE, FstatX, ScUsed | ScAlwaysDrop},
	81:  {"sync", 24, GenericE, GenericE, 0},
	82:  {"fsync", 72, GenericE, GenericE, 0},
	83:  {"fdatasync", 90, GenericE, GenericE, 0},
	84:  {"sync_file_range", 388, GenericE, GenericE, 0},
	85:  {"timerfd_create", 221, TimerfdCreateE, TimerfdCreateX, ScUsed | ScNeverDrop},
	86:  {"timerfd_settime", 223, GenericE, GenericE, 0},
	87:  {"timerfd_gettime", 224, GenericE, GenericE, 0},
	88:  {"utimensat", 219, GenericE, GenericE, 0},
	89:  {"acct", 33, GenericE, GenericE, 0},
	90:  {"capget", 114, GenericE, GenericE, 0},
	91:  {"capset", 115, CapsetE, CapsetX, ScUsed},
	92:  {"personality", 82, GenericE, GenericE, 0},
	93:  {"exit", 2, GenericE, GenericE, 0},
	94:  {"exit_group", 164, GenericE, GenericE, 0},
	95:  {"waitid", 188, GenericE, GenericE, 0},
	96:  {"set_tid_address", 169, GenericE, GenericE, 0},
	97:  {"unshare", 211, UnshareE, UnshareX, ScUsed | ScAlwaysDrop},
	98:  {"futex", 154, FutexE, FutexX, ScUsed | ScAlwaysDrop},
	99:  {"set_robust_list", 212, GenericE, GenericE, 0},
	100: {"get_robust_list", 213, GenericE, GenericE, 0},
	101: {"nanosleep", 103, NanosleepE, NanosleepX, ScUsed | ScAlwaysDrop},
	102: {"getitimer", 66, GenericE, GenericE, 0},
	103: {"setitimer", 65, GenericE, GenericE, 0},
	104: {"kexec_load", 187, GenericE, GenericE, 0},
	105: {"init_module", 76, InitModuleE, InitModuleX, ScUsed},
	106: {"delete_module", 77, DeleteModuleE, DeleteModuleX, ScUsed},
	107: {"timer_create", 170, GenericE, GenericE, 0},
	108: {"timer_gettime", 172, GenericE, GenericE, 0},
	109: {"timer_getoverrun", 173, GenericE, GenericE, 0},
	110: {"timer_settime", 171, GenericE, GenericE, 0},
	111: {"timer_delete", 174, GenericE, GenericE, 0},
	112: {"clock_settime", 175, GenericE, GenericE, 0},
	113: {"clock_gettime", 176, GenericE, GenericE, 0},
	114: {"clock_getres", 177, GenericE, GenericE, 0},
	115: {"clock_nanosleep", 178, GenericE, GenericE, 0},
	116: {"syslog", 64, GenericE, GenericE, 0},
	117: {"ptrace", 18, PtraceE, PtraceX, ScUsed},
	118: {"sched_setparam", 95, GenericE, GenericE, 0},
	119: {"sched_setscheduler", 97, GenericE, GenericE, 0},
	120: {"sched_getscheduler", 98, GenericE, GenericE, 0},
	121: {"sched_getparam", 96, GenericE, GenericE, 0},
	122: {"sched_setaffinity", 155, GenericE, GenericE, 0},
	123: {"sched_getaffinity", 156, GenericE, GenericE, 0},
	124: {"sched_yield", 99, GenericE, GenericE, 0},
	125: {"sched_get_priority_max", 100, GenericE, GenericE, 0},
	126: {"sched_get_priority_min", 101, GenericE, GenericE, 0},
	127: {"sched_rr_get_interval", 102, GenericE, GenericE, 0},
	128: {"restart_syscall", 1, GenericE, GenericE, 0},
	129: {"kill", 25, KillE, KillX, ScUsed},
	130: {"tkill", 153, TkillE, TkillX, ScUsed},
	131: {"tgkill", 179, TgkillE, TgkillX, ScUsed},
	132: {"sigaltstack", 317, GenericE, GenericE, 0},
	133: {"rt_sigsuspend", 112, GenericE, GenericE, 0},
	134: {"rt_sigaction", 107, GenericE, GenericE, 0},
	135: {"rt_sigprocmask", 108, GenericE, GenericE, 0},
	136: {"rt_sigpending", 109, GenericE, GenericE, 0},
	137: {"rt_sigtimedwait", 110, GenericE, GenericE, 0},
	138: {"rt_sigqueueinfo", 111, GenericE, GenericE, 0},
	139: {"rt_sigreturn", 298, GenericE, GenericE, 0},
	140: {"setpriority", 61, GenericE, GenericE, 0},
	141: {"getpriority", 60, GenericE, GenericE, 0},
	142: {"reboot", 54, GenericE, GenericE, 0},
	143: {"setregid", 124, SetregidE, SetregidX, ScUsed},
	144: {"setgid", 134, SetgidE, SetgidX, ScUsed},
	145: {"setreuid", 123, SetreuidE, SetreuidX, ScUsed},
	146: {"setuid", 133, SetuidE, SetuidX, ScUsed},
	147: {"setresuid", 128, SetresuidE, SetresuidX, ScUsed},
	148: {"getresuid", 129, GetresuidE, GetresuidX, ScUsed},
	149: {"setresgid", 130, SetresgidE, SetresgidX, ScUsed},
	150: {"getresgid", 131, GetresgidE, GetresgidX, ScUsed},
	151: {"setfsuid", 135, GenericE, GenericE, 0},
	152: {"setfsgid", 136, GenericE, GenericE, 0},
	153: {"times", 31, GenericE, GenericE, 0},
	154: {"setpgid", 36, SetpgidE, SetpgidX, ScUsed | ScAlwaysDrop},
	155: {"getpgid", 79, GenericE, GenericE, 0},
	156: {"getsid", 89, GenericE, GenericE, 0},
	157: {"setsid", 43, SetsidE, SetsidX, ScUsed},
	158: {"getgroups", 125, GenericE, GenericE, 0},
	159: {"setgroups", 126, GenericE, GenericE, 0},
	160: {"uname", 67, GenericE, GenericE, 0},
	161: {"sethostname", 44, GenericE, GenericE, 0},
	162: {"setdomainname", 73, GenericE, GenericE, 0},
	163: {"getrlimit", 117, GetrlimitE, GetrlimitX, ScUsed},
	164: {"setrlimit", 45, SetrlimitE, SetrlimitX, ScUsed | ScNeverDrop},
	165: {"getrusage", 46, GenericE, GenericE, 0},
	166: {"umask", 37, GenericE, GenericE, 0},
	167: {"prctl", 106, PrctlE, PrctlX, ScUsed | ScNeverDrop},
	168: {"getcpu", 217, GenericE, GenericE, 0},
	169: {"gettimeofday", 47, GenericE, GenericE, 0},
	170: {"settimeofday", 48, GenericE, GenericE, 0},
	171: {"adjtimex", 74, GenericE, GenericE, 0},
	172: {"getpid", 16, GenericE, GenericE, 0},
	173: {"getppid", 41, GenericE, GenericE, 0},
	174: {"getuid", 119, GetuidE, GetuidX, ScUsed},
	175: {"geteuid", 121, GeteuidE, GeteuidX, ScUsed},
	176: {"getgid", 120, GetgidE, GetgidX, ScUsed},
	177: {"getegid", 122, GetegidE, GetegidX, ScUsed},
	178: {"gettid", 140, GenericE, GenericE, 0},
	179: {"sysinfo", 71, GenericE, GenericE, 0},
	180: {"mq_open", 181, GenericE, GenericE, 0},
	181: {"mq_unlink", 182, GenericE, GenericE, 0},
	182: {"mq_timedsend", 183, GenericE, GenericE, 0},
	183: {"mq_timedreceive", 184, GenericE, GenericE, 0},
	184: {"mq_notify", 185, GenericE, GenericE, 0},
	185: {"mq_getsetattr", 186, GenericE, GenericE, 0},
	186: {"msgget", 264, GenericE, GenericE, 0},
	187: {"msgctl", 265, GenericE, GenericE, 0},
	188: {"msgrcv", 263, GenericE, GenericE, 0},
	189: {"msgsnd", 262, GenericE, GenericE, 0},
	190: {"semget", 260, SemgetE, SemgetX, ScUsed | ScAlwaysDrop},
	191: {"semctl", 261, SemctlE, SemctlX, ScUsed | ScAlwaysDrop},
	192: {"semtimedop", 371, GenericE, GenericE, 0},
	193: {"semop", 259, SemopE, SemopX, ScUsed | ScAlwaysDrop},
	194: {"shmget", 267, GenericE, GenericE, 0},
	195: {"shmctl", 268, GenericE, GenericE, 0},
	196: {"shmat", 297, GenericE, GenericE, 0},
	197: {"shmdt", 266, GenericE, GenericE, 0},
	198: {"socket", 241, SocketE, SocketX, ScUsed | ScNeverDrop},
	199: {"socketpair", 248, SocketpairE, SocketpairX, ScUsed | ScNeverDrop},
	200: {"bind", 242, BindE, BindX, ScUsed | ScNeverDrop},
	201: {"listen", 244, ListenE, ListenX, ScUsed},
	202: {"accept", 245, AcceptV5E, AcceptV5X, ScUsed},
	203: {"connect", 243, ConnectE, ConnectX, ScUsed},
	204: {"getsockname", 246, GetsocknameE, GetsocknameX, ScUsed | ScAlwaysDrop},
	205: {"getpeername", 247, GetpeernameE, GetpeernameX, ScUsed | ScAlwaysDrop},
	206: {"sendto", 249, SendtoE, SendtoX, ScUsed},
	207: {"recvfrom", 250, RecvfromE, RecvfromX, ScUsed},
	208: {"setsockopt", 252, SetsockoptE, SetsockoptX, ScUsed},
	209: {"getsockopt", 253, GetsockoptE, GetsockoptX, ScUsed},
	210: {"shutdown", 251, ShutdownE, ShutdownX, ScUsed},
	211: {"sendmsg", 254, SendmsgE, SendmsgX, ScUsed},
	212: {"recvmsg", 256, RecvmsgE, RecvmsgX, ScUsed},
	213: {"readahead", 373, GenericE, GenericE, 0},
	214: {"brk", 32, BrkV4E, BrkV4X, ScUsed | ScAlwaysDrop},
	215: {"munmap", 56, MunmapE, MunmapX, ScUsed | ScAlwaysDrop},
	216: {"mremap", 104, GenericE, GenericE, 0},
	217: {"add_key", 189, GenericE, GenericE, 0},
	218: {"request_key", 190, GenericE, GenericE, 0},
	219: {"keyctl", 191, KeyctlE, KeyctlX, ScUsed},
	220: {"clone", 327, CloneV20E, CloneV20X, ScUsed | ScNeverDrop},
	221: {"execve", 324, ExecveV19E, ExecveV19X, ScUsed | ScNeverDrop},
	222: {"mmap", 55, MmapE, MmapX, ScUsed},
	223: {"fadvise64", 319, GenericE, GenericE, 0},
	224: {"swapon", 53, GenericE, GenericE, 0},
	225: {"swapoff", 70, GenericE, GenericE, 0},
	226: {"mprotect", 75, MprotectE, MprotectX, ScUsed},
	227: {"msync", 86, GenericE, GenericE, 0},
	228: {"mlock", 91, MlockE, MlockX, ScUsed},
	229: {"munlock", 92, MunlockE, MunlockX, ScUsed},
	230: {"mlockall", 93, MlockallE, MlockallX, ScUsed},
	231: {"munlockall", 94, MunlockallE, MunlockallX, ScUsed},
	232: {"mincore", 138, GenericE, GenericE, 0},
	233: {"madvise", 139, GenericE, GenericE, 0},
	234: {"remap_file_pages", 168, GenericE, GenericE, 0},
	235: {"mbind", 363, GenericE, GenericE, 0},
	236: {"get_mempolicy", 387, GenericE, GenericE, 0},
	237: {"set_mempolicy", 368, GenericE, GenericE, 0},
	238: {"migrate_pages", 357, GenericE, GenericE, 0},
	239: {"move_pages", 358, GenericE, GenericE, 0},
	240: {"rt_tgsigqueueinfo", 233, GenericE, GenericE, 0},
	241: {"perf_event_open", 234, GenericE, GenericE, 0},
	242: {"accept4", 258, Accept4V6E, Accept4V6X, ScUsed},
	243: {"recvmmsg", 257, RecvmmsgE, RecvmmsgX, ScUsed},
	260: {"wait4", 69, GenericE, GenericE, 0},
	261: {"prlimit64", 236, PrlimitE, PrlimitX, ScUsed | ScNeverDrop},
	262: {"fanotify_init", 235, GenericE, GenericE, 0},
	263: {"fanotify_mark", 393, GenericE, GenericE, 0},
	264: {"name_to_handle_at", 376, GenericE, GenericE, 0},
	265: {"open_by_handle_at", 329, OpenByHandleAtE, OpenByHandleAtX, ScUsed},
	266: {"clock_adjtime", 237, GenericE, GenericE, 0},
	267: {"syncfs", 238, GenericE, GenericE, 0},
	268: {"setns", 239, SetnsE, SetnsX, ScUsed},
	269: {"sendmmsg", 255, SendmmsgE, SendmmsgX, ScUsed},
	270: {"process_vm_readv", 301, ProcessVmReadvE, ProcessVmReadvX, ScUsed},
	271: {"process_vm_writev", 302, ProcessVmWritevE, ProcessVmWritevX, ScUsed},
	272: {"kcmp", 361, GenericE, GenericE, 0},
	273: {"finit_module", 314, FinitModuleE, FinitModuleX, ScUsed},
	274: {"sched_setattr", 362, GenericE, GenericE, 0},
	275: {"sched_getattr", 383, GenericE, GenericE, 0},
	276: {"renameat2", 320, Renameat2E, Renameat2X, ScUsed},
	277: {"seccomp", 316, SeccompE, SeccompX, ScUsed},
	278: {"getrandom", 318, GenericE, GenericE, 0},
	279: {"memfd_create", 342, MemfdCreateE, MemfdCreateX, ScUsed},
	280: {"bpf", 315, BpfV2E, BpfV2X, ScUsed},
	281: {"execveat", 325, ExecveatE, ExecveatX, ScUsed | ScNeverDrop},
	282: {"userfaultfd", 321, UserfaultfdE, UserfaultfdX, ScUsed | ScNeverDrop},
	283: {"membarrier", 390, GenericE, GenericE, 0},
	284: {"mlock2", 333, Mlock2E, Mlock2X, ScUsed},
	285: {"copy_file_range", 326, CopyFileRangeE, CopyFileRangeX, ScUsed},
	286: {"preadv2", 359, GenericE, GenericE, 0},
	287: {"pwritev2", 360, GenericE, GenericE, 0},
	288: {"pkey_mprotect", 350, GenericE, GenericE, 0},
	289: {"pkey_alloc", 349, GenericE, GenericE, 0},
	290: {"pkey_free", 351, GenericE, GenericE, 0},
	291: {"statx", 367, GenericE, GenericE, 0},
	292: {"io_pgetevents", 369, GenericE, GenericE, 0},
	293: {"rseq", 380, GenericE, GenericE, 0},
	294: {"kexec_file_load", 345, GenericE, GenericE, 0},
	424: {"pidfd_send_signal", 348, GenericE, GenericE, 0},
	425: {"io_uring_setup", 330, IoUringSetupE, IoUringSetupX, ScUsed},
	426: {"io_uring_enter", 331, IoUringEnterE, IoUringEnterX, ScUsed},
	427: {"io_uring_register", 332, IoUringRegisterE, IoUringRegisterX, ScUsed},
	428: {"open_tree", 339, GenericE, GenericE, 0},
	429: {"move_mount", 340, GenericE, GenericE, 0},
	430: {"fsopen", 338, GenericE, GenericE, 0},
	431: {"fsconfig", 335, FsconfigE, FsconfigX, ScUsed},
	432: {"fsmount", 337, GenericE, GenericE, 0},
	433: {"fspick", 336, GenericE, GenericE, 0},
	434: {"pidfd_open", 347, PidfdOpenE, PidfdOpenX, ScUsed},
	435: {"clone3", 328, Clone3E, Clone3X, ScUsed | ScNeverDrop},
	436: {"close_range", 392, CloseRangeE, CloseRangeX, ScUsed | ScNeverDrop},
	437: {"openat2", 322, Openat2E, Openat2X, ScUsed},
	438: {"pidfd_getfd", 346, PidfdGetfdE, PidfdGetfdX, ScUsed},
	439: {"faccessat2", 384, GenericE, GenericE, 0},
	440: {"process_madvise", 389, GenericE, GenericE, 0},
	441: {"epoll_pwait2", 356, GenericE, GenericE, 0},
	442: {"mount_setattr", 341, GenericE, GenericE, 0},
	443: {"quotactl_fd", 353, GenericE, GenericE, 0},
	444: {"landlock_create_ruleset", 352, GenericE, GenericE, 0},
	445: {"landlock_add_rule", 355, GenericE, GenericE, 0},
	446: {"landlock_restrict_self", 354, GenericE, GenericE, 0},
	447: {"memfd_secret", 343, GenericE, GenericE, 0},
	448: {"process_mrelease", 377, GenericE, GenericE, 0},
	449: {"futex_waitv", 374, GenericE, GenericE, 0},
	450: {"set_mempolicy_home_node", 370, GenericE, GenericE, 0},
	451: {"cachestat", 412, GenericE, GenericE, 0},
	452: {"fchmodat2", 413, GenericE, GenericE, 0},
	453: {"map_shadow_stack", 414, GenericE, GenericE, 0},
	454: {"futex_wake", 417, GenericE, GenericE, 0},
	455: {"futex_wait", 419, GenericE, GenericE, 0},
	456: {"futex_requeue", 418, GenericE, GenericE, 0},
	457: {"statmount", 438, GenericE, GenericE, 0},
	458: {"listmount", 437, GenericE, GenericE, 0},
	459: {"lsm_get_self_attr", 439, GenericE, GenericE, 0},
	460: {"lsm_set_self_attr", 440, GenericE, GenericE, 0},
	461: {"lsm_list_modules", 441, GenericE, GenericE, 0},
	462: {"mseal", 442, GenericE, GenericE, 0},
	463: {"setxattrat", 447, GenericE, GenericE, 0},
	464: {"getxattrat", 446, GenericE, GenericE, 0},
	465: {"listxattrat", 445, GenericE, GenericE, 0},
	466: {"removexattrat", 444, GenericE, GenericE, 0},
	467: {"open_tree_attr", 448, GenericE, GenericE, 0},
	468: {"file_getattr", 449, GenericE, GenericE, 0},
	469: {"file_setattr", 450, GenericE, GenericE, 0},
	470: {"listns", 451, GenericE, GenericE, 0},
	471: {"rseq_slice_yield", 453, GenericE, GenericE, 0},
}

// ia32Numbers maps the 32-bit system call numbers of x86 to those of amd64; -1 where there is none.
var ia32Numbers = [...]int16{
	0:   219, // restart_syscall
	1:   60,  // exit
	2:   57,  // fork
	3:   0,   // read
	4:   1,   // write
	5:   2,   // open
	6:   3,   // close
	7:   -1,  //
	8:   85,  // creat
	9:   86,  // link
	10:  87,  // unlink
	11:  59,  // execve
	12:  80,  // chdir
	13:  201, // time
	14:  133, // mknod
	15:  90,  // chmod
	16:  94,  // lchown
	17:  -1,
	18:  -1,  //
	19:  8,   // lseek
	20:  39,  // getpid
	21:  165, // mount
	22:  166, // umount2
	23:  105, // setuid
	24:  102, // getuid
	25:  -1,  //
	26:  101, // ptrace
	27:  37,  // alarm
	28:  -1,  //
	29:  34,  // pause
	30:  132, // utime
	31:  -1,
	32:  -1,
	33:  21, // access
	34:  -1, //
	35:  -1,
	36:  162, // sync
	37:  62,  // kill
	38:  82,  // rename
	39:  83,  // mkdir
	40:  84,  // rmdir
	41:  32,  // dup
	42:  22,  // pipe
	43:  100, // times
	44:  -1,
	45:  12,  // brk
	46:  106, // setgid
	47:  104, // getgid
	48:  -1,  //
	49:  107, // geteuid
	50:  108, // getegid
	51:  163, // acct
	52:  166, // umount2
	53:  -1,
	54:  16, // ioctl
	55:  72, // fcntl
	56:  -1,
	57:  109, // setpgid
	58:  -1,
	59:  -1,  //
	60:  95,  // umask
	61:  161, // chroot
	62:  136, // ustat
	63:  33,  // dup2
	64:  110, // getppid
	65:  111, // getpgrp
	66:  112, // setsid
	67:  -1,  //
	68:  -1,  //
	69:  -1,  //
	70:  113, // setreuid
	71:  114, // setregid
	72:  -1,  //
	73:  -1,  //
	74:  170, // sethostname
	75:  160, // setrlimit
	76:  97,  // getrlimit
	77:  98,  // getrusage
	78:  96,  // gettimeofday
	79:  164, // settimeofday
	80:  115, // getgroups
	81:  116, // setgroups
	82:  23,  // select
	83:  88,  // symlink
	84:  -1,  //
	85:  89,  // readlink
	86:  -1,
	87:  167, // swapon
	88:  169, // reboot
	89:  -1,  //
	90:  9,   // mmap
	91:  11,  // munmap
	92:  76,  // truncate
	93:  77,  // ftruncate
	94:  91,  // fchmod
	95:  93,  // fchown
	96:  140, // getpriority
	97:  141, // setpriority
	98:  -1,
	99:  137, // statfs
	100: 138, // fstatfs
	101: 173, // ioperm
	102: -1,  //
	103: 103, // syslog
	104: 38,  // setitimer
	105: 36,  // getitimer
	106: 4,   // stat
	107: 6,   // lstat
	108: 5,   // fstat
	109: -1,  //
	110: 172, // iopl
	111: 153, // vhangup
	112: -1,
	113: -1,  //
	114: 61,  // wait4
	115: 168, // swapoff
	116: 99,  // sysinfo
	117: -1,  //
	118: 74,  // fsync
	119: -1,  //
	120: 56,  // clone
	121: 171, // setdomainname
	122: 63,  // uname
	123: 154, // modify_ldt
	124: 159, // adjtimex
	125: 10,  // mprotect
	126: -1,  //
	127: -1,
	128: 175, // init_module
	129: 176, // delete_module
	130: -1,
	131: 179, // quotactl
	132: 121, // getpgid
	133: 81,  // fchdir
	134: -1,
	135: 139, // sysfs
	136: 135, // personality
	137: -1,
	138: 122, // setfsuid
	139: 123, // setfsgid
	140: 8,   // lseek
	141: 78,  // getdents
	142: -1,  //
	143: 73,  // flock
	144: 26,  // msync
	145: 19,  // readv
	146: 20,  // writev
	147: 124, // getsid
	148: 75,  // fdatasync
	149: -1,
	150: 149, // mlock
	151: 150, // munlock
	152: 151, // mlockall
	153: 152, // munlockall
	154: 142, // sched_setparam
	155: 143, // sched_getparam
	156: 144, // sched_setscheduler
	157: 145, // sched_getscheduler
	158: 24,  // sched_yield
	159: 146, // sched_get_priority_max
	160: 147, // sched_get_priority_min
	161: 148, // sched_rr_get_interval
	162: 35,  // nanosleep
	163: 25,  // mremap
	164: 117, // setresuid
	165: 118, // getresuid
	166: -1,  //
	167: -1,
	168: 7, // poll
	169: -1,
	170: 119, // setresgid
	171: 120, // getresgid
	172: 157, // prctl
	173: 15,  // rt_sigreturn
	174: 13,  // rt_sigaction
	175: 14,  // rt_sigprocmask
	176: 127, // rt_sigpending
	177: 128, // rt_sigtimedwait
	178: 129, // rt_sigqueueinfo
	179: 130, // rt_sigsuspend
	180: 17,  // pread64
	181: 18,  // pwrite64
	182: 92,  // chown
	183: 79,  // getcwd
	184: 125, // capget
	185: 126, // capset
	186: 131, // sigaltstack
	187: 40,  // sendfile
	188: -1,
	189: -1,
	190: 58,  // vfork
	191: 97,  // getrlimit
	192: 9,   // mmap
	193: -1,  //
	194: -1,  //
	195: 4,   // stat
	196: 6,   // lstat
	197: 5,   // fstat
	198: -1,  //
	199: 102, // getuid
	200: 104, // getgid
	201: 107, // geteuid
	202: 108, // getegid
	203: -1,  //
	204: -1,  //
	205: -1,  //
	206: -1,  //
	207: -1,  //
	208: 117, // setresuid
	209: 118, // getresuid
	210: 119, // setresgid
	211: 120, // getresgid
	212: -1,  //
	213: 105, // setuid
	214: 106, // setgid
	215: -1,  //
	216: -1,  //
	217: 155, // pivot_root
	218: 27,  // mincore
	219: 28,  // madvise
	220: 217, // getdents64
	221: 72,  // fcntl
	222: -1,
	223: -1,
	224: 186, // gettid
	225: 187, // readahead
	226: 188, // setxattr
	227: 189, // lsetxattr
	228: 190, // fsetxattr
	229: 191, // getxattr
	230: 192, // lgetxattr
	231: 193, // fgetxattr
	232: 194, // listxattr
	233: 195, // llistxattr
	234: 196, // flistxattr
	235: 197, // removexattr
	236: 198, // lremovexattr
	237: 199, // fremovexattr
	238: 200, // tkill
	239: 40,  // sendfile
	240: 202, // futex
	241: 203, // sched_setaffinity
	242: 204, // sched_getaffinity
	243: 205, // set_thread_area
	244: 211, // get_thread_area
	245: 206, // io_setup
	246: 207, // io_destroy
	247: 208, // io_getevents
	248: 209, // io_submit
	249: 210, // io_cancel
	250: 221, // fadvise64
	251: -1,
	252: 231, // exit_group
	253: 212, // lookup_dcookie
	254: 213, // epoll_create
	255: 233, // epoll_ctl
	256: 232, // epoll_wait
	257: 216, // remap_file_pages
	258: 218, // set_tid_address
	259: 222, // timer_create
	260: 223, // timer_settime
	261: 224, // timer_gettime
	262: 225, // timer_getoverrun
	263: 226, // timer_delete
	264: 227, // clock_settime
	265: 228, // clock_gettime
	266: 229, // clock_getres
	267: 230, // clock_nanosleep
	268: -1,  //
	269: -1,  //
	270: 234, // tgkill
	271: 235, // utimes
	272: -1,  //
	273: -1,
	274: 237, // mbind
	275: 239, // get_mempolicy
	276: 238, // set_mempolicy
	277: 240, // mq_open
	278: 241, // mq_unlink
	279: 242, // mq_timedsend
	280: 243, // mq_timedreceive
	281: 244, // mq_notify
	282: 245, // mq_getsetattr
	283: 246, // kexec_load
	284: 247, // waitid
	285: -1,
	286: 248, // add_key
	287: 249, // request_key
	288: 250, // keyctl
	289: 251, // ioprio_set
	290: 252, // ioprio_get
	291: 253, // inotify_init
	292: 254, // inotify_add_watch
	293: 255, // inotify_rm_watch
	294: 256, // migrate_pages
	295: 257, // openat
	296: 258, // mkdirat
	297: 259, // mknodat
	298: 260, // fchownat
	299: 261, // futimesat
	300: -1,  //
	301: 263, // unlinkat
	302: 264, // renameat
	303: 265, // linkat
	304: 266, // symlinkat
	305: 267, // readlinkat
	306: 268, // fchmodat
	307: 269, // faccessat
	308: 270, // pselect6
	309: 271, // ppoll
	310: 272, // unshare
	311: 273, // set_robust_list
	312: 274, // get_robust_list
	313: 275, // splice
	314: 277, // sync_file_range
	315: 276, // tee
	316: 278, // vmsplice
	317: 279, // move_pages
	318: 309, // getcpu
	319: 281, // epoll_pwait
	320: 280, // utimensat
	321: 282, // signalfd
	322: 283, // timerfd_create
	323: 284, // eventfd
	324: 285, // fallocate
	325: 286, // timerfd_settime
	326: 287, // timerfd_gettime
	327: 289, // signalfd4
	328: 290, // eventfd2
	329: 291, // epoll_create1
	330: 292, // dup3
	331: 293, // pipe2
	332: 294, // inotify_init1
	333: 295, // preadv
	334: 296, // pwritev
	335: 297, // rt_tgsigqueueinfo
	336: 298, // perf_event_open
	337: 299, // recvmmsg
	338: 300, // fanotify_init
	339: 301, // fanotify_mark
	340: 302, // prlimit64
	341: 303, // name_to_handle_at
	342: 304, // open_by_handle_at
	343: 305, // clock_adjtime
	344: 306, // syncfs
	345: 307, // sendmmsg
	346: 308, // setns
	347: 310, // process_vm_readv
	348: 311, // process_vm_writev
	349: 312, // kcmp
	350: 313, // finit_module
	351: 314, // sched_setattr
	352: 315, // sched_getattr
	353: 316, // renameat2
	354: 317, // seccomp
	355: 318, // getrandom
	356: 319, // memfd_create
	357: 321, // bpf
	358: 322, // execveat
	359: 41,  // socket
	360: 53,  // socketpair
	361: 49,  // bind
	362: 42,  // connect
	363: 50,  // listen
	364: 288, // accept4
	365: 55,  // getsockopt
	366: 54,  // setsockopt
	367: 51,  // getsockname
	368: 52,  // getpeername
	369: 44,  // sendto
	370: 46,  // sendmsg
	371: 45,  // recvfrom
	372: 47,  // recvmsg
	373: 48,  // shutdown
	374: 323, // userfaultfd
	375: 324, // membarrier
	376: 325, // mlock2
	377: 326, // copy_file_range
	378: 327, // preadv2
	379: 328, // pwritev2
	380: 329, // pkey_mprotect
	381: 330, // pkey_alloc
	382: 331, // pkey_free
	383: 332, // statx
	384: 158, // arch_prctl
	385: 333, // io_pgetevents
	386: 334, // rseq
	387: -1,
	388: -1,
	389: -1,
	390: -1,
	391: -1,
	392: -1,
	393: 64, // semget
	394: 66, // semctl
	395: 29, // shmget
	396: 31, // shmctl
	397: 30, // shmat
	398: 67, // shmdt
	399: 68, // msgget
	400: 69, // msgsnd
	401: 70, // msgrcv
	402: 71, // msgctl
	403: -1, //
	404: -1, //
	405: -1, //
	406: -1, //
	407: -1, //
	408: -1, //
	409: -1, //
	410: -1, //
	411: -1, //
	412: -1, //
	413: -1, //
	414: -1, //
	415: -1,
	416: -1,  //
	417: -1,  //
	418: -1,  //
	419: -1,  //
	420: -1,  //
	421: -1,  //
	422: -1,  //
	423: -1,  //
	424: 424, // pidfd_send_signal
	425: 425, // io_uring_setup
	426: 426, // io_uring_enter
	427: 427, // io_uring_register
	428: 428, // open_tree
	429: 429, // move_mount
	430: 430, // fsopen
	431: 431, // fsconfig
	432: 432, // fsmount
	433: 433, // fspick
	434: 434, // pidfd_open
	435: 435, // clone3
	436: 436, // close_range
	437: 437, // openat2
	438: 438, // pidfd_getfd
	439: 439, // faccessat2
	440: 440, // process_madvise
	441: 441, // epoll_pwait2
	442: 442, // mount_setattr
	443: 443, // quotactl_fd
	444: 444, // landlock_create_ruleset
	445: 445, // landlock_add_rule
	446: 446, // landlock_restrict_self
	447: 447, // memfd_secret
	448: 448, // process_mrelease
	449: 449, // futex_waitv
	450: 450, // set_mempolicy_home_node
	451: 451, // cachestat
	452: 452, // fchmodat2
	453: 453, // map_shadow_stack
	454: 454, // futex_wake
	455: 455, // futex_wait
	456: 456, // futex_requeue
	457: 457, // statmount
	458: 458, // listmount
	459: 459, // lsm_get_self_attr
	460: 460, // lsm_set_self_attr
	461: 461, // lsm_list_modules
	462: 462, // mseal
	463: 463, // setxattrat
	464: 464, // getxattrat
	465: 465, // listxattrat
	466: 466, // removexattrat
	467: 467, // open_tree_attr
	468: 468, // file_getattr
	469: 469, // file_setattr
	470: 470, // listns
	471: 471, // rseq_slice_yield
}
