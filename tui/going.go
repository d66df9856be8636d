package tui

import (
	"sync/atomic"

	"scry/capture"
	"scry/chisels"
)

// feed is the chisel of a pane that goes on, live, with what it has.
type feed interface {
	comparable
	chisels.Chisel
	filtered() string // the filter that it was made for, as text
	needs() capture.Demand
	take(ts uint64, ended bool) any
}

// going is the feed of a pane. While a filter is typed and tried, live, the one of before goes on as well: nothing is lost when the filter is given up.
type going[F feed] struct {
	feed, before F // before: while filters are tried
	trying       atomic.Bool
}

// try says whether filters are tried. It is for the goroutine of the screen, before it asks for the sinks.
func (g *going[F]) try(yes bool) { g.trying.Store(yes) }

// of makes the feed one that is for a filter: that at hand, that of before, or one that fresh makes. fresh gets the feed with the events that there are, or nil.
func (g *going[F]) of(filter string, live bool, fresh func(old F) (F, error)) error {
	var none F
	switch {
	case live && g.feed != none && g.feed.filtered() == filter:
	case live && g.before != none && g.before.filtered() == filter:
		g.feed = g.before
	default:
		old := g.before
		if old == none {
			old = g.feed
		}
		if !live {
			old = none
		}
		f, err := fresh(old)
		if err != nil {
			return err
		}
		g.feed = f
		if g.before == none && g.trying.Load() {
			g.before = old
		}
	}
	if !g.trying.Load() {
		g.before = none
	}
	return nil
}

// sinks feeds them.
func (g *going[F]) sinks() []sink {
	var none F
	if g.feed == none {
		return nil // there was an error
	}
	list := []sink{{chisel: g.feed, demand: g.feed.needs(), take: g.feed.take}}
	if g.before != none && g.before != g.feed {
		list = append(list, sink{chisel: g.before, demand: g.before.needs(), take: g.before.take})
	}
	return list
}
