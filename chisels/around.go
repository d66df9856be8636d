package chisels

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/filter/fields"
)

// around notes moments of threads, and then reads the captures again and writes what these threads did near them into a capture. What moves the state is
// written as with -F, so that the new capture shows the same names.
type around struct {
	*Env
	file    string
	compat  bool
	reach   uint64 // ns before and after a moment
	spans   map[int64][]span
	n       int // spans
	moments int
}

// span is a stretch of time; those of a thread are in order and do not touch.
type span struct{ from, to uint64 }

// maxSpans bounds the memory for moments: at 16 bytes each.
const maxSpans = 1 << 22

// newAround takes the arguments dump_file_name and dump_range_ms; it is nil without a file.
func newAround(in *Instance) (*around, error) {
	a := &around{Env: in.Env, file: in.Args["dump_file_name"], compat: in.Args["dump_format"] != "modern", spans: map[int64][]span{}}
	if a.file == "" {
		return nil, nil
	}
	var err error
	if a.reach, err = millis(in.Args["dump_range_ms"]); err != nil {
		return nil, err
	}
	if len(in.Read) == 0 {
		return nil, fmt.Errorf("-c %s: what happened around an event is found in a second pass, so a dump needs -r FILE: record with -w FILE first", in.Name)
	}
	inputs := capture.Stat(in.Read)
	for i, name := range in.Read {
		if name == "-" || i < len(inputs) && !inputs[i].Mode().IsRegular() {
			return nil, fmt.Errorf("-c %s: %s cannot be read twice, which a dump needs: save it to a file first", in.Name, name)
		}
	}
	if st, err := os.Stat(a.file); err == nil && slices.ContainsFunc(inputs, func(i os.FileInfo) bool { return os.SameFile(st, i) }) {
		return nil, fmt.Errorf("-c %s: %s: %w", in.Name, a.file, scap.ErrInput)
	}
	return a, nil
}

// note remembers the time and the thread of ev.
func (a *around) note(ev *event.Event) error {
	a.moments++
	s := span{ev.TS - min(a.reach, ev.TS), ev.TS + a.reach}
	list := a.spans[ev.TID]
	if n := len(list); n > 0 && s.from <= list[n-1].to && s.from >= list[n-1].from {
		list[n-1].to = max(list[n-1].to, s.to)
		return nil
	}
	if a.n++; a.n > maxSpans {
		return fmt.Errorf("more than %d moments to write the events around: a narrower filter or --from and --to select less", maxSpans)
	}
	a.spans[ev.TID] = append(list, s)
	return nil
}

// order sorts and joins the spans of each thread: the clocks of CPUs are not always in order.
func (a *around) order() {
	for tid, list := range a.spans {
		slices.SortFunc(list, func(x, y span) int { return cmp.Compare(x.from, y.from) })
		out := list[:1]
		for _, s := range list[1:] {
			if last := &out[len(out)-1]; s.from <= last.to {
				last.to = max(last.to, s.to)
			} else {
				out = append(out, s)
			}
		}
		a.spans[tid] = out
	}
}

// near tells whether ev is within reach of a moment of its thread.
func (a *around) near(ev *event.Event) bool {
	list := a.spans[ev.TID]
	i, found := slices.BinarySearchFunc(list, ev.TS, func(s span, ts uint64) int { return cmp.Compare(s.from, ts) })
	return found || i > 0 && ev.TS <= list[i-1].to
}

// write reads the captures again and writes the dump. It returns the number of events in it that a reader shows, and of those that it cannot hold.
func (a *around) write() (events, lost uint64, err error) {
	a.order()
	out, err := scap.Create(a.file, scap.WriterOptions{Compat: a.compat, Inputs: capture.Stat(a.Read)})
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return 0, 0, fmt.Errorf("%s: %w", a.file, err)
	}
	w := &aroundWrite{Write: &Write{Out: out, Fat: true}, out: out, around: a}
	loop := &Loop{Chisels: []Chisel{w}}
	err = a.readAgain(loop)
	if e := loop.Finish(); err == nil {
		err = e
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", a.file, err)
	}
	return w.events, w.lost, err
}

// readAgain is the second pass. It ends where the first one did at the latest: at damage.
func (a *around) readAgain(loop *Loop) error {
	for _, name := range a.Read {
		f, err := capture.Open(name, nil)
		if err != nil {
			return err
		}
		_, err = loop.Run(f)
		f.Close()
		if _, damaged := errors.AsType[*scap.DamageError](err); damaged {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// aroundWrite writes the second pass.
type aroundWrite struct {
	*Write
	out    *scap.Writer
	around *around
	events uint64 // written
	lost   uint64 // that the format has no words for
}

// Event writes ev for itself when it is near, else for what it does to the state.
func (w *aroundWrite) Event(ev *event.Event) (bool, error) {
	if !w.around.near(ev) {
		return false, w.Pass(ev)
	}
	before := w.out.Events()
	shown, err := w.Write.Event(ev)
	switch {
	case ev.Type.Internal():
	case w.out.Events() > before:
		w.events++
	default:
		w.lost++
	}
	return shown, err
}

// finish writes the dump and says what is in it.
func (a *around) finish() error {
	if a == nil {
		return nil
	}
	var events, lost uint64
	if a.moments > 0 { // else nothing is written
		var err error
		if events, lost, err = a.write(); err != nil {
			return err
		}
	}
	b := a.Out.Buffer()
	switch {
	case a.Format == FormatJSON:
		b = fields.AppendJSONText(append(b, `{"dump":`...), a.file)
		b = fmt.Appendf(b, `,"moments":%d,"threads":%d,"events":%d,"left_out":%d}`+"\n", a.moments, len(a.spans), events, lost)
	case a.Format == FormatCSV:
	case a.moments == 0:
		b = fields.AppendText(append(b, "\nnothing to save events around, so "...), a.file, a.Options)
		b = append(b, " is not written\n"...)
	default:
		b = fmt.Appendf(b, "\nsaved %s around %s of %s to ", plural(events, "event"), plural(uint64(a.moments), "moment"), plural(uint64(len(a.spans)), "thread"))
		b = fields.AppendText(b, a.file, a.Options)
		if lost > 0 {
			b = fmt.Appendf(b, "; %s that sysdig 0.29.3 has no words for left out (dump_format=modern keeps them)", plural(lost, "event"))
		}
		b = append(b, '\n')
	}
	return a.Out.Keep(b)
}

// plural is n with a noun.
func plural(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Grouped(n) + " " + noun
}

func init() { makers["around"] = newAroundList }

// aroundList is the chisel around: a line for each event that the filter of the command line selects, and the dump.
type aroundList struct {
	*List
	dump *around
}

func newAroundList(in *Instance) (Chisel, error) {
	if in.Selected == nil {
		return nil, errors.New("-c around needs a filter behind it, which selects the events to look around: -c around out.scap evt.type=kill")
	}
	dump, err := newAround(in)
	return &aroundList{List: NewList(in), dump: dump}, err
}

// Event notes ev.
func (l *aroundList) Event(ev *event.Event) (bool, error) {
	if ev.Type.Internal() || ev.Thread == nil && ev.TID <= 0 {
		return false, nil
	}
	if err := l.dump.note(ev); err != nil {
		return false, err
	}
	return l.List.Event(ev)
}

// Finish writes the dump.
func (l *aroundList) Finish() error {
	if err := l.List.Finish(); err != nil {
		return err
	}
	if err := l.dump.finish(); err != nil {
		return err
	}
	return l.Flush()
}
