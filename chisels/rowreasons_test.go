package chisels

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// With Env.Why a value that is not known says why, until there is one; also of a row that is put together of others.
func TestTableWhy(t *testing.T) {
	for _, why := range []bool{false, true} {
		env := plainEnv()
		env.Why = why
		for _, group := range []string{"", "group: [pid]\n"} {
			tab := instance(t, spec(t, group+`
columns:
  - {name: pid, field: proc.pid, key: true}
  - {name: tid, field: thread.tid, key: true}
  - {name: image, field: container.image, agg: last}
`), env)
			th := &event.Thread{TID: 2, PID: 1}
			ev := &event.Event{Type: event.OpenatX, Num: 1, TS: 1, TID: 2, Thread: th}
			seen := func(step, want string) {
				tab.Event(ev)
				v := tab.Frame(10).Rows[0].Values[2]
				if !why && v.Type == fields.Absent {
					want = ""
				}
				if v.Str != want {
					t.Errorf("why %v, group %q, %s: %q, want %q", why, group, step, v.Str, want)
				}
			}
			seen("on the host", "host: the thread is in no container")
			th.Container = &event.Container{ID: "abc", HasMeta: true, Image: "busybox"}
			seen("with an image", "busybox")
		}
	}
}

// What the tables know at the end counts more than what the first event of a row told.
func TestTableWhyNow(t *testing.T) {
	env := plainEnv()
	env.Why = true
	answer := "pending: it was asked for"
	env.Options.Why = func(*event.Container) string { return answer }
	env.Tables = state.New()
	tab := instance(t, spec(t, `
over: threads
columns:
  - {name: pid, field: proc.pid, key: true}
  - {name: image, field: container.image}
`), env)
	th := &event.Thread{TID: 1, PID: 1, Container: &event.Container{ID: "abc"}}
	ev := &event.Event{Type: event.OpenatX, Num: 1, TS: 1, TID: 1, Thread: th}
	reason := func() string { return tab.Frame(10).Rows[0].Values[1].Str }
	tab.Event(ev)
	if got := reason(); got != answer {
		t.Errorf("at first: %q", got)
	}
	answer = "gone: its engine does not know it"
	if tab.Event(ev); reason() == answer {
		t.Error("each event asks again")
	}
	if tab.push(ev, true); reason() != answer {
		t.Errorf("as things stand: %q", reason())
	}
}

// Reasons are kept once, not for each row, and not without end.
func TestTableWhyBounded(t *testing.T) {
	env := plainEnv()
	env.Why = true
	reason := func(c *event.Container) string { return "no socket: that of all" }
	env.Options.Why = func(c *event.Container) string { return strings.Clone(reason(c)) }
	const text = `
columns:
  - {name: id, field: container.id, key: true}
  - {name: image, field: container.image}
`
	fill := func(tab *Table, n int) *Frame {
		for i := range n {
			th := &event.Thread{TID: 1, PID: 1, Container: &event.Container{ID: fmt.Sprintf("%012d", i)}}
			tab.Event(&event.Event{Type: event.OpenatX, Num: 1, TS: 1, TID: 1, Thread: th})
		}
		return tab.Frame(10)
	}
	places := map[*byte]bool{}
	for _, r := range fill(instance(t, spec(t, text), env), 100).Rows {
		places[unsafe.StringData(r.Values[1].Str)] = true
	}
	if len(places) != 1 {
		t.Errorf("%d copies of one reason", len(places))
	}
	reason = func(c *event.Container) string { return "no socket: of " + c.ID }
	different := map[string]int{}
	tab := instance(t, spec(t, text), env)
	for _, r := range fill(tab, 3*maxWhys).Rows {
		different[r.Values[1].Str]++
	}
	if len(different) != maxWhys+1 || different[whyMany] != 2*maxWhys || len(tab.reasons.kept) != maxWhys {
		t.Errorf("%d different ones, %d kept, %d rows beyond", len(different), len(tab.reasons.kept), different[whyMany])
	}
}

// A list keeps the reasons of each of its events.
func TestListWhy(t *testing.T) {
	for _, why := range []bool{false, true} {
		env := plainEnv()
		env.Why = why
		v, err := OpenView(spec(t, `
kind: list
columns:
  - {name: tid, field: thread.tid}
  - {name: image, field: container.image}
`), env, nil)
		if err != nil {
			t.Fatal(err)
		}
		th := &event.Thread{TID: 2, PID: 2}
		ev := &event.Event{Type: event.OpenatX, Num: 1, TS: 1, TID: 2, Thread: th}
		v.Event(ev)
		th.Container = &event.Container{ID: "abc", HasMeta: true, Image: "busybox"}
		v.Event(ev)
		rows := v.Peek(10).Rows
		host := map[bool]string{true: "host: the thread is in no container"}[why]
		if a, b := rows[0].Values[1], rows[1].Values[1]; a.Type != fields.Absent || a.Str != host || b.Str != "busybox" {
			t.Errorf("why %v: %v and %v", why, a, b)
		}
	}
}

// A rate has values and is not known nevertheless, as long as no time has passed.
func TestTableWhyRate(t *testing.T) {
	for _, why := range []bool{false, true} {
		env := plainEnv()
		env.Why = why
		tab := instance(t, spec(t, `
columns:
  - {name: pid, field: proc.pid, key: true}
  - {name: rate, field: evt.count, agg: rate}
`), env)
		tab.Event(&event.Event{Type: event.OpenatX, Num: 1, TS: 5, TID: 1, Thread: &event.Thread{TID: 1, PID: 1}})
		want := map[bool]string{true: whyNoTime}[why]
		if v := tab.Frame(5).Rows[0].Values[1]; v.Type != fields.Absent || v.Str != want {
			t.Errorf("why %v, in no time: %v, want %q", why, v, want)
		}
		if v := tab.Frame(1e9 + 5).Rows[0].Values[1]; v.Float() != 1 || v.Str != "" {
			t.Errorf("why %v, in a second: %v", why, v)
		}
	}
}

// A count of none is a value of the group like any other.
func TestTableGroupZero(t *testing.T) {
	for agg, want := range map[string][2]float64{"sum": {0, 2}, "avg": {0, 1}, "min": {0, 0}, "max": {0, 2}} {
		tab := instance(t, spec(t, `
group: [pid]
columns:
  - {name: pid, field: proc.pid, key: true}
  - {name: tid, field: thread.tid, key: true}
  - {name: opens, agg: count, where: evt.type=openat, group_agg: `+agg+`}
`), plainEnv())
		take := func(typ event.Type, tid int64) {
			tab.Event(&event.Event{Type: typ, Num: 1, TS: 1, TID: tid, Thread: &event.Thread{TID: tid, PID: 1}})
		}
		check := func(want float64) {
			if v := tab.Frame(10).Rows[0].Values[2]; v.Type == fields.Absent || v.Float() != want {
				t.Errorf("%s: %v, want %v", agg, v, want)
			}
		}
		take(event.CloseX, 2)
		check(want[0])
		take(event.OpenatX, 3)
		take(event.OpenatX, 3)
		check(want[1])
	}
}
