package scap

import (
	"bytes"
	"testing"

	"scry/capture/event"
)

// TestListLimits: what is over the limits of a list is counted and not kept, in old and new lists alike.
func TestListLimits(t *testing.T) {
	entry := func(b ...byte) []byte { return append(le.AppendUint32(nil, uint32(4+len(b))), b...) }
	user := append(make([]byte, 9), 0, 0, 0, 0, 0, 0) // uid, gid, three empty texts
	group := []byte{1, 0, 0, 0, 0, 0, 0}
	address := append([]byte{3, 0, 0, 0}, make([]byte, 12)...)
	for version := uint8(1); version <= 2; version++ {
		u, g, i := user, group, address
		if version == 2 {
			u, g = entry(u...), entry(g...)
			i = append(le.AppendUint32(nil, uint32(len(i))), i...) // does not count itself
		}
		r := &Reader{snap: new(event.Snapshot)}
		err1 := r.readUsers(append(bytes.Repeat(u, maxUsers+3), bytes.Repeat(g, maxUsers+4)...), version)
		err2 := r.readInterfaces(bytes.Repeat(i, maxInterfaces+5), version)
		s := r.snap
		if err1 != nil || err2 != nil || len(s.Users) != maxUsers || len(s.Groups) != maxUsers || len(s.Interfaces) != maxInterfaces || r.info.Dropped != 12 {
			t.Errorf("version %d: %v, %v, %d users, %d groups, %d interfaces, %d dropped", version, err1, err2, len(s.Users), len(s.Groups),
				len(s.Interfaces), r.info.Dropped)
		}
	}
}
