package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// typeConstants reads the constants of type Type out of types.go, by number. A constant whose number is taken already fails the test.
func typeConstants(t *testing.T) map[Type]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "types.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	consts := map[Type]string{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != "Type" {
				continue
			}
			n, err := strconv.Atoi(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if was := consts[Type(n)]; was != "" {
				t.Errorf("%s and %s are both %d", was, v.Names[0].Name, n)
			}
			consts[Type(n)] = v.Names[0].Name
		}
	}
	return consts
}

func TestTypesAreDensePairs(t *testing.T) {
	consts := typeConstants(t)
	if len(consts) != NumTypes {
		t.Errorf("%d constants, NumTypes is %d", len(consts), NumTypes)
	}
	stem := func(typ Type, end byte) string {
		name := consts[typ]
		if name == "" || name[len(name)-1] != end {
			t.Errorf("type %d is named %q, want a name in %c", typ, name, end)
			return ""
		}
		return name[:len(name)-1]
	}
	for typ := Type(0); typ < NumTypes; typ += 2 {
		if e, x := stem(typ, 'E'), stem(typ+1, 'X'); e != x {
			t.Errorf("types %d and %d are named %sE and %sX", typ, typ+1, e, x)
		}
	}
}

// TestCounts holds the numbers that the reference tables have, so that a lost row shows where the tables themselves are missing.
func TestCounts(t *testing.T) {
	var types, params, unused, old, large int
	for _, s := range Types() {
		types++
		params += len(s.Params)
		unused += b2i(s.Flags&Unused != 0)
		old += b2i(s.Flags&OldVersion != 0)
		large += b2i(s.Flags&LargePayload != 0)
	}
	entries := 0
	for i := range flagTables {
		entries += len(flagTables[i].Entries)
	}
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"types", types, 454},
		{"parameters", params, 1345},
		{"unused types", unused, 35},
		{"old versions", old, 223},
		{"large payloads", large, 3},
		{"kinds", int(numKinds), 49},
		{"flag tables", len(flagTables) - 1, 55},
		{"flags", entries, 605},
		{"error numbers", named(errnoNames[:]), 138},
		{"signals", named(signalNames[:]), 31},
		{"portable calls", named(SyscallNames()), 453},
		{"calls of amd64", countSyscalls("amd64"), 373},
		{"calls of arm64", countSyscalls("arm64"), 326},
		{"calls of 386", countSyscalls("386"), 383},
	} {
		if c.got != c.want {
			t.Errorf("%d %s, want %d", c.got, c.what, c.want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// eachRow calls f for every row of the schema.
func eachRow(t *testing.T, f func(t *testing.T, typ Type, s *Schema)) {
	t.Helper()
	for typ, s := range Types() {
		f(t, typ, s)
	}
}

func TestRowDirections(t *testing.T) {
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		if s.Dir != Dir(typ&1) || typ.Dir() != s.Dir || s.Name == "" {
			t.Errorf("%d: name %q, direction %v", typ, s.Name, s.Dir)
		}
	})
}

// Enter and exit are the same call: the same name, unless one of them does not exist.
func TestRowPairs(t *testing.T) {
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		other := (typ ^ 1).Schema()
		if (s.Flags|other.Flags)&Unused == 0 && (s.Name != other.Name || s.Category != other.Category) {
			t.Errorf("%v has category %d, %v has %d", typ, s.Category, typ^1, other.Category)
		}
	})
}

func TestUnusedRowsAreEmpty(t *testing.T) {
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		unused := s.Flags&Unused != 0
		if unused != (s.Name == "NA") || unused && (s.Category != CatUnknown || s.Newer != 0) {
			t.Errorf("%v: %+v", typ, s)
		}
		if unused && len(s.Params) > 0 && typ != TracerX { // libscap's row has them too
			t.Errorf("%v: %d parameters", typ, len(s.Params))
		}
	})
}

func TestRowCategories(t *testing.T) {
	plain := map[Category]bool{}
	for _, c := range categoryNames {
		plain[c] = true
	}
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		source := s.Category & catSource
		if s.Flags&Unused == 0 && source&(source-1) != 0 || s.Flags&Unused == 0 && source == 0 {
			t.Errorf("%v: category %d has not exactly one source", typ, s.Category)
		}
		if !plain[s.Category.Base()] || s.Category.Base()&catSource != 0 {
			t.Errorf("%v: %d is no category", typ, s.Category.Base())
		}
	})
}

func TestLargePayloads(t *testing.T) {
	got := TypesWhere(func(_ Type, s *Schema) bool { return s.Flags&LargePayload != 0 })
	if want := TypesOf(PlugineventE, ContainerJsonV2E, AsynceventE); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// An old exit is followed by a newer one, and the end of the chain is current.
func TestNewerTypes(t *testing.T) {
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		old := s.Flags&OldVersion != 0
		if s.Newer != 0 && !old || old && s.Dir == Exit && s.Newer == 0 {
			t.Errorf("%v: old version %v, newer type %v", typ, old, s.Newer)
		}
		if s.Newer == 0 {
			return
		}
		if n := s.Newer; !n.Known() || n.Dir() != s.Dir || n.Schema().Newer != 0 {
			t.Errorf("%v: newer type %v", typ, s.Newer)
		}
		if s.Dir == Exit && s.Newer.Schema().Flags&OldVersion != 0 {
			t.Errorf("%v: newer type %v is old itself", typ, s.Newer)
		}
	})
}

