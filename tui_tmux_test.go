package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// The full-screen interface as its users have it: the binary, in a terminal, with keys that are typed.

// ways are what one does with it.
var ways = []struct {
	name, args string
	steps      []step
}{
	{"drill down from a container to a file's data", "-v containers -r hello.scap", []step{
		{"", []string{"Containers", "shop", "row 1 of 1"}, []string{"F2 Views", "none lost", "370 events", "09:30:01", "filter none (F4)"}},
		{"Enter", []string{"▸ Processes 3f2a9c41d7be shop", "905", "/usr/sbin/nginx"}, []string{"www-data", "Containers ▸"}},
		{"Enter", []string{"▸ Threads 905 ng"}, nil},
		{"Enter", []string{"▸ Files 905 nginx", "/dev/null", "/var/log/nginx/access", "total"}, nil},
		{"F5", []string{"▸ Data", "write 113B to /dev/null (nginx 905)", "[error] 905#0: open()"}, []string{"09:30:00.912450"}},
		{"F2 F2", []string{"32 30 32 34"}, nil}, // hexadecimal
		{"BSpace BSpace", []string{"▸ Threads 905 ng", "!Files 905"}, nil},
		{"[", []string{"▸ Files 905 nginx"}, nil},
		{"]", []string{"!Files 905"}, nil},
	}},
	{"filter", "-v procs -r hello.scap", []step{
		{"", []string{"Processes", "row 1 of 13"}, nil},
		{"F4", []string{"Tab completes"}, nil},
		{"'proc.nam=x", []string{"filter proc.nam=x", "no field \"proc.nam\"", "  proc.nam=x", "  ^^^^^^^^ did you mean proc.name?"}, nil},
		{"Enter", []string{"did you mean"}, nil}, // nothing happens
		{"C-u", []string{"!did you mean"}, nil},
		{"'proc.nam", []string{"proc.name"}, nil},
		{"Tab", []string{"filter proc.name"}, nil},
		{"'= cat", []string{"!filter:1"}, nil},
		{"Enter", []string{"row 1 of 1", "!row 1 of 13", "cat /etc/hosts"}, []string{"filter proc.name= cat"}},
		{"f C-u Enter", []string{"row 1 of 13"}, nil},
		{"\\", []string{"rows with"}, nil},
		{"'sshd", []string{"sshd", "!systemd"}, nil},
		{"Enter", []string{"2 of 13 rows"}, nil},
		{"Escape", []string{"row 1 of 13"}, nil},
	}},
	{"search", "-v procs -r hello.scap", []step{
		{"", []string{"row 1 of 13"}, nil},
		{"/", []string{"search"}, nil},
		{"'sshd", []string{"row 2 of 13"}, nil},
		{"Enter n", []string{"row 6 of 13"}, nil},
		{"N", []string{"row 2 of 13"}, nil},
		{"/", nil, nil},
		{"'no such thing", []string{"not found"}, nil},
		{"Escape", []string{"!not found"}, nil},
		{"g", []string{"row 1 of 13"}, nil},
	}},
	{"dig, and the detail of an event", "-v procs -r hello.scap proc.name=cat", []step{
		{"", []string{"row 1 of 1"}, nil},
		{"d", []string{"▸ Events", "ARGUMENTS", "cat (1510)"}, nil},
		{"/", []string{"search"}, nil},
		{"'127.0.0.1", nil, nil},
		{"Enter", []string{"read"}, nil},
		{"Enter", []string{"▸ Event", "parameters", "evt.arg.res", "evt.arg.data", "127.0.0.1"}, []string{"n Next"}},
		{"x Down", []string{"evt.arg.data:", "00000000  31 32 37 2e"}, []string{"127.0.0."}},
		{"Up -", []string{"!evt.arg.data", "filter"}, []string{"proc.name = cat and not evt.arg.res"}},
	}},
	{"spectrogram, and the calls of a part of it", "-v procs -r hello.scap proc.name=cat", []step{
		{"", []string{"row 1 of 1", "!row 1 of 13"}, nil},
		{"S", []string{"Spectrogram", "1ns", "1ms", " 0 calls of "}, []string{"a line is "}},
		{"Space Home" + strings.Repeat(" Left", 70), []string{"! 0 calls of", " calls of "}, nil},
		{"Enter", []string{"▸ Events", "ARGUMENTS", "cat (1510)"}, nil},
		{"BSpace", []string{" calls of ", "!ARGUMENTS"}, nil},
	}},
	{"overview", "-v overview -r hello.scap", []step{
		{"", []string{"Overview", "CPU", "Memory"}, []string{"Network", "Files"}},
		{"Tab Tab Enter", []string{"▸ System Calls", "CALLS"}, nil},
		{"BSpace", []string{"Memory", "!CALLS"}, nil},
	}},
	{"zoom into the time of a capture", "-v procs -r hello.scap", []step{
		{"", []string{"row 1 of 13"}, nil},
		{"z", []string{"from 09:30:00.100 (+0.000s)", "to "}, nil},
		{"PPage NPage NPage", []string{"!from 09:30:00.100"}, nil},
		{"Tab PPage PPage", nil, nil},
		{"Enter", []string{"Processes", "!from 09:30", "!row 1 of 13"}, nil},
		{"y", []string{"scry -r hello.scap -c procs --"}, []string{"--from 1715679000."}},
		{"Escape", []string{"!-c procs"}, nil}, // the line, or the box that it is in when it is long
		{"u", []string{"row 1 of 13"}, nil},
	}},
	{"views, legend, sort, columns, help, themes", "-v procs -r hello.scap", []step{
		{"", []string{"row 1 of 13"}, nil},
		{"F2", []string{"Views", "› "}, []string{"COLUMNS"}},
		{"'conn", []string{"› conn", "Connections"}, nil},
		{"Escape", []string{"row 1 of 13", "!› "}, nil}, // changes nothing
		{":", []string{"Go to"}, nil},
		{"'view connections", []string{"view connections"}, nil},
		{"Enter", []string{"10.0.0.2"}, nil},
		{"F7", []string{"TCP and UDP", "TIPS"}, nil},
		{"q", []string{"10.0.0.2"}, nil}, // closes the page, not the program
		{"F9", []string{"Sort by"}, nil},
		{"Escape", []string{"!Sort by"}, nil},
		{"o", []string{"Columns", "■ "}, nil},
		{"Escape", []string{"!■ "}, nil},
		{"?", []string{"KEYS"}, []string{"F9, s"}},
		{"Escape", []string{"!KEYS"}, nil},
		{"t", []string{"theme high-contrast"}, nil},
		{"t t t t t", []string{"theme default"}, nil},
	}},
}

