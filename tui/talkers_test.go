package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"scry/chisels"
	"scry/filter/fields"
)

// The map has an arrow for each row of the table, which can be chosen, opened and shown as that.
func TestMap(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: talkersView})
	x.settled()
	s := x.wait("Connections Map", "▶ ", "conns  → ")
	x.press("M")
	table := x.wait("CLIENT", "SERVER")
	if a, b := strings.Count(s, "▶"), strings.Count(table, " tcp ")+strings.Count(table, " udp ")+strings.Count(table, " unix "); a != b || a == 0 {
		t.Errorf("%d arrows, %d rows:\n%s%s", a, b, s, table)
	}
	x.press("M", "End", "Enter")
	x.wait("Connections Map ▸ Connections")
	x.press("Backspace", "d")
	x.wait("Connections Map ▸ Events")
}

// mapOf is a map of connections between the clients and servers.
func mapOf(t *testing.T, ends [][2]string) *mapPane {
	t.Helper()
	spec, err := chisels.NewCatalog(nil).View(talkersView)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{o: &Options{Fields: &fields.Options{}, Prefs: &Prefs{}}, theme: newTheme("default")}
	p := newMapPane(a, spec)
	f := &chisels.Frame{Spec: spec}
	for i := range spec.Columns {
		f.Columns = append(f.Columns, &spec.Columns[i])
	}
	f.Total = chisels.Row{Values: make([]fields.Value, len(f.Columns))}
	for i, e := range ends {
		r := chisels.Row{Values: make([]fields.Value, len(f.Columns))}
		r.Values[column(f, "client")] = fields.Value{Type: fields.String, Str: e[0]}
		r.Values[column(f, "server")] = fields.Value{Type: fields.String, Str: e[1]}
		r.Values[column(f, "port")] = fields.Value{Type: fields.String, Str: fmt.Sprint(i)}
		f.Rows = append(f.Rows, r)
	}
	p.set(f, false)
	p.build()
	return p
}

// Whoever talks to whom, in chains and in circles: each connection is an arrow once, below who connects.
func TestMapLines(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		var ends [][2]string
		for range 1 + rnd.IntN(20) {
			ends = append(ends, [2]string{fmt.Sprint("n", rnd.IntN(8)), fmt.Sprint("n", rnd.IntN(8))})
		}
		p := mapOf(t, ends)
		var seen []int
		var above []string // names, by depth
		for _, l := range p.lines {
			if l.at < 0 {
				above = []string{l.name}
				continue
			}
			seen = append(seen, l.at)
			depth := len([]rune(l.twigs)) / 3
			if above = above[:depth+1]; above[depth] != ends[l.at][0] || l.name != ends[l.at][1] {
				t.Fatalf("%v: arrow %d stands below %q and leads to %q", ends, l.at, above[depth], l.name)
			}
			above = append(above, l.name)
		}
		slices.Sort(seen)
		for i := range ends {
			if i >= len(seen) || seen[i] != i {
				t.Fatalf("%v: arrows %v", ends, seen)
			}
		}
	}
}
