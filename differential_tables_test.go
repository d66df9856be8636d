package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The table chisels of both programs, over every capture: the same keys with the same numbers. sysdig shows the first rows only, and rows of equal value
// in random order, so each of its rows has to be among all of ours, and its values have to be our largest ones. Where sysdig counts something else, a
// filter makes it count the same: the id names the row of docs/differences.md.

// tableCase is a chisel with its argument, and how sysdig is brought to count the same.
type tableCase struct {
	id, chisel, arg string
	filter          string // given to sysdig only
	both            string // given to both
	value           string // the column that sysdig sorts by
	keys            []string
	pc              []string // keys of sysdig -pc, in its order; nil: as keys
	unit            string
	limit           int
}

// callsOnce leaves of enters and exits one event for each call.
const callsOnce = "(evt.dir=< or evt.type=exit or evt.type=exit_group) and not (evt.rawres=0 and evt.type in (clone,fork,vfork,clone3))"

var tableCases = []tableCase{
	{chisel: "topcontainers_error", value: "errors", keys: []string{"container"}, limit: 100},
	{id: "D-files-errors", chisel: "topfiles_errors", both: "fd.type=file and evt.type!=open", value: "errors", keys: []string{"file"}, pc: []string{"file", "container"}, limit: 100},
	{chisel: "topprocs_errors", value: "errors", keys: []string{"process", "pid"}, limit: 100},
	{chisel: "fdbytes_by", arg: "fd.name", value: "bytes", keys: []string{"fd.name"}, unit: "bytes", limit: 30},
	{chisel: "fdbytes_by", arg: "fd.directory", value: "bytes", keys: []string{"fd.directory"}, unit: "bytes", limit: 30},
	{chisel: "fdbytes_by", arg: "proc.name,fd.type", value: "bytes", keys: []string{"proc.name", "fd.type"}, unit: "bytes", limit: 30},
	{chisel: "fdtime_by", arg: "proc.name", value: "time", keys: []string{"proc.name"}, unit: "time", limit: 10},
	{chisel: "fdtime_by", arg: "fd.name", value: "time", keys: []string{"fd.name"}, unit: "time", limit: 10},
	{chisel: "topcontainers_file", value: "bytes", keys: []string{"container"}, unit: "bytes", limit: 10},
	{chisel: "topfiles_bytes", value: "bytes", keys: []string{"file"}, pc: []string{"container", "file"}, unit: "bytes", limit: 10},
	{chisel: "topfiles_time", value: "time", keys: []string{"file"}, pc: []string{"file", "container"}, unit: "time", limit: 10},
	{chisel: "topprocs_file", value: "bytes", keys: []string{"process", "pid"}, unit: "bytes", limit: 10},
	{chisel: "topconns", value: "bytes", keys: []string{"proto", "conn"}, pc: []string{"container", "proto", "conn"}, unit: "bytes", limit: 30},
	{chisel: "topcontainers_net", value: "bytes", keys: []string{"container"}, unit: "bytes", limit: 100},
	{chisel: "topports_server", value: "bytes", keys: []string{"port"}, pc: []string{"port", "container"}, unit: "bytes", limit: 100},
	{chisel: "topprocs_net", value: "bytes", keys: []string{"process", "pid"}, unit: "bytes", limit: 100},
	{id: "D-topscalls", chisel: "topscalls", filter: callsOnce, value: "calls", keys: []string{"syscall"}, pc: []string{"syscall", "container"}, limit: 30},
	{id: "D-topscalls-time", chisel: "topscalls_time", filter: "evt.type!=switch", value: "time", keys: []string{"syscall"}, pc: []string{"syscall", "container"}, unit: "time", limit: 30},
	{chisel: "topcontainers_cpu", value: "cpu", keys: []string{"container"}, unit: "cpu", limit: 10},
	{chisel: "topprocs_cpu", value: "cpu", keys: []string{"process", "pid"}, pc: []string{"process", "pid", "vpid", "container"}, unit: "cpu", limit: 10},
	{chisel: "table_generator", arg: "proc.name,evt.type Proc,Type evt.count Count evt.dir=< 7 none", value: "evt.count", keys: []string{"proc.name", "evt.type"}, limit: 7},
}

