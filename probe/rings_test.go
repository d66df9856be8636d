package probe

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"scry/capture/event"
)

// clock is a time that only events move. Those that hold it shared are about to write an event of the time that they took.
type clock struct {
	sync.RWMutex
	ns atomic.Uint64
}

func (c *clock) now() uint64 {
	c.Lock()
	defer c.Unlock()
	return c.ns.Load()
}

// Producers on all CPUs at once, faster than the consumer at times: every event is delivered whole and in its order or counted as lost,
// at the place where it is missing.
func TestRingsStream(t *testing.T) {
	for _, c := range []struct{ cpus, segments, events, size int }{
		{1, 2, 200_000, 200},
		{2, 8, 100_000, 1000},
		{2, 2, 3_000, 60_000},
		{64, 2, 3_000, 300},
	} {
		t.Run(fmt.Sprintf("cpus=%d/segments=%d/size=%d", c.cpus, c.segments, c.size), func(t *testing.T) {
			s := newSim(c.cpus, c.segments)
			clk := &clock{}
			clk.ns.Store(uint64(time.Hour))
			r := s.rings(clk.now)
			var producers sync.WaitGroup
			for i := range s.cpus {
				p := &s.cpus[i]
				producers.Go(func() {
					rnd := rand.New(rand.NewPCG(1, uint64(p.cpu)))
					for range c.events {
						clk.RLock()
						p.emit(clk.ns.Add(rnd.Uint64N(2000)), rnd.IntN(100) == 0, rnd.IntN(c.size))
						clk.RUnlock()
						if rnd.IntN(2000) == 0 {
							time.Sleep(time.Duration(rnd.IntN(3)) * time.Millisecond)
						}
					}
				})
			}
			go func() {
				producers.Wait()
				r.Stop()
			}()
			drain(t, s, r)
		})
	}
}

// drain reads until io.EOF and checks every event and the counts.
func drain(t *testing.T, s *sim, r *Rings) {
	t.Helper()
	var ev event.Event
	next := make([]uint64, len(s.cpus))
	last, gaps := uint64(0), uint64(0)
	for n := uint64(0); ; n++ {
		err := r.Next(&ev)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%64 == 0 {
			runtime.Gosched() // the producers get a chance to overwrite it
		}
		next[ev.CPU] += ev.Lost
		check(t, &ev, next[ev.CPU])
		next[ev.CPU]++
		gaps += ev.Lost
		if ev.TS < last {
			t.Fatalf("event %d: %d ns before the one before it", n, last-ev.TS)
		}
		last = ev.TS
	}
	st, made := r.Stats(), uint64(0)
	for i := range s.cpus {
		made += s.cpus[i].made
		gaps += s.cpus[i].made - next[i] // lost after the last one that was delivered
	}
	if st.Seen != made || st.Delivered+st.Lost != made || st.Lost != gaps || st.Lost != st.Full+st.State || st.Late != 0 {
		t.Errorf("%d made, %d lost in gaps: %+v", made, gaps, st)
	}
	t.Logf("%+v", st)
}

