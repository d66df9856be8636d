package probe

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/bits"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// Options say what is recorded.
type Options struct {
	Types   event.TypeSet    // wanted types: calls by their enter and exit, tracepoints
	Calls   [2]event.TypeSet // of the calls without a type of their own, by direction: the wanted portable codes
	Latency bool             // exits carry the time of their enter
	Snaplen int              // bytes of each data buffer
	Poll    time.Duration    // how long an event may lie in the rings before it is given; 0: 10 ms
	Buffer  int              // bytes of the ring of a CPU: a power of two of at least 4 MiB
	All     bool             // this process too
	Self    int              // this process, as the first pid namespace calls it; 0: as its own does
	Exclude []string         // names of threads that are not recorded
	Follow  bool             // only what this process starts from now on, with all descendants, each from its exec on
}

// Probe is a running probe. Its Rings give the events.
type Probe struct {
	*Rings
	coll     *ebpf.Collection
	injector injector
	ringless []*control // of CPUs that were not running when the probe was loaded
	links    []link.Link
	mapped   [][]byte
	programs []string
	missing  []string
	calls    [2]int
}

// ErrKernel is wrapped by errors that mean: this kernel cannot do it.
var ErrKernel = errors.New("this kernel cannot run the probe")

// spec is the object with what the options say put in.
type spec struct {
	*ebpf.CollectionSpec
	o      Options
	plans  []ebpf.MapKV
	enters [8]uint64
	exits  [8]uint64
	used   [2]map[uint8]bool // programs that a dispatcher calls, by direction
	forks  bool
	execs  bool
	kernel features
}

// The programs that the dispatchers call, by direction and number.
var tails = [2][numPrograms]string{
	{programArgs: "enter_args", programSocket: "enter_socket", programVector: "enter_vector", programMessage: "enter_message", programPoll: "enter_poll", programOpened: "enter_opened"},
	{programArgs: "exit_args", programData: "exit_data", programSocket: "exit_socket", programMisc: "exit_misc", programVector: "exit_vector",
		programMessage: "exit_message", programMessages: "exit_messages", programPoll: "exit_poll", programQuota: "exit_quota",
		programOpened: "exit_opened", programExec: "exit_exec", programClone: "exit_clone"},
}

// Open loads what the options need and attaches it. Events are recorded from then on.
func Open(o Options) (*Probe, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // loading makes little garbage that a collection would find, and the user waits
	if err := rlimit.RemoveMemlock(); err != nil && !errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("memory limit: %w", err)
	}
	kernel, err := thisKernel()
	if err != nil {
		return nil, fmt.Errorf("%w: what it says of itself: %w", ErrKernel, err)
	}
	s, err := newSpec(o, kernel)
	if err != nil {
		return nil, err
	}
	p := &Probe{calls: [2]int{bitsIn(s.enters), bitsIn(s.exits)}, missing: s.missing()}
	if err := p.load(s); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// newSpec selects programs and sets constants.
func newSpec(o Options, kernel features) (*spec, error) {
	cs, err := loadScry()
	if err != nil {
		return nil, fmt.Errorf("object: %w", err)
	}
	s := &spec{CollectionSpec: cs, o: o, used: [2]map[uint8]bool{{}, {}}, kernel: kernel}
	if err := s.plan(); err != nil {
		return nil, err
	}
	s.selectPrograms()
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return nil, fmt.Errorf("number of CPUs: %w", err)
	}
	segments := segmentsFor(o.Buffer)
	s.Maps["controls"].MaxEntries = uint32(cpus)
	s.Maps["rings"].MaxEntries = uint32(min(cpus, onlineCPUs()) * segments)
	if !o.Latency || s.kernel.storage {
		s.Maps["entered"].MaxEntries = 1
	}
	if !s.kernel.storage { // the kernel would refuse the map, which the programs then do not use but name
		m := s.Maps["entered_task"]
		m.Type, m.Flags, m.MaxEntries = ebpf.Hash, 0, 1
	}
	self := uint32(cmp.Or(o.Self, os.Getpid()))
	if o.All {
		self = 0
	}
	values := map[string]any{
		"segments": uint32(segments), "boot_time": bootTime(), "snaplen": uint32(o.Snaplen), "self": self,
		"want_fork": s.forks, "want_exec": s.execs, "want_procexit": o.Types.Has(event.ProcexitV1E),
		"has_names": len(o.Exclude) > 0, "only_followed": o.Follow, "want_enter_time": o.Latency,
		"want_enter": s.enters, "want_exit": s.exits,
		"has_task_btf": s.kernel.taskBTF, "has_task_storage": s.kernel.storage, "has_task_regs": s.kernel.taskRegs, "has_tail_calls": s.kernel.tailCalls,
	}
	if runtime.GOARCH == "amd64" {
		values["ia32_calls"] = event.IA32Calls()
	}
	values["any_enter"], values["any_exit"] = eitherTable(s.enters), eitherTable(s.exits)
	for name, v := range values {
		if err := s.Variables[name].Set(v); err != nil {
			return nil, fmt.Errorf("constant %s: %w", name, err)
		}
	}
	return s, nil
}

