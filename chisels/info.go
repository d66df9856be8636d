package chisels

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"scry/capture/event"
	"scry/capture/scap"
	"scry/capture/state"
	"scry/filter/fields"
)

// Info is what scry info says of one capture. Its JSON form is an interface: names stay.
type Info struct {
	File        string          `json:"file"`
	Size        int64           `json:"size,omitempty"` // on disk, bytes; 0 when it is no regular file
	Compression string          `json:"compression,omitempty"`
	Members     int             `json:"members,omitempty"` // of a gzip file
	Bytes       int64           `json:"uncompressed_bytes"`
	Format      string          `json:"format"`
	Sections    int             `json:"sections"`
	Machines    []MachineInfo   `json:"machines,omitempty"`
	First       uint64          `json:"first_ns,omitempty"` // of the events that are shown, ns since the epoch
	Last        uint64          `json:"last_ns,omitempty"`
	FirstText   string          `json:"first,omitempty"`
	LastText    string          `json:"last,omitempty"`
	Backward    uint64          `json:"backward_steps,omitempty"` // events older than the one before
	BackwardMax uint64          `json:"backward_max_ns,omitempty"`
	Events      EventsInfo      `json:"events"`
	Threads     PeopleInfo      `json:"threads"`
	Processes   PeopleInfo      `json:"processes"`
	Containers  []ContainerInfo `json:"containers,omitempty"`
	Interfaces  []IfInfo        `json:"interfaces,omitempty"`
	Users       int             `json:"users"`
	Groups      int             `json:"groups"`
	ByType      []tallyRow      `json:"by_type"`
	Notes       []string        `json:"notes,omitempty"` // what was skipped or repaired
	Damage      string          `json:"damage,omitempty"`
}

// MachineInfo is a machine that recorded a section.
type MachineInfo struct {
	Hostname string `json:"hostname"`
	CPUs     uint32 `json:"cpus"`
	Memory   uint64 `json:"memory"`            // bytes
	Boot     uint64 `json:"boot_ns,omitempty"` // since the epoch
	BootText string `json:"boot,omitempty"`
}

// EventsInfo counts events. Total = Shown + Internal + StateOnly; Unknown ones are of types that this program does not know and have no number.
type EventsInfo struct {
	Total     uint64 `json:"total"`
	Shown     uint64 `json:"shown"`
	Internal  uint64 `json:"internal"`
	StateOnly uint64 `json:"state_only"`
	Unknown   uint64 `json:"unknown_type"`
}

// PeopleInfo counts threads or processes.
type PeopleInfo struct {
	Start int `json:"start"` // in the list at the head of the first section
	Seen  int `json:"seen"`  // there, or in an event
}

// ContainerInfo is one container.
type ContainerInfo struct {
	ID     string `json:"id"`
	Engine string `json:"engine,omitempty"`
	Name   string `json:"name,omitempty"`
	Image  string `json:"image,omitempty"`
}

// IfInfo is one address of a network interface.
type IfInfo struct {
	Name string `json:"name"`
	Addr string `json:"address"`
}

// InfoSource is a capture file with what its format says.
type InfoSource interface {
	Next(*event.Event) error
	Info() scap.FileInfo
	Snapshot() *event.Snapshot
}

// survey gathers an Info.
type survey struct {
	info       *Info
	tables     *state.Tables
	counts     tally
	last       uint64 // time of the event before
	tids, pids map[int64]bool
	containers map[string]*event.Container
	machines   map[MachineInfo]bool // those in info, as interfaces
	interfaces map[IfInfo]bool
}

// Survey reads src to its end and says what is in it. Damage is part of the answer; other errors are returned with what was read until
// then. zone is that of the times in text.
func Survey(src InfoSource, zone *time.Location) (*Info, error) {
	s := &survey{info: &Info{}, tables: state.New(), tids: map[int64]bool{}, pids: map[int64]bool{}, containers: map[string]*event.Container{},
		machines: map[MachineInfo]bool{}, interfaces: map[IfInfo]bool{}}
	var ev event.Event
	var err error
	for {
		if err = src.Next(&ev); err != nil {
			break
		}
		s.event(&ev)
	}
	s.keepContainers()
	if s.info.Machines == nil {
		s.section(src.Snapshot())
	}
	s.finish(src.Info(), zone)
	var damage *scap.DamageError
	switch {
	case errors.As(err, &damage):
		s.info.Damage = damage.Error()
	case err != io.EOF:
		return s.info, err
	}
	return s.info, nil
}

