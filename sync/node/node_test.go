package node

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cantal.fr/buron/sync/class"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestDevicesMeetThroughTheCentral(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent, "0150001V"), f.join("b", record.Agent, "0150001V")
	id := save(t, a, record.Equipment, machine("PC-1"))
	if n, _ := a.Pending(t.Context()); n != 1 {
		t.Errorf("%d pending before", n)
	}
	if o := f.exchange(a); o.Err != nil || o.Sent != 1 {
		t.Fatalf("a: %+v", o)
	}
	if n, _ := a.Pending(t.Context()); n != 0 {
		t.Errorf("%d pending after", n)
	}
	if v, err := a.Get(t.Context(), id); err != nil || v.Lauzes != 3 {
		t.Errorf("lauzes %d, %v", v.Lauzes, err)
	}
	if o := f.exchange(b); o.Err != nil || !holds(t, b, id) {
		t.Fatalf("b: %+v", o)
	}
	if o := f.exchange(b); o.RoundTrips != 1 {
		t.Errorf("nothing to say took %d round trips", o.RoundTrips)
	}
	same(t, a, b, "parc")
	same(t, a, f.central, "parc")
}

func TestAnInvitationServesOnce(t *testing.T) {
	f := newField(t)
	code := f.invite(record.Agent)
	for i, want := range []bool{true, false} {
		r, err := Join(t.Context(), t.TempDir(), code, f.url, "a", replica.Options{})
		if (err == nil) != want {
			t.Errorf("use %d: %v", i+1, err)
		}
		if r != nil {
			r.Close()
		}
	}
	if _, err := Join(t.Context(), t.TempDir(), "0000-0000-0000-0000", f.url, "x", replica.Options{}); err == nil {
		t.Error("joined with an invented code")
	}
}

func TestNeighboursAndARelay(t *testing.T) {
	f := newField(t)
	a, b, c := f.join("a", record.Agent), f.join("b", record.Agent), f.join("c", record.Agent)
	f.stop()
	_, addr := listen(t, b)
	id := save(t, a, record.Equipment, machine("PC-1"))
	// b joined before c and has not heard of it: control comes first.
	if o := meet(t, a, addr); o.Err != nil || o.Sent != 1 {
		t.Fatalf("a to b: %+v", o)
	}
	if o := meet(t, c, addr); o.Err != nil || !holds(t, c, id) {
		t.Fatalf("c from b: %+v", o)
	}
	if v, _ := c.Get(t.Context(), id); v.Created.DeviceName != "a" {
		t.Errorf("written by %q", v.Created.DeviceName)
	}
}

func TestARunningNeighbourSendsWhatIsSaved(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent), f.join("b", record.Agent)
	f.stop()
	_, addr := listen(t, a)
	listen(t, b, addr)
	first := save(t, b, record.Equipment, machine("PC-1"))
	eventually(t, "a has what b saved", func() bool { return holds(t, a, first) })
	// Another process writes to b's folder.
	other, err := replica.Open(t.Context(), b.Dir(), replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	second := save(t, other, record.Equipment, machine("PC-2"))
	eventually(t, "a has what another process saved", func() bool { return holds(t, a, second) })
}

func TestAStrangerLearnsNothing(t *testing.T) {
	f, g := newField(t), newField(t)
	a, foreign := f.join("a", record.Agent), g.join("x", record.Coordination)
	save(t, a, record.Equipment, machine("PC-1"))
	_, addr := listen(t, a)
	if o := meet(t, foreign, addr); !errors.Is(o.Err, exchange.ErrStranger) {
		t.Errorf("a stranger got %+v", o)
	}
	if n, _ := foreign.Records(t.Context()); n != 0 {
		t.Errorf("a stranger holds %d records", n)
	}
	if o := f.exchangeAs(foreign, f.url); o.Err == nil {
		t.Errorf("the central answered a stranger: %+v", o)
	}
}

