// Package scap reads and writes .scap capture files: a sequence of blocks, plain or compressed, that holds the state of a machine
// (its threads, descriptors, users, interfaces) and then the events that changed it.
//
// Facts come from the format page of the project (reference/scap-format.md, "section N" in the comments here). The frame of every
// block (section 2) is
//
//	0      4     block code
//	4      4     total length n: this head, body, padding and trailer
//	8      ...   body
//	n-4    4     n again
//
// all little endian. Event blocks (section 9) have a body of u16 cpu, [EVF kinds: u32 flags], event record, padding.
package scap

import (
	"encoding/binary"
	"fmt"
)

var le = binary.LittleEndian

// Block codes (section 3).
const (
	blockSHB   = 0x0A0D0D0A
	blockMI    = 0x201
	blockPL1   = 0x202
	blockFDL1  = 0x203
	blockEV1   = 0x204
	blockIL1   = 0x205
	blockUL1   = 0x206
	blockPL2   = 0x207
	blockEVF1  = 0x208
	blockPL3   = 0x209
	blockPL4   = 0x210
	blockPL5   = 0x211
	blockPL6   = 0x212
	blockPL7   = 0x213
	blockPL8   = 0x214
	blockPL9   = 0x215
	blockEV2   = 0x216
	blockEVF2  = 0x217
	blockFDL2  = 0x218
	blockIL2   = 0x219
	blockUL2   = 0x220
	blockEV2L  = 0x221
	blockEVF2L = 0x222
)

const (
	magicSHB     = 0x1A2B3C4D
	versionMajor = 1
	versionMinor = 2
	frameSize    = 12 // head and trailer of a block
	miBody       = 180
	maxHostname  = 128
	// maxBlock bounds what a block may claim: longer ones are damage, whatever the file holds.
	maxBlock = 256 << 20
	// Limits of the lists of one section, so that a small file that inflates to a huge one cannot fill the memory. libscap keeps no
	// more threads either.
	maxThreads = 1 << 18
	maxFDs     = 1 << 20
	// maxUsers is for users and for groups. state compares each socket with each interface.
	maxUsers      = 1 << 18
	maxInterfaces = 4096
	// maxPlain is the longest total of an event block without LARGE in its name that libscap reads (section 9).
	maxPlain = 65536 + 8
)

// family says what a block holds.
type family uint8

const (
	famUnknown family = iota
	famSection
	famMachine
	famThreads
	famFDs
	famEvent
	famInterfaces
	famUsers
)

// blockKind is one row of the table of codes.
type blockKind struct {
	name    string
	fam     family
	version uint8 // of the list, 1 or 2 of an event record
	flags   bool  // event blocks: a u32 of flags stands before the record
}

// kinds has the blocks by their code less 0x200. Row 0 stands for everything unknown, the last row for section headers.
var kinds = [0x24]blockKind{
	blockMI & 0xff:    {name: "MI", fam: famMachine, version: 1},
	blockPL1 & 0xff:   {name: "PL_V1", fam: famThreads, version: 1},
	blockFDL1 & 0xff:  {name: "FDL", fam: famFDs, version: 1},
	blockEV1 & 0xff:   {name: "EV", fam: famEvent, version: 1},
	blockIL1 & 0xff:   {name: "IL", fam: famInterfaces, version: 1},
	blockUL1 & 0xff:   {name: "UL", fam: famUsers, version: 1},
	blockPL2 & 0xff:   {name: "PL_V2", fam: famThreads, version: 2},
	blockEVF1 & 0xff:  {name: "EVF", fam: famEvent, version: 1, flags: true},
	blockPL3 & 0xff:   {name: "PL_V3", fam: famThreads, version: 3},
	blockPL4 & 0xff:   {name: "PL_V4", fam: famThreads, version: 4},
	blockPL5 & 0xff:   {name: "PL_V5", fam: famThreads, version: 5},
	blockPL6 & 0xff:   {name: "PL_V6", fam: famThreads, version: 6},
	blockPL7 & 0xff:   {name: "PL_V7", fam: famThreads, version: 7},
	blockPL8 & 0xff:   {name: "PL_V8", fam: famThreads, version: 8},
	blockPL9 & 0xff:   {name: "PL_V9", fam: famThreads, version: 9},
	blockEV2 & 0xff:   {name: "EV_V2", fam: famEvent, version: 2},
	blockEVF2 & 0xff:  {name: "EVF_V2", fam: famEvent, version: 2, flags: true},
	blockFDL2 & 0xff:  {name: "FDL_V2", fam: famFDs, version: 2},
	blockIL2 & 0xff:   {name: "IL_V2", fam: famInterfaces, version: 2},
	blockUL2 & 0xff:   {name: "UL_V2", fam: famUsers, version: 2},
	blockEV2L & 0xff:  {name: "EV_V2_LARGE", fam: famEvent, version: 2},
	blockEVF2L & 0xff: {name: "EVF_V2_LARGE", fam: famEvent, version: 2, flags: true},
	kindSHB:           {name: "SHB", fam: famSection},
	0:                 {name: "unknown"},
}

