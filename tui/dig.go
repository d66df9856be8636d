package tui

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unsafe"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/chisels"
	"scry/filter"
)

// Panes that are no view of the catalog.
const (
	digView  = "dig"
	echoView = "echo"
)

// eventPane makes the panes of events; nil for other names.
func (a *app) eventPane(id string) pane {
	switch id {
	case digView:
		return newDigPane(a)
	case echoView:
		return newEchoPane(a)
	}
	return nil
}

// eventOffers are those panes in the picker.
func eventOffers() []offer {
	return []offer{
		{digView, "Events", "The events one by one, as scry prints them: number, time, CPU, process, direction, call and arguments. Enter shows all that is known of one; " +
			"T changes how times are told.\n\nThe newest hundred thousand are kept.\n\nid: " + digView},
		{echoView, "Data", "What calls read and wrote, as far as it was recorded. x changes between text, dots and hexadecimal; c shows the selected descriptor alone, as a " +
			"conversation.\n\nLive, 2000 bytes of each call are recorded, unless -s says otherwise.\n\nid: " + echoView},
	}
}

// selector is a pane with a selected row that leads to its events.
type selector interface {
	step() (*chisels.Step, string, error)
}

// chosen is what the selection stands for: its events, and its name. Without a selection it is all that the level has.
func (a *app) chosen() (*filter.Filter, string, error) {
	l := a.top()
	s, ok := l.pane.(selector)
	if !ok {
		return l.where, "", nil
	}
	switch step, name, err := s.step(); {
	case err != nil:
		return nil, "", err
	case step == nil:
		return l.where, "", nil
	default:
		return step.Filter, name, nil
	}
}

// goView shows another view, of the selection.
func (a *app) goView(id string) {
	where, name, err := a.chosen()
	var p pane
	if err == nil {
		p, err = a.newPane(id)
	}
	if err != nil {
		a.say(true, "%v", err)
		return
	}
	a.push(&level{pane: p, name: strings.TrimSpace(a.title(id) + " " + name), where: where})
}

// goEvents shows the events of the selection, in one of the panes that do so.
func (a *app) goEvents(id string) {
	if p, ok := a.top().pane.(interface{ events() bool }); ok && id == digView && p.events() {
		return // the pane knows better
	}
	where, name, err := a.chosen()
	if err != nil {
		a.say(true, "%v", err)
		return
	}
	a.push(&level{pane: a.eventPane(id), name: strings.TrimSpace(a.title(id) + " " + name), where: where})
}

// answered is what a pane keeps of a capture that it has read, so that nothing is read again when the user comes back to it.
type answered struct {
	asked string
	done  *status
}

// kept is the status of what is there when it is the answer; nil: it has to be read.
func (k *answered) kept(request string) *status {
	if k.asked != request {
		k.asked, k.done = request, nil
	}
	return k.done
}

// whole is the status of the whole capture, nil when it was not read to its end.
func (k *answered) whole() *status { return k.done }

func (k *answered) note(st *status) {
	if st.done && !st.live && st.err == nil {
		c := *st
		k.done = &c
	}
}

// timeMode says how the times of events are told.
type timeMode int

const (
	clockTimes timeMode = iota
	startTimes          // since the first event
	stepTimes           // since the line before
	timeModes
)

// digPane lists events.
type digPane struct {
	*tview.Box
	answered
	app   *app
	feed  *digFeed // of the goroutine of the engine
	list  *dug
	text  string // that rows have to have
	some  []int  // sequence numbers of the rows that have it
	upTo  int    // sequence number up to which they were looked at
	at    int    // sequence number of the selected row
	top   int    // place of the first row on the screen
	tail  bool   // the last row is selected, whatever comes
	left  int    // cells of the arguments that are scrolled out
	times timeMode
	first uint64 // time of the first event
	empty string
	rows  int // lines for rows, when it was drawn last
	bodyY int
	names int // widths so far, so that columns do not dance
	types int
	past  *spectroPane // whose events are listed, live; nil: those that come
	from  uint64       // with past: the moment where they begin
}

func newDigPane(a *app) *digPane { return &digPane{Box: tview.NewBox(), app: a, list: &dug{}} }

// sinks makes the list. Live, it goes on as long as its filter stays.
func (p *digPane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	if f := p.feed; f == nil || !env.Live || f.key != where.String() {
		f, err := newDigFeed(env, where)
		if err != nil {
			return nil, err
		}
		p.feed = f
		if p.past != nil {
			f.recall(p.past.feed.kept, env.Tables.Host())
		}
	}
	if p.past != nil {
		list, err := p.past.sinks(env, p.past.feed.where)
		return append([]sink{{chisel: constant{}, take: p.feed.take}}, list...), err
	}
	return []sink{{chisel: p.feed, demand: p.feed.demand, take: p.feed.take}}, nil
}

