// The probe of scry: programs on the kernel's tracepoints that write events, in the format of scap V2 event blocks, into a ring per CPU.
// Reading order: wire.h (what user space sees), ops.h (how a record is described), store.h, read.h, map.h, ops_*.h, task.h.
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "wire.h"
#include "ops.h"
#include "store.h"
#include "read.h"
#include "map.h"
#include "ops_simple.h"
#include "ops_data.h"
#include "ops_socket.h"
#include "ops_misc.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PROGRAMS);
	__type(key, u32);
	__type(value, u32);
} enter_programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PROGRAMS);
	__type(key, u32);
	__type(value, u32);
} exit_programs SEC(".maps");

// A process stays here when its leader ends, as its other threads need not; its number leaves when a process that nobody follows gets it, or when nobody
// has looked for it for long.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u32);  // process id
	__type(value, u8); // FORKED until its exec, then RUNNING
} followed SEC(".maps");

enum { FORKED = 1, RUNNING = 2 };

struct name { char text[16]; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct name);
	__type(value, u8);
} excluded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u32); // thread id
	__type(value, u64);
} entered SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} entered_task SEC(".maps");

// remember_enter keeps when the call at hand began; enter_time is that time, 0 when it was not kept. Task storage costs a third
// of what the hash does, by the thread that the call was made as: exec can change that.
static __always_inline void remember_enter(void)
{
	u64 ts = now();
	if (has_task_storage) {
		u64 *e = bpf_task_storage_get(&entered_task, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (e)
			*e = ts;
		return;
	}
	u32 tid = bpf_get_current_pid_tgid();
	bpf_map_update_elem(&entered, &tid, &ts, BPF_ANY);
}

static __always_inline u64 enter_time(u32 tid)
{
	u64 *e;
	if (has_task_storage) {
		e = bpf_task_storage_get(&entered_task, bpf_get_current_task_btf(), 0, 0);
	} else {
		e = bpf_map_lookup_elem(&entered, &tid);
	}
	return e ? *e : 0;
}

// excused tells whether a thread is not to be traced: scry itself, a process that nobody asked for, a name that is excluded. What scry starts is asked
// for from its exec on: exec says that this is one.
static __always_inline bool excused(u64 pid_tgid, bool exec)
{
	u32 tgid = pid_tgid >> 32;
	if (only_followed) {
		u8 *state = bpf_map_lookup_elem(&followed, &tgid);
		if (!state || (*state != RUNNING && !exec))
			return true;
	} else if (tgid == self) {
		return true;
	}
	if (has_names) {
		struct name n = {};
		bpf_get_current_comm(&n, sizeof(n));
		if (bpf_map_lookup_elem(&excluded, &n))
			return true;
	}
	return false;
}

#if defined(__TARGET_ARCH_x86)
#define NATIVE_NR(regs) ((u32)(regs)->orig_ax)

static __always_inline u64 first_argument(struct pt_regs *regs, bool narrow) { return narrow ? (u32)regs->bx : regs->di; }

// widen makes the arguments of a 32-bit call those of the 64-bit one: offsets come in two halves, signed, or as a number of pages.
static __always_inline void widen(struct control *k, u32 native)
{
	switch (native) {
	case 19: // lseek
		k->args[1] = signed32(k->args[1]);
		break;
	case 180: case 181: case 333: case 334: // pread64, pwrite64, preadv, pwritev
		k->args[3] |= k->args[4] << 32;
		break;
	case 192: // mmap2
		k->args[5] <<= 12;
		break;
	}
}

static __always_inline void arguments(struct control *k, struct pt_regs *regs, bool narrow)
{
	if (narrow) {
		k->args[0] = (u32)regs->bx;
		k->args[1] = (u32)regs->cx;
		k->args[2] = (u32)regs->dx;
		k->args[3] = (u32)regs->si;
		k->args[4] = (u32)regs->di;
		k->args[5] = (u32)regs->bp;
		widen(k, k->compat);
	} else {
		k->args[0] = regs->di;
		k->args[1] = regs->si;
		k->args[2] = regs->dx;
		k->args[3] = regs->r10;
		k->args[4] = regs->r8;
		k->args[5] = regs->r9;
	}
}
#else
#define NATIVE_NR(regs) ((u32)(regs)->syscallno)

static __always_inline u64 first_argument(struct pt_regs *regs, bool narrow) { return regs->orig_x0; }

static __always_inline void arguments(struct control *k, struct pt_regs *regs, bool narrow)
{
	k->args[0] = regs->orig_x0;
	k->args[1] = regs->regs[1];
	k->args[2] = regs->regs[2];
	k->args[3] = regs->regs[3];
	k->args[4] = regs->regs[4];
	k->args[5] = regs->regs[5];
}
#endif

// call_number is the number of the call in the table of this architecture's 64-bit calls: that of the call which does the same for a
// 32-bit one, and 511 for what has none.
static __always_inline u32 call_number(u32 nr, bool narrow)
{
#if defined(__TARGET_ARCH_x86)
	if (narrow) {
		s16 n = nr < 512 ? ia32_calls[nr] : -1;
		return n < 0 ? 511 : n;
	}
#else
	if (narrow)
		return 511;
#endif
	return nr < 512 ? nr : 511;
}

#if defined(__TARGET_ARCH_x86)
// socketcall of the 32-bit interface: the call is its first argument, the arguments lie in memory.
static const volatile u16 socketcalls[32] = {0, 41, 49, 42, 50, 43, 51, 52, 53, 44, 45, 44, 45, 48, 54, 55, 46, 47, 288, 299, 307};

static __always_inline u32 socketcall(struct pt_regs *regs) { return socketcalls[regs->bx & 31]; }

static __always_inline void arguments_at(struct control *k, u64 list)
{
	u32 a[6] = {};
	bpf_probe_read_user(a, sizeof(a), (void *)list);
	for (u32 n = 0; n < 6; n++)
		k->args[n] = a[n];
}
#endif

static __always_inline bool wanted(const volatile u64 *set, u32 nr) { return set[nr >> 6 & 7] >> (nr & 63) & 1; }

// generic finishes the record of a call that has no event of its own.
static __always_inline void generic(struct rec *r, struct plan *plan, u32 native, u32 flags)
{
	u8 *d = r->p + sizeof(struct prefix) + HEAD_SIZE;
	*(u32 *)d = 2 | 2 << 16;
	*(u32 *)(d + 4) = plan->id | native << 16;
	emit(r, sizeof(struct prefix) + HEAD_SIZE + 8, flags, 0, r->k->enter, 0);
}

// rw writes the exits of read, write, pread64 and pwrite64, of which there are more than of all others: res data fd size [pos]. It does what put_* would
// do, without a look at the plan.
static __always_inline void rw(struct rec *r, struct plan *plan)
{
	struct control *k = r->k;
	u32 count = plan->count & 7, flags = k->flags, faults = 0;
	u64 size = moved(k, k->args[2], plan->flags & PLAN_FILLS), n = snaplen < 0xf000 ? snaplen : 0xf000;
	u64 off = sizeof(struct prefix) + HEAD_SIZE + 2 * count + 8;
	if (size > n)
		flags |= PREFIX_CUT;
	else
		n = size;
	if (n && !copy_user(r, off, (void *)k->args[1], n)) {
		faults = 2;
		n = 0;
	}
	u8 *d = r->p + sizeof(struct prefix) + HEAD_SIZE;
	*(u64 *)d = 8 | n << 16 | 8ull << 32 | 4ull << 48;
	if (count == 5)
		*(u16 *)(d + 8) = 8;
	d = r->p + off;
	*(s64 *)(d - 8) = k->ret;
	BOUND(n);
	d += n;
	*(s64 *)d = signed32(k->args[0]);
	*(u32 *)(d + 8) = k->args[2];
	*(u64 *)(d + 12) = k->args[3]; // the next record begins there when there is no pos
	emit(r, off + n + (count == 5 ? 20 : 12), flags, faults, k->enter, 0);
}

// call writes the record of a call at its enter or its exit, as far as the dispatcher can; tail is set when a program has to go on.
static __always_inline bool call(struct rec *r, struct pt_regs *regs, s64 ret, bool exit, u32 *tail)
{
	// What nobody wants goes here, before any helper is called.
	u32 raw = NATIVE_NR(regs);
	if (!wanted(exit ? any_exit : any_enter, raw < 512 ? raw : 511))
		return false;
	struct task_struct *t = me();
	bool narrow = compat(t);
	u32 nr = call_number(NATIVE_NR(regs), narrow);
#if defined(__TARGET_ARCH_x86)
	bool unfold = narrow && NATIVE_NR(regs) == 102 && socketcall(regs);
	if (unfold)
		nr = socketcall(regs);
#endif
	if (!wanted(exit ? want_exit : want_enter, nr))
		return false;
	u64 id = bpf_get_current_pid_tgid();
	u32 i = nr * 2 + exit;
	struct plan *plan = bpf_map_lookup_elem(&plans, &i);
	if (!plan || excused(id, plan->flags & PLAN_EXEC) || !reserve(r, plan->flags & PLAN_STATE))
		return false;
	struct control *k = r->k;
	u64 ts = now();
	k->ret = ret;
	k->nr = nr;
	k->compat = narrow ? NATIVE_NR(regs) : 0;
	k->enter = 0;
	if (exit && want_enter_time)
		k->enter = enter_time(id);
	if (!start(r, plan->type, plan->count, ts, (u32)id))
		return false;
	r->k->flags |= narrow ? PREFIX_COMPAT : 0;
	if (plan->program == PROGRAM_GENERIC) {
		generic(r, plan, NATIVE_NR(regs), narrow ? PREFIX_COMPAT : 0);
		return false;
	}
	arguments(k, regs, narrow);
#if defined(__TARGET_ARCH_x86)
	if (unfold)
		arguments_at(k, (u32)regs->cx);
	else if (k->compat == 90) // the old mmap
		arguments_at(k, (u32)regs->bx);
#endif
	if (exit && plan->program == PROGRAM_RW) {
		rw(r, plan);
		return false;
	}
	if (plan->program == PROGRAM_MESSAGES)
		k->args[5] = 0;
	if (plan->program != PROGRAM_BASIC) {
		*tail = plan->program;
		return true;
	}
	EACH(n, op, plan)
		if (!basic(r, n, op, exit))
			length(r, n, 0);
	// The number is free before the call returns, so another thread may have got it, and its event may stand before this one.
	if (exit && plan->flags & PLAN_CLOSES && !ret && find_file(k->args[0]))
		k->flags |= PREFIX_REUSED;
	publish(r, k->enter, 0);
	return false;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	struct rec r;
	u32 tail = 0;
	if (want_enter_time)
		remember_enter();
	if (call(&r, regs, 0, false, &tail)) {
		bpf_tail_call(ctx, &enter_programs, tail);
		give_up(&r);
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	struct rec r;
	u32 tail = 0;
	if (call(&r, regs, ret, true, &tail)) {
		bpf_tail_call(ctx, &exit_programs, tail);
		give_up(&r);
	}
	return 0;
}

// reopen finds the record that the dispatcher began, and its plan.
static __always_inline struct plan *reopen(struct rec *r, bool exit)
{
	if (!resume(r))
		return 0;
	struct plan *plan = plan_of(r->k, exit);
	u8 *p = plan ? place(r->k, r->cpu) : 0;
	if (!p) {
		give_up(r);
		return 0;
	}
	r->p = p;
	r->k->off = sizeof(struct prefix) + HEAD_SIZE + 2 * (plan->count & 31);
	return plan;
}

// PROGRAM defines a program that carries out the operations of a plan: those that all know, and OTHERS. It is not cold, but what is keeps the head of a
// loop before its body: otherwise clang puts the end of the body there, and kernels before 6.3 refuse a loop that is entered by running into its head
// from a block behind it ("back-edge").
#define PROGRAM(where, name, exit, OTHERS)                   \
	SEC("tp_btf/sys_" #where)                            \
	__attribute__((cold)) int where##_##name(void *ctx)  \
	{                                                    \
		struct rec rec, *r = &rec;                   \
		struct plan *plan = reopen(r, exit);         \
		if (!plan)                                   \
			return 0;                            \
		EACH(i, op, plan)                            \
			if (!basic(r, i, op, exit))          \
				OTHERS;                      \
		publish(r, r->k->enter, 0);                  \
		return 0;                                    \
	}

static __always_inline void data(struct rec *r, u32 i, u32 op)
{
	struct control *k = r->k;
	if ((op & 0xff) == OP_BUFFER)
		put_buffer(r, i, (void *)k->args[op >> 8 & 7], moved(k, k->args[op >> 16 & 7], op >> 24), snaplen);
	else
		length(r, i, 0);
}

PROGRAM(exit, args, true, put_arg(i, op, true))
PROGRAM(enter, args, false, put_arg(i, op, false))
PROGRAM(exit, data, true, data(r, i, op))
PROGRAM(exit, socket, true, put_socket(i, op, true))
PROGRAM(enter, socket, false, put_socket(i, op, false))
PROGRAM(exit, misc, true, put_misc(i, op, true))

// vector writes a call with a vector of buffers: res size data fd [pos] for those that read, res data fd size [pos] for those that write, res pid data
// for process_vm_*. Enters have fd [size] [pos].
static __always_inline int vector(bool exit)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, exit);
	if (!plan)
		return 0;
	struct control *k = r->k;
	bool fills = plan->flags & PLAN_FILLS, remote = plan->count == 3 && exit;
	u64 v = k->args[1], count = k->args[2], size = iov_size(v, count, k->compat);
	u32 i = 0;
	if (exit) {
		put(r, i++, k->ret, 8);
		if (remote)
			put(r, i++, signed32(k->args[0]), 8);
		else if (fills)
			put(r, i++, size, 4);
		put_iov(i++, v, count, k->compat, remote ? moved(k, 0, true) : moved(k, size, fills));
	}
	if (!remote)
		put(r, i++, signed32(k->args[0]), 8);
	if (!fills && !remote)
		put(r, i++, size, 4);
	if (i < plan->count)
		put(r, i, k->args[3], 8);
	publish(r, k->enter, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int exit_vector(void *ctx) { return vector(true); }

SEC("tp_btf/sys_enter")
int enter_vector(void *ctx) { return vector(false); }

// message writes a call with one msghdr: res data fd size tuple for sendmsg, res size data tuple msgcontrol fd for recvmsg; fd size tuple at the enter of sendmsg.
static __always_inline int message(bool exit)
{
	struct rec rec, *r = &rec;
	struct msghdr_ m;
	struct plan *plan = reopen(r, exit);
	if (!plan)
		return 0;
	struct control *k = r->k;
	bool fills = plan->flags & PLAN_FILLS;
	msg_at((void *)k->args[1], k->compat, &m);
	u64 size = iov_size(m.iov, m.iovlen, k->compat);
	u32 i = 0;
	if (exit) {
		put(r, i++, k->ret, 8);
		if (fills)
			put(r, i++, size, 4);
		put_message(r, i++, &m, k->ret, fills, size);
	}
	if (!fills) {
		put(r, i++, signed32(k->args[0]), 8);
		put(r, i++, size, 4);
	}
	if (fills && k->ret < 0)
		length(r, i++, 0);
	else
		put_tuple(i++, k->args[0], fills, m.name);
	if (fills) {
		put_control(r, i++, &m, k->ret);
		put(r, i++, signed32(k->args[0]), 8);
	}
	publish(r, k->enter, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int exit_message(void *ctx) { return message(true); }

SEC("tp_btf/sys_enter")
int enter_message(void *ctx) { return message(false); }

// exit_messages writes one event for each message of a sendmmsg or recvmmsg, res fd size data tuple [msgcontrol]: the first one into the record that the
// dispatcher began, then it calls itself for the next. Kernels allow 33 tail calls in a row, and older ones on arm64 none from a program that calls
// functions; the event of the last message that fits is marked as cut.
SEC("tp_btf/sys_exit")
int exit_messages(void *ctx)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, true);
	if (!plan)
		return 0;
	struct control *k = r->k;
	u32 n = k->args[5], size = k->compat ? 32 : 64; // the dispatcher sets 0
	const void *one = (void *)k->args[1] + n * size;
	bool fills = plan->flags & PLAN_FILLS;
	struct msghdr_ m = {};
	s64 done = k->ret, count = k->ret;
	if (count > 0) {
		u32 len = 0;
		msg_at(one, k->compat, &m);
		bpf_probe_read_user(&len, 4, one + (k->compat ? 28 : 56));
		done = len;
	}
	u64 bytes = iov_size(m.iov, m.iovlen, k->compat);
	put(r, 0, k->ret, 8);
	put(r, 1, signed32(k->args[0]), 8);
	put(r, 2, bytes, 4);
	put_message(r, 3, &m, done, fills, bytes);
	if (count <= 0)
		length(r, 4, 0);
	else
		put_tuple(4, k->args[0], fills, m.name);
	if (fills)
		put_control(r, 5, &m, done);
	bool next = count > n + 1;
	if (next && (n >= 30 || !has_tail_calls)) {
		k->flags |= PREFIX_CUT;
		next = false;
	}
	u64 ts = *(u64 *)(r->p + sizeof(struct prefix)), tid = *(u64 *)(r->p + sizeof(struct prefix) + 8);
	publish(r, k->enter, 0);
	if (!next || !has_tail_calls)
		return 0;
	if (!reserve(r, plan->flags & PLAN_STATE))
		return 0;
	if (!start(r, plan->type, plan->count, ts, tid))
		return 0;
	k->args[5] = n + 1;
	bpf_tail_call(ctx, &exit_programs, PROGRAM_MESSAGES);
	give_up(r);
	return 0;
}

// poll writes poll and ppoll: [res] fds timeout [sigmask].
static __always_inline int poll(bool exit)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, exit);
	if (!plan)
		return 0;
	struct control *k = r->k;
	u32 i = 0;
	u64 ns = ~0ull, mask = 0;
	if (exit)
		put(r, i++, k->ret, 8);
	put_poll(r, i++, (void *)k->args[0], k->args[1], exit);
	if (plan->count < 3 + exit) {
		put(r, i, signed32(k->args[2]), 8);
	} else {
		if (k->args[2])
			time_at((void *)k->args[2], k->compat, &ns);
		if (k->args[3])
			bpf_probe_read_user(&mask, 4, (void *)k->args[3]);
		put(r, i++, ns, 8);
		put(r, i, mask, 4);
	}
	publish(r, k->enter, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int exit_poll(void *ctx) { return poll(true); }

SEC("tp_btf/sys_enter")
int enter_poll(void *ctx) { return poll(false); }

enum { OPENAT = 1, OPENAT2, CREAT };

// opened writes open, openat, openat2 and creat: [res] [dirfd] name [flags] mode [resolve], and at the exit [dev ino] of the file, and for creat its flags.
static __always_inline int opened(bool exit)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, exit);
	if (!plan)
		return 0;
	struct control *k = r->k;
	u32 kind = plan->id, i = 0, a = 0;
	u64 flags, mode, resolve = 0;
	struct opened o = {};
	if (exit) {
		put(r, i++, k->ret, 8);
		if (k->ret >= 0)
			look_at(&o, k->ret);
	}
	if (kind == OPENAT || kind == OPENAT2) {
		put(r, i++, signed32(k->args[0]), 8);
		a = 1;
	}
	u64 name = a ? k->args[1] : k->args[0];
	flags = a ? k->args[2] : k->args[1];
	mode = a ? k->args[3] : k->args[2];
	put_string(r, i++, (void *)name, exit);
	if (kind == CREAT) {
		put(r, i++, flags, 4);
	} else {
		if (kind == OPENAT2) {
			u64 how[3] = {};
			bpf_probe_read_user(how, sizeof(how), (void *)flags);
			flags = how[0];
			mode = how[1];
			resolve = how[2];
		}
		put(r, i++, map_open(flags) | (o.created ? 0x4000 : 0) | (o.layer == 1 ? 0x8000 : o.layer == 2 ? 0x10000 : 0), 4);
		put(r, i++, map_open_mode(flags, mode), 4);
	}
	if (kind == OPENAT2)
		put(r, i++, map_resolve(resolve), 4);
	if (exit) {
		put(r, i++, o.dev, 4);
		put(r, i++, o.ino, 8);
		if (kind == CREAT)
			put(r, i, o.layer, 2);
	}
	publish(r, k->enter, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int exit_opened(void *ctx) { return opened(true); }

SEC("tp_btf/sys_enter")
int enter_opened(void *ctx) { return opened(false); }

struct quota_block { u64 bhard, bsoft, curspace, ihard, isoft, curinodes, btime, itime; u32 valid; };
struct quota_info { u64 bgrace, igrace; u32 flags, valid; };

// exit_quota writes the 17 parameters of quotactl.
SEC("tp_btf/sys_exit")
int exit_quota(void *ctx)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, true);
	if (!plan)
		return 0;
	struct control *k = r->k;
	u32 cmd = map_quota_cmd(k->args[0]);
	const void *addr = (const void *)k->args[3];
	struct quota_block b = {};
	struct quota_info f = {};
	u32 fmt = 0;
	put(r, 0, k->ret, 8);
	put_string(r, 1, (void *)k->args[1], true);
	if (cmd == 1 && k->ret >= 0)
		put_string(r, 2, addr, true);
	else
		length(r, 2, 0);
	if ((cmd == 0x20 || cmd == 0x40) && k->ret >= 0)
		bpf_probe_read_user(&b, sizeof(b), addr);
	if ((cmd == 8 || cmd == 0x10) && k->ret >= 0)
		bpf_probe_read_user(&f, sizeof(f), addr);
	if (cmd == 4 && k->ret >= 0)
		bpf_probe_read_user(&fmt, 4, addr);
	put(r, 3, b.valid & 1 ? b.bhard : 0, 8);
	put(r, 4, b.valid & 1 ? b.bsoft : 0, 8);
	put(r, 5, b.valid & 2 ? b.curspace : 0, 8);
	put(r, 6, b.valid & 4 ? b.ihard : 0, 8);
	put(r, 7, b.valid & 4 ? b.isoft : 0, 8);
	put(r, 8, b.valid & 16 ? b.btime * 1000000000ull : 0, 8);
	put(r, 9, b.valid & 32 ? b.itime * 1000000000ull : 0, 8);
	put(r, 10, f.valid & 1 ? f.bgrace * 1000000000ull : 0, 8);
	put(r, 11, f.valid & 2 ? f.igrace * 1000000000ull : 0, 8);
	put(r, 12, f.valid & 4 ? (f.flags & 1 ? 2 : 1) : 0, 1);
	put(r, 13, fmt == 1 ? 2 : fmt == 2 ? 4 : fmt == 4 ? 8 : 1, 1);
	put(r, 14, cmd, 2);
	put(r, 15, map_value(k->args[0], 0, 0, MAP_QUOTA_TYPE), 1);
	put(r, 16, k->args[2], 4);
	put(r, 17, cmd == 1 ? map_value(k->args[2], 0, 0, MAP_QUOTA_FMT) : 1, 1);
	publish(r, k->enter, 0);
	return 0;
}

// exit_exec writes an exec that failed; one that succeeded is sched_process_exec's.
SEC("tp_btf/sys_exit")
int exit_exec(void *ctx)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, true);
	if (!plan)
		return 0;
	struct control *k = r->k;
	if (k->ret >= 0) {
		give_up(r);
		return 0;
	}
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	bool with_fd = plan->count == 30; // execveat(dirfd, path, argv, envp, flags)
	const void *argv = (void *)k->args[with_fd ? 2 : 1], *envp = (void *)k->args[with_fd ? 3 : 2];
	u32 step = k->compat ? 4 : 8;
	u64 first = 0;
	bool bad = argv && bpf_probe_read_user(&first, step, argv);
	r->k->off = sizeof(struct prefix) + HEAD_SIZE + 2 * (with_fd ? 30 : 31);
	put(r, 0, k->ret, 8);
	if (bad)
		put_fault(r, 1, true);
	else
		put_string(r, 1, (void *)first, true);
	put_pointers(2, first ? (u64)argv + step : 0, k->compat);
	put_identity((u64)t);
	put_pointers(15, (u64)envp, k->compat);
	put_program((u64)t);
	if (!with_fd)
		put_string(r, 30, (void *)k->args[0], true);
	publish(r, k->enter, cgroup_id(t));
	return 0;
}

