package tui

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// echoPane shows the data that calls moved, each below a line that says who moved it; or, of one descriptor, as a conversation.
type echoPane struct {
	*tview.Box
	answered
	app *app
	going[*echoFeed]
	list  *echoes
	chat  bool // one descriptor, as a conversation
	mode  dataMode
	at    int // sequence number of the selected call
	line  int // of that call, the first on the screen
	tail  bool
	text  string // that calls have to have
	some  []int  // sequence numbers of those
	upTo  int
	rows  int
	width int
	bodyY int
	on    []int // the place of the call on each line of the screen
	empty string
	blank map[*echo][]string // lines of calls, for mode and width
}

func newEchoPane(a *app) *echoPane { return &echoPane{Box: tview.NewBox(), app: a, list: &echoes{}} }

// sinks makes the list. Live, it goes on as long as its filter stays.
func (p *echoPane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	err := p.of(where.String(), env.Live, func(old *echoFeed) (*echoFeed, error) {
		f, err := newEchoFeed(env, where)
		if err == nil && old != nil {
			f.refilter(old, env.Tables.Host())
		}
		return f, err
	})
	return p.going.sinks(), err
}

// update shows what was added.
func (p *echoPane) update(payloads []any, st *status) {
	l := payloads[0].(*echoes)
	if l.feed != p.list.feed {
		p.some, p.upTo, p.at, p.line, p.blank = nil, 0, 0, 0, nil
		p.tail = st.live
	}
	p.list = l
	if p.at < l.first {
		p.at, p.line = l.first, 0
	}
	p.pick()
	if n := p.count(); p.tail && n > 0 {
		p.toEnd()
	}
	p.note(st)
	switch {
	case p.text != "":
		p.empty = fmt.Sprintf("No data has the text %q\nEsc shows all", p.text)
	case st.reading:
		p.empty = "Reading the capture\nno data so far"
	case st.live:
		p.empty = "Nothing yet\ndata appear when something is read or written"
	default:
		p.empty = "No call here read or wrote data that was recorded"
	}
}

// pick finds the calls that have the text, among those that are new.
func (p *echoPane) pick() {
	l := p.list
	if p.text == "" {
		return
	}
	for len(p.some) > 0 && p.some[0] < l.first {
		p.some = p.some[1:]
	}
	for seq := max(p.upTo, l.first); seq < l.first+len(l.list); seq++ {
		if p.has(l.list[seq-l.first], p.text) {
			p.some = append(p.some, seq)
		}
	}
	p.upTo = l.first + len(l.list)
}

// has tells whether a text, in lower case, is in the data of a call or in its names.
func (p *echoPane) has(e *echo, text string) bool {
	return hasFold(e.data, text) || strings.Contains(strings.ToLower(e.name+" "+e.comm+" "+e.container), text)
}

// count is how many calls there are to show.
func (p *echoPane) count() int {
	if p.text != "" {
		return len(p.some)
	}
	return len(p.list.list)
}

func (p *echoPane) seq(place int) int {
	if p.text != "" {
		return p.some[place]
	}
	return p.list.first + place
}

// echoAt is the call at a place.
func (p *echoPane) echoAt(place int) *echo { return p.list.list[p.seq(place)-p.list.first] }

// place is where the selected call is.
func (p *echoPane) place() int {
	i := p.at - p.list.first
	if p.text != "" {
		i = sort.SearchInts(p.some, p.at)
	}
	return max(min(i, p.count()-1), 0)
}

// move selects the call at another place.
func (p *echoPane) move(to int) {
	if n := p.count(); n > 0 {
		to = max(min(to, n-1), 0)
		p.at, p.line, p.tail = p.seq(to), 0, false
	}
}

// hold keeps the selection.
func (p *echoPane) hold() { p.tail = false }

// scroll moves by lines.
func (p *echoPane) scroll(by int) {
	n := p.count()
	if n == 0 {
		return
	}
	at := p.place()
	p.line += by
	for p.line < 0 && at > 0 {
		at--
		p.line += p.height(at)
	}
	for p.line >= p.height(at) && at < n-1 {
		p.line -= p.height(at)
		at++
	}
	p.line = max(min(p.line, p.height(at)-1), 0)
	p.at, p.tail = p.seq(at), false
	p.fill()
}

