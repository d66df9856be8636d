package chisels

import (
	"net/netip"
	"testing"

	"scry/capture/event"
)

// What lsof, netstat and execs put together, and nothing where nothing is known.
func TestRowFields(t *testing.T) {
	at := netip.MustParseAddrPort
	tcp := &event.FD{Num: 3, Type: event.FDIPv4Sock, L4: event.L4TCP, Role: event.RoleServer, Sock: event.SockConnected, Src: at("10.0.0.1:999"), Dst: at("10.0.0.2:80")}
	udp6 := &event.FD{Num: 4, Type: event.FDIPv6Listen, L4: event.L4UDP, Sock: event.SockOpen, Dst: at("[fe80::1:2:3:4]:53")}
	bare := &event.FD{Num: 5, Type: event.FDIPv4Sock, L4: event.L4TCP, Sock: event.SockOpen}
	local := &event.FD{Num: 6, Type: event.FDUnixSock, Sock: event.SockListening, Name: "/run/s"}
	file := &event.FD{Num: 7, Type: event.FDFileV2, Flags: 2, Name: "/f"}
	for _, c := range []struct {
		fd                                      *event.FD
		mode, proto, local, remote, state, path string
	}{
		{tcp, "u", "tcp", "10.0.0.2:80", "10.0.0.1:999", "ESTABLISHED", ""},
		{udp6, "u", "udp6", "[fe80::1:2:3:4]:53", "", "UNCONN", ""},
		{bare, "u", "tcp", "", "", "UNCONN", ""},
		{local, "u", "unix", "", "", "LISTEN", "/run/s"},
		{file, "w", "", "", "", "", ""},
		{&event.FD{Num: 8, Type: event.FDFIFO}, "", "", "", "", "", ""},
		{nil, "", "", "", "", "", ""},
	} {
		ev := &event.Event{Type: event.InfrastructureEventE, FD: c.fd, Thread: testShell}
		for name, want := range map[string]string{"row.mode": c.mode, "row.proto": c.proto, "row.local": c.local, "row.remote": c.remote, "row.state": c.state, "row.path": c.path} {
			f, err := newField(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if v := f.Value(ev); v.Str != want || v.Present() != (want != "") {
				t.Errorf("%s of %+v: %q", name, c.fd, v.Str)
			}
			if n := testing.AllocsPerRun(10, func() { f.Value(ev) }); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	}
	f, err := newField("row.command", nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, ev := range map[string]*event.Event{
		"ls -l /a b": testEvent(0, event.ExecveV19X, testShell, nil, le64(0), []byte("ls\x00"), []byte("-l\x00/a b\x00")),
		"./missing":  testEvent(0, event.ExecveV19X, testShell, nil, le64(-2), []byte("./missing\x00"), nil),
		"x  y":       testEvent(0, event.ExecveV19X, testShell, nil, le64(0), []byte("x\x00"), []byte("\x00y\x00")),
		"":           testEvent(0, event.ReadE, testShell, nil),
	} {
		if v := f.Value(ev); v.Str != want {
			t.Errorf("%q, want %q", v.Str, want)
		}
	}
}
