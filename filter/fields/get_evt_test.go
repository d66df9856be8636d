package fields

import (
	"cmp"
	"net/netip"
	"strings"
	"testing"

	"scry/capture/event"
)

// withFD is an event about descriptor n of the sample's thread.
func withFD(t testing.TB, n int64, typ event.Type, params ...[]byte) *event.Event {
	t.Helper()
	ev := sample(t, typ, params...)
	if ev.FD, ev.FDNum = ev.Thread.FDs.Get(n), n; ev.FD == nil {
		t.Fatalf("the sample has no descriptor %d", n)
	}
	return ev
}

func TestEventFields(t *testing.T) {
	ev := withFD(t, 3, event.ReadX, p64(4096), []byte("a\x00b"), p64(3), p32(4096))
	ev.Latency = 1_234_567_890
	checkShown(t, ev, `
		evt.num = 7
		evt.cpu = 1
		evt.dir = <
		evt.type = read
		evt.type.is.read = 1
		evt.type.is.pread = 0
		syscall.type = read
		evt.category = file
		evt.rawtime = 1534527348514648551
		evt.timestamp = 1534527348514648551
		evt.rawtime.s = 1534527348
		evt.rawtime.ns = 514648551
		evt.reltime = 000006971
		evt.reltime.s = 0
		evt.reltime.ns = 000006971
		evt.latency = 1234567890
		evt.latency.s = 1
		evt.latency.ns = 234567890
		evt.latency.human = 1.23s
		evt.latency.quantized = 83
		evt.res = SUCCESS
		evt.rawres = 4096
		evt.failed = false
		evt.is_io = true
		evt.is_io_read = true
		evt.is_io_write = false
		evt.io_dir = read
		evt.is_wait = false
		evt.wait_latency = <NA>
		evt.buffer = a.b
		evt.buflen = 4096
		evt.buflen.in = 4096
		evt.buflen.out = <NA>
		evt.buflen.file = 4096
		evt.buflen.file.in = 4096
		evt.buflen.file.out = <NA>
		evt.buflen.net = <NA>
		evt.arg.data = a.b
		evt.arg[0] = 4096
		evt.arg[31] = <NA>
		evt.arg.name = <NA>
		evt.rawarg.res = 4096
		evt.count = 1
		evt.count.exit = 1
		evt.count.error = <NA>
		evt.hostname = <NA>
		evt.source = syscall
		evt.is_async = false
		evt.asynctype = <NA>
		evt.is_syslog = false
		evt.pluginname = <NA>
		fd.num = 3
		fd.filename = passwd
		fd.directory = /etc
		fd.uid = 1003`)
}

func TestLatencyText(t *testing.T) {
	for ns, want := range map[uint64]string{0: "0ns", 999: "999ns", 1000: "1.00us", 9999: "9.99us", 10_000: "10us", 999_999: "999us", 1_500_000: "1.50ms",
		10_300_000: "10ms", 1e9: "1.00s", 61_250_000_000: "61.25s"} {
		ev := sample(t, event.CloseX, p64(0))
		ev.Latency = ns
		if have := shown(t, ev, "evt.latency.human"); have != want {
			t.Errorf("%d: %s, want %s", ns, have, want)
		}
	}
	ev := sample(t, event.ProcinfoE, p64(1), p64(2))
	ev.Latency = 5
	checkShown(t, ev, "evt.latency = <NA>\nevt.latency.human = <NA>")
}

