// Package exchange brings two stores to hold the same entries, each within what it may read. It knows
// no socket: a transport hands it requests and carries its answers. Its invariants: what a receiver may
// not hold is never sent, and a batch is acknowledged only after it was committed.
package exchange

import (
	"context"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Head is the end of one branch of a chain.
type Head struct {
	Chain journal.Chain
	Seq   uint64
	Hash  journal.Hash
}

// Refusal says what was not taken in, from whom, and what to do. It stays listed until someone acts.
type Refusal struct {
	At          time.Time
	Sender      trust.Key
	SenderName  string
	Author      trust.Key           // zero where it is unknown
	Incarnation journal.Incarnation // zero where it is unknown
	Scope       string
	Seq         uint64 // 0 where it is unknown
	Reason      string // short code: "signature", "link", "hollow", "unknown", "grant", "bound", "form", "scope", "quota"
	Sentence    string // in French
}

// Store is what an exchange needs of a replica. It is an interface because the arrow from exchange to
// replica must not be drawn.
type Store interface {
	Territory() journal.Territory
	Identity() *trust.Identity
	Roster() *trust.Roster
	// Now returns the time of the device's clock.
	Now() time.Time
	// NoteClock notes by how much the clock of a central is ahead of the device's.
	NoteClock(ctx context.Context, central trust.Key, ahead time.Duration) error
	// Scopes returns the scopes of which at least one chain is held.
	Scopes(ctx context.Context) ([]string, error)
	// Heads returns the ends of all branches of a scope's chains, in a fixed order.
	Heads(ctx context.Context, scope string) ([]Head, error)
	// Locate returns the hashes on the way back from a head at growing distances (1, 2, 4…), down to the
	// first entry: by them another store finds where two branches part.
	Locate(ctx context.Context, h Head) ([]journal.Hash, error)
	// Holds reports whether the entry with this hash is held.
	Holds(ctx context.Context, c journal.Chain, h journal.Hash) (bool, error)
	// Missing returns entries of a chain that are neither in have nor before it, in the order in which they
	// can be admitted, each piece ending signed; more says that the limits cut the answer short. Where there
	// is a whole batch for it (BatchBytes) at least one run between two signatures comes, however long.
	Missing(ctx context.Context, c journal.Chain, have []journal.Hash, maxEntries, maxBytes int) (pieces []journal.Piece, more bool, err error)
	// Following returns the entries of a chain that follow one directly, one on each branch, each with what follows it up
	// to a signature.
	Following(ctx context.Context, c journal.Chain, one journal.Hash) ([]journal.Piece, error)
	// Admit checks, stores and folds pieces in one transaction. A piece that does not hold is refused alone
	// and the others go in; what is held already is passed over.
	Admit(ctx context.Context, sender trust.Key, pieces []journal.Piece) (admitted int, refused []Refusal, err error)
	// Unreadable notes that sender brought pieces that cannot be read; of their chains no more is known than
	// their first bytes say, which may be nothing.
	Unreadable(ctx context.Context, sender trust.Key, chains []journal.Chain) ([]Refusal, error)
	// Acknowledge notes that the peer holds everything up to these heads.
	Acknowledge(ctx context.Context, peer trust.Key, heads []Head) error
	// Known returns up to where a peer is known to hold the chains of a scope, forked ones left out.
	Known(ctx context.Context, scope string, peer trust.Key) ([]Head, error)
	// KeepReceipt keeps what a device has signed of this one's chains, in place of what it had signed before.
	KeepReceipt(ctx context.Context, r Receipt) error
	// NoteLater notes whether photos and documents were left for later with the peer: then to hold an entry is not to
	// hold what it names.
	NoteLater(ctx context.Context, peer trust.Key, later bool) error
	// FactsOnly reports whether photos and documents are left for later: the network costs money.
	FactsOnly(ctx context.Context) bool
	// MissingBlobs returns the blobs that merged operations name and that are not held whole, the smallest first,
	// after the one given, as far as there is room for them.
	MissingBlobs(ctx context.Context, after Blob, limit int) ([]Blob, error)
	// ReadBlob returns at most most bytes of a whole blob from offset on, with the chains whose merged operations
	// name it: who may have it is for the caller to judge.
	ReadBlob(ctx context.Context, h journal.Hash, offset int64, most int) (part []byte, chains []journal.Chain, err error)
	// StoreBlobs writes parts that follow what is held, and returns for each blob how many bytes are held now, -1
	// for one that is not wanted. One that is complete and does not bear its name is dropped and its sender named.
	StoreBlobs(ctx context.Context, sender trust.Key, chunks []Chunk) (have []int64, refused []Refusal, err error)
	// UndeliveredBlobs returns blobs that this device drops once the peer holds them, and of which it does not know.
	UndeliveredBlobs(ctx context.Context, peer trust.Key, limit int) ([]Blob, error)
	// BlobsDelivered notes that the peer has said that it holds blobs whole.
	BlobsDelivered(ctx context.Context, held []journal.Hash) error
	// Bare returns where bodies are missing that this device is owed: the entry before each, in a fixed order. Admit
	// takes the bodies from pieces of which it holds the rest. The slice must not be changed.
	Bare(ctx context.Context) ([]Head, error)
	Snapshots
	// AuthorOf returns the key that opened an incarnation's chains, and false where none is held.
	AuthorOf(ctx context.Context, i journal.Incarnation) (trust.Key, bool, error)
}
