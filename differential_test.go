package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"scry/capture"
	"scry/capture/event"
	"scry/filter"
)

// The differential tests run sysdig 0.29.3 and scry over every capture of ../shared/captures and compare what they print, event by event.
// What may differ is in the table of exceptions (differences_test.go); each has its row in docs/differences.md.

const capturesDir = "../shared/captures"

// sysdig is the real one: looked up before testscript puts its own into the path.
var sysdig, _ = exec.LookPath("sysdig")

// peer skips the test when there is nothing to compare with, and returns the captures that sysdig opens.
func peer(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs sysdig over everything, for minutes")
	}
	if sysdig == "" {
		t.Skip("sysdig is not installed")
	}
	all, _ := filepath.Glob(capturesDir + "/*.scap")
	if len(all) == 0 {
		t.Skip("no captures in " + capturesDir)
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.Contains(f, "curl_google_comments") })
}

// builtScry builds scry once and returns its path.
var builtScry = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "scry-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "scry")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// output runs a program and returns what it prints. sysdig ends with code 1 on some of its own errors, which its output shows.
func output(name string, args ...string) []byte {
	cmd := exec.Command(name, args...)
	// A zone without summer time: sysdig gets the others wrong (D-time-dst).
	cmd.Env = append(os.Environ(), "TZ=Asia/Tokyo", "LC_ALL=C")
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, io.Discard
	cmd.Run()
	return b.Bytes()
}

// subject is a capture with what is known of its events.
type subject struct {
	file string
	name string
	nums []string          // numbers of the events that sysdig prints, in order
	kind map[string]string // number to "> open", as sysdig calls it
	ours map[string]string // sysdig's number to ours: events that 0.29.3 does not know take numbers here

	cache map[string][2]map[string]string
}

func newSubject(t *testing.T, file string) *subject {
	t.Helper()
	s := &subject{file: file, name: strings.TrimSuffix(filepath.Base(file), ".scap"), kind: map[string]string{}, ours: map[string]string{}}
	for line := range strings.Lines(string(output(sysdig, "-r", file, "-p", "*%evt.num %evt.dir %evt.type"))) {
		num, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.nums = append(s.nums, num)
		s.kind[num] = rest
	}
	f, err := capture.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ev event.Event
	theirs := 0
	for f.Next(&ev) == nil {
		if ev.Num == 0 || ev.Type >= 336 {
			continue
		}
		theirs++
		s.ours[strconv.Itoa(theirs)] = strconv.FormatUint(ev.Num, 10)
	}
	return s
}

// split cuts output into the texts of the events, by sysdig's number. Texts may have several lines: an event begins where a line
// starts with the next number.
func (s *subject) split(out []byte, sep string, renumber bool) map[string]string {
	m := map[string]string{}
	k, cur := 0, ""
	var text strings.Builder
	flush := func() {
		if cur != "" {
			m[cur] = strings.TrimRight(text.String(), " \n")
		}
		text.Reset()
	}
	for line := range strings.Lines(string(out)) {
		num, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), sep)
		next := ""
		for i := k; i < len(s.nums) && i < k+3; i++ {
			want := s.nums[i]
			if renumber {
				want = s.ours[want]
			}
			if num == want {
				next, k = s.nums[i], i+1
				break
			}
		}
		if next == "" {
			text.WriteString(line)
			continue
		}
		flush()
		cur = next
		for strings.HasSuffix(rest, " ") {
			rest = rest[:len(rest)-1]
		}
		text.WriteString(rest + "\n")
	}
	flush()
	return m
}

// compare reports the events for which theirs and ours differ without an exception; at most a few of each kind.
func (s *subject) compare(t *testing.T, what string, theirs, ours map[string]string) {
	t.Helper()
	bad := map[string]int{}
	for _, num := range s.nums {
		a, ok1 := theirs[num]
		b, ok2 := ours[num]
		if ok1 == ok2 && a == b || !ok1 && aborts(what) {
			continue
		}
		d := diff{capture: s.name, what: what, num: num, event: s.kind[num], theirs: a, ours: b, missing: ok1 && !ok2}
		if excused(&d) {
			continue
		}
		if bad[d.event]++; bad[d.event] <= 2 {
			t.Errorf("%s: %s: event %s %s\n  sysdig %q\n  scry   %q", s.name, what, num, d.event, cut(a), cut(b))
		}
	}
	for e, n := range bad {
		if n > 2 {
			t.Errorf("%s: %s: %d more of %s", s.name, what, n-2, e)
		}
	}
}

