package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/chisels"
	"scry/filter"
	"scry/filter/fields"
)

// The views of both programs, over every capture: the same rows with the same values. csysdig -j prints one sample for the whole file, made at its end, with what
// --raw prints as text: rates as the sums that they are made of, averages divided. (Of a running machine it makes a sample every -d ms; from a file -d changes
// nothing.) Where csysdig counts something else, a filter makes it count the same, or the column is compared with that of another run.

// viewCase is a view, and how csysdig is brought to show the same.
type viewCase struct {
	view string
	key  string            // our column that csysdig's rows are found by; "": rows are compared in their order
	with string            // filter for both
	only []string          // columns that are compared; none: all of csysdig's
	as   map[string]string // columns of csysdig that have another title here; "": there is none
	peer string            // filter for csysdig alone
}

// noWalk leaves out what csysdig makes of each thread at the end of a sample: it counts that as an event (D-view-walk).
const noWalk = "evt.num>0"

// known leaves out calls of which 0.29.3 does not know the descriptor (D-fd-more).
const known = "not evt.type in (mmap, setsockopt, mkdirat, unlinkat)"

var viewCases = []viewCase{
	{view: "procs", key: "pid"},
	{view: "procs_cpu", key: "pid", as: map[string]string{"SYSCALLS": ""}},
	{view: "procs_cpu", key: "pid", peer: "evt.dir=< and " + noWalk, only: []string{"SYSCALLS"}, as: map[string]string{"SYSCALLS": "CALLS"}},
	{view: "threads", key: "tid"},
	{view: "containers", key: "id"},
	{view: "containers_errors", key: "id", as: map[string]string{"CONTAINER": "NAME"}},
	{view: "connections", key: "conn", as: map[string]string{"LIP": "", "RIP": "", "IOPS": ""}},
	{view: "connections", key: "conn", peer: "evt.dir=<", only: []string{"IOPS"}},
	{view: "incoming_connections"},
	{view: "sports", key: "port", as: map[string]string{"IO CALLS": ""}},
	{view: "sports", key: "port", with: known, peer: "evt.dir=<", only: []string{"IO CALLS"}},
	{view: "files", key: "file", with: known, as: map[string]string{"OPENS": ""}},
	{view: "directories", key: "directory", with: known, as: map[string]string{"OPENS": ""}},
	{view: "file_opens", with: "evt.type=open"},
	{view: "io_by_type", key: "type", with: known, as: map[string]string{"IOPS": ""}},
	{view: "io_by_type", key: "type", with: known, peer: "evt.dir=<", only: []string{"IOPS"}},
	{view: "slow_io", key: "time", as: map[string]string{"TIME": ""}},
	{view: "errors", key: "error"},
	{view: "procs_errors", key: "pid"},
	{view: "syscalls", key: "syscall", peer: callsOnce + " and " + noWalk, as: map[string]string{"CALLS/S": "CALLS"}},
	{view: "syscall_procs", key: "pid", peer: callsOnce + " and " + noWalk, as: map[string]string{"CALLS/S": "CALLS"}},
	{view: "procs_fd_usage", key: "pid"},
	{view: "page_faults", key: "pid"},
	{view: "spy_users"},
	{view: "spy_syslog"},
	{view: "backlog", key: "port", peer: noWalk},
}

// containerCases are compared with -pc: its columns alone.
var containerCases = []viewCase{
	{view: "procs", key: "pid", only: []string{"VPID", "CONTAINER"}, as: map[string]string{"CONTAINER": "Container"}},
	{view: "threads", key: "tid", only: []string{"VPID", "VTID", "Container"}},
	{view: "procs_fd_usage", key: "pid", only: []string{"VPID"}},
}

// compareRaw compares what --raw prints of containers: there rates and averages are divided.
func compareRaw(t *testing.T, capture, file string, f *chisels.Frame) {
	t.Helper()
	ours := map[string]int{}
	for i := range f.Rows {
		ours[viewValue(f, i, columnNamed(f, "id"), false)] = i
	}
	for _, line := range strings.Split(string(output(csysdig, "--raw", "-r", file, "-v", "containers")), "\n") {
		w := strings.Fields(line)
		if len(w) < 10 {
			continue
		}
		row, ok := ours[w[9]]
		if !ok {
			continue // compare says it
		}
		for i, name := range []string{"cpu", "procs", "threads", "virt", "res", "file", "net"} {
			x := f.Rows[row].Values[columnNamed(f, name)].Float()
			want := sysdigNice(x, name == "cpu" || name == "file" || name == "net")
			switch {
			case name == "procs" || name == "threads":
				w[i] = strings.TrimSuffix(w[i], ".00")
			case w[i] == "0" && name != "virt" && name != "res": // a capture of one moment
				w[i] = "0.00"
			}
			if w[i] != want && !excused(&diff{capture: capture, what: "view containers raw", event: name, theirs: w[i], ours: want}) {
				t.Errorf("%s: containers --raw: %s: %s: csysdig %s, scry %s", capture, w[9], name, w[i], want)
			}
		}
	}
}

