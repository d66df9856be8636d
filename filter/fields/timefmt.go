package fields

import (
	"strconv"
	"time"

	"scry/capture/event"
)

// Times are shown with the rules of their zone for their own date. Events come many to a second, so the text up to the fraction is
// made once a second and kept in the Field.

// clockText is the text of one second, kept between events.
type clockText struct {
	sec  int64
	n, m int8 // the text is b[:n]; b[n:m] goes after the fraction (the zone)
	b    [40]byte
}

// shapes of a time: layouts of package time before and after the fraction.
type timeShape struct{ before, after string }

var (
	shapeClock    = timeShape{before: "15:04:05"}
	shapeDatetime = timeShape{before: "2006-01-02 15:04:05"}
	shapeISO      = timeShape{before: "2006-01-02T15:04:05", after: "-0700"}
	shapeRFC      = timeShape{before: "2006-01-02T15:04:05", after: "-07:00"}
	shapeAbs      = timeShape{before: "2006-01-02 15:04:05", after: " -0700"}
)

// append appends ts in the shape; frac adds the nanoseconds. A clockText is used with one shape and one zone only.
// hot: no allocation (TestTimeAllocs)
func (c *clockText) append(dst []byte, ts uint64, shape *timeShape, loc *time.Location, frac bool) []byte {
	sec := int64(ts / 1e9)
	if c.n == 0 || c.sec != sec {
		t := time.Unix(sec, 0).In(location(loc))
		b := t.AppendFormat(c.b[:0], shape.before)
		n := len(b)
		if shape.after != "" {
			b = t.AppendFormat(b, shape.after)
		}
		c.sec, c.n, c.m = sec, int8(n), int8(len(b))
	}
	dst = append(dst, c.b[:c.n]...)
	if frac {
		dst = appendNano(append(dst, '.'), uint32(ts%1e9))
	}
	return append(dst, c.b[c.n:c.m]...)
}

func location(l *time.Location) *time.Location {
	if l == nil {
		return time.UTC
	}
	return l
}

// appendNano appends n as nine digits.
func appendNano(dst []byte, n uint32) []byte {
	var b [9]byte
	for i := 8; i >= 0; i-- {
		q := n / 10
		b[i] = byte('0' + n - q*10)
		n = q
	}
	return append(dst, b[:]...)
}

// appendSeconds appends ns as seconds with nine decimals.
func appendSeconds(dst []byte, ns uint64) []byte {
	dst = strconv.AppendUint(dst, ns/1e9, 10)
	return appendNano(append(dst, '.'), uint32(ns%1e9))
}

// appendAbsTime is a time stamp inside the arguments of an event: local time with its zone.
func appendAbsTime(dst []byte, ts uint64, o *Options) []byte {
	var c clockText
	return c.append(dst, ts, &shapeAbs, o.Location, true)
}

// Display functions of the time fields.

// appOutputTime is evt.outputtime: the time in the form that -t asks for.
func appOutputTime(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	switch f.opts.Time {
	case TimeEpoch:
		return appendSeconds(dst, ev.TS), true
	case TimeRel:
		var first uint64
		if ev.Host != nil {
			first = ev.Host.FirstTS
		}
		return appendSeconds(dst, since(ev.TS, first)), true
	case TimeDelta:
		return appendSeconds(dst, ev.Latency), true
	case TimePrev:
		var d uint64
		if f.last != 0 {
			d = since(ev.TS, f.last)
		}
		f.last = ev.TS
		return appendSeconds(dst, d), true
	case TimeISO:
		return f.clock.append(dst, ev.TS, &shapeRFC, f.opts.Location, true), true
	}
	return f.clock.append(dst, ev.TS, &shapeClock, f.opts.Location, true), true
}

// since is the time from b to a; clocks of different CPUs may disagree, and time does not run backwards here.
func since(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// appTime is evt.time.
func appTime(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return f.clock.append(dst, ev.TS, &shapeClock, f.opts.Location, true), true
}

// appTimeS is evt.time.s.
func appTimeS(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return f.clock.append(dst, ev.TS, &shapeClock, f.opts.Location, false), true
}

// appDatetime is evt.datetime.
func appDatetime(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return f.clock.append(dst, ev.TS, &shapeDatetime, f.opts.Location, true), true
}

// appDatetimeS is evt.datetime.s.
func appDatetimeS(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return f.clock.append(dst, ev.TS, &shapeDatetime, f.opts.Location, false), true
}

// appTimeISO is evt.time.iso8601, which is always in UTC.
func appTimeISO(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return f.clock.append(dst, ev.TS, &shapeISO, time.UTC, true), true
}
