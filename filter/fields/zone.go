package fields

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// posixZone is a zone with a fixed offset as POSIX writes it: a name and how far it lies west of Greenwich, "UTC+3", "<+0530>-5:30".
var posixZone = regexp.MustCompile(`^(?:([A-Za-z]{3,})|<([A-Za-z0-9+-]{3,})>)([+-]?)(\d{1,2})(?::(\d\d))?(?::(\d\d))?$`)

// PosixZone is the zone that the value tz of the environment variable TZ stands for, when it is one of a fixed offset, which package time
// takes for UTC; else nil.
func PosixZone(tz string) *time.Location {
	tz = strings.TrimPrefix(tz, ":")
	m := posixZone.FindStringSubmatch(tz)
	if m == nil {
		return nil
	}
	if _, err := time.LoadLocation(tz); err == nil {
		return nil
	}
	west := 0
	for _, part := range m[4:] {
		n, _ := strconv.Atoi(part) // "" is 0
		west = west*60 + n
	}
	if m[3] != "-" {
		west = -west
	}
	return time.FixedZone(m[1]+m[2], west)
}