// live is where the events of the list are, and what has to go on meanwhile.
func (p *digPane) live(env *chisels.Env, where *filter.Filter) (func(target) *liveEvent, []sink, error) {
	list, err := p.sinks(env, where)
	return func(t target) *liveEvent { return p.feed.live(t.seq) }, list, err
}

// update shows what was added.
func (p *digPane) update(payloads []any, st *status) {
	d := payloads[0].(*dug)
	if p.past != nil {
		p.past.update(payloads[1:], st)
	}
	if d.feed != p.list.feed {
		p.some, p.upTo, p.at, p.top, p.first = nil, 0, 0, 0, st.first
		p.tail = st.live && p.past == nil
	}
	p.list = d
	if p.first == 0 && d.n > 0 {
		r, _ := d.row(0)
		p.first = r.ts
	}
	p.pick()
	if n := p.count(); p.tail && n > 0 {
		p.at = p.seq(n - 1)
	}
	p.note(st)
	switch {
	case p.text != "":
		p.empty = fmt.Sprintf("No event has the text %q\nEsc shows all %s", p.text, count(uint64(d.n)))
	case p.past != nil:
		p.empty = "None of these events are kept any more\nonly the newest are"
	default:
		p.empty = p.app.nothing(st, "events")
	}
}

// pick finds the rows that have the text, among those that are new.
func (p *digPane) pick() {
	d := p.list
	if p.text == "" {
		return
	}
	gone := sort.SearchInts(p.some, d.first)
	p.some = p.some[gone:]
	for seq := max(p.upTo, d.first); seq < d.first+d.n; seq++ {
		if _, text := d.row(seq - d.first); hasFold(text, p.text) {
			p.some = append(p.some, seq)
		}
	}
	p.upTo = d.first + d.n
}

