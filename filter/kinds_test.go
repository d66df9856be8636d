package filter

import (
	"slices"
	"strings"
	"testing"

	"scry/capture/event"
)

// TestTypes: the event types that a filter can match. want is a list of NAME> and NAME<, "all", or a number of types.
func TestTypes(t *testing.T) {
	for _, c := range []struct{ filter, want string }{
		{"evt.type=close", "close> close<"},
		{"evt.type=close and evt.dir=<", "close<"},
		{"evt.type in (close, chdir) and evt.dir=>", "close> chdir>"},
		{"evt.type=close or evt.type=chdir and evt.dir=>", "close> close< chdir>"},
		{"evt.type=close and evt.type=chdir", ""},
		{"evt.type=close and proc.name=x", "close> close<"},
		{"evt.type=close or proc.name=x", "all"},
		{"not evt.type=close and evt.type in (close, chdir)", "chdir> chdir<"},
		{"not (evt.type=close and proc.name=x)", "all"},
		{"not proc.name=x and evt.type=close", "close> close<"},
		{"not evt.type!=close", "close> close<"},
		{"evt.type startswith chd", "chdir> chdir<"},
		{"not not evt.type=close and not evt.dir=>", "close<"},
		{"evt.type.is.close=1 and evt.dir=>", "close>"},
		{"evt.type.is.close=0 and evt.type in (chdir, close)", "chdir> chdir<"},
		{"evt.rawarg.how=1", "shutdown> shutdown<"},
		{"evt.arg.how!=1", "shutdown> shutdown<"},
		{"not evt.arg.how!=1", "all"},
		{"fd.types in (file)", "all"},
		{"evt.type=kexec_load", "syscall> syscall<"},
		{"evt.type=accept and evt.dir=<", "accept< accept4<"},
		{"evt.deltatime>5 and evt.type=close", "all"},
		{"evt.around[1]=2 and evt.type=close", "close> close<"},
	} {
		f, err := Compile(c.filter, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		set := f.Types()
		got := typeNames(set)
		if set == event.AllTypes() {
			got = "all"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.filter, got, c.want)
		}
	}
}

// typeNames names the types of a set in order, without those of calls in generic form when there are others.
func typeNames(s event.TypeSet) string {
	var names []string
	for typ := range s.All() {
		name := typ.Schema().Name + typ.Dir().String()
		if (typ > event.GenericX || s.Len() <= 2 && s.Has(event.GenericE)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestSyscall(t *testing.T) {
	f, err := Compile("evt.type in (kexec_load, close) and evt.dir=<", nil)
	if err != nil {
		t.Fatal(err)
	}
	kexec, shut := uint16(codeOf(t, "kexec_load")), uint16(codeOf(t, "close"))
	for _, c := range []struct {
		code uint16
		dir  event.Dir
		want bool
	}{{kexec, event.Exit, true}, {kexec, event.Enter, false}, {shut, event.Exit, true}, {3, event.Exit, false}, {9999, event.Exit, false}} {
		if got := f.Syscall(c.code, c.dir); got != c.want {
			t.Errorf("%d %s: %v", c.code, c.dir, got)
		}
	}
}

// TestExact: filters that the kind decides alone keep nothing to ask.
func TestExact(t *testing.T) {
	for _, c := range []struct {
		filter string
		rest   string
	}{
		{"evt.type=read", ""},
		{"evt.type=read and evt.dir=<", ""},
		{"not (evt.type=read or evt.dir=<)", ""},
		{"evt.is_io=true", ""},
		{"evt.type=read and proc.name=x and evt.dir=<", "proc.name = x"},
		{"evt.type=read or proc.name=x", "evt.type = read or proc.name = x"},
	} {
		f, err := Compile(c.filter, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		got := ""
		if f.run != nil {
			got = string(f.run.append(nil, false))
		}
		if got != c.rest {
			t.Errorf("%s leaves %q, want %q", c.filter, got, c.rest)
		}
	}
}

func TestNeedsState(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   bool
	}{
		{"evt.type=read and evt.num>5", false},
		{"evt.rawarg.size>5 and evt.failed=true", false},
		{"evt.type=read and proc.name=x", true},
		{"evt.latency>5", true},
		{"toupper(fd.name)=X", true},
	} {
		f, err := Compile(c.filter, nil)
		if err != nil {
			t.Error(err)
		} else if f.NeedsState() != c.want {
			t.Errorf("%s: NeedsState is %v", c.filter, !c.want)
		}
	}
}
