package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// able can do everything.
func able() Machine {
	return Machine{System: "linux", Release: "6.12.1", BTF: true, Caps: ^Caps(0), CPUs: 2, Memory: 4 << 30}
}

func TestReadMachine(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/sys/kernel/osrelease":                 "5.10.0-27-amd64\n",
		"proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
		"proc/meminfo":                              "MemTotal:        8048576 kB\nMemFree: 1 kB\n",
		"proc/self/uid_map":                         "         0     100000      65536\n",
		"sys/devices/system/cpu/possible":           "0-3,6,8-9\n",
		"sys/kernel/security/lockdown":              "none [integrity] confidentiality\n",
		btfFile:                                     "",
	} {
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want := Machine{System: "linux", Release: "5.10.0-27-amd64", BTF: true, Lockdown: "integrity", Nested: true, CPUs: 7, Memory: 8048576 << 10, Bounded: true,
		UnprivilegedBPF: "2"}
	have := readMachine(root)
	if have.System = "linux"; !reflect.DeepEqual(have, want) {
		t.Errorf("%+v\nwant %+v", have, want)
	}
	if m := readMachine(t.TempDir()); m.CPUs != 1 || m.Nested || m.BTF || m.Bounded {
		t.Errorf("of nothing: %+v", m)
	}
}

