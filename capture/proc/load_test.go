package proc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadLoad: what the files say, and nothing from files that say nothing.
func TestReadLoad(t *testing.T) {
	write := func(stat, memory string) string {
		dir := t.TempDir()
		for name, text := range map[string]string{"stat": stat, "meminfo": memory} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	memory := "MemTotal:        2048 kB\nMemFree:          100 kB\nMemAvailable:    1024 kB\nHugePages_Total:       0\n"
	first, err := ReadLoad(write("cpu  100 0 50 800 40 4 6 0 30 0\ncpu0 60 0 30 400 0 0 0 0 0 0\ncpu2 1 2 3 4\nintr 5 6 7\ncpu3 1 1 1 1\n", memory))
	if err != nil {
		t.Fatal(err)
	}
	if first.All != (Ticks{160, 1000}) || len(first.CPUs) != 3 || first.CPUs[0] != (Ticks{90, 490}) || first.CPUs[1] != (Ticks{}) || first.CPUs[2] != (Ticks{6, 10}) {
		t.Errorf("%+v", first)
	}
	if first.Memory != 2<<20 || first.Free != 1<<20 {
		t.Errorf("memory %d, free %d", first.Memory, first.Free)
	}
	for _, c := range []struct {
		busy, total uint64
		want        float64
	}{{185, 1100, 25}, {160, 1000, 0}, {100, 1100, 0}, {9160, 1100, 100}} {
		if got := (Ticks{c.busy, c.total}).Percent(first.All); got != c.want {
			t.Errorf("%d of %d: %v%%, want %v%%", c.busy, c.total, got, c.want)
		}
	}
	for _, stat := range []string{"", "cpu\n", "cpu x y z a\n", "intr 1 2 3 4 5\n", strings.Repeat("x", maxLoadText+1), "cpu 0 0 0 0 0\ncpu65535 1 1 1 1\n"} {
		if l, err := ReadLoad(write(stat, memory)); err == nil {
			t.Errorf("%.20q: %+v", stat, l)
		}
	}
	if _, err := ReadLoad(t.TempDir()); err == nil {
		t.Error("a folder without files is no proc")
	}
}
