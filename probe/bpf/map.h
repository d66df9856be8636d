// Flags and numbers of the kernel in the words of the scap format (capture/event/flags_table.go has their names).
#pragma once

#define MOVE(v, from, to) ((v) & (from) ? (to) : 0)

static __always_inline u32 map_open(u64 f)
{
	u32 r = 0;
	switch (f & 3) {
	case 0: r = 1; break;
	case 1: r = 2; break;
	case 2: r = 3; break;
	}
	r |= MOVE(f, 0x40, 4) | MOVE(f, 0x400, 8) | MOVE(f, 0x80, 0x20) | MOVE(f, 0x200, 0x100) | MOVE(f, 0x800, 0x40) | MOVE(f, 0x80000, 0x1000);
	if ((f & 0x101000) == 0x101000)
		r |= 0x80; // O_SYNC, which includes O_DSYNC
	else
		r |= MOVE(f, 0x1000, 0x10);
#if defined(__TARGET_ARCH_x86)
	r |= MOVE(f, 0x4000, 0x200) | MOVE(f, 0x10000, 0x400) | MOVE(f, 0x8000, 0x800);
	if ((f & 0x410000) == 0x410000)
		r |= 0x2000;
#else
	r |= MOVE(f, 0x10000, 0x200) | MOVE(f, 0x4000, 0x400) | MOVE(f, 0x20000, 0x800);
	if ((f & 0x404000) == 0x404000)
		r |= 0x2000;
#endif
	return r;
}

// map_open_mode: the mode counts only when a file may be made (O_CREAT or O_TMPFILE).
static __always_inline u32 map_open_mode(u64 flags, u64 mode) { return flags & 0x400040 ? mode & 07777 : 0; }

static __always_inline u32 map_mmap(u64 f)
{
	return MOVE(f, 1, 1) | MOVE(f, 2, 2) | MOVE(f, 0x10, 4) | MOVE(f, 0x20, 8) | MOVE(f, 0x40, 0x10) | MOVE(f, 0x4000, 0x40) | MOVE(f, 0x8000, 0x80) |
	       MOVE(f, 0x10000, 0x100) | MOVE(f, 0x100, 0x200) | MOVE(f, 0x800, 0x400) | MOVE(f, 0x1000, 0x800) | MOVE(f, 0x2000, 0x4000);
}

static __always_inline u32 map_clone(u64 f)
{
	return MOVE(f, 0x400, 1) | MOVE(f, 0x200, 2) | MOVE(f, 0x80000000, 4) | MOVE(f, 0x08000000, 8) | MOVE(f, 0x40000000, 0x10) | MOVE(f, 0x00020000, 0x20) |
	       MOVE(f, 0x20000000, 0x40) | MOVE(f, 0x04000000, 0x80) | MOVE(f, 0x8000, 0x100) | MOVE(f, 0x100000, 0x200) | MOVE(f, 0x2000, 0x400) |
	       MOVE(f, 0x800, 0x800) | MOVE(f, 0x40000, 0x1000) | MOVE(f, 0x10000, 0x2000) | MOVE(f, 0x800000, 0x4000) | MOVE(f, 0x100, 0x8000) |
	       MOVE(f, 0x10000000, 0x100000) | MOVE(f, 0x200000, 0x800000) | MOVE(f, 0x1000000, 0x1000000) | MOVE(f, 0x80000, 0x2000000) |
	       MOVE(f, 0x4000, 0x8000000) | MOVE(f, 0x02000000, 0x10000000);
}

