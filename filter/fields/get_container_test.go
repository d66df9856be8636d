package fields

import (
	"testing"

	"scry/capture/event"
)

// TestContainerMore: what engines say beyond sysdig's fields; what a container does not have is absent.
func TestContainerMore(t *testing.T) {
	ev := family(t, event.CloseX, p64(0))
	ev.Thread.Container = &event.Container{ID: "a", HasMeta: true, Labels: []event.Label{{Key: "app", Value: "shop"}, {Key: "a.b/c", Value: ""}}, Env: []string{"LANG=C", "LANGUAGE=de", "X"},
		Ports: []event.PortMapping{{HostIP: "127.0.0.1", HostPort: 8081, ContainerPort: 80}, {HostIP: "0.0.0.0", HostPort: 8443, ContainerPort: 443}}, MemoryLimit: 64 << 20}
	checkShown(t, ev, `
		container.label.app = shop
		container.label[none] = <NA>
		container.labels = app:shop, a.b/c:
		container.env.LANG = C
		container.env.X = <NA>
		container.env.LAN = <NA>
		container.ports = 127.0.0.1:8081->80, 0.0.0.0:8443->443
		container.memory_limit = 67108864`)
	ev.Thread.Container = &event.Container{ID: "a", HasMeta: true}
	checkShown(t, ev, `
		container.labels = <NA>
		container.ports = <NA>
		container.memory_limit = <NA>`)
}
