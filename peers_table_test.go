package main

const peerSnaplen = 200

// peerArgs says what is compared of each call: "parameter=kind:argument". See straced.at for the argument and compareArg for the kind.
var peerArgs = map[string]string{
	"read":            "fd=0 data=vec:1 size=2",
	"write":           "fd=0 data=vec:1 size=2",
	"pread64":         "fd=0 data=vec:1 size=2 pos=3",
	"pwrite64":        "fd=0 data=vec:1 size=2 pos=3",
	"readv":           "fd=0 data=vec:1",
	"writev":          "fd=0 data=vec:1",
	"preadv":          "fd=0 data=vec:1 pos=3",
	"pwritev":         "fd=0 data=vec:1 pos=3",
	"open":            "name=0 flags=1 mode=num:2",
	"openat":          "dirfd=0 name=1 flags=2 mode=num:3",
	"openat2":         "dirfd=0 name=1 flags=2.flags mode=num:2.mode resolve=2.resolve",
	"creat":           "name=0 mode=num:1",
	"close":           "fd=0",
	"close_range":     "first=0 last=1 flags=2",
	"stat":            "path=0",
	"lstat":           "path=0",
	"fstat":           "fd=0",
	"newfstatat":      "dirfd=0 path=1 flags=3",
	"access":          "name=0 mode=1",
	"lseek":           "fd=0 offset=1 whence=2",
	"mmap":            "addr=0 length=1 prot=2 flags=3 fd=low:4 offset=5",
	"mprotect":        "addr=0 length=1 prot=2",
	"munmap":          "addr=0 length=1",
	"brk":             "addr=0",
	"mlock":           "addr=0 len=1",
	"munlock":         "addr=0 len=1",
	"mlock2":          "addr=0 len=1 flags=2",
	"mlockall":        "flags=0",
	"memfd_create":    "name=0 flags=1",
	"ioctl":           "fd=0 request=num:1 argument=num:2",
	"fcntl":           "fd=0 cmd=1 arg=num:2",
	"flock":           "fd=0 operation=1",
	"dup":             "oldfd=0",
	"dup2":            "oldfd=0 newfd=1",
	"dup3":            "oldfd=0 newfd=1 flags=2",
	"pipe":            "fd1=0[0] fd2=0[1]",
	"pipe2":           "fd1=0[0] fd2=0[1] flags=1",
	"getdents":        "fd=0",
	"getdents64":      "fd=0",
	"getcwd":          "path=0",
	"chdir":           "path=0",
	"fchdir":          "fd=0",
	"chroot":          "path=0",
	"mkdir":           "path=0 mode=num:1",
	"mkdirat":         "dirfd=0 path=1 mode=num:2",
	"rmdir":           "path=0",
	"rename":          "oldpath=0 newpath=1",
	"renameat":        "olddirfd=0 oldpath=1 newdirfd=2 newpath=3",
	"renameat2":       "olddirfd=0 oldpath=1 newdirfd=2 newpath=3 flags=4",
	"link":            "oldpath=0 newpath=1",
	"linkat":          "olddir=0 oldpath=1 newdir=2 newpath=3 flags=4",
	"symlink":         "target=0 linkpath=1",
	"symlinkat":       "target=0 linkdirfd=1 linkpath=2",
	"unlink":          "path=0",
	"unlinkat":        "dirfd=0 name=1 flags=2",
	"mknod":           "path=0 mode=num:1 dev=num:2",
	"mknodat":         "dirfd=0 path=1 mode=num:2 dev=num:3",
	"chmod":           "filename=0 mode=num:1",
	"fchmod":          "fd=0 mode=num:1",
	"fchmodat":        "dirfd=0 filename=1 mode=num:2",
	"chown":           "path=0 uid=low:1 gid=low:2",
	"fchown":          "fd=0 uid=low:1 gid=low:2",
	"lchown":          "path=0 uid=low:1 gid=low:2",
	"fchownat":        "dirfd=0 pathname=1 uid=low:2 gid=low:3 flags=4",
	"mount":           "dev=0 dir=1 type=2 flags=3",
	"umount2":         "name=0 flags=1",
	"execve":          "filename=0 exe=exe:1 args=argv:1 env=env:2",
	"clone":           "flags=.flags",
	"clone3":          "flags=0.flags",
	"kill":            "pid=0 sig=1",
	"tkill":           "tid=0 sig=1",
	"tgkill":          "pid=0 tid=1 sig=2",
	"futex":           "addr=0 op=1 val=2",
	"socket":          "domain=0 type=num:1 proto=num:2",
	"socketpair":      "domain=0 type=num:1 proto=num:2 fd1=3[0] fd2=3[1]",
	"bind":            "fd=0 addr=addr:1",
	"connect":         "fd=0 addr=addr:1 tuple=peer:1",
	"listen":          "fd=0 backlog=1",
	"accept":          "tuple=from:1",
	"accept4":         "tuple=from:1 flags=num:3",
	"shutdown":        "fd=0 how=1",
	"sendto":          "fd=0 data=vec:1 size=2 tuple=peer:4",
	"recvfrom":        "fd=0 data=vec:1 size=2 tuple=from:4",
	"sendmsg":         "fd=0 data=vec:1.msg_iov tuple=peer:1.msg_name",
	"recvmsg":         "fd=0 data=vec:1.msg_iov tuple=from:1.msg_name",
	"setsockopt":      "fd=0 level=1 optname=opt:2 val=val:3[0] optlen=4",
	"getsockopt":      "fd=0 level=1 optname=opt:2 val=val:3[0] optlen=4[0]",
	"poll":            "fds=poll:0 timeout=2",
	"ppoll":           "fds=poll:0 timeout=time:2",
	"epoll_wait":      "maxevents=2",
	"epoll_create":    "size=0",
	"epoll_create1":   "flags=0",
	"eventfd":         "initval=0",
	"eventfd2":        "initval=0 flags=1",
	"timerfd_create":  "clockid=num:0",
	"signalfd4":       "fd=low:0 flags=3",
	"inotify_init1":   "flags=0",
	"sendfile":        "out_fd=0 in_fd=1 size=3",
	"splice":          "fd_in=0 fd_out=2 size=4 flags=5",
	"copy_file_range": "fdin=0 fdout=2 len=4",
	"nanosleep":       "interval=time:0",
	"getrlimit":       "resource=0 cur=1.rlim_cur max=1.rlim_max",
	"setrlimit":       "resource=0 cur=1.rlim_cur max=1.rlim_max",
	"prlimit64":       "pid=0 resource=1 newcur=2.rlim_cur newmax=2.rlim_max oldcur=3.rlim_cur oldmax=3.rlim_max",
	"prctl":           "option=0 arg2_str=text:1 arg2_int=num:1",
	"setpgid":         "pid=0 pgid=1",
	"setuid":          "uid=low:0",
	"setgid":          "gid=low:0",
	"setreuid":        "ruid=low:0 euid=low:1",
	"setregid":        "rgid=low:0 egid=low:1",
	"setresuid":       "ruid=low:0 euid=low:1 suid=low:2",
	"setresgid":       "rgid=low:0 egid=low:1 sgid=low:2",
	"getresuid":       "ruid=0[0] euid=1[0] suid=2[0]",
	"getresgid":       "rgid=0[0] egid=1[0] sgid=2[0]",
	"pidfd_open":      "pid=0 flags=1",
	"pidfd_getfd":     "pid_fd=0 target_fd=1 flags=2",
	"finit_module":    "fd=0 uargs=1 flags=2",
	"delete_module":   "name=0 flags=1",
	"seccomp":         "op=num:0 flags=num:1",
	"bpf":             "cmd=0",
	"unshare":         "flags=0",
	"setns":           "fd=0 nstype=1",
	"userfaultfd":     "flags=0",
}