static __always_inline u32 map_fcntl(u64 c)
{
	if (c <= 5)
		return c + 1; // DUPFD GETFD SETFD GETFL SETFL GETLK
	switch (c) {
	case 6: return 8;      // SETLK
	case 7: return 9;      // SETLKW
	case 8: return 0xa;    // SETOWN
	case 9: return 0xc;    // GETOWN
	case 10: return 0xd;   // SETSIG
	case 11: return 0xf;   // GETSIG
	case 12: return 0x11;  // GETLK64
	case 13: return 0x12;
	case 14: return 0x13;
	case 15: return 0x15;  // SETOWN_EX
	case 16: return 0x16;
	case 36: return 0x1e;  // OFD_GETLK
	case 37: return 0x1f;
	case 38: return 0x20;
	case 1024: return 0x17; // SETLEASE
	case 1025: return 0x18;
	case 1026: return 0x1b; // NOTIFY
	case 1029: return 0x19; // CANCELLK
	case 1030: return 0x1a; // DUPFD_CLOEXEC
	case 1031: return 0x1c; // SETPIPE_SZ
	case 1032: return 0x1d;
	}
	return 0;
}

static __always_inline u32 map_ptrace(u64 c)
{
	if (c < 10)
		return c == 9 ? 0xa : c + 1; // TRACEME PEEKTEXT PEEKDATA PEEKUSR POKETEXT POKEDATA POKEUSR CONT KILL SINGLESTEP
	switch (c) {
	case 12: return 0x1a; // GETREGS
	case 13: return 0x1b;
	case 14: return 0x1c; // GETFPREGS
	case 15: return 0x1d;
	case 16: return 0xb;  // ATTACH
	case 17: return 0xc;
	case 18: return 0x1e; // GETFPXREGS
	case 19: return 0x1f;
	case 21: return 0x20; // OLDSETOPTIONS
	case 24: return 0xd;  // SYSCALL
	case 25: return 0x21; // GET_THREAD_AREA
	case 26: return 0x22;
	case 30: return 0x23; // ARCH_PRCTL
	case 31: return 0x24; // SYSEMU
	case 32: return 0x25;
	case 33: return 0x26; // SINGLEBLOCK
	}
	if (c >= 0x4200 && c <= 0x420b)
		return c - 0x4200 + 0xe; // SETOPTIONS GETEVENTMSG GETSIGINFO SETSIGINFO GETREGSET SETREGSET SEIZE ...
	return 0;
}

static __always_inline u32 map_semctl(u64 c)
{
	switch (c & ~0x100ull) { // IPC_64
	case 0: return 4;      // RMID
	case 1: return 2;      // SET
	case 2: return 1;      // STAT
	case 3: return 8;      // INFO
	case 11: return 0x100; // GETPID
	case 12: return 0x200; // GETVAL
	case 13: return 0x40;  // GETALL
	case 14: return 0x80;  // GETNCNT
	case 15: return 0x400; // GETZCNT
	case 16: return 0x1000; // SETVAL
	case 17: return 0x800; // SETALL
	case 18: return 0x20;  // SEM_STAT
	case 19: return 0x10;  // SEM_INFO
	}
	return 0;
}

static __always_inline u32 map_resolve(u64 f)
{
	return MOVE(f, 1, 0x10) | MOVE(f, 2, 4) | MOVE(f, 4, 8) | MOVE(f, 8, 1) | MOVE(f, 0x10, 2) | MOVE(f, 0x20, 0x20);
}

static __always_inline u32 map_sockopt(u64 o)
{
	switch (o) { // asm-generic/socket.h; the format has numbers of its own behind ATTACH_BPF
	case 55: return 0x34; // MEMINFO
	case 57: return 0x35; // COOKIE
	case 59: return 0x33; // PEERGROUPS
	case 66: return 0x14; // RCVTIMEO_NEW
	case 67: return 0x15; // SNDTIMEO_NEW
	}
	return o <= 50 ? o : 0;
}

// overlay and creation marks of the flags of an opened file: F_CREATED, upper and lower layer.
static __always_inline u32 map_created(s32 fd, bool creat)
{
	struct file *f = file_of(fd);
	if (!f)
		return 0;
	int l = layer(BPF_CORE_READ(f, f_inode));
	if (creat)
		return l == 1 ? 1 : l == 2 ? 2 : 0;
	return (BPF_CORE_READ(f, f_mode) & 0x100000 ? 0x4000 : 0) | (l == 1 ? 0x8000 : l == 2 ? 0x10000 : 0);
}

