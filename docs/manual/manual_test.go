package manual

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"scry/filter/fields"
)

func TestHelpFits(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(Help(false), "\n"), "\n")
	if len(lines) > helpLines {
		t.Errorf("help has %d lines, a screen has %d", len(lines), helpLines)
	}
	for _, l := range append(lines, strings.Split(Help(true), "\n")...) {
		if len(l) > helpWidth {
			t.Errorf("%d columns: %s", len(l), l)
		}
	}
}

func TestOptionTable(t *testing.T) {
	all := Help(true)
	seen := map[string]bool{}
	for i := range Options {
		o := &Options[i]
		if seen[o.Name] || o.Short != "" && seen["-"+o.Short] {
			t.Errorf("--%s or -%s twice", o.Name, o.Short)
		}
		seen[o.Name], seen["-"+o.Short] = true, true
		if o.text() == "" || !slices.ContainsFunc(groups, func(g struct{ name, title string }) bool { return g.name == o.Group }) {
			t.Errorf("--%s: no text or no group", o.Name)
		}
		if (o.Gone != "") != (o.Group == Gone) {
			t.Errorf("--%s: group %s, gone %q", o.Name, o.Group, o.Gone)
		}
		if !strings.Contains(all, o.Usage()) {
			t.Errorf("--%s is not in --help=all", o.Name)
		}
		if o.Optional != "" && o.Arg == "" {
			t.Errorf("--%s: an optional value without a name", o.Name)
		}
	}
	for name := range habits {
		if Lookup(name) != nil {
			t.Errorf("--%s exists, and there is advice for who thinks so", name)
		}
	}
	for letter := range shortHabits {
		if LookupShort(letter) != nil {
			t.Errorf("-%s exists, and there is advice for who thinks so", letter)
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{
		"qiuet": "quiet", "colour": "color", "jsn": "json", "verbsoe": "verbose", "comprss": "compress", "filtr-proclist": "filter-proclist",
		"x": "", "nothing": "", "": "", "JSON": "json",
	} {
		if have := Nearest(word); have != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, have, want)
		}
	}
}

func TestExpand(t *testing.T) {
	for _, c := range [][2]string{
		{"-r f", "-r f"},
		{"–r f", "-r f"},
		{"—read f ––numevents=3 −q", "--readfile f --numevents=3 -q"},
		{"-–json", "--json"},
		{"--num 3 --li", "--numevents 3 --li"},
		{"-p –x", "-p –x"},
		{"-r f -- –x --read", "-r f -- –x --read"},
		{"-help", "--help"},
		{"--filter x", "--filter x"},
		{"–", "–"},
	} {
		if have := strings.Join(Expand(strings.Fields(c[0])), " "); have != c[1] {
			t.Errorf("%s: %s, want %s", c[0], have, c[1])
		}
	}
}

