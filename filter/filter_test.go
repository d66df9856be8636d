package filter

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"scry/capture/event"
)

func p16(n int) []byte   { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func p32(n int64) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
func p64(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
func pz(s string) []byte { return append([]byte(s), 0) }

const testTS = 1_500_000_000_000_000_000

func makeEvent(t testing.TB, typ event.Type, params ...[]byte) *event.Event {
	t.Helper()
	ev := &event.Event{Num: 100, CPU: 2, FDNum: -1}
	if err := ev.Decode(event.Append(nil, testTS, 843, typ, params...), false); err != nil {
		t.Fatal(err)
	}
	root := &event.Thread{TID: 1, PID: 1, Comm: "init", Exe: "/sbin/init", Main: true}
	root.Leader = root
	sh := &event.Thread{TID: 800, PID: 800, PTID: 1, Comm: "bash", Exe: "/bin/bash", Parent: root, Main: true}
	sh.Leader = sh
	th := &event.Thread{
		TID: 843, PID: 843, PTID: 800, Comm: "curl", Exe: "/usr/bin/curl", ExePath: "/usr/bin/curl", Args: "-o\x00out.html\x00-s\x00http://a/\x00", Cwd: "/root/",
		Env: "HOME=/root\x00PATH=/bin\x00", UID: 0, GID: 0, LoginUID: event.NoID, VTID: 43, VPID: 43, Parent: sh, Main: true, FDs: &event.FDTable{}, FDLimit: 8,
	}
	th.Leader = th
	ev.Thread = th
	ev.Host = &event.Host{FirstTS: testTS - 5000, Users: map[uint32]*event.User{0: {Name: "root", Home: "/root"}}, Groups: map[uint32]*event.Group{0: {Name: "root"}}}
	ev.Host.Thread = func(tid int64) *event.Thread {
		return map[int64]*event.Thread{1: root, 800: sh, 843: th}[tid]
	}
	return ev
}

// withFD gives the event a descriptor.
func withFD(ev *event.Event, fd event.FD) *event.Event {
	ev.FD, ev.FDNum = &fd, fd.Num
	ev.Thread.FDs.Set(&fd)
	return ev
}

// events are the samples of the tables below, by their short names.
func events(t testing.TB) map[string]*event.Event {
	sock := event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleClient, Connected: true, Name: "10.0.0.1:40000->10.0.0.2:80",
		Src: netip.MustParseAddrPort("10.0.0.1:40000"), Dst: netip.MustParseAddrPort("10.0.0.2:80")}
	mapped := sock
	mapped.Type, mapped.Src, mapped.Dst = event.FDIPv6Sock, netip.MustParseAddrPort("[::ffff:10.0.0.1]:40000"), netip.MustParseAddrPort("[::ffff:10.0.0.2]:80")
	evs := map[string]*event.Event{
		"read":    withFD(makeEvent(t, event.ReadX, p64(4), []byte("HTTP"), p64(3), p32(4096)), event.FD{Num: 3, Type: event.FDFileV2, Name: "/etc/ssl/cert.pem"}),
		"enter":   withFD(makeEvent(t, event.ReadE, p64(3), p32(4096)), event.FD{Num: 3, Type: event.FDFileV2, Name: "/etc/ssl/cert.pem"}),
		"open":    makeEvent(t, event.OpenX, p64(-2), pz("/etc/nope"), p32(4097), p32(0)),
		"send":    withFD(makeEvent(t, event.SendtoX, p64(17), []byte("GET / HTTP/1.1\r\n")), sock),
		"send6":   withFD(makeEvent(t, event.SendtoX, p64(17), []byte("x")), mapped),
		"generic": makeEvent(t, event.GenericX, p16(codeOf(t, "kexec_load"))),
		"setuid":  makeEvent(t, event.SetuidE, p32(-1)),
		"accept4": makeEvent(t, event.Accept4V6X),
		"nothing": makeEvent(t, event.SchedswitchV6E, p64(0), p64(0), p64(0), p32(0), p32(0), p32(0)),
	}
	evs["read"].Latency = 1_500_000
	return evs
}

func codeOf(t testing.TB, name string) int {
	for i, n := range event.SyscallNames() {
		if n == name {
			return i
		}
	}
	t.Fatalf("no system call %q", name)
	return 0
}

func TestMatch(t *testing.T) {
	evs := events(t)
	for _, c := range matchCases {
		f, err := Compile(c.filter, nil)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		ev := evs[c.event]
		if ev == nil {
			t.Fatalf("no event %q", c.event)
		}
		if got := f.Match(ev); got != c.want {
			t.Errorf("%s on %s: %v, want %v", c.filter, c.event, got, c.want)
		}
		g, err := Compile("not ("+c.filter+")", nil)
		if err != nil {
			t.Errorf("%v", err)
		} else if got := g.Match(ev); got == c.want {
			t.Errorf("not (%s) on %s: %v", c.filter, c.event, got)
		}
		if c.want && !types(f).Has(ev.Type) {
			t.Errorf("%s matches %s, which is not in Types", c.filter, c.event)
		}
		// The kind's bit only saves time: the tree alone says the same.
		if got := f.root.match(ev); got != c.want {
			t.Errorf("%s on %s: the tree says %v, want %v", c.filter, c.event, got, c.want)
		}
	}
}

func types(f *Filter) *event.TypeSet {
	s := f.Types()
	return &s
}

// matchCases: every operator on the types that take it.
var matchCases = []struct {
	event  string
	filter string
	want   bool
}{
	// event type and direction
	{"read", "evt.type=read", true},
	{"read", "evt.type==read", true},
	{"read", "evt.type=write", false},
	{"read", "evt.type!=read", false},
	{"read", "evt.type in (read, write)", true},
	{"read", "evt.type in read", true},
	{"read", "evt.type contains ea", true},
	{"read", "evt.type glob re*", true},
	{"read", "evt.type regex \"r(ea|is)d\"", true},
	{"read", "evt.type startswith (open, re)", true},
	{"read", "evt.type exists", true},
	{"read", "toupper(evt.type)=READ", true},
	{"read", "evt.dir=<", true},
	{"read", "evt.dir=>", false},
	{"enter", "evt.dir = >", true},
	{"enter", "evt.dir!=<", true},
	{"enter", "evt.dir in (<)", false},
	{"read", "evt.type.is.read=1", true},
	{"read", "evt.type.is.read!=1", false},
	{"read", "evt.type.is.write=1", false},
	{"read", "evt.type.is.write=0", true},
	{"generic", "evt.type=kexec_load", true},
	{"generic", "evt.type=reboot", false},
	{"generic", "syscall.type=kexec_load", true},
	{"generic", "evt.type=kexec_load and evt.dir=<", true},
	{"generic", "evt.type=kexec_load and evt.dir=>", false},
	{"generic", "evt.type=read", false},
	{"generic", "evt.type!=read", true},
	{"accept4", "evt.type=accept", true},
	{"accept4", "evt.type!=accept", false},
	{"accept4", "evt.type in (open, accept)", true},
	{"accept4", "evt.type=accept4", true},
	{"read", "evt.io_dir=read", true},
	{"read", "evt.is_io=true", true},
	{"open", "evt.is_io=true", false},
	{"open", "evt.is_io=false", true},
	{"open", "evt.is_io!=true", true},
	{"open", "evt.is_io in (true, false)", true},

	// numbers
	{"read", "evt.num=100", true},
	{"read", "evt.num=0x64", true},
	{"read", "evt.num=0o144", true},
	{"read", "evt.num=0100", true},
	{"read", "evt.num=1e2", true},
	{"read", "evt.num=100.0", true},
	{"read", "evt.num=+100", true},
	{"read", "evt.num=\"100\"", true},
	{"read", "evt.num!=100", false},
	{"read", "evt.num<101", true},
	{"read", "evt.num<100", false},
	{"read", "evt.num<=100", true},
	{"read", "evt.num>99", true},
	{"read", "evt.num>=101", false},
	{"read", "evt.num<18446744073709551615", true},
	{"read", "evt.num in (1, 100)", true},
	{"read", "evt.num in (1,2,3,4,5,6,7,8,9,10,100)", true},
	{"read", "evt.num in (1,2,3,4,5,6,7,8,9,10,11)", false},
	{"read", "evt.num intersects (1, 100)", true},
	{"read", "evt.num exists", true},
	{"read", "evt.num=-1", false},
	{"read", "evt.cpu=2", true},
	{"read", "evt.cpu>-1", true},
	{"read", "evt.rawres=4", true},
	{"open", "evt.rawres=-2", true},
	{"open", "evt.rawres<0", true},
	{"open", "evt.rawres in (-2, -1)", true},
	{"read", "evt.latency=1500000", true},
	{"read", "evt.latency=1.5ms", true},
	{"read", "evt.latency>1ms", true},
	{"read", "evt.latency>=1500us", true},
	{"read", "evt.latency<1s", true},
	{"read", "evt.latency<5m", true},
	{"read", "evt.latency<100ns", false},
	{"read", "evt.latency > 1h", false},
	{"read", "evt.rawarg.size=4k", true},
	{"read", "evt.rawarg.size=4KiB", true},
	{"read", "evt.rawarg.size=4kb", true},
	{"read", "evt.rawarg.size<1M", true},
	{"read", "evt.rawarg.size>2G", false},
	{"read", "proc.fdusage >= 12.5", true},
	{"read", "proc.fdusage = 1.25e1", true},
	{"read", "proc.fdusage in (1, 12.5)", true},
	{"read", "proc.fdusage < 12.5", false},
	{"read", "proc.fdusage != 12", true},
	{"read", "proc.fdusage <= 12.5", true},
	{"read", "proc.fdusage > 12", true},
	{"read", "user.uid=0", true},
	{"read", "user.uid=-1", false},
	{"read", "evt.around[1500000000000000000]=5", true},
	{"read", "evt.around[1500000000003000000]=5", true},
	{"read", "evt.around[1499999999997000000]=5", true},
	{"read", "evt.around[1500000000006000000]=5", false},
	{"open", "evt.failed=true", true},

	// arguments
	{"open", "evt.rawarg.flags=4097", true},
	{"open", "evt.rawarg.flags=0x1001", true},
	{"open", "evt.rawarg.flags=O_RDONLY|O_CLOEXEC", true},
	{"open", "evt.rawarg.flags=O_RDONLY", false},
	{"open", "evt.rawarg.name=/etc/nope", true},
	{"open", "evt.rawarg.name startswith /etc", true},
	{"open", "evt.rawarg.fd=-2", true},
	{"open", "evt.rawarg.fd<0", true},
	{"open", "evt.rawarg.fd!=3", true},
	{"open", "evt.rawarg.fd<=-2", true},
	{"open", "evt.rawarg.fd>18446744073709551614", false},
	{"setuid", "evt.rawarg.uid=-1", true},
	{"setuid", "evt.rawarg.uid=4294967295", true},
	{"setuid", "evt.rawarg.uid!=-1", false},
	{"setuid", "evt.rawarg.uid>-1", false},
	{"setuid", "evt.rawarg.uid in (0, -1)", true},
	{"open", "evt.rawarg.flags in (0, O_RDONLY|O_CLOEXEC)", true},
	{"open", "evt.arg.flags contains O_CLOEXEC", true},
	{"open", "evt.arg.name=/etc/nope", true},
	{"open", "evt.arg[1]=/etc/nope", true},
	{"open", "evt.res=ENOENT", true},
	{"read", "evt.rawarg.name=/etc/nope", false},
	{"read", "evt.rawarg.name!=/etc/nope", false},
	{"read", "evt.rawarg.data exists", true},

	// text
	{"read", "proc.name=curl", true},
	{"read", "proc.name = 'curl'", true},
	{"read", "proc.name=\"cu\\x72l\"", true},
	{"read", "proc.name!=curl", false},
	{"read", "proc.name<d", true},
	{"read", "proc.name<curl", false},
	{"read", "proc.name<=curl", true},
	{"read", "proc.name>bash", true},
	{"read", "proc.name>=d", false},
	{"read", "proc.name contains ur", true},
	{"read", "proc.name contains UR", false},
	{"read", "proc.name icontains UR", true},
	{"read", "proc.name icontains (x, RL)", true},
	{"read", "proc.name contains (x, y)", false},
	{"read", "proc.name contains ()", false},
	{"read", "proc.name startswith cu", true},
	{"read", "proc.name startswith (x, cu)", true},
	{"read", "proc.name endswith rl", true},
	{"read", "proc.name endswith (x, rl)", true},
	{"read", "proc.name glob c?r*", true},
	{"read", "proc.name glob (x*, c*)", true},
	{"read", "proc.name glob C*", false},
	{"read", "proc.name iglob C*", true},
	{"read", "proc.name regex c[[:alpha:]]*l", true},
	{"read", "proc.name regex ur", false},
	{"read", "proc.name regex c|curl", true},
	{"read", "proc.name regex (x, cu.*)", true},
	{"read", "proc.name in (wget, curl)", true},
	{"read", "proc.name in curl", true},
	{"read", "proc.name in (a,b,c,d,e,f,g,h,i,curl)", true},
	{"read", "proc.name in (a,b,c,d,e,f,g,h,i,j)", false},
	{"read", "proc.name in ()", false},
	{"read", "proc.name intersects (wget, curl)", true},
	{"read", "proc.name exists", true},
	{"read", "proc.env[HOME]=/root", true},
	{"read", "proc.args contains out.html", true},
	{"read", "fd.name=/etc/ssl/cert.pem", true},
	{"read", "fd.name pmatch (/etc)", true},
	{"read", "fd.name pmatch (etc/ssl/)", true},
	{"read", "fd.name pmatch (/et)", false},
	{"read", "fd.name pmatch (/usr, /etc/s*)", true},
	{"read", "fd.name pmatch (/)", true},
	{"read", "fd.name pmatch (/etc/ssl/cert.pem/x)", false},
	{"read", "fd.name pmatch ()", false},
	{"read", "fd.name pmatch /etc", true},
	{"read", "fd.name glob /etc/*.pem", true},

	// buffers
	{"read", "evt.buffer=HTTP", true},
	{"read", "evt.buffer!=HTTP", false},
	{"read", "evt.buffer contains TT", true},
	{"read", "evt.buffer startswith HT", true},
	{"read", "evt.buffer endswith TP", true},
	{"read", "evt.buffer bcontains 5454", true},
	{"read", "evt.buffer bstartswith 4854", true},
	{"read", "evt.buffer bstartswith (00, 48)", true},
	{"read", "evt.buffer in (GET, HTTP)", true},
	{"send", "evt.buffer endswith \"\\r\\n\"", true},
	{"open", "evt.buffer exists", false},

	// sockets: either end
	{"send", "fd.ip=10.0.0.1", true},
	{"send", "fd.ip=10.0.0.2", true},
	{"send", "fd.ip=10.0.0.3", false},
	{"send", "fd.ip!=10.0.0.1", false},
	{"send", "fd.ip!=10.0.0.3", true},
	{"send", "fd.ip in (10.0.0.3, 10.0.0.2)", true},
	{"send", "fd.ip=::ffff:10.0.0.1", true},
	{"send6", "fd.ip=10.0.0.1", true},
	{"send6", "fd.net=10.0.0.0/8", true},
	{"send", "fd.sip=10.0.0.2", true},
	{"send", "fd.cip=10.0.0.2", false},
	{"send", "fd.net=10.0.0.0/8", true},
	{"send", "fd.net=10.0.0.2", true},
	{"send", "fd.net=::ffff:10.0.0.0/104", true},
	{"send", "fd.net!=10.0.0.1/32", false},
	{"send", "fd.net!=11.0.0.0/8", true},
	{"send", "fd.snet in (11.0.0.0/8, 10.0.0.0/24)", true},
	{"send", "fd.net intersects (11.0.0.0/8, 10.0.0.0/24)", true},
	{"send", "fd.port=80", true},
	{"send", "fd.port=http", true},
	{"send", "fd.port=40000", true},
	{"send", "fd.port!=80", false},
	{"send", "fd.port!=81", true},
	{"send", "fd.port>1024", true},
	{"send", "fd.port in (22, 80)", true},
	{"send", "fd.sport=80", true},
	{"send", "fd.l4proto=tcp", true},
	{"send", "fd.type in (ipv4, ipv6)", true},
	{"send", "fd.connected=true", true},

	// ancestors
	{"read", "proc.aname=bash", true},
	{"read", "proc.aname=curl", false},
	{"read", "proc.aname!=bash", true},
	{"read", "proc.aname in (init, x)", true},
	{"read", "proc.aname[1]=bash", true},
	{"read", "proc.aname[2]=init", true},
	{"read", "proc.aname[3]=init", false},
	{"read", "proc.aname[3]!=init", false},
	{"read", "proc.apid=1", true},
	{"read", "proc.aname contains oneof (ba, in, xx)", false},
	{"read", "proc.aname contains allof (ba, in)", true},

	// missing values
	{"nothing", "fd.name=x", false},
	{"nothing", "fd.name!=x", false},
	{"nothing", "fd.name exists", false},
	{"nothing", "fd.ip!=1.2.3.4", false},
	{"nothing", "fd.port!=80", false},
	{"nothing", "fd.name in (x)", false},
	{"nothing", "not fd.name=x", true},
	{"nothing", "not fd.name!=x", true},
	{"nothing", "len(fd.name)=0", false},
	{"nothing", "concat(proc.name, fd.name)=curl", false},
	{"nothing", "fd.name = val(proc.name)", false},
	{"nothing", "proc.name = val(fd.name)", false},
	{"nothing", "proc.name != val(fd.name)", false},

	// lists of values
	{"read", "fd.types in (file, ipv4)", true},
	{"read", "fd.types in (ipv4)", false},
	{"read", "fd.types intersects (file, ipv4)", true},
	{"read", "fd.types intersects (ipv4)", false},
	{"open", "fd.types in (ipv4)", true},
	{"open", "fd.types intersects (ipv4)", false},
	{"read", "fd.types exists", true},
	{"read", "len(fd.types)=1", true},

	// modifiers
	{"read", "proc.name contains oneof (cu, rl)", false},
	{"read", "proc.name contains oneof (cu, x)", true},
	{"read", "proc.name contains anyof (cu, rl)", true},
	{"read", "proc.name contains allof (cu, rl)", true},
	{"read", "proc.name contains allof (cu, x)", false},
	{"read", "proc.name contains anyof ()", false},
	{"read", "proc.name contains allof ()", false},
	{"read", "proc.name = anyof (curl, x)", true},
	{"read", "proc.name != anyof (curl, x)", true},
	{"read", "proc.name != allof (curl, x)", false},
	{"read", "proc.name != allof (y, x)", true},
	{"read", "proc.name == oneof(y, curl)", true},
	{"read", "evt.num > anyof (1000, 5)", true},

	// transformers
	{"read", "toupper(proc.name)=CURL", true},
	{"read", "tolower(toupper(proc.name))=curl", true},
	{"read", "toupper(\"abc\")=ABC", true},
	{"read", "basename(fd.name)=cert.pem", true},
	{"read", "basename(\"a/b/\")=\"\"", true},
	{"read", "len(proc.name)=4", true},
	{"read", "len(evt.buffer)=4", true},
	{"read", "len((a, b, c))=3", true},
	{"read", "b64(\"Y3VybA==\") = val(proc.name)", true},
	{"read", "b64(\"Y3VybA\") = val(proc.name)", true},
	{"read", "b64(\"&&&\") exists", false},
	{"read", "concat(proc.name, \"-\", proc.pname)=curl-bash", true},
	{"read", "join(\",\", (proc.name, proc.pname, x))=\"curl,bash,x\"", true},
	{"read", "proc.name = tolower(\"CURL\")", true},
	{"read", "proc.pid = val(thread.tid)", true},
	{"read", "proc.pid > val(proc.ppid)", true},
	{"read", "proc.name in val(proc.pname)", false},
	{"read", "proc.name contains val(proc.pname)", false},
	{"read", "fd.name endswith basename(fd.name)", true},
	{"read", "proc.pid != val(proc.ppid)", true},
	{"read", "evt.num < len(proc.name)", false},
	{"read", "getopt((\"-a\", \"-b\", v, w), \"ab:\")[b]=v", true},
	{"read", "getopt((\"-a\", \"-b\", v, w), \"ab:\")[c] exists", false},
	{"read", "getopt((\"-a\", \"-b\", v, w), \"ab:\") in (a, b, v)", true},
	{"read", "getopt((\"-ax\", \"--long\", \"-bv\", w, \"-a\"), \"ab:\") intersects (\"?\")", true},
	{"read", "getopt((proc.args[0], proc.args[1]), \"o:\")[o]=out.html", true},

	// fields on the right side
	{"read", "proc.aname = val(proc.pname)", true},
	{"read", "proc.aname = val(proc.name)", false},
	{"read", "proc.aname != val(proc.pname)", true},
	{"read", "proc.apid < val(proc.ppid)", true},
	{"read", "fd.types in val(fd.type)", true},
	{"read", "fd.types intersects val(proc.name)", false},
	{"open", "fd.types in val(proc.name)", true},
	{"read", "proc.name in val(proc.aargs)", false},
	{"send", "fd.ip = val(fd.sip)", true},
	{"send", "fd.ip != val(fd.sip)", false},
	{"send", "fd.cip != val(fd.sip)", true},
	{"send", "fd.cport > val(fd.sport)", true},
	{"send", "fd.sport < val(fd.cport)", true},
	{"send", "fd.sport != val(fd.num)", true},
	{"open", "evt.rawres < val(evt.num)", true},
	{"open", "evt.num > val(evt.rawres)", true},
	{"open", "evt.rawres >= val(evt.rawres)", true},
	{"read", "proc.fdusage <= val(evt.num)", true},
	{"read", "evt.num = val(proc.fdusage)", false},
	{"read", "evt.latency >= val(evt.latency.ns)", true},
	{"read", "evt.is_io = val(evt.is_io_read)", true},
	{"read", "evt.is_io != val(evt.failed)", true},
	{"read", "proc.name contains tolower(\"UR\")", true},
	{"read", "proc.name icontains toupper(proc.name)", true},
	{"read", "proc.name startswith tolower(\"CU\")", true},
	{"read", "proc.name glob tolower(\"C*L\")", true},
	{"read", "proc.name iglob toupper(\"c*l\")", true},
	{"read", "proc.name < toupper(proc.name)", false},
	{"read", "evt.buffer contains toupper(\"tt\")", true},
	{"read", "len(proc.name) = len(evt.buffer)", true},

	// precedence
	{"read", "evt.type=read or evt.type=open and proc.name=x", true},
	{"read", "(evt.type=read or evt.type=open) and proc.name=x", false},
	{"read", "not evt.type=open and proc.name=curl", true},
	{"read", "not (evt.type=read and proc.name=curl)", false},
	{"read", "not not evt.type=read", true},
	{"read", "not not not evt.type=read", false},
	{"read", "evt.type=read && !proc.name=x || evt.num=1", true},
	{"read", "!(evt.type=read)", false},
	{"read", "not(evt.type=read)or(proc.name=curl)", true},
	{"read", "evt.type=read\n\tand\nproc.name=curl", true},
}
