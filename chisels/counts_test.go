package chisels

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/filter/fields"
)

func TestCountsText(t *testing.T) {
	n := Counts{Seen: 100, Shown: 50, Filtered: 30, Hidden: 15, Skipped: 5}
	const want = "100 events seen, 50 shown, 30 filtered, 15 not shown by nature, 5 without a field; 0.500 s, 200 events/s"
	if have := n.Text(500*time.Millisecond, "shown", ""); have != want {
		t.Error(have)
	}
	n.Lose(capture.LiveStats{Lost: 900})
	const lost = "1000 events seen, 50 shown, 30 filtered, 15 not shown by nature, 5 without a field, 900 dropped (ring full); 0.500 s, 2000 events/s"
	if have := n.Text(500*time.Millisecond, "shown", "ring full"); have != lost {
		t.Error(have)
	}
	if n.Seen != n.Shown+n.Filtered+n.Hidden+n.Skipped+n.Dropped {
		t.Errorf("%+v does not add up", n)
	}
}

func TestDropNote(t *testing.T) {
	n := Counts{Seen: 56789, Dropped: 1234}
	for buffer, want := range map[int]string{
		8 << 20:           "1,234 of 56,789 events were lost (ring full): a larger ring (--buffer 32M) or a filter that asks for less (scry --explain) helps",
		512 << 20:         "1,234 of 56,789 events were lost (ring full): a larger ring (--buffer 1024M) or a filter that asks for less (scry --explain) helps",
		capture.MaxBuffer: "1,234 of 56,789 events were lost (ring full): a filter that asks for less (scry --explain) helps",
	} {
		if have := n.DropNote("ring full", buffer); have != want {
			t.Errorf("%d: %s", buffer, have)
		}
	}
	if have := (&Counts{Seen: 5}).DropNote("", 8<<20); have != "" {
		t.Error(have)
	}
}

func TestCountsJSON(t *testing.T) {
	n := Counts{Seen: 30, Shown: 10, Filtered: 8, Hidden: 4, Skipped: 3, Dropped: 5}
	stats := capture.LiveStats{Lost: 5, Reasons: []capture.Loss{{Why: "ring full", N: 4}, {Why: "nested", N: 1}}}
	have := n.AppendJSON(nil, 1500*time.Millisecond, stats)
	const want = `{"summary":{"seen":30,"shown":10,"filtered":8,"hidden":4,"skipped":3,"dropped":5,"reasons":{"ring full":4,"nested":1},"seconds":1.500000}}` + "\n"
	if string(have) != want || !json.Valid(have) {
		t.Errorf("%s", have)
	}
	if have := n.AppendJSON(nil, 0, capture.LiveStats{}); !json.Valid(have) {
		t.Errorf("%s", have)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 100000: "100,000"} {
		if have := Grouped(n); have != want {
			t.Errorf("%d: %s", n, have)
		}
	}
}

// Where events were lost a line says so, whether or not the event behind the gap passes the filter.
func TestGap(t *testing.T) {
	for _, c := range []struct {
		name string
		l    Lines
		want string
	}{
		{"end", Lines{}, "3\n"},
		{"text", Lines{Gaps: true}, "--- 1,234 events lost here (cpu 2) ---\n3\n--- 1 event lost here (cpu 2) ---\n"},
		{"colour", Lines{Gaps: true, Color: true}, "\x1b[31m--- 1,234 events lost here (cpu 2) ---\x1b[0m\n3\n\x1b[31m--- 1 event lost here (cpu 2) ---\x1b[0m\n"},
		{"json", Lines{Gaps: true, JSON: true}, `{"lost":1234,"cpu":2}` + "\n" + `{"evt.num":3}` + "\n" + `{"lost":1,"cpu":2}` + "\n"},
	} {
		var text bytes.Buffer
		out := NewOutput(&text)
		c.l.Out = out
		c.l.Format, _ = fields.ParseFormat("%evt.num", nil)
		loop := Loop{Filter: compile(t, "evt.num=3"), Chisels: []Chisel{&c.l}}
		read := event.Event{CPU: 2}
		if err := read.Decode(event.Append(nil, 1, 1, event.CloseX, make([]byte, 8)), false); err != nil {
			t.Fatal(err)
		}
		src := &repeated{ev: read, n: 4}
		src.before = func(num uint64) { src.ev.Lost = map[uint64]uint64{2: 1234, 4: 1}[num] }
		if _, err := loop.Run(src); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if have := text.String(); have != c.want {
			t.Errorf("%s: %q, want %q", c.name, have, c.want)
		}
		if strings.Contains(c.want, "lost") && loop.Counts.Dropped != 0 {
			t.Error("gaps are counted by the source")
		}
	}
}
