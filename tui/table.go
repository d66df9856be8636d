package tui

import (
	"fmt"
	"slices"
	"strings"

	"scry/chisels"
	"scry/filter"
)

// tablePane shows a view as a table.
type tablePane struct {
	*grid
	app              *app
	spec             *chisels.Spec
	read             *status // once the capture was read
	going[*listFeed]         // of a list of events, live
}

func newTablePane(a *app, s *chisels.Spec) *tablePane {
	p := &tablePane{grid: newGrid(a.theme, a.o.Fields), app: a, spec: s}
	p.prefs = a.o.Prefs.of(s.Name)
	p.opened = p.enter
	return p
}

// sinks makes the view. Live, a list of events goes on as long as its filter stays.
func (p *tablePane) sinks(env *chisels.Env, where *filter.Filter) ([]sink, error) {
	if env.Live && p.lists() {
		err := p.of(where.String(), true, func(old *listFeed) (*listFeed, error) {
			f, err := newListFeed(p.spec, env, where)
			if err == nil && old != nil {
				f.refilter(old, env.Tables.Host())
			}
			return f, err
		})
		return p.going.sinks(), err
	}
	v, err := chisels.OpenView(p.spec, env, where)
	if err != nil {
		return nil, err
	}
	return []sink{viewSink(v)}, nil
}

// viewSink feeds a view.
func viewSink(v chisels.Viewer) sink {
	return sink{chisel: v, demand: v.Demand(), take: func(ts uint64, ended bool) any {
		if ended {
			return v.Result(ts)
		}
		return v.Peek(ts)
	}}
}

// update shows a frame.
func (p *tablePane) update(payloads []any, st *status) {
	f := payloads[0].(*chisels.Frame)
	p.set(f, st.live)
	if st.done {
		s := *st
		p.read = &s
	}
	switch {
	case len(p.rows) > 0:
	case len(f.Rows) > 0:
		p.empty = fmt.Sprintf("No row has the text %q\nEsc shows all %s rows", p.text, count(uint64(len(f.Rows))))
	default:
		p.empty = p.app.nothing(st, "rows")
	}
}

func (p *tablePane) id() string { return p.spec.Name }

func (p *tablePane) dress(t *theme) { p.theme = t }

// summary is how many rows there are.
func (p *tablePane) summary() string {
	f := p.frame
	if f == nil {
		return ""
	}
	text := count(uint64(len(f.Rows))) + " rows"
	if p.text != "" {
		text = fmt.Sprintf("%s of %s rows with %q", count(uint64(len(p.rows))), count(uint64(len(f.Rows))), p.text)
	} else if len(p.rows) > 0 {
		text = fmt.Sprintf("row %s of %s", count(uint64(p.row+1)), count(uint64(len(f.Rows))))
	}
	if f.Lost > 0 {
		text += fmt.Sprintf(", %s older ones left out", count(f.Lost))
	}
	return text
}

// find selects the next row with a text.
func (p *tablePane) find(text string, step int, here bool) bool {
	from := p.row
	if !here {
		from += step
	}
	return p.grid.find(text, from, step)
}

