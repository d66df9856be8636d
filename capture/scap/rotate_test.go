package scap

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scry/capture/event"
)

// day is 2023-11-14 22:13:20 UTC.
const day = 1700000000 * uint64(time.Second)

// rotated writes one event for each time (seconds after day) and tells which files there are and which events they have.
func rotated(t *testing.T, name string, o RotateOptions, times ...int) []string {
	t.Helper()
	dir := t.TempDir()
	o.State = machine
	if o.Location == nil {
		o.Location = time.UTC
	}
	r, err := NewRotator(filepath.Join(dir, name), o)
	if err != nil {
		return []string{err.Error()}
	}
	if err := r.Start(machine()); err != nil {
		t.Fatal(err)
	}
	for i, s := range times {
		ts := day + uint64(s)*uint64(time.Second)
		if s < 0 {
			ts = 0
		}
		var ev event.Event
		if err := ev.Decode(event.Append(nil, ts, int64(i), event.CloseX, num(0, 8), num(3, 8)), false); err != nil {
			t.Fatal(err)
		}
		if err := r.Event(&ev, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return listFiles(t, dir)
}

func listFiles(t *testing.T, dir string) (out []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Join(dir, f.Name())
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v %v", f.Name(), st.Mode(), err)
		}
		h, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(h, "")
		if err != nil {
			t.Fatal(f.Name(), err)
		}
		var ev event.Event
		line := f.Name() + ":"
		n, first, last := 0, int64(0), int64(0)
		for {
			if err = r.Next(&ev); err != nil {
				break
			}
			if n == 0 {
				first = ev.TID
			}
			last = ev.TID
			n++
		}
		if err != io.EOF {
			t.Errorf("%s: %v", f.Name(), err)
		}
		if n > 0 {
			line += fmt.Sprintf("%d-%d", first, last)
		}
		if s := r.Snapshot(); len(s.Threads) != 1 || s.Machine == nil {
			t.Errorf("%s: has no head", f.Name())
		}
		r.Close()
		out = append(out, line)
	}
	return out
}

