package event

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
)

// inet, unix: the pieces of an address as they are on the wire.
func inet(addr string, port uint16) []byte {
	return binary.LittleEndian.AppendUint16(netip.MustParseAddr(addr).AsSlice(), port)
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func u64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// tuples are whole tuples with their texts.
var tuples = []struct {
	wire []byte
	want string
}{
	{join([]byte{AFInet}, inet("10.0.0.1", 33000), inet("93.184.216.34", 443)), "10.0.0.1:33000->93.184.216.34:443"},
	{join([]byte{AFInet}, inet("0.0.0.0", 0), inet("255.255.255.255", 65535)), "0.0.0.0:0->255.255.255.255:65535"},
	{join([]byte{AFInet6}, inet("::1", 1), inet("2001:db8::ff", 53)), "::1:1->2001:db8::ff:53"},
	{join([]byte{AFInet6}, inet("::ffff:10.0.0.1", 80), inet("::", 0)), "10.0.0.1:80->:::0"}, // IPv4 in IPv6 form
	{join([]byte{AFUnix}, u64(0xffff880012345678), u64(0), []byte("/run/x.sock\x00")), "ffff880012345678->0 /run/x.sock"},
	{join([]byte{AFUnix}, u64(1), u64(2)), "1->2"},
	{[]byte{AFNetlink, 1, 2, 3}, "family 16"},
	{[]byte{AFUnspec}, "family 0"},
}

func TestTupleText(t *testing.T) {
	for _, c := range tuples {
		tup, ok := ParseTuple(c.wire)
		if got := string(AppendTuple([]byte("x "), tup)); !ok || got != "x "+c.want {
			t.Errorf("%x: %q %v, want %q", c.wire, got, ok, c.want)
		}
	}
}

func TestParseTuple(t *testing.T) {
	got, ok := ParseTuple(tuples[0].wire)
	want := Tuple{Family: AFInet, Src: netip.MustParseAddrPort("10.0.0.1:33000"), Dst: netip.MustParseAddrPort("93.184.216.34:443")}
	if !ok || got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got, ok = ParseTuple(tuples[4].wire)
	want = Tuple{Family: AFUnix, UnixSrc: 0xffff880012345678, Path: "/run/x.sock"}
	if !ok || got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A tuple that is cut off anywhere before its end is refused; only the path of a unix one may be short.
func TestShortTuples(t *testing.T) {
	need := map[uint8]int{AFInet: 13, AFInet6: 37, AFUnix: 17, AFNetlink: 1, AFUnspec: 1}
	for _, c := range tuples {
		for n := 0; n <= len(c.wire); n++ {
			if _, ok := ParseTuple(c.wire[:n:n]); ok != (n >= need[c.wire[0]]) {
				t.Errorf("family %d, %d bytes: %v", c.wire[0], n, ok)
			}
		}
	}
	long := join(tuples[0].wire, []byte("surplus"))
	if tup, ok := ParseTuple(long); !ok || string(AppendTuple(nil, tup)) != tuples[0].want {
		t.Errorf("%+v %v", tup, ok)
	}
}

func TestSockAddrText(t *testing.T) {
	need := map[uint8]int{AFInet: 7, AFInet6: 19, AFUnix: 1, AFNetlink: 1}
	for _, c := range []struct {
		wire []byte
		want string
	}{
		{join([]byte{AFInet}, inet("127.0.0.1", 8080)), "127.0.0.1:8080"},
		{join([]byte{AFInet6}, inet("fe80::1", 22)), "fe80::1:22"},
		{join([]byte{AFInet6}, inet("::ffff:1.2.3.4", 22)), "1.2.3.4:22"},
		{join([]byte{AFUnix}, []byte("/var/run/d.sock\x00rest")), "/var/run/d.sock"},
		{[]byte{AFUnix}, ""},
		{[]byte{AFNetlink, 0, 0}, "family 16"},
	} {
		a, ok := ParseSockAddr(c.wire)
		if got := string(AppendSockAddr(nil, a)); !ok || got != c.want {
			t.Errorf("%x: %q %v, want %q", c.wire, got, ok, c.want)
		}
		for n := range c.wire {
			if _, ok := ParseSockAddr(c.wire[:n:n]); ok != (n >= need[c.wire[0]]) {
				t.Errorf("family %d, %d bytes: %v", c.wire[0], n, ok)
			}
		}
	}
}

func TestAppendIP(t *testing.T) {
	for addr, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "::ffff:1.2.3.4": "1.2.3.4", "::": "::", "2001:0db8:0:0:0:0:0:1": "2001:db8::1", "fe80::1%eth0": "fe80::1",
	} {
		if got := string(AppendIP(nil, netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}
