package event

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The rules of population that stand above flagTables.
func TestFlagTables(t *testing.T) {
	names := map[string]bool{}
	for i := range flagTables {
		tab := &flagTables[i]
		if i == int(TabNone) {
			if tab.Name != "" || len(tab.Entries) != 0 {
				t.Errorf("TabNone is %+v", tab)
			}
			continue
		}
		if tab.Name == "" || names[tab.Name] || len(tab.Entries) == 0 {
			t.Errorf("table %d: %q, %d entries", i, tab.Name, len(tab.Entries))
		}
		names[tab.Name] = true
		seen := map[string]bool{}
		zeros := 0
		for _, f := range tab.Entries {
			if f.Name == "" || seen[f.Name] || strings.ContainsAny(f.Name, "| ") {
				t.Errorf("%s: entry %q", tab.Name, f.Name)
			}
			seen[f.Name] = true
			zeros += b2i(f.Value == 0)
		}
		if zeros > 1 {
			t.Errorf("%s: %d names for zero", tab.Name, zeros)
		}
	}
}

// Every table belongs to a parameter, but for the poll flags inside descriptor lists.
func TestFlagTablesAreReached(t *testing.T) {
	unused := map[string]bool{}
	for i := range flagTables[1:] {
		unused[flagTables[1+i].Name] = true
	}
	for _, s := range Types() {
		for i := range s.Params {
			delete(unused, s.Params[i].Table().Name)
		}
	}
	if got, want := slices.Sorted(maps.Keys(unused)), []string{"poll_flags"}; !slices.Equal(got, want) {
		t.Errorf("no parameter uses %v, want %v", got, want)
	}
}

// The order of a table is that of printing, so it decides what is found: each entry's own value must still end with the first name
// of that value.
func TestFlagOrder(t *testing.T) {
	for i := range flagTables {
		tab := &flagTables[i]
		first := map[uint32]string{}
		for _, f := range tab.Entries {
			if first[f.Value] == "" {
				first[f.Value] = f.Name
			}
			text := string(tab.AppendFlags(nil, f.Value))
			if last := text[strings.LastIndexByte(text, '|')+1:]; last != first[f.Value] {
				t.Errorf("%s: %#x is %q, want it to end with %s", tab.Name, f.Value, text, first[f.Value])
			}
			if text := string(tab.AppendEnum(nil, f.Value)); !strings.Contains("|"+text+"|", "|"+f.Name+"|") {
				t.Errorf("%s: %#x is %q, without %s", tab.Name, f.Value, text, f.Name)
			}
		}
	}
}

func TestAppendFlags(t *testing.T) {
	open, clone, prot, access := &flagTables[TabFileFlags], &flagTables[TabCloneFlags], &flagTables[TabProtFlags], &flagTables[TabAccessFlags]
	for _, c := range []struct {
		tab  *FlagTable
		v    uint32
		want string
	}{
		{open, 1, "O_RDONLY"},
		{open, 2, "O_WRONLY"},
		{open, 3, "O_RDWR"}, // an entry of both bits, before the single ones
		{open, 1 | 4096, "O_RDONLY|O_CLOEXEC"},
		{open, 2 | 4 | 256, "O_TRUNC|O_CREAT|O_WRONLY"},
		{open, 0, "O_NONE"},
		{open, 1 << 31, ""},           // no name
		{open, 1<<31 | 1, "O_RDONLY"}, // left out
		{prot, 0, "PROT_NONE"},
		{prot, 3, "PROT_READ|PROT_WRITE"},
		{prot, 1 << 20, ""},
		{clone, 0, ""}, // no entry for zero
		{access, 0, "F_OK"},
		{access, 6, "R_OK|W_OK"},
		{&flagTables[TabNone], 7, ""},
	} {
		if got := string(c.tab.AppendFlags([]byte("x="), c.v)); got != "x="+c.want {
			t.Errorf("%s %#x: %q, want %q", c.tab.Name, c.v, got, c.want)
		}
	}
}

func TestAppendFlagsRule(t *testing.T) {
	tab := &FlagTable{"t", []Flag{{"ALL", 7}, {"LOW", 3}, {"A", 1}, {"B", 2}, {"C", 4}, {"NONE", 0}, {"A2", 1}}}
	for v, want := range []string{"NONE", "A", "B", "LOW", "C", "A|C", "B|C", "ALL", "", "A"} {
		if got := string(tab.AppendFlags(nil, uint32(v))); got != want {
			t.Errorf("%d: %q, want %q", v, got, want)
		}
	}
	if got := string(tab.AppendFlags(nil, 8|3)); got != "LOW" {
		t.Errorf("a set with an unknown bit: %q", got)
	}
}

