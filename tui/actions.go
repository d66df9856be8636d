package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"scry/capture/event"
	"scry/chisels"
)

// pickAction offers what can be done with the selected row: of a running machine only, as the processes of a capture are not those of this machine.
func (p *tablePane) pickAction() {
	row, ok := p.selected()
	if !ok {
		return
	}
	var list []entry
	keys := map[string]int{}
	for i := range p.spec.Actions {
		act := &p.spec.Actions[i]
		if !act.Offered(p.frame, row) {
			continue
		}
		e := entry{text: act.Key + "  " + act.Title, do: func() { p.act(act, row, p.frame) }}
		if argv, err := act.Argv(p.frame, row); err == nil {
			e.note = quoted(argv)
		} else {
			e.note = err.Error()
		}
		keys[act.Key] = len(list)
		list = append(list, e)
	}
	if len(list) == 0 {
		p.app.say(false, "nothing can be done with this row")
		return
	}
	k := p.app.pick("Actions on "+p.label(row), list, 0)
	k.extra = func(name string, _ *entry) bool {
		at, ok := keys[name]
		if ok && k.typed == "" {
			p.app.shut()
			list[at].do()
		}
		return ok && k.typed == ""
	}
}

// act runs an action on a row of the frame that the user saw, once the user has agreed.
func (p *tablePane) act(act *chisels.ActionSpec, row int, f *chisels.Frame) {
	argv, err := act.Argv(f, row)
	if err == nil {
		err = reprioritize(argv)
	}
	if err == nil {
		argv[0], err = programPath(argv[0])
	}
	if err != nil {
		p.app.say(true, "%v", err)
		return
	}
	run := func() { p.app.runAction(act.Title, argv, act.TTY) }
	if act.Ask {
		p.app.confirm(fmt.Sprintf("%s: %s\n%s", act.Title, p.label(row), quoted(argv)), run)
		return
	}
	run()
}

// reprioritize puts a number where a command that ends in a process id has the word nice+N or nice-N: N more or less than that process has now. There is no option for
// that which every renice has.
func reprioritize(argv []string) error {
	for i, word := range argv {
		by, ok := strings.CutPrefix(word, "nice")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(by)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(argv[len(argv)-1])
		if err != nil {
			return err
		}
		raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid)
		if err != nil {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		argv[i] = strconv.Itoa(max(min(20-raw+n, 19), -20)) // the kernel tells 20 less it
	}
	return nil
}

// programPath finds a program; scry is this one, wherever it lies.
func programPath(name string) (string, error) {
	if name == "scry" {
		return os.Executable()
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("there is no program %s on this machine", name)
	}
	return path, err
}

// Bounds of an action whose output is shown.
const (
	maxOutput  = 1 << 20
	actionTime = 30 * time.Second
)

// runAction runs a command: with the terminal, or with its output in a page when it has ended.
func (a *app) runAction(title string, argv []string, tty bool) {
	if tty {
		var err error
		a.tv.Suspend(func() {
			fmt.Println(event.Printable(quoted(argv)) + "\nCtrl-C ends it and goes back to scry") // values of events are in it
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
			release := a.ignoreInterrupts()
			err = a.launch(cmd)
			release()
			if err != nil {
				fmt.Printf("%v; Enter goes back to scry\n", err)
				os.Stdin.Read(make([]byte, 256))
			}
		})
		a.say(err != nil, "%s: %s", title, outcome(err))
		return
	}
	a.say(false, "%s: running", title)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), actionTime)
		defer cancel()
		var out limited
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.WaitDelay = time.Second
		err := a.launch(cmd)
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped after %s", actionTime)
		}
		a.tv.QueueUpdateDraw(func() {
			a.say(err != nil, "%s: %s", title, outcome(err))
			if text := strings.TrimRight(out.String(), "\n"); text != "" && a.overlay == nil {
				a.read(title, strings.ReplaceAll(text, "\t", "    "))
			}
		})
	}()
}

// pager shows a text in the program that $PAGER names, less when it names none: it searches, and it holds more.
func (a *app) pager(text string) {
	argv := strings.Fields(os.Getenv("PAGER"))
	if len(argv) == 0 {
		argv = []string{"less"}
	}
	path, err := programPath(argv[0])
	if err == nil {
		a.tv.Suspend(func() {
			cmd := exec.Command(path, argv[1:]...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text+"\n"), os.Stdout, os.Stderr
			release := a.ignoreInterrupts()
			err = a.launch(cmd)
			release()
		})
	}
	if err != nil {
		a.say(true, "pager: %v", err)
	}
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}

// limited keeps the first bytes that are written to it.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if room := maxOutput - l.Len(); room > 0 {
		l.Buffer.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}
