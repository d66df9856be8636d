// Package manual is what the program says about itself: options, help, listings, completion and the generated pages of docs/. All of it is
// derived from tables, so it cannot drift from what the program does.
package manual

// Option is one row of the command line.
type Option struct {
	Name     string // long name, without dashes
	Short    string // one letter, "" for none
	Arg      string // what the argument is called; "" for an option without one
	Optional string // value when the argument is left out; only for options that may go without
	Group    string
	Help     string
	Gone     string // why the option is refused
	Note     string // of an ignored option: what is done instead, when somebody might miss it; "" when nobody will
	Top      bool   // on the first page of help
}

// Groups, in the order of help.
const (
	Input   = "Reading"
	Live    = "Recording live"
	Output  = "Showing"
	Chisels = "Chisels"
	Writing = "Writing captures"
	Knowing = "Finding names"
	Ignored = "Without effect"
	Gone    = "Gone"
)
