package event

import (
	"net/netip"
)

// Machine describes the host of a capture (the MI block).
type Machine struct {
	CPUs     uint32
	Memory   uint64 // bytes
	MaxPID   uint64
	Hostname string
	BootTime uint64 // ns since the epoch, 0 when unknown
	Flags    uint64
}

// User is one user of the machine or of a container.
type User struct {
	UID, GID          uint32
	Name, Home, Shell string
}

// Group is one group.
type Group struct {
	GID  uint32
	Name string
}

// Interface is one network interface address.
type Interface struct {
	Name      string
	Addr      netip.Addr
	Netmask   netip.Addr
	Broadcast netip.Addr
	Speed     uint64 // bits per second; 0 when the list does not say
}

// Snapshot is the state from which a section of a capture starts.
type Snapshot struct {
	Machine    *Machine // nil when the capture has no MI block
	Users      []User
	Groups     []Group
	Interfaces []Interface
	// HasInterfaces tells an empty list from none: without one, nothing is known of which side of a connection is local.
	HasInterfaces bool
	Threads       []*Thread
	FDs           []FDList // one per thread that had a list
}

// FDList is the descriptor list of one thread of a snapshot.
type FDList struct {
	TID uint64
	FDs []FD
}

// Host is what a running capture knows of its machine: a Snapshot's lists as kept up to date by events.
type Host struct {
	Machine       Machine
	Users         map[uint32]*User
	Groups        map[uint32]*Group
	Interfaces    []Interface
	HasInterfaces bool
	FirstTS       uint64 // time stamp of the section's first event: the zero of relative times
	Thread        func(tid int64) *Thread
}

// NoID is the value of a uid or gid that is not known.
const NoID = ^uint32(0)

// Thread is one thread, or, when it leads its group, one process. Texts that hold lists (Args, Env, Cgroups) keep their elements
// separated by NULs, as on the wire.
type Thread struct {
	TID, PID, PTID     int64
	VTID, VPID         int64 // in its own pid namespace; -1 when not known
	SID, PGID, VPGID   int64
	Comm, Exe, ExePath string
	Args, Env, Cgroups string
	Cwd, Root          string
	UID, GID, LoginUID uint32
	TTY                uint32
	Flags              uint32 // clone flags (TabCloneFlags values)
	FDLimit            int64

	VMSize, VMRSS, VMSwap                 uint32 // kB
	PFMajor, PFMinor                      uint64
	CapInheritable, CapPermitted, CapEff  uint64
	ExeIno, ExeCtime, ExeMtime            uint64
	PIDNSInitStart                        uint64
	ExeWritable, ExeUpper, ExeLower, Memf bool

	CloneTS uint64 // when it was created, ns since the epoch; 0 when that was before the capture
	Start   uint64 // the same for the process that it belongs to

	Leader *Thread  // the main thread of its group; itself for a main thread; nil when that is gone
	Parent *Thread  // the process that created it; kept when that has exited, nil when it was never seen
	FDs    *FDTable // the descriptors of the group; shared between threads; nil when nothing is known

	Container *Container // nil on the host

	Threads int  // threads of the group, the main one included; kept in the main thread
	Invalid bool // a placeholder for a thread of which only the number is known
	Dead    bool // it has exited; a main thread stays for its threads
	Main    bool // it leads its group

	// CPU, from PROCINFO: shares of one CPU in percent. Valid on the PROCINFO event itself.
	CPUUser, CPUSystem float64
	// ExecTime is the time on CPUs since the start of the capture, ns.
	ExecTime uint64
}