// keys are those of a table.
func (p *tablePane) keys() []*binding {
	list := append(p.treeKeys(), []*binding{
		{[]string{"Enter"}, "Open", "go into the selected row", p.enter},
		{[]string{"F9", "s", ">sort"}, "Sort", "choose the column to sort by", p.pickSort},
		{[]string{"Up", "k"}, "", "the row above", func() { p.move(p.row - 1) }},
		{[]string{"Down", "j"}, "", "the row below", func() { p.move(p.row + 1) }},
		{[]string{"PgUp", "Ctrl-B"}, "", "a page up", func() { p.move(p.row - p.height) }},
		{[]string{"PgDn", " "}, "", "a page down", func() { p.move(p.row + p.height) }},
		{[]string{"Home", "g"}, "", "the first row", func() { p.move(0) }},
		{[]string{"End", "G"}, "", "the last row; a list follows what comes from there", func() { p.move(len(p.rows) - 1) }},
		{[]string{"Left"}, "", "columns to the left", func() { p.left = max(p.left-1, 0) }},
		{[]string{"Right"}, "", "columns to the right", func() { p.left = min(p.left+1, max(len(p.shown())-1, 0)) }},
		{[]string{"<"}, "", "sort by the column to the left", func() { p.shift(-1) }},
		{[]string{">"}, "", "sort by the column to the right", func() { p.shift(1) }},
		{[]string{"r"}, "", "the other way round", p.reverse},
		{[]string{"o"}, "", "hide, move and resize columns", p.pickColumns},
		{[]string{"\\"}, "", "leave only the rows that have a text", p.app.editNarrow},
		{[]string{"F7", "l"}, "Legend", "what the view and its columns mean", func() { p.app.showLegend(p.spec) }},
	}...)
	if p.app.status.live && len(p.spec.Actions) > 0 {
		list = append(list, &binding{[]string{"F8", "a"}, "Actions", "do something with the selected row", p.pickAction})
	}
	if p.text != "" {
		list = append(list, &binding{[]string{"Esc"}, "All rows", "rows with other texts as well", func() { p.narrow("") }})
	}
	return list
}

// reverse turns the order round.
func (p *tablePane) reverse() {
	if p.frame != nil {
		p.order(max(p.frame.Order.Column, 0))
	}
}

// enter goes into the selected row.
func (p *tablePane) enter() {
	if p.lists() {
		p.openEvent()
		return
	}
	step, name, err := p.step()
	switch {
	case err != nil:
		p.app.say(true, "%v", err)
	case step == nil:
	case step.View == nil:
		p.app.say(false, "no view goes on from here; d shows the events of the row")
	default:
		next, err := p.app.newPane(step.View.Name)
		if err != nil {
			p.app.say(true, "%v", err)
			return
		}
		p.app.push(&level{pane: next, name: step.View.Title + " " + name, where: step.Filter})
	}
}

// step is where the selected row leads, nil when there is none: the view, and the events of the row, of those that the level has. The user's filter is not in it, as
// that can be taken away.
func (p *tablePane) step() (*chisels.Step, string, error) {
	row, ok := p.selected()
	if !ok {
		return nil, "", nil
	}
	f := p.frame
	s, err := f.Into(row, p.app.views, p.app.o.Fields)
	if err != nil {
		return nil, "", err
	}
	var spec *filter.Filter
	if p.spec.Kind == chisels.KindHeat {
		return s, p.label(row), nil
	}
	where := p.app.top().where
	if text := p.spec.Filter; text != "" {
		if spec, err = filter.Compile(text, p.app.o.Fields); err != nil {
			return nil, "", err
		}
		if where != nil && strings.HasPrefix(where.String()+" and ", spec.String()+" and ") {
			spec = nil // the view above has it already
		}
	}
	s.Filter = filter.And(where, filter.And(spec, s.Own))
	return s, p.label(row), nil
}

// label calls a row by its keys.
func (p *tablePane) label(row int) string {
	f := p.frame
	var parts []string
	for i, c := range f.Columns {
		if c.Key && !c.Hide {
			parts = append(parts, f.Text(i, f.Rows[row].Values[i], p.options))
		}
	}
	for i, c := range f.Columns { // a number alone says little
		if len(parts) == 1 && slices.Contains([]string{"proc.name", "proc.exeline", "proc.cmdline", "container.name"}, c.Field) {
			word, _, _ := strings.Cut(f.Text(i, f.Rows[row].Values[i], p.options), " ")
			parts = append(parts, word[strings.LastIndexByte(word, '/')+1:])
			break
		}
	}
	text := []rune(strings.Join(parts, " "))
	if len(text) > 32 {
		text = append(text[:31], '…')
	}
	return string(text)
}
