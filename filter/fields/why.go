package fields

import (
	"strings"

	"scry/capture/event"
)

// Why a field of a container, a pod, a user or a group is not available. The word before the colon names the reason; what stands behind it is for people.
const (
	whyNoThread = "no thread: the event is of none"
	whyUnknown  = "unknown thread: of it there is nothing but the number"
	whyHost     = "host: the thread is in no container"
	whyNoPod    = "no pod: the thread is in none"
	whyNone     = "none: its engine has told all, and this is not set"
	whyNobody   = "nobody to ask: its engine has no socket that tells of containers"
	whyNoRecord = "no record: nobody told of the container while this was recorded"
	whyNoAPI    = "no API: the API server of Kubernetes told nothing of the pod; --k8s asks it"
	whyNoPart   = "none: the API server has told of the pod, and it has none"
	whyNoNumber = "no number: the capture does not tell which user the thread is of"
	whyNoName   = "no name: there is none for the number among the machine's users and groups"
	whyNoFiles  = "no files: passwd and group of the container were not read before the event, or it has none"
	whyNoEntry  = "no entry: passwd and group of the container do not have the number"
)

// Explains tells whether Why knows of reasons for the field.
func (f *Field) Explains() bool {
	switch class, _, _ := strings.Cut(f.Def.Name, "."); class {
	case "container", "k8s", "user", "group":
		return true
	}
	return false
}

// Why says why the field, one of those that it Explains, has no value for ev; "" when it has one. Options.Why says it of containers that nobody has told of
// yet. The text stays valid.
func (f *Field) Why(ev *event.Event) string {
	if !f.Explains() || f.Def.get == nil || f.Def.get(f, ev).Present() {
		return ""
	}
	switch class, rest, _ := strings.Cut(f.Def.Name, "."); {
	case ev.Thread == nil:
		return whyNoThread
	case class == "user":
		return whyNoUser(ev, rest)
	case class == "group":
		return whyNoGroup(ev)
	case ev.Thread.Container == nil && ev.Thread.Invalid:
		return whyUnknown
	case ev.Thread.Container == nil:
		return whyHost
	default:
		return f.whyNot(ev.Thread.Container, class == "k8s")
	}
}

// whyNot is why the field does not have a value for a container.
func (f *Field) whyNot(c *event.Container, ofPod bool) string {
	switch {
	case ofPod && c.Pod != nil:
		return whyNoPart
	case ofPod && c.PodUID != "" && !strings.HasPrefix(f.Def.Name, "k8s.pod."):
		return whyNoAPI
	case !c.HasMeta && c.Name != "" && c.JSON == "":
		return whyNobody
	case !c.HasMeta && f.opts.Why != nil:
		return f.opts.Why(c)
	case !c.HasMeta:
		return whyNoRecord
	case ofPod && label(c, "io.kubernetes.pod.name") == "":
		return whyNoPod
	case ofPod && !strings.HasPrefix(f.Def.Name, "k8s.pod."):
		return whyNoAPI
	}
	return whyNone
}

func whyNoUser(ev *event.Event, field string) string {
	c, uid := ev.Thread.Container, ev.Thread.UID
	if field == "loginname" {
		c, uid = loginIn(ev.Thread), ev.Thread.LoginUID
	}
	return whyNoOwner(c, uid, c != nil && c.Users != nil)
}

func whyNoGroup(ev *event.Event) string {
	c := ev.Thread.Container
	return whyNoOwner(c, ev.Thread.GID, c != nil && c.Groups != nil)
}

// whyNoOwner is why there is no name for a number; told says that the container has names of its own.
func whyNoOwner(c *event.Container, id uint32, told bool) string {
	switch {
	case id == event.NoID:
		return whyNoNumber
	case c == nil:
		return whyNoName
	case told:
		return whyNoEntry
	}
	return whyNoFiles
}

// Explained are the fields of the format of which Why knows reasons, each once.
func (f *Format) Explained() (list []*Field) {
	seen := map[string]bool{}
	for _, x := range f.fields {
		if name := x.String(); x.Explains() && !seen[name] {
			seen[name] = true
			list = append(list, x)
		}
	}
	return list
}

const whyKey = "na"

// appendWhy appends an object that says of each field without a value why, by the field's key.
func (f *Format) appendWhy(dst []byte, ev *event.Event) []byte {
	dst = append(dst, '{')
	for i := range f.json {
		it := &f.json[i]
		if it.field == nil || it.bytes >= 0 {
			continue
		}
		if why := it.field.Why(ev); why != "" {
			dst, _ = appendJSONString(appendKey(dst, it.key), why)
		}
	}
	return append(dst, '}')
}
