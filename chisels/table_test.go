package chisels

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// spec makes a chisel of columns and other keys of YAML.
func spec(t testing.TB, yaml string) *Spec {
	t.Helper()
	s, err := ParseSpec("test.yaml", []byte("name: test\ntitle: a test\n"+yaml))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance makes a table of a spec; args are "name=value".
func instance(t testing.TB, s *Spec, env *Env, args ...string) *Table {
	t.Helper()
	call := &Call{Spec: s, Args: map[string]string{}}
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		call.Args[k] = v
	}
	c, err := call.Make(env)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Table)
}

func plainEnv() *Env { return &Env{Options: &fields.Options{}} }

// recorded gives the events of a capture of testdata, with state, to fn.
func recorded(t testing.TB, file string, fn func(*event.Event)) {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var src capture.Source = source(t, b)
	tables := state.New()
	var ev event.Event
	for src.Next(&ev) == nil {
		tables.Apply(&ev)
		fn(&ev)
	}
}

// frameOf is what a table makes of testdata/hello.scap.
func frameOf(t testing.TB, yaml string, args ...string) *Frame {
	t.Helper()
	tab := instance(t, spec(t, yaml), plainEnv(), args...)
	recorded(t, "hello.scap", func(ev *event.Event) {
		if _, err := tab.Event(ev); err != nil {
			t.Fatal(err)
		}
	})
	return tab.Frame(tab.last)
}

// text are the values of a frame, one row on a line.
func (f *Frame) text() string {
	var b strings.Builder
	row := func(r Row) {
		for i, v := range r.Values {
			if i > 0 {
				b.WriteByte(' ')
			}
			if v.Type == fields.Absent {
				b.WriteByte('-')
			}
			b.Write(fields.AppendValue(nil, v, event.FmtDec, &fields.Options{}))
		}
		b.WriteByte('\n')
	}
	for _, r := range f.Rows {
		row(r)
	}
	if f.Other != nil {
		b.WriteString("others ")
		row(*f.Other)
	}
	return b.String()
}

func checkFrame(t *testing.T, f *Frame, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimPrefix(want, "\n"), "\t", "")
	if got := f.text(); got != want {
		t.Errorf("have\n%swant\n%s", got, want)
	}
}

// Keys make rows; the sum of all is the total; rows of equal value stand in the order of their keys.
func TestTableGroups(t *testing.T) {
	f := frameOf(t, `
filter: evt.is_io=true and evt.rawres>0
columns:
  - {name: bytes, field: evt.rawres, agg: sum, required: true}
  - {name: calls, agg: count}
  - {name: type, field: fd.type, key: true}
`)
	checkFrame(t, f, `
	5573 20 file
	385 6 ipv4
	86 2 pipe
	36 1 unix
	`)
	if f.Total.Values[0].Int() != 6080 || f.Total.Values[1].Num != 29 || f.Events != 29 {
		t.Errorf("total %v of %d events", f.Total, f.Events)
	}
	f = frameOf(t, `
filter: evt.type=wait4 or evt.type=clone
columns:
  - {name: calls, agg: count}
  - {name: type, field: evt.type, key: true}
  - {name: dir, field: evt.dir, key: true}
`)
	checkFrame(t, f, `
	12 clone <
	6 clone >
	1 wait4 <
	1 wait4 >
	`)
}

func TestTableDefaults(t *testing.T) {
	// No default: events without the value make no row.
	count := func(more string) string {
		return frameOf(t, `
filter: evt.type in (getpid, procexit, clone) or evt.type=procinfo
columns:
  - {name: n, agg: count}
  - {name: type, field: syscall.type, key: true`+more+`}
`).text()
	}
	if got := count(""); got != "18 clone\n" {
		t.Errorf("without a default: %q", got)
	}
	if got := count(`, default: none`); got != "20 none\n18 clone\n" {
		t.Errorf("with a default: %q", got)
	}
	if got := count(`, or: [evt.type]`); got != "18 clone\n14 procinfo\n6 procexit\n" {
		t.Errorf("with another field: %q", got)
	}
}

