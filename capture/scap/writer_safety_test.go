package scap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"scry/capture/event"
)

// TestMain is also the writer that TestKill kills: SCRY_TEST_WRITE names its file.
func TestMain(m *testing.M) {
	if name := os.Getenv("SCRY_TEST_WRITE"); name != "" {
		w, err := Create(name, WriterOptions{Compress: strings.HasSuffix(name, ".gz")})
		if err == nil {
			err = w.Start(machine())
		}
		var ev event.Event
		for i := int64(1); err == nil; i++ {
			ev.Decode(event.Append(nil, day, i, event.WriteX, num(3, 8), make([]byte, i%500)), false)
			err = w.Event(&ev, false)
			if i == 100 && err == nil {
				err = w.Flush()
				fmt.Println("flushed")
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKill kills a writer at moments of all sorts: what it leaves has all flushed events, is a prefix, and ends between two blocks
// or in the one that was being written.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	cut := 0
	for i := range 30 {
		name := filepath.Join(dir, []string{"a.scap", "a.gz"}[i%2])
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "SCRY_TEST_WRITE="+name)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		io.ReadFull(out, make([]byte, 8))
		time.Sleep(time.Duration(i) * 700 * time.Microsecond)
		c.Process.Kill()
		c.Wait()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		list, snaps, _, err := readAll(f)
		if err != nil {
			cut++
			if !checkErr(err) {
				t.Error(err)
			}
		}
		if len(list) < 100 || len(snaps) != 1 || len(snaps[0].Threads) != 1 {
			t.Errorf("%d: %d events left, %v", i, len(list), err)
		}
		for k := range list {
			if tid := le.Uint64([]byte(list[k].Rec[8:])); tid != uint64(k+1) {
				t.Fatalf("%d: event %d is of thread %d", i, k, tid)
			}
		}
	}
	t.Logf("%d of 30 ended within a block", cut)
}

// TestDiskFull writes to a device without room, and to a file that may not grow.
func TestDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	for _, compress := range []bool{false, true} {
		w, err := Create("/dev/full", WriterOptions{Compress: compress})
		if err != nil {
			t.Fatal(err)
		}
		err = fill(w)
		var we *WriteError
		if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &we) || we.Bytes != 0 || we.Events != 0 {
			t.Errorf("compress=%v: %v", compress, err)
		} else if !strings.HasSuffix(err.Error(), "(0 bytes, 0 events saved)") {
			t.Error(err)
		}
		if again := w.Close(); again != err {
			t.Errorf("close: %v", again)
		}
	}
}

func fill(w *Writer) error {
	if err := w.Start(machine()); err != nil {
		return err
	}
	var ev event.Event
	if err := ev.Decode(event.Append(nil, day, 1, event.WriteX, num(3, 8), make([]byte, 997)), false); err != nil {
		return err
	}
	for range 1_000_000 {
		if err := w.Event(&ev, false); err != nil {
			return err
		}
	}
	return w.Close()
}

// limited is a file on a full disk: it takes n bytes.
type limited struct {
	bytes.Buffer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.n {
		k := l.n
		l.n = 0
		l.Buffer.Write(p[:k])
		return k, syscall.ENOSPC
	}
	l.n -= len(p)
	return l.Buffer.Write(p)
}

// TestPartialWrite counts the events that a disk took before it was full.
func TestPartialWrite(t *testing.T) {
	for _, compress := range []bool{false, true} {
		out := &limited{n: 900_000}
		if compress {
			out.n = 20_000
		}
		w := NewWriter(out, WriterOptions{Compress: compress})
		err := fill(w)
		var we *WriteError
		if !errors.As(err, &we) || we.Bytes != int64(out.Len()) {
			t.Fatalf("compress=%v: %v, %d bytes are there", compress, err, out.Len())
		}
		list, _, _, _ := readAll(&out.Buffer)
		if n := uint64(len(list)); n < we.Events || !compress && n != we.Events || we.Events == 0 {
			t.Errorf("compress=%v: %v, but %d events can be read", compress, err, n)
		}
	}
}

