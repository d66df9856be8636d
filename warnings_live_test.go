package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestScreenWarnings: what an engine makes scry say is not written into a screen that is drawn: its last line counts it, and it comes when the screen is over.
func TestScreenWarnings(t *testing.T) {
	needLive(t)
	if _, err := exec.LookPath("script"); err != nil {
		t.Fatal(err) // util-linux
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("script", "-qec", "stty cols 120 rows 20; exec "+scry+" -c topprocs_cpu -M 3 --docker-socket /nowhere", "/dev/null")
	cmd.Env = append(os.Environ(), "TERM=xterm", "SHELL=/bin/sh")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const warning = "scry: docker (/nowhere): no such socket: names of its containers may be missing"
	end := strings.LastIndex(string(out), "\x1b[J")
	if end < 0 || !strings.Contains(string(out[:end]), "1 warning, told at the end") || strings.Contains(string(out[:end]), "/nowhere") || strings.Count(string(out[end:]), warning) != 1 {
		t.Errorf("%q", out)
	}
}
