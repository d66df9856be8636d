package fields

// classes is the dictionary, in the order of the listing. Rules, each with a test: names are unique and belong to their class; every row
// says what it means and has a get function; a field with several values has an all function; one that takes an argument checks it.
var classes = []Class{
	{Name: "evt", Title: "events: number, time, type, arguments, result, buffers", Defs: evtDefs},
	{Name: "process", Title: "process and thread that caused the event, and their ancestors", Defs: procDefs},
	{Name: "fd", Title: "file descriptor the event works on: file, socket, pipe, ...", Defs: fdDefs},
	{Name: "fs.path", Title: "paths that file-system calls work on", Defs: pathDefs},
	{Name: "user", Title: "user of the thread", Defs: userDefs},
	{Name: "group", Title: "group of the thread", Defs: groupDefs},
	{Name: "container", Title: "container the thread runs in", Defs: containerDefs},
	{Name: "k8s", Title: "Kubernetes pod the container belongs to", Defs: k8sDefs},
	{Name: "syslog", Title: "messages written to the system log", Defs: syslogDefs},
	{Name: "fdlist", Title: "descriptors that a poll waits for", Defs: fdlistDefs},
	{Name: "util", Title: "counters for tables", Defs: utilDefs},
}

// aliases are names that 0.29.3 and current libs spell differently, and what users type by habit.
var aliases = map[string]string{
	"proc.nchildren": "proc.nchilds",
	"evt.timestamp":  "evt.rawtime",
}