func TestRotate(t *testing.T) {
	seq := func(n int) (out []int) {
		for i := range n {
			out = append(out, i)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		o     RotateOptions
		times []int
		want  string
	}{
		{"f", RotateOptions{Events: 4}, seq(10), "f0:0-3 f1:4-7 f2:8-9"},
		{"f", RotateOptions{Events: 5}, seq(10), "f0:0-4 f1:5-9"},
		{"f", RotateOptions{Events: 3, Files: 2}, seq(10), "f0:6-8 f1:9-9"},
		{"f", RotateOptions{Events: 1, Files: 12}, seq(3), "f00:0-0 f01:1-1 f02:2-2"},
		{"f", RotateOptions{Events: 1, Files: 10}, seq(3), "f0:0-0 f1:1-1 f2:2-2"},
		{"f", RotateOptions{Events: 1, Files: 1}, seq(3), "f0:2-2"},
		{"f", RotateOptions{Events: 1}, nil, "f0:"},
		{"f", RotateOptions{Every: 3 * time.Second}, seq(8), "f0:0-2 f1:3-5 f2:6-7"},
		{"f", RotateOptions{Every: 3 * time.Second}, []int{0, 1, 100, 101, 102, 103}, "f0:0-1 f1:2-3 f2:4-5"},
		{"f", RotateOptions{Every: 3 * time.Second}, []int{-1, 0, -1, 1, 5}, "f0:0-3 f1:4-4"},
		{"f", RotateOptions{Every: 3 * time.Second}, []int{10, 0, 1, 12, 13}, "f0:0-3 f1:4-4"},
		{"f", RotateOptions{Every: 3 * time.Second, Events: 2, Files: 9}, seq(8), "f0:0-1 f1:2-2 f2:3-4 f3:5-5 f4:6-7"},
		{"f%H%M%S", RotateOptions{Every: 3 * time.Second}, seq(8), "f221320:0-2 f221323:3-5 f221326:6-7"},
		{"f%H%M%S", RotateOptions{Every: 3 * time.Second}, []int{-1, -1, 5, 6}, "f221325:0-3"},
		{"f%H%M%S", RotateOptions{Every: 3 * time.Second, Files: 2}, seq(8), "f221323:3-5 f221326:6-7"},
		{"f%H%M", RotateOptions{Every: 3 * time.Second}, seq(8), "f2213:0-2 f22131:3-5 f22132:6-7"},
		{"f%H%M", RotateOptions{Events: 2, Files: 2}, seq(6), "f22131:2-3 f22132:4-5"},
		{"f%d.%H", RotateOptions{Events: 2, Location: time.FixedZone("x", 7200)}, seq(2), "f15.00:0-1"},
		{"f%q", RotateOptions{Events: 2}, seq(2), "%q is no conversion of strftime"},
		{"f%", RotateOptions{Events: 2}, seq(2), "ends in %"},
		{"f%%", RotateOptions{Events: 2}, seq(3), "f%:0-1 f%1:2-2"},
		{"f", RotateOptions{Events: 4, Writer: WriterOptions{Compress: true}}, seq(6), "f0:0-3 f1:4-5"},
	} {
		got := strings.Join(rotated(t, c.name, c.o, c.times...), " ")
		if got != c.want && (strings.Contains(c.want, ":") || !strings.Contains(got, c.want)) {
			t.Errorf("%s %+v: %s", c.name, c.o, cmp.Diff(c.want, got))
		}
	}
	if _, err := NewRotator("-", RotateOptions{}); err == nil {
		t.Error("standard output was accepted")
	}
}

// TestRotateSize tests the size on disk, compressed or not.
func TestRotateSize(t *testing.T) {
	for _, compress := range []bool{false, true} {
		dir := t.TempDir()
		const limit = 200_000
		r, err := NewRotator(filepath.Join(dir, "f"), RotateOptions{Size: limit, State: machine, Writer: WriterOptions{Compress: compress}})
		if err != nil {
			t.Fatal(err)
		}
		r.Start(machine())
		var ev event.Event
		data := make([]byte, 1000)
		seed := uint32(1)
		for i := range 3000 {
			for k := range data {
				seed = seed*1664525 + 1013904223
				data[k] = 'a' + byte(seed>>24)%20
			}
			if err := ev.Decode(event.Append(nil, day, int64(i), event.WriteX, num(1000, 8), data), false); err != nil {
				t.Fatal(err)
			}
			if err := r.Event(&ev, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		slack := int64(1100) // an event
		if compress {
			slack = jobSize // a member
		}
		for i := range r.Files() {
			st, err := os.Stat(filepath.Join(dir, fmt.Sprint("f", i)))
			if err != nil {
				t.Fatal(err)
			}
			if i < r.Files()-1 && st.Size() <= limit || st.Size() > limit+slack {
				t.Errorf("compress=%v: file %d has %d bytes", compress, i, st.Size())
			}
		}
		if r.Files() < 4 {
			t.Errorf("compress=%v: %d files", compress, r.Files())
		}
	}
}

func TestStrftime(t *testing.T) {
	at := time.Date(2024, 2, 9, 7, 5, 3, 0, time.UTC)
	for format, want := range map[string]string{
		"%Y-%m-%d_%H:%M:%S": "2024-02-09_07:05:03", "%y%j": "24040", "%e": " 9", "%I%p": "07AM", "%a %A %b %B": "Fri Friday Feb February",
		"%F %T": "2024-02-09 07:05:03", "%s": "1707462303", "%u%w": "55", "%U %W %V %G %C": "05 06 06 2024 20", "%z%Z": "+0000UTC", "100%%": "100%",
	} {
		if got, err := strftime(format, at); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", format, got, err, want)
		}
	}
}
