package fields

import (
	"strconv"
	"strings"

	"scry/capture/event"
)

// isSyslog tells whether ev writes to the system log's socket.
func isSyslog(ev *event.Event) bool {
	return ev.FD != nil && ev.Type.Schema().Flags&event.WritesFD != 0 && strings.Contains(ev.FD.Name, "/dev/log")
}

// syslogMessage is one message: "<priority>text", where priority is facility * 8 + severity (RFC 3164).
type syslogMessage struct {
	facility, severity int
	text               string
}

var severities = [...]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}

var facilities = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "clock", "authpriv", "ftp", "ntp",
	"logaudit", "logalert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

// parseSyslog reads the message that ev writes; ok is false when it has none.
func parseSyslog(ev *event.Event) (m syslogMessage, ok bool) {
	if ev.Type >= event.NumTypes || ev.Type.Dir() != event.Exit || dataParam[ev.Type] < 0 {
		return m, false
	}
	s := stringOf(ev.Param(int(dataParam[ev.Type])))
	s, ok = strings.CutPrefix(s, "<")
	if !ok {
		return m, false
	}
	pri, text, ok := strings.Cut(s, ">")
	if !ok || len(pri) > 3 {
		return m, false
	}
	n, err := strconv.Atoi(pri)
	if err != nil || n < 0 || n > 191 {
		return m, false
	}
	return syslogMessage{facility: n >> 3, severity: n & 7, text: strings.TrimRight(text, "\x00")}, true
}

func appendSyslogLine(dst []byte, m syslogMessage, o *Options) []byte {
	dst = append(append(dst, "syslog sev="...), severities[m.severity]...)
	dst = append(dst, " msg="...)
	start := len(dst)
	return escapeTail(append(dst, m.text...), start, o)
}

// ofSyslog makes the get function of a syslog field.
func ofSyslog(get func(*Field, syslogMessage) Value) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		if !isSyslog(ev) {
			return Value{}
		}
		m, ok := parseSyslog(ev)
		if !ok {
			return Value{}
		}
		return get(f, m)
	}
}

func syslogFacility(_ *Field, m syslogMessage) Value    { return uintValue(uint64(m.facility)) }
func syslogFacilityStr(_ *Field, m syslogMessage) Value { return textValue(facilities[m.facility]) }
func syslogSeverity(_ *Field, m syslogMessage) Value    { return uintValue(uint64(m.severity)) }
func syslogSeverityStr(_ *Field, m syslogMessage) Value { return textValue(severities[m.severity]) }
func syslogText(_ *Field, m syslogMessage) Value        { return textValue(m.text) }
