package fields

import (
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"scry/capture/event"
)

// jsonItem is one key of a JSON line.
type jsonItem struct {
	name  string
	key   []byte // `"name":`
	field *Field
	bytes int  // for the companion name_b64: the item it belongs to; -1 otherwise
	args  bool // the object of arguments
	why   bool // the object of reasons
}

const argsKey = "args"

// jsonItems makes the sorted keys of a line: each name once, and after text fields room for their bytes.
func jsonItems(names []string, fields []*Field, o *Options) []jsonItem {
	var items []jsonItem
	seen := map[string]bool{}
	add := func(it jsonItem) {
		if seen[it.name] {
			return
		}
		seen[it.name] = true
		it.key, _ = appendJSONString(nil, it.name)
		it.key = append(it.key, ':')
		items = append(items, it)
	}
	for i, f := range fields {
		add(jsonItem{name: names[i], field: f, bytes: -1})
	}
	for i := range slices.Clone(items) {
		if f := items[i].field; f.Def.Type == String && f.Def.Flags&(Rendered|TimeText) == 0 {
			add(jsonItem{name: items[i].name + "_b64", field: f, bytes: 0})
		}
	}
	if o.JSONArgs {
		add(jsonItem{name: argsKey, bytes: -1, args: true})
	}
	if o.JSONWhy {
		add(jsonItem{name: whyKey, bytes: -1, why: true})
	}
	slices.SortFunc(items, func(a, b jsonItem) int { return cmp.Compare(a.name, b.name) })
	for i := range items {
		if items[i].bytes < 0 {
			continue
		}
		items[i].bytes = slices.IndexFunc(items, func(b jsonItem) bool { return b.bytes < 0 && b.field == items[i].field })
	}
	return items
}

// AppendJSON appends ev as one compact JSON object, always valid UTF-8, with the fields of the format as keys in alphabetical order. Fixed
// text and widths play no part. As with Append a field that ev lacks makes the line skipped, or null under a leading *.
//
// Numbers, truths and times (nanoseconds) are native; numbers that are printed in hexadecimal or octal, and addresses, are strings. The
// textual time fields have the time stamp of the event, in nanoseconds, whatever -t says. Text with bytes that are not UTF-8 has U+FFFD
// in their place and the exact bytes in base64 under KEY_b64.
//
// With Options.JSONArgs the key "args" has the arguments as an object, see jsonArgs.appendAll; with Options.JSONWhy the key "na" says why fields are null. hot: no allocation (TestJSONAllocs)
func (f *Format) AppendJSON(dst []byte, ev *event.Event) (out []byte, missing *Field) {
	for i, x := range f.stateful {
		f.last[i] = x.last
	}
	start := len(dst)
	dst = append(dst, '{')
	for i := range f.json {
		it := &f.json[i]
		switch {
		case it.args:
			dst = f.args.appendAll(appendKey(dst, it.key), ev, f.opts)
			continue
		case it.why:
			dst = f.appendWhy(appendKey(dst, it.key), ev)
			continue
		case it.bytes >= 0:
			if raw := f.raw[it.bytes]; raw != "" {
				dst = appendBase64(appendKey(dst, it.key), bytesOf(raw))
			}
			continue
		}
		dst = appendKey(dst, it.key)
		var have bool
		dst, have, f.raw[i] = it.field.appendJSON(dst, ev)
		if !have {
			if !f.star {
				f.restore()
				return dst[:start], it.field
			}
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}'), nil
}

// appendKey appends a comma unless the object has just begun, and the key.
func appendKey(dst, key []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(dst, key...)
}

func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	return append(base64.StdEncoding.AppendEncode(dst, b), '"')
}

