package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// countSyscalls is the number of calls that an architecture has.
func countSyscalls(arch string) (n int) {
	for nr := range MaxSyscalls {
		if _, ok := NativeSyscall(arch, nr); ok {
			n++
		}
	}
	return n
}

func TestNativeSyscall(t *testing.T) {
	for _, c := range []struct {
		arch string
		nr   int
		want string
		exit Type
	}{
		{"amd64", 0, "read", ReadX},
		{"amd64", 2, "open", OpenX},
		{"amd64", 59, "execve", ExecveV19X},
		{"amd64", 257, "openat", OpenatV2X},
		{"amd64", 334, "rseq", GenericE},
		{"amd64", 437, "openat2", Openat2X},
		{"amd64", 462, "mseal", GenericE},
		{"arm64", 0, "io_setup", GenericE},
		{"arm64", 56, "openat", OpenatV2X},
		{"arm64", 63, "read", ReadX},
		{"arm64", 221, "execve", ExecveV19X},
		{"arm64", 437, "openat2", Openat2X},
		{"386", 3, "read", ReadX},
		{"386", 5, "open", OpenX},
		{"386", 11, "execve", ExecveV19X},
		{"386", 295, "openat", OpenatV2X},
		{"386", 437, "openat2", Openat2X},
	} {
		s, ok := NativeSyscall(c.arch, c.nr)
		if !ok || s.Name != c.want || s.Exit != c.exit {
			t.Errorf("%s %d: %+v %v, want %s", c.arch, c.nr, s, ok, c.want)
		}
		if name, ok := SyscallName(s.Code); !ok || name != c.want {
			t.Errorf("%s: code %d is %s", c.want, s.Code, name)
		}
	}
}

func TestNoSuchSyscall(t *testing.T) {
	for _, c := range []struct {
		arch string
		nr   int
	}{
		{"amd64", -1}, {"amd64", 400}, {"amd64", 511}, {"amd64", 1 << 30}, // 337 to 423 are free
		{"arm64", -1}, {"arm64", 245}, {"arm64", 512}, // 244 to 259 are the architecture's own, and it has none
		{"386", -1}, {"386", 17}, {"386", 222}, {"386", 1 << 40}, // break, which never was one; a hole
		{"", 0}, {"riscv64", 63}, {"x86_64", 0},
	} {
		if s, ok := NativeSyscall(c.arch, c.nr); ok || s.Name != "" {
			t.Errorf("%s %d: %+v", c.arch, c.nr, s)
		}
	}
}

func TestSyscallRows(t *testing.T) {
	if len(syscallsAMD64) > MaxSyscalls || len(syscallsARM64) > MaxSyscalls || len(ia32Numbers) > MaxSyscalls {
		t.Error("a table is longer than MaxSyscalls")
	}
	for _, arch := range []string{"amd64", "arm64"} {
		codes := map[uint16]int{}
		for nr := range MaxSyscalls {
			s, ok := NativeSyscall(arch, nr)
			if !ok {
				continue
			}
			if was, taken := codes[s.Code]; taken {
				t.Errorf("%s: calls %d and %d have code %d", arch, was, nr, s.Code)
			}
			codes[s.Code] = nr
			if name, known := SyscallName(s.Code); !known || s.Code == 0 || name != s.Name {
				t.Errorf("%s: %d is %s, its code %d is %s", arch, nr, s.Name, s.Code, name)
			}
			checkSyscallTypes(t, arch, nr, s)
		}
	}
}

// checkSyscallTypes: a call has an enter and an exit that exist and belong together, or it is generic and nobody's (ScUsed).
func checkSyscallTypes(t *testing.T, arch string, nr int, s Syscall) {
	t.Helper()
	if s.Enter == GenericE {
		if s.Exit != GenericE || s.Flags != 0 {
			t.Errorf("%s: %d: %+v", arch, nr, s)
		}
		return
	}
	if s.Flags&ScUsed == 0 || s.Enter.Dir() != Enter || s.Exit != s.Enter+1 || s.Exit.Schema().Flags&(Unused|OldVersion) != 0 {
		t.Errorf("%s: %d: %+v", arch, nr, s)
	}
	if s.Flags&ScNeverDrop != 0 && s.Flags&ScAlwaysDrop != 0 {
		t.Errorf("%s: %d %s is never and always dropped", arch, nr, s.Name)
	}
}

// TestSyscallNumbers compares the numbers with Go's own, which were made from the kernel's headers (unistd_64.h and so on). Go's
// list ends with Linux 3.x; what follows is numbered alike on all architectures and tested by TestSyscallNumbersFrom424.
func TestSyscallNumbers(t *testing.T) {
	minimum := map[string]int{"amd64": 290, "arm64": 250, "386": 200}
	for arch, least := range minimum {
		same := 0
		for name, nr := range goSyscalls(t, arch) {
			s, ok := NativeSyscall(arch, nr)
			switch {
			case !ok && noRow[arch][name], ok && aliases[arch][name] == s.Name:
			case !ok:
				t.Errorf("%s has no call %d, %s", arch, nr, name)
			case s.Name == name:
				same++
			default:
				t.Errorf("%s: call %d is %s, the kernel has %s", arch, nr, s.Name, name)
			}
		}
		if same < least {
			t.Errorf("%s: only %d calls compared", arch, same)
		}
	}
}

