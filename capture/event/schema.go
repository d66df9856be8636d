package event

import (
	"iter"
	"strconv"
)

// Type is what happened: one row of the schema. Enters are even, exits odd.
type Type uint16

// Dir tells whether an event is the start or the end of a call. Tracepoints and notifications count as enters.
type Dir uint8

// Directions.
const (
	Enter Dir = iota
	Exit
)

// String is the mark that sysdig prints: ">" or "<".
func (d Dir) String() string { return [...]string{">", "<"}[d&1] }

// Category is what an event is about: one of the plain values (CatFile to CatProcessing), perhaps with the I/O, wait and scheduler
// marks, and a source bit (CatSyscall and up).
type Category uint16

// Categories (ppm_event_category).
const (
	CatUnknown    Category = 0
	CatOther      Category = 1
	CatFile       Category = 2
	CatNet        Category = 3
	CatIPC        Category = 4
	CatMemory     Category = 5
	CatProcess    Category = 6
	CatSleep      Category = 7
	CatSystem     Category = 8
	CatSignal     Category = 9
	CatUser       Category = 10
	CatTime       Category = 11
	CatProcessing Category = 12
	CatIORead     Category = 32
	CatIOWrite    Category = 33
	CatIOOther    Category = 34
	CatWait       Category = 64
	CatScheduler  Category = 128
	CatInternal   Category = 256
	CatSyscall    Category = 512
	CatTracepoint Category = 1024
	CatPlugin     Category = 2048
	CatMeta       Category = 4096
	CatIter       Category = 8192

	catSource = CatSyscall | CatTracepoint | CatPlugin | CatMeta | CatIter
)

// Base is the category without its source bit: the value that 0.29.3 knew.
func (c Category) Base() Category { return c &^ catSource }

// Flags of an event type (ppm_event_flags).
type Flags uint16

// Event type flags.
const (
	CreatesFD     Flags = 1
	DestroysFD    Flags = 2
	UsesFD        Flags = 4
	ReadsFD       Flags = 8
	WritesFD      Flags = 16
	ModifiesState Flags = 32
	Unused        Flags = 64
	Waits         Flags = 128
	SkipReset     Flags = 256
	OldVersion    Flags = 512
	LargePayload  Flags = 2048
	Converted     Flags = 4096
)

// Schema is one row: what an event type is called, what it means for state, and what its record holds.
type Schema struct {
	Name     string
	Dir      Dir
	Category Category
	Flags    Flags
	Newer    Type // the type that current writers use instead; 0 when this is the current one or its events are only completed
	Params   []Param
}

// Param describes one parameter of a type.
type Param struct {
	Name   string
	Kind   Kind
	Format Format
	Ref    uint8 // flag kinds: the table; KindDyn: the table of types; KindFSRelPath: 1 + the number of the directory descriptor
}

// Table is the flag or enum table of the parameter; its zero value when it has none.
func (p *Param) Table() *FlagTable {
	if !p.Kind.HasTable() || int(p.Ref) >= len(flagTables) {
		return &flagTables[TabNone]
	}
	return &flagTables[p.Ref]
}

// DirFD is the number of the parameter that a relative path starts from, -1 for none.
func (p *Param) DirFD() int {
	if p.Kind != KindFSRelPath {
		return -1
	}
	return int(p.Ref) - 1
}

// Dyn resolves a parameter of KindDyn: b's first byte selects the type of the rest. ok is false for an unknown selector.
func (p *Param) Dyn(b []byte) (q *Param, rest []byte, ok bool) {
	if p.Kind != KindDyn || len(b) == 0 || int(p.Ref) >= len(dynTables) {
		return nil, nil, false
	}
	t := dynTables[p.Ref]
	if int(b[0]) >= len(t) {
		return nil, nil, false
	}
	return &t[b[0]], b[1:], true
}

// Known tells whether the schema has the type.
func (t Type) Known() bool { return t < NumTypes }

// Schema returns the row of t; for unknown types an empty one.
func (t Type) Schema() *Schema {
	if t >= NumTypes {
		return &unknownSchema
	}
	return &schemas[t]
}

var unknownSchema = Schema{Name: "NA", Flags: Unused}

// Dir of the type: the low bit, as on the wire.
func (t Type) Dir() Dir { return Dir(t & 1) }

// String is the name of the type with its direction and number, for messages.
func (t Type) String() string {
	return t.Dir().String() + t.Schema().Name + "#" + strconv.Itoa(int(t))
}

// Internal tells that the event is the recorder's own (process statistics, containers, users): it takes a number but is not shown.
func (t Type) Internal() bool {
	c := t.Schema().Category
	return c&(CatInternal|CatMeta) != 0
}

// ParamByName returns the number of the parameter with that name, -1 for none.
func (s *Schema) ParamByName(name string) int {
	for i := range s.Params {
		if s.Params[i].Name == name {
			return i
		}
	}
	return -1
}