func TestOneDash(t *testing.T) {
	for args, want := range map[string]string{"-quiet": "quiet", "-q": "", "-json=args x": "json", "-p -quiet": "", "-r f -verbose": "verbose", "-- -quiet": "", "-pc": "", "-lv": "", "--quiet": ""} {
		if have := OneDash(strings.Fields(args)); have != want {
			t.Errorf("%s: %q, want %q", args, have, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, l := range wrap(strings.Repeat("some words of different length ", 9), 31) {
		if len(l) > 31 || strings.TrimSpace(l) != l {
			t.Errorf("%q", l)
		}
	}
	if have := wrap("a word-that-is-too-long b", 6); !slices.Equal(have, []string{"a", "word-that-is-too-long", "b"}) {
		t.Errorf("%q", have)
	}
}

func TestWriteFields(t *testing.T) {
	var all bytes.Buffer
	if err := WriteFields(&all, "", true, 100); err != nil {
		t.Fatal(err)
	}
	for _, c := range fields.Classes() {
		for i := range c.Defs {
			d := &c.Defs[i]
			if listed := strings.Contains(all.String(), "\n"+d.Name+" ") || strings.Contains(all.String(), "\n"+d.Name+"\n"); listed == (d.Flags&fields.Hidden != 0) {
				t.Errorf("%s: listed %v", d.Name, listed)
			}
			if d.Arg != fields.NoArg && !strings.HasPrefix(ArgForm(d), d.Name) {
				t.Errorf("%s: argument form %s", d.Name, ArgForm(d))
			}
		}
	}
	for l := range strings.Lines(all.String()) {
		if len(l) > 101 {
			t.Errorf("%d columns: %s", len(l), l)
		}
	}
	var none *NotFoundError
	if err := WriteFields(&all, "proc.nmae", false, 80); !errors.As(err, &none) || none.Near != "proc.name" {
		t.Errorf("%v", err)
	}
}

func TestWriteEvents(t *testing.T) {
	var out bytes.Buffer
	if err := WriteEvents(&out, "", 1000); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for l := range strings.Lines(out.String()) {
		name, _, ok := strings.Cut(l, "(")
		if !ok || seen[name] {
			t.Errorf("twice, or no arguments: %s", l)
		}
		seen[name] = true
	}
	for _, name := range []string{"> open", "< open", "> switch", "< openat", "< close_range", "> signaldeliver"} {
		if !seen[name] {
			t.Errorf("no %s", name)
		}
	}
	for _, name := range []string{"> procinfo", "> container", "< NA", "< switch"} {
		if seen[name] {
			t.Errorf("%s is listed", name)
		}
	}
}

// Each case: words, the last at the cursor; then candidates that must be there, and behind "!" ones that must not.
func TestComplete(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{""}, "info completion evt. proc. fd. not !--json"},
		{[]string{"--js"}, "--json --json=args !--jsx"},
		{[]string{"-"}, "-r --readfile -j !-k !-B"},
		{[]string{"-t", ""}, "h a r d D i !evt."},
		{[]string{"--color", "a"}, "auto always !never"},
		{[]string{"--color=a"}, "--color=auto --color=always"},
		{[]string{"--json="}, "--json=args"},
		{[]string{"-r", "x"}, ":files"},
		{[]string{"-qr", "x"}, ":files"},
		{[]string{"info", "x"}, ":files"},
		{[]string{"info", "--"}, "--json --all"},
		{[]string{"completion", ""}, "bash zsh fish"},
		{[]string{"-p", ""}, "c k p"},
		{[]string{"-p", "%ev"}, "%evt."},
		{[]string{"-p", "'*%evt.num %20proc.nam"}, "*%evt.num_%20proc.name !proc.name"},
		{[]string{"-p", "%fd.n"}, "%fd.name !%fd.net"},
		{[]string{"-r", "f", "evt.ty"}, "evt.type evt.type.is."},
		{[]string{"evt.type"}, "evt.type evt.type= evt.type!= evt.type.is."},
		{[]string{"evt.type=opena"}, "evt.type=openat evt.type=openat2 !evt.type=open"},
		{[]string{"evt.type", "in", "(open,clo"}, "(open,close (open,clone"},
		{[]string{"'evt.type in (open, clo"}, "evt.type_in_(open,_close"},
		{[]string{"'fd.type=ipv4 and not fd.l4proto="}, "fd.type=ipv4_and_not_fd.l4proto=tcp"},
		{[]string{"fd.type=p"}, "fd.type=pipe !fd.type=file"},
		{[]string{"evt.failed="}, "evt.failed=true evt.failed=false"},
		{[]string{"'proc.name "}, "proc.name_= proc.name_contains proc.name_exists !proc.name_and"},
		{[]string{"proc.name", ""}, "= contains in"},
		{[]string{"proc.name", "=", "cat", ""}, "and or !="},
		{[]string{"proc.name", "exists", "a"}, "and"},
		{[]string{"'(proc.name=cat or tolower(fd.name) contains x "}, "(proc.name=cat_or_tolower(fd.name)_contains_x_and (proc.name=cat_or_tolower(fd.name)_contains_x_)"},
		{[]string{"proc.name=cat", "and", "not", "thread.t"}, "thread.tid"},
		{[]string{"!"}, ""},
		{[]string{"proc.aname[1]", ""}, "="},
	} {
		list := Complete(slices.Clone(c.words)).String()
		for w := range strings.FieldsSeq(c.want) {
			w, not := strings.CutPrefix(w, "!")
			if not && w == "" {
				w, not = "!", false
			}
			w = strings.ReplaceAll(w, "_", " ")
			has := false
			for l := range strings.Lines(list) {
				text, _, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t")
				has = has || strings.TrimSuffix(text, " ") == w || w == ":files" && strings.HasPrefix(l, w)
			}
			if has == not {
				t.Errorf("%q: %q there: %v\n%s", c.words, w, has, list)
			}
		}
	}
}

func TestScriptsParse(t *testing.T) {
	for _, shell := range Shells {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell + " is not installed")
			}
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(scripts[shell])
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
