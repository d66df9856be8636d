package state

import (
	"fmt"
	"testing"

	"scry/capture/event"
)

// BenchmarkContainers is per event: of calls in containers, and of programs that start and end in one of a hundred.
func BenchmarkContainers(b *testing.B) {
	cgroups := func(i int) list {
		path := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c.slice/cri-containerd-" + fmt.Sprintf("%064x", i) + ".scope"
		return list{"cpuset=" + path, "cpu=" + path, "cpuacct=" + path, "io=" + path, "memory=" + path}
	}
	var calls, programs [][]byte
	w := newWorld(b, shell())
	for i := range 100 {
		tid := int64(1000 + i)
		w.do(tid, event.CloneV20X, birth{child: tid, pid: tid, ptid: 100, cgroups: cgroups(i)}.inChild()...)
		calls = append(calls, rec(w.ts, tid, event.WriteX, 4, []byte("data"), 7, 100))
		child := birth{child: 2000, pid: 2000, ptid: tid, cgroups: cgroups(i)}
		programs = append(programs, rec(w.ts, 2000, event.CloneV20X, child.inChild()...),
			rec(w.ts, 2000, event.ExecveV19X, program(2000, 2000, tid, map[int]any{14: cgroups(i)})...), rec(w.ts, 2000, event.ProcexitV1E, 0))
	}
	for name, recs := range map[string][][]byte{"calls": calls, "programs": programs} {
		b.Run(name, func(b *testing.B) {
			w.play(recs)
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(recs) {
				w.play(recs)
			}
		})
	}
}
