package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"scry/chisels"
	"scry/filter"
)

// overviewView is the first thing that one sees.
const overviewView = "overview"

// overviewDoc is what the picker says of it.
const overviewDoc = "What goes on, at a glance: processors, memory, system calls, errors, network, files, new processes and new connections, each over time and with what there is " +
	"most of. Enter on the head of a box goes to the view behind it, on a row into that.\n\nOf a capture the graphs are over all of its time and the numbers are averages; live, they " +
	"are of the last interval.\n\nid: " + overviewView

// box is a part of the overview.
type box struct {
	title  string
	rows   string // the chisel that makes them
	value  string // column that says how much
	names  []string
	view   string // behind it
	sort   string // the column of that view, "": its own
	gauges []gauge
	unit   string // percent, bytes or count
}

// boxes are in the order in which they are read.
var boxes = []box{
	{"CPU", "overview_processes", "cpu", []string{"command", "pid"}, "procs", "cpu", []gauge{gaugeCPU}, "percent"},
	{"Memory", "overview_processes", "res", []string{"command", "pid"}, "procs", "res", []gauge{gaugeMemory}, "memory"},
	{"System calls", "overview_syscalls", "rate", []string{"syscall"}, "syscalls", "", []gauge{gaugeCalls}, "count"},
	{"Errors", "overview_errors", "count", []string{"call", "error"}, "errors", "", []gauge{gaugeErrors}, "count"},
	{"Network", "overview_connections", "bytes", []string{"conn", "command"}, "connections", "", []gauge{gaugeNetIn, gaugeNetOut}, "bytes"},
	{"Files", "overview_files", "bytes", []string{"file"}, "files", "", []gauge{gaugeRead, gaugeWritten}, "bytes"},
	{"New processes", "overview_commands", "pid", []string{"command"}, "spy_users", "", []gauge{gaugeProcs}, "count"},
	{"New connections", "overview_peers", "count", []string{"process", "port"}, "talkers", "", []gauge{gaugeConns}, "count"},
}

// overviewPane shows them all.
type overviewPane struct {
	*tview.Box
	answered
	app *app
	going[*overviewFeed]
	m      *measured
	frames []*chisels.Frame // of each box, in its order
	rows   [][]int          // of these, that are shown
	box    int              // the selected one
	row    int              // in it; negative: the head
	key    string           // of the row
	places []place          // where the boxes are on the screen
}

// place is where a box is.
type place struct{ x, y, w, h, lines, rowX int }

func newOverviewPane(a *app) *overviewPane {
	return &overviewPane{Box: tview.NewBox(), app: a, row: -1, frames: make([]*chisels.Frame, len(boxes)), rows: make([][]int, len(boxes))}
}

// sinks makes the counters. Live, they go on as long as their filter stays.
func (p *overviewPane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	err := p.of(where.String(), env.Live, func(*overviewFeed) (*overviewFeed, error) {
		machine := p.app.engine
		return newOverviewFeed(env, where, func() *usage { return machine.machine.now })
	})
	return p.going.sinks(), err
}

// update shows what was counted.
func (p *overviewPane) update(payloads []any, st *status) {
	p.m = payloads[0].(*measured)
	p.note(st)
	for i := range boxes {
		b := &boxes[i]
		f := p.m.frames[b.rows]
		col := column(f, b.value)
		list := f.Order.Column < 0
		if !list && f.Order.Column != col {
			f = f.Sorted(col, true)
		}
		p.frames[i], p.rows[i] = f, p.rows[i][:0]
		for r := range f.Rows {
			if list || number(f.Rows[r].Values[col]) > 0 {
				p.rows[i] = append(p.rows[i], r)
			}
		}
	}
	if p.row >= 0 {
		rows, f := p.rows[p.box], p.frames[p.box]
		if at := slices.IndexFunc(rows, func(r int) bool { return rowKey(f, r) == p.key }); at >= 0 {
			p.row = at
		}
		p.row = min(p.row, len(rows)-1)
	}
}

// column is the index of a column, which there is.
func column(f *chisels.Frame, name string) int {
	return slices.IndexFunc(f.Columns, func(c *chisels.ColumnSpec) bool { return c.Name == name })
}

// rowKey finds a row again. In a list they are told apart by what they say.
func rowKey(f *chisels.Frame, row int) string {
	if f.Order.Column >= 0 {
		return f.Key(row)
	}
	return fmt.Sprint(f.Rows[row].Values)
}

func (p *overviewPane) id() string { return overviewView }

func (p *overviewPane) dress(*theme) {}

// command is what prints the view behind the selected box.
func (p *overviewPane) command() []string { return []string{"-c", boxes[p.box].view} }

// summary is what time the graphs are of.
func (p *overviewPane) summary() string {
	if p.m == nil || p.m.seconds == 0 {
		return ""
	}
	text := time.Duration(p.m.seconds * 1e9).Round(time.Second).String()
	if p.m.seconds < 10 {
		text = spanText(uint64(p.m.seconds * 1e9))
	}
	if p.app.status.live {
		return "the last " + text
	}
	return text + " of events"
}

// find selects the next row that has a text.
func (p *overviewPane) find(text string, step int, here bool) bool {
	type spot struct{ box, row int }
	var all []spot
	at := 0
	for b := range boxes {
		for r := range p.rows[b] {
			if b < p.box || b == p.box && r < p.row {
				at++
			}
			all = append(all, spot{b, r})
		}
	}
	if !here && p.row >= 0 {
		at += step
	}
	for k := range all {
		s := all[((at+step*k)%len(all)+len(all))%len(all)]
		if strings.Contains(strings.ToLower(p.rowName(s.box, s.row)), strings.ToLower(text)) {
			p.choose(s.box, s.row)
			return true
		}
	}
	return false
}

