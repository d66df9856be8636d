package scap

import (
	"bufio"
	"io"
)

// inflater decodes one DEFLATE stream after the other (RFC 1951). It knows only whole buffers: one of input that refill moves on,
// and one of output that holds the last 32 kB as the window. Its inner loop is therefore faster than that of a
// general io.Reader, which may stop between any two bytes (BenchmarkInflate).
type inflater struct {
	in     *bufio.Reader
	b      []byte   // what in has buffered
	pos    int      // next byte of b
	hold   uint64   // bits that were taken from b, the next one lowest
	n      uint     // how many of them count
	padded int      // -1, or how many bytes of b were left at the end of the input; zeros follow them
	eof    error    // why there are no more
	pad    [48]byte // b then: what was left, zeros to look at, zeros that a symbol may use up before that is noticed

	out  []byte // window and new data
	o    int    // end of the data in out
	sent int    // what of it was emitted
	emit func([]byte) bool

	count   func([]byte) bool // the emit of into
	counted int

	lit, dist huffTable
	lens      [maxLit + maxDist]uint8
}

const (
	window    = 32 << 10
	outSize   = window + chunkSize + outSlack
	outSlack  = 288 // the longest match, and what copying by words writes past its end
	litBits   = 11
	distBits  = 9
	maxLit    = 288
	maxDist   = 32
	maxLength = 15 // bits of a code
)

// run decodes a stream from in and gives its data to emit, in pieces of at most chunkSize bytes, until emit returns false. Behind the
// stream in is at the next byte. After an error all data that was certain has been emitted.
func (z *inflater) run(in *bufio.Reader, emit func([]byte) bool) error {
	if z.out == nil {
		z.out = make([]byte, outSize)
	}
	z.in, z.emit, z.b, z.pos, z.hold, z.n, z.padded, z.eof = in, emit, nil, 0, 0, 0, -1, nil
	z.o, z.sent = 0, 0
	for {
		last, err := z.block()
		if err != nil || last {
			if !z.emitNew() {
				return errStopped
			}
			if err == nil {
				err = z.finish()
			}
			return err
		}
	}
}

// into decodes a stream straight into out, which must have outSlack bytes more than the data, and returns how many there are.
func (z *inflater) into(in *bufio.Reader, out []byte) (n int, err error) {
	if z.count == nil {
		z.count = func(p []byte) bool {
			z.counted += len(p)
			return z.counted <= len(z.out)-outSlack
		}
	}
	own := z.out
	z.out, z.counted = out, 0
	err = z.run(in, z.count)
	z.out = own
	if err == errStopped {
		return 0, err
	}
	return z.counted, err
}

// finish gives back the bytes that were looked at too far.
func (z *inflater) finish() error {
	z.pos -= int(z.n / 8)
	if z.padded >= 0 && z.pos > z.padded {
		return z.ended()
	}
	z.in.Discard(z.pos)
	return nil
}

// flush emits what is new and makes room behind the window.
func (z *inflater) flush() bool {
	if !z.emitNew() {
		return false
	}
	if z.o > window {
		copy(z.out, z.out[z.o-window:z.o])
		z.o = window
	}
	z.sent = z.o
	return true
}

// emitNew emits what is new.
func (z *inflater) emitNew() bool {
	for z.sent < z.o {
		k := min(z.o-z.sent, chunkSize)
		if !z.emit(z.out[z.sent : z.sent+k]) {
			return false
		}
		z.sent += k
	}
	return true
}

// refill makes at least 16 bytes available at z.b[z.pos:], zeros behind the end of the input.
func (z *inflater) refill() error {
	z.pos -= int(z.n / 8)
	z.n &= 7
	z.hold &= 1<<z.n - 1
	if z.padded >= 0 {
		if z.pos > z.padded {
			return z.ended()
		}
		return nil
	}
	z.in.Discard(z.pos)
	z.pos = 0
	if _, err := z.in.Peek(16); err != nil {
		z.eof = err
	}
	z.b, _ = z.in.Peek(z.in.Buffered())
	if len(z.b) < 16 {
		z.pad = [48]byte{}
		z.padded = copy(z.pad[:], z.b)
		z.b = z.pad[:]
	}
	return nil
}

