package fields

import (
	"strconv"
	"strings"

	"scry/capture/event"
)

const maxTree = 256 // a longer chain of ancestors is a loop

// parent is the process that created th's: as known from its creation, even when it has exited since, else by number.
func parent(ev *event.Event, th *event.Thread) *event.Thread {
	if th == nil {
		return nil
	}
	l := leader(th)
	if l == nil {
		l = th
	}
	if l.Parent != nil {
		return l.Parent
	}
	if ev.Host == nil || ev.Host.Thread == nil || l.PTID <= 0 || l.PTID == l.TID {
		return nil
	}
	return ev.Host.Thread(l.PTID)
}

// ancestors yields the processes above ev's, nearest first.
func ancestors(ev *event.Event, yield func(*event.Thread) bool) {
	p := parent(ev, ev.Thread)
	for i := 0; p != nil && i < maxTree; i++ {
		if !yield(p) {
			return
		}
		p = parent(ev, p)
	}
}

// ancestor is the n-th process above ev's, its own main thread for 0.
func ancestor(ev *event.Event, n int) *event.Thread {
	if ev.Thread == nil {
		return nil
	}
	if n == 0 {
		return leader(ev.Thread)
	}
	var found *event.Thread
	ancestors(ev, func(p *event.Thread) bool {
		n--
		found = p
		return n > 0
	})
	if n > 0 {
		return nil
	}
	return found
}

// ofParent makes a get function of one that needs the parent process.
func ofParent(get func(*Field, *event.Thread) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		p := parent(ev, ev.Thread)
		if p == nil {
			return Value{}
		}
		return get(f, p)
	}
}

func comm(_ *Field, th *event.Thread) Value    { return textValue(th.Comm) }
func exe(_ *Field, th *event.Thread) Value     { return textValue(th.Exe) }
func exePath(_ *Field, th *event.Thread) Value { return textValue(th.ExePath) }
func pid(_ *Field, th *event.Thread) Value     { return intValue(th.PID) }
func ptid(_ *Field, th *event.Thread) Value    { return intValue(th.PTID) }

// ofAncestor makes the get function of a field with an optional index: with one the value of that ancestor, without one the values of
// all, nearest first, with blanks between them.
func ofAncestor(get func(*Field, *event.Thread) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if f.index >= 0 {
			if p := ancestor(ev, f.index); p != nil {
				return get(f, p)
			}
			return Value{}
		}
		b := f.chain[:0]
		n := 0
		ancestors(ev, func(p *event.Thread) bool {
			if n++; n > 1 {
				b = append(b, ' ')
			}
			if v := get(f, p); v.Type == Int {
				b = strconv.AppendInt(b, v.Int(), 10)
			} else {
				b = append(b, v.Str...)
			}
			return true
		})
		f.chain = b
		if n == 0 {
			return Value{}
		}
		return textValue(stringOf(b))
	}
}

// allAncestors makes the all function of the same field: one value an ancestor.
func allAncestors(get func(*Field, *event.Thread) Value) func(*Field, *event.Event, []Value) []Value {
	return func(f *Field, ev *event.Event, dst []Value) []Value {
		if f.index >= 0 {
			if p := ancestor(ev, f.index); p != nil {
				dst = append(dst, get(f, p))
			}
			return dst
		}
		f.chain = f.chain[:0]
		ancestors(ev, func(p *event.Thread) bool {
			v := get(f, p)
			if v.Type == String && len(f.buf) > 0 && stringOf(f.buf) == v.Str {
				// Made in the scratch memory, which the next ancestor's value would overwrite.
				k := len(f.chain)
				f.chain = append(f.chain, v.Str...)
				v.Str = stringOf(f.chain[k:])
			}
			dst = append(dst, v)
			return true
		})
		return dst
	}
}

func argsOf(f *Field, th *event.Thread) Value { return f.scratch(appendList(f.buf[:0], th.Args)) }

// initAenv prepares proc.aenv: no argument, the number of an ancestor, or the name of a variable.
func initAenv(f *Field) error {
	f.index = -1
	if n, err := strconv.Atoi(f.Arg); f.HasArg && err == nil && n >= 0 {
		f.index = n
	}
	return nil
}

// maxAenv is how many ancestors are searched for a variable.
const maxAenv = 20

func getAenv(f *Field, ev *event.Event) Value {
	if !f.HasArg || f.index >= 0 {
		return ofAncestor(func(f *Field, th *event.Thread) Value { return f.scratch(appendList(f.buf[:0], envOf(th))) })(f, ev)
	}
	v, n := Value{}, 0
	ancestors(ev, func(p *event.Thread) bool {
		if s, ok := lookupEnv(envOf(p), f.Arg); ok {
			v = textValue(s)
			return false
		}
		n++
		return n < maxAenv
	})
	return v
}

// getSname is the name of the session leader: the process whose pid is the session id, or when that is gone the highest ancestor of
// the same session.
func getSname(_ *Field, ev *event.Event) Value {
	th := sessionLeader(ev)
	if th == nil {
		return Value{}
	}
	return textValue(th.Comm)
}

func sessionLeader(ev *event.Event) *event.Thread {
	if ev.Thread == nil {
		return nil
	}
	if th := byNumber(ev, ev.Thread.SID); th != nil {
		return th
	}
	top := leader(ev.Thread)
	if top == nil {
		return nil
	}
	sid := top.SID
	ancestors(ev, func(p *event.Thread) bool {
		if p.SID != sid {
			return false
		}
		top = p
		return true
	})
	return top
}

func byNumber(ev *event.Event, tid int64) *event.Thread {
	if ev.Host == nil || ev.Host.Thread == nil || tid < 0 {
		return nil
	}
	return ev.Host.Thread(tid)
}

// ofNumber makes a get function of one that needs the process with the number that id takes from the thread.
func ofNumber(id func(*event.Thread) int64, get func(*Field, *event.Thread) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if ev.Thread == nil {
			return Value{}
		}
		th := byNumber(ev, id(ev.Thread))
		if th == nil {
			return Value{}
		}
		return get(f, th)
	}
}

func sidOf(th *event.Thread) int64   { return th.SID }
func pgidOf(th *event.Thread) int64  { return th.PGID }
func vpgidOf(th *event.Thread) int64 { return th.VPGID }

// getLoginShell is the pid of the highest shell above the process, itself included: a name that ends in "sh" counts.
func getLoginShell(_ *Field, ev *event.Event) Value {
	if ev.Thread == nil {
		return Value{}
	}
	l := leader(ev.Thread)
	if l == nil {
		return Value{}
	}
	found := int64(-1)
	check := func(p *event.Thread) bool {
		if strings.HasSuffix(p.Comm, "sh") {
			found = p.PID
		}
		return true
	}
	check(l)
	ancestors(ev, check)
	return notSet(found)
}
