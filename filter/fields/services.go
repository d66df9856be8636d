package fields

// ServiceName returns the name of a port, "" when it has none.
func ServiceName(port uint16, l4 uint8) string { return "" }