// eitherTable adds to a set of calls the numbers that they have in the 32-bit table. Both sets count a call without a number as the last one.
func eitherTable(set [8]uint64) [8]uint64 {
	out := set
	if runtime.GOARCH != "amd64" {
		return out
	}
	for nr, native := range event.IA32Calls() {
		if native < 0 {
			native = event.MaxSyscalls - 1
		}
		if set[native>>6]>>(native&63)&1 != 0 {
			out[nr>>6] |= 1 << (nr & 63)
		}
	}
	for _, nr := range [...]int{102} { // socketcall: the call is in its first argument
		out[nr>>6] |= 1 << (nr & 63)
	}
	return out
}

// segmentsFor is how many segments a ring of that many bytes has: at least 4, since a quarter is kept for events that move state and one is the consumer's.
func segmentsFor(buffer int) int {
	n := 4
	for n*segmentSize < buffer {
		n *= 2
	}
	return n
}

// plan makes the plans of all calls that are wanted.
func (s *spec) plan() error {
	for nr := range event.MaxSyscalls {
		sc, ok := event.NativeSyscall(runtime.GOARCH, nr)
		if nr == event.MaxSyscalls-1 { // what has no number here
			sc, ok = event.Syscall{Name: "unknown", Enter: event.GenericE, Exit: event.GenericX}, true
		}
		if !ok {
			continue
		}
		if sc.Enter == event.GenericE {
			sc.Exit = event.GenericX // libscap's table has the enter twice
		}
		for dir, typ := range [2]event.Type{sc.Enter, sc.Exit} {
			if !s.o.Types.Has(typ) || typ <= event.GenericX && !s.o.Calls[dir].Has(event.Type(sc.Code)) {
				continue
			}
			p, err := planFor(sc, dir == 1)
			if err != nil {
				return err
			}
			s.plans = append(s.plans, ebpf.MapKV{Key: uint32(nr*2 + dir), Value: p})
			set := &s.enters
			if dir == 1 {
				set = &s.exits
			}
			set[nr>>6] |= 1 << (nr & 63)
			s.used[dir][p.Program] = true
			s.forks = s.forks || dir == 1 && p.Program == programClone
			s.execs = s.execs || dir == 1 && p.Program == programExec
		}
	}
	return nil
}

// selectPrograms takes the programs that nobody needs out of the object.
func (s *spec) selectPrograms() {
	keep := map[string]bool{
		"sys_enter":          s.enters != [8]uint64{} || s.o.Latency,
		"sys_exit":           s.exits != [8]uint64{},
		"sched_process_fork": s.forks || s.o.Follow,
		"sched_process_exec": s.execs || s.o.Follow,
		"sched_process_exit": s.o.Types.Has(event.ProcexitV1E),
		"cgroup_attach_task": s.o.Types.Has(event.AsynceventE) && s.kernel.cgroups,
		"sched_switch":       s.o.Types.Has(event.SchedswitchV6E),
		"signal_deliver":     s.o.Types.Has(event.SignaldeliverE),
		"page_fault_user":    s.o.Types.Has(event.PageFaultE),
		"page_fault_kernel":  s.o.Types.Has(event.PageFaultE),
	}
	for dir, names := range tails {
		for n, name := range names {
			keep[name] = keep[name] || s.used[dir][uint8(n)]
		}
	}
	for name := range s.Programs {
		if !keep[name] {
			delete(s.Programs, name)
		}
	}
}

func (p *Probe) load(s *spec) error {
	coll, err := newCollection(s.CollectionSpec)
	if err != nil {
		return loadError(err)
	}
	p.coll = coll
	for _, kv := range s.plans {
		if err := coll.Maps["plans"].Put(kv.Key, kv.Value); err != nil {
			return fmt.Errorf("plans: %w", err)
		}
	}
	for dir, array := range []string{"enter_programs", "exit_programs"} {
		for n, name := range tails[dir] {
			if prog := coll.Programs[name]; prog != nil {
				if err := coll.Maps[array].Put(uint32(n), prog); err != nil {
					return fmt.Errorf("program %s: %w", name, err)
				}
			}
		}
	}
	for _, name := range s.o.Exclude {
		var key [16]byte
		copy(key[:15], name)
		if err := coll.Maps["excluded"].Put(key, uint8(1)); err != nil {
			return fmt.Errorf("excluded names: %w", err)
		}
	}
	if err := p.openRings(s); err != nil {
		return err
	}
	return p.attach(s)
}

