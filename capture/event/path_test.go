package event

import (
	"path"
	"strings"
	"testing"
)

func joinPath(dir, p string) string { return string(AppendPath(nil, dir, p)) }

func TestAppendPath(t *testing.T) {
	for _, c := range []struct{ dir, path, want string }{
		{"", "", ""},
		{"/", "", "/"},
		{"/etc", "", "/etc"},
		{"", "passwd", "passwd"},
		{"/etc", "passwd", "/etc/passwd"},
		{"/etc/", "passwd", "/etc/passwd"},
		{"/", "etc", "/etc"},
		{"/etc", "/usr/bin", "/usr/bin"}, // absolute: the directory does not count
		{"/etc", "/", "/"},
		{"/etc", ".", "/etc"},
		{"/etc", "./", "/etc"},
		{"/etc", "./ssl/.", "/etc/ssl"},
		{"/etc", "..", "/"},
		{"/etc/ssl", "../passwd", "/etc/passwd"},
		{"/etc", "../../../x", "/x"}, // the root is its own parent
		{"/", "../", "/"},
		{"", "../", ""}, // libsinsp's concatenate_paths(3 cases): what goes above nothing is lost
		{"", "..", ""},
		{"a/", "../", ""},
		{"foo/", "..//a", "a"},
		{"/", "/app/custom/dir/././././../../term/", "/app/term"},
		{"/", "////app", "/app"},
		{"/usr//lib", "a///b", "/usr/lib/a/b"},
		{"/usr/./lib/..", "x", "/usr/x"},
		{"/usr", "lib/", "/usr/lib"},
		{"/usr", "...", "/usr/..."}, // names of dots that are no steps
		{"/usr", ".hidden", "/usr/.hidden"},
		{"/usr", "..hidden/x..", "/usr/..hidden/x.."},
		{"/usr", "a./b../c", "/usr/a./b../c"},
		{"<UNKNOWN>", "x/../y", "<UNKNOWN>/y"}, // what callers say for a descriptor that they do not know
	} {
		if got := joinPath(c.dir, c.path); got != c.want {
			t.Errorf("%q + %q = %q, want %q", c.dir, c.path, got, c.want)
		}
	}
}

// With an absolute directory the join is the one of Go's path package.
func TestAppendPathLikeGo(t *testing.T) {
	parts := []string{"", ".", "..", "a", "bc", "..."}
	var paths []string
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				paths = append(paths, a+"/"+b+"/"+c, a+"/"+b, a)
			}
		}
	}
	for _, dir := range []string{"/", "/usr", "/usr/", "/usr/lib", "/usr/../lib//x/."} {
		for _, p := range paths {
			want := path.Join(dir, p)
			if strings.HasPrefix(p, "/") {
				want = path.Clean(p)
			}
			if got := joinPath(dir, p); got != want {
				t.Errorf("%q + %q = %q, want %q", dir, p, got, want)
			}
		}
	}
}

func TestAppendPathTooLong(t *testing.T) {
	for _, c := range []struct {
		dir, path int // lengths, the leading slash of the directory included
		fits      bool
	}{
		{512, 511, true}, {512, 512, false}, {1, 1022, true}, {1, 1023, false}, {2000, 1, false}, {0, 1023, true}, {0, 1024, false},
	} {
		dir := ""
		if c.dir > 0 {
			dir = "/" + strings.Repeat("d", c.dir-1)
		}
		p := strings.Repeat("p", c.path)
		got := joinPath(dir, p)
		if fits := got != tooLongPath; fits != c.fits || fits && !strings.HasSuffix(got, p) {
			t.Errorf("%d + %d bytes: %.50q", c.dir, c.path, got)
		}
	}
	if got, want := joinPath(strings.Repeat("/d", 600), "/x"), "/x"; got != want {
		t.Errorf("long directory, absolute path: %q", got)
	}
}

// What stands in dst already is neither resolved nor cut.
func TestAppendPathAppends(t *testing.T) {
	for _, c := range []struct{ dst, dir, path, want string }{
		{"name=", "/etc", "../..", "name=/"},
		{"a/", "", "../x", "a/x"},
		{"a/b", "", "..", "a/b"},
		{"/", "", "", "/"},
		{"x", "/a", "b/", "x/a/b"},
	} {
		if got := string(AppendPath([]byte(c.dst), c.dir, c.path)); got != c.want {
			t.Errorf("%q, %q + %q = %q, want %q", c.dst, c.dir, c.path, got, c.want)
		}
	}
}
