package filter

import "testing"

// TestString: what a filter prints, and that it is its own plain form.
func TestString(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"proc.name=cat", "proc.name = cat"},
		{"proc.name==cat", "proc.name = cat"},
		{"  proc.name  =cat ", "proc.name = cat"},
		{"proc.name='cat'", "proc.name = cat"},
		{"proc.name='a b'", `proc.name = "a b"`},
		{`proc.name='it"s'`, `proc.name = "it\"s"`},
		{`proc.name="a\x01\n\\b"`, `proc.name = "a\x01\n\\b"`},
		{`proc.name="\xff"`, `proc.name = "\xff"`},
		{`proc.name="é"`, `proc.name = é`},
		{`proc.name=ba\sh`, `proc.name = ba\sh`},
		{`proc.name=""`, `proc.name = ""`},
		{`proc.name="and"`, `proc.name = "and"`},
		{`proc.name=anyof`, `proc.name = "anyof"`},
		{`proc.name=a=b`, `proc.name = a=b`},
		{`proc.name="=a"`, `proc.name = "=a"`},
		{`proc.name in (and, "a,b", =)`, `proc.name in (and, "a,b", =)`},
		{"proc.name in cat", "proc.name in (cat)"},
		{"proc.name in ()", "proc.name in ()"},
		{"proc.name startswith (a,b)", "proc.name startswith (a, b)"},
		{"proc.name contains oneof (a,b)", "proc.name contains oneof (a, b)"},
		{"fd.name pmatch /etc", "fd.name pmatch (/etc)"},
		{"fd.name exists", "fd.name exists"},
		{"evt.dir=>", "evt.dir = >"},
		{"evt.dir in (<,>)", "evt.dir in (<, >)"},
		{"evt.latency>1.5ms", "evt.latency > 1.5ms"},
		{"evt.num=0x64", "evt.num = 0x64"},
		{"proc.aname[2]=x", "proc.aname[2] = x"},
		{"proc.env['A B']=x", "proc.env['A B'] = x"},
		{`proc.env["A B"]=x`, "proc.env['A B'] = x"},
		{"evt.arg[name]=x", "evt.arg.name = x"},
		{"evt.arg[0]=x", "evt.arg[0] = x"},
		{"evt.around[100]=5", "evt.around[100] = 5"},
		{"evt.type=a or evt.type=b", ""},
		{"evt.type=read and evt.dir=< or proc.name=a", "(evt.type = read and evt.dir = <) or proc.name = a"},
		{"evt.type=read and (evt.dir=< or proc.name=a)", "evt.type = read and (evt.dir = < or proc.name = a)"},
		{"(evt.type=read and evt.dir=<) and proc.name=a", "evt.type = read and evt.dir = < and proc.name = a"},
		{"evt.type=read or (evt.dir=< or proc.name=a)", "evt.type = read or evt.dir = < or proc.name = a"},
		{"not (evt.type=read or proc.name=a)", "not (evt.type = read or proc.name = a)"},
		{"! not ! evt.type=read", "not evt.type = read"},
		{"((evt.type=read))", "evt.type = read"},
		{"toupper( proc.name )=A", "toupper(proc.name) = A"},
		{"concat(proc.name,'x')=A", `concat(proc.name, "x") = A`},
		{`join("," , (proc.name, a, 1)) = A`, `join(",", (proc.name, "a", "1")) = A`},
		{`getopt((proc.args[0]), "a:")["a"] = A`, `getopt((proc.args[0]), "a:")[a] = A`},
		{"proc.name=val(proc.pname)", "proc.name = val(proc.pname)"},
		{"len(proc.name)>val(evt.num)", "len(proc.name) > val(evt.num)"},
	} {
		f, err := Compile(c.in, nil)
		if err != nil {
			if c.want != "" {
				t.Error(err)
			}
			continue
		}
		if got := f.String(); got != c.want {
			t.Errorf("%s prints as %s, want %s", c.in, got, c.want)
		}
		sameFilter(t, f)
	}
}

// sameFilter fails unless f's text compiles to a filter with the same text and the same reach.
func sameFilter(t *testing.T, f *Filter) {
	t.Helper()
	g, err := Compile(f.String(), nil)
	if err != nil {
		t.Fatalf("%q does not compile: %v", f.String(), err)
	}
	if g.String() != f.String() || g.reach != f.reach {
		t.Fatalf("%q becomes %q", f.String(), g.String())
	}
}

func TestAnd(t *testing.T) {
	a, _ := Compile("evt.type=read or evt.type=write", nil)
	b, _ := Compile("proc.name=a and evt.dir=<", nil)
	f := And(a, b)
	if got, want := f.String(), "(evt.type = read or evt.type = write) and proc.name = a and evt.dir = <"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	sameFilter(t, f)
	if got, want := typeNames(f.Types()), "read< write<"; got != want {
		t.Errorf("types %s, want %s", got, want)
	}
	if And(nil, a) != a || And(a, nil) != a || And(nil, nil) != nil {
		t.Error("nil is not the filter of everything")
	}
	var none *Filter
	if !none.Match(nil) || none.String() != "" || none.NeedsState() || none.Fields() != nil || none.Types().Empty() || !none.Syscall(1, 0) {
		t.Error("nil is not the filter of everything")
	}
}
