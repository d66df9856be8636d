package chisels

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
)

// All bytes arrive, in order, in pieces of a chunk or more but for the last one.
func TestOutputOrder(t *testing.T) {
	w := &pieces{}
	o := NewOutput(w)
	var want bytes.Buffer
	for i := range 60_000 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		if err := o.Keep(append(o.Buffer(), line...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if have := slices.Concat(w.got...); !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%d bytes arrived, %d were given", len(have), want.Len())
	}
	for i, p := range w.got[:len(w.got)-1] {
		if len(p) < outputChunk {
			t.Errorf("piece %d of %d has %d bytes", i, len(w.got), len(p))
		}
	}
}

// pieces keeps what each write was given; from write number fail on it fails.
type pieces struct {
	got  [][]byte
	fail int
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.fail != 0 && len(p.got)+1 >= p.fail {
		return 0, errFailing
	}
	p.got = append(p.got, bytes.Clone(b))
	return len(b), nil
}

// The first error comes back from a later call, and from then on from every one; nothing more is written.
func TestOutputError(t *testing.T) {
	w := &pieces{fail: 2}
	o := NewOutput(w)
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		err = o.Keep(append(o.Buffer(), make([]byte, outputChunk)...))
	}
	if err != errFailing || n > 2+outputChunks {
		t.Errorf("%v after %d chunks", err, n)
	}
	if err := o.Flush(); err != errFailing {
		t.Errorf("flush: %v", err)
	}
	if err := o.Close(); err != errFailing {
		t.Errorf("close: %v", err)
	}
	if len(w.got) != 1 {
		t.Errorf("%d writes succeeded", len(w.got))
	}
}

// The last write's error is seen by Close, even when nothing follows.
func TestOutputErrorAtTheEnd(t *testing.T) {
	o := NewOutput(&pieces{fail: 1})
	if err := o.Keep(append(o.Buffer(), "x"...)); err != nil {
		t.Error(err)
	}
	if err := o.Close(); err != errFailing {
		t.Errorf("close: %v", err)
	}
}

