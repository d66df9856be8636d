package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"scry/filter/fields"
)

// The chisels that print a line or the data of each event, beside sysdig's. Their text looks better than sysdig's, so scry's JSON is put into sysdig's
// words here, and compared with what sysdig prints.

// row is a line of scry's JSON.
type row map[string]any

func (r row) text(key string) string {
	if b, ok := r[key+"_b64"].(string); ok {
		raw, _ := base64.StdEncoding.DecodeString(b)
		return string(raw)
	}
	switch v := r[key].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return "<NA>"
}

// contained tells whether the row says in which container it was.
func (r row) contained() bool {
	_, ok := r["container"]
	return ok
}

// container is the name of the container; that of one that the capture does not name is what Lua prints for nothing.
func (r row) container() string {
	if r["container"] == nil {
		return "nil"
	}
	return r.text("container")
}

func (r row) int(key string) int64 {
	n, _ := r[key].(json.Number)
	i, _ := n.Int64()
	return i
}

// rows runs scry with -j.
func rows(t *testing.T, scry string, args ...string) (out []row) {
	t.Helper()
	for line := range strings.Lines(string(output(scry, append([]string{"-j"}, args...)...))) {
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var r row
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%v: %v in %s", args, err, line)
		}
		out = append(out, r)
	}
	return out
}

var sgr = regexp.MustCompile(`\x1b\[\d*m`)

// plain is what sysdig prints without its colours, which it prints into pipes too.
func plainOutput(args ...string) string {
	return strings.TrimSuffix(sgr.ReplaceAllString(string(output(sysdig, args...)), ""), "\n")
}

// luaBytes is a size as sysdig's chisels print it.
func luaBytes(n int64) string {
	x := float64(n)
	for i, unit := range []string{"", "KB", "M", "G", "T"} {
		if x <= 1024 {
			if i == 0 {
				return fmt.Sprintf("%dB", n)
			}
			return fmt.Sprintf("%.2f%s", x, unit)
		}
		x /= 1024
	}
	return fmt.Sprintf("%.2fP", x)
}

func asSysdigBuffer(data string, mode fields.BufferMode) string {
	return string(fields.AppendBuffer(nil, []byte(data), &fields.Options{Buffer: mode, NoCut: true}))
}

var tokyo = time.FixedZone("", 9*3600)

func clockOf(r row) time.Time { return time.Unix(0, r.int("time")).In(tokyo) }

// The chisels that print data. Each gives what sysdig prints for one event.
var dataChisels = []struct {
	args   []string
	render func(row) string
	ids    []string // differences that the rendering takes into account
}{
	{[]string{"-c", "echo_fds"}, echoed, nil},
	{[]string{"-pc", "-c", "echo_fds"}, echoed, nil},
	{[]string{"-c", "spy_file"}, spiedFile, nil},
	{[]string{"-c", "spy_file", "R"}, spiedFile, nil},
	{[]string{"-c", "spy_file", "W /var/log/nginx/access.log"}, spiedFile, nil},
	{[]string{"-c", "spy_file", "RW /etc/hosts"}, spiedFile, nil},
	{[]string{"-c", "stdin"}, standard, nil},
	{[]string{"-c", "stdout"}, standard, nil},
	{[]string{"-c", "stderr"}, standard, nil},
	{[]string{"-pc", "-c", "stderr"}, standard, nil},
	{[]string{"-c", "spy_port", "80"}, spied, []string{"D-spy"}},
	{[]string{"-c", "spy_port", "443"}, spied, []string{"D-spy"}},
	{[]string{"-c", "spy_port", "53"}, spied, []string{"D-spy"}},
	{[]string{"-c", "spy_ip", "127.0.0.1"}, spied, []string{"D-spy"}},
	{[]string{"-c", "spy_ip", "192.168.0.2"}, spied, []string{"D-spy"}},
}

func echoed(r row) string {
	word, way := "Write", "to"
	if r.text("direction") == "read" {
		word, way = "Read", "from"
	}
	in := ""
	if r.contained() {
		in = fmt.Sprintf(" [%s] [%s]", r.container(), r.text("container_id"))
	}
	return fmt.Sprintf("------ %s %s %s %s  %s (%s)\n%s", word, luaBytes(r.int("bytes")), way, in, r.text("fd"), r.text("process"),
		asSysdigBuffer(r.text("data"), fields.BufferDots))
}

