package replica

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// peopleScopes is the beginning of the scopes that hold people's records.
const peopleScopes = "people/"

// About is a record about a person, with all that was ever said on it and is still held: what is merged, what
// was replaced or lost a conflict, and what stands aside.
type About struct {
	ID     uuid.UUID
	Kind   record.Kind
	Scope  string
	Named  bool          // the person's name is in it; else it refers to a record where it is
	Fields record.Fields // as it stands now, images left out; nil where nothing of it is merged
	Said   []Said
	Files  []AboutFile // photos and documents that were ever joined to it, thumbnails left out
}

// AboutFile is a photo or a document of a record about a person.
type AboutFile struct {
	Name string
	MIME string
	Held bool // it can be opened on this device
	ref  journal.BlobRef
}

// Said is one operation on a record.
type Said struct {
	At       time.Time // as the author's clock showed it
	Received time.Time // by this device's clock
	Device   string
	Aside    bool // in quarantine, or of a version that this program cannot read
	Fields   record.Fields
}

// AboutPerson returns every record of people's scopes whose personal fields, in any version ever held, hold all
// the words of a name, accents and case aside; and those that refer to them. Before, unless it is zero, leaves
// out what its author's clock placed after.
func (r *Replica) AboutPerson(ctx context.Context, person string, before time.Time) ([]About, error) {
	said, order, err := r.peopleSaid(ctx, nil)
	if err != nil {
		return nil, err
	}
	wanted := words(record.Plain(person))
	if len(wanted) == 0 {
		return nil, nil
	}
	found, ids := map[recordKey]bool{}, map[uuid.UUID]bool{}
	for _, n := range order {
		if a := said[n]; a.names(wanted) && (before.IsZero() || !a.Said[0].At.After(before)) {
			a.Named, found[n], ids[n.id] = true, true, true
		}
	}
	for more := true; more; {
		more = false
		for _, n := range order {
			if !found[n] && said[n].refersTo(ids) {
				found[n], ids[n.id], more = true, true, true
			}
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	whole, _, err := r.peopleSaid(ctx, found)
	if err != nil {
		return nil, err
	}
	var out []About
	book := r.Book(ctx)
	for _, n := range order {
		if !found[n] {
			continue
		}
		a := said[n]
		if w := whole[n]; w != nil { // else erased meanwhile
			a.Said, a.Files = w.Said, w.Files
		}
		for i := range a.Files {
			have, err := r.blobHave(ctx, a.Files[i].ref.Hash)
			if err != nil {
				return nil, err
			}
			a.Files[i].Held = have == a.Files[i].ref.Size
		}
		if now, ok, err := book.Get(n.id); err != nil {
			return nil, err
		} else if ok && now.Scope == a.Scope && now.Kind == a.Kind {
			a.Fields = now.Fields
		}
		out = append(out, *a)
	}
	return out, nil
}

// peopleSaid reads everything held of people's scopes, by record; images only of the records in whole, since
// those of all people together would not fit in memory.
func (r *Replica) peopleSaid(ctx context.Context, whole map[recordKey]bool) (map[recordKey]*About, []recordKey, error) {
	if shown, err := r.Unverified(ctx); err != nil {
		return nil, nil, err
	} else if slices.ContainsFunc(shown, func(u Unverified) bool { return strings.HasPrefix(u.Scope, peopleScopes) }) {
		return nil, nil, ErrUnverified
	}
	rows, err := r.read.QueryContext(ctx, `SELECT author.key, entry.received, entry.standing, entry.stored FROM entry
		JOIN chain ON chain.id = entry.chain JOIN author USING (incarnation) WHERE chain.scope LIKE ? ORDER BY entry.id`, peopleScopes+"%")
	if err != nil {
		return nil, nil, translate(err)
	}
	defer rows.Close()
	out := map[recordKey]*About{}
	var order []recordKey
	roster := r.Roster()
	for rows.Next() {
		var key, stored []byte
		var received int64
		var stands standing
		if err := rows.Scan(&key, &received, &stands, &stored); err != nil {
			return nil, nil, translate(err)
		}
		e, err := r.parse(stored)
		if err != nil {
			return nil, nil, err
		}
		if e.Sealed != nil {
			return nil, nil, ErrSealed // an answer that leaves something out would be a false one
		}
		author, _ := trust.KeyOf(key)
		for i := range e.Ops {
			op, err := e.Op(i)
			if err != nil {
				continue // erased already, or of a version that cannot be read
			}
			n := recordKey{e.Scope, op.Kind, op.ID}
			a := out[n]
			if a == nil {
				a = &About{ID: op.ID, Kind: record.Kind(op.Kind), Scope: e.Scope}
				out[n] = a
				order = append(order, n)
			}
			s := Said{At: e.HLC.Time(), Received: time.UnixMilli(received), Device: roster.Name(author), Aside: stands == aside || stands == newer, Fields: record.Fields{}}
			for _, c := range op.Cells {
				if _, image := c.Value.([]byte); !image || whole[n] {
					s.Fields[c.Field] = c.Value
				}
			}
			a.Said = append(a.Said, s)
			a.Files = append(a.Files, filesOf(op)...)
		}
	}
	return out, order, translate(rows.Err())
}

// filesOf lists what an operation joins to a record.
func filesOf(op journal.Op) []AboutFile {
	var out []AboutFile
	for _, ref := range op.Blobs {
		for _, c := range op.Cells {
			short := ref.Hash.String()[:shortHash]
			if c.Field != photoField+short && c.Field != fileField+short {
				continue
			}
			name, _ := JoinedName(c.Value)
			out = append(out, AboutFile{Name: name, MIME: ref.MIME, ref: ref})
		}
	}
	return out
}

// OpenFile opens what a record about a person brings along. The error is ErrMissing where it has not arrived.
func (r *Replica) OpenFile(ctx context.Context, f AboutFile) (io.ReadCloser, error) {
	return r.openRef(ctx, f.ref)
}

// names reports whether the personal fields hold every one of these words.
func (a *About) names(wanted []string) bool {
	schema, known := record.Of(a.Kind)
	var held []string
	for _, s := range a.Said {
		for field, v := range s.Fields {
			// Of a kind of another version it is not known which fields are personal: all may be.
			f, ok := schema.Field(field)
			if text, isText := v.(string); isText && (!known || !ok || f.Personal) {
				held = append(held, words(record.Plain(text))...)
			}
		}
	}
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(held, w) })
}

