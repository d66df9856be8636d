package tui

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// eventList is a pane with events of which one is selected.
type eventList interface {
	pane
	near(n int) []target
	current() target
	move(place int)
	place() int
	whole() *status
	hold() // the selection does not follow the end
	// live is where the events of a running machine are, and what the list needs to go on meanwhile.
	live(env *chisels.Env, where *filter.Filter) (func(target) *liveEvent, []sink, error)
}

// nearby is how many events before and behind the selected one are asked for with it, so that going on is quick.
const nearby = 24

// detailPane shows all that is known of an event. Of a capture the events are read again up to this one, so that what they say of the state is exact. Live, they come from
// the list, which goes on meanwhile.
type detailPane struct {
	*tview.Box
	app    *app
	list   eventList
	live   bool
	wanted atomic.Pointer[[]target] // what the engine is asked for
	known  map[target]*detail

	shown  *detail
	lines  []detailLine
	wide   int  // cells for which the lines were made
	absent bool // fields without a value are shown as well
	hex    bool
	row    int // of lines; one that begins an item
	top    int
	dump   int // first line of the bytes
	rows   int
	bodyY  int
}

// detailLine is a line on the screen: the head of a group, or a piece of an item.
type detailLine struct {
	group, item int // item -1: the head
	text        string
	begins      bool // the item
}

func newDetailPane(a *app, list eventList) *detailPane {
	p := &detailPane{Box: tview.NewBox(), app: a, list: list, live: len(a.o.Read) == 0, known: map[target]*detail{}}
	p.want()
	return p
}

// want says which events the engine shall tell of when it is asked next.
func (p *detailPane) want() {
	list := p.list.near(nearby)
	p.wanted.Store(&list)
}

// try passes on to the list that filters are tried.
func (p *detailPane) try(yes bool) {
	if l, ok := p.list.(interface{ try(bool) }); ok {
		l.try(yes)
	}
}

// once tells that one look is enough.
func (p *detailPane) once() bool { return true }

// sinks finds the events. Live they are at hand, and the list must not miss what comes meanwhile.
func (p *detailPane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	t, err := newTeller(env.Options)
	if err != nil {
		return nil, err
	}
	if !env.Live {
		f := newDetailFeed(t, *p.wanted.Load())
		return []sink{{chisel: f, take: f.take}}, nil
	}
	find, list, err := p.list.live(env, where)
	if err != nil {
		return nil, err
	}
	return append([]sink{constantSink(told(t, find, env.Tables.Host(), *p.wanted.Load()))}, list...), nil
}

// update takes what was found.
func (p *detailPane) update(payloads []any, st *status) {
	if p.live && len(payloads) > 1 {
		p.list.hold()
		p.list.update(payloads[1:], st)
	}
	for _, d := range payloads[0].([]*detail) {
		p.known[d.target] = d
	}
	if w := p.list.whole(); w != nil && st.done { // not that of the part that was read for this
		*st = *w
	}
	p.show()
}

// show shows the selected event, if it is known.
func (p *detailPane) show() {
	d := p.known[p.list.current()]
	if d == nil && p.live && p.shown != nil {
		return // it stays until the engine has told of the next one
	}
	if d != p.shown {
		name := p.selectedName()
		p.shown, p.wide, p.dump = d, 0, 0
		p.choose(name)
	}
}

// selectedName is what the selected line is called, "" for none.
func (p *detailPane) selectedName() string {
	if it := p.item(); it != nil {
		return it.name
	}
	return ""
}

// choose selects the item of that name, or the first one.
func (p *detailPane) choose(name string) {
	p.layout(p.width())
	p.row = 0
	for i, l := range p.lines {
		if l.begins && (p.row == 0 || p.shown.groups[l.group].items[l.item].name == name) {
			p.row = i
			if p.shown.groups[l.group].items[l.item].name == name {
				return
			}
		}
	}
}

// item is the selected one, nil when there is none.
func (p *detailPane) item() *detailItem {
	if p.shown == nil || p.row >= len(p.lines) || p.lines[p.row].item < 0 {
		return nil
	}
	l := p.lines[p.row]
	return &p.shown.groups[l.group].items[l.item]
}

func (p *detailPane) width() int {
	_, _, w, _ := p.GetInnerRect()
	return max(w, 20)
}

