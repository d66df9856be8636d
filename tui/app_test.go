package tui

import (
	"strings"
	"testing"
)

// Down and up again, in a capture: each step has what was selected.
func TestDrill(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "hello.scap")}, View: "procs"})
	x.settled()
	x.wait("Processes", "PID", "Command")
	x.press("Enter")
	s := x.wait("Processes ▸ Threads", "TID")
	if !strings.Contains(s, "proc.pid = ") {
		t.Errorf("the filter of the row is not shown:\n%s", s)
	}
	x.press("Backspace")
	x.until("is back", func(s string) bool { return !strings.Contains(s, "▸") && strings.Contains(s, "PPID") })
	x.press("[")
	x.wait("Processes ▸ Threads")
}

// A row of a list is an event: Enter shows it, of a capture.
func TestListEvent(t *testing.T) {
	x := newTestApp(t, 120, 40, Options{Read: []string{testCapture(t, "hello.scap")}, View: "file_opens"})
	x.settled()
	x.wait("File Opens", "/etc/hosts")
	x.press("Home", "/", "/etc/hosts", "Enter", "Enter")
	x.wait("File Opens ▸ Event", "evt.num")
	x.press("Backspace")
	x.until("is back", func(s string) bool { return !strings.Contains(s, "▸") && strings.Contains(s, "RES") })
}

// A filter of a capture is tried while it is typed: the crumbs tell how many rows it leaves. Esc takes it back.
func TestFilterPreview(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "hello.scap")}, View: "procs"})
	x.settled()
	x.wait("row 1 of 13")
	x.press("F4", "proc.name=curl")
	x.wait("row 1 of 1\n", "filter proc.name=curl")
	x.press("Esc")
	x.wait("row 1 of 13", "none (F4)")
	x.press("F4", "proc.name=curl", "Enter")
	x.wait("row 1 of 1\n", "Quit")
}

// Keys that are typed before there are rows wait for them.
func TestTypeAhead(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "hello.scap")}, View: "containers"})
	x.press("Enter", "Enter", "Enter", "/", "access.log", "Enter")
	x.wait("▸ Processes", "▸ Threads 905 nginx ▸ Files 905", "row 2 of 2")
}

// The views of Kubernetes are offered where a pod is known.
func TestKubernetesViewsOffered(t *testing.T) {
	for name, want := range map[string]bool{"web.scap": false, "containers.scap": true} {
		x := newTestApp(t, 160, 60, Options{Read: []string{testCapture(t, name)}, View: "procs"})
		x.settled()
		x.press("v")
		s := x.wait("Server Ports")
		if got := strings.Contains(s, "K8s Pods"); got != want {
			t.Errorf("%s: offered %v, want %v:\n%s", name, got, want, s)
		}
		x.close()
	}
}

// A cell without a value says why, on the filter line and in the legend: what the field knows of it, or that nothing told it.
func TestUnknownCells(t *testing.T) {
	const user = "USER unknown: no number: the capture does not tell which user the thread is of"
	o := Options{Read: []string{testCapture(t, "containers.scap")}, View: "procs"}
	x := newTestApp(t, 200, 40, o)
	x.settled()
	x.press("/", "18418", "Enter")
	if s := x.wait("row 5 of 20"); strings.Contains(s, "unknown") {
		t.Errorf("all is known of that row:\n%s", s)
	}
	x.press("/", "18404", "Enter")
	x.wait("row 4 of 20", user)
	x.press("F7")
	x.wait("THE SELECTED ROW", user)
	x.close()

	x = newTestApp(t, 80, 24, o) // it is cut
	x.settled()
	x.press("/", "18404", "Enter")
	x.wait("row 4 of 20", "filter none (F4)   USER unknown: no number: the capture does not tell which u…")
	x.close()

	x = newTestApp(t, 50, 15, o) // there is no line for it
	x.settled()
	x.press("/", "18404", "Enter")
	if s := x.wait("row 4 of 20"); strings.Contains(s, "unknown") {
		t.Errorf("a line that is not there:\n%s", s)
	}
	x.press("F7")
	x.wait("THE SELECTED ROW", "USER unknown: no number: the capture does")
	x.close()

	o.Env.Containers = true // several reasons
	x = newTestApp(t, 260, 40, o)
	x.settled()
	x.press("/", "18404", "Enter")
	x.wait("VPID unknown: no event of the row tells it; " + user + "; Container unknown: unknown thread: ")
}
