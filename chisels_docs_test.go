package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var fence = regexp.MustCompile("(?ms)^```(yaml|console)\n(.*?)^```\n")

// TestChiselDocs runs the examples of docs/chisels.md: the chisels are files in a folder, and the commands print what the page says. -update writes it
// into the page.
func TestChiselDocs(t *testing.T) {
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	const page = "docs/chisels.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := regexp.MustCompile(`(?m)^name: (\w+)$`)
	chisels, commands := 0, 0
	out := fence.ReplaceAllFunc(text, func(block []byte) []byte {
		m := fence.FindSubmatch(block)
		if string(m[1]) == "yaml" {
			file := filepath.Join(dir, string(name.FindSubmatch(m[2])[1])+".yaml")
			if err := os.WriteFile(file, m[2], 0o600); err != nil {
				t.Fatal(err)
			}
			chisels++
			return block
		}
		command, _, _ := strings.Cut(string(m[2]), "\n")
		args := words(strings.TrimPrefix(command, "$ "))[1:]
		cmd := exec.Command(scry, append([]string{"--chisel-dir", dir, "--chisel-dir", "testdata/chisels"}, args...)...)
		cmd.Env = append(os.Environ(), "TZ=UTC", "NO_COLOR=1")
		got, _ := cmd.CombinedOutput() // one of them is a mistake
		commands++
		return []byte("```console\n" + command + "\n" + string(got) + "```\n")
	})
	if chisels < 4 || commands < 4 {
		t.Errorf("%d chisels, %d commands", chisels, commands)
	}
	if *update {
		if err := os.WriteFile(page, out, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(string(text), string(out)); d != "" {
		t.Errorf("%s (-update writes it):\n%s", page, d)
	}
	for _, m := range fence.FindAllSubmatch(text, -1) {
		n := name.FindSubmatch(m[2])
		if string(m[1]) != "yaml" {
			continue
		}
		cmd := exec.Command(scry, "--chisel-dir", dir, "-i", string(n[1]))
		if got, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(got), string(m[2])) {
			t.Errorf("-i %s: %v\n%s", n[1], err, got)
		}
	}
}
