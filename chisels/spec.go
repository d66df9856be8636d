package chisels

import (
	"scry/capture/state"
	"scry/filter"
	"scry/filter/fields"
)

// Kind says what a chisel makes of events.
type Kind string

// Kinds of chisels.
const (
	KindTable Kind = "table" // rows that events with the same keys are aggregated in
	KindList  Kind = "list"  // a line for each event
	KindState Kind = "state" // a row for each thread, descriptor or container that there is at a moment
	KindHeat  Kind = "heat"  // how many calls took how long, interval for interval
	KindCode  Kind = "code"  // what a maker of that name does
)

// Spec is a chisel as data: what a YAML file of builtin/ or of a user says. docs/chisels.md explains each key.
type Spec struct {
	Name        string       `yaml:"name"`
	Title       string       `yaml:"title"` // what it shows, one line
	Description string       `yaml:"description"`
	Category    string       `yaml:"category"`
	Tips        []string     `yaml:"tips"`
	Kind        Kind         `yaml:"kind"`   // "": table
	Over        string       `yaml:"over"`   // what else makes rows: threads, fds, containers
	Filter      string       `yaml:"filter"` // with $NAME for arguments
	Args        []ArgSpec    `yaml:"args"`
	Columns     []ColumnSpec `yaml:"columns"`
	Colors      []ColorSpec  `yaml:"colors"`     // of the lines of a list: that of the first filter that matches
	Group       []string     `yaml:"group"`      // columns by which the rows are grouped once more
	Sort        string       `yaml:"sort"`       // column, with "-" in front: from the largest; "": the first aggregate, from the largest
	Limit       int          `yaml:"limit"`      // rows that are printed; 0: all
	Keep        bool         `yaml:"keep"`       // at intervals rows stay: all results count from the start
	Total       bool         `yaml:"total"`      // a last row has all rows together
	Payload     int          `yaml:"payload"`    // bytes of each data buffer that it looks at
	Drill       string       `yaml:"drill"`      // chisel or view that a row leads to
	View        bool         `yaml:"view"`       // the terminal UI offers it
	Root        bool         `yaml:"root"`       // of a view: it may be the first one
	AppliesTo   []string     `yaml:"applies_to"` // of a view: the keys whose rows lead to it, "" is the whole machine; none: all of them
	Tags        []string     `yaml:"tags"`
	Tree        *TreeSpec    `yaml:"tree"`    // rows stand below their parents
	Levels      []string     `yaml:"levels"`  // key columns: each is a level of the tree, whose rows have those of the next one together
	Actions     []ActionSpec `yaml:"actions"` // of a view: what can be done with a row
	Hidden      bool         `yaml:"hidden"`  // not listed
	Gone        string       `yaml:"gone"`    // said instead of running it

	Origin string `yaml:"-"` // "built in", or the file
	Text   string `yaml:"-"` // the YAML
}

// ArgSpec is an argument of a chisel.
type ArgSpec struct {
	Name     string            `yaml:"name"`
	Kind     ArgType           `yaml:"kind"` // "": string
	Help     string            `yaml:"help"`
	Required bool              `yaml:"required"`
	Default  string            `yaml:"default"`
	Filter   string            `yaml:"filter"`  // also asked of events when the argument is given
	Without  string            `yaml:"without"` // the same when it is not
	Any      string            `yaml:"any"`     // the word that stands for not giving it
	Values   map[string]string `yaml:"values"`  // the words that it may be, each with what is asked of events then
}

// ArgType says what an argument looks like.
type ArgType string

// Types of arguments.
const (
	ArgString   ArgType = "string"
	ArgInt      ArgType = "int"
	ArgMillis   ArgType = "ms" // a number of milliseconds, perhaps with a fraction
	ArgField    ArgType = "field"
	ArgFields   ArgType = "fields" // several, with commas between
	ArgFilter   ArgType = "filter"
	ArgIP       ArgType = "ip"
	ArgWord     ArgType = "word" // one of Values
	ArgFileName ArgType = "file"
	ArgNoColor  ArgType = "nocolor" // disable_color: lines without colours
)

