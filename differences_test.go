package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// diff is one event that sysdig and scry show differently.
type diff struct {
	capture, what, num string
	event              string // direction and name, as sysdig has them
	theirs, ours       string
	missing            bool // scry does not show the event
}

// rewrite is a difference in spelling that may stand in any text: what remains when it is undone must be equal.
type rewrite struct {
	id     string
	theirs *regexp.Regexp // replaced in sysdig's text
	ours   *regexp.Regexp // replaced in scry's
	with   string
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// rewrites are tried together.
var rewrites = []rewrite{
	{id: "D-mmap-fd", theirs: re(`\bfd=-1\(EPERM\)`), with: "fd=-1"},
	{id: "D-param-names", theirs: re(`( tty=\d+) pgid=`), with: "$1 vpgid="},
	{id: "D-loginuid", ours: re(`( loginuid=-?\d+)\([^)]*\)`), with: "$1"},
	{id: "D-syscall-names", theirs: re(`^((?:\S+ )*?[<>] )?sigreturn\b`), with: "${1}rt_sigreturn"},
	{id: "D-newer-params", ours: re(`( dev=[0-9A-F]+) ino=\d+$`), with: "$1"},
	{id: "D-newer-params", ours: re(`( flags=\d) cap_inheritable=.*$`), with: "$1"},
	{id: "D-flag-names", ours: re(`\(CLONE_CHILD_IN_PIDNS\)|\|CLONE_CHILD_IN_PIDNS`), with: ""},
	{id: "D-flag-names", ours: re(`\|O_F_CREATED\b|\|FD_(UPPER|LOWER)_LAYER(_CREAT)?\b`), with: ""},
	{id: "D-time-a", theirs: re(`^(\d{10}\.)(\d{1,8}) `), with: "pad"},
}

// renamed is an event's name as scry has it.
func renamed(name string) string {
	return strings.NewReplacer(" sigreturn", " rt_sigreturn", " sysdigevent", " scapevent").Replace(name)
}

// undo applies the rewrites to both texts.
func undo(theirs, ours string) (string, string) {
	for _, r := range rewrites {
		switch {
		case r.with == "pad":
			theirs = r.theirs.ReplaceAllStringFunc(theirs, func(s string) string {
				sec, ns, _ := strings.Cut(strings.TrimSpace(s), ".")
				return sec + "." + strings.Repeat("0", 9-len(ns)) + ns + " "
			})
		case r.theirs != nil:
			theirs = r.theirs.ReplaceAllString(theirs, r.with)
		default:
			ours = r.ours.ReplaceAllString(ours, r.with)
		}
	}
	return theirs, ours
}

var escapes = re(`\\x[0-9a-f]{2}|\\u[0-9A-F]{4}|\\[nrt]`)

// unescape turns scry's escapes back into the bytes that sysdig prints.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return escapes.ReplaceAllStringFunc(s, func(e string) string {
		switch e[1] {
		case 'n':
			return "\n"
		case 'r':
			return "\r"
		case 't':
			return "\t"
		}
		n, _ := strconv.ParseUint(e[2:], 16, 32)
		if e[1] == 'x' {
			return string([]byte{byte(n)})
		}
		return string(rune(n))
	})
}

// exception says where the two may differ: all patterns that are set must match the whole of what they are for.
type exception struct {
	id                   string
	what, event, capture string
	theirs, ours         string
	missing              bool
}

// compiled exceptions, and how often each was used.
type rule struct {
	exception
	what, event, capture, theirs, ours *regexp.Regexp
}

var rules = sync.OnceValue(func() []*rule {
	whole := func(s string) *regexp.Regexp {
		if s == "" {
			return nil
		}
		return regexp.MustCompile(`(?s)^(?:` + s + `)$`)
	}
	var out []*rule
	for _, e := range exceptions {
		out = append(out, &rule{e, whole(e.what), whole(e.event), whole(e.capture), whole(e.theirs), whole(e.ours)})
	}
	return out
})