// exchangeAs makes a device of another territory call this central.
func (f *field) exchangeAs(r *replica.Replica, url string) Outcome {
	f.t.Helper()
	out, err := New(r, Options{Listen: "off", Central: url}).Once(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return out[0]
}

func TestAKioskReadsNothingBack(t *testing.T) {
	f := newField(t)
	office, kiosk := f.join("accueil", record.Coordination), f.join("borne", record.Kiosk, "0150001V")
	site := save(t, office, record.Site, record.Fields{"type": "college", "uai": "0150001V", "name": "Collège"})
	charter := save(t, office, record.Charter, record.Fields{"version": "1", "text": "Texte", "status": "en_vigueur"})
	save(t, office, record.CharterAdoption, record.Fields{"site": site.String(), "charter": charter.String(), "vote_date": int64(20000)})
	pupil := save(t, office, record.ClassMember, record.Fields{"site": site.String(), "school_year": "2026-2027", "class": "5e B", "family_name": "Élève 07", "first_name": "Exemple"})
	save(t, office, record.Equipment, machine("PC-1"))
	f.exchange(office)
	f.exchange(kiosk)
	act := save(t, kiosk, record.Acknowledgement, record.Fields{"act": "signature", "site": site.String(), "charter": charter.String(), "population": "eleve",
		"member": pupil.String(), "typed_name": "Élève 07", "at": time.Now().UnixMilli()})
	if o := f.exchange(kiosk); o.Err != nil || o.Sent != 1 {
		t.Fatalf("kiosk: %+v", o)
	}
	if o := f.exchange(office); o.Err != nil || !holds(t, office, act) {
		t.Fatalf("office: %+v", o)
	}
	f.exchange(kiosk)
	if holds(t, kiosk, pupil) {
		t.Error("a pupil's name is on a public terminal")
	}
	scopes, _ := kiosk.Scopes(t.Context())
	if slices.Contains(scopes, "parc") || slices.Contains(scopes, "staff") {
		t.Errorf("a kiosk holds %v", scopes)
	}
	if n, _ := kiosk.Pending(t.Context()); n != 0 {
		t.Errorf("%d acts wait though the central has them", n)
	}
}

// relay carries bytes to an address and cuts the line after so many.
type relay struct {
	net.Listener
	to    string
	limit int64
	wg    sync.WaitGroup
}

func newRelay(t testing.TB, to string, limit int64) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: to, limit: limit}
	r.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.wg.Go(func() { r.carry(c) })
		}
	})
	t.Cleanup(func() { l.Close(); r.wg.Wait() })
	return r
}

func (r *relay) carry(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer up.Close()
	done := make(chan struct{}, 2)
	copyPart := func(dst, src net.Conn) {
		_, _ = io.CopyN(dst, src, r.limit)
		done <- struct{}{}
	}
	go copyPart(up, c)
	go copyPart(c, up)
	<-done
	c.Close()
	up.Close()
	<-done
}

