package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Real container engines, each in a folder of its own: nothing of the machine's own engines is touched.

// needEngine skips the test unless these programs are there; .ci/run installs them, and takes no skip.
func needEngine(t *testing.T, programs ...string) {
	t.Helper()
	needLive(t)
	for _, p := range append(programs, "busybox") {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip(p + " is not installed")
		}
	}
}

// engineDir is a folder whose name is short enough for the sockets in it. What an engine has mounted there when it ends is unmounted.
func engineDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "eng")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(100 * time.Millisecond) { // containers that end may still mount and write
			mounts, _ := os.ReadFile("/proc/self/mounts")
			for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
				if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
					syscall.Unmount(f[1], syscall.MNT_DETACH)
				}
			}
			err := os.RemoveAll(dir)
			if err == nil {
				return
			}
			if time.Now().After(end) {
				t.Log(err)
				return
			}
		}
	})
	return dir
}

// daemon starts a program that runs until the test ends, and waits until ready succeeds.
func daemon(t *testing.T, dir string, ready func() error, env []string, argv ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
		}
	})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
		select {
		case <-done:
		default:
			if time.Now().Before(end) {
				continue
			}
		}
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("%s does not start: %v\n%s", argv[0], err, text[max(0, len(text)-2000):])
	}
}

// engineRun runs a program that has to end well.
func engineRun(t *testing.T, env []string, argv ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", argv, err, out, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// boxImage makes an image of busybox that sleeps, in the form of docker save.
func boxImage(t *testing.T, file, name string) {
	t.Helper()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	var layer, image bytes.Buffer
	put := func(w *tar.Writer, h tar.Header, body []byte) {
		h.Size = int64(len(body))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		w.Write(body)
	}
	w := tar.NewWriter(&layer)
	for _, dir := range []string{"bin/", "etc/", "proc/", "sys/", "dev/", "tmp/"} {
		put(w, tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	put(w, tar.Header{Name: "bin/busybox", Mode: 0o755}, program)
	for _, applet := range []string{"sh", "sleep", "id", "true", "cat", "touch", "httpd", "wget"} {
		put(w, tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox"}, nil)
	}
	put(w, tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	w.Close()
	config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["sleep","600"]},"rootfs":{"type":"layers","diff_ids":["sha256:%x"]}}`,
		sha256.Sum256(layer.Bytes()))
	manifest, _ := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	w = tar.NewWriter(&image)
	put(w, tar.Header{Name: "manifest.json", Mode: 0o644}, manifest)
	put(w, tar.Header{Name: "config.json", Mode: 0o644}, []byte(config))
	put(w, tar.Header{Name: "layer.tar", Mode: 0o644}, layer.Bytes())
	w.Close()
	if err := os.WriteFile(file, image.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// boxRoot is the root directory of a container with busybox in it.
func boxRoot(t *testing.T, dir string) string {
	t.Helper()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"bin", "etc", "proc", "sys", "dev", "tmp", "usr"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	program, e := os.ReadFile(box)
	err = errors.Join(err, e, os.WriteFile(dir+"/bin/busybox", program, 0o755), os.WriteFile(dir+"/etc/os-release", []byte("ID=box\n"), 0o644),
		os.WriteFile(dir+"/etc/passwd", []byte("root:x:0:0:root:/root:/bin/sh\nboxed:x:4101:4102::/srv:/bin/sh\n"), 0o644))
	for _, applet := range []string{"sh", "sleep", "id", "true", "cat"} {
		err = errors.Join(err, os.Symlink("busybox", filepath.Join(dir, "bin", applet)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// recording is scry as it records everything into a file.
type recording struct {
	t    *testing.T
	scry string
	cmd  *exec.Cmd
	file string
	errs bytes.Buffer
}

// startRecording starts scry and waits until events come.
func startRecording(t *testing.T, dir string, args ...string) *recording {
	t.Helper()
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{t: t, scry: scry, file: filepath.Join(dir, "all.scap")}
	r.cmd = exec.Command(scry, append(args, "-w", r.file, "--buffer", "64M")...)
	r.cmd.Stderr = &r.errs
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if st, err := os.Stat(r.file); err == nil && st.Size() > 1<<14 {
			return r
		}
		if time.Now().After(end) {
			t.Fatal("no events within 20 s")
		}
	}
}

// stop ends the recording.
func (r *recording) stop() {
	r.t.Helper()
	time.Sleep(100 * time.Millisecond)
	r.cmd.Process.Signal(os.Interrupt)
	if err := r.cmd.Wait(); err != nil {
		r.t.Fatalf("%v: %s", err, r.errs.String())
	}
	for line := range strings.Lines(r.errs.String()) {
		if !strings.Contains(line, " events seen, ") {
			r.t.Errorf("scry says: %s", line)
		}
	}
}

// count is how many events of the recording give each line of a format.
func (r *recording) count(format, filter string) map[string]int {
	r.t.Helper()
	out := engineRun(r.t, nil, r.scry, "-r", r.file, "-p", format, filter)
	lines := map[string]int{}
	for line := range strings.Lines(out) {
		lines[strings.TrimSpace(line)]++
	}
	return lines
}

// records are what the recording tells of containers.
func (r *recording) records() (list []map[string]any) {
	r.t.Helper()
	for line := range strings.Lines(engineRun(r.t, nil, r.scry, "-r", r.file, "-D", "-j", "-p", "%evt.arg.json", "evt.type=container")) {
		var outer map[string]string
		var doc struct{ Container map[string]any }
		err := json.Unmarshal([]byte(line), &outer)
		if err == nil {
			err = json.Unmarshal([]byte(strings.TrimRight(outer["evt.arg.json"], "\x00\n")), &doc)
		}
		if err != nil {
			r.t.Fatalf("%v in %s", err, line)
		}
		list = append(list, doc.Container)
	}
	return list
}

// record is the last of a container of that name.
func (r *recording) record(name string) (rec map[string]any) {
	r.t.Helper()
	for _, rec := range slices.Backward(r.records()) {
		if rec["name"] == name {
			return rec
		}
	}
	return nil
}

// allNamed checks that no event of a container that the engine told of is without its name. Others may run on the machine at the same time.
func (r *recording) allNamed() {
	r.t.Helper()
	var ids []string
	for _, rec := range r.records() {
		ids = append(ids, rec["id"].(string))
	}
	if none := r.count("*%container.id %proc.name %evt.type", "container.id in ("+strings.Join(ids, ",")+") and not container.name exists"); len(none) > 0 {
		r.t.Errorf("events without a name: %v", none)
	}
}

// only checks that the events of a filter all give the same line, and that there are some.
func (r *recording) only(filter, format, want string) {
	r.t.Helper()
	have := r.count("*"+format, filter)
	if len(have) != 1 || have[want] == 0 {
		r.t.Errorf("%s: %v, want only %q", filter, have, want)
	}
}

// memory is what a process has of its own in memory, in KiB.
func memory(t *testing.T, pid int) (kib int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\nRssAnon:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}
