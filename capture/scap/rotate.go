package scap

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"scry/capture/event"
)

// RotateOptions say when a capture goes on in the next file. Zero values mean never.
type RotateOptions struct {
	Size   int64         // -C: when the file is longer than that many bytes on disk, tested before an event is written
	Every  time.Duration // -G: of event time, counted from the first event
	Events uint64        // -e: events in a file
	Files  int           // -W: how many files are kept; the oldest one is replaced
	// Location is the time zone of names with '%'; nil is time.Local.
	Location *time.Location
	Writer   WriterOptions
	// State gives the head of every file but the first: the state as it is before the event at hand, or after it when that was
	// applied already; events tell what state becomes, not how it changes, so writing them after it is right in both cases.
	State func() *event.Snapshot
	// Behind writes the state that travels as events (containers), stamped ts, behind the head that State gave; nil for none.
	Behind func(ts uint64, emit func(*event.Event) error) error
}

// Rotator writes a capture to a series of files, each complete by itself. A name with '%' is a strftime pattern for the time of
// the first event in the file; a second file of the same name gets a counter behind it. Other names get a counter from 0, as wide
// as the highest one when Files limits them. It has the methods of a Writer.
type Rotator struct {
	o     RotateOptions
	name  string
	timed bool // name is a pattern

	w      *Writer
	head   *event.Snapshot // what the first file starts from, until it is there
	next   uint64          // event time of the next change of files, ns
	n      int             // files made so far
	behind uint64          // events at the start of the file that Behind wrote
	used   map[string]int  // timed: how often a name came up
	kept   []string        // timed: the files of the ring, oldest first
	held   []heldEvent     // events without a time before the first one with it
	bytes  int64           // of the files before
	events uint64
	err    error
}

// heldEvent is an event that came before any that has a time.
type heldEvent struct {
	ev        *event.Event
	stateOnly bool
}

// maxHeld bounds them.
const maxHeld = 1024

