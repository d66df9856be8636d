package tui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"scry/chisels"
	"scry/filter/fields"
)

// grid shows a frame as a table. The selection is a row's key: it stays with the row when others overtake it.
type grid struct {
	*tview.Box
	theme   *theme
	options *fields.Options
	prefs   *viewPrefs // what the user did to the columns

	frame  *chisels.Frame
	rows   []int // of the frame, that have the text
	text   string
	first  int  // shown column by which it is sorted at first, from 0; negative: as it comes
	sorted bool // by the user: by the column of that name
	sort   string
	desc   bool
	key    string // of the selected row; "" is the first one
	row    int    // its index in rows
	top    int    // of rows, on the first line
	left   int    // columns that are scrolled out
	tail   bool   // of a list: the last row is selected, whatever comes
	empty  string // said when there are no rows
	height int    // lines for rows, when it was drawn last

	layout []gridColumn
	last   int         // column that stands last
	widths map[int]int // seen so far, so that columns do not dance
	right  map[int]bool
	trend  *trend
	folded map[string]bool // keys of rows of a tree below which nothing is shown
	twigs  twigs

	opened  func() // a double click
	changed func() // another row is selected
	ordered func() // a click on a header
}

// gridColumn is a column on the screen.
type gridColumn struct {
	col   int // of the frame
	x, w  int // in cells, from the left of the grid
	trend bool
}

func newGrid(t *theme, o *fields.Options) *grid {
	return &grid{Box: tview.NewBox(), first: -1, theme: t, options: o, prefs: &viewPrefs{}, widths: map[int]int{}, trend: newTrend(), folded: map[string]bool{}}
}

// set shows a frame. step tells that it ends an interval.
func (g *grid) set(f *chisels.Frame, step bool) {
	list := f.Order.Column < 0
	if g.frame == nil && list {
		g.tail = true
	}
	if cols := f.Shown(); g.frame == nil && g.first >= 0 && g.first < len(cols) && !list {
		g.sorted, g.sort, g.desc = true, f.Columns[cols[g.first]].Name, f.Right(cols[g.first])
	}
	if col := g.column(f, g.sort); g.sorted && col >= 0 && (f.Order.Column != col || f.Order.Descending != g.desc) {
		f = f.Sorted(col, g.desc)
	}
	g.frame, g.right = f, map[int]bool{}
	for i := range f.Columns {
		g.right[i] = f.Right(i)
	}
	g.pick()
	if step {
		g.trend.add(f)
	}
}

// column is the index of the column of that name, -1 when there is none.
func (g *grid) column(f *chisels.Frame, name string) int {
	return slices.IndexFunc(f.Columns, func(c *chisels.ColumnSpec) bool { return c.Name == name })
}

// pick finds the rows that have the text, and the selected one among them.
func (g *grid) pick() {
	f := g.frame
	g.rows = g.rows[:0]
	want := strings.ToLower(g.text)
	for i := range f.Rows {
		if want == "" || g.has(i, want) {
			g.rows = append(g.rows, i)
		}
	}
	g.foldTree()
	switch {
	case g.tail:
		g.row = max(len(g.rows)-1, 0)
	case g.key != "":
		at := slices.IndexFunc(g.rows, func(i int) bool { return f.Key(i) == g.key })
		if at >= 0 {
			g.row = at
		}
	}
	g.row = max(min(g.row, len(g.rows)-1), 0)
}

// has tells whether a row has a text, in lower case, in one of its shown cells.
func (g *grid) has(row int, text string) bool {
	for i, c := range g.frame.Columns {
		if !c.Hide && strings.Contains(strings.ToLower(g.frame.Text(i, g.frame.Rows[row].Values[i], g.options)), text) {
			return true
		}
	}
	return false
}

// narrow leaves the rows that have the text.
func (g *grid) narrow(text string) {
	g.text = text
	if g.frame != nil {
		g.pick()
	}
}

// selected is the index in the frame of the selected row; false when there is none.
func (g *grid) selected() (int, bool) {
	if g.frame == nil || g.row >= len(g.rows) {
		return 0, false
	}
	return g.rows[g.row], true
}

