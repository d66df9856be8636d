package event

import (
	"slices"
	"testing"
)

func TestTypeSet(t *testing.T) {
	s := TypesOf(GenericE, ReadX, 63, 64, KeyctlX)
	want := []Type{GenericE, ReadX, 63, 64, KeyctlX}
	if got := slices.Collect(s.All()); !slices.Equal(got, want) || s.Len() != len(want) || s.Empty() {
		t.Errorf("%v, length %d, want %v", got, s.Len(), want)
	}
	others := s.Not()
	for typ := Type(0); typ < 600; typ++ {
		if s.Has(typ) != slices.Contains(want, typ) {
			t.Errorf("Has(%d) is %v", typ, s.Has(typ))
		}
		if others.Has(typ) == s.Has(typ) {
			t.Errorf("%d is in the set and outside, or neither", typ)
		}
	}
}

func TestTypeSetAlgebra(t *testing.T) {
	a, b := TypesOf(1, 2, 100), TypesOf(2, 3, 200)
	for _, c := range []struct {
		name      string
		got, want TypeSet
	}{
		{"and", a.And(b), TypesOf(2)},
		{"or", a.Or(b), TypesOf(1, 2, 3, 100, 200)},
		{"and not", a.And(b.Not()), TypesOf(1, 100)},
		{"not not", a.Not().Not(), a},
		{"all", a.Or(a.Not()), AllTypes()},
		{"none", a.And(a.Not()), TypeSet{}},
		{"where", TypesWhere(func(typ Type, _ *Schema) bool { return typ == 1 || typ == 2 || typ == 100 }), a},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if n := AllTypes().Len(); n != NumTypes {
		t.Errorf("%d types in all", n)
	}
	if n := TypesOf(453, 454, 500, 0xffff).Len(); n != 1 {
		t.Errorf("%d known types", n)
	}
	if !(TypeSet{}).Empty() || (TypeSet{}).Len() != 0 {
		t.Error("the empty set is not empty")
	}
}

// Types beyond the set share its last bit: together in it, or together out of it.
func TestTypeSetUnknown(t *testing.T) {
	var s TypeSet
	s.Add(4000)
	for typ, want := range map[Type]bool{510: false, 511: true, 512: true, 0xffff: true, 0: false} {
		if s.Has(typ) != want {
			t.Errorf("Has(%d) is %v", typ, !want)
		}
	}
}

func TestTypeSetAllStops(t *testing.T) {
	n := 0
	for range AllTypes().All() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d yields", n)
	}
}