// ended is the error for a stream that its input cuts short.
func (z *inflater) ended() error {
	if z.eof != nil && z.eof != io.EOF {
		return z.eof
	}
	return errCutGzip
}

// take returns the next k bits, at most 16.
func (z *inflater) take(k uint) (uint32, error) {
	if z.n < k {
		if len(z.b)-z.pos < 8 {
			if err := z.refill(); err != nil {
				return 0, err
			}
		}
		z.hold |= le.Uint64(z.b[z.pos:]) << z.n
		z.pos += int((63 - z.n) >> 3)
		z.n |= 56
	}
	v := uint32(z.hold) & (1<<k - 1)
	z.hold >>= k
	z.n -= k
	return v, nil
}

// block decodes a block and tells whether it is the last one.
func (z *inflater) block() (last bool, err error) {
	head, err := z.take(3)
	if err != nil {
		return false, err
	}
	switch head >> 1 {
	case 0:
		err = z.stored()
	case 1:
		if err = z.fixedCodes(); err == nil {
			err = z.symbols()
		}
	case 2:
		if err = z.dynamicCodes(); err == nil {
			err = z.symbols()
		}
	default:
		err = errBadDeflate
	}
	return head&1 != 0, err
}

// stored copies a block that is not compressed.
func (z *inflater) stored() error {
	z.hold >>= z.n & 7
	z.n &^= 7
	size, err := z.take(16)
	if err != nil {
		return err
	}
	inverse, err := z.take(16)
	if err != nil {
		return err
	}
	if size^inverse != 0xffff {
		return errBadDeflate
	}
	for left := int(size); left > 0; {
		if err := z.refill(); err != nil {
			return err
		}
		have := len(z.b) - z.pos
		if z.padded >= 0 {
			have = z.padded - z.pos
		}
		if have <= 0 {
			return z.ended()
		}
		if z.o+left > len(z.out)-outSlack && !z.flush() {
			return errStopped
		}
		k := copy(z.out[z.o:len(z.out)-outSlack], z.b[z.pos:z.pos+min(have, left)])
		z.o += k
		z.pos += k
		left -= k
	}
	return nil
}

// fixedCodes makes the tables of section 3.2.6.
func (z *inflater) fixedCodes() error {
	for i := range maxLit {
		switch {
		case i < 144:
			z.lens[i] = 8
		case i < 256:
			z.lens[i] = 9
		case i < 280:
			z.lens[i] = 7
		default:
			z.lens[i] = 8
		}
	}
	for i := range maxDist {
		z.lens[maxLit+i] = 5
	}
	if err := z.lit.build(z.lens[:maxLit], litBits, litEntry); err != nil {
		return err
	}
	return z.dist.build(z.lens[maxLit:], distBits, distEntry)
}

// dynamicCodes reads the tables of section 3.2.7.
func (z *inflater) dynamicCodes() error {
	v, err := z.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, nlens := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if nlit > 286 || ndist > 30 {
		return errBadDeflate
	}
	var own [19]uint8
	for _, at := range lensOrder[:nlens] {
		l, err := z.take(3)
		if err != nil {
			return err
		}
		own[at] = uint8(l)
	}
	if err := z.dist.build(own[:], 7, lensEntry); err != nil {
		return err
	}
	if err := z.codeLengths(nlit + ndist); err != nil {
		return err
	}
	if z.lens[256] == 0 {
		return errBadDeflate
	}
	if err := z.lit.build(z.lens[:nlit], litBits, litEntry); err != nil {
		return err
	}
	return z.dist.build(z.lens[nlit:nlit+ndist], distBits, distEntry)
}

// codeLengths reads that many lengths of codes, which are coded themselves.
func (z *inflater) codeLengths(total int) error {
	for i := 0; i < total; {
		k, err := z.codeLength()
		if err != nil {
			return err
		}
		if k < 16 {
			z.lens[i] = uint8(k)
			i++
			continue
		}
		value, extra, base := uint8(0), uint(3), 3
		switch k {
		case 16:
			if i == 0 {
				return errBadDeflate
			}
			value, extra = z.lens[i-1], 2
		case 18:
			extra, base = 7, 11
		}
		more, err := z.take(extra)
		if err != nil {
			return err
		}
		for range base + int(more) {
			if i == total {
				return errBadDeflate
			}
			z.lens[i] = value
			i++
		}
	}
	return nil
}

