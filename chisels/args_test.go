package chisels

import (
	"strings"
	"testing"

	"scry/capture/event"
	"scry/filter/fields"
)

const argSpec = `name: y
title: a table with arguments
args:
  - {name: how, required: true, values: {R: evt.is_io_read=true, W: evt.is_io_write=true}}
  - {name: file, filter: fd.name=$file}
  - {name: min_ms, kind: ms, default: "10"}
filter: evt.latency>=$min_ms
columns:
  - {name: n, agg: count}
  - {field: proc.name, key: true}
`

func testCatalog(t *testing.T, texts ...string) *Catalog {
	t.Helper()
	c := NewCatalog(nil)
	for _, text := range texts {
		s, err := ParseSpec("test.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c.read[s.Name] = s
	}
	return c
}

// TestCall: arguments stand in one word, or have names.
func TestCall(t *testing.T) {
	c := testCatalog(t, argSpec, strings.Replace(goodSpec, "{name: host, kind: ip}", "{name: rows, kind: filter}", 1))
	for _, x := range []struct{ call, word, want string }{
		{"y", "R", `evt.latency >= 10ms and evt.is_io_read = true`},
		{"y", "W /etc/passwd", `evt.latency >= 10ms and evt.is_io_write = true and fd.name = /etc/passwd`},
		{"y", "W '/tmp/a b' 0.5", `evt.latency >= 0.5ms and evt.is_io_write = true and fd.name = "/tmp/a b"`},
		{"y", "W 'x\" or evt.num>0 or fd.name=\"y'", `fd.name = "x\" or evt.num>0 or fd.name=\"y"`},
		{"y:how=R,file=/a,b", "", `evt.latency >= 10ms and evt.is_io_read = true and fd.name = "/a,b"`},
		{"y:how=R,file=$min_ms", "", `fd.name = $min_ms`},
		{"x", "fd.num=3 or fd.num=4", `evt.is_io = true and (fd.num = 3 or fd.num = 4)`},
		{"x", "", `evt.is_io = true`},
		{"y:how=X", "", `-c y: how is one of R, W, not "X"`},
		{"y:hwo=R", "", `y has no argument "hwo": did you mean how?`},
		{"y:how", "", `"how" is no key=value`},
		{"y", "R a 5 6", `4 arguments, but it takes how [file] [min_ms]`},
		{"y", "R 'a", `the quote ' is not closed`},
		{"y", "R a soon", `min_ms is a number of milliseconds`},
		{"y:file=a", "", `-c y needs how, as in: -c y`},
		{"x", "fd.num=", `filter:1:8`},
	} {
		got := ""
		call, err := c.ParseCall(x.call)
		if err == nil && x.word != "" {
			err = call.SetWord(x.word)
		}
		if err == nil {
			var made Chisel
			if made, err = call.Make(&Env{Options: &fields.Options{}}); err == nil {
				got = made.(*Table).Where.String()
			}
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, x.want) {
			t.Errorf("%s %q: %s\nwant %s", x.call, x.word, got, x.want)
		}
	}
}

// TestTakesWord: the next word is an argument when one is needed, or when it cannot be the filter.
func TestTakesWord(t *testing.T) {
	optional := strings.Replace(argSpec, ", required: true", "", 1)
	c := testCatalog(t, argSpec, strings.Replace(optional, "name: y", "name: o", 1), strings.Replace(goodSpec, "  - {name: host, kind: ip}", "  - {name: rows, kind: filter}", 1),
		strings.Replace(strings.Replace(goodSpec, "args:\n  - {name: host, kind: ip}\n", "", 1), "name: x", "name: none", 1))
	for _, x := range []struct {
		call  string
		rest  []string
		takes bool
		err   string
	}{
		{"y", []string{"R", "proc.name=cat"}, true, ""},
		{"y", []string{"-r", "f"}, false, "-c y needs how [file] [min_ms] behind it, as in: -c y how; -r follows, which is an option"},
		{"y", nil, false, "nothing follows"},
		{"y:how=R", []string{"proc.name=cat"}, false, ""},
		{"o", []string{"R"}, true, ""},
		{"o", []string{"proc.name=cat"}, false, ""},
		{"o", []string{"proc.name=cat", "and", "fd.num=1"}, false, ""},
		{"o", []string{"-r", "f"}, false, ""},
		{"o", nil, false, ""},
		{"x", []string{"proc.name=cat"}, true, ""},
		{"none", []string{"proc.name=cat"}, false, ""},
		{"none", []string{"word"}, false, ""},
	} {
		call, err := c.ParseCall(x.call)
		if err != nil {
			t.Fatal(err)
		}
		takes, err := call.TakesWord(x.rest)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if takes != x.takes || (text == "") != (x.err == "") || !strings.Contains(text, x.err) {
			t.Errorf("%s %q: %v %q", x.call, x.rest, takes, text)
		}
	}
}

// TestChiselDemand: a chisel asks for what its filter and its columns can mean something on.
func TestChiselDemand(t *testing.T) {
	c := testCatalog(t, `name: d
title: opens
filter: evt.type=openat
columns:
  - {name: n, agg: count}
  - {field: fd.name, key: true}
`)
	call, err := c.ParseCall("d")
	if err != nil {
		t.Fatal(err)
	}
	made, err := call.Make(&Env{Options: &fields.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	d := made.(Demander).Demand()
	if !d.Types.Has(event.OpenatV2X) || d.Types.Has(event.ReadX) || d.Procinfo || d.Payload != 0 {
		t.Errorf("%+v", d)
	}
}