// TestTrim makes the file itself end between two blocks.
func TestTrim(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	for _, compress := range []bool{false, true} {
		w, err := Create(name, WriterOptions{Compress: compress})
		if err != nil {
			t.Fatal(err)
		}
		w.out.w = &shortFile{w.out.file, 700_001}
		if compress {
			w.out.w = &shortFile{w.out.file, 10_001}
		}
		err = fill(w)
		w.Close()
		var we *WriteError
		if !errors.As(err, &we) {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		st, _ := f.Stat()
		list, _, _, err := readAll(f)
		if err != nil || uint64(len(list)) != we.Events || st.Size() != we.Bytes || we.Events == 0 {
			t.Errorf("compress=%v: %d events, %d bytes, %v; writer says %v", compress, len(list), st.Size(), err, we)
		}
	}
}

// shortFile stops a file after n bytes.
type shortFile struct {
	f *os.File
	n int
}

func (s *shortFile) Write(p []byte) (int, error) {
	k, err := s.f.Write(p[:min(len(p), s.n)])
	s.n -= k
	if err == nil && k < len(p) {
		err = syscall.ENOSPC
	}
	return k, err
}

// TestFlush reads a file that is still being written.
func TestFlush(t *testing.T) {
	for _, compress := range []bool{false, true} {
		var out bytes.Buffer
		w := NewWriter(&out, WriterOptions{Compress: compress})
		w.Start(machine())
		for i := range 50 {
			var ev event.Event
			ev.Decode(event.Append(nil, day, int64(i), event.CloseX, num(0, 8)), false)
			if err := w.Event(&ev, i%2 == 1); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			list, _, _, err := readAll(bytes.NewReader(out.Bytes()))
			if err != nil || len(list) != i+1 || list[i].Flags != uint32(i%2) {
				t.Fatalf("compress=%v: %d events after %d, %v", compress, len(list), i+1, err)
			}
		}
		if w.Events() != 50 || w.Bytes() != int64(out.Len()) {
			t.Errorf("%d events, %d bytes; %d are there", w.Events(), w.Bytes(), out.Len())
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Event(&event.Event{}, false); err == nil {
			t.Error("a closed writer took an event")
		}
	}
}

// TestBigHead writes lists that are longer than many buffers, and events that are longer than one.
func TestBigHead(t *testing.T) {
	s := machine()
	s.Threads = nil
	for i := range int64(2000) {
		s.Threads = append(s.Threads, &event.Thread{TID: i, PID: i, LoginUID: 5, PGID: 7, TTY: 3, PIDNSInitStart: 9, ExeLower: true, Memf: true, ExeUpper: true,
			Comm: "c", Args: strings.Repeat("a\x00", 500), Env: strings.Repeat("e", int(i)), Cgroups: strings.Repeat("g", 700), SID: -1, VPGID: -1})
	}
	l := event.FDList{TID: 42}
	for i := range int64(4000) {
		l.FDs = append(l.FDs, event.FD{Num: i, Type: event.FDFileV2, Name: strings.Repeat("n", int(i)%1000)})
	}
	s.FDs = append(s.FDs, l)
	big := event.Append(nil, day, 1, event.AsynceventE, num(0, 4), text("big"), make([]byte, 3_000_000))
	wide := event.Append(nil, day, 2, event.ReadX, num(0, 8), make([]byte, 65535), make([]byte, 8), make([]byte, 65535))
	recs := [][]byte{big, exitOnly()[0], wide, exitOnly()[1], big}
	for _, compress := range []bool{false, true} {
		data := build(t, WriterOptions{Compress: compress}, s, recs...)
		list, snaps, info, err := readAll(bytes.NewReader(data))
		if err != nil || len(list) != len(recs) || info.Blocks["EV_V2_LARGE"] != 3 {
			t.Fatalf("compress=%v: %d events, %v, %+v", compress, len(list), err, info)
		}
		for i, rec := range recs {
			if list[i].Rec != string(rec) {
				t.Errorf("event %d differs", i)
			}
		}
		if !slices.EqualFunc(snaps[0].Threads, s.Threads, func(a, b *event.Thread) bool { return *a == *b }) {
			t.Error("threads differ")
		}
		if !slices.Equal(snaps[0].FDs[1].FDs, l.FDs) {
			t.Error("descriptors differ")
		}
	}
}

// TestUnixPath takes the path out of the names that the state tables give unix sockets.
func TestUnixPath(t *testing.T) {
	for name, want := range map[string]string{
		"ffff9a->ffff9b /run/x y": "/run/x y", "ffff9a->0 ": "", "ffff9a->0": "", "/run/a->b c": "/run/a->b c", "": "", "@x": "@x", "->": "->",
	} {
		if got := unixPath(&event.FD{Name: name}); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestSizes compares the sizes that are computed before the lists are written with what is written: the writer's totals are right
// if every list can be read, whatever is in it.
func TestSizes(t *testing.T) {
	long := strings.Repeat("x", 5000)
	s := machine()
	s.HasInterfaces = true
	s.Interfaces = []event.Interface{{Name: long}}
	s.Users = []event.User{{Name: long, Home: long, Shell: long}}
	s.Groups = []event.Group{{Name: long}}
	s.Threads = append(s.Threads, &event.Thread{Comm: long, Exe: long, ExePath: long, Args: long, Cwd: long, Env: long, Cgroups: long, Root: long})
	for typ := range event.NumFDTypes {
		s.FDs[0].FDs = append(s.FDs[0].FDs, event.FD{Type: typ, Name: long})
	}
	for _, compat := range []bool{false, true} {
		_, snaps, _, err := readAll(bytes.NewReader(build(t, WriterOptions{Compat: compat}, s, exitOnly()...)))
		if err != nil {
			t.Fatal(err)
		}
		got := snaps[0]
		th := got.Threads[1]
		if len(th.Comm) != maxText || len(th.Env) != maxList || len(got.Users[0].Shell) != maxName || len(got.FDs[0].FDs) != len(s.FDs[0].FDs) {
			t.Errorf("%d threads, %d descriptors", len(got.Threads), len(got.FDs[0].FDs))
		}
	}
}

func TestNextAllocs(t *testing.T) {
	for _, o := range []WriterOptions{{}, {Compress: true}} {
		r, err := NewReader(bytes.NewReader(build(t, o, machine(), slices.Repeat(exitOnly(), 20_000)...)), "")
		if err != nil {
			t.Fatal(err)
		}
		var ev event.Event
		next := func() {
			for range 5000 {
				if err := r.Next(&ev); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 10 {
			next()
		}
		if n := testing.AllocsPerRun(20, next); n > 0 {
			t.Errorf("%+v: %v allocations for 5000 events", o, n)
		}
		r.Close()
	}
}

func TestEventAllocs(t *testing.T) {
	var ev event.Event
	if err := ev.Decode(exitOnly()[0], false); err != nil {
		t.Fatal(err)
	}
	for _, o := range []WriterOptions{{}, {Compress: true}, {Compat: true}} {
		w := NewWriter(io.Discard, o)
		w.Start(machine())
		write := func() {
			for range 20_000 {
				if err := w.Event(&ev, false); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 5 {
			write()
		}
		if n := testing.AllocsPerRun(10, write); n > 0 {
			t.Errorf("%+v: %v allocations for 20000 events", o, n)
		}
		w.Close()
	}
}
