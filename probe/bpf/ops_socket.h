// Socket addresses, tuples, messages, options.
#pragma once

enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10 };

static __always_inline u16 swap16(u16 v) { return v << 8 | v >> 8; }

static __always_inline struct sock *sock_of(s32 fd)
{
	struct file *f = file_of(fd);
	if (!f || (BPF_CORE_READ(f, f_inode, i_mode) & 0170000) != 0140000)
		return 0;
	struct socket *s = BPF_CORE_READ(f, private_data);
	return s ? BPF_CORE_READ(s, sk) : 0;
}

struct user_address { // as much of a struct sockaddr_* as matters
	u16 family;
	u16 port;
	union {
		u32 v4;
		struct { u32 flow; u8 v6[16]; };
	};
};

// put_path_of appends the path of a unix socket address: an abstract one begins with a NUL in the kernel and with @ here, as in /proc/net/unix.
// src is the path, user tells where it lies; len its length as far as it is known.
static __always_inline u32 unix_path(struct rec *r, u32 at, const void *src, bool user, u32 len)
{
	u8 *d = r->p + (at & 0xffff);
	long n;
	if (!src || !len) {
		*d = 0;
		return 1;
	}
	char first = 0;
	if (user)
		bpf_probe_read_user(&first, 1, src);
	else
		bpf_probe_read_kernel(&first, 1, src);
	u32 skip = 0;
	if (!first && len > 1) {
		*d = '@';
		skip = 1;
	}
	if (len > 108)
		len = 108;
	len = (len - skip) & 127;
	d += skip;
	if (user)
		n = read_text(d, len + 1, src + skip);
	else
		n = bpf_probe_read_kernel_str(d, len + 1, src + skip);
	if (n <= 0) {
		*d = 0;
		n = 1;
	}
	return skip + ((u32)n & 127);
}

// put_address appends a struct sockaddr of the process: family, address, port.
static __always_inline void put_address(struct rec *r, u32 i, const void *src, u32 len, bool exit)
{
	struct user_address a = {};
	u32 off = r->k->off & 0xffff, n = 1;
	if (!src || len < 2) {
		length(r, i, 0);
		return;
	}
	if (bpf_probe_read_user(&a, 2, src)) {
		if (exit)
			put_fault(r, i, false);
		else
			length(r, i, 0);
		return;
	}
	r->p[off] = a.family;
	switch (a.family) {
	case AF_INET:
		bpf_probe_read_user(&a, 8, src);
		*(u32 *)(r->p + off + 1) = a.v4;
		*(u16 *)(r->p + off + 5) = swap16(a.port);
		n = 7;
		break;
	case AF_INET6:
		bpf_probe_read_user(&a, sizeof(a), src);
		__builtin_memcpy(r->p + off + 1, a.v6, 16);
		*(u16 *)(r->p + off + 17) = swap16(a.port);
		n = 19;
		break;
	case AF_UNIX:
		n = 1 + unix_path(r, off + 1, src + 2, true, len - 2);
		break;
	}
	length(r, i, n);
}