// asked_flags are those that a call of the clone family was given; id is that of its plan.
static __always_inline u32 asked_flags(u32 id, u64 arg)
{
	u64 flags = id == 1 ? 0 : id == 2 ? 0x4100 : arg; // vfork: CLONE_VFORK | CLONE_VM
	if (id == 3)
		bpf_probe_read_user(&flags, 8, (void *)arg);
	return map_clone(flags);
}

// exit_clone writes the parent's side of a clone; the child's is sched_process_fork's.
SEC("tp_btf/sys_exit")
int exit_clone(void *ctx)
{
	struct rec rec, *r = &rec;
	struct plan *plan = reopen(r, true);
	if (!plan)
		return 0;
	struct control *k = r->k;
	if (k->ret == 0) {
		give_up(r);
		return 0;
	}
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	const struct cred *c = BPF_CORE_READ(t, cred);
	r->k->off = sizeof(struct prefix) + HEAD_SIZE + 2 * 21;
	put(r, 0, k->ret, 8);
	put_args(r, 1, t);
	put_identity((u64)t);
	bool inner = BPF_CORE_READ(t, thread_pid, level) || BPF_CORE_READ(t, nsproxy, pid_ns_for_children, level);
	put(r, 15, asked_flags(plan->id, k->args[0]) | (inner ? 0x20000000 : 0), 4);
	put(r, 16, BPF_CORE_READ(c, euid.val), 4);
	put(r, 17, BPF_CORE_READ(c, egid.val), 4);
	put(r, 18, level_pid(BPF_CORE_READ(t, thread_pid), true), 8);
	put(r, 19, level_pid(pid_of(t, PIDTYPE_TGID), true), 8);
	put(r, 20, 0, 8);
	publish(r, k->enter, cgroup_id(t));
	return 0;
}

