package scap

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layouts are the conversions that package time has a layout for.
var layouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'j': "002",
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'Z': "MST", 'z': "-0700",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05",
}

// strftime formats t as strftime(3) does in the C locale, for names of files.
func strftime(format string, t time.Time) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		if i++; i == len(format) {
			return "", fmt.Errorf("file name %q ends in %%; %%%% stands for one", format)
		}
		switch c = format[i]; c {
		case '%':
			b.WriteByte('%')
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'u':
			b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
		case 'w':
			b.WriteString(strconv.Itoa(int(t.Weekday())))
		case 'U':
			fmt.Fprintf(&b, "%02d", (t.YearDay()+6-int(t.Weekday()))/7)
		case 'W':
			fmt.Fprintf(&b, "%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
		case 'V', 'G':
			year, week := t.ISOWeek()
			if c == 'G' {
				week = year
			}
			fmt.Fprintf(&b, "%02d", week)
		case 'C':
			fmt.Fprintf(&b, "%02d", t.Year()/100)
		default:
			l, ok := layouts[c]
			if !ok {
				return "", fmt.Errorf("file name %q: %%%c is no conversion of strftime", format, c)
			}
			b.WriteString(t.Format(l))
		}
	}
	return b.String(), nil
}