func (a *About) refersTo(found map[uuid.UUID]bool) bool {
	for _, s := range a.Said {
		for _, v := range s.Fields {
			list, many := v.([]any)
			if !many {
				list = []any{v}
			}
			for _, e := range list {
				text, _ := e.(string)
				if id, err := uuid.Parse(text); err == nil && found[id] {
					return true
				}
			}
		}
	}
	return false
}

// latest returns the fields as the operations left them, in the order in which they arrived.
func (a *About) latest() record.Fields {
	out := record.Fields{}
	for _, s := range a.Said {
		maps.Copy(out, s.Fields)
	}
	return out
}

// Overdue returns the records about people that are over the time for which their kind is kept: counted from
// the later of the day that they claim and their first receipt here, from the receipt alone where the claim is
// in the future.
func (r *Replica) Overdue(ctx context.Context) ([]About, error) {
	said, order, err := r.peopleSaid(ctx, nil)
	if err != nil {
		return nil, err
	}
	var out []About
	for _, n := range order {
		a := said[n]
		fields := a.latest()
		from, claim := a.Said[0].Received, a.Said[0].At
		if at := fields.Int("at"); at != 0 {
			claim = time.UnixMilli(at)
		}
		if claim.After(from) && !claim.After(r.o.Now()) {
			from = claim
		}
		if until, limited := record.KeptUntil(a.Kind, fields, from); limited && r.o.Now().After(until) {
			out = append(out, *a)
		}
	}
	return out, nil
}

// Arrivals returns the local number of the latest entry: it grows with every entry that is written or received.
func (r *Replica) Arrivals(ctx context.Context) (n int64, err error) {
	err = r.read.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM entry").Scan(&n)
	return n, translate(err)
}

