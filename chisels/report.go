package chisels

import (
	"fmt"
	"io"
	"time"

	"scry/capture"
	"scry/filter/fields"
)

// Report writes what is in capture files. What is wrong with one file does not keep the others from being read.
type Report struct {
	Out, Warn io.Writer
	JSON, All bool
	Zone      *time.Location

	Failed  bool // a file could not be read
	Damaged bool // a file is cut off or damaged
}

// Files reports on each file. The error is that of Out.
func (r *Report) Files(names []string) error {
	var b []byte
	for n, name := range names {
		in, err := r.survey(name)
		if err != nil {
			r.Failed = true
			fmt.Fprintf(r.Warn, "scry: %s: %v\n", name, err)
		}
		if in == nil {
			continue
		}
		r.Damaged = r.Damaged || in.Damage != ""
		b = b[:0]
		switch {
		case r.JSON:
			if b, err = in.AppendJSON(b); err != nil {
				return err
			}
		case n > 0:
			b = in.AppendText(append(b, '\n'), r.All, &fields.Options{})
		default:
			b = in.AppendText(b, r.All, &fields.Options{})
		}
		if _, err := r.Out.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// survey reads one capture; in is nil when it is none.
func (r *Report) survey(name string) (in *Info, err error) {
	f, err := capture.Open(name, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err = Survey(f, r.Zone)
	in.File, in.Size = name, f.Size
	return in, err
}
