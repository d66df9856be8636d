//go:build linux

package capture

import (
	"os"
	"runtime"
	"testing"

	"scry/capture/event"
)

// callRows are all of them.
var callRows = [][]row{fileRows, processRows, netRows, genericRows()}

func makeCalls() any {
	k := newKit()
	defer os.RemoveAll(k.dir)
	for _, rows := range callRows {
		k.run(rows)
	}
	return k.expected
}

// TestLiveCalls makes each call that has an event of its own, successfully and not, and compares every parameter of enter and exit with what was passed
// and returned.
func TestLiveCalls(t *testing.T) {
	var list []expected
	rec := recordLive(t, LiveOptions{Demand: noPageFaults()}, "calls", &list)
	checkRows(t, rec, list)
	t.Logf("%d events, %d calls compared", len(rec.events), len(list))
	checkCoverage(t, list)
}

// oneSided are the calls that only fail here, or only succeed, and why; elsewhere are those that other tests make.
var (
	oneSided = map[string]string{
		"getuid": "never fails", "geteuid": "never fails", "getgid": "never fails", "getegid": "never fails", "munlockall": "never fails", "brk": "never fails",
		"eventfd": "never fails", "inotify_init": "never fails", "setsid": "fails for the leader of a group",
		"init_module": "no module to load", "finit_module": "no module to load", "delete_module": "no module to take away",
		"quotactl": "no file system with quotas",
	}
	elsewhere = map[string]string{"clone": "TestLiveProcesses", "fork": "TestLiveProcesses", "vfork": "TestLiveProcesses", "clone3": "TestLiveProcesses",
		"execve": "TestLiveProcesses", "execveat": "TestLiveProcesses"}
)

// checkCoverage: every call of this architecture was made, those with an event of their own both with success and without. What this kernel refuses
// altogether is told.
func checkCoverage(t *testing.T, list []expected) {
	t.Helper()
	made := map[string][2]int{}
	for _, e := range list {
		n := made[e.Call]
		if e.Res < 0 {
			n[1]++
		} else {
			n[0]++
		}
		made[e.Call] = n
	}
	for nr := range event.MaxSyscalls {
		sc, ok := event.NativeSyscall(runtime.GOARCH, nr)
		n := made[sc.Name]
		switch {
		case !ok || elsewhere[sc.Name] != "":
		case sc.Enter == event.GenericE:
			if n == [2]int{} && unmade[sc.Name] == "" {
				t.Errorf("%s: nobody makes it", sc.Name)
			}
		case n == [2]int{}:
			t.Errorf("%s: nobody makes it", sc.Name)
		case n[1] == 0 && oneSided[sc.Name] == "":
			t.Errorf("%s: never failed", sc.Name)
		case n[0] == 0 && oneSided[sc.Name] == "":
			t.Logf("%s: this kernel refuses it", sc.Name)
		}
	}
}

// TestLiveSnaplen: of each buffer as much is kept as was asked for, and the event says that there was more.
func TestLiveSnaplen(t *testing.T) {
	d := noPageFaults()
	d.Payload = 80
	var list []expected
	rec := recordLive(t, LiveOptions{Demand: d}, "long", &list)
	checkRows(t, rec, list)
}

func makeLong() any {
	k := newKit()
	defer os.RemoveAll(k.dir)
	k.run(longRows)
	return k.expected
}