// Same tells whether o says the same of who the thread is and what it runs: all but the threads around it, its descriptors, and what is only counted.
func (t *Thread) Same(o *Thread) bool {
	return t.TID == o.TID && t.PID == o.PID && t.PTID == o.PTID && t.VTID == o.VTID && t.VPID == o.VPID && t.SID == o.SID && t.PGID == o.PGID && t.VPGID == o.VPGID &&
		t.Comm == o.Comm && t.Exe == o.Exe && t.ExePath == o.ExePath && t.Args == o.Args && t.Env == o.Env && t.Cgroups == o.Cgroups && t.Cwd == o.Cwd && t.Root == o.Root &&
		t.UID == o.UID && t.GID == o.GID && t.LoginUID == o.LoginUID && t.TTY == o.TTY && t.Flags == o.Flags && t.FDLimit == o.FDLimit &&
		t.CapInheritable == o.CapInheritable && t.CapPermitted == o.CapPermitted && t.CapEff == o.CapEff &&
		t.ExeIno == o.ExeIno && t.ExeCtime == o.ExeCtime && t.ExeMtime == o.ExeMtime && t.PIDNSInitStart == o.PIDNSInitStart &&
		t.ExeWritable == o.ExeWritable && t.ExeUpper == o.ExeUpper && t.ExeLower == o.ExeLower && t.Memf == o.Memf &&
		t.CloneTS == o.CloneTS && t.Start == o.Start && t.Container == o.Container && t.Invalid == o.Invalid && t.Dead == o.Dead && t.Main == o.Main
}

// FDType is what a descriptor refers to (scap_fd_type).
type FDType uint8

// Descriptor types.
const (
	FDUnknown FDType = iota
	FDFile
	FDDirectory
	FDIPv4Sock
	FDIPv6Sock
	FDIPv4Listen
	FDIPv6Listen
	FDFIFO
	FDUnixSock
	FDEventFD
	FDUnsupported
	FDSignalFD
	FDEventPoll
	FDInotify
	FDTimerFD
	FDNetlink
	FDFileV2
	FDBPF
	FDUserFault
	FDIOURing
	FDMemFD
	FDPIDFD
	NumFDTypes
)

// L4 protocols (scap_l4_proto).
const (
	L4Unknown uint8 = iota
	L4NA
	L4TCP
	L4UDP
	L4ICMP
	L4Raw
)

// Role of a socket's owner.
type Role uint8

// Roles.
const (
	RoleNone Role = iota
	RoleClient
	RoleServer
)

// SockState is how far a socket is.
type SockState uint8

// States of sockets.
const (
	SockUnknown    SockState = iota // no socket; or a file, which says nothing of unix sockets
	SockOpen                        // neither listening nor connected: perhaps bound
	SockListening                   // takes connections
	SockConnecting                  // connect has yet to be answered
	SockConnected
)

// FD is one open descriptor.
type FD struct {
	Num       int64
	Type      FDType
	L4        uint8
	Role      Role
	Sock      SockState
	Connected bool // a connection was made or accepted
	Pending   bool // connect returned EINPROGRESS
	PipeSrc   bool // the reading process of a shell pipe
	PipeDst   bool // the writing process of a shell pipe
	Closing   bool // its close was seen; it goes with the next event
	Renamed   bool // the event at hand gave it a new name
	CloseExec bool

	Flags uint32 // open flags (TabFileFlags values)
	Dev   uint32
	Gen   uint32 // tells descriptors of one number apart: when it was opened, counted by the state tables; 0: it was there at the start
	Ino   uint64
	PID   int64 // of a pidfd

	Name    string // what sysdig calls fd.name: a path, "src:port->dst:port", ...
	RawName string // the path as the program gave it
	OldName string // the name before Renamed

	Src, Dst         netip.AddrPort // sockets; a listener has its address in Dst
	UnixSrc, UnixDst uint64
}

// IsSocket tells whether the descriptor is a socket of a family with addresses or a netlink socket.
func (t FDType) IsSocket() bool {
	switch t {
	case FDIPv4Sock, FDIPv6Sock, FDIPv4Listen, FDIPv6Listen, FDUnixSock, FDNetlink:
		return true
	}
	return false
}

// IsIP tells whether the descriptor is an IPv4 or IPv6 socket, listening or not.
func (t FDType) IsIP() bool { return t >= FDIPv4Sock && t <= FDIPv6Listen }