// unknown says of the shown cells of the selected row that have no value why that is so, a text for each reason. Rows of a tree have cells that are for others.
func (g *grid) unknown() (list []string) {
	row, ok := g.selected()
	if !ok {
		return nil
	}
	f := g.frame
	titles := map[string]string{}
	var reasons []string
	for _, i := range g.shown() {
		v := f.Rows[row].Values[i]
		if v.Type != fields.Absent || v.Str == "" && len(f.Spec.Levels) > 0 {
			continue
		}
		why := cmp.Or(v.Str, "no event of the row tells it")
		if titles[why] == "" {
			titles[why] = f.Title(i)
			reasons = append(reasons, why)
		} else {
			titles[why] += ", " + f.Title(i)
		}
	}
	for _, why := range reasons {
		list = append(list, titles[why]+" unknown: "+why)
	}
	return list
}

// move selects another row, by its place.
func (g *grid) move(to int) {
	if g.frame == nil || len(g.rows) == 0 {
		return
	}
	g.row = max(min(to, len(g.rows)-1), 0)
	g.tail = g.frame.Order.Column < 0 && g.row == len(g.rows)-1
	g.key = g.frame.Key(g.rows[g.row])
	if g.changed != nil {
		g.changed()
	}
}

// find selects the next row, in a direction, that has a text. It reports whether there is one.
func (g *grid) find(text string, from, step int) bool {
	if g.frame == nil || text == "" {
		return false
	}
	text = strings.ToLower(text)
	n := len(g.rows)
	for k := range n {
		at := ((from+step*k)%n + n) % n
		if g.has(g.rows[at], text) {
			g.move(at)
			return true
		}
	}
	return false
}

// order sorts by a column, or the other way round when that is the order already.
func (g *grid) order(col int) {
	f := g.frame
	if f == nil || col < 0 || col >= len(f.Columns) {
		return
	}
	desc := g.right[col]
	if f.Order.Column == col {
		desc = !f.Order.Descending
	}
	g.sorted, g.sort, g.desc = true, f.Columns[col].Name, desc
	g.trend = newTrend()
	g.set(f.Sorted(col, desc), false)
	if g.ordered != nil {
		g.ordered()
	}
}

// shift sorts by the shown column next to that of the order.
func (g *grid) shift(by int) {
	cols := g.shown()
	if len(cols) == 0 {
		return
	}
	at := slices.Index(cols, g.frame.Order.Column)
	if at < 0 {
		at = 0
	} else {
		at = (at + by + len(cols)) % len(cols)
	}
	g.frame = g.unordered()
	g.order(cols[at])
}

// unordered is the frame without its order, so that order does not turn it round.
func (g *grid) unordered() *chisels.Frame {
	f := *g.frame
	f.Order.Column = -1
	return &f
}

// shown are the columns in their order on the screen.
func (g *grid) shown() []int {
	if g.frame == nil {
		return nil
	}
	return g.prefs.arrange(g.frame)
}

// Draw draws the grid.
func (g *grid) Draw(screen tcell.Screen) {
	g.DrawForSubclass(screen, g)
	x, y, w, h := g.GetInnerRect()
	for i := range h {
		fill(screen, x, y+i, w, g.theme.text)
	}
	if g.frame == nil || h < 2 {
		g.drawEmpty(screen)
		return
	}
	total := g.totals()
	g.height = h - 1
	if total {
		g.height--
	}
	g.height = max(g.height, 1)
	g.scroll()
	g.measure(w)
	g.drawHead(screen, x, y, w)
	for i := 0; i < g.height && g.top+i < len(g.rows); i++ {
		g.drawRow(screen, x, y+1+i, w, g.top+i)
	}
	if len(g.rows) == 0 {
		g.drawEmpty(screen)
	}
	if total && h > 2 {
		g.drawTotal(screen, x, y+h-1, w)
	}
}

// scroll brings the selected row onto the screen.
func (g *grid) scroll() {
	if g.row < g.top {
		g.top = g.row
	}
	if g.row >= g.top+g.height {
		g.top = g.row - g.height + 1
	}
	g.top = max(min(g.top, len(g.rows)-g.height), 0)
}

