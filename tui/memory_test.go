package tui

import (
	"strings"
	"testing"
	"time"

	"scry/capture/event"
)

// numbered makes the nth event of a test: a record of that size, with a descriptor that many share.
func numbered(n uint64, fd *event.FD) *event.Event {
	raw := event.Append(nil, 1000+n, int64(n), event.ProcinfoE, make([]byte, 8), make([]byte, 8))
	ev := &event.Event{}
	if err := ev.Decode(raw, false); err != nil {
		panic(err)
	}
	ev.Num, ev.FD, ev.Latency = n, fd, 5*n
	return ev
}

// A memory has the newest events whole, and no more than fits.
func TestMemory(t *testing.T) {
	m := &memory{max: 10 * chunkRows, maxBytes: 1 << 30}
	fd := &event.FD{Name: "/etc/passwd"}
	const total = 25*chunkRows + 17
	for n := uint64(1); n <= total; n++ {
		m.add(numbered(n, fd))
		fd.Name = "/etc/" + strings.Repeat("x", int(n/chunkRows)) // the record is used again
	}
	have := 0
	first := uint64(0)
	m.each(func(l *liveEvent) {
		if first == 0 {
			first = l.num
		}
		if l.num != first+uint64(have) {
			t.Fatalf("event %d is not behind event %d", l.num, first+uint64(have)-1)
		}
		have++
	})
	if have > m.max || have < m.max-2*chunkRows || first+uint64(have)-1 != total || m.gone != 1000+first-1 {
		t.Errorf("%d events from %d on, those up to %d are gone", have, first, m.gone)
	}
	for _, n := range []uint64{0, 1, first - 1, total + 1} {
		if l := m.find(n); l != nil {
			t.Errorf("there is an event %d", l.num)
		}
	}
	for _, n := range []uint64{first, first + chunkRows - 1, first + chunkRows, total} {
		l := m.find(n)
		if l == nil {
			t.Fatalf("no event %d", n)
		}
		ev, err := l.restore(nil)
		if err != nil || ev.Num != n || ev.TS != 1000+n || ev.TID != int64(n) || ev.Latency != 5*n {
			t.Errorf("event %d: %+v, %v", n, ev, err)
		}
		if want := "/etc/" + strings.Repeat("x", int((n-1)/chunkRows)); ev.FD.Name != want && n > 1 {
			t.Errorf("event %d: descriptor %q, want %q", n, ev.FD.Name, want)
		}
	}
	m.maxBytes = 3 * chunkRows * liveEventSize
	for n := uint64(total + 1); n <= total+2*chunkRows; n++ {
		m.add(numbered(n, nil))
	}
	if m.bytes > m.maxBytes {
		t.Errorf("%d bytes", m.bytes)
	}
	m.drop()
	if m.find(total) != nil || m.bytes != 0 || m.gone != 1000+total+2*chunkRows {
		t.Errorf("not dropped: %d bytes, those up to %d are gone", m.bytes, m.gone)
	}
}

func TestMemoryAllocs(t *testing.T) {
	m := newMemory()
	ev := numbered(1, &event.FD{Name: "/etc/passwd"})
	for range chunkRows / 2 {
		m.add(ev)
	}
	if n := testing.AllocsPerRun(chunkRows/4, func() { m.add(ev) }); n >= 1 { // blocks now and then
		t.Errorf("%v allocations for an event", n)
	}
}

// Live, the events of a rectangle are those that it counted; the spectrogram goes on meanwhile.
func TestSpectrogramPast(t *testing.T) {
	o := liveOptions(testCapture(t, "containers.scap"))
	o.View = "spectro_all"
	x := newTestApp(t, 120, 30, o)
	x.until("has lines", func(string) bool {
		_, l := x.heatOf()
		return len(l.lines) >= 3
	})
	x.press("Up", "g")
	for range 60 {
		x.press("Left")
	}
	x.press(" ")
	for range 120 {
		x.press("Right")
	}
	var s selection
	var p *spectroPane
	x.tv.QueueUpdate(func() {
		p = x.top().pane.(*spectroPane)
		s, _ = p.selected()
	})
	if s.calls == 0 {
		t.Fatalf("nothing is selected:\n%s", x.text())
	}
	x.press("d")
	x.wait("Spectrogram-All ▸ Events", "event 1 of "+count(s.calls))
	var rows int
	var lines int
	x.tv.QueueUpdate(func() { rows, lines = x.top().pane.(*digPane).list.n, len(p.list.lines) })
	if uint64(rows) != s.calls {
		t.Errorf("%d events of %d", rows, s.calls)
	}
	x.press("Enter")
	x.wait("Events", "▸ Event", "parameters", "evt.latency")
	x.until("goes on below", func(string) bool {
		more := 0
		x.tv.QueueUpdate(func() { more = len(p.list.lines) })
		return more > lines+2
	})
	x.press("Backspace", "Backspace")
	x.wait("a line is")
}