// codeLength decodes a symbol of the code of code lengths, which has at most 7 bits.
func (z *inflater) codeLength() (int, error) {
	v, err := z.take(7)
	if err != nil {
		return 0, err
	}
	e := z.dist.entries[v]
	if e&kindMask != kindLiteral {
		return 0, errBadDeflate
	}
	back := 7 - uint(e&31)
	z.hold = z.hold<<back | uint64(v>>(e&31))
	z.n += back
	return int(e >> 16), nil
}

// symbols decodes literals and matches up to the end of the block. It is
// one long loop on local variables, so that the state of the bit reader can stay in registers.
func (z *inflater) symbols() error {
	lit, dist := &z.lit.entries, &z.dist.entries
	b, pos, hold, n := z.b, z.pos, z.hold, z.n
	out, o := z.out, z.o
	known := o // what does not come from zeros behind the end of the input
	for {
		if len(b)-pos < 16 || z.padded >= 0 {
			z.pos, z.hold, z.n = pos, hold, n
			if err := z.refill(); err != nil {
				z.o = known
				return err
			}
			b, pos, hold, n = z.b, z.pos, z.hold, z.n
		}
		if o > len(out)-outSlack {
			z.o = o
			if !z.flush() {
				return errStopped
			}
			o = z.o
		}
		known = o
		hold |= le.Uint64(b[pos:]) << n
		pos += int((63 - n) >> 3)
		n |= 56
		e := lit[hold&(1<<litBits-1)]
		if e&kindMask == kindLiteral { // up to three of them need no more than 33 bits
			hold >>= e & 31
			n -= uint(e & 31)
			out[o] = byte(e >> 16)
			o++
			e = lit[hold&(1<<litBits-1)]
			if e&kindMask == kindLiteral {
				hold >>= e & 31
				n -= uint(e & 31)
				out[o] = byte(e >> 16)
				o++
				e = lit[hold&(1<<litBits-1)]
				if e&kindMask == kindLiteral {
					hold >>= e & 31
					n -= uint(e & 31)
					out[o] = byte(e >> 16)
					o++
					continue
				}
			}
		}
		if e&kindMask == kindTable {
			hold >>= litBits
			n -= litBits
			e = lit[(e>>16+uint32(hold)&(1<<(e>>8&31)-1))&(uint32(len(lit))-1)]
		}
		hold >>= e & 31
		n -= uint(e & 31)
		switch e & kindMask {
		case kindLiteral:
			out[o] = byte(e >> 16)
			o++
			continue
		case kindBase:
		case kindEnd:
			z.pos, z.hold, z.n, z.o = pos, hold, n, o
			if z.padded >= 0 && pos-int(n/8) > z.padded {
				z.o = known
				return z.ended()
			}
			return nil
		default:
			z.o = known
			return errBadDeflate
		}
		extra := uint(e >> 8 & 31)
		length := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		n -= extra
		hold |= le.Uint64(b[pos:]) << n
		pos += int((63 - n) >> 3)
		n |= 56
		e = dist[hold&(1<<distBits-1)]
		if e&kindMask == kindTable {
			hold >>= distBits
			n -= distBits
			e = dist[(e>>16+uint32(hold)&(1<<(e>>8&31)-1))&(uint32(len(dist))-1)]
		}
		hold >>= e & 31
		n -= uint(e & 31)
		extra = uint(e >> 8 & 31)
		far := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		n -= extra
		if e&kindMask != kindBase || far > o {
			z.o = known
			return errBadDeflate
		}
		o = copyMatch(out, o, far, length)
	}
}

// copyMatch appends length bytes that stand far before o. It may write outSlack bytes behind them.
func copyMatch(out []byte, o, far, length int) int {
	end := o + length
	if far >= 8 {
		from := out[o-far : end-far+8]
		to := out[o : end+8]
		for len(from) >= 16 {
			le.PutUint64(to, le.Uint64(from))
			from, to = from[8:], to[8:]
		}
		le.PutUint64(to, le.Uint64(from))
		return end
	}
	if far == 1 {
		c := out[o-1]
		run := out[o:end]
		for i := range run {
			run[i] = c
		}
		return end
	}
	for ; o < end; o++ {
		out[o] = out[o-far]
	}
	return end
}
