// Threads: what clone, exec and exit tell of them.
#pragma once

#define MAX_ARGS 8192  // bytes of arguments, and of environment
#define MAX_DEPTH 32   // components of a path
#define SCRATCH 0x11000 // free bytes behind a record, still inside the slack
#define PATH_SIZE 4096

// A path is built from its last component to its first, in the scratch; k->pos is where it begins.
static __always_inline void begin_path(struct rec *r)
{
	r->k->pos = PATH_SIZE - 1;
	r->p[SCRATCH + PATH_SIZE - 1] = 0;
}

// prepend puts "/name" before what is there.
static __always_inline void prepend(struct rec *r, const void *name, u32 len)
{
	struct control *k = r->k;
	u32 pos = k->pos & (PATH_SIZE - 1);
	len &= 255;
	if (pos < len + 2)
		return;
	pos = (pos - len) & (PATH_SIZE - 1);
	bpf_probe_read_kernel(r->p + SCRATCH + pos, len, name);
	pos = (pos - 1) & (PATH_SIZE - 1);
	r->p[SCRATCH + pos] = '/';
	k->pos = pos;
}

// end_path appends the path with its NUL to the record and returns its length.
static __always_inline u32 end_path(struct rec *r)
{
	u32 pos = r->k->pos & (PATH_SIZE - 1), n = (PATH_SIZE - pos) & (PATH_SIZE - 1);
	bpf_probe_read_kernel(at(r), n, r->p + SCRATCH + pos);
	r->k->off += n;
	return n;
}

static __always_inline void prepend_dentry(struct rec *r, struct dentry *d)
{
	prepend(r, BPF_CORE_READ(d, d_name.name), BPF_CORE_READ(d, d_name.len));
}

// put_path appends the path of a file, from the root of its mounts.
__noinline int put_path(u32 i, u64 file)
{
	struct rec rec, *r = &rec;
	struct dentry *d = BPF_CORE_READ((struct file *)file, f_path.dentry);
	struct mount *m = (void *)BPF_CORE_READ((struct file *)file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	if (!find(r))
		return 0;
	begin_path(r);
#pragma unroll
	for (u32 n = 0; n < MAX_DEPTH; n++) {
		struct dentry *root = BPF_CORE_READ(m, mnt.mnt_root), *up = BPF_CORE_READ(d, d_parent);
		if (d == root || d == up) {
			struct mount *parent = BPF_CORE_READ(m, mnt_parent);
			if (d != root || parent == m)
				break;
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = parent;
			continue;
		}
		prepend_dentry(r, d);
		d = up;
	}
	if (r->k->pos == PATH_SIZE - 1) // the root itself, or a file without a place (memfd): its name
		prepend_dentry(r, d);
	u32 n = end_path(r);
	r->k->off -= n;
	length(r, i, n);
	return 0;
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *n)
{
	struct kernfs_node___old *old = (void *)n;
	if (bpf_core_field_exists(old->parent))
		return BPF_CORE_READ(old, parent);
	return BPF_CORE_READ(n, __parent);
}

__noinline int append_cgroup(u64 cgroup)
{
	struct rec rec, *r = &rec;
	struct kernfs_node *n = BPF_CORE_READ((struct cgroup *)cgroup, kn);
	if (!find(r))
		return 0;
	begin_path(r);
#pragma unroll
	for (u32 d = 0; d < 12; d++) {
		struct kernfs_node *up = parent_of(n);
		if (!up)
			break;
		char one[128];
		long len = bpf_probe_read_kernel_str(one, sizeof(one), BPF_CORE_READ(n, name));
		prepend(r, one, len > 1 ? len - 1 : 0);
		n = up;
	}
	if (r->k->pos == PATH_SIZE - 1)
		prepend(r, 0, 0);
	end_path(r);
	return 0;
}

struct cgroup_root;
struct cgroup___root { struct cgroup_root *root; } __attribute__((preserve_access_index));

// prefixed tells the length of "name=" for the subsystems that libscap records, 0 for others.
static __always_inline u32 prefixed(u64 name)
{
	switch (name) {
	case 0x746573757063ull: return 7;   // cpuset
	case 0x757063ull: return 4;         // cpu
	case 0x74636361757063ull: return 8; // cpuacct
	case 0x6f69ull: return 3;           // io
	case 0x79726f6d656dull: return 7;   // memory
	}
	return 0;
}

// put_cgroups appends "subsystem=path" for some subsystems, each with a NUL behind it. Where a subsystem belongs to the unified hierarchy the path is
// that of the thread's own cgroup: a controller that is not enabled there would answer with the nearest parent. Where all of them have hierarchies of the
// first version, "unified=path" tells of the second: it may be all that tells of a container (systemd-nspawn, and docker with the systemd driver in it).
__noinline int put_cgroups(u32 i, u64 task)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	struct control *k = r->k;
	struct css_set *set = BPF_CORE_READ((struct task_struct *)task, cgroups);
	struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup_root *root = BPF_CORE_READ((struct cgroup___root *)unified, root);
	u32 begin = k->off;
	bool hybrid = true;
#pragma unroll
	for (u32 s = 0; s < 14; s++) {
		struct cgroup_subsys_state *css = 0;
		bpf_core_read(&css, sizeof(css), &set->subsys[s]);
		u64 name = 0;
		bpf_probe_read_kernel_str(&name, sizeof(name), BPF_CORE_READ(css, ss, name));
		u32 n = prefixed(name);
		if (n && k->off < 0xe000) {
			*(u64 *)at(r) = name;
			at(r)[n - 1] = '=';
			k->off += n;
			struct cgroup *c = BPF_CORE_READ(css, cgroup);
			bool second = BPF_CORE_READ((struct cgroup___root *)c, root) == root;
			append_cgroup((u64)(second ? unified : c));
			if (second)
				hybrid = false;
		}
	}
	if (hybrid && parent_of(BPF_CORE_READ(unified, kn))) {
		*(u64 *)at(r) = 0x3d64656966696e75ull; // "unified="
		k->off += 8;
		append_cgroup((u64)unified);
	}
	u32 n = k->off - begin;
	k->off = begin;
	length(r, i, n & 0xffff);
	return 0;
}

