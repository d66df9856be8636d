package fields

import (
	"strings"
	"testing"

	"scry/capture/event"
)

// family is a small machine: init (1), sshd (50), bash (90) and cat (100) with a second thread (101), in a container of a pod.
func family(t testing.TB, typ event.Type, params ...[]byte) *event.Event {
	t.Helper()
	ev := sample(t, typ, params...)
	main := func(tid, parent int64, comm string) *event.Thread {
		th := &event.Thread{TID: tid, PID: tid, PTID: parent, VTID: tid, VPID: tid, SID: 90, PGID: tid, VPGID: tid, Comm: comm, Exe: "/bin/" + comm,
			ExePath: "/usr/bin/" + comm, Cwd: "/", Main: true, Threads: 1, FDs: &event.FDTable{}}
		th.Leader = th
		return th
	}
	initd, sshd, bash, cat := main(1, 0, "init"), main(50, 1, "sshd"), main(90, 50, "bash"), main(100, 90, "cat")
	initd.SID, sshd.SID = 1, 50
	sshd.Args, sshd.Env = "-D\x00-p\x0022", "TERM=dumb\x00LANG=C"
	bash.Args, bash.Env, bash.CloneTS = "-l", "HOME=/home/u\x00EMPTY=", sampleTS-3e9
	cat.Args, cat.Env = "-n\x00a b\x00", "HOME=/root"
	cat.UID, cat.GID, cat.LoginUID, cat.TTY = 1000, 1000, event.NoID, 34816
	cat.FDs, cat.FDLimit, cat.Threads, cat.Cwd = ev.Thread.FDs, 1024, 2, "/home/u/"
	cat.VMSize, cat.VMRSS, cat.VMSwap, cat.PFMajor, cat.PFMinor = 4000, 300, 20, 5, 6
	cat.ExeIno, cat.ExeCtime, cat.ExeMtime, cat.CloneTS, cat.PIDNSInitStart = 77, sampleTS-9e9, sampleTS-8e9, sampleTS-2e9, sampleTS-4e9
	cat.ExeWritable, cat.ExeUpper, cat.Memf = true, true, true
	cat.CapPermitted, cat.CapEff = 1<<40|1, 1<<21
	cat.Cgroups = "cpuset=/\x00mem_cgroup=/m\x00io=/i"
	cat.CPUUser, cat.CPUSystem, cat.ExecTime = 12.5, 90, 4321
	cat.VTID, cat.VPID = -1, -1
	second := *cat
	second.TID, second.Main, second.Leader, second.Threads = 101, false, cat, 0
	cat.Container = pod()
	second.Container = cat.Container
	ev.Thread, ev.Host.Machine.Hostname = cat, "m1"
	all := map[int64]*event.Thread{1: initd, 50: sshd, 90: bash, 100: cat, 101: &second}
	ev.Host.Thread = func(tid int64) *event.Thread { return all[tid] }
	return ev
}

func pod() *event.Container {
	return &event.Container{ID: "c0ffeec0ffee", FullID: strings.Repeat("c0ffee", 10), Type: "cri-o", Name: "web", Image: "reg/web:1.2", ImageID: "abc",
		ImageRepo: "reg/web", ImageTag: "1.2", ImageHash: "sha256:11", IP: "10.1.0.7", CNI: `{"ip":1}`, HasMeta: true, Privileged: true, HostPID: true,
		Mounts: []event.Mount{{Source: "/a", Dest: "/b", Mode: "ro", Propagation: "rprivate"}, {Source: "/c", Dest: "/d", RW: true}},
		Labels: []event.Label{{Key: "io.kubernetes.pod.name", Value: "web-1"}, {Key: "io.kubernetes.pod.namespace", Value: "shop"},
			{Key: "io.kubernetes.pod.uid", Value: "u-1"}},
		PodSandboxLabels: []event.Label{{Key: "app", Value: "web"}, {Key: "io.kubernetes.x", Value: "y"}, {Key: "tier", Value: "front"}},
		PodSandboxID:     strings.Repeat("feed", 16), Health: "/bin/cat -n a b ", Liveness: "/bin/true", CreatedTime: sampleTS/second - 60}
}

// shown is what a field shows of ev: <NA> for nothing.
func shown(t *testing.T, ev *event.Event, name string) string {
	t.Helper()
	f := scanned(t, name, &Options{})
	before := []byte("before")
	out, ok := f.Append(before, ev)
	if !strings.HasPrefix(string(out), "before") || !ok && len(out) != len(before) {
		t.Errorf("%s: %q, %v", name, out, ok)
	}
	if f.Def.Flags&Stateful == 0 && !f.Multi() && f.Value(ev).Present() != ok {
		t.Errorf("%s: value and text do not agree on whether there is one", name)
	}
	if !ok {
		return "<NA>"
	}
	return string(out[len(before):])
}

