package fields

import "scry/capture/event"

// User and group fields. The names are the capture's own; those of a thread in a container are its container's, when it has told of any.

func getUID(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return uintValue(uint64(ev.Thread.UID))
}

// userOf returns the user with that number for a process in c, nil when the capture does not have it.
func userOf(ev *event.Event, c *event.Container, uid uint32) *event.User {
	switch {
	case c != nil && c.Users != nil:
		return c.Users[uid]
	case ev.Host == nil:
		return nil
	}
	return ev.Host.Users[uid]
}

// groupOf is userOf for groups.
func groupOf(ev *event.Event, c *event.Container, gid uint32) *event.Group {
	switch {
	case c != nil && c.Groups != nil:
		return c.Groups[gid]
	case ev.Host == nil:
		return nil
	}
	return ev.Host.Groups[gid]
}

// loginIn is where the user of a login uid is one: where the login was. A container's processes have that of whoever started them, who is outside: podman
// hands it on.
func loginIn(t *event.Thread) *event.Container {
	c := t.Container
	for p, n := t.Parent, 0; c != nil && p != nil && p.LoginUID == t.LoginUID && n < maxLogin; p, n = p.Parent, n+1 {
		c = p.Container
	}
	return c
}

const maxLogin = 64 // ancestors that are asked

func userText(get func(*event.User) string) func(*Field, *event.Event) Value {
	return func(_ *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		if u := userOf(ev, ev.Thread.Container, ev.Thread.UID); u != nil {
			return textValue(get(u))
		}
		return Value{}
	}
}

func getLoginUID(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return intValue(int64(int32(ev.Thread.LoginUID)))
}

func getLoginName(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	if u := userOf(ev, loginIn(ev.Thread), ev.Thread.LoginUID); u != nil {
		return textValue(u.Name)
	}
	return Value{}
}

func getGID(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	return uintValue(uint64(ev.Thread.GID))
}

func getGroupName(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	if g := groupOf(ev, ev.Thread.Container, ev.Thread.GID); g != nil {
		return textValue(g.Name)
	}
	return Value{}
}
