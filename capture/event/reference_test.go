package event

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The facts that the tables were made from: one table per file, the first line names the columns. They are not part of the
// repository; where they are missing the TestReference tests are skipped and only the rules and counts of schema_test.go hold.
const referenceDir = "../../../shared/reference"

// record is one line of a reference table; its columns are read by name.
type record struct {
	t      *testing.T
	file   string
	line   int
	cols   map[string]int
	fields []string
}

// get is the text of a column; a column that the table does not have fails the test.
func (r record) get(col string) string {
	r.t.Helper()
	i, ok := r.cols[col]
	if !ok {
		r.t.Fatalf("%s: no column %q", r.file, col)
	}
	if i >= len(r.fields) {
		return ""
	}
	return r.fields[i]
}

// num is the number in a column.
func (r record) num(col string) int64 {
	r.t.Helper()
	n, err := strconv.ParseInt(r.get(col), 0, 64)
	if err != nil {
		r.t.Fatalf("%s:%d: %s: %v", r.file, r.line, col, err)
	}
	return n
}

// errorf reports a difference with the line of the reference that tells otherwise.
func (r record) errorf(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("%s:%d: %s", r.file, r.line, fmt.Sprintf(format, args...))
}

// reference reads a table. It skips the test where the whole folder is missing, and fails it where only the file is.
func reference(t *testing.T, name string) []record {
	t.Helper()
	if _, err := os.Stat(referenceDir); err != nil {
		t.Skip("no reference tables at " + referenceDir)
	}
	b, err := os.ReadFile(filepath.Join(referenceDir, name))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	cols := map[string]int{}
	for i, c := range strings.Split(lines[0], "\t") {
		c, _, _ = strings.Cut(c, "(") // "converter_actions(nparams:action)"
		cols[c] = i
	}
	var rs []record
	for i, l := range lines[1:] {
		rs = append(rs, record{t, name, i + 2, cols, strings.Split(l, "\t")})
	}
	return rs
}

// typeBySymbol maps the names of the reference (PPME_*) to numbers.
func typeBySymbol(t *testing.T) map[string]Type {
	m := map[string]Type{}
	for _, r := range reference(t, "events.tsv") {
		m[r.get("symbol")] = Type(r.num("id"))
	}
	return m
}

// bitsOf adds up names joined with '|'.
func bitsOf[T ~uint8 | ~uint16](r record, col string, names map[string]T) T {
	var v T
	for n := range strings.SplitSeq(r.get(col), "|") {
		bit, ok := names[n]
		if !ok {
			r.errorf("%s: %q has no Go name", col, n)
		}
		v |= bit
	}
	return v
}

var categoryNames = map[string]Category{
	"EC_UNKNOWN": CatUnknown, "EC_OTHER": CatOther, "EC_FILE": CatFile, "EC_NET": CatNet, "EC_IPC": CatIPC, "EC_MEMORY": CatMemory,
	"EC_PROCESS": CatProcess, "EC_SLEEP": CatSleep, "EC_SYSTEM": CatSystem, "EC_SIGNAL": CatSignal, "EC_USER": CatUser,
	"EC_TIME": CatTime, "EC_PROCESSING": CatProcessing, "EC_IO_READ": CatIORead, "EC_IO_WRITE": CatIOWrite,
	"EC_IO_OTHER": CatIOOther, "EC_WAIT": CatWait, "EC_SCHEDULER": CatScheduler, "EC_INTERNAL": CatInternal,
	"EC_SYSCALL": CatSyscall, "EC_TRACEPOINT": CatTracepoint, "EC_PLUGIN": CatPlugin, "EC_METAEVENT": CatMeta, "EC_ITER": CatIter,
}

var flagNames = map[string]Flags{
	"EF_NONE": 0, "EF_CREATES_FD": CreatesFD, "EF_DESTROYS_FD": DestroysFD, "EF_USES_FD": UsesFD, "EF_READS_FROM_FD": ReadsFD,
	"EF_WRITES_TO_FD": WritesFD, "EF_MODIFIES_STATE": ModifiesState, "EF_UNUSED": Unused, "EF_WAITS": Waits,
	"EF_SKIPPARSERESET": SkipReset, "EF_OLD_VERSION": OldVersion, "EF_LARGE_PAYLOAD": LargePayload, "EF_CONVERTER_MANAGED": Converted,
}

