// The operations that every program knows: values from registers and small things in memory.
#pragma once

static __always_inline u64 signed32(u64 v) { return (s64)(s32)v; }

// basic carries out an operation that every program knows; false for others.
static __always_inline bool basic(struct rec *r, u32 i, u32 op, bool exit)
{
	u64 v = r->k->args[op >> 8 & 7];
	switch (op & 0xff) {
	case OP_U64: put(r, i, v, 8); return true;
	case OP_S32: put(r, i, signed32(v), 8); return true;
	case OP_STRING: put_string(r, i, (void *)v, exit); return true;
	case OP_U32: put(r, i, v, 4); return true;
	case OP_Z32: put(r, i, (u32)v, 8); return true;
	case OP_U16: put(r, i, v, 2); return true;
	case OP_U8: put(r, i, v, 1); return true;
	}
	return false;
}

// put_arg carries out the operations on small things in memory and in the kernel.
__noinline int put_arg(u32 i, u32 op, u32 exit)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	struct control *k = r->k;
	u32 kind = op & 0xff, a = op >> 8 & 0xff, b = op >> 16 & 0xff, c = op >> 24;
	u64 v = k->args[a & 7];
	const void *src = (const void *)v;
	bool ok = true, narrow;
	switch (kind) {
	case OP_MAP: put(r, i, map_value(v, k->args[(a - 1) & 7], k->ret, b), c & 15); return 0;
	case OP_CONST: put(r, i, b, a & 15); return 0;
	case OP_NONE: length(r, i, 0); return 0;
	case OP_FD_AT: {
		s32 n = -1;
		if (k->ret >= 0 && bpf_probe_read_user(&n, 4, src + b))
			put_fault(r, i, false);
		else
			put(r, i, (s64)n, 8);
		return 0;
	}
	case OP_PIPE_INO: {
		s32 n = -1;
		bpf_probe_read_user(&n, 4, src);
		struct file *f = k->ret >= 0 ? file_of(n) : 0;
		put(r, i, f ? BPF_CORE_READ(f, f_inode, i_ino) : 0, 8);
		return 0;
	}
	case OP_U32_AT:
		v = word_at(src + b, true, &ok);
		if (ok)
			put(r, i, v, 4);
		else
			put_fault(r, i, false);
		return 0;
	case OP_LIMIT_AT:
		if (!src || (c && k->ret < 0)) {
			put(r, i, ~0ull, 8);
			return 0;
		}
		narrow = k->compat && k->compat != 340; // prlimit64 has wide limits
		v = word_at(src + (narrow ? 4 * b : 8 * b), narrow, &ok);
		if (ok)
			put(r, i, narrow ? signed32(v) : v, 8);
		else
			put_fault(r, i, false);
		return 0;
	case OP_TEXT_AT:
		put_string(r, i, k->ret < 0 ? 0 : src, exit);
		return 0;
	case OP_OFFSET_AT:
		v = src ? word_at(src, k->compat == 187, &ok) : 0; // the old sendfile
		put(r, i, v, 8);
		return 0;
	case OP_TIME_AT:
		if (!src)
			put(r, i, ~0ull, 8);
		else if (time_at(src, k->compat, &v))
			put(r, i, v, 8);
		else if (exit)
			put_fault(r, i, false);
		else
			length(r, i, 0);
		return 0;
	case OP_SIGSET_AT:
		v = src ? word_at(src, true, &ok) : 0;
		put(r, i, v, 4);
		return 0;
	case OP_MEMORY: put(r, i, memory_of((void *)bpf_get_current_task(), a), 4); return 0;
	case OP_FILE_DEV:
	case OP_FILE_INO: {
		struct file *f = file_of(v);
		struct inode *n = f ? BPF_CORE_READ(f, f_inode) : 0;
		if (kind == OP_FILE_DEV)
			put(r, i, n ? dev_number(BPF_CORE_READ(n, i_sb, s_dev)) : 0, 4);
		else
			put(r, i, n ? BPF_CORE_READ(n, i_ino) : 0, 8);
		return 0;
	}
	case OP_CAPS: put(r, i, caps_of(BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), cred), a), 8); return 0;
	}
	length(r, i, 0);
	return 0;
}

static __always_inline struct plan *plan_of(struct control *k, bool exit)
{
	u32 i = (k->nr & 511) * 2 + exit;
	return bpf_map_lookup_elem(&plans, &i);
}

// EACH runs through the operations of a plan. The count is checked in the loop, whose bound the verifier knows.
#define EACH(i, op, plan)                                                 \
	_Pragma("clang loop unroll(disable)") for (u32 i = 0; i < MAX_OPS; i++) \
		for (u32 op = i < (plan)->count ? (plan)->ops[i] : 0xff, once = 1; once && op != 0xff; once = 0)
