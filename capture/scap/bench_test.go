package scap

import (
	"io"
	"os"
	"testing"

	"scry/capture/event"
)

// benchFile names a file of about two million events; SCRY_BENCH_SCAP is set by hand.
func benchFile(b *testing.B, ext string) string {
	f := os.Getenv("SCRY_BENCH_SCAP")
	if f == "" {
		b.Skip("SCRY_BENCH_SCAP does not name a capture")
	}
	f += ext
	if _, err := os.Stat(f); err != nil {
		b.Skip(err)
	}
	return f
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

// BenchmarkWrite copies events that are at hand already, so it is the writer alone that is measured.
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
		var ev event.Event
		for {
			if err := r.Next(&ev); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			if ev.Section != nil {
				w.Start(ev.Section)
			}
			if err := w.Event(&ev, false); err != nil {
				b.Fatal(err)
			}
		}
		w.Close()
		r.Close()
		events += w.Events()
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