func TestACutLineLosesAndDoublesNothing(t *testing.T) {
	f := newField(t)
	a, b := f.join("a", record.Agent), f.join("b", record.Agent)
	f.stop()
	ids := machines(t, a, 1200)
	_, addr := listen(t, a)
	cuts := 0
	for limit := int64(6_000); ; limit += 6_000 {
		r := newRelay(t, addr, limit)
		o := meet(t, b, r.Addr().String())
		if o.Err == nil {
			break
		}
		cuts++
		if cuts > 100 {
			t.Fatal("never through: ", o.Err)
		}
	}
	if cuts < 3 {
		t.Fatalf("only %d cuts: the test proves nothing", cuts)
	}
	for _, id := range ids {
		if !holds(t, b, id) {
			t.Fatalf("%s was lost", id)
		}
	}
	if n, _ := b.Count(t.Context(), replica.Query{Kind: record.Equipment}); n != len(ids) {
		t.Errorf("%d machines, want %d", n, len(ids))
	}
	same(t, a, b, "parc")
	if err := b.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestAClassIsLentAndSigned(t *testing.T) {
	f := newField(t)
	office := f.join("accueil", record.Coordination)
	k1, k2 := f.join("borne 1", record.Kiosk, "0150001V"), f.join("borne 2", record.Kiosk, "0150001V")
	f.exchange(office)
	n1, a1 := listen(t, k1)
	n2, a2 := listen(t, k2)
	host, _ := listen(t, office, a1, a2)
	s := class.Session{Place: "0150001V", Label: "5e B"}
	for range 25 {
		s.Members = append(s.Members, class.Member{ID: uuid.New(), First: "Exemple", Last: "Élève"})
	}
	has := func(n *Node, done int) func() bool {
		return func() bool {
			c, ok := n.Terminal().Current()
			return ok && len(c.Done) == done
		}
	}
	eventually(t, "the host has met both kiosks", func() bool { return len(host.nearTerminals(s)) == 2 })
	host.LendClass(s)
	eventually(t, "the class is on both kiosks", func() bool { return has(n1, 0)() && has(n2, 0)() })
	m := s.Members[6].ID
	if !n1.ClaimMember(t.Context(), m) {
		t.Fatal("the first kiosk may not begin")
	}
	if n2.ClaimMember(t.Context(), m) {
		t.Error("the same pupil begins on both kiosks")
	}
	n1.MemberDone(t.Context(), m)
	eventually(t, "both show the pupil as done", func() bool { return has(n1, 1)() && has(n2, 1)() })
	if n2.ClaimMember(t.Context(), m) {
		t.Error("a pupil who is done begins again")
	}
	lent, _ := n2.Terminal().Current()
	n2.Terminal().End(lent.ID)
	eventually(t, "the host knows that the second kiosk has ended", func() bool { return len(host.Over()) == 1 })
	n1.MemberDone(t.Context(), s.Members[7].ID)
	eventually(t, "the first goes on", has(n1, 2))
	if _, ok := n2.Terminal().Current(); ok {
		t.Error("the names came back to a kiosk that had ended the class")
	}
	host.EndClass(t.Context())
	eventually(t, "the names are gone", func() bool {
		_, x := n1.Terminal().Current()
		_, y := n2.Terminal().Current()
		return !x && !y
	})
}

func TestTerminalsSeeEachOtherWithoutTheHost(t *testing.T) {
	f := newField(t)
	office := f.join("accueil", record.Coordination)
	k1, k2 := f.join("borne 1", record.Kiosk, "0150001V"), f.join("borne 2", record.Kiosk, "0150001V")
	for _, r := range []*replica.Replica{office, k1, k2} {
		f.exchange(r)
	}
	n1, a1 := listen(t, k1)
	n2, a2 := listen(t, k2, a1)
	n1.meet(a2)
	s := class.Session{ID: uuid.New(), Place: "0150001V", Label: "5e B", Members: []class.Member{{ID: uuid.New()}, {ID: uuid.New()}}}
	eventually(t, "the kiosks have met", func() bool { return len(n1.nearTerminals(s)) == 1 && len(n2.nearTerminals(s)) == 1 })
	loan, err := class.Lend(s, office.Identity())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Node{n1, n2} { // lent by a host that has gone since
		if err := n.Terminal().Accept(loan, office.Self()); err != nil {
			t.Fatal(err)
		}
	}
	m := s.Members[0].ID
	if !n1.ClaimMember(t.Context(), m) || n2.ClaimMember(t.Context(), m) {
		t.Error("the same pupil begins on both kiosks, or on none")
	}
	n1.ReleaseMember(t.Context(), m)
	if !n2.ClaimMember(t.Context(), m) {
		t.Error("a pupil who left the one may not begin on the other")
	}
	n2.MemberDone(t.Context(), m)
	if c, _ := n1.Terminal().Current(); len(c.Done) != 1 || n1.ClaimMember(t.Context(), m) {
		t.Errorf("who is done begins again: %v", c.Done)
	}
}

func TestASecondExchangerStandsBack(t *testing.T) {
	f := newField(t)
	a := f.join("a", record.Agent)
	listen(t, a)
	second := New(a, Options{Listen: "127.0.0.1:0", Alone: true})
	ctx, cancel := contextFor(t, 300*time.Millisecond)
	defer cancel()
	listened := false
	if err := second.RunReady(ctx, func(string) { listened = true }); err != nil || listened {
		t.Errorf("two processes exchange for one folder: %t, %v", listened, err)
	}
}

func TestFoundedTerritoryHasARecoveryFile(t *testing.T) {
	made, err := Found(t.Context(), t.TempDir(), FoundOptions{Territory: "Cantal", Device: "poste", Role: record.Coordination})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Replica.Close()
	if !strings.HasSuffix(made.Recovery, RecoveryFile) || len(made.Passphrase) != 19 {
		t.Errorf("%+v", made)
	}
	if _, err := Found(t.Context(), made.Replica.Dir(), FoundOptions{Territory: "x", Device: "y", Role: record.Coordination}); !errors.Is(err, ErrFounded) {
		t.Errorf("founded twice in one folder: %v", err)
	}
}
