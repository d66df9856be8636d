package fields

import (
	"errors"
	"os"
	"strings"
	"testing"

	"scry/capture/event"
)

// eachDef calls f with every row of the dictionary, in the order of the listing.
func eachDef(f func(c *Class, d *Def)) {
	for i := range classes {
		for j := range classes[i].Defs {
			f(&classes[i], &classes[i].Defs[j])
		}
	}
}

// The rules that dict.go states.
func TestDictionary(t *testing.T) {
	prefixes := map[string]string{
		"evt": "evt. syscall.", "process": "proc. thread.", "fd": "fd.", "fs.path": "fs.path.", "user": "user.", "group": "group.",
		"container": "container.", "k8s": "k8s.", "syslog": "syslog.", "fdlist": "fdlist.", "util": "util.",
	}
	classOf := map[string]bool{}
	for i := range classes {
		c := &classes[i]
		if classOf[c.Name] || c.Title == "" || len(c.Defs) == 0 {
			t.Errorf("class %q: twice, without title, or empty", c.Name)
		}
		classOf[c.Name] = true
	}
	seen := map[string]bool{}
	eachDef(func(c *Class, d *Def) {
		if seen[d.Name] {
			t.Errorf("%s is there twice", d.Name)
		}
		seen[d.Name] = true
		belongs := false
		for p := range strings.FieldsSeq(prefixes[c.Name]) {
			belongs = belongs || strings.HasPrefix(d.Name, p)
		}
		if !belongs {
			t.Errorf("%s does not belong to class %s", d.Name, c.Name)
		}
		if Lookup(d.Name) != d {
			t.Errorf("Lookup(%q) is another row", d.Name)
		}
		for _, problem := range defProblems(d) {
			t.Errorf("%s: %s", d.Name, problem)
		}
	})
}

// defProblems says which rules a row breaks.
func defProblems(d *Def) (out []string) {
	bad := func(broken bool, why string) {
		if broken {
			out = append(out, why)
		}
	}
	bad(d.Type <= Absent || d.Type > Net, "no type")
	bad(d.get == nil, "no get function")
	bad(d.Flags&(List|Any) != 0 != (d.all != nil), "List or Any and an all function go together")
	bad(d.Flags&FilterOnly != 0 && d.Flags&PrintOnly != 0, "good for nothing")
	bad(d.app != nil && !d.Type.Text(), "an app function makes text")
	bad(d.Flags&Rendered != 0 && !d.Type.Text(), "a number is never rendered")
	bad(!d.Type.Numeric() && d.Format != event.FmtNA, "a format, and no number")
	bad(d.Desc == "" || strings.TrimSpace(d.Desc) != d.Desc || strings.HasSuffix(strings.TrimSuffix(d.Desc, "..."), "."), "no description, or not in the house style")
	bad(strings.ContainsAny(d.Desc, "\n\t|"), "the description breaks the table in docs/fields.md")
	bad(len(d.Desc) > 120, "the description is longer than a line")
	for i := range len(d.Name) {
		bad(!isNameByte(d.Name[i]) || d.Name[i] >= 'A' && d.Name[i] <= 'Z', "Scan cannot read the name")
	}
	return out
}

func TestAliases(t *testing.T) {
	for alias, name := range aliases {
		d := Lookup(alias)
		if d == nil || d.Name != name {
			t.Errorf("%s is not another name of %s", alias, name)
		}
		eachDef(func(_ *Class, d *Def) {
			if d.Name == alias {
				t.Errorf("%s has a row of its own", alias)
			}
		})
	}
}

// A type of value is compared as a number or as text, or is an address or a truth.
func TestTypes(t *testing.T) {
	names := map[string]bool{}
	for typ := Absent; typ <= Net; typ++ {
		if names[typ.String()] {
			t.Errorf("%v is the name of two types", typ)
		}
		names[typ.String()] = true
		if typ.Numeric() && typ.Text() {
			t.Errorf("%v is both number and text", typ)
		}
	}
	for _, typ := range []Type{Absent, Bool, IP, Net} {
		if typ.Numeric() || typ.Text() {
			t.Errorf("%v is neither number nor text", typ)
		}
	}
}

