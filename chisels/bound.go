package chisels

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// dateForms and clockForms are the times that ParseBound reads.
var (
	dateForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
		"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}
	clockForms = []string{"15:04:05.999999999", "15:04"}
)

// After tells that b is later than o, as far as that can be told before the first event is known.
func (b Bound) After(o Bound) bool {
	return b.Set && o.Set && b.Relative == o.Relative && b.Clock == o.Clock && b.NS > o.NS
}

// ParseBound reads a moment as a user writes it: "+1.5s" after the first event (the sign may be left out), a time of the day, an ISO 8601
// date, or seconds or nanoseconds since the epoch. Times without a zone are those of zone. The error does not repeat v.
func ParseBound(v string, zone *time.Location) (b Bound, err error) {
	b.Set = true
	if rest, plus := strings.CutPrefix(v, "+"); plus || strings.HasSuffix(v, "s") || strings.HasSuffix(v, "m") || strings.HasSuffix(v, "h") {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return b, errors.New("not a distance from the first event; write +1.5s, +200ms, +3m")
		}
		b.Relative, b.NS = true, uint64(d)
		return b, nil
	}
	for _, form := range dateForms {
		if t, err := time.ParseInLocation(form, v, zone); err == nil {
			switch {
			case t.Unix() > math.MaxInt64/int64(time.Second):
				b.NS = math.MaxInt64
			case t.Unix() > 0:
				b.NS = uint64(t.UnixNano())
			}
			return b, nil
		}
	}
	for _, form := range clockForms {
		if t, err := time.Parse(form, v); err == nil {
			b.Clock = zone
			b.NS = uint64(t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)))
			return b, nil
		}
	}
	if n, err := strconv.ParseUint(v, 10, 64); err == nil && n > 1e15 {
		b.NS = n
		return b, nil
	}
	sec, frac, _ := strings.Cut(v, ".")
	n, err := strconv.ParseUint(sec, 10, 33)
	f, ferr := strconv.ParseUint((frac + "000000000")[:9], 10, 64)
	if err != nil || ferr != nil || len(frac) > 9 {
		return b, fmt.Errorf("not a time; write +1.5s, 00:44:30, 2017-09-23T00:44:30Z or seconds since 1970")
	}
	b.NS = n*1e9 + f
	return b, nil
}
