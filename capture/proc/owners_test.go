//go:build linux

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"scry/capture/event"
)

// jail is a directory like /proc with process 7, whose root is a new directory that fill has filled, and its maps.
func jail(t *testing.T, uidMap, gidMap string, fill func(dir string)) (procs string) {
	t.Helper()
	procs, dir := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Mkdir(dir+"/etc", 0o755), os.Mkdir(procs+"/7", 0o755), os.Symlink(dir, procs+"/7/root")); err != nil {
		t.Fatal(err)
	}
	place(t, procs, "7/uid_map", uidMap)
	place(t, procs, "7/gid_map", gidMap)
	fill(dir)
	return procs
}

const wholeMap = "         0          0 4294967295\n"

func place(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shown is a list of owners, in order.
func shown(o *Owners) string {
	var b strings.Builder
	for _, u := range o.Users {
		fmt.Fprintf(&b, "%d:%d:%s:%s:%s ", u.UID, u.GID, u.Name, u.Home, u.Shell)
	}
	for _, g := range o.Groups {
		fmt.Fprintf(&b, "%d:%s ", g.GID, g.Name)
	}
	return b.String()
}

// TestContainerOwners: the files that a process sees, whatever they are.
func TestContainerOwners(t *testing.T) {
	const passwd, group = "root:x:0:0:root:/root:/bin/sh\nbroken\nnginx:x:101:102::/var:/bin/false\ntwin:x:101:1::/:\n", "root:x:0:\nnginx:x:102:a,b\n"
	for name, c := range map[string]struct {
		fill func(t *testing.T, dir string)
		want string
	}{
		"files": {func(t *testing.T, dir string) {
			place(t, dir, "etc/passwd", passwd)
			place(t, dir, "etc/group", group)
		}, "0:0:root:/root:/bin/sh 101:102:nginx:/var:/bin/false 0:root 102:nginx "},
		"none": {func(*testing.T, string) {}, ""},
		"links stay inside": {func(t *testing.T, dir string) {
			place(t, dir, "real", passwd)
			if err := errors.Join(os.Symlink("/real", dir+"/etc/passwd"), os.Symlink("../../../../etc/group", dir+"/etc/group")); err != nil {
				t.Fatal(err)
			}
		}, "0:0:root:/root:/bin/sh 101:102:nginx:/var:/bin/false "},
		"no files": {func(t *testing.T, dir string) {
			if err := errors.Join(unix.Mkfifo(dir+"/etc/passwd", 0o644), os.Mkdir(dir+"/etc/group", 0o755)); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := ContainerOwners(jail(t, wholeMap, wholeMap, func(dir string) { c.fill(t, dir) }), 7, 0)
			if err != nil || shown(o) != c.want {
				t.Errorf("%v, %q, want %q", err, shown(o), c.want)
			}
		})
	}
}

// TestContainerOwnersBounded: many users, long names and endless files cost a bounded room; the user that is asked for is told nevertheless.
func TestContainerOwnersBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "u%d:x:%d:%d::%s:\n", i, i, i, strings.Repeat("h", i%500))
	}
	procs := jail(t, wholeMap, wholeMap, func(dir string) {
		place(t, dir, "etc/passwd", b.String())
		place(t, dir, "etc/group", strings.Repeat("x", 1<<20)+"\n")
	})
	o, err := ContainerOwners(procs, 7, 900)
	if err != nil || len(o.Users) != maxOwners+1 || o.Users[maxOwners].Name != "u900" || len(o.Groups) != 0 {
		t.Fatalf("%v, %d users, %d groups", err, len(o.Users), len(o.Groups))
	}
	for _, u := range o.Users {
		if len(u.Home) > maxOwnerText {
			t.Errorf("%s: %d bytes", u.Name, len(u.Home))
		}
	}
}

// TestContainerOwnersMapped: in a user namespace the numbers are those that events have.
func TestContainerOwnersMapped(t *testing.T) {
	procs := jail(t, "0 1000 1\n1 100000 65536\n", "0 1000 1\n", func(dir string) {
		place(t, dir, "etc/passwd", "root:x:0:0::/root:\nnginx:x:101:101::/:\nlost:x:70000:1::/:\n")
		place(t, dir, "etc/group", "root:x:0:\nnginx:x:101:\n")
	})
	const want = "1000:0:root:/root: 100100:101:nginx:/: 1000:root "
	if o, err := ContainerOwners(procs, 7, event.NoID); err != nil || shown(o) != want {
		t.Errorf("%v, %q, want %q", err, shown(o), want)
	}
}

// TestContainerOwnersNone: a process with the machine's own root directory, and one that is gone.
func TestContainerOwnersNone(t *testing.T) {
	if _, err := ContainerOwners("", os.Getpid(), 0); !errors.Is(err, ErrSameRoot) {
		t.Errorf("this process: %v", err)
	}
	if _, err := ContainerOwners("", 1<<30, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody: %v", err)
	}
}
