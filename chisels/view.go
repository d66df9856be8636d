package chisels

import (
	"fmt"

	"scry/capture"
	"scry/capture/event"
	"scry/filter"
)

// Viewer is a chisel whose results are taken as frames by a screen, instead of being printed. It belongs to the goroutine of the loop; the frames that it gives
// never change, so they may go to another one.
type Viewer interface {
	Chisel
	// Peek is what there is of the interval so far, at ts. The interval goes on.
	Peek(ts uint64) *Frame
	// Result ends the interval at ts, gives what came of it and begins the next one. Lists, and tables that keep their rows, go on as they are.
	Result(ts uint64) *Frame
	// Demand is what it needs of the kernel.
	Demand() capture.Demand
}

// screened is a chisel as a screen has it: of its methods only those are left that print nothing, as the Loop calls what it finds.
type screened struct{ shown }

type shown interface {
	Event(ev *event.Event) (bool, error)
	Peek(ts uint64) *Frame
	Result(ts uint64) *Frame
	Demand() capture.Demand
	WantsPayload() int
}

// Finish has nothing to print.
func (screened) Finish() error { return nil }

// Open makes the chisel of a call for a screen. with are the events that a drill-down and the user's filter leave, nil for all: unlike the filter of a Loop it also
// selects among the threads and descriptors that did nothing. env needs no Out.
func (c *Call) Open(env *Env, with *filter.Filter) (Viewer, error) {
	in, err := c.instance(env)
	if err != nil {
		return nil, err
	}
	in.Where = filter.And(in.Where, with)
	switch in.Kind {
	case KindList:
		return screened{newFeedView(in)}, nil
	case KindHeat:
		return screened{newHeatView(in)}, nil
	case KindState:
		return screened{stateView{NewTable(in)}}, nil
	case KindCode:
		ch, err := makers[in.Name](in)
		if err != nil {
			return nil, err
		}
		if v, ok := ch.(shown); ok {
			return screened{v}, nil
		}
		return nil, fmt.Errorf("-c %s: %w", in.Name, errNoRows)
	}
	return screened{NewTable(in)}, nil
}

// OpenView makes a view with its defaults.
func OpenView(s *Spec, env *Env, with *filter.Filter) (Viewer, error) {
	return (&Call{Spec: s, Args: map[string]string{}}).Open(env, with)
}

// Peek is the table at ts, with the rows of those that did nothing.
func (t *Table) Peek(ts uint64) *Frame {
	t.Walk(t.Tables, ts)
	return t.Frame(ts)
}

// Result ends an interval.
func (t *Table) Result(ts uint64) *Frame {
	f := t.Peek(ts)
	t.ticked = true
	if !t.Spec.Keep {
		t.reset(ts)
	}
	return f
}

// stateView is a state on a screen: that of now, again and again.
type stateView struct{ *Table }

// Event takes nothing of an event but its time.
func (s stateView) Event(ev *event.Event) (bool, error) {
	if !event.WrittenLate.Has(ev.Type) {
		s.time(ev.TS)
	}
	return false, nil
}

// Result is the state at ts.
func (s stateView) Result(ts uint64) *Frame {
	s.reset(ts)
	return s.Peek(ts)
}
