package filter

import (
	"slices"
	"strings"

	"scry/filter/fields"
)

// pmatchPred holds when one of its paths leads to the value: its components are, one by one, the first of the value's. Components
// may be globs; slashes at the ends and doubled ones do not count, so "/" leads everywhere.
type pmatchPred [][]string

func newPMatch(paths []string) pmatchPred {
	p := make(pmatchPred, len(paths))
	for i, path := range paths {
		p[i] = slices.DeleteFunc(strings.Split(path, "/"), func(c string) bool { return c == "" })
	}
	return p
}

func (p pmatchPred) holds(v fields.Value) bool {
	for _, path := range p {
		if leadsTo(path, v.Str) {
			return true
		}
	}
	return false
}

func leadsTo(path []string, name string) bool {
	for _, want := range path {
		var c string
		for c == "" {
			if name == "" {
				return false
			}
			c, name, _ = strings.Cut(name, "/")
		}
		if !glob(want, c, false) {
			return false
		}
	}
	return true
}
