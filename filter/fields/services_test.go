package fields

import (
	"testing"

	"scry/capture/event"
)

func TestServices(t *testing.T) {
	for i, s := range services {
		if s.name == "" || s.proto&^onBoth != 0 || s.proto == 0 {
			t.Errorf("%v: bad row", s)
		}
		if i > 0 && (services[i-1].port > s.port || services[i-1].port == s.port && services[i-1].proto&s.proto != 0) {
			t.Errorf("%v: out of order or twice", s)
		}
	}
	for _, c := range []struct {
		port uint16
		l4   uint8
		want string
	}{
		{80, event.L4TCP, "http"}, {53, event.L4UDP, "domain"}, {514, event.L4UDP, "syslog"}, {514, event.L4TCP, "shell"},
		{514, event.L4Unknown, "shell"}, {123, event.L4TCP, ""}, {123, event.L4NA, "ntp"}, {0, event.L4TCP, ""}, {65535, event.L4TCP, ""},
	} {
		if got := ServiceName(c.port, c.l4); got != c.want {
			t.Errorf("%d/%d: %q, want %q", c.port, c.l4, got, c.want)
		}
	}
}
