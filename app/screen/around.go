package screen

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/node"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// news is what the home says of other devices. It is read beside the window: after a first exchange a day's arrivals
// are the whole territory.
type news struct {
	received []replica.Received
	heard    map[trust.Key]time.Time // when something of each device last arrived
	read     bool                    // since the data last changed
	asked    int                     // the latest reading
}

// silentAfter is how long a device may say nothing before the coordination is told.
const silentAfter = 14 * 24 * time.Hour

// news returns what was last read, and reads it anew where the data have changed.
func (s *Shell) news() news {
	w := &s.watch.news
	if w.read {
		return *w
	}
	w.asked++
	asked, here := w.asked, true
	since := record.DayTime(record.DayOf(s.r.Now()) - 1).Add(-12 * time.Hour) // from noon of yesterday to its beginning
	load(s.live, func() (news, error) {
		received, err := s.r.ReceivedSince(s.ctx, since)
		if err != nil {
			return news{}, err
		}
		heard, err := s.r.LastHeard(s.ctx)
		return news{received: received, heard: heard}, err
	}, func(now news, err error) {
		if err != nil || asked != w.asked {
			return
		}
		now.read, now.asked = true, asked
		same := reflect.DeepEqual(w.received, now.received) && reflect.DeepEqual(w.heard, now.heard)
		*w = now
		if _, home := s.page().(*homePage); home && !here && !same && !s.typing() {
			s.draw()
		}
	})
	here = false
	return *w
}

// around names the neighbours that are near; the home is drawn again when they change.
func around(st node.Status) string {
	var b strings.Builder
	for _, p := range st.Peers {
		if p.Near {
			b.WriteString(p.Key.String())
		}
	}
	return b.String()
}

// aroundCard shows who else is here, or was lately: whom to exchange with where there is no network.
func (s *Shell) aroundCard() fyne.CanvasObject {
	now := s.r.Now()
	peers := slices.DeleteFunc(slices.Clone(s.status.Peers), func(p node.PeerStatus) bool {
		return p.Role == record.Kiosk || !p.Near && now.Sub(p.LastExchange) > silentAfter
	})
	if len(peers) == 0 {
		return nil
	}
	slices.SortStableFunc(peers, func(a, b node.PeerStatus) int {
		if a.Near != b.Near {
			return map[bool]int{true: -1, false: 1}[a.Near]
		}
		return b.LastExchange.Compare(a.LastExchange)
	})
	rows := []fyne.CanvasObject{look.Title("Autour")}
	for _, p := range peers[:min(len(peers), listed)] {
		shape, word := record.NotBegun, "vu "+look.Ago(p.LastExchange, now)
		if p.Near {
			shape, word = record.Good, "ici"
		}
		rows = append(rows, look.NewRowTap(shape, p.Name, join(p.Role.Label(), s.placeNames(p.Places)), word, func() { s.Push(&exchangesPage{}) }))
	}
	if more := len(peers) - listed; more > 0 {
		rows = append(rows, container.NewHBox(button("et "+look.Count(more, "autre voisin", "autres voisins"), "", look.Quiet, func() { s.Push(&exchangesPage{}) })))
	}
	return look.Card(look.ColorMuted, rows...)
}

// receivedCard says what others have recorded, as it has arrived here since the beginning of yesterday.
func (s *Shell) receivedCard(n news) fyne.CanvasObject {
	if len(n.received) == 0 {
		return nil
	}
	rows := []fyne.CanvasObject{look.Title("Reçu depuis hier")}
	for _, g := range n.received[:min(len(n.received), listed)] {
		var kinds []string
		for _, k := range record.Kinds() {
			if c := g.Kinds[k]; c > 0 {
				schema, _ := record.Of(k)
				kinds = append(kinds, look.Count(c, strings.ToLower(schema.Singular), strings.ToLower(schema.Plural)))
			}
		}
		rows = append(rows, look.NewRowTap(record.Good, g.Name, strings.Join(kinds, ", "), look.When(g.Last, s.r.Now()), s.opensDevice(g.Key)))
	}
	if more := len(n.received) - listed; more > 0 {
		rows = append(rows, look.Muted("et "+look.Count(more, "autre appareil", "autres appareils")))
	}
	return look.Card(theme.ColorNameSuccess, rows...)
}