// sysdigNice prints a number as csysdig's screens do.
func sysdigNice(x float64, fraction bool) string {
	unit, decimals := "", 0
	for _, u := range []string{"K", "M", "G", "T"} {
		if x > 1024 {
			x, unit = x/1024, u
		}
	}
	if fraction {
		decimals = 2
	}
	return strconv.FormatFloat(x, 'f', decimals, 64) + unit
}

// sysdigView is what csysdig -j prints.
type sysdigView struct {
	Slices []sysdigSample `json:"slices"`
}

// sysdigSample is a sample: its rows, and the titles of their values.
type sysdigSample struct {
	Data []struct {
		D []any  `json:"d"`
		K string `json:"k"`
	} `json:"data"`
	Info struct {
		Legend []struct{ Name string } `json:"legend"`
	} `json:"info"`
}

func (s *sysdigSample) titles() (out []string) {
	for _, l := range s.Info.Legend {
		out = append(out, l.Name)
	}
	return out
}

var csysdig = strings.Replace(sysdig, "sysdig", "csysdig", 1)

// viewFrames are views over a capture.
func viewFrames(t *testing.T, file string, specs []*chisels.Spec, with []string, pc bool) []*chisels.Frame {
	t.Helper()
	src, err := capture.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	o := &fields.Options{Location: time.FixedZone("", 9*3600)} // as output has it
	l := &chisels.Loop{Tables: state.New()}
	env := &chisels.Env{Options: o, Containers: pc, Tables: l.Tables}
	for i, s := range specs {
		var where *filter.Filter
		if with[i] != "" {
			if where, err = filter.Compile(with[i], o); err != nil {
				t.Fatal(err)
			}
		}
		v, err := chisels.OpenView(s, env, where)
		if err != nil {
			t.Fatal(err)
		}
		l.Chisels = append(l.Chisels, v)
	}
	var end uint64
	l.Chisels = append(l.Chisels, lastTime{&end})
	if _, err := l.Run(src); err != nil {
		t.Logf("%s: %v", file, err)
	}
	var out []*chisels.Frame
	for _, c := range l.Chisels[:len(specs)] {
		out = append(out, c.(chisels.Viewer).Result(end))
	}
	return out
}

// lastTime notes the time of the last event.
type lastTime struct{ ts *uint64 }

func (l lastTime) Event(ev *event.Event) (bool, error) {
	if !event.WrittenLate.Has(ev.Type) {
		*l.ts = max(*l.ts, ev.TS)
	}
	return false, nil
}
func (lastTime) Finish() error { return nil }

func TestDifferentialViews(t *testing.T) {
	t.Parallel()
	files := peer(t)
	catalog := chisels.NewCatalog(nil)
	var specs []*chisels.Spec
	var with []string
	for _, c := range viewCases {
		s, err := catalog.View(c.view)
		if err != nil {
			t.Fatal(err)
		}
		specs, with = append(specs, s), append(with, c.with)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".scap")
		t.Run(name, func(t *testing.T) {
			frames := viewFrames(t, file, specs, with, false)
			for i := range viewCases {
				viewCases[i].compare(t, name, file, frames[i])
				if viewCases[i].view == "containers" {
					compareRaw(t, name, file, frames[i])
				}
			}
			var pc []*chisels.Spec
			for i := range containerCases {
				s, err := catalog.View(containerCases[i].view)
				if err != nil {
					t.Fatal(err)
				}
				pc = append(pc, s)
			}
			for i, f := range viewFrames(t, file, pc, make([]string, len(pc)), true) {
				containerCases[i].compare(t, name, file, f, "-pc")
			}
		})
	}
}