// TestTerminalWays goes all ways at several sizes, each in another kind of terminal; the last one is in no database.
func TestTerminalWays(t *testing.T) {
	for _, c := range []struct {
		w, h int
		term string
	}{{160, 45, "tmux-256color"}, {80, 24, "screen"}, {50, 15, "xterm"}, {100, 30, "dumb-unknown"}} {
		t.Run(fmt.Sprintf("%dx%d-%s", c.w, c.h, c.term), func(t *testing.T) {
			t.Parallel()
			x := newTerminal(t, c.w, c.h, "TERM="+c.term)
			before := x.state()
			for _, way := range ways {
				x.enter("clear; TERM=%s scry tui %s", c.term, way.args)
				x.t.Log(way.name)
				x.do(way.steps)
				if lines := strings.Count(x.text(), "\n"); lines != c.h {
					t.Errorf("%s: %d lines", way.name, lines)
				}
				x.keys("q")
				x.same(before)
			}
		})
	}
}

// TestTerminalSave: what is on the screen goes into files, and events into a capture that scry reads.
func TestTerminalSave(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 120, 30)
	x.enter("scry tui -v procs -r hello.scap")
	x.wait("row 1 of 13")
	for _, c := range []struct{ file, want string }{
		{"rows.txt", `(?m)^ *905 +702 .*/usr/sbin/nginx -g daemon off;$`},
		{"rows.csv", `(?m)^2024-.*,905,702,.*/usr/sbin/nginx -g daemon off;`},
		{"rows.json", `"pid":905,"ppid":702,`},
	} {
		x.do([]step{{"W", []string{"save to"}, nil}, {"C-u", nil, nil}, {"'" + c.file, nil, nil}, {"Enter", []string{"!save to", c.file}, nil}})
		text := waitFile(t, filepath.Join(x.dir, c.file))
		if !regexp.MustCompile(c.want).MatchString(text) {
			t.Errorf("%s has no %s:\n%s", c.file, c.want, text)
		}
	}
	x.do([]step{{"W", []string{"save to"}, nil}, {"C-u", nil, nil}, {"'rows.csv", []string{"there is a file of that name"}, nil}, {"Escape", []string{"!save to"}, nil}})
	x.do([]step{{"/", nil, nil}, {"'nginx", []string{"row 4 of 13"}, nil}, {"Enter w", []string{"capture to"}, nil}, {"C-u", nil, nil}, {"'nginx.scap", nil, nil},
		{"Enter", []string{"!capture to", "nginx.scap"}, nil}})
	waitFile(t, filepath.Join(x.dir, "nginx.scap"))
	x.keys("q")
	x.is("alternate_on", "0")
	scry, _ := builtScry()
	have := engineRun(t, nil, scry, "-r", filepath.Join(x.dir, "nginx.scap"), "-p", "%evt.time %evt.type")
	want := engineRun(t, nil, scry, "-r", "testdata/hello.scap", "-p", "%evt.time %evt.type", "proc.pid=905")
	if have != want || have == "" {
		t.Errorf("the capture has\n%s\nwant\n%s", have, want)
	}
}

