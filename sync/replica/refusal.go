package replica

import "cantal.fr/buron/sync/trust"

// Limits of the refusals that are kept: people read the latest ones, and whoever brings rubbish must not fill
// the disk with it.
const (
	maxRefusals    = 100  // of one sender
	maxAllRefusals = 2000 // a sender may be a new key each time
)

// pruneRefusals forgets the oldest refusals over the limits, once a delivery of sender is done.
func (b *batch) pruneRefusals(sender trust.Key) error {
	_, err := b.write.ExecContext(b.ctx, `DELETE FROM refusal WHERE sender = ?1
		AND id NOT IN (SELECT id FROM refusal WHERE sender = ?1 ORDER BY at DESC, id DESC LIMIT ?2)`, sender[:], maxRefusals)
	if err != nil {
		return err
	}
	_, err = b.write.ExecContext(b.ctx, `DELETE FROM refusal WHERE id NOT IN (SELECT id FROM refusal ORDER BY at DESC, id DESC LIMIT ?)`, maxAllRefusals)
	return err
}