func TestReferenceEvents(t *testing.T) {
	symbols := typeBySymbol(t)
	rows := reference(t, "events.tsv")
	if len(rows) != NumTypes {
		t.Errorf("%d types, the reference has %d", NumTypes, len(rows))
	}
	for i, r := range rows {
		typ := Type(r.num("id"))
		s := typ.Schema()
		if int(typ) != i || !typ.Known() {
			r.errorf("type %d where %d is due", typ, i)
			continue
		}
		if s.Name != r.get("name") || s.Dir.String() != map[string]string{"E": ">", "X": "<"}[r.get("dir")] {
			r.errorf("%s is %s%s", r.get("symbol"), s.Dir, s.Name)
		}
		if want := bitsOf(r, "category", categoryNames); s.Category != want {
			r.errorf("%v: category %d, want %d", typ, s.Category, want)
		}
		if want := bitsOf(r, "flags", flagNames); s.Flags != want {
			r.errorf("%v: flags %#x, want %#x", typ, s.Flags, want)
		}
		if want := symbols[r.get("converted_to")]; s.Newer != want { // the zero Type where there is none
			r.errorf("%v: newer type %v, want %q", typ, s.Newer, r.get("converted_to"))
		}
		if wide := s.Flags&LargePayload != 0; wide != (r.num("len_entry_bytes") == 4) {
			r.errorf("%v: large payload %v", typ, wide)
		}
		if got := paramsText(s); got != r.get("params") || int64(len(s.Params)) != r.num("nparams") {
			r.errorf("%v:\n got %s\nwant %s", typ, got, r.get("params"))
		}
	}
}