// checkShown takes rows of "field = text"; a text that is empty or has blanks at its ends is quoted.
func checkShown(t *testing.T, ev *event.Event, rows string) {
	t.Helper()
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		name, want, ok := strings.Cut(strings.TrimSpace(row), " = ")
		if !ok {
			t.Fatalf("what is %q?", row)
		}
		if strings.HasPrefix(want, `"`) {
			want = want[1 : len(want)-1]
		}
		if have := shown(t, ev, name); have != want {
			t.Errorf("%v: %s is %q, want %q", ev.Type, name, have, want)
		}
	}
}

func TestProcessFields(t *testing.T) {
	ev := family(t, event.CloseX, p64(0))
	checkShown(t, ev, `
		proc.pid = 100
		proc.ppid = 90
		proc.pname = bash
		proc.pcmdline = bash -l
		proc.pexe = /bin/bash
		proc.pexepath = /usr/bin/bash
		proc.pvpid = 90
		proc.aname = bash sshd init
		proc.aname[0] = cat
		proc.aname[3] = init
		proc.aname[4] = <NA>
		proc.apid = 90 50 1
		proc.aexe[2] = /bin/sshd
		proc.aexepath = /usr/bin/bash /usr/bin/sshd /usr/bin/init
		proc.aargs[2] = -D -p 22
		proc.acmdline = bash -l sshd -D -p 22 init
		proc.acmdline[0] = "cat -n a b "
		proc.aenv[2] = TERM=dumb LANG=C
		proc.aenv[HOME] = /home/u
		proc.aenv[TERM] = dumb
		proc.aenv[EMPTY] = ""
		proc.aenv[NONE] = <NA>
		proc.args[0] = -n
		proc.args[1] = a b
		proc.args[9] = ""
		proc.env[HOME] = /root
		proc.loginshellid = 90
		proc.sid = 90
		proc.sid.exe = /bin/bash
		proc.sid.exepath = /usr/bin/bash
		proc.sname = bash
		proc.pgid = 100
		proc.pgid.name = cat
		proc.pgid.exe = /bin/cat
		proc.pgid.exepath = /usr/bin/cat
		proc.vpgid = 100
		proc.vpgid.name = cat
		proc.vpgid.exe = /bin/cat
		proc.vpgid.exepath = /usr/bin/cat
		proc.is_pgid_leader = true
		proc.is_sid_leader = false
		proc.is_vpgid_leader = false
		proc.tty = 34816
		proc.nthreads = 2
		proc.nchilds = 1
		proc.duration = 2000000000
		proc.pid.ts = 1534527346514648551
		proc.ppid.ts = 1534527345514648551
		proc.ppid.duration = 3000000000
		proc.fdopencount = 6
		proc.fdlimit = 1024
		proc.fdusage = 0.6
		proc.vmsize = 4000
		proc.vmrss = 300
		proc.vmswap = 20
		proc.exe_ino = 77
		proc.exe_ino.ctime = 1534527339514648551
		proc.exe_ino.mtime = 1534527340514648551
		proc.exe_ino.ctime_duration_proc_start = 7000000000
		proc.exe_ino.ctime_duration_pidns_start = 5000000000
		proc.pidns_init_start_ts = 1534527344514648551
		proc.is_exe_writable = true
		proc.is_exe_upper_layer = true
		proc.is_exe_lower_layer = false
		proc.is_exe_from_memfd = true
		proc.is_container_healthcheck = true
		proc.is_container_liveness_probe = false
		proc.is_container_readiness_probe = false
		proc.stdin.name = <NA>
		proc.vpid = <NA>
		thread.vtid = <NA>
		thread.tid = 100
		thread.ismain = true
		thread.nametid = cat100
		thread.pfmajor = 5
		thread.pfminor = 6
		thread.vmsize = 4000
		thread.vmsize.b = 4096000
		thread.vmrss.b = 307200
		thread.totexectime = 4321
		thread.cgroups = cpuset=/ memory=/m blkio=/i
		thread.cgroup.memory = /m
		thread.cgroup.mem = <NA>
		thread.cap_permitted = CAP_CHOWN CAP_CHECKPOINT_RESTORE
		thread.cap_effective = CAP_SYS_ADMIN
		thread.cap_inheritable = ""
		thread.cpu = <NA>
		user.uid = 1000
		user.name = ann
		user.loginuid = -1
		user.loginname = <NA>
		group.gid = 1000
		group.name = anns`)
}

