package filter

import "slices"

// Operators returns the comparison operators as they are written.
func Operators() []string { return slices.Clone(opNames[opEq:]) }

// Values returns the texts that the field called name can have when only some are possible, else nil.
func Values(name string) []string { return slices.Clone(enums[name]) }