var argTypes = []string{"string", "int", "ms", "field", "fields", "filter", "ip", "word", "file", "nocolor"}

// ColumnSpec is a column of a table, a list or a state.
type ColumnSpec struct {
	Name     string   `yaml:"name"`  // in JSON, CSV, sort and group; "": the field
	Title    string   `yaml:"title"` // header; "": the name
	Field    string   `yaml:"field"` // with $NAME for an argument
	Or       []string `yaml:"or"`    // fields that are asked, in this order, when that has no value; in tables
	Per      []string `yaml:"per"`   // of distinct: values count once for each value of these fields
	Key      bool     `yaml:"key"`   // events with the same keys make one row
	Where    string   `yaml:"where"` // of a table: only events that pass this filter too have a value
	Agg      string   `yaml:"agg"`   // of the events of a row; "": last
	GroupAgg string   `yaml:"group_agg"`
	Width    int      `yaml:"width"` // of a list, in characters; 0: fits the type
	Unit     string   `yaml:"unit"`  // "": as the field's type wants it
	Default  *string  `yaml:"default"`
	Required bool     `yaml:"required"` // an event without a value is left out
	With     string   `yaml:"with"`     // "containers": only with -pc
	Total    string   `yaml:"total"`    // "sum": of all rows together there is the sum, also where a row has its largest value
	Level    string   `yaml:"level"`    // with levels: only rows of that level and below have a value
	Hide     bool     `yaml:"hide"`     // not shown: it only tells rows apart
	Help     string   `yaml:"help"`
}

// TreeSpec names the columns that make a tree of rows: a row whose Parent is the ID of another stands below that.
type TreeSpec struct {
	ID     string `yaml:"id"`
	Parent string `yaml:"parent"`
}

// ColorSpec is a colour for lines that a filter selects.
type ColorSpec struct {
	Color  string `yaml:"color"`
	Filter string `yaml:"filter"`
}

var (
	kinds = []string{"table", "list", "state", "heat", "code"}
	overs = []string{"threads", "fds", "containers"}
	units = []string{"none", "count", "bytes", "KiB", "time", "percent", "id"}
)

// Instance is a chisel that is to run: a spec with arguments, for a terminal, a pipe or a test.
type Instance struct {
	*Spec
	*Env
	Args   map[string]string // given and defaulted
	Where  *filter.Filter    // which events it takes; nil: all
	colors []colorRule       // none without colour
	fields []*fields.Field   // of the columns
	others [][]*fields.Field // of the columns: those of Or or Per
	shown  []*ColumnSpec     // columns of this run
	only   []*filter.Filter  // of the columns: which events have a value; nil: all
	gates  [][]*fields.Field // with By: of each key that is not shown, fields of which one must have a value
}

// Env is what a run gives its chisels.
type Env struct {
	Out        *Output
	Options    *fields.Options
	Format     OutputFormat
	Containers bool   // -pc: columns that say which container
	Kubernetes bool   // -pk: and which pod
	By         string // --by: one of Groupings instead of the keys of a table; "": as they are
	Color      bool
	Width      int // of the terminal; 0: none, so nothing is cut
	Height     int // of the terminal; 0: all rows of the limit are printed
	Live       bool
	Intervals  bool           // results come again and again, and no screen shows only the last one: each says its time
	Top        int            // --top: instead of the limit of the spec; 0: that
	Interval   uint64         // --interval, in ns; 0: as it suits the chisel
	Read       []string       // the captures that are read, for chisels that read them twice; none: live
	Selected   *filter.Filter // by the command line, for chisels that look at more than events
	Tables     *state.Tables  // what is known at the moment; nil in tests
	At         Bound          // --at: the moment that states are of
	Why        bool           // values that are not known say why, for screens that tell it
}

// OutputFormat says how results are printed.
type OutputFormat uint8

// Output formats.
const (
	FormatText OutputFormat = iota
	FormatJSON
	FormatCSV
)