// Live, an event of a list is there when it is opened, and those beside it; the list goes on meanwhile.
func TestListEventsLive(t *testing.T) {
	o := liveOptions(testCapture(t, "containers.scap"))
	o.View = "spy_users"
	x := newTestApp(t, 120, 40, o)
	x.wait("row ", " of ")
	x.press("g", "Enter")
	s := x.wait("▸ Event", "parameters", "evt.arg.exe")
	if !strings.Contains(s, "execve") {
		t.Errorf("not the event of a command:\n%s", s)
	}
	x.press("Down")
	x.press("Backspace")
	x.wait("row ", " of ")
}

// A list that was not shown for a while says so, where the hole is; what lay over it, as the detail does, makes none.
func TestAway(t *testing.T) {
	for _, view := range []string{digView, echoView} {
		t.Run(view, func(t *testing.T) {
			o := restingOptions(testCapture(t, "web.scap"), 400*time.Millisecond)
			o.View = view
			x := newTestApp(t, 120, 40, o)
			gaps := func() (n int) {
				x.tv.QueueUpdate(func() {
					switch p := x.stack[0].pane.(type) {
					case *digPane:
						for i := range p.list.n {
							if r, _ := p.list.row(i); r.tone == toneGap {
								n++
							}
						}
					case *echoPane:
						for _, e := range p.list.list {
							if e.gap != "" {
								n++
							}
						}
					}
				})
				return n
			}
			x.until("has events", func(string) bool { return !strings.Contains(x.text(), "Nothing yet") })
			x.press("Enter")
			x.wait("parameters")
			x.press("Backspace")
			if n := gaps(); n != 0 {
				t.Errorf("%d holes after the detail was shown", n)
			}
			x.press("S")
			x.until("shows a spectrogram", func(string) bool {
				shown := false
				x.tv.QueueUpdate(func() { shown = x.top().shown })
				return shown
			})
			x.press("Backspace")
			x.until("has a hole", func(string) bool { return gaps() == 1 })
		})
	}
}

// rowsOf counts the rows of the list at the top, the gaps among them, and those that have a text.
func (x *testApp) rowsOf(text string) (rows, gaps, with int) {
	x.tv.QueueUpdate(func() {
		switch p := x.top().pane.(type) {
		case *digPane:
			rows = p.list.n
			for i := range p.list.n {
				r, b := p.list.row(i)
				if r.tone == toneGap {
					gaps++
				} else if strings.Contains(string(b), text) {
					with++
				}
			}
		case *echoPane:
			rows = len(p.list.list)
			for _, e := range p.list.list {
				if e.gap != "" {
					gaps++
				} else if strings.Contains(string(e.data)+e.comm, text) {
					with++
				}
			}
		case *tablePane:
			rows, with = len(p.rows), len(p.rows)
		}
	})
	return rows, gaps, with
}

// Live, a filter that is typed is tried on what is there already. When it is given up, nothing is missing; when another one takes its place, the list says what is.
func TestTryFilterLive(t *testing.T) {
	for _, c := range []struct{ view, capture, filter, text string }{
		{digView, "web.scap", "evt.type=recvfrom", "recvfrom"},
		{echoView, "web.scap", "proc.name=client", "client"},
		{"spy_users", "containers.scap", "proc.name=sleep", ""},
	} {
		t.Run(c.view, func(t *testing.T) {
			o := restingOptions(testCapture(t, c.capture), time.Hour)
			o.View = c.view
			x := newTestApp(t, 120, 40, o)
			same := 0
			last := -1
			x.until("has all", func(string) bool {
				rows, _, _ := x.rowsOf("")
				if rows == last && rows > 0 {
					same++
				} else {
					last, same = rows, 0
				}
				return same > 40
			})
			all, _, with := x.rowsOf(c.text)
			x.press("f")
			x.press(strings.Split(c.filter, "")...)
			x.until("shows what passes", func(string) bool {
				rows, gaps, _ := x.rowsOf(c.text)
				return gaps == 0 && rows > 0 && rows < all && (c.text == "" || rows == with)
			})
			x.press("Esc")
			x.until("shows all again", func(string) bool {
				rows, gaps, _ := x.rowsOf(c.text)
				return rows == all && gaps == 0
			})
			x.press("f")
			x.press(strings.Split(c.filter, "")...)
			x.press("Enter")
			x.until("shows what passes", func(string) bool {
				rows, gaps, _ := x.rowsOf(c.text)
				return gaps == 0 && rows > 0 && rows < all
			})
			if c.text == "" {
				return
			}
			x.press("f", "Ctrl-U", "Enter")
			x.until("says what is missing", func(string) bool {
				rows, gaps, n := x.rowsOf(c.text)
				return gaps == 1 && rows == n+1 && n == with
			})
		})
	}
}

func TestImplies(t *testing.T) {
	for _, c := range []struct {
		key, than string
		want      bool
	}{
		{"", "", true}, {"a = 1", "", true}, {"a = 1", "a = 1", true}, {"a = 1 and b = 2", "a = 1", true},
		{"", "a = 1", false}, {"a = 1", "a = 1 and b = 2", false}, {"a = 12", "a = 1", false}, {"a = 1 and b = 2 or c = 3", "a = 1", false},
	} {
		if got := implies(c.key, c.than); got != c.want {
			t.Errorf("%q implies %q: %v", c.key, c.than, got)
		}
	}
}
