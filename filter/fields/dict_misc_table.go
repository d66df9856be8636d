package fields

import (
	"strconv"

	"scry/capture/event"
)

var userDefs = []Def{
	{Name: "user.uid", Type: Uint, Format: event.FmtID, Desc: "id of the thread's effective user, as a number", get: getUID},
	{Name: "user.name", Type: String, Desc: "name of the thread's user, from the user list of its container or of the recorded machine", get: userText(func(u *event.User) string { return u.Name })},
	{Name: "user.homedir", Type: String, Desc: "home directory of the thread's user, from the user list of its container or of the recorded machine", get: userText(func(u *event.User) string { return u.Home })},
	{Name: "user.shell", Type: String, Desc: "login shell of the thread's user, from the user list of its container or of the recorded machine", get: userText(func(u *event.User) string { return u.Shell })},
	{Name: "user.loginuid", Type: Int, Format: event.FmtID, Desc: "id of the user who logged in first, kept across su and sudo; -1 when nobody did", get: getLoginUID},
	{Name: "user.loginname", Type: String, Desc: "name of the user who logged in first, kept across su and sudo (audit login uid)", get: getLoginName},
}

var groupDefs = []Def{
	{Name: "group.gid", Type: Uint, Format: event.FmtID, Desc: "id of the thread's group, as a number", get: getGID},
	{Name: "group.name", Type: String, Desc: "name of the thread's group, from the group list of the recorded machine", get: getGroupName},
}

var containerDefs = []Def{
	{Name: "container.id", Type: String, Desc: "container id, cut to the usual 12 digits; the word host outside containers", get: hostOr(func(c *event.Container) string { return c.ID })},
	{Name: "container.ip", Type: String, Desc: "IPv4 address of the container on its first network", get: containerText(func(c *event.Container) string { return c.IP })},
	{Name: "container.name", Type: String, Desc: "name of the container; the word host for processes that run in none", get: hostOr(func(c *event.Container) string { return c.Name })},
	{Name: "container.image", Type: String, Desc: "image the container was started from, with its tag, e.g. docker.io/library/nginx:1.27", get: containerText(func(c *event.Container) string { return c.Image })},
	{Name: "container.image.id", Type: String, Desc: "id of the image on the local machine, cut to 12 digits", get: containerText(func(c *event.Container) string { return c.ImageID })},
	{Name: "container.type", Type: String, Desc: "engine that runs the container: docker, podman, cri-o, containerd, lxc, libvirt-lxc, ...; host outside containers", get: hostOr(func(c *event.Container) string { return c.Type })},
	{Name: "container.privileged", Type: Bool, Desc: "true when the container runs privileged; absent when the engine did not say", get: containerBool(func(c *event.Container) bool { return c.Privileged })},
	{Name: "container.mounts", Type: String, Desc: "every mount of the container as source:dest:mode:rdwr:propagation, separated by blanks", get: ofMeta(mounts)},
	{Name: "container.mount", Type: String, Arg: NeedArg, Desc: "one mount as source:dest:mode:rdwr:propagation, picked by number or source glob, e.g. [0] or [/usr/*]", get: mountText(false, appendMount), init: initMount},
	{Name: "container.mount.source", Type: String, Arg: NeedArg, Desc: "path on the host behind a mount, picked by number or by destination path (globs work)", get: mountText(true, func(b []byte, m *event.Mount) []byte { return append(b, m.Source...) }), init: initMount},
	{Name: "container.mount.dest", Type: String, Arg: NeedArg, Desc: "where a mount appears inside the container, picked by number or by source path (globs work)", get: mountText(false, func(b []byte, m *event.Mount) []byte { return append(b, m.Dest...) }), init: initMount},
	{Name: "container.mount.mode", Type: String, Arg: NeedArg, Desc: "mode string of a mount as the engine tells it, picked by number or by source path", get: mountText(false, func(b []byte, m *event.Mount) []byte { return append(b, m.Mode...) }), init: initMount},
	{Name: "container.mount.rdwr", Type: String, Arg: NeedArg, Desc: "true for a writable mount, false for a read-only one, picked by number or by source path", get: mountText(false, func(b []byte, m *event.Mount) []byte { return strconv.AppendBool(b, m.RW) }), init: initMount},
	{Name: "container.mount.propagation", Type: String, Arg: NeedArg, Desc: "propagation of a mount (private, rprivate, rslave, ...), picked by number or by source path", get: mountText(false, func(b []byte, m *event.Mount) []byte { return append(b, m.Propagation...) }), init: initMount},
	{Name: "container.image.repository", Type: String, Desc: "image name without tag and digest, e.g. falcosecurity/falco", get: containerText(func(c *event.Container) string { return c.ImageRepo })},
	{Name: "container.image.tag", Type: String, Desc: "tag of the image, e.g. latest or 1.27-alpine", get: containerText(func(c *event.Container) string { return c.ImageTag })},
	{Name: "container.image.digest", Type: String, Desc: "digest of the image in its registry, e.g. sha256:d97737...", get: containerText(func(c *event.Container) string { return c.ImageHash })},
	{Name: "container.healthcheck", Type: String, Desc: "health check command line of the container; NONE when it was switched off, absent when unknown", get: orNone(func(c *event.Container) string { return c.Health })},
	{Name: "container.liveness_probe", Type: String, Desc: "command line of the Kubernetes liveness probe; absent when none is known", get: orNone(func(c *event.Container) string { return c.Liveness })},
	{Name: "container.readiness_probe", Type: String, Desc: "command line of the Kubernetes readiness probe; absent when none is known", get: orNone(func(c *event.Container) string { return c.Readiness })},
	{Name: "container.cni.json", Type: String, Desc: "network result of the pod sandbox as the CNI plugin reported it, in JSON; absent outside Kubernetes", get: containerText(func(c *event.Container) string { return c.CNI })},
	{Name: "container.duration", Type: RelTime, Format: event.FmtDec, Desc: "time since the container was started, in ns; needs container.start_ts", get: getContainerDuration},
	{Name: "container.full_id", Type: String, Desc: "container id in full length (64 hexadecimal digits for most engines)", get: containerText(func(c *event.Container) string { return c.FullID })},
	{Name: "container.host_ipc", Type: Bool, Desc: "true when the container shares the IPC namespace of the host", get: containerBool(func(c *event.Container) bool { return c.HostIPC })},
	{Name: "container.host_network", Type: Bool, Desc: "true when the container shares the network namespace of the host", get: containerBool(func(c *event.Container) bool { return c.HostNetwork })},
	{Name: "container.host_pid", Type: Bool, Desc: "true when the container shares the PID namespace of the host", get: containerBool(func(c *event.Container) bool { return c.HostPID })},
	{Name: "container.label", Type: String, Arg: NeedArg, Desc: "one label of the container, e.g. container.label.app or container.label[com.docker.compose.project]", get: containerLabel},
	{Name: "container.labels", Type: String, Desc: "all labels of the container as key:value, separated by commas", get: ofMeta(containerLabels)},
	{Name: "container.env", Type: String, Arg: NeedArg, Desc: "one variable of the environment that the container was made with, e.g. container.env.LANG", get: ofMeta(containerEnv)},
	{Name: "container.ports", Type: String, Desc: "published ports as host address:port->port in the container, separated by commas", get: ofMeta(containerPorts)},
	{Name: "container.memory_limit", Type: Uint, Format: event.FmtDec, Desc: "how many bytes of memory the container may use; absent when there is no limit", get: ofMeta(memoryLimit)},
	{Name: "container.start_ts", Type: Uint, Format: event.FmtDec, Desc: "time the container was started, in ns since the epoch", get: ofMeta(startTS)},
}

