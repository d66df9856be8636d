package tui

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/chisels"
	"scry/filter/fields"
)

// chiselOutput is what a chisel prints as JSON for a capture, an object on each line.
func chiselOutput(t *testing.T, name, file string) [][]byte {
	t.Helper()
	var b bytes.Buffer
	env := &chisels.Env{Out: chisels.NewOutput(&b), Options: &fields.Options{NoCut: true}, Format: chisels.FormatJSON, Tables: state.New()}
	s, err := chisels.NewCatalog(nil).Find(name)
	if err != nil {
		t.Fatal(err)
	}
	loop := &chisels.Loop{Tables: env.Tables}
	if err := loop.Add([]*chisels.Call{{Spec: s, Args: map[string]string{}}}, env); err != nil {
		t.Fatal(err)
	}
	src, err := capture.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := loop.Run(src); err != nil {
		t.Fatal(err)
	}
	loop.Finish()
	env.Out.Close()
	return bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n"))
}

// The data are those of the chisel echo_fds, byte by byte.
func TestEchoData(t *testing.T) {
	path := testCapture(t, "web.scap")
	x := newTestApp(t, 120, 40, Options{Read: []string{path}, View: echoView})
	x.settled()
	file := filepath.Join(t.TempDir(), "data.json")
	x.save(file)
	have := bytes.Split(bytes.TrimSuffix(read(t, file), []byte("\n")), []byte("\n"))
	want := chiselOutput(t, "echo_fds", path)
	if len(have) != len(want) || len(want) < 10 {
		t.Fatalf("%d calls, not %d", len(have), len(want))
	}
	for i := range want {
		var h, w map[string]any
		if err := json.Unmarshal(have[i], &h); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want[i], &w); err != nil {
			t.Fatal(err)
		}
		data := fmt.Sprint(w["data"])
		if b, ok := w["data_b64"]; ok {
			raw, _ := base64.StdEncoding.DecodeString(fmt.Sprint(b))
			data = string(raw)
		}
		raw, _ := base64.StdEncoding.DecodeString(fmt.Sprint(h["data_b64"]))
		if string(raw) != data || h["bytes"] != w["bytes"] || h["fd"] != w["fd"] || h["direction"] != w["direction"] || h["process"] != w["process"] {
			t.Fatalf("call %d is\n%s\nnot\n%s", i, have[i], want[i])
		}
	}
}

// Other ways to show the data, without another look at the capture; and its end and beginning.
func TestEchoModes(t *testing.T) {
	x := newTestApp(t, 100, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: echoView})
	x.settled()
	x.wait(", text", "write 45B to ", "GET /index.html")
	id := 0
	x.tv.QueueUpdate(func() { id = x.id })
	x.press("x")
	x.wait(", dotted")
	x.press("F2")
	x.wait(", hex", "00000000  ")
	top := x.text()
	x.press("End")
	x.until("moved", func(s string) bool { return s != top })
	x.press("Home")
	x.until("is at the top", func(s string) bool { return s == top })
	for range 40 {
		x.press("Down")
	}
	for range 40 {
		x.press("Up")
	}
	x.until("is at the top again", func(s string) bool { return s == top })
	x.tv.QueueUpdate(func() {
		if x.id != id {
			t.Error("the capture was read again")
		}
	})
}

// One descriptor as a conversation: who asks and who answers.
func TestConversation(t *testing.T) {
	x := newTestApp(t, 120, 40, Options{Read: []string{testCapture(t, "web.scap")}, View: echoView})
	x.settled()
	x.press("\\")
	x.wait("rows with")
	x.press("get /", "Enter")
	x.wait("with \"get /\"", "GET /")
	x.press("c")
	s := x.wait("Conversation", "▶ ", " asked ", "GET /", "◀ ", " answered ", "HTTP/1")
	if strings.Index(s, "GET /") > strings.Index(s, "HTTP/1.") && strings.Index(s, "◀") < strings.Index(s, "▶") {
		t.Errorf("the answer is before the question:\n%s", s)
	}
	if !strings.Contains(s, "fd.num = ") {
		t.Errorf("the filter of the descriptor is not shown:\n%s", s)
	}
}

// Data of a call are shown in lines that fit, whatever is in them.
func TestDataLines(t *testing.T) {
	for _, c := range []struct {
		data string
		mode dataMode
		want string
	}{
		{"one\ntwo\r\n", textMode, "one|two"},
		{"a\tb", textMode, "a    b"},
		{"123456789", textMode, "12345678|9"},
		{"a\xffb", textMode, "a·b"},
		{"a\x00\nbcdefghij", dotMode, "a..bcdef|ghij"},
		{"", textMode, ""},
		{"a\u202eb", textMode, "a·b"},
		{"漢漢漢漢漢", textMode, "漢漢漢漢|漢"},
	} {
		if have := strings.Join(dataLines([]byte(c.data), c.mode, 8), "|"); have != c.want {
			t.Errorf("%q: %q, not %q", c.data, have, c.want)
		}
	}
	if have := hexRows([]byte("0123456789abcdefg"), 80); len(have) != 2 || !strings.Contains(have[0], "30 31 32 33  34 35") || !strings.HasSuffix(have[0], "0123456789abcdef") {
		t.Errorf("%q", have)
	}
}

// Memory is bounded, and what the screen has stays.
func TestEchoBounds(t *testing.T) {
	f, err := newEchoFeed(&chisels.Env{Options: &fields.Options{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.max, f.maxBytes = 100, 5000
	put := func(n int, data string) {
		var ev event.Event
		size := []byte{byte(len(data)), byte(len(data) >> 8), 0, 0, 0, 0, 0, 0}
		if err := ev.Decode(event.Append(nil, uint64(n), 7, event.ReadX, size, []byte(data)), false); err != nil {
			t.Fatal(err)
		}
		ev.Num = uint64(n)
		if _, err := f.Event(&ev); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		put(i+1, fmt.Sprint("data ", i))
	}
	old := f.take(0, false).(*echoes)
	for i := range 500 {
		put(100+i, strings.Repeat("x", 100))
	}
	if now := f.take(0, false).(*echoes); len(now.list) != 50 || now.first != 500 {
		t.Errorf("%d calls behind %d", len(now.list), now.first)
	}
	if string(old.list[49].data) != "data 49" || len(old.list) != 50 {
		t.Errorf("what the screen has was changed: %q", old.list[49].data)
	}
	put(1000, strings.Repeat("y", 3000))
	if l := f.take(0, false).(*echoes).list; len(l[len(l)-1].data) != echoPayload || l[len(l)-1].moved != 3000 {
		t.Errorf("%d bytes of %d are kept", len(l[len(l)-1].data), l[len(l)-1].moved)
	}
}

// The descriptor of an event is found by its name, whatever that is.
func TestDescriptor(t *testing.T) {
	x := newTestApp(t, 120, 30, Options{Read: []string{testCapture(t, "web.scap")}, View: digView, Filter: "evt.type=sendto and proc.name=web"})
	x.settled()
	x.press("Enter")
	x.wait("evt.num")
	x.press("e")
	x.wait("Data 127.0.0.1:", "proc.pid = ", "fd.num = ", "fd.name = ", "HTTP/1.1 200 OK")
	x.tv.QueueUpdate(func() {
		step, name, err := x.descriptor(1, 2, "a\x1b\u202e' or 1")
		if err != nil {
			t.Error(err)
			return
		}
		if strings.ContainsAny(name, "\x1b\u202e") || !strings.Contains(step.Filter.String(), "fd.num = 2") {
			t.Errorf("%q, %s", name, step.Filter)
		}
	})
}
