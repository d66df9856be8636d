package chisels

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"scry/capture/event"
	"scry/filter/fields"
)

// played makes the chisel of a call, gives it the events of play and returns what it prints.
func played(t *testing.T, word string, env Env, play func(feed func(*event.Event))) string {
	t.Helper()
	var out bytes.Buffer
	env.Out, env.Options = NewOutput(&out), &fields.Options{NoCut: true}
	call, err := NewCatalog(nil).ParseCall(word)
	if err != nil {
		t.Fatal(err)
	}
	c, err := call.Make(&env)
	if err != nil {
		t.Fatal(err)
	}
	play(func(ev *event.Event) {
		if _, err := c.Event(ev); err != nil {
			t.Fatal(err)
		}
	})
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := env.Out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// wants compares texts, in which trailing blanks of lines do not matter.
func wants(t *testing.T, what, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

var clientFD = event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Src: netip.MustParseAddrPort("10.0.0.1:40000"), Dst: netip.MustParseAddrPort("10.0.0.2:11211"),
	Name: "10.0.0.1:40000->10.0.0.2:11211"}

func TestHTTPLog(t *testing.T) {
	play := func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		th, fd := &event.Thread{TID: 7, PID: 7, Comm: "curl\x1b[2J"}, clientFD
		for range 2 {
			request := "GET /\x01?\x9b HTTP/1.1\r\nHost: h\r\n\r\n"
			feed(w.move(event.WriteX, th, &fd, request, len(request)))
			w.ts += 2500000
			response := "HTTP/1.1 404 No\r\nContent-Length: 2000\r\n\r\n"
			feed(w.move(event.ReadX, th, &fd, response, len(response)+2000))
		}
	}
	wants(t, "text", played(t, "httplog", Env{}, play), `
Time                           Dir  Method   Code  Latency      Size  Process          URL
2017-09-23 00:44:29.907505444  >    GET       404   2.50ms    1.95KB  curl\x1b[2J      h/\x01?\x9b
2017-09-23 00:44:29.910007444  >    GET       404   2.50ms    1.95KB  curl\x1b[2J      h/\x01?\x9b
`)
	wants(t, "containers", played(t, "httplog", Env{Containers: true, Width: 80}, play), `
Time             Container         Dir  Method   Code  Latency      Size  Process          URL
00:44:29.907505  host              >    GET       404   2.50ms    1.95KB  curl\x1b[2J      h/\x01?\x9b
00:44:29.910007  host              >    GET       404   2.50ms    1.95KB  curl\x1b[2J      h/\x01?\x9b
`)
	wants(t, "CSV", played(t, "httplog", Env{Format: FormatCSV}, play), `
time,dir,method,response_code,latency,size,process,url
2017-09-23T00:44:29.907505444Z,>,GET,404,2501000,2000,curl\x1b[2J,h/\x01?\x9b
2017-09-23T00:44:29.910007444Z,>,GET,404,2501000,2000,curl\x1b[2J,h/\x01?\x9b
`)
	text := played(t, "httplog", Env{Format: FormatJSON}, play)
	for line := range strings.Lines(text) {
		var row struct {
			Time          time.Time
			Response_code int
			Latency, Size uint64
			URL, Process  string
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.Response_code != 404 || row.Latency != 2501000 || row.Size != 2000 || row.Process != "curl\x1b[2J" || row.Time.IsZero() {
			t.Errorf("%v: %s", err, line)
		}
	}
	wants(t, "table", played(t, "httptop:by=bytes", Env{}, play), `
Calls  Errors    Time     P99   Bytes  Method  URL
    2       2  2.50ms  2.50ms  3.91KB  GET     h/\x01?\x9b
`)
}

func TestMemcacheLog(t *testing.T) {
	play := func(pieces ...string) func(feed func(*event.Event)) {
		return func(feed func(*event.Event)) {
			w := &wire{ts: 1506127469905003444}
			for _, p := range pieces {
				th, fd, typ := &event.Thread{TID: 7, PID: 7, Comm: "web"}, clientFD, event.WriteX
				switch {
				case p[0] == 's': // the server
					th, fd.Role, typ = &event.Thread{TID: 8, PID: 8, Comm: "memcached"}, event.RoleServer, event.ReadX
				case p[0] == '<':
					typ = event.ReadX
				}
				data, more, cut := strings.Cut(strings.ReplaceAll(p[1:], "|", "\r\n"), "~")
				n := len(data)
				if cut {
					n += 100 * len(more)
				}
				feed(w.move(typ, th, &fd, data, n))
			}
		}
	}
	for _, c := range []struct {
		name, word, want string
		pieces           []string
	}{
		{"a get", "memcachelog", "> get - k", []string{">get k|", "<VALUE k 0 3|abc|END|"}},
		{"both ends", "memcachelog", "> get - k; < get - k", []string{">get k|", "sget k|"}},
		{"many keys", "memcachelog", "> gets - a; > gets - b; > gat - c", []string{">gets a b|", ">gat 10 c|"}},
		{"data is no command", "memcachelog", "> set 8 k; > get - z", []string{">set k 0 0 8|get x|", ">y|get z|"}},
		{"data, cut", "memcachelog", "> set 200 k; > get - z", []string{">set k 0 0 200|~xx", ">|get z|"}},
		{"in pieces", "memcachelog", "> set 1 key", []string{">se", ">t ke", ">y 0 0 ", ">1|x|"}},
		{"a command, cut", "memcachelog", "> get - a; > get - bb…; > get - c", []string{">get a bb~x", ">get c|"}},
		{"one command", "memcachelog:method=set", "> set 2 k", []string{">get k|set k 0 0 2|hi|delete k|"}},
		{"large ones", "memcachelog:method=set,size=3", "> set 3 l", []string{">set k 0 0 2|hi|set l 0 0 3|hey|"}},
		{"numbers, meta commands", "memcachelog", "> incr - n; > ms 2 k; > mg - k", []string{">incr n 1|ms k 2 T0|hi|mg k v|"}},
		{"no commands", "memcachelog", "", []string{">get|", ">\x80\x00|", ">set k 0 0 x|", "<get k|", ">hello world|"}},
	} {
		var got []string
		lines := strings.Split(strings.TrimSpace(played(t, c.word, Env{}, play(c.pieces...))), "\n")
		for _, line := range lines[1:] {
			f := strings.Fields(line)
			got = append(got, strings.TrimSuffix(strings.Join([]string{f[2], f[3], f[4], f[6]}, " "), "B"))
		}
		if text := strings.ReplaceAll(strings.Join(got, "; "), "B ", " "); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
	wants(t, "JSON", played(t, "memcachelog", Env{Format: FormatJSON, Containers: true}, play(">set k\x01 0 0 2|hi|")),
		`{"time":"2017-09-23T00:44:29.905004444Z","container":"host","dir":">","method":"set","size":2,"process":"web","key":"k\u0001"}`+"\n")
}

// call is the exit of a system call that took so many ns.
func (w *wire) call(typ event.Type, latency uint64) *event.Event {
	ev := w.move(typ, &event.Thread{TID: 7, PID: 7, Comm: "p"}, &event.FD{Num: 3}, "", 0)
	ev.Latency = latency
	return ev
}

func TestLatency(t *testing.T) {
	play := func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		for _, ns := range []uint64{1, 1000, 1023, 1024, 1025, 2047, 2048, 9999} {
			feed(w.call(event.ReadX, ns))
		}
		feed(w.call(event.WriteX, 1<<63))
		feed(w.call(event.WriteX, 0))
	}
	wants(t, "text", played(t, "latency", Env{Top: 5}, func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		for _, ns := range []uint64{900, 1000, 1030, 1500, 1600, 1700, 9000} {
			feed(w.call(event.ReadX, ns))
		}
		feed(w.call(event.WriteX, 300))
	}), `
read  calls 7  total 16.7us  avg 2.39us  p50 1.50us  p99 9.00us  max 9.00us
[512ns, 1.02us)           2 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |
[1.02us, 2.05us)          4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[2.05us, 4.10us)          0 |                                                    |
[4.10us, 8.19us)          0 |                                                    |
[8.19us, 16.4us)          1 |@@@@@@@@@@@@@                                       |

write  calls 1  total 300ns  avg 300ns  p50 300ns  p99 300ns  max 300ns
[256ns, 512ns)            1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

`)
	var rows struct {
		Events int
		Rows   []struct {
			Name    string `json:"proc.name"`
			Type    string `json:"evt.type"`
			Calls   int
			Max     uint64
			Buckets []struct{ From, To, Count uint64 }
		}
		More int
	}
	text := played(t, "latency:by=proc.name,evt.type", Env{Format: FormatJSON}, play)
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if len(rows.Rows) != 2 || rows.Events != 9 || rows.Rows[0].Type != "write" || rows.Rows[0].Max != 1<<63 || rows.Rows[1].Name != "p" || rows.Rows[1].Calls != 8 {
		t.Errorf("%s", text)
	}
	sum := uint64(0)
	for _, b := range rows.Rows[1].Buckets {
		if sum += b.Count; b.From != 0 && b.To != 2*b.From {
			t.Errorf("%+v", b)
		}
	}
	if sum != 8 || len(rows.Rows[1].Buckets) != 5 {
		t.Errorf("%+v", rows.Rows[1].Buckets)
	}
	wants(t, "CSV", played(t, "latency", Env{Format: FormatCSV, Top: 5}, func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		feed(w.call(event.ReadX, 5))
	}), "time,evt.type,from,to,count\n2017-09-23T00:44:29.905004444Z,read,4,8,1\n")
}

