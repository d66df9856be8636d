package fields

import (
	"slices"
	"strings"
)

// Nearest is the candidate that word most likely stands for: the same but for case, else at most two slips away (one for words of
// up to three letters), else the shortest one that begins with word; "" when none is near.
func Nearest(word string, candidates []string) string {
	if word == "" || len(word) > 64 {
		return ""
	}
	best, limit := "", 3
	if len(word) <= 3 {
		limit = 2
	}
	least := 2 * limit
	for _, c := range candidates {
		if strings.EqualFold(c, word) && c != word {
			return c
		}
		d := distance(word, c)
		cost := 2 * d
		if strings.HasPrefix(c, word) {
			cost-- // of equally near ones the one that was begun: fd.nam is fd.name, not fd.num
		}
		if d < limit && d < len(c) && cost < least {
			best, least = c, cost
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, word) && (best == "" || len(c) < len(best)) {
			best = c
		}
	}
	return best
}

// distance counts the slips (a letter missing, added, wrong, or two swapped) between a and b; 3 stands for any greater number.
func distance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		last2, last, row := rows[(i+2)%3], rows[(i)%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], last2[j-2]+1)
			}
		}
	}
	return min(rows[(len(a)+1)%3][len(b)], 3)
}

// NearestField is the field without any of the flags in skip that word most likely stands for: a slip, the longest name that word begins
// with, a name without its class ("pid"), or with a wrong one; "" when none is near.
func NearestField(word string, skip Flag) string {
	word, arg, hasArg := strings.Cut(word, "[")
	var names []string
	for _, c := range classes {
		for i := range c.Defs {
			if c.Defs[i].Flags&skip == 0 {
				names = append(names, c.Defs[i].Name)
			}
		}
	}
	if best := Nearest(word, names); best != "" {
		if hasArg {
			best += "[" + arg
		}
		return best
	}
	for w := word; strings.Contains(w, "."); {
		w = w[:strings.LastIndexByte(w, '.')]
		if slices.Contains(names, w) {
			return w
		}
	}
	for _, class := range []string{"proc.", "evt.", "fd.", "user.", "container.", "thread.", "group."} {
		if slices.Contains(names, class+word) {
			return class + word
		}
	}
	if k := strings.IndexByte(word, '.'); k > 0 {
		return nearestTail(word[k+1:], names)
	}
	return ""
}

// nearestTail is the first name whose last part is tail: the class was wrong.
func nearestTail(tail string, names []string) string {
	for _, n := range names {
		if tail != "" && strings.HasSuffix(n, "."+tail) && strings.Count(n, ".") == 1 {
			return n
		}
	}
	return ""
}
