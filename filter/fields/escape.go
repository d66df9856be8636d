package fields

import (
	"unicode/utf8"
	"unsafe"
)

// Captured bytes are hostile: a process may call itself "\x1b]0;..." and a file name may hold a newline. Text is shown with every
// control character replaced by what a programmer would write for it, so that no raw control byte reaches a terminal or a pipe:
//
//	newline, tab, carriage return           \n \t \r
//	other bytes below 0x20, 0x7f            \x1b
//	C1 controls U+0080 to U+009F            \xc2\x9b, byte by byte
//	bytes that are not UTF-8                \xff
//	U+202A to U+202E, U+2066 to U+2069      \u202E: they reorder the text around them
//
// Everything else is kept, the backslash too.

// plainByte tells the bytes that need no second look: printable ASCII.
var plainByte = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = true
	}
	return t
}()

// AppendText appends s as it may be shown. hot: no allocation (TestAppendTextAllocs)
func AppendText(dst []byte, s string, o *Options) []byte {
	if o.Raw {
		return append(dst, s...)
	}
	i := 0
	for i < len(s) && plainByte[s[i]] {
		i++
	}
	if i == len(s) {
		return append(dst, s...)
	}
	return appendEscaped(append(dst, s[:i]...), s[i:])
}

// appendBytesText is AppendText of a byte slice.
func appendBytesText(dst, b []byte, o *Options) []byte {
	if len(b) == 0 {
		return dst
	}
	return AppendText(dst, unsafe.String(unsafe.SliceData(b), len(b)), o)
}

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainByte[c] {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			if !hostileRune(r, n) {
				i += n
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendHostile(dst, s[i:i+n], r)
		} else {
			dst = append(dst, s[start:i]...)
			dst = appendControl(dst, c)
		}
		i += n
		start = i
	}
	return append(dst, s[start:]...)
}

// hostileRune tells the runes past ASCII that are not shown as they are; n is the length that decoding gave.
func hostileRune(r rune, n int) bool {
	switch {
	case r == utf8.RuneError:
		return n == 1
	case r < 0xa0:
		return true
	}
	return bidi(r)
}

// bidi tells the characters that override the direction of text.
func bidi(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

func appendHostile(dst []byte, s string, r rune) []byte {
	if bidi(r) {
		return append(dst, '\\', 'u', upperHex[r>>12&15], upperHex[r>>8&15], upperHex[r>>4&15], upperHex[r&15])
	}
	for i := 0; i < len(s); i++ {
		dst = appendHexEscape(dst, s[i])
	}
	return dst
}

func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return appendHexEscape(dst, c)
}

func appendHexEscape(dst []byte, c byte) []byte {
	return append(dst, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

// bytesOf is the memory of s, not to be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf is b as a string that shares its memory.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
