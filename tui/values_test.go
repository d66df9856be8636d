package tui

import (
	"slices"
	"testing"
)

// A value at the end of a filter is completed with those that there are.
func TestCompleteValue(t *testing.T) {
	known := map[string][]string{"proc.name": {"bash", "curl", "cut"}}
	for _, c := range []struct {
		text string
		want []string
	}{
		{"proc.name=c", []string{"proc.name=curl", "proc.name=cut"}},
		{"evt.type=open and (proc.name != c", []string{"evt.type=open and (proc.name != curl", "evt.type=open and (proc.name != cut"}},
		{"proc.name=", []string{"proc.name=bash", "proc.name=curl", "proc.name=cut"}},
		{"proc.name contains cu", []string{"proc.name contains curl", "proc.name contains cut"}},
		{"proc.name=curl", nil}, {"proc.name", nil}, {"fd.name=c", nil}, {"proc.name=curl and", nil},
	} {
		var got []string
		for _, x := range completeValue(c.text, known) {
			got = append(got, x.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// The values are those of the capture.
func TestValuesOffered(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: "procs"})
	x.settled()
	x.press("f")
	for _, r := range "proc.name=cl" {
		x.press(string(r))
	}
	x.wait("proc.name=client", "a proc.name here")
	x.press("Tab")
	x.wait("filter proc.name=client")
}
