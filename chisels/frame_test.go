package chisels

import (
	"strings"
	"testing"

	"scry/capture/event"
	"scry/filter"
	"scry/filter/fields"
)

const byFile = `
filter: evt.is_io=true and evt.rawres>0
columns:
  - {name: bytes, field: evt.rawres, agg: sum, unit: bytes, required: true}
  - {name: process, field: proc.name, key: true}
  - {name: file, field: fd.name, key: true}
`

func TestFrameOrder(t *testing.T) {
	f := frameOf(t, byFile)
	before := f.text()
	up := f.Sorted(0, false)
	for i := 1; i < len(up.Rows); i++ {
		a, b := up.Rows[i-1].Values, up.Rows[i].Values
		if a[0].Int() > b[0].Int() || a[0].Int() == b[0].Int() && a[1].Str+a[2].Str > b[1].Str+b[2].Str {
			t.Errorf("%v stands before %v", a, b)
		}
	}
	if f.text() != before {
		t.Error("Sorted changed the frame")
	}
	byName := f.Sorted(2, true)
	for i := 1; i < len(byName.Rows); i++ {
		if byName.Rows[i-1].Values[2].Str < byName.Rows[i].Values[2].Str {
			t.Errorf("%v stands before %v", byName.Rows[i-1], byName.Rows[i])
		}
	}
	for range 5 {
		if got := frameOf(t, byFile).text(); got != before {
			t.Fatalf("another order:\n%s\n%s", before, got)
		}
	}
}

func TestFrameSearch(t *testing.T) {
	f := frameOf(t, byFile)
	all := 0
	for _, r := range f.Rows {
		if strings.Contains(r.Values[2].Str, "passwd") {
			all++
		}
	}
	seen := map[int]bool{}
	for at := 0; ; {
		i := f.Search("PASSWD", at)
		if i < 0 || seen[i] {
			break
		}
		if !strings.Contains(f.Rows[i].Values[2].Str, "passwd") {
			t.Fatalf("row %d is %v", i, f.Rows[i])
		}
		seen[i] = true
		at = (i + 1) % len(f.Rows)
	}
	if all == 0 || len(seen) != all {
		t.Errorf("found %d of %d rows", len(seen), all)
	}
	if f.Search("nothing has this", 0) != -1 {
		t.Error("found what is not there")
	}
}

// The filter of a row selects the events that the row is made of, whatever is in the names.
func TestFrameDrill(t *testing.T) {
	for _, yaml := range []string{byFile, `
filter: evt.failed=true
columns:
  - {name: n, agg: count}
  - {name: file, field: fs.path.name, or: [fs.path.source, fd.name, evt.type], key: true}
`, `
filter: evt.dir=<
columns:
  - {name: n, agg: count}
  - {name: port, field: fd.sport, key: true}
  - {name: ip, field: fd.sip, key: true}
`} {
		s := spec(t, yaml)
		f := frameOf(t, yaml)
		if len(f.Rows) < 2 {
			t.Fatalf("%d rows", len(f.Rows))
		}
		where, err := filter.Compile(s.Filter, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range f.Rows {
			q, err := f.Drill(i, &fields.Options{})
			if err != nil {
				t.Fatalf("%v: %v", r, err)
			}
			var n, sum int64
			recorded(t, "hello.scap", func(ev *event.Event) {
				if where.Match(ev) && q.Match(ev) {
					n++
					res, _ := ev.Int(0)
					sum += res
				}
			})
			want := r.Values[0].Int()
			if f.Columns[0].Agg == "count" && n != want || f.Columns[0].Agg == "sum" && sum != want {
				t.Errorf("%v: %s selects %d events of %d", r, q, n, sum)
			}
		}
	}
	// A key that a default stands for says nothing.
	f := frameOf(t, "columns:\n  - {name: n, agg: count}\n  - {name: ip, field: fd.sip, key: true, default: none}\n")
	for i, r := range f.Rows {
		q, err := f.Drill(i, nil)
		if err != nil || (q == nil) != (r.Values[1].Str == "none") {
			t.Errorf("%v: %v, %v", r, q, err)
		}
	}
}
