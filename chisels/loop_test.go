package chisels

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/filter"
	"scry/filter/fields"
)

// hello is testdata/hello.scap in memory: 370 events of 1.2 seconds, 16 of them the recorder's own.
func hello(t testing.TB) capture.Source {
	t.Helper()
	b, err := os.ReadFile("../testdata/hello.scap")
	if err != nil {
		t.Fatal(err)
	}
	return source(t, b)
}

func source(t testing.TB, b []byte) capture.Source {
	t.Helper()
	r, err := scap.NewReader(bytes.NewReader(b), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// repeated gives the same event n times, a microsecond apart.
type repeated struct {
	ev     event.Event
	n      uint64
	before func(num uint64) // called before each event
}

func (r *repeated) Next(ev *event.Event) error {
	if r.before != nil {
		r.before(r.ev.Num + 1)
	}
	if r.ev.Num == r.n {
		return io.EOF
	}
	r.ev.Num++
	r.ev.TS += 1000
	*ev = r.ev
	return nil
}
func (r *repeated) Close() error { return nil }

func closes(t testing.TB, n uint64) *repeated {
	r := &repeated{n: n}
	if err := r.ev.Decode(event.Append(nil, 1e18, 7, event.CloseX, make([]byte, 8)), false); err != nil {
		t.Fatal(err)
	}
	return r
}

func compile(t testing.TB, text string) *filter.Filter {
	t.Helper()
	if text == "" {
		return nil
	}
	f, err := filter.Compile(text, &fields.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func bound(t testing.TB, text string) (b Bound) {
	t.Helper()
	if text != "" {
		var err error
		if b, err = ParseBound(text, time.UTC); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// lines is a chisel that prints with a format to w.
func lines(t testing.TB, w io.Writer, format string) *Lines {
	t.Helper()
	f, err := fields.ParseFormat(format, &fields.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Lines{Out: NewOutput(w), Format: f}
}

// What becomes of the 370 events, counted in the plain listing of the capture.
func TestLoopCounts(t *testing.T) {
	for _, c := range []struct {
		name string
		loop Loop
		want Counts
		done bool
	}{
		{"all", Loop{}, Counts{Seen: 370, Shown: 354, Hidden: 16}, false},
		{"internal", Loop{Internal: true}, Counts{Seen: 370, Shown: 370}, false},
		{"filter", Loop{Filter: compile(t, "proc.name=cat")}, Counts{Seen: 370, Shown: 50, Filtered: 320}, false},
		{"nothing", Loop{Filter: compile(t, "proc.name=nobody")}, Counts{Seen: 370, Filtered: 370}, false},
		{"limit", Loop{Limit: 5}, Counts{Seen: 13, Shown: 5, Hidden: 8}, true},
		{"limit is the last", Loop{Limit: 354}, Counts{Seen: 370, Shown: 354, Hidden: 16}, true},
		{"limit beyond", Loop{Limit: 355}, Counts{Seen: 370, Shown: 354, Hidden: 16}, false},
		{"limit and filter", Loop{Limit: 2, Filter: compile(t, "evt.type=openat and evt.failed=true")}, Counts{Seen: 48, Shown: 2, Filtered: 46}, true},
		{"from", Loop{From: bound(t, "+1s")}, Counts{Seen: 370, Shown: 8, Filtered: 362}, false},
		{"to", Loop{To: bound(t, "+0.01s")}, Counts{Seen: 370, Shown: 13, Hidden: 7, Filtered: 350}, false},
		{"between", Loop{From: bound(t, "09:30:00.5"), To: bound(t, "09:30:00.65")}, Counts{Seen: 370, Shown: 58, Filtered: 312}, false},
		{"at an instant", Loop{From: bound(t, "1715679000100040137"), To: bound(t, "1715679000100040137")}, Counts{Seen: 370, Shown: 1, Filtered: 369}, false},
		{"another day", Loop{From: bound(t, "2024-05-15")}, Counts{Seen: 370, Filtered: 370}, false},
		{"duration", Loop{Duration: 1}, Counts{Seen: 10, Shown: 1, Hidden: 8, Filtered: 1}, true},
		{"duration of a filter", Loop{Duration: 100_000, Filter: compile(t, "proc.name=vim.tiny")}, Counts{Seen: 206, Shown: 30, Filtered: 176}, true},
	} {
		l := &c.loop
		l.Chisels, l.Tables = []Chisel{Quiet{Internal: l.Internal}}, state.New()
		done, err := l.Run(hello(t))
		if err != nil || done != c.done || l.Counts != c.want {
			t.Errorf("%s: %v, %v, %+v, want %+v", c.name, done, err, l.Counts, c.want)
		}
		if n := l.Counts; n.Seen != n.Shown+n.Hidden+n.Filtered+n.Skipped {
			t.Errorf("%s: %+v does not add up", c.name, n)
		}
	}
}

// Limits and counts go on from one source to the next.
func TestLoopOfSeveralSources(t *testing.T) {
	l := &Loop{Chisels: []Chisel{Quiet{}}, Limit: 400}
	for i, want := range []bool{false, true} {
		if done, err := l.Run(hello(t)); err != nil || done != want {
			t.Errorf("source %d: %v, %v", i, done, err)
		}
	}
	if l.Counts.Shown != 400 {
		t.Errorf("%+v", l.Counts)
	}
}

// Tick comes every 4096 events, and then a stop is heeded.
func TestLoopTickAndStop(t *testing.T) {
	var ticks []uint64
	l := &Loop{Chisels: []Chisel{Quiet{}}, Stop: new(atomic.Bool)}
	l.Tick = func(num uint64) {
		ticks = append(ticks, num)
		l.Stop.Store(len(ticks) == 3)
	}
	done, err := l.Run(closes(t, 20_000))
	if err != nil || !done || len(ticks) != 3 || ticks[0] != tickEvery || ticks[2] != 3*tickEvery || l.Counts.Seen != 3*tickEvery || l.Counts.Shown != 3*tickEvery {
		t.Errorf("%v, %v, ticks %v, %+v", done, err, ticks, l.Counts)
	}
}

// An error of the source ends the run; what came before was shown.
func TestLoopDamage(t *testing.T) {
	b, err := os.ReadFile("../testdata/hello.scap")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	text := lines(t, &out, "%evt.num")
	l := &Loop{Chisels: []Chisel{text}, Tables: state.New()}
	_, err = l.Run(source(t, b[:20_000]))
	var damage *scap.DamageError
	if !errors.As(err, &damage) || damage.Offset < 19_000 || damage.Offset > 20_000 {
		t.Errorf("%v", err)
	}
	if err := errors.Join(l.Finish(), text.Out.Close()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), "\n"); uint64(n) != l.Counts.Shown || n < 100 {
		t.Errorf("%d lines, %+v", n, l.Counts)
	}
}

// failing is a chisel whose n-th event fails, as does its Finish.
type failing struct{ n int }

var errFailing, errFinish = errors.New("failing"), errors.New("finish")

func (f *failing) Event(*event.Event) (bool, error) {
	if f.n--; f.n == 0 {
		return false, errFailing
	}
	return true, nil
}
func (f *failing) Finish() error { return errFinish }

func TestLoopChiselErrors(t *testing.T) {
	l := &Loop{Chisels: []Chisel{Quiet{}, &failing{n: 10}, &failing{n: 1000}}}
	done, err := l.Run(closes(t, 20_000))
	if !done || err != errFailing || l.Counts.Seen != 10 {
		t.Errorf("%v, %v, %+v", done, err, l.Counts)
	}
	if err := l.Finish(); err != errFinish {
		t.Error(err)
	}
}

// Every chisel gets every event, even when an earlier one shows nothing of it.
func TestLoopSeveralChisels(t *testing.T) {
	var out, table bytes.Buffer
	text, sum := lines(t, &out, "%fd.name"), &Summary{Out: NewOutput(&table)}
	l := &Loop{Chisels: []Chisel{text, sum}, Filter: compile(t, "evt.type in (access, chdir)"), Tables: state.New()}
	if _, err := l.Run(hello(t)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Finish(), text.Out.Close(), sum.Out.Close()); err != nil {
		t.Fatal(err)
	}
	if l.Counts.Skipped != 14 || l.Counts.Shown != 0 || out.Len() != 0 {
		t.Errorf("%+v, %q", l.Counts, out.String())
	}
	if want := "14 events not shown: no fd.name (14); start the format with * to see them"; text.MissingNote() != want {
		t.Errorf("note %q", text.MissingNote())
	}
	const rows = "----------------------\nEvent           #Calls\n----------------------\n" +
		"< access          6\n> access          6\n< chdir           1\n> chdir           1\n"
	if table.String() != rows {
		t.Errorf("summary\n%s", table.String())
	}
}

// A source that has to wait makes the loop hand over what was printed.
type waiting struct {
	*repeated
	wait func()
}

func (w *waiting) OnWait(f func()) { w.wait = f }

func TestLoopFlushesWhenWaiting(t *testing.T) {
	pr, pw := io.Pipe()
	text := lines(t, pw, "%evt.num")
	src := &waiting{repeated: closes(t, 2)}
	got := make([]byte, 16)
	n := 0
	src.before = func(num uint64) {
		if num == 2 {
			src.wait()
			n, _ = pr.Read(got) // blocks for good unless the first line was handed over
			pr.Close()
		}
	}
	l := &Loop{Chisels: []Chisel{text}}
	if _, err := l.Run(src); err != nil {
		t.Error(err)
	}
	if string(got[:n]) != "1\n" {
		t.Errorf("%q", got[:n])
	}
	text.Out.Close()
}

// The tables are left out when neither the filter nor a chisel looks at them.
func TestLoopNeedsState(t *testing.T) {
	all, _ := fields.ParseFormat("%evt.num", &fields.Options{})
	for _, c := range []struct {
		filter string
		chisel Chisel
		want   bool
	}{
		{"", Quiet{}, false}, {"evt.type=open", Quiet{}, false}, {"proc.name=cat", Quiet{}, true}, {"", &Summary{}, false},
		{"", &Write{}, false}, {"", &Write{State: true}, true}, {"", &Lines{Format: all}, true}, {"", &failing{}, true},
	} {
		l := &Loop{Chisels: []Chisel{Quiet{}, c.chisel}, Filter: compile(t, c.filter)}
		if have := l.needsState(); have != c.want {
			t.Errorf("%q, %T: %v", c.filter, c.chisel, have)
		}
	}
}

// A reader that goes away ends the run soon, with the error of the pipe.
func TestLoopClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	text := lines(t, w, "%evt.num %evt.type and some more to fill the buffers")
	const n = 200_000
	l := &Loop{Chisels: []Chisel{text}}
	done, err := l.Run(closes(t, n))
	if !done || !errors.Is(err, syscall.EPIPE) || l.Counts.Seen >= n {
		t.Errorf("%v, %v, %+v", done, err, l.Counts)
	}
	if err := text.Out.Close(); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("close: %v", err)
	}
}

// A time of the day is that of a clock on the wall, also after it was put back: 15:00 in Berlin was 14:00 UTC on that day.
func TestBoundClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseBound("15:00", berlin)
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2017, 10, 29, 0, 30, 0, 0, time.UTC)
	if at, want := int64(b.at(uint64(first.UnixNano()))), time.Date(2017, 10, 29, 14, 0, 0, 0, time.UTC); at != want.UnixNano() {
		t.Errorf("%v, want %v", time.Unix(0, at).UTC(), want)
	}
	for text, want := range map[string]uint64{"2999-01-01T00:00:00Z": math.MaxInt64, "1950-01-01T00:00:00Z": 0} {
		if b, err := ParseBound(text, time.UTC); err != nil || b.NS != want {
			t.Errorf("%s: %d, %v", text, b.NS, err)
		}
	}
}

func TestLossNote(t *testing.T) {
	l := &Loop{Tables: state.New(), Chisels: []Chisel{Quiet{}}}
	f := &feed{end: io.EOF, info: scap.FileInfo{Dropped: 3}}
	if _, err := l.Run(f); err != nil {
		t.Fatal(err)
	}
	if got, want := l.LossNote(), "more than fits into memory, so names may be missing: 3 entries of the lists at the head"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	l = &Loop{Tables: state.New()}
	if got := l.LossNote(); got != "" {
		t.Errorf("%q without a loss", got)
	}
	l.Tables.Dropped, l.Tables.DroppedTexts = 1, 2
	if got, want := l.LossNote(), "more than fits into memory, so names may be missing: 1 threads, 2 texts (cut)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// hotLoops are the loops that see every event of large captures.
func hotLoops(t testing.TB) map[string]*Loop {
	return map[string]*Loop{
		"quiet":     {Chisels: []Chisel{Quiet{}}, Tables: state.New()},
		"no match":  {Chisels: []Chisel{lines(t, io.Discard, fields.DefaultFormat)}, Tables: state.New(), Filter: compile(t, "proc.name=nobody and fd.name contains x")},
		"lines":     {Chisels: []Chisel{lines(t, io.Discard, fields.DefaultFormat)}, Tables: state.New()},
		"summary":   {Chisels: []Chisel{&Summary{Out: NewOutput(io.Discard)}}, Tables: state.New()},
		"in time":   {Chisels: []Chisel{Quiet{}}, Tables: state.New(), From: bound(t, "+1s"), To: bound(t, "+2s")},
		"left out":  {Chisels: []Chisel{lines(t, io.Discard, "%syslog.message")}, Tables: state.New()},
		"unlimited": {Chisels: []Chisel{Quiet{}}, Limit: 1 << 60, Duration: 1 << 60},
	}
}

// busy is a capture of n reads of a file: enter and exit.
func busy(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := scap.NewWriter(&out, scap.WriterOptions{})
	th := &event.Thread{TID: 7, PID: 7, PTID: 1, VTID: 7, VPID: 7, Comm: "cat", Exe: "cat", Cwd: "/"}
	err := w.Start(&event.Snapshot{Machine: &event.Machine{CPUs: 1}, Threads: []*event.Thread{th},
		FDs: []event.FDList{{TID: 7, FDs: []event.FD{{Num: 3, Type: event.FDFileV2, Name: "/etc/hosts"}}}}})
	three, size := append([]byte{3}, make([]byte, 7)...), []byte{9, 0, 0, 0}
	var ev event.Event
	for i := range uint64(n) {
		enter := event.Append(nil, 1e18+2000*i, 7, event.ReadE, three, size)
		exit := event.Append(nil, 1e18+2000*i+700, 7, event.ReadX, append([]byte{9}, make([]byte, 7)...), []byte("127.0.0.1"), three, size)
		err = errors.Join(err, ev.Decode(enter, false), w.Event(&ev, false), ev.Decode(exit, false), w.Event(&ev, false))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// From reader to output, an event costs no allocation: 60,000 events cost as many as 20,000, but for what the buffers of the reader and
// the chance of the collector add. Measured: 0 to 0.0004 an event; one allocation in an event would be 1.
func TestLoopAllocs(t *testing.T) {
	small, large := busy(t, 10_000), busy(t, 30_000)
	for name := range hotLoops(t) {
		var seen uint64
		cost := func(capture []byte) float64 {
			return testing.AllocsPerRun(1, func() {
				l := hotLoops(t)[name]
				if _, err := l.Run(source(t, capture)); err != nil {
					t.Error(err)
				}
				seen = l.Counts.Seen
			})
		}
		a := cost(small)
		b := cost(large)
		if seen != 60_000 {
			t.Errorf("%s: %d events", name, seen)
		}
		if per := (b - a) / 40_000; per > 0.01 {
			t.Errorf("%s: %.4f allocations an event", name, per)
		}
	}
}

// One turn of the loop does not allocate at all.
func TestLoopEventAllocs(t *testing.T) {
	for name, l := range hotLoops(t) {
		src := source(t, busy(t, 2))
		var evs []event.Event
		var ev event.Event
		for src.Next(&ev) == nil {
			c := ev.Clone()
			c.Section = ev.Section
			evs = append(evs, *c)
		}
		if len(evs) != 4 {
			t.Fatalf("%d events", len(evs))
		}
		turn := func() {
			for i := range evs {
				ev = evs[i]
				if err := l.event(&ev); err != nil {
					t.Error(err)
				}
				evs[i].Section = nil // begins once
			}
		}
		for range 100 {
			turn()
		}
		if n := testing.AllocsPerRun(1000, turn); n != 0 {
			t.Errorf("%s: %v allocations in four events", name, n)
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	data := busy(b, 50_000)
	for _, name := range []string{"quiet", "no match", "lines"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := hotLoops(b)[name].Run(source(b, data)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/event")
		})
	}
}
