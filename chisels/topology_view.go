package chisels

import (
	"net/netip"

	"scry/filter"
	"scry/filter/fields"
)

func init() { makers["talkers"], viewers["talkers"] = newTopology, true }

// Peek is who talked to whom so far.
func (t *topology) Peek(ts uint64) *Frame {
	table := NewTable(t.Instance)
	row := make([]fields.Value, len(t.shown))
	for e, w := range t.all() {
		for i, c := range t.shown {
			row[i] = e.value(c.Name, w)
		}
		table.Add(row)
	}
	table.from, table.events = t.from, t.events
	f := table.Frame(ts)
	f.drill = t.drill
	return f
}

// Result ends an interval.
func (t *topology) Result(ts uint64) *Frame {
	f := t.Peek(ts)
	t.reset(ts)
	return f
}

// drill selects what both ends of the connections of a row do: the processes that it names, and the addresses of those that are on other machines.
func (t *topology) drill(r Row, o *fields.Options) (all *filter.Filter, err error) {
	and := func(text string) {
		f, e := filter.Compile(text, o)
		if err == nil {
			err = e
		}
		all = filter.And(all, f)
	}
	value := map[string]string{}
	for i, c := range t.shown {
		value[c.Name] = r.Values[i].Str
	}
	names := ""
	for _, end := range []struct{ who, field string }{{value["client"], "fd.cip"}, {value["server"], "fd.sip"}} {
		if _, e := netip.ParseAddr(end.who); e == nil {
			and(end.field + "=" + filter.Quote(end.who))
		} else if end.who != "" {
			if names != "" {
				names += ", "
			}
			names += filter.Quote(end.who)
		}
	}
	if names != "" {
		and("proc.name in (" + names + ")")
	}
	if value["proto"] == "unix" {
		and("fd.type=unix")
		if value["port"] != "" {
			and("fd.name contains " + filter.Quote(value["port"]))
		}
	} else {
		and("fd.sport=" + value["port"])
		if p := value["proto"]; p == "tcp" || p == "udp" {
			and("fd.l4proto=" + p)
		}
	}
	return all, err
}