func cut(s string) string {
	if len(s) > 300 {
		return s[:300] + "..."
	}
	return s
}

// modes are the ways of printing that must give the same lines.
var modes = [][]string{{}, {"-pc"}, {"-v"}, {"-x"}, {"-X"}, {"-A"}, {"-b"}, {"-t", "a"}, {"-t", "r"}, {"-t", "d"}, {"-t", "D"}, {"-R"}}

func TestDifferentialLines(t *testing.T) {
	t.Parallel()
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		s := newSubject(t, file)
		t.Run(s.name, func(t *testing.T) {
			for _, mode := range modes {
				args := append([]string{"-r", file}, mode...)
				theirs := s.split(output(sysdig, args...), " ", false)
				ours := s.split(output(scry, args...), " ", true)
				s.compare(t, "mode"+strings.Join(mode, ""), theirs, ours)
			}
			s.compareSummary(t, scry)
		})
	}
}

// summaryRow is a line of -S: direction and name, then the count, which a long name runs into in sysdig's.
var summaryRow = regexp.MustCompile(`^([<>] \S*?\D)\s*(\d+)$`)

// compareSummary compares the tables of -S as sets: equal counts have no order in sysdig's.
func (s *subject) compareSummary(t *testing.T, scry string) {
	rows := func(out []byte) map[string]int {
		r := map[string]int{}
		for line := range strings.Lines(string(out)) {
			if m := summaryRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[1] != "> container" {
				n, _ := strconv.Atoi(m[2])
				name := renamed(m[1])
				r[name[:min(len(name), 18)]] += n // sysdig cuts names at 16 bytes, and has a row for each version of an event
			}
		}
		return r
	}
	a, b := rows(output(sysdig, "-r", s.file, "-q", "-S")), rows(output(scry, "-r", s.file, "-q", "-S"))
	delete(b, "> useradded") // types that 0.29.3 does not know
	delete(b, "> groupadded")
	for name, n := range a {
		// The table is cut at 100 rows, among equal counts at random: a name may be missing on either side then.
		if b[name] != n && !(len(a) >= 100 && b[name] == 0) {
			t.Errorf("%s: -S: %s: sysdig %d, scry %d", s.name, name, n, b[name])
		}
	}
	if len(a) < 100 && len(b) != len(a) {
		t.Errorf("%s: -S: sysdig has %d names, scry %d", s.name, len(a), len(b))
	}
}

// arguments are the fields that need one, with the arguments that are tried.
var arguments = map[string][]string{
	"evt.arg":    {"evt.arg.fd", "evt.arg.res", "evt.arg.name", "evt.arg[1]", "evt.arg.data"},
	"evt.rawarg": {"evt.rawarg.flags", "evt.rawarg.name"},
	"proc.apid":  {"proc.apid[0]", "proc.apid[1]", "proc.apid[2]"}, "proc.aname": {"proc.aname[0]", "proc.aname[1]", "proc.aname[3]"},
	"thread.cgroup":   {"thread.cgroup.cpuset", "thread.cgroup.perf_event"},
	"container.mount": {"container.mount[0]"}, "container.mount.source": {"container.mount.source[0]"},
	"container.mount.dest": {"container.mount.dest[0]"}, "container.mount.mode": {"container.mount.mode[0]"},
	"container.mount.rdwr": {"container.mount.rdwr[0]"}, "container.mount.propagation": {"container.mount.propagation[0]"},
	"k8s.pod.label": {"k8s.pod.label.app"}, "k8s.rc.label": {"k8s.rc.label.app"}, "k8s.svc.label": {"k8s.svc.label.app"},
	"k8s.ns.label": {"k8s.ns.label.app"}, "k8s.rs.label": {"k8s.rs.label.app"}, "k8s.deployment.label": {"k8s.deployment.label.app"},
}

