package state

import (
	"unsafe"

	"scry/capture/event"
)

// Texts that events bring are kept whole while there is room for all of them: an event can hold 64 kB and more for each of 262144 threads.
// Recorders cut lists at 4096 bytes, but tables show what the event has. To know what is held without a count of references, the bytes
// of new texts are added up, and after each countStep the tables are walked: what was let go since then goes from the sum.
const (
	maxText   = 1 << 16   // bytes of one text
	shortText = 256       // texts up to that are not counted; longer ones are cut to it when there is no room
	maxTexts  = 256 << 20 // bytes of all longer texts
	countStep = maxTexts / 4
)

// cut shortens a text that is too long.
func (t *Tables) cut(s string) string {
	if t.textLimit == shortText {
		t.grow(len(s)) // asked for: there may be room again
	}
	if len(s) > t.textLimit {
		t.DroppedTexts++
		s = s[:t.textLimit]
	}
	return s
}

// grow adds a text of n bytes to what the tables hold.
func (t *Tables) grow(n int) {
	if n <= shortText {
		return
	}
	if t.texts += n; t.texts >= t.countAt {
		t.countTexts()
	}
}

// countTexts finds out what is held and how long a text may be now.
func (t *Tables) countTexts() {
	sum := 0
	seen := map[*byte]bool{} // children share texts with their parents
	tables := map[*event.FDTable]bool{}
	add := func(texts ...string) {
		for _, s := range texts {
			if p := unsafe.StringData(s); len(s) > shortText && !seen[p] {
				seen[p] = true
				sum += len(s)
			}
		}
	}
	ofThread := func(th *event.Thread) {
		add(th.Comm, th.Exe, th.ExePath, th.Args, th.Env, th.Cgroups, th.Cwd, th.Root)
	}
	t.each(func(th *thread) {
		ofThread(&th.Thread)
		for p := th.Parent; p != nil && p.Dead; p = p.Parent {
			ofThread(p)
		}
		if !tables[th.FDs] {
			tables[th.FDs] = true
			for fd := range th.FDs.All() {
				add(fd.Name, fd.RawName, fd.OldName)
			}
		}
	})
	for _, u := range t.host.Users {
		add(u.Name, u.Home, u.Shell)
	}
	for _, g := range t.host.Groups {
		add(g.Name)
	}
	for _, c := range t.containers {
		add(c.Name, c.Image)
		sum += 2 * len(c.JSON) // and about as much in the fields
	}
	sum += t.kubeBytes()
	t.textLimit = maxText
	if sum >= maxTexts {
		t.textLimit = shortText
	}
	t.texts, t.countAt = sum, sum+countStep
}
