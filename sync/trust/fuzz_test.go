package trust

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
)

// FuzzInvitation reads any text as an invitation, as it is typed, stands in a file or is read from a printed code: what
// is read is written in one form, and read again alike.
func FuzzInvitation(f *testing.F) {
	for _, text := range []string{"ABCD-EFGH-JKMN-PQRS", "abcd efgh jkmn pqrs@https://central:8443", "ABCDEFGHJKMNPQRS@192.168.1.7:4711", "oil0-oil0-oil0-oil0@", "ABCD@EFGH", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseInvitation(text)
		if err != nil {
			if i != (Invitation{}) {
				t.Errorf("refused, and still read as %+v", i)
			}
			return
		}
		if len(i.Code) != codeLength+3 || i.URL != "" && i.Peer != "" {
			t.Errorf("%+v", i)
		}
		if again, err := ParseInvitation(i.String()); err != nil || again != i {
			t.Errorf("%q is read as %+v, and again as %+v, %v", text, i, again, err)
		}
	})
}

// FuzzKeyText reads any text as a key and as a recipient.
func FuzzKeyText(f *testing.F) {
	id, err := NewIdentity("a", rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(id.Public().String())
	f.Add(id.Age.Recipient().String())
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey(text); err == nil {
			if again, err := ParseKey(k.String()); err != nil || again != k {
				t.Errorf("%q: %v", text, err)
			}
		}
		if b, err := RecipientBytes(text); err == nil && len(b) != 32 {
			t.Errorf("a recipient of %d bytes", len(b))
		}
	})
}

// script reads values for cells out of bytes: any bytes are some values.
type script struct{ b []byte }

func (s *script) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	x := s.b[0]
	s.b = s.b[1:]
	return x
}

func (s *script) bytes() []byte {
	n := min(int(s.byte()), len(s.b))
	out := s.b[:n]
	s.b = s.b[n:]
	return slices.Clone(out)
}

func (s *script) value(known [][]byte, depth int) any {
	switch s.byte() % 7 {
	case 0:
		return nil
	case 1:
		return s.byte()&1 == 1
	case 2:
		return int64(int8(s.byte()))
	case 3:
		return string(bytes.ReplaceAll(bytes.ToValidUTF8(s.bytes(), nil), []byte{0}, nil)) // the format has no other text
	case 4:
		return slices.Clone(known[int(s.byte())%len(known)])
	case 5:
		return s.bytes()
	}
	list := []any{}
	for range s.byte() % 5 {
		if depth > 0 {
			list = append(list, s.value(known, depth-1))
		}
	}
	return list
}

// FuzzControl lets the root, a delegate and a stranger say anything in any kind of control record: whatever it is,
// the roster is the same in every order, a stranger changes nothing, and one who is judged is judged.
func FuzzControl(f *testing.F) {
	found, first := found(f)
	var known [][]byte
	key := first.Public()
	for _, e := range found.Control[0].Entries {
		known = append(known, key[:], e.Incarnation[:], e.Hash[:], e.Ops[0].ID[:])
	}
	kinds := []string{TerritoryKind, SuccessionKind, DelegateKind, DeviceKind, RevocationKind, ReleaseKind, TwinKind, ErasureKind}
	fields := []string{"key", "cuts", "grant", "reason", "of", "age", "role", "places", "name", "next", "scope", "records", "device", "signature", "recovery", "heads"}
	f.Add([]byte{4, 3, 0, 4, 0, 1, 6, 1, 6, 4, 4, 1, 3, 4, 'p', 'a', 'r', 'c', 2, 1, 4, 2})
	f.Add([]byte{3, 3, 0, 4, 0, 5, 3, 3, 'a', 'g', 'e', 6, 3, 5, 'k', 'i', 'o', 's', 'k'})
	f.Add([]byte{7, 2, 10, 3, 4, 'p', 'a', 'r', 'c', 11, 6, 1, 5, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	stranger, err := NewIdentity("inconnu", rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		base := slices.Clone(found.Control[0].Entries)
		for _, who := range []*Identity{first, stranger} {
			entries, said := base, script{b}
			p := newPen(t, found.Territory, who)
			for len(said.b) > 0 && len(entries) < 12 {
				kind := kinds[int(said.byte())%len(kinds)]
				cells := record.Fields{}
				for range said.byte() % 5 {
					cells[fields[int(said.byte())%len(fields)]] = said.value(known, 3)
				}
				entries = append(entries, p.write(Control, kind, Cells(cells)...))
			}
			there, back := NewRoster(found.Territory, entries), NewRoster(found.Territory, nil)
			for _, e := range slices.Backward(entries) {
				back = back.With([]*journal.Entry{e})
			}
			if x, y := picture(there), picture(back); x != y {
				t.Errorf("in another order:\n%s\n%s", x, y)
			}
			for _, e := range entries[len(base):] {
				_, _ = there.Judge(who.Public(), e, func(Cut) bool { return false })
			}
			if who == stranger && len(there.Devices()) != 1 {
				t.Error("a stranger has admitted a device")
			}
			if who == stranger && (there.Revoked(key) || len(there.Erasures()) > 0) {
				t.Error("a stranger has revoked a device or erased something")
			}
		}
	})
}

// picture is all that a roster says.
func picture(r *Roster) string {
	out := fmt.Sprint(r.name, r.root, r.rooted, r.recovery, r.Devices(), r.Erasures())
	for _, d := range r.Devices() {
		out += fmt.Sprint(r.Bounds(d.Key), r.MayAdmit(d.Key), r.Revoked(d.Key))
	}
	return out
}

// FuzzFlippedControl flips one bit of a statement of control as it travels: it is refused.
func FuzzFlippedControl(f *testing.F) {
	found, _ := found(f)
	good, err := found.Control[0].AppendWire(nil)
	if err != nil {
		f.Fatal(err)
	}
	root := found.Control[0].Entries[0].Genesis.Key
	for _, at := range []uint16{0, 8, 200, 900, uint16(8*len(good) - 1)} {
		f.Add(at)
	}
	f.Fuzz(func(t *testing.T, at uint16) {
		b := bytes.Clone(good)
		b[int(at)/8%len(b)] ^= 1 << (at % 8)
		p, rest, err := journal.ParsePiece(b)
		if err != nil || len(rest) > 0 {
			return
		}
		if err := p.Verify(found.Territory, root); err == nil {
			t.Errorf("bit %d flipped, it still holds", at)
		}
	})
}
