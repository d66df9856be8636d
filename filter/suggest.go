package filter

import (
	"slices"
	"strings"

	"scry/filter/fields"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

func without(list []string, s string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s })
}

// didYouMean is the hint that names the candidate nearest to word, "" when none is near.
func didYouMean(word string, candidates []string) string {
	if best := fields.Nearest(word, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// suggestField is the field that a filter may use and that word most likely stands for.
func suggestField(word string) string {
	return fields.NearestField(word, fields.Hidden|fields.PrintOnly)
}

// operatorHints are the operators of other languages.
var operatorHints = map[string]string{
	"=~": "regex", "~": "regex", "~=": "regex", "matches": "regex", "match": "regex", "rlike": "regex", "is": "=", "equals": "=", "eq": "=", "ne": "!=",
	"<>": "!=", "!": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "like": "glob", "ilike": "iglob", "has": "contains", "include": "contains", "includes": "contains",
	"isnt": "!=", "===": "=", "beginswith": "startswith", ":": "=", "exist": "exists", "present": "exists", "IN": "in", "prefix": "startswith", "suffix": "endswith",
}

// suggestOperator is the hint for an unknown operator.
func suggestOperator(word string) string {
	if op := operatorHints[strings.ToLower(word)]; op != "" {
		return "did you mean " + op + "?"
	}
	names := opNames[opContains:]
	for _, n := range names {
		if strings.HasPrefix(word, n) && len(n) > 2 {
			return "did you mean " + n + " " + word[len(n):] + "?"
		}
	}
	return didYouMean(word, names)
}
