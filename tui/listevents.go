package tui

import "scry/chisels"

// listEvents is a view that lists events, as the detail pane goes along it. Only a capture has the events of its rows still.
type listEvents struct{ *tablePane }

// target is the event of the row at a place.
func (l listEvents) target(place int) target {
	r := &l.frame.Rows[l.rows[place]]
	return target{seq: place, num: r.Num, ts: r.TS}
}

func (l listEvents) near(n int) (list []target) {
	for i := max(l.row-n, 0); i < min(l.row+n+1, len(l.rows)); i++ {
		list = append(list, l.target(i))
	}
	return list
}

func (l listEvents) current() target {
	if l.row >= len(l.rows) {
		return target{}
	}
	return l.target(l.row)
}

func (l listEvents) place() int { return l.row }

func (l listEvents) whole() *status { return l.read }

func (l listEvents) hold() { l.tail = false }

// openEvent shows the event of the selected row of a list.
func (p *tablePane) openEvent() {
	switch {
	case len(p.rows) == 0:
	case p.app.status.live:
		p.app.say(false, "a view does not keep the events of its rows; F6 lists them")
	default:
		p.tail = false
		p.app.push(&level{pane: newDetailPane(p.app, listEvents{p}), name: "Event", where: p.app.top().where})
	}
}

// lists tells that each row of the view is an event.
func (p *tablePane) lists() bool { return p.spec.Kind == chisels.KindList }
