// Package class is the lending of a class to public terminals: the host's desktop sends the list, the
// terminals sign pupils up, and all tell each other who is done. It opens no connection and writes nothing:
// names live in memory, from the loan to its end. Its invariant: a terminal shows a class only under the
// signature of a device that may hold the people of that place, and for one hour after the last signature at
// most.
package class

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// domain stands before what a host signs.
const domain = "buron class v1\n"

// Idle is how long a class stays on a terminal after its last signature.
const Idle = time.Hour

// idle reports whether a class is over that nobody has signed since last: by the clock that measures, which nobody can set
// back, or by the one on the wall, which goes on while the machine sleeps.
func idle(last, now time.Time) bool {
	return max(now.Sub(last), now.Round(0).Sub(last.Round(0))) > Idle
}

// claimed is how long a pupil's name is held by the terminal where they have begun.
const claimed = 3 * time.Minute

// maxMembers is the most members of a class.
const maxMembers = 200

// Member is one pupil of the list.
type Member struct {
	ID    uuid.UUID `json:"id"` // class_member
	First string    `json:"first"`
	Last  string    `json:"last"`
}

// Charter is the text to sign.
type Charter struct {
	ID         uuid.UUID `json:"id"`
	Version    string    `json:"version"`
	Text       string    `json:"text"`
	Simple     string    `json:"simple"`
	TextHash   string    `json:"text_hash"`
	SimpleHash string    `json:"simple_hash"`
}

// Session is a class that is lent.
type Session struct {
	ID      uuid.UUID   `json:"id"`
	Site    uuid.UUID   `json:"site"`
	Place   string      `json:"place"` // record.PlaceKey of the site
	Label   string      `json:"label"` // « 5e B »
	Charter Charter     `json:"charter"`
	Members []Member    `json:"members"`
	Done    []uuid.UUID `json:"done"` // who has acted already
	Lent    time.Time   `json:"lent"`
	Port    int         `json:"port"` // where the host listens, for claims
}

// has reports whether somebody is of the class: nobody else is noted as done, or as about to be. Names that are made up
// would keep a list on a terminal without end.
func (s Session) has(id uuid.UUID) bool {
	return slices.ContainsFunc(s.Members, func(m Member) bool { return m.ID == id })
}

// Errors of a loan.
var (
	ErrSignature = errors.New("class: not signed by the device that brings it")
	ErrNotHost   = errors.New("class: brought by a device that may not lend a class of this place")
	ErrNone      = errors.New("class: no class is lent")
	ErrTerminal  = errors.New("class: asked by a device that is no terminal of this place")
	ErrEnded     = errors.New("class: ended on this terminal")
	ErrPlace     = errors.New("class: of another place than the terminal's")
)

// Loan is a session under its host's signature, as it travels.
type Loan struct {
	Session   []byte `json:"session"` // JSON, as signed
	Signature []byte `json:"signature"`
}

// Lend signs a session for the terminals.
func Lend(s Session, id *trust.Identity) (Loan, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return Loan{}, fmt.Errorf("class: lend: %w", err)
	}
	return Loan{b, ed25519.Sign(id.Key, append([]byte(domain), b...))}, nil
}

// open checks a loan that the device host has brought.
func (l Loan) open(host trust.Device) (Session, error) {
	var s Session
	if !ed25519.Verify(host.Key[:], append([]byte(domain), l.Session...), l.Signature) {
		return s, ErrSignature
	}
	if err := json.Unmarshal(l.Session, &s); err != nil || len(s.Members) > maxMembers || s.ID == uuid.Nil {
		return s, fmt.Errorf("class: a list that cannot be read: %w", errors.Join(err, ErrSignature))
	}
	if !host.MayRead("people/" + s.Place) {
		return s, ErrNotHost
	}
	return s, nil
}

// Desk is the host's side of a loan.
type Desk struct {
	mu      sync.Mutex
	session Session
	lent    bool
	done    map[uuid.UUID]bool
	claims  map[uuid.UUID]claim
	last    time.Time // of the loan or of the last signature anywhere
	now     func() time.Time
}

type claim struct {
	by    trust.Key
	until time.Time
}

// NewDesk returns a desk with no class; now is the device's clock.
func NewDesk(now func() time.Time) *Desk { return &Desk{now: now} }

// Begin starts a loan; it replaces the one before.
func (d *Desk) Begin(s Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.session, d.lent, d.last = s, true, d.now()
	d.done, d.claims = map[uuid.UUID]bool{}, map[uuid.UUID]claim{}
	for _, id := range s.Done {
		if s.has(id) {
			d.done[id] = true
		}
	}
}

// End ends the loan and forgets the names.
func (d *Desk) End() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget()
}

func (d *Desk) forget() { d.session, d.lent, d.done, d.claims = Session{}, false, nil, nil }

// Session returns the class that is lent, with who is done by now, and false without one. It ends an hour
// after the last signature, or a terminal that restarts would be lent it for ever.
func (d *Desk) Session() (Session, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lent && idle(d.last, d.now()) {
		d.forget()
	}
	s := d.session
	s.Done = doneList(d.done)
	return s, d.lent
}

// At reports whether a device may speak for a terminal of the class: it stands at its place.
func (d *Desk) At(from trust.Device) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lent && slices.Contains(from.Places, d.session.Place)
}