// fill scrolls back when lines would be empty at the end.
func (p *echoPane) fill() {
	n, left := p.count(), p.rows+p.line
	for i := p.place(); i < n; i++ {
		if left -= p.height(i); left <= 0 {
			return
		}
	}
	p.toEnd()
}

// toEnd shows the last lines.
func (p *echoPane) toEnd() {
	at, left := p.count()-1, p.rows
	for {
		left -= p.height(at)
		if left <= 0 || at == 0 {
			break
		}
		at--
	}
	p.at, p.line, p.tail = p.seq(at), max(-left, 0), true
}

// height is how many lines a call takes.
func (p *echoPane) height(place int) int {
	if p.echoAt(place).gap != "" {
		return 1
	}
	n := len(p.lines(p.echoAt(place)))
	if p.headed(place) {
		n++
	}
	return max(n, 1)
}

// headed tells whether a line above the data says who moved it. In a conversation that is so when the speaker changes.
func (p *echoPane) headed(place int) bool {
	if !p.chat || place == 0 {
		return true
	}
	e, before := p.echoAt(place), p.echoAt(place-1)
	if e.gap != "" {
		return false
	}
	return e.asks() != before.asks() || !e.same(before)
}

const maxLaidOut = 2048 // calls whose lines are remembered

// lines are the data of a call.
func (p *echoPane) lines(e *echo) []string {
	l, ok := p.blank[e]
	if !ok {
		if p.blank == nil || len(p.blank) >= maxLaidOut {
			p.blank = map[*echo][]string{}
		}
		w := max(p.width, 20) - 2
		if p.chat {
			w -= p.indent()
		}
		l = dataLines(e.data, p.mode, w)
		if more := e.moved - int64(len(e.data)); more > 0 {
			l = append(l, fmt.Sprintf("… %s more bytes were not recorded", count(uint64(more))))
		}
		p.blank[e] = l
	}
	return l
}

// indent is how far the answers of a conversation stand to the right.
func (p *echoPane) indent() int { return min(max(p.width/8, 4), 16) }

func (p *echoPane) id() string { return echoView }

func (p *echoPane) dress(*theme) {}

// summary is where the selection is, and how data are shown.
func (p *echoPane) summary() string {
	n := p.count()
	if n == 0 {
		return dataModeNames[p.mode]
	}
	text := fmt.Sprintf("call %s of %s", count(uint64(p.place()+1)), count(uint64(n)))
	if p.text != "" {
		text += fmt.Sprintf(" with %q", p.text)
	}
	if p.list.first > 0 {
		text += fmt.Sprintf(", %s older ones left out", count(uint64(p.list.first)))
	}
	return text + ", " + dataModeNames[p.mode]
}

// find selects the next call with a text.
func (p *echoPane) find(text string, step int, here bool) bool {
	n := p.count()
	if n == 0 || text == "" {
		return false
	}
	from := p.place()
	if !here {
		from += step
	}
	text = strings.ToLower(text)
	for k := range n {
		i := ((from+step*k)%n + n) % n
		if p.has(p.echoAt(i), text) {
			p.move(i)
			return true
		}
	}
	return false
}

// narrow leaves the calls that have a text.
func (p *echoPane) narrow(text string) {
	p.text, p.some, p.upTo = strings.ToLower(text), nil, 0
	p.pick()
	if p.line = 0; p.count() > 0 {
		p.at = p.seq(p.place())
	}
}

func (p *echoPane) narrowed() string { return p.text }

// keys are those of the data.
func (p *echoPane) keys() []*binding {
	list := []*binding{
		{[]string{"F2", "x"}, "Text/dots/hex", "how data are shown", p.nextMode},
		{[]string{"c"}, "Conversation", "the selected descriptor alone: who asked what, and who answered", p.converse},
		{[]string{"Enter"}, "Detail", "all that is known of the selected call", p.open},
		{[]string{"Up", "k"}, "", "a line up", func() { p.scroll(-1) }},
		{[]string{"Down", "j"}, "", "a line down", func() { p.scroll(1) }},
		{[]string{"PgUp", "Ctrl-B"}, "", "a page up", func() { p.scroll(-p.rows) }},
		{[]string{"PgDn", " "}, "", "a page down", func() { p.scroll(p.rows) }},
		{[]string{"Left"}, "", "the call before", func() { p.move(p.place() - 1) }},
		{[]string{"Right"}, "", "the next call", func() { p.move(p.place() + 1) }},
		{[]string{"Home", "g"}, "", "the first call", func() { p.move(0) }},
		{[]string{"End", "G"}, "", "the end; what comes is followed from there", func() {
			if p.count() > 0 {
				p.toEnd()
			}
		}},
		{[]string{"\\"}, "", "leave only the calls whose data have a text", p.app.editNarrow},
		{[]string{"F5", "e"}, "", "these are the data", func() {}},
	}
	if p.text != "" {
		list = append(list, &binding{[]string{"Esc"}, "All", "data with other texts as well", func() { p.narrow("") }})
	}
	return list
}