enum { // events that no call has in its plan
	SCHEDSWITCH = 152,
	PROCEXIT = 186,
	CLONE_X = 223,
	SIGNALDELIVER = 232,
	PAGE_FAULT = 290,
	EXECVE_X = 293,
	EXECVEAT_X = 331,
	ASYNCEVENT = 402,
};

const volatile bool has_task_regs = true;

#define THREAD_SIZE 16384 // of a stack, on the kernels where has_task_regs is false

// calling is the number, in its own table, of the call that the thread at hand is in, and its first argument.
static __always_inline u32 calling(bool narrow, u64 *first)
{
	if (has_task_regs) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
		*first = first_argument(regs, narrow);
		return NATIVE_NR(regs);
	}
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	struct pt_regs *regs = BPF_CORE_READ(t, stack) + THREAD_SIZE - bpf_core_type_size(struct pt_regs);
#if defined(__TARGET_ARCH_x86)
	*first = narrow ? (u32)BPF_CORE_READ(regs, bx) : BPF_CORE_READ(regs, di);
	return BPF_CORE_READ(regs, orig_ax);
#else
	*first = BPF_CORE_READ(regs, orig_x0);
	return BPF_CORE_READ(regs, syscallno);
#endif
}

// sched_process_exec writes the exit of an exec that succeeded. It comes from here because the registers that told which call it was, and the name
// that it was called with, are gone later.
SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, s32 old, struct linux_binprm *bprm)
{
	struct rec rec, *r = &rec;
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	u64 id = bpf_get_current_pid_tgid();
	if (excused(id, true))
		return 0;
	if (only_followed) {
		u32 tgid = id >> 32;
		u8 running = RUNNING;
		bpf_map_update_elem(&followed, &tgid, &running, BPF_ANY);
	}
	if (!want_exec || !reserve(r, true))
		return 0;
	u64 enter = 0;
	if (want_enter_time)
		enter = enter_time(old);
	if (!start(r, EXECVE_X, 31, now(), (u32)id))
		return 0;
	put(r, 0, 0, 8);
	put_args(r, 1, t);
	put_identity((u64)t);
	put_env(r, 15, t);
	put_program((u64)t);
	put_kernel_string(r, 30, BPF_CORE_READ(bprm, filename), MAX_STRING);
	publish(r, enter, cgroup_id(t));
	return 0;
}