func (s *survey) event(ev *event.Event) {
	n := &s.info.Events
	if ev.Section != nil {
		s.keepContainers()
		s.section(ev.Section)
	}
	s.tables.Apply(ev)
	s.counts.add(ev)
	if ev.Num == 0 {
		n.Unknown++
		return
	}
	n.Total++
	if th := ev.Thread; th != nil && !th.Invalid && !s.tids[th.TID] {
		s.tids[th.TID] = true
		s.pids[th.PID] = true
	}
	switch {
	case ev.Flags&event.FlagStateOnly != 0:
		n.StateOnly++
		return
	case ev.Type.Internal():
		n.Internal++
		return
	}
	n.Shown++
	if s.info.First == 0 {
		s.info.First, s.info.Last = ev.TS, ev.TS
	} else if ev.TS < s.last {
		s.info.Backward++
		s.info.BackwardMax = max(s.info.BackwardMax, s.last-ev.TS)
	}
	s.info.First, s.info.Last = min(s.info.First, ev.TS), max(s.info.Last, ev.TS)
	s.last = ev.TS
}

// section takes in the head of a section.
func (s *survey) section(head *event.Snapshot) {
	if head == nil {
		return
	}
	start := len(s.tids) == 0
	for _, th := range head.Threads {
		s.tids[th.TID], s.pids[th.PID] = true, true
	}
	if start {
		s.info.Threads.Start, s.info.Processes.Start = len(s.tids), len(s.pids)
	}
	if m := head.Machine; m != nil {
		one := MachineInfo{Hostname: m.Hostname, CPUs: m.CPUs, Memory: m.Memory, Boot: m.BootTime}
		if !s.machines[one] {
			s.machines[one] = true
			s.info.Machines = append(s.info.Machines, one)
		}
	}
	for _, i := range head.Interfaces {
		one := IfInfo{i.Name, i.Addr.String()}
		if !s.interfaces[one] {
			s.interfaces[one] = true
			s.info.Interfaces = append(s.info.Interfaces, one)
		}
	}
	s.info.Users, s.info.Groups = max(s.info.Users, len(head.Users)), max(s.info.Groups, len(head.Groups))
	s.last = 0
}

// keepContainers remembers the containers of the section that ends: those with a name, and those that only threads tell of.
func (s *survey) keepContainers() {
	for _, c := range s.tables.Containers() {
		s.containers[c.ID] = c
	}
	s.tables.Each(func(th *event.Thread) {
		if c := th.Container; c != nil && s.containers[c.ID] == nil {
			s.containers[c.ID] = c
		}
	})
	h := s.tables.Host()
	s.info.Users, s.info.Groups = max(s.info.Users, len(h.Users)), max(s.info.Groups, len(h.Groups))
}

func (s *survey) finish(f scap.FileInfo, zone *time.Location) {
	i := s.info
	i.Compression, i.Members, i.Sections, i.Bytes = f.Compression, f.Members, f.Sections, f.Bytes
	i.Format = fmt.Sprintf("%d.%d", f.Major, f.Minor)
	i.ByType = s.counts.rows()
	i.Threads.Seen, i.Processes.Seen = len(s.tids), len(s.pids)
	for _, c := range s.containers {
		i.Containers = append(i.Containers, ContainerInfo{c.ID, c.Type, c.Name, c.Image})
	}
	slices.SortFunc(i.Containers, func(a, b ContainerInfo) int { return cmp.Compare(a.ID, b.ID) })
	for n := range i.Machines {
		if m := &i.Machines[n]; m.Boot != 0 {
			m.BootText = isoTime(m.Boot, zone)
		}
	}
	if i.Events.Shown > 0 {
		i.FirstText, i.LastText = isoTime(i.First, zone), isoTime(i.Last, zone)
	}
	note := func(n int64, format string) {
		if n > 0 {
			i.Notes = append(i.Notes, fmt.Sprintf(format, n))
		}
	}
	note(int64(f.Unknown), "blocks of unknown kinds, skipped: %d")
	note(int64(i.Events.Unknown), "events of unknown types, skipped: %d")
	note(int64(f.Stray), "lists between the events, skipped: %d")
	note(int64(f.Repaired), "interface lists with wrong lengths, read all the same: %d")
	note(f.Trailing, "bytes behind the compressed data, ignored: %d")
	if i.Backward > 0 {
		i.Notes = append(i.Notes, fmt.Sprintf("events earlier than the one before: %d, by up to %s", i.Backward, time.Duration(i.BackwardMax)))
	}
}

func isoTime(ns uint64, zone *time.Location) string {
	return time.Unix(0, int64(ns)).In(zone).Format("2006-01-02T15:04:05.000000000Z07:00")
}

// AppendJSON appends the Info as one line of JSON.
func (i *Info) AppendJSON(dst []byte) ([]byte, error) {
	b, err := json.Marshal(i)
	return append(append(dst, b...), '\n'), err
}