func TestNewAccepts(t *testing.T) {
	for _, name := range strings.Fields(`evt.num evt.arg.fd evt.arg.res evt.arg[0] evt.arg[31] evt.rawarg.res evt.rawarg.flags evt.type.is.open
		evt.around[1534527348514648551] evt.abspath evt.abspath.src evt.abspath.dst evt.abspath[1] proc.aname proc.aname[0] proc.aname[12]
		proc.apid[1] proc.acmdline[2] proc.aargs[1] proc.aexe[1] proc.aexepath[1] proc.aenv proc.aenv[1] proc.aenv[HOME] proc.args[0]
		proc.env proc.env[PATH] thread.cgroup.memory thread.cgroup[cpu] fd.types fd.types[3] container.mount[0] container.mount[/srv]
		container.mount.source[/usr/share/nginx/html] k8s.pod.label.app k8s.pod.label[app.kubernetes.io/name] k8s.ns.label.team
		proc.nchildren evt.timestamp util.cnt`) {
		d, arg, hasArg, n := Scan(name)
		if n != len(name) {
			t.Errorf("Scan(%q) stops at %d", name, n)
			continue
		}
		f, err := New(d.Name, arg, hasArg, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// What String says is read as the same field.
		d2, arg2, hasArg2, n2 := Scan(f.String())
		if d2 != d || arg2 != arg || hasArg2 != hasArg || n2 != len(f.String()) {
			t.Errorf("%s: String is %s", name, f)
		}
	}
}

// Every field that takes no argument refuses one; every one that needs one says so.
func TestNewArgumentRules(t *testing.T) {
	eachDef(func(_ *Class, d *Def) {
		_, with := New(d.Name, "0", true, nil)
		_, without := New(d.Name, "", false, nil)
		switch d.Arg {
		case NoArg:
			if without != nil || !errors.Is(with, ErrArg) || !strings.Contains(with.Error(), d.Name+" takes no argument") {
				t.Errorf("%s: %v, with an argument %v", d.Name, without, with)
			}
		case OptArg:
			if without != nil || with != nil {
				t.Errorf("%s: %v, with an argument %v", d.Name, without, with)
			}
		case NeedArg:
			if !errors.Is(without, ErrArg) || !strings.Contains(without.Error(), d.Name+" needs an argument, as in "+d.Name+"[...]") {
				t.Errorf("%s without an argument: %v", d.Name, without)
			}
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name, arg string
		hasArg    bool
		is        error
		says      string
	}{
		{"proc.nam", "", false, ErrUnknown, "no such field: proc.nam"},
		{"", "", false, ErrUnknown, "no such field: "},
		{"evt", "", false, ErrUnknown, "no such field: evt"},
		{"PROC.NAME", "", false, ErrUnknown, "no such field: PROC.NAME"},
		{"proc.name.", "", false, ErrUnknown, "no such field: proc.name."},
		{"evt.arg", "nosuch", true, ErrArg, `bad field argument: unknown event argument "nosuch"`},
		{"evt.arg", "32", true, ErrArg, "bad field argument: an event has at most 32 arguments"},
		{"evt.arg", "-1", true, ErrArg, "bad field argument: an event has at most 32 arguments"},
		{"evt.arg", "", true, ErrArg, `bad field argument: unknown event argument ""`},
		{"evt.rawarg", "nosuch", true, ErrArg, `bad field argument: unknown event argument "nosuch"`},
		{"evt.type.is", "opne", true, ErrArg, `bad field argument: unknown event type "opne"`},
		{"evt.around", "noon", true, ErrArg, `bad field argument: unknown time stamp in ns "noon"`},
		{"evt.around", "-5", true, ErrArg, `bad field argument: unknown time stamp in ns "-5"`},
		{"evt.abspath", "third", true, ErrArg, `bad field argument: unknown path number "third"`},
		{"proc.aname", "x", true, ErrArg, `bad field argument: unknown index "x"`},
		{"proc.aname", "-1", true, ErrArg, `bad field argument: unknown index "-1"`},
		{"proc.apid", "", true, ErrArg, `bad field argument: unknown index ""`},
		{"proc.args", "first", true, ErrArg, `bad field argument: unknown index "first"`},
	} {
		f, err := New(c.name, c.arg, c.hasArg, nil)
		if f != nil || !errors.Is(err, c.is) || err.Error() != c.says {
			t.Errorf("%s[%s]: %v", c.name, c.arg, err)
		}
	}
}

// Fields of classes whose sources are gone are refused with a reason, whether or not they existed.
func TestNewGone(t *testing.T) {
	for _, name := range []string{"mesos.task.name", "marathon.app.name", "span.id", "span.tag", "evtin.span.id", "mesos.x"} {
		_, err := New(name, "", false, nil)
		class, _, _ := strings.Cut(name, ".")
		if !errors.Is(err, ErrGone) || errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), class+" fields are gone") {
			t.Errorf("%s: %v", name, err)
		}
		if Lookup(name) != nil {
			t.Errorf("%s is gone, and in the dictionary", name)
		}
	}
	for _, name := range []string{"mesos", "spanner.id", "evtinx.y"} {
		if _, err := New(name, "", false, nil); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		in, name, arg string
		hasArg        bool
		n             int
	}{
		{"proc.name=cat", "proc.name", "", false, 9},
		{"proc.names", "proc.name", "", false, 9},
		{"proc.name.x", "proc.name", "", false, 9},
		{"proc.aname[2]=x", "proc.aname", "2", true, 13},
		{"proc.aname[2", "proc.aname", "", false, 10},
		{"proc.aname.2 ", "proc.aname", "2", true, 12},
		{"proc.aname.", "proc.aname", "", false, 10},
		{`proc.env["A]B"] `, "proc.env", "A]B", true, 15},
		{"proc.env['A B']", "proc.env", "A B", true, 15},
		{"proc.env['A B]", "proc.env", "", false, 8},
		{"proc.env[]", "proc.env", "", true, 10},
		{"proc.pid[1]", "proc.pid", "", false, 8},
		{"evt.arg.fd>3", "evt.arg", "fd", true, 10},
		{"evt.args", "evt.args", "", false, 8},
		{"evt.type.is.open)", "evt.type.is", "open", true, 16},
		{"k8s.pod.label.app.kubernetes.io/part-of ", "k8s.pod.label", "app.kubernetes.io/part-of", true, 39},
		{"k8s.pod.labels", "k8s.pod.labels", "", false, 14},
		{"container.mount.dest[/a b]", "container.mount.dest", "/a b", true, 26},
		{"fd.cip.name", "fd.cip.name", "", false, 11},
		{"evt.time.iso8601", "evt.time.iso8601", "", false, 16},
	} {
		d, arg, hasArg, n := Scan(c.in)
		if d == nil || d.Name != c.name || arg != c.arg || hasArg != c.hasArg || n != c.n {
			t.Errorf("%s: %v, %q, %v, %d", c.in, d, arg, hasArg, n)
		}
	}
	for _, in := range []string{"", "x", "proc", "proc.", ".name", "=proc.name", "[0]"} {
		if d, _, _, n := Scan(in); d != nil || n != 0 {
			t.Errorf("%q: %s, %d", in, d.Name, n)
		}
	}
}

func TestMulti(t *testing.T) {
	for name, want := range map[string]bool{
		"proc.aname": true, "proc.aname[1]": false, "fd.ip": true, "fd.port": true, "fd.types": true, "fd.types[1]": false, "fd.net": true,
		"proc.aenv": false, "proc.name": false, "fd.cip": false, "evt.arg.fd": false,
	} {
		if f := scanned(t, name, nil); f.Multi() != want {
			t.Errorf("%s: Multi is %v", name, f.Multi())
		}
	}
}

// evt.rawarg takes the type of its parameter, without changing the dictionary.
func TestRawArgType(t *testing.T) {
	for name, want := range map[string]Type{
		"evt.rawarg.fd": Int, "evt.rawarg.res": Int, "evt.rawarg.flags": Uint, "evt.rawarg.name": String, "evt.rawarg.data": Bytes,
		"evt.rawarg.tuple": Bytes, "evt.rawarg.size": Uint, "evt.rawarg.interval": RelTime, "evt.rawarg.exe": String,
	} {
		if f := scanned(t, name, nil); f.Def.Type != want {
			t.Errorf("%s is %v, want %v", name, f.Def.Type, want)
		}
	}
	if d := Lookup("evt.rawarg"); d.Type != String {
		t.Errorf("the row in the dictionary has become %v", d.Type)
	}
}

// scanned is the field that a user writes as name.
func scanned(t testing.TB, name string, o *Options) *Field {
	t.Helper()
	d, arg, hasArg, n := Scan(name)
	if d == nil || n != len(name) {
		t.Fatalf("%s is no field", name)
	}
	f, err := New(d.Name, arg, hasArg, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// reference is a list of all fields of sysdig 0.29.3, libs 0.20.0 and libs of today, with their types and flags.
const reference = "../../../shared/reference/fields.tsv"

// ours are the fields that exist nowhere else.
var ours = map[string]bool{"k8s.node.name": true, "container.label": true, "container.labels": true, "container.env": true, "container.ports": true,
	"container.memory_limit": true}

// TestReferenceFields wants the dictionary to have the fields that exist anywhere, gone classes aside, and no others but ours.
func TestReferenceFields(t *testing.T) {
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Skip("there is no " + reference)
	}
	types := map[string]Type{"PT_CHARBUF": String, "PT_BYTEBUF": Bytes, "PT_BOOL": Bool, "PT_DOUBLE": Float, "PT_IPADDR": IP, "PT_IPNET": Net,
		"PT_PORT": Port, "PT_RELTIME": RelTime, "PT_ABSTIME": AbsTime, "PT_UINT32": Uint, "PT_UINT64": Uint, "PT_INT16": Int, "PT_INT32": Int,
		"PT_INT64": Int, "PT_DYN": String}
	args := map[string]ArgKind{"none": NoArg, "optional": OptArg, "required": NeedArg}
	want := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		col := strings.Split(line, "\t") // class name type is_list argument arg_kind other_flags ...
		name, flags := col[1], col[6]
		class, _, _ := strings.Cut(name, ".")
		d := Lookup(name)
		if class == "mesos" || class == "marathon" || class == "span" || class == "evtin" {
			if d != nil {
				t.Errorf("%s is gone, and in the dictionary", name)
			}
			continue
		}
		want[name] = true
		if d == nil {
			t.Errorf("the dictionary has no %s", name)
			continue
		}
		if d.Type != types[col[2]] {
			t.Errorf("%s is %v, want %s", name, d.Type, col[2])
		}
		if d.Arg != args[col[4]] && name != "evt.abspath" { // there it is the one path of calls that have one
			t.Errorf("%s: argument %d, want %s", name, d.Arg, col[4])
		}
		for word, flag := range map[string]Flag{"FILTER_ONLY": FilterOnly, "PRINT_ONLY": PrintOnly, "TABLE_ONLY": Hidden, "NO_RHS": NoRHS,
			"NO_TRANSFORMER": NoTransform} {
			if has := strings.Contains(flags, word); has != (d.Flags&flag != 0) {
				t.Errorf("%s: %s is %v there", name, word, has)
			}
		}
		if list := col[3] == "yes"; list != (d.Flags&List != 0) {
			t.Errorf("%s: a list there: %v", name, list)
		}
	}
	n := 0
	eachDef(func(_ *Class, d *Def) {
		n++
		if want[d.Name] == ours[d.Name] {
			t.Errorf("%s exists nowhere else", d.Name)
		}
	})
	if n != len(want)+len(ours) || n < 290 {
		t.Errorf("%d fields, %d there", n, len(want))
	}
}
