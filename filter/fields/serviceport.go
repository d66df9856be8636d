package fields

import "slices"

// serviceAliases are names that many write for a port and that the table has under another one.
var serviceAliases = map[string]uint16{"dns": 53, "imap": 143, "www": 80, "postgres": 5432, "rdp": 3389, "memcached": 11211, "mongodb": 27017}

// ServicePort returns the port with the name, the lowest one when several have it.
func ServicePort(name string) (port uint16, ok bool) {
	for i := range services {
		if services[i].name == name {
			return services[i].port, true
		}
	}
	port, ok = serviceAliases[name]
	return port, ok
}

// ServiceNames returns the names that ServicePort knows from the table, sorted.
func ServiceNames() []string {
	var names []string
	for i := range services {
		names = append(names, services[i].name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
