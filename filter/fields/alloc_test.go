package fields

import (
	"strings"
	"testing"

	"scry/capture/event"
)

// hotFields are asked for every event: by the default line, by common filters and by those of the manual.
var hotFields = []string{"evt.num", "evt.type", "evt.dir", "evt.cpu", "evt.time", "evt.res", "evt.rawres", "evt.failed", "evt.buflen", "evt.latency",
	"evt.category", "evt.args", "evt.info", "evt.arg.fd", "evt.rawarg.res", "evt.outputtime", "thread.tid", "proc.name", "proc.pid", "proc.ppid",
	"proc.pname", "proc.cmdline", "proc.exepath", "proc.aname", "proc.aname[2]", "proc.env[HOME]", "fd.num", "fd.name", "fd.type", "fd.typechar",
	"fd.cip", "fd.sport", "fd.directory", "fd.filename", "fd.l4proto", "fd.uid", "user.name", "user.uid", "group.name", "container.id",
	"container.name", "container.image", "k8s.pod.name", "syslog.message", "fdlist.names"}

// hotEvents are a read of a file, a failed send on a connection and an enter without state.
func hotEvents(t testing.TB) []*event.Event {
	read, send := family(t, event.ReadX, p64(12), []byte("hello, world"), p64(3), p32(12)), family(t, event.SendX, p64(-11), nil)
	long := &event.FD{Num: 3, Type: event.FDFileV2, Name: "/" + strings.Repeat("directory/", 20) + "file"}
	read.FD, read.FDNum = long, 3
	send.FD, send.FDNum = send.Thread.FDs.Get(6), 6
	bare := &event.Event{Num: 1, FDNum: -1}
	if err := bare.Decode(event.Append(nil, sampleTS, 1, event.CloseE, p64(3)), false); err != nil {
		t.Fatal(err)
	}
	return []*event.Event{read, send, bare}
}

// Once its scratch memory has grown, a field gives value, values and text without allocating.
func TestExtractAllocs(t *testing.T) {
	events := hotEvents(t)
	present := 0
	for _, name := range hotFields {
		f := scanned(t, name, &Options{})
		line, vals := make([]byte, 0, 4096), make([]Value, 0, 16)
		for i, ev := range events {
			for what, fn := range map[string]func(){
				"Value":  func() { f.Value(ev) },
				"Values": func() { f.Values(ev, vals[:0]) },
				"Append": func() { f.Append(line, ev) },
			} {
				fn()
				if n := testing.AllocsPerRun(50, fn); n != 0 {
					t.Errorf("%s of event %d: %s allocates %v times", name, i, what, n)
				}
			}
			if f.Value(ev).Present() {
				present++
			}
		}
	}
	if present < len(hotFields) {
		t.Errorf("only %d values in %d fields of %d events", present, len(hotFields), len(events))
	}
}

// A line of the default format is appended without allocating, whatever the event has.
func TestDefaultLineAllocs(t *testing.T) {
	format, err := ParseFormat(DefaultFormat, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 0, 4096)
	for _, ev := range hotEvents(t) {
		if out, lack := format.Append(line, ev); lack != nil || len(out) == 0 {
			t.Fatalf("%q, without %v", out, lack)
		}
		allocs(t, func() { format.Append(line, ev) })
	}
}

// BenchmarkExtract takes one value, and for the text the whole way to bytes.
func BenchmarkExtract(b *testing.B) {
	ev := hotEvents(b)[0]
	for _, name := range []string{"evt.num", "evt.type", "evt.res", "evt.time", "proc.name", "proc.cmdline", "proc.aname[2]", "fd.num", "fd.name", "fd.sport", "container.id"} {
		f := scanned(b, name, &Options{})
		line := make([]byte, 0, 4096)
		b.Run(name+"/value", func(b *testing.B) {
			for b.Loop() {
				f.Value(ev)
			}
		})
		b.Run(name+"/text", func(b *testing.B) {
			for b.Loop() {
				line, _ = f.Append(line[:0], ev)
			}
		})
	}
}