static __always_inline u64 how_at(u64 how, u32 word)
{
	u64 v = 0;
	bpf_probe_read_user(&v, 8, (u64 *)how + word);
	return v;
}

static __always_inline u32 map_quota_cmd(u64 c)
{
	switch ((u32)c >> 8) {
	case 0x800001: return 0x80;
	case 0x800002: return 1;
	case 0x800003: return 2;
	case 0x800004: return 4;
	case 0x800005: return 8;
	case 0x800006: return 0x10;
	case 0x800007: return 0x20;
	case 0x800008: return 0x40;
	case 0x5801: return 0x100;
	case 0x5802: return 0x200;
	case 0x5803: return 0x400;
	case 0x5804: return 0x800;
	case 0x5805: return 0x1000;
	case 0x5806: return 0x2000;
	case 0x5807: return 0x4000;
	}
	return 0;
}

// map_value translates v; before is the argument before it, ret what the call returned. It is a function of its own, and global, so that the verifier
// looks at it once and not at every call.
__noinline u32 map_value(u64 v, u64 before, u64 ret, u32 map)
{
	switch (map) {
	case MAP_OPEN: return map_open(v);
	case MAP_OPEN_MODE: return map_open_mode(before, v);
	case MAP_CREATED: return map_open(v) | map_created(ret, false);
	case MAP_CREAT: return map_created(ret, true);
	case MAP_HOW_OPEN: return map_open(how_at(v, 0));
	case MAP_HOW_CREATED: return map_open(how_at(v, 0)) | map_created(ret, false);
	case MAP_HOW_MODE: return map_open_mode(how_at(v, 0), how_at(v, 1));
	case MAP_HOW_RESOLVE: return map_resolve(how_at(v, 2));
	case MAP_PROT: return (v & 0xf) | MOVE(v, 0x01000000, 0x10) | MOVE(v, 0x02000000, 0x20);
	case MAP_MMAP: return map_mmap(v);
	case MAP_FCNTL: return map_fcntl(v);
	case MAP_PTRACE: return map_ptrace(v);
	case MAP_RLIMIT: return (u32)v < 16 ? v : 0xff;
	case MAP_CHOWNAT: return MOVE(v, 0x100, 0x400) | (v & 0x1000);
	case MAP_EXECVEAT: return MOVE(v, 0x1000, 1) | MOVE(v, 0x100, 2);
	case MAP_SEMGET: return MOVE(v, 0x200, 0x2000) | MOVE(v, 0x400, 0x4000);
	case MAP_SEMCTL: return map_semctl(v);
	case MAP_PIDFD: return MOVE(v, 0x800, 1);
	case MAP_DELETE_MODULE: return MOVE(v, 0x800, 2) | MOVE(v, 0x200, 1);
	case MAP_EPOLL: return MOVE(v, 0x80000, 1);
	case MAP_URING: return (v & 3) | ((v & 0x7c) << 1);
	case MAP_MOUNT: return (v & 0xffff0000) == 0xc0ed0000 ? v & 0xffff : v;
	case MAP_SOCKET_FLAGS: return MOVE(v, 0x80000, 0x1000) | MOVE(v, 0x800, 0x40);
	case MAP_CLONE: return map_clone(v);
	case MAP_SOCKOPT_LEVEL: return v == 1 ? 1 : v == 6 ? 2 : 0;
	case MAP_SOCKOPT: return before == 1 ? map_sockopt(v) : 0;
	case MAP_QUOTA_CMD: return map_quota_cmd(v);
	case MAP_QUOTA_TYPE: return (v & 0xff) == 0 ? 1 : (v & 0xff) == 1 ? 2 : 0;
	case MAP_QUOTA_FMT: return v == 1 ? 2 : v == 2 ? 4 : v == 4 ? 8 : 1;
	case MAP_SEMVAL: return (before & ~0x100ull) == 16 ? v : 0; // only SETVAL has a number there
	case MAP_PIPE: return map_open(v) & ~3;
	}
	return 0;
}