// NewRotator checks the options. Files are made when the first event is there.
func NewRotator(name string, o RotateOptions) (*Rotator, error) {
	if name == "-" {
		return nil, errors.New("standard output cannot be split into files")
	}
	if o.State == nil {
		return nil, errors.New("rotation needs a source of state")
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	r := &Rotator{o: o, name: name, timed: strings.Contains(name, "%"), used: make(map[string]int)}
	if r.timed {
		if _, err := strftime(name, time.Unix(0, 0)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Start begins a section. The first one waits for its first event, whose time the name of the file may need.
func (r *Rotator) Start(s *event.Snapshot) error {
	if r.w == nil {
		if len(r.held) > 0 { // a section that had no event with a time
			if err := r.open(uint64(time.Now().UnixNano())); err != nil {
				return err
			}
			return r.w.Start(s)
		}
		r.head = s
		return nil
	}
	return r.w.Start(s)
}

// Event writes ev, to the next file if it is time for that.
func (r *Rotator) Event(ev *event.Event, stateOnly bool) error {
	if r.err != nil {
		return r.err
	}
	if r.w == nil {
		if r.timed && !hasTime(ev) && len(r.held) < maxHeld {
			r.held = append(r.held, heldEvent{ev.Clone(), stateOnly})
			return nil
		}
		if err := r.open(ev.TS); err != nil {
			return err
		}
	} else if r.full(ev) {
		if err := r.rotate(ev.TS); err != nil {
			return err
		}
	}
	if r.next == 0 && r.o.Every > 0 && hasTime(ev) {
		r.next = ev.TS + uint64(r.o.Every)
	}
	r.events++
	return r.w.Event(ev, stateOnly)
}

// full tells whether the next file is due before ev is written.
func (r *Rotator) full(ev *event.Event) bool {
	if r.next > 0 && ev.TS >= r.next && hasTime(ev) {
		r.next += ((ev.TS-r.next)/uint64(r.o.Every) + 1) * uint64(r.o.Every)
		return true
	}
	return r.o.Events > 0 && r.w.Events()-r.behind >= r.o.Events || r.o.Size > 0 && r.w.over(r.o.Size)
}

// hasTime tells whether the time of ev can be one: recorders stamp what they know themselves with 0.
func hasTime(ev *event.Event) bool { return ev.TS > 0 && ev.TS < 1<<63 }

// open makes the first file; its head is the section that Start was given.
func (r *Rotator) open(ts uint64) error {
	if err := r.create(ts); err != nil {
		return err
	}
	if err := r.w.Start(r.head); err != nil {
		return err
	}
	r.head = nil
	for _, h := range r.held {
		r.events++
		if err := r.w.Event(h.ev, h.stateOnly); err != nil {
			return err
		}
	}
	r.held = nil
	return nil
}

// rotate ends the file and begins the next one.
func (r *Rotator) rotate(ts uint64) error {
	if err := r.closeFile(); err != nil {
		return err
	}
	if err := r.create(ts); err != nil {
		return err
	}
	if err := r.w.Start(r.o.State()); err != nil || r.o.Behind == nil {
		return err
	}
	err := r.o.Behind(ts, func(ev *event.Event) error { return r.w.Event(ev, true) })
	r.behind = r.w.Events()
	return err
}

// closeFile ends the file at hand.
func (r *Rotator) closeFile() error {
	w := r.w
	err := w.Close()
	r.bytes += w.Bytes()
	if err != nil {
		r.err = err
	}
	return err
}

// create makes the next file of the series and drops what the ring has no place for.
func (r *Rotator) create(ts uint64) error {
	name, err := r.fileName(ts)
	if err == nil && r.o.Files > 0 {
		err = r.ring(name)
	}
	if err == nil {
		r.w, err = Create(name, r.o.Writer)
	}
	if err != nil {
		r.err = err
	}
	r.n++
	return err
}

// fileName is the name of file r.n.
func (r *Rotator) fileName(ts uint64) (string, error) {
	if !r.timed {
		if r.o.Files == 0 {
			return r.name + strconv.Itoa(r.n), nil
		}
		width := len(strconv.Itoa(r.o.Files - 1))
		return fmt.Sprintf("%s%0*d", r.name, width, r.n%r.o.Files), nil
	}
	name, err := strftime(r.name, time.Unix(0, int64(ts)).In(r.o.Location))
	if err != nil {
		return "", err
	}
	base := name
	for {
		n := r.used[base]
		r.used[base]++
		if n > 0 {
			name = base + strconv.Itoa(n)
		}
		if n == 0 || r.used[name] == 0 {
			break
		}
	}
	if name != base {
		r.used[name]++
	}
	if n := r.used[base]; len(r.used) > 1<<16 {
		clear(r.used) // of other times: their names do not come again
		r.used[base] = n
	}
	return name, nil
}

// ring removes the file whose place name takes. A new file then has an inode of its own, so that who reads the old one still can.
func (r *Rotator) ring(name string) error {
	old := name
	if r.timed {
		r.kept = append(r.kept, name)
		if len(r.kept) <= r.o.Files {
			return nil
		}
		old, r.kept = r.kept[0], r.kept[1:]
	} else if r.n < r.o.Files {
		return nil
	}
	if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Flush writes everything so far.
func (r *Rotator) Flush() error {
	if r.err != nil || r.w == nil {
		return r.err
	}
	return r.w.Flush()
}

// Close ends the last file. A capture without any event still gets a file with its head.
func (r *Rotator) Close() error {
	if r.w == nil && r.err == nil && (r.head != nil || len(r.held) > 0) {
		if err := r.open(uint64(time.Now().UnixNano())); err != nil {
			return err
		}
	}
	if r.w == nil {
		return r.err
	}
	err := r.w.Close()
	if r.err == nil {
		r.err = errWriterClosed
	}
	return err
}

// Bytes is the size of all files so far, also of those that the ring dropped.
func (r *Rotator) Bytes() int64 {
	if r.w == nil {
		return 0
	}
	return r.bytes + r.w.Bytes()
}

// Events is the number of events written so far.
func (r *Rotator) Events() uint64 { return r.events }

// Files is the number of files made so far.
func (r *Rotator) Files() int { return r.n }
