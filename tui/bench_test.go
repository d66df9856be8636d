package tui

import (
	"fmt"
	"testing"

	"github.com/gdamore/tcell/v2"

	"scry/chisels"
	"scry/filter/fields"
)

// BenchmarkRefresh shows a new frame of 10,000 rows and 12 columns, sorted by another column than its own, on a screen of 160 by 45.
func BenchmarkRefresh(b *testing.B) {
	spec, err := chisels.NewCatalog(nil).View("procs")
	if err != nil {
		b.Fatal(err)
	}
	frame := func(k int) *chisels.Frame {
		f := &chisels.Frame{Spec: spec}
		for i := range 12 {
			c := &chisels.ColumnSpec{Name: fmt.Sprint("c", i), Title: fmt.Sprint("COL", i), Field: "proc.pid", Key: i == 0, Agg: "sum", Unit: "bytes"}
			f.Columns = append(f.Columns, c)
		}
		for r := range 10_000 {
			row := chisels.Row{Values: make([]fields.Value, 12)}
			for i := range row.Values {
				row.Values[i] = fields.Value{Type: fields.Int, Num: uint64((r*(i+7919) + k*i) % 1_000_003)}
			}
			row.Values[0].Num = uint64(r)
			f.Rows = append(f.Rows, row)
		}
		f.Total = chisels.Row{Values: make([]fields.Value, 12)}
		return f
	}
	s := tcell.NewSimulationScreen("UTF-8")
	if err := s.Init(); err != nil {
		b.Fatal(err)
	}
	s.SetSize(160, 45)
	g := newGrid(newTheme("default"), &fields.Options{})
	g.SetRect(0, 0, 160, 45)
	frames := []*chisels.Frame{frame(1), frame(2)}
	g.sorted, g.sort, g.desc = true, "c5", true
	g.set(frames[0], true)
	g.move(5000)
	for b.Loop() {
		for _, f := range frames {
			g.set(f, true)
			g.Draw(s)
			s.Show()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/2, "ms/refresh")
}