var k8sDefs = []Def{
	{Name: "k8s.pod.name", Type: String, Desc: "name of the pod the container belongs to, from the container's labels, or with --k8s", get: getPodName},
	{Name: "k8s.pod.id", Type: String, Desc: "uid of the pod, from the container's labels; older name of k8s.pod.uid", get: containerText(podUID)},
	{Name: "k8s.pod.ip", Type: String, Desc: "IP address of the pod", get: containerText(podIP)},
	{Name: "k8s.pod.label", Type: String, Arg: NeedArg, Desc: "one label of the pod, e.g. k8s.pod.label.app or k8s.pod.label[app]", get: getPodLabel},
	{Name: "k8s.pod.labels", Type: String, Desc: "all labels of the pod as key:value, separated by commas", get: getPodLabels},
	{Name: "k8s.rc.name", Type: String, Desc: "name of the replication controller of the pod; captures made with --k8s have it", get: ofPart(podController, objectName)},
	{Name: "k8s.rc.id", Type: String, Desc: "uid of the replication controller of the pod; captures made with --k8s have it", get: ofPart(podController, objectID)},
	{Name: "k8s.rc.label", Type: String, Arg: NeedArg, Desc: "one label of the replication controller of the pod, e.g. k8s.rc.label.app; captures made with --k8s have it", get: ofPart(podController, objectLabel)},
	{Name: "k8s.rc.labels", Type: String, Desc: "all labels of the replication controller of the pod as key:value, separated by commas; with --k8s", get: ofPart(podController, objectLabels)},
	{Name: "k8s.svc.name", Type: String, Desc: "names of the services that select the pod, separated by commas; captures made with --k8s have them", get: getServiceNames},
	{Name: "k8s.svc.id", Type: String, Desc: "uids of the services that select the pod, separated by commas; captures made with --k8s have them", get: getServiceIDs},
	{Name: "k8s.svc.label", Type: String, Arg: NeedArg, Desc: "one label of these services, e.g. k8s.svc.label.app; captures made with --k8s have it", get: getServiceLabel},
	{Name: "k8s.svc.labels", Type: String, Desc: "all labels of these services as key:value, separated by commas; with --k8s", get: getServiceLabels},
	{Name: "k8s.ns.name", Type: String, Desc: "Kubernetes namespace of the pod, from the container's labels, or with --k8s", get: getNamespace},
	{Name: "k8s.ns.id", Type: String, Desc: "uid of the namespace of the pod; captures made with --k8s have it", get: ofPart(podSpace, objectID)},
	{Name: "k8s.ns.label", Type: String, Arg: NeedArg, Desc: "one label of the namespace of the pod, e.g. k8s.ns.label.team; captures made with --k8s have it", get: ofPart(podSpace, objectLabel)},
	{Name: "k8s.ns.labels", Type: String, Desc: "all labels of the namespace of the pod as key:value, separated by commas; with --k8s", get: ofPart(podSpace, objectLabels)},
	{Name: "k8s.rs.name", Type: String, Desc: "name of the replica set of the pod; captures made with --k8s have it", get: ofPart(podSet, objectName)},
	{Name: "k8s.rs.id", Type: String, Desc: "uid of the replica set of the pod; captures made with --k8s have it", get: ofPart(podSet, objectID)},
	{Name: "k8s.rs.label", Type: String, Arg: NeedArg, Desc: "one label of the replica set of the pod, e.g. k8s.rs.label.app; captures made with --k8s have it", get: ofPart(podSet, objectLabel)},
	{Name: "k8s.rs.labels", Type: String, Desc: "all labels of the replica set of the pod as key:value, separated by commas; with --k8s", get: ofPart(podSet, objectLabels)},
	{Name: "k8s.deployment.name", Type: String, Desc: "name of the deployment of the pod; captures made with --k8s have it", get: ofPart(podDeployment, objectName)},
	{Name: "k8s.deployment.id", Type: String, Desc: "uid of the deployment of the pod; captures made with --k8s have it", get: ofPart(podDeployment, objectID)},
	{Name: "k8s.deployment.label", Type: String, Arg: NeedArg, Desc: "one label of the deployment of the pod, e.g. k8s.deployment.label.app; captures made with --k8s have it", get: ofPart(podDeployment, objectLabel)},
	{Name: "k8s.deployment.labels", Type: String, Desc: "all labels of the deployment of the pod as key:value, separated by commas; with --k8s", get: ofPart(podDeployment, objectLabels)},
	{Name: "k8s.node.name", Type: String, Desc: "node that the pod runs on; captures made with --k8s have it", get: getNodeName},
	{Name: "k8s.pod.cni.json", Type: String, Desc: "network result of the pod sandbox as the CNI plugin reported it, in JSON", get: containerText(func(c *event.Container) string { return c.CNI })},
	{Name: "k8s.pod.full_sandbox_id", Type: String, Desc: "id of the pod sandbox in full length", get: containerText(func(c *event.Container) string { return c.PodSandboxID })},
	{Name: "k8s.pod.sandbox_id", Type: String, Desc: "id of the pod sandbox, cut to the usual 12 digits", get: containerText(func(c *event.Container) string { return shortID(c.PodSandboxID) })},
	{Name: "k8s.pod.uid", Type: String, Desc: "uid of the pod the container belongs to, from the container's labels, the API server or the cgroup", get: containerText(podUID)},
}

var syslogDefs = []Def{
	{Name: "syslog.facility.str", Type: String, Desc: "facility of the log message by name, e.g. daemon or auth", get: ofSyslog(syslogFacilityStr)},
	{Name: "syslog.facility", Type: Uint, Format: event.FmtDec, Desc: "facility of the log message, as a number from 0 (kern) to 23 (local7)", get: ofSyslog(syslogFacility)},
	{Name: "syslog.severity.str", Type: String, Desc: "severity of the log message by name: emerg, alert, crit, err, warn, notice, info or debug", get: ofSyslog(syslogSeverityStr)},
	{Name: "syslog.severity", Type: Uint, Format: event.FmtDec, Desc: "severity of the log message, as a number from 0 (emergency) to 7 (debug)", get: ofSyslog(syslogSeverity)},
	{Name: "syslog.message", Type: String, Desc: "text of the message sent to the system log", get: ofSyslog(syslogText)},
}

var utilDefs = []Def{
	{Name: "util.cnt", Type: Uint, Flags: Stateful, Format: event.FmtID, Desc: "a counter that grows by one each time it is read; numbers the lines of an output", get: getUtilCnt},
}
