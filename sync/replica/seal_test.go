package replica

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/probe"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/trust"

	"filippo.io/age"
	"github.com/google/uuid"
)

// inTheOpen reports whether the files of a device show a text to one without its keys.
func inTheOpen(t testing.TB, r *Replica, text string) bool {
	t.Helper()
	found, err := probe.Open(r.Dir(), text)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unsealed reports whether the files of a device hold a text for one who has its keys.
func unsealed(t testing.TB, r *Replica, text string) bool {
	t.Helper()
	found, err := probe.Unsealed(r.Dir(), text)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// dumpRecords prints the records as they read once unsealed: no two seals of the same are equal.
func dumpRecords(t testing.TB, r *Replica, b *strings.Builder) {
	t.Helper()
	rows, err := r.read.Query("SELECT id, kind, scope, archived, conflicts, fields, cells FROM record WHERE scope <> 'control' ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, fields, cells []byte
		var rec record.Record
		var archived, conflicts int
		if err := rows.Scan(&id, &rec.Kind, &rec.Scope, &archived, &conflicts, &fields, &cells); err != nil {
			t.Fatal(err)
		}
		rec.ID = uuid.UUID(id)
		s := &state{id: rec.ID, kind: string(rec.Kind), scope: rec.Scope}
		if err := errors.Join(r.fields(&rec, fields), r.decode(s, packed{fields, cells}, r.writerName(t.Context()))); err != nil {
			t.Fatal(err)
		}
		var plain strings.Builder
		for _, c := range s.cells {
			slices.SortFunc(c.versions, compareVersions)
			slices.SortFunc(c.pending, journal.CompareDots)
			fmt.Fprintf(&plain, "%+v ", c)
		}
		text, err := json.Marshal(rec.Fields)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "%X|%s|%s|%d|%d|%s|%s|\n", id, rec.Kind, rec.Scope, archived, conflicts, text, plain.String())
	}
}

const uai = "0150001V"

// school is a territory with a collège, as the coordination sees it.
func school(t testing.TB) (f *field, office *Replica, site uuid.UUID) {
	t.Helper()
	f = newField(t)
	office = f.admit("poste", record.Coordination, 0)
	site = save(t, office, Change{Kind: record.Site, Set: record.Fields{"type": "college", "uai": uai, "name": "Collège", "commune": "15001"}})
	return f, office, site
}

func TestNoNameStandsOpenOnAnyDevice(t *testing.T) {
	const pupilName, visitor, typed, asked = "Zorglubette", "Quatrepoix", "Brindazur", "Sautecaillou"
	f, office, site := school(t)
	agent, stranger := f.admit("agent", record.Agent, 0, uai), f.admit("autre agent", record.Agent, 0, "0150646X")
	kiosk := f.admit("borne", record.Kiosk, 0, uai)
	save(t, office, pupil(site, pupilName))
	give(t, office, f.central)
	for _, r := range []*Replica{agent, stranger, kiosk} {
		give(t, f.central, r)
	}
	act := Change{Kind: record.Attendance, Scope: "people/" + uai, Set: record.Fields{"act": "presence", "event": uuid.NewString(), "person_name": visitor, "at": int64(1)}}
	save(t, kiosk, act)
	if err := office.SetSetting(t.Context(), "draft.acknowledgement.x", `{"typed_name":"`+typed+`"}`); err != nil {
		t.Fatal(err)
	}
	if got, err := office.Setting(t.Context(), "draft.acknowledgement.x"); err != nil || !strings.Contains(got, typed) {
		t.Errorf("the draft reads %q, %v", got, err)
	}
	if err := f.central.SetSetting(t.Context(), "subject.requests", `[{"name":"`+asked+`"}]`); err != nil {
		t.Fatal(err)
	}
	give(t, kiosk, f.central)
	give(t, f.central, agent)
	for _, r := range []*Replica{f.central, office, agent, stranger, kiosk} {
		for _, name := range []string{pupilName, visitor, typed, asked} {
			if inTheOpen(t, r, name) {
				t.Errorf("%s: %s is read in its files without any key", r.Self().Name, name)
			}
		}
	}
	for _, c := range []struct {
		r    *Replica
		name string
		want bool
	}{
		{office, pupilName, true}, {f.central, pupilName, true}, {agent, pupilName, true}, {stranger, pupilName, false}, {kiosk, pupilName, false},
		{kiosk, visitor, true}, {f.central, visitor, true}, {agent, visitor, true}, {stranger, visitor, false},
		{office, typed, true}, {f.central, typed, false}, {f.central, asked, true},
	} {
		if got := unsealed(t, c.r, c.name); got != c.want {
			t.Errorf("%s, with its keys: %s found = %v", c.r.Self().Name, c.name, got)
		}
	}
	// Once the central has signed for it, the terminal keeps nothing of it, not even for one who has its keys.
	if _, err := meet(t, kiosk, f.central, 0); err != nil {
		t.Fatal(err)
	}
	if n, err := kiosk.DropDelivered(t.Context()); err != nil || n != 1 {
		t.Errorf("%d entries dropped, %v", n, err)
	}
	if unsealed(t, kiosk, visitor) {
		t.Error("the terminal still holds the name that it has delivered")
	}
	if err := kiosk.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if kiosk.KeyStore() != "fichier protégé" || kiosk.Sealed() {
		t.Errorf("the key is kept in %q", kiosk.KeyStore())
	}
}

func TestListsGoByWhatIsSealed(t *testing.T) {
	_, office, site := school(t)
	for _, name := range []string{"Zoé", "élan", "Martin", "abel", "Éon"} {
		save(t, office, pupil(site, name))
	}
	names := func(q Query) (out []string) {
		t.Helper()
		q.Kind = record.ClassMember
		list, err := office.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := office.Index(t.Context(), q)
		if err != nil || len(numbers) != len(list) {
			t.Fatalf("Index has %d of %d, %v", len(numbers), len(list), err)
		}
		rows, err := office.Rows(t.Context(), numbers)
		if err != nil {
			t.Fatal(err)
		}
		for i, rec := range list {
			if rows[i].ID != rec.ID {
				t.Errorf("Index and List differ at %d", i)
			}
			out = append(out, rec.Fields.Text("family_name"))
		}
		return out
	}
	for _, c := range []struct {
		q    Query
		want []string
	}{
		{Query{Order: []string{"class", "family_name"}}, []string{"abel", "élan", "Éon", "Martin", "Zoé"}},
		{Query{Order: []string{"-family_name"}, Limit: 2, Offset: 1}, []string{"Martin", "Éon"}},
		{Query{Order: []string{"family_name"}, Offset: 9}, nil},
		{Query{Where: []Cond{{Field: "family_name", Value: "Martin"}, {Field: "site", Value: site.String()}}}, []string{"Martin"}},
		{Query{Where: []Cond{{Field: "family_name", Value: []any{"abel", "Zoé"}}}, Order: []string{"family_name"}}, []string{"abel", "Zoé"}},
		{Query{Where: []Cond{{Field: "family_name"}}}, nil},
		{Query{Where: []Cond{{Field: "family_name", From: "Zo", To: "Zz"}}}, []string{"Zoé"}},
		{Query{Where: []Cond{{Field: "family_name", Value: "Martin"}, {Field: "class", Value: "4e A"}}}, nil},
	} {
		if got := names(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%+v = %v, want %v", c.q, got, c.want)
		}
		c.q.Kind = record.ClassMember
		if n, err := office.Count(t.Context(), c.q.unordered()); c.q.Limit == 0 && c.q.Offset == 0 && (err != nil || n != len(c.want)) {
			t.Errorf("%+v: Count = %d, %v", c.q, n, err)
		}
	}
	found, err := office.Book(t.Context()).Find(record.ClassMember, "first_name", "Exemple")
	if err != nil || len(found) != 5 {
		t.Errorf("Find = %d, %v", len(found), err)
	}
	tally, err := office.Tally(t.Context(), Query{Kind: record.ClassMember}, "first_name")
	if err != nil || tally["Exemple"] != 5 {
		t.Errorf("Tally = %v, %v", tally, err)
	}
	if _, err := office.List(t.Context(), Query{Kind: record.ClassMember, Where: []Cond{{Field: "x' OR 1"}}}); !errors.Is(err, ErrQuery) {
		t.Errorf("a field that is no name: %v", err)
	}
}

// again closes a replica and opens its folder with these options.
func again(t testing.TB, r *Replica, o Options) *Replica {
	t.Helper()
	dir := r.Dir()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

// hideKey takes the data key out of a folder and returns what puts it back.
func hideKey(t testing.TB, dir string) (back func()) {
	t.Helper()
	path := filepath.Join(dir, seal.File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v, %v", info.Mode(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutItsKeyTheRestWorks(t *testing.T) {
	f, office, site := school(t)
	named := save(t, office, pupil(site, "Zorglubette"))
	pc := save(t, office, machine("PC-1"))
	give(t, office, f.central)
	back := hideKey(t, office.Dir())
	office = again(t, office, Options{})
	if !office.Sealed() || office.KeyStore() != "" {
		t.Fatalf("Sealed = %v, kept in %q", office.Sealed(), office.KeyStore())
	}
	if text, err := office.SealedSentence(t.Context()); err != nil || !strings.Contains(text, "--recovery") {
		t.Errorf("it says %q, %v", text, err)
	}
	v, err := office.Get(t.Context(), named)
	if err != nil || !v.Sealed || v.Fields.Has("family_name") || v.Fields.Text("class") != "5e B" {
		t.Errorf("Get = %+v, %v", v, err)
	}
	if list, err := office.List(t.Context(), Query{Kind: record.ClassMember, Order: []string{"family_name"}}); err != nil || len(list) != 1 || list[0].Fields.Has("family_name") {
		t.Errorf("List = %v, %v", list, err)
	}
	save(t, office, machine("PC-2"))
	save(t, office, Change{ID: pc, Set: record.Fields{"note": "vu"}})
	if _, err := office.Save(t.Context(), uuid.Nil, pupil(site, "Autre")); !errors.Is(err, ErrSealed) {
		t.Errorf("a name was written: %v", err)
	}
	if _, err := office.Save(t.Context(), uuid.Nil, Change{ID: named, Set: record.Fields{"class": "4e A"}}); !errors.Is(err, ErrSealed) {
		t.Errorf("a sealed record was edited: %v", err)
	}
	if err := office.SetSetting(t.Context(), "draft.class_member.x", "Autre"); !errors.Is(err, ErrSealed) {
		t.Errorf("a draft was written: %v", err)
	}
	if err := office.SetSetting(t.Context(), "draft.intervention.x", "écran noir"); err != nil {
		t.Error(err)
	}
	if err := office.Rebuild(t.Context(), nil); !errors.Is(err, ErrSealed) {
		t.Errorf("the tables were made again: %v", err)
	}
	if hits, err := office.Search(t.Context(), "pc 2", nil, 9); err != nil || len(hits) != 1 {
		t.Errorf("Search = %v, %v", hits, err)
	}
	if err := office.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	back()
	office = again(t, office, Options{})
	if text(t, office, named, "family_name") != "Zorglubette" {
		t.Error("the name did not come back with the key")
	}
	if said, err := office.SealedSentence(t.Context()); err != nil || said != "" {
		t.Errorf("it says %q, %v", said, err)
	}
}

func TestWithoutItsKeyADevicePassesTheRestOn(t *testing.T) {
	f, office, site := school(t)
	agent := f.admit("agent", record.Agent, 0, uai)
	give(t, f.central, office)
	give(t, office, agent)
	save(t, office, pupil(site, "Zorglubette"))
	pc := save(t, office, machine("PC-1"))
	back := hideKey(t, office.Dir())
	office = again(t, office, Options{})
	if pieces := all(t, office, "people/"+uai); len(pieces) != 0 {
		t.Errorf("%d pieces of a sealed chain go out", len(pieces))
	}
	give(t, office, agent)
	if text(t, agent, pc, "tag") != "PC-1" {
		t.Error("the rest does not go out")
	}
	// What is brought and must not stand open is refused alone, and comes when the key is back.
	other := save(t, agent, pupil(site, "Brindazur"))
	save(t, agent, machine("PC-2"))
	pieces := append(all(t, agent, "people/"+uai), all(t, agent, "parc")...)
	n, refused, err := office.Admit(t.Context(), agent.Identity().Public(), pieces)
	if err != nil || n != 1 || len(refused) != 1 || refused[0].Reason != reasonSealed || !strings.Contains(refused[0].Sentence, "--recovery") {
		t.Errorf("Admit = %d, %v, %v", n, refused, err)
	}
	back()
	office = again(t, office, Options{})
	admit(t, office, agent, wired(t, pieces))
	give(t, office, agent)
	if text(t, office, other, "family_name") != "Brindazur" {
		t.Error("what was refused does not come in later")
	}
	for _, r := range []*Replica{office, agent} {
		if err := r.indexWords(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d := diffScope(dump(t, office), dump(t, agent)); d != "" {
		t.Errorf("they differ: %s", d)
	}
}

func TestTheRecoveryKeyBringsALostKeyBack(t *testing.T) {
	t.Parallel()
	f, office, site := school(t)
	named := save(t, office, pupil(site, "Zorglubette"))
	hideKey(t, office.Dir())
	office = again(t, office, Options{})
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := office.RestoreKey(t.Context(), other); !errors.Is(err, ErrNoWrap) || !office.Sealed() {
		t.Errorf("with another territory's: %v", err)
	}
	if err := office.RestoreKey(t.Context(), f.recovery()); err != nil {
		t.Fatal(err)
	}
	if text(t, office, named, "family_name") != "Zorglubette" || office.KeyStore() != "fichier protégé" {
		t.Error("the key is not back")
	}
	if office = again(t, office, Options{}); office.Sealed() {
		t.Error("the key was not kept")
	}
}

func TestControlIsObeyedOnceTheKeyIsBack(t *testing.T) {
	f, office, site := school(t)
	agent := f.admit("agent", record.Agent, 0, uai)
	give(t, office, agent)
	give(t, f.central, agent)
	gone := save(t, office, pupil(site, "Zorglubette"))
	kept := save(t, office, pupil(site, "Brindazur"))
	give(t, office, f.central)
	give(t, f.central, agent)
	late := save(t, agent, pupil(site, "Quatrepoix"))
	give(t, agent, office)
	back := hideKey(t, office.Dir())
	office = again(t, office, Options{})
	if err := f.central.Erase(t.Context(), []uuid.UUID{gone}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Revoke(t.Context(), agent.Identity().Public(), "volée"); err != nil {
		t.Fatal(err)
	}
	admit(t, office, f.central, all(t, f.central, trust.Control))
	back()
	office = again(t, office, Options{})
	for _, id := range []uuid.UUID{gone, late} {
		if _, err := office.Get(t.Context(), id); !errors.Is(err, ErrUnknown) {
			t.Errorf("what was erased or put aside is still merged: %v", err)
		}
	}
	if text(t, office, kept, "family_name") != "Brindazur" {
		t.Error("what was to stay is gone")
	}
	if unsealed(t, office, "Zorglubette") {
		t.Error("the erased name is in the files")
	}
	before := dump(t, office)
	if err := office.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(before, dump(t, office)); d != "" {
		t.Errorf("folded again, the journal gives other tables: %s", d)
	}
}

func TestAKindOfANewerVersionIsSealedByItsFlagOrItsScope(t *testing.T) {
	_, office, _ := school(t)
	for _, c := range []struct {
		name, scope string
		flags       journal.Flags
		open        bool
	}{{"Zorglubette", "people/" + uai, 0, false}, {"Brindazur", "governance", journal.Personal, false}, {"Quatrepoix", "governance", 0, true}} {
		id, err := journal.NewID(c.scope, "visitor", noon, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		op := journal.Op{OpHead: journal.OpHead{Kind: "visitor", ID: id, Flags: c.flags}, Cells: trust.Cells(record.Fields{"name": c.name})}
		if err := office.inBatch(t.Context(), func(b *batch) error {
			_, err := b.writeEntry(c.scope, uuid.Nil, [8]byte{}, []journal.Op{op})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if inTheOpen(t, office, c.name) != c.open || !unsealed(t, office, c.name) {
			t.Errorf("of %s with flags %d: read without the key = %v, want %v", c.scope, c.flags, !c.open, c.open)
		}
		if v, err := office.Get(t.Context(), id); err != nil || v.Fields.Text("name") != c.name {
			t.Errorf("Get = %v, %v", v.Fields, err)
		}
	}
	if err := office.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if inTheOpen(t, office, "Zorglubette") || inTheOpen(t, office, "Brindazur") {
		t.Error("folded again, the journal shows a name")
	}
}

// Of an action that a program of other manners wrote, one operation is personal and another not. A device without its key
// lets nothing else wait for it, and what was said of it meanwhile is obeyed once the key is back.
func TestWhatIsHalfPersonalWaitsForTheKeyAlone(t *testing.T) {
	f := newField(t)
	office, agent, lost := f.admit("bureau", record.Coordination, 0), f.admit("agent", record.Agent, 0), f.admit("perdu", record.Agent, 0)
	giveControl(t, f.central, office)
	p, q := newChainPen(t, agent, agent.Identity().Key, "parc"), newChainPen(t, agent, lost.Identity().Key, "parc")
	tag := cells(t, map[string]any{"tag": []any{"PC-1"}})
	note := func(q *chainPen, id [16]byte) journal.Piece {
		return q.piece(q.entry("equipment", id, cells(t, map[string]any{"note": []any{"x"}}), nil))
	}
	var ids [3][16]byte
	for i := range ids {
		ids[i] = newID(t, "parc", "equipment")
	}
	half := p.action(map[uint64]any{7: []any{[]any{"equipment", ids[0][:], 0}, []any{"equipment", ids[1][:], 0}, []any{"equipment", ids[2][:], uint64(journal.Personal)}}},
		rawOp{"equipment", ids[0], tag}, rawOp{"equipment", ids[1], tag}, rawOp{"equipment", ids[2], tag})
	noted := note(q, ids[0])
	for _, r := range []*Replica{office, f.central} {
		accepted(t, r, agent, p.piece(half), noted)
	}
	back := hideKey(t, office.Dir())
	office = again(t, office, Options{})
	if err := f.central.Erase(t.Context(), []uuid.UUID{ids[1]}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.central.Distrust(t.Context(), lost.Identity().Public(), ""); err != nil {
		t.Fatal(err)
	}
	giveControl(t, f.central, office)
	late := note(newChainPen(t, agent, agent.Identity().Key, "parc"), ids[2])
	accepted(t, f.central, agent, late)
	pc := newChainPen(t, agent, agent.Identity().Key, "parc")
	other := pc.piece(pc.entry("equipment", newID(t, "parc", "equipment"), tag, nil))
	accepted(t, f.central, agent, other)
	n, refused, err := office.Admit(t.Context(), agent.Identity().Public(), wired(t, []journal.Piece{late, other}))
	if err != nil || n != 1 || len(refused) != 1 || refused[0].Reason != reasonSealed {
		t.Errorf("%d taken, %v, %v", n, refused, err)
	}
	back()
	office = again(t, office, Options{})
	accepted(t, office, agent, late)
	want := dump(t, f.central)
	if d := diffScope(want, dump(t, office)); d != "" {
		t.Error(d)
	}
	if err := office.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if d := diffScope(want, dump(t, office)); d != "" {
		t.Errorf("folded again: %s", d)
	}
}
