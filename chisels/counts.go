package chisels

import (
	"fmt"
	"strconv"
	"time"

	"scry/capture"
)

// Lose counts what a live capture lost.
func (n *Counts) Lose(s capture.LiveStats) {
	n.Seen += s.Lost
	n.Dropped += s.Lost
}

// Text says the counts in one line; took is how long the run was, done what was done with events: shown, written, selected; why what
// they were lost to.
func (n *Counts) Text(took time.Duration, done, why string) string {
	s := took.Seconds()
	dropped := ""
	if n.Dropped > 0 {
		dropped = fmt.Sprintf(", %d dropped (%s)", n.Dropped, why)
	}
	return fmt.Sprintf("%d events seen, %d %s, %d filtered, %d not shown by nature, %d without a field%s; %.3f s, %.0f events/s",
		n.Seen, n.Shown, done, n.Filtered, n.Hidden, n.Skipped, dropped, s, float64(n.Seen)/max(s, 1e-9))
}

// DropNote warns of lost events and says how to avoid it, "" when none were. buffer is the size of the rings that they did not fit into.
func (n *Counts) DropNote(why string, buffer int) string {
	if n.Dropped == 0 {
		return ""
	}
	more := "a filter that asks for less (scry --explain) helps"
	if buffer < capture.MaxBuffer {
		more = fmt.Sprintf("a larger ring (--buffer %dM) or %s", min(4*buffer, capture.MaxBuffer)>>20, more)
	}
	return fmt.Sprintf("%s of %s events were lost (%s): %s", Grouped(n.Dropped), Grouped(n.Seen), why, more)
}

// AppendJSON appends the counts as a JSON object on a line of its own. Its names are an interface: they stay.
func (n *Counts) AppendJSON(b []byte, took time.Duration, stats capture.LiveStats) []byte {
	b = append(b, `{"summary":{`...)
	for _, c := range []struct {
		name string
		n    uint64
	}{{"seen", n.Seen}, {"shown", n.Shown}, {"filtered", n.Filtered}, {"hidden", n.Hidden}, {"skipped", n.Skipped}, {"dropped", n.Dropped}} {
		b = append(strconv.AppendUint(append(strconv.AppendQuote(b, c.name), ':'), c.n, 10), ',')
	}
	b = append(b, `"reasons":{`...)
	for i, r := range stats.Reasons {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(strconv.AppendQuote(b, r.Why), ':'), r.N, 10)
	}
	b = append(b, `},"seconds":`...)
	b = strconv.AppendFloat(b, took.Seconds(), 'f', 6, 64)
	return append(b, "}}\n"...)
}

// Grouped is n with a comma between thousands.
func Grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
