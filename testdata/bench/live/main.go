// Command live measures what tracing costs: loops of cheap calls, bare and under scry and other tracers in turn, and a flood of writes.
//
//	go run ./testdata/bench/live [-scry ./scry] [-runs 5] [-only scry,exits] [-loops getppid,write] [-kernel]
//	go run ./testdata/bench/live -flood [-writes 8000000]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var (
	scryPath = flag.String("scry", "./scry", "binary to measure")
	runs     = flag.Int("runs", 5, "rounds; the medians count")
	scale    = flag.Float64("scale", 1, "factor for the number of calls")
	cpu      = flag.Int("cpu", 1, "processor of the loops")
	only     = flag.String("only", "", "names of the tracers to run, with commas between them")
	calls    = flag.String("loops", "", "names of the loops to run, with commas between them")
	kernel   = flag.Bool("kernel", false, "what scry's programs cost in the kernel, by program (this slows them down), instead")
	flood    = flag.Bool("flood", false, "a flood of writes, instead")
	writes   = flag.Int("writes", 8_000_000, "writes of the flood")
)

// loops are the kinds of calls: how many rounds, the system calls of one, and the best that was known when scry was begun for a filter that
// matches nothing (both directions), with what was wanted: nanoseconds added to a round.
var loops = []struct {
	name     string
	count    int
	calls    int
	best     float64
	aims     map[string]float64
	fewTimes int // the slow tracers make this many times fewer rounds
}{
	{"getppid", 2_000_000, 1, 301, map[string]float64{"scry": 150, "exits": 75, "excluded": 27}, 20},
	{"write", 2_000_000, 1, 381, map[string]float64{"scry": 200, "exits": 130, "excluded": 16}, 20},
	{"open+close", 500_000, 2, 879, map[string]float64{"scry": 500, "exits": 380}, 20},
	{"stat", 1_000_000, 1, 405, map[string]float64{"scry": 230, "exits": 190, "excluded": 40}, 20},
	{"pipe", 200_000, 4, 0, nil, 10},
}

// tracer is a program that the loops run under. It watches all processes, unless it starts the loop itself.
type tracer struct {
	name   string
	args   []string // LOOP at the end stands for the loop's command line
	events int      // that it makes of a call
	slow   bool
}

// Filters that match nothing but leave every event in the demand: a name is not known to the kernel side.
const nobody = "proc.name=nobody"

var tracers = []tracer{
	{"bare", nil, 0, false},
	{"scry", []string{"SCRY", "-v", nobody}, 2, false},
	{"exits", []string{"SCRY", "-v", "-p", "%evt.num", "evt.dir=< and " + nobody}, 1, false},
	{"latency", []string{"SCRY", "-v", "-p", "%evt.latency", "evt.dir=< and " + nobody}, 1, false},
	{"excluded", []string{"SCRY", "-v", "evt.type=accept and evt.dir=<"}, 0, false},
	{"excluded2", []string{"SCRY", "-v", "evt.type=accept"}, 0, false},
	{"bpftrace", []string{"bpftrace", "-e", "tracepoint:raw_syscalls:sys_enter { @ = count(); }"}, 1, false},
	{"perf", []string{"perf", "trace", "-a", "-o", os.DevNull}, 1, true},
	{"strace", []string{"strace", "-f", "-o", os.DevNull, "LOOP"}, 1, true},
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-live:", err)
		os.Exit(1)
	}
}

func run() error {
	if os.Geteuid() != 0 {
		return errors.New("tracing needs root")
	}
	dir, err := os.MkdirTemp("", "scry-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "loops")
	if err := compile(program); err != nil {
		return err
	}
	switch {
	case *flood:
		return measureFlood(dir, program)
	case *kernel:
		return measureKernel(program)
	}
	return measureLoops(program)
}

// chosen tells whether a name stands in a list of names; an empty list has all.
func chosen(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

// sample is one run of a loop under a tracer.
type sample struct {
	added   float64 // CPU time that a round took longer than bare, ns
	tracer  float64 // CPU time of the tracer for each event of the loop, ns
	dropped float64
}

func measureLoops(program string) error {
	fmt.Printf("ns of CPU added to a round, and of the tracer for each event; medians of %d rounds, all in turn\n\n", *runs)
	fmt.Printf("%-11s %-9s %9s %9s %9s %9s %10s %6s %7s\n", "loop", "tracer", "added", "least", "most", "ns/event", "dropped", "aim", "ratio")
	for _, l := range loops {
		if !chosen(*calls, l.name) {
			continue
		}
		got := map[string][]sample{}
		var bares []float64
		for range *runs {
			bare := 0.0
			for _, t := range tracers {
				if t.args != nil && !chosen(*only, t.name) || t.args != nil && missing(&t) {
					continue
				}
				n := max(1, int(float64(l.count)**scale))
				if t.slow {
					n /= l.fewTimes
				}
				r, err := under(&t, program, l.name, n)
				if err != nil {
					return fmt.Errorf("%s under %s: %w", l.name, t.name, err)
				}
				perRound := r.loopCPU / float64(n)
				if t.args == nil {
					bare = perRound
					bares = append(bares, bare)
					continue
				}
				got[t.name] = append(got[t.name], sample{perRound - bare, r.tracerCPU / float64(n*l.calls*max(1, t.events)), float64(r.dropped)})
			}
		}
		fmt.Printf("%-11s %-9s %9.0f  (a round)\n", l.name, "bare", median(bares))
		for _, t := range tracers {
			s := got[t.name]
			if s == nil {
				continue
			}
			added := pick(s, func(x *sample) float64 { return x.added })
			aim, ratio, event, dropped := "", "", "-", "-"
			if a := l.aims[t.name]; a > 0 {
				aim = fmt.Sprintf("%.0f", a)
			}
			if l.best > 0 && t.events == 2 {
				ratio = fmt.Sprintf("%.2f", median(added)/l.best)
			}
			if t.events > 0 {
				event = fmt.Sprintf("%.0f", median(pick(s, func(x *sample) float64 { return x.tracer })))
			}
			if t.args[0] == "SCRY" {
				dropped = fmt.Sprintf("%.0f", slices.Max(pick(s, func(x *sample) float64 { return x.dropped })))
			}
			fmt.Printf("%-11s %-9s %9.0f %9.0f %9.0f %9s %10s %6s %7s\n", l.name, t.name, median(added), slices.Min(added), slices.Max(added), event, dropped, aim, ratio)
		}
	}
	fmt.Printf("\ndropped: the most of any round. ratio: to the best tracer with a filter that matches nothing that was known in 2026.\n")
	return nil
}

// missing tells that a tracer is not installed.
func missing(t *tracer) bool {
	if t.args[0] == "SCRY" {
		return false
	}
	_, err := exec.LookPath(t.args[0])
	return err != nil
}

func pick(s []sample, f func(*sample) float64) (xs []float64) {
	for i := range s {
		xs = append(xs, f(&s[i]))
	}
	return xs
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}
