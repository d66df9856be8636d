package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// scried is a call as scry --json=args shows it: what the enter said and what the exit said, nil when there was none.
type scried struct {
	tid         int
	name        string
	enter, exit map[string]any
}

// parseScry reads lines of JSON: the calls of each thread in order. An enter without an exit is a call of its own.
func parseScry(r io.Reader) (map[int][]scried, error) {
	calls := map[int][]scried{}
	inside := map[int]bool{}
	dec := json.NewDecoder(r)
	dec.UseNumber()
	for {
		var e struct {
			Args map[string]any `json:"args"`
			Dir  string         `json:"evt.dir"`
			Type string         `json:"evt.type"`
			TID  int            `json:"thread.tid"`
			Call *string        `json:"syscall.type"`
		}
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return calls, nil
		} else if err != nil {
			return nil, err
		}
		if e.Call == nil {
			continue
		}
		list := calls[e.TID]
		last := len(list) - 1
		switch {
		case e.Dir == ">":
			list = append(list, scried{e.TID, e.Type, e.Args, nil})
		case inside[e.TID] && list[last].name == e.Type:
			list[last].exit = e.Args
		default:
			list = append(list, scried{e.TID, e.Type, nil, e.Args})
		}
		calls[e.TID] = list
		inside[e.TID] = e.Dir == ">"
	}
}

func (c *scried) String() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode([]any{c.name, c.enter, c.exit})
	return strings.TrimSpace(b.String())
}

// comparison counts and collects what differs.
type comparison struct {
	threads, calls, results, args int
	wrong                         []string
	byCall                        map[string]tally // as strace -C counts
	first                         int              // the thread that strace starts with
	said                          map[string]bool
}

