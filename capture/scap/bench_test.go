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
