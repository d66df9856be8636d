package main

import (
	"fmt"
	"strings"
	"testing"
)

// The state chisels of both programs, over every capture: the same sets. Where sysdig shows more or something else, the id names the row of
// docs/differences.md.

// stateFilters are the arguments that each chisel is tried with.
var stateFilters = map[string][]string{
	"lsof":    {"", "fd.type=file", "proc.name contains s and fd.name contains /", "fd.type in (ipv4, ipv6)", "user.name=root and fd.num<3", "fd.name contains nowhere"},
	"ps":      {"", "fd.type=ipv4", "fd.name contains /dev", "user.name=root and fd.num=0", "thread.tid=1 and fd.num=1"},
	"netstat": {"", "fd.type=ipv6", "fd.sport=80", "proc.name contains s"},
}

// fixed cuts a line of sysdig at the widths of its columns; the last one takes the rest.
func fixed(line string, widths ...int) []string {
	var out []string
	for _, w := range widths {
		w = min(w, len(line))
		out = append(out, strings.TrimRight(line[:w], " "))
		line = line[w:]
	}
	return append(out, strings.TrimRight(line, " "))
}

// sysdigState runs a chisel of sysdig and returns its rows, without the header.
func sysdigState(file, chisel, filter string, widths ...int) [][]string {
	args := []string{"-r", file, "-c", chisel}
	if filter != "" {
		args = append(args, "'"+filter+"'") // it cuts the word at blanks
	}
	var rows [][]string
	text, _ := strings.CutSuffix(string(output(sysdig, args...)), "\n")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			rows = append(rows, fixed(line, widths...))
		}
	}
	return rows
}

func scryState(t *testing.T, scry, file, chisel, filter string) []map[string]any {
	args := []string{"-r", file, "-j", "-c", chisel}
	if filter != "" {
		args = append(args, filter)
	}
	return scryJSON(t, output(scry, args...)).Rows
}

// shownAs is a value of JSON as sysdig writes it.
func shownAs(v any) string {
	if v == nil {
		return "<NA>"
	}
	return fmt.Sprint(v)
}

// compareRows wants two sets of rows to be the same.
func compareRows(t *testing.T, what string, theirs, ours map[string]string) {
	t.Helper()
	n := 0
	complain := func(format string, args ...any) {
		if n++; n <= 4 {
			t.Errorf(what+": "+format, args...)
		}
	}
	for k, a := range theirs {
		if b, ok := ours[k]; !ok {
			complain("only sysdig has %s: %q", k, a)
		} else if a != b {
			complain("%s: sysdig %q, scry %q", k, a, b)
		}
	}
	for k, b := range ours {
		if _, ok := theirs[k]; !ok {
			complain("only scry has %s: %q", k, b)
		}
	}
	if n > 4 {
		t.Errorf("%s: %d more", what, n-4)
	}
}

func TestDifferentialState(t *testing.T) {
	t.Parallel()
	files := peer(t)
	scry, err := builtScry()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".scap")
		t.Run(name, func(t *testing.T) {
			for chisel, compare := range map[string]func(*testing.T, string, string, string) int{"lsof": compareLsof, "ps": comparePs, "netstat": compareNetstat} {
				for _, filter := range stateFilters[chisel] {
					rows[chisel] += compare(t, scry, file, filter)
				}
			}
			rows["lscontainers"] += compareContainers(t, scry, file)
		})
	}
	for _, c := range []string{"lsof", "ps", "netstat", "lscontainers"} {
		if rows[c] < 50 {
			t.Errorf("%s: only %d rows were compared", c, rows[c])
		}
	}
}

// compareLsof leaves out the threads besides the main one, which sysdig gives the descriptors of the process once more (D-lsof-threads).
func compareLsof(t *testing.T, scry, file, filter string) int {
	theirs, ours := map[string]string{}, map[string]string{}
	for _, r := range sysdigState(file, "lsof", filter, 20, 8, 8, 8, 8, 12) {
		if len(r) == 7 && r[1] == r[2] {
			if r[5] == "<NA>" { // D-fd-unsupported
				r[5] = "unsupported"
			}
			theirs[r[1]+" fd "+r[4]] = strings.Join([]string{r[0], r[3], r[5], strings.TrimPrefix(r[6], "::ffff:")}, "|") // D-mapped
		}
	}
	for _, r := range scryState(t, scry, file, "lsof", filter) {
		user := shownAs(r["user"])
		ours[fmt.Sprintf("%v fd %v", r["pid"], r["fd"])] = strings.Join([]string{shownAs(r["command"]), user[:min(len(user), 7)], shownAs(r["type"]), shownAs(r["name"])}, "|")
	}
	compareRows(t, "lsof "+filter, theirs, ours)
	return len(theirs)
}

