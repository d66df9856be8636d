package tui

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/capture"
	"scry/capture/event"
)

// loopSource is a live capture that is none: the events of a file again and again, as fast as they are taken, until it is closed.
type loopSource struct {
	name  string
	mu    sync.Mutex
	f     *capture.File
	stop  bool
	n     uint64
	last  uint64 // time of the last event: what comes again comes later
	base  uint64 // that is added to the times of the file
	told  bool   // there is one
	wake  chan struct{}
	rest  time.Duration // pause after each file
	until time.Time     // the end of the one at hand
}

func (s *loopSource) Next(ev *event.Event) error {
	for {
		s.mu.Lock()
		stop := s.stop
		s.mu.Unlock()
		if stop {
			return io.EOF
		}
		if wait := time.Until(s.until); wait > 0 {
			select {
			case <-s.wake:
			case <-time.After(min(wait, 50*time.Millisecond)):
			}
			s.last += uint64(50 * time.Millisecond)
			*ev = event.Event{Type: event.InfrastructureEventE, TS: s.last} // a tick
			return nil
		}
		if s.f == nil {
			f, err := capture.Open(s.name, nil)
			if err != nil {
				return err
			}
			s.f, s.told = f, false
		}
		err := s.f.Next(ev)
		if err == nil {
			s.n++
			ev.Num = s.n
			if s.last > 0 {
				ev.Section = nil
			}
			if !s.told && ev.TS != 0 {
				s.base, s.told = max(s.last, ev.TS)-ev.TS, true
			}
			ev.TS += s.base
			s.last = max(s.last, ev.TS)
			return nil
		}
		s.f.Close()
		s.f = nil
		if err != io.EOF {
			return err
		}
		s.until = time.Now().Add(s.rest)
	}
}

func (s *loopSource) Stats() capture.LiveStats {
	return capture.LiveStats{Seen: s.n + 7, Lost: 7, Reasons: []capture.Loss{{Why: "ring full", N: 7}}}
}

func (s *loopSource) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *loopSource) Close() error {
	s.mu.Lock()
	s.stop = true
	s.mu.Unlock()
	return nil
}

// liveOptions are those of an interface over a machine that is none.
func liveOptions(path string) Options { return restingOptions(path, 20*time.Millisecond) }

// restingOptions are those of one where nothing happens for a while after all that the capture has.
func restingOptions(path string, rest time.Duration) Options {
	return Options{Interval: 50 * time.Millisecond, Attach: func(capture.Demand, time.Duration) (Source, error) {
		return &loopSource{name: path, wake: make(chan struct{}, 1), rest: rest}, nil
	}}
}

// randomKeys are those that are pressed: all that do something but those that leave.
var randomKeys = append(strings.Split("Enter Enter Enter Backspace Backspace Esc Esc Tab Up Down Down PgUp PgDn Home End Left Right F1 F2 F3 F4 F5 F6 F7 F8 F9 F11 F12 Shift-F12 Ctrl-F Ctrl-U Ctrl-G Delete Insert", " "),
	strings.Split("a b c d e f g h i j k l m n o p r s t u v x y z A B C D E F G H I J K L M N O P R S T U V X Y Z 0 1 2 3 4 5 6 7 8 9 : / \\ [ ] < > + - * ? . , ; = ! ( ) ' \" % $ # @ é 漢", " ")...)

// TestRandomKeys: whatever is pressed, in whatever order and size, while a capture is read and live: no panic, no hang, a screen that is drawn. The seed is told, so that
// what went wrong can be had again with SEED.
func TestRandomKeys(t *testing.T) {
	total := 100_000
	if testing.Short() {
		total = 10_000
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	path, err := filepath.Abs(testCapture(t, "hello.scap"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // screens and captures are saved there
	for _, mode := range []string{"capture", "live"} {
		t.Run(mode, func(t *testing.T) {
			t.Logf("SEED=%d", seed)
			rnd := rand.New(rand.NewPCG(seed, 1))
			o := Options{Read: []string{path}}
			if mode == "live" {
				o = liveOptions(path)
			}
			x := newTestApp(t, 100, 30, o)
			// What keys, clicks and the palette reach shall not happen: the processes on the screen are not those of this machine.
			x.tv.QueueUpdate(func() {
				x.leave, x.sleep, x.launch, x.place = func() {}, func() {}, func(*exec.Cmd) error { return nil }, filepath.Base
			})
			var recent []string
			for i := range total / 2 {
				if rnd.IntN(500) == 0 {
					w, h := 1+rnd.IntN(200), 1+rnd.IntN(60)
					x.sim.SetSize(w, h)
					x.sim.PostEvent(tcell.NewEventResize(w, h))
				}
				if rnd.IntN(20) == 0 {
					b := []tcell.ButtonMask{tcell.Button1, tcell.WheelUp, tcell.WheelDown, tcell.ButtonNone}[rnd.IntN(4)]
					w, h := x.sim.Size()
					px, py := rnd.IntN(w), rnd.IntN(h)
					x.sim.InjectMouse(px, py, b, tcell.ModNone)
					x.sim.InjectMouse(px, py, tcell.ButtonNone, tcell.ModNone)
				}
				k := randomKeys[rnd.IntN(len(randomKeys))]
				if recent = append(recent, k); len(recent) > 40 {
					recent = recent[1:]
				}
				inject(x.sim, k)
				if i%200 == 0 {
					x.alive(recent)
				}
			}
			x.alive(recent)
			x.sim.SetSize(100, 30)
			x.sim.PostEvent(tcell.NewEventResize(100, 30))
			for range 10 {
				inject(x.sim, "Esc")
			}
			x.wait("scry")
		})
	}
}

// alive fails when the interface does not answer.
func (x *testApp) alive(recent []string) {
	x.t.Helper()
	done := make(chan struct{})
	go func() {
		x.tv.QueueUpdate(func() {})
		close(done)
	}()
	select {
	case <-done:
	case err := <-x.done:
		x.t.Fatalf("the interface ended (%v) after %q", err, recent)
	case <-time.After(30 * time.Second):
		x.t.Fatalf("the interface hangs after %q", recent)
	}
}

// inject presses a key, or types what is no name of one; it returns how many that were.
func inject(s tcell.SimulationScreen, name string) (n int64) {
	if ev := keyEvent(name); ev != nil {
		s.InjectKey(ev.Key(), ev.Rune(), ev.Modifiers())
		return 1
	}
	for _, r := range name {
		s.InjectKey(tcell.KeyRune, r, tcell.ModNone)
		n++
	}
	return n
}