// sched_process_fork writes the child's side of a clone, before the child runs: it is the first event of its thread. The parent's memory still is
// what the child has.
SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct rec rec, *r = &rec;
	u64 id = bpf_get_current_pid_tgid(), child_address; // a number: functions of their own take no pointers
	u32 tgid = id >> 32, child_tgid = BPF_CORE_READ(child, tgid);
	bool ours = tgid == self && only_followed;
	if (!ours && excused(id, true)) {
		if (only_followed && child_tgid != tgid)
			bpf_map_delete_elem(&followed, &child_tgid);
		return 0;
	}
	if (only_followed && child_tgid != tgid) {
		u8 *state = bpf_map_lookup_elem(&followed, &tgid);
		u8 now = ours ? FORKED : state ? *state : RUNNING;
		bpf_map_update_elem(&followed, &child_tgid, &now, BPF_ANY);
	}
	if (!want_fork || (ours && child_tgid == tgid))
		return 0;
	bpf_probe_read_kernel(&child_address, sizeof(child_address), (u64 *)ctx + 1);
	if (!reserve(r, true))
		return 0;
	if (ours)
		r->k->flags |= PREFIX_STATE;
	u32 type = CLONE_X, flags = 0;
	bool narrow = compat(me());
	u64 first;
	u32 i = call_number(calling(narrow, &first), narrow) * 2 + 1;
	struct plan *plan = bpf_map_lookup_elem(&plans, &i);
	if (plan && plan->program == PROGRAM_CLONE) {
		type = plan->type;
		flags = asked_flags(plan->id, first);
	}
	if (!start(r, type, 21, now(), BPF_CORE_READ(child, pid)))
		return 0;
	const struct cred *c = BPF_CORE_READ(child, cred);
	struct pid *pid = BPF_CORE_READ(child, thread_pid);
	if (BPF_CORE_READ(child, tgid) == BPF_CORE_READ(parent, tgid))
		flags |= 0x2000;
	if (BPF_CORE_READ(child, files) == BPF_CORE_READ(parent, files))
		flags |= 1;
	if (BPF_CORE_READ(child, fs) == BPF_CORE_READ(parent, fs))
		flags |= 2;
	if (BPF_CORE_READ(child, mm) == BPF_CORE_READ(parent, mm))
		flags |= 0x8000;
	u32 level = BPF_CORE_READ(pid, level);
	if (level != BPF_CORE_READ(parent, thread_pid, level))
		flags |= 0x40;
	if (level)
		flags |= 0x20000000;
	put(r, 0, 0, 8);
	put_args(r, 1, child);
	put_identity(child_address);
	put(r, 15, flags, 4);
	put(r, 16, BPF_CORE_READ(c, euid.val), 4);
	put(r, 17, BPF_CORE_READ(c, egid.val), 4);
	put(r, 18, level_pid(pid, true), 8);
	put(r, 19, level_pid(pid_of(child, PIDTYPE_TGID), true), 8);
	put(r, 20, level ? init_start(pid) : 0, 8);
	publish(r, 0, cgroup_id(child));
	return 0;
}

