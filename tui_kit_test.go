package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"scry/capture"
	"scry/chisels"
	"scry/filter/fields"
	"scry/tui"
)

// terminal is a real terminal: a tmux server of its own, with a shell in one window. The shell's folder and home is dir, where the captures of testdata lie.
type terminal struct {
	t      *testing.T
	dir    string
	socket string
	w, h   int
}

// terminalSetup makes the window as large as is asked for, its keys come at once, and programs may fill the clipboard.
const terminalSetup = `set -g status off
set -s escape-time 0
set -s set-clipboard on
set -g default-terminal tmux-256color
`

// newTerminal starts a terminal of w by h cells; env is more of the shell's environment.
func newTerminal(t *testing.T, w, h int, env ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, w: w, h: h}
	if x.dir, err = os.MkdirTemp("", "tui"); err != nil { // a short name, because sockets have no long ones
		t.Fatal(err)
	}
	x.socket = filepath.Join(x.dir, "tmux")
	if err := os.WriteFile(x.dir+"/tmux.conf", []byte(terminalSetup), 0o644); err != nil {
		t.Fatal(err)
	}
	captures, _ := filepath.Glob("testdata/*.scap")
	for _, c := range captures {
		abs, err := filepath.Abs(c)
		if err == nil {
			err = os.Symlink(abs, filepath.Join(x.dir, filepath.Base(c)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("tmux", "-u", "-S", x.socket, "-f", x.dir+"/tmux.conf", "new-session", "-d", "-x", strconv.Itoa(w), "-y", strconv.Itoa(h), "-c", x.dir,
		"bash", "--norc", "--noprofile")
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "NO_COLOR", "COLORTERM", "TMUX", "TMUX_PANE", "XDG_CONFIG_HOME", "SCRY_OPTIONS":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, "HOME="+x.dir, "HISTFILE=", "TZ=UTC", "LC_ALL=C.UTF-8", "PS1=$ ", "PATH="+filepath.Dir(scry)+":"+os.Getenv("PATH")), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	t.Cleanup(func() {
		exec.Command("tmux", "-S", x.socket, "kill-server").Run()
		os.RemoveAll(x.dir)
	})
	x.wait("$")
	return x
}

// tmux gives the server a command.
func (x *terminal) tmux(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// keys presses keys, by the names that tmux has for them.
func (x *terminal) keys(names ...string) {
	x.t.Helper()
	x.tmux(append([]string{"send-keys"}, names...)...)
}

// typed types a text.
func (x *terminal) typed(text string) {
	x.t.Helper()
	x.tmux("send-keys", "-l", "--", text)
}

// enter types a line for the shell.
func (x *terminal) enter(format string, args ...any) {
	x.t.Helper()
	x.typed(fmt.Sprintf(format, args...))
	x.keys("Enter")
}

// text is what the terminal shows.
func (x *terminal) text() string {
	x.t.Helper()
	return x.tmux("capture-pane", "-p")
}

// wait waits until the terminal shows all of the texts, and none of those behind a "!".
func (x *terminal) wait(texts ...string) string {
	x.t.Helper()
	return x.until(fmt.Sprintf("has %q", texts), func(screen string) bool {
		for _, s := range texts {
			if not, ok := strings.CutPrefix(s, "!"); strings.Contains(screen, not) == ok {
				return false
			}
		}
		return true
	})
}

// patience is how long a screen may take that comes at once on a machine that does nothing else.
const patience = 20 * time.Second

// until waits until the terminal shows what ok wants.
func (x *terminal) until(what string, ok func(screen string) bool) string {
	x.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(15 * time.Millisecond) {
		s := x.text()
		if ok(s) {
			return s
		}
		if time.Now().After(end) {
			x.t.Fatalf("the screen never %s:\n%s", what, s)
		}
	}
}

// is waits until a variable of tmux has a value.
func (x *terminal) is(name, want string) {
	x.t.Helper()
	var have string
	for end := time.Now().Add(patience); ; time.Sleep(15 * time.Millisecond) {
		if have = strings.TrimSpace(x.tmux("display-message", "-p", "#{"+name+"}")); have == want {
			return
		}
		if time.Now().After(end) {
			x.t.Fatalf("%s is %q, want %q:\n%s", name, have, want, x.text())
		}
	}
}

// resize gives the terminal another size.
func (x *terminal) resize(w, h int) {
	x.t.Helper()
	x.w, x.h = w, h
	x.tmux("resize-window", "-x", strconv.Itoa(w), "-y", strconv.Itoa(h))
}

// child waits for the program that the shell runs, and returns its process id.
func (x *terminal) child(name string) int {
	x.t.Helper()
	shell := strings.TrimSpace(x.tmux("display-message", "-p", "#{pane_pid}"))
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		list, _ := os.ReadFile("/proc/" + shell + "/task/" + shell + "/children")
		for _, pid := range strings.Fields(string(list)) {
			if comm, _ := os.ReadFile("/proc/" + pid + "/comm"); strings.TrimSpace(string(comm)) == name {
				n, _ := strconv.Atoi(pid)
				return n
			}
		}
	}
	x.t.Fatalf("the shell never runs %s:\n%s", name, x.text())
	return 0
}

// terminalModes are what programs change of a terminal, and must give back.
var terminalModes = []string{"alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag", "keypad_flag", "keypad_cursor_flag", "insert_flag", "wrap_flag"}

// terminalState is how a terminal is: its modes, and what stty says of it.
type terminalState struct{ modes, stty string }

// state tells it; the shell has to be at its prompt.
func (x *terminal) state() terminalState {
	x.t.Helper()
	os.Remove(x.dir + "/stty")
	x.enter("stty -a > stty.new; mv stty.new stty")
	var b []byte
	for end := time.Now().Add(patience); len(b) == 0 && time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		b, _ = os.ReadFile(x.dir + "/stty")
	}
	if len(b) == 0 {
		x.t.Fatalf("the shell does not answer:\n%s", x.text())
	}
	x.until("has a prompt", func(screen string) bool { return strings.HasSuffix(strings.TrimRight(screen, " \n"), "$") })
	return terminalState{strings.TrimSpace(x.tmux("display-message", "-p", "#{"+strings.Join(terminalModes, "} #{")+"}")), string(b)}
}

// same checks that a program left the terminal as it was.
func (x *terminal) same(before terminalState) {
	x.t.Helper()
	x.is("alternate_on", "0")
	if now := x.state(); now != before {
		x.t.Errorf("the terminal was %q and is %q:\n%s", before, now, x.text())
	}
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(15 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happens that %s", what)
		}
	}
}

