package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

const (
	testTS  = 1700000000123456789
	testTID = -7
)

// v2 builds a record of typ; v1 the same with the old header.
func v2(typ Type, params ...[]byte) []byte { return Append(nil, testTS, testTID, typ, params...) }

func v1(typ Type, params ...[]byte) []byte {
	b := v2(typ, params...)
	b = slices.Delete(b, headerV1, headerV2)
	return setLen(b, uint32(len(b)))
}

// setLen, setCount and setWord falsify the record's length, number of parameters, and 16-bit length word i.
func setLen(b []byte, n uint32) []byte   { binary.LittleEndian.PutUint32(b[offLen:], n); return b }
func setCount(b []byte, n uint32) []byte { binary.LittleEndian.PutUint32(b[offNParams:], n); return b }
func setWord(b []byte, i int, n uint16) []byte {
	binary.LittleEndian.PutUint16(b[headerV2+2*i:], n)
	return b
}

// params are copies of all parameters of e, nil for an empty one.
func params(e *Event) [][]byte {
	var ps [][]byte
	for i := range e.NParams {
		ps = append(ps, append([]byte(nil), e.Param(i)...))
	}
	return ps
}

func u16(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
func u32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func TestDecode(t *testing.T) {
	fd := u64(3)
	big := bytes.Repeat([]byte{0xab}, 70000)
	for _, c := range []struct {
		name   string
		typ    Type
		params [][]byte
	}{
		{"no parameters", GetuidE, nil},
		{"a full schema", ReadX, [][]byte{u64(5), []byte("hello"), fd, u32(4096)}},
		{"trailing ones missing", ReadX, [][]byte{u64(5), []byte("hello")}},
		{"empty ones", OpenX, [][]byte{fd, nil, nil, u32(0), nil, nil}},
		{"all empty", OpenX, [][]byte{nil, nil, nil}},
		{"the widest word", WriteX, [][]byte{u64(65535), big[:65535]}},
		{"32-bit words", PlugineventE, [][]byte{u32(1), big}},
		{"32-bit words, short", ContainerJsonV2E, [][]byte{[]byte("{}\x00")}},
		{"32-bit words, none", AsynceventE, nil},
		{"the most parameters", IterTaskE, slices.Repeat([][]byte{{1, 2}}, MaxParams)},
	} {
		for _, old := range []bool{false, true} {
			b := v2(c.typ, c.params...)
			if old {
				b = v1(c.typ, c.params...)
			}
			block := append(slices.Clone(b), "padding"...) // what follows in the block is not the record's
			var e Event
			if err := e.Decode(block, old); err != nil {
				t.Errorf("%s, v1 %v: %v", c.name, old, err)
				continue
			}
			if e.TS != testTS || e.TID != testTID || e.Type != c.typ || e.V1 != old || !bytes.Equal(e.Raw, b) || cap(e.Raw) != len(e.Raw) {
				t.Errorf("%s, v1 %v: ts %d, tid %d, %v, %d of %d bytes", c.name, old, e.TS, e.TID, e.Type, len(e.Raw), len(b))
			}
			if diff := cmp.Diff(len(c.params), e.NParams) + cmp.Diff(empties(c.params), params(&e)); diff != "" {
				t.Errorf("%s, v1 %v: %s", c.name, old, diff)
			}
			for _, i := range []int{-1, e.NParams, e.NParams + 1, MaxParams, 1 << 40} {
				if e.Param(i) != nil || e.Has(i) {
					t.Errorf("%s: there is a parameter %d", c.name, i)
				}
			}
		}
	}
}

// empties replaces empty parameters by nil, as params does.
func empties(ps [][]byte) [][]byte {
	var out [][]byte
	for _, p := range ps {
		out = append(out, append([]byte(nil), p...))
	}
	return out
}

// A newer writer may add parameters and types: both are read.
func TestDecodeNewer(t *testing.T) {
	var e Event
	if err := e.Decode(v2(GetuidE, u32(1), []byte("x")), false); err != nil || e.NParams != 2 || e.Text(1) != "x" {
		t.Errorf("two parameters more: %d, %v", e.NParams, err)
	}
	many := slices.Repeat([][]byte{{7}}, 100)
	if err := e.Decode(v2(GetuidE, many...), false); err != nil || e.NParams != MaxParams || len(e.Param(31)) != 1 || e.Param(32) != nil {
		t.Errorf("100 parameters: %d, %v", e.NParams, err)
	}
	for _, typ := range []Type{NumTypes, 0xffff} {
		if err := e.Decode(setCount(v2(typ, u32(1)), 1<<31), false); err != nil || e.Type != typ || e.NParams != 0 || e.Has(0) {
			t.Errorf("type %d: %d parameters, %v", typ, e.NParams, err)
		}
		if err := e.Decode(v1(typ, u32(1)), true); err != nil || e.Type != typ || e.NParams != 0 || e.Has(0) {
			t.Errorf("v1, type %d: %d parameters, %v", typ, e.NParams, err)
		}
	}
}

// Bytes that no parameter claims are kept in Raw and belong to none.
func TestDecodeSurplusBytes(t *testing.T) {
	b := append(v2(ReadX, u64(5), []byte("hello")), "surplus"...)
	setLen(b, uint32(len(b)))
	var e Event
	if err := e.Decode(b, false); err != nil || e.NParams != 2 || e.Text(1) != "hello" || len(e.Raw) != len(b) {
		t.Errorf("%d parameters, %q, %v", e.NParams, e.Text(1), err)
	}
}

func TestDecodeDamaged(t *testing.T) {
	ok := func() []byte { return v2(ReadX, u64(5), []byte("hello")) }
	large := v2(PlugineventE, u32(1), []byte("data"))
	binary.LittleEndian.PutUint32(large[headerV2+4:], 0xffffffff)
	for _, c := range []struct {
		name string
		b    []byte
		old  bool
		want string
	}{
		{"nothing", nil, false, "0 bytes, header needs 26"},
		{"half a header", ok()[:25], false, "25 bytes, header needs 26"},
		{"length below the header", setLen(ok(), 25), false, "length 25 in a block of 43"},
		{"length zero", setLen(ok(), 0), false, "length 0 in a block of 43"},
		{"length past the block", setLen(ok(), 44), false, "length 44 in a block of 43"},
		{"greatest length", setLen(ok(), 0xffffffff), false, "length 4294967295 in a block of 43"},
		{"cut off", ok()[:42], false, "length 43 in a block of 42"},
		{"length table past the end", setCount(ok(), 9), false, "9 parameters in 43 bytes"},
		{"greatest number of parameters", setCount(ok(), 0xffffffff), false, "4294967295 parameters in 43 bytes"},
		{"words made of data", setCount(ok(), 8), false, "parameter 0 ends 7 bytes past the record"}, // 16 of the 17 bytes are lengths now
		{"one byte too long", setWord(ok(), 1, 6), false, "parameter 1 ends 1 bytes past the record"},
		{"the first takes it all", setWord(ok(), 0, 0xffff), false, "parameter 0 ends 65522 bytes past the record"},
		{"overlap: each fits, both do not", setWord(setWord(ok(), 0, 13), 1, 13), false, "parameter 1 ends 13 bytes past the record"},
		{"32-bit word", large, false, "parameter 1 ends 4294967291 bytes past the record"},
		{"32-bit words cut off", setCount(setLen(slices.Clone(large[:headerV2+7]), headerV2+7), 2), false, "2 parameters in 33 bytes"},
		{"v1: nothing", nil, true, "0 bytes, header needs 22"},
		{"v1: half a header", v1(ReadX)[:21], true, "21 bytes, header needs 22"},
		{"v1: length below the header", setLen(v1(ReadX), 21), true, "length 21 in a block of 22"},
		{"v1: length past the block", setLen(v1(ReadX), 23), true, "length 23 in a block of 22"},
		{"v1: no count fits", append(setLen(v1(ReadX), 23), 9), true, "no number of parameters fits <read#7 (23 bytes)"},
		{"v1: three bytes that are not there", setLen(v1(NotificationE), 24), true, "length 21 in a block of 22"},
		{"v1: length below three", setLen(v1(NotificationE), 2), true, "length 0 in a block of 22"},
	} {
		// A damaged record after a good one must not leave parameters of the good one behind under another type.
		var e Event
		if err := e.Decode(v2(OpenX, u64(3), []byte("/a/path\x00"), nil, nil, nil, u64(9)), false); err != nil {
			t.Fatal(err)
		}
		err := e.Decode(c.b, c.old)
		if !errors.Is(err, ErrRecord) || !strings.HasPrefix(err.Error(), "damaged event record: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if e.Type == OpenX && e.NParams != 6 || e.Type != OpenX && e.NParams != 0 {
			t.Errorf("%s: %v with %d parameters", c.name, e.Type, e.NParams)
		}
		for i := range MaxParams {
			e.Param(i)
		}
	}
}

// The old header does not tell the number of parameters: the greatest that adds up is taken.
func TestDecodeV1Count(t *testing.T) {
	var e Event
	for n := range 7 {
		ps := slices.Repeat([][]byte{[]byte("abcd")}, n)
		if err := e.Decode(v1(OpenX, ps...), true); err != nil || e.NParams != n {
			t.Errorf("%d parameters: %d, %v", n, e.NParams, err)
		}
	}
	// Two readings: one parameter of two bytes that are zero, or two empty ones. The words are 2,0 and 0,0 - only the first fits.
	b := v1(CloseX, []byte{0, 0})
	if err := e.Decode(b, true); err != nil || e.NParams != 1 || len(e.Param(0)) != 2 {
		t.Errorf("%d parameters, %v", e.NParams, err)
	}
}

// Records of types 280 and 286 say a length that is three too large, and only those.
func TestDecodeV1LongLength(t *testing.T) {
	var e Event
	for _, typ := range []Type{NotificationE, InfrastructureEventE} {
		b := v1(typ, []byte("id\x00"), []byte("text\x00"))
		n := uint32(len(b))
		b = append(setLen(b, n+3), "pad"...)
		if err := e.Decode(b, true); err != nil || len(e.Raw) != int(n) || e.Text(1) != "text" {
			t.Errorf("%v: %d bytes, %v", typ, len(e.Raw), err)
		}
		var again Event
		if err := again.Decode(e.AppendV2(nil), false); err != nil || len(again.Raw) != int(n)+4 || again.Text(1) != "text" {
			t.Errorf("%v as v2: %d bytes, %v", typ, len(again.Raw), err)
		}
	}
	if err := e.Decode(append(setLen(v1(OpenX), headerV1+3), "pad"...), true); err == nil {
		t.Error("the three bytes of another type are forgiven")
	}
}

func TestAppendV2(t *testing.T) {
	var old, again Event
	if err := old.Decode(v1(ReadX, u64(5), []byte("hello")), true); err != nil {
		t.Fatal(err)
	}
	want := v2(ReadX, u64(5), []byte("hello"))
	if got := old.AppendV2([]byte("x")); !bytes.Equal(got, append([]byte("x"), want...)) {
		t.Errorf("got  %x\nwant x %x", got, want)
	}
	if err := again.Decode(want, false); err != nil || !bytes.Equal(again.AppendV2(nil), want) {
		t.Errorf("a v2 record is not itself: %v", err)
	}
}

func TestAppendTooLong(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("65536 bytes fit a 16-bit word")
		}
	}()
	v2(WriteX, make([]byte, 65536))
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		wire []byte
		i    int64
		u    uint64
		ok   bool
	}{
		{[]byte{0xff}, -1, 0xff, true},
		{[]byte{0x7f}, 127, 127, true},
		{u16(0x8000), -32768, 0x8000, true},
		{u32(0xfffffffe), -2, 0xfffffffe, true},
		{u64(1<<64 - 100), AtFDCWD, 1<<64 - 100, true},
		{u64(1 << 62), 1 << 62, 1 << 62, true},
		{nil, 0, 0, false},
		{[]byte{1, 2, 3}, 0, 0, false},
		{make([]byte, 16), 0, 0, false},
	} {
		var e Event
		if err := e.Decode(v2(CloseX, c.wire), false); err != nil {
			t.Fatal(err)
		}
		if i, ok := e.Int(0); i != c.i || ok != c.ok {
			t.Errorf("%x: Int %d %v", c.wire, i, ok)
		}
		if u, ok := e.Uint(0); u != c.u || ok != c.ok {
			t.Errorf("%x: Uint %d %v", c.wire, u, ok)
		}
	}
}