// A thread that is not the main one has what is its own, and the process's working directory, environment and parent.
func TestThreadFields(t *testing.T) {
	ev := family(t, event.CloseX, p64(0))
	ev.Thread, ev.TID = ev.Host.Thread(101), 101
	ev.Thread.Env, ev.Thread.Cwd, ev.Thread.FDLimit = "", "/elsewhere/", 0
	checkShown(t, ev, `
		thread.tid = 101
		thread.ismain = false
		thread.nametid = cat101
		thread.vmsize = 0
		thread.vmrss = 0
		thread.vmsize.b = 0
		proc.pid = 100
		proc.ppid = 90
		proc.pname = bash
		proc.aname[0] = cat
		proc.aname[1] = bash
		proc.cwd = /home/u/
		proc.env[HOME] = /root
		proc.fdlimit = 1024
		proc.nthreads = 2
		proc.nchilds = 0`)
}

// A process whose ancestors form a loop does not hang, and one whose session leader is gone has the eldest of the session.
func TestOddFamilies(t *testing.T) {
	ev := family(t, event.CloseX, p64(0))
	ev.Host.Thread(1).Parent = ev.Host.Thread(90)
	if n := len(strings.Fields(shown(t, ev, "proc.aname"))); n != maxTree {
		t.Errorf("%d ancestors in a loop, want %d", n, maxTree)
	}
	ev = family(t, event.CloseX, p64(0))
	for _, tid := range []int64{90, 100} {
		ev.Host.Thread(tid).SID = 7777
	}
	checkShown(t, ev, `
		proc.sname = bash
		proc.sid.exe = <NA>`)
	// A parent that has exited is known from the creation.
	ev.Thread.Parent = &event.Thread{PID: 95, PTID: 50, Comm: "gone", Main: true}
	checkShown(t, ev, `
		proc.aname = gone sshd init
		proc.apid[1] = 95
		proc.ppid.ts = <NA>`)
}

func TestContainerFields(t *testing.T) {
	ev := family(t, event.CloseX, p64(0))
	checkShown(t, ev, `
		container.id = c0ffeec0ffee
		container.full_id = c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffee
		container.name = web
		container.type = cri-o
		container.image = reg/web:1.2
		container.image.id = abc
		container.image.repository = reg/web
		container.image.tag = 1.2
		container.image.digest = sha256:11
		container.ip = 10.1.0.7
		container.cni.json = {"ip":1}
		container.privileged = true
		container.host_pid = true
		container.host_ipc = false
		container.host_network = false
		container.mounts = /a:/b:ro:false:rprivate,/c:/d::true:
		container.mount[1] = /c:/d::true:
		container.mount[/a] = /a:/b:ro:false:rprivate
		container.mount[2] = <NA>
		container.mount[/nowhere] = <NA>
		container.mount.source[/b] = /a
		container.mount.source[/a] = <NA>
		container.mount.dest[/c] = /d
		container.mount.mode[0] = ro
		container.mount.rdwr[/c] = true
		container.mount.propagation[0] = rprivate
		container.healthcheck = "/bin/cat -n a b "
		container.liveness_probe = /bin/true
		container.readiness_probe = NONE
		container.start_ts = 1534527288000000000
		container.duration = 60514648551
		k8s.pod.name = web-1
		k8s.pod.uid = u-1
		k8s.pod.id = u-1
		k8s.ns.name = shop
		k8s.pod.ip = 10.1.0.7
		k8s.pod.label.app = web
		k8s.pod.label[none] = <NA>
		k8s.pod.labels = app:web, tier:front
		k8s.pod.full_sandbox_id = feedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeedfeed
		k8s.pod.sandbox_id = feedfeedfeed
		k8s.pod.cni.json = {"ip":1}
		k8s.svc.name = <NA>
		k8s.ns.label.team = <NA>`)
	c := ev.Thread.Container
	app := event.Object{Name: "web", UID: "o-1", Labels: []event.Label{{Key: "app", Value: "web"}, {Key: "x", Value: "\x1b"}}}
	c.Pod = &event.Pod{Object: event.Object{Name: "web-2", UID: "u-2", Labels: []event.Label{{Key: "now", Value: "1"}}}, Namespace: "bank", Node: "n1", IP: "10.1.0.8", Space: &app, Set: &app,
		Deployment: &app, Services: []*event.Object{&app, {Name: "www", UID: "s-2", Labels: []event.Label{{Key: "app", Value: "front"}}}}}
	checkShown(t, ev, `
		k8s.pod.name = web-1
		k8s.pod.uid = u-1
		k8s.ns.name = shop
		k8s.pod.ip = 10.1.0.7
		k8s.pod.labels = now:1
		k8s.node.name = n1
		k8s.ns.id = o-1
		k8s.ns.label.app = web
		k8s.ns.label.none = <NA>
		k8s.rs.name = web
		k8s.deployment.id = o-1
		k8s.deployment.labels = app:web, x:\x1b
		k8s.rc.name = <NA>
		k8s.rc.labels = <NA>
		k8s.svc.name = web, www
		k8s.svc.id = o-1, s-2
		k8s.svc.label.app = web, front
		k8s.svc.label.none = <NA>
		k8s.svc.labels = app:web, x:\x1b, app:front`)
	labels, sandbox := c.Labels, c.PodSandboxLabels
	c.Labels, c.PodSandboxLabels, c.IP = nil, nil, ""
	checkShown(t, ev, `
		k8s.pod.name = web-2
		k8s.pod.uid = u-2
		k8s.ns.name = bank
		k8s.pod.ip = 10.1.0.8`)
	c.Pod, c.PodUID = nil, "u-3"
	checkShown(t, ev, `
		k8s.pod.uid = u-3
		k8s.pod.ip = <NA>
		k8s.deployment.name = <NA>
		k8s.node.name = <NA>`)
	c.Labels, c.PodSandboxLabels = labels, sandbox
	ev.Thread.Container.HasMeta, ev.Thread.Container.Name = false, ""
	checkShown(t, ev, `
		container.id = c0ffeec0ffee
		container.name = <NA>
		container.privileged = <NA>
		container.mounts = <NA>
		container.mount[0] = <NA>
		container.healthcheck = <NA>
		container.start_ts = <NA>`)
	ev.Thread.Container = nil
	checkShown(t, ev, `
		container.id = host
		container.name = host
		container.type = host
		container.image = <NA>
		container.privileged = <NA>
		container.duration = <NA>
		proc.is_container_healthcheck = false
		k8s.pod.name = <NA>`)
}