// level_pid is the number of a pid in the innermost namespace that it is in.
static __always_inline s64 level_pid(struct pid *p, bool inner)
{
	if (!p)
		return 0;
	u32 level = inner ? BPF_CORE_READ(p, level) & 31 : 0;
	int nr = 0;
	bpf_core_read(&nr, sizeof(nr), (u8 *)p + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid));
	return nr;
}

enum { PIDTYPE_TGID = 1, PIDTYPE_PGID = 2 };

static __always_inline struct pid *pid_of(struct task_struct *t, u32 type)
{
	struct pid *p = 0;
	struct signal_struct *s = BPF_CORE_READ(t, signal);
	bpf_core_read(&p, sizeof(p), &s->pids[type]);
	return p;
}

static __always_inline u32 tty_of(struct task_struct *t)
{
	struct tty_struct *y = BPF_CORE_READ(t, signal, tty);
	if (!y)
		return 0;
	u32 major = BPF_CORE_READ(y, driver, major), minor = BPF_CORE_READ(y, driver, minor_start) + BPF_CORE_READ(y, index);
	return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

static __always_inline u64 fd_limit(struct task_struct *t)
{
	u64 v = 0;
	struct signal_struct *s = BPF_CORE_READ(t, signal);
	bpf_core_read(&v, sizeof(v), &s->rlim[7].rlim_cur);
	return v;
}

// end_text ends the last of the texts that were cut: the byte at len - 1 behind the data so far.
static __always_inline void end_text(struct rec *r, u32 len)
{
	u64 last = (r->k->off & 0xffff) + len - 1;
	BOUND(last);
	r->p[last] = 0;
}

// put_args appends the argument vector that the memory at hand holds: exe, then the others.
static __always_inline void put_args(struct rec *r, u32 i, struct task_struct *t)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);
	u64 from = mm ? BPF_CORE_READ(mm, arg_start) : 0, to = mm ? BPF_CORE_READ(mm, arg_end) : 0;
	if (!from || to <= from) {
		length(r, i, 0);
		length(r, i + 1, 0);
		return;
	}
	long n = read_text(at(r), MAX_STRING, (void *)from);
	if (n <= 0 || n > MAX_STRING) {
		put_fault(r, i, true);
		length(r, i + 1, 0);
		return;
	}
	length(r, i, n);
	from += n;
	u32 len = to > from ? (to - from < MAX_ARGS ? to - from : MAX_ARGS) : 0;
	if (to > from && to - from > MAX_ARGS)
		r->k->flags |= PREFIX_CUT;
	if (len && !copy_user(r, r->k->off, (void *)from, len)) {
		put_fault(r, i + 1, false);
		return;
	}
	if (len)
		end_text(r, len);
	length(r, i + 1, len);
}

