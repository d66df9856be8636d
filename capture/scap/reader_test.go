package scap

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"scry/capture/event"
)

const capturesDir = "../../../shared/captures"

// captures are the real files, in order of their names.
func captures(t testing.TB) []string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(capturesDir, "*.scap"))
	if len(files) == 0 {
		t.Skip("no captures at " + capturesDir)
	}
	return files
}

// plain is the capture without compression.
func plain(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if b[0] == 0x1f {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestCaptures reads real files. The numbers of events were counted by independent tools (section 14) or, for the rest, are those of
// the event blocks.
func TestCaptures(t *testing.T) {
	events := map[string]int{
		"libs-curl_google": 1536, "libs-curl_google_comments": 1536, "libs-single_ipv6_conn": 1728, "libs-test_ipv6_client": 326,
		"sysdig-inspect-502Error": 22381,
	}
	for _, name := range captures(t) {
		base := strings.TrimSuffix(filepath.Base(name), ".scap")
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		list, snaps, info, err := readAll(f)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		blocks := 0
		for k, n := range info.Blocks {
			if strings.HasPrefix(k, "EV") {
				blocks += n
			}
		}
		if want, ok := events[base]; ok && want != len(list) || blocks != len(list) {
			t.Errorf("%s: %d events, %d blocks, want %d", base, len(list), blocks, want)
		}
		for i := range list {
			if list[i].Num != uint64(i+1) || list[i].Section != (i == 0) {
				t.Errorf("%s: event %d has number %d, section %v", base, i+1, list[i].Num, list[i].Section)
				break
			}
		}
		if info.Unknown+info.Stray+info.Repaired != 0 || info.Trailing != 0 || info.Bytes != int64(len(plain(t, name))) {
			t.Errorf("%s: %+v", base, info)
		}
		s := snaps[0]
		if s.Machine == nil || len(s.Threads) == 0 || len(s.FDs) != len(s.Threads) || len(s.Interfaces) == 0 {
			t.Errorf("%s: machine %v, %d threads, %d descriptor lists", base, s.Machine, len(s.Threads), len(s.FDs))
		}
		for _, th := range s.Threads {
			if th.TID <= 0 || th.PID <= 0 || strings.ContainsRune(th.Comm, 0) {
				t.Errorf("%s: thread %+v", base, th)
				break
			}
		}
	}
}

// block makes a block.
func block(code uint32, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	n := uint32(len(b) + 12)
	out := le.AppendUint32(nil, code)
	out = le.AppendUint32(out, n)
	return le.AppendUint32(append(out, b...), n)
}

// header is a section header with options.
func header(options ...byte) []byte {
	return block(blockSHB, num(magicSHB, 4), num(1, 2), num(2, 2), num(-1, 8), options)
}

// closeEvent is an event block of a close by thread tid.
func closeEvent(tid int64) []byte {
	return block(blockEV2, num(1, 2), event.Append(nil, day, tid, event.CloseX, num(0, 8)))
}

func cat(b ...[]byte) []byte { return bytes.Join(b, nil) }

// TestBlocks reads small files made by hand.
func TestBlocks(t *testing.T) {
	oldEvent := func(typ event.Type, tid int64, params ...[]byte) []byte {
		v2 := event.Append(nil, day, tid, typ, params...)
		v1 := append(append([]byte(nil), v2[:22]...), v2[26:]...)
		le.PutUint32(v1[16:], uint32(len(v1)))
		return v1
	}
	machine := block(blockMI, num(4, 4), num(1<<30, 8), num(99, 8), append([]byte("box"), make([]byte, 125)...), make([]byte, 32))
	unknownType := event.Append(nil, day, 5, event.NumTypes+10, num(1, 8))
	// An IL_V2 as sysdig writes it from an IL: total 4 bytes per entry too short.
	entry := cat(num(1, 2), num(2, 2), []byte{10, 0, 0, 1, 255, 0, 0, 0, 10, 255, 255, 255}, num(7, 8), []byte("lo"))
	entry4 := append(num(int64(len(entry)), 4), entry...)
	broken := block(blockIL2, entry4, entry4)
	n := le.Uint32(broken[4:]) - 8
	le.PutUint32(broken[4:], n)
	le.PutUint32(broken[len(broken)-4:], n)
	badTrailer := func(b []byte) []byte {
		b = append([]byte(nil), b...)
		le.PutUint32(b[len(b)-4:], 1)
		return b
	}
	type result struct {
		tids  string // of the events; "!" before one with a Section, "?" before one with number 0
		err   string
		check func(s *event.Snapshot, f FileInfo) any // shown when not nil
	}
	for name, c := range map[string]struct {
		data []byte
		want result
	}{
		"no events":           {cat(header(), machine), result{check: func(s *event.Snapshot, _ FileInfo) any { return s.Machine.Hostname == "box" }}},
		"only a header":       {header(), result{}},
		"two":                 {cat(header(), machine, closeEvent(1), closeEvent(2)), result{tids: "!1 2"}},
		"options":             {cat(header(1, 0, 2, 0, 'h', 'i', 0, 0, 0, 0, 0, 0), closeEvent(1)), result{tids: "!1"}},
		"sections":            {cat(header(), closeEvent(1), header(), machine, closeEvent(2), closeEvent(3)), result{tids: "!1 !2 3"}},
		"empty section":       {cat(header(), closeEvent(1), header(), machine), result{tids: "!1", check: func(s *event.Snapshot, f FileInfo) any { return s.Machine != nil && f.Sections == 2 }}},
		"empty section first": {cat(header(), machine, header(), closeEvent(1)), result{tids: "!1", check: func(s *event.Snapshot, _ FileInfo) any { return s.Machine == nil }}},
		"unknown blocks": {cat(header(), block(0x299, num(1, 8)), closeEvent(1), block(0x7777, make([]byte, 200_000)), closeEvent(2), block(0xBAD)),
			result{tids: "!1 2", check: func(_ *event.Snapshot, f FileInfo) any { return f.Unknown == 3 }}},
		"stray list":     {cat(header(), closeEvent(1), machine, closeEvent(2)), result{tids: "!1 2", check: func(s *event.Snapshot, f FileInfo) any { return f.Stray == 1 && s.Machine == nil }}},
		"unknown type":   {cat(header(), block(blockEV2, num(0, 2), unknownType), closeEvent(1)), result{tids: "!?5 1"}},
		"internal code":  {cat(header(), block(0x8010ABCD, num(0, 2), oldEvent(event.CloseX, 3, num(0, 8))), closeEvent(1)), result{tids: "!3 1"}},
		"old with flags": {cat(header(), block(blockEVF1, num(0, 2), num(1, 4), oldEvent(event.CloseX, 4, num(0, 8)))), result{tids: "!4"}},
		"large kind":     {cat(header(), block(blockEVF2L, num(0, 2), num(1, 4), event.Append(nil, day, 6, event.AsynceventE, num(0, 4), text("x"), make([]byte, 700_000))), closeEvent(1)), result{tids: "!6 1"}},
		"event options":  {cat(header(), block(blockEV2, num(1, 2), event.Append(nil, day, 8, event.CloseX, num(0, 8)), []byte{1, 0, 1, 0, 'x', 0, 0, 0, 0, 0, 0, 0}), closeEvent(1)), result{tids: "!8 1"}},
		"event trailer":  {cat(header(), badTrailer(closeEvent(1)), closeEvent(2)), result{tids: "!1 2"}},
		"list trailer":   {cat(header(), badTrailer(machine), closeEvent(2)), result{err: "damaged at byte 28: MI block: length 192 at its head, 1 at its end"}},
		"broken IL_V2": {cat(header(), broken, closeEvent(2)), result{tids: "!2", check: func(s *event.Snapshot, f FileInfo) any {
			return f.Repaired == 1 && len(s.Interfaces) == 2 && s.Interfaces[1].Name == "lo" && s.Interfaces[1].Speed == 7
		}}},
		"IL again":       {cat(header(), block(blockIL2, entry4, entry4), block(blockIL2, entry4), closeEvent(1)), result{tids: "!1", check: func(s *event.Snapshot, _ FileInfo) any { return len(s.Interfaces) == 1 }}},
		"new fd type":    {cat(header(), block(blockFDL2, num(1, 8), num(24, 4), num(5, 8), num(0, 8), []byte{99, 1, 2})), result{check: func(s *event.Snapshot, _ FileInfo) any { return s.FDs[0].FDs[0].Name == "unknown type 99" }}},
		"short fd":       {cat(header(), block(blockFDL2, num(1, 8), num(24, 4), num(5, 8), num(0, 8), []byte{3, 1, 2})), result{err: "damaged at byte 28: FDL_V2 block: entry 0 of thread 1 ends early"}},
		"cut head":       {cat(header(), closeEvent(1), []byte{1, 2, 3}), result{tids: "!1", err: "damaged at byte 80: 3 bytes where a block should start"}},
		"cut event":      {cat(header(), closeEvent(1))[:70], result{err: "damaged at byte 28: EV_V2 block of 52 bytes, but the file ends after 42"}},
		"cut unknown":    {cat(header(), closeEvent(1), num(0x999, 4), num(1<<31, 4)), result{tids: "!1", err: "damaged at byte 80: unknown (0x999) block of 2147483648 bytes, but the file ends after 8"}},
		"huge event":     {cat(header(), num(blockEV2L, 4), num(0xffffffff, 4)), result{err: "damaged at byte 28: EV_V2_LARGE block claims 4294967295 bytes"}},
		"long event":     {cat(header(), num(blockEV2L, 4), num(maxBlock, 4)), result{err: "damaged at byte 28: EV_V2_LARGE block of 268435456 bytes, but the file ends after 8"}},
		"tiny block":     {cat(header(), num(0x999, 4), num(11, 4), make([]byte, 8)), result{err: "damaged at byte 28: unknown block (0x999) of 11 bytes is too short"}},
		"tiny event":     {cat(header(), block(blockEV2, num(0, 2))), result{err: "damaged at byte 28: EV_V2 block of 16 bytes is too short"}},
		"length 0":       {cat(header(), num(blockEV2, 4), make([]byte, 80)), result{err: "damaged at byte 28: EV_V2 block of 0 bytes is too short"}},
		"damaged record": {cat(header(), closeEvent(1), block(blockEV2, num(0, 2), num(0, 8), num(0, 8), num(9999, 4), num(5, 2), num(1, 4))), result{tids: "!1", err: "damaged at byte 80: damaged event record: length 9999 in a block of 26"}},
		"second major":   {cat(header(), closeEvent(1), block(blockSHB, num(magicSHB, 4), num(2, 2), num(0, 2), num(-1, 8))), result{tids: "!1", err: "damaged at byte 80: SHB block: format version 2; version 1 is known"}},
	} {
		for _, in := range []io.Reader{bytes.NewReader(c.data), slowly{bytes.NewReader(c.data)}} {
			r, err := NewReader(in, "")
			var tids []string
			if err == nil {
				var ev event.Event
				for {
					if err = r.Next(&ev); err != nil {
						break
					}
					s := fmt.Sprint(ev.TID)
					if ev.Num == 0 {
						s = "?" + s
					}
					if ev.Section != nil {
						s = "!" + s
					}
					tids = append(tids, s)
				}
				if again := r.Next(&ev); again != err {
					t.Errorf("%s: then %v", name, again)
				}
			}
			msg := ""
			var damage *DamageError
			if err != nil && err != io.EOF {
				msg = err.Error()
				if !errors.As(err, &damage) {
					t.Errorf("%s: %T", name, err)
				}
			}
			if got := strings.Join(tids, " "); got != c.want.tids || msg != c.want.err {
				t.Errorf("%s: events %q, %q; want %q, %q", name, got, msg, c.want.tids, c.want.err)
			} else if c.want.check != nil && c.want.check(r.Snapshot(), r.Info()) != true {
				t.Errorf("%s: %+v %+v", name, r.Snapshot(), r.Info())
			}
			if r != nil {
				r.Close()
			}
		}
	}
}

// slowly gives one byte with each Read.
type slowly struct{ r io.Reader }

func (s slowly) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 1)]) }