// rowName is what a row is called.
func (p *overviewPane) rowName(b, row int) string {
	f := p.frames[b]
	var words []string
	for _, name := range boxes[b].names {
		col := column(f, name)
		words = append(words, f.Text(col, f.Rows[p.rows[b][row]].Values[col], p.app.o.Fields))
	}
	return strings.Join(words, " ")
}

// choose selects a row of a box, -1: its head.
func (p *overviewPane) choose(b, row int) {
	p.box, p.row, p.key = b, min(row, len(p.rows[b])-1), ""
	if p.row >= 0 {
		p.key = rowKey(p.frames[b], p.rows[b][p.row])
	}
}

// shown is how many rows of a box are on the screen.
func (p *overviewPane) shown(b int) int {
	if b >= len(p.places) {
		return 0
	}
	return min(p.places[b].lines, len(p.rows[b]))
}

// columns is how many boxes stand next to each other.
func (p *overviewPane) columns() int {
	n := 0
	for n < len(p.places) && p.places[n].y == p.places[0].y {
		n++
	}
	return max(n, 1)
}

// vertical selects the row above or below, in the next box at the end of one.
func (p *overviewPane) vertical(by int) {
	row := p.row + by
	if row >= -1 && row < p.shown(p.box) {
		p.choose(p.box, row)
		return
	}
	b := p.box + by*p.columns()
	switch {
	case b < 0 || b >= len(boxes):
	case by > 0:
		p.choose(b, -1)
	default:
		p.choose(b, p.shown(b)-1)
	}
}

// next selects another box.
func (p *overviewPane) next(by int) { p.choose((p.box+by+len(boxes))%len(boxes), -1) }

// step is where the selected row leads, nil when none is selected.
func (p *overviewPane) step() (*chisels.Step, string, error) {
	if p.row < 0 || p.row >= len(p.rows[p.box]) {
		return nil, "", nil
	}
	f, row, o := p.frames[p.box], p.rows[p.box][p.row], p.app.o.Fields
	if f.Order.Column < 0 { // a process that began
		pid := f.Text(column(f, "pid"), f.Rows[row].Values[column(f, "pid")], o)
		own, err := filter.Compile("proc.pid="+pid, o)
		s := &chisels.Step{Filter: filter.And(p.app.top().where, own)}
		for _, v := range p.app.views {
			if v.Name == "threads" {
				s.View = v
			}
		}
		return s, pid, err
	}
	s, err := f.Into(row, p.app.views, o)
	if err != nil {
		return nil, "", err
	}
	own, err := f.Drill(row, o)
	if err != nil {
		return nil, "", err
	}
	s.Filter = filter.And(p.app.top().where, own)
	name := []rune(p.rowName(p.box, p.row))
	if len(name) > 32 {
		name = append(name[:31], '…')
	}
	return s, string(name), nil
}

// enter goes to the view behind the selected box, or into the selected row.
func (p *overviewPane) enter() {
	b := &boxes[p.box]
	id, l := b.view, &level{where: p.app.top().where}
	s, name, err := p.step()
	if s != nil && s.View != nil {
		id, l.where = s.View.Name, s.Filter
	}
	if err == nil {
		l.pane, err = p.app.newPane(id)
	}
	if err != nil {
		p.app.say(true, "%v", err)
		return
	}
	if t, ok := tableOf(l.pane); ok && s == nil && b.sort != "" {
		t.sorted, t.sort, t.desc = true, b.sort, true
	}
	l.name = strings.TrimSpace(p.app.title(id) + " " + name)
	p.app.push(l)
}

// keys are those of the overview.
func (p *overviewPane) keys() []*binding {
	return []*binding{
		{[]string{"Enter"}, "Open", "the view behind the box, or into the selected row", p.enter},
		{[]string{"Tab"}, "Next box", "the next box", func() { p.next(1) }},
		{[]string{"Backtab"}, "", "the box before", func() { p.next(-1) }},
		{[]string{"Up", "k"}, "", "the row above", func() { p.vertical(-1) }},
		{[]string{"Down", "j"}, "", "the row below", func() { p.vertical(1) }},
		{[]string{"Left"}, "", "the box to the left", func() { p.next(-1) }},
		{[]string{"Right"}, "", "the box to the right", func() { p.next(1) }},
		{[]string{"Home", "g"}, "", "the first box", func() { p.choose(0, -1) }},
		{[]string{"End", "G"}, "", "the last box", func() { p.choose(len(boxes)-1, -1) }},
		{[]string{"F7", "l"}, "Legend", "what is shown", func() { p.app.read("Overview", overviewDoc) }},
	}
}

// MouseHandler selects and opens.
func (p *overviewPane) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return p.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, setFocus func(tview.Primitive)) (bool, tview.Primitive) {
		mx, my := ev.Position()
		switch action {
		case tview.MouseScrollUp:
			p.vertical(-1)
		case tview.MouseScrollDown:
			p.vertical(1)
		case tview.MouseLeftClick, tview.MouseLeftDoubleClick:
			for i, at := range p.places {
				if mx < at.x || mx >= at.x+at.w || my < at.y || my >= at.y+at.h {
					continue
				}
				row := my - at.y - 1
				if mx < at.rowX || row >= p.shown(i) {
					row = -1
				}
				same := i == p.box && row == p.row // the library takes two clicks for one, wherever they are
				p.choose(i, row)
				if same && action == tview.MouseLeftDoubleClick {
					p.enter()
				}
				break
			}
			setFocus(p)
		default:
			return false, nil
		}
		return true, nil
	})
}