// The result is parameter res, or of calls that make a descriptor parameter fd.
func TestResultFields(t *testing.T) {
	failedOpen := sample(t, event.OpenatV2X, p64(-2), p64(event.AtFDCWD), pz("x"), p32(1), p32(0), p32(0), p64(0))
	checkShown(t, failedOpen, `
		evt.res = ENOENT
		evt.rawres = -2
		evt.failed = true
		evt.count.error = 1
		evt.count.error.file = 1
		evt.count.error.net = <NA>
		evt.count.error.other = <NA>
		evt.arg.fd = ENOENT
		fd.num = -1
		fd.name = /home/u/x
		fd.directory = /home/u
		fd.typechar = f
		fd.type = <NA>`)
	checkShown(t, sample(t, event.CloseX, p64(-9)), `
		evt.res = EBADF
		evt.count.error.other = 1`)
	checkShown(t, sample(t, event.MmapX, p64(-12), p32(0), p32(0), p32(0)), `
		evt.res = ENOMEM
		evt.count.error.memory = 1
		evt.count.error.other = <NA>`)
	for n, kind := range map[int64]string{3: "file", 6: "net", 5: "other"} {
		for _, k := range []string{"file", "net", "other", "memory"} {
			want := "<NA>"
			if k == kind {
				want = "1"
			}
			checkShown(t, withFD(t, n, event.ReadX, p64(-5), nil), "evt.count.error."+k+" = "+want)
		}
	}
	checkShown(t, sample(t, event.CloseE, p64(3)), "evt.res = <NA>\nevt.rawres = <NA>\nevt.failed = false\nevt.count.exit = <NA>\nevt.count.error = <NA>")
	checkShown(t, sample(t, event.CloseX), "evt.res = <NA>\nevt.rawres = <NA>\nevt.failed = false")
	checkShown(t, sample(t, event.CloseX, p64(-9999)), "evt.failed = true\nevt.rawres = -9999\nevt.res = -9999")
}

func TestWaitFields(t *testing.T) {
	for _, c := range []struct {
		typ  event.Type
		is   string
		took string
	}{{event.PollE, "true", "<NA>"}, {event.PollX, "true", "42"}, {event.NanosleepX, "true", "42"}, {event.ReadX, "false", "<NA>"}} {
		ev := sample(t, c.typ)
		ev.Latency = 42
		checkShown(t, ev, "evt.is_wait = "+c.is+"\nevt.wait_latency = "+c.took)
	}
}

// Flags are PPM_O_*: 1 read, 2 write, 4 creat, 0x2000 tmpfile, 0x4000 made by this call.
func TestOpenFields(t *testing.T) {
	for _, c := range []struct {
		flags, mode              int64
		read, write, exec, creat string
	}{
		{1, 0, "true", "false", "false", "false"},
		{2, 0, "false", "true", "false", "false"},
		{3, 0o755, "true", "true", "false", "false"},
		{2 | 4, 0o644, "false", "true", "false", "false"},
		{2 | 4, 0o100, "false", "true", "true", "false"},
		{2 | 4 | 0x4000, 0o001, "false", "true", "true", "true"},
		{2 | 0x2000, 0o010, "false", "true", "true", "false"},
	} {
		for _, ev := range []*event.Event{
			sample(t, event.OpenX, p64(3), pz("/x"), p32(c.flags), p32(c.mode)),
			sample(t, event.OpenatV2X, p64(3), p64(-100), pz("/x"), p32(c.flags), p32(c.mode)),
			sample(t, event.Openat2X, p64(3), p64(-100), pz("/x"), p32(c.flags), p32(c.mode), p32(0)),
		} {
			checkShown(t, ev, "evt.is_open_read = "+c.read+"\nevt.is_open_write = "+c.write+"\nevt.is_open_exec = "+c.exec+"\nevt.is_open_create = "+c.creat)
		}
	}
	checkShown(t, sample(t, event.CreatX, p64(3), pz("/x"), p32(0o755)), "evt.is_open_exec = true\nevt.is_open_create = true\nevt.is_open_write = false")
	checkShown(t, sample(t, event.CloseX, p64(0)), "evt.is_open_read = false\nevt.is_open_create = false")
}

func TestCategories(t *testing.T) {
	for n, want := range map[int64]string{3: "file", 4: "file", 5: "ipc", 6: "net", 7: "net"} {
		checkShown(t, withFD(t, n, event.WriteE, p64(n), p32(1)), "evt.category = "+want+"\nevt.io_dir = write")
	}
	for typ, want := range map[event.Type]string{event.ReadX: "unknown", event.OpenX: "file", event.MmapX: "memory", event.ExecveV19X: "process",
		event.NanosleepE: "sleep", event.KillX: "signal", event.SetuidX: "user", event.EpollwaitX: "wait", event.SocketX: "net",
		event.SchedswitchV6E: "scheduler"} {
		checkShown(t, sample(t, typ), "evt.category = "+want)
	}
}

