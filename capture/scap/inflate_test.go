package scap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// deflated compresses b.
func deflated(t testing.TB, b []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// ownInflate inflates b with ours and returns the rest of the input too.
func ownInflate(z *inflater, b []byte) (data, rest []byte, err error) {
	in := bufio.NewReaderSize(bytes.NewReader(b), 4096)
	err = z.run(in, func(p []byte) bool {
		data = append(data, p...)
		return len(data) < 64<<20
	})
	rest, _ = io.ReadAll(in)
	return data, rest, err
}

// TestInflate inflates data of all sorts, with bytes behind it.
func TestInflate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 700_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	skewed := make([]byte, 900_000)
	for i := range skewed {
		skewed[i] = byte(min(rnd.ExpFloat64()*9, 255))
	}
	runs := bytes.Repeat([]byte{7}, 600_000)
	texts := bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog 0123456789 "), 20_000)
	for i := 0; i < len(texts); i += 97 {
		texts[i] = byte(rnd.Uint32())
	}
	capture := build(t, WriterOptions{}, machine(), exitOnly()...)
	z := new(inflater)
	for name, b := range map[string][]byte{"nothing": nil, "byte": {1}, "noise": noise, "skewed": skewed, "runs": runs, "texts": texts, "capture": capture} {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
			for _, tail := range []string{"", "x", "0123456789", "0123456789012345678901234567890"} {
				data, rest, err := ownInflate(z, append(deflated(t, b, level), tail...))
				if err != nil || !bytes.Equal(data, b) || string(rest) != tail {
					t.Errorf("%s level %d: %d bytes of %d, rest %q, %v", name, level, len(data), len(b), rest, err)
				}
			}
		}
	}
	whole := deflated(t, texts[:5000], 6)
	for cut := range whole {
		if data, _, err := ownInflate(z, whole[:cut]); err == nil || !bytes.HasPrefix(texts, data) {
			t.Fatalf("cut at %d: %d bytes, %v", cut, len(data), err)
		}
	}
}

// FuzzInflate compares with the standard library.
func FuzzInflate(f *testing.F) {
	f.Add(deflated(f, []byte("hello hello hello hello"), 6))
	f.Add(deflated(f, bytes.Repeat([]byte("abcabcabd"), 500), 9))
	f.Add(deflated(f, exitOnly()[2], flate.HuffmanOnly))
	f.Add(deflated(f, build(f, WriterOptions{}, machine(), exitOnly()...), 6))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(in), 32<<20))
		if len(want) == 32<<20 {
			return
		}
		got, rest, err := ownInflate(new(inflater), b)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, standard library: %v", err, wantErr)
		}
		if err == nil && (!bytes.Equal(got, want) || len(rest) != in.Len()) {
			t.Fatalf("%d bytes and %d left, standard library: %d and %d", len(got), len(rest), len(want), in.Len())
		}
	})
}

// BenchmarkInflate compares ours with the library's.
func BenchmarkInflate(b *testing.B) {
	raw, err := os.ReadFile(benchFile(b, ".gz"))
	if err != nil {
		b.Fatal(err)
	}
	i := 10 // no fields in the head but, perhaps, a name
	if raw[3]&8 != 0 {
		for raw[i] != 0 {
			i++
		}
		i++
	}
	raw = raw[i:]
	b.Run("own", func(b *testing.B) {
		z := new(inflater)
		for b.Loop() {
			n := 0
			if err := z.run(bufio.NewReaderSize(bytes.NewReader(raw), 64<<10), func(p []byte) bool { n += len(p); return true }); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(n))
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			n, err := io.Copy(io.Discard, kflate.NewReader(bufio.NewReaderSize(bytes.NewReader(raw), 64<<10)))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(n)
		}
	})
}