func (c *viewCase) compare(t *testing.T, capture, file string, f *chisels.Frame, words ...string) {
	t.Helper()
	args := append([]string{"-j", "-r", file, "-v", c.view}, words...)
	var peer []string
	for _, text := range []string{c.with, c.peer} {
		if text != "" {
			peer = append(peer, "("+text+")")
		}
	}
	if peer != nil {
		args = append(args, strings.Join(peer, " and "))
	}
	var doc sysdigView
	d := json.NewDecoder(bytes.NewReader(output(csysdig, args...)))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil || len(doc.Slices) == 0 {
		t.Errorf("%s: %s: csysdig: %v", capture, c.view, err)
		return
	}
	last := &doc.Slices[len(doc.Slices)-1]
	ours := map[string]int{}
	for i := range f.Rows {
		k := strconv.Itoa(i)
		if c.key != "" {
			k = viewValue(f, i, columnNamed(f, c.key), false)
		}
		ours[k] = i
	}
	found := map[string]bool{}
	for i, r := range last.Data {
		k := r.K
		if c.key == "" {
			k = strconv.Itoa(i)
		}
		row, ok := ours[k]
		if found[k] = true; !ok {
			if !excused(&diff{capture: capture, what: "view " + c.view, event: "row", theirs: k + " " + fmt.Sprint(r.D), missing: true}) {
				t.Errorf("%s: %s: csysdig has %q %v", capture, c.view, k, r.D)
			}
			continue
		}
		c.compareRow(t, capture, k, f, row, last.titles(), r.D)
	}
	for k, row := range ours {
		if !found[k] && c.only == nil && !excused(&diff{capture: capture, what: "view " + c.view, event: "row", ours: fmt.Sprint(k)}) {
			t.Errorf("%s: %s: only scry has %q %v", capture, c.view, k, f.Rows[row].Values)
		}
	}
}

// compareRow compares the columns of a row.
func (c *viewCase) compareRow(t *testing.T, capture, k string, f *chisels.Frame, row int, titles []string, values []any) {
	t.Helper()
	for n, v := range values {
		title := titles[n]
		if c.only != nil && !slices.Contains(c.only, title) {
			continue
		}
		if as, ok := c.as[title]; ok {
			if title = as; as == "" {
				continue
			}
		}
		col := slices.IndexFunc(f.Columns, func(x *chisels.ColumnSpec) bool { return x.Title == title })
		if col < 0 {
			t.Fatalf("%s: no column %q", c.view, title)
		}
		theirs, our := viewText(v), viewValue(f, row, col, true)
		if f.Columns[col].Agg == "avg" && f.Rows[row].Values[col].Type == fields.RelTime && theirs == sysdigTime(f.Rows[row].Values[col].Num-1) {
			continue // D-view-avg-time
		}
		if theirs != our && !excused(&diff{capture: capture, what: "view " + c.view, event: title, theirs: theirs, ours: our}) {
			t.Errorf("%s: %s: %q: %s: csysdig %s, scry %s", capture, c.view, k, title, theirs, our)
		}
	}
}

func columnNamed(f *chisels.Frame, name string) int {
	return slices.IndexFunc(f.Columns, func(x *chisels.ColumnSpec) bool { return x.Name == name })
}

// viewText is a value of csysdig.
func viewText(v any) string {
	if n, ok := v.(json.Number); ok {
		x, _ := n.Float64()
		return number(x)
	}
	return fmt.Sprint(v)
}

// viewValue is a value of ours as csysdig has it: rates as what they are made of, nothing for what is not known.
func viewValue(f *chisels.Frame, row, col int, shown bool) string {
	v, c := f.Rows[row].Values[col], f.Columns[col]
	switch {
	case v.Type == fields.AbsTime && shown:
		return f.Text(col, v, &fields.Options{Location: time.FixedZone("", 9*3600)})
	case v.Type == fields.AbsTime:
		return strconv.FormatUint(v.Num, 10)
	case v.Type == fields.Absent:
		return ""
	case v.Type.Text():
		return strings.Map(func(r rune) rune { return r }, v.Str) // what is not UTF-8 as the JSON decoder has it
	case !v.Type.Numeric():
		return string(fields.AppendValue(nil, v, event.FmtDec, &fields.Options{}))
	case v.Type == fields.RelTime:
		return sysdigTime(v.Num)
	case c.Agg == "rate":
		return number(math.Round(v.Float() * f.Seconds()))
	case c.Unit == "KiB":
		return number(v.Float() * 1024)
	}
	return number(v.Float())
}

func sysdigTime(ns uint64) string {
	if s := ns / 1e9; s >= 60 {
		return fmt.Sprintf("%10s", fmt.Sprintf("%d:%02d", s/60, s%60))
	}
	return fmt.Sprintf("%10s", sysdigUnit("time", float64(ns)))
}

// number is a number as both are compared: whole, or with nine digits.
func number(x float64) string {
	if x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 9, 64)
}
