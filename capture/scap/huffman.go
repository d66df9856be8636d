package scap

import (
	"errors"
	"math/bits"
)

// Kinds of table entries. An entry is
//
//	bits 0-4    length of the code (of the rest of it, in a second table)
//	bits 5-7    kind
//	bits 8-12   extra bits of a length or distance; index bits of a second table
//	bits 16-31  literal, base of a length or distance, start of a second table
const (
	kindLiteral = iota << 5
	kindBase
	kindEnd
	kindTable
	kindBad
	kindMask = 7 << 5
)

// huffTable decodes a code: its first entries are found by the next bits of the input; codes longer than those go on in a second table.
type huffTable struct {
	entries [1 << 13]uint32
	bits    uint
}

var (
	errBadDeflate = errors.New("the compressed data is damaged")
	errStopped    = errors.New("stopped")
)

var lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
var lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
var distBase = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
var distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
var lensOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// build makes the table of a code from the lengths of its symbols, 0 for unused ones. entry gives what a symbol stands for.
func (t *huffTable) build(lens []uint8, primary uint, entry func(sym int) uint32) error {
	var count [maxLength + 1]int
	for _, l := range lens {
		count[l]++
	}
	longest := maxLength
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	t.bits = primary
	if longest == 0 { // a block without matches may have no distances
		for i := range 1 << primary {
			t.entries[i] = kindBad | 1
		}
		return nil
	}
	var next [maxLength + 2]int
	code, left := 0, 1
	for l := 1; l <= maxLength; l++ {
		code = (code + count[l-1]*boolInt(l > 1)) << 1
		next[l] = code
		left = left<<1 - count[l]
		if left < 0 {
			return errBadDeflate
		}
	}
	if left > 0 {
		if longest > 1 || count[1] > 1 {
			return errBadDeflate
		}
		for i := range 1 << primary { // one code of one bit; the other bit is an error
			t.entries[i] = kindBad | 1
		}
	}
	t.fill(lens, &count, &next, longest, entry)
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fill enters the codes.
func (t *huffTable) fill(lens []uint8, count *[maxLength + 1]int, next *[maxLength + 2]int, longest int, entry func(sym int) uint32) {
	primary := int(t.bits)
	used := 1 << primary
	if longest > primary {
		for i := range 1 << primary {
			t.entries[i] = kindBad
		}
	}
	sub := max(longest-primary, 0)
	for sym, l8 := range lens {
		l := int(l8)
		if l == 0 {
			continue
		}
		rev := int(bits.Reverse16(uint16(next[l])) >> (16 - l))
		next[l]++
		e := entry(sym)
		if l <= primary {
			for i := rev; i < 1<<primary; i += 1 << l {
				t.entries[i] = e | uint32(l)
			}
			continue
		}
		head := rev & (1<<primary - 1)
		if t.entries[head]&kindMask != kindTable {
			t.entries[head] = uint32(used)<<16 | uint32(sub)<<8 | kindTable | uint32(primary)
			used += 1 << sub
		}
		start := int(t.entries[head] >> 16)
		for i := rev >> primary; i < 1<<sub; i += 1 << (l - primary) {
			t.entries[(start+i)&(len(t.entries)-1)] = e | uint32(l-primary)
		}
	}
}

func litEntry(sym int) uint32 {
	switch {
	case sym < 256:
		return uint32(sym)<<16 | kindLiteral
	case sym == 256:
		return kindEnd
	case sym-257 < len(lengthBase):
		return uint32(lengthBase[sym-257])<<16 | uint32(lengthExtra[sym-257])<<8 | kindBase
	}
	return kindBad
}

func distEntry(sym int) uint32 {
	if sym < len(distBase) {
		return uint32(distBase[sym])<<16 | uint32(distExtra[sym])<<8 | kindBase
	}
	return kindBad
}

func lensEntry(sym int) uint32 { return uint32(sym)<<16 | kindLiteral }
