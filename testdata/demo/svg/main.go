// svg makes a picture of a terminal: it reads what `tmux capture-pane -e -p -N` prints, and writes SVG.
package main

import (
	"bufio"
	"fmt"
	"html"
	"os"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

// A cell of a terminal, in units of the picture. Text is stretched to the cells that it has, whatever the font.
const cellW, cellH, fontSize = 8, 17, 13.3

const foreground, background = "#d8dee9", "#1b1f27"

// style is how cells look.
type style struct {
	fore, back               string
	bold, dim, line, reverse bool
}

func main() {
	var b strings.Builder
	lines, width := 0, 0
	in := bufio.NewScanner(os.Stdin)
	st := style{}
	for in.Scan() {
		w := drawLine(&b, in.Text(), lines*cellH, &st)
		width = max(width, w)
		lines++
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "svg:", err)
		os.Exit(1)
	}
	w, h := width*cellW, lines*cellH
	fmt.Printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-monospace,Menlo,'DejaVu Sans Mono',monospace" font-size="%v">
<rect width="100%%" height="100%%" fill="%s"/>
%s</svg>
`, w, h, w, h, fontSize, background, b.String())
}

// drawLine draws a line and returns how many cells it has. The style goes on in the next line.
func drawLine(b *strings.Builder, line string, y int, st *style) int {
	x := 0
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			if end < 0 {
				return x
			}
			if rest[end] == 'm' {
				st.apply(rest[:end])
			}
			line = rest[end+1:]
			continue
		}
		if line[0] < ' ' { // another escape, of which a screen has none
			line = line[1:]
			continue
		}
		text, _, _ := strings.Cut(line, "\x1b")
		line = line[len(text):]
		n := uniseg.StringWidth(text)
		st.draw(b, text, x, y, n)
		x += n
	}
	return x
}

// draw draws cells that look the same. Blanks at the ends need no text.
func (s *style) draw(b *strings.Builder, text string, x, y, n int) {
	fore, back := s.fore, s.back
	if fore == "" {
		fore = foreground
	}
	if s.reverse {
		if back == "" {
			back = background
		}
		fore, back = back, fore
	}
	if back != "" {
		fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x*cellW, y, n*cellW, cellH, back)
	}
	more := fmt.Sprintf(` fill="%s"`, fore)
	if s.bold {
		more += ` font-weight="bold"`
	}
	if s.dim {
		more += ` opacity=".6"`
	}
	if s.line {
		more += ` text-decoration="underline"`
	}
	for _, word := range strings.SplitAfter(text, "  ") { // pictures know no wide gaps
		n := uniseg.StringWidth(word)
		left := len(word) - len(strings.TrimLeft(word, " "))
		if word = strings.TrimSpace(word); word != "" {
			fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\"%s>%s</text>\n", (x+left)*cellW, y+13,
				uniseg.StringWidth(word)*cellW, more, html.EscapeString(word))
		}
		x += n
	}
}

// apply does what the numbers of an SGR sequence say.
func (s *style) apply(list string) {
	f := strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ':' })
	if len(f) == 0 {
		*s = style{}
	}
	num := func(i int) int {
		if i >= len(f) {
			return 0
		}
		n, _ := strconv.Atoi(f[i])
		return n
	}
	for i := 0; i < len(f); i++ {
		switch n := num(i); {
		case n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 4:
			s.line = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 24:
			s.line = false
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.fore = indexed(n - 30)
		case n >= 90 && n <= 97:
			s.fore = indexed(n - 90 + 8)
		case n == 39:
			s.fore = ""
		case n >= 40 && n <= 47:
			s.back = indexed(n - 40)
		case n >= 100 && n <= 107:
			s.back = indexed(n - 100 + 8)
		case n == 49:
			s.back = ""
		case n == 38 || n == 48:
			color := ""
			if num(i+1) == 5 {
				color = indexed(num(i + 2))
				i += 2
			} else {
				color = fmt.Sprintf("#%02x%02x%02x", num(i+2), num(i+3), num(i+4))
				i += 4
			}
			if n == 38 {
				s.fore = color
			} else {
				s.back = color
			}
		}
	}
}

// basic are the 16 colours that every terminal has; these are xterm's, the darkest brightened up a little.
var basic = []string{"#000000", "#cd3131", "#0dbc79", "#c5b500", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
	"#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"}

// indexed is a colour of the 256.
func indexed(n int) string {
	switch {
	case n < 16:
		return basic[max(n, 0)]
	case n < 232:
		n -= 16
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	}
	v := 8 + 10*(n-232)
	return fmt.Sprintf("#%02x%02x%02x", v, v, v)
}
