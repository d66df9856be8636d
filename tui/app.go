// Package tui is the full-screen interface. Three goroutines share the work: the library's loop owns the screen and all widgets, the engine owns the events and
// the tables, and a courier takes results from one to the other, only ever the newest. The screen never looks at a table, the engine never at the screen.
package tui

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"scry/capture"
	"scry/capture/proc"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// Options say what the interface shows first, and of what.
type Options struct {
	View     string          // id of the first view; "" is the overview, or what the Prefs say
	Sort     int             // number of the shown column that it is sorted by; negative: its own order
	Read     []string        // captures; none: live
	Filter   string          // of the user
	Limit    uint64          // events after which it is enough; 0: none
	Fields   *fields.Options // how values are shown
	Env      chisels.Env     // of all views
	Catalog  *chisels.Catalog
	Interval time.Duration // between two looks at a live machine
	Prefs    *Prefs
	NoColor  bool
	Version  string
	// Attach starts to record what is asked for; a tick comes that often.
	Attach func(capture.Demand, time.Duration) (Source, error)
	// Load is how busy the machine is, live; nil: nobody knows.
	Load func() (*proc.Load, error)
	// Screen is a screen to draw on instead of the terminal.
	Screen tcell.Screen
}

// app is the interface at work. All of it belongs to the goroutine of the library's loop.
type app struct {
	o      *Options
	tv     *tview.Application
	screen tcell.Screen
	theme  *theme
	engine *engine
	post   *courier
	views  []*chisels.Spec

	pages     *tview.Pages
	desk      *desk
	overlay   tview.Primitive // that has the keys; nil: none
	stack     []*level
	visited   [][]*level // what was shown before, and after "["
	at        int        // in visited
	user      *filter.Filter
	text      string // of that
	id        int    // of the last request
	status    status
	paused    bool
	held      *update           // the newest one that came while paused
	typed     []*tcell.EventKey // before there was anything that they could be for
	note      string            // said in the footer
	noteBad   bool
	noteEnd   time.Time
	clock     *time.Ticker // runs while there is a note or a recording
	mouse     bool
	search    string                // what was looked for last
	trying    bool                  // a filter is being typed
	values    map[string][]string   // that fields have, to complete it with
	recording *recording            // a capture that is being written; nil: none
	saving    sync.WaitGroup        // screens that are being saved
	failed    atomic.Pointer[error] // with which the program ends
	leave     func()                // ends the interface
	sleep     func()                // stops the process, until it is told to go on
	launch    func(*exec.Cmd) error // runs a program that the user asked for
	place     func(string) string   // where a file of that name is written
	shielded  atomic.Bool           // interrupts are for the command that has the terminal
}

// level is one step of a drill-down.
type level struct {
	pane     pane
	name     string         // of the step, in the crumbs
	where    *filter.Filter // the events of the step; nil: all
	from, to chisels.Bound
	shown    bool // the engine has told something of it
}

// pane is what fills the middle of the screen: a table, events, graphs.
type pane interface {
	tview.Primitive
	// sinks makes what the engine shall feed, for the events that where leaves.
	sinks(env *chisels.Env, where *filter.Filter) ([]sink, error)
	// update shows results: what the sinks gave, in their order.
	update(payloads []any, st *status)
	// keys are the bindings that are valid in the pane now.
	keys() []*binding
	// summary says what is shown, in a few words.
	summary() string
	// id is the view, for the command line and the picker.
	id() string
	// dress changes the colours.
	dress(*theme)
	// find selects the next or the previous thing that has a text, from the selected one on or behind it.
	find(text string, step int, here bool) bool
}

// courier takes the newest update to the screen's goroutine.
type courier struct {
	mu      sync.Mutex
	waiting *update
	queue   chan struct{}
}

func (c *courier) put(u update) {
	c.mu.Lock()
	if w := c.waiting; w != nil && w.id == u.id && u.payloads == nil {
		u.payloads = w.payloads
	}
	c.waiting = &u
	c.mu.Unlock()
	select {
	case c.queue <- struct{}{}:
	default:
	}
}

func (c *courier) take() *update {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.waiting
	c.waiting = nil
	return u
}

// Run shows the interface until the user leaves it. What is wrong with the options is told before the screen is touched.
func Run(o Options) error {
	a, err := newApp(&o)
	if err != nil {
		return err
	}
	screen := o.Screen
	if screen == nil {
		if screen, err = openScreen(); err != nil {
			return err
		}
	}
	return a.run(screen)
}

// FilterError is an error of the filter that the interface shall begin with.
type FilterError struct{ err error }

func (e *FilterError) Error() string { return e.err.Error() }
func (e *FilterError) Unwrap() error { return e.err }

