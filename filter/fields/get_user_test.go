package fields

import (
	"testing"

	"scry/capture/event"
)

// Users and groups in a container are its own when it has told of any; the login is that of whoever was outside, if the container has it from there.
func TestContainerUserFields(t *testing.T) {
	host := &event.Host{Users: map[uint32]*event.User{0: {Name: "root", Home: "/root"}, 101: {UID: 101, Name: "resolve", Home: "/run"}, 1000: {UID: 1000, Name: "ann"}},
		Groups: map[uint32]*event.Group{101: {GID: 101, Name: "resolvers"}}}
	own := &event.Container{ID: "a", Users: map[uint32]*event.User{101: {UID: 101, Name: "nginx", Home: "/var", Shell: "/bin/no"}, 1000: {UID: 1000, Name: "guest"}},
		Groups: map[uint32]*event.Group{101: {GID: 101, Name: "web"}}}
	unknown := &event.Container{ID: "b"}
	thread := func(c *event.Container, uid, login uint32, parent *event.Thread) *event.Thread {
		return &event.Thread{Container: c, UID: uid, GID: uid, LoginUID: login, Parent: parent}
	}
	shell := thread(nil, 1000, 1000, nil)
	conmon := thread(nil, 0, 1000, shell)
	init := thread(own, 0, event.NoID, thread(nil, 0, event.NoID, nil))
	for name, c := range map[string]struct {
		th   *event.Thread
		want string
	}{
		"host":                     {thread(nil, 101, 1000, nil), "resolve /run  resolvers ann"},
		"own":                      {thread(own, 101, event.NoID, init), "nginx /var /bin/no web <NA>"},
		"not its own":              {thread(own, 7, event.NoID, init), "<NA> <NA> <NA> <NA> <NA>"},
		"of a login outside":       {thread(own, 101, 1000, thread(own, 0, 1000, conmon)), "nginx /var /bin/no web ann"},
		"of a login inside":        {thread(own, 101, 1000, thread(own, 0, 1000, init)), "nginx /var /bin/no web guest"},
		"of which nothing is told": {thread(unknown, 101, 1000, nil), "resolve /run  resolvers ann"},
	} {
		f, err := ParseFormat("*%user.name %user.homedir %user.shell %group.name %user.loginname", &Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := f.Append(nil, &event.Event{Num: 1, Type: event.GetuidX, Thread: c.th, Host: host})
		if string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	// A chain of ancestors that is a ring, as a damaged file may have it, ends.
	a, b := thread(own, 1, 1000, nil), thread(own, 1, 1000, nil)
	a.Parent, b.Parent = b, a
	if got := loginIn(a); got != own {
		t.Errorf("ring: %v", got)
	}
	ev := &event.Event{Thread: thread(own, 0, 0, nil), Host: host}
	if got := string(appendUser(nil, ev, 101, &Options{})) + " " + string(appendGroup(nil, ev, 101, &Options{})); got != "nginx web" {
		t.Errorf("in arguments: %s", got)
	}
}
