package fields

import (
	"strconv"
	"testing"
	"time"
)

// The offsets are those that date(1) shows for TZ.
func TestPosixZone(t *testing.T) {
	for tz, want := range map[string]string{
		"UTC+3": "UTC -10800", "XYZ-5:30": "XYZ 19800", "<+0545>-5:45": "+0545 20700", ":ABC12:34:56": "ABC -45296", "UTC0": "UTC 0",
		"": "", "UTC": "", "Europe/Berlin": "", "EST5EDT": "", "AB3": "", "UTC+3x": "", "UTC+123": "",
	} {
		z, got := PosixZone(tz), ""
		if z != nil {
			name, offset := time.Unix(0, 0).In(z).Zone()
			got = name + " " + strconv.Itoa(offset)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", tz, got, want)
		}
	}
}
