package chisels

import (
	"bufio"
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// message is the head of a message.
type message struct {
	answer      bool
	method, url string
	code        int
	length      int64 // of the body; -1: not said
	chunked     bool
	cut         bool // not all of the head is there
}

// headParser reads heads with net/http. It is given those lines only that say where the message ends and whom it is for: of a browser's head that is a tenth,
// and what is wrong with the others does not matter here.
type headParser struct {
	lines []byte
	src   bytes.Reader
	in    *bufio.Reader
	msg   message
	held  int                // bytes of heads that have begun, of all streams
	known map[string]message // by lines: most heads of a program are alike
}

// What is remembered of heads.
const (
	maxKnown     = 1024
	maxKnownHead = 512
)

// wanted are the lines of a head that are read.
var wanted = [][]byte{[]byte("host:"), []byte("content-length:"), []byte("transfer-encoding:")}

// whole reads a head with the empty line that ends it. The message is valid until the next call; ok is false when the head is none. One that net/http
// refuses is read as far as its first line goes.
func (p *headParser) whole(b []byte) (m *message, ok bool) {
	p.gather(b, nil)
	if p.msg, ok = p.known[string(p.lines)]; ok {
		return &p.msg, true
	}
	if m, ok = p.parse(b); ok && !m.cut && len(p.lines) <= maxKnownHead {
		if len(p.known) >= maxKnown {
			clear(p.known)
		}
		if p.known == nil {
			p.known = map[string]message{}
		}
		p.known[string(p.lines)] = *m
	}
	return m, ok
}

// parse reads the lines that were gathered of the head b.
func (p *headParser) parse(b []byte) (m *message, ok bool) {
	if m = &p.msg; bytes.HasPrefix(b, []byte("HTTP/")) {
		resp, err := http.ReadResponse(p.reader(), nil)
		if err != nil {
			return p.first(b)
		}
		m.answer, m.code, m.length, m.chunked = true, resp.StatusCode, resp.ContentLength, chunked(resp.TransferEncoding)
		return m, true
	}
	req, err := http.ReadRequest(p.reader())
	target := ""
	if err == nil {
		target = req.RequestURI
	} else {
		// What net/http does not take for a URL, as programs that look for holes send it, is a target all the same.
		line, _, _ := bytes.Cut(b, []byte{'\n'})
		from, to := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
		if from < 0 || from == to {
			return p.first(b)
		}
		target = string(line[from+1 : to])
		defer p.gather(b, nil) // by which it is known
		p.gather(b, append(append(append([]byte(nil), line[:from]...), " /"...), line[to:]...))
		if req, err = http.ReadRequest(p.reader()); err != nil {
			return p.first(b)
		}
	}
	m.method, m.url, m.length, m.chunked = req.Method, url(target, req.Host), req.ContentLength, chunked(req.TransferEncoding)
	return m, true
}

// gather puts the lines together that are read. first stands in the place of the first one, if it is not nil.
func (p *headParser) gather(b, first []byte) {
	p.lines = p.lines[:0]
	take := true
	for n := 0; len(b) > 0; n++ {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		switch {
		case n == 0:
			if first != nil {
				line = first
			}
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'): // belongs to the line before
		default:
			take = isWanted(line)
		}
		if take {
			p.lines = append(append(p.lines, line...), '\n')
		}
	}
	p.lines = append(p.lines, "\r\n"...)
}

func isWanted(line []byte) bool {
	for _, w := range wanted {
		if len(line) >= len(w) && bytes.EqualFold(line[:len(w)], w) {
			return true
		}
	}
	return false
}

// reader gives what was gathered.
func (p *headParser) reader() *bufio.Reader {
	p.src.Reset(p.lines)
	if p.in == nil {
		p.in = bufio.NewReader(&p.src)
	} else {
		p.in.Reset(&p.src)
	}
	return p.in
}

func chunked(encodings []string) bool {
	return len(encodings) > 0 && encodings[len(encodings)-1] == "chunked"
}

// part reads what there is of a head: its whole lines, or else a part of the first one.
func (p *headParser) part(b []byte) (m *message, ok bool) {
	k := bytes.LastIndexByte(b, '\n')
	if k < 0 {
		return p.first(b)
	}
	if m, ok = p.whole(b[:k+1]); ok {
		m.cut, m.chunked = true, false
		if !bytes.Contains(bytes.ToLower(p.lines), []byte("\ncontent-length:")) {
			m.length = -1
		}
	}
	return m, ok
}

// first reads the first line of a head, of which the end may be missing, and nothing else.
func (p *headParser) first(b []byte) (m *message, ok bool) {
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	words := strings.SplitN(strings.TrimRight(string(line), "\r"), " ", 3)
	p.msg = message{length: -1, cut: true}
	m = &p.msg
	if strings.HasPrefix(words[0], "HTTP/") {
		if len(words) < 2 || len(words[1]) != 3 {
			return nil, false
		}
		code, err := strconv.Atoi(words[1])
		m.answer, m.code = true, code
		return m, err == nil && code >= 100
	}
	if len(words) < 2 || words[1] == "" {
		return nil, false
	}
	if m.method, m.url = words[0], url(words[1], ""); !whole && len(words) < 3 {
		m.url += "…" // its end is not recorded
	}
	return m, true
}

// url is what a request asks for, without the scheme: host and path.
func url(target, host string) string {
	if rest, ok := strings.CutPrefix(target, "http://"); ok {
		return rest
	}
	if strings.HasPrefix(target, "/") || target == "*" {
		return host + target
	}
	return target
}
