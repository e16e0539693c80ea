package replica

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
)

// life is what a device writes under: its keys, and the name of this life of its database. It changes, as a
// whole, when the database turns out to live twice.
type life struct {
	id     *trust.Identity
	nonce  [16]byte
	self   journal.Incarnation
	former []trust.Key // keys of the lives before, the latest first
}

func (r *Replica) lifeOf(id *trust.Identity, nonce [16]byte, former []trust.Key) *life {
	key := id.Public()
	return &life{id, nonce, journal.IncarnationOf(r.territory, key[:], nonce), former}
}

// Keys of meta that belong to a life.
const (
	metaNonce   = "nonce"
	metaKey     = "key"     // public key of the life under way
	metaFormer  = "former"  // public keys of the lives before, one after the other
	metaMachine = "machine" // fingerprint of the machine, never sent
	metaForked  = "forked"  // set while this life is known to be another's too
	metaStart   = "start"   // what the last start drew; the same stands in startFile
)

// Files beside the database.
const (
	nextKeyFile = trust.KeyFile + ".next" // the key of a life that has just begun
	startFile   = "device.start"
)

// Why a database goes on under a new key.
const (
	CopyMachine  = "machine"  // it was started on another machine
	CopyRestored = "restored" // it is an older state than the last start of this device
	CopyForked   = "forked"   // another device has sent entries signed by this one's key that it never wrote
	CopyOrphan   = "orphan"   // its key is not there
)

// Copy says that this database lives twice, or has come back from an earlier day.
type Copy struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

const settingCopy = "copy"

// Copied returns what this device has found out about a copy of itself, until someone has read it.
func (r *Replica) Copied(ctx context.Context) (Copy, bool, error) {
	text, err := r.Setting(ctx, settingCopy)
	if err != nil || text == "" {
		return Copy{}, false, err
	}
	var c Copy
	return c, json.Unmarshal([]byte(text), &c) == nil, nil
}

// ClearCopied forgets it once someone has read it.
func (r *Replica) ClearCopied(ctx context.Context) error { return r.SetSetting(ctx, settingCopy, "") }

// loadLife reads keys and nonce, and goes on under new ones where this database is a copy. Called by Open.
func (r *Replica) loadLife(ctx context.Context) error {
	var nonce [16]byte
	stored, err := r.metaBytes(ctx, metaNonce)
	if err != nil || copy(nonce[:], stored) != len(nonce) {
		return errors.Join(err, ErrDamaged)
	}
	id, err := r.loadKey(ctx)
	orphan := errors.Is(err, fs.ErrNotExist)
	if orphan {
		id, err = trust.NewIdentity("", r.o.Random)
	}
	if err != nil {
		return err
	}
	former, err := r.formerKeys(ctx)
	if err != nil {
		return err
	}
	r.life.Store(r.lifeOf(id, nonce, former))
	if err := r.refreshRoster(ctx, r.write); err != nil {
		return err
	}
	if orphan {
		return r.goOn(ctx, CopyOrphan)
	}
	reason, err := r.copied(ctx)
	if err != nil || reason == "" {
		return err
	}
	return r.goOn(ctx, reason)
}

