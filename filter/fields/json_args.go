package fields

import (
	"scry/capture/event"
)

func appendJSONArgs(dst []byte, ev *event.Event, o *Options) []byte {
	return append(dst, "{}"...)
}
