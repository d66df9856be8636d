package tui

import (
	"unicode/utf8"

	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// Bounds of the events that a list keeps. Older ones go, a chunk at a time.
const (
	maxDug      = 100_000
	maxDugBytes = 64 << 20
	chunkRows   = 1024
	maxDugText  = 2 << 10 // of one event's line
)

// tone is what an event is about, which its colour says.
type tone uint8

const (
	toneOther tone = iota
	toneRead
	toneWrite
	toneNet
	toneProcess
	toneSignal
	toneFailed
	toneGap // no event: some are missing here
)

// dugRow is one event of the list, as text. It has no pointers but that of a live event's record, so that a hundred thousand of them cost the collector little.
type dugRow struct {
	num, ts   uint64
	text      uint32 // where its text begins in the chunk
	who, kind uint16 // where the process ends in the text, and the type
	end       uint16 // and all of it
	cpu       uint16
	tone      tone
}

// chunk is a piece of the list. It is only appended to, so the screen may look at the part that it was told of.
type chunk struct {
	rows []dugRow
	text []byte
	live []liveEvent // for each row, when there is no file to read it from again
	raw  int         // bytes of their records
}

// size is what the chunk takes of the bound.
func (c *chunk) size() int { return len(c.text) + c.raw + cap(c.rows)*40 + cap(c.live)*liveEventSize }

// dug is the list as the screen gets it.
type dug struct {
	feed   *digFeed // which one it is of; for comparing only
	chunks []chunk
	first  int    // sequence number of the first row: that many were left out
	n      int    // rows
	since  uint64 // of events that were recalled: the time up to which they are gone
}

// row is the row at place i.
func (d *dug) row(i int) (*dugRow, []byte) {
	c := &d.chunks[i/chunkRows]
	r := &c.rows[i%chunkRows]
	return r, c.text[r.text : r.text+uint32(r.end)]
}

// digFeed makes a row of each event. It belongs to the goroutine of the engine, as all chisels.
type digFeed struct {
	holes
	key     string // the filter, as text
	where   *filter.Filter
	demand  capture.Demand
	who     *fields.Format
	info    *fields.Field
	keeps   bool // the events themselves
	intern  bool // show the recorder's own as well
	chunks  []*chunk
	first   int
	bytes   int // of all chunks but the last
	keeper  keeper
	since   uint64 // see dug
	max     int
	maxSize int
}

// lineOptions are how values look in a line of a list: of one line, without colours of their own.
func lineOptions(o *fields.Options) *fields.Options {
	p := *o
	p.Color, p.Buffer, p.Raw, p.JSONArgs = false, fields.BufferDots, false, false
	return &p
}

func newDigFeed(env *chisels.Env, where *filter.Filter) (*digFeed, error) {
	o := lineOptions(env.Options)
	f := &digFeed{key: where.String(), where: where, keeps: env.Live, max: maxDug, maxSize: maxDugBytes}
	text := "*%proc.name (%thread.tid)"
	if env.Containers {
		text = "*%container.name (%container.id) %proc.name (%thread.tid:%thread.vtid)"
	}
	var err error
	if f.who, err = fields.ParseFormat(text, o); err != nil {
		return nil, err
	}
	if f.info, err = fields.New("evt.info", "", false, o); err != nil {
		return nil, err
	}
	format, err := fields.ParseFormat(fields.DefaultFormat, o)
	if err != nil {
		return nil, err
	}
	snap := max(o.SnapLen, capture.DefaultSnapLen)
	f.demand = (&chisels.Loop{Filter: where, Chisels: []chisels.Chisel{&chisels.Lines{Format: format}}}).Demand(snap, false)
	return f, nil
}

// Event adds a row.
func (f *digFeed) Event(ev *event.Event) (bool, error) {
	if text := f.pass(ev.TS); text != "" {
		f.addGap(ev.TS, text)
	}
	if ev.Type.Internal() && !f.intern || !f.where.Match(ev) {
		return false, nil
	}
	if text := f.missed(); text != "" {
		f.addGap(ev.TS, text)
	}
	c := f.room()
	at := len(c.text)
	b, _ := f.who.Append(c.text, ev)
	who := min(len(b)-at, maxDugText/2)
	b = cutText(b, at+who)
	b = append(append(append(b, ' '), ev.Type.Dir().String()...), ' ')
	b = append(b, fields.EventName(ev)...)
	kind := len(b) - at
	b = append(b, ' ')
	b, _ = f.info.Append(b, ev)
	b = cutText(b, at+maxDugText)
	for len(b) > at && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	c.text = b
	end := len(b) - at
	c.rows = append(c.rows, dugRow{num: ev.Num, ts: ev.TS, text: uint32(at), who: uint16(who), kind: uint16(min(kind, end)), end: uint16(end), cpu: ev.CPU, tone: toneOf(ev)})
	if f.keeps {
		l := f.keeper.keep(ev)
		c.live, c.raw = append(c.live, l), c.raw+len(l.raw)+len(l.enter)
	}
	return true, nil
}

// cutText shortens b to at most end bytes, between two characters.
func cutText(b []byte, end int) []byte {
	if len(b) <= end {
		return b
	}
	for end -= 3; end > 0 && !utf8.RuneStart(b[end]); {
		end--
	}
	return append(b[:end], "…"...)
}

// toneOf says what an event is about.
func toneOf(ev *event.Event) tone {
	s := ev.Type.Schema()
	switch base := s.Category.Base(); {
	case ev.Errno > 0:
		return toneFailed
	case s.Flags&event.ReadsFD != 0:
		return toneRead
	case s.Flags&event.WritesFD != 0:
		return toneWrite
	case base == event.CatNet:
		return toneNet
	case base == event.CatProcess:
		return toneProcess
	case base == event.CatSignal:
		return toneSignal
	}
	return toneOther
}

// recall makes rows of events that were kept.
func (f *digFeed) recall(m *memory, host *event.Host) {
	f.since = m.gone
	m.each(func(l *liveEvent) {
		if ev, err := l.restore(host); err == nil {
			_, _ = f.Event(ev) // it has no errors
		}
	})
}

// refilter makes rows of the events of another list, which was for another filter.
func (f *digFeed) refilter(old *digFeed, host *event.Host) {
	f.of = old
	if old.first > 0 {
		f.addGap(old.chunks[0].rows[0].ts, leftText)
	}
	for _, c := range old.chunks {
		for i := range c.rows {
			r := &c.rows[i]
			if r.tone == toneGap {
				f.addGap(r.ts, string(c.text[r.text:r.text+uint32(r.end)]))
			} else if ev, err := c.live[i].restore(host); err == nil {
				_, _ = f.Event(ev) // it has no errors
			}
		}
	}
	if text := f.inherit(&old.holes, implies(f.key, old.key)); text != "" {
		f.addGap(old.seen, text)
	}
}

// filtered is the filter that it was made for.
func (f *digFeed) filtered() string { return f.key }

// needs is what it asks the kernel for.
func (f *digFeed) needs() capture.Demand { return f.demand }

// addGap adds a row that is no event.
func (f *digFeed) addGap(ts uint64, text string) {
	c := f.room()
	at := len(c.text)
	c.text = append(c.text, text...)
	n := uint16(len(c.text) - at)
	c.rows = append(c.rows, dugRow{ts: ts, text: uint32(at), who: n, kind: n, end: n, tone: toneGap})
	if f.keeps {
		c.live = append(c.live, liveEvent{})
	}
}

// room is the chunk that has room for another row. Older chunks go when there are too many.
func (f *digFeed) room() *chunk {
	n := len(f.chunks)
	if n > 0 && len(f.chunks[n-1].rows) < chunkRows {
		return f.chunks[n-1]
	}
	if n > 0 {
		f.bytes += f.chunks[n-1].size()
	}
	for len(f.chunks) > 0 && (len(f.chunks)*chunkRows >= f.max || f.bytes > f.maxSize) {
		f.bytes -= f.chunks[0].size()
		f.chunks = f.chunks[1:]
		f.first += chunkRows
	}
	c := &chunk{rows: make([]dugRow, 0, chunkRows), text: make([]byte, 0, 64<<10)}
	if f.keeps {
		c.live = make([]liveEvent, 0, chunkRows)
	}
	f.chunks = append(f.chunks, c)
	return c
}

// take is the list so far, for the screen. What it is of the last chunk is not written to any more.
func (f *digFeed) take(uint64, bool) any {
	d := &dug{feed: f, first: f.first, since: f.since}
	for _, c := range f.chunks {
		d.chunks = append(d.chunks, chunk{rows: c.rows[:len(c.rows):len(c.rows)], text: c.text[:len(c.text):len(c.text)]})
		d.n += len(c.rows)
	}
	return d
}

// Finish has nothing to end.
func (f *digFeed) Finish() error { return nil }

// live is the kept event of the row with a sequence number, nil when that went, or is none.
func (f *digFeed) live(seq int) *liveEvent {
	i := seq - f.first
	if i < 0 || i/chunkRows >= len(f.chunks) {
		return nil
	}
	c := f.chunks[i/chunkRows]
	if i %= chunkRows; i >= len(c.live) || c.live[i].raw == nil {
		return nil
	}
	return &c.live[i]
}