// hasFold tells whether a text has another one, which is in lower case, if the case of ASCII letters does not matter.
func hasFold(text []byte, want string) bool {
	for i := 0; i+len(want) <= len(text); i++ {
		k := 0
		for k < len(want) && lower(text[i+k]) == want[k] {
			k++
		}
		if k == len(want) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// count is how many rows there are to show.
func (p *digPane) count() int {
	if p.text != "" {
		return len(p.some)
	}
	return p.list.n
}

// seq is the sequence number of the row at a place.
func (p *digPane) seq(place int) int {
	if p.text != "" {
		return p.some[place]
	}
	return p.list.first + place
}

// place is where the selected row is; the nearest one when it went.
func (p *digPane) place() int {
	i := p.at - p.list.first
	if p.text != "" {
		i = sort.SearchInts(p.some, p.at)
	}
	return max(min(i, p.count()-1), 0)
}

// rowAt is the row at a place.
func (p *digPane) rowAt(place int) (*dugRow, []byte) { return p.list.row(p.seq(place) - p.list.first) }

// move selects the row at another place.
func (p *digPane) move(to int) {
	n := p.count()
	if n == 0 {
		return
	}
	to = max(min(to, n-1), 0)
	p.at, p.tail = p.seq(to), to == n-1
}

// hold keeps the selected row.
func (p *digPane) hold() { p.tail = false }

func (p *digPane) id() string { return digView }

func (p *digPane) dress(*theme) {}

// summary is where in the list the selection is, and what was left out of it.
func (p *digPane) summary() string {
	d := p.list
	if d.n == 0 {
		return ""
	}
	text := fmt.Sprintf("event %s of %s", count(uint64(p.place()+1)), count(uint64(p.count())))
	if p.text != "" {
		text += fmt.Sprintf(" with %q", p.text)
	}
	if d.first > 0 {
		text += fmt.Sprintf(", %s older ones left out", count(uint64(d.first)))
	}
	if p.past != nil && d.since >= p.from {
		text += ", none kept before " + time.Unix(0, int64(d.since)).In(p.app.zone()).Format("15:04:05.000")
	}
	return text
}

// find selects the next row with a text.
func (p *digPane) find(text string, step int, here bool) bool {
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
		r, b := p.rowAt(i)
		if hasFold(b, text) || fmt.Sprint(r.num) == text {
			p.move(i)
			return true
		}
	}
	return false
}

// narrow leaves the rows that have a text.
func (p *digPane) narrow(text string) {
	p.text, p.some, p.upTo = strings.ToLower(text), nil, 0
	p.pick()
	p.tail = p.tail && p.count() > 0
}

func (p *digPane) narrowed() string { return p.text }

// listKeys are the keys that move in a list: the selected one of n, a page long.
func listKeys(at, page, n func() int, move func(int)) []*binding {
	return []*binding{
		{[]string{"Up", "k"}, "", "the line above", func() { move(at() - 1) }},
		{[]string{"Down", "j"}, "", "the line below", func() { move(at() + 1) }},
		{[]string{"PgUp", "Ctrl-B"}, "", "a page up", func() { move(at() - page()) }},
		{[]string{"PgDn", " "}, "", "a page down", func() { move(at() + page()) }},
		{[]string{"Home", "g"}, "", "the first line", func() { move(0) }},
		{[]string{"End", "G"}, "", "the last line; the list follows what comes from there", func() { move(n() - 1) }},
	}
}

// keys are those of the list.
func (p *digPane) keys() []*binding {
	list := []*binding{
		{[]string{"Enter"}, "Detail", "all that is known of the selected event", p.open},
		{[]string{"T"}, "Times", "times of the clock, since the first event, or since the line before", func() { p.times = (p.times + 1) % timeModes }},
		{[]string{"Left"}, "", "the arguments to the left", func() { p.left = max(p.left-16, 0) }},
		{[]string{"Right"}, "", "the arguments to the right", func() { p.left = min(p.left+16, maxDugText) }},
		{[]string{"\\"}, "", "leave only the events that have a text", p.app.editNarrow},
		{[]string{"F6", "d"}, "", "these are the events", func() {}},
	}
	if p.text != "" {
		list = append(list, &binding{[]string{"Esc"}, "All", "events with other texts as well", func() { p.narrow("") }})
	}
	return append(list, listKeys(p.place, func() int { return max(p.rows, 1) }, p.count, p.move)...)
}

// open shows the selected event.
func (p *digPane) open() {
	if p.count() == 0 {
		return
	}
	if r, text := p.rowAt(p.place()); r.tone == toneGap {
		p.app.say(false, "%s", strings.Trim(alias(text), "- "))
		return
	}
	p.tail = false
	p.app.push(&level{pane: newDetailPane(p.app, p), name: "Event", where: p.app.top().where})
}

// command prints the list: the lines of scry without a chisel.
func (p *digPane) command() []string { return p.app.containerOption() }

// containerOption is -pc or -pk when that was given.
func (a *app) containerOption() []string {
	switch {
	case a.o.Env.Kubernetes:
		return []string{"-pk"}
	case a.o.Env.Containers:
		return []string{"-pc"}
	}
	return nil
}

// Draw draws the rows.
func (p *digPane) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.GetInnerRect()
	fill(screen, x, y, w, t.headList)
	p.rows, p.bodyY = max(h-1, 1), y+1
	n := p.count()
	if n == 0 || h < 2 {
		drawNothing(screen, x, y, w, h, t, p.empty)
		return
	}
	at := p.place()
	p.top = max(min(p.top, at, n-p.rows), at-p.rows+1, 0)
	last := min(p.top+p.rows, n)
	numbers := 5
	p.names, p.types = max(p.names, 13), max(p.types, 6)
	for i := p.top; i < last; i++ {
		r, b := p.rowAt(i)
		if r.tone != toneGap {
			p.names = max(p.names, min(cells(b[:r.who]), 40, w/3))
			p.types = max(p.types, min(cells(b[min(r.who+3, r.kind):r.kind]), 16))
		}
		numbers = max(numbers, len(fmt.Sprint(r.num)))
	}
	p.names = min(p.names, max(w/3, 12))
	cols := p.layout(x, w, numbers)
	for i, title := range []string{"EVENT", [...]string{"TIME", "SINCE START", "SINCE LINE"}[p.times], "CPU", "PROCESS (TID)", "", "CALL", "ARGUMENTS"} {
		put(screen, cols[i].x, y, cols[i].w, t.headList, title)
	}
	for i := p.top; i < last; i++ {
		p.drawRow(screen, x, y+1+i-p.top, w, i, i == at, cols)
	}
}

// span is where a column is on a line.
type span struct{ x, w int }

// layout places the columns: number, time, CPU, process, direction, type, arguments.
func (p *digPane) layout(x, w, numbers int) (cols [7]span) {
	times := 18
	if p.times == clockTimes && w < 100 {
		times = 15
	}
	widths := [7]int{numbers, times, 3, p.names, 1, p.types, 0}
	if w < 60 {
		widths[0], widths[2] = 0, 0
	}
	end := x + w
	for i, n := range widths {
		n = min(n, max(end-x, 0))
		if i == 6 {
			n = max(end-x, 0)
		}
		cols[i] = span{x, n}
		if n > 0 {
			x += n + 1
		}
	}
	return cols
}

