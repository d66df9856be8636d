package tui

import (
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/docs/manual"
	"scry/filter"
)

// prompt is a line to type into, with what is wrong with it or what it may become below.
type prompt struct {
	*tview.InputField
	app      *app
	label    string
	check    func(text string) (ok bool, lines []string) // what is said below
	complete func(text string) []manual.Candidate
	changed  func(text string)
	left     func()                 // Esc; nil: it is as if nothing was typed
	done     func(text string) bool // Enter: true closes it
	toggle   func()                 // F2

	list []manual.Candidate
	pick int // of list, -1: none
	ok   bool
	says []string
}

// maxTyped is how long a line may get; what is pasted is longer at times.
const maxTyped = 8 << 10

// openPrompt shows a prompt.
func (a *app) openPrompt(p *prompt, text string) {
	p.app, p.pick = a, -1
	p.InputField = tview.NewInputField().SetText(text)
	p.SetAcceptanceFunc(func(text string, _ rune) bool { return len(text) <= maxTyped })
	p.SetChangedFunc(func(text string) {
		p.look(text)
		if p.changed != nil {
			p.changed(text)
		}
	})
	p.look(text)
	a.open(p)
}

// look says what there is to say of the text.
func (p *prompt) look(text string) {
	p.ok, p.says, p.list, p.pick = true, nil, nil, -1
	if p.check != nil {
		p.ok, p.says = p.check(text)
	}
	if p.complete != nil {
		p.list = p.complete(text)
	}
}

// Draw draws the line where the desk has that of the filter.
func (p *prompt) Draw(screen tcell.Screen) {
	t := p.app.theme
	x, y, w, h := p.app.pages.GetRect()
	line := min(y+2, y+h-1)
	fill(screen, x, line, w, t.bar)
	n := put(screen, x, line, w, t.barKey, " "+p.label+" ")
	style := t.barStrong
	fore, back, _ := t.bar.Decompose()
	if !p.ok {
		fore, _, _ = t.bad.Decompose()
	} else if p.check != nil && p.GetText() != "" {
		fore, _, _ = t.good.Decompose()
	}
	p.InputField.SetRect(x+n, line, w-n, 1)
	p.SetFieldStyle(style.Foreground(fore).Background(back)).SetLabel("")
	p.SetBackgroundColor(back)
	p.InputField.Draw(screen)
	below := line + 1
	for _, text := range p.says {
		if below >= y+h {
			return
		}
		style := t.dim
		if !p.ok {
			style = t.bad
		}
		fill(screen, x, below, w, style)
		put(screen, x+n, below, w-n, style, text)
		below++
	}
	p.drawList(screen, x+n, below, w-n, min(10, y+h-1-below))
}

// drawList draws what the word at the end may become.
func (p *prompt) drawList(screen tcell.Screen, x, y, w, h int) {
	t := p.app.theme
	wide := 0
	for _, c := range p.list {
		wide = max(wide, uniseg.StringWidth(lastWord(c.Text)))
	}
	top := max(p.pick-h+1, 0)
	for i := 0; i < h && top+i < len(p.list); i++ {
		c, style := p.list[top+i], t.bar
		if top+i == p.pick {
			style = t.selected
		}
		fill(screen, x, y+i, min(w, wide+62), style)
		put(screen, x+1, y+i, wide, style, lastWord(c.Text))
		if room := min(w-wide-4, 58); room > 8 {
			put(screen, x+wide+3, y+i, room, style, c.Help)
		}
	}
}

// lastWord is the piece of a filter that is being typed.
func lastWord(s string) string { return s[strings.LastIndexAny(strings.TrimRight(s, " "), " (")+1:] }

// InputHandler edits, completes and ends.
func (p *prompt) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, setFocus func(tview.Primitive)) {
		switch name := keyName(ev); name {
		case "Esc":
			p.app.shut()
			switch {
			case p.left != nil:
				p.left()
			case p.changed != nil:
				p.changed("")
			}
		case "Enter":
			if p.pick >= 0 {
				p.take(p.list[p.pick])
				return
			}
			if p.done(p.GetText()) {
				p.app.shut()
			}
		case "Tab":
			switch {
			case p.pick >= 0:
				p.take(p.list[p.pick])
			case len(p.list) > 0:
				p.take(p.list[0])
			}
		case "Down":
			p.pick = min(p.pick+1, len(p.list)-1)
		case "Up":
			p.pick = max(p.pick-1, -1)
		case "F2":
			if p.toggle != nil {
				p.app.shut()
				p.toggle()
			}
		default:
			p.InputField.InputHandler()(ev, setFocus)
		}
	}
}