// nameWidth is the room for names.
func nameWidth(w int) int { return min(28, max(w/3, 12)) }

const maxItemLines = 6

// layout makes the lines for a width.
func (p *detailPane) layout(w int) {
	if p.wide == w {
		return
	}
	p.wide, p.lines = w, p.lines[:0]
	if p.shown == nil {
		return
	}
	for g := range p.shown.groups {
		head := len(p.lines)
		p.lines = append(p.lines, detailLine{group: g, item: -1, text: p.shown.groups[g].title})
		for i := range p.shown.groups[g].items {
			it := &p.shown.groups[g].items[i]
			text := it.text
			if it.why != "" {
				if !p.absent {
					continue
				}
				text = it.why
			}
			for k, piece := range cutCells(text, w-nameWidth(w)-3, maxItemLines) {
				p.lines = append(p.lines, detailLine{g, i, piece, k == 0})
			}
		}
		if len(p.lines) == head+1 {
			p.lines = p.lines[:head]
		}
	}
	p.row = max(min(p.row, len(p.lines)-1), 0)
}

// cutCells breaks a text into at most n lines of w cells; the last one may be longer.
func cutCells(text string, w, n int) (out []string) {
	w = max(w, 8)
	if len(text) <= w {
		return []string{text}
	}
	used, begin, at, state := 0, 0, 0, -1
	for rest := text; rest != "" && len(out) < n-1; {
		var c string
		var cw int
		c, rest, cw, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+cw > w {
			out = append(out, text[begin:at])
			begin, used = at, 0
		}
		at, used = at+len(c), used+cw
	}
	return append(out, text[begin:])
}

func (p *detailPane) id() string { return digView }

func (p *detailPane) dress(*theme) {}

// summary is which event it is.
func (p *detailPane) summary() string {
	d := p.shown
	if d == nil {
		return ""
	}
	text := fmt.Sprintf("event %d  %s  %s", d.num, time.Unix(0, int64(d.ts)).In(p.app.zone()).Format("15:04:05.000000000"), d.title)
	if d.live {
		text += "  the process as it is now"
	}
	return text
}

// command prints the event.
func (p *detailPane) command() []string {
	args := p.app.containerOption()
	if p.shown == nil || p.live || filter.And(p.app.top().where, p.app.user) != nil { // nothing can stand before a filter that may have an "or"
		return args
	}
	return append(args, fmt.Sprintf("evt.num=%d", p.shown.num))
}

// step is the descriptor of the event, all events of the level when it has none.
func (p *detailPane) step() (*chisels.Step, string, error) {
	var pid, fd, name fields.Value
	if p.shown != nil {
		for _, g := range p.shown.groups {
			for _, it := range g.items {
				switch it.name {
				case "proc.pid":
					pid = it.value
				case "fd.num":
					fd = it.value
				case "fd.name":
					name = it.value
				}
			}
		}
	}
	if pid.Type == fields.Absent || fd.Type == fields.Absent {
		return nil, "", nil
	}
	return p.app.descriptor(pid.Int(), fd.Int(), name.Str)
}

// find selects the next item with a text.
func (p *detailPane) find(text string, step int, here bool) bool {
	n := len(p.lines)
	if n == 0 {
		return false
	}
	from := p.row
	if !here {
		from += step
	}
	text = strings.ToLower(text)
	for k := range n {
		i := ((from+step*k)%n + n) % n
		l := p.lines[i]
		if !l.begins {
			continue
		}
		it := &p.shown.groups[l.group].items[l.item]
		if strings.Contains(strings.ToLower(it.name+" "+it.text+it.why), text) {
			p.row = i
			return true
		}
	}
	return false
}

// move selects the item at a line, or the next one in that direction.
func (p *detailPane) move(to int) {
	to = max(min(to, len(p.lines)-1), 0)
	step := 1
	if to < p.row {
		step = -1
	}
	for _, step := range []int{step, -step} {
		for i := to; i >= 0 && i < len(p.lines); i += step {
			if p.lines[i].begins {
				if p.row != i {
					p.row, p.dump = i, 0
				}
				if i <= 1 {
					p.top = 0
				}
				return
			}
		}
	}
}