func spiedFile(r row) string {
	way := "W"
	if r.text("direction") == "read" {
		way = "R"
	}
	return fmt.Sprintf("%s %s(%s) %s %s %s %s", clockOf(r).Format("15:04:05.000000000"), r.text("process"), r.text("pid"), way, luaBytes(r.int("bytes")),
		r.text("fd"), asSysdigBuffer(r.text("data"), fields.BufferASCII))
}

func standard(r row) string {
	if r.contained() {
		return fmt.Sprintf("%-20.20s %-20.20s %s", r.text("container_id"), r.container(), r.text("data"))
	}
	return r.text("data")
}

// spied leaves the line above the data out, where sysdig has an old size and always "Read" (D-spy).
func spied(r row) string { return asSysdigBuffer(r.text("data"), fields.BufferDots) }

var spyHead = regexp.MustCompile(`(?m)^------ (Read|Write) \S+\n`)

func TestDifferentialChiselData(t *testing.T) {
	t.Parallel()
	scry, files := chiselPeers(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scap"), func(t *testing.T) {
			for _, c := range dataChisels {
				args := append([]string{"-r", file}, c.args...)
				theirs := plainOutput(args...)
				if c.ids != nil {
					theirs = spyHead.ReplaceAllString(theirs, "")
				}
				var ours []string
				for _, r := range rows(t, scry, args...) {
					ours = append(ours, c.render(r))
				}
				sameText(t, file, strings.Join(c.args, " "), theirs, strings.Join(ours, "\n"))
			}
		})
	}
}

func chiselPeers(t *testing.T) (scry string, files []string) {
	t.Helper()
	files = peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	return scry, files
}

// sameText compares line by line; blank lines, blanks at the ends and colours play no part. What differs needs an exception, whose "what" is the command.
func sameText(t *testing.T, file, what, theirs, ours string) {
	t.Helper()
	a, b := linesOf(theirs), linesOf(ours)
	name := strings.TrimSuffix(filepath.Base(file), ".scap")
	may := func(theirs, ours string, missing bool) bool {
		return excused(&diff{capture: name, what: "list " + what, theirs: theirs, ours: ours, missing: missing})
	}
	for len(a)+len(b) > 0 {
		x, y := "", ""
		if len(a) > 0 {
			x = a[0]
		}
		if len(b) > 0 {
			y = b[0]
		}
		switch {
		case x != "" && y != "" && (x == y || may(x, y, false)):
			a, b = a[1:], b[1:]
		case x != "" && may(x, "", true):
			a = a[1:]
		case y != "" && may("", y, false):
			b = b[1:]
		default:
			t.Errorf("%s: %s: %d and %d lines left\n  sysdig %q\n  scry   %q", name, what, len(a), len(b), cut(x), cut(y))
			return
		}
	}
}

