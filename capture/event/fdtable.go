package event

import "iter"

// MaxFDs bounds the descriptors that are kept for one process; further ones are not remembered.
const MaxFDs = 4096

const denseFDs = 1024 // numbers below it live in a slice

// FDTable holds the descriptors of a process by number.
type FDTable struct {
	dense []*FD
	far   map[int64]*FD
	n     int
}

// Len is the number of descriptors.
func (t *FDTable) Len() int {
	if t == nil {
		return 0
	}
	return t.n
}

// Get returns descriptor n, nil when it is not known.
func (t *FDTable) Get(n int64) *FD {
	if t == nil {
		return nil
	}
	if uint64(n) < uint64(len(t.dense)) {
		return t.dense[n]
	}
	if t.far == nil {
		return nil
	}
	return t.far[n]
}

// Set puts fd under its number, replacing what was there. It reports false when the table is full.
func (t *FDTable) Set(fd *FD) bool {
	n := fd.Num
	if t.Get(n) == nil {
		if t.n >= MaxFDs {
			return false
		}
		t.n++
	}
	if n >= 0 && n < denseFDs {
		for int64(len(t.dense)) <= n {
			t.dense = append(t.dense, nil)
		}
		t.dense[n] = fd
		return true
	}
	if t.far == nil {
		t.far = make(map[int64]*FD)
	}
	t.far[n] = fd
	return true
}

// Delete removes descriptor n.
func (t *FDTable) Delete(n int64) {
	if t.Get(n) == nil {
		return
	}
	t.n--
	if uint64(n) < uint64(len(t.dense)) {
		t.dense[n] = nil
		return
	}
	delete(t.far, n)
}

// All yields the descriptors: small numbers in order, then the others in no order.
func (t *FDTable) All() iter.Seq[*FD] {
	return func(yield func(*FD) bool) {
		if t == nil {
			return
		}
		for _, fd := range t.dense {
			if fd != nil && !yield(fd) {
				return
			}
		}
		for _, fd := range t.far {
			if !yield(fd) {
				return
			}
		}
	}
}

// Clone returns a table with copies of the descriptors, as a fork makes.
func (t *FDTable) Clone() *FDTable {
	c := &FDTable{}
	if t == nil || t.n == 0 {
		return c
	}
	block := make([]FD, 0, t.n)
	c.dense = make([]*FD, len(t.dense))
	for fd := range t.All() {
		block = append(block, *fd)
		c.Set(&block[len(block)-1])
	}
	return c
}
