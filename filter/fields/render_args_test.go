package fields

import (
	"testing"

	"scry/capture/event"
)

func TestArgs(t *testing.T) {
	for _, c := range []struct {
		typ    event.Type
		params [][]byte
		want   string
	}{
		{event.OpenX, [][]byte{p64(3), pz("/etc/ld.so.cache"), p32(4097), p32(0)}, "fd=3(<f>/etc/passwd) name=/etc/ld.so.cache flags=4097(O_RDONLY|O_CLOEXEC) mode=0 "},
		{event.ReadX, [][]byte{p64(832), []byte("\x7fELF\x02")}, "res=832 data=.ELF. "},
		{event.ReadX, [][]byte{p64(0), nil}, "res=0 data= "},
		{event.AcceptE, nil, ""},
		{event.GenericE, [][]byte{p16(5), p16(2)}, ""},
		{event.GenericX, [][]byte{p16(5)}, ""},
		{event.CloseX, [][]byte{p64(-9), p64(77), p64(1), p64(2)}, "res=-9(EBADF) fd=77 "}, // surplus parameters
		{9999, [][]byte{p64(1)}, ""},
	} {
		ev := sample(t, c.typ, c.params...)
		if got := string(appendArgs(nil, ev, &Options{}, false)); got != c.want {
			t.Errorf("%v: %q, want %q", c.typ, got, c.want)
		}
	}
}

func TestArgsColor(t *testing.T) {
	f := &Field{Def: &Def{Name: "evt.args"}, opts: &Options{}, color: true}
	ev := sample(t, event.ReadX, p64(-11), nil)
	out, _ := appArgs(f, ev, nil)
	if got, want := string(out), "res=\x1b[31m-11(EAGAIN)\x1b[0m data= "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := string(appendArgs(nil, ev, f.opts, false)), "res=-11(EAGAIN) data= "; got != want {
		t.Errorf("%q, want %q", got, want) // the value that filters see has no colours
	}
}

func TestArgsAllocs(t *testing.T) {
	dst := make([]byte, 0, 4096)
	o := &Options{ResolvePorts: true}
	evs := []*event.Event{
		sample(t, event.OpenX, p64(3), pz("a/../b"), p32(4097), p32(0o644), p32(0x801)),
		sample(t, event.ConnectX, p64(-115), []byte("\x02\x01\x02\x03\x04\x50\xc3\x05\x06\x07\x08\xbb\x01")),
		sample(t, event.PpollE, cat(p16(1), p64(3), p16(5)), p64(1234567890123), p32(6)),
		sample(t, event.SetsockoptX, p64(0), p64(3), p8(1), p8(2), cat(p8(4), p64(1500000000)), p32(8)),
	}
	allocs(t, func() {
		for _, ev := range evs {
			dst = appendArgs(dst[:0], ev, o, false)
		}
	})
}

func BenchmarkArgs(b *testing.B) {
	ev := sample(b, event.OpenX, p64(3), pz("/etc/ld.so.cache"), p32(4097), p32(0o644), p32(0x801))
	o := &Options{}
	var dst []byte
	for b.Loop() {
		dst = appendArgs(dst[:0], ev, o, false)
	}
}
