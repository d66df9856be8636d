package filter

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a mistake in the text of a filter: what is wrong, where, and what to write instead.
type Error struct {
	Text   string // the whole filter
	Offset int    // of the place, in bytes: 0 to len(Text)
	Length int    // of the place, in bytes; 0 at the end of the text
	Line   int    // from 1
	Column int    // from 1, in characters
	Msg    string // one line, no full stop
	Hint   string // what to do about it, "" when nothing helps
}

// newError fills in line and column.
func newError(text string, offset, length int, msg, hint string) *Error {
	offset = min(max(offset, 0), len(text))
	length = min(max(length, 0), len(text)-offset)
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	return &Error{
		Text: text, Offset: offset, Length: length,
		Line:   strings.Count(text[:offset], "\n") + 1,
		Column: utf8.RuneCountInString(text[start:offset]) + 1,
		Msg:    clean(msg), Hint: clean(hint),
	}
}

// errorWidth is how much of a long line is shown.
const errorWidth = 100

// Error is the message in three lines: place and message, the line of the filter, carets under the place and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("filter:" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column) + ": " + e.Msg)
	start := strings.LastIndexByte(e.Text[:e.Offset], '\n') + 1
	line, _, _ := strings.Cut(e.Text[start:], "\n")
	shown := []rune(clean(line))
	at := e.Column - 1
	n := utf8.RuneCountInString(line[min(len(line), e.Offset-start):min(len(line), e.Offset-start+e.Length)])
	shown, at, n = cutAround(shown, at, max(n, 1))
	b.WriteString("\n  " + strings.TrimRight(string(shown), " "))
	b.WriteString("\n  " + strings.Repeat(" ", at) + strings.Repeat("^", n))
	if e.Hint != "" {
		b.WriteString(" " + e.Hint)
	}
	return b.String()
}

// cutAround shortens a long line to what surrounds the n characters at at, and moves the place with it.
func cutAround(line []rune, at, n int) ([]rune, int, int) {
	if len(line) <= errorWidth {
		return line, at, n
	}
	n = min(n, errorWidth/2)
	from := max(0, min(at-(errorWidth-n)/2, len(line)-errorWidth))
	to := min(len(line), from+errorWidth)
	var out []rune
	if from > 0 {
		out = append(out, []rune("...")...)
		from = min(from+3, at) // what the dots stand on
	}
	at = at - from + len(out)
	if to < len(line) {
		out = append(out, line[from:to-3]...)
		return append(out, []rune("...")...), at, n
	}
	return append(out, line[from:to]...), at, n
}

// clean makes text from a filter fit for a terminal: one column for each character, no control bytes.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
