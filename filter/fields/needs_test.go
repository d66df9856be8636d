package fields

import "testing"

// TestNeeds proves that the table of needs has names of the dictionary only, and what some uses of fields need.
func TestNeeds(t *testing.T) {
	for name := range needs {
		if d := Lookup(name); d == nil || d.Name != name {
			t.Errorf("%s is no field", name)
		}
	}
	for _, c := range []struct {
		format string
		mode   TimeMode
		want   Need
	}{
		{"*%evt.num %proc.name", TimeLocal, 0},
		{DefaultFormat, TimeLocal, NeedData},
		{"%evt.outputtime", TimeDelta, NeedLatency},
		{"%evt.outputtime", TimeLocal, 0},
		{"%evt.latency %thread.cpu", TimeLocal, NeedLatency | NeedProcinfo},
		{"%evt.arg.data", TimeLocal, NeedData},
		{"%evt.arg.name", TimeLocal, 0},
		{"%evt.arg[1]", TimeLocal, NeedData},
		{"%evt.rawarg.res %evt.buflen", TimeLocal, 0},
		{"%proc.vmrss", TimeLocal, NeedSwitch},
	} {
		f, err := ParseFormat(c.format, &Options{Time: c.mode})
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
		} else if have := f.Needs(); have != c.want {
			t.Errorf("%s: %04b, want %04b", c.format, have, c.want)
		}
	}
}