// waitFile waits until a file is there and has something in it.
func waitFile(t *testing.T, name string) string {
	t.Helper()
	var b []byte
	eventually(t, name+" is written", func() bool {
		b, _ = os.ReadFile(name)
		return len(b) > 0
	})
	return string(b)
}

// TestTerminalRestored: however the program ends or stops, the terminal is as it was.
func TestTerminalRestored(t *testing.T) {
	for _, c := range []struct {
		name, command string
		end           func(x *terminal)
		says          string
	}{
		{"q", "scry", func(x *terminal) { x.keys("q") }, ""},
		{"Ctrl-C", "scry", func(x *terminal) { x.keys("C-c") }, ""},
		{"in an overlay", "scry", func(x *terminal) { x.keys("F4", "C-c") }, ""},
		{"SIGTERM", "scry", func(x *terminal) { syscall.Kill(x.child("scry"), syscall.SIGTERM) }, ""},
		{"SIGHUP", "scry", func(x *terminal) { syscall.Kill(x.child("scry"), syscall.SIGHUP) }, ""},
		{"panic of the engine", "PANICS=engine scrypanic", func(*terminal) {}, "this is a bug of scry"},
		{"panic of the screen", "PANICS=screen scrypanic", func(*terminal) {}, "panic: made up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := newTerminal(t, 80, 40)
			before := x.state()
			x.enter("echo what was there; %s tui -v procs -r hello.scap; echo ended with $?", c.command)
			if c.says == "" {
				x.is("alternate_on", "1")
				x.wait("row 1 of 13")
			}
			c.end(x)
			x.wait("ended with", c.says)
			if c.says == "" {
				x.wait("what was there")
			}
			x.same(before)
		})
	}
}

// TestTerminalStops: Ctrl-Z and SIGTSTP give the terminal back until fg.
func TestTerminalStops(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 80, 24)
	before := x.state()
	x.enter("scry tui -v procs -r hello.scap")
	x.wait("row 1 of 13")
	for _, stop := range []func(){
		func() { x.keys("C-z") },
		func() { syscall.Kill(x.child("scry"), syscall.SIGTSTP) },
	} {
		stop()
		x.wait("Stopped")
		x.same(before)
		x.enter("clear; fg")
		x.wait("row 1 of 13", "none lost")
		x.is("alternate_on", "1")
		x.keys("Down", "Up", "Down")
		x.wait("row 2 of 13")
		x.keys("Up")
	}
	x.keys("q")
	x.same(before)
}

// TestTerminalColors: a theme's colours, as many as the terminal has; none with NO_COLOR and in the monochrome theme.
func TestTerminalColors(t *testing.T) {
	colored := regexp.MustCompile(`\x1b\[([0-9;]*;)?([349][0-7]|[34]8[;:][0-9;:]*)m`)
	for _, c := range []struct {
		name, env string
		has, not  string
	}{
		{"256 colours", "TERM=tmux-256color", `\x1b\[[0-9;]*48[;:]5[;:]`, `[34]8[;:]2[;:]`},
		{"true colours", "TERM=tmux-256color COLORTERM=truecolor", `\x1b\[[0-9;]*48[;:]2[;:]+`, ""},
		{"NO_COLOR", "NO_COLOR=1", `\x1b\[[0-9;]*7m`, colored.String()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := newTerminal(t, 100, 30)
			x.enter("env %s scry tui -v procs -r hello.scap", c.env)
			x.wait("row 1 of 13")
			screen := x.tmux("capture-pane", "-p", "-e")
			if !regexp.MustCompile(c.has).MatchString(screen) {
				t.Errorf("no %s in %q", c.has, screen)
			}
			if c.not != "" && regexp.MustCompile(c.not).MatchString(screen) {
				t.Errorf("%s in %q", c.not, screen)
			}
			if c.name != "NO_COLOR" && !colored.MatchString(screen) {
				t.Errorf("no colours in %q", screen)
			}
		})
	}
}