func (c *comparison) errorf(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// argument says that one is wrong, once for each way.
func (c *comparison) argument(s *straced, o *scried, param, why, theirs string) {
	way := s.name + " " + param + " " + why
	if c.said == nil {
		c.said = map[string]bool{}
	}
	if !c.said[way] {
		c.errorf("%s: %s: %s, strace has %s\n\tstrace %s\n\tscry %s", s.name, param, why, theirs, s.line, o)
	}
	c.said[way] = true
}

var clones = []string{"clone", "clone3", "vfork", "fork"}

// thread compares the calls of one thread, in order.
func (c *comparison) thread(tid int, theirs []straced, ours []scried) {
	if tid != c.first {
		first := ours[0] // the child's side of the clone
		if !slices.Contains(clones, first.name) || first.enter != nil || argNumber(first.exit["res"]) != 0 || argNumber(first.exit["tid"]) != int64(tid) {
			c.errorf("thread %d does not begin with a clone: %s", tid, &first)
		} else {
			ours = ours[1:]
		}
	}
	if last := len(theirs) - 1; last == len(ours) && theirs[last].result == "?" && !strings.HasPrefix(theirs[last].name, "exit") {
		theirs = theirs[:last] // killed while strace looked at it, before the kernel began the call
	}
	for i := range min(len(theirs), len(ours)) {
		if name := ourNames[theirs[i].name]; name != ours[i].name && (name != "" || theirs[i].name != ours[i].name) {
			c.errorf("thread %d, call %d: strace %s\n\tscry %s", tid, i, theirs[i].line, &ours[i])
			return
		}
		c.call(&theirs[i], &ours[i])
	}
	switch {
	case len(theirs) > len(ours):
		c.errorf("thread %d: %d calls, strace has %d: %s", tid, len(ours), len(theirs), theirs[len(ours)].line)
	case len(ours) > len(theirs):
		c.errorf("thread %d: %d calls, strace has %d: %s", tid, len(ours), len(theirs), &ours[len(theirs)])
	}
}

func argNumber(v any) int64 {
	n, _ := v.(json.Number)
	if i, err := n.Int64(); err == nil {
		return i
	}
	u, _ := strconv.ParseUint(string(n), 10, 64)
	return int64(u)
}

func (c *comparison) call(s *straced, o *scried) {
	c.calls++
	if o.exit != nil && s.result != "?" || s.name == noExit {
		n := c.byCall[s.name]
		n.calls++
		if straceFailed(s.result) {
			n.errors++
		}
		c.byCall[s.name] = n
	}
	// When the first exec is entered strace has not become the program yet, and a call whose thread is killed while strace looks at it never begins.
	if o.enter == nil && !noEnter[o.name] && !(o.name == "execve" && c.calls == 1) && s.result != "?" {
		c.errorf("%s: no enter\n\tscry %s", s.line, o)
	}
	if o.exit == nil && s.result != "?" && s.name != noExit {
		c.errorf("%s: no exit\n\tscry %s", s.line, o)
		return
	}
	c.result(s, o)
	if tid := o.exit["tid"]; (s.name == "execve" || slices.Contains(clones, s.name)) && argNumber(tid) != int64(s.tid) {
		c.errorf("%s: tid %v\n\tscry %s", s.line, tid, o)
	}
	for _, param := range strings.Fields(peerArgs[s.name]) {
		param, path, _ := strings.Cut(param, "=")
		kind, at, _ := cutLast(path, ":")
		theirs, ok := s.at(at)
		if !ok || skipped(kind, theirs, s.result) {
			continue
		}
		found := false
		for i, args := range []map[string]any{o.enter, o.exit} {
			if _, there := args[param]; !there {
				continue
			}
			found = true
			c.args++
			why := ""
			if kind == "poll" {
				why = comparePoll(theirs, s.result, args[param], i == 1)
			} else {
				why = compareArg(kind, theirs, param, args)
			}
			if why != "" {
				c.argument(s, o, param, why, theirs)
			}
		}
		if !found && o.exit != nil {
			c.argument(s, o, param, "missing", theirs)
		}
	}
}

// skipped tells whether strace shows something else than the argument, or scry nothing, by convention.
func skipped(kind, theirs, result string) bool {
	switch kind {
	case "peer", "from": // the tuple of a socket is that of a connection
		return strings.HasPrefix(result, "-1 E") && !strings.Contains(result, "EINPROGRESS")
	case "num": // what an argument of ioctl, fcntl and others points to
		return strings.HasPrefix(theirs, "[") || strings.HasPrefix(theirs, "{") || strings.HasPrefix(theirs, "\"")
	}
	return false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

// straceFailed tells whether strace counts a result as an error.
func straceFailed(result string) bool {
	return strings.HasPrefix(result, "-1 E") || strings.HasPrefix(result, "? E")
}

// Errors that never leave the kernel.
var restarts = map[string]int64{"ERESTARTSYS": 512, "ERESTARTNOINTR": 513, "ERESTARTNOHAND": 514, "ERESTART_RESTARTBLOCK": 516}

func (c *comparison) result(s *straced, o *scried) {
	key := "res"
	if k := resultNames[o.name]; k != "" {
		key = k
	}
	have, ok := o.exit[key]
	if !ok || s.result == "?" { // an event of a call without a result: generic ones
		return
	}
	c.results++
	got := argNumber(have)
	f := strings.Fields(s.result)
	if len(f) > 1 && (f[0] == "-1" || f[0] == "?") {
		want := -restarts[f[1]]
		if want == 0 {
			want = -errnoOf(f[1])
		}
		if got != want {
			c.errorf("%s: result %d, strace has %s\n\tscry %s", s.line, got, s.result, o)
		} else if name := o.exit[key+"_name"]; restarts[f[1]] == 0 && name != f[1] && !noErrorName[s.name] {
			c.errorf("%s: error %v, strace has %s\n\tscry %s", s.line, name, f[1], o)
		}
		return
	}
	want, _, ok := numberOf(f[0])
	if !ok || got != int64(want) {
		c.errorf("%s: result %d, strace has %s\n\tscry %s", s.line, got, s.result, o)
	}
}

func errnoOf(name string) int64 {
	if name == "EOPNOTSUPP" { // has two names
		return int64(unix.EOPNOTSUPP)
	}
	for e := syscall.Errno(1); e < 134; e++ {
		if unix.ErrnoName(e) == name {
			return int64(e)
		}
	}
	return 0
}

// compareArg compares one argument with what strace shows of it, and says what is wrong. Without a kind it goes by what the values are.
func compareArg(kind, theirs, param string, args map[string]any) string {
	have := args[param]
	switch kind {
	case "num":
		if n, _, ok := numberOf(theirs); !ok || int64(n) != argNumber(have) {
			return fmt.Sprint(have)
		}
		return ""
	case "low": // the schema has 32 bits
		if n, _, ok := numberOf(theirs); !ok || uint32(n) != uint32(argNumber(have)) {
			return fmt.Sprint(have)
		}
		return ""
	case "opt": // the records name options of SOL_SOCKET
		if _, names, _ := numberOf(theirs); len(names) == 1 && !strings.HasPrefix(names[0], "SO_") && args[param+"_name"] == "UNKNOWN" {
			return ""
		}
	case "val": // of a socket option; the records have the bytes of those that they do not name
		if b, ok := exactText(param, args); ok && len(b) == 4 {
			have = json.Number(fmt.Sprint(int32(binary.LittleEndian.Uint32([]byte(b)))))
		}
		if n, _, ok := numberOf(theirs); !ok || int64(n) != argNumber(have) && (args["optname_name"] != "SO_ERROR" || int64(n) != -argNumber(have)) {
			return fmt.Sprint(have)
		}
		return ""
	case "text": // not a number
		if text, cut, ok := textOf(theirs); ok {
			return compareText(text, cut, ok, param, args)
		} else if have != nil {
			return fmt.Sprint(have)
		}
		return ""
	case "vec":
		text, cut, ok := vectorOf(theirs)
		return compareText(text, cut, ok, param, args)
	case "addr":
		return compareAddr(theirs, param, args, "_ip", "_port")
	case "peer":
		return compareAddr(theirs, param, args, "_dip", "_dport")
	case "from":
		return compareAddr(theirs, param, args, "_sip", "_sport")
	case "argv", "exe", "env":
		return compareList(kind, theirs, have)
	case "time":
		return compareTime(theirs, have)
	}
	if text, cut, ok := textOf(theirs); ok {
		return compareText(text, cut, ok, param, args)
	}
	n, names, ok := numberOf(theirs)
	if have == nil || have == "" {
		if theirs == "NULL" || ok && len(names) == 0 && strings.HasPrefix(theirs, "0x") { // an address: there was nothing to show
			return ""
		}
		return "null"
	}
	if !ok {
		return fmt.Sprint(have)
	}
	if args[param+"_names"] != nil {
		return compareNames(names, param, args)
	}
	if name := args[param+"_name"]; len(names) == 1 && name != nil {
		if want := ourName(names[0]); name != want && want != "" {
			return fmt.Sprintf("%v, not %s", name, want)
		}
		return ""
	}
	if int64(n) != argNumber(have) {
		return fmt.Sprint(have)
	}
	return ""
}

// ourName is what scry calls a flag of strace: nothing, one or two names.
func ourName(name string) string {
	if to, ok := ourFlags[name]; ok {
		return to
	}
	for _, p := range ourPrefixes {
		if rest, ok := strings.CutPrefix(name, p.theirs); ok {
			name = p.ours + rest
			break
		}
	}
	if op, ok := strings.CutSuffix(name, "_PRIVATE"); ok && strings.HasPrefix(op, "FUTEX_") {
		return ourName(op) + " FUTEX_PRIVATE_FLAG"
	}
	if strings.HasSuffix(name, "_???") { // strace does not know it
		return ""
	}
	return name
}

func compareNames(theirs []string, param string, args map[string]any) string {
	var want, have []string
	for _, name := range theirs {
		want = append(want, strings.Fields(ourName(name))...)
	}
	list, _ := args[param+"_names"].([]any)
	for _, name := range list {
		if name := name.(string); !slices.Contains(ownFlags, name) {
			have = append(have, name)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if want = slices.Compact(want); !slices.Equal(want, have) {
		return fmt.Sprintf("%v, not %v", have, want)
	}
	return ""
}

// exactText is the text of an argument with all of its bytes.
func exactText(param string, args map[string]any) (string, bool) {
	if b64, ok := args[param+"_b64"].(string); ok {
		b, err := base64.StdEncoding.DecodeString(b64)
		return string(b), err == nil
	}
	s, ok := args[param].(string)
	return s, ok
}

func compareText(text string, cut, ok bool, param string, args map[string]any) string {
	have, _ := exactText(param, args)
	if !ok && have == "" { // strace shows an address: there was nothing to show
		return ""
	}
	if len(have) > len(text) && cut {
		have = have[:len(text)]
	}
	if len(have) == peerSnaplen && len(text) > len(have) {
		text = text[:len(have)]
	}
	if have != text {
		return strconv.Quote(have) + ", not " + strconv.Quote(text)
	}
	return ""
}

// compareAddr compares a struct sockaddr with the text or the IP and port that scry has.
func compareAddr(theirs, param string, args map[string]any, ip, port string) string {
	c := straced{args: []string{theirs}}
	family, ok := c.at("0.sa_family")
	if !ok {
		return "" // an address that could not be read, or NULL
	}
	if path, ok := c.at("0.sun_path"); ok {
		text, _, ok := textOf(strings.TrimPrefix(path, "@"))
		if have, _ := args[param].(string); !ok || !strings.Contains(have, text) {
			return fmt.Sprintf("%q, not %q", have, text)
		}
		return ""
	}
	prefix := "0.sin_"
	if strings.Contains(family, "AF_INET6") {
		prefix = "0.sin6_"
	} else if !strings.Contains(family, "AF_INET") {
		return ""
	}
	rawPort, _ := c.at(prefix + "port")
	rawAddr, ok := c.at(prefix + "addr")
	if !ok { // strace 6.1 shows inet_pton(AF_INET6, "...", &sin6_addr)
		_, rawAddr, _ = strings.Cut(theirs, "inet_pton(")
		if list, _ := splitList(rawAddr); len(list) > 1 {
			text, _, _ := textOf(list[1])
			if a, err := netip.ParseAddr(text); err == nil {
				rawAddr = `"` + fmt.Sprintf("%x", a.AsSlice()) + `"`
			}
		}
	}
	p, _, ok1 := textOf(strings.Split(rawPort, " ")[0])
	a, _, ok2 := textOf(strings.Split(rawAddr, " ")[0])
	addr, ok3 := netip.AddrFromSlice([]byte(a))
	if !ok1 || !ok2 || !ok3 || len(p) != 2 {
		return "strace's address is not understood"
	}
	want := netip.AddrPortFrom(addr.Unmap(), uint16(p[0])<<8|uint16(p[1])).String()
	host, _ := args[param+ip].(string)
	have, err := netip.ParseAddr(host)
	if err != nil || netip.AddrPortFrom(have, uint16(argNumber(args[param+port]))).String() != want {
		return fmt.Sprintf("%v, not %s", args[param], want)
	}
	return ""
}

// comparePoll compares the descriptors of poll, with what was asked for at the enter and what came at the exit.
func comparePoll(theirs, result string, have any, exit bool) string {
	if !strings.HasPrefix(theirs, "[") {
		return ""
	}
	came := map[uint64]uint64{}
	if _, list, ok := strings.Cut(result, "(["); ok {
		came = pollEvents(list, "0.revents")
	}
	list, _ := splitList(theirs[1:])
	ours, _ := have.([]any)
	if len(list) != len(ours) {
		return fmt.Sprintf("%d descriptors, not %d", len(ours), len(list))
	}
	for i, one := range list {
		for fd, events := range pollEvents(one+"]", "0.events") {
			if exit {
				events = came[fd]
			}
			m, _ := ours[i].(map[string]any)
			if argNumber(m["fd"]) != int64(fd) || argNumber(m["events"]) != int64(events) {
				return fmt.Sprintf("%v, not fd %d and events %d", m, fd, events)
			}
		}
	}
	return ""
}

// pollEvents is what a list of struct pollfd says of each descriptor, as the records number the events.
func pollEvents(list, member string) map[uint64]uint64 {
	m := map[uint64]uint64{}
	parts, _ := splitList(list)
	for _, one := range parts {
		c := straced{args: []string{one}}
		fd, _ := c.at("0.fd")
		n, _, _ := numberOf(fd)
		events, _ := c.at(member)
		_, names, _ := numberOf(events)
		m[n] = 0
		for _, name := range names {
			if bit := slices.Index(pollBits, name); bit >= 0 {
				m[n] |= 1 << bit
			}
		}
	}
	return m
}

// compareList compares argv or envp: exe is the first, argv the others, of both scry has the first 4096 bytes.
func compareList(kind, theirs string, have any) string {
	if !strings.HasPrefix(theirs, "[") {
		return ""
	}
	list, _ := splitList(theirs[1:])
	ours, _ := have.([]any)
	if kind == "exe" {
		list, ours = list[:min(1, len(list))], []any{have}
	} else if kind == "argv" && len(list) > 0 {
		list = list[1:]
	}
	size := 0
	for i, one := range list {
		text, cut, ok := textOf(one)
		if !ok {
			return "strace has " + one
		}
		size += len(text) + 1
		switch {
		case i >= len(ours):
			if kind != "exe" && (size > 4096-1 || len(ours) == 32) { // 32: of an exec that fails
				return ""
			}
			return fmt.Sprintf("%d texts, not %d", len(ours), len(list))
		case size > 4096-1 || cut:
			continue
		case strings.ToValidUTF8(fmt.Sprint(ours[i]), "\ufffd") != strings.ToValidUTF8(text, "\ufffd"):
			return fmt.Sprintf("%q, not %q", ours[i], text)
		}
	}
	if len(list) != len(ours) {
		return fmt.Sprintf("%d texts, not %d: %q", len(ours), len(list), ours)
	}
	return ""
}

func compareTime(theirs string, have any) string {
	c := straced{args: []string{theirs}}
	sec, ok := c.at("0.tv_sec")
	if !ok {
		return ""
	}
	nsec, _ := c.at("0.tv_nsec")
	s, _, _ := numberOf(sec)
	ns, _, _ := numberOf(nsec)
	if int64(s*1e9+ns) != argNumber(have) {
		return fmt.Sprint(have)
	}
	return ""
}