// step is something that the user does, and what the screen shows then.
type step struct {
	keys string   // as tmux calls them, with blanks between; "'" before a text that is typed
	want []string // on every screen; "!" before what is not there
	wide []string // on those of 80 columns and more
}

// do goes a way.
func (x *terminal) do(steps []step) {
	x.t.Helper()
	for _, s := range steps {
		if text, ok := strings.CutPrefix(s.keys, "'"); ok {
			x.typed(text)
		} else if s.keys != "" {
			x.keys(strings.Fields(s.keys)...)
		}
		want := s.want
		if x.w >= 80 {
			want = append(want[:len(want):len(want)], s.wide...)
		}
		x.wait(want...)
	}
}

// panicMain is the interface with a bug: $PANICS says in which goroutine.
func panicMain() {
	o := tui.Options{View: "procs", Sort: -1, Read: []string{"hello.scap"}, Fields: &fields.Options{}, Catalog: chisels.NewCatalog(nil), Interval: time.Second}
	o.Env.Options = o.Fields
	if os.Getenv("PANICS") == "engine" {
		o.Read = nil
		o.Attach = func(capture.Demand, time.Duration) (tui.Source, error) { panic("made up") }
	} else {
		s, err := tcell.NewScreen()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		o.Screen = &brittleScreen{Screen: s}
	}
	if err := tui.Run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// brittleScreen breaks when it is shown for the second time.
type brittleScreen struct {
	tcell.Screen
	shown int
}

func (s *brittleScreen) Show() {
	if s.shown++; s.shown == 2 {
		panic("made up")
	}
	s.Screen.Show()
}
