package chisels

import (
	"io"
	"strconv"
	"strings"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/capture/state"
	"scry/filter/fields"
)

// helloFields says what fields show of testdata/hello.scap. A line with "#" names an event: number, direction, type, process; the lines
// under it have a field and its text, quoted when that is empty or has blanks at its ends. Rows are what `sysdig -p` 0.29.3 shows of the
// capture after --compat, for which sysdig can read it. Those with "!" are not: sysdig does not know the field or the parameter, or
// differs as docs/differences.md has it; their text follows from helloCapture (main_hello_test.go), which wrote the file.
const helloFields = `
# 9 > read of bash
  evt.num = 9
  evt.time = 09:30:00.100040137
  evt.time.s = 09:30:00
  evt.datetime = 2024-05-14 09:30:00.100040137
  evt.rawtime = 1715679000100040137
  evt.rawtime.s = 1715679000
  evt.rawtime.ns = 100040137
  evt.reltime = 000040137
  evt.reltime.s = 0
  evt.reltime.ns = 000040137
  evt.dir = >
  evt.type = read
  syscall.type = read
  evt.category = file
  evt.cpu = 0
  evt.args = "fd=0(<f>/dev/pts/0) size=1 "
  evt.arg.fd = <f>/dev/pts/0
  evt.arg.size = 1
! evt.rawarg.fd = 0
  evt.arg[1] = 1
  evt.res = <NA>
  evt.rawres = <NA>
  evt.failed = false
  evt.is_io = true
  evt.is_io_read = true
  evt.is_io_write = false
  evt.io_dir = read
  evt.is_wait = false
  evt.buflen = <NA>
  evt.count = 1
  evt.count.exit = <NA>
  evt.latency = 0
  proc.pid = 1500
  proc.exe = /usr/bin/bash
  proc.name = bash
  proc.args = ""
  proc.env = PATH=/usr/bin:/bin HOME=/home/anna LANG=de_DE.UTF-8 SHELL=/bin/bash
! proc.env[HOME] = /home/anna
! proc.env[NONE] = ""
  proc.cmdline = bash
  proc.exeline = "/usr/bin/bash "
  proc.cwd = /home/anna/
  proc.nthreads = 1
  proc.nchilds = 0
  proc.ppid = 1498
  proc.pname = sshd
  proc.pcmdline = sshd
! proc.apid = 1498 612 1
  proc.apid[1] = 1498
  proc.apid[2] = 612
  proc.aname[0] = bash
  proc.aname[1] = sshd
  proc.aname[2] = sshd
  proc.aname[3] = systemd
  proc.aname[4] = <NA>
  proc.loginshellid = 1500
  proc.duration = <NA>
  proc.fdopencount = 3
  proc.fdlimit = 1024
  proc.fdusage = 0.3
  proc.vmsize = 12000
  proc.vmrss = 5200
  proc.vmswap = 0
  thread.pfmajor = 0
  thread.pfminor = 240
  thread.tid = 1500
  thread.ismain = true
  thread.exectime = 0
  thread.totexectime = 0
  thread.cgroups = cpuset=/ cpu=/user.slice memory=/user.slice/user-1000.slice
  thread.cgroup.memory = /user.slice/user-1000.slice
  thread.cgroup.pids = <NA>
  thread.vtid = 1500
  proc.vpid = 1500
  proc.sid = 1500
  proc.sname = bash
! proc.tty = 34816
  user.uid = 1000
  user.name = anna
  user.homedir = /home/anna
  user.shell = /bin/bash
  user.loginuid = 1000
  user.loginname = anna
  group.gid = 1000
  group.name = anna
  container.id = host
  container.name = host
  container.type = host
  container.image = <NA>
  fd.num = 0
  fd.type = file
  fd.typechar = f
  fd.name = /dev/pts/0
  fd.directory = /dev/pts
  fd.filename = 0
! fd.ino = 1000
  fd.uid = 15000
  fd.containername = :/dev/pts/0
  fd.containerdirectory = :/dev/pts
  fd.sport = <NA>
  fd.l4proto = <NA>
  fd.sockfamily = <NA>
  fd.is_server = false
  fdlist.nums = <NA>
  syslog.message = <NA>
# 10 < read of bash
  evt.latency = 9300137
  evt.latency.s = 0
  evt.latency.ns = 009300137
  evt.latency.human = 9.30ms
  evt.res = SUCCESS
  evt.rawres = 1
  evt.buffer = .
  evt.buflen = 1
  evt.arg.data = .
  evt.count.exit = 1
  evt.arg.res = 1
# 12 < clone of bash
  evt.arg.res = bash
  evt.arg.tid = bash
  evt.arg.ptid = sshd
  evt.rawarg.ptid = 1498
  evt.arg.flags = CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID
  proc.nthreads = 1
# 14 > wait4 of bash
  evt.type = wait4
  syscall.type = wait4
  evt.category = wait
  evt.arg[0] = wait4
  evt.arg.ID = wait4
! evt.rawarg.ID = 69
  evt.arg.nativeID = 61
  fd.num = <NA>
  fd.name = <NA>
# 16 < execve of cat
  evt.arg.args = /etc/hosts.
  evt.arg.env = PATH=/usr/bin:/bin.HOME=/home/anna.LANG=de_DE.UTF-8.SHELL=/bin/bash.
! evt.rawarg.uid = 1000
  evt.arg.cgroups = cpuset=/.cpu=/user.slice.memory=/user.slice/user-1000.slice.
  evt.latency = 420137
  proc.name = cat
  proc.args = /etc/hosts
! proc.args[0] = /etc/hosts
  proc.cmdline = cat /etc/hosts
  proc.exeline = cat /etc/hosts
  proc.exe = cat
  proc.exepath = /usr/bin/cat
  proc.duration = 472411
  proc.pcmdline = bash
  proc.aname[2] = sshd
  proc.vmsize = 356
! proc.exe_ino = 5012
! proc.cmdnargs = 1
! proc.cmdlenargs = 10
  proc.fdopencount = 3
! proc.pid.ts = 1715679000109503548
! proc.ppid.ts = <NA>
# 20 < access of cat
  evt.res = ENOENT
  evt.rawres = -2
  evt.failed = true
  evt.count.error = 1
  evt.count.error.file = <NA>
  evt.count.error.other = 1
  evt.arg.res = ENOENT
  evt.rawarg.res = -2
  evt.arg.name = /etc/ld.so.preload
  fd.num = <NA>
  fd.name = <NA>
# 22 < openat of cat
  evt.arg.flags = O_RDONLY|O_CLOEXEC
! evt.rawarg.flags = 1001
  evt.arg.dev = 801
! evt.arg.ino = 4727
! evt.rawarg.dev = 801
  evt.res = SUCCESS
  evt.abspath = /etc/ld.so.cache
  fd.dev = 801
! fd.ino = 4727
! fd.nameraw = /etc/ld.so.cache
! fs.path.name = /etc/ld.so.cache
! fs.path.nameraw = /etc/ld.so.cache
  evt.is_open_read = true
  evt.is_open_write = false
! evt.is_open_create = false
  evt.is_open_exec = false
# 66 > signaldeliver of bash
  evt.type = signaldeliver
! syscall.type = <NA>
  evt.arg.sig = SIGCHLD
  evt.arg.spid = 1510
  evt.arg.dpid = bash
! evt.rawarg.sig = 17
  evt.category = signal
  evt.latency = 0
# 71 < pipe of bash
  fd.num = 4
  fd.type = pipe
! fd.types = (pipe,pipe)
! fd.types[4] = pipe
! fd.types[9] = <NA>
  evt.arg.fd1 = <p>
  evt.arg.ino = 88123
# 158 > write of grep
  fd.type = pipe
  fd.typechar = p
  fd.name = ""
  fd.num = 1
  evt.category = ipc
  evt.io_dir = write
  fd.uid = 15111
# 206 < openat of vim.tiny
  fd.num = -1
  fd.name = /home/anna/.vimrc
  fd.type = <NA>
  fd.typechar = f
  fd.directory = /home/anna
  fd.filename = <NA>
  evt.count.error.file = 1
  evt.res = ENOENT
  evt.failed = true
# 212 < openat of vim.tiny
! fd.name = /home/anna/notes/grüße an 日本.txt
! fd.filename = grüße an 日本.txt
  fd.directory = /home/anna/notes
! fd.nameraw = grüße an 日本.txt
! evt.abspath = /home/anna/notes/grüße an 日本.txt
! evt.arg.name = /home/anna/notes/grüße an 日本.txt
! fs.path.name = /home/anna/notes/grüße an 日本.txt
! fs.path.nameraw = grüße an 日本.txt
  evt.is_open_write = true
! evt.is_open_create = false
  proc.cwd = /home/anna/notes/
  proc.cmdline = vim.tiny grüße an 日本.txt
  evt.arg.mode = 0644
# 218 < unlinkat of vim.tiny
  evt.abspath = /home/anna/.vim.swp
  evt.arg.name = /home/anna/.vim.swp
  evt.arg.dirfd = AT_FDCWD
! fs.path.name = /home/anna/.vim.swp
! fs.path.nameraw = ../.vim.swp
  fd.name = <NA>
! fd.num = -100
# 220 < mkdir of vim.tiny
  evt.arg.path = /home/anna/notes
! evt.arg.mode = 1ED
! fs.path.name = /home/anna/notes
  evt.res = EEXIST
  evt.rawres = -17
# 265 < sendto of curl
  fd.name = 10.0.0.2:51999->10.0.0.53:53
  fd.type = ipv4
  fd.typechar = 4
  fd.l4proto = udp
  fd.cip = 10.0.0.2
  fd.cport = 51999
  fd.sip = 10.0.0.53
  fd.sport = 53
  fd.lip = 10.0.0.2
  fd.rip = 10.0.0.53
  fd.lport = 51999
  fd.rport = 53
  fd.cproto = 51999
  fd.sproto = 53
  fd.is_server = false
! fd.connected = false
  fd.name_changed = true
  evt.category = net
  evt.buflen = 33
  fd.sockfamily = ip
# 273 < connect of curl
  fd.name = 10.0.0.2:44318->10.0.0.1:80
  evt.res = EINPROGRESS
  evt.rawres = -115
  evt.failed = true
  fd.l4proto = tcp
  fd.sport = 80
! fd.connected = false
  evt.count.error = 1
  evt.count.error.net = 1
  evt.arg.tuple = 10.0.0.2:44318->10.0.0.1:80
  fd.cip = 10.0.0.2
  fd.sip = 10.0.0.1
# 274 > poll of curl
  fdlist.nums = 5
  fdlist.names = 10.0.0.2:44318->10.0.0.1:80
  fdlist.cips = 10.0.0.2
  fdlist.sips = 10.0.0.1
  fdlist.cports = 44318
  fdlist.sports = 80
  fd.num = <NA>
  evt.arg.fds = 5:44
  evt.arg.timeout = 1000
  evt.is_wait = true
# 275 < poll of curl
  evt.wait_latency = 21000137
  fdlist.nums = 5
  fdlist.names = 10.0.0.2:44318->10.0.0.1:80
  evt.arg.res = 1
  evt.latency.human = 21ms
# 283 < recvfrom of curl
  evt.buffer = HTTP/1.1 200 OK..Server: nginx/1.25.5..Content-Type: text/html; charset=utf-8...
  evt.buflen = 133
  evt.rawres = 133
  fd.num = 5
  fd.name = 10.0.0.2:44318->10.0.0.1:80
  evt.io_dir = read
  evt.is_io_read = true
  fd.containername = :10.0.0.2:44318->10.0.0.1:80
! fd.dev = 0
# 291 < epoll_wait of nginx
  evt.type = epoll_wait
  evt.wait_latency = 12400137
  evt.category = wait
  container.id = 3f2a9c41d7be
  container.name = shop
  container.image = nginx:1.25
  container.type = docker
  container.image.id = a8758716bb6a
  container.image.repository = nginx
  container.image.tag = 1.25
  container.privileged = false
  container.mounts = /srv/shop:/usr/share/nginx/html:ro:false:rprivate
  container.mount[0] = /srv/shop:/usr/share/nginx/html:ro:false:rprivate
  container.mount.source[/usr/share/nginx/html] = /srv/shop
  container.mount.dest[0] = /usr/share/nginx/html
  container.mount.mode[0] = ro
  container.mount.rdwr[0] = false
  container.mount.propagation[0] = rprivate
! container.ip = 172.17.0.2
! container.full_id = 3f2a9c41d7be0f5586c1e29a7d40b3c8fe61a25094d7c83be20f16a9d5e47b12
  container.healthcheck = NONE
  container.liveness_probe = NONE
! container.duration = <NA>
  proc.vpid = 1
  thread.vtid = 1
  proc.pid = 905
  user.name = www-data
  group.name = www-data
  proc.args = -g daemon off;
  proc.exeline = /usr/sbin/nginx -g daemon off;
  proc.pname = dockerd
  thread.cgroup.cpu = /docker/3f2a9c41d7be0f5586c1e29a7d40b3c8fe61a25094d7c83be20f16a9d5e47b12
# 293 < accept4 of nginx
! evt.type = accept4
  fd.name = 10.0.0.7:51842->172.17.0.2:80
  fd.num = 3
  fd.is_server = true
  fd.lip = 172.17.0.2
  fd.rip = 10.0.0.7
  fd.lport = 80
  fd.rport = 51842
  fd.cip = 10.0.0.7
  fd.sip = 172.17.0.2
  fd.cport = 51842
  fd.sport = 80
  fd.containername = 3f2a9c41d7be:10.0.0.7:51842->172.17.0.2:80
  fd.typechar = 4
  evt.arg.queuemax = 511
  fd.directory = <NA>
# 297 < openat of nginx
  fd.name = /usr/share/nginx/html/logo.svg
  evt.res = ENOENT
  fd.typechar = f
  container.id = 3f2a9c41d7be
# 311 < connect of logger
  fd.name = ffff8d3c4a1b0000->ffff8d3c4a1b0800 /var/run/docker.sock
  fd.type = unix
  fd.typechar = u
  fd.sockfamily = unix
  fd.l4proto = <NA>
  evt.res = SUCCESS
  fd.num = 4
  evt.arg.tuple = ffff8d3c4a1b0000->ffff8d3c4a1b0800 /var/run/docker.sock
# 356 < prctl of evil\x1b[31m-2
! proc.name = evil\x1b[31m-2
! proc.args = \x1b]0;owned\x07 two\nlines
! proc.cmdline = evil\x1b[31m-2 \x1b]0;owned\x07 two\nlines
! proc.exepath = /tmp/evil\x1b[31m
! proc.exe = /tmp/evil\x1b[31m
# 362 < nanosleep of evil\x1b[31m-2
  evt.wait_latency = 120000137
  evt.is_wait = true
  evt.latency = 120000137
  evt.latency.human = 120ms
  evt.category = sleep
# 364 < kill of evil\x1b[31m-2
  evt.res = EPERM
  evt.arg.res = EPERM
! evt.arg.sig = SIGKILL
! evt.arg.pid = systemd
! evt.rawarg.pid = 1
! evt.rawarg.sig = 9
  evt.count.error = 1
  evt.count.error.other = 1
  evt.failed = true
# 365 > procexit of evil\x1b[31m-2
  evt.type = procexit
! syscall.type = <NA>
  evt.dir = >
  evt.arg.status = 256
! proc.name = evil\x1b[31m-2
  proc.duration = 120599754
`