// appendJSON appends the field's value. have is false when there is none; raw is the value when it is text that JSON cannot hold, else "".
func (f *Field) appendJSON(dst []byte, ev *event.Event) (out []byte, have bool, raw string) {
	d := f.Def
	switch {
	case d.Flags&TimeText != 0:
		return strconv.AppendUint(dst, ev.TS, 10), true, ""
	case d.all != nil && d.Flags&List != 0 && !(f.HasArg && d.Arg == OptArg):
		dst, have = f.appendJSONList(dst, ev)
		return dst, have, ""
	case d.get == nil:
		color := f.color
		f.color = false
		f.buf, have = d.app(f, ev, f.buf[:0])
		if f.color = color; have {
			dst = appendJSONBytes(dst, f.buf)
		}
		return dst, have, ""
	}
	v := d.get(f, ev)
	if !v.Present() {
		return dst, false, ""
	}
	dst, exact := appendJSONValue(dst, v, d.Format, f)
	if !exact {
		raw = v.Str
	}
	return dst, true, raw
}

func (f *Field) appendJSONList(dst []byte, ev *event.Event) ([]byte, bool) {
	f.vals = f.Values(ev, f.vals[:0])
	if len(f.vals) == 0 {
		return dst, false
	}
	sep := byte('[')
	for _, v := range f.vals {
		dst, _ = appendJSONValue(append(dst, sep), v, f.Def.Format, f)
		sep = ','
	}
	return append(dst, ']'), true
}

// appendJSONValue appends v; exact is false when it is text that is not UTF-8.
func appendJSONValue(dst []byte, v Value, format event.Format, f *Field) (out []byte, exact bool) {
	switch v.Type {
	case String:
		return appendJSONString(dst, v.Str)
	case Bytes:
		f.buf = AppendBuffer(f.buf[:0], bytesOf(v.Str), f.opts)
		return appendJSONBytes(dst, f.buf), true
	case Int, Uint:
		switch format {
		case event.FmtHex, event.FmtOct, event.FmtPadDec:
			dst = append(dst, '"')
			return append(AppendValue(dst, v, format, f.opts), '"'), true
		}
		return AppendValue(dst, v, format, f.opts), true
	case RelTime, AbsTime:
		return strconv.AppendUint(dst, v.Num, 10), true
	case Float:
		return appendJSONFloat(dst, v.Float()), true
	case IP, Net:
		dst = append(dst, '"')
		return append(AppendValue(dst, v, format, f.opts), '"'), true
	}
	return AppendValue(dst, v, format, f.opts), true // Bool, Port
}

func appendJSONFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}

// jsonPlain tells the bytes that stand for themselves in a JSON string.
var jsonPlain = func() (t [256]bool) {
	t = plainByte
	t['"'], t['\\'] = false, false
	return t
}()

func appendJSONBytes(dst, b []byte) []byte {
	s := stringOf(b)
	dst, _ = appendJSONString(dst, s)
	return dst
}

// appendJSONString appends s in quotes. Control characters and those that turn text around are escaped; bytes that are not UTF-8 become
// U+FFFD, and exact is false.
func appendJSONString(dst []byte, s string) (out []byte, exact bool) {
	dst = append(dst, '"')
	exact = true
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if jsonPlain[c] {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, n = utf8.DecodeRuneInString(s[i:]); !hostileRune(r, n) && r != 0x2028 && r != 0x2029 {
				i += n
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		i += n
		start = i
		if r == utf8.RuneError {
			exact = false
			dst = append(dst, "\uFFFD"...)
			continue
		}
		dst = appendJSONEscape(dst, r)
	}
	return append(append(dst, s[start:]...), '"'), exact
}

func appendJSONEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return append(dst, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
}

// AppendJSONText appends s as a JSON string.
func AppendJSONText(dst []byte, s string) []byte {
	dst, _ = appendJSONString(dst, s)
	return dst
}

// AppendJSONValue appends v as AppendJSON does; null when it is absent.
func AppendJSONValue(dst []byte, v Value, format event.Format, o *Options) []byte {
	switch v.Type {
	case Absent:
		return append(dst, "null"...)
	case Bytes:
		return appendJSONBytes(dst, AppendBuffer(nil, bytesOf(v.Str), o))
	}
	dst, _ = appendJSONValue(dst, v, format, &Field{opts: o})
	return dst
}

// AppendJSON appends the field's value as a Format does; null when ev has none.
func (f *Field) AppendJSON(dst []byte, ev *event.Event) []byte {
	out, have, _ := f.appendJSON(dst, ev)
	if !have {
		return append(out, "null"...)
	}
	return out
}
