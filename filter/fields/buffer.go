package fields

import "encoding/base64"

// plainCut is the length to which a plain line cuts a buffer: what the kernel side records by default.
const plainCut = 80

// AppendBuffer appends the bytes of a buffer in the mode that o asks for. An empty buffer is an empty text in every mode.
//
// The plain mode shows printable ASCII and a dot for the rest, and cuts at 80 bytes (three of which are then "...") unless o.NoCut or
// o.SnapLen say otherwise. The other modes are the dumps of -A, -x, -X and -b, which hold line breaks but no other control bytes.
// SnapLen cuts in all modes, and the plain one has "..." behind that many bytes. hot: no allocation (TestBufferAllocs)
func AppendBuffer(dst, b []byte, o *Options) []byte {
	cut := false
	switch {
	case o.SnapLen > 0 && len(b) > o.SnapLen:
		b, cut = b[:o.SnapLen], true
	case o.SnapLen == 0 && len(b) > plainCut:
		if cut = o.Buffer == BufferDots && !o.NoCut; cut {
			b = b[:plainCut]
		}
	}
	if len(b) == 0 {
		return dst
	}
	switch o.Buffer {
	case BufferASCII:
		return appendLines(dst, b)
	case BufferBase64:
		return base64.StdEncoding.AppendEncode(dst, b)
	case BufferHex:
		return appendHexDump(dst, b, false)
	case BufferHexASCII:
		return appendHexDump(dst, b, true)
	}
	start := len(dst)
	dst = appendDots(dst, b)
	switch {
	case !cut, o.NoCut:
	case o.SnapLen > 0:
		return append(dst, "..."...)
	default:
		copy(dst[start+len(b)-3:], "...")
	}
	return dst
}

// dotByte maps a byte to what the plain mode shows for it.
var dotByte = func() (t [256]byte) {
	for c := range t {
		t[c] = '.'
		if plainByte[c] {
			t[c] = byte(c)
		}
	}
	return t
}()

func appendDots(dst, b []byte) []byte {
	n := len(dst)
	dst = append(dst, b...)
	for i, c := range dst[n:] {
		dst[n+i] = dotByte[c]
	}
	return dst
}

// appendLines is -A: a line break first, then the printable bytes; CR and CRLF and LF are line breaks (but
// not an LF at the very start), the rest is left out.
func appendLines(dst, b []byte) []byte {
	dst = append(dst, '\n')
	for i, c := range b {
		switch {
		case plainByte[c]:
			dst = append(dst, c)
		case c == '\r', c == '\n' && i > 0 && b[i-1] != '\r':
			dst = append(dst, '\n')
		}
	}
	return dst
}

// appendHexDump is -x and -X: rows of 16 bytes in groups of two.
func appendHexDump(dst, b []byte, ascii bool) []byte {
	for off := 0; off < len(b); off += 16 {
		row := b[off:min(off+16, len(b))]
		dst = append(dst, '\n', '\t', '0', 'x')
		for shift := 12; shift >= 0; shift -= 4 {
			dst = append(dst, lowerHex[off>>shift&15])
		}
		dst = append(dst, ':')
		for i, c := range row {
			if i%2 == 0 {
				dst = append(dst, ' ')
			}
			dst = append(dst, lowerHex[c>>4], lowerHex[c&15])
		}
		if ascii {
			for n := (len(row) + 1) / 2 * 5; n < 40; n++ { // half a group counts as a whole one, as in sysdig: its column is two to the left
				dst = append(dst, ' ')
			}
			dst = appendDots(append(dst, ' ', ' '), row)
		}
	}
	return append(dst, '\n')
}
