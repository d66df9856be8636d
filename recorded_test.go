package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
)

// checker walks the blocks of a capture that scry recorded, by itself and not with the reader, and compares every event with the schema.
type checker struct {
	t    *testing.T
	file string
	cpus uint32
	data int // most bytes of a buffer
	last uint64
	seen map[string]int // complaints, by kind
	n    int            // events
	late int            // of them, behind later ones
}

func (c *checker) complain(format string, args ...any) {
	c.t.Helper()
	if c.seen[format]++; c.seen[format] <= 5 {
		c.t.Errorf("%s: "+format, append([]any{filepath.Base(c.file)}, args...)...)
	}
}

// checkFile compares a file with the schema and returns the number of its events.
func checkFile(t *testing.T, file string, data int) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	c := &checker{t: t, file: file, data: data, seen: map[string]int{}}
	var order []uint32
	for off := 0; off < len(b); {
		if len(b)-off < 12 {
			t.Fatalf("%s: %d bytes behind the last block", file, len(b)-off)
		}
		code, n := binary.LittleEndian.Uint32(b[off:]), int(binary.LittleEndian.Uint32(b[off+4:]))
		if n < 12 || n%4 != 0 || n > len(b)-off || int(binary.LittleEndian.Uint32(b[off+n-4:])) != n {
			t.Fatalf("%s: block %#x at %d of length %d", file, code, off, n)
		}
		body := b[off+8 : off+n-4]
		off += n
		switch code {
		case 0x216, 0x221: // EV_V2
			c.block(body[:2], 0, body[2:], code == 0x221)
		case 0x217, 0x222: // EVF_V2
			flags := binary.LittleEndian.Uint32(body[2:])
			if flags != event.FlagStateOnly {
				c.complain("a block with flags %#x", flags)
			}
			c.block(body[:2], flags, body[6:], code == 0x222)
		case 0x201:
			c.cpus = binary.LittleEndian.Uint32(body)
			order = append(order, code)
		default:
			if c.n > 0 {
				c.complain("block %#x behind events", code)
			}
			order = append(order, code)
		}
	}
	// Header, machine, interfaces, users, threads, descriptors; of the latter one block for each process.
	if order = slices.Compact(order); !slices.Equal(order, []uint32{0x0A0D0D0A, 0x201, 0x219, 0x220, 0x215, 0x218}) {
		t.Errorf("%s begins with the blocks %#x", file, order)
	}
	if c.late > 1+c.n/1000 { // the rings are merged within a window: a CPU that stands still for longer delivers late
		t.Errorf("%s: %d of %d events come behind later ones", file, c.late, c.n)
	}
	return c.n
}

// block checks an event block.
func (c *checker) block(cpu []byte, flags uint32, rec []byte, large bool) {
	var ev event.Event
	if err := ev.Decode(rec, false); err != nil {
		c.complain("event %d: %v", c.n+1, err)
		return
	}
	c.n++
	what := fmt.Sprintf("event %d %v", c.n, ev.Type)
	if n := binary.LittleEndian.Uint16(cpu); uint32(n) >= c.cpus {
		c.complain("%s: cpu %d of %d", what, n, c.cpus)
	}
	if len(rec)-len(ev.Raw) > 3 {
		c.complain("%s: %d bytes behind it", what, len(rec)-len(ev.Raw))
	}
	if ev.TS < c.last {
		c.late++
	}
	c.last = max(c.last, ev.TS)
	s := ev.Type.Schema()
	switch {
	case !ev.Type.Known():
		c.complain("%s: type %d is unknown", what, ev.Type)
		return
	case s.Flags&event.Unused != 0 || s.Newer != 0:
		c.complain("%s: a type that current recorders do not write", what)
	case ev.NParams != len(s.Params):
		c.complain("%s: %d parameters, the schema has %d", what, ev.NParams, len(s.Params))
		return
	case large != (s.Flags&event.LargePayload != 0):
		c.complain("%s: the block has the wrong width", what)
	case flags == event.FlagStateOnly && s.Flags&event.ModifiesState == 0 && ev.Type != event.PrlimitX && ev.Type != event.SetrlimitX && ev.Type != event.AsynceventE:
		c.complain("%s: kept for its state, which it does not move", what)
	}
	params := make([][]byte, ev.NParams)
	for i := range params {
		params[i] = ev.Param(i)
		if why := c.wrong(&s.Params[i], params[i], ev.Type); why != "" {
			c.complain("%s: "+s.Name+" "+s.Params[i].Name+": %s: %.60x", what, why, params[i])
		}
	}
	if again := event.Append(nil, ev.TS, ev.TID, ev.Type, params...); !bytes.Equal(again, ev.Raw) {
		c.complain("%s: put together again it differs: %x, %x", what, ev.Raw, again)
	}
}

