//go:build linux

package capture

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

const liveThreads = 8

// mix are the calls of the threads: each by name, the type of its exit and how to make it. f is a descriptor of the thread's own.
var mix = []struct {
	name string
	typ  event.Type
	call func(f uintptr, b uintptr)
}{
	{"getuid", event.GetuidX, func(f, b uintptr) { rawCall(unix.SYS_GETUID, [6]uintptr{}) }},
	{"write", event.WriteX, func(f, b uintptr) { rawCall(unix.SYS_WRITE, [6]uintptr{f, b, 1}) }},
	{"pwrite64", event.PwriteX, func(f, b uintptr) { rawCall(unix.SYS_PWRITE64, [6]uintptr{f, b, 64, 3}) }},
	{"lseek", event.LseekX, func(f, b uintptr) { rawCall(unix.SYS_LSEEK, [6]uintptr{f, 3, 0}) }},
	{"dup, close", event.DupV1X, func(f, b uintptr) {
		fd := rawCall(unix.SYS_DUP, [6]uintptr{f})
		rawCall(unix.SYS_CLOSE, [6]uintptr{uintptr(fd)})
	}},
	{"flock", event.FlockX, func(f, b uintptr) { rawCall(unix.SYS_FLOCK, [6]uintptr{f, unix.LOCK_UN}) }},
	{"getpgid", event.GenericX, func(f, b uintptr) { rawCall(unix.SYS_GETPGID, [6]uintptr{}) }},
}

// made is what a thread did: how often each of mix.
type made struct {
	TID    int64
	Counts []int
}

// makeMix has threads make random calls, $SCRY_LIVE_CALLS each.
func makeMix() any {
	k := newKit()
	defer os.RemoveAll(k.dir)
	n, _ := strconv.Atoi(os.Getenv("SCRY_LIVE_CALLS"))
	seed, _ := strconv.ParseUint(os.Getenv("SCRY_LIVE_SEED"), 10, 64)
	out := make(chan made)
	for thread := range liveThreads {
		f := uintptr(k.file())
		go func() {
			runtime.LockOSThread()
			r := rand.New(rand.NewPCG(seed, uint64(thread)))
			m := made{int64(unix.Gettid()), make([]int, len(mix))}
			for range n {
				i := r.IntN(len(mix))
				mix[i].call(f, k.base)
				m.Counts[i]++
			}
			out <- m
		}()
	}
	var list []made
	for range liveThreads {
		list = append(list, <-out)
	}
	return list
}

// countMix counts the exits of mix that a capture of makeMix gives, by thread; before is called before each event.
func countMix(t *testing.T, o LiveOptions, calls int, before func(src *LiveSource, given uint64)) (counts map[int64][]int, want []made, given uint64, gaps uint64, stats LiveStats) {
	t.Helper()
	needRoot(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	file := t.TempDir() + "/made.json"
	t.Setenv("SCRY_LIVE", "threads")
	t.Setenv("SCRY_LIVE_OUT", file)
	t.Setenv("SCRY_LIVE_CALLS", strconv.Itoa(calls))
	t.Setenv("SCRY_LIVE_SEED", strconv.FormatUint(seed, 10))
	o.Command = []string{exe}
	o.Demand = o.Demand.Complete()
	src, err := Live(o)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	counts = map[int64][]int{}
	var ev event.Event
	for {
		before(src, given)
		err := src.Next(&ev)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		given++
		gaps += ev.Lost
		id, _ := ev.Uint(0)
		for i := range mix {
			if name, _ := event.SyscallName(uint16(id)); ev.Type != mix[i].typ || ev.Type == event.GenericX && name != mix[i].name {
				continue
			}
			if counts[ev.TID] == nil {
				counts[ev.TID] = make([]int, len(mix))
			}
			counts[ev.TID][i]++
		}
	}
	if code, _ := src.ExitCode(); code != 0 {
		t.Fatalf("the program ended with %d", code)
	}
	stats = src.Stats()
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil || len(want) != liveThreads {
		t.Fatal(want, err)
	}
	return counts, want, given, gaps, stats
}

// TestLiveThreads: eight threads make calls at random, and each is recorded once.
func TestLiveThreads(t *testing.T) {
	counts, want, given, gaps, stats := countMix(t, LiveOptions{Demand: noPageFaults(), Buffer: 32 << 20}, 10_000, func(*LiveSource, uint64) {})
	if stats.Lost != 0 || gaps != 0 || stats.Seen != given {
		t.Fatalf("seen %d, given %d, lost %d (%s), in gaps %d", stats.Seen, given, stats.Lost, stats.Why(), gaps)
	}
	for _, m := range want {
		for i, n := range m.Counts {
			if counts[m.TID] == nil || counts[m.TID][i] != n {
				t.Errorf("thread %d: %s made %d times, recorded %v", m.TID, mix[i].name, n, counts[m.TID])
			}
		}
	}
}

// TestLiveThreadsLossy: the same with the smallest ring and a reader that falls behind: what is lost is counted to the last event.
func TestLiveThreadsLossy(t *testing.T) {
	const calls = 100_000 // of each thread: more than the ring of a CPU has room for
	all := Demand{Types: event.TypesOf(event.GetuidX, event.WriteX, event.PwriteX, event.LseekX, event.DupV1X, event.FlockX, event.GenericX), Payload: 80}
	all.Calls[event.Exit] = event.AllTypes()
	counts, want, given, gaps, stats := countMix(t, LiveOptions{Demand: all, Buffer: MinBuffer}, calls, func(src *LiveSource, n uint64) {
		for n == 2000 { // until the rings are full
			stats := src.Stats()
			if _, ended := src.ExitCode(); ended || stats.Lost > 1000 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	})
	if stats.Lost == 0 {
		t.Fatalf("nothing was lost of %d events: the reader was not slow enough", stats.Seen)
	}
	if stats.Seen != given+stats.Lost {
		t.Errorf("seen %d, given %d, lost %d: %d too many", stats.Seen, given, stats.Lost, int64(given+stats.Lost)-int64(stats.Seen))
	}
	if gaps > stats.Lost {
		t.Errorf("gaps hold %d events, %d are lost", gaps, stats.Lost)
	}
	var reasons uint64
	for _, r := range stats.Reasons {
		reasons += r.N
	}
	if reasons != stats.Lost {
		t.Errorf("%d lost, the reasons add up to %d", stats.Lost, reasons)
	}
	var missing uint64
	for _, m := range want {
		for i, n := range m.Counts {
			got := 0
			if counts[m.TID] != nil {
				got = counts[m.TID][i]
			}
			if got > n {
				t.Errorf("thread %d: %s made %d times, recorded %d times", m.TID, mix[i].name, n, got)
			}
			missing += uint64(max(n-got, 0))
		}
	}
	if missing > stats.Lost {
		t.Errorf("%d calls are missing, %d events were lost", missing, stats.Lost)
	}
	t.Logf("%d seen, %d given, %d lost (%s), %d of them in gaps, %d calls missing", stats.Seen, given, stats.Lost, stats.Why(), gaps, missing)
}