// drawEmpty says why there is nothing.
func (g *grid) drawEmpty(screen tcell.Screen) {
	x, y, w, h := g.GetInnerRect()
	drawNothing(screen, x, y, w, h, g.theme, g.empty)
}

// title is the header of a column.
func (g *grid) title(col int) string { return g.frame.Title(col) }

const (
	maxCell    = 40 // of a column that others follow
	trendWidth = 10
)

// measure lays the columns out in w cells.
func (g *grid) measure(w int) {
	f := g.frame
	cols := g.shown()
	g.layout = g.layout[:0]
	for _, c := range cols {
		n := uniseg.StringWidth(g.title(c)) + 1 // for the arrow
		n = max(n, min(f.Columns[c].Width, maxCell), g.widths[c])
		for i := g.top; i < g.top+g.height && i < len(g.rows); i++ {
			n = max(n, min(uniseg.StringWidth(g.cell(c, i)), maxCell))
		}
		g.widths[c] = n
	}
	cols = g.forward(cols, w)
	g.last = lastOf(cols)
	g.left = max(min(g.left, len(cols)-1), 0)
	x := 0
	for k, c := range cols {
		if k < g.left {
			continue
		}
		n := g.widths[c]
		if c == lastOf(g.shown()) && c != g.last {
			n = min(n, maxForward)
		}
		if own, ok := g.prefs.width(f.Columns[c].Name); ok {
			n = own
		} else if k == len(cols)-1 && !g.right[c] {
			n = max(w-x, n)
		}
		if x >= w {
			break
		}
		g.layout = append(g.layout, gridColumn{col: c, x: x, w: min(n, w-x)})
		x += n + 1
		if c == f.Order.Column && w >= 100 && g.right[c] && !f.Columns[c].Key && g.trend.useful() {
			g.layout = append(g.layout, gridColumn{col: c, x: x, w: min(trendWidth, w-x), trend: true})
			x += trendWidth + 1
		}
	}
}

// maxForward is how wide a name is that was brought forward.
const maxForward = 24

// forward brings the last column, where views have the name of things, to the second place on a screen that has no room for all: unless the user moved columns.
func (g *grid) forward(cols []int, w int) []int {
	last, sum := lastOf(cols), 0
	for _, c := range cols {
		sum += g.widths[c] + 1
	}
	if len(cols) < 4 || g.right[last] || len(g.prefs.Order) > 0 || sum-g.widths[last]+maxForward/2 <= w {
		return cols
	}
	return slices.Concat(cols[:1], []int{last}, cols[1:len(cols)-1])
}

// cell is the text of a cell of the row at a place.
func (g *grid) cell(col, at int) string {
	text := g.frame.Text(col, g.frame.Rows[g.rows[at]].Values[col], g.options)
	if isTree(g.frame) {
		return g.treeText(col, at, text)
	}
	return text
}

func (g *grid) drawHead(screen tcell.Screen, x, y, w int) {
	base := g.theme.head
	if g.frame.Order.Column < 0 {
		base = g.theme.headList
	}
	fill(screen, x, y, w, base)
	for _, c := range g.layout {
		style, title := base, g.title(c.col)
		if c.trend {
			put(screen, x+c.x, y, c.w, style, "trend")
			continue
		}
		if c.col == g.frame.Order.Column {
			style = g.theme.headSort
			if g.frame.Order.Descending {
				title += "▼"
			} else {
				title += "▲"
			}
		}
		if g.right[c.col] {
			putRight(screen, x+c.x, y, c.w, style, title)
		} else {
			put(screen, x+c.x, y, c.w, style, title)
		}
	}
	if g.left > 0 {
		screen.SetContent(x, y, '‹', nil, g.theme.headSort)
	}
	if n := len(g.layout); n > 0 && g.layout[n-1].col != g.last {
		screen.SetContent(x+w-1, y, '›', nil, g.theme.headSort)
	}
}