// wrong tells what is wrong with a parameter, "" when nothing is. An absent one has no bytes.
func (c *checker) wrong(p *event.Param, b []byte, typ event.Type) string {
	n := p.Kind.Size()
	switch {
	case len(b) == 0:
		return ""
	case n > 0 && len(b) != n:
		return fmt.Sprintf("%d bytes, want %d", len(b), n)
	case p.Kind.HasTable():
		return outside(p, b)
	}
	switch p.Kind {
	case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
		if bytes.IndexByte(b, 0) != len(b)-1 {
			return "a text that its NUL does not end"
		}
	case event.KindByteBuf:
		list := p.Name == "args" || p.Name == "env" || p.Name == "cgroups"
		switch {
		case list && b[len(b)-1] != 0:
			return "a list that no NUL ends"
		case p.Name == "data" && len(b) > c.data && typ != event.AsynceventE:
			return fmt.Sprintf("%d bytes", len(b))
		}
	case event.KindSockAddr:
		if _, ok := event.ParseSockAddr(b); !ok {
			return "no address"
		}
	case event.KindSockTuple:
		if _, ok := event.ParseTuple(b); !ok {
			return "no tuple"
		}
	case event.KindFDList:
		if len(b) < 2 || len(b) != 2+10*int(binary.LittleEndian.Uint16(b)) {
			return "a list of another length"
		}
	case event.KindSyscallID:
		if _, ok := event.SyscallName(binary.LittleEndian.Uint16(b)); !ok {
			return "no system call"
		}
	case event.KindDyn:
		q, rest, ok := p.Dyn(b)
		if !ok {
			return "no such selector"
		}
		if len(rest) == 0 && q.Kind != event.KindByteBuf {
			return "nothing behind the selector"
		}
		return c.wrong(q, rest, typ)
	}
	return ""
}

// outside tells that a number has bits, or a value, that its table does not.
func outside(p *event.Param, b []byte) string {
	var wide [4]byte
	copy(wide[:], b)
	v := binary.LittleEndian.Uint32(wide[:])
	table := p.Table()
	if v == 0 || len(table.Entries) == 0 {
		return ""
	}
	var all uint32
	for _, e := range table.Entries {
		if e.Value == v {
			return ""
		}
		all |= e.Value
	}
	if p.Kind.Enum() && table.Name != "prctl_options" || v&^all != 0 && !p.Kind.Enum() { // libs' table has few of prctl's
		return "not in the table " + table.Name
	}
	return ""
}

