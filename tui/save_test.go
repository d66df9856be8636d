package tui

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// A table is saved as it is shown: in the order of the screen, all rows; and nothing is written over without a question.
func TestSaveTable(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: "files"})
	x.settled()
	dir := t.TempDir()
	file := filepath.Join(dir, "t.csv")
	x.save(file)
	list, err := csv.NewReader(bytes.NewReader(read(t, file))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows, first := 0, ""
	x.tv.QueueUpdate(func() {
		p := x.top().pane.(*tablePane)
		f := p.frame
		rows, first = len(f.Rows), f.Text(len(f.Columns)-1, f.Rows[0].Values[len(f.Columns)-1], p.options)
	})
	if len(list) != rows+1 || list[1][len(list[1])-1] != first {
		t.Errorf("%d rows, the first one %q; not %d, %q", len(list)-1, list[1], rows, first)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.press("W")
	x.wait("save to")
	x.press("Ctrl-U", file)
	x.wait("would be replaced")
	x.press("Enter")
	x.wait("Replace ")
	x.press("n")
	x.until("asks no more", func(s string) bool { return !strings.Contains(s, "Replace ") })
	if b := read(t, file); string(b) != "mine" {
		t.Errorf("it was replaced: %s", b)
	}
	x.press("W", "Ctrl-U", dir)
	x.wait("this is a directory")
	x.press("Esc")
	x.press("W", "Ctrl-U", filepath.Join(dir, "t.txt"), "Enter")
	x.wait("saved ")
	if b := read(t, filepath.Join(dir, "t.txt")); bytes.Count(b, []byte("\n")) < rows {
		t.Errorf("the text has too few lines:\n%s", b)
	}
}

// events are the records of a capture that a filter leaves.
func events(t *testing.T, file, text string) (out []string) {
	t.Helper()
	loop := &chisels.Loop{Chisels: []chisels.Chisel{collect(func(ev *event.Event) { out = append(out, string(ev.AppendV2(nil))) })}}
	if text != "" {
		var err error
		if loop.Filter, err = filter.Compile(text, nil); err != nil {
			t.Fatal(err)
		}
	}
	src, err := capture.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := loop.Run(src); err != nil {
		t.Fatal(err)
	}
	return out
}

type collect func(ev *event.Event)

func (c collect) Event(ev *event.Event) (bool, error) { c(ev); return true, nil }
func (c collect) Finish() error                       { return nil }

// A capture of the selection has its events, and no others.
func TestRecordCapture(t *testing.T) {
	path := testCapture(t, "web.scap")
	x := newTestApp(t, 120, 30, Options{Read: []string{path}, View: digView, Filter: "evt.type=openat"})
	x.settled()
	file := filepath.Join(t.TempDir(), "some.scap")
	x.press("w")
	x.wait("capture to", "writes evt.type = openat")
	x.press("Ctrl-U", file, "Enter")
	want := events(t, path, "evt.type=openat")
	x.wait(fmt.Sprintf("%d events, ", len(want)))
	have := events(t, file, "")
	if len(have) != len(want) || len(want) == 0 {
		t.Fatalf("%d events, not %d", len(have), len(want))
	}
	for i := range want {
		if have[i] != want[i] {
			t.Fatalf("event %d is another one", i)
		}
	}
	x.press("w", "Ctrl-U", path, "Enter")
	x.wait("Replace ")
	x.press("y")
	x.wait("cannot be written over itself")
}

// steady is a machine on which the same calls are made again and again.
type steady struct {
	num, ts uint64
	wake    chan struct{}
	buf     []byte
}

func (s *steady) Next(ev *event.Event) error {
	select {
	case <-s.wake:
	case <-time.After(100 * time.Microsecond):
	}
	s.num++
	s.ts = uint64(time.Now().UnixNano())
	typ := event.CloseX
	if s.num%2 == 0 {
		typ = event.DupX
	}
	s.buf = event.Append(s.buf[:0], s.ts, 7, typ, make([]byte, 8))
	*ev = event.Event{}
	if err := ev.Decode(s.buf, false); err != nil {
		return err
	}
	ev.Num = s.num
	if s.num == 1 {
		ev.Section = &event.Snapshot{}
	}
	return nil
}

func (s *steady) Stats() capture.LiveStats { return capture.LiveStats{} }
func (s *steady) Close() error             { return nil }
func (s *steady) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// steadyOptions are those of an interface over such a machine.
func steadyOptions(view string) Options {
	return Options{View: view, Interval: 50 * time.Millisecond, Attach: func(capture.Demand, time.Duration) (Source, error) {
		return &steady{wake: make(chan struct{}, 1)}, nil
	}}
}

// Live, a capture goes on while other things are shown, and is whole when it was ended.
func TestRecordLive(t *testing.T) {
	o := steadyOptions(digView)
	o.Filter = "evt.type=dup"
	x := newTestApp(t, 120, 30, o)
	x.wait("< dup")
	file := filepath.Join(t.TempDir(), "live.scap")
	x.press("w")
	x.wait("capture to", "until w is pressed again")
	x.press("Ctrl-U", file, "Enter")
	x.wait(" events to ", "w stops")
	n := func() (n uint64) { x.tv.QueueUpdate(func() { n = x.recording.events.Load() }); return n }
	x.until("records", func(string) bool { return n() > 20 })
	x.press("f", "Ctrl-U", "Enter")
	x.wait("none (F4)", "< close")
	before := n()
	x.until("goes on", func(string) bool { return n() > before+20 })
	last := n()
	x.press("w")
	x.wait("live.scap: ", " events, ")
	have := events(t, file, "")
	if uint64(len(have)) < last {
		t.Errorf("%d events, not %d", len(have), last)
	}
	if other := events(t, file, "evt.type!=dup"); len(other) > 0 {
		t.Errorf("%d events are others", len(other))
	}
}

// The event that was selected is told of while others come, and the list is still there behind it.
func TestDetailLive(t *testing.T) {
	x := newTestApp(t, 120, 30, steadyOptions(digView))
	x.wait("< dup", "< close")
	x.press("Up", "Up", "Enter")
	s := x.wait("parameters", "evt.num", "the process as it is now")
	event := regexp.MustCompile(`event \d+ `).FindString(s)
	if number := strings.Fields(event)[1]; !strings.Contains(strings.Join(strings.Fields(s), " "), "evt.num "+number+" ") {
		t.Errorf("another event is told of:\n%s", s)
	}
	end := time.Now().Add(300 * time.Millisecond)
	for time.Now().Before(end) {
		x.wait(event)
	}
	x.press("p")
	x.until("shows another event", func(s string) bool { return !strings.Contains(s, event) && strings.Contains(s, "evt.num") })
	x.press("Backspace")
	x.wait("ARGUMENTS", "< dup")
}

// A disk that is full ends the recording, and says so; not the screen.
func TestRecordFails(t *testing.T) {
	r := &recording{name: "x", write: &chisels.Write{Out: scap.NewWriter(failing{}, scap.WriterOptions{})}}
	var ev event.Event
	if err := ev.Decode(event.Append(nil, 1, 7, event.CloseX, make([]byte, 8)), false); err != nil {
		t.Fatal(err)
	}
	ev.Section = &event.Snapshot{}
	for range 100 {
		if _, err := r.Event(&ev); err != nil {
			t.Fatal(err)
		}
		ev.Section = nil
	}
	r.Flush()
	if err := r.Finish(); err == nil || r.failed() == nil {
		t.Error("nobody says so")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

// The names that files get have nothing in them that means something to anybody.
func TestFileName(t *testing.T) {
	for _, c := range [][3]string{{"", "dig", "scry-dig.txt"}, {"../../etc/passwd", "files", "scry-files-etc-passwd.txt"}, {"\x1b[31m 12 curl", "procs", "scry-procs-31m-12-curl.txt"},
		{strings.Repeat("漢", 99), "x", "scry-x.txt"}} {
		if have := fileName(c[0], c[1], "txt"); have != c[2] {
			t.Errorf("%q, not %q", have, c[2])
		}
	}
	if n := len(fileName(strings.Repeat("a", 999), "x", "txt")); n > 60 {
		t.Errorf("%d bytes", n)
	}
}

// Demands of events and data: what is not looked at stays in the kernel.
func TestEventDemand(t *testing.T) {
	env := &chisels.Env{Options: &fields.Options{}, Live: true}
	where, err := filter.Compile("evt.type=read", nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDigFeed(env, where)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEchoFeed(env, where)
	if err != nil {
		t.Fatal(err)
	}
	if !d.demand.Types.Has(event.ReadX) || d.demand.Types.Has(event.WriteX) || d.demand.Payload != capture.DefaultSnapLen {
		t.Errorf("dig: %v, %d", d.demand.Types.Has(event.WriteX), d.demand.Payload)
	}
	if !e.demand.Types.Has(event.ReadX) || e.demand.Types.Has(event.WriteX) || e.demand.Payload != echoPayload {
		t.Errorf("echo: %v, %d", e.demand.Types.Has(event.WriteX), e.demand.Payload)
	}
	env.Options.SnapLen = 5000
	if e, err = newEchoFeed(env, where); err != nil || e.demand.Payload != 5000 {
		t.Errorf("echo with -s: %d, %v", e.demand.Payload, err)
	}
}
