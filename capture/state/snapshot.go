package state

import (
	"cmp"
	"slices"

	"scry/capture/event"
)

// Snapshot returns the state as it is now, as the head of a capture that begins here: threads and descriptors are copies, ordered by
// number. Containers travel as events (ContainerEvents).
func (t *Tables) Snapshot() *event.Snapshot {
	s := &event.Snapshot{Interfaces: slices.Clone(t.host.Interfaces), HasInterfaces: t.host.HasInterfaces}
	m := t.host.Machine
	s.Machine = &m
	for _, u := range t.host.Users {
		s.Users = append(s.Users, *u)
	}
	slices.SortFunc(s.Users, func(a, b event.User) int { return cmp.Compare(a.UID, b.UID) })
	for _, g := range t.host.Groups {
		s.Groups = append(s.Groups, *g)
	}
	slices.SortFunc(s.Groups, func(a, b event.Group) int { return cmp.Compare(a.GID, b.GID) })
	t.each(func(th *thread) {
		if th == t.dead || th.Invalid && th.group == nil { // made up main threads hold what their threads share
			return
		}
		r := th.Thread
		r.Leader, r.Parent, r.FDs = nil, nil, nil
		s.Threads = append(s.Threads, &r)
		l := event.FDList{TID: uint64(th.TID)}
		if th.Main || th.leader == nil {
			for fd := range th.FDs.All() {
				if fd.Closing {
					continue
				}
				c := *fd
				if c.Role == event.RoleServer && !c.Type.IsListen() {
					c.Src, c.Dst = c.Dst, c.Src // files have the local side first
				}
				l.FDs = append(l.FDs, c)
			}
			slices.SortFunc(l.FDs, func(a, b event.FD) int { return cmp.Compare(a.Num, b.Num) })
		}
		s.FDs = append(s.FDs, l)
	})
	return s
}

// Containers returns the records of the containers that have a name, or of which an event told, ordered by id.
func (t *Tables) Containers() []*event.Container {
	return t.ordered(func(c *event.Container) bool { return c.HasMeta || c.Name != "" || c.JSON != "" })
}

// Pods tells whether a container is known to be of a pod of Kubernetes.
func (t *Tables) Pods() bool {
	for _, c := range t.containers {
		if c.PodUID != "" || c.Pod != nil || labelOf(c, "io.kubernetes.pod.name") != "" {
			return true
		}
	}
	return false
}

func (t *Tables) ordered(which func(*event.Container) bool) []*event.Container {
	var out []*event.Container
	for _, c := range t.containers {
		if which(c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *event.Container) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// ContainerEvents gives emit the objects of Kubernetes, the containers that have metadata, and the users and groups of containers, as the events with the
// time ts that tell of them.
func (t *Tables) ContainerEvents(ts uint64, emit func(*event.Event) error) error {
	var ev event.Event
	var b []byte
	give := func(record []byte) error {
		if err := ev.Decode(record, false); err != nil {
			return err
		}
		return emit(&ev)
	}
	if err := t.kubeEvents(ts, give); err != nil {
		return err
	}
	for _, c := range t.ordered(func(c *event.Container) bool { return c.HasMeta || c.JSON != "" }) { // the cgroups of the others tell again
		text := c.JSON
		if text == "" { // known from an event of the oldest kind
			text = containerText(c)
		}
		b = event.Append(b[:0], ts, -1, event.ContainerJsonV2E, append([]byte(text), 0))
		if err := give(b); err != nil {
			return err
		}
	}
	return t.userEvents(ts, give)
}

// Threads returns the number of threads that are known.
func (t *Tables) Threads() int { return t.n }

// Thread returns the record of a thread, nil when it is not known. It is valid until the next event.
func (t *Tables) Thread(tid int64) *event.Thread {
	if th := t.find(tid); th != nil {
		return &th.Thread
	}
	return nil
}

// Each calls f with the record of every thread, in the order of their numbers.
func (t *Tables) Each(f func(*event.Thread)) { t.each(func(th *thread) { f(&th.Thread) }) }