func (p *echoPane) nextMode() {
	p.mode = (p.mode + 1) % dataModes
	p.blank, p.line = nil, 0
}

// step is the descriptor of the selected call.
func (p *echoPane) step() (*chisels.Step, string, error) {
	if p.count() == 0 {
		return nil, "", nil
	}
	e := p.echoAt(p.place())
	if e.gap != "" {
		return nil, "", nil
	}
	return p.app.descriptor(e.pid, e.fd, e.raw)
}

// descriptor leads to the events of one descriptor, of those that the level has.
func (a *app) descriptor(pid, fd int64, name string) (*chisels.Step, string, error) {
	q := a.top().where
	for _, c := range []struct {
		name string
		v    fields.Value
	}{{"proc.pid", fields.Value{Type: fields.Int, Num: uint64(pid)}}, {"fd.num", fields.Value{Type: fields.Int, Num: uint64(fd)}},
		{"fd.name", fields.Value{Type: fields.String, Str: name}}} {
		if c.v.Type == fields.String && name == "" {
			continue
		}
		f, err := fields.New(c.name, "", false, a.o.Fields)
		if err != nil {
			return nil, "", err
		}
		one, err := filter.Equal(f, c.v, a.o.Fields)
		if err != nil {
			return nil, "", err
		}
		q = filter.And(q, one)
	}
	return &chisels.Step{Filter: q}, shorten(string(fields.AppendText(nil, name, lineOptions(a.o.Fields))), 32), nil
}

// shorten is a text of at most n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// converse shows the descriptor of the selected call alone, as a conversation.
func (p *echoPane) converse() {
	if p.chat {
		p.app.say(false, "this is the conversation")
		return
	}
	step, name, err := p.step()
	if err != nil {
		p.app.say(true, "%v", err)
		return
	}
	if step != nil {
		next := newEchoPane(p.app)
		next.chat, next.mode = true, p.mode
		p.app.push(&level{pane: next, name: strings.TrimSpace("Conversation " + name), where: step.Filter})
	}
}

// open shows all of the selected call.
func (p *echoPane) open() {
	if p.count() == 0 {
		return
	}
	if gap := p.echoAt(p.place()).gap; gap != "" {
		p.app.say(false, "%s", strings.Trim(gap, "- "))
	} else {
		p.tail = false
		p.app.push(&level{pane: newDetailPane(p.app, p), name: "Event", where: p.app.top().where})
	}
}

func (p *echoPane) target(place int) target {
	e := p.echoAt(place)
	return target{seq: p.seq(place), num: e.num, ts: e.ts}
}

// live is where the events of the calls are, and what has to go on meanwhile.
func (p *echoPane) live(env *chisels.Env, where *filter.Filter) (func(target) *liveEvent, []sink, error) {
	list, err := p.sinks(env, where)
	return func(t target) *liveEvent { return p.feed.kept.find(t.num) }, list, err
}

// near are the calls around the selected one.
func (p *echoPane) near(n int) (list []target) {
	at := p.place()
	for i := max(at-n, 0); i < min(at+n+1, p.count()); i++ {
		if p.echoAt(i).gap == "" {
			list = append(list, p.target(i))
		}
	}
	return list
}

// current is the selected call.
func (p *echoPane) current() target {
	if p.count() == 0 {
		return target{}
	}
	return p.target(p.place())
}

// command prints the data.
func (p *echoPane) command() []string {
	args := append(p.app.containerOption(), "-c", "echo_fds")
	switch p.mode {
	case hexMode:
		args = append(args, "-X")
	case textMode:
		args = append(args, "-A")
	}
	return args
}

