package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
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
	_, root, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("trust: make the root key: %w", err)
	}
	_, next, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("trust: make the next root key: %w", err)
	}
	nextHash := journal.Hash(sha256.Sum256(next.Public().(ed25519.PublicKey)))
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
	return f, f.signRoot(ops, at)
}

// signRoot writes the one entry of the root's chain.
func (f *Founding) signRoot(ops []journal.Op, at journalTime) error {
	sealing, err := newSealingKey(at.random)
	if err != nil {
		return err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(at.random, nonce[:]); err != nil {
		return fmt.Errorf("trust: draw a nonce: %w", err)
	}
	pub := f.root.Public().(ed25519.PublicKey)
	incarnation := journal.IncarnationOf(f.Territory, pub, nonce)
	chain := journal.Chain{Incarnation: incarnation, Scope: Control}
	recipient, err := RecipientBytes(sealing.Recipient().String())
	if err != nil {
		return err
	}
	prev := journal.GenesisHash(f.Territory, chain)
	entry, err := journal.Sign(f.Territory, f.root, journal.Draft{
		Incarnation: incarnation, Scope: Control, Seq: 1, Prev: prev, HLC: journal.Tick(0, at.now), Ops: ops,
		Genesis: &journal.Genesis{Key: pub, Nonce: nonce, Age: recipient, App: AppVersion},
	}, at.random)
	if err != nil {
		return fmt.Errorf("trust: sign the root's record: %w", err)
	}
	f.Control = []journal.Piece{{Chain: chain, Prev: prev, Entries: []*journal.Entry{entry}}}
	return nil
}

func controlOp(kind string, fields record.Fields, at journalTime) (journal.Op, error) {
	id, err := journal.NewID(Control, kind, at.now, at.random)
	if err != nil {
		return journal.Op{}, fmt.Errorf("trust: mint an id: %w", err)
	}
	return journal.Op{OpHead: journal.OpHead{Kind: kind, ID: id}, Cells: Cells(fields)}, nil
}

// recovery is the content of a recovery file, before encryption.
type recovery struct {
	Format    string    `json:"format"`
	Territory string    `json:"territory"`
	Name      string    `json:"name"`
	Root      []byte    `json:"root_seed"`
	Next      []byte    `json:"next_root_seed"`
	Seal      string    `json:"seal,omitempty"` // X25519 identity that opens the devices' data keys
	Made      time.Time `json:"made"`
}

const recoveryFormat = "buron recovery v1"

// ErrPassphrase is returned where a recovery file would be sealed with nothing.
var ErrPassphrase = errors.New("trust: the recovery file needs a passphrase of 12 characters at least")

// WriteRecovery seals the root keys with a passphrase (age, scrypt) for the paper safe. Nothing else
// can name another delegate or replace a lost root.
func (f *Founding) WriteRecovery(w io.Writer, passphrase string, now time.Time) error {
	if len([]rune(passphrase)) < 12 {
		return ErrPassphrase
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return fmt.Errorf("trust: seal the recovery file: %w", err)
	}
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return fmt.Errorf("trust: seal the recovery file: %w", err)
	}
	err = json.NewEncoder(sealed).Encode(recovery{
		Format: recoveryFormat, Territory: f.Territory.String(), Name: f.name,
		Root: f.root.Seed(), Next: f.next.Seed(), Seal: f.seal.String(), Made: now.UTC(),
	})
	if err = errors.Join(err, sealed.Close()); err != nil {
		return fmt.Errorf("trust: seal the recovery file: %w", err)
	}
	return nil
}

// Recovery is what a recovery file restores.
type Recovery struct {
	Territory journal.Territory
	Name      string
	Seal      *age.X25519Identity // opens the devices' data keys; nil in a file made before there were any
}

// OpenRecovery reads a recovery file back, after checking that its keys make the territory that it names.
func OpenRecovery(r io.Reader, passphrase string) (out Recovery, err error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return out, fmt.Errorf("trust: open the recovery file: %w", err)
	}
	plain, err := age.Decrypt(r, id)
	if err != nil {
		return out, fmt.Errorf("trust: open the recovery file: %w", err)
	}
	var f recovery
	if err := json.NewDecoder(plain).Decode(&f); err != nil {
		return out, fmt.Errorf("trust: read the recovery file: %w", err)
	}
	if f.Format != recoveryFormat || len(f.Root) != ed25519.SeedSize || len(f.Next) != ed25519.SeedSize {
		return out, errors.New("trust: this is not a recovery file")
	}
	next := sha256.Sum256(ed25519.NewKeyFromSeed(f.Next).Public().(ed25519.PublicKey))
	t := journal.TerritoryOf(ed25519.NewKeyFromSeed(f.Root).Public().(ed25519.PublicKey), next)
	if t.String() != f.Territory {
		return out, errors.New("trust: the keys of the recovery file are not those of the territory it names")
	}
	out = Recovery{Territory: t, Name: f.Name}
	if f.Seal != "" {
		if out.Seal, err = age.ParseX25519Identity(f.Seal); err != nil {
			return out, fmt.Errorf("trust: the recovery file is damaged: %w", err)
		}
	}
	return out, nil
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