func TestParams(t *testing.T) {
	eachRow(t, func(t *testing.T, typ Type, s *Schema) {
		if len(s.Params) > MaxParams {
			t.Errorf("%v: %d parameters", typ, len(s.Params))
		}
		for i := range s.Params {
			p := &s.Params[i]
			if p.Name == "" || p.Kind == KindNone || p.Kind >= numKinds || p.Format > FmtOct {
				t.Errorf("%v: parameter %d: %+v", typ, i, p)
			}
			if n := s.ParamByName(p.Name); n != i {
				t.Errorf("%v: parameters %d and %d are both called %s", typ, n, i, p.Name)
			}
			checkRef(t, typ, s, i)
		}
	})
}

// checkRef checks what Ref says: a table for flags, a table of types for a dynamic one, a descriptor for a relative path, else nothing.
func checkRef(t *testing.T, typ Type, s *Schema, i int) {
	t.Helper()
	p := &s.Params[i]
	ok := p.Ref == 0
	switch {
	case p.Kind.HasTable():
		ok = p.Ref != TabNone && int(p.Ref) < len(flagTables) && len(p.Table().Entries) > 0
	case p.Kind == KindDyn:
		ok = p.Ref != dynNone && int(p.Ref) < len(dynTables)
	case p.Kind == KindFSRelPath:
		d := p.DirFD()
		ok = d >= 0 && d < i && s.Params[d].Kind == KindFD
	}
	if !ok {
		t.Errorf("%v: parameter %d: %s %v has reference %d", typ, i, p.Name, p.Kind, p.Ref)
	}
	if p.Kind != KindFSRelPath && p.DirFD() != -1 {
		t.Errorf("%v: parameter %d: descriptor %d", typ, i, p.DirFD())
	}
}

func TestKinds(t *testing.T) {
	names := map[string]Kind{}
	for k := KindNone; k < numKinds; k++ {
		if other, taken := names[k.String()]; taken || k.String() == "" {
			t.Errorf("kinds %d and %d are both called %q", other, k, k)
		}
		names[k.String()] = k
		switch k.Size() {
		case 0, 1, 2, 4, 8, 16:
		default:
			t.Errorf("%v is %d bytes wide", k, k.Size())
		}
		if k.Enum() && !k.HasTable() || k.HasTable() && k.Size() == 0 {
			t.Errorf("%v: enum %v, table %v, %d bytes", k, k.Enum(), k.HasTable(), k.Size())
		}
		if k.Path() != (k == KindFSPath || k == KindFSRelPath) {
			t.Errorf("%v: path %v", k, k.Path())
		}
	}
}

func TestUnknownTypes(t *testing.T) {
	for _, typ := range []Type{NumTypes, NumTypes + 1, 511, 512, 0xffff} {
		s := typ.Schema()
		if typ.Known() || s.Name != "NA" || len(s.Params) != 0 || s.Flags != Unused || typ.Internal() {
			t.Errorf("%d: %+v", typ, s)
		}
	}
	if got := Type(455).String(); got != "<NA#455" {
		t.Error(got)
	}
	if got := OpenatV2X.String(); got != "<openat#307" {
		t.Error(got)
	}
}

// The recorder's own events, by name.
func TestInternalTypes(t *testing.T) {
	want := TypesOf(DropE, DropX, ScapeventE, ContainerE, ProcinfoE, CpuHotplugE, K8sE, TracerE, MesosE, ContainerJsonE,
		NotificationE, InfrastructureEventE, ContainerJsonV2E, UserAddedE, UserDeletedE, GroupAddedE, GroupDeletedE, AsynceventE)
	got := TypesWhere(func(typ Type, _ *Schema) bool { return typ.Internal() })
	for typ := range got.And(want.Not()).All() {
		t.Errorf("%v is internal", typ)
	}
	for typ := range want.And(got.Not()).All() {
		t.Errorf("%v is not internal", typ)
	}
}

func TestDyn(t *testing.T) {
	p := &SetsockoptX.Schema().Params[SetsockoptX.Schema().ParamByName("val")]
	q, rest, ok := p.Dyn([]byte{2, 1, 0, 0, 0})
	if !ok || q.Kind != KindUint32 || len(rest) != 4 {
		t.Errorf("%+v %x %v", q, rest, ok)
	}
	for _, b := range [][]byte{nil, {5}, {5, 1, 2}, {0xff}} {
		if q, _, ok := p.Dyn(b); ok {
			t.Errorf("%x: %+v", b, q)
		}
	}
	for _, p := range []Param{{Kind: KindDyn}, {Kind: KindDyn, Ref: 200}, {Kind: KindInt8, Ref: dynBpf}} {
		if _, _, ok := p.Dyn([]byte{0, 1}); ok {
			t.Errorf("%+v", p)
		}
	}
}
