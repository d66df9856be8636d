package filter

import (
	"fmt"
	"strings"
	"testing"

	"scry/filter/fields"
)

// TestMatchAllocs: no filter of the match table allocates once its scratch memory has grown.
func TestMatchAllocs(t *testing.T) {
	evs := events(t)
	for _, c := range matchCases {
		f, err := Compile(c.filter, nil)
		if err != nil {
			continue // TestMatch tells
		}
		if raceEnabled && strings.Contains(c.filter, " regex ") {
			continue // the detector makes sync.Pool, where package regexp keeps its machines, forget at random
		}
		ev := evs[c.event]
		f.root.match(ev)
		if n := testing.AllocsPerRun(50, func() { f.Match(ev); f.root.match(ev) }); n != 0 {
			t.Errorf("%s: %v allocations", c.filter, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	evs := events(b)
	for _, text := range []string{
		"evt.type=open", "evt.type=read and proc.name=wget", "proc.name=curl", "proc.name in (a,b,c,d,e,f,g,h,i,j)", "fd.name contains pem",
		"fd.name glob /etc/*.pem", "fd.name pmatch (/usr, /etc)", "evt.latency>1ms", "fd.ip=10.0.0.3", "proc.aname=bash", "fd.name regex /etc/.*", "toupper(proc.name)=CURL",
	} {
		f, err := Compile(text, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			ev := evs["read"]
			for b.Loop() {
				f.Match(ev)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile("evt.type in (open, openat) and evt.dir=< and fd.name startswith /etc and not proc.name in (a, b)", nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTextSet shows where a map becomes quicker than looking at each text: the value of fewTexts.
func BenchmarkTextSet(b *testing.B) {
	for _, n := range []int{2, 4, 8, 16, 32} {
		var list fewPred
		set := setPred{}
		for i := range n {
			name := fmt.Sprintf("process-%02d", i)
			list = append(list, name)
			set[name] = struct{}{}
		}
		v := fields.Value{Type: fields.String, Str: "process-xx"}
		b.Run(fmt.Sprintf("list/%d", n), func(b *testing.B) {
			for b.Loop() {
				list.holds(v)
			}
		})
		b.Run(fmt.Sprintf("map/%d", n), func(b *testing.B) {
			for b.Loop() {
				set.holds(v)
			}
		})
	}
}
