package options

import (
	"slices"
	"strings"
	"testing"
	"time"

	"scry/capture"
	"scry/docs/manual"
)

// TestSetters proves that there is a setter for every option that does something, and for nothing else.
func TestSetters(t *testing.T) {
	for _, o := range manual.Options {
		works := o.Gone == "" && o.Group != manual.Ignored
		if (setters[o.Name] != nil) != works {
			t.Errorf("--%s: setter %v, option works %v", o.Name, setters[o.Name] != nil, works)
		}
	}
	for name := range setters {
		if manual.Lookup(name) == nil {
			t.Errorf("setter for --%s, which is no option", name)
		}
	}
}

// Each case is a command line and the filter and the command that it holds, with a bar between.
func TestParseWords(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "|",
		"-- ls -l":                      "|ls -l",
		"evt.type=open -- ls -r x":      "evt.type=open|ls -r x",
		"-q evt.type = open -- ls -- x": "evt.type = open|ls -- x",
		"-U bash -U ssh proc.pid=1":     "proc.pid=1|",
		"-B -u --modern-bpf evt.num=1":  "evt.num=1|",
		"-r f evt.num=1":                "evt.num=1|",
	} {
		c, err := Parse(strings.Fields(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if have := strings.Join(c.Filter, " ") + "|" + strings.Join(c.Command, " "); have != want {
			t.Errorf("%s: %s, want %s", line, have, want)
		}
	}
}

// Each case is a command line and a piece of what is wrong with it.
func TestParseErrors(t *testing.T) {
	for line, want := range map[string]string{
		"--":                  "-- needs a command",
		"-r f -- ls":          "either a capture is read or a command is run",
		"--from +1s":          "go with -r FILE",
		"--to +1s evt.num=1":  "go with -r FILE",
		"--buffer 5M":         "--buffer 5M: the size of a ring is a power of two: 4 MiB or 8 MiB",
		"--buffer 1M":         "a ring has from 4 MiB to 1 GiB",
		"--buffer 2G":         "a ring has from 4 MiB to 1 GiB",
		"--buffer much":       "--buffer much: not a size; write 16MiB",
		"--buffer=":           "not a size",
		"--buffer 8X":         "not a size",
		"--buffer 8":          "a ring has from",
		"--drops here":        "--drops here: end (one line",
		"--explain=no":        "takes no value",
		"-U":                  "option -U, --suppress-comm needs COMM",
		"--page-faults=maybe": "takes no value",
		"--cri tcp://x":       "--cri tcp://x: the path of a unix socket is needed",
		"--docker-socket=":    "the path of a unix socket is needed",
		"--cri-timeout 0":     "the number of milliseconds",
	} {
		if _, err := Parse(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

func TestRingSize(t *testing.T) {
	for text, want := range map[string]int{"8M": 8 << 20, "8m": 8 << 20, "16MiB": 16 << 20, "8192K": 8 << 20, "4096 KiB": 4 << 20, "1G": 1 << 30, "8388608": 8 << 20} {
		if have, err := ringSize(text); err != nil || have != want {
			t.Errorf("%s: %d, %v, want %d", text, have, err, want)
		}
	}
}

func TestLiveOptions(t *testing.T) {
	c, err := Parse(strings.Fields("-s 70000 -E --page-faults --drops stream -U a -U b --buffer 4M --cri x -B -T -D --docker-socket unix:///a --docker-socket /b --podman-socket p --cri-timeout 250 --no-containers"))
	if err != nil {
		t.Fatal(err)
	}
	if c.SnapLen != capture.MaxSnapLen || c.Fields.SnapLen != 70000 || !c.NoUsers || !c.PageFaults || !c.Drops || c.Buffer != 4<<20 || !c.Internal {
		t.Errorf("%+v", c)
	}
	if !slices.Equal(c.Exclude, []string{"a", "b"}) || len(c.LiveOnly) != 14 || len(c.Ignored) != 1 {
		t.Errorf("%q %q %q", c.Exclude, c.LiveOnly, c.Ignored)
	}
	if e := c.Engines; !slices.Equal(e.Docker, []string{"/a", "/b"}) || !slices.Equal(e.Podman, []string{"p"}) || !slices.Equal(e.CRI, []string{"x"}) ||
		e.Timeout != 250*time.Millisecond || !c.NoContainers {
		t.Errorf("%+v", c.Engines)
	}
	if c, _ := Parse(nil); c.SnapLen != capture.DefaultSnapLen || c.Buffer != capture.DefaultBuffer || !c.Live() {
		t.Errorf("%+v", c)
	}
}

func TestParseTUI(t *testing.T) {
	for _, c := range []struct {
		args string
		view string
		want []string // filter, files
		err  string
	}{
		{"-v containers", "containers", nil, ""},
		{"-vcontainers", "containers", nil, ""},
		{"–vcontainers", "containers", nil, ""}, // as web pages print it
		{"--view=procs -r a.scap proc.name=x", "procs", []string{"proc.name=x", "a.scap"}, ""},
		{"-pc -v procs -d 500 evt.type=open", "procs", []string{"evt.type=open"}, ""},
		{"pr or fd.name=x", "", []string{"pr", "or", "fd.name=x"}, ""},
		{"-r -v", "", []string{"-v"}, ""}, // the name of a file
		{"-d 50", "", nil, "from 100 to"},
		{"-v", "", nil, "-v needs a value"},
		{"-w x.scap", "", nil, "key w"},
		{"--sortingcol x", "", nil, "number of a column"},
		{"--raw -v proces", "", nil, "did you mean procs?"},
		{"--nosuch", "", nil, "unknown option"},
	} {
		cfg, tui, err := ParseTUI(strings.Fields(c.args))
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", c.args, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.args, err)
		case tui.View != c.view || !slices.Equal(append(cfg.Filter, cfg.Read...), c.want) && len(c.want) > 0:
			t.Errorf("%s: %+v %q %q", c.args, tui, cfg.Filter, cfg.Read)
		}
	}
	for arg, name := range map[string]string{"procs": "procs", "spy_users": "spy_users", "Spy Users": "spy_users"} { // a chisel has that name too
		cfg, tui, err := ParseTUI([]string{"--raw", "-v", arg, "-r", "x"})
		if err != nil || !tui.Print || len(cfg.Calls) != 1 || cfg.Calls[0].Spec.Name != name || !cfg.Calls[0].Spec.View {
			t.Errorf("--raw -v %q: %+v %v", arg, tui, err)
		}
	}
}