func TestText(t *testing.T) {
	for wire, want := range map[string]string{"": "", "\x00": "", "abc\x00": "abc", "abc": "abc", "a\x00b\x00": "a", "\xff\xfe\x00": "\xff\xfe"} {
		var e Event
		if err := e.Decode(v2(ChdirX, nil, []byte(wire)), false); err != nil {
			t.Fatal(err)
		}
		if got := e.Text(1); got != want {
			t.Errorf("%q: %q, want %q", wire, got, want)
		}
	}
}

// Each kind with a fixed width comes back from a record as the number that was put in, each other kind byte by byte: for every
// parameter of every type.
func TestRoundTripEveryParameter(t *testing.T) {
	seen := map[Kind]bool{}
	for typ, s := range Types() {
		var ps [][]byte
		for i := range s.Params {
			ps = append(ps, sample(s.Params[i].Kind, i))
		}
		var e Event
		if err := e.Decode(v2(typ, ps...), false); err != nil || e.NParams != len(s.Params) {
			t.Fatalf("%v: %d parameters, %v", typ, e.NParams, err)
		}
		for i := range s.Params {
			p := &s.Params[i]
			seen[p.Kind] = true
			if !bytes.Equal(e.Param(i), ps[i]) || e.ParamByName(p.Name) != i {
				t.Errorf("%v: %s is %x, want %x", typ, p.Name, e.Param(i), ps[i])
			}
			u, ok := e.Uint(i)
			if size := p.Kind.Size(); size > 0 && size <= 8 && (!ok || u != uint64(i+1)<<(8*(size-1))) {
				t.Errorf("%v: %s is %#x", typ, p.Name, u)
			}
		}
		if e.ParamByName("no such parameter") != -1 {
			t.Errorf("%v has every parameter", typ)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d kinds seen", len(seen))
	}
}

// sample is a value of a kind: a number with i+1 in its highest byte, or i+3 bytes that tell i.
func sample(k Kind, i int) []byte {
	n := k.Size()
	if n == 0 || n > 8 {
		return bytes.Repeat([]byte{byte(i + 1)}, max(n, i+3))
	}
	b := make([]byte, n)
	b[n-1] = byte(i + 1)
	return b
}

// Param aliases the buffer, Clone does not.
func TestClone(t *testing.T) {
	for _, old := range []bool{false, true} {
		b := v2(OpenX, u64(3), []byte("/etc/passwd\x00"))
		if old {
			b = v1(OpenX, u64(3), []byte("/etc/passwd\x00"))
		}
		e := Event{Num: 9, CPU: 2, Thread: &Thread{TID: 1}, Enter: []byte("enter")}
		if err := e.Decode(b, old); err != nil {
			t.Fatal(err)
		}
		if unsafe.StringData(e.Text(1)) != &b[bytes.IndexByte(b, '/')] {
			t.Error("Text copies")
		}
		c := e.Clone()
		clear(b)
		clear(e.Enter)
		if e.Text(1) != "" || c.Text(1) != "/etc/passwd" || string(c.Enter) != "enter" || c.Num != 9 || c.Thread != e.Thread || c.V1 != old {
			t.Errorf("v1 %v: %q, clone %q", old, e.Text(1), c.Text(1))
		}
		if fd, ok := c.Int(0); fd != 3 || !ok {
			t.Errorf("fd %d", fd)
		}
	}
	var e Event
	if err := e.Decode(v2(NumTypes, u32(1)), false); err != nil || e.Clone().Has(0) {
		t.Error("the clone of an unknown type has parameters", err)
	}
}

// Reading allocates nothing: neither Decode nor what the later floors call for every event.
func TestDecodeAllocs(t *testing.T) {
	records := [][]byte{
		v2(ReadX, u64(5), []byte("hello"), u64(3), u32(4096)),
		v2(ConnectX, u64(0), tuples[0].wire, u64(4)),
		v2(ConnectX, u64(0), tuples[4].wire, u64(4)),
		v2(PlugineventE, u32(1), make([]byte, 70000)),
		v2(IterTaskE, slices.Repeat([][]byte{{1}}, MaxParams)...),
		v2(NumTypes, u32(1)),
	}
	dst := make([]byte, 0, 4096)
	var e Event
	var sum int
	check := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	check("v2", func() {
		for _, b := range records {
			if e.Decode(b, false) != nil {
				sum--
			}
			sum += readAll(&e)
		}
	})
	old := v1(OpenX, u64(3), []byte("/etc/passwd\x00"))
	check("v1", func() {
		if e.Decode(old, true) != nil {
			sum--
		}
		sum += readAll(&e)
	})
	if sum <= 0 {
		t.Errorf("sum %d: nothing was read", sum)
	}
	check("AppendPath", func() { dst = AppendPath(dst[:0], "/usr/lib", "../share/./x") })
	check("AppendFlags", func() { dst = flagTables[TabFileFlags].AppendFlags(dst[:0], 0x1101) })
	check("AppendEnum", func() { dst = flagTables[TabSocketFamilies].AppendEnum(dst[:0], 1) })
	for _, c := range tuples {
		check(c.want, func() {
			tup, _ := ParseTuple(c.wire)
			dst = AppendTuple(dst[:0], tup)
		})
	}
	check("AppendV2", func() { dst = e.AppendV2(dst[:0]) })
	check("Append", func() { dst = Append(dst[:0], 1, 2, ReadE, old[:8], old[:4]) })
}

// readAll reads every parameter in every way and returns how many bytes and texts it saw.
func readAll(e *Event) (n int) {
	for i := range e.NParams {
		n += len(e.Param(i)) + len(e.Text(i))
		if _, ok := e.Int(i); ok {
			n++
		}
		if _, ok := e.Uint(i); ok && e.Has(i) {
			n++
		}
	}
	return n + e.ParamByName("name")
}

// A record that lies about its size costs no more memory than its error.
func TestDecodeHostileAllocs(t *testing.T) {
	records := [][]byte{
		setCount(v2(ReadX, u64(5)), 0xffffffff),
		setCount(v2(PlugineventE, u64(5)), 1<<30),
		setLen(v2(ReadX, u64(5)), 0xffffffff),
		setWord(v2(ReadX, u64(5)), 0, 0xffff),
	}
	var before, after runtime.MemStats
	var e Event
	runtime.ReadMemStats(&before)
	for _, b := range records {
		if e.Decode(b, false) == nil {
			t.Errorf("%x is accepted", b)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
		t.Errorf("%d bytes for %d records", n, len(records))
	}
}
