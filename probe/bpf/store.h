// Writing a record: begin reserves room in the ring of this CPU, put_* append parameters in place, publish makes the record visible.
// A CPU has one writer at a time: `busy` keeps out what interrupts it (page faults that its own reads cause, mostly).
#pragma once

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); // CPUs
	__type(key, u32);
	__type(value, struct control);
} controls SEC(".maps");

struct segment { u8 bytes[SEGMENT + SLACK]; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); // CPUs * segments
	__type(key, u32);
	__type(value, struct segment);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} wake SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024); // number of the call * 2 + 1 for its exit
	__type(key, u32);
	__type(value, struct plan);
} plans SEC(".maps");

// Set before loading: the verifier takes what they rule out away.
const volatile u32 segments = 8;        // of a ring: a power of two, at least 4
const volatile u64 boot_time;           // ns since the epoch at which the boot clock was 0
const volatile u32 snaplen = 80;
const volatile u32 self;                // process id of scry, 0: trace it too
const volatile bool has_task_btf = true, has_task_storage = true, has_tail_calls = true;
const volatile bool has_names;          // some names are excluded
const volatile bool only_followed;      // only the command and its descendants
const volatile bool want_enter_time;    // exits carry the time of their enter
const volatile u64 want_enter[8], want_exit[8]; // by number of the call
const volatile u64 any_enter[8], any_exit[8];   // by the number in the register, whichever table it belongs to
const volatile bool want_fork, want_exec, want_procexit;
const volatile s16 ia32_calls[512];     // number of the amd64 call that a 32-bit one is

const volatile struct prefix *const prefix_layout; // brings the structure into the object's BTF: TestWire looks at it

#define HEAD_SIZE 26 // of a V2 record
#define barrier() asm volatile("" ::: "memory")

struct rec {
	struct control *k;
	u8 *p;        // the prefix
	u32 cpu;
};

static __always_inline u8 *place(struct control *k, u32 cpu)
{
	u64 head = k->head;
	u32 i = cpu * segments + ((u32)(head >> SEGMENT_BITS) & (segments - 1));
	struct segment *s = bpf_map_lookup_elem(&rings, &i);
	return s ? s->bytes + ((u32)head & (SEGMENT - 1)) : 0;
}

// reserve counts an event and tells whether there is room for it. After true the CPU is busy until publish or give_up.
static __always_inline bool reserve(struct rec *r, bool state)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct control *k = bpf_map_lookup_elem(&controls, &cpu);
	if (!k)
		return false;
	if (k->busy) {
		k->reasons[LOST_NESTED]++;
		return false;
	}
	k->busy = 1;
	barrier();
	k->seen++;
	u64 used = (k->head >> SEGMENT_BITS) - (k->tail >> SEGMENT_BITS);
	if (used + (state ? 0 : segments / 4) >= segments) {
		k->lost++;
		k->reasons[state ? LOST_STATE : LOST_FULL]++;
		barrier();
		k->busy = 0;
		return false;
	}
	k->faults = 0;
	k->flags = 0;
	r->k = k;
	r->cpu = cpu;
	return true;
}

// resume finds the record that the dispatcher reserved and tail-called for.
static __always_inline bool resume(struct rec *r)
{
	u32 cpu = bpf_get_smp_processor_id();
	r->k = bpf_map_lookup_elem(&controls, &cpu);
	r->cpu = cpu;
	return r->k != 0;
}

// find is resume with the place of the record: for functions that the verifier looks at by themselves, which cannot be given a rec. Such functions are
// global and take numbers only; what they read they find here.
static __always_inline bool find(struct rec *r)
{
	if (!resume(r))
		return false;
	r->p = place(r->k, r->cpu);
	return r->p != 0;
}

// give_up takes back the event that was reserved: there is nothing to say of it.
static __always_inline void give_up(struct rec *r)
{
	r->k->seen--;
	barrier();
	r->k->busy = 0;
}

// start writes the head of a record with count parameters. It fails on a CPU that came after the rings were made: its events are lost.
static __always_inline bool start(struct rec *r, u32 type, u32 count, u64 ts, u64 tid)
{
	u8 *p = place(r->k, r->cpu);
	if (!p) {
		r->k->lost++;
		r->k->reasons[LOST_FULL]++;
		barrier();
		r->k->busy = 0;
		return false;
	}
	r->p = p;
	r->k->off = sizeof(struct prefix) + HEAD_SIZE + 2 * count;
	p += sizeof(struct prefix);
	*(u64 *)p = ts;
	*(u64 *)(p + 8) = tid;
	*(u16 *)(p + 20) = type;
	*(u32 *)(p + 22) = count;
	return true;
}

