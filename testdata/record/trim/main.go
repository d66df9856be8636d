// Command trim turns a capture that scry has just recorded into one for testdata: scry, what it started and what is in containers are all that is left of
// the processes that it lists, and long hexadecimal numbers in the names of cgroups, which tell on what machine it was, are zeros. Those of containers
// stay. The events are untouched otherwise.
//
//	go run ./testdata/record/trim RAW OUT
package main

import (
	"fmt"
	"io"
	"os"
	"regexp"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: trim RAW OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func run(raw, out string) error {
	f, err := capture.Open(raw, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := scap.Create(out, scap.WriterOptions{Compress: true, Level: 9})
	if err != nil {
		return err
	}
	var ev event.Event
	tables := state.New()
	for err = f.Next(&ev); err == nil; err = f.Next(&ev) {
		tables.Apply(&ev)
		if ev.Section != nil {
			if err := w.Start(only(ev.Section, "scry")); err != nil {
				return err
			}
		}
		if ev.Type == event.ProcinfoE && !inContainer(&ev) {
			continue // the CPU times of every process of the machine
		}
		blank(ev.Raw)
		if err := w.Event(&ev, ev.Flags&event.FlagStateOnly != 0); err != nil {
			return err
		}
	}
	if err != io.EOF {
		return err
	}
	return w.Close()
}

func inContainer(ev *event.Event) bool { return ev.Thread != nil && ev.Thread.Container != nil }

// only leaves of the threads and descriptors those of processes called comm, and those of containers.
func only(s *event.Snapshot, comm string) *event.Snapshot {
	out := *s
	out.Threads, out.FDs = nil, nil
	kept := map[int64]bool{}
	for _, th := range s.Threads {
		id, _ := state.ContainerID(th.Cgroups)
		if th.TID == th.PID && (th.Comm == comm || id != "") {
			kept[th.PID] = true
		}
	}
	for _, th := range s.Threads {
		if kept[th.PID] {
			th.Cgroups = string(blank([]byte(th.Cgroups)))
			out.Threads = append(out.Threads, th)
		}
	}
	for _, l := range s.FDs {
		if kept[int64(l.TID)] {
			out.FDs = append(out.FDs, l)
		}
	}
	return &out
}

var id = regexp.MustCompile(`/[0-9a-f]{32,}`)

const containerID = 64 // digits

// blank overwrites in b what looks like the number of a machine's cgroup.
func blank(b []byte) []byte {
	for _, at := range id.FindAllIndex(b, -1) {
		if at[1]-at[0]-1 == containerID {
			continue
		}
		for i := at[0] + 1; i < at[1]; i++ {
			b[i] = '0'
		}
	}
	return b
}