func TestTableOther(t *testing.T) {
	yaml := `
columns:
  - {name: n, agg: count}
  - {name: type, field: evt.type, key: true}
`
	for _, limit := range []string{"rows", "bytes"} {
		tab := instance(t, spec(t, yaml), plainEnv())
		all := 0
		if limit == "rows" {
			tab.maxRows = 2
		} else {
			tab.keyBytes = maxKeyBytes - 20
		}
		recorded(t, "hello.scap", func(ev *event.Event) {
			all++
			tab.Event(ev)
		})
		f := tab.Frame(tab.last)
		if len(f.Rows) != 2 || f.Other == nil {
			t.Fatalf("%s: %d rows, others %v", limit, len(f.Rows), f.Other)
		}
		sum := f.Other.Values[0].Num + f.Rows[0].Values[0].Num + f.Rows[1].Values[0].Num
		if sum != uint64(all) || f.Total.Values[0].Num != uint64(all) {
			t.Errorf("%s: rows and others count %d, the total is %v, of %d events", limit, sum, f.Total, all)
		}
		tab.reset(1)
		if f := tab.Frame(2); len(f.Rows) != 0 || f.Other != nil || tab.keyBytes != 0 {
			t.Errorf("%s: after a reset: %d rows", limit, len(f.Rows))
		}
	}
}

// Rows are grouped once more: threads to processes, with another aggregation.
func TestTableGroup(t *testing.T) {
	f := frameOf(t, `
filter: evt.dir=< and evt.latency>0 and proc.name in (bash, curl)
columns:
  - {name: slowest, field: evt.latency, agg: max, group_agg: sum}
  - {name: calls, agg: count, group_agg: max}
  - {name: kinds, field: evt.type, agg: distinct}
  - {name: process, field: proc.name, key: true}
  - {name: type, field: evt.type, key: true}
group: [process]
`)
	if len(f.Rows) != 2 {
		t.Fatalf("%d rows", len(f.Rows))
	}
	single := frameOf(t, `
filter: evt.dir=< and evt.latency>0 and proc.name in (bash, curl)
columns:
  - {name: slowest, field: evt.latency, agg: max}
  - {name: calls, agg: count}
  - {name: process, field: proc.name, key: true}
  - {name: type, field: evt.type, key: true}
`)
	sums, most, kinds := map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	for _, r := range single.Rows {
		p := r.Values[2].Str
		sums[p] += r.Values[0].Num
		most[p] = max(most[p], r.Values[1].Num)
		kinds[p]++
	}
	for _, r := range f.Rows {
		p := r.Values[3].Str
		if r.Values[0].Num != sums[p] || r.Values[1].Num != most[p] || r.Values[2].Num != kinds[p] {
			t.Errorf("%s: %v, want %d, %d kinds", p, r.Values, sums[p], kinds[p])
		}
	}
}

// Several -pc columns: there or not, and never a change of the sums.
func TestTableContainers(t *testing.T) {
	c := NewCatalog(nil)
	for _, name := range []string{"topprocs_net", "topprocs_errors", "topfiles_bytes", "topscalls", "topconns"} {
		s, err := c.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		var totals, columns []string
		for _, with := range []bool{false, true} {
			env := plainEnv()
			env.Containers = with
			tab := instance(t, s, env)
			recorded(t, "hello.scap", func(ev *event.Event) { tab.Event(ev) })
			f := tab.Frame(tab.last)
			totals = append(totals, fmt.Sprint(f.Total.Values[0], f.Events))
			columns = append(columns, f.Columns[len(f.Columns)-1].Name)
		}
		if totals[0] != totals[1] || columns[0] == "container" || columns[1] != "container" {
			t.Errorf("%s: totals %v, last columns %v", name, totals, columns)
		}
	}
}

// Ticks end intervals: each has its own rows, and together they are those of the whole.
func TestTableIntervals(t *testing.T) {
	s := spec(t, `
columns:
  - {name: n, agg: count}
  - {name: type, field: evt.type, key: true}
`)
	var b strings.Builder
	env := plainEnv()
	env.Format, env.Out = FormatCSV, NewOutput(&b)
	l := Loop{Chisels: []Chisel{instance(t, s, env)}, Tables: state.New(), Interval: 500e6}
	if _, err := l.Run(hello(t)); err != nil {
		t.Fatal(err)
	}
	if err := l.Finish(); err != nil {
		t.Fatal(err)
	}
	env.Out.Close()
	sums, times := map[string]int{}, map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n")[1:] {
		var n int
		p := strings.Split(line, ",")
		fmt.Sscan(p[1], &n)
		sums[p[2]] += n
		times[p[0]] = true
	}
	for _, r := range frameOf(t, "columns:\n  - {name: n, agg: count}\n  - {name: type, field: evt.type, key: true}\n").Rows {
		if sums[r.Values[1].Str] != int(r.Values[0].Num) {
			t.Errorf("%s: %d in the intervals, %d as a whole", r.Values[1].Str, sums[r.Values[1].Str], r.Values[0].Num)
		}
	}
	if len(times) != 3 {
		t.Errorf("%d intervals: %v", len(times), times)
	}
}