func TestHeatMap(t *testing.T) {
	play := func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469_000000000}
		for range 1000 {
			feed(w.call(event.ReadX, 1500))
		}
		w.ts += 1e9
		feed(w.call(event.ReadX, 1))
		feed(w.call(event.ReadX, 1<<62))
		w.ts += 3600e9
		feed(w.call(event.ReadX, 99e6))
	}
	wants(t, "text", played(t, "spectrogram", Env{}, play), `
              |1ns    |10ns   |100ns  |1us    |10us   |100us  |1ms    |10ms   |100ms  |1s     |10s
00:44:29.000                           #
00:44:29.500
00:44:30.000  ,                                                                                      ,
 ... nothing for 59m59.5s
01:44:30.000                                                                 ,
`)
	if got := played(t, "spectrogram", Env{Color: true, Width: 40}, play); strings.Count(got, "\x1b[1F") != 5 || !strings.HasPrefix(got, "\x1b[?25l|1ns|") || !strings.HasSuffix(got, "\x1b[0m\x1b[?25h") {
		t.Errorf("%q", got)
	}
	lines := strings.Split(played(t, "spectrogram:refresh_time=1000", Env{Format: FormatJSON}, play), "\n")
	wants(t, "JSON", lines[0], `{"chisel":"spectrogram","from":"2017-09-23T00:44:29.000000000Z","to":"2017-09-23T00:44:30.000000000Z","events":1000,"unit":"ns","buckets":[{"from":1259,"to":1585,"count":1000}]}`)
	if len(lines) != 4 {
		t.Errorf("%d lines", len(lines))
	}
	// The first and the last column are used, and an event in the middle of the second lies in the middle.
	wants(t, "CSV", played(t, "subsecoffset", Env{Format: FormatCSV}, func(feed func(*event.Event)) {
		w := &wire{}
		for _, ns := range []uint64{0, 9999999, 500000000, 999999999} {
			w.ts = 1506127469e9 + ns - 1000
			feed(w.move(event.ReadE, &event.Thread{TID: 7, PID: 7}, &event.FD{Num: 3}, "", 0))
		}
	}), "time,from,to,count\n2017-09-23T00:44:30.000000000Z,0,10000000,2\n2017-09-23T00:44:30.000000000Z,500000000,510000000,1\n2017-09-23T00:44:30.000000000Z,990000000,1000000000,1\n")
}

