package scap

import "net/netip"

// decoder reads little-endian values off the front of b. After a value that does not fit, short is set, b is empty and every
// value is zero, so a reader asks once at its end.
type decoder struct {
	b     []byte
	short bool
}

// bytes returns the next n bytes; they alias the buffer.
func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.b, d.short = nil, true
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) u8() uint8 {
	if v := d.bytes(1); v != nil {
		return v[0]
	}
	return 0
}

func (d *decoder) u16() uint16 {
	if v := d.bytes(2); v != nil {
		return le.Uint16(v)
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if v := d.bytes(4); v != nil {
		return le.Uint32(v)
	}
	return 0
}

func (d *decoder) u64() uint64 {
	if v := d.bytes(8); v != nil {
		return le.Uint64(v)
	}
	return 0
}

func (d *decoder) i64() int64 { return int64(d.u64()) }

// str is a u16 length and that many bytes; they alias the buffer.
func (d *decoder) str() []byte { return d.bytes(int(d.u16())) }

func (d *decoder) ip4() netip.Addr {
	if v := d.bytes(4); v != nil {
		return netip.AddrFrom4([4]byte(v))
	}
	return netip.Addr{}
}

func (d *decoder) ip6() netip.Addr {
	if v := d.bytes(16); v != nil {
		return netip.AddrFrom16([16]byte(v))
	}
	return netip.Addr{}
}