// emit makes the record visible: off bytes with its prefix.
static __always_inline void emit(struct rec *r, u32 off, u32 flags, u32 faults, u64 enter, u64 cgroup)
{
	struct control *k = r->k;
	u32 size = (off + 7) & ~7;
	struct prefix *x = (struct prefix *)r->p;
	x->size = size;
	x->flags = flags;
	x->cpu = r->cpu;
	x->lost = k->lost + k->reasons[LOST_NESTED];
	x->faults = faults;
	x->enter = enter;
	x->cgroup = cgroup;
	*(u32 *)(r->p + sizeof(*x) + 16) = off - sizeof(*x);
	u64 head = k->head, next = head + size;
	if ((next ^ head) >> SEGMENT_BITS)
		next = ((head >> SEGMENT_BITS) + 1) << SEGMENT_BITS;
	barrier(); // arm64 may still let the head overtake the record: settle, on the other side, gives it time
	k->head = next;
	barrier();
	k->busy = 0;
	if (next >= k->wake) {
		k->wake = ~0ull;
		u64 nothing = 0;
		bpf_ringbuf_output(&wake, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
	}
}

static __always_inline void publish(struct rec *r, u64 enter, u64 cgroup)
{
	emit(r, r->k->off & 0x1ffff, r->k->flags, r->k->faults, enter, cgroup);
}

static __always_inline u8 *at(struct rec *r) { return r->p + (r->k->off & 0xffff); }

static __always_inline void length(struct rec *r, u32 i, u32 n)
{
	*(u16 *)(r->p + sizeof(struct prefix) + HEAD_SIZE + 2 * (i & 31)) = n;
	r->k->off += n;
}

// put writes parameter i, w bytes wide: the next one overwrites what stands behind them.
static __always_inline void put(struct rec *r, u32 i, u64 v, u32 w)
{
	*(u64 *)at(r) = v;
	length(r, i, w);
}

#define FAULT_TEXT 0x003e746c7561663cull // "<fault>"

// put_fault marks that the memory of parameter i could not be read; text ones say so themselves, so that files keep it.
static __always_inline void put_fault(struct rec *r, u32 i, bool text)
{
	r->k->faults |= 1u << (i & 31);
	if (text)
		put(r, i, FAULT_TEXT, 8);
	else
		length(r, i, 0);
}

#define MAX_STRING 4096

// read_text copies the text at src in the process and returns its length with its NUL, less than 1 when it cannot be read. Older kernels (5.10) say 0 for
// an empty one: https://github.com/falcosecurity/libs/issues/866.
static __always_inline long read_text(u8 *to, u32 size, const void *src)
{
	long n = bpf_probe_read_user_str(to, size, src);
	if (n)
		return n;
	*to = 0;
	return 1;
}

// put_string appends the text at src in the process. At the enter of a call its memory may not be in yet: that is not worth a mark, the exit has it.
static __always_inline void put_string(struct rec *r, u32 i, const void *src, bool exit)
{
	if (!src) {
		length(r, i, 0);
		return;
	}
	long n = read_text(at(r), MAX_STRING, src);
	if (n > 0 && n <= MAX_STRING)
		length(r, i, n);
	else if (exit)
		put_fault(r, i, true);
	else
		length(r, i, 0);
}

static __always_inline void put_kernel_string(struct rec *r, u32 i, const void *src, u32 max)
{
	long n = bpf_probe_read_kernel_str(at(r), max, src);
	length(r, i, n > 0 && n <= max ? n : 0);
}

// room is how many bytes of data still fit into the record, with some left for the parameters behind them.
static __always_inline u32 room(struct rec *r)
{
	u32 off = r->k->off & 0xffff;
	return off < 0xf000 ? 0xf000 - off : 0;
}

// BOUND keeps v below 64 Ki in a way that the compiler cannot take away because it knows better than the verifier.
#define BOUND(v) asm volatile("%0 &= 0xffff" : "+r"(v))

static __always_inline bool copy_user(struct rec *r, u32 where, const void *src, u32 size)
{
	u64 at = where, n = size;
	BOUND(at);
	BOUND(n);
	return bpf_probe_read_user(r->p + at, n, src) == 0;
}

// put_buffer appends size bytes at src, as many as snaplen allows.
static __always_inline void put_buffer(struct rec *r, u32 i, const void *src, u64 size, u32 limit)
{
	u32 n = room(r);
	if (limit < n)
		n = limit;
	if (size > n)
		r->k->flags |= PREFIX_CUT;
	else
		n = size;
	if (n && !copy_user(r, r->k->off, src, n))
		put_fault(r, i, false);
	else
		length(r, i, n);
}