func lastOf(cols []int) int {
	if len(cols) == 0 {
		return -1
	}
	return cols[len(cols)-1]
}

func (g *grid) drawRow(screen tcell.Screen, x, y, w, at int) {
	row := g.rows[at]
	style := g.theme.text
	if at == g.row {
		style = g.theme.selected
		fill(screen, x, y, w, style)
	}
	for _, c := range g.layout {
		v := g.frame.Rows[row].Values[c.col]
		if c.trend {
			g.drawTrend(screen, x+c.x, y, c.w, at, row)
			continue
		}
		st, text := style, g.cell(c.col, at)
		if at != g.row {
			if text == "-" || text == "0" || text == "0B" {
				st = g.theme.dim
			} else if c.col == g.frame.Order.Column {
				st = g.theme.strong
			}
		}
		if !g.right[c.col] {
			put(screen, x+c.x, y, c.w, st, text)
			continue
		}
		putRight(screen, x+c.x, y, c.w, st, text)
		if g.frame.Unit(c.col) == "percent" && at != g.row {
			g.shade(screen, x+c.x, y, c.w, v)
		}
	}
}

// shade puts a bar behind a percentage.
func (g *grid) shade(screen tcell.Screen, x, y, w int, v fields.Value) {
	_, back, _ := g.theme.head.Decompose()
	if back == tcell.ColorDefault {
		return
	}
	n := int(number(v)/100*float64(w) + 0.5)
	for i := range min(max(n, 0), w) {
		text, st, _ := screen.Get(x+i, y)
		screen.Put(x+i, y, text, st.Background(back))
	}
}

func (g *grid) drawTrend(screen tcell.Screen, x, y, w, at, row int) {
	style := g.theme.graph
	if at == g.row {
		style = g.theme.selected
	}
	values := g.trend.of(g.frame.Key(row))
	if len(values) > w {
		values = values[len(values)-w:]
	}
	spark(screen, x, y, style, values, g.trend.top)
}

// totals tells whether the frame has a sum of anything.
func (g *grid) totals() bool {
	return slices.ContainsFunc(g.frame.Total.Values, func(v fields.Value) bool { return v.Type != fields.Absent }) && len(g.frame.Rows) > 1
}

func (g *grid) drawTotal(screen tcell.Screen, x, y, w int) {
	fill(screen, x, y, w, g.theme.total)
	label := false
	for _, c := range g.layout {
		v := g.frame.Total.Values[c.col]
		switch {
		case c.trend:
		case v.Type == fields.Absent:
			if !label {
				label = true
				put(screen, x+c.x, y, c.w, g.theme.total, "total")
			}
		default:
			putRight(screen, x+c.x, y, c.w, g.theme.total, g.frame.Text(c.col, v, g.options))
		}
	}
}

// MouseHandler selects, sorts and opens.
func (g *grid) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return g.WrapMouseHandler(func(action tview.MouseAction, event *tcell.EventMouse, setFocus func(tview.Primitive)) (bool, tview.Primitive) {
		mx, my := event.Position()
		if !g.InRect(mx, my) {
			return false, nil
		}
		x, y, _, _ := g.GetInnerRect()
		switch action {
		case tview.MouseScrollUp:
			g.move(g.row - 3)
		case tview.MouseScrollDown:
			g.move(g.row + 3)
		case tview.MouseScrollLeft:
			g.left = max(g.left-1, 0)
		case tview.MouseScrollRight:
			g.left++
		case tview.MouseLeftClick, tview.MouseLeftDoubleClick:
			setFocus(g)
			if my == y {
				g.clickHead(mx - x)
				return true, nil
			}
			if at := g.top + my - y - 1; g.frame != nil && at < len(g.rows) && my-y-1 < g.height {
				g.move(at)
				if action == tview.MouseLeftDoubleClick && g.opened != nil {
					g.opened()
				}
			}
		default:
			return false, nil
		}
		return true, nil
	})
}

func (g *grid) clickHead(x int) {
	for _, c := range g.layout {
		if x >= c.x && x < c.x+c.w && !c.trend {
			g.order(c.col)
		}
	}
}
