package scap

import "scry/capture/event"

// enterRow tells how to make the enter of a call from its exit, for sysdig 0.29.3, which knows no exits that carry everything.
type enterRow struct {
	proof uint8  // an exit with so many parameters has those of the enter: its recorder writes none; 0 for no such number
	from  []int8 // for each parameter of the enter the one of the exit, -1 for none; nil when the type has no enter to be made
}

// enterRows has the exits that 0.29.3 knows, but for those that no current recorder writes. Sorted by type; the comment has the
// parameters of the enter, "?" marks those that the exit does not have. Derived once from the project's converters.tsv (what libscap
// adds to old exits from their enters, read backwards) and, where that has no row, from parameters of the same name.
var enterRows = [firstNew]enterRow{
	1:   {2, []int8{0, 1}},             // syscall(ID, nativeID)
	3:   {0, []int8{1, 2, 3}},          // open(name, flags, mode)
	5:   {2, []int8{1}},                // close(fd)
	7:   {3, []int8{2, 3}},             // read(fd, size)
	9:   {3, []int8{2, 3}},             // write(fd, size)
	19:  {2, []int8{1, 2, 3}},          // socket(domain, type, proto)
	21:  {3, []int8{2}},                // bind(fd)
	23:  {3, []int8{2, 3}},             // connect(fd, addr)
	25:  {2, []int8{1, 2}},             // listen(fd, backlog)
	29:  {3, []int8{2, 3}},             // send(fd, size)
	31:  {3, []int8{2, 3, 4}},          // sendto(fd, size, tuple)
	33:  {3, []int8{2, 3}},             // recv(fd, size)
	35:  {4, []int8{3, 4}},             // recvfrom(fd, size)
	37:  {2, []int8{1, 2}},             // shutdown(fd, how)
	39:  {0, []int8{}},                 // getsockname()
	41:  {0, []int8{}},                 // getpeername()
	43:  {6, []int8{5, 6, 7}},          // socketpair(domain, type, proto)
	45:  {0, []int8{}},                 // setsockopt()
	47:  {0, []int8{}},                 // getsockopt()
	49:  {3, []int8{2, 3, 4}},          // sendmsg(fd, size, tuple)
	51:  {0, []int8{}},                 // sendmmsg()
	53:  {6, []int8{5}},                // recvmsg(fd)
	55:  {0, []int8{}},                 // recvmmsg()
	59:  {0, []int8{1, 2}},             // creat(name, mode)
	61:  {0, []int8{}},                 // pipe()
	63:  {2, []int8{1, 2}},             // eventfd(initval, flags)
	65:  {2, []int8{1, 2, 3}},          // futex(addr, op, val)
	67:  {0, []int8{}},                 // stat()
	69:  {0, []int8{}},                 // lstat()
	71:  {2, []int8{1}},                // fstat(fd)
	73:  {0, []int8{}},                 // stat64()
	75:  {0, []int8{}},                 // lstat64()
	77:  {0, []int8{-1}},               // fstat64(fd?)
	79:  {2, []int8{1}},                // epoll_wait(maxevents)
	81:  {3, []int8{1, 2}},             // poll(fds, timeout)
	83:  {0, []int8{}},                 // select()
	87:  {2, []int8{1, 2, 3}},          // lseek(fd, offset, whence)
	89:  {2, []int8{1, 2, 3}},          // llseek(fd, offset, whence)
	93:  {0, []int8{}},                 // getcwd()
	95:  {0, []int8{}},                 // chdir()
	97:  {2, []int8{1}},                // fchdir(fd)
	113: {3, []int8{2, 3, 4}},          // pread(fd, size, pos)
	115: {3, []int8{2, 3, 4}},          // pwrite(fd, size, pos)
	117: {4, []int8{3}},                // readv(fd)
	119: {3, []int8{2, 3}},             // writev(fd, size)
	121: {4, []int8{3, 4}},             // preadv(fd, pos)
	123: {3, []int8{2, 3, 4}},          // pwritev(fd, size, pos)
	127: {2, []int8{1, 2, 3}},          // signalfd(fd, mask, flags)
	129: {2, []int8{1, 2}},             // kill(pid, sig)
	131: {2, []int8{1, 2}},             // tkill(tid, sig)
	133: {2, []int8{1, 2, 3}},          // tgkill(pid, tid, sig)
	135: {2, []int8{1}},                // nanosleep(interval)
	137: {2, []int8{1, 2}},             // timerfd_create(clockid, flags)
	139: {2, []int8{1}},                // inotify_init(flags)
	141: {4, []int8{3}},                // getrlimit(resource)
	143: {4, []int8{3}},                // setrlimit(resource)
	145: {6, []int8{5, 6}},             // prlimit(pid, resource)
	151: {2, []int8{1, 2}},             // fcntl(fd, cmd)
	159: {5, []int8{4}},                // brk(addr)
	161: {5, []int8{4, 5, 6, 7, 8, 9}}, // mmap(addr, length, prot, flags, fd, offset)
	163: {5, []int8{4, 5, 6, 7, 8, 9}}, // mmap2(addr, length, prot, flags, fd, pgoffset)
	165: {5, []int8{4, 5}},             // munmap(addr, length)
	167: {2, []int8{1, 2, 3, 4}},       // splice(fd_in, fd_out, size, flags)
	169: {4, []int8{3, 4}},             // ptrace(request, pid)
	171: {2, []int8{1, 2, 3}},          // ioctl(fd, request, argument)
	175: {0, []int8{}},                 // rename()
	177: {0, []int8{}},                 // renameat()
	179: {0, []int8{}},                 // symlink()
	181: {0, []int8{}},                 // symlinkat()
	189: {3, []int8{2, 3, 1, 4}},       // sendfile(out_fd, in_fd, offset, size)
	191: {15, []int8{14, 15, 16, 17}},  // quotactl(cmd, type, id, quota_fmt)
	193: {2, []int8{1, 2, 3}},          // setresuid(ruid, euid, suid)
	195: {2, []int8{1, 2, 3}},          // setresgid(rgid, egid, sgid)
	199: {2, []int8{1}},                // setuid(uid)
	201: {2, []int8{1}},                // setgid(gid)
	203: {0, []int8{}},                 // getuid()
	205: {0, []int8{}},                 // geteuid()
	207: {0, []int8{}},                 // getgid()
	209: {0, []int8{}},                 // getegid()
	211: {0, []int8{}},                 // getresuid()
	213: {0, []int8{}},                 // getresgid()
	223: {0, []int8{}},                 // clone()
	225: {0, []int8{}},                 // fork()
	227: {0, []int8{}},                 // vfork()
	237: {2, []int8{1}},                // getdents(fd)
	239: {2, []int8{1}},                // getdents64(fd)
	241: {2, []int8{1, 2}},             // setns(fd, nstype)
	243: {2, []int8{1, 2}},             // flock(fd, operation)
	247: {0, []int8{}},                 // accept()
	251: {9, []int8{8}},                // semop(semid)
	253: {2, []int8{1, 2, 3, 4}},       // semctl(semid, semnum, cmd, val)
	255: {3, []int8{1, 2, 3}},          // ppoll(fds, timeout, sigmask)
	257: {5, []int8{4}},                // mount(flags)
	263: {2, []int8{1, 2, 3}},          // semget(key, nsems, semflg)
	265: {3, []int8{2}},                // access(mode)
	267: {0, []int8{}},                 // chroot()
	275: {0, []int8{}},                 // setsid()
	277: {3, []int8{2}},                // mkdir(mode)
	279: {0, []int8{}},                 // rmdir()
	285: {2, []int8{1}},                // unshare(flags)
	293: {31, []int8{30}},              // execve(filename)
	295: {2, []int8{1, 2}},             // setpgid(pid, pgid)
	299: {2, []int8{1}},                // seccomp(op)
	301: {0, []int8{}},                 // unlink()
	303: {0, []int8{}},                 // unlinkat()
	305: {0, []int8{}},                 // mkdirat()
	307: {0, []int8{1, 2, 3, 4}},       // openat(dirfd, name, flags, mode)
	309: {0, []int8{}},                 // link()
	311: {0, []int8{}},                 // linkat()
	313: {0, []int8{}},                 // fchmodat()
	315: {0, []int8{}},                 // chmod()
	317: {0, []int8{}},                 // fchmod()
	319: {0, []int8{}},                 // renameat2()
	321: {0, []int8{}},                 // userfaultfd()
	327: {0, []int8{1, 2, 3, 4, 5}},    // openat2(dirfd, name, flags, mode, resolve)
	329: {2, []int8{1, 2, 3}},          // mprotect(addr, length, prot)
	331: {0, []int8{-1, 27, -1}},       // execveat(dirfd?, pathname=exe_path, flags?)
	333: {4, []int8{3, 4, 5}},          // copy_file_range(fdin, offin, len)
	335: {0, []int8{}},                 // clone3()
}

