package scap

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// sniffBlocks tells what b, the first bytes of the uncompressed input, is if it is no section header. end is why no more bytes
// could be read, nil when there are more.
func sniffBlocks(b []byte, end error, compression string) error {
	if len(b) >= 8 && le.Uint32(b) == blockSHB {
		return sniffSection(b)
	}
	if len(b) > 0 && len(b) < 28 && le.Uint32(append(b[:len(b):len(b)], 0, 0, 0, 0))&mask(len(b)) == blockSHB&mask(len(b)) && end == io.EOF {
		return &DamageError{Compressed: compression, Reason: fmt.Sprintf("the file ends after %d bytes, within the section header", len(b))}
	}
	if end != nil && end != io.EOF {
		return &DamageError{Compressed: compression, Reason: end.Error(), Err: end}
	}
	what := sniffOther(b)
	if compression != "" {
		what = compression + " of " + what
	}
	return &NotCaptureError{what}
}

// mask has the low n bytes set, n up to 4.
func mask(n int) uint32 { return uint32(1<<(8*min(n, 4)) - 1) }

// sniffSection looks at the magic number and the version of a section header.
func sniffSection(b []byte) error {
	if len(b) < 16 {
		return nil // cut; the reader of the block says so
	}
	switch magic := le.Uint32(b[8:]); magic {
	case magicSHB:
	case 0x4D3C2B1A:
		return &NotCaptureError{"a capture of a machine with the other byte order"}
	default:
		return &NotCaptureError{fmt.Sprintf("a pcapng file with byte-order mark %#08x", magic)}
	}
	if major := le.Uint16(b[12:]); major > versionMajor {
		return &NotCaptureError{fmt.Sprintf("a capture of format version %d; this program knows version %d, a newer one is needed", major, versionMajor)}
	}
	return nil
}

// pcapngBlock names a block of the network kind, "" for others.
func pcapngBlock(code uint32) string {
	switch code {
	case 1:
		return "interface description"
	case 2, 3, 6:
		return "packet"
	case 4:
		return "name resolution"
	case 5:
		return "interface statistics"
	case 10:
		return "decryption secrets"
	}
	return ""
}

// signatures are the first bytes of what users open by mistake.
var signatures = []struct{ magic, what string }{
	{"\x7fELF", "an ELF program"},
	{"\xd4\xc3\xb2\xa1", "a network capture (pcap); open it with Wireshark"},
	{"\xa1\xb2\xc3\xd4", "a network capture (pcap); open it with Wireshark"},
	{"\x4d\x3c\xb2\xa1", "a network capture (pcap); open it with Wireshark"},
	{"\xa1\xb2\x3c\x4d", "a network capture (pcap); open it with Wireshark"},
	{"\xfd7zXZ\x00", "xz data; decompress it first"},
	{"BZh", "bzip2 data; decompress it first"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"\x1f\x8b", "gzip data; decompress it once more"},
	{"\x28\xb5\x2f\xfd", "zstd data; decompress it once more"},
	{"\x04\x22\x4d\x18", "lz4 data; decompress it once more"},
	{"7z\xbc\xaf\x27\x1c", "a 7-zip archive; unpack it first"},
	{"\x1aE\xdf\xa3", "a video"},
	{"%PDF", "a PDF document"},
	{"PERFILE2", "a perf.data file"},
	{"SQLite format 3", "an SQLite database"},
}

// sniffOther says what b is, with its article.
func sniffOther(b []byte) string {
	if len(b) == 0 {
		return "an empty file"
	}
	for _, s := range signatures {
		if bytes.HasPrefix(b, []byte(s.magic)) {
			return s.what
		}
	}
	head := b[:min(len(b), 512)]
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive; unpack it first"
	}
	if isText(head) {
		return "a text file"
	}
	return fmt.Sprintf("data that starts with % x", head[:min(len(head), 8)])
}

// isText tells whether b, perhaps cut inside a character, is text.
func isText(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f' && c != 0x1b {
			return false
		}
		b = b[n:]
	}
	return true
}
