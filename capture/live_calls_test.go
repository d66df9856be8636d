//go:build linux

package capture

import (
	"os"
	"testing"
)

// callRows are all of them; TestLiveCallsCovered knows what is missing.
var callRows = [][]row{fileRows, processRows}

func init() {
	liveModes["calls"] = func() any {
		k := newKit()
		defer os.RemoveAll(k.dir)
		var list []expected
		for _, rows := range callRows {
			list = k.run(rows)
		}
		return list
	}
}

// TestLiveCalls makes each call that has an event of its own, successfully and not, and compares every parameter of enter and exit with what was passed
// and returned.
func TestLiveCalls(t *testing.T) {
	var list []expected
	events, stats := recordLive(t, LiveOptions{Demand: noPageFaults()}, "calls", &list)
	if stats.Lost > 0 {
		t.Fatalf("%d of %d events lost: %s", stats.Lost, stats.Seen, stats.Why())
	}
	checkRows(t, events, list)
	t.Logf("%d events, %d calls compared", len(events), len(list))
}
