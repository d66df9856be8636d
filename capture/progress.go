package capture

import (
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how much of a file was read: once that has taken a second, and only on a terminal.
type Progress struct {
	file  *File
	out   *os.File
	began time.Time
	after time.Duration
	bar   *progressbar.ProgressBar
}

// NewProgress shows the progress of f on out, with always from the start. It returns nil, which shows nothing, when out is no terminal or f
// has no size.
func NewProgress(f *File, out *os.File, always bool) *Progress {
	if f.Size == 0 || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	p := &Progress{file: f, out: out, began: time.Now(), after: time.Second}
	if always {
		p.after = 0
	}
	return p
}

// Tick draws the bar, at most ten times a second.
func (p *Progress) Tick() {
	if p == nil || time.Since(p.began) < p.after {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(p.file.Size, progressbar.OptionSetWriter(p.out), progressbar.OptionShowBytes(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
			progressbar.OptionSetDescription(filepath.Base(p.file.Name)))
	}
	p.bar.Set64(min(p.file.Offset(), p.file.Size))
}

// Clear takes the bar away.
func (p *Progress) Clear() {
	if p != nil && p.bar != nil {
		p.bar.Clear()
	}
}
