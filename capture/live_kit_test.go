//go:build linux

package capture

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// Live tests run this test program once more, as the command of a live capture, so that nothing but its calls is recorded. What it shall do
// stands in $SCRY_LIVE, and where it shall write what must have been recorded in $SCRY_LIVE_OUT.
var liveModes = map[string]func() any{"calls": makeCalls, "long": makeLong, "faults": makeFaults, "threads": makeMix, "moves": makeMoves, "boxes": makeBoxes, "mark": makeMark, "storm": storm, "stormed": stormed}

func init() {
	if mode := os.Getenv("SCRY_LIVE"); mode != "" {
		b, err := json.Marshal(liveModes[mode]())
		if err == nil {
			err = os.WriteFile(os.Getenv("SCRY_LIVE_OUT"), b, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		os.Exit(0)
	}
}

// A row makes calls of one kind and says what their events must hold. Each runs on a thread of its own, which ends with it.
type row struct {
	call string // a row without this call in the architecture's table is left out
	do   func(*kit)
}

// expected is what the events of one call must hold, by parameter.
type expected struct {
	Row, Call   string
	Seq         int64
	Res         int64
	ID          int
	Enter, Exit event.Type
	In          map[string]val
	Out         []map[string]val // one for each event
	Also        event.Type       // an event of the thread that follows
	AlsoHolds   map[string]val
	Cut         bool
}

// val is an expected value: K "n" a number, "t" a text, names or an address, "b" bytes in hexadecimal, or one of the words below.
type val struct{ K, S string }

var (
	absent  = val{K: "absent"}  // of length 0
	present = val{K: "present"} // of the kind's width
	nonzero = val{K: "nonzero"} // a number other than 0
	fault   = val{K: "fault"}   // its memory could not be read, and the event says so; of a buffer what was before may be there
)

// has is a text that holds these words, in any order.
func has(words ...string) val { return val{"has", strings.Join(words, "\n")} }

func valueOf(v any) val {
	switch x := v.(type) {
	case val:
		return x
	case string:
		return val{"t", x}
	case []byte:
		return val{"b", hex.EncodeToString(x)}
	case bool:
		return val{"n", map[bool]string{true: "1", false: "0"}[x]}
	case uint64:
		return val{"n", strconv.FormatInt(int64(x), 10)}
	case uintptr:
		return val{"n", strconv.FormatInt(int64(x), 10)}
	}
	return val{"n", fmt.Sprint(v)}
}

func valuesOf(pairs []any) map[string]val {
	m := map[string]val{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = valueOf(pairs[i+1])
	}
	return m
}

// kit is what rows work with. Memory that calls are given comes from an area that the garbage collector does not move and that is there.
type kit struct {
	row      string
	dir      string // an empty directory
	mem      []byte
	base     uintptr
	used     int
	bad      uintptr // behind the area: not readable
	seq      int64
	expected []expected
}

const (
	arenaSize = 2 << 20
	markBase  = 0x5c41_0000_0000 // offset of the lseek that marks a call, plus its number
)

func newKit() *kit {
	mem, err := unix.Mmap(-1, 0, arenaSize+4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
	must(err)
	must(unix.Mprotect(mem[arenaSize:], unix.PROT_NONE))
	k := &kit{mem: mem, base: addressOf(mem)}
	k.bad = k.base + arenaSize
	for _, parent := range []string{os.TempDir(), "/dev/shm"} { // on an overlay numbers of inodes are not those of the file
		var st unix.Statfs_t
		if unix.Statfs(parent, &st) != nil || st.Type == unix.OVERLAYFS_SUPER_MAGIC && parent != "/dev/shm" {
			continue
		}
		if k.dir, err = os.MkdirTemp(parent, "scry-live"); err == nil {
			return k
		}
	}
	must(err)
	return k
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }

func in64(ev *event.Event, i int) int64 {
	n, _ := ev.Int(i)
	return n
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// run runs the rows that this architecture has.
func (k *kit) run(rows []row) {
	for _, r := range rows {
		if _, ok := callNumbers[r.call]; !ok {
			continue
		}
		done := make(chan bool)
		go func() {
			defer close(done)
			runtime.LockOSThread()                                               // never unlocked: the thread ends with the row
			must(unix.PthreadSigmask(unix.SIG_BLOCK, signals(unix.SIGURG), nil)) // by which Go interrupts slow calls
			k.row, k.used = r.call, 0
			clear(k.mem[:arenaSize])
			r.do(k)
		}()
		<-done
	}
}

func signals(s unix.Signal) *unix.Sigset_t {
	var set unix.Sigset_t
	set.Val[0] = 1 << (s - 1)
	return &set
}

var callNumbers = func() map[string]int {
	m := map[string]int{}
	for nr := range event.MaxSyscalls {
		if s, ok := event.NativeSyscall(runtime.GOARCH, nr); ok {
			m[s.Name] = nr
		}
	}
	return m
}()

func (k *kit) alloc(n int) uintptr {
	k.used = (k.used + 15) &^ 15
	p := k.base + uintptr(k.used)
	if k.used += n; k.used > arenaSize {
		panic("the area is too small")
	}
	return p
}

// at is n bytes of the area.
func (k *kit) at(p uintptr, n int) []byte { return k.mem[p-k.base:][:n:n] }

func (k *kit) bytes(b []byte) uintptr {
	p := k.alloc(len(b))
	copy(k.at(p, len(b)), b)
	return p
}

func (k *kit) str(s string) uintptr { return k.bytes(append([]byte(s), 0)) }

// words lays out 64-bit words; pieces lays out a struct: numbers are as wide as their type, text and bytes as they are.
func (k *kit) words(v ...any) uintptr {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(k.arg(x)))
	}
	return k.bytes(b)
}

func (k *kit) pieces(v ...any) uintptr { return k.bytes(packed(v...)) }

func packed(v ...any) []byte {
	var b bytes.Buffer
	for _, x := range v {
		if s, ok := x.(string); ok {
			x = []byte(s)
		}
		if u, ok := x.(uintptr); ok {
			x = uint64(u)
		}
		must(binary.Write(&b, binary.LittleEndian, x))
	}
	return b.Bytes()
}

func (k *kit) i32(p uintptr) int64  { return int64(int32(binary.LittleEndian.Uint32(k.at(p, 4)))) }
func (k *kit) u64(p uintptr) uint64 { return binary.LittleEndian.Uint64(k.at(p, 8)) }

// arg makes a value that a register can hold: texts and bytes are put into the area.
func (k *kit) arg(a any) uintptr {
	switch x := a.(type) {
	case int:
		return uintptr(x)
	case int64:
		return uintptr(x)
	case uint32:
		return uintptr(x)
	case uint64:
		return uintptr(x)
	case uintptr:
		return x
	case string:
		return k.str(x)
	case []byte:
		return k.bytes(x)
	}
	panic(fmt.Sprintf("%T", a))
}

func (k *kit) args(list []any) (a [6]uintptr) {
	for i, x := range list {
		a[i] = k.arg(x)
	}
	return a
}

// sys makes a call that nobody looks at, and returns its result, negative for an error.
func (k *kit) sys(name string, args ...any) int64 {
	nr, ok := callNumbers[name]
	if !ok {
		return -int64(unix.ENOSYS)
	}
	return rawCall(nr, k.args(args))
}

func rawCall(nr int, a [6]uintptr) int64 {
	r, _, errno := unix.RawSyscall6(uintptr(nr), a[0], a[1], a[2], a[3], a[4], a[5])
	if errno != 0 {
		return -int64(errno)
	}
	return int64(r)
}

// call makes the call that the next want is about. A marker before it tells its events from others of the thread.
func (k *kit) call(name string, args ...any) int64 {
	nr, ok := callNumbers[name]
	if !ok {
		panic(name + ": no such call")
	}
	a := k.args(args)
	sc, _ := event.NativeSyscall(runtime.GOARCH, nr)
	if sc.Enter == event.GenericE {
		sc.Exit = event.GenericX
	}
	k.seq++
	k.expected = append(k.expected, expected{Row: k.row, Call: name, Seq: k.seq, ID: int(sc.Code), Enter: sc.Enter, Exit: sc.Exit, In: map[string]val{}})
	rawCall(unix.SYS_LSEEK, [6]uintptr{^uintptr(0), markBase + uintptr(k.seq)})
	r := rawCall(nr, a)
	k.expected[len(k.expected)-1].Res = r
	return r
}

// want says what the exit of the last call holds, name after value; its first parameter, unless it is named, is the result of the call. What
// the enter has of these parameters is the same; in says what is not. A second want is for a second event of the call.
func (k *kit) want(pairs ...any) {
	e := &k.expected[len(k.expected)-1]
	out := valuesOf(pairs)
	if p := e.Exit.Schema().Params; len(p) > 0 && e.Exit != event.GenericX {
		if _, ok := out[p[0].Name]; !ok {
			out[p[0].Name] = valueOf(e.Res)
		}
	}
	e.Out = append(e.Out, out)
}

func (k *kit) in(pairs ...any) { maps.Copy(k.expected[len(k.expected)-1].In, valuesOf(pairs)) }

// also says that an event of that type follows the call, and what it holds.
func (k *kit) also(t event.Type, pairs ...any) {
	e := &k.expected[len(k.expected)-1]
	e.Also, e.AlsoHolds = t, valuesOf(pairs)
}

func (k *kit) cut() { k.expected[len(k.expected)-1].Cut = true }

// path is a name in the row's directory, which nobody has had yet.
func (k *kit) path(name string) string {
	k.seq++
	return filepath.Join(k.dir, name+strconv.FormatInt(k.seq, 10))
}

// file is a descriptor of a new file with some text, which is closed with the program.
func (k *kit) file() int64 { return k.fileOf("0123456789") }

func (k *kit) fileOf(text string) int64 {
	fd := k.sys("openat", unix.AT_FDCWD, k.path("file"), unix.O_RDWR|unix.O_CREAT, 0o644)
	if fd < 0 || k.sys("pwrite64", fd, text, len(text), 0) != int64(len(text)) {
		panic("a file to work with")
	}
	return fd
}

// tid of the thread of the row.
func (k *kit) tid() int64 { return int64(unix.Gettid()) }

// stat of a descriptor: device and inode, as events have them.
func (k *kit) stat(fd int64) (dev, ino uint64) {
	var st unix.Stat_t
	if fd >= 0 {
		must(unix.Fstat(int(fd), &st))
	}
	return st.Dev, st.Ino
}

// sleeper is a new process that sleeps, and its end.
func (k *kit) sleeper() (pid int64, end func()) {
	pid = rawCall(unix.SYS_CLONE, [6]uintptr{uintptr(unix.SIGCHLD)})
	for pid == 0 {
		rawCall(unix.SYS_PPOLL, [6]uintptr{})
	}
	return pid, func() {
		rawCall(unix.SYS_KILL, [6]uintptr{uintptr(pid), uintptr(unix.SIGKILL)})
		rawCall(unix.SYS_WAIT4, [6]uintptr{uintptr(pid)})
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads programs into the kernel")
	}
}

// recordLive runs this program in that mode, under a capture, and returns its events and what it wrote to out.
func recordLive(t *testing.T, o LiveOptions, mode string, out any) recording {
	t.Helper()
	needRoot(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "expected.json")
	t.Setenv("SCRY_LIVE", mode)
	t.Setenv("SCRY_LIVE_OUT", file)
	o.Command = []string{exe}
	rec := record(t, o)
	if rec.code != 0 {
		t.Fatalf("the program ended with %d", rec.code)
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// recording is a capture from its start to its end.
type recording struct {
	events    []*event.Event
	stats     LiveStats
	code      int  // that the program ended with
	onlyFirst bool // this kernel tells of the first message of a sendmmsg or recvmmsg only
}

// record runs a capture to its end.
func record(t *testing.T, o LiveOptions) (rec recording) {
	t.Helper()
	if o.Buffer == 0 {
		o.Buffer = 32 << 20
	}
	o.Demand = o.Demand.Complete()
	src, err := Live(o)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var ev event.Event
	for {
		err := src.Next(&ev)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		c := ev.Clone()
		c.Section = nil
		rec.events = append(rec.events, c)
	}
	rec.code, _ = src.ExitCode()
	rec.stats = src.Stats()
	for _, line := range src.probe.Missing() {
		t.Log(line)
		rec.onlyFirst = rec.onlyFirst || strings.HasPrefix(line, "sendmmsg")
	}
	return rec
}

// noPageFaults is everything but page faults and switches, which come in numbers that nobody can tell.
func noPageFaults() Demand {
	d := Everything()
	d.Procinfo, d.Latency = false, true
	d.Types = d.Types.And(event.TypesOf(event.PageFaultE, event.SchedswitchV6E).Not())
	return d
}

// checkRows compares the events with what they must hold.
func checkRows(t *testing.T, rec recording, list []expected) {
	t.Helper()
	if rec.stats.Lost > 0 {
		t.Fatalf("%d of %d events lost: %s", rec.stats.Lost, rec.stats.Seen, rec.stats.Why())
	}
	events := rec.events
	at := map[int64]int{} // where in events the call with that marker begins
	for i, ev := range events {
		if ev.Type == event.LseekX {
			if n, _ := ev.Int(2); n > markBase && n < markBase+1<<31 {
				at[n-markBase] = i + 1
			}
		}
	}
	for _, e := range list {
		i, ok := at[e.Seq]
		if !ok {
			t.Errorf("%s: %s: its marker was not recorded", e.Row, e.Call)
			continue
		}
		if len(e.Out) == 0 {
			t.Errorf("%s: %s: says nothing of its event", e.Row, e.Call)
			continue
		}
		if rec.onlyFirst && len(e.Out) > 1 {
			e.Out, e.Cut = e.Out[:1], true
		}
		tid, n := events[i-1].TID, 0
		for _, ev := range events[i:] {
			if ev.TID != tid {
				continue
			}
			if ev.Type == e.Also && e.AlsoHolds != nil {
				checkEvent(t, &e, ev, e.AlsoHolds, nil)
				e.AlsoHolds = nil
			}
			if n == len(e.Out) {
				if e.AlsoHolds == nil {
					break
				}
				continue
			}
			id, _ := ev.Uint(0)
			generic := ev.Type <= event.GenericX
			if generic && id != uint64(e.ID) {
				continue
			}
			switch ev.Type {
			case e.Enter:
				checkEvent(t, &e, ev, e.In, e.Out[0])
			case e.Exit:
				checkEvent(t, &e, ev, e.Out[n], nil)
				if ev.Cut != e.Cut {
					t.Errorf("%s: %v: cut %v, want %v", e.Row, ev.Type, ev.Cut, e.Cut)
				}
				n++
			}
		}
		if e.AlsoHolds != nil {
			t.Errorf("%s: %s: no %v follows", e.Row, e.Call, e.Also)
		}
		if n != len(e.Out) {
			t.Errorf("%s: %s: %d events, want %d", e.Row, e.Call, n, len(e.Out))
		}
	}
}

// checkEvent compares all parameters of ev with want, or with those of the exit for an enter.
func checkEvent(t *testing.T, e *expected, ev *event.Event, want, exit map[string]val) {
	t.Helper()
	params := ev.Type.Schema().Params
	if ev.NParams != len(params) {
		t.Errorf("%s: %v: %d parameters, the schema has %d", e.Row, ev.Type, ev.NParams, len(params))
		return
	}
	if len(ev.Raw) == 0 {
		t.Errorf("%s: %v: no record", e.Row, ev.Type)
	}
	names := map[string]bool{}
	for i := range params {
		p := &params[i]
		names[p.Name] = true
		w, ok := want[p.Name]
		if !ok && ev.Type.Dir() == event.Enter {
			if w, ok = exit[p.Name]; w == fault {
				w = absent // at the enter memory need not be there yet
			}
		}
		if !ok {
			t.Errorf("%s: %v: nobody says what %s is; it is %s", e.Row, ev.Type, p.Name, show(ev, i))
			continue
		}
		if msg := compare(ev, i, w); msg != "" {
			t.Errorf("%s: %s = %d: %v: %s is %s, want %s", e.Row, e.Call, e.Res, ev.Type, p.Name, show(ev, i), msg)
		}
	}
	for name := range want {
		if !names[name] {
			t.Errorf("%s: %v has no parameter %s", e.Row, ev.Type, name)
		}
	}
}

// compare returns what parameter i should be, "" when it is that.
func compare(ev *event.Event, i int, w val) string {
	p := &ev.Type.Schema().Params[i]
	b := ev.Param(i)
	marked := ev.Faults>>i&1 != 0
	if marked != (w == fault) {
		return map[bool]string{true: "marked as unreadable", false: w.S + " and not marked as unreadable"}[w == fault]
	}
	switch size := p.Kind.Size(); w.K {
	case "fault":
		if text := p.Kind == event.KindCharBuf || p.Kind.Path(); text && ev.Text(i) != "<fault>" || !text && p.Kind != event.KindByteBuf && len(b) != 0 {
			return "a fault"
		}
		return ""
	case "absent":
		if len(b) != 0 {
			return "of length 0"
		}
		return ""
	case "present", "nonzero":
		n, ok := ev.Uint(i)
		if size != 0 && len(b) != size || size == 0 && len(b) == 0 || w == nonzero && (!ok || n == 0) {
			return w.K
		}
		return ""
	case "n":
		n, _ := strconv.ParseInt(w.S, 10, 64)
		q, rest, dyn := p.Dyn(b)
		if dyn {
			size, b = q.Kind.Size(), rest
		}
		var full [8]byte
		copy(full[:], b)
		mask := ^uint64(0)
		if size < 8 {
			mask = 1<<(8*size) - 1
		}
		if len(b) != size || binary.LittleEndian.Uint64(full[:]) != uint64(n)&mask {
			return fmt.Sprintf("%s (%#x), %d bytes", w.S, uint64(n)&mask, size)
		}
		return ""
	case "b":
		if hex.EncodeToString(b) != w.S {
			want, _ := hex.DecodeString(w.S)
			return fmt.Sprintf("%q", want)
		}
		return ""
	case "has":
		for _, word := range strings.Split(w.S, "\n") {
			if !bytes.Contains(b, []byte(word)) {
				return "something with " + word
			}
		}
		return ""
	}
	if got := show(ev, i); got != w.S {
		return w.S
	}
	return ""
}

// show is a parameter as rows write it: flags by name in alphabetical order, kernel addresses of unix sockets as S, or 0.
func show(ev *event.Event, i int) string {
	p := &ev.Type.Schema().Params[i]
	b := ev.Param(i)
	if q, rest, ok := p.Dyn(b); ok {
		p, b = q, rest
	}
	n, isNumber := ev.Uint(i)
	switch {
	case len(b) == 0:
		return "nothing"
	case p.Kind.HasTable() && isNumber:
		var text []byte
		if p.Kind.Enum() {
			text = p.Table().AppendEnum(nil, uint32(n))
		} else {
			text = p.Table().AppendFlags(nil, uint32(n))
		}
		return flagText(string(text))
	case p.Kind == event.KindCharBuf || p.Kind.Path():
		if b[len(b)-1] != 0 {
			return fmt.Sprintf("%q without an end", b)
		}
		return event.AliasText(b)
	case p.Kind == event.KindByteBuf:
		return fmt.Sprintf("%.300q", b)
	case p.Kind == event.KindSockAddr:
		a, ok := event.ParseSockAddr(b)
		if !ok {
			return fmt.Sprintf("bad address %x", b)
		}
		return string(event.AppendSockAddr(nil, a))
	case p.Kind == event.KindSockTuple:
		a, ok := event.ParseTuple(b)
		if !ok {
			return fmt.Sprintf("bad tuple %x", b)
		}
		if a.Family != event.AFUnix {
			return string(event.AppendTuple(nil, a))
		}
		mark := func(p uint64) string { return map[bool]string{true: "S", false: "0"}[p != 0] }
		return strings.TrimSpace(mark(a.UnixSrc) + "->" + mark(a.UnixDst) + " " + a.Path)
	case p.Kind == event.KindFDList:
		return showPoll(b)
	}
	var full [8]byte
	copy(full[:], b)
	return fmt.Sprintf("%d (%d bytes)", int64(binary.LittleEndian.Uint64(full[:])), len(b))
}

// flagText orders names.
func flagText(s string) string {
	list := strings.Split(s, "|")
	slices.Sort(list)
	return strings.Join(list, "|")
}

func showPoll(b []byte) string {
	n := int(binary.LittleEndian.Uint16(b))
	if len(b) != 2+10*n {
		return fmt.Sprintf("bad list %x", b)
	}
	var list []string
	for b = b[2:]; len(b) > 0; b = b[10:] {
		list = append(list, fmt.Sprintf("%d:%x", int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint16(b[8:])))
	}
	return strings.Join(list, " ")
}