// What is sampled is rated over the time between samples, wherever the intervals end.
func TestTableSamples(t *testing.T) {
	s := spec(t, `
filter: evt.type=procinfo
columns:
  - {name: cpu, field: thread.cpu, agg: rate, unit: percent, required: true}
  - {name: tid, field: thread.tid, key: true}
`)
	tab := instance(t, s, plainEnv())
	th := event.Thread{TID: 7, PID: 7}
	sample := func(ts uint64, percent float64) {
		ev := event.Event{Type: event.ProcinfoE, TS: ts, TID: 7, Thread: &th, Num: 1}
		th.CPUUser = percent
		tab.Event(&ev)
	}
	cpu := func() float64 { return tab.Frame(tab.last).Rows[0].Values[0].Float() }
	sample(1e9, 0)
	sample(2e9, 50)
	tab.ticked = true
	if got := cpu(); got != 50 {
		t.Errorf("50 jiffies in a second: %v %%", got)
	}
	tab.reset(21e8)
	sample(3e9, 100)
	sample(4e9, 100)
	if got := cpu(); got != 100 {
		t.Errorf("two samples in an interval: %v %%", got)
	}
	tab.reset(45e8)
	if f := tab.Frame(46e8); len(f.Rows) != 0 {
		t.Errorf("no sample: %v", f.Rows)
	}
	tab.reset(45e8)
	sample(6e9, 100)
	if got := cpu(); got != 50 {
		t.Errorf("a sample late: %v %%", got)
	}
}

// A table takes an event into a row that is there without allocating, also when it keeps reasons.
func TestTableAllocs(t *testing.T) {
	for _, why := range []bool{false, true} {
		testTableAllocs(t, why)
	}
}

func testTableAllocs(t *testing.T, why bool) {
	env := plainEnv()
	env.Why = why
	tab := instance(t, spec(t, `
columns:
  - {name: n, agg: count}
  - {name: sum, field: evt.rawres, agg: sum}
  - {name: avg, field: evt.latency, agg: avg}
  - {name: p99, field: evt.latency, agg: p99}
  - {name: max, field: evt.latency, agg: max}
  - {name: fds, field: fd.name, per: [proc.pid, fd.num], agg: distinct}
  - {name: last, field: fd.name, agg: last}
  - {name: type, field: evt.type, key: true}
  - {name: process, field: proc.name, key: true}
  - {name: name, field: fd.name, or: [fs.path.name], key: true, default: none}
  - {name: container, field: container.name, or: [container.id]}
  - {name: user, field: user.name}
`), env)
	var events []*event.Event
	recorded(t, "shell.scap", func(ev *event.Event) {
		c := ev.Clone()
		events = append(events, c)
	})
	for _, ev := range events {
		tab.Event(ev)
	}
	i := 0
	if n := testing.AllocsPerRun(20*len(events), func() {
		tab.Event(events[i%len(events)])
		i++
	}); n != 0 {
		t.Errorf("why %v: %v allocations per event", why, n)
	}
}

// Mistakes in the other fields of a column are found before anything runs, and say where.
func TestSpecMore(t *testing.T) {
	for _, c := range []struct{ column, want string }{
		{"{name: a, field: fd.name, or: [fs.path.nam], key: true}", "5:36: no field"},
		{"{name: a, field: fd.name, or: [fd.num], key: true}", "fd.num is of another type than fd.name"},
		{"{name: a, field: fd.name, or: [fs.path.name], per: [fd.num], agg: distinct}", "either other fields or fields that it is counted per"},
		{"{name: a, field: fd.name, per: [fd.num], key: true}", "only distinct values are counted per another field"},
		{"{name: a, field: fd.name, per: [fd.nam], agg: distinct}", "did you mean fd.name?"},
	} {
		_, err := ParseSpec("test.yaml", []byte("name: test\ntitle: a test\ncolumns:\n  - {name: k, field: proc.name, key: true}\n  - "+c.column+"\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.column, err, c.want)
		}
	}
	_, err := ParseSpec("test.yaml", []byte("name: test\ntitle: a test\nkind: list\ncolumns:\n  - {name: a, field: fd.name, or: [fs.path.name]}\n"))
	if err == nil || !strings.Contains(err.Error(), "a list has one field in a column") {
		t.Errorf("in a list: %v", err)
	}
}
