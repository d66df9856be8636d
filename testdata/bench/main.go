// Command bench runs scry and sysdig alternately on the same file of over two million events and prints medians and ratios.
//
//	go run ./testdata/bench [-scry ./scry] [-runs 5] [-capture FILE] [-only text,gzip]
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scry/capture/event"
	"scry/capture/scap"
)

var (
	scryPath = flag.String("scry", "./scry", "binary to measure")
	runs     = flag.Int("runs", 5, "runs of each command; the median counts")
	source   = flag.String("capture", "../shared/captures/sysdig-inspect-502Error.scap", "capture whose events are repeated")
	keep     = flag.String("keep", "", "folder that the measured files are left in")
	wanted   = flag.Int("events", 2_350_000, "events in the file")
	only     = flag.String("only", "", "names of the cases to run, with commas between them")
)

// cases are the jobs: the options of both programs behind -r FILE.
var cases = []struct {
	name string
	gzip bool
	args []string
	aim  string // least and wanted ratio
}{
	{"quiet", false, []string{"-q"}, "1.5, 3"},
	{"nomatch", false, []string{"proc.name=nosuchprogram"}, "1.5, 3"},
	{"gzip", true, []string{"-q"}, "1.5, 3"},
	{"text", false, nil, "5, 10"},
	{"format", false, []string{"-p", "*%evt.num %evt.time %proc.name %evt.type %fd.name"}, "5, 10"},
	{"json", false, []string{"-j"}, "6, 12"},
	{"write", false, []string{"-w", "OUT"}, "1.2"},
	{"zwrite", false, []string{"-z", "-w", "OUT"}, "3"},
	{"start", false, []string{"-n", "1"}, "1"},
	{"topprocs_cpu", false, []string{"-c", "topprocs_cpu"}, "2, 4"},
	{"topscalls", false, []string{"-c", "topscalls"}, "2, 4"},
	{"topfiles_bytes", false, []string{"-c", "topfiles_bytes"}, "2, 4"},
	{"httptop", false, []string{"-c", "httptop"}, "2, 4"},
	{"fdbytes_by", false, []string{"-c", "fdbytes_by", "fd.name"}, "2, 4"},
}

type result struct {
	wall, cpu float64 // seconds
	rss       int64   // kB
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	sysdig, err := exec.LookPath("sysdig")
	if err != nil {
		return err
	}
	dir := *keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "scry-bench"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	plain, zipped := filepath.Join(dir, "big.scap"), filepath.Join(dir, "big.scap.gz")
	n, err := repeat(*source, plain, *wanted)
	if err != nil {
		return err
	}
	gz, err := exec.Command("gzip", "-kc", plain).Output()
	if err != nil {
		return err
	}
	if err := os.WriteFile(zipped, gz, 0o600); err != nil {
		return err
	}
	fmt.Printf("%d events, medians of %d runs, both programs alternately\n\n", n, *runs)
	fmt.Printf("%-14s %9s %9s %9s %9s %7s %7s %8s %8s  %s\n", "case", "scry s", "sysdig s", "scry cpu", "sysdig cpu", "ratio", "min", "scry MB", "sysdig MB", "aim")
	for _, c := range cases {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), c.name) {
			continue
		}
		file := plain
		if c.gzip {
			file = zipped
		}
		args := append([]string{"-r", file}, c.args...)
		for i := range args {
			if args[i] == "OUT" {
				args[i] = filepath.Join(dir, "out.scap")
			}
		}
		if err := measure(c.name, c.aim, sysdig, args); err != nil {
			return err
		}
	}
	return nil
}

func measure(name, aim, sysdig string, args []string) error {
	var ours, theirs []result
	for i := range *runs + 1 {
		a, err := once(*scryPath, args)
		if err != nil {
			return err
		}
		b, err := once(sysdig, args)
		if err != nil {
			return err
		}
		if i > 0 { // the first round warms the cache
			ours, theirs = append(ours, a), append(theirs, b)
		}
	}
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, theirs[i].wall/ours[i].wall)
	}
	slices.Sort(ratios)
	a, b := median(ours), median(theirs)
	fmt.Printf("%-14s %9.3f %9.3f %9.3f %9.3f %7.2f %7.2f %8.1f %8.1f  %s\n", name, a.wall, b.wall, a.cpu, b.cpu,
		ratios[len(ratios)/2], ratios[0], float64(a.rss)/1024, float64(b.rss)/1024, aim)
	return nil
}

func median(rs []result) result {
	pick := func(f func(result) float64) float64 {
		var xs []float64
		for _, r := range rs {
			xs = append(xs, f(r))
		}
		slices.Sort(xs)
		return xs[len(xs)/2]
	}
	return result{pick(func(r result) float64 { return r.wall }), pick(func(r result) float64 { return r.cpu }),
		int64(pick(func(r result) float64 { return float64(r.rss) }))}
}

func once(name string, args []string) (result, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return result{}, err
	}
	defer null.Close()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = null, &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	peak := make(chan int64, 1)
	done := make(chan struct{})
	go func() { peak <- peakMemory(cmd.Process.Pid, done) }()
	err = cmd.Wait()
	wall := time.Since(began).Seconds()
	close(done)
	if err != nil {
		return result{}, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return result{wall, cpu.Seconds(), <-peak}, nil
}

// peakMemory watches the resident memory of a process, in kB. The accounting of a finished process would count this program's own, from
// which it was made.
func peakMemory(pid int, done <-chan struct{}) (peak int64) {
	name := fmt.Sprintf("/proc/%d/status", pid)
	for {
		text, _ := os.ReadFile(name)
		if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
			var kb int64
			fmt.Sscan(rest, &kb)
			peak = max(peak, kb)
		}
		select {
		case <-done:
			return peak
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// repeat writes the events of a capture over and over into one section, each round a little later than the one before, until there are
// at least n.
func repeat(from, to string, n int) (int, error) {
	w, err := scap.Create(to, scap.WriterOptions{})
	if err != nil {
		return 0, err
	}
	var shift, last, first uint64
	written := 0
	var buf []byte
	for written < n {
		f, err := os.Open(from)
		if err != nil {
			return 0, err
		}
		r, err := scap.NewReader(f, from)
		if err != nil {
			return 0, err
		}
		var ev event.Event
		for {
			err := r.Next(&ev)
			if err == io.EOF {
				break
			}
			if err != nil {
				return 0, err
			}
			if ev.Section != nil && written == 0 {
				if err := w.Start(ev.Section); err != nil {
					return 0, err
				}
			}
			if first == 0 && ev.TS > 1e18 {
				first = ev.TS
			}
			last = max(last, ev.TS)
			buf = ev.AppendV2(buf[:0])
			if ev.TS > 0 {
				binary.LittleEndian.PutUint64(buf, ev.TS+shift)
			}
			cpu, flags := ev.CPU, ev.Flags
			if err := ev.Decode(buf, false); err != nil {
				return 0, err
			}
			ev.CPU, ev.Flags = cpu, flags
			if err := w.Event(&ev, false); err != nil {
				return 0, err
			}
			written++
		}
		r.Close()
		shift += last - first + 1e6
		last, first = 0, 0
	}
	return written, w.Close()
}
