package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"scry/capture"
	"scry/chisels"
	"scry/filter"
)

// showHelp shows the keys that are valid now.
func (a *app) showHelp() {
	var b strings.Builder
	fmt.Fprintf(&b, "KEYS\n")
	for _, x := range a.bindings() {
		if x.help != "" {
			fmt.Fprintf(&b, "  %-22s %s\n", strings.Join(x.names(), ", "), x.help)
		}
	}
	b.WriteString("\nMOUSE\n  A click selects, two open; on a header it sorts, on a crumb it goes there, on the filter it edits it. Words of the last line are keys.\n")
	if !a.status.live {
		b.WriteString("  Drag over the bar of the capture's time to look at a part of it.\n")
	}
	fmt.Fprintf(&b, "\nscry %s", a.o.Version)
	a.read("Help", b.String())
}

// names are the keys of a binding as the user sees them.
func (b *binding) names() (out []string) {
	for _, k := range b.keys {
		if k == " " {
			k = "Space"
		}
		if !strings.HasPrefix(k, ">s") {
			out = append(out, k)
		}
	}
	return out
}

// describe is what the picker and the legend say of a view.
func describe(s *chisels.Spec) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(s.Description) + "\n")
	if len(s.Tips) > 0 {
		b.WriteString("\nTIPS\n")
		for _, t := range s.Tips {
			b.WriteString("- " + strings.TrimSpace(t) + "\n")
		}
	}
	b.WriteString("\nCOLUMNS\n")
	for i := range s.Columns {
		if c := &s.Columns[i]; !c.Hide {
			fmt.Fprintf(&b, "%s: %s\n", c.Title, c.Help)
		}
	}
	if len(s.Actions) > 0 {
		b.WriteString("\nACTIONS\n")
		for i := range s.Actions {
			fmt.Fprintf(&b, "%s: %s\n", s.Actions[i].Key, s.Actions[i].Title)
		}
	}
	fmt.Fprintf(&b, "\nid: %s\n", s.Name)
	if s.Filter != "" {
		fmt.Fprintf(&b, "filter: %s\n", s.Filter)
	}
	return b.String()
}

// showLegend explains a view, and what is not known of its selected row.
func (a *app) showLegend(s *chisels.Spec) {
	text := describe(s)
	if u, ok := a.top().pane.(interface{ unknown() []string }); ok {
		if list := u.unknown(); len(list) > 0 {
			text = "THE SELECTED ROW\n" + strings.Join(list, "\n") + "\n\n" + text
		}
	}
	a.read(s.Title, text)
}

// pickView lets the user choose among the views that go with where the drill-down is.
func (a *app) pickView() {
	field := ""
	if n := len(a.stack); n > 1 {
		if p, ok := tableOf(a.stack[n-2].pane); ok {
			field = p.spec.DrillField()
		}
	}
	var list []entry
	at := 0
	for _, s := range a.extraViews(field, chisels.Applicable(a.views, field)) {
		if s.id == a.top().pane.id() {
			at = len(list)
		}
		list = append(list, entry{text: s.title, also: s.id, doc: s.doc, do: func() { a.replace(s.id) }})
	}
	a.pick("Views", list, at)
}

// offer is a view in the picker.
type offer struct{ id, title, doc string }

// extraViews are the views of specs, and those that are none. Where no pod is known those of Kubernetes would have nothing.
func (a *app) extraViews(field string, specs []*chisels.Spec) (list []offer) {
	if field == "" {
		list = append(list, offer{overviewView, a.title(overviewView), overviewDoc})
	}
	for _, s := range specs {
		if a.status.pods || !slices.Contains(s.Tags, "Kubernetes") || s.Name == a.top().pane.id() {
			list = append(list, offer{s.Name, s.Title, describe(s)})
		}
	}
	return append(list, eventOffers()...)
}