// Calls without an event type of their own have the name and the category of the call.
func TestGenericFields(t *testing.T) {
	checkShown(t, sample(t, event.GenericE, p16(69), p16(61)), `
		evt.type = wait4
		syscall.type = wait4
		evt.category = wait
		evt.arg.ID = wait4
		evt.arg[0] = wait4
		evt.rawarg.nativeID = 61
		evt.dir = >`)
	checkShown(t, sample(t, event.SchedswitchV6E), "evt.type = switch\nsyscall.type = <NA>")
	checkShown(t, sample(t, event.SignaldeliverE), "evt.type = signaldeliver\nsyscall.type = <NA>")
}

// evt.around is the distance in ms, rounded up, to either side.
func TestAround(t *testing.T) {
	for arg, want := range map[string]uint64{"1534527348514648551": 0, "1534527348514648550": 1, "1534527348514648552": 1, "1534527348513648551": 1,
		"1534527348513648550": 2, "1534527349514648551": 1000} {
		f := scanned(t, "evt.around["+arg+"]", nil)
		if v := f.Value(sample(t, event.CloseX)); v.Type != Uint || v.Num != want {
			t.Errorf("%s: %d, want %d", arg, v.Num, want)
		}
	}
}

// evt.deltatime and util.cnt remember what they saw; two uses of a field do not share that.
func TestStatefulFields(t *testing.T) {
	delta, other, cnt := scanned(t, "evt.deltatime", nil), scanned(t, "evt.deltatime.ns", nil), scanned(t, "util.cnt", nil)
	ev := sample(t, event.CloseX)
	for i, want := range []uint64{0, 5, 0, 2_000_000_000} {
		ev.TS += want
		if have := delta.Value(ev).Num; have != want {
			t.Errorf("event %d: %d, want %d", i, have, want)
		}
		if have := cnt.Value(ev).Num; have != uint64(i+1) {
			t.Errorf("event %d: count %d", i, have)
		}
	}
	if have := other.Value(ev).Num; have != 0 {
		t.Errorf("another use begins at %d", have)
	}
}

func TestSocketFields(t *testing.T) {
	ev := withFD(t, 6, event.SendX, p64(10), []byte("0123456789"))
	checkShown(t, ev, `
		fd.type = ipv4
		fd.typechar = 4
		fd.sockfamily = ip
		fd.l4proto = tcp
		fd.name = 10.0.0.1:40000->10.0.0.2:80
		fd.cip = 10.0.0.1
		fd.sip = 10.0.0.2
		fd.lip = 10.0.0.1
		fd.rip = 10.0.0.2
		fd.cport = 40000
		fd.sport = 80
		fd.lport = 40000
		fd.rport = 80
		fd.cproto = 40000
		fd.sproto = 80
		fd.lproto = 40000
		fd.rproto = 80
		fd.is_server = false
		fd.connected = false
		fd.filename = <NA>
		fd.directory = <NA>
		fd.dev = 0
		fd.containername = :10.0.0.1:40000->10.0.0.2:80
		evt.buflen.net = 10
		evt.buflen.net.out = 10
		evt.buflen.net.in = <NA>
		evt.buflen.file = <NA>`)
	ev.FD.Role, ev.FD.Connected = event.RoleServer, true
	checkShown(t, ev, "fd.lip = 10.0.0.2\nfd.rip = 10.0.0.1\nfd.lport = 80\nfd.rport = 40000\nfd.cip = 10.0.0.1\nfd.is_server = true\nfd.connected = true")
	ev.FD.Role = event.RoleNone
	checkShown(t, ev, "fd.lip = <NA>\nfd.cip = <NA>\nfd.sport = <NA>\nfd.l4proto = <NA>\nfd.is_server = false")
	checkShown(t, withFD(t, 7, event.SendX, p64(1), nil), `
		fd.l4proto = udp
		fd.sport = 53
		fd.cip = <NA>
		fd.lip = <NA>
		fd.is_server = true`)
	f := scanned(t, "fd.sproto", &Options{ResolvePorts: true})
	ev.FD.Role = event.RoleClient
	if b, _ := f.Append(nil, ev); string(b) != "http" {
		t.Errorf("with -R: %s", b)
	}
}

