package event

import "encoding/binary"

// Events that no program makes: the recorder puts them into the stream, so that a file knows what it knew.

// Names of the asynchronous event that tells of a move to another cgroup. Its thread is the one that was moved, with the whole process or alone; its data are
// all cgroups that it is in now, like the parameter cgroups of execve. docs/decisions/007-cgroup-moves.md says why it is this event.
const (
	CgroupsProcess = "cgroups"
	CgroupsThread  = "cgroups.thread"
)

// AppendUser appends the record of a user of a container.
func AppendUser(dst []byte, ts uint64, u *User, container string) []byte {
	var uid, gid [4]byte
	binary.LittleEndian.PutUint32(uid[:], u.UID)
	binary.LittleEndian.PutUint32(gid[:], u.GID)
	return Append(dst, ts, -1, UserAddedE, uid[:], gid[:], text(u.Name), text(u.Home), text(u.Shell), text(container))
}

// AppendGroup appends the record of a group of a container.
func AppendGroup(dst []byte, ts uint64, g *Group, container string) []byte {
	var gid [4]byte
	binary.LittleEndian.PutUint32(gid[:], g.GID)
	return Append(dst, ts, -1, GroupAddedE, gid[:], text(g.Name), text(container))
}

// text is s as a parameter.
func text(s string) []byte { return append([]byte(s), 0) }
