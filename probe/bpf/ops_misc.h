// Calls with arguments like no other's.
#pragma once

enum { DYN_PTRACE_NUMBER, DYN_PTRACE_SIGNAL };
enum { DYN_KEY_NUMBER, DYN_KEY_TEXT };

static __always_inline void put_dyn(struct rec *r, u32 i, u32 kind, u64 v, u32 w)
{
	u8 *d = at(r);
	*d = kind;
	*(u64 *)(d + 1) = v;
	length(r, i, 1 + w);
}

// put_ptrace: a request that reads leaves the word at data; CONT, SYSCALL, ATTACH and their like give a signal there.
static __always_inline void put_ptrace(struct rec *r, u32 i, u32 what)
{
	struct control *k = r->k;
	u64 req = k->args[0], v = k->args[3];
	if (k->ret < 0) {
		length(r, i, 0);
		return;
	}
	if (!what) {
		put_dyn(r, i, DYN_PTRACE_NUMBER, k->args[2], 8);
		return;
	}
	switch (req) {
	case 7: case 9: case 17: case 24: case 31: case 32: case 33:
		put_dyn(r, i, DYN_PTRACE_SIGNAL, v, 1);
		return;
	case 16: case 0x4206: case 0x4207: case 0x4208:
		put_dyn(r, i, DYN_PTRACE_SIGNAL, 0, 1);
		return;
	case 1: case 2: case 3: {
		u64 word = 0;
		bpf_probe_read_user(&word, k->compat ? 4 : 8, (void *)v);
		put_dyn(r, i, DYN_PTRACE_NUMBER, word, 8);
		return;
	}
	}
	put_dyn(r, i, DYN_PTRACE_NUMBER, v, 8);
}

static __always_inline void put_prctl(struct rec *r, u32 i, bool number, bool exit)
{
	struct control *k = r->k;
	const void *src = (const void *)k->args[1];
	switch ((u32)k->args[0]) {
	case 15: case 16: // SET_NAME, GET_NAME
		if (number)
			put(r, i, 0, 8);
		else
			put_string(r, i, src, exit);
		return;
	case 2: case 5: case 6: case 9: case 10: case 11: case 19: case 25: case 37: { // GET_*: the int at arg2
		u32 v = 0;
		if (number) {
			bpf_probe_read_user(&v, 4, src);
			put(r, i, v, 8);
			return;
		}
		length(r, i, 0);
		return;
	}
	}
	if (number)
		put(r, i, (u64)src, 8);
	else
		length(r, i, 0);
}

static __always_inline void put_fsconfig(struct rec *r, u32 i, bool text, bool exit)
{
	struct control *k = r->k;
	const void *src = (const void *)k->args[3];
	switch ((u32)k->args[1]) {
	case 1: case 3: case 4: // SET_STRING, SET_PATH, SET_PATH_EMPTY
		if (text && k->ret >= 0) {
			put_string(r, i, src, exit);
			return;
		}
		break;
	case 2: // SET_BINARY
		if (!text && k->ret >= 0) {
			put_buffer(r, i, src, (u32)k->args[4], snaplen);
			return;
		}
		break;
	}
	length(r, i, 0);
}

// put_keyctl: which arguments are names depends on the operation (include/uapi/linux/keyctl.h).
static __always_inline void put_keyctl(struct rec *r, u32 i, u32 arg)
{
	struct control *k = r->k;
	u64 v = k->args[arg & 7];
	bool text = false;
	switch ((u32)k->args[0]) {
	case 1: text = arg == 1; break;              // JOIN_SESSION_KEYRING(name)
	case 10: text = arg == 2 || arg == 3; break; // SEARCH(ring, type, description)
	case 29: text = arg == 2 || arg == 3; break; // RESTRICT_KEYRING(ring, type, restriction)
	}
	if (!text || !v) {
		put_dyn(r, i, DYN_KEY_NUMBER, v, 8);
		return;
	}
	u8 *d = at(r);
	*d = DYN_KEY_TEXT;
	long n = read_text(d + 1, MAX_STRING, (void *)v);
	if (n > 0 && n <= MAX_STRING)
		length(r, i, 1 + n);
	else
		put_fault(r, i, false);
}

// put_sem: the first two operations of a semop.
static __always_inline void put_sem(struct rec *r, u32 i, u32 what)
{
	struct control *k = r->k;
	u16 b[3] = {}; // number, operation, flags
	u32 n = what >= 3;
	if (n < (u32)k->args[2])
		bpf_probe_read_user(b, sizeof(b), (void *)k->args[1] + n * sizeof(b));
	switch (what) {
	case 0: case 3: put(r, i, b[0], 2); return;
	case 1: case 4: put(r, i, b[1], 2); return;
	}
	put(r, i, MOVE(b[2], 0x800, 1) | MOVE(b[2], 0x1000, 2), 2);
}

int put_path(u32 i, u64 file);

// put_uring: words of the struct io_uring_params that the call has filled in.
static __always_inline void put_uring(struct rec *r, u32 i, u32 word, u32 map)
{
	u32 v = 0;
	bpf_probe_read_user(&v, 4, (void *)r->k->args[1] + 4 * word);
	put(r, i, map == 1 ? (v & 3) | ((v & 0x7c) << 1) : map == 2 ? v & 0x7ff : v, 4);
}

// put_misc carries out the operations of this page.
__noinline int put_misc(u32 i, u32 op, u32 exit)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	u32 kind = op & 0xff, a = op >> 8 & 0xff, b = op >> 16 & 0xff;
	switch (kind) {
	case OP_PTRACE: put_ptrace(r, i, a); return 0;
	case OP_PRCTL: put_prctl(r, i, a, exit); return 0;
	case OP_FSCONFIG: put_fsconfig(r, i, a, exit); return 0;
	case OP_KEYCTL: put_keyctl(r, i, a); return 0;
	case OP_SEM: put_sem(r, i, a); return 0;
	case OP_URING: put_uring(r, i, a, b); return 0;
	case OP_FILE_PATH: {
		struct file *f = file_of(r->k->args[a & 7]);
		if (f)
			put_path(i, (u64)f);
		else
			length(r, i, 0);
		return 0;
	}
	}
	return put_arg(i, op, exit);
}
