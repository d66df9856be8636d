package chisels

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"scry/capture/event"
	"scry/filter/fields"
)

// wire makes the events of processes that move data over sockets.
type wire struct {
	ts uint64
	ev event.Event
}

func number(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// move is a call that moved n bytes, of which data is recorded.
func (w *wire) move(typ event.Type, th *event.Thread, fd *event.FD, data string, n int) *event.Event {
	w.ts += 1000
	params := make([][]byte, len(typ.Schema().Params))
	params[0] = number(int64(n))
	if i := typ.Schema().ParamByName("data"); i >= 0 {
		params[i] = []byte(data)
	}
	return w.event(typ, th, fd, params)
}

func (w *wire) event(typ event.Type, th *event.Thread, fd *event.FD, params [][]byte) *event.Event {
	w.ev = event.Event{}
	if err := w.ev.Decode(event.Append(nil, w.ts, th.TID, typ, params...), false); err != nil {
		panic(err)
	}
	w.ev.Num, w.ev.Thread, w.ev.FD, w.ev.FDNum = 1, th, fd, fd.Num
	return &w.ev
}

// close is the close of a descriptor.
func (w *wire) close(th *event.Thread, fd *event.FD) *event.Event {
	return w.event(event.CloseX, th, fd, [][]byte{number(0)})
}

// httpScript plays pieces over one connection of a server, and returns the calls that are found. A piece is "<" for what is read or ">" for what is written, and
// the data, with \r\n for "|" and "~N" at the end for N bytes that are not recorded; "x" closes, "gap" loses events, "next" is another connection with the number.
func httpScript(t testing.TB, pieces []string) []string {
	t.Helper()
	var got []string
	emit := func(c *httpCall) error {
		dir := ">"
		if c.read {
			dir = "<"
		}
		text := fmt.Sprintf("%s %s %s %d %d %dus", dir, c.method, c.url, c.code, c.size, (c.first-c.begin)/1000)
		if c.cut {
			text += " cut"
		}
		got = append(got, text)
		return nil
	}
	r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, emit)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	th, fd := &event.Thread{TID: 7, PID: 7, Main: true, Comm: "web"}, &event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Gen: 1}
	for _, p := range pieces {
		var ev *event.Event
		switch p {
		case "x":
			ev = w.close(th, fd)
		case "exit":
			ev = w.event(event.ProcexitV1E, th, &event.FD{Num: -1}, nil)
		case "gap":
			if err := r.Gap(nil); err != nil {
				t.Fatal(err)
			}
			continue
		case "next":
			fd.Gen++
			continue
		default:
			typ := event.ReadX
			if p[0] == '>' {
				typ = event.WriteX
			}
			data, more, cut := strings.Cut(strings.ReplaceAll(p[1:], "|", "\r\n"), "~")
			n := len(data)
			if cut {
				k, err := strconv.Atoi(more)
				if err != nil {
					t.Fatal(err)
				}
				n += k
			}
			ev = w.move(typ, th, fd, data, n)
		}
		if _, err := r.event(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestHTTP(t *testing.T) {
	const get, ok = "<GET /a HTTP/1.1|Host: h||", ">HTTP/1.1 200 OK|Content-Length: 2||hi"
	for _, c := range []struct {
		name   string
		pieces string // separated by blanks before < > and words: see split
		want   string
	}{
		{"server", get + "\t" + ok, "< GET h/a 200 2 1us"},
		{"client", ">GET /a HTTP/1.1|Host: h||\t<HTTP/1.1 200 OK|Content-Length: 2||hi", "> GET h/a 200 2 1us"},
		{"keep-alive", get + "\t" + ok + "\t" + get + "\t" + ok, "< GET h/a 200 2 1us; < GET h/a 200 2 1us"},
		{"another case, no blank", "<GET /a HTTP/1.1|hOSt:h||\t>HTTP/1.1 200 OK|CONTENT-LENGTH:2||hi", "< GET h/a 200 2 1us"},
		{"bare line feeds", "<GET /a HTTP/1.1\nHost: h\n\n\t>HTTP/1.0 200 OK\nContent-Length: 2\n\nhi", "< GET h/a 200 2 1us"},
		{"no host", "<GET /a HTTP/1.0||\t>HTTP/1.0 404 Not Found|Content-Length: 0||", "< GET /a 404 0 1us"},
		{"a proxy", "<GET http://h:80/a HTTP/1.1|Host: h:80||\t" + ok, "< GET h:80/a 200 2 1us"},
		{"in bytes", "<G\t<E\t<T\t< \t</a\t< HTT\t<P/1.1|\t<Host: h|\t<|\t>H\t>TTP/1.1 20\t>0 OK|Content-Le\t>ngth: 2|\t>|h\t>i", "< GET h/a 200 2 9us"},
		{"pipelining", "<GET /1 HTTP/1.1|Host: h||GET /2 HTTP/1.1|Host: h||GET /3\t< HTTP/1.1|Host: h||\t" + ok + "HTTP/1.1 404 No|Content-Length: 1||xHTTP/1.1 20\t>0 OK|Content-Length: 0||",
			"< GET h/1 200 2 2us; < GET h/2 404 1 2us; < GET h/3 200 0 2us"},
		{"a body of the request", "<POST /a HTTP/1.1|Host: h|Content-Length: 20||GET /x HTT\t<P/1.1||xx\t" + ok + "\t" + get + "\t" + ok, "< POST h/a 200 2 2us; < GET h/a 200 2 1us"},
		{"chunks", get + "\t>HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|\t>1\t>0;x=y|\t>HTTP/1.1 500 bad\t>|0|\t>Trailer: x|\t>|" + "\t" + get + "\t" + ok, "< GET h/a 200 21 1us; < GET h/a 200 2 1us"},
		{"chunks of the request", "<PUT /a HTTP/1.1|Host: h|Transfer-Encoding: chunked||3|abc|0||\t" + ok + "\t" + get + "\t" + ok, "< PUT h/a 200 2 1us; < GET h/a 200 2 1us"},
		{"chunks that are none", get + "\t>HTTP/1.1 200 OK|Transfer-Encoding: chunked||zz|hello\t>abc\t" + get + "\t" + ok, "< GET h/a 200 8 1us; < GET h/a 200 2 1us"},
		{"until the end", get + "\t>HTTP/1.0 200 OK||hello\t> world\tx", "< GET h/a 200 11 1us"},
		{"until the process ends", get + "\t>HTTP/1.0 200 OK||hello\texit", "< GET h/a 200 5 1us"},
		{"until the capture ends", get + "\t>HTTP/1.1 200 OK|Content-Length: 100||hello", "< GET h/a 200 5 1us"},
		{"head", "<HEAD /a HTTP/1.1|Host: h||\t>HTTP/1.1 200 OK|Content-Length: 2||\t" + get + "\t" + ok, "< HEAD h/a 200 0 1us; < GET h/a 200 2 1us"},
		{"not modified", get + "\t>HTTP/1.1 304 Not Modified|Content-Length: 2||\t" + get + "\t" + ok, "< GET h/a 304 0 1us; < GET h/a 200 2 1us"},
		{"continue", "<PUT /a HTTP/1.1|Host: h|Expect: 100-continue|Content-Length: 3||\t>HTTP/1.1 100 Continue||\t<abc\t" + ok, "< PUT h/a 200 2 3us"},
		{"early hints in one piece", get + "\t>HTTP/1.1 103 Early Hints|Link: x||HTTP/1.1 200 OK|Content-Length: 0||", "< GET h/a 200 0 1us"},
		{"upgrade", get + "\t>HTTP/1.1 101 Switching Protocols|Upgrade: websocket||\t" + get + "\t" + ok, "< GET h/a 101 0 1us"},
		{"tunnel", "<CONNECT h:443 HTTP/1.1|Host: h:443||\t>HTTP/1.1 200 OK||\t" + get + "\t" + ok, "< CONNECT h:443 200 0 1us"},
		{"no tunnel", "<CONNECT h:443 HTTP/1.1|Host: h:443||\t>HTTP/1.1 403 No|Content-Length: 0||\t" + get + "\t" + ok, "< CONNECT h:443 403 0 1us; < GET h/a 200 2 1us"},
		{"a long body, cut", get + "\t>HTTP/1.1 200 OK|Content-Length: 5000||~5000\t" + get + "\t" + ok, "< GET h/a 200 5000 1us; < GET h/a 200 2 1us"},
		{"a long body, in pieces", get + "\t>HTTP/1.1 200 OK|Content-Length: 5000||abc~997\t>HTTP/1.1 500 bad~3984\t" + get + "\t" + ok, "< GET h/a 200 5000 1us; < GET h/a 200 2 1us"},
		{"a chunk, cut", get + "\t>HTTP/1.1 200 OK|Transfer-Encoding: chunked||400|abc~1000\t>~23\t>0||\t" + get + "\t" + ok, "< GET h/a 200 1024 1us; < GET h/a 200 2 1us"},
		{"heads, cut", "<GET /a HTTP/1.1|Host: h|User-Agent: x~90\t>HTTP/1.1 200 OK|Server: nginx|Date~900\t" + get + "\t>HTTP/1.1 404 No|Content-Length: 7|Dat~10",
			"< GET h/a 200 -1 1us cut; < GET h/a 404 7 1us cut"},
		{"a first line, cut", "<GET /long~90\t" + ok, "< GET /long… 200 2 1us cut"},
		{"a giant head", "<GET /a HTTP/1.1|Host: h|X: " + strings.Repeat("x", 2*maxHead) + "||\t" + ok, "< GET h/a 200 2 1us cut"},
		{"a head that is refused", "<GET /a HTTP/1.1|Host: h|Content-Length: x||\t" + ok, "< GET /a 200 2 1us cut"},
		{"lines that are none", "<GET /a HTTP/1.1|no header|Host: h||\t>HTTP/1.1 200 OK|\x01|Content-Length: 2||hi", "< GET h/a 200 2 1us"},
		{"lines that go on", "<GET /a HTTP/1.1|X: y| Content-Length: 9|Host: h||\t>HTTP/1.1 200 OK|Content-Length:|  2||hi", "< GET h/a 200 2 1us"},
		{"an odd target", "<GET /\x01%zz ../ HTTP/1.1|Host: h|Content-Length: 3||abc\t" + ok + "\t" + get + "\t" + ok, "< GET h/\x01%zz ../ 200 2 1us; < GET h/a 200 2 1us"},
		{"close before the answer", get + "\tx\tnext\t" + get + "\t" + ok, "< GET h/a 200 2 1us"},
		{"a close that was not seen", get + "\tnext\t" + get + "\t" + ok, "< GET h/a 200 2 1us"},
		{"a gap", get + "\tgap\t" + ok + "\t" + get + "\t" + ok, "< GET h/a 200 2 1us"},
		{"from the middle on", "<d of a body\t" + ok + "\t" + get + "\t" + ok, "< GET h/a 200 2 1us"},
		{"line ends between requests", get + "\t" + ok + "\t<||GET /b HTTP/1.1|Host: h||\t" + ok, "< GET h/a 200 2 1us; < GET h/b 200 2 1us"},
		{"other protocols", "<EHLO me|\t>250 ok|\t<GET key|\t>$-1|\t<PRI * HTTP/2.0||SM||\t>HTTP|\t<\x16\x03\x01\t>\x00", ""},
	} {
		if got := strings.Join(httpScript(t, strings.Split(c.pieces, "\t")), "; "); got != c.want {
			t.Errorf("%s:\n  got  %s\n  want %s", c.name, got, c.want)
		}
	}
}

// However a conversation is cut into pieces, the calls in it are the same.
func TestHTTPSplit(t *testing.T) {
	asks := "GET /1 HTTP/1.1|Host: h||POST /2 HTTP/1.1|Host: h|Content-Length: 5||helloPUT /3 HTTP/1.1|Host: h|Transfer-Encoding: chunked||a|0123456789|0|||HEAD /4 HTTP/1.1|Host: h||"
	answers := "HTTP/1.1 200 OK|Content-Length: 3||abcHTTP/1.1 100 Continue||HTTP/1.1 201 Created|Transfer-Encoding: chunked||4|wxyz|b|0123456789a|0||HTTP/1.1 204 No Content||HTTP/1.1 404 Not Found|Content-Length: 10||"
	want := []string{"GET h/1 200 3", "POST h/2 201 15", "PUT h/3 204 0", "HEAD h/4 404 0"}
	asks, answers = strings.ReplaceAll(asks, "|", "\r\n"), strings.ReplaceAll(answers, "|", "\r\n")
	for size := 1; size < 60; size++ {
		var pieces []string
		for _, side := range []struct{ mark, text string }{{"<", asks}, {">", answers}} {
			for chunk := range slices.Chunk([]byte(side.text), size) {
				pieces = append(pieces, side.mark+string(chunk))
			}
		}
		var got []string
		for _, c := range httpScript(t, pieces) {
			got = append(got, strings.Join(strings.Fields(c)[1:5], " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d bytes: %q, want %q", size, got, want)
		}
	}
}

// A client's write may return behind the read that has the response: another thread reads it.
func TestHTTPEarlyResponse(t *testing.T) {
	for _, c := range []struct {
		name, request, response string
		latency                 uint64 // of the write
		want                    string
	}{
		{"whole", "GET /a HTTP/1.1|Host: h||", "HTTP/1.1 200 OK|Content-Length: 2||hi", 5000, "GET h/a 200 2"},
		{"of a HEAD", "HEAD /a HTTP/1.1|Host: h||", "HTTP/1.1 200 OK|Content-Length: 2||", 5000, "HEAD h/a 200 0"},
		{"of another request", "GET /a HTTP/1.1|Host: h||", "HTTP/1.1 200 OK|Content-Length: 2||hi", 500, ""},
	} {
		var got []string
		r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(c *httpCall) error {
			got = append(got, fmt.Sprintf("%s %s %d %d", c.method, c.url, c.code, c.size))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{ts: 1e6}
		th, fd := &event.Thread{TID: 7, PID: 7}, &event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP}
		crlf := strings.NewReplacer("|", "\r\n")
		response, request := crlf.Replace(c.response), crlf.Replace(c.request)
		r.event(w.move(event.RecvfromX, th, fd, response, len(response)))
		ev := w.move(event.SendtoX, th, fd, request, len(request))
		ev.Latency = c.latency
		r.event(ev)
		if r.end(); strings.Join(got, ";") != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// All calls that move bytes over sockets are read, on all kinds of stream sockets; datagrams and files are not.
func TestHTTPTransfers(t *testing.T) {
	const request, response = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	tcp := event.FD{Type: event.FDIPv4Sock, L4: event.L4TCP}
	for _, c := range []struct {
		in, out event.Type
		fd      event.FD
		want    int
	}{
		{event.ReadX, event.WriteX, tcp, 1},
		{event.ReadvX, event.WritevX, tcp, 1},
		{event.RecvfromX, event.SendtoX, tcp, 1},
		{event.RecvmsgX, event.SendmsgX, tcp, 1},
		{event.RecvX, event.SendX, event.FD{Type: event.FDIPv6Sock}, 1},
		{event.PreadX, event.PwriteX, event.FD{Type: event.FDUnixSock}, 1},
		{event.RecvfromX, event.SendtoX, event.FD{Type: event.FDIPv4Sock, L4: event.L4UDP}, 0},
		{event.ReadX, event.WriteX, event.FD{Type: event.FDFileV2}, 0},
		{event.ReadX, event.WriteX, event.FD{Type: event.FDIPv4Listen}, 0},
	} {
		n := 0
		r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(*httpCall) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{}
		th := &event.Thread{TID: 7, PID: 7}
		r.event(w.move(c.in, th, &c.fd, request, len(request)))
		if found, _ := r.event(w.move(c.out, th, &c.fd, response, len(response))); n != c.want || found != (n > 0) {
			t.Errorf("%s and %s on %s: %d calls, shown %v", c.in.Schema().Name, c.out.Schema().Name, c.fd.Type, n, found)
		}
	}
}

// The body of a response may go out by sendfile, whose data nobody sees.
func TestHTTPSendfile(t *testing.T) {
	var sizes []int64
	r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(c *httpCall) error {
		sizes = append(sizes, c.size)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	th, fd := &event.Thread{TID: 7, PID: 7}, &event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP}
	for range 2 {
		r.event(w.move(event.RecvfromX, th, fd, "GET / HTTP/1.1\r\n\r\n", 18))
		head := "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n"
		r.event(w.move(event.WritevX, th, fd, head, len(head)))
		r.event(w.move(event.SendfileX, th, fd, "", 65536))
		r.event(w.move(event.SendfileX, th, fd, "", 70000-65536))
	}
	if !slices.Equal(sizes, []int64{70000, 70000}) {
		t.Errorf("%v", sizes)
	}
}

// What is remembered is bounded, whatever comes.
func TestHTTPBounds(t *testing.T) {
	r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(*httpCall) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	request := "GET / HTTP/1.1\r\n\r\n"
	for pid := range int64(200) {
		th := &event.Thread{TID: pid, PID: pid}
		for num := range int64(100) {
			r.event(w.move(event.ReadX, th, &event.FD{Num: num, Type: event.FDIPv4Sock}, request, len(request)))
		}
	}
	if r.conns.n != maxConns {
		t.Errorf("%d connections", r.conns.n)
	}
	w.ts += 2 * connIdle
	th, fd := &event.Thread{TID: 1000, PID: 1000, Main: true}, &event.FD{Num: 3, Type: event.FDIPv4Sock}
	for range 2 * maxWaiting {
		r.event(w.move(event.ReadX, th, fd, request, len(request)))
	}
	if c := r.conns.get(&w.ev); r.conns.n != 1 || c == nil || len(c.waiting) != maxWaiting {
		t.Errorf("%d connections after a while", r.conns.n)
	}
	r.conns.follow(w.event(event.ProcexitV1E, th, &event.FD{Num: -1}, nil))
	if r.conns.n != 0 || len(r.conns.pids) != 0 {
		t.Errorf("%d connections behind the end of the process", r.conns.n)
	}
	long := "GET /" + strings.Repeat("x", maxHead-100)
	for num := range int64(maxConns / 2) {
		r.event(w.move(event.ReadX, th, &event.FD{Num: num, Type: event.FDIPv4Sock}, long, len(long)))
	}
	held := 0
	for _, e := range r.conns.pids[th.PID] {
		held += len(e.state.streams[0].head)
	}
	if held != r.heads.held || held > maxHeld || held < maxHeld-maxHead {
		t.Errorf("%d bytes of heads are held, %d were counted", held, r.heads.held)
	}
	if r.conns.clear(); r.heads.held != 0 {
		t.Errorf("%d bytes of heads are held in the end", r.heads.held)
	}
}

func TestHTTPAllocs(t *testing.T) {
	r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(*httpCall) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	th, fd, other := &event.Thread{TID: 7, PID: 7}, &event.FD{Num: 3, Type: event.FDIPv4Sock}, &event.FD{Num: 4, Type: event.FDIPv4Sock}
	var w, plain wire
	head := "POST / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n"
	r.event(w.move(event.ReadX, th, fd, head, len(head)))
	body, none := w.move(event.ReadX, th, fd, "some data", 1000).Clone(), plain.move(event.ReadX, th, other, "\x16\x03", 100).Clone()
	if n := testing.AllocsPerRun(100, func() { r.event(body); r.event(none) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzHTTP: whatever moves over a socket, nothing breaks, nothing is remembered behind the end of the connection, and how what was recorded in full is cut into
// pieces does not matter.
func FuzzHTTP(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.0 404 No\r\n\r\nx"), uint8(7), uint8(0))
	f.Add([]byte("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 101 S\r\n\r\n"), uint8(1), uint8(3))
	f.Add([]byte("CONNECT h:1 HTTP/1.1\r\n\r\n\r\n"), []byte("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"), uint8(30), uint8(200))
	f.Fuzz(func(t *testing.T, asks, answers []byte, size, more uint8) {
		calls := func(size int, more uint8) []string {
			var got []string
			r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(c *httpCall) error {
				if c.method == "" || c.code < 100 || c.code > 999 || c.first < c.begin || c.size < -1 {
					t.Errorf("%+v", c)
				}
				got = append(got, fmt.Sprintf("%s %s %d %d", c.method, c.url, c.code, c.size))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			w := &wire{}
			th, fd := &event.Thread{TID: 7, PID: 7}, &event.FD{Num: 3, Type: event.FDIPv4Sock}
			for _, side := range []struct {
				typ  event.Type
				data []byte
			}{{event.ReadX, asks}, {event.WriteX, answers}} {
				for piece := range slices.Chunk(side.data, size) {
					r.event(w.move(side.typ, th, fd, string(piece), len(piece)+int(more)))
				}
			}
			r.event(w.close(th, fd))
			if r.conns.n != 0 {
				t.Errorf("%d connections are left", r.conns.n)
			}
			return got
		}
		calls(int(size)+1, more)
		// A piece that begins with a message, where one could begin, is one; so only what is HTTP from its first byte on is the same in all pieces.
		if len(asks) > maxHead || len(answers) > maxHead || !plainHTTP(asks) || !plainHTTP(answers) {
			return
		}
		if a, b := calls(int(size)+1, 0), calls(1<<20, 0); !slices.Equal(a, b) {
			t.Errorf("in pieces %q, in one %q", a, b)
		}
	})
}

// plainHTTP tells whether b consists of messages of HTTP whose ends it tells, without anything in between that is none: a request behind it is found.
func plainHTTP(b []byte) bool {
	s := httpStream{heads: &headParser{}}
	p := &plainTaker{}
	b = append(slices.Clip(b), "GET /behind HTTP/1.1\r\n\r\n"...)
	s.feed(p, b, uint64(len(b)), 1, 0)
	return p.last == "/behind" && !p.unclear
}

type plainTaker struct {
	last    string
	unclear bool
}

func (p *plainTaker) header(_ *httpStream, m *message) httpState {
	p.last = m.url
	switch {
	case m.chunked:
		return httpChunk
	case m.length > 0:
		return httpBody
	case m.cut, m.length < 0, m.method == "CONNECT", m.code == 101, m.code > 0 && m.code < 200, m.code == 204, m.code == 304:
		p.unclear = true
	}
	return httpStart
}

func (p *plainTaker) body(*httpStream, uint64) {}
func (p *plainTaker) done(*httpStream)         {}