// opensDevice opens the page of a device, nil for those who do not see it.
func (s *Shell) opensDevice(key trust.Key) func() {
	if !s.seesDevices() {
		return nil
	}
	return func() { s.Push(&devicePage{key: key}) }
}

// lastOf is when a device last gave a sign: an exchange with this one, or something that it wrote.
func (s *Shell) lastOf(key trust.Key, n news) (last time.Time, near bool) {
	last = n.heard[key]
	for _, p := range s.status.Peers {
		if p.Key == key {
			near = p.Near
			if p.LastExchange.After(last) {
				last = p.LastExchange
			}
		}
	}
	return last, near
}

// silentCard tells the coordination of devices that have given no sign for two weeks; terminals have a card of their own.
func (s *Shell) silentCard(n news) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	silent := 0
	for _, d := range byState(s.r.Roster().Devices()) {
		last, _ := s.lastOf(d.Key, n)
		if d.Revoked || d.Role == record.Kiosk || d.Role == record.Central || d.Key == s.r.Identity().Public() || last.IsZero() || s.r.Now().Sub(last) < silentAfter {
			continue
		}
		if silent++; silent <= listed {
			rows = append(rows, look.NewRowTap(record.Waiting, d.Name, join(d.Role.Label(), s.placeNames(d.Places)), look.Ago(last, s.r.Now()), func() { s.Push(&devicePage{key: d.Key}) }))
		}
	}
	if silent == 0 {
		return nil
	}
	head := look.Wrapped(look.Title("Ce qui bloque · " + look.Count(silent, "appareil silencieux", "appareils silencieux")))
	rows = append([]fyne.CanvasObject{head}, rows...)
	if silent > listed {
		rows = append(rows, container.NewHBox(button("Tous les appareils", "", look.Quiet, func() { s.Push(&devicesPage{}) })))
	}
	return look.Card(theme.ColorNameWarning, rows...)
}

// kiosksCard shows how each public terminal stands: of the place, for its host; all of them, for the coordination.
func (s *Shell) kiosksCard(n news) fyne.CanvasObject {
	class, terminals, lent := s.n.Lent()
	var rows []fyne.CanvasObject
	for _, d := range byState(s.r.Roster().Devices()) {
		here := slices.ContainsFunc(d.Places, func(p string) bool { return slices.Contains(s.r.Self().Places, p) })
		if d.Role != record.Kiosk || d.Revoked || s.r.Self().Role == record.Host && !here {
			continue
		}
		last, near := s.lastOf(d.Key, n)
		state := record.Option{Shape: record.NotBegun, Label: "vue " + look.Ago(last, s.r.Now())}
		switch {
		case lent && slices.Contains(terminals, d.Name):
			state = record.Option{Shape: record.UnderWay, Label: "classe " + class.Label}
		case near:
			state = record.Option{Shape: record.Good, Label: "ici"}
		case last.IsZero():
			state = record.Option{Shape: record.NotBegun, Label: "jamais vue d'ici"}
		case s.r.Now().Sub(last) >= silentAfter:
			state.Shape = record.Waiting
		}
		rows = append(rows, look.NewRowTap(state.Shape, d.Name, s.placeNames(d.Places), state.Label, s.opensDevice(d.Key)))
	}
	if len(rows) == 0 {
		return nil
	}
	rows = append([]fyne.CanvasObject{look.Title("Bornes")}, rows...)
	if s.r.Self().Role == record.Host && !lent {
		rows = append(rows, container.NewHBox(button("Charger une classe", "student", look.Plain, func() { s.Push(&lendPage{}) })))
	}
	return look.Card(theme.ColorNameHyperlink, rows...)
}