// group goes to the first item of the next group.
func (p *detailPane) group(step int) {
	if len(p.lines) == 0 {
		return
	}
	g := p.lines[p.row].group
	for i := p.row; i >= 0 && i < len(p.lines); i += step {
		if l := p.lines[i]; l.group != g && (step > 0 && l.item < 0 || step < 0 && (i == 0 || p.lines[i].item < 0)) {
			p.move(i + 1)
			return
		}
	}
}

// other goes to the event before or behind this one.
func (p *detailPane) other(step int) {
	at := p.list.place()
	p.list.move(at + step)
	if p.list.place() == at {
		p.app.say(false, "there is no event %s this one", map[bool]string{true: "before", false: "behind"}[step < 0])
		return
	}
	now := p.list.current()
	if now.num == 0 { // a gap
		p.other(step)
		return
	}
	if p.known[now] == nil {
		p.want()
		if len(p.known) > 1<<10 {
			clear(p.known)
		}
		p.app.activate()
	}
	p.show()
}

// keys are those of the event.
func (p *detailPane) keys() []*binding {
	return append([]*binding{
		{[]string{"n", "Right"}, "Next", "the next event", func() { p.other(1) }},
		{[]string{"p", "Left"}, "Previous", "the event before", func() { p.other(-1) }},
		{[]string{"+", "="}, "Only these", "filter: only events with this value", func() { p.restrict(true) }},
		{[]string{"-", "!"}, "Not these", "filter: no events with this value", func() { p.restrict(false) }},
		{[]string{"x"}, "Hex", "the bytes of the selected parameter, or of the whole record", func() { p.hex, p.dump = !p.hex, 0 }},
		{[]string{"A"}, "Absent", "fields without a value as well, and why they have none", p.toggleAbsent},
		{[]string{"Tab"}, "", "the next group", func() { p.group(1) }},
		{[]string{"Backtab"}, "", "the group before", func() { p.group(-1) }},
		{[]string{"K"}, "", "bytes: up", func() { p.dump = max(p.dump-1, 0) }},
		{[]string{"J"}, "", "bytes: down", func() { p.dump++ }},
		{[]string{"Esc"}, "", "back to the list", func() { p.app.up(len(p.app.stack) - 1) }},
	}, listKeys(func() int { return p.row }, func() int { return max(p.rows, 1) }, func() int { return len(p.lines) }, p.move)...)
}

func (p *detailPane) toggleAbsent() {
	name := p.selectedName()
	p.absent, p.wide = !p.absent, 0
	if p.shown != nil {
		p.choose(name)
	}
}

// restrict adds the selected value to the user's filter, or what has not got it, and goes back to the list.
func (p *detailPane) restrict(with bool) {
	it := p.item()
	switch {
	case it == nil:
		return
	case it.value.Type == fields.Absent && it.why == "":
		p.app.say(true, "no filter can be made of %s: it is a list, only a text, or too long", it.name)
		return
	}
	d, arg, hasArg, n := fields.Scan(it.name)
	if d == nil || n != len(it.name) {
		p.app.say(true, "%s is not the name of a field", it.name)
		return
	}
	f, err := fields.New(d.Name, arg, hasArg, p.app.o.Fields)
	var q *filter.Filter
	if err == nil {
		q, err = filter.Equal(f, it.value, p.app.o.Fields)
	}
	if err == nil && !with {
		q, err = filter.Compile("not ("+q.String()+")", p.app.o.Fields)
	}
	if err != nil {
		p.app.say(true, "%v", err)
		return
	}
	text := filter.And(p.app.user, q).String()
	p.app.up(len(p.app.stack) - 1)
	if err := p.app.setFilter(text); err != nil {
		p.app.say(true, "%v", err)
	}
}