// Fields that try both ends of a connection, or every ancestor, have a value for each.
func TestManyValues(t *testing.T) {
	texts := func(ev *event.Event, name string) string {
		f := scanned(t, name, nil)
		var out []string
		for _, v := range f.Values(ev, nil) {
			out = append(out, string(AppendValue(nil, v, f.Def.Format, &Options{})))
		}
		return strings.Join(out, "|")
	}
	conn, listener, six := withFD(t, 6, event.SendX), withFD(t, 7, event.SendX), withFD(t, 6, event.SendX)
	six.FD.Type, six.FD.Src, six.FD.Dst = event.FDIPv6Sock, netip.MustParseAddrPort("[::1]:9"), netip.MustParseAddrPort("[fe80::1]:10")
	for _, c := range []struct {
		ev         *event.Event
		name, want string
	}{
		{conn, "fd.ip", "10.0.0.1|10.0.0.2"}, {conn, "fd.port", "40000|80"}, {conn, "fd.net", "10.0.0.1|10.0.0.2"}, {conn, "fd.proto", "40000|80"},
		{listener, "fd.ip", "0.0.0.0"}, {listener, "fd.port", "53"}, {six, "fd.ip", "::1|fe80::1"},
		{withFD(t, 3, event.ReadX), "fd.ip", ""}, {withFD(t, 3, event.ReadX), "fd.port", ""}, {sample(t, event.ReadX), "fd.ip", ""},
		{family(t, event.ReadX), "proc.aname", "bash|sshd|init"}, {family(t, event.ReadX), "proc.apid", "90|50|1"},
		{family(t, event.ReadX), "proc.acmdline", "bash -l|sshd -D -p 22|init"}, {family(t, event.ReadX), "proc.aargs", "-l|-D -p 22|"},
		{family(t, event.ReadX), "proc.aname[2]", "sshd"}, {family(t, event.ReadX), "proc.aname[9]", ""},
		{family(t, event.ReadX), "proc.name", "cat"}, {sample(t, event.ReadX), "fd.name", ""},
	} {
		if have := texts(c.ev, c.name); have != c.want {
			t.Errorf("%s: %q, want %q", c.name, have, c.want)
		}
	}
}

func TestPathFields(t *testing.T) {
	checkShown(t, sample(t, event.RenameatX, p64(0), p64(-100), pz("a"), p64(4), pz("../b")), `
		evt.abspath = /home/u/a
		evt.abspath.src = /home/u/a
		evt.abspath.dst = /b
		evt.abspath[2] = /b
		fs.path.source = /home/u/a
		fs.path.sourceraw = a
		fs.path.target = /b
		fs.path.targetraw = ../b
		fs.path.name = <NA>`)
	checkShown(t, sample(t, event.OpenatE, p64(4), pz("x"), p32(1), p32(0)), "evt.abspath = /srv/x\nfs.path.name = <NA>")
	checkShown(t, sample(t, event.UnlinkatV2X, p64(0), p64(99), pz("f"), p32(0)), "fs.path.name = <UNKNOWN>/f\nevt.abspath = <UNKNOWN>/f\nfs.path.nameraw = f")
	checkShown(t, sample(t, event.MkdirV2X, p64(0), pz("/x/../y"), p32(0)), "fs.path.name = /y\nfs.path.nameraw = /x/../y\nevt.abspath = <NA>")
	checkShown(t, sample(t, event.ChdirX, p64(-2), pz("<NA>")), "fs.path.nameraw = <NA>")
	checkShown(t, sample(t, event.CloseX, p64(0)), "fs.path.name = <NA>\nevt.abspath = <NA>\nfs.path.source = <NA>")
}

func TestProcinfoFields(t *testing.T) {
	ev := family(t, event.ProcinfoE, p64(1), p64(2))
	checkShown(t, ev, "thread.cpu = 100.0\nthread.cpu.user = 12.5\nthread.cpu.system = 90.0\nevt.count.procinfo = 1\nevt.count.threadinfo = 1")
	ev.Thread = ev.Host.Thread(101)
	checkShown(t, ev, "evt.count.procinfo = <NA>\nevt.count.threadinfo = 1")
	ev = family(t, event.SchedswitchV6E)
	ev.OnCPU = 777
	checkShown(t, ev, "thread.exectime = 777\nthread.totexectime = 4321\nthread.cpu = <NA>\nevt.hostname = m1")
}