func TestTopology(t *testing.T) {
	play := func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		box := &event.Container{ID: "0123456789ab", Name: `a "box"`}
		web, cache := &event.Thread{TID: 7, PID: 7, Comm: "web"}, &event.Thread{TID: 8, PID: 8, Comm: "memcached", Container: box}
		client, server := clientFD, clientFD
		server.Num, server.Role = 9, event.RoleServer
		for range 2 { // the same addresses twice
			feed(w.move(event.ConnectX, web, &client, "", 0))
			feed(w.move(event.WriteX, web, &client, "", 100))
			feed(w.move(event.RecvfromX, cache, &server, "", 60))
			feed(w.move(event.RecvfromX, cache, &server, "", 40))
			feed(w.move(event.SendtoX, cache, &server, "", 5))
			feed(w.move(event.SendfileX, cache, &server, "", 2000))
			feed(w.move(event.ReadX, web, &client, "", 2000)) // the end is not read
			feed(w.close(web, &client))
			feed(w.close(cache, &server))
		}
		far := clientFD
		far.Dst = netip.MustParseAddrPort("[2001:db8::1]:443")
		feed(w.move(event.WriteX, web, &far, "", 7))
		near := clientFD
		near.Src, near.Role = netip.MustParseAddrPort("192.0.2.1:1"), event.RoleServer
		feed(w.move(event.ReadX, cache, &near, "", 3))
		silent := clientFD // connects, and the server has not accepted
		silent.Src = netip.MustParseAddrPort("10.0.0.1:40001")
		feed(w.move(event.ConnectX, web, &silent, "", 0))
		failed := silent
		failed.Dst = netip.MustParseAddrPort("10.0.0.9:1")
		ev := w.move(event.ConnectX, web, &failed, "", -111)
		ev.Errno = 111
		feed(ev)
		for num, role := range []event.Role{event.RoleNone, event.RoleClient, event.RoleServer} {
			fd := event.FD{Num: int64(num), Type: event.FDUnixSock, Role: role, UnixSrc: 0xffff1, UnixDst: 0xffff2, Name: "ffff1->ffff2 /run/x"}
			feed(w.move(event.SendmsgX, []*event.Thread{web, web, cache}[num], &fd, "", 10))
		}
	}
	wants(t, "text", played(t, "topology", Env{}, play), `
Client     Server       Proto  Port    Conns  Sent  Received
web        memcached    tcp    11211       3  200B    3.92KB
web        memcached    unix   /run/x      1   10B       10B
web        2001:db8::1  tcp    443         1    7B        0B
192.0.2.1  memcached    tcp    11211       1    3B        0B
`)
	wants(t, "CSV", played(t, "topology", Env{Containers: true, Format: FormatCSV, Top: 1}, play), `
time,client,client_container,server,server_container,proto,port,conns,sent,received
2017-09-23T00:44:29.905024444Z,web,host,memcached,"a ""box""",tcp,11211,3,200,4010
`)
	wants(t, "graph", played(t, "topology:format=dot", Env{Containers: true}, play), `
digraph topology {
	rankdir=LR;
	node [shape=box, fontname="sans-serif"];
	edge [fontname="sans-serif", fontsize=10];
	n0 [label="192.0.2.1", shape=ellipse];
	n3 [label="2001:db8::1", shape=ellipse];
	subgraph cluster1 {
	label="a \"box\"";
	n1 [label="memcached"];
	}
	n2 [label="web"];
	n0 -> n1 [label="tcp 11211\n1 connection\n3B to, 0B back"];
	n2 -> n3 [label="tcp 443\n1 connection\n7B to, 0B back"];
	n2 -> n1 [label="tcp 11211\n3 connections\n200B to, 3.92KB back"];
	n2 -> n1 [label="unix /run/x\n1 connection\n10B to, 10B back"];
}
`)
}

