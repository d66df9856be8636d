package fields

import (
	"strconv"

	"scry/capture/event"
)

// Append appends the text of the field for display; ok is false, and dst unchanged, when ev has no such value. A list is shown as
// (a,b,c). hot: no allocation (TestFieldAppendAllocs)
func (f *Field) Append(dst []byte, ev *event.Event) (out []byte, ok bool) {
	d := f.Def
	if d.app != nil {
		return d.app(f, ev, dst)
	}
	if d.Flags&List != 0 && f.Multi() {
		return f.appendList(dst, ev)
	}
	v := d.get(f, ev)
	if !v.Present() {
		return dst, false
	}
	if d.Flags&Rendered != 0 {
		return append(dst, v.Str...), true
	}
	return AppendValue(dst, v, d.Format, f.opts), true
}

func (f *Field) appendList(dst []byte, ev *event.Event) ([]byte, bool) {
	f.vals = f.Values(ev, f.vals[:0])
	if len(f.vals) == 0 {
		return dst, false
	}
	sep := byte('(')
	for _, v := range f.vals {
		dst = AppendValue(append(dst, sep), v, f.Def.Format, f.opts)
		sep = ','
	}
	return append(dst, ')'), true
}

// AppendValue appends v as text; format says how a number is printed. Absent values append nothing.
func AppendValue(dst []byte, v Value, format event.Format, o *Options) []byte {
	switch v.Type {
	case String:
		return AppendText(dst, v.Str, o)
	case Bytes:
		return AppendBuffer(dst, bytesOf(v.Str), o)
	case Int:
		return appendFormatted(dst, v.Num, int64(v.Num), format)
	case Uint, RelTime, AbsTime, Port:
		if int64(v.Num) < 0 && format != event.FmtHex && format != event.FmtOct {
			return strconv.AppendUint(dst, v.Num, 10)
		}
		return appendFormatted(dst, v.Num, int64(v.Num), format)
	case Bool:
		return strconv.AppendBool(dst, v.Num != 0)
	case Float:
		return strconv.AppendFloat(dst, v.Float(), 'f', 1, 64)
	case IP, Net:
		if a := v.Addr(); a.IsValid() {
			return a.AppendTo(dst)
		}
	}
	return dst
}
