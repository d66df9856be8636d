package event

// AtFDCWD is the descriptor number that means the working directory (AT_FDCWD).
const AtFDCWD = -100

const (
	maxPathLen  = 1024
	tooLongPath = "/DIR_TOO_LONG/FILENAME_TOO_LONG"
)

// AppendPath appends path as seen from dir: path itself when it is absolute or dir is empty, else the two joined; either way with ".", "..",
// doubled slashes and a trailing slash resolved textually, as libscap does it. A joined path of 1024 bytes or more becomes a fixed
// text that says so.
func AppendPath(dst []byte, dir, path string) []byte {
	start := len(dst)
	if len(path) > 0 && path[0] == '/' {
		dir = ""
	}
	if len(dir)+len(path) >= maxPathLen {
		return append(dst, tooLongPath...)
	}
	if dir != "" {
		dst = appendClean(dst, start, dir)
		if len(dst) > start && dst[len(dst)-1] != '/' && path != "" {
			dst = append(dst, '/')
		}
	}
	dst = appendClean(dst, start, path)
	if n := len(dst); n > start+1 && dst[n-1] == '/' {
		dst = dst[:n-1]
	}
	return dst
}

// appendClean appends p, resolving its dots against what stands in dst from start on.
func appendClean(dst []byte, start int, p string) []byte {
	for i := 0; i < len(p); {
		c := p[i]
		atStart := len(dst) == start || dst[len(dst)-1] == '/'
		switch {
		case c == '/' && atStart && (len(dst) > start || i > 0): // doubled, or left over where ".." took all before it
			i++
		case c == '.' && atStart && (i+1 == len(p) || p[i+1] == '/'):
			i = min(i+2, len(p))
		case c == '.' && atStart && i+1 < len(p) && p[i+1] == '.' && (i+2 == len(p) || p[i+2] == '/'):
			dst = parent(dst, start)
			i = min(i+3, len(p))
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// parent cuts the last component off dst[start:], keeping the slash before it.
func parent(dst []byte, start int) []byte {
	n := len(dst)
	if n > start && dst[n-1] == '/' {
		n--
	}
	for n > start && dst[n-1] != '/' {
		n--
	}
	if n == start && len(dst) > start && dst[start] == '/' {
		n = start + 1
	}
	return dst[:n]
}