// IsListen tells whether it is a bound or listening IP socket.
func (t FDType) IsListen() bool { return t == FDIPv4Listen || t == FDIPv6Listen }

// fdTypeNames has the name (fd.type) and the character (fd.typechar) of each type.
var fdTypeNames = [NumFDTypes]struct {
	name string
	char byte
}{
	FDUnknown: {"", 'o'}, FDFile: {"file", 'f'}, FDDirectory: {"directory", 'd'}, FDIPv4Sock: {"ipv4", '4'}, FDIPv6Sock: {"ipv6", '6'},
	FDIPv4Listen: {"ipv4", '4'}, FDIPv6Listen: {"ipv6", '6'}, FDFIFO: {"pipe", 'p'}, FDUnixSock: {"unix", 'u'}, FDEventFD: {"event", 'e'},
	FDUnsupported: {"unsupported", 'X'}, FDSignalFD: {"signalfd", 's'}, FDEventPoll: {"eventpoll", 'l'}, FDInotify: {"inotify", 'i'},
	FDTimerFD: {"timerfd", 't'}, FDNetlink: {"netlink", 'n'}, FDFileV2: {"file", 'f'}, FDBPF: {"bpf", 'b'}, FDUserFault: {"userfaultfd", 'u'},
	FDIOURing: {"iouring", 'r'}, FDMemFD: {"memfd", 'm'}, FDPIDFD: {"pidfd", 'P'},
}

// String is the value of fd.type.
func (t FDType) String() string {
	if t >= NumFDTypes {
		return ""
	}
	return fdTypeNames[t].name
}

// Char is the value of fd.typechar.
func (t FDType) Char() byte {
	if t >= NumFDTypes {
		return 'o'
	}
	return fdTypeNames[t].char
}

// L4Char is the letter that follows the type character of a socket: t, u, i, r, or 0 when the protocol is not known.
func L4Char(l4 uint8) byte {
	switch l4 {
	case L4TCP:
		return 't'
	case L4UDP:
		return 'u'
	case L4ICMP:
		return 'i'
	case L4Raw:
		return 'r'
	}
	return 0
}

// Container is what is known of one container. Records are shared by the threads of the container and filled in when its engine
// has answered, so a late name is there for all later events.
type Container struct {
	ID, FullID string
	Type       string // engine: docker, podman, cri-o, ...
	Name       string
	Image      string
	ImageID    string
	ImageRepo  string
	ImageTag   string
	ImageHash  string // digest
	IP         string
	CNI        string

	Privileged, HostPID, HostNetwork, HostIPC bool
	PodSandbox                                bool

	Mounts           []Mount
	Ports            []PortMapping
	Labels           []Label // in the order of the record
	Env              []string
	Health           string // health check command and arguments, "" for none
	Liveness         string
	Readiness        string
	PodSandboxID     string
	PodSandboxLabels []Label
	PodUID           string // as the path of its cgroup tells it: what the kubelet calls the pod; "" outside Kubernetes
	Pod              *Pod   // what the API server tells of its pod, nil when that is nothing

	MemoryLimit, SwapLimit         int64
	CPUShares, CPUQuota, CPUPeriod int64
	CPUSetCPUs                     int64
	CreatedTime                    int64 // seconds since the epoch
	HasMeta                        bool  // metadata was received; without it only ID and Type are known, and Name of engines that nobody can be asked about
	JSON                           string

	Users  map[uint32]*User // its own, by the number that the kernel has for them; nil: not known
	Groups map[uint32]*Group
}

// Mount is one mount of a container.
type Mount struct {
	Source, Dest, Mode, Propagation string
	RW                              bool
}

// PortMapping is one published port of a container.
type PortMapping struct {
	HostIP                  string
	HostPort, ContainerPort uint16
}

// Label is one key and value.
type Label struct{ Key, Value string }
