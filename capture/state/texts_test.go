package state

import (
	"fmt"
	"strings"
	"testing"

	"scry/capture/event"
)

// TestTextsBounded: processes with 60 kB of arguments each. They are whole while there is room, short then, and whole again when the
// processes are gone.
func TestTextsBounded(t *testing.T) {
	w := newWorld(t, nil)
	giant := strings.Repeat("a", 60_000)
	exec := func(tid int64) int {
		w.do(tid, event.ExecveV19X, program(tid, tid, 1, map[int]any{2: list{fmt.Sprint(tid, giant)}})...)
		return len(w.thread(tid).Args)
	}
	const n = 10_000
	held, whole := 0, 0
	for i := range int64(n) {
		k := exec(1000 + i)
		held += k
		whole += btoi(k > len(giant))
	}
	if held > maxTexts+countStep+n*shortText || held < maxTexts || w.DroppedTexts != uint64(n-whole) {
		t.Errorf("%d bytes in %d processes, %d of them whole, %d dropped", held, n, whole, w.DroppedTexts)
	}
	for i := range int64(n) {
		w.do(1000+i, event.ProcexitV1E, 0)
	}
	for range 2 * countStep / len(giant) {
		exec(1)
	}
	if k := exec(1); k < len(giant) {
		t.Errorf("%d bytes when there is room again", k)
	}
}

// TestTextsShared: what children have of their parents counts once.
func TestTextsShared(t *testing.T) {
	w := newWorld(t, nil)
	args := list{strings.Repeat("a", 60_000)}
	w.do(100, event.ExecveV19X, program(100, 100, 1, map[int]any{2: args})...)
	for i := range int64(10_000) {
		p := birth{child: 1000 + i, pid: 1000 + i, ptid: 100}.inChild()
		p[2] = args
		w.do(1000+i, event.ForkV20X, p...)
	}
	if w.countTexts(); w.texts != 60_000 || w.DroppedTexts != 0 {
		t.Errorf("%d bytes, %d dropped", w.texts, w.DroppedTexts)
	}
}

// TestContainerTextsBounded: containers with a megabyte of record each; those for which there is no room keep their names.
func TestContainerTextsBounded(t *testing.T) {
	w := newWorld(t, nil)
	giant := strings.Repeat("a", 1<<20)
	const n = 180
	for i := range n {
		w.do(-1, event.ContainerJsonV2E, fmt.Sprintf(`{"container":{"id":"c%d","type":7,"name":"web","labels":{"a":"%s"}}}`, i, giant))
	}
	held, cut := 0, 0
	for _, c := range w.Containers() {
		held += 2 * len(c.JSON)
		cut += btoi(c.JSON == "")
		if c.Name != "web" || c.Type != "containerd" || (c.JSON == "") != (c.Labels == nil) {
			t.Fatalf("%s: name %q, type %q, %d labels", c.ID, c.Name, c.Type, len(c.Labels))
		}
	}
	if held > maxTexts+countStep+4<<20 || held < maxTexts || w.DroppedTexts != uint64(cut) || len(w.Containers()) != n {
		t.Errorf("%d bytes, %d without JSON, %d dropped", held, cut, w.DroppedTexts)
	}
	w.do(-1, event.ContainerE, giant[:60_000], 1, "web", "nginx")
	if w.containers[giant[:shortText]] == nil {
		t.Error("a giant id is kept")
	}
}
