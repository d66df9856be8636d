package tui

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"scry/chisels"
	"scry/filter/fields"
)

// The tables of keys in docs/tui.md are made of the bindings themselves. `go test ./tui -run TestKeysAreDocumented -update` writes them anew.

const keysPage = "../docs/tui.md"

// silentPane has no keys of its own, so that those of everywhere are left.
type silentPane struct{ pane }

func (silentPane) keys() []*binding { return nil }

// docsApp is an interface that is not run, live or on a capture, with a view as its first pane.
func docsApp(t *testing.T, view string, live bool) *app {
	t.Helper()
	f := &fields.Options{Location: time.UTC}
	o := Options{View: view, Sort: -1, Fields: f, Catalog: chisels.NewCatalog(nil), Interval: time.Second, Env: chisels.Env{Options: f}}
	if !live {
		o.Read = []string{testCapture(t, "hello.scap")}
	}
	a, err := newApp(&o)
	if err != nil {
		t.Fatal(err)
	}
	a.status = status{live: live}
	return a
}

// keyTable is a table of bindings, each of them once.
func keyTable(lists ...[]*binding) string {
	var b strings.Builder
	b.WriteString("| key | what it does |\n|---|---|\n")
	var seen []string
	for _, x := range slices.Concat(lists...) {
		var names []string
		for _, n := range x.names() {
			names = append(names, "`"+n+"`")
		}
		row := fmt.Sprintf("| %s | %s |\n", strings.Join(names, " "), x.help)
		if x.help == "" || slices.Contains(seen, row) {
			continue
		}
		seen = append(seen, row)
		b.WriteString(row)
	}
	return b.String()
}

// keyTables are the tables of the page, by the name that stands in its marks.
func keyTables(t *testing.T) map[string]string {
	global := func(live bool, change func(*app)) []*binding {
		a := docsApp(t, "procs", live)
		a.stack[0].pane = silentPane{a.stack[0].pane}
		change(a)
		return a.bindings()
	}
	own := func(view string, live bool, change func(pane)) []*binding {
		a := docsApp(t, view, live)
		change(a.top().pane)
		return a.top().pane.keys()
	}
	same := func(pane) {}
	tree := func(p pane) { t := p.(*tablePane); t.frame = &chisels.Frame{Spec: t.spec} }
	narrow := func(p pane) { p.(narrower).narrow("x") }
	return map[string]string{
		"everywhere": keyTable(global(true, func(a *app) { a.stack = append(a.stack, a.stack[0]) }), global(false, func(a *app) { a.status.reading = true }),
			global(false, func(a *app) { a.note = "x"; a.stack[0].from.Set = true })),
		"table":    keyTable(own("procs", true, same), own("files", false, narrow)),
		"tree":     keyTable(without(own("ptree", false, tree), own("procs", true, same))),
		"events":   keyTable(own(digView, true, same), own(digView, false, narrow)),
		"data":     keyTable(own(echoView, true, same), own(echoView, false, narrow)),
		"detail":   keyTable(detailKeys(t)),
		"heat":     keyTable(own("spectro_all", true, same), own("spectro_all", false, same)),
		"overview": keyTable(own("overview", true, same)),
	}
}

// without are the bindings whose help is not in another list.
func without(list, other []*binding) []*binding {
	return slices.DeleteFunc(slices.Clone(list), func(b *binding) bool {
		return slices.ContainsFunc(other, func(o *binding) bool { return o.help == b.help })
	})
}

// detailKeys are those of an event's detail.
func detailKeys(t *testing.T) []*binding {
	a := docsApp(t, digView, false)
	return newDetailPane(a, a.top().pane.(eventList)).keys()
}

func TestKeysAreDocumented(t *testing.T) {
	b, err := os.ReadFile(keysPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	tables := keyTables(t)
	for name, table := range tables {
		begin, end := "<!-- keys: "+name+" -->\n", "<!-- end -->\n"
		head, rest, ok := strings.Cut(page, begin)
		if !ok {
			t.Errorf("docs/tui.md has no %q", begin)
			continue
		}
		have, tail, ok := strings.Cut(rest, end)
		if !ok {
			t.Fatalf("docs/tui.md has no end of the keys of %s", name)
		}
		if have != table && !*renew {
			t.Errorf("docs/tui.md: the keys of %s are stale (go test ./tui -run TestKeysAreDocumented -update):\n%s", name, table)
		}
		page = head + begin + table + end + tail
	}
	if n := strings.Count(page, "<!-- keys: "); n != len(tables) {
		t.Errorf("docs/tui.md has %d tables of keys, want %d", n, len(tables))
	}
	if *renew {
		if err := os.WriteFile(keysPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Every key that has no letter of its own has a second name that is one: terminals and window managers take some of the F keys.
func TestLettersForFunctionKeys(t *testing.T) {
	for _, live := range []bool{true, false} {
		for _, view := range []string{"overview", "procs", "ptree", "spectro_all", digView, echoView} {
			for _, b := range docsApp(t, view, live).bindings() {
				function := slices.ContainsFunc(b.keys, func(k string) bool { return len(k) > 1 && k[0] == 'F' && k[1] >= '1' && k[1] <= '9' })
				letter := slices.ContainsFunc(b.keys, func(k string) bool { return len(k) == 1 })
				if function && !letter {
					t.Errorf("%s: %v have no letter", view, b.keys)
				}
			}
		}
	}
}
