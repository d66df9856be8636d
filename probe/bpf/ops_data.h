// Buffers, vectors, poll lists: what calls move.
#pragma once

// moved is how much of a buffer is data: what the call returned; for one that writes and failed, what it would have written.
static __always_inline u64 moved(struct control *k, u64 size, bool fills)
{
	s64 ret = k->ret;
	if (ret > 0)
		return ret;
	return fills || ret == 0 ? 0 : size;
}

static __always_inline void iov_at(const void *v, u32 n, bool narrow, struct iovec_ *out)
{
	out->base = out->len = 0;
	if (narrow) {
		struct iovec32 s = {};
		bpf_probe_read_user(&s, sizeof(s), v + n * sizeof(s));
		out->base = s.base;
		out->len = s.len;
	} else {
		bpf_probe_read_user(out, sizeof(*out), v + n * sizeof(*out));
	}
}

#define MAX_IOV 256 // the kernel takes 1024, but each costs the verifier 50 instructions
#define MAX_IOV_DATA 64

// iov_size adds up the lengths of the first MAX_IOV pieces; put_iov marks the event when there are more.
__noinline u64 iov_size(u64 v, u64 count, u32 narrow)
{
	u64 sum = 0;
_Pragma("clang loop unroll(disable)")
	for (u32 n = 0; n < MAX_IOV; n++) {
		struct iovec_ one;
		if (n >= count)
			break;
		iov_at((void *)v, n, narrow, &one);
		sum += one.len;
	}
	return sum;
}

// put_iov appends size bytes of a vector, as many as snaplen allows and the first MAX_IOV_DATA pieces hold.
__noinline int put_iov(u32 i, u64 v, u64 count, u32 narrow, u64 size)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	struct control *k = r->k;
	u32 left = room(r), begin = k->off;
	if (snaplen < left)
		left = snaplen;
	if (size > left)
		k->flags |= PREFIX_CUT;
	else
		left = size;
	k->left = left;
_Pragma("clang loop unroll(disable)")
	for (u32 n = 0; n < MAX_IOV_DATA; n++) {
		struct iovec_ one;
		if (n >= count || !k->left)
			break;
		iov_at((void *)v, n, narrow, &one);
		u32 len = one.len < k->left ? one.len : k->left;
		if (len && !copy_user(r, k->off, (void *)one.base, len)) {
			k->faults |= 1u << (i & 31);
			break;
		}
		k->off += len;
		k->left -= len;
	}
	if (count > MAX_IOV || (count > MAX_IOV_DATA && k->left && !(k->faults & 1u << (i & 31))))
		k->flags |= PREFIX_CUT;
	u32 got = k->off - begin;
	k->off = begin;
	length(r, i, got & 0xffff);
	return 0;
}

#define MAX_POLL 64

static __always_inline u16 map_poll(u16 e)
{
	return (e & 7) | MOVE(e, 0x2000, 8) | (e & 0x3f8) << 1;
}

// put_poll appends the descriptors with what is waited for (enter) or what happened (exit).
static __always_inline void put_poll(struct rec *r, u32 i, const void *src, u32 count, bool exit)
{
	u32 off = r->k->off & 0xffff, n;
	for (n = 0; n < MAX_POLL; n++) {
		struct pollfd_ p = {};
		if (n >= count)
			break;
		if (bpf_probe_read_user(&p, sizeof(p), src + n * sizeof(p)))
			break;
		u8 *d = r->p + ((off + 2 + n * 10) & 0xffff);
		*(s64 *)d = p.fd;
		*(u16 *)(d + 8) = map_poll(exit ? p.revents : p.events);
	}
	if (n < count)
		r->k->flags |= PREFIX_CUT;
	*(u16 *)(r->p + off) = n;
	length(r, i, 2 + n * 10);
}
