package chisels

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"scry/capture/event"
	"scry/filter/fields"
)

// printed is what a printer makes of rows of a text, a number and a time.
func printed(t *testing.T, env *Env, limit int, rows ...Row) string {
	t.Helper()
	s := spec(t, `
columns:
  - {name: bytes, title: Bytes, field: evt.rawres, agg: sum, unit: bytes}
  - {name: file, title: File, field: fd.name, key: true}
  - {name: time, title: Time, field: evt.latency, agg: max}
limit: `+fmt.Sprint(limit)+"\n")
	var b strings.Builder
	env.Out = NewOutput(&b)
	if env.Options == nil {
		env.Options = &fields.Options{}
	}
	tab := instance(t, s, env)
	f := &Frame{Spec: s, Columns: tab.shown, Rows: rows, From: 1e18, To: 1e18 + 1e9, Events: 7, Total: Row{Values: make([]fields.Value, 3)}}
	p := Printer{Env: env}
	if err := p.Print(f); err != nil {
		t.Fatal(err)
	}
	if err := env.Out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func row(bytes int64, file string, ns uint64) Row {
	return Row{Values: []fields.Value{signed(bytes), word(file), took(ns)}}
}

func TestPrintText(t *testing.T) {
	for _, c := range []struct {
		name  string
		env   Env
		limit int
		rows  []Row
		want  string
	}{
		{"aligned", Env{}, 0, []Row{row(1664, "/etc/hosts", 1500), row(7, "/x", 12e9)}, `
			| Bytes  File          Time
			|1.63KB  /etc/hosts  1.50us
			|    7B  /x           12.0s`},
		{"no rows", Env{}, 0, nil, `
			|Bytes  File  Time`},
		{"limit", Env{}, 1, []Row{row(1, "a", 1), row(2, "b", 2)}, `
			|Bytes  File  Time
			|   1B  a      1ns`},
		{"top", Env{Top: AllRows}, 1, []Row{row(1, "a", 1), row(2, "b", 2)}, `
			|Bytes  File  Time
			|   1B  a      1ns
			|   2B  b      2ns`},
		{"cut", Env{Width: 26}, 0, []Row{row(1, "/a/very/long/path", 1)}, `
			|Bytes  File           Time
			|   1B  /a/very/long…   1ns`},
		{"never narrower than the titles need", Env{Width: 5}, 0, []Row{row(1, "/a/very/long/path", 1)}, `
			|Bytes  File      Time
			|   1B  /a/very…   1ns`},
		{"wide characters", Env{Width: 22}, 0, []Row{row(1, "日本日本日本日本", 1), row(2, "ééééé", 2)}, `
			|Bytes  File       Time
			|   1B  日本日本…   1ns
			|   2B  ééééé       2ns`},
		{"control bytes", Env{}, 0, []Row{row(1, "a\x1b[31m\nb\xff", 1)}, `
			|Bytes  File              Time
			|   1B  a\x1b[31m\nb\xff   1ns`},
		{"colour", Env{Color: true}, 0, []Row{row(1, "a", 1)}, "\n|\x1b[1mBytes  File  Time\x1b[0m\n|   1B  a      1ns"},
		{"absent", Env{}, 0, []Row{{Values: []fields.Value{{}, word("a"), {}}}}, `
			|Bytes  File  Time
			|    -  a        -`},
		{"interval", Env{Intervals: true}, 0, []Row{row(1, "a", 1)}, `
			|--- 2001-09-09 01:46:41.000 ---
			|Bytes  File  Time
			|   1B  a      1ns`},
	} {
		env := c.env
		got := printed(t, &env, c.limit, c.rows...)
		want := strings.TrimPrefix(strings.ReplaceAll(strings.ReplaceAll(c.want, "\t", ""), "\n|", "\n"), "\n") + "\n"
		if got != want {
			t.Errorf("%s: have\n%swant\n%s", c.name, got, want)
		}
		if w := c.env.Width; w > 20 {
			for _, line := range strings.Split(got, "\n") {
				if uniseg.StringWidth(line) > w {
					t.Errorf("%s: %q is wider than %d", c.name, line, w)
				}
			}
		}
	}
}

// JSON is one object on a line, whatever is in the names, and has the numbers as they are.
func TestPrintJSON(t *testing.T) {
	out := printed(t, &Env{Format: FormatJSON}, 2, row(1664, "a\"b\n\x1b\xff日", 1500), row(7, "/x", 12e9), row(6, "/y", 1))
	if strings.Count(out, "\n") != 1 {
		t.Errorf("%q is not one line", out)
	}
	var f struct {
		Chisel, From, To string
		Seconds          float64
		Events, More     int
		Units            map[string]string
		Rows             []struct {
			Bytes, Time int
			File        string
		}
	}
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if f.Chisel != "test" || f.Seconds != 1 || f.Events != 7 || f.More != 1 || len(f.Rows) != 2 || f.From != "2001-09-09T01:46:40.000000000Z" {
		t.Errorf("%+v", f)
	}
	if f.Rows[0].Bytes != 1664 || f.Rows[0].Time != 1500 || f.Rows[0].File != "a\"b\n\x1b\ufffd日" || f.Units["bytes"] != "bytes" || f.Units["time"] != "ns" {
		t.Errorf("%+v", f)
	}
	for _, c := range out[:len(out)-1] {
		if c < ' ' {
			t.Errorf("a control byte in %q", out)
		}
	}
}

func TestPrintCSV(t *testing.T) {
	out := printed(t, &Env{Format: FormatCSV}, 0, row(1664, "a,\"b\"\x1b[31m", 1500), row(7, "/x", 12e9))
	list, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"time", "bytes", "file", "time"},
		{"2001-09-09T01:46:41.000000000Z", "1664", `a,"b"\x1b[31m`, "1500"},
		{"2001-09-09T01:46:41.000000000Z", "7", "/x", "12000000000"},
	}
	if fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("have %q\nwant %q", list, want)
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{bytesText(0), "0B"}, {bytesText(1023), "1023B"}, {bytesText(1024), "1.00KB"}, {bytesText(1664), "1.63KB"}, {bytesText(1.5 * 1024 * 1024), "1.50MB"},
		{bytesText(1 << 62), "4.00EB"}, {bytesText(0.5), "0.5B"},
		{timeText(0), "0ns"}, {timeText(999), "999ns"}, {timeText(1000), "1.00us"}, {timeText(12.34e6), "12.3ms"}, {timeText(123.4e6), "123ms"},
		{timeText(59e9), "59.0s"}, {timeText(61e9), "1m1s"}, {timeText(3723e9), "1h2m3s"},
		{hundredths(0.125), "0.13"}, {hundredths(2), "2.00"},
		{cutText("abc", 3), "abc"}, {cutText("abcd", 3), "ab…"}, {cutText("日本", 3), "日…"}, {cutText("e\u0301e\u0301e\u0301", 2), "e\u0301…"},
	} {
		if c.have != c.want {
			t.Errorf("%q, want %q", c.have, c.want)
		}
	}
}