static __always_inline void put_env(struct rec *r, u32 i, struct task_struct *t)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);
	u64 from = BPF_CORE_READ(mm, env_start), to = BPF_CORE_READ(mm, env_end);
	u32 len = to > from ? (to - from < MAX_ARGS ? to - from : MAX_ARGS) : 0;
	if (to > from && to - from > MAX_ARGS)
		r->k->flags |= PREFIX_CUT;
	if (len && !copy_user(r, r->k->off, (void *)from, len)) {
		put_fault(r, i, false);
		return;
	}
	if (len)
		end_text(r, len);
	length(r, i, len);
}

#define MAX_POINTERS 32

// put_pointers appends the texts that an argv or envp of the process points to: those of an exec that failed.
__noinline int put_pointers(u32 i, u64 list, u32 narrow)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	struct control *k = r->k;
	u32 begin = k->off;
#pragma unroll
	for (u32 a = 0; a <= MAX_POINTERS; a++) {
		u64 p = 0;
		if (list && bpf_probe_read_user(&p, narrow ? 4 : 8, (void *)list + a * (narrow ? 4 : 8)))
			k->faults |= 1u << (i & 31);
		if (!p)
			break;
		if (k->off - begin > MAX_ARGS || a == MAX_POINTERS) {
			k->flags |= PREFIX_CUT;
			break;
		}
		long len = read_text(at(r), MAX_STRING, (void *)p);
		if (len <= 0 || len > MAX_STRING) {
			k->faults |= 1u << (i & 31);
			break;
		}
		k->off += len;
	}
	u32 n = k->off - begin;
	k->off = begin;
	length(r, i, n & 0x3fff);
	return 0;
}

// put_identity appends parameters 3 to 12 that clone and exec share: tid pid ptid cwd fdlimit faults memory.
__noinline int put_identity(u64 task)
{
	struct rec rec, *r = &rec;
	struct task_struct *t = (struct task_struct *)task;
	if (!find(r))
		return 0;
	put(r, 3, (s64)BPF_CORE_READ(t, pid), 8);
	put(r, 4, (s64)BPF_CORE_READ(t, tgid), 8);
	put(r, 5, (s64)BPF_CORE_READ(t, real_parent, tgid), 8);
	length(r, 6, 0); // cwd: the state follows it
	put(r, 7, fd_limit(t), 8);
	put(r, 8, BPF_CORE_READ(t, maj_flt), 8);
	put(r, 9, BPF_CORE_READ(t, min_flt), 8);
	put(r, 10, memory_of(t, 0), 4);
	put(r, 11, memory_of(t, 1), 4);
	put(r, 12, memory_of(t, 2), 4);
	put_kernel_string(r, 13, &t->comm, 16);
	put_cgroups(14, (u64)t);
	return 0;
}

static __always_inline u64 cgroup_id(struct task_struct *t) { return BPF_CORE_READ(t, cgroups, dfl_cgrp, kn, id); }

// put_times appends when a file was made and changed, ns since the epoch. The fields have moved twice: see kernel.h.
static __always_inline void put_times(struct rec *r, u32 i, struct inode *n)
{
	struct inode___66 *mid = (void *)n;
	struct inode___old *old = (void *)n;
	struct timespec64 c = {}, m = {};
	if (bpf_core_field_exists(n->i_ctime_sec)) {
		c.tv_sec = BPF_CORE_READ(n, i_ctime_sec);
		c.tv_nsec = BPF_CORE_READ(n, i_ctime_nsec) & ~(1u << 31); // I_CTIME_QUERIED since 6.13 (4e40eff0b573)
		m.tv_sec = BPF_CORE_READ(n, i_mtime_sec);
		m.tv_nsec = BPF_CORE_READ(n, i_mtime_nsec);
	} else if (bpf_core_field_exists(mid->__i_ctime)) {
		bpf_core_read(&c, sizeof(c), &mid->__i_ctime);
		if (bpf_core_field_exists(mid->__i_mtime))
			bpf_core_read(&m, sizeof(m), &mid->__i_mtime);
		else
			bpf_core_read(&m, sizeof(m), &mid->i_mtime);
	} else {
		bpf_core_read(&c, sizeof(c), &old->i_ctime);
		bpf_core_read(&m, sizeof(m), &old->i_mtime);
	}
	put(r, i, c.tv_sec * 1000000000ull + c.tv_nsec, 8);
	put(r, i + 1, m.tv_sec * 1000000000ull + m.tv_nsec, 8);
}

#define CAP_DAC_OVERRIDE 1
#define S_IMMUTABLE 8