// showPalette finds views and actions by name.
func (a *app) showPalette() {
	list := []entry{{text: a.title(overviewView), note: "view " + overviewView, doc: overviewDoc, do: func() { a.replace(overviewView) }}}
	for _, s := range a.views {
		list = append(list, entry{text: s.Title, note: "view " + s.Name, doc: describe(s), do: func() { a.replace(s.Name) }})
	}
	for _, b := range a.bindings() {
		if b.help != "" && b.do != nil {
			e := entry{text: b.help, note: strings.Join(b.names(), ", "), do: b.do}
			if b.short != "" {
				e.text = b.short + ": " + b.help
			}
			list = append(list, e)
		}
	}
	for _, name := range themeNames() {
		list = append(list, entry{text: "theme " + name, do: func() {
			a.setTheme(name)
			a.o.Prefs.Theme = name
			a.keep()
		}})
	}
	a.pick("Go to", list, 0)
}

// settings lets the user choose what is kept in the configuration.
func (a *app) settings() {
	p := a.o.Prefs
	list := []entry{{text: "mouse " + map[bool]string{true: "off", false: "on"}[a.mouse], note: "off: the terminal can mark text", do: func() {
		a.toggleMouse()
		on := a.mouse
		p.Mouse = &on
		a.keep()
	}}}
	if id := a.top().pane.id(); len(a.stack) == 1 {
		list = append(list, entry{text: "begin with this view", note: a.title(id), do: func() { p.View = id; a.keep(); a.say(false, "scry tui begins with %s", a.title(id)) }})
	}
	for _, name := range themeNames() {
		mark := ""
		if name == a.theme.name {
			mark = "in use"
		}
		list = append(list, entry{text: "theme " + name, note: mark, do: func() { a.setTheme(name); p.Theme = name; a.keep() }})
	}
	list = append(list, entry{text: "columns of all views as they were", do: func() { p.Views = nil; a.keep(); a.forget() }})
	title := "Settings"
	if p.file != "" {
		title += ", kept in " + p.file
	}
	a.pick(title, list, 0)
}

// forget gives all tables the columns of their views.
func (a *app) forget() {
	for _, stack := range append(a.visited, a.stack) {
		for _, l := range stack {
			if t, ok := tableOf(l.pane); ok {
				t.prefs = a.o.Prefs.of(t.spec.Name)
			}
		}
	}
}

// pickSort lets the user choose the column to sort by.
func (p *tablePane) pickSort() {
	if p.frame == nil {
		return
	}
	var list []entry
	at := 0
	for _, c := range p.shown() {
		col := p.frame.Columns[c]
		e := entry{text: p.title(c), note: col.Help, do: func() { p.order(c) }}
		if c == p.frame.Order.Column {
			at = len(list)
			e.text += map[bool]string{true: " ▼", false: " ▲"}[p.frame.Order.Descending]
		}
		list = append(list, e)
	}
	p.app.pick("Sort by", list, at)
}

// pickColumns lets the user hide, move and resize columns.
func (p *tablePane) pickColumns() {
	if p.frame == nil {
		return
	}
	f := p.frame
	names := func() (out []string) { // all of them, in their order
		all := viewPrefs{Order: p.prefs.Order}
		for _, i := range all.arrange(f) {
			out = append(out, f.Columns[i].Name)
		}
		return out
	}
	var build func(at int)
	build = func(at int) {
		var list []entry
		for _, name := range names() {
			c := f.Columns[p.column(f, name)]
			mark := "■ "
			if slices.Contains(p.prefs.Hidden, name) {
				mark = "□ "
			}
			list = append(list, entry{text: mark + c.Title, note: c.Help, do: func() { p.toggleColumn(name); build(slices.Index(names(), name)) }})
		}
		k := p.app.pick("Columns: Enter hides, < > move, - + resize, Del all as it was", list, at)
		k.extra = func(key string, _ *entry) bool {
			order := names()
			name := order[k.some[k.row]]
			switch key {
			case "<", ">":
				i := slices.Index(order, name)
				j := i + map[string]int{"<": -1, ">": 1}[key]
				if j >= 0 && j < len(order) {
					order[i], order[j] = order[j], order[i]
					p.prefs.Order = order
				}
			case "-", "+":
				w, ok := p.prefs.width(name)
				if !ok {
					w = p.widths[p.column(f, name)]
				}
				p.prefs.resize(name, w+map[string]int{"-": -1, "+": 1}[key])
			case "Delete":
				*p.prefs = viewPrefs{}
			default:
				return false
			}
			p.app.keep()
			p.prefs = p.app.o.Prefs.of(p.spec.Name)
			p.app.shut()
			build(max(slices.Index(names(), name), 0))
			return true
		}
	}
	build(0)
}

