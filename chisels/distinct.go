package chisels

import "hash/maphash"

// distinctSet counts different values in bounded memory. It keeps their hashes, exactly up to maxDistinct; beyond it only those that end with level zero
// bits, of which each stands for 2^level values: an estimate within about 1 %.
type distinctSet struct {
	seen  map[uint64]struct{}
	level uint8
}

// maxDistinct is how many hashes a set keeps, maxHashes those of a table together: when there are more, all larger sets are thinned out.
const (
	maxDistinct = 1 << 16
	maxHashes   = 1 << 22
	leastHashes = 1 << 5
)

// distinctSeed is one for all sets, so that they can be merged.
var distinctSeed = maphash.MakeSeed()

// add takes a value by its key; grown tells that there is one hash more. hot: no allocation for a value that was seen
func (d *distinctSet) add(key []byte) (grown bool) {
	h := maphash.Bytes(distinctSeed, key)
	if h&(1<<d.level-1) != 0 {
		return false
	}
	if _, ok := d.seen[h]; ok {
		return false
	}
	if d.seen == nil {
		d.seen = map[uint64]struct{}{}
	}
	d.seen[h] = struct{}{}
	for len(d.seen) > maxDistinct {
		d.thin()
	}
	return true
}

// thin drops half of the hashes.
func (d *distinctSet) thin() {
	d.level++
	for h := range d.seen {
		if h&(1<<d.level-1) != 0 {
			delete(d.seen, h)
		}
	}
}

// merge adds the values of o.
func (d *distinctSet) merge(o *distinctSet) {
	for d.level < o.level {
		d.thin()
	}
	if d.seen == nil {
		d.seen = map[uint64]struct{}{}
	}
	for h := range o.seen {
		if h&(1<<d.level-1) == 0 {
			d.seen[h] = struct{}{}
		}
	}
	for len(d.seen) > maxDistinct {
		d.thin()
	}
}

// count is how many values there are, or about.
func (d *distinctSet) count() uint64 { return uint64(len(d.seen)) << d.level }

// thinSets makes room when the sets of all rows together are too large.
func (t *Table) thinSets() {
	t.hashes = 0
	for _, r := range append(t.order[:len(t.order):len(t.order)], t.other) {
		for i := range t.shown {
			if r == nil || r.cells[i].more == nil {
				continue
			}
			d := &r.cells[i].more.distinct
			if len(d.seen) > leastHashes {
				d.thin()
			}
			t.hashes += len(d.seen)
		}
	}
}