// exec_flags: may the file that runs be written by the user who runs it, and where does it lie.
static __always_inline u32 exec_flags(struct task_struct *t, struct file *f)
{
	struct inode *n = BPF_CORE_READ(f, f_inode);
	const struct cred *c = BPF_CORE_READ(t, cred);
	u32 mode = BPF_CORE_READ(n, i_mode), r = 0;
	int l = layer(n);
	bool may = mode & 0002;
	if (BPF_CORE_READ(n, i_uid.val) == BPF_CORE_READ(c, euid.val))
		may = mode & 0200;
	else if (BPF_CORE_READ(n, i_gid.val) == BPF_CORE_READ(c, egid.val))
		may = mode & 0020;
	if (caps_of(c, 2) & (1 << CAP_DAC_OVERRIDE))
		may = true;
	if (may && !(BPF_CORE_READ(n, i_flags) & S_IMMUTABLE))
		r |= 1;
	char name[8] = {};
	bpf_probe_read_kernel_str(name, 7, BPF_CORE_READ(f, f_path.dentry, d_name.name));
	if (*(u64 *)name == 0x3a64666d656dull) // "memfd:"
		r |= 4;
	return r | (l == 1 ? 2 : l == 2 ? 8 : 0);
}

static __always_inline u32 loginuid_of(struct task_struct *t)
{
	return bpf_core_field_exists(t->loginuid) ? BPF_CORE_READ(t, loginuid.val) : ~0u;
}

// put_program appends parameters 15 to 29 of an exec: what the thread is now.
__noinline int put_program(u64 task)
{
	struct rec rec, *r = &rec;
	struct task_struct *t = (struct task_struct *)task;
	if (!find(r))
		return 0;
	const struct cred *c = BPF_CORE_READ(t, cred);
	struct file *f = BPF_CORE_READ(t, mm, exe_file);
	struct inode *n = BPF_CORE_READ(f, f_inode);
	put(r, 16, tty_of(t), 4);
	put(r, 17, level_pid(pid_of(t, PIDTYPE_PGID), true), 8);
	put(r, 18, loginuid_of(t), 4);
	put(r, 19, exec_flags(t, f), 4);
	put(r, 20, caps_of(c, 0), 8);
	put(r, 21, caps_of(c, 1), 8);
	put(r, 22, caps_of(c, 2), 8);
	put(r, 23, BPF_CORE_READ(n, i_ino), 8);
	put_times(r, 24, n);
	put(r, 26, BPF_CORE_READ(c, euid.val), 4);
	put_path(27, (u64)f);
	put(r, 28, level_pid(pid_of(t, PIDTYPE_PGID), false), 8);
	put(r, 29, BPF_CORE_READ(c, egid.val), 4);
	return 0;
}

static __always_inline struct task_struct *init_of(struct pid *p)
{
	struct pid_namespace *ns = 0;
	u32 level = BPF_CORE_READ(p, level) & 31;
	bpf_core_read(&ns, sizeof(ns),
		      (u8 *)p + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
	return ns ? BPF_CORE_READ(ns, child_reaper) : 0;
}

// init_start is when the first process of the namespace began, ns since boot.
static __always_inline u64 init_start(struct pid *p)
{
	struct task_struct *init = init_of(p);
	return init ? BPF_CORE_READ(init, start_boottime) : 0;
}

// reaper is who becomes the parent of the children of t: a living thread of its group, the nearest subreaper, or the first process of its
// namespace; 0 when it has no children (kernel/exit.c, find_new_reaper).
static __always_inline s64 reaper(struct task_struct *t)
{
	if (BPF_CORE_READ(t, children.next) == &t->children)
		return 0;
	struct task_struct *leader = BPF_CORE_READ(t, group_leader);
	if (leader != t && !(BPF_CORE_READ(leader, flags) & 4)) // PF_EXITING
		return BPF_CORE_READ(leader, pid);
	struct task_struct *init = init_of(BPF_CORE_READ(t, thread_pid)), *up = BPF_CORE_READ(t, real_parent);
	for (u32 n = 0; n < 32 && up && up != init; n++) {
		struct signal_struct *s = BPF_CORE_READ(up, signal);
		if (BPF_CORE_READ_BITFIELD_PROBED(s, is_child_subreaper) && !(BPF_CORE_READ(up, flags) & 4))
			return BPF_CORE_READ(up, pid);
		struct task_struct *next = BPF_CORE_READ(up, real_parent);
		if (next == up)
			break;
		up = next;
	}
	return BPF_CORE_READ(init, pid);
}
