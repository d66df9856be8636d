package tui

import (
	"scry/capture"
	"scry/capture/event"
	"scry/chisels"
	"scry/filter"
)

// listFeed is a view that lists events, live: it keeps them, so that they can be looked at. It belongs to the goroutine of the engine.
type listFeed struct {
	heir
	spec   *chisels.Spec
	env    *chisels.Env
	where  *filter.Filter
	view   chisels.Viewer
	key    string // the filter, as text
	demand capture.Demand
	kept   *memory
	stale  bool  // it was paused
	err    error // sticky
}

func newListFeed(s *chisels.Spec, env *chisels.Env, where *filter.Filter) (*listFeed, error) {
	v, err := chisels.OpenView(s, env, where)
	if err != nil {
		return nil, err
	}
	own, err := filter.Compile(s.Filter, env.Options)
	if err != nil {
		return nil, err
	}
	all, err := newDigFeed(env, filter.And(own, where)) // for what it needs of the kernel: all that can be said of an event
	if err != nil {
		return nil, err
	}
	return &listFeed{spec: s, env: env, where: where, view: v, key: where.String(), demand: v.Demand().Or(all.demand), kept: newMemory()}, nil
}

// Event keeps what makes a row.
func (f *listFeed) Event(ev *event.Event) (bool, error) {
	if f.err != nil {
		return false, f.err
	}
	ok, err := f.view.Event(ev)
	if ok {
		f.kept.add(ev)
	}
	return ok, err
}

// paused lets the events go: resumed begins anew.
func (f *listFeed) paused() {
	f.kept.drop()
	f.stale = true
}

// resumed begins anew: a list with a hole would not show it.
func (f *listFeed) resumed() {
	if !f.stale && len(f.kept.chunks) == 0 {
		return
	}
	f.stale = false
	f.kept.drop()
	f.view, f.err = chisels.OpenView(f.spec, f.env, f.where)
}

// refilter takes the events of another list, which was for another filter, when none that belong here are missing there.
func (f *listFeed) refilter(old *listFeed, host *event.Host) {
	if !implies(f.key, old.key) {
		return
	}
	f.of, f.kept.gone = old, old.kept.gone
	old.kept.each(func(l *liveEvent) {
		if ev, err := l.restore(host); err == nil && f.err == nil {
			_, f.err = f.Event(ev)
		}
	})
}

// filtered is the filter that it was made for.
func (f *listFeed) filtered() string { return f.key }

// needs is what it asks the kernel for.
func (f *listFeed) needs() capture.Demand { return f.demand }

// Finish has nothing to end.
func (f *listFeed) Finish() error { return nil }

// take is what there is.
func (f *listFeed) take(ts uint64, ended bool) any {
	if ended {
		return f.view.Result(ts)
	}
	return f.view.Peek(ts)
}

// listEvents is a view that lists events, as the detail pane goes along it.
type listEvents struct{ *tablePane }

// target is the event of the row at a place.
func (l listEvents) target(place int) target {
	r := &l.frame.Rows[l.rows[place]]
	return target{num: r.Num, ts: r.TS}
}

func (l listEvents) near(n int) (list []target) {
	for i := max(l.row-n, 0); i < min(l.row+n+1, len(l.rows)); i++ {
		list = append(list, l.target(i))
	}
	return list
}

func (l listEvents) current() target {
	if l.row >= len(l.rows) {
		return target{}
	}
	return l.target(l.row)
}

func (l listEvents) place() int { return l.row }

func (l listEvents) whole() *status { return l.read }

func (l listEvents) hold() { l.tail = false }

// live is where the events of the rows are, and what has to go on meanwhile.
func (l listEvents) live(env *chisels.Env, where *filter.Filter) (func(target) *liveEvent, []sink, error) {
	list, err := l.sinks(env, where)
	return func(t target) *liveEvent { return l.feed.kept.find(t.num) }, list, err
}

// openEvent shows the event of the selected row of a list.
func (p *tablePane) openEvent() {
	if len(p.rows) == 0 {
		return
	}
	p.tail = false
	p.app.push(&level{pane: newDetailPane(p.app, listEvents{p}), name: "Event", where: p.app.top().where})
}

// lists tells that each row of the view is an event.
func (p *tablePane) lists() bool { return p.spec.Kind == chisels.KindList }
