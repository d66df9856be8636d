package container

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"scry/capture/event"
)

func TestSplitImage(t *testing.T) {
	for name, want := range map[string]string{"nginx": "nginx||", "nginx:1": "nginx|1|", "h:5000/a/b": "h:5000/a/b||", "h:5000/a/b:t@sha256:9": "h:5000/a/b|t|sha256:9", "": "||",
		"a@sha256:1": "a||sha256:1"} {
		repo, tag, digest := splitImage(name)
		if have := repo + "|" + tag + "|" + digest; have != want {
			t.Errorf("%s: %s, want %s", name, have, want)
		}
	}
}

func TestImageName(t *testing.T) {
	id := "sha256:" + hexID("ab")
	for _, c := range []struct {
		info       *image
		name, want string
	}{
		{nil, "nginx:1", "nginx:1|nginx|1|"},
		{nil, id, id + "|||"},
		{&image{[]string{"a:1", "b:2"}, []string{"b@sha256:2"}}, "b", "b|b|2|sha256:2"},
		{&image{[]string{"a:1"}, nil}, id, "a:1|a|1|"},
		{&image{[]string{"a:1"}, nil}, hexID("ab")[:12], "a:1|a|1|"},
		{&image{nil, []string{"a@sha256:1"}}, id, "a@sha256:1|a||sha256:1"},
		{&image{[]string{"docker.io/library/a:1"}, []string{"x@sha256:1", "docker.io/library/a@sha256:2"}}, "a:1", "a:1|a|1|sha256:2"},
	} {
		x := &event.Container{}
		c.info.name(x, c.name, id)
		if have := strings.Join([]string{x.Image, x.ImageRepo, x.ImageTag, x.ImageHash}, "|"); have != c.want || x.ImageID != hexID("ab") {
			t.Errorf("%+v %s: %s %s, want %s", c.info, c.name, have, x.ImageID, c.want)
		}
	}
}

func TestCPUCount(t *testing.T) {
	for list, want := range map[string]int64{"": 0, "0": 1, "0-3": 4, "0-1,7": 3, "3-1": 0, "x": 0, "0,": 0, "0-99999": 0} {
		if have := cpuCount(list); have != want {
			t.Errorf("%q: %d, want %d", list, have, want)
		}
	}
}

// The largest texts that identify a container, all of them escaped, still make a record.
func TestLargestRecord(t *testing.T) {
	s := strings.Repeat("<", 4096)
	c := &event.Container{ID: "a", FullID: s, Name: s, Image: s, ImageID: s, ImageRepo: s, ImageTag: s, ImageHash: s, IP: s, CNI: s, PodSandboxID: s, Health: s, Liveness: s,
		Readiness: s, Env: []string{s}, Labels: []event.Label{{Key: s, Value: s}}}
	text, cut := encode(c)
	if !json.Valid(text) || !cut || len(text) > MaxRecord {
		t.Errorf("%d bytes, %v", len(text), cut)
	}
}

func TestHealthCommand(t *testing.T) {
	for want, test := range map[string][]string{"": {"NONE"}, "/bin/sh -c a b": {"CMD-SHELL", "a b"}, "a b": {"CMD", "a", "b"}} {
		if have := healthCommand(test); have != want {
			t.Errorf("%q: %q, want %q", test, have, want)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{hexID("a"): true, "web_1.x-y": true, "": false, "..": false, "-x": false, "a/b": false, "a b": false, "a\x00": false, strings.Repeat("x", 129): false, "a?x=1": false} {
		if validID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{"a\x1b[31mb\n\tc": "a [31mb c", "\xff": "?", "\u009b1m": "1m", strings.Repeat("ä", 300): strings.Repeat("ä", 100) + "..."} {
		if have := event.Printable(s); have != want {
			t.Errorf("%q: %q, want %q", s, have, want)
		}
	}
}

// A record is JSON of bounded size whatever is in it; what names the container is in all of them.
func FuzzRecord(f *testing.F) {
	f.Add("web", "nginx:1", "key", "value", 10)
	f.Add("\xff\x00", strings.Repeat("x", 5000), "\x1b", strings.Repeat("<", 2000), 3000)
	f.Fuzz(func(t *testing.T, name, image, key, value string, n int) {
		c := &event.Container{ID: "aaaaaaaaaaaa", Name: name, Image: image, Health: value, Liveness: value, Type: "podman", CNI: value}
		for i := range min(max(n, 0), 5000) {
			c.Env = append(c.Env, key+"="+value)
			c.Labels = append(c.Labels, event.Label{Key: fmt.Sprint(key, i), Value: value})
			c.Mounts = append(c.Mounts, event.Mount{Source: value, Dest: key})
			c.Ports = append(c.Ports, event.PortMapping{HostIP: "127.0.0.1", HostPort: uint16(i)})
		}
		c.PodSandboxLabels = c.Labels
		text, cut := encode(c)
		var doc struct{ Container map[string]any }
		if err := json.Unmarshal(text, &doc); err != nil || len(text) > MaxRecord {
			t.Fatalf("%v, %d bytes", err, len(text))
		}
		r := doc.Container
		if want := text1(name); r["id"] != c.ID || r["name"] != want || r["type"] != 11.0 {
			t.Errorf("%v, want %q", r["name"], want)
		}
		if env := r["env"].([]any); !cut && len(env) != len(c.Env) {
			t.Errorf("%d of %d variables", len(env), len(c.Env))
		}
	})
}

// text1 is what a record may have of a name: at most maxText bytes, valid, without a zero byte.
func text1(s string) string {
	s = s[:min(len(s), maxText)]
	var b strings.Builder
	bad := false
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		invalid := r == utf8.RuneError && n == 1
		switch {
		case invalid && !bad, r == 0:
			b.WriteByte('?')
		case !invalid:
			b.WriteString(s[:n])
		}
		bad = invalid
		s = s[n:]
	}
	return b.String()
}

func FuzzEngineAnswers(f *testing.F) {
	f.Add([]byte(`{"Type":"container","Action":"create","Actor":{"ID":"`+hexID("a")+`","Attributes":{"name":"x","image":"y"}}}`), "{}")
	f.Add([]byte(`{"status":"start","id":"`+hexID("a")+`","from":"y"}`), `{"cniResult":{"Interfaces":[]},"runtimeSpec":{"mounts":[{"type":"bind"}]}}`)
	f.Add([]byte("\x0a\x03abc"), `{"spec":{"containers":[{"name":"x"}]}}`)
	f.Fuzz(func(t *testing.T, line []byte, text string) {
		d := &docker{kind: "docker"}
		err := d.event(line, func(c change) {
			if !validID(c.id) || c.rec != nil && (c.rec.ID != shortID(c.id) || c.rec.HasMeta) {
				t.Errorf("%+v", c)
			}
		})
		if err != nil && json.Valid(line) {
			t.Errorf("%v of valid JSON %s", err, line)
		}
		firstText(line)
		v := parseInfo(text)
		c := &event.Container{}
		v.fill(c)
		v.cni()
		v.Spec.namespaces(c)
		setProbes(c, text, "x")
		if record, _ := encode(c); !json.Valid(record) {
			t.Errorf("%s", record)
		}
	})
}
