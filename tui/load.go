package tui

import (
	"time"

	"scry/capture/proc"
)

// usage is how busy the machine is. Nobody changes it once it is made.
type usage struct {
	cpu          float64   // percent of all processors together
	cores        []float64 // of each
	used, memory uint64    // bytes
}

// load looks at the machine now and then.
type load struct {
	read   func() (*proc.Load, error) // nil: nobody can
	before *proc.Load
	at     time.Time
	now    *usage // nil: not known yet
}

// fewTicks is how long the clock ticks of the kernel, 10 ms, say nothing of how busy it is.
const fewTicks = 400 * time.Millisecond

// look brings now up to date.
func (l *load) look() {
	if l.read == nil || time.Since(l.at) < fewTicks {
		return
	}
	next, err := l.read()
	if err != nil {
		l.read, l.now = nil, nil // it will not come back
		return
	}
	if b := l.before; b != nil {
		u := &usage{cpu: next.All.Percent(b.All), memory: next.Memory, used: next.Memory - min(next.Free, next.Memory)}
		for i, c := range next.CPUs {
			if c.Total > 0 && i < len(b.CPUs) {
				u.cores = append(u.cores, c.Percent(b.CPUs[i]))
			}
		}
		l.now = u
	}
	l.before, l.at = next, time.Now()
}
