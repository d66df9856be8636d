// Package event is the ground floor: the schema of every event that a kernel probe or a capture file can hold, the one decoder of
// an event record, and the plain records (threads, descriptors, users, containers, machines) that later floors hang on an event.
// It knows no file, no kernel and no table of state. Facts come from the scap format (libscap, driver API 10, schema 4.5).
package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// Limits of a record.
const (
	MaxParams  = 32 // parameters of any event type (PPM_MAX_EVENT_PARAMS)
	headerV1   = 22 // ts u64, tid i64, len u32, type u16
	headerV2   = 26 // the same and nparams u32
	offTID     = 8
	offLen     = 16
	offType    = 20
	offNParams = 22
)

// Flags of an event block (the u32 of the EVF kinds).
const (
	FlagStateOnly uint32 = 1 // moves state, is not shown
	FlagLarge     uint32 = 4 // length words are 32 bits wide; never on disk
)

// Event is one record and what state says of it. Sources fill the first part (Decode), the state tables the second (Apply); both
// reuse the caller's Event, so nothing here outlives the next call of Next unless it is copied.
type Event struct {
	Num   uint64 // position in its capture, from 1; internal events take numbers too
	TS    uint64 // nanoseconds since the epoch; for exits the time of the exit
	TID   int64
	Type  Type
	CPU   uint16
	Flags uint32 // FlagStateOnly, ...
	// NParams is the number of parameters that the record holds: it may be less than the schema's (older writers) or more (newer ones).
	NParams int
	// Raw is the whole record, as read: header, length words, parameter bytes. It aliases the source's buffer until the next Next.
	Raw []byte
	// V1 tells that Raw has the old header, without the number of parameters.
	V1 bool
	// Section is set on the first event of each section of a capture: the state from which the section starts.
	Section *Snapshot

	data []byte
	off  [MaxParams + 1]uint32

	// Set by live sources, zero elsewhere.
	EnterTS uint64 // when the call of an exit began, as TS; 0: nobody asked, or its enter was not seen
	Cgroup  uint64 // id of the cgroup (v2), in clone, exec and procexit
	Lost    uint64 // events of this CPU that were lost between the one before and this one
	Faults  uint32 // bit i: the memory of parameter i could not be read
	Cut     bool   // data was longer than snaplen
	Reused  bool   // a close whose number another thread had again before it returned: it may be open

	// Set by state.Apply.
	Thread  *Thread // nil for events of no thread, for an unknown one's clone exit, switch or procexit, and when the table is full
	FD      *FD     // the descriptor the event is about, nil when unknown
	FDNum   int64   // its number, -1 when the event has none
	Host    *Host   // the machine's users, groups, interfaces
	Errno   int32   // positive error number of a failed call, else 0
	Latency uint64  // exit minus enter, ns; 0 on enters and when the enter was not seen
	OnCPU   uint64  // on a switch, the time since the switch before on the same CPU, ns
	Enter   []byte  // parameters of the matching enter as a record (Decode(ev.Enter, false) reads it); nil when not kept
}

// ErrRecord is wrapped by every error of Decode.
var ErrRecord = errors.New("damaged event record")

// Decode points e at the record b, a V2 record (header with the number of parameters) or, with v1, an old one. It sets TS, TID,
// Type, NParams, Raw and the parameters, and nothing else; b must stay unchanged while e is used. Types that the schema does not
// know are accepted when the header is whole: they have no parameters. After an error e holds the event before, or an event without
// parameters. hot: no allocation (TestDecodeAllocs)
func (e *Event) Decode(b []byte, v1 bool) error {
	if v1 {
		return e.decodeV1(b)
	}
	if len(b) < headerV2 {
		return fmt.Errorf("%w: %d bytes, header needs %d", ErrRecord, len(b), headerV2)
	}
	n := binary.LittleEndian.Uint32(b[offLen:])
	if n < headerV2 || uint64(n) > uint64(len(b)) {
		return fmt.Errorf("%w: length %d in a block of %d", ErrRecord, n, len(b))
	}
	b = b[:n:n]
	e.TS = binary.LittleEndian.Uint64(b)
	e.TID = int64(binary.LittleEndian.Uint64(b[offTID:]))
	e.Type = Type(binary.LittleEndian.Uint16(b[offType:]))
	e.Raw, e.V1 = b, false
	e.NParams, e.data = 0, nil
	np := binary.LittleEndian.Uint32(b[offNParams:])
	if e.Type >= NumTypes {
		return nil
	}
	w := uint32(2)
	if schemas[e.Type].Flags&LargePayload != 0 {
		w = 4
	}
	rest := b[headerV2:]
	if uint64(np)*uint64(w) > uint64(len(rest)) {
		return fmt.Errorf("%w: %d parameters in %d bytes", ErrRecord, np, n)
	}
	return e.locate(rest, int(np), w)
}

// locate reads np length words of w bytes and sets the parameter offsets.
func (e *Event) locate(rest []byte, np int, w uint32) error {
	lens := rest[:np*int(w)]
	e.data = rest[np*int(w):]
	var sum uint64
	for i := 0; i < np; i++ {
		if w == 2 {
			sum += uint64(lens[0]) | uint64(lens[1])<<8
			lens = lens[2:]
		} else {
			sum += uint64(binary.LittleEndian.Uint32(lens))
			lens = lens[4:]
		}
		if sum > uint64(len(e.data)) {
			return fmt.Errorf("%w: parameter %d ends %d bytes past the record", ErrRecord, i, sum-uint64(len(e.data)))
		}
		if i < MaxParams {
			e.off[i+1] = uint32(sum)
		}
	}
	e.NParams = min(np, MaxParams)
	return nil
}