// sysdigRow is a row of sysdig: keys as texts, and the value.
type sysdigRow struct {
	keys  []string
	value float64
}

// sysdigJSON reads what a chisel of sysdig prints with -j.
func sysdigJSON(out []byte) ([]sysdigRow, error) {
	var doc struct {
		Data [][]any `json:"data"`
	}
	if i := bytes.IndexByte(out, '{'); i >= 0 {
		out = out[i:]
	}
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	var rows []sysdigRow
	for _, r := range doc.Data {
		var row sysdigRow
		for i, v := range r {
			if i == len(r)-1 {
				n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
				if err != nil {
					return nil, err
				}
				row.value = n
				continue
			}
			row.keys = append(row.keys, fmt.Sprint(v))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// scryFrame is the object that a table of scry prints with -j.
type scryFrame struct {
	Seconds float64          `json:"seconds"`
	Rows    []map[string]any `json:"rows"`
	Total   map[string]any   `json:"total"`
}

func scryJSON(t *testing.T, out []byte) *scryFrame {
	t.Helper()
	var f scryFrame
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return &f
}

// rows gives the values by the keys.
func (f *scryFrame) rows(value string, keys []string) map[string]float64 {
	m := map[string]float64{}
	for _, r := range f.Rows {
		var k []string
		for _, name := range keys {
			k = append(k, fmt.Sprint(r[name]))
		}
		n, _ := strconv.ParseFloat(fmt.Sprint(r[value]), 64)
		m[strings.Join(k, "\x01")] += n
	}
	return m
}

func (c *tableCase) call(file string, words ...string) []string {
	args := append([]string{"-r", file}, words...)
	args = append(args, "-c", c.chisel)
	if c.arg != "" {
		args = append(args, c.arg)
	}
	return args
}

func TestDifferentialTables(t *testing.T) {
	t.Parallel()
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		s := &subject{file: file, name: strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".scap")}
		t.Run(s.name, func(t *testing.T) {
			for i := range tableCases {
				c := &tableCases[i]
				s.compareTable(t, scry, c, c.keys)
				if c.pc != nil {
					s.compareTable(t, scry, c, c.pc, "-pc")
				}
				s.compareTotals(t, scry, c)
			}
			s.compareCounts(t, scry)
			s.compareBottlenecks(t, scry)
		})
	}
}

// compareTable compares one chisel, as JSON and as text.
func (s *subject) compareTable(t *testing.T, scry string, c *tableCase, keys []string, words ...string) {
	t.Helper()
	what := strings.TrimSpace(c.chisel + " " + c.arg + strings.Join(words, " "))
	args := append(c.call(s.file, words...), strings.Fields(c.both)...)
	theirArgs := args
	if c.filter != "" {
		theirArgs = append(slices.Clip(args), c.filter)
	}
	theirs, err := sysdigJSON(output(sysdig, append(slices.Clip(theirArgs[:2:2]), append([]string{"-j"}, theirArgs[2:]...)...)...))
	if err != nil {
		t.Errorf("%s: %s: sysdig: %v", s.name, what, err)
		return
	}
	f := scryJSON(t, output(scry, append(args[:2:2], append([]string{"-j", "--top", "0"}, args[2:]...)...)...))
	ours := f.rows(c.value, keys)
	for _, r := range theirs {
		k := strings.Join(r.keys, "\x01")
		n, ok := ours[k]
		if c.unit == "cpu" {
			n = float64(int64(n*f.Seconds*1e7 + 0.5))
		}
		if d := (diff{capture: s.name, what: what, event: k, theirs: fmt.Sprint(r.value), ours: fmt.Sprint(n), missing: !ok}); (!ok || n != r.value) && !excused(&d) {
			t.Errorf("%s: %s: %q: sysdig %v, scry %v (%t)", s.name, what, k, r.value, n, ok)
		}
	}
	if want := min(c.limit, len(ours)); len(theirs) != want && !excused(&diff{capture: s.name, what: what + " rows", theirs: fmt.Sprint(len(theirs)), ours: fmt.Sprint(want)}) {
		t.Errorf("%s: %s: sysdig has %d rows, scry %d of %d", s.name, what, len(theirs), want, len(ours))
	}
	s.compareOrder(t, what, c, theirs, ours, f.Seconds)
	s.compareText(t, what, c, output(sysdig, theirArgs...), ours, len(keys))
}

// compareOrder wants the values that sysdig shows to be our largest.
func (s *subject) compareOrder(t *testing.T, what string, c *tableCase, theirs []sysdigRow, ours map[string]float64, seconds float64) {
	values := slices.Sorted(maps.Values(ours))
	slices.Reverse(values)
	for i, r := range theirs {
		if i >= len(values) {
			return
		}
		n := values[i]
		if c.unit == "cpu" {
			n = float64(int64(n*seconds*1e7 + 0.5))
		}
		if n != r.value && !excused(&diff{capture: s.name, what: what, event: "order", theirs: fmt.Sprint(r.value), ours: fmt.Sprint(n)}) {
			t.Errorf("%s: %s: row %d: sysdig %v, scry %v", s.name, what, i, r.value, n)
			return
		}
	}
}

// compareText wants each line that sysdig prints to be what its own way of printing makes of one of our rows.
func (s *subject) compareText(t *testing.T, what string, c *tableCase, out []byte, ours map[string]float64, keys int) {
	lines := map[string]bool{}
	for k, n := range ours {
		parts := strings.Split(k, "\x01")
		line := wide(sysdigUnit(c.unit, n))
		for i, p := range parts {
			if i < keys-1 {
				p = wide(p)
			}
			line += p
		}
		lines[line] = true
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if i < 2 || lines[line] {
			continue
		}
		if d := (diff{capture: s.name, what: what + " text", theirs: line, missing: true}); !excused(&d) {
			t.Errorf("%s: %s: no row gives sysdig's %q", s.name, what, line)
		}
	}
}

// wide is extend_string of sysdig's common.lua.
func wide(s string) string {
	if len(s) < 20 {
		return s + strings.Repeat(" ", 20-len(s))
	}
	return s[:19] + " "
}

// sysdigUnit prints a number as sysdig's common.lua does.
func sysdigUnit(unit string, x float64) string {
	n := uint64(x)
	switch unit {
	case "cpu":
		return strconv.FormatFloat(math.Floor(x*100+0.5)/100, 'f', 2, 64) + "%"
	case "bytes":
		for i, u := range []string{"P", "T", "G", "M", "KB"} {
			if size := uint64(1) << (50 - 10*i); n > size {
				return strconv.FormatFloat(math.Floor(x/float64(size)*100+0.5)/100, 'f', 2, 64) + u
			}
		}
		return strconv.FormatUint(n, 10) + "B"
	case "time":
		for _, u := range []struct {
			size uint64
			name string
		}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}} {
			switch {
			case n >= u.size*10 && u.name != "s":
				return fmt.Sprintf("%d%s", n/u.size, u.name)
			case n >= u.size:
				return fmt.Sprintf("%d.%02d%s", n/u.size, n%u.size/(u.size/100), u.name)
			}
		}
		return fmt.Sprintf("%dns", n)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// compareTotals wants -pc to change nothing but the columns, which in sysdig it does (D-pc-totals).
func (s *subject) compareTotals(t *testing.T, scry string, c *tableCase) {
	t.Helper()
	plain := scryJSON(t, output(scry, c.call(s.file, "-j", "--top", "0")...))
	pc := scryJSON(t, output(scry, c.call(s.file, "-j", "--top", "0", "-pc")...))
	a, b := plain.rows(c.value, c.keys), pc.rows(c.value, c.keys)
	if !maps.Equal(a, b) {
		t.Errorf("%s: %s: -pc changes the sums: %v, %v", s.name, c.chisel, a, b)
	}
	if fmt.Sprint(plain.Total[c.value]) != fmt.Sprint(pc.Total[c.value]) {
		t.Errorf("%s: %s: -pc changes the total: %v, %v", s.name, c.chisel, plain.Total, pc.Total)
	}
}

// compareCounts compares fdcount_by with what sysdig's fields say of each event: its own fdcount_by counts descriptors of several processes as one
// (D-fdcount).
func (s *subject) compareCounts(t *testing.T, scry string) {
	t.Helper()
	for _, key := range []string{"proc.name", "fd.type", "proc.pid"} {
		seen := map[string]map[string]bool{}
		for line := range strings.Lines(string(output(sysdig, "-r", s.file, "-p", "%"+key+fieldSep+"%proc.pid"+fieldSep+"%fd.num"+fieldSep+"%fd.name"))) {
			k, fd, ok := strings.Cut(strings.TrimSuffix(line, "\n"), fieldSep)
			parts := strings.Split(fd, fieldSep)
			if !ok || len(parts) != 3 || parts[2] == "" || strings.HasPrefix(parts[1], "-") {
				continue
			}
			if seen[k] == nil {
				seen[k] = map[string]bool{}
			}
			seen[k][fd] = true
		}
		c := tableCase{chisel: "fdcount_by", arg: key}
		ours := scryJSON(t, output(scry, c.call(s.file, "-j", "--top", "0")...)).rows("fds", []string{key})
		for k, fds := range seen {
			if d := (diff{capture: s.name, what: "fdcount_by " + key, event: k, theirs: fmt.Sprint(len(fds)), ours: fmt.Sprint(ours[k])}); d.theirs != d.ours && !excused(&d) {
				t.Errorf("%s: fdcount_by %s: %q: sysdig's events have %s, scry %s", s.name, key, k, d.theirs, d.ours)
			}
		}
		for k := range ours {
			if seen[k] == nil && !excused(&diff{capture: s.name, what: "fdcount_by " + key, event: k, ours: fmt.Sprint(ours[k])}) {
				t.Errorf("%s: fdcount_by %s: scry has %q", s.name, key, k)
			}
		}
	}
}

// compareBottlenecks compares the slowest calls: number of the exit, time, process and call.
func (s *subject) compareBottlenecks(t *testing.T, scry string) {
	t.Helper()
	full := newSubject(t, s.file)
	var theirs []string
	lines := strings.Split(strings.TrimSpace(string(output(sysdig, "-r", s.file, "-c", "bottlenecks"))), "\n")
	for i := 1; i < len(lines); i += 2 {
		num, rest, _ := strings.Cut(lines[i], ") ")
		words := strings.Fields(strings.Replace(rest, " (", "\x01(", 1))
		ns := strings.Replace(words[0], ".", "", 1)
		ns = strings.TrimLeft(ns, "0")
		proc, tid, _ := strings.Cut(words[1], "\x01")
		theirs = append(theirs, strings.Join([]string{full.ours[num], ns, proc, strings.Trim(tid, "()"), renamed(" " + words[3])[1:]}, " "))
	}
	var ours []string
	for _, r := range scryJSON(t, output(scry, "-r", s.file, "-j", "-c", "bottlenecks")).Rows {
		ours = append(ours, fmt.Sprint(r["exit"], " ", r["time"], " ", r["process"], " ", r["tid"], " ", r["syscall"]))
	}
	for i := range max(len(theirs), len(ours)) {
		a, b := "", ""
		if i < len(theirs) {
			a = theirs[i]
		}
		if i < len(ours) {
			b = ours[i]
		}
		if a != b && !excused(&diff{capture: s.name, what: "bottlenecks", event: strconv.Itoa(i), theirs: a, ours: b}) {
			t.Errorf("%s: bottlenecks: %d: sysdig %q, scry %q", s.name, i, a, b)
		}
	}
}