// openRings maps the rings.
func (p *Probe) openRings(s *spec) error {
	controls, err := p.mmap("controls")
	if err != nil {
		return err
	}
	rings, err := p.mmap("rings")
	if err != nil {
		return err
	}
	segments := segmentsFor(s.o.Buffer)
	cpus := int(s.Maps["rings"].MaxEntries) / segments
	w, err := newWaker(p.coll.Maps["wake"])
	if err != nil {
		return fmt.Errorf("wake-ups: %w", err)
	}
	boot := bootTime()
	p.Rings = newRings(rings, controls, cpus, segments, func() uint64 { return boot + bootClock() }, w)
	p.poll = cmp.Or(s.o.Poll, poll)
	p.addInjector(&p.injector)
	for i := cpus; i < int(s.Maps["controls"].MaxEntries); i++ {
		p.ringless = append(p.ringless, controlAt(controls, i))
	}
	return nil
}

// mmap maps the memory of an array.
func (p *Probe) mmap(name string) ([]byte, error) {
	m := p.coll.Maps[name]
	size := int(m.MaxEntries()) * int((m.ValueSize()+7)&^7)
	page := os.Getpagesize()
	b, err := unix.Mmap(m.FD(), 0, (size+page-1)&^(page-1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", name, err)
	}
	p.mapped = append(p.mapped, b)
	return b[:size], nil
}

// attach starts the programs that stand on a tracepoint; those of the tables wait to be called. Exits of threads come first: a thread whose creation
// was seen must not end unseen. Exits of calls come last: an enter without exit is less of a surprise than an exit without enter.
func (p *Probe) attach(s *spec) error {
	called := map[string]bool{}
	for _, names := range tails {
		for _, name := range names {
			called[name] = true
		}
	}
	rank := map[string]int{"sched_process_exit": -1, "sys_enter": 1, "sys_exit": 2}
	order := func(name string) int { return rank[s.Programs[name].AttachTo] }
	p.programs = slices.SortedFunc(maps.Keys(p.coll.Programs), func(a, b string) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b))
	})
	for _, name := range p.programs {
		if called[name] {
			continue
		}
		l, err := link.AttachTracing(link.TracingOptions{Program: p.coll.Programs[name]})
		if err != nil {
			return fmt.Errorf("attaching %s: %w", name, err)
		}
		p.links = append(p.links, l)
	}
	return nil
}

// Stats are those of the rings, with what CPUs without a ring have lost.
func (p *Probe) Stats() Stats {
	n := p.Rings.Stats()
	for _, c := range p.ringless {
		n.add(c.counters())
	}
	return n
}

// Detach stops recording; what the rings hold can still be read.
func (p *Probe) Detach() {
	for _, l := range p.links {
		l.Close()
	}
	p.links = nil
}

// Close stops recording and gives everything back. No event may be used afterwards.
func (p *Probe) Close() error {
	p.Detach()
	if p.Rings != nil {
		p.Rings.Close()
	}
	p.ringless = nil
	for _, b := range p.mapped {
		unix.Munmap(b)
	}
	p.mapped = nil
	if p.coll != nil {
		p.coll.Close()
	}
	return nil
}

// loadError makes an error of the kernel one that a user can do something with.
func loadError(err error) error {
	if ve, ok := errors.AsType[*ebpf.VerifierError](err); ok {
		if os.Getenv("SCRY_VERIFIER") != "" {
			fmt.Fprintf(os.Stderr, "%+v\n", ve)
		}
		return fmt.Errorf("%w: the verifier refuses a program: %w", ErrKernel, err)
	}
	if errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("%w: %w", ErrKernel, err)
	}
	return fmt.Errorf("loading: %w", err)
}

// onlineCPUs is one more than the highest number of a CPU that runs now: only those get rings, of which machines may have many more CPUs to offer.
func onlineCPUs() int {
	b, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return math.MaxInt
	}
	list := strings.FieldsFunc(strings.TrimSpace(string(b)), func(r rune) bool { return r == ',' || r == '-' })
	if len(list) == 0 {
		return math.MaxInt
	}
	last, err := strconv.Atoi(list[len(list)-1])
	if err != nil {
		return math.MaxInt
	}
	return last + 1
}

func bootClock() uint64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uint64(t.Nano())
}

// bootTime is when the boot clock was 0, ns since the epoch: the least of some differences, as the two clocks are not read at once.
func bootTime() uint64 {
	var best int64
	least := time.Duration(1 << 62)
	for range 8 {
		before := bootClock()
		wall := time.Now().UnixNano()
		if d := time.Duration(bootClock() - before); d < least {
			least, best = d, wall-int64(before)-int64(d/2)
		}
	}
	return uint64(best)
}

// atLeast tells whether the kernel is of that version or later.
func atLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var a, b int
	fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b)
	return a > major || a == major && b >= minor
}

func bitsIn(set [8]uint64) (n int) {
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

// Explain writes what was asked of the kernel.
func (p *Probe) Explain(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d programs, %d kinds of call at their enter, %d at their exit\n", len(p.programs), p.calls[0], p.calls[1])
	return err
}

// Check loads and attaches the smallest probe there is, and takes it away again: the best way to know whether this kernel and these privileges will do.
func Check() error {
	p, err := Open(Options{Types: event.TypesOf(event.ProcexitV1E), Buffer: 4 << 20})
	if err != nil {
		return err
	}
	return p.Close()
}