func linesOf(text string) (out []string) {
	for line := range strings.Lines(sgr.ReplaceAllString(text, "")) {
		if line = strings.TrimRight(line, " \r\n"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// slower are the chisels with a threshold, and how a line of sysdig looks for a row.
var slower = map[string]func(row) string{
	"fileslower": func(r row) string {
		return slowLine(r, "%-8s %12d %s", r.text("call"), r.int("latency")/1e6, r.text("file"))
	},
	"netlower": func(r row) string {
		return slowLine(r, "%-8s %12d %s", r.text("call"), r.int("latency")/1e6, r.text("connection"))
	},
	"scallslower": func(r row) string {
		return slowLine(r, "%-20s %s", strconv.FormatFloat(float64(r.int("latency"))/1e6, 'g', 14, 64), r.text("call"))
	},
}

func slowLine(r row, format string, rest ...any) string {
	width := 12
	if r["tid"] != nil {
		width = 23
	}
	head := clockOf(r).Format("2006-01-02 15:04:05.000000000")[:23]
	if r.contained() {
		head += fmt.Sprintf(" %-20.20s %-20.20s", r.text("container_id"), r.container())
	}
	return fmt.Sprintf("%s %-*.*s ", head, width, width, r.text("process")) + fmt.Sprintf(format, rest...)
}

func TestDifferentialChiselSlower(t *testing.T) {
	t.Parallel()
	scry, files := chiselPeers(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scap"), func(t *testing.T) {
			for name, render := range slower {
				for _, args := range [][]string{{"-c", name, "0"}, {"-pc", "-c", name, "1"}} {
					args = append([]string{"-r", file}, args...)
					_, theirs, _ := strings.Cut(plainOutput(args...), "-\n")
					theirs = slowWithout.ReplaceAllString(theirs, "")
					var ours []string
					for _, r := range rows(t, scry, args...) {
						ours = append(ours, render(r))
					}
					sameText(t, file, strings.Join(args[2:], " "), theirs, strings.Join(ours, "\n"))
				}
			}
		})
	}
}

// slowWithout are sysdig's lines of what is no call, or whose latency is that of another (D-latency).
var slowWithout = regexp.MustCompile(`(?m)^.* (switch|procexit|signaldeliver)(\n|$)`)

// Processes that ended, beside what sysdig's own fields say of main threads (D-exec-time).
func TestDifferentialChiselExecTime(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		var theirs, ours []string
		out := plainOutput("-r", file, "-p", "%proc.duration %proc.pid %proc.name %proc.args", "evt.type=procexit and thread.ismain=true")
		theirs = linesOf(out)
		for _, r := range rows(t, scry, "-r", file, "-c", "proc_exec_time") {
			ours = append(ours, strings.TrimRight(fmt.Sprintf("%d %d %s %s", r.int("duration"), r.int("pid"), r.text("process"), r.text("args")), " "))
		}
		sameText(t, file, "proc_exec_time", strings.Join(theirs, "\n"), strings.Join(ours, "\n"))
	}
}

// Each second that sysdig prints is there with the same numbers; what else there is are the seconds that sysdig leaves out, and the last one (D-iobytes).
func TestDifferentialChiselIOBytes(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		for _, name := range []string{"iobytes", "iobytes_file", "iobytes_net"} {
			theirs := linesOf(plainOutput("-r", file, "-c", name))
			ours := linesOf(string(output(scry, "-r", file, "-c", name)))
			short := strings.TrimSuffix(filepath.Base(file), ".scap")
			for i, line := range ours {
				switch {
				case len(theirs) > 0 && (line == theirs[0] || excused(&diff{capture: short, what: "list " + name, theirs: theirs[0], ours: line})):
					theirs = theirs[1:]
				case strings.HasSuffix(line, " in:0 out:0 tot:0"), i == len(ours)-1:
				default:
					t.Errorf("%s: %s: sysdig does not have %q, it goes on with %q", filepath.Base(file), name, line, theirs[:min(len(theirs), 1)])
				}
			}
			if len(theirs) > 0 {
				t.Errorf("%s: %s: %d lines only from sysdig, from %q", filepath.Base(file), name, len(theirs), theirs[0])
			}
		}
	}
}

// sysdig's chisel prints the last shell three times (D-login-shells), so the ids come from its field.
func TestDifferentialChiselShells(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		for _, word := range []string{"", "bash", "* e"} {
			flt, args := "evt.type=execve and evt.dir=< and proc.loginshellid exists", []string{"-r", file, "-c", "list_login_shells"}
			command, arg, _ := strings.Cut(word, " ")
			if word != "" {
				args = append(args, word)
			}
			if word != "" && command != "*" {
				flt += " and evt.arg.exe contains " + command
			}
			if arg != "" {
				flt += " and evt.arg.args contains " + arg
			}
			theirs := linesOf(plainOutput("-r", file, "-p", "%proc.loginshellid", flt))
			slices.Sort(theirs)
			theirs = slices.Compact(theirs)
			var ours []string
			for _, r := range rows(t, scry, args...) {
				for _, x := range r["rows"].([]any) {
					ours = append(ours, row(x.(map[string]any)).text("shell"))
				}
			}
			slices.Sort(ours)
			sameText(t, file, "list_login_shells "+word, strings.Join(theirs, "\n"), strings.Join(ours, "\n"))
			printed := linesOf(plainOutput(args...))[1:]
			for _, id := range slices.Compact(printed) {
				if !slices.Contains(ours, id) {
					t.Errorf("%s: %q: sysdig's chisel has %s", filepath.Base(file), word, id)
				}
			}
		}
	}
}

var indent = regexp.MustCompile(`(?m)^ +`)

