package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"scry/capture/event"
)

// model is the threads of a machine, by number, and the events of what they do: some are lost on the way.
type model struct {
	*world
	r         *rand.Rand
	lost      int         // percent
	pid, ppid map[int]int // of the threads that live; parents of all processes
	log       []string
}

func (m *model) do(what string, tid int, typ event.Type, params ...any) {
	if m.r.IntN(100) < m.lost {
		m.log = append(m.log, "lost: "+what)
		return
	}
	m.log = append(m.log, what)
	m.world.do(int64(tid), typ, params...)
}

func (m *model) step(next int) {
	var tid int
	for tid = 1 + m.r.IntN(next); m.pid[tid] == 0; tid = 1 + m.r.IntN(next) {
	}
	pid := m.pid[tid]
	switch m.r.IntN(7) {
	case 0, 1:
		m.do(fmt.Sprint("open ", tid), tid, event.OpenX, 3+m.r.IntN(4), "/a", 1, 0, 0, 0)
	case 2:
		m.do(fmt.Sprint("close ", tid), tid, event.CloseX, 0, 3+m.r.IntN(4))
	case 3, 4:
		b := birth{child: int64(next), pid: int64(next), ptid: int64(pid), flags: []int{0, cloneThread | cloneFiles, cloneFiles}[m.r.IntN(3)]}
		m.pid[next], m.ppid[next] = next, pid
		if b.flags&cloneThread != 0 {
			m.pid[next], b.pid, b.ptid = pid, int64(pid), int64(m.ppid[pid])
		}
		sides := []func(){
			func() {
				m.do(fmt.Sprintf("%d of %d creates %d, %#x", tid, pid, next, b.flags), tid, event.CloneV20X, b.parent(int64(tid), int64(pid), int64(m.ppid[pid]))...)
			},
			func() { m.do(fmt.Sprintf("%d of %d is born", next, b.pid), next, event.CloneV20X, b.inChild()...) },
		}
		first := m.r.IntN(2)
		sides[first]()
		sides[1-first]()
	case 5:
		if len(m.pid) > 1 {
			delete(m.pid, tid)
			m.do(fmt.Sprint("exit ", tid), tid, event.ProcexitV1E, 0)
		}
	case 6:
		for t, p := range m.pid {
			if p == pid {
				delete(m.pid, t)
			}
		}
		m.pid[pid] = pid
		m.do(fmt.Sprint("exec ", pid), pid, event.ExecveV19X, program(int64(pid), int64(pid), int64(m.ppid[pid]), nil)...)
	}
}

// TestModel: whatever is lost of what processes do, the tables stay whole.
func TestModel(t *testing.T) {
	for seed := range uint64(2000) {
		m := &model{newWorld(t, nil), rand.New(rand.NewPCG(seed, 2)), int(seed % 2 * 15), map[int]int{1: 1}, map[int]int{1: 0}, nil}
		for next := 2; next < 60; next++ {
			m.step(next)
			if err := m.check(); err != nil {
				t.Fatalf("seed %d: %v after %q", seed, err, m.log)
			}
		}
	}
}
