package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What the user wrote into the configuration and is wrong stands on the first screen.
func TestConfigurationMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"theme: light\nview: procs\nviews: {procs: {hidden: [user], widths: {command: 40}}}", ""},
		{"theme: lihgt", `no theme "lihgt"; there are `},
		{"view: prcs", `no view "prcs"; F2 shows them`},
		{"views: {prcs: {hidden: [user]}}", `views: no view "prcs"`},
		{"views: {procs: {hidden: [usr]}}", `views: procs: no column "usr"; o shows them`},
		{"views: {procs: {widths: {command: -4}}}", "widths: command: -4 is not between 3 and 500"},
		{"colour: red", "unknown field"},
	} {
		file := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := LoadPrefs(file)
		if (err != nil) != strings.HasPrefix(c.text, "colour") {
			t.Errorf("%s: %v", c.text, err)
		}
		x := newTestApp(t, 200, 24, Options{Read: []string{testCapture(t, "hello.scap")}, View: "procs", Prefs: p})
		x.settled()
		x.tv.QueueUpdate(func() {
			if !strings.Contains(x.note, c.want) || c.want == "" && x.note != "" {
				t.Errorf("%s: the note is %q", c.text, x.note)
			}
		})
		x.close()
	}
}

// The word nice+N becomes the priority of the process and N, within what there is.
func TestReprioritize(t *testing.T) {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	now := 20 - raw
	for word, want := range map[string]int{"nice+1": min(now+1, 19), "nice-1": max(now-1, -20), "nice+100": 19, "nice-100": -20} {
		argv := []string{"renice", word, "-p", fmt.Sprint(os.Getpid())}
		if err := reprioritize(argv); err != nil || argv[1] != fmt.Sprint(want) {
			t.Errorf("%s: %q, %v", word, argv, err)
		}
	}
	argv := []string{"ls", "nice", "nicely", "-p", "x"}
	if err := reprioritize(argv); err != nil || strings.Join(argv, " ") != "ls nice nicely -p x" {
		t.Errorf("%q, %v", argv, err)
	}
	if err := reprioritize([]string{"renice", "nice+1", "-p", "4194305"}); err == nil {
		t.Error("there is such a process")
	}
}

// -n is heeded; a part of the time is told, also on a low screen; keys of running machines say so in a capture.
func TestPartsAreTold(t *testing.T) {
	x := newTestApp(t, 120, 15, Options{Read: []string{testCapture(t, "hello.scap")}, View: digView, Limit: 100})
	x.settled()
	x.wait("event 1 of 100")
	x.press("p")
	x.wait("p is for a running machine; this is a capture")
	x.close()
	x = newTestApp(t, 120, 15, Options{Read: []string{testCapture(t, "hello.scap")}, View: digView})
	x.settled()
	x.press("z", "PgDn", "Tab", "PgUp", "Enter")
	x.wait("time 09:30:", "(u: all)")
	x.press("u")
	x.until("has all again", func(s string) bool { return !strings.Contains(s, "(u: all)") })
}
