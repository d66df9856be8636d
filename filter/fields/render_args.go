package fields

import "scry/capture/event"

// appendArgs appends the arguments of ev as evt.args shows them: "name=VALUE(RESOLVED) " for each parameter of the record, with a blank
// after each. System calls without an event of their own have none. hot: no allocation (TestArgsAllocs)
func appendArgs(dst []byte, ev *event.Event, o *Options, color bool) []byte {
	if ev.Type == event.GenericE || ev.Type == event.GenericX {
		return dst
	}
	params := ev.Type.Schema().Params
	for i := range params[:min(len(params), ev.NParams)] {
		dst = append(append(dst, params[i].Name...), '=')
		if color && failedParam(&params[i], ev.Param(i)) {
			dst = append(dst, sgrError...)
			dst = append(AppendParam(dst, ev, i, o), sgrReset...)
		} else {
			dst = AppendParam(dst, ev, i, o)
		}
		dst = append(dst, ' ')
	}
	return dst
}

// failedParam tells a return value that is an error number.
func failedParam(p *event.Param, b []byte) bool {
	if p.Kind != event.KindErrno && (p.Kind != event.KindFD || p.Name != "fd") {
		return false
	}
	_, n, ok := number(b)
	return ok && n < 0 && n != event.AtFDCWD && event.ErrnoName(-n) != ""
}

// appArgs displays evt.args, and evt.info of events without a decoder.
func appArgs(f *Field, ev *event.Event, dst []byte) ([]byte, bool) {
	return appendArgs(dst, ev, f.opts, f.color), true
}