// firstNew is the first type that 0.29.3 does not know.
const firstNew event.Type = 336

// remap tells as which older type an event of a newer one is written.
type remap struct {
	to    event.Type
	from  []int8 // for each parameter of the new record the one of the old, -1 for none
	enter []int8 // exits: the same for the parameters of the enter, to be made when there was none
}

// dynErrno as a parameter's number stands for parameter 0 with a byte before it that says whether it is a descriptor (0) or an
// error (1): what bpf returned in older records.
const dynErrno = -2

// remaps has the newer types for which 0.29.3 has an older one. Sorted by type.
var remaps = map[event.Type]remap{
	362: {to: 124, from: []int8{0}},                               // dup2 → dup
	363: {to: 125, from: []int8{0}, enter: []int8{1}},             //
	364: {to: 124, from: []int8{0}},                               // dup3 → dup
	365: {to: 125, from: []int8{0}, enter: []int8{1}},             //
	366: {to: 124, from: []int8{0}},                               // dup
	367: {to: 125, from: []int8{0}, enter: []int8{1}},             //
	368: {to: 296, from: []int8{0}},                               // bpf
	369: {to: 297, from: []int8{dynErrno}, enter: []int8{1}},      //
	386: {to: 258, from: []int8{-1}},                              // umount
	387: {to: 259, from: []int8{0, 1}, enter: []int8{-1}},         //
	388: {to: 248, from: []int8{0}},                               // accept4
	389: {to: 249, from: []int8{0, 1, 2, 3, 4}, enter: []int8{5}}, //
	390: {to: 258, from: []int8{0}},                               // umount2 → umount
	391: {to: 259, from: []int8{0, 1}, enter: []int8{2}},          //
	392: {to: 60, from: []int8{}},                                 // pipe2 → pipe
	393: {to: 61, from: []int8{0, 1, 2, 3}, enter: []int8{}},      //
	394: {to: 138, from: []int8{-1}},                              // inotify_init1 → inotify_init
	395: {to: 139, from: []int8{0}, enter: []int8{1}},             //
	396: {to: 62, from: []int8{0, -1}},                            // eventfd2 → eventfd
	397: {to: 63, from: []int8{0}, enter: []int8{2, 1}},           //
	398: {to: 126, from: []int8{0, 1, -1}},                        // signalfd4 → signalfd
	399: {to: 127, from: []int8{0}, enter: []int8{2, 3, 1}},       //
}
