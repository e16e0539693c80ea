// Package bundle is the transport for where no wire goes: an encrypted file on a USB stick, written so that
// each part opens only for those who may hold it, and the watcher that notices sticks and dropped files.
// It knows no store of ours and starts nothing by itself: a node calls it. It never runs, opens or
// follows anything else that lies on a stick. Its invariants: a part for a scope is encrypted to the
// readers of that scope and to nobody else; a file that bears its final name is whole; reading one twice,
// or half of one, leaves the replica as an exchange that was cut would.
//
// FORMAT.md beside this file is the reference of the bytes.
package bundle

import (
	"context"
	"errors"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Ext ends the names of bundles.
const Ext = ".buron"

// Store is what a bundle needs of a replica.
type Store interface {
	exchange.Store
	// Known returns up to where the peer is known to hold the chains of a scope; a chain of which nothing is
	// known, or that is forked, is left out.
	Known(ctx context.Context, scope string, peer trust.Key) ([]exchange.Head, error)
	// LastSeen returns when each device that was ever heard from said last what it holds.
	LastSeen(ctx context.Context) (map[trust.Key]time.Time, error)
	// NamedBlobs returns the blobs that merged operations of a scope name, held or not.
	NamedBlobs(ctx context.Context, scope string) ([]exchange.NamedBlob, error)
	// BlobHeld returns how many bytes of a blob are held, and its size: 0 where nothing that is held names it.
	BlobHeld(ctx context.Context, h journal.Hash) (have, size int64, err error)
	// StoreCarried is StoreBlobs for what a person brought: no quota of a day counts it.
	StoreCarried(ctx context.Context, maker trust.Key, chunks []exchange.Chunk) (have []int64, refused []exchange.Refusal, err error)
	// NoteLacked notes which blobs of a scope a device has said that it lacks, of those that the chains up to these
	// heads name; LackedBy returns what is known of them.
	NoteLacked(ctx context.Context, peer trust.Key, scope string, heads []exchange.Head, lacked []journal.Hash) error
	LackedBy(ctx context.Context, peer trust.Key, scope string) (exchange.Lacking, error)
}

// Errors of reading and writing; Sentence says each to people. What the store fails with is passed on as it
// is.
var (
	ErrNotBundle = errors.New("bundle: not a bundle")
	ErrNewer     = errors.New("bundle: of a newer version")
	ErrTruncated = errors.New("bundle: ends too early")
	ErrDamaged   = errors.New("bundle: damaged")
	ErrForeign   = errors.New("bundle: of another territory")
	ErrNotForUs  = errors.New("bundle: no part of it opens here")
	ErrSigner    = errors.New("bundle: made by a device that is not admitted")
	ErrDenied    = errors.New("bundle: may not be read by this user")
	ErrReadOnly  = errors.New("bundle: the stick cannot be written to")
	ErrFull      = errors.New("bundle: no space on the stick")
	ErrUnplugged = errors.New("bundle: the stick is gone")
	ErrNoPlace   = errors.New("bundle: there is no such folder")
	ErrNobody    = errors.New("bundle: there is no other device to write for")
)
