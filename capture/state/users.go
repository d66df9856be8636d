package state

import (
	"cmp"
	"slices"

	"scry/capture/event"
)

// Users and groups are the machine's or a container's: number 1000 in a container is whom its own files say, not whom the machine's do. A container
// that nobody has listed users of has none of its own.

const (
	maxOwnUsers = 4096    // users, and groups, of one container
	sweepUsers  = 1 << 16 // users and groups of all containers at which those without threads go
)

// onUser takes a user that was added or removed.
func onUser(t *Tables, ev *event.Event, _ *thread) {
	users, room := t.host.Users, maxUsers
	if id := ev.Text(5); id != "" {
		users, room = t.listed(id).Users, t.ownRoom()
	}
	uid := uint32Of(ev, 0)
	if ev.Type == event.UserDeletedE {
		delete(users, uid)
		return
	}
	if _, ok := users[uid]; !ok && len(users) >= room {
		return
	}
	users[uid] = &event.User{UID: uid, GID: uint32Of(ev, 1), Name: t.text(ev.Param(2)), Home: t.text(ev.Param(3)), Shell: t.text(ev.Param(4))}
}

// onGroup takes a group that was added or removed.
func onGroup(t *Tables, ev *event.Event, _ *thread) {
	groups, room := t.host.Groups, maxUsers
	if id := ev.Text(2); id != "" {
		groups, room = t.listed(id).Groups, t.ownRoom()
	}
	gid := uint32Of(ev, 0)
	if ev.Type == event.GroupDeletedE {
		delete(groups, gid)
		return
	}
	if _, ok := groups[gid]; !ok && len(groups) >= room {
		return
	}
	groups[gid] = &event.Group{GID: gid, Name: t.text(ev.Param(1))}
}

// listed is the record of a container that has users and groups of its own, and counts one more of them.
func (t *Tables) listed(id string) *event.Container {
	if t.ownUsers >= t.sweepOwn {
		t.sweepOwnUsers()
	}
	t.ownUsers++
	c := t.record(id)
	if c.Users == nil {
		c.Users, c.Groups = map[uint32]*event.User{}, map[uint32]*event.Group{}
	}
	return c
}

// ownRoom is how many users, or groups, a container may have.
func (t *Tables) ownRoom() int {
	if t.ownUsers >= maxUsers {
		return 0
	}
	return maxOwnUsers
}

// sweepOwnUsers forgets the users and groups of containers without threads, and counts those that are left.
func (t *Tables) sweepOwnUsers() {
	used := t.used()
	t.ownUsers = 0
	for _, c := range t.containers {
		if !used[c] {
			c.Users, c.Groups = nil, nil
		}
		t.ownUsers += len(c.Users) + len(c.Groups)
	}
	t.sweepOwn = max(sweepUsers, 2*t.ownUsers)
}

// userEvents gives emit the users and groups of the containers, as the events with the time ts that tell of them.
func (t *Tables) userEvents(ts uint64, emit func([]byte) error) error {
	var b []byte
	for _, c := range t.ordered(func(c *event.Container) bool { return c.Users != nil }) {
		for _, u := range sorted(c.Users) {
			b = event.AppendUser(b[:0], ts, u, c.ID)
			if err := emit(b); err != nil {
				return err
			}
		}
		for _, g := range sorted(c.Groups) {
			b = event.AppendGroup(b[:0], ts, g, c.ID)
			if err := emit(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// sorted are the values of m in the order of their numbers.
func sorted[V any](m map[uint32]V) []V {
	keys := make([]uint32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[uint32])
	out := make([]V, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}