// Types yields every type of the schema with its row, in order.
func Types() iter.Seq2[Type, *Schema] {
	return func(yield func(Type, *Schema) bool) {
		for i := range schemas {
			if !yield(Type(i), &schemas[i]) {
				return
			}
		}
	}
}

// Kind is how a parameter's bytes are laid out and shown (the PT_* types; the numbers are libscap's).
type Kind uint8

// Parameter kinds.
const (
	KindNone Kind = iota
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindUint8
	KindUint16
	KindUint32
	KindUint64
	KindCharBuf   // text and a NUL
	KindByteBuf   // raw bytes
	KindErrno     // i64: a count, or minus an error number
	KindSockAddr  // u8 family and address
	KindSockTuple // u8 family and two addresses
	KindFD        // i64
	KindPID       // i64
	KindFDList    // u16 count, then per entry i64 fd and u16 poll flags
	KindFSPath    // text and a NUL: a path, perhaps relative to the working directory
	KindSyscallID // u16 portable code
	KindSigType   // u8
	KindRelTime   // u64 ns; all ones is none
	KindAbsTime   // u64 ns since the epoch
	KindPort      // u16
	KindL4Proto   // u8
	KindSockFamily
	KindBool     // u32
	KindIPv4Addr // 4 bytes
	KindDyn      // u8 selector and a value of that type
	KindFlags8
	KindFlags16
	KindFlags32
	KindUID    // u32
	KindGID    // u32
	KindDouble // IEEE 754 binary64
	KindSigSet // u32
	KindCharBufArray
	KindCharBufPairArray
	KindIPv4Net
	KindIPv6Addr
	KindIPv6Net
	KindIPAddr
	KindIPNet
	KindMode      // u32
	KindFSRelPath // text and a NUL: a path relative to a directory descriptor
	KindEnumFlags8
	KindEnumFlags16
	KindEnumFlags32
	KindFD32  // i32
	KindPID32 // i32
	numKinds
)

// kindInfo has the name that listings print and the size on the wire, 0 for variable ones.
var kindInfo = [numKinds]struct {
	name string
	size uint8
}{
	{"NONE", 0}, {"INT8", 1}, {"INT16", 2}, {"INT32", 4}, {"INT64", 8}, {"UINT8", 1}, {"UINT16", 2}, {"UINT32", 4}, {"UINT64", 8},
	{"CHARBUF", 0}, {"BYTEBUF", 0}, {"ERRNO", 8}, {"SOCKADDR", 0}, {"SOCKTUPLE", 0}, {"FD", 8}, {"PID", 8}, {"FDLIST", 0},
	{"FSPATH", 0}, {"SYSCALLID", 2}, {"SIGTYPE", 1}, {"RELTIME", 8}, {"ABSTIME", 8}, {"PORT", 2}, {"L4PROTO", 1}, {"SOCKFAMILY", 1},
	{"BOOL", 4}, {"IPV4ADDR", 4}, {"DYNAMIC", 0}, {"FLAGS8", 1}, {"FLAGS16", 2}, {"FLAGS32", 4}, {"UID", 4}, {"GID", 4},
	{"DOUBLE", 8}, {"SIGSET", 4}, {"CHARBUFARRAY", 0}, {"CHARBUFPAIRARRAY", 0}, {"IPV4NET", 0}, {"IPV6ADDR", 16}, {"IPV6NET", 0},
	{"IPADDR", 0}, {"IPNET", 0}, {"MODE", 4}, {"FSRELPATH", 0}, {"ENUMFLAGS8", 1}, {"ENUMFLAGS16", 2}, {"ENUMFLAGS32", 4},
	{"FD32", 4}, {"PID32", 4},
}

// String is the kind's name in listings.
func (k Kind) String() string { return kindInfo[k].name }

// Size is the width on the wire in bytes, 0 for kinds of variable width.
func (k Kind) Size() int { return int(kindInfo[k].size) }

// HasTable tells whether parameters of the kind are named by a flag or enum table.
func (k Kind) HasTable() bool {
	switch k {
	case KindFlags8, KindFlags16, KindFlags32, KindMode, KindEnumFlags8, KindEnumFlags16, KindEnumFlags32:
		return true
	}
	return false
}

// Enum tells whether the table's entries exclude each other.
func (k Kind) Enum() bool { return k >= KindEnumFlags8 && k <= KindEnumFlags32 }

// Path tells whether the kind is a path.
func (k Kind) Path() bool { return k == KindFSPath || k == KindFSRelPath }

// Format is how a number is printed (ppm_print_format).
type Format uint8

// Print formats.
const (
	FmtNA Format = iota
	FmtDec
	FmtHex
	FmtPadDec
	FmtID
	FmtDir
	FmtOct
)
