package proc

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// Load is what the processors of the machine did since it started, and its memory now. It is made from files of the kernel that say nothing of processes.
type Load struct {
	All    Ticks
	CPUs   []Ticks // by number; those that are off are zero
	Memory uint64  // bytes
	Free   uint64  // of these, what programs can have without swapping
}

// Ticks are times of a processor, in units of which only the ratio matters.
type Ticks struct{ Busy, Total uint64 }

// Percent is how busy it was since before.
func (t Ticks) Percent(before Ticks) float64 {
	if t.Total <= before.Total || t.Busy < before.Busy {
		return 0
	}
	return min(float64(t.Busy-before.Busy)/float64(t.Total-before.Total)*100, 100)
}

// Bounds of what is read: the processors stand at the beginning of their file, which goes on with a long line of interrupts.
const (
	maxLoadText = 256 << 10
	maxCPUs     = 4096
)

// ReadLoad reads it below root, "" for /proc.
func ReadLoad(root string) (*Load, error) {
	if root == "" {
		root = "/proc"
	}
	stat, err := head(root + "/stat")
	if err != nil {
		return nil, err
	}
	memory, err := head(root + "/meminfo")
	if err != nil {
		return nil, err
	}
	l := &Load{}
	l.parseStat(stat)
	l.parseMemory(memory)
	if l.All.Total == 0 {
		return nil, fmt.Errorf("%s/stat says nothing of processors", root)
	}
	return l, nil
}

// head is the beginning of a file.
func head(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxLoadText))
}

// parseStat reads lines "cpuN USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL GUEST GUEST_NICE"; that of all has no number. Guests are in USER and NICE already.
func (l *Load) parseStat(b []byte) {
	for line := range bytes.Lines(b) {
		words := bytes.Fields(line)
		if len(words) < 5 || !bytes.HasPrefix(words[0], []byte("cpu")) {
			break
		}
		var t Ticks
		for i, w := range words[1:min(len(words), 9)] {
			n, err := strconv.ParseUint(string(w), 10, 64)
			if err != nil {
				break
			}
			t.Total += n
			if i != 3 && i != 4 { // idle, and idle while something is written
				t.Busy += n
			}
		}
		if len(words[0]) == 3 {
			l.All = t
			continue
		}
		i, err := strconv.ParseUint(string(words[0][3:]), 10, 16)
		if err != nil || i >= maxCPUs {
			continue
		}
		for uint64(len(l.CPUs)) <= i {
			l.CPUs = append(l.CPUs, Ticks{})
		}
		l.CPUs[i] = t
	}
}

// parseMemory reads lines "MemTotal: N kB".
func (l *Load) parseMemory(b []byte) {
	for line := range bytes.Lines(b) {
		words := bytes.Fields(line)
		if len(words) < 2 {
			continue
		}
		n, err := strconv.ParseUint(string(words[1]), 10, 54)
		if err != nil {
			continue
		}
		switch string(words[0]) {
		case "MemTotal:":
			l.Memory = n << 10
		case "MemAvailable:":
			l.Free = n << 10
		}
	}
}