// TestHelloFields takes each field of helloFields from its event.
func TestHelloFields(t *testing.T) {
	opts := &fields.Options{}
	want := parseFieldTexts(t, helloFields, opts)
	f, err := capture.Open("../testdata/hello.scap", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tables := state.New()
	var ev event.Event
	for {
		if err := f.Next(&ev); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		tables.Apply(&ev)
		for _, w := range want[ev.Num] {
			if have := w.text(&ev); have != w.want {
				t.Errorf("event %d: %s is %q, want %q", ev.Num, w.field, have, w.want)
			}
		}
		delete(want, ev.Num)
	}
	for n := range want {
		t.Errorf("the capture has no event %d", n)
	}
}

// fieldText is one row of helloFields.
type fieldText struct {
	field *fields.Field
	want  string
}

// text is what the field shows, <NA> for nothing.
func (w fieldText) text(ev *event.Event) string {
	b, ok := w.field.Append(nil, ev)
	if !ok {
		return "<NA>"
	}
	return string(b)
}

func parseFieldTexts(t *testing.T, table string, o *fields.Options) map[uint64][]fieldText {
	t.Helper()
	out := map[uint64][]fieldText{}
	var num uint64
	for line := range strings.Lines(strings.TrimSpace(table)) {
		line = strings.TrimSuffix(line, "\n")
		if head, ok := strings.CutPrefix(line, "# "); ok {
			n, _, _ := strings.Cut(head, " ")
			var err error
			if num, err = strconv.ParseUint(n, 10, 64); err != nil {
				t.Fatal(err)
			}
			continue
		}
		name, want, ok := strings.Cut(line[2:], " = ")
		d, arg, hasArg, n := fields.Scan(name)
		if !ok || d == nil || n != len(name) {
			t.Fatalf("what is %q?", line)
		}
		if strings.HasPrefix(want, `"`) {
			want = want[1 : len(want)-1]
		}
		f, err := fields.New(d.Name, arg, hasArg, o)
		if err != nil {
			t.Fatal(err)
		}
		out[num] = append(out[num], fieldText{f, want})
	}
	return out
}
