// Package fields is the dictionary: every name a user may write in a filter, a format or a chisel, the type of its value, and how the
// value is taken from an event. A field sees only the event and the records that hang on it, never a table of state, so a field is
// tested with a literal. The package also turns values and parameters into text and JSON, and knows the -p formats.
package fields

import (
	"math"
	"net/netip"
	"unsafe"
)

// Type is the type of a value, and of a field.
type Type uint8

// Value types.
const (
	Absent  Type = iota // no value
	Int                 // Num, two's complement
	Uint                // Num
	Bool                // Num 0 or 1
	String              // Str
	Bytes               // Str, raw bytes
	Float               // Num, IEEE 754 bits
	RelTime             // Num, ns
	AbsTime             // Num, ns since the epoch
	Port                // Num
	IP                  // Addr
	Net                 // Addr: fields that take only networks in filters
)

var typeNames = [...]string{"NONE", "INT64", "UINT64", "BOOL", "CHARBUF", "BYTEBUF", "DOUBLE", "RELTIME", "ABSTIME", "PORT", "IPADDR", "IPNET"}

// String is the type's name in listings and messages, as the Falco documentation has it.
func (t Type) String() string { return typeNames[t] }

// Numeric tells whether values of the type are compared as numbers.
func (t Type) Numeric() bool {
	switch t {
	case Int, Uint, Float, RelTime, AbsTime, Port:
		return true
	}
	return false
}

// Text tells whether values of the type are held in Str.
func (t Type) Text() bool { return t == String || t == Bytes }

// Value is one value of a field, passed by value. Str aliases the event's record or the scratch memory of the Field that gave it: it is
// valid until that Field is asked again or the source moves on. Four words and three fields are what the compiler keeps in registers: with an address in it,
// a value went through memory, in pieces of another size than it came in, which took a quarter of the time of printing a line.
type Value struct {
	Type Type
	Num  uint64
	Str  string // of IP and Net the bytes of the address
}

// Constructors.
func intValue(n int64) Value          { return Value{Type: Int, Num: uint64(n)} }
func uintValue(n uint64) Value        { return Value{Type: Uint, Num: n} }
func textValue(s string) Value        { return Value{Type: String, Str: s} }
func floatValue(f float64) Value      { return Value{Type: Float, Num: math.Float64bits(f)} }
func numValue(t Type, n uint64) Value { return Value{Type: t, Num: n} }

// ip makes the value of an address; place tells apart the addresses of a list.
func (f *Field) ip(a netip.Addr, place int) Value {
	b := f.addrs[place][:]
	if a.Is4() {
		v4 := a.As4()
		b = b[:copy(b, v4[:])]
	} else {
		v6 := a.As16()
		copy(b, v6[:])
	}
	return Value{Type: IP, Str: unsafe.String(&b[0], len(b))}
}

// Addr is the address; the zero Addr when the value is none.
func (v Value) Addr() netip.Addr {
	a, _ := netip.AddrFromSlice(bytesOf(v.Str))
	return a
}

func boolValue(b bool) Value {
	if b {
		return Value{Type: Bool, Num: 1}
	}
	return Value{Type: Bool}
}

// Present tells whether there is a value.
func (v Value) Present() bool { return v.Type != Absent }

// Int is the value as a signed number.
func (v Value) Int() int64 { return int64(v.Num) }

// Bool is the value as a truth.
func (v Value) Bool() bool { return v.Num != 0 }

// Float is the value as a floating-point number.
func (v Value) Float() float64 {
	switch v.Type {
	case Float:
		return math.Float64frombits(v.Num)
	case Int:
		return float64(int64(v.Num))
	}
	return float64(v.Num)
}
