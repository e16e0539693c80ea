package class

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

const place = "0150001V"

// room is a host, a terminal and a clock that the test moves.
type room struct {
	t        *testing.T
	at       time.Time
	id       *trust.Identity
	host     trust.Device
	kiosk    trust.Device
	desk     *Desk
	terminal *Terminal
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	var err error
	if r.id, err = trust.NewIdentity("accueil", rand.Reader); err != nil {
		t.Fatal(err)
	}
	r.host = trust.Device{Key: r.id.Public(), Role: record.Host, Places: []string{place}, Grants: record.Grants(record.Host, []string{place})}
	r.kiosk = trust.Device{Key: trust.Key{1}, Role: record.Kiosk, Places: []string{place}}
	now := func() time.Time { return r.at }
	r.desk, r.terminal = NewDesk(now), NewTerminal(now, func(p string) bool { return p == place }, nil)
	return r
}

func (r *room) wait(d time.Duration) *room { r.at = r.at.Add(d); return r }

func (r *room) lend(pupils int) Session {
	r.t.Helper()
	s := Session{ID: uuid.New(), Place: place, Label: "5e B"}
	for range pupils {
		s.Members = append(s.Members, Member{ID: uuid.New(), First: "Exemple", Last: "Élève"})
	}
	r.desk.Begin(s)
	if err := r.bring(s); err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *room) bring(s Session) error {
	l, err := Lend(s, r.id)
	if err != nil {
		return err
	}
	return r.terminal.Accept(l, r.host)
}

func (r *room) shown() bool { _, ok := r.terminal.Current(); return ok }

func TestAClassGoesAnHourAfterItsLastSignature(t *testing.T) {
	r := newRoom(t)
	s := r.lend(3)
	r.wait(50 * time.Minute).terminal.Signed(s.Members[0].ID)
	if r.wait(50 * time.Minute); !r.shown() {
		t.Fatal("gone before the hour")
	}
	if _, err := r.terminal.Sync(s.ID, []uuid.UUID{s.Members[1].ID}); err != nil {
		t.Fatal(err)
	}
	if r.wait(50 * time.Minute); !r.shown() {
		t.Fatal("a signature on another terminal does not count")
	}
	if r.wait(11 * time.Minute); r.shown() {
		t.Fatal("still there after the hour")
	}
	if err := r.bring(s); !errors.Is(err, ErrEnded) || r.shown() {
		t.Errorf("the host brings the names back: %v", err)
	}
	r.lend(3)
	if !r.shown() {
		t.Error("a new loan of the class is refused")
	}
}

func TestTheHostsLoanEndsToo(t *testing.T) {
	r := newRoom(t)
	s := r.lend(3)
	r.wait(50 * time.Minute)
	if _, err := r.desk.Mark(s.ID, []uuid.UUID{s.Members[0].ID}); err != nil {
		t.Fatal(err)
	}
	r.wait(50 * time.Minute)
	if _, err := r.desk.Mark(s.ID, []uuid.UUID{s.Members[0].ID}); err != nil { // said again: no new signature
		t.Fatal(err)
	}
	if _, ok := r.desk.Session(); !ok {
		t.Fatal("gone before the hour")
	}
	if _, ok := r.wait(11 * time.Minute).desk.Session(); ok {
		t.Error("the loan has no end: a terminal that restarts is lent the names for ever")
	}
}

func TestAnEndedClassStaysEnded(t *testing.T) {
	r := newRoom(t)
	s := r.lend(2)
	r.terminal.End(s.ID)
	l, err := Lend(s, r.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Message{{Ask: AskSync, Session: s.ID}, {Ask: AskLend, Session: s.ID, Loan: &l}} {
		if a := r.ask(nil, r.terminal, r.host, m); !a.Ended || r.shown() {
			t.Errorf("%s: %+v, shown %t", m.Ask, a, r.shown())
		}
	}
}

func (r *room) ask(d *Desk, term *Terminal, from trust.Device, m Message) Message {
	r.t.Helper()
	raw, err := m.Encode()
	if err != nil {
		r.t.Fatal(err)
	}
	b, err := Serve(d, term, from, raw)
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := Parse(b)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func TestOnlyATerminalOfThePlaceIsHeard(t *testing.T) {
	r := newRoom(t)
	s := r.lend(2)
	m := Message{Ask: AskDone, Session: s.ID, Member: s.Members[0].ID}
	elsewhere := trust.Device{Key: trust.Key{2}, Role: record.Kiosk, Places: []string{"0150002W"}}
	if a := r.ask(r.desk, nil, elsewhere, m); a.OK {
		t.Error("a terminal of another place says who is done")
	}
	if a := r.ask(r.desk, nil, r.kiosk, m); !a.OK || !slices.Contains(a.Done, m.Member) {
		t.Errorf("%+v", a)
	}
	if a := r.ask(r.desk, nil, r.kiosk, Message{Ask: AskClaim, Session: s.ID, Member: m.Member}); a.OK {
		t.Error("who is done begins again")
	}
}

// Of a class, only its members have anything to say: names that somebody makes up would keep a list on a terminal for
// ever, and take its memory.
func TestWhoIsNotOfTheClassIsNotNoted(t *testing.T) {
	r := newRoom(t)
	s := r.lend(2)
	strangers := make([]uuid.UUID, 1000)
	for i := range strangers {
		strangers[i] = uuid.New()
	}
	r.wait(50 * time.Minute)
	for _, done := range [][]uuid.UUID{strangers[:1], strangers[1:]} {
		if a := r.ask(nil, r.terminal, r.host, Message{Ask: AskSync, Session: s.ID, Done: done}); len(a.Done) > 0 {
			t.Errorf("the terminal notes %d strangers", len(a.Done))
		}
		if out, err := r.desk.Mark(s.ID, done); err != nil || len(out) > 0 {
			t.Errorf("the desk notes %d strangers, %v", len(out), err)
		}
	}
	r.terminal.Signed(strangers[0])
	if ok, err := r.desk.Claim(s.ID, strangers[0], r.kiosk.Key); err != nil || ok || len(r.desk.claims) > 0 {
		t.Errorf("a stranger is claimed: %t, %v", ok, err)
	}
	r.wait(11 * time.Minute)
	if _, lent := r.desk.Session(); lent || r.shown() {
		t.Errorf("strangers keep the names: at the host %t, on the terminal %t", lent, r.shown())
	}
	s.ID, s.Done = uuid.New(), strangers
	if err := r.bring(s); err != nil {
		t.Fatal(err)
	}
	if got, _ := r.terminal.Current(); len(got.Done) > 0 {
		t.Errorf("a loan brings %d strangers", len(got.Done))
	}
}