// The memory of one huge line is not kept.
func TestOutputHugeLine(t *testing.T) {
	w := &pieces{}
	o := NewOutput(w)
	if err := o.Keep(append(o.Buffer(), make([]byte, 20*outputChunk)...)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * outputChunks {
		if c := cap(o.Buffer()); c > 4*outputChunk {
			t.Errorf("buffer %d has room for %d bytes", i, c)
		}
		if err := o.Keep(append(o.Buffer(), make([]byte, outputChunk)...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Close(); err != nil || len(w.got) != 1+3*outputChunks || len(w.got[0]) != 20*outputChunk {
		t.Errorf("%v, %d pieces", err, len(w.got))
	}
}

// shownIn runs a capture through a filter and a format.
func shownIn(t *testing.T, data []byte, flt, format string) string {
	t.Helper()
	var out bytes.Buffer
	text := lines(t, &out, format)
	l := &Loop{Chisels: []Chisel{text}, Tables: state.New(), Filter: compile(t, flt)}
	if _, err := l.Run(source(t, data)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Finish(), text.Out.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func helloBytes(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../testdata/hello.scap")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A part of a capture that was written with Fat shows what the whole does; without, the state that filtered events moved is not there.
func TestWriteFiltered(t *testing.T) {
	const flt, format = "proc.name=wc and evt.type in (read, write)", "*%evt.rawtime %evt.type %proc.name %fd.name %proc.args"
	want := shownIn(t, helloBytes(t), flt, format)
	if n := strings.Count(want, "\n"); n != 8 {
		t.Fatalf("%d events\n%s", n, want)
	}
	for _, fat := range []bool{true, false} {
		var out bytes.Buffer
		w := &Write{Out: scap.NewWriter(&out, scap.WriterOptions{}), Fat: fat}
		l := &Loop{Chisels: []Chisel{w}, Tables: state.New(), Filter: compile(t, flt)}
		if _, err := l.Run(hello(t)); err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(); err != nil {
			t.Fatal(err)
		}
		if have := shownIn(t, out.Bytes(), "", format); (have == want) != fat {
			t.Errorf("fat %v\n%s", fat, have)
		}
		// Containers and users are kept in any case: names follow from them.
		if have := shownIn(t, out.Bytes(), "evt.type=container", "%evt.type"); have != "" {
			t.Errorf("what is kept for its state shows: %s", have)
		}
		in, err := Survey(mustReader(t, out.Bytes()), time.UTC)
		if err != nil || in.Events.Shown != 8 || len(in.Containers) != 1 || in.Containers[0].Name != "shop" || in.Users != 4 {
			t.Errorf("fat %v: %v, %+v", fat, err, in)
		}
		if fat != (in.Events.StateOnly > 10) {
			t.Errorf("fat %v: %d events for their state", fat, in.Events.StateOnly)
		}
	}
}

// What a filtered copy keeps for its state: containers always, also those of 2025's asynchronous event; setpgid with Fat.
func TestWriteKeepsState(t *testing.T) {
	const cgroups = "cpu=/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	container := []byte(`{"container":{"id":"0123456789ab","type":0,"name":"shop","image":"i"}}`)
	num := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	feed := func() *feed {
		f := &feed{end: io.EOF}
		head := &event.Snapshot{Threads: []*event.Thread{{TID: 7, PID: 7, VPID: 7, VTID: 7, Main: true, Comm: "a", Cgroups: cgroups, VPGID: 7}}}
		f.add(t, 1e9, 7, event.AsynceventE, 0, make([]byte, 4), []byte("container\x00"), container).Section = head
		f.add(t, 2e9, 7, event.SetpgidE, 0, num(0), num(9))
		f.add(t, 3e9, 7, event.SetpgidX, 0, num(0), num(0), num(9))
		f.add(t, 4e9, 7, event.GetcwdE, 0)
		return f
	}
	for fat, want := range map[bool]string{true: "shop 9\n", false: "shop 7\n"} {
		var out bytes.Buffer
		w := &Write{Out: scap.NewWriter(&out, scap.WriterOptions{}), Fat: fat}
		l := &Loop{Chisels: []Chisel{w}, Tables: state.New(), Filter: compile(t, "evt.type=getcwd")}
		if _, err := l.Run(feed()); err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(); err != nil {
			t.Fatal(err)
		}
		if got := shownIn(t, out.Bytes(), "evt.num>0", "%container.name %proc.vpgid"); got != want {
			t.Errorf("fat %v: %q, want %q", fat, got, want)
		}
	}
}

func mustReader(t *testing.T, b []byte) *scap.Reader {
	t.Helper()
	r, err := scap.NewReader(bytes.NewReader(b), "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A series of files has, one after the other, the events of one file. -C is sizes, -G times, -e numbers of events, -W how many stay.
func TestWriteSeries(t *testing.T) {
	const format = "*%evt.rawtime %evt.dir %evt.type %proc.name %fd.name"
	want := shownIn(t, helloBytes(t), "proc.name in (bash, nginx)", format)
	for _, c := range []struct {
		name  string
		o     scap.RotateOptions
		files int  // 0: any number over one
		part  bool // older files are gone
	}{
		{"size", scap.RotateOptions{Size: 6000}, 0, false},
		{"time", scap.RotateOptions{Every: 300 * time.Millisecond}, 4, false},
		{"events", scap.RotateOptions{Events: 20}, (strings.Count(want, "\n") + 2 + 19) / 20, false}, // with a container and a user,
		{"ring", scap.RotateOptions{Events: 20, Files: 2}, 2, true},
	} {
		dir := t.TempDir()
		tables := state.New()
		c.o.State, c.o.Location = tables.Snapshot, time.UTC
		r, err := scap.NewRotator(filepath.Join(dir, "x.scap"), c.o)
		if err != nil {
			t.Fatal(err)
		}
		l := &Loop{Chisels: []Chisel{&Write{Out: r, State: true}}, Tables: tables, Filter: compile(t, "proc.name in (bash, nginx)")}
		if _, err := l.Run(hello(t)); err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(); err != nil {
			t.Fatal(err)
		}
		have, files := series(t, dir, format)
		if files != c.files && c.files != 0 || files < 2 {
			t.Errorf("%s: %d files", c.name, files)
		}
		if have != want && !c.part || !strings.HasSuffix(want, have) || have == "" {
			t.Errorf("%s: %d files show\n%s\nwant\n%s", c.name, files, have, want)
		}
	}
}

// series is what the files of a folder show, in order of their first events.
func series(t *testing.T, dir, format string) (text string, files int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, shownIn(t, b, "", format))
	}
	slices.Sort(parts)
	return strings.Join(parts, ""), len(names)
}

// -n ends the file after so many shown events; a full disk is an error of the run or of its end.
func TestWriteLimitAndError(t *testing.T) {
	var out bytes.Buffer
	l := &Loop{Chisels: []Chisel{&Write{Out: scap.NewWriter(&out, scap.WriterOptions{})}}, Limit: 10}
	if done, err := l.Run(hello(t)); !done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
	if err := l.Finish(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(shownIn(t, out.Bytes(), "", "%evt.num"), "\n"); n != 10 {
		t.Errorf("%d events", n)
	}
	l = &Loop{Chisels: []Chisel{&Write{Out: scap.NewWriter(&pieces{fail: 1}, scap.WriterOptions{})}}}
	_, err := l.Run(hello(t))
	var we *scap.WriteError
	if err = errors.Join(err, l.Finish()); !errors.As(err, &we) || !errors.Is(err, errFailing) {
		t.Errorf("%v", err)
	}
}

// A capture that has no event is copied with its head.
func TestWriteHeadOnly(t *testing.T) {
	var in, out bytes.Buffer
	w := scap.NewWriter(&in, scap.WriterOptions{})
	head := &event.Snapshot{Machine: &event.Machine{CPUs: 3, Hostname: "lone"}, Threads: []*event.Thread{{TID: 5, PID: 5, Comm: "five"}}}
	if err := errors.Join(w.Start(head), w.Close()); err != nil {
		t.Fatal(err)
	}
	l := &Loop{Chisels: []Chisel{Quiet{}, &Write{Out: scap.NewWriter(&out, scap.WriterOptions{})}}}
	if _, err := l.Run(source(t, in.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := l.Finish(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(in.Bytes(), out.Bytes()) {
		t.Errorf("%d bytes, the copy has %d", in.Len(), out.Len())
	}
}

// --filter-proclist keeps the processes that the filter selects, by themselves or by a descriptor, and those above them.
func TestSelectThreads(t *testing.T) {
	src := hello(t)
	var ev event.Event
	if err := src.Next(&ev); err != nil {
		t.Fatal(err)
	}
	for flt, want := range map[string]string{
		"proc.name=nginx":               "systemd dockerd nginx",
		"fd.name=/dev/pts/0":            "systemd sshd sshd bash",
		"fd.sport=22 and proc.pid=1498": "systemd sshd sshd",
		"user.name=anna":                "systemd sshd sshd bash",
		"container.id!=host":            "systemd dockerd nginx",
		"proc.name=nobody":              "",
		"proc.pid=1":                    "systemd",
	} {
		tables := state.New()
		e := ev
		tables.Apply(&e)
		out := SelectThreads(ev.Section, tables, compile(t, flt))
		var names []string
		for _, th := range out.Threads {
			names = append(names, th.Comm)
		}
		if have := strings.Join(names, " "); have != want {
			t.Errorf("%s: %s, want %s", flt, have, want)
		}
		if len(out.FDs) != len(out.Threads) || out.Machine != ev.Section.Machine || len(ev.Section.Threads) != 7 {
			t.Errorf("%s: %d lists of descriptors, %d threads", flt, len(out.FDs), len(out.Threads))
		}
	}
}

// One bad file does not keep the others from being told of.
func TestReportFiles(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	all := helloBytes(t)
	good, cut, text := put("good.scap", all), put("cut.scap", all[:20_000]), put("text", []byte("Dear diary,\n"))
	var out, warn bytes.Buffer
	r := Report{Out: &out, Warn: &warn, Zone: time.UTC}
	if err := r.Files([]string{good, filepath.Join(dir, "none"), text, cut}); err != nil {
		t.Fatal(err)
	}
	if !r.Failed || !r.Damaged {
		t.Errorf("failed %v, damaged %v", r.Failed, r.Damaged)
	}
	wantWarn := "scry: " + filepath.Join(dir, "none") + ": no such file or directory\nscry: " + text + ": not a capture file: it is a text file\n"
	if warn.String() != wantWarn {
		t.Errorf("%s", warn.String())
	}
	for _, want := range []string{good + "\n", "\n\n" + cut + "\n", "370: 354 shown, 16 internal\n", "  damage       damaged at byte 19", "; everything before it was counted\n"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	r = Report{Out: &out, Warn: &warn, JSON: true, Zone: time.UTC}
	if err := r.Files([]string{good, cut}); err != nil || r.Failed || !r.Damaged || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%v, %+v\n%s", err, r, out.String())
	}
	r = Report{Out: &pieces{fail: 1}, Warn: &warn, Zone: time.UTC}
	if err := r.Files([]string{good}); err != errFailing {
		t.Errorf("full disk: %v", err)
	}
}

// The table of -S has a hundred rows at most, the recorder's own events, and calls without a type of their own by name.
func TestSummary(t *testing.T) {
	var out bytes.Buffer
	s := &Summary{Out: NewOutput(&out)}
	l := &Loop{Chisels: []Chisel{s, Quiet{}}}
	if _, err := l.Run(hello(t)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Finish(), s.Out.Close()); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")[3:]
	for _, want := range []string{"< openat          24", "> openat          22", "> procinfo        14", "> container       1", "> wait4           1", "> rseq            6"} {
		if !slices.Contains(rows, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	sum := 0
	for i, row := range rows {
		var dir, name string
		var n int
		if _, err := fmt.Sscan(row, &dir, &name, &n); err != nil || n == 0 {
			t.Errorf("row %d: %q", i, row)
		}
		sum += n
	}
	if sum != 370 {
		t.Errorf("the rows add up to %d", sum)
	}
}
