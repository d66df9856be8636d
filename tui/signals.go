//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopping is how long a signal to stop may take.
const stopping = 200 * time.Millisecond

// heedSignals leaves the terminal as it was when the program is told to end or to stop.
func (a *app) heedSignals(done <-chan struct{}) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP)
	defer signal.Stop(ch)
	for {
		select {
		case <-done:
			return
		case sig := <-ch:
			switch {
			case sig == syscall.SIGTSTP:
				a.tv.QueueUpdateDraw(a.stop)
			case sig != syscall.SIGINT || !a.shielded.Load():
				a.tv.Stop()
			}
		}
	}
}

// stop gives the terminal back and stops the program, as Ctrl-Z does, until it is told to go on.
func (a *app) stop() {
	a.tv.Suspend(a.sleep)
}

// stopProcess stops this process.
func stopProcess() {
	syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	time.Sleep(stopping) // another thread may be the one that takes it
}

// ignoreInterrupts leaves interrupts to the command that has the terminal, until release is called.
func (a *app) ignoreInterrupts() (release func()) {
	a.shielded.Store(true)
	return func() { a.shielded.Store(false) }
}
