package tui

import (
	"fmt"
	"strings"

	"scry/capture/event"
)

// holes remembers what a list of events did not get, so that the list can say so in its place. It belongs to the goroutine of the engine.
type holes struct {
	heir
	seen uint64 // time of the last event, shown or not
	away bool   // others were shown since
	lost uint64
	cpu  uint16 // on which they were lost
}

// resumed remembers that the list has not seen all that there was.
func (h *holes) resumed() { h.away = h.seen != 0 }

// Gap remembers that events were lost.
func (h *holes) Gap(ev *event.Event) error {
	h.lost, h.cpu = h.lost+ev.Lost, ev.CPU
	return nil
}

// pass notes the time of an event. What it gives stands before that, "" for nothing: that the list was away.
func (h *holes) pass(ts uint64) (text string) {
	if h.away {
		h.away = false
		text = "--- not watched for " + spanText(ts-min(h.seen, ts)) + " ---"
	}
	h.seen = max(h.seen, ts)
	return text
}

// missed stands before the next event that is shown, "" for nothing: how many were lost.
func (h *holes) missed() (text string) {
	if h.lost > 0 {
		text = fmt.Sprintf("--- %s events lost here (cpu %d) ---", count(h.lost), h.cpu)
		h.lost = 0
	}
	return text
}

// inherit goes on from the holes of a list for another filter, whose events the list has got. What it gives stands behind these, "" for nothing: that not all that pass
// the list's own filter are among them, unless whole.
func (h *holes) inherit(old *holes, whole bool) string {
	of := h.of
	*h = *old
	h.of = of
	if whole || old.seen == 0 {
		return ""
	}
	return "--- there was another filter until here: what that left out is missing ---"
}

// leftText stands where the list that another one was made of had let older events go.
const leftText = "--- older ones were left out ---"

// implies tells that nothing passes a filter that does not pass another one. That both are texts makes it a guess, but one that says no too often only.
func implies(key, than string) bool {
	return than == "" || strings.HasPrefix(key+" and ", than+" and ") && !strings.Contains(key, " or ")
}