// checkState looks at the lists at the head of each section, of at least so many processes.
func checkState(t *testing.T, file string, processes int) {
	t.Helper()
	f, err := capture.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ev event.Event
	sections := 0
	for err = f.Next(&ev); err == nil; err = f.Next(&ev) {
		s := ev.Section
		if s == nil {
			continue
		}
		sections++
		if s.Machine == nil || s.Machine.Hostname == "" || s.Machine.BootTime == 0 || len(s.Users) == 0 || len(s.Groups) == 0 || len(s.Interfaces) == 0 {
			t.Errorf("%s: a list is missing", file)
		}
		tids, leaders := map[int64]bool{}, map[int64]bool{}
		for _, th := range s.Threads {
			if tids[th.TID] || th.TID <= 0 || th.PID <= 0 || th.Comm == "" {
				t.Errorf("%s: thread %d of process %d, %q, is listed twice or by halves", file, th.TID, th.PID, th.Comm)
			}
			tids[th.TID] = true
			leaders[th.PID] = leaders[th.PID] || th.TID == th.PID
		}
		for pid, ok := range leaders {
			if !ok {
				t.Errorf("%s: process %d has no main thread", file, pid)
			}
		}
		if len(leaders) < processes || len(s.FDs) < processes {
			t.Errorf("%s: %d processes, descriptors of %d", file, len(leaders), len(s.FDs))
		}
		for _, l := range s.FDs {
			nums := map[int64]bool{}
			for _, fd := range l.FDs {
				if nums[fd.Num] || fd.Num < 0 {
					t.Errorf("%s: descriptor %d of %d is listed twice", file, fd.Num, l.TID)
				}
				nums[fd.Num] = true
			}
			if !tids[int64(l.TID)] {
				t.Errorf("%s: descriptors of %d, which is not listed", file, l.TID)
			}
		}
	}
	if err != io.EOF || sections != 1 {
		t.Errorf("%s: %d sections, %v", file, sections, err)
	}
}

// What a live capture writes without --compat follows the current schema in every block, however it is written.
func TestLiveFiles(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		options string
		data    int
		files   int // at least
	}{
		{"plain", "-w F", 80, 1},
		{"snaplen", "-s 4000 -w F", 4000, 1},
		{"compressed", "-z -w F", 80, 1},
		{"size", "-w F -C 1", 80, 2},
		{"events", "-w F -e 3000", 80, 3},
		{"events compressed", "-z -w F -e 3000", 80, 3},
		{"part", "-F -w F", 80, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "F")
			options := strings.Fields(strings.Replace(c.options, " F", " "+file, 1))
			if c.name == "part" {
				options = append(options, "fd.type=ipv4")
			}
			record(t, scry, append(options, "--buffer", "32M"), work(t))
			files, _ := filepath.Glob(file + "*")
			if len(files) < c.files {
				t.Errorf("only %d files", len(files))
			}
			n := 0
			for _, f := range files {
				n += checkFile(t, f, c.data)
				checkState(t, f, 2)
			}
			if n < 1000 {
				t.Errorf("only %d events", n)
			}
			if c.name != "plain" {
				return
			}
			if again := output(scry, "-r", file, "-w", "-"); !bytes.Equal(again, read(t, file)) {
				t.Error("a copy of the file is another one")
			}
		})
	}
}

