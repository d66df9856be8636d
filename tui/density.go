package tui

// density counts the events of a capture over its time, in buckets that grow with it.
type density struct {
	start  uint64
	width  uint64 // ns of a bucket
	counts []uint64
}

// buckets is how many there are at most: more than a screen is wide.
const buckets = 512

func newDensity() *density { return &density{width: 1 << 16, counts: make([]uint64, 0, buckets)} }

// add counts an event. hot: no allocation
func (d *density) add(ts uint64) {
	if d.start == 0 {
		d.start = ts
	}
	i := (ts - min(ts, d.start)) / d.width
	for i >= buckets {
		d.halve()
		i /= 2
	}
	for uint64(len(d.counts)) <= i {
		d.counts = append(d.counts, 0)
	}
	d.counts[i]++
}

// halve makes one bucket of two.
func (d *density) halve() {
	n := (len(d.counts) + 1) / 2
	for k := range n {
		sum := d.counts[2*k]
		if 2*k+1 < len(d.counts) {
			sum += d.counts[2*k+1]
		}
		d.counts[k] = sum
	}
	d.counts, d.width = d.counts[:n], d.width*2
}

// span is the time from the first bucket to the end of the last one.
func (d *density) span() (from, to uint64) {
	return d.start, d.start + uint64(len(d.counts))*d.width
}

// columns are the counts as n columns of a screen.
func (d *density) columns(n int) []float64 {
	out := make([]float64, n)
	if len(d.counts) == 0 || n == 0 {
		return out
	}
	for i, c := range d.counts {
		out[i*n/len(d.counts)] += float64(c)
	}
	return out
}
