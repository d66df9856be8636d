package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// httpLine is a line of sysdig's httplog.
var httpLine = regexp.MustCompile(`^(\S+ \S+) (?:(\S+) )?(<|>|<NA>) method=(\S+) url=(.*) response_code=(\d+) latency=(\d+)ms size=(\d+)B$`)

// hostDots are what sysdig's httplog takes for the end of a host: the ends of lines, of which it sees dots (D-http-host).
var hostDots = regexp.MustCompile(`^([^/]*?)\.+(/|$)`)

// httpCalls are the calls that a program found: what both say of one, and the size that each has, in order.
type httpCalls map[string][]int64

func sysdigCalls(t *testing.T, out []byte) httpCalls {
	t.Helper()
	calls := httpCalls{}
	for line := range strings.Lines(string(out)) {
		m := httpLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Errorf("sysdig says %q", line)
			continue
		}
		size, _ := strconv.ParseInt(m[8], 10, 64)
		key := strings.Join([]string{m[1], m[2], m[3], m[4], hostDots.ReplaceAllString(m[5], "$1$2"), m[6], m[7]}, " ")
		calls[key] = append(calls[key], size)
	}
	return calls
}

func scryCalls(t *testing.T, out []byte) httpCalls {
	t.Helper()
	calls := httpCalls{}
	tokyo := time.FixedZone("", 9*3600) // that of output
	for line := range strings.Lines(string(out)) {
		var c struct {
			Time                        time.Time
			Container, Dir, Method, URL string
			Code                        int `json:"response_code"`
			Latency                     uint64
			Size                        *int64
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		size := int64(-1)
		if c.Size != nil {
			size = *c.Size
		}
		key := fmt.Sprintf("%s %s %s %s %s %d %d", c.Time.In(tokyo).Format("2006-01-02 15:04:05.000000000"), c.Container, c.Dir, c.Method, c.URL, c.Code, c.Latency/1e6)
		calls[key] = append(calls[key], size)
	}
	return calls
}

// What sysdig's httplog finds is found, with the same times, and nothing else is. Its sizes are those that a head had in its first piece, 0 without: where it
// has one it is the same (D-http-size).
func TestDifferentialHTTP(t *testing.T) {
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	found, sized := 0, 0
	for _, file := range files {
		name := filepath.Base(file)
		for _, more := range [][]string{nil, {"-pc"}} {
			theirs := sysdigCalls(t, output(sysdig, append([]string{"-r", file, "-c", "httplog"}, more...)...))
			ours := scryCalls(t, output(scry, append([]string{"-r", file, "-j", "-c", "httplog"}, more...)...))
			for key, sizes := range theirs {
				found += len(sizes)
				if len(ours[key]) != len(sizes) {
					t.Errorf("%s %v: sysdig has %d of %s, scry %d", name, more, len(sizes), key, len(ours[key]))
					continue
				}
				for i, n := range sizes {
					if n != 0 {
						sized++
					}
					if n != 0 && n != ours[key][i] {
						t.Errorf("%s: %s: size %d, scry has %d", name, key, n, ours[key][i])
					}
				}
			}
			for _, key := range slices.Sorted(maps.Keys(ours)) {
				if theirs[key] == nil && !(more != nil && unnamedContainers(name)) {
					t.Errorf("%s %v: only scry has %s", name, more, key)
				}
			}
		}
		if out := output(sysdig, "-r", file, "-c", "memcachelog"); len(out) != 0 || len(output(scry, "-r", file, "-j", "-c", "memcachelog")) != 0 {
			t.Errorf("%s has memcached: %s", name, out)
		}
	}
	if found < 500 {
		t.Errorf("only %d calls", found)
	}
	// The shared captures have few sizes that sysdig reads; those of testdata have.
	for _, name := range []string{"web", "hello"} {
		file := "testdata/" + name + ".scap"
		for key, sizes := range sysdigCalls(t, output(sysdig, "-r", file, "-c", "httplog")) {
			ours := scryCalls(t, output(scry, "-r", file, "-j", "-c", "httplog"))
			if sized += len(sizes); !slices.Equal(ours[key], sizes) {
				t.Errorf("%s: %s: %d, scry has %d", name, key, sizes, ours[key])
			}
		}
	}
	if sized < 3 {
		t.Errorf("only %d sizes", sized)
	}
}

// unnamedContainers tells the captures with containers whose names they do not have: sysdig leaves them out (D-container-unnamed).
func unnamedContainers(name string) bool { return name == "sysflow-nginx.scap" }

// The tables are those of sysdig's httptop.
func TestDifferentialHTTPTop(t *testing.T) {
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, file := range files {
		for _, by := range []string{"ncalls", "time", "bytes"} {
			for _, c := range []struct {
				keys []string
				more []string
			}{{[]string{"method", "url"}, nil}, {[]string{"container", "method", "url"}, []string{"-pc"}}} {
				args := append(append([]string{"-r", file, "-j"}, c.more...), "-c", "httptop", by)
				out := output(sysdig, args...)
				if len(out) == 0 {
					t.Fatalf("%s: sysdig says nothing", file)
				}
				theirs, err := sysdigJSON(out)
				if err != nil {
					t.Fatalf("%s: %v in %q", file, err, out)
				}
				value := map[string]string{"time": "mean"}[by]
				if value == "" {
					value = by
				}
				ours := scryJSON(t, output(scry, args...)).rows(value, c.keys)
				if len(theirs) != len(ours) && !(c.more != nil && unnamedContainers(filepath.Base(file))) {
					t.Errorf("%s %s %v: %d rows, scry has %d", file, by, c.more, len(theirs), len(ours))
				}
				for _, r := range theirs {
					rows++
					last := len(r.keys) - 1
					r.keys[last] = hostDots.ReplaceAllString(r.keys[last], "$1$2")
					n, ok := ours[strings.Join(r.keys, "\x01")]
					// D-http-size, and D-http-time: sysdig's times are floating-point numbers, which tell ns in steps of 256.
					if !ok || by == "time" && math.Abs(n-r.value) > 256 || by != "time" && n != r.value && !(by == "bytes" && r.value == 0) {
						t.Errorf("%s %s %v: %q is %v, scry has %v", filepath.Base(file), by, c.more, r.keys, r.value, n)
					}
				}
			}
		}
	}
	if rows < 60 {
		t.Errorf("only %d rows", rows)
	}
}