// put_tuple appends both ends of a socket: the one that sends first. peer, when the socket has none, is an address of the process.
__noinline int put_tuple(u32 i, u32 fd, u32 inbound, u64 address)
{
	struct rec rec, *r = &rec;
	const void *peer = (const void *)address;
	if (!find(r))
		return 0;
	struct sock *sk = sock_of(fd);
	u32 off = r->k->off & 0xffff;
	u8 *d = r->p + off;
	if (!sk) {
		length(r, i, 0);
		return 0;
	}
	struct inet_sock *in = (struct inet_sock *)sk;
	struct user_address a = {};
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	u16 lport = swap16(BPF_CORE_READ(in, inet_sport)), rport = swap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	d[0] = family;
	switch (family) {
	case AF_INET: {
		u32 l = BPF_CORE_READ(in, inet_saddr), p = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		if (!rport && peer && !bpf_probe_read_user(&a, 8, peer) && a.family == AF_INET) {
			p = a.v4;
			rport = swap16(a.port);
		}
		*(u32 *)(d + (inbound ? 7 : 1)) = l;
		*(u16 *)(d + (inbound ? 11 : 5)) = lport;
		*(u32 *)(d + (inbound ? 1 : 7)) = p;
		*(u16 *)(d + (inbound ? 5 : 11)) = rport;
		length(r, i, 13);
		return 0;
	}
	case AF_INET6: {
		u8 *l = d + (inbound ? 19 : 1), *p = d + (inbound ? 1 : 19);
		bpf_probe_read_kernel(l, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(p, 16, &sk->__sk_common.skc_v6_daddr);
		if (!rport && peer && !bpf_probe_read_user(&a, sizeof(a), peer) && a.family == AF_INET6) {
			__builtin_memcpy(p, a.v6, 16);
			rport = swap16(a.port);
		}
		*(u16 *)(l + 16) = lport;
		*(u16 *)(p + 16) = rport;
		length(r, i, 37);
		return 0;
	}
	case AF_UNIX: {
		struct unix_sock *u = (struct unix_sock *)sk, *other = (struct unix_sock *)BPF_CORE_READ(u, peer);
		struct unix_sock *named = inbound ? u : other;
		struct unix_address *name = named ? BPF_CORE_READ(named, addr) : 0;
		*(u64 *)(d + 1) = (u64)(inbound ? u : other);
		*(u64 *)(d + 9) = (u64)(inbound ? other : u);
		u32 len = name ? BPF_CORE_READ(name, len) : 0;
		u32 n;
		if (!name && peer && !inbound && !bpf_probe_read_user(&a, 2, peer) && a.family == AF_UNIX)
			n = unix_path(r, off + 17, peer + 2, true, 108);
		else
			n = unix_path(r, off + 17, name ? name->name[0].sun_path : 0, false, len > 2 ? len - 2 : 0);
		length(r, i, 17 + n);
		return 0;
	}
	}
	length(r, i, 0);
	return 0;
}

static __always_inline void msg_at(const void *src, bool narrow, struct msghdr_ *m)
{
	__builtin_memset(m, 0, sizeof(*m));
	if (narrow) {
		struct msghdr32 s = {};
		bpf_probe_read_user(&s, sizeof(s), src);
		m->name = s.name;
		m->namelen = s.namelen;
		m->iov = s.iov;
		m->iovlen = s.iovlen;
		m->control = s.control;
		m->controllen = s.controllen;
	} else {
		bpf_probe_read_user(m, sizeof(*m), src);
	}
}

// put_message appends the data that went through a msghdr; done is how much, negative after a failure.
static __always_inline void put_message(struct rec *r, u32 i, const struct msghdr_ *m, s64 done, bool fills, u64 size)
{
	put_iov(i, m->iov, m->iovlen, r->k->compat, done > 0 ? done : fills || done == 0 ? 0 : size);
}

static __always_inline void put_control(struct rec *r, u32 i, const struct msghdr_ *m, s64 done)
{
	if (done < 0 || !m->control)
		length(r, i, 0);
	else
		put_buffer(r, i, (void *)m->control, m->controllen, 1024);
}

enum { DYN_BYTES, DYN_ERRNO, DYN_U32, DYN_U64, DYN_TIME };

// put_sockopt appends the value of a socket option as the type that the format has for it: see sockopt_dynamic_param.
static __always_inline void put_sockopt(struct rec *r, u32 i, bool get)
{
	struct control *k = r->k;
	u32 off = r->k->off & 0xffff, opt = k->args[2], len = k->args[4];
	const void *src = (void *)k->args[3];
	if (get) {
		u32 n = 0;
		bpf_probe_read_user(&n, 4, (void *)k->args[4]);
		len = n;
	}
	u8 *d = r->p + off;
	u64 v = 0;
	u32 kind = DYN_BYTES;
	if (k->args[1] == 1) {
		switch (opt) {
		case 4: kind = DYN_ERRNO; break;
		case 20: case 21: case 66: case 67: kind = DYN_TIME; break;
		case 57: kind = DYN_U64; break;
		case 1: case 2: case 3: case 5: case 6: case 7: case 8: case 9: case 10: case 11: case 12: case 14: case 15: case 16: case 18: case 19:
		case 29: case 30: case 32: case 33: case 34: case 35: case 36: case 37: case 38: case 39: case 40: case 41: case 42: case 43: case 44:
		case 45: case 46: case 47: case 48: case 49: case 50:
			kind = DYN_U32;
			break;
		}
	}
	*d = kind;
	bool ok = true;
	switch (kind) {
	case DYN_ERRNO:
		v = word_at(src, true, &ok);
		if (!ok)
			break;
		*(s64 *)(d + 1) = -(s64)(s32)v;
		length(r, i, 9);
		return;
	case DYN_U32:
		v = word_at(src, true, &ok);
		if (!ok)
			break;
		*(u32 *)(d + 1) = v;
		length(r, i, 5);
		return;
	case DYN_U64:
		v = word_at(src, false, &ok);
		if (!ok)
			break;
		*(u64 *)(d + 1) = v;
		length(r, i, 9);
		return;
	case DYN_TIME: {
		s64 t[2] = {};
		if (k->compat && opt < 60) {
			s32 t32[2] = {};
			ok = !bpf_probe_read_user(t32, sizeof(t32), src);
			t[0] = t32[0];
			t[1] = t32[1];
		} else {
			ok = !bpf_probe_read_user(t, sizeof(t), src);
		}
		if (!ok)
			break;
		*(u64 *)(d + 1) = t[0] * 1000000000ull + t[1] * 1000ull;
		length(r, i, 9);
		return;
	}
	}
	if (!ok) {
		put_fault(r, i, false);
		return;
	}
	u32 n = snaplen < len ? snaplen : len;
	if (n > room(r))
		n = room(r);
	if (n && !copy_user(r, off + 1, src, n)) {
		put_fault(r, i, false);
		return;
	}
	if (n < len)
		r->k->flags |= PREFIX_CUT;
	length(r, i, (1 + n) & 0xffff);
}

static __always_inline void put_queue(struct rec *r, u32 i, u32 what)
{
	struct sock *sk = sock_of(r->k->args[0]);
	u32 len = sk ? BPF_CORE_READ(sk, sk_ack_backlog) : 0, max = sk ? BPF_CORE_READ(sk, sk_max_ack_backlog) : 0;
	if (what == 0)
		put(r, i, max ? (u64)len * 100 / max : 0, 1);
	else
		put(r, i, what == 1 ? len : max, 4);
}

// put_socket carries out the operations of calls on sockets.
__noinline int put_socket(u32 i, u32 op, u32 exit)
{
	struct rec rec, *r = &rec;
	if (!find(r))
		return 0;
	struct control *k = r->k;
	u32 kind = op & 0xff, a = op >> 8 & 0xff, b = op >> 16 & 0xff, c = op >> 24;
	switch (kind) {
	case OP_BUFFER: put_buffer(r, i, (void *)k->args[a & 7], moved(k, k->args[b & 7], c), snaplen); return 0;
	case OP_ADDRESS: put_address(r, i, (void *)k->args[a & 7], k->args[b & 7], exit); return 0;
	case OP_TUPLE:
		if (exit && k->ret < 0 && (c & 2) && k->ret != -115) // EINPROGRESS: the socket has its ends
			length(r, i, 0);
		else
			put_tuple(i, k->args[a & 7], c & 1, b ? k->args[b & 7] : 0);
		return 0;
	case OP_QUEUE: put_queue(r, i, a); return 0;
	case OP_SOCKPAIR: {
		s32 fd = -1;
		bpf_probe_read_user(&fd, 4, (void *)k->args[3]);
		struct unix_sock *u = (struct unix_sock *)sock_of(fd);
		put(r, i, a ? (u64)(u ? BPF_CORE_READ(u, peer) : 0) : (u64)u, 8);
		return 0;
	}
	case OP_SOCKOPT: put_sockopt(r, i, a); return 0;
	}
	return put_arg(i, op, exit);
}
