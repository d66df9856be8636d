package chisels

import (
	"testing"

	"scry/capture/event"
	"scry/filter/fields"
)

// BenchmarkHTTP is a request and its response, as a server sees them.
func BenchmarkHTTP(b *testing.B) {
	n := 0
	r, err := newHTTPReader(&Instance{Spec: &Spec{}, Env: &Env{Options: &fields.Options{}}}, func(*httpCall) error { n++; return nil })
	if err != nil {
		b.Fatal(err)
	}
	var w wire
	th, fd := &event.Thread{TID: 7, PID: 7, Comm: "web"}, &event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Name: "10.0.0.1:40000->10.0.0.2:80"}
	ask := w.move(event.RecvfromX, th, fd, "GET /bar HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.50.1\r\nAccept: */*\r\n\r\n", 76).Clone()
	answer := w.move(event.SendtoX, th, fd, "HTTP/1.0 200 OK\r\nServer: x\r\nDate: Sat, 23 Sep 2017 00:44:29 GMT\r\nContent-Length: 3\r\n\r\nbar", 89).Clone()
	b.ReportAllocs()
	for b.Loop() {
		r.event(ask)
		r.event(answer)
	}
	if n == 0 {
		b.Error("no call")
	}
}
