package chisels

import (
	"fmt"
	"strconv"
	"strings"

	"scry/filter"
)

func init() { makers["table_generator"] = newTableGenerator }

// newTableGenerator makes a table whose columns are arguments: those that sysdig's chisel of this name has. Events whose value is not above zero are left
// out, as there.
func newTableGenerator(in *Instance) (Chisel, error) {
	keys, titles := strings.Split(in.Args["keys"], ","), strings.Split(in.Args["keydescs"], ",")
	if len(keys) != len(titles) {
		return nil, fmt.Errorf("-c %s: %d keys, but %d headers for them", in.Name, len(keys), len(titles))
	}
	value := ColumnSpec{Name: in.Args["value"], Title: in.Args["valuedesc"], Field: in.Args["value"], Agg: "sum", GroupAgg: "sum", Required: true}
	switch unit := in.Args["value_units"]; unit {
	case "timepct":
		value.Agg, value.GroupAgg, value.Unit = "rate", "rate", "percent"
	case "bytes", "time":
		value.Unit = unit
	}
	above, err := filter.Compile(value.Field+">0", in.Options)
	if err != nil {
		return nil, fmt.Errorf("-c %s: %w", in.Name, err)
	}
	in.Where = filter.And(in.Where, above)
	spec := *in.Spec
	spec.Kind, spec.Sort = KindTable, "-"+value.Name
	spec.Columns = []ColumnSpec{value}
	for i, key := range keys {
		spec.Columns = append(spec.Columns, ColumnSpec{Name: key, Title: titles[i], Field: key, Key: true, Agg: "last", GroupAgg: "last"})
	}
	if spec.Limit, err = strconv.Atoi(in.Args["top_number"]); err != nil {
		return nil, fmt.Errorf("-c %s: %w", in.Name, err)
	}
	in.Spec = &spec
	if err := in.columns(); err != nil {
		return nil, fmt.Errorf("-c %s: %w", in.Name, err)
	}
	return NewTable(in), nil
}