// drawRow draws one event.
func (p *digPane) drawRow(screen tcell.Screen, x, y, w, place int, chosen bool, cols [7]span) {
	t := p.app.theme
	r, b := p.rowAt(place)
	text, dim, own := t.text, t.dim, t.tone(r.tone)
	if chosen {
		text, dim, own = t.selected, t.selected, t.selected
	}
	fill(screen, x, y, w, text)
	if r.tone == toneGap {
		put(screen, x, y, w, own, alias(b))
		return
	}
	putRight(screen, cols[0].x, y, cols[0].w, dim, fmt.Sprint(r.num))
	put(screen, cols[1].x, y, cols[1].w, dim, p.timeOf(place, r, cols[1].w))
	putRight(screen, cols[2].x, y, cols[2].w, dim, fmt.Sprint(r.cpu))
	put(screen, cols[3].x, y, cols[3].w, text, alias(b[:r.who]))
	rest := b[r.who:r.kind]
	if len(rest) > 3 {
		put(screen, cols[4].x, y, cols[4].w, dim, alias(rest[1:2]))
		put(screen, cols[5].x, y, cols[5].w, own, alias(rest[3:]))
	}
	args := strings.TrimPrefix(alias(b[r.kind:]), " ")
	style := text
	if r.tone == toneFailed {
		style = own
	}
	put(screen, cols[6].x, y, cols[6].w, style, behind(args, p.left))
}

// behind is a text without its first cells.
func behind(s string, n int) string {
	for state := -1; n > 0 && s != ""; {
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		n -= w
	}
	return s
}

// timeOf is the time of an event as the list tells it.
func (p *digPane) timeOf(place int, r *dugRow, width int) string {
	from := p.first
	switch p.times {
	case clockTimes:
		text := time.Unix(0, int64(r.ts)).In(p.app.zone()).Format("15:04:05.000000000")
		return text[:min(width, len(text))]
	case stepTimes:
		if from = r.ts; place > 0 {
			before, _ := p.rowAt(place - 1)
			from = before.ts
		}
	}
	return seconds(int64(r.ts - from))
}

// seconds is a length of time in ns, in seconds.
func seconds(ns int64) string {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%09d", sign, ns/1e9, ns%1e9)
}

// tone is the style of what an event is about.
func (t *theme) tone(n tone) tcell.Style {
	switch n {
	case toneRead:
		return t.read
	case toneWrite:
		return t.write
	case toneNet:
		return t.accent
	case toneProcess:
		return t.good
	case toneSignal:
		return t.warn
	case toneFailed, toneGap:
		return t.bad
	}
	return t.text
}

// cells is how wide a text is.
func cells(b []byte) int { return uniseg.StringWidth(alias(b)) }

// alias is b as a string that shares its memory: of a list, which nobody writes to.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// drawNothing says why there is nothing.
func drawNothing(screen tcell.Screen, x, y, w, h int, t *theme, text string) {
	for i, line := range strings.Split(text, "\n") {
		n := min(uniseg.StringWidth(line), w)
		if at := y + h/3 + i; at < y+h {
			style := t.dim
			if i == 0 {
				style = t.strong
			}
			put(screen, x+(w-n)/2, at, w-(w-n)/2, style, line)
		}
	}
}

// MouseHandler selects and opens.
func (p *digPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		_, my := ev.Position()
		switch action {
		case tview.MouseScrollUp:
			p.move(p.place() - 3)
		case tview.MouseScrollDown:
			p.move(p.place() + 3)
		case tview.MouseScrollLeft:
			p.left = max(p.left-16, 0)
		case tview.MouseScrollRight:
			p.left = min(p.left+16, maxDugText)
		case tview.MouseLeftClick, tview.MouseLeftDoubleClick:
			if at := p.top + my - p.bodyY; my >= p.bodyY && at < p.count() {
				p.move(at)
				if action == tview.MouseLeftDoubleClick {
					p.open()
				}
			}
		default:
			return false, nil
		}
		return true, nil
	})
}

// near are the events around the selected one that are worth to be known with it, the selected one first.
func (p *digPane) near(n int) (list []target) {
	at := p.place()
	for i := max(at-n, 0); i < min(at+n+1, p.count()); i++ {
		if r, _ := p.rowAt(i); r.tone != toneGap {
			list = append(list, target{seq: p.seq(i), num: r.num, ts: r.ts})
		}
	}
	return slices.Clip(list)
}

// current is the selected event.
func (p *digPane) current() target {
	if p.count() == 0 {
		return target{}
	}
	i := p.place()
	r, _ := p.rowAt(i)
	return target{seq: p.seq(i), num: r.num, ts: r.ts}
}