func (r *rule) covers(d *diff) bool {
	fits := func(re *regexp.Regexp, s string) bool { return re == nil || re.MatchString(s) }
	return r.missing == d.missing && fits(r.what, d.what) && fits(r.event, d.event) && fits(r.capture, d.capture) &&
		fits(r.theirs, d.theirs) && fits(r.ours, d.ours)
}

// excused tells whether a row of docs/differences.md explains d.
func excused(d *diff) bool {
	if !d.missing {
		if a, b := undo(d.theirs, d.ours); a == b || a == unescape(b) {
			return true
		}
	}
	for _, r := range rules() {
		if r.covers(d) {
			return true
		}
	}
	return false
}

// TestDifferencesAreDocumented wants a row in docs/differences.md for every exception.
func TestDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range exceptionIDs() {
		if !strings.Contains(string(page), "| "+id+" |") {
			t.Errorf("docs/differences.md has no row %s", id)
		}
	}
}

func exceptionIDs() []string {
	var ids []string
	for _, e := range exceptions {
		ids = append(ids, e.id)
	}
	for _, r := range rewrites {
		ids = append(ids, r.id)
	}
	for _, c := range tableCases {
		if c.id != "" {
			ids = append(ids, c.id)
		}
	}
	return append(ids, "D-http-size", "D-http-host", "D-http-time", "D-container-unnamed", "D-escape", "D-fdcount", "D-pc-totals", "D-lsof-threads", "D-ps-unseen", "D-ps-limit", "D-netstat", "D-mapped", "D-fd-unsupported", "D-lscontainers",
		"D-view-walk", "D-view-calls", "D-view-opens", "D-view-ip", "D-view-avg-time")
}