// sched_process_exit writes the end of a thread.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *t)
{
	struct rec rec, *r = &rec;
	u64 id = bpf_get_current_pid_tgid();
	u32 tid = id;
	if (excused(id, false))
		return 0;
	if (!want_procexit || !reserve(r, true))
		return 0;
	if (!start(r, PROCEXIT, 5, now(), tid))
		return 0;
	u32 code = BPF_CORE_READ(t, exit_code);
	put(r, 0, (s64)(s32)code, 8);
	put(r, 1, code >> 8 & 0xff, 8);
	put(r, 2, code & 0x7f, 1);
	put(r, 3, (code & 0x80) != 0, 1);
	put(r, 4, reaper(t), 8);
	publish(r, 0, cgroup_id(t));
	return 0;
}

// cgroup_attach_task writes that a thread, or a process with all of its threads, is in another cgroup now: an asynchronous event with plugin 0, the name
// (synthetic.go) and all cgroups. Somebody else may have moved it. The lengths of this event are 32 bits wide: in the places of 16 bits it has six.
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *task, bool process)
{
	struct rec rec, *r = &rec;
	u32 tgid = BPF_CORE_READ(task, tgid);
	u64 address; // a number: functions of their own take no pointers
	if (only_followed ? !bpf_map_lookup_elem(&followed, &tgid) : tgid == self)
		return 0;
	bpf_probe_read_kernel(&address, sizeof(address), (u64 *)ctx + 2);
	if (!reserve(r, true))
		return 0;
	if (!start(r, ASYNCEVENT, 6, now(), BPF_CORE_READ(task, pid)))
		return 0;
	u8 *head = r->p + sizeof(struct prefix);
	*(u32 *)(head + 22) = 3;
	*(u64 *)(head + HEAD_SIZE) = 0;
	*(u32 *)(head + HEAD_SIZE + 8) = 0;
	put(r, 0, 0, 4);
	u8 *name = at(r);
	*(u64 *)name = process ? 0x007370756f726763ull : 0x2e7370756f726763ull; // "cgroups", "cgroups.thread"
	*(u64 *)(name + 8) = 0x646165726874ull;
	length(r, 2, process ? 8 : 15);
	put_cgroups(4, address);
	publish(r, 0, cgroup_id(task));
	return 0;
}

