package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// With $SCRY_HTTP, a directory, this test program is servers and clients of HTTP that talk to each other.
func init() {
	if dir := os.Getenv("SCRY_HTTP"); dir != "" {
		if err := talkHTTP(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// httpRequests are what is asked: how often, and the bytes of the body of the answer. Each is asked for over each kind of socket.
var httpRequests = []struct {
	method, path string
	times        int
	size         int // of the body of the answer; of what a HEAD asks for, the length that its answer gives
	send         int // of the body of the request
	code         int
}{
	{"GET", "/small", 50, 5, 0, 200},
	{"GET", "/large", 20, 300000, 0, 200},
	{"GET", "/chunked", 20, 70000, 0, 200},
	{"POST", "/upload", 15, 2, 200000, 200},
	{"HEAD", "/small", 10, 5, 0, 200},
	{"GET", "/missing", 7, 3, 0, 404},
	{"GET", "/broken", 3, 0, 0, 500},
	{"DELETE", "/empty", 4, 0, 0, 204},
}

func answerHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(err)
	}
	for _, q := range httpRequests {
		if q.method != r.Method || q.path != r.URL.Path {
			continue
		}
		if q.path != "/chunked" && q.code != 204 {
			w.Header().Set("Content-Length", fmt.Sprint(q.size))
		}
		w.WriteHeader(q.code)
		for body := make([]byte, q.size); len(body) > 0 && q.method != "HEAD"; {
			n, err := w.Write(body[:min(len(body), 7000)])
			if err != nil {
				panic(err)
			}
			body = body[n:]
			w.(http.Flusher).Flush()
		}
		return
	}
	panic(r.Method + r.URL.Path)
}

// talkHTTP asks for httpRequests, several at a time, over all kinds of sockets, and then as no client of Go does: pipelined, and in single bytes.
func talkHTTP(dir string) error {
	server := &http.Server{Handler: http.HandlerFunc(answerHTTP)}
	for _, l := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"unix", filepath.Join(dir, "sock")}} {
		listener, err := net.Listen(l[0], l[1])
		if l[0] == "tcp6" && err != nil {
			continue // a machine without IPv6
		}
		if err != nil {
			return err
		}
		go server.Serve(listener)
		dial := func() (net.Conn, error) { return net.Dial(listener.Addr().Network(), listener.Addr().String()) }
		if err := askHTTP(l[0]+".test", dial); err != nil {
			return fmt.Errorf("%s: %w", l[0], err)
		}
		if err := askOddly(l[0]+".odd", dial); err != nil {
			return fmt.Errorf("%s: %w", l[0], err)
		}
	}
	return server.Close()
}

func askHTTP(host string, dial func() (net.Conn, error)) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return dial() }, MaxIdleConnsPerHost: 3}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	errs := make(chan error, len(httpRequests))
	for _, q := range httpRequests {
		all.Go(func() {
			for range q.times {
				req, err := http.NewRequest(q.method, "http://"+host+q.path, bytes.NewReader(make([]byte, q.send)))
				if err != nil {
					errs <- err
					return
				}
				resp, err := client.Do(req)
				if err != nil {
					errs <- err
					return
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if resp.Body.Close(); err != nil || resp.StatusCode != q.code || q.method != "HEAD" && int(n) != q.size {
					errs <- fmt.Errorf("%s %s: %s, %d bytes, %v", q.method, q.path, resp.Status, n, err)
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

// askOddly asks three times in one piece and once byte by byte.
func askOddly(host string, dial func() (net.Conn, error)) error {
	conn, err := dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	request := "GET /small HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	if _, err := io.WriteString(conn, strings.Repeat(request, 3)); err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	for i := range 4 {
		if i == 3 {
			for k := range request {
				if _, err := io.WriteString(conn, request[k:k+1]); err != nil {
					return err
				}
			}
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 5 {
			return errors.Join(err, fmt.Errorf("%d bytes", n))
		}
	}
	return nil
}

// Live, httptop counts each request at both ends, or at that of the server alone, with the bytes of the bodies. httplog has a line for each.
func TestLiveHTTP(t *testing.T) {
	needLive(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		end  string
		ends int
	}{{"", 2}, {":end=server", 1}} {
		dir := t.TempDir()
		cmd := exec.Command(scry, "-j", "--buffer", "64M", "-c", "httptop"+c.end, "--top", "0", "-c", "httplog"+c.end, "--", os.Args[0])
		cmd.Env = append(os.Environ(), "SCRY_HTTP="+dir)
		var out, warn bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &warn
		if err := cmd.Run(); err != nil || strings.Contains(warn.String(), "lost") {
			t.Fatalf("%v: %s", err, warn.String())
		}
		type sums struct{ Calls, Lines, Errors, Bytes, Sizes int }
		got := map[string]sums{}
		for line := range strings.Lines(out.String()) {
			var v struct {
				Chisel string
				Rows   []struct {
					NCalls, Errors, Bytes int
					Method, URL           string
				}
				Method, URL string
				Size        *int
				Latency     time.Duration
			}
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			for _, r := range v.Rows {
				s := got[r.Method+" "+r.URL]
				s.Calls, s.Errors, s.Bytes = s.Calls+r.NCalls, s.Errors+r.Errors, s.Bytes+r.Bytes
				got[r.Method+" "+r.URL] = s
			}
			if v.Chisel == "" {
				s := got[v.Method+" "+v.URL]
				if s.Lines++; v.Size == nil || v.Latency <= 0 || v.Latency > 10*time.Second {
					t.Errorf("%s", line)
				} else {
					s.Sizes += *v.Size
				}
				got[v.Method+" "+v.URL] = s
			}
		}
		hosts := 0
		for _, host := range []string{"tcp4", "tcp6", "unix"} {
			if _, ok := got["GET "+host+".odd/small"]; !ok && host == "tcp6" {
				continue
			}
			hosts++
			if have, want := got["GET "+host+".odd/small"], (sums{4 * c.ends, 4 * c.ends, 0, 20 * c.ends, 20 * c.ends}); have != want {
				t.Errorf("%v: odd clients over %s: %+v, want %+v", c.end, host, have, want)
			}
			for _, q := range httpRequests {
				n := q.times * c.ends
				want := sums{Calls: n, Lines: n, Bytes: n * q.size, Sizes: n * q.size}
				if q.code >= 400 {
					want.Errors = n
				}
				if q.method == "HEAD" {
					want.Bytes, want.Sizes = 0, 0
				}
				have := got[q.method+" "+host+".test"+q.path]
				// The client reads 4 kB at a time, of which 2000 bytes are recorded: of a line between chunks that is not, nobody knows that it is none of the body.
				if more := have.Bytes - want.Bytes; q.path == "/chunked" && c.ends == 2 && more > 0 && more < want.Bytes/500 && have.Sizes == have.Bytes {
					have.Bytes, have.Sizes = want.Bytes, want.Sizes
				}
				if have != want {
					t.Errorf("%v: %s %s over %s: %+v, want %+v", c.end, q.method, q.path, host, have, want)
				}
			}
		}
		if hosts < 2 {
			t.Errorf("only %d kinds of sockets", hosts)
		}
	}
}
