package fields

import (
	"testing"

	"scry/capture/event"
)

func TestTimes(t *testing.T) {
	type app func(*Field, *event.Event, []byte) ([]byte, bool)
	for _, c := range []struct {
		name string
		app  app
		o    Options
		ts   uint64
		want string
	}{
		{"time", appTime, Options{}, sampleTS, "17:35:48.514648551"},
		{"time.s", appTimeS, Options{}, sampleTS, "17:35:48"},
		{"iso8601", appTimeISO, Options{Location: zone(t, "Asia/Tokyo")}, sampleTS, "2018-08-17T17:35:48.514648551+0000"},
		{"datetime", appDatetime, Options{}, sampleTS, "2018-08-17 17:35:48.514648551"},
		{"datetime.s", appDatetimeS, Options{}, sampleTS, "2018-08-17 17:35:48"},
		{"summer in New York", appDatetime, Options{Location: zone(t, "America/New_York")}, sampleTS, "2018-08-17 13:35:48.514648551"},
		{"winter in New York", appDatetime, Options{Location: zone(t, "America/New_York")}, 1544896800000000001, "2018-12-15 13:00:00.000000001"},
		{"half an hour", appTime, Options{Location: zone(t, "Asia/Kolkata")}, sampleTS, "23:05:48.514648551"},
		{"-t h", appOutputTime, Options{Time: TimeLocal}, sampleTS, "17:35:48.514648551"},
		{"-t default", appOutputTime, Options{}, sampleTS, "17:35:48.514648551"},
		{"-t a", appOutputTime, Options{Time: TimeEpoch}, 1506127476000017052, "1506127476.000017052"},
		{"-t r", appOutputTime, Options{Time: TimeRel}, sampleTS, "0.000006971"},
		{"-t r before the first", appOutputTime, Options{Time: TimeRel}, 5, "0.000000000"},
		{"-t d", appOutputTime, Options{Time: TimeDelta}, sampleTS, "12.000000437"},
		{"-t D", appOutputTime, Options{Time: TimePrev}, sampleTS, "0.000000000"},
		{"-t i", appOutputTime, Options{Time: TimeISO, Location: zone(t, "America/New_York")}, sampleTS, "2018-08-17T13:35:48.514648551-04:00"},
		{"-t i in UTC", appOutputTime, Options{Time: TimeISO}, sampleTS, "2018-08-17T17:35:48.514648551+00:00"},
		{"the last time there is", appDatetime, Options{}, 1<<64 - 1, "2554-07-21 23:34:33.709551615"},
		{"the epoch", appDatetime, Options{}, 0, "1970-01-01 00:00:00.000000000"},
	} {
		ev := sample(t, event.CloseX, p64(0))
		ev.TS, ev.Latency = c.ts, 12000000437
		f := &Field{Def: &Def{}, opts: &c.o}
		for range 2 { // the second time from the text that is kept
			got, ok := c.app(f, ev, nil)
			if string(got) != c.want || !ok {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			f.last = 0
		}
	}
}

// The text kept of one second must not be shown for another.
func TestTimeCache(t *testing.T) {
	f := &Field{Def: &Def{}, opts: &Options{}}
	ev := sample(t, event.CloseX, p64(0))
	for _, c := range []struct {
		ts   uint64
		want string
	}{
		{1e9 - 1, "00:00:00.999999999"}, {1e9, "00:00:01.000000000"}, {1e9 - 1, "00:00:00.999999999"}, {86400e9, "00:00:00.000000000"},
	} {
		ev.TS = c.ts
		if got, _ := appTime(f, ev, nil); string(got) != c.want {
			t.Errorf("%d: %s, want %s", c.ts, got, c.want)
		}
	}
}

func TestTimePrev(t *testing.T) {
	f := &Field{Def: &Def{}, opts: &Options{Time: TimePrev}}
	ev := sample(t, event.CloseX, p64(0))
	for _, c := range []struct {
		ts   uint64
		want string
	}{{1000, "0.000000000"}, {7971, "0.000006971"}, {7970, "0.000000000"}, {2000007970, "2.000000000"}} {
		ev.TS = c.ts
		if got, _ := appOutputTime(f, ev, nil); string(got) != c.want {
			t.Errorf("%d: %s, want %s", c.ts, got, c.want)
		}
	}
}

func TestTimeAllocs(t *testing.T) {
	loc := zone(t, "America/New_York")
	ev := sample(t, event.CloseX, p64(0))
	dst := make([]byte, 0, 64)
	for _, m := range []TimeMode{TimeLocal, TimeEpoch, TimeRel, TimeDelta, TimePrev, TimeISO} {
		f := &Field{Def: &Def{}, opts: &Options{Time: m, Location: loc}}
		allocs(t, func() {
			ev.TS += 3e8
			dst, _ = appOutputTime(f, ev, dst[:0])
		})
	}
}

func BenchmarkOutputTime(b *testing.B) {
	f := &Field{Def: &Def{}, opts: &Options{Location: zone(b, "America/New_York")}}
	ev := sample(b, event.CloseX, p64(0))
	dst := make([]byte, 0, 64)
	for b.Loop() {
		ev.TS += 1000
		dst, _ = appOutputTime(f, ev, dst[:0])
	}
}
