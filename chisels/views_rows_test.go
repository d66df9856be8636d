package chisels

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter"
	"scry/filter/fields"
)

// replayed is the view of a capture of testdata, at its end.
func replayed(t testing.TB, file string, s *Spec, with *filter.Filter, pc bool) *Frame {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	l := &Loop{Tables: state.New()}
	v, err := OpenView(s, &Env{Options: &fields.Options{}, Tables: l.Tables, Containers: pc}, with)
	if err != nil {
		t.Fatal(err)
	}
	var end uint64
	l.Chisels = []Chisel{v, endNoted{&end}}
	if _, err := l.Run(source(t, data)); err != nil {
		t.Fatal(err)
	}
	return v.Result(end)
}

type endNoted struct{ ts *uint64 }

func (e endNoted) Event(ev *event.Event) (bool, error) { *e.ts = max(*e.ts, ev.TS); return false, nil }
func (e endNoted) Finish() error                       { return nil }

func viewSpec(t testing.TB, name string) *Spec {
	t.Helper()
	s, err := NewCatalog(nil).View(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// viewRows are the shown values of a frame, a line for each row, indented by depth.
func viewRows(f *Frame) []string {
	var out []string
	for _, r := range f.Rows {
		var w []string
		for _, i := range f.Shown() {
			w = append(w, f.Text(i, r.Values[i], nil))
		}
		out = append(out, strings.Repeat("  ", r.Depth)+strings.Join(w, "|"))
	}
	return out
}

// TestViewDrill: what a row opens has the events of that row, no more and no fewer, whatever view it is.
func TestViewDrill(t *testing.T) {
	views, _ := NewCatalog(nil).Views()
	counter := spec(t, "kind: table\ncolumns:\n  - {name: n, agg: count}\n  - {name: all, field: evt.type.is.open, key: true, default: x}\n")
	for i, file := range []string{"hello.scap", "hello.scap", "web.scap"} {
		pc := i == 1
		for _, s := range views {
			if s.Kind != KindTable || s.Tree != nil && len(s.Group) == 0 {
				continue
			}
			f := replayed(t, file, s, nil, pc)
			var sum uint64
			for row := range f.Rows {
				if len(s.Levels) > 0 && f.Rows[row].Depth != len(s.Levels)-1 {
					continue
				}
				step, err := f.Into(row, views, &fields.Options{})
				if err != nil {
					t.Fatalf("%s: %v", s.Name, err)
				}
				if step.View == nil && s.Drill != "" {
					t.Errorf("%s leads nowhere", s.Name)
				}
				if again, err := filter.Compile(step.Filter.String(), nil); err != nil || again.String() != step.Filter.String() {
					t.Errorf("%s: %q: %v", s.Name, step.Filter, err)
				}
				for _, r := range replayed(t, file, counter, step.Filter, pc).Rows {
					sum += r.Values[0].Num
				}
			}
			if sum != f.Events && s.Name != "threads" { // events of a thread before it was known are in no row
				t.Errorf("%s: %s: the rows lead to %d events, they are made of %d", file, s.Name, sum, f.Events)
			}
		}
	}
}

// TestProcessTree: processes stand below the ones that started them, circles and orphans on top, and none is lost.
func TestProcessTree(t *testing.T) {
	s := spec(t, "kind: state\nover: threads\ncolumns:\n  - {name: pid, field: proc.pid, key: true}\n  - {name: ppid, field: proc.ppid}\ntree: {id: pid, parent: ppid}\nsort: pid\n")
	f := &Frame{Spec: s, Columns: []*ColumnSpec{&s.Columns[0], &s.Columns[1]}}
	for _, p := range [][2]int64{{9, 8}, {1, 0}, {2, 1}, {3, 2}, {4, 1}, {8, 9}, {7, 7}, {5, 99}, {6, 3}} {
		f.Rows = append(f.Rows, Row{Values: []fields.Value{intOf(p[0]), intOf(p[1])}})
	}
	f.sort(0, false)
	want := "1|0,  2|1,    3|2,      6|3,  4|1,5|99,7|7,8|9,  9|8"
	if have := strings.Join(viewRows(f), ","); have != want {
		t.Errorf("%s, want %s", have, want)
	}
	if have := strings.Join(viewRows(f.Sorted(0, true)), ","); have != "7|7,5|99,1|0,  4|1,  2|1,    3|2,      6|3,9|8,  8|9" {
		t.Error(have)
	}
	tree := replayed(t, "shell.scap", viewSpec(t, "ptree"), nil, false)
	if flat := replayed(t, "shell.scap", viewSpec(t, "procs"), nil, false); len(tree.Rows) != len(flat.Rows) || !slices.ContainsFunc(tree.Rows, func(r Row) bool { return r.Depth > 1 }) {
		t.Errorf("%d rows in the tree, %d processes", len(tree.Rows), len(flat.Rows))
	}
}

// TestLevels: each level of a tree has the rows below it together.
func TestLevels(t *testing.T) {
	s := spec(t, `filter: evt.dir=<
columns:
  - {name: calls, agg: count}
  - {name: process, field: proc.name, key: true}
  - {name: type, field: evt.type, key: true}
  - {name: pid, field: proc.pid, level: type}
levels: [process, type]
`)
	f := replayed(t, "hello.scap", s, nil, false)
	var top, bottom, all uint64
	for i, r := range f.Rows {
		switch r.Depth {
		case 0:
			if all += r.Values[0].Num; top != bottom || r.Values[2].Type != fields.Absent || r.Values[3].Type != fields.Absent {
				t.Errorf("row %d: %v: %d above, %d below", i, r.Values, top, bottom)
			}
			top, bottom = r.Values[0].Num, 0
		case 1:
			bottom += r.Values[0].Num
		}
	}
	if all != f.Events || top != bottom || f.Total.Values[0].Num != all {
		t.Errorf("%d of %d events, %d in all", all, f.Events, f.Total.Values[0].Num)
	}
	keys := map[string]bool{}
	for i := range f.Rows {
		keys[f.Key(i)] = true
	}
	if len(keys) != len(f.Rows) {
		t.Errorf("%d keys of %d rows", len(keys), len(f.Rows))
	}
}

// TestFeed: a list keeps the newest rows, and a frame that was taken does not change.
func TestFeed(t *testing.T) {
	s := spec(t, "kind: list\ncolumns:\n  - {name: number, field: evt.num}\n  - {name: name, field: proc.name}\n")
	v, err := OpenView(s, plainEnv(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := v.(screened).shown.(*feedView)
	l.max = 10
	var first *Frame
	ev := event.Event{Type: event.OpenX, Thread: &event.Thread{Comm: "x"}, FDNum: -1, TS: 5}
	for i := range uint64(1000) {
		ev.Num = i + 1
		l.Event(&ev)
		if i == 9 {
			first = l.Peek(6)
		}
	}
	if len(first.Rows) != 10 || first.Rows[0].Values[0].Num != 1 || first.Lost != 0 {
		t.Errorf("%d rows: %v", len(first.Rows), first.Rows)
	}
	f := l.Result(7)
	if len(f.Rows) != 10 || f.Rows[9].Values[0].Num != 1000 || f.Lost != 990 || f.Key(0) == first.Key(0) || l.bytes != 10 {
		t.Errorf("%d rows, %d lost, %d bytes: %v", len(f.Rows), f.Lost, l.bytes, f.Rows)
	}
}

// TestHeatView: each latency is in the range that says so, from 1 ns to beyond the scale.
func TestHeatView(t *testing.T) {
	v, err := OpenView(viewSpec(t, "spectro_all"), plainEnv(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ev := event.Event{Type: event.OpenX, FDNum: -1, TS: 5}
	for _, ns := range []uint64{1, 2, 3, 5, 9, 10, 11, 99, 100, 101, 999, 1000, 123456, 1e9, 99e9, 1e11, 1e15} {
		ev.Latency = ns
		v.Event(&ev)
		f := v.Result(7)
		if len(f.Rows) != 1 || f.Rows[0].Values[0].Num > ns || f.Rows[0].Values[1].Num <= ns && ns < 1e11 || f.Rows[0].Values[2].Num != 1 {
			t.Errorf("%d ns: %v", ns, f.Rows)
		}
		if step, err := f.Into(0, nil, nil); ns >= 1e11 && strings.Contains(step.Filter.String(), "evt.latency < ") {
			t.Errorf("the last range ends: %s", step.Filter)
		} else if err != nil || !strings.Contains(step.Filter.String(), "evt.latency >= "+fmt.Sprint(f.Rows[0].Values[0].Num)) {
			t.Errorf("%v %v", step, err)
		}
	}
	ev.Latency = 0
	if v.Event(&ev); v.Result(8).Events != 0 {
		t.Error("no latency is none")
	}
}

// TestTalkersDrill: the rows of who talks to whom lead to what both ends do.
func TestTalkersDrill(t *testing.T) {
	f := replayed(t, "web.scap", viewSpec(t, "talkers"), nil, false)
	if len(f.Rows) == 0 {
		t.Fatal("nobody talks")
	}
	for i := range f.Rows {
		step, err := f.Into(i, nil, &fields.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if g := replayed(t, "web.scap", viewSpec(t, "io_by_type"), step.Filter, false); len(g.Rows) == 0 {
			t.Errorf("%s: %s: %v", viewRows(f)[i], step.Filter, viewRows(g))
		}
	}
}

// TestAudit: commands, connections and files in order, each with its kind.
func TestAudit(t *testing.T) {
	var b bytes.Buffer
	for _, line := range viewRows(replayed(t, "hello.scap", viewSpec(t, "audit"), nil, false)) {
		fmt.Fprintln(&b, line)
	}
	for _, want := range []string{"|command|", "|network|", "|file|"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

// TestActions: commands are words, with values of the row in them; what would be an option is refused.
func TestActions(t *testing.T) {
	s := spec(t, `columns:
  - {name: n, agg: count}
  - {name: pid, field: proc.pid, key: true}
  - {name: file, field: fd.name, key: true}
  - {name: engine, field: container.type}
actions:
  - {key: k, title: kill, command: [kill, "-9", "%proc.pid"], ask: true}
  - {key: l, title: less, command: [less, "%fd.name"]}
  - {key: m, title: less, command: [less, --, "%fd.name"]}
  - {key: p, title: part, command: [echo, "at=%fd.name,100%%", "%"]}
  - {key: d, title: docker, command: [docker, ps], when: [container.type, docker, podman]}
`)
	f := &Frame{Spec: s}
	for i := range s.Columns {
		f.Columns = append(f.Columns, &s.Columns[i])
	}
	f.Rows = []Row{
		{Values: []fields.Value{numberOf(1), intOf(7), textOf("/a b;$(reboot)\x1b"), textOf("docker")}},
		{Values: []fields.Value{numberOf(1), intOf(-7), textOf("-rf"), {}}},
		{Values: []fields.Value{numberOf(1), {}, textOf("a\x00b"), textOf("cri-o")}},
	}
	for _, c := range []struct {
		action, row int
		want        string
	}{
		{0, 0, "kill,-9,7"}, {1, 0, "less,/a b;$(reboot)\x1b"}, {3, 0, "echo,at=/a b;$(reboot)\x1b,100%,%"}, {4, 0, "docker,ps"},
		{0, 1, `!kill: proc.pid of this row begins with "-", so it would be taken for an option`}, {1, 1, "!less: fd.name of this row begins"}, {2, 1, "less,--,-rf"}, {3, 1, "echo,at=-rf,100%,%"},
		{0, 2, "!kill: proc.pid of this row is not known"}, {1, 2, "!less: fd.name of this row is empty or no text"},
	} {
		argv, err := s.Actions[c.action].Argv(f, c.row)
		have := strings.Join(argv, ",")
		if err != nil {
			have = "!" + err.Error()
		}
		if have != c.want && !(err != nil && strings.HasPrefix(have, c.want)) {
			t.Errorf("%d of row %d: %s, want %s", c.action, c.row, have, c.want)
		}
	}
	if a := &s.Actions[4]; !a.Offered(f, 0) || a.Offered(f, 1) || a.Offered(f, 2) || !s.Actions[0].Offered(f, 1) {
		t.Error("when")
	}
}

// TestParseView: a mistake in what makes a chisel a view is told with its place.
func TestParseView(t *testing.T) {
	const good = `name: x
title: a view
view: true
applies_to: ["", proc.pid]
columns:
  - {name: n, agg: count, where: evt.dir=<}
  - {name: pid, field: proc.pid, key: true}
  - {name: up, field: proc.ppid, key: true}
tree: {id: pid, parent: up}
actions:
  - {key: k, title: kill, command: [kill, "%proc.pid"], when: [proc.ppid, "1"]}
`
	if _, err := ParseSpec("x.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"view: true", "viev: true", `x.yaml:3:1: no key "viev"`},
		{"view: true", "root: true", "only a view is the first one"},
		{"view: true", "view: true\nkind: code", "only built-in chisels are of the kind code"},
		{"proc.pid]", "proc.pit]", "x.yaml:4:18: no field \"proc.pit\"\n  applies_to: [\"\", proc.pit]\n                   ^^^^^^^^ did you mean proc.pid?"},
		{"id: pid", "id: pit", `x.yaml:9:12: no column "pit"`},
		{", parent: up", "", "a tree has an id and a parent"},
		{"tree:", "levels: [n]\ntree:", "not both"},
		{"tree: {id: pid, parent: up}", "levels: [n]", `no key column "n"`},
		{"where: evt.dir=<", "where: evt.dir=x", "filter, character"},
		{"key: true}\ntree", "key: true, where: evt.dir=<}\ntree", "only an aggregate of a table has events of its own"},
		{"key: k", "key: kk", `x.yaml:11:11: no key "kk"`},
		{"title: kill, ", "", "an action without title"},
		{`[kill, "%proc.pid"]`, "[]", "an action without command"},
		{`[kill, "%proc.pid"]`, `["%proc.pid"]`, "what program runs is not for the events to say"},
		{`"%proc.pid"]`, `"%proc.vpid"]`, `no column of the field "proc.vpid"`},
		{`, "1"]`, "]", "a condition is a field and the values that it may have"},
	} {
		if _, err := ParseSpec("x.yaml", []byte(strings.Replace(good, c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.to, err, c.want)
		}
	}
}

// A total that is a sum adds the largest values of the rows.
func TestTotalSum(t *testing.T) {
	f := frameOf(t, `
filter: evt.is_io=true and evt.rawres>0
columns:
  - {name: sum, field: evt.rawres, agg: max, total: sum}
  - {name: most, field: evt.rawres, agg: max}
  - {name: type, field: fd.type, key: true}
`)
	var sum, most int64
	for _, r := range f.Rows {
		sum, most = sum+r.Values[0].Int(), max(most, r.Values[0].Int())
	}
	if a, b := f.Total.Values[0].Int(), f.Total.Values[1].Int(); a != sum || b != most || sum <= most {
		t.Errorf("totals %d and %d, want %d and %d", a, b, sum, most)
	}
}
