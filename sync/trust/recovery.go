package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"cantal.fr/buron/sync/journal"
	"filippo.io/age"
)

// recovery is the content of a recovery file, before encryption.
type recovery struct {
	Format    string    `json:"format"`
	Territory string    `json:"territory"`
	Name      string    `json:"name"`
	Root      []byte    `json:"root_seed"`
	Next      []byte    `json:"next_root_seed"`
	First     []byte    `json:"first_root,omitempty"`      // public key that the territory was founded with, where the root has been replaced since
	FirstNext []byte    `json:"first_next_root,omitempty"` // and the hash of the one that followed it
	Seal      string    `json:"seal,omitempty"`            // X25519 identity that opens the devices' data keys
	Before    []string  `json:"seals_before,omitempty"`    // those of the files that this one replaces, the latest first
	Made      time.Time `json:"made"`
}

const recoveryFormat = "buron recovery v1"

// PassphraseWork is the work that a passphrase costs: 2^18 rounds of scrypt, as age writes, take 256 MiB of memory. A
// file that asks for more is none of ours, and could ask for all there is.
const PassphraseWork = 18

// ErrPassphrase is returned where a recovery file would be sealed with nothing.
var ErrPassphrase = errors.New("trust: the recovery file needs a passphrase of 12 characters at least")

// Recovery is what a recovery file restores.
type Recovery struct {
	Territory journal.Territory
	Name      string
	Seal      *age.X25519Identity   // opens the devices' data keys; nil in a file made before there were any
	Before    []*age.X25519Identity // those of the files before: of a device that has not heard of this one yet
	Root      *Root

	first     ed25519.PublicKey // of the founding
	firstNext journal.Hash
}

// Recovery returns what the recovery file of a new territory will hold.
func (f *Founding) Recovery() Recovery {
	return Recovery{
		Territory: f.Territory, Name: f.name, Seal: f.seal, Root: &Root{f.Territory, f.root, f.next},
		first: f.root.Public().(ed25519.PublicKey), firstNext: keyHash(publicOf(f.next)),
	}
}

// WriteRecovery seals the root keys with a passphrase (age, scrypt) for the paper safe. Nothing else
// can name another delegate or replace a lost root.
func (f *Founding) WriteRecovery(w io.Writer, passphrase string, now time.Time) error {
	return f.Recovery().Write(w, passphrase, now)
}

// Write seals what a recovery file holds with a passphrase, with the root's keys as they are now.
func (r Recovery) Write(w io.Writer, passphrase string, now time.Time) error {
	content := recovery{
		Format: recoveryFormat, Territory: r.Territory.String(), Name: r.Name,
		Root: r.Root.key.Seed(), Next: r.Root.next.Seed(), Made: now.UTC(),
	}
	if !r.first.Equal(r.Root.key.Public()) {
		content.First, content.FirstNext = r.first, r.firstNext[:]
	}
	if r.Seal != nil {
		content.Seal = r.Seal.String()
	}
	for _, s := range r.Before {
		content.Before = append(content.Before, s.String())
	}
	return writeRecovery(w, passphrase, content)
}

func writeRecovery(w io.Writer, passphrase string, content recovery) error {
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
	err = json.NewEncoder(sealed).Encode(content)
	if err = errors.Join(err, sealed.Close()); err != nil {
		return fmt.Errorf("trust: seal the recovery file: %w", err)
	}
	return nil
}

// OpenRecovery reads a recovery file back, after checking that it is of the territory that it names.
func OpenRecovery(r io.Reader, passphrase string) (out Recovery, err error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return out, fmt.Errorf("trust: open the recovery file: %w", err)
	}
	id.SetMaxWorkFactor(PassphraseWork)
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
	root := &Root{key: ed25519.NewKeyFromSeed(f.Root), next: ed25519.NewKeyFromSeed(f.Next)}
	out = Recovery{Name: f.Name, Root: root, first: root.key.Public().(ed25519.PublicKey), firstNext: keyHash(publicOf(root.next))}
	if len(f.First) == ed25519.PublicKeySize && len(f.FirstNext) == len(out.firstNext) {
		out.first = f.First
		copy(out.firstNext[:], f.FirstNext)
	}
	out.Territory = journal.TerritoryOf(out.first, out.firstNext)
	root.territory = out.Territory
	if out.Territory.String() != f.Territory {
		return out, errors.New("trust: the keys of the recovery file are not those of the territory it names")
	}
	if f.Seal != "" {
		if out.Seal, err = age.ParseX25519Identity(f.Seal); err != nil {
			return out, fmt.Errorf("trust: the recovery file is damaged: %w", err)
		}
	}
	for _, text := range f.Before {
		before, err := age.ParseX25519Identity(text)
		if err != nil {
			return out, fmt.Errorf("trust: the recovery file is damaged: %w", err)
		}
		out.Before = append(out.Before, before)
	}
	return out, nil
}

// Renew draws another key for data keys: whoever has a copy of this file opens none that is wrapped from now on.
func (r *Recovery) Renew() error {
	next, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("trust: make the recovery key: %w", err)
	}
	if r.Seal != nil {
		r.Before = append([]*age.X25519Identity{r.Seal}, r.Before...)
	}
	r.Seal = next
	return nil
}

// Opens returns the keys that open data keys, the one of today first; none in a file made before there were any.
func (r Recovery) Opens() (out []age.Identity) {
	if r.Seal != nil {
		out = append(out, r.Seal)
	}
	for _, s := range r.Before {
		out = append(out, s)
	}
	return out
}
