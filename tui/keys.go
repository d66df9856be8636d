package tui

import (
	"slices"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// binding is something that keys do. The footer, the help and the palette show what is valid now.
type binding struct {
	keys  []string // names, as "F4", "Enter", "Ctrl-F" or "f"; the first one is shown
	short string   // in the footer; "": not there
	help  string
	do    func()
}

// label is how the footer calls the key.
func (b *binding) label() string {
	if b.keys[0] == " " {
		return "Space"
	}
	return b.keys[0]
}

// keyName is the name of a key, as bindings write it.
func keyName(ev *tcell.EventKey) string {
	if ev.Key() == tcell.KeyRune {
		if ev.Modifiers()&tcell.ModAlt != 0 {
			return "Alt-" + string(ev.Rune())
		}
		return string(ev.Rune())
	}
	switch ev.Key() {
	case tcell.KeyBackspace, tcell.KeyBackspace2:
		return "Backspace"
	case tcell.KeyEscape:
		return "Esc"
	}
	name := tcell.KeyNames[ev.Key()]
	if ev.Modifiers()&tcell.ModShift != 0 && ev.Key() >= tcell.KeyF1 && ev.Key() <= tcell.KeyF12 {
		return "Shift-" + name
	}
	return name
}

// capture sees each key first: without an overlay it is one of the bindings, or one for the pane.
func (a *app) capture(ev *tcell.EventKey) *tcell.EventKey {
	name := keyName(ev)
	if a.overlay != nil {
		if name == "Ctrl-C" {
			a.quit()
			return nil
		}
		return ev
	}
	switch now := slices.Contains(atOnce, name); {
	case now:
		a.typed = nil
	case !a.top().shown && len(a.typed) < maxHeld:
		a.typed = append(a.typed, ev)
		return nil
	}
	if b := a.binding(name); b != nil {
		b.do()
		return nil
	}
	if !a.status.live && slices.Contains([]string{"F8", "a", "p"}, name) {
		a.say(false, "%s is for a running machine; this is a capture", name)
	}
	return ev
}

// atOnce are the keys that are not for what is about to be shown.
var atOnce = []string{"Esc", "Backspace", "Ctrl-C", "Ctrl-Z", "q", "F10", "[", "]"}

// maxHeld is how many keys wait at most.
const maxHeld = 64

// retype hands the keys that were typed while nothing was shown to what is shown now.
func (a *app) retype() {
	list := a.typed
	a.typed = nil
	for i, ev := range list {
		if !a.top().shown && a.overlay == nil { // one of them led on
			a.typed = append(a.typed, list[i:]...)
			return
		}
		focus := func(p tview.Primitive) { a.tv.SetFocus(p) }
		switch ev := a.capture(ev); {
		case ev == nil:
		case a.overlay != nil:
			a.overlay.InputHandler()(ev, focus)
		default:
			a.desk.InputHandler()(ev, focus)
		}
	}
}

// binding is what a key does now, nil: nothing that is known here.
func (a *app) binding(name string) *binding {
	for _, b := range a.bindings() {
		if slices.Contains(b.keys, name) {
			return b
		}
	}
	return nil
}

// bindings are those that are valid now: the pane's, then those of everywhere.
func (a *app) bindings() []*binding {
	list := slices.Clone(a.top().pane.keys())
	add := func(keys []string, short, help string, do func()) {
		left := slices.DeleteFunc(keys, func(k string) bool {
			return slices.ContainsFunc(list, func(b *binding) bool { return slices.Contains(b.keys, k) })
		})
		if len(left) > 0 { // keys of the pane go before
			list = append(list, &binding{left, short, help, do})
		}
	}
	add([]string{"F1", "?", "h"}, "Help", "the keys that are valid now", a.showHelp)
	add([]string{"F2", "v"}, "Views", "choose a view", a.pickView)
	add([]string{":"}, "", "find a view or an action by name", a.showPalette)
	add([]string{"F4", "f"}, "Filter", "type a filter", a.editFilter)
	add([]string{"/", "Ctrl-F"}, "Search", "find a text", a.startSearch)
	add([]string{"n", "F3"}, "", "next place with that text", func() { a.next(1) })
	add([]string{"N", "Shift-F3"}, "", "place with that text before", func() { a.next(-1) })
	if len(a.stack) > 1 {
		add([]string{"Backspace"}, "Back", "a step up", func() { a.up(len(a.stack) - 1) })
	}
	add([]string{"["}, "", "what was shown before", func() { a.wander(-1) })
	add([]string{"]"}, "", "what was shown after that", func() { a.wander(1) })
	add([]string{"F5", "e"}, "Echo", "the data that the selection read and wrote", func() { a.goEvents(echoView) })
	add([]string{"F6", "d"}, "Dig", "the events of the selection", func() { a.goEvents(digView) })
	add([]string{"F12", "S"}, "", "how long the calls of the selection take, as a spectrogram", func() { a.goView("spectro_all") })
	add([]string{"Shift-F12", "F24", "I"}, "", "the same of calls on files", func() { a.goView("spectro_file") })
	add([]string{"w"}, "", "write the events of the selection into a capture; or end that", a.record)
	add([]string{"W"}, "", "save what is shown as text, CSV or JSON", a.saveScreen)
	if a.status.live {
		add([]string{"p"}, "Pause", "hold the screen, or let it go on", a.pause)
	}
	if a.status.reading {
		add([]string{"Esc"}, "Stop", "read no more of the capture: what there is stays, as a part", func() { a.engine.enough.Store(true) })
	}
	if !a.status.live {
		add([]string{"z"}, "", "choose a part of the capture's time", a.zoomKeys)
	}
	if l := a.top(); l.from.Set || l.to.Set {
		add([]string{"u"}, "Unzoom", "all of the capture's time", a.unzoom)
	}
	add([]string{"t"}, "", "another theme", a.nextTheme)
	add([]string{"O"}, "", "settings: theme, mouse, first view", a.settings)
	add([]string{"m"}, "", "mouse on or off, to mark text with the terminal", a.toggleMouse)
	add([]string{"y"}, "", "the command line that prints this", a.copyCommand)
	if a.note != "" {
		add([]string{"Esc"}, "", "take the note away", func() { a.note = "" })
	}
	add([]string{"Ctrl-Z"}, "", "stop, until the shell's fg", a.stop)
	add([]string{"F10", "q", "Ctrl-C"}, "Quit", "leave", a.quit)
	return list
}

// quit leaves the program.
func (a *app) quit() { a.leave() }

// open lays something over the desk, which has the keys until it is closed.
func (a *app) open(p tview.Primitive) {
	a.overlay = p
	a.pages.AddPage("overlay", p, true, true)
	a.tv.SetFocus(p)
}

// shut takes the overlay away.
func (a *app) shut() {
	a.trying = false
	a.engine.naming.Store(false)
	a.overlay = nil
	a.pages.RemovePage("overlay")
	a.tv.SetFocus(a.desk)
}

// toggleMouse gives the mouse to the terminal, or takes it back.
func (a *app) toggleMouse() {
	a.mouse = !a.mouse
	a.tv.EnableMouse(a.mouse)
	a.say(false, "mouse %s", map[bool]string{true: "on", false: "off: the terminal can mark text"}[a.mouse])
}

// nextTheme dresses everything in other colours.
func (a *app) nextTheme() {
	names := themeNames()
	a.setTheme(names[(slices.Index(names, a.theme.name)+1)%len(names)])
	a.o.Prefs.Theme = a.theme.name
	a.keep()
	a.say(false, "theme %s", a.theme.name)
}

func (a *app) setTheme(name string) {
	a.theme = newTheme(name)
	a.theme.dress()
	for _, stack := range append(a.visited, a.stack) {
		for _, l := range stack {
			l.pane.dress(a.theme)
		}
	}
}

// keep writes the choices of the user down.
func (a *app) keep() {
	a.o.Prefs.tidy()
	if err := a.o.Prefs.save(); err != nil {
		a.say(true, "%v", err)
	}
}