// topTypes is how many names of events the text has.
const topTypes = 10

const interfaceWidth = 100 // columns of a line of interfaces

// AppendText appends the Info as a block of aligned lines; all: with every name of events. Names from the capture are made safe to show.
func (i *Info) AppendText(dst []byte, all bool, o *fields.Options) []byte {
	clean := func(s string) string { return string(fields.AppendText(nil, s, o)) }
	line := func(label, format string, args ...any) {
		dst = fmt.Appendf(dst, "  %-13s"+format+"\n", append([]any{label}, args...)...)
	}
	dst = append(append(dst, clean(i.File)...), '\n')
	line("file", "%s", i.fileText())
	for _, m := range i.Machines {
		text := fmt.Sprintf("%s, %s, %s of memory", cmp.Or(clean(m.Hostname), "without a name"), count(int(m.CPUs), "CPU"), binarySize(m.Memory))
		if m.Boot != 0 {
			text += ", booted " + m.BootText
		}
		line("machine", "%s", text)
	}
	if i.Events.Shown > 0 {
		line("first event", "%s", i.FirstText)
		line("last event", "%s", i.LastText)
		line("duration", "%s", seconds(i.Last-i.First))
	}
	e := &i.Events
	text := fmt.Sprintf("%d: %d shown, %d internal", e.Total, e.Shown, e.Internal)
	if e.StateOnly > 0 {
		text += fmt.Sprintf(", %d kept for their state only", e.StateOnly)
	}
	line("events", "%s", text)
	line("threads", "%d seen, %d at the start", i.Threads.Seen, i.Threads.Start)
	line("processes", "%d seen, %d at the start", i.Processes.Seen, i.Processes.Start)
	line("users", "%d, groups %d", i.Users, i.Groups)
	for n, c := range i.Containers {
		text := clean(c.ID)
		for _, s := range []string{c.Name, c.Image} {
			text += "  " + cmp.Or(clean(s), "<NA>")
		}
		line(first(n, "containers"), "%s  (%s)", text, cmp.Or(clean(c.Engine), "engine not known"))
	}
	for n, text := range i.interfaceLines(clean) {
		line(first(n, "interfaces"), "%s", text)
	}
	for _, s := range i.Notes {
		line("note", "%s", s)
	}
	if i.Damage != "" {
		line("damage", "%s; everything before it was counted", i.Damage)
	}
	return i.appendTypes(dst, all)
}

// appendTypes appends the table of names.
func (i *Info) appendTypes(dst []byte, all bool) []byte {
	if len(i.ByType) == 0 {
		return dst
	}
	rows := i.ByType
	if !all {
		rows = rows[:min(len(rows), topTypes)]
	}
	dst = fmt.Appendf(dst, "  %-22s%10s%10s\n", "events by type", ">", "<")
	for _, r := range rows {
		dst = fmt.Appendf(dst, "    %-20s%10d%10d\n", r.Name, r.Enter, r.Exit)
	}
	if n := len(i.ByType) - len(rows); n > 0 {
		dst = fmt.Appendf(dst, "    %d more (--all)\n", n)
	}
	return dst
}

// interfaceLines has the interfaces with their addresses, as many in a line as fit.
func (i *Info) interfaceLines(clean func(string) string) (lines []string) {
	for n, f := range i.Interfaces {
		text := clean(f.Name) + " " + f.Addr
		switch last := len(lines) - 1; {
		case n == 0 || len(lines[last])+2+len(text) > interfaceWidth:
			lines = append(lines, text)
		default:
			lines[last] += ", " + text
		}
	}
	return lines
}

// fileText says how the file is stored.
func (i *Info) fileText() string {
	var parts []string
	if i.Size > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes", i.Size))
	}
	switch {
	case i.Compression == "":
		parts = append(parts, "not compressed")
	case i.Members > 1:
		parts = append(parts, fmt.Sprintf("%s (%d members, %d bytes inside)", i.Compression, i.Members, i.Bytes))
	default:
		parts = append(parts, fmt.Sprintf("%s (%d bytes inside)", i.Compression, i.Bytes))
	}
	return strings.Join(append(parts, "scap "+i.Format, count(i.Sections, "section")), ", ")
}

// first is label in front of the first of several lines.
func first(n int, label string) string {
	if n == 0 {
		return label
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// seconds is ns as seconds.
func seconds(ns uint64) string { return fmt.Sprintf("%d.%09d s", ns/1e9, ns%1e9) }

// binarySize is a number of bytes in the unit that suits it.
func binarySize(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	x, k := float64(n), 0
	for x >= 1024 && k < len(units)-1 {
		x /= 1024
		k++
	}
	if k == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", x, units[k])
}
