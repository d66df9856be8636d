package event

import (
	"slices"
	"testing"
)

func TestFDTable(t *testing.T) {
	var tab FDTable
	nums := []int64{0, 1, 7, denseFDs - 1, denseFDs, 100000, -1, 1 << 62} // dense, far and impossible ones
	for i, n := range nums {
		if tab.Get(n) != nil {
			t.Errorf("%d is there before it was set", n)
		}
		if !tab.Set(&FD{Num: n, Ino: 1}) || !tab.Set(&FD{Num: n, Ino: 2}) || tab.Len() != i+1 {
			t.Errorf("%d: length %d, want %d", n, tab.Len(), i+1)
		}
		if fd := tab.Get(n); fd == nil || fd.Num != n || fd.Ino != 2 {
			t.Errorf("%d is %+v", n, fd)
		}
	}
	for _, n := range []int64{2, denseFDs - 2, denseFDs + 1, -2, -1 << 63} {
		tab.Delete(n)
		if tab.Get(n) != nil || tab.Len() != len(nums) {
			t.Errorf("%d is there", n)
		}
	}
	var got []int64
	for fd := range tab.All() {
		got = append(got, fd.Num)
	}
	if !slices.Equal(got[:4], nums[:4]) || len(got) != len(nums) || !sameSet(got, nums) {
		t.Errorf("%v, want %v", got, nums)
	}
	for i, n := range nums {
		tab.Delete(n)
		tab.Delete(n)
		if tab.Get(n) != nil || tab.Len() != len(nums)-i-1 {
			t.Errorf("%d was deleted: length %d", n, tab.Len())
		}
	}
}

func sameSet(a, b []int64) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func TestFDTableFull(t *testing.T) {
	var tab FDTable
	for n := range int64(MaxFDs) {
		if !tab.Set(&FD{Num: n}) {
			t.Fatalf("full at %d", n)
		}
	}
	if tab.Set(&FD{Num: MaxFDs}) || tab.Len() != MaxFDs || tab.Get(MaxFDs) != nil {
		t.Errorf("%d descriptors", tab.Len())
	}
	if !tab.Set(&FD{Num: 5, Ino: 9}) || tab.Get(5).Ino != 9 {
		t.Error("a full table does not replace")
	}
	tab.Delete(5)
	if !tab.Set(&FD{Num: MaxFDs}) {
		t.Error("a place that came free is not used")
	}
}

func TestFDTableAllStops(t *testing.T) {
	var tab FDTable
	for _, n := range []int64{1, 2, 5000, 5001} {
		tab.Set(&FD{Num: n})
	}
	for stop := 1; stop <= 4; stop++ {
		n := 0
		for range tab.All() {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d yields, want %d", n, stop)
		}
	}
}

func TestFDTableClone(t *testing.T) {
	var tab FDTable
	for _, n := range []int64{0, 3, 5000} {
		tab.Set(&FD{Num: n, Name: "old"})
	}
	c := tab.Clone()
	for fd := range c.All() {
		fd.Name = "new"
	}
	c.Delete(3)
	c.Set(&FD{Num: 9})
	if tab.Len() != 3 || tab.Get(9) != nil || tab.Get(0).Name != "old" || tab.Get(3).Name != "old" || tab.Get(5000).Name != "old" {
		t.Error("a change of the clone shows in the original")
	}
	if c.Len() != 3 || c.Get(0).Name != "new" || c.Get(5000).Name != "new" || c.Get(3) != nil {
		t.Errorf("the clone has %d descriptors", c.Len())
	}
}

func TestNoFDTable(t *testing.T) {
	var tab *FDTable
	for range tab.All() {
		t.Error("no table yields a descriptor")
	}
	if tab.Len() != 0 || tab.Get(0) != nil || tab.Clone().Len() != 0 || !tab.Clone().Set(&FD{Num: 1}) {
		t.Error("no table is not an empty one")
	}
}
