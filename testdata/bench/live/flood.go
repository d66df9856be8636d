package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// floods are the ways to take a flood, with what sysdig 0.36 did with its modern probe on the machine where scry was begun: million events delivered
// a second, and the part that was lost.
var floods = []struct {
	name   string
	args   []string
	writes float64 // factor
	best   string
	aim    string
}{
	{"write", []string{"-w", "OUT"}, 1, "1.9 M/s, 28 %", "3.5"},
	{"zwrite", []string{"-z", "-w", "OUT"}, 1, "1.3 M/s, 70 %", "2"},
	{"print", nil, 1, "0.2 M/s, 93 %", "1"},
	{"json", []string{"-j"}, 1, "0.11 M/s, 96 %", ""},
	{"nomatch", []string{nobody}, 1, "3.1 M/s, 1.4 %", "no loss"},
	{"2 million", []string{nobody}, 0.25, "0 lost", "no loss"},
}

// measureFlood makes writes as fast as it can. The loop makes two events of each, and all that is lost counts as the loop's.
func measureFlood(dir, program string) error {
	fmt.Printf("%d writes of 1 byte in a row, enter and exit; medians of %d\n\n", *writes, *runs)
	fmt.Printf("%-10s %10s %8s %8s %9s %10s  %-16s %s\n", "case", "delivered", "lost", "most", "ns/write", "tracer ns", "sysdig 0.36", "aim")
	for _, f := range floods {
		if !chosen(*only, f.name) {
			continue
		}
		n := int(float64(*writes) * f.writes * *scale)
		args := append([]string{"SCRY", "-v"}, f.args...)
		for i := range args {
			if args[i] == "OUT" {
				args[i] = filepath.Join(dir, "flood.scap")
			}
		}
		var rate, lost, took, spent []float64
		for range *runs {
			r, err := under(&tracer{name: f.name, args: args}, program, "write", n)
			if err != nil {
				return err
			}
			events := float64(2 * n)
			if float64(r.seen) < events {
				return fmt.Errorf("%s: %d events seen of at least %.0f", f.name, r.seen, events)
			}
			got := max(0, events-float64(r.dropped))
			rate = append(rate, got/r.loopWall*1e3)
			lost = append(lost, float64(r.dropped)/events*100)
			took = append(took, r.loopWall/float64(n))
			spent = append(spent, r.tracerCPU/max(1, got))
			os.Remove(filepath.Join(dir, "flood.scap"))
		}
		fmt.Printf("%-10s %6.2f M/s %6.1f %% %6.1f %% %9.0f %10.0f  %-16s %s\n", f.name, median(rate), median(lost), slices.Max(lost), median(took), median(spent), f.best, f.aim)
	}
	return nil
}