func TestDifferentialChiselUsers(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		for _, args := range [][]string{{"-c", "spy_users"}, {"-c", "spy_users", "2"}, {"-pc", "-c", "spy_users"}} {
			theirs := plainOutput(append([]string{"-r", file}, args...)...)
			ours := string(output(scry, append([]string{"-r", file}, args...)...))
			if args[0] == "-pc" { // which indents by four blanks instead of three
				theirs = regexp.MustCompile(`(?m)^(    )+`).ReplaceAllStringFunc(theirs, func(s string) string { return s[:len(s)/4*3] })
			}
			if !strings.Contains(file, "namespaces_setns") { // where sysdig saw all processes in between start (D-spy-users)
				theirs, ours = indent.ReplaceAllString(theirs, ""), indent.ReplaceAllString(ours, "")
			}
			sameText(t, file, strings.Join(args, " "), theirs, ours)
		}
	}
}

// The files are the same, byte by byte, but that sysdig makes empty ones too.
func TestDifferentialChiselUDP(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		file, _ = filepath.Abs(file)
		var got [2]map[string]string
		for i, program := range []string{sysdig, scry} {
			dir := t.TempDir()
			cmd := exec.Command(program, "-r", file, "-c", "udp_extract")
			cmd.Dir = dir
			cmd.Run()
			got[i] = map[string]string{}
			list, _ := filepath.Glob(dir + "/udp_dump_files/*")
			for _, name := range list {
				if b, err := os.ReadFile(name); err == nil && len(b) > 0 { // haproxy's socket has the wrong addresses in sysdig (D-udp-bound)
					got[i][strings.Replace(filepath.Base(name), "192.168.128.156_55441--145.216.3.255_514", "127.0.0.1_55441--127.0.0.1_514", 1)] = string(b)
				}
			}
			if left, _ := filepath.Glob(dir + "/*"); i == 1 && len(left) != 1 {
				t.Errorf("%s: scry leaves %v", filepath.Base(file), left)
			}
		}
		for name := range got[0] {
			if got[0][name] != got[1][name] {
				t.Errorf("%s: %s: sysdig %d bytes, scry %d", filepath.Base(file), name, len(got[0][name]), len(got[1][name]))
			}
		}
		for name := range got[1] {
			if _, ok := got[0][name]; !ok {
				t.Errorf("%s: only scry has %s", filepath.Base(file), name)
			}
		}
	}
}

// What scry saves around events opens in sysdig, and is what sysdig's own filter selects from the capture.
func TestDifferentialChiselAround(t *testing.T) {
	scry, files := chiselPeers(t)
	whole := 0
	for _, file := range files {
		for _, flt := range []string{"evt.type=execve and evt.dir=<", "evt.type=kill"} {
			dump := filepath.Join(t.TempDir(), "dump.scap")
			list := rows(t, scry, append([]string{"-r", file, "-c", "around", dump + " 20"}, strings.Fields(flt)...)...)
			if len(list) <= 1 || len(list) > 60 {
				continue
			}
			var near []string
			for _, r := range list[:len(list)-1] {
				near = append(near, fmt.Sprintf("(evt.around[%d]=20 and thread.tid=%s)", r.int("time"), r.text("tid")))
			}
			format := "*%evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.args"
			theirs := plainOutput("-r", file, "-p", format, strings.Join(near, " or "))
			ours := plainOutput("-r", dump, "-p", format)
			sameText(t, file, "around "+flt, theirs, ours)
			if n := len(linesOf(ours)); int64(n) != list[len(list)-1].int("events") {
				t.Errorf("%s: %s: %d events, scry says %v", filepath.Base(file), flt, n, list[len(list)-1])
			}
			whole += len(linesOf(theirs))
		}
	}
	if whole < 100 {
		t.Errorf("%d events compared in all", whole)
	}
}

// The captures have nothing for these; that must not be scry's fault.
func TestDifferentialChiselLogs(t *testing.T) {
	scry, files := chiselPeers(t)
	for _, file := range files {
		for _, name := range []string{"spy_logs", "spy_syslog"} {
			theirs := linesOf(plainOutput("-r", file, "-c", name))
			ours := linesOf(string(output(scry, "-r", file, "-c", name)))
			if len(theirs) != len(ours) {
				t.Errorf("%s: %s: %d lines, sysdig %d: %q", filepath.Base(file), name, len(ours), len(theirs), theirs)
			}
		}
	}
}
