package scap

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"scry/capture/event"
)

// boundaries are the offsets of all blocks of a plain capture, and its end.
func boundaries(b []byte) (at []int) {
	for p := 0; ; p += int(le.Uint32(b[p+4:])) {
		at = append(at, p)
		if p >= len(b) {
			return at
		}
	}
}

// TestTruncation cuts small captures between all blocks and inside them: what is delivered is a prefix, then there is a clean end
// or a damage at the block that was cut.
func TestTruncation(t *testing.T) {
	small := build(t, WriterOptions{}, machine(), exitOnly()...)
	all, _, _, err := readAll(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(small) {
		checkCut(t, "small", small, all, boundaries(small), cut)
	}
	for _, name := range captures(t) {
		data := plain(t, name)
		if len(data) > 150_000 {
			continue
		}
		all, _, _, err := readAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		at := boundaries(data)
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range at[1:] {
			if i%5 == 0 {
				checkCut(t, name, data, all, at, at[i])
				checkCut(t, name, data, all, at, at[i]+1+rnd.IntN(at[i+1]-at[i]-1))
			}
		}
	}
}

func checkCut(t *testing.T, name string, data []byte, all []item, at []int, cut int) {
	t.Helper()
	got, _, _, err := readAll(bytes.NewReader(data[:cut]))
	i, clean := slices.BinarySearch(at, cut)
	var damage *DamageError
	var not *NotCaptureError
	switch {
	case cut == 0:
		if !errors.As(err, &not) {
			t.Errorf("%s: nothing: %v", name, err)
		}
	case clean && err != nil, !clean && (!errors.As(err, &damage) || damage.Offset != int64(at[i-1])):
		t.Errorf("%s: cut at %d, block %d: %v", name, cut, i, err)
	}
	if len(got) > len(all) || !slices.Equal(got, all[:len(got)]) {
		t.Errorf("%s: cut at %d: %d events are no prefix", name, cut, len(got))
	}
	events := 0
	for k := range at[:max(i-1, 0)] {
		if kinds[kindOf(le.Uint32(data[at[k]:]))].fam == famEvent {
			events++
		}
	}
	if clean && i > 0 && kinds[kindOf(le.Uint32(data[at[i-1]:]))].fam == famEvent {
		events++
	}
	if len(got) != events {
		t.Errorf("%s: cut at %d: %d events, want %d", name, cut, len(got), events)
	}
}

// drainAll reads what can be read and touches every byte of it.
func drainAll(in io.Reader) (events int, sum byte, err error) {
	r, err := NewReader(in, "")
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	var ev event.Event
	for {
		if err = r.Next(&ev); err != nil {
			return events, sum, err
		}
		events++
		for i := range ev.NParams {
			for _, c := range ev.Param(i) {
				sum += c
			}
		}
		sum += ev.Raw[len(ev.Raw)-1]
	}
}

// checkErr tells whether err is one that a reader may end with.
func checkErr(err error) bool {
	var damage *DamageError
	var not *NotCaptureError
	return err == io.EOF || errors.As(err, &damage) || errors.As(err, &not)
}

// TestMutations damages every capture in many ways for five seconds; SCRY_SLOW=1 for two minutes.
func TestMutations(t *testing.T) {
	budget := 5 * time.Second
	if os.Getenv("SCRY_SLOW") != "" {
		budget = 2 * time.Minute
	}
	var files [][]byte
	for _, name := range captures(t) {
		packed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data := plain(t, name)
		files = append(files, packed, data[:min(len(data), 120_000)])
	}
	files = append(files, build(t, WriterOptions{Compress: true}, machine(), slices.Repeat(exitOnly(), 2000)...))
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	done := 0
	for end := time.Now().Add(budget); time.Now().Before(end); done++ {
		b := mutate(rnd, files[done%len(files)])
		if _, _, err := drainAll(bytes.NewReader(b)); !checkErr(err) {
			name := filepath.Join(t.TempDir(), "mutant")
			os.WriteFile(name, b, 0o600)
			t.Fatalf("%v (%s)", err, name)
		}
	}
	t.Logf("%d variants", done)
}

// mutate returns a damaged copy of b.
func mutate(rnd *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + rnd.IntN(4) {
		if len(b) < 64 {
			return b
		}
		at := rnd.IntN(len(b) - 8)
		switch rnd.IntN(7) {
		case 0:
			b[at] ^= 1 << rnd.IntN(8)
		case 1:
			b = b[:at]
		case 2:
			le.PutUint32(b[at&^3:], []uint32{0, 1, 4, 0xffff, 0x7fffffff, 0xffffffff, uint32(len(b))}[rnd.IntN(7)])
		case 3:
			b = slices.Delete(b, at, at+1+rnd.IntN(8))
		case 4:
			b = slices.Insert(b, at, make([]byte, 1+rnd.IntN(8))...)
		case 5:
			to := rnd.IntN(len(b) - 8)
			copy(b[to:], b[at:min(at+rnd.IntN(4000), len(b))])
		case 6:
			at = rnd.IntN(min(len(b)-4, 4000)) &^ 3
			le.PutUint32(b[at:], rnd.Uint32()>>rnd.IntN(32))
		}
	}
	return b
}

// TestClaims reads files that promise more than they hold: what is allocated must not depend on the promise.
func TestClaims(t *testing.T) {
	lists := [][]byte{
		cat(header(), num(blockPL9, 4), num(maxBlock, 4), make([]byte, 900)),
		cat(header(), num(blockEV2L, 4), num(maxBlock, 4), make([]byte, 900)),
		cat(header(), num(0x777, 4), num(-1, 4), make([]byte, 900)),
		cat(header(), block(blockPL9, num(-1, 4), make([]byte, 900))),
		cat(header(), block(blockIL2, num(-1, 4), make([]byte, 900))),
		cat(header(), block(blockUL2, num(-1, 4), make([]byte, 900))),
		cat(header(), block(blockEV2, num(0, 2), event.Append(nil, day, 1, event.ReadX, num(1, 8))[:22], num(-1, 4))),
	}
	own := build(t, WriterOptions{Compress: true}, machine(), exitOnly()...)
	le.PutUint32(own[16:], 2*chunkSize)
	lists = append(lists, own)
	for i, data := range lists {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := drainAll(bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 || err == io.EOF || !checkErr(err) {
			t.Errorf("file %d: %d bytes allocated, %v", i, n, err)
		}
	}
}

// FuzzReader: a reader never panics, ends with one of its errors, and what it delivers of plain data can be written and read again.
func FuzzReader(f *testing.F) {
	f.Add(build(f, WriterOptions{}, machine(), exitOnly()...))
	f.Add(build(f, WriterOptions{Compress: true}, machine(), exitOnly()...))
	f.Add(cat(header(), closeEvent(1), header(1, 0, 1, 0, 'x', 0, 0, 0, 0, 0, 0, 0), closeEvent(2)))
	files, _ := filepath.Glob(filepath.Join(capturesDir, "*.scap"))
	for _, name := range files {
		if st, err := os.Stat(name); err == nil && st.Size() < 25_000 {
			b, _ := os.ReadFile(name)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, snaps, _, err := readAll(bytes.NewReader(b))
		if err != nil && !checkErr(err) {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		var out bytes.Buffer
		w := NewWriter(&out, WriterOptions{})
		r, err := NewReader(bytes.NewReader(b), "")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var ev event.Event
		for r.Next(&ev) == nil {
			if ev.Section != nil {
				if err := w.Start(ev.Section); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Event(&ev, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, snaps2, _, err := readAll(&out)
		if err != nil {
			t.Fatalf("what was written: %v", err)
		}
		for i := range list {
			list[i].Flags &^= event.FlagLarge
		}
		if !slices.Equal(list, again) || len(snaps) != len(snaps2) {
			t.Fatalf("%d events in %d sections, then %d in %d", len(list), len(snaps), len(again), len(snaps2))
		}
	})
}
