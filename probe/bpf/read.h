// Looking into the kernel and into the process at hand.
#pragma once

// FIELD reads a field of a task: directly where the kernel lets us (5.11 and later), with a helper elsewhere.
#define FIELD(t, f) (has_task_btf ? (t)->f : BPF_CORE_READ(t, f))

static __always_inline struct task_struct *me(void)
{
	return has_task_btf ? bpf_get_current_task_btf() : (struct task_struct *)bpf_get_current_task();
}

static __always_inline u64 now(void) { return boot_time + bpf_ktime_get_boot_ns(); }

static __always_inline bool compat(struct task_struct *t)
{
#if defined(__TARGET_ARCH_x86)
	return FIELD(t, thread_info.status) & 2; // TS_COMPAT: the call came through the 32-bit gate
#else
	return FIELD(t, thread_info.flags) & (1 << 22); // TIF_32BIT
#endif
}

// find_file is the open file behind a descriptor of the process, 0 when there is none.
static __always_inline struct file *find_file(s32 fd)
{
	struct file **files = 0, *f = 0;
	u32 max = 0;
	if (has_task_btf) {
		struct files_struct *s = bpf_get_current_task_btf()->files;
		struct fdtable *t = s ? s->fdt : 0;
		if (t) {
			max = t->max_fds;
			files = t->fd;
		}
	} else {
		struct fdtable *t = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), files, fdt);
		max = BPF_CORE_READ(t, max_fds);
		files = BPF_CORE_READ(t, fd);
	}
	if (fd < 0 || fd >= max)
		return 0;
	bpf_probe_read_kernel(&f, sizeof(f), files + fd);
	return f;
}

// file is find_file as a function of its own: walking from the current task costs the verifier a search in all types of the kernel each time.
__noinline u64 file(s32 fd) { return (u64)find_file(fd); }

static __always_inline struct file *file_of(s32 fd) { return (struct file *)file(fd); }

// dev_number is the device as stat(2) has it: minor low byte, major, rest of the minor.
static __always_inline u32 dev_number(u32 dev)
{
	u32 major = dev >> 20, minor = dev & 0xfffff;
	return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

// opened is what a record says of the file that a call opened.
struct opened { u64 ino; u32 dev, created, layer; };

#define OVERLAYFS 0x794c7630

// layer tells on which layer of an overlay a file lies: 0 not on one, 1 the upper, 2 the lower. The pointer to the dentry in the upper
// layer follows the inode in struct ovl_inode (fs/overlayfs/ovl_entry.h); that structure is in a module, so its offset is computed.
static __always_inline int layer(struct inode *i)
{
	if (BPF_CORE_READ(i, i_sb, s_magic) != OVERLAYFS)
		return 0;
	struct dentry *upper = 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (u8 *)i + bpf_core_type_size(struct inode));
	return upper && BPF_CORE_READ(upper, d_inode) ? 1 : 2;
}

// look_at fills in what is known of descriptor fd: each fact is read once.
static __always_inline void look_at(struct opened *o, s32 fd)
{
	struct file *f = file_of(fd);
	if (!f)
		return;
	o->created = BPF_CORE_READ(f, f_mode) >> 20 & 1; // FMODE_CREATED
	struct inode *i = BPF_CORE_READ(f, f_inode);
	struct super_block *sb = BPF_CORE_READ(i, i_sb);
	o->ino = BPF_CORE_READ(i, i_ino);
	o->dev = dev_number(BPF_CORE_READ(sb, s_dev));
	if (BPF_CORE_READ(sb, s_magic) == OVERLAYFS)
		o->layer = layer(i);
}

static __always_inline s64 resident(struct mm_struct *mm, u32 which)
{
	struct mm_struct___old *old = (void *)mm;
	s64 n = 0;
	if (bpf_core_field_exists(old->rss_stat.count))
		n = BPF_CORE_READ(old, rss_stat.count[which].counter);
	else
		bpf_core_read(&n, sizeof(n), // the size of an element is the kernel's
			      (u8 *)mm + bpf_core_field_offset(struct mm_struct, rss_stat) + which * bpf_core_type_size(struct percpu_counter) +
				      bpf_core_field_offset(struct percpu_counter, count));
	return n > 0 ? n : 0;
}

enum { MM_FILE, MM_ANON, MM_SWAP, MM_SHMEM };

// memory_of the process in kB: size, resident, swapped. Pages are 4 kB on every kernel that we have met.
static __always_inline u32 memory_of(struct task_struct *t, u32 what)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);
	if (!mm)
		return 0;
	u64 pages = 0;
	if (what == 0)
		pages = BPF_CORE_READ(mm, total_vm);
	else if (what == 1)
		pages = resident(mm, MM_FILE) + resident(mm, MM_ANON) + resident(mm, MM_SHMEM);
	else
		pages = resident(mm, MM_SWAP);
	return pages * 4;
}

static __always_inline u64 caps_of(const struct cred *c, u32 which)
{
	u64 v = 0;
	if (which == 0)
		bpf_core_read(&v, sizeof(v), &c->cap_inheritable);
	else if (which == 1)
		bpf_core_read(&v, sizeof(v), &c->cap_permitted);
	else
		bpf_core_read(&v, sizeof(v), &c->cap_effective);
	return v;
}

static __always_inline u64 word_at(const void *src, bool narrow, bool *ok)
{
	u64 v = 0;
	*ok = bpf_probe_read_user(&v, narrow ? 4 : 8, src) == 0;
	return v;
}

static __always_inline bool time_at(const void *src, bool narrow, u64 *ns)
{
	struct timespec_ t = {};
	if (narrow) {
		struct timespec32 s = {};
		if (bpf_probe_read_user(&s, sizeof(s), src))
			return false;
		t.sec = s.sec;
		t.nsec = s.nsec;
	} else if (bpf_probe_read_user(&t, sizeof(t), src)) {
		return false;
	}
	*ns = t.sec * 1000000000ull + t.nsec;
	return true;
}
