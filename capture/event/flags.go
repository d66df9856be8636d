package event

// Flag is one name of a flag or enum table.
type Flag struct {
	Name  string
	Value uint32
}

// FlagTable names the bits, or the values, of a parameter.
type FlagTable struct {
	Name    string
	Entries []Flag
}

// AppendFlags appends the names of the bits of v, in table order, joined with '|': each name takes its bits away, and an entry that
// equals the whole of v ends the list. Bits without a name are left out; zero has a name only where the table has a zero entry.
func (t *FlagTable) AppendFlags(dst []byte, v uint32) []byte {
	left := v
	first := true
	for i := range t.Entries {
		e := &t.Entries[i]
		if e.Value != v && (e.Value == 0 || e.Value&left != e.Value) {
			continue
		}
		if !first {
			dst = append(dst, '|')
		}
		first = false
		dst = append(dst, e.Name...)
		if e.Value == v {
			break
		}
		left &^= e.Value
	}
	return dst
}

// AppendEnum appends every name whose value is v, joined with '|'.
func (t *FlagTable) AppendEnum(dst []byte, v uint32) []byte {
	first := true
	for i := range t.Entries {
		if t.Entries[i].Value != v {
			continue
		}
		if !first {
			dst = append(dst, '|')
		}
		first = false
		dst = append(dst, t.Entries[i].Name...)
	}
	return dst
}

// ErrnoName returns the name of a positive error number, "" when it has none.
func ErrnoName(n int64) string {
	if n <= 0 || n >= int64(len(errnoNames)) {
		return ""
	}
	return errnoNames[n]
}

// SignalName returns the name of a signal, "" when it has none.
func SignalName(n int64) string {
	if n <= 0 || n >= int64(len(signalNames)) {
		return ""
	}
	return signalNames[n]
}

// Syscall is one row of an architecture's system call table.
type Syscall struct {
	Name        string
	Code        uint16 // portable code, the value of an ID parameter
	Enter, Exit Type   // GenericE and GenericX for calls without an event of their own
	Flags       uint8  // ScUsed, ...
}

// Flags of a system call (syscall_table_flags).
const (
	ScUsed       uint8 = 1
	ScNeverDrop  uint8 = 2
	ScAlwaysDrop uint8 = 4
	ScAtomic     uint8 = 16
)

// SyscallName returns the name of a portable system call code; ok is false for codes that are not known.
func SyscallName(code uint16) (name string, ok bool) {
	if int(code) >= len(syscallNames) || syscallNames[code] == "" {
		return "<unknown syscall>", false
	}
	return syscallNames[code], true
}

// SyscallCategory returns what a portable system call code is about.
func SyscallCategory(code uint16) Category {
	if int(code) >= len(syscallCategories) {
		return CatUnknown
	}
	return syscallCategories[code]
}

// SyscallNames returns the names of all portable codes, "" for a code that never was. The slice is the table itself: do not change it.
func SyscallNames() []string { return syscallNames[:] }