// take puts a completion into the line.
func (p *prompt) take(c manual.Candidate) {
	text := c.Text
	if !c.More {
		text += " "
	}
	p.SetText(text)
}

// editFilter lets the user type a filter.
func (a *app) editFilter() {
	p := &prompt{label: "filter", toggle: a.editNarrow}
	p.check = func(text string) (bool, []string) {
		if strings.TrimSpace(text) == "" {
			return true, []string{"Tab completes; Enter filters by what is typed, and by nothing when that is empty; F2 looks for a plain text instead"}
		}
		if _, err := filter.Compile(text, a.o.Fields); err != nil {
			return false, strings.Split(err.Error(), "\n")
		}
		return true, nil
	}
	p.complete = func(text string) []manual.Candidate {
		if list := completeValue(text, a.values); list != nil {
			return list
		}
		return completeFilter(text)
	}
	p.done = func(text string) bool {
		a.trying = false
		if strings.TrimSpace(text) == a.text && !a.status.live { // that is what is shown
			return true
		}
		if err := a.setFilter(text); err != nil {
			p.ok, p.says = false, strings.Split(err.Error(), "\n")
			return false
		}
		return true
	}
	before := a.text
	a.trying = true
	a.engine.naming.Store(true)
	p.left = func() {
		if a.text != before {
			a.setFilter(before)
		}
	}
	p.changed = a.previewer(p)
	a.openPrompt(p, before)
}

// previewAfter is how long a filter must stand before it is tried.
const previewAfter = 300 * time.Millisecond

// previewer tries a filter while it is typed: the line above tells how many rows there are.
func (a *app) previewer(p *prompt) func(text string) {
	var wait *time.Timer
	return func(text string) {
		if wait != nil {
			wait.Stop()
		}
		if !p.ok {
			return
		}
		wait = time.AfterFunc(previewAfter, func() {
			a.tv.QueueUpdateDraw(func() {
				if a.overlay == tview.Primitive(p) && p.GetText() == text && strings.TrimSpace(text) != a.text {
					a.setFilter(text) // it was checked
				}
			})
		})
	}
}

// maxOffered is how many completions are looked at.
const maxOffered = 200

// completeFilter says what the end of a filter may become.
func completeFilter(text string) []manual.Candidate {
	if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "'\"\\") {
		return nil // the words of a shell are not those of a filter
	}
	list := manual.Complete([]string{"'" + text}).List
	for i := range list {
		list[i].Text = strings.TrimPrefix(strings.TrimSuffix(list[i].Text, "'"), "'")
	}
	return list[:min(len(list), maxOffered)]
}

// narrower is a pane whose rows can be left out by their text.
type narrower interface {
	narrow(text string)
	narrowed() string
}

// editNarrow lets the user type a text that rows must have.
func (a *app) editNarrow() {
	n, ok := a.top().pane.(narrower)
	if !ok {
		a.startSearch()
		return
	}
	before := n.narrowed()
	a.openPrompt(&prompt{label: "rows with", toggle: a.editFilter, left: func() { n.narrow("") },
		check: func(text string) (bool, []string) {
			n.narrow(text)
			return true, []string{a.top().pane.summary()}
		},
		done: func(text string) bool { n.narrow(text); return true }}, before)
}

// narrowed is the text that rows must have.
func (p *tablePane) narrowed() string { return p.text }

// startSearch looks for what is typed while it is typed.
func (a *app) startSearch() {
	p := &prompt{label: "search"}
	found := true
	p.check = func(text string) (bool, []string) {
		found = text == "" || a.top().pane.find(text, 1, true)
		if !found {
			return false, []string{"not found"}
		}
		return true, nil
	}
	p.done = func(text string) bool { a.search = text; return true }
	a.openPrompt(p, "")
}

// next goes to the next place that has what was looked for.
func (a *app) next(step int) {
	switch {
	case a.search == "":
		a.startSearch()
	case !a.top().pane.find(a.search, step, false):
		a.say(true, "%q is not there", a.search)
	}
}
