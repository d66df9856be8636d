package capture

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scry/capture/container"
	"scry/capture/event"
	"scry/capture/state"
)

// inspected is what docker says of a container that has some of everything.
const inspected = `{"Id":"0123456789ab0000000000000000000000000000000000000000000000000000","Name":"/web","Created":"2024-01-02T03:04:05.6Z","Image":"sha256:77",
"Config":{"Image":"reg:5000/nginx:1.25@sha256:99","Env":["A=b","C=\u001b[31m"],"Labels":{"io.kubernetes.pod.name":"p","app":"<x>"},"Healthcheck":{"Test":["CMD","curl","-f","x"]}},
"HostConfig":{"Privileged":true,"PidMode":"host","NetworkMode":"bridge","IpcMode":"host","Memory":64,"MemorySwap":128,"CpuShares":512,"CpuQuota":50000,"CpuPeriod":0,"CpusetCpus":"0,2-3"},
"Mounts":[{"Source":"/h","Destination":"/c","Mode":"z","RW":true,"Propagation":"rprivate"}],
"NetworkSettings":{"IPAddress":"","Networks":{"b":{"IPAddress":"172.18.0.2"},"a":{"IPAddress":"172.17.0.2"}},"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostIp":"::1","HostPort":"8080"}],"90/tcp":null}}}`

// TestContainerRecord: what an engine says comes out of the tables as it went in, and out of a rotated file too.
func TestContainerRecord(t *testing.T) {
	dir, err := os.MkdirTemp("", "eng")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	const id = "0123456789ab0000000000000000000000000000000000000000000000000000"
	for path, text := range map[string]string{"/version": `{"Version":"1"}`, "/containers/json": `[{"Id":"` + id + `","State":"running"}]`, "/containers/" + id + "/json": inspected} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() })
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	defer server.Close()
	records := make(chan []byte, 10)
	none := []string{dir + "/none"}
	w := container.Watch(container.Options{Docker: []string{dir + "/s"}, Podman: none, CRI: none, Tell: func(b []byte) { records <- b }})
	defer w.Close()
	w.Wait(5 * time.Second)

	want := event.Container{ID: id[:12], FullID: id, Type: "docker", Name: "web", Image: "reg:5000/nginx:1.25@sha256:99", ImageID: "77", ImageRepo: "reg:5000/nginx", ImageTag: "1.25",
		ImageHash: "sha256:99", IP: "172.17.0.2", Privileged: true, HostPID: true, HostIPC: true, Mounts: []event.Mount{{Source: "/h", Dest: "/c", Mode: "z", Propagation: "rprivate", RW: true}},
		Ports: []event.PortMapping{{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80}}, Labels: []event.Label{{Key: "app", Value: "<x>"}, {Key: "io.kubernetes.pod.name", Value: "p"}},
		Env: []string{"A=b", "C=\x1b[31m"}, Health: "curl -f x", MemoryLimit: 64, SwapLimit: 128, CPUShares: 512, CPUQuota: 50000, CPUPeriod: 100000, CPUSetCPUs: 3,
		CreatedTime: 1704164645, HasMeta: true}
	tables := state.New()
	var ev event.Event
	apply := func(tables *state.Tables, record []byte) event.Container {
		if err := ev.Decode(record, false); err != nil {
			t.Fatal(err)
		}
		tables.Apply(&ev)
		list := tables.Containers()
		if len(list) != 1 {
			t.Fatalf("%d containers", len(list))
		}
		c := *list[0]
		c.JSON = ""
		return c
	}
	var text []byte
	select {
	case text = <-records:
	case <-time.After(5 * time.Second):
		t.Fatal("no record")
	}
	if diff := cmp.Diff(want, apply(tables, event.Append(nil, 1, -1, event.ContainerJsonV2E, append(text, 0)))); diff != "" {
		t.Error(diff)
	}
	err = tables.ContainerEvents(2, func(ev *event.Event) error {
		if diff := cmp.Diff(want, apply(state.New(), ev.Clone().Raw)); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A record that tells that more is to come gives its name, and nothing of which it is not known whether it is so.
func TestUnfinishedRecord(t *testing.T) {
	tables := state.New()
	var ev event.Event
	for _, c := range []struct {
		text string
		meta bool
	}{
		{`{"container":{"id":"a","name":"web","type":0,"lookup_state":0}}`, false},
		{`{"container":{"id":"a","name":"web","type":0,"lookup_state":1}}`, true},
		{`{"container":{"id":"a","name":"web","type":0}}`, true},
	} {
		if err := ev.Decode(event.Append(nil, 1, -1, event.ContainerJsonV2E, []byte(c.text+"\x00")), false); err != nil {
			t.Fatal(err)
		}
		tables.Apply(&ev)
		if list := tables.Containers(); len(list) != 1 || list[0].Name != "web" || list[0].HasMeta != c.meta {
			t.Errorf("%s: %+v", c.text, list)
		}
	}
}
