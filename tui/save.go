package tui

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"scry/chisels"
	"scry/filter/fields"
)

// saver is a pane that can be saved. What save returns writes it, in another goroutine, so it has only what nobody changes.
type saver interface {
	save(format chisels.OutputFormat) func(io.Writer) error
}

// fileName is what a file is called unless the user says otherwise: of the letters and digits of the words.
func fileName(what, view, ext string) string {
	var b strings.Builder
	for _, r := range "scry-" + view + "-" + what {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 48 {
			break
		}
	}
	return strings.TrimRight(b.String(), "-") + "." + ext
}

// askName asks for the name of a file that shall be written, and once more when there is one of that name.
func (a *app) askName(label, name string, says []string, write func(file string)) {
	p := &prompt{label: label, check: func(text string) (bool, []string) {
		switch st, err := os.Stat(text); {
		case strings.TrimSpace(text) == "":
			return false, []string{"the name of a file"}
		case err == nil && st.IsDir():
			return false, []string{"this is a directory"}
		case err == nil:
			return true, append([]string{"there is a file of that name: it would be replaced"}, says...)
		case !errors.Is(err, fs.ErrNotExist):
			return false, []string{err.Error()}
		}
		return true, says
	}}
	p.done = func(text string) bool {
		if !p.ok {
			return false
		}
		a.shut()
		text = a.place(text)
		if _, err := os.Lstat(text); err == nil {
			a.confirm("Replace "+text+"?", func() { write(text) })
		} else {
			write(text)
		}
		return false
	}
	a.openPrompt(p, name)
}

// saveScreen writes what the pane shows: as a table of text, or by the end of the name as CSV or JSON.
func (a *app) saveScreen() {
	says := []string{"text; a name that ends in .csv or .json gives that"}
	if _, ok := a.top().pane.(saver); !ok {
		says[0] = "the text of the screen"
	}
	a.askName("save to", fileName("", a.top().pane.id(), "txt"), says, a.saveTo)
}

// saveTo writes the file.
func (a *app) saveTo(file string) {
	format := chisels.FormatText
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		format = chisels.FormatCSV
	case ".json", ".jsonl":
		format = chisels.FormatJSON
	}
	var write func(io.Writer) error
	if s, ok := a.top().pane.(saver); ok {
		write = s.save(format)
	} else if format != chisels.FormatText {
		a.say(true, "only tables and lists are saved as CSV and JSON: this is saved as text")
		return
	} else {
		text := a.screenText()
		write = func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	a.say(false, "saving %s", file)
	a.saving.Add(1)
	go func() {
		n, err := writeFile(file, write)
		a.saving.Done()
		a.tv.QueueUpdateDraw(func() {
			if err != nil {
				a.say(true, "%v", err)
				return
			}
			a.say(false, "saved %s: %s", file, sizeText(n))
		})
	}()
}

// writeFile writes a file, readable for its owner only as captures are.
func writeFile(name string, write func(io.Writer) error) (int64, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	err = write(w)
	if e := w.Flush(); err == nil {
		err = e
	}
	n, _ := f.Seek(0, io.SeekCurrent)
	if e := f.Close(); err == nil {
		err = e
	}
	return n, err
}

