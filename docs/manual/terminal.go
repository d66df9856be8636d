package manual

import (
	"os"

	"golang.org/x/term"
)

// Width is the number of columns that a listing on f may use.
func Width(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w
	}
	return 120
}

// Size is the size of a terminal in characters; 0 and 0 when f is none.
func Size(f *os.File) (width, height int) {
	if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return w, h
	}
	return 0, 0
}

// Colored decides about colours on f: NO_COLOR and TERM=dumb win over everything but --color=always.
func Colored(mode string, f *os.File) bool {
	switch mode {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}