// paramsText writes the parameters of a row as the reference does: name:TYPE:FORMAT, then what Ref says.
func paramsText(s *Schema) string {
	dyn := map[uint8]string{
		dynSockopt: "sockopt_dynamic_param", dynPtrace: "ptrace_dynamic_param", dynBpf: "bpf_dynamic_param",
		dynKeyctl: "keyctl_dynamic_param",
	}
	var out []string
	for i := range s.Params {
		p := &s.Params[i]
		text := p.Name + ":" + kindName(p.Kind) + ":" + [...]string{"NA", "DEC", "HEX", "10_PADDED_DEC", "ID", "DIR", "OCT"}[p.Format]
		switch {
		case p.Kind.HasTable() && p.Ref != TabNone:
			text += ":" + p.Table().Name
		case p.DirFD() >= 0:
			text += fmt.Sprintf(":dirfd=param%d", p.DirFD())
		case p.Kind == KindDyn:
			text += fmt.Sprintf(":dyn=%s[%d]", dyn[p.Ref], len(dynTables[p.Ref]))
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// kindName is the name of a kind in the reference, without PT_: two differ from what listings print.
func kindName(k Kind) string {
	switch k {
	case KindDyn:
		return "DYN"
	case KindCharBufPairArray:
		return "CHARBUF_PAIR_ARRAY"
	}
	return k.String()
}

func TestReferenceTypeNames(t *testing.T) {
	consts := typeConstants(t)
	for _, r := range reference(t, "events.tsv") {
		typ := Type(r.num("id"))
		if got, want := foldName(consts[typ]), foldSymbol(r.get("symbol")); got != want {
			r.errorf("constant %s stands for %s", consts[typ], r.get("symbol"))
		}
	}
}

// foldName and foldSymbol bring a constant of types.go and a symbol of the reference to the same text: the constant writes a version
// as V2, the symbol as _2, and it drops the symbol's prefix.
func foldName(s string) string {
	for d := range 10 {
		s = strings.ReplaceAll(s, "V"+strconv.Itoa(d), strconv.Itoa(d))
	}
	return strings.ToLower(s)
}

func foldSymbol(s string) string {
	s = strings.TrimPrefix(s, "PPME_")
	if rest, ok := strings.CutPrefix(s, "SYSCALL_"); ok {
		s = rest
	} else if rest, ok := strings.CutPrefix(s, "SOCKET_"); ok {
		s = rest
	}
	return strings.ToLower(strings.ReplaceAll(s, "_", ""))
}

func TestReferenceKinds(t *testing.T) {
	rows := reference(t, "params.tsv")
	if len(rows) != int(numKinds)+1 { // and PT_MAX
		t.Errorf("%d kinds, the reference has %d with PT_MAX", numKinds, len(rows))
	}
	for _, r := range rows {
		k := Kind(r.num("id"))
		if r.get("type") == "PT_MAX" {
			if k != numKinds {
				r.errorf("%d kinds", numKinds)
			}
			continue
		}
		if "PT_"+kindName(k) != r.get("type") {
			r.errorf("kind %d is %s", k, k)
		}
		size := 0
		if r.get("kind") == "fixed" {
			size = int(r.num("wire_size"))
		}
		if k.Size() != size {
			r.errorf("%v: size %d, want %d", k, k.Size(), size)
		}
	}
}

func TestReferenceDynParams(t *testing.T) {
	tables := map[string]uint8{
		"sockopt_dynamic_param": dynSockopt, "ptrace_dynamic_param": dynPtrace, "bpf_dynamic_param": dynBpf, "keyctl_dynamic_param": dynKeyctl,
	}
	formats := map[string]Format{"PF_NA": FmtNA, "PF_DEC": FmtDec, "PF_HEX": FmtHex}
	n := 0
	for _, r := range reference(t, "dyn-params.tsv") {
		p := Param{Kind: KindDyn, Ref: tables[r.get("table")]}
		q, rest, ok := p.Dyn([]byte{byte(r.num("index")), 0xaa})
		if !ok || "PT_"+kindName(q.Kind) != r.get("type") || q.Format != formats[r.get("fmt")] || len(rest) != 1 {
			r.errorf("%+v, rest %x, %v", q, rest, ok)
		}
		n++
	}
	for _, table := range dynTables {
		n -= len(table)
	}
	if n != 0 {
		t.Errorf("the reference has %d entries more than dynTables", n)
	}
}

func TestReferenceFlags(t *testing.T) {
	want := map[string][]Flag{}
	errnos, signals := 0, 0
	for _, r := range reference(t, "flags.tsv") {
		switch name, v := r.get("name"), r.num("value"); r.get("kind") {
		case "event_flag_table":
			want[r.get("table")] = append(want[r.get("table")], Flag{name, uint32(v)})
		case "errno":
			errnos++
			if ErrnoName(v) != name {
				r.errorf("errno %d is %q, want %s", v, ErrnoName(v), name)
			}
		case "signal":
			signals++
			if SignalName(v) != name {
				r.errorf("signal %d is %q, want %s", v, SignalName(v), name)
			}
		}
	}
	if errnos != named(errnoNames[:]) || signals != named(signalNames[:]) {
		t.Errorf("the reference has %d errnos, %d signals", errnos, signals)
	}
	if len(want) != len(flagTables)-1 {
		t.Errorf("%d flag tables, the reference has %d", len(flagTables)-1, len(want))
	}
	for i := range flagTables[1:] {
		tab := &flagTables[1+i]
		entries := slices.Compact(want[tab.Name]) // libscap has PR_MCE_KILL twice
		if !slices.Equal(tab.Entries, entries) {  // the order is the order of printing
			t.Errorf("%s:\n got %v\nwant %v", tab.Name, tab.Entries, entries)
		}
	}
}

// named counts the names in a table with holes.
func named(names []string) (n int) {
	for _, s := range names {
		if s != "" {
			n++
		}
	}
	return n
}

func TestReferenceSyscalls(t *testing.T) {
	symbols := typeBySymbol(t)
	flags := map[string]uint8{
		"UF_NONE": 0, "UF_USED": ScUsed, "UF_NEVER_DROP": ScNeverDrop, "UF_ALWAYS_DROP": ScAlwaysDrop, "UF_ATOMIC": ScAtomic,
	}
	arches := map[string]string{"x86_64": "amd64", "aarch64": "arm64"}
	count := map[string]int{}
	for _, r := range reference(t, "syscalls.tsv") {
		arch := arches[r.get("arch")]
		count[arch]++
		got, ok := NativeSyscall(arch, int(r.num("nr")))
		want := Syscall{
			Name: r.get("name"), Code: uint16(r.num("ppm_sc")),
			Enter: symbols[r.get("enter_event")], Exit: symbols[r.get("exit_event")],
			Flags: bitsOf(r, "flags", flags),
		}
		if !ok || got != want {
			r.errorf("%s: %+v, want %+v", arch, got, want)
		}
	}
	for _, arch := range arches {
		if n := countSyscalls(arch); n != count[arch] {
			t.Errorf("%s has %d calls, the reference %d", arch, n, count[arch])
		}
	}
}

func TestReferenceIA32(t *testing.T) {
	rows := reference(t, "ia32.tsv")
	listed := map[int]bool{}
	for nr := range MaxSyscalls {
		if _, ok := NativeSyscall("386", nr); ok {
			listed[nr] = true
		}
	}
	for _, r := range rows {
		delete(listed, int(r.num("ia32_nr")))
		got, ok := NativeSyscall("386", int(r.num("ia32_nr")))
		want, has := NativeSyscall("amd64", int(r.num("x86_64_nr")))
		if ok != has || got != want {
			r.errorf("%+v, want %+v", got, want)
		}
	}
	if len(listed) > 0 {
		t.Errorf("the reference does not have %v", listed)
	}
}

func TestReferenceSyscallCodes(t *testing.T) {
	rows := reference(t, "ppm_sc.tsv")
	if len(rows) != named(SyscallNames()) {
		t.Errorf("%d codes, the reference has %d", named(SyscallNames()), len(rows))
	}
	for _, r := range rows {
		code := uint16(r.num("code"))
		name, ok := SyscallName(code)
		if want := r.get("name"); !ok || strings.Trim(name, "<>") != want { // 0 is "<unknown>", as sysdig prints it
			r.errorf("code %d is %q, want %s", code, name, want)
		}
		for arch, col := range map[string]string{"amd64": "nr_x86_64", "arm64": "nr_aarch64"} {
			if code == 0 || r.get(col) == "" {
				continue
			}
			if s, ok := NativeSyscall(arch, int(r.num(col))); !ok || s.Code != code {
				r.errorf("%s call %s has code %d, want %d", arch, r.get(col), s.Code, code)
			}
		}
	}
}
