package capture

import (
	"hash/maphash"
	"testing"

	"scry/capture/container"
	"scry/capture/event"
)

// TestNamingSee: the engines are asked about the cgroups of programs that begin and of processes that move, and about nothing else.
func TestNamingSee(t *testing.T) {
	none := []string{t.TempDir() + "/none"}
	w := container.Watch(container.Options{Docker: none, Podman: none, CRI: none, Tell: func([]byte) {}})
	defer w.Close()
	cgroups := []byte("cpu=/docker/0123456789ab0000000000000000000000000000000000000000000000000000\x00")
	id := []byte{0, 0, 0, 0}
	for _, c := range []struct {
		name string
		ev   []byte
		want int
	}{
		{"a move", event.Append(nil, 1, 7, event.AsynceventE, id, []byte(event.CgroupsProcess+"\x00"), cgroups), 1},
		{"of a thread", event.Append(nil, 1, 7, event.AsynceventE, id, []byte(event.CgroupsThread+"\x00"), cgroups), 1},
		{"another event", event.Append(nil, 1, 7, event.AsynceventE, id, []byte("container\x00"), cgroups), 0},
		{"no cgroups", event.Append(nil, 1, 7, event.AsynceventE, id, []byte(event.CgroupsProcess+"\x00"), nil), 0},
	} {
		n := &naming{watcher: w, seen: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
		var ev event.Event
		if err := ev.Decode(c.ev, false); err != nil {
			t.Fatal(err)
		}
		n.see(&ev)
		if len(n.seen) != c.want {
			t.Errorf("%s: asked about %d", c.name, len(n.seen))
		}
	}
}
