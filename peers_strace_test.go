package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// straced is a call as strace prints it with -xx -X verbose: texts in hexadecimal, numbers with what they mean in a comment behind them.
type straced struct {
	tid    int
	name   string
	args   []string
	result string // "3", "-1 ENOENT (No such file or directory)", "?": it did not return
	line   string
}

// tally is what strace -C counts for one call.
type tally struct{ calls, errors int }

// parseStrace reads what strace -f -C -o wrote: the calls of each thread in order, and the counts. Lines of signals and of ends are left out.
func parseStrace(text string) (calls map[int][]straced, counts map[string]tally, err error) {
	calls = map[int][]straced{}
	begun := map[int]string{}
	lines, table, found := strings.Cut(text, "% time ")
	if !found {
		return nil, nil, errors.New("strace: no counts")
	}
	for line := range strings.Lines(lines) {
		pid, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		tid, err := strconv.Atoi(pid)
		if err != nil {
			return nil, nil, fmt.Errorf("strace: %q: %w", line, err)
		}
		rest = strings.TrimLeft(rest, " ")
		if strings.HasPrefix(rest, "---") || strings.HasPrefix(rest, "+++") {
			continue
		}
		if after, ok := strings.CutPrefix(rest, "<... "); ok {
			_, after, _ = strings.Cut(after, " resumed>")
			rest = begun[tid] + after
			delete(begun, tid)
		}
		if before, ok := strings.CutSuffix(rest, " <unfinished ...>"); ok {
			begun[tid] = before
			continue
		}
		c, err := parseCall(rest)
		if err != nil {
			return nil, nil, err
		}
		c.tid = tid
		calls[tid] = append(calls[tid], c)
	}
	for tid, rest := range begun {
		c, err := parseCall(rest + ") = ?")
		if err != nil {
			return nil, nil, err
		}
		c.tid = tid
		calls[tid] = append(calls[tid], c)
	}
	counts = map[string]tally{}
	for line := range strings.Lines(table) { // % time, seconds, usecs/call, calls, [errors], name
		f := strings.Fields(line)
		if len(f) < 5 || f[0] == "time" || f[0] == "seconds" || strings.HasPrefix(f[0], "-") {
			continue
		}
		var n tally
		n.calls, _ = strconv.Atoi(f[3])
		if len(f) == 6 {
			n.errors, _ = strconv.Atoi(f[4])
		}
		counts[f[len(f)-1]] = n
	}
	return calls, counts, nil
}

// parseCall takes "name(a, b) = result" apart.
func parseCall(line string) (c straced, err error) {
	c.line = line
	name, rest, ok := strings.Cut(line, "(")
	if !ok {
		return c, fmt.Errorf("strace: no call in %q", line)
	}
	c.name = name
	list, rest := splitList(rest)
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], " <unfinished ...>")
	}
	c.args = list
	result, ok := strings.CutPrefix(strings.TrimLeft(strings.TrimPrefix(rest, ")"), " "), "= ")
	if !ok {
		return c, fmt.Errorf("strace: no result in %q", line)
	}
	c.result = result
	return c, nil
}

// splitList splits at the commas of the list that s begins with, up to the bracket that closes it.
func splitList(s string) (list []string, rest string) {
	depth, start, quoted, comment := 0, 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case comment:
			comment = !strings.HasPrefix(s[i:], "*/")
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(s[i:], "/*"):
			comment = true
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0 && depth > 0:
			depth--
		case strings.IndexByte(")]}", c) >= 0:
			if last := strings.TrimSpace(s[start:i]); last != "" {
				list = append(list, last)
			}
			return list, s[i:]
		case c == ',' && depth == 0:
			list = append(list, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(s[start:])), ""
}

// at finds a part of the arguments: "2" is the third one, ".flags" the one of that name, "2.rlim_cur" a member, "0[1]" an element.
func (c *straced) at(path string) (string, bool) {
	list, part := c.args, ""
	for path != "" {
		end := strings.IndexAny(path[1:], ".[")
		step := path
		if end >= 0 {
			step = path[:end+1]
		}
		path = path[len(step):]
		if name, ok := strings.CutPrefix(step, "."); ok {
			i := slices.IndexFunc(list, func(s string) bool { return strings.HasPrefix(s, name+"=") })
			if i < 0 {
				return "", false
			}
			part = list[i][len(name)+1:]
		} else {
			n, err := strconv.Atoi(strings.Trim(step, "[]"))
			if err != nil || n >= len(list) {
				return "", false
			}
			part = list[n]
		}
		if _, after, ok := strings.Cut(part, " => "); ok && !strings.HasPrefix(part, "{") { // [9 => 4]
			part = after
		}
		list = nil
		if part != "" && strings.IndexByte("[{", part[0]) >= 0 {
			list, _ = splitList(part[1:])
		}
	}
	return part, true
}

// numberOf reads "0x1 /* SOCK_STREAM */|0x80800 /* SOCK_CLOEXEC|SOCK_NONBLOCK */": the number, and the names in it.
func numberOf(s string) (n uint64, names []string, ok bool) {
	for s != "" {
		digits := strings.IndexAny(s, " |")
		if digits < 0 {
			digits = len(s)
		}
		part := s[:digits]
		s = strings.TrimLeft(s[digits:], " ")
		if part == "NULL" {
			part = "0"
		}
		u, err := strconv.ParseUint(part, 0, 64)
		if err != nil {
			i, err := strconv.ParseInt(part, 0, 64)
			if err != nil {
				return 0, nil, false
			}
			u = uint64(i)
		}
		n |= u
		if comment, ok := strings.CutPrefix(s, "/* "); ok {
			comment, s, _ = strings.Cut(comment, " */")
			names = append(names, strings.Split(comment, "|")...)
		}
		s = strings.TrimPrefix(strings.TrimLeft(s, " "), "|")
	}
	return n, names, true
}

// textOf decodes "\x68\x69"..., a text that strace has perhaps cut.
func textOf(s string) (text string, cut, ok bool) {
	s, cut = strings.CutSuffix(s, "...")
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s[1:len(s)-1], `\x`, ""))
	return string(b), cut, err == nil
}

// vectorOf joins the texts of [{iov_base="...", iov_len=2}, ...], as far as none is cut.
func vectorOf(s string) (text string, cut, ok bool) {
	if !strings.HasPrefix(s, "[") {
		return textOf(s)
	}
	list, _ := splitList(s[1:])
	for _, one := range list {
		c := straced{args: []string{one}}
		base, _ := c.at("0.iov_base")
		part, short, ok := textOf(base)
		if !ok {
			return text, true, text != ""
		}
		if text += part; short {
			return text, true, true
		}
	}
	return text, false, true
}