// Mark notes members that are done, and returns all that are.
func (d *Desk) Mark(session uuid.UUID, ids []uuid.UUID) ([]uuid.UUID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.lent || d.session.ID != session {
		return nil, ErrNone
	}
	for _, id := range ids {
		if d.done[id] || !d.session.has(id) {
			continue
		}
		d.done[id], d.last = true, d.now()
		delete(d.claims, id)
	}
	return doneList(d.done), nil
}

// Claim lets one terminal begin with a member; false where they are done, have begun elsewhere, or are not of the class.
func (d *Desk) Claim(session, member uuid.UUID, by trust.Key) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.lent || d.session.ID != session {
		return false, ErrNone
	}
	if c, taken := d.claims[member]; d.done[member] || !d.session.has(member) || (taken && c.by != by && d.now().Before(c.until)) {
		return false, nil
	}
	d.claims[member] = claim{by, d.now().Add(claimed)}
	return true, nil
}

// Release gives a claimed member back: the pupil said « Non ».
func (d *Desk) Release(member uuid.UUID, by trust.Key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.claims[member].by == by {
		delete(d.claims, member)
	}
}

func doneList(done map[uuid.UUID]bool) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(done))
	for id := range done {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Terminal is a kiosk's side of a loan.
type Terminal struct {
	mu      sync.Mutex
	session Session
	host    trust.Key
	done    map[uuid.UUID]bool
	begun   uuid.UUID // member who is at this terminal
	ended   uuid.UUID // session that is over here: its host may not bring the names back
	last    time.Time // of the loan or of the last signature that is known of
	now     func() time.Time
	at      func(place string) bool // whether the terminal stands there
	changed func()
}

// NewTerminal returns a terminal with no class, which takes those of the places alone where at says that it
// stands. Changed, which may be
// nil, is called after every change, without any lock held.
func NewTerminal(now func() time.Time, at func(place string) bool, changed func()) *Terminal {
	if changed == nil {
		changed = func() {}
	}
	return &Terminal{now: now, at: at, changed: changed}
}

// Accept takes a loan that host has brought. The same session again only brings who is done.
func (t *Terminal) Accept(l Loan, host trust.Device) error {
	s, err := l.open(host)
	if err != nil {
		return err
	}
	if !t.at(s.Place) {
		return ErrPlace
	}
	t.mu.Lock()
	if t.ended == s.ID {
		t.mu.Unlock()
		return ErrEnded
	}
	if t.session.ID != s.ID {
		t.session, t.host, t.done, t.last, t.begun = s, host.Key, map[uuid.UUID]bool{}, t.now(), uuid.Nil
	}
	for _, id := range s.Done {
		if t.session.has(id) {
			t.done[id] = true
		}
	}
	t.mu.Unlock()
	t.changed()
	return nil
}

// Current returns the class on the terminal, with who is done, and false without one. One that has stood
// for an hour after its last signature is forgotten.
func (t *Terminal) Current() (Session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.session.ID != uuid.Nil && idle(t.last, t.now()) {
		t.forget()
	}
	s := t.session
	s.Done = doneList(t.done)
	return s, s.ID != uuid.Nil
}

// Host returns the key of the device that lent the class.
func (t *Terminal) Host() trust.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.host
}

// Begin notes that a member is at this terminal; false where they are done.
func (t *Terminal) Begin(member uuid.UUID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done[member] {
		return false
	}
	t.begun = member
	return true
}

// Leave notes that a member did not go on.
func (t *Terminal) Leave(member uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun == member {
		t.begun = uuid.Nil
	}
}

// Free answers another terminal of the place, where the host is out of reach: may the member begin there?
func (t *Terminal) Free(session, member uuid.UUID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session.ID != session || !t.done[member] && t.begun != member
}

// Fellow reports whether a device may speak about the class as another terminal does: it stands at its place.
func (t *Terminal) Fellow(from trust.Device) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session.ID != uuid.Nil && slices.Contains(from.Places, t.session.Place)
}

// Signed notes that a member has acted on this terminal.
func (t *Terminal) Signed(member uuid.UUID) {
	t.mu.Lock()
	if t.session.has(member) {
		t.done[member], t.last = true, t.now()
	}
	if t.begun == member {
		t.begun = uuid.Nil
	}
	t.mu.Unlock()
	t.changed()
}

// Sync takes in who is done elsewhere and returns who is done by now.
func (t *Terminal) Sync(session uuid.UUID, done []uuid.UUID) ([]uuid.UUID, error) {
	t.mu.Lock()
	if t.session.ID != session {
		t.mu.Unlock()
		return nil, ErrNone
	}
	news := false
	for _, id := range done {
		if !t.done[id] && t.session.has(id) {
			t.done[id], news = true, true
		}
	}
	if news {
		t.last = t.now()
	}
	out := doneList(t.done)
	t.mu.Unlock()
	if news {
		t.changed()
	}
	return out, nil
}

// End ends a loan and forgets the names; uuid.Nil ends whichever there is.
func (t *Terminal) End(session uuid.UUID) {
	t.mu.Lock()
	if session == uuid.Nil || t.session.ID == session {
		t.forget()
	}
	t.mu.Unlock()
	t.changed()
}

// Ended returns the session that was over here last, uuid.Nil before the first.
func (t *Terminal) Ended() uuid.UUID {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// forget keeps nothing of a class but that it is over.
func (t *Terminal) forget() {
	if t.session.ID != uuid.Nil {
		t.ended = t.session.ID
	}
	t.session, t.host, t.done, t.begun = Session{}, trust.Key{}, nil, uuid.Nil
}