// polled is the list of a poll: descriptors 3 and 6, and 9, of which nothing is known.
func polled() []byte { return cat(p16(3), p64(3), p16(1), p64(6), p16(4), p64(9), p16(1)) }

func TestPollFields(t *testing.T) {
	for _, ev := range []*event.Event{sample(t, event.PollE, polled(), p64(1)), sample(t, event.PollX, p64(1), polled())} {
		checkShown(t, ev, `
			fdlist.nums = 3,6,9
			fdlist.names = /etc/passwd,10.0.0.1:40000->10.0.0.2:80,<NA>
			fdlist.cips = 10.0.0.1
			fdlist.sips = 10.0.0.2
			fdlist.cports = 40000
			fdlist.sports = 80
			fd.types = (file,ipv4)
			fd.num = <NA>`)
	}
	checkShown(t, sample(t, event.PollE, p16(0), p64(1)), "fdlist.nums = <NA>\nfdlist.names = <NA>")
	checkShown(t, sample(t, event.CloseX, p64(0)), "fdlist.nums = <NA>")
}

// logged is an event that writes text to the system log.
func logged(t *testing.T, text string) *event.Event {
	t.Helper()
	ev := sample(t, event.SendX, p64(int64(len(text))), []byte(text))
	ev.FD = &event.FD{Num: 9, Type: event.FDUnixSock, Name: "ffff->ffff /dev/log"}
	return ev
}

func TestSyslogFields(t *testing.T) {
	checkShown(t, logged(t, "<86>sshd[7]: hi\x1b\x00"), `
		evt.is_syslog = true
		syslog.facility = 10
		syslog.facility.str = authpriv
		syslog.severity = 6
		syslog.severity.str = info
		syslog.message = sshd[7]: hi\x1b
		evt.info = syslog sev=info msg=sshd[7]: hi\x1b`)
	checkShown(t, logged(t, "<0>x"), "syslog.facility.str = kern\nsyslog.severity.str = emerg\nsyslog.message = x")
	checkShown(t, logged(t, "<191>"), "syslog.facility.str = local7\nsyslog.severity.str = debug\n"+`syslog.message = ""`)
	for _, text := range []string{"", "<", "<>x", "<192>x", "<-1>x", "<1234>x", "<a>x", "86>x", "<86", "\x00"} {
		checkShown(t, logged(t, text), "evt.is_syslog = true\nsyslog.message = <NA>\nsyslog.facility = <NA>\nsyslog.severity.str = <NA>")
	}
	elsewhere := logged(t, "<86>x")
	elsewhere.FD.Name = "/run/other.sock"
	checkShown(t, elsewhere, "evt.is_syslog = false\nsyslog.message = <NA>\nsyslog.facility = <NA>")
}