func TestAppendEnum(t *testing.T) {
	for _, c := range []struct {
		tab  uint8
		v    uint32
		want string
	}{
		{TabSocketFamilies, 2, "AF_INET"},
		{TabSocketFamilies, 10, "AF_INET6"},
		{TabSocketFamilies, 1, "AF_LOCAL|AF_UNIX"}, // two names of one value
		{TabSocketFamilies, 0xffff, ""},
		{TabBpfCommands, 0, "BPF_MAP_CREATE"},
		{TabBpfCommands, 10, "BPF_PROG_TEST_RUN|BPF_PROG_RUN"},
		{TabLseekWhence, 2, "SEEK_END"},
		{TabNone, 0, ""},
	} {
		if got := string(flagTables[c.tab].AppendEnum([]byte("x="), c.v)); got != "x="+c.want {
			t.Errorf("%s %d: %q, want %q", flagTables[c.tab].Name, c.v, got, c.want)
		}
	}
}

func TestParamTable(t *testing.T) {
	p := &OpenX.Schema().Params[OpenX.Schema().ParamByName("flags")]
	if p.Table() != &flagTables[TabFileFlags] {
		t.Errorf("open's flags have table %s", p.Table().Name)
	}
	for _, p := range []*Param{{Kind: KindUint32, Ref: TabFileFlags}, {Kind: KindFlags32, Ref: 255}, {}} {
		if p.Table() != &flagTables[TabNone] {
			t.Errorf("%+v has table %s", p, p.Table().Name)
		}
	}
}

func TestErrnoAndSignalNames(t *testing.T) {
	for _, c := range []struct {
		f    func(int64) string
		n    int64
		want string
	}{
		{ErrnoName, 2, "ENOENT"}, {ErrnoName, 11, "EAGAIN"}, {ErrnoName, 115, "EINPROGRESS"}, {ErrnoName, 125, "ECANCELED"},
		{ErrnoName, 512, "ERESTARTSYS"}, {ErrnoName, 0, ""}, {ErrnoName, -2, ""}, {ErrnoName, 41, ""}, {ErrnoName, 58, ""},
		{ErrnoName, 531, ""}, {ErrnoName, 1 << 40, ""}, {ErrnoName, -1 << 63, ""},
		{SignalName, 9, "SIGKILL"}, {SignalName, 17, "SIGCHLD"}, {SignalName, 31, "SIGSYS"}, {SignalName, 0, ""}, {SignalName, 32, ""},
		{SignalName, -1, ""}, {SignalName, 1 << 40, ""},
	} {
		if got := c.f(c.n); got != c.want {
			t.Errorf("%d: %q, want %q", c.n, got, c.want)
		}
	}
}

func TestFDTypes(t *testing.T) {
	type class struct{ socket, ip, listen bool }
	classes := map[FDType]class{
		FDIPv4Sock: {true, true, false}, FDIPv6Sock: {true, true, false}, FDIPv4Listen: {true, true, true}, FDIPv6Listen: {true, true, true},
		FDUnixSock: {true, false, false}, FDNetlink: {true, false, false},
	}
	for typ := FDType(0); typ < NumFDTypes; typ++ {
		if got := (class{typ.IsSocket(), typ.IsIP(), typ.IsListen()}); got != classes[typ] {
			t.Errorf("%d: %+v, want %+v", typ, got, classes[typ])
		}
		if (typ.String() == "") != (typ == FDUnknown) || typ.Char() == 0 {
			t.Errorf("%d: %q %q", typ, typ, typ.Char())
		}
	}
	if got := fmt.Sprintf("%s %c %s %c", FDFileV2, FDFileV2.Char(), FDIPv6Listen, FDIPv6Listen.Char()); got != "file f ipv6 6" {
		t.Error(got)
	}
	if NumFDTypes.String() != "" || NumFDTypes.Char() != 'o' {
		t.Error("a type out of range has a name")
	}
	for l4, want := range []byte{0, 0, 't', 'u', 'i', 'r', 0} {
		if got := L4Char(uint8(l4)); got != want {
			t.Errorf("protocol %d: %q, want %q", l4, got, want)
		}
	}
}
