package chisels

import (
	"fmt"
	"net/netip"
	"strings"

	"scry/filter/fields"
)

// dotNode is who stands in the graph: a process of this machine, perhaps of a container, or an address.
type dotNode struct{ name, container string }

// dot appends the edges as a graph in the language of GraphViz: processes are boxes, addresses are ellipses, and with -pc each container is a frame.
func (t *topology) dot(b []byte, edges map[edge]weight) []byte {
	b = append(b, "digraph topology {\n\trankdir=LR;\n\tnode [shape=box, fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\", fontsize=10];\n"...)
	ids := map[dotNode]int{}
	var nodes []dotNode
	id := func(n dotNode) int {
		if _, ok := ids[n]; !ok {
			ids[n] = len(nodes)
			nodes = append(nodes, n)
		}
		return ids[n]
	}
	var lines []byte
	for _, e := range sortedEdges(edges) {
		w := edges[e]
		from, to := id(dotNode{e.client, e.clientIn}), id(dotNode{e.server, e.serverIn})
		plural := "s"
		if w.conns == 1 {
			plural = ""
		}
		label := fmt.Sprintf("%s %s\n%d connection%s\n%s to, %s back", e.proto, e.port, w.conns, plural, bytesText(float64(w.sent)), bytesText(float64(w.received)))
		lines = fmt.Appendf(lines, "\tn%d -> n%d [label=%s];\n", from, to, t.quote(label))
	}
	frames := map[string][]byte{}
	var order []string
	for i, n := range nodes {
		if frames[n.container] == nil {
			order = append(order, n.container)
		}
		frames[n.container] = t.node(frames[n.container], i, n.name)
	}
	for i, name := range order {
		if name == "" || name == "host" {
			b = append(b, frames[name]...)
			continue
		}
		b = fmt.Appendf(b, "\tsubgraph cluster%d {\n\tlabel=%s;\n%s\t}\n", i, t.quote(name), frames[name])
	}
	return append(append(b, lines...), "}\n"...)
}

// node appends a node. Names of processes may look like addresses; what matters is how they read.
func (t *topology) node(b []byte, i int, name string) []byte {
	switch {
	case name == "":
		return fmt.Appendf(b, "\tn%d [label=\"?\", shape=plaintext];\n", i)
	case isAddr(name):
		return fmt.Appendf(b, "\tn%d [label=%s, shape=ellipse];\n", i, t.quote(name))
	}
	return fmt.Appendf(b, "\tn%d [label=%s];\n", i, t.quote(name))
}

// quote makes a string of the language: lines stay, other control characters are escaped as everywhere, and nothing that was captured can end the string.
func (t *topology) quote(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		line = string(fields.AppendText(nil, line, &fields.Options{}))
		lines = append(lines, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

func isAddr(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