// listedFields are the fields that `sysdig -l` lists and a format can show.
func listedFields(t *testing.T) []string {
	t.Helper()
	var out []string
	name := regexp.MustCompile(`^[a-z0-9]+\.[a-z0-9_.]+ `)
	for line := range strings.Lines(string(output(sysdig, "-l"))) {
		f := strings.TrimSpace(name.FindString(line))
		class, _, _ := strings.Cut(f, ".")
		switch {
		case f == "", class == "mesos", class == "marathon", class == "span", class == "evtin":
		case f == "evt.around", f == "fd.ip", f == "fd.port", f == "fd.proto", f == "fd.net", f == "fd.cnet", f == "fd.snet", f == "fd.lnet", f == "fd.rnet":
			// for filters only
		case f == "evt.num": // the key
		case f == "evt.type.is": // D-type-is: sysdig never prints it
		case arguments[f] != nil:
			out = append(out, arguments[f]...)
		default:
			out = append(out, f)
		}
	}
	if len(out) < 180 {
		t.Fatalf("sysdig -l lists only %d fields", len(out))
	}
	return out
}

const fieldSep = "~|~"

func TestDifferentialFields(t *testing.T) {
	t.Parallel()
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	all := listedFields(t)
	for _, file := range files {
		s := newSubject(t, file)
		t.Run(s.name, func(t *testing.T) {
			for _, batch := range batches(all) {
				format := "*%evt.num"
				for _, f := range batch {
					format += fieldSep + "%" + f
				}
				theirs := s.split(output(sysdig, "-r", file, "-p", format), fieldSep, false)
				ours := s.split(output(scry, "-r", file, "-p", format), fieldSep, true)
				for i, f := range batch {
					s.compare(t, f, column(theirs, i), column(ours, i))
				}
			}
		})
	}
}

// aborts tells whether sysdig may end at the first event that has the field in a form it cannot print (D-rawarg).
func aborts(f string) bool { return strings.HasPrefix(f, "evt.rawarg.") || f == "thread.totexectime" }

// batches packs fields into formats; texts of any length and fields that end sysdig go alone.
func batches(all []string) [][]string {
	var out [][]string
	var short []string
	for _, f := range all {
		if aborts(f) {
			out = append(out, []string{f})
			continue
		}
		switch f {
		case "evt.args", "evt.info", "evt.buffer", "evt.arg.data", "proc.env", "proc.args", "proc.cmdline", "proc.exeline", "proc.pcmdline", "thread.cgroups":
			out = append(out, []string{f})
		default:
			short = append(short, f)
		}
	}
	return slices.AppendSeq(out, slices.Chunk(short, 24))
}

// column picks the i-th field of each event's text.
func column(m map[string]string, i int) map[string]string {
	out := make(map[string]string, len(m))
	for num, text := range m {
		if f := strings.Split(text, fieldSep); i < len(f) {
			out[num] = strings.TrimRight(f[i], " \n")
		}
	}
	return out
}

// filterCaptures are the captures that the filters are tried on: the ones with the most kinds of events.
var filterCaptures = []string{"sysdig-inspect-502Error", "libs-curl_google", "sysflow-mpm-event_full_capture", "falco-psp_run_as_user_0_container"}

func TestDifferentialFilters(t *testing.T) {
	t.Parallel()
	peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("filter/testdata/differential.txt")
	if err != nil {
		t.Fatal(err)
	}
	var filters []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			filters = append(filters, line)
		}
	}
	if len(filters) < 60 {
		t.Fatalf("only %d filters", len(filters))
	}
	for _, name := range filterCaptures {
		s := newSubject(t, filepath.Join(capturesDir, name+".scap"))
		t.Run(name, func(t *testing.T) {
			hits := 0
			for _, f := range filters {
				theirs := numbers(output(sysdig, "-r", s.file, "-p", "*%evt.num", f))
				ours := numbers(output(scry, "-r", s.file, "-p", "*%evt.num", f))
				hits += len(theirs)
				s.compareSets(t, scry, f, theirs, ours)
			}
			if hits == 0 {
				t.Error("no filter selected anything")
			}
		})
	}
}