// Stop in the middle of a flood: the counts are of one moment.
func TestRingsStopInFlood(t *testing.T) {
	s := newSim(2, 2)
	clk := &clock{}
	clk.ns.Store(uint64(time.Hour))
	r := s.rings(clk.now)
	var done atomic.Bool
	var producers sync.WaitGroup
	for i := range s.cpus {
		producers.Go(func() {
			for !done.Load() {
				clk.RLock()
				s.cpus[i].emit(clk.ns.Add(100), false, 40)
				clk.RUnlock()
			}
		})
	}
	var ev event.Event
	for n := 0; ; n++ {
		if n == 300_000 {
			r.Stop()
		}
		if err := r.Next(&ev); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	before := r.Stats()
	done.Store(true)
	producers.Wait()
	if st := r.Stats(); st.Seen != st.Delivered+st.Lost || st != before || st.Delivered < 300_000 {
		t.Errorf("%+v, before %+v", st, before)
	}
}

// bubble runs f in a bubble of time with a simulation and a consumer, which hands over each event and what Next returned.
func bubble(t *testing.T, cpus int, f func(s *sim, r *Rings, got <-chan seen)) {
	t.Helper()
	s := newSim(cpus, 4)
	synctest.Test(t, func(t *testing.T) {
		s.alarm.ring = make(chan struct{}, 1)
		r := s.rings(bubbleTime)
		got := make(chan seen, 100)
		go func() {
			defer close(got)
			var ev event.Event
			for {
				err := r.Next(&ev)
				got <- seen{ev.Clone(), err, bubbleTime()}
				if err != nil {
					return
				}
			}
		}()
		defer func() {
			r.Stop()
			for range got {
			}
		}()
		f(s, r, got)
	})
}

type seen struct {
	ev  *event.Event
	err error
	at  uint64
}

func bubbleTime() uint64 { return uint64(time.Now().UnixNano()) }

// Every event arrives soon, whatever the pause before it, and a quiet system is left alone.
func TestRingsWakeUps(t *testing.T) {
	bubble(t, 3, func(s *sim, _ *Rings, got <-chan seen) {
		rnd := rand.New(rand.NewPCG(2, 3))
		for i := range 2000 {
			time.Sleep(time.Duration(rnd.ExpFloat64() * float64(8*time.Millisecond)))
			made := bubbleTime()
			s.cpus[rnd.IntN(3)].emit(made, false, 10)
			if x := <-got; x.err != nil || x.at-made > uint64(12*time.Millisecond) {
				t.Fatalf("event %d: %v after %v", i, x.err, time.Duration(x.at-made))
			}
		}
		time.Sleep(time.Second)
		before := s.alarm.waits.Load()
		time.Sleep(time.Hour)
		if n := s.alarm.waits.Load() - before; n != 0 {
			t.Errorf("%d wake-ups in an hour without events", n)
		}
		s.cpus[1].emit(bubbleTime(), false, 10)
		if x := <-got; x.err != nil {
			t.Error(x.err)
		}
	})
}

// What another CPU completes later, but within the window, comes before what is younger.
func TestRingsWindow(t *testing.T) {
	bubble(t, 2, func(s *sim, _ *Rings, got <-chan seen) {
		for range 10 {
			time.Sleep(time.Second) // deep asleep
			at := bubbleTime()
			s.cpus[0].emit(at-uint64(Window/4), false, 10)
			time.Sleep(Window / 2)
			s.cpus[1].emit(at-uint64(Window/3), false, 10)
			for cpu := range 2 {
				if x := <-got; x.err != nil || int(x.ev.CPU) != 1-cpu {
					t.Fatalf("CPU %d, %v; want %d", x.ev.CPU, x.err, 1-cpu)
				}
			}
		}
	})
}

// A wake-up that nobody asked for any more takes back what was asked since. The consumer asks again.
func TestRingsStaleWakeUp(t *testing.T) {
	bubble(t, 1, func(s *sim, _ *Rings, got <-chan seen) {
		for range 20 {
			time.Sleep(5 * time.Millisecond)
			atomic.StoreUint64(&s.cpus[0].ctl.wake, neverWake)
			s.alarm.Wake()
		}
		time.Sleep(time.Second)
		made := bubbleTime()
		s.cpus[0].emit(made, false, 10)
		if x := <-got; x.err != nil || x.at-made > uint64(12*time.Millisecond) {
			t.Fatalf("%v after %v", x.err, time.Duration(x.at-made))
		}
	})
}

// A program may have read wake before it was set, and have shown the new head after it was looked at: there is no wake-up then.
func TestRingsMissedWakeUp(t *testing.T) {
	for _, early := range []bool{false, true} { // what the Wait after the order does
		bubble(t, 1, func(s *sim, _ *Rings, got <-chan seen) {
			c := s.cpus[0].ctl
			for atomic.LoadUint64(&c.wake) != 1 {
				time.Sleep(100 * time.Microsecond)
			}
			if early {
				s.alarm.Wake()
				time.Sleep(time.Microsecond)
			}
			s.cpus[0].alarm = newAlarm() // that nobody hears
			made := bubbleTime()
			s.cpus[0].emit(made, false, 10)
			atomic.StoreUint64(&c.wake, 1)
			if x := <-got; x.err != nil || x.at-made > uint64(12*time.Millisecond) {
				t.Fatalf("early %v: %v after %v", early, x.err, time.Duration(x.at-made))
			}
		})
	}
}

// The kernel wakes the consumer before a full ring refuses events.
func TestRingsWatermark(t *testing.T) {
	bubble(t, 1, func(s *sim, _ *Rings, got <-chan seen) {
		p := &s.cpus[0]
		for range 60 {
			for range 60 { // 3.6 MB, within a poll
				if used := p.ctl.head - atomic.LoadUint64(&p.ctl.tail); !p.emit(bubbleTime(), false, 60_000) || used > 1600_000 {
					t.Fatalf("%d bytes were waiting at %d", used, p.ctl.head)
				}
				time.Sleep(150 * time.Microsecond)
			}
			for range 60 {
				<-got
			}
		}
	})
}

func TestRingsStop(t *testing.T) {
	bubble(t, 2, func(s *sim, r *Rings, got <-chan seen) {
		time.Sleep(time.Second) // deep asleep
		s.cpus[1].emit(bubbleTime(), false, 10)
		s.cpus[0].emit(bubbleTime()+uint64(time.Second), false, 10)
		r.Stop()
		r.Stop()
		for _, want := range []error{nil, nil, io.EOF} {
			if x := <-got; x.err != want {
				t.Errorf("got %v, want %v", x.err, want)
			}
		}
		var ev event.Event
		s.cpus[1].emit(bubbleTime(), false, 10)
		if err := r.Next(&ev); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if st := r.Stats(); st.Seen != 2 || st.Delivered != 2 {
			t.Errorf("%+v", st)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if st := r.Stats(); st.Seen != 2 {
			t.Errorf("closed: %+v", st)
		}
		if err := r.Next(&ev); err != errClosed {
			t.Errorf("closed: %v", err)
		}
	})
}

// What was printed is flushed before each sleep, and only when there is something.
func TestRingsOnWait(t *testing.T) {
	s := newSim(1, 2)
	synctest.Test(t, func(t *testing.T) {
		s.alarm.ring = make(chan struct{}, 1)
		r := s.rings(bubbleTime)
		var at []int
		n := 0
		r.OnWait(func() { at = append(at, n) })
		go func() {
			for range 3 {
				s.cpus[0].emit(bubbleTime(), false, 0)
				s.cpus[0].emit(bubbleTime(), false, 0)
				time.Sleep(time.Second)
			}
			r.Stop()
		}()
		var ev event.Event
		for ; r.Next(&ev) == nil; n++ {
		}
		if want := []int{2, 4, 6}; fmt.Sprint(at) != fmt.Sprint(want) {
			t.Errorf("flushed after %v events, want %v", at, want)
		}
	})
}

func TestRingsLate(t *testing.T) {
	s := newSim(2, 2)
	now := uint64(time.Hour)
	var order []uint64
	r := s.rings(func() uint64 { return now })
	var ev event.Event
	next := func() {
		t.Helper()
		if err := r.Next(&ev); err != nil {
			t.Fatal(err)
		}
		order = append(order, ev.TS)
	}
	s.cpus[0].emit(10, false, 0)
	s.cpus[0].emit(30, false, 0)
	next()
	next()
	s.cpus[1].emit(20, false, 0)
	s.cpus[1].emit(40, false, 0)
	s.cpus[0].emit(35, false, 0)
	next()
	next()
	next()
	if want := "[10 30 20 35 40]"; fmt.Sprint(order) != want || r.Stats().Late != 1 {
		t.Errorf("%v, want %s; %+v", order, want, r.Stats())
	}
}

// The facts of the prefix, and that nothing is left of the event before.
func TestRingsPrefix(t *testing.T) {
	s := newSim(1, 2)
	r := s.rings(func() uint64 { return uint64(time.Hour) })
	rec := event.Append(nil, 7, 8, event.CloseX)
	s.cpus[0].publish(prefix{lost: 5, faults: 6, enter: 3, cgroup: 4, flags: prefixCut}, rec)
	s.cpus[0].publish(prefix{lost: 7, flags: prefixCompat}, rec)
	ev := event.Event{Flags: event.FlagStateOnly, Section: new(event.Snapshot)}
	for _, want := range []event.Event{{EnterTS: 3, Cgroup: 4, Lost: 5, Faults: 6, Cut: true}, {Lost: 2}} {
		if err := r.Next(&ev); err != nil {
			t.Fatal(err)
		}
		if ev.EnterTS != want.EnterTS || ev.Cgroup != want.Cgroup || ev.Lost != want.Lost || ev.Faults != want.Faults || ev.Cut != want.Cut ||
			ev.Flags != 0 || ev.Section != nil || ev.TS != 7 || ev.TID != 8 || ev.Type != event.CloseX {
			t.Errorf("got %+v", ev)
		}
	}
}

// The count of losses in a prefix wraps around.
func TestRingsLostWraps(t *testing.T) {
	s := newSim(1, 2)
	r := s.rings(func() uint64 { return uint64(time.Hour) })
	rec := event.Append(nil, 7, 8, event.CloseX)
	var ev event.Event
	last := uint32(0)
	for _, lost := range []uint32{0xfffffff0, 0xfffffff0, 5, 6} {
		s.cpus[0].publish(prefix{lost: lost}, rec)
		if err := r.Next(&ev); err != nil || ev.Lost != uint64(lost-last) {
			t.Errorf("%d to %d: lost %d, %v", last, lost, ev.Lost, err)
		}
		last = lost
	}
}

func TestRingsDamaged(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(p *producer)
		want   string
	}{
		{"size 0", func(p *producer) { p.mem[64] = 0 }, "position 64, head 128: a record of 0 bytes"},
		{"no multiple of 8", func(p *producer) { p.mem[64] = 60 }, "a record of 60 bytes"},
		{"too short", func(p *producer) { p.mem[64] = 56 }, "a record of 56 bytes"},
		{"past the head", func(p *producer) { p.mem[64] = 72 }, "a record of 72 bytes"},
		{"past the slack", func(p *producer) { p.mem[67] = 1 }, "a record of 16777280 bytes"},
		{"event too long", func(p *producer) { p.mem[64+prefixSize+16] = 40 }, "damaged event record: length 40 in a block of 32"},
		{"head too far", func(p *producer) { p.ctl.head += 4 << segmentBits }, "position 0, head 4194432"},
		{"head went back", func(p *producer) { p.ctl.head -= 256 }, "position 0, head 18446744073709551488"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSim(2, 2)
			r := s.rings(func() uint64 { return uint64(time.Hour) })
			for range 2 {
				s.cpus[0].publish(prefix{}, event.Append(nil, 7, 8, event.CloseX))
				s.cpus[1].publish(prefix{}, event.Append(nil, 9, 8, event.CloseX))
			}
			c.damage(&s.cpus[0])
			var ev event.Event
			var err error
			for n := 0; n < 4 && err == nil; n++ {
				err = r.Next(&ev)
			}
			if !errors.Is(err, ErrRing) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if again := r.Next(&ev); again != err {
				t.Errorf("then %v", again)
			}
		})
	}
}

// What was delivered last is never given back to the kernel.
func TestRingsRelease(t *testing.T) {
	s := newSim(1, 4)
	r := s.rings(func() uint64 { return uint64(time.Hour) })
	p := &s.cpus[0]
	var ev event.Event
	start := uint64(0)
	for i := range 3000 {
		p.emit(uint64(i), false, 100+i*7%5000)
		head := p.ctl.head
		if err := r.Next(&ev); err != nil {
			t.Fatal(err)
		}
		if tail := atomic.LoadUint64(&p.ctl.tail); tail > start || start>>segmentBits-tail>>segmentBits > 0 {
			t.Fatalf("event at %d, tail %d", start, tail)
		}
		start = head
	}
	if start < 6<<segmentBits {
		t.Errorf("only %d bytes", start)
	}
}

func TestRingsAllocs(t *testing.T) {
	s := newSim(2, 4)
	r := s.rings(func() uint64 { return uint64(time.Hour) })
	var ev event.Event
	ts := uint64(0)
	if n := testing.AllocsPerRun(100, func() {
		for i := range 200 {
			ts++
			s.cpus[i%2].emit(ts, false, 100)
		}
		for range 200 {
			if err := r.Next(&ev); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
