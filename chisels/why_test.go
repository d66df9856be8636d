package chisels

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// TestWhyNotes: there are as many reasons as <NA>s in the lines, one note for each, the most frequent first.
func TestWhyNotes(t *testing.T) {
	const format = "*%container.image|%k8s.pod.name|%user.name|%container.image"
	for _, why := range []bool{true, false} {
		f, err := fields.ParseFormat(format, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		l := &Lines{Out: NewOutput(&out), Format: f, Why: why}
		if _, err := (&Loop{Tables: state.New(), Chisels: []Chisel{l}}).Run(hello(t)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.Finish(), l.Out.Close()); err != nil {
			t.Fatal(err)
		}
		shown := 0 // the same field twice counts once
		for line := range strings.Lines(out.String()) {
			shown += strings.Count(line[:strings.LastIndexByte(line, '|')], "<NA>")
		}
		count := regexp.MustCompile(`^<NA> ([\d,]+) times: (host|none|no pod|unknown thread|no name|no number|no record): .* \((.*)\)$`)
		sum, last := 0, 1<<30
		notes := l.WhyNotes()
		for _, note := range notes {
			m := count.FindStringSubmatch(note)
			if m == nil {
				t.Fatalf("%q", note)
			}
			n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
			parts := 0
			for part := range strings.SplitSeq(m[3], ", ") {
				k, _ := strconv.Atoi(part[strings.LastIndexByte(part, ' ')+1:])
				parts += k
			}
			if n != parts || n > last {
				t.Errorf("%q behind one of %d", note, last)
			}
			sum, last = sum+n, n
		}
		if want := map[bool]int{true: shown}[why]; sum != want || shown == 0 || why && len(notes) < 2 {
			t.Errorf("%d of %d explained: %q", sum, want, notes)
		}
	}
}

// TestWhyBounded: however many reasons there are, some are kept and the others counted.
func TestWhyBounded(t *testing.T) {
	n := 0
	f, err := fields.ParseFormat("*%container.name", &fields.Options{Why: func(*event.Container) string { n++; return fmt.Sprint("reason: ", n) }})
	if err != nil {
		t.Fatal(err)
	}
	l := &Lines{Format: f}
	ev := event.Event{Thread: &event.Thread{Container: &event.Container{ID: "a"}}, Type: event.CloseE}
	for range maxWhys + 50 {
		l.why.count(f, &ev)
	}
	if notes := l.WhyNotes(); len(notes) != maxWhys+1 || notes[maxWhys] != "<NA> 50 times: for further reasons" || notes[0] != "<NA> once: reason: 1 (container.name 1)" {
		t.Errorf("%d notes, the last %q", len(notes), notes[len(notes)-1])
	}
}