func (r *Replica) metaBytes(ctx context.Context, key string) ([]byte, error) {
	var b []byte
	err := r.write.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

// loadKey returns the key of the life under way. A power cut between the database and the key file leaves
// the new key under its first name.
func (r *Replica) loadKey(ctx context.Context) (*trust.Identity, error) {
	want, err := r.metaBytes(ctx, metaKey)
	if err != nil {
		return nil, err
	}
	id, err := r.keyIn(trust.KeyFile)
	if want == nil {
		return id, err
	}
	if next, nextErr := r.keyIn(nextKeyFile); nextErr == nil && isKey(next, want) {
		return next, r.home.Rename(nextKeyFile, trust.KeyFile)
	}
	return id, err
}

func (r *Replica) keyIn(name string) (*trust.Identity, error) {
	b, err := r.home.Read(name)
	if err != nil {
		return nil, fmt.Errorf("replica: read the device key: %w", err)
	}
	return trust.ParseIdentity(b)
}

func isKey(id *trust.Identity, b []byte) bool {
	k := id.Public()
	return string(k[:]) == string(b)
}

func (r *Replica) formerKeys(ctx context.Context) ([]trust.Key, error) {
	b, err := r.metaBytes(ctx, metaFormer)
	var out []trust.Key
	for part := range slices.Chunk(b, len(trust.Key{})) {
		if k, ok := trust.KeyOf(part); ok {
			out = append(out, k)
		}
	}
	return out, err
}

// copied says why this database must be a copy, "" where nothing tells so. What was never noted is noted now.
func (r *Replica) copied(ctx context.Context) (string, error) {
	key := r.Identity().Public()
	stored, err := r.metaBytes(ctx, metaKey)
	if err != nil {
		return "", err
	}
	if stored != nil && string(stored) != string(key[:]) {
		return CopyRestored, nil // the database is from before its key
	}
	fingerprint := r.fingerprint()
	machine, err := r.metaBytes(ctx, metaMachine)
	if err != nil {
		return "", err
	}
	if len(machine) > 0 && fingerprint != "" && string(machine) != fingerprint {
		return CopyMachine, nil
	}
	if forked, err := r.metaBytes(ctx, metaForked); err != nil || forked != nil {
		return CopyForked, err
	}
	start, err := r.metaBytes(ctx, metaStart)
	if err != nil {
		return "", err
	}
	if start != nil && !slices.Contains(r.startTokens(), string(start)) {
		return CopyRestored, nil
	}
	return "", nil
}

// fingerprint names this machine to this territory's database alone; "" where the system has no name for it.
func (r *Replica) fingerprint() string {
	id := r.o.Machine()
	if id == "" {
		return ""
	}
	return journal.Fingerprint(r.territory, id).String()
}

func (r *Replica) startTokens() []string {
	b, err := r.home.Read(startFile)
	if err != nil {
		return nil
	}
	return strings.Fields(string(b))
}

// noteStart draws what tells this start from an older state of the database. The file names both tokens
// until the database has the new one, so that a power cut between them is no copy. Where nothing can be
// written the last one stays.
func (r *Replica) noteStart(ctx context.Context) error {
	err := r.inBatch(ctx, func(b *batch) error {
		var draw [8]byte
		if _, err := io.ReadFull(r.o.Random, draw[:]); err != nil {
			return err
		}
		next := hex.EncodeToString(draw[:])
		var last string
		if err := b.write.QueryRowContext(ctx, "SELECT coalesce((SELECT CAST(value AS TEXT) FROM meta WHERE key = ?), '')", metaStart).Scan(&last); err != nil {
			return err
		}
		if err := b.writeStart(strings.TrimSpace(last + " " + next)); err != nil {
			return err
		}
		key := b.life.Load().id.Public()
		for k, v := range map[string][]byte{metaStart: []byte(next), metaKey: key[:], metaMachine: []byte(b.fingerprint())} {
			if _, err := b.st.setMeta.ExecContext(ctx, k, v); err != nil {
				return err
			}
		}
		b.started = next
		return nil
	})
	if err != nil {
		r.o.Log.Warn("the start of this device is not noted", "err", err)
	}
	return nil
}

func (r *Replica) writeStart(tokens string) error {
	return r.home.Write(startFile, []byte(tokens+"\n"))
}

// goOn begins a new life under new keys: what this database wrote so far stays what it is, on both its
// branches, and nothing is written under a name that another may write under too. Where the old key is
// there it vouches for the new one; an orphan must be invited again before others take what it writes.
func (r *Replica) goOn(ctx context.Context, reason string) error {
	old := r.life.Load()
	name := old.id.Name
	if key := old.id.Public(); name == "" || reason == CopyOrphan {
		if stored, err := r.metaBytes(ctx, metaKey); err == nil && len(stored) == len(key) {
			copy(key[:], stored)
		}
		name = r.Roster().Name(key)
	}
	next, err := trust.NewIdentity(CopyName(name), r.o.Random)
	if err != nil {
		return err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(r.o.Random, nonce[:]); err != nil {
		return fmt.Errorf("replica: draw a nonce: %w", err)
	}
	b, err := next.Encode()
	if err == nil {
		err = r.home.Write(nextKeyFile, b)
	}
	if err != nil {
		return err
	}
	err = r.inBatch(ctx, func(b *batch) error { return b.beginLife(old, next, nonce, reason) })
	if err != nil {
		r.life.Store(old)
		return err
	}
	if err := r.home.Rename(nextKeyFile, trust.KeyFile); err != nil {
		return fmt.Errorf("replica: keep the new key: %w", err)
	}
	return nil
}

// leaveFork goes on under a new key where another device was found to write under this one. What a full disk
// keeps it from is tried again.
func (r *Replica) leaveFork(ctx context.Context) error {
	if !r.forked.CompareAndSwap(true, false) {
		return nil
	}
	was := r.life.Load()
	err := r.goOn(ctx, CopyForked)
	if r.life.Load() == was {
		r.forked.Store(true)
	}
	return err
}

// CopyName says on the roster which of two devices was found to be a copy.
func CopyName(name string) string {
	if strings.HasSuffix(name, " (copie)") {
		return name
	}
	return name + " (copie)"
}

func (b *batch) beginLife(old *life, next *trust.Identity, nonce [16]byte, reason string) error {
	former := []trust.Key{old.id.Public()}
	if stored, err := b.metaBytes(b.ctx, metaKey); err == nil {
		if k, ok := trust.KeyOf(stored); ok && (reason == CopyOrphan || k != former[0]) {
			// An older database may not know the key that stands beside it: what it was admitted as it still knows.
			former = append(former, k)
		}
	}
	if reason == CopyOrphan {
		former = former[1:] // a key that was drawn for nothing
	}
	former = append(former, old.former...)
	key := next.Public()
	var all []byte
	for _, k := range former {
		all = append(all, k[:]...)
	}
	for k, v := range map[string][]byte{metaKey: key[:], metaNonce: nonce[:], metaFormer: all} {
		if _, err := b.st.setMeta.ExecContext(b.ctx, k, v); err != nil {
			return err
		}
	}
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM meta WHERE key = ?", metaForked); err != nil {
		return err
	}
	// They may have been used since, or elsewhere: each is for one device.
	if _, err := b.write.ExecContext(b.ctx, "DELETE FROM invitation"); err != nil {
		return err
	}
	note, err := json.Marshal(Copy{reason, b.o.Now().UTC()})
	if err != nil {
		return err
	}
	if _, err := b.write.ExecContext(b.ctx, "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", settingCopy, string(note)); err != nil {
		return err
	}
	b.life.Store(b.lifeOf(next, nonce, former))
	if reason == CopyOrphan {
		return nil
	}
	id, err := journal.NewID(trust.Control, trust.TwinKind, b.o.Now(), b.o.Random)
	if err != nil {
		return err
	}
	op := journal.Op{OpHead: journal.OpHead{Kind: trust.TwinKind, ID: id}, Cells: trust.Cells(trust.TwinFields(b.territory, old.id, next))}
	_, err = b.writeEntry(trust.Control, uuid.Nil, [8]byte{}, []journal.Op{op})
	return err
}

// refreshLife takes up the life that another process of this folder has begun.
func (r *Replica) refreshLife(ctx context.Context) error {
	want, err := r.metaBytes(ctx, metaKey)
	if err != nil || want == nil || isKey(r.Identity(), want) {
		return err
	}
	id, err := r.loadKey(ctx)
	if err != nil {
		return err
	}
	var nonce [16]byte
	stored, err := r.metaBytes(ctx, metaNonce)
	if err != nil || copy(nonce[:], stored) != len(nonce) {
		return errors.Join(err, ErrDamaged)
	}
	former, err := r.formerKeys(ctx)
	if err != nil {
		return err
	}
	r.life.Store(r.lifeOf(id, nonce, former))
	return nil
}