// What a process calls itself never reaches the terminal as it is.
func TestPrintHostile(t *testing.T) {
	c := NewCatalog(nil)
	for _, name := range []string{"topprocs_errors", "topfiles_bytes", "topscalls", "bottlenecks"} {
		s, err := c.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		env := &Env{Options: &fields.Options{}, Out: NewOutput(&b), Containers: true, Top: AllRows}
		ch, err := (&Call{Spec: s, Args: map[string]string{}}).Make(env)
		if err != nil {
			t.Fatal(err)
		}
		recorded(t, "hello.scap", func(ev *event.Event) { ch.Event(ev) })
		if err := ch.Finish(); err != nil {
			t.Fatal(err)
		}
		env.Out.Close()
		if b.Len() == 0 || strings.ContainsFunc(b.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\ufffd' }) {
			t.Errorf("%s prints %q", name, b.String())
		}
	}
}

// Columns become narrower, and the last ones go when that is not enough: a row is one line of the terminal.
func TestFit(t *testing.T) {
	text := func(width int) textColumn {
		return textColumn{title: "T", cells: []string{strings.Repeat("x", width)}, text: true, width: width}
	}
	number := textColumn{title: "N", cells: []string{"12345"}, width: 5}
	for _, c := range []struct {
		cols  []textColumn
		width int
		want  string
	}{
		{[]textColumn{number, text(20)}, 80, "5 20"},
		{[]textColumn{number, text(20), text(30)}, 40, "5 15 16"},
		{[]textColumn{number, text(20), text(30), text(9), text(9)}, 36, "5 8 8 8"},
		{[]textColumn{number, number, number, number, text(9)}, 20, "5 5 5 5"},
		{[]textColumn{number, text(20)}, 5, "5 8"},
	} {
		var have []string
		total := -columnGap
		cols := fit(slices.Clone(c.cols), c.width)
		for _, col := range cols {
			have = append(have, strconv.Itoa(col.width))
			total += col.width + columnGap
		}
		if dropped := strings.HasSuffix(cols[len(cols)-1].title, "…"); strings.Join(have, " ") != c.want || dropped != (len(cols) < len(c.cols)) {
			t.Errorf("%d columns in %d: %s, want %s", len(c.cols), c.width, strings.Join(have, " "), c.want)
		}
		if total > c.width && len(cols) > 4 {
			t.Errorf("%d columns in %d: %d wide", len(c.cols), c.width, total)
		}
	}
}
