package scap

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scry/capture/event"
)

// item is what is compared of an event.
type item struct {
	Num     uint64
	CPU     uint16
	Flags   uint32
	Rec     string // as V2
	Section bool
}

// readAll reads a whole capture.
func readAll(in io.Reader) (list []item, snaps []*event.Snapshot, info FileInfo, err error) {
	r, err := NewReader(in, "")
	if err != nil {
		return nil, nil, FileInfo{}, err
	}
	defer r.Close()
	var ev event.Event
	for {
		if err = r.Next(&ev); err != nil {
			break
		}
		rec := string(ev.AppendV2(nil))
		if ev.V1 && ev.Num == 0 {
			rec = string(ev.Raw)
		}
		list = append(list, item{ev.Num, ev.CPU, ev.Flags, rec, ev.Section != nil})
		if ev.Section != nil {
			snaps = append(snaps, ev.Section)
		}
	}
	if len(snaps) == 0 {
		snaps = append(snaps, r.Snapshot())
	}
	if err == io.EOF {
		err = nil
	}
	return list, snaps, r.Info(), err
}

// copyTo writes a capture again.
func copyTo(t testing.TB, in io.Reader, out io.Writer, o WriterOptions) {
	t.Helper()
	r, err := NewReader(in, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w := NewWriter(out, o)
	var ev event.Event
	for {
		if err = r.Next(&ev); err != nil {
			break
		}
		if ev.Section != nil {
			if err := w.Start(ev.Section); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Event(&ev, false); err != nil {
			t.Fatal(err)
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

var cmpOptions = []cmp.Option{cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{}), cmpopts.EquateEmpty()}

func TestRoundTrip(t *testing.T) {
	for _, name := range captures(t) {
		for _, compress := range []bool{false, true} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			copyTo(t, bytes.NewReader(data), &out, WriterOptions{Compress: compress})
			want, wantSnaps, _, _ := readAll(bytes.NewReader(data))
			got, gotSnaps, _, err := readAll(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Errorf("%s compress=%v: %v", filepath.Base(name), compress, err)
				continue
			}
			if !reflect.DeepEqual(wantSnaps, gotSnaps) {
				t.Errorf("%s: snapshot %s", filepath.Base(name), cmp.Diff(wantSnaps, gotSnaps, cmpOptions...))
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s: events %.2000s", filepath.Base(name), cmp.Diff(want, got))
			}
		}
	}
}
