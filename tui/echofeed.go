package tui

import (
	"bytes"
	"strings"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// echoFilter leaves the calls that moved data: those of the chisel echo_fds.
const echoFilter = "evt.is_io=true and evt.dir=< and evt.rawres > 0"

// Bounds of the data that are kept.
const (
	maxEchoes    = 100_000
	maxEchoBytes = 64 << 20
	maxEchoTexts = 4 << 10 // names that are shared
	echoPayload  = 2000    // bytes of each call that are recorded, unless -s says otherwise; as echo_fds does
)

// echo is the data of one call. Nobody changes it.
type echo struct {
	gap       string // it is no call: what is missing here
	num, ts   uint64
	data      []byte // as far as it was recorded
	moved     int64
	read      bool
	client    bool  // the process is the one that asks: it made the connection, or opened the file
	pid, tid  int64 // of who reads or writes
	fd        int64
	name      string // of the descriptor, as it is shown
	raw       string // and as it is
	comm      string
	container string
	id        string // of that
}

// same tells whether two are of one descriptor of one process.
func (e *echo) same(o *echo) bool {
	return e.gap == "" && o.gap == "" && e.pid == o.pid && e.fd == o.fd && e.name == o.name
}

// asks tells whether this is a question: what the client writes, and what the server reads.
func (e *echo) asks() bool { return e.read != e.client }

// echoes are the calls as the screen gets them.
type echoes struct {
	feed  *echoFeed // for comparing only
	list  []*echo
	first int // sequence number of the first one: that many were left out
}

// echoFeed keeps the data of calls. It belongs to the goroutine of the engine.
type echoFeed struct {
	holes
	key      string
	where    *filter.Filter
	demand   capture.Demand
	data     *fields.Field
	res      *fields.Field
	name     *fields.Field
	comm     *fields.Field
	image    []*fields.Field // of the container: name and id; nil without -pc
	snap     int
	list     []*echo // only appended to
	first    int
	bytes    int
	arena    []byte
	texts    map[string]string
	scratch  []byte
	kept     *memory // live: the events
	max      int
	maxBytes int
}

func newEchoFeed(env *chisels.Env, where *filter.Filter) (*echoFeed, error) {
	o := lineOptions(env.Options)
	own, err := filter.Compile(echoFilter, o)
	if err != nil {
		return nil, err
	}
	f := &echoFeed{key: where.String(), where: filter.And(own, where), snap: echoPayload, texts: map[string]string{}, max: maxEchoes, maxBytes: maxEchoBytes}
	if env.Live {
		f.kept = newMemory()
	}
	names := []string{"evt.buffer", "evt.rawres", "fd.name", "proc.name"}
	if env.Containers {
		names = append(names, "container.name", "container.id")
	}
	var list []*fields.Field
	for _, n := range names {
		x, err := fields.New(n, "", false, o)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	f.data, f.res, f.name, f.comm, f.image = list[0], list[1], list[2], list[3], list[4:]
	if o.SnapLen > 0 {
		f.snap = min(o.SnapLen, capture.MaxSnapLen)
	}
	format, err := fields.ParseFormat("%evt.buffer %evt.rawres %fd.name %proc.name %proc.pid", o)
	if err != nil {
		return nil, err
	}
	f.demand = (&chisels.Loop{Filter: f.where, Chisels: []chisels.Chisel{&chisels.Lines{Format: format}}}).Demand(f.snap, false)
	return f, nil
}

// Event keeps the data of ev.
func (f *echoFeed) Event(ev *event.Event) (bool, error) {
	if text := f.pass(ev.TS); text != "" {
		f.add(&echo{ts: ev.TS, gap: text})
	}
	if !f.where.Match(ev) {
		return false, nil
	}
	v := f.data.Value(ev)
	if v.Type == fields.Absent {
		return false, nil
	}
	e := &echo{num: ev.Num, ts: ev.TS, fd: ev.FDNum, tid: ev.TID, pid: ev.TID, read: ev.Type.Schema().Flags&event.ReadsFD != 0}
	e.moved = max(f.res.Value(ev).Int(), int64(len(v.Str)))
	e.data = f.own(v.Str)
	e.name, e.comm = f.text(f.name, ev), f.text(f.comm, ev)
	if e.raw = e.name; f.name.Value(ev).Str != e.name {
		e.raw = strings.Clone(f.name.Value(ev).Str)
	}
	if len(f.image) > 0 {
		e.container, e.id = f.text(f.image[0], ev), f.text(f.image[1], ev)
	}
	if ev.Thread != nil {
		e.pid = ev.Thread.PID
	}
	e.client = ev.FD == nil || ev.FD.Role != event.RoleServer
	if text := f.missed(); text != "" {
		f.add(&echo{ts: ev.TS, gap: text})
	}
	f.add(e)
	if f.kept != nil {
		f.kept.add(ev)
	}
	return true, nil
}

// refilter takes the calls of another list, which was for another filter.
func (f *echoFeed) refilter(old *echoFeed, host *event.Host) {
	f.of = old
	if old.first > 0 {
		f.add(&echo{ts: old.list[0].ts, gap: leftText})
	}
	for _, e := range old.list {
		if e.gap != "" {
			f.add(e)
		} else if l := old.kept.find(e.num); l != nil {
			if ev, err := l.restore(host); err == nil {
				_, _ = f.Event(ev) // it has no errors
			}
		}
	}
	if text := f.inherit(&old.holes, implies(f.key, old.key)); text != "" {
		f.add(&echo{ts: old.seen, gap: text})
	}
}

// filtered is the filter that it was made for.
func (f *echoFeed) filtered() string { return f.key }

// needs is what it asks the kernel for.
func (f *echoFeed) needs() capture.Demand { return f.demand }

// add puts something at the end of the list. What is too old goes.
func (f *echoFeed) add(e *echo) {
	f.list = append(f.list, e)
	for f.bytes += len(e.data); len(f.list) > f.max || f.bytes > f.maxBytes && len(f.list) > 1; f.first++ {
		f.bytes -= len(f.list[0].data)
		f.list = f.list[1:]
	}
}

// own is a copy of data. Small ones share a block of memory.
func (f *echoFeed) own(s string) []byte {
	if len(s) > f.snap {
		s = s[:f.snap]
	}
	const block = 64 << 10
	if len(s) > block/4 {
		return []byte(s)
	}
	if len(f.arena)+len(s) > cap(f.arena) {
		f.arena = make([]byte, 0, block)
	}
	at := len(f.arena)
	f.arena = append(f.arena, s...)
	return f.arena[at:len(f.arena):len(f.arena)]
}

// text is the text of a field, a shared one when it was there before.
func (f *echoFeed) text(x *fields.Field, ev *event.Event) string {
	b, ok := x.Append(f.scratch[:0], ev)
	f.scratch = b
	if !ok {
		return "<NA>"
	}
	if s, ok := f.texts[string(b)]; ok {
		return s
	}
	if len(f.texts) >= maxEchoTexts {
		clear(f.texts)
	}
	s := string(b)
	f.texts[s] = s
	return s
}

// take is what there is so far.
func (f *echoFeed) take(uint64, bool) any {
	return &echoes{feed: f, list: f.list[:len(f.list):len(f.list)], first: f.first}
}

// Finish has nothing to end.
func (f *echoFeed) Finish() error { return nil }

// dataMode says how data are shown.
type dataMode int

const (
	textMode dataMode = iota // lines of text, as they are
	dotMode                  // one run of characters, dots for the others
	hexMode
	dataModes
)

var dataModeNames = [...]string{"text", "dotted", "hex"}

// dataLines are data in lines of at most w cells.
func dataLines(b []byte, mode dataMode, w int) (out []string) {
	w = max(w, 8)
	switch mode {
	case hexMode:
		return hexRows(b, w)
	case dotMode:
		text := bytes.Map(dotted, b)
		for ; len(text) > w; text = text[w:] {
			out = append(out, string(text[:w]))
		}
		return append(out, string(text))
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		text := strings.Map(plain, strings.ToValidUTF8(strings.ReplaceAll(string(line), "\t", "    "), "·"))
		out = append(out, cutCells(text, w, len(text)/w+2)...)
	}
	return out
}

// plain is a character that does not change what stands around it, as those do that turn the direction of text; a dot for others. Of control characters put sees to.
func plain(r rune) rune {
	if r == 0x061c || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return '·'
	}
	return r
}

// dotted is a character that can be shown, or a dot. Bytes that are no character come as the replacement character.
func dotted(r rune) rune {
	if r < ' ' || r >= 0x7f {
		return '.'
	}
	return r
}