// Draw draws the calls from the selected one on.
func (p *echoPane) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetInnerRect()
	if w != p.width {
		p.width, p.blank = w, nil
	}
	p.rows, p.bodyY, p.on = max(h, 1), y, p.on[:0]
	if p.count() == 0 {
		drawNothing(screen, x, y, w, h, t, p.empty)
		return
	}
	if p.tail {
		p.toEnd()
	}
	skip, line := p.line, 0
	for i := p.place(); i < p.count() && line < h; i++ {
		e := p.echoAt(i)
		if e.gap != "" {
			if skip--; skip < 0 {
				style := t.bad
				if i == p.place() {
					style = t.selected
				}
				fill(screen, x, y+line, w, style)
				put(screen, x, y+line, w, style, e.gap)
				p.on = append(p.on, i)
				line++
			}
			skip = max(skip, 0)
			continue
		}
		if p.headed(i) {
			if skip--; skip < 0 {
				p.drawHead(screen, x, y+line, w, e, i)
				p.on = append(p.on, i)
				line++
			}
		}
		for _, text := range p.lines(e) {
			if skip--; skip >= 0 || line >= h {
				continue
			}
			in := x + 1
			if p.chat && !e.asks() {
				in += p.indent()
			}
			put(screen, in, y+line, x+w-in, p.style(e), text)
			p.on = append(p.on, i)
			line++
		}
		skip = max(skip, 0)
	}
}

// style is the colour of the data of a call.
func (p *echoPane) style(e *echo) tcell.Style {
	if p.chat && e.asks() || !p.chat && !e.read {
		return p.app.theme.write
	}
	return p.app.theme.read
}

// drawHead draws the line above the data.
func (p *echoPane) drawHead(screen tcell.Screen, x, y, w int, e *echo, place int) {
	style := p.style(e).Bold(true)
	if place == p.place() {
		style = p.app.theme.selected
	}
	text := e.head()
	if p.chat {
		text = p.turn(e, place)
		if !e.asks() {
			x, w = x+p.indent(), w-p.indent()
		}
	}
	at := time.Unix(0, int64(e.ts)).In(p.app.zone()).Format("15:04:05.000000")
	fill(screen, x, y, w, style)
	n := put(screen, x, y, w, style, text)
	if w-n > len(at)+2 {
		putRight(screen, x, y, w, style, at)
	}
}

// head says who moved how much, as echo_fds does.
func (e *echo) head() string {
	word, way := "write", "to"
	if e.read {
		word, way = "read", "from"
	}
	text := fmt.Sprintf("%s %s %s %s", word, sizeText(e.moved), way, e.name)
	if e.container != "" {
		text += fmt.Sprintf(" [%s] [%s]", e.container, e.id)
	}
	return text + fmt.Sprintf(" (%s %d)", e.comm, e.pid)
}

// turn says who speaks in a conversation. How long an answer took is counted from the question before it.
func (p *echoPane) turn(e *echo, place int) string {
	one, other := fmt.Sprintf("%s (%d)", e.comm, e.pid), e.peer()
	if e.read {
		one, other = other, one
	}
	if e.asks() {
		return fmt.Sprintf("▶ %s asked %s", one, other)
	}
	text := fmt.Sprintf("◀ %s answered %s", one, other)
	if place > 0 {
		if before := p.echoAt(place - 1); before.gap == "" && before.asks() && e.ts >= before.ts {
			text += fmt.Sprintf(" after %s", time.Duration(e.ts-before.ts).Round(time.Microsecond))
		}
	}
	return text
}

// peer is the other end of the descriptor: of a connection the address there.
func (e *echo) peer() string {
	src, dst, ok := strings.Cut(e.name, "->")
	switch {
	case !ok:
		return e.name
	case e.client:
		return dst
	}
	return src
}

// sizeText is a number of bytes, short.
func sizeText(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%.1fMB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%.1fKB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%dB", n)
}

// MouseHandler selects and opens.
func (p *echoPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		_, my := ev.Position()
		switch action {
		case tview.MouseScrollUp:
			p.scroll(-3)
		case tview.MouseScrollDown:
			p.scroll(3)
		case tview.MouseLeftDoubleClick:
			if at := my - p.bodyY; at >= 0 && at < len(p.on) {
				p.move(p.on[at])
				p.open()
			}
		default:
			return false, nil
		}
		return true, nil
	})
}