// TestNotCapture names what users open by mistake.
func TestNotCapture(t *testing.T) {
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	swapped := header()
	slices.Reverse(swapped[8:12])
	slices.Reverse(swapped[4:8])
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   io.Reader
		want string
	}{
		{bytes.NewReader(nil), "not a capture file: it is an empty file"},
		{dir, "not a capture file: it is a directory"},
		{strings.NewReader("hello\nworld, größer\n"), "not a capture file: it is a text file"},
		{strings.NewReader("\x7fELF\x02\x01\x01"), "not a capture file: it is an ELF program"},
		{strings.NewReader("\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + strings.Repeat("x", 99)), "not a capture file: it is a network capture (pcap); open it with Wireshark"},
		{bytes.NewReader(cat(header(), block(1, num(1, 8)))), "not a capture file: it is a network capture (pcapng, interface description); open it with Wireshark"},
		{bytes.NewReader(zip(cat(header(), block(6, num(1, 8))))), "not a capture file: it is a network capture (pcapng, packet); open it with Wireshark"},
		{bytes.NewReader(swapped), "not a capture file: it is a capture of a machine with the other byte order"},
		{bytes.NewReader(zip([]byte("hello"))), "not a capture file: it is gzip of a text file"},
		{bytes.NewReader(zip(nil)), "not a capture file: it is gzip of an empty file"},
		{bytes.NewReader(zip(zip(header()))), "not a capture file: it is gzip of gzip data; decompress it once more"},
		{bytes.NewReader(block(blockSHB, num(magicSHB, 4), num(2, 2), num(0, 2), num(-1, 8))), "not a capture file: it is a capture of format version 2; this program knows version 1, a newer one is needed"},
		{bytes.NewReader(make([]byte, 5000)), "not a capture file: it is data that starts with 00 00 00 00 00 00 00 00"},
		{bytes.NewReader(header()[:3]), "damaged at byte 0: the file ends after 3 bytes, within the section header"},
		{bytes.NewReader(header()[:20]), "damaged at byte 0: SHB block of 28 bytes, but the file ends after 20"},
		{bytes.NewReader(zip(header())[:12]), "damaged at byte 0 of the uncompressed data (gzip): the compressed data ends too early"},
	} {
		r, err := NewReader(c.in, "x")
		if r != nil || err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestCompressions reads the same capture in every packing.
func TestCompressions(t *testing.T) {
	data := build(t, WriterOptions{}, machine(), slices.Repeat(exitOnly(), 5000)...)
	want, _, _, err := readAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pack := func(f func(w io.Writer)) []byte {
		var out bytes.Buffer
		f(&out)
		return out.Bytes()
	}
	gz := func(parts ...[]byte) []byte {
		return pack(func(w io.Writer) {
			for _, p := range parts {
				z := gzip.NewWriter(w)
				z.Write(p)
				z.Close()
			}
		})
	}
	own := build(t, WriterOptions{Compress: true}, machine(), slices.Repeat(exitOnly(), 5000)...)
	z, err := gzip.NewReader(bytes.NewReader(own))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, data) {
		t.Errorf("ordinary gzip reads %d bytes, %v; want %d", len(b), err, len(data))
	}
	wrong := append([]byte(nil), own...)
	wrong[le.Uint32(wrong[16:])-6] ^= 1 // the checksum of the first member
	for name, c := range map[string]struct {
		in       []byte
		kind     string
		members  int
		trailing int64
		err      string
	}{
		"plain":   {in: data},
		"gzip":    {in: gz(data), kind: "gzip", members: 1},
		"members": {in: gz(data[:100], data[100:100_000], nil, data[100_000:]), kind: "gzip", members: 4},
		"named": {in: pack(func(w io.Writer) {
			z, _ := gzip.NewWriterLevel(w, 9)
			z.Name, z.Comment, z.Extra = "n", "a comment", []byte("XX\x01\x00y")
			z.Write(data)
			z.Close()
		}), kind: "gzip", members: 1},
		"trailing":     {in: append(gz(data), "garbage"...), kind: "gzip", members: 1, trailing: 7},
		"own":          {in: own, kind: "gzip", members: (len(data) + jobSize - 1) / jobSize},
		"own+ordinary": {in: cat(own, gz(nil)), kind: "gzip", members: (len(data)+jobSize-1)/jobSize + 1},
		"own trailing": {in: cat(own, []byte{0, 0}), kind: "gzip", members: (len(data) + jobSize - 1) / jobSize, trailing: 2},
		"own cut":      {in: own[:len(own)-20], kind: "gzip", err: "the compressed data ends too early"},
		"own wrong":    {in: wrong, kind: "gzip", err: "wrong checksum"},
		"cut":          {in: gz(data)[:len(gz(data))/2], kind: "gzip", err: "the compressed data ends too early"},
		"no trailer":   {in: gz(data)[:len(gz(data))-8], kind: "gzip", err: "the compressed data ends too early"},
		"zstd":         {in: pack(func(w io.Writer) { z, _ := zstd.NewWriter(w); z.Write(data); z.Close() }), kind: "zstd"},
		"lz4":          {in: pack(func(w io.Writer) { z := lz4.NewWriter(w); z.Write(data); z.Close() }), kind: "lz4"},
	} {
		got, _, info, err := readAll(bytes.NewReader(c.in))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || len(got) == 0 || !slices.Equal(got, want[:len(got)]) {
				t.Errorf("%s: %d events, %v; want %s", name, len(got), err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d events, %v; want %d", name, len(got), err, len(want))
		}
		if info.Compression != c.kind || info.Trailing != c.trailing || c.members != 0 && abs(info.Members-c.members) > 1 {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

func abs(i int) int { return max(i, -i) }

// TestClose ends readers in the middle and looks for goroutines that stayed.
func TestClose(t *testing.T) {
	plain := build(t, WriterOptions{}, machine(), slices.Repeat(exitOnly(), 50_000)...)
	own := build(t, WriterOptions{Compress: true}, machine(), slices.Repeat(exitOnly(), 50_000)...)
	before := runtime.NumGoroutine()
	for i := range 40 {
		r, err := NewReader(bytes.NewReader([][]byte{plain, own}[i%2]), "")
		if err != nil {
			t.Fatal(err)
		}
		var ev event.Event
		for range i * 100 {
			if err := r.Next(&ev); err != nil {
				t.Fatal(err)
			}
		}
		r.Close()
		if err := r.Next(&ev); err == nil || err == io.EOF {
			t.Errorf("after Close: %v", err)
		}
		r.Close()
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestLists reads every version of the lists that no capture at hand has; the writer makes only the last one.
func TestLists(t *testing.T) {
	str := func(s string) []byte { return append(num(int64(len(s)), 2), s...) }
	for version, code := range map[uint8]uint32{1: blockPL1, 2: blockPL2, 3: blockPL3, 4: blockPL4, 5: blockPL5, 6: blockPL6, 7: blockPL7, 8: blockPL8, 9: blockPL9} {
		want := &event.Thread{TID: 3, PID: 2, PTID: 1, SID: -1, VPGID: -1, VTID: -1, VPID: -1, Comm: "c", Exe: "e", Args: "a\x00b", Cwd: "/", FDLimit: 5, Flags: 6, UID: 7, GID: 8, LoginUID: event.NoID}
		b := cat(num(3, 8), num(2, 8), num(1, 8))
		add := func(since uint8, set func(), p ...[]byte) {
			if version >= since {
				set()
				b = append(b, cat(p...)...)
			}
		}
		none := func() {}
		add(6, func() { want.SID = 20 }, num(20, 8))
		add(8, func() { want.VPGID = 21 }, num(21, 8))
		add(1, none, str("c"), str("e"))
		add(7, func() { want.ExePath = "/e" }, str("/e"))
		add(1, none, str("a\x00b"), str("/"), num(5, 8), num(6, 4), num(7, 4), num(8, 4))
		add(2, func() { want.VMSize, want.VMRSS, want.VMSwap, want.PFMajor, want.PFMinor = 1, 2, 3, 4, 5 }, num(1, 4), num(2, 4), num(3, 4), num(4, 8), num(5, 8))
		add(3, func() { want.Env = "X=1" }, str("X=1"))
		add(4, func() { want.VTID, want.VPID, want.Cgroups = 30, 31, "cpu=/" }, num(30, 8), num(31, 8), str("cpu=/"))
		add(5, func() { want.Root = "/r" }, str("/r"))
		tails := [][]byte{nil}
		if version == 9 {
			tails = [][]byte{nil, num(1000, 4), cat(num(1000, 4), []byte{1}, num(1, 8), num(2, 8), num(3, 8)), nil}
		}
		for _, tail := range tails {
			e := append(append([]byte(nil), b...), tail...)
			w := *want
			if len(tail) >= 4 {
				w.LoginUID = 1000
			}
			if len(tail) > 4 {
				w.ExeWritable, w.CapInheritable, w.CapPermitted, w.CapEff = true, 1, 2, 3
			}
			if version == 9 {
				e = append(num(int64(len(e)+4), 4), e...)
			}
			_, snaps, _, err := readAll(bytes.NewReader(cat(header(), block(code, e, e))))
			if err != nil {
				t.Errorf("version %d: %v", version, err)
			} else if d := cmp.Diff([]*event.Thread{&w, &w}, snaps[0].Threads); d != "" {
				t.Errorf("version %d, tail %d: %s", version, len(tail), d)
			}
		}
	}
}
