package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestEngineDockerBridge: containers on a real bridge, with addresses of their own and published ports; one that shares another's network.
func TestEngineDockerBridge(t *testing.T) {
	needEngine(t, "dockerd", "docker", "runc", "ip", "nsenter")
	dir := engineDir(t)
	space := fmt.Sprint("scry", os.Getpid()) // a network namespace: nothing of the machine's own network is changed
	engineRun(t, nil, "ip", "netns", "add", space)
	t.Cleanup(func() { engineRun(t, nil, "ip", "netns", "del", space) })
	engineRun(t, nil, "ip", "-n", space, "link", "set", "lo", "up")
	// Not "ip netns exec": that mounts /sys anew and hides /sys/fs/cgroup.
	socket, docker := startDockerd(t, dir, "nsenter", "--net=/run/netns/"+space, "dockerd", "--bip=172.31.99.1/24")
	docker("run", "-d", "--name=web", "-p", "127.0.0.1:8081:80", "-p", "8443:443", boxName, "httpd", "-f", "-p", "80", "-h", "/etc")
	r := startRecording(t, dir, "--docker-socket", socket)
	ip := docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "web")
	if body := docker("run", "--rm", "--name=client", boxName, "sh", "-c", "wget -qO- http://"+ip+"/passwd && sleep 1"); !strings.HasPrefix(body, "root:x:0:0:") {
		t.Fatalf("the server says %q", body)
	}
	// The address of a container that is gone within milliseconds is not known: docker tells it from the start on, and only while it runs.
	docker("run", "--rm", "--name=side", "--network=container:web", boxName, "wget", "-qO-", "http://127.0.0.1/passwd")
	r.stop()
	r.only("container.name=web and evt.type=accept and evt.dir=< and fd.sip="+ip, "%container.ip %fd.sport", ip+" 80")
	r.only("container.name=side and proc.name=wget and evt.type=connect and evt.dir=<", "%container.ip %fd.sip", ip+" 127.0.0.1")
	r.only("container.name=client and proc.name=wget and evt.type=connect and evt.dir=<", "%fd.sip %fd.sport", ip+" 80")
	r.only("container.name=web and evt.type=accept and evt.dir=<", "%container.ports", "127.0.0.1:8081->80, 0.0.0.0:8443->443")
	if c := r.record("client"); c["ip"] == ip || !strings.HasPrefix(fmt.Sprint(c["ip"]), "172.31.99.") {
		t.Errorf("the client has the address %v", c["ip"])
	}
	r.allNamed()
}