// sched_switch writes who leaves a processor for whom.
SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct rec rec, *r = &rec;
	if (self && BPF_CORE_READ(next, tgid) == self && !BPF_CORE_READ(prev, pid))
		return 0; // scry wakes up on an idle processor
	if (excused((u64)BPF_CORE_READ(prev, tgid) << 32, false) || !reserve(r, false))
		return 0;
	if (!start(r, SCHEDSWITCH, 6, now(), BPF_CORE_READ(prev, pid)))
		return 0;
	put(r, 0, (s64)BPF_CORE_READ(next, pid), 8);
	put(r, 1, BPF_CORE_READ(prev, maj_flt), 8);
	put(r, 2, BPF_CORE_READ(prev, min_flt), 8);
	put(r, 3, memory_of(prev, 0), 4);
	put(r, 4, memory_of(prev, 1), 4);
	put(r, 5, memory_of(prev, 2), 4);
	publish(r, 0, 0);
	return 0;
}

// signal_deliver writes that the thread at hand takes a signal: from whom is known for those that a process sent (si_code 0 or less).
SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, struct kernel_siginfo *info)
{
	struct rec rec, *r = &rec;
	u64 id = bpf_get_current_pid_tgid();
	if (excused(id, false) || !reserve(r, false))
		return 0;
	if (!start(r, SIGNALDELIVER, 3, now(), (u32)id))
		return 0;
	s32 from = 0;
	if ((u64)info > 2) { // SEND_SIG_NOINFO, SEND_SIG_PRIV
		int code = BPF_CORE_READ(info, si_code);
		if (code <= 0 || sig == 17) // SI_USER, SI_QUEUE, SI_TKILL; SIGCHLD
			bpf_probe_read_kernel(&from, 4, (u8 *)info + 16); // si_pid: behind si_signo, si_errno, si_code and padding
	}
	put(r, 0, (s64)from, 8);
	put(r, 1, (s64)(s32)id, 8);
	put(r, 2, sig, 1);
	publish(r, 0, 0);
	return 0;
}

#if defined(__TARGET_ARCH_x86)
static __always_inline void page_fault(unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	struct rec rec, *r = &rec;
	u64 id = bpf_get_current_pid_tgid();
	if (excused(id, false) || !reserve(r, false))
		return;
	if (!start(r, PAGE_FAULT, 3, now(), (u32)id))
		return;
	put(r, 0, addr, 8);
	put(r, 1, regs->ip, 8);
	put(r, 2, (error & 1 ? 1 : 2) | (error & 2 ? 4 : 8) | (error & 4 ? 0x10 : 0x20) | (error & 8 ? 0x40 : 0) | (error & 16 ? 0x80 : 0), 4);
	publish(r, 0, 0);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user, unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	page_fault(addr, regs, error);
	return 0;
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(page_fault_kernel, unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	page_fault(addr, regs, error);
	return 0;
}
#endif
