package tui

import (
	"slices"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// theme is how things look. Colours are true ones: the terminal gets the nearest that it has.
type theme struct {
	name                    string
	text, dim, strong       tcell.Style // on the background
	bar, barKey, barStrong  tcell.Style // header and footer
	head, headSort          tcell.Style // of a table
	headList                tcell.Style
	selected                tcell.Style
	good, warn, bad, accent tcell.Style
	read, write             tcell.Style // directions of data
	graph                   tcell.Style
	heat                    []tcell.Style // of a spectrogram, from little to much
	numbers                 tcell.Style
	total                   tcell.Style
}

// palette is what a theme is made of.
type palette struct {
	name                                  string
	back, text, dim, bar, barText, accent int32
	good, warn, bad, read, write          int32
	selected, selectedText, head          int32
	heat                                  []int32
}

var palettes = []palette{
	{"default", -1, 0xd8dee9, 0x7b8494, 0x2e3440, 0xd8dee9, 0x88c0d0, 0xa3be8c, 0xebcb8b, 0xff6b6b, 0xebcb8b, 0x88c0d0, 0x3b6ea5, 0xffffff, 0x434c5e,
		[]int32{0x1d2b53, 0x1f4e79, 0x2a7f62, 0x7aa63c, 0xd9c43b, 0xe8892b, 0xe5484d}},
	{"high-contrast", 0x000000, 0xffffff, 0xc0c0c0, 0x000080, 0xffffff, 0x00ffff, 0x00ff00, 0xffff00, 0xff5555, 0xffff00, 0x00ffff, 0xffff00, 0x000000, 0x0000aa,
		[]int32{0x000080, 0x0000ff, 0x00aaaa, 0x00ff00, 0xffff00, 0xff8800, 0xff0000}},
	{"light", 0xfafafa, 0x24292f, 0x6e7781, 0xd0d7de, 0x24292f, 0x0550ae, 0x116329, 0x7d4e00, 0xcf222e, 0x7d4e00, 0x0550ae, 0x0969da, 0xffffff, 0xeaeef2,
		[]int32{0xddf4ff, 0xb6e3ff, 0x80ccff, 0x54aeff, 0xd4a72c, 0xbc4c00, 0xa40e26}},
	{"monochrome", -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, nil},
	{"solarized", 0x002b36, 0x93a1a1, 0x586e75, 0x073642, 0xeee8d5, 0x268bd2, 0x859900, 0xb58900, 0xdc322f, 0xb58900, 0x2aa198, 0x586e75, 0xfdf6e3, 0x073642,
		[]int32{0x073642, 0x0b4f5e, 0x2aa198, 0x859900, 0xb58900, 0xcb4b16, 0xdc322f}},
	{"gruvbox", 0x282828, 0xebdbb2, 0x928374, 0x3c3836, 0xebdbb2, 0xfe8019, 0xb8bb26, 0xfabd2f, 0xfb4934, 0xfabd2f, 0x83a598, 0x665c54, 0xfbf1c7, 0x504945,
		[]int32{0x3c3836, 0x076678, 0x427b58, 0x79740e, 0xb57614, 0xaf3a03, 0x9d0006}},
}

// themeNames are the themes that there are.
func themeNames() (names []string) {
	for i := range palettes {
		names = append(names, palettes[i].name)
	}
	return names
}

// newTheme makes the theme of that name; the default one when there is none.
func newTheme(name string) *theme {
	i := max(slices.IndexFunc(palettes, func(p palette) bool { return p.name == name }), 0)
	p := &palettes[i]
	if p.name == "monochrome" {
		return monochrome()
	}
	on := func(back, fore int32) tcell.Style {
		st := tcell.StyleDefault
		if back >= 0 {
			st = st.Background(tcell.NewHexColor(back))
		}
		if fore >= 0 {
			st = st.Foreground(tcell.NewHexColor(fore))
		}
		return st
	}
	t := &theme{name: p.name, text: on(p.back, p.text), dim: on(p.back, p.dim), strong: on(p.back, p.text).Bold(true), bar: on(p.bar, p.barText),
		barKey: on(p.bar, p.accent).Bold(true), barStrong: on(p.bar, p.barText).Bold(true), head: on(p.head, p.barText).Bold(true), headSort: on(p.accent, p.bar).Bold(true),
		headList: on(p.head, p.warn).Bold(true), selected: on(p.selected, p.selectedText), good: on(p.back, p.good), warn: on(p.back, p.warn), bad: on(p.back, p.bad).Bold(true),
		accent: on(p.back, p.accent), read: on(p.back, p.read), write: on(p.back, p.write), graph: on(p.back, p.accent), numbers: on(p.back, p.text), total: on(p.head, p.barText)}
	for _, h := range p.heat {
		t.heat = append(t.heat, on(h, p.text))
	}
	return t
}

// monochrome uses no colour at all, for terminals without and for NO_COLOR.
func monochrome() *theme {
	d := tcell.StyleDefault
	return &theme{name: "monochrome", text: d, dim: d.Dim(true), strong: d.Bold(true), bar: d.Reverse(true), barKey: d.Reverse(true).Bold(true), barStrong: d.Reverse(true).Bold(true),
		head: d.Underline(true), headSort: d.Underline(true).Bold(true), headList: d.Underline(true), selected: d.Reverse(true), good: d, warn: d.Bold(true), bad: d.Bold(true).Reverse(true),
		accent: d.Bold(true), read: d, write: d.Bold(true), graph: d, numbers: d, total: d.Underline(true)}
}

// dress gives the widgets of the library the colours of a theme.
func (t *theme) dress() {
	back := func(s tcell.Style) tcell.Color { _, b, _ := s.Decompose(); return b }
	fore := func(s tcell.Style) tcell.Color { f, _, _ := s.Decompose(); return f }
	tview.Styles = tview.Theme{PrimitiveBackgroundColor: back(t.text), ContrastBackgroundColor: back(t.bar), MoreContrastBackgroundColor: back(t.selected),
		BorderColor: fore(t.dim), TitleColor: fore(t.strong), GraphicsColor: fore(t.dim), PrimaryTextColor: fore(t.text), SecondaryTextColor: fore(t.accent),
		TertiaryTextColor: fore(t.good), InverseTextColor: fore(t.bar), ContrastSecondaryTextColor: fore(t.barStrong)}
}