// aliases are the kernel's names of calls for which the row says another one. Most are the wide variants of 32-bit programs: amd64 has
// only the wide ones, under the plain names.
var aliases = map[string]map[string]string{
	"arm64": {"fstatat": "newfstatat", "sync_file_range2": "sync_file_range"},
	"386": {
		"umount": "umount2", "_llseek": "lseek", "ugetrlimit": "getrlimit", "mmap2": "mmap", "madvise1": "madvise", "fcntl64": "fcntl",
		"sendfile64": "sendfile", "stat64": "stat", "lstat64": "lstat", "fstat64": "fstat", "getuid32": "getuid", "getgid32": "getgid",
		"geteuid32": "geteuid", "getegid32": "getegid", "setuid32": "setuid", "setgid32": "setgid", "setresuid32": "setresuid",
		"getresuid32": "getresuid", "setresgid32": "setresgid", "getresgid32": "getresgid",
	},
}

// noRow are calls of the kernel's headers without a row: never or no longer implemented, or of 32-bit programs alone.
var noRow = map[string]map[string]bool{
	"amd64": words(`query_module putpmsg nfsservctl getpmsg create_module _sysctl tuxcall vserver security afs_syscall
		get_kernel_syms uselib`),
	"arm64": words("arch_specific_syscall nfsservctl"),
	"386": words(`_newselect _sysctl afs_syscall bdflush break chown32 create_module fadvise64_64 fchown32 fstatat64 fstatfs64
		ftime ftruncate64 get_kernel_syms getgroups32 getpmsg gtty idle ipc lchown32 lock mpx nfsservctl nice oldfstat
		oldlstat oldolduname oldstat olduname prof profil putpmsg query_module readdir setfsgid32 setfsuid32
		setgroups32 setregid32 setreuid32 sgetmask sigaction signal sigpending sigprocmask sigreturn sigsuspend
		socketcall ssetmask statfs64 stime stty truncate64 ulimit uselib vm86 vm86old vserver waitpid`),
}

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// goSyscalls reads the SYS_ constants of Go's syscall package for Linux on an architecture: name in lower case, number.
func goSyscalls(t *testing.T, arch string) map[string]int {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	name := filepath.Join(strings.TrimSpace(string(root)), "src", "syscall", "zsysnum_linux_"+arch+".go")
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		nr, err := strconv.Atoi(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		calls[strings.ToLower(strings.TrimPrefix(v.Names[0].Name, "SYS_"))] = nr
		return true
	})
	return calls
}

// From 424 on a call has the same number everywhere (Linux 5.1, "new system calls are added with the same number").
func TestSyscallNumbersFrom424(t *testing.T) {
	for nr := 424; nr < MaxSyscalls; nr++ {
		a, _ := NativeSyscall("amd64", nr)
		b, _ := NativeSyscall("arm64", nr)
		c, ok := NativeSyscall("386", nr)
		if a != b || ok && c != a {
			t.Errorf("%d: amd64 %q, arm64 %q, 386 %q", nr, a.Name, b.Name, c.Name)
		}
	}
}

func TestSyscallName(t *testing.T) {
	names := map[string]int{}
	for i, n := range SyscallNames() {
		got, ok := SyscallName(uint16(i))
		if i == 382 { // libscap skips it
			if ok || n != "" {
				t.Errorf("%d: %q %v", i, n, ok)
			}
			continue
		}
		if !ok || got != n || n == "" {
			t.Errorf("%d: %q %v, want %q", i, got, ok, n)
		}
		if was, taken := names[n]; taken {
			t.Errorf("codes %d and %d are both %s", was, i, n)
		}
		names[n] = i
	}
	for _, code := range []uint16{uint16(len(SyscallNames())), 511, 0xffff} {
		if n, ok := SyscallName(code); ok || n != "<unknown syscall>" {
			t.Errorf("%d: %q %v", code, n, ok)
		}
	}
}

func TestSyscallCategory(t *testing.T) {
	for _, c := range []struct {
		name string
		want Category
	}{
		{"<unknown>", CatOther}, {"exit", CatProcess}, {"open", CatFile}, {"read", CatIORead}, {"write", CatIOWrite},
		{"ioctl", CatIOOther}, {"brk", CatMemory}, {"kill", CatIPC}, {"time", CatTime}, {"pause", CatWait}, {"mseal", CatMemory},
		{"rseq_slice_yield", CatProcess},
	} {
		code := -1
		for i, n := range SyscallNames() {
			if n == c.name {
				code = i
			}
		}
		if got := SyscallCategory(uint16(code)); code < 0 || got != c.want {
			t.Errorf("%s (%d): %d, want %d", c.name, code, got, c.want)
		}
	}
	for _, code := range []uint16{uint16(len(syscallCategories)), 0xffff} {
		if got := SyscallCategory(code); got != CatUnknown {
			t.Errorf("%d: %d", code, got)
		}
	}
}

// Every code has a plain category, and the comments of the table name the same calls as the table of names: no row has slipped.
func TestSyscallCategoryRows(t *testing.T) {
	if len(syscallCategories) != len(syscallNames) {
		t.Fatalf("%d categories, %d names", len(syscallCategories), len(syscallNames))
	}
	plain := map[Category]bool{}
	for _, c := range categoryNames {
		plain[c] = c&(catSource|CatInternal) == 0
	}
	for code, c := range syscallCategories {
		if !plain[c] {
			t.Errorf("%s: category %d", syscallNames[code], c)
		}
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "syscallcat_table.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[int]string{}
	for _, g := range f.Comments {
		for _, c := range g.List {
			comments[fset.Position(c.Pos()).Line] = strings.TrimSpace(strings.TrimPrefix(c.Text, "//"))
		}
	}
	rows := 0
	ast.Inspect(f, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		rows++
		code, err := strconv.Atoi(kv.Key.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if got := comments[fset.Position(kv.Pos()).Line]; got != strings.Trim(syscallNames[code], "<>") {
			t.Errorf("row %d is commented %q, the call is %s", code, got, syscallNames[code])
		}
		return true
	})
	if want := named(syscallNames[:]); rows != want {
		t.Errorf("%d rows, want %d", rows, want)
	}
}
