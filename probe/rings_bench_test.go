package probe

import (
	"fmt"
	"sync/atomic"
	"testing"

	"scry/capture/event"
)

// BenchmarkRings reads records of 40 to 120 bytes from memory, ring by ring full; run is how many follow each other on a CPU.
func BenchmarkRings(b *testing.B) {
	for _, c := range []struct{ cpus, run int }{{1, 1}, {2, 1}, {2, 20}, {16, 1}, {64, 1}, {64, 20}} {
		b.Run(fmt.Sprintf("cpus=%d/run=%d", c.cpus, c.run), func(b *testing.B) {
			const segments = 2
			s := newSim(c.cpus, segments)
			full := func(p *producer) bool { return p.ctl.head == segments<<segmentBits }
			for ts, left := uint64(1), c.cpus; left > 0; {
				for i := range s.cpus {
					p := &s.cpus[i]
					for range c.run {
						if full(p) {
							break
						}
						p.ctl.tail = p.ctl.head
						p.emit(ts, false, int(ts*7%40))
						ts++
						if full(p) {
							left--
						}
					}
				}
			}
			for i := range s.cpus {
				s.cpus[i].ctl.head, s.cpus[i].ctl.tail = 0, 0
			}
			// Each pass gets the same records again.
			r := s.rings(func() uint64 {
				for i := range s.cpus {
					atomic.AddUint64(&s.cpus[i].ctl.head, segments<<segmentBits)
				}
				return 1 << 60
			})
			b.ReportAllocs()
			var ev event.Event
			bytes := 0
			for b.Loop() {
				if err := r.Next(&ev); err != nil {
					b.Fatal(err)
				}
				bytes += len(ev.Raw)
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "B/event")
		})
	}
}
