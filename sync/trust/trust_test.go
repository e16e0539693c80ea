package trust

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func identity(t testing.TB, name string) *Identity {
	t.Helper()
	i, err := NewIdentity(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// pen writes entries of one chain.
type pen struct {
	t    *testing.T
	terr journal.Territory
	id   *Identity
	in   journal.Incarnation
	gen  *journal.Genesis
	prev map[string]*journal.Entry
}

func newPen(t *testing.T, terr journal.Territory, id *Identity) *pen {
	t.Helper()
	recipient, err := RecipientBytes(id.Age.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	pub := id.Key.Public().(ed25519.PublicKey)
	var nonce [16]byte
	rand.Read(nonce[:])
	return &pen{t, terr, id, journal.IncarnationOf(terr, pub, nonce),
		&journal.Genesis{Key: pub, Nonce: nonce, Age: recipient, App: AppVersion}, map[string]*journal.Entry{}}
}

func (p *pen) write(scope, kind string, cells ...journal.Cell) *journal.Entry {
	p.t.Helper()
	id, err := journal.NewID(scope, kind, noon, rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.writeOn(id, scope, kind, cells...)
}

func (p *pen) writeOn(id uuid.UUID, scope, kind string, cells ...journal.Cell) *journal.Entry {
	p.t.Helper()
	d := journal.Draft{Incarnation: p.in, Scope: scope, Seq: 1, HLC: journal.Tick(0, noon), Genesis: p.gen,
		Prev: journal.GenesisHash(p.terr, journal.Chain{Incarnation: p.in, Scope: scope}),
		Ops:  []journal.Op{{OpHead: journal.OpHead{Kind: kind, ID: id}, Cells: cells}}}
	if last := p.prev[scope]; last != nil {
		d.Seq, d.Prev, d.Genesis = last.Seq+1, last.Hash, nil
	}
	e, err := journal.Sign(p.terr, p.id.Key, d, rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	p.prev[scope] = e
	return e
}

func (p *pen) admit(d Device) *journal.Entry {
	return p.write(Control, DeviceKind, Cells(d.Fields())...)
}

func found(t testing.TB) (*Founding, *Identity) {
	t.Helper()
	central := identity(t, "Central")
	f, err := Found("Cantal", central, record.Central, rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return f, central
}

func rootEntries(f *Founding) []*journal.Entry { return f.Control[0].Entries }

func deviceOf(i *Identity, role record.Role, places ...string) Device {
	return Device{Key: i.Public(), Age: i.Age.Recipient().String(), Role: role, Places: places, Name: i.Name}
}

func TestFoundingNamesTheTerritoryAndItsFirstDelegate(t *testing.T) {
	f, central := found(t)
	if err := f.Control[0].Verify(f.Territory, rootEntries(f)[0].Genesis.Key); err != nil {
		t.Fatalf("the root's chain does not verify: %v", err)
	}
	r := NewRoster(f.Territory, rootEntries(f))
	name, root, ok := r.Territory()
	if !ok || name != "Cantal" || root == central.Public() {
		t.Errorf("Territory() = %q, %s, %t", name, root, ok)
	}
	d, ok := r.Device(central.Public())
	if !ok || !d.Delegate || d.Role != record.Central || d.Name != "Central" {
		t.Errorf("first device = %+v, %t", d, ok)
	}
}

// A device names itself, and people decide on its name: it must show what it is made of, on one line.
func TestANameIsOneLineOfCharactersThatShow(t *testing.T) {
	f, central := found(t)
	for name, want := range map[string]string{
		"Salle\u00a0B, « élèves »":         "Salle\u00a0B, « élèves »",
		" bus\x1b[2J\n\u202egauche\u200b ": "bus[2Jgauche",
		strings.Repeat("é", 81):            strings.Repeat("é", 79) + "…",
	} {
		d := deviceOf(identity(t, name), record.Agent, "0150646X")
		if got, _ := NewRoster(f.Territory, append(rootEntries(f), newPen(t, f.Territory, central).admit(d))).Device(d.Key); got.Name != want {
			t.Errorf("%q is called %q, want %q", name, got.Name, want)
		}
	}
}

func TestRosterIsTheSameInEveryOrder(t *testing.T) {
	f, central := found(t)
	pen := newPen(t, f.Territory, central)
	entries := slices.Clone(rootEntries(f))
	agent := identity(t, "tablette 3")
	entries = append(entries, pen.admit(deviceOf(agent, record.Agent, "0150646X")), pen.admit(deviceOf(identity(t, "borne"), record.Kiosk, "bus")))
	// An admission written by one who is no delegate counts nowhere.
	impostor := identity(t, "imposteur")
	entries = append(entries, newPen(t, f.Territory, agent).admit(deviceOf(impostor, record.Coordination)))
	want := NewRoster(f.Territory, entries).Devices()
	if len(want) != 3 {
		t.Fatalf("%d devices, want 3", len(want))
	}
	for range 20 {
		r := NewRoster(f.Territory, nil)
		order := slices.Clone(entries)
		for len(order) > 0 {
			i := int(randByte(t)) % len(order)
			r = r.With(order[i : i+1])
			order = slices.Delete(order, i, i+1)
		}
		if !slices.EqualFunc(r.Devices(), want, func(a, b Device) bool { return a.Key == b.Key && a.Role == b.Role && a.Delegate == b.Delegate }) {
			t.Fatalf("another roster in another order: %v", r.Devices())
		}
		if _, ok := r.Device(impostor.Public()); ok {
			t.Fatal("a device admitted by nobody is on the roster")
		}
	}
}

func randByte(t *testing.T) byte {
	var b [1]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return b[0]
}

func TestAnotherRootIsNotOurs(t *testing.T) {
	f, _ := found(t)
	other, _ := found(t)
	r := NewRoster(f.Territory, rootEntries(other))
	if _, _, ok := r.Territory(); ok || len(r.Devices()) != 0 {
		t.Error("a foreign root made itself the root here")
	}
	if _, err := r.Judge(Key(rootEntries(other)[0].Genesis.Key), rootEntries(other)[0], nil); err == nil {
		t.Error("a foreign root's entry was allowed")
	}
}

func TestAllow(t *testing.T) {
	f, central := found(t)
	p := newPen(t, f.Territory, central)
	agent, kiosk, stranger := identity(t, "agent"), identity(t, "borne"), identity(t, "inconnu")
	entries := append(slices.Clone(rootEntries(f)), p.admit(deviceOf(agent, record.Agent, "0150646X")), p.admit(deviceOf(kiosk, record.Kiosk, "bus")))
	r := NewRoster(f.Territory, entries)
	plain := journal.Cell{Field: "name", Value: "x"}
	edit := journal.Cell{Field: "name", Value: "y", Parents: []journal.Dot{{Seq: 1}}}
	for _, c := range []struct {
		what   string
		author *Identity
		entry  *journal.Entry
		want   error
	}{
		{"agent records equipment", agent, newPen(t, f.Territory, agent).write("parc", "equipment", plain), nil},
		{"agent edits equipment", agent, newPen(t, f.Territory, agent).write("parc", "equipment", edit), nil},
		{"agent writes a charter", agent, newPen(t, f.Territory, agent).write("agenda", "charter", plain), ErrNotGranted},
		{"agent writes people of another place", agent, newPen(t, f.Territory, agent).write("people/bus", "attendance", plain), ErrNotGranted},
		{"agent admits a device", agent, newPen(t, f.Territory, agent).admit(deviceOf(stranger, record.Agent)), ErrNotGranted},
		{"kiosk creates an acknowledgement", kiosk, newPen(t, f.Territory, kiosk).write("people/bus", "acknowledgement", plain), nil},
		{"kiosk edits an acknowledgement", kiosk, newPen(t, f.Territory, kiosk).write("people/bus", "acknowledgement", edit), ErrNotGranted},
		{"kiosk records equipment", kiosk, newPen(t, f.Territory, kiosk).write("parc", "equipment", plain), ErrNotGranted},
		{"unknown key", stranger, newPen(t, f.Territory, stranger).write("parc", "equipment", plain), ErrUnknownKey},
		{"kind of a newer version", agent, newPen(t, f.Territory, agent).write("parc", "hologram", plain), nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			if _, err := r.Judge(c.author.Public(), c.entry, nil); !errors.Is(err, c.want) {
				t.Errorf("Allow = %v, want %v", err, c.want)
			}
		})
	}
}

func TestInvitationsAsPeopleTypeThem(t *testing.T) {
	code, err := NewCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]Invitation{
		code:                    {Code: code},
		" abcd efgh jkmn pqrs ": {Code: "ABCD-EFGH-JKMN-PQRS"},
		"ABCDEFGHJKMNPQRS@https://central.example:844": {Code: "ABCD-EFGH-JKMN-PQRS", URL: "https://central.example:844"},
		"OILO-0000-0000-0000":                          {Code: "0110-0000-0000-0000"},
	} {
		if got, err := ParseInvitation(typed); err != nil || got != want {
			t.Errorf("ParseInvitation(%q) = %v, %v; want %v", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "ABCD", "ABCD-EFGH-JKMN-PQR!", "ABCD-EFGH-JKMN-PQRS-T"} {
		if _, err := ParseInvitation(typed); !errors.Is(err, ErrInvitation) {
			t.Errorf("ParseInvitation(%q) = %v, want ErrInvitation", typed, err)
		}
	}
}

func TestProofDependsOnEveryPart(t *testing.T) {
	base := Proof("A", []byte("x"), SideJoin, []byte("k"))
	for _, other := range [][]byte{
		Proof("B", []byte("x"), SideJoin, []byte("k")), Proof("A", []byte("y"), SideJoin, []byte("k")),
		Proof("A", []byte("x"), SideAdmit, []byte("k")), Proof("A", []byte("x"), SideJoin, []byte("l")),
		Proof("A", []byte("x"), SideJoin, []byte("k"), nil),
	} {
		if bytes.Equal(base, other) {
			t.Error("two different statements have one proof")
		}
	}
}

func TestIdentityIsKeptAndNeverReplaced(t *testing.T) {
	dir := t.TempDir()
	i := identity(t, "tablette 3")
	if err := i.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := LoadIdentity(dir)
	if err != nil || got.Public() != i.Public() || got.Name != i.Name || got.Age.String() != i.Age.String() {
		t.Fatalf("LoadIdentity = %+v, %v", got, err)
	}
	if err := identity(t, "autre").Save(dir); err == nil {
		t.Error("a second key replaced the first")
	}
}

func TestRecoveryFile(t *testing.T) {
	f, _ := found(t)
	var b bytes.Buffer
	if err := f.WriteRecovery(&b, "court", noon); !errors.Is(err, ErrPassphrase) {
		t.Errorf("short passphrase: %v", err)
	}
	b.Reset()
	if err := f.WriteRecovery(&b, "un buron sous la neige", noon); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), f.root.Seed()) {
		t.Error("the root key stands in clear")
	}
	sealed := b.Bytes()
	got, err := OpenRecovery(bytes.NewReader(sealed), "un buron sous la neige")
	if err != nil || got.Territory != f.Territory || got.Name != "Cantal" {
		t.Fatalf("OpenRecovery = %+v, %v", got, err)
	}
	said := NewRoster(f.Territory, f.Control[0].Entries).Recovery()
	if said == "" || got.Seal == nil || got.Seal.Recipient().String() != said {
		t.Errorf("the territory says %q, and the file holds another key", said)
	}
	if _, err := OpenRecovery(bytes.NewReader(sealed), "un buron sous la pluie"); err == nil {
		t.Error("opened with a wrong passphrase")
	}
}

func TestRecipientBytesAreThoseOfTheKey(t *testing.T) {
	for range 20 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		b, err := RecipientBytes(id.Recipient().String())
		if err != nil {
			t.Fatal(err)
		}
		key, err := ecdh.X25519().NewPublicKey(b)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := plugin.EncodeX25519Recipient(key); err != nil || back != id.Recipient().String() {
			t.Errorf("%x encodes as %s, %v; want %s", b, back, err, id.Recipient())
		}
	}
	if _, err := RecipientBytes("age1qqqq"); err == nil {
		t.Error("accepted a text that is no recipient")
	}
}

func TestHandshakePinsKeysAndBindsBothEnds(t *testing.T) {
	server, client, other := identity(t, "s"), identity(t, "c"), identity(t, "o")
	wrong := other.Public()
	right := server.Public()
	for name, c := range map[string]struct {
		pin *Key
		ok  bool
	}{"pinned": {&right, true}, "any": {nil, true}, "another key": {&wrong, false}} {
		t.Run(name, func(t *testing.T) {
			a, b := net.Pipe()
			defer a.Close()
			defer b.Close()
			sc := ServerTLS(func() *Identity { return server })
			cc, err := ClientTLS(client, c.pin)
			if err != nil {
				t.Fatal(err)
			}
			s, cl := tls.Server(a, sc), tls.Client(b, cc)
			done := make(chan error, 1)
			go func() { done <- s.Handshake() }()
			err = cl.Handshake()
			if !c.ok {
				if !errors.Is(err, ErrPinned) {
					t.Fatalf("handshake = %v, want ErrPinned", err)
				}
				return
			}
			if err := errors.Join(err, <-done); err != nil {
				t.Fatal(err)
			}
			if k, err := PeerKey(s.ConnectionState()); err != nil || k != client.Public() {
				t.Errorf("server sees %s, %v", k, err)
			}
			x, _ := Exporter(s.ConnectionState())
			y, _ := Exporter(cl.ConnectionState())
			if len(x) != 32 || !bytes.Equal(x, y) {
				t.Errorf("exporters differ: %x %x", x, y)
			}
		})
	}
}

// The grants name kinds that this version has no struct for: they count all the same.
func TestAKindThatIsGrantedByNameIsAllowedBeforeItsVersion(t *testing.T) {
	for _, c := range []struct {
		role  record.Role
		scope string
		kind  record.Kind
	}{{record.Agent, "governance", "need"}, {record.Agent, "governance", "proposal"}, {record.Host, "agenda", "room_booking"}} {
		d := Device{Role: c.role, Grants: record.Grants(c.role, []string{"x"})}
		op := journal.Op{OpHead: journal.OpHead{Kind: string(c.kind), ID: uuid.New()}, Cells: []journal.Cell{{Field: "title", Value: "x"}}}
		if !d.mayHaveWritten(c.scope, c.kind, op, false) {
			t.Errorf("%s of a newer version may not create a %s in %s, which its role grants", c.role, c.kind, c.scope)
		}
	}
}