// The captures of testdata/record.sh are small, follow the schema, and tell nothing of the machine's other processes.
func TestRecordedCaptures(t *testing.T) {
	for _, name := range []string{"web", "shell", "threads", "containers"} {
		file := "testdata/" + name + ".scap"
		if n := len(read(t, file)); n > 150e3 {
			t.Errorf("%s has %d bytes", file, n)
		}
		if n := checkFile(t, file, 80); n < 100 {
			t.Errorf("%s has %d events", file, n)
		}
		checkState(t, file, 1)
		f, err := capture.Open(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		var ev event.Event
		if err := f.Next(&ev); err != nil {
			t.Fatal(err)
		}
		for _, th := range ev.Section.Threads {
			if id, _ := state.ContainerID(th.Cgroups); id != "" && name == "containers" {
				continue
			}
			if th.Comm != "scry" || strings.TrimRight(th.Env, "\x00") != "PATH=/usr/bin:/bin\x00TZ=UTC" {
				t.Errorf("%s lists %s with environment %q", file, th.Comm, th.Env)
			}
		}
		f.Close()
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seenFormat has everything that state tells of an event: what a replay must know as the live run did.
const seenFormat = "*%thread.tid %evt.cpu %evt.dir %evt.type %evt.info|%proc.name %proc.pid %proc.ppid %proc.pname %proc.aname[2] %proc.exe %proc.exepath %proc.cmdline " +
	"%proc.cwd %proc.sid %proc.vpgid %proc.env %thread.cgroups %thread.vtid %user.uid %user.name %group.name %fd.num %fd.type %fd.name %fd.l4proto %container.id"

// One scry prints what the work does while another one, which the first one traces with it, writes it to a file: for each thread the file must
// give the lines that were printed, with the same names of descriptors, processes and users.
func TestLiveReplay(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, text := filepath.Join(dir, "F"), filepath.Join(dir, "lines")
	out, err := os.Create(text)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	// What the work prints must not come between the lines.
	args := []string{"-v", "-s", "20000", "-p", seenFormat, "--buffer", "64M", "--", "sh", "-c", `exec "$0" "$@" >/dev/null`, scry, "-v", "-s", "20000", "-w", file, "--buffer", "64M", "--"}
	command := work(t)
	first := command[0]
	cmd := exec.Command(scry, append(args, command...)...)
	cmd.Env = append(os.Environ(), "TZ=Asia/Tokyo") // as output has it
	warn, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer warn.Close()
	cmd.Stdout, cmd.Stderr = out, warn
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, read(t, warn.Name()))
	}
	if said := read(t, warn.Name()); bytes.Contains(said, []byte("were lost")) {
		t.Fatalf("%s", said)
	}
	live, replayed := byThread(read(t, text)), byThread(output(scry, "-r", file, "-v", "-p", seenFormat))
	if len(replayed) < 20 {
		t.Fatalf("only %d threads", len(replayed))
	}
	lines, bad := 0, 0
	for tid, b := range replayed {
		a := live[tid]
		if strings.Contains(b[0], " > execve filename="+first+" ") {
			a, b = fromExec(a), fromExec(b)
		}
		a, b = living(a), living(b)
		for i := range min(len(a), len(b)) {
			lines++
			if a[i] != b[i] {
				if bad++; bad <= 10 {
					k := differAt(a[i], b[i])
					t.Errorf("thread %s:\n  live   %s ... %s\n  replay %s ... %s", tid, cut(a[i]), cut(a[i][k:]), cut(b[i]), cut(b[i][k:]))
				}
				break
			}
		}
		if len(a) != len(b) {
			t.Errorf("thread %s: %d lines live, %d in the replay", tid, len(a), len(b))
		}
	}
	if lines < 5000 {
		t.Errorf("only %d lines", lines)
	}
}

// living leaves out what is seen of a thread behind its end: the switch to the next one, which a capture that ends then may have or not.
func living(lines []string) []string {
	for n := len(lines) - 1; n > 0 && strings.Contains(lines[n], " > switch next="); n-- {
		if strings.Contains(lines[n-1], " > procexit ") {
			return lines[:n]
		}
	}
	return lines
}

// fromExec leaves out what the first process does before its exec, and that it may have to wait in it: that is the inner scry's own.
func fromExec(lines []string) []string {
	k := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " > execve ") })
	if k < 0 {
		return lines
	}
	n := k + 1
	for n < len(lines) && strings.Contains(lines[n], " > switch next=") {
		n++
	}
	return append([]string{lines[k]}, lines[n:]...)
}

// differAt is where two texts begin to differ.
func differAt(a, b string) int {
	k := 0
	for k < min(len(a), len(b)) && a[k] == b[k] {
		k++
	}
	return k
}

// onlyLive is what the two cannot know alike: names of processes that only one of them traces, or that run at the same time on another CPU, and what a file does not keep, that memory could
// not be read and that data goes on behind what was recorded. Each reads the memory counters at a moment of its own.
var onlyLive = strings.NewReplacer("=<fault>", "=", "=<NA>", "=")

var elsewhere = regexp.MustCompile(`( (?:next|res)=\d+)\([^)]*\)|\.+( (?:fd|tuple)=)| pgft_maj=\d+ pgft_min=\d+ vm_size=\d+ vm_rss=\d+ vm_swap=\d+`)

// byThread are the lines of each thread, in order.
func byThread(text []byte) map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		tid, _, _ := strings.Cut(line, " ")
		m[tid] = append(m[tid], onlyLive.Replace(elsewhere.ReplaceAllString(strings.TrimSuffix(line, "\n"), "$1$2")))
	}
	return m
}