// TestTerminalDamaged: of a capture that is cut off everything before the cut is shown, and that it is.
func TestTerminalDamaged(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 120, 30)
	b, err := os.ReadFile("testdata/hello.scap")
	if err == nil {
		err = os.WriteFile(filepath.Join(x.dir, "cut.scap"), b[:len(b)*3/4-5], 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	x.enter("scry tui -v procs -r cut.scap")
	x.wait("damaged", "cut.scap", "row 1 of", "/usr/sbin/nginx", "byte")
	x.do([]step{{"d", []string{"▸ Events", "damaged"}, nil}, {"q", nil, nil}})
	x.is("alternate_on", "0")
}

// TestTerminalLarge: captures of gigabytes show something at once, go on in view, take keys and sizes meanwhile, and end when the user has enough.
func TestTerminalLarge(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 160, 45)
	b, err := os.ReadFile("testdata/hello.scap")
	if err != nil {
		t.Fatal(err)
	}
	big, err := os.Create(filepath.Join(x.dir, "big.scap"))
	if err != nil {
		t.Fatal(err)
	}
	for size := 0; size < 60<<20; size += len(b) {
		if _, err := big.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	big.Close()
	x.enter("scry tui -v files $(printf -- '-r big.scap %%.0s' {1..200})")
	x.wait("partial", "%", "left)", "big.scap and 199 more", "libc.so.6")
	x.keys("F4")
	for _, c := range []string{"proc", ".na", "me ", "exists"} {
		x.typed(c)
	}
	x.wait("filter proc.name exists")
	x.keys("Enter")
	x.wait("partial", "filter proc.name exists", "libc.so.6")
	for _, s := range [][2]int{{50, 15}, {80, 24}, {200, 50}, {100, 30}} {
		x.resize(s[0], s[1])
		x.until("has its lines", func(screen string) bool {
			lines := strings.Split(screen, "\n")
			return len(lines) == s[1]+1 && strings.HasPrefix(lines[0], " scry big.scap") && strings.HasPrefix(lines[s[1]-1], " Enter Open")
		})
	}
	x.wait("partial")
	x.keys("Escape")
	x.wait("partial: ", "libc.so.6", "!left)")
	x.do([]step{{"Down", []string{"row 2 of"}, nil}, {"q", nil, nil}})
	x.is("alternate_on", "0")
}

// TestTerminalErrors: what is wrong with the command line is told in lines, before the screen is touched.
func TestTerminalErrors(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 100, 40)
	for _, c := range []struct{ command, args, says string }{
		{"setsid -w scry", "-r hello.scap", "the full-screen interface needs a terminal"},
		{"scry", "-r hello.scap proc.nam=x", "did you mean proc.name?"},
		{"scry", "-r hello.scap -v contaners", "containers"},
		{"scry", "-r none.scap", "no such file"},
	} {
		x.enter("clear; %s tui %s; echo ended with $?", c.command, c.args)
		screen := x.wait("ended with ", c.says)
		if strings.Contains(screen, "ended with 0") {
			t.Errorf("%s is no error:\n%s", c.args, screen)
		}
		if x.is("alternate_on", "0"); strings.Contains(screen, "panic") {
			t.Errorf("%s:\n%s", c.args, screen)
		}
	}
}

// TestTerminalClipboard: the command line that prints what is shown goes to the terminal's clipboard, and prints it.
func TestTerminalClipboard(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, 100, 30)
	x.enter("scry tui -v files -r hello.scap 'proc.name in (nginx, cat)'")
	x.wait("row 1 of ")
	x.keys("y")
	x.wait("copied:")
	want := "scry -r hello.scap -c files 'proc.name in (nginx, cat)'"
	eventually(t, "the clipboard is filled", func() bool { return x.tmux("list-buffers") != "" })
	if have := x.tmux("show-buffer"); have != want {
		t.Errorf("copied %q, want %q", have, want)
	}
	x.keys("q")
	x.is("alternate_on", "0")
	x.enter("clear; %s", want)
	x.wait("/var/log/nginx/access.log", "/etc/hosts", "!passwd")
}

// TestTerminalDemo: `make demo` shows what it says.
func TestTerminalDemo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	if out := engineRun(t, []string{"SCRY=" + scry}, "testdata/demo/demo.sh", "--check"); out != "all screens came" {
		t.Error(out)
	}
}
