package chisels

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"scry/capture/event"
	"scry/capture/scap"
	"scry/filter/fields"
)

// feed is a source of events made by hand.
type feed struct {
	events []event.Event
	info   scap.FileInfo
	end    error
	next   int
}

func (f *feed) Next(ev *event.Event) error {
	if f.next == len(f.events) {
		return f.end
	}
	*ev = f.events[f.next]
	f.next++
	return nil
}
func (f *feed) Close() error              { return nil }
func (f *feed) Info() scap.FileInfo       { return f.info }
func (f *feed) Snapshot() *event.Snapshot { return nil }

// add appends an event of thread tid at ns.
func (f *feed) add(t *testing.T, ns uint64, tid int64, typ event.Type, flags uint32, params ...[]byte) *event.Event {
	t.Helper()
	ev := event.Event{Num: uint64(len(f.events) + 1), Flags: flags}
	if err := ev.Decode(event.Append(nil, ns, tid, typ, params...), false); err != nil {
		t.Fatal(err)
	}
	f.events = append(f.events, ev)
	return &f.events[len(f.events)-1]
}

func sample(t *testing.T) *feed {
	f := &feed{end: io.EOF, info: scap.FileInfo{Major: 1, Minor: 2, Sections: 1, Unknown: 2, Bytes: 5000}}
	head := &event.Snapshot{
		Machine:    &event.Machine{Hostname: "evil\x1b[31m", CPUs: 1, Memory: 3 << 29},
		Users:      []event.User{{Name: "root"}},
		Interfaces: []event.Interface{{Name: "lo", Addr: netip.MustParseAddr("127.0.0.1")}, {Name: "eth0", Addr: netip.MustParseAddr("fe80::1")}},
		Threads:    []*event.Thread{{TID: 7, PID: 7, Comm: "a"}, {TID: 8, PID: 7, Comm: "a"}},
	}
	f.add(t, 1000, 7, event.ProcinfoE, 0, make([]byte, 8), make([]byte, 8)).Section = head
	f.add(t, 2e9, 7, event.CloseX, 0, make([]byte, 8))
	f.add(t, 1e9, 8, event.CloseX, 0, make([]byte, 8))
	f.add(t, 3e9, 8, event.CloseX, event.FlagStateOnly, make([]byte, 8))
	f.add(t, 35e8, 8, event.GenericX, 0, []byte{99, 0})
	f.add(t, 4e9, 8, event.ContainerE, 0, []byte("c0ffee\x00"), make([]byte, 4), []byte("pot\x1b\x00"), []byte("brew:1\x00"))
	f.add(t, 5e9, 8, event.NumTypes+7, 0).Num = 0
	return f
}