// screenText is what stands on the screen.
func (a *app) screenText() string {
	var b strings.Builder
	w, h := a.screen.Size()
	for y := range h {
		var line strings.Builder
		for x := 0; x < w; {
			text, _, n := a.screen.Get(x, y)
			line.WriteString(cmp.Or(text, " "))
			x += max(n, 1)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// save is the table as the pane shows it: its rows, in its columns.
func (p *tablePane) save(format chisels.OutputFormat) func(io.Writer) error {
	if p.frame == nil {
		return func(io.Writer) error { return nil }
	}
	f := part(p.frame, p.rows, p.shown())
	env := p.app.o.Env
	env.Options, env.Format, env.Top, env.Width, env.Color = p.options, format, chisels.AllRows, 0, false
	return func(w io.Writer) error {
		own := env
		own.Out = chisels.NewOutput(w)
		err := (&chisels.Printer{Env: &own}).Print(f)
		return errors.Join(err, own.Out.Close())
	}
}

// part is a frame with some of its rows and columns, in their order.
func part(f *chisels.Frame, rows, cols []int) *chisels.Frame {
	pick := func(r chisels.Row) chisels.Row {
		out := chisels.Row{Depth: r.Depth}
		for _, i := range cols {
			out.Values = append(out.Values, r.Values[i])
		}
		return out
	}
	g := *f
	g.Columns, g.Rows, g.Total = nil, nil, pick(f.Total)
	for _, i := range cols {
		g.Columns = append(g.Columns, f.Columns[i])
	}
	for _, i := range rows {
		g.Rows = append(g.Rows, pick(f.Rows[i]))
	}
	if f.Other != nil && len(rows) == len(f.Rows) {
		o := pick(*f.Other)
		g.Other = &o
	} else {
		g.Other = nil
	}
	return &g
}

// moment is a time as files have it.
func moment(ts uint64) string {
	return time.Unix(0, int64(ts)).UTC().Format("2006-01-02T15:04:05.000000000Z")
}

// records writes rows of the same columns as CSV, or as a JSON object on a line for each.
func records(w io.Writer, format chisels.OutputFormat, names []string, numbers []bool, each func(func(row []string) error) error) error {
	if format == chisels.FormatCSV {
		c := csv.NewWriter(w)
		if err := c.Write(names); err != nil {
			return err
		}
		err := each(c.Write)
		c.Flush()
		return errors.Join(err, c.Error())
	}
	var b []byte
	return each(func(row []string) error {
		b = append(b[:0], '{')
		for i, v := range row {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(fields.AppendJSONText(b, names[i]), ':')
			if numbers[i] {
				b = append(b, v...)
			} else {
				b = fields.AppendJSONText(b, v)
			}
		}
		_, err := w.Write(append(b, "}\n"...))
		return err
	})
}

// save is the list as scry prints it; or its columns.
func (p *digPane) save(format chisels.OutputFormat) func(io.Writer) error {
	d, some, zone := p.list, slices.Clone(p.some), p.app.zone()
	if p.text == "" {
		some = make([]int, d.n)
		for i := range some {
			some[i] = d.first + i
		}
	}
	return func(w io.Writer) error {
		if format == chisels.FormatText {
			for _, seq := range some {
				r, text := d.row(seq - d.first)
				line := fmt.Sprintf("%d %s %d %s\n", r.num, time.Unix(0, int64(r.ts)).In(zone).Format("15:04:05.000000000"), r.cpu, text)
				if r.tone == toneGap {
					line = string(text) + "\n"
				}
				if _, err := io.WriteString(w, line); err != nil {
					return err
				}
			}
			return nil
		}
		names := []string{"evt.num", "evt.time", "evt.cpu", "process", "evt.dir", "evt.type", "evt.info"}
		return records(w, format, names, []bool{true, false, true, false, false, false, false}, func(write func([]string) error) error {
			for _, seq := range some {
				r, b := d.row(seq - d.first)
				if r.tone == toneGap {
					continue
				}
				dir, kind, _ := strings.Cut(string(bytes.TrimSpace(b[r.who:r.kind])), " ")
				row := []string{strconv.FormatUint(r.num, 10), moment(r.ts), strconv.Itoa(int(r.cpu)), string(b[:r.who]), dir, kind, strings.TrimSpace(string(b[r.kind:]))}
				if err := write(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// save is the data below lines that say who moved them; or a row for each call, with the exact bytes in base64.
func (p *echoPane) save(format chisels.OutputFormat) func(io.Writer) error {
	l, mode, some := p.list, p.mode, slices.Clone(p.some)
	if p.text == "" {
		some = make([]int, len(l.list))
		for i := range some {
			some[i] = l.first + i
		}
	}
	return func(w io.Writer) error {
		if format == chisels.FormatText {
			for _, seq := range some {
				e := l.list[seq-l.first]
				if e.gap != "" {
					if _, err := io.WriteString(w, e.gap+"\n"); err != nil {
						return err
					}
					continue
				}
				text := "------ " + moment(e.ts) + " " + e.head() + "\n"
				for _, line := range dataLines(e.data, mode, 120) {
					text += string(fields.AppendText(nil, line, &fields.Options{})) + "\n"
				}
				if _, err := io.WriteString(w, text); err != nil {
					return err
				}
			}
			return nil
		}
		names := []string{"evt.num", "time", "process", "pid", "tid", "direction", "bytes", "fd", "container", "container_id", "data_b64"}
		numbers := []bool{true, false, false, true, true, false, true, false, false, false, false}
		return records(w, format, names, numbers, func(write func([]string) error) error {
			for _, seq := range some {
				e := l.list[seq-l.first]
				if e.gap != "" {
					continue
				}
				way := map[bool]string{true: "read", false: "write"}[e.read]
				row := []string{fmt.Sprint(e.num), moment(e.ts), e.comm, fmt.Sprint(e.pid), fmt.Sprint(e.tid), way, fmt.Sprint(e.moved), e.name, e.container, e.id,
					base64.StdEncoding.EncodeToString(e.data)}
				if err := write(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// save is the names and values.
func (p *detailPane) save(format chisels.OutputFormat) func(io.Writer) error {
	d := p.shown
	return func(w io.Writer) error {
		if d == nil {
			return nil
		}
		if format == chisels.FormatText {
			for _, g := range d.groups {
				for _, it := range g.items {
					if it.why != "" {
						continue
					}
					if _, err := fmt.Fprintf(w, "%-28s %s\n", it.name, it.text); err != nil {
						return err
					}
				}
			}
			for _, line := range hexRows(d.record, 80) {
				if _, err := io.WriteString(w, line+"\n"); err != nil {
					return err
				}
			}
			return nil
		}
		return records(w, format, []string{"field", "value", "type"}, make([]bool, 3), func(write func([]string) error) error {
			for _, g := range d.groups {
				for _, it := range g.items {
					if it.why != "" {
						continue
					}
					if err := write([]string{it.name, it.text, it.kind}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}
