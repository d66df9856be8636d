// The kernel's types, as far as the probe looks into them. CO-RE finds the fields in the running kernel by name, so each structure lists only
// what is read, in any order. Names behind ___ are other versions of the same structure.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s8 __s8;
typedef s16 __s16;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u64 __be64;
typedef u32 __wsum;
typedef u64 size_t_;
typedef _Bool bool;
enum { false, true };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, r10, r8, r9, bx, cx, bp, ax, orig_ax, ip, sp, cs;
};
#else
struct pt_regs {
	u64 regs[31];
	u64 sp, pc, pstate, orig_x0;
	s32 syscallno;
};
#endif

struct thread_info {
	unsigned long flags;
	u32 status;
};

typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { u64 val; } kernel_cap_t;
struct kernel_cap_struct___old { u32 cap[2]; };

struct list_head { struct list_head *next, *prev; };
struct qstr { u32 len; const u8 *name; };
struct super_block { u32 s_dev; unsigned long s_magic; };
struct timespec64 { s64 tv_sec; long tv_nsec; };
struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	u32 i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_rdev;
	s64 i_mtime_sec, i_ctime_sec; // since 6.11 (3aa63a569c64)
	u32 i_mtime_nsec, i_ctime_nsec;
};
struct inode___66 { struct timespec64 i_mtime, __i_mtime, __i_ctime; }; // 6.6 (13bc24457850), mtime 6.7
struct inode___old { struct timespec64 i_mtime, i_ctime; };
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned int d_flags;
};
struct vfsmount { struct dentry *mnt_root; };
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file {
	unsigned int f_mode, f_flags;
	void *private_data;
	const void *f_op;
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
struct fs_struct { struct path root, pwd; };
struct percpu_counter { s64 count; };
struct mm_rss_stat { atomic64_t count[4]; };
struct mm_struct {
	unsigned long total_vm, arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
	struct percpu_counter rss_stat[4]; // since 6.2 (f1a7941243c1)
};
struct mm_struct___old { struct mm_rss_stat rss_stat; };
struct cred {
	kuid_t uid, euid, suid;
	kgid_t gid, egid, sgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
};
struct pid_namespace;
struct upid { int nr; struct pid_namespace *ns; };
struct pid { unsigned int level; struct upid numbers[1]; };
struct pid_namespace { unsigned int level; struct task_struct *child_reaper; };
struct nsproxy { struct pid_namespace *pid_ns_for_children; };
struct tty_driver { int major, minor_start; };
struct tty_struct { int index; struct tty_driver *driver; };
struct rlimit { unsigned long rlim_cur, rlim_max; };
struct signal_struct {
	struct pid *pids[4];
	struct tty_struct *tty;
	struct rlimit rlim[16];
	unsigned int is_child_subreaper : 1;
	int group_exit_code;
};
struct kernfs_node {
	struct kernfs_node *__parent; // since 6.15 (633488947ef6)
	const char *name;
	u64 id;
};
struct kernfs_node___old { struct kernfs_node *parent; };
struct cgroup { struct kernfs_node *kn; };
struct cgroup_subsys { const char *name; };
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys *ss; };
struct css_set { struct cgroup_subsys_state *subsys[16]; struct cgroup *dfl_cgrp; };
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	void *stack;
	struct mm_struct *mm;
	int exit_code, exit_signal;
	s32 pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct list_head children, sibling, thread_node;
	struct pid *thread_pid;
	u64 start_time, start_boottime;
	unsigned long min_flt, maj_flt;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	struct css_set *cgroups;
};
struct task_struct___audit { struct audit_task_info *audit; };
struct linux_binprm { const char *filename; const char *fdpath; };

struct in6_addr_ { u8 b[16]; };
struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_dport, skc_num, skc_family;
	u8 skc_state;
	struct in6_addr_ skc_v6_daddr, skc_v6_rcv_saddr;
};
struct socket { s16 type; struct sock *sk; };
struct sock {
	struct sock_common __sk_common;
	u16 sk_type, sk_protocol;
	u32 sk_ack_backlog, sk_max_ack_backlog;
};
struct inet_sock { u32 inet_saddr; u16 inet_sport; };
struct unix_address { int len; struct { u16 sun_family; char sun_path[108]; } name[1]; };
struct unix_sock { struct unix_address *addr; struct sock *peer; };
struct kernel_siginfo { int si_signo, si_code; };

#pragma clang attribute pop

// Layouts that user space sees; no relocation.
struct iovec_ { u64 base, len; };
struct iovec32 { u32 base, len; };
struct msghdr_ { u64 name; u32 namelen, pad; u64 iov, iovlen, control, controllen; u32 flags, pad2; };
struct msghdr32 { u32 name, namelen, iov, iovlen, control, controllen, flags; };
struct timespec_ { s64 sec, nsec; };
struct timespec32 { s32 sec, nsec; };
struct pollfd_ { s32 fd; s16 events, revents; };
