package filter

import (
	"strings"
	"unicode/utf8"

	"scry/filter/fields"
)

// appendText prints a value: bare when it reads back as one value, else in quotes. item tells that it stands in a list.
func appendText(dst []byte, text string, item bool) []byte {
	if isBare(text, item) {
		return append(dst, text...)
	}
	return appendQuoted(dst, text)
}

// isBare tells whether text needs no quotes.
func isBare(text string, item bool) bool {
	if text == "" || !utf8.ValidString(text) {
		return false
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`(),"'`, c) >= 0 {
			return false
		}
	}
	if item {
		return true
	}
	switch text {
	case "and", "or", "not", "&&", "||":
		return false
	}
	return text[0] != '=' && !isModifier(text)
}

const escapes = "\"\\\b\f\n\r\t"
const escapeNames = `"\bfnrt`

// Quote is text as a literal of a filter: one value, whatever is in it.
func Quote(text string) string { return string(appendQuoted(nil, text)) }

// appendQuoted prints text in quotes so that unquote gives it back.
func appendQuoted(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if k := strings.IndexByte(escapes, c); k >= 0 {
			dst = append(dst, '\\', escapeNames[k])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if c < ' ' || c == 0x7f || r == utf8.RuneError && n <= 1 {
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
			i++
			continue
		}
		dst = append(dst, text[i:i+n]...)
		i += n
	}
	return append(dst, '"')
}

// unquote takes the quotes and escapes off a quoted token. When an escape is wrong, at and n are its place in the token.
func unquote(tok string) (text, msg string, at, n int) {
	body := tok[1 : len(tok)-1]
	if strings.IndexByte(body, '\\') < 0 {
		if k := strings.IndexByte(body, 0); k >= 0 {
			return "", "a text cannot hold a NUL", k + 1, 1
		}
		return body, "", 0, 0
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c != '\\' {
			if c == 0 {
				return "", "a text cannot hold a NUL", i + 1, 1
			}
			b.WriteByte(c)
			continue
		}
		start := i
		i++ // the scanner saw to it that a byte follows
		switch k := strings.IndexByte(escapeNames, body[i]); {
		case body[i] == 'x':
			v, ok := hexByte(body[i+1:])
			if !ok {
				return "", `\x takes two hexadecimal digits`, start + 1, 2
			}
			if v == 0 {
				return "", "a text cannot hold a NUL", start + 1, 4
			}
			b.WriteByte(v)
			i += 2
		case body[i] == '/' || body[i] == tok[0]:
			b.WriteByte(body[i])
		case k > 0:
			b.WriteByte(escapes[k])
		default:
			_, size := utf8.DecodeRuneInString(body[i:])
			return "", "no escape " + body[start:i+size] + " in quotes", start + 1, 1 + size
		}
	}
	return b.String(), "", 0, 0
}

func hexByte(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	hi, lo := hexDigit(s[0]), hexDigit(s[1])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", lowerByte(c)) }

// appendField prints a field in the first of its forms that reads back as it.
func appendField(dst []byte, f *fields.Field) []byte {
	text := f.String()
	if !f.HasArg {
		return append(dst, text...)
	}
	for _, form := range []string{text, f.Def.Name + "[" + f.Arg + "]", f.Def.Name + `["` + f.Arg + `"]`, f.Def.Name + "['" + f.Arg + "']"} {
		if d, arg, _, n := fields.Scan(form); d != nil && d.Name == f.Def.Name && arg == f.Arg && n == len(form) {
			return append(dst, form...)
		}
	}
	return append(dst, text...)
}