func numbers(out []byte) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(string(out)) {
		m[n] = true
	}
	return m
}

// compareSets compares what a filter selects. A filter may select other events only because of a field that the table of exceptions
// knows to differ on those very events.
func (s *subject) compareSets(t *testing.T, scry, f string, theirs, ours map[string]bool) {
	t.Helper()
	n := 0
	for _, num := range s.nums {
		a, b := theirs[num], ours[s.ours[num]]
		if a == b {
			continue
		}
		d := diff{capture: s.name, what: "filter " + f, num: num, event: s.kind[num], theirs: strconv.FormatBool(a), ours: strconv.FormatBool(b)}
		if s.kind[num] == "> container" || excused(&d) || s.fieldDiffers(t, scry, f, num) {
			continue
		}
		if n++; n <= 2 {
			t.Errorf("%s: %s: event %s %s: sysdig %v, scry %v", s.name, f, num, s.kind[num], a, b)
		}
	}
	if n > 2 {
		t.Errorf("%s: %s: %d more", s.name, f, n-2)
	}
}

// shown are the fields that stand for one that only filters have.
var shown = map[string][]string{"fd.ip": {"fd.cip", "fd.sip"}, "fd.net": {"fd.cip", "fd.sip"}, "fd.port": {"fd.cport", "fd.sport"},
	"fd.proto": {"fd.cport", "fd.sport"}, "fd.lnet": {"fd.lip"}, "fd.rnet": {"fd.rip"}, "fd.cnet": {"fd.cip"}, "fd.snet": {"fd.sip"}}

// fieldDiffers tells whether a field of filter f has another value in sysdig on event num, with an exception that says so.
func (s *subject) fieldDiffers(t *testing.T, scry, f, num string) bool {
	t.Helper()
	compiled, err := filter.Compile(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range compiled.Fields() {
		names := shown[field.Def.Name]
		if names == nil {
			names = []string{field.String()}
		}
		for _, name := range names {
			a, b := s.values(scry, name)
			d := diff{capture: s.name, what: name, num: num, event: s.kind[num], theirs: a[num], ours: b[num]}
			if d.theirs != d.ours && excused(&d) {
				return true
			}
		}
	}
	return false
}

// values returns what both show for a field, by event; asked for once.
func (s *subject) values(scry, field string) (theirs, ours map[string]string) {
	if s.cache == nil {
		s.cache = map[string][2]map[string]string{}
	}
	c, ok := s.cache[field]
	if !ok {
		format := "*%evt.num" + fieldSep + "%" + field
		c[0] = column(s.split(output(sysdig, "-r", s.file, "-p", format), fieldSep, false), 0)
		c[1] = column(s.split(output(scry, "-r", s.file, "-p", format), fieldSep, true), 0)
		s.cache[field] = c
	}
	return c[0], c[1]
}

// TestDifferentialCompat writes every capture again with --compat and lets sysdig read both.
func TestDifferentialCompat(t *testing.T) {
	t.Parallel()
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".scap")
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "copy.scap")
			if out, err := exec.Command(scry, "-r", file, "-w", copied, "--compat").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			a, b := output(sysdig, "-r", file), output(sysdig, "-r", copied)
			if !bytes.Equal(a, b) {
				t.Errorf("sysdig prints other lines for the copy: %s", firstDifference(a, b))
			}
		})
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n  original %q\n  copy     %q", i+1, cut(x[i]), cut(y[i]))
		}
	}
	return fmt.Sprintf("%d lines and %d lines", len(x), len(y))
}

// TestOpensWhatSysdigCannot reads the captures that 0.29.3 refuses.
func TestOpensWhatSysdigCannot(t *testing.T) {
	file := capturesDir + "/libs-curl_google_comments.scap"
	if _, err := os.Stat(file); err != nil {
		t.Skip("no captures in " + capturesDir)
	}
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	with := output(scry, "-r", file)
	without := output(scry, "-r", capturesDir+"/libs-curl_google.scap")
	if len(with) == 0 || !bytes.Equal(with, without) {
		t.Errorf("a capture with options in its section header differs from the one without: %s", firstDifference(with, without))
	}
}
