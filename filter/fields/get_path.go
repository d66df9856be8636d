package fields

import "scry/capture/event"

// pathRef is where an event has a path: parameter number and the directory descriptor's number, -1 for the working directory.
type pathRef struct{ path, dir int8 }

// pathCall says which paths a call takes: one (name), or a source and a target.
type pathCall struct{ name, source, target pathRef }

var noPath = pathRef{-1, -1}

func onePath(path, dir int8) pathCall { return pathCall{pathRef{path, dir}, noPath, noPath} }

func twoPaths(s, sd, t, td int8) pathCall { return pathCall{noPath, pathRef{s, sd}, pathRef{t, td}} }

// pathCalls are the exits with paths, by event type.
var pathCalls = map[event.Type]pathCall{
	event.OpenX: onePath(1, -1), event.CreatX: onePath(1, -1), event.OpenatV2X: onePath(2, 1), event.Openat2X: onePath(2, 1),
	event.OpenByHandleAtX: onePath(3, -1),
	event.MkdirV2X:        onePath(1, -1), event.RmdirV2X: onePath(1, -1), event.MkdiratX: onePath(2, 1),
	event.UnlinkV2X: onePath(1, -1), event.UnlinkatV2X: onePath(2, 1),
	event.ChmodX: onePath(1, -1), event.FchmodatX: onePath(2, 1), event.ChownX: onePath(1, -1), event.LchownX: onePath(1, -1),
	event.FchownatX: onePath(2, 1), event.ChdirX: onePath(1, -1), event.ChrootX: onePath(1, -1),
	event.QuotactlX: onePath(2, -1), event.MknodX: onePath(1, -1), event.MknodatX: onePath(2, 1), event.NewfstatatX: onePath(2, 1),
	event.UmountX: onePath(1, -1), event.UmountV1X: onePath(1, -1), event.Umount2X: onePath(1, -1), event.AccessX: onePath(1, -1),
	event.RenameX: twoPaths(1, -1, 2, -1), event.RenameatX: twoPaths(2, 1, 4, 3), event.Renameat2X: twoPaths(2, 1, 4, 3),
	event.LinkV2X: twoPaths(2, -1, 1, -1), event.LinkatV2X: twoPaths(4, 3, 2, 1),
	event.SymlinkX: twoPaths(2, -1, 1, -1), event.SymlinkatX: twoPaths(3, 2, 1, -1), event.MountX: twoPaths(1, -1, 2, -1),
}

var pathTypes = func() event.TypeSet {
	var s event.TypeSet
	for t := range pathCalls {
		s.Add(t)
	}
	return s
}()

func pathSet(*Field) event.TypeSet { return pathTypes }

// abspathSet has the enters of old calls too: those carry the path.
func abspathSet(*Field) event.TypeSet {
	return pathTypes.Or(event.TypesOf(event.OpenatE, event.UnlinkatE))
}

// resolve appends the path at r joined with the directory that it starts from; ok is false when the event has none.
func resolve(dst []byte, ev *event.Event, r pathRef, raw bool) (out []byte, ok bool) {
	if r.path < 0 || !ev.Has(int(r.path)) {
		return dst, false
	}
	p := ev.Text(int(r.path))
	if p == "<NA>" || raw {
		return append(dst, p...), p != "<NA>"
	}
	dir := ""
	if len(p) == 0 || p[0] != '/' {
		dir = directory(ev, r.dir)
	}
	return event.AppendPath(dst, dir, p), true
}

// directory is what a relative path of ev starts from: the working directory, or what the descriptor in parameter i refers to.
func directory(ev *event.Event, i int8) string {
	if ev.Thread == nil {
		return ""
	}
	cwd := ev.Thread.Cwd
	if ev.Thread.Leader != nil {
		cwd = ev.Thread.Leader.Cwd
	}
	if i < 0 {
		return cwd
	}
	n, ok := ev.Int(int(i))
	if !ok || n == event.AtFDCWD {
		return cwd
	}
	if fd := ev.Thread.FDs.Get(n); fd != nil {
		return fd.Name
	}
	return "<UNKNOWN>/"
}

// fsPath is one of the fs.path fields.
func fsPath(pick func(pathCall) pathRef, raw bool) func(*Field, *event.Event) Value {
	return func(f *Field, ev *event.Event) Value {
		c, ok := pathCalls[ev.Type]
		if !ok {
			return Value{}
		}
		b, ok := resolve(f.buf[:0], ev, pick(c), raw)
		if !ok {
			return Value{}
		}
		return f.scratch(b)
	}
}

func nameRef(c pathCall) pathRef   { return c.name }
func sourceRef(c pathCall) pathRef { return c.source }
func targetRef(c pathCall) pathRef { return c.target }

// getAbspath is evt.abspath: the full path of a call that takes a directory descriptor.
func getAbspath(f *Field, ev *event.Event) Value {
	var r pathRef
	switch ev.Type {
	case event.RenameatX, event.Renameat2X:
		r = pathRef{int8(2 + 2*f.index), int8(1 + 2*f.index)}
	case event.LinkatV2X:
		r = pathRef{int8(2 + 2*f.index), int8(1 + 2*f.index)}
	case event.SymlinkatX:
		r = pathRef{3, 2}
	case event.OpenatE, event.UnlinkatE:
		r = pathRef{1, 0}
	case event.OpenatV2X, event.UnlinkatV2X, event.MkdiratX, event.FchmodatX, event.Openat2X:
		r = pathRef{2, 1}
	default:
		return Value{}
	}
	b, ok := resolve(f.buf[:0], ev, r, false)
	if !ok {
		return Value{}
	}
	return f.scratch(b)
}
