// Package capture is where events come from: files now, the kernel later. Everything above it sees a Source.
package capture

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"scry/capture/event"
	"scry/capture/scap"
)

// Source gives events one after the other. Next fills the caller's event, whose bytes are valid until the next call; it returns io.EOF at
// a clean end.
type Source interface {
	Next(*event.Event) error
	Close() error
}

// File is a capture file as a source.
type File struct {
	*scap.Reader
	Name    string
	Size    int64 // bytes, 0 when it is not a regular file
	Regular bool
}

// Open opens the capture called name; "-" is standard input. When stop is closed, reading from a pipe ends. Errors do not say the name.
func Open(name string, stop <-chan struct{}) (*File, error) {
	f, err := os.Stdin, error(nil)
	if name != "-" {
		if f, err = os.Open(name); err != nil {
			if pe, ok := errors.AsType[*fs.PathError](err); ok {
				err = pe.Err
			}
			return nil, err
		}
	}
	file := &File{Name: name}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		file.Size, file.Regular = st.Size(), true
	}
	var in io.Reader = f
	if !file.Regular {
		in = newPipe(f, stop)
	}
	if file.Reader, err = scap.NewReader(in, name); err != nil {
		f.Close()
		return nil, err
	}
	return file, nil
}

// Stat says which files the inputs of these names are, as far as they are files.
func Stat(names []string) (infos []os.FileInfo) {
	for _, name := range names {
		st, err := os.Stat(name)
		if name == "-" {
			st, err = os.Stdin.Stat()
		}
		if err == nil {
			infos = append(infos, st)
		}
	}
	return infos
}

// OnWait makes Next call fn whenever it waits for a pipe. The few waits for a disk are not worth a call.
func (f *File) OnWait(fn func()) {
	if !f.Regular {
		f.Reader.OnWait(fn)
	}
}

// pipe reads from something that may never have more, such that a stop is heeded all the same.
type pipe struct {
	f    io.ReadCloser
	stop <-chan struct{}
	data chan []byte
	err  error // valid once data is closed
	rest []byte
}

const pipeChunk = 64 << 10

func newPipe(f io.ReadCloser, stop <-chan struct{}) *pipe {
	p := &pipe{f: f, stop: stop, data: make(chan []byte, 2)}
	go func() {
		defer close(p.data)
		for {
			b := make([]byte, pipeChunk)
			n, err := f.Read(b)
			if n > 0 {
				select {
				case p.data <- b[:n]:
				case <-stop:
					p.err = io.EOF
					return
				}
			}
			if err != nil {
				p.err = err
				return
			}
		}
	}()
	return p
}

// Read returns what the pipe has, or io.EOF after a stop.
func (p *pipe) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		select {
		case d, ok := <-p.data:
			if !ok {
				return 0, p.err
			}
			p.rest = d
		case <-p.stop:
			return 0, io.EOF
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Close closes the pipe.
func (p *pipe) Close() error { return p.f.Close() }