func TestSurvey(t *testing.T) {
	in, err := Survey(sample(t), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if want := (EventsInfo{Total: 6, Shown: 3, Internal: 2, StateOnly: 1, Unknown: 1}); in.Events != want {
		t.Errorf("events %+v, want %+v", in.Events, want)
	}
	if in.First != 1e9 || in.Last != 35e8 || in.Backward != 1 || in.BackwardMax != 1e9 {
		t.Errorf("time %d to %d, %d steps back, up to %d", in.First, in.Last, in.Backward, in.BackwardMax)
	}
	if want := (PeopleInfo{Start: 2, Seen: 2}); in.Threads != want {
		t.Errorf("threads %+v", in.Threads)
	}
	if want := (PeopleInfo{Start: 1, Seen: 1}); in.Processes != want {
		t.Errorf("processes %+v", in.Processes)
	}
	in.File = "x.scap"
	text := string(in.AppendText(nil, false, &fields.Options{}))
	for _, want := range []string{
		"x.scap\n",
		"  file         not compressed, scap 1.2, 1 section\n",
		`  machine      evil\x1b[31m, 1 CPU, 1.5 GiB of memory` + "\n",
		"  first event  1970-01-01T00:00:01.000000000Z\n",
		"  duration     2.500000000 s\n",
		"  events       6: 3 shown, 2 internal, 1 kept for their state only\n",
		`  containers   c0ffee  pot\x1b  brew:1  (docker)` + "\n",
		"  interfaces   lo 127.0.0.1, eth0 fe80::1\n",
		"  note         blocks of unknown kinds, skipped: 2\n",
		"  note         events of unknown types, skipped: 1\n",
		"  note         events earlier than the one before: 1, by up to 1s\n",
		"    close                        0         3\n",
		"    sched_yield                  0         1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSurveyDamage(t *testing.T) {
	f := sample(t)
	f.end = &scap.DamageError{Offset: 99, Reason: "gone"}
	in, err := Survey(f, time.UTC)
	if err != nil || in.Damage != "damaged at byte 99: gone" || in.Events.Total != 6 {
		t.Errorf("%v, %+v", err, in)
	}
	f = sample(t)
	f.end = io.ErrClosedPipe
	if in, err = Survey(f, time.UTC); err != io.ErrClosedPipe || in.Events.Total != 6 {
		t.Errorf("%v, %+v", err, in)
	}
}

func TestInfoJSON(t *testing.T) {
	in, _ := Survey(sample(t), time.UTC)
	b, err := in.AppendJSON(nil)
	if err != nil || bytes.Count(b, []byte("\n")) != 1 {
		t.Fatalf("%v: %s", err, b)
	}
	var back Info
	if err := json.Unmarshal(b, &back); err != nil || back.Events != in.Events || len(back.ByType) != len(in.ByType) {
		t.Errorf("%v: %s", err, b)
	}
}

func TestParseBound(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	for v, want := range map[string]Bound{
		"+1.5s":                    {Set: true, Relative: true, NS: 15e8},
		"200ms":                    {Set: true, Relative: true, NS: 2e8},
		"2m":                       {Set: true, Relative: true, NS: 120e9},
		"00:44:30":                 {Set: true, Clock: tokyo, NS: 2670e9},
		"00:44:30.5":               {Set: true, Clock: tokyo, NS: 26705e8},
		"12:00":                    {Set: true, Clock: tokyo, NS: 43200e9},
		"1970-01-02":               {Set: true, NS: 54000e9},
		"1970-01-01T00:00:09Z":     {Set: true, NS: 9e9},
		"1970-01-01T09:00:09.5":    {Set: true, NS: 95e8},
		"1970-01-01 09:00":         {Set: true, NS: 0},
		"1970-01-01T00:00:09+0000": {Set: true, NS: 9e9},
		"1506127469":               {Set: true, NS: 1506127469e9},
		"1506127469.9006":          {Set: true, NS: 15061274699006e5},
		"1506127469900617765":      {Set: true, NS: 1506127469900617765},
	} {
		if have, err := ParseBound(v, tokyo); err != nil || have != want {
			t.Errorf("%s: %+v, %v; want %+v", v, have, err, want)
		}
	}
	for _, v := range []string{"", "noon", "+", "+x", "-5s", "5x", "1.2.3", "25:00", "1970-13-01", "1.0000000001"} {
		if b, err := ParseBound(v, tokyo); err == nil {
			t.Errorf("%q: %+v", v, b)
		}
	}
}

// TestSurveySections: the same machine and interfaces in many sections are told once, in the order in which they came.
func TestSurveySections(t *testing.T) {
	f := &feed{end: io.EOF}
	for i := range 40_000 {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		f.add(t, 1, 1, event.CloseX, 0, make([]byte, 8)).Section = &event.Snapshot{
			Machine:    &event.Machine{Hostname: "box", CPUs: uint32(1 + i%3)},
			Interfaces: []event.Interface{{Name: "lo", Addr: netip.MustParseAddr("127.0.0.1")}, {Name: "eth0", Addr: addr}},
		}
	}
	in, err := Survey(f, time.UTC)
	if err != nil || len(in.Machines) != 3 || len(in.Interfaces) != 40_001 || in.Machines[2].CPUs != 3 || in.Interfaces[1].Addr != "10.0.0.0" {
		t.Errorf("%v, %d machines, %d interfaces", err, len(in.Machines), len(in.Interfaces))
	}
}
