package chisels

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"scry/capture/event"
	"scry/filter/fields"
)

// udpExtract saves the payload of datagrams into files, one for each socket and peer, and says at the end what it saved.
type udpExtract struct {
	*Instance
	res, data, name *fields.Field
	dir             string
	root            *os.Root
	files           map[string]*udpFile // by name of the descriptor
	open            []*udpFile          // oldest use first
	left            uint64              // datagrams for which there was no file left
	unnamed         uint64              // datagrams of sockets whose addresses are not known
}

// udpFile is what goes into one file.
type udpFile struct {
	name      string
	f         *os.File // nil: closed for the sake of others
	datagrams uint64
	bytes     uint64 // in the file
	cut       uint64 // datagrams of which a part only was recorded
}

// Bounds of what is created and held open.
const (
	maxUDPFiles = 10000
	maxUDPOpen  = 128
)

func init() { makers["udp_extract"] = newUDPExtract }

func newUDPExtract(in *Instance) (Chisel, error) {
	u := &udpExtract{Instance: in, dir: in.Args["directory"], files: map[string]*udpFile{}}
	var err error
	for text, f := range map[string]**fields.Field{"evt.rawres": &u.res, "evt.buffer": &u.data, "fd.name": &u.name} {
		if *f, err = newField(text, in.Options); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(u.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	u.root, err = os.OpenRoot(u.dir) // what is opened below it stays below it
	return u, err
}

// WritesFiles tells a live capture to keep what new files need.
func (u *udpExtract) WritesFiles() bool { return true }

// Event saves one datagram.
func (u *udpExtract) Event(ev *event.Event) (bool, error) {
	// fd.l4proto does not say it of sockets that were connected before the capture began.
	if ev.FD == nil || ev.FD.L4 != event.L4UDP || !u.take(ev) {
		return false, nil
	}
	name := u.name.Value(ev).Str
	data := u.data.Value(ev).Str
	n := u.res.Value(ev).Int()
	if n == 0 && data == "" {
		return false, nil
	}
	if name == "" {
		u.unnamed++
		return false, nil
	}
	f, err := u.file(name)
	if f == nil || err != nil {
		return false, err
	}
	f.datagrams++
	if int64(len(data)) < n {
		f.cut++
	}
	k, err := f.f.WriteString(data)
	f.bytes += uint64(k)
	return true, err
}

// file gives the file of a descriptor, open for writing; nil when there are too many.
func (u *udpExtract) file(fd string) (*udpFile, error) {
	f := u.files[fd]
	flags := os.O_WRONLY | os.O_APPEND
	if f == nil {
		if len(u.files) >= maxUDPFiles {
			u.left++
			return nil, nil
		}
		f = &udpFile{name: udpFileName(fd)}
		u.files[strings.Clone(fd)] = f
		flags |= os.O_CREATE | os.O_TRUNC
	}
	if f.f != nil {
		return f, nil
	}
	if len(u.open) == maxUDPOpen {
		if err := u.open[0].close(); err != nil {
			return nil, err
		}
		u.open = slices.Delete(u.open, 0, 1)
	}
	var err error
	if f.f, err = u.root.OpenFile(f.name, flags, 0o600); err != nil {
		return nil, err
	}
	u.open = append(u.open, f)
	return f, nil
}

func (f *udpFile) close() error {
	err := f.f.Close()
	f.f = nil
	return err
}

// udpFileName makes a name for a file: "1.2.3.4:53->5.6.7.8:99" is 1.2.3.4_53--5.6.7.8_99. What belongs into no name is _.
func udpFileName(fd string) string {
	name := []byte(fd[:min(len(fd), 200)])
	for i, c := range name {
		switch {
		case c == '>':
			name[i] = '-'
		case c != '.' && !wordRune(rune(c)):
			name[i] = '_'
		}
	}
	if name[0] == '.' {
		name[0] = '_'
	}
	return string(name)
}

// Finish closes the files and lists them.
func (u *udpExtract) Finish() error {
	var first error
	for _, f := range u.open {
		if err := f.close(); first == nil {
			first = err
		}
	}
	if err := u.root.Close(); first == nil {
		first = err
	}
	if first != nil {
		return first
	}
	var list []*udpFile
	for _, f := range u.files {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *udpFile) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name)) })
	b := u.Out.Buffer()
	switch u.Format {
	case FormatJSON:
		b = u.json(b, list)
	case FormatCSV:
		b = u.csv(b, list)
	default:
		b = u.text(b, list)
	}
	if err := u.Out.Keep(b); err != nil {
		return err
	}
	return u.Out.Flush()
}

func (u *udpExtract) text(b []byte, list []*udpFile) []byte {
	b = fmt.Appendf(b, "%10s  %9s  %s\n", "BYTES", "DATAGRAMS", "FILE")
	for _, f := range list {
		b = fmt.Appendf(b, "%10d  %9d  ", f.bytes, f.datagrams)
		b = fields.AppendText(b, u.dir+"/"+f.name, u.Options)
		if f.cut > 0 {
			b = fmt.Appendf(b, " (of %d only the first bytes were recorded)", f.cut)
		}
		b = append(b, '\n')
	}
	if u.left > 0 {
		b = fmt.Appendf(b, "%d datagrams of more than %d sockets and peers are not saved\n", u.left, maxUDPFiles)
	}
	if u.unnamed > 0 {
		b = fmt.Appendf(b, "%d datagrams of sockets whose addresses are not known are not saved\n", u.unnamed)
	}
	return b
}

func (u *udpExtract) json(b []byte, list []*udpFile) []byte {
	for _, f := range list {
		b = fields.AppendJSONText(append(b, `{"file":`...), u.dir+"/"+f.name)
		b = fmt.Appendf(b, `,"bytes":%d,"datagrams":%d,"cut":%d}`+"\n", f.bytes, f.datagrams, f.cut)
	}
	if u.left+u.unnamed > 0 {
		b = fmt.Appendf(b, `{"not_saved":{"too_many":%d,"no_address":%d}}`+"\n", u.left, u.unnamed)
	}
	return b
}

func (u *udpExtract) csv(b []byte, list []*udpFile) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	_ = w.Write([]string{"file", "bytes", "datagrams", "cut"}) // a Buffer has no errors
	for _, f := range list {
		_ = w.Write([]string{u.dir + "/" + f.name, strconv.FormatUint(f.bytes, 10), strconv.FormatUint(f.datagrams, 10), strconv.FormatUint(f.cut, 10)})
	}
	w.Flush()
	return append(b, buf.Bytes()...)
}
