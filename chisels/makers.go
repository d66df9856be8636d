package chisels

// makers make the chisels that are code, by name; each registers itself. They get a checked Instance.
var makers = map[string]func(*Instance) (Chisel, error){}

// viewers are the names of makers whose chisels are a Viewer.
var viewers = map[string]bool{}
