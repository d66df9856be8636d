package state

import (
	"fmt"
	"strings"
	"testing"

	"scry/capture/event"
)

// BenchmarkContainers is per event: of calls, and of programs that start and end, in one of a hundred cgroups: of the host's, of containers, and of containers
// that an engine has told of. The differences are what identity and names cost.
func BenchmarkContainers(b *testing.B) {
	slice := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c.slice/cri-containerd-%02x" + strings.Repeat("0", 62) + ".scope"
	for _, c := range []struct{ name, path string }{{"host", strings.Replace(slice, "cri-containerd-", "session-", 1)}, {"containers", slice}, {"named", slice}} {
		w := newWorld(b, shell())
		calls, programs := inCgroups(w, c.path)
		if c.name == "named" {
			for i := range 100 {
				w.do(-1, event.ContainerJsonV2E, strings.Replace(dockerJSON, "0123456789ab", fmt.Sprintf("%02x0000000000", i), 1))
			}
		}
		for name, recs := range map[string][][]byte{"calls": calls, "programs": programs} {
			b.Run(name+"/"+c.name, func(b *testing.B) {
				w.play(recs)
				b.ReportAllocs()
				for i := 0; i < b.N; i += len(recs) {
					w.play(recs)
				}
			})
		}
	}
}

// inCgroups makes a process in each of a hundred cgroups, and records of calls of theirs and of programs that they start.
func inCgroups(w *world, path string) (calls, programs [][]byte) {
	for i := range 100 {
		p := fmt.Sprintf(path, i)
		in := list{"cpuset=" + p, "cpu=" + p, "cpuacct=" + p, "io=" + p, "memory=" + p}
		tid := int64(1000 + i)
		w.do(tid, event.CloneV20X, birth{child: tid, pid: tid, ptid: 100, cgroups: in}.inChild()...)
		calls = append(calls, rec(w.ts, tid, event.WriteX, 4, []byte("data"), 7, 100))
		child := birth{child: 2000, pid: 2000, ptid: tid, cgroups: in}
		programs = append(programs, rec(w.ts, 2000, event.CloneV20X, child.inChild()...),
			rec(w.ts, 2000, event.ExecveV19X, program(2000, 2000, tid, map[int]any{14: in})...), rec(w.ts, 2000, event.ProcexitV1E, 0))
	}
	return calls, programs
}