// unknownLimit is 4294967295, cut: sysdig's way to say that the limit is not known (D-ps-limit).
const unknownLimit = "429496729"

func comparePs(t *testing.T, scry, file, filter string) int {
	theirs, ours := map[string]string{}, map[string]string{}
	for _, r := range sysdigState(file, "ps", filter, 8, 8, 12, 11, 11, 10) {
		if len(r) == 7 && !(r[2] == "<NA>" && r[3] == "0B" && r[5] == unknownLimit) { // D-ps-unseen
			theirs[r[0]] = strings.Join([]string{r[1], r[2], strings.Replace(r[5], unknownLimit, "-1", 1), r[6]}, "|")
		}
	}
	for _, r := range scryState(t, scry, file, "ps", filter) {
		user := shownAs(r["user"])
		ours[shownAs(r["tid"])] = strings.Join([]string{shownAs(r["pid"]), user[:min(len(user), 11)], shownAs(r["fdlimit"]), shownAs(r["cmd"])}, "|")
	}
	compareRows(t, "ps "+filter, theirs, ours)
	return len(theirs)
}

// compareNetstat compares processes, protocols and addresses; sysdig cuts the latter, and has a word for the state of its own (D-netstat).
func compareNetstat(t *testing.T, scry, file, filter string) int {
	theirs, ours := map[string]string{}, map[string]string{}
	for _, r := range sysdigState(file, "netstat", filter, 6, 25, 25, 15) {
		if len(r) == 5 {
			if ids := strings.SplitN(r[4], "/", 3); ids[0] == ids[1] {
				theirs[ids[1]+" "+r[0]+" "+pairOf(r[1], r[2])] += "x"
			}
		}
	}
	all := "fd.type in (ipv4, ipv6)"
	if filter != "" {
		all += " and (" + filter + ")"
	}
	for _, r := range scryState(t, scry, file, "netstat", all) {
		ours[fmt.Sprintf("%v %s %s", r["pid"], strings.TrimSuffix(shownAs(r["proto"]), "6"), pairOf(cutEnd(r["local"]), cutEnd(r["remote"])))] += "x"
	}
	compareRows(t, "netstat "+filter, theirs, ours)
	return len(theirs)
}

// pairOf is two addresses in an order: sysdig shows the server first, scry the own one.
func pairOf(a, b string) string { return min(a, b) + " " + max(a, b) }

// cutEnd is an address as sysdig's netstat has it: without brackets, cut.
func cutEnd(v any) string {
	if v == nil {
		return "0.0.0.0:*"
	}
	s := strings.NewReplacer("[", "", "]", "").Replace(fmt.Sprint(v))
	return s[:min(len(s), 24)]
}

func compareContainers(t *testing.T, scry, file string) int {
	theirs, ours := map[string]string{}, map[string]string{}
	for i, r := range sysdigState(file, "lscontainers", "", 15, 16, 20) {
		if i > 0 && len(r) == 4 {
			theirs[r[3]] = r[0] + "|" + r[1] + "|" + r[2]
		}
	}
	for _, r := range scryState(t, scry, file, "lscontainers", "") {
		image, name := strings.Replace(shownAs(r["image"]), "<NA>", "", 1), strings.Replace(shownAs(r["name"]), "<NA>", "", 1)
		typ := shownAs(r["type"])
		if strings.HasPrefix(theirs[shownAs(r["id"])], "unknown|") { // D-lscontainers
			typ = "unknown"
		}
		ours[shownAs(r["id"])] = typ + "|" + image[:min(len(image), 15)] + "|" + name[:min(len(name), 19)]
	}
	compareRows(t, "lscontainers", theirs, ours)
	return len(theirs)
}