// toggleColumn hides or shows a column.
func (p *tablePane) toggleColumn(name string) {
	if i := slices.Index(p.prefs.Hidden, name); i >= 0 {
		p.prefs.Hidden = slices.Delete(p.prefs.Hidden, i, i+1)
	} else {
		p.prefs.Hidden = append(p.prefs.Hidden, name)
	}
	p.app.keep()
	p.prefs = p.app.o.Prefs.of(p.spec.Name)
}

// zoom looks at a part of a capture's time.
func (a *app) zoom(from, to uint64) {
	l := *a.top()
	l.from, l.to = chisels.Bound{Set: true, NS: from}, chisels.Bound{Set: true, NS: to}
	a.swap(&l)
}

// unzoom looks at all of it again.
func (a *app) unzoom() {
	l := *a.top()
	l.from, l.to = chisels.Bound{}, chisels.Bound{}
	a.swap(&l)
}

// swap shows the top level with other bounds.
func (a *app) swap(l *level) {
	stack := slices.Clone(a.stack)
	stack[len(stack)-1] = l
	a.visit(stack)
}

// command is the command line that prints what is shown.
func (a *app) command() []string {
	l := a.top()
	args := []string{"scry"}
	p, shadowed := tableOf(l.pane)
	if shadowed = shadowed && p.shadowed(); shadowed {
		args = append(args, "tui", "-v", p.spec.Name, "--raw")
	}
	for _, name := range a.o.Read {
		args = append(args, "-r", name)
	}
	if c, ok := l.pane.(interface{ command() []string }); ok && !shadowed {
		args = append(args, c.command()...)
	}
	for _, b := range []struct {
		name string
		at   chisels.Bound
	}{{"--from", l.from}, {"--to", l.to}} {
		if b.at.Set {
			args = append(args, b.name, fmt.Sprintf("%d.%09d", b.at.NS/1e9, b.at.NS%1e9))
		}
	}
	if f := filter.And(l.where, a.user); f != nil {
		args = append(args, f.String())
	}
	return args
}

// command is what selects the view.
func (p *tablePane) command() []string { return []string{"-c", p.spec.Name} }

// shadowed tells that -c takes the name for another chisel.
func (p *tablePane) shadowed() bool {
	s, err := p.app.o.Catalog.Find(p.spec.Name)
	return err != nil || !s.View
}

// quoted is a command line as a shell takes it.
func quoted(args []string) string {
	words := make([]string, len(args))
	for i, w := range args {
		words[i] = capture.Quote(w)
	}
	return strings.Join(words, " ")
}

// maxCopied is how long a text terminals take into their clipboard.
const maxCopied = 64 << 10

// copyCommand shows the command line that prints this, and puts it into the clipboard of the terminal (OSC 52).
func (a *app) copyCommand() {
	text := quoted(a.command())
	if len(text) < maxCopied {
		a.clipboard(text)
	}
	if _, _, w, _ := a.pages.GetRect(); uniseg.StringWidth(text)+12 > w {
		a.read("Copied", text)
		return
	}
	a.say(false, "copied: %s", text)
}

// clipboard asks the terminal to take a text.
func (a *app) clipboard(text string) {
	if s, ok := a.screen.(interface{ SetClipboard([]byte) }); ok {
		s.SetClipboard([]byte(text))
	}
}