// exceptions is the only place where the differential tests learn what may differ.
var exceptions = []exception{
	// Lines.
	{id: "D-container-hidden", event: "> container", missing: true},
	{id: "D-container-hidden", what: `evt\.deltatime.*|mode-tD`, capture: "sysflow-(mpm.*|nginx)", ours: `0+|0\.000000000 .*`},
	{id: "D-latency", what: `evt\.latency.*`, event: "> switch", ours: "0+|0ns"},
	{id: "D-latency", what: `mode-td`, event: "> switch", ours: `0\.000000000 .*`},
	{id: "D-latency", what: `evt\.latency\.human`, theirs: "", ours: "0ns"},
	{id: "D-syscall-type", what: `syscall\.type`, event: "> (procexit|signaldeliver)", ours: "<NA>"},

	// Descriptors.
	{id: "D-fd-more", what: `fd\..*|evt\.category`, event: "[<>] (mmap|mmap2|mkdirat|symlinkat|unlinkat|fchmodat|fchmod|newfstatat)", theirs: "<NA>|unknown"},
	{id: "D-fd-more", what: `fd\..*`, event: "< setsockopt"},
	{id: "D-mmap-fd", what: `evt\.arg\.fd`, event: "> mmap", theirs: "EPERM", ours: "-1"},
	{id: "D-udp-bound", what: "mode.*", event: "[<>] sendmsg", ours: `.*fd=8\(<4u>127\.0\.0\.1:55441->127\.0\.0\.1:(514|syslog)\).*`},
	{id: "D-udp-bound", what: `fd\..*|evt\.(args|info)|evt\.arg\.fd|evt\.arg\[1\]`, event: "[<>] sendmsg", capture: "hostile-.*|sysdig-inspect-502Error"},
	{id: "D-connect-again", what: `mode.*|evt\.(args|info)|evt\.arg\.fd|fd\..*`, event: "[<>] (connect|close|sendto)", theirs: `.*(->10\.185\.46\.64:0|::1:38255->::1:2345).*|10\.185\.46\.64|::1|2345`},
	{id: "D-connect-again", what: `fd\.name_changed`, event: "< (connect|sendto)", capture: "libs-test_ipv6_client|sysflow-namespaces_setns"},
	{id: "D-connected", what: `fd\.connected`, event: "[<>] (connect|sendto|write|close|send|getsockopt)", theirs: "true", ours: "false"},
	{id: "D-name-changed", what: `fd\.name_changed`, event: "< (dup|fcntl)", theirs: "false", ours: "true"},
	{id: "D-name-changed", what: `fd\.name_changed`, event: "< open", capture: "falco-syscall", theirs: "true", ours: "false"},
	{id: "D-fd-local", what: `fd\.[lr](ip|port|proto)`, theirs: `[0-9a-f.:]+`, ours: `[0-9a-f.:]+`},
	{id: "D-fd-local", what: `fd\.[lr](ip|port|proto)`, theirs: "<NA>", capture: "libs-single_ipv6_conn"},
	{id: "D-fd-server", what: `fd\.is_server`, theirs: "true|false", ours: "true|false"},
	{id: "D-fd-dev", what: `fd\.dev.*`, theirs: "[0-9A-F]+", ours: "0"},
	{id: "D-fd-cport", what: `fd\.cport`, theirs: "0", ours: "<NA>"},
	{id: "D-failed-path", what: `fd\.(name|directory|containername|containerdirectory)`, event: "< open", theirs: ":?//lib.*", ours: ":?/lib.*"},
	{id: "D-cloexec", what: `mode.*|evt\.(args|info|category)|evt\.arg.*|evt\.count\.error.*|fd\..*`, event: "[<>] fcntl", capture: "sysflow-namespaces_setns"},
	{id: "D-cloexec", what: `proc\.(fdopencount|fdusage)`, capture: "sysflow-.*|falco-psp_run_as_user_0_container"},
	{id: "D-unmatched-exit", what: `fd\..*|evt\.category|evt\.buflen`, event: "< read", capture: "falco-psp_run_as_user_0_container", ours: "<NA>|unknown|o|.*-1|.*:?/?"},

	{id: "D-fd-unset", what: "filter fd.(ip|net).*!=.*|filter not fd.(ip|net).*", theirs: "true", ours: "false"},

	{id: "D-duration-zero", what: `filter evt\.deltatime>.*`, capture: "falco-psp_.*", theirs: "true", ours: "false"},
	{id: "D-filter-state", what: `filter (evt\.buflen|proc\.vmsize>|fd\.num in|not fd\.name exists|proc\.aname\[2\]|proc\.fdopencount>|not proc\.name=curl and not fd\.type).*`},

	// The capture of TestInteropSysdig.
	{id: "D-connect-enter", what: "mode.*", event: "> connect|[<>] close", capture: "live-.*", theirs: `.*<u>(/var/run/nscd/socket|(stream|dgram).sock)\).*`},
	{id: "D-connect-enter", what: `fd\..*`, event: "> connect|< connect|[<>] close", capture: "live-.*", theirs: `/var/run/nscd.*|socket|(.*/)?(stream|dgram).sock|/`},
	{id: "D-unix-pathless", what: `mode.*`, event: "[<>] (shutdown|close|recvfrom|sendto)", capture: "live-.*", theirs: `.*<u>[0-9a-f]+->[0-9a-f]+ \).*`},
	{id: "D-unix-pathless", what: `fd\..*`, event: "[<>] (shutdown|close|recvfrom|sendto)", capture: "live-.*", theirs: `[0-9a-f]+->[0-9a-f]+|`},
	{id: "D-udp-bound", what: "mode.*", event: "[<>] (sendto|sendmsg|recvfrom|recvmsg|close|connect)", capture: "live-.*", theirs: `.*fd=\d+\(<[46]u>.*`, ours: `.*fd=\d+\(<[46]u>.*`},
	{id: "D-udp-bound", what: `fd\.(name|filename|directory|[cs]ip|[cs]port)`, event: "[<>] (sendto|sendmsg|recvfrom|recvmsg|close|connect)", capture: "live-.*"},
	{id: "D-child-ended", what: "mode.*", event: "> (signaldeliver|switch|wait4)|< (vfork|clone|clone3)", capture: "live-.*", theirs: `.*(spid|next|res)=\d+\(.*`, ours: `.*(spid|next|res)=\d+ .*`},
	{id: "D-child-ended", what: `proc\.nthreads`, capture: "live-.*", theirs: `\d+`, ours: `\d+`},
	{id: "D-child-ended", event: "> switch", capture: "live-.*", ours: `(.* )?<NA>.*`},
	{id: "D-newer-calls", what: "mode.*", event: "[<>] close", capture: "live-.*", theirs: `.*fd=\d+`, ours: `.*fd=\d+\(<[lmP]>.*\)`},
	{id: "D-newer-calls", what: `evt\.buflen`, event: "< close", capture: "live-.*", theirs: "<NA>", ours: "0"},
	{id: "D-newer-calls", what: `evt\.category|fd\..*`, event: "[<>] close", capture: "live-.*", theirs: "<NA>|unknown|o|/"},
	{id: "D-utf8", what: `mode.*|fd\..*`, event: "[<>] openat", capture: "live-.*", ours: `(.*name=|.*/)?(grüße(/日本)?|日本|\\x1b\[31mredÿ.*)(\(.*)?`},
	{id: "D-exepath", what: `proc\.exepath`, capture: "live-.*", theirs: `/.*`, ours: `/usr/.*`},
	{id: "D-thread-parent", what: `proc\.(ppid|pname)`, capture: "live-.*", theirs: `python3|-1|<NA>|\d+`},
	{id: "D-cloexec", what: `proc\.fdopencount`, capture: "live-.*"},

	// Processes.
	{id: "D-unknown-thread", what: `container\.(id|name|type|image)`, capture: "falco-.*|libs-single_ipv6_conn", theirs: "host", ours: "<NA>"},
	{id: "D-unknown-thread", what: `mode-p.`, capture: "falco-.*|libs-single_ipv6_conn", theirs: `\S+ \d+ host \(host\) .*`, ours: `\S+ \d+ <NA> \(<NA>\) .*`},
	{id: "D-unknown-thread", what: `list -pc -c .*`, capture: "falco-.*|libs-single_ipv6_conn", theirs: `.* \[host\] \[host\] .*`, ours: `.* \[nil\] \[<NA>\] .*`},
	{id: "D-unknown-thread", what: `list -pc -c .*slower .*`, capture: "falco-.*|libs-single_ipv6_conn", theirs: `.* host +host +.*`, ours: `.* <NA> +nil +.*`},
	{id: "D-parent-guess", what: `mode.*|evt\.(args|info)`, event: "< clone", theirs: `.* ptid=10301\(runc:\[0:PARENT\]\) .*`, ours: ".* ptid=10301 .*"},
	{id: "D-parent-guess", what: `proc\.(pname|pcmdline|apid\[1\]|aname\[1\])`, capture: "sysflow-mpm.*", theirs: `10301|runc:\[0:PARENT\].*`, ours: "<NA>"},
	{id: "D-ancestors", what: `proc\.(ppid|pname|pcmdline|apid\[[12]\]|aname\[[13]\]|sname)`, capture: "sysflow-mpm.*"},
	{id: "D-thread-parent", what: `proc\.(ppid|pname|pcmdline)`, capture: "hostile-.*|sysdig-inspect-502Error|libs-curl_google", theirs: "-1|curl.*|python.*|<NA>"},
	{id: "D-unseen-leader", what: `proc\.(fdlimit|fdusage|fdopencount|ppid|nthreads)`, capture: "hostile-.*|sysdig-inspect-502Error"},
	{id: "D-process-memory", what: `(proc|thread)\.vm(size|rss|swap)`},
	{id: "D-pgid", what: `proc\.vpgid`},
	{id: "D-loginuid-unknown", what: `user\.login(uid|name)`, theirs: "0|root", ours: "-1|<NA>"},
	{id: "D-gid", what: `group\.gid`, theirs: `\d{10,}`},
	// Table chisels (differential_tables_test.go): event is the keys of a row.
	{id: "D-udp-bound", what: `(fdbytes_by|fdtime_by) fd\.name.*|topconns.*`, capture: "hostile-.*|sysdig-inspect-502Error", theirs: `7364|3\.948246e\+06|.*192\.168\.128\.156:55441->145\.216\.3\.255:514`, missing: true},
	{id: "D-unmatched-exit", what: `(fdbytes_by|topprocs_file).*`, capture: "falco-psp_run_as_user_0_container", theirs: `515|131|3913|5`},
	{id: "D-unmatched-exit", what: `(fdbytes_by|topprocs_file).* text`, capture: "falco-psp_run_as_user_0_container", theirs: `(515|131)B .*|3\.82KB .*`, missing: true},
	{id: "D-connect-again", what: `(fdtime_by fd\.name|fdcount_by).*`, capture: "libs-test_ipv6_client"},
	{id: "D-connect-again", what: `fdtime_by fd\.name text`, capture: "libs-test_ipv6_client", missing: true},
	{id: "D-cloexec", what: `topfiles_errors.*`, capture: "sysflow-namespaces_setns", theirs: `1( .*)?`, missing: true},
	{id: "D-cloexec", what: `topfiles_errors.* rows`, capture: "sysflow-namespaces_setns", theirs: "4", ours: "3"},
	{id: "D-container-unnamed", what: `top.* rows`, capture: "sysflow-nginx", theirs: "0"},
	{id: "D-container-unnamed", what: `topcontainers_cpu rows`, capture: "sysflow-(nginx|alpine)"},
	{id: "D-container-unnamed", what: `topcontainers_cpu|topprocs_cpu -pc`, event: "order", capture: "sysflow-(nginx|alpine)"},

	// Chisels that list (differential_lists_test.go): what is the command, and the lines are sysdig's.
	{id: "D-unmatched-exit", what: `list (-pc )?-c echo_fds`, capture: "falco-psp_run_as_user_0_container", theirs: `------ \w+ \S+ (from|to) .*/dev/pts/5 \(docker\)`},
	{id: "D-unmatched-exit", what: `list -c stdin`, capture: "falco-psp_run_as_user_0_container", theirs: "ls", missing: true},
	{id: "D-unmatched-exit", what: `list iobytes_file`, capture: "falco-psp_run_as_user_0_container", theirs: ".* in:9749 out:5430 tot:15179", ours: ".* in:9746 out:5430 tot:15176"},
	{id: "D-udp-bound", what: `list .*`, capture: "hostile-.*|sysdig-inspect-502Error", theirs: `.* 192\.168\.128\.156:55441->145\.216\.3\.255:514.*`, ours: `.* 127\.0\.0\.1:55441->127\.0\.0\.1:514.*`},
	{id: "D-udp-bound", what: `list -c spy_ip 127\.0\.0\.1`, capture: "hostile-.*|sysdig-inspect-502Error", theirs: "", ours: `<1\d\d>Sep 23 .* haproxy.*`},
	{id: "D-connect-again", what: `list .*-c netlower.*`, capture: "libs-test_ipv6_client", theirs: `.* sendto .* ::1:38255->::1:2345`},

	// Views (differential_views_test.go): event is the column, or "row".
	{id: "D-view-made-up", what: `view (procs|procs_cpu|threads|procs_fd_usage|procs_errors|page_faults|syscall_procs)`, event: "row", theirs: `-1 \[.*`, missing: true},
	{id: "D-view-made-up", what: `view containers(_errors)?`, event: "row", theirs: `9dbcbd0c435f \[0.*`, missing: true, capture: "falco-psp_privileged"},
	{id: "D-view-made-up", what: `view threads`, event: "row", theirs: `(\d+) \[\d+ \d+ 0\.0 0 0 curl .*`, missing: true, capture: "hostile-.*|sysdig-inspect-502Error"},
	{id: "D-view-made-up", what: `view procs`, event: "USER|PPID", theirs: "-1|", capture: "hostile-.*|sysdig-inspect-502Error|falco-psp_run_as_user_65534_container|libs-curl_google|sysflow-setuid"},
	{id: "D-view-made-up", what: `view procs_fd_usage`, event: "MAX|PCT", theirs: "-1|0", capture: "hostile-.*|sysdig-inspect-502Error"},
	{id: "D-view-made-up", what: `view threads`, event: "row", theirs: `0 \[-1 0 .*`, missing: true},
	{id: "D-container-unnamed", what: `view (procs|threads)`, event: "Container", theirs: "", ours: `[0-9a-f]{12}`},
	{id: "D-container-unnamed", what: `view containers(_errors)?`, event: "row", theirs: "", ours: `[0-9a-f]{12}`},
	{id: "D-users", what: `view procs`, event: "USER", theirs: "", ours: "<NA>"},
	{id: "D-view-last", what: `view procs`, event: "USER", capture: "sysflow-.*", theirs: "faraujo", ours: "root"},
	{id: "D-child-ended", what: `view (procs|procs_cpu|threads|procs_fd_usage|procs_errors|page_faults)`, event: "row", capture: "sysflow-mpm.*", theirs: `10301 .*`, missing: true},
	{id: "D-cloexec", what: `view (io_by_type|procs_errors)`, event: "IOPS|FILE|OTHER", capture: "sysflow-namespaces_setns"},
	{id: "D-process-memory", what: `view (procs|containers)`, event: "VIRT|RES"},
	{id: "D-view-cpu-zero", what: `view procs_cpu`, event: "USER|SYS", capture: "falco-ping_sendto|libs-curl_google|sysflow-nginx"},
	{id: "D-view-json-avg", what: `view containers`, event: "PROCS|THREADS", ours: `[123]`},
	{id: "D-view-no-descriptor", what: `view io_by_type`, event: "row", theirs: ` \[.*`, missing: true},
	{id: "D-view-cut", what: `view (procs|procs_cpu|threads|procs_fd_usage|procs_errors|page_faults|syscall_procs)`, event: "Command", capture: "sysflow-alpine", ours: `.*…`},
	{id: "D-view-backlog", what: `view backlog`, event: "PID|PROC|BACKLOG_MAX"},
	{id: "D-failed-path", what: `view file_opens`, event: "FILE", capture: "sysflow-namespaces_setns|falco-.*", theirs: `//.*`},
	{id: "D-fd-local", what: `view connections`, event: "LPORT|RPORT"},
	{id: "D-udp-bound", what: `view connections`, event: "row", capture: "hostile-.*|sysdig-inspect-502Error", theirs: `192\.168\.128\.156:55441->145\.216\.3\.255:514 .*`, missing: true},
	{id: "D-udp-bound", what: `view connections`, event: "row", capture: "hostile-.*|sysdig-inspect-502Error", ours: `127\.0\.0\.1:55441->127\.0\.0\.1:514`},
	{id: "D-connect-again", what: `view connections`, event: "row|IOPS", capture: "libs-test_ipv6_client|sysflow-.*"},
	{id: "D-connect-again", what: `view connections`, event: "row", capture: "libs-test_ipv6_client|sysflow-.*", theirs: `(0\.0\.0\.0:0|127\.0\.0\.1:44524)->.*`, missing: true},
	{id: "D-connect-again", what: `view sports`, event: "row|IO CALLS", capture: "libs-test_ipv6_client"},
	{id: "D-unmatched-exit", what: `view (files|directories|io_by_type)`, event: "OPS|IOPS|BPS IN", capture: "falco-psp_run_as_user_0_container"},
	{id: "D-cloexec", what: `view procs_fd_usage`, event: "OPEN|PCT", capture: "sysflow-.*|falco-psp_run_as_user_0_container"},
	{id: "D-cloexec", what: `view (directories|files)`, event: "OPS|ERRORS", capture: "sysflow-namespaces_setns", theirs: `\d+`},
	{id: "D-ancestors", what: `view (spy_users|procs)`, event: "SHELL|PPID", capture: "sysflow-mpm.*", theirs: "10309"},

	{id: "D-proclist-tail", what: `proc\.tty|user\.loginuid|user\.loginname`, capture: "libs-sample"},
}
