package scap

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"scry/capture/event"
)

// benchFile names a capture of 0.4 million events, compressed as ext says: the sections of testdata/hello.scap, a thousand times. The
// environment variable SCRY_BENCH_SCAP names another one, with its compressed forms beside it.
func benchFile(b *testing.B, ext string) string {
	b.Helper()
	if f := os.Getenv("SCRY_BENCH_SCAP"); f != "" {
		return f + ext
	}
	raw, err := os.ReadFile("../../testdata/hello.scap")
	if err != nil {
		b.Fatal(err)
	}
	raw = bytes.Repeat(raw, 1000)
	name := filepath.Join(b.TempDir(), "bench.scap"+ext)
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var w io.WriteCloser
	switch ext {
	case "":
		w = f
	case ".gz":
		w = gzip.NewWriter(f)
	case ".own.gz":
		ownGzip(b, raw, f)
		return name
	case ".zst":
		if w, err = zstd.NewWriter(f); err != nil {
			b.Fatal(err)
		}
	case ".lz4":
		w = lz4.NewWriter(f)
	}
	if _, err := w.Write(raw); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return name
}

// ownGzip copies the capture raw to f, in members as our writer makes them.
func ownGzip(b *testing.B, raw []byte, f io.Writer) {
	r, err := NewReader(bytes.NewReader(raw), "")
	if err != nil {
		b.Fatal(err)
	}
	w := NewWriter(f, WriterOptions{Compress: true})
	if _, err := copyEvents(r, w); err != nil {
		b.Fatal(err)
	}
}

// copyEvents copies what r has to w and closes both. It returns the number of events.
func copyEvents(r *Reader, w *Writer) (n uint64, err error) {
	defer r.Close()
	var ev event.Event
	for {
		if err := r.Next(&ev); err == io.EOF {
			return n, w.Close()
		} else if err != nil {
			return n, err
		}
		if ev.Section != nil {
			if err := w.Start(ev.Section); err != nil {
				return n, err
			}
		}
		if err := w.Event(&ev, false); err != nil {
			return n, err
		}
		n++
	}
}

func benchRead(b *testing.B, ext string) {
	name := benchFile(b, ext)
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		r, err := NewReader(f, name)
		if err != nil {
			b.Fatal(err)
		}
		var ev event.Event
		for {
			if err := r.Next(&ev); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			events++
		}
		r.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mev/s")
}

func BenchmarkReadPlain(b *testing.B)   { benchRead(b, "") }
func BenchmarkReadGzip(b *testing.B)    { benchRead(b, ".gz") }
func BenchmarkReadMembers(b *testing.B) { benchRead(b, ".own.gz") }
func BenchmarkReadZstd(b *testing.B)    { benchRead(b, ".zst") }
func BenchmarkReadLZ4(b *testing.B)     { benchRead(b, ".lz4") }

// benchWrite copies a capture: reading is a part of what is measured.
func benchWrite(b *testing.B, o WriterOptions) {
	name := benchFile(b, "")
	b.ReportAllocs()
	events := uint64(0)
	for b.Loop() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		r, err := NewReader(f, name)
		if err != nil {
			b.Fatal(err)
		}
		var out io.Writer = io.Discard
		if to := os.Getenv("SCRY_BENCH_OUT"); to != "" {
			g, err := os.Create(to)
			if err != nil {
				b.Fatal(err)
			}
			defer g.Close()
			out = g
		}
		w := NewWriter(out, o)
		n, err := copyEvents(r, w)
		if err != nil {
			b.Fatal(err)
		}
		events += n
		b.ReportMetric(float64(w.Bytes())/1e6, "MB")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mev/s")
}

func BenchmarkCopyPlain(b *testing.B) { benchWrite(b, WriterOptions{}) }
func BenchmarkCopyGzip1(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 1}) }
func BenchmarkCopyGzip2(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 2}) }
func BenchmarkCopyGzip3(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 3}) }
func BenchmarkCopyGzip4(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 4}) }
func BenchmarkCopyGzip5(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 5}) }
func BenchmarkCopyGzip6(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 6}) }
func BenchmarkCopyGzip7(b *testing.B) { benchWrite(b, WriterOptions{Compress: true, Level: 7}) }
