package tui

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// digOptions are those of a run over web.scap, which has a client and a server.
func digOptions(t *testing.T, view string) Options {
	return Options{Read: []string{testCapture(t, "web.scap")}, View: view}
}

// lines are what scry prints of the events of web.scap that a filter leaves.
func lines(t *testing.T, text string) []string {
	t.Helper()
	var b bytes.Buffer
	o := &fields.Options{Location: time.UTC}
	f, err := fields.ParseFormat(fields.DefaultFormat, o)
	if err != nil {
		t.Fatal(err)
	}
	out := chisels.NewOutput(&b)
	loop := &chisels.Loop{Chisels: []chisels.Chisel{&chisels.Lines{Out: out, Format: f}}, Tables: state.New()}
	if text != "" {
		if loop.Filter, err = filter.Compile(text, o); err != nil {
			t.Fatal(err)
		}
	}
	src, err := capture.Open(testCapture(t, "web.scap"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := loop.Run(src); err != nil {
		t.Fatal(err)
	}
	loop.Finish()
	out.Close()
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// What the list saves as text is what scry prints, event by event.
func TestDigLines(t *testing.T) {
	x := newTestApp(t, 120, 30, digOptions(t, digView))
	x.settled()
	want := lines(t, "")
	x.wait(fmt.Sprintf("event 1 of %s", count(uint64(len(want)))))
	file := filepath.Join(t.TempDir(), "list.txt")
	x.save(file)
	have := strings.Split(strings.TrimSuffix(string(read(t, file)), "\n"), "\n")
	if len(have) != len(want) {
		t.Fatalf("%d lines, not %d", len(have), len(want))
	}
	for i := range want {
		if have[i] != want[i] {
			t.Fatalf("line %d is\n%s\nnot\n%s", i, have[i], want[i])
		}
	}
}

// save saves what is shown with the key W.
func (x *testApp) save(file string) {
	x.t.Helper()
	x.press("W")
	x.wait("save to")
	x.press("Ctrl-U", file, "Enter")
	x.until("is saved", func(string) bool { st, err := os.Stat(file); return err == nil && st.Size() > 0 })
	x.tv.QueueUpdate(func() {})
	x.saving.Wait()
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A table leads to its row's events, these to one, and its value to a filter.
func TestDigDown(t *testing.T) {
	o := digOptions(t, "procs")
	o.Filter = "proc.name=web"
	x := newTestApp(t, 120, 40, o)
	x.settled()
	x.wait("PID")
	x.press("d")
	s := x.wait("Processes ▸ Events", "PROCESS (TID)", "in ", "proc.pid = ")
	if strings.Contains(s, "left out") {
		t.Errorf("so few events are all there:\n%s", s)
	}
	x.settled()
	x.press("/")
	x.wait("search")
	x.press("openat", "Enter", "Enter")
	x.wait("parameters", "evt.arg.", "proc.name")
	x.press("/")
	x.wait("search")
	x.press("evt.type", "Enter", "+")
	x.wait("filter proc.name = web and evt.type = openat", "Processes ▸ Events")
	x.until("has only opens", func(s string) bool { return strings.Contains(s, "< openat") && !strings.Contains(s, "close") })
	x.press("Enter")
	x.wait("evt.num")
	x.press("/")
	x.wait("search")
	x.press("evt.dir", "Enter", "-")
	x.until("has no enters", func(s string) bool {
		return strings.Contains(s, "evt.type = openat and not evt.dir = ") && strings.Count(s, "openat") > 2 && strings.Count(s, "< openat")+strings.Count(s, "> openat") > 1 &&
			(strings.Count(s, "< openat") == 0 || strings.Count(s, "> openat") == 0)
	})
}

// The next event is that of the next line, its number is in the list, and coming back reads nothing again.
func TestDetailNext(t *testing.T) {
	x := newTestApp(t, 120, 40, digOptions(t, digView))
	x.settled()
	want := lines(t, "")
	number := func(i int) string { n, _, _ := strings.Cut(want[i], " "); return n }
	x.press("Enter")
	x.wait("event " + number(0) + " ")
	for i := 1; i < 60; i++ {
		x.press("n")
		x.wait("event " + number(i) + " ")
	}
	x.press("p")
	x.wait("event " + number(58) + " ")
	id := 0
	x.tv.QueueUpdate(func() { id = x.id })
	x.press("Backspace")
	s := x.wait(fmt.Sprintf("event 59 of %s", count(uint64(len(want)))))
	if strings.Contains(s, "partial") {
		t.Errorf("the capture is read again:\n%s", s)
	}
	x.tv.QueueUpdate(func() {
		if x.id != id+1 || !x.status.done {
			t.Errorf("request %d, done %v", x.id, x.status.done)
		}
	})
}

// The bytes of the data, and fields without a value with the reason.
func TestDetailParts(t *testing.T) {
	o := digOptions(t, digView)
	o.Filter = "evt.type=write and evt.dir=< and evt.rawres>0"
	x := newTestApp(t, 120, 40, o)
	x.settled()
	x.press("Enter")
	x.wait("evt.arg.data", "BYTEBUF")
	x.press("Down", "x")
	x.wait("evt.arg.data: ", "00000000  ")
	x.press("A", "End")
	x.wait("this event has none")
	x.press("A", "Esc")
	x.wait("ARGUMENTS")
}

// Rows that have no text go, and come back.
func TestDigNarrow(t *testing.T) {
	x := newTestApp(t, 120, 30, digOptions(t, digView))
	x.settled()
	want := 0
	for _, l := range lines(t, "") {
		_, text, _ := strings.Cut(l, " ")
		if strings.Contains(strings.ToLower(text), "clone") {
			want++
		}
	}
	x.press("\\")
	x.wait("rows with")
	x.press("CLONE", "Enter")
	x.wait(fmt.Sprintf("of %d with \"clone\"", want))
	x.press("Esc")
	x.until("has all", func(s string) bool { return !strings.Contains(s, "with \"clone\"") })
}

// The list is bounded: older events go in chunks, and that is said.
func TestDigBounds(t *testing.T) {
	env := &chisels.Env{Options: &fields.Options{}, Live: true}
	f, err := newDigFeed(env, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.max = 3 * chunkRows
	var ev event.Event
	const n = 10*chunkRows + 5
	var old *dug
	for i := range uint64(n) {
		if err := ev.Decode(event.Append(nil, 1000+i, 7, event.CloseX, make([]byte, 8)), false); err != nil {
			t.Fatal(err)
		}
		ev.Num = i + 1
		if i == n-3 {
			f.Gap(&event.Event{Lost: 12, CPU: 3})
		}
		if _, err := f.Event(&ev); err != nil {
			t.Fatal(err)
		}
		if i == 5000 {
			old = f.take(0, false).(*dug)
		}
	}
	d := f.take(0, false).(*dug)
	if d.n > f.max || d.first+d.n != n+1 {
		t.Errorf("%d rows behind %d that were left out", d.n, d.first)
	}
	if r, text := d.row(d.n - 4); r.tone != toneGap || !strings.Contains(string(text), "12 events lost here (cpu 3)") {
		t.Errorf("no gap: %s", text)
	}
	if r, _ := d.row(d.n - 1); r.num != n {
		t.Errorf("the last event is %d", r.num)
	}
	if r, _ := old.row(old.n - 1); r.num != 5001 || old.n+old.first != 5001 {
		t.Errorf("what the screen has was changed: %d", r.num)
	}
	if l := f.live(d.first + d.n - 1); l == nil || l.num != n {
		t.Errorf("the event is not kept: %+v", l)
	}
	if f.live(d.first-1) != nil || f.live(d.first+d.n) != nil || f.live(d.first+d.n-4) != nil {
		t.Error("an event that is none is kept")
	}
	f.maxSize = 1
	for i := range uint64(3 * chunkRows) {
		ev.Num = n + i
		f.Event(&ev)
	}
	if len(f.chunks) > 2 {
		t.Errorf("%d chunks are more than memory has", len(f.chunks))
	}
}

// Both formats for programs have each event.
func TestDigSave(t *testing.T) {
	o := digOptions(t, digView)
	o.Filter = "evt.type=openat"
	x := newTestApp(t, 120, 30, o)
	x.settled()
	want := lines(t, o.Filter)
	dir := t.TempDir()
	x.save(filepath.Join(dir, "a.json"))
	rows := bytes.Split(bytes.TrimSuffix(read(t, filepath.Join(dir, "a.json")), []byte("\n")), []byte("\n"))
	if len(rows) != len(want) {
		t.Errorf("%d objects, not %d", len(rows), len(want))
	}
	for i, b := range rows {
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(want[i], fmt.Sprint(v["evt.num"], " ")) || !strings.HasSuffix(want[i], strings.TrimSpace(fmt.Sprint(v["evt.dir"], " ", v["evt.type"], " ", v["evt.info"]))) {
			t.Fatalf("%s is not %s", b, want[i])
		}
	}
	x.save(filepath.Join(dir, "a.csv"))
	list, err := csv.NewReader(bytes.NewReader(read(t, filepath.Join(dir, "a.csv")))).ReadAll()
	if err != nil || len(list) != len(want)+1 {
		t.Errorf("%d rows, not %d: %v", len(list), len(want)+1, err)
	}
}

// How long an event takes the engine.
func BenchmarkDig(b *testing.B) {
	f, err := newDigFeed(&chisels.Env{Options: &fields.Options{}, Live: true}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var ev event.Event
	if err := ev.Decode(event.Append(nil, 1, 7, event.OpenatV2X, make([]byte, 8), make([]byte, 8), []byte("/etc/passwd\x00"), make([]byte, 4), make([]byte, 4)), false); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Event(&ev)
	}
}
