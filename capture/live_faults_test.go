//go:build linux && (amd64 || arm64)

package capture

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// faultRun is what makeFaults did.
type faultRun struct {
	TID  int64
	Page uint64
}

// makeFaults touches a page that is not there yet, in the program and in the kernel, and sleeps a little.
func makeFaults() any {
	runtime.LockOSThread()
	mem, err := unix.Mmap(-1, 0, 3*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	k := newKit()
	defer os.RemoveAll(k.dir)
	page := addressOf(mem)
	mem[0] = 1
	rawCall(unix.SYS_GETRANDOM, [6]uintptr{page + 4096, 8, 0})
	for range 10 {
		rawCall(unix.SYS_NANOSLEEP, [6]uintptr{k.words(0, 1_000_000)})
	}
	return faultRun{TID: k.tid(), Page: uint64(page)}
}

// TestLiveFaults: page faults and switches, which come only to those who ask for them.
func TestLiveFaults(t *testing.T) {
	var run faultRun
	d := Demand{Types: event.TypesOf(event.PageFaultE, event.SchedswitchV6E)}
	rec := recordLive(t, LiveOptions{Demand: d, Buffer: 64 << 20}, "faults", &run)
	found, switches := map[uint64]string{}, 0
	for _, ev := range rec.events {
		if ev.TID != run.TID {
			continue
		}
		switch ev.Type {
		case event.PageFaultE:
			addr, _ := ev.Uint(0)
			if addr == run.Page || addr == run.Page+4096 {
				checkEvent(t, &expected{Row: "fault"}, ev, valuesOf([]any{"addr", addr, "ip", nonzero, "error", present}), nil)
				found[addr] = show(ev, 2)
			}
		case event.SchedswitchV6E:
			switches++
			checkEvent(t, &expected{Row: "switch"}, ev, valuesOf([]any{"next", present, "pgft_maj", present, "pgft_min", nonzero, "vm_size", present, "vm_rss", present, "vm_swap", present}), nil)
			if next := in64(ev, 0); next < 0 || next == run.TID {
				t.Errorf("a switch from %d to %d", run.TID, next)
			}
		}
	}
	if runtime.GOARCH == "amd64" {
		if got, want := found[run.Page], flagText("PAGE_NOT_PRESENT|WRITE_ACCESS|USER_FAULT"); got != want {
			t.Errorf("fault of the program: %q, want %q", got, want)
		}
		if got, want := found[run.Page+4096], flagText("PAGE_NOT_PRESENT|WRITE_ACCESS|SUPERVISOR_FAULT"); got != want {
			t.Errorf("fault of the kernel: %q, want %q", got, want)
		}
	}
	if switches < 10 {
		t.Errorf("%d switches, want one for each of 10 sleeps", switches)
	}
	t.Logf("%d events, %d switches, %d lost (%s)", len(rec.events), switches, rec.stats.Lost, rec.stats.Why())
}

// TestLiveExact: what children of one program do is known to the call, so that seen is too, with rings that hold everything and with ones that do not.
func TestLiveExact(t *testing.T) {
	needRoot(t)
	const children = 8
	count := func(calls, buffer int) (given uint64, stats LiveStats) {
		var p program
		for range children {
			p.sys("clone", int(unix.SIGCHLD), 0, 0, 0, 0)
			p.child(func() {
				for range calls {
					p.sys("getuid")
				}
				p.sys("exit_group", 0)
			})
		}
		for range children {
			p.sys("wait4", -1, 0, 0, 0)
		}
		p.sys("exit_group", 0)
		rec := record(t, LiveOptions{Demand: noPageFaults(), Buffer: buffer, Command: []string{p.write(t, t.TempDir(), "exact")}})
		if rec.code != 0 {
			t.Fatalf("ended with %d", rec.code)
		}
		return uint64(len(rec.events)), rec.stats
	}
	given, stats := count(0, DefaultBuffer)
	base := stats.Seen
	if given != base || stats.Lost != 0 {
		t.Fatalf("without calls: %d seen, %d given, %d lost", base, given, stats.Lost)
	}
	for _, buffer := range []int{64 << 20, MinBuffer} {
		const calls = 4000
		given, stats := count(calls, buffer)
		if want := base + children*calls*2; stats.Seen != want || given+stats.Lost != want {
			t.Errorf("rings of %s: %d seen, %d given, %d lost; made are %d", Size(uint64(buffer)), stats.Seen, given, stats.Lost, want)
		}
		t.Logf("rings of %s: %d seen, %d given, %d lost", Size(uint64(buffer)), stats.Seen, given, stats.Lost)
	}
}
