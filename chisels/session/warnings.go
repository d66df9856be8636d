package session

import "sync"

// warnings are what others say while events are shown: at once, or when the screen that is drawn is over.
type warnings struct {
	mu    sync.Mutex
	held  bool
	lines []string
	more  int // that found no room
}

const maxWarnings = 100 // that wait

// tell takes a line. Any goroutine may call it.
func (w *warnings) tell(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.held:
		Note("%s", line)
	case len(w.lines) < maxWarnings:
		w.lines = append(w.lines, line)
	default:
		w.more++
	}
}

// hold keeps the lines until release.
func (w *warnings) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
}

// count is how many lines wait.
func (w *warnings) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.lines) + w.more
}

// release tells what has waited, and whatever comes from now on at once.
func (w *warnings) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.lines {
		Note("%s", line)
	}
	if w.more > 0 {
		Note("%d further warnings", w.more)
	}
	w.held, w.lines, w.more = false, nil, 0
}