// What strace and scry show differently, by convention of the format that scry writes.

// ourNames: a call that the schema names otherwise.
var ourNames = map[string]string{"pread64": "pread", "pwrite64": "pwrite", "prlimit64": "prlimit"}

// resultNames: events whose result is not called res.
var resultNames = map[string]string{
	"open": "fd", "openat": "fd", "openat2": "fd", "creat": "fd", "socket": "fd", "accept": "fd", "accept4": "fd", "memfd_create": "fd",
	"pidfd_open": "fd", "pidfd_getfd": "fd", "bpf": "fd", "open_by_handle_at": "fd",
	"getuid": "uid", "geteuid": "euid", "getgid": "gid", "getegid": "egid",
}

// noErrorName: the result is a process id, whatever it is.
var noErrorName = map[string]bool{"setsid": true, "clone": true, "clone3": true, "fork": true, "vfork": true}

// noEnter: the schema has only an exit.
var noEnter = map[string]bool{"close_range": true, "keyctl": true}

// noExit: the kernel does not tell which call it was when it returns to what a signal had interrupted (it sets orig_ax to -1).
const noExit = "rt_sigreturn"

// ourFlags: a flag that the schema names otherwise, or "" when it does not name it.
var ourFlags = map[string]string{
	"AF_UNIX":       "AF_LOCAL",
	"SIGCHLD":       "", // the signal in the flags of clone
	"FUTEX_WAIT":    "", // 0
	"EFD_SEMAPHORE": "", "O_NOFOLLOW": "", "O_NOCTTY": "", "O_PATH": "", "O_NOATIME": "", "MAP_STACK": "",
}

// ourPrefixes: families of flags that the schema names otherwise.
var ourPrefixes = []struct{ theirs, ours string }{
	{"MS_", ""}, {"MNT_", ""}, {"EFD_", "O_"}, {"SFD_", "O_"}, {"IN_", "O_"},
}

// ownFlags: what scry adds to flags.
var ownFlags = []string{
	"O_NONE",                           // of calls without an access mode
	"O_F_CREATED",                      // the call created the file
	"FD_UPPER_LAYER", "FD_LOWER_LAYER", // where on an overlay it lies
}

// pollBits: how the records number the events of poll.
var pollBits = []string{
	"POLLIN", "POLLPRI", "POLLOUT", "POLLRDHUP", "POLLERR", "POLLHUP", "POLLNVAL", "POLLRDNORM", "POLLRDBAND", "POLLWRNORM", "POLLWRBAND",
}
