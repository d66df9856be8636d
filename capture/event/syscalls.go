package event

// MaxSyscalls bounds the native system call numbers: a table indexed by them has this many entries (SYSCALL_TABLE_SIZE of libscap).
const MaxSyscalls = 512

// NativeSyscall returns the row of system call nr of an architecture under its Go name: "amd64", "arm64", or "386" for the calls of
// 32-bit programs on amd64. Those have no rows of their own: the row is that of the amd64 call which does the same, so mmap2 of "386"
// is mmap. ok is false for numbers without a call and for other architectures.
func NativeSyscall(arch string, nr int) (s Syscall, ok bool) {
	var rows []Syscall
	switch arch {
	case "amd64":
		rows = syscallsAMD64[:]
	case "arm64":
		rows = syscallsARM64[:]
	case "386":
		if uint(nr) >= uint(len(ia32Numbers)) {
			return s, false
		}
		rows, nr = syscallsAMD64[:], int(ia32Numbers[nr])
	}
	if uint(nr) >= uint(len(rows)) {
		return s, false
	}
	return rows[nr], rows[nr].Name != ""
}

// IA32Calls maps the numbers of 32-bit calls on amd64 to those of the 64-bit calls that do the same; -1 where there is none.
func IA32Calls() (t [MaxSyscalls]int16) {
	for i := range t {
		t[i] = -1
		if i < len(ia32Numbers) {
			t[i] = int16(ia32Numbers[i])
		}
	}
	return t
}