// newApp checks the options and makes everything but the screen.
func newApp(o *Options) (*app, error) {
	if slices.Contains(o.Read, "-") {
		return nil, errors.New("a capture that comes through a pipe cannot be looked at twice: write it to a file, and give that with -r")
	}
	a := &app{o: o, tv: tview.NewApplication(), mouse: true, clock: time.NewTicker(time.Second)}
	a.leave, a.sleep, a.launch, a.place = a.tv.Stop, stopProcess, (*exec.Cmd).Run, filepath.Clean
	if o.Prefs == nil {
		o.Prefs = &Prefs{}
	}
	if o.Prefs.Mouse != nil {
		a.mouse = *o.Prefs.Mouse
	}
	a.theme = newTheme(cmp.Or(map[bool]string{true: "monochrome"}[o.NoColor], o.Prefs.Theme, "default"))
	if strings.TrimSpace(o.Filter) != "" {
		f, err := filter.Compile(o.Filter, o.Fields)
		if err != nil {
			return nil, &FilterError{err}
		}
		a.user, a.text = f, o.Filter
	}
	a.views, _ = o.Catalog.Views()
	first, err := a.newPane(cmp.Or(o.View, o.Prefs.View, defaultView))
	if err != nil && o.View == "" { // what the Prefs say is not worth to end for
		first, err = a.newPane(defaultView)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range o.Read {
		f, err := capture.Open(name, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f.Close()
	}
	if p, ok := tableOf(first); ok && o.View != "" {
		p.first = o.Sort
	}
	a.post = &courier{queue: make(chan struct{}, 1)}
	a.engine = newEngine(o, a.post.put, a.fail)
	a.desk = newDesk(a)
	a.pages = tview.NewPages().AddPage("desk", a.desk, true, true)
	a.stack = []*level{{pane: first, name: a.title(first.id())}}
	return a, nil
}

// defaultView is the first view when nobody says which.
const defaultView = overviewView

// openScreen opens the terminal. A terminal that no database knows is taken for an xterm, as nearly all are.
func openScreen() (tcell.Screen, error) {
	s, err := tcell.NewScreen()
	if err != nil { // no such terminal, or infocmp said so, which tcell asks when it does not know it
		ti, e := tcell.LookupTerminfo("xterm-256color")
		if e != nil {
			return nil, err
		}
		tty, e := tcell.NewDevTty()
		if e != nil {
			return nil, e
		}
		s, err = tcell.NewTerminfoScreenFromTtyTerminfo(tty, ti)
	}
	if err != nil {
		return nil, noTerminal(err)
	}
	return s, nil
}

// noTerminal says what the interface cannot do without.
func noTerminal(err error) error {
	return fmt.Errorf("the full-screen interface needs a terminal; scry -r FILE prints the events (%w)", err)
}

// run owns the screen until the user leaves.
func (a *app) run(screen tcell.Screen) (err error) {
	if err := screen.Init(); err != nil {
		return noTerminal(err)
	}
	a.screen = screen
	a.theme.dress()
	a.tv.SetScreen(&canvas{Screen: screen}).EnableMouse(a.mouse).EnablePaste(true).SetRoot(a.pages, true).SetInputCapture(a.capture)
	go a.engine.run()
	done := make(chan struct{})
	go a.deliver(done)
	go a.heedSignals(done)
	if note := firstLine(a.o.Prefs.mistake(a)); note != "" {
		a.say(true, "%s", note)
	}
	a.activate()
	err = a.tv.Run()
	close(done)
	a.engine.close()
	a.saving.Wait()
	if e := a.endRecording(); err == nil {
		err = e
	}
	if e := a.failed.Load(); e != nil {
		return *e
	}
	return err
}

// deliver brings updates to the screen, and the clock when something waits for it.
func (a *app) deliver(done <-chan struct{}) {
	defer a.clock.Stop()
	for {
		select {
		case <-done:
			return
		case <-a.post.queue:
			if u := a.post.take(); u != nil {
				a.tv.QueueUpdateDraw(func() { a.receive(u) })
			}
		case <-a.clock.C:
			a.tv.QueueUpdate(func() {
				over := a.note != "" && time.Now().After(a.noteEnd)
				if over {
					a.note = ""
				}
				if over || a.recording != nil {
					a.tv.ForceDraw()
				} else if a.note == "" {
					a.clock.Stop()
				}
			})
		}
	}
}

// fail ends the interface with an error, from any goroutine.
func (a *app) fail(err error) {
	a.failed.CompareAndSwap(nil, &err)
	a.tv.Stop()
}

// receive takes an update of the engine.
func (a *app) receive(u *update) {
	if u.id != a.id {
		return // of what is not shown any more
	}
	if a.paused && u.payloads != nil {
		a.held = u
		a.status = u.status
		return
	}
	a.status = u.status
	if u.status.values != nil {
		a.values = u.status.values
	}
	if u.status.err != nil {
		a.say(true, "%v", u.status.err)
	}
	if u.payloads != nil {
		a.top().pane.update(u.payloads, &a.status)
	}
	if u.payloads != nil || u.status.done {
		a.top().shown = true
		a.retype()
	}
}

// top is the level that is shown.
func (a *app) top() *level { return a.stack[len(a.stack)-1] }

// say puts a line into the footer.
func (a *app) say(bad bool, format string, args ...any) {
	a.note, a.noteBad, a.noteEnd = firstLine(fmt.Sprintf(format, args...)), bad, time.Now().Add(8*time.Second)
	a.clock.Reset(time.Second)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// activate asks the engine for what the top level shows.
func (a *app) activate() {
	l := a.top()
	a.id++
	if a.paused {
		a.say(false, "the screen is not held any more: p holds this one")
	}
	a.paused, a.held = false, nil
	a.status = status{cpu: -1, live: len(a.o.Read) == 0, reading: len(a.o.Read) > 0}
	where := filter.And(l.where, a.user)
	if a.overlay == nil {
		a.tv.SetFocus(a.desk)
	}
	if k, ok := l.pane.(interface{ kept(string) *status }); ok && !a.status.live {
		if st := k.kept(fmt.Sprint(where.String(), l.from, l.to)); st != nil { // it was read already
			a.status, l.shown = *st, true
			a.engine.show(&request{sinks: func(*chisels.Env) ([]sink, error) { return nil, errEnough }})
			return
		}
	}
	if g, ok := l.pane.(interface{ try(bool) }); ok {
		g.try(a.trying)
	}
	r := &request{id: a.id, from: l.from, to: l.to}
	rec := a.recording
	if !a.status.live {
		rec = nil // it reads the files itself
	}
	r.sinks = func(env *chisels.Env) ([]sink, error) {
		list, err := l.pane.sinks(env, where)
		if rec != nil {
			list = append(list, rec.sink(env))
		}
		return list, err
	}
	if p, ok := l.pane.(interface{ once() bool }); ok {
		r.once = p.once()
	}
	if a.status.live {
		r.interval = a.o.Interval
	}
	if s, ok := l.pane.(interface{ stepped() time.Duration }); ok {
		r.interval = cmp.Or(s.stepped(), r.interval)
	}
	a.engine.show(r)
}

// newPane makes the pane of a view.
func (a *app) newPane(id string) (pane, error) {
	if p := a.eventPane(id); p != nil {
		return p, nil
	}
	if id == overviewView {
		return newOverviewPane(a), nil
	}
	s, err := a.o.Catalog.View(id)
	if err != nil {
		return nil, err
	}
	if s.Kind == chisels.KindHeat {
		return newSpectroPane(a, s), nil
	}
	if s.Name == talkersView && s.Kind == chisels.KindCode {
		return newMapPane(a, s), nil
	}
	return newTablePane(a, s), nil
}

// title is what the crumbs say of a view.
func (a *app) title(id string) string {
	for _, v := range OwnViews() {
		if v[0] == id {
			return v[1]
		}
	}
	for _, v := range a.views {
		if v.Name == id {
			return v.Title
		}
	}
	return id
}

// push goes a step down.
func (a *app) push(l *level) {
	t := a.top()
	if !l.from.Set && !l.to.Set {
		l.from, l.to = t.from, t.to
	}
	a.visit(append(slices.Clone(a.stack), l))
}

// maxVisited is how far back one can go.
const maxVisited = 50

// visit shows another stack, and remembers it.
func (a *app) visit(stack []*level) {
	if len(a.visited) == 0 {
		a.visited = [][]*level{a.stack}
	}
	a.visited = append(a.visited[:a.at+1:a.at+1], stack)
	if len(a.visited) > maxVisited {
		a.visited = a.visited[len(a.visited)-maxVisited:]
	}
	a.at = len(a.visited) - 1
	a.stack = stack
	a.activate()
}

// up goes to a level above; n is how many are left.
func (a *app) up(n int) {
	if n > 0 && n < len(a.stack) {
		a.visit(slices.Clone(a.stack[:n]))
	}
}

// wander goes through what was shown before.
func (a *app) wander(by int) {
	to := a.at + by
	if to < 0 || to >= len(a.visited) {
		a.say(false, "nothing was shown %s this", map[bool]string{true: "before", false: "after"}[by < 0])
		return
	}
	a.at, a.stack = to, a.visited[to]
	a.activate()
}

// replace shows another view of the same events.
func (a *app) replace(id string) {
	p, err := a.newPane(id)
	if err != nil {
		a.say(true, "%v", err)
		return
	}
	l := *a.top()
	l.pane, l.name, l.shown = p, a.title(id), false
	if l.where != nil && len(a.stack) > 1 {
		l.name = a.top().name
	}
	stack := slices.Clone(a.stack)
	stack[len(stack)-1] = &l
	a.visit(stack)
}

// setFilter is the user's filter from now on; "" is none.
func (a *app) setFilter(text string) error {
	var f *filter.Filter
	if strings.TrimSpace(text) != "" {
		var err error
		if f, err = filter.Compile(text, a.o.Fields); err != nil {
			return err
		}
	}
	a.user, a.text = f, strings.TrimSpace(text)
	a.activate()
	return nil
}

// pause holds the screen, or lets it go on.
func (a *app) pause() {
	a.paused = !a.paused
	if u := a.held; !a.paused && u != nil {
		a.held = nil
		a.receive(u)
	}
}
