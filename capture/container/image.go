package container

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"scry/capture/event"
)

// splitImage takes the name of an image apart: "host:5000/a/b:tag@sha256:..." has a repository, a tag and a digest.
func splitImage(name string) (repo, tag, digest string) {
	repo, digest, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(repo, ':'); i > strings.LastIndexByte(repo, '/') {
		repo, tag = repo[:i], repo[i+1:]
	}
	return repo, tag, digest
}

// isHash tells whether the name of an image is its id, or the beginning of that: one was run that has no name, or by its id.
func isHash(name string) bool {
	if rest, ok := strings.CutPrefix(name, "sha256:"); ok {
		name = rest
	}
	return len(name) >= 12 && len(name) <= 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// image is what an engine says of an image.
type image struct{ tags, digests []string }

// name puts what is known of a container's image into its record: the name it was run by, the image's id, and what the engine says of that.
func (m *image) name(c *event.Container, name, id string) {
	if m == nil {
		m = &image{}
	}
	if isHash(name) {
		if len(m.tags) > 0 {
			name = m.tags[0]
		} else if len(m.digests) > 0 {
			name = m.digests[0]
		}
	}
	c.Image, c.ImageID = name, strings.TrimPrefix(id, "sha256:")
	if !isHash(name) {
		c.ImageRepo, c.ImageTag, c.ImageHash = splitImage(name)
	}
	if c.ImageTag == "" {
		for _, t := range m.tags {
			if repo, tag, _ := splitImage(t); sameRepo(repo, c.ImageRepo) {
				c.ImageTag = tag
				break
			}
		}
	}
	if c.ImageHash != "" {
		return
	}
	for _, d := range m.digests {
		if repo, _, digest := splitImage(d); c.ImageHash == "" || sameRepo(repo, c.ImageRepo) {
			c.ImageHash = digest
		}
	}
}

// sameRepo compares names of repositories; short ones are docker.io's.
func sameRepo(a, b string) bool {
	long := func(s string) string {
		s = strings.TrimPrefix(s, "docker.io/")
		return strings.TrimPrefix(s, "library/")
	}
	return long(a) == long(b)
}

// cache remembers what an engine said of a few things that many containers share.
type cache[T any] struct {
	mu   sync.Mutex
	list map[string]T
}

// get gives what is remembered of key, else what ask says. A failure is not remembered, and gives the zero value.
func (c *cache[T]) get(key string, ask func() (T, error)) T {
	c.mu.Lock()
	v, ok := c.list[key]
	c.mu.Unlock()
	if ok {
		return v
	}
	v, err := ask()
	if err != nil {
		var none T
		return none
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list == nil || len(c.list) >= 256 {
		c.list = map[string]T{}
	}
	c.list[key] = v
	return v
}

func sortLabels(list []event.Label) {
	slices.SortFunc(list, func(a, b event.Label) int { return cmp.Compare(a.Key, b.Key) })
}