// What many connections come to is the same whether they were folded or not.
func TestTopologyFold(t *testing.T) {
	got := played(t, "topology", Env{Format: FormatCSV}, func(feed func(*event.Event)) {
		w := &wire{ts: 1506127469905003444}
		th := &event.Thread{TID: 7, PID: 7, Comm: "web"}
		for i := range maxTalks + maxTalks/2 {
			fd := clientFD
			fd.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 16), 1}), uint16(i)|1)
			fd.Dst = netip.AddrPortFrom(fd.Dst.Addr(), uint16(80+i&1))
			feed(w.move(event.WriteX, th, &fd, "", 1))
		}
	})
	sent := 0
	for _, line := range strings.Split(strings.TrimSpace(got), "\n")[1:] {
		f := strings.Split(line, ",")
		n := 0
		if json.Unmarshal([]byte(f[6]), &n) == nil {
			sent += n
		}
	}
	if sent != maxTalks+maxTalks/2 {
		t.Errorf("%d bytes sent:\n%s", sent, got)
	}
}

func TestProtocolsAllocs(t *testing.T) {
	for _, word := range []string{"latency", "spectrogram", "topology"} {
		var out bytes.Buffer
		env := Env{Out: NewOutput(&out), Options: &fields.Options{}}
		call, err := NewCatalog(nil).ParseCall(word)
		if err != nil {
			t.Fatal(err)
		}
		c, err := call.Make(&env)
		if err != nil {
			t.Fatal(err)
		}
		w, fd := &wire{ts: 1506127469905003444}, clientFD
		ev := w.move(event.WriteX, &event.Thread{TID: 7, PID: 7, Comm: "web"}, &fd, "", 100).Clone()
		ev.Latency = 1000
		for range 2 {
			if shown, err := c.Event(ev); !shown || err != nil {
				t.Fatalf("%s: %v %v", word, shown, err)
			}
		}
		if n := testing.AllocsPerRun(100, func() { c.Event(ev) }); n != 0 {
			t.Errorf("%s: %v allocations", word, n)
		}
		env.Out.Close()
	}
}
