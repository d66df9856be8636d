package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestExplainLive: a container that no engine has told of, and why its name is not there: in the last lines, and in those of JSON.
func TestExplainLive(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	root := ""
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			root = dir
		}
	}
	if root == "" {
		t.Fatal("no second version of cgroups is mounted")
	}
	id := fmt.Sprintf("%012x%s", os.Getpid(), strings.Repeat("5", 52))
	box := filepath.Join(root, "docker", id)
	if err := os.MkdirAll(box, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); os.Remove(box) != nil && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--docker-socket", "/nowhere", "--podman-socket", "/nowhere", "--cri", "/nowhere"}, "no socket: docker (/nowhere): no such socket"},
		{[]string{"--no-containers"}, "not asked: --no-containers"},
	} {
		for _, json := range []bool{false, true} {
			args := append(c.args, "--explain-na", "-p", "*%container.id %container.name", "evt.type=execve and evt.dir=< and proc.name=true")
			if json {
				args = append([]string{"-j"}, args...)
			}
			cmd := exec.Command(scry, append(args, "--", "sh", "-c", "echo $$ >"+box+"/cgroup.procs; exec true")...)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			line := id[:12] + " <NA>\n"
			if json {
				line = fmt.Sprintf(`{"container.id":%q,"container.name":null,"na":{"container.name":%q}}`+"\n", id[:12], c.want)
			}
			if out.String() != line || !strings.Contains(errs.String(), "scry: <NA> once: "+c.want+" (container.name 1)\n") {
				t.Errorf("%q: %q, %q, want %q", args, out.String(), errs.String(), line)
			}
		}
	}
}
