package fields

import (
	"slices"

	"scry/capture/event"
)

// service is a port that has a name. A capture is read the same way on every machine, so the names are built in: the registered ones
// that are met in practice, and never /etc/services.
type service struct {
	port  uint16
	proto uint8 // onTCP, onUDP or both
	name  string
}

const (
	onTCP uint8 = 1 << iota
	onUDP
	onBoth = onTCP | onUDP
)

// services is sorted by port; a port has one name for each protocol (TestServices).
var services = [...]service{
	{1, onTCP, "tcpmux"},
	{7, onBoth, "echo"},
	{9, onBoth, "discard"},
	{11, onTCP, "systat"},
	{13, onBoth, "daytime"},
	{17, onTCP, "qotd"},
	{19, onBoth, "chargen"},
	{20, onTCP, "ftp-data"},
	{21, onTCP, "ftp"},
	{22, onTCP, "ssh"},
	{23, onTCP, "telnet"},
	{25, onTCP, "smtp"},
	{37, onBoth, "time"},
	{43, onTCP, "whois"},
	{49, onBoth, "tacacs"},
	{53, onBoth, "domain"},
	{67, onUDP, "bootps"},
	{68, onUDP, "bootpc"},
	{69, onUDP, "tftp"},
	{70, onTCP, "gopher"},
	{79, onTCP, "finger"},
	{80, onBoth, "http"},
	{88, onBoth, "kerberos"},
	{102, onTCP, "iso-tsap"},
	{110, onTCP, "pop3"},
	{111, onBoth, "sunrpc"},
	{113, onTCP, "auth"},
	{119, onTCP, "nntp"},
	{123, onUDP, "ntp"},
	{135, onTCP, "epmap"},
	{137, onUDP, "netbios-ns"},
	{138, onUDP, "netbios-dgm"},
	{139, onTCP, "netbios-ssn"},
	{143, onTCP, "imap2"},
	{161, onBoth, "snmp"},
	{162, onBoth, "snmp-trap"},
	{177, onUDP, "xdmcp"},
	{179, onTCP, "bgp"},
	{194, onBoth, "irc"},
	{319, onUDP, "ptp-event"},
	{320, onUDP, "ptp-general"},
	{389, onBoth, "ldap"},
	{427, onBoth, "svrloc"},
	{443, onBoth, "https"},
	{445, onTCP, "microsoft-ds"},
	{464, onBoth, "kpasswd"},
	{465, onTCP, "submissions"},
	{500, onUDP, "isakmp"},
	{502, onTCP, "mbap"},
	{512, onTCP, "exec"},
	{512, onUDP, "biff"},
	{513, onTCP, "login"},
	{513, onUDP, "who"},
	{514, onTCP, "shell"},
	{514, onUDP, "syslog"},
	{515, onTCP, "printer"},
	{517, onUDP, "talk"},
	{518, onUDP, "ntalk"},
	{520, onUDP, "route"},
	{540, onTCP, "uucp"},
	{543, onTCP, "klogin"},
	{544, onTCP, "kshell"},
	{546, onUDP, "dhcpv6-client"},
	{547, onUDP, "dhcpv6-server"},
	{548, onTCP, "afpovertcp"},
	{554, onBoth, "rtsp"},
	{563, onTCP, "nntps"},
	{587, onTCP, "submission"},
	{593, onTCP, "http-rpc-epmap"},
	{623, onUDP, "asf-rmcp"},
	{631, onBoth, "ipp"},
	{636, onTCP, "ldaps"},
	{646, onBoth, "ldp"},
	{674, onTCP, "acap"},
	{749, onTCP, "kerberos-adm"},
	{750, onUDP, "kerberos4"},
	{783, onTCP, "spamd"},
	{853, onBoth, "domain-s"},
	{873, onTCP, "rsync"},
	{989, onTCP, "ftps-data"},
	{990, onTCP, "ftps"},
	{992, onTCP, "telnets"},
	{993, onTCP, "imaps"},
	{995, onTCP, "pop3s"},
	{1080, onTCP, "socks"},
	{1099, onTCP, "rmiregistry"},
	{1194, onBoth, "openvpn"},
	{1433, onTCP, "ms-sql-s"},
	{1434, onUDP, "ms-sql-m"},
	{1521, onTCP, "oracle"},
	{1701, onUDP, "l2f"},
	{1723, onTCP, "pptp"},
	{1812, onUDP, "radius"},
	{1813, onUDP, "radius-acct"},
	{1883, onTCP, "mqtt"},
	{1900, onUDP, "ssdp"},
	{2049, onBoth, "nfs"},
	{2123, onUDP, "gtp-control"},
	{2152, onUDP, "gtp-user"},
	{2181, onTCP, "zookeeper"},
	{2375, onTCP, "docker"},
	{2376, onTCP, "docker-s"},
	{2377, onTCP, "swarm"},
	{2379, onTCP, "etcd-client"},
	{2380, onTCP, "etcd-server"},
	{2401, onTCP, "cvspserver"},
	{3128, onTCP, "squid"},
	{3260, onTCP, "iscsi-target"},
	{3268, onTCP, "msft-gc"},
	{3269, onTCP, "msft-gc-ssl"},
	{3306, onTCP, "mysql"},
	{3389, onTCP, "ms-wbt-server"},
	{3478, onBoth, "stun"},
	{3690, onTCP, "svn"},
	{4190, onTCP, "sieve"},
	{4369, onTCP, "epmd"},
	{4500, onUDP, "ipsec-nat-t"},
	{4789, onUDP, "vxlan"},
	{5044, onTCP, "beats"},
	{5060, onBoth, "sip"},
	{5061, onBoth, "sip-tls"},
	{5222, onTCP, "xmpp-client"},
	{5269, onTCP, "xmpp-server"},
	{5349, onBoth, "stuns"},
	{5351, onUDP, "nat-pmp"},
	{5353, onUDP, "mdns"},
	{5355, onBoth, "llmnr"},
	{5432, onTCP, "postgresql"},
	{5601, onTCP, "kibana"},
	{5671, onTCP, "amqps"},
	{5672, onTCP, "amqp"},
	{5683, onUDP, "coap"},
	{5684, onUDP, "coaps"},
	{5900, onTCP, "vnc"},
	{5984, onTCP, "couchdb"},
	{5985, onTCP, "wsman"},
	{5986, onTCP, "wsmans"},
	{6000, onTCP, "x11"},
	{6081, onUDP, "geneve"},
	{6379, onTCP, "redis"},
	{6443, onTCP, "kubernetes"},
	{6514, onBoth, "syslog-tls"},
	{6667, onTCP, "ircd"},
	{6697, onTCP, "ircs-u"},
	{7946, onBoth, "serf"},
	{8008, onTCP, "http-alt"},
	{8080, onTCP, "http-alt"},
	{8086, onTCP, "influxdb"},
	{8125, onUDP, "statsd"},
	{8140, onTCP, "puppet"},
	{8300, onTCP, "consul"},
	{8443, onTCP, "https-alt"},
	{8472, onUDP, "otv"},
	{8500, onTCP, "consul-http"},
	{8883, onTCP, "secure-mqtt"},
	{9042, onTCP, "cassandra"},
	{9090, onTCP, "prometheus"},
	{9092, onTCP, "kafka"},
	{9100, onTCP, "node-exporter"},
	{9200, onTCP, "elasticsearch"},
	{9300, onTCP, "elastic-node"},
	{9418, onTCP, "git"},
	{10050, onTCP, "zabbix-agent"},
	{10051, onTCP, "zabbix-trapper"},
	{10250, onTCP, "kubelet"},
	{11211, onBoth, "memcache"},
	{15672, onTCP, "rabbitmq"},
	{25565, onTCP, "minecraft"},
	{27017, onTCP, "mongodb"},
	{33434, onUDP, "traceroute"},
	{51820, onUDP, "wireguard"},
}

// ServiceName returns the name of a port, "" when it has none. A socket whose protocol is not known is taken for TCP first.
func ServiceName(port uint16, l4 uint8) string {
	i, ok := slices.BinarySearchFunc(services[:], port, func(s service, p uint16) int { return int(s.port) - int(p) })
	if !ok {
		return ""
	}
	want := onBoth
	switch l4 {
	case event.L4TCP:
		want = onTCP
	case event.L4UDP:
		want = onUDP
	}
	for ; i < len(services) && services[i].port == port; i++ {
		if services[i].proto&want != 0 {
			return services[i].name
		}
	}
	return ""
}
