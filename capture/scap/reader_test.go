package scap

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"scry/capture/event"
)

const capturesDir = "../../../shared/captures"

// captures are the real files, in order of their names.
func captures(t testing.TB) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(capturesDir, "*.scap"))
	if len(files) == 0 {
		t.Skip("no captures at " + capturesDir)
	}
	return files
}

func TestAll(t *testing.T) {
	for _, f := range captures(t) {
		h, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(h, f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		var ev event.Event
		n := 0
		for {
			err = r.Next(&ev)
			if err != nil {
				break
			}
			n++
		}
		s := r.Snapshot()
		t.Logf("%s: %d %v threads %d fds %d users %d groups %d ifs %d %+v", filepath.Base(f), n, err, len(s.Threads), len(s.FDs), len(s.Users), len(s.Groups), len(s.Interfaces), r.Info())
		if err != io.EOF {
			t.Errorf("%s: %v", f, err)
		}
		r.Close()
	}
}
