package fields

import (
	"fmt"
	"strconv"
	"strings"

	"scry/capture/event"
)

func unknownArg(what, arg string) error { return fmt.Errorf("unknown %s %q", what, arg) }

// paramTypes is, by parameter name, the event types that have it; filled on first use.
func paramTypes(name string) event.TypeSet {
	return event.TypesWhere(func(_ event.Type, s *event.Schema) bool { return s.ParamByName(name) >= 0 })
}

// argRef is the prepared argument of evt.arg and evt.rawarg: a number, or the place of the named parameter in each event type.
type argRef struct {
	name  string
	index int // -1: by name
	place [event.NumTypes]int8
	types event.TypeSet
}

func (r *argRef) find(t event.Type) int {
	if r.index >= 0 {
		return r.index
	}
	if t >= event.NumTypes {
		return -1
	}
	return int(r.place[t])
}

// initArg prepares evt.arg.NAME and evt.arg[N].
func initArg(f *Field) error {
	r := &argRef{name: f.Arg, index: -1}
	f.aux = r
	if n, err := strconv.Atoi(f.Arg); err == nil {
		if n < 0 || n >= event.MaxParams {
			return fmt.Errorf("an event has at most %d arguments", event.MaxParams)
		}
		r.index = n
		r.types = event.TypesWhere(func(_ event.Type, s *event.Schema) bool { return len(s.Params) > n })
		return nil
	}
	r.types = paramTypes(f.Arg)
	if r.types.Empty() {
		return unknownArg("event argument", f.Arg)
	}
	for t, s := range event.Types() {
		r.place[t] = int8(s.ParamByName(f.Arg))
	}
	return nil
}

func argTypes(f *Field) event.TypeSet { return f.aux.(*argRef).types }

// ParamNames returns the names of all event parameters, each once, in the order of their first use.
func ParamNames() []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range event.Types() {
		for i := range s.Params {
			if n := s.Params[i].Name; !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}

// getArg is the text of an argument: its resolved form when there is one.
func getArg(f *Field, ev *event.Event) Value {
	b, ok := appArg(f, ev, f.buf[:0])
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

func appArg(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	i := f.aux.(*argRef).find(ev.Type)
	if i < 0 || i >= ev.NParams || i >= len(ev.Type.Schema().Params) {
		return dst, false
	}
	start := len(dst)
	if dst = AppendParamResolved(dst, ev, i, f.opts); len(dst) > start {
		return dst, true
	}
	return AppendParamRaw(dst, ev, i, f.opts), true
}

// initRawArg prepares evt.rawarg.NAME: the field takes the type of the parameter of that name.
func initRawArg(f *Field) error {
	if err := initArg(f); err != nil {
		return err
	}
	r := f.aux.(*argRef)
	d := *f.Def
	d.Type, d.Format = String, event.FmtNA
	for t := range r.types.All() {
		p := &t.Schema().Params[r.find(t)]
		d.Type, d.Format = rawType(p.Kind), p.Format
		break
	}
	f.Def = &d
	return nil
}

// rawType is the type of the values of a kind of parameter.
func rawType(k event.Kind) Type {
	switch k {
	case event.KindByteBuf, event.KindSockAddr, event.KindSockTuple, event.KindFDList, event.KindDyn:
		return Bytes
	case event.KindCharBuf, event.KindFSPath, event.KindFSRelPath:
		return String
	case event.KindInt8, event.KindInt16, event.KindInt32, event.KindInt64, event.KindErrno, event.KindFD, event.KindPID, event.KindFD32,
		event.KindPID32:
		return Int
	case event.KindRelTime:
		return RelTime
	case event.KindAbsTime:
		return AbsTime
	case event.KindPort:
		return Port
	case event.KindBool:
		return Bool
	}
	return Uint
}

func getRawArg(f *Field, ev *event.Event) Value {
	i := f.aux.(*argRef).find(ev.Type)
	if i < 0 || i >= ev.NParams || i >= len(ev.Type.Schema().Params) {
		return Value{}
	}
	b := ev.Param(i)
	k := ev.Type.Schema().Params[i].Kind
	switch t := rawType(k); t {
	case Bytes:
		if len(b) == 0 {
			return Value{}
		}
		return Value{Type: Bytes, Str: stringOf(b)}
	case String:
		if len(b) == 0 {
			return Value{}
		}
		return textValue(event.AliasText(b))
	case Int:
		if n, ok := ev.Int(i); ok {
			return intValue(n)
		}
	default:
		if n, ok := ev.Uint(i); ok {
			return numValue(t, n)
		}
	}
	return Value{}
}

// FlagTable is the table that names the values of an evt.rawarg field, nil when its parameter has none.
func (f *Field) FlagTable() *event.FlagTable {
	r, ok := f.aux.(*argRef)
	if !ok {
		return nil
	}
	for t := range r.types.All() {
		if p := &t.Schema().Params[r.find(t)]; p.Kind.HasTable() {
			return p.Table()
		}
	}
	return nil
}

// getArgs is evt.args: all arguments as one text.
func getArgs(f *Field, ev *event.Event) Value {
	b, ok := appArgs(f, ev, f.buf[:0])
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}

// appInfo is evt.info: the arguments, or for writes to the system log the message.
func appInfo(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	if isSyslog(ev) {
		if m, ok := parseSyslog(ev); ok {
			return appendSyslogLine(dst, m, f.opts), true
		}
	}
	return appArgs(f, ev, dst)
}

// dataParam is, by event type, the number of the parameter called data; -1 for none.
var dataParam = func() (a [event.NumTypes]int8) {
	for t, s := range event.Types() {
		a[t] = int8(s.ParamByName("data"))
	}
	return a
}()

var dataTypes = paramTypes("data")

func bufferTypes(*Field) event.TypeSet { return dataTypes }

// getBuffer is the bytes that were read or written, as captured.
func getBuffer(_ *Field, ev *event.Event) Value {
	if ev.Type >= event.NumTypes {
		return Value{}
	}
	i := int(dataParam[ev.Type])
	if i < 0 || i >= ev.NParams {
		return Value{}
	}
	return Value{Type: Bytes, Str: stringOf(ev.Param(i))}
}

func appBuffer(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	if ev.Type >= event.NumTypes {
		return dst, false
	}
	i := int(dataParam[ev.Type])
	if i < 0 || i >= ev.NParams {
		return dst, false
	}
	return AppendParamRaw(dst, ev, i, f.opts), true
}

// initAbspath prepares evt.abspath: no argument or 1 for the first path of a call, 2 for the second.
func initAbspath(f *Field) error {
	switch strings.TrimSpace(f.Arg) {
	case "", "0", "1", "src":
		f.index = 0
	case "2", "dst":
		f.index = 1
	default:
		return unknownArg("path number", f.Arg)
	}
	return nil
}