func TestInfrastructureFields(t *testing.T) {
	ev := sample(t, event.InfrastructureEventE, pz("docker"), pz("x"), pz("Event: start; ID: 0123456789abcdef; name: web; Image: nginx:1"), pz(""))
	checkShown(t, ev, `
		evt.infra.docker.name = start
		evt.infra.docker.container.id = 0123456789ab
		evt.infra.docker.container.name = web
		evt.infra.docker.container.image = nginx:1`)
	checkShown(t, sample(t, event.CloseX), "evt.infra.docker.name = <NA>")
	checkShown(t, sample(t, event.AsynceventE, p32(0), pz("container"), []byte("{}")), "evt.is_async = true\nevt.asynctype = container")
}

// alwaysThere are the fields of classes about threads and descriptors that need neither.
var alwaysThere = map[string]bool{"thread.tid": true, "thread.exectime": true}

// Without state there is no value of a thread, a descriptor, a user or a container, whatever the event and however short; and no panic.
func TestMissingState(t *testing.T) {
	var bare []*Field
	eachDef(func(c *Class, d *Def) {
		if c.Name == "evt" || c.Name == "util" || c.Name == "fs.path" || alwaysThere[d.Name] {
			return
		}
		f, err := New(d.Name, "0", d.Arg == NeedArg, nil)
		if err != nil {
			t.Fatal(err)
		}
		bare = append(bare, f)
	})
	if len(bare) < 180 {
		t.Fatalf("only %d fields", len(bare))
	}
	for typ, s := range event.Types() {
		for _, n := range []int{0, min(1, len(s.Params)), len(s.Params)} {
			params := make([][]byte, n)
			for i := range params {
				params[i] = make([]byte, s.Params[i].Kind.Size())
			}
			ev := &event.Event{Num: 1, FDNum: -1}
			if err := ev.Decode(event.Append(nil, 1, 1, typ, params...), false); err != nil {
				t.Fatal(err)
			}
			for _, f := range bare {
				if b, ok := f.Append(nil, ev); ok || len(b) > 0 {
					t.Errorf("%v: %s is %q", typ, f, b)
				}
				if v := f.Values(ev, nil); len(v) > 0 {
					t.Errorf("%v: %s has %d values", typ, f, len(v))
				}
			}
		}
	}
}

// Where a field says that it can have no value, it has none; where it can, some have one.
func TestFieldTypes(t *testing.T) {
	had := map[*Field]bool{}
	eachDef(func(_ *Class, d *Def) {
		arg := cmp.Or(map[string]string{"evt.arg": "fd", "evt.rawarg": "flags"}[d.Name], "0")
		if d.types == nil {
			return
		}
		f, err := New(d.Name, arg, d.Arg == NeedArg, nil)
		if err != nil {
			t.Fatal(err)
		}
		had[f] = false
	})
	if len(had) < 40 {
		t.Fatalf("only %d fields say on which types they have values", len(had))
	}
	for typ, s := range event.Types() {
		params := make([][]byte, len(s.Params))
		for i := range params {
			params[i] = append(make([]byte, max(s.Params[i].Kind.Size(), 1)-1), 1)
		}
		for _, n := range []int64{3, 6} {
			ev := family(t, typ, params...)
			ev.FD, ev.FDNum = ev.Thread.FDs.Get(n), n
			for f := range had {
				has := f.Value(ev).Present()
				had[f] = had[f] || has
				if set := f.Types(); has && !set.Has(typ) {
					t.Errorf("%v has a %s, which it cannot have", typ, f)
				}
			}
		}
	}
	for f, has := range had {
		if !has && !strings.HasSuffix(f.Def.Name, "ip.name") && !strings.HasPrefix(f.Def.Name, "fdlist.") {
			t.Errorf("%s had no value", f)
		}
	}
}