// Draw draws the values, and the bytes below them.
func (p *detailPane) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetInnerRect()
	p.bodyY = y
	if p.shown == nil {
		text := "Reading the event"
		if p.app.status.done && !p.app.status.reading {
			text = "The event is not there any more"
		}
		drawNothing(screen, x, y, w, h, t, text)
		return
	}
	p.layout(w)
	low := 0
	if p.hex && h >= 6 {
		low = min(max(h/2, 4), len(p.hexLines(w))+1, h-3)
	}
	p.rows = h - low
	p.top = max(min(p.top, p.row, len(p.lines)-p.rows), p.row-p.rows+1, 0)
	if p.row > 0 && p.top == p.row && p.lines[p.row-1].item < 0 {
		p.top-- // the head of the group stays in sight
	}
	name := nameWidth(w)
	for i := 0; i < p.rows && p.top+i < len(p.lines); i++ {
		p.drawLine(screen, x, y+i, w, name, p.top+i)
	}
	if low > 0 {
		p.drawHex(screen, x, y+h-low, w, low)
	}
}

// drawLine draws one line of the values.
func (p *detailPane) drawLine(screen tcell.Screen, x, y, w, name, i int) {
	t, l := p.app.theme, &p.lines[i]
	if l.item < 0 {
		fill(screen, x, y, w, t.head)
		put(screen, x+1, y, w-2, t.head, l.text)
		return
	}
	it := &p.shown.groups[l.group].items[l.item]
	key, value, dim := t.accent, t.text, t.dim
	if it.why != "" {
		key, value = t.dim, t.dim
	} else if it.value.Type == fields.Absent {
		key = t.text
	}
	if i == p.row {
		key, value, dim = t.selected, t.selected, t.selected
	}
	fill(screen, x, y, w, value)
	if l.begins {
		put(screen, x+1, y, name, key, it.name)
	}
	n := put(screen, x+name+2, y, w-name-3, value, l.text)
	if room := w - name - 2 - n; l.begins && room > len(it.kind)+3 {
		putRight(screen, x, y, w-1, dim, it.kind)
	}
}

// bytes are those that the dump shows, and what they are.
func (p *detailPane) bytes() ([]byte, string) {
	d := p.shown
	if it := p.item(); it != nil && it.bytes != nil {
		return it.bytes, it.name
	}
	if d.data >= 0 && d.data < len(d.groups[0].items) {
		it := &d.groups[0].items[d.data]
		return it.bytes, it.name
	}
	return d.record, "the record"
}

// hexLines are the bytes in rows.
func (p *detailPane) hexLines(w int) []string {
	b, _ := p.bytes()
	return hexRows(b, w)
}

// hexRows are bytes as a dump of rows that fit into w cells: offset, hexadecimal, text.
func hexRows(b []byte, w int) (out []string) {
	per := 16
	for per > 4 && 10+per*3+per/4+per > w {
		per /= 2
	}
	for off := 0; off < len(b); off += per {
		row := b[off:min(off+per, len(b))]
		var hex, text strings.Builder
		for i := range per {
			if i%4 == 0 {
				hex.WriteByte(' ')
			}
			if i >= len(row) {
				hex.WriteString("   ")
				continue
			}
			fmt.Fprintf(&hex, "%02x ", row[i])
			if c := row[i]; c >= ' ' && c < 0x7f {
				text.WriteByte(c)
			} else {
				text.WriteByte('.')
			}
		}
		out = append(out, fmt.Sprintf("%08x %s %s", off, hex.String(), text.String()))
	}
	return out
}

// drawHex draws the bytes.
func (p *detailPane) drawHex(screen tcell.Screen, x, y, w, h int) {
	t := p.app.theme
	b, what := p.bytes()
	fill(screen, x, y, w, t.headList)
	put(screen, x+1, y, w-2, t.headList, fmt.Sprintf("%s: %d bytes", what, len(b)))
	lines := p.hexLines(w)
	p.dump = max(min(p.dump, len(lines)-h+1), 0)
	for i := 0; i < h-1 && p.dump+i < len(lines); i++ {
		put(screen, x+1, y+1+i, w-1, t.text, lines[p.dump+i])
	}
}

// MouseHandler selects.
func (p *detailPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		_, my := ev.Position()
		switch action {
		case tview.MouseScrollUp:
			p.move(p.row - 3)
		case tview.MouseScrollDown:
			p.move(p.row + 3)
		case tview.MouseLeftClick:
			if at := p.top + my - p.bodyY; at >= 0 && at < len(p.lines) && my-p.bodyY < p.rows && p.lines[at].item >= 0 {
				for at > 0 && !p.lines[at].begins {
					at--
				}
				p.row = at
			}
		default:
			return false, nil
		}
		return true, nil
	})
}
