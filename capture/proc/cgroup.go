//go:build linux

package proc

import (
	"bytes"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// cgroups turns the text of /proc/PID/cgroup into that of records: "subsystem=path" for each subsystem, each ended by a NUL. Processes of
// one service have the same text, so each is made once.
type cgroups struct {
	sync.Mutex
	mount       string // of the second version, below our root directory; "" when there is none
	found       bool   // it was looked for
	texts       map[string]string
	controllers map[string][]string // of a path of the second version
}

const maxCgroups = 1 << 16

func (r *reader) cgroupText(b []byte) string {
	c := &r.w.cgroups
	c.Lock()
	defer c.Unlock()
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	if c.texts == nil || len(c.texts) >= maxCgroups {
		c.texts, c.controllers = map[string]string{}, map[string][]string{}
	}
	if !c.found {
		c.mount, c.found = r.w.cgroup2(), true
	}
	s := c.make(b)
	c.texts[string(b)] = s
	return s
}

// make reads lines "HIERARCHY:SUBSYSTEMS:PATH" (cgroups(7)). In the line of the second version, "0::PATH", there are no subsystems: see
// unified.
func (c *cgroups) make(b []byte) string {
	var out []byte
	item := func(subsystem, path []byte) {
		if len(out)+len(subsystem)+len(path)+2 <= maxArgs {
			out = append(append(append(append(out, subsystem...), '='), path...), 0)
		}
	}
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		_, rest, ok1 := bytes.Cut(line, []byte{':'})
		subsystems, path, ok2 := bytes.Cut(rest, []byte{':'})
		if !ok1 || !ok2 {
			continue
		}
		if len(subsystems) == 0 {
			c.unified(string(path), item)
			continue
		}
		for s := range bytes.SplitSeq(subsystems, []byte{','}) {
			item(s, path)
		}
	}
	return string(out)
}

// unified writes an item for each controller of the second version. Where a controller is not enabled for a cgroup, the kernel counts
// its processes to the nearest ancestor for which it is, and the records of the probe have that path. A cgroup for which none is enabled gets
// an item of its own, so that it is not lost: it may be all that tells of a container.
func (c *cgroups) unified(path string, item func(subsystem, path []byte)) {
	full := path
	done := map[string]bool{}
	own := false
	for {
		for _, k := range c.enabled(path) {
			if !done[k] {
				done[k], own = true, own || path == full
				item([]byte(k), []byte(path))
			}
		}
		if path == "/" || path == "" {
			break
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		if path == "" {
			path = "/"
		}
	}
	if !own && full != "/" {
		item([]byte("unified"), []byte(full))
	}
}

// enabled returns the controllers of a cgroup.
func (c *cgroups) enabled(path string) []string {
	if c.mount == "" {
		return nil
	}
	if k, ok := c.controllers[path]; ok {
		return k
	}
	var k []string
	if fd, err := openat(unix.AT_FDCWD, c.mount+path+"/cgroup.controllers", unix.O_RDONLY); err == nil {
		var b [512]byte
		if n, err := unix.Read(fd, b[:]); err == nil {
			k = strings.Fields(string(b[:n]))
		}
		unix.Close(fd)
	}
	c.controllers[path] = k
	return k
}

// cgroup2 finds where the second version is mounted for process 1.
func (w *walk) cgroup2() (dir string) {
	root := w.path + "/1/root"
	r := reader{w: w, buf: make([]byte, 16<<10)}
	find := func(line []byte) bool {
		m := words{line}
		m.skip(4)
		point := m.next()
		if _, rest, ok := bytes.Cut(m.b, []byte(" - ")); ok && bytes.HasPrefix(rest, []byte("cgroup2 ")) {
			dir = root + unescape(point)
		}
		return dir == ""
	}
	if r.lines(w.root, "1/mountinfo", find) != nil {
		root = ""
		if r.lines(w.root, "self/mountinfo", find) != nil {
			return ""
		}
	}
	return dir
}
