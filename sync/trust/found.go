package trust

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"filippo.io/age"
)

// Founding is a territory that has just been made: its id, the control entries that every device
// will hold, and the root keys, which leave the machine by WriteRecovery and are then forgotten.
type Founding struct {
	Territory journal.Territory
	Control   []journal.Piece // the root's chain: its own record, the first delegate, the first device
	name      string
	root      ed25519.PrivateKey
	next      ed25519.PrivateKey
	seal      *age.X25519Identity // opens the devices' data keys
}

// journalTime is what minting needs: an instant and a source of randomness.
type journalTime struct {
	now    time.Time
	random io.Reader
}

// Found makes a territory: a root key and the one that follows it, and a first device, which becomes
// the delegate that admits the others.
func Found(name string, first *Identity, role record.Role, random io.Reader, now time.Time) (*Founding, error) {
	root, next, err := rootKeys(random)
	if err != nil {
		return nil, err
	}
	nextHash := keyHash(publicOf(next))
	rootPub := root.Public().(ed25519.PublicKey)
	// A key of its own: who is to open a device's data need not be able to name delegates.
	sealing, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("trust: make the recovery key: %w", err)
	}
	f := &Founding{Territory: journal.TerritoryOf(rootPub, nextHash), name: name, root: root, next: next, seal: sealing}
	at := journalTime{now, random}
	device := Device{Key: first.Public(), Age: first.Age.Recipient().String(), Role: role, Name: first.Name}
	statements := []struct {
		kind   string
		fields record.Fields
	}{
		{TerritoryKind, record.Fields{"name": name, "next": append([]byte(nil), nextHash[:]...), "recovery": sealing.Recipient().String()}},
		{DelegateKind, record.Fields{"key": append([]byte(nil), device.Key[:]...)}},
		{DeviceKind, device.Fields()},
	}
	var ops []journal.Op
	for _, s := range statements {
		op, err := controlOp(s.kind, s.fields, at)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	said, err := signRoot(f.Territory, root, ops, at)
	f.Control = []journal.Piece{said}
	return f, err
}

func controlOp(kind string, fields record.Fields, at journalTime) (journal.Op, error) {
	id, err := journal.NewID(Control, kind, at.now, at.random)
	if err != nil {
		return journal.Op{}, fmt.Errorf("trust: mint an id: %w", err)
	}
	return journal.Op{OpHead: journal.OpHead{Kind: kind, ID: id}, Cells: Cells(fields)}, nil
}

// Forget overwrites the root keys in memory: from here on only the recovery file has them.
func (f *Founding) Forget() {
	clear(f.root)
	clear(f.next)
	f.seal = nil
}

// AppVersion is written into the first entry of a chain, to explain what made it.
const AppVersion = "buron 0.1.0"

// Cells turns the fields of a new record into cells without parents, ordered by field.
func Cells(fields record.Fields) []journal.Cell {
	cells := make([]journal.Cell, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		cells = append(cells, journal.Cell{Field: name, Value: fields[name]})
	}
	return cells
}
