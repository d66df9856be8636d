package capture

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// Interrupted sets stop and closes the channel at the first SIGINT or SIGTERM; the second one ends the program.
func Interrupted(stop *atomic.Bool) <-chan struct{} {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		<-ch
		stop.Store(true)
		close(done)
		<-ch
		os.Exit(130)
	}()
	return done
}