// decodeV1 finds the number of parameters, which old records do not carry: the largest count, from the schema's down, whose
// lengths add up to the record's end. Records of types 280 and 286 claim three bytes too many.
func (e *Event) decodeV1(b []byte) error {
	if len(b) < headerV1 {
		return fmt.Errorf("%w: %d bytes, header needs %d", ErrRecord, len(b), headerV1)
	}
	n := binary.LittleEndian.Uint32(b[offLen:])
	typ := Type(binary.LittleEndian.Uint16(b[offType:]))
	if typ == 280 || typ == 286 {
		n -= min(n, 3)
	}
	if n < headerV1 || uint64(n) > uint64(len(b)) {
		return fmt.Errorf("%w: length %d in a block of %d", ErrRecord, n, len(b))
	}
	b = b[:n:n]
	e.TS = binary.LittleEndian.Uint64(b)
	e.TID = int64(binary.LittleEndian.Uint64(b[offTID:]))
	e.Type = typ
	e.Raw, e.V1 = b, true
	e.NParams, e.data = 0, nil
	if typ >= NumTypes {
		return nil
	}
	rest := b[headerV1:]
	w := 2
	if schemas[typ].Flags&LargePayload != 0 {
		w = 4
	}
	for np := len(schemas[typ].Params); np >= 0; np-- {
		if np*w > len(rest) {
			continue
		}
		sum := uint64(np * w)
		for i := 0; i < np; i++ {
			if w == 2 {
				sum += uint64(binary.LittleEndian.Uint16(rest[2*i:]))
			} else {
				sum += uint64(binary.LittleEndian.Uint32(rest[4*i:]))
			}
		}
		if sum == uint64(len(rest)) {
			return e.locate(rest, np, uint32(w))
		}
	}
	return fmt.Errorf("%w: no number of parameters fits %s (%d bytes)", ErrRecord, typ, n)
}

// AppendV2 appends the record as V2: Raw itself, or for an old record the same with the number of parameters put in.
func (e *Event) AppendV2(dst []byte) []byte {
	if !e.V1 {
		return append(dst, e.Raw...)
	}
	start := len(dst)
	dst = append(dst, e.Raw[:headerV1]...)
	binary.LittleEndian.PutUint32(dst[start+offLen:], uint32(len(e.Raw)+headerV2-headerV1))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(e.NParams))
	return append(dst, e.Raw[headerV1:]...)
}

// Param returns the bytes of parameter i, empty when it is absent ("not available" on the wire is length 0). The bytes alias the
// source's buffer and are valid until the next Next.
func (e *Event) Param(i int) []byte {
	if uint(i) >= uint(e.NParams) {
		return nil
	}
	return e.data[e.off[i]:e.off[i+1]]
}

// Has tells whether parameter i is there and not empty.
func (e *Event) Has(i int) bool { return len(e.Param(i)) > 0 }

// Int returns parameter i as a number, sign-extended from its width, and whether it is one: present and 1, 2, 4 or 8 bytes wide.
func (e *Event) Int(i int) (int64, bool) {
	b := e.Param(i)
	switch len(b) {
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b))), true
	case 1:
		return int64(int8(b[0])), true
	}
	return 0, false
}

// Uint is Int without sign extension.
func (e *Event) Uint(i int) (uint64, bool) {
	b := e.Param(i)
	switch len(b) {
	case 8:
		return binary.LittleEndian.Uint64(b), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 1:
		return uint64(b[0]), true
	}
	return 0, false
}

// Text returns parameter i as text without its terminator. The string aliases the source's buffer: strings.Clone to keep it.
func (e *Event) Text(i int) string {
	return AliasText(e.Param(i))
}

// AliasText is b up to its first NUL as a string that shares b's memory.
func AliasText(b []byte) string {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// ParamByName returns the number of the parameter with that name in the schema of e's type, -1 when the type has none.
func (e *Event) ParamByName(name string) int {
	return e.Type.Schema().ParamByName(name)
}

// Clone returns a copy that does not alias the source's buffer. Thread, FD and Host still point at the live records.
func (e *Event) Clone() *Event {
	c := *e
	c.Raw = append([]byte(nil), e.Raw...)
	if e.data != nil {
		c.data = c.Raw[len(e.Raw)-len(e.data):]
	}
	c.Enter = append([]byte(nil), e.Enter...)
	return &c
}

// Append builds a V2 record from a header and parameters and appends it: what probes, converters and tests use. A nil parameter
// becomes an empty one. It panics when a parameter is longer than its length word can say.
func Append(dst []byte, ts uint64, tid int64, typ Type, params ...[]byte) []byte {
	w := 2
	if typ < NumTypes && schemas[typ].Flags&LargePayload != 0 {
		w = 4
	}
	n := headerV2 + w*len(params)
	for _, p := range params {
		if w == 2 && len(p) > 0xffff {
			panic("event.Append: parameter over 65535 bytes")
		}
		n += len(p)
	}
	dst = binary.LittleEndian.AppendUint64(dst, ts)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(tid))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(typ))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(params)))
	for _, p := range params {
		if w == 2 {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p)))
		} else {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(p)))
		}
	}
	for _, p := range params {
		dst = append(dst, p...)
	}
	return dst
}
