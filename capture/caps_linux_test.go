package capture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDropPrivileges drops them in a process of its own, and looks at all threads of that.
func TestDropPrivileges(t *testing.T) {
	if os.Getenv("DROP") != "" {
		before := effective()
		err := DropPrivileges(KeepReading)
		if err != nil && (!strings.Contains(err.Error(), "cgo") || effective() != before) {
			t.Fatal(err) // a binary with cgo must say so and keep what it has
		}
		want := KeepReading & before
		if err != nil {
			want = before
		}
		files, _ := filepath.Glob("/proc/self/task/*/status")
		if len(files) < 2 {
			t.Errorf("only %d threads", len(files))
		}
		for _, f := range files {
			text, _ := os.ReadFile(f)
			for _, set := range []string{"CapEff", "CapPrm"} {
				_, rest, _ := strings.Cut(string(text), set+":\t")
				if have, _, _ := strings.Cut(rest, "\n"); have != fmt.Sprintf("%016x", uint64(want)) {
					t.Errorf("%s: %s %s, want %016x", f, set, have, uint64(want))
				}
			}
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDropPrivileges$", "-test.v")
	cmd.Env = append(os.Environ(), "DROP=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
