package tui

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

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

// OwnViews are the views that no spec makes: id and title.
func OwnViews() [][2]string {
	return [][2]string{{overviewView, "Overview"}, {digView, "Events"}, {echoView, "Data"}}
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
	going[*digFeed]
	app   *app
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
	err := p.of(where.String(), env.Live, func(old *digFeed) (*digFeed, error) {
		f, err := newDigFeed(env, where)
		switch {
		case err != nil:
			return nil, err
		case p.past != nil:
			f.recall(p.past.feed.kept, env.Tables.Host())
		case old != nil:
			f.refilter(old, env.Tables.Host())
		}
		return f, nil
	})
	if err != nil || p.past == nil {
		return p.going.sinks(), err
	}
	list, err := p.past.sinks(env, p.past.feed.where)
	return append([]sink{{chisel: constant{}, take: p.feed.take}}, list...), err
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