// receiptsRead is how many of the latest entries LatestReceipt looks at.
const receiptsRead = 1000

// LatestReceipt returns when an entry of another device was last received: by this device's clock or by that of who wrote
// it, whichever is earlier, since what comes to a clock that has leapt was written under those that have not. Where no other
// device wrote any of the latest entries, this one's own count, which tell no more than its own clock.
func (r *Replica) LatestReceipt(ctx context.Context) (at time.Time, ofOthers bool, err error) {
	rows, err := r.read.QueryContext(ctx, `SELECT author.key, entry.received, entry.stored FROM entry JOIN chain ON chain.id = entry.chain
		JOIN author USING (incarnation) WHERE entry.id > (SELECT max(id) FROM entry) - ?`, receiptsRead)
	if err != nil {
		return at, false, translate(err)
	}
	defer rows.Close()
	roster, self := r.Roster(), r.Identity().Public()
	var own, others int64
	for rows.Next() {
		var key, stored []byte
		var received int64
		if err := rows.Scan(&key, &received, &stored); err != nil {
			return at, false, translate(err)
		}
		e, err := r.parse(stored)
		if err != nil {
			return at, false, err
		}
		earlier := min(received, e.HLC.Millis())
		author, _ := trust.KeyOf(key)
		_, admitted := roster.Device(author) // which the root is not: it spoke on some device, by the clock of that one
		if (admitted || roster.Revoked(author)) && !roster.GoesOnFrom(self, author) {
			others = max(others, earlier)
		} else {
			own = max(own, earlier)
		}
	}
	if others > 0 {
		return time.UnixMilli(others), true, translate(rows.Err())
	}
	return time.UnixMilli(own), false, translate(rows.Err())
}

// EraseAbout erases records about a person, those that stand aside included, as Erase does. What was erased since it was
// found is left out: a command and the running central may be at it together.
func (r *Replica) EraseAbout(ctx context.Context, list []About, reason string) error {
	return r.inBatch(ctx, func(b *batch) error {
		byScope := map[string][]uuid.UUID{}
		for _, a := range list {
			if !b.roster.Erased(a.Scope, a.ID) {
				byScope[a.Scope] = append(byScope[a.Scope], a.ID)
			}
		}
		return b.eraseAll(byScope, reason)
	})
}

// Confirmation says which devices have dropped what an erasure names.
type Confirmation struct {
	trust.Erasure
	When      time.Time // as its author's clock showed it
	Confirmed []trust.Device
	Awaited   []trust.Device
}

// Confirmations returns every erasure, the oldest first, with the devices that are known to have heard of it:
// each one drops the bodies as it takes the erasure in.
func (r *Replica) Confirmations(ctx context.Context) ([]Confirmation, error) {
	holders := map[uuid.UUID]map[trust.Key]bool{}
	rows, err := r.read.QueryContext(ctx, `SELECT entry.stored, held_by.peer FROM entry JOIN chain ON chain.id = entry.chain
		LEFT JOIN held_by ON held_by.chain = entry.chain AND held_by.seq >= entry.seq WHERE chain.scope = ?`, trust.Control)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var stored, peer []byte
		if err := rows.Scan(&stored, &peer); err != nil {
			return nil, translate(err)
		}
		e, err := r.parse(stored)
		if err != nil {
			return nil, err
		}
		for _, op := range e.Ops {
			if op.Kind != trust.ErasureKind {
				continue
			}
			if holders[op.ID] == nil {
				holders[op.ID] = map[trust.Key]bool{r.Identity().Public(): true}
			}
			if key, ok := trust.KeyOf(peer); ok {
				holders[op.ID][key] = true
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, translate(err)
	}
	var out []Confirmation
	roster := r.Roster()
	for _, e := range roster.Erasures() {
		c := Confirmation{Erasure: e, When: e.At.Time()}
		for _, d := range roster.Devices() {
			switch {
			case d.Revoked:
			case holders[e.ID][d.Key]:
				c.Confirmed = append(c.Confirmed, d)
			default:
				c.Awaited = append(c.Awaited, d)
			}
		}
		out = append(out, c)
	}
	return out, nil
}