const kindSHB = 0x23

// internalCodes maps the codes that sysdig used before its blocks had public ones.
var internalCodes = map[uint32]uint8{
	0x8002ABCD: blockMI & 0xff, 0x8000ABCD: blockPL1 & 0xff, 0x8013ABCD: blockPL2 & 0xff, 0x8014ABCD: blockPL3 & 0xff,
	0x8001ABCD: blockFDL1 & 0xff, 0x8010ABCD: blockEV1 & 0xff, 0x8011ABCD: blockIL1 & 0xff, 0x8012ABCD: blockUL1 & 0xff,
	blockSHB: kindSHB,
}

// kindOf returns the row of kinds for a code.
func kindOf(code uint32) uint8 {
	if i := code - 0x200; i < kindSHB {
		if kinds[i].fam != famUnknown {
			return uint8(i)
		}
		return 0
	}
	return internalCodes[code]
}

// NotCaptureError tells that the input is no scap capture, and what it is instead.
type NotCaptureError struct {
	What string // "a text file", "an empty file", ...
}

// Error is a sentence without the name of the file.
func (e *NotCaptureError) Error() string { return "not a capture file: it is " + e.What }

// DamageError tells that a capture is cut or damaged. Everything before Offset was delivered.
type DamageError struct {
	Offset     int64  // of the block that could not be read, in the stream of blocks
	Compressed string // the compression, when Offset does not count bytes of the file; "" for plain files
	Reason     string
	Err        error // of the input, when that is the reason
}

// Error is a sentence without the name of the file.
func (e *DamageError) Error() string {
	if e.Compressed != "" {
		return fmt.Sprintf("damaged at byte %d of the uncompressed data (%s): %s", e.Offset, e.Compressed, e.Reason)
	}
	return fmt.Sprintf("damaged at byte %d: %s", e.Offset, e.Reason)
}

// Unwrap returns the error of the input, if any.
func (e *DamageError) Unwrap() error { return e.Err }

// FileInfo are the format facts of what was read so far.
type FileInfo struct {
	Name        string // as given to NewReader
	Compression string // "", "gzip", "zstd", "lz4"
	Members     int    // of a gzip file
	Sections    int
	Major       uint16
	Minor       uint16         // of the last section
	Blocks      map[string]int // by name of the block ("EV_V2", "FDL", ...)
	Unknown     int            // blocks with codes that are not known; skipped
	Stray       int            // lists in the middle of the events without a section header; skipped
	Repaired    int            // interface lists with wrong lengths that could be read nevertheless (section 8)
	Dropped     int            // threads, descriptors, users, groups and interfaces over their limits; not kept
	Trailing    int64          // bytes after the last gzip member that are no gzip; ignored
	Bytes       int64          // uncompressed bytes read
}