// Each case is something that a machine lacks, and a piece of the error.
func TestMachineCheck(t *testing.T) {
	for want, lack := range map[string]func(*Machine){
		"":                            func(*Machine) {},
		"needs Linux;":                func(m *Machine) { m.System = "darwin" },
		"5.8 or newer, this is 5.4.0": func(m *Machine) { m.Release = "5.4.0" },
		"no /sys/kernel/btf":          func(m *Machine) { m.BTF = false },
		"locked down":                 func(m *Machine) { m.Lockdown = "confidentiality" },
		"in a user namespace":         func(m *Machine) { m.Nested = true },
		"missing: CAP_PERFMON\n":      func(m *Machine) { m.Caps = 1<<capBPF | 1<<capSysPtrace },
		"missing: CAP_BPF\n":          func(m *Machine) { m.Caps = 1 << capPerfmon },
		"once:       sudo ":           func(m *Machine) { m.Caps = 0 },
		"for good:   sudo setcap cap_dac_read_search,cap_sys_ptrace,cap_perfmon,cap_bpf+ep ": func(m *Machine) { m.Caps = 0 },
		" -p '%evt.num a'\n": func(m *Machine) { m.Caps = 0 },
	} {
		m := able()
		lack(&m)
		err := m.Check([]string{"scry", "-p", "%evt.num a"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for name, caps := range map[string]Caps{"both": needed, "CAP_SYS_ADMIN": 1 << capSysAdmin} {
		m := able()
		if m.Caps = caps; m.Check(nil) != nil || m.Note() == "" {
			t.Errorf("%s: %v, note %q", name, m.Check(nil), m.Note())
		}
	}
	if m := able(); m.Note() != "" {
		t.Error(m.Note())
	}
}

func TestExamine(t *testing.T) {
	root, err := os.MkdirTemp("", "scry") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.MkdirAll(filepath.Join(root, "run/podman"), 0o755); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", filepath.Join(root, "run/podman/podman.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"Version":"4.3.1","Components":[{"Name":"Podman Engine"}]}`)
	})}
	go server.Serve(sock)
	defer server.Close()
	stale := func() {
		l, err := net.Listen("unix", filepath.Join(root, "run/docker.sock"))
		if err == nil {
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			err = errors.Join(l.Close(), os.MkdirAll(filepath.Join(root, "var"), 0o755), os.Symlink("../run", filepath.Join(root, "var/run")))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m := able()
	for _, c := range []struct {
		name string
		lack func()
		load func() error
		ok   bool
		want string
	}{
		{"all", func() {}, func() error { return nil }, true, "ok    test program               loaded"},
		{"engines", func() {}, nil, true, "ok    container engines          podman 4.3.1 (/run/podman/podman.sock)\n"},
		{"dead engine", stale, nil, true, "note  container engines          docker (/run/docker.sock): nobody listens there, podman 4.3.1 (/run/podman/podman.sock)\n"},
		{"rings", func() {}, nil, true, "ok    rings                      8 MiB for each of 2 CPUs: 16 MiB"},
		{"load", func() {}, func() error { return errors.New("no room") }, false, "bad   test program               no room"},
		{"verdict", func() {}, func() error { return errors.New("no room") }, false, "no live capture: no room\n"},
		{"many", func() { m.CPUs = 256 }, nil, true, "note  rings                      8 MiB for each of 256 CPUs: 2 GiB"},
		{"old", func() { m.Release, m.Bounded = "5.10.0", true }, nil, true, "ulimit -l unlimited"},
		{"missing", func() { m.Missing = []string{"page faults: no"} }, func() error { return nil }, true, "note  missing                    page faults: no"},
		{"BTF", func() { m.BTF = false }, nil, false, "bad   BTF                        none"},
		{"namespace", func() { m.Nested = true }, nil, false, "bad   user namespace             not the machine's own"},
		{"other system", func() { m.System, m.Release = "darwin", "" }, nil, false, "bad   kernel                     darwin"},
	} {
		m = able()
		c.lack()
		found := m.Examine(root, c.load)
		var text, doc bytes.Buffer
		if err := errors.Join(found.Write(&text, false), found.Write(&doc, true)); err != nil {
			t.Fatal(err)
		}
		if found.OK != c.ok || !strings.Contains(text.String(), c.want) {
			t.Errorf("%s: %v\n%s", c.name, found.OK, text.String())
		}
		var back Checkup
		if err := json.Unmarshal(doc.Bytes(), &back); err != nil || back.OK != c.ok || len(back.Checks) != len(found.Checks) {
			t.Errorf("%s: %v %+v", c.name, err, back)
		}
	}
}

func TestQuote(t *testing.T) {
	for w, want := range map[string]string{"": "''", "-w": "-w", "a b": "'a b'", "it's": `'it'\''s'`, "%fd.name": "%fd.name", "$x": "'$x'", "a<b": "'a<b'"} {
		if have := Quote(w); have != want {
			t.Errorf("%s: %s", w, have)
		}
	}
}

func TestWhy(t *testing.T) {
	for want, reasons := range map[string][]Loss{
		"":                         nil,
		"ring full":                {{"ring full", 9}},
		"90 ring full, 2 nested":   {{"nested", 2}, {"ring full", 90}},
		"3 ring full, 3 too early": {{"ring full", 3}, {"too early", 3}},
	} {
		s := LiveStats{Reasons: reasons}
		if have := s.Why(); have != want {
			t.Errorf("%s, want %s", have, want)
		}
	}
}

func TestUnable(t *testing.T) {
	for want, err := range map[string]error{
		"attach: permission denied: something forbids BPF here": fmt.Errorf("attach: %w", os.ErrPermission),
		"no room; scry doctor tells more":                       errors.New("no room"),
		"x: command not found":                                  &CommandError{"x", os.ErrNotExist},
		"too old":                                               &UnableError{"too old"},
	} {
		have := Unable(err)
		if !strings.HasPrefix(have.Error(), want) {
			t.Errorf("%v, want %s", have, want)
		}
	}
}

func TestFindCommand(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"sh": 0, "nosuchcommand": 127, plain: 126, "/no/such": 127, "": 127, "a=b": 127} {
		_, err := FindCommand(name)
		code := 0
		if e, ok := errors.AsType[*CommandError](err); ok {
			code = e.Code()
		}
		if code != want || (err == nil) != (want == 0) {
			t.Errorf("%s: %v, code %d, want %d", name, err, code, want)
		}
	}
}
